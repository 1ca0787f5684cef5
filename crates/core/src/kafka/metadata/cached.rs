//! A client's copy of the metadata, and when it asks for a newer one.

use super::Metadata;
use crate::kafka::connection::backoff;
use crate::sim::{SimDuration, SimTime};
use std::ops::Deref;
use std::sync::Arc;

/// `retry.backoff.max.ms`.
const MOST_BACKOFF: SimDuration = SimDuration::millis(1_000);

/// What a client knows of the cluster; may be out of date.
///
/// Source: `Metadata` of the Java client. Simplified: every answer tells of all topics; and a
/// client that is there at the first instant knows them without having asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cached {
    known: Arc<Metadata>,
    /// Whether something showed that it may be out of date.
    is_wanted: bool,
    is_asking: bool,
    /// When it last came, or the asking failed.
    asked: SimTime,
    /// How often in a row there was no answer, or nothing new.
    in_vain: u32,
}

impl Deref for Cached {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.known
    }
}

impl Cached {
    /// What a client that starts at `now` has to begin with.
    pub(crate) fn new(now: SimTime, known: Arc<Metadata>) -> Self {
        let is_wanted = now != SimTime::START;
        Self { known, is_wanted, is_asking: false, asked: SimTime::START, in_vain: 0 }
    }

    /// Something showed that it may be out of date.
    pub(crate) fn want(&mut self) {
        self.is_wanted = true;
    }

    /// When it is to be asked for: at once if it is wanted, but not sooner after the last time
    /// than the back-off `first` allows; else when it is `max_age_ms` old.
    ///
    /// Source: `Metadata.timeToNextUpdate`.
    pub(crate) fn due(&self, first: SimDuration, max_age_ms: u64) -> Option<SimTime> {
        if self.is_asking {
            return None;
        }
        let wait = if self.is_wanted {
            match self.in_vain {
                0 if self.asked == SimTime::START => SimDuration::ZERO,
                attempts => backoff(first, MOST_BACKOFF, attempts.saturating_sub(1)),
            }
        } else {
            SimDuration::millis(max_age_ms)
        };
        Some(self.asked + wait)
    }

    /// It is being asked for.
    pub(crate) fn asks(&mut self) {
        self.is_asking = true;
    }

    /// There will be no answer.
    pub(crate) fn failed(&mut self, now: SimTime) {
        *self = Self { is_wanted: true, is_asking: false, asked: now, ..self.clone() };
        self.in_vain += 1;
    }

    /// An answer came. An older state of things than is known changes nothing.
    pub(crate) fn learn(&mut self, now: SimTime, news: Arc<Metadata>) {
        self.in_vain = if self.known.version < news.version { 0 } else { self.in_vain + 1 };
        if self.known.version < news.version {
            self.known = news;
        }
        (self.is_wanted, self.is_asking, self.asked) = (false, false, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::testing::Setup;

    #[test]
    fn what_is_wanted_again_and_again_is_asked_for_less_and_less_often() {
        let known = Arc::new(Metadata::new(&Setup::read("brokers 1").config()));
        let mut cached = Cached::new(SimTime::START, known.clone());
        let first = SimDuration::millis(100);
        assert_eq!(cached.due(first, 300_000), Some(SimTime::from_ms(300_000)));
        let mut now = SimTime::START;
        let mut waits = Vec::new();
        for _ in 0..6 {
            cached.want();
            let due = cached.due(first, 300_000).unwrap();
            waits.push(due.since(now).as_ms());
            now = due.max(SimTime::from_ms(1));
            cached.asks();
            assert_eq!(cached.due(first, 300_000), None, "one request at a time");
            cached.learn(now, known.clone());
        }
        assert_eq!(waits, [0, 100, 200, 400, 800, 1_000]);
    }

    #[test]
    fn an_older_answer_changes_nothing() {
        let old = Arc::new(Metadata::new(&Setup::read("brokers 1").config()));
        let new = Arc::new(Metadata { version: 3, ..Metadata::clone(&old) });
        let mut cached = Cached::new(SimTime::START, new);
        cached.learn(SimTime::from_ms(5), old);
        assert_eq!(cached.version, 3);
    }
}
