use super::*;
use crate::kafka::log::NewRecord;
use crate::kafka::message::{Batch, ProducerStamp};
use crate::name::ProducerName;
use crate::sim::{Rng, SimDuration};
use crate::workload::{Keys, Message, MessageId, Stream, StreamId};
use expect_test::{Expect, expect};
use std::collections::BTreeMap;

/// For each of the keys `a` to `h`, and for no key, a message of 10 bytes and a tombstone.
fn workload() -> Workload {
    let mut keys = Keys::default();
    let ids: Vec<_> = (b'a'..=b'h').map(|it| keys.push(&[it])).collect();
    let keyed = ids.into_iter().map(Some).chain([None]);
    let messages = keyed.flat_map(|key| {
        [false, true].map(|tombstone| Message {
            at: SimTime::START,
            key,
            size_bytes: 10,
            work_us: 0,
            stream: StreamId(0),
            poison: false,
            tombstone,
            headers_bytes: 0,
        })
    });
    Workload {
        messages: messages.collect(),
        keys: keys.into(),
        streams: [Stream { name: "s".into(), producer: ProducerName::from("p") }].into(),
    }
}

/// `a` is a message with that key, `a!` its tombstone; `-` is one without a key.
fn message(word: &str) -> MessageId {
    let key = word.as_bytes()[0];
    let place = if key == b'-' { 8 } else { usize::from(key - b'a') };
    MessageId::at(place * 2 + usize::from(word.ends_with('!')))
}

fn name(workload: &Workload, record: &Record) -> String {
    let message = record.message().unwrap();
    let key = workload.key(message).map_or("-", |it| str::from_utf8(it).unwrap());
    let mark = if workload.message(message).tombstone { "!" } else { "" };
    format!("{}:{key}{mark}", record.offset)
}

fn batch(workload: &Workload, messages: &[MessageId], timestamp_ms: i64) -> Batch {
    let records: Vec<_> = messages
        .iter()
        .map(|it| NewRecord { timestamp_ms, content: Content::Message(*it) })
        .collect();
    let sizes = messages.iter().zip(0..).map(|(it, at)| Lengths::of(workload, *it).record(0, at));
    Batch::plain(records.into(), BATCH_OVERHEAD + sizes.sum::<u64>())
}

fn settings(text: &str) -> TopicSettings {
    let mut settings = TopicSettings::default();
    for (name, value) in text.split_whitespace().map(|it| it.split_once('=').unwrap()) {
        settings.set(name, value).unwrap();
    }
    settings
}

/// What is in the log: its segments, in them its batches, in them its records.
fn state(log: &Log, workload: &Workload) -> String {
    let bases: Vec<_> = log.segments().map(|(base, ..)| base).collect();
    let mut out = String::new();
    let mut next = 0;
    for (head, records) in log.batches() {
        while bases.get(next).is_some_and(|base| *base <= head.base) {
            out += &format!(" |{}|", bases[next]);
            next += 1;
        }
        let messages = records.filter(|it| it.message().is_some());
        let records: Vec<_> = messages.map(|it| name(workload, it)).collect();
        let horizon = head.delete_horizon_ms.map(|it| format!(" until {it}")).unwrap_or_default();
        let marker = head.marker.map(|it| format!("{}@{}", it.as_str(), head.base));
        let shown = match marker {
            Some(marker) => marker,
            None if records.is_empty() => format!("{}..{} empty", head.base, head.last),
            None => records.join(" "),
        };
        out += &format!(" ({shown}{horizon})");
    }
    for base in &bases[next..] {
        out += &format!(" |{base}|");
    }
    out
}

