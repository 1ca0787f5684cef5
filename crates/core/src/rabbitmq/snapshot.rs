//! The state of the broker and its clients, flattened to look at. Everything outside the core
//! that wants to show RabbitMQ reads this and nothing else.

use super::config::{Binding, ExchangeType};
use super::fact::Reason;
use crate::name::{ConsumerName, ExchangeName, ProducerName, QueueName};
use crate::sim::SimTime;
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
    /// A message from a queue to a consumer.
    Deliver(QueueName, ConsumerName, MessageId),
    /// An acknowledgement from a consumer.
    Ack(ConsumerName, QueueName, MessageId),
    /// A return from a consumer: nack or reject.
    Return(ConsumerName, QueueName, MessageId),
}
