//! What the machines say to one another. Every exchange is one of these over a link.
//!
//! ARCHITECTURE.md has the table of who says which of them to whom.
//! The controller sends every broker the metadata anew with each change.

pub(crate) mod consumer_group;
mod error;
pub(crate) mod transaction;

use super::assignor::compute::ClassicAssignor;
use super::call::{CommittedOffsets, OffsetAndMetadata};
use super::config::Acks;
use super::controller::{BrokerHeartbeat, Election, NewTopic};
use super::fact::{CommitReason, LeaveReason};
use super::log::{EpochEnd, Slice};
use super::metadata::Metadata;
use super::passed_on::PassedOn;
use super::schema::Bytes;
use super::{BrokerId, Offset, TopicPartition};
use crate::name::{ConsumerName, GroupId, TopicName, TransactionalId};
use crate::workload::MessageId;
use consumer_group::{ConsumerHeartbeat, ConsumerHeartbeatAnswer, DescribedConsumerGroup};
use std::sync::Arc;
use transaction::{DescribedTransaction, TransactionRequest};

pub(crate) use error::ErrorCode;

/// Which request an answer belongs to; unique to one process of one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CorrelationId(pub(crate) u32);

/// A record on its way into a log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NewRecord {
    pub(crate) timestamp_ms: i64,
    pub(crate) content: Content,
}

/// What a record holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Content {
    /// A message of the workload, which knows its key and the length of its value.
    Message(MessageId),
    /// The same, passed on by an application that failed on it.
    PassedOn(Arc<PassedOn>),
    /// What a broker wrote for itself.
    Internal(Arc<Internal>),
}

impl Content {
    /// The message, if an application wrote it.
    pub(crate) fn message(&self) -> Option<MessageId> {
        match self {
            Self::Message(message) => Some(*message),
            Self::PassedOn(it) => Some(it.message),
            Self::Internal(_) => None,
        }
    }
}

/// What a broker writes for itself: real bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Internal {
    pub(crate) key: Bytes,
    /// None is a tombstone: the key is gone.
    pub(crate) value: Option<Bytes>,
}

/// Records that are appended together or not at all. Cloning shares the records.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Batch {
    pub(crate) records: Arc<[NewRecord]>,
    pub(crate) size_bytes: u64,
    /// Who wrote it, if its producer is idempotent.
    pub(crate) producer: Option<ProducerStamp>,
    /// Whether it belongs to a transaction.
    pub(crate) transactional: bool,
    /// The end of a transaction that it is, if it is one. Its one record is Kafka's own.
    pub(crate) marker: Option<Marker>,
    /// The epoch of the leader that took it, from 0.
    pub(crate) leader_epoch: u32,
}

impl Batch {
    /// Records that no idempotent producer wrote, outside any transaction.
    pub(crate) fn plain(records: Arc<[NewRecord]>, size_bytes: u64) -> Self {
        let (producer, transactional, marker, leader_epoch) = (None, false, None, 0);
        Self { records, size_bytes, producer, transactional, marker, leader_epoch }
    }

    /// The newest timestamp in it.
    pub(crate) fn max_timestamp_ms(&self) -> i64 {
        self.records.iter().map(|it| it.timestamp_ms).max().unwrap_or_default()
    }

    /// The messages in it.
    pub(crate) fn messages(&self) -> impl Iterator<Item = MessageId> {
        self.records.iter().filter_map(|it| it.content.message())
    }
}

