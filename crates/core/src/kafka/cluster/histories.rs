//! Random histories of the whole system, with crashes, pauses, lossy links and restarts.

#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks at the facts it is about")]

use crate::kafka::fact::{Fact, Retention};
use crate::kafka::testing::{Scribe, Setup};
use crate::kafka::{Cluster, Command, Offset, TopicPartition, snapshot};
use crate::name::{ConsumerName, GroupId};
use crate::sim::{Rng, SimDuration, SimTime, TraceHash, World};
use crate::workload::MessageId;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

/// Two topics, two groups, two brokers; every setting that decides what is lost is safe.
fn setup(rng: &mut Rng) -> String {
    let commits = ["enable.auto.commit=true", "enable.auto.commit=false commits=after-record"];
    let second = ["enable.auto.commit=false commits=after-batch", commits[0]];
    let assignors = [
        "range",
        "roundrobin",
        "sticky",
        "cooperative-sticky",
        "range,cooperative-sticky",
        "roundrobin,sticky",
    ];
    let assignor = |rng: &mut Rng| assignors[usize::try_from(rng.below(6)).unwrap()];
    let pick = |rng: &mut Rng, of: [&'static str; 2]| of[usize::try_from(rng.below(2)).unwrap()];
    let safe = "auto.offset.reset=earliest session.timeout.ms=2000 heartbeat.interval.ms=300 \
                max.poll.interval.ms=4000 request.timeout.ms=1500 auto.commit.interval.ms=700";
    let (a, b) = (pick(rng, commits), pick(rng, second));
    let protocols = ["group.protocol=classic", "group.protocol=consumer"];
    let (of_a, of_b) = (assignor(rng), assignor(rng));
    let instance = pick(rng, ["", "group.instance.id=i"]);
    let [of_a1, of_a2, of_b1] = [of_a, of_a, of_b]
        .map(|it| format!("{} partition.assignment.strategy={it}", pick(rng, protocols)));
    let linger = rng.below(20);
    let loss = rng.below(3) * 10_000;
    let jitter = rng.below(5);
    let sessions = "group.consumer.session.timeout.ms=2000 \
                    group.consumer.heartbeat.interval.ms=300 \
                    group.consumer.assignment.interval.ms=100";
    format!(
        "
        brokers 2 group.initial.rebalance.delay.ms=200 {sessions} group.min.session.timeout.ms=1000
        link latency=3ms jitter={jitter}ms loss={loss}
        topic orders 3 segment.bytes=2000
        topic parcels 2
        producer p1 linger.ms={linger} batch.size=500 request.timeout.ms=400 \
            delivery.timeout.ms=600000
        consumer a1 a orders,parcels {safe} {a} {of_a1}
        consumer a2 a orders,parcels {safe} {a} {of_a2} {instance}
        consumer b1 b orders {safe} {b} {of_b1} max.poll.records=3
        send 60 every 100ms from 500ms to orders work=40ms keys=k1,k2,k3,k4
        send 30 every 150ms from 600ms to parcels work=30ms
        "
    )
}

fn random_command(rng: &mut Rng) -> Command {
    let name = ["a1", "a2", "a3", "b1", "b2"][usize::try_from(rng.below(5)).unwrap()];
    let group: GroupId = name[..1].into();
    let name: ConsumerName = name.into();
    match rng.below(10) {
        0 | 1 => Command::CrashConsumer(name),
        2 | 3 => Command::RestartConsumer(name),
        4 => Command::PauseConsumer(name),
        5 => Command::ResumeConsumer(name),
        6 => Command::AddConsumer(name, group),
        7 => Command::RemoveConsumer(name),
        8 => Command::CrashBroker(crate::kafka::BrokerId(1 + u16::try_from(rng.below(2)).unwrap())),
        _ => {
            Command::RestartBroker(crate::kafka::BrokerId(1 + u16::try_from(rng.below(2)).unwrap()))
        }
    }
}

/// Everything that was broken is made to run again.
fn heal(world: &mut World<Cluster>, scribe: &mut Scribe) {
    for broker in [1, 2] {
        world.command(scribe, Command::RestartBroker(crate::kafka::BrokerId(broker)));
    }
    for name in ["a1", "a2", "a3", "b1", "b2"] {
        world.command(scribe, Command::ResumeConsumer(name.into()));
        world.command(scribe, Command::RestartConsumer(name.into()));
    }
}

fn run(seed: u64) -> (Scribe, World<Cluster>) {
    let mut rng = Rng::from_seed(seed);
    let mut scribe = Scribe::default();
    let mut world = Setup::read(&setup(&mut rng)).world(seed, &mut scribe);
    let mut now = SimTime::START;
    for _ in 0..rng.below(25) {
        now += SimDuration::millis(rng.below(800));
        world.run_until(&mut scribe, now);
        world.command(&mut scribe, random_command(&mut rng));
        check_state(&world, seed);
    }
    world.run_until(&mut scribe, now.max(SimTime::from_ms(8_000)));
    heal(&mut world, &mut scribe);
    // Whoever was closing while its coordinator was away has given up by then.
    let later = world.now() + SimDuration::seconds(40);
    world.run_until(&mut scribe, later);
    heal(&mut world, &mut scribe);
    let end = world.now() + SimDuration::seconds(120);
    world.run_until(&mut scribe, end);
    check_state(&world, seed);
    check_committed(&scribe, &world, seed);
    (scribe, world)
}

/// What must hold of every state, by a scan of all of it.
fn check_state(world: &World<Cluster>, seed: u64) {
    let shown = snapshot::snapshot(world, usize::MAX);
    for partition in shown.topics.iter().flat_map(|it| &it.partitions) {
        let offsets: Vec<Offset> = partition.cells.iter().map(|it| it.offset).collect();
        assert!(offsets.is_sorted_by(|a, b| a < b), "offsets grow, seed {seed}");
        assert_eq!(partition.high_watermark, partition.log_end, "one replica, seed {seed}");
        let within = |it: &Offset| partition.log_start <= *it && *it < partition.log_end;
        assert!(offsets.iter().all(within), "records lie in their log, seed {seed}");
    }
    for group in &shown.groups {
        for it in &group.partitions {
            let topic = shown.topics.iter().find(|topic| topic.name == it.partition.topic).unwrap();
            let log = &topic.partitions[usize::try_from(it.partition.partition).unwrap()];
            let position = it.position.unwrap_or_default();
            assert!(position <= log.log_end, "a position is within the log, seed {seed}");
        }
    }
}

/// Whatever crashed meanwhile, the coordinators know what was committed last.
fn check_committed(scribe: &Scribe, world: &World<Cluster>, seed: u64) {
    let mut committed: BTreeMap<(GroupId, TopicPartition), Offset> = BTreeMap::new();
    for (_, fact) in &scribe.0 {
        if let Fact::Committed { group, partition, offset, .. } = fact {
            committed.insert((group.clone(), partition.clone()), *offset);
        }
    }
    for group in &snapshot::snapshot(world, 0).groups {
        for it in &group.partitions {
            let key = (group.group.clone(), it.partition.clone());
            let last = committed.get(&key).copied();
            assert_eq!(it.committed, last, "{} of {}, seed {seed}", it.partition, group.group);
        }
    }
}

/// Gone through in the order of their happening, the facts make sense.
fn check_facts(scribe: &Scribe, seed: u64) {
    let mut committed: BTreeMap<(GroupId, TopicPartition), Offset> = BTreeMap::new();
    let mut ends: BTreeMap<TopicPartition, Offset> = BTreeMap::new();
    let mut generations: BTreeMap<GroupId, u32> = BTreeMap::new();
    let mut polled: BTreeMap<(ConsumerName, TopicPartition), Offset> = BTreeMap::new();
    for (_, fact) in &scribe.0 {
        match fact {
            Fact::Appended { to, offset, .. } => {
                let end = ends.entry(to.clone()).or_default();
                assert_eq!(end, offset, "offsets are handed out in order, seed {seed}");
                *end = offset.next();
            }
            Fact::Committed { group, partition, offset, .. } => {
                let end = ends.get(partition).copied().unwrap_or_default();
                assert!(*offset <= end, "what is committed was there, seed {seed}");
                committed.insert((group.clone(), partition.clone()), *offset);
            }
            Fact::Assigned { group, generation, assignment } => {
                let before = generations.insert(group.clone(), *generation);
                assert!(before < Some(*generation), "generations grow, seed {seed}");
                let given: Vec<_> = assignment.iter().flat_map(|(_, it)| it).collect();
                let distinct: BTreeSet<_> = given.iter().collect();
                assert_eq!(given.len(), distinct.len(), "one owner each, seed {seed}");
            }
            // In the other protocol an empty group begins anew.
            Fact::Targeted { group, assignment, .. } => {
                generations.remove(group);
                let given: Vec<_> = assignment.iter().flat_map(|(_, it)| it).collect();
                let distinct: BTreeSet<_> = given.iter().collect();
                assert_eq!(given.len(), distinct.len(), "one target each, seed {seed}");
            }
            Fact::Loaded { group, generation, .. } => {
                let before = generations.get(group).copied().unwrap_or_default();
                assert!(*generation >= before, "no generation is forgotten, seed {seed}");
            }
            Fact::Positioned { consumer, partition, offset, .. } => {
                polled.insert((consumer.clone(), partition.clone()), *offset);
            }
            Fact::Polled { consumer, partition, from, to, records, .. } => {
                let place = polled.entry((consumer.clone(), partition.clone())).or_default();
                assert_eq!(place, from, "poll goes on where it was, seed {seed}");
                assert_eq!(to.0 - from.0, i64::from(*records), "there are no holes, seed {seed}");
                *place = *to;
            }
            Fact::Retained { why: Retention::Time(_) | Retention::Size(_), .. } => {
                panic!("nothing here is old or large enough to go, seed {seed}")
            }
            _ => {}
        }
    }
}

/// Which messages a fact of that kind was told of.
fn told<'a>(scribe: &'a Scribe, of: impl Fn(&'a Fact) -> Option<MessageId>) -> BTreeSet<MessageId> {
    scribe.0.iter().filter_map(|(_, it)| of(it)).collect()
}

#[test]
fn any_history_keeps_the_invariants_and_loses_nothing_under_safe_settings() {
    for seed in 0..120 {
        let (scribe, world) = run(seed);
        check_facts(&scribe, seed);
        let acknowledged = told(&scribe, |it| match it {
            Fact::Acknowledged { message, .. } => Some(*message),
            _ => None,
        });
        let appended = told(&scribe, |it| match it {
            Fact::Appended { message, .. } => Some(*message),
            _ => None,
        });
        assert_eq!(acknowledged.len(), 90, "all are acknowledged in the end, seed {seed}");
        assert!(acknowledged.is_subset(&appended), "what is acknowledged is there, seed {seed}");
        let workload = world.system().workload();
        for (reader, streams) in [("a", 0..2), ("b", 0..1)] {
            let processed = told(&scribe, |it| match it {
                Fact::Processed { group, message, .. } if group.as_str() == reader => {
                    Some(*message)
                }
                _ => None,
            });
            let wanted = workload.iter().filter(|(_, it)| streams.contains(&it.stream.0));
            let missing: Vec<_> =
                wanted.filter(|(id, _)| !processed.contains(id)).map(|(id, _)| id).collect();
            assert!(missing.is_empty(), "{reader} processes {missing:?} too, seed {seed}");
        }
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let hash = |seed| {
        let (scribe, world) = run(seed);
        let mut hash = TraceHash::default();
        scribe.0.hash(&mut hash);
        world.hash(&mut hash);
        hash.finish()
    };
    for seed in [1, 2, 3] {
        assert_eq!(hash(seed), hash(seed), "seed {seed}");
    }
    assert_ne!(hash(1), hash(2));
}
