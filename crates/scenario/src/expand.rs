//! From a few lines in a file to every message: when, with which key, how large, how much work.

use crate::input::Rows;
use brokerscope_core::name::ProducerName;
use brokerscope_core::settings::Value;
use brokerscope_core::sim::{Rng, SimDuration, SimTime, TraceHash};
use brokerscope_core::workload::{KeyId, Keys, Message, Stream, StreamId, Workload};
use std::hash::Hasher;
use std::sync::Arc;

/// How many messages a run has at most.
pub const MAX_MESSAGES: u32 = 1_000_000;

/// How many flows a scenario has at most.
pub(crate) const MAX_FLOWS: usize = 100;

/// A flow of messages as a scenario describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// What the scenario calls it.
    pub name: Arc<str>,
    /// Who sends it, in both systems.
    pub producer: ProducerName,
    /// How many messages there are.
    pub messages: u32,
    /// When the first one is sent.
    pub starts: SimTime,
    /// When the others follow.
    pub pace: Pace,
    /// The keys to choose from. None at all: the messages have no key.
    pub keys: Vec<Arc<str>>,
    /// How a key is chosen.
    pub key_order: KeyOrder,
    /// How long a consumer works on a message, at least and at most, in microseconds.
    pub work_us: (u32, u32),
    /// How long the value is, at least and at most.
    pub size_bytes: (u32, u32),
    /// The messages that fail whenever they are worked on, by their number in this flow, from 1, in
    /// ascending order.
    pub poison: Vec<u32>,
}

/// When the messages of a flow follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// One after each such span.
    Every(SimDuration),
    /// So many a second, evenly, as exactly as microseconds allow.
    PerSecond(u64),
}

/// How the key of a message is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrder {
    /// By chance, each equally likely.
    Random,
    /// One after the other as they are listed, and again from the first.
    Cycle,
}

impl Value for KeyOrder {
    const EXPECTED: &'static str = "random or cycle";

    fn read(text: &str) -> Option<Self> {
        match text {
            "random" => Some(Self::Random),
            "cycle" => Some(Self::Cycle),
            _ => None,
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Random => "random".to_owned(),
            Self::Cycle => "cycle".to_owned(),
        }
    }
}

impl Flow {
    /// When the message at `index` is sent. The last instant there is stands for all beyond it.
    #[must_use]
    pub fn instant(&self, index: u32) -> SimTime {
        let index = u128::from(index);
        let after = match self.pace {
            Pace::Every(span) => index * u128::from(span.0),
            Pace::PerSecond(rate) => index * 1_000_000 / u128::from(rate.max(1)),
        };
        self.starts + SimDuration(u64::try_from(after).unwrap_or(u64::MAX))
    }

    /// When the last message is sent; nothing if there is none.
    #[must_use]
    pub fn last_instant(&self) -> Option<SimTime> {
        self.messages.checked_sub(1).map(|index| self.instant(index))
    }
}

/// The draws of one flow, a stream for each concern, so that changing one leaves the others alone.
struct Draws<'a> {
    flow: &'a Flow,
    keys: Rng,
    work: Rng,
    sizes: Rng,
}

impl<'a> Draws<'a> {
    fn new(flow: &'a Flow, seed: u64) -> Self {
        let stream = |what: &str| Rng::for_concern(seed, &format!("workload {} {what}", flow.name));
        Self { flow, keys: stream("keys"), work: stream("work"), sizes: stream("sizes") }
    }

    /// The next message, number `index` of the flow, without its key.
    fn message(&mut self, index: u32, stream: StreamId) -> Message {
        let between = |rng: &mut Rng, (least, most): (u32, u32)| {
            let width = most.saturating_sub(least);
            if width == 0 {
                return least;
            }
            let drawn = rng.below(u64::from(width) + 1);
            least + u32::try_from(drawn).expect("because it is at most the width")
        };
        Message {
            at: self.flow.instant(index),
            key: None,
            size_bytes: between(&mut self.sizes, self.flow.size_bytes),
            work_us: between(&mut self.work, self.flow.work_us),
            stream,
            poison: self.flow.poison.binary_search(&(index + 1)).is_ok(),
            tombstone: false,
            headers_bytes: 0,
        }
    }

    /// The key of the next message, number `index` of the flow.
    fn key(&mut self, index: u32) -> Option<&'a str> {
        let count = self.flow.keys.len();
        let place = match self.flow.key_order {
            KeyOrder::Random => {
                let drawn = self.keys.below(u64::try_from(count).expect("a list fits memory"));
                usize::try_from(drawn).expect("because it is below the length of a list")
            }
            KeyOrder::Cycle => (index as usize).checked_rem(count)?,
        };
        self.flow.keys.get(place).map(|it| &**it)
    }
}

