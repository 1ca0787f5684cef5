//! What is known of the cluster: its brokers, its topics, and who leads what.
//!
//! The controller has the truth. Every broker has a copy that it is sent anew with each change,
//! and every client one that it asks a broker for.

mod cached;
pub mod description;

use super::config::{CleanupPolicy, Config, TopicSettings};
use super::java::offsets_partition;
use super::{BrokerId, TopicPartition, config};
use crate::name::{TopicName, TransactionalId};
pub(crate) use cached::Cached;
use std::sync::Arc;

/// The topic that holds the groups and their committed offsets.
pub(crate) const OFFSETS_TOPIC: &str = "__consumer_offsets";
/// The topic that holds the transactional ids and where they stand.
pub(crate) const TRANSACTIONS_TOPIC: &str = "__transaction_state";

/// Brokers, topics and leaders. What a change leaves alone, its next version shares.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Metadata {
    /// Grows with every change: of two copies the one with the greater version is newer.
    pub(crate) version: u64,
    /// How many brokers, numbered from 1.
    pub(crate) brokers: u16,
    /// Whether each of them is reachable, by its place.
    pub(crate) states: Vec<BrokerState>,
    /// The topics of applications, in the order in which they were made.
    pub(crate) topics: Vec<Arc<Topic>>,
    /// `__consumer_offsets`.
    pub(crate) offsets: Arc<Topic>,
    /// `__transaction_state`.
    pub(crate) transactions: Arc<Topic>,
}

/// How the controller sees a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum BrokerState {
    /// It may lead and be in sync.
    Active,
    /// It is shutting down in order: it may do neither any more.
    Stopping,
    /// It is gone, or has not caught up with the metadata since it came back.
    Fenced,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Topic {
    /// Its number: a topic that is deleted and made anew is another one.
    pub(crate) id: u32,
    pub(crate) name: TopicName,
    /// How many partitions it has.
    pub(crate) partitions: u32,
    /// What it is set to.
    pub(crate) settings: TopicSettings,
    /// The names of the settings that were given for it, sorted.
    pub(crate) given: Vec<&'static str>,
    /// Its partitions, by their number.
    pub(crate) states: Vec<Partition>,
}

/// Who has a partition, and who leads it.
///
/// Source: `PartitionRegistration`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Partition {
    /// Every broker that has it; the first is the preferred leader.
    pub(crate) replicas: Vec<BrokerId>,
    /// The replicas in sync, in that order.
    pub(crate) isr: Vec<BrokerId>,
    /// The eligible leader replicas: not in sync, but they have all below the high watermark.
    pub(crate) elr: Vec<BrokerId>,
    /// The last leader, while nobody is in sync.
    pub(crate) last_known_elr: Vec<BrokerId>,
    pub(crate) leader: Option<BrokerId>,
    /// Grows with every change of the leader.
    pub(crate) leader_epoch: u32,
    /// Grows with every change.
    pub(crate) partition_epoch: u32,
}

impl Partition {
    /// A new one, whose first replica in sync leads it.
    pub(crate) fn new(replicas: Vec<BrokerId>, isr: Vec<BrokerId>) -> Self {
        Self {
            leader: isr.first().copied(),
            replicas,
            isr,
            elr: Vec::new(),
            last_known_elr: Vec::new(),
            leader_epoch: 0,
            partition_epoch: 0,
        }
    }
}

impl Metadata {
    /// What `config` describes: all brokers are there, and all topics.
    pub(crate) fn new(config: &Config) -> Self {
        // Source: `offsets.topic.segment.bytes`; the topic is compacted.
        let settings = TopicSettings {
            cleanup_policy: CleanupPolicy::Compact,
            segment_bytes: 104_857_600,
            ..config.broker_settings.topic_defaults()
        };
        let brokers = config.brokers.max(1);
        let copies = |factor: u32| u16::try_from(factor).unwrap_or(brokers).clamp(1, brokers);
        let broker = &config.broker_settings;
        let factor = copies(broker.default_replication_factor);
        let mut topics = Vec::with_capacity(config.topics.len());
        for (it, id) in config.topics.iter().zip(1..) {
            let config::Topic { name, partitions, replication_factor, settings } = it;
            let factor = replication_factor.map_or(factor, copies);
            let topic = Topic::striped(id, name.clone(), *partitions, brokers, factor);
            topics.push(Arc::new(topic.with(settings.clone())));
        }
        // Simplified: the internal topics are there from the beginning, where Kafka makes each
        // when it is first asked for; with as many replicas as there are brokers at most.
        let factor = copies(broker.offsets_topic_replication_factor);
        let partitions = broker.offsets_topic_num_partitions.max(1);
        let offsets = Topic::striped(0, OFFSETS_TOPIC.into(), partitions, brokers, factor);
        let factor = copies(broker.transaction_state_log_replication_factor);
        let partitions = broker.transaction_state_log_num_partitions.max(1);
        let name = TRANSACTIONS_TOPIC.into();
        let transactions = Topic::striped(u32::MAX, name, partitions, brokers, factor);
        Self {
            version: 0,
            brokers,
            states: vec![BrokerState::Active; usize::from(brokers)],
            topics,
            offsets: Arc::new(offsets.with(settings.clone())),
            transactions: Arc::new(transactions.with(settings)),
        }
    }

