//! What the application calls on its producer: one call after the other, as one thread does.

use super::handed::Handed;
use super::transactions::TransactionCall;
use super::{Effect, Producer};
use crate::kafka::config::ProducerSettings;
use crate::sim::{Rng, SimDuration, SimTime};
use std::collections::VecDeque;

/// A call of the application.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    /// `send`.
    Send(Handed),
    /// `flush`.
    Flush,
    /// A call about transactions.
    Transact(TransactionCall),
    /// The end of a `try` block: the application learns whether all calls since the last one went
    /// well. Calls after one that failed are not made.
    EndOfBlock,
}

/// The calls that have not returned, and what came of those before.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Calls {
    waiting: VecDeque<Call>,
    /// Whether the first has been tried and cannot be carried out yet.
    blocked: bool,
    /// When the first is given up if it cannot be carried out.
    until: SimTime,
    flushing: bool,
    /// Whether the application makes its calls in blocks, and what failed in this one.
    pub(super) in_blocks: bool,
    failed: Option<&'static str>,
}

impl Calls {
    /// The application makes a call.
    pub(super) fn make(&mut self, now: SimTime, settings: &ProducerSettings, call: Call) {
        if self.waiting.is_empty() {
            self.wait_from(now, settings);
        }
        self.waiting.push_back(call);
    }

    fn wait_from(&mut self, now: SimTime, settings: &ProducerSettings) {
        self.until = now + SimDuration::millis(settings.max_block_ms);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether a record waits for its topic or partition to be known.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// A call about transactions has returned.
    pub(super) fn returned(&mut self, result: Result<(), &'static str>) {
        if let Err(why) = result {
            self.fail(why);
        }
    }

    /// A record was given up. Within a transaction its next call says so.
    ///
    /// Source: `KafkaProducer.send`: its future tells, which the application looks at after
    /// `flush`.
    pub(super) fn record_failed(&mut self, is_transactional: bool, why: &'static str) {
        if !is_transactional {
            self.fail(why);
        }
    }

    fn fail(&mut self, why: &'static str) {
        if self.in_blocks {
            self.failed.get_or_insert(why);
        }
    }

    /// The process is gone, with what it had called.
    pub(super) fn clear(&mut self) {
        *self = Self { in_blocks: self.in_blocks, ..Self::default() };
    }

    /// The producer is closed: records that it has taken still go out, and nothing else is done.
    pub(super) fn close(&mut self) {
        self.waiting.retain(|it| matches!(it, Call::Send(_)));
    }
}

impl Producer {
    fn is_in_call(&self) -> bool {
        self.calls.flushing || self.is_calling()
    }

    /// When the calls that wait are to be looked after.
    pub(super) fn calls_due(&self) -> Option<SimTime> {
        let is_waiting = !self.calls.is_empty() && !self.is_in_call();
        let due = if self.calls.blocked { self.calls.until } else { SimTime::START };
        is_waiting.then_some(due)
    }

    /// Carries out the calls that wait, up to one that does not return at once. A record whose
    /// topic or partition is not known holds up all that comes after it.
    ///
    /// Source: `KafkaProducer.doSend`, `waitOnMetadata`, for up to `max.block.ms`.
    pub(super) fn go_on_calling(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        placement: &mut Rng,
    ) {
        self.calls.flushing &= self.has_anything_to_send();
        self.calls.blocked = false;
        while !self.is_in_call() {
            let Some(call) = self.calls.waiting.pop_front() else { return };
            match call {
                Call::EndOfBlock => self.end_block(fx, now),
                _ if self.calls.failed.is_some() => {}
                Call::Send(handed) => {
                    if self.calls.in_blocks
                        && let Some(why) = self.standing_error()
                    {
                        self.calls.fail(why);
                    } else if self.accept_if_known(fx, now, placement, &handed) {
                        // It lies in its batch.
                    } else if self.calls.until <= now {
                        let why = "TimeoutException: the topic or partition is not known";
                        self.gave_up(fx, handed.message, why);
                    } else {
                        self.calls.waiting.push_front(Call::Send(handed));
                        self.calls.blocked = true;
                        return self.metadata.want();
                    }
                }
                Call::Flush => {
                    self.flush();
                    self.calls.flushing = self.has_anything_to_send();
                }
                Call::Transact(call) => self.call(fx, now, call),
            }
            self.calls.wait_from(now, &self.settings);
        }
    }

    /// Source: `RecordAccumulator.awaitFlushCompletion`.
    fn has_anything_to_send(&self) -> bool {
        let mut queues = self.topics.iter().flat_map(|it| &it.queues);
        queues.any(|it| 0 < it.len()) || !self.in_flight.is_empty()
    }

    fn end_block(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let result = self.calls.failed.take().map_or(Ok(()), Err);
        if self.automatic.is_some() {
            self.automatic_told(fx, now, result);
        } else {
            fx.push(Effect::Told(result));
        }
    }
}
