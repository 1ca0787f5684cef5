//! `brokerscope run --json`: a whole run as one object of the shape `schema/run.schema.json`.
//!
//! It is written piece by piece, so that a long run does not have to fit into memory twice.

use brokerscope_core::rabbitmq::fact::Reason;
use brokerscope_core::sim::SimTime;
use brokerscope_core::weight::Weight;
use brokerscope_core::workload::MessageId;
use brokerscope_scenario::Run;
use brokerscope_scenario::ledger::{Entry, Fate, Outcome};
use brokerscope_scenario::run::{FactRef, Saying};
use brokerscope_scenario::scenario::SystemName;
use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer};
use std::io::{self, Write};
use std::sync::Arc;

/// Grows when a field is taken away or means something else, not when one is added.
const VERSION: u32 = 1;

/// Writes the run up to its present.
pub(crate) fn write(run: &Run, out: &mut impl Write) -> io::Result<()> {
    let scenario = run.scenario();
    let whole = Whole {
        version: VERSION,
        scenario: &scenario.name,
        title: &scenario.title,
        question: &scenario.question,
        seed: scenario.seed,
        until_us: run.now().0,
        trace_hash: format!("{:016x}", run.trace_hash()),
        messages: Messages(run),
        readers: Readers(run),
        beats: Beats(run),
        facts: Facts(run),
    };
    serde_json::to_writer(&mut *out, &whole)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    version: u32,
    scenario: &'a str,
    title: &'a str,
    question: &'a str,
    seed: u64,
    until_us: u64,
    trace_hash: String,
    messages: Messages<'a>,
    readers: Readers<'a>,
    beats: Beats<'a>,
    facts: Facts<'a>,
}

/// What both systems are given.
struct Messages<'a>(&'a Run);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    message: u32,
    workload: &'a str,
    producer: &'a str,
    at_us: u64,
    key: Option<std::borrow::Cow<'a, str>>,
    size_bytes: u32,
    work_us: u32,
    poison: bool,
}

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let workload = &self.0.scenario().workload;
        serializer.collect_seq(workload.iter().map(|(id, it)| {
            let stream = &workload.streams[usize::from(it.stream.0)];
            Message {
                message: id.0,
                workload: &stream.name,
                producer: stream.producer.as_str(),
                at_us: it.at.0,
                key: workload.key(id).map(String::from_utf8_lossy),
                size_bytes: it.size_bytes,
                work_us: it.work_us,
                poison: it.poison,
            }
        }))
    }
}

/// What became of them, reader by reader.
struct Readers<'a>(&'a Run);

#[derive(Serialize)]
struct Reader<'a> {
    system: &'static str,
    reader: &'a str,
    outcome: Numbers,
    messages: Entries<'a>,
}

impl Serialize for Readers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let outcomes = self.0.outcomes();
        serializer.collect_seq(outcomes.iter().map(|(system, name, outcome)| Reader {
            system: system.word(),
            reader: name,
            outcome: Numbers::from(outcome),
            messages: Entries { run: self.0, system: *system, reader: name },
        }))
    }
}

/// The numbers of a ledger, under the same names as in the JavaScript API.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Numbers {
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

#[derive(Serialize)]
struct DeadLettered {
    rejected: u64,
    expired: u64,
    maxlen: u64,
    #[serde(rename = "deliveryLimit")]
    delivery_limit: u64,
}

impl From<&Outcome> for Numbers {
    fn from(it: &Outcome) -> Self {
        let dead = it.dead_lettered;
        Self {
            sent: it.sent,
            acknowledged: it.acknowledged,
            not_yet: it.not_yet,
            once: it.once,
            twice: it.twice,
            more: it.more,
            on_the_way: it.on_the_way,
            waiting: it.waiting,
            passed_over: it.passed_over,
            removed_unread: it.removed_unread,
            lost: it.lost,
            vanished: it.vanished,
            aborted: it.aborted,
            dead_lettered: DeadLettered {
                rejected: dead.rejected,
                expired: dead.expired,
                maxlen: dead.max_length,
                delivery_limit: dead.delivery_limit,
            },
            out_of_order: it.out_of_order,
            in_broker: it.in_broker,
            unsettled: it.unsettled,
        }
    }
}

/// What became of each message for one reader; of those that are its own, and sent.
struct Entries<'a> {
    run: &'a Run,
    system: SystemName,
    reader: &'a Arc<str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryOf {
    message: u32,
    acknowledged: bool,
    processed: u16,
    fate: &'static str,
    out_of_order: bool,
    dead_lettered: Option<&'static str>,
    in_broker: u16,
    settled: bool,
}

impl Entries<'_> {
    fn entry(&self, message: MessageId) -> Option<Entry> {
        match self.system {
            SystemName::Kafka => {
                let group = brokerscope_core::name::GroupId(self.reader.clone());
                self.run.kafka_ledger().entry(&group, message)
            }
            SystemName::RabbitMq => {
                let queue = brokerscope_core::name::QueueName(self.reader.clone());
                self.run.rabbitmq_ledger().entry(&queue, message)
            }
        }
    }
}

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let messages = self.run.scenario().workload.iter();
        serializer.collect_seq(messages.filter_map(|(id, _)| {
            self.entry(id).map(|it| EntryOf {
                message: id.0,
                acknowledged: it.acknowledged,
                processed: it.processed,
                fate: fate(it.fate),
                out_of_order: it.out_of_order,
                dead_lettered: it.dead_lettered.map(Reason::as_str),
                in_broker: it.in_broker,
                settled: it.settled,
            })
        }))
    }
}

const fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Processed => "processed",
        Fate::OnTheWay => "onTheWay",
        Fate::Waiting => "waiting",
        Fate::PassedOver => "passedOver",
        Fate::RemovedUnread => "removedUnread",
        Fate::DeadLettered => "deadLettered",
        Fate::Lost => "lost",
        Fate::Vanished => "vanished",
        Fate::Aborted => "aborted",
    }
}

/// What was said.
struct Beats<'a>(&'a Run);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Said<'a> {
    at_us: u64,
    system: &'static str,
    when: &'a str,
    say: &'a str,
}

impl Serialize for Beats<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let beats = self.0.beats();
        serializer.collect_seq(beats.iter().filter_map(|(beat, saying)| match saying {
            Saying::Said(at) => Some(Said {
                at_us: at.0,
                system: beat.system.word(),
                when: &beat.when,
                say: &beat.say,
            }),
            Saying::Ahead(_) | Saying::Open => None,
        }))
    }
}

/// Everything that happened.
struct Facts<'a>(&'a Run);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fact {
    at_us: u64,
    system: &'static str,
    weight: &'static str,
    text: String,
}

impl Fact {
    fn new(at: SimTime, fact: FactRef<'_>) -> Self {
        let weight = match fact.weight() {
            Weight::Detail => "detail",
            Weight::Seen => "seen",
            Weight::Turn(mark) => mark.as_str(),
        };
        Self { at_us: at.0, system: fact.system().word(), weight, text: fact.to_string() }
    }
}

impl Serialize for Facts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut facts = serializer.serialize_seq(None)?;
        let mut wrong = None;
        self.0.tell(self.0.now(), |at, fact| {
            if wrong.is_none() {
                wrong = facts.serialize_element(&Fact::new(at, fact)).err();
            }
        });
        match wrong {
            Some(wrong) => Err(wrong),
            None => facts.end(),
        }
    }
}
