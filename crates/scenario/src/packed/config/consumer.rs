//! Kafka's consumers, field by field.

use super::{optional, producer_settings};
use crate::packed::Pass;
use brokerscope_core::kafka;
use brokerscope_core::kafka::passed_on::PassesOn;
use brokerscope_core::name::{GroupId, TopicName};
use brokerscope_core::sim::SimDuration;

pub(super) fn consumer<P: Pass>(p: &mut P, it: &mut kafka::config::Consumer) {
    use kafka::config::{Application, Commits, Consumer, OnFailure, Produces};
    let Consumer {
        name,
        group,
        topics,
        settings,
        application,
        starts_after,
        produces,
        passes_on,
        idempotent,
    } = it;
    name.0 = p.name(&name.0);
    let of = p.name(group.as_ref().map_or("", |it| it.as_str()));
    *group = if of.is_empty() { None } else { Some(GroupId(of)) };
    p.list(topics, || "".into(), |p, it| it.0 = p.name(&it.0));
    consumer_settings(p, settings);
    let commits = [Commits::Never, Commits::BeforeWork, Commits::AfterRecord, Commits::AfterBatch];
    let mut all = vec![Application::Manual];
    let failures =
        [OnFailure::Retry, OnFailure::Skip, OnFailure::RetryTopic, OnFailure::DeadLetter];
    for on_failure in failures {
        all.extend(commits.map(|commits| Application::Automatic { commits, on_failure }));
    }
    p.choice(application, &all);
    p.span(starts_after);
    let mut has = produces.is_some();
    p.bool(&mut has);
    *produces = has.then(|| {
        let blank = || Box::new(Produces { topic: "".into(), settings: Default::default() });
        let mut it = produces.take().unwrap_or_else(blank);
        it.topic.0 = p.name(&it.topic.0);
        producer_settings(p, &mut it.settings);
        it
    });
    p.bool(idempotent);
    let mut has = passes_on.is_some();
    p.bool(&mut has);
    *passes_on = has.then(|| {
        let mut it = passes_on.take().unwrap_or_default();
        let PassesOn { attempts, delay, retry_topic, dead_letter_topic } = &mut *it;
        p.whole(attempts);
        p.span(delay);
        for topic in [retry_topic, dead_letter_topic] {
            let name = p.name(&topic.as_ref().map_or_else(|| "".into(), |it| it.0.clone()));
            *topic = (!name.is_empty()).then_some(TopicName(name));
        }
        it
    });
}

fn consumer_settings<P: Pass>(p: &mut P, it: &mut kafka::config::ConsumerSettings) {
    use kafka::assignor::compute::ClassicAssignor;
    use kafka::config::{ConsumerSettings, GroupProtocol, IsolationLevel, OffsetReset};
    let ConsumerSettings {
        auto_offset_reset,
        enable_auto_commit,
        isolation_level,
        auto_commit_interval_ms,
        max_poll_records,
        max_poll_interval_ms,
        session_timeout_ms,
        heartbeat_interval_ms,
        fetch_max_wait_ms,
        fetch_min_bytes,
        max_partition_fetch_bytes,
        request_timeout_ms,
        default_api_timeout_ms,
        retry_backoff_ms,
        metadata_max_age_ms,
        partition_assignment_strategy,
        group_instance_id,
        group_protocol,
        group_remote_assignor,
    } = it;
    p.choice(group_protocol, &[GroupProtocol::Classic, GroupProtocol::Consumer]);
    optional(p, group_remote_assignor);
    let by_duration = match auto_offset_reset {
        OffsetReset::ByDuration(_) => *auto_offset_reset,
        OffsetReset::Earliest | OffsetReset::Latest | OffsetReset::None => {
            OffsetReset::ByDuration(SimDuration::ZERO)
        }
    };
    let all = [OffsetReset::Earliest, OffsetReset::Latest, OffsetReset::None, by_duration];
    p.choice(auto_offset_reset, &all);
    if let OffsetReset::ByDuration(span) = auto_offset_reset {
        p.span(span);
    }
    p.bool(enable_auto_commit);
    let all = [IsolationLevel::ReadUncommitted, IsolationLevel::ReadCommitted];
    p.choice(isolation_level, &all);
    p.whole(max_poll_records);
    for number in [
        auto_commit_interval_ms,
        max_poll_interval_ms,
        session_timeout_ms,
        heartbeat_interval_ms,
        fetch_max_wait_ms,
        fetch_min_bytes,
        max_partition_fetch_bytes,
        request_timeout_ms,
        default_api_timeout_ms,
        retry_backoff_ms,
        metadata_max_age_ms,
    ] {
        p.whole(number);
    }
    let blank = || ClassicAssignor::Range;
    p.list(&mut partition_assignment_strategy.0, blank, |p, it| {
        let all = [
            ClassicAssignor::Range,
            ClassicAssignor::RoundRobin,
            ClassicAssignor::Sticky,
            ClassicAssignor::CooperativeSticky,
        ];
        p.choice(it, &all);
    });
    optional(p, group_instance_id);
}
