//! What crosses to JavaScript: serializable twins of what the core shows.
//!
//! Renaming in the core cannot break JavaScript; renaming here always does, and is a line in the
//! changelog. Times and offsets cross as numbers (they stay below 2^53), hashes as texts.

mod kafka;
mod rabbitmq;

pub(crate) use kafka::Kafka;
pub(crate) use rabbitmq::RabbitMq;

use brokerscope_core::sim::SimTime;
use brokerscope_core::weight::Weight;
use brokerscope_scenario::ledger;
use brokerscope_scenario::lesson::Answer as Choice;
use brokerscope_scenario::run::{Answered, FactRef};
use brokerscope_scenario::scenario::SystemName;
use serde::Serialize;

/// The state of both systems at one instant.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Snapshot {
    at_us: u64,
    kafka: Kafka,
    rabbitmq: RabbitMq,
}

impl Snapshot {
    /// Both systems at the same instant.
    pub(crate) fn new(
        at: SimTime,
        kafka: brokerscope_core::kafka::Snapshot,
        rabbitmq: brokerscope_core::rabbitmq::Snapshot,
    ) -> Self {
        Self { at_us: at.0, kafka: kafka.into(), rabbitmq: rabbitmq.into() }
    }
}

/// Something that happened.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fact {
    at_us: u64,
    system: &'static str,
    text: String,
    /// `detail`, `seen`, or the kind of turn.
    weight: &'static str,
}

impl Fact {
    /// A fact and its instant.
    pub(crate) fn new(at: SimTime, fact: FactRef<'_>) -> Self {
        let weight = match fact.weight() {
            Weight::Detail => "detail",
            Weight::Seen => "seen",
            Weight::Turn(mark) => mark.as_str(),
        };
        Self { at_us: at.0, system: fact.system().word(), text: fact.to_string(), weight }
    }
}

/// What became of the messages of one reader.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reader {
    system: &'static str,
    reader: String,
    outcome: Outcome,
}

impl Reader {
    /// A reader and its outcome.
    pub(crate) fn new(system: SystemName, reader: &str, outcome: ledger::Outcome) -> Self {
        let ledger::Outcome {
            sent,
            acknowledged,
            not_yet,
            once,
            twice,
            more,
            on_the_way,
            waiting,
            passed_over,
            removed_unread,
            lost,
            vanished,
            aborted,
            dead_lettered,
            out_of_order,
            in_broker,
            unsettled,
        } = outcome;
        let ledger::DeadLettered { rejected, expired, max_length, delivery_limit } = dead_lettered;
        let outcome = Outcome {
            sent,
            acknowledged,
            not_yet,
            once,
            twice,
            more,
            on_the_way,
            waiting,
            passed_over,
            removed_unread,
            lost,
            vanished,
            aborted,
            dead_lettered: DeadLettered { rejected, expired, maxlen: max_length, delivery_limit },
            out_of_order,
            in_broker,
            unsettled,
        };
        Self { system: system.word(), reader: reader.to_owned(), outcome }
    }
}

/// The twin of the ledger's outcome.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    sent: u64,
    acknowledged: u64,
    not_yet: u64,
    once: u64,
    twice: u64,
    more: u64,
    on_the_way: u64,
    waiting: u64,
    passed_over: u64,
    removed_unread: u64,
    lost: u64,
    vanished: u64,
    aborted: u64,
    dead_lettered: DeadLettered,
    out_of_order: u64,
    in_broker: u64,
    unsettled: u64,
}

/// Dead letters by reason.
#[derive(Debug, Serialize)]
struct DeadLettered {
    rejected: u64,
    expired: u64,
    maxlen: u64,
    delivery_limit: u64,
}

/// A scenario that is built in.
#[derive(Debug, Serialize)]
pub(crate) struct Lesson {
    /// What it is called in links.
    pub(crate) name: &'static str,
    /// Its title.
    pub(crate) title: &'static str,
    /// What it asks.
    pub(crate) question: &'static str,
    /// The group of lessons in which it stands.
    pub(crate) group: &'static str,
    /// The titles of its acts; none if it is one run.
    pub(crate) acts: &'static [&'static str],
}

/// What the question comes down to in one system, answered.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    system: &'static str,
    /// What was computed, as text.
    found: String,
    /// The choice that is right; nothing if none is.
    answer: Option<String>,
}

impl Answer {
    /// What was computed, and the choice that claims it.
    pub(crate) fn new(answered: &Answered, answers: &[Choice]) -> Self {
        let answer = answered.answer.and_then(|place| answers.get(place));
        Self {
            system: answered.system.word(),
            found: answered.found.to_string(),
            answer: answer.map(|it| it.say.clone()),
        }
    }
}
