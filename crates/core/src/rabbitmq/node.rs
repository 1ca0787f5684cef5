//! The broker's process: it routes, and carries what channels and queues want of each other.
//!
//! Simplified: inside the node, the messages between the processes of channels and queues take
//! no time and arrive in the order in which they were sent.

#[cfg(test)]
mod recorded;

use super::channel::{self, Channel, Subscription};
use super::config::Config;
use super::exchange::Exchanges;
use super::fact::{Fact, Reason};
use super::frame::{ChannelId, ConnectionId, Frame, ProtocolError, Tags};
use super::message::{Address, Message};
use super::queue::{self, Queue};
use crate::map::Map;
use crate::name::{ConsumerName, ExchangeName, QueueName};
use crate::sim::SimTime;
use std::collections::VecDeque;
use std::sync::Arc;

/// A queue of the node, by its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(pub u32);

/// The broker's process with everything declared on it.
#[derive(Clone, Debug, Hash)]
pub struct Node {
    exchanges: Exchanges,
    queues: Vec<Queue>,
    by_name: Map<QueueName, QueueId>,
    channels: Map<ChannelId, Channel>,
}

/// Something that reached the node.
#[derive(Clone, Debug)]
pub enum Input {
    /// From a client, on a channel.
    Frame(ChannelId, Frame),
    /// The expiry timer of a queue rang.
    Expire(QueueId),
}

/// What the node wants done. It does none of it itself.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a frame to a client.
    Send(ChannelId, Frame),
    /// Ring the expiry timer of a queue.
    Ring(QueueId, SimTime),
    /// Tell whoever watches. Changes nothing.
    Note(Fact),
}

