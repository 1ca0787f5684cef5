//! A record that an application passes on because its work on it failed: to a topic where it is
//! tried again later, or to one where it stays.
//!
//! Source: `DeadLetterPublishingRecoverer` and `@RetryableTopic` of Spring for Apache Kafka, which
//! tell in headers where the record failed first, how often, and when it may be tried again; the
//! dead-letter topics of Kafka Connect (KIP-298) do the same.

use super::{Offset, TopicPartition};
use crate::name::TopicName;
use crate::sim::{Shelf, SimDuration, SimTime};
use crate::workload::MessageId;

/// How an application passes on what it fails on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PassesOn {
    /// How often a record is tried in all, at least once, before it goes to the dead-letter topic.
    pub attempts: u32,
    /// How long after a failed attempt the next one begins at the earliest, by way of the retry
    /// topic.
    pub delay: SimDuration,
    /// Where it waits for that: the record's first topic with `-retry` behind, if none is given.
    pub retry_topic: Option<TopicName>,
    /// Where it goes in the end: the same with `-dlt`, if none is given.
    ///
    /// Source: `RetryTopicConstants.DEFAULT_RETRY_SUFFIX`, `DEFAULT_DLT_SUFFIX`.
    pub dead_letter_topic: Option<TopicName>,
}

impl Default for PassesOn {
    /// Source: `RetryTopicConstants.DEFAULT_MAX_ATTEMPTS`, `FixedBackOff` of one second.
    fn default() -> Self {
        Self {
            attempts: 3,
            delay: SimDuration::millis(1_000),
            retry_topic: None,
            dead_letter_topic: None,
        }
    }
}

impl PassesOn {
    /// Where a record of that topic waits for its next attempt.
    #[must_use]
    pub fn retry_topic(&self, of: &TopicName) -> TopicName {
        named(self.retry_topic.as_ref(), of, "-retry")
    }

    /// Where a record of that topic goes in the end.
    #[must_use]
    pub fn dead_letter_topic(&self, of: &TopicName) -> TopicName {
        named(self.dead_letter_topic.as_ref(), of, "-dlt")
    }
}

fn named(given: Option<&TopicName>, of: &TopicName, suffix: &str) -> TopicName {
    given.cloned().unwrap_or_else(|| [of.as_str(), suffix].concat().as_str().into())
}

/// What the headers of a record tell that was passed on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PassedOn {
    /// The message: its key and value are as they were.
    pub message: MessageId,
    /// Where it stood first: `kafka_original-topic`, `kafka_original-partition`.
    pub origin: TopicPartition,
    /// At which offset: `kafka_original-offset`.
    pub offset: Offset,
    /// How often it was tried: `retry_topic-attempts`.
    pub attempts: u32,
    /// When it may be tried again: `retry_topic-backoff-timestamp`. None if it was given up.
    pub not_before: Option<SimTime>,
}

impl PassedOn {
    /// How long these headers are. Simplified: the exception is told by its name, without the
    /// stack trace.
    pub(crate) fn headers_bytes(&self) -> u64 {
        let topic = self.origin.topic.as_str().len();
        let fixed = [
            ("kafka_original-topic", topic),
            ("kafka_original-partition", 4),
            ("kafka_original-offset", 8),
            ("kafka_original-timestamp", 8),
            ("kafka_exception-message", 10),
            ("retry_topic-attempts", 4),
            ("retry_topic-backoff-timestamp", 8),
        ];
        // Each name and value has its length before it, in one byte as they are short.
        fixed.iter().map(|(name, value)| (name.len() + value + 2) as u64).sum()
    }
}

/// Where the applications of a group remember what they have done, so that they do nothing twice:
/// a table in a database, say, by the message's own key.
///
/// Simplified: it is looked into and written to in no time and never lost, and what is done is
/// remembered in the same transaction.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Store {
    /// One bit per message.
    done: Shelf<u64>,
}

impl Store {
    /// Whether it was done.
    pub(crate) fn has(&self, message: MessageId) -> bool {
        let place = message.index();
        self.done.get(place / 64).is_some_and(|it| it >> (place % 64) & 1 == 1)
    }

    /// It is done.
    pub(crate) fn put(&mut self, message: MessageId) {
        let place = message.index();
        while self.done.end() <= place / 64 {
            self.done.push(0);
        }
        let bits = self.done.get_mut(place / 64).expect("the store reaches that far now");
        *bits |= 1 << (place % 64);
    }
}
