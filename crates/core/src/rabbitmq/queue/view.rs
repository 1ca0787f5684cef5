//! A queue, flattened to look at.

use super::{ConsumerKey, Queue, QueueType, State, place};
use crate::name::ConsumerName;
use crate::rabbitmq::frame::ChannelId;
use crate::rabbitmq::snapshot::{DeathSnapshot, QueueSnapshot, Slot, SlotState, Standing};
use crate::sim::SimTime;
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
            arguments: self.arguments.clone(),
            ready: self.ready.count(),
            unacked: self.counts.unacked,
            enqueued: end as u64,
            acked: self.counts.acked,
            removed: self.counts.removed,
            reasons: self.told.reasons.iter().map(|(reason, many)| (*reason, *many)).collect(),
            refused: self.told.refused,
            ready_bytes: self.ready_bytes,
            delivery_limit: self.delivery_limit().filter(|_| self.is(QueueType::Quorum)),
            returns: self.told.returns,
            slots,
            earlier,
            next: self.ready.first(),
            consumers: u32::try_from(self.consumers.registered())
                .expect("consumers are numbered with 32 bits"),
            members: None,
        }
    }

    /// How each of its consumers stands, with its channel, if there is anything to tell.
    pub fn standings(&self) -> impl Iterator<Item = (ChannelId, Standing)> {
        let (active, stream) = (self.consumers.active(), self.is(QueueType::Stream));
        let single = self.arguments.single_active_consumer;
        let live = self.consumers.iter().filter(|(_, it)| it.is_consuming());
        live.map(move |(key, it)| {
            let standing = Standing {
                priority: it.priority,
                active: single.then_some(active == Some(key)),
                offset: stream.then_some(it.cursor),
            };
            (it.channel, standing)
        })
    }

    fn slot(&self, (arrival, entry): (usize, &super::Entry)) -> Slot {
        let holder = |key: ConsumerKey| -> ConsumerName { self.consumer_name(key) };
        let arrival = arrival as u64;
        let died = |death: &crate::rabbitmq::message::Death| DeathSnapshot {
            queue: death.queue.clone(),
            reason: death.reason,
            count: death.count,
        };
        Slot {
            arrival,
            message: entry.message.id,
            state: match entry.state {
                State::Ready => SlotState::Ready,
                State::Unacked(key) => SlotState::Unacked(holder(key)),
                State::Acked => SlotState::Acked,
                State::Removed(reason) => SlotState::Removed(reason),
                State::DeadLettering => match self.dead_lettering.get(&arrival) {
                    Some((reason, _)) => SlotState::DeadLettering(*reason),
                    None => SlotState::Removed(None),
                },
            },
            redelivered: entry.redelivered,
            returns: entry.returns,
            priority: self.priority_of(arrival),
            expires: Some(entry.expires).filter(|it| *it < SimTime::MAX),
            deaths: entry.message.deaths().iter().map(died).collect(),
        }
    }
}
