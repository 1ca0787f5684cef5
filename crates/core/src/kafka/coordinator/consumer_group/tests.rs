use super::*;
use crate::kafka::assignor::compute::ClassicAssignor;
use crate::kafka::config::{Config, Links, Topic, TopicSettings};
use crate::kafka::message::consumer_group::{
    ConsumerHeartbeat, ConsumerHeartbeatAnswer, JOIN, LEAVE, LEAVE_FOR_A_WHILE,
};
use crate::kafka::schema::{ClassicSubscription, Key};
use expect_test::{Expect, expect};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Speaks to a group as its members do, and remembers what they would.
pub(super) struct Bench {
    pub(super) group: ConsumerGroup,
    pub(super) settings: BrokerSettings,
    pub(super) metadata: Metadata,
    /// Everything that was written down.
    pub(super) log: Vec<Change>,
    /// Epoch and assignment per member.
    pub(super) members: BTreeMap<String, (i32, Vec<TopicPartition>)>,
    pub(super) handover: Option<Handover>,
    now: SimTime,
}

pub(super) fn topic(name: &str, partitions: u32) -> Topic {
    Topic {
        name: name.into(),
        partitions,
        replication_factor: None,
        settings: TopicSettings::default(),
    }
}

pub(super) fn names(partitions: &[TopicPartition]) -> String {
    let names: Vec<String> = partitions.iter().map(ToString::to_string).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(" ") }
}

fn config(topics: Vec<Topic>) -> Config {
    Config {
        brokers: 1,
        broker_settings: BrokerSettings::default(),
        topics,
        producers: Vec::new(),
        destinations: Vec::new(),
        consumers: Vec::new(),
        links: Links::default(),
    }
}

impl Bench {
    pub(super) fn new(topics: Vec<Topic>) -> Self {
        let settings = BrokerSettings {
            group_consumer_session_timeout_ms: 1_000,
            group_consumer_assignment_interval_ms: 0,
            ..BrokerSettings::default()
        };
        Self {
            group: ConsumerGroup::new("g".into()),
            settings,
            metadata: Metadata::new(&config(topics)),
            log: Vec::new(),
            members: BTreeMap::new(),
            handover: None,
            now: SimTime::START,
        }
    }

