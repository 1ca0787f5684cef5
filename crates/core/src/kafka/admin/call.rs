//! The calls of an administrator's client, and how each is carried out.

use super::raw::RawProduce;
use super::reset::Reset;
use crate::kafka::call::{CommittedOffsets, Goal, OffsetAndMetadata};
use crate::kafka::config::TopicSettings;
use crate::kafka::console::DescribedGroup;
pub use crate::kafka::controller::{Election, Layout, NewTopic};
use crate::kafka::fact::{CommitReason, LeaveReason};
use crate::kafka::message::ErrorCode::UnknownTopicOrPartition;
use crate::kafka::message::transaction::{DescribedTransaction, TransactionRequest};
use crate::kafka::message::{
    Answer, ControllerRequest as Ask, ErrorCode, GroupRequest, MembershipRequest, Outcomes,
    first_error,
};
use crate::kafka::message::{Leaver, MemberId, MemberOf, ProducerId, Request};
pub use crate::kafka::message::{ListedGroup, ListedOffset as OffsetSpec};
pub use crate::kafka::metadata::description::{PartitionDescription, TopicDescription};
use crate::kafka::{BrokerId, Offset, TopicPartition};
use crate::map::sort_by_key;
use crate::name::{GroupId, TopicName, TransactionalId};
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
    /// Which groups are there?
    ListGroups,
    /// Who is in the group?
    DescribeGroup(GroupId),
    /// What has the group committed?
    GroupOffsets(GroupId),
    /// Let the group go on from these offsets.
    AlterGroupOffsets {
        /// The group.
        group: GroupId,
        /// The offsets.
        offsets: Vec<(TopicPartition, OffsetAndMetadata)>,
    },
    /// Let the group go on from there: what `kafka-consumer-groups --reset-offsets --execute`
    /// does.
    ResetGroupOffsets {
        /// The group.
        group: GroupId,
        /// Where to.
        to: Goal,
        /// In that partition only; or, as with `--all-topics`, wherever it has committed.
        only: Option<TopicPartition>,
    },
    /// Forget what the group has committed for these partitions.
    DeleteGroupOffsets {
        /// The group.
        group: GroupId,
        /// The partitions.
        partitions: Vec<TopicPartition>,
    },
    /// Forget the group.
    DeleteGroup(GroupId),
    /// Remove all members of the group.
    RemoveMembers(GroupId),
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
    /// Give out an id to write under, as a producer's first request does.
    InitProducerId(Option<TransactionalId>),
    /// Where does a transactional id stand?
    DescribeTransaction(TransactionalId),
    /// One `Produce` request as it is, which no client would repeat.
    ProduceRaw(RawProduce),
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
                write!(f, "delete-records {partition} before {before}")
            }
            Self::ListGroups => f.write_str("list groups"),
            Self::DescribeGroup(group) => write!(f, "describe {group}"),
            Self::GroupOffsets(group) => write!(f, "describe offsets of {group}"),
            Self::AlterGroupOffsets { group, .. } => write!(f, "alter offsets of {group}"),
            Self::ResetGroupOffsets { group, to, only } => {
                write!(f, "reset {group} to {to}")?;
                only.iter().try_for_each(|it| write!(f, " of {it}"))
            }
            Self::DeleteGroupOffsets { group, .. } => write!(f, "delete offsets of {group}"),
            Self::DeleteGroup(group) => write!(f, "delete {group}"),
            Self::RemoveMembers(group) => write!(f, "remove the members of {group}"),
            Self::CreateTopic(it) => write!(f, "create topic {}", it.name),
            Self::CreatePartitions { topic, count } => write!(f, "grow {topic} to {count}"),
            Self::AlterConfigs { topic, configs } => {
                write!(f, "set {topic}")?;
                configs.iter().try_for_each(|(name, value)| match value {
                    Some(value) => write!(f, " {name}={value}"),
                    None => write!(f, " {name}"),
                })
            }
            Self::DeleteTopic(topic) => write!(f, "delete topic {topic}"),
            Self::DescribeTopic(topic) => write!(f, "describe topic {topic}"),
            Self::InitProducerId(_) => f.write_str("init producer id"),
            Self::DescribeTransaction(id) => write!(f, "describe transaction {id}"),
            Self::ProduceRaw(raw) => write!(f, "produce to {}", raw.partition),
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
    /// The groups, by name.
    Groups(Vec<ListedGroup>),
    /// The group that was asked for; what it has committed was not.
    Group(DescribedGroup),
    /// The topic that was asked for.
    Topic(TopicDescription),
    /// A producer id and its epoch.
    Producer {
        /// The id.
        id: i64,
        /// The epoch.
        epoch: i16,
    },
    /// Where the transactional id stands.
    Transaction(DescribedTransaction),
    /// Nothing was answered.
    NoAnswer,
    /// It is done.
    Done,
    /// It failed: the protocol's name of the error, or the exception's.
    Failed(&'static str),
    /// Nothing was reset, since the group is in that state.
    NotInactive(&'static str),
    /// Nothing was reset, since the group has committed nothing.
    NothingCommitted,
}

impl AdminReturn {
    /// Why nothing came of the call, if so, in a sentence.
    pub(super) fn refusal(&self, call: &AdminCall) -> Option<String> {
        match (self, call) {
            (Self::NotInactive(state), AdminCall::ResetGroupOffsets { group, .. }) => {
                Some(format!(
                    "assignments can only be reset if the group '{group}' is inactive, but the \
                     current state is {state}"
                ))
            }
            (Self::NothingCommitted, AdminCall::ResetGroupOffsets { group, to, .. }) => {
                Some(format!(
                    "{group} has committed nothing yet; for a partition that it shall begin, \
                     write 'reset {group} to {to} of orders-0'"
                ))
            }
            (Self::Failed(error), AdminCall::AlterConfigs { configs, .. }) => {
                let wrong = |(name, value): &(String, Option<String>)| {
                    let mut settings = TopicSettings::default();
                    let given = value.as_ref()?;
                    settings.configure(name, given).err().map(|it| it.to_string())
                };
                let why = configs.iter().find_map(wrong);
                Some(why.map_or_else(
                    || (*error).to_owned(),
                    |why| format!("{error}: {}", why.trim_start_matches("ConfigException: ")),
                ))
            }
            (Self::Failed(error), _) => Some((*error).to_owned()),
            (_, _) => None,
        }
    }
}

/// Who can serve a request.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Leader(TopicPartition),
    Coordinator(GroupId),
    /// The coordinator of a transactional id.
    Transactions(TransactionalId),
    /// Any broker.
    Any,
    /// That broker.
    Broker(BrokerId),
    Controller,
}

