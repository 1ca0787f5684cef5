//! Topics, and what their leaders say of their offsets.

use super::scene::{Scene, error, ok, unexpected};
use super::setup::{bad_setting, settings};
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::admin::{AdminCall, AdminReturn, OffsetSpec};
use brokerscope_core::kafka::config::{Topic, TopicSettings};
use brokerscope_core::kafka::{Offset, TopicPartition};
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
        let one = match (given.whole_if_any("at")?, given.text_if_any("spec")?) {
            (None, None) => None,
            (Some(at), None) => Some(OffsetSpec::AtOrAfter(self.timestamp(at))),
            (None, Some("max")) => Some(OffsetSpec::MaxTimestamp),
            (_, Some(_)) => return Err(Unable::Wrong("its 'spec' is max".to_owned())),
        };
        let mut answer = Map::new();
        for number in 0..self.count(&topic) {
            let partition = TopicPartition::new(topic.clone(), number);
            let told = match one {
                Some(at) => self.offset(&partition, at)?,
                None => self.edges(&partition)?,
            };
            if told.get("error").is_some() {
                return Ok(told);
            }
            answer.insert(partition.to_string(), told);
        }
        Ok(answer.into())
    }

    /// Where a partition begins and ends.
    fn edges(&mut self, partition: &TopicPartition) -> Result<Value, Unable> {
        let mut told = Map::new();
        for (name, at) in [
            ("start", OffsetSpec::Earliest),
            ("end", OffsetSpec::Latest),
            ("stable", OffsetSpec::LatestStable),
        ] {
            let offset = self.offset(partition, at)?;
            if offset.get("error").is_some() {
                return Ok(offset);
            }
            told.insert(name.to_owned(), offset);
        }
        Ok(told.into())
    }

    fn offset(&mut self, partition: &TopicPartition, at: OffsetSpec) -> Result<Value, Unable> {
        let partition = partition.clone();
        self.told_offset(AdminCall::ListOffsets { partition, at })
    }

    /// `delete_records`: what lies before an offset.
    pub(super) fn delete_records(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["partition", "before"])?;
        let (partition, before) = (given.partition("partition")?, Offset(given.whole("before")?));
        self.told_offset(AdminCall::DeleteRecords { partition, before })
    }

    fn told_offset(&mut self, call: AdminCall) -> Result<Value, Unable> {
        match self.admin(call)? {
            AdminReturn::Offset(offset) => Ok(offset.0.into()),
            AdminReturn::Failed(name) => Ok(error(name)),
            other @ AdminReturn::Committed(_) => Err(unexpected(&other)),
        }
    }

    /// How many partitions a topic has.
    fn count(&self, topic: &TopicName) -> u32 {
        self.topics.get(topic).copied().unwrap_or(0)
    }
}
