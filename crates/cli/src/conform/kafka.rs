//! Puts the steps of a case to Kafka.

mod pure;

use super::Unable;
use super::case::Step;
use serde_json::Value;

/// Kafka as a case drives it.
#[derive(Debug)]
pub(crate) struct Driver;

impl Driver {
    /// Before the first step.
    pub(crate) const fn new() -> Self {
        Self
    }

    /// Does a step and says what it observes, `"ok"` where there is nothing to observe.
    pub(crate) fn step(&mut self, step: &Step) -> Result<Value, Unable> {
        match &*step.operation {
            "place" => pure::place(step),
            "offsets_partition" => pure::offsets_partition(step),
            "compute_assignment" => pure::compute_assignment(step),
            operation => Err(Unable::NotModelled(operation.to_owned())),
        }
    }
}
