//! Scenario files: what is understood, and what each mistake is answered with.

use brokerscope_core::kafka::config::{Application, Commits, OffsetReset, OnFailure};
use brokerscope_core::rabbitmq::config::{Acks, RoutingKey, Version};
use brokerscope_core::rabbitmq::table::Field;
use brokerscope_core::rabbitmq::topology::Destination as To;
use brokerscope_core::sim::{SimDuration, SimTime};
use brokerscope_scenario::scenario::End;
use brokerscope_scenario::{Error, Scenario};
use expect_test::{ExpectFile, expect, expect_file};

/// A file with everything in it.
const FULL: &str = r#"
title = "Everything"
question = "Does every key work?"
seed = 7
ends = "30s"

[[workload]]
name = "orders"
producer = "shop"
messages = 10
every = "500ms"
starts = "1s"
keys = ["anna", "", "cleo"]
key_order = "cycle"
work = "200ms to 600ms"
size_bytes = [10, 20]
poison = [4, 2]
topic = "orders"
exchange = "orders"
route_by_key = true
mandatory = true
properties = [
    { headers = { region = "eu", weight = 2.50, tags = ["a", true] }, priority = 9 },
    { expiration = "5000", delivery_mode = 1 },
]

[[workload]]
name = "clicks"
producer = "site"
messages = 30
per_second = 3
topic = "clicks"
routing_key = "clicks"

[kafka]
brokers = 2
latency = { producer = "1ms", consumer = "2ms", coordinator = "3ms", jitter = "4ms" }
loss_per_million = 5
settings = { "offsets.topic.num.partitions" = 10 }

[[kafka.topic]]
name = "orders"
partitions = 3
settings = { "retention.ms" = 60_000, "cleanup.policy" = "delete" }

[[kafka.topic]]
name = "clicks"
partitions = 1

[[kafka.producer]]
name = "site"
settings = { client = "librdkafka", acks = 1 }

[[kafka.group]]
name = "billing"
topics = ["orders", "clicks"]
consumers = ["c1", "c2"]
settings = { "enable.auto.commit" = false, "auto.offset.reset" = "earliest" }
commits = "after-batch"
on_failure = "skip"
starts = "2s"

[rabbitmq]
latency = { publisher = "5ms", consumer = "6ms", jitter = "7ms" }
loss_per_million = 8
settings = { version = "3.10.8", nodes = 3 }

[[rabbitmq.exchange]]
name = "orders"
type = "fanout"
arguments = { alternate-exchange = "rest" }

[[rabbitmq.exchange]]
name = "rest"
type = "headers"
durable = false
auto_delete = true
internal = true
bindings = [{ exchange = "orders", routing_key = "a" }]

[[rabbitmq.queue]]
name = "orders"
arguments = { x-max-length = 100, x-dead-letter-exchange = "" }
bindings = [{ exchange = "orders" }, { exchange = "amq.direct", routing_key = "anna" }]

[[rabbitmq.queue]]
name = "clicks"
durable = false
exclusive = true
arguments = { x-max-priority = 10, x-single-active-consumer = true }
bindings = [{ exchange = "rest", arguments = { x-match = "any", region = "eu" } }]

[[rabbitmq.publisher]]
name = "shop"
settings = { "confirm.select" = false }

[[rabbitmq.consumers]]
queue = "orders"
consumers = ["c1", "c2"]
prefetch_count = 3
global = true
exclusive = true
arguments = { x-priority = -5, x-stream-offset = "first" }
acks = "after-batch"
on_failure = "reject"
starts = "2s"

[[step]]
at = "12s"
do = "restart c1"

[[step]]
at = "9s"
do = "crash c1"

[[beat]]
system = "kafka"
when = "c1 crashed"
say = "It crashes."
"#;