/// What one process of the node still has to be told.
enum Errand {
    Queue(QueueId, queue::Input),
    Channel(ChannelId, channel::Input),
    Send(ChannelId, Frame),
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
    ///
    /// # Panics
    /// Beyond 4 billion queues.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut exchanges = Exchanges::predeclared();
        for it in &config.exchanges {
            exchanges.declare(it.name.clone(), it.kind);
        }
        let mut node =
            Self { exchanges, queues: Vec::new(), by_name: Map::new(), channels: Map::new() };
        for it in &config.queues {
            let id = u32::try_from(node.queues.len()).expect("queues are numbered with 32 bits");
            if node.by_name.insert(it.name.clone(), QueueId(id)).is_none() {
                node.queues.push(Queue::new(it));
            }
            node.exchanges.add_queue(it.name.clone());
        }
        for it in &config.bindings {
            node.exchanges.bind(it);
        }
        node
    }

    /// The queues, in the order in which they were declared.
    #[must_use]
    pub fn queues(&self) -> &[Queue] {
        &self.queues
    }

    /// The queue of that name.
    #[must_use]
    pub fn queue(&self, name: &QueueName) -> Option<&Queue> {
        self.by_name.get(name).map(|id| &self.queues[id.0 as usize])
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

    /// Takes one input and says what should follow, in order.
    pub fn step(&mut self, fx: &mut Vec<Effect>, now: SimTime, input: Input) {
        let mut turn = Turn { fx, now, errands: VecDeque::new() };
        match input {
            Input::Frame(id, frame) => self.frame(&mut turn, id, frame),
            Input::Expire(queue) => self.step_queue(&mut turn, queue, queue::Input::Expire),
        }
        while let Some(errand) = turn.errands.pop_front() {
            match errand {
                Errand::Queue(id, input) => self.step_queue(&mut turn, id, input),
                Errand::Channel(id, input) => self.step_channel(&mut turn, id, input),
                Errand::Send(id, frame) => turn.fx.push(Effect::Send(id, frame)),
            }
        }
    }

    fn frame(&mut self, turn: &mut Turn<'_>, id: ChannelId, frame: Frame) {
        match frame {
            Frame::ChannelOpen { connection_name } => {
                self.channels.insert(id, Channel::new(connection_name));
            }
            Frame::ConnectionClosed => self.close_connection(turn, id.connection),
            // The other half of a close that this side began.
            Frame::ChannelCloseOk => {}
            Frame::ChannelClose(_)
            | Frame::ConfirmSelect
            | Frame::Publish(_)
            | Frame::Qos { .. }
            | Frame::Consume { .. }
            | Frame::ConsumeOk(_)
            | Frame::Cancel(_)
            | Frame::CancelOk(_)
            | Frame::Deliver { .. }
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
    }

    fn step_channel(&mut self, turn: &mut Turn<'_>, id: ChannelId, input: channel::Input) {
        // What still arrives for a channel that is closed is dropped.
        // Source: AMQP 0-9-1, `channel.close`.
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let ends = matches!(input, channel::Input::End);
        let mut wants = Vec::new();
        channel.step(&mut wants, input);
        for want in wants {
            self.perform_for_channel(turn, id, want);
        }
        if ends {
            self.channels.remove(&id);
        }
    }

    fn perform_for_channel(&mut self, turn: &mut Turn<'_>, id: ChannelId, want: channel::Effect) {
        match want {
            channel::Effect::Send(frame) => turn.fx.push(Effect::Send(id, frame)),
            channel::Effect::Publish(message, number) => self.publish(turn, id, message, number),
            channel::Effect::Consume(Subscription { queue, tag }, mode, prefetch_count) => {
                let Some(queue) = self.by_name.get(&queue) else {
                    return self.fail(turn, id, ProtocolError::not_found("queue", queue.as_str()));
                };
                let input =
                    queue::Input::Consume { channel: id, tag: tag.clone(), mode, prefetch_count };
                turn.errands.push_back(Errand::Send(id, Frame::ConsumeOk(tag)));
                turn.errands.push_back(Errand::Queue(*queue, input));
            }
            channel::Effect::Cancel(Subscription { queue, tag }) => {
                self.tell(turn, &queue, queue::Input::Cancel { channel: id, tag });
            }
            channel::Effect::Settle(queue, settled, how) => {
                self.tell(turn, &queue, queue::Input::Settle(settled, how));
            }
            channel::Effect::Leave(queue, held) => {
                self.tell(turn, &queue, queue::Input::ChannelClosed(id, held));
            }
            channel::Effect::Fail(error) => self.fail(turn, id, error),
            channel::Effect::FailConnection(error) => {
                self.note_error(turn, id, &error);
                self.close_connection(turn, id.connection);
                turn.errands.push_back(Errand::Send(id, Frame::ConnectionClose(error)));
            }
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

    /// Routes a message, gives each queue its copy, and then confirms it.
    ///
    /// Source: RabbitMQ, "Publisher Confirms": a message that goes nowhere is confirmed at once,
    /// others when all their queues have accepted them; cases `x-mandatory`, `p-confirm`.
    fn publish(
        &mut self,
        turn: &mut Turn<'_>,
        id: ChannelId,
        message: Message,
        number: Option<u64>,
    ) {
        let Address { exchange, routing_key } = &*message.address;
        let Some(queues) = self.exchanges.route(exchange, routing_key) else {
            let error = ProtocolError::not_found("exchange", exchange.as_str());
            self.fail(turn, id, error);
            return;
        };
        let (exchange, id_of) = (exchange.clone(), message.id);
        self.enqueue(turn, &queues, message);
        turn.note(if queues.is_empty() {
            Fact::Unroutable { message: id_of, exchange }
        } else {
            Fact::Routed { message: id_of, exchange, queues }
        });
        if let Some(number) = number {
            turn.errands.push_back(Errand::Send(id, Frame::Ack(Tags::One(number))));
        }
    }

    fn enqueue(&self, turn: &mut Turn<'_>, queues: &[QueueName], message: Message) {
        let Some((last, others)) = queues.split_last() else { return };
        for queue in others {
            self.tell(turn, queue, queue::Input::Publish(message.clone()));
        }
        self.tell(turn, last, queue::Input::Publish(message));
    }

    fn step_queue(&mut self, turn: &mut Turn<'_>, id: QueueId, input: queue::Input) {
        let mut wants = Vec::new();
        self.queues[id.0 as usize].step(&mut wants, turn.now, input);
        for want in wants {
            match want {
                queue::Effect::Deliver(delivery) => {
                    let queue = self.queues[id.0 as usize].name.clone();
                    let channel = delivery.channel;
                    self.step_channel(turn, channel, channel::Input::Deliver(queue, delivery));
                }
                queue::Effect::DeadLetter(message, reason) => {
                    self.dead_letter(turn, id, &message, reason);
                }
                queue::Effect::Ring(at) => turn.fx.push(Effect::Ring(id, at)),
                queue::Effect::Note(fact) => turn.note(fact),
            }
        }
    }

    /// Publishes a message that left a queue to the queue's dead-letter exchange. Nobody confirms
    /// it: if the exchange is missing or routes it nowhere, it is gone.
    ///
    /// Source: RabbitMQ, "Dead Letter Exchanges"; `rabbit_dead_letter`; cases
    /// `d-rejected-classic`, `d-missing-dlx-classic`, `d-unroutable-classic`.
    fn dead_letter(
        &mut self,
        turn: &mut Turn<'_>,
        from: QueueId,
        message: &Message,
        reason: Reason,
    ) {
        let queue = &self.queues[from.0 as usize];
        let (name, arguments) = (queue.name.clone(), queue.arguments());
        let set = arguments.dead_letter_exchange.0.clone();
        let exchange = ExchangeName(set.expect("a queue without one drops its dead letters"));
        let kept = &message.address.routing_key;
        let routing_key = arguments.dead_letter_routing_key.0.as_ref().unwrap_or(kept).clone();
        let Some(mut to) = self.exchanges.route(&exchange, &routing_key) else {
            turn.note(Fact::Dropped { queue: name, message: message.id, reason });
            return;
        };

        let address = Address { exchange: exchange.clone(), routing_key: routing_key.clone() };
        let copy = message.dead_lettered(&name, reason, Arc::new(address));
        to.retain(|target| !copy.would_cycle(target));
        let message = copy.id;
        self.enqueue(turn, &to, copy);
        turn.note(Fact::DeadLettered { queue: name, message, reason, exchange, routing_key, to });
    }

    /// Closes a channel because its client did what it must not.
    fn fail(&self, turn: &mut Turn<'_>, id: ChannelId, error: ProtocolError) {
        self.note_error(turn, id, &error);
        turn.errands.push_back(Errand::Channel(id, channel::Input::End));
        turn.errands.push_back(Errand::Send(id, Frame::ChannelClose(Some(error))));
    }

    fn note_error(&self, turn: &mut Turn<'_>, id: ChannelId, error: &ProtocolError) {
        let channel = self.channels.get(&id).expect("who fails a channel has it open");
        let consumer = ConsumerName(channel.connection_name().clone());
        turn.note(Fact::ChannelError { consumer, code: error.code, text: error.text.clone() });
    }
}
