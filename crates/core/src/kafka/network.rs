//! Who talks to whom, and over which link.

use super::BrokerId;
use super::config::Links;
use super::message::{CorrelationId, Packet};
use crate::map::{Map, Set};
use crate::sim::{Delivery, Link, Rng, SimDuration, SimTime};

/// A machine that has a place in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Node {
    /// By its place in the configuration.
    Producer(u16),
    /// By its place in the order of first starts.
    Consumer(u16),
    /// By its number.
    Broker(BrokerId),
    /// The administrator's client.
    Admin,
    /// The controller.
    Controller,
}

/// One process on a machine: a crash ends it, a restart makes the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address {
    pub(crate) node: Node,
    pub(crate) process: u32,
}

/// A client has one connection to a broker for records and one to its coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Channel {
    /// Records.
    Data,
    /// What concerns the group.
    Coordinator,
}

/// Where an answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ReplyTo {
    pub(crate) client: Address,
    pub(crate) channel: Channel,
    pub(crate) correlation: CorrelationId,
}

/// Something that arrives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Arrival {
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) channel: Channel,
    pub(crate) sent: SimTime,
    pub(crate) packet: Packet,
}

/// Whom a broker's connections lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Whom {
    /// That broker.
    Broker(BrokerId),
    /// The controller.
    Controller,
    /// Every producer and consumer, those that start later too, and the administrator.
    Clients,
}

/// How it is between a broker and someone, both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Way {
    /// Whether nothing passes.
    pub(crate) cut: bool,
    /// How much longer it takes than elsewhere.
    pub(crate) slower_by: SimDuration,
}

impl Way {
    /// Nothing passes.
    pub(crate) const CUT: Self = Self { cut: true, slower_by: SimDuration::ZERO };
}

/// The way on which two machines talk, if it is a broker's: of two brokers, that of the first.
fn way(one: Node, other: Node) -> Option<(BrokerId, Whom)> {
    Some(match (one, other) {
        (Node::Broker(one), Node::Broker(other)) => named(one, Whom::Broker(other)),
        (Node::Broker(it), Node::Controller) | (Node::Controller, Node::Broker(it)) => {
            (it, Whom::Controller)
        }
        (Node::Broker(it), Node::Producer(_) | Node::Consumer(_) | Node::Admin)
        | (Node::Producer(_) | Node::Consumer(_) | Node::Admin, Node::Broker(it)) => {
            (it, Whom::Clients)
        }
        (
            Node::Producer(_) | Node::Consumer(_) | Node::Admin | Node::Controller,
            Node::Producer(_) | Node::Consumer(_) | Node::Admin | Node::Controller,
        ) => return None,
    })
}

/// All links, made when they are first used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    settings: Links,
    links: Map<(Node, Node, Channel), Link>,
    /// Producers' connections on which something was lost: what follows is lost too, until a new
    /// one is made.
    broken: Set<(Node, Node)>,
    /// Where it is not as ever.
    ways: Map<(BrokerId, Whom), Way>,
    /// The producers whose next answer is to be lost.
    losing: Set<Node>,
}

impl Network {
    /// A network on which nothing was sent yet.
    pub(crate) fn new(settings: Links) -> Self {
        let (links, ways) = (Map::new(), Map::new());
        Self { settings, links, broken: Set::new(), ways, losing: Set::new() }
    }

    /// Sends a message and says what becomes of it. A greeting is the first on its connection.
    ///
    /// Source: TCP delivers in order or not at all, which is what a producer's sequence numbers
    /// rely on. Simplified: only between producers and brokers.
    pub(crate) fn send(
        &mut self,
        rng: &mut Rng,
        now: SimTime,
        from: Node,
        to: Node,
        channel: Channel,
        is_greeting: bool,
    ) -> Delivery {
        let settings = &self.settings;
        let link = self.links.get_or_insert_with((from, to, channel), || {
            let is_producer = matches!((from, to), (Node::Producer(_), _) | (_, Node::Producer(_)));
            let is_of_brokers = |it| matches!(it, Node::Broker(_) | Node::Controller);
            let is_within = is_of_brokers(from) && is_of_brokers(to);
            let latency = match channel {
                _ if is_within => settings.cluster,
                _ if matches!((from, to), (Node::Admin, _) | (_, Node::Admin)) => {
                    settings.coordinator
                }
                Channel::Data if is_producer => settings.producer,
                Channel::Data => settings.consumer,
                Channel::Coordinator => settings.coordinator,
            };
            let way = way(from, to).and_then(|it| self.ways.get(&it)).copied().unwrap_or_default();
            let mut link = Link::new(SimDuration(latency.0 + way.slower_by.0));
            link.cut = way.cut;
            link.jitter = settings.jitter;
            // Simplified: only what clients say can be lost; between brokers TCP mends it unseen.
            link.loss_per_million = if is_within { 0 } else { settings.loss_per_million };
            link
        });
        let delivery = link.send(rng, now);
        if !matches!((from, to), (Node::Producer(_), _) | (_, Node::Producer(_))) {
            return delivery;
        }
        if is_greeting {
            self.broken.remove(&(from, to));
            self.broken.remove(&(to, from));
        }
        let is_lost = delivery == Delivery::Lost || self.broken.contains(&(from, to));
        if is_lost {
            self.broken.insert((from, to));
            return Delivery::Lost;
        }
        delivery
    }

    /// How it is between a broker and someone.
    pub(crate) fn way(&self, broker: BrokerId, whom: Whom) -> Way {
        self.ways.get(&named(broker, whom)).copied().unwrap_or_default()
    }

    /// How it is between them from now on; answers how it was.
    pub(crate) fn change(&mut self, broker: BrokerId, whom: Whom, to: Way) -> Way {
        let named = named(broker, whom);
        let before = self.ways.insert(named, to).unwrap_or_default();
        for ((one, other, _), link) in &mut self.links {
            if way(*one, *other) == Some(named) {
                link.latency = SimDuration(link.latency.0 - before.slower_by.0 + to.slower_by.0);
                link.cut = to.cut;
            }
        }
        before
    }

    /// The next answer to what this producer sends is to be lost.
    pub(crate) fn lose_next(&mut self, producer: Node) {
        self.losing.insert(producer);
    }

    /// Whether an answer to a producer's records is the one to be lost.
    pub(crate) fn loses(&mut self, producer: Node) -> bool {
        self.losing.remove(&producer)
    }

    /// Everyone who has ever talked to `node`, with the channel.
    pub(crate) fn peers(&self, node: Node) -> Vec<(Node, Channel)> {
        let to_it = self.links.keys().filter(|(_, to, _)| *to == node);
        to_it.map(|(from, _, channel)| (*from, *channel)).collect()
    }
}

/// Under which name the way between them is kept.
fn named(broker: BrokerId, whom: Whom) -> (BrokerId, Whom) {
    match whom {
        Whom::Broker(other) => (broker.min(other), Whom::Broker(broker.max(other))),
        Whom::Controller | Whom::Clients => (broker, whom),
    }
}
