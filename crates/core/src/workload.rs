//! What both systems are given: the messages, fixed before either world sees them.

use crate::name::ProducerName;
use crate::sim::SimTime;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A message of the workload, the same in both systems. Numbers start at 1, in sending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u32);

impl MessageId {
    /// The id of the message at `index` of the workload.
    ///
    /// # Panics
    /// Beyond 4 billion messages.
    #[must_use]
    pub fn at(index: usize) -> Self {
        Self(u32::try_from(index + 1).expect("a workload has at most a million messages"))
    }

    /// Where the message stands in the workload, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize - 1
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A key, by its place in [`Keys`], numbered in the order of first use. The page gives each its
/// colour and glyph by this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

/// A flow of messages from one producer to one destination per system, by its place in
/// [`Workload::streams`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u16);

/// One message: everything about it that could differ between two runs, fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// When the application hands it to its producer.
    pub at: SimTime,
    /// Its key, or none. An empty key is a key.
    pub key: Option<KeyId>,
    /// The length of its value.
    pub size_bytes: u32,
    /// How long a consumer works on it.
    pub work_us: u32,
    /// Which flow it belongs to.
    pub stream: StreamId,
    /// Whether every attempt to process it fails.
    pub poison: bool,
    /// Whether it has no value at all, which in Kafka deletes its key from a compacted topic.
    pub tombstone: bool,
    /// How long its headers are in a record, beside their count.
    pub headers_bytes: u16,
}

/// The distinct keys of a workload, stored once each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    bytes: Vec<u8>,
    /// Where each key ends in `bytes`; it begins where the one before ends.
    ends: Vec<u32>,
}

impl Keys {
    /// Adds a key that is not there yet. Whoever interns keeps the index.
    ///
    /// # Panics
    /// Beyond 4 GiB of keys.
    pub fn push(&mut self, key: &[u8]) -> KeyId {
        self.bytes.extend_from_slice(key);
        let end = u32::try_from(self.bytes.len()).expect("all keys together stay below 4 GiB");
        self.ends.push(end);
        KeyId(u32::try_from(self.ends.len() - 1).expect("there are fewer keys than bytes"))
    }

    /// The bytes of a key, as the producer serialises it (UTF-8 for text).
    ///
    /// # Panics
    /// If the key is not of this workload.
    #[must_use]
    pub fn get(&self, id: KeyId) -> &[u8] {
        let place = id.0 as usize;
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[begin as usize..self.ends[place] as usize]
    }

    /// How many distinct keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// A flow of messages: who sends it. Where it goes stands in each system's configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    /// What the scenario calls it.
    pub name: Arc<str>,
    /// Who sends it, in both systems.
    pub producer: ProducerName,
}

/// The messages of a run, shared by both worlds. Cloning copies two pointers.
///
/// Invariant: messages are in order of `at`; their keys and streams exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// In sending order.
    pub messages: Arc<[Message]>,
    /// The distinct keys.
    pub keys: Arc<Keys>,
    /// The flows.
    pub streams: Arc<[Stream]>,
}

impl Workload {
    /// The message with that number.
    ///
    /// # Panics
    /// If it is not of this workload.
    #[must_use]
    pub fn message(&self, id: MessageId) -> &Message {
        &self.messages[id.index()]
    }

    /// The key of a message, if it has one.
    #[must_use]
    pub fn key(&self, id: MessageId) -> Option<&[u8]> {
        self.message(id).key.map(|key| self.keys.get(key))
    }

    /// All messages with their numbers.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (MessageId, &Message)> {
        self.messages.iter().enumerate().map(|(index, it)| (MessageId::at(index), it))
    }
}

/// It never changes within a run, so a world's hash need not walk it.
impl Hash for Workload {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.messages.len().hash(state);
    }
}