/// What a call has found so far.
#[derive(Clone, Debug, Hash)]
pub(super) enum Progress {
    /// It takes one request, or this is the first.
    First,
    /// The group is not one of the `consumer` protocol.
    NotConsumer,
    /// The brokers up to this one were asked, and know these groups.
    Gathered(BrokerId, Vec<ListedGroup>),
    /// The group has these members.
    Found(Vec<Leaver>),
    /// The group's offsets are being reset.
    Resets(Reset),
}

fn of_controller(asked: Ask) -> (Target, Request) {
    (Target::Controller, Request::Controller(asked))
}

fn of_transaction(request: TransactionRequest) -> (Target, Request) {
    (Target::Transactions(request.id().clone()), Request::Transaction(request))
}

fn of_group(request: GroupRequest) -> (Target, Request) {
    (Target::Coordinator(request.group().clone()), Request::Group(request))
}

impl Progress {
    /// The next request, and who serves it.
    pub(super) fn asks(&self, call: &AdminCall) -> (Target, Request) {
        match call {
            AdminCall::ListOffsets { partition, at } => (
                Target::Leader(partition.clone()),
                Request::ListOffsets { partitions: vec![(partition.clone(), *at)] },
            ),
            AdminCall::DeleteRecords { partition, before } => (
                Target::Leader(partition.clone()),
                Request::DeleteRecords { partition: partition.clone(), before: *before },
            ),
            AdminCall::ListGroups => (Target::Broker(self.next_broker()), Request::ListGroups),
            AdminCall::DescribeGroup(group) | AdminCall::RemoveMembers(group) => {
                of_group(self.asks_group(group.clone()))
            }
            AdminCall::GroupOffsets(group) => {
                let (group, member, partitions) = (group.clone(), None, None);
                of_group(GroupRequest::OffsetFetch { group, member, partitions })
            }
            AdminCall::AlterGroupOffsets { group, offsets } => {
                of_group(GroupRequest::OffsetCommit {
                    member: nobody(group.clone()),
                    offsets: offsets.clone(),
                    how: CommitReason::Application,
                })
            }
            AdminCall::ResetGroupOffsets { group, .. } => match self {
                Self::Resets(reset) => reset.asks(group, nobody(group.clone())),
                Self::First | Self::NotConsumer | Self::Gathered(..) | Self::Found(_) => {
                    of_group(self.asks_group(group.clone()))
                }
            },
            AdminCall::DeleteGroupOffsets { group, partitions } => {
                let (group, partitions) = (group.clone(), partitions.clone());
                of_group(GroupRequest::OffsetDelete { group, partitions })
            }
            AdminCall::DeleteGroup(group) => {
                of_group(GroupRequest::DeleteGroups { group: group.clone() })
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
            AdminCall::InitProducerId(None) => (Target::Any, Request::InitProducerId),
            AdminCall::InitProducerId(Some(id)) => {
                let id = id.clone();
                of_transaction(TransactionRequest::InitProducerId { id, timeout_ms: 60_000 })
            }
            AdminCall::DescribeTransaction(id) => {
                of_transaction(TransactionRequest::Describe { id: id.clone() })
            }
            AdminCall::ProduceRaw(raw) => raw.asks(),
            AdminCall::ElectLeader { partition, election } => of_controller(Ask::ElectLeaders {
                partition: partition.clone(),
                election: *election,
            }),
        }
    }

    /// Which broker is asked next, when each is asked.
    const fn next_broker(&self) -> BrokerId {
        match self {
            Self::Gathered(last, _) => BrokerId(last.0 + 1),
            Self::First | Self::NotConsumer | Self::Found(_) | Self::Resets(_) => BrokerId(1),
        }
    }

    /// What is asked of a group's coordinator next.
    ///
    /// Source: `DescribeConsumerGroupsHandler` tries the `consumer` protocol first.
    fn asks_group(&self, group: GroupId) -> GroupRequest {
        match self {
            Self::First | Self::Gathered(..) | Self::Resets(_) => {
                GroupRequest::ConsumerGroupDescribe { group }
            }
            Self::NotConsumer => GroupRequest::DescribeGroups { group },
            Self::Found(members) => {
                let (members, why) = (members.clone(), LeaveReason::Removed);
                MembershipRequest::Leave { group, members, why }.into()
            }
        }
    }

    /// One more broker told of the groups that it coordinates: all of them, if it was the last.
    fn gathered(
        &mut self,
        (from, brokers): (BrokerId, u16),
        groups: Vec<ListedGroup>,
    ) -> Option<AdminReturn> {
        let mut all = match std::mem::replace(self, Self::First) {
            Self::Gathered(_, all) => all,
            Self::First | Self::NotConsumer | Self::Found(_) | Self::Resets(_) => Vec::new(),
        };
        all.extend(groups);
        if from.0 < brokers {
            *self = Self::Gathered(from, all);
            return None;
        }
        sort_by_key(&mut all, |it| it.group.clone());
        Some(AdminReturn::Groups(all))
    }

    /// What the answer to it means: what the call returns, or nothing if more has to be asked.
    pub(super) fn answered(
        &mut self,
        call: &AdminCall,
        (from, brokers): (BrokerId, u16),
        answer: Answer,
    ) -> Result<Option<AdminReturn>, ErrorCode> {
        let done = |()| Some(AdminReturn::Done);
        if let (Self::Resets(reset), AdminCall::ResetGroupOffsets { to, .. }) = (&mut *self, call) {
            return reset.answered(*to, answer);
        }
        match (call, answer) {
            (_, Answer::ListOffsets(mut found)) => {
                found.pop().map(|(_, it)| it.map(AdminReturn::Offset)).transpose()
            }
            (_, Answer::DeleteRecords(found)) => found.map(|it| Some(AdminReturn::Offset(it))),
            // What was written or refused is not asked for again.
            (_, Answer::Produce(results)) => {
                Ok(results.into_iter().next().map(|(_, it)| match it {
                    Ok(base) => AdminReturn::Offset(base),
                    Err(error) => AdminReturn::Failed(error.as_str()),
                }))
            }
            (_, Answer::InitProducerId(Ok(ProducerId { id, epoch }))) => {
                Ok(Some(AdminReturn::Producer { id, epoch }))
            }
            (_, Answer::DescribeTransaction(found)) => {
                found.map(|it| Some(AdminReturn::Transaction(it)))
            }
            (_, Answer::InitProducerId(Err(error @ ErrorCode::NotCoordinator))) => Err(error),
            (_, Answer::InitProducerId(Err(error))) => {
                Ok(Some(AdminReturn::Failed(error.as_str())))
            }
            (_, Answer::OffsetFetch(found)) => found.map(|it| Some(AdminReturn::Committed(it))),
            (_, Answer::DeleteGroups(it) | Answer::Controller(it)) => it.map(done),
            (_, Answer::OffsetCommit(each)) => of_each(&each),
            (_, Answer::OffsetDelete(each)) => of_each(&each?),
            (_, Answer::LeaveGroup(each)) => each?.into_iter().try_for_each(|it| it).map(done),
            (_, Answer::Metadata(metadata)) => {
                let AdminCall::DescribeTopic(topic) = call else {
                    unreachable!("no call but one asks for the metadata")
                };
                let found = metadata.describe(topic);
                // It is not asked for again: the broker that was asked may know no better.
                Ok(Some(found.map_or(
                    AdminReturn::Failed(UnknownTopicOrPartition.as_str()),
                    AdminReturn::Topic,
                )))
            }
            (_, Answer::ListGroups(groups)) => Ok(self.gathered((from, brokers), groups)),
            (_, Answer::ConsumerGroupDescribe(Err(ErrorCode::GroupIdNotFound))) => {
                *self = Self::NotConsumer;
                Ok(None)
            }
            (_, Answer::ConsumerGroupDescribe(group)) => {
                let group = DescribedGroup::of_consumers(name(call), from, *group?);
                Ok(self.described(call, group))
            }
            // Source: `ConsumerGroupService.resetOffsets` takes a group that is not there as one
            // that nobody is in.
            (
                AdminCall::ResetGroupOffsets { .. },
                Answer::DescribeGroups(Err(ErrorCode::GroupIdNotFound)),
            ) => Ok(self.resets(call, from, "Dead")),
            (_, Answer::DescribeGroups(group)) => {
                let group = DescribedGroup::of_classic(name(call), from, group?);
                Ok(self.described(call, group))
            }
            (_, _) => unreachable!("an answer to something that no call asks"),
        }
    }

    /// The state of a group that is to be reset is known.
    fn resets(
        &mut self,
        call: &AdminCall,
        coordinator: BrokerId,
        state: &'static str,
    ) -> Option<AdminReturn> {
        match Reset::begin(call, coordinator, state) {
            Ok(reset) => {
                *self = Self::Resets(reset);
                None
            }
            Err(state) => Some(AdminReturn::NotInactive(state)),
        }
    }

    /// The group is known: it is what was asked for, or its members are to go.
    fn described(&mut self, call: &AdminCall, group: DescribedGroup) -> Option<AdminReturn> {
        if matches!(call, AdminCall::ResetGroupOffsets { .. }) {
            return self.resets(call, group.coordinator, group.state);
        }
        if !matches!(call, AdminCall::RemoveMembers(_)) {
            return Some(AdminReturn::Group(group));
        }
        if group.members.is_empty() {
            return Some(AdminReturn::Done);
        }
        // Source: `KafkaAdminClient.getMembersFromGroup`: static members go by their instance.
        let members = group.members.into_iter().map(|it| match it.instance {
            Some(instance) => Leaver { member_id: MemberId::default(), instance: Some(instance) },
            None => Leaver { member_id: it.id, instance: None },
        });
        *self = Self::Found(members.collect());
        None
    }
}

/// A partition that is refused is not asked for again, except of another coordinator.
///
/// Source: `AlterConsumerGroupOffsetsHandler`, `DeleteConsumerGroupOffsetsHandler`.
fn of_each(outcomes: &Outcomes<()>) -> Result<Option<AdminReturn>, ErrorCode> {
    match first_error(outcomes) {
        Ok(()) => Ok(Some(AdminReturn::Done)),
        Err(error @ ErrorCode::NotCoordinator) => Err(error),
        Err(error) => Ok(Some(AdminReturn::Failed(error.as_str()))),
    }
}

/// The group that a call is about.
fn name(call: &AdminCall) -> GroupId {
    let (AdminCall::DescribeGroup(group)
    | AdminCall::RemoveMembers(group)
    | AdminCall::ResetGroupOffsets { group, .. }) = call
    else {
        unreachable!("a call that describes no group")
    };
    group.clone()
}

/// Someone who is no member of the group.
fn nobody(group: GroupId) -> MemberOf {
    MemberOf {
        group,
        member_id: MemberId::default(),
        instance: None,
        generation: -1,
        client: "admin".into(),
    }
}
