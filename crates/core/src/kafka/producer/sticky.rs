//! Where records without a key go: to one partition for a while, then to another.

use super::accumulator::Queue;
use crate::sim::Rng;

/// The sticky choice for one topic.
///
/// Source: `BuiltInPartitioner` (KIP-480, KIP-794).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Sticky {
    partition: Option<usize>,
    /// How many bytes went there since it was chosen.
    appended_bytes: u64,
}

impl Sticky {
    /// The partition for the next record.
    pub(super) fn partition(&mut self, placement: &mut Rng, queues: &[Queue]) -> usize {
        *self.partition.get_or_insert_with(|| choose(placement, queues))
    }

    /// A record made its batch grow by that much. Once enough went there the next record goes
    /// elsewhere: a batch's worth if that batch is full, two in any case. Time has no part in it.
    ///
    /// Source: `BuiltInPartitioner.updatePartitionInfo`.
    pub(super) fn appended(&mut self, bytes: u64, newest_is_full: bool, batch_size: u64) {
        self.appended_bytes += bytes;
        let enough = batch_size <= self.appended_bytes && newest_is_full;
        if enough || 2 * batch_size <= self.appended_bytes {
            *self = Self::default();
        }
    }
}

/// A partition at random; the shorter its queue, the likelier, once every partition has been used
/// and their queues differ.
///
/// Source: `BuiltInPartitioner.nextPartition` and `updatePartitionLoadStats`. Simplified: the
/// queues are measured when the choice is made, not when the sender last looked.
fn choose(placement: &mut Rng, queues: &[Queue]) -> usize {
    let longest = queues.iter().map(Queue::len).max().unwrap_or_default();
    let differ = queues.iter().any(|it| it.len() != longest);
    if !differ || !queues.iter().all(Queue::used) {
        let drawn = placement.below(queues.len() as u64);
        return usize::try_from(drawn).expect("the draw is below a length");
    }
    let weight = |it: &Queue| (longest + 1 - it.len()) as u64;
    let mut left = placement.below(queues.iter().map(weight).sum());
    let chosen = queues.iter().position(|it| match left.checked_sub(weight(it)) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    });
    chosen.expect("the draw is below the sum of the weights")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::message::{Content, NewRecord};
    use crate::kafka::sizes::Lengths;
    use crate::sim::SimTime;
    use crate::workload::MessageId;

    fn queues(lengths: &[u32]) -> Vec<Queue> {
        let filled = |(partition, length): (usize, &u32)| {
            let mut queue = Queue::new(&"t".into(), u32::try_from(partition).unwrap());
            for _ in 0..*length {
                let content = Content::Message(MessageId(1));
                let record = NewRecord { timestamp_ms: 0, content };
                queue.append(SimTime::START, 0, record, Lengths::default());
            }
            queue
        };
        lengths.iter().enumerate().map(filled).collect()
    }

    #[test]
    fn it_stays_until_a_full_batch_or_two_batches_worth() {
        let mut sticky = Sticky { partition: Some(1), appended_bytes: 0 };
        sticky.appended(100, false, 100);
        assert_eq!(sticky.partition, Some(1), "the batch is not full");
        sticky.appended(1, true, 100);
        assert_eq!(sticky, Sticky::default(), "the batch is full");
        let mut sticky = Sticky { partition: Some(1), appended_bytes: 0 };
        sticky.appended(200, false, 100);
        assert_eq!(sticky, Sticky::default(), "two batches' worth");
    }

    #[test]
    fn short_queues_are_likelier() {
        let mut rng = Rng::from_seed(4);
        let queues = queues(&[1, 4, 2]);
        let mut chosen = [0_u32; 3];
        for _ in 0..8_000 {
            chosen[choose(&mut rng, &queues)] += 1;
        }
        for (count, weight) in chosen.iter().zip([4, 1, 3]) {
            let near = weight * 1_000;
            assert!(count.abs_diff(near) < 150, "{count} draws for the weight {weight}");
        }
    }

    #[test]
    fn an_unused_partition_makes_all_equally_likely() {
        let mut rng = Rng::from_seed(4);
        let queues = queues(&[3, 0]);
        let first = (0..4_000).filter(|_| choose(&mut rng, &queues) == 0).count();
        assert!(first.abs_diff(2_000) < 150, "{first} of 4000");
    }
}
