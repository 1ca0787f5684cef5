//! Random workloads, clusters, brokers and commands.

use brokerscope_core::kafka::config as kafka;
use brokerscope_core::kafka::{BrokerId, Command as KafkaCommand, Config as KafkaConfig};
use brokerscope_core::name::ConsumerName;
use brokerscope_core::rabbitmq::config::{self as rabbitmq, OptionalText};
use brokerscope_core::rabbitmq::topology::Bound;
use brokerscope_core::rabbitmq::{Command as RabbitCommand, Config as RabbitConfig};
use brokerscope_core::sim::{Rng, SimDuration, SimTime};
use brokerscope_core::workload::{KeyId, Keys, Message, Stream, StreamId, Workload};

fn pick<T: Clone>(rng: &mut Rng, of: &[T]) -> T {
    of[usize::try_from(rng.below(of.len() as u64)).unwrap()].clone()
}

fn below(rng: &mut Rng, limit: u32) -> u32 {
    u32::try_from(rng.below(u64::from(limit))).unwrap()
}

/// Two streams of two producers, few keys, some poison, some messages without a key.
pub(super) fn workload(rng: &mut Rng) -> Workload {
    let mut keys = Keys::default();
    for key in ["tasks", "audit", "red", "green"] {
        keys.push(key.as_bytes());
    }
    let mut at = SimTime::from_ms(300);
    let poison = rng.below(8);
    let messages = (0..70)
        .map(|_| {
            at += SimDuration::millis(rng.below(120));
            Message {
                at,
                key: (!rng.chance(1, 5)).then(|| KeyId(below(rng, 4))),
                size_bytes: 50 + below(rng, 100),
                work_us: below(rng, 90) * 1_000,
                stream: StreamId(u16::from(rng.chance(1, 3))),
                poison: rng.chance(poison, 40),
                tombstone: false,
                headers_bytes: 0,
            }
        })
        .collect();
    let stream =
        |name: &str, producer: &str| Stream { name: name.into(), producer: producer.into() };
    let streams = [stream("orders", "p1"), stream("parcels", "p2")].into();
    Workload { messages, keys: keys.into(), streams }
}

/// Two topics, two groups that share one of them, short retention, quick timeouts.
pub(super) fn cluster(rng: &mut Rng) -> KafkaConfig {
    let topic = |rng: &mut Rng, name: &str| kafka::Topic {
        name: name.into(),
        partitions: 1 + below(rng, 3),
        replication_factor: None,
        settings: kafka::TopicSettings {
            retention_ms: pick(rng, &[-1, 700, 3_000]),
            retention_bytes: pick(rng, &[-1, 600]),
            segment_bytes: pick(rng, &[300, 900, 100_000]),
            ..Default::default()
        },
    };
    let plain = |rng: &mut Rng, name: &str| kafka::Producer {
        name: name.into(),
        settings: kafka::ProducerSettings {
            acks: pick(rng, &[kafka::Acks::None, kafka::Acks::Leader, kafka::Acks::All]),
            linger_ms: rng.below(20),
            request_timeout_ms: 400,
            delivery_timeout_ms: pick(rng, &[900, 60_000]),
            retries: pick(rng, &[0, 3, 1_000]),
            ..Default::default()
        },
        transactions: None,
    };
    let producer = |rng: &mut Rng, name: &str| {
        let mut it = plain(rng, name);
        if rng.chance(1, 3) {
            (it.settings.acks, it.settings.retries) = (kafka::Acks::All, 1_000);
            it.settings.transactional_id = name.to_owned();
            it.settings.transaction_timeout_ms = pick(rng, &[800, 60_000]);
            let (records, aborts) = (1 + below(rng, 3), pick(rng, &[vec![], vec![2, 5]]));
            it.transactions = Some(kafka::Transactions { records, aborts });
        }
        it
    };
    KafkaConfig {
        brokers: 1 + u16::from(rng.chance(1, 2)),
        broker_settings: kafka::BrokerSettings {
            log_retention_check_interval_ms: 250,
            log_initial_task_delay_ms: 100,
            group_initial_rebalance_delay_ms: 100,
            group_min_session_timeout_ms: 500,
            ..Default::default()
        },
        topics: vec![topic(rng, "orders"), topic(rng, "parcels")],
        producers: vec![producer(rng, "p1"), producer(rng, "p2")],
        destinations: vec!["orders".into(), "parcels".into()],
        consumers: kafka_consumers(rng),
        links: kafka::Links {
            producer: SimDuration::millis(pick(rng, &[2, 60])),
            consumer: SimDuration::millis(pick(rng, &[2, 60])),
            coordinator: SimDuration::millis(pick(rng, &[2, 60])),
            cluster: SimDuration::millis(2),
            jitter: SimDuration::millis(rng.below(4)),
            loss_per_million: below(rng, 3) * 8_000,
        },
    }
}

