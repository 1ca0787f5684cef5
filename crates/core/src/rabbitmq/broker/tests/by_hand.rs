//! Rules that one sees best with clients driven by hand: what they do, and what they receive.

mod limits;
mod nodes;
mod order;
mod routing;
mod topology;

use super::*;
use crate::rabbitmq::config::{BrokerSettings, Version};
use crate::rabbitmq::frame::{AckMode, Consume, Fate, Frame, Tags, Tx};
use crate::rabbitmq::manual::Call;
use crate::rabbitmq::message::{Address, Message as Copy, Properties};
use crate::rabbitmq::table::{Field, Table};
use crate::rabbitmq::topology::{
    Answer, Bound, DeclareExchange, DeclareQueue, Destination as Bindable, Request,
};
use crate::workload::MessageId;
use std::collections::BTreeMap;

/// A broker with clients, and what to call the messages.
struct Hands {
    world: World<Broker>,
    bodies: Vec<String>,
    version: Version,
    /// How much of what each client received was printed.
    seen: BTreeMap<usize, usize>,
    out: String,
}

/// Runs a script and compares what clients received. A line each, answered at once:
///
/// ```text
/// CLIENT queue NAME [ARGUMENT=VALUE|transient|exclusive|auto-delete]...
/// CLIENT exchange NAME TYPE [ARGUMENT=VALUE|transient|internal|auto-delete]...
/// CLIENT bind|unbind SOURCE KEY queue|exchange NAME [ARGUMENT=VALUE]...
/// CLIENT find|delete|purge queue|exchange NAME [if-empty] [if-unused]
/// CLIENT publish EXCHANGE/KEY BODY... [mandatory|transient|priority=N|expiration=T|HEADER=VALUE]
/// CLIENT consume QUEUE TAG [auto|exclusive|ARGUMENT=VALUE]
/// CLIENT get QUEUE [auto]      CLIENT qos N [global]       CLIENT cancel TAG
/// CLIENT ack|nack|reject TAG [multiple] [drop]             CLIENT recover
/// CLIENT confirm|tx-select|tx-commit|tx-rollback|close|disconnect|open
/// stat QUEUE       sleep SPAN       restart       node stop|start N       leader QUEUE
/// ```
///
/// Of the arguments that are about dead letters, `dlx`, `dlk` and `dls` are exchange, routing key
/// and strategy; `full` is `x-overflow`.
fn by_hand(version: Version, script: &str, expect: Expect) {
    run_by_hand(BrokerSettings { version, ..BrokerSettings::default() }, script, expect);
}

fn run_by_hand(broker: BrokerSettings, script: &str, expect: Expect) {
    let version = broker.version;
    let config = Config { broker, publishers: Vec::new(), ..Config::default() };
    let workload = Workload {
        messages: Vec::new().into(),
        keys: Keys::default().into(),
        streams: Vec::new().into(),
    };
    let world = World::new(Broker::new(config, workload), 1, &mut ());
    let (bodies, seen, out) = (Vec::new(), BTreeMap::new(), String::new());
    let mut hands = Hands { world, bodies, version, seen, out };
    for line in script.lines().map(str::trim).filter(|it| !it.is_empty()) {
        hands.line(line);
        // What has to be on disk is.
        hands.world.run_until(&mut (), hands.world.now() + SimDuration(1));
        hands.tell_all();
        every_message_is_somewhere_once(&hands.world);
    }
    expect.assert_eq(&hands.out);
}

