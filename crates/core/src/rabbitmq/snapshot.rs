//! The state of the broker and its clients, flattened to look at. Everything outside the core
//! that wants to show RabbitMQ reads this and nothing else.

use super::broker::{Arrival, Broker, End, Event};
use super::config::{Binding, Config, ExchangeType};
use super::fact::Reason;
use super::frame::{ClientId, Frame, Tags};
use super::queue::Queue;
use crate::map::Set;
use crate::name::{ConsumerName, ExchangeName, ProducerName, QueueName};
use crate::sim::{SimTime, World};
use crate::workload::MessageId;
use std::sync::Arc;

/// The state at one instant. Its size depends on what was asked for, never on how long the queues
/// are: see `slots` of [`QueueSnapshot`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// When.
    pub at: SimTime,
    /// The publishers.
    pub publishers: Vec<PublisherSnapshot>,
    /// The exchanges that the scenario declares or uses.
    pub exchanges: Vec<ExchangeSnapshot>,
    /// The bindings of these.
    pub bindings: Vec<Binding>,
    /// The queues, in the order of the configuration.
    pub queues: Vec<QueueSnapshot>,
    /// The consumers, in the order in which they were first started.
    pub consumers: Vec<ConsumerSnapshot>,
    /// What is under way between machines, soonest first.
    pub flights: Vec<Flight>,
}

/// A publisher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherSnapshot {
    /// Its name.
    pub name: ProducerName,
    /// The next messages it will send, soonest first, at most a few.
    pub next: Vec<MessageId>,
    /// How many it has handed to the network so far.
    pub sent: u64,
    /// How many of these are confirmed.
    pub confirmed: u64,
}

/// An exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeSnapshot {
    /// Its name; the empty name is the default exchange.
    pub name: ExchangeName,
    /// How it chooses. The default exchange is a direct exchange.
    pub kind: ExchangeType,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSnapshot {
    /// Its name.
    pub name: QueueName,
    /// How many messages wait.
    pub ready: u64,
    /// How many are delivered and not acknowledged.
    pub unacked: u64,
    /// How many ever entered.
    pub enqueued: u64,
    /// How many an acknowledgement removed, automatic ones included.
    pub acked: u64,
    /// How many left otherwise: dropped or dead-lettered.
    pub removed: u64,
    /// The newest places of the queue in order of arrival, oldest of them first: as many as were
    /// asked for, with the empty places that acknowledged messages leave.
    pub slots: Vec<Slot>,
    /// Of the messages that are still there, how many stand before the first slot: ready, unacked.
    pub earlier: (u64, u64),
    /// How many consumers are registered.
    pub consumers: u32,
}

/// A place in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its number of arrival in this queue, from 0.
    pub arrival: u64,
    /// Which message stands or stood there.
    pub message: MessageId,
    /// What became of it.
    pub state: SlotState,
    /// Whether it was delivered before and came back.
    pub redelivered: bool,
    /// Why it came here from another queue, if it was dead-lettered.
    pub dead_letter: Option<(QueueName, Reason)>,
}

/// What became of a message in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotState {
    /// It waits.
    Ready,
    /// That consumer has it and has not acknowledged it.
    Unacked(ConsumerName),
    /// It was acknowledged and is gone.
    Acked,
    /// It was dropped or dead-lettered and is gone.
    Removed,
}

/// A consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerSnapshot {
    /// Its name.
    pub name: ConsumerName,
    /// Its queue.
    pub queue: QueueName,
    /// What it is doing.
    pub state: ConsumerState,
    /// Its prefetch; 0 is no limit.
    pub prefetch_count: u32,
    /// Whether it acknowledges automatically.
    pub auto_ack: bool,
    /// Messages that have arrived and are not worked on yet, next first, at most as many as slots
    /// were asked for.
    pub holds: Vec<MessageId>,
    /// How many it holds in all, with the one it works on.
    pub held: u64,
    /// How many messages the broker counts as unacked by it.
    pub unacked: u64,
    /// How many it has finished since it was first started.
    pub processed: u64,
}

/// What a consumer is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsumerState {
    /// It is not running: it crashed.
    Crashed,
    /// It is not running: it was closed.
    Closed,
    /// It is opening its channel.
    Connecting,
    /// It waits for messages.
    Waiting,
    /// It works on a message.
    Working {
        /// Which.
        message: MessageId,
        /// Since when.
        began: SimTime,
        /// When it will be done.
        done: SimTime,
    },
    /// Its application was paused.
    Paused,
}

/// Something under way between two machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// When it left.
    pub sent: SimTime,
    /// When it will arrive.
    pub arrives: SimTime,
    /// What it is.
    pub cargo: Cargo,
}

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cargo {
    /// A message from a publisher to an exchange.
    Publish(ProducerName, ExchangeName, Arc<str>, MessageId),
    /// The confirm for it.
    Confirm(ProducerName, MessageId),
    /// A message that no queue took, on its way back from that exchange to its publisher.
    Unroutable(ExchangeName, ProducerName, MessageId),
    /// A message from a queue to a consumer.
    Deliver(QueueName, ConsumerName, MessageId),
    /// An acknowledgement from a consumer.
    Ack(ConsumerName, QueueName, MessageId),
    /// A return from a consumer: nack or reject.
    Return(ConsumerName, QueueName, MessageId),
}

