//! Which brokers a client can talk to, and when it tries again with those it cannot.

use super::BrokerId;
use crate::map::Map;
use crate::sim::{SimDuration, SimTime};

/// `reconnect.backoff.ms`.
const FIRST_BACKOFF: SimDuration = SimDuration::millis(50);
/// `reconnect.backoff.max.ms`.
const MOST_BACKOFF: SimDuration = SimDuration::millis(1_000);
/// `socket.connection.setup.timeout.ms`.
const SETUP_TIMEOUT: SimDuration = SimDuration::millis(10_000);

/// A client's connections to the brokers. Those not listed are up.
///
/// Simplified: they are up from the beginning, without a first greeting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Connections(Map<BrokerId, Down>);

/// A connection that is not up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Down {
    /// How often in a row it failed.
    failures: u32,
    /// When the next try is due; of a try under way, when it counts as failed.
    due: SimTime,
    trying: bool,
}

/// The span before try number `attempt`, which doubles each time up to `most`.
///
/// Source: `ExponentialBackoff`. Simplified: the random fifth that Kafka adds or takes is left
/// out.
pub(crate) fn backoff(first: SimDuration, most: SimDuration, attempt: u32) -> SimDuration {
    let doubled = first.0.saturating_mul(1_u64.checked_shl(attempt).unwrap_or(u64::MAX));
    SimDuration(doubled.min(most.0.max(first.0)))
}

impl Connections {
    /// Whether requests can be sent to `broker`.
    pub(crate) fn is_up(&self, broker: BrokerId) -> bool {
        !self.0.contains_key(&broker)
    }

    /// The connection broke, or could not be made.
    pub(crate) fn lost(&mut self, now: SimTime, broker: BrokerId) {
        let failures = match self.0.get(&broker) {
            None => 0,
            Some(down) if down.trying => down.failures + 1,
            // It is known to be down already.
            Some(_) => return,
        };
        let due = now + backoff(FIRST_BACKOFF, MOST_BACKOFF, failures);
        self.0.insert(broker, Down { failures, due, trying: false });
    }

    /// The broker answered.
    pub(crate) fn made(&mut self, broker: BrokerId) {
        self.0.remove(&broker);
    }

    /// When something is next to be done.
    pub(crate) fn due(&self) -> Option<SimTime> {
        self.0.values().map(|it| it.due).min()
    }

    /// The brokers to greet now; a greeting that was not answered in time counts as failed.
    pub(crate) fn try_again(&mut self, now: SimTime) -> Vec<BrokerId> {
        let mut brokers = Vec::new();
        for (broker, down) in &mut self.0 {
            if now < down.due {
                continue;
            }
            if down.trying {
                let failures = down.failures + 1;
                let due = now + backoff(FIRST_BACKOFF, MOST_BACKOFF, failures);
                *down = Down { failures, due, trying: false };
            } else {
                (down.trying, down.due) = (true, now + SETUP_TIMEOUT);
                brokers.push(*broker);
            }
        }
        brokers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_stays_away_is_asked_less_and_less_often() {
        let (mut connections, broker) = (Connections::default(), BrokerId(1));
        let mut now = SimTime::START;
        let mut waits = Vec::new();
        for _ in 0..7 {
            connections.lost(now, broker);
            let due = connections.due().unwrap();
            waits.push(due.since(now).as_ms());
            now = due;
            assert_eq!(connections.try_again(now), [broker]);
            assert!(!connections.is_up(broker), "a try is not a connection");
        }
        assert_eq!(waits, [50, 100, 200, 400, 800, 1_000, 1_000]);
        connections.made(broker);
        assert!(connections.is_up(broker), "an answer is a connection");
    }

    #[test]
    fn a_try_without_an_answer_fails_in_time() {
        let (mut connections, broker) = (Connections::default(), BrokerId(1));
        connections.lost(SimTime::START, broker);
        assert_eq!(connections.try_again(SimTime::from_ms(50)), [broker]);
        assert_eq!(connections.due(), Some(SimTime::from_ms(10_050)));
        assert_eq!(connections.try_again(SimTime::from_ms(10_050)), []);
        assert_eq!(connections.due(), Some(SimTime::from_ms(10_150)));
    }
}