impl Hands {
    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["stat", queue] => {
                let Some(it) = self.world.system().node.queue(&queue.into()) else {
                    writeln!(self.out, "{queue}: gone").unwrap();
                    return;
                };
                let (ready, unacked, consumers) = (it.ready(), it.unacked(), it.consumer_count());
                let text = format!("{queue}: {ready} ready, {unacked} unacked, {consumers} use it");
                writeln!(self.out, "{text}").unwrap();
            }
            ["sleep", span] => {
                let until = self.world.now() + span.parse().unwrap();
                self.world.run_until(&mut (), until);
                self.tell_all();
            }
            ["node", "stop", node] => self.command(Command::StopNode(node.parse().unwrap())),
            ["node", "start", node] => self.command(Command::StartNode(node.parse().unwrap())),
            ["leader", queue] => {
                let leader = self.world.system().node.leader(&queue.into());
                writeln!(self.out, "{queue}: led by {leader:?}").unwrap();
            }
            ["restart"] => self.command(Command::RestartBroker),
            [client, "open"] => self.drive(client, Call::Open),
            [client, "disconnect"] => self.drive(client, Call::Disconnect),
            [client, "publish", to, ref rest @ ..] => self.publish(client, to, rest),
            [client, verb, ref rest @ ..] => {
                let frame = frame(verb, rest);
                self.drive(client, Call::Send(Box::new(frame)));
            }
            [] | [_] => panic!("'{line}' is no line"),
        }
    }

    fn drive(&mut self, client: &str, call: Call) {
        let name = ConsumerName::from(client);
        if self.world.system().manual(&name).is_none() && call != Call::Open {
            self.command(Command::Drive(name.clone(), Call::Open));
        }
        self.command(Command::Drive(name, call));
    }

    fn command(&mut self, command: Command) {
        self.world.command(&mut (), command);
        self.tell_all();
    }

    fn publish(&mut self, client: &str, to: &str, rest: &[&str]) {
        let (exchange, key) = to.split_once('/').unwrap();
        let address = Arc::new(Address { exchange: exchange.into(), routing_key: key.into() });
        let mut properties = Properties::default();
        let (mut bodies, mut mandatory) = (Vec::new(), false);
        for word in rest {
            match word.split_once('=') {
                Some(("priority", value)) => properties.priority = value.parse().ok(),
                Some(("expiration", value)) => properties.expiration = Some(value.into()),
                Some((name, value)) => {
                    properties.headers.insert(name.into(), field(value));
                }
                None if *word == "mandatory" => mandatory = true,
                None if *word == "transient" => properties.persistent = false,
                None => bodies.push((*word).to_owned()),
            }
        }
        for body in bodies {
            let id = MessageId::at(self.bodies.len());
            let size = u32::try_from(body.len()).unwrap();
            self.bodies.push(body);
            let message = Copy::new(id, size, address.clone()).with(&properties);
            let frame = Frame::Publish { message, mandatory };
            self.drive(client, Call::Send(Box::new(frame)));
        }
    }

    /// Prints what came to whom since the last time.
    fn tell_all(&mut self) {
        for (place, manual) in self.world.system().manuals.iter().enumerate() {
            let seen = self.seen.entry(place).or_insert(0);
            let end = manual.received().end();
            for frame in manual.received().range(*seen, end) {
                if let Some(event) = event(frame, &self.bodies, self.version) {
                    writeln!(self.out, "{}: {event}", manual.name()).unwrap();
                }
            }
            *seen = end;
        }
    }
}

/// A frame as one line; nothing for answers that say no more than yes.
#[allow(clippy::wildcard_enum_match_arm, reason = "what is not looked at is not printed")]
fn event(frame: &Frame, bodies: &[String], version: Version) -> Option<String> {
    let copy = |message: &Copy, redelivered: bool| {
        let star = if redelivered { "*" } else { "" };
        let Address { exchange, routing_key } = &*message.address;
        let mut text = format!("{}{star} {exchange}/{routing_key}", bodies[message.id.index()]);
        for death in message.deaths() {
            write!(text, ", {} in {}", death.reason, death.queue).unwrap();
        }
        let headers = message.seen_headers(version);
        for (name, value) in headers.iter().filter(|(name, _)| !name.contains("death")) {
            let value = match value {
                Field::Int(it) => it.to_string(),
                Field::Text(it) => it.to_string(),
                Field::List(items) => format!("{} of them", items.len()),
                other => format!("{other:?}"),
            };
            write!(text, " {name}={value}").unwrap();
        }
        text
    };
    Some(match frame {
        Frame::Deliver { consumer_tag, delivery_tag, redelivered, message } => {
            format!("{consumer_tag} {delivery_tag} {}", copy(message, *redelivered))
        }
        Frame::GetOk { delivery_tag, redelivered, message_count, message } => {
            format!("got {delivery_tag} {}, {message_count} left", copy(message, *redelivered))
        }
        Frame::GetEmpty => "nothing to get".to_owned(),
        Frame::Return(message) => format!("returned {}", copy(message, false)),
        Frame::Ack(Tags::One(number)) => format!("confirmed {number}"),
        Frame::ConfirmNack(number) => format!("refused {number}"),
        Frame::Cancel(tag) => format!("{tag} cancelled"),
        Frame::ChannelClose(Some(error)) => format!("closed {} {:.70}", error.code, error.text),
        Frame::ConnectionClose(error) => format!("cut off {} {:.70}", error.code, error.text),
        Frame::TopologyDone(Answer::Gone { message_count }) => format!("{message_count} gone"),
        _ => return None,
    })
}

