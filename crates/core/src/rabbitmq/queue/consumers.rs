//! The consumers of one queue, and whose turn it is.

use super::limits::ChannelLimits;
use crate::map::Map;
use crate::name::ConsumerName;
use crate::rabbitmq::frame::{AckMode, ChannelId};
use std::cmp::Reverse;
use std::collections::VecDeque;

/// A consumer of a queue, by the order in which they registered there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsumerKey(u32);

/// A consumer as its queue knows it.
#[derive(Clone, Debug, Hash)]
pub struct Registered {
    /// Its channel.
    pub channel: ChannelId,
    /// Its consumer tag. For a `basic.get`, what it is called in its place.
    pub tag: ConsumerName,
    /// When deliveries to it count as acknowledged.
    pub mode: AckMode,
    /// How many it may hold; 0 is no limit. Says nothing about automatic acknowledgement.
    pub prefetch_count: u32,
    /// `x-priority`: higher ones are served first.
    pub priority: i64,
    /// Whether nobody else may consume.
    pub exclusive: bool,
    /// How many it holds unacknowledged.
    /// Invariant: within `prefetch_count`.
    pub held: u32,
    /// In a stream: the place that it reads next.
    pub cursor: u64,
    turn: Turn,
}

/// What a consumer wants when it registers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Joining {
    /// Its channel.
    pub channel: ChannelId,
    /// Its consumer tag, unique on the channel.
    pub tag: ConsumerName,
    /// When deliveries to it count as acknowledged.
    pub mode: AckMode,
    /// How many it may hold; 0 is no limit.
    pub prefetch_count: u32,
    /// `x-priority`.
    pub priority: i64,
    /// Whether nobody else may consume.
    pub exclusive: bool,
    /// In a stream: the place that it reads first.
    pub cursor: u64,
}

/// Where a consumer stands in the rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Turn {
    /// It will be tried when its turn comes.
    Waiting,
    /// It could not take and left the rotation; the lower the number, the earlier.
    Blocked(u32),
    /// Another is the single active consumer.
    Inactive,
    /// It was cancelled, or only got one message. It is known only for what it still holds.
    Leaving,
}

/// When a consumer leaves the rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leaves {
    /// When its turn comes and it cannot take: until then an acknowledgement keeps its place.
    WhenTried,
    /// With the last message that it may hold.
    WhenFull,
}

/// The single active consumer of a queue that has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Single {
    active: Option<ConsumerKey>,
    /// Whether the active one gets nothing more, because one of higher priority waits for its
    /// last acknowledgement.
    retiring: bool,
}

/// The consumers of a queue and their rotation.
///
/// Source: `rabbit_queue_consumers`, `rabbit_fifo`; cases `c-roundrobin-*`,
/// `c-rr-after-block-*`, `c-join-later-*`, `c-priority-late-quorum`, `q-sac-classic`.
#[derive(Clone, Debug, Hash)]
pub struct Consumers {
    known: Map<ConsumerKey, Registered>,
    /// Whose turn it is, first to last, the highest priority first.
    rotation: Map<Reverse<i64>, VecDeque<ConsumerKey>>,
    leaves: Leaves,
    single: Option<Single>,
    /// Whether a consumer of higher priority takes the single active one's place.
    priority_takes_over: bool,
    /// How many ever registered, or got a message.
    registered: u32,
    /// Whether there was ever one that consumes.
    had_any: bool,
    /// How often one was ever blocked.
    blocked: u32,
}

impl Registered {
    /// Whether the next message may go to it.
    ///
    /// Source: RabbitMQ, "Consumer Prefetch": the limit is counted per consumer and is ignored
    /// with automatic acknowledgement.
    fn can_take(&self) -> bool {
        match self.mode {
            AckMode::Automatic => true,
            AckMode::Manual => self.prefetch_count == 0 || self.held < self.prefetch_count,
        }
    }

    /// Whether it still wants messages.
    #[must_use]
    pub fn is_consuming(&self) -> bool {
        self.turn != Turn::Leaving
    }
}

impl Consumers {
    /// Nobody yet.
    #[must_use]
    pub fn new(leaves: Leaves, single_active: bool, priority_takes_over: bool) -> Self {
        Self {
            known: Map::new(),
            rotation: Map::new(),
            leaves,
            single: single_active.then(Single::default),
            priority_takes_over,
            registered: 0,
            had_any: false,
            blocked: 0,
        }
    }

    fn register(&mut self, it: Joining, turn: Turn) -> ConsumerKey {
        let key = ConsumerKey(self.registered);
        self.registered += 1;
        let Joining { channel, tag, mode, prefetch_count, priority, exclusive, cursor } = it;
        let held = 0;
        let consumer = Registered {
            channel,
            tag,
            mode,
            prefetch_count,
            priority,
            exclusive,
            held,
            cursor,
            turn,
        };
        self.known.insert(key, consumer);
        key
    }

