//! The broker's process: it routes, and carries what channels and queues want of each other.
//!
//! Simplified: inside the node, the messages between the processes of channels and queues take
//! no time and arrive in the order in which they were sent.

mod consume;
mod declare;
mod publish;
mod quorum;
mod topology;

use super::channel::{self, Channel};
use super::config::{BrokerSettings, Config, QueueType};
use super::error::ProtocolError;
use super::exchange::Exchanges;
use super::fact::{Deletion, Fact};
use super::frame::{ChannelId, ConnectionId, Frame};
use super::message::Message;
use super::queue::limits::ChannelLimits;
use super::queue::{self, Queue, Settled};
use super::raft::{self, NodeNumber};
use super::table::Table;
use super::topology::Answer;
use crate::map::{Map, Set};
use crate::name::{ConsumerName, ExchangeName, QueueName};
use crate::sim::{SimDuration, SimTime};
use std::collections::VecDeque;

/// A queue of the node, by its place there. One that is declared anew has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(pub u32);

/// The broker's process with everything declared on it.
#[derive(Clone, Debug, Hash)]
pub struct Node {
    settings: BrokerSettings,
    exchanges: Exchanges,
    /// In the order in which they were declared; nothing where one was deleted.
    queues: Vec<Option<Declared>>,
    by_name: Map<QueueName, QueueId>,
    channels: Map<ChannelId, Channel>,
    limits: ChannelLimits,
    /// How many queues have not answered about a dead letter that is kept until they do, and
    /// whether one refused it.
    dead_letters: Map<(QueueId, u64), (u32, bool)>,
    /// What a quorum queue sent to channels that are gone, before it knew.
    undelivered: Map<(QueueId, ChannelId), Vec<Settled>>,
    /// The nodes that run.
    up: Vec<NodeNumber>,
    /// The last message that came to each exchange with a name, for those who watch.
    newest: Map<ExchangeName, Message>,
}

/// A queue, and how it was declared.
#[derive(Clone, Debug, Hash)]
struct Declared {
    queue: Queue,
    durable: bool,
    /// The connection that it belongs to, if it is exclusive.
    owner: Option<ConnectionId>,
    auto_delete: bool,
    arguments: Table,
    /// What its members keep, if there are several.
    log: Option<raft::Log>,
}

/// Something that reached the node.
#[derive(Clone, Debug)]
pub enum Input {
    /// From a client, on a channel.
    Frame(ChannelId, Frame),
    /// The timer of a queue rang.
    Expire(QueueId),
    /// The timer of a channel rang.
    Tick(ChannelId),
    /// It stops and starts again.
    Restart,
    /// From a member of a quorum queue on that node.
    Member(NodeNumber, raft::Message),
    /// A node stops or starts, with the members on it.
    Running(NodeNumber, bool),
    /// The members of a queue look for a leader.
    Elect(QueueId),
}

/// What the node wants done. It does none of it itself.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a frame to a client.
    Send(ChannelId, Frame),
    /// Ring the timer of a queue.
    Ring(QueueId, SimTime),
    /// Ring the timer of a channel.
    RingChannel(ChannelId, SimTime),
    /// Say something to the member of a quorum queue on that node.
    Tell(NodeNumber, raft::Message),
    /// Let the members of a queue look for a leader at that instant.
    Elect(QueueId, SimTime),
    /// Tell whoever watches. Changes nothing.
    Note(Fact),
}

/// What one process of the node still has to be told.
enum Errand {
    Queue(QueueId, queue::Input),
    Channel(ChannelId, channel::Input),
    Send(ChannelId, Frame),
    /// Delete the queues that belong to a connection.
    DropExclusive(ConnectionId),
    /// All channels are closed: come up again.
    Start,
}

/// One input being handled: the present, what was decided, and what is still to do.
struct Turn<'a> {
    fx: &'a mut Vec<Effect>,
    now: SimTime,
    errands: VecDeque<Errand>,
}

impl Turn<'_> {
    fn note(&mut self, fact: Fact) {
        self.fx.push(Effect::Note(fact));
    }
}

