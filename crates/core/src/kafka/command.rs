//! What a person or a scenario can ask of a cluster. One line of text each, both ways.

mod text;

use super::admin::AdminCall;
use super::call::{Call, Goal};
use super::config;
use super::producer::TransactionCall;
use super::{BrokerId, TopicPartition};
use crate::name::{ConsumerName, GroupId, ProducerName, TopicName};
use crate::sim::SimDuration;
use crate::workload::MessageId;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

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
    /// The broker shuts down in order: others take over what it leads first.
    StopBroker(BrokerId),
    /// Nothing passes any more between a broker and others.
    CutBroker(BrokerId, Peer),
    /// What passes between them takes so much longer than others' messages.
    SlowBroker(BrokerId, Peer, SimDuration),
    /// It passes as ever.
    MendBroker(BrokerId, Peer),
    /// The broker starts again, from its disk.
    RestartBroker(BrokerId),
    /// One more consumer starts, set up like that. A name that was used before is used again by
    /// the next process of that consumer, if the last one has ended. There is no text for it
    /// that can be read.
    Open(Box<config::Consumer>),
    /// A consumer that is driven by hand calls its client.
    Call(ConsumerName, Call),
    /// The application moves a position of its running consumer, and lets go of what it holds of
    /// that partition and has not begun.
    Seek(ConsumerName, TopicPartition, Goal),
    /// A setting gets another value: of a client, which has to start anew for it, of all clients
    /// of a group, or of a topic, which an administrator sets.
    Set {
        /// A consumer, a producer, a group or a topic, looked for in that order.
        name: Arc<str>,
        /// Its real name.
        setting: Arc<str>,
        /// Its value, as text.
        value: Arc<str>,
    },
    /// The next answer to what this producer sends is lost: its connection breaks.
    LoseAnswer(ProducerName),
    /// The administrator's client is called. There is a text that can be read for resetting a
    /// group, growing a topic and deleting records.
    Admin(AdminCall),
    /// A producer starts, or one that is gone starts anew. There is no text for its settings.
    OpenProducer(config::Producer),
    /// The application hands a record to its producer, perhaps one that was sent before. What the
    /// text tells has no partition and no timestamp.
    Send {
        /// The producer.
        producer: ProducerName,
        /// Where it goes.
        topic: TopicName,
        /// The message: its key, value and headers.
        message: MessageId,
        /// The partition, unless the partitioner shall choose.
        partition: Option<u32>,
        /// When the record was made, unless now. May lie before the beginning.
        timestamp_ms: Option<i64>,
    },
    /// The application calls its producer about transactions. There is no text for that.
    Transact(ProducerName, TransactionCall),
    /// What the producer holds back goes out now.
    Flush(ProducerName),
    /// The producer sends what it has and ends.
    CloseProducer(ProducerName),
    /// The producer's process is gone, with what it had not sent.
    CrashProducer(ProducerName),
    /// A crashed or closed producer starts again, as another producer to the brokers.
    RestartProducer(ProducerName),
}

/// The other end of a broker's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// That broker.
    Broker(BrokerId),
    /// The controller.
    Controller,
    /// All other brokers and the controller.
    Others,
    /// All clients, those that start later too.
    Clients,
    /// All of these.
    Everyone,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broker(broker) => broker.fmt(f),
            Self::Controller => f.write_str("controller"),
            Self::Others => f.write_str("others"),
            Self::Clients => f.write_str("clients"),
            Self::Everyone => f.write_str("everyone"),
        }
    }
}