    /// The brokers' numbers.
    pub(crate) fn broker_ids(&self) -> impl Iterator<Item = BrokerId> + use<> {
        (1..=self.brokers).map(BrokerId)
    }

    /// Whether a broker may lead and be in sync.
    pub(crate) fn is_active(&self, broker: BrokerId) -> bool {
        self.states.get(usize::from(broker.0) - 1) == Some(&BrokerState::Active)
    }

    /// Whether a broker counts as gone.
    pub(crate) fn is_fenced(&self, broker: BrokerId) -> bool {
        self.states.get(usize::from(broker.0) - 1) == Some(&BrokerState::Fenced)
    }

    /// A topic by its name.
    pub(crate) fn topic(&self, name: &TopicName) -> Option<&Topic> {
        self.every_topic().find(|it| it.name == *name).map(|it| &**it)
    }

    /// Every topic, the internal ones last.
    pub(crate) fn every_topic(&self) -> impl Iterator<Item = &Arc<Topic>> {
        self.topics.iter().chain([&self.offsets, &self.transactions])
    }

    /// Who has a partition, and who leads it.
    pub(crate) fn partition(&self, partition: &TopicPartition) -> Option<&Partition> {
        self.topic(&partition.topic)?.states.get(partition.partition as usize)
    }

    /// The broker that leads a partition, if it exists and one does.
    pub(crate) fn leader(&self, partition: &TopicPartition) -> Option<BrokerId> {
        self.partition(partition)?.leader
    }

    /// How many replicas of a partition must be in sync for a write with `acks=all`.
    pub(crate) fn min_isr(&self, partition: &TopicPartition) -> usize {
        let Some(topic) = self.topic(&partition.topic) else { return 1 };
        topic.states.get(partition.partition as usize).map_or(1, |it| topic.min_isr(it))
    }

    /// The partition of `__transaction_state` that keeps a transactional id: chosen as a group's
    /// is.
    pub(crate) fn transactions_partition(&self, id: &TransactionalId) -> TopicPartition {
        let partition = offsets_partition(id.as_str(), self.transactions.partitions);
        TopicPartition { topic: self.transactions.name.clone(), partition }
    }

    /// The partition of `__consumer_offsets` that keeps a group.
    pub(crate) fn offsets_partition(&self, group: &str) -> TopicPartition {
        let partition = offsets_partition(group, self.offsets.partitions);
        TopicPartition { topic: self.offsets.name.clone(), partition }
    }

    /// The broker that coordinates a group: the leader of its partition.
    pub(crate) fn coordinator(&self, group: &str) -> Option<BrokerId> {
        self.leader(&self.offsets_partition(group))
    }
}

impl Topic {
    /// How many replicas of a partition must be in sync: as many as there are at most.
    pub(crate) fn min_isr(&self, state: &Partition) -> usize {
        let wanted = usize::try_from(self.settings.min_insync_replicas).unwrap_or(usize::MAX);
        wanted.min(state.replicas.len())
    }

    /// A topic whose partitions go round the brokers, all of which are in sync.
    fn striped(id: u32, name: TopicName, partitions: u32, brokers: u16, factor: u16) -> Self {
        let all: Vec<BrokerId> = (1..=brokers).map(BrokerId).collect();
        let states = (0..partitions).map(|it| {
            let replicas = striped(&all, it, factor);
            Partition::new(replicas.clone(), replicas)
        });
        let states = states.collect();
        Self { id, name, partitions, settings: TopicSettings::default(), given: Vec::new(), states }
    }

    /// With these settings; those that differ from the defaults count as given.
    fn with(mut self, settings: TopicSettings) -> Self {
        let defaults = TopicSettings::default();
        let given = TopicSettings::SETTINGS.iter().map(|it| it.name);
        self.given = given.filter(|it| settings.show(it) != defaults.show(it)).collect();
        crate::map::sort(&mut self.given);
        self.settings = settings;
        self
    }
}

/// The replicas of partition number `number`: the next brokers in turn.
///
/// Source: `StripedReplicaPlacer`. Simplified: it begins each topic at a random broker, shifts the
/// followers at random and looks at racks; here the first partition begins at the first broker.
pub(crate) fn striped(brokers: &[BrokerId], number: u32, factor: u16) -> Vec<BrokerId> {
    let begin = number as usize % brokers.len();
    (0..usize::from(factor)).map(|it| brokers[(begin + it) % brokers.len()]).collect()
}