fn field(text: &str) -> Field {
    match (text, text.parse()) {
        ("true" | "false", _) => Field::Bool(text == "true"),
        (_, Ok(number)) => Field::Int(number),
        _ => match text.strip_prefix('[') {
            Some(list) => {
                let items = list.trim_end_matches(']').split(',');
                Field::List(items.map(Field::from).collect())
            }
            None => text.into(),
        },
    }
}

fn arguments(words: &[&str]) -> Table {
    let full = |name: &str| match name {
        "dlx" => "x-dead-letter-exchange".into(),
        "dlk" => "x-dead-letter-routing-key".into(),
        "full" => "x-overflow".into(),
        "dls" => "x-dead-letter-strategy".into(),
        _ => name.into(),
    };
    let pairs = words.iter().filter_map(|it| it.split_once('='));
    pairs.map(|(name, value)| (full(name), field(value))).collect()
}

fn frame(verb: &str, words: &[&str]) -> Frame {
    let has = |word: &str| words.contains(&word);
    let tags = |text: &str| {
        let tag = text.parse().unwrap();
        if has("multiple") { Tags::UpTo(tag) } else { Tags::One(tag) }
    };
    let mode = if has("auto") { AckMode::Automatic } else { AckMode::Manual };
    let fate = if has("drop") { Fate::Discard } else { Fate::Requeue };
    match (verb, words) {
        ("qos", [count, ..]) => {
            Frame::Qos { prefetch_count: count.parse().unwrap(), global: has("global") }
        }
        ("consume", [queue, tag, ..]) => Frame::Consume(Box::new(Consume {
            queue: (*queue).into(),
            consumer_tag: (*tag).into(),
            mode,
            exclusive: has("exclusive"),
            arguments: arguments(words),
        })),
        ("get", [queue, ..]) => Frame::Get { queue: (*queue).into(), mode },
        ("cancel", [tag]) => Frame::Cancel((*tag).into()),
        ("ack", [tag, ..]) => Frame::Ack(tags(tag)),
        ("nack", [tag, ..]) => Frame::Nack(tags(tag), fate),
        ("reject", [tag, ..]) => Frame::Reject(tag.parse().unwrap(), fate),
        ("recover", []) => Frame::Recover { requeue: true },
        ("confirm", []) => Frame::ConfirmSelect,
        ("tx-select", []) => Frame::Tx(Tx::Select),
        ("tx-commit", []) => Frame::Tx(Tx::Commit),
        ("tx-rollback", []) => Frame::Tx(Tx::Rollback),
        ("close", []) => Frame::ChannelClose(None),
        _ => Frame::Topology(Box::new(request(verb, words))),
    }
}

fn request(verb: &str, words: &[&str]) -> Request {
    let has = |word: &str| words.contains(&word);
    let (durable, auto_delete) = (!has("transient"), has("auto-delete"));
    let bindable = |kind: &str, name: &str| match kind {
        "queue" => Bindable::Queue(name.into()),
        "exchange" => Bindable::Exchange(name.into()),
        _ => panic!("'{kind}' cannot be bound"),
    };
    let (if_unused, if_empty) = (has("if-unused"), has("if-empty"));
    match (verb, words) {
        ("queue", [name, rest @ ..]) => Request::DeclareQueue(DeclareQueue {
            name: (*name).into(),
            durable,
            exclusive: has("exclusive"),
            auto_delete,
            arguments: arguments(rest),
        }),
        ("exchange", [name, kind, rest @ ..]) => Request::DeclareExchange(DeclareExchange {
            name: (*name).into(),
            kind: (*kind).into(),
            durable,
            auto_delete,
            internal: has("internal"),
            arguments: arguments(rest),
        }),
        ("bind" | "unbind", [source, key, kind, name, rest @ ..]) => {
            let bound = Bound {
                source: (*source).into(),
                destination: bindable(kind, name),
                routing_key: (*key).into(),
                arguments: arguments(rest),
            };
            if verb == "bind" { Request::Bind(bound) } else { Request::Unbind(bound) }
        }
        ("find", ["queue", name]) => Request::FindQueue((*name).into()),
        ("find", ["exchange", name]) => Request::FindExchange((*name).into()),
        ("delete", ["queue", name, ..]) => {
            Request::DeleteQueue { name: (*name).into(), if_unused, if_empty }
        }
        ("delete", ["exchange", name, ..]) => {
            Request::DeleteExchange { name: (*name).into(), if_unused }
        }
        ("purge", ["queue", name]) => Request::Purge((*name).into()),
        _ => panic!("'{verb}' with {words:?} is nothing that a client does"),
    }
}
