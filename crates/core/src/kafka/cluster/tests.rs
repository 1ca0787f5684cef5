//! The whole system: scripts in, traces out.

use crate::kafka::testing::{Scribe, Setup};
use expect_test::{Expect, expect};

/// Runs `setup`, and each line of `script`: an instant, a colon and a command, or `end`. Facts
/// whose text contains one of the words of `without` are left out.
fn check(setup: &str, script: &str, without: &[&str], expect: Expect) {
    let mut scribe = Scribe::default();
    let mut world = Setup::read(setup).world(7, &mut scribe);
    for line in script.lines().filter(|it| !it.trim().is_empty()) {
        let (at, command) = line.trim().split_once(": ").unwrap();
        world.run_until(&mut scribe, at.parse().unwrap());
        if command != "end" {
            world.command(&mut scribe, command.parse().unwrap());
        }
    }
    let lines = scribe.0.iter().map(|(at, fact)| format!("{:<9} {fact}\n", at.to_string()));
    let told = lines.filter(|line| !without.iter().any(|it| line.contains(it)));
    expect.assert_eq(&told.collect::<String>());
}

#[test]
fn a_record_is_produced_fetched_processed_and_committed() {
    check(
        "
        topic orders 1
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest
        send 2 every 1ms from 4s to orders work=20ms
        ",
        "
        10s: end
        ",
        &[],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            3.014 s   billing is stable in generation 1: c1 reads orders-0
            3.016 s   c1 now reads orders-0
            3.024 s   c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            4.005 s   p1 sent 1 to orders-0
            4.005 s   p1 sent 2 to orders-0
            4.007 s   orders-0 appended 1 at offset 0
            4.007 s   orders-0 appended 2 at offset 1
            4.009 s   c1 fetched 2 records of orders-0, offsets 0 to 1
            4.009 s   poll gave c1 2 records of orders-0 from offset 0, position is 2
            4.009 s   c1 began 1
            4.009 s   p1 heard that 1 is in the log at offset 0
            4.009 s   p1 heard that 2 is in the log at offset 1
            4.029 s   c1 processed 1
            4.029 s   c1 began 2
            4.049 s   c1 processed 2
            8.018 s   billing is committed to offset 2 of orders-0, by c1, enable.auto.commit
        "#]],
    );
}

#[test]
fn the_first_members_gather_for_the_initial_delay_and_longer_if_someone_comes() {
    check(
        "
        topic orders 2
        producer p1
        consumer c1 billing orders
        consumer c2 billing orders starts=2s
        consumer c3 billing orders starts=5s
        ",
        "
        12s: end
        ",
        &["begins"],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            2.00 s    c2 started
            2.004 s   c2 asks to join billing
            2.008 s   c2 asks to join billing
            5.00 s    c3 started
            5.004 s   c3 asks to join billing
            5.008 s   c3 asks to join billing
            9.014 s   billing is stable in generation 1: c1 reads orders-0; c2 reads orders-1; c3 reads nothing
            9.016 s   c1 now reads orders-0
            9.016 s   c2 now reads orders-1
            9.016 s   c3 is idle: there is no partition left for it
        "#]],
    );
}

#[test]
fn a_crash_between_work_and_commit_means_the_work_is_done_twice() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest session.timeout.ms=6000
        send 3 every 1ms from 1s to orders work=100ms
        ",
        "
        1250ms: crash c1
        2s: restart c1
        9s: end
        ",
        &["sent", "appended", "heard", "fetched"],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0
            0.016 s   c1 now reads orders-0
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            1.009 s   poll gave c1 3 records of orders-0 from offset 0, position is 3
            1.009 s   c1 began 1
            1.109 s   c1 processed 1
            1.109 s   c1 began 2
            1.209 s   c1 processed 2
            1.209 s   c1 began 3
            1.25 s    c1 crashed
            2.00 s    c1 restarted
            2.004 s   c1 asks to join billing
            2.008 s   c1 asks to join billing
            2.01 s    billing rebalances: c1 joins
            6.014 s   billing removed c1: no heartbeat for session.timeout.ms=6000
            6.018 s   billing is stable in generation 2: c1 reads orders-0
            6.02 s    c1 now reads orders-0
            6.028 s   c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            6.032 s   poll gave c1 3 records of orders-0 from offset 0, position is 3
            6.032 s   c1 began 1
            6.132 s   c1 processed 1
            6.132 s   c1 began 2
            6.232 s   c1 processed 2
            6.232 s   c1 began 3
            6.332 s   c1 processed 3
        "#]],
    );
}

