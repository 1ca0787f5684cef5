//! One queue: what waits in it, who has what, and who is served next.
//!
//! It does not know channels' tags, exchanges or links; it says what should happen, and the node
//! sees to it. What happens in which order within an input is a rule of its own: see
//! [`Queue::step`].

mod answers;
pub mod consumers;
mod emptied;
pub mod expiry;
pub mod limits;
pub mod ready;
#[cfg(test)]
mod scan;
mod serve;
mod settle;
mod stream;
mod view;

use super::config::{self, Overflow, QueueArguments, QueueType, Version};
use super::fact::{Fact, Reason};
use super::frame::{AckMode, ChannelId};
use super::message::Message;
use crate::map::{Map, Set};
use crate::name::{ConsumerName, QueueName};
use crate::sim::{Shelf, SimDuration, SimTime};
use crate::workload::MessageId;
use consumers::{ConsumerKey, Consumers, Joining, Leaves};
use limits::ChannelLimits;
use ready::{Lines, Ready};

/// How many places at the end stay known after their messages are gone, so that removal can be
/// seen as an absence. More than any picture draws one by one.
const KEPT_GONE: usize = 512;

/// A queue.
///
/// Simplified: a queue lives in memory alone; writing to disk takes a microsecond. The limit of 200
/// deliveries that are not yet on the socket (`UNSENT_MESSAGE_LIMIT`) is left out, and so is the
/// credit of at most 2,000 that a quorum queue gives to a consumer without a prefetch.
#[derive(Clone, Debug, Hash)]
pub struct Queue {
    /// Its name.
    pub name: QueueName,
    arguments: QueueArguments,
    version: Version,
    /// By order of arrival, which never changes.
    entries: Shelf<Entry>,
    ready: Ready,
    /// What the bodies of the ready messages have together.
    ready_bytes: u64,
    /// Everything before it is gone.
    front: usize,
    consumers: Consumers,
    /// When a timer rings; it may ring for nothing.
    rings: Option<SimTime>,
    declared: SimTime,
    /// When it was last used, as `x-expires` counts it.
    used: SimTime,
    /// After how long an unconfirmed dead letter is sent again.
    retry: SimDuration,
    /// When the newest chunk of a stream came.
    chunk_at: SimTime,
    /// When the head expires, as a classic queue knew it when it looked last.
    head_expires: SimTime,
    /// Who is told that a message was taken as soon as it is on disk.
    unsynced: Vec<Asker>,
    /// Dead letters that a quorum queue keeps until they are confirmed: why, and when they were
    /// sent last.
    dead_lettering: Map<u64, (Reason, SimTime)>,
    /// The channels that ever published to a quorum queue which refuses when it is full, and
    /// whether they have been told so.
    publishers: Map<ChannelId, bool>,
    counts: Counts,
    told: Told,
}

/// Where the messages of a queue are.
/// Invariant: with what is Ready or kept as a dead letter they add up to all that ever arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Counts {
    unacked: u64,
    acked: u64,
    removed: u64,
}

/// What only those who watch want to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Told {
    /// How many left for each reason.
    reasons: Map<Reason, u64>,
    /// How many were refused, and the last of them.
    refused: (u64, Option<MessageId>),
    /// How often a message came back to a quorum queue.
    returns: u64,
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
    /// How often it came back. Only quorum queues count.
    returns: u32,
    /// How many messages of its chunk stand before it. Only streams have chunks.
    into_chunk: u32,
}

/// What became of the message in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Ready,
    Unacked(ConsumerKey),
    Acked,
    /// For that reason; without one, it was purged or lost in a restart.
    Removed(Option<Reason>),
    /// It waits until the queue that it is dead-lettered to confirms it.
    DeadLettering,
}

/// Who wants to know whether a queue took a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asker {
    /// A channel, under that publish number.
    Channel(ChannelId, u64),
    /// Another queue, for the dead letter from that place.
    DeadLetter(super::node::QueueId, u64),
}

/// Something that reached the queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// An exchange routed a message here.
    Publish {
        /// What.
        message: Message,
        /// From which channel, if from one.
        from: Option<ChannelId>,
        /// Who wants to know whether it is taken.
        asker: Option<Asker>,
    },
    /// A consumer registers.
    Consume(Joining),
    /// Somebody wants one message.
    Get(Joining),
    /// A consumer wants nothing more. It keeps what it holds.
    Cancel {
        /// Its channel.
        channel: ChannelId,
        /// Its consumer tag.
        tag: ConsumerName,
    },
    /// Deliveries to one consumer are settled, in order of their tags.
    Settle(Vec<Settled>, Settlement),
    /// A channel is gone, and with it its consumers; it held these unacknowledged.
    ChannelClosed(ChannelId, Vec<Settled>),
    /// A channel can take messages again: its shared prefetch has room.
    Resume(ChannelId),
    /// What is Ready is to go.
    Purge,
    /// It was declared again.
    Declared,
    /// Whether the dead letter from a place was taken where it went.
    DeadLettered(u64, bool),
    /// The broker started again. All channels are closed.
    Restart,
    /// A timer rang.
    Expire,
}