/// Every message of the flows, in order of time; at one instant in the order of the flows.
#[must_use]
pub fn expand(flows: &[Flow], seed: u64) -> Workload {
    let mut sent: Vec<(u32, Draws<'_>)> =
        flows.iter().map(|it| (0, Draws::new(it, seed))).collect();
    let mut keys = Interner::default();
    let mut messages = Vec::new();
    // Each flow is in order by itself, so the next message is the next one of some flow.
    let next = |sent: &[(u32, Draws<'_>)]| {
        let due = |(place, (index, draws)): (usize, &(u32, Draws<'_>))| {
            (*index < draws.flow.messages).then(|| (draws.flow.instant(*index), place))
        };
        sent.iter().enumerate().filter_map(due).min()
    };
    while let Some((_, place)) = next(&sent) {
        let (index, draws) = &mut sent[place];
        let key = draws.key(*index).map(|key| keys.id(key.as_bytes()));
        messages.push(Message { key, ..draws.message(*index, stream_id(place)) });
        *index += 1;
    }
    Workload { messages: messages.into(), keys: Arc::new(keys.done()), streams: streams(flows) }
}

/// One message per row, sent as the first of the flows is: its start, its pace, its work, its
/// sizes. The other flows send nothing, and no message is poison.
#[must_use]
pub fn expand_rows(flows: &[Flow], seed: u64, rows: Rows) -> Workload {
    let mut messages = Vec::new();
    if let Some(flow) = flows.first() {
        let mut draws = Draws::new(flow, seed);
        messages.extend((0..).zip(rows.rows).map(|(index, key)| Message {
            key,
            poison: false,
            tombstone: false,
            headers_bytes: 0,
            ..draws.message(index, stream_id(0))
        }));
    }
    Workload { messages: messages.into(), keys: Arc::new(rows.keys), streams: streams(flows) }
}

fn stream_id(place: usize) -> StreamId {
    StreamId(u16::try_from(place).expect("a scenario has few flows"))
}

fn streams(flows: &[Flow]) -> Arc<[Stream]> {
    let stream = |it: &Flow| Stream { name: it.name.clone(), producer: it.producer.clone() };
    flows.iter().map(stream).collect()
}

/// Gives equal keys one number: a hash table with open addressing, because a million keys in a
/// tree take seconds. Its order shows nowhere: numbers are given in the order of first use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    keys: Keys,
    /// The hash of each key, by its number.
    hashes: Vec<u64>,
    /// Numbers of keys, from 1, each at or after the place that its hash says; 0 is free.
    /// Invariant: a power of two, or none at all, and at most half of it is taken.
    places: Vec<u32>,
}

impl Interner {
    /// The number of a key, a new one if it is new.
    pub(crate) fn id(&mut self, key: &[u8]) -> KeyId {
        if self.places.len() <= 2 * self.hashes.len() {
            self.grow();
        }
        let hash = hash(key);
        let mut place = self.first_place(hash);
        while let Some(known) = self.places[place].checked_sub(1) {
            if self.hashes[known as usize] == hash && self.keys.get(KeyId(known)) == key {
                return KeyId(known);
            }
            place = (place + 1) & (self.places.len() - 1);
        }
        let id = self.keys.push(key);
        self.hashes.push(hash);
        self.places[place] = id.0 + 1;
        id
    }

    fn first_place(&self, hash: u64) -> usize {
        let mask = self.places.len() as u64 - 1;
        usize::try_from(hash & mask).expect("because it is below the length of a list")
    }

    /// Makes room for as many again.
    fn grow(&mut self) {
        self.places = vec![0; (2 * self.places.len()).max(16)];
        for (number, hash) in (1..).zip(&self.hashes) {
            let mut place = self.first_place(*hash);
            while self.places[place] != 0 {
                place = (place + 1) & (self.places.len() - 1);
            }
            self.places[place] = number;
        }
    }

    /// All keys.
    pub(crate) fn done(self) -> Keys {
        self.keys
    }
}

fn hash(key: &[u8]) -> u64 {
    let mut hash = TraceHash::default();
    hash.write(key);
    // Its low bits alone are not mixed well.
    Rng::from_seed(hash.finish()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_have_one_number_in_the_order_of_first_use() {
        let mut keys = Interner::default();
        let key = |it: u32| (it * 7 % 1_000).to_string();
        for round in 0..3 {
            for it in 0..1_000 {
                assert_eq!(keys.id(key(it).as_bytes()), KeyId(it), "in round {round}");
            }
        }
        assert_eq!(keys.id(b""), KeyId(1_000), "an empty key is a key");
        let keys = keys.done();
        assert_eq!(
            (keys.len(), keys.get(KeyId(3)), keys.get(KeyId(1_000))),
            (1_001, &b"21"[..], &b""[..])
        );
    }
}
