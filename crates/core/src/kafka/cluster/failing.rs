//! Applications that fail on a record: what they do then, and what they do not do twice.

use crate::kafka::testing::{BEGINNING, JOINING, check};
use expect_test::expect;

const WITHOUT: &[&[&str]] = &[JOINING, BEGINNING, &["fetched", " appended ", "heard"]];

#[test]
fn a_retry_topic_delays_the_poison_and_nothing_else_and_a_dead_letter_topic_ends_it() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        topic orders-retry 1
        topic orders-dlt 1
        producer shop linger.ms=0
        consumers auto.offset.reset=earliest enable.auto.commit=false commits=after-record
        consumer c1 billing orders,orders-retry on-failure=retry-topic retry-delay=1s
        send 3 every 100ms from 100ms to orders work=20ms poison=2
        ",
        "
        5s: end
        ",
        WITHOUT,
        expect![[r#"
            0.10 s    shop sent 1 to orders-0
            0.104 s   poll gave c1 1 record of orders-0 from offset 0, position is 1
            0.104 s   c1 began 1
            0.124 s   c1 processed 1
            0.126 s   billing is committed to offset 1 of orders-0, by c1
            0.20 s    shop sent 2 to orders-0
            0.204 s   poll gave c1 1 record of orders-0 from offset 1, position is 2
            0.204 s   c1 began 2
            0.224 s   c1 failed on 2 and passes it on
            0.228 s   c1 sent 2 to orders-retry-0
            0.232 s   c1 passed 2 on to orders-retry for attempt 2
            0.234 s   billing is committed to offset 2 of orders-0, by c1
            0.236 s   poll gave c1 1 record of orders-retry-0 from offset 0, position is 1
            0.236 s   c1 leaves 2 until 1.224 s, when its delay is over
            0.30 s    shop sent 3 to orders-0
            0.304 s   poll gave c1 1 record of orders-0 from offset 2, position is 3
            0.304 s   c1 began 3
            0.324 s   c1 processed 3
            0.326 s   billing is committed to offset 3 of orders-0, by c1
            1.316 s   poll gave c1 1 record of orders-retry-0 from offset 0, position is 1
            1.316 s   c1 began 2
            1.336 s   c1 failed on 2 and passes it on
            1.336 s   c1 sent 2 to orders-retry-0
            1.34 s    c1 passed 2 on to orders-retry for attempt 3
            1.342 s   billing is committed to offset 1 of orders-retry-0, by c1
            1.344 s   poll gave c1 1 record of orders-retry-0 from offset 1, position is 2
            1.344 s   c1 leaves 2 until 2.336 s, when its delay is over
            2.356 s   poll gave c1 1 record of orders-retry-0 from offset 1, position is 2
            2.356 s   c1 began 2
            2.376 s   c1 failed on 2 and passes it on
            2.376 s   c1 sent 2 to orders-dlt-0
            2.38 s    c1 put 2 away in orders-dlt after attempt 3
            2.382 s   billing is committed to offset 2 of orders-retry-0, by c1
        "#]],
    );
}

#[test]
fn a_dead_letter_topic_takes_what_fails_too_often_in_place() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        topic orders-dlt 1
        producer shop linger.ms=0
        consumers auto.offset.reset=earliest enable.auto.commit=false commits=after-batch
        consumer c1 billing orders on-failure=dead-letter attempts=2
        send 3 every 1ms from 100ms to orders work=20ms poison=2
        ",
        "
        1s: end
        ",
        WITHOUT,
        expect![[r#"
            0.10 s    shop sent 1 to orders-0
            0.101 s   shop sent 2 to orders-0
            0.102 s   shop sent 3 to orders-0
            0.104 s   poll gave c1 1 record of orders-0 from offset 0, position is 1
            0.104 s   c1 began 1
            0.124 s   c1 processed 1
            0.126 s   billing is committed to offset 1 of orders-0, by c1
            0.128 s   poll gave c1 2 records of orders-0 from offset 1, position is 3
            0.128 s   c1 began 2
            0.148 s   c1 failed on 2 and tries it again
            0.148 s   c1 began 2
            0.168 s   c1 failed on 2 and passes it on
            0.172 s   c1 sent 2 to orders-dlt-0
            0.176 s   c1 put 2 away in orders-dlt after attempt 2
            0.176 s   c1 began 3
            0.196 s   c1 processed 3
            0.198 s   billing is committed to offset 3 of orders-0, by c1
        "#]],
    );
}

#[test]
fn without_a_dead_letter_topic_the_record_is_tried_for_ever() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer shop linger.ms=0
        consumers auto.offset.reset=earliest
        consumer c1 billing orders on-failure=dead-letter attempts=1
        send 1 every 1ms from 100ms to orders work=20ms poison=1
        ",
        "
        100s: end
        ",
        WITHOUT,
        expect![[r#"
            0.10 s    shop sent 1 to orders-0
            0.104 s   poll gave c1 1 record of orders-0 from offset 0, position is 1
            0.104 s   c1 began 1
            0.124 s   c1 failed on 1 and passes it on
            60.124 s  c1 gave up on 1: TimeoutException: the topic or partition is not known
            60.124 s  c1 began 1
            60.144 s  c1 failed on 1 and passes it on
        "#]],
    );
}

#[test]
fn an_idempotent_consumer_skips_what_its_group_has_done() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer shop linger.ms=0
        consumers auto.offset.reset=earliest enable.auto.commit=false commits=after-batch
        consumer c1 billing orders idempotent=true session.timeout.ms=6000
        consumer c2 billing orders idempotent=true session.timeout.ms=6000
        send 3 every 1ms from 5s to orders work=20ms
        ",
        "
        5060ms: crash c1
        20s: end
        ",
        WITHOUT,
        expect![[r#"
            0.016 s   c2 is idle: it has no partition
            5.00 s    shop sent 1 to orders-0
            5.001 s   shop sent 2 to orders-0
            5.002 s   shop sent 3 to orders-0
            5.004 s   poll gave c1 1 record of orders-0 from offset 0, position is 1
            5.004 s   c1 began 1
            5.024 s   c1 processed 1
            5.026 s   billing is committed to offset 1 of orders-0, by c1
            5.028 s   poll gave c1 2 records of orders-0 from offset 1, position is 3
            5.028 s   c1 began 2
            5.048 s   c1 processed 2
            5.048 s   c1 began 3
            5.06 s    c1 crashed
            11.026 s  billing removed c1: no heartbeat for session.timeout.ms=6000
            12.032 s  poll gave c2 2 records of orders-0 from offset 1, position is 3
            12.032 s  c2 skipped 2: done before
            12.032 s  c2 began 3
            12.052 s  c2 processed 3
            12.054 s  billing is committed to offset 3 of orders-0, by c2
        "#]],
    );
}
