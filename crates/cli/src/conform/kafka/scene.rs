//! A running cluster with its clients, and what the driver knows of them.

use super::setup::{Setup, Text};
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::admin::{AdminCall, AdminReturn};
use brokerscope_core::kafka::call::ByHand;
use brokerscope_core::kafka::{Cluster, Command, Fact, TopicPartition, TransactionCall};
use brokerscope_core::name::{ConsumerName, GroupId, TopicName};
use brokerscope_core::sim::{SimDuration, SimTime, Watcher, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What is not over after so long never will be.
pub(super) const LONGEST: SimDuration = SimDuration::millis(120_000);

/// A running cluster as a case drives it.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) world: World<Cluster>,
    pub(super) ears: Ears,
    /// When the case began: its times are told from here.
    pub(super) began: SimTime,
    /// What each message says.
    pub(super) texts: Vec<Text>,
    /// How many of them were produced.
    pub(super) produced: usize,
    /// Which stops of brokers that are still to come are not waited for.
    pub(super) hurried: VecDeque<bool>,
    /// The consumers that were opened, with their groups.
    pub(super) groups: BTreeMap<ConsumerName, Option<GroupId>>,
    /// The producers that were opened.
    pub(super) producers: BTreeSet<String>,
    /// The producer ids that were given out by hand.
    pub(super) producer_ids: BTreeMap<String, i64>,
    /// The clients that share a process, with its name.
    pub(super) processes: BTreeMap<String, String>,
    /// The consumers that poll in `settle`, in the order in which they subscribed.
    pub(super) members: Vec<ConsumerName>,
    /// Those of them that do not just now.
    pub(super) stalled: BTreeSet<ConsumerName>,
    /// Those of which calls with nothing in them are not told.
    pub(super) quiet: BTreeSet<ConsumerName>,
    /// How many callbacks of each were looked at.
    pub(super) heard: BTreeMap<ConsumerName, u64>,
    /// The topics that were created.
    pub(super) topics: Vec<TopicName>,
    /// Whether a broker was killed and its leaderships are not known to have been taken over.
    pub(super) killed: bool,
}

/// Listens to the facts that answer a command.
#[derive(Clone, Debug, Default)]
pub(super) struct Ears {
    /// Why a command was refused.
    refused: Option<String>,
}

impl Watcher<Cluster> for Ears {
    fn watch(&mut self, _: SimTime, fact: &Fact) {
        if let Fact::Refused { command, why } = fact {
            self.refused = Some(format!("{command}: {why}"));
        }
    }
}

impl Scene {
    /// The cluster has started.
    pub(super) fn new(setup: &Setup) -> Result<Self, Unable> {
        let cluster = Cluster::new(setup.config.clone()?, setup.workload.clone());
        let mut ears = Ears::default();
        let mut world = World::new(cluster, 1, &mut ears);
        let began = SimTime::from_ms(1_000);
        world.run_until(&mut ears, began);
        Ok(Self {
            world,
            ears,
            began,
            texts: setup.texts.clone(),
            hurried: setup.hurried.clone().into(),
            produced: 0,
            groups: BTreeMap::new(),
            producers: BTreeSet::new(),
            producer_ids: BTreeMap::new(),
            processes: BTreeMap::new(),
            members: Vec::new(),
            stalled: BTreeSet::new(),
            quiet: BTreeSet::new(),
            heard: BTreeMap::new(),
            topics: Vec::new(),
            killed: false,
        })
    }

    /// Does a step and says what it observes.
    pub(super) fn step(&mut self, step: &Step) -> Result<Value, Unable> {
        self.after_kill(step)?;
        match &*step.operation {
            "topic" => self.topic(step),
            "grow" => self.grow(step),
            "configure" => self.configure(step),
            "delete_topic" => self.delete_topic(step),
            "describe_topic" => self.describe_topic(step),
            "elect" => self.elect(step),
            "leader_epochs" => self.leader_epochs(step),
            "broker_stop" => self.broker_stop(step),
            "broker_start" => self.broker_start(step),
            "offsets" => self.offsets(step),
            "log" => self.log(step),
            "offsets_topic" => self.offsets_topic(step),
            "delete_records" => self.delete_records(step),
            "group" => self.group(step),
            "groups" => self.list_groups(step),
            "group_offsets" => self.group_offsets(step),
            "alter_offsets" => self.alter_offsets(step),
            "delete_offsets" => self.delete_offsets(step),
            "delete_group" => self.delete_group(step),
            "remove_members" => self.remove_members(step),
            "producer" => self.producer(step),
            "produce" => self.produce(step),
            "close_producer" => self.close_producer(step),
            "init_tx" => self.transact(step, TransactionCall::Init),
            "begin" => self.transact(step, TransactionCall::Begin),
            "commit_tx" => self.transact(step, TransactionCall::Commit),
            "abort_tx" => self.transact(step, TransactionCall::Abort),
            "send_offsets" => self.send_offsets(step),
            "transaction" => self.transaction(step),
            "init_producer" => self.init_producer(step),
            "produce_raw" => self.produce_raw(step),
            "producer_state" => self.producer_state(step),
            "consumer" => self.consumer(step),
            "subscribe" => self.subscribe(step),
            "unsubscribe" => self.unsubscribe(step),
            "assign" => self.assign(step),
            "poll" => self.poll(step),
            "read" => self.read(step),
            "commit" => self.commit(step),
            "position" => self.position(step),
            "committed" => self.committed(step),
            "lag" => self.lag(step),
            "seek" => self.seek(step),
            "pause" | "resume" => self.pause(step),
            "stall" | "wake" => self.stall(step),
            "close" => self.close(step),
            "kill" => self.kill(step),
            "callbacks" => self.callbacks(step),
            "settle" => self.settle(step),
            "cli" => self.cli(step),
            "sleep" => self.sleep(step),
            operation => Err(Unable::NotModelled(operation.to_owned())),
        }
    }

