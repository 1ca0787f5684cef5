//! Groups, as the administrator's client describes them.

use super::scene::{Scene, error, unexpected};
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::admin::{AdminCall, AdminReturn};
use brokerscope_core::kafka::call::OffsetAndMetadata;
use serde_json::{Value, json};

impl Scene {
    /// `group_offsets`: what the group has committed, by partition.
    pub(super) fn group_offsets(&mut self, step: &Step) -> Result<Value, Unable> {
        let group = Given::of(step, &["group"])?.text("group")?.into();
        let partitions = self.partitions()?;
        match self.admin(AdminCall::GroupOffsets { group, partitions })? {
            AdminReturn::Committed(found) => {
                let found = found.into_iter().filter_map(|(it, at)| {
                    let OffsetAndMetadata { offset, metadata } = at?;
                    let shown = if metadata.is_empty() {
                        json!(offset.0)
                    } else {
                        json!([offset.0, metadata])
                    };
                    Some((it.to_string(), shown))
                });
                Ok(Value::Object(found.collect()))
            }
            AdminReturn::Failed(name) => Ok(error(name)),
            other => Err(unexpected(&other)),
        }
    }
}
