use super::*;
use crate::kafka::message::Batch;
use crate::kafka::sizes;
use crate::sim::Rng;
use expect_test::{Expect, expect};

/// One batch of `count` records of 100 bytes without keys.
fn batch(count: u32, timestamp_ms: i64) -> Batch {
    let record = |_| NewRecord { timestamp_ms, content: Content::Message(MessageId(1)) };
    let records = (0..count).map(record).collect();
    let sizes = (0..count).map(|it| sizes::record(0, i64::from(it), None, Some(100)));
    Batch::plain(records, sizes::BATCH_OVERHEAD + sizes.sum::<u64>())
}

/// Everything there is to read, fetched segment by segment.
fn read_all(log: &Log) -> Vec<Record> {
    let (mut all, mut from) = (Vec::new(), log.log_start());
    while from < log.high_watermark() {
        let slice = log.read(from, u64::MAX).unwrap();
        all.extend(slice.records.iter().filter(|it| from <= it.offset).cloned());
        from = slice.next;
    }
    all
}

fn settings(text: &str) -> TopicSettings {
    let mut settings = TopicSettings::default();
    for (name, value) in text.split_whitespace().map(|it| it.split_once('=').unwrap()) {
        settings.set(name, value).unwrap();
    }
    settings
}

/// Settings, then one input a line: `append COUNT at MS`, `retain at MS`, `read OFFSET BYTES`,
/// `delete before OFFSET`, `find MS`, `find greatest`.
fn check(topic: &str, script: &str, expect: Expect) {
    let settings = settings(topic);
    let mut log = Log::new(SimTime::START);
    let mut out = String::new();
    let at = |ms: &str| SimTime::from_ms(ms.parse().unwrap());
    for line in script.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let told = match words[..] {
            ["append", count, "at", ms] => {
                let batch = batch(count.parse().unwrap(), ms.parse().unwrap());
                let did = log.append(SimTime::START, &settings, &batch);
                log.raise_high_watermark(log.log_end());
                let rolled = did.rolled.map(|it| format!(", new segment {it}"));
                format!("{} bytes at {}{}", batch.size_bytes, did.base, rolled.unwrap_or_default())
            }
            ["retain", "at", ms] => {
                let deleted = log.retain(at(ms), &settings);
                let told = deleted.iter().map(|it| {
                    format!("{} -> {}, {} records, {}", it.from, it.start, it.records, it.why)
                });
                told.collect::<Vec<_>>().join("; ")
            }
            ["delete", "before", to] => match log.delete_before(Offset(to.parse().unwrap())) {
                Ok(deleted) => {
                    let records = deleted.map_or(0, |it| it.records);
                    format!("starts at {}, {records} records less", log.log_start())
                }
                Err(OutOfRange) => "out of range".to_owned(),
            },
            ["find", "greatest"] => format!("{:?}", log.of_max_timestamp().map(|it| it.0)),
            ["find", ms] => {
                format!("{:?}", log.first_at_or_after(ms.parse().unwrap()).map(|it| it.0))
            }
            ["read", from, bytes] => {
                match log.read(Offset(from.parse().unwrap()), bytes.parse().unwrap()) {
                    Ok(slice) => {
                        let offsets = slice.records.iter().map(|it| it.offset.to_string());
                        format!("[{}] then {}", offsets.collect::<Vec<_>>().join(" "), slice.next)
                    }
                    Err(OutOfRange) => "out of range".to_owned(),
                }
            }
            _ => panic!("not an input: {line}"),
        };
        let segments: Vec<_> = log.segment_bases(99).map(|it| it.to_string()).collect();
        let (start, end, size) = (log.log_start(), log.log_end(), log.size_bytes());
        let state = format!("{start}..{end}, {size} bytes in {}", segments.join(" "));
        out += &format!("{line}: {told} | {state}\n");
    }
    expect.assert_eq(&out);
}

