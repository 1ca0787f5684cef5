//! Where messages go: bindings between exchanges, further keys, and what goes nowhere.

use super::*;
use expect_test::expect;

#[test]
fn exchanges_hand_messages_on_and_cycles_are_harmless() {
    by_hand(
        Version::V4_0,
        "
            A exchange one topic
            A exchange two fanout
            A queue q
            A queue r
            A bind one a.# exchange two
            A bind two - exchange one
            A bind two - queue q
            A bind one #.b queue q
            A bind one *.b queue r
            P publish one/a.b m1
            P publish two/x.b m2
            P publish one/c m3 mandatory
            A get q auto
            A get q auto
            A get q auto
            A get r auto
            A get r auto
        ",
        expect![[r#"
            P: returned m3 one/c
            A: got 1 m1 one/a.b, 1 left
            A: got 2 m2 two/x.b, 0 left
            A: nothing to get
            A: got 3 m1 one/a.b, 1 left
            A: got 4 m2 two/x.b, 0 left
        "#]],
    );
}

#[test]
fn further_keys_are_in_headers_and_one_of_them_is_hidden() {
    by_hand(
        Version::V4_0,
        "
            A queue q
            A queue r
            A queue s
            P publish /q m1 CC=[r,q] BCC=[s]
            A get q auto
            A get q auto
            A get r auto
            A get s auto
            P publish /q m2 CC=r
        ",
        expect![[r#"
            A: got 1 m1 /q CC=2 of them, 0 left
            A: nothing to get
            A: got 2 m1 /q CC=2 of them, 0 left
            A: got 3 m1 /q CC=2 of them, 0 left
            P: closed 406 PRECONDITION_FAILED - invalid header 'CC': it is to be an array
        "#]],
    );
}

#[test]
fn an_exchange_goes_with_its_last_binding_if_it_was_declared_so() {
    by_hand(
        Version::V4_0,
        "
            A exchange once direct auto-delete
            A exchange never direct auto-delete
            A queue q
            A bind once k queue q
            A bind once l queue q
            A unbind once k queue q
            A find exchange once
            A delete queue q
            A find exchange never
            A find exchange once
        ",
        expect![[r#"
            A: 0 gone
            A: closed 404 NOT_FOUND - no exchange 'once' in vhost '/'
        "#]],
    );
}

#[test]
fn an_alternate_exchange_takes_what_is_not_bound() {
    by_hand(
        Version::V4_0,
        "
            A exchange rest fanout
            A exchange main direct alternate-exchange=rest
            A queue q
            A queue r
            A bind main k queue q
            A bind rest - queue r
            P confirm
            P publish main/k m1 mandatory
            P publish main/other m2 mandatory
            A get q auto
            A get r auto
            A delete exchange rest
            P publish main/other m3 mandatory
        ",
        expect![[r#"
            P: confirmed 1
            P: confirmed 2
            A: got 1 m1 main/k, 0 left
            A: got 2 m2 main/other, 0 left
            P: returned m3 main/other
            P: confirmed 3
        "#]],
    );
}

#[test]
fn dead_letters_remember_where_they_died() {
    by_hand(
        Version::V4_0,
        "
            A exchange dlx direct
            A queue dead
            A bind dlx other queue dead
            A bind dlx q queue dead
            A queue q dlx=dlx
            P publish /q m1 CC=[other]
            C consume q c
            C reject 1 drop
            A get dead auto
            A get dead auto
            A queue r dlx=dlx dlk=other
            P publish /r m2 CC=[q]
            D consume r d
            D reject 1 drop
            A get dead auto
            A get dead auto
        ",
        expect![[r#"
            C: c 1 m1 /q CC=1 of them
            A: got 1 m1 dlx/q, rejected in q CC=1 of them, 0 left
            A: nothing to get
            C: c 2 m2 /r CC=1 of them
            D: d 1 m2 /r CC=1 of them
            A: got 2 m2 dlx/other, rejected in r CC=1 of them, 0 left
            A: nothing to get
        "#]],
    );
}
