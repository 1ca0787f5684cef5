//! A scenario as few bytes: how the page carries the lessons, read and checked before they are
//! packed, so that it needs neither the reader of scenario files nor its complaints.
//!
//! One walk over the fields serves both directions: [`Pack`] writes what it meets, [`Unpack`] puts
//! what it reads in its place, so the two cannot differ. There is no version: whoever unpacks is
//! built together with the bytes.

mod config;
mod lesson;
mod rabbitmq_config;

use crate::command::Command;
use crate::expand::{Flow, KeyOrder, MAX_FLOWS, MAX_MESSAGES, Pace, expand};
use crate::lesson::{Act, Asks};
use crate::scenario::{Beat, End, Scenario, SystemName};
use brokerscope_core::sim::{SimDuration, SimTime};
use brokerscope_core::workload::Workload;
use brokerscope_core::{kafka, rabbitmq};
use std::sync::Arc;

/// One direction of the walk: each function takes what stands in a place and says what is to stand
/// there.
trait Pass {
    /// A whole number.
    fn number(&mut self, it: u64) -> u64;
    /// A text.
    fn text(&mut self, it: &str) -> String;
    /// A name.
    fn name(&mut self, it: &str) -> Arc<str>;
    /// How many more there are of something.
    fn count(&mut self, it: usize) -> usize;
    /// What was met cannot be.
    fn fail(&mut self);

    fn whole<T: Copy + TryInto<u64> + TryFrom<u64>>(&mut self, it: &mut T) {
        let number = (*it).try_into().unwrap_or_default();
        match T::try_from(self.number(number)) {
            Ok(read) => *it = read,
            Err(_) => self.fail(),
        }
    }

    fn bool(&mut self, it: &mut bool) {
        *it = self.number(u64::from(*it)) != 0;
    }

    fn time(&mut self, it: &mut SimTime) {
        it.0 = self.number(it.0);
    }

    fn span(&mut self, it: &mut SimDuration) {
        it.0 = self.number(it.0);
    }

    /// One of a few.
    fn choice<T: Copy + PartialEq>(&mut self, it: &mut T, all: &[T]) {
        let mut place = all.iter().position(|one| one == it).unwrap_or(all.len());
        self.whole(&mut place);
        match all.get(place) {
            Some(one) => *it = *one,
            None => self.fail(),
        }
    }

    fn system(&mut self, it: &mut SystemName) {
        self.choice(it, &[SystemName::Kafka, SystemName::RabbitMq]);
    }

    /// A list: how many items, then each.
    fn list<T>(&mut self, list: &mut Vec<T>, blank: fn() -> T, each: fn(&mut Self, &mut T)) {
        let count = self.count(list.len());
        while list.len() < count {
            list.push(blank());
        }
        // A default may be longer than what was packed.
        list.truncate(count);
        for item in list {
            each(self, item);
        }
    }
}

/// Numbers are seven bits a byte, the lowest first; a high bit says that there are more. A text is
/// its length and its bytes.
struct Pack(Vec<u8>);

impl Pass for Pack {
    fn number(&mut self, it: u64) -> u64 {
        let mut rest = it;
        while 0x7f < rest {
            self.0.push(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        self.0.push(rest.to_le_bytes()[0]);
        it
    }

    fn text(&mut self, it: &str) -> String {
        self.count(it.len());
        self.0.extend_from_slice(it.as_bytes());
        it.to_owned()
    }

    fn name(&mut self, it: &str) -> Arc<str> {
        self.text(it).into()
    }

    fn count(&mut self, mut it: usize) -> usize {
        self.whole(&mut it);
        it
    }

    fn fail(&mut self) {
        // It was written as what cannot be read, and whoever packs looks at that.
    }
}

struct Unpack<'a> {
    rest: &'a [u8],
    /// Whether something could not be read. From then on nothing read means anything.
    failed: bool,
}

impl Unpack<'_> {
    /// The next bytes; none if there are not so many.
    fn take(&mut self, count: usize) -> &[u8] {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            self.fail();
            return &[];
        };
        self.rest = rest;
        taken
    }
}

impl Pass for Unpack<'_> {
    #[inline(never)]
    fn number(&mut self, _: u64) -> u64 {
        let mut number = 0;
        for place in (0..u64::BITS).step_by(7) {
            let [byte] = *self.take(1) else { break };
            number |= u64::from(byte & 0x7f) << place;
            if byte < 0x80 {
                return number;
            }
        }
        self.fail();
        0
    }

    #[inline(never)]
    fn text(&mut self, _: &str) -> String {
        let length = self.count(0);
        match std::str::from_utf8(self.take(length)) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                self.fail();
                String::new()
            }
        }
    }

    #[inline(never)]
    fn name(&mut self, it: &str) -> Arc<str> {
        self.text(it).into()
    }

    /// Whatever it is that is counted, each takes at least a byte.
    #[inline(never)]
    fn count(&mut self, _: usize) -> usize {
        match usize::try_from(self.number(0)) {
            Ok(count) if count <= self.rest.len() => count,
            _ => {
                self.fail();
                0
            }
        }
    }

    fn fail(&mut self) {
        self.failed = true;
        self.rest = &[];
    }
}

