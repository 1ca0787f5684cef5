use super::*;
use expect_test::{Expect, expect};

fn partition(text: &str) -> TopicPartition {
    let (topic, number) = text.split_once('-').unwrap();
    TopicPartition::new(topic, number.parse().unwrap())
}

fn names(partitions: &[TopicPartition]) -> String {
    partitions.iter().map(|it| format!(" {it}")).collect()
}

/// What a heartbeat says.
fn said(it: &ConsumerHeartbeat) -> String {
    let mut out = format!("says {}", it.epoch);
    if let Some(topics) = &it.topics {
        out += &format!(", wants {}", topics.iter().map(TopicName::as_str).collect::<String>());
    }
    if let Some(owned) = &it.owned {
        out += &format!(", reads{}", names(owned));
    }
    if it.rebalance_timeout_ms.is_some() {
        out += ", gives up in time";
    }
    out
}

/// The answer to a heartbeat that was heard.
fn answer(
    epoch: &str,
    assignment: Option<Vec<TopicPartition>>,
) -> Result<ConsumerHeartbeatAnswer, ErrorCode> {
    Ok(ConsumerHeartbeatAnswer { epoch: epoch.parse().unwrap(), interval_ms: 100, assignment })
}

/// A script of a client, one line an instant in milliseconds and what happens then:
///
/// ```text
/// 0 poll             joins, releases or takes up, as `poll` does
/// 1 ok 2 t-0 t-1     the answer: epoch 2, and an assignment
/// 1 same 2           the answer without one
/// 1 no FENCED_MEMBER_EPOCH
/// 2 lost             no answer will come
/// 3 late             the application has not polled
/// 3 leave
/// ```
///
/// Before each line the heartbeats that are due are told. The interval is 100 ms.
fn check(script: &str, expect: Expect) {
    let mut client = Heartbeats::new(SimTime::START, "m".into());
    let (group, name, topics) = ("g".into(), "c".into(), ["t".into()]);
    let wishes = Wishes {
        group: &group,
        client: &name,
        instance: None,
        rebalance_timeout_ms: 3_000,
        topics: &topics,
        assignor: None,
    };
    let mut out = String::new();
    let backoff = SimDuration::millis(30);
    let mut last = SimTime::START;
    let beat = |client: &mut Heartbeats, last: SimTime, now: SimTime, out: &mut String| {
        while let Some(due) = client.due().filter(|it| *it <= now) {
            let due = due.max(last);
            let heartbeat = client.beat(due, &wishes);
            *out += &format!("    {} {}\n", due.as_ms(), said(&heartbeat));
        }
    };
    for line in script.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let now = SimTime::from_ms(words[0].parse().unwrap());
        beat(&mut client, last, now, &mut out);
        last = now;
        out += &format!("{line}\n");
        let outcome = match words[1..] {
            ["poll"] => {
                client.released(now);
                client.join(now);
                if let Some(told) = client.to_reconcile().cloned() {
                    out += &format!("    reads{}\n", names(&told.partitions));
                    client.reconciled(told);
                }
                Outcome::Fine
            }
            ["ok", epoch, ref partitions @ ..] => {
                let assignment = partitions.iter().map(|it| partition(it)).collect();
                client.answered(now, backoff, answer(epoch, Some(assignment)))
            }
            ["same", epoch] => client.answered(now, backoff, answer(epoch, None)),
            ["no", "FENCED_MEMBER_EPOCH"] => {
                client.answered(now, backoff, Err(ErrorCode::FencedMemberEpoch))
            }
            ["no", "UNSUPPORTED_ASSIGNOR"] => {
                client.answered(now, backoff, Err(ErrorCode::UnsupportedAssignor))
            }
            ["lost"] => {
                client.failed(now, backoff);
                Outcome::Fine
            }
            [why @ ("late" | "leave")] => {
                let why = match why {
                    "late" => LeaveReason::PollInterval(9),
                    _ => LeaveReason::Closed,
                };
                if let Some(heartbeat) = client.leave(&wishes, why) {
                    out += &format!("    {}\n", said(&heartbeat));
                }
                Outcome::Fine
            }
            _ => panic!("not an input: {line}"),
        };
        if outcome != Outcome::Fine {
            out += &format!("    {outcome:?}\n");
        }
        beat(&mut client, last, now, &mut out);
    }
    expect.assert_eq(&out);
}

