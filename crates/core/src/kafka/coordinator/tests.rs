#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks at the answers it is about")]

use super::*;
use crate::kafka::assignor::compute::ClassicAssignor;
use crate::kafka::config::{self, Config, Links};
use crate::kafka::fact::{CommitReason, LeaveReason};
use crate::kafka::message::{
    CorrelationId, JoinGroup, Leaver, MemberDescription, MemberId, MemberOf, MembershipRequest,
};
use crate::kafka::network::{Address, Channel, Node};
use crate::kafka::schema::{ClassicSubscription, encode_assignment};
use crate::kafka::{Offset, TopicPartition};
use expect_test::{Expect, expect};
use std::collections::BTreeMap;

mod groups;
mod histories;

fn topic(name: &str) -> config::Topic {
    config::Topic {
        name: name.into(),
        partitions: 3,
        replication_factor: None,
        settings: config::TopicSettings::default(),
    }
}

fn coordinator(settings: BrokerSettings) -> Coordinator {
    let config = Config {
        brokers: 1,
        broker_settings: settings.clone(),
        topics: ["t", "u"].map(topic).into(),
        producers: Vec::new(),
        destinations: Vec::new(),
        consumers: Vec::new(),
        links: Links::default(),
    };
    Coordinator::new(SimTime::START, settings, Arc::new(Metadata::new(&config)))
}

/// Speaks to the coordinator as the clients do, and remembers what they would.
struct Clients {
    coordinator: Coordinator,
    names: Rng,
    /// Id and generation per client.
    members: BTreeMap<String, (MemberId, i32)>,
    asked: Vec<(String, &'static str)>,
    out: String,
}

/// A script of the group `g`, one line an instant in milliseconds and what reaches the
/// coordinator then:
///
/// ```text
/// 0 c1 join          with the id it has, if it has one
/// 5 c1 sync t-0 c1 t-1 c2
/// 6 c1 heartbeat     or with an earlier generation: heartbeat 1
/// 7 c1 commit t-0 5
/// 8 c1 leave
/// 9                  nothing but time
/// 9 admin describe   or delete, or forget t-0
/// ```
///
/// A client `c1/i1` has the instance id `i1`.
/// Sessions last 1,000 ms, rebalances 3,000. What happens before a line `--` is not told.
fn check(initial_delay_ms: u64, script: &str, expect: Expect) {
    let settings = BrokerSettings {
        group_initial_rebalance_delay_ms: initial_delay_ms,
        group_min_session_timeout_ms: 0,
        ..BrokerSettings::default()
    };
    check_with(settings, script, expect);
}

fn check_with(settings: BrokerSettings, script: &str, expect: Expect) {
    let mut clients = Clients::new(settings);
    clients.run(script);
    expect.assert_eq(&clients.out);
}

impl Clients {
    fn new(settings: BrokerSettings) -> Self {
        let (coordinator, names) = (coordinator(settings), Rng::from_seed(3));
        Self { coordinator, names, members: BTreeMap::new(), asked: Vec::new(), out: String::new() }
    }

    fn run(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|it| !it.is_empty()) {
            if line == "--" {
                self.out.clear();
                continue;
            }
            let (ms, rest) = line.split_once(' ').unwrap_or((line, ""));
            if rest.is_empty() {
                self.out += &format!("until {ms}\n");
            }
            self.run_until(SimTime::from_ms(ms.parse().unwrap()));
            if !rest.is_empty() {
                self.speak(SimTime::from_ms(ms.parse().unwrap()), rest);
            }
        }
    }

    fn run_until(&mut self, now: SimTime) {
        while let Some(due) = self.coordinator.due().filter(|it| *it <= now) {
            self.step(due, Input::Wake);
        }
    }

