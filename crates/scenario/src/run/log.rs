//! Looking at what happened: the latest facts, the neighbouring ones, the whole trace.

use super::fact::{Told, line};
use super::{Fact, FactRef, Happened, Run};
use brokerscope_core::kafka::Cluster;
use brokerscope_core::rabbitmq::Broker;
use brokerscope_core::sim::{Cursor, SimTime, System, Timeline, TraceHash, Watcher};
use brokerscope_core::weight::Weight;
use std::collections::VecDeque;
use std::fmt;
use std::hash::{Hash, Hasher};

/// How many stretches between checkpoints [`Run::log`] looks through at most, per system. With
/// what a run does in a stretch that is always enough for a page of lines; where next to nothing
/// happens it bounds the work.
const STRETCHES: usize = 4;

/// The last facts up to some instant, and where to go on when the present moves forward: so that
/// a log that is read while the run plays costs what happened since it was read last.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    lines: VecDeque<Happened>,
    /// How many lines were asked for.
    wanted: usize,
    kafka: Cursor<Cluster>,
    rabbitmq: Cursor<Broker>,
}

impl Run {
    /// The last `n` facts that can be seen, of both systems, in order of time and Kafka's first
    /// within an instant: up to the present, or those before an earlier instant.
    pub fn log(&mut self, n: usize, before: Option<SimTime>) -> Vec<Happened> {
        let now = self.now();
        match before {
            Some(SimTime::START) => Vec::new(),
            Some(before) => self.last_seen(n, now.min(SimTime(before.0 - 1))),
            None => {
                let tail = match self.tail.take() {
                    Some(tail) if self.goes_on(&tail, n) => self.carry_on(tail),
                    Some(_) | None => Tail {
                        lines: self.last_seen(n, now).into(),
                        wanted: n,
                        kafka: self.kafka.cursor(now),
                        rabbitmq: self.rabbitmq.cursor(now),
                    },
                };
                let lines = tail.lines.iter().cloned().collect();
                self.tail = Some(tail);
                lines
            }
        }
    }

    /// Whether the tail leads to the present in a short walk.
    fn goes_on(&self, tail: &Tail, n: usize) -> bool {
        let from = tail.kafka.now();
        let near = self.kafka.checkpoint(self.kafka.checkpoint(self.now())) <= from
            && self.rabbitmq.checkpoint(self.rabbitmq.checkpoint(self.now())) <= from;
        tail.wanted == n && from <= self.now() && near
    }

    fn carry_on(&self, mut tail: Tail) -> Tail {
        let now = self.now();
        let kafka = on_the_way(&self.kafka, &mut tail.kafka, now, Fact::Kafka);
        let rabbitmq = on_the_way(&self.rabbitmq, &mut tail.rabbitmq, now, Fact::RabbitMq);
        tail.lines.extend(merge(kafka, rabbitmq));
        let surplus = tail.lines.len().saturating_sub(tail.wanted);
        tail.lines.drain(..surplus);
        tail
    }

    /// The last `n` facts that can be seen, up to and with `upto`.
    fn last_seen(&self, n: usize, upto: SimTime) -> Vec<Happened> {
        let kafka = last(&self.kafka, n, upto, Fact::Kafka);
        let rabbitmq = last(&self.rabbitmq, n, upto, Fact::RabbitMq);
        let mut merged = merge(kafka, rabbitmq);
        merged.drain(..merged.len().saturating_sub(n));
        merged
    }

    /// The instant of the next fact that can be seen after `after`, in either system. None if
    /// there is none before the run ends.
    #[must_use]
    pub fn next_seen(&self, after: SimTime) -> Option<SimTime> {
        let to = self.goal();
        let kafka = next(&self.kafka, after, to);
        let rabbitmq = next(&self.rabbitmq, after, kafka.unwrap_or(to));
        [kafka, rabbitmq].into_iter().flatten().min()
    }

    /// The instant of the last fact that can be seen before `before`, in either system.
    #[must_use]
    pub fn previous_seen(&self, before: SimTime) -> Option<SimTime> {
        let upto = SimTime(before.0.checked_sub(1)?).min(self.goal());
        let kafka = previous(&self.kafka, upto, SimTime::START);
        let rabbitmq = previous(&self.rabbitmq, upto, kafka.unwrap_or_default());
        kafka.max(rabbitmq)
    }

    /// Writes the text trace up to and with `to`: one line per fact, as
    /// `   14.20 s  kafka     c1 crashed`, in order of time and Kafka's first within an instant.
    ///
    /// # Errors
    /// If `out` takes no more.
    pub fn trace(&self, to: SimTime, out: &mut impl fmt::Write) -> fmt::Result {
        let mut result = Ok(());
        self.tell(to, |at, fact| {
            result = result.and_then(|()| {
                line(out, at, fact.system(), &fact)?;
                out.write_char('\n')
            });
        });
        result
    }

    /// A hash over every fact of both systems up to the present, with its instant.
    #[must_use]
    pub fn trace_hash(&self) -> u64 {
        let mut hash = TraceHash::default();
        self.tell(self.now(), |at, fact| (at, fact).hash(&mut hash));
        hash.finish()
    }

