//! Taking the state to look at.

use super::{
    BindingSnapshot, Cargo, ConsumerSnapshot, ExchangeSnapshot, Flight, MemberSnapshot,
    MembersSnapshot, NodeSnapshot, Snapshot,
};
use crate::map::Set;
use crate::name::ExchangeName;
use crate::rabbitmq::broker::{Arrival, Broker, End, Event};
use crate::rabbitmq::channel::Channel;
use crate::rabbitmq::config::ExchangeType;
use crate::rabbitmq::exchange::{Exchange, PREDECLARED, Routing};
use crate::rabbitmq::frame::{ClientId, Frame, Tags};
use crate::rabbitmq::message::Message;
use crate::rabbitmq::node::QueueId;
use crate::rabbitmq::raft::Log;
use crate::sim::{SimTime, World};

/// What can be seen at this instant, with the newest `slots` places of each queue.
#[must_use]
pub fn snapshot(world: &World<Broker>, slots: usize) -> Snapshot {
    let broker = world.system();
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
    let mut bindings = bindings(broker);
    let exchanges = exchanges(world, &mut bindings);
    let queue = |(id, queue, log): (QueueId, &crate::rabbitmq::queue::Queue, Option<&Log>)| {
        let mut seen = queue.snapshot(slots);
        seen.members = log.map(|log| members(broker, id, log));
        seen
    };
    Snapshot {
        at: world.now(),
        nodes: nodes(broker),
        publishers: broker.publishers().iter().map(|it| it.snapshot()).collect(),
        exchanges,
        bindings,
        queues: broker.node().logs().map(queue).collect(),
        consumers: consumers(broker, slots),
        flights: world.pending().filter_map(in_flight).collect(),
    }
}

fn nodes(broker: &Broker) -> Vec<NodeSnapshot> {
    let members = if 1 < broker.members().len() { broker.members() } else { &[] };
    let nodes = (1..).zip(members).map(|(node, it)| NodeSnapshot { node, running: it.up });
    nodes.collect()
}

fn consumers(broker: &Broker, slots: usize) -> Vec<ConsumerSnapshot> {
    let node = broker.node();
    let mut seen = Vec::with_capacity(broker.consumers().len());
    for it in broker.consumers() {
        let channel = node.channel(it.client().channel());
        seen.push(it.snapshot(slots, channel.map_or(0, Channel::unacked)));
    }
    for (channel, standing) in node.queues().flat_map(|it| it.standings()) {
        let ClientId::Consumer(place) = channel.connection.client else { continue };
        let place = usize::from(place);
        if broker.consumers()[place].client().channel() == channel {
            seen[place].standing = standing;
        }
    }
    seen
}

/// What the members of a queue have. The leader has it all; of the others, whoever once led may
/// have more than it was ever sent.
fn members(broker: &Broker, id: QueueId, log: &Log) -> MembersSnapshot {
    let entries = log.last();
    let member = |(node, it): (u32, &crate::rabbitmq::raft::Member)| {
        let has = it.has(id).max(log.known(node));
        MemberSnapshot { node, up: it.up, has }
    };
    MembersSnapshot {
        leader: log.leader,
        entries,
        waiting: log.waiting(),
        members: (1..).zip(broker.members()).map(member).collect(),
    }
}

/// All bindings, those of the configuration first and in its order.
fn bindings(broker: &Broker) -> Vec<BindingSnapshot> {
    let mut rest = broker.node().exchanges().bindings();
    let mut all = Vec::with_capacity(rest.len());
    for told in &broker.config().bindings {
        let same = |it: &BindingSnapshot| {
            it.source == told.source
                && it.destination == told.destination
                && it.routing_key == told.routing_key
        };
        if let Some(place) = rest.iter().position(same) {
            all.push(rest.remove(place));
        }
    }
    all.append(&mut rest);
    all
}

