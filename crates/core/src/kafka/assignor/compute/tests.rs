use super::*;
use crate::settings::Value as _;
use crate::sim::Rng;
use serde_json::Value;
use std::collections::BTreeSet;

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

/// `{"t": [0, 1]}`, sorted.
fn partitions(value: &Value) -> Vec<TopicPartition> {
    let mut all = Vec::new();
    for (topic, numbers) in value.as_object().into_iter().flatten() {
        let numbers = numbers.as_array().unwrap().iter();
        all.extend(numbers.map(|it| TopicPartition::new(topic.as_str(), number(it))));
    }
    all.sort();
    all
}

fn member(value: &Value) -> Member {
    let generation = value["generation"].as_i64();
    Member {
        id: value["id"].as_str().unwrap().to_owned(),
        instance: value["instance"].as_str().map(str::to_owned),
        topics: value["topics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_str().unwrap().into())
            .collect(),
        owned: partitions(&value["owned"]),
        generation: generation.map(|it| i32::try_from(it).unwrap()),
    }
}

/// Compares every recorded step of a file with what `compute` answers; gives how many.
fn compare(text: &str, compute: impl Fn(&str, Vec<(TopicName, u32)>, &[Member]) -> Assignment) {
    let file: Value = serde_json::from_str(text).unwrap();
    let mut steps = 0;
    let mut wrong = Vec::new();
    for case in file["cases"].as_array().unwrap() {
        for step in case["steps"].as_array().unwrap() {
            let topics = step["topics"].as_object().unwrap().iter();
            let topics = topics.map(|(name, it)| (name.as_str().into(), number(it))).collect();
            let members: Vec<Member> =
                step["members"].as_array().unwrap().iter().map(member).collect();
            let dealt = compute(step["assignor"].as_str().unwrap(), topics, &members);
            let right = members
                .iter()
                .zip(&dealt)
                .all(|(member, reads)| *reads == partitions(&step["expect"][&member.id]));
            if !right {
                wrong.push(case["id"].to_string());
            }
            steps += 1;
        }
    }
    assert!(250 < steps, "the file was read to its end");
    assert!(wrong.is_empty(), "{} of {steps} differ: {wrong:?}", wrong.len());
}

#[test]
fn every_recorded_assignment_of_a_leader_is_the_same_here() {
    let text = include_str!("../../../../../../conformance/kafka/assign-classic.json");
    compare(text, |name, topics, members| {
        let assignor = ClassicAssignor::read(name).unwrap();
        assignor.assign(&topics.into_iter().collect(), members)
    });
}

#[test]
fn every_recorded_assignment_of_a_broker_is_the_same_here() {
    let text = include_str!("../../../../../../conformance/kafka/assign-server.json");
    compare(text, |name, topics, members| {
        let assignor = ServerAssignor::read(name.trim_start_matches("server-")).unwrap();
        assignor.assign(&topics, members)
    });
}

/// Members `c0` to at most `c7`, who want one set of topics or each their own.
fn group(rng: &mut Rng, topics: &[(TopicName, u32)]) -> Vec<Member> {
    let alike = rng.chance(1, 2);
    let count = 1 + rng.below(8);
    let member = |place| Member {
        id: format!("c{place}"),
        instance: None,
        topics: topics
            .iter()
            .filter(|_| alike || rng.chance(2, 3))
            .map(|it| it.0.clone())
            .collect(),
        owned: Vec::new(),
        generation: None,
    };
    (0..count).map(member).collect()
}

/// Some members leave, some come, some want something else; the others own what they were given,
/// or, seldom, what they had a generation ago.
fn next(rng: &mut Rng, group: &mut Vec<Member>, dealt: Assignment, generation: i32) {
    for (member, reads) in group.iter_mut().zip(dealt) {
        if rng.chance(9, 10) {
            member.owned = reads;
            member.generation = Some(generation);
        }
    }
    if 1 < group.len() && rng.chance(1, 2) {
        let place = usize::try_from(rng.below(group.len() as u64)).unwrap();
        group.remove(place);
    }
    if rng.chance(1, 2) {
        let place = usize::try_from(rng.below(group.len() as u64)).unwrap();
        let twin = group[place].topics.clone();
        let id = format!("d{generation}");
        group.push(Member {
            id,
            instance: None,
            topics: twin,
            owned: Vec::new(),
            generation: None,
        });
    }
    if rng.chance(1, 4) {
        let place = usize::try_from(rng.below(group.len() as u64)).unwrap();
        group[place].topics.pop();
    }
}

/// Every partition that somebody wants, if nobody reads it twice.
fn read_once(group: &[Member], dealt: &Assignment, seed: u64) -> BTreeSet<TopicPartition> {
    assert_eq!(dealt.len(), group.len(), "everybody is answered, seed {seed}");
    let all: Vec<&TopicPartition> = dealt.iter().flatten().collect();
    let once: BTreeSet<TopicPartition> = all.iter().copied().cloned().collect();
    assert_eq!(once.len(), all.len(), "a partition has one reader, seed {seed}");
    once
}

fn wanted(topics: &[(TopicName, u32)], group: &[Member]) -> BTreeSet<TopicPartition> {
    let wants = |it: &&(TopicName, u32)| group.iter().any(|member| member.topics.contains(&it.0));
    let each = |it: &(TopicName, u32)| {
        let topic = it.0.clone();
        (0..it.1).map(move |partition| TopicPartition::new(topic.clone(), partition))
    };
    topics.iter().filter(wants).flat_map(each).collect()
}

/// The clients' assignors in random histories of groups, ten thousand of each: every partition has
/// one reader, and only the cooperative one leaves any for the next round: what somebody still has.
#[test]
fn any_history_of_a_group_leaves_each_partition_one_reader() {
    for seed in 0..40_000 {
        let mut rng = Rng::from_seed(seed);
        let names = ["orders", "audit", "metrics"];
        let count = usize::try_from(1 + rng.below(3)).unwrap();
        let topics: Vec<(TopicName, u32)> =
            names[..count].iter().map(|it| ((*it).into(), number(&rng.below(12).into()))).collect();
        let counts: Map<TopicName, u32> = topics.iter().cloned().collect();
        let assignors = [
            ClassicAssignor::Range,
            ClassicAssignor::RoundRobin,
            ClassicAssignor::Sticky,
            ClassicAssignor::CooperativeSticky,
        ];
        let assignor = assignors[usize::try_from(seed % 4).unwrap()];
        let mut members = group(&mut rng, &topics);
        for generation in 0..5 {
            let dealt = assignor.assign(&counts, &members);
            let read = read_once(&members, &dealt, seed);
            for missing in wanted(&topics, &members).difference(&read) {
                let held = members.iter().any(|it| it.owned.contains(missing));
                let cooperative = assignor == ClassicAssignor::CooperativeSticky;
                assert!(cooperative && held, "{missing} waits for its owner, seed {seed}");
            }
            next(&mut rng, &mut members, dealt, generation);
        }
    }
}

#[test]
fn any_history_of_a_server_assignor_deals_everything_to_those_who_want_it() {
    for seed in 0..20_000 {
        let assignor = [ServerAssignor::Uniform, ServerAssignor::Range][usize::from(seed % 2 == 1)];
        let mut rng = Rng::from_seed(seed);
        let topics: Vec<(TopicName, u32)> =
            ["orders", "audit"].map(|it| (it.into(), number(&rng.below(12).into()))).to_vec();
        let mut members = group(&mut rng, &topics);
        for generation in 0..5 {
            let dealt = assignor.assign(&topics, &members);
            let read = read_once(&members, &dealt, seed);
            assert_eq!(read, wanted(&topics, &members), "nothing is left over, seed {seed}");
            for (member, reads) in members.iter_mut().zip(&dealt) {
                let wants = reads.iter().all(|it| member.topics.contains(&it.topic));
                assert!(wants, "{} reads what it wants, seed {seed}", member.id);
            }
            next(&mut rng, &mut members, dealt, generation);
            // The broker's own target is never old.
            for place in 0..members.len() {
                let before: Vec<TopicPartition> =
                    members[..place].iter().flat_map(|it| it.owned.clone()).collect();
                members[place].owned.retain(|it| !before.contains(it));
            }
        }
    }
}

/// Kafka 4.3.1 never answers to this group: two of its members wait for partitions that go back
/// and forth between others.
#[test]
fn balancing_comes_to_an_end() {
    let topics: Map<TopicName, u32> = [("t0", 5), ("t1", 11), ("t2", 9)]
        .map(|(name, count)| (name.into(), count))
        .into_iter()
        .collect();
    let all: &[&str] = &["t0", "t1", "t2"];
    let (first, later, joins): (&[&str], _, _) = (&["t0"], &all[1..], &all[..2]);
    let joined = |id: &str, topics: &[&str]| Member {
        id: id.to_owned(),
        instance: None,
        topics: topics.iter().map(|it| (*it).into()).collect(),
        owned: Vec::new(),
        generation: None,
    };
    let mut members: Vec<Member> =
        [("c0", all), ("c1", first), ("c2", later), ("c3", later), ("c4", first)]
            .map(|(id, topics)| joined(id, topics))
            .to_vec();
    for generation in 1..3 {
        let dealt = ClassicAssignor::Sticky.assign(&topics, &members);
        for (member, reads) in members.iter_mut().zip(dealt) {
            member.owned = reads;
            member.generation = Some(generation);
        }
    }
    members.push(joined("c5", joins));
    let dealt = ClassicAssignor::Sticky.assign(&topics, &members);
    assert_eq!(read_once(&members, &dealt, 0).len(), 25, "everything is read");
}

#[test]
fn the_group_uses_the_assignor_that_most_members_ask_for() {
    let has = ServerAssignors::default();
    let preferred = |asked: &[&'static str]| has.preferred(asked.iter().copied()).as_str();
    assert_eq!(preferred(&[]), "uniform", "the broker's first");
    assert_eq!(preferred(&["range"]), "range");
    assert_eq!(preferred(&["uniform", "range", "range"]), "range");
    let one = ServerAssignors::read("range").unwrap();
    assert_eq!(one.preferred(["uniform"].into_iter()), ServerAssignor::Range);
    assert_eq!(ServerAssignors::read("uniform, range").unwrap().show(), "uniform,range");
    assert_eq!(ServerAssignors::read("uniform,sticky"), None);
}
