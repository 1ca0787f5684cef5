use super::*;
use crate::kafka::testing::{Scribe, Setup, broken};
use crate::sim::SimTime;
use expect_test::expect;

fn at(setup: &str, ms: u64) -> Snapshot {
    let mut scribe = Scribe::default();
    let mut world = Setup::read(setup).world(7, &mut scribe);
    world.run_until(&mut scribe, SimTime::from_ms(ms));
    snapshot(&world, 2)
}

const SETUP: &str = "
    brokers 1 group.initial.rebalance.delay.ms=0
    link latency=100ms
    topic orders 1 segment.bytes=500
    producer p1 linger.ms=0
    consumer c1 billing orders auto.offset.reset=earliest enable.auto.commit=false \
        commits=after-record
    send 4 every 200ms from 2s to orders work=300ms
    ";

#[test]
fn a_record_can_be_followed_from_the_producer_to_the_consumer_and_back() {
    let cargo = |ms| {
        let flights = at(SETUP, ms).flights;
        let told = flights
            .iter()
            .map(|it| format!("{} to {}: {:?}", it.sent.as_ms(), it.arrives.as_ms(), it.cargo))
            .map(|it| broken(&it));
        told.collect::<Vec<_>>().join("\n")
    };
    let all = [2_050, 2_150, 2_550, 2_650].map(cargo).join("\n--\n");
    expect![[r#"
        2000 to 2100: Produce(ProducerName("p1"), TopicPartition { topic:
                    TopicName("orders"), partition: 0 }, [MessageId(1)])
        --
        2100 to 2200: Fetch(ConsumerName("c1"), TopicPartition { topic:
                    TopicName("orders"), partition: 0 }, [MessageId(1)])
        2100 to 2200: ProduceAnswer(ProducerName("p1"), TopicPartition { topic:
                    TopicName("orders"), partition: 0 }, [MessageId(1)])
        --
        2500 to 2600: Commit(ConsumerName("c1"), GroupId("billing"),
                    TopicPartition { topic: TopicName("orders"), partition: 0 }, Offset(1))
        2500 to 2600: ProduceAnswer(ProducerName("p1"), TopicPartition { topic:
                    TopicName("orders"), partition: 0 }, [MessageId(3)])
        --
        2600 to 2700: Produce(ProducerName("p1"), TopicPartition { topic:
                    TopicName("orders"), partition: 0 }, [MessageId(4)])
        2600 to 2700: CommitAnswer(ConsumerName("c1"), GroupId("billing"))"#]]
    .assert_eq(&all);
}

/// One field a line, so that it can be read.
fn told(parts: &[String]) -> String {
    let text = parts.join("\n").replace('[', "[\n").replace("{ ", "{\n").replace(", ", ",\n");
    text.replace("(\"", " ").replace("\")", "")
}

#[test]
fn brokers_producers_and_logs_are_in_the_snapshot() {
    let shown = at(SETUP, 2_750);
    let parts = [
        format!("{:?}", shown.brokers),
        format!("{:?}", shown.producers),
        format!("{:?}", shown.topics),
    ];
    expect![[r#"
        [
        BrokerSnapshot {
        id: BrokerId(1),
        stage: Running,
        fenced: false,
        cut_from: [
        ],
        slow_to: [
        ] }]
        [
        ProducerSnapshot {
        name: ProducerName p1,
        next: [
        ],
        sent: 4,
        acknowledged: 3,
        crashed: false,
        transaction: None }]
        [
        TopicSnapshot {
        name: TopicName orders,
        partitions: [
        PartitionSnapshot {
        partition: TopicPartition {
        topic: TopicName orders,
        partition: 0 },
        leader: Some(BrokerId(1)),
        leader_epoch: 0,
        replicas: [
        ],
        log_start: Offset(0),
        high_watermark: Offset(4),
        last_stable: Offset(4),
        log_end: Offset(4),
        records: 4,
        segments: [
        Offset(0),
        Offset(2)],
        size_bytes: 680,
        cleaning: None,
        cells: [
        RecordCell {
        offset: Offset(2),
        message: MessageId(3),
        timestamp_ms: 2400,
        transaction: None,
        passed_on: None },
        RecordCell {
        offset: Offset(3),
        message: MessageId(4),
        timestamp_ms: 2600,
        transaction: None,
        passed_on: None }],
        markers: [
        ],
        duplicates: None }] }]"#]]
    .assert_eq(&told(&parts));
}

#[test]
fn groups_consumers_and_offsets_are_in_the_snapshot() {
    let shown = at(SETUP, 2_750);
    let parts = [
        format!("{:?}", shown.groups),
        format!("{:?}", shown.consumers),
        format!("{:?}", shown.offsets_topic),
    ];
    expect![[r#"
        [
        GroupSnapshot {
        group: GroupId billing,
        coordinator: Some(BrokerId(1)),
        state: "Stable",
        generation: 1,
        progress: None,
        reconciling: None,
        partitions: [
        GroupPartition {
        partition: TopicPartition {
        topic: TopicName orders,
        partition: 0 },
        owner: Some(ConsumerName c1),
        committed_only: false,
        committed: Some(Offset(1)),
        position: Some(Offset(2)),
        began: Some(Offset(0)),
        lag: Some(3) }] }]
        [
        ConsumerSnapshot {
        name: ConsumerName c1,
        group: GroupId billing,
        state: Working {
        message: MessageId(2),
        began: SimTime(2700000),
        done: SimTime(3000000) },
        term: Some(Generation(1)),
        partitions: [
        TopicPartition {
        topic: TopicName orders,
        partition: 0 }],
        holds: [
        ],
        held: 1,
        processed: 1,
        transaction: None }]
        [
        OffsetsPartitionSnapshot {
        partition: 9,
        records: [
        OffsetsRecord {
        offset: Offset(1),
        group: GroupId billing,
        content: Metadata(Some((1,
        1))),
        latest: true },
        OffsetsRecord {
        offset: Offset(2),
        group: GroupId billing,
        content: Commit(TopicPartition {
        topic: TopicName orders,
        partition: 0 },
        Some(Offset(1))),
        latest: true }],
        total: 3 }]"#]]
    .assert_eq(&told(&parts));
}

#[test]
fn the_state_of_a_consumer_is_told_in_its_own_words() {
    let mut scribe = Scribe::default();
    let mut world = Setup::read(SETUP).world(7, &mut scribe);
    let mut states = Vec::new();
    let script = [
        (50, None),
        (1_900, None),
        (2_300, None),
        (2_550, None),
        (2_700, Some("pause c1")),
        (2_700, Some("crash c1")),
        (9_000, Some("restart c1")),
        (60_000, Some("remove c1")),
        (61_000, None),
    ];
    for (ms, command) in script {
        world.run_until(&mut scribe, SimTime::from_ms(ms));
        if let Some(command) = command {
            world.command(&mut scribe, command.parse().unwrap());
        }
        let it = &snapshot(&world, 2).consumers[0];
        let state = format!("{:?}", it.state);
        states.push(broken(&format!("{ms}: {state}, holds {}, done {}", it.held, it.processed)));
    }
    expect![[r#"
        50: Joining, holds 0, done 0
        1900: Waiting, holds 0, done 0
        2300: Working { message: MessageId(1), began: SimTime(2200000), done:
                    SimTime(2500000) }, holds 1, done 0
        2550: Committing, holds 0, done 1
        2700: Paused, holds 1, done 1
        2700: Crashed, holds 0, done 1
        9000: Joining, holds 0, done 1
        60000: Committing, holds 0, done 4
        61000: Closed, holds 0, done 4"#]]
    .assert_eq(&states.join("\n"));
}

/// As in the recorded case `offsets-topic-group-records`.
#[test]
fn every_generation_and_every_commit_is_a_record_of_the_offsets_topic() {
    let setup = "
        brokers 1 group.initial.rebalance.delay.ms=0
        topic orders 2
        producer p1
        consumer c1 billing orders auto.offset.reset=earliest heartbeat.interval.ms=300
        send 2 every 1ms from 1s to orders keys=a,b
        ";
    let mut scribe = Scribe::default();
    let mut world = Setup::read(setup).world(7, &mut scribe);
    for (ms, command) in [(2_000, "add c2 to billing"), (4_000, "remove c2"), (6_000, "remove c1")]
    {
        world.run_until(&mut scribe, SimTime::from_ms(ms));
        world.command(&mut scribe, command.parse().unwrap());
    }
    world.run_until(&mut scribe, SimTime::from_ms(9_000));
    let shown = snapshot(&world, 99).offsets_topic;
    let lines = shown.iter().flat_map(|it| &it.records).map(|it| {
        let latest = if it.latest { ", latest" } else { "" };
        broken(&format!("{} {}: {:?}{latest}", it.offset, it.group, it.content))
    });
    let all = lines.collect::<Vec<_>>().join("\n");
    expect![[r#"
        0 billing: Metadata(Some((0, 0)))
        1 billing: Metadata(Some((1, 1)))
        2 billing: Commit(TopicPartition { topic: TopicName("orders"),
                    partition: 0 }, Some(Offset(2)))
        3 billing: Commit(TopicPartition { topic: TopicName("orders"),
                    partition: 1 }, Some(Offset(0)))
        4 billing: Metadata(Some((2, 2)))
        5 billing: Commit(TopicPartition { topic: TopicName("orders"),
                    partition: 1 }, Some(Offset(0)))
        6 billing: Commit(TopicPartition { topic: TopicName("orders"),
                    partition: 0 }, Some(Offset(2)))
        7 billing: Metadata(Some((3, 1)))
        8 billing: Commit(TopicPartition { topic: TopicName("orders"),
                    partition: 0 }, Some(Offset(2))), latest
        9 billing: Commit(TopicPartition { topic: TopicName("orders"),
                    partition: 1 }, Some(Offset(0))), latest
        10 billing: Metadata(Some((4, 0))), latest"#]]
    .assert_eq(&all);
    assert_eq!((shown.len(), shown[0].partition), (1, 9));
}

#[test]
fn a_snapshot_is_as_large_as_asked_for_however_long_the_log() {
    let setup = "
        topic orders 1
        producer p1 linger.ms=0
        consumer c1 billing orders auto.offset.reset=earliest
        send 3000 every 1ms from 1s to orders
        ";
    let shown = at(setup, 6_000);
    let partition = &shown.topics[0].partitions[0];
    assert_eq!((partition.records, partition.cells.len()), (3_000, 2));
    assert_eq!(partition.cells[1].offset.0, 2_999);
}