    fn speak(&mut self, now: SimTime, text: &str) {
        self.out += &format!("{} {text}\n", now.as_ms());
        let words: Vec<&str> = text.split_whitespace().collect();
        let client = words[0].to_owned();
        let instance = client.split_once('/').map(|(_, it)| it.into());
        let name = client.split('/').next().unwrap().to_owned();
        let (member_id, generation) =
            self.members.get(&client).cloned().unwrap_or((MemberId::default(), -1));
        let member = |generation| MemberOf {
            group: "g".into(),
            member_id: member_id.clone(),
            instance: instance.clone(),
            generation,
            client: name.as_str().into(),
        };
        let (kind, request) = match words[1..] {
            ["join", ref topics @ ..] => {
                let topics = topics.iter().map(|it| (*it).into()).collect();
                let subscription = ClassicSubscription { topics, ..ClassicSubscription::default() };
                let join = JoinGroup {
                    group: "g".into(),
                    member_id: member_id.clone(),
                    instance: instance.clone(),
                    client: name.as_str().into(),
                    session_timeout_ms: 1_000,
                    rebalance_timeout_ms: 3_000,
                    protocols: vec![(ClassicAssignor::Range, subscription.encode())],
                };
                ("join", MembershipRequest::Join(join).into())
            }
            ["sync", ref given @ ..] => {
                let given = given.chunks(2).map(|it| {
                    let (topic, partition) = it[0].split_once('-').unwrap();
                    let partition = TopicPartition::new(topic, partition.parse().unwrap());
                    (self.members[it[1]].0.clone(), encode_assignment(&[partition]))
                });
                let assignment = given.collect();
                ("sync", MembershipRequest::Sync { member: member(generation), assignment }.into())
            }
            ["heartbeat", ref earlier @ ..] => {
                let earlier = earlier.first().map(|it| it.parse().unwrap());
                let member = member(earlier.unwrap_or(generation));
                ("heartbeat", MembershipRequest::Heartbeat { member }.into())
            }
            ["commit", partition, offset] => {
                let (topic, number) = partition.split_once('-').unwrap();
                let partition = TopicPartition::new(topic, number.parse().unwrap());
                let offsets = vec![(partition, Offset(offset.parse().unwrap()).into())];
                let (member, how) = (member(generation), CommitReason::Application);
                ("commit", GroupRequest::OffsetCommit { member, offsets, how })
            }
            ["leave"] => {
                let (group, why) = ("g".into(), LeaveReason::Closed);
                let members = vec![Leaver { member_id, instance: instance.clone() }];
                ("leave", MembershipRequest::Leave { group, members, why }.into())
            }
            ["describe"] => ("describe", GroupRequest::DescribeGroups { group: "g".into() }),
            ["delete"] => ("delete", GroupRequest::DeleteGroups { group: "g".into() }),
            ["forget", partition] => {
                let (topic, number) = partition.split_once('-').unwrap();
                let partitions = vec![TopicPartition::new(topic, number.parse().unwrap())];
                ("forget", GroupRequest::OffsetDelete { group: "g".into(), partitions })
            }
            _ => panic!("not an input: {text}"),
        };
        self.asked.push((client, kind));
        let correlation = CorrelationId(u32::try_from(self.asked.len()).unwrap());
        let address = Address { node: Node::Consumer(0), process: 1 };
        let reply_to = ReplyTo { client: address, channel: Channel::Coordinator, correlation };
        self.step(now, Input::Request(reply_to, request));
    }

    fn step(&mut self, now: SimTime, input: Input) {
        let mut fx = Vec::new();
        self.coordinator.step(&mut fx, now, &mut self.names, BrokerId(1), input);
        for effect in fx {
            let told = match effect {
                Effect::Note(fact) => fact.to_string(),
                Effect::AppendInTransaction(..) => unreachable!("there are no transactions here"),
                Effect::Append(_, records) => format!("append {}", records.len()),
                Effect::Answer(reply_to, answer) => self.answered(reply_to, answer),
            };
            self.out += &format!("    {} {told}\n", now.as_ms());
        }
        if let Some(group) = self.coordinator.group(&"g".into()) {
            self.out += &format!("    {} {}\n", group.state(), group.generation());
        }
    }