/// What a client asks a broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Request {
    /// Are you there, and what do you speak? The first words on a connection.
    ApiVersions,
    /// Append these, one batch per partition. With `acks=0` there is no answer.
    /// With `acks=all` the answer comes when enough replicas have it, or the time is over.
    Produce {
        acks: Acks,
        timeout_ms: u64,
        /// Whose transaction the batches belong to, if they do to one.
        transactional_id: Option<TransactionalId>,
        batches: Vec<(TopicPartition, Batch)>,
    },
    /// Give me an id to write under, so that what is sent twice is recognised.
    InitProducerId,
    /// Who coordinates this transactional id?
    FindTransactionCoordinator { id: TransactionalId },
    /// What concerns a transactional id, for its coordinator.
    Transaction(TransactionRequest),
    /// Write down how a transaction ended in these partitions.
    WriteTxnMarkers { producer: ProducerId, marker: Marker, partitions: Vec<TopicPartition> },
    /// What is there from these positions on? For a follower, which names itself, also what
    /// consumers cannot see yet.
    Fetch {
        replica: Option<BrokerId>,
        max_wait_ms: u64,
        min_bytes: u64,
        partitions: Vec<FetchPosition>,
    },
    /// Where do these partitions begin, or end?
    ListOffsets { partitions: Vec<(TopicPartition, ListedOffset)> },
    /// Where did the term `epoch`, or the last before it, end? The other is the leader's own.
    OffsetForLeaderEpoch { partition: TopicPartition, leader_epoch: u32, epoch: u32 },
    /// Forget what lies before that offset; -1 means everything that consumers can read.
    DeleteRecords { partition: TopicPartition, before: Offset },
    /// Who coordinates this group?
    FindCoordinator { group: GroupId },
    /// Which groups do you coordinate?
    ListGroups,
    /// What concerns a group, for its coordinator.
    Group(GroupRequest),
    /// Which brokers and topics are there, and who leads what?
    Metadata,
    /// What concerns topics, for the controller.
    Controller(ControllerRequest),
}

/// What is asked of the controller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ControllerRequest {
    /// Make a topic.
    CreateTopics(NewTopic),
    /// Let a topic have so many partitions in all.
    CreatePartitions { topic: TopicName, count: i32 },
    /// Give settings of a topic a value; without one, the default.
    IncrementalAlterConfigs { topic: TopicName, configs: Vec<(String, Option<String>)> },
    /// Delete a topic with all that is in it.
    DeleteTopics { topic: TopicName },
    /// Elect a leader of a partition.
    ElectLeaders { partition: TopicPartition, election: Election },
    /// I have started. If I had shut down in order before, under that number.
    BrokerRegistration { broker: BrokerId, stopped: Option<u64> },
    /// I am still here.
    BrokerHeartbeat(BrokerHeartbeat),
    /// These should be in sync with me. The epochs are the leader's and the partition's.
    AlterPartition {
        leader: BrokerId,
        partition: TopicPartition,
        epochs: (u32, u32),
        isr: Vec<BrokerId>,
    },
}

/// What a member of the classic protocol asks, or who wants to be one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum MembershipRequest {
    /// `JoinGroup`: let me take part. Without a member id it is answered with one.
    Join(JoinGroup),
    /// `SyncGroup`: I know the members of this generation. The leader also brings the assignment.
    Sync { member: MemberOf, assignment: Vec<(MemberId, Bytes)> },
    /// I am still here.
    Heartbeat { member: MemberOf },
    /// `LeaveGroup`: these are going. A member says it of itself, an administrator of any. The
    /// reason is for people.
    Leave { group: GroupId, members: Vec<Leaver>, why: LeaveReason },
}

/// What a client asks the coordinator of its group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum GroupRequest {
    /// What concerns membership in the classic protocol.
    Membership(MembershipRequest),
    /// I join, live or leave, in the `consumer` protocol.
    ConsumerHeartbeat(Box<ConsumerHeartbeat>),
    /// Store these positions. An administrator sends it too, as someone who is no member.
    OffsetCommit {
        member: MemberOf,
        offsets: Vec<(TopicPartition, OffsetAndMetadata)>,
        /// For watching only: no broker looks at it.
        how: CommitReason,
    },
    /// Store these positions if the transaction is committed.
    TxnOffsetCommit {
        member: MemberOf,
        producer: ProducerId,
        offsets: Vec<(TopicPartition, OffsetAndMetadata)>,
    },
    /// What is stored for these partitions, or without them for all? Who asks for some wants to
    /// know what is decided, as consumers do; who asks for all takes what there is, as an
    /// administrator does.
    OffsetFetch {
        group: GroupId,
        /// Who asks, in which epoch, if it is a member of the `consumer` protocol.
        member: Option<(MemberId, i32)>,
        partitions: Option<Vec<TopicPartition>>,
    },
    /// Forget what is stored for these partitions.
    OffsetDelete { group: GroupId, partitions: Vec<TopicPartition> },
    /// Who is in this group of the classic protocol?
    DescribeGroups { group: GroupId },
    /// Who is in this group of the `consumer` protocol?
    ConsumerGroupDescribe { group: GroupId },
    /// Forget this group and all it has stored.
    DeleteGroups { group: GroupId },
}