impl Command {
    /// Reads a command about the way between a broker and a peer, as in `cut broker 1 from
    /// broker 2`: the verb, the number, and what comes after `from`.
    #[must_use]
    pub fn link(verb: &str, number: &str, rest: &[&str]) -> Option<Self> {
        let broker = BrokerId(number.parse().ok()?);
        let (peer, rest) = match *rest {
            ["broker", other, ref rest @ ..] => (Peer::Broker(BrokerId(other.parse().ok()?)), rest),
            ["controller", ref rest @ ..] => (Peer::Controller, rest),
            ["others", ref rest @ ..] => (Peer::Others, rest),
            ["clients", ref rest @ ..] => (Peer::Clients, rest),
            ["everyone", ref rest @ ..] => (Peer::Everyone, rest),
            _ => return None,
        };
        match (verb, rest) {
            ("cut", []) => Some(Self::CutBroker(broker, peer)),
            ("mend", []) => Some(Self::MendBroker(broker, peer)),
            ("slow", ["by", span @ ..]) => {
                Some(Self::SlowBroker(broker, peer, span.concat().parse().ok()?))
            }
            _ => None,
        }
    }
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
            Self::CutBroker(broker, peer) => write!(f, "cut {broker} from {peer}"),
            Self::SlowBroker(broker, peer, by) => write!(f, "slow {broker} from {peer} by {by}"),
            Self::MendBroker(broker, peer) => write!(f, "mend {broker} from {peer}"),
            Self::StopBroker(broker) => write!(f, "stop {broker}"),
            Self::RestartBroker(broker) => write!(f, "restart {broker}"),
            Self::Open(setup) => write!(f, "open {}", setup.name),
            Self::Seek(name, partition, to) => write!(f, "seek {name} {partition} to {to}"),
            Self::Set { name, setting, value } => write!(f, "set {name} {setting}={value}"),
            Self::LoseAnswer(producer) => write!(f, "lose answer {producer}"),
            Self::Call(name, call) => write!(f, "call {name} {call}"),
            Self::Admin(call) => call.fmt(f),
            Self::OpenProducer(setup) => write!(f, "open producer {}", setup.name),
            Self::Send { producer, topic, message, .. } => {
                write!(f, "send {message} from {producer} to {topic}")
            }
            Self::Transact(name, call) => write!(f, "{name}: {call}"),
            Self::Flush(name) => write!(f, "flush producer {name}"),
            Self::CloseProducer(name) => write!(f, "close producer {name}"),
            Self::CrashProducer(name) => write!(f, "crash producer {name}"),
            Self::RestartProducer(name) => write!(f, "restart producer {name}"),
        }
    }
}

/// Why a text is not a command for a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCommand {
    text: String,
    right: &'static str,
}

impl fmt::Display for BadCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not a command: write {}", self.text, self.right)
    }
}

impl std::error::Error for BadCommand {}

/// One of the texts that [`Command`] prints; names are single words.
impl FromStr for Command {
    type Err = BadCommand;

