use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

const PLACEMENT: &str = include_str!("../../../../conformance/kafka/placement.json");
const OFFSETS: &str = include_str!("../../../../conformance/kafka/offsets-partition.json");
const CLASSIC: &str = include_str!("../../../../conformance/kafka/assign-classic.json");
const SERVER: &str = include_str!("../../../../conformance/kafka/assign-server.json");

/// A file with these cases, recorded from two versions.
fn file(cases: &str) -> String {
    format!(
        r#"{{"format": "brokerscope-cases/1", "system": "kafka",
            "brokers": {{"3.9.1": "older", "3.10.0": "newer"}}, "cases": [{cases}]}}"#
    )
}

/// A file with one case of these steps; `keys` are further keys of the case, each with a comma.
fn case(keys: &str, steps: &str) -> String {
    file(&format!(r#"{{"id": "it", {keys} "steps": [{steps}]}}"#))
}

/// What is reported of this text, or the sentence that refuses it.
fn report(text: &str, profile: Option<&str>) -> String {
    let file = match CaseFile::read("sample.json", text.as_bytes()) {
        Ok(file) => file,
        Err(wrong) => return format!("{wrong}\n"),
    };
    match run_all(&[file], profile) {
        Ok(report) => {
            let mut out = Vec::new();
            report.write_text(&mut out).unwrap();
            String::from_utf8(out).unwrap()
        }
        Err(wrong) => format!("{wrong}\n"),
    }
}

fn check(text: &str, profile: Option<&str>, expect: Expect) {
    expect.assert_eq(&report(text, profile));
}

#[test]
fn every_recorded_rule_that_needs_no_cluster_passes() {
    assert_eq!(report(PLACEMENT, None), "8 passed, 0 failed\n");
    assert_eq!(report(OFFSETS, None), "1 passed, 0 failed\n");
    assert_eq!(report(CLASSIC, None), "151 passed, 0 failed\n");
    assert_eq!(report(SERVER, None), "68 passed, 0 failed\n");
}

#[test]
fn every_recorded_case_of_rabbitmq_passes_under_both_versions() {
    let files = [
        (include_str!("../../../../conformance/rabbitmq/consumers.json"), 45, 45),
        (include_str!("../../../../conformance/rabbitmq/dead-letter.json"), 20, 20),
        (include_str!("../../../../conformance/rabbitmq/exchanges.json"), 11, 11),
        (include_str!("../../../../conformance/rabbitmq/publishers.json"), 2, 2),
        (include_str!("../../../../conformance/rabbitmq/queues.json"), 24, 24),
        (include_str!("../../../../conformance/rabbitmq/random.json"), 30, 0),
        (include_str!("../../../../conformance/rabbitmq/streams.json"), 1, 1),
    ];
    for (text, newer, older) in files {
        assert_eq!(report(text, None), format!("{newer} passed, 0 failed\n"));
        if older > 0 {
            let report = report(text, Some("3.10.8"));
            assert_eq!(report, format!("{older} passed, 0 failed\n"));
        }
    }
}

#[test]
fn another_answer_than_the_recorded_one_is_a_failure() {
    check(
        &case(
            "",
            r#"{"do": "offsets_partition", "group": "g1", "partitions": 50, "expect": 41},
               {"do": "offsets_partition", "group": "g1", "partitions": 50, "expect": 42},
               {"do": "place", "client": "librdkafka", "key": "", "partitions": 3, "expect": 0}"#,
        ),
        None,
        expect![[r#"
            sample.json: it, step 1: offsets_partition
                expected 41
                got      42
            sample.json: it, step 3: place
                expected 0
                got      null
            0 passed, 1 failed
        "#]],
    );
}

#[test]
fn every_recorded_expectation_is_looked_at() {
    for text in [PLACEMENT, OFFSETS, CLASSIC, SERVER] {
        let mut file = CaseFile::read("sample.json", text.as_bytes()).unwrap();
        let cases = file.cases.len();
        for step in file.cases.iter_mut().map(|it| it.steps.last_mut().unwrap()) {
            step.expected = Expected::Always("something else".into());
        }
        let report = run_all(&[file], None).unwrap();
        assert_eq!((report.passed, report.failed), (0, cases));
    }
}

#[test]
fn a_case_that_cannot_be_run_has_failed_and_ends_there() {
    check(
        &case("", r#"{"do": "topple", "name": "t"}, {"do": "topple", "expect": 1}"#),
        None,
        expect![[r#"
            sample.json: it, step 1: topple
                expected success
                got      "not modelled: topple"
            0 passed, 1 failed
        "#]],
    );
    check(
        &case("", r#"{"do": "place", "client": "java", "kye": "a", "expect": 1}"#),
        None,
        expect![[r#"
            sample.json: it, step 1: place
                expected 1
                got      "a wrong step: nobody knows its 'kye'"
            0 passed, 1 failed
        "#]],
    );
    check(
        &case("", r#"{"do": "offsets_partition", "group": "g", "partitions": 0, "expect": 0}"#),
        None,
        expect![[r#"
            sample.json: it, step 1: offsets_partition
                expected 0
                got      "a wrong step: its 'partitions' is to be a number from 1 to 100,000"
            0 passed, 1 failed
        "#]],
    );
}

#[test]
fn what_was_not_stable_is_run_but_not_asserted() {
    let step = r#"{"do": "offsets_partition", "group": "g1", "partitions": 50,
                   "expect": {"unstable": [1, 2]}}"#;
    check(&case("", step), None, expect!["1 passed, 0 failed\n"]);
    let unknown = r#"{"do": "topple", "expect": {"unstable": [1, 2]}}"#;
    check(
        &case("", unknown),
        None,
        expect![[r#"
            sample.json: it, step 1: topple
                expected success
                got      "not modelled: topple"
            0 passed, 1 failed
        "#]],
    );
}

#[test]
fn a_case_is_held_against_the_newest_version_or_the_one_asked_for() {
    let text = case(
        "",
        r#"{"do": "offsets_partition", "group": "g1", "partitions": 50,
            "expect_by_version": {"3.9.1": 7, "3.10.0": 42}}"#,
    );
    check(&text, None, expect!["1 passed, 0 failed\n"]);
    check(
        &text,
        Some("3.9.1"),
        expect![[r#"
            sample.json: it, step 1: offsets_partition
                expected 7
                got      42
            0 passed, 1 failed
        "#]],
    );
    check(
        &text,
        Some("4.0.0"),
        expect!["no case was recorded under '4.0.0', only under 3.10.0, 3.9.1\n"],
    );
}

#[test]
fn a_case_of_one_version_counts_under_that_version_only() {
    let text = case(
        r#""profiles": ["3.9.1"],"#,
        r#"{"do": "offsets_partition", "group": "g1", "partitions": 50,
            "expect_by_version": {"3.9.1": 42}}"#,
    );
    check(&text, None, expect!["1 passed, 0 failed\n"]);
    check(&text, Some("3.9.1"), expect!["1 passed, 0 failed\n"]);
    check(&text, Some("3.10.0"), expect!["0 passed, 0 failed\n"]);
}

#[test]
fn keys_have_no_order_and_an_assignment_is_a_set() {
    let value = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let (one, other) = (value(r#"{"a": [1, 2], "b": 3}"#), value(r#"{"b": 3, "a": [2, 1]}"#));
    assert!(same("compute_assignment", &one, &other));
    assert!(!same("read", &one, &other));
    let fewer = value(r#"{"b": 3, "a": [1, 2, 2]}"#);
    assert!(!same("compute_assignment", &one, &fewer), "nothing is there twice");
}

#[test]
fn of_an_error_the_code_counts_and_not_the_words() {
    let refused = |code: u32, text: &str| -> Value {
        serde_json::json!([{"ev": "channel_closed", "code": code, "text": text}])
    };
    assert!(same("events", &refused(404, "no queue 'q'"), &refused(404, "what queue?")));
    assert!(!same("events", &refused(404, "no queue 'q'"), &refused(406, "no queue 'q'")));
    let said = |text: &str| serde_json::json!({ "text": text });
    assert!(!same("events", &said("one"), &said("other")), "text elsewhere counts");
}

#[test]
fn a_report_is_one_object_for_programs() {
    let step = r#"{"do": "offsets_partition", "group": "g1", "partitions": 50, "expect": 41}"#;
    let file = CaseFile::read("sample.json", case("", step).as_bytes()).unwrap();
    let mut out = Vec::new();
    run_all(&[file], None).unwrap().write_json(&mut out).unwrap();
    let one_line = concat!(
        r#"{"passed":0,"failed":1,"failures":[{"file":"sample.json","case":"it","step":1,"#,
        r#""do":"offsets_partition","expected":41,"got":42}]}"#,
        "\n"
    );
    assert_eq!(String::from_utf8(out).unwrap(), one_line);
}

#[test]
fn a_wrong_file_is_one_sentence_that_names_the_place() {
    let ok = r#"{"id": "it", "steps": [{"do": "x"}]}"#;
    let table = [
        ("{".to_owned(), expect!["EOF while parsing an object at line 1 column 1\n"]),
        (file(&format!("{ok}, {ok}")), expect!["case 2 ('it'): another case has this id\n"]),
        (
            file(ok).replace("cases/1", "cases/2"),
            expect![[r#"
            'format' is 'brokerscope-cases/2', but 'brokerscope-cases/1' is what can be read
        "#]],
        ),
        (
            file(ok).replace("kafka", "pulsar"),
            expect![[r#"
                unknown variant `pulsar`, expected `kafka` or `rabbitmq` at line 1 column 52
            "#]],
        ),
        (
            case(r#""profiles": ["9.9"],"#, r#"{"do": "x"}"#),
            expect![[r#"
            case 1 ('it'): 'profiles' names '9.9', which 'brokers' does not
        "#]],
        ),
        (case("", ""), expect!["case 1 ('it'): it has no steps\n"]),
        (
            case("", r#"{"done": "x"}"#),
            expect![[r#"
                a step names its operation as text in 'do' at line 2 column 109
            "#]],
        ),
        (
            case("", r#"{"do": "x", "a": 1, "a": 2}"#),
            expect![[r#"
                'a' is there twice in a step at line 2 column 123
            "#]],
        ),
        (
            case("", r#"{"do": "x", "expect": 1, "expect_by_version": {}}"#),
            expect![[r#"
                a step has 'expect' or 'expect_by_version' at line 2 column 145
            "#]],
        ),
        (
            case("", r#"{"do": "x", "expect_by_version": {"3.9.1": 1}}"#),
            expect![[r#"
            case 1 ('it'): step 1: 'expect_by_version' lacks '3.10.0'
        "#]],
        ),
    ];
    for (text, expect) in table {
        check(&text, None, expect);
    }
    let unknown = report(&case(r#""profile": [],"#, ""), None);
    assert!(unknown.starts_with("unknown field `profile`, expected one of `id`"), "{unknown}");
    assert!(unknown.ends_with("at line 2 column 94\n"), "{unknown}");
}

#[test]
fn versions_are_ordered_by_their_numbers() {
    let file = CaseFile::read("sample.json", case("", r#"{"do": "x"}"#).as_bytes()).unwrap();
    assert_eq!(file.versions, ["3.9.1", "3.10.0"]);
    assert_eq!(file.cases[0].newest(), "3.10.0");
}

/// A few cases of each kind, small enough to be run often.
fn sample() -> Vec<u8> {
    case(
        r#""title": "t", "verified": {"3.9.1": {"runs": 2}},"#,
        r#"{"do": "place", "client": "java", "key_hex": "00ff", "partitions": 12, "expect": 1},
           {"do": "offsets_partition", "group": "a", "partitions": 50, "expect": 47},
           {"do": "compute_assignment", "assignor": "sticky", "topics": {"t": 4, "u": 3},
            "members": [{"id": "c1", "topics": ["t"], "owned": {"t": [0, 1]}, "generation": 2},
                        {"id": "c2", "topics": ["t", "u"], "instance": "i"}], "expect": {}},
           {"do": "compute_assignment", "assignor": "uniform", "topics": {"t": 9, "u": 3},
            "members": [{"id": "c1", "topics": ["t"], "owned": {"t": [0, 7]}},
                        {"id": "c2", "topics": ["t", "u"]}], "expect": {"c1": {}}}"#,
    )
    .into_bytes()
}

proptest! {
    /// Whatever is in a file, it is read and run, or refused in one line.
    #[test]
    fn damaged_files_are_run_or_refused(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..6)
    ) {
        let mut text = sample();
        for (place, byte, kind) in damage {
            let place = place.index(text.len());
            match kind {
                0 => text[place] = byte,
                1 => text.insert(place, byte),
                2 => drop(text.remove(place)),
                _ => text[place] = b'0' + byte % 10,
            }
        }
        match CaseFile::read("sample.json", &text) {
            Ok(file) => {
                let report = run_all(&[file], None).unwrap();
                prop_assert!(report.passed + report.failed <= 1);
            }
            Err(wrong) => prop_assert_eq!(wrong.to_string().lines().count(), 1),
        }
    }
}
