//! What a snapshot tells.

use super::*;
use crate::rabbitmq::snapshot::{Cargo, Slot, SlotState, snapshot};
use expect_test::expect;

/// Runs a script and compares what can be seen at its end with `slots` places a queue. A place is
/// its arrival and message, then `.` Ready, `(name)` Unacked, `-` acknowledged, `x` removed, and
/// `*` if it came back.
fn look(script: &str, slots: usize, expect: Expect) {
    let (world, _) = run(script);
    let seen = snapshot(&world, slots);
    let mut text = format!("at {}\n", seen.at);
    for it in &seen.publishers {
        let next: Vec<u32> = it.next.iter().map(|it| it.0).collect();
        writeln!(text, "{} sent {} confirmed {} next {next:?}", it.name, it.sent, it.confirmed)
            .unwrap();
    }
    for it in &seen.exchanges {
        writeln!(text, "exchange '{}' {}", it.name, it.kind).unwrap();
    }
    for it in &seen.queues {
        let counts = (it.enqueued, it.ready, it.unacked, it.acked, it.removed, it.consumers);
        writeln!(text, "{} {counts:?} earlier {:?}", it.name, it.earlier).unwrap();
        let places: Vec<String> = it.slots.iter().map(place).collect();
        if !places.is_empty() {
            writeln!(text, "    {}", places.join(" ")).unwrap();
        }
    }
    for it in &seen.consumers {
        let holds: Vec<u32> = it.holds.iter().map(|it| it.0).collect();
        writeln!(text, "{} {:?}", it.name, it.state).unwrap();
        let (held, unacked, processed) = (it.held, it.unacked, it.processed);
        writeln!(text, "    holds {holds:?} of {held}, unacked {unacked}, processed {processed}")
            .unwrap();
    }
    for it in &seen.flights {
        writeln!(text, "{} to {}: {}", it.sent, it.arrives, cargo(&it.cargo)).unwrap();
    }
    expect.assert_eq(&text);
}

fn cargo(cargo: &Cargo) -> String {
    match cargo {
        Cargo::Publish(from, exchange, key, it) => format!("{from} {exchange}/{key} {it}"),
        Cargo::Confirm(to, it) => format!("confirm to {to} {it}"),
        Cargo::Refusal(to, it) => format!("nack to {to} {it}"),
        Cargo::Unroutable(from, to, it) => format!("back from {from} to {to} {it}"),
        Cargo::Deliver(from, to, it) => format!("{from} to {to} {it}"),
        Cargo::Ack(from, to, it) => format!("ack {from} to {to} {it}"),
        Cargo::Forward(from, to, key, it) => format!("forward {from} to {to}/{key} {it}"),
        Cargo::Return(from, to, it) => format!("return {from} to {to} {it}"),
    }
}

fn place(slot: &Slot) -> String {
    let state = match &slot.state {
        SlotState::Ready => ".".to_owned(),
        SlotState::Unacked(consumer) => format!("({consumer})"),
        SlotState::Acked => "-".to_owned(),
        SlotState::DeadLettering(_) => "d".to_owned(),
        SlotState::Removed(reason) => reason.map_or("x".to_owned(), |it| format!("x{it}")),
    };
    let star = if slot.redelivered { "*" } else { "" };
    let died: String = slot.deaths.iter().map(|it| format!("{}:{}", it.queue, it.reason)).collect();
    format!("{}:{}{state}{star}{died}", slot.arrival, slot.message)
}

#[test]
fn acknowledged_messages_leave_their_places_behind() {
    look(
        "
        queue work
        consumer c1 work prefetch_count=2
        2ms send 6 to /work 5ms
        50ms send 2 to /work
        until 15ms
        ",
        10,
        expect![[r#"
            at 0.015 s
            p sent 6 confirmed 6 next [7, 8]
            exchange '' direct
            work (6, 2, 2, 2, 0, 1) earlier (0, 0)
                0:1- 1:2- 2:3(c1) 3:4(c1) 4:5. 5:6.
            c1 Working { message: MessageId(3), began: SimTime(14000), done: SimTime(19000) }
                holds [] of 1, unacked 2, processed 2
            0.015 s to 0.016 s: work to c1 4
        "#]],
    );
}

#[test]
fn what_is_under_way_can_be_seen_both_ways() {
    look(
        "
        queue work
        queue dead
        exchange dlx fanout
        bind dlx dead
        consumer c1 work on-failure=reject
        consumer c2 work acks=before-work
        3ms send 1 to /work poison
        3ms send 2 to /work 9ms
        4ms send 1 to dlx/other
        5ms send 1 to dlx/why
        until 5ms
        ",
        4,
        expect![[r#"
            at 0.005 s
            p sent 5 confirmed 0 next []
            exchange 'dlx' fanout
            exchange '' direct
            work (3, 0, 3, 0, 0, 2) earlier (0, 0)
                0:1(c1) 1:2(c2) 2:3(c1)
            dead (1, 1, 0, 0, 0, 0) earlier (0, 0)
                0:4.
            c1 Working { message: MessageId(3), began: SimTime(5000), done: SimTime(14000) }
                holds [] of 1, unacked 2, processed 0
            c2 Working { message: MessageId(2), began: SimTime(5000), done: SimTime(14000) }
                holds [] of 1, unacked 1, processed 0
            0.004001 s to 0.005001 s: confirm to p 1
            0.004001 s to 0.005001 s: confirm to p 2
            0.004001 s to 0.005001 s: confirm to p 3
            0.005 s to 0.006 s: ack c2 to work 2
            0.005 s to 0.006 s: p dlx/why 5
            0.005 s to 0.006 s: return c1 to work 1
        "#]],
    );
}

#[test]
fn a_dead_letter_says_where_it_died_and_a_requeued_message_that_it_came_back() {
    look(
        "
        queue work x-dead-letter-exchange= x-dead-letter-routing-key=dead x-max-length=2
        queue dead
        consumer c1 work prefetch_count=2
        2ms send 5 to /work 50ms
        20ms crash c1
        until 30ms
        ",
        10,
        expect![[r#"
            at 0.03 s
            p sent 5 confirmed 5 next []
            exchange '' direct
            work (5, 2, 0, 0, 3, 0) earlier (0, 0)
                0:1xmaxlen* 1:2xmaxlen* 2:3xmaxlen 3:4. 4:5.
            dead (3, 3, 0, 0, 0, 0) earlier (0, 0)
                0:3.work:maxlen 1:1.work:maxlen 2:2.work:maxlen
            c1 Crashed
                holds [] of 0, unacked 0, processed 0
        "#]],
    );
}

#[test]
fn a_snapshot_shows_the_newest_places_and_counts_those_before() {
    look(
        "
        queue work
        consumer c1 work prefetch_count=5
        2ms send 2000 to /work
        until 5ms
        ",
        3,
        expect![[r#"
            at 0.005 s
            p sent 2000 confirmed 2000 next []
            exchange '' direct
            work (2000, 1990, 5, 5, 0, 1) earlier (1987, 5)
                1997:1998. 1998:1999. 1999:2000.
            c1 Waiting
                holds [] of 0, unacked 5, processed 5
            0.005 s to 0.006 s: work to c1 6
            0.005 s to 0.006 s: work to c1 7
            0.005 s to 0.006 s: work to c1 8
            0.005 s to 0.006 s: work to c1 9
            0.005 s to 0.006 s: work to c1 10
        "#]],
    );
}
