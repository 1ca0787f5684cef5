//! A channel as the broker keeps it: delivery tags, what is outstanding, and confirms.

use super::fact::Fact;
use super::frame::{AckMode, Fate, Frame, ProtocolError, Tags};
use super::message::Message;
use super::queue::{Delivery, Settled, Settlement};
use crate::map::{Map, Set};
use crate::name::{ConsumerName, QueueName};
use crate::sim::Shelf;
use std::sync::Arc;

/// A channel, on the broker's side.
#[derive(Clone, Debug, Hash)]
pub struct Channel {
    /// What the client calls its connection.
    connection_name: Arc<str>,
    /// Everything that was ever consumed on it: what is outstanding refers to it.
    subscriptions: Vec<Subscription>,
    /// The tags of the consumers that are not cancelled.
    active: Set<ConsumerName>,
    /// By delivery tag, from 1; empty where a delivery is settled.
    deliveries: Shelf<Option<Outstanding>>,
    unacked: u64,
    /// For consumers to come.
    prefetch_count: u32,
    /// The number of the next publish, if publishes are confirmed.
    next_publish: Option<u64>,
}

/// A consumer that was started on the channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subscription {
    /// Its queue.
    pub queue: QueueName,
    /// Its consumer tag.
    pub tag: ConsumerName,
}

/// A delivery that is not settled.
#[derive(Clone, Copy, Debug, Hash)]
struct Outstanding {
    /// Which of the subscriptions it went to.
    subscription: usize,
    /// The place in that queue that it came from.
    arrival: u64,
}

/// Something that reached the channel.
#[derive(Clone, Debug)]
pub enum Input {
    /// From the client.
    Frame(Frame),
    /// From a queue: send that to the client.
    Deliver(QueueName, Delivery),
    /// The channel ends, for whatever reason.
    End,
}

/// What the channel wants done. It does none of it itself.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a frame to the client.
    Send(Frame),
    /// Publish a message, and confirm it under that number when the queues have it.
    Publish(Message, Option<u64>),
    /// Register a consumer.
    Consume(Subscription, AckMode, u32),
    /// Take a consumer off its queue.
    Cancel(Subscription),
    /// Settle deliveries of one queue to one consumer.
    Settle(QueueName, Vec<Settled>, Settlement),
    /// Tell a queue that the channel is gone, and what it held of it.
    Leave(QueueName, Vec<u64>),
    /// Close the channel: the client did what it must not.
    Fail(ProtocolError),
    /// Close the connection: the client did what it must not at all.
    FailConnection(ProtocolError),
    /// Close the channel, as the client wants it.
    Close,
    /// Tell whoever watches. Changes nothing.
    Note(Fact),
}

impl Channel {
    /// A fresh channel: no prefetch, no confirms.
    #[must_use]
    pub fn new(connection_name: Arc<str>) -> Self {
        Self {
            connection_name,
            subscriptions: Vec::new(),
            active: Set::new(),
            deliveries: Shelf::new(),
            unacked: 0,
            prefetch_count: 0,
            next_publish: None,
        }
    }

    /// What the client calls its connection.
    #[must_use]
    pub fn connection_name(&self) -> &Arc<str> {
        &self.connection_name
    }

    /// How many deliveries are outstanding.
    #[must_use]
    pub fn unacked(&self) -> u64 {
        self.unacked
    }

    /// Where an outstanding delivery came from: queue and place.
    #[must_use]
    pub fn origin(&self, delivery_tag: u64) -> Option<(&QueueName, u64)> {
        let it = self.outstanding(delivery_tag)?;
        Some((&self.subscriptions[it.subscription].queue, it.arrival))
    }

    /// All that is outstanding, by delivery tag: queue and place.
    pub fn origins(&self) -> impl Iterator<Item = (&QueueName, u64)> {
        self.deliveries
            .iter()
            .flatten()
            .map(|it| (&self.subscriptions[it.subscription].queue, it.arrival))
    }

