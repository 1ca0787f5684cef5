//! The whole system: scripts in, traces out.

use super::*;

use crate::sim::{SimDuration, Watcher, World};
use crate::workload::{Keys, Message, Stream, StreamId};
use expect_test::{Expect, expect};
use std::collections::BTreeMap;

/// Writes down every fact with its instant.
#[derive(Clone, Debug, Default)]
struct Scribe(Vec<(SimTime, Fact)>);

impl Watcher<Cluster> for Scribe {
    fn watch(&mut self, at: SimTime, fact: &Fact) {
        self.0.push((at, fact.clone()));
    }
}

/// A cluster as a test describes it, one thing a line:
///
/// ```text
/// brokers 2
/// topic orders 3 retention.ms=1000
/// producer p1 linger.ms=0
/// consumer c1 billing orders,parcels auto.offset.reset=earliest commits=after-record
/// send 5 every 10ms from 100ms to orders size=100 work=20ms keys=a,b poison=3
/// link latency=2ms loss=1000
/// ```
///
/// `commits`, `on-failure` and `starts` of a consumer are the application's. A broker's settings
/// stand after the number of brokers.
#[derive(Default)]
struct Setup {
    brokers: u16,
    broker_settings: config::BrokerSettings,
    links: config::Links,
    topics: Vec<config::Topic>,
    producers: Vec<config::Producer>,
    consumers: Vec<config::Consumer>,
    streams: Vec<Stream>,
    destinations: Vec<crate::name::TopicName>,
    messages: Vec<Message>,
    keys: Keys,
    key_ids: BTreeMap<String, crate::workload::KeyId>,
}

fn options<'a>(words: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    words.iter().map(|it| it.split_once('=').unwrap()).collect()
}

impl Setup {
    fn read(text: &str) -> Self {
        let mut setup = Self { brokers: 1, ..Self::default() };
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [] => {}
                ["brokers", count, ref rest @ ..] => {
                    setup.brokers = count.parse().unwrap();
                    for (name, value) in options(rest) {
                        setup.broker_settings.set(name, value).unwrap();
                    }
                }
                ["link", ref rest @ ..] => setup.link(rest),
                ["topic", name, partitions, ref rest @ ..] => {
                    let mut settings = config::TopicSettings::default();
                    for (name, value) in options(rest) {
                        settings.set(name, value).unwrap();
                    }
                    let partitions = partitions.parse().unwrap();
                    setup.topics.push(config::Topic { name: name.into(), partitions, settings });
                }
                ["producer", name, ref rest @ ..] => {
                    let mut settings = config::ProducerSettings::default();
                    for (name, value) in options(rest) {
                        settings.set(name, value).unwrap();
                    }
                    setup.producers.push(config::Producer { name: name.into(), settings });
                }
                ["consumer", name, group, topics, ref rest @ ..] => {
                    setup.consumer(name, group, topics, rest);
                }
                ["send", count, "every", every, "from", from, "to", topic, ref rest @ ..] => {
                    let (every, from) = (every.parse().unwrap(), from.parse().unwrap());
                    setup.send(count.parse().unwrap(), every, from, topic, rest);
                }
                _ => panic!("not a line of a setup: {line}"),
            }
        }
        setup
    }

    fn link(&mut self, rest: &[&str]) {
        for (name, value) in options(rest) {
            match name {
                "latency" => {
                    let latency = value.parse().unwrap();
                    self.links.producer = latency;
                    self.links.consumer = latency;
                    self.links.coordinator = latency;
                }
                "jitter" => self.links.jitter = value.parse().unwrap(),
                "loss" => self.links.loss_per_million = value.parse().unwrap(),
                _ => panic!("not a word about links: {name}"),
            }
        }
    }

    fn consumer(&mut self, name: &str, group: &str, topics: &str, rest: &[&str]) {
        use crate::settings::Value;
        let mut consumer = config::Consumer {
            name: name.into(),
            group: group.into(),
            topics: topics.split(',').map(Into::into).collect(),
            settings: config::ConsumerSettings::default(),
            application: config::Application::default(),
            starts_after: SimDuration::ZERO,
        };
        for (name, value) in options(rest) {
            let application = &mut consumer.application;
            match name {
                "commits" => application.commits = config::Commits::read(value).unwrap(),
                "on-failure" => application.on_failure = config::OnFailure::read(value).unwrap(),
                "starts" => consumer.starts_after = value.parse().unwrap(),
                _ => consumer.settings.set(name, value).unwrap(),
            }
        }
        self.consumers.push(consumer);
    }

    fn send(&mut self, count: u64, every: SimDuration, from: SimTime, topic: &str, rest: &[&str]) {
        let stream = StreamId(u16::try_from(self.streams.len()).unwrap());
        let producer = self.producers.last().unwrap().name.clone();
        self.streams.push(Stream { name: topic.into(), producer });
        self.destinations.push(topic.into());
        let (mut size_bytes, mut work, mut keys, mut poison) = (100, SimDuration(0), "", 0);
        for (name, value) in options(rest) {
            match name {
                "size" => size_bytes = value.parse().unwrap(),
                "work" => work = value.parse().unwrap(),
                "keys" => keys = value,
                "poison" => poison = value.parse().unwrap(),
                _ => panic!("not a word about messages: {name}"),
            }
        }
        let keys: Vec<&str> = keys.split(',').filter(|it| !it.is_empty()).collect();
        for number in 0..count {
            let key = keys.get(usize::try_from(number).unwrap() % keys.len().max(1)).map(|it| {
                let make = || self.keys.push(it.as_bytes());
                *self.key_ids.entry((*it).to_owned()).or_insert_with(make)
            });
            self.messages.push(Message {
                at: from + SimDuration(every.0 * number),
                key,
                size_bytes,
                work_us: u32::try_from(work.0).unwrap(),
                stream,
                poison: number + 1 == poison,
            });
        }
    }

    fn world(mut self, seed: u64, scribe: &mut impl Watcher<Cluster>) -> World<Cluster> {
        self.messages.sort_by_key(|it| it.at);
        let workload = Workload {
            messages: self.messages.into(),
            keys: self.keys.into(),
            streams: self.streams.into(),
        };
        let config = Config {
            brokers: self.brokers,
            broker_settings: self.broker_settings,
            topics: self.topics,
            producers: self.producers,
            destinations: self.destinations,
            consumers: self.consumers,
            links: self.links,
        };
        World::new(Cluster::new(config, workload), seed, scribe)
    }
}

