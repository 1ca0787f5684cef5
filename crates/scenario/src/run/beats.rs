//! Which beats have been said: a beat is said when the fact it is tied to first happens. In the
//! same way a task is done, and a card is earned.

use super::fact::Told;
use crate::scenario::{Scenario, SystemName};
use brokerscope_core::sim::SimTime;
use std::fmt::{self, Write};
use std::sync::Arc;

/// What is tied to facts of one system, and when each happened. Cloning is cheap; what has
/// happened costs nothing any more.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    plan: Arc<Plan>,
    /// In the order in which they happened: which one, and when.
    said: Vec<(Tied, SimTime)>,
}

/// Something that is tied to a fact, by its place in the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tied {
    /// A beat.
    Beat(usize),
    /// A task.
    Task(usize),
    /// A card.
    Card(usize),
}

#[derive(Debug)]
struct Plan {
    /// What is tied to which beginning of a fact.
    ties: Vec<(Tied, Box<str>)>,
    /// By verb of a fact: what it could be, by place in `ties`.
    by_verb: Vec<Vec<usize>>,
}

impl Said {
    /// Nothing has happened yet. `spaced` says that some name in the scenario has white space
    /// in it, so that the words of a fact tell nothing about its kind.
    pub(super) fn new<F: Told>(scenario: &Scenario, system: SystemName, spaced: bool) -> Self {
        let mut ties: Vec<(Tied, Box<str>)> = Vec::new();
        let mut tie = |tied, of: SystemName, when: &str| {
            if of == system {
                ties.push((tied, when.into()));
            }
        };
        for (place, it) in scenario.beats.iter().enumerate() {
            tie(Tied::Beat(place), it.system, &it.when);
        }
        for (place, it) in scenario.tasks.iter().enumerate() {
            tie(Tied::Task(place), it.system, &it.when);
        }
        for (place, it) in scenario.cards.iter().enumerate() {
            tie(Tied::Card(place), it.system, &it.when);
        }
        Self::of::<F>(ties, spaced)
    }

    fn of<F: Told>(ties: Vec<(Tied, Box<str>)>, spaced: bool) -> Self {
        let candidates = |verb: &&str| {
            let could = |when: &str| spaced || could_be(when, verb);
            (0..ties.len()).filter(|it| could(&ties[*it].1)).collect()
        };
        let by_verb = F::VERBS.iter().map(candidates).collect();
        Self { plan: Arc::new(Plan { ties, by_verb }), said: Vec::new() }
    }

    /// A fact happened.
    pub(super) fn hear<F: Told>(&mut self, at: SimTime, fact: &F) {
        if self.said.len() == self.plan.ties.len() {
            return;
        }
        for candidate in &self.plan.by_verb[fact.verb()] {
            let (tied, when) = &self.plan.ties[*candidate];
            let fresh = self.said.iter().all(|(said, _)| said != tied);
            if fresh && begins(fact, when) {
                self.said.push((*tied, at));
            }
        }
    }

    /// The beat that was said last: its place in the scenario, and when it was said.
    pub(super) fn latest(&self) -> Option<(usize, SimTime)> {
        for (tied, at) in self.said.iter().rev() {
            if let Tied::Beat(beat) = tied {
                return Some((*beat, *at));
            }
        }
        None
    }

    /// When what is tied to a fact happened.
    pub(super) fn when(&self, tied: Tied) -> Option<SimTime> {
        self.said.iter().find(|(said, _)| *said == tied).map(|(_, at)| *at)
    }
}

/// Whether a fact with `verb` in its text, after at most one word, could begin with `when`.
fn could_be(when: &str, verb: &str) -> bool {
    let cut_off = |length| verb.is_char_boundary(length) && when.ends_with(&verb[..length]);
    let one_word = !when.contains(char::is_whitespace);
    one_word || when.contains(verb) || (1..verb.len()).any(cut_off)
}

/// Whether the text of `fact` begins with `when`. A number in it is whole: `c1 processed 1` is
/// not the beginning of `c1 processed 12`.
pub(super) fn begins(fact: &impl fmt::Display, when: &str) -> bool {
    let mut sink = Prefix { when: when.as_bytes(), matched: 0, verdict: None };
    match write!(sink, "{fact}") {
        Ok(()) => sink.matched == sink.when.len(),
        Err(fmt::Error) => sink.verdict == Some(true),
    }
}

/// Compares what is written with the beginning that is looked for, and takes no more as soon as
/// it knows.
struct Prefix<'a> {
    when: &'a [u8],
    /// How much of it was written.
    matched: usize,
    verdict: Option<bool>,
}

