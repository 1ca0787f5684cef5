//! The whole of a queue, walked through: what tests hold that no input should have to pay for.

use super::{AckMode, ChannelId, Queue, State, place};
use std::collections::BTreeMap;

impl Queue {
    /// Walks through the queue and compares it with all that it counts. Returns how many are
    /// unacknowledged.
    pub(crate) fn scan(&self) -> u64 {
        let (mut ready, mut held) = (Vec::new(), BTreeMap::new());
        for (arrival, entry) in (self.entries.start()..).zip(self.entries.iter()) {
            match entry.state {
                State::Ready => ready.push(arrival as u64),
                State::Unacked(key) => *held.entry(key).or_insert(0) += 1,
                State::Acked | State::Removed => {}
            }
        }
        let mut served = Vec::new();
        let mut rest = self.ready.clone();
        while let Some(arrival) = rest.pop_first() {
            served.push(arrival);
        }
        assert_eq!(served, ready, "Ready is served in order of arrival");
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

    /// Whether a consumer on that channel holds what stands in that place.
    pub(crate) fn is_held(&self, arrival: u64, channel: ChannelId) -> bool {
        let entry = self.entries.get(place(arrival)).expect("what is held is kept");
        let State::Unacked(key) = entry.state else { return false };
        self.consumers.get(key).is_some_and(|it| it.channel == channel)
    }
}
