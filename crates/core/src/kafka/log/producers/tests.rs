use super::*;
use crate::kafka::config::TopicSettings;
use crate::kafka::log::Log;
use crate::kafka::message::{Content, NewRecord, ProducerStamp};
use crate::workload::MessageId;
use expect_test::{Expect, expect};

fn batch(id: i64, epoch: i16, sequence: i32, count: u32, transactional: bool) -> Batch {
    let content = Content::Message(MessageId(1));
    let records = (0..count).map(|_| NewRecord { timestamp_ms: 0, content: content.clone() });
    Batch {
        producer: Some(ProducerStamp { id, epoch, sequence }),
        transactional,
        ..Batch::plain(records.collect(), 100)
    }
}

/// Appends what each line says, if that is right: `ID EPOCH SEQUENCE COUNT [tx]`, or
/// `ID EPOCH commit|abort`. Tells the answers, and in the end what is known.
fn check(script: &str, expect: Expect) {
    let mut log = Log::new(SimTime::START);
    let mut out = String::new();
    for line in script.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        let (id, epoch) = (words[0].parse().unwrap(), words[1].parse().unwrap());
        let marker = match words[2] {
            "commit" => Some(Marker::Commit),
            "abort" => Some(Marker::Abort),
            _ => None,
        };
        let (new, result) = if marker.is_some() {
            let new = Batch { marker, ..batch(id, epoch, -1, 1, true) };
            (new, log.producers().check_marker(id, epoch).map(|()| None))
        } else {
            let (sequence, count) = (words[2].parse().unwrap(), words[3].parse().unwrap());
            let new = batch(id, epoch, sequence, count, words.len() == 5);
            let result = log.producers().check(&new);
            (new, result)
        };
        let answer = match result {
            Ok(Some(known)) => format!("known at {known}"),
            Ok(None) => {
                let base = log.append(SimTime::START, &TopicSettings::default(), &new).base;
                log.raise_high_watermark(log.log_end());
                format!("at {base}, stable {}", log.last_stable())
            }
            Err(error) => error.to_string(),
        };
        out += &format!("{line}: {answer}\n");
    }
    for it in log.producers().views() {
        let (open, last) = (it.transaction_from.map(|it| it.0), it.last_sequence);
        out += &format!("{} epoch {} last {last} open {open:?}\n", it.id, it.epoch);
    }
    for it in log.producers().aborted(Offset(0), log.log_end()) {
        out += &format!("aborted: {} from {} to {}\n", it.producer, it.from, it.marker);
    }
    expect.assert_eq(&out);
}

#[test]
fn one_of_the_last_five_is_recognised_by_its_numbers() {
    let script = "
        1 0 0 2
        1 0 2 1
        1 0 3 1
        1 0 0 2
        1 0 0 1
        1 0 1 1
        1 0 4 1
        1 0 5 1
        1 0 6 1
        1 0 0 2
        1 0 2 1
        1 0 8 1
    ";
    check(
        script,
        expect![[r#"
        1 0 0 2: at 0, stable 2
        1 0 2 1: at 2, stable 3
        1 0 3 1: at 3, stable 4
        1 0 0 2: known at 0
        1 0 0 1: OUT_OF_ORDER_SEQUENCE_NUMBER
        1 0 1 1: OUT_OF_ORDER_SEQUENCE_NUMBER
        1 0 4 1: at 4, stable 5
        1 0 5 1: at 5, stable 6
        1 0 6 1: at 6, stable 7
        1 0 0 2: OUT_OF_ORDER_SEQUENCE_NUMBER
        1 0 2 1: known at 2
        1 0 8 1: OUT_OF_ORDER_SEQUENCE_NUMBER
        1 epoch 0 last 6 open None
    "#]],
    );
}

#[test]
fn an_unknown_producer_begins_anywhere_and_a_new_epoch_at_zero() {
    let script = "
        1 3 7 1
        1 2 0 1
        1 4 8 1
        1 4 0 1
        1 3 7 1
        2 0 2147483646 3
        2 0 1 1
        3 0 1 1 tx
    ";
    check(
        script,
        expect![[r#"
        1 3 7 1: at 0, stable 1
        1 2 0 1: INVALID_PRODUCER_EPOCH
        1 4 8 1: OUT_OF_ORDER_SEQUENCE_NUMBER
        1 4 0 1: at 1, stable 2
        1 3 7 1: INVALID_PRODUCER_EPOCH
        2 0 2147483646 3: at 2, stable 5
        2 0 1 1: at 5, stable 6
        3 0 1 1 tx: OUT_OF_ORDER_SEQUENCE_NUMBER
        1 epoch 4 last 0 open None
        2 epoch 0 last 1 open None
    "#]],
    );
}

#[test]
fn the_first_open_transaction_holds_back_the_last_stable_offset() {
    let script = "
        1 0 0 1 tx
        2 0 0 1 tx
        9 0 0 1
        1 0 1 1
        1 0 1 1 tx
        2 1 commit
        2 1 commit
        1 1 abort
        1 0 abort
        1 1 0 1 tx
        1 1 commit
    ";
    check(
        script,
        expect![[r#"
        1 0 0 1 tx: at 0, stable 0
        2 0 0 1 tx: at 1, stable 0
        9 0 0 1: at 2, stable 0
        1 0 1 1: INVALID_TXN_STATE
        1 0 1 1 tx: at 3, stable 0
        2 1 commit: at 4, stable 0
        2 1 commit: at 5, stable 0
        1 1 abort: at 6, stable 7
        1 0 abort: INVALID_PRODUCER_EPOCH
        1 1 0 1 tx: at 7, stable 7
        1 1 commit: INVALID_PRODUCER_EPOCH
        1 epoch 1 last 0 open Some(7)
        2 epoch 1 last -1 open None
        9 epoch 0 last 0 open None
        aborted: 1 from 0 to 6
    "#]],
    );
}

#[test]
fn a_restart_leaves_the_last_batch_and_silence_forgets() {
    let mut log = Log::new(SimTime::START);
    let settings = TopicSettings::default();
    for sequence in 0..3 {
        log.append(SimTime::START, &settings, &batch(1, 0, sequence, 1, false));
    }
    log.append(SimTime::START, &settings, &batch(2, 0, 0, 1, true));
    let producers = log.producers_mut();
    let (day, later) = (SimDuration::seconds(86_400), SimTime::from_ms(86_399_999));
    producers.reload(later, day);
    assert_eq!(producers.check(&batch(1, 0, 2, 1, false)), Ok(Some(Offset(2))));
    let error = Err(ErrorCode::OutOfOrderSequenceNumber);
    assert_eq!(producers.check(&batch(1, 0, 1, 1, false)), error);
    producers.expire(SimTime::from_ms(86_400_000), day);
    let left: Vec<i64> = producers.views().map(|it| it.id).collect();
    assert_eq!(left, [2], "an open transaction is not forgotten");
}
