//! A run that can be watched at any instant, forwards and backwards, and changed at any instant.

use super::time::SimTime;
use super::world::{System, Watcher, World};

mod cursor;

pub use cursor::Cursor;

/// How many checkpoints are kept at most. When there are more, every second one goes and the
/// distance between them doubles, so memory stays bounded however long the run is.
const MAX_CHECKPOINTS: usize = 64;

/// How many events lie between two checkpoints at first. Replaying so many takes a millisecond or
/// two, so a seek in a short run is never felt.
const FIRST_SPACING: u64 = 2_048;

/// A world, what was folded from its facts so far, and how many commands it has seen.
#[derive(Clone, Debug)]
struct Place<S: System, W> {
    world: World<S>,
    watcher: W,
    /// How many of the timeline's steps and commands have been carried out.
    steps_done: usize,
    commands_done: usize,
    /// How many events have happened since the beginning.
    events: u64,
}

/// A run that can be watched at any instant, forwards and backwards, and changed at any instant.
///
/// Only the steps, the commands and the seed are stored as truth; every world is derived from
/// them. Checkpoints are a cache: dropping all but the first changes nothing but speed.
///
/// Two places move independently: the present, which is looked at, and the frontier, up to which
/// the run has been explored ahead, so that what will happen can be marked on a scrubber.
///
/// Invariant: the present is settled. Nothing is due at its instant; commands act after all that
/// is due, steps before commands.
#[derive(Clone, Debug)]
pub struct Timeline<S: System, W: Watcher<S>> {
    present: Place<S, W>,
    frontier: Place<S, W>,
    /// What the system told when the run began, before the first checkpoint.
    opening: Vec<S::Fact>,
    /// Oldest first. Invariant: never empty, and the first is the beginning.
    checkpoints: Vec<Place<S, W>>,
    /// How many events lie between two checkpoints.
    spacing: u64,
    /// What the scenario asks for, in order of time. Never changes.
    steps: Vec<(SimTime, S::Command)>,
    /// What the person asked for, in order of time.
    commands: Vec<(SimTime, S::Command)>,
}

impl<S: System, W: Watcher<S>> Timeline<S, W> {
    /// A run at its first instant. `steps` are the scenario's own, in order of time.
    ///
    /// # Panics
    /// If the steps are not in order.
    #[must_use]
    pub fn new(system: S, seed: u64, watcher: W, steps: Vec<(SimTime, S::Command)>) -> Self {
        assert!(steps.is_sorted_by_key(|(at, _)| *at), "steps are in order of time");
        let mut watcher = watcher;
        let mut opening = Vec::new();
        let world = World::new_with(system, seed, &mut |at, fact: &S::Fact| {
            watcher.watch(at, fact);
            opening.push(fact.clone());
        });
        let beginning = Place { world, watcher, steps_done: 0, commands_done: 0, events: 0 };
        let mut timeline = Self {
            present: beginning.clone(),
            frontier: beginning.clone(),
            opening,
            checkpoints: vec![beginning],
            spacing: FIRST_SPACING,
            steps,
            commands: Vec::new(),
        };
        timeline.seek(SimTime::START);
        timeline
    }

    /// The world at the present instant.
    #[must_use]
    pub fn world(&self) -> &World<S> {
        &self.present.world
    }

    /// What was folded from all facts up to the present.
    #[must_use]
    pub fn watcher(&self) -> &W {
        &self.present.watcher
    }

    /// What was folded from all facts up to where the run has been explored.
    #[must_use]
    pub fn explored_watcher(&self) -> &W {
        &self.frontier.watcher
    }

    /// The world at the instant up to which the run has been explored.
    #[must_use]
    pub fn explored_world(&self) -> &World<S> {
        &self.frontier.world
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.present.world.now()
    }

    /// Up to which instant the run has been explored ahead.
    #[must_use]
    pub fn explored(&self) -> SimTime {
        self.frontier.world.now()
    }

    /// What the person asked for, in order of time.
    #[must_use]
    pub fn commands(&self) -> &[(SimTime, S::Command)] {
        &self.commands
    }

    /// Moves the present to `to`, forwards or backwards.
    pub fn seek(&mut self, to: SimTime) {
        if self.explored() <= to {
            self.explore(to, u64::MAX);
            self.present = self.frontier.clone();
            return;
        }
        let nearest = &self.checkpoints[self.checkpoint_before(to)];
        if to < self.now() || self.now() < nearest.world.now() {
            self.present = nearest.clone();
        }
        let mut never = |_: &Place<S, W>, _| false;
        Self::advance(&self.steps, &self.commands, &mut self.present, to, &mut never);
    }

