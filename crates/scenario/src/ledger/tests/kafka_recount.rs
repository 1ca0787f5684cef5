//! Kafka: a recount from all facts, by plain sets.

use super::worlds::{cluster, kafka_command, workload};
use super::{Found, Record, Variety, compare, out_of_order};
use crate::ledger::KafkaLedger;
use brokerscope_core::kafka::config::{Acks, IsolationLevel};
use brokerscope_core::kafka::fact::{LeaveReason, Then, TransactionFact};
use brokerscope_core::kafka::snapshot::Marker;
use brokerscope_core::kafka::{
    Cluster, Command, Config, Fact, Offset, TopicPartition, snapshot::snapshot,
};
use brokerscope_core::name::{ConsumerName, GroupId, TopicName};
use brokerscope_core::sim::{Rng, SimDuration, SimTime, World};
use brokerscope_core::workload::{MessageId, Workload};
use std::collections::{BTreeMap, BTreeSet};

/// A record of a log.
type Place = (TopicPartition, Offset);

/// Everything that a recount needs, as plain as can be.
#[derive(Default)]
struct Recount {
    /// When each was first sent, and where to.
    sent: BTreeMap<MessageId, (SimTime, BTreeSet<TopicName>)>,
    acknowledged: BTreeSet<(MessageId, TopicName)>,
    /// What came to a log and what left it, in order.
    moves: Vec<(MessageId, Move)>,
    gave_up: BTreeSet<MessageId>,
    log: BTreeMap<Place, MessageId>,
    starts: BTreeMap<TopicPartition, Offset>,
    compacted: BTreeSet<Place>,
    aborted: BTreeSet<Place>,
    markers: BTreeSet<Place>,
    committed: BTreeMap<(GroupId, TopicPartition), Offset>,
    owners: BTreeMap<(GroupId, TopicPartition), ConsumerName>,
    positions: BTreeMap<(ConsumerName, TopicPartition), Offset>,
    /// What each process has fetched and not finished.
    hands: BTreeSet<(ConsumerName, Place)>,
    /// Up to where `poll` returned records to it.
    polled: BTreeMap<(ConsumerName, TopicPartition), Offset>,
    works_on: BTreeMap<ConsumerName, Place>,
    group_of: BTreeMap<ConsumerName, GroupId>,
    processed: Vec<(GroupId, MessageId)>,
    now: SimTime,
}

/// What happened to a copy of a message.
enum Move {
    Came(TopicName),
    Removed(Place),
    Aborted(TopicName),
}

impl Recount {
    fn first_sent(&mut self, at: SimTime, message: MessageId) -> &mut BTreeSet<TopicName> {
        &mut self.sent.entry(message).or_insert((at, BTreeSet::new())).1
    }

    fn gone(&mut self, consumer: &ConsumerName) {
        self.hands.retain(|(who, _)| who != consumer);
        self.works_on.remove(consumer);
        self.disown(consumer);
    }

    fn disown(&mut self, consumer: &ConsumerName) {
        self.owners.retain(|_, owner| owner != consumer);
        self.positions.retain(|(who, _), _| who != consumer);
    }

    fn done_with(&mut self, consumer: &ConsumerName, place: Place) {
        self.hands.remove(&(consumer.clone(), place));
        self.works_on.remove(consumer);
    }

