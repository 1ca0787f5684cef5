//! What idempotence is for, in random histories.

#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks at the facts it is about")]

use crate::kafka::TopicPartition;
use crate::kafka::fact::Fact;
use crate::kafka::testing::{Scribe, Setup};
use crate::sim::{Rng, SimTime};
use crate::workload::MessageId;
use std::collections::BTreeMap;

/// What one producer's sixty records became in the logs, by partition in the order of their
/// offsets, and of how many it heard.
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
        send 60 every 7ms from 100ms to orders keys=k1,k2,k3,k4,k5
        "
    );
    let mut scribe = Scribe::default();
    let mut world = Setup::read(&setup.replace("\\\n", "")).world(seed, &mut scribe);
    world.run_until(&mut scribe, SimTime::from_ms(600_000));
    let mut logs: BTreeMap<TopicPartition, Vec<MessageId>> = BTreeMap::new();
    let mut heard = 0;
    for (_, fact) in &scribe.0 {
        match fact {
            Fact::Appended { message, to, .. } => {
                logs.entry(to.clone()).or_default().push(*message);
            }
            Fact::Acknowledged { .. } => heard += 1,
            _ => {}
        }
    }
    (logs, heard)
}

#[test]
fn with_idempotence_each_record_is_there_once_and_in_order() {
    for seed in 0..150 {
        let (logs, heard) = run(seed, true, 30_000);
        assert_eq!(heard, 60, "all are acknowledged, seed {seed}");
        assert_eq!(logs.values().map(Vec::len).sum::<usize>(), 60, "each once, seed {seed}");
        for (partition, messages) in logs {
            assert!(messages.is_sorted(), "{partition} keeps the order, seed {seed}: {messages:?}");
        }
    }
}

#[test]
fn without_idempotence_records_come_twice_only_when_something_is_lost() {
    let count = |seed, loss| {
        let (logs, heard) = run(seed, false, loss);
        assert_eq!(heard, 60, "all are acknowledged, seed {seed}");
        logs.values().map(Vec::len).sum::<usize>()
    };
    for seed in 0..50 {
        assert_eq!(count(seed, 0), 60, "nothing is lost, so nothing comes twice, seed {seed}");
    }
    assert!((0..50).any(|seed| 60 < count(seed, 30_000)), "lost answers make duplicates");
}
