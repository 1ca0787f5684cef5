//! The whole of a queue, walked through: what tests hold that no input should have to pay for.

use super::{AckMode, ChannelId, Queue, QueueType, State, place};
use std::cmp::Reverse;
use std::collections::BTreeMap;

impl Queue {
    /// Walks through the queue and compares it with all that it counts. Returns how many are
    /// unacknowledged.
    pub(crate) fn scan(&self) -> u64 {
        let (mut ready, mut held, mut bytes) = (Vec::new(), BTreeMap::new(), 0);
        for (arrival, entry) in (self.entries.start()..).zip(self.entries.iter()) {
            match entry.state {
                State::Ready => {
                    ready.push(arrival as u64);
                    bytes += u64::from(entry.message.size_bytes);
                }
                State::Unacked(key) => *held.entry(key).or_insert(0) += 1,
                State::DeadLettering => {
                    let arrival = arrival as u64;
                    assert!(self.dead_lettering.contains_key(&arrival), "kept letters are known");
                }
                State::Acked | State::Removed(_) => {}
            }
        }
        self.scan_order(ready);
        assert_eq!(self.ready_bytes, bytes, "the queue counts bytes right");
        for (key, count) in &held {
            let consumer = self.consumers.get(*key).expect("who holds something is known");
            assert_eq!(consumer.held, *count, "a consumer holds what the queue says");
            let limit = consumer.prefetch_count;
            assert!(limit == 0 || *count <= limit, "prefetch is respected");
            assert_eq!(consumer.mode, AckMode::Manual, "only manual acknowledgement holds");
        }
        let unacked = held.values().map(|it| u64::from(*it)).sum();
        assert_eq!(self.counts.unacked, unacked, "the queue counts right");
        unacked
    }

    /// What is Ready is served once each: in a classic queue by priority and then by arrival.
    fn scan_order(&self, mut ready: Vec<u64>) {
        let mut served = Vec::new();
        let mut rest = self.ready.clone();
        while let Some(arrival) = rest.pop_first() {
            served.push(arrival);
        }
        match self.arguments.queue_type {
            QueueType::Classic => {
                ready.sort_by_key(|it| (Reverse(self.priority_of(*it)), *it));
            }
            QueueType::Quorum | QueueType::Stream => served.sort_unstable(),
        }
        assert_eq!(served, ready, "Ready is served in its order");
    }

    /// Whether a consumer on that channel holds what stands in that place.
    pub(crate) fn is_held(&self, arrival: u64, channel: ChannelId) -> bool {
        let entry = self.entries.get(place(arrival)).expect("what is held is kept");
        let State::Unacked(key) = entry.state else { return false };
        self.consumers.get(key).is_some_and(|it| it.channel == channel)
    }
}
