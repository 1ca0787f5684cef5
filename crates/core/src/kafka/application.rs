//! The application around a consumer client: it polls, works on one record after the other, and
//! commits where it is told to.
//!
//! Simplified: it logs a commit that failed and goes on, as many applications do.

mod failing;
pub(crate) mod manual;
mod producing;

use super::call::ToCommit;
use super::client::Polled;
use super::config::{self, Commits, OnFailure};
use super::fact::{Fact, Then};
use super::log::Record;
use super::passed_on::{PassesOn, Store};
use super::{Offset, TopicPartition};
use crate::name::{ConsumerName, GroupId};
use crate::sim::{SimDuration, SimTime};
use crate::workload::{MessageId, Workload};
use failing::Passing;
pub(crate) use producing::ProducerCall;
use producing::Producing;
use std::collections::VecDeque;

/// Simplified: an attempt that fails takes at least this long, or a poison record that takes no
/// time would be tried for ever at one instant.
const SHORTEST_FAILURE: SimDuration = SimDuration::millis(1);

/// What reaches an application.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// It begins.
    Start,
    /// The work on a record is done.
    Wake,
    /// `poll` returned.
    Polled(Vec<Polled>),
    /// `commitSync` returned, or threw.
    Committed,
    /// It stops working and polling.
    Pause,
    /// It goes on.
    Resume,
    /// It is asked to come to an end.
    Close,
    /// Its producer has carried out a block of calls, or one of them threw.
    Told(Result<(), &'static str>),
    /// It wants nothing more of what it holds of that partition.
    LetGo(TopicPartition),
}

/// What an application wants done.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Call `poll`.
    Poll,
    /// Leave `poll`.
    StopPolling,
    /// Call `commitSync` for these, or for all positions.
    Commit(ToCommit),
    /// Call `seek`, back to what it has not worked on.
    GiveBack(TopicPartition, Offset),
    /// Call `close`.
    Close,
    /// Call the producer.
    Produce(ProducerCall),
    /// Call `pause` for a partition, or `resume`.
    Rest(TopicPartition, bool),
    /// End with an exception that nobody catches.
    Raise(&'static str),
    /// Tell whoever watches.
    Note(Fact),
}

/// An application.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Application {
    name: ConsumerName,
    group: GroupId,
    commits: Commits,
    on_failure: OnFailure,
    workload: Workload,
    /// What it makes of it, if it makes anything.
    producing: Option<Producing>,
    /// What `poll` returned and is not worked off, a partition's records after the other's.
    held: VecDeque<Polled>,
    /// The place of the next record in the first of them.
    place: usize,
    doing: Doing,
    /// Whether it stands still, and what it is to do when it goes on.
    standing: Standing,
    closing: bool,
    /// How it passes on what it fails on, and the record that it passes on now.
    passes_on: Option<Box<PassesOn>>,
    passing: Option<Passing>,
    /// How often it has tried the first record that it holds.
    tries: u32,
    /// The partitions that rest, and until when.
    aside: Vec<(SimTime, TopicPartition)>,
    /// Whether it remembers what it has done, and while it takes a step, what that is.
    idempotent: bool,
    store: Store,
}

/// What it is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Doing {
    /// It waits in `poll`.
    Polling,
    /// It works on the next record.
    Working {
        /// Since when.
        began: SimTime,
        /// When it will be done.
        done: SimTime,
    },
    /// It waits in `commitSync`, to go on with the next record or to `poll`.
    Committing,
    /// It waits in `close`.
    Closing,
    /// It waits in `initTransactions`.
    Starting,
    /// It waits for what it has sent to be safe, or for its transaction to end.
    Producing,
}

/// Whether it stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Standing {
    /// It does not.
    No,
    /// It does, with nothing in hand but what is listed.
    Still,
    /// It does, in the middle of a record that takes so much longer.
    MidRecord(SimDuration),
}

impl Application {
    /// An application that has not begun.
    pub(crate) fn new(
        name: ConsumerName,
        group: GroupId,
        commits: Commits,
        on_failure: OnFailure,
        workload: Workload,
    ) -> Self {
        Self {
            name,
            group,
            commits,
            on_failure,
            workload,
            producing: None,
            held: VecDeque::new(),
            place: 0,
            doing: Doing::Polling,
            standing: Standing::No,
            closing: false,
            passes_on: None,
            passing: None,
            tries: 0,
            aside: Vec::new(),
            idempotent: false,
            store: Store::default(),
        }
    }

    /// What it does with what it reads beside working on it.
    pub(crate) fn set_up(&mut self, setup: &config::Consumer) {
        self.producing = setup.produces.as_deref().map(Producing::new);
        self.passes_on = setup.passes_on.clone();
        self.idempotent = setup.idempotent;
    }

    /// What it is doing.
    pub(crate) fn doing(&self) -> Doing {
        self.doing
    }

    /// Whether it stands still.
    pub(crate) fn is_paused(&self) -> bool {
        self.standing != Standing::No
    }