fn kafka_consumers(rng: &mut Rng) -> Vec<kafka::Consumer> {
    let mut consumers = Vec::new();
    for (group, topics, names) in
        [("a", &["orders", "parcels"][..], &["a1", "a2"][..]), ("b", &["orders"], &["b1"])]
    {
        let application = kafka::Application::Automatic {
            commits: pick(
                rng,
                &[
                    kafka::Commits::Never,
                    kafka::Commits::BeforeWork,
                    kafka::Commits::AfterRecord,
                    kafka::Commits::AfterBatch,
                ],
            ),
            on_failure: pick(rng, &[kafka::OnFailure::Retry, kafka::OnFailure::Skip]),
        };
        let settings = kafka::ConsumerSettings {
            isolation_level: pick(
                rng,
                &[kafka::IsolationLevel::ReadCommitted, kafka::IsolationLevel::ReadUncommitted],
            ),
            auto_offset_reset: pick(
                rng,
                &[kafka::OffsetReset::Earliest, kafka::OffsetReset::Latest],
            ),
            enable_auto_commit: rng.chance(1, 2),
            auto_commit_interval_ms: 300,
            max_poll_records: pick(rng, &[2, 500]),
            max_poll_interval_ms: 1_500,
            session_timeout_ms: 900,
            heartbeat_interval_ms: 150,
            request_timeout_ms: 400,
            max_partition_fetch_bytes: pick(rng, &[200, 100_000]),
            ..Default::default()
        };
        consumers.extend(names.iter().map(|name| kafka::Consumer {
            name: (*name).into(),
            group: Some(group.into()),
            topics: topics.iter().map(|it| (*it).into()).collect(),
            settings: settings.clone(),
            application,
            starts_after: SimDuration::ZERO,
            produces: produces(rng, name, &application, &settings),
            passes_on: None,
            idempotent: false,
        }));
    }
    consumers
}

/// Sometimes it sends what it has worked on to `parcels`, in a transaction if it can.
fn produces(
    rng: &mut Rng,
    name: &str,
    application: &kafka::Application,
    consumer: &kafka::ConsumerSettings,
) -> Option<Box<kafka::Produces>> {
    if name != "b1" || rng.chance(1, 2) {
        return None;
    }
    let commits = match application {
        kafka::Application::Automatic { commits, .. } => *commits,
        kafka::Application::Manual => kafka::Commits::Never,
    };
    let mut settings = kafka::ProducerSettings::default();
    let can = matches!(commits, kafka::Commits::AfterRecord | kafka::Commits::AfterBatch);
    if can && !consumer.enable_auto_commit && rng.chance(2, 3) {
        settings.transactional_id = name.to_owned();
    }
    Some(Box::new(kafka::Produces { topic: "parcels".into(), settings }))
}

/// A consumer that exists or could be added.
fn name(rng: &mut Rng) -> ConsumerName {
    pick(rng, &["a1", "a2", "a3", "b1", "b2"]).into()
}

pub(super) fn kafka_command(rng: &mut Rng) -> KafkaCommand {
    let broker = BrokerId(1 + u16::from(rng.chance(1, 2)));
    match rng.below(14) {
        12 => KafkaCommand::CrashProducer(pick(rng, &["p1", "p2"]).into()),
        13 => KafkaCommand::RestartProducer(pick(rng, &["p1", "p2"]).into()),
        0 | 1 => KafkaCommand::CrashConsumer(name(rng)),
        2..=4 => KafkaCommand::RestartConsumer(name(rng)),
        5 => KafkaCommand::PauseConsumer(name(rng)),
        6 => KafkaCommand::ResumeConsumer(name(rng)),
        7 => {
            let name = name(rng);
            let group = name.as_str()[..1].into();
            KafkaCommand::AddConsumer(name, group)
        }
        8 => KafkaCommand::RemoveConsumer(name(rng)),
        9 => KafkaCommand::Commit(name(rng)),
        10 => KafkaCommand::CrashBroker(broker),
        _ => KafkaCommand::RestartBroker(broker),
    }
}

