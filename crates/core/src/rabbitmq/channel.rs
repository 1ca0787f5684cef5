//! A channel as the broker keeps it: delivery tags, what is outstanding, confirms, transactions.

mod acks;
mod confirms;
mod tx;

use super::config::BrokerSettings;
use super::error::ProtocolError;
use super::fact::Fact;
use super::frame::{AckMode, Consume, Frame, Tags};
use super::message::Message;
use super::node::QueueId;
use super::queue::consumers::ConsumerKey;
use super::queue::{Delivery, Settled, Settlement};
use super::topology::Request;
use crate::map::Map;
use crate::name::{ConsumerName, QueueName};
use crate::sim::{Shelf, SimDuration, SimTime};
use std::sync::Arc;

/// A channel, on the broker's side.
#[derive(Clone, Debug, Hash)]
pub struct Channel {
    /// What the client calls its connection.
    connection_name: Arc<str>,
    opened: SimTime,
    /// Everything that was ever consumed or got on it: what is outstanding refers to it.
    sources: Vec<Source>,
    /// The consumers that are not cancelled, each with its source.
    active: Map<ConsumerName, usize>,
    /// By delivery tag, from 1; empty where a delivery is settled.
    deliveries: Shelf<Option<Outstanding>>,
    unacked: u64,
    /// For consumers to come.
    prefetch_count: u32,
    /// For all consumers together; 0 is no limit.
    shared_prefetch: u32,
    confirms: Option<confirms::Confirms>,
    tx: Option<tx::Transaction>,
    /// Whether somebody will look whether a delivery is outstanding for too long.
    ticking: bool,
}

/// Where deliveries come from, and to whom they go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Source {
    /// Its name. Settling goes through queues in the order of their names.
    name: QueueName,
    to: Receiver,
    queue: QueueId,
}

/// Who a delivery went to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Receiver {
    /// A get, which is known by the delivery tag.
    Get(u64),
    /// A consumer.
    Consumer(ConsumerName),
}

/// A delivery that is not settled.
#[derive(Clone, Copy, Debug, Hash)]
struct Outstanding {
    /// Which of the sources.
    source: usize,
    /// The place in that queue that it came from.
    arrival: u64,
    /// Who has it, as the queue knows it.
    consumer: ConsumerKey,
    sent: SimTime,
}

/// Something that reached the channel.
#[derive(Clone, Debug)]
pub enum Input {
    /// From the client.
    Frame(Frame),
    /// A consumer may begin: its queue has it.
    Consuming(QueueId, QueueName, ConsumerName),
    /// From a queue: send that to the client.
    Deliver(QueueId, QueueName, Delivery),
    /// From a queue: that is what was asked for, and how many are left.
    Got(QueueId, QueueName, Delivery, u64),
    /// A publish went to so many queues.
    Routed(u64, u32),
    /// A queue took a publish, or did not.
    Confirmed(u64, bool),
    /// The queue of a consumer is gone.
    QueueGone(ConsumerName),
    /// Look whether a delivery is outstanding for too long.
    Tick(SimDuration),
    /// The channel ends, for whatever reason.
    End,
}

/// What the channel wants done. It does none of it itself.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a frame to the client.
    Send(Frame),
    /// Publish a message.
    Publish {
        /// What.
        message: Message,
        /// Whether to return it if it goes nowhere.
        mandatory: bool,
        /// Under which number it is to be confirmed.
        number: Option<u64>,
    },
    /// Register a consumer with that prefetch.
    Consume(Box<Consume>, u32),
    /// Get a message; it would have that delivery tag.
    Get(QueueName, AckMode, u64),
    /// Take a consumer off its queue.
    Cancel(QueueId, ConsumerName),
    /// Settle deliveries of one queue to one consumer.
    Settle(QueueId, Vec<Settled>, Settlement),
    /// So many deliveries to consumers were settled: the shared prefetch has room.
    Release(u32),
    /// The shared prefetch is so many from now on, and so many are outstanding.
    Share(u32, u32),
    /// Tell a queue that the channel is gone, and what it held of it.
    Leave(QueueId, Vec<Settled>),
    /// Declare, bind, delete.
    Topology(Box<Request>),
    /// Close the channel, or its connection: the client did what it must not.
    Fail(ProtocolError),
    /// Close the channel, as the client wants it.
    Close,
    /// Tell whoever watches. Changes nothing.
    Note(Fact),
}

