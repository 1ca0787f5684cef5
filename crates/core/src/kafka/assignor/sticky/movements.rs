//! What was moved while balancing, so that nothing moves back and forth between two members.

use crate::kafka::TopicPartition;
use crate::kafka::assignor::slots::PartitionSet;
use crate::map::Map;
use crate::name::TopicName;

/// From one member to another, by their places.
type Way = (usize, usize);

/// What was moved, from its first owner to its present one.
///
/// Source: `AbstractStickyAssignor.PartitionMovements`.
#[derive(Debug, Default)]
pub(super) struct Movements {
    ways: Map<TopicPartition, Way>,
    along: Map<(TopicName, Way), PartitionSet>,
}

impl Movements {
    /// What to move rather than this one, on the way from `from` to `to`: something of the same
    /// topic that came the opposite way, if there is any.
    pub(super) fn instead(
        &self,
        partition: &TopicPartition,
        from: usize,
        to: usize,
    ) -> TopicPartition {
        let origin = self.ways.get(partition).map_or(from, |way| way.0);
        let opposite = (partition.topic.clone(), (to, origin));
        let other = self.along.get(&opposite).and_then(PartitionSet::first);
        other.unwrap_or(partition).clone()
    }

    /// Something moves.
    pub(super) fn record(&mut self, partition: &TopicPartition, from: usize, to: usize) {
        let origin = match self.ways.remove(partition) {
            Some(way) => {
                self.forget(partition, way);
                way.0
            }
            None => from,
        };
        if origin == to {
            return;
        }
        let way = (origin, to);
        self.ways.insert(partition.clone(), way);
        self.along
            .get_or_insert_with((partition.topic.clone(), way), PartitionSet::new)
            .insert(partition.clone());
    }

    fn forget(&mut self, partition: &TopicPartition, way: Way) {
        let key = (partition.topic.clone(), way);
        let Some(set) = self.along.get_mut(&key) else { return };
        set.remove(partition);
        if set.is_empty() {
            self.along.remove(&key);
        }
    }
}
