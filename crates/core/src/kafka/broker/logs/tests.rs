use super::*;
use crate::kafka::message::{Content, NewRecord};
use crate::kafka::sizes::{BATCH_OVERHEAD, Lengths};
use crate::kafka::testing::{Scribe, Setup};
use crate::workload::MessageId;

/// What becomes of one record, with or without a key, made at `timestamp_ms` and sent at ten
/// seconds to a topic with these settings.
fn sent(settings: &str, has_key: bool, timestamp_ms: i64) -> Result<(), &'static str> {
    let setup = Setup::read(
        "
        topic orders 1
        producer p1
        send 1 every 1ms from 1ms to orders keys=k
        send 1 every 1ms from 2ms to orders
        ",
    );
    let world = setup.world(1, &mut Scribe::default());
    let (cluster, workload) = (world.system(), world.system().workload());
    let mut topic = TopicSettings::default();
    for (name, value) in settings.split_whitespace().map(|it| it.split_once('=').unwrap()) {
        topic.set(name, value).unwrap();
    }
    let message = MessageId(if has_key { 1 } else { 2 });
    assert_eq!(workload.message(message).key.is_some(), has_key, "the messages are as described");
    let size_bytes = BATCH_OVERHEAD + Lengths::of(workload, message).record(0, 0);
    let record = NewRecord { timestamp_ms, content: Content::Message(message) };
    let batch = Batch::plain([record].into(), size_bytes);
    let now = SimTime::from_ms(10_000);
    let broker = cluster.broker(crate::kafka::BrokerId(1));
    broker.validate(now, &topic, &batch).map_err(|it| it.as_str())
}

#[test]
fn a_compacted_topic_takes_nothing_without_a_key() {
    assert_eq!(sent("cleanup.policy=compact", true, 10_000), Ok(()));
    assert_eq!(sent("cleanup.policy=compact", false, 10_000), Err("INVALID_RECORD"));
    assert_eq!(sent("cleanup.policy=compact,delete", false, 10_000), Err("INVALID_RECORD"));
    assert_eq!(sent("cleanup.policy=delete", false, 10_000), Ok(()));
    // The key is looked at before the time.
    assert_eq!(sent("cleanup.policy=compact", false, 9_999_999), Err("INVALID_RECORD"));
}

#[test]
fn a_timestamp_may_be_an_hour_ahead_and_any_time_ago() {
    assert_eq!(sent("", true, 3_610_000), Ok(()));
    assert_eq!(sent("", true, 3_610_001), Err("INVALID_TIMESTAMP"));
    assert_eq!(sent("", true, -9_999_999_999), Ok(()));
    let limits = "message.timestamp.before.max.ms=500 message.timestamp.after.max.ms=50";
    let tried = [9_500, 9_499, 10_050, 10_051].map(|it| sent(limits, true, it).is_ok());
    assert_eq!(tried, [true, false, true, false]);
    let by_the_broker = format!("{limits} message.timestamp.type=LogAppendTime");
    assert_eq!(sent(&by_the_broker, true, 99_999), Ok(()));
}

#[test]
fn a_batch_may_be_too_large_for_the_topic_or_for_a_segment() {
    assert_eq!(sent("max.message.bytes=60", true, 10_000), Err("MESSAGE_TOO_LARGE"));
    assert_eq!(sent("segment.bytes=60", true, 10_000), Err("RECORD_LIST_TOO_LARGE"));
    let both = "segment.bytes=60 max.message.bytes=60";
    assert_eq!(sent(both, true, 10_000), Err("MESSAGE_TOO_LARGE"));
}
