//! Groups, as the administrator's client describes them.

use super::scene::{Scene, error, unexpected};
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::admin::{AdminCall, AdminReturn};
use serde_json::Value;

impl Scene {
    /// `group_offsets`: what the group has committed, by partition.
    pub(super) fn group_offsets(&mut self, step: &Step) -> Result<Value, Unable> {
        let group = Given::of(step, &["group"])?.text("group")?.into();
        let partitions = self.partitions()?;
        match self.admin(AdminCall::GroupOffsets { group, partitions })? {
            AdminReturn::Committed(found) => {
                let found = found.into_iter();
                let found = found.filter_map(|(it, at)| Some((it.to_string(), at?.0.into())));
                Ok(Value::Object(found.collect()))
            }
            AdminReturn::Failed(name) => Ok(error(name)),
            other => Err(unexpected(&other)),
        }
    }
}
