//! Puts the steps of a case to RabbitMQ: clients driven by hand, each on a connection of its own,
//! and one more for what a case builds, looks at and takes away.

mod client;
mod publish;
mod seen;
mod table;

use super::Unable;
use super::case::Step;
use super::given::Given;
use brokerscope_core::name::{ConsumerName, QueueName};
use brokerscope_core::rabbitmq::config::{BrokerSettings, Config, Links, Version};
use brokerscope_core::rabbitmq::frame::{AckMode, Fate, Frame, Tags, Tx};
use brokerscope_core::rabbitmq::manual::Call;
use brokerscope_core::rabbitmq::topology::{
    Bound, DeclareExchange, DeclareQueue, Destination, Request,
};
use brokerscope_core::rabbitmq::{Broker, Command};
use brokerscope_core::sim::{SimDuration, World};
use brokerscope_core::workload::Workload;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use table::field;

/// The client that runs what no channel is named for.
const ADMIN: &str = "admin";

/// How long a step settles: long enough for what expires at once in a quorum queue, which is after
/// a millisecond, and short beside any sleep.
const SETTLE: SimDuration = SimDuration::millis(2);

/// RabbitMQ as a case drives it.
pub(crate) struct Driver {
    world: World<Broker>,
    version: Version,
    clients: BTreeMap<String, client::Client>,
    /// Of each message by number: its body.
    bodies: Vec<String>,
}

impl Driver {
    /// A broker of that version, before the first step.
    pub(crate) fn new(version: &str) -> Self {
        // Between two versions that are modelled the older rules hold.
        let number = |it: &str| -> Vec<u64> { it.split('.').flat_map(str::parse).collect() };
        let version = if number(version) < vec![4] { Version::V3_10 } else { Version::V4_0 };
        let broker = BrokerSettings { version, ..BrokerSettings::default() };
        let config = Config {
            exchanges: Vec::new(),
            queues: Vec::new(),
            bindings: Vec::new(),
            publishers: Vec::new(),
            destinations: Vec::new(),
            consumers: Vec::new(),
            links: Links::default(),
            broker,
        };
        let workload = Workload {
            messages: Vec::new().into(),
            keys: brokerscope_core::workload::Keys::default().into(),
            streams: Vec::new().into(),
        };
        let world = World::new(Broker::new(config, workload), 1, &mut ());
        Self { world, version, clients: BTreeMap::new(), bodies: Vec::new() }
    }

    /// Does a step, lets it settle, and says what it observes, null where there is nothing to
    /// observe.
    pub(crate) fn step(&mut self, step: &Step) -> Result<Value, Unable> {
        let observed = self.operate(step);
        let waits = step.given.get("wait") != Some(&Value::Bool(false));
        if waits {
            self.world.run_until(&mut (), self.world.now() + SETTLE);
        }
        observed
    }

    fn operate(&mut self, step: &Step) -> Result<Value, Unable> {
        match &*step.operation {
            "exchange" | "queue" | "bind" | "unbind" | "delete_queue" | "delete_exchange"
            | "purge" => self.topology(step),
            "confirm" | "tx_select" | "tx_commit" | "tx_rollback" | "recover" => self.plain(step),
            "qos" => self.qos(step),
            "consume" => self.consume(step),
            "cancel" => {
                let given = Given::of(step, &["ch", "tag"])?;
                self.send(given.text("ch")?, Frame::Cancel(given.text("tag")?.into()))
            }
            "get" => {
                let given = Given::of(step, &["ch", "q", "auto_ack"])?;
                let (queue, mode) = (given.text("q")?.into(), mode(given)?);
                self.send(given.text("ch")?, Frame::Get { queue, mode })
            }
            "ack" | "nack" | "reject" => self.settle(step),
            "open" | "close_channel" | "close_conn" => self.connection(step),
            "publish" => self.publish(step),
            "sleep" => self.sleep(step),
            "restart" => {
                Given::of(step, &[])?;
                Ok(self.command(Command::RestartBroker))
            }
            "broker_config" => self.configure(step),
            "events" => {
                let given = Given::of(step, &["ch"])?;
                let name = given.text("ch")?.to_owned();
                self.open_at_first_use(&name);
                Ok(self.news(&name).into())
            }
            "stat" => self.stat(step),
            "drain" => self.drain(step),
            "exists" => self.exists(step),
            operation => Err(Unable::NotModelled(operation.to_owned())),
        }
    }

    fn command(&mut self, command: Command) -> Value {
        self.world.command(&mut (), command);
        Value::Null
    }

