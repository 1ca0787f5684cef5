//! Time: messages that waited too long, queues that nobody uses, dead letters that nobody took.

use super::{Effect, Queue, Turn};
use crate::rabbitmq::config::{DeadLetterStrategy, Overflow, QueueType};
use crate::rabbitmq::fact::Reason;
use crate::rabbitmq::message::Message;
use crate::sim::{SimDuration, SimTime};

/// How often a quorum queue looks whether it is used.
///
/// Source: `rabbit_quorum_queue`, `TICK_TIMEOUT`.
const TICK: SimDuration = SimDuration::seconds(5);

impl Queue {
    /// When a message that arrives now expires: the shorter of what its publisher and the queue
    /// say. A quorum queue lets it live for a millisecond, or nobody could ever take it.
    ///
    /// Source: RabbitMQ, "Time-To-Live and Expiration"; `rabbit_fifo`, `update_expiry_header`;
    /// cases `q-ttl-min-quorum`, `q-ttl0-quorum`.
    pub(super) fn expiry_of(&self, message: &Message, now: SimTime) -> SimTime {
        let own = message.time_to_live();
        let queues = self.arguments.message_ttl_ms.map(|ms| SimDuration(ms.saturating_mul(1_000)));
        let shorter = match (own, queues) {
            (Some(own), Some(queues)) => Some(own.min(queues)),
            (own, queues) => own.or(queues),
        };
        let Some(mut span) = shorter.filter(|_| !self.is(QueueType::Stream)) else {
            return SimTime::MAX;
        };
        if self.is(QueueType::Quorum) {
            span = span.max(SimDuration::millis(1));
        }
        now + span
    }

    /// Removes Ready messages whose time is over, from the head only: what waits behind another
    /// expires when it comes to the head.
    ///
    /// Source: RabbitMQ, "Time-To-Live and Expiration"; `rabbit_amqqueue_process`,
    /// `drop_expired_msgs`; cases `q-ttl-permsg-head-classic`, `q-ttl-permsg-head-quorum`.
    pub(super) fn expire(&mut self, turn: &mut Turn<'_>) {
        while let Some(head) = self.ready.first() {
            if turn.now < self.entry(head).expires {
                break;
            }
            let head = self.take_first().expect("there is a first");
            self.remove(turn, head, Reason::Expired);
        }
        self.head_expires = self.ready.first().map_or(SimTime::MAX, |it| self.entry(it).expires);
    }

    /// A classic queue looks for expired messages after a publish only if the new message is
    /// alone, or if another made room for it. So one that is the first by its priority waits until
    /// the queue looks the next time.
    ///
    /// Source: `rabbit_amqqueue_process`, `deliver_or_enqueue`.
    pub(super) fn expire_after_publish(&mut self, turn: &mut Turn<'_>, dropped: bool) {
        if dropped || self.ready.count() == 1 {
            self.expire(turn);
        }
    }

    /// A quorum queue looks for expired messages before it hands one out.
    pub(super) fn expire_before_get(&mut self, turn: &mut Turn<'_>) {
        if self.is(QueueType::Quorum) {
            self.expire(turn);
        }
    }

    /// A classic queue looks for expired messages after it handed one out: what came to the head
    /// so may have waited too long behind it.
    ///
    /// Source: `rabbit_amqqueue_process`, `fetch`.
    pub(super) fn expire_after_fetch(&mut self, turn: &mut Turn<'_>) {
        if self.is(QueueType::Classic) {
            self.expire(turn);
        }
    }

    /// Declaring it again is a use of a classic queue, and none of a quorum queue.
    ///
    /// Source: cases `q-expires`, `q-expires-quorum`.
    pub(super) fn declared(&mut self, now: SimTime) {
        if self.is(QueueType::Classic) {
            self.used = now;
        }
    }

    /// When nobody has used the queue for too long, if it minds and nobody consumes from it.
    ///
    /// A quorum queue looks only now and then.
    ///
    /// Source: RabbitMQ, "Time-To-Live and Expiration", queue TTL; `rabbit_fifo`, `tick`; cases
    /// `q-expires`, `q-expires-quorum`.
    fn lease_ends(&self) -> Option<SimTime> {
        let span = SimDuration(self.arguments.expires_ms?.saturating_mul(1_000));
        if self.consumer_count() > 0 {
            return None;
        }
        let end = self.used + span;
        if !self.is(QueueType::Quorum) {
            return Some(end);
        }
        let ticks = end.since(self.declared).0 / TICK.0 + 1;
        Some(self.declared + SimDuration(ticks * TICK.0))
    }

    /// When the first unconfirmed dead letter is sent again.
    fn retries(&self) -> Option<SimTime> {
        self.dead_lettering.values().map(|(_, sent)| *sent + self.retry).min()
    }

    pub(super) fn timer_rang(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now;
        self.rings = self.rings.filter(|at| now < *at);
        for asker in std::mem::take(&mut self.unsynced) {
            turn.fx.push(Effect::Tell(asker, true));
        }
        self.tell_publishers();
        if self.lease_ends().is_some_and(|at| at <= now) {
            turn.fx.push(Effect::Delete);
            return;
        }
        if !self.is(QueueType::Classic) || self.head_expires <= now {
            self.expire(turn);
        }
        let retry = self.retry;
        let mut again = Vec::new();
        for (place, (reason, sent)) in &mut self.dead_lettering {
            if *sent + retry <= now {
                *sent = now;
                again.push((*place, *reason));
            }
        }
        for (place, reason) in again {
            let message = self.entry(place).message.clone();
            turn.fx.push(Effect::DeadLetter(message, reason, Some(place)));
        }
    }

    /// Sees to it that the timer rings when something is due.
    pub(super) fn set_timer(&mut self, turn: &mut Turn<'_>) {
        let head = match self.is(QueueType::Classic) {
            true => Some(self.head_expires),
            false => self.ready.first().map(|it| self.entry(it).expires),
        };
        let soonest = [head, self.lease_ends(), self.retries()].into_iter().flatten().min();
        let Some(due) = soonest.filter(|it| *it < SimTime::MAX) else { return };
        // What came to the head late is over already: then at once.
        // Source: `rabbit_amqqueue_process`, `ensure_ttl_timer`; `rabbit_fifo`, `timer_effect`.
        let due = due.max(turn.now);
        if self.rings.is_none_or(|at| due < at) {
            self.rings = Some(due);
            turn.fx.push(Effect::Ring(due));
        }
    }

    /// Whether dead letters are kept until they are taken where they go.
    ///
    /// Source: RabbitMQ, "Quorum Queues", at-least-once dead lettering: only if the queue refuses
    /// what is over its limit; cases `d-at-least-once`, `cfg-at-least-once-drophead`.
    pub(super) fn keeps_dead_letters(&self) -> bool {
        self.is(QueueType::Quorum)
            && self.arguments.dead_letter_strategy == DeadLetterStrategy::AtLeastOnce
            && self.arguments.overflow == Overflow::RejectPublish
    }

    /// A dead letter that was taken is gone; another is sent again later.
    pub(super) fn dead_lettered(&mut self, place: u64, taken: bool) {
        if !taken {
            return;
        }
        if let Some((reason, _)) = self.dead_lettering.remove(&place) {
            self.entry_mut(place).state = super::State::Removed(Some(reason));
            self.counts.removed += 1;
        }
    }
}
