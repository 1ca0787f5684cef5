//! Snapshots made by hand: moments that the pictures must get right.

use brokerscope_core::kafka::snapshot as k;
use brokerscope_core::kafka::{BrokerId, Offset, TopicPartition};
use brokerscope_core::name::{ConsumerName, QueueName};
use brokerscope_core::rabbitmq::config::{
    Destination, ExchangeType, Queue, QueueArguments, RoutingKey,
};
use brokerscope_core::rabbitmq::fact::Reason;
use brokerscope_core::rabbitmq::snapshot as r;
use brokerscope_core::rabbitmq::table::Table;
use brokerscope_core::rabbitmq::topology::{Bound, Destination as To};
use brokerscope_core::sim::SimTime;
use brokerscope_core::workload::{Keys, Message, MessageId, Stream, StreamId, Workload};
use brokerscope_core::{kafka, rabbitmq};
use brokerscope_stage::{Motion, Options, Palette, Picture, Scene, picture, svg};
use std::sync::Arc;

/// A moment: both systems, and what they were given.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) name: &'static str,
    pub(crate) kafka: kafka::Snapshot,
    pub(crate) rabbitmq: rabbitmq::Snapshot,
    pub(crate) config: rabbitmq::Config,
    pub(crate) workload: Workload,
    pub(crate) now: SimTime,
}

impl Made {
    pub(crate) fn picture(&self, options: &Options) -> Picture {
        picture(&self.scene(options))
    }

    pub(crate) fn scene<'a>(&'a self, options: &'a Options) -> Scene<'a> {
        Scene {
            kafka: &self.kafka,
            rabbitmq: &self.rabbitmq,
            rabbitmq_config: &self.config,
            workload: &self.workload,
            now: self.now,
            options,
        }
    }

    pub(crate) fn svg(&self, width_px: u16, palette: &Palette) -> String {
        let options = Options { width_px, can_add: true, ..Options::default() };
        let picture = self.picture(&options);
        svg::write(&picture, palette, self.name, &picture.label)
    }
}

pub(crate) fn options(width_px: u16, motion: Motion) -> Options {
    Options { width_px, motion, can_add: true, ..Options::default() }
}

/// Messages with these keys, `None` for none, each key a letter.
pub(crate) fn workload(count: u32, key: impl Fn(u32) -> Option<u32>) -> Workload {
    let mut keys = Keys::default();
    let mut known = Vec::new();
    let messages: Vec<Message> = (1..=count)
        .map(|number| Message {
            at: SimTime(u64::from(number) * 300_000),
            key: key(number).map(|it| {
                if let Some(place) = known.iter().position(|known| *known == it) {
                    return brokerscope_core::workload::KeyId(u32::try_from(place).unwrap());
                }
                known.push(it);
                keys.push(it.to_string().as_bytes())
            }),
            size_bytes: 100,
            work_us: 900_000,
            stream: StreamId(0),
            poison: false,
            tombstone: false,
            headers_bytes: 0,
        })
        .collect();
    let stream = Stream { name: "orders".into(), producer: "shop".into() };
    Workload { messages: messages.into(), keys: Arc::new(keys), streams: Arc::new([stream]) }
}

pub(crate) fn ids(numbers: &[u32]) -> Vec<MessageId> {
    numbers.iter().map(|it| MessageId(*it)).collect()
}

pub(crate) fn broker(number: u16, stage: k::BrokerStage) -> k::BrokerSnapshot {
    let (cut_from, slow_to) = (Vec::new(), Vec::new());
    k::BrokerSnapshot { id: BrokerId(number), stage, fenced: false, cut_from, slow_to }
}

pub(crate) fn partition(name: &str, number: u32, messages: &[u32]) -> k::PartitionSnapshot {
    let cells = (0..).zip(messages).map(|(offset, message)| k::RecordCell {
        offset: Offset(offset),
        message: MessageId(*message),
        timestamp_ms: offset * 900,
        transaction: None,
        passed_on: None,
    });
    let end = Offset(i64::try_from(messages.len()).unwrap());
    k::PartitionSnapshot {
        partition: TopicPartition::new(name, number),
        leader: Some(BrokerId(1)),
        leader_epoch: 0,
        replicas: Vec::new(),
        log_start: Offset(0),
        high_watermark: end,
        last_stable: end,
        log_end: end,
        records: messages.len() as u64,
        segments: vec![Offset(0)],
        size_bytes: 100 * messages.len() as u64,
        cleaning: None,
        cells: cells.collect(),
        markers: Vec::new(),
        duplicates: None,
    }
}

