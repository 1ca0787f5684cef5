//! How fast a million messages go through each system, and how fast one finds one's way in them.
//! DESIGN's bars: a million through each system within a second; a seek to any instant within
//! 16 ms in a run of ten thousand and 100 ms in a run of a million.

use brokerscope_core::kafka::Cluster;
use brokerscope_core::rabbitmq::Broker;
use brokerscope_core::sim::{Rng, SimTime, World};
use brokerscope_scenario::Scenario;
use brokerscope_scenario::ledger::{KafkaLedger, RabbitLedger};
use brokerscope_scenario::run::Run;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::hint::black_box;

/// When everything is done, in every scenario here.
const END: SimTime = SimTime::from_ms(60_000);

fn scenario(messages: u32, every: &str) -> Scenario {
    let json = format!(
        r#"{{
            "title": "Many", "question": "How fast?", "seed": 1, "ends": "60s",
            "workload": [{{
                "name": "orders", "producer": "shop", "messages": {messages}, "every": "{every}",
                "keys": ["anna", "ben", "cleo", "dan"], "work": "1us", "size_bytes": 100,
                "topic": "orders", "routing_key": "orders"
            }}],
            "kafka": {{
                "settings": {{ "group.initial.rebalance.delay.ms": 0 }},
                "topic": [{{ "name": "orders", "partitions": 3 }}],
                "group": [{{
                    "name": "billing", "topics": ["orders"], "consumers": ["c1", "c2", "c3"],
                    "commits": "after-batch",
                    "settings": {{ "auto.offset.reset": "earliest", "enable.auto.commit": false }}
                }}]
            }},
            "rabbitmq": {{
                "queue": [{{ "name": "orders" }}],
                "consumers": [{{
                    "queue": "orders", "consumers": ["c1", "c2", "c3"], "prefetch_count": 1000
                }}]
            }}
        }}"#
    );
    Scenario::from_json("many", &json).expect("the scenario is right")
}

fn a_million(c: &mut Criterion) {
    let scenario = scenario(1_000_000, "30us");
    let mut group = c.benchmark_group("a million messages");
    group.sample_size(10);
    group.bench_function("kafka", |b| {
        b.iter_batched(
            || Cluster::new(scenario.kafka.clone(), scenario.workload.clone()),
            |cluster| {
                let mut ledger = KafkaLedger::new(&scenario.kafka, &scenario.workload);
                let mut world = World::new(cluster, 1, &mut ledger);
                world.run_until(&mut ledger, END);
                let outcome = ledger.outcome(&"billing".into()).expect("there is such a group");
                assert_eq!((outcome.once, outcome.unsettled), (1_000_000, 0), "all are done");
                black_box(world)
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("rabbitmq", |b| {
        b.iter_batched(
            || Broker::new(scenario.rabbitmq.clone(), scenario.workload.clone()),
            |broker| {
                let mut ledger = RabbitLedger::new(&scenario.rabbitmq, &scenario.workload);
                let mut world = World::new(broker, 1, &mut ledger);
                world.run_until(&mut ledger, END);
                let outcome = ledger.outcome(&"orders".into()).expect("there is such a queue");
                assert_eq!((outcome.once, outcome.unsettled), (1_000_000, 0), "all are done");
                black_box(world)
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn seeking(c: &mut Criterion) {
    let mut group = c.benchmark_group("a seek to any instant");
    for (name, messages, every) in
        [("of ten thousand", 10_000, "3ms"), ("of a million", 1_000_000, "30us")]
    {
        let mut run = Run::new(scenario(messages, every));
        while !run.explore(u64::MAX) {}
        let mut rng = Rng::from_seed(7);
        group.bench_function(name, |b| b.iter(|| run.seek(SimTime(rng.below(END.0)))));
    }
    group.finish();
}

criterion_group!(benches, a_million, seeking);
criterion_main!(benches);
