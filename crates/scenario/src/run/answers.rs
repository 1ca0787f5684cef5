//! Answering the question: what a query finds in a run that is explored to its end. It is found by
//! telling the run once more from its beginning, and by looking at where it ends; the present
//! stays where it is.

use super::Run;
use super::beats::begins;
use crate::ledger::{Entry, Fate, Outcome};
use crate::lesson::{Asked, Found, OUTCOMES, Query};
use crate::scenario::SystemName;
use brokerscope_core::kafka::{Fact as KafkaFact, Offset, TopicPartition, snapshot as kafka};
use brokerscope_core::name::{ConsumerName, GroupId, QueueName, TopicName};
use brokerscope_core::rabbitmq::{Fact as RabbitFact, snapshot as rabbitmq};
use brokerscope_core::sim::SimTime;
use brokerscope_core::workload::MessageId;
use std::fmt::Display;

/// What the question comes down to in one system, answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// In which.
    pub system: SystemName,
    /// What was computed.
    pub found: Found,
    /// The choice that claims it, by its place among the answers; nothing if none does.
    pub answer: Option<usize>,
}

impl Run {
    /// The answers to the question, one a system that is asked, as this run gives them at its end,
    /// with everything that the person has done in it. None until the run is explored to its end,
    /// and none if nothing is asked.
    ///
    /// It costs about as much as running it to its end once, so it is worth keeping until the next
    /// command.
    #[must_use]
    pub fn answers(&self) -> Vec<Answered> {
        if !self.is_explored() {
            return Vec::new();
        }
        let asks = &self.scenario.asks;
        let answered = |asked: &Asked| {
            let found = self.find(asked);
            let answer = asks.answers.iter().position(|it| it.is.holds(&found));
            Answered { system: asked.system, found, answer }
        };
        asks.asked.iter().map(answered).collect()
    }

    /// What a query finds.
    fn find(&self, asked: &Asked) -> Found {
        let message = MessageId(asked.of.parse().unwrap_or_default());
        match asked.query {
            Query::Fate => word(self.entry(asked, message).map(|it| fate(it.fate))),
            Query::Outcome => Found::Number(count(&self.outcome(asked), &asked.of)),
            Query::DoneAt => number(self.done_at(asked.system).map(|SimTime(us)| us / 1_000_000)),
            Query::Lag => Found::Number(self.standing(asked).lag),
            Query::Committed => number(self.standing(asked).committed),
            Query::Kept => Found::Number(self.standing(asked).kept),
            Query::Ready => Found::Number(self.standing(asked).ready),
            Query::Unacked => Found::Number(self.standing(asked).unacked),
            Query::Processed => Found::Number(self.tally(asked, message).processed),
            Query::Begun => Found::Number(self.tally(asked, message).begun),
            Query::Delivered => Found::Number(self.tally(asked, message).delivered),
            Query::Facts => Found::Number(self.tally(asked, message).facts),
            Query::Partition => {
                let places = self.tally(asked, message).places;
                number(places.first().map(|(it, _)| it.partition.into()))
            }
            Query::DoneBy => {
                let consumers = self.tally(asked, message).consumers;
                let named = consumers.iter().find(|it| it.name.as_str() == asked.of);
                Found::Number(named.map_or(0, |it| it.processed))
            }
            Query::Idle => self.tally(asked, message).how_many(|it| it.begun == 0),
            Query::Workers => self.tally(asked, message).how_many(|it| it.processed > 0),
            Query::Busiest => self.tally(asked, message).busiest(),
        }
    }

    /// The first instant at which everything was settled in a system.
    fn done_at(&self, system: SystemName) -> Option<SimTime> {
        match system {
            SystemName::Kafka => self.kafka.explored_watcher().ledger.done_at(),
            SystemName::RabbitMq => self.rabbitmq.explored_watcher().ledger.done_at(),
        }
    }

    fn outcome(&self, asked: &Asked) -> Outcome {
        let reader = &*asked.reader;
        let outcome = match asked.system {
            SystemName::Kafka => {
                self.kafka.explored_watcher().ledger.outcome(&GroupId::from(reader))
            }
            SystemName::RabbitMq => {
                self.rabbitmq.explored_watcher().ledger.outcome(&QueueName::from(reader))
            }
        };
        outcome.unwrap_or_default()
    }

