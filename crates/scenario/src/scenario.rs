//! A scenario, ready to run: names resolved, settings checked, the workload expanded.

use crate::command::Command;
use crate::expand::{Flow, expand, expand_rows};
use crate::input::Rows;
use crate::lesson::{Act, Asks, Task};
use brokerscope_core::sim::{SimDuration, SimTime};
use brokerscope_core::workload::Workload;
use brokerscope_core::{kafka, rabbitmq};

/// A scenario, ready to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name: the file's name without its ending.
    pub name: String,
    /// Its title, a few words.
    pub title: String,
    /// The question it asks, in plain words.
    pub question: String,
    /// The seed of both worlds and of the workload.
    pub seed: u64,
    /// When the run ends. With a person's own data it ends when both systems are done instead.
    pub ends: End,
    /// The flows of messages that the scenario describes.
    pub flows: Vec<Flow>,
    /// The messages both systems are given: the flows, expanded.
    pub workload: Workload,
    /// How the Kafka side is set up.
    pub kafka: kafka::Config,
    /// How the RabbitMQ side is set up.
    pub rabbitmq: rabbitmq::Config,
    /// What the scenario itself does, in order of time.
    pub steps: Vec<(SimTime, Command)>,
    /// What it says, and when.
    pub beats: Vec<Beat>,
    /// Which act of its file it is.
    pub act: Act,
    /// What the question comes down to, and the choices.
    pub asks: Asks,
    /// What there is to try.
    pub tasks: Vec<Task>,
    /// What is said at the end, at most once a system: what it did.
    pub cards: Vec<Beat>,
    /// The settings that decided it, by their real names.
    pub decided: Vec<String>,
}

impl Scenario {
    /// The same scenario under another seed, its workload drawn anew.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        let workload = expand(&self.flows, seed);
        Self { seed, workload, ..self }
    }

    /// The same scenario with a person's own data as its workload: one message per row, sent as
    /// the first flow is. It ends when both systems are done with them.
    #[must_use]
    pub fn with_rows(self, rows: Rows) -> Self {
        let workload = expand_rows(&self.flows, self.seed, rows);
        let (End::At(end) | End::WhenDone(end)) = self.ends;
        let last = workload.messages.last().map_or(SimTime::START, |it| it.at);
        // Should something fail for ever: when one consumer alone had done all the work twice.
        let work: u64 = workload.messages.iter().map(|it| u64::from(it.work_us)).sum();
        let limit = last + SimDuration(2 * work) + SimDuration(end.0);
        // The answers are about the messages that the scenario describes.
        Self { workload, ends: End::WhenDone(limit), asks: Asks::default(), ..self }
    }
}

/// When a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At that instant.
    At(SimTime),
    /// When every message is settled in both systems: processed and committed or acknowledged,
    /// or lost, or dead-lettered; at that instant at the latest.
    WhenDone(SimTime),
}

/// Something the scenario says, tied to a fact: it is said when the fact first happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// In which system the fact happens.
    pub system: SystemName,
    /// The text of the fact, or its beginning.
    pub when: String,
    /// What is said, at most two sentences.
    pub say: String,
}

/// One of the two systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemName {
    /// Apache Kafka.
    Kafka,
    /// RabbitMQ.
    RabbitMq,
}

impl SystemName {
    /// As people write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kafka => "Kafka",
            Self::RabbitMq => "RabbitMQ",
        }
    }

    /// As the command language and files write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::RabbitMq => "rabbitmq",
        }
    }
}
