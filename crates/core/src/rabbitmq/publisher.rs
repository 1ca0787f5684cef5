//! A publisher: an application that sends its streams' messages when they are due, and waits for
//! nothing.

use super::config::{self, Destination, PublisherSettings, RoutingKey};
use super::error::ProtocolError;
use super::fact::Fact;
use super::frame::{ChannelId, ClientId, ConnectionId, Frame, Tags, Tx};
use super::message::{Address, Message, Properties};
use super::snapshot::PublisherSnapshot;
use crate::name::{ExchangeName, ProducerName};
use crate::sim::SimTime;
use crate::workload::{MessageId, Workload};
use std::collections::VecDeque;
use std::sync::Arc;

/// How many of the next messages a snapshot tells.
const NEXT_SHOWN: usize = 8;

/// How far ahead in the workload they are looked for.
const NEXT_LOOKED_THROUGH: usize = 512;

/// A publisher with its channel.
///
/// What is unconfirmed or uncommitted when a connection breaks is published again on the next one:
/// nobody knows whether the broker has it.
///
/// Source: RabbitMQ, "Reliability Guide", publishers and confirms.
///
/// Simplified: a publish is not repeated while its connection lasts, nor after the broker closed
/// the channel because of it; and a publisher sends as fast as its messages are due, whatever is
/// unconfirmed.
#[derive(Clone, Debug, Hash)]
pub struct Publisher {
    name: ProducerName,
    settings: PublisherSettings,
    workload: Workload,
    /// Where its messages go, by stream; nothing for the streams of others.
    routes: Arc<[Option<Route>]>,
    /// How many messages of each stream it has sent.
    turns: Vec<u32>,
    channel: ChannelId,
    /// Where in the workload it goes on.
    next: usize,
    /// What the next confirm number is.
    next_number: u64,
    /// What waits for its confirm, by number.
    /// In the order of their numbers.
    unconfirmed: VecDeque<(u64, Message)>,
    /// What was published since the last commit.
    uncommitted: Vec<Message>,
    /// What each answer that is to come is about: nothing, or what was committed.
    committing: VecDeque<Vec<Message>>,
    sent: u64,
    confirmed: u64,
    /// Why the broker closed the last channel, if it did and nothing was published since.
    error: Option<ProtocolError>,
}

/// Where the messages of a stream go, and what is said about them.
#[derive(Clone, Debug, Hash)]
struct Route {
    to: To,
    /// If nothing is said, as the publisher is set to.
    mandatory: Option<bool>,
    /// In turn; none: the defaults.
    properties: Vec<Option<Arc<Properties>>>,
}

/// Where the messages of a stream go.
#[derive(Clone, Debug, Hash)]
enum To {
    /// All to one address.
    Fixed(Arc<Address>),
    /// Each with its own key.
    ByKey(ExchangeName),
}

/// Something that the publisher has to deal with.
#[derive(Clone, Debug)]
pub enum Input {
    /// Its process begins.
    Start,
    /// Its next message is due.
    Due,
    /// It goes on with these settings.
    Reset(PublisherSettings),
    /// From the broker, on a channel.
    Frame(ChannelId, Frame),
}

/// What the publisher wants done. It does none of it itself.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a frame to the broker.
    Send(ChannelId, Frame),
    /// Say so when its next message is due.
    Wake(SimTime),
    /// Tell whoever watches. Changes nothing.
    Note(Fact),
}

