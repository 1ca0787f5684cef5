//! RabbitMQ: a recount from all facts, by plain lists, and from what the broker itself shows.

use super::worlds::{broker, rabbitmq_command, workload};
use super::{Found, Record, Variety, compare, out_of_order};
use crate::ledger::RabbitLedger;
use brokerscope_core::name::{ConsumerName, QueueName};
use brokerscope_core::rabbitmq::config::{Config, RoutingKey};
use brokerscope_core::rabbitmq::fact::Reason;
use brokerscope_core::rabbitmq::snapshot::{SlotState, snapshot};
use brokerscope_core::rabbitmq::{Broker, Command, Fact};
use brokerscope_core::sim::{Rng, SimDuration, World};
use brokerscope_core::workload::{MessageId, Workload};
use std::collections::{BTreeMap, BTreeSet};

/// How a copy left a queue without an acknowledgement.
#[derive(Clone, Copy)]
enum Exit {
    Acknowledged,
    Dropped(Reason),
    DeadLetter(Reason, bool),
}

/// Everything that a recount needs, as plain as can be.
#[derive(Default)]
struct Recount {
    published: BTreeSet<MessageId>,
    confirmed: BTreeSet<MessageId>,
    enqueued: Vec<(QueueName, MessageId)>,
    exits: Vec<(QueueName, MessageId, Exit)>,
    /// Messages in consumers' hands that count as acknowledged, and those worked on.
    hands: Vec<(QueueName, ConsumerName, MessageId)>,
    auto_ack: BTreeSet<ConsumerName>,
    processed: Vec<(QueueName, MessageId)>,
}

impl Recount {
    fn let_go(&mut self, queue: &QueueName, consumer: &ConsumerName, message: MessageId) {
        let hand = (queue.clone(), consumer.clone(), message);
        if let Some(place) = self.hands.iter().position(|it| *it == hand) {
            self.hands.remove(place);
        }
    }

    fn exit(&mut self, queue: &QueueName, message: MessageId, exit: Exit) {
        self.exits.push((queue.clone(), message, exit));
    }

    fn take(&mut self, fact: &Fact) {
        match fact {
            Fact::Published { message, .. } => {
                self.published.insert(*message);
            }
            Fact::Confirmed { message, .. } => {
                self.confirmed.insert(*message);
            }
            Fact::Enqueued { queue, message } => self.enqueued.push((queue.clone(), *message)),
            Fact::Delivered { queue, consumer, message, auto_ack: true, .. } => {
                self.auto_ack.insert(consumer.clone());
                self.exit(queue, *message, Exit::Acknowledged);
                self.hands.push((queue.clone(), consumer.clone(), *message));
            }
            Fact::Began { queue, consumer, message } => {
                if !self.auto_ack.contains(consumer) {
                    self.hands.push((queue.clone(), consumer.clone(), *message));
                }
            }
            Fact::Processed { queue, consumer, message } => {
                self.processed.push((queue.clone(), *message));
                self.let_go(queue, consumer, *message);
            }
            Fact::Failed { queue, consumer, message, .. }
            | Fact::LostWith { queue, consumer, message } => {
                self.let_go(queue, consumer, *message);
            }
            Fact::Crashed { consumer, .. } | Fact::Stopped { consumer, .. } => {
                if !self.auto_ack.contains(consumer) {
                    self.hands.retain(|(_, who, _)| who != consumer);
                }
            }
            Fact::Acked { queue, message, .. } => self.exit(queue, *message, Exit::Acknowledged),
            Fact::Dropped { queue, message, reason } => {
                self.exit(queue, *message, Exit::Dropped(*reason));
            }
            Fact::DeadLettered { queue, message, reason, to, .. } => {
                self.exit(queue, *message, Exit::DeadLetter(*reason, !to.is_empty()));
            }
            Fact::Delivered { auto_ack: false, .. }
            | Fact::Routed { .. }
            | Fact::Unroutable { .. }
            | Fact::Consuming { .. }
            | Fact::Received { .. }
            | Fact::PublishRefused { .. }
            | Fact::Nacked { .. }
            | Fact::Returned { .. }
            | Fact::Skipped { .. }
            | Fact::Forwarded { .. }
            | Fact::Moving { .. }
            | Fact::Purged { .. }
            | Fact::QueueDeleted { .. }
            | Fact::Forgotten { .. }
            | Fact::ConfirmLost { .. }
            | Fact::PublishedAgain { .. }
            | Fact::Reset { .. }
            | Fact::BrokerRestarted
            | Fact::NodeStopped { .. }
            | Fact::NodeStarted { .. }
            | Fact::LeaderElected { .. }
            | Fact::Requeued { .. }
            | Fact::ChannelClosed { .. }
            | Fact::ChannelError { .. }
            | Fact::Restarted { .. }
            | Fact::Started { .. }
            | Fact::Paused { .. }
            | Fact::Resumed { .. }
            | Fact::Refused { .. } => {}
        }
    }

