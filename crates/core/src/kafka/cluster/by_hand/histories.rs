//! Random histories of consumers that are driven by hand, beside a model of what each may see.

use super::Play;
use crate::kafka::call::{Call, Callback, Edge, Return, Row, Take};
use crate::kafka::{BrokerId, Command, Offset, TopicPartition, config, snapshot};
use crate::sim::{Rng, SimDuration};
use std::collections::{BTreeMap, BTreeSet};

const NAMES: [&str; 4] = ["a1", "a2", "b1", "c1"];

/// What may be raised in these histories.
const EXCEPTIONS: [&str; 5] = [
    "IllegalStateException",
    "TimeoutException",
    "CommitFailedException",
    "REBALANCE_IN_PROGRESS",
    "INVALID_GROUP_ID",
];

/// What one consumer may see next.
#[derive(Debug, Default)]
struct Model {
    /// The next offset of a partition, where the application can know it.
    next: BTreeMap<TopicPartition, Offset>,
    paused: BTreeSet<TopicPartition>,
}

impl Model {
    fn forget(&mut self, partitions: &[TopicPartition]) {
        for it in partitions {
            self.next.remove(it);
            self.paused.remove(it);
        }
    }
}

struct History {
    seed: u64,
    play: Play,
    rng: Rng,
    models: BTreeMap<&'static str, Model>,
    /// How many records were returned.
    read: usize,
}