#[test]
fn committing_before_the_work_means_a_crash_loses_what_was_in_hand() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest session.timeout.ms=6000 enable.auto.commit=false commits=before-work
        send 3 every 1ms from 1s to orders work=100ms
        ",
        "
        1150ms: crash c1
        2s: restart c1
        9s: end
        ",
        &["sent", "appended", "heard", "fetched", "asks to join", "rebalances", "stable"],
        expect![[r#"
            0.016 s   c1 now reads orders-0
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            1.009 s   poll gave c1 3 records of orders-0 from offset 0, position is 3
            1.011 s   billing is committed to offset 3 of orders-0, by c1
            1.013 s   c1 began 1
            1.113 s   c1 processed 1
            1.113 s   c1 began 2
            1.15 s    c1 crashed
            2.00 s    c1 restarted
            7.011 s   billing removed c1: no heartbeat for session.timeout.ms=6000
            7.017 s   c1 now reads orders-0
            7.021 s   c1 begins orders-0 at offset 3: the committed offset
        "#]],
    );
}

#[test]
fn committing_after_each_record_means_a_crash_repeats_at_most_one() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest session.timeout.ms=6000 enable.auto.commit=false commits=after-record
        send 3 every 1ms from 1s to orders work=100ms
        ",
        "
        1150ms: crash c1
        2s: restart c1
        9s: end
        ",
        &["sent", "appended", "heard", "fetched", "asks to join", "rebalances", "stable"],
        expect![[r#"
            0.016 s   c1 now reads orders-0
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            1.009 s   poll gave c1 3 records of orders-0 from offset 0, position is 3
            1.009 s   c1 began 1
            1.109 s   c1 processed 1
            1.111 s   billing is committed to offset 1 of orders-0, by c1
            1.113 s   c1 began 2
            1.15 s    c1 crashed
            2.00 s    c1 restarted
            7.111 s   billing removed c1: no heartbeat for session.timeout.ms=6000
            7.117 s   c1 now reads orders-0
            7.121 s   c1 begins orders-0 at offset 1: the committed offset
            7.125 s   poll gave c1 2 records of orders-0 from offset 1, position is 3
            7.125 s   c1 began 2
            7.225 s   c1 processed 2
            7.227 s   billing is committed to offset 2 of orders-0, by c1
            7.229 s   c1 began 3
            7.329 s   c1 processed 3
            7.331 s   billing is committed to offset 3 of orders-0, by c1
        "#]],
    );
}

#[test]
fn a_second_consumer_takes_over_half_and_everyone_stops_meanwhile() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 2
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest heartbeat.interval.ms=500
        consumer c2 billing orders starts=2s
        send 4 every 1ms from 1s to orders work=10ms keys=a,b,c,d
        ",
        "
        4s: end
        ",
        &["sent", "appended", "heard", "fetched"],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0, orders-1
            0.016 s   c1 now reads orders-0, orders-1
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            0.024 s   c1 begins orders-1 at offset 0: no valid committed offset, auto.offset.reset=earliest
            1.009 s   poll gave c1 3 records of orders-0 from offset 0, position is 3
            1.009 s   poll gave c1 1 records of orders-1 from offset 0, position is 1
            1.009 s   c1 began 1
            1.019 s   c1 processed 1
            1.019 s   c1 began 2
            1.029 s   c1 processed 2
            1.029 s   c1 began 3
            1.039 s   c1 processed 3
            1.039 s   c1 began 4
            1.049 s   c1 processed 4
            2.00 s    c2 started
            2.004 s   c2 asks to join billing
            2.008 s   c2 asks to join billing
            2.01 s    billing rebalances: c2 joins
            2.018 s   billing is committed to offset 3 of orders-0, by c1, enable.auto.commit
            2.018 s   billing is committed to offset 1 of orders-1, by c1, enable.auto.commit
            2.02 s    c1 stops reading orders-0, orders-1
            2.02 s    c1 asks to join billing
            2.026 s   billing is stable in generation 2: c1 reads orders-0; c2 reads orders-1
            2.028 s   c1 now reads orders-0
            2.028 s   c2 now reads orders-1
            2.032 s   c1 begins orders-0 at offset 3: the committed offset
            2.032 s   c2 begins orders-1 at offset 1: the committed offset
        "#]],
    );
}

