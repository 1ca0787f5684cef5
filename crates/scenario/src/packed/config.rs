//! How Kafka is set up, field by field. A field that is new stops the build here.

mod consumer;

use super::Pass;
use brokerscope_core::kafka;

pub(super) fn kafka<P: Pass>(p: &mut P, it: &mut kafka::Config) {
    use kafka::config::{Config, Consumer, Links, Producer, Topic};
    let Config {
        brokers,
        broker_settings: settings,
        topics,
        producers,
        destinations,
        consumers,
        links,
    } = it;
    p.whole(brokers);
    broker(p, settings);
    let Links { producer, consumer, coordinator, cluster, jitter, loss_per_million } = links;
    for span in [producer, consumer, coordinator, cluster, jitter] {
        p.span(span);
    }
    p.whole(loss_per_million);
    let blank = || Topic {
        name: "".into(),
        partitions: 0,
        replication_factor: None,
        settings: Default::default(),
    };
    p.list(topics, blank, topic);
    let blank = || Producer { name: "".into(), settings: Default::default(), transactions: None };
    p.list(producers, blank, self::producer);
    p.list(destinations, || "".into(), |p, it| it.0 = p.name(&it.0));
    let blank = || Consumer {
        name: "".into(),
        group: None,
        topics: Vec::new(),
        settings: Default::default(),
        application: Default::default(),
        starts_after: Default::default(),
        produces: None,
        passes_on: None,
        idempotent: false,
    };
    p.list(consumers, blank, consumer::consumer);
}

#[allow(clippy::too_many_lines, reason = "each field by its name, once")]
fn broker<P: Pass>(p: &mut P, settings: &mut kafka::config::BrokerSettings) {
    use kafka::assignor::compute::ServerAssignor;
    use kafka::config::{BrokerSettings, MigrationPolicy};
    let BrokerSettings {
        offsets_topic_num_partitions,
        log_retention_check_interval_ms,
        log_initial_task_delay_ms,
        log_cleanup_policy,
        log_retention_ms,
        log_retention_minutes,
        log_retention_hours,
        log_retention_bytes,
        log_segment_bytes,
        log_roll_ms,
        log_roll_hours,
        message_max_bytes,
        log_message_timestamp_type,
        log_cleaner_min_cleanable_ratio,
        log_cleaner_delete_retention_ms,
        log_cleaner_backoff_ms,
        producer_id_expiration_ms,
        producer_id_expiration_check_interval_ms,
        transaction_state_log_num_partitions,
        transaction_state_log_replication_factor,
        transaction_max_timeout_ms,
        transaction_abort_timed_out_transaction_cleanup_interval_ms,
        group_initial_rebalance_delay_ms,
        default_replication_factor,
        num_partitions,
        offsets_topic_replication_factor,
        broker_session_timeout_ms,
        broker_heartbeat_interval_ms,
        replica_lag_time_max_ms,
        replica_fetch_wait_max_ms,
        replica_fetch_backoff_ms,
        replica_fetch_max_bytes,
        auto_leader_rebalance_enable,
        leader_imbalance_check_interval_seconds,
        group_consumer_session_timeout_ms,
        group_consumer_heartbeat_interval_ms,
        group_consumer_assignment_interval_ms,
        group_consumer_max_size,
        group_consumer_assignors,
        group_consumer_migration_policy,
        group_max_size,
        group_min_session_timeout_ms,
        group_max_session_timeout_ms,
        offsets_retention_minutes,
        offsets_retention_check_interval_ms,
        offset_metadata_max_bytes,
    } = settings;
    for number in [
        group_consumer_session_timeout_ms,
        group_consumer_heartbeat_interval_ms,
        group_consumer_assignment_interval_ms,
    ] {
        p.whole(number);
    }
    p.whole(group_consumer_max_size);
    p.list(
        &mut group_consumer_assignors.0,
        || ServerAssignor::Uniform,
        |p, it| {
            p.choice(it, &[ServerAssignor::Uniform, ServerAssignor::Range]);
        },
    );
    let all = [
        MigrationPolicy::Bidirectional,
        MigrationPolicy::Upgrade,
        MigrationPolicy::Downgrade,
        MigrationPolicy::Disabled,
    ];
    p.choice(group_consumer_migration_policy, &all);
    p.whole(offsets_topic_num_partitions);
    p.whole(log_retention_check_interval_ms);
    p.whole(log_initial_task_delay_ms);
    p.whole(producer_id_expiration_ms);
    p.whole(transaction_state_log_num_partitions);
    p.whole(transaction_state_log_replication_factor);
    p.whole(transaction_max_timeout_ms);
    p.whole(transaction_abort_timed_out_transaction_cleanup_interval_ms);
    p.whole(producer_id_expiration_check_interval_ms);
    p.whole(log_cleaner_backoff_ms);
    cleanup(p, log_cleanup_policy);
    timestamps(p, log_message_timestamp_type);
    for number in [log_retention_ms, log_retention_minutes] {
        maybe(p, number);
    }
    let mut roll_ms = log_roll_ms.map(u64::cast_signed);
    maybe(p, &mut roll_ms);
    *log_roll_ms = roll_ms.map(i64::cast_unsigned);
    for number in [log_retention_hours, log_retention_bytes, &mut log_cleaner_delete_retention_ms.0]
    {
        signed(p, number);
    }
    for number in [log_segment_bytes, log_roll_hours, message_max_bytes] {
        p.whole(number);
    }
    p.whole(&mut log_cleaner_min_cleanable_ratio.0);
    p.whole(default_replication_factor);
    p.whole(num_partitions);
    p.whole(offsets_topic_replication_factor);
    p.whole(broker_session_timeout_ms);
    p.whole(broker_heartbeat_interval_ms);
    p.whole(group_max_size);
    for number in [
        group_initial_rebalance_delay_ms,
        group_min_session_timeout_ms,
        group_max_session_timeout_ms,
        offsets_retention_minutes,
        offsets_retention_check_interval_ms,
        offset_metadata_max_bytes,
    ] {
        p.whole(number);
    }
    p.whole(replica_lag_time_max_ms);
    p.whole(replica_fetch_wait_max_ms);
    p.whole(replica_fetch_backoff_ms);
    p.whole(replica_fetch_max_bytes);
    p.bool(auto_leader_rebalance_enable);
    p.whole(leader_imbalance_check_interval_seconds);
}

