//! What the brokers are set to.

use super::{CleanupPolicy, Long, Ratio, TimestampType};
use crate::kafka::assignor::compute::ServerAssignors;
use crate::settings::{choices, settings};

settings! {
    /// What every broker is set to.
    BrokerSettings {
        /// Partitions of `__consumer_offsets`. A group's records go to one of them.
        offsets_topic_num_partitions: u32 = "offsets.topic.num.partitions", 50;
        /// How often retention is checked.
        log_retention_check_interval_ms: u64 = "log.retention.check.interval.ms", 300_000;
        /// When retention is checked for the first time.
        log_initial_task_delay_ms: u64 = "log.initial.task.delay.ms", 30_000;
        /// What happens to old records of a topic that does not say it.
        log_cleanup_policy: CleanupPolicy = "log.cleanup.policy", CleanupPolicy::Delete;
        /// How old records become; goes before the same in minutes and hours.
        log_retention_ms: Option<i64> = "log.retention.ms", None;
        /// How old records become, in minutes; goes before the same in hours.
        log_retention_minutes: Option<i64> = "log.retention.minutes", None;
        /// How old records become, in hours, where a topic does not say it.
        log_retention_hours: i64 = "log.retention.hours", 168;
        /// How large a partition becomes, where its topic does not say it.
        log_retention_bytes: i64 = "log.retention.bytes", -1;
        /// How large a segment becomes, where its topic does not say it.
        log_segment_bytes: u64 = "log.segment.bytes", 1_073_741_824;
        /// How long a segment is written to; goes before the same in hours.
        log_roll_ms: Option<u64> = "log.roll.ms", None;
        /// How long a segment is written to, in hours, where its topic does not say it.
        log_roll_hours: u64 = "log.roll.hours", 168;
        /// How large a batch may be, where its topic does not say it.
        message_max_bytes: u64 = "message.max.bytes", 1_048_588;
        /// Whose clock a record's timestamp tells, where its topic does not say it.
        log_message_timestamp_type: TimestampType =
            "log.message.timestamp.type", TimestampType::CreateTime;
        /// How much of a compacted log may be dirty, where its topic does not say it.
        log_cleaner_min_cleanable_ratio: Ratio = "log.cleaner.min.cleanable.ratio", Ratio::HALF;
        /// How long a tombstone stays, where its topic does not say it.
        log_cleaner_delete_retention_ms: Long =
            "log.cleaner.delete.retention.ms", Long(86_400_000);
        /// How long the log cleaner rests when there is nothing to clean.
        log_cleaner_backoff_ms: u64 = "log.cleaner.backoff.ms", 15_000;
        /// After so long without a batch a partition forgets a producer.
        producer_id_expiration_ms: u64 = "producer.id.expiration.ms", 86_400_000;
        /// How often that is checked.
        producer_id_expiration_check_interval_ms: u64 =
            "producer.id.expiration.check.interval.ms", 600_000;
        /// Partitions of `__transaction_state`. A transactional id's records go to one of them.
        transaction_state_log_num_partitions: u32 = "transaction.state.log.num.partitions", 50;
        /// How many copies of a partition of `__transaction_state` there are.
        transaction_state_log_replication_factor: u32 =
            "transaction.state.log.replication.factor", 3;
        /// The longest that a producer may want its transactions to stay open.
        transaction_max_timeout_ms: u64 = "transaction.max.timeout.ms", 900_000;
        /// How often transactions are looked for that are open for too long.
        transaction_abort_timed_out_transaction_cleanup_interval_ms: u64 =
            "transaction.abort.timed.out.transaction.cleanup.interval.ms", 10_000;
        /// How long an empty group waits for more members before its first rebalance.
        group_initial_rebalance_delay_ms: u64 = "group.initial.rebalance.delay.ms", 3_000;
        /// How many copies of a partition there are if its topic does not say it.
        default_replication_factor: u32 = "default.replication.factor", 1;
        /// How many partitions a topic has if it does not say it.
        num_partitions: u32 = "num.partitions", 1;
        /// How many copies of a partition of `__consumer_offsets` there are.
        offsets_topic_replication_factor: u32 = "offsets.topic.replication.factor", 3;
        /// How long the controller waits for a broker's heartbeat before it counts as gone.
        broker_session_timeout_ms: u64 = "broker.session.timeout.ms", 9_000;
        /// How often a broker tells the controller that it is there.
        broker_heartbeat_interval_ms: u64 = "broker.heartbeat.interval.ms", 2_000;
        /// How long a follower may be behind before it is no longer in sync.
        replica_lag_time_max_ms: u64 = "replica.lag.time.max.ms", 30_000;
        /// How long a follower's fetch waits at the leader when there is nothing to return.
        replica_fetch_wait_max_ms: u64 = "replica.fetch.wait.max.ms", 500;
        /// How long a follower waits before it fetches again after an error.
        replica_fetch_backoff_ms: u64 = "replica.fetch.backoff.ms", 1_000;
        /// How many bytes of one partition a follower asks for.
        replica_fetch_max_bytes: u64 = "replica.fetch.max.bytes", 1_048_576;
        /// Whether the controller gives leaderships back to the preferred leaders.
        auto_leader_rebalance_enable: bool = "auto.leader.rebalance.enable", true;
        /// How often it does.
        leader_imbalance_check_interval_seconds: u64 =
            "leader.imbalance.check.interval.seconds", 300;
        /// After so long without a heartbeat a member of the `consumer` protocol is removed.
        group_consumer_session_timeout_ms: u64 = "group.consumer.session.timeout.ms", 45_000;
        /// How often members of the `consumer` protocol are to send a heartbeat.
        group_consumer_heartbeat_interval_ms: u64 = "group.consumer.heartbeat.interval.ms", 5_000;
        /// How much time passes at least between two targets of a group.
        group_consumer_assignment_interval_ms: u64
            = "group.consumer.assignment.interval.ms", 1_000;
        /// How many members a group of the `consumer` protocol may have.
        group_consumer_max_size: u32 = "group.consumer.max.size", 2_147_483_647;
        /// The assignors that the broker has; the first is for groups that ask for none.
        group_consumer_assignors: ServerAssignors
            = "group.consumer.assignors", ServerAssignors::default();
        /// Which groups may go over to the other protocol: bidirectional, upgrade, downgrade
        /// or disabled.
        group_consumer_migration_policy: MigrationPolicy
            = "group.consumer.migration.policy", MigrationPolicy::Bidirectional;
        /// A group takes no more members than this.
        group_max_size: u32 = "group.max.size", 2_147_483_647;
        /// A member may ask for no shorter session timeout.
        group_min_session_timeout_ms: u64 = "group.min.session.timeout.ms", 6_000;
        /// A member may ask for no longer session timeout.
        group_max_session_timeout_ms: u64 = "group.max.session.timeout.ms", 1_800_000;
        /// After so many minutes committed offsets that nobody uses are forgotten.
        offsets_retention_minutes: u64 = "offsets.retention.minutes", 10_080;
        /// How often offsets and groups that nobody uses are looked for.
        offsets_retention_check_interval_ms: u64 =
            "offsets.retention.check.interval.ms", 600_000;
        /// At most so many bytes may be noted beside a committed offset.
        offset_metadata_max_bytes: u64 = "offset.metadata.max.bytes", 4_096;
    }
}

choices! {
    /// Which groups may go over to the other protocol when members of both meet.
    MigrationPolicy, "bidirectional, upgrade, downgrade or disabled" {
        /// Both ways.
        Bidirectional = "bidirectional",
        /// Classic groups become groups of the `consumer` protocol.
        Upgrade = "upgrade",
        /// Groups of the `consumer` protocol become classic ones.
        Downgrade = "downgrade",
        /// None.
        Disabled = "disabled",
    }
}

impl MigrationPolicy {
    /// Whether a classic group may become one of the `consumer` protocol.
    pub(crate) const fn upgrades(self) -> bool {
        matches!(self, Self::Bidirectional | Self::Upgrade)
    }

    /// Whether a group of the `consumer` protocol may become a classic one.
    pub(crate) const fn downgrades(self) -> bool {
        matches!(self, Self::Bidirectional | Self::Downgrade)
    }
}
