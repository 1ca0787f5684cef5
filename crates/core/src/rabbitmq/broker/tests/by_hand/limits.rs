//! What a queue may hold, how long, and whether it takes more.

use super::*;
use expect_test::expect;

#[test]
fn a_quorum_queue_takes_one_too_many_and_waits_until_it_is_well_below() {
    by_hand(
        Version::V4_0,
        "
            A queue q x-queue-type=quorum x-max-length=2 x-overflow=reject-publish
            P confirm
            P publish /q m1 m2 m3 m4
            stat q
            A get q auto
            P publish /q m5
            A get q auto
            P publish /q m6
            stat q
        ",
        expect![[r#"
            P: confirmed 1
            P: confirmed 2
            P: confirmed 3
            P: confirmed 4
            q: 4 ready, 0 unacked, 0 use it
            A: got 1 m1 /q, 3 left
            P: refused 5
            A: got 2 m2 /q, 2 left
            P: refused 6
            q: 2 ready, 0 unacked, 0 use it
        "#]],
    );
}

#[test]
fn one_full_queue_is_enough_for_a_refusal_and_the_others_keep_their_copy() {
    by_hand(
        Version::V4_0,
        "
            A exchange f fanout
            A queue full x-max-length=1 x-overflow=reject-publish
            A queue free
            A bind f - queue full
            A bind f - queue free
            P confirm
            P publish f/ m1
            P publish f/ m2
            stat full
            stat free
        ",
        expect![[r#"
            P: confirmed 1
            P: refused 2
            full: 1 ready, 0 unacked, 0 use it
            free: 2 ready, 0 unacked, 0 use it
        "#]],
    );
}

#[test]
fn bytes_of_bodies_are_limited_too() {
    by_hand(
        Version::V4_0,
        "
            A queue q x-max-length-bytes=4 x-overflow=reject-publish
            P confirm
            P publish /q abc
            P publish /q de
            P publish /q f
            stat q
        ",
        expect![[r#"
            P: confirmed 1
            P: refused 2
            P: confirmed 3
            q: 2 ready, 0 unacked, 0 use it
        "#]],
    );
}

#[test]
fn what_was_delivered_meets_the_limit_when_it_comes_back() {
    by_hand(
        Version::V4_0,
        "
            A queue dead
            A queue q x-max-length=1 dlx= dlk=dead
            C qos 1
            C consume q c
            P publish /q m1 m2
            C disconnect
            stat q
            A get q auto
            A get dead auto
        ",
        expect![[r#"
            C: c 1 m1 /q
            q: 1 ready, 0 unacked, 0 use it
            A: got 1 m2 /q, 0 left
            A: got 2 m1 /dead, maxlen in q, 0 left
        "#]],
    );
}

#[test]
fn a_message_can_bring_its_own_expiry_and_a_wrong_one_ends_the_channel() {
    by_hand(
        Version::V4_0,
        "
            A queue q x-message-ttl=1000
            P publish /q m1 expiration=200
            sleep 199ms
            stat q
            sleep 1ms
            stat q
            P publish /q m2 expiration=never
        ",
        expect![[r#"
            q: 1 ready, 0 unacked, 0 use it
            q: 0 ready, 0 unacked, 0 use it
            P: closed 406 PRECONDITION_FAILED - invalid expiration 'never': no_integer
        "#]],
    );
}

#[test]
fn what_expires_immediately_is_delivered_if_somebody_waits() {
    by_hand(
        Version::V4_0,
        "
            A queue dead
            A queue q x-message-ttl=0 dlx= dlk=dead
            P publish /q m1
            stat q
            C qos 1
            C consume q c
            P publish /q m2 m3
            stat q
            stat dead
        ",
        expect![[r#"
            q: 0 ready, 0 unacked, 0 use it
            C: c 1 m2 /q
            q: 0 ready, 1 unacked, 1 use it
            dead: 2 ready, 0 unacked, 0 use it
        "#]],
    );
}

#[test]
fn dead_letters_that_must_arrive_are_kept_and_sent_again() {
    by_hand(
        Version::V4_0,
        "
            A queue q x-queue-type=quorum dlx=later dls=at-least-once full=reject-publish
            P confirm
            P publish /q m1
            C consume q c
            C reject 1 drop
            stat q
            P publish /q m2
            P publish /q m3
            A exchange later fanout
            A queue dead
            A bind later - queue dead
            sleep 179s
            stat dead
            sleep 2s
            stat dead
        ",
        expect![[r#"
            P: confirmed 1
            C: c 1 m1 /q
            q: 0 ready, 0 unacked, 1 use it
            C: c 2 m2 /q
            P: confirmed 2
            C: c 3 m3 /q
            P: confirmed 3
            dead: 0 ready, 0 unacked, 0 use it
            dead: 1 ready, 0 unacked, 0 use it
        "#]],
    );
}

#[test]
fn dead_letters_are_kept_only_by_a_queue_that_refuses_when_it_is_full() {
    by_hand(
        Version::V4_0,
        "
            A queue q x-queue-type=quorum dlx=later dls=at-least-once
            P publish /q m1
            C consume q c
            C reject 1 drop
            A exchange later fanout
            A queue dead
            A bind later - queue dead
            sleep 200s
            stat dead
        ",
        expect![[r#"
            C: c 1 m1 /q
            dead: 0 ready, 0 unacked, 0 use it
        "#]],
    );
}

#[test]
fn a_quorum_queue_that_nobody_uses_goes_at_a_tick_and_declaring_is_no_use() {
    by_hand(
        Version::V4_0,
        "
            A queue q x-queue-type=quorum x-expires=6000
            sleep 4s
            A queue q x-queue-type=quorum x-expires=6000
            sleep 5s
            stat q
            sleep 2s
            stat q
        ",
        expect![[r#"
            q: 0 ready, 0 unacked, 0 use it
            q: gone
        "#]],
    );
}

#[test]
fn what_came_to_the_head_late_is_over_at_once() {
    by_hand(
        Version::V4_0,
        "
            A queue dead
            A queue q dlx= dlk=dead
            P publish /q m1
            P publish /q m2 expiration=1000
            sleep 2s
            stat q
            C get q
            stat q
            stat dead
        ",
        expect![[r#"
            q: 2 ready, 0 unacked, 0 use it
            C: got 1 m1 /q, 0 left
            q: 0 ready, 1 unacked, 0 use it
            dead: 1 ready, 0 unacked, 0 use it
        "#]],
    );
}

#[test]
fn a_transaction_in_which_a_publish_is_refused_closes_its_channel() {
    by_hand(
        Version::V4_0,
        "
            A queue q x-max-length=1 full=reject-publish
            P tx-select
            P publish /q m1 m2
            P tx-commit
            stat q
        ",
        expect![[r#"
            P: closed 406 PRECONDITION_FAILED - partial tx completion
            q: 1 ready, 0 unacked, 0 use it
        "#]],
    );
}

#[test]
fn what_needs_no_disk_is_confirmed_first() {
    by_hand(
        Version::V4_0,
        "
            A queue q
            P confirm
            C consume q c
            D consume q d auto
            P publish /q m1 m2
        ",
        expect![[r#"
            C: c 1 m1 /q
            P: confirmed 2
            D: d 1 m2 /q
            P: confirmed 1
        "#]],
    );
}

#[test]
fn of_what_is_too_much_at_once_a_quorum_queue_dead_letters_the_last_first() {
    by_hand(
        Version::V4_0,
        "
            A queue dead
            A queue q x-queue-type=quorum x-max-length-bytes=5 dlx= dlk=dead
            P publish /q m1 m2
            P publish /q longest
            C get dead
            C get dead
        ",
        expect![[r#"
            C: got 1 longest /dead, maxlen in q, 2 left
            C: got 2 m2 /dead, maxlen in q, 1 left
        "#]],
    );
}

#[test]
fn recovering_needs_no_commit() {
    by_hand(
        Version::V4_0,
        "
            A queue q
            C tx-select
            C consume q c
            P publish /q m1
            C recover
        ",
        expect![[r#"
            C: c 1 m1 /q
            C: c 2 m1* /q
        "#]],
    );
}