    fn answered(&mut self, reply_to: ReplyTo, answer: Answer) -> String {
        let place = usize::try_from(reply_to.correlation.0).unwrap() - 1;
        let (client, kind) = self.asked[place].clone();
        let told = match answer {
            Answer::JoinGroup(Ok(joined)) => {
                self.members.insert(client.clone(), (joined.member_id, joined.generation));
                format!("generation {}, {} members", joined.generation, joined.members.len())
            }
            Answer::JoinGroup(Err(error)) => {
                if error.error == ErrorCode::MemberIdRequired {
                    self.members.insert(client.clone(), (error.member_id, -1));
                }
                error.error.to_string()
            }
            Answer::SyncGroup(Ok(assignment)) => {
                let reads = crate::kafka::schema::decode_assignment(&assignment).unwrap();
                let reads: Vec<String> = reads.iter().map(ToString::to_string).collect();
                format!("reads {}", reads.join(" "))
            }
            Answer::SyncGroup(Err(error))
            | Answer::Heartbeat(Err(error))
            | Answer::LeaveGroup(Err(error)) => error.to_string(),
            Answer::LeaveGroup(Ok(left)) => match left[0] {
                Ok(()) => "ok".to_owned(),
                Err(error) => error.to_string(),
            },
            Answer::Heartbeat(Ok(())) => "ok".to_owned(),
            Answer::DescribeGroups(Ok(it)) => {
                let member = |it: &MemberDescription| {
                    let reads: Vec<String> = it.reads.iter().map(ToString::to_string).collect();
                    format!(" {} reads {}", it.client, reads.join(" "))
                };
                let members: Vec<String> = it.members.iter().map(member).collect();
                format!("{} '{}'{}", it.state, it.assignor, members.join(","))
            }
            Answer::OffsetDelete(Ok(results)) | Answer::OffsetCommit(results) => match results[0].1
            {
                Ok(()) => "ok".to_owned(),
                Err(error) => error.to_string(),
            },
            Answer::DeleteGroups(Ok(())) => "ok".to_owned(),
            Answer::DescribeGroups(Err(error))
            | Answer::OffsetDelete(Err(error))
            | Answer::DeleteGroups(Err(error)) => error.to_string(),
            other => panic!("nobody asked for {other:?}"),
        };
        format!("answer {client} {kind}: {told}")
    }
}

