//! Random histories of a classic group and its offsets: joins, answers that are lost, members that
//! crash, return or come too late, commits, and a coordinator that starts again from its log.

use super::*;
use crate::kafka::config::TopicSettings;
use crate::kafka::log::Log;
use crate::kafka::message::{
    Batch, Content, JoinError, Joined, JoinedMember, NewRecord, first_error,
};
use std::collections::BTreeSet;

const TOPICS: [&[&str]; 3] = [&["t"], &["t", "u"], &["u"]];

/// What a client knows of itself.
#[derive(Debug)]
struct Client {
    name: String,
    instance: Option<Arc<str>>,
    topics: &'static [&'static str],
    member_id: MemberId,
    generation: i32,
    /// The request whose answer it awaits, and when it stops waiting.
    awaits: Option<(u32, SimTime)>,
    is_stable: bool,
    reads: Vec<TopicPartition>,
}

impl Client {
    fn forget(&mut self) {
        (self.member_id, self.generation) = (MemberId::default(), -1);
        self.is_stable = false;
        self.reads.clear();
    }
}

struct History {
    seed: u64,
    /// In a hundred.
    loss: u64,
    rng: Rng,
    now: SimTime,
    coordinator: Coordinator,
    names: Rng,
    /// What the coordinator has had appended.
    log: Log,
    clients: Vec<Client>,
    requests: u32,
    /// The offsets that were accepted and not forgotten.
    committed: BTreeMap<TopicPartition, Offset>,
    generation: u32,
}

fn settings() -> BrokerSettings {
    BrokerSettings {
        group_initial_rebalance_delay_ms: 0,
        group_min_session_timeout_ms: 0,
        ..BrokerSettings::default()
    }
}

fn reply_to(correlation: u32) -> ReplyTo {
    let client = Address { node: Node::Admin, process: 1 };
    ReplyTo { client, channel: Channel::Coordinator, correlation: CorrelationId(correlation) }
}

