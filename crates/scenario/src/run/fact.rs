//! A fact of either system.

use crate::scenario::SystemName;
use brokerscope_core::sim::SimTime;
use brokerscope_core::weight::Weight;
use brokerscope_core::{kafka, rabbitmq};
use std::fmt;

/// What happened in one of the two systems. Its text is the fact's own line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// In Kafka.
    Kafka(kafka::Fact),
    /// In RabbitMQ.
    RabbitMq(rabbitmq::Fact),
}

impl Fact {
    /// In which system.
    #[must_use]
    pub const fn system(&self) -> SystemName {
        match self {
            Self::Kafka(_) => SystemName::Kafka,
            Self::RabbitMq(_) => SystemName::RabbitMq,
        }
    }

    /// How much it matters to someone who watches.
    #[must_use]
    pub fn weight(&self) -> Weight {
        match self {
            Self::Kafka(fact) => fact.weight(),
            Self::RabbitMq(fact) => fact.weight(),
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kafka(fact) => fact.fmt(f),
            Self::RabbitMq(fact) => fact.fmt(f),
        }
    }
}

/// A fact of either system, looked at in passing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FactRef<'a> {
    /// In Kafka.
    Kafka(&'a kafka::Fact),
    /// In RabbitMQ.
    RabbitMq(&'a rabbitmq::Fact),
}

impl FactRef<'_> {
    /// In which system.
    #[must_use]
    pub const fn system(self) -> SystemName {
        match self {
            Self::Kafka(_) => SystemName::Kafka,
            Self::RabbitMq(_) => SystemName::RabbitMq,
        }
    }

    /// How much it matters to someone who watches.
    #[must_use]
    pub fn weight(self) -> Weight {
        match self {
            Self::Kafka(fact) => fact.weight(),
            Self::RabbitMq(fact) => fact.weight(),
        }
    }

    /// The same, to be kept.
    #[must_use]
    pub fn to_fact(self) -> Fact {
        match self {
            Self::Kafka(fact) => Fact::Kafka(fact.clone()),
            Self::RabbitMq(fact) => Fact::RabbitMq(fact.clone()),
        }
    }
}

impl fmt::Display for FactRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kafka(fact) => fact.fmt(f),
            Self::RabbitMq(fact) => fact.fmt(f),
        }
    }
}

/// A fact and its instant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Happened {
    /// When.
    pub at: SimTime,
    /// What.
    pub fact: Fact,
}

/// The line of the text trace: `   14.20 s  kafka     c1 crashed`.
impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, self.at, self.fact.system(), &self.fact)
    }
}

/// Writes a line of the text trace, without its end.
pub(super) fn line(
    out: &mut impl fmt::Write,
    at: SimTime,
    system: SystemName,
    fact: &impl fmt::Display,
) -> fmt::Result {
    let at = at.to_string();
    write!(out, "{at:>10}  {:<8}  {fact}", system.word())
}

/// What this crate needs to know of the facts of a system.
pub(crate) trait Told: fmt::Display {
    /// What follows the first word in the texts of the most frequent facts, whatever names and
    /// numbers are in them, or what they begin with. The first stands for all other facts.
    const VERBS: &'static [&'static str];
    /// Which of [`Told::VERBS`] is in its text.
    fn verb(&self) -> usize;
    /// How much it matters to someone who watches.
    fn weight(&self) -> Weight;
}

impl Told for kafka::Fact {
    const VERBS: &'static [&'static str] = &[
        "",
        " sent ",
        " appended ",
        " heard that ",
        " fetched ",
        "poll gave ",
        " began ",
        " processed ",
        " is committed to ",
    ];

    #[allow(clippy::wildcard_enum_match_arm, reason = "all others are compared word by word")]
    fn verb(&self) -> usize {
        match self {
            Self::Sent { .. } => 1,
            Self::Appended { .. } => 2,
            Self::Acknowledged { offset: Some(_), .. } => 3,
            Self::Fetched { .. } => 4,
            Self::Polled { .. } => 5,
            Self::Began { .. } => 6,
            Self::Processed { .. } => 7,
            Self::Committed { .. } => 8,
            _ => 0,
        }
    }

    fn weight(&self) -> Weight {
        Self::weight(self)
    }
}

impl Told for rabbitmq::Fact {
    const VERBS: &'static [&'static str] = &[
        "",
        " published ",
        " is ready in ",
        " heard that ",
        " sent ",
        " delivered ",
        " received ",
        " began ",
        " processed ",
        " removed ",
    ];

    #[allow(clippy::wildcard_enum_match_arm, reason = "all others are compared word by word")]
    fn verb(&self) -> usize {
        match self {
            Self::Published { .. } => 1,
            Self::Enqueued { .. } => 2,
            Self::Confirmed { .. } => 3,
            Self::Delivered { auto_ack: true, .. } => 4,
            Self::Delivered { auto_ack: false, .. } => 5,
            Self::Received { .. } => 6,
            Self::Began { .. } => 7,
            Self::Processed { .. } => 8,
            Self::Acked { .. } => 9,
            _ => 0,
        }
    }

    fn weight(&self) -> Weight {
        Self::weight(self)
    }
}