    /// What became of every message in one queue, with the copies that the broker itself shows.
    fn found(
        &self,
        config: &Config,
        workload: &Workload,
        queue: &QueueName,
        shown: &BTreeMap<MessageId, usize>,
    ) -> BTreeMap<MessageId, Found> {
        let mut firsts = Vec::new();
        for (where_, message) in &self.processed {
            if where_ == queue && !firsts.contains(message) {
                firsts.push(*message);
            }
        }
        let late = out_of_order(workload, &firsts);
        let here = |it: &(QueueName, MessageId), id| it.0 == *queue && it.1 == id;
        let mut all = BTreeMap::new();
        for (id, _) in workload.iter() {
            let arrivals = self.enqueued.iter().filter(|it| here(it, id)).count();
            let meant = self.published.contains(&id) && is_meant(config, workload, queue, id);
            if arrivals == 0 && !meant {
                continue;
            }
            let exits: Vec<Exit> = self
                .exits
                .iter()
                .filter(|(where_, message, _)| where_ == queue && *message == id)
                .map(|(_, _, exit)| *exit)
                .collect();
            let copies = shown.get(&id).copied().unwrap_or_default();
            assert_eq!(copies, arrivals - exits.len(), "every copy of {id} is somewhere once");
            let held = self.hands.iter().filter(|(where_, _, it)| where_ == queue && *it == id);
            let (removed, dead_letter) = match exits.last() {
                Some(Exit::Dropped(
                    Reason::Expired | Reason::MaxLength | Reason::DeliveryLimit,
                )) => (true, None),
                Some(Exit::DeadLetter(reason, true)) => (false, Some(*reason)),
                Some(
                    Exit::Acknowledged
                    | Exit::Dropped(Reason::Rejected)
                    | Exit::DeadLetter(_, false),
                )
                | None => (false, None),
            };
            all.insert(
                id,
                Found {
                    acknowledged: self.confirmed.contains(&id),
                    arrived: arrivals > 0,
                    abandoned: false,
                    aborted: false,
                    processed: self.processed.iter().filter(|it| here(it, id)).count(),
                    copies,
                    ahead: copies,
                    open: copies,
                    in_hand: held.count(),
                    removed,
                    dead_letter,
                    out_of_order: late.contains(&id),
                },
            );
        }
        all
    }
}

/// The routes of `worlds::broker`, told again in a few words.
fn is_meant(config: &Config, workload: &Workload, queue: &QueueName, id: MessageId) -> bool {
    match &config.destinations[usize::from(workload.message(id).stream.0)].routing_key {
        RoutingKey::MessageKey => workload.key(id) == Some(queue.as_str().as_bytes()),
        RoutingKey::Fixed(_) => ["tasks", "audit"].contains(&queue.as_str()),
    }
}

/// Which copies the broker shows in each queue, ready or unacknowledged.
fn shown(world: &World<Broker>) -> BTreeMap<QueueName, BTreeMap<MessageId, usize>> {
    let mut copies: BTreeMap<QueueName, BTreeMap<MessageId, usize>> = BTreeMap::new();
    for queue in snapshot(world, 10_000).queues {
        let there = copies.entry(queue.name).or_default();
        for slot in &queue.slots {
            match slot.state {
                SlotState::Ready | SlotState::Unacked(_) => {
                    *there.entry(slot.message).or_default() += 1;
                }
                SlotState::Acked | SlotState::DeadLettering(_) | SlotState::Removed(_) => {}
            }
        }
    }
    copies
}

fn check(
    world: &World<Broker>,
    workload: &Workload,
    record: &Record<Broker, RabbitLedger>,
    variety: &mut Variety,
    seed: u64,
) {
    let config = world.system().config();
    let mut recount = Recount::default();
    for (_, fact) in &record.facts {
        recount.take(fact);
    }
    let ledger = &record.ledger;
    let mut unsettled = 0;
    for (queue, copies) in shown(world) {
        let found = recount.found(config, workload, &queue, &copies);
        let what = format!("queue {queue}, seed {seed}, {}", world.now());
        let outcome = ledger.outcome(&queue);
        compare(&what, workload, &found, |it| ledger.entry(&queue, it), outcome);
        variety.note(&found);
        let started =
            |(_, fact): &(_, Fact)| matches!(fact, Fact::Started { queue: it, .. } if *it == queue);
        if config.consumers.iter().any(|it| it.queue == queue) || record.facts.iter().any(started) {
            unsettled += found.values().filter(|it| !it.entry().settled).count();
        }
    }
    let done = recount.published.len() == workload.messages.len() && unsettled == 0;
    assert_eq!(ledger.is_done(), done, "done or not, seed {seed}");
}

#[test]
fn the_ledger_is_what_a_recount_finds() {
    let mut variety = Variety::default();
    for seed in 0..250 {
        let mut rng = Rng::from_seed(seed);
        let (workload, config) = (workload(&mut rng), broker(&mut rng));
        let ledger = RabbitLedger::new(&config, &workload);
        let mut record = Record { facts: Vec::new(), ledger };
        let mut world = World::new(Broker::new(config, workload.clone()), seed, &mut record);
        for _ in 0..25 {
            let to = world.now() + SimDuration::millis(rng.below(500));
            world.run_until(&mut record, to);
            if rng.chance(1, 2) {
                world.command(&mut record, rabbitmq_command(&mut rng));
            }
            check(&world, &workload, &record, &mut variety, seed);
        }
        for name in ["a1", "a2", "b1"] {
            world.command(&mut record, Command::RestartConsumer(name.into()));
            world.command(&mut record, Command::ResumeConsumer(name.into()));
        }
        let to = world.now() + SimDuration::seconds(20);
        world.run_until(&mut record, to);
        check(&world, &workload, &record, &mut variety, seed);
    }
    variety.assert_has(&[
        "Processed",
        "Again",
        "OnTheWay",
        "Waiting",
        "RemovedUnread",
        "DeadLettered",
        "DeadLettered rejected",
        "DeadLettered expired",
        "DeadLettered maxlen",
        "Lost",
        "Vanished",
        "OutOfOrder",
    ]);
}