pub(crate) fn group(
    name: &str,
    standing: &[(&k::PartitionSnapshot, Option<&str>, i64, Option<i64>)],
) -> k::GroupSnapshot {
    let partitions =
        standing.iter().map(|(partition, owner, committed, position)| k::GroupPartition {
            partition: partition.partition.clone(),
            owner: owner.map(ConsumerName::from),
            committed_only: false,
            committed: (0 <= *committed).then_some(Offset(*committed)),
            position: position.map(Offset),
            began: position.map(|_| Offset(0)),
            lag: (0 <= *committed).then_some(partition.high_watermark.0 - committed),
        });
    k::GroupSnapshot {
        group: name.into(),
        coordinator: Some(BrokerId(1)),
        state: "Stable",
        generation: 1,
        progress: None,
        reconciling: None,
        partitions: partitions.collect(),
    }
}

pub(crate) fn k_consumer(name: &str, group: &str, state: k::ConsumerState) -> k::ConsumerSnapshot {
    k::ConsumerSnapshot {
        name: name.into(),
        group: group.into(),
        state,
        term: Some(k::Term::Generation(1)),
        partitions: Vec::new(),
        holds: Vec::new(),
        held: 0,
        processed: 5,
        transaction: None,
    }
}

pub(crate) fn r_consumer(name: &str, queue: &str, state: r::ConsumerState) -> r::ConsumerSnapshot {
    r::ConsumerSnapshot {
        name: name.into(),
        queue: queue.into(),
        state,
        prefetch_count: 5,
        auto_ack: false,
        holds: Vec::new(),
        held: 0,
        unacked: 0,
        processed: 6,
        standing: r::Standing::default(),
        error: None,
    }
}

/// A queue from a line of signs, one a message from `first` on: `.` acknowledged, `#` ready,
/// `r` redelivered and ready, `x` removed, a digit: unacked by the consumer of that number.
pub(crate) fn queue(name: &str, first: u32, signs: &str) -> r::QueueSnapshot {
    let slots: Vec<r::Slot> = (0..)
        .zip(signs.chars())
        .map(|(arrival, sign)| r::Slot {
            arrival,
            message: MessageId(first + u32::try_from(arrival).unwrap()),
            state: match sign {
                '#' | 'r' => r::SlotState::Ready,
                '.' => r::SlotState::Acked,
                'x' => r::SlotState::Removed(Some(Reason::Rejected)),
                _ => r::SlotState::Unacked(format!("c{sign}").as_str().into()),
            },
            redelivered: sign == 'r',
            returns: 0,
            priority: 0,
            expires: None,
            deaths: Vec::new(),
        })
        .collect();
    let number = |which: fn(&r::SlotState) -> bool| {
        slots.iter().filter(|it| which(&it.state)).count() as u64
    };
    r::QueueSnapshot {
        name: name.into(),
        ready: number(|it| *it == r::SlotState::Ready),
        unacked: number(|it| matches!(it, r::SlotState::Unacked(_))),
        enqueued: slots.len() as u64,
        acked: number(|it| *it == r::SlotState::Acked),
        removed: number(|it| matches!(it, r::SlotState::Removed(_))),
        slots,
        earlier: (0, 0),
        consumers: 3,
        arguments: QueueArguments::default(),
        reasons: Vec::new(),
        refused: (0, None),
        ready_bytes: 0,
        delivery_limit: None,
        returns: 0,
        next: None,
        members: None,
    }
}

/// An exchange that nothing has come to.
pub(crate) fn exchange(name: &str, kind: ExchangeType) -> r::ExchangeSnapshot {
    r::ExchangeSnapshot { name: name.into(), kind, alternate: None, newest: None }
}

/// A binding of a queue.
pub(crate) fn binding(source: &str, queue: &str, routing_key: &str) -> r::BindingSnapshot {
    r::BindingSnapshot {
        source: source.into(),
        destination: To::Queue(queue.into()),
        routing_key: routing_key.into(),
        arguments: Table::new(),
        matched: false,
    }
}

