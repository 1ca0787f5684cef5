//! The client library in a consumer's process: its channel, and the buffer of what arrived.
//!
//! It knows nothing of the application that takes messages out.

use super::config;
use super::error::ProtocolError;
use super::frame::{AckMode, ChannelId, ClientId, ConnectionId, Consume, Fate, Frame, Tags};
use super::message::Message;
use super::queue::Settlement;
use super::topology::Request;
use crate::name::{ConsumerName, QueueName};
use crate::sim::Shelf;
use crate::workload::MessageId;
use std::collections::VecDeque;
use std::sync::Arc;

/// The client library with one channel, on which it consumes from one queue.
///
/// Simplified: it opens its channel, sets its prefetch and starts its consumer in one go, without
/// waiting for the answer to each.
#[derive(Clone, Debug, Hash)]
pub struct Client {
    name: ConsumerName,
    queue: QueueName,
    settings: config::ConsumerSettings,
    /// What it declares before it begins.
    declares: Arc<[Request]>,
    channel: ChannelId,
    state: State,
    /// Arrived and not taken, first to last.
    buffer: Shelf<Delivery>,
    /// Whether deliveries keep what came, because it may be published again.
    keeps_copies: bool,
    /// Which number the next publish has on the channel.
    next_number: u64,
    /// What was published and is not confirmed, in the order of its numbers.
    unconfirmed: VecDeque<Outgoing>,
    /// Why the broker closed the last channel, if it did and nothing was settled since.
    error: Option<ProtocolError>,
}

/// How the channel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// There is none.
    Closed,
    /// It is being opened: nobody has answered yet.
    Opening,
    /// Messages arrive.
    Consuming,
    /// It is being closed.
    Closing(Afterwards),
}

/// What comes after a channel is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Afterwards {
    /// Nothing.
    Stay,
    /// Another channel.
    Reopen,
}

/// A publish that waits for its confirm.
#[derive(Clone, Debug, Hash)]
struct Outgoing {
    number: u64,
    /// The delivery to settle then, if it is not settled already.
    settles: Option<u64>,
    message: MessageId,
    /// Whether it came back because no queue took it.
    returned: bool,
}

/// A message that arrived at the client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// The channel it came on.
    pub channel: ChannelId,
    /// Its number there.
    pub tag: u64,
    /// Which message.
    pub message: MessageId,
    /// All of it, if it may be published again.
    pub copy: Option<Arc<Message>>,
}

/// Something that reached the library.
#[derive(Clone, Debug)]
pub enum Input {
    /// A new process opens a connection and consumes.
    Connect,
    /// From the broker, on a channel.
    Frame(ChannelId, Frame),
    /// The application settles a delivery.
    Settle(Delivery, Settlement),
    /// The application acknowledges a delivery and all before it.
    AckUpTo(Delivery),
    /// The application publishes a message that it received, and says whether the delivery is to
    /// be acknowledged when that is confirmed.
    Publish(Delivery, Box<Message>, bool),
    /// Cancel the consumer and consume anew with these settings.
    Reset(config::ConsumerSettings),
    /// Close the channel.
    Close(Afterwards),
    /// The process is gone.
    Die,
}

/// What the library wants done. It does none of it itself.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a frame to the broker.
    Send(ChannelId, Frame),
    /// A message arrived in the buffer.
    Received(MessageId),
    /// A message will never come out of the buffer.
    Discarded(MessageId),
    /// What was published is confirmed.
    Confirmed(MessageId),
    /// The channel is no more; what it delivered cannot be settled any longer.
    ChannelGone,
}

impl Client {
    /// A client that is not connected, of the consumer with that number.
    #[must_use]
    pub fn new(number: u16, config: &config::Consumer, declares: Arc<[Request]>) -> Self {
        let connection = ConnectionId { client: ClientId::Consumer(number), life: 0 };
        let channel = ChannelId { connection, number: 0 };
        Self {
            name: config.name.clone(),
            queue: config.queue.clone(),
            settings: config.settings.clone(),
            declares,
            keeps_copies: config.is_publishing(),
            next_number: 1,
            unconfirmed: VecDeque::new(),
            channel,
            state: State::Closed,
            buffer: Shelf::new(),
            error: None,
        }
    }

    /// The channel it uses or used last.
    #[must_use]
    pub fn channel(&self) -> ChannelId {
        self.channel
    }

    /// How the channel stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Why the broker closed the last channel, if it did and nothing was settled since.
    #[must_use]
    pub fn error(&self) -> Option<&ProtocolError> {
        self.error.as_ref()
    }

    /// What arrived and was not taken, first to last.
    #[must_use]
    pub fn buffer(&self) -> &Shelf<Delivery> {
        &self.buffer
    }