    #[allow(clippy::too_many_lines, reason = "what each fact means, in one place")]
    fn take(&mut self, at: SimTime, fact: &Fact) {
        self.now = at;
        match fact {
            Fact::Sent { message, to, .. } => {
                self.first_sent(at, *message).insert(to.topic.clone());
                self.gave_up.remove(message);
            }
            Fact::GaveUp { message, .. } => {
                self.first_sent(at, *message);
                self.gave_up.insert(*message);
            }
            Fact::Appended { message, to, offset } => {
                self.moves.push((*message, Move::Came(to.topic.clone())));
                self.log.retain(|(of, at), _| of != to || at < offset);
                self.aborted.retain(|(of, at)| of != to || at < offset);
                self.markers.retain(|(of, at)| of != to || at < offset);
                self.log.insert((to.clone(), *offset), *message);
            }
            Fact::Acknowledged { message, to, .. } => {
                self.acknowledged.insert((*message, to.topic.clone()));
            }
            Fact::Retained { partition, start, .. } => {
                let before = self.starts.get(partition).copied().unwrap_or_default();
                for offset in (before.0..start.0).map(Offset) {
                    let place = (partition.clone(), offset);
                    if let Some(message) = self.log.get(&place) {
                        self.moves.push((*message, Move::Removed(place)));
                    }
                }
                self.starts.insert(partition.clone(), *start);
            }
            Fact::Cleaned { partition, removed, .. } => {
                for offset in removed.iter() {
                    let place = (partition.clone(), *offset);
                    self.hands.retain(|(_, it)| *it != place);
                    self.compacted.insert(place);
                }
            }
            Fact::Transaction(TransactionFact::Marked { partition, offset, marker, records }) => {
                self.markers.insert((partition.clone(), *offset));
                if *marker == Marker::Commit {
                    return;
                }
                let start = self.starts.get(partition).copied().unwrap_or_default();
                for offset in records.iter() {
                    let place = (partition.clone(), *offset);
                    let Some(message) = self.log.get(&place).copied() else { continue };
                    if start <= *offset && self.aborted.insert(place) {
                        let topic = partition.topic.clone();
                        self.moves.push((message, Move::Aborted(topic)));
                    }
                }
            }
            Fact::Transaction(_) => {}
            Fact::Committed { group, partition, offset, .. } => {
                self.committed.insert((group.clone(), partition.clone()), *offset);
            }
            Fact::Joining { group, consumer } => {
                self.group_of.insert(consumer.clone(), group.clone());
            }
            Fact::Reads { group, consumer, partitions } => {
                self.disown(consumer);
                for it in partitions {
                    self.owners.insert((group.clone(), it.clone()), consumer.clone());
                    self.positions.remove(&(consumer.clone(), it.clone()));
                }
            }
            Fact::Revoked { consumer, partitions, .. } => {
                self.owners.retain(|(_, it), owner| owner != consumer || !partitions.contains(it));
                self.hands.retain(|(who, (it, _))| who != consumer || !partitions.contains(it));
            }
            Fact::Positioned { consumer, partition, offset, .. } => {
                let key = (consumer.clone(), partition.clone());
                let polled = self.polled.get(&key).copied().unwrap_or_default();
                self.hands
                    .retain(|(who, (it, at))| who != consumer || it != partition || *at < polled);
                self.positions.insert(key, *offset);
            }
            Fact::Fetched { consumer, partition, from, to, .. } => {
                for offset in (from.0..to.0).map(Offset) {
                    let place = (partition.clone(), offset);
                    if self.markers.contains(&place) {
                        continue;
                    }
                    assert!(self.log.contains_key(&place), "what is fetched was appended");
                    if !self.compacted.contains(&place) {
                        self.hands.insert((consumer.clone(), place));
                    }
                }
            }
            Fact::Polled { consumer, partition, to, .. } => {
                let key = (consumer.clone(), partition.clone());
                self.positions.insert(key.clone(), *to);
                self.polled.insert(key, *to);
            }
            Fact::Began { consumer, partition, offset, .. } => {
                self.works_on.insert(consumer.clone(), (partition.clone(), *offset));
            }
            Fact::Processed { group, consumer, message, partition, offset } => {
                self.processed.push((group.clone(), *message));
                self.done_with(consumer, (partition.clone(), *offset));
            }
            Fact::Skipped { consumer, partition, offset, .. }
            | Fact::PassedOn { consumer, partition, offset, .. } => {
                self.done_with(consumer, (partition.clone(), *offset));
            }
            Fact::Failed { consumer, then: Then::Skip, .. } => {
                let place = self.works_on[consumer].clone();
                self.done_with(consumer, place);
            }
            Fact::Crashed { consumer, .. }
            | Fact::Raised { consumer, .. }
            | Fact::Restarted { consumer, .. }
            | Fact::Left {
                consumer, why: LeaveReason::Closed | LeaveReason::Unsubscribed, ..
            } => self.gone(consumer),
            Fact::Expired { consumer, .. }
            | Fact::Left {
                consumer,
                why: LeaveReason::PollInterval(_) | LeaveReason::Removed,
                ..
            } => {
                self.disown(consumer);
            }
            Fact::Started { .. }
            | Fact::Failed { then: Then::Retry | Then::PassOn, .. }
            | Fact::PutAside { .. }
            | Fact::Rolled { .. }
            | Fact::Rebalancing { .. }
            | Fact::Targeted { .. }
            | Fact::Reconciled { .. }
            | Fact::Assigned { .. }
            | Fact::OutOfRange { .. }
            | Fact::CommitRefused { .. }
            | Fact::OffsetForgotten { .. }
            | Fact::GroupRemoved { .. }
            | Fact::Paused { .. }
            | Fact::Resumed { .. }
            | Fact::ProducerCrashed(_)
            | Fact::ProducerRestarted(_)
            | Fact::BrokerCrashed(_)
            | Fact::BrokerRestarted(_)
            | Fact::Loaded { .. }
            | Fact::Cluster(_)
            | Fact::Refused { .. } => {}
        }
    }

