//! The application in a consumer's process: it works on one message at a time.

use super::client::Delivery;
use super::config::{self, Acks, OnFailure};
use super::fact::{Fact, Then};
use super::queue::Settlement;
use crate::name::{ConsumerName, QueueName};
use crate::sim::{SimDuration, SimTime};
use crate::workload::Workload;

/// An application that processes messages, one after the other.
#[derive(Clone, Debug, Hash)]
pub struct Application {
    name: ConsumerName,
    queue: QueueName,
    auto_ack: bool,
    acks: Acks,
    on_failure: OnFailure,
    workload: Workload,
    work: Option<Work>,
    /// The last one it is done with and has not acknowledged, with all before it, because it
    /// acknowledges a batch at once.
    finished: Option<Delivery>,
    /// Since when it is paused.
    paused: Option<SimTime>,
    /// Which timer is meant: one of a work that was interrupted rings for nothing.
    timer: u32,
    processed: u64,
}

/// A message that is being worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Work {
    /// What.
    pub delivery: Delivery,
    /// Since when, not counting pauses.
    pub began: SimTime,
    /// When it will be done, if nothing comes between.
    pub done: SimTime,
    duty: Duty,
}

/// What the broker still has to hear about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Duty {
    /// How it went.
    Settle,
    /// Nothing: it counts as acknowledged.
    Acknowledged,
    /// Nothing: the channel is gone, and the broker gives the message to somebody again.
    Void,
}

/// Something that the application has to deal with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// Work on that.
    Begin(Delivery),
    /// Nothing else has arrived to work on.
    BatchDone,
    /// A timer rang.
    Done(u32),
    /// Stop working.
    Pause,
    /// Go on.
    Resume,
    /// What was delivered on the channel cannot be settled any longer.
    ChannelGone,
    /// The process is gone.
    Die,
}

/// What the application wants done. It does none of it itself.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Settle a delivery.
    Settle(Delivery, Settlement),
    /// Acknowledge a delivery and all before it.
    AckUpTo(Delivery),
    /// Ring at that instant with that number.
    Ring(SimTime, u32),
    /// Tell whoever watches. Changes nothing.
    Note(Fact),
}

impl Application {
    /// An application that has nothing to do yet.
    #[must_use]
    pub fn new(config: &config::Consumer, workload: Workload) -> Self {
        Self {
            name: config.name.clone(),
            queue: config.queue.clone(),
            auto_ack: config.settings.auto_ack,
            acks: config.acks,
            on_failure: config.on_failure,
            workload,
            work: None,
            finished: None,
            paused: None,
            timer: 0,
            processed: 0,
        }
    }

    /// Whether it would take a message now.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.work.is_none() && !self.is_paused()
    }

    /// Whether it is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// What it works on, paused or not.
    #[must_use]
    pub fn work(&self) -> Option<&Work> {
        self.work.as_ref()
    }

    /// How many messages it has finished, in all its lives.
    #[must_use]
    pub fn processed(&self) -> u64 {
        self.processed
    }

    /// Takes one input and says what should follow, in order.
    pub fn step(&mut self, fx: &mut Vec<Effect>, now: SimTime, input: Input) {
        match input {
            Input::Begin(delivery) => self.begin(fx, now, delivery),
            Input::BatchDone => fx.extend(self.finished.take().map(Effect::AckUpTo)),
            Input::Done(timer) if timer == self.timer => self.finish(fx),
            Input::Done(_) => {}
            Input::Pause => self.pause(now),
            Input::Resume => self.resume(fx, now),
            Input::ChannelGone => self.channel_gone(),
            Input::Die => self.die(fx),
        }
    }

    fn begin(&mut self, fx: &mut Vec<Effect>, now: SimTime, delivery: Delivery) {
        assert!(self.is_idle(), "an application works on one message at a time");
        let (queue, consumer, message) = self.names(delivery);
        fx.push(Effect::Note(Fact::Began { queue, consumer, message }));

        let duty = match self.acks {
            _ if self.auto_ack => Duty::Acknowledged,
            Acks::AfterWork | Acks::AfterBatch => Duty::Settle,
            Acks::BeforeWork => {
                fx.push(Effect::Settle(delivery, Settlement::Ack));
                Duty::Acknowledged
            }
        };
        let work_us = u64::from(self.workload.message(delivery.message).work_us);
        let done = now + SimDuration::micros(work_us);
        self.work = Some(Work { delivery, began: now, done, duty });
        self.set_timer(fx, done);
    }

    fn finish(&mut self, fx: &mut Vec<Effect>) {
        let Work { delivery, duty, .. } =
            self.work.take().expect("the timer that counts rings for a message being worked on");
        let (queue, consumer, message) = self.names(delivery);
        let failed = self.workload.message(message).poison;
        let settlement = match self.on_failure {
            _ if !failed => Settlement::Ack,
            OnFailure::Requeue => Settlement::Requeue,
            OnFailure::Reject => Settlement::Reject,
            OnFailure::Ack => Settlement::Ack,
        };
        let then = match (duty, settlement) {
            (Duty::Acknowledged | Duty::Void, _) => Then::Nothing,
            (Duty::Settle, Settlement::Ack) => Then::Ack,
            (Duty::Settle, Settlement::Requeue) => Then::Requeue,
            (Duty::Settle, Settlement::Reject) => Then::Reject,
        };
        fx.push(Effect::Note(if failed {
            Fact::Failed { queue, consumer, message, then }
        } else {
            self.processed += 1;
            Fact::Processed { queue, consumer, message }
        }));
        if duty != Duty::Settle {
            return;
        }
        if self.acks == Acks::AfterBatch && settlement == Settlement::Ack {
            self.finished = Some(delivery);
        } else {
            fx.push(Effect::Settle(delivery, settlement));
        }
    }

    fn pause(&mut self, now: SimTime) {
        self.paused = Some(now);
        self.timer += 1;
    }

    /// What was left of the work on a message when the pause began is left now.
    fn resume(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let since = self.paused.take().expect("only a paused application goes on");
        let Some(work) = &mut self.work else { return };
        let pause = now.since(since);
        work.began += pause;
        work.done += pause;
        let done = work.done;
        self.set_timer(fx, done);
    }

    fn channel_gone(&mut self) {
        self.finished = None;
        if let Some(work) = self.work.as_mut().filter(|it| it.duty == Duty::Settle) {
            work.duty = Duty::Void;
        }
    }

    fn die(&mut self, fx: &mut Vec<Effect>) {
        self.finished = None;
        let work = self.work.take();
        if let Some(work) = work.filter(|it| it.duty == Duty::Acknowledged) {
            let (queue, consumer, message) = self.names(work.delivery);
            fx.push(Effect::Note(Fact::LostWith { queue, consumer, message }));
        }
        self.paused = None;
        self.timer += 1;
    }

    fn set_timer(&mut self, fx: &mut Vec<Effect>, at: SimTime) {
        self.timer += 1;
        fx.push(Effect::Ring(at, self.timer));
    }

    fn names(&self, delivery: Delivery) -> (QueueName, ConsumerName, crate::workload::MessageId) {
        (self.queue.clone(), self.name.clone(), delivery.message)
    }
}