/// An entry of `x-death`.
pub(crate) fn death(queue: &str, reason: Reason, count: u32) -> r::DeathSnapshot {
    r::DeathSnapshot { queue: queue.into(), reason, count }
}

pub(crate) fn config(queues: &[&str]) -> rabbitmq::Config {
    rabbitmq::Config {
        broker: Default::default(),
        exchanges: Vec::new(),
        queues: queues.iter().map(|name| Queue::new(*name, QueueArguments::default())).collect(),
        bindings: Vec::new(),
        publishers: Vec::new(),
        destinations: Vec::new(),
        consumers: Vec::new(),
        links: rabbitmq::config::Links::default(),
    }
}

fn commit(partition: &k::PartitionSnapshot, offset: i64, latest: bool) -> k::OffsetsRecord {
    k::OffsetsRecord {
        offset: Offset(offset),
        group: "billing".into(),
        content: k::OffsetsContent::Commit(partition.partition.clone(), Some(Offset(offset))),
        latest,
    }
}

fn offsets_topic(records: Vec<k::OffsetsRecord>) -> Vec<k::OffsetsPartitionSnapshot> {
    let total = records.len() as u64;
    vec![k::OffsetsPartitionSnapshot { partition: 12, records, total }]
}

pub(crate) fn producer(next: &[u32], sent: u64) -> k::ProducerSnapshot {
    k::ProducerSnapshot {
        name: "shop".into(),
        next: ids(next),
        sent,
        acknowledged: sent,
        crashed: false,
        transaction: None,
    }
}

pub(crate) fn publisher(next: &[u32], sent: u64) -> r::PublisherSnapshot {
    r::PublisherSnapshot {
        name: "shop".into(),
        next: ids(next),
        sent,
        confirmed: sent,
        error: None,
    }
}

fn working(message: u32) -> (MessageId, SimTime, SimTime) {
    (MessageId(message), SimTime::from_ms(13_800), SimTime::from_ms(14_800))
}

fn k_working(message: u32) -> k::ConsumerState {
    let (message, began, done) = working(message);
    k::ConsumerState::Working { message, began, done }
}

fn r_working(message: u32) -> r::ConsumerState {
    let (message, began, done) = working(message);
    r::ConsumerState::Working { message, began, done }
}

const P0: [u32; 8] = [1, 4, 6, 9, 11, 14, 17, 20];
const P1: [u32; 7] = [2, 5, 8, 12, 15, 18, 22];
const P2: [u32; 7] = [3, 7, 10, 13, 16, 19, 21];

fn key_of(message: u32) -> Option<u32> {
    if P0.contains(&message) {
        return Some(if message.is_multiple_of(3) { 1 } else { 0 });
    }
    Some(if P1.contains(&message) { 2 } else { 3 + message % 2 })
}

