//! What the real broker answered, asked of the node: the recorded cases that need nothing but
//! classic queues, direct and fanout exchanges, and consumers.

use super::*;
use crate::rabbitmq::config::{
    Binding, Exchange, ExchangeType, Links, Queue as QueueConfig, QueueArguments,
};
use crate::rabbitmq::frame::{AckMode, ClientId, Fate};
use crate::settings::Value as _;
use crate::sim::SimDuration;
use crate::workload::MessageId;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The server whose answers count.
const PROFILE: &str = "4.0.5";

/// A case that asks for something that the node does not have.
#[derive(Debug)]
struct Beyond;

type Known<T> = Result<T, Beyond>;

/// A channel as a case drives it, by hand.
struct Hand {
    id: ChannelId,
    open: bool,
    prefetch_count: u32,
    events: Vec<Value>,
}

/// One case being run.
struct Driver {
    node: Node,
    now: SimTime,
    /// What rings when.
    rings: VecDeque<(SimTime, QueueId)>,
    hands: BTreeMap<String, Hand>,
    /// Of each message by number: its body, and its priority, which classic queues ignore.
    bodies: Vec<(String, Value)>,
}

impl Driver {
    fn input(&mut self, input: Input) {
        let mut fx = Vec::new();
        self.node.step(&mut fx, self.now, input);
        for effect in fx {
            match effect {
                Effect::Send(id, frame) => {
                    let event = self.event(frame);
                    let hand = self.hands.values_mut().find(|it| it.id == id).unwrap();
                    let closes = |it: &Value| it["code"].is_number();
                    hand.open &= !event.as_ref().is_some_and(closes);
                    hand.events.extend(event);
                }
                Effect::Ring(queue, at) => self.rings.push_back((at, queue)),
                Effect::Note(_) => {}
            }
        }
    }

    /// A frame as the recording client noted it down.
    fn event(&self, frame: Frame) -> Option<Value> {
        match frame {
            Frame::Deliver { consumer_tag, delivery_tag, redelivered, message } => {
                let mut event = self.copy(&message, redelivered);
                event["ev"] = "deliver".into();
                event["tag"] = consumer_tag.as_str().into();
                event["dt"] = delivery_tag.into();
                Some(event)
            }
            Frame::Ack(Tags::One(seq)) => Some(json!({"ev": "confirm_ack", "seq": seq})),
            Frame::ChannelClose(Some(ProtocolError { code, text })) => {
                Some(json!({"ev": "channel_closed", "code": code, "text": &*text}))
            }
            Frame::ConnectionClose(ProtocolError { code, text }) => {
                Some(json!({"ev": "connection_closed", "code": code, "text": &*text}))
            }
            Frame::ConsumeOk(_) | Frame::CancelOk(_) | Frame::ChannelCloseOk => None,
            Frame::ChannelOpen { .. }
            | Frame::ChannelClose(None)
            | Frame::ConnectionClosed
            | Frame::ConfirmSelect
            | Frame::Publish(_)
            | Frame::Qos { .. }
            | Frame::Consume { .. }
            | Frame::Cancel(_)
            | Frame::Ack(Tags::UpTo(_))
            | Frame::Nack(..)
            | Frame::Reject(..) => panic!("a consumer is not sent {frame:?}"),
        }
    }

    /// What one sees of a message that came out of a queue.
    fn copy(&self, message: &Message, redelivered: bool) -> Value {
        let Address { exchange, routing_key } = &*message.address;
        let (body, priority) = &self.bodies[message.id.index()];
        let mut copy = json!({
            "redelivered": redelivered, "x": exchange.as_str(), "key": &**routing_key, "body": body,
        });
        if !priority.is_null() {
            copy["priority"] = priority.clone();
        }
        let death = |it: &super::super::message::Death| {
            json!([it.queue.as_str(), it.reason.as_str(), it.count])
        };
        if !message.deaths().is_empty() {
            copy["deaths"] = message.deaths().iter().map(death).collect();
        }
        copy
    }

