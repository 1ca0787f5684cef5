//! What a cluster and its clients are set up with, under Kafka's own names and defaults.

mod broker;
mod defaults;
mod offset_reset;
mod rules;
mod values;

use super::assignor::compute::ClassicAssignor;
use super::passed_on::PassesOn;
use crate::name::{ConsumerName, GroupId, ProducerName, TopicName};
use crate::settings::{Value, choices, settings};
use crate::sim::SimDuration;
pub use broker::{BrokerSettings, MigrationPolicy};
pub use offset_reset::OffsetReset;
pub use values::{CleanupPolicy, Long, Ratio};

/// A cluster, its topics and its clients, as they are when the run begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// How many brokers. They are numbered from 1; partitions are led in turn.
    pub brokers: u16,
    /// What every broker is set to.
    pub broker_settings: BrokerSettings,
    /// The topics.
    pub topics: Vec<Topic>,
    /// The producers.
    pub producers: Vec<Producer>,
    /// Where each stream of the workload goes, by `StreamId`.
    pub destinations: Vec<TopicName>,
    /// The consumers that run from the beginning.
    pub consumers: Vec<Consumer>,
    /// How long messages travel.
    pub links: Links,
}

/// How long messages travel, one way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Links {
    /// Between a producer and a broker.
    pub producer: SimDuration,
    /// Between a consumer and the broker it fetches from.
    pub consumer: SimDuration,
    /// Between a consumer and its group coordinator: a connection of its own in Kafka too. Also
    /// between an administrator and any broker.
    pub coordinator: SimDuration,
    /// Between brokers, and between anyone and the controller.
    pub cluster: SimDuration,
    /// At most so much longer, drawn per message.
    pub jitter: SimDuration,
    /// Of a million messages from and to clients, how many are lost.
    pub loss_per_million: u32,
}

impl Default for Links {
    fn default() -> Self {
        let latency = SimDuration::millis(2);
        Self {
            producer: latency,
            consumer: latency,
            coordinator: latency,
            cluster: latency,
            jitter: SimDuration::ZERO,
            loss_per_million: 0,
        }
    }
}

/// A topic as it is created.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Topic {
    /// Its name.
    pub name: TopicName,
    /// How many partitions it has, at least one.
    pub partitions: u32,
    /// How many copies of each there are; none is `default.replication.factor`.
    pub replication_factor: Option<u32>,
    /// Its settings.
    pub settings: TopicSettings,
}

/// A producer as it starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Producer {
    /// Its name, also its `client.id`.
    pub name: ProducerName,
    /// Its settings.
    pub settings: ProducerSettings,
    /// How its application sends its streams in transactions; it needs a `transactional.id` then.
    pub transactions: Option<Transactions>,
}

/// How an application sends its streams in transactions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transactions {
    /// How many records one has, at least one.
    pub records: u32,
    /// Those that it aborts of its own will, by their number, from 1.
    pub aborts: Vec<u32>,
}

/// A consumer as it starts: Kafka's client, and the application around it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Consumer {
    /// Its name, also its `client.id`.
    pub name: ConsumerName,
    /// The group it joins or commits for, `group.id`, if any.
    pub group: Option<GroupId>,
    /// The topics it subscribes to at once; it may be none if it is driven by hand.
    pub topics: Vec<TopicName>,
    /// The client's settings.
    pub settings: ConsumerSettings,
    /// What the application does with what it gets.
    pub application: Application,
    /// How long after the beginning it starts.
    pub starts_after: SimDuration,
    /// What it makes of what it reads, with a producer of its own.
    pub produces: Option<Box<Produces>>,
    /// How it passes on what it fails on, with a producer of its own too, if it does.
    pub passes_on: Option<Box<PassesOn>>,
    /// Whether it remembers in a store what it has done, and does nothing twice.
    pub idempotent: bool,
}

/// What an application makes of the records that it reads: of each, one record.
///
/// If its producer has a `transactional.id`, the offsets go into the same transaction as the
/// records, and take the place of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Produces {
    /// Where they go.
    pub topic: TopicName,
    /// What its producer is set to.
    pub settings: ProducerSettings,
}