    pub(super) fn step<T>(
        &mut self,
        step: impl FnOnce(&mut ConsumerGroup, &mut Done, &Here<'_>) -> T,
    ) -> T {
        let here = Here { now: self.now, settings: &self.settings, metadata: &self.metadata };
        let mut done = Done::default();
        let result = step(&mut self.group, &mut done, &here);
        self.log.extend(done.changes);
        if done.becomes.is_some() {
            self.handover = done.becomes;
        }
        result
    }

    pub(super) fn run_until(&mut self, now: SimTime) {
        while let Some(due) = self.group.due().filter(|it| *it <= now) {
            self.now = due;
            self.step(ConsumerGroup::wake);
        }
        self.now = now;
    }

    /// Makes the topic anew; without partitions it is gone.
    pub(super) fn set_topic(&mut self, name: &str, partitions: u32) {
        let topics = &mut self.metadata.topics;
        topics.retain(|it| it.name.as_str() != name);
        if 0 < partitions {
            let id = u32::try_from(self.log.len()).unwrap() + 100;
            let mut made = Metadata::new(&config(vec![topic(name, partitions)])).topics.remove(0);
            Arc::make_mut(&mut made).id = id;
            topics.push(made);
        }
    }

    pub(super) fn request(&self, name: &str, epoch: i32) -> ConsumerHeartbeat {
        ConsumerHeartbeat {
            group: "g".into(),
            member_id: name.into(),
            epoch,
            instance: None,
            client: name.into(),
            rebalance_timeout_ms: None,
            topics: None,
            assignor: None,
            owned: None,
            why: LeaveReason::Closed,
        }
    }

    /// What a member that joins says.
    pub(super) fn join(&self, name: &str, topics: &[&str]) -> ConsumerHeartbeat {
        ConsumerHeartbeat {
            rebalance_timeout_ms: Some(3_000),
            topics: Some(topics.iter().map(|it| (*it).into()).collect()),
            owned: Some(Vec::new()),
            ..self.request(name, JOIN)
        }
    }

    /// Sends a heartbeat; the member hears of the answer unless that is `lost`.
    pub(super) fn send(
        &mut self,
        request: &ConsumerHeartbeat,
        lost: bool,
    ) -> Result<ConsumerHeartbeatAnswer, ErrorCode> {
        let answer = self.step(|group, done, here| group.heartbeat(done, here, request));
        if let (Ok(answer), false) = (&answer, lost) {
            let name = request.member_id.to_string();
            if answer.epoch < 0 {
                self.members.remove(&name);
            } else {
                let member = self.members.entry(name).or_default();
                member.0 = answer.epoch;
                if let Some(assignment) = &answer.assignment {
                    member.1.clone_from(assignment);
                }
            }
        }
        answer
    }

    fn speak(&mut self, words: &[&str]) -> String {
        let name = words[0];
        let (epoch, owned) = self.members.get(name).cloned().unwrap_or_default();
        let request = match words[1..] {
            ["join", topics, ref options @ ..] => {
                let topics: Vec<&str> = topics.split(',').collect();
                let mut request = self.join(name, &topics);
                for option in options {
                    match option.split_once('=') {
                        Some(("instance", it)) => request.instance = Some(it.to_owned()),
                        Some(("assignor", it)) => request.assignor = Some(it.to_owned()),
                        _ => panic!("no option: {option}"),
                    }
                }
                request
            }
            ["beat"] => self.request(name, epoch),
            ["beat", epoch] => self.request(name, epoch.parse().unwrap()),
            ["has", ref owned @ ..] => {
                let partition = |it: &&str| {
                    let (topic, number) = it.split_once('-').unwrap();
                    TopicPartition::new(topic, number.parse().unwrap())
                };
                let owned = Some(owned.iter().map(partition).collect());
                ConsumerHeartbeat { owned, ..self.request(name, epoch) }
            }
            ["ack"] => ConsumerHeartbeat { owned: Some(owned), ..self.request(name, epoch) },
            ["wants", topics] => {
                let topics = Some(topics.split(',').map(Into::into).collect());
                ConsumerHeartbeat { topics, ..self.request(name, epoch) }
            }
            ["leave"] => self.request(name, LEAVE),
            ["away", instance] => {
                let instance = Some(instance.to_owned());
                ConsumerHeartbeat { instance, ..self.request(name, LEAVE_FOR_A_WHILE) }
            }
            ["classic", ..] | ["commit", ..] => return self.speak_otherwise(words),
            _ => panic!("not an input: {words:?}"),
        };
        match self.send(&request, false) {
            Ok(ConsumerHeartbeatAnswer { epoch, assignment, .. }) => match assignment {
                Some(it) => format!("epoch {epoch}, reads {}", names(&it)),
                None => format!("epoch {epoch}"),
            },
            Err(error) => error.to_string(),
        }
    }

    /// A classic member speaks, or someone commits.
    fn speak_otherwise(&mut self, words: &[&str]) -> String {
        let (name, id) = (words[0], MemberId::from(words[0]));
        let epoch = self.members.get(name).map(|it| it.0).unwrap_or_default();
        let refused = |error: ErrorCode| error.to_string();
        match words[2..] {
            ["join", topics] => {
                let topics: Vec<TopicName> = topics.split(',').map(Into::into).collect();
                let subscription = ClassicSubscription { topics, ..Default::default() };
                let join = ClassicJoin {
                    member_id: name.into(),
                    instance: None,
                    client: name.into(),
                    session_timeout_ms: 2_000,
                    rebalance_timeout_ms: 3_000,
                    protocols: vec![(ClassicAssignor::Range, subscription.encode())],
                    owned: Vec::new(),
                };
                let joined =
                    self.step(|it, done, here| it.classic_join(done, here, "fresh".into(), &join));
                match joined {
                    Ok((id, generation)) => {
                        self.members.entry(id.to_string()).or_default().0 = generation;
                        format!("{id} is in generation {generation}")
                    }
                    Err((error, id)) => format!("{error} for {id}"),
                }
            }
            ["sync"] => {
                let reads = self.step(|it, _, here| it.classic_sync(here, &id, None, epoch));
                reads.map_or_else(refused, |it| format!("reads {}", names(&it)))
            }
            ["beat"] => {
                let answer = self.step(|it, _, here| it.classic_heartbeat(here, &id, None, epoch));
                answer.map_or_else(refused, |()| "ok".to_owned())
            }
            [partition, epoch] => {
                let (topic, number) = partition.split_once('-').unwrap();
                let partition = TopicPartition::new(topic, number.parse().unwrap());
                let result =
                    self.group.may_commit(&name.into(), epoch.parse().unwrap(), [&partition]);
                result.map_or_else(refused, |()| "ok".to_owned())
            }
            _ => panic!("not an input: {words:?}"),
        }
    }

    /// What a coordinator knows that has read the log from its beginning, as bytes.
    pub(super) fn reloaded(&self) -> ConsumerGroup {
        let mut group = ConsumerGroup::new("g".into());
        for change in &self.log {
            let record = change.record("g");
            let Some(Key::ConsumerGroup { kind, member, .. }) = Key::decode(&record.key) else {
                panic!("{change:?} has another key")
            };
            group.replay(Change::read(kind, &member, record.value.as_deref()).unwrap());
        }
        group
    }
}

/// A script of the group `g`, one line an instant in milliseconds and what reaches the group then.
/// Sessions last 1,000 ms, rebalances 3,000. After each answer: the group's state, its epoch and
/// that of its target. What stands before a line `--` is not told.
fn check(topics: &[(&str, u32)], script: &str, expect: Expect) {
    let topics = topics.iter().map(|(name, partitions)| topic(name, *partitions));
    let mut bench = Bench::new(topics.collect());
    let mut out = String::new();
    for line in script.lines().map(str::trim).filter(|it| !it.is_empty()) {
        if line == "--" {
            out.clear();
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        bench.run_until(SimTime::from_ms(words[0].parse().unwrap()));
        let told = match words[1..] {
            [] => String::new(),
            ["broker", setting] => {
                let (name, value) = setting.split_once('=').unwrap();
                bench.settings.set(name, value).unwrap();
                continue;
            }
            ["topic", name, partitions] => {
                bench.set_topic(name, partitions.parse().unwrap());
                continue;
            }
            ref words => format!(": {}", bench.speak(words)),
        };
        let group = &bench.group;
        let (state, epoch, target) = (group.state(), group.epoch.epoch, group.target.epoch);
        out += &format!("{line}{told} | {state} {epoch} {target}\n");
        let mut reloaded = bench.reloaded();
        reloaded.members.values_mut().for_each(|it| it.timers = Timers::default());
        let mut present = group.clone();
        present.members.values_mut().for_each(|it| it.timers = Timers::default());
        assert_eq!(reloaded, present, "after {line}");
    }
    if let Some(Handover { generation, members, .. }) = bench.handover {
        out += &format!("classic from now on, in generation {generation}:");
        for it in members {
            out += &format!(" {} reads {}", it.id, names(&it.reads));
        }
        out += "\n";
    }
    expect.assert_eq(&out);
}

#[test]
fn a_partition_moves_once_its_owner_has_given_it_up() {
    check(
        &[("t", 3)],
        "
        0 a join t
        1 a ack
        2 b join t
        3 b beat
        4 a beat
        5 b beat
        6 a ack
        7 b beat
        8 b ack
        ",
        expect![[r#"
            0 a join t: epoch 2, reads t-0 t-1 t-2 | Stable 2 2
            1 a ack: epoch 2 | Stable 2 2
            2 b join t: epoch 3, reads nothing | Reconciling 3 3
            3 b beat: epoch 3 | Reconciling 3 3
            4 a beat: epoch 2, reads t-0 t-1 | Reconciling 3 3
            5 b beat: epoch 3 | Reconciling 3 3
            6 a ack: epoch 3 | Reconciling 3 3
            7 b beat: epoch 3, reads t-2 | Stable 3 3
            8 b ack: epoch 3 | Stable 3 3
        "#]],
    );
}

#[test]
fn who_leaves_makes_room_and_who_is_silent_is_removed() {
    check(
        &[("t", 4)],
        "
        0 a join t
        1 b join t
        2 a beat
        3 a ack
        4 b beat
        --
        500 a beat
        1004
        1005 a beat
        1006 a leave
        ",
        expect![[r#"
            500 a beat: epoch 3 | Stable 3 3
            1004 | Assigning 4 3
            1005 a beat: epoch 4, reads t-0 t-1 t-2 t-3 | Stable 4 4
            1006 a leave: epoch -1 | Empty 5 4
        "#]],
    );
}

#[test]
fn who_does_not_give_up_in_time_is_fenced() {
    check(
        &[("t", 2)],
        "
        0 a join t
        1 b join t
        2 a beat
        --
        900 a beat
        901 b beat
        1800 a beat
        1801 b beat
        2700 a beat
        2701 b beat
        3002
        3003 a beat
        3004 b beat
        ",
        expect![[r#"
            900 a beat: epoch 2 | Reconciling 3 3
            901 b beat: epoch 3 | Reconciling 3 3
            1800 a beat: epoch 2 | Reconciling 3 3
            1801 b beat: epoch 3 | Reconciling 3 3
            2700 a beat: epoch 2 | Reconciling 3 3
            2701 b beat: epoch 3 | Reconciling 3 3
            3002 | Assigning 4 3
            3003 a beat: UNKNOWN_MEMBER_ID | Assigning 4 3
            3004 b beat: epoch 4, reads t-0 t-1 | Stable 4 4
        "#]],
    );
}

#[test]
fn epochs_are_checked() {
    check(
        &[("t", 1)],
        "
        0 a beat 1
        1 a join t
        2 b join t
        3 a beat
        4 a beat 2
        5 a beat 9
        6 x beat 1
        7 a has t-0
        8 a beat 2
        9 a commit t-0 3
        9 a commit t-0 2
        9 a commit t-0 1
        9 a commit t-0 4
        9 b commit t-0 2
        9 x commit t-0 -1
        10 a join t
        ",
        expect![[r#"
            0 a beat 1: UNKNOWN_MEMBER_ID | Empty 0 0
            1 a join t: epoch 2, reads t-0 | Stable 2 2
            2 b join t: epoch 3, reads nothing | Reconciling 3 3
            3 a beat: epoch 3 | Stable 3 3
            4 a beat 2: FENCED_MEMBER_EPOCH | Stable 3 3
            5 a beat 9: FENCED_MEMBER_EPOCH | Stable 3 3
            6 x beat 1: UNKNOWN_MEMBER_ID | Stable 3 3
            7 a has t-0: epoch 3 | Stable 3 3
            8 a beat 2: FENCED_MEMBER_EPOCH | Stable 3 3
            9 a commit t-0 3: ok | Stable 3 3
            9 a commit t-0 2: ok | Stable 3 3
            9 a commit t-0 1: STALE_MEMBER_EPOCH | Stable 3 3
            9 a commit t-0 4: STALE_MEMBER_EPOCH | Stable 3 3
            9 b commit t-0 2: STALE_MEMBER_EPOCH | Stable 3 3
            9 x commit t-0 -1: UNKNOWN_MEMBER_ID | Stable 3 3
            10 a join t: epoch 3, reads t-0 | Stable 3 3
        "#]],
    );
}

#[test]
fn requests_have_to_make_sense() {
    check(
        &[("t", 1)],
        "
        0 a join t assignor=nope
        0 a beat 0
        0 a beat -3
        0 a away i
        0 broker group.consumer.max.size=1
        1 a join t
        2 b join t
        ",
        expect![[r#"
            0 a join t assignor=nope: UNSUPPORTED_ASSIGNOR | Empty 0 0
            0 a beat 0: INVALID_REQUEST | Empty 0 0
            0 a beat -3: INVALID_REQUEST | Empty 0 0
            0 a away i: UNKNOWN_MEMBER_ID | Empty 0 0
            1 a join t: epoch 2, reads t-0 | Stable 2 2
            2 b join t: GROUP_MAX_SIZE_REACHED | Stable 2 2
        "#]],
    );
}

#[test]
fn a_static_member_finds_what_it_had() {
    check(
        &[("t", 2)],
        "
        0 a join t instance=i
        1 b join t instance=j
        2 a beat
        3 a ack
        4 b beat
        --
        5 c join t instance=i
        6 a away i
        7 c join t instance=i
        8 a beat 3
        9 c away i
        900 b beat
        1006 b beat
        1010 b beat
        ",
        expect![[r#"
            5 c join t instance=i: UNRELEASED_INSTANCE_ID | Stable 3 3
            6 a away i: epoch -2 | Reconciling 3 3
            7 c join t instance=i: epoch 3, reads t-0 | Stable 3 3
            8 a beat 3: UNKNOWN_MEMBER_ID | Stable 3 3
            9 c away i: epoch -2 | Reconciling 3 3
            900 b beat: epoch 3 | Reconciling 3 3
            1006 b beat: epoch 3 | Reconciling 3 3
            1010 b beat: epoch 4, reads t-0 t-1 | Stable 4 4
        "#]],
    );
}

#[test]
fn what_is_not_wanted_any_more_is_given_up_and_new_topics_are_taken() {
    check(
        &[("t", 1), ("u", 1)],
        "
        0 a join t,u,v
        1 a ack
        2 a wants u,v
        3 a ack
        4 topic v 2
        5 a beat
        6 topic u 0
        7 a beat
        8 a ack
        9 topic v 3
        10 a beat
        ",
        expect![[r#"
            0 a join t,u,v: epoch 2, reads t-0 u-0 | Stable 2 2
            1 a ack: epoch 2 | Stable 2 2
            2 a wants u,v: epoch 2, reads u-0 | Reconciling 3 3
            3 a ack: epoch 3 | Stable 3 3
            5 a beat: epoch 4, reads u-0 v-0 v-1 | Stable 4 4
            7 a beat: epoch 4, reads v-0 v-1 | Reconciling 5 5
            8 a ack: epoch 5 | Stable 5 5
            10 a beat: epoch 6, reads v-0 v-1 v-2 | Stable 6 6
        "#]],
    );
}

#[test]
fn a_target_stays_for_a_while() {
    check(
        &[("t", 2)],
        "
        0 broker group.consumer.assignment.interval.ms=500
        1 a join t
        2 b join t
        400 b beat
        501 b beat
        502 a beat
        ",
        expect![[r#"
            1 a join t: epoch 2, reads t-0 t-1 | Stable 2 2
            2 b join t: epoch 2, reads nothing | Assigning 3 2
            400 b beat: epoch 2 | Assigning 3 2
            501 b beat: epoch 3 | Reconciling 3 3
            502 a beat: epoch 2, reads t-0 | Reconciling 3 3
        "#]],
    );
}

#[test]
fn a_classic_member_takes_part() {
    check(
        &[("t", 2)],
        "
        0 a join t
        1 c classic join t
        2 c classic sync
        3 a beat
        4 c classic beat
        5 a ack
        6 c classic beat
        7 c classic join t
        8 c classic sync
        9 c classic beat
        10 b join t
        11 c classic beat
        12 c classic sync
        ",
        expect![[r#"
            0 a join t: epoch 2, reads t-0 t-1 | Stable 2 2
            1 c classic join t: c is in generation 3 | Reconciling 3 3
            2 c classic sync: reads nothing | Reconciling 3 3
            3 a beat: epoch 2, reads t-0 | Reconciling 3 3
            4 c classic beat: ok | Reconciling 3 3
            5 a ack: epoch 3 | Reconciling 3 3
            6 c classic beat: REBALANCE_IN_PROGRESS | Reconciling 3 3
            7 c classic join t: c is in generation 3 | Stable 3 3
            8 c classic sync: reads t-1 | Stable 3 3
            9 c classic beat: ok | Stable 3 3
            10 b join t: epoch 4, reads nothing | Reconciling 4 4
            11 c classic beat: REBALANCE_IN_PROGRESS | Reconciling 4 4
            12 c classic sync: REBALANCE_IN_PROGRESS | Reconciling 4 4
        "#]],
    );
}

#[test]
fn the_last_member_of_its_kind_leaves_a_classic_group() {
    check(
        &[("t", 2)],
        "
        0 a join t
        1 c classic join t
        2 a beat
        3 a ack
        4 c classic join t
        --
        5 a leave
        ",
        expect![[r#"
            5 a leave: epoch -1 | Empty 0 0
            classic from now on, in generation 3: c reads t-1
        "#]],
    );
}