    /// The records that it holds and has not finished, next first.
    pub(crate) fn holds(&self) -> impl Iterator<Item = (&Record, &TopicPartition)> {
        self.held.iter().enumerate().flat_map(|(row, it)| {
            let skipped = if row == 0 { self.place } else { 0 };
            it.records()[skipped..].iter().map(|record| (record, &it.partition))
        })
    }

    /// How many these are.
    pub(crate) fn held(&self) -> u64 {
        let all: usize = self.held.iter().map(|it| it.records().len()).sum();
        (all - self.place) as u64
    }

    /// Takes one input and says what should follow, in order.
    pub(crate) fn step(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        store: &mut Store,
        input: Input,
    ) {
        std::mem::swap(store, &mut self.store);
        match input {
            Input::Start => {
                if !self.initialize(fx) {
                    fx.push(Effect::Poll);
                }
            }
            Input::Wake => self.wake(fx, now),
            Input::Polled(polled) => self.polled(fx, now, polled),
            Input::Committed => self.committed(fx, now),
            Input::Pause => self.pause(fx, now),
            Input::Resume => self.resume(fx, now),
            Input::Close => self.close(fx),
            Input::Told(result) => self.told(fx, now, result),
            Input::LetGo(partition) => self.let_go(&partition),
        }
        assert!(
            self.held.front().is_none_or(|it| self.place < it.records().len()),
            "what is held first has a record left"
        );
        std::mem::swap(store, &mut self.store);
    }

    /// When its work is done.
    pub(crate) fn due(&self) -> Option<SimTime> {
        let work = match (self.standing, self.doing) {
            (Standing::No, Doing::Working { done, .. }) => Some(done),
            _ => None,
        };
        self.aside.iter().map(|(until, _)| *until).chain(work).min()
    }

    fn polled(&mut self, fx: &mut Vec<Effect>, now: SimTime, polled: Vec<Polled>) {
        self.held = polled.into();
        (self.place, self.tries) = (0, 0);
        if let Some(it) = &mut self.producing {
            let first = |it: &Polled| Some((it.partition.clone(), it.records().first()?.offset));
            it.begins_at(self.held.iter().filter_map(first).collect());
        }
        if self.commits == Commits::BeforeWork && !self.held.is_empty() {
            self.commit(fx, None);
        } else {
            self.work(fx, now);
        }
    }

    fn commit(&mut self, fx: &mut Vec<Effect>, offsets: ToCommit) {
        self.doing = Doing::Committing;
        fx.push(Effect::Commit(offsets));
    }

    fn committed(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if self.doing == Doing::Committing && self.standing == Standing::No {
            self.go_on(fx, now);
        } else if self.doing == Doing::Committing {
            self.doing = Doing::Polling;
        }
    }

    fn wake(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        self.take_up(fx, now);
        let is_done = matches!(self.doing, Doing::Working { done, .. } if done <= now);
        if is_done && self.standing == Standing::No && self.finish(fx, now) {
            self.go_on(fx, now);
        }
    }

    fn go_on(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if self.closing { self.end(fx) } else { self.work(fx, now) }
    }

    /// Works on record after record until one takes time, a commit is due, or none is left.
    fn work(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        self.put_aside(fx, now);
        while let Some(span) = self.begin(fx) {
            if span != SimDuration::ZERO {
                self.doing = Doing::Working { began: now, done: now + span };
                return;
            }
            if !self.finish(fx, now) {
                return;
            }
            self.put_aside(fx, now);
        }
        self.doing = Doing::Polling;
        fx.push(Effect::Poll);
    }

    /// Begins the next record, if there is one, and says how long it will take.
    fn begin(&mut self, fx: &mut Vec<Effect>) -> Option<SimDuration> {
        if !self.held.is_empty() {
            self.begin_transaction(fx);
        }
        let (record, partition) = self.first()?;
        let Some(message) = record.message() else { return Some(SimDuration::ZERO) };
        if self.is_done(message) {
            return Some(SimDuration::ZERO);
        }
        let (offset, partition) = (record.offset, partition.clone());
        let (group, consumer) = (self.group.clone(), self.name.clone());
        let began = Fact::Began { group, consumer, message, partition, offset };
        fx.push(Effect::Note(began));
        let message = self.workload.message(message);
        let span = SimDuration::micros(u64::from(message.work_us));
        Some(if message.poison { span.max(SHORTEST_FAILURE) } else { span })
    }

    /// The record that is next, or in hand.
    fn first(&self) -> Option<(&Record, &TopicPartition)> {
        let first = self.held.front()?;
        Some((&first.records()[self.place], &first.partition))
    }