/// Someone who leaves a group: by member id, or without one by instance id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leaver {
    pub(crate) member_id: MemberId,
    pub(crate) instance: Option<InstanceId>,
}

/// A position to fetch from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FetchPosition {
    pub(crate) partition: TopicPartition,
    pub(crate) from: Offset,
    pub(crate) max_bytes: u64,
    /// The term of the leader, as the client knows it.
    pub(crate) leader_epoch: Option<u32>,
    /// Of a follower: the term of its last record.
    pub(crate) last_epoch: Option<u32>,
    /// Whether only what is committed is wanted: nothing from the last stable offset on.
    pub(crate) committed_only: bool,
}

impl From<MembershipRequest> for GroupRequest {
    fn from(request: MembershipRequest) -> Self {
        Self::Membership(request)
    }
}

impl MembershipRequest {
    fn group(&self) -> &GroupId {
        match self {
            Self::Join(join) => &join.group,
            Self::Sync { member, .. } | Self::Heartbeat { member } => &member.group,
            Self::Leave { group, .. } => group,
        }
    }

    fn refused(&self, error: ErrorCode) -> Answer {
        match self {
            Self::Join(join) => {
                Answer::JoinGroup(Err(JoinError { error, member_id: join.member_id.clone() }))
            }
            Self::Sync { .. } => Answer::SyncGroup(Err(error)),
            Self::Heartbeat { .. } => Answer::Heartbeat(Err(error)),
            Self::Leave { .. } => Answer::LeaveGroup(Err(error)),
        }
    }
}

impl GroupRequest {
    /// The group that it is about.
    pub(crate) fn group(&self) -> &GroupId {
        match self {
            Self::Membership(it) => it.group(),
            Self::OffsetCommit { member, .. } | Self::TxnOffsetCommit { member, .. } => {
                &member.group
            }
            Self::ConsumerHeartbeat(heartbeat) => &heartbeat.group,
            Self::OffsetFetch { group, .. }
            | Self::OffsetDelete { group, .. }
            | Self::DescribeGroups { group }
            | Self::ConsumerGroupDescribe { group }
            | Self::DeleteGroups { group } => group,
        }
    }

    /// The answer that refuses it.
    pub(crate) fn refused(&self, error: ErrorCode) -> Answer {
        match self {
            Self::Membership(it) => it.refused(error),
            Self::ConsumerHeartbeat(_) => Answer::ConsumerHeartbeat(Err(error)),
            Self::ConsumerGroupDescribe { .. } => Answer::ConsumerGroupDescribe(Err(error)),
            Self::OffsetCommit { offsets, .. } => Answer::OffsetCommit(each(offsets, Err(error))),
            Self::TxnOffsetCommit { offsets, .. } => {
                Answer::TxnOffsetCommit(each(offsets, Err(error)))
            }
            Self::OffsetFetch { .. } => Answer::OffsetFetch(Err(error)),
            Self::OffsetDelete { .. } => Answer::OffsetDelete(Err(error)),
            Self::DescribeGroups { .. } => Answer::DescribeGroups(Err(error)),
            Self::DeleteGroups { .. } => Answer::DeleteGroups(Err(error)),
        }
    }
}

/// Which offset `ListOffsets` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListedOffset {
    /// The log start, on the wire the timestamp -2.
    Earliest,
    /// The high watermark, on the wire the timestamp -1.
    Latest,
    /// The last stable offset: the same with the isolation level `read_committed`.
    LatestStable,
    /// The first record that is not older than that instant, in milliseconds.
    AtOrAfter(i64),
    /// The record with the greatest timestamp, on the wire the timestamp -3.
    MaxTimestamp,
}

/// What is answered where there is no such offset.
///
/// Source: `ListOffsetsResponse.UNKNOWN_OFFSET`.
pub(crate) const UNKNOWN_OFFSET: Offset = Offset(-1);

