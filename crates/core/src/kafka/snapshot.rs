//! The state of a cluster, flattened to look at. Everything outside the core that wants to show
//! Kafka reads this and nothing else.

mod take;

pub use super::broker::Duplicates;
pub use super::log::producers::TransactionState;
pub use super::message::Marker;
pub use super::passed_on::PassedOn;
pub use super::producer::{ProducerTransaction, TransactionStage};
pub use take::snapshot;

use super::command::Peer;
use super::message::consumer_group::DescribedConsumerGroup;
use super::{BrokerId, Offset, TopicPartition};
use crate::name::{ConsumerName, GroupId, ProducerName, TopicName};
use crate::sim::SimTime;
use crate::workload::MessageId;
use std::sync::Arc;

/// The state at one instant. Its size depends on what was asked for, never on how long the logs
/// are: see `cells` of [`PartitionSnapshot`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// When.
    pub at: SimTime,
    /// The brokers.
    pub brokers: Vec<BrokerSnapshot>,
    /// The producers.
    pub producers: Vec<ProducerSnapshot>,
    /// The topics that applications use, in the order of the configuration.
    pub topics: Vec<TopicSnapshot>,
    /// The groups, by name.
    pub groups: Vec<GroupSnapshot>,
    /// The consumers, in the order in which they were first started.
    pub consumers: Vec<ConsumerSnapshot>,
    /// Partitions of `__consumer_offsets` that hold anything.
    pub offsets_topic: Vec<OffsetsPartitionSnapshot>,
    /// What is under way between machines and carries records, commits or answers, soonest first.
    pub flights: Vec<Flight>,
}

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerSnapshot {
    /// Its number.
    pub id: BrokerId,
    /// What its process is doing.
    pub stage: BrokerStage,
    /// Whether the controller counts it as gone: then it leads nothing and is in sync with
    /// nothing. It takes a while until a crash is noticed.
    pub fenced: bool,
    /// Whom it cannot reach: the fewest words for them.
    pub cut_from: Vec<Peer>,
    /// To whom everything takes longer.
    pub slow_to: Vec<Peer>,
}

impl BrokerSnapshot {
    /// Whether its process is there.
    #[must_use]
    pub const fn runs(&self) -> bool {
        !matches!(self.stage, BrokerStage::Crashed | BrokerStage::Stopped)
    }
}

/// What the process of a broker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerStage {
    /// It is gone: it crashed.
    Crashed,
    /// It is gone: it has shut down in order.
    Stopped,
    /// It is there and may not serve yet: the controller has to hear of it first.
    Starting,
    /// It serves.
    Running,
    /// It shuts down in order: others take over first what it leads.
    Stopping,
}

/// A producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerSnapshot {
    /// Its name.
    pub name: ProducerName,
    /// The next messages it will send, soonest first, at most a few.
    pub next: Vec<MessageId>,
    /// How many it has handed to the network so far, each counted once.
    pub sent: u64,
    /// How many of these are acknowledged.
    pub acknowledged: u64,
    /// Whether its process has ended without closing it.
    pub crashed: bool,
    /// Where it stands with its transactions, if it writes in any.
    pub transaction: Option<ProducerTransaction>,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSnapshot {
    /// Its name.
    pub name: TopicName,
    /// Its partitions, from 0.
    pub partitions: Vec<PartitionSnapshot>,
}

/// A partition's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionSnapshot {
    /// Which.
    pub partition: TopicPartition,
    /// The broker that leads it, if one does.
    pub leader: Option<BrokerId>,
    /// The term of that leader.
    pub leader_epoch: u32,
    /// All replicas, the preferred leader first, if there is more than one.
    pub replicas: Vec<ReplicaSnapshot>,
    /// The first offset that can be read.
    pub log_start: Offset,
    /// The offset after the last that consumers may read.
    pub high_watermark: Offset,
    /// The offset after the last that consumers with `isolation.level=read_committed` may read:
    /// the last stable offset.
    pub last_stable: Offset,
    /// The offset that the next record will get.
    pub log_end: Offset,
    /// How many records there are, markers included: with holes, fewer than
    /// `log_end - log_start`.
    pub records: u64,
    /// The base offsets of the segments, oldest first; the last one is being written to. At most
    /// the newest 1,024.
    pub segments: Vec<Offset>,
    /// The size of all segments, in bytes.
    pub size_bytes: u64,
    /// How far it is compacted; none if its topic is not.
    pub cleaning: Option<CleaningSnapshot>,
    /// The newest records, oldest of them first: as many as were asked for.
    pub cells: Vec<RecordCell>,
    /// The markers among these that end transactions, with their offsets.
    pub markers: Vec<(Offset, Marker)>,
    /// Records that came again and were not appended again, if there were any.
    pub duplicates: Option<Duplicates>,
}

/// How far a log is compacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CleaningSnapshot {
    /// Before this offset no key stands twice; the log start if nothing was cleaned yet.
    pub cleaned_to: Offset,
    /// The size of the segments before it.
    pub clean_bytes: u64,
    /// The size of those that the cleaner could clean now.
    pub dirty_bytes: u64,
}

/// One replica of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaSnapshot {
    /// The broker that has it.
    pub broker: BrokerId,
    /// Whether it is in sync.
    pub in_sync: bool,
    /// Whether it may lead though it is not in sync: an eligible leader replica.
    pub eligible: bool,
    /// The high watermark as it knows it.
    pub high_watermark: Offset,
    /// Where its log ends.
    pub log_end: Offset,
}