    /// A new consumer joins at the tail of its priority; at a queue with a single active consumer
    /// it waits until it becomes that.
    pub fn join(&mut self, joining: Joining) -> ConsumerKey {
        self.had_any = true;
        if let Some(key) = self.come_back(&joining) {
            return key;
        }
        if self.single.is_none() {
            let key = self.register(joining, Turn::Waiting);
            self.append(key);
            return key;
        }
        let key = self.register(joining, Turn::Inactive);
        self.choose_active();
        self.retire_active();
        key
    }

    /// At a quorum queue somebody who was cancelled and still holds something is the same as one
    /// who registers under that name again.
    ///
    /// Source: `rabbit_fifo`, `update_consumer`.
    fn come_back(&mut self, joining: &Joining) -> Option<ConsumerKey> {
        let same = |it: &Registered| it.channel == joining.channel && it.tag == joining.tag;
        if self.leaves == Leaves::WhenTried || self.single.is_some() {
            return None;
        }
        let key = self.known.iter().find(|(_, it)| same(it)).map(|(key, _)| *key)?;
        let consumer = self.known.get_mut(&key)?;
        consumer.mode = joining.mode;
        consumer.prefetch_count = joining.prefetch_count;
        consumer.priority = joining.priority;
        self.enter(key);
        Some(key)
    }

    /// Somebody who takes one message and wants no more.
    pub fn join_once(&mut self, joining: Joining) -> ConsumerKey {
        let key = self.register(joining, Turn::Leaving);
        if let Some(it) = self.known.get_mut(&key) {
            it.held = 1;
        }
        key
    }

    fn append(&mut self, key: ConsumerKey) {
        let priority = self.known.get(&key).map_or(0, |it| it.priority);
        self.rotation.get_or_default(Reverse(priority)).push_back(key);
    }

    fn leave_rotation(&mut self, key: ConsumerKey) {
        for turns in self.rotation.values_mut() {
            turns.retain(|it| *it != key);
        }
    }

    fn block(&mut self, key: ConsumerKey) {
        self.blocked += 1;
        if let Some(consumer) = self.known.get_mut(&key) {
            consumer.turn = Turn::Blocked(self.blocked);
        }
    }

    /// Makes one of those who wait the single active consumer, if there is none: that of the
    /// highest priority, of these the first that came.
    ///
    /// Source: `rabbit_amqqueue_process`, `rabbit_fifo`, `activate_next_consumer`.
    fn choose_active(&mut self) {
        let Some(single) = self.single else { return };
        if single.active.is_some() {
            return;
        }
        let Some(next) = self.first_waiting() else { return };
        self.single = Some(Single { active: Some(next), retiring: false });
        self.enter(next);
    }

    fn enter(&mut self, key: ConsumerKey) {
        let consumer = self.known.get_mut(&key).expect("who enters the rotation is known");
        if consumer.can_take() {
            consumer.turn = Turn::Waiting;
            self.append(key);
        } else {
            self.block(key);
        }
    }

    /// Of those who wait to become the single active consumer, the one who will.
    fn first_waiting(&self) -> Option<ConsumerKey> {
        let by_priority = self.priority_takes_over || self.leaves == Leaves::WhenTried;
        let waiting = self.known.iter().filter(|(_, it)| it.turn == Turn::Inactive);
        let rank = |it: &Registered| if by_priority { it.priority } else { 0 };
        waiting.min_by_key(|(key, it)| (Reverse(rank(it)), **key)).map(|(key, _)| *key)
    }

    /// If one of higher priority waits, the single active consumer gets nothing more, and the
    /// other takes its place as soon as it holds nothing.
    ///
    /// Source: `rabbit_fifo` 4.0, `maybe_activate_next`; case `q-sac-priority`.
    fn retire_active(&mut self) {
        let Some(Single { active: Some(active), .. }) = self.single else { return };
        if !self.priority_takes_over {
            return;
        }
        let priority = self.known.get(&active).map_or(i64::MAX, |it| it.priority);
        let next = self.first_waiting().and_then(|it| self.known.get(&it));
        if next.is_some_and(|it| priority < it.priority) {
            self.single = Some(Single { active: Some(active), retiring: true });
            self.leave_rotation(active);
            self.hand_over();
        }
    }

    /// The single active consumer that is to go and holds nothing goes.
    pub fn hand_over(&mut self) {
        let Some(Single { active: Some(active), retiring: true }) = self.single else { return };
        if self.known.get(&active).is_some_and(|it| it.held > 0) {
            return;
        }
        self.single = Some(Single::default());
        self.choose_active();
        if let Some(it) = self.known.get_mut(&active) {
            it.turn = Turn::Inactive;
        }
    }

