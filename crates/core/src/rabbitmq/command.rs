//! What a person or a scenario can ask of the broker. One line of text each, both ways.

use super::manual::Call;
use crate::name::{ConsumerName, ProducerName, QueueName};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

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
    /// The broker stops and starts again.
    RestartBroker,
    /// A node of the cluster stops, and the members of quorum queues on it.
    StopNode(u32),
    /// A node of the cluster runs again.
    StartNode(u32),
    /// Everything Ready in a queue is taken out, as with `rabbitmqctl purge_queue`.
    Purge(QueueName),
    /// A queue is deleted, with everything in it, as with `rabbitmqctl delete_queue`.
    Delete(QueueName),
    /// A setting of a consumer or of a publisher gets another value, and it begins anew with it.
    Set {
        /// Whose.
        name: Arc<str>,
        /// Which, under its real name.
        setting: Arc<str>,
        /// What it is from now on.
        value: Arc<str>,
    },
    /// What is Ready in the first queue is moved to the second, as with "Move messages" of the
    /// management UI.
    Move(QueueName, QueueName),
    /// The connection of a publisher breaks when the broker confirms something next.
    LoseConfirm(ProducerName),
    /// A client that is driven by hand does something.
    Drive(ConsumerName, Call),
    /// Something that the broker is set to changes: its name and its value.
    Configure(Arc<str>, Arc<str>),
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
            Self::RestartBroker => f.write_str("restart broker"),
            Self::StopNode(node) => write!(f, "stop node {node}"),
            Self::StartNode(node) => write!(f, "start node {node}"),
            Self::Purge(queue) => write!(f, "purge {queue}"),
            Self::Delete(queue) => write!(f, "delete {queue}"),
            Self::Set { name, setting, value } => write!(f, "set {name} {setting}={value}"),
            Self::Move(from, to) => write!(f, "move {from} to {to}"),
            Self::LoseConfirm(name) => write!(f, "lose confirm {name}"),
            Self::Drive(name, call) => write!(f, "{name}: {call}"),
            Self::Configure(name, value) => write!(f, "set {name}={value}"),
        }
    }
}

impl Command {
    /// The words that only commands of RabbitMQ begin with, and how a command with it is written.
    pub const OWN_WORDS: &[(&str, &str)] = &[
        ("purge", "'rabbitmq purge orders'"),
        ("delete", "'rabbitmq delete orders'"),
        ("set", "'rabbitmq set c1 prefetch_count=1'"),
        ("move", "'rabbitmq move orders.dlq to orders'"),
        ("lose", "'rabbitmq lose confirm shop'"),
    ];

    /// Reads what only RabbitMQ knows. Nothing if the words begin none of these, and how it is
    /// written if they begin one and do not go on like it.
    #[must_use]
    pub fn own(words: &[&str]) -> Option<Result<Self, &'static str>> {
        Some(Ok(match *words {
            ["purge", queue] => Self::Purge(queue.into()),
            ["delete", queue] => Self::Delete(queue.into()),
            ["move", from, "to", to] => Self::Move(from.into(), to.into()),
            ["lose", "confirm", name] => Self::LoseConfirm(name.into()),
            ["restart", "broker"] => Self::RestartBroker,
            ["set", name, change] if change.contains('=') => {
                let (setting, value) = change.split_once('=')?;
                Self::Set { name: name.into(), setting: setting.into(), value: value.into() }
            }
            [first, ..] => {
                return Self::OWN_WORDS.iter().find(|it| it.0 == first).map(|it| Err(it.1));
            }
            [] => return None,
        }))
    }
}

/// Why a text is not a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCommand(String);

impl fmt::Display for BadCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is not a command: write crash, restart, pause, resume or remove with a consumer, \
             add CONSUMER to QUEUE, close channel of CONSUMER, stop or start with node N, purge or \
             delete with a queue, move QUEUE to QUEUE, set NAME SETTING=VALUE, lose confirm \
             PUBLISHER, or restart broker",
            self.0
        )
    }
}

impl std::error::Error for BadCommand {}

/// As it is printed. A consumer's name in `add` ends before the first ` to `.
impl FromStr for Command {
    type Err = BadCommand;

    fn from_str(text: &str) -> Result<Self, BadCommand> {
        let bad = || BadCommand(text.to_owned());
        let words: Vec<&str> = text.split_whitespace().collect();
        if let Some(own) = Self::own(&words) {
            return own.map_err(|_| bad());
        }
        let (verb, rest) = text.trim().split_once(' ').ok_or_else(bad)?;
        let rest = rest.trim();
        let name = |it: &str| {
            let it = it.trim();
            if it.is_empty() { Err(bad()) } else { Ok(ConsumerName::from(it)) }
        };
        match verb {
            "crash" => name(rest).map(Self::CrashConsumer),
            "restart" => name(rest).map(Self::RestartConsumer),
            "pause" => name(rest).map(Self::PauseConsumer),
            "resume" => name(rest).map(Self::ResumeConsumer),
            "remove" => name(rest).map(Self::RemoveConsumer),
            "add" => {
                let (consumer, queue) = rest.split_once(" to ").ok_or_else(bad)?;
                let queue = queue.trim();
                if queue.is_empty() {
                    return Err(bad());
                }
                Ok(Self::AddConsumer(name(consumer)?, queue.into()))
            }
            "stop" | "start" => {
                let number = rest.strip_prefix("node ").and_then(|it| it.trim().parse().ok());
                let node = number.ok_or_else(bad)?;
                Ok(if verb == "stop" { Self::StopNode(node) } else { Self::StartNode(node) })
            }
            "close" => {
                let consumer = rest.strip_prefix("channel of ").ok_or_else(bad)?;
                name(consumer).map(Self::CloseChannel)
            }
            _ => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_as_it_is_printed() {
        let c1 = || ConsumerName::from("c1");
        let all = [
            Command::CrashConsumer(c1()),
            Command::RestartConsumer(c1()),
            Command::PauseConsumer(c1()),
            Command::ResumeConsumer(c1()),
            Command::AddConsumer(c1(), "billing".into()),
            Command::RemoveConsumer(c1()),
            Command::CloseChannel(c1()),
            Command::StopNode(2),
            Command::StartNode(2),
            Command::RestartBroker,
            Command::Purge("billing".into()),
            Command::Delete("billing".into()),
            Command::Move("billing.dlq".into(), "billing".into()),
            Command::LoseConfirm("shop".into()),
            Command::Set { name: "c1".into(), setting: "a.b".into(), value: "c=d".into() },
            Command::Set { name: "c1".into(), setting: "x-stream-offset".into(), value: "".into() },
        ];
        for command in all {
            assert_eq!(command.to_string().parse(), Ok(command.clone()), "{command} round-trips");
        }
    }

    #[test]
    fn what_is_no_command_says_what_would_be() {
        for text in ["", "crash", "crash ", "crush c1", "add c1", "add  to q", "close c1", "move a"]
        {
            let error = text.parse::<Command>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("'{text}' is not a command: ")), "{error}");
        }
    }
}
