//! The ledger: what became of every message, for every reader, in both systems alike.
//!
//! A reader is a Kafka group, or a RabbitMQ queue with its consumers. The same few states are
//! kept for both, so that every word below means the same on both sides; what differs
//! is only which facts lead there ([`kafka`], [`rabbitmq`]).

mod book;
pub mod kafka;
pub mod rabbitmq;

pub use kafka::KafkaLedger;
pub use rabbitmq::RabbitLedger;

use brokerscope_core::rabbitmq::fact::Reason;

/// What became of the messages of one reader, in numbers, at one instant.
///
/// A message is a reader's if it is sent to where the reader reads: a topic its group subscribes
/// to, an exchange that routes it to its queue; or if it came to its queue as a dead letter. It
/// counts from the moment it is sent. `sent` is the sum of all that a message can be:
/// `not_yet + once + twice + more`. Of those not yet processed, each is one of `on_the_way`,
/// `waiting`, `passed_over`, `removed_unread`, `lost`, `vanished`, `aborted`, or dead-lettered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Messages of this reader that have left the application: handed to the network, or given
    /// up before that.
    pub sent: u64,
    /// Of these, acknowledged: the producer was told, or with `acks=0` takes it, that the broker
    /// has the message.
    pub acknowledged: u64,
    /// Nobody has finished work on it for this reader.
    pub not_yet: u64,
    /// Work on it was finished once.
    pub once: u64,
    /// Work on it was finished twice.
    pub twice: u64,
    /// Work on it was finished three times or more.
    pub more: u64,
    /// Not processed: sent, and not in the broker yet.
    pub on_the_way: u64,
    /// Not processed, and this reader will get it or has it: it is in the broker at or after the
    /// reader's position, or a live consumer of the reader has it in hand.
    pub waiting: u64,
    /// Not processed, behind the reader's position, still in the log, and in no live consumer's
    /// hands. The reader's position in a partition is that of the consumer that reads it, and
    /// the committed offset while there is none. Only a log has this.
    pub passed_over: u64,
    /// Not processed: retention, expiry, a length limit or a person took it before this reader
    /// processed it, and no queue took it over as a dead letter. A person takes it by purging or
    /// deleting the queue, or deleting records; a queue that goes by itself takes it too.
    pub removed_unread: u64,
    /// Acknowledged to the producer, never processed, and no longer obtainable by this reader,
    /// for another reason than `removed_unread`: it went down with a consumer that had
    /// acknowledged it, was dropped or acknowledged after failed work, was not persistent when the
    /// broker restarted, or was dead-lettered to where no queue took it. A dead letter that some
    /// queue took is not lost.
    pub lost: u64,
    /// As `lost`, but never acknowledged to the producer: nobody had been promised anything.
    pub vanished: u64,
    /// Not processed: each copy that reached the broker was written in a transaction that was
    /// aborted, and this reader reads only what is committed (`isolation.level=read_committed`).
    /// The log keeps such a record until retention takes it; for this reader it counts as not
    /// there. A reader with `read_uncommitted` gets it like any other. Only Kafka has this.
    pub aborted: u64,
    /// Left this reader's queue for a dead-letter exchange, some queue took it, and it has not
    /// come back. It may have been processed before that. In Kafka: the reader's application put
    /// it into a topic that the reader does not read, and went on; the record stays where it was.
    pub dead_lettered: DeadLettered,
    /// Processed out of order within its key: the first time that work on it was finished came
    /// after the first time that work on a later message with the same key was finished, both by
    /// this reader. Messages without a key have no order.
    pub out_of_order: u64,
    /// At least one copy is still in the broker, for this reader: in the log and not aborted, or
    /// in its queue, ready or unacknowledged.
    pub in_broker: u64,
    /// Not settled: something may still happen to it without anybody doing anything. Settled is
    /// what is processed with every copy in the broker committed or acknowledged; what is lost,
    /// vanished, removed or dead-lettered; and what is passed over and committed past.
    pub unsettled: u64,
}

/// How many messages were dead-lettered, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeadLettered {
    /// Rejected by a consumer; or published to another queue, by the application that failed on
    /// it once or by a tool. In Kafka: passed on after the first attempt.
    pub rejected: u64,
    /// Expired.
    pub expired: u64,
    /// Over the queue's length limit.
    pub max_length: u64,
    /// They came back too often, or were passed on by the application after a later attempt.
    pub delivery_limit: u64,
}

impl DeadLettered {
    /// For any reason.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.rejected + self.expired + self.max_length + self.delivery_limit
    }
}

/// What became of one message for one reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether the producer was told that the broker has it.
    pub acknowledged: bool,
    /// How often work on it was finished, counted up to 65,535.
    pub processed: u16,
    /// What it is now.
    pub fate: Fate,
    /// Whether it was first processed after a later message with the same key.
    pub out_of_order: bool,
    /// Why it was dead-lettered, if some queue took it and it has not come back.
    pub dead_lettered: Option<Reason>,
    /// How many copies of it are in the broker for this reader.
    pub in_broker: u16,
    /// Whether nothing more happens to it by itself.
    pub settled: bool,
}

/// What a message is now, for one reader. The fields of [`Outcome`] say what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// Processed at least once.
    Processed,
    /// Sent, and not in the broker yet.
    OnTheWay,
    /// To be had, or in a live consumer's hands.
    Waiting,
    /// Behind the position, in the log, in nobody's hands.
    PassedOver,
    /// Taken by retention, expiry or a length limit.
    RemovedUnread,
    /// In another queue, as a dead letter.
    DeadLettered,
    /// Acknowledged and gone.
    Lost,
    /// Gone, and never acknowledged.
    Vanished,
    /// Written in a transaction that was aborted.
    Aborted,
}

#[cfg(test)]
mod tests;