impl Node {
    /// A node with everything declared that the configuration declares.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut node = Self {
            settings: config.broker.clone(),
            exchanges: Exchanges::of(config, false),
            queues: Vec::new(),
            by_name: Map::new(),
            channels: Map::new(),
            limits: ChannelLimits::default(),
            dead_letters: Map::new(),
            undelivered: Map::new(),
            up: (1..=config.broker.nodes).collect(),
            newest: Map::new(),
        };
        for it in &config.queues {
            if !it.is_declared_late() && !node.by_name.contains_key(&it.name) {
                let queue = Queue::new(it, &config.broker, SimTime::START);
                let arguments = it.arguments.table();
                let (durable, auto_delete) = (it.properties.durable, false);
                let log = node.new_log(&queue);
                let owner = None;
                node.add_queue(Declared { queue, durable, owner, auto_delete, arguments, log });
            }
        }
        node
    }

    /// The queues, in the order in which they were declared.
    pub fn queues(&self) -> impl Iterator<Item = &Queue> {
        self.queues.iter().flatten().map(|it| &it.queue)
    }

    /// The queue of that name.
    #[must_use]
    pub fn queue(&self, name: &QueueName) -> Option<&Queue> {
        self.by_name.get(name).and_then(|id| self.queue_at(*id))
    }

    /// The queue in that place, as long as it is there.
    #[must_use]
    pub fn queue_at(&self, id: QueueId) -> Option<&Queue> {
        self.queues.get(id.0 as usize)?.as_ref().map(|it| &it.queue)
    }

    /// The queues with the logs that their members keep, where there are several.
    pub fn logs(&self) -> impl Iterator<Item = (QueueId, &Queue, Option<&raft::Log>)> {
        let declared = (0..).zip(&self.queues);
        declared
            .filter_map(|(id, it)| it.as_ref().map(|it| (QueueId(id), &it.queue, it.log.as_ref())))
    }

    /// The last message that came to each exchange with a name.
    #[must_use]
    pub fn newest(&self) -> &Map<ExchangeName, Message> {
        &self.newest
    }

    /// The exchanges.
    #[must_use]
    pub fn exchanges(&self) -> &Exchanges {
        &self.exchanges
    }

    /// The channel with that number, as long as it is open.
    #[must_use]
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.get(&id)
    }

    /// All open channels.
    pub fn channels(&self) -> impl Iterator<Item = (ChannelId, &Channel)> {
        self.channels.iter().map(|(id, it)| (*id, it))
    }

    /// What it is set to, to be changed while it runs.
    pub fn settings_mut(&mut self) -> &mut BrokerSettings {
        &mut self.settings
    }

    /// Takes one input and says what should follow, in order.
    pub fn step(&mut self, fx: &mut Vec<Effect>, now: SimTime, input: Input) {
        let mut turn = Turn { fx, now, errands: VecDeque::new() };
        match input {
            Input::Frame(id, frame) => self.frame(&mut turn, id, frame),
            Input::Expire(queue) => self.step_queue(&mut turn, queue, queue::Input::Expire),
            Input::Tick(id) => {
                let timeout = SimDuration::millis(self.settings.consumer_timeout_ms);
                self.step_channel(&mut turn, id, channel::Input::Tick(timeout));
            }
            Input::Restart => self.stop(&mut turn),
            Input::Member(node, message) => self.member_says(&mut turn, node, message),
            Input::Running(node, runs) => self.running(&mut turn, node, runs),
            Input::Elect(queue) => self.elect(&mut turn, queue),
        }
        while let Some(errand) = turn.errands.pop_front() {
            match errand {
                Errand::Queue(id, input) => self.hand_in(&mut turn, id, input),
                Errand::Channel(id, input) => self.step_channel(&mut turn, id, input),
                Errand::Send(id, frame) => turn.fx.push(Effect::Send(id, frame)),
                Errand::DropExclusive(connection) => self.drop_exclusive(&mut turn, connection),
                Errand::Start => self.start(&mut turn),
            }
        }
    }

    fn frame(&mut self, turn: &mut Turn<'_>, id: ChannelId, frame: Frame) {
        match frame {
            Frame::ChannelOpen { connection_name } => {
                self.channels.insert(id, Channel::new(connection_name, turn.now));
            }
            Frame::ConnectionClosed => self.close_connection(turn, id.connection),
            // The other half of a close that this side began.
            Frame::ChannelCloseOk => {}
            Frame::Publish { ref message, .. } => match self.check_publish(message) {
                Ok(()) => self.step_channel(turn, id, channel::Input::Frame(frame)),
                Err(error) => self.fail(turn, id, error),
            },
            Frame::ChannelClose(_)
            | Frame::ConfirmSelect
            | Frame::Tx(_)
            | Frame::Topology(_)
            | Frame::TopologyDone(_)
            | Frame::Return(_)
            | Frame::ConfirmNack(_)
            | Frame::Qos { .. }
            | Frame::Consume(_)
            | Frame::ConsumeOk(_)
            | Frame::Cancel(_)
            | Frame::CancelOk(_)
            | Frame::Deliver { .. }
            | Frame::Get { .. }
            | Frame::GetOk { .. }
            | Frame::GetEmpty
            | Frame::Recover { .. }
            | Frame::ConnectionClose(_)
            | Frame::Ack(_)
            | Frame::Nack(..)
            | Frame::Reject(..) => {
                self.step_channel(turn, id, channel::Input::Frame(frame));
            }
        }
    }

    /// Simplified: the end of a connection is noticed one latency after the process is gone, as
    /// when its operating system closes the connection; a machine that vanishes whole would be
    /// noticed only after missed heartbeats.
    fn close_connection(&mut self, turn: &mut Turn<'_>, connection: ConnectionId) {
        let first = ChannelId { connection, number: 0 };
        let last = ChannelId { connection, number: u32::MAX };
        for (id, _) in self.channels.starting_at(&first).take_while(|(id, _)| **id <= last) {
            turn.errands.push_back(Errand::Channel(*id, channel::Input::End));
        }
        turn.errands.push_back(Errand::DropExclusive(connection));
    }

    /// Source: AMQP 0-9-1, `queue.declare`, exclusive; case `q-exclusive`.
    fn drop_exclusive(&mut self, turn: &mut Turn<'_>, connection: ConnectionId) {
        self.delete_where(turn, Deletion::ConnectionClosed, |it| it.owner == Some(connection));
    }

    fn step_channel(&mut self, turn: &mut Turn<'_>, id: ChannelId, input: channel::Input) {
        // What still arrives for a channel that is closed is dropped.
        // Source: AMQP 0-9-1, `channel.close`.
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let ends = matches!(input, channel::Input::End);
        let mut wants = Vec::new();
        channel.step(&mut wants, turn.now, input);
        if let Some(at) = channel.next_tick(&self.settings).filter(|_| !ends) {
            turn.fx.push(Effect::RingChannel(id, at));
        }
        for want in wants {
            self.perform_for_channel(turn, id, want);
        }
        if ends {
            self.channels.remove(&id);
            self.limits.set(id, 0, 0);
        }
    }

    fn is_stream(&self, id: QueueId) -> bool {
        self.queue_at(id).is_some_and(|it| it.arguments().queue_type == QueueType::Stream)
    }

    fn perform_for_channel(&mut self, turn: &mut Turn<'_>, id: ChannelId, want: channel::Effect) {
        match want {
            channel::Effect::Send(frame) => turn.fx.push(Effect::Send(id, frame)),
            channel::Effect::Publish { message, mandatory, number } => {
                self.publish(turn, id, message, mandatory, number);
            }
            channel::Effect::Consume(wanted, prefetch_count) => {
                self.consume(turn, id, *wanted, prefetch_count);
            }
            channel::Effect::Get(queue, mode, tag) => self.get(turn, id, &queue, mode, tag),
            channel::Effect::Cancel(queue, tag) => {
                let input = queue::Input::Cancel { channel: id, tag };
                turn.errands.push_back(Errand::Queue(queue, input));
            }
            channel::Effect::Settle(queue, settled, how) => {
                if how != queue::Settlement::Ack && self.is_stream(queue) {
                    let error = ProtocolError::no_return_to_stream();
                    return self.fail(turn, id, error);
                }
                turn.errands.push_back(Errand::Queue(queue, queue::Input::Settle(settled, how)));
            }
            channel::Effect::Release(count) => {
                if self.limits.release(id, count) {
                    self.resume(turn, id);
                }
            }
            channel::Effect::Share(most, held) => {
                self.limits.set(id, most, held);
                self.resume(turn, id);
            }
            channel::Effect::Leave(queue, held) => {
                // At once: nothing may be sent to a channel that is gone.
                self.hand_in(turn, queue, queue::Input::ChannelClosed(id, held));
            }
            channel::Effect::Topology(request) => match self.topology(turn, id, *request) {
                Ok(answer) => {
                    turn.errands.push_back(Errand::Send(id, Frame::TopologyDone(answer)));
                }
                Err(error) => self.fail(turn, id, error),
            },
            channel::Effect::Fail(error) => self.fail(turn, id, error),
            channel::Effect::Close => {
                turn.errands.push_back(Errand::Channel(id, channel::Input::End));
                turn.errands.push_back(Errand::Send(id, Frame::ChannelCloseOk));
            }
            channel::Effect::Note(fact) => turn.note(fact),
        }
    }

    /// Something for a queue, if it is there.
    fn tell(&self, turn: &mut Turn<'_>, queue: &QueueName, input: queue::Input) {
        if let Some(queue) = self.by_name.get(queue) {
            turn.errands.push_back(Errand::Queue(*queue, input));
        }
    }

    fn step_queue(&mut self, turn: &mut Turn<'_>, id: QueueId, input: queue::Input) {
        let input = self.with_undelivered(id, input);
        let Some(Some(declared)) = self.queues.get_mut(id.0 as usize) else { return };
        let may_end =
            matches!(input, queue::Input::Cancel { .. } | queue::Input::ChannelClosed(..));
        let mut wants = Vec::new();
        declared.queue.step(&mut wants, &mut self.limits, turn.now, input);
        // Source: case `q-autodelete`.
        let count = declared.queue.consumers().count();
        let ends = may_end && declared.auto_delete && declared.queue.had_consumers() && count == 0;
        let name = declared.queue.name.clone();
        for want in wants {
            self.perform_for_queue(turn, id, &name, want);
        }
        if ends {
            self.delete_queue(turn, id, Deletion::NoConsumers);
        }
    }

    fn perform_for_queue(
        &mut self,
        turn: &mut Turn<'_>,
        id: QueueId,
        name: &QueueName,
        want: queue::Effect,
    ) {
        match want {
            queue::Effect::Deliver(delivery) | queue::Effect::Got(delivery, _)
                if !self.channels.contains_key(&delivery.channel) =>
            {
                self.undeliverable(turn, id, name, &delivery);
            }
            queue::Effect::Deliver(delivery) => {
                let channel = delivery.channel;
                let input = channel::Input::Deliver(id, name.clone(), delivery);
                self.step_channel(turn, channel, input);
            }
            queue::Effect::Got(delivery, left) => {
                let channel = delivery.channel;
                let input = channel::Input::Got(id, name.clone(), delivery, left);
                self.step_channel(turn, channel, input);
            }
            queue::Effect::Empty(channel) => {
                turn.fx.push(Effect::Send(channel, Frame::GetEmpty));
            }
            queue::Effect::DeadLetter(message, reason, place) => {
                self.dead_letter(turn, id, &message, reason, place);
            }
            queue::Effect::Tell(asker, taken) => self.answered(turn, asker, taken),
            queue::Effect::Ring(at) => turn.fx.push(Effect::Ring(id, at)),
            queue::Effect::Delete => self.delete_queue(turn, id, Deletion::Unused),
            queue::Effect::Note(fact) => turn.note(fact),
        }
    }

    /// The queues that a channel consumes from can send it messages again.
    fn resume(&self, turn: &mut Turn<'_>, id: ChannelId) {
        for queue in self.by_name.values() {
            if self.queue_at(*queue).is_some_and(|it| it.channels().contains(&id)) {
                turn.errands.push_back(Errand::Queue(*queue, queue::Input::Resume(id)));
            }
        }
    }

    /// Closes a channel, or its connection, because its client did what it must not.
    fn fail(&mut self, turn: &mut Turn<'_>, id: ChannelId, error: ProtocolError) {
        if !self.note_error(turn, id, &error) {
            return;
        }
        let frame = if error.ends_connection() {
            self.close_connection(turn, id.connection);
            Frame::ConnectionClose(error)
        } else {
            turn.errands.push_back(Errand::Channel(id, channel::Input::End));
            Frame::ChannelClose(Some(error))
        };
        turn.errands.push_back(Errand::Send(id, frame));
    }

    /// Tells of an error, if the channel is still there to have made it.
    fn note_error(&self, turn: &mut Turn<'_>, id: ChannelId, error: &ProtocolError) -> bool {
        let Some(channel) = self.channels.get(&id) else { return false };
        let consumer = ConsumerName(channel.connection_name().clone());
        turn.note(Fact::ChannelError { consumer, code: error.code, text: error.text.clone() });
        true
    }

    /// All connections are closed, then what does not last is gone.
    ///
    /// Source: cases `q-restart`, `q-restart-unacked`.
    ///
    /// Simplified: a restart takes no time.
    fn stop(&mut self, turn: &mut Turn<'_>) {
        turn.note(Fact::BrokerRestarted);
        let ids: Vec<ChannelId> = self.channels.keys().copied().collect();
        let mut told = Set::new();
        for id in ids {
            if told.insert(id.connection) {
                self.close_connection(turn, id.connection);
                let frame = Frame::ConnectionClose(ProtocolError::shutdown());
                turn.errands.push_back(Errand::Send(id, frame));
            }
        }
        turn.errands.push_back(Errand::Start);
    }

    fn start(&mut self, turn: &mut Turn<'_>) {
        self.delete_where(turn, Deletion::NotDurable, |it| !it.durable);
        for name in self.exchanges.transient() {
            self.exchanges.remove(&name);
        }
        for queue in self.by_name.values() {
            turn.errands.push_back(Errand::Queue(*queue, queue::Input::Restart));
        }
    }

    /// How a queue answers a client that declares or deletes it.
    fn counts(queue: &Queue) -> Answer {
        let (message_count, consumer_count) = (queue.ready(), queue.consumer_count());
        Answer::Queue { message_count, consumer_count }
    }
}
