//! How far back a reset reaches, and how long a call waits for a broker that is away.

use super::*;

#[test]
fn a_span_reaches_back_to_the_first_record_that_is_young_enough() {
    check(
        "consumer c1 - - auto.offset.reset=by_duration:PT1S\nsend 5 every 1s from 0s to t\n",
        "
        wait 3500ms
        c1 assign t-0 u-0
        c1 poll 1500ms
        c1 position t-0
        c1 position u-0
        ",
        expect![[r#"
            wait 3500ms
            c1 assign t-0 u-0: done
            c1 poll 1500ms: t-0@3 message 4
            c1 position t-0: 4
            c1 position u-0: TimeoutException
        "#]],
    );
}

#[test]
fn a_broker_that_is_away_makes_calls_time_out() {
    check(
        &format!("consumer c1 g t\n{FOUR}"),
        "
        settle 6 c1
        c1 poll 1500ms
        do crash broker 1
        c1 commit-sync
        c1 commit-async
        c1 committed t-0
        c1 seek-to-end
        c1 position t-0
        do restart broker 1
        wait 2s
        settle 40 c1
        c1 position t-0
        c1 commit-sync
        ",
        expect![[r#"
            settle 6 c1:
            c1: assigned t-0
            c1 poll 1500ms: t-0@0 message 1, t-0@1 message 2, t-0@2 message 3, t-0@3
                        message 4
            do crash broker 1
            c1 commit-sync: TimeoutException
            c1 commit-async: done
            c1 committed t-0: TimeoutException; not committed,
                        RetriableCommitFailedException
            c1 seek-to-end: done
            c1 position t-0: TimeoutException
            do restart broker 1
            wait 2s
            settle 40 c1
            c1 position t-0: 4
            c1 commit-sync: done
        "#]],
    );
}
