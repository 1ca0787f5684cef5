//! The rules of the system as a whole: scripts in, traces out.

mod acks;
mod by_hand;
mod faults;
mod history;
mod patterns;
mod removal;
mod routing;
mod sight;

use super::*;
use crate::rabbitmq::config::{
    Consumer as ConsumerConfig, Destination, Exchange, Publisher as PublisherConfig, Queue,
    RoutingKey,
};
use crate::rabbitmq::config::{Limit, QueueArguments};
use crate::rabbitmq::message::Address;
use crate::rabbitmq::topology::Bound;
use crate::settings::Value;
use crate::sim::{Watcher, World};
use crate::workload::{KeyId, Keys, Message, Stream, StreamId};
use expect_test::Expect;
use std::fmt::Write;

/// Facts as lines of text, with their instants in milliseconds.
#[derive(Clone, Debug, Default)]
struct Trace(String);

impl Watcher<Broker> for Trace {
    fn watch(&mut self, at: SimTime, fact: &Fact) {
        writeln!(self.0, "{:<2} {fact}", at.as_ms()).expect("a text takes what is written");
    }
}

/// A script, read: what is set up, what is sent, what is asked when, and until when to look.
#[derive(Default)]
struct Script {
    config: Config,
    messages: Vec<(Message, usize)>,
    keys: Keys,
    commands: Vec<(SimTime, Command)>,
    until: SimTime,
}

/// Runs a script and compares its trace. Links take 1 ms one way; what is sent is not shown, nor
/// routing, arrivals and confirms, unless the script says `show all`. The grammar, a line each:
///
/// ```text
/// queue NAME [SETTING=VALUE]...
/// exchange NAME direct|fanout
/// bind EXCHANGE QUEUE [KEY]
/// consumer NAME QUEUE [SETTING=VALUE|acks=A|on-failure=F|after=SPAN|idempotent=B|retry=QUEUE|
///     publishes=EXCHANGE/KEY|limit=COUNT/QUEUE]...
/// publisher [SETTING=VALUE]...
/// TIME send COUNT to EXCHANGE/KEY [WORK] [poison]     (no EXCHANGE: the default exchange)
/// TIME COMMAND
/// until TIME
/// show all
/// ```
fn check(script: &str, expect: Expect) {
    let all = script.contains("show all");
    let (world, trace) = run(script);
    every_message_is_somewhere_once(&world);
    let quiet = [" published ", " routed ", " received ", " heard that "];
    let shown = |line: &&str| all || !quiet.iter().any(|it| line.contains(it));
    let shown: String = trace.0.lines().filter(shown).map(|it| format!("{it}\n")).collect();
    expect.assert_eq(&shown);
}

/// The world at the end of a script, and how it came there.
fn run(script: &str) -> (World<Broker>, Trace) {
    let mut script = Script::read(script);
    let (until, commands) = (script.until, std::mem::take(&mut script.commands));
    let mut trace = Trace::default();
    let mut world = World::new(script.broker(), 1, &mut trace);
    for (at, command) in commands {
        world.run_until(&mut trace, at);
        world.command(&mut trace, command);
    }
    world.run_until(&mut trace, until);
    (world, trace)
}

impl Default for Config {
    fn default() -> Self {
        let links = Links {
            publisher: SimDuration::millis(1),
            consumer: SimDuration::millis(1),
            ..Links::default()
        };
        let (exchanges, queues, bindings) = (Vec::new(), Vec::new(), Vec::new());
        let settings = config::PublisherSettings::default();
        let publishers = vec![PublisherConfig { name: "p".into(), settings }];
        let (destinations, consumers) = (Vec::new(), Vec::new());
        let broker = config::BrokerSettings::default();
        Self { exchanges, queues, bindings, publishers, destinations, consumers, links, broker }
    }
}