#[test]
fn every_key_is_understood() {
    let scenario = Scenario::from_toml("full", FULL).unwrap();
    assert_eq!((scenario.seed, scenario.ends), (7, End::At(SimTime::from_ms(30_000))));
    assert_eq!(scenario.workload.messages.len(), 40);
    let kafka = &scenario.kafka;
    assert_eq!((kafka.brokers, kafka.topics[0].partitions), (2, 3));
    assert_eq!(kafka.topics[0].settings.retention_ms, 60_000);
    assert_eq!(kafka.links.coordinator, SimDuration::millis(3));
    let (commits, on_failure) = (Commits::AfterBatch, OnFailure::Skip);
    let application = Application::Automatic { commits, on_failure };
    assert_eq!(kafka.consumers[1].application, application);
    assert_eq!(kafka.consumers[1].settings.auto_offset_reset, OffsetReset::Earliest);
    assert_eq!(kafka.consumers[1].starts_after, SimDuration::seconds(2));
    assert_eq!(kafka.producers[1].settings.show("acks"), Some("1".to_owned()));
    assert_eq!(kafka.destinations[1].as_str(), "clicks");
    let rabbitmq = &scenario.rabbitmq;
    assert_eq!(rabbitmq.queues[0].arguments.max_length, Some(100));
    assert_eq!(rabbitmq.queues[0].arguments.show("x-dead-letter-exchange"), Some(String::new()));
    assert_eq!(rabbitmq.bindings.len(), 4);
    assert_eq!(rabbitmq.bindings[0].destination, To::Exchange("rest".into()));
    assert_eq!(rabbitmq.bindings[3].arguments.get("region"), Some(&"eu".into()));
    assert_eq!((rabbitmq.broker.version, rabbitmq.broker.nodes), (Version::V3_10, 3));
    let rest = &rabbitmq.exchanges[1].properties;
    assert!(!rest.durable && rest.auto_delete && rest.internal);
    let orders = &rabbitmq.exchanges[0].properties;
    assert_eq!(orders.show("alternate-exchange"), Some("rest".to_owned()));
    let clicks = &rabbitmq.queues[1];
    assert!(!clicks.properties.durable && clicks.properties.exclusive);
    assert_eq!(clicks.arguments.max_priority, Some(10));
    let settings = &rabbitmq.consumers[0].settings;
    assert!(settings.global && settings.exclusive);
    assert_eq!((settings.priority, settings.show("x-stream-offset")), (-5, Some("first".into())));
    let [first, second] = &*rabbitmq.destinations[0].properties else { panic!("there are two") };
    assert_eq!(first.headers.get("weight"), Some(&Field::decimal(25, 1)));
    assert_eq!((first.priority, first.persistent), (Some(9), true));
    assert_eq!((second.expiration.as_deref(), second.persistent), (Some("5000"), false));
    assert_eq!(rabbitmq.destinations[0].mandatory, Some(true));
    assert_eq!(rabbitmq.destinations[0].routing_key, RoutingKey::MessageKey);
    assert_eq!(rabbitmq.consumers[0].acks, Acks::AfterBatch);
    assert!(!rabbitmq.publishers[0].settings.confirm);
    let steps: Vec<_> = scenario.steps.iter().map(|(at, it)| format!("{at} {it}")).collect();
    assert_eq!(steps, ["9.00 s crash c1", "12.00 s restart c1"], "steps are put in order");
}

