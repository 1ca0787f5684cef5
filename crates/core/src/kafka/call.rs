//! What an application that is driven by hand calls on its client, what the calls return, and
//! what the client calls back.
//!
//! Source: the interfaces `Consumer`, `ConsumerRebalanceListener` and `OffsetCommitCallback` of
//! the Java client. Its classes raise exceptions; here a call returns them.

mod text;
mod view;

use super::{Offset, TopicPartition};
use crate::name::TopicName;
use crate::sim::SimDuration;
use crate::workload::MessageId;
use std::sync::Arc;

pub use view::ByHand;

/// An offset to commit, or one that was committed, with the text that came with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OffsetAndMetadata {
    /// The next offset to read.
    pub offset: Offset,
    /// Whatever the application wanted to keep beside it; mostly empty.
    pub metadata: String,
    /// The leader epoch of the last record before it, if it is known.
    pub leader_epoch: Option<i32>,
}

impl From<Offset> for OffsetAndMetadata {
    fn from(offset: Offset) -> Self {
        Self { offset, metadata: String::new(), leader_epoch: None }
    }
}

/// Offsets to commit: these, or the positions of everything assigned.
pub type ToCommit = Option<Vec<(TopicPartition, OffsetAndMetadata)>>;

/// Committed offsets; none where nothing is committed.
pub type CommittedOffsets = Vec<(TopicPartition, Option<OffsetAndMetadata>)>;

/// One call of a consumer's client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// Reads these topics, as the group shares them out.
    Subscribe(Vec<TopicName>),
    /// Reads nothing and leaves the group.
    Unsubscribe,
    /// Reads exactly these, without a group's help.
    Assign(Vec<TopicPartition>),
    /// Waits for records until so much time has passed, and does all that happens only in `poll`.
    Poll {
        /// How long at most.
        timeout: SimDuration,
        /// What it takes.
        take: Take,
    },
    /// Commits and waits until that is done.
    CommitSync(ToCommit),
    /// Commits and does not wait; a later call hears what came of it.
    CommitAsync(ToCommit),
    /// Moves the position. Nobody is asked whether the offset is in the log.
    Seek(TopicPartition, Offset),
    /// Marks the positions of these, or of all, to be looked up when they are next needed.
    SeekTo(Edge, Vec<TopicPartition>),
    /// Returns no records of these until they are resumed.
    Pause(Vec<TopicPartition>),
    /// Returns records of these again.
    Resume(Vec<TopicPartition>),
    /// The next offset that `poll` returns; waits until it is known.
    Position(TopicPartition),
    /// What the group has committed.
    Committed(Vec<TopicPartition>),
    /// How far the position is behind the end, as far as the client has heard of it.
    CurrentLag(TopicPartition),
    /// Leaves and comes to an end.
    Close,
}

/// What a `poll` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Take {
    /// Records.
    Records,
    /// No records: as if all partitions were paused.
    Nothing,
}

/// An end of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edge {
    /// The log start.
    Beginning,
    /// The high watermark, or the last stable offset with `isolation.level=read_committed`.
    End,
}

/// Where a position or a committed offset is moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Goal {
    /// The log start.
    Earliest,
    /// The end.
    Latest,
    /// That offset.
    At(Offset),
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Earliest => f.write_str("earliest"),
            Self::Latest => f.write_str("latest"),
            Self::At(offset) => offset.fmt(f),
        }
    }
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Return {
    /// It did what it should and has nothing to tell.
    Done,
    /// `poll` returns these, in this order.
    Polled(Vec<Row>),
    /// The position.
    Position(Offset),
    /// What is committed.
    Committed(CommittedOffsets),
    /// How far behind; none if that is not known yet.
    Lag(Option<i64>),
    /// An exception: the protocol error's name, or the Java client's class where the client
    /// itself raises it.
    Raised(&'static str),
}

/// A record that `poll` returned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// From where.
    pub partition: TopicPartition,
    /// Its offset.
    pub offset: Offset,
    /// What it holds.
    pub content: RowContent,
}

/// What a record holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowContent {
    /// A message of the workload.
    Message(MessageId),
    /// What a broker wrote for itself.
    Raw {
        /// Its key.
        key: Arc<[u8]>,
        /// Its value; none is a tombstone.
        value: Option<Arc<[u8]>>,
    },
}

/// What the client calls back, inside one of the application's calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Callback {
    /// `onPartitionsAssigned`.
    Assigned(Vec<TopicPartition>),
    /// `onPartitionsRevoked`.
    Revoked(Vec<TopicPartition>),
    /// `onPartitionsLost`: others may read these already.
    Lost(Vec<TopicPartition>),
    /// `onComplete` of a `commitAsync`: nothing, or its exception as in [`Return::Raised`].
    Committed(Option<&'static str>),
}