/// The consumer of P0 crashed after the work, before it could say so.
pub(crate) fn crash_before_commit() -> Made {
    let parts = [("orders", 0, &P0[..]), ("orders", 1, &P1[..]), ("orders", 2, &P2[..])];
    let parts = parts.map(|(name, number, messages)| partition(name, number, messages));
    let [p0, p1, p2] = &parts;
    let mut c1 = k_consumer("c1", "billing", k::ConsumerState::Crashed);
    c1.partitions = vec![p0.partition.clone()];
    let mut c2 = k_consumer("c2", "billing", k::ConsumerState::Waiting);
    c2.partitions = vec![p1.partition.clone()];
    let mut c3 = k_consumer("c3", "billing", k_working(19));
    c3.partitions = vec![p2.partition.clone()];
    c3.holds = vec![(MessageId(21), p2.partition.clone())];
    c3.held = 2;
    let from_to = (SimTime::from_ms(14_000), SimTime::from_ms(14_300));
    let kafka = kafka::Snapshot {
        at: SimTime::from_ms(14_200),
        brokers: vec![broker(1, k::BrokerStage::Running)],
        producers: vec![producer(&[24, 25, 26], 23)],
        topics: vec![k::TopicSnapshot { name: "orders".into(), partitions: parts.to_vec() }],
        groups: vec![group(
            "billing",
            &[(p0, None, 5, None), (p1, Some("c2"), 6, Some(7)), (p2, Some("c3"), 5, Some(7))],
        )],
        consumers: vec![c1, c2, c3],
        offsets_topic: offsets_topic(vec![
            commit(p0, 4, false),
            commit(p2, 4, false),
            commit(p1, 6, true),
            commit(p0, 5, true),
            commit(p2, 5, true),
        ]),
        flights: vec![
            k::Flight {
                sent: from_to.0,
                arrives: from_to.1,
                cargo: k::Cargo::Produce("shop".into(), p2.partition.clone(), ids(&[23])),
            },
            k::Flight {
                sent: from_to.0,
                arrives: SimTime::from_ms(14_400),
                cargo: k::Cargo::Commit(
                    "c2".into(),
                    "billing".into(),
                    p1.partition.clone(),
                    Offset(7),
                ),
            },
        ],
    };
    let mut r2 = r_consumer("c2", "billing", r_working(19));
    (r2.unacked, r2.held) = (1, 1);
    let mut r3 = r_consumer("c3", "billing", r_working(20));
    (r3.unacked, r3.held) = (2, 2);
    r3.holds = ids(&[21]);
    let rabbitmq = rabbitmq::Snapshot {
        nodes: Vec::new(),
        at: kafka.at,
        publishers: vec![publisher(&[24, 25, 26], 23)],
        exchanges: Vec::new(),
        bindings: Vec::new(),
        queues: vec![queue("billing", 1, "................r.233#")],
        consumers: vec![r_consumer("c1", "billing", r::ConsumerState::Crashed), r2, r3],
        flights: vec![r::Flight {
            sent: from_to.0,
            arrives: from_to.1,
            cargo: r::Cargo::Publish("shop".into(), "".into(), "billing".into(), MessageId(23)),
        }],
    };
    Made {
        name: "crash-before-commit",
        now: kafka.at,
        kafka,
        rabbitmq,
        config: config(&["billing"]),
        workload: workload(40, key_of),
    }
}

/// Everything is done: one keeps it all, the other nothing.
pub(crate) fn retained_or_removed() -> Made {
    let mut made = crash_before_commit();
    made.name = "retained-or-removed";
    made.workload = workload(22, key_of);
    let parts = made.kafka.topics[0].partitions.clone();
    let ends = [(0, "c1"), (1, "c2"), (2, "c3")]
        .map(|(place, owner)| (place, owner, parts[place].log_end.0));
    let standing: Vec<_> = ends
        .iter()
        .map(|(place, owner, end)| (&parts[*place], Some(*owner), *end, Some(*end)))
        .collect();
    made.kafka.groups = vec![group("billing", &standing)];
    for (consumer, part) in made.kafka.consumers.iter_mut().zip(&parts) {
        consumer.state = k::ConsumerState::Waiting;
        consumer.holds.clear();
        consumer.held = 0;
        consumer.partitions = vec![part.partition.clone()];
    }
    made.kafka.producers = vec![producer(&[], 22)];
    made.kafka.flights.clear();
    made.rabbitmq.flights.clear();
    made.rabbitmq.publishers = vec![publisher(&[], 22)];
    made.rabbitmq.queues = vec![queue("billing", 1, &".".repeat(22))];
    for consumer in &mut made.rabbitmq.consumers {
        consumer.state = r::ConsumerState::Waiting;
        consumer.holds.clear();
        (consumer.unacked, consumer.held) = (0, 0);
    }
    made
}

/// A compacted topic: three logs with what the cleaner left of them.
pub(crate) fn compacted() -> Made {
    let mut made = retained_or_removed();
    made.name = "compacted";
    let mut messages = made.workload.messages.to_vec();
    for deleted in [4, 11, 17] {
        messages[deleted].tombstone = true;
    }
    made.workload.messages = messages.into();
    for (part, gone) in made.kafka.topics[0].partitions.iter_mut().zip([3, 5, 0]) {
        let cleaned_to = Offset(gone + 1);
        part.cells.retain(|it| it.offset.0 % 3 == 1 || gone <= it.offset.0);
        part.records = part.cells.len() as u64;
        part.segments = vec![Offset(0), cleaned_to];
        let (clean_bytes, dirty_bytes) = (300, 0);
        let is_clean = 0 < gone;
        let cleaned_to = if is_clean { cleaned_to } else { Offset(0) };
        part.cleaning = Some(k::CleaningSnapshot { cleaned_to, clean_bytes, dirty_bytes });
    }
    made
}