/// Settings, then one input a line: `put RECORDS at MS`, where `p1` before the records is a
/// producer with epoch 0 and `t1` the same in a transaction; `commit 1`, `abort 1`; `clean at MS`,
/// also if it is not due.
fn check(topic: &str, script: &str, expect: Expect) {
    let (settings, workload) = (settings(topic), workload());
    let mut log = Log::new(SimTime::START);
    let mut out = String::new();
    let put = |log: &mut Log, batch: &Batch| {
        log.append(SimTime::START, &settings, batch);
        log.raise_high_watermark(log.log_end());
    };
    for line in script.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let told = match words[..] {
            ["put", ref records @ .., "at", ms] => {
                let stamp = |it: &str| {
                    let id = it[1..].parse().unwrap_or_default();
                    ProducerStamp { id, epoch: 0, sequence: 0 }
                };
                let writer = records[0];
                let is_stamped = writer.len() == 2 && !writer.ends_with('!');
                let messages: Vec<_> =
                    records[usize::from(is_stamped)..].iter().map(|it| message(it)).collect();
                let mut batch = batch(&workload, &messages, ms.parse().unwrap());
                batch.producer = is_stamped.then(|| stamp(writer));
                batch.transactional = is_stamped && writer.starts_with('t');
                put(&mut log, &batch);
                String::new()
            }
            [end @ ("commit" | "abort"), id] => {
                let internal = crate::kafka::message::Internal {
                    key: [0, 0, 0, 0].into(),
                    value: Some([0; 6].into()),
                };
                let content = Content::Internal(internal.into());
                let records = [NewRecord { timestamp_ms: 0, content }].into();
                let mut batch = Batch::plain(records, 78);
                let id = id.parse().unwrap();
                batch.producer = Some(ProducerStamp { id, epoch: 1, sequence: -1 });
                batch.transactional = true;
                let marker = if end == "commit" { Marker::Commit } else { Marker::Abort };
                batch.marker = Some(marker);
                put(&mut log, &batch);
                String::new()
            }
            ["clean", "at", ms] => {
                let now = SimTime::from_ms(ms.parse().unwrap());
                let dirt = log.dirt(now, &settings);
                let due = if dirt.is_due(&settings) { "due" } else { "not due" };
                let Dirt { first, end, clean_bytes, dirty_bytes, .. } = dirt;
                let cleaned = log.clean(now, &settings, &workload, dirt);
                let removed: Vec<_> = cleaned.removed.iter().map(ToString::to_string).collect();
                format!(
                    " {clean_bytes} bytes clean, {dirty_bytes} dirty from {first} to {end}, \
                     {due}\n removed [{}], {} -> {} bytes:\n {}",
                    removed.join(" "),
                    cleaned.bytes_before,
                    cleaned.bytes_after,
                    state(&log, &workload)
                )
            }
            _ => panic!("not an input: {line}"),
        };
        if !told.is_empty() {
            out += &format!("{line}:{told}\n");
        }
    }
    expect.assert_eq(&out);
}

const ROLLS: &str = "cleanup.policy=compact segment.ms=100 delete.retention.ms=1000 ";