/// One record in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordCell {
    /// Where.
    pub offset: Offset,
    /// Which message of the workload.
    pub message: MessageId,
    /// Its timestamp: milliseconds since the run began.
    pub timestamp_ms: i64,
    /// What became of its transaction, if it was written in one.
    pub transaction: Option<TransactionState>,
    /// What its headers tell, if an application passed it on because its work failed.
    pub passed_on: Option<Arc<PassedOn>>,
}

/// A consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSnapshot {
    /// Its name.
    pub group: GroupId,
    /// The broker that coordinates it: the leader of its partition of `__consumer_offsets`.
    /// None while nobody leads that.
    pub coordinator: Option<BrokerId>,
    /// `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable`; `Dead` if the coordinator
    /// does not know the group, `Unknown` while there is no coordinator to ask.
    pub state: &'static str,
    /// Its generation, or its epoch in the `consumer` protocol.
    pub generation: u32,
    /// While its members are not all where they shall be: how many are through with the phase
    /// that its state names, and how many there are.
    pub progress: Option<(usize, usize)>,
    /// What is only known in the `consumer` protocol: its epochs, and for each member what it
    /// reads, what it has still to give up and what it shall read.
    pub reconciling: Option<DescribedConsumerGroup>,
    /// The partitions it reads or has read, in order.
    pub partitions: Vec<GroupPartition>,
}

/// Where a group stands in one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPartition {
    /// Which.
    pub partition: TopicPartition,
    /// The member that reads it, if it still runs.
    pub owner: Option<ConsumerName>,
    /// Whether the group's members have `isolation.level=read_committed`.
    pub committed_only: bool,
    /// The committed offset, if there is one.
    pub committed: Option<Offset>,
    /// The owner's position, if it has one: the next offset that `poll` would return.
    pub position: Option<Offset>,
    /// Where the records begin that the owner was given without a gap up to its position: what
    /// lies before was not given to it.
    pub began: Option<Offset>,
    /// High watermark minus committed offset, as `kafka-consumer-groups` counts it.
    pub lag: Option<i64>,
}

/// A consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerSnapshot {
    /// Its name.
    pub name: ConsumerName,
    /// Its group.
    pub group: GroupId,
    /// What it is doing.
    pub state: ConsumerState,
    /// Which turn of its group it knows of; none while it is no member.
    pub term: Option<Term>,
    /// What it reads.
    pub partitions: Vec<TopicPartition>,
    /// Records that `poll` returned and that are not worked on yet, next first, at most
    /// as many as `cells` were asked for.
    pub holds: Vec<(MessageId, TopicPartition)>,
    /// How many it holds in all, with the one it works on.
    pub held: u64,
    /// How many it has finished since it was first started.
    pub processed: u64,
    /// Where the producer in its process stands with its transactions, if it writes in any.
    pub transaction: Option<ProducerTransaction>,
}

/// How often a group has changed, as a member knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// The generation of a classic group.
    Generation(u32),
    /// The member's own epoch in the `consumer` protocol.
    Epoch(u32),
}

/// What a consumer is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsumerState {
    /// It is not running: it crashed.
    Crashed,
    /// It is not running: it was closed.
    Closed,
    /// It is finding its coordinator, joining, or finding out where to begin.
    Joining,
    /// It is a member with nothing to read: more members than partitions.
    Idle,
    /// It waits for records.
    Waiting,
    /// It works on a record.
    Working {
        /// Which.
        message: MessageId,
        /// Since when.
        began: SimTime,
        /// When it will be done.
        done: SimTime,
    },
    /// It waits for the answer to a commit.
    Committing,
    /// Its application was paused.
    Paused,
}

/// A partition of `__consumer_offsets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetsPartitionSnapshot {
    /// Which of `offsets.topic.num.partitions`.
    pub partition: u32,
    /// Its newest records, oldest of them first: as many as were asked for.
    pub records: Vec<OffsetsRecord>,
    /// How many there are in all.
    pub total: u64,
}

/// A record in `__consumer_offsets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetsRecord {
    /// Where in its partition's log.
    pub offset: Offset,
    /// Whose.
    pub group: GroupId,
    /// What.
    pub content: OffsetsContent,
    /// Whether it is the latest record of its key: what compaction would keep.
    pub latest: bool,
}

/// What a record in `__consumer_offsets` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OffsetsContent {
    /// The group's committed offset in a partition; none is a tombstone.
    Commit(TopicPartition, Option<Offset>),
    /// The group's generation and how many members it had; none is a tombstone.
    Metadata(Option<(u32, u32)>),
    /// A change of a group of the `consumer` protocol.
    Change {
        /// What changed: the group, its target, a member, its target or what it reads.
        what: &'static str,
        /// The member's id, if it concerns one.
        member: Option<Arc<str>>,
        /// The epoch that it came to, if the record tells.
        epoch: Option<i32>,
        /// Whether that is gone.
        removed: bool,
    },
}

/// Something under way between two machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// When it left.
    pub sent: SimTime,
    /// When it will arrive.
    pub arrives: SimTime,
    /// What it is.
    pub cargo: Cargo,
}

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cargo {
    /// Records from a producer to a partition's leader.
    Produce(ProducerName, TopicPartition, Vec<MessageId>),
    /// The answer to these.
    ProduceAnswer(ProducerName, TopicPartition, Vec<MessageId>),
    /// Records from a partition's leader to a consumer.
    Fetch(ConsumerName, TopicPartition, Vec<MessageId>),
    /// A commit from a consumer to its coordinator: the offset of one partition.
    Commit(ConsumerName, GroupId, TopicPartition, Offset),
    /// The answer to it.
    CommitAnswer(ConsumerName, GroupId),
    /// A heartbeat, join, sync or leave, either way.
    Membership(ConsumerName, GroupId),
}
