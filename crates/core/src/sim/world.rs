//! A simulated system together with what is due in it.

use super::events::EventQueue;
use super::rng::Seeds;
use super::time::{SimDuration, SimTime};
use std::fmt;
use std::hash::Hash;

/// A simulated system: some state, and the two doors through which it changes.
pub trait System: Clone + fmt::Debug + Hash {
    /// What a person or a scenario asks of it.
    type Command: Clone + fmt::Debug + PartialEq + fmt::Display;
    /// What is due at an instant: an arrival, a timer.
    type Event: Clone + fmt::Debug + Hash;
    /// What happened, for watching only.
    type Fact: Clone + fmt::Debug + Hash + fmt::Display;

    /// The run begins: whatever the system does by itself at the first instant.
    fn begin(&mut self, cx: &mut Cx<'_, Self>);
    /// Something was asked for.
    fn command(&mut self, cx: &mut Cx<'_, Self>, command: Self::Command);
    /// Something scheduled is due.
    fn event(&mut self, cx: &mut Cx<'_, Self>, event: Self::Event);
}

/// Something that folds the facts of a run into a state of its own, such as a ledger.
///
/// Invariant: it never influences what happens next.
pub trait Watcher<S: System>: Clone + fmt::Debug {
    /// `fact` happened at `at`.
    fn watch(&mut self, at: SimTime, fact: &S::Fact);
}

/// Watches nothing.
impl<S: System> Watcher<S> for () {
    fn watch(&mut self, _: SimTime, _: &S::Fact) {}
}

/// What a system may do while it handles one input: ask the time, draw, schedule, tell.
#[derive(Debug)]
pub struct Cx<'a, S: System> {
    queue: &'a mut EventQueue<S::Event>,
    facts: &'a mut Vec<S::Fact>,
    /// The random streams.
    pub seeds: &'a mut Seeds,
}

impl<S: System> Cx<'_, S> {
    /// The present instant.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.queue.now()
    }

    /// Makes `event` happen after `span`.
    pub fn after(&mut self, span: SimDuration, event: S::Event) {
        let at = self.now() + span;
        self.queue.schedule(at, event);
    }

    /// Makes `event` happen at `at`, which is not in the past.
    pub fn at(&mut self, at: SimTime, event: S::Event) {
        self.queue.schedule(at, event);
    }

    /// Tells whoever watches. Changes nothing.
    pub fn note(&mut self, fact: S::Fact) {
        self.facts.push(fact);
    }
}

/// A system, what is due in it, and its chances. Cloning it is the save format.
#[derive(Clone, Debug, Hash)]
pub struct World<S: System> {
    system: S,
    queue: EventQueue<S::Event>,
    seeds: Seeds,
    /// Facts of the input being handled; empty between inputs.
    facts: Vec<S::Fact>,
}

impl<S: System> World<S> {
    /// A world at its first instant, with what the system does by itself then scheduled.
    #[must_use]
    pub fn new(system: S, seed: u64, watcher: &mut impl Watcher<S>) -> Self {
        Self::new_with(system, seed, &mut |at, fact| watcher.watch(at, fact))
    }

    /// As [`World::new`], and tells each fact to a function.
    #[must_use]
    pub fn new_with(system: S, seed: u64, tell: &mut impl FnMut(SimTime, &S::Fact)) -> Self {
        let queue = EventQueue::default();
        let mut world = Self { system, queue, seeds: Seeds::new(seed), facts: Vec::new() };
        world.input(tell, S::begin);
        world
    }

    /// The system as it is now.
    #[must_use]
    pub fn system(&self) -> &S {
        &self.system
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.queue.now()
    }

    /// What is under way or will be due, soonest first.
    pub fn pending(&self) -> impl Iterator<Item = (SimTime, &S::Event)> {
        self.queue.pending()
    }

    /// When the next thing is due, if anything is.
    #[must_use]
    pub fn next_due(&self) -> Option<SimTime> {
        self.queue.next_due()
    }

    /// Whether nothing more is due at the present instant.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.next_due().is_none_or(|due| self.now() < due)
    }

    /// Runs everything due at or before `to` and rests there.
    pub fn run_until(&mut self, watcher: &mut impl Watcher<S>, to: SimTime) {
        while self.step(watcher, to) {}
        self.rest_until(to);
    }

    /// Moves the present forward to `to`, when nothing is due before it.
    ///
    /// # Panics
    /// If something is still due at or before `to`.
    pub fn rest_until(&mut self, to: SimTime) {
        self.queue.rest_until(to);
    }

    /// Runs the next thing due at or before `limit`. False if there is none.
    pub fn step(&mut self, watcher: &mut impl Watcher<S>, limit: SimTime) -> bool {
        self.step_with(&mut |at, fact| watcher.watch(at, fact), limit)
    }

    /// As [`World::step`], and tells each fact to a function.
    pub fn step_with(&mut self, tell: &mut impl FnMut(SimTime, &S::Fact), limit: SimTime) -> bool {
        let Some(event) = self.queue.pop_until(limit) else { return false };
        self.input(tell, |system, cx| system.event(cx, event));
        true
    }

    /// Asks for something now, after everything that is due, and settles what follows at once.
    pub fn command(&mut self, watcher: &mut impl Watcher<S>, command: S::Command) {
        self.command_with(&mut |at, fact| watcher.watch(at, fact), command);
    }

    /// As [`World::command`], and tells each fact to a function.
    pub fn command_with(&mut self, tell: &mut impl FnMut(SimTime, &S::Fact), command: S::Command) {
        let now = self.now();
        while self.step_with(tell, now) {}
        self.input(tell, |system, cx| system.command(cx, command));
        while self.step_with(tell, now) {}
    }

    fn input(
        &mut self,
        tell: &mut impl FnMut(SimTime, &S::Fact),
        act: impl FnOnce(&mut S, &mut Cx<'_, S>),
    ) {
        let mut cx = Cx { queue: &mut self.queue, facts: &mut self.facts, seeds: &mut self.seeds };
        act(&mut self.system, &mut cx);
        let now = self.queue.now();
        for fact in self.facts.drain(..) {
            tell(now, &fact);
        }
    }
}