fn cleanup<P: Pass>(p: &mut P, it: &mut kafka::config::CleanupPolicy) {
    use kafka::config::CleanupPolicy::{Compact, CompactAndDelete, Delete, Keep};
    p.choice(it, &[Delete, Compact, CompactAndDelete, Keep]);
}

fn timestamps<P: Pass>(p: &mut P, it: &mut kafka::config::TimestampType) {
    use kafka::config::TimestampType::{CreateTime, LogAppendTime};
    p.choice(it, &[CreateTime, LogAppendTime]);
}

pub(super) fn signed<P: Pass>(p: &mut P, it: &mut i64) {
    *it = p.number(it.cast_unsigned()).cast_signed();
}

/// A number of at least -1, or none.
fn maybe<P: Pass>(p: &mut P, it: &mut Option<i64>) {
    const BEFORE: i64 = -2;
    let number = it.unwrap_or(BEFORE).abs_diff(BEFORE);
    let read = BEFORE.saturating_add_unsigned(p.number(number));
    *it = (BEFORE < read).then_some(read);
}

fn topic<P: Pass>(p: &mut P, it: &mut kafka::config::Topic) {
    use kafka::config::{Topic, TopicSettings};
    let Topic { name, partitions, replication_factor, settings } = it;
    name.0 = p.name(&name.0);
    p.whole(partitions);
    let mut copies = replication_factor.unwrap_or(0);
    p.whole(&mut copies);
    *replication_factor = (copies > 0).then_some(copies);
    let TopicSettings {
        cleanup_policy,
        retention_ms,
        retention_bytes,
        segment_bytes,
        segment_ms,
        segment_index_bytes,
        index_interval_bytes,
        max_message_bytes,
        min_insync_replicas,
        unclean_leader_election_enable,
        message_timestamp_type,
        message_timestamp_before_max_ms,
        message_timestamp_after_max_ms,
        min_cleanable_dirty_ratio,
        min_compaction_lag_ms,
        max_compaction_lag_ms,
        delete_retention_ms,
    } = settings;
    cleanup(p, cleanup_policy);
    timestamps(p, message_timestamp_type);
    p.whole(&mut min_cleanable_dirty_ratio.0);
    for number in [
        message_timestamp_before_max_ms,
        message_timestamp_after_max_ms,
        min_compaction_lag_ms,
        max_compaction_lag_ms,
        delete_retention_ms,
    ] {
        signed(p, &mut number.0);
    }
    for number in [retention_ms, retention_bytes] {
        signed(p, number);
    }
    for number in
        [segment_bytes, segment_ms, segment_index_bytes, index_interval_bytes, max_message_bytes]
    {
        p.whole(number);
    }
    p.whole(min_insync_replicas);
    p.bool(unclean_leader_election_enable);
}

fn producer<P: Pass>(p: &mut P, it: &mut kafka::config::Producer) {
    use kafka::config::{Producer, Transactions};
    let Producer { name, settings, transactions } = it;
    name.0 = p.name(&name.0);
    producer_settings(p, settings);
    let mut has = transactions.is_some();
    p.bool(&mut has);
    *transactions = has.then(|| {
        let blank = || Transactions { records: 0, aborts: Vec::new() };
        let mut it = transactions.take().unwrap_or_else(blank);
        p.whole(&mut it.records);
        p.list(&mut it.aborts, Default::default, |p, it| p.whole(it));
        it
    });
}

fn producer_settings<P: Pass>(p: &mut P, settings: &mut kafka::config::ProducerSettings) {
    use kafka::config::{Acks, Client, Idempotence, ProducerSettings};
    let ProducerSettings {
        acks,
        linger_ms,
        batch_size,
        request_timeout_ms,
        retry_backoff_ms,
        retries,
        delivery_timeout_ms,
        max_in_flight_requests_per_connection,
        max_request_size,
        max_block_ms,
        enable_idempotence,
        transactional_id,
        transaction_timeout_ms,
        client,
        metadata_max_age_ms,
    } = settings;
    *transactional_id = p.text(transactional_id);
    p.whole(transaction_timeout_ms);
    p.choice(acks, &[Acks::None, Acks::Leader, Acks::All]);
    for number in [
        linger_ms,
        batch_size,
        request_timeout_ms,
        retry_backoff_ms,
        retries,
        delivery_timeout_ms,
        max_in_flight_requests_per_connection,
        max_request_size,
        max_block_ms,
        metadata_max_age_ms,
    ] {
        p.whole(number);
    }
    let all = [Idempotence::Yes, Idempotence::No, Idempotence::Default];
    p.choice(enable_idempotence, &all);
    p.choice(client, &[Client::Java, Client::Librdkafka]);
}

fn optional<P: Pass>(p: &mut P, it: &mut Option<String>) {
    let mut is_set = it.is_some();
    p.bool(&mut is_set);
    *it = is_set.then(|| p.text(it.as_deref().unwrap_or_default()));
}