impl Publisher {
    /// A publisher that has not begun.
    #[must_use]
    pub fn new(
        number: u16,
        config: &config::Publisher,
        destinations: &[Destination],
        workload: Workload,
    ) -> Self {
        let mine = |it: &crate::workload::Stream| it.producer == config.name;
        let routes = workload
            .streams
            .iter()
            .zip(destinations)
            .map(|(stream, to)| mine(stream).then(|| Route::new(to)))
            .collect();
        let turns = vec![0; workload.streams.len()];
        let connection = ConnectionId { client: ClientId::Publisher(number), life: 0 };
        Self {
            name: config.name.clone(),
            settings: config.settings.clone(),
            workload,
            routes,
            turns,
            channel: ChannelId { connection, number: 0 },
            next: 0,
            next_number: 1,
            unconfirmed: VecDeque::new(),
            uncommitted: Vec::new(),
            committing: VecDeque::new(),
            sent: 0,
            confirmed: 0,
            error: None,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ProducerName {
        &self.name
    }

    /// The message that a confirm is about.
    #[must_use]
    pub fn unconfirmed(&self, number: u64) -> Option<MessageId> {
        let place = self.unconfirmed.binary_search_by_key(&number, |it| it.0).ok()?;
        Some(self.unconfirmed[place].1.id)
    }

    /// Takes one input and says what should follow, in order.
    pub fn step(&mut self, fx: &mut Vec<Effect>, input: Input) {
        match input {
            Input::Start => {
                self.open_channel(fx);
                self.wait_for_next(fx);
            }
            Input::Due => {
                self.publish(fx);
                self.wait_for_next(fx);
            }
            Input::Reset(settings) => self.reset(fx, settings),
            Input::Frame(channel, frame) => self.frame(fx, channel, &frame),
        }
    }

    /// Confirms and transactions are a channel's, so it may need another.
    ///
    /// Simplified: what the old channel has not confirmed stays so.
    fn reset(&mut self, fx: &mut Vec<Effect>, settings: PublisherSettings) {
        let of = |it: &PublisherSettings| (it.confirm, it.transactional);
        let other = of(&self.settings) != of(&settings);
        self.settings = settings;
        if other {
            fx.push(Effect::Send(self.channel, Frame::ChannelClose(None)));
            self.forget();
            self.open_channel(fx);
        }
    }

    /// Whether the next answer is about something that it committed.
    #[must_use]
    pub fn is_committing(&self) -> bool {
        self.committing.front().is_some_and(|it| !it.is_empty())
    }

    /// What it is set to.
    #[must_use]
    pub fn settings(&self) -> &PublisherSettings {
        &self.settings
    }

    /// Nobody will answer any more. Tells what nobody has answered.
    fn forget(&mut self) -> Vec<Message> {
        self.next_number = 1;
        let mut unknown: Vec<Message> = self.committing.drain(..).flatten().collect();
        unknown.append(&mut self.uncommitted);
        unknown.extend(self.unconfirmed.drain(..).map(|it| it.1));
        unknown
    }

    /// The connection is gone: another, and on it again what nobody has answered.
    fn reconnect(&mut self, fx: &mut Vec<Effect>) {
        self.channel.connection.life += 1;
        self.channel.number = 0;
        let unknown = self.forget();
        self.open_channel(fx);
        for it in unknown {
            let (publisher, message) = (self.name.clone(), it.id);
            let exchange = it.address.exchange.clone();
            fx.push(Effect::Note(Fact::PublishedAgain { publisher, message, exchange }));
            self.send(fx, it);
        }
        self.commit(fx);
    }

    fn commit(&mut self, fx: &mut Vec<Effect>) {
        if !self.uncommitted.is_empty() {
            fx.push(Effect::Send(self.channel, Frame::Tx(Tx::Commit)));
            self.committing.push_back(std::mem::take(&mut self.uncommitted));
        }
    }

    fn open_channel(&mut self, fx: &mut Vec<Effect>) {
        self.channel.number += 1;
        let connection_name = self.name.0.clone();
        fx.push(Effect::Send(self.channel, Frame::ChannelOpen { connection_name }));
        if self.settings.confirm {
            fx.push(Effect::Send(self.channel, Frame::ConfirmSelect));
        }
        if self.settings.transactional {
            fx.push(Effect::Send(self.channel, Frame::Tx(Tx::Select)));
            self.committing.push_back(Vec::new());
        }
    }

    /// Moves on to its next message and waits until that is due.
    fn wait_for_next(&mut self, fx: &mut Vec<Effect>) {
        let rest = self.workload.messages.iter().skip(self.next);
        self.next += rest.take_while(|it| self.route(it).is_none()).count();
        if let Some(message) = self.workload.messages.get(self.next) {
            fx.push(Effect::Wake(message.at));
        } else {
            self.commit(fx);
        }
    }

    fn route(&self, message: &crate::workload::Message) -> Option<&Route> {
        self.routes.get(usize::from(message.stream.0))?.as_ref()
    }

    fn publish(&mut self, fx: &mut Vec<Effect>) {
        let id = MessageId::at(self.next);
        let message = self.workload.message(id);
        let stream = usize::from(message.stream.0);
        let route = self.route(message).expect("the publisher waited for a message of its own");
        let address = match &route.to {
            To::Fixed(address) => address.clone(),
            To::ByKey(exchange) => {
                let key = self.workload.key(id).unwrap_or_default();
                let routing_key = String::from_utf8_lossy(key).into();
                Arc::new(Address { exchange: exchange.clone(), routing_key })
            }
        };
        let mut copy = Message::new(id, message.size_bytes, address);
        if let Some(turn) = (self.turns[stream] as usize).checked_rem(route.properties.len()) {
            copy = copy.with_shared(route.properties[turn].clone());
        }
        self.turns[stream] += 1;
        let (publisher, exchange) = (self.name.clone(), copy.address.exchange.clone());
        fx.push(Effect::Note(Fact::Published { publisher, message: id, exchange }));
        self.send(fx, copy);
        if self.settings.commit_every <= u32::try_from(self.uncommitted.len()).unwrap_or(u32::MAX) {
            self.commit(fx);
        }
        self.next += 1;
        self.sent += 1;
        self.error = None;
    }

    fn send(&mut self, fx: &mut Vec<Effect>, message: Message) {
        let route = self.route(self.workload.message(message.id));
        let mandatory = route.and_then(|it| it.mandatory).unwrap_or(self.settings.mandatory);
        let frame = Frame::Publish { message: message.clone(), mandatory };
        fx.push(Effect::Send(self.channel, frame));
        if self.settings.confirm {
            self.unconfirmed.push_back((self.next_number, message));
            self.next_number += 1;
        } else if self.settings.transactional {
            self.uncommitted.push(message);
        }
    }

    fn frame(&mut self, fx: &mut Vec<Effect>, channel: ChannelId, frame: &Frame) {
        if channel != self.channel {
            return;
        }
        match frame {
            Frame::Ack(Tags::One(number)) => self.confirmed(fx, *number),
            Frame::Ack(Tags::UpTo(last)) => {
                while let Some((number, _)) = self.unconfirmed.front() {
                    if last < number {
                        break;
                    }
                    self.confirmed(fx, *number);
                }
            }
            Frame::ChannelClose(why) => {
                self.error.clone_from(why);
                fx.push(Effect::Send(channel, Frame::ChannelCloseOk));
                self.forget();
                self.open_channel(fx);
            }
            Frame::TopologyDone(_) => {
                for it in self.committing.pop_front().unwrap_or_default() {
                    self.taken(fx, it.id);
                }
            }
            Frame::ConnectionClosed => self.reconnect(fx),
            Frame::ConfirmNack(number) => {
                let message = self.answered(*number);
                fx.push(Effect::Note(Fact::Nacked { publisher: self.name.clone(), message }));
            }
            Frame::Return(message) => {
                let (publisher, message) = (self.name.clone(), message.id);
                fx.push(Effect::Note(Fact::Returned { publisher, message }));
            }
            // A connection of its own for the next channel.
            Frame::ConnectionClose(why) => {
                self.error = Some(why.clone());
                self.reconnect(fx);
            }
            Frame::ChannelOpen { .. }
            | Frame::ChannelCloseOk
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
            | Frame::ConsumeOk(_)
            | Frame::Cancel(_)
            | Frame::CancelOk(_)
            | Frame::Deliver { .. }
            | Frame::Nack(..)
            | Frame::Reject(..) => unreachable!("a broker does not send that to a publisher"),
        }
    }

    /// The publish with that number is answered.
    fn answered(&mut self, number: u64) -> MessageId {
        let place = self.unconfirmed.binary_search_by_key(&number, |it| it.0);
        let place = place.expect("a publish is confirmed once");
        self.unconfirmed.remove(place).expect("it was just found there").1.id
    }

    fn confirmed(&mut self, fx: &mut Vec<Effect>, number: u64) {
        let message = self.answered(number);
        self.taken(fx, message);
    }

    /// The broker has taken responsibility for a message.
    fn taken(&mut self, fx: &mut Vec<Effect>, message: MessageId) {
        self.confirmed += 1;
        let publisher = self.name.clone();
        fx.push(Effect::Note(Fact::Confirmed { publisher, message }));
    }

    /// The state at this instant.
    #[must_use]
    pub fn snapshot(&self) -> PublisherSnapshot {
        let ahead = self.workload.messages.iter().enumerate().skip(self.next);
        PublisherSnapshot {
            name: self.name.clone(),
            next: ahead
                .take(NEXT_LOOKED_THROUGH)
                .filter(|(_, it)| self.route(it).is_some())
                .take(NEXT_SHOWN)
                .map(|(index, _)| MessageId::at(index))
                .collect(),
            sent: self.sent,
            confirmed: self.confirmed,
            error: self.error.clone(),
        }
    }
}

impl Route {
    fn new(to: &Destination) -> Self {
        let exchange = to.exchange.clone();
        Self {
            to: match &to.routing_key {
                RoutingKey::Fixed(key) => {
                    To::Fixed(Arc::new(Address { exchange, routing_key: key.clone() }))
                }
                RoutingKey::MessageKey => To::ByKey(exchange),
            },
            mandatory: to.mandatory,
            properties: to.properties.iter().map(Properties::shared).collect(),
        }
    }
}