#[test]
fn a_segment_is_closed_before_an_append_that_would_make_it_too_large() {
    check(
        "segment.bytes=400",
        "
        append 1 at 0
        append 1 at 0
        append 1 at 0
        append 5 at 0
        append 1 at 0
        ",
        expect![[r#"
            append 1 at 0: 170 bytes at 0 | 0..1, 170 bytes in 0
            append 1 at 0: 170 bytes at 1 | 0..2, 340 bytes in 0
            append 1 at 0: 170 bytes at 2, new segment 2 | 0..3, 510 bytes in 0 2
            append 5 at 0: 606 bytes at 3, new segment 3 | 0..8, 1116 bytes in 0 2 3
            append 1 at 0: 170 bytes at 8, new segment 8 | 0..9, 1286 bytes in 0 2 3 8
        "#]],
    );
}

#[test]
fn a_segment_is_closed_before_an_append_much_newer_than_its_first_batch() {
    check(
        "segment.ms=100",
        "
        append 1 at 50
        append 1 at 150
        append 1 at 151
        append 1 at -500
        append 1 at 251
        ",
        expect![[r#"
            append 1 at 50: 170 bytes at 0 | 0..1, 170 bytes in 0
            append 1 at 150: 170 bytes at 1 | 0..2, 340 bytes in 0
            append 1 at 151: 170 bytes at 2, new segment 2 | 0..3, 510 bytes in 0 2
            append 1 at -500: 170 bytes at 3 | 0..4, 680 bytes in 0 2
            append 1 at 251: 170 bytes at 4 | 0..5, 850 bytes in 0 2
        "#]],
    );
}

#[test]
fn retention_by_size_never_goes_below_the_limit() {
    check(
        "segment.bytes=200 retention.bytes=400 retention.ms=-1",
        "
        append 1 at 0
        append 1 at 0
        retain at 0
        append 1 at 0
        retain at 0
        append 1 at 0
        retain at 0
        ",
        expect![[r#"
            append 1 at 0: 170 bytes at 0 | 0..1, 170 bytes in 0
            append 1 at 0: 170 bytes at 1, new segment 1 | 0..2, 340 bytes in 0 1
            retain at 0:  | 0..2, 340 bytes in 0 1
            append 1 at 0: 170 bytes at 2, new segment 2 | 0..3, 510 bytes in 0 1 2
            retain at 0:  | 0..3, 510 bytes in 0 1 2
            append 1 at 0: 170 bytes at 3, new segment 3 | 0..4, 680 bytes in 0 1 2 3
            retain at 0: 0 -> 1, 1 records, retention.bytes=400 | 1..4, 510 bytes in 1 2 3
        "#]],
    );
}

#[test]
fn retention_by_time_takes_whole_segments_and_stops_at_the_first_that_stays() {
    check(
        "segment.bytes=200 retention.ms=100",
        "
        append 1 at 0
        append 1 at 500
        append 1 at 10
        retain at 100
        retain at 101
        retain at 601
        ",
        expect![[r#"
            append 1 at 0: 170 bytes at 0 | 0..1, 170 bytes in 0
            append 1 at 500: 170 bytes at 1, new segment 1 | 0..2, 340 bytes in 0 1
            append 1 at 10: 170 bytes at 2, new segment 2 | 0..3, 510 bytes in 0 1 2
            retain at 100:  | 0..3, 510 bytes in 0 1 2
            retain at 101: 0 -> 1, 1 records, retention.ms=100 | 1..3, 340 bytes in 1 2
            retain at 601: 1 -> 3, 2 records, retention.ms=100 | 3..3, 0 bytes in 3
        "#]],
    );
}

#[test]
fn the_active_segment_goes_too_and_offsets_go_on() {
    check(
        "retention.ms=100",
        "
        append 3 at 0
        retain at 101
        retain at 900
        read 0 999
        read 3 999
        read 4 999
        append 1 at 200
        ",
        expect![[r#"
            append 3 at 0: 388 bytes at 0 | 0..3, 388 bytes in 0
            retain at 101: 0 -> 3, 3 records, retention.ms=100 | 3..3, 0 bytes in 3
            retain at 900:  | 3..3, 0 bytes in 3
            read 0 999: out of range | 3..3, 0 bytes in 3
            read 3 999: [] then 3 | 3..3, 0 bytes in 3
            read 4 999: out of range | 3..3, 0 bytes in 3
            append 1 at 200: 170 bytes at 3 | 3..4, 170 bytes in 3
        "#]],
    );
}

#[test]
fn the_log_start_moves_within_a_segment_and_never_back() {
    check(
        "segment.bytes=300 retention.ms=-1",
        "
        append 2 at 0
        append 1 at 0
        append 2 at 0
        delete before 1
        read 1 1
        read 0 1
        delete before 0
        delete before 4
        retain at 0
        delete before 6
        delete before -2
        delete before -1
        retain at 0
        append 1 at 0
        ",
        expect![[r#"
            append 2 at 0: 279 bytes at 0 | 0..2, 279 bytes in 0
            append 1 at 0: 170 bytes at 2, new segment 2 | 0..3, 449 bytes in 0 2
            append 2 at 0: 279 bytes at 3, new segment 3 | 0..5, 728 bytes in 0 2 3
            delete before 1: starts at 1, 1 records less | 1..5, 728 bytes in 0 2 3
            read 1 1: [0 1] then 2 | 1..5, 728 bytes in 0 2 3
            read 0 1: out of range | 1..5, 728 bytes in 0 2 3
            delete before 0: starts at 1, 0 records less | 1..5, 728 bytes in 0 2 3
            delete before 4: starts at 4, 3 records less | 4..5, 728 bytes in 0 2 3
            retain at 0:  | 4..5, 279 bytes in 3
            delete before 6: out of range | 4..5, 279 bytes in 3
            delete before -2: out of range | 4..5, 279 bytes in 3
            delete before -1: starts at 5, 1 records less | 5..5, 279 bytes in 3
            retain at 0:  | 5..5, 279 bytes in 3
            append 1 at 0: 170 bytes at 5, new segment 5 | 5..6, 449 bytes in 3 5
        "#]],
    );
}

#[test]
fn a_topic_that_keeps_everything_still_forgets_what_was_deleted_by_hand() {
    check(
        "segment.bytes=200 retention.ms=1 retention.bytes=1 cleanup.policy=",
        "
        append 1 at 0
        append 1 at 0
        retain at 900
        delete before 1
        retain at 900
        ",
        expect![[r#"
            append 1 at 0: 170 bytes at 0 | 0..1, 170 bytes in 0
            append 1 at 0: 170 bytes at 1, new segment 1 | 0..2, 340 bytes in 0 1
            retain at 900:  | 0..2, 340 bytes in 0 1
            delete before 1: starts at 1, 1 records less | 1..2, 340 bytes in 0 1
            retain at 900:  | 1..2, 170 bytes in 1
        "#]],
    );
}

#[test]
fn an_instant_is_looked_for_in_the_first_segment_that_reaches_it() {
    check(
        "segment.bytes=400",
        "
        append 1 at 100
        append 1 at 300
        append 1 at 200
        append 1 at 400
        find 0
        find 100
        find 101
        find 301
        find 400
        find 401
        find greatest
        delete before 2
        find 250
        find 350
        ",
        expect![[r#"
            append 1 at 100: 170 bytes at 0 | 0..1, 170 bytes in 0
            append 1 at 300: 170 bytes at 1 | 0..2, 340 bytes in 0
            append 1 at 200: 170 bytes at 2, new segment 2 | 0..3, 510 bytes in 0 2
            append 1 at 400: 170 bytes at 3 | 0..4, 680 bytes in 0 2
            find 0: Some(0) | 0..4, 680 bytes in 0 2
            find 100: Some(0) | 0..4, 680 bytes in 0 2
            find 101: Some(1) | 0..4, 680 bytes in 0 2
            find 301: Some(3) | 0..4, 680 bytes in 0 2
            find 400: Some(3) | 0..4, 680 bytes in 0 2
            find 401: None | 0..4, 680 bytes in 0 2
            find greatest: Some(3) | 0..4, 680 bytes in 0 2
            delete before 2: starts at 2, 2 records less | 2..4, 680 bytes in 0 2
            find 250: None | 2..4, 680 bytes in 0 2
            find 350: Some(3) | 2..4, 680 bytes in 0 2
        "#]],
    );
}

#[test]
fn the_greatest_timestamp_is_the_first_of_equal_ones_and_may_lie_before_the_log_start() {
    check(
        "segment.bytes=200",
        "
        find greatest
        append 1 at 100
        append 1 at 300
        append 1 at 300
        append 1 at 200
        find greatest
        delete before 2
        find greatest
        ",
        expect![[r#"
            find greatest: None | 0..0, 0 bytes in 0
            append 1 at 100: 170 bytes at 0 | 0..1, 170 bytes in 0
            append 1 at 300: 170 bytes at 1, new segment 1 | 0..2, 340 bytes in 0 1
            append 1 at 300: 170 bytes at 2, new segment 2 | 0..3, 510 bytes in 0 1 2
            append 1 at 200: 170 bytes at 3, new segment 3 | 0..4, 680 bytes in 0 1 2 3
            find greatest: Some(1) | 0..4, 680 bytes in 0 1 2 3
            delete before 2: starts at 2, 2 records less | 2..4, 680 bytes in 0 1 2 3
            find greatest: Some(1) | 2..4, 680 bytes in 0 1 2 3
        "#]],
    );
}

#[test]
fn a_full_index_closes_a_segment() {
    check(
        "segment.index.bytes=16 index.interval.bytes=0",
        "
        append 1 at 0
        append 1 at 0
        append 1 at 0
        append 1 at 0
        ",
        expect![[r#"
            append 1 at 0: 170 bytes at 0 | 0..1, 170 bytes in 0
            append 1 at 0: 170 bytes at 1, new segment 1 | 0..2, 340 bytes in 0 1
            append 1 at 0: 170 bytes at 2, new segment 2 | 0..3, 510 bytes in 0 1 2
            append 1 at 0: 170 bytes at 3, new segment 3 | 0..4, 680 bytes in 0 1 2 3
        "#]],
    );
    check(
        "segment.index.bytes=36 index.interval.bytes=0",
        "
        append 1 at 0
        append 1 at 1
        append 1 at 2
        append 1 at 3
        append 1 at 4
        ",
        expect![[r#"
            append 1 at 0: 170 bytes at 0 | 0..1, 170 bytes in 0
            append 1 at 1: 170 bytes at 1 | 0..2, 340 bytes in 0
            append 1 at 2: 170 bytes at 2 | 0..3, 510 bytes in 0
            append 1 at 3: 170 bytes at 3, new segment 3 | 0..4, 680 bytes in 0 3
            append 1 at 4: 170 bytes at 4 | 0..5, 850 bytes in 0 3
        "#]],
    );
}

#[test]
fn what_is_appended_can_be_stamped_by_the_broker() {
    check(
        "message.timestamp.type=LogAppendTime segment.ms=100",
        "
        append 1 at 500
        append 1 at 900
        find 1
        find 0
        ",
        expect![[r#"
            append 1 at 500: 170 bytes at 0 | 0..1, 170 bytes in 0
            append 1 at 900: 170 bytes at 1 | 0..2, 340 bytes in 0
            find 1: None | 0..2, 340 bytes in 0
            find 0: Some(0) | 0..2, 340 bytes in 0
        "#]],
    );
}

#[test]
fn a_compacted_topic_rolls_in_time_for_its_longest_lag() {
    check(
        "cleanup.policy=compact max.compaction.lag.ms=50",
        "
        append 1 at 0
        append 1 at 50
        append 1 at 51
        ",
        expect![[r#"
            append 1 at 0: 170 bytes at 0 | 0..1, 170 bytes in 0
            append 1 at 50: 170 bytes at 1 | 0..2, 340 bytes in 0
            append 1 at 51: 170 bytes at 2, new segment 2 | 0..3, 510 bytes in 0 2
        "#]],
    );
}

#[test]
fn a_compacted_topic_is_not_retained() {
    check(
        "cleanup.policy=compact retention.ms=1 retention.bytes=1",
        "
        append 1 at 0
        retain at 900
        ",
        expect![[r#"
            append 1 at 0: 170 bytes at 0 | 0..1, 170 bytes in 0
            retain at 900:  | 0..1, 170 bytes in 0
        "#]],
    );
}

#[test]
fn a_read_gives_whole_batches_and_always_one() {
    check(
        "",
        "
        append 2 at 0
        append 2 at 0
        append 2 at 0
        read 0 1
        read 1 550
        read 3 9999
        read 6 9999
        read 7 9999
        ",
        expect![[r#"
            append 2 at 0: 279 bytes at 0 | 0..2, 279 bytes in 0
            append 2 at 0: 279 bytes at 2 | 0..4, 558 bytes in 0
            append 2 at 0: 279 bytes at 4 | 0..6, 837 bytes in 0
            read 0 1: [0 1] then 2 | 0..6, 837 bytes in 0
            read 1 550: [0 1] then 2 | 0..6, 837 bytes in 0
            read 3 9999: [2 3 4 5] then 6 | 0..6, 837 bytes in 0
            read 6 9999: [] then 6 | 0..6, 837 bytes in 0
            read 7 9999: out of range | 0..6, 837 bytes in 0
        "#]],
    );
}

#[test]
fn consumers_do_not_see_beyond_the_high_watermark() {
    let mut log = Log::new(SimTime::START);
    let settings = TopicSettings::default();
    log.append(SimTime::START, &settings, &batch(2, 0));
    log.append(SimTime::START, &settings, &batch(2, 0));
    log.raise_high_watermark(Offset(2));
    let slice = log.read(Offset(0), 9_999).unwrap();
    assert_eq!((slice.records.len(), slice.next), (2, Offset(2)));
    assert_eq!(log.read(Offset(3), 9_999).unwrap().records.len(), 0);
    assert_eq!(
        (
            log.readable_bytes(Offset(0), 1, log.high_watermark()),
            log.readable_bytes(Offset(2), 1, log.high_watermark())
        ),
        (279, 0)
    );
    // What is not everywhere yet may not be deleted either.
    let settings = TopicSettings { retention_ms: 1, ..settings };
    assert_eq!(log.retain(SimTime::from_ms(900), &settings), []);
}

#[test]
fn a_clone_shares_its_records() {
    let mut log = Log::new(SimTime::START);
    let settings = TopicSettings::default();
    for _ in 0..2_000 {
        log.append(SimTime::START, &settings, &batch(1, 0));
    }
    let before = log.clone();
    log.append(SimTime::START, &settings, &batch(1, 0));
    let first = |it: &Log| std::ptr::from_ref(it.records.get(0).unwrap());
    assert_eq!(first(&before), first(&log), "the oldest records are the same ones");
    assert_eq!((before.count(), log.count()), (2_000, 2_001));
}

/// Beside a plain row of records, from which as many are taken as the log says it deleted.
#[test]
fn any_history_keeps_what_retention_did_not_delete() {
    for seed in 0..10_000 {
        let mut rng = Rng::from_seed(seed);
        let settings = TopicSettings {
            segment_bytes: 200 + rng.below(2_000),
            retention_ms: i64::try_from(rng.below(2_000)).unwrap() - 1,
            retention_bytes: i64::try_from(rng.below(4_000)).unwrap() - 1,
            ..TopicSettings::default()
        };
        let mut log = Log::new(SimTime::START);
        let mut plain: Vec<Record> = Vec::new();
        let mut now = SimTime::START;
        for _ in 0..60 {
            now += crate::sim::SimDuration::millis(rng.below(100));
            if rng.below(5) == 0 {
                let removed: u64 = log.retain(now, &settings).iter().map(|it| it.records).sum();
                plain.drain(..usize::try_from(removed).unwrap());
                continue;
            }
            let count = 1 + u32::try_from(rng.below(4)).unwrap();
            let timestamp_ms = now.as_ms() - i64::try_from(rng.below(300)).unwrap();
            let did = log.append(now, &settings, &batch(count, timestamp_ms));
            log.raise_high_watermark(log.log_end());
            for place in 0..i64::from(count) {
                let (offset, content) =
                    (Offset(did.base.0 + place), Content::Message(MessageId(1)));
                plain.push(Record { offset, timestamp_ms, content });
            }
            assert_eq!(read_all(&log), plain, "seed {seed}");
        }
        let first = plain.first().map_or(log.log_end(), |it| it.offset);
        assert_eq!(log.log_start(), first, "the log starts at its first record, seed {seed}");
    }
}
