//! What is asked of the controller, and what it makes of it.

use super::*;
use crate::kafka::message::CorrelationId;
use crate::kafka::network::{Address, Channel, Node};
use crate::kafka::testing::Setup;
use expect_test::{Expect, expect};

fn reply_to() -> ReplyTo {
    let client = Address { node: Node::Admin, process: 0 };
    ReplyTo { client, channel: Channel::Data, correlation: CorrelationId(1) }
}

/// One line of a script as a request: `create t 3 2`, `place t 1,2 2,3`, `grow t 5`,
/// `set t retention.ms=5`, `delete t`.
fn request(line: &str) -> ControllerRequest {
    let words: Vec<&str> = line.split_whitespace().collect();
    let name = TopicName::from(words[1]);
    let pair = |it: &&str| {
        let (name, value) = it.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    match words[0] {
        "create" => {
            let [partitions, replication] = [2, 3].map(|it| words[it].parse().unwrap());
            let layout = Layout::Counts { partitions, replication };
            let configs = words[4..].iter().map(pair).collect();
            ControllerRequest::CreateTopics(NewTopic { name, layout, configs })
        }
        "place" => {
            let placed = words[2..].iter().zip(0..).map(|(it, at)| {
                let replicas = it.split(',').map(|it| BrokerId(it.parse().unwrap()));
                (at, replicas.collect())
            });
            let layout = Layout::Assigned(placed.collect());
            ControllerRequest::CreateTopics(NewTopic { name, layout, configs: Vec::new() })
        }
        "grow" => {
            let count = words[2].parse().unwrap();
            ControllerRequest::CreatePartitions { topic: name, count }
        }
        "set" => {
            let configs = words[2..].iter().map(pair);
            let configs = configs.map(|(it, value)| (it, Some(value).filter(|it| it != "-")));
            let configs = configs.collect();
            ControllerRequest::IncrementalAlterConfigs { topic: name, configs }
        }
        "delete" => ControllerRequest::DeleteTopics { topic: name },
        other => panic!("not a request: {other}"),
    }
}

/// Asks line by line and tells each answer, then how the topics are.
fn check(setup: &str, script: &str, expect: Expect) {
    let config = Setup::read(setup).config();
    let metadata = Arc::new(Metadata::new(&config));
    let mut controller = Controller::new(config.broker_settings, metadata);
    let mut told = String::new();
    for line in script.lines().filter(|it| !it.trim().is_empty()) {
        let mut fx = Vec::new();
        let input = Input::Request(reply_to(), request(line));
        controller.step(&mut fx, SimTime::START, input);
        let Some(Effect::Answer(_, Answer::Controller(result))) = fx.last() else {
            panic!("the answer comes last: {fx:?}")
        };
        let result = result.map_or_else(|it| it.as_str().to_owned(), |()| "ok".to_owned());
        told += &format!("{}: {result}\n", line.trim());
    }
    for topic in &controller.metadata.topics {
        let described = controller.metadata.describe(&topic.name).unwrap();
        let replicas = described.partitions.iter().map(|it| {
            let numbers: Vec<String> = it.replicas.iter().map(|it| it.0.to_string()).collect();
            numbers.join(",")
        });
        let replicas: Vec<String> = replicas.collect();
        let configs = described.configs.iter().map(|(name, value)| format!(" {name}={value}"));
        told += &format!("{}: {}{}\n", topic.name, replicas.join(" "), configs.collect::<String>());
    }
    expect.assert_eq(&told);
}

#[test]
fn topics_are_made_where_there_is_room_and_refused_by_name() {
    check(
        "brokers 3",
        "
        create a 4 2
        create a 1 1
        create b 0 1
        create b 1 0
        create b -1 -1 retention.ms=5 cleanup.policy=compact
        create c 1 4
        create .. 1 1
        create a/b 1 1
        create x.y 1 1
        create x_y 1 1
        create d 1 1 retention.msec=5
        create d 1 1 cleanup.policy=shred
        ",
        expect![[r#"
            create a 4 2: ok
            create a 1 1: TOPIC_ALREADY_EXISTS
            create b 0 1: INVALID_PARTITIONS
            create b 1 0: INVALID_REPLICATION_FACTOR
            create b -1 -1 retention.ms=5 cleanup.policy=compact: ok
            create c 1 4: INVALID_REPLICATION_FACTOR
            create .. 1 1: INVALID_TOPIC_EXCEPTION
            create a/b 1 1: INVALID_TOPIC_EXCEPTION
            create x.y 1 1: ok
            create x_y 1 1: INVALID_TOPIC_EXCEPTION
            create d 1 1 retention.msec=5: INVALID_CONFIG
            create d 1 1 cleanup.policy=shred: INVALID_CONFIG
            a: 1,2 2,3 3,1 1,2
            b: 1 cleanup.policy=compact retention.ms=5
            x.y: 1
        "#]],
    );
}

#[test]
fn partitions_can_be_placed_by_hand_if_the_brokers_exist() {
    check(
        "brokers 3",
        "
        place a 3,1 2,3
        place b 1,1
        place b 1,4
        place b 1,2 3
        ",
        expect![[r#"
            place a 3,1 2,3: ok
            place b 1,1: INVALID_REPLICA_ASSIGNMENT
            place b 1,4: INVALID_REPLICA_ASSIGNMENT
            place b 1,2 3: INVALID_REPLICA_ASSIGNMENT
            a: 3,1 2,3
        "#]],
    );
}

#[test]
fn topics_grow_never_shrink_and_keep_what_they_are_set_to() {
    check(
        "topic a 1 retention.ms=7",
        "
        grow a 3
        grow a 3
        grow a 2
        grow b 2
        set a segment.bytes=2097152 min.insync.replicas=2
        set a retention.ms=-
        set a retention.ms=soon
        set b retention.ms=1
        create c 1 1
        delete c
        delete c
        ",
        expect![[r#"
            grow a 3: ok
            grow a 3: INVALID_PARTITIONS
            grow a 2: INVALID_PARTITIONS
            grow b 2: UNKNOWN_TOPIC_OR_PARTITION
            set a segment.bytes=2097152 min.insync.replicas=2: ok
            set a retention.ms=-: ok
            set a retention.ms=soon: INVALID_CONFIG
            set b retention.ms=1: UNKNOWN_TOPIC_OR_PARTITION
            create c 1 1: ok
            delete c: ok
            delete c: UNKNOWN_TOPIC_OR_PARTITION
            a: 1 1 1 min.insync.replicas=2 segment.bytes=2097152
        "#]],
    );
}
