//! The order in which Java goes through its hash tables, where an assignor's answer hangs on it.

use crate::kafka::TopicPartition;
use crate::kafka::java::{FIRST_SLOTS, FULL_QUARTERS, hash_code, slot};

/// Partition numbers in the order of a `HashSet<Integer>` that was made for so many.
///
/// Source: `HashSet(Collection)`, whose capacity is a third more than what it is made for.
pub(super) fn in_set_order(mut partitions: Vec<u32>) -> Vec<u32> {
    let slots = (partitions.len() * 4 / FULL_QUARTERS + 1).max(FIRST_SLOTS).next_power_of_two();
    crate::map::sort(&mut partitions);
    crate::map::sort_by_key(&mut partitions, |it| slot(it.cast_signed(), slots));
    partitions
}

/// A `HashSet<TopicPartition>`: what comes first in it depends on how large it once was.
#[derive(Clone, Debug)]
pub(super) struct PartitionSet {
    /// In the order of putting in.
    partitions: Vec<TopicPartition>,
    slots: usize,
}

impl PartitionSet {
    pub(super) const fn new() -> Self {
        Self { partitions: Vec::new(), slots: FIRST_SLOTS }
    }

    /// Puts in one that is not there.
    pub(super) fn insert(&mut self, partition: TopicPartition) {
        self.partitions.push(partition);
        if self.slots * FULL_QUARTERS / 4 < self.partitions.len() {
            self.slots *= 2;
        }
    }

    pub(super) fn remove(&mut self, partition: &TopicPartition) {
        self.partitions.retain(|it| it != partition);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    /// What an iterator gives first.
    ///
    /// Source: `TopicPartition.hashCode`.
    pub(super) fn first(&self) -> Option<&TopicPartition> {
        let hash = |it: &TopicPartition| {
            let number = it.partition.cast_signed().wrapping_add(31);
            number.wrapping_mul(31).wrapping_add(hash_code(it.topic.as_str()))
        };
        self.partitions.iter().min_by_key(|it| slot(hash(it), self.slots))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_numbers_wraps_at_its_capacity() {
        assert_eq!(in_set_order(vec![17, 3, 1, 16]), [16, 1, 17, 3]);
        let twelve: Vec<u32> = (16..28).collect();
        assert_eq!(in_set_order(twelve.clone()), twelve, "made for twelve, it has 32 slots");
    }

    #[test]
    fn a_set_that_grew_stays_large() {
        // The hash of "t" is 116, so t-p lies in the slot of 1,077 + 31 p.
        let mut set = PartitionSet::new();
        for partition in 0..13 {
            set.insert(TopicPartition::new("t", partition));
        }
        for partition in (0..13).filter(|it| ![1, 12].contains(it)) {
            set.remove(&TopicPartition::new("t", partition));
        }
        assert_eq!(set.first(), Some(&TopicPartition::new("t", 12)), "9 of 32 before 20");
        let mut small = PartitionSet::new();
        small.insert(TopicPartition::new("t", 1));
        small.insert(TopicPartition::new("t", 12));
        assert_eq!(small.first(), Some(&TopicPartition::new("t", 1)), "4 of 16 before 9");
    }
}
