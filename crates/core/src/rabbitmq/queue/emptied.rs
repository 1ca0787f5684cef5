//! What empties a queue at once: a purge, a restart, its end.

use super::{Queue, State, Turn};
use crate::map::Map;
use crate::rabbitmq::config::QueueType;
use crate::rabbitmq::fact::Fact;
use crate::sim::SimTime;
use crate::workload::MessageId;

impl Queue {
    /// Source: case `q-purge-delete`: what is Ready is gone, nothing is dead-lettered.
    pub(super) fn purge(&mut self, turn: &mut Turn<'_>) {
        let mut messages = Vec::new();
        while let Some(place) = self.take_first() {
            messages.push(self.entry(place).message.id);
            self.entry_mut(place).state = State::Removed(None);
            self.counts.removed += 1;
        }
        // Source: `rabbit_fifo`, `purge`: dead letters that are kept go too.
        for (place, (reason, _)) in std::mem::take(&mut self.dead_lettering) {
            self.entry_mut(place).state = State::Removed(Some(reason));
            self.counts.removed += 1;
        }
        let queue = self.name.clone();
        turn.note(Fact::Purged { queue, messages });
    }

    /// All messages that are Ready or Unacked, in the order in which they came.
    #[must_use]
    pub fn messages(&self) -> Vec<MessageId> {
        let mut all = Vec::new();
        for it in self.entries.iter() {
            match it.state {
                State::Ready | State::Unacked(..) => all.push(it.message.id),
                State::Acked | State::Removed(_) | State::DeadLettering => {}
            }
        }
        all
    }

    /// What a restart leaves. Whatever was unacknowledged came back when its channel ended.
    ///
    /// Source: cases `q-restart`, `q-restart-unacked`: a classic queue loses what is transient.
    pub(super) fn restart(&mut self, turn: &mut Turn<'_>) {
        self.used = turn.now;
        self.publishers = Map::new();
        self.unsynced = Vec::new();
        if !self.is(QueueType::Classic) {
            return;
        }
        let (mut kept, mut messages) = (Vec::new(), Vec::new());
        while let Some(place) = self.take_first() {
            if self.entry(place).message.is_persistent() {
                kept.push(place);
            } else {
                messages.push(self.entry(place).message.id);
                self.entry_mut(place).state = State::Removed(None);
                self.counts.removed += 1;
            }
        }
        if !messages.is_empty() {
            turn.note(Fact::Forgotten { queue: self.name.clone(), messages });
        }
        for place in kept {
            self.ready_bytes += u64::from(self.entry(place).message.size_bytes);
            self.ready.put_back(place, self.priority_of(place));
        }
        self.head_expires = self.ready.first().map_or(SimTime::MAX, |it| self.entry(it).expires);
    }
}
