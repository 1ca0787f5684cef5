//! Brokers that crash, stop, are cut off and come back, and what their replicas hold then.

use super::Cluster;
use crate::kafka::command::Peer;
use crate::kafka::fact::Fact;
use crate::kafka::testing::{BEGINNING, JOINING, Scribe, Setup, check};
use crate::kafka::{BrokerId, Command, Offset, TopicPartition};
use crate::map::{Map, Set};
use crate::sim::{Rng, SimDuration, SimTime, World};
use crate::workload::MessageId;
use expect_test::expect;

const PARTITIONS: u32 = 2;
const BROKERS: u16 = 3;

fn setup(rng: &mut Rng) -> String {
    let jitter = ["0us", "3ms"][usize::try_from(rng.below(2)).unwrap()];
    format!(
        "brokers {BROKERS} default.replication.factor=3 replica.lag.time.max.ms=1500 \
            broker.session.timeout.ms=1500 broker.heartbeat.interval.ms=300 \
            replica.fetch.wait.max.ms=100 replica.fetch.backoff.ms=200 \
            leader.imbalance.check.interval.seconds=2
        link jitter={jitter}
        topic orders {PARTITIONS} min.insync.replicas=2
        producer p1 linger.ms=1 batch.size=300 request.timeout.ms=500
        consumer c1 g orders auto.offset.reset=earliest commits=after-batch
        send 120 every 60ms from 200ms to orders keys=k1,k2,k3"
    )
}

fn partitions() -> impl Iterator<Item = TopicPartition> {
    (0..PARTITIONS).map(|it| TopicPartition::new("orders", it))
}

fn brokers() -> impl Iterator<Item = BrokerId> {
    (1..=BROKERS).map(BrokerId)
}

/// What was seen of a partition so far.
#[derive(Default)]
struct Seen {
    /// By the leader's epoch, how high its high watermark was.
    watermarks: Map<u32, Offset>,
    /// What lies below a high watermark, by offset.
    committed: Map<Offset, Option<MessageId>>,
}

/// What must hold of every state.
fn look(cluster: &Cluster, seen: &mut Map<TopicPartition, Seen>, seed: u64) {
    for partition in partitions() {
        let seen = seen.get_or_default(partition.clone());
        let state = cluster.metadata().partition(&partition).unwrap();
        for broker in brokers() {
            let Some(log) = cluster.broker(broker).log(&partition) else { continue };
            for it in log.records().take_while(|it| it.offset < log.high_watermark()) {
                let message = it.message();
                let known = *seen.committed.get_or_insert_with(it.offset, || message);
                assert_eq!(known, message, "{partition} at {} of {broker}, seed {seed}", it.offset);
            }
        }
        let leader = state.leader.map(|it| cluster.broker(it));
        if let Some(leader) = leader.filter(|it| it.leads(&partition, state.leader_epoch)) {
            let now = leader.log(&partition).unwrap().high_watermark();
            let before = seen.watermarks.insert(state.leader_epoch, now);
            let before = before.unwrap_or_default();
            assert!(before <= now, "{partition} falls from {before} to {now}, seed {seed}");
        }
    }
}

fn run(seed: u64) -> (Scribe, World<Cluster>) {
    let mut rng = Rng::from_seed(seed);
    let mut scribe = Scribe::default();
    let mut world = Setup::read(&setup(&mut rng)).world(seed, &mut scribe);
    let mut seen = Map::new();
    let mut now = SimTime::START;
    for _ in 0..rng.below(30) {
        let until = now + SimDuration::millis(rng.below(900));
        while now < until {
            now = until.min(now + SimDuration::millis(100));
            world.run_until(&mut scribe, now);
            look(world.system(), &mut seen, seed);
        }
        let broker = BrokerId(1 + u16::try_from(rng.below(u64::from(BROKERS))).unwrap());
        let other = Peer::Broker(BrokerId(1 + broker.0 % BROKERS));
        let peer = if rng.below(2) == 0 { Peer::Controller } else { other };
        let command = match rng.below(8) {
            0 => Command::CrashBroker(broker),
            1 => Command::StopBroker(broker),
            2 => Command::CutBroker(broker, peer),
            3 => Command::SlowBroker(broker, peer, SimDuration::millis(rng.below(400))),
            4 => Command::MendBroker(broker, peer),
            _ => Command::RestartBroker(broker),
        };
        world.command(&mut scribe, command);
    }
    for broker in brokers() {
        for peer in brokers().filter(|it| *it != broker).map(Peer::Broker) {
            world.command(&mut scribe, Command::MendBroker(broker, peer));
        }
        world.command(&mut scribe, Command::MendBroker(broker, Peer::Controller));
    }
    for broker in brokers() {
        world.run_until(&mut scribe, now + SimDuration::seconds(3));
        world.command(&mut scribe, Command::RestartBroker(broker));
        now = world.now();
    }
    world.run_until(&mut scribe, now + SimDuration::seconds(60));
    look(world.system(), &mut seen, seed);
    (scribe, world)
}

