//! What happened in the cluster. One line of text each: the trace, the golden tests, the beats
//! and the event log are that line.

mod cluster;
mod reason;
mod transaction;

use super::passed_on::PassedOn;
use super::{BrokerId, Offset, TopicPartition};
use crate::name::{ConsumerName, GroupId, ProducerName, TopicName};
use crate::sim::SimTime;
use crate::weight::{Mark, Weight};
use crate::workload::MessageId;
pub use cluster::ClusterFact;
pub use reason::{
    CommitReason, ForgottenReason, LeaveReason, PositionReason, RebalanceReason, Retention,
    SessionTimeout, Then,
};
use std::fmt;
use std::sync::Arc;
pub use transaction::{EndReason, TransactionFact};

/// What happened. For watching only: no fact influences what happens next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are the words of the sentence above each")]
pub enum Fact {
    /// A record went on its way to the broker; `attempt` counts from 1.
    Sent { producer: ProducerName, message: MessageId, to: TopicPartition, attempt: u32 },
    /// The leader appended a record to its log.
    Appended { message: MessageId, to: TopicPartition, offset: Offset },
    /// The producer heard that the record is in the log; no offset is known with `acks=0`.
    Acknowledged {
        producer: ProducerName,
        message: MessageId,
        to: TopicPartition,
        offset: Option<Offset>,
    },
    /// The producer gave up on a record. It may be in the log all the same.
    GaveUp { producer: ProducerName, message: MessageId, why: &'static str },
    /// A segment was closed and another begun at `base`.
    Rolled { partition: TopicPartition, base: Offset },
    /// Records at the beginning of a log are gone: it now starts at `start`.
    Retained {
        partition: TopicPartition,
        from: Offset,
        start: Offset,
        records: u64,
        why: Retention,
    },
    /// The log cleaner went through a compacted log: of each key, the newest record is left.
    Cleaned {
        partition: TopicPartition,
        /// From here on it had not been cleaned before.
        from: Offset,
        /// Up to here it is clean now.
        to: Offset,
        /// The offsets of the records that went.
        removed: Arc<[Offset]>,
        /// How much smaller the log is.
        bytes: u64,
    },

    /// A consumer asked to join its group.
    Joining { group: GroupId, consumer: ConsumerName },
    /// A rebalance began.
    Rebalancing { group: GroupId, why: RebalanceReason },
    /// A rebalance ended: the members of this generation and what each reads.
    Assigned {
        group: GroupId,
        generation: u32,
        assignment: Vec<(ConsumerName, Vec<TopicPartition>)>,
    },
    /// The coordinator of a group of the `consumer` protocol computed who shall read what.
    Targeted { group: GroupId, epoch: i32, assignment: Vec<(ConsumerName, Vec<TopicPartition>)> },
    /// A member of such a group went one step towards that, as its coordinator sees it: what it
    /// reads, what it has to give up first, whether it waits for what others give up.
    Reconciled {
        group: GroupId,
        consumer: ConsumerName,
        epoch: i32,
        reads: Vec<TopicPartition>,
        revoking: Vec<TopicPartition>,
        waits: bool,
    },
    /// A consumer learned what it reads from now on. Empty: it is idle.
    Reads { group: GroupId, consumer: ConsumerName, partitions: Vec<TopicPartition> },
    /// A consumer stopped reading these, to join a rebalance or because it was thrown out.
    Revoked { group: GroupId, consumer: ConsumerName, partitions: Vec<TopicPartition> },
    /// The coordinator removed a member that had been silent.
    Expired { group: GroupId, consumer: ConsumerName, session: SessionTimeout },
    /// A member left its group by itself.
    Left { group: GroupId, consumer: ConsumerName, why: LeaveReason },
    /// A consumer found out where to begin reading a partition.
    Positioned {
        group: GroupId,
        consumer: ConsumerName,
        partition: TopicPartition,
        offset: Offset,
        why: PositionReason,
    },
    /// A fetch found the position outside the log.
    OutOfRange { consumer: ConsumerName, partition: TopicPartition, position: Offset },

    /// Records travelled to a consumer's buffer; they are not read yet.
    Fetched {
        consumer: ConsumerName,
        partition: TopicPartition,
        from: Offset,
        to: Offset,
        records: u32,
    },
    /// `poll` returned records of one partition from offset `from` to before `to`; the position
    /// is now `to`.
    Polled {
        group: GroupId,
        consumer: ConsumerName,
        partition: TopicPartition,
        from: Offset,
        to: Offset,
        records: u32,
    },
    /// The application began to work on a record.
    Began {
        group: GroupId,
        consumer: ConsumerName,
        message: MessageId,
        partition: TopicPartition,
        offset: Offset,
    },
    /// The application finished its work on a record.
    Processed {
        group: GroupId,
        consumer: ConsumerName,
        message: MessageId,
        partition: TopicPartition,
        offset: Offset,
    },
    /// The work on a poison record failed.
    Failed { group: GroupId, consumer: ConsumerName, message: MessageId, then: Then },
    /// A record on which work failed is in another topic: to be tried again, or to stay there.
    /// `offset` is where it was read.
    PassedOn {
        group: GroupId,
        consumer: ConsumerName,
        partition: TopicPartition,
        offset: Offset,
        to: TopicName,
        what: Arc<PassedOn>,
    },
    /// The application leaves a record for later: it is not to be tried before `until`.
    PutAside { group: GroupId, consumer: ConsumerName, message: MessageId, until: SimTime },
    /// The application found in its store that work on a record was done before.
    Skipped {
        group: GroupId,
        consumer: ConsumerName,
        message: MessageId,
        partition: TopicPartition,
        offset: Offset,
    },
    /// The coordinator stored an offset: the group reads on from there.
    Committed {
        group: GroupId,
        consumer: ConsumerName,
        partition: TopicPartition,
        offset: Offset,
        how: CommitReason,
    },
    /// The coordinator refused a commit.
    CommitRefused { group: GroupId, consumer: ConsumerName, error: &'static str },

    /// The client raised an exception that the application does not handle, so its process ends.
    Raised { group: GroupId, consumer: ConsumerName, error: &'static str },
    /// A consumer's process is gone.
    Crashed { group: GroupId, consumer: ConsumerName },
    /// A consumer's process runs again.
    Restarted { group: GroupId, consumer: ConsumerName },
    /// A new consumer started.
    Started { group: GroupId, consumer: ConsumerName },
    /// An application stopped working.
    Paused { group: GroupId, consumer: ConsumerName },
    /// An application went on working.
    Resumed { group: GroupId, consumer: ConsumerName },
    /// A producer's process is gone, with what it had not sent.
    ProducerCrashed(ProducerName),
    /// A producer's process runs again.
    ProducerRestarted(ProducerName),
    /// A broker's process is gone.
    BrokerCrashed(BrokerId),
    /// A broker runs again.
    BrokerRestarted(BrokerId),
    /// A coordinator read a group back from `__consumer_offsets`.
    Loaded { group: GroupId, partition: TopicPartition, generation: u32, offsets: u32 },
    /// Something happened to the cluster itself.
    Cluster(ClusterFact),
    /// Something happened to a transaction, or because of a sequence number.
    Transaction(TransactionFact),
    /// A coordinator forgot a committed offset.
    OffsetForgotten { group: GroupId, partition: TopicPartition, why: ForgottenReason },
    /// A coordinator forgot a group that had nothing left.
    GroupRemoved { group: GroupId },
    /// A command asked for what cannot be.
    Refused { command: String, why: String },
}

impl Fact {
    /// How much it matters to someone who watches.
    #[must_use]
    pub fn weight(&self) -> Weight {
        match self {
            Self::Joining { .. }
            | Self::Fetched { .. }
            | Self::Rolled { .. }
            | Self::Positioned { .. } => Weight::Detail,
            Self::Sent { .. }
            | Self::Appended { .. }
            | Self::Acknowledged { .. }
            | Self::Reads { .. }
            | Self::Revoked { .. }
            | Self::Polled { .. }
            | Self::Began { .. }
            | Self::Processed { .. }
            | Self::Committed { .. }
            | Self::Loaded { .. }
            | Self::Targeted { .. }
            | Self::Reconciled { .. }
            | Self::Assigned { .. } => Weight::Seen,
            Self::GaveUp { .. }
            | Self::OutOfRange { .. }
            | Self::Failed { .. }
            | Self::CommitRefused { .. }
            | Self::Raised { .. }
            | Self::PutAside { .. }
            | Self::Skipped { .. }
            | Self::Refused { .. } => Weight::Seen,
            Self::PassedOn { what, .. } if what.not_before.is_some() => Weight::Seen,
            Self::PassedOn { .. } => Weight::Turn(Mark::DeadLetter),
            Self::Rebalancing { .. } | Self::Expired { .. } | Self::Left { .. } => {
                Weight::Turn(Mark::Rebalance)
            }
            Self::Cluster(fact) => fact.weight(),
            Self::Transaction(fact) => fact.weight(),
            Self::Retained { .. }
            | Self::Cleaned { .. }
            | Self::OffsetForgotten { .. }
            | Self::GroupRemoved { .. } => Weight::Turn(Mark::Removal),
            Self::Crashed { .. }
            | Self::Restarted { .. }
            | Self::Started { .. }
            | Self::Paused { .. }
            | Self::Resumed { .. }
            | Self::ProducerCrashed(_)
            | Self::ProducerRestarted(_)
            | Self::BrokerCrashed(_)
            | Self::BrokerRestarted(_) => Weight::Turn(Mark::Fault),
        }
    }
}

/// What so many records are called.
const fn noun(records: u64) -> &'static str {
    if records == 1 { "record" } else { "records" }
}

/// Lists things with commas; "nothing" if there are none.
fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    if items.is_empty() {
        return f.write_str("nothing");
    }
    for (index, item) in items.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}{item}")?;
    }
    Ok(())
}