    /// Explores the run ahead, up to `to` or for about `budget` events, whichever comes first,
    /// without moving the present. True once `to` is reached.
    pub fn explore(&mut self, to: SimTime, budget: u64) -> bool {
        let Self { frontier, checkpoints, spacing, steps, commands, .. } = self;
        let limit = frontier.events.saturating_add(budget);
        let mut save = |place: &Place<S, W>| {
            let last = checkpoints.last().map_or(0, |it| it.events);
            if last + *spacing <= place.events {
                checkpoints.push(place.clone());
            }
            if MAX_CHECKPOINTS < checkpoints.len() {
                let mut keep = false;
                checkpoints.retain(|_| {
                    keep = !keep;
                    keep
                });
                *spacing *= 2;
            }
        };
        Self::advance(steps, commands, frontier, to, &mut |place, settled| {
            if settled {
                save(place);
            }
            limit <= place.events && settled
        })
    }

    /// Asks for something at the present instant. Whatever the person had asked for later is
    /// forgotten; the scenario's own later steps stay.
    pub fn command(&mut self, command: S::Command) {
        let now = self.now();
        self.commands.truncate(self.commands.partition_point(|(at, _)| *at <= now));
        self.commands.push((now, command));
        // What was derived beyond the present, or at its very instant, no longer holds.
        self.checkpoints.retain(|it| it.world.now() < now || it.events == 0);
        Self::advance(&self.steps, &self.commands, &mut self.present, now, &mut |_, _| false);
        self.frontier = self.present.clone();
    }

    /// Forgets the person's last command and everything after it. The present stays where it is,
    /// or as it would be without it. False if there was none.
    pub fn undo(&mut self) -> bool {
        let Some((at, _)) = self.commands.pop() else { return false };
        let now = self.now();
        self.checkpoints.retain(|it| it.world.now() < at || it.events == 0);
        let nearest = self.checkpoint_before(at);
        self.present = self.checkpoints[nearest].clone();
        self.frontier = self.present.clone();
        self.seek(now);
        true
    }

    /// Tells every fact since the beginning, up to and with `to`, in order.
    pub fn replay_all(&self, to: SimTime, mut tell: impl FnMut(SimTime, &S::Fact)) {
        for fact in &self.opening {
            tell(SimTime::START, fact);
        }
        let mut cursor = Cursor::at(&self.checkpoints[0]);
        self.walk(&mut cursor, to, |at, fact| {
            tell(at, fact);
            false
        });
    }

    /// The last checkpoint at or before `to`, as it was before any command at that instant.
    fn checkpoint_before(&self, to: SimTime) -> usize {
        let after = self.checkpoints.partition_point(|it| it.world.now() < to);
        after.saturating_sub(1)
    }

    /// Runs `place` up to `to`, carrying out what is asked for on the way. `stop` is asked after
    /// each event, and told whether the place is settled there; true if `to` was reached.
    fn advance(
        steps: &[(SimTime, S::Command)],
        commands: &[(SimTime, S::Command)],
        place: &mut Place<S, W>,
        to: SimTime,
        stop: &mut impl FnMut(&Place<S, W>, bool) -> bool,
    ) -> bool {
        loop {
            let mut requests = Requests {
                steps,
                commands,
                steps_done: place.steps_done,
                commands_done: place.commands_done,
            };
            let next = requests.next_at().unwrap_or(SimTime::MAX).min(to);
            while place.world.step(&mut place.watcher, next) {
                place.events += 1;
                let settled = place.world.is_settled();
                if stop(place, settled) {
                    return false;
                }
            }
            place.world.rest_until(next);
            let Some(command) = requests.take(to) else { return true };
            place.steps_done = requests.steps_done;
            place.commands_done = requests.commands_done;
            place.world.command(&mut place.watcher, command);
        }
    }
}

/// What is still to be asked for, steps before commands at one instant.
struct Requests<'a, C> {
    steps: &'a [(SimTime, C)],
    commands: &'a [(SimTime, C)],
    steps_done: usize,
    commands_done: usize,
}

impl<C: Clone> Requests<'_, C> {
    /// When the next one is.
    fn next_at(&self) -> Option<SimTime> {
        let step = self.steps.get(self.steps_done).map(|(at, _)| *at);
        let command = self.commands.get(self.commands_done).map(|(at, _)| *at);
        [step, command].into_iter().flatten().min()
    }

    /// The next one, if it is at or before `to`.
    fn take(&mut self, to: SimTime) -> Option<C> {
        let next = self.next_at().filter(|at| *at <= to)?;
        match self.steps.get(self.steps_done) {
            Some((at, step)) if *at == next => {
                self.steps_done += 1;
                Some(step.clone())
            }
            Some(_) | None => {
                let (_, command) = &self.commands[self.commands_done];
                self.commands_done += 1;
                Some(command.clone())
            }
        }
    }
}

#[cfg(test)]
mod tests;