impl Consumer {
    /// The name of its group; the empty name if it has none.
    #[must_use]
    pub fn group_name(&self) -> GroupId {
        self.group.clone().unwrap_or_else(|| "".into())
    }

    /// Whether it is of that group.
    #[must_use]
    pub fn is_of(&self, group: &GroupId) -> bool {
        self.group.as_ref() == Some(group)
    }
}

/// What the application around a consumer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Application {
    /// It polls and works by itself.
    Automatic {
        /// When it commits by itself. Says nothing about `enable.auto.commit`.
        commits: Commits,
        /// What it does with a record whose processing fails.
        on_failure: OnFailure,
    },
    /// It does nothing but what it is told, call by call.
    Manual,
}

impl Default for Application {
    fn default() -> Self {
        Self::Automatic { commits: Commits::Never, on_failure: OnFailure::Retry }
    }
}

choices! {
    /// When an application commits by itself, with `commitSync`.
    Commits, "never, before-work, after-record or after-batch" {
        /// It leaves committing to `enable.auto.commit`, or to nobody.
        Never = "never",
        /// As soon as `poll` has returned, before any work: at most once.
        BeforeWork = "before-work",
        /// After the work on each record: at least once.
        AfterRecord = "after-record",
        /// After the work on everything one `poll` returned: at least once.
        AfterBatch = "after-batch",
    }
}

choices! {
    /// What an application does with a record whose processing fails.
    OnFailure, "retry, skip, retry-topic or dead-letter" {
        /// Tries the same record again, so that nothing behind it in the batch moves.
        Retry = "retry",
        /// Goes on to the next one.
        Skip = "skip",
        /// Sends it to a retry topic and goes on; after some attempts, to a dead-letter topic.
        RetryTopic = "retry-topic",
        /// Tries it again a few times, then sends it to a dead-letter topic and goes on.
        DeadLetter = "dead-letter",
    }
}

choices! {
    /// How many answers a producer waits for.
    Acks, "0, 1 or all" {
        /// It does not wait at all.
        None = "0",
        /// The leader has appended it.
        Leader = "1",
        /// Every in-sync replica has it.
        All = "all",
    }
}

choices! {
    /// What a consumer reads of transactions.
    IsolationLevel, "read_uncommitted or read_committed" {
        /// Everything, whatever becomes of it.
        ReadUncommitted = "read_uncommitted",
        /// Only what is committed, as far as all before it is decided.
        ReadCommitted = "read_committed",
    }
}

choices! {
    /// Whether the brokers recognise what a producer sends twice.
    Idempotence, "true, false or default" {
        /// They do, and settings that contradict it are refused.
        Yes = "true",
        /// They do not.
        No = "false",
        /// They do, unless `acks` or `retries` are set so that it cannot be.
        Default = "default",
    }
}

choices! {
    /// Which client library places the records.
    Client, "java or librdkafka" {
        /// The Java client: murmur2 for keys, sticky for keyless records.
        Java = "java",
        /// librdkafka's default `consistent_random`: CRC-32 for keys; keyless and empty keys at
        /// random.
        Librdkafka = "librdkafka",
    }
}

/// The assignors that a consumer supports, in the order of its preference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assignors(pub Vec<ClassicAssignor>);

impl Default for Assignors {
    /// Source: `ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG`.
    fn default() -> Self {
        Self(vec![ClassicAssignor::Range, ClassicAssignor::CooperativeSticky])
    }
}

impl Value for Assignors {
    const EXPECTED: &'static str =
        "a list of range, roundrobin, sticky and cooperative-sticky, none of them twice";

    /// Each may be written as in a consumer's own configuration, where it is a Java class.
    fn read(text: &str) -> Option<Self> {
        let mut read = Vec::new();
        for name in text.split(',') {
            let name = name.trim();
            let assignor = match name.strip_prefix("org.apache.kafka.clients.consumer.") {
                Some("RangeAssignor") => ClassicAssignor::Range,
                Some("RoundRobinAssignor") => ClassicAssignor::RoundRobin,
                Some("StickyAssignor") => ClassicAssignor::Sticky,
                Some("CooperativeStickyAssignor") => ClassicAssignor::CooperativeSticky,
                Some(_) => return None,
                None => ClassicAssignor::read(name)?,
            };
            if read.contains(&assignor) {
                return None;
            }
            read.push(assignor);
        }
        Some(Self(read))
    }

