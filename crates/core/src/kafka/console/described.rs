//! What an administrator can know of a cluster.

use crate::kafka::message::GroupDescription;
use crate::kafka::message::consumer_group::DescribedConsumerGroup;
use crate::kafka::{BrokerId, Offset, TopicPartition};
use crate::name::{ConsumerName, GroupId, TopicName};
use std::sync::Arc;

/// A cluster as an administrator's tools see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// The groups, by name.
    pub groups: Vec<DescribedGroup>,
    /// The topics, by name, the internal ones with them.
    pub topics: Vec<DescribedTopic>,
    /// The brokers that are up.
    pub brokers: Vec<BrokerId>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedGroup {
    /// Its name.
    pub group: GroupId,
    /// The broker that coordinates it.
    pub coordinator: BrokerId,
    /// `Classic` or `Consumer`.
    pub kind: &'static str,
    /// Such as `Stable`.
    pub state: &'static str,
    /// The assignor in use; empty if there is none to tell.
    pub assignor: Arc<str>,
    /// The group epoch, in the `consumer` protocol.
    pub epoch: Option<i32>,
    /// The epoch for which the target was computed, in the `consumer` protocol.
    pub target_epoch: Option<i32>,
    /// Its members, as the coordinator lists them.
    pub members: Vec<DescribedMember>,
    /// What it has committed, by topic and partition.
    pub committed: Vec<DescribedOffset>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedMember {
    /// Its member id.
    pub id: Arc<str>,
    /// `group.instance.id`, if it is a static member.
    pub instance: Option<Arc<str>>,
    /// `client.id`.
    pub client: ConsumerName,
    /// Its epoch, in the `consumer` protocol.
    pub epoch: Option<i32>,
    /// In a `consumer` group, whether it speaks that protocol itself.
    pub is_upgraded: Option<bool>,
    /// What it reads, by topic and partition.
    pub reads: Vec<TopicPartition>,
    /// What it is to read, in the `consumer` protocol.
    pub target: Vec<TopicPartition>,
}

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedOffset {
    /// Where.
    pub partition: TopicPartition,
    /// The next offset to read.
    pub offset: Offset,
    /// The leader epoch of the record before it, if the committer knew it.
    pub leader_epoch: Option<i32>,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedTopic {
    /// Its name.
    pub name: TopicName,
    /// Its settings that are told: those that were given for it, by name.
    pub configs: Vec<(&'static str, String)>,
    /// How many replicas must be in sync.
    pub min_insync_replicas: usize,
    /// Its partitions, from 0.
    pub partitions: Vec<DescribedPartition>,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedPartition {
    /// The broker that leads it, if one does.
    pub leader: Option<BrokerId>,
    /// Every broker that has it.
    pub replicas: Vec<BrokerId>,
    /// The replicas in sync.
    pub isr: Vec<BrokerId>,
    /// The eligible leader replicas.
    pub elr: Vec<BrokerId>,
    /// The last leader, while nobody is in sync.
    pub last_known_elr: Vec<BrokerId>,
    /// The log start and the high watermark, as its leader has them.
    pub offsets: Option<(Offset, Offset)>,
    /// Where the greatest timestamp is, as its leader has it.
    pub newest: Option<Offset>,
}

impl Described {
    /// A group by its name.
    pub(super) fn group(&self, name: &str) -> Option<&DescribedGroup> {
        self.groups.iter().find(|it| it.group.as_str() == name)
    }

    /// A topic by its name.
    pub(super) fn topic(&self, name: &str) -> Option<&DescribedTopic> {
        self.topics.iter().find(|it| it.name.as_str() == name)
    }

    /// A partition, if there is one.
    pub(super) fn partition(&self, partition: &TopicPartition) -> Option<&DescribedPartition> {
        self.topic(partition.topic.as_str())?.partitions.get(partition.partition as usize)
    }
}

impl DescribedGroup {
    /// A group of the classic protocol, as its coordinator tells of it.
    pub(in crate::kafka) fn of_classic(
        group: GroupId,
        coordinator: BrokerId,
        told: GroupDescription,
    ) -> Self {
        let members = told.members.into_iter().map(|it| DescribedMember {
            id: it.member_id,
            instance: it.instance,
            client: it.client,
            epoch: None,
            is_upgraded: None,
            reads: it.reads,
            target: Vec::new(),
        });
        Self {
            group,
            coordinator,
            kind: "Classic",
            state: told.state,
            assignor: told.assignor.into(),
            epoch: None,
            target_epoch: None,
            members: members.collect(),
            committed: Vec::new(),
        }
    }

    /// A group of the `consumer` protocol, as its coordinator tells of it.
    pub(in crate::kafka) fn of_consumers(
        group: GroupId,
        coordinator: BrokerId,
        told: DescribedConsumerGroup,
    ) -> Self {
        let members = told.members.into_iter().map(|it| DescribedMember {
            id: it.id.into(),
            instance: it.instance.map(Into::into),
            client: it.client,
            epoch: Some(it.epoch),
            is_upgraded: Some(!it.is_classic),
            reads: it.assigned,
            target: it.target,
        });
        Self {
            group,
            coordinator,
            kind: "Consumer",
            state: told.state,
            assignor: told.assignor.into(),
            epoch: Some(told.epoch),
            target_epoch: Some(told.assignment_epoch),
            members: members.collect(),
            committed: Vec::new(),
        }
    }
}

impl DescribedTopic {
    /// Whether it belongs to the brokers.
    ///
    /// Source: `Topic.isInternal`.
    pub(super) fn is_internal(&self) -> bool {
        matches!(self.name.as_str(), "__consumer_offsets" | "__transaction_state")
    }
}
