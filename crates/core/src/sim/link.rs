//! The way between two machines: it takes time, and it can lose what it carries.

use super::rng::Rng;
use super::time::{SimDuration, SimTime};

/// A way between two machines, one direction.
///
/// Order is kept: what is sent later never arrives earlier, as on one TCP connection.
///
/// Simplified: a link has no bandwidth; a message of a megabyte travels as fast as an empty one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// How long a message travels.
    pub latency: SimDuration,
    /// How much longer, at most; drawn evenly per message.
    pub jitter: SimDuration,
    /// Of a million messages, how many are lost.
    pub loss_per_million: u32,
    /// Whether nothing passes at all.
    pub cut: bool,
    /// Invariant: nothing still under way arrives after this.
    last_arrival: SimTime,
}

/// What a link does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It arrives at that instant.
    Arrives(SimTime),
    /// It never arrives, and nobody is told.
    Lost,
}

impl Link {
    /// A link that always takes `latency` and loses nothing.
    #[must_use]
    pub const fn new(latency: SimDuration) -> Self {
        Self {
            latency,
            jitter: SimDuration::ZERO,
            loss_per_million: 0,
            cut: false,
            last_arrival: SimTime::START,
        }
    }

    /// Sends one message at `now`.
    pub fn send(&mut self, rng: &mut Rng, now: SimTime) -> Delivery {
        if self.cut || rng.chance(u64::from(self.loss_per_million), 1_000_000) {
            return Delivery::Lost;
        }
        let jitter = match self.jitter {
            SimDuration::ZERO => 0,
            SimDuration(most) => rng.below(most + 1),
        };
        let at = (now + self.latency + SimDuration(jitter)).max(self.last_arrival);
        self.last_arrival = at;
        Delivery::Arrives(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_never_reorders() {
        let mut link = Link { jitter: SimDuration(50), ..Link::new(SimDuration(10)) };
        let mut rng = Rng::from_seed(3);
        let arrivals: Vec<_> = (0..100).map(|at| link.send(&mut rng, SimTime(at))).collect();
        let times = arrivals.iter().map(|it| match it {
            Delivery::Arrives(at) => *at,
            Delivery::Lost => SimTime::START,
        });
        assert!(times.is_sorted(), "what is sent later arrives later: {arrivals:?}");
    }

    #[test]
    fn a_cut_link_loses_everything_and_draws_nothing() {
        let mut link = Link { cut: true, ..Link::new(SimDuration(10)) };
        let mut rng = Rng::from_seed(3);
        let before = rng.clone();
        assert_eq!(link.send(&mut rng, SimTime(0)), Delivery::Lost);
        assert_eq!(rng, before);
    }
}
