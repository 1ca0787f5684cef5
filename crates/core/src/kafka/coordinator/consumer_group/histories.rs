//! Random histories: joins, leaves, crashes, lost answers, other subscriptions, other topics.

use super::tests::{Bench, topic};
use super::*;
use crate::kafka::message::consumer_group::{ConsumerHeartbeat, JOIN, LEAVE};
use crate::sim::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// A client that does what the group tells it.
struct Client {
    name: String,
    epoch: i32,
    topics: Vec<&'static str>,
    reads: Vec<TopicPartition>,
    /// Whether the coordinator does not know yet what it reads.
    tells: bool,
}

const TOPICS: [&[&str]; 3] = [&["t"], &["t", "u"], &["u", "v"]];

fn pick<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[usize::try_from(rng.below(of.len() as u64)).unwrap()]
}

impl Client {
    fn beat(&mut self, bench: &mut Bench, rng: &mut Rng, loss: u64) {
        let request = if self.epoch == JOIN {
            bench.join(&self.name, &self.topics)
        } else {
            let owned = self.tells.then(|| self.reads.clone());
            ConsumerHeartbeat { owned, ..bench.request(&self.name, self.epoch) }
        };
        if rng.below(100) < loss {
            return;
        }
        let answer = bench.send(&request, false);
        if rng.below(100) < loss {
            // The client says everything again, since it cannot know.
            self.tells = true;
            return;
        }
        match answer {
            Ok(answer) => {
                self.epoch = answer.epoch;
                self.tells = false;
                if let Some(assignment) = answer.assignment
                    && assignment != self.reads
                {
                    self.reads = assignment;
                    self.tells = true;
                }
            }
            Err(ErrorCode::FencedMemberEpoch | ErrorCode::UnknownMemberId) => {
                (self.epoch, self.tells) = (JOIN, false);
                self.reads.clear();
            }
            Err(error) => panic!("{} got {error}", self.name),
        }
    }
}

fn check_owners(group: &ConsumerGroup) {
    let mut owned = BTreeSet::new();
    for (id, member) in &group.members {
        let holds = member.current.assigned.keys().chain(member.current.revoking.keys());
        for partition in holds {
            assert!(owned.insert(partition.clone()), "{partition} has two owners, one is {id}");
        }
        assert!(member.current.epoch <= group.epoch.epoch, "{id} is ahead of its group");
    }
    assert!(group.target.epoch <= group.epoch.epoch, "the target is ahead of the group");
}

fn without_timers(group: &ConsumerGroup) -> ConsumerGroup {
    let mut group = group.clone();
    group.members.values_mut().for_each(|it| it.timers = Timers::default());
    group
}

/// Left alone, everyone gets to the target, and the target holds every partition once.
fn settle(bench: &mut Bench, clients: &mut [Client], rng: &mut Rng, now: &mut SimTime) {
    let state = if clients.is_empty() { "Empty" } else { "Stable" };
    for round in 0.. {
        assert!(round < 30, "it does not come to rest: {:#?}", bench.group);
        for client in &mut *clients {
            *now += SimDuration::millis(10);
            bench.run_until(*now);
            client.beat(bench, rng, 0);
            check_owners(&bench.group);
        }
        let epoch = bench.group.epoch.epoch;
        let is_done = |it: &Client| it.epoch == epoch && !it.tells;
        if bench.group.state() == state && clients.iter().all(is_done) {
            break;
        }
    }
    assert_eq!(bench.group.state(), state, "{:#?}", bench.group);
    let mut read = BTreeMap::new();
    for client in &*clients {
        let member = bench.group.members.get(client.name.as_str()).unwrap();
        assert_eq!(member.target, client.reads, "{} reads its target", client.name);
        for partition in &client.reads {
            assert!(client.topics.contains(&partition.topic.as_str()));
            assert!(read.insert(partition.clone(), &client.name).is_none());
        }
    }
    for topic in &bench.metadata.topics {
        let is_wanted = clients.iter().any(|it| it.topics.contains(&topic.name.as_str()));
        let count = read.keys().filter(|it| it.topic == topic.name).count();
        assert_eq!(count, if is_wanted { topic.partitions as usize } else { 0 }, "{}", topic.name);
    }
}

fn run(seed: u64) {
    let mut rng = Rng::from_seed(seed);
    let mut bench = Bench::new(vec![topic("t", 3), topic("u", 2)]);
    bench.settings.group_consumer_assignment_interval_ms = pick(&mut rng, &[0, 0, 200]);
    let mut clients: Vec<Client> = Vec::new();
    let (mut now, mut next) = (SimTime::START, 0);
    let mut epochs: BTreeMap<String, i32> = BTreeMap::new();
    let mut group_epoch = 0;
    for _ in 0..rng.below(60) {
        now += SimDuration::millis(rng.below(60));
        bench.run_until(now);
        let place = usize::try_from(rng.below(clients.len().max(1) as u64)).unwrap();
        match rng.below(20) {
            0 | 1 if clients.len() < 5 => {
                next += 1;
                let topics = pick(&mut rng, &TOPICS).to_vec();
                let name = format!("{:x}-{next}", rng.below(1 << 32));
                clients.push(Client { name, epoch: JOIN, topics, reads: vec![], tells: false });
            }
            2 if !clients.is_empty() => drop(clients.remove(place)),
            3 if !clients.is_empty() => {
                let client = clients.remove(place);
                let _ = bench.send(&bench.request(&client.name, LEAVE), false);
            }
            4 if !clients.is_empty() => {
                let client = &mut clients[place];
                client.topics = pick(&mut rng, &TOPICS).to_vec();
                if client.epoch != JOIN {
                    let topics = Some(client.topics.iter().map(|it| (*it).into()).collect());
                    let request =
                        ConsumerHeartbeat { topics, ..bench.request(&client.name, client.epoch) };
                    if let Ok(answer) = bench.send(&request, false) {
                        client.epoch = answer.epoch;
                        if let Some(assignment) = answer.assignment {
                            client.reads = assignment;
                            client.tells = true;
                        }
                    } else {
                        (client.epoch, client.tells) = (JOIN, false);
                        client.reads.clear();
                    }
                }
            }
            5 => {
                let name = pick(&mut rng, &["t", "u", "v"]);
                bench.set_topic(name, u32::try_from(rng.below(6)).unwrap());
            }
            _ if !clients.is_empty() => clients[place].beat(&mut bench, &mut rng, 8),
            _ => {}
        }
        check_owners(&bench.group);
        assert!(group_epoch <= bench.group.epoch.epoch, "the group went back");
        group_epoch = bench.group.epoch.epoch;
        for (id, member) in &bench.group.members {
            let before = epochs.insert(id.to_string(), member.current.epoch);
            assert!(before.unwrap_or_default() <= member.current.epoch, "{id} went back");
        }
        if rng.below(8) == 0 {
            assert_eq!(without_timers(&bench.reloaded()), without_timers(&bench.group), "reloaded");
        }
    }
    // Whoever crashed is removed first.
    now += SimDuration::millis(5_000);
    bench.run_until(now);
    settle(&mut bench, &mut clients, &mut rng, &mut now);
}

#[test]
fn no_partition_has_two_owners_and_groups_come_to_rest() {
    for seed in 0..10_000 {
        run(seed);
    }
}