    fn from_str(text: &str) -> Result<Self, BadCommand> {
        let bad = |right| BadCommand { text: text.to_owned(), right };
        let broker = |number: &str, right| number.parse().map(BrokerId).map_err(|_| bad(right));
        let words: Vec<&str> = text.split_whitespace().collect();
        if let Some(own) = Self::own(&words) {
            return own.map_err(bad);
        }
        match words[..] {
            ["crash", "broker", number] => {
                broker(number, "'crash broker 1', with the broker's number").map(Self::CrashBroker)
            }
            [what @ ("cut" | "slow" | "mend"), "broker", number, "from", ref rest @ ..] => {
                let right = "'cut broker 1 from broker 2', 'slow broker 1 from broker 2 by 300ms' \
                             or 'mend broker 1 from broker 2'; it can be from controller, others, \
                             clients or everyone too";
                Self::link(what, number, rest).ok_or_else(|| bad(right))
            }
            ["stop", "broker", number] => {
                broker(number, "'stop broker 1', with the broker's number").map(Self::StopBroker)
            }
            ["restart", "broker", number] => {
                broker(number, "'restart broker 1', with the broker's number")
                    .map(Self::RestartBroker)
            }
            ["crash", name] => Ok(Self::CrashConsumer(name.into())),
            ["restart", name] => Ok(Self::RestartConsumer(name.into())),
            ["pause", name] => Ok(Self::PauseConsumer(name.into())),
            ["resume", name] => Ok(Self::ResumeConsumer(name.into())),
            ["remove", name] => Ok(Self::RemoveConsumer(name.into())),
            ["commit", name] => Ok(Self::Commit(name.into())),
            ["add", name, "to", group] => Ok(Self::AddConsumer(name.into(), group.into())),
            ["call", name, ref call @ ..] => {
                let call = Call::read(call).ok_or_else(|| bad(Call::EXPECTED))?;
                Ok(Self::Call(name.into(), call))
            }
            ["add", ..] => Err(bad("'add c4 to billing', with a consumer and its group")),
            ["crash" | "restart" | "pause" | "resume" | "remove" | "commit", ..] => {
                Err(bad("one consumer's name after the verb, as in 'crash c1'"))
            }
            _ => Err(bad(
                "crash, restart, pause, resume, add, remove or commit, and a consumer's name",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::Offset;

    #[test]
    fn a_command_is_read_as_it_is_printed() {
        let c1 = || ConsumerName::from("c1");
        let at = || TopicPartition::new("orders-eu", 1);
        let reset = |to, only| {
            Command::Admin(AdminCall::ResetGroupOffsets { group: "billing".into(), to, only })
        };
        let set = |setting: &str, value: &str| {
            let (setting, value) = (setting.into(), value.into());
            Command::Set { name: "orders".into(), setting, value }
        };
        let commands = [
            Command::CrashConsumer(c1()),
            Command::RestartConsumer(c1()),
            Command::PauseConsumer(c1()),
            Command::ResumeConsumer(c1()),
            Command::AddConsumer(c1(), "billing".into()),
            Command::RemoveConsumer(c1()),
            Command::Commit(c1()),
            Command::Call(c1(), Call::Seek(TopicPartition::new("orders", 0), Offset(5))),
            Command::CrashBroker(BrokerId(2)),
            Command::StopBroker(BrokerId(2)),
            Command::CutBroker(BrokerId(1), Peer::Broker(BrokerId(2))),
            Command::SlowBroker(BrokerId(1), Peer::Controller, SimDuration::millis(300)),
            Command::MendBroker(BrokerId(1), Peer::Controller),
            Command::CutBroker(BrokerId(1), Peer::Others),
            Command::SlowBroker(BrokerId(1), Peer::Clients, SimDuration::millis(300)),
            Command::MendBroker(BrokerId(1), Peer::Everyone),
            Command::RestartBroker(BrokerId(2)),
            Command::Flush("p1".into()),
            Command::CloseProducer("p1".into()),
            Command::CrashProducer("p1".into()),
            Command::RestartProducer("p1".into()),
            Command::LoseAnswer("p1".into()),
            Command::Seek(c1(), at(), Goal::At(Offset(3))),
            Command::Seek(c1(), at(), Goal::Earliest),
            reset(Goal::Latest, None),
            reset(Goal::At(Offset(7)), Some(at())),
            Command::Admin(AdminCall::CreatePartitions { topic: "orders".into(), count: 6 }),
            Command::Admin(AdminCall::DeleteRecords { partition: at(), before: Offset(5) }),
            set("retention.ms", "-1"),
            set("partition.assignment.strategy", "sticky,range=1"),
            Command::Send {
                producer: "p1".into(),
                topic: "orders".into(),
                message: MessageId(7),
                partition: None,
                timestamp_ms: None,
            },
        ];
        for command in commands {
            assert_eq!(command.to_string().parse(), Ok(command.clone()), "{command} round-trips");
        }
        assert_eq!("  add  c4 to billing ".parse(), "add c4 to billing".parse::<Command>());
    }

    #[test]
    fn a_wrong_command_says_what_would_be_right() {
        let refusal = |text: &str| text.parse::<Command>().unwrap_err().to_string();
        assert_eq!(
            refusal("crash broker one"),
            "'crash broker one' is not a command: write 'crash broker 1', with the broker's number"
        );
        assert_eq!(
            refusal("add c4"),
            "'add c4' is not a command: write 'add c4 to billing', with a consumer and its group"
        );
        assert_eq!(
            refusal("crash"),
            "'crash' is not a command: write one consumer's name after the verb, as in 'crash c1'"
        );
        assert_eq!(
            refusal("seek c1 orders-0 to -1"),
            "'seek c1 orders-0 to -1' is not a command: write 'seek c1 orders-0 to 3', or to \
             earliest or latest"
        );
        assert_eq!(
            refusal("explode c1"),
            "'explode c1' is not a command: write crash, restart, pause, resume, add, remove or \
             commit, and a consumer's name"
        );
    }
}