    fn topology(&mut self, step: &Step) -> Result<Value, Unable> {
        let (request, channel) = match &*step.operation {
            "exchange" => declare_exchange(step)?,
            "queue" => declare_queue(step)?,
            "bind" | "unbind" => bound(step)?,
            "delete_queue" => {
                let given = Given::of(step, &["ch", "name", "if_unused", "if_empty"])?;
                let request = Request::DeleteQueue {
                    name: given.text("name")?.into(),
                    if_unused: given.flag("if_unused", false)?,
                    if_empty: given.flag("if_empty", false)?,
                };
                (request, given.text_if_any("ch")?)
            }
            "delete_exchange" => {
                let given = Given::of(step, &["ch", "name", "if_unused"])?;
                let name = given.text("name")?.into();
                let if_unused = given.flag("if_unused", false)?;
                let request = Request::DeleteExchange { name, if_unused };
                (request, given.text_if_any("ch")?)
            }
            _ => {
                let given = Given::of(step, &["ch", "name", "q", "queue"])?;
                let mut named = None;
                for key in ["name", "q", "queue"] {
                    named = named.or(given.text_if_any(key)?);
                }
                let name = named.ok_or_else(|| Unable::Wrong("it names no queue".to_owned()))?;
                (Request::Purge(name.into()), given.text_if_any("ch")?)
            }
        };
        let channel = channel.unwrap_or(ADMIN).to_owned();
        self.ask(&channel, request)
    }

    fn plain(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["ch", "requeue"])?;
        let frame = match &*step.operation {
            "confirm" => Frame::ConfirmSelect,
            "tx_select" => Frame::Tx(Tx::Select),
            "tx_commit" => Frame::Tx(Tx::Commit),
            "tx_rollback" => Frame::Tx(Tx::Rollback),
            _ => Frame::Recover { requeue: given.flag("requeue", true)? },
        };
        self.send(given.text("ch")?, frame)
    }

    fn qos(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["ch", "count", "global_"])?;
        let prefetch_count = given.number("count")?;
        let prefetch_count = u32::try_from(prefetch_count)
            .map_err(|_| Unable::Wrong("its 'count' is too large".to_owned()))?;
        let global = given.flag("global_", false)?;
        self.send(given.text("ch")?, Frame::Qos { prefetch_count, global })
    }

    fn consume(&mut self, step: &Step) -> Result<Value, Unable> {
        let known = ["ch", "q", "tag", "auto_ack", "exclusive", "args"];
        let given = Given::of(step, &known)?;
        let consume = brokerscope_core::rabbitmq::frame::Consume {
            queue: given.text("q")?.into(),
            consumer_tag: given.text("tag")?.into(),
            mode: mode(given)?,
            exclusive: given.flag("exclusive", false)?,
            arguments: table::table(given.value("args"))?,
        };
        self.send(given.text("ch")?, Frame::Consume(Box::new(consume)))
    }

    fn settle(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["ch", "dt", "multiple", "requeue"])?;
        let tag = given.number("dt")?;
        let multiple = given.flag("multiple", false)?;
        let tags = if multiple { Tags::UpTo(tag) } else { Tags::One(tag) };
        let fate = if given.flag("requeue", true)? { Fate::Requeue } else { Fate::Discard };
        let frame = match &*step.operation {
            "ack" => Frame::Ack(tags),
            "nack" => Frame::Nack(tags, fate),
            _ => Frame::Reject(tag, fate),
        };
        self.send(given.text("ch")?, frame)
    }

    fn connection(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["ch"])?;
        let name = given.text("ch")?.to_owned();
        match &*step.operation {
            "open" => {
                self.open(&name);
                Ok(Value::Null)
            }
            "close_channel" => self.send(&name, Frame::ChannelClose(None)),
            _ => self.drive(&name, Call::Disconnect),
        }
    }

    fn sleep(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["ms"])?;
        let until = self.world.now() + SimDuration::millis(given.number("ms")?);
        self.world.run_until(&mut (), until);
        Ok(Value::Null)
    }

    /// Settings of the broker are known without the application's name before them.
    fn configure(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["key", "value"])?;
        let key = given.text("key")?;
        let name = key.strip_prefix("rabbit.").unwrap_or(key);
        let value = given.value("value").map(|it| match it {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let value = value.unwrap_or_default();
        if let Err(wrong) = BrokerSettings::default().set(name, &value) {
            return Err(Unable::NotModelled(format!("{key}: {wrong}")));
        }
        Ok(self.command(Command::Configure(name.into(), value.into())))
    }

    /// As the queue itself counts.
    fn stat(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["q"])?;
        let node = self.world.system().node();
        let Some(queue) = node.queue(&given.text("q")?.into()) else { return Ok(Value::Null) };
        Ok(json!({
            "ready": queue.ready(),
            "unacked": queue.unacked(),
            "consumers": queue.consumer_count(),
        }))
    }

    fn exists(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["queue", "exchange", "q", "x", "name"])?;
        let node = self.world.system().node();
        if let Some(name) = given.text_if_any("exchange")?.or(given.text_if_any("x")?) {
            return Ok(node.exchanges().get(&name.into()).is_some().into());
        }
        let mut name: Option<QueueName> = None;
        for key in ["queue", "q", "name"] {
            name = name.or(given.text_if_any(key)?.map(QueueName::from));
        }
        let name = name.ok_or_else(|| Unable::Wrong("it names nothing".to_owned()))?;
        Ok(node.queue(&name).is_some().into())
    }

    /// Takes everything Ready, one after the other.
    fn drain(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["q", "full"])?;
        let (queue, full) = (QueueName::from(given.text("q")?), given.flag("full", false)?);
        let mode = AckMode::Automatic;
        let mut all = Vec::new();
        loop {
            self.admin();
            self.send(ADMIN, Frame::Get { queue: queue.clone(), mode })?;
            let Some(mut event) = self.news(ADMIN).pop() else { return Ok(all.into()) };
            match event["ev"].as_str() {
                Some("get_ok") if full => {
                    if let Some(event) = event.as_object_mut() {
                        event.retain(|key, _| !["ev", "dt", "message_count"].contains(&&**key));
                    }
                    all.push(event);
                }
                Some("get_ok") => {
                    let star = if event["redelivered"] == true { "*" } else { "" };
                    let body = event["body"].as_str().unwrap_or_default();
                    all.push(format!("{body}{star}").into());
                }
                Some("get_empty") => return Ok(all.into()),
                _ => return Ok(client::as_error(&event)),
            }
        }
    }
}