    /// Takes the next message out of the buffer.
    pub fn take(&mut self) -> Option<Delivery> {
        let first = self.buffer.start();
        let delivery = self.buffer.get(first)?.clone();
        self.buffer.forget_before(first + 1);
        Some(delivery)
    }

    /// Takes one input and says what should follow, in order.
    pub fn step(&mut self, fx: &mut Vec<Effect>, input: Input) {
        match input {
            Input::Connect => self.connect(fx),
            Input::Frame(channel, frame) => self.frame(fx, channel, frame),
            Input::Settle(delivery, how) => self.settle(fx, delivery, how),
            Input::AckUpTo(delivery) => self.ack_up_to(fx, delivery),
            Input::Publish(delivery, message, settles) => {
                self.publish(fx, &delivery, *message, settles);
            }
            Input::Reset(settings) => self.reset(fx, settings),
            Input::Close(afterwards) => self.close(fx, afterwards),
            Input::Die => self.die(fx),
        }
    }

    fn connect(&mut self, fx: &mut Vec<Effect>) {
        if self.channel.number > 0 {
            self.channel.connection.life += 1;
            self.channel.number = 0;
        }
        self.open(fx);
    }

    fn open(&mut self, fx: &mut Vec<Effect>) {
        self.channel.number += 1;
        self.state = State::Opening;
        self.next_number = 1;
        fx.push(Effect::Send(
            self.channel,
            Frame::ChannelOpen { connection_name: self.name.0.clone() },
        ));
        if self.keeps_copies {
            fx.push(Effect::Send(self.channel, Frame::ConfirmSelect));
        }
        self.consume(fx);
    }

    fn consume(&self, fx: &mut Vec<Effect>) {
        let mode = if self.settings.auto_ack { AckMode::Automatic } else { AckMode::Manual };
        let config::ConsumerSettings { prefetch_count, global, exclusive, .. } = self.settings;
        let (queue, consumer_tag) = (self.queue.clone(), self.name.clone());
        let arguments = self.settings.arguments();
        let consume = Consume { queue, consumer_tag, mode, exclusive, arguments };
        let mut send = |frame| fx.push(Effect::Send(self.channel, frame));
        for request in &*self.declares {
            send(Frame::Topology(Box::new(request.clone())));
        }
        send(Frame::Qos { prefetch_count, global });
        send(Frame::Consume(Box::new(consume)));
    }

    fn frame(&mut self, fx: &mut Vec<Effect>, channel: ChannelId, frame: Frame) {
        // A channel that is being closed takes nothing but the end of the close.
        // Source: AMQP 0-9-1, `channel.close`.
        let open = matches!(self.state, State::Opening | State::Consuming);
        let current = channel == self.channel;
        match frame {
            Frame::Deliver { message, .. } if !(open && current) => {
                fx.push(Effect::Discarded(message.id));
            }
            Frame::Deliver { delivery_tag: tag, message, .. } => {
                let id = message.id;
                let copy = self.keeps_copies.then(|| Arc::new(message));
                self.buffer.push(Delivery { channel, tag, message: id, copy });
                fx.push(Effect::Received(id));
            }
            Frame::ConsumeOk(_) if open && current => self.state = State::Consuming,
            Frame::ChannelCloseOk if current => {
                if let State::Closing(afterwards) = self.state {
                    self.closed(fx, afterwards);
                }
            }
            Frame::ChannelClose(why) if open && current => {
                self.error = why;
                fx.push(Effect::Send(channel, Frame::ChannelCloseOk));
                self.lose_channel(fx);
                // What was refused at once would be refused again.
                let refused = self.state == State::Opening;
                self.closed(fx, if refused { Afterwards::Stay } else { Afterwards::Reopen });
            }
            // A connection of its own for the next channel.
            Frame::ConnectionClose(why) if open && current => {
                self.error = Some(why);
                self.lose_channel(fx);
                self.connect(fx);
            }
            Frame::Ack(tags) if open && current => self.confirmed(fx, tags),
            Frame::ConfirmNack(number) if open && current => {
                if let Some(it) = self.answered(number) {
                    self.give_back(fx, &it);
                }
            }
            Frame::Return(message) if open && current => {
                let mut waiting = self.unconfirmed.iter_mut();
                if let Some(it) = waiting.find(|it| it.message == message.id && !it.returned) {
                    it.returned = true;
                }
            }
            Frame::Ack(_)
            | Frame::ConfirmNack(_)
            | Frame::Return(_)
            | Frame::ConsumeOk(_)
            | Frame::ConnectionClose(_)
            | Frame::CancelOk(_)
            | Frame::Cancel(_)
            | Frame::ChannelCloseOk
            | Frame::ChannelClose(_)
            | Frame::TopologyDone(_) => {}
            Frame::ChannelOpen { .. }
            | Frame::ConnectionClosed
            | Frame::ConfirmSelect
            | Frame::Tx(_)
            | Frame::Topology(_)
            | Frame::Publish { .. }
            | Frame::Get { .. }
            | Frame::GetOk { .. }
            | Frame::GetEmpty
            | Frame::Recover { .. }
            | Frame::Qos { .. }
            | Frame::Consume(_)
            | Frame::Nack(..)
            | Frame::Reject(..) => unreachable!("a broker does not send that to a consumer"),
        }
    }