/// A log with a committed, an aborted and an open transaction.
pub(crate) fn transactions() -> Made {
    let mut made = crash_before_commit();
    made.name = "transactions";
    let part = &mut made.kafka.topics[0].partitions[0];
    let last = part.cells.len() - 1;
    for (place, cell) in part.cells.iter_mut().enumerate() {
        cell.transaction = Some(match place {
            0..=2 => k::TransactionState::Committed,
            _ if place < last => k::TransactionState::Aborted,
            _ => k::TransactionState::Open,
        });
        cell.offset.0 += i64::from(2 < place) + i64::from(place == last);
    }
    let open = part.cells[last].offset;
    part.markers = vec![(Offset(3), k::Marker::Commit), (Offset(open.0 - 1), k::Marker::Abort)];
    part.records += 2;
    (part.log_end, part.high_watermark, part.last_stable) = (open.next(), open.next(), open);
    made
}

/// Four consumers for three partitions.
pub(crate) fn too_many_consumers() -> Made {
    let mut made = crash_before_commit();
    made.name = "too-many-consumers";
    let parts = made.kafka.topics[0].partitions.clone();
    made.kafka.consumers[0].state = k_working(14);
    made.kafka.consumers[0].holds = vec![(MessageId(17), parts[0].partition.clone())];
    made.kafka.consumers[0].held = 3;
    made.kafka.groups[0].partitions[0].owner = Some("c1".into());
    made.kafka.groups[0].partitions[0].position = Some(Offset(8));
    made.kafka.consumers.push(k_consumer("c4", "billing", k::ConsumerState::Idle));
    made.kafka.consumers[1].state = k::ConsumerState::Paused;
    made.rabbitmq.consumers[0].state = r::ConsumerState::Paused;
    let mut c4 = r_consumer("c4", "billing", r_working(18));
    (c4.unacked, c4.held, c4.prefetch_count) = (1, 1, 0);
    made.rabbitmq.consumers.push(c4);
    made.rabbitmq.queues = vec![queue("billing", 1, ".................4233#")];
    let flight = |ms: u64, cargo| r::Flight {
        sent: SimTime::from_ms(14_200 - ms),
        arrives: SimTime::from_ms(14_500 - ms),
        cargo,
    };
    let (queue, consumer) = (QueueName::from("billing"), ConsumerName::from("c2"));
    made.rabbitmq.flights.extend([
        flight(220, r::Cargo::Ack(consumer, queue.clone(), MessageId(16))),
        flight(120, r::Cargo::Return("c4".into(), queue.clone(), MessageId(15))),
        flight(140, r::Cargo::Deliver(queue, "c4".into(), MessageId(22))),
    ]);
    made.kafka.flights.push(k::Flight {
        sent: SimTime::from_ms(14_100),
        arrives: SimTime::from_ms(14_300),
        cargo: k::Cargo::Fetch("c3".into(), parts[2].partition.clone(), ids(&[21])),
    });
    made
}

/// At the first instant.
pub(crate) fn nothing_yet() -> Made {
    let mut made = retained_or_removed();
    made.name = "nothing-yet";
    for part in &mut made.kafka.topics[0].partitions {
        *part = partition("orders", part.partition.partition, &[]);
    }
    made.kafka.groups.clear();
    made.kafka.offsets_topic.clear();
    made.kafka.producers = vec![producer(&[1, 2, 3], 0)];
    made.rabbitmq.publishers = vec![publisher(&[1, 2, 3], 0)];
    made.rabbitmq.queues = vec![queue("billing", 1, "")];
    for consumer in &mut made.kafka.consumers {
        consumer.state = k::ConsumerState::Joining;
        consumer.partitions.clear();
        consumer.processed = 0;
    }
    for consumer in &mut made.rabbitmq.consumers {
        consumer.state = r::ConsumerState::Connecting;
        consumer.processed = 0;
    }
    made
}

