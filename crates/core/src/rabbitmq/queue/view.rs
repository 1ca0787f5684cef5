//! A queue, flattened to look at.

use super::{Queue, State, place};
use crate::name::ConsumerName;
use crate::rabbitmq::snapshot::{QueueSnapshot, Slot, SlotState};
use crate::workload::MessageId;

impl Queue {
    /// Which message stands or stood in a place, as long as it is known.
    #[must_use]
    pub fn message_at(&self, arrival: u64) -> Option<MessageId> {
        self.entries.get(place(arrival)).map(|it| it.message.id)
    }

    /// The state at this instant with its newest `slots` places.
    #[must_use]
    pub fn snapshot(&self, slots: usize) -> QueueSnapshot {
        let end = self.entries.end();
        let first = self.entries.start().max(end.saturating_sub(slots));
        let slots: Vec<Slot> =
            (first..end).zip(self.entries.range(first, end)).map(|it| self.slot(it)).collect();
        let shown = |wanted: fn(&SlotState) -> bool| {
            slots.iter().filter(|it| wanted(&it.state)).count() as u64
        };
        let earlier = (
            self.ready.count() - shown(|it| matches!(it, SlotState::Ready)),
            self.counts.unacked - shown(|it| matches!(it, SlotState::Unacked(_))),
        );
        QueueSnapshot {
            name: self.name.clone(),
            ready: self.ready.count(),
            unacked: self.counts.unacked,
            enqueued: end as u64,
            acked: self.counts.acked,
            removed: self.counts.removed,
            slots,
            earlier,
            consumers: u32::try_from(self.consumers.registered())
                .expect("consumers are numbered with 32 bits"),
        }
    }

    fn slot(&self, (arrival, entry): (usize, &super::Entry)) -> Slot {
        let holder = |key| -> ConsumerName { self.consumer_name(key) };
        Slot {
            arrival: arrival as u64,
            message: entry.message.id,
            state: match entry.state {
                State::Ready => SlotState::Ready,
                State::Unacked(key) => SlotState::Unacked(holder(key)),
                State::Acked => SlotState::Acked,
                State::Removed | State::DeadLettering => SlotState::Removed,
            },
            redelivered: entry.redelivered,
            dead_letter: entry
                .message
                .deaths()
                .first()
                .map(|newest| (newest.queue.clone(), newest.reason)),
        }
    }
}
