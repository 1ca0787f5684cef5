//! A long row of things that many worlds share.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// How many items share one chunk. Small enough that changing one item in a shared row copies
/// little, large enough that a million items are a few thousand pointers.
const CHUNK: usize = 512;

/// A row that grows at its end and can be forgotten from its beginning, in chunks that clones
/// share until one of them changes.
///
/// Items are named by their index since the row began; forgetting does not renumber them. This is
/// what makes checkpoints cheap: cloning a row of a million items copies two thousand pointers.
pub struct Shelf<T> {
    /// Invariant: all but the last hold exactly `CHUNK` items.
    chunks: Vec<Arc<Vec<T>>>,
    /// Index of the first item of the first chunk: a multiple of `CHUNK`.
    first_kept: usize,
    len: usize,
    /// Items below it are forgotten, though their chunk may still be there.
    start: usize,
}

impl<T> Shelf<T> {
    /// An empty row.
    #[must_use]
    pub const fn new() -> Self {
        Self { chunks: Vec::new(), first_kept: 0, len: 0, start: 0 }
    }

    /// The index after the last item: how many were ever pushed.
    #[must_use]
    pub fn end(&self) -> usize {
        self.len
    }

    /// The index of the first item that is not forgotten.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len - self.start
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `index`, unless it is forgotten or not there yet.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        if index < self.start || self.len <= index {
            return None;
        }
        let place = index - self.first_kept;
        self.chunks[place / CHUNK].get(place % CHUNK)
    }

    /// The last item.
    #[must_use]
    pub fn last(&self) -> Option<&T> {
        self.get(self.len.checked_sub(1)?)
    }

    /// The items from `from` to before `to`, clipped to what is there.
    pub fn range(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = &T> {
        let (from, to) = (from.max(self.start), to.min(self.len));
        (from..to.max(from)).map(|index| {
            let place = index - self.first_kept;
            &self.chunks[place / CHUNK][place % CHUNK]
        })
    }

    /// All items, first to last.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.range(self.start, self.len)
    }

    /// The first index at which `before` is false, for items sorted so that it is true up to
    /// there and false from there on.
    #[must_use]
    pub fn partition_point(&self, before: impl Fn(&T) -> bool) -> usize {
        let (mut low, mut high) = (self.start, self.len);
        while low < high {
            let middle = usize::midpoint(low, high);
            let item = self.get(middle).expect("the middle lies between start and end");
            if before(item) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Forgets everything before `index`. Whole chunks are freed.
    pub fn forget_before(&mut self, index: usize) {
        self.start = self.start.max(index.min(self.len));
        let whole = (self.start - self.first_kept) / CHUNK;
        if whole > 0 {
            let whole = whole.min(self.chunks.len());
            self.chunks.drain(..whole);
            self.first_kept += whole * CHUNK;
        }
    }
}

impl<T: Clone> Shelf<T> {
    /// Adds an item at the end and returns its index.
    pub fn push(&mut self, item: T) -> usize {
        let place = self.len - self.first_kept;
        if place / CHUNK == self.chunks.len() {
            self.chunks.push(Arc::new(Vec::new()));
        }
        let chunk = self.chunks.last_mut().expect("the chunk for the new item was just made");
        Arc::make_mut(chunk).push(item);
        self.len += 1;
        self.len - 1
    }

    /// Takes away the item at `index` and all after it.
    pub fn truncate(&mut self, index: usize) {
        let index = index.clamp(self.start, self.len);
        let kept = index - self.first_kept;
        self.chunks.truncate(kept.div_ceil(CHUNK));
        if !kept.is_multiple_of(CHUNK)
            && let Some(last) = self.chunks.last_mut()
        {
            Arc::make_mut(last).truncate(kept % CHUNK);
        }
        self.len = index;
    }

    /// The item at `index`, to be changed. Its chunk is copied first if a clone shares it.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index < self.start || self.len <= index {
            return None;
        }
        let place = index - self.first_kept;
        Arc::make_mut(&mut self.chunks[place / CHUNK]).get_mut(place % CHUNK)
    }
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Shelf<T> {
    fn clone(&self) -> Self {
        Self {
            chunks: self.chunks.clone(),
            first_kept: self.first_kept,
            len: self.len,
            start: self.start,
        }
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: PartialEq> PartialEq for Shelf<T> {
    fn eq(&self, other: &Self) -> bool {
        self.start == other.start && self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for Shelf<T> {}

impl<T: Hash> Hash for Shelf<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.start.hash(state);
        self.len.hash(state);
        for item in self.iter() {
            item.hash(state);
        }
    }
}

impl<T: Clone> FromIterator<T> for Shelf<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut shelf = Self::new();
        for item in items {
            shelf.push(item);
        }
        shelf
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Rng;

    #[test]
    fn a_clone_does_not_see_later_changes() {
        let mut shelf: Shelf<u32> = (0..2_000).collect();
        let before = shelf.clone();
        *shelf.get_mut(700).unwrap() = 9;
        shelf.push(1);
        assert_eq!((before.get(700), before.end()), (Some(&700), 2_000));
        assert_eq!((shelf.get(700), shelf.end()), (Some(&9), 2_001));
    }

    #[test]
    fn any_history_equals_a_plain_row() {
        for seed in 0..200 {
            let mut rng = Rng::from_seed(seed);
            let (mut shelf, mut plain, mut start) = (Shelf::new(), Vec::new(), 0_usize);
            for _ in 0..3_000 {
                let draw = rng.next();
                match rng.below(20) {
                    0 => {
                        let upto = start + usize::try_from(rng.below(900)).unwrap();
                        shelf.forget_before(upto);
                        start = upto.min(plain.len()).max(start);
                    }
                    1 if start < plain.len() => {
                        let index = start + usize::try_from(draw).unwrap() % (plain.len() - start);
                        plain[index] = draw;
                        *shelf.get_mut(index).unwrap() = draw;
                    }
                    _ => {
                        plain.push(draw);
                        shelf.push(draw);
                    }
                }
            }
            assert!(shelf.iter().eq(plain[start..].iter()), "equal rows, seed {seed}");
            assert_eq!(shelf.get(start.wrapping_sub(1)), None, "forgotten, seed {seed}");
        }
    }

    #[test]
    fn a_sorted_row_can_be_searched() {
        let mut shelf: Shelf<u32> = (0..1_500).map(|it| it * 2).collect();
        shelf.forget_before(600);
        assert_eq!(shelf.partition_point(|it| *it < 2_001), 1_001);
        assert_eq!(shelf.partition_point(|it| *it < 3), 600);
        assert_eq!(shelf.partition_point(|_| true), 1_500);
    }
}
