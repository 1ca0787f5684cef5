//! Topics, and what their leaders say of their offsets.

use super::scene::{Scene, error, ok, unexpected};
use super::setup::settings;
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::admin::{
    AdminCall, AdminReturn, Layout, NewTopic, OffsetSpec, TopicDescription,
};
use brokerscope_core::kafka::config::TopicSettings;
use brokerscope_core::kafka::{BrokerId, Offset, TopicPartition};
use brokerscope_core::name::TopicName;
use brokerscope_core::sim::SimDuration;
use serde_json::{Map, Value, json};

impl Scene {
    /// `topic`: it is created.
    pub(super) fn topic(&mut self, step: &Step) -> Result<Value, Unable> {
        let known = ["name", "partitions", "replication", "configs", "assignment"];
        let given = Given::of(step, &known)?;
        let name = TopicName::from(given.text("name")?);
        let layout = match given.value("assignment") {
            Some(assignment) => Layout::Assigned(assigned(assignment)?),
            None => Layout::Counts {
                partitions: small(given.whole("partitions")?)?,
                replication: small(given.whole_if_any("replication")?.unwrap_or(1))?,
            },
        };
        let configs = settings(given, "configs")?;
        if let Some(unknown) = configs.iter().find(|it| !is_modelled(&it.0)) {
            return Err(Unable::NotModelled(unknown.0.clone()));
        }
        if !self.topics.contains(&name) {
            self.topics.push(name.clone());
        }
        self.done(AdminCall::CreateTopic(NewTopic { name, layout, configs }))
    }

    /// `grow`: more partitions.
    pub(super) fn grow(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["topic", "name", "partitions"])?;
        let topic = self.named(given)?;
        let count = small(given.whole("partitions")?)?;
        let answer = self.done(AdminCall::CreatePartitions { topic, count })?;
        self.pass(SimDuration::millis(1_000));
        Ok(answer)
    }

    /// `configure`: settings of a topic.
    pub(super) fn configure(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["topic", "name", "configs"])?;
        let topic = self.named(given)?;
        let configs = settings(given, "configs")?;
        if let Some(unknown) = configs.iter().find(|it| !is_modelled(&it.0)) {
            return Err(Unable::NotModelled(unknown.0.clone()));
        }
        let configs = configs.into_iter().map(|(key, value)| (key, Some(value))).collect();
        let answer = self.done(AdminCall::AlterConfigs { topic, configs })?;
        self.pass(SimDuration::millis(1_000));
        Ok(answer)
    }

    /// `delete_topic`.
    pub(super) fn delete_topic(&mut self, step: &Step) -> Result<Value, Unable> {
        let topic = self.named(Given::of(step, &["topic", "name"])?)?;
        self.done(AdminCall::DeleteTopic(topic))
    }

    /// A topic, which stands under either key.
    fn named(&self, given: Given) -> Result<TopicName, Unable> {
        let name = given.text_if_any("topic")?.map_or_else(|| given.text("name"), Ok)?;
        Ok(name.into())
    }

    /// `describe_topic`: its partitions with their leaders and replicas.
    pub(super) fn describe_topic(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["topic"])?;
        let told = match self.described(given.text("topic")?.into())? {
            Ok(told) => told,
            Err(name) => return Ok(error(name)),
        };
        let ids = |brokers: &[BrokerId]| -> Vec<u16> { brokers.iter().map(|it| it.0).collect() };
        let sorted = |brokers: &[BrokerId]| {
            let mut ids = ids(brokers);
            ids.sort_unstable();
            ids
        };
        let partitions = told.partitions.iter().enumerate().map(|(number, it)| {
            json!({
                "partition": number,
                "leader": it.leader.map(|it| it.0),
                "replicas": ids(&it.replicas),
                "isr": sorted(&it.isr),
                "elr": sorted(&it.elr),
            })
        });
        Ok(partitions.collect())
    }

    /// What the administrator's client tells of a topic, or the name of the error.
    pub(super) fn described(
        &mut self,
        topic: TopicName,
    ) -> Result<Result<TopicDescription, &'static str>, Unable> {
        match self.admin(AdminCall::DescribeTopic(topic))? {
            AdminReturn::Topic(told) => Ok(Ok(told)),
            AdminReturn::Failed(name) => Ok(Err(name)),
            other => Err(unexpected(&other)),
        }
    }

    /// A call that has nothing to tell but that it is done, or why not.
    pub(super) fn done(&mut self, call: AdminCall) -> Result<Value, Unable> {
        match self.admin(call)? {
            AdminReturn::Done => Ok(ok()),
            AdminReturn::Failed(name) => Ok(error(name)),
            other => Err(unexpected(&other)),
        }
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
        let count = match self.described(topic.clone())? {
            Ok(told) => told.partitions.len(),
            Err(name) => return Ok(error(name)),
        };
        for number in (0_u32..).take(count) {
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
            other => Err(unexpected(&other)),
        }
    }
}

/// Whether a setting of topics is there: whether its value is right the controller says.
fn is_modelled(name: &str) -> bool {
    TopicSettings::SETTINGS.iter().any(|it| it.name == name)
}

fn small(number: i64) -> Result<i32, Unable> {
    i32::try_from(number).map_err(|_| Unable::Wrong(format!("{number} is too large")))
}

/// Replicas by partition, as `{"0": [1, 2]}`.
fn assigned(value: &Value) -> Result<Vec<(u32, Vec<BrokerId>)>, Unable> {
    let wrong = || Unable::Wrong("its 'assignment' is to be brokers by partition".to_owned());
    let one = |(number, brokers): (&String, &Value)| {
        let broker = |it: &Value| Some(BrokerId(u16::try_from(it.as_u64()?).ok()?));
        let brokers: Option<Vec<BrokerId>> = brokers.as_array()?.iter().map(broker).collect();
        Some((number.parse().ok()?, brokers?))
    };
    let all: Option<Vec<_>> = value.as_object().ok_or_else(wrong)?.iter().map(one).collect();
    let mut all = all.ok_or_else(wrong)?;
    all.sort_by_key(|it| it.0);
    Ok(all)
}