impl Scenario {
    /// The scenario as few bytes, but for its workload, which its flows make again. A name that
    /// no file can have, as one with white space, may make bytes that are not unpacked again.
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        let mut pack = Pack(Vec::new());
        walk(&mut pack, &mut self.clone());
        pack.0
    }

    /// The scenario that was packed, its workload drawn anew from its flows; nothing if these are
    /// not the bytes of one.
    #[must_use]
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let mut unpack = Unpack { rest: bytes, failed: false };
        let mut scenario = blank();
        walk(&mut unpack, &mut scenario);
        let Self { flows, seed, .. } = &scenario;
        let messages: u64 = flows.iter().map(|it| u64::from(it.messages)).sum();
        let fits = flows.len() <= MAX_FLOWS && messages <= u64::from(MAX_MESSAGES);
        if unpack.failed || !unpack.rest.is_empty() || !fits {
            return None;
        }
        scenario.workload = expand(flows, *seed);
        Some(scenario)
    }
}

/// A scenario in which everything is still to be read.
fn blank() -> Scenario {
    Scenario {
        name: String::new(),
        title: String::new(),
        question: String::new(),
        seed: 0,
        ends: End::At(SimTime::START),
        flows: Vec::new(),
        workload: Workload { messages: [].into(), keys: Default::default(), streams: [].into() },
        kafka: kafka::Config {
            brokers: 0,
            broker_settings: Default::default(),
            topics: Vec::new(),
            producers: Vec::new(),
            destinations: Vec::new(),
            consumers: Vec::new(),
            links: Default::default(),
        },
        rabbitmq: rabbitmq::Config {
            exchanges: Vec::new(),
            queues: Vec::new(),
            bindings: Vec::new(),
            publishers: Vec::new(),
            destinations: Vec::new(),
            consumers: Vec::new(),
            links: Default::default(),
            broker: Default::default(),
        },
        steps: Vec::new(),
        beats: Vec::new(),
        act: Act::only(),
        asks: Asks::default(),
        tasks: Vec::new(),
        cards: Vec::new(),
        decided: Vec::new(),
    }
}

fn walk<P: Pass>(p: &mut P, it: &mut Scenario) {
    let Scenario {
        name,
        title,
        question,
        seed,
        ends,
        flows,
        workload: _,
        kafka,
        rabbitmq,
        steps,
        beats,
        act,
        asks,
        tasks,
        cards,
        decided,
    } = it;
    for text in [name, title, question] {
        *text = p.text(text);
    }
    *seed = p.number(*seed);
    let mut is_when_done = matches!(ends, End::WhenDone(_));
    p.bool(&mut is_when_done);
    let (End::At(mut end) | End::WhenDone(mut end)) = *ends;
    p.time(&mut end);
    *ends = if is_when_done { End::WhenDone(end) } else { End::At(end) };
    p.list(flows, blank_flow, flow);
    config::kafka(p, kafka);
    rabbitmq_config::rabbitmq(p, rabbitmq);
    p.list(steps, || (SimTime::START, Command::crash("")), step);
    for beats in [beats, cards] {
        let blank = || Beat { system: SystemName::Kafka, when: String::new(), say: String::new() };
        p.list(beats, blank, beat);
    }
    lesson::act(p, act);
    lesson::asks(p, asks);
    p.list(tasks, lesson::blank_task, lesson::task);
    p.list(decided, String::new, |p, it| *it = p.text(it));
}

fn blank_flow() -> Flow {
    Flow {
        name: "".into(),
        producer: "".into(),
        messages: 0,
        starts: SimTime::START,
        pace: Pace::PerSecond(0),
        keys: Vec::new(),
        key_order: KeyOrder::Random,
        work_us: (0, 0),
        size_bytes: (0, 0),
        poison: Vec::new(),
    }
}

fn flow<P: Pass>(p: &mut P, it: &mut Flow) {
    let Flow {
        name,
        producer,
        messages,
        starts,
        pace,
        keys,
        key_order,
        work_us,
        size_bytes,
        poison,
    } = it;
    *name = p.name(name);
    producer.0 = p.name(&producer.0);
    p.whole(messages);
    p.time(starts);
    let (mut is_rate, mut number) = match *pace {
        Pace::Every(SimDuration(span)) => (false, span),
        Pace::PerSecond(rate) => (true, rate),
    };
    p.bool(&mut is_rate);
    p.whole(&mut number);
    *pace = if is_rate { Pace::PerSecond(number) } else { Pace::Every(SimDuration(number)) };
    p.list(keys, || "".into(), |p, key| *key = p.name(key));
    p.choice(key_order, &[KeyOrder::Random, KeyOrder::Cycle]);
    for number in [&mut work_us.0, &mut work_us.1, &mut size_bytes.0, &mut size_bytes.1] {
        p.whole(number);
    }
    p.list(poison, || 0, P::whole);
}

/// What is asked for is a text, as a person writes it: that is read here anyway.
fn step<P: Pass>(p: &mut P, (at, command): &mut (SimTime, Command)) {
    p.time(at);
    match p.text(&command.to_string()).parse() {
        Ok(read) => *command = read,
        Err(_) => p.fail(),
    }
}

fn beat<P: Pass>(p: &mut P, it: &mut Beat) {
    let Beat { system, when, say } = it;
    p.system(system);
    *when = p.text(when);
    *say = p.text(say);
}

#[cfg(test)]
mod tests;
