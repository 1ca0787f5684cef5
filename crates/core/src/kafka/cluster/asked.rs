//! What a person asks of running clients and of the administrator.

use crate::kafka::testing::{RECORDS, check};
use expect_test::expect;

const SETUP: &str = "
    brokers 1 group.initial.rebalance.delay.ms=0
    topic orders 2
    producer shop linger.ms=0
    consumers auto.offset.reset=earliest enable.auto.commit=false
    consumer c1 billing orders commits=after-batch
    send 4 every 10ms from 100ms to orders work=20ms keys=a,b
";

#[test]
#[expect(clippy::too_many_lines, reason = "most of it is a trace")]
fn a_group_is_reset_when_nobody_is_in_it() {
    check(
        SETUP,
        "
        1s: reset billing to earliest
        2s: remove c1
        3s: reset billing to 1
        4s: reset billing to latest of orders-1
        5s: reset audit to earliest
        5s: reset audit to 9 of orders-0
        6s: restart c1
        8s: end
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
            0.104 s   poll gave c1 1 record of orders-0 from offset 0, position is 1
            0.104 s   c1 began 1
            0.124 s   c1 processed 1
            0.126 s   billing is committed to offset 1 of orders-0, by c1
            0.126 s   billing is committed to offset 0 of orders-1, by c1
            0.128 s   poll gave c1 1 record of orders-0 from offset 1, position is 2
            0.128 s   c1 began 2
            0.148 s   c1 processed 2
            0.15 s    billing is committed to offset 2 of orders-0, by c1
            0.15 s    billing is committed to offset 0 of orders-1, by c1
            0.152 s   poll gave c1 1 record of orders-0 from offset 2, position is 3
            0.152 s   c1 began 3
            0.172 s   c1 processed 3
            0.174 s   billing is committed to offset 3 of orders-0, by c1
            0.174 s   billing is committed to offset 0 of orders-1, by c1
            0.176 s   poll gave c1 1 record of orders-0 from offset 3, position is 4
            0.176 s   c1 began 4
            0.196 s   c1 processed 4
            0.198 s   billing is committed to offset 4 of orders-0, by c1
            0.198 s   billing is committed to offset 0 of orders-1, by c1
            1.012 s   refused 'reset billing to earliest': assignments can only be reset if
                        the group 'billing' is inactive, but the current state is Stable
            2.002 s   billing is committed to offset 4 of orders-0, by c1
            2.002 s   billing is committed to offset 0 of orders-1, by c1
            2.004 s   c1 stops reading orders-0, orders-1
            2.006 s   c1 left billing: it was closed
            2.006 s   billing rebalances: c1 left
            3.03 s    billing is committed to offset 1 of orders-0, by admin
            3.03 s    billing is committed to offset 0 of orders-1, by admin
            4.022 s   billing is committed to offset 0 of orders-1, by admin
            5.016 s   refused 'reset audit to earliest': audit has committed nothing yet; for
                        a partition that it shall begin, write 'reset audit to earliest of
                        orders-0'
            5.042 s   audit is committed to offset 4 of orders-0, by admin
            6.00 s    c1 restarted
            6.004 s   c1 asks to join billing
            6.008 s   c1 asks to join billing
            6.01 s    billing rebalances: c1 joins
            6.014 s   billing is stable in generation 3: c1 reads orders-0, orders-1
            6.016 s   c1 now reads orders-0, orders-1
            6.02 s    c1 begins orders-0 at offset 1: the committed offset
            6.02 s    c1 begins orders-1 at offset 0: the committed offset
            6.024 s   poll gave c1 3 records of orders-0 from offset 1, position is 4
            6.024 s   c1 began 2
            6.044 s   c1 processed 2
            6.044 s   c1 began 3
            6.064 s   c1 processed 3
            6.064 s   c1 began 4
            6.084 s   c1 processed 4
            6.086 s   billing is committed to offset 4 of orders-0, by c1
            6.086 s   billing is committed to offset 0 of orders-1, by c1
        "#]],
    );
}
#[test]
fn an_application_seeks_while_it_works() {
    check(
        SETUP,
        "
        130ms: seek c1 orders-0 to 0
        1s: seek c1 orders-1 to earliest
        1s: seek c1 orders-2 to 0
        2s: seek c1 orders-1 to latest
        3s: crash c1
        3s: seek c1 orders-1 to 0
        3s: end
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
            0.104 s   poll gave c1 1 record of orders-0 from offset 0, position is 1
            0.104 s   c1 began 1
            0.124 s   c1 processed 1
            0.126 s   billing is committed to offset 1 of orders-0, by c1
            0.126 s   billing is committed to offset 0 of orders-1, by c1
            0.128 s   poll gave c1 1 record of orders-0 from offset 1, position is 2
            0.128 s   c1 began 2
            0.13 s    c1 begins orders-0 at offset 0: seek
            0.148 s   c1 processed 2
            0.15 s    billing is committed to offset 0 of orders-0, by c1
            0.15 s    billing is committed to offset 0 of orders-1, by c1
            0.156 s   poll gave c1 4 records of orders-0 from offset 0, position is 4
            0.156 s   c1 began 1
            0.176 s   c1 processed 1
            0.176 s   c1 began 2
            0.196 s   c1 processed 2
            0.196 s   c1 began 3
            0.216 s   c1 processed 3
            0.216 s   c1 began 4
            0.236 s   c1 processed 4
            0.238 s   billing is committed to offset 4 of orders-0, by c1
            0.238 s   billing is committed to offset 0 of orders-1, by c1
            1.00 s    refused 'seek c1 orders-2 to 0': IllegalStateException: No current
                        assignment for partition orders-2 at c1
            1.004 s   c1 begins orders-1 at offset 0: seekToBeginning
            2.004 s   c1 begins orders-1 at offset 0: seekToEnd
            3.00 s    c1 crashed
            3.00 s    refused 'seek c1 orders-1 to 0': c1 is not running
        "#]],
    );
}

