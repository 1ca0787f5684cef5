//! What a person or a scenario can ask of a cluster. One line of text each, both ways.

use super::BrokerId;
use crate::name::{ConsumerName, GroupId};
use std::fmt;

/// What a person or a scenario asks for. May be refused, which is then a fact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// The consumer's process is gone: no goodbye, no commit.
    CrashConsumer(ConsumerName),
    /// A crashed or removed consumer starts again, with nothing in memory.
    RestartConsumer(ConsumerName),
    /// The application stops working and polling; the client's heartbeats go on.
    PauseConsumer(ConsumerName),
    /// The application goes on.
    ResumeConsumer(ConsumerName),
    /// One more consumer, set up like the first of that group.
    AddConsumer(ConsumerName, GroupId),
    /// The consumer closes: it commits if it is set to, and leaves its group.
    RemoveConsumer(ConsumerName),
    /// The consumer commits its positions now, whatever it is set to.
    Commit(ConsumerName),
    /// The broker's process is gone. What it had appended is on its disk.
    CrashBroker(BrokerId),
    /// The broker starts again, from its disk.
    RestartBroker(BrokerId),
}

/// The text of the command language: `crash c1`, `add c4 to billing`, `crash broker 1`.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CrashConsumer(name) => write!(f, "crash {name}"),
            Self::RestartConsumer(name) => write!(f, "restart {name}"),
            Self::PauseConsumer(name) => write!(f, "pause {name}"),
            Self::ResumeConsumer(name) => write!(f, "resume {name}"),
            Self::AddConsumer(name, group) => write!(f, "add {name} to {group}"),
            Self::RemoveConsumer(name) => write!(f, "remove {name}"),
            Self::Commit(name) => write!(f, "commit {name}"),
            Self::CrashBroker(broker) => write!(f, "crash {broker}"),
            Self::RestartBroker(broker) => write!(f, "restart {broker}"),
        }
    }
}
