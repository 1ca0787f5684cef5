use super::compute::{ClassicAssignor, Member};
use super::*;
use expect_test::{Expect, expect};
use serde_json::Value;

/// `topics` as `a:4 b:3`; `members` as `c1 c2=a,b c3@z`: id, topics (all if none), instance.
fn check(assignor: ClassicAssignor, topics: &str, members: &str, expect: Expect) {
    let topics: Map<TopicName, u32> = topics
        .split_whitespace()
        .map(|it| it.split_once(':').unwrap())
        .map(|(name, count)| (name.into(), count.parse().unwrap()))
        .collect();
    let members: Vec<Member> = members
        .split_whitespace()
        .map(|it| {
            let (it, wanted) = it.split_once('=').unwrap_or((it, ""));
            let (id, instance) = it.split_once('@').unwrap_or((it, ""));
            let wanted: Vec<TopicName> = match wanted {
                "" => topics.keys().cloned().collect(),
                some => some.split(',').map(TopicName::from).collect(),
            };
            let instance = Some(instance.to_owned()).filter(|it| !it.is_empty());
            Member {
                id: id.to_owned(),
                instance,
                topics: wanted,
                owned: Vec::new(),
                generation: None,
            }
        })
        .collect();
    let assignment = assignor.assign(&topics, &members);
    let lines = members.iter().zip(assignment).map(|(member, reads)| {
        let reads: Vec<String> = reads.iter().map(ToString::to_string).collect();
        format!("{}: {}\n", member.id, reads.join(" "))
    });
    expect.assert_eq(&lines.collect::<String>());
}

#[test]
fn range_gives_each_member_a_run_and_the_first_ones_the_rest() {
    check(
        ClassicAssignor::Range,
        "t:7",
        "c1 c2 c3",
        expect![[r#"
            c1: t-0 t-1 t-2
            c2: t-3 t-4
            c3: t-5 t-6
        "#]],
    );
}

#[test]
fn range_begins_anew_with_each_topic() {
    check(
        ClassicAssignor::Range,
        "t0:3 t1:3",
        "c0 c1",
        expect![[r#"
            c0: t0-0 t0-1 t1-0 t1-1
            c1: t0-2 t1-2
        "#]],
    );
    check(
        ClassicAssignor::Range,
        "a:4 b:3",
        "c1 c2=a c3=b",
        expect![[r#"
            c1: a-0 a-1 b-0 b-1
            c2: a-2 a-3
            c3: b-2
        "#]],
    );
}

#[test]
fn more_members_than_partitions_leave_the_last_ones_idle() {
    for assignor in [ClassicAssignor::Range, ClassicAssignor::RoundRobin] {
        check(
            assignor,
            "t:2",
            "c1 c2 c3 c4",
            expect![[r#"
                c1: t-0
                c2: t-1
                c3: 
                c4: 
            "#]],
        );
    }
}

#[test]
fn members_are_ordered_as_text_and_instances_come_first() {
    check(
        ClassicAssignor::Range,
        "t:4",
        "c1 c2 c10",
        expect![[r#"
            c1: t-0 t-1
            c2: t-3
            c10: t-2
        "#]],
    );
    check(
        ClassicAssignor::Range,
        "t:5",
        "m-b m-a@z m-c@a",
        expect![[r#"
            m-b: t-4
            m-a: t-2 t-3
            m-c: t-0 t-1
        "#]],
    );
}

#[test]
fn round_robin_deals_all_partitions_in_turn() {
    check(
        ClassicAssignor::RoundRobin,
        "t0:3 t1:3",
        "c0 c1",
        expect![[r#"
            c0: t0-0 t0-2 t1-1
            c1: t0-1 t1-0 t1-2
        "#]],
    );
    check(
        ClassicAssignor::RoundRobin,
        "t0:1 t1:2 t2:3",
        "c0=t0 c1=t0,t1 c2=t0,t1,t2",
        expect![[r#"
            c0: t0-0
            c1: t1-0
            c2: t1-1 t2-0 t2-1 t2-2
        "#]],
    );
    check(
        ClassicAssignor::RoundRobin,
        "a:4 b:3",
        "c1 c2=a c3=b",
        expect![[r#"
            c1: a-0 a-2 b-1
            c2: a-1 a-3
            c3: b-0 b-2
        "#]],
    );
}

fn recorded(member: &Value) -> Member {
    let topics = member["topics"].as_array().unwrap();
    Member {
        id: member["id"].as_str().unwrap().to_owned(),
        instance: member["instance"].as_str().map(str::to_owned),
        topics: topics.iter().map(|it| it.as_str().unwrap().into()).collect(),
        owned: Vec::new(),
        generation: None,
    }
}

#[test]
fn every_recorded_assignment_of_range_and_round_robin_is_the_same_here() {
    let text = include_str!("../../../../../conformance/kafka/assign-classic.json");
    let file: Value = serde_json::from_str(text).unwrap();
    let steps = file["cases"].as_array().unwrap().iter().flat_map(|case| {
        case["steps"].as_array().unwrap().iter().map(|step| (case["id"].as_str().unwrap(), step))
    });
    let mut checked = 0;
    for (id, step) in steps {
        let assignor = match step["assignor"].as_str().unwrap() {
            "range" => ClassicAssignor::Range,
            "roundrobin" => ClassicAssignor::RoundRobin,
            _ => continue,
        };
        let topics: Map<TopicName, u32> = step["topics"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, count)| {
                (name.as_str().into(), u32::try_from(count.as_u64().unwrap()).unwrap())
            })
            .collect();
        let members: Vec<Member> =
            step["members"].as_array().unwrap().iter().map(recorded).collect();
        for (member, reads) in members.iter().zip(assignor.assign(&topics, &members)) {
            let expected = step["expect"][&member.id].as_object().unwrap();
            let mut wanted: Vec<TopicPartition> = Vec::new();
            for (topic, partitions) in expected {
                wanted.extend(partitions.as_array().unwrap().iter().map(|it| {
                    TopicPartition::new(
                        topic.as_str(),
                        u32::try_from(it.as_u64().unwrap()).unwrap(),
                    )
                }));
            }
            wanted.sort();
            assert_eq!(reads, wanted, "{} in {id}", member.id);
        }
        checked += 1;
    }
    assert!(150 < checked, "the file was read to its end");
}