#[test]
fn one_member_more_than_partitions_is_idle() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders
        consumer c2 billing orders
        ",
        "
        4s: end
        ",
        &["begins"],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.004 s   c2 asks to join billing
            0.008 s   c1 asks to join billing
            0.008 s   c2 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0; c2 reads nothing
            0.016 s   c1 now reads orders-0
            0.016 s   c2 is idle: there is no partition left for it
        "#]],
    );
}

#[test]
fn a_paused_application_keeps_its_heartbeats_and_its_partitions() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest session.timeout.ms=1000 heartbeat.interval.ms=300
        send 2 every 1ms from 1s to orders work=100ms
        ",
        "
        1050ms: pause c1
        5s: resume c1
        6s: end
        ",
        &["sent", "appended", "heard", "fetched", "asks to join", "rebalances", "stable", "now reads", "begins "],
        expect![[r#"
            1.009 s   poll gave c1 2 records of orders-0 from offset 0, position is 2
            1.009 s   c1 began 1
            1.05 s    c1 paused
            5.00 s    c1 went on
            5.059 s   c1 processed 1
            5.059 s   c1 began 2
            5.159 s   c1 processed 2
            5.161 s   billing is committed to offset 2 of orders-0, by c1, enable.auto.commit
        "#]],
    );
}

#[test]
fn without_a_poll_for_too_long_a_member_leaves_and_loses_what_it_reads() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest max.poll.interval.ms=1000 enable.auto.commit=false commits=after-batch heartbeat.interval.ms=100
        consumer c2 billing orders auto.offset.reset=earliest max.poll.interval.ms=1000 enable.auto.commit=false commits=after-batch heartbeat.interval.ms=100 starts=10ms
        send 1 every 1ms from 1s to orders work=1500ms
        ",
        "
        3s: end
        ",
        &["sent", "appended", "heard", "fetched"],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    c2 started
            0.01 s    billing rebalances: c1 joins
            0.014 s   c2 asks to join billing
            0.014 s   billing is stable in generation 1: c1 reads orders-0
            0.016 s   c1 now reads orders-0
            0.018 s   c2 asks to join billing
            0.02 s    billing rebalances: c2 joins
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            0.116 s   c1 stops reading orders-0
            0.116 s   c1 asks to join billing
            0.122 s   billing is stable in generation 2: c1 reads orders-0; c2 reads nothing
            0.124 s   c1 now reads orders-0
            0.124 s   c2 is idle: there is no partition left for it
            0.132 s   c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            1.009 s   poll gave c1 1 records of orders-0 from offset 0, position is 1
            1.009 s   c1 began 1
            2.011 s   c1 left billing: no poll or join within max.poll.interval.ms=1000
            2.011 s   billing rebalances: c1 left
            2.024 s   c2 asks to join billing
            2.03 s    billing is stable in generation 3: c2 reads orders-0
            2.032 s   c2 now reads orders-0
            2.04 s    c2 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            2.044 s   poll gave c2 1 records of orders-0 from offset 0, position is 1
            2.044 s   c2 began 1
            2.509 s   c1 processed 1
            2.509 s   billing refused the commit of c1: CommitFailedException
            2.509 s   c1 stops reading orders-0
            2.509 s   c1 asks to join billing
            2.513 s   c1 asks to join billing
            2.515 s   billing rebalances: c1 joins
        "#]],
    );
}