    /// The work on the first record that is held is done. Says whether to go on at once.
    fn finish(&mut self, fx: &mut Vec<Effect>, now: SimTime) -> bool {
        let (record, partition) = self.first().expect("work was done on something");
        let (offset, partition) = (record.offset, partition.clone());
        if let Some(message) = record.message() {
            let (group, consumer) = (self.group.clone(), self.name.clone());
            if self.is_done(message) {
                let partition = partition.clone();
                let skipped = Fact::Skipped { group, consumer, message, partition, offset };
                fx.push(Effect::Note(skipped));
            } else if self.workload.message(message).poison {
                match self.failed(fx, now, message, (partition.clone(), offset)) {
                    Then::Retry => return true,
                    Then::PassOn => return false,
                    Then::Skip => {}
                }
            } else {
                let partition = partition.clone();
                let done = Fact::Processed { group, consumer, message, partition, offset };
                fx.push(Effect::Note(done));
                if self.idempotent {
                    self.store.put(message);
                }
                self.produce(fx, message);
            }
        }
        self.leave_behind(fx, partition, offset)
    }

    /// Whether work on a message was done before, as its store knows.
    fn is_done(&self, message: MessageId) -> bool {
        self.idempotent && self.store.has(message)
    }

    /// It is through with the first record that it holds. Says whether to go on at once.
    fn leave_behind(
        &mut self,
        fx: &mut Vec<Effect>,
        partition: TopicPartition,
        offset: Offset,
    ) -> bool {
        self.advance();
        let offsets = match self.commits {
            Commits::AfterRecord => Some(vec![(partition, offset.next().into())]),
            Commits::AfterBatch if self.held.is_empty() => None,
            Commits::Never | Commits::BeforeWork | Commits::AfterBatch => return true,
        };
        if !self.see_through(fx, offsets.clone()) {
            self.commit(fx, offsets);
        }
        false
    }

    /// On to the next record.
    fn advance(&mut self) {
        self.tries = 0;
        self.place += 1;
        if self.held.front().is_some_and(|it| it.records().len() == self.place) {
            self.held.pop_front();
            self.place = 0;
        }
    }

    /// What it holds of a partition goes, but for the record in hand.
    fn let_go(&mut self, partition: &TopicPartition) {
        let in_hand = match self.doing {
            Doing::Working { .. } => self.held.pop_front(),
            Doing::Polling
            | Doing::Committing
            | Doing::Closing
            | Doing::Starting
            | Doing::Producing => None,
        };
        self.held.retain(|it| it.partition != *partition);
        if let Some(mut first) = in_hand {
            if first.partition == *partition {
                first.keep(self.place);
                self.place = 0;
            }
            self.held.push_front(first);
        } else {
            self.place = 0;
        }
    }

    fn pause(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        self.standing = match self.doing {
            Doing::Working { done, .. } => Standing::MidRecord(done.since(now)),
            Doing::Polling
            | Doing::Committing
            | Doing::Closing
            | Doing::Starting
            | Doing::Producing => Standing::Still,
        };
        if self.doing == Doing::Polling {
            fx.push(Effect::StopPolling);
        }
    }

    fn resume(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let standing = std::mem::replace(&mut self.standing, Standing::No);
        match (standing, self.doing) {
            (Standing::MidRecord(left), Doing::Working { began, .. }) => {
                self.doing = Doing::Working { began, done: now + left };
            }
            (Standing::Still, Doing::Polling) => self.go_on(fx, now),
            _ => {}
        }
    }

    /// It finishes the record in hand, unless it stands still, and then comes to an end.
    fn close(&mut self, fx: &mut Vec<Effect>) {
        if self.doing == Doing::Closing {
            return;
        }
        self.closing = true;
        let is_busy = matches!(
            self.doing,
            Doing::Working { .. } | Doing::Committing | Doing::Starting | Doing::Producing
        );
        if self.standing != Standing::No || !is_busy {
            self.standing = Standing::No;
            self.end(fx);
        }
    }

    /// Gives back what it holds, commits if it commits by the batch, and closes its client.
    ///
    /// Simplified: an application that is removed seeks back to the first record that it has not
    /// worked on, so that `close` commits what was done and no more.
    fn end(&mut self, fx: &mut Vec<Effect>) {
        for (row, it) in self.held.iter().enumerate() {
            let first = &it.records()[if row == 0 { self.place } else { 0 }];
            fx.push(Effect::GiveBack(it.partition.clone(), first.offset));
        }
        self.held.clear();
        self.place = 0;
        let commits = self.commits == Commits::AfterBatch && self.doing != Doing::Committing;
        if commits && self.see_through(fx, None) {
            // It comes here again when that is done.
        } else if commits && self.doing != Doing::Producing {
            self.commit(fx, None);
        } else {
            self.doing = Doing::Closing;
            fx.push(Effect::Close);
        }
    }

    /// The message it works on now, since when and until when.
    pub(crate) fn work_in_hand(&self) -> Option<(MessageId, SimTime, SimTime)> {
        let Doing::Working { began, done } = self.doing else { return None };
        let (record, _) = self.first()?;
        Some((record.message()?, began, done))
    }
}
