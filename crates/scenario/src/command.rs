//! The command language: what a scenario's steps, the address bar, the page and the command line
//! ask of a run. One line of text each, both ways.
//!
//! A command for both systems is one word shorter than a command for one: `crash c1` hits the
//! consumer and its twin, `kafka crash c1` only one of them.

mod cast;
mod read;

pub use cast::{Cast, Resolved, Unfit};
pub use read::BadCommand;

use crate::scenario::SystemName;
use brokerscope_core::name::ConsumerName;
use brokerscope_core::{kafka, rabbitmq};
use std::fmt;
use std::sync::Arc;

/// What a person or a scenario asks of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// The same of both systems, where each has what it names.
    Both(Both),
    /// Of Kafka only.
    Kafka(kafka::Command),
    /// Of RabbitMQ only.
    RabbitMq(rabbitmq::Command),
}

/// What can be asked of both systems at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Both {
    /// The consumer's process is gone, and so is its twin's.
    Crash(ConsumerName),
    /// A crashed or removed consumer starts again, with nothing in memory.
    Restart(ConsumerName),
    /// The application stops working.
    Pause(ConsumerName),
    /// The application goes on.
    Resume(ConsumerName),
    /// The consumer is closed in an orderly way.
    Remove(ConsumerName),
    /// One more consumer, for the scenario's first group and its first queue with consumers.
    Add(ConsumerName),
    /// One more consumer, for the group and the queue of that name.
    AddTo(ConsumerName, Arc<str>),
}

impl Command {
    /// A crash of a consumer and its twin.
    #[must_use]
    pub fn crash(name: impl Into<ConsumerName>) -> Self {
        Self::Both(Both::Crash(name.into()))
    }

    /// A restart of a consumer and its twin.
    #[must_use]
    pub fn restart(name: impl Into<ConsumerName>) -> Self {
        Self::Both(Both::Restart(name.into()))
    }

    /// The only system it is for; nothing if it is for both.
    #[must_use]
    pub const fn only(&self) -> Option<SystemName> {
        match self {
            Self::Both(_) => None,
            Self::Kafka(_) => Some(SystemName::Kafka),
            Self::RabbitMq(_) => Some(SystemName::RabbitMq),
        }
    }
}

impl Command {
    /// What it says to each system, whoever is there. Nothing if that depends on who is.
    #[must_use]
    pub fn literally(&self) -> Resolved {
        use kafka::Command as InKafka;
        use rabbitmq::Command as InRabbit;
        let one = |it: &ConsumerName| it.clone();
        let both = match self {
            Self::Kafka(command) => return (Some(command.clone()), None),
            Self::RabbitMq(command) => return (None, Some(command.clone())),
            Self::Both(both) => both,
        };
        let (kafka, rabbitmq) = match both {
            Both::Crash(it) => (InKafka::CrashConsumer(one(it)), InRabbit::CrashConsumer(one(it))),
            Both::Restart(it) => {
                (InKafka::RestartConsumer(one(it)), InRabbit::RestartConsumer(one(it)))
            }
            Both::Pause(it) => (InKafka::PauseConsumer(one(it)), InRabbit::PauseConsumer(one(it))),
            Both::Resume(it) => {
                (InKafka::ResumeConsumer(one(it)), InRabbit::ResumeConsumer(one(it)))
            }
            Both::Remove(it) => {
                (InKafka::RemoveConsumer(one(it)), InRabbit::RemoveConsumer(one(it)))
            }
            Both::Add(_) => return (None, None),
            Both::AddTo(it, place) => (
                InKafka::AddConsumer(one(it), (**place).into()),
                InRabbit::AddConsumer(one(it), (**place).into()),
            ),
        };
        (Some(kafka), Some(rabbitmq))
    }
}

/// The text that reads back as the same command. What only one system knows, as `commit c1`,
/// needs no system's name.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Both(both) => both.fmt(f),
            Self::Kafka(
                command @ (kafka::Command::Commit(_)
                | kafka::Command::CrashBroker(_)
                | kafka::Command::StopBroker(_)
                | kafka::Command::CutBroker(..)
                | kafka::Command::SlowBroker(..)
                | kafka::Command::MendBroker(..)
                | kafka::Command::RestartBroker(_)),
            ) => command.fmt(f),
            Self::Kafka(command) => write!(f, "kafka {command}"),
            Self::RabbitMq(
                command @ (rabbitmq::Command::CloseChannel(_)
                | rabbitmq::Command::StopNode(_)
                | rabbitmq::Command::StartNode(_)),
            ) => command.fmt(f),
            Self::RabbitMq(command) => write!(f, "rabbitmq {command}"),
        }
    }
}

impl fmt::Display for Both {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash(name) => write!(f, "crash {name}"),
            Self::Restart(name) => write!(f, "restart {name}"),
            Self::Pause(name) => write!(f, "pause {name}"),
            Self::Resume(name) => write!(f, "resume {name}"),
            Self::Remove(name) => write!(f, "remove {name}"),
            Self::Add(name) => write!(f, "add {name}"),
            Self::AddTo(name, place) => write!(f, "add {name} to {place}"),
        }
    }
}

#[cfg(test)]
mod tests;
