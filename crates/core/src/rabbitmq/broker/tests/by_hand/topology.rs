//! Declaring, deleting and starting again.

use super::*;
use expect_test::expect;

#[test]
fn what_does_not_last_is_gone_after_a_restart() {
    by_hand(
        Version::V4_0,
        "
            A queue lasting
            A queue passing transient
            A queue kept x-queue-type=quorum
            A exchange gone fanout transient
            P publish /lasting m1
            P publish /lasting m2 transient
            P publish /kept m3 transient
            P publish /passing m4
            restart
            A open
            stat lasting
            stat passing
            stat kept
            A find exchange gone
        ",
        expect![[r#"
            A: cut off 320 CONNECTION_FORCED - broker forced connection closure with reason 'shut
            P: cut off 320 CONNECTION_FORCED - broker forced connection closure with reason 'shut
            lasting: 1 ready, 0 unacked, 0 use it
            passing: gone
            kept: 1 ready, 0 unacked, 0 use it
            A: closed 404 NOT_FOUND - no exchange 'gone' in vhost '/'
        "#]],
    );
}

#[test]
fn a_queue_goes_with_its_last_consumer_if_it_was_declared_so() {
    by_hand(
        Version::V4_0,
        "
            A queue q auto-delete
            P publish /q m1 m2
            A get q
            stat q
            C qos 1
            C consume q c
            D consume q d
            C cancel c
            stat q
            D close
            stat q
            C ack 1
        ",
        expect![[r#"
            A: got 1 m1 /q, 1 left
            q: 1 ready, 1 unacked, 0 use it
            C: c 1 m2 /q
            q: 0 ready, 2 unacked, 1 use it
            q: gone
        "#]],
    );
}

#[test]
fn a_queue_can_be_emptied_and_deleted_under_conditions() {
    by_hand(
        Version::V4_0,
        "
            A queue q
            P publish /q m1 m2 m3
            C qos 1
            C consume q c
            A delete queue q if-unused
            A open
            A delete queue q if-empty
            A open
            A purge queue q
            A delete queue q if-empty
            stat q
            A delete queue q
        ",
        expect![[r#"
            C: c 1 m1 /q
            A: closed 406 PRECONDITION_FAILED - queue 'q' in vhost '/' in use
            A: closed 406 PRECONDITION_FAILED - queue 'q' in vhost '/' not empty
            A: 2 gone
            A: 0 gone
            C: c cancelled
            q: gone
            A: 0 gone
        "#]],
    );
}

#[test]
fn an_exclusive_queue_belongs_to_its_connection() {
    by_hand(
        Version::V4_0,
        "
            A queue q exclusive
            B find queue q
            B open
            B get q
            P publish /q m1
            A get q
            A disconnect
            stat q
        ",
        expect![[r#"
            B: closed 405 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' i
            B: closed 405 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' i
            A: got 1 m1 /q, 0 left
            q: gone
        "#]],
    );
}

#[test]
fn a_queue_with_one_exclusive_consumer_takes_no_other() {
    by_hand(
        Version::V4_0,
        "
            A queue q
            C consume q c exclusive
            D consume q d
            C cancel c
            D open
            D consume q d
            E consume q e exclusive
        ",
        expect![[r#"
            D: closed 403 ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use
            E: closed 403 ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use
        "#]],
    );
}

#[test]
fn a_stream_is_read_from_where_one_likes_and_never_emptied() {
    by_hand(
        Version::V4_0,
        "
            A queue s x-queue-type=stream
            P publish /s m1 m2 m3
            C qos 2
            C consume s c x-stream-offset=first
            C ack 1
            C ack 2
            D qos 10
            D consume s d x-stream-offset=2
            E qos 10
            E consume s e
            P publish /s m4
            stat s
            E nack 1
            A purge queue s
        ",
        expect![[r#"
            C: c 1 m1 /s x-stream-offset=0
            C: c 2 m2 /s x-stream-offset=1
            C: c 3 m3 /s x-stream-offset=2
            D: d 1 m3 /s x-stream-offset=2
            C: c 4 m4 /s x-stream-offset=3
            D: d 2 m4 /s x-stream-offset=3
            E: e 1 m4 /s x-stream-offset=3
            s: 4 ready, 0 unacked, 3 use it
            E: cut off 540 NOT_IMPLEMENTED - basic.nack and basic.reject not supported by stream 
            A: cut off 540 NOT_IMPLEMENTED - queue.purge not supported by stream queue 's'
        "#]],
    );
}

#[test]
fn a_stream_once_gave_whole_chunks() {
    by_hand(
        Version::V3_10,
        "
            A queue s x-queue-type=stream
            C qos 2
            C consume s c
            P publish /s m1 m2 m3
            P publish /s m4
            D qos 1
            D consume s d x-stream-offset=last
            E qos 1
            E consume s e x-stream-offset=5
            P publish /s m5
            P publish /s m6
        ",
        expect![[r#"
            C: c 1 m1 /s x-stream-offset=0
            C: c 2 m2 /s x-stream-offset=1
            C: c 3 m3 /s x-stream-offset=2
            D: d 1 m4 /s x-stream-offset=3
            E: e 1 m6 /s x-stream-offset=5
        "#]],
    );
}

#[test]
fn an_auto_delete_queue_outlives_those_who_only_got_from_it() {
    by_hand(
        Version::V4_0,
        "
            A queue q auto-delete
            P publish /q m1
            C get q
            C close
            stat q
            C open
            C consume q c
            C close
            stat q
        ",
        expect![[r#"
            C: got 1 m1 /q, 0 left
            q: 1 ready, 0 unacked, 0 use it
            C: c 1 m1* /q
            q: gone
        "#]],
    );
}

#[test]
fn an_unknown_kind_of_exchange_once_ended_the_connection() {
    by_hand(
        Version::V3_10,
        "
            A exchange e odd
        ",
        expect![[r#"
            A: cut off 503 COMMAND_INVALID - unknown exchange type 'odd'
        "#]],
    );
}