    /// The consumer that takes the next message; it goes to the tail. Whoever cannot take leaves
    /// the rotation: at a classic queue not before its turn comes, so an acknowledgement that is
    /// in time keeps its place.
    pub fn next_free(&mut self, limits: &ChannelLimits) -> Option<(ConsumerKey, &mut Registered)> {
        let mut found = None;
        while found.is_none() {
            let turns = self.rotation.values_mut().find(|it| !it.is_empty())?;
            let key = turns.pop_front().expect("it is not empty");
            let consumer = self.known.get(&key).expect("who is in the rotation is known");
            if consumer.can_take() && limits.may_take(consumer.channel) {
                let left = consumer.prefetch_count.saturating_sub(consumer.held);
                let full = consumer.mode == AckMode::Manual && left == 1;
                if full && self.leaves == Leaves::WhenFull {
                    self.block(key);
                } else {
                    turns.push_back(key);
                }
                found = Some(key);
            } else {
                self.block(key);
            }
        }
        let key = found?;
        self.known.get_mut(&key).map(|it| (key, it))
    }

    /// A consumer holds one message less. If that frees it, all of its channel that were blocked
    /// and can take again rejoin at the tail.
    ///
    /// # Panics
    /// If it holds nothing.
    pub fn release(&mut self, key: ConsumerKey) {
        let consumer = self.known.get_mut(&key).expect("who holds a message is known");
        consumer.held = consumer.held.checked_sub(1).expect("who returns a message held it");
        match consumer.turn {
            Turn::Waiting | Turn::Inactive => {}
            Turn::Blocked(_) => {
                let channel = consumer.channel;
                if consumer.can_take() {
                    self.unblock(channel);
                }
            }
            Turn::Leaving if consumer.held == 0 => {
                self.known.remove(&key);
            }
            Turn::Leaving => {}
        }
    }

    /// Those of a channel that were blocked and can take again rejoin at the tail, in the order
    /// in which they were blocked.
    pub fn unblock(&mut self, channel: ChannelId) {
        let retiring = self.single.filter(|it| it.retiring).and_then(|it| it.active);
        let mut free = Vec::new();
        for (key, it) in &self.known {
            if let Turn::Blocked(since) = it.turn
                && it.channel == channel
                && it.can_take()
                && retiring != Some(*key)
            {
                free.push((since, *key));
            }
        }
        free.sort_unstable();
        for (_, key) in free {
            if let Some(it) = self.known.get_mut(&key) {
                it.turn = Turn::Waiting;
            }
            self.append(key);
        }
    }

    /// A consumer gets nothing more; it keeps what it holds.
    pub fn cancel(&mut self, channel: ChannelId, tag: &ConsumerName) {
        let mine = |it: &Registered| it.channel == channel && it.tag == *tag;
        let live = |it: &Registered| mine(it) && it.turn != Turn::Leaving;
        let Some(key) = self.known.iter().find(|(_, it)| live(it)).map(|(key, _)| *key) else {
            return;
        };
        self.leave_rotation(key);
        let consumer = self.known.get_mut(&key).expect("it was just found");
        consumer.turn = Turn::Leaving;
        if consumer.held == 0 {
            self.known.remove(&key);
        }
        self.forget_active(|it| it == key);
    }

    fn forget_active(&mut self, gone: impl Fn(ConsumerKey) -> bool) {
        if self.single.and_then(|it| it.active).is_some_and(gone) {
            self.single = Some(Single::default());
            self.choose_active();
        }
    }

    /// Forgets the consumers of a channel that is gone, and returns them in the order in which
    /// they registered.
    pub fn leave(&mut self, channel: ChannelId) -> Map<ConsumerKey, Registered> {
        let theirs = |it: &Registered| it.channel == channel;
        for turns in self.rotation.values_mut() {
            turns.retain(|key| self.known.get(key).is_none_or(|it| !theirs(it)));
        }
        let gone = self.known.take_where(|_, it| theirs(it));
        let gone: Map<ConsumerKey, Registered> = gone.into_iter().collect();
        self.forget_active(|it| gone.contains_key(&it));
        gone
    }

    /// Who that is, as long as it is registered or holds something.
    #[must_use]
    pub fn get(&self, key: ConsumerKey) -> Option<&Registered> {
        self.known.get(&key)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: ConsumerKey) -> Option<&mut Registered> {
        self.known.get_mut(&key)
    }

    /// All that are registered or hold something.
    pub fn iter(&self) -> impl Iterator<Item = (ConsumerKey, &Registered)> {
        self.known.iter().map(|(key, it)| (*key, it))
    }

    /// How many are registered. Who was cancelled is not.
    #[must_use]
    pub fn registered(&self) -> usize {
        self.known.values().filter(|it| it.is_consuming()).count()
    }

    /// Whether there was ever one. Who only gets messages is none: an auto-delete queue stays.
    ///
    /// Source: RabbitMQ, "Queues", temporary queues; a 3.10.8 server.
    #[must_use]
    pub const fn had_any(&self) -> bool {
        self.had_any
    }

    /// Who gets messages if only one does: the single active consumer.
    #[must_use]
    pub fn active(&self) -> Option<ConsumerKey> {
        self.single?.active
    }
}