#[test]
fn a_member_joins_in_two_steps_and_learns_what_it_reads_after_the_leader() {
    check(
        0,
        "
        0 c1 join t
        1 c1 join t
        2 c1 sync t-0 c1
        3 c1 heartbeat
        4 c2 join t
        5 c2 join t
        6 c1 heartbeat
        7 c1 join t
        8 c2 sync
        9 c1 sync t-0 c1 t-1 c2
        10 c1 heartbeat
        ",
        expect![[r#"
            0 c1 join t
                0 append 1
                0 answer c1 join: MEMBER_ID_REQUIRED
                Empty 0
            1 c1 join t
                1 g rebalances: c1 joins
                PreparingRebalance 0
                1 answer c1 join: generation 1, 1 members
                CompletingRebalance 1
            2 c1 sync t-0 c1
                2 append 1
                2 g is stable in generation 1: c1 reads t-0
                2 answer c1 sync: reads t-0
                Stable 1
            3 c1 heartbeat
                3 answer c1 heartbeat: ok
                Stable 1
            4 c2 join t
                4 answer c2 join: MEMBER_ID_REQUIRED
                Stable 1
            5 c2 join t
                5 g rebalances: c2 joins
                PreparingRebalance 1
            6 c1 heartbeat
                6 answer c1 heartbeat: REBALANCE_IN_PROGRESS
                PreparingRebalance 1
            7 c1 join t
                7 answer c2 join: generation 2, 0 members
                7 answer c1 join: generation 2, 2 members
                CompletingRebalance 2
            8 c2 sync
                CompletingRebalance 2
            9 c1 sync t-0 c1 t-1 c2
                9 append 1
                9 g is stable in generation 2: c1 reads t-0; c2 reads t-1
                9 answer c1 sync: reads t-0
                9 answer c2 sync: reads t-1
                Stable 2
            10 c1 heartbeat
                10 answer c1 heartbeat: ok
                Stable 2
        "#]],
    );
}

#[test]
fn an_expected_member_that_never_comes_back_is_waited_for_until_its_session_ends() {
    check(
        0,
        "
        0 c1 join t
        1 c1 join t
        2 c1 sync t-0 c1
        --
        4 c2 join t
        5 c3 join t
        6 c3 join t
        7 c1 join t
        1500
        ",
        expect![[r#"
            4 c2 join t
                4 answer c2 join: MEMBER_ID_REQUIRED
                Stable 1
            5 c3 join t
                5 answer c3 join: MEMBER_ID_REQUIRED
                Stable 1
            6 c3 join t
                6 g rebalances: c3 joins
                PreparingRebalance 1
            7 c1 join t
                PreparingRebalance 1
            until 1500
                1004 answer c3 join: generation 2, 0 members
                1004 answer c1 join: generation 2, 2 members
                CompletingRebalance 2
        "#]],
    );
}

#[test]
fn who_is_silent_is_removed() {
    check(
        0,
        "
        0 c1 join t
        1 c1 join t
        2 c1 sync t-0 c1
        --
        500 c1 heartbeat
        1499
        1600 c1 heartbeat
        ",
        expect![[r#"
            500 c1 heartbeat
                500 answer c1 heartbeat: ok
                Stable 1
            until 1499
                1500 g removed c1: no heartbeat for session.timeout.ms=1000
                1500 g rebalances: c1 was removed
                1500 append 1
                Empty 2
            1600 c1 heartbeat
                1600 answer c1 heartbeat: UNKNOWN_MEMBER_ID
                Empty 2
        "#]],
    );
}

#[test]
fn who_does_not_join_again_in_time_is_left_behind() {
    check(
        0,
        "
        0 c1 join t
        1 c1 join t
        2 c1 sync t-0 c1
        --
        3 c2 join t
        4 c2 join t
        900 c1 heartbeat
        1800 c1 heartbeat
        2700 c1 heartbeat
        3100 c1 heartbeat
        ",
        expect![[r#"
            3 c2 join t
                3 answer c2 join: MEMBER_ID_REQUIRED
                Stable 1
            4 c2 join t
                4 g rebalances: c2 joins
                PreparingRebalance 1
            900 c1 heartbeat
                900 answer c1 heartbeat: REBALANCE_IN_PROGRESS
                PreparingRebalance 1
            1800 c1 heartbeat
                1800 answer c1 heartbeat: REBALANCE_IN_PROGRESS
                PreparingRebalance 1
            2700 c1 heartbeat
                2700 answer c1 heartbeat: REBALANCE_IN_PROGRESS
                PreparingRebalance 1
                3004 c1 left g: no poll or join within max.poll.interval.ms=3000
                3004 answer c2 join: generation 2, 1 members
                CompletingRebalance 2
            3100 c1 heartbeat
                3100 answer c1 heartbeat: UNKNOWN_MEMBER_ID
                CompletingRebalance 2
        "#]],
    );
}

#[test]
fn who_does_not_sync_in_time_is_removed() {
    check(
        0,
        "
        0 c1 join t
        1 c1 join t
        --
        900 c1 heartbeat
        1800 c1 heartbeat
        2700 c1 heartbeat
        3100 c1 sync t-0 c1
        ",
        expect![[r#"
                1 answer c1 join: generation 1, 1 members
                CompletingRebalance 1
            900 c1 heartbeat
                900 answer c1 heartbeat: ok
                CompletingRebalance 1
            1800 c1 heartbeat
                1800 answer c1 heartbeat: ok
                CompletingRebalance 1
            2700 c1 heartbeat
                2700 answer c1 heartbeat: ok
                CompletingRebalance 1
                3001 g rebalances: c1 did not take part in time
                3001 append 1
                Empty 2
            3100 c1 sync t-0 c1
                3100 answer c1 sync: UNKNOWN_MEMBER_ID
                Empty 2
        "#]],
    );
}

#[test]
fn a_follower_that_joins_again_unchanged_disturbs_nobody_and_the_leader_does() {
    check(
        10,
        "
        0 c1 join t
        0 c2 join t
        1 c1 join t
        1 c2 join t
        30 c1 sync t-0 c1 t-1 c2
        --
        31 c2 sync
        32 c2 join t
        33 c2 sync
        34 c2 join t u
        40 c1 join t
        ",
        expect![[r#"
            31 c2 sync
                31 answer c2 sync: reads t-1
                Stable 1
            32 c2 join t
                32 answer c2 join: generation 1, 0 members
                Stable 1
            33 c2 sync
                33 answer c2 sync: reads t-1
                Stable 1
            34 c2 join t u
                34 g rebalances: c2 joins
                PreparingRebalance 1
            40 c1 join t
                40 answer c2 join: generation 2, 0 members
                40 answer c1 join: generation 2, 2 members
                CompletingRebalance 2
        "#]],
    );
}

#[test]
fn commits_are_checked_against_member_and_generation_but_not_against_the_log() {
    check(
        0,
        "
        0 c9 commit t-0 1
        1 c1 join t
        2 c1 join t
        3 c1 commit t-0 2
        4 c1 sync t-0 c1
        5 c1 commit t-0 999999
        6 c9 commit t-0 3
        7 c2 join t
        8 c2 join t
        9 c1 commit t-0 4
        10 c1 heartbeat 0
        ",
        expect![[r#"
            0 c9 commit t-0 1
                0 append 1
                0 g is committed to offset 1 of t-0, by c9
                0 answer c9 commit: ok
                Empty 0
            1 c1 join t
                1 answer c1 join: MEMBER_ID_REQUIRED
                Empty 0
            2 c1 join t
                2 g rebalances: c1 joins
                PreparingRebalance 0
                2 answer c1 join: generation 1, 1 members
                CompletingRebalance 1
            3 c1 commit t-0 2
                3 g refused the commit of c1: REBALANCE_IN_PROGRESS
                3 answer c1 commit: REBALANCE_IN_PROGRESS
                CompletingRebalance 1
            4 c1 sync t-0 c1
                4 append 1
                4 g is stable in generation 1: c1 reads t-0
                4 answer c1 sync: reads t-0
                Stable 1
            5 c1 commit t-0 999999
                5 append 1
                5 g is committed to offset 999999 of t-0, by c1
                5 answer c1 commit: ok
                Stable 1
            6 c9 commit t-0 3
                6 g refused the commit of c9: UNKNOWN_MEMBER_ID
                6 answer c9 commit: UNKNOWN_MEMBER_ID
                Stable 1
            7 c2 join t
                7 answer c2 join: MEMBER_ID_REQUIRED
                Stable 1
            8 c2 join t
                8 g rebalances: c2 joins
                PreparingRebalance 1
            9 c1 commit t-0 4
                9 append 1
                9 g is committed to offset 4 of t-0, by c1
                9 answer c1 commit: ok
                PreparingRebalance 1
            10 c1 heartbeat 0
                10 answer c1 heartbeat: ILLEGAL_GENERATION
                PreparingRebalance 1
        "#]],
    );
}

#[test]
fn leaving_members_are_missed_at_once_and_the_last_leaves_an_empty_group() {
    check(
        10,
        "
        0 c1 join t
        0 c2 join t
        1 c1 join t
        1 c2 join t
        30 c1 sync t-0 c1 t-1 c2
        --
        40 c1 leave
        41 c2 join t
        42 c2 sync t-0 c2
        43 c2 leave
        44 c2 leave
        ",
        expect![[r#"
            40 c1 leave
                40 c1 left g: it was closed
                40 answer c1 leave: ok
                40 g rebalances: c1 left
                PreparingRebalance 1
            41 c2 join t
                41 answer c2 join: generation 2, 1 members
                CompletingRebalance 2
            42 c2 sync t-0 c2
                42 append 1
                42 g is stable in generation 2: c2 reads t-0
                42 answer c2 sync: reads t-0
                Stable 2
            43 c2 leave
                43 c2 left g: it was closed
                43 answer c2 leave: ok
                43 g rebalances: c2 left
                43 append 1
                Empty 3
            44 c2 leave
                44 answer c2 leave: UNKNOWN_MEMBER_ID
                Empty 3
        "#]],
    );
}
