//! Producer ids, requests made by hand, and what partitions know of producers.

use super::produce::PATIENCE;
use super::scene::{Scene, error, ok, unexpected};
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::admin::{AdminCall, AdminReturn, RawProduce};
use brokerscope_core::kafka::config::Acks;
use brokerscope_core::kafka::view::ProducerStamp;
use brokerscope_core::kafka::{Command, Offset, TopicPartition, TransactionCall};
use brokerscope_core::name::ProducerName;
use serde_json::{Value, json};

impl Scene {
    /// `init_producer`: an id is given out, to be used under a name.
    pub(super) fn init_producer(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["name", "transactional_id"])?;
        let name = given.text("name")?.to_owned();
        let id = given.text_if_any("transactional_id")?.map(Into::into);
        match self.admin(AdminCall::InitProducerId(id))? {
            AdminReturn::Producer { id, epoch } => {
                self.producer_ids.insert(name, id);
                Ok(json!({ "epoch": epoch }))
            }
            AdminReturn::Failed(name) => Ok(error(name)),
            other => Err(unexpected(&other)),
        }
    }

    /// `produce_raw`: one request with one batch.
    pub(super) fn produce_raw(&mut self, step: &Step) -> Result<Value, Unable> {
        let known = [
            "partition",
            "records",
            "acks",
            "producer",
            "epoch",
            "sequence",
            "transactional_id",
            "broker",
            "timeout_ms",
        ];
        let given = Given::of(step, &known)?;
        let partition = given.partition("partition")?;
        let messages = given.list("records")?.iter().map(|_| {
            self.produced += 1;
            super::setup::message(self.produced - 1)
        });
        let messages = messages.collect();
        let acks = match given.whole_if_any("acks")?.unwrap_or(-1) {
            0 => Acks::None,
            1 => Acks::Leader,
            _ => Acks::All,
        };
        let timeout_ms = given.whole_if_any("timeout_ms")?.unwrap_or(5_000);
        let call = RawProduce {
            partition: partition.clone(),
            broker: self.broker(given)?,
            messages,
            acks,
            producer: self.stamp(given)?,
            transactional_id: given.text_if_any("transactional_id")?.map(Into::into),
            timeout_ms: u64::try_from(timeout_ms).unwrap_or_default(),
        };
        match self.admin(AdminCall::ProduceRaw(call))? {
            AdminReturn::Offset(base) => Ok(json!([partition.to_string(), base.0])),
            AdminReturn::NoAnswer => Ok("no answer".into()),
            AdminReturn::Failed("connection closed") => Ok("connection closed".into()),
            AdminReturn::Failed(name) => Ok(error(name)),
            other => Err(unexpected(&other)),
        }
    }

    /// As whose batch it is sent, if a producer is named.
    fn stamp(&self, given: Given) -> Result<Option<ProducerStamp>, Unable> {
        let Some(name) = given.text_if_any("producer")? else { return Ok(None) };
        let id = self.producer_ids.get(name);
        let id = *id.ok_or_else(|| Unable::Wrong(format!("no id is kept under '{name}'")))?;
        let wrong = |_| Unable::Wrong("no such epoch or sequence number".to_owned());
        let epoch = i16::try_from(given.whole_if_any("epoch")?.unwrap_or(0)).map_err(wrong)?;
        let sequence = i32::try_from(given.whole_if_any("sequence")?.unwrap_or(0));
        Ok(Some(ProducerStamp { id, epoch, sequence: sequence.map_err(wrong)? }))
    }

    /// `init_tx`, `begin`, `commit_tx`, `abort_tx`: calls of a producer.
    pub(super) fn transact(&mut self, step: &Step, call: TransactionCall) -> Result<Value, Unable> {
        let name = Given::of(step, &["producer"])?.text("producer")?.into();
        self.call_producer(name, call)
    }

    fn call_producer(
        &mut self,
        name: ProducerName,
        call: TransactionCall,
    ) -> Result<Value, Unable> {
        let (before, _) = self.world.system().transacted(&name);
        self.command(Command::Transact(name.clone(), call))?;
        let returned = self.await_within(PATIENCE, |it| {
            let (count, last) = it.world.system().transacted(&name);
            last.filter(|_| before < count)
        });
        Ok(match returned {
            Some(Ok(())) => ok(),
            Some(Err(why)) => error(why),
            None => return Err(Unable::Broken("a call never returned".to_owned())),
        })
    }

    /// `send_offsets`: the positions of a consumer, or others, with its place in its group.
    pub(super) fn send_offsets(&mut self, step: &Step) -> Result<Value, Unable> {
        let known = ["producer", "consumer", "offsets", "generation"];
        let given = Given::of(step, &known)?;
        let producer = given.text("producer")?.into();
        let consumer = self.by_hand(&given.text("consumer")?.into())?;
        let member = consumer.group_member();
        let mut member = member.ok_or_else(|| Unable::Wrong("the consumer is gone".to_owned()))?;
        let offsets = match given.value("offsets").and_then(Value::as_object) {
            None => consumer.positions().map(|(at, it)| (at.clone(), it.into())).collect(),
            Some(offsets) => {
                let mut all = Vec::new();
                for (partition, offset) in offsets {
                    let wrong = || Unable::Wrong(format!("no partition and offset: {partition}"));
                    let (topic, number) = partition.rsplit_once('-').ok_or_else(wrong)?;
                    let number = number.parse().map_err(|_| wrong())?;
                    let offset = Offset(offset.as_i64().ok_or_else(wrong)?);
                    all.push((TopicPartition::new(topic, number), offset.into()));
                }
                all
            }
        };
        if let Some(generation) = given.whole_if_any("generation")? {
            member = member.in_generation(i32::try_from(generation).unwrap_or(-1));
        }
        self.call_producer(producer, TransactionCall::SendOffsets(offsets, member))
    }

    /// `transaction`: where a transactional id stands.
    pub(super) fn transaction(&mut self, step: &Step) -> Result<Value, Unable> {
        let id = Given::of(step, &["id"])?.text("id")?.into();
        match self.admin(AdminCall::DescribeTransaction(id))? {
            AdminReturn::Transaction(it) => {
                let partitions: Vec<String> =
                    it.partitions.iter().map(ToString::to_string).collect();
                Ok(json!({ "state": it.state, "epoch": it.epoch, "partitions": partitions }))
            }
            AdminReturn::Failed(name) => Ok(error(name)),
            other => Err(unexpected(&other)),
        }
    }

    /// `producer_state`: what a replica knows of producers.
    pub(super) fn producer_state(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["partition", "broker"])?;
        let (partition, broker) = (given.partition("partition")?, self.broker(given)?);
        let Some(known) = self.world.system().producers_known(broker, &partition) else {
            return Ok(error("UNKNOWN_TOPIC_OR_PARTITION"));
        };
        let told = known.iter().map(|it| {
            json!({
                "epoch": it.epoch,
                "last_sequence": it.last_sequence,
                "transaction_from": it.transaction_from.map(|it| it.0),
            })
        });
        Ok(told.collect())
    }
}
