//! Puts the steps of a case to Kafka: the machines that the page shows, driven by commands.

mod console;
mod consume;
mod groups;
mod log;
mod produce;
mod pure;
mod replication;
mod scene;
mod settle;
mod setup;
mod topics;
mod transactions;

use super::Unable;
use super::case::{Case, Step};
use scene::Scene;
use serde_json::Value;
use setup::Setup;

/// Kafka as a case drives it.
#[derive(Debug)]
pub(crate) struct Driver {
    setup: Setup,
    /// Made by the first step that needs a cluster.
    scene: Option<Scene>,
}

impl Driver {
    /// Before the first step.
    pub(crate) fn new(case: &Case) -> Self {
        Self { setup: Setup::of(case), scene: None }
    }

    /// Does a step and says what it observes, `"ok"` where there is nothing to observe.
    pub(crate) fn step(&mut self, step: &Step) -> Result<Value, Unable> {
        match &*step.operation {
            "place" => pure::place(step),
            "offsets_partition" => pure::offsets_partition(step),
            "compute_assignment" => pure::compute_assignment(step),
            _ => self.scene()?.step(step),
        }
    }

    fn scene(&mut self) -> Result<&mut Scene, Unable> {
        if self.scene.is_none() {
            self.scene = Some(Scene::new(&self.setup)?);
        }
        Ok(self.scene.as_mut().expect("it was just made"))
    }
}

#[cfg(test)]
mod tests;
