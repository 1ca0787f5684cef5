//! What lies in the files of a log.

use super::scene::{Scene, error};
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::BrokerId;
use brokerscope_core::kafka::view::{BatchView, GroupRecord};
use serde_json::{Map, Value, json};

impl Scene {
    /// `log`: segments and batches of a partition.
    pub(super) fn log(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["partition", "broker", "epochs"])?;
        let (partition, epochs) = (given.partition("partition")?, given.whether("epochs")?);
        let broker = self.broker(given)?;
        let Some(log) = self.world.system().log_view(broker, &partition) else {
            return Ok(error("UNKNOWN_TOPIC_OR_PARTITION"));
        };
        let segments = log.segments.iter().map(|segment| {
            let batches = segment.batches.iter();
            let batches: Vec<Value> = batches.map(|it| self.batch(it, epochs)).collect();
            json!({ "base": segment.base.0, "batches": batches })
        });
        Ok(segments.collect())
    }

    /// The broker whose replica is meant, if a step names one.
    pub(super) fn broker(&self, given: Given) -> Result<Option<BrokerId>, Unable> {
        if given.value("broker").is_none() {
            return Ok(None);
        }
        let number = u16::try_from(given.number("broker")?);
        let number = number.map_err(|_| Unable::Wrong("no such broker".to_owned()))?;
        Ok(Some(BrokerId(number)))
    }

    fn batch(&self, batch: &BatchView, epochs: bool) -> Value {
        let mut told = Map::new();
        let mut tell = |key: &str, it: Value| told.insert(key.to_owned(), it);
        tell("base", batch.base.0.into());
        tell("last", batch.last.0.into());
        if let Some(producer) = &batch.producer {
            tell("epoch", producer.epoch.into());
            tell("sequence", producer.sequence.into());
        }
        if batch.transactional {
            tell("transactional", true.into());
        }
        if epochs {
            tell("leader_epoch", batch.leader_epoch.into());
        }
        if let Some(marker) = batch.marker {
            tell("control", true.into());
            tell("marker", marker.as_str().into());
            return told.into();
        }
        tell("count", batch.records.len().into());
        let records = batch.records.iter().map(|it| {
            let text = it.message.map(|message| &self.texts[message.index()]);
            // Padding is left out.
            let value = text.and_then(|it| it.value.as_ref()).map(|it| it.trim_end_matches('.'));
            json!([it.offset.0, text.and_then(|it| it.key.as_ref()), value])
        });
        tell("records", records.collect());
        told.into()
    }

    /// `offsets_topic`: what `__consumer_offsets` holds about a group.
    pub(super) fn offsets_topic(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["group", "partition"])?;
        let (group, with_partition) = (given.text("group")?, given.whether("partition")?);
        let records = self.world.system().group_records(&group.into());
        let told = records.into_iter().filter_map(|record| {
            let mut told = match record.content {
                GroupRecord::Commit(partition, value) => {
                    let value =
                        value.map(|it| json!({ "offset": it.offset.0, "metadata": it.metadata }));
                    json!({ "offsets_of": partition.to_string(), "value": value })
                }
                GroupRecord::Classic(value) => {
                    let value = value.map(|mut it| {
                        it.members.sort();
                        let (generation, protocol) = (it.generation, it.protocol);
                        json!({
                            "generation": generation, "protocol": protocol, "members": it.members
                        })
                    });
                    json!({ "group": group, "value": value })
                }
                GroupRecord::Consumer { .. } => return None,
            };
            if with_partition {
                told["partition"] = record.partition.into();
            }
            Some(told)
        });
        Ok(told.collect())
    }
}
