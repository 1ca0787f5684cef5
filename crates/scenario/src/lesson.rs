//! What makes a scenario a lesson: its acts, a question whose answer is computed from the run,
//! tasks that tick themselves, a closing card.

use crate::command::Command;
use crate::scenario::SystemName;
use brokerscope_core::sim::SimTime;
use std::fmt;

/// Which run of a lesson a scenario is: the same workload under another setting is another act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Its number, from 1.
    pub number: u8,
    /// What is tried in it, a few words; empty in a file without acts.
    pub title: String,
    /// What is different in it, one or two sentences; may be empty.
    pub say: String,
}

impl Act {
    /// The only act of a file without acts.
    #[must_use]
    pub const fn only() -> Self {
        Self { number: 1, title: String::new(), say: String::new() }
    }
}

/// What the question comes down to, and what there is to choose from. Which choice is right is
/// never written down: it is the one that holds for what is computed from the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// What is computed, at most once a system; nothing if nothing is asked.
    pub asked: Vec<Asked>,
    /// The choices, in the order in which they are shown.
    pub answers: Vec<Answer>,
}

/// What is computed in one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// In which.
    pub system: SystemName,
    /// What.
    pub query: Query,
    /// About what; see [`Query`]. Empty where it is about nothing.
    pub of: String,
    /// For which reader: a group or a queue. Empty where there is none.
    pub reader: String,
}

/// A choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it claims.
    pub is: Is,
    /// How a person reads it.
    pub say: String,
}

/// What is claimed of something that is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Is {
    /// It is a number, from the first to the second.
    Within(u64, u64),
    /// It is this word.
    Word(String),
}

impl Is {
    /// Reads `2`, `3..5` (both included), `1..` or a word; nothing if it is empty, or a range that
    /// holds no number.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Some(Self::Within(number, number));
        }
        if let Some((least, most)) = text.split_once("..") {
            let least = least.parse().ok()?;
            let most = if most.is_empty() { u64::MAX } else { most.parse().ok()? };
            return (least <= most).then_some(Self::Within(least, most));
        }
        (!text.is_empty()).then(|| Self::Word(text.to_owned()))
    }

    /// Whether it is so.
    #[must_use]
    pub fn holds(&self, found: &Found) -> bool {
        match (self, found) {
            (Self::Within(least, most), Found::Number(it)) => (*least..=*most).contains(it),
            (Self::Word(word), Found::Word(it)) => word == it,
            (Self::Within(..), Found::Word(_)) | (Self::Word(_), Found::Number(_)) => false,
        }
    }

    /// Whether something could be both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Within(least, most), Self::Within(from, to)) => from <= most && least <= to,
            (Self::Word(one), Self::Word(two)) => one == two,
            (Self::Within(..), Self::Word(_)) | (Self::Word(_), Self::Within(..)) => false,
        }
    }
}

/// As a file writes it.
impl fmt::Display for Is {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(least, most) if least == most => least.fmt(f),
            Self::Within(least, u64::MAX) => write!(f, "{least}.."),
            Self::Within(least, most) => write!(f, "{least}..{most}"),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// What was computed: a number, or a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A number.
    Number(u64),
    /// A word, such as a consumer's name; `none` where there is nothing.
    Word(String),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(it) => it.fmt(f),
            Self::Word(it) => f.write_str(it),
        }
    }
}

/// Something for a person to try. It is done once its fact has happened in the person's run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// What to do, one sentence.
    pub say: String,
    /// In which system the fact happens.
    pub system: SystemName,
    /// The text of the fact, or its beginning.
    pub when: String,
    /// Commands that do it, in order of time.
    pub does: Vec<(SimTime, Command)>,
}

/// Declares the queries: their words, what each is about, what each computes.
macro_rules! queries {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal, $about:expr;)+) => {
        /// What can be computed from a run at its end, for one reader: a Kafka group, or a
        /// RabbitMQ queue with its consumers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Query {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Query {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// As files write it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// What its argument is.
            #[must_use]
            pub const fn about(self) -> About {
                match self {
                    $(Self::$variant => $about,)+
                }
            }

            /// What it computes, in words.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }

    };
}

