//! What happens in the life of a transaction, and what brokers make of sequence numbers.

use super::list;
use crate::kafka::message::Marker;
use crate::kafka::{Offset, TopicPartition};
use crate::name::{GroupId, ProducerName, TransactionalId};
use crate::weight::{Mark, Weight};
use crate::workload::MessageId;
use std::fmt;
use std::sync::Arc;

/// What happened to a transaction: to its producer, at its coordinator, in the partitions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are the words of the sentence above each")]
pub enum TransactionFact {
    /// `initTransactions` returned: the producer is the one with its transactional id.
    Initialized { producer: ProducerName, id: TransactionalId, producer_id: i64, epoch: i16 },
    /// `beginTransaction`. Nobody but the producer knows of it yet.
    Begun { producer: ProducerName },
    /// `sendOffsetsToTransaction` returned: a group's offsets count if the transaction is
    /// committed.
    OffsetsSent { producer: ProducerName, group: GroupId, offsets: Vec<(TopicPartition, Offset)> },
    /// The application called `commitTransaction` or `abortTransaction`.
    Ending { producer: ProducerName, marker: Marker },
    /// That call returned.
    Ended { producer: ProducerName, marker: Marker },
    /// A call about the transaction failed.
    Failed { producer: ProducerName, call: &'static str, error: &'static str },
    /// The producer's application ends with an exception that nobody catches.
    Raised { producer: ProducerName, error: &'static str },
    /// The coordinator let partitions take part.
    Added { id: TransactionalId, partitions: Vec<TopicPartition> },
    /// The coordinator decided how the transaction ends. From here on that stands.
    Prepared { id: TransactionalId, marker: Marker, why: EndReason },
    /// All markers are written.
    Completed { id: TransactionalId, marker: Marker },
    /// The coordinator refused a request of a producer that is another's predecessor.
    Fenced { id: TransactionalId, epoch: i16, current: i16 },
    /// A leader wrote the marker that ends a transaction in a partition, and so decided these
    /// records.
    Marked { partition: TopicPartition, offset: Offset, marker: Marker, records: Arc<[Offset]> },
    /// A leader found that a record is in its log already, by its sequence number, and did not
    /// append it again.
    Duplicate { message: MessageId, to: TopicPartition, offset: Offset },
    /// A leader refused a record for its epoch or its sequence number.
    OutOfLine { message: MessageId, to: TopicPartition, error: &'static str },
}

/// Why a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Its producer asked for it.
    Asked,
    /// Another producer has its transactional id now.
    Fenced,
    /// It was open for longer than `transaction.timeout.ms`, with its value.
    TimedOut(u64),
}

impl TransactionFact {
    /// How much it matters to someone who watches.
    pub(super) fn weight(&self) -> Weight {
        match self {
            Self::Initialized { .. }
            | Self::Begun { .. }
            | Self::OffsetsSent { .. }
            | Self::Ending { .. }
            | Self::Ended { .. }
            | Self::Failed { .. }
            | Self::Added { .. }
            | Self::Completed { .. }
            | Self::Marked { .. }
            | Self::Prepared { why: EndReason::Asked, .. }
            | Self::Duplicate { .. }
            | Self::OutOfLine { .. } => Weight::Seen,
            Self::Prepared { why: EndReason::Fenced | EndReason::TimedOut(_), .. }
            | Self::Fenced { .. }
            | Self::Raised { .. } => Weight::Turn(Mark::Fault),
        }
    }
}

impl fmt::Display for TransactionFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Initialized { producer, id, producer_id, epoch } => write!(
                f,
                "{producer} is the producer with transactional.id={id}: producer {producer_id}, \
                 epoch {epoch}"
            ),
            Self::Begun { producer } => write!(f, "{producer} begins a transaction"),
            Self::OffsetsSent { producer, group, offsets } => {
                write!(f, "{producer} sent offsets of {group} to its transaction:")?;
                for (index, (partition, offset)) in offsets.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma} {partition} to {offset}")?;
                }
                Ok(())
            }
            Self::Ending { producer, marker } => {
                write!(f, "{producer} calls {}", method(*marker))
            }
            Self::Ended { producer, marker } => {
                write!(f, "{producer} heard that its transaction is {}", done(*marker))
            }
            Self::Failed { producer, call, error } => {
                write!(f, "{producer} failed in {call}: {error}")
            }
            Self::Raised { producer, error } => write!(f, "{producer} ends with {error}"),
            Self::Added { id, partitions } => {
                write!(f, "transaction of {id} is Ongoing, with ")?;
                list(f, partitions)
            }
            Self::Prepared { id, marker, why } => {
                write!(f, "transaction of {id} is Prepare{}: {why}", name(*marker))
            }
            Self::Completed { id, marker } => {
                write!(f, "transaction of {id} is Complete{}", name(*marker))
            }
            Self::Fenced { id, epoch, current } => write!(
                f,
                "a producer of {id} is fenced off: its epoch is {epoch}, and {current} is the \
                 current one"
            ),
            Self::Marked { partition, offset, marker, records } => {
                let (marker, count) = (marker_word(*marker), records.len());
                let plural = if count == 1 { "" } else { "s" };
                write!(
                    f,
                    "{partition} wrote {marker} marker at offset {offset}, for {count} \
                     record{plural}"
                )
            }
            Self::Duplicate { message, to, offset } => write!(
                f,
                "{to} did not append {message} again: by its sequence number it is there, at \
                 offset {offset}"
            ),
            Self::OutOfLine { message, to, error } => write!(f, "{to} refused {message}: {error}"),
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("its producer asked for it"),
            Self::Fenced => f.write_str("another producer has its transactional.id now"),
            Self::TimedOut(ms) => write!(f, "transaction.timeout.ms={ms} is over"),
        }
    }
}

const fn name(marker: Marker) -> &'static str {
    match marker {
        Marker::Commit => "Commit",
        Marker::Abort => "Abort",
    }
}

const fn marker_word(marker: Marker) -> &'static str {
    match marker {
        Marker::Commit => "a COMMIT",
        Marker::Abort => "an ABORT",
    }
}

const fn done(marker: Marker) -> &'static str {
    match marker {
        Marker::Commit => "committed",
        Marker::Abort => "aborted",
    }
}

const fn method(marker: Marker) -> &'static str {
    match marker {
        Marker::Commit => "commitTransaction",
        Marker::Abort => "abortTransaction",
    }
}
