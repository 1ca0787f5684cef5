//! What everyone knows about the cluster: its topics, and who leads what.
//!
//! Simplified: clients know it from the beginning; there is no `Metadata` request yet.

use super::config::{CleanupPolicy, Config, Topic, TopicSettings};
use super::java::offsets_partition;
use super::{BrokerId, TopicPartition};
use crate::name::TopicName;

/// The topic that holds the groups and their committed offsets.
pub(crate) const OFFSETS_TOPIC: &str = "__consumer_offsets";

/// Topics and leaders.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Metadata {
    /// How many brokers, numbered from 1.
    pub(crate) brokers: u16,
    /// The topics of applications, in the order of the configuration.
    pub(crate) topics: Vec<Topic>,
    /// `__consumer_offsets`.
    pub(crate) offsets: Topic,
}

impl Metadata {
    /// What `config` describes.
    pub(crate) fn new(config: &Config) -> Self {
        // Source: `offsets.topic.segment.bytes`; the topic is compacted.
        let settings = TopicSettings {
            cleanup_policy: CleanupPolicy::Compact,
            segment_bytes: 104_857_600,
            ..TopicSettings::default()
        };
        let partitions = config.broker_settings.offsets_topic_num_partitions.max(1);
        Self {
            brokers: config.brokers.max(1),
            topics: config.topics.clone(),
            offsets: Topic { name: OFFSETS_TOPIC.into(), partitions, settings },
        }
    }

    /// The brokers' numbers.
    pub(crate) fn broker_ids(&self) -> impl Iterator<Item = BrokerId> + use<> {
        (1..=self.brokers).map(BrokerId)
    }

    /// A topic by its name.
    pub(crate) fn topic(&self, name: &TopicName) -> Option<&Topic> {
        let offsets = Some(&self.offsets).filter(|it| it.name == *name);
        self.topics.iter().find(|it| it.name == *name).or(offsets)
    }

    /// The broker that leads a partition: the partitions of a topic go round the brokers.
    ///
    /// Simplified: Kafka begins each topic at a random broker; here at the first.
    pub(crate) fn leader(&self, partition: &TopicPartition) -> BrokerId {
        let turn = partition.partition % u32::from(self.brokers);
        BrokerId(1 + u16::try_from(turn).expect("the turn is below the number of brokers"))
    }

    /// The partition of `__consumer_offsets` that keeps a group.
    pub(crate) fn offsets_partition(&self, group: &str) -> TopicPartition {
        let partition = offsets_partition(group, self.offsets.partitions);
        TopicPartition { topic: self.offsets.name.clone(), partition }
    }

    /// The broker that coordinates a group: the leader of its partition.
    pub(crate) fn coordinator(&self, group: &str) -> BrokerId {
        self.leader(&self.offsets_partition(group))
    }
}
