//! Kafka's state for JavaScript.

use brokerscope_core::kafka::snapshot::{self, BrokerStage, ConsumerState, OffsetsContent};
use serde::Serialize;

/// The state of the cluster and its clients.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kafka {
    brokers: Vec<Broker>,
    producers: Vec<Producer>,
    topics: Vec<Topic>,
    groups: Vec<Group>,
    consumers: Vec<Consumer>,
    offsets_topic: Vec<OffsetsPartition>,
}

#[derive(Debug, Serialize)]
struct Broker {
    id: u16,
    state: &'static str,
    fenced: bool,
}

#[derive(Debug, Serialize)]
struct Producer {
    name: String,
    sent: u64,
    acknowledged: u64,
}

#[derive(Debug, Serialize)]
struct Topic {
    name: String,
    partitions: Vec<Partition>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Partition {
    partition: u32,
    leader: Option<u16>,
    log_start: i64,
    high_watermark: i64,
    log_end: i64,
    records: u64,
    segments: Vec<i64>,
    size_bytes: u64,
    /// How far a compacted log is cleaned; left out where the topic is not compacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    cleaning: Option<Cleaning>,
    newest: Vec<Record>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cleaning {
    cleaned_to: i64,
    clean_bytes: u64,
    dirty_bytes: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    offset: i64,
    message: u32,
    timestamp_ms: i64,
}

#[derive(Debug, Serialize)]
struct Group {
    group: String,
    coordinator: Option<u16>,
    state: &'static str,
    generation: u32,
    partitions: Vec<GroupPartition>,
}

#[derive(Debug, Serialize)]
struct GroupPartition {
    partition: String,
    owner: Option<String>,
    committed: Option<i64>,
    position: Option<i64>,
    lag: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Consumer {
    name: String,
    group: String,
    state: &'static str,
    works_on: Option<u32>,
    partitions: Vec<String>,
    holds: Vec<u32>,
    held: u64,
    processed: u64,
}

#[derive(Debug, Serialize)]
struct OffsetsPartition {
    partition: u32,
    total: u64,
    newest: Vec<OffsetsRecord>,
}

#[derive(Debug, Serialize)]
struct OffsetsRecord {
    offset: i64,
    group: String,
    /// The partition a commit is about; none for the group's own metadata.
    partition: Option<String>,
    /// The committed offset, or the generation; none is a tombstone.
    value: Option<i64>,
    latest: bool,
}

impl From<snapshot::Snapshot> for Kafka {
    fn from(it: snapshot::Snapshot) -> Self {
        let brokers = it.brokers.iter().map(|it| Broker {
            id: it.id.0,
            state: match it.stage {
                BrokerStage::Crashed => "crashed",
                BrokerStage::Stopped => "stopped",
                BrokerStage::Starting => "starting",
                BrokerStage::Running => "running",
                BrokerStage::Stopping => "stopping",
            },
            fenced: it.fenced,
        });
        let producers = it.producers.iter().map(|it| Producer {
            name: it.name.to_string(),
            sent: it.sent,
            acknowledged: it.acknowledged,
        });
        Self {
            brokers: brokers.collect(),
            producers: producers.collect(),
            topics: it.topics.iter().map(Topic::from).collect(),
            groups: it.groups.iter().map(Group::from).collect(),
            consumers: it.consumers.iter().map(Consumer::from).collect(),
            offsets_topic: it.offsets_topic.iter().map(OffsetsPartition::from).collect(),
        }
    }
}

impl From<&snapshot::TopicSnapshot> for Topic {
    fn from(it: &snapshot::TopicSnapshot) -> Self {
        let partitions = it.partitions.iter().map(Partition::from).collect();
        Self { name: it.name.to_string(), partitions }
    }
}

impl From<&snapshot::PartitionSnapshot> for Partition {
    fn from(it: &snapshot::PartitionSnapshot) -> Self {
        let newest = it.cells.iter().map(|cell| Record {
            offset: cell.offset.0,
            message: cell.message.0,
            timestamp_ms: cell.timestamp_ms,
        });
        Self {
            partition: it.partition.partition,
            leader: it.leader.map(|it| it.0),
            log_start: it.log_start.0,
            high_watermark: it.high_watermark.0,
            log_end: it.log_end.0,
            records: it.records,
            segments: it.segments.iter().map(|base| base.0).collect(),
            size_bytes: it.size_bytes,
            cleaning: it.cleaning.map(|it| Cleaning {
                cleaned_to: it.cleaned_to.0,
                clean_bytes: it.clean_bytes,
                dirty_bytes: it.dirty_bytes,
            }),
            newest: newest.collect(),
        }
    }
}

impl From<&snapshot::GroupSnapshot> for Group {
    fn from(it: &snapshot::GroupSnapshot) -> Self {
        let partitions = it.partitions.iter().map(|it| GroupPartition {
            partition: it.partition.to_string(),
            owner: it.owner.as_ref().map(ToString::to_string),
            committed: it.committed.map(|offset| offset.0),
            position: it.position.map(|offset| offset.0),
            lag: it.lag,
        });
        Self {
            group: it.group.to_string(),
            coordinator: it.coordinator.map(|it| it.0),
            state: it.state,
            generation: it.generation,
            partitions: partitions.collect(),
        }
    }
}

impl From<&snapshot::ConsumerSnapshot> for Consumer {
    fn from(it: &snapshot::ConsumerSnapshot) -> Self {
        let (state, works_on) = match &it.state {
            ConsumerState::Crashed => ("crashed", None),
            ConsumerState::Closed => ("closed", None),
            ConsumerState::Joining => ("joining", None),
            ConsumerState::Idle => ("idle", None),
            ConsumerState::Waiting => ("waiting", None),
            ConsumerState::Working { message, .. } => ("working", Some(message.0)),
            ConsumerState::Committing => ("committing", None),
            ConsumerState::Paused => ("paused", None),
        };
        Self {
            name: it.name.to_string(),
            group: it.group.to_string(),
            state,
            works_on,
            partitions: it.partitions.iter().map(ToString::to_string).collect(),
            holds: it.holds.iter().map(|(message, _)| message.0).collect(),
            held: it.held,
            processed: it.processed,
        }
    }
}

impl From<&snapshot::OffsetsPartitionSnapshot> for OffsetsPartition {
    fn from(it: &snapshot::OffsetsPartitionSnapshot) -> Self {
        let newest = it.records.iter().map(|record| {
            let (partition, value) = match &record.content {
                OffsetsContent::Commit(partition, offset) => {
                    (Some(partition.to_string()), offset.map(|it| it.0))
                }
                OffsetsContent::Metadata(metadata) => {
                    (None, metadata.map(|(generation, _)| i64::from(generation)))
                }
                OffsetsContent::Change { epoch, .. } => (None, epoch.map(i64::from)),
            };
            let (offset, group) = (record.offset.0, record.group.to_string());
            OffsetsRecord { offset, group, partition, value, latest: record.latest }
        });
        Self { partition: it.partition, total: it.total, newest: newest.collect() }
    }
}