/// A delivery that is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settled {
    /// Its number on its channel.
    pub delivery_tag: u64,
    /// The place it came from.
    pub arrival: u64,
    /// Who has it.
    pub consumer: ConsumerKey,
}

/// How a delivery is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Settlement {
    /// It is done.
    Ack,
    /// It goes back to the queue.
    Requeue,
    /// It is dead-lettered, or dropped.
    Reject,
}

/// What the queue wants done. It does none of it itself.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a message to a consumer.
    Deliver(Delivery),
    /// Answer a get with a message, and how many Ready ones are left.
    Got(Delivery, u64),
    /// Answer a get with nothing.
    Empty(ChannelId),
    /// Publish a message that just left to the dead-letter exchange. The place, if the queue keeps
    /// it until it is taken there.
    DeadLetter(Message, Reason, Option<u64>),
    /// Say whether a message was taken.
    Tell(Asker, bool),
    /// Ring at that instant.
    Ring(SimTime),
    /// Delete the queue: nobody used it for so long, or its last consumer is gone.
    Delete,
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
    /// The same, as the queue knows it.
    pub consumer: ConsumerKey,
    /// Whether it counts as acknowledged already.
    pub mode: AckMode,
    /// The place it comes from.
    pub arrival: u64,
    /// What.
    pub message: Message,
    /// Whether it was delivered before and came back.
    pub redelivered: bool,
}

/// One input being handled: the present, what was decided, and the limits of channels.
struct Turn<'a> {
    fx: &'a mut Vec<Effect>,
    now: SimTime,
    limits: &'a mut ChannelLimits,
    /// Where among the effects a quorum queue puts its next dead letter.
    last_word: Option<usize>,
}

impl Turn<'_> {
    fn note(&mut self, fact: Fact) {
        self.fx.push(Effect::Note(fact));
    }
}

impl Queue {
    /// An empty queue.
    #[must_use]
    pub fn new(config: &config::Queue, broker: &config::BrokerSettings, now: SimTime) -> Self {
        let arguments = config.arguments.clone();
        let quorum = arguments.queue_type == QueueType::Quorum;
        let leaves = if quorum { Leaves::WhenFull } else { Leaves::WhenTried };
        let takes_over = quorum && broker.version == Version::V4_0;
        Self {
            name: config.name.clone(),
            version: broker.version,
            entries: Shelf::new(),
            ready: match arguments.queue_type {
                QueueType::Classic | QueueType::Stream => Ready::Classic(Map::new()),
                QueueType::Quorum => Ready::Quorum(Lines::default()),
            },
            ready_bytes: 0,
            front: 0,
            consumers: Consumers::new(leaves, arguments.single_active_consumer, takes_over),
            rings: None,
            declared: now,
            used: now,
            chunk_at: SimTime::MAX,
            head_expires: SimTime::MAX,
            unsynced: Vec::new(),
            retry: SimDuration::millis(broker.dead_letter_retry_ms),
            dead_lettering: Map::new(),
            publishers: Map::new(),
            counts: Counts::default(),
            told: Told::default(),
            arguments,
        }
    }

    /// Its arguments.
    #[must_use]
    pub fn arguments(&self) -> &QueueArguments {
        &self.arguments
    }

    /// How many messages are Ready.
    #[must_use]
    pub fn ready(&self) -> u64 {
        self.ready.count()
    }

    /// How many dead letters it keeps until they are taken where they go.
    #[must_use]
    pub fn dead_lettering(&self) -> u64 {
        self.dead_lettering.len() as u64
    }

    /// How many messages are delivered and not acknowledged.
    #[must_use]
    pub fn unacked(&self) -> u64 {
        self.counts.unacked
    }

    /// How many consumers there are. A quorum queue counts whoever holds something, too.
    ///
    /// Source: cases `c-get-quorum`, `q-maxlen-requeue-quorum`.
    #[must_use]
    pub fn consumer_count(&self) -> u64 {
        let count = match self.arguments.queue_type {
            QueueType::Classic | QueueType::Stream => self.consumers.registered(),
            QueueType::Quorum => self.consumers.iter().count(),
        };
        count as u64
    }