    fn hand(&mut self, name: &str) -> ChannelId {
        let number = u16::try_from(self.hands.len()).unwrap();
        let connection = ConnectionId { client: ClientId::Consumer(number), life: 0 };
        let fresh = || Hand {
            id: ChannelId { connection, number: 0 },
            open: false,
            prefetch_count: 0,
            events: Vec::new(),
        };
        let hand = self.hands.entry(name.to_owned()).or_insert_with(fresh);
        if !hand.open {
            hand.id.number += 1;
            (hand.open, hand.prefetch_count) = (true, 0);
            let id = hand.id;
            self.input(Input::Frame(id, Frame::ChannelOpen { connection_name: name.into() }));
        }
        self.hands[name].id
    }

    fn frame(&mut self, step: &Value, frame: Frame) {
        let id = self.hand(step["ch"].as_str().unwrap());
        self.input(Input::Frame(id, frame));
    }

    /// Lets time pass, with everything that rings meanwhile.
    fn sleep(&mut self, ms: u64) {
        let until = self.now + SimDuration::millis(ms);
        loop {
            let soonest = (0..self.rings.len()).min_by_key(|it| self.rings[*it].0);
            let Some(soonest) = soonest.filter(|it| self.rings[*it].0 <= until) else { break };
            let (at, queue) = self.rings.remove(soonest).unwrap();
            self.now = at;
            self.input(Input::Expire(queue));
        }
        self.now = until;
    }

    fn publish(&mut self, step: &Value) {
        let one = || vec![step["body"].clone()];
        let bodies = step["body"].as_array().cloned().unwrap_or_else(one);
        for body in bodies {
            let id = MessageId::at(self.bodies.len());
            self.bodies.push((body.as_str().unwrap().to_owned(), step["priority"].clone()));
            let exchange = step["x"].as_str().unwrap_or_default().into();
            let routing_key = step["key"].as_str().unwrap_or_default().into();
            let address = Arc::new(Address { exchange, routing_key });
            self.frame(step, Frame::Publish(Message::new(id, address)));
        }
    }

    /// Everything Ready, taken by a consumer that comes and goes: whoever else could have taken
    /// a message would have it already, so nobody's turn changes.
    fn drain(&mut self, step: &Value) -> Value {
        let id = self.hand("drain");
        let queue = step["q"].as_str().unwrap().into();
        let mode = AckMode::Automatic;
        self.input(Input::Frame(id, Frame::Consume { queue, consumer_tag: "drain".into(), mode }));
        self.input(Input::Frame(id, Frame::ChannelClose(None)));
        let mut hand = self.hands.remove("drain").unwrap();
        let full = step["full"] == true;
        let shown = |mut it: Value| {
            if full {
                for key in ["ev", "tag", "dt"] {
                    it.as_object_mut().unwrap().remove(key);
                }
                return it;
            }
            let star = if it["redelivered"] == true { "*" } else { "" };
            format!("{}{star}", it["body"].as_str().unwrap()).into()
        };
        hand.events.drain(..).map(shown).collect()
    }

    /// One Ready message, taken by a consumer that comes and goes, as in `drain`.
    fn get(&mut self, step: &Value, mode: AckMode) {
        let name = step["ch"].as_str().unwrap();
        let id = self.hand(name);
        let queue: QueueName = step["q"].as_str().unwrap().into();
        let Some(known) = self.node.queue(&queue) else {
            let consumer_tag = "".into();
            return self.input(Input::Frame(id, Frame::Consume { queue, consumer_tag, mode }));
        };
        let Some(left) = known.snapshot(0).ready.checked_sub(1) else {
            self.hands.get_mut(name).unwrap().events.push(json!({"ev": "get_empty"}));
            return;
        };
        let prefetch_count = self.hands[name].prefetch_count;
        let (tag, manual) = (ConsumerName::from(""), AckMode::Manual);
        for frame in [
            Frame::Qos { prefetch_count: 1 },
            Frame::Consume { queue, consumer_tag: tag.clone(), mode: manual },
            Frame::Cancel(tag),
            Frame::Qos { prefetch_count },
        ] {
            self.input(Input::Frame(id, frame));
        }
        let got = self.hands.get_mut(name).unwrap().events.last_mut().unwrap();
        got["ev"] = "get_ok".into();
        got["message_count"] = left.into();
        got.as_object_mut().unwrap().remove("tag");
        let tag = Tags::One(got["dt"].as_u64().unwrap());
        if mode == AckMode::Automatic {
            self.input(Input::Frame(id, Frame::Ack(tag)));
        }
    }

