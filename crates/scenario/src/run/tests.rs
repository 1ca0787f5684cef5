use super::*;
use crate::scenario::End;
use brokerscope_core::kafka::config::{self as kafka_config, OffsetReset};
use brokerscope_core::rabbitmq::config::{self as rabbitmq_config, Destination, RoutingKey};
use brokerscope_core::workload::{KeyId, Keys, Message, Stream, StreamId, Workload};
use brokerscope_core::{kafka, rabbitmq};

/// `count` messages, one every 100 ms, with three keys in turn, 40 ms of work each.
fn workload(count: u32) -> Workload {
    let mut keys = Keys::default();
    for key in ["a", "b", "c"] {
        keys.push(key.as_bytes());
    }
    let message = |number: u32| Message {
        at: SimTime::from_ms(1_000 + u64::from(number) * 100),
        key: Some(KeyId(number % 3)),
        size_bytes: 100,
        work_us: 40_000,
        stream: StreamId(0),
        poison: false,
    };
    let stream = Stream { name: "orders".into(), producer: "p1".into() };
    Workload {
        messages: (0..count).map(message).collect(),
        keys: keys.into(),
        streams: [stream].into(),
    }
}

/// Two consumers `c1` and `c2`, in the group `billing` and at the queue `billing`.
pub(crate) fn scenario(messages: u32, ends: End) -> Scenario {
    let consumer = |name: &str| kafka_config::Consumer {
        name: name.into(),
        group: "billing".into(),
        topics: vec!["orders".into()],
        settings: kafka_config::ConsumerSettings {
            auto_offset_reset: OffsetReset::Earliest,
            auto_commit_interval_ms: 1_000,
            ..Default::default()
        },
        application: kafka_config::Application::default(),
        starts_after: Default::default(),
    };
    let kafka = kafka::Config {
        brokers: 1,
        broker_settings: Default::default(),
        topics: vec![kafka_config::Topic {
            name: "orders".into(),
            partitions: 2,
            settings: Default::default(),
        }],
        producers: vec![kafka_config::Producer { name: "p1".into(), settings: Default::default() }],
        destinations: vec!["orders".into()],
        consumers: ["c1", "c2"].map(consumer).into(),
        links: Default::default(),
    };
    let consumer = |name: &str| rabbitmq_config::Consumer {
        name: name.into(),
        queue: "billing".into(),
        settings: rabbitmq_config::ConsumerSettings { prefetch_count: 5, auto_ack: false },
        on_failure: rabbitmq_config::OnFailure::Requeue,
        acks: rabbitmq_config::Acks::AfterWork,
        starts_after: Default::default(),
    };
    let rabbitmq = rabbitmq::Config {
        exchanges: Vec::new(),
        queues: vec![rabbitmq_config::Queue {
            name: "billing".into(),
            arguments: Default::default(),
        }],
        bindings: Vec::new(),
        publishers: vec![rabbitmq_config::Publisher {
            name: "p1".into(),
            settings: Default::default(),
        }],
        destinations: vec![Destination {
            exchange: "".into(),
            routing_key: RoutingKey::Fixed("billing".into()),
        }],
        consumers: ["c1", "c2"].map(consumer).into(),
        links: Default::default(),
    };
    Scenario {
        name: "test".into(),
        title: "Test".into(),
        question: "What happens?".into(),
        seed: 7,
        ends,
        flows: Vec::new(),
        workload: workload(messages),
        kafka,
        rabbitmq,
        steps: Vec::new(),
        beats: Vec::new(),
    }
}

fn ms(ms: u64) -> SimTime {
    SimTime::from_ms(ms)
}

#[test]
fn commands_of_both_systems_are_undone_together() {
    let mut run = Run::new(scenario(30, End::At(ms(6_000))));
    run.seek(ms(2_000));
    let before = run.state_hash();
    run.command(Command::crash("c1")).unwrap();
    assert_ne!(run.state_hash(), before);
    run.seek(ms(3_000));
    run.command("rabbitmq restart c1".parse().unwrap()).unwrap();
    assert_eq!(run.commands().len(), 2);
    assert!(run.undo() && run.undo(), "there were two");
    run.seek(ms(2_000));
    assert_eq!((run.state_hash(), run.commands().len()), (before, 0));
    assert!(!run.undo(), "there is none left");
}
