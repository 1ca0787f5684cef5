//! What lies in the files of a log, to be looked at: segments, batches, records.
//!
//! Nothing in the simulation reads it. It is what Kafka's `kafka-dump-log` shows of a replica's
//! files, and of `__consumer_offsets` what concerns one group.

pub use super::log::producers::ProducerView;
pub use super::message::{Marker, ProducerStamp};

use super::cluster::Cluster;
use super::log::Record;
use super::schema::{GroupValue, Key, OffsetValue};
use super::{BrokerId, Offset, TopicPartition};
use crate::name::GroupId;
use crate::workload::MessageId;

/// A replica's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogView {
    /// The first offset that can be read.
    pub log_start: Offset,
    /// The offset after the last that consumers may read.
    pub high_watermark: Offset,
    /// The offset that the next record will get.
    pub log_end: Offset,
    /// Oldest first; the last one is being written to.
    pub segments: Vec<SegmentView>,
}

/// A file of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentView {
    /// The offset that stands in its name.
    pub base: Offset,
    /// Its size.
    pub size_bytes: u64,
    /// The greatest timestamp in it; while it is empty, when it was last changed.
    pub largest_timestamp_ms: i64,
    /// In order.
    pub batches: Vec<BatchView>,
}

/// A batch in a log. Cleaning may have taken records out of it, even all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchView {
    /// The offset of its first record, as it was appended.
    pub base: Offset,
    /// The offset of its last record, as it was appended.
    pub last: Offset,
    /// Its size.
    pub size_bytes: u32,
    /// The greatest timestamp in it.
    pub max_timestamp_ms: i64,
    /// The epoch of the leader that took it.
    pub leader_epoch: u32,
    /// Who wrote it, if its producer is idempotent.
    pub producer: Option<ProducerStamp>,
    /// Whether it belongs to a transaction.
    pub transactional: bool,
    /// The end of a transaction that it is, if it is one.
    pub marker: Option<Marker>,
    /// From when on its tombstones, or its marker, may be cleaned away.
    pub delete_horizon_ms: Option<i64>,
    /// The records that are left. A marker's own record is one of them.
    pub records: Vec<RecordView>,
}

/// A record in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordView {
    /// Where.
    pub offset: Offset,
    /// When its producer made it, or when it was appended: milliseconds since the run began.
    pub timestamp_ms: i64,
    /// The message of the workload that it carries; none if a broker wrote it.
    pub message: Option<MessageId>,
}

/// A record of `__consumer_offsets` about a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRecordView {
    /// The partition of `__consumer_offsets`.
    pub partition: u32,
    /// Where in it.
    pub offset: Offset,
    /// What it says.
    pub content: GroupRecord,
}

/// What a record of `__consumer_offsets` says. No value is a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupRecord {
    /// A committed offset.
    Commit(TopicPartition, Option<CommitRecord>),
    /// A group of the classic protocol.
    Classic(Option<ClassicRecord>),
    /// Something about a group of the `consumer` protocol.
    Consumer {
        /// Which of its records: the version of its key.
        kind: i16,
        /// The member it is about; empty if it is about the group.
        member: String,
        /// Whether it has a value.
        present: bool,
    },
}

/// A committed offset as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitRecord {
    /// The next offset to be read.
    pub offset: Offset,
    /// What the committer noted beside it.
    pub metadata: String,
}

/// A group of the classic protocol as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassicRecord {
    /// Its generation.
    pub generation: i32,
    /// The assignor; none in a group without members.
    pub protocol: Option<String>,
    /// The `client.id` of each member.
    pub members: Vec<String>,
}

impl Cluster {
    /// The log of a partition on `broker`, or on its leader if none is named. None if there is no
    /// such log.
    #[must_use]
    pub fn log_view(
        &self,
        broker: Option<BrokerId>,
        partition: &TopicPartition,
    ) -> Option<LogView> {
        let broker = broker.or_else(|| self.metadata().leader(partition))?;
        let log = self.brokers().find(|it| it.id() == broker)?.log(partition)?;
        let mut segments: Vec<SegmentView> = log
            .segments()
            .map(|(base, size_bytes, largest_timestamp_ms)| SegmentView {
                base,
                size_bytes,
                largest_timestamp_ms,
                batches: Vec::new(),
            })
            .collect();
        for (head, records) in log.batches() {
            let place = segments.partition_point(|it| it.base <= head.base);
            segments[place - 1].batches.push(BatchView {
                base: head.base,
                last: head.last,
                size_bytes: head.size_bytes,
                max_timestamp_ms: head.max_timestamp_ms,
                leader_epoch: head.leader_epoch,
                producer: head.producer,
                transactional: head.transactional,
                marker: head.marker,
                delete_horizon_ms: head.delete_horizon_ms,
                records: records.map(record).collect(),
            });
        }
        let (log_start, high_watermark) = (log.log_start(), log.high_watermark());
        Some(LogView { log_start, high_watermark, log_end: log.log_end(), segments })
    }

    /// The terms of leaders that a replica knows of, each with its first offset, as its
    /// `leader-epoch-checkpoint` file shows them. None if `broker`, or the leader if none is named,
    /// does not have the partition.
    #[must_use]
    pub fn leader_epochs(
        &self,
        broker: Option<BrokerId>,
        partition: &TopicPartition,
    ) -> Option<Vec<(u32, Offset)>> {
        let broker = broker.or_else(|| self.metadata().leader(partition))?;
        let log = self.brokers().find(|it| it.id() == broker)?.log(partition)?;
        Some(log.epochs())
    }

    /// What `__consumer_offsets` holds about a group, oldest first.
    #[must_use]
    pub fn group_records(&self, group: &GroupId) -> Vec<GroupRecordView> {
        let partition = self.metadata().offsets_partition(group.as_str());
        let leader = self.metadata().leader(&partition).map(|it| self.broker(it));
        let log = leader.and_then(|it| it.log(&partition));
        let records = log.into_iter().flat_map(|log| log.records());
        let told = records.filter_map(|it| {
            let (key, value) = it.internal()?;
            let (of, content) = decoded(key, value.map(|it| &it[..]))?;
            let (partition, offset) = (partition.partition, it.offset);
            (of == group.as_str()).then_some(GroupRecordView { partition, offset, content })
        });
        told.collect()
    }
}

fn record(it: &Record) -> RecordView {
    RecordView { offset: it.offset, timestamp_ms: it.timestamp_ms, message: it.message() }
}

/// The group that a record is about, and what it says.
fn decoded(key: &[u8], value: Option<&[u8]>) -> Option<(String, GroupRecord)> {
    match Key::decode(key)? {
        Key::Offset { group, partition } => {
            let value = value.and_then(OffsetValue::decode);
            let value = value.map(|it| CommitRecord {
                offset: it.committed.offset,
                metadata: it.committed.metadata,
            });
            Some((group, GroupRecord::Commit(partition, value)))
        }
        Key::Group { group } => {
            let value = value.and_then(GroupValue::decode);
            let value = value.map(|it| ClassicRecord {
                generation: it.generation,
                protocol: it.protocol,
                members: it.members.into_iter().map(|it| it.client_id).collect(),
            });
            Some((group, GroupRecord::Classic(value)))
        }
        Key::ConsumerGroup { kind, group, member } => {
            Some((group, GroupRecord::Consumer { kind, member, present: value.is_some() }))
        }
    }
}