    /// The channels and tags of its consumers.
    pub fn consumers(&self) -> impl Iterator<Item = (ChannelId, &ConsumerName)> {
        let live = self.consumers.iter().filter(|(_, it)| it.is_consuming());
        live.map(|(_, it)| (it.channel, &it.tag))
    }

    /// Whether it ever had a consumer.
    #[must_use]
    pub fn had_consumers(&self) -> bool {
        self.consumers.had_any()
    }

    /// Whether one of its consumers wants nobody beside it.
    #[must_use]
    pub fn is_in_exclusive_use(&self) -> bool {
        self.consumers.iter().any(|(_, it)| it.exclusive && it.is_consuming())
    }

    const fn is(&self, kind: QueueType) -> bool {
        matches!(
            (self.arguments.queue_type, kind),
            (QueueType::Classic, QueueType::Classic)
                | (QueueType::Quorum, QueueType::Quorum)
                | (QueueType::Stream, QueueType::Stream)
        )
    }

    /// Takes one input and says what should follow, in order.
    ///
    /// What happens in which order within an input is a rule of its own. A classic queue gives a
    /// new message to consumers, then drops what is over its limit, then what has expired; what
    /// comes back meets the limits first. A quorum queue drops what has expired, serves, and then
    /// looks at its limit, whatever the input was.
    ///
    /// Source: `rabbit_amqqueue_process`; `rabbit_fifo`, `checkout`; cases `q-maxlen0`,
    /// `q-maxlen-requeue-classic`, `q-ttl0-quorum`.
    pub fn step(
        &mut self,
        fx: &mut Vec<Effect>,
        limits: &mut ChannelLimits,
        now: SimTime,
        input: Input,
    ) {
        let turn = &mut Turn { fx, now, limits, last_word: None };
        // Source: case `q-sac-classic`: up to 3.13 a classic queue does not look after a cancel
        // whether another is to be served.
        let quiet = matches!(input, Input::Cancel { .. }) && self.version == Version::V3_10;
        // The readers of a stream hear of a message when it is written.
        let unwritten = matches!(input, Input::Publish { .. }) && self.is(QueueType::Stream);
        let rests = unwritten || (quiet && self.is(QueueType::Classic));
        match input {
            Input::Publish { message, from, asker } => self.publish(turn, message, from, asker),
            Input::Consume(joining) => self.consume(turn, joining),
            Input::Get(joining) => self.get(turn, joining),
            Input::Cancel { channel, tag } => self.cancel(turn, channel, &tag),
            Input::Settle(settled, how) => self.settle(turn, &settled, how),
            Input::ChannelClosed(channel, held) => self.channel_closed(turn, channel, &held),
            Input::Resume(channel) => self.consumers.unblock(channel),
            Input::Purge => self.purge(turn),
            Input::Declared => self.declared(now),
            Input::DeadLettered(place, taken) => self.dead_lettered(place, taken),
            Input::Restart => self.restart(turn),
            Input::Expire => self.timer_rang(turn),
        }
        if !rests {
            self.run(turn);
        }
        self.forget_gone();
        self.set_timer(turn);
        self.assert_invariants();
    }

    /// What follows every input.
    fn run(&mut self, turn: &mut Turn<'_>) {
        match self.arguments.queue_type {
            QueueType::Classic => self.deliver(turn),
            QueueType::Quorum => {
                self.deliver(turn);
                self.drop_head(turn);
                self.notice_publishers(turn);
            }
            QueueType::Stream => self.read_on(turn),
        }
    }

    fn publish(
        &mut self,
        turn: &mut Turn<'_>,
        message: Message,
        from: Option<ChannelId>,
        asker: Option<Asker>,
    ) {
        if self.refuses(&message, from) {
            turn.fx.extend(asker.map(|it| Effect::Tell(it, false)));
            let (queue, id) = (self.name.clone(), message.id);
            turn.note(Fact::PublishRefused { queue, message: id });
            self.told.refused = (self.told.refused.0 + 1, Some(id));
            if self.arguments.overflow == Overflow::RejectPublishDlx
                && self.arguments.dead_letter_exchange.0.is_some()
            {
                turn.fx.push(Effect::DeadLetter(message, Reason::MaxLength, None));
            }
            return;
        }
        let mut written = message.is_persistent() || !self.is(QueueType::Classic);
        let place = self.enqueue(turn, message);
        if self.is(QueueType::Classic) {
            self.deliver(turn);
            let QueueArguments { message_ttl_ms, dead_letter_exchange, .. } = &self.arguments;
            let discards = *message_ttl_ms == Some(0) && dead_letter_exchange.0.is_none();
            written &= self.entry(place).state != State::Acked && !discards;
            let dropped = self.drop_head(turn);
            self.expire_after_publish(turn, dropped);
        }
        if self.is(QueueType::Stream) && self.entry(place).into_chunk == 0 {
            self.write(turn);
        }
        if let Some(asker) = asker {
            self.tell_taken(turn, asker, written);
        }
    }

