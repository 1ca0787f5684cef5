//! Where a run ends, and finding out by running ahead.

use super::{Run, Saying};
use crate::scenario::{End, SystemName};
use brokerscope_core::sim::SimTime;

/// How many events of one system are explored before the other one is looked after.
const SLICE: u64 = 16_384;

impl Run {
    /// When the run ends: at the scenario's instant; or, if it ends when both systems are done,
    /// at the first instant at which both have been, and as long as that is not known, where the
    /// run has been explored to.
    #[must_use]
    pub fn end(&self) -> SimTime {
        match self.scenario.ends {
            End::At(at) => at,
            End::WhenDone(_) => self.known_end().unwrap_or_else(|| self.explored()),
        }
    }

    /// Up to which instant both systems have been explored.
    #[must_use]
    pub fn explored(&self) -> SimTime {
        self.kafka.explored().min(self.rabbitmq.explored()).min(self.goal())
    }

    /// Whether the run is explored to its end: its marks and beats are all known.
    #[must_use]
    pub fn is_explored(&self) -> bool {
        self.known_end().is_some_and(|end| end <= self.explored())
    }

    /// When the story is told, so that its answer may be: both systems are done with every message,
    /// all beats are said and all steps done; at the end at the latest. Nothing as long as the run
    /// is not explored to its end.
    #[must_use]
    pub fn told_at(&self) -> Option<SimTime> {
        if !self.is_explored() {
            return None;
        }
        let end = self.end();
        let kafka = self.kafka.explored_watcher().ledger.done_at();
        let rabbitmq = self.rabbitmq.explored_watcher().ledger.done_at();
        let Some((kafka, rabbitmq)) = kafka.zip(rabbitmq) else { return Some(end) };
        let mut told = kafka.max(rabbitmq);
        for (_, saying) in self.beats() {
            match saying {
                Saying::Said(at) | Saying::Ahead(at) => told = told.max(at),
                Saying::Open => {}
            }
        }
        if let Some((at, _)) = self.scenario.steps.last() {
            told = told.max(*at);
        }
        Some(told.min(end))
    }

    /// Explores the run ahead for about `budget` events, without moving the present. True once
    /// its end is reached.
    pub fn explore(&mut self, budget: u64) -> bool {
        let mut left = budget;
        while let Some(behind) = self.behind(SimTime::MAX) {
            if left == 0 {
                self.mark();
                return false;
            }
            let slice = left.min(SLICE);
            left -= slice;
            self.explore_one(behind, slice);
        }
        self.mark();
        true
    }

    /// Moves the present to `to`, forwards or backwards, or to the end if that is earlier.
    pub fn seek(&mut self, to: SimTime) {
        if matches!(self.scenario.ends, End::WhenDone(_)) {
            while let Some(behind) = self.behind(to) {
                self.explore_one(behind, SLICE);
            }
        }
        let to = to.min(self.goal());
        self.kafka.seek(to);
        self.rabbitmq.seek(to);
        self.mark();
    }

    /// The end, if it is known.
    fn known_end(&self) -> Option<SimTime> {
        match self.scenario.ends {
            End::At(at) => Some(at),
            End::WhenDone(latest) => {
                let kafka = self.kafka.explored_watcher().ledger.done_at();
                let rabbitmq = self.rabbitmq.explored_watcher().ledger.done_at();
                let done = kafka.zip(rabbitmq).map(|(one, other)| one.max(other));
                let explored = self.kafka.explored().min(self.rabbitmq.explored());
                done.filter(|it| *it <= latest).or_else(|| (latest <= explored).then_some(latest))
            }
        }
    }

    /// Where to explore to: the end, or the latest instant at which it can be.
    pub(super) fn goal(&self) -> SimTime {
        self.known_end().unwrap_or(match self.scenario.ends {
            End::At(at) | End::WhenDone(at) => at,
        })
    }

    /// Which system has to be explored further to reach `to`, or the end; if both, the one that
    /// is behind.
    fn behind(&self, to: SimTime) -> Option<SystemName> {
        let goal = self.goal().min(to);
        let (kafka, rabbitmq) = (self.kafka.explored(), self.rabbitmq.explored());
        if goal <= kafka.min(rabbitmq) {
            None
        } else if kafka <= rabbitmq {
            Some(SystemName::Kafka)
        } else {
            Some(SystemName::RabbitMq)
        }
    }

    fn explore_one(&mut self, system: SystemName, budget: u64) {
        let goal = self.goal();
        match system {
            SystemName::Kafka => self.kafka.explore(goal, budget),
            SystemName::RabbitMq => self.rabbitmq.explore(goal, budget),
        };
    }
}
