use crate::conform::case::CaseFile;
use crate::conform::kafka::Driver;
use crate::conform::run_all;
use expect_test::{Expect, expect};
use std::fs;

/// A case of these steps, with further keys before them.
fn file(keys: &str, steps: &str) -> CaseFile {
    let text = format!(
        r#"{{"format": "brokerscope-cases/1", "system": "kafka", "brokers": {{"4.3.1": "it"}},
            "cases": [{{"id": "it", {keys} "steps": [{steps}]}}]}}"#
    );
    CaseFile::read("sample.json", text.as_bytes()).expect("the test writes a case")
}

/// What each step answers, a line each, up to the one that cannot be done.
fn check_with(keys: &str, steps: &str, expect: Expect) {
    let file = file(keys, steps);
    let mut driver = Driver::new(&file.cases[0]);
    let mut told = String::new();
    for step in &file.cases[0].steps {
        let answer = driver.step(step);
        let stops = answer.is_err();
        let answer = answer.map_or_else(|unable| unable.to_string(), |it| it.to_string());
        told += &format!("{}: {answer}\n", step.operation);
        if stops {
            break;
        }
    }
    expect.assert_eq(&folded(&told));
}

/// The text with its long lines broken: a backslash stands where one goes on.
fn folded(text: &str) -> String {
    let mut told = String::new();
    for line in text.lines() {
        let letters: Vec<char> = line.chars().collect();
        let parts: Vec<String> = letters.chunks(80).map(|it| it.iter().collect()).collect();
        told += &parts.join("\\\n");
        told.push('\n');
    }
    told
}

fn check(steps: &str, expect: Expect) {
    check_with("", steps, expect);
}

