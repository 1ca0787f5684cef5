//! The published shapes: what is shipped and what is printed has them, and what is wrong has not.

use brokerscope_scenario::{LESSONS, Scenario};
use serde_json::{Value, json};
use std::process::Command;

fn schema(text: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(text).expect("a schema is JSON");
    let mut strict = jsonschema::draft202012::options();
    strict = strict.should_validate_formats(true);
    strict.build(&schema).expect("it is a schema")
}

fn scenarios() -> jsonschema::Validator {
    schema(include_str!("../../../schema/scenario.schema.json"))
}

#[track_caller]
fn assert_fits(schema: &jsonschema::Validator, value: &Value) {
    let wrong: Vec<_> =
        schema.iter_errors(value).map(|it| format!("{}: {it}", it.instance_path())).collect();
    assert_eq!(wrong, Vec::<String>::new(), "it has the published shape");
}

#[test]
fn the_scenarios_that_are_built_in_have_the_published_shape() {
    for lesson in LESSONS {
        assert_fits(&scenarios(), &serde_json::from_str(lesson.json).expect("it is JSON"));
    }
}

/// Changes one thing in a lesson that both the schema and the reader must refuse.
#[test]
fn what_the_schema_refuses_the_reader_refuses_too() {
    let lesson = LESSONS.iter().find(|it| it.name == "crash-before-commit").expect("it is there");
    let right: Value = serde_json::from_str(lesson.json).expect("it is JSON");
    let changes = [
        ("/title", json!(5)),
        ("/ends", json!("soon")),
        ("/seed", json!(-1)),
        ("/surprise", json!(1)),
        ("/workload", json!([])),
        ("/workload/0/messages", json!(1_000_001)),
        ("/workload/0/per_second", json!(5)),
        ("/workload/0/key_order", json!("sorted")),
        ("/kafka/topic/0/partitions", json!(0)),
        ("/kafka/topic/0/name", json!("a/b")),
        ("/kafka/settings/surprise", json!(1)),
        ("/kafka/group/0/consumers", json!([])),
        ("/kafka/group/0/commits", json!("later")),
        ("/rabbitmq/consumers/0/acks", json!("later")),
        ("/rabbitmq/consumers/0/prefetch_count", json!(65_536)),
        ("/rabbitmq/exchange", json!([{ "name": "a", "type": "x-delayed" }])),
        ("/step/0/at", json!(5)),
        ("/beat/0/system", json!("redis")),
    ];
    for (place, value) in changes {
        let mut wrong = right.clone();
        let (parent, key) = place.rsplit_once('/').expect("a place has a slash");
        wrong.pointer_mut(parent).expect("it is there")[key] = value;
        assert!(!scenarios().is_valid(&wrong), "the schema refuses {place}");
        let read = Scenario::from_json("wrong", &wrong.to_string());
        assert!(read.is_err(), "the reader refuses {place}");
    }
}

#[test]
fn what_run_prints_has_the_published_shape() {
    let published = schema(include_str!("../../../schema/run.schema.json"));
    for lesson in LESSONS {
        for until in ["0s", "1500ms", "1h"] {
            let run = Command::new(env!("CARGO_BIN_EXE_brokerscope"))
                .args(["run", lesson.name, "--json", "--until", until])
                .output()
                .expect("the command was built for this test");
            let told: Value = serde_json::from_slice(&run.stdout).expect("it prints JSON");
            assert_fits(&published, &told);
            for reader in told["readers"].as_array().expect("it has readers") {
                let outcome = &reader["outcome"];
                let number = |key: &str| outcome[key].as_u64().expect("it is a number");
                let entries = reader["messages"].as_array().expect("it has messages");
                assert_eq!(number("sent"), entries.len() as u64, "an entry for each that is sent");
                let times =
                    |times| entries.iter().filter(|it| it["processed"] == times).count() as u64;
                let counted = [number("notYet"), number("once"), number("twice")];
                assert_eq!(counted, [times(0), times(1), times(2)], "numbers and entries agree");
            }
        }
    }
}
