//! Transactions in random histories: whole or absent, and only what is committed is read.

#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks at the facts it is about")]

use crate::kafka::fact::Fact;
use crate::kafka::testing::{Scribe, Setup};
use crate::kafka::view::Marker;
use crate::kafka::{BrokerId, Cluster, Command, TopicPartition, TransactionCall};
use crate::name::ProducerName;
use crate::sim::{Rng, SimDuration, World};
use crate::workload::MessageId;
use std::collections::{BTreeMap, BTreeSet};

const MESSAGES: u64 = 40;

fn setup(loss: u64) -> String {
    format!(
        "
        brokers 2 transaction.abort.timed.out.transaction.cleanup.interval.ms=500 \\
            group.initial.rebalance.delay.ms=0
        link latency=2ms loss={loss}
        topic t 3
        producer a linger.ms=0 transactional.id=x transaction.timeout.ms=3000 \\
            request.timeout.ms=400 max.block.ms=5000
        producer b linger.ms=0 transactional.id=x transaction.timeout.ms=3000 \\
            request.timeout.ms=400 max.block.ms=5000
        producer c linger.ms=0 transactional.id=y transaction.timeout.ms=3000 \\
            request.timeout.ms=400 max.block.ms=5000
        consumer r readers t isolation.level=read_committed auto.offset.reset=earliest \\
            request.timeout.ms=500 max.poll.interval.ms=3000 session.timeout.ms=6000
        producer nobody
        send {MESSAGES} every 1ms from 90000s to t keys=k1,k2,k3,k4
        "
    )
    .replace("\\\n", "")
}

/// Lets two processes of one transactional id and one of another do what they like.
fn run(seed: u64) -> (Scribe, World<Cluster>) {
    let mut rng = Rng::from_seed(seed);
    let mut scribe = Scribe::default();
    let loss = rng.below(2) * 5_000;
    let mut world = Setup::read(&setup(loss)).world(seed, &mut scribe);
    let mut next = 1;
    for _ in 0..120 {
        let producer = ProducerName::from(["a", "b", "c"][usize::try_from(rng.below(3)).unwrap()]);
        let command = match rng.below(16) {
            0 | 1 => Command::Transact(producer, TransactionCall::Init),
            2..=4 => Command::Transact(producer, TransactionCall::Begin),
            5 | 6 => Command::Transact(producer, TransactionCall::Commit),
            7 => Command::Transact(producer, TransactionCall::Abort),
            8 => Command::CrashProducer(producer),
            9 => Command::RestartProducer(producer),
            _ if u64::from(next) <= MESSAGES => {
                next += 1;
                Command::Send {
                    producer,
                    topic: "t".into(),
                    message: MessageId(next - 1),
                    partition: None,
                    timestamp_ms: None,
                }
            }
            _ => Command::Flush(producer),
        };
        world.command(&mut scribe, command);
        let later = world.now() + SimDuration::millis(rng.below(200));
        world.run_until(&mut scribe, later);
    }
    let end = world.now() + SimDuration::seconds(60);
    world.run_until(&mut scribe, end);
    (scribe, world)
}

/// What is committed, by the logs; asserts that every transaction ended the same way everywhere.
fn committed(world: &World<Cluster>, seed: u64) -> BTreeSet<MessageId> {
    let mut kept = BTreeSet::new();
    let mut ends: BTreeMap<(i64, i16), Marker> = BTreeMap::new();
    for partition in 0..3 {
        let partition = TopicPartition::new("t", partition);
        let log = world.system().log_view(None, &partition).unwrap();
        let mut open: BTreeMap<i64, Vec<MessageId>> = BTreeMap::new();
        for batch in log.segments.iter().flat_map(|it| &it.batches) {
            let stamp = batch.producer.expect("every producer here has an id");
            let Some(marker) = batch.marker else {
                assert!(batch.transactional, "nobody writes outside a transaction, seed {seed}");
                let messages = batch.records.iter().filter_map(|it| it.message);
                open.entry(stamp.id).or_default().extend(messages);
                continue;
            };
            let end = *ends.entry((stamp.id, stamp.epoch)).or_insert(marker);
            assert_eq!(end, marker, "a transaction ends one way, seed {seed}");
            let held = open.remove(&stamp.id).unwrap_or_default();
            if marker == Marker::Commit {
                kept.extend(held);
            }
        }
        assert!(open.values().all(Vec::is_empty), "none is open for ever, seed {seed}");
        let broker = world.system().metadata().leader(&partition).unwrap_or(BrokerId(1));
        let log = world.system().broker(broker).log(&partition).unwrap();
        assert_eq!(log.last_stable(), log.log_end(), "all is decided, seed {seed}");
    }
    kept
}

#[test]
fn a_transaction_is_whole_or_absent_and_readers_see_what_is_committed() {
    let (mut committed_in_all, mut aborted_in_all) = (0, 0);
    for seed in 0..20 {
        let (scribe, world) = run(seed);
        let kept = committed(&world, seed);
        let read: Vec<MessageId> = scribe
            .0
            .iter()
            .filter_map(|(_, it)| match it {
                Fact::Processed { message, .. } => Some(*message),
                _ => None,
            })
            .collect();
        let distinct: BTreeSet<MessageId> = read.iter().copied().collect();
        assert_eq!(distinct, kept, "readers see what is committed, seed {seed}");
        let appended = scribe.0.iter().filter(|(_, it)| matches!(it, Fact::Appended { .. }));
        committed_in_all += kept.len();
        aborted_in_all += appended.count() - kept.len();
    }
    assert!(20 < committed_in_all && 20 < aborted_in_all, "both ways of ending occur");
}
