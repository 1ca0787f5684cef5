use super::check;
use expect_test::expect;

#[test]
fn delivery_goes_round_by_turns() {
    check(
        "
        queue work
        consumer c1 work
        consumer c2 work
        consumer c3 work
        5ms send 5 to /work
        until 8ms
        ",
        expect![[r#"
            1  c1 consumes from work without a prefetch limit
            1  c2 consumes from work without a prefetch limit
            1  c3 consumes from work without a prefetch limit
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  2 is ready in work
            6  work delivered 2 to c2 as delivery 1
            6  3 is ready in work
            6  work delivered 3 to c3 as delivery 1
            6  4 is ready in work
            6  work delivered 4 to c1 as delivery 2
            6  5 is ready in work
            6  work delivered 5 to c2 as delivery 2
            7  c1 began 1
            7  c2 began 2
            7  c3 began 3
            7  c1 processed 1
            7  c1 began 4
            7  c2 processed 2
            7  c2 began 5
            7  c3 processed 3
            7  c1 processed 4
            7  c2 processed 5
            8  work removed 1: c1 acknowledged delivery 1
            8  work removed 2: c2 acknowledged delivery 1
            8  work removed 3: c3 acknowledged delivery 1
            8  work removed 4: c1 acknowledged delivery 2
            8  work removed 5: c2 acknowledged delivery 2
        "#]],
    );
}

#[test]
fn a_consumer_over_its_prefetch_leaves_the_rotation_and_rejoins_at_the_tail() {
    check(
        "
        queue work
        consumer c1 work prefetch_count=1
        consumer c2 work prefetch_count=2
        5ms send 5 to /work 5ms
        until 30ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 1
            1  c2 consumes from work with prefetch 2
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  2 is ready in work
            6  work delivered 2 to c2 as delivery 1
            6  3 is ready in work
            6  work delivered 3 to c2 as delivery 2
            6  4 is ready in work
            6  5 is ready in work
            7  c1 began 1
            7  c2 began 2
            12 c1 processed 1
            12 c2 processed 2
            12 c2 began 3
            13 work removed 1: c1 acknowledged delivery 1
            13 work delivered 4 to c1 as delivery 2
            13 work removed 2: c2 acknowledged delivery 1
            13 work delivered 5 to c2 as delivery 3
            14 c1 began 4
            17 c2 processed 3
            17 c2 began 5
            18 work removed 3: c2 acknowledged delivery 2
            19 c1 processed 4
            20 work removed 4: c1 acknowledged delivery 2
            22 c2 processed 5
            23 work removed 5: c2 acknowledged delivery 3
        "#]],
    );
}

#[test]
fn an_unlimited_prefetch_gives_a_backlog_to_the_first_who_comes() {
    check(
        "
        queue work
        consumer c1 work after=10ms
        consumer c2 work after=10ms
        1ms send 3 to /work 5ms
        until 40ms
        ",
        expect![[r#"
            2  1 is ready in work
            2  2 is ready in work
            2  3 is ready in work
            10 c1 started
            10 c2 started
            11 c1 consumes from work without a prefetch limit
            11 work delivered 1 to c1 as delivery 1
            11 work delivered 2 to c1 as delivery 2
            11 work delivered 3 to c1 as delivery 3
            11 c2 consumes from work without a prefetch limit
            12 c1 began 1
            17 c1 processed 1
            17 c1 began 2
            18 work removed 1: c1 acknowledged delivery 1
            22 c1 processed 2
            22 c1 began 3
            23 work removed 2: c1 acknowledged delivery 2
            27 c1 processed 3
            28 work removed 3: c1 acknowledged delivery 3
        "#]],
    );
}

#[test]
fn a_failed_message_that_is_requeued_comes_back_to_its_old_place() {
    check(
        "
        queue work
        consumer c1 work prefetch_count=1
        5ms send 1 to /work 5ms poison
        5ms send 2 to /work 5ms
        until 22ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 1
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  2 is ready in work
            6  3 is ready in work
            7  c1 began 1
            12 c1 failed on 1 and returns it to the queue
            13 1 is ready in work again, in its old place: c1 returned it
            13 work delivered 1 to c1 as delivery 2, redelivered
            14 c1 began 1
            19 c1 failed on 1 and returns it to the queue
            20 1 is ready in work again, in its old place: c1 returned it
            20 work delivered 1 to c1 as delivery 3, redelivered
            21 c1 began 1
        "#]],
    );
}

#[test]
fn a_failed_message_can_be_rejected_or_acknowledged() {
    check(
        "
        queue a
        queue b
        queue c
        consumer c1 a on-failure=reject
        consumer c2 b on-failure=ack
        consumer c3 c auto_ack=true
        5ms send 1 to /a poison
        6ms send 1 to /b poison
        7ms send 1 to /c poison
        until 50ms
        ",
        expect![[r#"
            1  c1 consumes from a without a prefetch limit
            1  c2 consumes from b without a prefetch limit
            1  c3 consumes from c without a prefetch limit
            6  1 is ready in a
            6  a delivered 1 to c1 as delivery 1
            7  c1 began 1
            7  2 is ready in b
            7  b delivered 2 to c2 as delivery 1
            7  c1 failed on 1 and rejects it
            8  c2 began 2
            8  3 is ready in c
            8  c sent 3 to c3 as delivery 1 and forgot it, auto_ack
            8  a dropped 1: rejected
            8  c2 failed on 2 and acknowledges it all the same
            9  c3 began 3
            9  b removed 2: c2 acknowledged delivery 1
            9  c3 failed on 3 and goes on
        "#]],
    );
}

#[test]
fn automatic_acknowledgement_knows_no_prefetch() {
    check(
        "
        queue work
        consumer c1 work prefetch_count=1 auto_ack=true
        5ms send 3 to /work 5ms
        until 40ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 1
            6  1 is ready in work
            6  work sent 1 to c1 as delivery 1 and forgot it, auto_ack
            6  2 is ready in work
            6  work sent 2 to c1 as delivery 2 and forgot it, auto_ack
            6  3 is ready in work
            6  work sent 3 to c1 as delivery 3 and forgot it, auto_ack
            7  c1 began 1
            12 c1 processed 1
            12 c1 began 2
            17 c1 processed 2
            17 c1 began 3
            22 c1 processed 3
        "#]],
    );
}

#[test]
fn acknowledging_before_the_work_is_a_choice() {
    check(
        "
        queue work
        consumer c1 work prefetch_count=1 acks=before-work
        5ms send 2 to /work 5ms
        until 40ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 1
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  2 is ready in work
            7  c1 began 1
            8  work removed 1: c1 acknowledged delivery 1
            8  work delivered 2 to c1 as delivery 2
            12 c1 processed 1
            12 c1 began 2
            13 work removed 2: c1 acknowledged delivery 2
            17 c1 processed 2
        "#]],
    );
}

#[test]
fn a_batch_is_acknowledged_at_once_and_comes_back_whole_after_a_crash() {
    check(
        "
        queue work
        consumer c1 work prefetch_count=2 acks=after-batch
        2ms send 5 to /work 5ms
        22ms crash c1
        25ms restart c1
        until 60ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 2
            3  1 is ready in work
            3  work delivered 1 to c1 as delivery 1
            3  2 is ready in work
            3  work delivered 2 to c1 as delivery 2
            3  3 is ready in work
            3  4 is ready in work
            3  5 is ready in work
            4  c1 began 1
            9  c1 processed 1
            9  c1 began 2
            14 c1 processed 2
            15 work removed 1: c1 acknowledged delivery 1
            15 work removed 2: c1 acknowledged delivery 2
            15 work delivered 3 to c1 as delivery 3
            15 work delivered 4 to c1 as delivery 4
            16 c1 began 3
            21 c1 processed 3
            21 c1 began 4
            22 c1 crashed
            23 the channel of c1 closed: 2 unacked messages go back to work
            23 3 is ready in work again, in its old place: the channel of c1 closed
            23 4 is ready in work again, in its old place: the channel of c1 closed
            25 c1 restarted
            26 c1 consumes from work with prefetch 2
            26 work delivered 3 to c1 as delivery 1, redelivered
            26 work delivered 4 to c1 as delivery 2, redelivered
            27 c1 began 3
            32 c1 processed 3
            32 c1 began 4
            37 c1 processed 4
            38 work removed 3: c1 acknowledged delivery 1
            38 work removed 4: c1 acknowledged delivery 2
            38 work delivered 5 to c1 as delivery 3
            39 c1 began 5
            44 c1 processed 5
            45 work removed 5: c1 acknowledged delivery 3
        "#]],
    );
}