/// Who reads what, one after the other.
fn readers(
    f: &mut fmt::Formatter<'_>,
    reads: &str,
    assignment: &[(ConsumerName, Vec<TopicPartition>)],
) -> fmt::Result {
    for (index, (consumer, partitions)) in assignment.iter().enumerate() {
        write!(f, "{} {consumer} {reads} ", if index == 0 { ":" } else { ";" })?;
        list(f, partitions)?;
    }
    Ok(())
}

impl fmt::Display for Fact {
    #[allow(clippy::too_many_lines, reason = "one line of text per fact, in one place")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent { producer, message, to, attempt: 1 } => {
                write!(f, "{producer} sent {message} to {to}")
            }
            Self::Sent { producer, message, to, attempt } => {
                write!(f, "{producer} sent {message} to {to} again, attempt {attempt}")
            }
            Self::Appended { message, to, offset } => {
                write!(f, "{to} appended {message} at offset {offset}")
            }
            Self::Acknowledged { producer, message, offset: Some(offset), .. } => {
                write!(f, "{producer} heard that {message} is in the log at offset {offset}")
            }
            Self::Acknowledged { producer, message, offset: None, .. } => {
                write!(f, "{producer} takes {message} as sent, acks=0")
            }
            Self::GaveUp { producer, message, why } => {
                write!(f, "{producer} gave up on {message}: {why}")
            }
            Self::Rolled { partition, base } => {
                write!(f, "{partition} began a new segment at offset {base}")
            }
            Self::Retained { partition, from, start, records, why } => {
                let noun = noun(*records);
                write!(
                    f,
                    "{partition} now starts at offset {start}, was {from}: {why} removed \
                     {records} {noun}"
                )
            }
            Self::Cleaned { partition, to, removed, bytes, .. } => {
                let records = removed.len() as u64;
                let noun = noun(records);
                write!(
                    f,
                    "{partition} was cleaned up to offset {to}: {records} {noun} went, {bytes} \
                     bytes"
                )
            }
            Self::Joining { group, consumer } => write!(f, "{consumer} asks to join {group}"),
            Self::Rebalancing { group, why } => write!(f, "{group} rebalances: {why}"),
            Self::Assigned { group, generation, assignment } => {
                write!(f, "{group} is stable in generation {generation}")?;
                readers(f, "reads", assignment)
            }
            Self::Targeted { group, epoch, assignment } => {
                write!(f, "{group} aims at epoch {epoch}")?;
                readers(f, "shall read", assignment)
            }
            Self::Reconciled { group, consumer, epoch, reads, revoking, waits } => {
                write!(f, "{consumer} may read ")?;
                list(f, reads)?;
                if !revoking.is_empty() {
                    f.write_str(", once it has given up ")?;
                    list(f, revoking)?;
                }
                let more = if *waits { ", and waits for more" } else { "" };
                write!(f, ", in epoch {epoch} of {group}{more}")
            }
            Self::Reads { consumer, partitions, .. } if partitions.is_empty() => {
                write!(f, "{consumer} is idle: it has no partition")
            }
            Self::Reads { consumer, partitions, .. } => {
                write!(f, "{consumer} now reads ")?;
                list(f, partitions)
            }
            Self::Revoked { consumer, partitions, .. } => {
                write!(f, "{consumer} stops reading ")?;
                list(f, partitions)
            }
            Self::Expired { group, consumer, session } => {
                write!(f, "{group} removed {consumer}: no heartbeat for {session}")
            }
            Self::Left { group, consumer, why } => write!(f, "{consumer} left {group}: {why}"),
            Self::Positioned { consumer, partition, offset, why, .. } => {
                write!(f, "{consumer} begins {partition} at offset {offset}: {why}")
            }
            Self::OutOfRange { consumer, partition, position } => write!(
                f,
                "{consumer} is out of range: offset {position} is no longer in {partition}"
            ),
            Self::Fetched { consumer, partition, from, to, records } => {
                let (noun, last) = (noun(u64::from(*records)), to.0 - 1);
                write!(f, "{consumer} fetched {records} {noun} of {partition}, ")?;
                match from.0 {
                    from if from == last => write!(f, "offset {from}"),
                    from => write!(f, "offsets {from} to {last}"),
                }
            }
            Self::Polled { consumer, partition, from, to, records, .. } => {
                let noun = noun(u64::from(*records));
                write!(
                    f,
                    "poll gave {consumer} {records} {noun} of {partition} from offset {from}, \
                     position is {to}"
                )
            }
            Self::Began { consumer, message, .. } => write!(f, "{consumer} began {message}"),
            Self::Processed { consumer, message, .. } => {
                write!(f, "{consumer} processed {message}")
            }
            Self::Failed { consumer, message, then, .. } => {
                write!(f, "{consumer} failed on {message} {then}")
            }
            Self::PassedOn { consumer, to, what, .. } => {
                let PassedOn { message, attempts, not_before, .. } = &**what;
                if not_before.is_some() {
                    let next = attempts + 1;
                    write!(f, "{consumer} passed {message} on to {to} for attempt {next}")
                } else {
                    write!(f, "{consumer} put {message} away in {to} after attempt {attempts}")
                }
            }
            Self::PutAside { consumer, message, until, .. } => {
                write!(f, "{consumer} leaves {message} until {until}, when its delay is over")
            }
            Self::Skipped { consumer, message, .. } => {
                write!(f, "{consumer} skipped {message}: done before")
            }
            Self::Committed { group, consumer, partition, offset, how } => write!(
                f,
                "{group} is committed to offset {offset} of {partition}, by {consumer}{how}"
            ),
            Self::CommitRefused { group, consumer, error } => {
                write!(f, "{group} refused the commit of {consumer}: {error}")
            }
            Self::Raised { consumer, error, .. } => write!(f, "{consumer} ends with {error}"),
            Self::Crashed { consumer, .. } => write!(f, "{consumer} crashed"),
            Self::Restarted { consumer, .. } => write!(f, "{consumer} restarted"),
            Self::Started { consumer, .. } => write!(f, "{consumer} started"),
            Self::Paused { consumer, .. } => write!(f, "{consumer} paused"),
            Self::Resumed { consumer, .. } => write!(f, "{consumer} went on"),
            Self::ProducerCrashed(producer) => write!(f, "{producer} crashed"),
            Self::ProducerRestarted(producer) => write!(f, "{producer} restarted"),
            Self::BrokerCrashed(broker) => write!(f, "{broker} crashed"),
            Self::BrokerRestarted(broker) => write!(f, "{broker} restarted"),
            Self::Loaded { group, partition, generation, offsets } => write!(
                f,
                "{group} was read back from {partition}: generation {generation}, committed \
                 offsets: {offsets}"
            ),
            Self::Cluster(fact) => fact.fmt(f),
            Self::Transaction(fact) => fact.fmt(f),
            Self::OffsetForgotten { group, partition, why } => {
                write!(f, "{group} forgets its offset of {partition}: {why}")
            }
            Self::GroupRemoved { group } => {
                write!(f, "{group} is forgotten: nothing is left of it")
            }
            Self::Refused { command, why } => write!(f, "refused '{command}': {why}"),
        }
    }
}
