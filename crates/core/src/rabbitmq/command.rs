//! What a person or a scenario can ask of the broker. One line of text each, both ways.

use crate::name::{ConsumerName, QueueName};
use std::fmt;

/// What a person or a scenario asks for. May be refused, which is then a fact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// The consumer's process is gone; its connection closes with it.
    CrashConsumer(ConsumerName),
    /// A crashed or removed consumer starts again, with nothing in memory.
    RestartConsumer(ConsumerName),
    /// The application stops working; its channel stays open.
    PauseConsumer(ConsumerName),
    /// The application goes on.
    ResumeConsumer(ConsumerName),
    /// One more consumer, set up like the first of that queue.
    AddConsumer(ConsumerName, QueueName),
    /// The consumer closes its channel.
    RemoveConsumer(ConsumerName),
    /// The consumer's channel closes, its process goes on and opens another.
    CloseChannel(ConsumerName),
}

/// The text of the command language: `crash c1`, `add c4 to billing`.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CrashConsumer(name) => write!(f, "crash {name}"),
            Self::RestartConsumer(name) => write!(f, "restart {name}"),
            Self::PauseConsumer(name) => write!(f, "pause {name}"),
            Self::ResumeConsumer(name) => write!(f, "resume {name}"),
            Self::AddConsumer(name, queue) => write!(f, "add {name} to {queue}"),
            Self::RemoveConsumer(name) => write!(f, "remove {name}"),
            Self::CloseChannel(name) => write!(f, "close channel of {name}"),
        }
    }
}