#[test]
fn a_poison_record_that_is_retried_holds_up_its_partition() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest
        send 3 every 1ms from 1s to orders work=100ms poison=2
        ",
        "
        1500ms: end
        ",
        &[
            "sent",
            "appended",
            "heard",
            "fetched",
            "asks to join",
            "rebalances",
            "stable",
            "now reads",
            "begins ",
        ],
        expect![[r#"
            1.009 s   poll gave c1 3 records of orders-0 from offset 0, position is 3
            1.009 s   c1 began 1
            1.109 s   c1 processed 1
            1.109 s   c1 began 2
            1.209 s   c1 failed on 2 and tries it again
            1.209 s   c1 began 2
            1.309 s   c1 failed on 2 and tries it again
            1.309 s   c1 began 2
            1.409 s   c1 failed on 2 and tries it again
            1.409 s   c1 began 2
        "#]],
    );
}

#[test]
fn a_poison_record_that_is_skipped_is_left_behind() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest on-failure=skip
        send 3 every 1ms from 1s to orders work=100ms poison=2
        ",
        "
        1500ms: end
        ",
        &[
            "sent",
            "appended",
            "heard",
            "fetched",
            "asks to join",
            "rebalances",
            "stable",
            "now reads",
            "begins ",
        ],
        expect![[r#"
            1.009 s   poll gave c1 3 records of orders-0 from offset 0, position is 3
            1.009 s   c1 began 1
            1.109 s   c1 processed 1
            1.109 s   c1 began 2
            1.209 s   c1 failed on 2 and goes on
            1.209 s   c1 began 3
            1.309 s   c1 processed 3
        "#]],
    );
}

#[test]
fn what_retention_removes_a_slow_group_never_sees() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0 log.initial.task.delay.ms=2000 log.retention.check.interval.ms=1000
        topic orders 1 retention.ms=1000 segment.bytes=200
        producer p1 linger.ms=0
        consumer c1 billing orders auto.offset.reset=earliest enable.auto.commit=false commits=after-record session.timeout.ms=1000
        send 6 every 200ms from 1s to orders work=300ms
        ",
        "
        1400ms: crash c1
        5s: restart c1
        9s: end
        ",
        &["sent", "heard", "asks to join", "rebalances", "stable", "now reads"],
        expect![[r#"
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            1.002 s   orders-0 appended 1 at offset 0
            1.004 s   c1 fetched 1 records of orders-0, offsets 0 to 0
            1.004 s   poll gave c1 1 records of orders-0 from offset 0, position is 1
            1.004 s   c1 began 1
            1.014 s   billing removed c1: no heartbeat for session.timeout.ms=1000
            1.202 s   orders-0 began a new segment at offset 1
            1.202 s   orders-0 appended 2 at offset 1
            1.204 s   c1 fetched 1 records of orders-0, offsets 1 to 1
            1.304 s   c1 processed 1
            1.306 s   billing refused the commit of c1: UNKNOWN_MEMBER_ID
            1.308 s   c1 stops reading orders-0
            1.328 s   c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            1.332 s   c1 fetched 2 records of orders-0, offsets 0 to 1
            1.332 s   poll gave c1 2 records of orders-0 from offset 0, position is 2
            1.332 s   c1 began 1
            1.40 s    c1 crashed
            1.402 s   orders-0 began a new segment at offset 2
            1.402 s   orders-0 appended 3 at offset 2
            1.602 s   orders-0 began a new segment at offset 3
            1.602 s   orders-0 appended 4 at offset 3
            1.802 s   orders-0 began a new segment at offset 4
            1.802 s   orders-0 appended 5 at offset 4
            2.002 s   orders-0 began a new segment at offset 5
            2.002 s   orders-0 appended 6 at offset 5
            2.318 s   billing removed c1: no heartbeat for session.timeout.ms=1000
            3.00 s    orders-0 now starts at offset 5, was 0: retention.ms=1000 removed 5 records
            4.00 s    orders-0 now starts at offset 6, was 5: retention.ms=1000 removed 1 records
            5.00 s    c1 restarted
            5.024 s   c1 begins orders-0 at offset 6: no valid committed offset, auto.offset.reset=earliest
            6.014 s   billing removed c1: no heartbeat for session.timeout.ms=1000
            8.016 s   c1 stops reading orders-0
            8.036 s   c1 begins orders-0 at offset 6: no valid committed offset, auto.offset.reset=earliest
        "#]],
    );
}

