//! What is due, and in which order.

use super::time::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::{Hash, Hasher};

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
///
/// The keys are sorted in a heap and the events lie still in slots beside it: what is moved about
/// while sorting is three words, however large an event is.
#[derive(Clone, Debug)]
pub struct EventQueue<E> {
    /// Soonest on top.
    keys: BinaryHeap<Reverse<Key>>,
    slots: Vec<Option<E>>,
    /// Slots that hold nothing.
    free: Vec<u32>,
    next_seq: u64,
    /// Invariant: nothing pending is due before `now`.
    now: SimTime,
    at_this_instant: u32,
}

/// When an event is due, and where it lies. No two have the same sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    at: SimTime,
    seq: u64,
    slot: u32,
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self {
            keys: BinaryHeap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            next_seq: 0,
            now: SimTime::START,
            at_this_instant: 0,
        }
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
        assert!(self.keys.len() < MAX_PENDING, "a scenario has at most 2,000,000 events pending");
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("there are fewer slots than 2,000,000")
        });
        self.slots[slot as usize] = Some(event);
        self.keys.push(Reverse(Key { at, seq: self.next_seq, slot }));
        self.next_seq += 1;
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_due(&self) -> Option<SimTime> {
        self.keys.peek().map(|Reverse(key)| key.at)
    }

    /// Takes out the next event that is due at or before `limit` and moves the present to it.
    ///
    /// # Panics
    /// If more than five million events happen at one instant.
    pub fn pop_until(&mut self, limit: SimTime) -> Option<E> {
        let at = self.next_due()?;
        if limit < at {
            return None;
        }
        let Reverse(key) = self.keys.pop()?;
        self.at_this_instant = if at == self.now { self.at_this_instant + 1 } else { 0 };
        assert!(self.at_this_instant < MAX_AT_ONE_INSTANT, "time goes on between events");
        self.now = at;
        self.free.push(key.slot);
        let event = self.slots[key.slot as usize].take();
        Some(event.expect("a key's slot holds its event"))
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

    /// Everything pending, soonest first, with when it is due. Sorts: for looking, not for
    /// running.
    pub fn pending(&self) -> impl Iterator<Item = (SimTime, &E)> {
        let mut keys: Vec<Key> = self.keys.iter().map(|Reverse(key)| *key).collect();
        keys.sort_unstable();
        keys.into_iter().map(|key| {
            let event = self.slots[key.slot as usize].as_ref();
            (key.at, event.expect("a key's slot holds its event"))
        })
    }

    /// How much is pending.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether nothing is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// What is pending and in which order, not how it lies in memory.
impl<E: Hash> Hash for EventQueue<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.now.hash(state);
        self.next_seq.hash(state);
        self.len().hash(state);
        for pending in self.pending() {
            pending.hash(state);
        }
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