queries! {
    /// How often work on that message was finished.
    Processed = "processed", About::Message;
    /// How often work on that message was begun.
    Begun = "begun", About::Message;
    /// How often that message was given to a consumer: returned by `poll`, or delivered.
    Delivered = "delivered", About::Message;
    /// What that message is at the end: processed, on-the-way, waiting, passed-over,
    /// removed-unread, dead-lettered, lost, vanished or aborted; none if it was never sent to this
    /// reader.
    Fate = "fate", About::Message;
    /// The number of the partition in which that message was first stored (Kafka only).
    Partition = "partition", About::Message;
    /// How many messages came out like that: one of the words of the ledger.
    Outcome = "outcome", About::Outcome;
    /// How many facts began with that text.
    Facts = "facts", About::Fact;
    /// How often that consumer finished work on a message.
    DoneBy = "done-by", About::Consumer;
    /// How many consumers of this reader never began work on anything.
    Idle = "idle", About::Nothing;
    /// How many consumers of this reader finished work on something.
    Workers = "workers", About::Nothing;
    /// The consumer of this reader that finished work most often; none if it is not one alone.
    Busiest = "busiest", About::Nothing;
    /// What is still to be done: for a group, high watermark minus committed offset (or log start)
    /// of all it reads, as `kafka-consumer-groups` counts it; for a queue, ready and unacked.
    Lag = "lag", About::Nothing;
    /// The group's committed offset in that partition, such as `orders-0`; none if it has none
    /// (Kafka only).
    Committed = "committed", About::Partition;
    /// How many records the topic holds, or messages the queue, ready and unacked. Without an
    /// argument, what this reader reads.
    Kept = "kept", About::Store;
    /// How many messages are ready in the queue (RabbitMQ only).
    Ready = "ready", About::Nothing;
    /// How many messages are unacked in the queue (RabbitMQ only).
    Unacked = "unacked", About::Nothing;
    /// After how many whole seconds everything was settled for all readers of the system; none if
    /// it never was.
    DoneAt = "done-at", About::Nothing;
}

impl Query {
    /// The only system in which it means something; nothing if it does in both.
    #[must_use]
    pub const fn only(self) -> Option<SystemName> {
        match self {
            Self::Partition | Self::Committed => Some(SystemName::Kafka),
            Self::Ready | Self::Unacked => Some(SystemName::RabbitMq),
            Self::Processed
            | Self::Begun
            | Self::Delivered
            | Self::Fate
            | Self::Outcome
            | Self::Facts
            | Self::DoneBy
            | Self::Idle
            | Self::Workers
            | Self::Busiest
            | Self::Lag
            | Self::Kept
            | Self::DoneAt => None,
        }
    }
}

/// What the argument of a query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// There is none.
    Nothing,
    /// The number of a message.
    Message,
    /// A word of the ledger, one of [`OUTCOMES`].
    Outcome,
    /// The beginning of a fact's text.
    Fact,
    /// The name of a consumer.
    Consumer,
    /// A partition, such as `orders-0`.
    Partition,
    /// A topic or a queue, or nothing.
    Store,
}

impl About {
    /// What it is, for a complaint.
    #[must_use]
    pub const fn is(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Message => "the number of a message",
            Self::Outcome => "a count of the ledger",
            Self::Fact => "the beginning of a fact's text",
            Self::Consumer => "the name of a consumer",
            Self::Partition => "a partition",
            Self::Store => "a topic or a queue",
        }
    }
}

/// The words of the ledger, in the order of [`crate::ledger::Outcome`].
pub const OUTCOMES: &[&str] = &[
    "sent",
    "acknowledged",
    "not-yet",
    "once",
    "twice",
    "more",
    "on-the-way",
    "waiting",
    "passed-over",
    "removed-unread",
    "lost",
    "vanished",
    "aborted",
    "dead-lettered",
    "out-of-order",
    "in-broker",
    "unsettled",
];
