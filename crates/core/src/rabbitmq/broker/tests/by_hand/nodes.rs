//! Quorum queues with members on three nodes, two milliseconds from each other.

use super::*;
use expect_test::expect;

fn on_three_nodes(script: &str, expect: Expect) {
    run_by_hand(BrokerSettings { nodes: 3, ..BrokerSettings::default() }, script, expect);
}

#[test]
fn a_message_is_confirmed_when_most_nodes_have_it() {
    on_three_nodes(
        "
            A queue q x-queue-type=quorum
            A queue c
            P confirm
            P publish /q m1
            P publish /c m2
            stat q
            sleep 3ms
            stat q
            sleep 1ms
            stat q
            C consume q c
            sleep 4ms
            C ack 1
            stat q
            sleep 4ms
            stat q
        ",
        expect![[r#"
            P: confirmed 2
            q: 0 ready, 0 unacked, 0 use it
            q: 0 ready, 0 unacked, 0 use it
            P: confirmed 1
            q: 1 ready, 0 unacked, 0 use it
            C: c 1 m1 /q
            q: 0 ready, 1 unacked, 1 use it
            q: 0 ready, 0 unacked, 1 use it
        "#]],
    );
}

#[test]
fn a_queue_goes_on_without_one_of_three_nodes() {
    on_three_nodes(
        "
            A queue q x-queue-type=quorum
            P confirm
            C consume q c
            P publish /q m1
            sleep 10ms
            leader q
            node stop 1
            leader q
            P publish /q m2
            sleep 900ms
            stat q
            sleep 200ms
            leader q
            stat q
            C ack 1
            sleep 10ms
            stat q
            node start 1
            sleep 10ms
            leader q
        ",
        expect![[r#"
            P: confirmed 1
            C: c 1 m1 /q
            q: led by Some(1)
            q: led by None
            q: 0 ready, 1 unacked, 1 use it
            P: confirmed 2
            C: c 2 m2 /q
            q: led by Some(2)
            q: 0 ready, 2 unacked, 1 use it
            q: 0 ready, 1 unacked, 1 use it
            q: led by Some(2)
        "#]],
    );
}

#[test]
fn one_of_three_nodes_confirms_nothing_and_loses_nothing() {
    on_three_nodes(
        "
            A queue q x-queue-type=quorum
            P confirm
            P publish /q m1
            sleep 10ms
            node stop 2
            node stop 3
            P publish /q m2
            sleep 10s
            stat q
            node start 3
            sleep 10ms
            stat q
            node stop 1
            node stop 3
            node start 2
            sleep 10s
            leader q
            node start 1
            sleep 2s
            leader q
            A get q auto
            sleep 10ms
            A get q auto
            sleep 10ms
        ",
        expect![[r#"
            P: confirmed 1
            q: 1 ready, 0 unacked, 0 use it
            P: confirmed 2
            q: 2 ready, 0 unacked, 0 use it
            q: led by None
            q: led by Some(1)
            A: got 1 m1 /q, 1 left
            A: got 2 m2 /q, 0 left
        "#]],
    );
}

#[test]
fn a_consumer_that_goes_before_its_queue_knows_loses_nothing() {
    on_three_nodes(
        "
            A queue q x-queue-type=quorum
            C consume q c
            sleep 10ms
            P publish /q m1
            sleep 2ms
            C disconnect
            sleep 10ms
            stat q
            A get q auto
            sleep 10ms
        ",
        expect![[r#"
            q: 1 ready, 0 unacked, 0 use it
            A: got 1 m1* /q x-delivery-count=1, 0 left
        "#]],
    );
}