impl History {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            loss: 4,
            rng: Rng::from_seed(seed),
            now: SimTime::START,
            coordinator: coordinator(settings()),
            names: Rng::from_seed(seed),
            log: Log::new(SimTime::START),
            clients: Vec::new(),
            requests: 0,
            committed: BTreeMap::new(),
            generation: 0,
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.rng.below(bound as u64)).unwrap()
    }

    /// Whether what is sent now is lost.
    fn is_lost(&mut self) -> bool {
        self.rng.below(100) < self.loss
    }

    fn step(&mut self, input: Input) {
        let mut fx = Vec::new();
        self.coordinator.step(&mut fx, self.now, &mut self.names, BrokerId(1), input);
        for effect in fx {
            match effect {
                Effect::Append(_, records) => {
                    let timestamp_ms = self.now.as_ms();
                    let content = |it: Internal| NewRecord {
                        timestamp_ms,
                        content: Content::Internal(Arc::new(it)),
                    };
                    let batch = Batch::plain(records.into_iter().map(content).collect(), 100);
                    self.log.append(self.now, &TopicSettings::default(), &batch);
                    self.log.raise_high_watermark(self.log.log_end());
                }
                Effect::AppendInTransaction(..) => unreachable!("nobody has a transaction"),
                Effect::Note(Fact::OffsetForgotten { partition, .. }) => {
                    self.committed.remove(&partition);
                }
                Effect::Note(Fact::GroupRemoved { .. }) => self.generation = 0,
                Effect::Note(_) => {}
                Effect::Answer(reply_to, answer) => self.answered(reply_to.correlation.0, answer),
            }
        }
        self.check();
    }

    /// Lets time go by; who waits for an answer for too long tries again.
    fn run_until(&mut self, now: SimTime) {
        while let Some(due) = self.coordinator.due().filter(|it| *it <= now) {
            self.now = due.max(self.now);
            self.step(Input::Wake);
        }
        self.now = now;
        for client in &mut self.clients {
            client.awaits = client.awaits.filter(|it| now < it.1);
        }
    }

    /// What must hold of every state.
    fn check(&mut self) {
        let seed = self.seed;
        let Some(group) = self.coordinator.group(&"g".into()) else {
            assert!(self.committed.is_empty(), "its offsets are gone with it, seed {seed}");
            return;
        };
        let owned: Vec<TopicPartition> = group.owners().into_iter().flat_map(|it| it.1).collect();
        let distinct: BTreeSet<&TopicPartition> = owned.iter().collect();
        assert_eq!(distinct.len(), owned.len(), "one owner each, seed {seed}: {owned:?}");
        assert!(self.generation <= group.generation(), "generations grow, seed {seed}");
        self.generation = group.generation();
        let known: BTreeMap<_, _> = group.offsets().map(|(it, at)| (it.clone(), at)).collect();
        assert_eq!(known, self.committed, "what was accepted is there, seed {seed}");
        let mut readers = BTreeMap::new();
        for it in self.clients.iter().filter(|it| it.is_stable) {
            for partition in &it.reads {
                let other: Option<&Client> = readers.insert((it.generation, partition), it);
                // Until it hears of it, a static member reads on beside its other process.
                let is_twin = |of: &Client| of.instance.is_some() && of.instance == it.instance;
                let is_alone = other.is_none_or(is_twin);
                assert!(is_alone, "{} reads {partition} beside {other:?}, seed {seed}", it.name);
            }
        }
    }

    fn send(&mut self, place: usize, request: GroupRequest) {
        self.requests += 1;
        // The coordinator holds a join until all are there: longer than anything else.
        self.clients[place].awaits = Some((self.requests, self.now + SimDuration::seconds(5)));
        if self.is_lost() {
            return;
        }
        self.step(Input::Request(reply_to(self.requests), request));
    }

    fn member(&self, place: usize, generation: i32) -> MemberOf {
        let it = &self.clients[place];
        MemberOf {
            group: "g".into(),
            member_id: it.member_id.clone(),
            instance: it.instance.clone(),
            generation,
            client: it.name.as_str().into(),
        }
    }

    fn join(&mut self, place: usize) {
        let it = &mut self.clients[place];
        (it.is_stable, it.generation) = (false, -1);
        it.reads.clear();
        let topics = it.topics.iter().map(|it| (*it).into()).collect();
        let subscription = ClassicSubscription { topics, ..ClassicSubscription::default() };
        let join = JoinGroup {
            group: "g".into(),
            member_id: it.member_id.clone(),
            instance: it.instance.clone(),
            client: it.name.as_str().into(),
            session_timeout_ms: 1_000,
            rebalance_timeout_ms: 3_000,
            protocols: vec![(ClassicAssignor::Range, subscription.encode())],
        };
        self.send(place, MembershipRequest::Join(join).into());
    }

    /// The next thing that a client does which follows the protocol.
    fn speak(&mut self, place: usize) {
        if self.clients[place].awaits.is_some() {
            return;
        }
        if self.clients[place].is_stable {
            let member = self.member(place, self.clients[place].generation);
            self.send(place, MembershipRequest::Heartbeat { member }.into());
        } else {
            self.join(place);
        }
    }

    fn answered(&mut self, correlation: u32, answer: Answer) {
        let awaits = |it: &Client| it.awaits.is_some_and(|it| it.0 == correlation);
        let Some(place) = self.clients.iter().position(awaits) else { return };
        if self.is_lost() {
            return;
        }
        self.clients[place].awaits = None;
        let error = match answer {
            Answer::JoinGroup(Ok(joined)) => return self.joined(place, joined),
            Answer::SyncGroup(Ok(reads)) => {
                let it = &mut self.clients[place];
                it.reads = crate::kafka::schema::decode_assignment(&reads).unwrap();
                it.is_stable = true;
                return;
            }
            Answer::JoinGroup(Err(JoinError { error: ErrorCode::MemberIdRequired, member_id })) => {
                self.clients[place].member_id = member_id;
                return;
            }
            Answer::JoinGroup(Err(refused)) => refused.error,
            Answer::SyncGroup(Err(error)) | Answer::Heartbeat(Err(error)) => error,
            _ => return,
        };
        let it = &mut self.clients[place];
        match error {
            ErrorCode::RebalanceInProgress => it.is_stable = false,
            ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration => it.forget(),
            // Another process has its name: this one is over.
            ErrorCode::FencedInstanceId => drop(self.clients.remove(place)),
            other => panic!("{} got {other}, seed {}", it.name, self.seed),
        }
    }

    fn joined(&mut self, place: usize, joined: Joined) {
        let it = &mut self.clients[place];
        (it.member_id, it.generation) = (joined.member_id, joined.generation);
        let mut assignment: Vec<(MemberId, Vec<TopicPartition>)> = Vec::new();
        if it.member_id == joined.leader && !joined.skips_assignment {
            let all = ["t", "u"].into_iter().flat_map(|topic| {
                (0..3).map(move |partition| TopicPartition::new(topic, partition))
            });
            assignment.extend(joined.members.iter().map(|it| (it.member_id.clone(), Vec::new())));
            let wants = |member: &JoinedMember, it: &TopicPartition| {
                let told = ClassicSubscription::decode(&member.subscription).unwrap();
                told.topics.contains(&it.topic)
            };
            for (number, partition) in all.enumerate() {
                let who: Vec<usize> = (0..joined.members.len())
                    .filter(|it| wants(&joined.members[*it], &partition))
                    .collect();
                if !who.is_empty() {
                    assignment[who[number % who.len()]].1.push(partition);
                }
            }
        }
        let assignment = assignment.into_iter().map(|it| (it.0, encode_assignment(&it.1)));
        let (assignment, member) = (assignment.collect(), self.member(place, joined.generation));
        self.send(place, MembershipRequest::Sync { member, assignment }.into());
    }

    /// A commit, in the name of a member, of one that is late, or of nobody.
    fn commit(&mut self) {
        let partition = TopicPartition::new("t", u32::try_from(self.below(3)).unwrap());
        let offset = Offset(i64::try_from(self.below(100)).unwrap());
        let mut member = MemberOf {
            group: "g".into(),
            member_id: MemberId::default(),
            instance: None,
            generation: -1,
            client: "nobody".into(),
        };
        if !self.clients.is_empty() && self.below(4) != 0 {
            let place = self.below(self.clients.len());
            let late = i32::from(self.below(4) == 0);
            member = self.member(place, self.clients[place].generation - late);
        }
        let group = self.coordinator.group(&"g".into());
        let before = group.map(|it| (it.state(), it.generation()));
        let offsets = vec![(partition.clone(), offset.into())];
        let how = CommitReason::Application;
        let request = GroupRequest::OffsetCommit { member: member.clone(), offsets, how };
        let mut fx = Vec::new();
        let input = Input::Request(reply_to(0), request);
        // What is accepted is known from the answer, not from what the coordinator says it did.
        self.coordinator.clone().step(
            &mut fx,
            self.now,
            &mut self.names,
            BrokerId(1),
            input.clone(),
        );
        let accepted = fx.iter().any(|it| match it {
            Effect::Answer(_, Answer::OffsetCommit(each)) => first_error(each).is_ok(),
            _ => false,
        });
        if accepted {
            let is_present = before.is_none_or(|(state, generation)| {
                let nobody = state == "Empty" && member.generation < 0;
                nobody || u32::try_from(member.generation) == Ok(generation)
            });
            assert!(is_present, "{before:?} takes a commit of {member:?}, seed {}", self.seed);
            self.committed.insert(partition, offset);
        }
        self.step(input);
    }

    /// The broker's process starts again. Whoever waits for an answer gets none.
    fn restart(&mut self) {
        let group = self.coordinator.group(&"g".into());
        let before = group.map(|it| (it.state(), it.generation()));
        self.coordinator = coordinator(settings());
        let partition = self.coordinator.metadata.offsets_partition("g");
        self.coordinator.load(&mut Vec::new(), self.now, &partition, &self.log);
        self.clients.iter_mut().for_each(|it| it.awaits = None);
        if before.is_some_and(|it| it.0 == "Stable") {
            let group = self.coordinator.group(&"g".into());
            let after = group.map(|it| (it.state(), it.generation()));
            assert_eq!(after, before, "a stable group is as it was, seed {}", self.seed);
        }
        // A generation that was never complete is not in the log.
        self.generation = 0;
        self.check();
    }

    fn anything(&mut self) {
        self.now += SimDuration::millis(self.rng.below(150));
        self.run_until(self.now);
        let place = self.below(self.clients.len().max(1));
        match self.below(24) {
            0..3 if self.clients.len() < 4 => {
                let number = self.below(3);
                let instance = (self.below(3) == 0).then(|| Arc::from(format!("i{number}")));
                // What a static member wants anew nobody asks about before the next rebalance.
                let fixed = instance.as_ref().map(|_| number);
                let topics = TOPICS[fixed.unwrap_or(self.below(3))];
                self.clients.push(Client {
                    name: format!("c{number}"),
                    instance,
                    topics,
                    member_id: MemberId::default(),
                    generation: -1,
                    awaits: None,
                    is_stable: false,
                    reads: Vec::new(),
                });
            }
            3 if !self.clients.is_empty() => drop(self.clients.remove(place)),
            4 if !self.clients.is_empty() => {
                let it = self.clients.remove(place);
                let leaver = Leaver { member_id: it.member_id, instance: it.instance };
                let (group, why) = ("g".into(), LeaveReason::Closed);
                let leave = MembershipRequest::Leave { group, members: vec![leaver], why };
                self.step(Input::Request(reply_to(0), leave.into()));
            }
            5 => self.restart(),
            6..10 => self.commit(),
            _ if !self.clients.is_empty() => self.speak(place),
            _ => {}
        }
    }

    /// Left alone, all are in one generation and everything that anyone wants is read.
    fn settle(&mut self) {
        self.loss = 0;
        for round in 0..80 {
            self.now += SimDuration::millis(250);
            self.run_until(self.now);
            for place in (0..self.clients.len()).rev() {
                if place < self.clients.len() {
                    self.speak(place);
                }
            }
            let stable = self.clients.iter().all(|it| it.is_stable);
            let state = self.coordinator.group(&"g".into()).map_or("Empty", Group::state);
            // Whoever crashed is removed first.
            if 20 <= round
                && stable
                && state == (if self.clients.is_empty() { "Empty" } else { "Stable" })
            {
                return self.check_settled();
            }
        }
        panic!("it does not settle, seed {}: {:#?}", self.seed, self.clients);
    }

    fn check_settled(&self) {
        let generations: BTreeSet<i32> = self.clients.iter().map(|it| it.generation).collect();
        assert!(generations.len() <= 1, "one generation, seed {}", self.seed);
        let read: BTreeSet<_> = self.clients.iter().flat_map(|it| &it.reads).collect();
        let wanted: BTreeSet<_> = self.clients.iter().flat_map(|it| it.topics).collect();
        assert_eq!(read.len(), 3 * wanted.len(), "all is read, seed {}", self.seed);
    }
}

#[test]
fn any_history_of_a_classic_group_keeps_its_owners_and_its_offsets() {
    for seed in 0..10_000 {
        let mut history = History::new(seed);
        for _ in 0..history.below(60) {
            history.anything();
        }
        history.settle();
    }
}