    /// Takes one input and says what should follow, in order.
    pub fn step(&mut self, fx: &mut Vec<Effect>, input: Input) {
        match input {
            Input::Frame(frame) => self.frame(fx, frame),
            Input::Deliver(queue, delivery) => self.deliver(fx, queue, delivery),
            Input::End => self.end(fx),
        }
    }

    fn frame(&mut self, fx: &mut Vec<Effect>, frame: Frame) {
        match frame {
            Frame::Publish(message) => self.publish(fx, message),
            Frame::ConfirmSelect => self.next_publish = self.next_publish.or(Some(1)),
            Frame::Qos { prefetch_count } => self.prefetch_count = prefetch_count,
            Frame::Consume { queue, consumer_tag, mode } => {
                self.consume(fx, queue, consumer_tag, mode);
            }
            Frame::Cancel(tag) => self.cancel(fx, tag),
            Frame::Ack(tags) => self.settle(fx, tags, Settlement::Ack),
            Frame::Nack(tags, fate) => self.settle(fx, tags, fate.into()),
            Frame::Reject(tag, fate) => self.settle(fx, Tags::One(tag), fate.into()),
            Frame::ChannelClose(_) => fx.push(Effect::Close),
            Frame::ChannelOpen { .. } | Frame::ChannelCloseOk | Frame::ConnectionClosed => {
                unreachable!("the node opens and ends channels");
            }
            Frame::ConsumeOk(_)
            | Frame::CancelOk(_)
            | Frame::Deliver { .. }
            | Frame::ConnectionClose(_) => {
                unreachable!("a client does not send what only a broker sends");
            }
        }
    }

    /// Source: RabbitMQ, "Publisher Confirms": numbers begin at 1 with `confirm.select`; case
    /// `p-confirm`.
    fn publish(&mut self, fx: &mut Vec<Effect>, message: Message) {
        let number = self.next_publish;
        self.next_publish = number.map(|it| it + 1);
        fx.push(Effect::Publish(message, number));
    }

    /// Source: RabbitMQ, "Consumer Prefetch": a consumer gets the prefetch that is set when it
    /// starts, and keeps it.
    fn consume(
        &mut self,
        fx: &mut Vec<Effect>,
        queue: QueueName,
        tag: ConsumerName,
        mode: AckMode,
    ) {
        if self.active.contains(&tag) {
            fx.push(Effect::FailConnection(ProtocolError::consumer_tag_in_use(&tag)));
            return;
        }
        self.active.insert(tag.clone());
        let subscription = Subscription { queue, tag };
        if !self.subscriptions.contains(&subscription) {
            self.subscriptions.push(subscription.clone());
        }
        fx.push(Effect::Consume(subscription, mode, self.prefetch_count));
    }

    /// What the consumer holds stays outstanding on the channel, and can be settled.
    ///
    /// Source: case `c-cancel-classic`.
    fn cancel(&mut self, fx: &mut Vec<Effect>, tag: ConsumerName) {
        if self.active.remove(&tag) {
            let mine = self.subscriptions.iter().filter(|it| it.tag == tag);
            fx.extend(mine.cloned().map(Effect::Cancel));
        }
        fx.push(Effect::Send(Frame::CancelOk(tag)));
    }

    /// Gives a delivery the channel's next tag, automatic acknowledgement or not.
    fn deliver(&mut self, fx: &mut Vec<Effect>, queue: QueueName, delivery: Delivery) {
        let Delivery { channel: _, tag, mode, arrival, message, redelivered } = delivery;
        let place = |it: &Subscription| it.queue == queue && it.tag == tag;
        let subscription =
            self.subscriptions.iter().position(place).expect("deliveries answer a basic.consume");
        let outstanding = match mode {
            AckMode::Manual => {
                self.unacked += 1;
                Some(Outstanding { subscription, arrival })
            }
            AckMode::Automatic => None,
        };
        let delivery_tag = self.deliveries.push(outstanding) as u64 + 1;
        if mode == AckMode::Automatic {
            self.forget_settled();
        }
        fx.push(Effect::Note(Fact::Delivered {
            queue,
            consumer: tag.clone(),
            message: message.id,
            delivery_tag,
            redelivered,
            auto_ack: mode == AckMode::Automatic,
        }));
        fx.push(Effect::Send(Frame::Deliver {
            consumer_tag: tag,
            delivery_tag,
            redelivered,
            message,
        }));
    }