#[test]
fn a_broker_that_restarts_reads_its_groups_back_from_its_log() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1 delivery.timeout.ms=60000
        consumer c1 billing orders auto.offset.reset=earliest enable.auto.commit=false commits=after-batch heartbeat.interval.ms=500
        send 2 every 1500ms from 1s to orders work=10ms
        ",
        "
        2s: crash broker 1
        3s: restart broker 1
        6s: end
        ",
        &["fetched"],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0
            0.016 s   c1 now reads orders-0
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            1.005 s   p1 sent 1 to orders-0
            1.007 s   orders-0 appended 1 at offset 0
            1.009 s   poll gave c1 1 records of orders-0 from offset 0, position is 1
            1.009 s   c1 began 1
            1.009 s   p1 heard that 1 is in the log at offset 0
            1.019 s   c1 processed 1
            1.021 s   billing is committed to offset 1 of orders-0, by c1
            2.00 s    broker 1 crashed
            3.00 s    broker 1 restarted
            3.00 s    billing was read back from __consumer_offsets-9: generation 1, 1 committed offsets
            3.572 s   p1 sent 2 to orders-0
            3.574 s   orders-0 appended 2 at offset 1
            3.576 s   poll gave c1 1 records of orders-0 from offset 1, position is 2
            3.576 s   c1 began 2
            3.576 s   p1 heard that 2 is in the log at offset 1
            3.586 s   c1 processed 2
            3.588 s   billing is committed to offset 2 of orders-0, by c1
        "#]],
    );
}

#[test]
fn a_lost_answer_means_the_record_is_appended_twice() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        link latency=30ms
        topic orders 1
        producer p1 request.timeout.ms=50 retries=1
        send 1 every 1ms from 1s to orders
        ",
        "
        2s: end
        ",
        &[],
        expect![[r#"
            1.005 s   p1 sent 1 to orders-0
            1.035 s   orders-0 appended 1 at offset 0
            1.165 s   p1 sent 1 to orders-0 again, attempt 2
            1.195 s   orders-0 appended 1 at offset 1
            1.215 s   p1 gave up on 1: NETWORK_EXCEPTION
        "#]],
    );
}

#[test]
fn without_acks_the_producer_never_learns_that_a_record_is_lost() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1 acks=0 linger.ms=0
        send 3 every 10ms from 1s to orders
        ",
        "
        1001ms: crash broker 1
        1500ms: restart broker 1
        3s: end
        ",
        &[],
        expect![[r#"
            1.00 s    p1 sent 1 to orders-0
            1.00 s    p1 takes 1 as sent, acks=0
            1.001 s   broker 1 crashed
            1.50 s    broker 1 restarted
            1.769 s   p1 sent 2 to orders-0
            1.769 s   p1 sent 3 to orders-0
            1.769 s   p1 takes 2 as sent, acks=0
            1.769 s   p1 takes 3 as sent, acks=0
            1.771 s   orders-0 appended 2 at offset 0
            1.771 s   orders-0 appended 3 at offset 1
        "#]],
    );
}

#[test]
fn latest_skips_what_was_there_before() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders starts=2s
        send 2 every 2s from 1s to orders
        ",
        "
        4s: end
        ",
        &["sent", "heard", "fetched"],
        expect![[r#"
            1.007 s   orders-0 appended 1 at offset 0
            2.00 s    c1 started
            2.004 s   c1 asks to join billing
            2.008 s   c1 asks to join billing
            2.01 s    billing rebalances: c1 joins
            2.014 s   billing is stable in generation 1: c1 reads orders-0
            2.016 s   c1 now reads orders-0
            2.024 s   c1 begins orders-0 at offset 1: no valid committed offset, auto.offset.reset=latest
            3.007 s   orders-0 appended 2 at offset 1
            3.009 s   poll gave c1 1 records of orders-0 from offset 1, position is 2
            3.009 s   c1 began 2
            3.009 s   c1 processed 2
        "#]],
    );
}

#[test]
fn reset_none_ends_an_application_that_does_not_expect_it() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders auto.offset.reset=none
        ",
        "
        4s: end
        ",
        &[],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0
            0.016 s   c1 now reads orders-0
            0.02 s    c1 ends with NoOffsetForPartitionException
            0.02 s    c1 crashed
        "#]],
    );
}