    /// Does one step and returns what it observes, if it observes anything.
    fn step(&mut self, step: &Value) -> Known<Option<Value>> {
        let operation = step["do"].as_str().unwrap();
        let tags = || {
            let tag = step["dt"].as_u64().unwrap();
            if step["multiple"] == true { Tags::UpTo(tag) } else { Tags::One(tag) }
        };
        let fate = || if step["requeue"] == false { Fate::Discard } else { Fate::Requeue };
        let queue = || QueueName::from(step["q"].as_str().unwrap());
        let tag = || ConsumerName::from(step["tag"].as_str().unwrap());
        let mode = || if step["auto_ack"] == true { AckMode::Automatic } else { AckMode::Manual };
        match operation {
            "queue" | "exchange" | "bind" => {}
            "publish" => self.publish(step),
            "confirm" => self.frame(step, Frame::ConfirmSelect),
            "qos" => {
                let prefetch_count = u32::try_from(step["count"].as_u64().unwrap()).unwrap();
                self.frame(step, Frame::Qos { prefetch_count });
                let hand = self.hands.get_mut(step["ch"].as_str().unwrap()).unwrap();
                hand.prefetch_count = prefetch_count;
            }
            "consume" => {
                let (queue, consumer_tag, mode) = (queue(), tag(), mode());
                self.frame(step, Frame::Consume { queue, consumer_tag, mode });
            }
            "cancel" => self.frame(step, Frame::Cancel(tag())),
            "ack" => self.frame(step, Frame::Ack(tags())),
            "nack" => self.frame(step, Frame::Nack(tags(), fate())),
            "reject" => self.frame(step, Frame::Reject(step["dt"].as_u64().unwrap(), fate())),
            "open" => {
                self.hand(step["ch"].as_str().unwrap());
            }
            "close_channel" | "close_conn" => {
                let name = step["ch"].as_str().unwrap();
                let how = match operation {
                    "close_channel" => Frame::ChannelClose(None),
                    _ => Frame::ConnectionClosed,
                };
                self.frame(step, how);
                self.hands.get_mut(name).unwrap().open = false;
            }
            "sleep" => self.sleep(step["ms"].as_u64().unwrap()),
            "events" => {
                let name = step["ch"].as_str().unwrap();
                self.hand(name);
                let events = &mut self.hands.get_mut(name).unwrap().events;
                return Ok(Some(std::mem::take(events).into()));
            }
            "stat" => {
                let seen = self.node.queue(&queue()).unwrap().snapshot(0);
                return Ok(Some(json!({
                    "ready": seen.ready, "unacked": seen.unacked, "consumers": seen.consumers,
                })));
            }
            "get" => self.get(step, mode()),
            "drain" => return Ok(Some(self.drain(step))),
            _ => return Err(Beyond),
        }
        Ok(None)
    }
}

/// Whether a step asks for nothing beyond what the node knows.
fn supported(step: &Value) -> Known<()> {
    let allowed: &[&str] = match step["do"].as_str().unwrap() {
        "queue" => &["name", "type", "args"],
        "exchange" => &["name", "type"],
        "bind" => &["dst", "src", "key"],
        "publish" => &["ch", "x", "key", "body", "wait", "priority"],
        "consume" => &["ch", "q", "tag", "auto_ack"],
        "qos" => &["ch", "count"],
        _ => return Ok(()),
    };
    let known = |it: &String| it == "do" || allowed.contains(&it.as_str());
    if step.as_object().unwrap().keys().all(known) { Ok(()) } else { Err(Beyond) }
}

/// All that a case declares, as if it had been there from the beginning.
fn topology(steps: &[Value]) -> Known<Config> {
    let (mut exchanges, mut queues, mut bindings) = (Vec::new(), Vec::new(), Vec::new());
    for step in steps {
        supported(step)?;
        let text = |key: &str| step[key].as_str().unwrap_or_default();
        match step["do"].as_str().unwrap() {
            "queue" if !["", "classic"].contains(&text("type")) => return Err(Beyond),
            "queue" => {
                let mut arguments = QueueArguments::default();
                for (name, value) in step["args"].as_object().into_iter().flatten() {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    arguments.set(name, &value).map_err(|_| Beyond)?;
                }
                queues.push(QueueConfig { name: text("name").into(), arguments });
            }
            "exchange" => {
                let kind = ExchangeType::read(text("type")).ok_or(Beyond)?;
                exchanges.push(Exchange { name: text("name").into(), kind });
            }
            "bind" => bindings.push(Binding {
                source: text("src").into(),
                destination: text("dst").into(),
                routing_key: text("key").into(),
            }),
            _ => {}
        }
    }
    let (publishers, destinations, consumers) = (Vec::new(), Vec::new(), Vec::new());
    let links = Links::default();
    Ok(Config { exchanges, queues, bindings, publishers, destinations, consumers, links })
}

