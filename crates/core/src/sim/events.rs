//! What is due, and in which order.

use super::time::SimTime;
use std::collections::BTreeMap;

/// How many events may be pending. Two million is two for each message of the largest workload;
/// a scenario that asks for more is running away.
const MAX_PENDING: usize = 2_000_000;

/// How many events may happen at one instant. A loop with no delay in it would otherwise hang the
/// page without a word.
const MAX_AT_ONE_INSTANT: u32 = 5_000_000;

/// What is due, and in which order.
///
/// Events due at the same instant come out in the order they went in. Without that rule two
/// runs of one seed could differ, so the sequence number is part of the key.
#[derive(Clone, Debug, Hash)]
pub struct EventQueue<E> {
    pending: BTreeMap<(SimTime, u64), E>,
    next_seq: u64,
    /// Invariant: nothing pending is due before `now`.
    now: SimTime,
    at_this_instant: u32,
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self { pending: BTreeMap::new(), next_seq: 0, now: SimTime::START, at_this_instant: 0 }
    }
}

impl<E> EventQueue<E> {
    /// The present instant.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Makes `event` happen at `at`, after everything already due then.
    ///
    /// # Panics
    /// If `at` is in the past, or if a scenario runs away.
    pub fn schedule(&mut self, at: SimTime, event: E) {
        assert!(self.now <= at, "nothing is scheduled in the past");
        assert!(
            self.pending.len() < MAX_PENDING,
            "a scenario has at most 2,000,000 events pending"
        );
        self.pending.insert((at, self.next_seq), event);
        self.next_seq += 1;
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_due(&self) -> Option<SimTime> {
        self.pending.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes out the next event that is due at or before `limit` and moves the present to it.
    ///
    /// # Panics
    /// If more than five million events happen at one instant.
    pub fn pop_until(&mut self, limit: SimTime) -> Option<E> {
        let entry = self.pending.first_entry()?;
        let (at, _) = *entry.key();
        if limit < at {
            return None;
        }
        self.at_this_instant = if at == self.now { self.at_this_instant + 1 } else { 0 };
        assert!(self.at_this_instant < MAX_AT_ONE_INSTANT, "time goes on between events");
        self.now = at;
        Some(entry.remove())
    }

    /// Moves the present forward to `to`, when nothing is due before it.
    ///
    /// # Panics
    /// If something is still due at or before `to`.
    pub fn rest_until(&mut self, to: SimTime) {
        assert!(self.next_due().is_none_or(|due| to < due), "what is due happens first");
        if self.now < to {
            self.now = to;
            self.at_this_instant = 0;
        }
    }

    /// Everything pending, soonest first, with when it is due.
    pub fn pending(&self) -> impl Iterator<Item = (SimTime, &E)> {
        self.pending.iter().map(|((at, _), event)| (*at, event))
    }

    /// How much is pending.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether nothing is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_at_one_instant_keeps_its_order() {
        let mut queue = EventQueue::default();
        for (at, name) in [(2, "late"), (1, "first"), (1, "second")] {
            queue.schedule(SimTime(at), name);
        }
        let mut order = Vec::new();
        while let Some(name) = queue.pop_until(SimTime(5)) {
            order.push((queue.now().0, name));
        }
        assert_eq!(order, [(1, "first"), (1, "second"), (2, "late")]);
    }

    #[test]
    fn the_limit_is_included() {
        let mut queue = EventQueue::default();
        queue.schedule(SimTime(3), ());
        assert_eq!(queue.pop_until(SimTime(2)), None);
        assert_eq!(queue.pop_until(SimTime(3)), Some(()));
    }
}
