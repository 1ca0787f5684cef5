//! Reading a command from its text.

use super::{Both, Command};
use crate::scenario::SystemName;
use brokerscope_core::kafka::BrokerId;
use brokerscope_core::settings::nearest;
use brokerscope_core::{kafka, rabbitmq};
use std::fmt;
use std::str::FromStr;

/// Every word that a command can begin with, and how a command with it is written.
const WORDS: [(&str, &str); 15] = [
    ("crash", "'crash c1', or 'crash broker 1'"),
    ("stop", "'stop broker 1' for Kafka, or 'stop node 1' for RabbitMQ"),
    ("start", "'start node 1'; it is for RabbitMQ only"),
    ("cut", "'cut broker 1 from broker 2', or from controller, others, clients, everyone"),
    ("slow", "'slow broker 1 from broker 2 by 300ms', or from others, clients, everyone"),
    ("mend", "'mend broker 1 from broker 2', or from controller, others, clients, everyone"),
    ("restart", "'restart c1', or 'restart broker 1'"),
    ("pause", "'pause c1'"),
    ("resume", "'resume c1'"),
    ("remove", "'remove c1'"),
    ("add", "'add c4', or 'add c4 to billing'"),
    ("commit", "'commit c1'; it is for Kafka only"),
    ("close", "'close channel of c1'; it is for RabbitMQ only"),
    ("kafka", "'kafka crash c1': the system, then what is asked of it"),
    ("rabbitmq", "'rabbitmq crash c1': the system, then what is asked of it"),
];

/// Why a text is not a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadCommand {
    /// There is nothing to read.
    Empty,
    /// It begins with a word that no command begins with.
    Unknown {
        /// The word.
        word: String,
        /// The nearest that there is.
        nearest: &'static str,
    },
    /// It begins like a command and does not go on like one.
    Form {
        /// What was given.
        text: String,
        /// How it is written.
        right: &'static str,
    },
    /// It names a system that does not know what is asked.
    System {
        /// What was given.
        text: String,
        /// The system that was named.
        system: SystemName,
        /// How the system's own commands with an added consumer are written, or why not.
        why: &'static str,
    },
}

impl fmt::Display for BadCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is no command here: write one, as 'crash c1'"),
            Self::Unknown { word, nearest } => {
                write!(f, "'{word}' begins no command; the nearest word is '{nearest}'")
            }
            Self::Form { text, right } => write!(f, "'{text}' is not a command: write {right}"),
            Self::System { text, system, why } => {
                write!(f, "'{text}' cannot be asked of {}: {why}", system.as_str())
            }
        }
    }
}

impl std::error::Error for BadCommand {}

/// One of the texts that [`Command`] prints, with any white space between the words. What only
/// one system knows may also be written with that system's name before it.
impl FromStr for Command {
    type Err = BadCommand;

    fn from_str(text: &str) -> Result<Self, BadCommand> {
        let words: Vec<&str> = text.split_whitespace().collect();
        if let ["rabbitmq", own @ ..] = &words[..]
            && let Some(own) = rabbitmq::Command::own(own)
        {
            let form = |right| BadCommand::Form { text: text.to_owned(), right };
            return own.map(Self::RabbitMq).map_err(form);
        }
        let (["kafka", own @ ..] | own) = &words[..];
        if let Some(own) = kafka::Command::own(own) {
            let form = |right| BadCommand::Form { text: text.to_owned(), right };
            return own.map(Self::Kafka).map_err(form);
        }
        match words[..] {
            [] => Err(BadCommand::Empty),
            ["kafka", ref rest @ ..] if !rest.is_empty() => match read(text, rest)? {
                Self::Both(both) => kafka_only(text, both).map(Self::Kafka),
                command @ Self::Kafka(_) => Ok(command),
                Self::RabbitMq(_) => {
                    Err(wrong(text, SystemName::Kafka, "only RabbitMQ has channels"))
                }
            },
            ["rabbitmq", ref rest @ ..] if !rest.is_empty() => match read(text, rest)? {
                Self::Both(both) => rabbitmq_only(text, both).map(Self::RabbitMq),
                command @ Self::RabbitMq(_) => Ok(command),
                Self::Kafka(_) => {
                    let why = "only Kafka commits offsets and has brokers";
                    Err(wrong(text, SystemName::RabbitMq, why))
                }
            },
            ref words => read(text, words),
        }
    }
}