/// An expectation in the form in which the driver observes: of the headers that dead-lettering
/// adds, queue, reason and count.
fn expected(step: &Value) -> Value {
    let mut expected =
        step.get("expect").unwrap_or_else(|| &step["expect_by_version"][PROFILE]).clone();
    let copies = expected.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut);
    for copy in copies {
        let Some(headers) = copy.remove("headers") else { continue };
        let death = |it: &Value| json!([it["queue"], it["reason"], it["count"]]);
        let deaths = headers["x-death"].as_array().unwrap().iter().map(death).collect();
        copy.insert("deaths".to_owned(), deaths);
    }
    expected
}

/// Runs a case; false if it needs what the node does not have.
fn run(case: &Value) -> Known<()> {
    let steps = case["steps"].as_array().unwrap();
    let id = case["id"].as_str().unwrap();
    let node = Node::new(&topology(steps)?);
    let (hands, bodies) = (BTreeMap::new(), Vec::new());
    let mut driver = Driver { node, now: SimTime::START, rings: VecDeque::new(), hands, bodies };
    for (number, step) in steps.iter().enumerate() {
        if let Some(observed) = driver.step(step)? {
            assert_eq!(observed, expected(step), "{id}, step {number}: {step}");
        }
    }
    Ok(())
}

/// Runs all cases of a file and compares which of them could be run.
fn check(file: &str, expect: Expect) {
    let cases = serde_json::from_str::<Value>(file).unwrap();
    let passed = |case: &&Value| {
        let exists = case["profiles"].as_array().is_none_or(|it| it.contains(&PROFILE.into()));
        exists && run(case).is_ok()
    };
    let passed = cases["cases"].as_array().unwrap().iter().filter(passed);
    let names: Vec<_> = passed.map(|case| case["id"].as_str().unwrap()).collect();
    expect.assert_eq(&(names.join("\n") + "\n"));
}

/// The text of a file of recordings.
macro_rules! recorded {
    ($name:literal) => {
        include_str!(concat!("../../../../../conformance/rabbitmq/", $name))
    };
}

#[test]
fn consumers_are_served_as_recorded() {
    check(
        recorded!("consumers.json"),
        expect![[r#"
            c-roundrobin-classic
            c-backlog-prefetch1-classic
            c-rr-after-block-classic
            c-ack-multiple-classic
            c-nack-position-classic
            c-nack-other-classic
            c-autoack-classic
            c-get-classic
            c-unknown-tag-classic
            c-consume-missing
            c-dup-tag
            c-nack-multiple
            c-join-later-classic
            c-two-consumers-one-channel-classic
            c-autoack-ack
            c-reject-drop
        "#]],
    );
}

#[test]
fn queues_keep_and_lose_messages_as_recorded() {
    check(
        recorded!("queues.json"),
        expect![[r#"
        q-fifo
        q-maxlen-requeue-classic
        q-ttl-classic
    "#]],
    );
}

#[test]
fn dead_letters_go_where_they_were_recorded() {
    check(
        recorded!("dead-letter.json"),
        expect![[r#"
        d-count-classic
        d-missing-dlx-classic
        d-reject-self-classic
        d-unroutable-classic
        d-maxlen-self
        d-ttl-then-routing
    "#]],
    );
}

#[test]
fn exchanges_route_as_recorded() {
    check(
        recorded!("exchanges.json"),
        expect![[r#"
        x-fanout-dup
    "#]],
    );
}

#[test]
fn random_histories_go_as_recorded() {
    check(
        recorded!("random.json"),
        expect![[r#"
        fuzz-4.0.5-8002
        fuzz-4.0.5-8008
        fuzz-4.0.5-8009
        fuzz-4.0.5-8012
        fuzz-4.0.5-8013
        fuzz-4.0.5-8028
    "#]],
    );
}