impl Script {
    fn read(text: &str) -> Self {
        let mut script = Self::default();
        for line in text.lines().map(str::trim).filter(|it| !it.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["queue", name, ref settings @ ..] => {
                    let mut arguments = QueueArguments::default();
                    for (key, value) in settings.iter().map(|it| it.split_once('=').unwrap()) {
                        arguments.set(key, value).unwrap();
                    }
                    script.config.queues.push(Queue::new(name, arguments));
                }
                ["exchange", name, kind] => {
                    script.config.exchanges.push(Exchange::new(name, Value::read(kind).unwrap()));
                }
                ["bind", source, destination, ref key @ ..] => {
                    let routing_key = key.first().copied().unwrap_or_default();
                    let bound = Bound::queue(source, destination, routing_key);
                    script.config.bindings.push(bound);
                }
                ["consumer", name, queue, ref settings @ ..] => {
                    script.config.consumers.push(consumer(name, queue, settings));
                }
                ["until", time] => script.until = time.parse().unwrap(),
                ["publisher", ref settings @ ..] => {
                    for (key, value) in settings.iter().map(|it| it.split_once('=').unwrap()) {
                        script.config.publishers[0].settings.set(key, value).unwrap();
                    }
                }
                ["show", "all"] => {}
                [at, "send", count, "to", address, ref more @ ..] => {
                    script.send(at.parse().unwrap(), count.parse().unwrap(), address, more);
                }
                _ => {
                    let (at, command) = line.split_once(' ').unwrap();
                    script.commands.push((at.parse().unwrap(), command.parse().unwrap()));
                }
            }
        }
        script
    }

    fn send(&mut self, at: SimTime, count: usize, address: &str, more: &[&str]) {
        let (exchange, key) = address.split_once('/').unwrap();
        let routing_key = match key {
            "KEY" => RoutingKey::MessageKey,
            _ => RoutingKey::Fixed(key.into()),
        };
        let destination = Destination::new(exchange, routing_key);
        let destinations = &mut self.config.destinations;
        let known = destinations.iter().position(|it| *it == destination);
        let stream = known.unwrap_or_else(|| {
            destinations.push(destination);
            destinations.len() - 1
        });
        let poison = more.contains(&"poison");
        let work = more.iter().find_map(|it| it.parse::<SimDuration>().ok()).unwrap_or_default();
        let key = self.keys.push(format!("key-{}", self.keys.len()).as_bytes());
        for _ in 0..count {
            self.messages.push((message(at, key, work, stream, poison), stream));
        }
    }

    fn broker(self) -> Broker {
        let stream = |it| Stream { name: format!("s{it}").into(), producer: "p".into() };
        let workload = Workload {
            messages: self.messages.iter().map(|(it, _)| *it).collect(),
            keys: self.keys.into(),
            streams: (0..self.config.destinations.len()).map(stream).collect(),
        };
        Broker::new(self.config, workload)
    }
}

fn message(at: SimTime, key: KeyId, work: SimDuration, stream: usize, poison: bool) -> Message {
    let work_us = u32::try_from(work.0).unwrap();
    let stream = StreamId(u16::try_from(stream).unwrap());
    Message {
        at,
        key: Some(key),
        size_bytes: 100,
        work_us,
        stream,
        poison,
        tombstone: false,
        headers_bytes: 0,
    }
}

fn consumer(name: &str, queue: &str, words: &[&str]) -> ConsumerConfig {
    let mut consumer = ConsumerConfig::new(name, queue);
    for (key, value) in words.iter().map(|it| it.split_once('=').unwrap()) {
        match key {
            "acks" => consumer.acks = Value::read(value).unwrap(),
            "on-failure" => consumer.on_failure = Value::read(value).unwrap(),
            "idempotent" => consumer.idempotent = value == "true",
            "retry" => consumer.retry_queue = Some(value.into()),
            "publishes" => {
                let (exchange, key) = value.split_once('/').unwrap();
                let (exchange, routing_key) = (exchange.into(), key.into());
                consumer.publishes = Some(Address { exchange, routing_key });
            }
            "limit" => {
                let (attempts, parking_queue) = value.split_once('/').unwrap();
                let (attempts, parking_queue) = (attempts.parse().unwrap(), parking_queue.into());
                consumer.limit = Some(Limit { attempts, parking_queue });
            }
            "after" => consumer.starts_after = value.parse().unwrap(),
            _ => consumer.settings.set(key, value).unwrap(),
        }
    }
    consumer
}

/// Walks the whole state: each queue's places against its counts, against what the channels hold,
/// and what consumers hold against their prefetch.
fn every_message_is_somewhere_once(world: &World<Broker>) {
    let broker = world.system();
    let mut held = 0;
    for (id, channel) in broker.node.channels() {
        for (queue, arrival) in channel.origins() {
            // What came from a queue that is deleted can be settled, and means nothing.
            // A stream is read, and keeps no account of who has what.
            let Some(queue) = broker.node.queue_at(queue) else { continue };
            if queue.arguments().queue_type == config::QueueType::Stream {
                continue;
            }
            assert!(queue.is_held(arrival, id), "what a channel holds is unacked in its queue");
            held += 1;
        }
        assert_eq!(channel.origins().count() as u64, channel.unacked(), "channels count right");
    }
    let unacked: u64 = broker.node.queues().map(|it| it.scan()).sum();
    if broker.config.broker.nodes > 1 {
        // An acknowledgement takes effect when most nodes have it.
        assert!(held <= unacked, "what is held by a channel is unacked");
    } else {
        assert_eq!(unacked, held, "what is unacked is held by one channel");
    }
}
