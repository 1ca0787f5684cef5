//! Groups of cooperative and of static members, from their clients to their coordinator.

#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks at the facts it is about")]

use crate::kafka::fact::{Fact, LeaveReason};
use crate::kafka::testing::{JOINING, RECORDS, Scribe, Setup, check};
use crate::kafka::{Command, TopicPartition};
use crate::name::ConsumerName;
use crate::sim::{Rng, SimDuration, SimTime};
use expect_test::expect;
use std::collections::BTreeMap;

#[test]
fn a_cooperative_member_reads_on_and_gives_up_only_what_another_gets() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic t 3
        consumers partition.assignment.strategy=cooperative-sticky auto.offset.reset=earliest \
            heartbeat.interval.ms=300 enable.auto.commit=false
        consumer c1 g t
        consumer c2 g t starts=1s
        ",
        "3s: end",
        &[RECORDS, JOINING],
        expect![[r#"
            0.024 s   c1 begins t-0 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            0.024 s   c1 begins t-1 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            0.024 s   c1 begins t-2 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
            1.00 s    c2 started
            1.224 s   c1 stops reading t-2
            1.224 s   c2 is idle: it has no partition
            1.54 s    c2 begins t-2 at offset 0: no valid committed offset,
                        auto.offset.reset=earliest
        "#]],
    );
}

#[test]
fn a_static_member_that_restarts_disturbs_nobody() {
    check(
        "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic t 2
        consumers auto.offset.reset=earliest heartbeat.interval.ms=300 enable.auto.commit=false
        consumer c1 g t
        consumer c2 g t group.instance.id=two
        ",
        "
        2s: remove c2
        3s: restart c2
        4s: end
        ",
        &[RECORDS, &["asks to join", "begins"]],
        expect![[r#"
            0.006 s   g rebalances: c2 joins
            0.01 s    g rebalances: c1 joins
            0.018 s   g is stable in generation 2: c1 reads t-1; c2 reads t-0
            0.02 s    c2 now reads t-0
            0.02 s    c1 now reads t-1
            2.00 s    c2 stops reading t-0
            3.00 s    c2 restarted
            3.012 s   c2 now reads t-0
        "#]],
    );
}

/// Members come and go by themselves and stop polling for a while.
fn run(seed: u64) -> Scribe {
    let mut rng = Rng::from_seed(seed);
    let mut scribe = Scribe::default();
    let (t, u) = (1 + rng.below(7), 1 + rng.below(4));
    let setup = format!(
        "
        brokers 1 group.initial.rebalance.delay.ms=100
        topic t {t}
        topic u {u}
        consumers partition.assignment.strategy=cooperative-sticky heartbeat.interval.ms=300
        consumer c1 g t,u
        consumer c2 g t,u
        "
    );
    let mut world = Setup::read(&setup).world(seed, &mut scribe);
    let mut now = SimTime::START;
    for _ in 0..12 {
        now += SimDuration::millis(rng.below(1_500));
        world.run_until(&mut scribe, now);
        let name = ["c1", "c2", "c3", "c4"][usize::try_from(rng.below(4)).unwrap()];
        let name = ConsumerName::from(name);
        world.command(
            &mut scribe,
            match rng.below(4) {
                0 => Command::AddConsumer(name, "g".into()),
                1 => Command::RemoveConsumer(name),
                2 => Command::PauseConsumer(name),
                _ => Command::ResumeConsumer(name),
            },
        );
    }
    world.run_until(&mut scribe, now + SimDuration::seconds(20));
    scribe
}

#[test]
fn what_a_cooperative_member_keeps_it_never_stops_reading() {
    for seed in 0..200 {
        // What the generation gives each member, and what it reads.
        let mut given: BTreeMap<ConsumerName, Vec<TopicPartition>> = BTreeMap::new();
        let mut owner: BTreeMap<TopicPartition, ConsumerName> = BTreeMap::new();
        let facts = run(seed).0;
        for (place, (_, fact)) in facts.iter().enumerate() {
            match fact {
                Fact::Assigned { assignment, .. } => given = assignment.iter().cloned().collect(),
                Fact::Reads { consumer, partitions, .. } => {
                    for it in partitions {
                        let before = owner.insert(it.clone(), consumer.clone());
                        assert!(before.is_none_or(|it| it == *consumer), "{it}, seed {seed}");
                    }
                }
                Fact::Revoked { consumer, partitions, .. } => {
                    owner.retain(|it, _| !partitions.contains(it));
                    let closes = |it: &Fact| {
                        let why = LeaveReason::Closed;
                        matches!(it, Fact::Left { consumer: who, why: it, .. }
                            if who == consumer && *it == why)
                    };
                    if facts[place..].iter().any(|(_, it)| closes(it)) {
                        continue;
                    }
                    let kept = given.get(consumer).into_iter().flatten();
                    let lost = kept.filter(|it| partitions.contains(it)).count();
                    assert_eq!(lost, 0, "{consumer} keeps what it is given, seed {seed}");
                }
                _ => {}
            }
        }
    }
}