    fn show(&self) -> String {
        let mut shown = String::new();
        for it in &self.0 {
            shown.push_str(if shown.is_empty() { "" } else { ", " });
            shown.push_str(it.as_str());
        }
        shown
    }
}

choices! {
    /// Whose clock a record's timestamp tells.
    TimestampType, "CreateTime or LogAppendTime" {
        /// The producer's, when the record was made.
        CreateTime = "CreateTime",
        /// The broker's, when the record was appended.
        LogAppendTime = "LogAppendTime",
    }
}

settings! {
    /// What a topic is set to.
    TopicSettings {
        /// What happens to old records: delete, compact, both, or nothing if it is empty.
        cleanup_policy: CleanupPolicy = "cleanup.policy", CleanupPolicy::Delete;
        /// A segment is deleted when its newest record is older than this; -1 keeps it.
        retention_ms: i64 = "retention.ms", 604_800_000;
        /// Oldest segments are deleted while a partition stays at least this large; -1 keeps them.
        retention_bytes: i64 = "retention.bytes", -1;
        /// A segment is closed before an append that would make it larger.
        segment_bytes: u64 = "segment.bytes", 1_073_741_824;
        /// A segment is closed before an append this much newer than its first record.
        segment_ms: u64 = "segment.ms", 604_800_000;
        /// How large the index of a segment's offsets, and that of its times, may become.
        segment_index_bytes: u64 = "segment.index.bytes", 10_485_760;
        /// After so many bytes of records the indexes get an entry.
        index_interval_bytes: u64 = "index.interval.bytes", 4_096;
        /// A batch larger than this is refused.
        max_message_bytes: u64 = "max.message.bytes", 1_048_588;
        /// How many replicas must be in sync for a write with acks=all.
        min_insync_replicas: u32 = "min.insync.replicas", 1;
        /// Whether a replica that is not in sync may lead if no other can: records are lost then.
        unclean_leader_election_enable: bool = "unclean.leader.election.enable", false;
        /// Whose clock a record's timestamp tells: CreateTime or LogAppendTime.
        message_timestamp_type: TimestampType =
            "message.timestamp.type", TimestampType::CreateTime;
        /// A record whose timestamp lies further back than this is refused.
        message_timestamp_before_max_ms: Long = "message.timestamp.before.max.ms", Long::MAX;
        /// A record whose timestamp lies further ahead than this is refused.
        message_timestamp_after_max_ms: Long = "message.timestamp.after.max.ms", Long(3_600_000);
        /// A compacted log is cleaned when more than this part of it is dirty.
        min_cleanable_dirty_ratio: Ratio = "min.cleanable.dirty.ratio", Ratio::HALF;
        /// A record is not compacted away before this time.
        min_compaction_lag_ms: Long = "min.compaction.lag.ms", Long(0);
        /// After this time a record may be compacted away however little of the log is dirty.
        max_compaction_lag_ms: Long = "max.compaction.lag.ms", Long::MAX;
        /// How long a tombstone stays after it was cleaned for the first time.
        delete_retention_ms: Long = "delete.retention.ms", Long(86_400_000);
    }
}

