//! The marks on the scrubber: where a run turns.

use crate::scenario::SystemName;
use brokerscope_core::map::sort_by_key;
use brokerscope_core::sim::SimTime;
use brokerscope_core::weight::Mark;

/// A turn of the run, at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MarkAt {
    /// When.
    pub at: SimTime,
    /// What kind of turn.
    pub mark: Mark,
    /// In which system.
    pub side: Side,
}

/// Where something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// In both systems at the same instant.
    Both,
    /// In one of them.
    Only(SystemName),
}

/// How many marks of one kind are kept per system. A scrubber a thousand pixels wide can show
/// that many of each kind and still be read.
const MOST: usize = 48;

/// The kinds, in order of their numbers.
const KINDS: [Mark; 4] = [Mark::Fault, Mark::Rebalance, Mark::Removal, Mark::DeadLetter];

/// The turns of one system's run.
///
/// The rule: time is cut into equal slots, and of each kind the first turn in a slot is kept.
/// Slots begin a microsecond long, so that all turns are kept; when a kind has more than
/// [`MOST`], its slots become twice as long. So what is kept depends on the turns alone, memory
/// is bounded, and a thousand dead letters never push out the one crash.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    kinds: [Kind; 4],
    /// How many turns there were, kept or not.
    heard: u64,
}

/// The turns of one kind.
#[derive(Clone, Debug, Default)]
struct Kind {
    kept: Vec<SimTime>,
    /// A slot is two to this power microseconds long.
    slot: u32,
}

impl Kind {
    fn hear(&mut self, at: SimTime) {
        if self.kept.last().is_some_and(|last| last.0 >> self.slot == at.0 >> self.slot) {
            return;
        }
        self.kept.push(at);
        while MOST < self.kept.len() {
            self.slot += 1;
            let slot = self.slot;
            self.kept.dedup_by_key(|it| it.0 >> slot);
        }
    }
}

impl Marks {
    /// A turn happened.
    pub(super) fn hear(&mut self, at: SimTime, mark: Mark) {
        self.heard += 1;
        self.kinds[kind(mark)].hear(at);
    }

    /// How many turns there were, kept or not.
    pub(super) fn heard(&self) -> u64 {
        self.heard
    }

    /// The turns of both systems up to `end` in order of time. Where both have the same kind at
    /// the same instant it is one mark.
    pub(super) fn merge(kafka: &Self, rabbitmq: &Self, end: SimTime) -> Vec<MarkAt> {
        let mut merged = Vec::new();
        for mark in KINDS {
            let (left, right) = (&kafka.kinds[kind(mark)].kept, &rabbitmq.kinds[kind(mark)].kept);
            for at in left {
                let both = right.binary_search(at).is_ok();
                let side = if both { Side::Both } else { Side::Only(SystemName::Kafka) };
                merged.push(MarkAt { at: *at, mark, side });
            }
            for at in right.iter().filter(|at| left.binary_search(at).is_err()) {
                let side = Side::Only(SystemName::RabbitMq);
                merged.push(MarkAt { at: *at, mark, side });
            }
        }
        merged.retain(|it| it.at <= end);
        sort_by_key(&mut merged, |it| (it.at, it.mark, it.side));
        merged
    }
}

fn kind(mark: Mark) -> usize {
    match mark {
        Mark::Fault => 0,
        Mark::Rebalance => 1,
        Mark::Removal => 2,
        Mark::DeadLetter => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(turns: &[(u64, Mark)]) -> Marks {
        let mut marks = Marks::default();
        for (at, mark) in turns {
            marks.hear(SimTime(*at), *mark);
        }
        marks
    }

    #[test]
    fn the_same_turn_in_both_is_one_mark() {
        let kafka = heard(&[(5, Mark::Fault), (7, Mark::Rebalance)]);
        let rabbitmq = heard(&[(5, Mark::Fault), (6, Mark::DeadLetter), (7, Mark::DeadLetter)]);
        let marks = Marks::merge(&kafka, &rabbitmq, SimTime(6));
        let told: Vec<_> = marks.iter().map(|it| (it.at.0, it.mark, it.side)).collect();
        let expected =
            [(5, Mark::Fault, Side::Both), (6, Mark::DeadLetter, Side::Only(SystemName::RabbitMq))];
        assert_eq!(told, expected, "what is after the end is left out");
    }

    #[test]
    fn many_of_one_kind_thin_out_and_leave_the_others_alone() {
        let mut turns: Vec<(u64, Mark)> =
            (0..10_000).map(|it| (it * 1_000, Mark::DeadLetter)).collect();
        turns.insert(4_321, (4_320_500, Mark::Fault));
        let marks = Marks::merge(&heard(&turns), &Marks::default(), SimTime::MAX);
        let faults: Vec<_> = marks.iter().filter(|it| it.mark == Mark::Fault).collect();
        assert_eq!(faults.len(), 1, "the crash is still there");
        let letters: Vec<u64> =
            marks.iter().filter(|it| it.mark == Mark::DeadLetter).map(|it| it.at.0).collect();
        assert!((MOST / 2 - 1..=MOST).contains(&letters.len()), "about {MOST}: {}", letters.len());
        assert_eq!(letters[0], 0, "the first of all is kept");
        let gaps: Vec<u64> = letters.windows(2).map(|it| it[1] - it[0]).collect();
        let (least, most) = (gaps.iter().min().unwrap(), gaps.iter().max().unwrap());
        assert!(most - least <= 1_000, "evenly spread: {least} to {most}");
    }
}