#[test]
fn it_says_at_once_what_it_has_taken_up() {
    check(
        "
        0 poll
        1 ok 2 t-0 t-1
        150 poll
        152 same 2
        254 ok 2 t-0
        260 poll
        262 same 3
        360 same 3
        ",
        expect![[r#"
            0 poll
                0 says 0, wants t, reads, gives up in time
            1 ok 2 t-0 t-1
                101 says 2
            150 poll
                reads t-0 t-1
            152 same 2
                152 says 2, reads t-0 t-1
            254 ok 2 t-0
                254 says 2
            260 poll
                reads t-0
            262 same 3
                262 says 3, reads t-0
            360 same 3
        "#]],
    );
}

#[test]
fn whatever_was_said_in_vain_is_said_again() {
    check(
        "
        0 poll
        5 lost
        40 ok 2 t-0
        41 poll
        45 lost
        80 ok 2 t-0
        180 poll
        ",
        expect![[r#"
            0 poll
                0 says 0, wants t, reads, gives up in time
            5 lost
                35 says 0, wants t, reads, gives up in time
            40 ok 2 t-0
            41 poll
                reads t-0
                41 says 2, reads t-0
            45 lost
            80 ok 2 t-0
                141 says 2, wants t, reads t-0, gives up in time
            180 poll
        "#]],
    );
}

#[test]
fn who_was_thrown_out_joins_again_in_its_next_poll() {
    check(
        "
        0 poll
        1 ok 2 t-0
        2 poll
        3 no FENCED_MEMBER_EPOCH
        500 poll
        501 ok 4 t-0
        502 poll
        503 same 4
        550 late
        900 poll
        901 ok 6
        902 poll
        903 same 6
        904 leave
        ",
        expect![[r#"
            0 poll
                0 says 0, wants t, reads, gives up in time
            1 ok 2 t-0
            2 poll
                reads t-0
                2 says 2, reads t-0
            3 no FENCED_MEMBER_EPOCH
                Fenced
            500 poll
                500 says 0, wants t, reads, gives up in time
            501 ok 4 t-0
            502 poll
                reads t-0
                502 says 4, reads t-0
            503 same 4
            550 late
                says -1
            900 poll
                900 says 0, wants t, reads, gives up in time
            901 ok 6
            902 poll
                reads
                902 says 6, reads
            903 same 6
            904 leave
                says -1
        "#]],
    );
}

#[test]
fn who_was_refused_for_good_stays_out() {
    check(
        "
        0 poll
        1 no UNSUPPORTED_ASSIGNOR
        500 poll
        501 leave
        ",
        expect![[r#"
            0 poll
                0 says 0, wants t, reads, gives up in time
            1 no UNSUPPORTED_ASSIGNOR
                Fatal("UNSUPPORTED_ASSIGNOR")
            500 poll
            501 leave
        "#]],
    );
}

#[test]
fn what_was_told_meanwhile_comes_after() {
    let mut client = Heartbeats::new(SimTime::START, "m".into());
    client.join(SimTime::START);
    client.told(vec![partition("t-0")]);
    let first = client.to_reconcile().cloned().unwrap();
    client.told(vec![partition("t-1")]);
    client.reconciled(first);
    assert!(client.to_reconcile().is_none(), "first it says what it has taken up");
    let (group, name) = ("g".into(), "c".into());
    let (instance, assignor) = (None, None);
    let wishes = Wishes {
        group: &group,
        client: &name,
        instance,
        rebalance_timeout_ms: 9,
        topics: &[],
        assignor,
    };
    assert_eq!(
        said(&client.beat(SimTime::START, &wishes)),
        "says 0, wants , reads t-0, gives up in time"
    );
    assert_eq!(client.to_reconcile().unwrap().partitions, [partition("t-1")]);
}