    /// The group's position: its live owner's, else what is committed, else the beginning.
    fn position(&self, group: &GroupId, partition: &TopicPartition) -> Offset {
        let key = (group.clone(), partition.clone());
        let owner = self.owners.get(&key);
        let owners = owner.and_then(|it| self.positions.get(&(it.clone(), partition.clone())));
        owners.or(self.committed.get(&key)).copied().unwrap_or_default()
    }

    /// What became of every message for one group.
    fn found(
        &self,
        config: &Config,
        workload: &Workload,
        group: &GroupId,
    ) -> BTreeMap<MessageId, Found> {
        let mut firsts = Vec::new();
        for (who, message) in &self.processed {
            if who == group && !firsts.contains(message) {
                firsts.push(*message);
            }
        }
        let late = out_of_order(workload, &firsts);
        let mine = config.consumers.iter().find(|it| it.is_of(group)).unwrap();
        let committed_only = mine.settings.isolation_level == IsolationLevel::ReadCommitted;
        let reads = |(message, (_, sent)): &(&MessageId, &(SimTime, BTreeSet<TopicName>))| {
            let stream = usize::from(workload.message(**message).stream.0);
            let of_stream = mine.topics.contains(&config.destinations[stream]);
            of_stream || sent.iter().any(|it| mine.topics.contains(it))
        };
        let ids = self.sent.iter().filter(reads).map(|(id, _)| *id);
        ids.map(|id| {
            let mut found = Found {
                acknowledged: mine
                    .topics
                    .iter()
                    .any(|it| self.acknowledged.contains(&(id, it.clone()))),
                abandoned: self.gave_up.contains(&id) || self.is_given_up(config, workload, id),
                processed: self.processed.iter().filter(|it| **it == (group.clone(), id)).count(),
                out_of_order: late.contains(&id),
                ..Found::default()
            };
            let is_mine = |it: &Place| mine.topics.contains(&it.0.topic);
            for (place, _) in self.log.iter().filter(|(at, it)| **it == id && is_mine(at)) {
                let is_there = !(committed_only && self.aborted.contains(place));
                self.add_copy(&mut found, group, place, is_there);
            }
            for (_, what) in self.moves.iter().filter(|(of, _)| *of == id) {
                match what {
                    Move::Came(to) if mine.topics.contains(to) => found.aborted = false,
                    Move::Aborted(of) if committed_only && mine.topics.contains(of) => {
                        (found.aborted, found.removed) = (true, false);
                    }
                    Move::Removed(place)
                        if is_mine(place) && !(committed_only && self.aborted.contains(place)) =>
                    {
                        (found.aborted, found.removed) = (false, true);
                    }
                    Move::Came(_) | Move::Aborted(_) | Move::Removed(_) => {}
                }
            }
            (id, found)
        })
        .collect()
    }

    /// With `acks=0` a record that took longer than any way is gone.
    fn is_given_up(&self, config: &Config, workload: &Workload, id: MessageId) -> bool {
        let stream = usize::from(workload.message(id).stream.0);
        let name = &workload.streams[stream].producer;
        let producer = config.producers.iter().find(|it| it.name == *name).unwrap();
        let longest = SimDuration(config.links.producer.0 + config.links.jitter.0);
        producer.settings.acks == Acks::None && self.sent[&id].0 + longest < self.now
    }

