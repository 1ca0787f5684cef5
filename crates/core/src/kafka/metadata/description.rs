//! A topic as the admin client describes it.

use super::{Metadata, Topic};
use crate::kafka::BrokerId;
use crate::name::TopicName;

/// A topic, as `DescribeTopicPartitions` answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopicDescription {
    /// Its name.
    pub name: TopicName,
    /// Its partitions, by their number.
    pub partitions: Vec<PartitionDescription>,
    /// The settings that were given for it, by name, as text.
    pub configs: Vec<(&'static str, String)>,
}

/// A partition, as `DescribeTopicPartitions` answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionDescription {
    /// The leader, if there is one.
    pub leader: Option<BrokerId>,
    /// The term of the leader.
    pub leader_epoch: u32,
    /// Every broker that has it; the first is the preferred leader.
    pub replicas: Vec<BrokerId>,
    /// The replicas in sync.
    pub isr: Vec<BrokerId>,
    /// The eligible leader replicas.
    pub elr: Vec<BrokerId>,
    /// The last leader, while nobody is in sync.
    pub last_known_elr: Vec<BrokerId>,
}

impl Metadata {
    /// A topic as the admin client describes it, if it exists.
    pub(crate) fn describe(&self, name: &TopicName) -> Option<TopicDescription> {
        self.topic(name).map(Topic::describe)
    }
}

impl Topic {
    fn describe(&self) -> TopicDescription {
        let partitions = self.states.iter().map(|it| PartitionDescription {
            leader: it.leader,
            leader_epoch: it.leader_epoch,
            replicas: it.replicas.clone(),
            isr: it.isr.clone(),
            elr: it.elr.clone(),
            last_known_elr: it.last_known_elr.clone(),
        });
        let configs = self.given.iter().filter_map(|it| Some((*it, self.settings.show(it)?)));
        TopicDescription {
            name: self.name.clone(),
            partitions: partitions.collect(),
            configs: configs.collect(),
        }
    }
}