#[test]
fn a_topic_grows_is_set_otherwise_and_loses_what_is_before_an_offset() {
    check(
        SETUP,
        "
        1s: grow orders to 3
        2s: grow orders to 3
        3s: delete-records orders-0 before 1
        4s: delete-records orders-0 before 9
        5s: set orders retention.ms=1000
        6s: set orders retention.ms=-5
        7s: set orders retention.mss=5
        8s: end
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
            0.104 s   poll gave c1 1 record of orders-0 from offset 0, position is 1
            0.104 s   c1 began 1
            0.124 s   c1 processed 1
            0.126 s   billing is committed to offset 1 of orders-0, by c1
            0.126 s   billing is committed to offset 0 of orders-1, by c1
            0.128 s   poll gave c1 1 record of orders-0 from offset 1, position is 2
            0.128 s   c1 began 2
            0.148 s   c1 processed 2
            0.15 s    billing is committed to offset 2 of orders-0, by c1
            0.15 s    billing is committed to offset 0 of orders-1, by c1
            0.152 s   poll gave c1 1 record of orders-0 from offset 2, position is 3
            0.152 s   c1 began 3
            0.172 s   c1 processed 3
            0.174 s   billing is committed to offset 3 of orders-0, by c1
            0.174 s   billing is committed to offset 0 of orders-1, by c1
            0.176 s   poll gave c1 1 record of orders-0 from offset 3, position is 4
            0.176 s   c1 began 4
            0.196 s   c1 processed 4
            0.198 s   billing is committed to offset 4 of orders-0, by c1
            0.198 s   billing is committed to offset 0 of orders-1, by c1
            1.002 s   topic orders has grown, partitions: 3
            2.004 s   refused 'grow orders to 3': INVALID_PARTITIONS
            3.006 s   orders-0 now starts at offset 1, was 0: DeleteRecords removed 1 record
            4.008 s   refused 'delete-records orders-0 before 9': OFFSET_OUT_OF_RANGE
            5.002 s   topic orders is set to retention.ms=1000
            6.004 s   refused 'set orders retention.ms=-5': INVALID_CONFIG: Invalid value -5
                        for configuration retention.ms: Value must be at least -1
            7.004 s   refused 'set orders retention.mss=5': INVALID_CONFIG: 'retention.mss' is
                        not a setting here; the nearest is 'retention.ms'
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of it is a trace")]
fn a_client_starts_anew_with_another_setting() {
    check(
        SETUP,
        "
        0ms: set c1 max.poll.records=1
        1s: set billing fetch.min.bytes=2
        2s: set c1 max.poll.records=0
        2s: set c1 max.poll.record=1
        2s: set c1 heartbeat.interval.ms=60000
        2s: set nobody acks=0
        3s: crash c1
        3s: set c1 max.poll.records=2
        4s: restart c1
        5s: end
        ",
        &[RECORDS],
        expect![[r#"
            0.00 s    c1 is set to max.poll.records=1
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0, orders-1
            0.016 s   c1 now reads orders-0, orders-1
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            0.024 s   c1 begins orders-1 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            0.104 s   poll gave c1 1 record of orders-0 from offset 0, position is 1
            0.104 s   c1 began 1
            0.124 s   c1 processed 1
            0.126 s   billing is committed to offset 1 of orders-0, by c1
            0.126 s   billing is committed to offset 0 of orders-1, by c1
            0.128 s   poll gave c1 1 record of orders-0 from offset 1, position is 2
            0.128 s   c1 began 2
            0.148 s   c1 processed 2
            0.15 s    billing is committed to offset 2 of orders-0, by c1
            0.15 s    billing is committed to offset 0 of orders-1, by c1
            0.152 s   poll gave c1 1 record of orders-0 from offset 2, position is 3
            0.152 s   c1 began 3
            0.172 s   c1 processed 3
            0.174 s   billing is committed to offset 3 of orders-0, by c1
            0.174 s   billing is committed to offset 0 of orders-1, by c1
            0.176 s   poll gave c1 1 record of orders-0 from offset 3, position is 4
            0.176 s   c1 began 4
            0.196 s   c1 processed 4
            0.198 s   billing is committed to offset 4 of orders-0, by c1
            0.198 s   billing is committed to offset 0 of orders-1, by c1
            1.00 s    billing is set to fetch.min.bytes=2
            1.002 s   billing is committed to offset 4 of orders-0, by c1
            1.002 s   billing is committed to offset 0 of orders-1, by c1
            1.004 s   c1 stops reading orders-0, orders-1
            1.006 s   c1 left billing: it was closed
            1.006 s   billing rebalances: c1 left
            1.008 s   c1 restarted
            1.012 s   c1 asks to join billing
            1.016 s   c1 asks to join billing
            1.018 s   billing rebalances: c1 joins
            1.022 s   billing is stable in generation 3: c1 reads orders-0, orders-1
            1.024 s   c1 now reads orders-0, orders-1
            1.028 s   c1 begins orders-0 at offset 4: the committed offset
            1.028 s   c1 begins orders-1 at offset 0: the committed offset
            2.00 s    refused 'set c1 max.poll.records=0': ConfigException: Invalid value 0
                        for configuration max.poll.records: Value must be at least 1
            2.00 s    refused 'set c1 max.poll.record=1': 'max.poll.record' is not a setting
                        here; the nearest is 'max.poll.records'
            2.00 s    refused 'set c1 heartbeat.interval.ms=60000': IllegalArgumentException:
                        Heartbeat must be set lower than the session timeout, and they are
                        heartbeat.interval.ms=60000 and session.timeout.ms=45000
            2.00 s    refused 'set nobody acks=0': there is no client, group or topic nobody
            3.00 s    c1 crashed
            3.00 s    c1 is set to max.poll.records=2
            4.00 s    c1 restarted
            4.004 s   c1 asks to join billing
            4.008 s   c1 asks to join billing
            4.01 s    billing rebalances: c1 joins
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of it is a trace")]
fn a_producer_that_starts_anew_keeps_what_is_due() {
    check(
        SETUP,
        "
        0ms: set shop linger.ms=5
        112ms: set shop acks=0
        112ms: set shop enable.idempotence=true
        1s: send 2 from shop to orders
        2s: end
        ",
        &[],
        expect![[r#"
            0.00 s    shop is set to linger.ms=5
            0.004 s   c1 asks to join billing
            0.008 s   c1 asks to join billing
            0.01 s    billing rebalances: c1 joins
            0.014 s   billing is stable in generation 1: c1 reads orders-0, orders-1
            0.016 s   c1 now reads orders-0, orders-1
            0.024 s   c1 begins orders-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            0.024 s   c1 begins orders-1 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            0.105 s   shop sent 1 to orders-0
            0.107 s   orders-0 appended 1 at offset 0
            0.109 s   c1 fetched 1 record of orders-0, offset 0
            0.109 s   poll gave c1 1 record of orders-0 from offset 0, position is 1
            0.109 s   c1 began 1
            0.109 s   shop heard that 1 is in the log at offset 0
            0.112 s   shop sent 2 to orders-0
            0.112 s   shop is set to acks=0
            0.112 s   refused 'set shop enable.idempotence=true': ConfigException: an
                        idempotent producer needs acks=all
            0.114 s   orders-0 appended 2 at offset 1
            0.116 s   c1 fetched 1 record of orders-0, offset 1
            0.116 s   shop heard that 2 is in the log at offset 1
            0.125 s   shop sent 3 to orders-0
            0.125 s   shop takes 3 as sent, acks=0
            0.127 s   orders-0 appended 3 at offset 2
            0.129 s   c1 processed 1
            0.131 s   billing is committed to offset 1 of orders-0, by c1
            0.131 s   billing is committed to offset 0 of orders-1, by c1
            0.133 s   poll gave c1 1 record of orders-0 from offset 1, position is 2
            0.133 s   c1 began 2
            0.135 s   shop sent 4 to orders-0
            0.135 s   shop takes 4 as sent, acks=0
            0.137 s   orders-0 appended 4 at offset 3
            0.137 s   c1 fetched 1 record of orders-0, offset 2
            0.153 s   c1 processed 2
            0.155 s   billing is committed to offset 2 of orders-0, by c1
            0.155 s   billing is committed to offset 0 of orders-1, by c1
            0.157 s   poll gave c1 1 record of orders-0 from offset 2, position is 3
            0.157 s   c1 began 3
            0.161 s   c1 fetched 1 record of orders-0, offset 3
            0.177 s   c1 processed 3
            0.179 s   billing is committed to offset 3 of orders-0, by c1
            0.179 s   billing is committed to offset 0 of orders-1, by c1
            0.181 s   poll gave c1 1 record of orders-0 from offset 3, position is 4
            0.181 s   c1 began 4
            0.201 s   c1 processed 4
            0.203 s   billing is committed to offset 4 of orders-0, by c1
            0.203 s   billing is committed to offset 0 of orders-1, by c1
            1.005 s   shop sent 2 to orders-0
            1.005 s   shop takes 2 as sent, acks=0
            1.007 s   orders-0 appended 2 at offset 4
            1.009 s   c1 fetched 1 record of orders-0, offset 4
            1.009 s   poll gave c1 1 record of orders-0 from offset 4, position is 5
            1.009 s   c1 began 2
            1.029 s   c1 processed 2
            1.031 s   billing is committed to offset 5 of orders-0, by c1
            1.031 s   billing is committed to offset 0 of orders-1, by c1
        "#]],
    );
}

#[test]
fn a_lost_answer_makes_a_duplicate_unless_the_producer_is_idempotent() {
    let setup = |idempotent: bool| {
        format!(
            "
            topic orders 1
            producer shop linger.ms=0 enable.idempotence={idempotent}
            send 2 every 1s from 100ms to orders
            "
        )
    };
    let script = "
        50ms: lose answer shop
        2s: lose answer nobody
        2s: end
    ";
    check(
        &setup(false),
        script,
        &[],
        expect![[r#"
        0.10 s    shop sent 1 to orders-0
        0.102 s   orders-0 appended 1 at offset 0
        0.102 s   the answer of broker 1 to shop is lost: the connection broke
        0.204 s   shop sent 1 to orders-0 again, attempt 2
        0.206 s   orders-0 appended 1 at offset 1
        0.208 s   shop heard that 1 is in the log at offset 1
        1.10 s    shop sent 2 to orders-0
        1.102 s   orders-0 appended 2 at offset 2
        1.104 s   shop heard that 2 is in the log at offset 2
        2.00 s    refused 'lose answer nobody': there is no producer nobody
    "#]],
    );
    check(
        &setup(true),
        script,
        &[],
        expect![[r#"
            0.10 s    shop sent 1 to orders-0
            0.102 s   orders-0 appended 1 at offset 0
            0.102 s   the answer of broker 1 to shop is lost: the connection broke
            0.204 s   shop sent 1 to orders-0 again, attempt 2
            0.206 s   orders-0 did not append 1 again: by its sequence number it is there, at
                        offset 0
            0.208 s   shop heard that 1 is in the log at offset 0
            1.10 s    shop sent 2 to orders-0
            1.102 s   orders-0 appended 2 at offset 1
            1.104 s   shop heard that 2 is in the log at offset 1
            2.00 s    refused 'lose answer nobody': there is no producer nobody
        "#]],
    );
}
