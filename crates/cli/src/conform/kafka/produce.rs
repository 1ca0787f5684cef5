//! Producers and the records that are handed to them.

use super::scene::{Scene, error, ok};
use super::setup::{self, FIRST_PRODUCER, producer_settings, settings};
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::{Command, config};
use brokerscope_core::name::{ProducerName, TopicName};
use brokerscope_core::settings::BadSetting;
use brokerscope_core::sim::SimDuration;
use brokerscope_core::workload::MessageId;
use serde_json::{Value, json};

/// So long the application waits for the fate of a record.
pub(super) const PATIENCE: SimDuration = SimDuration::millis(40_000);

impl Scene {
    /// `producer`: one is opened.
    pub(super) fn producer(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["name", "settings", "process"])?;
        let name = ProducerName::from(given.text("name")?);
        let mut chosen = producer_settings();
        for (key, value) in settings(given, "settings")? {
            match chosen.set(&key, &value) {
                Ok(()) => {}
                Err(BadSetting::Unknown { name, .. }) => return Err(Unable::NotModelled(name)),
                Err(BadSetting::Value { .. } | BadSetting::Refused { .. }) => {
                    return Ok(error("ConfigException"));
                }
            }
        }
        if chosen.conflict().is_some() {
            return Ok(error("ConfigException"));
        }
        self.note_process(name.as_str(), given.text_if_any("process")?);
        self.producers.insert(name.to_string());
        let setup = config::Producer { name, settings: chosen, transactions: None };
        self.open(Command::OpenProducer(setup))
    }

    /// `produce`: records one after the other, each awaited, or all at once.
    pub(super) fn produce(&mut self, step: &Step) -> Result<Value, Unable> {
        let known = ["topic", "records", "partition", "producer", "batch"];
        let given = Given::of(step, &known)?;
        let name = given.text_if_any("producer")?.unwrap_or(FIRST_PRODUCER);
        let (name, batch) = (ProducerName::from(name), given.whether("batch")?);
        self.open_first(&name)?;
        let before = self.world.system().sent(&name, 0).count();
        let mut sent = Vec::new();
        for record in given.list("records")? {
            let message = self.send(&name, given, record)?;
            if !batch {
                self.await_fate(&name, before, message);
            }
            sent.push(message);
        }
        if batch {
            self.command(Command::Flush(name.clone()))?;
        }
        Ok(sent.into_iter().map(|it| self.await_fate(&name, before, it)).collect())
    }

    /// The first producer opens itself when it is used.
    fn open_first(&mut self, name: &ProducerName) -> Result<(), Unable> {
        if name.as_str() != FIRST_PRODUCER || !self.producers.insert(name.to_string()) {
            return Ok(());
        }
        let (name, settings) = (name.clone(), producer_settings());
        let setup = config::Producer { name, settings, transactions: None };
        self.command(Command::OpenProducer(setup))
    }

    /// Hands one record over.
    fn send(
        &mut self,
        producer: &ProducerName,
        step: Given,
        record: &Value,
    ) -> Result<MessageId, Unable> {
        let known = ["topic", "key", "value", "partition", "ts", "headers", "bytes"];
        let given = Given::object(record, &known)?;
        let topic = match given.text_if_any("topic")? {
            Some(topic) => TopicName::from(topic),
            None => step.text("topic")?.into(),
        };
        let partition = match given.value("partition") {
            Some(_) => Some(given.number("partition")?),
            None => step.value("partition").map(|_| step.number("partition")).transpose()?,
        };
        let partition = partition.map(u32::try_from).transpose();
        let partition = partition.map_err(|_| Unable::Wrong("no such partition".to_owned()))?;
        let timestamp_ms = given.whole_if_any("ts")?.map(|it| self.timestamp(it));
        let message = setup::message(self.produced);
        self.produced += 1;
        let producer = producer.clone();
        self.command(Command::Send { producer, topic, message, partition, timestamp_ms })?;
        Ok(message)
    }

    /// Waits until it is known what became of a record.
    fn await_fate(&mut self, producer: &ProducerName, from: usize, message: MessageId) -> Value {
        let fate = self.await_within(PATIENCE, |it| {
            let mut sent = it.world.system().sent(producer, from);
            let sent = sent.find(|it| it.message == message)?;
            Some(match &sent.result {
                Ok((partition, offset)) => {
                    json!([partition.to_string(), offset.map_or(-1, |it| it.0)])
                }
                Err(why) => error(why),
            })
        });
        fate.unwrap_or_else(|| error("TimeoutException"))
    }

    /// `close_producer`.
    pub(super) fn close_producer(&mut self, step: &Step) -> Result<Value, Unable> {
        let name = Given::of(step, &["producer"])?.text("producer")?.into();
        self.command(Command::CloseProducer(name))?;
        self.pass(SimDuration::millis(100));
        Ok(ok())
    }
}