/// Two queues that messages are published to, one of them by their own keys too, and two for
/// dead letters, of which one sends them back.
pub(super) fn broker(rng: &mut Rng) -> RabbitConfig {
    let some =
        |rng: &mut Rng, of: &[&str]| OptionalText(rng.chance(2, 3).then(|| pick(rng, of).into()));
    let main = |rng: &mut Rng, name: &str| {
        rabbitmq::Queue::new(
            name,
            rabbitmq::QueueArguments {
                dead_letter_exchange: some(rng, &["", "", "nosuch"]),
                dead_letter_routing_key: some(rng, &["dead", "retry", "nobody", "audit"]),
                message_ttl_ms: pick(rng, &[None, Some(150), Some(900)]),
                max_length: pick(rng, &[None, None, Some(3)]),
                ..Default::default()
            },
        )
    };
    let queues = vec![
        main(rng, "tasks"),
        main(rng, "audit"),
        rabbitmq::Queue::new("dead", Default::default()),
        rabbitmq::Queue::new(
            "retry",
            rabbitmq::QueueArguments {
                dead_letter_exchange: OptionalText(Some("".into())),
                dead_letter_routing_key: OptionalText(Some("tasks".into())),
                message_ttl_ms: Some(200),
                max_length: None,
                ..Default::default()
            },
        ),
    ];
    let bind = |source: &str, to: &str, key: &str| Bound::queue(source, to, key);
    let publisher = |rng: &mut Rng, name: &str| rabbitmq::Publisher {
        name: name.into(),
        settings: rabbitmq::PublisherSettings { confirm: rng.chance(3, 4), ..Default::default() },
    };
    RabbitConfig {
        broker: Default::default(),
        exchanges: vec![rabbitmq::Exchange::new("news", rabbitmq::ExchangeType::Fanout)],
        queues,
        bindings: vec![bind("news", "tasks", ""), bind("news", "audit", "")],
        publishers: vec![publisher(rng, "p1"), publisher(rng, "p2")],
        destinations: vec![
            rabbitmq::Destination::new("", rabbitmq::RoutingKey::MessageKey),
            rabbitmq::Destination::new("news", rabbitmq::RoutingKey::Fixed("".into())),
        ],
        consumers: rabbitmq_consumers(rng),
        links: rabbitmq::Links {
            cluster: Default::default(),
            publisher: SimDuration::millis(pick(rng, &[2, 60])),
            consumer: SimDuration::millis(pick(rng, &[2, 60])),
            jitter: SimDuration::millis(rng.below(4)),
            loss_per_million: below(rng, 2) * 5_000,
        },
    }
}

fn rabbitmq_consumers(rng: &mut Rng) -> Vec<rabbitmq::Consumer> {
    let mut consumers = Vec::new();
    for (queue, names) in [("tasks", &["a1", "a2"][..]), ("audit", &["b1"])] {
        let settings = rabbitmq::ConsumerSettings {
            prefetch_count: pick(rng, &[0, 1, 3]),
            auto_ack: rng.chance(1, 3),
            ..Default::default()
        };
        use rabbitmq::OnFailure::{Ack, Reject, Requeue};
        let on_failure = pick(rng, &[Requeue, Reject, Reject, Ack]);
        use rabbitmq::Acks::{AfterBatch, AfterWork, BeforeWork};
        let acks = pick(rng, &[AfterWork, AfterBatch, BeforeWork]);
        consumers.extend(names.iter().map(|name| rabbitmq::Consumer {
            settings: settings.clone(),
            on_failure,
            acks,
            ..rabbitmq::Consumer::new(*name, queue)
        }));
    }
    consumers
}

pub(super) fn rabbitmq_command(rng: &mut Rng) -> RabbitCommand {
    match rng.below(11) {
        0 | 1 => RabbitCommand::CrashConsumer(name(rng)),
        2..=4 => RabbitCommand::RestartConsumer(name(rng)),
        5 => RabbitCommand::PauseConsumer(name(rng)),
        6 => RabbitCommand::ResumeConsumer(name(rng)),
        7 => {
            let name = name(rng);
            let queue = pick(rng, &["tasks", "audit", "dead"]).into();
            RabbitCommand::AddConsumer(name, queue)
        }
        8 => RabbitCommand::RemoveConsumer(name(rng)),
        _ => RabbitCommand::CloseChannel(name(rng)),
    }
}
