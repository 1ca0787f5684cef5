//! Applications that use transactions by themselves: producers that send in them, consumers that
//! make records of what they read.

#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks at the facts it is about")]

use crate::kafka::command::Peer;
use crate::kafka::fact::Fact;
use crate::kafka::testing::{BEGINNING, JOINING, Scribe, Setup, check};
use crate::kafka::view::Marker;
use crate::kafka::{BrokerId, Cluster, Command, Offset, TopicPartition};
use crate::sim::{Rng, SimDuration, World};
use crate::workload::MessageId;
use expect_test::expect;
use std::collections::{BTreeMap, BTreeSet};

const QUICK: &str = "brokers 1 group.initial.rebalance.delay.ms=0
    link latency=2ms
    topic debits 1
    topic credits 1
    consumers auto.offset.reset=earliest enable.auto.commit=false session.timeout.ms=6000
";

fn setup(more: &str) -> String {
    format!("{QUICK}{more}")
}

#[test]
fn a_crash_in_the_middle_leaves_nothing_of_the_transaction_and_it_is_done_again() {
    check(
        &setup(
            "producer bank transactional.id=bank transactions-of=2 linger.ms=0
             send 2 every 1000ms from 1000ms to debits
             send 2 every 1000ms from 1300ms to credits
             consumer c1 careful debits,credits isolation.level=read_committed
             consumer c2 hasty debits,credits isolation.level=read_uncommitted",
        ),
        "2100ms: crash producer bank
         3s: restart producer bank
         5s: end",
        &[JOINING, BEGINNING, &["fetched", "poll gave", "began"]],
        expect![[r#"
            0.008 s   bank is the producer with transactional.id=bank: producer 0, epoch 0
            1.00 s    bank sent 1 to debits-0
            1.004 s   transaction of bank is Ongoing, with debits-0
            1.006 s   debits-0 appended 1 at offset 0
            1.008 s   c2 processed 1
            1.008 s   bank heard that 1 is in the log at offset 0
            1.30 s    bank calls commitTransaction
            1.30 s    bank sent 2 to credits-0
            1.304 s   transaction of bank is Ongoing, with credits-0
            1.306 s   credits-0 appended 2 at offset 0
            1.308 s   c2 processed 2
            1.308 s   bank heard that 2 is in the log at offset 0
            1.31 s    transaction of bank is PrepareCommit: its producer asked for it
            1.312 s   credits-0 wrote a COMMIT marker at offset 1, for 1 record
            1.312 s   debits-0 wrote a COMMIT marker at offset 1, for 1 record
            1.312 s   bank heard that its transaction is committed
            1.314 s   c1 processed 2
            1.314 s   c1 processed 1
            1.314 s   transaction of bank is CompleteCommit
            2.00 s    bank sent 3 to debits-0
            2.004 s   transaction of bank is Ongoing, with debits-0
            2.006 s   debits-0 appended 3 at offset 2
            2.008 s   c2 processed 3
            2.008 s   bank heard that 3 is in the log at offset 2
            2.10 s    bank crashed
            3.00 s    bank restarted
            3.006 s   transaction of bank is PrepareAbort: another producer has its
                        transactional.id now
            3.008 s   debits-0 wrote an ABORT marker at offset 3, for 1 record
            3.01 s    transaction of bank is CompleteAbort
            3.112 s   bank is the producer with transactional.id=bank: producer 0, epoch 3
            3.112 s   bank calls commitTransaction
            3.112 s   bank sent 3 to debits-0
            3.112 s   bank sent 4 to credits-0
            3.116 s   transaction of bank is Ongoing, with debits-0, credits-0
            3.118 s   debits-0 appended 3 at offset 4
            3.118 s   credits-0 appended 4 at offset 2
            3.12 s    c2 processed 4
            3.12 s    c2 processed 3
            3.12 s    bank heard that 3 is in the log at offset 4
            3.12 s    bank heard that 4 is in the log at offset 2
            3.122 s   transaction of bank is PrepareCommit: its producer asked for it
            3.124 s   credits-0 wrote a COMMIT marker at offset 3, for 1 record
            3.124 s   debits-0 wrote a COMMIT marker at offset 5, for 1 record
            3.124 s   bank heard that its transaction is committed
            3.126 s   c1 processed 4
            3.126 s   c1 processed 3
            3.126 s   transaction of bank is CompleteCommit
        "#]],
    );
}

#[test]
fn a_deliberate_abort_is_not_done_again() {
    check(
        &setup(
            "producer bank transactional.id=bank transactions-of=2 aborts=1 linger.ms=0
             send 2 every 100ms from 1000ms to debits
             send 2 every 100ms from 1050ms to credits
             consumer c1 careful debits,credits isolation.level=read_committed",
        ),
        "5s: end",
        &[JOINING, BEGINNING, &["fetched", "poll gave", "began"]],
        expect![[r#"
            0.008 s   bank is the producer with transactional.id=bank: producer 0, epoch 0
            1.00 s    bank sent 1 to debits-0
            1.004 s   transaction of bank is Ongoing, with debits-0
            1.006 s   debits-0 appended 1 at offset 0
            1.008 s   bank heard that 1 is in the log at offset 0
            1.05 s    bank calls abortTransaction
            1.05 s    bank gave up on 2: TransactionAbortedException
            1.052 s   transaction of bank is PrepareAbort: its producer asked for it
            1.054 s   debits-0 wrote an ABORT marker at offset 1, for 1 record
            1.054 s   bank heard that its transaction is aborted
            1.056 s   transaction of bank is CompleteAbort
            1.10 s    bank sent 3 to debits-0
            1.104 s   transaction of bank is Ongoing, with debits-0
            1.106 s   debits-0 appended 3 at offset 2
            1.108 s   bank heard that 3 is in the log at offset 2
            1.15 s    bank calls commitTransaction
            1.15 s    bank sent 4 to credits-0
            1.154 s   transaction of bank is Ongoing, with credits-0
            1.156 s   credits-0 appended 4 at offset 0
            1.158 s   bank heard that 4 is in the log at offset 0
            1.16 s    transaction of bank is PrepareCommit: its producer asked for it
            1.162 s   credits-0 wrote a COMMIT marker at offset 1, for 1 record
            1.162 s   debits-0 wrote a COMMIT marker at offset 3, for 1 record
            1.162 s   bank heard that its transaction is committed
            1.164 s   c1 processed 4
            1.164 s   c1 processed 3
            1.164 s   transaction of bank is CompleteCommit
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of it is a trace")]
fn offsets_and_results_are_committed_together_or_not_at_all() {
    check(
        &setup(
            "producer shop linger.ms=0
             send 3 every 10ms from 1000ms to debits work=300ms
             consumer c1 billing debits commits=after-batch max.poll.records=3 \
                fetch.min.bytes=200 produces=credits transactional.id=billing-c1
             consumer late careful credits isolation.level=read_committed"
                .replace("\\\n", "")
                .as_str(),
        ),
        "1500ms: crash c1
         2500ms: restart c1
         12s: end",
        &[BEGINNING, &["fetched", "poll gave"]],
        expect![[r#"
            0.004 s   late asks to join careful
            0.008 s   c1 is the producer with transactional.id=billing-c1: producer 1000,
                        epoch 0
            0.008 s   c1 asks to join billing
            0.008 s   late asks to join careful
            0.01 s    careful rebalances: late joins
            0.012 s   c1 asks to join billing
            0.014 s   billing rebalances: c1 joins
            0.014 s   careful is stable in generation 1: late reads credits-0
            0.016 s   late now reads credits-0
            0.018 s   billing is stable in generation 1: c1 reads debits-0
            0.02 s    c1 now reads debits-0
            1.00 s    shop sent 1 to debits-0
            1.002 s   debits-0 appended 1 at offset 0
            1.004 s   shop heard that 1 is in the log at offset 0
            1.01 s    shop sent 2 to debits-0
            1.012 s   debits-0 appended 2 at offset 1
            1.014 s   c1 began 1
            1.014 s   shop heard that 2 is in the log at offset 1
            1.02 s    shop sent 3 to debits-0
            1.022 s   debits-0 appended 3 at offset 2
            1.024 s   shop heard that 3 is in the log at offset 2
            1.314 s   c1 processed 1
            1.314 s   c1 began 2
            1.319 s   c1 sent 1 to credits-0
            1.323 s   transaction of billing-c1 is Ongoing, with credits-0
            1.325 s   credits-0 appended 1 at offset 0
            1.327 s   c1 heard that 1 is in the log at offset 0
            1.50 s    c1 crashed
            2.50 s    c1 restarted
            2.506 s   transaction of billing-c1 is PrepareAbort: another producer has its
                        transactional.id now
            2.508 s   credits-0 wrote an ABORT marker at offset 1, for 1 record
            2.51 s    transaction of billing-c1 is CompleteAbort
            2.612 s   c1 is the producer with transactional.id=billing-c1: producer 1000,
                        epoch 2
            2.612 s   c1 asks to join billing
            2.616 s   c1 asks to join billing
            2.618 s   billing rebalances: c1 joins
            6.018 s   billing removed c1: no heartbeat for session.timeout.ms=6000
            6.022 s   billing is stable in generation 2: c1 reads debits-0
            6.024 s   c1 now reads debits-0
            6.036 s   c1 began 1
            6.336 s   c1 processed 1
            6.336 s   c1 began 2
            6.341 s   c1 sent 1 to credits-0
            6.345 s   transaction of billing-c1 is Ongoing, with credits-0
            6.347 s   credits-0 appended 1 at offset 2
            6.349 s   c1 heard that 1 is in the log at offset 2
            6.636 s   c1 processed 2
            6.636 s   c1 began 3
            6.641 s   c1 sent 2 to credits-0
            6.643 s   credits-0 appended 2 at offset 3
            6.645 s   c1 heard that 2 is in the log at offset 3
            6.936 s   c1 processed 3
            6.938 s   transaction of billing-c1 is Ongoing, with __consumer_offsets-9
            6.941 s   c1 sent 3 to credits-0
            6.943 s   credits-0 appended 3 at offset 4
            6.945 s   c1 heard that 3 is in the log at offset 4
            6.948 s   c1 sent offsets of billing to its transaction: debits-0 to 3
            6.948 s   c1 calls commitTransaction
            6.95 s    transaction of billing-c1 is PrepareCommit: its producer asked for it
            6.952 s   __consumer_offsets-9 wrote a COMMIT marker at offset 4, for 1 record
            6.952 s   billing is committed to offset 3 of debits-0, by c1, in a transaction
            6.952 s   credits-0 wrote a COMMIT marker at offset 5, for 3 records
            6.952 s   c1 heard that its transaction is committed
            6.954 s   late began 1
            6.954 s   transaction of billing-c1 is CompleteCommit
            7.254 s   late processed 1
            7.254 s   late began 2
            7.554 s   late processed 2
            7.554 s   late began 3
            7.854 s   late processed 3
        "#]],
    );
}

/// Three brokers that lose nothing that is acknowledged, a bank whose every transfer is two
/// records in two topics, and a reader of what is committed.
fn random_setup(loss: u64) -> String {
    format!(
        "
        brokers 3 default.replication.factor=3 group.initial.rebalance.delay.ms=0 \
            transaction.abort.timed.out.transaction.cleanup.interval.ms=500 \
            broker.session.timeout.ms=1500 broker.heartbeat.interval.ms=300
        link latency=2ms loss={loss}
        topic debits 2 min.insync.replicas=2
        topic credits 2 min.insync.replicas=2
        producer bank transactional.id=bank transactions-of=2 aborts=4 request.timeout.ms=500 \
            transaction.timeout.ms=3000 max.block.ms=8000
        send 14 every 400ms from 1000ms to debits keys=k1,k2,k3
        send 14 every 400ms from 1150ms to credits keys=k3,k1,k2
        consumers auto.offset.reset=earliest enable.auto.commit=false request.timeout.ms=500 \
            session.timeout.ms=6000
        consumer c1 careful debits,credits isolation.level=read_committed commits=after-batch
        "
    )
    .replace("\\\n", "")
}

fn random_command(rng: &mut Rng) -> Command {
    let broker = |rng: &mut Rng| BrokerId(1 + u16::try_from(rng.below(3)).unwrap());
    match rng.below(10) {
        0..=2 => Command::CrashProducer("bank".into()),
        3 | 4 => Command::RestartProducer("bank".into()),
        5 => Command::CrashBroker(broker(rng)),
        6 => Command::RestartBroker(broker(rng)),
        7 => Command::CutBroker(broker(rng), Peer::Broker(broker(rng))),
        8 => Command::CrashConsumer("c1".into()),
        _ => Command::RestartConsumer("c1".into()),
    }
}

fn random_run(seed: u64) -> (Scribe, World<Cluster>) {
    let mut rng = Rng::from_seed(seed);
    let mut scribe = Scribe::default();
    let loss = rng.below(2) * 3_000;
    let mut world = Setup::read(&random_setup(loss)).world(seed, &mut scribe);
    let later = |world: &mut World<Cluster>, scribe: &mut Scribe, ms: u64| {
        let until = world.now() + SimDuration::millis(ms);
        world.run_until(scribe, until);
    };
    for _ in 0..20 {
        later(&mut world, &mut scribe, rng.below(600));
        world.command(&mut scribe, random_command(&mut rng));
    }
    for id in [1, 2, 3].map(BrokerId) {
        world.command(&mut scribe, Command::RestartBroker(id));
        for other in [1, 2, 3].map(BrokerId).into_iter().filter(|it| *it != id) {
            world.command(&mut scribe, Command::MendBroker(id, Peer::Broker(other)));
        }
    }
    later(&mut world, &mut scribe, 10_000);
    // One that ended with an exception is started anew.
    for _ in 0..3 {
        world.command(&mut scribe, Command::RestartProducer("bank".into()));
        world.command(&mut scribe, Command::RestartConsumer("c1".into()));
        later(&mut world, &mut scribe, 20_000);
    }
    (scribe, world)
}

/// The records that count, by their places in the logs as they are in the end.
fn committed(world: &World<Cluster>, seed: u64) -> BTreeMap<(TopicPartition, Offset), MessageId> {
    let mut kept = BTreeMap::new();
    for partition in ["debits", "credits"]
        .into_iter()
        .flat_map(|topic| [0, 1].map(|partition| TopicPartition::new(topic, partition)))
    {
        let log = world.system().log_view(None, &partition).unwrap();
        let mut open: BTreeMap<i64, Vec<(Offset, MessageId)>> = BTreeMap::new();
        for batch in log.segments.iter().flat_map(|it| &it.batches) {
            let stamp = batch.producer.expect("every producer here has an id");
            let held = open.entry(stamp.id).or_default();
            match batch.marker {
                None => held
                    .extend(batch.records.iter().filter_map(|it| Some((it.offset, it.message?)))),
                Some(Marker::Abort) => held.clear(),
                Some(Marker::Commit) => {
                    let all = held.drain(..).map(|(at, it)| ((partition.clone(), at), it));
                    kept.extend(all);
                }
            }
        }
        assert!(open.values().all(Vec::is_empty), "nothing is open for ever, seed {seed}");
    }
    kept
}

#[test]
fn whatever_breaks_a_transfer_is_seen_whole_or_not_at_all() {
    let (mut whole, mut passed_over) = (0, 0);
    for seed in 0..60 {
        let (scribe, world) = random_run(seed);
        let kept = committed(&world, seed);
        let counted: BTreeSet<MessageId> = kept.values().copied().collect();
        for half in &counted {
            let other = MessageId(((half.0 - 1) ^ 1) + 1);
            assert!(counted.contains(&other), "{half} has no {other}, seed {seed}");
        }
        let mut seen = BTreeSet::new();
        for (_, fact) in &scribe.0 {
            match fact {
                Fact::Processed { partition, offset, message, .. } => {
                    let there = kept.get(&(partition.clone(), *offset));
                    assert_eq!(there, Some(message), "what c1 sees counts, seed {seed}");
                    seen.insert((partition.clone(), *offset));
                }
                Fact::Appended { .. } => passed_over += 1,
                _ => {}
            }
        }
        assert_eq!(seen.len(), kept.len(), "c1 sees all that counts, seed {seed}");
        whole += counted.len() / 2;
        passed_over -= kept.len();
    }
    assert!(400 < whole && 60 < passed_over, "{whole} whole, {passed_over} records did not count");
}
