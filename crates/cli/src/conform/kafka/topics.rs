//! Topics, and what their leaders say of their offsets.

use super::scene::{Scene, error, ok, unexpected};
use super::setup::{bad_setting, settings};
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::TopicPartition;
use brokerscope_core::kafka::admin::{AdminCall, AdminReturn, OffsetSpec};
use brokerscope_core::kafka::config::{Topic, TopicSettings};
use brokerscope_core::name::TopicName;
use serde_json::{Map, Value};

/// A topic as a step creates it.
pub(super) fn topic(step: &Step) -> Result<Topic, Unable> {
    let known = ["name", "partitions", "configs", "assignment"];
    let given = Given::of(step, &known)?;
    let mut topic_settings = TopicSettings::default();
    for (name, value) in settings(given, "configs")? {
        topic_settings.set(&name, &value).map_err(bad_setting)?;
    }
    Ok(Topic {
        name: given.text("name")?.into(),
        partitions: given.partitions("partitions")?,
        settings: topic_settings,
    })
}

impl Scene {
    /// `topic`: it is created.
    pub(super) fn topic(&mut self, step: &Step) -> Result<Value, Unable> {
        let topic = topic(step)?;
        self.topics.insert(topic.name, topic.partitions);
        Ok(ok())
    }

    /// `offsets`: of each partition of a topic.
    pub(super) fn offsets(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["topic", "at", "spec"])?;
        let topic = TopicName::from(given.text("topic")?);
        let mut answer = Map::new();
        for number in 0..*self.topics.get(&topic).unwrap_or(&0) {
            let partition = TopicPartition::new(topic.clone(), number);
            let mut told = Map::new();
            for (name, at) in [("start", OffsetSpec::Earliest), ("end", OffsetSpec::Latest)] {
                told.insert(name.to_owned(), self.offset(&partition, at)?);
            }
            answer.insert(partition.to_string(), told.into());
        }
        Ok(answer.into())
    }

    fn offset(&mut self, partition: &TopicPartition, at: OffsetSpec) -> Result<Value, Unable> {
        match self.admin(AdminCall::ListOffsets { partition: partition.clone(), at })? {
            AdminReturn::Offset(offset) => Ok(offset.0.into()),
            AdminReturn::Failed(name) => Ok(error(name)),
            other @ AdminReturn::Committed(_) => Err(unexpected(&other)),
        }
    }
}