/// A hundred thousand records, many of them under way.
pub(crate) fn many_records() -> Made {
    let mut made = crash_before_commit();
    made.name = "100000-records";
    made.workload = workload(100_000, |number| Some(number % 60));
    let parts: Vec<_> = (0..3)
        .map(|number: u32| {
            let newest: Vec<u32> = (0..40).map(|it| 99_000 + it * 3 + number).collect();
            let mut part = partition("orders", number, &newest);
            let before = 33_293 + i64::from(number);
            part.records += before.unsigned_abs();
            part.log_end.0 += before;
            part.high_watermark.0 += before;
            part.last_stable = part.high_watermark;
            for cell in &mut part.cells {
                cell.offset.0 += before;
            }
            part.segments = vec![Offset(0), Offset(20_000), Offset(before + 37)];
            part
        })
        .collect();
    made.kafka.groups = vec![group(
        "billing",
        &[
            (&parts[0], None, 33_330, None),
            (&parts[1], Some("c2"), 33_100, Some(33_120)),
            (&parts[2], Some("c3"), 20_500, Some(20_600)),
        ],
    )];
    let under_way = |place: u32| {
        let sent = SimTime::from_ms(14_200 - u64::from(place % 290));
        (sent, SimTime(sent.0 + 300_000), MessageId(99_200 + place % 700))
    };
    made.kafka.flights = (0..2_000)
        .map(|place| {
            let (sent, arrives, message) = under_way(place);
            let to = parts[place as usize % 3].partition.clone();
            let cargo = k::Cargo::Produce("shop".into(), to, vec![message]);
            k::Flight { sent, arrives, cargo }
        })
        .collect();
    made.rabbitmq.flights = (0..2_000)
        .map(|place| {
            let (sent, arrives, message) = under_way(place);
            let cargo = r::Cargo::Publish("shop".into(), "".into(), "billing".into(), message);
            r::Flight { sent, arrives, cargo }
        })
        .collect();
    made.kafka.topics[0].partitions = parts;
    let signs = "#".repeat(40);
    let mut big = queue("billing", 99_001, &signs);
    for slot in &mut big.slots {
        slot.arrival += 99_960;
    }
    (big.ready, big.unacked, big.acked, big.enqueued) = (60_040, 15, 39_945, 100_000);
    big.earlier = (60_000, 15);
    made.rabbitmq.queues = vec![big];
    made.kafka.producers[0].sent = 100_000;
    made.rabbitmq.publishers[0].sent = 100_000;
    made.kafka.producers[0].next = ids(&[99_998, 99_999, 100_000]);
    made.rabbitmq.publishers[0].next = ids(&[99_998, 99_999, 100_000]);
    made
}