    /// Puts a message behind the others and says which place that is.
    fn enqueue(&mut self, turn: &mut Turn<'_>, message: Message) -> u64 {
        let (queue, id) = (self.name.clone(), message.id);
        turn.note(Fact::Enqueued { queue, message: id });
        let expires = self.expiry_of(&message, turn.now);
        let returns = if self.brings_count() { message.returns } else { 0 };
        let (size, redelivered) = (message.size_bytes, returns > 0);
        let (state, into_chunk) = (State::Ready, self.place_in_chunk(turn.now));
        let place =
            self.entries.push(Entry { message, expires, state, redelivered, returns, into_chunk })
                as u64;
        self.ready_bytes += u64::from(size);
        self.ready.push(place, self.priority_of(place));
        place
    }

    /// Whether a message that is dead-lettered from one quorum queue to another brings along how
    /// often it came back.
    ///
    /// Source: `rabbit_fifo` 4.0; case `d-count-quorum`.
    fn brings_count(&self) -> bool {
        self.is(QueueType::Quorum) && self.version == Version::V4_0
    }

    /// The priority that a message has here.
    ///
    /// Source: cases `q-priority`, `q-priority-quorum`: clamped to `x-max-priority`, ignored
    /// without it; quorum queues know two classes from 4.0 on.
    fn priority_of(&self, place: u64) -> u8 {
        let priority = self.entry(place).message.priority().unwrap_or(0);
        match (self.arguments.queue_type, self.version) {
            (QueueType::Classic, _) => {
                let most = self.arguments.max_priority.unwrap_or(0);
                priority.min(u8::try_from(most).unwrap_or(u8::MAX))
            }
            (QueueType::Quorum, Version::V4_0) => priority,
            (QueueType::Quorum, Version::V3_10) | (QueueType::Stream, _) => 0,
        }
    }

    /// Takes a message out for good: to the dead-letter exchange if one is set, else to nowhere.
    fn remove(&mut self, turn: &mut Turn<'_>, place: u64, reason: Reason) {
        let (queue, now) = (self.name.clone(), turn.now);
        let dead_letters = self.arguments.dead_letter_exchange.0.is_some();
        let brings_count = self.brings_count();
        let kept = dead_letters && self.keeps_dead_letters();
        let entry = self.entry_mut(place);
        let mut message = entry.message.clone();
        if brings_count {
            message.returns = entry.returns;
        }
        entry.state = if kept { State::DeadLettering } else { State::Removed(Some(reason)) };
        *self.told.reasons.get_or_default(reason) += 1;
        if kept {
            self.dead_lettering.insert(place, (reason, now));
        } else {
            self.counts.removed += 1;
        }
        if !dead_letters {
            turn.note(Fact::Dropped { queue, message: message.id, reason });
            return;
        }
        // Of what a quorum queue has too much of at once, the last one is published first.
        // Source: `rabbit_fifo`, `evaluate_limit`; a 3.10.8 server.
        let reverses = self.is(QueueType::Quorum) && !kept && reason == Reason::MaxLength;
        let end = turn.fx.len();
        let at = if reverses { *turn.last_word.get_or_insert(end) } else { end };
        turn.fx.insert(at, Effect::DeadLetter(message, reason, kept.then_some(place)));
    }

    /// Moves the front past what is gone, and forgets what nobody will ask for.
    fn forget_gone(&mut self) {
        let gone = |it: &Entry| matches!(it.state, State::Acked | State::Removed(_));
        while self.entries.get(self.front).is_some_and(gone) {
            self.front += 1;
        }
        let shown = self.entries.end().saturating_sub(KEPT_GONE);
        self.entries.forget_before(self.front.min(shown));
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
        let dead_lettering = self.dead_lettering.len() as u64;
        let all = self.ready.count() + unacked + acked + removed + dead_lettering;
        assert!(all == self.entries.end() as u64, "every message is somewhere once");
    }

    /// The channels of its consumers, each once.
    #[must_use]
    pub fn channels(&self) -> Set<ChannelId> {
        self.consumers.iter().map(|(_, it)| it.channel).collect()
    }
}

/// An arrival number as an index.
fn place(arrival: u64) -> usize {
    usize::try_from(arrival).expect("a queue's arrivals fit the machine's words")
}