    /// Settles one delivery, or all up to one, which has to be outstanding itself.
    ///
    /// Source: `rabbit_channel`, `collect_acks`; cases `c-unknown-tag-classic`,
    /// `c-ack-multiple-classic`.
    fn settle(&mut self, fx: &mut Vec<Effect>, tags: Tags, how: Settlement) {
        match tags {
            Tags::UpTo(0) => self.settle_all(fx, self.deliveries.end() as u64, how),
            Tags::One(tag) | Tags::UpTo(tag) if self.outstanding(tag).is_none() => {
                fx.push(Effect::Fail(ProtocolError::unknown_delivery_tag(tag)));
            }
            Tags::UpTo(tag) => self.settle_all(fx, tag, how),
            Tags::One(tag) => {
                if let Some((subscription, settled)) = self.take(tag) {
                    let queue = self.subscriptions[subscription].queue.clone();
                    fx.push(Effect::Settle(queue, vec![settled], how));
                }
                self.forget_settled();
            }
        }
    }

    /// Settles all that is outstanding up to a tag, group by group: a group is one queue and one
    /// consumer, and groups go in the order of these names.
    ///
    /// Source: `rabbit_channel`, `foreach_per_queue`.
    fn settle_all(&mut self, fx: &mut Vec<Effect>, last: u64, how: Settlement) {
        let mut groups: Map<Subscription, Vec<Settled>> = Map::new();
        for tag in self.deliveries.start() as u64 + 1..=last {
            if let Some((subscription, settled)) = self.take(tag) {
                let subscription = self.subscriptions[subscription].clone();
                groups.get_or_default(subscription).push(settled);
            }
        }
        self.forget_settled();
        for (subscription, settled) in groups {
            fx.push(Effect::Settle(subscription.queue, settled, how));
        }
    }

    /// Takes out a delivery that is outstanding: to which subscription it went, and what it is.
    fn take(&mut self, delivery_tag: u64) -> Option<(usize, Settled)> {
        self.outstanding(delivery_tag)?;
        let it = self.deliveries.get_mut(index(delivery_tag))?.take()?;
        self.unacked -= 1;
        Some((it.subscription, Settled { delivery_tag, arrival: it.arrival }))
    }

    /// Everything outstanding goes back to its queue.
    fn end(&mut self, fx: &mut Vec<Effect>) {
        let mut queues: Map<QueueName, Vec<u64>> =
            self.subscriptions.iter().map(|it| (it.queue.clone(), Vec::new())).collect();
        for it in self.deliveries.iter().flatten() {
            let queue = &self.subscriptions[it.subscription].queue;
            queues.get_or_default(queue.clone()).push(it.arrival);
        }
        for (queue, held) in queues {
            fx.push(Effect::Leave(queue, held));
        }
    }

    fn outstanding(&self, delivery_tag: u64) -> Option<&Outstanding> {
        self.deliveries.get(index(delivery_tag))?.as_ref()
    }

    /// Forgets settled deliveries before the first that is not.
    fn forget_settled(&mut self) {
        let mut first = self.deliveries.start();
        while matches!(self.deliveries.get(first), Some(None)) {
            first += 1;
        }
        self.deliveries.forget_before(first);
    }
}

/// The index of a delivery tag. Tag 0 has none.
fn index(delivery_tag: u64) -> usize {
    let before = delivery_tag.wrapping_sub(1);
    usize::try_from(before).unwrap_or(usize::MAX)
}

impl From<Fate> for Settlement {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Requeue => Self::Requeue,
            Fate::Discard => Self::Reject,
        }
    }
}
