//! What idempotence is for, in random histories.

use crate::kafka::TopicPartition;
use crate::kafka::fact::Fact;
use crate::kafka::testing::{Scribe, Setup};
use crate::sim::{Rng, SimDuration, SimTime};
use crate::workload::MessageId;
use std::collections::BTreeMap;

/// How many records a history sends.
const RECORDS: usize = 20;

/// What one producer's records became in the logs, by partition in the order of their offsets, and
/// of how many it heard: a second after it heard of all, or after ten minutes.
fn run(
    seed: u64,
    idempotent: bool,
    loss: u64,
) -> (BTreeMap<TopicPartition, Vec<MessageId>>, usize) {
    let mut rng = Rng::from_seed(seed);
    let (linger, batch, jitter) = (rng.below(20), rng.below(600), rng.below(5));
    let in_flight = 1 + rng.below(5);
    let setup = format!(
        "
        brokers 2
        link latency=3ms jitter={jitter}ms loss={loss}
        topic orders 3
        producer p1 linger.ms={linger} batch.size={batch} request.timeout.ms=300 \\
            delivery.timeout.ms=600000 enable.idempotence={idempotent} \\
            max.in.flight.requests.per.connection={in_flight}
        send {RECORDS} every 7ms from 100ms to orders keys=k1,k2,k3,k4,k5
        "
    );
    let mut scribe = Scribe::default();
    let mut world = Setup::read(&setup.replace("\\\n", "")).world(seed, &mut scribe);
    let acknowledged = |scribe: &Scribe| {
        let heard = |(_, fact): &&(SimTime, Fact)| matches!(fact, Fact::Acknowledged { .. });
        scribe.0.iter().filter(heard).count()
    };
    let mut now = SimTime::START;
    while acknowledged(&scribe) < RECORDS && now < SimTime::from_ms(600_000) {
        now += SimDuration::millis(500);
        world.run_until(&mut scribe, now);
    }
    world.run_until(&mut scribe, now + SimDuration::millis(1_000));
    let mut logs: BTreeMap<TopicPartition, Vec<MessageId>> = BTreeMap::new();
    for (_, fact) in &scribe.0 {
        if let Fact::Appended { message, to, .. } = fact {
            logs.entry(to.clone()).or_default().push(*message);
        }
    }
    (logs, acknowledged(&scribe))
}

#[test]
fn with_idempotence_each_record_is_there_once_and_in_order() {
    for seed in 0..10_000 {
        let (logs, heard) = run(seed, true, 30_000);
        assert_eq!(heard, RECORDS, "all are acknowledged, seed {seed}");
        let appended = logs.values().map(Vec::len).sum::<usize>();
        assert_eq!(appended, RECORDS, "each once, seed {seed}");
        for (partition, messages) in logs {
            assert!(messages.is_sorted(), "{partition} keeps the order, seed {seed}: {messages:?}");
        }
    }
}

#[test]
fn without_idempotence_records_come_twice_only_when_something_is_lost() {
    let count = |seed, loss| {
        let (logs, heard) = run(seed, false, loss);
        assert_eq!(heard, RECORDS, "all are acknowledged, seed {seed}");
        logs.values().map(Vec::len).sum::<usize>()
    };
    for seed in 0..50 {
        assert_eq!(count(seed, 0), RECORDS, "nothing is lost, so nothing comes twice, seed {seed}");
    }
    assert!((0..50).any(|seed| RECORDS < count(seed, 30_000)), "lost answers make duplicates");
}
