//! Commits of which a part is refused: the rest is stored. The expectations are what Kafka 4.3.1
//! and its Java client did.

use super::*;

#[test]
fn an_offset_of_a_partition_that_is_not_there_is_refused_and_the_others_are_stored() {
    for protocol in ["classic", "consumer"] {
        check(
            &format!("consumer c1 g t group.protocol={protocol}\n{FOUR}"),
            "
            settle 12 c1
            c1 commit-sync of v-0=1
            c1 commit-sync of t-7=1
            c1 commit-sync of v-0=1 t-0=1
            c1 committed t-0 v-0 t-7
            c1 commit-async of t-7=1 t-0=2
            c1 poll-nothing 1s
            c1 committed t-0
            ",
            expect![[r#"
                settle 12 c1:
                c1: assigned t-0
                c1 commit-sync of v-0=1: TimeoutException
                c1 commit-sync of t-7=1: TimeoutException
                c1 commit-sync of v-0=1 t-0=1: TimeoutException
                c1 committed t-0 v-0 t-7: t-0: 1, v-0: none, t-7: none
                c1 commit-async of t-7=1 t-0=2: done
                c1 poll-nothing 1s: no records; not committed,
                            RetriableCommitFailedException
                c1 committed t-0: t-0: 2
            "#]],
        );
    }
}

#[test]
fn an_offset_with_too_long_a_text_is_refused_and_the_others_are_stored() {
    check(
        "brokers 1 group.initial.rebalance.delay.ms=0 offset.metadata.max.bytes=4\n\
         consumer c1 g -\n",
        "
        c1 commit-sync of t-0=1=four u-0=1
        c1 commit-sync of t-0=2=fives u-0=2
        c1 committed t-0 u-0
        c1 commit-sync of t-0=3=fives v-0=3
        c1 commit-async of t-0=3=fives u-0=4
        c1 committed t-0 u-0
        ",
        expect![[r#"
            c1 commit-sync of t-0=1=four u-0=1: done
            c1 commit-sync of t-0=2=fives u-0=2: OFFSET_METADATA_TOO_LARGE
            c1 committed t-0 u-0: t-0: 1 four, u-0: 2
            c1 commit-sync of t-0=3=fives v-0=3: TimeoutException
            c1 commit-async of t-0=3=fives u-0=4: done
            c1 committed t-0 u-0: t-0: 1 four, u-0: 4
        "#]],
    );
}