impl Write for Prefix<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let (rest, text) = (&self.when[self.matched..], text.as_bytes());
        let both = rest.len().min(text.len());
        if rest[..both] != text[..both] {
            self.verdict = Some(false);
            return Err(fmt::Error);
        }
        self.matched += both;
        let Some(next) = text.get(both) else { return Ok(()) };
        let cuts_number = next.is_ascii_digit() && self.when.last().is_some_and(u8::is_ascii_digit);
        self.verdict = Some(!cuts_number);
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brokerscope_core::kafka::fact::CommitReason;
    use brokerscope_core::kafka::{Offset, TopicPartition};
    use brokerscope_core::workload::MessageId;
    use brokerscope_core::{kafka, rabbitmq};

    fn processed(number: u32) -> kafka::Fact {
        kafka::Fact::Processed {
            group: "billing".into(),
            consumer: "c1".into(),
            message: MessageId(number),
            partition: TopicPartition::new("orders", 0),
            offset: Offset(0),
        }
    }

    #[test]
    fn a_beginning_ends_where_a_word_or_a_number_ends() {
        assert!(begins(&processed(12), "c1 processed 12"), "the whole text");
        assert!(begins(&processed(12), "c1 proc"), "a part of a word");
        assert!(!begins(&processed(12), "c1 processed 1"), "a part of a number");
        assert!(!begins(&processed(1), "c1 processed 12"), "more than there is");
        assert!(!begins(&processed(1), "c2"), "another name");
    }

    /// A name of two words, and what each frequent kind of fact looks like.
    fn kafka_facts() -> Vec<kafka::Fact> {
        use kafka::Fact as Its;
        let (producer, consumer, group) = (|| "p1".into(), || "c1".into(), || "billing".into());
        let (message, offset) = (MessageId(7), Offset(3));
        let there = || TopicPartition::new("orders", 0);
        vec![
            Its::Sent { producer: producer(), message, to: there(), attempt: 1 },
            Its::Sent { producer: producer(), message, to: there(), attempt: 2 },
            Its::Appended { message, to: there(), offset },
            Its::Acknowledged { producer: producer(), message, to: there(), offset: Some(offset) },
            Its::Acknowledged { producer: producer(), message, to: there(), offset: None },
            Its::Fetched {
                consumer: consumer(),
                partition: there(),
                from: offset,
                to: offset.next(),
                records: 1,
            },
            Its::Polled {
                group: group(),
                consumer: consumer(),
                partition: there(),
                from: offset,
                to: offset.next(),
                records: 1,
            },
            processed(7),
            Its::Committed {
                group: group(),
                consumer: consumer(),
                partition: there(),
                offset,
                how: CommitReason::Auto,
            },
            Its::Crashed { group: group(), consumer: consumer() },
        ]
    }

    fn rabbitmq_facts() -> Vec<rabbitmq::Fact> {
        use rabbitmq::Fact as Its;
        let (queue, consumer) = (|| "billing".into(), || "c1".into());
        let message = MessageId(7);
        let delivered = |auto_ack| Its::Delivered {
            queue: queue(),
            consumer: consumer(),
            message,
            delivery_tag: 1,
            redelivered: false,
            auto_ack,
        };
        vec![
            Its::Published { publisher: "p1".into(), message, exchange: "".into() },
            Its::Routed { message, exchange: "".into(), queues: vec![queue()] },
            Its::Enqueued { queue: queue(), message },
            Its::Confirmed { publisher: "p1".into(), message },
            delivered(true),
            delivered(false),
            Its::Received { queue: queue(), consumer: consumer(), message },
            Its::Began { queue: queue(), consumer: consumer(), message },
            Its::Processed { queue: queue(), consumer: consumer(), message },
            Its::Acked { queue: queue(), consumer: consumer(), message, delivery_tag: 1 },
            Its::Crashed { queue: queue(), consumer: consumer() },
        ]
    }

    /// Every beginning of every text is heard, so no kind of fact is looked past.
    fn check<F: Told + fmt::Debug>(facts: &[F]) {
        for fact in facts {
            let text = fact.to_string();
            for end in 1..=text.len() {
                let when = &text[..end];
                let cut = text.as_bytes().get(end).is_some_and(u8::is_ascii_digit)
                    && text.as_bytes()[end - 1].is_ascii_digit();
                let mut said = Said::of::<F>(vec![(Tied::Beat(0), when.into())], false);
                said.hear(SimTime(5), fact);
                assert_eq!(said.latest().is_some(), !cut, "{when:?} is heard in {text}");
            }
        }
    }

    #[test]
    fn no_kind_of_fact_is_looked_past() {
        check(&kafka_facts());
        check(&rabbitmq_facts());
    }

    #[test]
    fn a_beat_is_said_once_and_the_latest_stands() {
        let ties = [
            (Tied::Beat(0), "c1 crashed"),
            (Tied::Beat(2), "c1 processed 7"),
            (Tied::Task(0), "c1 processed"),
        ];
        let ties = ties.map(|(tied, when)| (tied, when.into()));
        let mut said = Said::of::<kafka::Fact>(ties.into(), false);
        for (at, number) in [(1, 5), (2, 7), (3, 7)] {
            said.hear(SimTime(at), &processed(number));
        }
        assert_eq!(said.latest(), Some((2, SimTime(2))));
        let when = |tied| said.when(tied);
        assert_eq!((when(Tied::Beat(0)), when(Tied::Task(0))), (None, Some(SimTime(1))));
    }
}
