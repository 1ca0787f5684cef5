use super::check;
use expect_test::expect;

#[test]
fn a_message_goes_from_publisher_to_acknowledgement() {
    check(
        "
        queue work
        consumer c1 work prefetch_count=1
        5ms send 2 to /work 3ms
        until 50ms
        show all
        ",
        expect![[r#"
            1  c1 consumes from work with prefetch 1
            5  p published 1 to the default exchange
            5  p published 2 to the default exchange
            6  the default exchange routed 1 to work
            6  1 is ready in work
            6  work delivered 1 to c1 as delivery 1
            6  the default exchange routed 2 to work
            6  2 is ready in work
            7  c1 received 1
            7  c1 began 1
            7  p heard that 1 is confirmed
            7  p heard that 2 is confirmed
            10 c1 processed 1
            11 work removed 1: c1 acknowledged delivery 1
            11 work delivered 2 to c1 as delivery 2
            12 c1 received 2
            12 c1 began 2
            15 c1 processed 2
            16 work removed 2: c1 acknowledged delivery 2
        "#]],
    );
}

#[test]
fn each_queue_gets_one_copy_and_what_no_binding_matches_is_gone_but_confirmed() {
    check(
        "
        queue a
        queue b
        queue c
        exchange news fanout
        bind news b
        bind news a
        bind news a again
        bind amq.direct c red
        5ms send 1 to news/x
        6ms send 1 to amq.direct/red
        7ms send 1 to amq.direct/blue
        8ms send 1 to /nobody
        until 50ms
        show all
        ",
        expect![[r#"
            5  p published 1 to exchange news
            6  exchange news routed 1 to a, b
            6  1 is ready in a
            6  1 is ready in b
            6  p published 2 to exchange amq.direct
            7  exchange amq.direct routed 2 to c
            7  2 is ready in c
            7  p published 3 to exchange amq.direct
            7  p heard that 1 is confirmed
            8  exchange amq.direct has no binding for 3: it is gone
            8  p published 4 to the default exchange
            8  p heard that 2 is confirmed
            9  p heard that 3 is confirmed
            9  the default exchange has no binding for 4: it is gone
            10 p heard that 4 is confirmed
        "#]],
    );
}

#[test]
fn a_message_key_can_be_the_routing_key() {
    check(
        "
        queue key-0
        queue key-1
        5ms send 1 to /KEY
        5ms send 1 to /KEY
        5ms send 1 to /KEY
        until 50ms
        show all
        ",
        expect![[r#"
            5  p published 1 to the default exchange
            5  p published 2 to the default exchange
            5  p published 3 to the default exchange
            6  the default exchange routed 1 to key-0
            6  1 is ready in key-0
            6  the default exchange routed 2 to key-1
            6  2 is ready in key-1
            6  the default exchange has no binding for 3: it is gone
            7  p heard that 3 is confirmed
            7  p heard that 1 is confirmed
            7  p heard that 2 is confirmed
        "#]],
    );
}

#[test]
fn publishing_to_a_missing_exchange_closes_the_channel_and_leaves_it_unconfirmed() {
    check(
        "
        queue work
        5ms send 1 to /work
        5ms send 1 to nosuch/work
        5ms send 1 to /work
        10ms send 1 to /work
        until 50ms
        show all
        ",
        expect![[r#"
            5  p published 1 to the default exchange
            5  p published 2 to exchange nosuch
            5  p published 3 to the default exchange
            6  the default exchange routed 1 to work
            6  1 is ready in work
            6  the broker closed the channel of p: 404 NOT_FOUND - no exchange 'nosuch' in vhost '/'
            10 p published 4 to the default exchange
            11 the default exchange routed 4 to work
            11 4 is ready in work
            12 p heard that 4 is confirmed
        "#]],
    );
}

#[test]
fn two_queues_with_two_consumers_each_do_not_disturb_each_other() {
    check(
        "
        queue a
        queue b
        consumer a1 a prefetch_count=1
        consumer a2 a prefetch_count=1
        consumer b1 b prefetch_count=1
        consumer b2 b prefetch_count=1
        exchange news fanout
        bind news a
        bind news b
        5ms send 3 to news/x 4ms
        6ms crash b1
        until 50ms
        ",
        expect![[r#"
            1  a1 consumes from a with prefetch 1
            1  a2 consumes from a with prefetch 1
            1  b1 consumes from b with prefetch 1
            1  b2 consumes from b with prefetch 1
            6  1 is ready in a
            6  a delivered 1 to a1 as delivery 1
            6  1 is ready in b
            6  b delivered 1 to b1 as delivery 1
            6  2 is ready in a
            6  a delivered 2 to a2 as delivery 1
            6  2 is ready in b
            6  b delivered 2 to b2 as delivery 1
            6  3 is ready in a
            6  3 is ready in b
            6  b1 crashed
            7  a1 began 1
            7  a2 began 2
            7  b2 began 2
            7  the channel of b1 closed: 1 unacked message goes back to b
            7  1 is ready in b again, in its old place: the channel of b1 closed
            11 a1 processed 1
            11 a2 processed 2
            11 b2 processed 2
            12 a removed 1: a1 acknowledged delivery 1
            12 a delivered 3 to a1 as delivery 2
            12 a removed 2: a2 acknowledged delivery 1
            12 b removed 2: b2 acknowledged delivery 1
            12 b delivered 1 to b2 as delivery 2, redelivered
            13 a1 began 3
            13 b2 began 1
            17 a1 processed 3
            17 b2 processed 1
            18 a removed 3: a1 acknowledged delivery 2
            18 b removed 1: b2 acknowledged delivery 2
            18 b delivered 3 to b2 as delivery 3
            19 b2 began 3
            23 b2 processed 3
            24 b removed 3: b2 acknowledged delivery 3
        "#]],
    );
}
