//! The application in a consumer's process: it works on one message at a time.

use super::client::Delivery;
use super::config::{self, Acks, Limit, OnFailure};
use super::fact::{Fact, Forward, Then};
use super::message::{Address, Message};
use super::queue::Settlement;
use crate::name::{ConsumerName, QueueName};
use crate::sim::{Shelf, SimDuration, SimTime};
use crate::workload::{MessageId, Workload};
use std::sync::Arc;

/// An application that processes messages, one after the other.
#[derive(Clone, Debug, Hash)]
pub struct Application {
    name: ConsumerName,
    queue: QueueName,
    auto_ack: bool,
    acks: Acks,
    on_failure: OnFailure,
    retry_queue: Option<QueueName>,
    limit: Option<Limit>,
    publishes: Option<Arc<Address>>,
    /// What it has done, by message, in a store that outlives the process; nothing if it does
    /// not remember.
    done: Option<Shelf<bool>>,
    /// Where to it moves messages, if it is a tool that does nothing else.
    moves_to: Option<QueueName>,
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    /// Publish that copy of a delivery; whether to acknowledge the delivery when it is confirmed.
    Publish(Delivery, Box<Message>, bool),
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
            retry_queue: config.retry_queue.clone(),
            limit: config.limit.clone(),
            publishes: config.publishes.clone().map(Arc::new),
            done: config.idempotent.then(Shelf::new),
            moves_to: None,
            workload,
            work: None,
            finished: None,
            paused: None,
            timer: 0,
            processed: 0,
        }
    }

    /// Does nothing but move messages to that queue.
    pub fn move_to(&mut self, queue: QueueName) {
        self.moves_to = Some(queue);
    }

    /// Settles by itself from now on, or not.
    pub fn set_auto_ack(&mut self, auto_ack: bool) {
        self.auto_ack = auto_ack;
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
        let (queue, consumer, message) = self.names(&delivery);
        if let Some(to) = &self.moves_to {
            let address = queue_address(to);
            self.forward(fx, &delivery, address, None, true);
            return;
        }
        if self.has_done(message) {
            fx.push(Effect::Note(Fact::Skipped { queue, consumer, message }));
            if !self.auto_ack {
                self.settle(fx, delivery, Settlement::Ack);
            }
            return;
        }
        fx.push(Effect::Note(Fact::Began { queue, consumer, message }));

        let duty = match self.acks {
            _ if self.auto_ack => Duty::Acknowledged,
            Acks::AfterWork | Acks::AfterBatch => Duty::Settle,
            Acks::BeforeWork => {
                fx.push(Effect::Settle(delivery.clone(), Settlement::Ack));
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
        let message = delivery.message;
        if self.workload.message(message).poison {
            return self.fail(fx, delivery, duty);
        }
        let (queue, consumer, _) = self.names(&delivery);
        self.processed += 1;
        self.remember(message);
        fx.push(Effect::Note(Fact::Processed { queue, consumer, message }));
        if let Some(address) = self.publishes.clone().filter(|_| duty != Duty::Void) {
            let (exchange, routing_key) = (address.exchange.clone(), address.routing_key.clone());
            self.tell_forward(fx, &delivery, Forward::Result { exchange, routing_key });
            self.forward(fx, &delivery, address, None, duty == Duty::Settle);
        } else if duty == Duty::Settle {
            self.settle(fx, delivery, Settlement::Ack);
        }
    }

    /// Work on a message failed.
    fn fail(&self, fx: &mut Vec<Effect>, delivery: Delivery, duty: Duty) {
        let (queue, consumer, message) = self.names(&delivery);
        let attempts = delivery.copy.as_ref().map_or(0, |it| it.failures(&self.queue)) + 1;
        let park = self.limit.as_ref().filter(|it| it.attempts <= attempts);
        let retry = self.retry_queue.as_ref().filter(|_| self.on_failure == OnFailure::Publish);
        let forward = match (park, retry) {
            (Some(limit), _) => {
                let to = limit.parking_queue.clone();
                Some((queue_address(&to), Forward::Park { to, attempts }))
            }
            (None, Some(to)) => {
                let (to, attempt) = (to.clone(), attempts + 1);
                Some((queue_address(&to), Forward::Retry { to, attempt }))
            }
            (None, None) => None,
        };
        let (then, settlement) = match self.on_failure {
            _ if duty == Duty::Void => (Then::Nothing, None),
            _ if forward.is_some() => (Then::Publish, None),
            _ if duty == Duty::Acknowledged => (Then::Nothing, None),
            OnFailure::Requeue | OnFailure::Publish => (Then::Requeue, Some(Settlement::Requeue)),
            OnFailure::Reject => (Then::Reject, Some(Settlement::Reject)),
            OnFailure::Ack => (Then::Ack, Some(Settlement::Ack)),
        };
        fx.push(Effect::Note(Fact::Failed { queue, consumer, message, then }));
        if let Some((address, why)) = forward.filter(|_| duty != Duty::Void) {
            self.tell_forward(fx, &delivery, why);
            self.forward(fx, &delivery, address, Some(attempts), duty == Duty::Settle);
        } else if let Some(settlement) = settlement {
            fx.push(Effect::Settle(delivery, settlement));
        }
    }

    /// At once, or with what comes after it.
    fn settle(&mut self, fx: &mut Vec<Effect>, delivery: Delivery, settlement: Settlement) {
        if self.acks == Acks::AfterBatch && settlement == Settlement::Ack {
            self.finished = Some(delivery);
        } else {
            fx.push(Effect::Settle(delivery, settlement));
        }
    }

    fn forward(
        &self,
        fx: &mut Vec<Effect>,
        delivery: &Delivery,
        address: Arc<Address>,
        attempts: Option<u32>,
        settles: bool,
    ) {
        let copy = delivery.copy.as_ref().expect("who publishes keeps what it receives");
        let copy = Box::new(copy.forwarded(address, attempts));
        fx.push(Effect::Publish(delivery.clone(), copy, settles));
    }

    fn tell_forward(&self, fx: &mut Vec<Effect>, delivery: &Delivery, why: Forward) {
        let (queue, consumer, message) = self.names(delivery);
        fx.push(Effect::Note(Fact::Forwarded { queue, consumer, message, why }));
    }

    fn has_done(&self, message: MessageId) -> bool {
        self.done.as_ref().and_then(|it| it.get(message.index())).is_some_and(|it| *it)
    }

    /// Simplified: what it has done and that it is done is stored in one step, as in one
    /// transaction of a database.
    fn remember(&mut self, message: MessageId) {
        let Some(done) = &mut self.done else { return };
        while done.end() <= message.index() {
            done.push(false);
        }
        *done.get_mut(message.index()).expect("the store reaches that far now") = true;
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
            let (queue, consumer, message) = self.names(&work.delivery);
            fx.push(Effect::Note(Fact::LostWith { queue, consumer, message }));
        }
        self.paused = None;
        self.timer += 1;
    }

    fn set_timer(&mut self, fx: &mut Vec<Effect>, at: SimTime) {
        self.timer += 1;
        fx.push(Effect::Ring(at, self.timer));
    }

    fn names(&self, delivery: &Delivery) -> (QueueName, ConsumerName, MessageId) {
        (self.queue.clone(), self.name.clone(), delivery.message)
    }
}

/// The default exchange with the name of a queue.
fn queue_address(queue: &QueueName) -> Arc<Address> {
    Arc::new(Address { exchange: "".into(), routing_key: queue.0.clone() })
}