/// Runs `setup`, and each line of `script`: an instant, a colon and a command, or `end`. Facts
/// whose text contains one of the words of `without` are left out.
fn check(setup: &str, script: &str, without: &[&str], expect: Expect) {
    let mut scribe = Scribe::default();
    let mut world = Setup::read(setup).world(7, &mut scribe);
    for line in script.lines().filter(|it| !it.trim().is_empty()) {
        let (at, command) = line.trim().split_once(": ").unwrap();
        world.run_until(&mut scribe, at.parse().unwrap());
        if command != "end" {
            world.command(&mut scribe, command.parse().unwrap());
        }
    }
    let lines = scribe.0.iter().map(|(at, fact)| format!("{:>9}  {fact}\n", at.to_string()));
    let told = lines.filter(|line| !without.iter().any(|it| line.contains(it)));
    expect.assert_eq(&told.collect::<String>());
}

#[test]
fn a_record_is_produced_fetched_processed_and_committed() {
    check(
        "
        topic orders 1
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest
        send 2 every 1ms from 4s to orders work=20ms
        ",
        "10s: end",
        &[],
        expect![[r#"
              0.004 s  c1 asks to join billing
              0.008 s  c1 asks to join billing
               0.01 s  billing rebalances: c1 joins
              3.014 s  billing is stable in generation 1: c1 reads orders-0
              3.016 s  c1 now reads orders-0
              3.024 s  c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
              4.005 s  p1 sent 1 to orders-0
              4.005 s  p1 sent 2 to orders-0
              4.007 s  orders-0 appended 1 at offset 0
              4.007 s  orders-0 appended 2 at offset 1
              4.009 s  c1 fetched 2 records of orders-0, offsets 0 to 1
              4.009 s  poll gave c1 2 records of orders-0 from offset 0, position is 2
              4.009 s  c1 began 1
              4.009 s  p1 heard that 1 is in the log at offset 0
              4.009 s  p1 heard that 2 is in the log at offset 1
              4.029 s  c1 processed 1
              4.029 s  c1 began 2
              4.049 s  c1 processed 2
              8.018 s  billing is committed to offset 2 of orders-0, by c1, enable.auto.commit
        "#]],
    );
}