/// Two topics, two groups, two queues, dead letters, exchanges, two brokers and long names.
pub(crate) fn two_of_everything() -> Made {
    let mut made = crash_before_commit();
    made.name = "two-of-everything";
    let mut a0 = partition("orders", 0, &[1, 4, 6, 9, 11, 14]);
    (a0.high_watermark, a0.last_stable) = (Offset(5), Offset(5));
    let mut a1 = partition("orders", 1, &[2, 5, 8, 12, 15, 18]);
    a1.leader = Some(BrokerId(2));
    let mut b0 = partition("customers-with-a-long-name", 0, &[3, 7, 10, 13, 16]);
    b0.log_start = Offset(2);
    b0.cells.drain(..2);
    b0.records = 3;
    b0.segments = vec![Offset(2), Offset(4)];
    made.kafka.brokers =
        vec![broker(1, k::BrokerStage::Running), broker(2, k::BrokerStage::Crashed)];
    made.kafka.groups = vec![
        group(
            "audit",
            &[(&a0, Some("a1"), 2, Some(3)), (&a1, Some("a1"), 6, Some(6)), (&b0, None, -1, None)],
        ),
        group(
            "billing",
            &[
                (&a0, Some("c1"), 4, Some(5)),
                (&a1, Some("c2"), 3, Some(5)),
                (&b0, Some("c2"), 2, Some(4)),
            ],
        ),
    ];
    let mut a = k_consumer("a1", "audit", k_working(6));
    a.partitions = vec![a0.partition.clone(), a1.partition.clone()];
    let mut c2 = k_consumer("c2", "billing", k::ConsumerState::Committing);
    c2.partitions = vec![a1.partition.clone(), b0.partition.clone()];
    let c1 = k_consumer("c1", "billing", k_working(11));
    made.kafka.consumers = vec![c1, c2, a];
    let mut record = commit(&a0, 2, true);
    record.group = "audit".into();
    let mut meta = commit(&a0, 0, false);
    meta.content = k::OffsetsContent::Metadata(Some((3, 2)));
    made.kafka.offsets_topic = offsets_topic(vec![meta, commit(&a0, 4, true)]);
    made.kafka.offsets_topic.extend(offsets_topic(vec![record]));
    made.kafka.topics = vec![
        k::TopicSnapshot { name: "orders".into(), partitions: vec![a0, a1] },
        k::TopicSnapshot { name: "customers-with-a-long-name".into(), partitions: vec![b0] },
    ];
    made.kafka.flights.clear();
    made.kafka.producers.push(k::ProducerSnapshot {
        name: "returns-service-of-the-warehouse".into(),
        next: ids(&[24]),
        sent: 3,
        acknowledged: 3,
        crashed: false,
        transaction: None,
    });
    let mut dead = queue("parked", 1, "###");
    let letters = [(5, Reason::Rejected), (9, Reason::Expired), (12, Reason::MaxLength)];
    for (slot, (message, reason)) in dead.slots.iter_mut().zip(letters) {
        slot.message = MessageId(message);
        slot.deaths = vec![death("billing", reason, 1)];
    }
    let mut rest = config(&["billing", "mailing", "parked"]);
    rest.destinations = vec![Destination::new("orders", RoutingKey::MessageKey)];
    rest.queues[0].arguments.dead_letter_exchange.0 = Some("dlx".into());
    let bind = |from: &str, to: &str| Bound::queue(from, to, "");
    rest.bindings =
        vec![bind("orders", "billing"), bind("orders", "mailing"), bind("dlx", "parked")];
    let seen = |it: &Bound| binding(it.source.as_str(), it.destination.as_str(), "");
    made.rabbitmq.bindings = rest.bindings.iter().map(seen).collect();
    made.config = rest;
    made.rabbitmq.exchanges =
        vec![exchange("orders", ExchangeType::Fanout), exchange("dlx", ExchangeType::Direct)];
    let billing = queue("billing", 1, "....x...x..x...122r##");
    made.rabbitmq.queues = vec![billing, queue("mailing", 1, ".................333#"), dead];
    made.rabbitmq.queues[0].arguments = made.config.queues[0].arguments.clone();
    made.rabbitmq.consumers[0].state = r_working(16);
    made.rabbitmq.consumers[2].queue = "mailing".into();
    made.rabbitmq.consumers[2].auto_ack = true;
    made.rabbitmq.flights = vec![r::Flight {
        sent: SimTime::from_ms(14_000),
        arrives: SimTime::from_ms(14_300),
        cargo: r::Cargo::Publish("shop".into(), "orders".into(), "".into(), MessageId(23)),
    }];
    made
}

/// Thirty partitions, thirty consumers.
pub(crate) fn wide_topic() -> Made {
    let mut made = crash_before_commit();
    made.name = "thirty-partitions";
    let parts: Vec<_> =
        (0..30).map(|number| partition("orders", number, &[number + 1, number + 9])).collect();
    let names: Vec<String> = (1..=33).map(|number| format!("c{number}")).collect();
    let standing: Vec<_> = parts
        .iter()
        .zip(&names)
        .map(|(part, name)| (part, Some(name.as_str()), 1, Some(2)))
        .collect();
    made.kafka.groups = vec![group("billing", &standing)];
    let state = |number: usize| match number {
        0..15 => k_working(9),
        30.. => k::ConsumerState::Idle,
        _ => k::ConsumerState::Waiting,
    };
    made.kafka.consumers = (0..)
        .zip(&names)
        .map(|(number, name)| k_consumer(name, "billing", state(number)))
        .collect();
    made.rabbitmq.consumers = (0..)
        .zip(&names)
        .map(|(number, name)| {
            let state = if number == 3 { r::ConsumerState::Crashed } else { r_working(19) };
            r_consumer(name, "billing", state)
        })
        .collect();
    made.kafka.topics[0].partitions = parts;
    made.kafka.flights.clear();
    made
}

/// All of them.
pub(crate) fn all() -> Vec<Made> {
    let mut all = vec![
        crash_before_commit(),
        retained_or_removed(),
        too_many_consumers(),
        nothing_yet(),
        many_records(),
        two_of_everything(),
        wide_topic(),
        compacted(),
        transactions(),
    ];
    all.extend(crate::rabbits::all());
    all
}
