use super::*;
use crate::LESSONS;
use proptest::prelude::*;

#[test]
fn every_lesson_is_unpacked_as_it_was_packed() {
    for lesson in LESSONS {
        let scenario = lesson.scenario();
        let packed = scenario.pack();
        assert!(packed.len() < lesson.json.len(), "{}: {} bytes", lesson.name, packed.len());
        assert_eq!(Scenario::unpack(&packed), Some(scenario));
    }
}

/// Everything that a scenario file can say and the lessons do not.
const RARE: &str = r#"{
    "title": "Rare", "question": "What?", "seed": 9007199254740991, "ends": "366d",
    "workload": [
        { "name": "a", "producer": "p", "messages": 3, "per_second": 7, "keys": ["", "é"],
          "key_order": "random", "work": "1ms to 2ms", "size_bytes": [0, 300], "poison": [1, 3],
          "topic": "t", "exchange": "x", "route_by_key": true, "starts": "1s", "mandatory": false,
          "properties": [{ "headers": { "a": 1, "b": -2.5, "c": "é", "d": [true, 0] } },
            { "priority": 0, "expiration": "0", "delivery_mode": 1 }] },
        { "name": "b", "producer": "q", "messages": 0, "every": "1us", "topic": "u",
          "exchange": "y", "routing_key": "k" }
    ],
    "kafka": {
        "brokers": 3, "loss_per_million": 5,
        "latency": { "producer": "1us", "consumer": "2s", "coordinator": "0s", "jitter": "3s" },
        "settings": { "offsets.topic.num.partitions": 2, "log.initial.task.delay.ms": 0 },
        "topic": [
            { "name": "t", "partitions": 2, "settings": { "retention.ms": -1,
              "cleanup.policy": "compact", "retention.bytes": 9007199254740991 } },
            { "name": "u", "partitions": 1 }
        ],
        "producer": [{ "name": "q", "settings": { "acks": "0", "client": "librdkafka" } }],
        "group": [{ "name": "g", "topics": ["u", "t"], "consumers": ["c1", "c2"],
            "commits": "before-work", "on_failure": "skip", "starts": "5s",
            "settings": { "auto.offset.reset": "none",
                "partition.assignment.strategy": "roundrobin" } }]
    },
    "rabbitmq": {
        "loss_per_million": 6, "latency": { "publisher": "1us", "jitter": "3s" },
        "settings": { "version": "3.10.8", "nodes": 3 },
        "exchange": [{ "name": "x", "type": "direct", "durable": false, "internal": true },
            { "name": "y", "type": "headers", "auto_delete": true,
              "arguments": { "alternate-exchange": "x" },
              "bindings": [{ "exchange": "x", "routing_key": "e2e" }] }],
        "queue": [{ "name": "w", "arguments": { "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": "v", "x-message-ttl": 0, "x-max-length": 9 },
            "bindings": [{ "exchange": "x", "routing_key": "é" },
              { "exchange": "y", "arguments": { "x-match": "any", "n": 1 } }] },
            { "name": "v", "durable": false, "exclusive": true, "auto_delete": true }],
        "publisher": [{ "name": "p", "settings": { "confirm.select": false,
            "tx.select": true, "tx.commit": 7 } }],
        "consumers": [{ "queue": "w", "consumers": ["c1"], "auto_ack": true,
            "on_failure": "ack", "acks": "before-work", "starts": "6s", "global": true,
            "exclusive": true, "arguments": { "x-priority": -7, "x-stream-offset": "last" } },
            { "queue": "v", "consumers": ["c3"], "on_failure": "publish", "retry_queue": "w",
              "attempts": 3, "parking_queue": "v", "idempotent": true,
              "publishes": { "exchange": "x", "routing_key": "é" } }]
    },
    "step": [{ "at": "1s", "do": "kafka add c4 to g" },
        { "at": "2s", "do": "close channel of c3" }],
    "beat": []
}"#;

#[test]
fn nothing_that_a_file_can_say_is_lost() {
    let scenario = Scenario::from_json("rare", RARE).unwrap();
    let ended = Scenario { ends: End::WhenDone(SimTime::MAX), ..scenario.clone() };
    for scenario in [scenario, ended] {
        assert_eq!(Scenario::unpack(&scenario.pack()), Some(scenario));
    }
}

#[test]
fn bytes_that_are_too_few_or_too_many_are_no_scenario() {
    let packed = LESSONS[0].scenario().pack();
    for length in 0..packed.len() {
        assert_eq!(Scenario::unpack(&packed[..length]), None, "the first {length} bytes");
    }
    assert_eq!(Scenario::unpack(&[&packed[..], &[0]].concat()), None);
}

#[test]
fn more_messages_than_a_run_may_have_are_not_made() {
    let mut scenario = LESSONS[0].scenario();
    scenario.flows[0].messages = MAX_MESSAGES + 1;
    assert_eq!(Scenario::unpack(&scenario.pack()), None);
}

/// Bytes that are sometimes almost a scenario.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>());
    let changed = (0..LESSONS.len(), prop::collection::vec(change, 1..4)).prop_map(|it| {
        let mut packed = LESSONS[it.0].scenario().pack();
        for (place, byte) in it.1 {
            let place = place.index(packed.len());
            packed[place] = byte;
        }
        packed
    });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..200), changed]
}

proptest! {
    #[test]
    fn whatever_is_unpacked_is_a_scenario_or_nothing(bytes in bytes()) {
        if let Some(scenario) = Scenario::unpack(&bytes) {
            prop_assert_eq!(Scenario::unpack(&scenario.pack()), Some(scenario));
        }
    }
}
