//! What goes wrong in the whole system: scripts in, traces out.

use crate::kafka::testing::{BEGINNING, JOINING, RECORDS, check};
use expect_test::expect;

#[test]
fn a_crash_between_work_and_commit_means_the_work_is_done_twice() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        consumers auto.offset.reset=earliest session.timeout.ms=6000
        consumer c1 billing orders
        send 3 every 1ms from 1s to orders work=100ms
        ",
        "
        1250ms: crash c1
        2s: restart c1
        9s: end
        ",
        &[RECORDS],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0
            0.016 s   c1 now reads orders-0
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
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
            6.028 s   c1 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
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
        consumers auto.offset.reset=earliest session.timeout.ms=6000 enable.auto.commit=false \
            commits=before-work
        consumer c1 billing orders
        send 3 every 1ms from 1s to orders work=100ms
        ",
        "
        1150ms: crash c1
        2s: restart c1
        9s: end
        ",
        &[RECORDS, &["asks to join", "rebalances", "stable"]],
        expect![[r#"
            0.016 s   c1 now reads orders-0
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
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
        consumers auto.offset.reset=earliest session.timeout.ms=6000 enable.auto.commit=false \
            commits=after-record
        consumer c1 billing orders
        send 3 every 1ms from 1s to orders work=100ms
        ",
        "
        1150ms: crash c1
        2s: restart c1
        9s: end
        ",
        &[RECORDS, &["asks to join", "rebalances", "stable"]],
        expect![[r#"
            0.016 s   c1 now reads orders-0
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
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
fn a_paused_application_keeps_its_heartbeats_and_its_partitions() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0 group.min.session.timeout.ms=1000
        topic orders 1
        producer p1
        consumers auto.offset.reset=earliest session.timeout.ms=1000 heartbeat.interval.ms=300
        consumer c1 billing orders
        send 2 every 1ms from 1s to orders work=100ms
        ",
        "
        1050ms: pause c1
        5s: resume c1
        6s: end
        ",
        &[RECORDS, JOINING, BEGINNING],
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
        consumers auto.offset.reset=earliest max.poll.interval.ms=1000 \
            enable.auto.commit=false commits=after-batch heartbeat.interval.ms=100
        consumer c1 billing orders
        consumer c2 billing orders starts=10ms
        send 1 every 1ms from 1s to orders work=1500ms
        ",
        "
        3s: end
        ",
        &[RECORDS],
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
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            0.116 s   c1 stops reading orders-0
            0.116 s   c1 asks to join billing
            0.122 s   billing is stable in generation 2: c1 reads orders-0; c2 reads nothing
            0.124 s   c1 now reads orders-0
            0.124 s   c2 is idle: it has no partition
            0.132 s   c1 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            1.009 s   poll gave c1 1 record of orders-0 from offset 0, position is 1
            1.009 s   c1 began 1
            2.011 s   c1 left billing: no poll or join within max.poll.interval.ms=1000
            2.011 s   billing rebalances: c1 left
            2.024 s   c2 asks to join billing
            2.03 s    billing is stable in generation 3: c2 reads orders-0
            2.032 s   c2 now reads orders-0
            2.04 s    c2 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            2.044 s   poll gave c2 1 record of orders-0 from offset 0, position is 1
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
        consumers auto.offset.reset=earliest
        consumer c1 billing orders
        send 3 every 1ms from 1s to orders work=100ms poison=2
        ",
        "
        1500ms: end
        ",
        &[RECORDS, JOINING, BEGINNING],
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
        consumers auto.offset.reset=earliest on-failure=skip
        consumer c1 billing orders
        send 3 every 1ms from 1s to orders work=100ms poison=2
        ",
        "
        1500ms: end
        ",
        &[RECORDS, JOINING, BEGINNING],
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
fn a_broker_that_restarts_reads_its_groups_back_from_its_log() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1 delivery.timeout.ms=60000
        consumers auto.offset.reset=earliest enable.auto.commit=false commits=after-batch \
            heartbeat.interval.ms=500
        consumer c1 billing orders
        send 2 every 1500ms from 1s to orders work=10ms
        ",
        "
        2s: crash broker 1
        3s: restart broker 1
        6s: end
        ",
        &[&["fetched"]],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0
            0.016 s   c1 now reads orders-0
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            1.005 s   p1 sent 1 to orders-0
            1.007 s   orders-0 appended 1 at offset 0
            1.009 s   poll gave c1 1 record of orders-0 from offset 0, position is 1
            1.009 s   c1 began 1
            1.009 s   p1 heard that 1 is in the log at offset 0
            1.019 s   c1 processed 1
            1.021 s   billing is committed to offset 1 of orders-0, by c1
            2.00 s    broker 1 crashed
            3.00 s    broker 1 restarted
            3.008 s   billing was read back from __consumer_offsets-9: generation 1, committed
                        offsets: 1
            3.572 s   p1 sent 2 to orders-0
            3.574 s   orders-0 appended 2 at offset 1
            3.576 s   p1 heard that 2 is in the log at offset 1
            3.68 s    poll gave c1 1 record of orders-0 from offset 1, position is 2
            3.68 s    c1 began 2
            3.69 s    c1 processed 2
            3.692 s   billing is committed to offset 2 of orders-0, by c1
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
        producer p1 request.timeout.ms=50 retries=1 enable.idempotence=false
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
fn a_silent_member_is_removed_after_its_session_timeout() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 2
        producer p1
        consumers session.timeout.ms=6000
        consumer c1 billing orders
        consumer c2 billing orders
        ",
        "
        5s: crash c1
        15s: end
        ",
        &[BEGINNING, &["committed"]],
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
fn how_long_a_member_may_be_silent_the_broker_says_in_the_consumer_protocol() {
    check(
        "
        brokers 1 group.consumer.session.timeout.ms=7000 group.consumer.heartbeat.interval.ms=500
        topic orders 1
        producer p1
        consumers auto.offset.reset=earliest group.protocol=consumer
        consumer c1 billing orders
        ",
        "
        5s: crash c1
        15s: end
        ",
        &[&["aims at"], RECORDS],
        expect![[r#"
            0.006 s   billing rebalances: c1 joins
            0.006 s   c1 may read orders-0, in epoch 2 of billing
            0.008 s   c1 now reads orders-0
            0.016 s   c1 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            5.00 s    c1 crashed
            11.51 s   billing removed c1: no heartbeat for
                        group.consumer.session.timeout.ms=7000
            11.51 s   billing rebalances: c1 was removed
        "#]],
    );
}

#[test]
fn a_broker_cut_off_from_clients_takes_nothing_until_it_is_mended() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 1
        producer p1
        send 4 every 1s from 1s to orders
        ",
        "
        1500ms: cut broker 1 from clients
        3500ms: mend broker 1 from everyone
        6s: end
        ",
        &[],
        expect![[r#"
            1.005 s   p1 sent 1 to orders-0
            1.007 s   orders-0 appended 1 at offset 0
            1.009 s   p1 heard that 1 is in the log at offset 0
            1.50 s    broker 1 is cut off from clients
            2.005 s   p1 sent 2 to orders-0
            3.005 s   p1 sent 3 to orders-0
            3.50 s    the way from broker 1 to everyone is mended
            3.602 s   p1 sent 2 to orders-0 again, attempt 2
            3.604 s   orders-0 appended 2 at offset 1
            3.606 s   p1 heard that 2 is in the log at offset 1
            3.606 s   p1 sent 3 to orders-0 again, attempt 2
            3.608 s   orders-0 appended 3 at offset 2
            3.61 s    p1 heard that 3 is in the log at offset 2
            4.005 s   p1 sent 4 to orders-0
            4.007 s   orders-0 appended 4 at offset 3
            4.009 s   p1 heard that 4 is in the log at offset 3
        "#]],
    );
}

/// A client that still tries to reach its old coordinator keeps the one that it has found since.
#[test]
fn commits_take_no_longer_after_the_coordinators_broker_died() {
    check(
        "
        brokers 3 group.initial.rebalance.delay.ms=0 offsets.topic.num.partitions=4 \
            offsets.topic.replication.factor=3 default.replication.factor=3 \
            broker.session.timeout.ms=1000 broker.heartbeat.interval.ms=200
        topic orders 1
        producer p1
        consumers auto.offset.reset=earliest enable.auto.commit=false commits=after-record
        consumer c1 billing orders
        send 8 every 500ms from 1s to orders
        ",
        "
        1700ms: crash broker 2
        6s: end
        ",
        &[RECORDS, JOINING, BEGINNING, &["began", "poll gave"]],
        expect![[r#"
            1.016 s   c1 processed 1
            1.022 s   billing is committed to offset 1 of orders-0, by c1
            1.513 s   c1 processed 2
            1.519 s   billing is committed to offset 2 of orders-0, by c1
            1.70 s    broker 2 crashed
            2.602 s   the controller counts broker 2 as gone
            2.602 s   in sync for orders-0: 1 3
            2.604 s   billing was read back from __consumer_offsets-1: generation 1, committed
                        offsets: 1
            2.606 s   c1 processed 3
            3.382 s   billing is committed to offset 3 of orders-0, by c1
            3.384 s   c1 processed 4
            3.39 s    billing is committed to offset 4 of orders-0, by c1
            3.392 s   c1 processed 5
            3.398 s   billing is committed to offset 5 of orders-0, by c1
            3.513 s   c1 processed 6
            3.519 s   billing is committed to offset 6 of orders-0, by c1
            4.013 s   c1 processed 7
            4.019 s   billing is committed to offset 7 of orders-0, by c1
            4.513 s   c1 processed 8
            4.519 s   billing is committed to offset 8 of orders-0, by c1
        "#]],
    );
}
