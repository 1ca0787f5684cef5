//! The state of the broker and its clients, flattened to look at. Everything outside the core
//! that wants to show RabbitMQ reads this and nothing else.

mod take;

pub use take::snapshot;

use super::config::{ExchangeType, QueueArguments};
use super::error::ProtocolError;
use super::fact::Reason;
use super::raft::NodeNumber;
use super::table::Table;
use super::topology::Destination;
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
    /// The nodes of the cluster, if there are several.
    pub nodes: Vec<NodeSnapshot>,
    /// The publishers.
    pub publishers: Vec<PublisherSnapshot>,
    /// The exchanges that are declared or used.
    pub exchanges: Vec<ExchangeSnapshot>,
    /// The bindings of these, in the order of the configuration.
    pub bindings: Vec<BindingSnapshot>,
    /// The queues, in the order of the configuration.
    pub queues: Vec<QueueSnapshot>,
    /// The consumers, in the order in which they were first started.
    pub consumers: Vec<ConsumerSnapshot>,
    /// What is under way between machines, soonest first.
    pub flights: Vec<Flight>,
}

/// A node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSnapshot {
    /// Its number, from 1.
    pub node: NodeNumber,
    /// Whether it runs.
    pub running: bool,
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
    /// Why the broker closed its channel, if it did and nothing was published since.
    pub error: Option<ProtocolError>,
}

/// An exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeSnapshot {
    /// Its name; the empty name is the default exchange.
    pub name: ExchangeName,
    /// How it chooses. The default exchange is a direct exchange.
    pub kind: ExchangeType,
    /// Where it sends what none of its bindings matches.
    pub alternate: Option<ExchangeName>,
    /// The message whose way the bindings tell: the next that reaches the exchange, or the last
    /// that did.
    pub newest: Option<MessageId>,
}

/// A binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingSnapshot {
    /// The exchange.
    pub source: ExchangeName,
    /// What it hands messages to.
    pub destination: Destination,
    /// The binding key.
    pub routing_key: Arc<str>,
    /// What a headers exchange compares.
    pub arguments: Table,
    /// Whether it matches the newest message of an exchange that this message comes through.
    pub matched: bool,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSnapshot {
    /// Its name.
    pub name: QueueName,
    /// What it was declared with.
    pub arguments: QueueArguments,
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
    /// How many of these left for each reason, as long as there was one.
    pub reasons: Vec<(Reason, u64)>,
    /// How many it refused because it was full, and the last of them.
    pub refused: (u64, Option<MessageId>),
    /// What the bodies of its ready messages have together.
    pub ready_bytes: u64,
    /// How often a message may come back, if that is limited.
    pub delivery_limit: Option<u32>,
    /// How many came back to a quorum queue, each as often as it did.
    pub returns: u64,
    /// The newest places of the queue in order of arrival, oldest of them first: as many as were
    /// asked for, with the empty places that acknowledged messages leave.
    pub slots: Vec<Slot>,
    /// Of the messages that are still there, how many stand before the first slot: ready, unacked.
    pub earlier: (u64, u64),
    /// The place of the message that is served next.
    pub next: Option<u64>,
    /// How many consumers are registered.
    pub consumers: u32,
    /// What the members of a quorum queue have, by node, if there are several.
    pub members: Option<MembersSnapshot>,
}

/// The members of a quorum queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembersSnapshot {
    /// The node whose member leads; none while there is no leader.
    pub leader: Option<NodeNumber>,
    /// How many entries its log has: publishes, deliveries and acknowledgements alike.
    pub entries: u64,
    /// How many of them too few members have, so that they have no effect yet.
    pub waiting: u64,
    /// Each member, by node.
    pub members: Vec<MemberSnapshot>,
}

/// A member of a quorum queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberSnapshot {
    /// Its node.
    pub node: NodeNumber,
    /// Whether that runs.
    pub up: bool,
    /// How many entries of the log it has.
    pub has: u64,
}

impl MembersSnapshot {
    /// Whether most of the nodes run: without them nothing has an effect.
    #[must_use]
    pub fn has_majority(&self) -> bool {
        self.members.len() < 2 * self.members.iter().filter(|it| it.up).count()
    }
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
    /// How often it came back to a quorum queue: its delivery count.
    pub returns: u32,
    /// The priority that it has here; 0 where there are none.
    pub priority: u8,
    /// When its time is over. It goes when it comes to the head.
    pub expires: Option<SimTime>,
    /// How it came here from other queues, if it was dead-lettered: the most recent first.
    pub deaths: Vec<DeathSnapshot>,
}

/// Why a message left a queue before: an entry of `x-death`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeathSnapshot {
    /// The queue that it left.
    pub queue: QueueName,
    /// Why.
    pub reason: Reason,
    /// How often it left that queue for that reason.
    pub count: u32,
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
    /// It left, and stays until the queue that takes it as a dead letter has confirmed it.
    DeadLettering(Reason),
    /// It was dropped or dead-lettered for that reason and is gone; without one, it was purged or
    /// lost in a restart.
    Removed(Option<Reason>),
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
    /// How it stands at its queue, while it is registered there.
    pub standing: Standing,
    /// Why the broker closed its channel, if it did and nothing was settled since.
    pub error: Option<ProtocolError>,
}

/// How a consumer stands at its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// `x-priority`: higher ones are served first.
    pub priority: i64,
    /// Where only one gets messages: whether it is that one.
    pub active: Option<bool>,
    /// The offset in a stream that it reads next.
    pub offset: Option<u64>,
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
    /// A nack in place of the confirm: a queue was full.
    Refusal(ProducerName, MessageId),
    /// A message that no queue took, on its way back from that exchange to its publisher.
    Unroutable(ExchangeName, ProducerName, MessageId),
    /// A message from a queue to a consumer.
    Deliver(QueueName, ConsumerName, MessageId),
    /// A message that a consumer's process publishes to an exchange, with a routing key.
    Forward(ConsumerName, ExchangeName, Arc<str>, MessageId),
    /// An acknowledgement from a consumer.
    Ack(ConsumerName, QueueName, MessageId),
    /// A return from a consumer: nack or reject.
    Return(ConsumerName, QueueName, MessageId),
}