impl History {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::from_seed(seed);
        let loss = rng.below(3) * 10_000;
        let assignor = ["range", "roundrobin", "sticky", "cooperative-sticky"];
        let assignor = assignor[usize::try_from(rng.below(4)).unwrap()];
        let group = format!(
            "partition.assignment.strategy={assignor} enable.auto.commit={} \
             auto.commit.interval.ms=400 max.poll.interval.ms=5000 max.poll.records=3",
            rng.chance(1, 2)
        );
        let setup = format!(
            "brokers 1 group.initial.rebalance.delay.ms=0
            link latency=3ms jitter=2ms loss={loss}
            consumers by=hand auto.offset.reset=earliest session.timeout.ms=6000 \
                heartbeat.interval.ms=300 default.api.timeout.ms=4000 request.timeout.ms=900
            consumer a1 a t,u {group}
            consumer a2 a u,t {group}
            consumer b1 b - enable.auto.commit=true auto.commit.interval.ms=300
            consumer c1 - - max.poll.records=2
            send 60 every 300ms from 0s to t size=10
            send 60 every 300ms from 1s to u size=10 keys=a,b,c
            "
        );
        let models = NAMES.map(|it| (it, Model::default())).into();
        Self { seed, play: Play::new(&setup), rng, models, read: 0 }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.rng.below(bound)
    }

    fn any_partition(&mut self) -> TopicPartition {
        let all = [("t", 0), ("u", 0), ("u", 1)];
        let (topic, number) = all[usize::try_from(self.below(3)).unwrap()];
        TopicPartition::new(topic, number)
    }

    fn assignment(&self, name: &str) -> Vec<TopicPartition> {
        let view = self.play.world.system().by_hand(&name.into()).unwrap();
        view.assignment().cloned().collect()
    }

    fn is_alive(&self, name: &str) -> bool {
        self.play.world.system().by_hand(&name.into()).unwrap().is_alive()
    }

    fn end(&self, partition: &TopicPartition) -> Offset {
        let shown = snapshot::snapshot(&self.play.world, 0);
        let topics = shown.topics.iter().flat_map(|it| &it.partitions);
        let mut topics = topics.filter(|it| it.partition == *partition);
        topics.next().unwrap().log_end
    }

    fn any_call(&mut self, name: &str) -> Call {
        let at = self.any_partition();
        let timeout = SimDuration::millis(self.below(700));
        let offset = Offset(i64::try_from(self.below(30)).unwrap());
        let offsets = self.rng.chance(1, 2).then(|| vec![(at.clone(), offset.into())]);
        match self.below(16) {
            0..6 => Call::Poll { timeout, take: Take::Records },
            6 => Call::Poll { timeout, take: Take::Nothing },
            7 => Call::Seek(at, offset),
            8 => {
                let edge = if self.rng.chance(1, 2) { Edge::Beginning } else { Edge::End };
                Call::SeekTo(edge, Vec::new())
            }
            9 => Call::Pause(vec![at]),
            10 => Call::Resume(vec![at]),
            11 => Call::Position(at),
            12 => Call::CommitSync(offsets),
            13 => Call::CommitAsync(offsets),
            14 if name.starts_with('a') => Call::Subscribe(vec![at.topic]),
            14 => Call::Assign(vec![at, TopicPartition::new("t", 0)]),
            _ if self.below(5) != 0 => Call::Committed(vec![at]),
            _ if self.rng.chance(1, 2) => Call::Unsubscribe,
            _ => Call::Close,
        }
    }

    fn model(&mut self, name: &str) -> &mut Model {
        self.models.get_mut(name).unwrap()
    }

    /// One call, and whether it returned what it may.
    fn call(&mut self, name: &'static str, call: &Call) {
        let before = self.assignment(name);
        let began = self.play.world.now();
        let (returned, callbacks) = self.play.call_raw(name, call.clone());
        let took = self.play.world.now().since(began);
        assert!(took <= SimDuration::seconds(35), "{call} takes {took}, seed {}", self.seed);
        for back in &callbacks {
            match back {
                Callback::Assigned(it) | Callback::Revoked(it) | Callback::Lost(it) => {
                    self.model(name).forget(it);
                }
                Callback::Committed(_) => {}
            }
        }
        let refused = match (call, &returned) {
            (Call::Seek(at, _) | Call::Position(at), Return::Raised("IllegalStateException")) => {
                vec![at]
            }
            _ => Vec::new(),
        };
        let wrong = refused.iter().any(|it| before.contains(it));
        assert!(!wrong, "{name} reads {refused:?}, seed {}", self.seed);
        match (call, returned) {
            (Call::Poll { take, .. }, Return::Polled(rows)) => {
                assert!(*take == Take::Records || rows.is_empty(), "nothing was to be taken");
                self.polled(name, rows);
            }
            (_, Return::Raised(exception)) => {
                let known = EXCEPTIONS.contains(&exception);
                assert!(known, "{call} raises {exception}, seed {}", self.seed);
            }
            (call, returned) => self.moved(name, call, &returned, &before),
        }
    }

    /// What `poll` returned goes on where the application knows that the client stands.
    fn polled(&mut self, name: &str, rows: Vec<Row>) {
        let (seed, reads) = (self.seed, self.assignment(name));
        self.read += rows.len();
        for row in rows {
            let at = row.partition;
            assert!(reads.contains(&at), "{name} reads {at}, seed {seed}");
            let model = self.model(name);
            assert!(!model.paused.contains(&at), "what is paused stays away, seed {seed}");
            let known = model.next.insert(at.clone(), row.offset.next());
            let goes_on = known.is_none_or(|it| it == row.offset);
            assert!(goes_on, "{name} goes on in {at} at {known:?}, seed {seed}");
        }
    }

    /// What the application knows after a call that did what it should.
    fn moved(&mut self, name: &str, call: &Call, returned: &Return, before: &[TopicPartition]) {
        let seed = self.seed;
        match (call, returned) {
            (Call::Seek(at, offset), Return::Done) => {
                assert!(before.contains(at), "{at} was not assigned, seed {seed}");
                self.model(name).next.remove(at);
                // One beyond the end will be found out of range.
                if *offset <= self.end(at) {
                    self.model(name).next.insert(at.clone(), *offset);
                }
            }
            (Call::Position(at), Return::Position(offset)) => {
                let known = self.model(name).next.insert(at.clone(), *offset);
                let stays = known.is_none_or(|it| it == *offset);
                assert!(stays, "{name} stands in {at} at {known:?}, seed {seed}");
                if self.end(at) < *offset {
                    self.model(name).next.remove(at);
                }
            }
            (Call::SeekTo(..), Return::Done) => self.model(name).next.clear(),
            (Call::Pause(partitions), Return::Done) => {
                assert!(partitions.iter().all(|it| before.contains(it)), "seed {seed}");
                self.model(name).paused.extend(partitions.iter().cloned());
            }
            (Call::Resume(partitions), Return::Done) => {
                self.model(name).paused.retain(|it| !partitions.contains(it));
            }
            (Call::Assign(partitions), Return::Done) => {
                let gone = before.iter().filter(|it| !partitions.contains(it));
                let gone: Vec<TopicPartition> = gone.cloned().collect();
                self.model(name).forget(&gone);
            }
            (Call::Unsubscribe | Call::Close, Return::Done) => {
                assert!(self.assignment(name).is_empty(), "it reads nothing, seed {seed}");
                *self.model(name) = Model::default();
            }
            (_, Return::Done | Return::Committed(_)) => {}
            (call, other) => panic!("{call} does not return {other:?}, seed {seed}"),
        }
    }

    fn fault(&mut self) {
        let name = NAMES[usize::try_from(self.below(4)).unwrap()];
        match self.below(4) {
            0 => {
                self.play.command(Command::CrashBroker(BrokerId(1)));
                let away = self.below(3_000);
                self.play.wait(SimDuration::millis(away));
                self.play.command(Command::RestartBroker(BrokerId(1)));
            }
            1 => {
                let away = self.below(12_000);
                self.play.wait(SimDuration::millis(away));
            }
            _ if self.is_alive(name) => {
                self.play.command(Command::CrashConsumer(name.into()));
                *self.models.get_mut(name).unwrap() = Model::default();
            }
            _ => {}
        }
    }

    fn step(&mut self) {
        if self.below(20) == 0 {
            return self.fault();
        }
        let name = NAMES[usize::try_from(self.below(4)).unwrap()];
        if !self.is_alive(name) {
            let setups = &self.play.world.system().config().consumers;
            let setup: config::Consumer =
                setups.iter().find(|it| it.name.as_str() == name).unwrap().clone();
            self.play.command(Command::Open(Box::new(setup)));
        }
        let call = self.any_call(name);
        self.call(name, &call);
    }
}

#[test]
fn whatever_is_called_a_client_goes_on_where_it_was() {
    let mut read = 0;
    for seed in 0..10_000 {
        let mut history = History::new(seed);
        (0..40).for_each(|_| history.step());
        read += history.read;
    }
    assert!(5_000 < read, "records are read in these histories: {read}");
}