#[test]
fn what_is_acknowledged_by_all_survives_any_history_of_crashes_stops_and_cuts() {
    let mut elections = 0;
    for seed in 0..60 {
        let (scribe, world) = run(seed);
        let cluster = world.system();
        let mut kept = Set::new();
        for partition in partitions() {
            let state = cluster.metadata().partition(&partition).unwrap();
            let mut isr = state.isr.clone();
            isr.sort();
            assert_eq!(isr, brokers().collect::<Vec<_>>(), "all are in sync again, seed {seed}");
            elections += u64::from(state.leader_epoch);
            let log = |it: BrokerId| cluster.broker(it).log(&partition).unwrap();
            let leader = log(state.leader.unwrap());
            for broker in brokers() {
                let same = log(broker).records().eq(leader.records());
                assert!(same, "{broker} has what the leader has of {partition}, seed {seed}");
            }
            // Some may be there twice: of a producer, only the last batch is known after a crash.
            for it in leader.records().filter_map(|it| it.message()) {
                kept.insert(it);
            }
        }
        for (_, fact) in &scribe.0 {
            if let Fact::Acknowledged { message, .. } = fact {
                assert!(kept.contains(message), "{message} was acknowledged, seed {seed}");
            }
        }
        assert_eq!(kept.len(), 120, "everything arrives in the end, seed {seed}");
    }
    assert!(60 < elections, "leaders do change in these histories: {elections}");
}

#[test]
fn a_leader_that_dies_takes_with_it_what_only_it_had() {
    check(
        "brokers 3 default.replication.factor=3 broker.session.timeout.ms=1000 \
            broker.heartbeat.interval.ms=300 replica.fetch.wait.max.ms=100
        topic orders 1 min.insync.replicas=2
        producer p1 linger.ms=0 acks=1
        send 2 every 1ms from 500ms to orders
        send 1 every 1ms from 5s to orders",
        "
        0.504s: crash broker 1
        4s: restart broker 1
        6s: end
        ",
        &[JOINING, BEGINNING],
        expect![[r#"
            0.50 s    p1 sent 1 to orders-0
            0.501 s   p1 sent 2 to orders-0
            0.502 s   orders-0 appended 1 at offset 0
            0.503 s   orders-0 appended 2 at offset 1
            0.504 s   p1 heard that 1 is in the log at offset 0
            0.504 s   broker 1 crashed
            0.505 s   p1 heard that 2 is in the log at offset 1
            1.302 s   the controller counts broker 1 as gone
            1.302 s   broker 2 leads orders-0 in epoch 1
            1.302 s   in sync for orders-0: 2 3
            4.00 s    broker 1 restarted
            4.008 s   broker 1 cuts off orders-0 from 1 on, records: 1
            4.012 s   in sync for orders-0: 2 3 1
            5.00 s    p1 sent 3 to orders-0
            5.002 s   orders-0 appended 3 at offset 1
            5.004 s   p1 heard that 3 is in the log at offset 1
        "#]],
    );
}

#[test]
fn a_broker_that_stops_in_order_hands_over_first() {
    check(
        "brokers 3 default.replication.factor=3 broker.session.timeout.ms=1000 \
            broker.heartbeat.interval.ms=300
        topic orders 1 min.insync.replicas=2
        producer p1 linger.ms=0
        send 3 every 500ms from 500ms to orders",
        "
        0.8s: stop broker 1
        3s: restart broker 1
        5s: end
        ",
        &[JOINING, BEGINNING],
        expect![[r#"
            0.50 s    p1 sent 1 to orders-0
            0.502 s   orders-0 appended 1 at offset 0
            0.512 s   p1 heard that 1 is in the log at offset 0
            0.802 s   broker 1 is shutting down
            0.802 s   broker 2 leads orders-0 in epoch 1
            0.802 s   in sync for orders-0: 2 3
            1.00 s    p1 sent 2 to orders-0
            1.104 s   p1 sent 2 to orders-0 again, attempt 2
            1.106 s   orders-0 appended 2 at offset 1
            1.112 s   p1 heard that 2 is in the log at offset 1
            1.162 s   broker 1 has shut down
            1.50 s    p1 sent 3 to orders-0
            1.502 s   orders-0 appended 3 at offset 2
            1.508 s   p1 heard that 3 is in the log at offset 2
            3.00 s    broker 1 restarted
            3.012 s   in sync for orders-0: 2 3 1
        "#]],
    );
}

#[test]
fn a_broker_comes_back_however_long_its_registration_travels() {
    check(
        "brokers 3 default.replication.factor=3 broker.session.timeout.ms=2000 \
            broker.heartbeat.interval.ms=300
        link latency=300ms
        topic orders 1
        producer p1 linger.ms=0",
        "
        1s: crash broker 1
        5s: restart broker 1
        9s: end
        ",
        &[JOINING, BEGINNING],
        expect![[r#"
            1.00 s    broker 1 crashed
            3.20 s    the controller counts broker 1 as gone
            3.20 s    broker 2 leads orders-0 in epoch 1
            3.20 s    in sync for orders-0: 2 3
            5.00 s    broker 1 restarted
            7.30 s    in sync for orders-0: 2 3 1
        "#]],
    );
}
