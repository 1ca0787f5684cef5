//! One classic queue: what waits in it, who has what, and who is served next.
//!
//! It does not know channels' tags, exchanges or links; it says what should happen, and the node
//! sees to it.

pub mod consumers;
pub mod ready;
#[cfg(test)]
mod scan;
mod view;

use super::config;
use super::fact::{Fact, Reason, RequeueReason};
use super::frame::{AckMode, ChannelId};
use super::message::Message;
use crate::name::{ConsumerName, QueueName};
use crate::sim::{Shelf, SimDuration, SimTime};
use consumers::{ConsumerKey, Consumers};
use ready::Ready;

/// How many places at the end stay known after their messages are gone, so that removal can be
/// seen as an absence. More than any picture draws one by one.
const KEPT_GONE: usize = 512;

/// A queue, `x-queue-type: classic`.
///
/// Simplified: a queue lives in memory alone; writing to disk takes no time. The limit of 200
/// deliveries that are not yet on the socket (`UNSENT_MESSAGE_LIMIT`) is left out.
#[derive(Clone, Debug, Hash)]
pub struct Queue {
    /// Its name.
    pub name: QueueName,
    arguments: config::QueueArguments,
    /// By order of arrival, which never changes: also the order of service.
    entries: Shelf<Entry>,
    ready: Ready,
    /// Everything before it is gone.
    front: usize,
    consumers: Consumers,
    /// When the expiry timer rings; it may ring for nothing.
    rings: Option<SimTime>,
    counts: Counts,
}

/// Where the messages of a queue are.
/// Invariant: with what is Ready they add up to all that ever arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Counts {
    unacked: u64,
    acked: u64,
    removed: u64,
}

/// A place in the queue.
#[derive(Clone, Debug, Hash)]
struct Entry {
    message: Message,
    /// When it expires.
    /// Source: case `q-ttl-classic`: fixed when it arrives, and never reset.
    expires: SimTime,
    state: State,
    redelivered: bool,
}

/// What became of the message in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Ready,
    Unacked(ConsumerKey),
    Acked,
    Removed,
}

/// Something that reached the queue.
#[derive(Clone, Debug, Hash)]
pub enum Input {
    /// An exchange routed a message here.
    Publish(Message),
    /// A consumer registers.
    Consume {
        /// Its channel.
        channel: ChannelId,
        /// Its consumer tag, unique on the channel.
        tag: ConsumerName,
        /// When deliveries to it count as acknowledged.
        mode: AckMode,
        /// How many it may hold; 0 is no limit.
        prefetch_count: u32,
    },
    /// A consumer wants nothing more. It keeps what it holds.
    Cancel {
        /// Its channel.
        channel: ChannelId,
        /// Its consumer tag.
        tag: ConsumerName,
    },
    /// Deliveries to one consumer are settled, in order of their tags.
    Settle(Vec<Settled>, Settlement),
    /// A channel is gone, and with it its consumers; it held these places unacknowledged.
    ChannelClosed(ChannelId, Vec<u64>),
    /// The expiry timer rang.
    Expire,
}

/// A delivery that is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settled {
    /// Its number on its channel.
    pub delivery_tag: u64,
    /// The place it came from.
    pub arrival: u64,
}

/// How a delivery is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Settlement {
    /// It is done.
    Ack,
    /// It goes back to its place.
    Requeue,
    /// It is dead-lettered, or dropped.
    Reject,
}

/// What the queue wants done. It does none of it itself.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a message to a consumer.
    Deliver(Delivery),
    /// Publish a message that just left to the dead-letter exchange.
    DeadLetter(Message, Reason),
    /// Ring at that instant.
    Ring(SimTime),
    /// Tell whoever watches. Changes nothing.
    Note(Fact),
}

/// A message on its way to a consumer.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// On which channel.
    pub channel: ChannelId,
    /// To which consumer.
    pub tag: ConsumerName,
    /// Whether it counts as acknowledged already.
    pub mode: AckMode,
    /// The place it comes from.
    pub arrival: u64,
    /// What.
    pub message: Message,
    /// Whether it was delivered before and came back.
    pub redelivered: bool,
}

impl Queue {
    /// An empty queue.
    #[must_use]
    pub fn new(config: &config::Queue) -> Self {
        Self {
            name: config.name.clone(),
            arguments: config.arguments.clone(),
            entries: Shelf::new(),
            ready: Ready::default(),
            front: 0,
            consumers: Consumers::default(),
            rings: None,
            counts: Counts::default(),
        }
    }

    /// Its arguments.
    #[must_use]
    pub fn arguments(&self) -> &config::QueueArguments {
        &self.arguments
    }

