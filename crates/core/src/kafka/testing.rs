//! For tests: a cluster described in a few lines, and someone who writes down what happens.

use super::{Cluster, Config, Fact, config};
use crate::name::TopicName;
use crate::settings::Value;
use crate::sim::{SimDuration, SimTime, Watcher, World};
use crate::workload::{KeyId, Keys, Message, Stream, StreamId, Workload};
use expect_test::Expect;
use std::collections::BTreeMap;

/// Writes down every fact with its instant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scribe(pub(crate) Vec<(SimTime, Fact)>);

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
/// consumers enable.auto.commit=false
/// consumer c1 billing orders,parcels auto.offset.reset=earliest commits=after-record
/// send 5 every 10ms from 100ms to orders size=100 work=20ms keys=a,b poison=3
/// link latency=2ms loss=1000
/// ```
///
/// A group or topics of `-` are none. What stands after `consumers` holds for all consumers below
/// it. `commits`, `on-failure`, `attempts`, `retry-delay`, `idempotent` and `starts` of a
/// consumer are the application's; `by=hand` drives
/// it by hand; `produces` names the topic that it writes to, and `transactional.id` after that its
/// producer's. `transactions-of` a producer says how many records it sends in each, `aborts` which
/// it aborts. A broker's settings stand after the number of brokers.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    brokers: u16,
    broker_settings: config::BrokerSettings,
    links: config::Links,
    topics: Vec<config::Topic>,
    producers: Vec<config::Producer>,
    consumers: Vec<config::Consumer>,
    of_all_consumers: Vec<String>,
    streams: Vec<Stream>,
    destinations: Vec<TopicName>,
    messages: Vec<Message>,
    keys: Keys,
    key_ids: BTreeMap<String, KeyId>,
}

fn options<'a>(words: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    words.iter().map(|it| it.split_once('=').unwrap()).collect()
}