/// Who wrote a batch, and as which of its batches for this partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProducerStamp {
    /// The producer id, given by the cluster.
    pub id: i64,
    /// Which of the processes, or transactions, under that id.
    pub epoch: i16,
    /// The sequence number of its first record; -1 for a marker.
    pub sequence: i32,
}

/// Who writes: an id and which of the processes, or transactions, under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ProducerId {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
}

impl ProducerId {
    /// The next epoch.
    pub(crate) fn next(self) -> Self {
        Self { epoch: self.epoch.saturating_add(1), ..self }
    }
}

/// How a transaction ended in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Marker {
    /// Its records count.
    Commit,
    /// Its records are to be skipped.
    Abort,
}

impl Marker {
    /// Its name in the protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "COMMIT",
            Self::Abort => "ABORT",
        }
    }
}

/// The id that the coordinator gave a member: its client's name and a random part.
pub(crate) type MemberId = Arc<str>;

/// `group.instance.id`: the name under which a static member comes back.
pub(crate) type InstanceId = Arc<str>;

/// Who speaks, in which generation of which group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MemberOf {
    pub(crate) group: GroupId,
    /// Empty for a client that is no member.
    pub(crate) member_id: MemberId,
    pub(crate) instance: Option<InstanceId>,
    /// -1 for a client that is no member.
    pub(crate) generation: i32,
    /// `client.id`, which stands in the header of every request.
    pub(crate) client: ConsumerName,
}

/// A request to take part in a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct JoinGroup {
    pub(crate) group: GroupId,
    /// Empty the first time.
    pub(crate) member_id: MemberId,
    pub(crate) instance: Option<InstanceId>,
    pub(crate) client: ConsumerName,
    pub(crate) session_timeout_ms: u64,
    pub(crate) rebalance_timeout_ms: u64,
    /// What the member wants to read, per assignor it supports, in the order of its preference.
    pub(crate) protocols: Vec<(ClassicAssignor, Bytes)>,
}

/// What came of a request, partition by partition.
pub(crate) type Outcomes<T> = Vec<(TopicPartition, Result<T, ErrorCode>)>;

/// The same of each partition.
pub(crate) fn each<T>(of: &[(TopicPartition, T)], result: Result<(), ErrorCode>) -> Outcomes<()> {
    of.iter().map(|(partition, _)| (partition.clone(), result)).collect()
}

/// The first thing that went wrong, if anything did.
pub(crate) fn first_error(outcomes: &Outcomes<()>) -> Result<(), ErrorCode> {
    outcomes.iter().try_for_each(|it| it.1)
}

/// What a broker answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    /// The broker is there.
    ApiVersions,
    /// Per partition where its batch begins now, or why it is not there.
    Produce(Outcomes<Offset>),
    /// The id to write under, and its epoch.
    InitProducerId(Result<ProducerId, ErrorCode>),
    /// Per partition what there is, or why not.
    Fetch(Outcomes<Slice>),
    /// Per partition the offset asked for; [`UNKNOWN_OFFSET`] if there is none.
    ListOffsets(Outcomes<Offset>),
    /// Where the log begins now.
    DeleteRecords(Result<Offset, ErrorCode>),
    /// The term that was asked for and its end, if the leader knows of it.
    OffsetForLeaderEpoch(Result<Option<EpochEnd>, ErrorCode>),
    /// The coordinator.
    FindCoordinator(Result<BrokerId, ErrorCode>),
    /// The member takes part.
    JoinGroup(Result<Joined, JoinError>),
    /// What the member reads.
    SyncGroup(Result<Bytes, ErrorCode>),
    /// The member is known and nothing changes; or not.
    Heartbeat(Result<(), ErrorCode>),
    /// Per member, in the order of asking, whether it is gone.
    LeaveGroup(Result<Vec<Result<(), ErrorCode>>, ErrorCode>),
    /// Where the member stands now.
    ConsumerHeartbeat(Result<ConsumerHeartbeatAnswer, ErrorCode>),
    /// The group, if it is of the `consumer` protocol.
    ConsumerGroupDescribe(Result<Box<DescribedConsumerGroup>, ErrorCode>),
    /// Per partition whether its offset is stored.
    OffsetCommit(Outcomes<()>),
    /// The offsets will be stored with the transaction.
    TxnOffsetCommit(Outcomes<()>),
    /// The partitions, or a group's offsets, take part in the transaction.
    AddedToTxn(Result<(), ErrorCode>),
    /// The transaction ends; the next one has this epoch.
    EndTxn(Result<ProducerId, ErrorCode>),
    /// The transactional id.
    DescribeTransaction(Result<DescribedTransaction, ErrorCode>),
    /// Per partition whether the end of the transaction is written.
    WriteTxnMarkers(Outcomes<()>),
    /// What the broker knows of the cluster.
    Metadata(Arc<Metadata>),
    /// What the controller was asked for is done, or why not.
    Controller(Result<(), ErrorCode>),
    /// What is committed per partition; none where there is none.
    OffsetFetch(Result<CommittedOffsets, ErrorCode>),
    /// Per partition whether its offset is forgotten.
    OffsetDelete(Result<Outcomes<()>, ErrorCode>),
    /// The group, if it is of the classic protocol.
    DescribeGroups(Result<GroupDescription, ErrorCode>),
    /// The group is forgotten.
    DeleteGroups(Result<(), ErrorCode>),
    /// The groups that the broker coordinates, by name.
    ListGroups(Vec<ListedGroup>),
    /// The broker is registered under that number, and so things are.
    BrokerRegistration { epoch: u64, metadata: Arc<Metadata> },
    /// Whether a broker that wants to end may.
    BrokerHeartbeat(Result<bool, ErrorCode>),
    /// Whether the partition's in-sync set is as its leader wants it.
    AlterPartition(TopicPartition, Result<(), ErrorCode>),
}

