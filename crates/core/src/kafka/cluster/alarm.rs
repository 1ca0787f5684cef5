//! When machines are woken.

use crate::sim::SimTime;

/// How often a machine may be woken at one instant. What was due is done when it was woken, but
/// may make something else due at once: a few times, not for ever.
const MOST_WAKES: u32 = 16;

/// When a machine will be woken.
///
/// Machines say when they are next due rather than arming timers, so nothing has to be cancelled:
/// an alarm that comes too early finds nothing to do.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Alarm {
    /// The wake-ups under way, latest first. Invariant: strictly falling.
    set: Vec<SimTime>,
    /// When it was last woken, and how often at that instant.
    last: (SimTime, u32),
}

impl Alarm {
    /// Makes sure of a wake-up at `due` or before, or now if that is over. Says when to make a
    /// new one.
    pub(super) fn set(&mut self, now: SimTime, due: Option<SimTime>) -> Option<SimTime> {
        let due = due?.max(now);
        if self.set.last().is_some_and(|it| *it <= due) {
            return None;
        }
        self.set.push(due);
        Some(due)
    }

    /// The wake-up at `now` has come.
    pub(super) fn rings(&mut self, now: SimTime) {
        let rung = self.set.pop();
        assert!(rung == Some(now), "wake-ups come in the order of their time");
        let count = if self.last.0 == now { self.last.1 + 1 } else { 0 };
        assert!(count < MOST_WAKES, "time goes on between what a machine does by itself");
        self.last = (now, count);
    }
}