#[test]
fn the_newest_of_each_key_stays_below_the_active_segment() {
    check(
        ROLLS,
        "
        put a at 0
        put b at 0
        put a b at 0
        put a at 50
        put b at 200
        put c at 400
        put a at 400
        clean at 500
        clean at 500
        put d at 600
        clean at 700
        ",
        expect![[r#"
            clean at 500: 0 bytes clean, 413 dirty from 0 to 6, due
             removed [0 1 2 3], 413 -> 158 bytes:
              |0| (4:a) (5:b) |6| (6:c) (7:a)
            clean at 500: 158 bytes clean, 0 dirty from 6 to 6, not due
             removed [], 158 -> 158 bytes:
              |0| (4:a) (5:b) |6| (6:c) (7:a)
            clean at 700: 158 bytes clean, 158 dirty from 6 to 8, not due
             removed [4], 316 -> 237 bytes:
              |0| (5:b) (6:c) (7:a) |8| (8:d)
        "#]],
    );
}

#[test]
fn a_tombstone_stays_until_its_time_is_over() {
    check(
        ROLLS,
        "
        put a at 0
        put a! at 0
        put b at 0
        put c at 200
        clean at 500
        put d at 400
        clean at 1499
        put e at 600
        clean at 1500
        ",
        expect![[r#"
            clean at 500: 0 bytes clean, 227 dirty from 0 to 3, due
             removed [0], 227 -> 149 bytes:
              |0| (1:a! until 1500) (2:b) |3| (3:c)
            clean at 1499: 149 bytes clean, 79 dirty from 3 to 4, not due
             removed [], 228 -> 228 bytes:
              |0| (1:a! until 1500) (2:b) (3:c) |4| (4:d)
            clean at 1500: 228 bytes clean, 79 dirty from 4 to 5, not due
             removed [1], 307 -> 237 bytes:
              |0| (2:b) (3:c) (4:d) |5| (5:e)
        "#]],
    );
}

#[test]
fn what_has_no_key_goes_and_the_end_of_what_was_cleaned_stays() {
    check(
        ROLLS,
        "
        put - - at 0
        put a at 0
        put - at 0
        put b at 200
        clean at 500
        ",
        expect![[r#"
            clean at 500: 0 bytes clean, 252 dirty from 0 to 4, due
             removed [0 1 3], 252 -> 140 bytes:
              |0| (2:a) (3..3 empty) |4| (4:b)
        "#]],
    );
}

#[test]
fn the_last_batch_of_a_producer_stays_though_it_is_empty() {
    check(
        ROLLS,
        "
        put p1 a at 0
        put p1 a at 0
        put p2 a at 0
        put p2 b at 0
        put b at 0
        put a at 0
        put c at 200
        clean at 500
        ",
        expect![[r#"
            clean at 500: 0 bytes clean, 474 dirty from 0 to 6, due
             removed [0 1 2 3], 474 -> 280 bytes:
              |0| (1..1 empty) (3..3 empty) (4:b) (5:a) |6| (6:c)
        "#]],
    );
}

#[test]
fn what_was_aborted_goes_and_its_marker_later() {
    check(
        ROLLS,
        "
        put t1 a at 0
        commit 1
        put t1 a b at 0
        abort 1
        put t1 c at 0
        commit 1
        put p1 d at 200
        clean at 500
        put e at 400
        clean at 600
        put f at 600
        clean at 1700
        ",
        expect![[r#"
            clean at 500: 0 bytes clean, 489 dirty from 0 to 7, due
             removed [2 3], 489 -> 392 bytes:
              |0| (0:a) (COMMIT@1) (ABORT@4) (5:c) (COMMIT@6) |7| (7:d)
            clean at 600: 392 bytes clean, 79 dirty from 7 to 8, not due
             removed [], 471 -> 472 bytes:
              |0| (0:a) (COMMIT@1) (ABORT@4 until 1600) (5:c) (COMMIT@6) (7:d) |8| (8:e)
            clean at 1700: 472 bytes clean, 79 dirty from 8 to 9, not due
             removed [4], 551 -> 472 bytes:
              |0| (0:a) (COMMIT@1) (5:c) (COMMIT@6) (7:d) (8:e) |9| (9:f)
        "#]],
    );
}

#[test]
fn segments_are_cleaned_into_one_as_long_as_they_fit() {
    check(
        "cleanup.policy=compact segment.bytes=200",
        "
        put a at 0
        put b at 0
        put c at 0
        put a at 0
        put b at 0
        put d at 0
        put e at 0
        put f at 0
        clean at 0
        clean at 0
        ",
        expect![[r#"
            clean at 0: 0 bytes clean, 474 dirty from 0 to 6, due
             removed [0 1], 474 -> 316 bytes:
              |0| |2| (2:c) (3:a) |4| (4:b) (5:d) |6| (6:e) (7:f)
            clean at 0: 316 bytes clean, 0 dirty from 6 to 6, not due
             removed [], 316 -> 316 bytes:
              |0| (2:c) (3:a) |4| (4:b) (5:d) |6| (6:e) (7:f)
        "#]],
    );
}

#[test]
fn nothing_newer_than_the_least_lag_is_cleaned() {
    check(
        &format!("{ROLLS} min.compaction.lag.ms=300"),
        "
        put a at 0
        put a at 200
        put a at 400
        put a at 600
        clean at 500
        clean at 699
        ",
        expect![[r#"
            clean at 500: 0 bytes clean, 158 dirty from 0 to 2, due
             removed [0], 158 -> 79 bytes:
              |0| (1:a) |2| (2:a) |3| (3:a)
            clean at 699: 79 bytes clean, 0 dirty from 2 to 2, not due
             removed [], 79 -> 79 bytes:
              |0| (1:a) |2| (2:a) |3| (3:a)
        "#]],
    );
}

#[test]
fn what_is_overdue_is_cleaned_however_little_it_is() {
    let (settings, workload) = (
        settings(&format!("{ROLLS} min.cleanable.dirty.ratio=1 max.compaction.lag.ms=300")),
        workload(),
    );
    let mut log = Log::new(SimTime::START);
    for ms in [100, 300] {
        log.append(SimTime::START, &settings, &batch(&workload, &[message("a")], ms));
    }
    log.raise_high_watermark(log.log_end());
    let due = [400, 401].map(|ms| log.dirt(SimTime::from_ms(ms), &settings).is_due(&settings));
    assert_eq!(due, [false, true]);
}

/// Whether `log` says of every offset and every instant what the plain row of its records says.
fn assert_reads_as(log: &Log, plain: &[Record], seed: u64) {
    for from in log.log_start().0..=log.high_watermark().0 {
        let (mut read, mut next) = (Vec::new(), Offset(from));
        while next < log.high_watermark() {
            let slice = log.read(next, 200).unwrap();
            read.extend(slice.records.iter().filter(|it| next <= it.offset).cloned());
            assert!(next < slice.next, "a reader gets on, seed {seed}");
            next = slice.next;
        }
        let wanted: Vec<_> = plain.iter().filter(|it| from <= it.offset.0).cloned().collect();
        assert_eq!(read, wanted, "read from {from}, seed {seed}");
    }
    for timestamp_ms in (0..1_000).step_by(50) {
        let found = log.first_at_or_after(timestamp_ms);
        assert_eq!(found, first_by_time(log, timestamp_ms), "at {timestamp_ms}, seed {seed}");
    }
}

/// The same as `first_at_or_after`, by going through everything.
fn first_by_time(log: &Log, timestamp_ms: i64) -> Option<Offset> {
    let segments: Vec<_> = log.segments().collect();
    let (place, (base, ..)) =
        segments.iter().enumerate().find(|(_, (.., largest))| timestamp_ms <= *largest)?;
    let next = segments.get(place + 1).map_or(log.log_end(), |it| it.0);
    let in_it = |it: &&Record| *base <= it.offset && it.offset < next;
    let found = log.records().filter(in_it).find(|it| timestamp_ms <= it.timestamp_ms);
    found.map(|it| it.offset)
}

/// What compaction promises, and what the log says of its own size.
fn assert_is_compacted(log: &Log, workload: &Workload, dirt: Dirt, seed: u64) {
    let mut seen = BTreeMap::new();
    for record in log.records().filter(|it| it.offset < dirt.end) {
        let key = workload.key(record.message().unwrap()).expect("what has no key is gone");
        let twice = seen.insert(key.to_vec(), record.offset);
        assert_eq!(twice, None, "each key once below {}, seed {seed}", dirt.end);
    }
    let batches: u64 = log.batches().map(|(head, _)| u64::from(head.size_bytes)).sum();
    let segments: u64 = log.segments().map(|(_, size, _)| size).sum();
    assert_eq!((batches, segments), (log.size_bytes(), log.size_bytes()), "sizes, seed {seed}");
}

/// Random appends, cleanings, retentions and deletions beside a plain row of records.
#[test]
fn any_history_reads_as_a_plain_row_of_what_is_left() {
    let workload = workload();
    for seed in 0..10_000 {
        let mut rng = Rng::from_seed(seed);
        let policy = ["compact", "compact,delete", "delete", ""];
        let settings = TopicSettings {
            segment_bytes: 200 + rng.below(600),
            segment_ms: 20 + rng.below(200),
            retention_ms: i64::try_from(rng.below(900)).unwrap() - 1,
            retention_bytes: i64::try_from(rng.below(3_000)).unwrap() - 1,
            index_interval_bytes: rng.below(300),
            segment_index_bytes: 24 + rng.below(60),
            ..settings(&format!(
                "cleanup.policy={} delete.retention.ms={} min.compaction.lag.ms={}",
                policy[usize::try_from(rng.below(4)).unwrap()],
                rng.below(300),
                rng.below(3) * 60,
            ))
        };
        let (mut log, mut plain) = (Log::new(SimTime::START), Vec::<Record>::new());
        let mut now = SimTime::START;
        for _ in 0..50 {
            now += SimDuration::millis(rng.below(40));
            let before = (log.log_start(), log.log_end());
            match rng.below(12) {
                0 => {
                    log.retain(now, &settings);
                }
                1 => {
                    let to = rng.below(1 + log.high_watermark().0.cast_unsigned());
                    log.delete_before(Offset(to.cast_signed())).unwrap();
                }
                2 | 3 if settings.cleanup_policy.compacts() => {
                    let dirt = log.dirt(now, &settings);
                    let head = |log: &Log| -> Vec<Record> {
                        log.records.iter().filter(|it| dirt.end <= it.offset).cloned().collect()
                    };
                    let untouched = head(&log);
                    if dirt.is_due(&settings) {
                        let cleaned = log.clean(now, &settings, &workload, dirt);
                        plain.retain(|it| !cleaned.removed.contains(&it.offset));
                        assert_eq!(head(&log), untouched, "the head stays, seed {seed}");
                        assert_is_compacted(&log, &workload, dirt, seed);
                    }
                }
                _ => {
                    let keyless = u64::from(!settings.cleanup_policy.compacts());
                    let count = 1 + rng.below(3);
                    let mut pick =
                        || MessageId::at(usize::try_from(rng.below(16 + keyless)).unwrap());
                    let messages: Vec<_> = (0..count).map(|_| pick()).collect();
                    let timestamp_ms = now.as_ms() - i64::try_from(rng.below(60)).unwrap();
                    let mut batch = batch(&workload, &messages, timestamp_ms);
                    let (id, sequence) = (rng.below(3).cast_signed(), 0);
                    batch.producer = Some(ProducerStamp { id, epoch: 0, sequence });
                    let did = log.append(now, &settings, &batch);
                    log.raise_high_watermark(log.log_end());
                    let offsets = (did.base.0..).map(Offset);
                    plain.extend(offsets.zip(messages).map(|(offset, message)| Record {
                        offset,
                        timestamp_ms,
                        content: Content::Message(message),
                    }));
                }
            }
            assert!(before.0 <= log.log_start() && before.1 <= log.log_end(), "seed {seed}");
            plain.retain(|it| log.log_start() <= it.offset);
        }
        assert_reads_as(&log, &plain, seed);
    }
}
