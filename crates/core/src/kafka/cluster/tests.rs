//! The whole system as it should be: scripts in, traces out.

use crate::kafka::testing::{BEGINNING, JOINING, RECORDS, check};
use expect_test::expect;

#[test]
fn a_record_is_produced_fetched_processed_and_committed() {
    check(
        "
        topic orders 1
        producer p1
        consumers auto.offset.reset=earliest
        consumer c1 billing orders
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
            3.024 s   c1 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
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
        &[BEGINNING],
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
            9.014 s   billing is stable in generation 1: c1 reads orders-0; c2 reads orders-1;
                        c3 reads nothing
            9.016 s   c1 now reads orders-0
            9.016 s   c2 now reads orders-1
            9.016 s   c3 is idle: it has no partition
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
        &[RECORDS],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0, orders-1
            0.016 s   c1 now reads orders-0, orders-1
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            0.024 s   c1 begins orders-1 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            1.009 s   poll gave c1 3 records of orders-0 from offset 0, position is 3
            1.009 s   poll gave c1 1 record of orders-1 from offset 0, position is 1
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
        &[BEGINNING],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.004 s   c2 asks to join billing
            0.008 s   c1 asks to join billing
            0.008 s   c2 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0; c2 reads nothing
            0.016 s   c1 now reads orders-0
            0.016 s   c2 is idle: it has no partition
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
        consumers starts=2s
        consumer c1 billing orders
        send 2 every 2s from 1s to orders
        ",
        "
        4s: end
        ",
        &[&[" sent ", "heard", "fetched"]],
        expect![[r#"
            1.007 s   orders-0 appended 1 at offset 0
            2.00 s    c1 started
            2.004 s   c1 asks to join billing
            2.008 s   c1 asks to join billing
            2.01 s    billing rebalances: c1 joins
            2.014 s   billing is stable in generation 1: c1 reads orders-0
            2.016 s   c1 now reads orders-0
            2.024 s   c1 begins orders-0 at offset 1: no valid committed offset,
                        auto.offset.reset=latest
            3.007 s   orders-0 appended 2 at offset 1
            3.009 s   poll gave c1 1 record of orders-0 from offset 1, position is 2
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
        consumers auto.offset.reset=none
        consumer c1 billing orders
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
        consumers auto.offset.reset=earliest
        consumer c1 billing orders
        send 3 every 1ms from 1s to orders work=100ms
        ",
        "
        1150ms: remove c1
        2s: add c2 to billing
        3s: end
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
            2.024 s   poll gave c2 1 record of orders-0 from offset 2, position is 3
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
        consumers auto.offset.reset=earliest enable.auto.commit=false
        consumer c1 billing orders
        send 1 every 1ms from 1s to orders work=10ms
        ",
        "
        2s: commit c1
        3s: end
        ",
        &[RECORDS, JOINING, BEGINNING],
        expect![[r#"
            1.009 s   poll gave c1 1 record of orders-0 from offset 0, position is 1
            1.009 s   c1 began 1
            1.019 s   c1 processed 1
            2.002 s   billing is committed to offset 1 of orders-0, by c1
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
        &[BEGINNING],
        expect![[r#"
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0
            0.016 s   c1 now reads orders-0
            1.00 s    c2 started
            1.004 s   c2 asks to join billing
            1.008 s   c2 ends with INCONSISTENT_GROUP_PROTOCOL
            1.008 s   c2 crashed
        "#]],
    );
}

#[test]
fn what_retention_removes_a_slow_group_never_sees() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0 log.initial.task.delay.ms=2000 \
            log.retention.check.interval.ms=1000 group.min.session.timeout.ms=1000
        topic orders 1 retention.ms=1000 segment.bytes=200
        producer p1 linger.ms=0
        consumers auto.offset.reset=earliest enable.auto.commit=false commits=after-record \
            session.timeout.ms=1000 heartbeat.interval.ms=300
        consumer c1 billing orders
        send 6 every 200ms from 1s to orders work=300ms
        ",
        "
        1400ms: crash c1
        5s: restart c1
        9s: end
        ",
        &[JOINING, &[" sent ", "heard"]],
        expect![[r#"
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            1.002 s   orders-0 appended 1 at offset 0
            1.004 s   c1 fetched 1 record of orders-0, offset 0
            1.004 s   poll gave c1 1 record of orders-0 from offset 0, position is 1
            1.004 s   c1 began 1
            1.202 s   orders-0 began a new segment at offset 1
            1.202 s   orders-0 appended 2 at offset 1
            1.204 s   c1 fetched 1 record of orders-0, offset 1
            1.304 s   c1 processed 1
            1.306 s   billing is committed to offset 1 of orders-0, by c1
            1.308 s   poll gave c1 1 record of orders-0 from offset 1, position is 2
            1.308 s   c1 began 2
            1.40 s    c1 crashed
            1.402 s   orders-0 began a new segment at offset 2
            1.402 s   orders-0 appended 3 at offset 2
            1.602 s   orders-0 began a new segment at offset 3
            1.602 s   orders-0 appended 4 at offset 3
            1.802 s   orders-0 began a new segment at offset 4
            1.802 s   orders-0 appended 5 at offset 4
            2.002 s   orders-0 began a new segment at offset 5
            2.002 s   orders-0 appended 6 at offset 5
            2.306 s   billing removed c1: no heartbeat for session.timeout.ms=1000
            3.00 s    orders-0 now starts at offset 5, was 0: retention.ms=1000 removed 5
                        records
            4.00 s    orders-0 now starts at offset 6, was 5: retention.ms=1000 removed 1
                        record
            5.00 s    c1 restarted
            5.02 s    c1 begins orders-0 at offset 1: the committed offset
            5.024 s   c1 is out of range: offset 1 is no longer in orders-0
            5.028 s   c1 begins orders-0 at offset 6: no valid committed offset,
                        auto.offset.reset=earliest
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
        consumers auto.offset.reset=earliest
        consumer c1 billing orders
        consumer c2 shipping orders,parcels partition.assignment.strategy=roundrobin
        consumer c3 shipping orders,parcels partition.assignment.strategy=roundrobin
        send 2 every 1ms from 2s to orders work=10ms keys=a,b
        producer p2
        send 2 every 1ms from 2s to parcels work=20ms
        ",
        "
        3s: crash broker 2
        4s: restart broker 2
        9s: end
        ",
        &[RECORDS, BEGINNING, &["asks"]],
        expect![[r#"
            0.01 s    shipping rebalances: c3 joins
            0.014 s   billing rebalances: c1 joins
            0.014 s   shipping rebalances: c2 joins
            0.022 s   billing is stable in generation 1: c1 reads orders-0, orders-1
            0.024 s   c1 now reads orders-0, orders-1
            0.026 s   shipping is stable in generation 2: c2 reads orders-0, parcels-0; c3
                        reads orders-1
            0.028 s   c2 now reads orders-0, parcels-0
            0.028 s   c3 now reads orders-1
            2.009 s   poll gave c1 2 records of orders-0 from offset 0, position is 2
            2.009 s   c1 began 1
            2.009 s   poll gave c2 2 records of orders-0 from offset 0, position is 2
            2.009 s   c2 began 1
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
            4.002 s   the controller counts broker 2 as gone
            4.004 s   billing was read back from __consumer_offsets-9: generation 1, committed
                        offsets: 0
            5.03 s    billing is committed to offset 2 of orders-0, by c1, enable.auto.commit
            5.03 s    billing is committed to offset 0 of orders-1, by c1, enable.auto.commit
            5.034 s   shipping is committed to offset 2 of orders-0, by c2, enable.auto.commit
            5.034 s   shipping is committed to offset 2 of parcels-0, by c2,
                        enable.auto.commit
            5.034 s   shipping is committed to offset 0 of orders-1, by c3, enable.auto.commit
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
        &[&["asks to join", "rebalances"]],
        expect![[r#"
            0.01 s    refused 'crash c9': there is no consumer c9
            0.01 s    refused 'restart c1': c1 is running
            0.01 s    refused 'resume c1': c1 is not paused
            0.01 s    refused 'add c1 to billing': there is a consumer c1 already
            0.01 s    refused 'add c2 to shipping': no consumer of shipping says how to set up
                        another
            0.01 s    refused 'restart broker 1': broker 1 is running
            0.01 s    refused 'crash broker 2': there is no broker 2
            0.01 s    c1 crashed
            0.01 s    refused 'crash c1': c1 is not running
            0.01 s    refused 'pause c1': c1 is not running
        "#]],
    );
}