#[test]
fn topics_are_made_grown_set_and_deleted_as_an_administrator_does() {
    check(
        r#"{"do": "topic", "name": "t", "partitions": 1, "configs": {"retention.ms": 5000}},
           {"do": "topic", "name": "t", "partitions": 1},
           {"do": "grow", "topic": "t", "partitions": 2},
           {"do": "grow", "topic": "t", "partitions": 2},
           {"do": "configure", "topic": "t", "configs": {"cleanup.policy": "sometimes"}},
           {"do": "describe_topic", "topic": "t"},
           {"do": "offsets", "topic": "t"},
           {"do": "delete_topic", "topic": "t"},
           {"do": "describe_topic", "topic": "t"},
           {"do": "offsets", "topic": "t"},
           {"do": "delete_topic", "topic": "t"},
           {"do": "topic", "name": "u", "partitions": 1, "configs": {"colour": "red"}}"#,
        expect![[r#"
            topic: "ok"
            topic: {"error":"TOPIC_ALREADY_EXISTS"}
            grow: "ok"
            grow: {"error":"INVALID_PARTITIONS"}
            configure: {"error":"INVALID_CONFIG"}
            describe_topic: [{"elr":[],"isr":[1],"leader":1,"partition":0,"replicas":[1]},{"\
            elr":[],"isr":[1],"leader":1,"partition":1,"replicas":[1]}]
            offsets: {"t-0":{"end":0,"stable":0,"start":0},"t-1":{"end":0,"stable":0,"start"\
            :0}}
            delete_topic: "ok"
            describe_topic: {"error":"UNKNOWN_TOPIC_OR_PARTITION"}
            offsets: {"error":"UNKNOWN_TOPIC_OR_PARTITION"}
            delete_topic: {"error":"UNKNOWN_TOPIC_OR_PARTITION"}
            topic: not modelled: colour
        "#]],
    );
}

#[test]
fn records_are_produced_one_by_one_or_together_and_lie_in_a_log() {
    check(
        r#"{"do": "topic", "name": "t", "partitions": 2},
           {"do": "produce", "topic": "t", "records": [
             {"key": "a", "value": "x", "partition": 1, "ts": -7000},
             {"value": "long", "partition": 1, "bytes": 9, "headers": {"h": "1"}}]},
           {"do": "produce", "topic": "t", "partition": 0, "batch": true,
             "records": [{"value": "p"}, {"key": "k", "value": null}]},
           {"do": "log", "partition": "t-0"},
           {"do": "log", "partition": "t-1", "broker": 1, "epochs": true},
           {"do": "offsets", "topic": "t", "at": -6000},
           {"do": "offsets", "topic": "t", "spec": "max"},
           {"do": "producer_state", "partition": "t-0"},
           {"do": "leader_epochs", "partition": "t-0", "broker": 1},
           {"do": "delete_records", "partition": "t-1", "before": 1},
           {"do": "delete_records", "partition": "t-1", "before": 5},
           {"do": "produce", "topic": "missing", "records": [{"value": "x"}]},
           {"do": "close_producer", "producer": "P"},
           {"do": "produce", "topic": "t", "records": [{"valeu": "x"}]}"#,
        expect![[r#"
            topic: "ok"
            produce: [["t-1",0],["t-1",1]]
            produce: [["t-0",0],["t-0",1]]
            log: [{"base":0,"batches":[{"base":0,"count":1,"epoch":0,"last":0,"records":[[0,\
            null,"p"]],"sequence":0},{"base":1,"count":1,"epoch":0,"last":1,"records":[[1,"k\
            ",null]],"sequence":1}]}]
            log: [{"base":0,"batches":[{"base":0,"count":1,"epoch":0,"last":0,"leader_epoch"\
            :0,"records":[[0,"a","x"]],"sequence":0},{"base":1,"count":1,"epoch":0,"last":1,\
            "leader_epoch":0,"records":[[1,null,"long"]],"sequence":1}]}]
            offsets: {"t-0":0,"t-1":1}
            offsets: {"t-0":0,"t-1":1}
            producer_state: [{"epoch":0,"last_sequence":1,"transaction_from":null}]
            leader_epochs: [[0,0]]
            delete_records: 1
            delete_records: {"error":"OFFSET_OUT_OF_RANGE"}
            produce: [{"error":"TimeoutException"}]
            close_producer: "ok"
            produce: a wrong step: nobody knows its 'valeu'
        "#]],
    );
}

#[test]
fn batches_are_sent_by_hand() {
    check(
        r#"{"do": "topic", "name": "t", "partitions": 1},
           {"do": "init_producer", "name": "A"},
           {"do": "produce_raw", "partition": "t-0", "records": [[null, "a"]], "acks": -1,
             "producer": "A", "epoch": 0, "sequence": 0},
           {"do": "produce_raw", "partition": "t-0", "records": [[null, "b"]], "acks": 1,
             "producer": "A", "epoch": 0, "sequence": 7},
           {"do": "produce_raw", "partition": "t-0", "records": [["k", "c"]], "acks": 0},
           {"do": "produce_raw", "partition": "t-0", "records": [[null, "d"]], "acks": 0,
             "producer": "A", "epoch": 0, "sequence": 7},
           {"do": "produce_raw", "partition": "t-0", "records": [[null, "e"]], "acks": 2}"#,
        expect![[r#"
            topic: "ok"
            init_producer: {"epoch":0}
            produce_raw: ["t-0",0]
            produce_raw: {"error":"OUT_OF_ORDER_SEQUENCE_NUMBER"}
            produce_raw: "no answer"
            produce_raw: "connection closed"
            produce_raw: ["t-0",2]
        "#]],
    );
}

#[test]
fn consumers_do_what_the_steps_say() {
    check(
        r#"{"do": "topic", "name": "t", "partitions": 2},
           {"do": "produce", "topic": "t", "partition": 0,
             "records": [{"value": "a", "headers": {"h": "1"}}, {"key": "k", "value": "b"}]},
           {"do": "consumer", "name": "c", "group": "g", "settings": {"max.poll.records": 1}},
           {"do": "subscribe", "consumer": "c", "topics": ["t"]},
           {"do": "settle"},
           {"do": "callbacks", "consumer": "c"},
           {"do": "committed", "consumer": "c"},
           {"do": "poll", "consumer": "c"},
           {"do": "position", "consumer": "c"},
           {"do": "lag", "consumer": "c"},
           {"do": "commit", "consumer": "c", "offsets": {"t-0": [1, "half"], "t-1": 0}},
           {"do": "commit", "consumer": "c", "mode": "async", "offsets": {"t-1": 0}},
           {"do": "group_offsets", "group": "g"},
           {"do": "pause", "consumer": "c", "partitions": ["t-0"]},
           {"do": "read", "consumer": "c"},
           {"do": "resume", "consumer": "c", "partitions": ["t-0"]},
           {"do": "read", "consumer": "c"},
           {"do": "seek", "consumer": "c", "to": "beginning"},
           {"do": "position", "consumer": "c"},
           {"do": "seek", "consumer": "c", "partition": "t-9", "offset": 0},
           {"do": "stall", "consumer": "c"},
           {"do": "settle", "ms": 100},
           {"do": "wake", "consumer": "c"},
           {"do": "unsubscribe", "consumer": "c"},
           {"do": "assign", "consumer": "c", "partitions": ["t-1"]},
           {"do": "close", "consumer": "c"},
           {"do": "callbacks", "consumer": "c"},
           {"do": "consumer", "name": "d", "settings": {"auto.offset.reset": "sometimes"}},
           {"do": "poll", "consumer": "nobody"}"#,
        expect![[r#"
            topic: "ok"
            produce: [["t-0",0],["t-0",1]]
            consumer: "ok"
            subscribe: "ok"
            settle: {"c":["t-0","t-1"]}
            callbacks: [["assigned",["t-0","t-1"]]]
            committed: {"t-0":null,"t-1":null}
            poll: [["t-0",0,null,"a",{"h":"1"}]]
            position: {"t-0":1,"t-1":0}
            lag: {"t-0":1,"t-1":null}
            commit: "ok"
            commit: "ok"
            group_offsets: {"t-0":[1,"half"],"t-1":0}
            pause: "ok"
            read: {}
            resume: "ok"
            read: {"t-0":[[1,"k","b"]]}
            seek: "ok"
            position: {"t-0":0,"t-1":0}
            seek: {"error":"IllegalStateException"}
            stall: "ok"
            settle: {}
            wake: "ok"
            unsubscribe: "ok"
            assign: "ok"
            close: "ok"
            callbacks: [["revoked",["t-0","t-1"]]]
            consumer: {"error":"ConfigException"}
            poll: a wrong step: no consumer nobody was opened
        "#]],
    );
}

#[test]
fn groups_are_described_and_changed_as_an_administrator_does() {
    check(
        r#"{"do": "topic", "name": "t", "partitions": 2},
           {"do": "consumer", "name": "c", "group": "g"},
           {"do": "subscribe", "consumer": "c", "topics": ["t"]},
           {"do": "settle"},
           {"do": "group", "group": "g"},
           {"do": "groups"},
           {"do": "delete_group", "group": "g"},
           {"do": "alter_offsets", "group": "g", "offsets": {"t-0": 1}},
           {"do": "delete_offsets", "group": "g", "partitions": ["t-0"]},
           {"do": "remove_members", "group": "g"},
           {"do": "alter_offsets", "group": "g", "offsets": {"t-0": 1}},
           {"do": "cli", "tool": "kafka-consumer-groups", "args": ["--list"]},
           {"do": "delete_offsets", "group": "g", "partitions": ["t-0"]},
           {"do": "delete_group", "group": "g"},
           {"do": "offsets_topic", "group": "g"},
           {"do": "kill", "consumer": "c"},
           {"do": "cli", "tool": "kafka-acls", "args": []}"#,
        expect![[r#"
            topic: "ok"
            consumer: "ok"
            subscribe: "ok"
            settle: {"c":["t-0","t-1"]}
            group: {"assignor":"range","members":{"c":["t-0","t-1"]},"state":"Stable","type"\
            :"Classic"}
            groups: ["g"]
            delete_group: {"error":"NON_EMPTY_GROUP"}
            alter_offsets: {"error":"UNKNOWN_MEMBER_ID"}
            delete_offsets: {"error":"GROUP_SUBSCRIBED_TO_TOPIC"}
            remove_members: "ok"
            alter_offsets: "ok"
            cli: {"stdout":"g\n"}
            delete_offsets: "ok"
            delete_group: "ok"
            offsets_topic: [{"group":"g","value":{"generation":0,"members":[],"protocol":nul\
            l}},{"group":"g","value":{"generation":1,"members":["c"],"protocol":"range"}},{"\
            group":"g","value":{"generation":2,"members":[],"protocol":null}},{"offsets_of":\
            "t-0","value":{"metadata":"","offset":1}},{"offsets_of":"t-0","value":null},{"gr\
            oup":"g","value":null}]
            kill: "ok"
            cli: not modelled: 'kafka-acls' is not a tool here; there are kafka-consumer-gro\
            ups, kafka-topics and kafka-get-offsets
        "#]],
    );
}

#[test]
fn brokers_stop_and_start_and_leaders_are_elected() {
    check_with(
        r#""cluster": {"brokers": 2, "settings": {"num.partitions": 2}},"#,
        r#"{"do": "topic", "name": "t", "partitions": 1, "assignment": {"0": [1, 2]}},
           {"do": "broker_stop", "broker": 1, "how": "graceful"},
           {"do": "describe_topic", "topic": "t"},
           {"do": "broker_start", "broker": 1},
           {"do": "elect", "partition": "t-0", "type": "preferred"},
           {"do": "elect", "partition": "t-0", "type": "preferred"},
           {"do": "broker_stop", "broker": 2},
           {"do": "describe_topic", "topic": "t"},
           {"do": "elect", "partition": "t-0", "type": "fair"}"#,
        expect![[r#"
            topic: "ok"
            broker_stop: "ok"
            describe_topic: [{"elr":[],"isr":[2],"leader":2,"partition":0,"replicas":[1,2]}]
            broker_start: "ok"
            elect: "ok"
            elect: {"error":"ELECTION_NOT_NEEDED"}
            broker_stop: "ok"
            describe_topic: [{"elr":[],"isr":[1],"leader":1,"partition":0,"replicas":[1,2]}]
            elect: a wrong step: its 'type' is preferred or unclean
        "#]],
    );
}

#[test]
fn what_a_cluster_cannot_be_is_said_by_its_first_step() {
    let sleep = r#"{"do": "sleep", "ms": 1}"#;
    check_with(
        r#""cluster": {"brokers": "two"},"#,
        sleep,
        expect![[r#"
        sleep: a wrong step: its 'brokers' is to be a number from 1 to 100,000
    "#]],
    );
    check_with(
        r#""cluster": {"settings": {"colour": "red"}},"#,
        sleep,
        expect![[r#"
        sleep: not modelled: colour
    "#]],
    );
    check(
        r#"{"do": "sleep", "ms": -1}"#,
        expect![[r#"
        sleep: a wrong step: its 'ms' is to be a whole number of at least 0
    "#]],
    );
}

/// The files of recorded cases that need a cluster, and how many each holds.
const FILES: &[(&str, usize)] = &[
    ("auto-commit", 5),
    ("commit", 12),
    ("console", 5),
    ("consumer", 11),
    ("consumer-protocol", 13),
    ("groups", 18),
    ("idempotence", 16),
    ("log", 7),
    ("offsets-topic", 4),
    ("random", 57),
    ("replication", 19),
    ("retention", 7),
    ("transactions", 37),
];

#[test]
fn every_recorded_case_passes() {
    for (name, cases) in FILES {
        let root = env!("CARGO_MANIFEST_DIR");
        let path = format!("{root}/../../conformance/kafka/{name}.json");
        let text = fs::read(path).expect("the file is part of the project");
        let file = CaseFile::read(name, &text).expect("the file holds cases");
        let report = run_all(&[file], None).expect("no version is asked for");
        let failed: Vec<&str> = report.failures.iter().map(|it| &*it.case).collect();
        assert_eq!((report.passed, &failed[..]), (*cases, &[][..]), "all of {name}");
    }
}