    /// Takes one input and says what should follow, in order.
    ///
    /// What happens in which order within an input is a rule of its own.
    /// Source: `rabbit_amqqueue_process`; cases `q-maxlen0`, `q-maxlen-requeue-classic`.
    pub fn step(&mut self, fx: &mut Vec<Effect>, now: SimTime, input: Input) {
        match input {
            Input::Publish(message) => self.publish(fx, now, message),
            Input::Consume { channel, tag, mode, prefetch_count } => {
                self.consume(fx, channel, tag, mode, prefetch_count);
            }
            Input::Cancel { channel, tag } => self.consumers.cancel(channel, &tag),
            Input::Settle(settled, how) => self.settle(fx, now, settled, how),
            Input::ChannelClosed(channel, held) => self.channel_closed(fx, now, channel, held),
            Input::Expire => self.expiry_rang(fx, now),
        }
        self.forget_gone();
        self.set_expiry_timer(fx);
        self.assert_invariants();
    }

    fn publish(&mut self, fx: &mut Vec<Effect>, now: SimTime, message: Message) {
        let (queue, id) = (self.name.clone(), message.id);
        fx.push(Effect::Note(Fact::Enqueued { queue, message: id }));
        let expires = match self.arguments.message_ttl_ms {
            Some(ms) => now + SimDuration(ms.saturating_mul(1_000)),
            None => SimTime::MAX,
        };
        self.entries.push(Entry { message, expires, state: State::Ready, redelivered: false });
        self.ready.push();
        self.deliver(fx);
        self.drop_head(fx);
        self.expire(fx, now);
    }

    fn consume(
        &mut self,
        fx: &mut Vec<Effect>,
        channel: ChannelId,
        tag: ConsumerName,
        mode: AckMode,
        prefetch_count: u32,
    ) {
        let (queue, consumer) = (self.name.clone(), tag.clone());
        fx.push(Effect::Note(Fact::Consuming { queue, consumer, prefetch_count }));
        self.consumers.join(channel, tag, mode, prefetch_count);
        self.deliver(fx);
    }

    fn settle(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        settled: Vec<Settled>,
        how: Settlement,
    ) {
        for it in settled {
            let State::Unacked(key) = self.entry(it.arrival).state else {
                unreachable!("what a channel settles is unacknowledged in its queue");
            };
            let consumer = self.consumer_name(key);
            // Credit is free before anything is delivered: a consumer alone at the queue gets
            // what it requeued straight back.
            // Source: `rabbit_amqqueue_process`, `subtract_acks`; case `c-nack-hotloop-classic`.
            self.consumers.release(key);
            self.counts.unacked -= 1;
            match how {
                Settlement::Ack => self.ack(fx, it, consumer),
                Settlement::Requeue => {
                    self.put_back(fx, it.arrival, RequeueReason::Returned(consumer));
                }
                Settlement::Reject => self.remove(fx, it.arrival, Reason::Rejected),
            }
        }
        if how == Settlement::Requeue {
            self.drop_head(fx);
            self.expire(fx, now);
        }
        self.deliver(fx);
    }

    fn ack(&mut self, fx: &mut Vec<Effect>, settled: Settled, consumer: ConsumerName) {
        let queue = self.name.clone();
        let entry = self.entry_mut(settled.arrival);
        entry.state = State::Acked;
        let (message, delivery_tag) = (entry.message.id, settled.delivery_tag);
        fx.push(Effect::Note(Fact::Acked { queue, consumer, message, delivery_tag }));
        self.counts.acked += 1;
    }

    fn channel_closed(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        channel: ChannelId,
        mut held: Vec<u64>,
    ) {
        let gone = self.consumers.leave(channel);
        for it in gone.values() {
            let (queue, consumer) = (self.name.clone(), it.tag.clone());
            fx.push(Effect::Note(Fact::ChannelClosed { queue, consumer, requeued: it.held }));
        }
        held.sort_unstable();
        for arrival in held {
            let State::Unacked(key) = self.entry(arrival).state else {
                unreachable!("what a closed channel held is unacknowledged in its queue");
            };
            let consumer = gone.get(&key).expect("who held it was on the channel").tag.clone();
            self.counts.unacked -= 1;
            self.put_back(fx, arrival, RequeueReason::ChannelClosed(consumer));
        }
        self.drop_head(fx);
        self.expire(fx, now);
        self.deliver(fx);
    }

    fn expiry_rang(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        self.rings = self.rings.filter(|at| now < *at);
        self.expire(fx, now);
        self.deliver(fx);
    }