    fn entry(&self, asked: &Asked, message: MessageId) -> Option<Entry> {
        let reader = &*asked.reader;
        match asked.system {
            SystemName::Kafka => {
                self.kafka.explored_watcher().ledger.entry(&GroupId::from(reader), message)
            }
            SystemName::RabbitMq => {
                self.rabbitmq.explored_watcher().ledger.entry(&QueueName::from(reader), message)
            }
        }
    }

    /// How the reader and what it reads stand at the end.
    fn standing(&self, asked: &Asked) -> Standing {
        match asked.system {
            SystemName::Kafka => self.standing_in_kafka(asked),
            SystemName::RabbitMq => self.standing_in_rabbitmq(asked),
        }
    }

    fn standing_in_kafka(&self, asked: &Asked) -> Standing {
        let end = kafka::snapshot(self.kafka.explored_world(), 0);
        let group = end.groups.iter().find(|it| it.group.as_str() == asked.reader);
        let reads = |topic: &TopicName| {
            let mut consumers = self.scenario.kafka.consumers.iter();
            consumers
                .any(|it| it.group_name().as_str() == asked.reader && it.topics.contains(topic))
        };
        let mut standing = Standing::default();
        for topic in &end.topics {
            let is_read = reads(&topic.name);
            let is_kept = match &*asked.of {
                "" => is_read,
                named => topic.name.as_str() == named,
            };
            for it in &topic.partitions {
                let mut places = group.iter().flat_map(|it| &it.partitions);
                let place = places.find(|place| place.partition == it.partition);
                let committed = place.and_then(|it| it.committed);
                if it.partition.to_string() == asked.of {
                    standing.committed = committed.and_then(|it| it.0.try_into().ok());
                }
                if is_read {
                    let from = committed.unwrap_or(it.log_start);
                    let behind = it.high_watermark.0 - from.0;
                    standing.lag += u64::try_from(behind).unwrap_or_default();
                }
                if is_kept {
                    standing.kept += it.records;
                }
            }
        }
        standing
    }

    fn standing_in_rabbitmq(&self, asked: &Asked) -> Standing {
        let end = rabbitmq::snapshot(self.rabbitmq.explored_world(), 0);
        let mut standing = Standing::default();
        for queue in &end.queues {
            let name = queue.name.as_str();
            let messages = queue.ready + queue.unacked;
            if name == asked.reader {
                standing.ready = queue.ready;
                standing.unacked = queue.unacked;
                standing.lag = messages;
            }
            if name == if asked.of.is_empty() { &asked.reader } else { &asked.of } {
                standing.kept = messages;
            }
        }
        standing
    }

    /// Tells one system's run once more and counts.
    fn tally(&self, asked: &Asked, message: MessageId) -> Tally {
        let mut tally = Tally::new(message);
        let (scenario, end) = (&self.scenario, self.end());
        match asked.system {
            SystemName::Kafka => {
                for it in &scenario.kafka.consumers {
                    if it.group_name().as_str() == asked.reader {
                        tally.consumer(&it.name);
                    }
                }
                self.kafka.replay_all(end, |_, fact| tally.hear_kafka(asked, fact));
            }
            SystemName::RabbitMq => {
                for it in &scenario.rabbitmq.consumers {
                    if it.queue.as_str() == asked.reader {
                        tally.consumer(&it.name);
                    }
                }
                self.rabbitmq.replay_all(end, |_, fact| tally.hear_rabbitmq(asked, fact));
            }
        }
        tally
    }
}

/// How a reader stands; see the queries of the same names.
#[derive(Default)]
struct Standing {
    lag: u64,
    kept: u64,
    committed: Option<u64>,
    ready: u64,
    unacked: u64,
}

/// What is counted while a run is told.
struct Tally {
    message: MessageId,
    /// The consumers of the reader.
    consumers: Vec<Worker>,
    /// How often work on the message was begun and finished, and how often it was handed over.
    begun: u64,
    processed: u64,
    delivered: u64,
    facts: u64,
    /// Where the message was stored in Kafka.
    places: Vec<(TopicPartition, Offset)>,
}

/// A consumer, and how often it began and finished work.
struct Worker {
    name: ConsumerName,
    begun: u64,
    processed: u64,
}

impl Tally {
    fn new(message: MessageId) -> Self {
        let (consumers, places) = (Vec::new(), Vec::new());
        Self { message, consumers, begun: 0, processed: 0, delivered: 0, facts: 0, places }
    }

