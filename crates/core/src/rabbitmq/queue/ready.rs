//! Which places of a queue are Ready, in order of arrival.

use std::collections::BTreeMap;

/// The Ready places of a queue.
///
/// Messages that were never delivered are one run up to the end, since they leave from its
/// beginning; those that came back lie before it. So a queue of a million ready messages is two
/// numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ready {
    /// Places that came back: runs from their first place to the place after their last.
    /// Invariant: runs do not touch each other, and end at or before `fresh`.
    returned: BTreeMap<u64, u64>,
    /// How many places lie in `returned`.
    returned_len: u64,
    /// The first place that was never delivered.
    fresh: u64,
    /// The place of the next arrival.
    end: u64,
}

impl Ready {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.returned_len + self.end - self.fresh
    }

    /// The place that is served next.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        match self.returned.first_key_value() {
            Some((place, _)) => Some(*place),
            None => (self.fresh < self.end).then_some(self.fresh),
        }
    }

    /// A new arrival, at the end.
    pub fn push(&mut self) {
        self.end += 1;
    }

    /// Takes out the place that is served next.
    pub fn pop_first(&mut self) -> Option<u64> {
        if let Some((place, end)) = self.returned.pop_first() {
            if place + 1 < end {
                self.returned.insert(place + 1, end);
            }
            self.returned_len -= 1;
            return Some(place);
        }
        let place = self.first()?;
        self.fresh += 1;
        Some(place)
    }

    /// Puts a place back that was taken out before.
    ///
    /// # Panics
    /// If it is not out.
    pub fn put_back(&mut self, place: u64) {
        assert!(place < self.fresh, "only what was taken out comes back");
        let (mut start, mut end) = (place, place + 1);
        if let Some((before, its_end)) = self.returned.range(..=place).next_back() {
            assert!(*its_end <= place, "what comes back is not there yet");
            if *its_end == place {
                start = *before;
            }
        }
        if let Some(its_end) = self.returned.remove(&end) {
            end = its_end;
        }
        self.returned.insert(start, end);
        self.returned_len += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Rng;
    use std::collections::BTreeSet;

    #[test]
    fn any_history_equals_a_plain_set() {
        for seed in 0..300 {
            let mut rng = Rng::from_seed(seed);
            let (mut ready, mut plain) = (Ready::default(), BTreeSet::new());
            let (mut out, mut arrivals) = (Vec::new(), 0);
            for _ in 0..200 {
                match rng.below(3) {
                    0 => {
                        ready.push();
                        plain.insert(arrivals);
                        arrivals += 1;
                    }
                    1 => {
                        let place = ready.pop_first();
                        assert_eq!(place, plain.pop_first(), "seed {seed}");
                        out.extend(place);
                    }
                    _ if out.is_empty() => {}
                    _ => {
                        let which = rng.below(out.len() as u64);
                        let place = out.swap_remove(usize::try_from(which).unwrap());
                        ready.put_back(place);
                        plain.insert(place);
                    }
                }
                assert_eq!(ready.count(), plain.len() as u64, "seed {seed}");
                assert_eq!(ready.first(), plain.first().copied(), "seed {seed}");
            }
        }
    }
}