impl Setup {
    pub(crate) fn read(text: &str) -> Self {
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
                    let (name, replication_factor) = (name.into(), None);
                    let topic = config::Topic { name, partitions, replication_factor, settings };
                    setup.topics.push(topic);
                }
                ["producer", name, ref rest @ ..] => {
                    setup.producer(name, rest);
                }
                ["consumers", ref rest @ ..] => {
                    setup.of_all_consumers = rest.iter().map(ToString::to_string).collect();
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
                    self.links.cluster = latency;
                }
                "jitter" => self.links.jitter = value.parse().unwrap(),
                "loss" => self.links.loss_per_million = value.parse().unwrap(),
                _ => panic!("not a word about links: {name}"),
            }
        }
    }

    fn producer(&mut self, name: &str, rest: &[&str]) {
        let mut settings = config::ProducerSettings::default();
        let mut transactions = None;
        for (name, value) in options(rest) {
            match name {
                "transactions-of" => {
                    let (records, aborts) = (value.parse().unwrap(), Vec::new());
                    transactions = Some(config::Transactions { records, aborts });
                }
                "aborts" => transactions.as_mut().unwrap().aborts.push(value.parse().unwrap()),
                _ => settings.set(name, value).unwrap(),
            }
        }
        self.producers.push(config::Producer { name: name.into(), settings, transactions });
    }

    fn consumer(&mut self, name: &str, group: &str, topics: &str, rest: &[&str]) {
        let mut consumer = config::Consumer {
            name: name.into(),
            group: Some(group).filter(|it| *it != "-").map(Into::into),
            topics: topics.split(',').filter(|it| *it != "-").map(Into::into).collect(),
            settings: config::ConsumerSettings::default(),
            application: config::Application::Manual,
            starts_after: SimDuration::ZERO,
            produces: None,
            passes_on: None,
            idempotent: false,
        };
        let (mut commits, mut by_hand) = (config::Commits::Never, false);
        let mut on_failure = config::OnFailure::Retry;
        let of_all = self.of_all_consumers.clone();
        let of_all: Vec<&str> = of_all.iter().map(String::as_str).collect();
        for (name, value) in options(&of_all).into_iter().chain(options(rest)) {
            match name {
                "commits" => commits = config::Commits::read(value).unwrap(),
                "on-failure" => on_failure = config::OnFailure::read(value).unwrap(),
                "attempts" => {
                    consumer.passes_on.get_or_insert_default().attempts = value.parse().unwrap();
                }
                "retry-delay" => {
                    consumer.passes_on.get_or_insert_default().delay = value.parse().unwrap();
                }
                "idempotent" => consumer.idempotent = value == "true",
                "by" => by_hand = value == "hand",
                "starts" => consumer.starts_after = value.parse().unwrap(),
                "produces" => {
                    let settings = config::ProducerSettings::default();
                    let topic = value.into();
                    consumer.produces = Some(Box::new(config::Produces { topic, settings }));
                }
                "transactional.id" => {
                    let produces = consumer.produces.as_mut().unwrap();
                    produces.settings.set(name, value).unwrap();
                }
                _ => consumer.settings.set(name, value).unwrap(),
            }
        }
        if !by_hand {
            consumer.application = config::Application::Automatic { commits, on_failure };
        }
        if matches!(on_failure, config::OnFailure::RetryTopic | config::OnFailure::DeadLetter) {
            consumer.passes_on.get_or_insert_default();
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
                tombstone: false,
                headers_bytes: 0,
            });
        }
    }

    pub(crate) fn config(&self) -> Config {
        Config {
            brokers: self.brokers,
            broker_settings: self.broker_settings.clone(),
            topics: self.topics.clone(),
            producers: self.producers.clone(),
            destinations: self.destinations.clone(),
            consumers: self.consumers.clone(),
            links: self.links.clone(),
        }
    }

    pub(crate) fn world(mut self, seed: u64, scribe: &mut impl Watcher<Cluster>) -> World<Cluster> {
        self.messages.sort_by_key(|it| it.at);
        let config = self.config();
        let workload = Workload {
            messages: self.messages.into(),
            keys: self.keys.into(),
            streams: self.streams.into(),
        };
        World::new(Cluster::new(config, workload), seed, scribe)
    }
}

/// The life of records outside the consumers.
pub(crate) const RECORDS: &[&str] = &[" sent ", "appended", "heard", "fetched"];
/// The way into a group.
pub(crate) const JOINING: &[&str] = &["asks to join", "rebalances", "stable", "now reads"];
/// Where consumers begin.
pub(crate) const BEGINNING: &[&str] = &["begins "];

/// Runs `setup`, and each line of `script`: an instant, a colon and a command, or `end`. Facts
/// whose text contains one of the words of `without` are left out, long ones are broken.
pub(crate) fn check(setup: &str, script: &str, without: &[&[&str]], expect: Expect) {
    let mut scribe = Scribe::default();
    let mut world = Setup::read(setup).world(7, &mut scribe);
    for line in script.lines().filter(|it| !it.trim().is_empty()) {
        let (at, command) = line.trim().split_once(": ").unwrap();
        world.run_until(&mut scribe, at.parse().unwrap());
        if command != "end" {
            world.command(&mut scribe, command.parse().unwrap());
        }
    }
    let lines = scribe.0.iter().map(|(at, fact)| (at.to_string(), fact.to_string()));
    let left_out = |text: &str| without.iter().flat_map(|it| *it).any(|it| text.contains(it));
    let told = lines.filter(|(_, text)| !left_out(&format!(" {text}")));
    let told = told.map(|(at, text)| format!("{at:<9} {}\n", broken(&text)));
    expect.assert_eq(&told.collect::<String>());
}

/// A text in lines that leave room for the indentation of an expectation.
pub(crate) fn broken(text: &str) -> String {
    const WIDTH: usize = 72;
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();
        if line.is_empty() {
            line.push_str(word);
        } else if line.len() + 1 + word.len() <= WIDTH {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n            ")
}
