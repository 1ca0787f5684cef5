//! Static members, limits, and what an administrator and the passing of time do to groups.

use super::*;

#[test]
fn a_static_member_that_comes_back_keeps_its_place_and_fences_the_one_before() {
    check(
        0,
        "
        0 c1/i1 join t
        1 c1/i1 sync t-0 c1/i1
        --
        2 c2/i1 join t
        3 c1/i1 heartbeat
        4 c1/i1 commit t-0 7
        5 c2/i1 sync
        6 admin describe
        7 c1/i1 leave
        8 c2/i1 leave
        ",
        expect![[r#"
            2 c2/i1 join t
                2 append 1
                2 answer c2/i1 join: generation 1, 1 members
                Stable 1
            3 c1/i1 heartbeat
                3 answer c1/i1 heartbeat: FENCED_INSTANCE_ID
                Stable 1
            4 c1/i1 commit t-0 7
                4 g refused the commit of c1: FENCED_INSTANCE_ID
                4 answer c1/i1 commit: FENCED_INSTANCE_ID
                Stable 1
            5 c2/i1 sync
                5 answer c2/i1 sync: reads t-0
                Stable 1
            6 admin describe
                6 answer admin describe: Stable 'range' c1 reads t-0
                Stable 1
            7 c1/i1 leave
                7 answer c1/i1 leave: FENCED_INSTANCE_ID
                Stable 1
            8 c2/i1 leave
                8 c1 left g: it was closed
                8 answer c2/i1 leave: ok
                8 g rebalances: c1 left
                8 append 1
                Empty 2
        "#]],
    );
}

#[test]
fn a_group_waits_for_a_static_member_until_its_session_ends() {
    check(
        0,
        "
        0 c1/i1 join t
        1 c1/i1 sync t-0 c1/i1
        2 c2 join t
        --
        3 c2 join t
        500 c2 heartbeat
        1000
        1001 c2 sync t-0 c2
        ",
        expect![[r#"
            3 c2 join t
                3 g rebalances: c2 joins
                PreparingRebalance 1
            500 c2 heartbeat
                500 answer c2 heartbeat: ILLEGAL_GENERATION
                PreparingRebalance 1
            until 1000
                1001 g removed c1: no heartbeat for session.timeout.ms=1000
                1001 answer c2 join: generation 2, 1 members
                CompletingRebalance 2
            1001 c2 sync t-0 c2
                1001 append 1
                1001 g is stable in generation 2: c2 reads t-0
                1001 answer c2 sync: reads t-0
                Stable 2
        "#]],
    );
}

#[test]
fn a_full_group_takes_nobody_and_an_odd_session_timeout_makes_none() {
    let limited = BrokerSettings {
        group_max_size: 1,
        group_min_session_timeout_ms: 0,
        group_initial_rebalance_delay_ms: 0,
        ..BrokerSettings::default()
    };
    let script = "
        0 c1 join t
        1 c1 join t
        2 c2 join t
        3 c1 sync t-0 c1
        4 c2 join t
        ";
    check_with(
        limited,
        script,
        expect![[r#"
        0 c1 join t
            0 append 1
            0 answer c1 join: MEMBER_ID_REQUIRED
            Empty 0
        1 c1 join t
            1 g rebalances: c1 joins
            PreparingRebalance 0
            1 answer c1 join: generation 1, 1 members
            CompletingRebalance 1
        2 c2 join t
            2 answer c2 join: GROUP_MAX_SIZE_REACHED
            CompletingRebalance 1
        3 c1 sync t-0 c1
            3 append 1
            3 g is stable in generation 1: c1 reads t-0
            3 answer c1 sync: reads t-0
            Stable 1
        4 c2 join t
            4 answer c2 join: GROUP_MAX_SIZE_REACHED
            Stable 1
    "#]],
    );
    let strict = BrokerSettings::default();
    check_with(
        strict,
        "0 c1 join t",
        expect![[r#"
        0 c1 join t
            0 answer c1 join: INVALID_SESSION_TIMEOUT
    "#]],
    );
}

#[test]
fn an_administrator_may_touch_what_no_member_uses() {
    check(
        0,
        "
        0 admin describe
        0 admin delete
        0 admin forget t-0
        1 nobody commit u-0 5
        2 c1 join t
        3 c1 join t
        4 c1 sync t-0 c1
        5 c1 commit t-0 3
        --
        6 nobody commit t-0 5
        7 admin forget t-0
        8 admin forget u-0
        9 admin delete
        10 admin describe
        11 c1 leave
        ",
        expect![[r#"
            6 nobody commit t-0 5
                6 g refused the commit of nobody: UNKNOWN_MEMBER_ID
                6 answer nobody commit: UNKNOWN_MEMBER_ID
                Stable 1
            7 admin forget t-0
                7 answer admin forget: GROUP_SUBSCRIBED_TO_TOPIC
                Stable 1
            8 admin forget u-0
                8 g forgets its offset of u-0: an administrator deleted it
                8 append 1
                8 answer admin forget: ok
                Stable 1
            9 admin delete
                9 answer admin delete: NON_EMPTY_GROUP
                Stable 1
            10 admin describe
                10 answer admin describe: Stable 'range' c1 reads t-0
                Stable 1
            11 c1 leave
                11 c1 left g: it was closed
                11 answer c1 leave: ok
                11 g rebalances: c1 left
                11 append 1
                Empty 2
        "#]],
    );
}

#[test]
fn an_administrator_may_touch_what_nobody_reads() {
    check(
        0,
        "
        2 c1 join t
        3 c1 join t
        4 c1 sync t-0 c1
        5 c1 commit t-0 3
        11 c1 leave
        --
        12 nobody commit t-0 1
        13 admin forget t-0
        14 nobody commit t-0 2
        15 admin delete
        16 admin describe
        ",
        expect![[r#"
            12 nobody commit t-0 1
                12 append 1
                12 g is committed to offset 1 of t-0, by nobody
                12 answer nobody commit: ok
                Empty 2
            13 admin forget t-0
                13 g forgets its offset of t-0: an administrator deleted it
                13 append 1
                13 answer admin forget: ok
                Empty 2
            14 nobody commit t-0 2
                14 append 1
                14 g is committed to offset 2 of t-0, by nobody
                14 answer nobody commit: ok
                Empty 2
            15 admin delete
                15 g forgets its offset of t-0: an administrator deleted it
                15 append 2
                15 g is forgotten: nothing is left of it
                15 answer admin delete: ok
            16 admin describe
                16 answer admin describe: GROUP_ID_NOT_FOUND
        "#]],
    );
}

fn forgetful() -> BrokerSettings {
    BrokerSettings {
        offsets_retention_minutes: 1,
        offsets_retention_check_interval_ms: 30_000,
        group_min_session_timeout_ms: 0,
        group_initial_rebalance_delay_ms: 0,
        ..BrokerSettings::default()
    }
}

#[test]
fn offsets_that_nobody_uses_are_forgotten_and_then_the_group() {
    // A client that never joins: from its commit on.
    let simple = "
        0 nobody commit t-0 1
        40000 nobody commit t-1 1
        --
        60000
        120000
        ";
    check_with(
        forgetful(),
        simple,
        expect![[r#"
            until 60000
                60000 g forgets its offset of t-0: nobody used it for offsets.retention.minutes
                60000 append 1
                Empty 0
            until 120000
                Empty 0
                120000 g forgets its offset of t-1: nobody used it for offsets.retention.minutes
                120000 append 2
                120000 g is forgotten: nothing is left of it
        "#]],
    );
    // Members: from the end of the last one on.
    let left = "
        0 c1 join t
        1 c1 join t
        2 c1 sync t-0 c1
        3 c1 commit t-0 1
        500 c1 leave
        --
        60000
        90000
        ";
    check_with(
        forgetful(),
        left,
        expect![[r#"
            until 60000
                Empty 2
                Empty 2
            until 90000
                90000 g forgets its offset of t-0: nobody used it for offsets.retention.minutes
                90000 append 2
                90000 g is forgotten: nothing is left of it
        "#]],
    );
}

#[test]
fn a_member_loses_no_offset_of_what_it_reads_and_an_empty_group_does_not_stay() {
    let mut script = "
        0 nobody commit u-0 1
        0 c1 join t
        1 c1 join t
        2 c1 sync t-0 c1
        3 c1 commit t-0 1
        --
        "
    .to_owned();
    for second in 1..=120 {
        script += &format!("{} c1 heartbeat\n", second * 500);
    }
    let mut clients = Clients::new(forgetful());
    clients.run(&script);
    assert!(clients.out.contains("60000 g forgets its offset of u-0: nobody used it"));
    assert!(!clients.out.contains("offset of t-0"), "a member reads it");
    check_with(
        forgetful(),
        "0 c1 join t\n--\n30000",
        expect![[r#"
            until 30000
                Empty 0
                30000 append 1
                30000 g is forgotten: nothing is left of it
        "#]],
    );
}
