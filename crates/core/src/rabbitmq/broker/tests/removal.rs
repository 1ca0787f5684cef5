use super::check;
use expect_test::expect;

#[test]
fn a_full_queue_drops_its_oldest_ready_message() {
    check(
        "
        queue work x-max-length=2
        5ms send 4 to /work
        until 20ms
        show all
        ",
        expect![[r#"
            5  p published 1 to the default exchange
            5  p published 2 to the default exchange
            5  p published 3 to the default exchange
            5  p published 4 to the default exchange
            6  the default exchange routed 1 to work
            6  1 is ready in work
            6  the default exchange routed 2 to work
            6  2 is ready in work
            6  the default exchange routed 3 to work
            6  3 is ready in work
            6  work dropped 1: maxlen
            6  the default exchange routed 4 to work
            6  4 is ready in work
            6  work dropped 2: maxlen
            7  p heard that 1 is confirmed
            7  p heard that 2 is confirmed
            7  p heard that 3 is confirmed
            7  p heard that 4 is confirmed
        "#]],
    );
}

#[test]
fn only_ready_messages_count_for_the_length() {
    check(
        "
        queue work x-max-length=1
        consumer c1 work prefetch_count=2
        5ms send 4 to /work 50ms
        20ms remove c1
        until 30ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 2
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  2 is ready in work
            6  work delivered 2 to c1 as delivery 2
            6  3 is ready in work
            6  4 is ready in work
            6  work dropped 3: maxlen
            7  c1 began 1
            20 c1 was closed
            21 the channel of c1 closed: 2 unacked messages go back to work
            21 1 is ready in work again, in its old place: the channel of c1 closed
            21 2 is ready in work again, in its old place: the channel of c1 closed
            21 work dropped 1: maxlen
            21 work dropped 2: maxlen
        "#]],
    );
}

#[test]
fn a_queue_of_length_zero_serves_who_is_there() {
    check(
        "
        queue work x-max-length=0
        consumer c1 work prefetch_count=1
        5ms send 2 to /work 5ms
        until 20ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 1
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  2 is ready in work
            6  work dropped 2: maxlen
            7  c1 began 1
            12 c1 processed 1
            13 work removed 1: c1 acknowledged delivery 1
        "#]],
    );
}

#[test]
fn messages_expire_while_they_are_ready_and_not_while_they_are_unacked() {
    check(
        "
        queue work x-message-ttl=20
        consumer c1 work prefetch_count=1 on-failure=requeue
        5ms send 1 to /work 40ms poison
        5ms send 1 to /work 5ms
        15ms send 1 to /work 5ms
        until 100ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 1
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  2 is ready in work
            7  c1 began 1
            16 3 is ready in work
            26 work dropped 2: expired
            36 work dropped 3: expired
            47 c1 failed on 1 and returns it to the queue
            48 1 is ready in work again, in its old place: c1 returned it
            48 work dropped 1: expired
        "#]],
    );
}

#[test]
fn a_ttl_of_zero_serves_who_is_there() {
    check(
        "
        queue work x-message-ttl=0
        consumer c1 work prefetch_count=1
        5ms send 2 to /work 5ms
        until 30ms
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 1
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  2 is ready in work
            6  work dropped 2: expired
            7  c1 began 1
            12 c1 processed 1
            13 work removed 1: c1 acknowledged delivery 1
        "#]],
    );
}

#[test]
fn a_rejected_message_goes_to_the_dead_letter_exchange() {
    check(
        "
        queue work x-dead-letter-exchange=dlx
        queue dead
        queue watch
        exchange dlx fanout
        bind dlx dead
        bind dlx watch
        consumer c1 work on-failure=reject
        consumer c2 dead on-failure=ack
        5ms send 1 to /work poison
        until 30ms
        ",
        expect![[r#"
            1  c1 consumes from work without a prefetch limit
            1  c2 consumes from dead without a prefetch limit
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            7  c1 began 1
            7  c1 failed on 1 and rejects it
            8  work dead-lettered 1, rejected: exchange dlx took it with key 'work' to dead, watch
            8  1 is ready in dead
            8  dead delivered 1 to c2 as delivery 1
            8  1 is ready in watch
            9  c2 began 1
            9  c2 failed on 1 and acknowledges it all the same
            10 dead removed 1: c2 acknowledged delivery 1
        "#]],
    );
}

#[test]
fn a_dead_letter_routing_key_replaces_the_messages_own() {
    check(
        "
        queue work x-dead-letter-exchange= x-dead-letter-routing-key=dead x-max-length=1
        queue dead
        5ms send 2 to /work
        until 30ms
        ",
        expect![[r#"
            6  1 is ready in work
            6  2 is ready in work
            6  work dead-lettered 1, maxlen: the default exchange took it with key 'dead' to dead
            6  1 is ready in dead
        "#]],
    );
}

#[test]
fn a_dead_letter_exchange_that_is_missing_or_routes_nowhere_loses_messages() {
    check(
        "
        queue a x-dead-letter-exchange=nosuch x-message-ttl=5
        queue b x-dead-letter-exchange=amq.direct x-message-ttl=5
        5ms send 1 to /a
        5ms send 1 to /b
        until 30ms
        ",
        expect![[r#"
            6  1 is ready in a
            6  2 is ready in b
            11 a dropped 1: expired
            11 b dead-lettered 2, expired: exchange amq.direct took it with key 'b' to no queue
        "#]],
    );
}

#[test]
fn expiry_alone_does_not_send_a_message_round_in_circles() {
    check(
        "
        queue a x-dead-letter-exchange=amq.direct x-dead-letter-routing-key=b x-message-ttl=5
        queue b x-dead-letter-exchange=amq.direct x-dead-letter-routing-key=a x-message-ttl=5
        bind amq.direct a a
        bind amq.direct b b
        5ms send 1 to /a
        until 60ms
        ",
        expect![[r#"
            6  1 is ready in a
            11 a dead-lettered 1, expired: exchange amq.direct took it with key 'b' to b
            11 1 is ready in b
            16 b dead-lettered 1, expired: exchange amq.direct took it with key 'a' to no queue
        "#]],
    );
}

#[test]
fn a_rejection_in_the_loop_makes_it_a_retry() {
    check(
        "
        queue work x-dead-letter-exchange=amq.direct x-dead-letter-routing-key=retry
        queue retry x-dead-letter-exchange=amq.direct x-dead-letter-routing-key=work x-message-ttl=9
        bind amq.direct work work
        bind amq.direct retry retry
        consumer c1 work on-failure=reject
        5ms send 1 to /work 1ms poison
        until 36ms
        ",
        expect![[r#"
            1  c1 consumes from work without a prefetch limit
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            7  c1 began 1
            8  c1 failed on 1 and rejects it
            9  work dead-lettered 1, rejected: exchange amq.direct took it with key 'retry' to retry
            9  1 is ready in retry
            18 retry dead-lettered 1, expired: exchange amq.direct took it with key 'work' to work
            18 1 is ready in work
            18 work delivered 1 to c1 as delivery 2
            19 c1 began 1
            20 c1 failed on 1 and rejects it
            21 work dead-lettered 1, rejected: exchange amq.direct took it with key 'retry' to retry
            21 1 is ready in retry
            30 retry dead-lettered 1, expired: exchange amq.direct took it with key 'work' to work
            30 1 is ready in work
            30 work delivered 1 to c1 as delivery 3
            31 c1 began 1
            32 c1 failed on 1 and rejects it
            33 work dead-lettered 1, rejected: exchange amq.direct took it with key 'retry' to retry
            33 1 is ready in retry
        "#]],
    );
}