#[test]
fn a_consumer_that_is_removed_commits_what_it_did_and_leaves() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest
        send 3 every 1ms from 1s to orders work=100ms
        ",
        "
        1150ms: remove c1
        2s: add c2 to billing
        3s: end
        ",
        &["sent", "appended", "heard", "fetched"],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0
            0.016 s   c1 now reads orders-0
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            1.009 s   poll gave c1 3 records of orders-0 from offset 0, position is 3
            1.009 s   c1 began 1
            1.109 s   c1 processed 1
            1.109 s   c1 began 2
            1.209 s   c1 processed 2
            1.211 s   billing is committed to offset 2 of orders-0, by c1, enable.auto.commit
            1.213 s   c1 stops reading orders-0
            1.215 s   c1 left billing: it was closed
            1.215 s   billing rebalances: c1 left
            2.00 s    c2 started
            2.004 s   c2 asks to join billing
            2.008 s   c2 asks to join billing
            2.01 s    billing rebalances: c2 joins
            2.014 s   billing is stable in generation 3: c2 reads orders-0
            2.016 s   c2 now reads orders-0
            2.02 s    c2 begins orders-0 at offset 2: the committed offset
            2.024 s   poll gave c2 1 records of orders-0 from offset 2, position is 3
            2.024 s   c2 began 3
            2.124 s   c2 processed 3
        "#]],
    );
}

#[test]
fn a_person_can_have_the_positions_committed() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest enable.auto.commit=false
        send 1 every 1ms from 1s to orders work=10ms
        ",
        "
        2s: commit c1
        3s: end
        ",
        &[
            "sent",
            "appended",
            "heard",
            "fetched",
            "asks to join",
            "rebalances",
            "stable",
            "now reads",
            "begins ",
        ],
        expect![[r#"
            1.009 s   poll gave c1 1 records of orders-0 from offset 0, position is 1
            1.009 s   c1 began 1
            1.019 s   c1 processed 1
            2.002 s   billing is committed to offset 1 of orders-0, by c1
        "#]],
    );
}

#[test]
fn a_silent_member_is_removed_after_its_session_timeout() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 2
        producer p1
        consumer c1 billing orders session.timeout.ms=6000
        consumer c2 billing orders session.timeout.ms=6000
        ",
        "
        5s: crash c1
        15s: end
        ",
        &["begins", "committed"],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.004 s   c2 asks to join billing
            0.008 s   c1 asks to join billing
            0.008 s   c2 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0; c2 reads orders-1
            0.016 s   c1 now reads orders-0
            0.016 s   c2 now reads orders-1
            5.00 s    c1 crashed
            9.014 s   billing removed c1: no heartbeat for session.timeout.ms=6000
            9.014 s   billing rebalances: c1 was removed
            9.02 s    c2 stops reading orders-1
            9.02 s    c2 asks to join billing
            9.026 s   billing is stable in generation 2: c2 reads orders-0, orders-1
            9.028 s   c2 now reads orders-0, orders-1
        "#]],
    );
}

#[test]
fn what_cannot_be_is_refused() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders
        ",
        "
        10ms: crash c9
        10ms: restart c1
        10ms: resume c1
        10ms: add c1 to billing
        10ms: add c2 to shipping
        10ms: restart broker 1
        10ms: crash broker 2
        10ms: crash c1
        10ms: crash c1
        10ms: pause c1
        ",
        &["asks to join", "rebalances"],
        expect![[r#"
            0.01 s    refused 'crash c9': there is no consumer c9
            0.01 s    refused 'restart c1': c1 is running
            0.01 s    refused 'resume c1': c1 is not paused
            0.01 s    refused 'add c1 to billing': there is a consumer c1 already
            0.01 s    refused 'add c2 to shipping': no consumer of shipping says how to set up another
            0.01 s    refused 'restart broker 1': broker 1 is running
            0.01 s    refused 'crash broker 2': there is no broker 2
            0.01 s    c1 crashed
            0.01 s    refused 'crash c1': c1 is not running
            0.01 s    refused 'pause c1': c1 is not running
        "#]],
    );
}

