use super::check;
use expect_test::expect;

#[test]
fn a_crash_returns_what_was_unacked_to_its_old_place() {
    check(
        "
        queue work
        consumer c1 work prefetch_count=2
        consumer c2 work prefetch_count=1 after=6ms
        1ms send 4 to /work 10ms
        8ms crash c1
        until 60ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 2
            2  1 is ready in work
            2  work delivered 1 to c1 as delivery 1
            2  2 is ready in work
            2  work delivered 2 to c1 as delivery 2
            2  3 is ready in work
            2  4 is ready in work
            3  c1 began 1
            6  c2 started
            7  c2 consumes from work with prefetch 1
            7  work delivered 3 to c2 as delivery 1
            8  c2 began 3
            8  c1 crashed
            9  the channel of c1 closed: 2 unacked messages go back to work
            9  1 is ready in work again, in its old place: the channel of c1 closed
            9  2 is ready in work again, in its old place: the channel of c1 closed
            18 c2 processed 3
            19 work removed 3: c2 acknowledged delivery 1
            19 work delivered 1 to c2 as delivery 2, redelivered
            20 c2 began 1
            30 c2 processed 1
            31 work removed 1: c2 acknowledged delivery 2
            31 work delivered 2 to c2 as delivery 3, redelivered
            32 c2 began 2
            42 c2 processed 2
            43 work removed 2: c2 acknowledged delivery 3
            43 work delivered 4 to c2 as delivery 4
            44 c2 began 4
            54 c2 processed 4
            55 work removed 4: c2 acknowledged delivery 4
        "#]],
    );
}

