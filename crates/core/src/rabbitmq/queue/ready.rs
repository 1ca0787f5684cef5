//! Which places of a queue are Ready, and which of them is served next.
//!
//! Places are kept as runs, so that a queue of a million ready messages is two numbers.

use crate::map::Map;
use std::collections::{BTreeMap, VecDeque};

/// The Ready places of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ready {
    /// A classic queue: by priority, then by arrival.
    ///
    /// Source: cases `q-priority`, `q-priority-prefetch`: the highest priority that has any, and
    /// what comes back stands where it stood.
    Classic(Map<u8, Places>),
    /// A quorum queue: what came back, then the others.
    Quorum(Lines),
}

/// Places in the order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Places {
    /// From the first place of a run to the place after its last.
    /// Invariant: runs do not touch each other.
    runs: BTreeMap<u64, u64>,
    count: u64,
}

/// Places in the order in which they were put there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Line {
    /// From the first place of a run to the place after its last.
    runs: VecDeque<(u64, u64)>,
    count: u64,
}

/// The lines of a quorum queue.
///
/// Source: `rabbit_fifo`, `take_next_msg`, and `rabbit_fifo_q`; case `q-priority-quorum`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lines {
    returned: Line,
    high: Line,
    normal: Line,
    /// How many of the last were taken without looking at `normal`: after two high ones a normal
    /// one is next, if it is older.
    taken: u8,
}

/// From this priority on a message is a high one.
///
/// Source: `rabbit_fifo_q` 4.0.
pub const HIGH: u8 = 5;

/// So many high ones are taken before a normal one.
///
/// Source: `rabbit_fifo_q` 4.0, `WEIGHT`.
const WEIGHT: u8 = 2;

impl Ready {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::Classic(buckets) => buckets.values().map(|it| it.count).sum(),
            Self::Quorum(lines) => lines.returned.count + lines.high.count + lines.normal.count,
        }
    }

    /// The place that is served next.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        match self {
            Self::Classic(buckets) => buckets.iter().next_back()?.1.first(),
            Self::Quorum(lines) => lines.next().and_then(Line::first),
        }
    }

    /// Takes out the place that is served next.
    pub fn pop_first(&mut self) -> Option<u64> {
        match self {
            Self::Classic(buckets) => {
                let (priority, places) = buckets.iter_mut().next_back()?;
                let (priority, place) = (*priority, places.pop_first());
                if places.count == 0 {
                    buckets.remove(&priority);
                }
                place
            }
            Self::Quorum(lines) => lines.pop_first(),
        }
    }

    /// A place at the end of its priority.
    pub fn push(&mut self, place: u64, priority: u8) {
        match self {
            Self::Classic(buckets) => buckets.get_or_default(priority).insert(place),
            Self::Quorum(lines) if priority >= HIGH => lines.high.push(place),
            Self::Quorum(lines) => lines.normal.push(place),
        }
    }

    /// A place that was taken out comes back: where it was, or to those that came back before.
    pub fn put_back(&mut self, place: u64, priority: u8) {
        match self {
            Self::Classic(buckets) => buckets.get_or_default(priority).insert(place),
            Self::Quorum(lines) => lines.returned.push(place),
        }
    }

    /// Takes out all.
    pub fn clear(&mut self) {
        match self {
            Self::Classic(buckets) => buckets.clear(),
            Self::Quorum(lines) => *lines = Lines::default(),
        }
    }
}

impl Places {
    fn first(&self) -> Option<u64> {
        self.runs.first_key_value().map(|(place, _)| *place)
    }

    fn pop_first(&mut self) -> Option<u64> {
        let (place, end) = self.runs.pop_first()?;
        if place + 1 < end {
            self.runs.insert(place + 1, end);
        }
        self.count -= 1;
        Some(place)
    }

    fn insert(&mut self, place: u64) {
        let (mut start, mut end) = (place, place + 1);
        if let Some((before, its_end)) = self.runs.range(..=place).next_back() {
            assert!(*its_end <= place, "what comes back is not there yet");
            if *its_end == place {
                start = *before;
            }
        }
        if let Some(its_end) = self.runs.remove(&end) {
            end = its_end;
        }
        self.runs.insert(start, end);
        self.count += 1;
    }
}

impl Line {
    fn first(&self) -> Option<u64> {
        self.runs.front().map(|(place, _)| *place)
    }

    fn push(&mut self, place: u64) {
        self.count += 1;
        match self.runs.back_mut() {
            Some((_, end)) if *end == place => *end += 1,
            Some(_) | None => self.runs.push_back((place, place + 1)),
        }
    }

    fn pop_first(&mut self) -> Option<u64> {
        let (place, end) = self.runs.front_mut()?;
        let first = *place;
        *place += 1;
        if place == end {
            self.runs.pop_front();
        }
        self.count -= 1;
        Some(first)
    }
}

impl Lines {
    fn next(&self) -> Option<&Line> {
        let first = |it: &'_ Line| it.first();
        if first(&self.returned).is_some() {
            return Some(&self.returned);
        }
        let older = first(&self.normal).zip(first(&self.high)).is_some_and(|(n, h)| n < h);
        let high = first(&self.high).is_some() && !(self.taken == WEIGHT && older);
        let line = if high { &self.high } else { &self.normal };
        first(line).map(|_| line)
    }

    fn pop_first(&mut self) -> Option<u64> {
        let place = self.next()?.first()?;
        if self.returned.first() == Some(place) {
            return self.returned.pop_first();
        }
        self.taken = if self.taken == WEIGHT { 0 } else { self.taken + 1 };
        if self.high.first() == Some(place) {
            self.high.pop_first()
        } else {
            self.normal.pop_first()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Rng;
    use std::collections::BTreeSet;

    #[test]
    fn places_are_served_as_from_a_sorted_set() {
        for seed in 0..200 {
            let mut rng = Rng::from_seed(seed);
            let mut ready = Ready::Classic(Map::new());
            let (mut plain, mut out) = (BTreeSet::new(), Vec::new());
            let mut next = 0;
            for _ in 0..200 {
                match rng.below(4) {
                    0 | 1 => {
                        let priority = u8::try_from(rng.below(3)).unwrap();
                        ready.push(next, priority);
                        plain.insert((std::cmp::Reverse(priority), next));
                        next += 1;
                    }
                    2 => {
                        let first = plain.pop_first();
                        assert_eq!(ready.pop_first(), first.map(|it| it.1), "seed {seed}");
                        out.extend(first);
                    }
                    _ if out.is_empty() => {}
                    _ => {
                        let which = rng.below(out.len() as u64);
                        let it = out.swap_remove(usize::try_from(which).unwrap());
                        ready.put_back(it.1, it.0.0);
                        plain.insert(it);
                    }
                }
                assert_eq!(ready.count(), plain.len() as u64, "seed {seed}");
                assert_eq!(ready.first(), plain.first().map(|it| it.1), "seed {seed}");
            }
        }
    }

    #[test]
    fn a_quorum_queue_serves_what_came_back_then_two_high_ones_and_an_older_normal_one() {
        let mut ready = Ready::Quorum(Lines::default());
        for (place, priority) in [(0, 0), (1, 4), (2, 5), (3, 9), (4, 5), (5, 5), (6, 0)] {
            ready.push(place, priority);
        }
        ready.put_back(9, 0);
        ready.put_back(8, 7);
        let mut order = Vec::new();
        while let Some(place) = ready.pop_first() {
            order.push(place);
        }
        assert_eq!(order, [9, 8, 2, 3, 0, 4, 5, 1, 6]);
    }
}