impl Channel {
    /// A fresh channel: no prefetch, no confirms.
    #[must_use]
    pub fn new(connection_name: Arc<str>, opened: SimTime) -> Self {
        Self {
            connection_name,
            opened,
            sources: Vec::new(),
            active: Map::new(),
            deliveries: Shelf::new(),
            unacked: 0,
            prefetch_count: 0,
            shared_prefetch: 0,
            confirms: None,
            tx: None,
            ticking: false,
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

    /// Whether its consumers share a prefetch.
    #[must_use]
    pub fn shares_prefetch(&self) -> bool {
        self.shared_prefetch > 0
    }

    /// The prefetch of consumers to come; 0 is no limit.
    #[must_use]
    pub fn prefetch_count(&self) -> u32 {
        self.prefetch_count
    }

    /// Where an outstanding delivery came from: queue and place.
    #[must_use]
    pub fn origin(&self, delivery_tag: u64) -> Option<(&QueueName, u64)> {
        let it = self.outstanding(delivery_tag)?;
        Some((&self.sources[it.source].name, it.arrival))
    }

    /// All that is outstanding, by delivery tag: queue and place.
    pub fn origins(&self) -> impl Iterator<Item = (QueueId, u64)> {
        let all = self.deliveries.iter().flatten();
        all.map(|it| (self.sources[it.source].queue, it.arrival)).chain(self.waiting_origins())
    }

    /// Takes one input and says what should follow, in order.
    pub fn step(&mut self, fx: &mut Vec<Effect>, now: SimTime, input: Input) {
        match input {
            Input::Frame(frame) => self.frame(fx, frame),
            Input::Consuming(queue, name, tag) => {
                let to = Receiver::Consumer(tag.clone());
                self.sources.push(Source { name, to, queue });
                self.active.insert(tag.clone(), self.sources.len() - 1);
                fx.push(Effect::Send(Frame::ConsumeOk(tag)));
            }
            Input::Deliver(queue, name, delivery) => {
                self.deliver(fx, now, queue, name, delivery);
            }
            Input::Got(queue, name, delivery, left) => {
                self.got(fx, now, queue, name, delivery, left);
            }
            Input::Routed(number, queues) => self.routed(fx, number, queues),
            Input::Confirmed(number, taken) => self.confirmed(fx, number, taken),
            Input::QueueGone(tag) => {
                if self.active.remove(&tag).is_some() {
                    fx.push(Effect::Send(Frame::Cancel(tag)));
                }
            }
            Input::Tick(timeout) => self.tick(fx, now, timeout),
            Input::End => self.end(fx),
        }
    }

    fn frame(&mut self, fx: &mut Vec<Effect>, frame: Frame) {
        match frame {
            Frame::Publish { message, mandatory } => self.publish(fx, message, mandatory),
            Frame::ConfirmSelect => self.select_confirms(fx),
            Frame::Tx(what) => self.transact(fx, what),
            Frame::Qos { prefetch_count, global: false } => self.prefetch_count = prefetch_count,
            Frame::Qos { prefetch_count, global: true } => {
                self.shared_prefetch = prefetch_count;
                let held = u32::try_from(self.unacked).unwrap_or(u32::MAX);
                fx.push(Effect::Share(prefetch_count, held));
            }
            Frame::Topology(request) => fx.push(Effect::Topology(request)),
            Frame::Consume(wanted) => self.consume(fx, wanted),
            Frame::Get { queue, mode } => {
                fx.push(Effect::Get(queue, mode, self.deliveries.end() as u64 + 1));
            }
            Frame::Cancel(tag) => self.cancel(fx, tag),
            Frame::Ack(tags) => self.settle(fx, tags, Settlement::Ack),
            Frame::Nack(tags, fate) => self.settle(fx, tags, fate.into()),
            Frame::Reject(tag, fate) => self.settle(fx, Tags::One(tag), fate.into()),
            Frame::Recover { requeue: true } => self.recover(fx),
            Frame::Recover { requeue: false } => {
                // Source: `rabbit_channel`, `basic.recover`; case `c-recover`.
                let error = ProtocolError::not_implemented("requeue=false");
                fx.push(Effect::Fail(error));
            }
            Frame::ChannelClose(_) => fx.push(Effect::Close),
            Frame::ChannelOpen { .. } | Frame::ChannelCloseOk | Frame::ConnectionClosed => {
                unreachable!("the node opens and ends channels");
            }
            Frame::ConsumeOk(_)
            | Frame::CancelOk(_)
            | Frame::Deliver { .. }
            | Frame::GetOk { .. }
            | Frame::GetEmpty
            | Frame::Return(_)
            | Frame::ConfirmNack(_)
            | Frame::TopologyDone(_)
            | Frame::ConnectionClose(_) => {
                unreachable!("a client does not send what only a broker sends");
            }
        }
    }

    /// Source: RabbitMQ, "Consumer Prefetch": a consumer gets the prefetch that is set when it
    /// starts, and keeps it.
    fn consume(&mut self, fx: &mut Vec<Effect>, wanted: Box<Consume>) {
        if self.active.contains_key(&wanted.consumer_tag) {
            let error = ProtocolError::consumer_tag_in_use(&wanted.consumer_tag);
            fx.push(Effect::Fail(error));
            return;
        }
        fx.push(Effect::Consume(wanted, self.prefetch_count));
    }

    /// What the consumer holds stays outstanding on the channel, and can be settled.
    ///
    /// Source: case `c-cancel-classic`.
    fn cancel(&mut self, fx: &mut Vec<Effect>, tag: ConsumerName) {
        if let Some(source) = self.active.remove(&tag) {
            fx.push(Effect::Cancel(self.sources[source].queue, tag.clone()));
        }
        fx.push(Effect::Send(Frame::CancelOk(tag)));
    }

    /// Gives a delivery the channel's next tag, automatic acknowledgement or not.
    fn number(&mut self, source: usize, delivery: &Delivery, now: SimTime) -> u64 {
        let Delivery { arrival, consumer, .. } = *delivery;
        let outstanding = match delivery.mode {
            AckMode::Manual => {
                self.unacked += 1;
                Some(Outstanding { source, arrival, consumer, sent: now })
            }
            AckMode::Automatic => None,
        };
        let delivery_tag = self.deliveries.push(outstanding) as u64 + 1;
        if delivery.mode == AckMode::Automatic {
            self.forget_settled();
        }
        delivery_tag
    }

    fn deliver(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        queue: QueueId,
        name: QueueName,
        delivery: Delivery,
    ) {
        // The queue may not know yet that the consumer was cancelled.
        let to =
            |it: &Source| it.queue == queue && it.to == Receiver::Consumer(delivery.tag.clone());
        let source = self.sources.iter().rposition(to).expect("deliveries answer a basic.consume");
        let delivery_tag = self.number(source, &delivery, now);
        let Delivery { tag, mode, message, redelivered, .. } = delivery;
        fx.push(Effect::Note(Fact::Delivered {
            queue: name,
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

    fn got(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        queue: QueueId,
        name: QueueName,
        delivery: Delivery,
        message_count: u64,
    ) {
        let to = Receiver::Get(self.deliveries.end() as u64 + 1);
        self.sources.push(Source { name: name.clone(), to, queue });
        let delivery_tag = self.number(self.sources.len() - 1, &delivery, now);
        let Delivery { mode, message, redelivered, .. } = delivery;
        fx.push(Effect::Note(Fact::Delivered {
            queue: name,
            consumer: ConsumerName(self.connection_name.clone()),
            message: message.id,
            delivery_tag,
            redelivered,
            auto_ack: mode == AckMode::Automatic,
        }));
        fx.push(Effect::Send(Frame::GetOk { delivery_tag, redelivered, message_count, message }));
    }

    /// When somebody is to look whether a delivery is outstanding for too long, if that is not
    /// arranged: channels look at regular times.
    ///
    /// Source: `rabbit_channel`, `channel_tick_interval`; case `cfg-consumer-timeout-quorum`.
    pub fn next_tick(&mut self, settings: &BrokerSettings) -> Option<SimTime> {
        if self.ticking {
            return None;
        }
        let oldest = self.deliveries.iter().flatten().next()?;
        let too_long = oldest.sent + SimDuration::millis(settings.consumer_timeout_ms);
        let interval = SimDuration::millis(settings.channel_tick_interval_ms.max(1)).0;
        let intervals = (too_long.0 - self.opened.0) / interval + 1;
        self.ticking = true;
        Some(self.opened + SimDuration(intervals * interval))
    }

    /// Source: RabbitMQ, "Delivery Acknowledgement Timeout"; cases `cfg-consumer-timeout-*`.
    fn tick(&mut self, fx: &mut Vec<Effect>, now: SimTime, timeout: SimDuration) {
        self.ticking = false;
        let oldest = self.deliveries.iter().flatten().next();
        if oldest.is_some_and(|it| it.sent + timeout < now) {
            let ms = timeout.0 / 1_000;
            fx.push(Effect::Fail(ProtocolError::precondition_failed(&format!(
                "delivery acknowledgement on channel 1 timed out. Timeout value used: {ms} ms. \
                 This timeout value can be configured, see consumers doc guide to learn more"
            ))));
        }
    }

    /// Everything outstanding goes back to its queue.
    fn end(&mut self, fx: &mut Vec<Effect>) {
        self.roll_back();
        let mut queues: Map<(QueueName, QueueId), Vec<Settled>> = Map::new();
        for it in &self.sources {
            queues.get_or_default((it.name.clone(), it.queue));
        }
        for (index, it) in (self.deliveries.start()..).zip(self.deliveries.iter()) {
            let Some(Outstanding { source, arrival, consumer, .. }) = *it else { continue };
            let Source { name, queue, .. } = &self.sources[source];
            let settled = Settled { delivery_tag: index as u64 + 1, arrival, consumer };
            queues.get_or_default((name.clone(), *queue)).push(settled);
        }
        for ((_, queue), held) in queues {
            fx.push(Effect::Leave(queue, held));
        }
    }
}