fn mode(given: Given<'_>) -> Result<AckMode, Unable> {
    let automatic = given.flag("auto_ack", false)?;
    Ok(if automatic { AckMode::Automatic } else { AckMode::Manual })
}

type Asked<'a> = (Request, Option<&'a str>);

fn declare_exchange(step: &Step) -> Result<Asked<'_>, Unable> {
    let known = ["ch", "name", "type", "durable", "auto_delete", "internal", "args", "passive"];
    let given = Given::of(step, &known)?;
    let name = given.text("name")?.into();
    let request = if given.flag("passive", false)? {
        Request::FindExchange(name)
    } else {
        Request::DeclareExchange(DeclareExchange {
            name,
            kind: given.text_if_any("type")?.unwrap_or("direct").into(),
            durable: given.flag("durable", true)?,
            auto_delete: given.flag("auto_delete", false)?,
            internal: given.flag("internal", false)?,
            arguments: table::table(given.value("args"))?,
        })
    };
    Ok((request, given.text_if_any("ch")?))
}

fn declare_queue(step: &Step) -> Result<Asked<'_>, Unable> {
    let known = ["ch", "name", "type", "durable", "auto_delete", "exclusive", "args", "passive"];
    let given = Given::of(step, &known)?;
    let name = given.text("name")?.into();
    let mut arguments = table::table(given.value("args"))?;
    if let Some(kind) = given.value("type") {
        arguments.insert("x-queue-type".into(), field(kind)?);
    }
    let request = if given.flag("passive", false)? {
        Request::FindQueue(name)
    } else {
        Request::DeclareQueue(DeclareQueue {
            name,
            durable: given.flag("durable", true)?,
            exclusive: given.flag("exclusive", false)?,
            auto_delete: given.flag("auto_delete", false)?,
            arguments,
        })
    };
    Ok((request, given.text_if_any("ch")?))
}

fn bound(step: &Step) -> Result<Asked<'_>, Unable> {
    let given = Given::of(step, &["ch", "dst", "src", "key", "args", "dst_type"])?;
    let name = given.text("dst")?;
    let destination = match given.text_if_any("dst_type")?.unwrap_or("queue") {
        "queue" => Destination::Queue(name.into()),
        "exchange" => Destination::Exchange(name.into()),
        other => return Err(Unable::Wrong(format!("nothing can be bound that is a '{other}'"))),
    };
    let bound = Bound {
        source: given.text("src")?.into(),
        destination,
        routing_key: given.text_if_any("key")?.unwrap_or_default().into(),
        arguments: table::table(given.value("args"))?,
    };
    let request =
        if step.operation == "bind" { Request::Bind(bound) } else { Request::Unbind(bound) };
    Ok((request, given.text_if_any("ch")?))
}

/// The name of a client in the simulation.
fn named(name: &str) -> ConsumerName {
    name.into()
}
