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

/// All links, made when they are first used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    settings: Links,
    links: Map<(Node, Node, Channel), Link>,
    /// Producers' connections on which something was lost: what follows is lost too, until a new
    /// one is made.
    broken: Set<(Node, Node)>,
    /// Between whom nothing passes, one direction each.
    cut: Set<(Node, Node)>,
    /// Between whom it takes so much longer, one direction each.
    slow: Map<(Node, Node), SimDuration>,
}

impl Network {
    /// A network on which nothing was sent yet.
    pub(crate) fn new(settings: Links) -> Self {
        Self { settings, links: Map::new(), broken: Set::new(), cut: Set::new(), slow: Map::new() }
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
                Channel::Data if is_producer => settings.producer,
                Channel::Data => settings.consumer,
                Channel::Coordinator => settings.coordinator,
            };
            let more = self.slow.get(&(from, to)).copied().unwrap_or_default();
            let mut link = Link::new(SimDuration(latency.0 + more.0));
            link.cut = self.cut.contains(&(from, to));
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

    /// Whether messages pass between two machines from now on, and how much longer they take
    /// than others' do.
    pub(crate) fn change(&mut self, a: Node, b: Node, cut: bool, slower_by: SimDuration) {
        for pair in [(a, b), (b, a)] {
            let before = self.slow.insert(pair, slower_by).unwrap_or_default();
            if cut {
                self.cut.insert(pair);
            } else {
                self.cut.remove(&pair);
            }
            for ((from, to, _), link) in &mut self.links {
                if (*from, *to) == pair {
                    link.latency = SimDuration(link.latency.0 - before.0 + slower_by.0);
                    link.cut = cut;
                }
            }
        }
    }

    /// Everyone who has ever talked to `node`, with the channel.
    pub(crate) fn peers(&self, node: Node) -> Vec<(Node, Channel)> {
        let to_it = self.links.keys().filter(|(_, to, _)| *to == node);
        to_it.map(|(from, _, channel)| (*from, *channel)).collect()
    }
}