settings! {
    /// What a producer is set to.
    ProducerSettings {
        /// How many answers it waits for: 0, 1 or all.
        acks: Acks = "acks", Acks::All;
        /// How long a record waits for others to share its batch.
        linger_ms: u64 = "linger.ms", 5;
        /// How large a batch becomes before another is begun.
        batch_size: u64 = "batch.size", 16_384;
        /// How long it waits for the answer to a request before it sends it again.
        request_timeout_ms: u64 = "request.timeout.ms", 30_000;
        /// How long it waits before it sends a failed request again.
        retry_backoff_ms: u64 = "retry.backoff.ms", 100;
        /// How often it sends a failed request again.
        retries: u64 = "retries", 2_147_483_647;
        /// How long it tries to deliver a record at all.
        delivery_timeout_ms: u64 = "delivery.timeout.ms", 120_000;
        /// How long handing over a record may take.
        max_block_ms: u64 = "max.block.ms", 60_000;
        /// How many requests to one broker may wait for their answers.
        max_in_flight_requests_per_connection: u64 = "max.in.flight.requests.per.connection", 5;
        /// Whether the brokers recognise what it sends twice: true, false, or as the rest allows.
        enable_idempotence: Idempotence = "enable.idempotence", Idempotence::Default;
        /// Under which name its transactions go on over its processes; none if empty.
        transactional_id: String = "transactional.id", String::new();
        /// How long a transaction may stay open.
        transaction_timeout_ms: u64 = "transaction.timeout.ms", 60_000;
        /// How large a request, and so a record, may be.
        max_request_size: u64 = "max.request.size", 1_048_576;
        /// Which library it is, and so where keys go: java or librdkafka.
        client: Client = "client", Client::Java;
        /// How old what it knows of the cluster becomes before it asks anew.
        metadata_max_age_ms: u64 = "metadata.max.age.ms", 300_000;
    }
}

impl ProducerSettings {
    /// Whether the brokers recognise what it sends twice.
    ///
    /// Source: `ProducerConfig.postProcessAndValidateIdempotenceConfigs`.
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        match self.enable_idempotence {
            Idempotence::Yes => true,
            Idempotence::No => false,
            Idempotence::Default => self.acks == Acks::All && self.retries != 0,
        }
    }

    /// How long the first try to deliver a record takes at most.
    fn one_try_ms(&self) -> u64 {
        self.linger_ms.saturating_add(self.request_timeout_ms)
    }

    /// How long it tries to deliver a record: `delivery.timeout.ms`, which if nobody has set it
    /// is never too short for one try.
    ///
    /// Source: `KafkaProducer.configureDeliveryTimeout`.
    pub(crate) fn delivery_timeout(&self) -> SimDuration {
        SimDuration::millis(self.delivery_timeout_ms.max(self.one_try_ms()))
    }

    /// Why a producer with these settings would not start, if it would not.
    ///
    /// Source: `ProducerConfig.postProcessAndValidateIdempotenceConfigs`,
    /// `KafkaProducer.configureDeliveryTimeout`.
    #[must_use]
    pub fn conflict(&self) -> Option<&'static str> {
        let wants = self.enable_idempotence == Idempotence::Yes;
        let may = self.enable_idempotence != Idempotence::No;
        if wants && self.acks != Acks::All {
            return Some("ConfigException: an idempotent producer needs acks=all");
        }
        if wants && self.retries == 0 {
            return Some("ConfigException: an idempotent producer needs retries");
        }
        if !self.is_idempotent() && !self.transactional_id.is_empty() {
            return Some("ConfigException: a transactional producer has to be idempotent");
        }
        let delivery_ms = self.delivery_timeout_ms;
        if delivery_ms != Self::default().delivery_timeout_ms && delivery_ms < self.one_try_ms() {
            return Some(
                "ConfigException: delivery.timeout.ms should be equal to or larger than linger.ms \
                 + request.timeout.ms",
            );
        }
        if may && 5 < self.max_in_flight_requests_per_connection {
            return Some(
                "ConfigException: an idempotent producer has at most 5 requests in flight",
            );
        }
        None
    }
}

choices! {
    /// How a consumer takes part in its group.
    GroupProtocol, "classic or consumer" {
        /// The members' leader computes who reads what, and everyone joins again for it.
        Classic = "classic",
        /// The coordinator computes it, and each member follows by its heartbeats (KIP-848).
        Consumer = "consumer",
    }
}

impl GroupProtocol {
    /// Whether a consumer that speaks this does not start if the setting is given for it.
    ///
    /// Source: `ConsumerConfig.checkUnsupportedConfigsPostProcess`: a `ConfigException`.
    #[must_use]
    pub fn forbids(self, setting: &str) -> bool {
        match self {
            Self::Classic => setting == "group.remote.assignor",
            Self::Consumer => matches!(
                setting,
                "session.timeout.ms" | "heartbeat.interval.ms" | "partition.assignment.strategy"
            ),
        }
    }
}

