//! Chance: one small generator, and one stream of it per concern.

use super::hash::TraceHash;
use std::hash::Hasher;

/// SplitMix64. Thirty lines of our own, because a printed seed must replay next year.
///
/// Source: Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (OOPSLA 2014);
/// the constants and the test vector are those of the published C version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rng(u64);

impl Rng {
    /// A stream that always begins the same way for the same seed.
    #[must_use]
    pub const fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream of its own for one named concern under one seed.
    #[must_use]
    pub fn for_concern(seed: u64, concern: &str) -> Self {
        let mut hash = TraceHash::default();
        hash.write(concern.as_bytes());
        let mut mixed = Self(seed ^ hash.finish());
        Self(mixed.next())
    }

    /// The next 64 bits.
    // Not an iterator: it never ends, and it is never looped over.
    #[allow(clippy::should_implement_trait, reason = "an endless draw, not an iterator")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; 0 if `bound` is 0, and then nothing is drawn.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let wide = u128::from(self.next()) * u128::from(bound);
        u64::try_from(wide >> 64).expect("the upper half of a 128-bit product fits 64 bits")
    }

    /// True in `part` of `whole` cases. What is certain draws nothing, so that switching a fault
    /// off does not shift the stream.
    pub fn chance(&mut self, part: u64, whole: u64) -> bool {
        if part == 0 {
            return false;
        }
        part >= whole || self.below(whole) < part
    }
}

/// One random stream per concern, so that turning a knob on one leaves the others' draws alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Seeds {
    /// Message delay and loss on the links.
    pub network: Rng,
    /// Where keyless records go.
    pub placement: Rng,
    /// Names that the brokers make up, such as the random part of a member id.
    pub names: Rng,
}

impl Seeds {
    /// The streams of one run.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            network: Rng::for_concern(seed, "network"),
            placement: Rng::for_concern(seed, "placement"),
            names: Rng::for_concern(seed, "names"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_holds() {
        let mut rng = Rng::from_seed(1_234_567);
        let drawn = [rng.next(), rng.next(), rng.next()];
        assert_eq!(drawn, [6457827717110365317, 3203168211198807973, 9817491932198370423]);
    }

    #[test]
    fn certainty_draws_nothing() {
        let mut rng = Rng::from_seed(7);
        let before = rng.clone();
        assert!(!rng.chance(0, 10), "never is never");
        assert!(rng.chance(10, 10), "always is always");
        assert_eq!(rng, before, "neither drew");
    }

    #[test]
    fn below_reaches_every_value_and_no_other() {
        let mut rng = Rng::from_seed(1);
        let mut seen = [0_u32; 5];
        for _ in 0..1_000 {
            seen[usize::try_from(rng.below(5)).unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| *count > 150), "evenly enough: {seen:?}");
    }
}