/// What can be seen at this instant, with the newest `slots` places of each queue.
#[must_use]
pub fn snapshot(world: &World<Broker>, slots: usize) -> Snapshot {
    let broker = world.system();
    let node = broker.node();
    let consumer = |it: &super::consumer::Consumer| {
        let channel = node.channel(it.client().channel());
        it.snapshot(slots, channel.map_or(0, super::channel::Channel::unacked))
    };
    let in_flight = |(arrives, event): (SimTime, &Event)| match event {
        Event::Arrival(arrival) => {
            let cargo = cargo(broker, arrival)?;
            Some(Flight { sent: arrival.sent, arrives, cargo })
        }
        Event::PublishDue(_)
        | Event::Start(_)
        | Event::Done(..)
        | Event::Expire(_)
        | Event::Tick(_)
        | Event::ToMember(..)
        | Event::FromMember(..)
        | Event::Elect(_) => None,
    };
    Snapshot {
        at: world.now(),
        publishers: broker.publishers().iter().map(|it| it.snapshot()).collect(),
        exchanges: exchanges(broker.config()),
        bindings: broker.config().bindings.clone(),
        queues: node.queues().map(|it| Queue::snapshot(it, slots)).collect(),
        consumers: broker.consumers().iter().map(consumer).collect(),
        flights: world.pending().filter_map(in_flight).collect(),
    }
}

/// The declared exchanges, and after them the predeclared ones that something refers to.
fn exchanges(config: &Config) -> Vec<ExchangeSnapshot> {
    let declared =
        |it: &super::config::Exchange| ExchangeSnapshot { name: it.name.clone(), kind: it.kind };
    let mut shown: Vec<_> = config.exchanges.iter().map(declared).collect();
    let published = config.destinations.iter().map(|it| it.exchange.clone());
    let bound = config.bindings.iter().map(|it| it.source.clone());
    let dead_letters = config
        .queues
        .iter()
        .filter_map(|it| it.arguments.dead_letter_exchange.0.clone().map(ExchangeName));
    let used: Set<_> = published.chain(bound).chain(dead_letters).collect();
    for name in used {
        let known = super::exchange::PREDECLARED.iter().find(|(it, _)| *it == name.as_str());
        let kind = match known {
            Some((_, kind)) => *kind,
            None if name.as_str().is_empty() => ExchangeType::Direct,
            None => continue,
        };
        if shown.iter().all(|it| it.name != name) {
            shown.push(ExchangeSnapshot { name, kind });
        }
    }
    shown
}

/// What a frame carries, if it is something that one wants to see moving.
fn cargo(broker: &Broker, arrival: &Arrival) -> Option<Cargo> {
    let place = match arrival.channel.connection.client {
        ClientId::Publisher(place) | ClientId::Consumer(place) => usize::from(place),
        ClientId::Manual(_) => return None,
    };
    let consumer = || {
        let it = &broker.consumers()[place];
        (it.name().clone(), it.queue().clone())
    };
    let settled = |tag: u64| {
        let (queue, place) = broker.node().channel(arrival.channel)?.origin(tag)?;
        let message = broker.node().queue(queue)?.message_at(place)?;
        Some((consumer().0, queue.clone(), message))
    };
    match (&arrival.frame, arrival.to) {
        (Frame::Publish { message, .. }, _) => {
            let publisher = broker.publishers()[place].name().clone();
            let address = &message.address;
            let (exchange, key) = (address.exchange.clone(), address.routing_key.clone());
            Some(Cargo::Publish(publisher, exchange, key, message.id))
        }
        (Frame::Return(message), _) => {
            let publisher = broker.publishers()[place].name().clone();
            Some(Cargo::Unroutable(message.address.exchange.clone(), publisher, message.id))
        }
        (Frame::Deliver { message, .. }, _) => {
            let (consumer, queue) = consumer();
            Some(Cargo::Deliver(queue, consumer, message.id))
        }
        (Frame::Ack(Tags::One(number) | Tags::UpTo(number)), End::Client) => {
            let publisher = &broker.publishers()[place];
            Some(Cargo::Confirm(publisher.name().clone(), publisher.unconfirmed(*number)?))
        }
        (Frame::Ack(Tags::One(tag) | Tags::UpTo(tag)), End::Broker) => {
            let (consumer, queue, message) = settled(*tag)?;
            Some(Cargo::Ack(consumer, queue, message))
        }
        (Frame::Nack(Tags::One(tag) | Tags::UpTo(tag), _) | Frame::Reject(tag, _), _) => {
            let (consumer, queue, message) = settled(*tag)?;
            Some(Cargo::Return(consumer, queue, message))
        }
        (
            Frame::ChannelOpen { .. }
            | Frame::ChannelClose(_)
            | Frame::ChannelCloseOk
            | Frame::ConnectionClose(_)
            | Frame::ConnectionClosed
            | Frame::ConfirmSelect
            | Frame::ConfirmNack(_)
            | Frame::Tx(_)
            | Frame::Topology(_)
            | Frame::TopologyDone(_)
            | Frame::Get { .. }
            | Frame::GetOk { .. }
            | Frame::GetEmpty
            | Frame::Recover { .. }
            | Frame::Qos { .. }
            | Frame::Consume(_)
            | Frame::ConsumeOk(_)
            | Frame::Cancel(_)
            | Frame::CancelOk(_),
            _,
        ) => None,
    }
}
