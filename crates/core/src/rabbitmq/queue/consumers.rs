//! The consumers of one queue, and whose turn it is.

use crate::map::Map;
use crate::name::ConsumerName;
use crate::rabbitmq::frame::{AckMode, ChannelId};
use std::collections::VecDeque;

/// A consumer of a queue, by the order in which they registered there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsumerKey(u32);

/// A consumer as its queue knows it.
#[derive(Clone, Debug, Hash)]
pub struct Registered {
    /// Its channel.
    pub channel: ChannelId,
    /// Its consumer tag.
    pub tag: ConsumerName,
    /// When deliveries to it count as acknowledged.
    pub mode: AckMode,
    /// How many it may hold; 0 is no limit. Says nothing about automatic acknowledgement.
    pub prefetch_count: u32,
    /// How many it holds unacknowledged.
    /// Invariant: within `prefetch_count`.
    pub held: u32,
    turn: Turn,
}

/// Where a consumer stands in the rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Turn {
    /// It will be tried when its turn comes.
    Waiting,
    /// Its turn came, it could not take, and it left the rotation.
    Blocked,
    /// It was cancelled. It is known only for what it still holds.
    Cancelled,
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
}

/// The consumers of a queue and their rotation.
///
/// Source: `rabbit_queue_consumers`; cases `c-roundrobin-classic`, `c-rr-after-block-classic`,
/// `c-join-later-classic`.
#[derive(Clone, Debug, Default, Hash)]
pub struct Consumers {
    known: Map<ConsumerKey, Registered>,
    /// Whose turn it is, first to last.
    rotation: VecDeque<ConsumerKey>,
    /// How many ever registered.
    registered: u32,
}

impl Consumers {
    /// A new consumer joins at the tail.
    pub fn join(
        &mut self,
        channel: ChannelId,
        tag: ConsumerName,
        mode: AckMode,
        prefetch_count: u32,
    ) {
        let key = ConsumerKey(self.registered);
        self.registered += 1;
        let turn = Turn::Waiting;
        let consumer = Registered { channel, tag, mode, prefetch_count, held: 0, turn };
        self.known.insert(key, consumer);
        self.rotation.push_back(key);
    }

    /// The consumer that takes the next message; it goes to the tail. Those whose turn comes and
    /// who cannot take leave the rotation: not before, so an acknowledgement that is in time
    /// keeps their place.
    pub fn next_free(&mut self) -> Option<(ConsumerKey, &mut Registered)> {
        while let Some(key) = self.rotation.pop_front() {
            let consumer = self.known.get_mut(&key).expect("who is in the rotation is known");
            if consumer.can_take() {
                self.rotation.push_back(key);
                break;
            }
            consumer.turn = Turn::Blocked;
        }
        let key = *self.rotation.back()?;
        let consumer = self.known.get_mut(&key).expect("who is in the rotation is known");
        Some((key, consumer))
    }

    /// A consumer holds one message less. If it was blocked and can take again, it rejoins at the
    /// tail.
    ///
    /// # Panics
    /// If it holds nothing.
    pub fn release(&mut self, key: ConsumerKey) {
        let consumer = self.known.get_mut(&key).expect("who holds a message is known");
        consumer.held = consumer.held.checked_sub(1).expect("who returns a message held it");
        match consumer.turn {
            Turn::Waiting => {}
            Turn::Blocked if consumer.can_take() => {
                consumer.turn = Turn::Waiting;
                self.rotation.push_back(key);
            }
            Turn::Blocked => {}
            Turn::Cancelled if consumer.held == 0 => {
                self.known.remove(&key);
            }
            Turn::Cancelled => {}
        }
    }

    /// A consumer gets nothing more; it keeps what it holds.
    pub fn cancel(&mut self, channel: ChannelId, tag: &ConsumerName) {
        let mine = |it: &Registered| it.channel == channel && it.tag == *tag;
        let live = |it: &Registered| mine(it) && it.turn != Turn::Cancelled;
        let Some(key) = self.known.iter().find(|(_, it)| live(it)).map(|(key, _)| *key) else {
            return;
        };
        self.rotation.retain(|it| *it != key);
        let consumer = self.known.get_mut(&key).expect("it was just found");
        consumer.turn = Turn::Cancelled;
        if consumer.held == 0 {
            self.known.remove(&key);
        }
    }

    /// Forgets the consumers of a channel that is gone, and returns them in the order in which
    /// they registered.
    pub fn leave(&mut self, channel: ChannelId) -> Map<ConsumerKey, Registered> {
        let theirs = |it: &Registered| it.channel == channel;
        self.rotation.retain(|key| self.known.get(key).is_none_or(|it| !theirs(it)));
        let keys: Vec<_> =
            self.known.iter().filter(|(_, it)| theirs(it)).map(|(key, _)| *key).collect();
        keys.iter().filter_map(|key| self.known.remove_entry(key)).collect()
    }

    /// Who that is, as long as it is registered or holds something.
    #[must_use]
    pub fn get(&self, key: ConsumerKey) -> Option<&Registered> {
        self.known.get(&key)
    }

    /// All that are registered or hold something.
    pub fn iter(&self) -> impl Iterator<Item = &Registered> {
        self.known.values()
    }

    /// How many are registered. Who was cancelled is not.
    #[must_use]
    pub fn registered(&self) -> usize {
        self.known.values().filter(|it| it.turn != Turn::Cancelled).count()
    }
}