    fn consumer(&mut self, name: &ConsumerName) -> &mut Worker {
        let place = self.consumers.iter().position(|it| it.name == *name);
        let place = place.unwrap_or_else(|| {
            self.consumers.push(Worker { name: name.clone(), begun: 0, processed: 0 });
            self.consumers.len() - 1
        });
        &mut self.consumers[place]
    }

    fn began(&mut self, consumer: &ConsumerName, message: MessageId) {
        self.consumer(consumer).begun += 1;
        self.begun += u64::from(message == self.message);
    }

    fn finished(&mut self, consumer: &ConsumerName, message: MessageId) {
        self.consumer(consumer).processed += 1;
        self.processed += u64::from(message == self.message);
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "nothing is counted of any other")]
    fn hear_kafka(&mut self, asked: &Asked, fact: &KafkaFact) {
        let mine = |group: &GroupId| group.as_str() == asked.reader;
        match fact {
            KafkaFact::Began { group, consumer, message, .. } if mine(group) => {
                self.began(consumer, *message);
            }
            KafkaFact::Processed { group, consumer, message, .. } if mine(group) => {
                self.finished(consumer, *message);
            }
            KafkaFact::Started { group, consumer } if mine(group) => {
                self.consumer(consumer);
            }
            KafkaFact::Appended { message, to, offset } if *message == self.message => {
                self.places.push((to.clone(), *offset));
            }
            KafkaFact::Polled { group, partition, from, to, .. } if mine(group) => {
                for (stored, offset) in &self.places {
                    let among = stored == partition && from <= offset && offset < to;
                    self.delivered += u64::from(among);
                }
            }
            _ => {}
        }
        self.fact(asked, fact);
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "nothing is counted of any other")]
    fn hear_rabbitmq(&mut self, asked: &Asked, fact: &RabbitFact) {
        let mine = |queue: &QueueName| queue.as_str() == asked.reader;
        match fact {
            RabbitFact::Began { queue, consumer, message } if mine(queue) => {
                self.began(consumer, *message);
            }
            RabbitFact::Processed { queue, consumer, message } if mine(queue) => {
                self.finished(consumer, *message);
            }
            RabbitFact::Started { queue, consumer } if mine(queue) => {
                self.consumer(consumer);
            }
            RabbitFact::Delivered { queue, message, .. } if mine(queue) => {
                self.delivered += u64::from(*message == self.message);
            }
            _ => {}
        }
        self.fact(asked, fact);
    }

    fn fact(&mut self, asked: &Asked, fact: &impl Display) {
        if asked.query == Query::Facts {
            self.facts += u64::from(begins(fact, &asked.of));
        }
    }

    fn how_many(&self, are: fn(&Worker) -> bool) -> Found {
        let mut count = 0;
        for it in &self.consumers {
            count += u64::from(are(it));
        }
        Found::Number(count)
    }

    fn busiest(&self) -> Found {
        let most = self.consumers.iter().map(|it| it.processed).max().unwrap_or_default();
        let mut with_most = self.consumers.iter().filter(|it| it.processed == most);
        match (with_most.next(), with_most.next()) {
            (Some(one), None) if most > 0 => Found::Word(one.name.as_str().to_owned()),
            (Some(_) | None, _) => word(None),
        }
    }
}

fn number(it: Option<u64>) -> Found {
    it.map_or_else(|| word(None), Found::Number)
}

fn word(it: Option<&str>) -> Found {
    Found::Word(it.unwrap_or("none").to_owned())
}

const fn fate(it: Fate) -> &'static str {
    match it {
        Fate::Processed => "processed",
        Fate::OnTheWay => "on-the-way",
        Fate::Waiting => "waiting",
        Fate::PassedOver => "passed-over",
        Fate::RemovedUnread => "removed-unread",
        Fate::DeadLettered => "dead-lettered",
        Fate::Lost => "lost",
        Fate::Vanished => "vanished",
        Fate::Aborted => "aborted",
    }
}

/// One count of the ledger, by its word among [`OUTCOMES`].
fn count(it: &Outcome, word: &str) -> u64 {
    let counts = [
        it.sent,
        it.acknowledged,
        it.not_yet,
        it.once,
        it.twice,
        it.more,
        it.on_the_way,
        it.waiting,
        it.passed_over,
        it.removed_unread,
        it.lost,
        it.vanished,
        it.aborted,
        it.dead_lettered.total(),
        it.out_of_order,
        it.in_broker,
        it.unsettled,
    ];
    let named = OUTCOMES.iter().zip(counts).find(|(name, _)| **name == word);
    named.map_or(0, |(_, count)| count)
}
