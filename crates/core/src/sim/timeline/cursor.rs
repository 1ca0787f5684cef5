//! Walking through a run beside the present, without moving it.

use super::{Place, Requests, Timeline};
use crate::sim::time::SimTime;
use crate::sim::world::{System, Watcher, World};
use std::cell::Cell;

/// Somebody who walks forwards through a run and is told what happens on the way.
///
/// Holds for the run as it was when it set out: after a command or an undo, another is needed.
#[derive(Clone, Debug)]
pub struct Cursor<S: System> {
    world: World<S>,
    steps_done: usize,
    commands_done: usize,
}

impl<S: System> Cursor<S> {
    pub(super) fn at<W>(place: &Place<S, W>) -> Self {
        Self {
            world: place.world.clone(),
            steps_done: place.steps_done,
            commands_done: place.commands_done,
        }
    }

    /// The instant up to which it has walked.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.world.now()
    }
}

impl<S: System, W: Watcher<S>> Timeline<S, W> {
    /// A cursor at `at`, where everything of that instant has happened.
    #[must_use]
    pub fn cursor(&self, at: SimTime) -> Cursor<S> {
        let after = self.checkpoints.partition_point(|it| it.world.now() <= at);
        let mut nearest = &self.checkpoints[after.saturating_sub(1)];
        for place in [&self.present, &self.frontier] {
            if (nearest.world.now()..=at).contains(&place.world.now()) {
                nearest = place;
            }
        }
        let mut cursor = Cursor::at(nearest);
        self.walk(&mut cursor, at, |_, _| false);
        cursor
    }

    /// The instant of the last checkpoint before `at`; the beginning if there is none. From there
    /// a walk to `at` is short, however long the run is.
    #[must_use]
    pub fn checkpoint(&self, at: SimTime) -> SimTime {
        self.checkpoints[self.checkpoint_before(at)].world.now()
    }

    /// Walks to `to`, and tells every fact on the way until `tell` has heard enough. True if it
    /// had: then the cursor stands somewhere within the instant of that fact.
    pub fn walk(
        &self,
        cursor: &mut Cursor<S>,
        to: SimTime,
        mut tell: impl FnMut(SimTime, &S::Fact) -> bool,
    ) -> bool {
        let enough = Cell::new(false);
        let mut requests = Requests {
            steps: &self.steps,
            commands: &self.commands,
            steps_done: cursor.steps_done,
            commands_done: cursor.commands_done,
        };
        loop {
            let next = requests.next_at().unwrap_or(SimTime::MAX).min(to);
            let mut hear = |at: SimTime, fact: &S::Fact| enough.set(enough.get() || tell(at, fact));
            while cursor.world.step_with(&mut hear, next) {
                if enough.get() {
                    return true;
                }
            }
            cursor.world.rest_until(next);
            let Some(command) = requests.take(to) else { return false };
            cursor.steps_done = requests.steps_done;
            cursor.commands_done = requests.commands_done;
            cursor.world.command_with(&mut hear, command);
            if enough.get() {
                return true;
            }
        }
    }

    /// When the next thing happens on a cursor's way, if anything does.
    #[must_use]
    pub fn next_due(&self, cursor: &Cursor<S>) -> Option<SimTime> {
        let requests = Requests {
            steps: &self.steps,
            commands: &self.commands,
            steps_done: cursor.steps_done,
            commands_done: cursor.commands_done,
        };
        [cursor.world.next_due(), requests.next_at()].into_iter().flatten().min()
    }
}
