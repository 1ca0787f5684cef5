//! Who is served when, and where a message stands that came back.

use super::*;
use expect_test::expect;

#[test]
fn a_shared_prefetch_holds_for_all_consumers_of_a_channel() {
    by_hand(
        Version::V4_0,
        "
            A queue q
            A queue r
            C qos 2 global
            C consume q c
            C consume r d
            P publish /q m1 m2 m3
            P publish /r m4
            C ack 1
            C qos 0 global
            C get q
        ",
        expect![[r#"
            C: c 1 m1 /q
            C: c 2 m2 /q
            C: c 3 m3 /q
            C: d 4 m4 /r
            C: nothing to get
        "#]],
    );
}

#[test]
fn both_prefetches_have_to_allow_it() {
    by_hand(
        Version::V4_0,
        "
            A queue q
            C qos 3 global
            C qos 2
            C consume q c
            C consume q d
            P publish /q m1 m2 m3 m4
            C ack 2 multiple
        ",
        expect![[r#"
            C: c 1 m1 /q
            C: d 2 m2 /q
            C: c 3 m3 /q
            C: d 4 m4 /q
        "#]],
    );
}

#[test]
fn without_a_delivery_limit_a_quorum_queue_puts_what_comes_back_at_the_end() {
    by_hand(
        Version::V3_10,
        "
            A queue q x-queue-type=quorum
            P publish /q m1 m2 m3
            C qos 2
            C consume q c
            C nack 1
            C nack 3 multiple
            C close
            A get q auto
            A get q auto
            A get q auto
        ",
        expect![[r#"
            C: c 1 m1 /q
            C: c 2 m2 /q
            C: c 3 m3 /q
            C: c 4 m1* /q x-delivery-count=1
            C: c 5 m2* /q x-delivery-count=1
            A: got 1 m1* /q x-delivery-count=2, 2 left
            A: got 2 m2* /q x-delivery-count=2, 1 left
            A: got 3 m3* /q x-delivery-count=1, 0 left
        "#]],
    );
}

#[test]
fn with_a_delivery_limit_it_puts_it_at_the_front() {
    by_hand(
        Version::V4_0,
        "
            A queue q x-queue-type=quorum
            P publish /q m1 m2 m3
            C qos 2
            C consume q c
            C cancel c
            C nack 2
            C nack 1
            A get q auto
            A get q auto
            A get q auto
        ",
        expect![[r#"
            C: c 1 m1 /q
            C: c 2 m2 /q
            A: got 1 m2* /q x-delivery-count=1, 2 left
            A: got 2 m1* /q x-delivery-count=1, 1 left
            A: got 3 m3 /q, 0 left
        "#]],
    );
}

#[test]
fn a_single_active_consumer_gives_way_when_it_is_gone() {
    by_hand(
        Version::V4_0,
        "
            A queue q x-queue-type=quorum x-single-active-consumer=true
            C qos 1
            C consume q c
            D consume q d x-priority=1
            E consume q e x-priority=5
            P publish /q m1 m2 m3
            A get q
            C close
            D close
            stat q
        ",
        expect![[r#"
            E: e 1 m1 /q
            E: e 2 m2 /q
            E: e 3 m3 /q
            A: closed 405 RESOURCE_LOCKED - cannot obtain access to locked queue 'q' in vhost '/
            q: 0 ready, 3 unacked, 1 use it
        "#]],
    );
}

#[test]
fn a_single_active_consumer_of_a_classic_queue_is_the_first() {
    by_hand(
        Version::V4_0,
        "
            A queue q x-single-active-consumer=true
            C qos 1
            D qos 1
            E qos 1
            C consume q c
            D consume q d
            E consume q e x-priority=5
            P publish /q m1 m2 m3
            C cancel c
            C ack 1
            stat q
        ",
        expect![[r#"
            C: c 1 m1 /q
            E: e 1 m2 /q
            q: 1 ready, 1 unacked, 2 use it
        "#]],
    );
}

#[test]
fn consumers_of_higher_priority_are_served_first() {
    by_hand(
        Version::V4_0,
        "
            A queue q
            C qos 1
            D qos 2
            C consume q c
            D consume q d x-priority=10
            P publish /q m1 m2 m3 m4
            D ack 2
        ",
        expect![[r#"
            D: d 1 m1 /q
            D: d 2 m2 /q
            C: c 1 m3 /q
            D: d 3 m4 /q
        "#]],
    );
}

#[test]
fn all_that_is_unacknowledged_can_be_recovered() {
    by_hand(
        Version::V4_0,
        "
            A queue q x-queue-type=quorum x-delivery-limit=1
            P publish /q m1 m2
            C consume q c
            C recover
            C recover
            stat q
        ",
        expect![[r#"
            C: c 1 m1 /q
            C: c 2 m2 /q
            C: c 3 m1* /q x-delivery-count=1
            C: c 4 m2* /q x-delivery-count=1
            q: 0 ready, 0 unacked, 1 use it
        "#]],
    );
}

#[test]
fn a_transaction_gives_nothing_back_by_itself() {
    by_hand(
        Version::V4_0,
        "
            A queue q
            P publish /q m1 m2
            C tx-select
            C consume q c
            C ack 1
            C publish /nobody m3 mandatory
            C publish /q m4
            stat q
            C tx-rollback
            C ack 2 multiple
            C tx-commit
            stat q
            C confirm
            stat q
        ",
        expect![[r#"
            C: c 1 m1 /q
            C: c 2 m2 /q
            q: 0 ready, 2 unacked, 1 use it
            q: 0 ready, 0 unacked, 1 use it
            C: closed 406 PRECONDITION_FAILED - cannot switch from tx to confirm mode
            q: 0 ready, 0 unacked, 0 use it
        "#]],
    );
}

#[test]
fn a_cancelled_consumer_of_a_quorum_queue_counts_while_it_holds_something() {
    by_hand(
        Version::V4_0,
        "
            A queue q x-queue-type=quorum
            P publish /q m1 m2
            C qos 1
            C consume q c
            C cancel c
            stat q
            C ack 1
            stat q
            C get q
            stat q
        ",
        expect![[r#"
            C: c 1 m1 /q
            q: 1 ready, 1 unacked, 1 use it
            q: 1 ready, 0 unacked, 0 use it
            C: got 2 m2 /q, 0 left
            q: 0 ready, 1 unacked, 1 use it
        "#]],
    );
}
