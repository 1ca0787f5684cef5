//! What an administrator would be told of a cluster just now.

use super::{Described, DescribedPartition, DescribedTopic};
use crate::kafka::java::{hash_code, slot};
use crate::kafka::metadata::Topic;
use crate::kafka::{Cluster, Offset, TopicPartition};
use crate::map::sort_by_key;

impl Cluster {
    /// What an administrator's tools would be told just now, without the time that their asking
    /// takes.
    #[must_use]
    pub fn described(&self) -> Described {
        let metadata = self.metadata();
        let mut groups = Vec::new();
        let mut brokers = Vec::new();
        for broker in self.brokers().filter(|it| it.is_running()) {
            brokers.push(broker.id());
            groups
                .extend(broker.coordinator().into_iter().flat_map(|it| it.described(broker.id())));
        }
        sort_by_key(&mut groups, |it| it.group.clone());
        let mut topics: Vec<DescribedTopic> =
            metadata.every_topic().map(|it| self.described_topic(it)).collect();
        sort_by_key(&mut topics, |it| it.name.clone());
        Described { groups, topics, brokers }
    }

    fn described_topic(&self, topic: &Topic) -> DescribedTopic {
        let mut configs = Vec::new();
        for name in &topic.given {
            configs.extend(topic.settings.show(name).map(|it| (*name, it)));
        }
        // Source: the recorded case `console-topics`. With eligible leader replicas the minimum
        // is set for the whole cluster, which is no default.
        let least = "min.insync.replicas";
        if !configs.iter().any(|it| it.0 == least) {
            configs.extend(topic.settings.show(least).map(|it| (least, it)));
        }
        sort_by_key(&mut configs, |it| place_in_hash_map(it.0));
        let partitions = topic.states.iter().zip(0..).map(|(it, number)| {
            let partition = TopicPartition::new(topic.name.clone(), number);
            let log = it.leader.and_then(|leader| self.broker(leader).log(&partition));
            DescribedPartition {
                leader: it.leader,
                replicas: it.replicas.clone(),
                isr: it.isr.clone(),
                elr: it.elr.clone(),
                last_known_elr: it.last_known_elr.clone(),
                // Source: case `console-no-commit`: a log without records has the end 0.
                offsets: it.leader.map(|_| {
                    let ends = log.map(|log| (log.log_start(), log.high_watermark()));
                    ends.unwrap_or((Offset(0), Offset(0)))
                }),
                newest: log
                    .and_then(|log| log.of_max_timestamp().filter(|it| *it < log.high_watermark())),
            }
        });
        DescribedTopic {
            name: topic.name.clone(),
            configs,
            min_insync_replicas: topic.settings.min_insync_replicas as usize,
            partitions: partitions.collect(),
        }
    }
}

/// Where a setting stands in the `HashMap` of all settings of a topic, which is the order in
/// which the tool prints those that are given: by slot, and by hash within a slot.
///
/// Source: `org.apache.kafka.clients.admin.Config`, whose 33 entries take 64 slots.
fn place_in_hash_map(name: &str) -> (usize, i32) {
    let hash = hash_code(name);
    (slot(hash, 64), hash ^ (hash.cast_unsigned() >> 16).cast_signed())
}
