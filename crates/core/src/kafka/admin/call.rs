//! The calls of an administrator's client, and how each is carried out.

use crate::kafka::call::CommittedOffsets;
pub use crate::kafka::controller::{Election, Layout, NewTopic};
use crate::kafka::message::ErrorCode::UnknownTopicOrPartition;
pub use crate::kafka::message::ListedOffset as OffsetSpec;
use crate::kafka::message::{Answer, ControllerRequest as Ask, ErrorCode, GroupRequest, Request};
pub use crate::kafka::metadata::description::{PartitionDescription, TopicDescription};
use crate::kafka::{BrokerId, Offset, TopicPartition};
use crate::name::{GroupId, TopicName};
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
    /// Make a topic.
    CreateTopic(NewTopic),
    /// Let a topic have so many partitions in all.
    CreatePartitions {
        /// The topic.
        topic: TopicName,
        /// How many.
        count: i32,
    },
    /// Give settings of a topic a value, as text; without one, the default.
    AlterConfigs {
        /// The topic.
        topic: TopicName,
        /// The settings by name.
        configs: Vec<(String, Option<String>)>,
    },
    /// Delete a topic with all that is in it.
    DeleteTopic(TopicName),
    /// Tell of a topic: its leaders, replicas and settings.
    DescribeTopic(TopicName),
    /// Elect a leader.
    ElectLeader {
        /// Whose.
        partition: TopicPartition,
        /// How.
        election: Election,
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
            Self::CreateTopic(it) => write!(f, "create topic {}", it.name),
            Self::CreatePartitions { topic, count } => write!(f, "grow {topic} to {count}"),
            Self::AlterConfigs { topic, .. } => write!(f, "configure {topic}"),
            Self::DeleteTopic(topic) => write!(f, "delete topic {topic}"),
            Self::DescribeTopic(topic) => write!(f, "describe topic {topic}"),
            Self::ElectLeader { partition, .. } => write!(f, "elect a leader of {partition}"),
        }
    }
}

/// How a call returned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AdminReturn {
    /// The offset that was asked for.
    Offset(Offset),
    /// The committed offset of each partition, if there is one.
    Committed(CommittedOffsets),
    /// The topic that was asked for.
    Topic(TopicDescription),
    /// It is done.
    Done,
    /// It failed: the protocol's name of the error, or the exception's.
    Failed(&'static str),
}

/// Who can serve a request.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Leader(TopicPartition),
    Coordinator(GroupId),
    /// Any broker.
    Any,
    Controller,
}

/// What a call has found so far.
#[derive(Clone, Debug, Hash)]
pub(super) enum Progress {
    /// It takes one request.
    One,
}

fn of_controller(asked: Ask) -> (Target, Request) {
    (Target::Controller, Request::Controller(asked))
}

impl Progress {
    /// Before the first request.
    pub(super) fn of(call: &AdminCall) -> Self {
        match call {
            AdminCall::ListOffsets { .. }
            | AdminCall::DeleteRecords { .. }
            | AdminCall::GroupOffsets { .. }
            | AdminCall::CreateTopic(_)
            | AdminCall::CreatePartitions { .. }
            | AdminCall::AlterConfigs { .. }
            | AdminCall::DeleteTopic(_)
            | AdminCall::DescribeTopic(_)
            | AdminCall::ElectLeader { .. } => Self::One,
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
            AdminCall::DescribeTopic(_) => (Target::Any, Request::Metadata),
            AdminCall::CreateTopic(it) => of_controller(Ask::CreateTopics(it.clone())),
            AdminCall::CreatePartitions { topic, count } => {
                of_controller(Ask::CreatePartitions { topic: topic.clone(), count: *count })
            }
            AdminCall::AlterConfigs { topic, configs } => {
                let (topic, configs) = (topic.clone(), configs.clone());
                of_controller(Ask::IncrementalAlterConfigs { topic, configs })
            }
            AdminCall::DeleteTopic(topic) => {
                of_controller(Ask::DeleteTopics { topic: topic.clone() })
            }
            AdminCall::ElectLeader { partition, election } => of_controller(Ask::ElectLeaders {
                partition: partition.clone(),
                election: *election,
            }),
        }
    }

    /// What the answer to it means: what the call returns, or nothing if more has to be asked.
    pub(super) fn answered(
        &mut self,
        call: &AdminCall,
        _: BrokerId,
        answer: Answer,
    ) -> Result<Option<AdminReturn>, ErrorCode> {
        match answer {
            Answer::ListOffsets(found) | Answer::DeleteRecords(found) => {
                found.map(|it| Some(AdminReturn::Offset(it)))
            }
            Answer::OffsetFetch(found) => found.map(|it| Some(AdminReturn::Committed(it))),
            Answer::Controller(done) => done.map(|()| Some(AdminReturn::Done)),
            Answer::Metadata(metadata) => {
                let AdminCall::DescribeTopic(topic) = call else {
                    unreachable!("{call} does not ask for the metadata")
                };
                let found = metadata.describe(topic);
                found.map(|it| Some(AdminReturn::Topic(it))).ok_or(UnknownTopicOrPartition)
            }
            other => unreachable!("no call asks for that: {other:?}"),
        }
    }
}