    fn settle(&mut self, fx: &mut Vec<Effect>, delivery: Delivery, how: Settlement) {
        self.error = None;
        let frame = match how {
            Settlement::Ack => Frame::Ack(Tags::One(delivery.tag)),
            Settlement::Requeue => Frame::Nack(Tags::One(delivery.tag), Fate::Requeue),
            Settlement::Reject => Frame::Reject(delivery.tag, Fate::Discard),
        };
        assert!(delivery.channel == self.channel, "a delivery is settled on its own channel");
        fx.push(Effect::Send(delivery.channel, frame));
    }

    fn ack_up_to(&mut self, fx: &mut Vec<Effect>, delivery: Delivery) {
        self.error = None;
        assert!(delivery.channel == self.channel, "a delivery is settled on its own channel");
        fx.push(Effect::Send(delivery.channel, Frame::Ack(Tags::UpTo(delivery.tag))));
    }

    /// What it publishes is mandatory: a message that went nowhere must not be acknowledged.
    fn publish(
        &mut self,
        fx: &mut Vec<Effect>,
        delivery: &Delivery,
        message: Message,
        settles: bool,
    ) {
        let settles = settles.then_some(delivery.tag);
        let (number, id) = (self.next_number, message.id);
        self.next_number += 1;
        self.unconfirmed.push_back(Outgoing { number, settles, message: id, returned: false });
        fx.push(Effect::Send(self.channel, Frame::Publish { message, mandatory: true }));
    }

    fn answered(&mut self, number: u64) -> Option<Outgoing> {
        let place = self.unconfirmed.binary_search_by_key(&number, |it| it.number).ok()?;
        self.unconfirmed.remove(place)
    }

    fn confirmed(&mut self, fx: &mut Vec<Effect>, tags: Tags) {
        let (first, last) = match tags {
            Tags::One(number) => (number, number),
            Tags::UpTo(last) => (0, last),
        };
        while let Some(it) = self
            .unconfirmed
            .iter()
            .find(|it| (first..=last).contains(&it.number))
            .map(|it| it.number)
        {
            let Some(it) = self.answered(it) else { return };
            if it.returned {
                self.give_back(fx, &it);
                continue;
            }
            fx.extend(it.settles.map(|tag| Effect::Send(self.channel, Frame::Ack(Tags::One(tag)))));
            fx.push(Effect::Confirmed(it.message));
        }
    }

    /// What could not be published elsewhere goes back to its queue.
    fn give_back(&self, fx: &mut Vec<Effect>, it: &Outgoing) {
        if let Some(tag) = it.settles {
            let frame = Frame::Nack(Tags::One(tag), Fate::Requeue);
            fx.push(Effect::Send(self.channel, frame));
        }
    }

    /// A consumer keeps the prefetch that was set when it began, so it has to begin anew.
    ///
    /// Source: RabbitMQ, "Consumer Prefetch".
    fn reset(&mut self, fx: &mut Vec<Effect>, settings: config::ConsumerSettings) {
        self.settings = settings;
        if matches!(self.state, State::Opening | State::Consuming) {
            fx.push(Effect::Send(self.channel, Frame::Cancel(self.name.clone())));
            self.consume(fx);
        }
    }

    fn close(&mut self, fx: &mut Vec<Effect>, afterwards: Afterwards) {
        fx.push(Effect::Send(self.channel, Frame::ChannelClose(None)));
        self.state = State::Closing(afterwards);
        self.lose_channel(fx);
    }

    fn closed(&mut self, fx: &mut Vec<Effect>, afterwards: Afterwards) {
        self.state = State::Closed;
        match afterwards {
            Afterwards::Stay => {}
            Afterwards::Reopen => self.open(fx),
        }
    }

    /// The operating system tells the broker that the connection is closed.
    fn die(&mut self, fx: &mut Vec<Effect>) {
        fx.push(Effect::Send(self.channel, Frame::ConnectionClosed));
        self.error = None;
        self.state = State::Closed;
        self.lose_channel(fx);
    }

    fn lose_channel(&mut self, fx: &mut Vec<Effect>) {
        fx.push(Effect::ChannelGone);
        fx.extend(self.buffer.iter().map(|it| Effect::Discarded(it.message)));
        self.buffer = Shelf::new();
        self.unconfirmed.clear();
    }
}
