//! Moments of real runs: the built-in lessons.

use crate::made::Made;
use brokerscope_core::sim::SimTime;
use brokerscope_core::{kafka, rabbitmq};
use brokerscope_scenario::library::Lesson;
use brokerscope_scenario::{Run, Scenario};

/// A lesson that can be looked at.
pub(crate) struct Running {
    name: &'static str,
    scenario: Scenario,
}

/// The built-in lessons.
pub(crate) fn all() -> Vec<Running> {
    let names = ["retained-or-removed", "crash-before-commit", "too-many-consumers"];
    let running = |name| {
        let lesson = Lesson::named(name).expect("it is built in");
        Running { name, scenario: lesson.scenario() }
    };
    names.map(running).into()
}

impl Running {
    /// How it stands so many milliseconds after its beginning.
    pub(crate) fn at(&self, ms: u64) -> Made {
        let mut run = Run::new(self.scenario.clone());
        run.seek(SimTime::from_ms(ms));
        Made {
            name: self.name,
            kafka: kafka::snapshot::snapshot(run.kafka(), 60),
            rabbitmq: rabbitmq::snapshot::snapshot(run.rabbitmq(), 60),
            config: self.scenario.rabbitmq.clone(),
            workload: self.scenario.workload.clone(),
            now: run.now(),
        }
    }
}