/// A group of the classic protocol as its coordinator tells an administrator of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupDescription {
    /// Such as `Stable`.
    pub state: &'static str,
    /// The assignor in use; empty where there is none to tell.
    pub assignor: &'static str,
    /// In the order in which the coordinator lists them.
    pub members: Vec<MemberDescription>,
}

/// A member as an administrator hears of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MemberDescription {
    /// Its id.
    pub member_id: MemberId,
    /// `group.instance.id`.
    pub instance: Option<InstanceId>,
    /// `client.id`.
    pub client: ConsumerName,
    /// What it wants to read.
    pub topics: Vec<TopicName>,
    /// What it reads.
    pub reads: Vec<TopicPartition>,
}

/// A group in a list of groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListedGroup {
    /// Its name.
    pub group: GroupId,
    /// `Classic` or `Consumer`.
    pub kind: &'static str,
    /// Such as `Stable`.
    pub state: &'static str,
    /// `consumer`, or empty in a group that nobody ever joined.
    pub protocol_type: &'static str,
}

/// What a member learns when a join phase is over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Joined {
    pub(crate) generation: i32,
    pub(crate) member_id: MemberId,
    /// The assignor that the group chose.
    pub(crate) protocol: ClassicAssignor,
    /// The member that computes the assignment.
    pub(crate) leader: MemberId,
    /// Whether the leader has nothing to compute: it came back as a static member.
    pub(crate) skips_assignment: bool,
    /// All members with their subscriptions, for the leader; empty for the others.
    pub(crate) members: Vec<JoinedMember>,
}

/// A member as its group's leader hears of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct JoinedMember {
    pub(crate) member_id: MemberId,
    pub(crate) instance: Option<InstanceId>,
    pub(crate) subscription: Bytes,
}

/// Why a member does not take part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct JoinError {
    pub(crate) error: ErrorCode,
    /// With `MEMBER_ID_REQUIRED` the id to come back with.
    pub(crate) member_id: MemberId,
}

/// What travels over a link.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Packet {
    /// From a client to a broker.
    Request(CorrelationId, Request),
    /// From a broker to a client.
    Answer(CorrelationId, Answer),
    /// The broker's process is gone, and the connection with it.
    Disconnected,
    /// From the controller to a broker: so it is from now on.
    MetadataUpdate(Arc<Metadata>),
}

impl Packet {
    /// Which request it is or answers.
    pub(crate) fn correlation(&self) -> Option<CorrelationId> {
        match self {
            Self::Request(correlation, _) | Self::Answer(correlation, _) => Some(*correlation),
            Self::Disconnected | Self::MetadataUpdate(_) => None,
        }
    }
}
