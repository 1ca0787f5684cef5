//! What publishers hear: that their messages were taken, that the queue is full.

use super::{Asker, Effect, Queue, QueueArguments, Turn};
use crate::sim::SimDuration;

/// How long it takes to write messages to disk.
const WRITE: SimDuration = SimDuration(1);

impl Queue {
    /// Says that a message was taken: at once, or when it is written. So of messages that are sent
    /// together those that need no disk are confirmed first.
    ///
    /// Source: RabbitMQ, "Publisher Confirms", when messages are confirmed; a 3.10.8 server.
    pub(super) fn tell_taken(&mut self, turn: &mut Turn<'_>, asker: Asker, written: bool) {
        if !written {
            turn.fx.push(Effect::Tell(asker, true));
            return;
        }
        if self.unsynced.is_empty() {
            self.write(turn);
        }
        self.unsynced.push(asker);
    }

    /// Rings when what came is written.
    pub(super) fn write(&self, turn: &mut Turn<'_>) {
        turn.fx.push(Effect::Ring(turn.now + WRITE));
    }

    /// What the publishers of a quorum queue are to be told: that it is full, or that there is room
    /// again, which is when it is at most four fifths full. Nothing in between.
    ///
    /// Source: `rabbit_fifo`, `LOW_LIMIT`; case `q-maxlen-reject-quorum`.
    fn word_for_publishers(&self) -> Option<bool> {
        let load = self.load();
        if self.is_over(load) {
            return Some(true);
        }
        let QueueArguments { max_length, max_length_bytes, .. } = &self.arguments;
        let low = |most: &Option<u64>, is: u64| most.is_none_or(|most| is <= most * 4 / 5);
        (low(max_length, load.0) && low(max_length_bytes, load.1)).then_some(false)
    }

    /// The publishers hear of it when it is written, so a quorum queue takes what they send
    /// together.
    ///
    /// Source: `rabbit_fifo_client`, `reject_publish`; a 3.10.8 server.
    pub(super) fn notice_publishers(&self, turn: &mut Turn<'_>) {
        let Some(word) = self.word_for_publishers() else { return };
        if self.publishers.values().any(|told| *told != word) {
            self.write(turn);
        }
    }

    /// Tells them.
    pub(super) fn tell_publishers(&mut self) {
        let Some(word) = self.word_for_publishers() else { return };
        self.publishers.values_mut().for_each(|told| *told = word);
    }
}
