//! What applications build of the broker's parts, and what a person asks of it.

use super::*;
use crate::rabbitmq::message::Properties;
use expect_test::expect;

#[test]
fn a_retry_queue_delays_and_a_parking_queue_takes_what_fails_too_often() {
    check(
        "queue a
         queue wait x-message-ttl=10 x-dead-letter-exchange= x-dead-letter-routing-key=a
         queue parked
         consumer c1 a on-failure=publish retry=wait limit=2/parked
         0ms send 1 to /a 2ms poison
         until 60ms",
        expect![[r#"
            1  c1 consumes from a without a prefetch limit
            1  1 is ready in a
            1  a delivered 1 to c1 as delivery 1
            2  c1 began 1
            4  c1 failed on 1 and sends it to another queue
            4  c1 sent 1 to wait, attempt 2
            5  1 is ready in wait
            7  a removed 1: c1 acknowledged delivery 1
            15 wait dead-lettered 1, expired: the default exchange took it with key 'a' to a
            15 1 is ready in a
            15 a delivered 1 to c1 as delivery 2
            16 c1 began 1
            18 c1 failed on 1 and sends it to another queue
            18 c1 sent 1 to parked after 2 attempts
            19 1 is ready in parked
            21 a removed 1: c1 acknowledged delivery 2
        "#]],
    );
}

#[test]
fn a_rejected_message_is_counted_by_its_deaths() {
    check(
        "queue a x-dead-letter-exchange= x-dead-letter-routing-key=wait
         queue wait x-message-ttl=10 x-dead-letter-exchange= x-dead-letter-routing-key=a
         queue parked
         consumer c1 a on-failure=reject limit=2/parked
         0ms send 1 to /a 2ms poison
         until 60ms",
        expect![[r#"
            1  c1 consumes from a without a prefetch limit
            1  1 is ready in a
            1  a delivered 1 to c1 as delivery 1
            2  c1 began 1
            4  c1 failed on 1 and rejects it
            5  a dead-lettered 1, rejected: the default exchange took it with key 'wait' to wait
            5  1 is ready in wait
            15 wait dead-lettered 1, expired: the default exchange took it with key 'a' to a
            15 1 is ready in a
            15 a delivered 1 to c1 as delivery 2
            16 c1 began 1
            18 c1 failed on 1 and sends it to another queue
            18 c1 sent 1 to parked after 2 attempts
            19 1 is ready in parked
            21 a removed 1: c1 acknowledged delivery 2
        "#]],
    );
}

#[test]
fn a_quorum_queue_counts_what_comes_back() {
    check(
        "queue a x-queue-type=quorum
         queue parked
         consumer c1 a on-failure=requeue limit=3/parked
         0ms send 1 to /a 2ms poison
         until 60ms",
        expect![[r#"
            1  c1 consumes from a without a prefetch limit
            1  1 is ready in a
            1  a delivered 1 to c1 as delivery 1
            2  c1 began 1
            4  c1 failed on 1 and returns it to the queue
            5  1 is ready in a again, at the front: c1 returned it
            5  a delivered 1 to c1 as delivery 2, redelivered
            6  c1 began 1
            8  c1 failed on 1 and returns it to the queue
            9  1 is ready in a again, at the front: c1 returned it
            9  a delivered 1 to c1 as delivery 3, redelivered
            10 c1 began 1
            12 c1 failed on 1 and sends it to another queue
            12 c1 sent 1 to parked after 3 attempts
            13 1 is ready in parked
            15 a removed 1: c1 acknowledged delivery 3
        "#]],
    );
}

#[test]
fn a_result_is_confirmed_before_its_cause_is_acknowledged() {
    check(
        "show all
         queue a
         queue done
         consumer c1 a publishes=/done
         0ms send 1 to /a 2ms
         until 60ms",
        expect![[r#"
            0  p published 1 to the default exchange
            1  c1 consumes from a without a prefetch limit
            1  the default exchange routed 1 to a
            1  1 is ready in a
            1  a delivered 1 to c1 as delivery 1
            2  c1 received 1
            2  c1 began 1
            2  p heard that 1 is confirmed
            4  c1 processed 1
            4  c1 published the result of 1 to the default exchange with key 'done'
            5  the default exchange routed 1 to done
            5  1 is ready in done
            7  a removed 1: c1 acknowledged delivery 1
        "#]],
    );
}

#[test]
fn what_cannot_be_published_goes_back_to_its_queue() {
    check(
        "queue a
         consumer c1 a publishes=/nobody
         0ms send 1 to /a 20ms
         until 30ms",
        expect![[r#"
            1  c1 consumes from a without a prefetch limit
            1  1 is ready in a
            1  a delivered 1 to c1 as delivery 1
            2  c1 began 1
            22 c1 processed 1
            23 the default exchange has no binding for 1: it is gone
            25 1 is ready in a again, in its old place: c1 returned it
            25 a delivered 1 to c1 as delivery 2, redelivered
            26 c1 began 1
        "#]],
    );
}

#[test]
fn an_idempotent_application_skips_what_it_has_done_even_after_a_crash() {
    check(
        "queue a
         consumer c1 a idempotent=true acks=after-batch
         0ms send 2 to /a 5ms
         9ms crash c1
         20ms restart c1
         until 60ms",
        expect![[r#"
            1  c1 consumes from a without a prefetch limit
            1  1 is ready in a
            1  a delivered 1 to c1 as delivery 1
            1  2 is ready in a
            1  a delivered 2 to c1 as delivery 2
            2  c1 began 1
            7  c1 processed 1
            7  c1 began 2
            9  c1 crashed
            10 the channel of c1 closed: 2 unacked messages go back to a
            10 1 is ready in a again, in its old place: the channel of c1 closed
            10 2 is ready in a again, in its old place: the channel of c1 closed
            20 c1 restarted
            21 c1 consumes from a without a prefetch limit
            21 a delivered 1 to c1 as delivery 1, redelivered
            21 a delivered 2 to c1 as delivery 2, redelivered
            22 c1 skipped 1: done before
            22 c1 began 2
            23 a removed 1: c1 acknowledged delivery 1
            27 c1 processed 2
            28 a removed 2: c1 acknowledged delivery 2
        "#]],
    );
}

#[test]
fn a_lost_confirm_is_answered_with_a_second_publish() {
    check(
        "show all
         queue a
         0ms lose confirm p
         0ms send 2 to /a
         until 60ms",
        expect![[r#"
            0  p published 1 to the default exchange
            0  p published 2 to the default exchange
            1  the default exchange routed 1 to a
            1  1 is ready in a
            1  the default exchange routed 2 to a
            1  2 is ready in a
            1  the connection of p broke, and a confirm is lost with it
            2  p published 1 again to the default exchange: it heard of no confirm
            2  p published 2 again to the default exchange: it heard of no confirm
            3  the default exchange routed 1 to a
            3  1 is ready in a
            3  the default exchange routed 2 to a
            3  2 is ready in a
            4  p heard that 1 is confirmed
            4  p heard that 2 is confirmed
        "#]],
    );
}

#[test]
fn what_a_broken_connection_leaves_uncommitted_is_sent_in_another_transaction() {
    check(
        "show all
         queue a
         publisher confirm.select=false tx.select=true tx.commit=2
         0ms lose confirm p
         0ms send 1 to /a
         1ms send 1 to /a
         2ms send 1 to /a
         until 60ms",
        expect![[r#"
            0  p published 1 to the default exchange
            1  p published 2 to the default exchange
            2  the default exchange routed 1 to a
            2  the default exchange routed 2 to a
            2  1 is ready in a
            2  2 is ready in a
            2  p published 3 to the default exchange
            2  the connection of p broke, and a confirm is lost with it
            3  p published 1 again to the default exchange: it heard of no confirm
            3  p published 2 again to the default exchange: it heard of no confirm
            3  p published 3 again to the default exchange: it heard of no confirm
            4  the default exchange routed 1 to a
            4  the default exchange routed 2 to a
            4  the default exchange routed 3 to a
            4  1 is ready in a
            4  2 is ready in a
            4  3 is ready in a
            5  p heard that 1 is confirmed
            5  p heard that 2 is confirmed
            5  p heard that 3 is confirmed
        "#]],
    );
}

#[test]
fn dead_letters_are_moved_back_one_by_one() {
    check(
        "queue a
         queue dlq
         consumer c1 a
         0ms send 2 to /dlq 1ms
         9ms move dlq to a
         20ms move dlq to a
         20ms move dlq to nobody
         until 60ms",
        expect![[r#"
            1  c1 consumes from a without a prefetch limit
            1  1 is ready in dlq
            1  2 is ready in dlq
            9  shovel moves 2 messages from dlq to a
            10 shovel consumes from dlq with prefetch 1000
            10 dlq delivered 1 to shovel as delivery 1
            10 dlq delivered 2 to shovel as delivery 2
            12 1 is ready in a
            12 a delivered 1 to c1 as delivery 1
            12 2 is ready in a
            12 a delivered 2 to c1 as delivery 2
            13 c1 began 1
            13 shovel moved 1 from dlq to a
            13 shovel moved 2 from dlq to a
            14 c1 processed 1
            14 c1 began 2
            14 dlq removed 1: shovel acknowledged delivery 1
            14 dlq removed 2: shovel acknowledged delivery 2
            14 the channel of shovel closed: 0 unacked messages go back to dlq
            15 a removed 1: c1 acknowledged delivery 1
            15 c1 processed 2
            16 a removed 2: c1 acknowledged delivery 2
            20 refused 'move dlq to a': nothing is ready in dlq
            20 refused 'move dlq to nobody': there is no queue nobody
        "#]],
    );
}

#[test]
fn purging_and_deleting_take_everything_out() {
    check(
        "queue a
         queue b
         consumer c1 a prefetch_count=1
         0ms send 3 to /a 50ms
         0ms send 1 to /b
         9ms purge a
         9ms purge b
         10ms purge c
         12ms delete a
         20ms crash c1
         30ms restart c1
         until 60ms",
        expect![[r#"
            1  c1 consumes from a with prefetch 1
            1  1 is ready in a
            1  a delivered 1 to c1 as delivery 1
            1  2 is ready in a
            1  3 is ready in a
            1  4 is ready in b
            2  c1 began 1
            9  a was purged of 2 messages
            9  b was purged of 1 message
            10 refused 'purge c': there is no queue c
            12 a is deleted with 1 message: a client deleted it
            20 c1 crashed
            30 c1 restarted
            31 the broker closed the channel of c1: 404 NOT_FOUND - no queue 'a' in vhost '/'
        "#]],
    );
}

#[test]
fn a_setting_is_read_when_a_client_begins_anew() {
    check(
        "queue a
         consumer c1 a prefetch_count=2
         0ms send 4 to /a 5ms
         3ms set c1 prefetch_count=1
         5ms set p mandatory=true
         9ms send 1 to /nobody
         until 20ms",
        expect![[r#"
            1  c1 consumes from a with prefetch 2
            1  1 is ready in a
            1  a delivered 1 to c1 as delivery 1
            1  2 is ready in a
            1  a delivered 2 to c1 as delivery 2
            1  3 is ready in a
            1  4 is ready in a
            2  c1 began 1
            3  c1 begins anew with prefetch_count=1
            4  c1 consumes from a with prefetch 1
            4  a delivered 3 to c1 as delivery 3
            5  p begins anew with mandatory=true
            7  c1 processed 1
            7  c1 began 2
            8  a removed 1: c1 acknowledged delivery 1
            10 the default exchange has no binding for 5: it is gone
            11 5 came back to p: it went nowhere
            12 c1 processed 2
            12 c1 began 3
            13 a removed 2: c1 acknowledged delivery 2
            17 c1 processed 3
            18 a removed 3: c1 acknowledged delivery 3
            18 a delivered 4 to c1 as delivery 4
            19 c1 began 4
        "#]],
    );
}

#[test]
fn a_setting_that_cannot_be_is_refused_with_a_reason() {
    for (what, why) in [
        ("set c1 prefetch=1", "'prefetch' is not a setting here; the nearest is 'prefetch_count'"),
        ("set p tx.select=true", "PRECONDITION_FAILED - cannot switch from confirm to tx mode"),
        ("set a x-max-length=1", "the arguments of a queue cannot be changed: "),
        ("set d prefetch_count=1", "there is no consumer or publisher d"),
    ] {
        let (_, trace) = run(&format!("queue a\nconsumer c1 a\n3ms {what}\nuntil 4ms"));
        let refused = format!("3  refused '{what}': {why}");
        assert!(trace.0.contains(&refused), "{}", trace.0);
    }
}

#[test]
fn a_restart_takes_what_is_not_persistent() {
    let script = "queue a
         0ms send 2 to /a
         5ms restart broker
         until 9ms";
    let mut script = Script::read(script);
    let properties = |persistent| Properties { persistent, ..Properties::default() };
    script.config.destinations[0].properties = [properties(true), properties(false)].into();
    let mut trace = Trace::default();
    let commands = std::mem::take(&mut script.commands);
    let mut world = World::new(script.broker(), 1, &mut trace);
    for (at, command) in commands {
        world.run_until(&mut trace, at);
        world.command(&mut trace, command);
    }
    let told: Vec<&str> = trace.0.lines().filter(|it| it.starts_with('5')).collect();
    assert_eq!(told, ["5  the broker restarted", "5  a lost 1 message that was not persistent"]);
}

#[test]
fn an_exclusive_queue_is_declared_by_its_consumer_and_goes_with_it() {
    let script = "queue a
         exchange x fanout
         bind x a
         consumer c1 a
         consumer c2 a after=2ms
         0ms send 1 to x/
         3ms send 1 to x/ 1ms
         9ms crash c1
         12ms send 1 to x/ 1ms
         15ms restart c1
         18ms send 1 to x/ 1ms
         until 40ms";
    let mut script = Script::read(script);
    script.config.queues[0].properties.exclusive = true;
    let mut trace = Trace::default();
    let commands = std::mem::take(&mut script.commands);
    let mut world = World::new(script.broker(), 1, &mut trace);
    for (at, command) in commands {
        world.run_until(&mut trace, at);
        world.command(&mut trace, command);
    }
    world.run_until(&mut trace, SimTime::from_ms(40));
    every_message_is_somewhere_once(&world);
    let told: String = trace.0.lines().map(|it| format!("{it:.90}\n")).collect();
    expect![[r#"
        0  p published 1 to exchange x
        1  c1 consumes from a without a prefetch limit
        1  exchange x routed 1 to a
        1  1 is ready in a
        1  a delivered 1 to c1 as delivery 1
        2  c2 started
        2  c1 received 1
        2  c1 began 1
        2  c1 processed 1
        2  p heard that 1 is confirmed
        3  p published 2 to exchange x
        3  the broker closed the channel of c2: 405 RESOURCE_LOCKED - cannot obtain exclusive acce
        3  a removed 1: c1 acknowledged delivery 1
        4  exchange x routed 2 to a
        4  2 is ready in a
        4  a delivered 2 to c1 as delivery 2
        5  c1 received 2
        5  c1 began 2
        5  p heard that 2 is confirmed
        6  c1 processed 2
        7  a removed 2: c1 acknowledged delivery 2
        9  c1 crashed
        10 the channel of c1 closed: 0 unacked messages go back to a
        10 a is deleted with 0 messages: its connection is closed
        12 p published 3 to exchange x
        13 exchange x has no binding for 3: it is gone
        14 p heard that 3 is confirmed
        15 c1 restarted
        16 c1 consumes from a without a prefetch limit
        18 p published 4 to exchange x
        19 exchange x routed 4 to a
        19 4 is ready in a
        19 a delivered 4 to c1 as delivery 1
        20 c1 received 4
        20 c1 began 4
        20 p heard that 4 is confirmed
        21 c1 processed 4
        22 a removed 4: c1 acknowledged delivery 1
    "#]]
    .assert_eq(&told);
}