#[test]
fn automatic_acknowledgement_loses_what_is_in_the_buffer_and_under_way() {
    check(
        "
        queue work
        consumer c1 work auto_ack=true
        5ms send 3 to /work 10ms
        17ms send 1 to /work 10ms
        18ms crash c1
        30ms restart c1
        until 60ms
        ",
        expect![[r#"
            1  c1 consumes from work without a prefetch limit
            6  1 is ready in work
            6  work sent 1 to c1 as delivery 1 and forgot it, auto_ack
            6  2 is ready in work
            6  work sent 2 to c1 as delivery 2 and forgot it, auto_ack
            6  3 is ready in work
            6  work sent 3 to c1 as delivery 3 and forgot it, auto_ack
            7  c1 began 1
            17 c1 processed 1
            17 c1 began 2
            18 4 is ready in work
            18 work sent 4 to c1 as delivery 4 and forgot it, auto_ack
            18 c1 crashed
            18 2 is lost with c1: it was acknowledged before it was done
            18 3 is lost with c1: it was acknowledged before it was done
            19 4 is lost with c1: it was acknowledged before it was done
            19 the channel of c1 closed: 0 unacked messages go back to work
            30 c1 restarted
            31 c1 consumes from work without a prefetch limit
        "#]],
    );
}

#[test]
fn a_message_acknowledged_before_the_work_is_lost_with_its_consumer() {
    check(
        "
        queue work
        consumer c1 work prefetch_count=2 acks=before-work
        5ms send 3 to /work 10ms
        10ms crash c1
        20ms restart c1
        until 60ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 2
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  2 is ready in work
            6  work delivered 2 to c1 as delivery 2
            6  3 is ready in work
            7  c1 began 1
            8  work removed 1: c1 acknowledged delivery 1
            8  work delivered 3 to c1 as delivery 3
            10 c1 crashed
            10 1 is lost with c1: it was acknowledged before it was done
            11 the channel of c1 closed: 2 unacked messages go back to work
            11 2 is ready in work again, in its old place: the channel of c1 closed
            11 3 is ready in work again, in its old place: the channel of c1 closed
            20 c1 restarted
            21 c1 consumes from work with prefetch 2
            21 work delivered 2 to c1 as delivery 1, redelivered
            21 work delivered 3 to c1 as delivery 2, redelivered
            22 c1 began 2
            23 work removed 2: c1 acknowledged delivery 1
            32 c1 processed 2
            32 c1 began 3
            33 work removed 3: c1 acknowledged delivery 2
            42 c1 processed 3
        "#]],
    );
}

#[test]
fn an_acknowledgement_sent_before_the_crash_still_counts() {
    check(
        "
        queue work
        consumer c1 work prefetch_count=1
        5ms send 1 to /work 5ms
        12ms crash c1
        until 60ms
        show all
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 1
            5  p published 1 to the default exchange
            6  the default exchange routed 1 to work
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            7  c1 received 1
            7  c1 began 1
            7  p heard that 1 is confirmed
            12 c1 processed 1
            12 c1 crashed
            13 work removed 1: c1 acknowledged delivery 1
            13 the channel of c1 closed: 0 unacked messages go back to work
        "#]],
    );
}

#[test]
fn a_paused_application_keeps_its_channel_and_its_buffer_fills_up_to_the_prefetch() {
    check(
        "
        queue work
        consumer c1 work prefetch_count=2
        5ms send 3 to /work 10ms
        10ms pause c1
        30ms resume c1
        until 70ms
        show all
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 2
            5  p published 1 to the default exchange
            5  p published 2 to the default exchange
            5  p published 3 to the default exchange
            6  the default exchange routed 1 to work
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  the default exchange routed 2 to work
            6  2 is ready in work
            6  work delivered 2 to c1 as delivery 2
            6  the default exchange routed 3 to work
            6  3 is ready in work
            7  c1 received 1
            7  c1 began 1
            7  c1 received 2
            7  p heard that 1 is confirmed
            7  p heard that 2 is confirmed
            7  p heard that 3 is confirmed
            10 c1 paused
            30 c1 went on
            37 c1 processed 1
            37 c1 began 2
            38 work removed 1: c1 acknowledged delivery 1
            38 work delivered 3 to c1 as delivery 3
            39 c1 received 3
            47 c1 processed 2
            47 c1 began 3
            48 work removed 2: c1 acknowledged delivery 2
            57 c1 processed 3
            58 work removed 3: c1 acknowledged delivery 3
        "#]],
    );
}

#[test]
fn after_a_restart_delivery_tags_begin_anew() {
    check(
        "
        queue work
        consumer c1 work prefetch_count=1
        5ms send 3 to /work 5ms
        20ms crash c1
        20ms restart c1
        until 60ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 1
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  2 is ready in work
            6  3 is ready in work
            7  c1 began 1
            12 c1 processed 1
            13 work removed 1: c1 acknowledged delivery 1
            13 work delivered 2 to c1 as delivery 2
            14 c1 began 2
            19 c1 processed 2
            20 work removed 2: c1 acknowledged delivery 2
            20 work delivered 3 to c1 as delivery 3
            20 c1 crashed
            20 c1 restarted
            21 the channel of c1 closed: 1 unacked message goes back to work
            21 3 is ready in work again, in its old place: the channel of c1 closed
            21 c1 consumes from work with prefetch 1
            21 work delivered 3 to c1 as delivery 1, redelivered
            22 c1 began 3
            27 c1 processed 3
            28 work removed 3: c1 acknowledged delivery 1
        "#]],
    );
}

#[test]
fn one_more_consumer_is_like_the_first_of_its_queue() {
    check(
        "
        queue work
        queue other
        consumer c1 work prefetch_count=1
        1ms send 4 to /work 20ms
        10ms add c2 to work
        12ms add c3 to other
        14ms add c2 to other
        15ms add c4 to nowhere
        until 40ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 1
            2  1 is ready in work
            2  work delivered 1 to c1 as delivery 1
            2  2 is ready in work
            2  3 is ready in work
            2  4 is ready in work
            3  c1 began 1
            10 c2 started
            11 c2 consumes from work with prefetch 1
            11 work delivered 2 to c2 as delivery 1
            12 c2 began 2
            12 c3 started
            13 c3 consumes from other without a prefetch limit
            14 refused 'add c2 to other': there is already a consumer c2
            15 refused 'add c4 to nowhere': there is no queue nowhere
            23 c1 processed 1
            24 work removed 1: c1 acknowledged delivery 1
            24 work delivered 3 to c1 as delivery 2
            25 c1 began 3
            32 c2 processed 2
            33 work removed 2: c2 acknowledged delivery 1
            33 work delivered 4 to c2 as delivery 2
            34 c2 began 4
        "#]],
    );
}

#[test]
fn a_removed_consumer_closes_its_channel_and_can_come_back() {
    check(
        "
        queue work
        consumer c1 work prefetch_count=2
        5ms send 3 to /work 10ms
        10ms remove c1
        20ms restart c1
        until 60ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 2
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  2 is ready in work
            6  work delivered 2 to c1 as delivery 2
            6  3 is ready in work
            7  c1 began 1
            10 c1 was closed
            11 the channel of c1 closed: 2 unacked messages go back to work
            11 1 is ready in work again, in its old place: the channel of c1 closed
            11 2 is ready in work again, in its old place: the channel of c1 closed
            20 c1 restarted
            21 c1 consumes from work with prefetch 2
            21 work delivered 1 to c1 as delivery 1, redelivered
            21 work delivered 2 to c1 as delivery 2, redelivered
            22 c1 began 1
            32 c1 processed 1
            32 c1 began 2
            33 work removed 1: c1 acknowledged delivery 1
            33 work delivered 3 to c1 as delivery 3
            42 c1 processed 2
            42 c1 began 3
            43 work removed 2: c1 acknowledged delivery 2
            52 c1 processed 3
            53 work removed 3: c1 acknowledged delivery 3
        "#]],
    );
}

#[test]
fn work_that_outlives_its_channel_is_done_twice() {
    check(
        "
        queue work
        consumer c1 work prefetch_count=2
        5ms send 2 to /work 10ms
        10ms close channel of c1
        until 60ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 2
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  2 is ready in work
            6  work delivered 2 to c1 as delivery 2
            7  c1 began 1
            11 the channel of c1 closed: 2 unacked messages go back to work
            11 1 is ready in work again, in its old place: the channel of c1 closed
            11 2 is ready in work again, in its old place: the channel of c1 closed
            13 c1 consumes from work with prefetch 2
            13 work delivered 1 to c1 as delivery 1, redelivered
            13 work delivered 2 to c1 as delivery 2, redelivered
            17 c1 processed 1
            17 c1 began 1
            27 c1 processed 1
            27 c1 began 2
            28 work removed 1: c1 acknowledged delivery 1
            37 c1 processed 2
            38 work removed 2: c1 acknowledged delivery 2
        "#]],
    );
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    check(
        "
        queue work
        consumer c1 work
        consumer c2 work after=50ms
        5ms crash c3
        5ms crash c2
        5ms resume c1
        5ms restart c1
        5ms pause c1
        5ms pause c1
        5ms crash c1
        5ms remove c1
        6ms restart c1
        6ms close channel of c1
        until 60ms
        ",
        expect![[r#"
            1  c1 consumes from work without a prefetch limit
            5  refused 'crash c3': there is no consumer c3
            5  refused 'crash c2': c2 has not started yet
            5  refused 'resume c1': c1 is not paused
            5  refused 'restart c1': c1 is running
            5  c1 paused
            5  refused 'pause c1': c1 is already paused
            5  c1 crashed
            5  refused 'remove c1': c1 is not running
            6  the channel of c1 closed: 0 unacked messages go back to work
            6  c1 restarted
            6  refused 'close channel of c1': c1 has no open channel
            7  c1 consumes from work without a prefetch limit
            50 c2 started
            51 c2 consumes from work without a prefetch limit
        "#]],
    );
}
