//! The calls of an administrator's client, and how each is carried out.

pub use crate::kafka::message::ListedOffset as OffsetSpec;
use crate::kafka::message::{Answer, ErrorCode, GroupRequest, Request};
use crate::kafka::{BrokerId, Offset, TopicPartition};
use crate::name::GroupId;
use std::fmt;

/// What an administrator asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AdminCall {
    /// Where does the partition begin, or end?
    ListOffsets {
        /// The partition.
        partition: TopicPartition,
        /// Which of its offsets.
        at: OffsetSpec,
    },
    /// Forget what lies before an offset.
    DeleteRecords {
        /// In which partition.
        partition: TopicPartition,
        /// The offset; -1 means all that consumers can read.
        before: Offset,
    },
    /// What has the group committed for these partitions?
    GroupOffsets {
        /// The group.
        group: GroupId,
        /// The partitions.
        partitions: Vec<TopicPartition>,
    },
}

impl fmt::Display for AdminCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ListOffsets { partition, .. } => write!(f, "list offsets of {partition}"),
            Self::DeleteRecords { partition, before } => {
                write!(f, "delete records of {partition} before {before}")
            }
            Self::GroupOffsets { group, .. } => write!(f, "describe offsets of {group}"),
        }
    }
}

/// How a call returned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AdminReturn {
    /// The offset that was asked for.
    Offset(Offset),
    /// The committed offset of each partition, if there is one.
    Committed(Vec<(TopicPartition, Option<Offset>)>),
    /// It failed: the protocol's name of the error, or the exception's.
    Failed(&'static str),
}

/// Who can serve a request.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Leader(TopicPartition),
    Coordinator(GroupId),
}

/// What a call has found so far.
#[derive(Clone, Debug, Hash)]
pub(super) enum Progress {
    /// It takes one request.
    One,
}

impl Progress {
    /// Before the first request.
    pub(super) fn of(call: &AdminCall) -> Self {
        match call {
            AdminCall::ListOffsets { .. }
            | AdminCall::DeleteRecords { .. }
            | AdminCall::GroupOffsets { .. } => Self::One,
        }
    }

    /// The next request, and who serves it.
    pub(super) fn asks(&self, call: &AdminCall) -> (Target, Request) {
        match call {
            AdminCall::ListOffsets { partition, at } => (
                Target::Leader(partition.clone()),
                Request::ListOffsets { partition: partition.clone(), at: *at },
            ),
            AdminCall::DeleteRecords { partition, before } => (
                Target::Leader(partition.clone()),
                Request::DeleteRecords { partition: partition.clone(), before: *before },
            ),
            AdminCall::GroupOffsets { group, partitions } => {
                let (group, partitions) = (group.clone(), partitions.clone());
                let request = GroupRequest::OffsetFetch { group: group.clone(), partitions };
                (Target::Coordinator(group), Request::Group(request))
            }
        }
    }

    /// What the answer to it means: what the call returns, or nothing if more has to be asked.
    pub(super) fn answered(
        &mut self,
        _: &AdminCall,
        _: BrokerId,
        answer: Answer,
    ) -> Result<Option<AdminReturn>, ErrorCode> {
        match answer {
            Answer::ListOffsets(found) | Answer::DeleteRecords(found) => {
                found.map(|it| Some(AdminReturn::Offset(it)))
            }
            Answer::OffsetFetch(found) => found.map(|it| Some(AdminReturn::Committed(it))),
            other => unreachable!("no call asks for that: {other:?}"),
        }
    }
}