#[test]
fn two_topics_two_groups_and_two_brokers_do_not_get_in_each_others_way() {
    check(
        "
        brokers 2 group.initial.rebalance.delay.ms=0
        topic orders 2
        topic parcels 1
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest
        consumer c2 shipping orders,parcels auto.offset.reset=earliest partition.assignment.strategy=roundrobin
        consumer c3 shipping orders,parcels auto.offset.reset=earliest partition.assignment.strategy=roundrobin
        send 2 every 1ms from 2s to orders work=10ms keys=a,b
        producer p2
        send 2 every 1ms from 2s to parcels work=20ms
        ",
        "
        3s: crash broker 2
        4s: restart broker 2
        9s: end
        ",
        &["fetched", "asks"],
        expect![[r#"
            0.01 s    billing rebalances: c1 joins
            0.01 s    shipping rebalances: c2 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0, orders-1
            0.014 s   shipping is stable in generation 1: c2 reads orders-0, parcels-0; c3 reads orders-1
            0.016 s   c1 now reads orders-0, orders-1
            0.016 s   c2 now reads orders-0, parcels-0
            0.016 s   c3 now reads orders-1
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            0.024 s   c1 begins orders-1 at offset 0: no valid committed offset, auto.offset.reset=earliest
            0.024 s   c2 begins orders-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            0.024 s   c2 begins parcels-0 at offset 0: no valid committed offset, auto.offset.reset=earliest
            0.024 s   c3 begins orders-1 at offset 0: no valid committed offset, auto.offset.reset=earliest
            2.005 s   p1 sent 1 to orders-0
            2.005 s   p1 sent 3 to orders-0
            2.005 s   p2 sent 2 to parcels-0
            2.005 s   p2 sent 4 to parcels-0
            2.007 s   orders-0 appended 1 at offset 0
            2.007 s   orders-0 appended 3 at offset 1
            2.007 s   parcels-0 appended 2 at offset 0
            2.007 s   parcels-0 appended 4 at offset 1
            2.009 s   poll gave c1 2 records of orders-0 from offset 0, position is 2
            2.009 s   c1 began 1
            2.009 s   poll gave c2 2 records of orders-0 from offset 0, position is 2
            2.009 s   c2 began 1
            2.009 s   p1 heard that 1 is in the log at offset 0
            2.009 s   p1 heard that 3 is in the log at offset 1
            2.009 s   p2 heard that 2 is in the log at offset 0
            2.009 s   p2 heard that 4 is in the log at offset 1
            2.019 s   c1 processed 1
            2.019 s   c1 began 3
            2.019 s   c2 processed 1
            2.019 s   c2 began 3
            2.029 s   c1 processed 3
            2.029 s   c2 processed 3
            2.029 s   poll gave c2 2 records of parcels-0 from offset 0, position is 2
            2.029 s   c2 began 2
            2.049 s   c2 processed 2
            2.049 s   c2 began 4
            2.069 s   c2 processed 4
            3.00 s    broker 2 crashed
            4.00 s    broker 2 restarted
            4.00 s    billing was read back from __consumer_offsets-9: generation 1, 0 committed offsets
            5.018 s   shipping is committed to offset 2 of orders-0, by c2, enable.auto.commit
            5.018 s   shipping is committed to offset 2 of parcels-0, by c2, enable.auto.commit
            5.018 s   shipping is committed to offset 0 of orders-1, by c3, enable.auto.commit
            5.018 s   billing is committed to offset 2 of orders-0, by c1, enable.auto.commit
            5.018 s   billing is committed to offset 0 of orders-1, by c1, enable.auto.commit
        "#]],
    );
}

#[test]
fn members_without_a_common_assignor_cannot_share_a_group() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumer c1 billing orders
        consumer c2 billing orders partition.assignment.strategy=roundrobin starts=1s
        ",
        "
        2s: end
        ",
        &["begins"],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0
            0.016 s   c1 now reads orders-0
            1.00 s    c2 started
            1.004 s   c2 asks to join billing
            1.008 s   c2 ends with InconsistentGroupProtocolException
            1.008 s   c2 crashed
        "#]],
    );
}