/// Reads words with no system's name before them.
fn read(text: &str, words: &[&str]) -> Result<Command, BadCommand> {
    let both = match *words {
        ["crash", "broker", number] => {
            return broker(text, number).map(kafka::Command::CrashBroker).map(Command::Kafka);
        }
        [verb @ ("cut" | "slow" | "mend"), "broker", number, "from", ref rest @ ..] => {
            let its = kafka::Command::link(verb, number, rest);
            return its.map(Command::Kafka).ok_or_else(|| malformed(text, verb));
        }
        ["stop", "broker", number] => {
            return broker(text, number).map(kafka::Command::StopBroker).map(Command::Kafka);
        }
        ["restart", "broker", number] => {
            return broker(text, number).map(kafka::Command::RestartBroker).map(Command::Kafka);
        }
        ["commit", name] => return Ok(Command::Kafka(kafka::Command::Commit(name.into()))),
        ["close", "channel", "of", name] => {
            return Ok(Command::RabbitMq(rabbitmq::Command::CloseChannel(name.into())));
        }
        ["stop" | "start", "node", number] => {
            let node = number.parse().map_err(|_| malformed(text, words[0]))?;
            let stops = words[0] == "stop";
            return Ok(Command::RabbitMq(match stops {
                true => rabbitmq::Command::StopNode(node),
                false => rabbitmq::Command::StartNode(node),
            }));
        }
        ["crash", name] => Both::Crash(name.into()),
        ["restart", name] => Both::Restart(name.into()),
        ["pause", name] => Both::Pause(name.into()),
        ["resume", name] => Both::Resume(name.into()),
        ["remove", name] => Both::Remove(name.into()),
        ["add", name] => Both::Add(name.into()),
        ["add", name, "to", place] => Both::AddTo(name.into(), place.into()),
        _ => return Err(malformed(text, words.first().copied().unwrap_or_default())),
    };
    Ok(Command::Both(both))
}

fn broker(text: &str, number: &str) -> Result<BrokerId, BadCommand> {
    let right = "the broker's number last, as in 'crash broker 1'";
    number.parse().map(BrokerId).map_err(|_| BadCommand::Form { text: text.to_owned(), right })
}

fn malformed(text: &str, first: &str) -> BadCommand {
    let both = || WORDS.iter().chain(rabbitmq::Command::OWN_WORDS);
    let known = || both().chain(kafka::Command::OWN_WORDS).map(|(word, _)| *word);
    match both().find(|(word, _)| *word == first) {
        Some((_, right)) => BadCommand::Form { text: text.to_owned(), right },
        None => BadCommand::Unknown {
            word: first.to_owned(),
            nearest: nearest(first, known()).unwrap_or("crash"),
        },
    }
}

fn wrong(text: &str, system: SystemName, why: &'static str) -> BadCommand {
    BadCommand::System { text: text.to_owned(), system, why }
}

fn kafka_only(text: &str, both: Both) -> Result<kafka::Command, BadCommand> {
    Ok(match both {
        Both::Crash(name) => kafka::Command::CrashConsumer(name),
        Both::Restart(name) => kafka::Command::RestartConsumer(name),
        Both::Pause(name) => kafka::Command::PauseConsumer(name),
        Both::Resume(name) => kafka::Command::ResumeConsumer(name),
        Both::Remove(name) => kafka::Command::RemoveConsumer(name),
        Both::AddTo(name, group) => kafka::Command::AddConsumer(name, (*group).into()),
        Both::Add(_) => {
            let why = "name the group, as in 'kafka add c4 to billing'";
            return Err(wrong(text, SystemName::Kafka, why));
        }
    })
}

fn rabbitmq_only(text: &str, both: Both) -> Result<rabbitmq::Command, BadCommand> {
    Ok(match both {
        Both::Crash(name) => rabbitmq::Command::CrashConsumer(name),
        Both::Restart(name) => rabbitmq::Command::RestartConsumer(name),
        Both::Pause(name) => rabbitmq::Command::PauseConsumer(name),
        Both::Resume(name) => rabbitmq::Command::ResumeConsumer(name),
        Both::Remove(name) => rabbitmq::Command::RemoveConsumer(name),
        Both::AddTo(name, queue) => rabbitmq::Command::AddConsumer(name, (*queue).into()),
        Both::Add(_) => {
            let why = "name the queue, as in 'rabbitmq add c4 to billing'";
            return Err(wrong(text, SystemName::RabbitMq, why));
        }
    })
}