    /// Time passes, and the applications do nothing.
    fn sleep(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["ms"])?;
        self.pass(SimDuration::millis(given.number("ms")?));
        Ok(ok())
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, span: SimDuration) {
        let until = self.world.now() + span;
        self.world.run_until(&mut self.ears, until);
    }

    /// Asks for something. A refusal means that the case asks for what cannot be.
    pub(super) fn command(&mut self, command: Command) -> Result<(), Unable> {
        self.tried(command).map_err(Unable::Wrong)
    }

    /// Asks for something that may well be refused, and says why.
    pub(super) fn tried(&mut self, command: Command) -> Result<(), String> {
        // What an administrator was answered since is an answer.
        self.ears.refused = None;
        self.world.command(&mut self.ears, command);
        self.ears.refused.take().map_or(Ok(()), Err)
    }

    /// Opens a client, whose settings may contradict each other.
    pub(super) fn open(&mut self, command: Command) -> Result<Value, Unable> {
        match self.tried(command) {
            Ok(()) => Ok(ok()),
            Err(why) if why.contains(": ConfigException") => Ok(error("ConfigException")),
            Err(why) => Err(Unable::Wrong(why)),
        }
    }

    /// Lets the system run until something is to be seen in it, and no longer than that span.
    pub(super) fn await_within<T>(
        &mut self,
        span: SimDuration,
        seen: impl Fn(&Self) -> Option<T>,
    ) -> Option<T> {
        let limit = self.world.now() + span;
        loop {
            if let Some(it) = seen(self) {
                return Some(it);
            }
            if !self.world.step(&mut self.ears, limit) {
                self.world.rest_until(limit);
                return seen(self);
            }
        }
    }

    /// Calls the administrator's client and waits until it has returned.
    pub(super) fn admin(&mut self, call: AdminCall) -> Result<AdminReturn, Unable> {
        let (before, _) = self.world.system().admin_returned();
        self.command(Command::Admin(call))?;
        let returned = self.await_within(LONGEST, |it| {
            let (count, last) = it.world.system().admin_returned();
            last.filter(|_| before < count).cloned()
        });
        returned.ok_or_else(|| Unable::Broken("an admin call never returned".to_owned()))
    }

    /// The instant that a case writes as a time from its beginning, as a timestamp.
    pub(super) fn timestamp(&self, relative_ms: i64) -> i64 {
        self.began.as_ms() + relative_ms
    }

    /// A consumer that was opened.
    pub(super) fn by_hand(&self, name: &ConsumerName) -> Result<ByHand<'_>, Unable> {
        let consumer = self.world.system().by_hand(name);
        consumer.ok_or_else(|| Unable::Wrong(format!("no consumer {name} was opened")))
    }

    /// The group of a consumer, if it has one.
    pub(super) fn group_of(&self, name: &ConsumerName) -> Option<&GroupId> {
        self.groups.get(name)?.as_ref()
    }

    /// What a consumer reads, in order.
    pub(super) fn assignment(&self, name: &ConsumerName) -> Vec<TopicPartition> {
        let consumer = self.world.system().by_hand(name);
        consumer.into_iter().flat_map(ByHand::assignment).cloned().collect()
    }

    /// A client shares its process with others, or has one for itself.
    pub(super) fn note_process(&mut self, name: &str, process: Option<&str>) {
        if let Some(process) = process {
            self.processes.insert(name.to_owned(), process.to_owned());
        }
    }
}

/// What a step answers that has nothing to observe.
pub(super) fn ok() -> Value {
    json!("ok")
}

/// What a step answers that failed.
pub(super) fn error(name: &str) -> Value {
    json!({ "error": name })
}

/// An answer that no call of this kind has.
pub(super) fn unexpected(it: &AdminReturn) -> Unable {
    Unable::Broken(format!("an admin call returned {it:?}"))
}