#[test]
fn the_workload_is_drawn_from_the_seed_and_each_concern_by_itself() {
    let full = || Scenario::from_toml("full", FULL).unwrap();
    let mut told = String::new();
    for (id, it) in full().workload.iter().take(10) {
        let key = full().workload.key(id).map(|it| String::from_utf8_lossy(it).into_owned());
        let poison = if it.poison { " poison" } else { "" };
        let (stream, size, work) = (it.stream.0, it.size_bytes, it.work_us);
        told += &format!("{id} at {} stream {stream} {key:?} {size} B {work} us{poison}\n", it.at);
    }
    expect![[r#"
        1 at 0.00 s stream 1 None 100 B 0 us
        2 at 0.333333 s stream 1 None 100 B 0 us
        3 at 0.666666 s stream 1 None 100 B 0 us
        4 at 1.00 s stream 0 Some("anna") 13 B 448402 us
        5 at 1.00 s stream 1 None 100 B 0 us
        6 at 1.333333 s stream 1 None 100 B 0 us
        7 at 1.50 s stream 0 Some("") 13 B 207341 us poison
        8 at 1.666666 s stream 1 None 100 B 0 us
        9 at 2.00 s stream 0 Some("cleo") 14 B 238454 us
        10 at 2.00 s stream 1 None 100 B 0 us
    "#]]
    .assert_eq(&told);
    assert_eq!(full().with_seed(7).workload, full().workload, "the same seed, the same messages");
    let other = full().with_seed(8).workload;
    assert_ne!(other, full().workload, "another seed, other messages");
    let shape = |it: &brokerscope_core::workload::Message| (it.at, it.key, it.poison);
    let (one, two) = (&full().workload.messages, &other.messages);
    assert!(one.iter().map(shape).eq(two.iter().map(shape)), "what is fixed stays");
    let wider = FULL.replace("[10, 20]", "[10, 2000]");
    let wider = Scenario::from_toml("full", &wider).unwrap().workload;
    let work = |it: &brokerscope_core::workload::Message| it.work_us;
    let same = wider.messages.iter().map(work).eq(one.iter().map(work));
    assert!(same, "a change of sizes leaves the work alone");
}

/// Makes one change after the other to the full file and tells what each is answered with.
#[track_caller]
fn check(changes: &[(&str, &str)], expected: ExpectFile) {
    let mut told = String::new();
    for (old, new) in changes {
        assert_eq!(FULL.matches(old).count(), 1, "'{old}' stands in the file once");
        let read = Scenario::from_toml("full", &FULL.replace(old, new));
        let wrong = read.expect_err(new).in_file("full.toml");
        for (sign, text) in [('-', old), ('+', new)] {
            for line in text.trim().lines() {
                told += &format!("{sign} {line}\n");
            }
        }
        told += &format!("{wrong}\n\n");
    }
    expected.assert_eq(&told);
}

#[test]
fn what_is_not_known_is_answered_with_the_nearest() {
    check(
        &[
            ("messages = 10", "mesages = 10"),
            ("[[rabbitmq.queue]]\nname = \"clicks\"", "[[rabbitmq.queues]]\nname = \"clicks\""),
            ("\"retention.ms\"", "\"retention.m\""),
            ("x-max-length", "x-max-lenght"),
            ("topic = \"clicks\"", "topic = \"click\""),
            ("routing_key = \"clicks\"", "routing_key = \"click\""),
            ("\nexchange = \"orders\"", "\nexchange = \"order\""),
            ("[\"orders\", \"clicks\"]", "[\"orders\", \"cliks\"]"),
            ("queue = \"orders\"", "queue = \"order\""),
            ("name = \"site\"", "name = \"sight\""),
            ("crash c1", "crash c11"),
            ("crash c1", "crush c1"),
            ("\"after-batch\"\non_failure = \"skip\"", "\"batch\"\non_failure = \"skip\""),
            ("system = \"kafka\"", "system = \"Kafka\""),
            ("{ exchange = \"amq.direct\"", "{ exchange = \"amq.tropic\""),
        ],
        expect_file!["mistakes/unknown.txt"],
    );
}

#[test]
fn what_is_not_right_is_answered_with_what_would_be() {
    check(
        &[
            ("messages = 10", "messages = \"10\""),
            ("messages = 10", "messages = 1_000_000"),
            ("messages = 10", "messages = 1_000_001"),
            ("messages = 10", "messages = -1"),
            ("messages = 10", "messages = 60"),
            ("messages = 10", "messages = 1.5"),
            ("per_second = 3", "per_second = 3\nevery = \"1s\""),
            ("per_second = 3\n", ""),
            ("every = \"500ms\"", "every = 500"),
            ("every = \"500ms\"", "every = \"500\""),
            ("ends = \"30s\"", "ends = \"0s\""),
            ("ends = \"30s\"", "ends = \"367d\""),
            ("ends = \"30s\"", "ends = 2026-01-01"),
            ("partitions = 3", "partitions = 0"),
            ("brokers = 2", "brokers = 0"),
            ("at = \"9s\"", "at = \"31s\""),
            ("\"c1\", \"c2\"]\nsettings", "\"c1\", \"c1\"]\nsettings"),
            ("\"c1\", \"c2\"]\nsettings", "\"c1\", \"c 2\"]\nsettings"),
            ("\"c1\", \"c2\"]\nsettings", "]\nsettings"),
            ("name = \"clicks\"\npartitions", "name = \"orders\"\npartitions"),
            ("name = \"clicks\"\npartitions", "name = \"a/b\"\npartitions"),
            ("\"retention.ms\" = 60_000", "\"retention.ms\" = true"),
            ("\"retention.ms\" = 60_000", "\"retention.ms\" = [1]"),
            ("poison = [4, 2]", "poison = [11]"),
            ("work = \"200ms to 600ms\"\n", ""),
            ("200ms to 600ms", "600ms to 200ms"),
            ("200ms to 600ms", "200ms, 600ms"),
            ("[10, 20]", "[10]"),
            ("route_by_key = true", "route_by_key = true\nrouting_key = \"a\""),
            ("routing_key = \"clicks\"\n", ""),
            ("prefetch_count = 3", "prefetch_count = 65_536"),
            ("\"enable.auto.commit\" = false,", "\"heartbeat.interval.ms\" = 45000,"),
            ("\"enable.auto.commit\" = false,", "\"fetch.max.wait.ms\" = 0,"),
            ("acks = 1 }", "\"delivery.timeout.ms\" = 1000 }"),
            ("title = \"Everything\"\n", ""),
            ("title = \"Everything\"", "title = \"  \""),
            ("title = \"Everything\"", "title = \"Everything"),
            ("seed = 7", "seed = 7\nseed = 8"),
        ],
        expect_file!["mistakes/wrong.txt"],
    );
}

#[test]
fn what_rabbitmq_refuses_is_answered_in_its_words() {
    check(
        &[
            ("x-max-length = 100", "x-max-length = -1"),
            ("x-max-length = 100", "x-message-ttl = \"5000\""),
            ("x-max-length = 100", "x-expires = 0"),
            ("x-max-length = 100", "x-overflow = \"drop-tail\""),
            ("x-max-length = 100", "x-queue-type = \"mirrored\""),
            ("x-max-length = 100", "x-queue-type = \"stream\""),
            ("x-max-length = 100", "x-delivery-limit = 3"),
            (
                "x-max-length = 100, x-dead-letter-exchange = \"\"",
                "x-dead-letter-routing-key = \"a\"",
            ),
            ("x-max-priority = 10", "x-max-priority = 256"),
            ("x-max-priority = 10", "x-queue-type = \"quorum\""),
            ("x-match = \"any\"", "x-match = \"some\""),
            ("type = \"headers\"", "type = \"header\""),
            ("name = \"rest\"", "name = \"amq.rest\""),
            ("expiration = \"5000\"", "expiration = \"5s\""),
            ("expiration = \"5000\"", "expiration = \"-1\""),
            ("expiration = \"5000\"", "headers = { CC = \"a\" }"),
            ("priority = 9", "priority = 256"),
            ("delivery_mode = 1", "delivery_mode = 3"),
            ("alternate-exchange = \"rest\"", "alternate-exchange = \"test\""),
            ("x-priority = -5", "x-priority = \"high\""),
            ("x-priority = -5", "x-prio = 5"),
            ("version = \"3.10.8\"", "version = \"3.10\""),
            ("nodes = 3", "nodes = 0"),
            ("tags = [\"a\", true]", "tags = { a = 1 }"),
        ],
        expect_file!["mistakes/rabbitmq.txt"],
    );
}

#[test]
fn json_of_the_same_shape_is_the_same_scenario_and_names_the_place() {
    let lesson = &brokerscope_scenario::LESSONS[0];
    let read = Scenario::from_json(lesson.name, lesson.json).unwrap();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let file = folder.join(format!("{}.toml", lesson.name));
    assert_eq!(Scenario::from_file(&file), Ok(read));
    let wrong = r#"{
  "title": "a", "question": "b", "ends": "1s",
  "workload": [
    { "name": "a", "producer": "p", "messages": 1, "every": "1ms", "topic": "a", "exchnge": "" }
  ]
}"#;
    let told = Scenario::from_json("wrong", wrong).unwrap_err().to_string();
    expect!["line 4, column 82: workload[0]: unknown key 'exchnge'; the nearest is 'exchange'"]
        .assert_eq(&told);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let told = |path: &str| {
        let wrong: Error = Scenario::from_file(path.as_ref()).unwrap_err();
        wrong.to_string()
    };
    expect!["no/such.toml: No such file or directory (os error 2)"]
        .assert_eq(&told("no/such.toml"));
}