/// The declared exchanges, and after them those beside that something refers to. Marks the
/// bindings that match the newest message of each.
fn exchanges(world: &World<Broker>, bindings: &mut [BindingSnapshot]) -> Vec<ExchangeSnapshot> {
    let broker = world.system();
    let (config, node) = (broker.config(), broker.node());
    let known = node.exchanges();
    let mut used = Set::new();
    let destinations = config.destinations.iter().map(|it| it.exchange.clone());
    used.extend(destinations.chain(bindings.iter().map(|it| it.source.clone())));
    for queue in node.queues() {
        used.extend(queue.arguments().dead_letter_exchange.0.clone().map(ExchangeName));
    }
    for name in known.names() {
        let given = PREDECLARED.iter().any(|(it, _)| *it == name.as_str());
        if !given && !name.as_str().starts_with("amq.") {
            used.insert(name.clone());
        }
        let alternate = known.get(name).and_then(Exchange::alternate);
        used.extend(alternate.map(|it| ExchangeName(it.clone())));
    }
    let declared: Vec<ExchangeName> = config.exchanges.iter().map(|it| it.name.clone()).collect();
    let others: Vec<ExchangeName> = used.into_iter().filter(|it| !declared.contains(it)).collect();
    let coming = coming(world);
    let mut shown = Vec::new();
    for name in declared.into_iter().chain(others) {
        let (kind, alternate) = match known.get(&name) {
            Some(it) => (it.kind, it.alternate().map(|it| ExchangeName(it.clone()))),
            None if name.as_str().is_empty() => (ExchangeType::Direct, None),
            None => continue,
        };
        let next = coming.iter().find(|it| it.address.exchange == name).copied();
        let newest = next.or_else(|| node.newest().get(&name));
        if let Some(message) = newest {
            let keys = message.all_keys();
            let version = config.broker.version;
            let routing = Routing { keys: &keys, headers: message.headers(), version };
            known.mark(bindings, &name, &routing);
        }
        shown.push(ExchangeSnapshot { name, kind, alternate, newest: newest.map(|it| it.id) });
    }
    shown
}

/// The messages that will reach each exchange next.
fn coming(world: &World<Broker>) -> Vec<&Message> {
    let mut coming: Vec<&Message> = Vec::new();
    for (_, event) in world.pending() {
        let Event::Arrival(Arrival { frame: Frame::Publish { message, .. }, .. }) = event else {
            continue;
        };
        if coming.iter().all(|it| it.address.exchange != message.address.exchange) {
            coming.push(message);
        }
    }
    coming
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
    // What a consumer hears about its publishes is seen by what it does then.
    let is_publisher = matches!(arrival.channel.connection.client, ClientId::Publisher(_));
    let publisher = || is_publisher.then(|| &broker.publishers()[place]);
    match (&arrival.frame, arrival.to) {
        (Frame::Publish { message, .. }, _) => {
            let (exchange, key) =
                (message.address.exchange.clone(), message.address.routing_key.clone());
            Some(match publisher() {
                Some(it) => Cargo::Publish(it.name().clone(), exchange, key, message.id),
                None => Cargo::Forward(consumer().0, exchange, key, message.id),
            })
        }
        (Frame::Return(message), _) => {
            let publisher = publisher()?.name().clone();
            Some(Cargo::Unroutable(message.address.exchange.clone(), publisher, message.id))
        }
        (Frame::Deliver { message, .. }, _) => {
            let (consumer, queue) = consumer();
            Some(Cargo::Deliver(queue, consumer, message.id))
        }
        (Frame::Ack(Tags::One(number) | Tags::UpTo(number)), End::Client) => {
            let publisher = publisher()?;
            Some(Cargo::Confirm(publisher.name().clone(), publisher.unconfirmed(*number)?))
        }
        (Frame::ConfirmNack(number), _) => {
            let publisher = publisher()?;
            Some(Cargo::Refusal(publisher.name().clone(), publisher.unconfirmed(*number)?))
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
