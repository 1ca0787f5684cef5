//! A connection's way in one direction: TCP over a link that may lose.

use crate::sim::{Delivery, Link, Rng, SimDuration, SimTime};

/// How long TCP waits for an acknowledgement before it sends again, the first time.
///
/// Source: Linux, `TCP_RTO_MIN`.
const FIRST_TIMEOUT: SimDuration = SimDuration::millis(200);

/// The longest that it waits.
///
/// Source: Linux, `TCP_RTO_MAX`.
const LONGEST_TIMEOUT: SimDuration = SimDuration::seconds(120);

/// How often it sends again.
///
/// Source: Linux, `tcp_retries2`.
const MOST_RETRIES: u32 = 15;

/// A connection's way in one direction: in order, and complete.
#[derive(Clone, Debug, Hash)]
pub struct Wire(Link);

impl Wire {
    /// TCP over that link.
    #[must_use]
    pub const fn new(link: Link) -> Self {
        Self(link)
    }

    /// When what is sent at `now` arrives.
    ///
    /// What the link loses is sent again after a timeout that doubles, and all that follows waits
    /// behind it.
    ///
    /// Simplified: only a timeout makes TCP send again (no fast retransmit), a frame is one
    /// segment, and instead of giving up after the last retry the frame gets through.
    pub fn carry(&mut self, rng: &mut Rng, now: SimTime) -> SimTime {
        let (mut sent, mut timeout) = (now, FIRST_TIMEOUT);
        for _ in 0..MOST_RETRIES {
            match self.0.send(rng, sent) {
                Delivery::Arrives(at) => return at,
                Delivery::Lost => sent += timeout,
            }
            timeout = SimDuration(timeout.0 * 2).min(LONGEST_TIMEOUT);
        }
        let mut sure = self.0.clone();
        (sure.cut, sure.loss_per_million) = (false, 0);
        let last = sure.send(rng, sent);
        let (cut, loss_per_million) = (self.0.cut, self.0.loss_per_million);
        (sure.cut, sure.loss_per_million) = (cut, loss_per_million);
        self.0 = sure;
        match last {
            Delivery::Arrives(at) => at,
            Delivery::Lost => unreachable!("a link without loss delivers"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lossy(loss_per_million: u32) -> Wire {
        let mut link = Link::new(SimDuration::millis(2));
        link.loss_per_million = loss_per_million;
        Wire::new(link)
    }

    #[test]
    fn a_lost_frame_is_late_and_holds_up_what_follows() {
        let (mut wire, mut rng) = (lossy(300_000), Rng::from_seed(5));
        let arrivals: Vec<_> =
            (0..40).map(|ms| wire.carry(&mut rng, SimTime::from_ms(ms)).as_ms()).collect();
        assert!(arrivals.is_sorted(), "order is kept: {arrivals:?}");
        let late = (0..40).zip(&arrivals).filter(|(sent, at)| sent + 2 < **at).count();
        assert!((10..40).contains(&late), "some are late, {late} of 40");
    }

    #[test]
    fn a_hopeless_link_delays_by_a_quarter_of_an_hour() {
        let at = lossy(1_000_000).carry(&mut Rng::from_seed(5), SimTime::START);
        assert_eq!(at.to_string(), "804.602 s");
    }
}