settings! {
    /// What a consumer is set to.
    ConsumerSettings {
        /// How it takes part in its group: classic or consumer.
        group_protocol: GroupProtocol = "group.protocol", GroupProtocol::Classic;
        /// The coordinator's assignor that it asks for, in the `consumer` protocol.
        group_remote_assignor: Option<String> = "group.remote.assignor", None;
        /// Where it begins without a valid committed offset: earliest, latest, none or
        /// by_duration.
        auto_offset_reset: OffsetReset = "auto.offset.reset", OffsetReset::Latest;
        /// Whether `poll` commits by itself now and then.
        enable_auto_commit: bool = "enable.auto.commit", true;
        /// How much time passes between two automatic commits.
        auto_commit_interval_ms: u64 = "auto.commit.interval.ms", 5_000;
        /// At most so many records are returned by one `poll`.
        max_poll_records: u32 = "max.poll.records", 500;
        /// After so long without a `poll` it leaves the group.
        max_poll_interval_ms: u64 = "max.poll.interval.ms", 300_000;
        /// After so long without a heartbeat the coordinator removes it.
        session_timeout_ms: u64 = "session.timeout.ms", 45_000;
        /// How often it tells the coordinator that it lives.
        heartbeat_interval_ms: u64 = "heartbeat.interval.ms", 3_000;
        /// What it reads of transactions: read_uncommitted or read_committed.
        isolation_level: IsolationLevel = "isolation.level", IsolationLevel::ReadUncommitted;
        /// How long a fetch waits at the broker when there is nothing to return.
        fetch_max_wait_ms: u64 = "fetch.max.wait.ms", 500;
        /// How many bytes must be there before a fetch is answered without waiting.
        fetch_min_bytes: u64 = "fetch.min.bytes", 1;
        /// At most so many bytes of one partition are returned by one fetch.
        max_partition_fetch_bytes: u64 = "max.partition.fetch.bytes", 1_048_576;
        /// How long it waits for the answer to a request before it asks again.
        request_timeout_ms: u64 = "request.timeout.ms", 30_000;
        /// How long a call that waits for a broker may take, such as `commitSync` or `position`.
        default_api_timeout_ms: u64 = "default.api.timeout.ms", 60_000;
        /// How long it waits before it sends a failed request again.
        retry_backoff_ms: u64 = "retry.backoff.ms", 100;
        /// How old what it knows of the cluster becomes before it asks anew.
        metadata_max_age_ms: u64 = "metadata.max.age.ms", 300_000;
        /// How partitions are dealt out: assignors in the order of preference.
        partition_assignment_strategy: Assignors =
            "partition.assignment.strategy", Assignors::default();
        /// The name under which a static member comes back; empty if it is none.
        group_instance_id: Option<String> = "group.instance.id", None;
    }
}

impl ConsumerSettings {
    /// Why a consumer with these settings would not start, if it would not.
    ///
    /// Source: `ConsumerConfig.checkUnsupportedConfigsPostProcess`, the constructor of
    /// `AbstractCoordinator`'s `Heartbeat`.
    #[must_use]
    pub fn conflict(&self) -> Option<String> {
        let (protocol, default) = (self.group_protocol, Self::default());
        let is_given = |name: &str| self.show(name) != default.show(name);
        let forbids = |name: &str| protocol.forbids(name) && is_given(name);
        if let Some(it) = Self::SETTINGS.iter().find(|it| forbids(it.name)) {
            let (name, protocol) = (it.name, protocol.as_str());
            return Some(format!(
                "ConfigException: {name} cannot be set when group.protocol={protocol}"
            ));
        }
        let (beat, session) = (self.heartbeat_interval_ms, self.session_timeout_ms);
        (protocol == GroupProtocol::Classic && session <= beat).then(|| {
            format!(
                "IllegalArgumentException: Heartbeat must be set lower than the session timeout, \
                 and they are heartbeat.interval.ms={beat} and session.timeout.ms={session}"
            )
        })
    }
}