    /// The facts of both systems that `keep` wants, up to and with `to`, in the order of the
    /// trace.
    pub fn facts(&self, to: SimTime, mut keep: impl FnMut(FactRef<'_>) -> bool) -> Vec<Happened> {
        let mut kept = Vec::new();
        self.tell(to, |at, fact| {
            if keep(fact) {
                kept.push(Happened { at, fact: fact.to_fact() });
            }
        });
        kept
    }

    /// Tells all facts of both systems up to and with `to`, in the order of the trace. Nothing is
    /// collected, however long the run is.
    pub fn tell(&self, to: SimTime, mut tell: impl FnMut(SimTime, FactRef<'_>)) {
        self.kafka.replay_all(SimTime::START, |at, fact| tell(at, FactRef::Kafka(fact)));
        self.rabbitmq.replay_all(SimTime::START, |at, fact| tell(at, FactRef::RabbitMq(fact)));
        let mut kafka = self.kafka.cursor(SimTime::START);
        let mut rabbitmq = self.rabbitmq.cursor(SimTime::START);
        loop {
            let due = [self.kafka.next_due(&kafka), self.rabbitmq.next_due(&rabbitmq)];
            let Some(next) = due.into_iter().flatten().min().filter(|at| *at <= to) else {
                return;
            };
            self.kafka.walk(&mut kafka, next, |at, fact| {
                tell(at, FactRef::Kafka(fact));
                false
            });
            self.rabbitmq.walk(&mut rabbitmq, next, |at, fact| {
                tell(at, FactRef::RabbitMq(fact));
                false
            });
        }
    }
}

fn is_seen(fact: &impl Told) -> bool {
    Weight::Seen <= fact.weight()
}

/// Both in order of time, Kafka's first within an instant.
fn merge(kafka: Vec<Happened>, rabbitmq: Vec<Happened>) -> Vec<Happened> {
    let mut merged = Vec::with_capacity(kafka.len() + rabbitmq.len());
    let mut rabbitmq = rabbitmq.into_iter().peekable();
    for it in kafka {
        while let Some(earlier) = rabbitmq.next_if(|other| other.at < it.at) {
            merged.push(earlier);
        }
        merged.push(it);
    }
    merged.extend(rabbitmq);
    merged
}

/// What can be seen on a cursor's way to `to`.
fn on_the_way<S: System<Fact: Told>, W: Watcher<S>>(
    timeline: &Timeline<S, W>,
    cursor: &mut Cursor<S>,
    to: SimTime,
    wrap: fn(S::Fact) -> Fact,
) -> Vec<Happened> {
    let mut seen = Vec::new();
    timeline.walk(cursor, to, |at, fact| {
        if is_seen(fact) {
            seen.push(Happened { at, fact: wrap(fact.clone()) });
        }
        false
    });
    seen
}

/// The last `n` facts of a system that can be seen, up to and with `upto`: stretch by stretch,
/// backwards.
fn last<S: System<Fact: Told>, W: Watcher<S>>(
    timeline: &Timeline<S, W>,
    n: usize,
    upto: SimTime,
    wrap: fn(S::Fact) -> Fact,
) -> Vec<Happened> {
    let mut found: VecDeque<Happened> = VecDeque::new();
    let mut to = upto;
    for _ in 0..STRETCHES {
        let from = timeline.checkpoint(to);
        let mut stretch: VecDeque<Happened> = VecDeque::new();
        each_after(timeline, from, to, |at, fact| {
            if is_seen(fact) {
                if stretch.len() == n {
                    stretch.pop_front();
                }
                stretch.push_back(Happened { at, fact: wrap(fact.clone()) });
            }
        });
        stretch.extend(found);
        found = stretch;
        if n <= found.len() || to == SimTime::START {
            break;
        }
        to = from;
    }
    let surplus = found.len().saturating_sub(n);
    found.drain(..surplus);
    found.into()
}

/// The facts after `from`, up to and with `to`; at the beginning, those of the first instant.
fn each_after<S: System, W: Watcher<S>>(
    timeline: &Timeline<S, W>,
    from: SimTime,
    to: SimTime,
    mut tell: impl FnMut(SimTime, &S::Fact),
) {
    if to == SimTime::START {
        timeline.replay_all(to, tell);
        return;
    }
    let mut cursor = timeline.cursor(from);
    timeline.walk(&mut cursor, to, |at, fact| {
        tell(at, fact);
        false
    });
}

/// The instant of the next fact that can be seen after `after`, at or before `to`.
fn next<S: System<Fact: Told>, W: Watcher<S>>(
    timeline: &Timeline<S, W>,
    after: SimTime,
    to: SimTime,
) -> Option<SimTime> {
    let mut cursor = timeline.cursor(after);
    let mut found = None;
    timeline.walk(&mut cursor, to.max(after), |at, fact| {
        found = is_seen(fact).then_some(at);
        found.is_some()
    });
    found
}

/// The instant of the last fact that can be seen up to and with `upto`, and after `after` or at
/// the beginning.
fn previous<S: System<Fact: Told>, W: Watcher<S>>(
    timeline: &Timeline<S, W>,
    upto: SimTime,
    after: SimTime,
) -> Option<SimTime> {
    let mut to = upto;
    loop {
        let from = timeline.checkpoint(to);
        let mut found = None;
        each_after(timeline, from, to, |at, fact| {
            if is_seen(fact) {
                found = Some(at);
            }
        });
        if found.is_some() || to <= after || to == SimTime::START {
            return found;
        }
        to = from;
    }
}