    fn add_copy(&self, found: &mut Found, group: &GroupId, place: &Place, is_there: bool) {
        let (partition, offset) = place;
        found.arrived = true;
        if !is_there {
            return;
        }
        let holds = |(who, it): &&(ConsumerName, Place)| {
            it == place && self.group_of.get(who) == Some(group)
        };
        found.in_hand += self.hands.iter().filter(holds).count();
        if *offset < self.starts.get(partition).copied().unwrap_or_default() {
            return;
        }
        found.copies += 1;
        found.ahead += usize::from(self.position(group, partition) <= *offset);
        let committed = self.committed.get(&(group.clone(), partition.clone()));
        found.open += usize::from(committed.is_none_or(|it| it <= offset));
    }
}

/// What the machine itself says must agree with what was recounted from its facts.
fn check_machine(world: &World<Cluster>, recount: &Recount, seed: u64) {
    let shown = snapshot(world, usize::MAX);
    let mut kept = BTreeMap::new();
    for it in shown.topics.iter().flat_map(|it| &it.partitions) {
        let start = recount.starts.get(&it.partition).copied().unwrap_or_default();
        assert!(it.log_start <= it.log_end && start <= it.log_start, "seed {seed}");
        for cell in &it.cells {
            kept.insert((it.partition.clone(), cell.offset), cell.message);
        }
    }
    let start = |it: &TopicPartition| recount.starts.get(it).copied().unwrap_or_default();
    let recounted: BTreeMap<_, _> = recount
        .log
        .iter()
        .filter(|(place, _)| start(&place.0) <= place.1 && !recount.compacted.contains(place))
        .map(|(k, v)| (k.clone(), *v))
        .collect();
    assert_eq!(kept, recounted, "the logs are as recounted, seed {seed}");
    for it in &shown.consumers {
        let held: Vec<MessageId> = it.holds.iter().map(|(message, _)| *message).collect();
        let hands: Vec<MessageId> = recount
            .hands
            .iter()
            .filter(|(who, _)| *who == it.name)
            .map(|(_, place)| recount.log[place])
            .collect();
        assert!(
            held.iter().all(|it| hands.contains(it)),
            "{} holds {held:?}, recounted were {hands:?}, seed {seed}",
            it.name
        );
    }
}

fn check(world: &World<Cluster>, record: &Record<Cluster, KafkaLedger>, seed: u64) -> Recount {
    let (config, workload) = (world.system().config(), world.system().workload());
    let mut recount = Recount::default();
    for (at, fact) in &record.facts {
        recount.take(*at, fact);
    }
    let ledger = &record.ledger;
    let mut unsettled = 0;
    for group in ledger.readers() {
        let found = recount.found(config, workload, group);
        let what = format!("group {group}, seed {seed}, {}", world.now());
        let outcome = ledger.outcome(group);
        compare(&what, workload, &found, |it| ledger.entry(group, it), outcome);
        unsettled += found.values().filter(|it| !it.entry().settled).count();
    }
    let done = recount.sent.len() == workload.messages.len() && unsettled == 0;
    assert_eq!(ledger.is_done(), done, "done or not, seed {seed}");
    check_machine(world, &recount, seed);
    recount
}

#[test]
fn the_ledger_is_what_a_recount_finds() {
    let mut variety = Variety::default();
    for seed in 0..250 {
        let mut rng = Rng::from_seed(seed);
        let (workload, config) = (workload(&mut rng), cluster(&mut rng));
        let ledger = KafkaLedger::new(&config, &workload);
        let mut record = Record { facts: Vec::new(), ledger };
        let groups = record.ledger.readers().to_vec();
        let mut world = World::new(Cluster::new(config, workload), seed, &mut record);
        for _ in 0..25 {
            let to = world.now() + SimDuration::millis(rng.below(500));
            world.run_until(&mut record, to);
            if rng.chance(1, 2) {
                world.command(&mut record, kafka_command(&mut rng));
            }
            let recount = check(&world, &record, seed);
            for group in &groups {
                let (config, workload) = (world.system().config(), world.system().workload());
                variety.note(&recount.found(config, workload, group));
            }
        }
        for name in ["a1", "a2", "b1"] {
            world.command(&mut record, Command::RestartConsumer(name.into()));
            world.command(&mut record, Command::ResumeConsumer(name.into()));
        }
        let to = world.now() + SimDuration::seconds(20);
        world.run_until(&mut record, to);
        check(&world, &record, seed);
    }
    variety.assert_has(&[
        "Processed",
        "Again",
        "OnTheWay",
        "Waiting",
        "PassedOver",
        "RemovedUnread",
        "Lost",
        "Vanished",
        "OutOfOrder",
        "Aborted",
    ]);
}