    /// Serves Ready messages in order of arrival while somebody can take one.
    fn deliver(&mut self, fx: &mut Vec<Effect>) {
        while let Some(arrival) = self.ready.first() {
            let Some((key, consumer)) = self.consumers.next_free() else { break };
            let (channel, tag, mode) = (consumer.channel, consumer.tag.clone(), consumer.mode);
            let state = match mode {
                AckMode::Manual => {
                    consumer.held += 1;
                    let within =
                        consumer.prefetch_count == 0 || consumer.held <= consumer.prefetch_count;
                    assert!(within, "prefetch is respected");
                    self.counts.unacked += 1;
                    State::Unacked(key)
                }
                AckMode::Automatic => {
                    self.counts.acked += 1;
                    State::Acked
                }
            };
            self.ready.pop_first();
            let entry = self.entry_mut(arrival);
            assert!(entry.state == State::Ready, "what is served is ready");
            entry.state = state;
            let (message, redelivered) = (entry.message.clone(), entry.redelivered);
            let delivery = Delivery { channel, tag, mode, arrival, message, redelivered };
            fx.push(Effect::Deliver(delivery));
        }
    }

    /// Back to Ready, in the place it always had, so before everything that arrived later.
    ///
    /// Source: cases `c-nack-position-classic`, `c-close-requeue-classic`.
    fn put_back(&mut self, fx: &mut Vec<Effect>, arrival: u64, why: RequeueReason) {
        let queue = self.name.clone();
        let entry = self.entry_mut(arrival);
        entry.state = State::Ready;
        entry.redelivered = true;
        let message = entry.message.id;
        self.ready.put_back(arrival);
        fx.push(Effect::Note(Fact::Requeued { queue, message, why }));
    }

    /// Removes the oldest Ready messages while there are more than `x-max-length`.
    ///
    /// Source: RabbitMQ, "Queue Length Limit": only Ready messages count; case
    /// `q-maxlen-drophead-classic`.
    fn drop_head(&mut self, fx: &mut Vec<Effect>) {
        let Some(most) = self.arguments.max_length else { return };
        while most < self.ready.count() {
            let oldest = self.ready.pop_first().expect("a queue over its limit has a head");
            self.remove(fx, oldest, Reason::MaxLength);
        }
    }

    /// Removes Ready messages whose time is over, from the head only: what waits behind another
    /// expires when it comes to the head.
    ///
    /// Source: RabbitMQ, "Time-To-Live and Expiration"; `rabbit_amqqueue_process`,
    /// `drop_expired_msgs`; case `q-ttl-permsg-head-classic`.
    fn expire(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if self.arguments.message_ttl_ms.is_none() {
            return;
        }
        while let Some(head) = self.ready.first() {
            if now < self.entry(head).expires {
                break;
            }
            self.ready.pop_first();
            self.remove(fx, head, Reason::Expired);
        }
    }

    /// Takes a message out for good: to the dead-letter exchange if one is set, else to nowhere.
    fn remove(&mut self, fx: &mut Vec<Effect>, arrival: u64, reason: Reason) {
        self.counts.removed += 1;
        let (queue, dead_letters) =
            (self.name.clone(), self.arguments.dead_letter_exchange.0.is_some());
        let entry = self.entry_mut(arrival);
        entry.state = State::Removed;
        fx.push(if dead_letters {
            Effect::DeadLetter(entry.message.clone(), reason)
        } else {
            Effect::Note(Fact::Dropped { queue, message: entry.message.id, reason })
        });
    }

    /// Moves the front past what is gone, and forgets what nobody will ask for.
    fn forget_gone(&mut self) {
        let gone = |it: &Entry| matches!(it.state, State::Acked | State::Removed);
        while self.entries.get(self.front).is_some_and(gone) {
            self.front += 1;
        }
        let shown = self.entries.end().saturating_sub(KEPT_GONE);
        self.entries.forget_before(self.front.min(shown));
    }

    /// Sees to it that the timer rings when the head expires.
    fn set_expiry_timer(&mut self, fx: &mut Vec<Effect>) {
        if self.arguments.message_ttl_ms.is_none() {
            return;
        }
        let Some(head) = self.ready.first() else { return };
        let due = self.entry(head).expires;
        if due < SimTime::MAX && self.rings.is_none_or(|at| due < at) {
            self.rings = Some(due);
            fx.push(Effect::Ring(due));
        }
    }

    fn consumer_name(&self, key: ConsumerKey) -> ConsumerName {
        self.consumers.get(key).expect("who holds a message is known").tag.clone()
    }

    fn entry(&self, arrival: u64) -> &Entry {
        self.entries.get(place(arrival)).expect("what is not gone is kept")
    }

    fn entry_mut(&mut self, arrival: u64) -> &mut Entry {
        self.entries.get_mut(place(arrival)).expect("what is not gone is kept")
    }

    fn assert_invariants(&self) {
        let Counts { unacked, acked, removed } = self.counts;
        let all = self.ready.count() + unacked + acked + removed;
        assert!(all == self.entries.end() as u64, "every message is somewhere once");
    }
}

/// An arrival number as an index.
fn place(arrival: u64) -> usize {
    usize::try_from(arrival).expect("a queue's arrivals fit the machine's words")
}
