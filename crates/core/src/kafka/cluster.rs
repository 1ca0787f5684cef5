//! The system as a whole: it owns the machines and carries what they say to one another.
//!
//! No machine calls another. What one wants said becomes an [`Event`] at the other's end of a
//! link, or is lost on it; when a machine has something to do by itself, it is woken.

mod alarm;
mod commands;
mod settings;

use super::admin::{self, Admin, AdminReturn};
use super::broker::{self, Broker};
use super::call::ByHand;
use super::command::Command;
use super::config::Config;
use super::consumer::{self, Consumer};
use super::controller::{self, CONTROLLER, Controller};
use super::fact::{ClusterFact, Fact};
use super::message::{Packet, Request};
use super::metadata::Metadata;
use super::metadata::description::TopicDescription;
use super::network::{Address, Arrival, Channel, Network, Node, ReplyTo};
use super::passed_on::Store;
use super::producer::{self, Producer, Sent};
use super::view::ProducerView;
use super::{BrokerId, TopicPartition, config};
use crate::map::Map;
use crate::name::{ConsumerName, GroupId, ProducerName, TopicName};
use crate::sim::{Cx, Delivery, SimTime, System};
use crate::workload::Workload;
use alarm::Alarm;
use std::sync::Arc;

/// A cluster with its clients.
#[derive(Clone, Debug, Hash)]
pub struct Cluster {
    config: Config,
    workload: Workload,
    /// What everyone knew at the beginning.
    bootstrap: Arc<Metadata>,
    controller: Place<Controller>,
    network: Network,
    producers: Vec<Place<Producer>>,
    consumers: Vec<Place<Consumer>>,
    /// Of consumers that have a producer in their process, which that is.
    own_producers: Map<u16, u16>,
    /// What the applications of each group remember beyond their processes.
    stores: Map<GroupId, Store>,
    brokers: Vec<Place<Broker>>,
    admin: Place<Admin>,
}

/// A machine and what the cluster keeps of it.
#[derive(Clone, Debug, Hash)]
struct Place<M> {
    machine: M,
    /// Which of its processes runs, or ran last.
    process: u32,
    alarm: Alarm,
}

/// What is due at an instant.
#[derive(Clone, Debug, Hash)]
pub struct Event(Due);

#[derive(Clone, Debug, Hash)]
enum Due {
    /// A message reaches its end.
    Arrival(Box<Arrival>),
    /// A machine has something to do.
    Wake(Address),
    /// A consumer of the configuration starts.
    Start(u16),
}

impl Event {
    /// The message, if it is one that arrives.
    pub(super) fn arrival(&self) -> Option<&Arrival> {
        match &self.0 {
            Due::Arrival(arrival) => Some(arrival),
            Due::Wake(_) | Due::Start(_) => None,
        }
    }
}

impl Cluster {
    /// A cluster that has not begun yet, with the messages it will be given.
    #[must_use]
    pub fn new(config: Config, workload: Workload) -> Self {
        let metadata = Arc::new(Metadata::new(&config));
        let producers = config.producers.iter().map(|it| {
            let (name, settings) = (it.name.clone(), it.settings.clone());
            let (metadata, workload) = (metadata.clone(), workload.clone());
            let mut producer =
                Producer::new(name, settings, metadata, workload, &config.destinations);
            if let Some(transactions) = &it.transactions {
                producer.transact_by_itself(transactions);
            }
            Place::new(producer)
        });
        let brokers = metadata.broker_ids().map(|id| {
            let settings = config.broker_settings.clone();
            Place::new(Broker::new(id, settings, metadata.clone(), workload.clone()))
        });
        let consumers = config
            .consumers
            .iter()
            .map(|it| Place::new(Consumer::new(it.clone(), metadata.clone(), workload.clone())));
        Self {
            producers: producers.collect(),
            brokers: brokers.collect(),
            consumers: consumers.collect(),
            own_producers: Map::new(),
            stores: Map::new(),
            admin: Place::new(Admin::new(metadata.brokers, workload.clone())),
            controller: Place::new(Controller::new(
                config.broker_settings.clone(),
                metadata.clone(),
            )),
            network: Network::new(config.links.clone()),
            config,
            workload,
            bootstrap: metadata,
        }
    }

    /// What it was set up with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The messages it is given.
    #[must_use]
    pub fn workload(&self) -> &Workload {
        &self.workload
    }

    /// How many calls of the administrator's client have returned, and what the last one did.
    #[must_use]
    pub fn admin_returned(&self) -> (u64, Option<&AdminReturn>) {
        self.admin.machine.returned()
    }

    /// How many calls of a producer about transactions have returned, and what the last one did:
    /// the name of the protocol's error or of the client's exception if it failed.
    #[must_use]
    pub fn transacted(&self, producer: &ProducerName) -> (u64, Option<Result<(), &'static str>>) {
        let it = self.producers().find(|it| it.name() == producer);
        it.map_or((0, None), Producer::transacted)
    }

    /// The producers that a broker's replica of a partition knows, or its leader's, in the order
    /// of their ids; none if it has no replica.
    #[must_use]
    pub fn producers_known(
        &self,
        broker: Option<BrokerId>,
        partition: &TopicPartition,
    ) -> Option<Vec<ProducerView>> {
        let broker = broker.or_else(|| self.metadata().leader(partition))?;
        let log = self.broker(broker).log(partition)?;
        Some(log.producers().views().collect())
    }

    /// What became of the records that were handed to a producer with [`Command::Send`], in the
    /// order in which it came to know, from number `after` on.
    pub fn sent(&self, producer: &ProducerName, after: usize) -> impl Iterator<Item = &Sent> {
        let it = self.producers().find(|it| it.name() == producer);
        it.into_iter().flat_map(move |it| it.outcomes(after))
    }

    /// A consumer that is driven by hand, by its name.
    #[must_use]
    pub fn by_hand(&self, name: &ConsumerName) -> Option<ByHand<'_>> {
        let mut consumers = self.consumers();
        let consumer = consumers.find(|it| it.setup().name == *name)?;
        (consumer.setup().application == config::Application::Manual).then(|| ByHand::new(consumer))
    }

    /// A topic as the administrator's client describes it, if it exists.
    #[must_use]
    pub fn describe_topic(&self, name: &TopicName) -> Option<TopicDescription> {
        self.metadata().describe(name)
    }

    /// How things are, as the controller knows.
    pub(super) fn metadata(&self) -> &Metadata {
        self.controller.machine.metadata()
    }

    pub(super) fn network(&self) -> &Network {
        &self.network
    }

    pub(super) fn producers(&self) -> impl Iterator<Item = &Producer> {
        self.producers.iter().map(|it| &it.machine)
    }

    pub(super) fn consumers(&self) -> impl Iterator<Item = &Consumer> {
        self.consumers.iter().map(|it| &it.machine)
    }

    pub(super) fn brokers(&self) -> impl Iterator<Item = &Broker> {
        self.brokers.iter().map(|it| &it.machine)
    }

    pub(super) fn broker(&self, id: BrokerId) -> &Broker {
        &self.brokers[broker_place(id)].machine
    }

    pub(super) fn producer(&self, place: u16) -> &Producer {
        &self.producers[usize::from(place)].machine
    }

    pub(super) fn consumer(&self, place: u16) -> &Consumer {
        &self.consumers[usize::from(place)].machine
    }

    /// The producer in the process of a consumer.
    pub(super) fn own_producer(&self, consumer: usize) -> Option<&Producer> {
        let place = self.own_producers.get(&u16::try_from(consumer).ok()?)?;
        Some(self.producer(*place))
    }

    fn place_of(&self, node: Node) -> u32 {
        match node {
            Node::Producer(place) => self.producers[usize::from(place)].process,
            Node::Consumer(place) => self.consumers[usize::from(place)].process,
            Node::Broker(id) => self.brokers[broker_place(id)].process,
            Node::Admin => self.admin.process,
            Node::Controller => self.controller.process,
        }
    }

    fn address(&self, node: Node) -> Address {
        Address { node, process: self.place_of(node) }
    }

    /// Whether that process is there to hear anything.
    fn hears(&self, address: Address) -> bool {
        let runs = match address.node {
            Node::Producer(place) => self.producer(place).is_running(),
            Node::Admin | Node::Controller => true,
            Node::Consumer(place) => self.consumer(place).process().is_some(),
            Node::Broker(id) => self.broker(id).is_running(),
        };
        runs && self.place_of(address.node) == address.process
    }

    /// Whether it takes requests.
    fn serves(&self, address: Address) -> bool {
        match address.node {
            Node::Broker(id) => self.broker(id).is_open(),
            Node::Producer(_) | Node::Consumer(_) | Node::Admin | Node::Controller => true,
        }
    }

    fn step_producer(&mut self, cx: &mut Cx<'_, Self>, place: u16, input: producer::Input) {
        let (now, mut fx) = (cx.now(), Vec::new());
        let it = &mut self.producers[usize::from(place)];
        it.machine.step(&mut fx, now, &mut cx.seeds.placement, input);
        let due = it.alarm.set(now, it.machine.due());
        let from = self.address(Node::Producer(place));
        wake(cx, from, due);
        for effect in fx {
            match effect {
                producer::Effect::Note(fact) => cx.note(fact),
                producer::Effect::Told(result) => {
                    let own = self.own_producers.iter().find(|(_, it)| **it == place);
                    let consumer = own.map(|(consumer, _)| *consumer);
                    let consumer = consumer.expect("only a consumer's producer tells it anything");
                    self.step_consumer(cx, consumer, consumer::Input::Told(result));
                }
                producer::Effect::Send(to, correlation, request) => {
                    let packet = Packet::Request(correlation, request);
                    self.send(cx, from, self.address(Node::Broker(to)), Channel::Data, packet);
                }
            }
        }
        self.renew_producer(cx, place);
    }

    fn step_consumer(&mut self, cx: &mut Cx<'_, Self>, place: u16, input: consumer::Input) {
        let (now, mut fx) = (cx.now(), Vec::new());
        let it = &mut self.consumers[usize::from(place)];
        let store = self.stores.get_or_insert_with(it.machine.setup().group_name(), Store::default);
        std::mem::swap(store, &mut it.machine.store);
        it.machine.step(&mut fx, now, input);
        std::mem::swap(store, &mut it.machine.store);
        let due = it.alarm.set(now, it.machine.due());
        let from = self.address(Node::Consumer(place));
        wake(cx, from, due);
        for effect in fx {
            match effect {
                consumer::Effect::Note(fact) => cx.note(fact),
                consumer::Effect::Produce(call) => {
                    let own = self.own_producers.get(&place).copied();
                    let own = own.expect("who calls a producer has one");
                    self.step_producer(cx, own, producer::Input::Call(call));
                }
                consumer::Effect::Send(to, channel, correlation, request) => {
                    let packet = Packet::Request(correlation, request);
                    self.send(cx, from, self.address(Node::Broker(to)), channel, packet);
                }
            }
        }
        self.end_own_producer(cx, place);
        self.renew_consumer(cx, place);
    }

    fn step_broker(&mut self, cx: &mut Cx<'_, Self>, id: BrokerId, input: broker::Input) {
        let (now, mut fx) = (cx.now(), Vec::new());
        let it = &mut self.brokers[broker_place(id)];
        it.machine.step(&mut fx, now, &mut cx.seeds.names, input);
        let due = it.alarm.set(now, it.machine.due());
        let from = self.address(Node::Broker(id));
        wake(cx, from, due);
        for effect in fx {
            match effect {
                broker::Effect::Note(fact) => cx.note(fact),
                broker::Effect::Answer(reply_to, answer) => {
                    let ReplyTo { client, channel, correlation } = reply_to;
                    let packet = Packet::Answer(correlation, answer);
                    self.send(cx, from, client, channel, packet);
                }
                broker::Effect::Disconnect(ReplyTo { client, channel, .. }) => {
                    self.send(cx, from, client, channel, Packet::Disconnected);
                }
                broker::Effect::Send(whom, correlation, request) => {
                    let packet = Packet::Request(correlation, request);
                    self.send(cx, from, self.address(whom), Channel::Data, packet);
                }
                broker::Effect::Stopped => {
                    cx.note(Fact::Cluster(ClusterFact::Stopped(id)));
                    self.step_broker(cx, id, broker::Input::Crash);
                    self.disconnect_all(cx, id);
                }
            }
        }
    }

    fn step_admin(&mut self, cx: &mut Cx<'_, Self>, input: admin::Input) {
        let (now, mut fx) = (cx.now(), Vec::new());
        self.admin.machine.step(&mut fx, now, input);
        let due = self.admin.alarm.set(now, self.admin.machine.due());
        let from = self.address(Node::Admin);
        wake(cx, from, due);
        for effect in fx {
            match effect {
                admin::Effect::Note(fact) => cx.note(fact),
                admin::Effect::Send(to, correlation, request) => {
                    let packet = Packet::Request(correlation, request);
                    let to = if to == CONTROLLER { Node::Controller } else { Node::Broker(to) };
                    self.send(cx, from, self.address(to), Channel::Data, packet);
                }
            }
        }
    }

    /// A broker's process has ended: who was connected to it notices.
    fn disconnect_all(&mut self, cx: &mut Cx<'_, Self>, id: BrokerId) {
        let from = self.address(Node::Broker(id));
        for (peer, channel) in self.network.peers(from.node) {
            let to = self.address(peer);
            self.send(cx, from, to, channel, Packet::Disconnected);
        }
    }

    fn step_controller(&mut self, cx: &mut Cx<'_, Self>, input: controller::Input) {
        let (now, mut fx) = (cx.now(), Vec::new());
        self.controller.machine.step(&mut fx, now, input);
        let due = self.controller.alarm.set(now, self.controller.machine.due());
        let from = self.address(Node::Controller);
        wake(cx, from, due);
        for effect in fx {
            match effect {
                controller::Effect::Note(fact) => cx.note(fact),
                controller::Effect::Update(broker, metadata) => {
                    let to = self.address(Node::Broker(broker));
                    self.send(cx, from, to, Channel::Data, Packet::MetadataUpdate(metadata));
                }
                controller::Effect::Answer(ReplyTo { client, channel, correlation }, answer) => {
                    self.send(cx, from, client, channel, Packet::Answer(correlation, answer));
                }
            }
        }
    }

    fn send(
        &mut self,
        cx: &mut Cx<'_, Self>,
        from: Address,
        to: Address,
        channel: Channel,
        packet: Packet,
    ) {
        let sent = cx.now();
        let packet = self.lose_answer(cx, from, to, packet);
        let rng = &mut cx.seeds.network;
        let is_greeting = matches!(packet, Packet::Request(_, Request::ApiVersions));
        match self.network.send(rng, sent, from.node, to.node, channel, is_greeting) {
            Delivery::Arrives(at) => {
                let arrival = Arrival { from, to, channel, sent, packet };
                cx.at(at, Event(Due::Arrival(Box::new(arrival))));
            }
            Delivery::Lost => {}
        }
    }

    fn arrive(&mut self, cx: &mut Cx<'_, Self>, arrival: Arrival) {
        let Arrival { from, to, channel, packet, .. } = arrival;
        let is_asked = matches!(packet, Packet::Request(..));
        if !self.hears(to) || (is_asked && !self.serves(to)) {
            // Nobody listens there: a client notices that its connection is refused or reset.
            if let (Node::Broker(_), Packet::Request(..)) = (to.node, packet) {
                self.send(cx, to, from, channel, Packet::Disconnected);
            }
            return;
        }
        match (to.node, from.node, packet) {
            (Node::Broker(id), _, Packet::Request(correlation, request)) => {
                let reply_to = ReplyTo { client: from, channel, correlation };
                self.step_broker(cx, id, broker::Input::Request(reply_to, request));
            }
            (Node::Producer(place), Node::Broker(id), Packet::Answer(correlation, answer)) => {
                let input = producer::Input::Answer(id, correlation, answer);
                self.step_producer(cx, place, input);
            }
            (Node::Producer(place), Node::Broker(id), Packet::Disconnected) => {
                self.step_producer(cx, place, producer::Input::Disconnected(id));
            }
            (Node::Consumer(place), Node::Broker(id), Packet::Answer(correlation, answer)) => {
                let input = consumer::Input::Answer(id, correlation, answer);
                self.step_consumer(cx, place, input);
            }
            (Node::Consumer(place), Node::Broker(id), Packet::Disconnected) => {
                self.step_consumer(cx, place, consumer::Input::Disconnected(id, channel));
            }
            (Node::Admin, Node::Broker(id), Packet::Answer(correlation, answer)) => {
                self.step_admin(cx, admin::Input::Answer(id, correlation, answer));
            }
            (Node::Admin, Node::Broker(id), Packet::Disconnected) => {
                self.step_admin(cx, admin::Input::Disconnected(id));
            }
            (Node::Admin, Node::Controller, Packet::Answer(correlation, answer)) => {
                self.step_admin(cx, admin::Input::Answer(CONTROLLER, correlation, answer));
            }
            (Node::Controller, _, Packet::Request(correlation, Request::Controller(request))) => {
                let reply_to = ReplyTo { client: from, channel, correlation };
                self.step_controller(cx, controller::Input::Request(reply_to, request));
            }
            (Node::Broker(id), Node::Controller, Packet::MetadataUpdate(metadata)) => {
                self.step_broker(cx, id, broker::Input::Metadata(metadata));
            }
            (Node::Broker(id), whom, Packet::Answer(correlation, answer)) => {
                self.step_broker(cx, id, broker::Input::Answer(whom, correlation, answer));
            }
            (Node::Broker(id), Node::Broker(whom), Packet::Disconnected) => {
                self.step_broker(cx, id, broker::Input::Disconnected(whom));
            }
            // It learns from missing heartbeats that a broker is gone.
            (Node::Controller, _, Packet::Disconnected) => {}
            (_, _, _) => unreachable!("a packet that no machine sends to such a one"),
        }
    }

    fn wake(&mut self, cx: &mut Cx<'_, Self>, address: Address) {
        // An alarm of a process that is gone rings for nobody.
        if self.place_of(address.node) != address.process {
            return;
        }
        let now = cx.now();
        match address.node {
            Node::Producer(place) => {
                self.producers[usize::from(place)].alarm.rings(now);
                if self.hears(address) {
                    self.step_producer(cx, place, producer::Input::Wake);
                }
            }
            Node::Consumer(place) => {
                self.consumers[usize::from(place)].alarm.rings(now);
                if self.hears(address) {
                    self.step_consumer(cx, place, consumer::Input::Wake);
                }
            }
            Node::Admin => {
                self.admin.alarm.rings(now);
                self.step_admin(cx, admin::Input::Wake);
            }
            Node::Controller => {
                self.controller.alarm.rings(now);
                self.step_controller(cx, controller::Input::Wake);
            }
            Node::Broker(id) => {
                self.brokers[broker_place(id)].alarm.rings(now);
                if self.hears(address) {
                    self.step_broker(cx, id, broker::Input::Wake);
                }
            }
        }
    }
}

fn wake(cx: &mut Cx<'_, Cluster>, address: Address, due: Option<SimTime>) {
    if let Some(due) = due {
        cx.at(due, Event(Due::Wake(address)));
    }
}

/// Brokers are numbered from 1.
fn broker_place(id: BrokerId) -> usize {
    usize::from(id.0) - 1
}

impl<M> Place<M> {
    fn new(machine: M) -> Self {
        Self { machine, process: 0, alarm: Alarm::default() }
    }

    /// Another process runs from now on, or none.
    fn next_process(&mut self) {
        self.process += 1;
        self.alarm = Alarm::default();
    }
}

impl System for Cluster {
    type Command = Command;
    type Event = Event;
    type Fact = Fact;

    fn begin(&mut self, cx: &mut Cx<'_, Self>) {
        for id in self.bootstrap.broker_ids() {
            self.step_broker(cx, id, broker::Input::Start);
        }
        for place in 0..self.producers.len() {
            self.step_producer(cx, as_place(place), producer::Input::Wake);
        }
        for place in 0..self.consumers.len() {
            let config::Consumer { starts_after, .. } = self.consumers[place].machine.setup();
            let start = Event(Due::Start(as_place(place)));
            cx.after(*starts_after, start);
        }
    }

    fn command(&mut self, cx: &mut Cx<'_, Self>, command: Command) {
        if let Err(why) = self.obey(cx, &command) {
            cx.note(Fact::Refused { command: command.to_string(), why });
        }
    }

    fn event(&mut self, cx: &mut Cx<'_, Self>, event: Event) {
        match event.0 {
            Due::Arrival(arrival) => self.arrive(cx, *arrival),
            Due::Wake(address) => self.wake(cx, address),
            Due::Start(place) => self.start_consumer(cx, place),
        }
    }
}

fn as_place(place: usize) -> u16 {
    u16::try_from(place).expect("there are fewer than 65,536 clients")
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod asked;
#[cfg(test)]
mod by_hand;
#[cfg(test)]
mod cooperative;
#[cfg(test)]
mod failing;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod handed;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod idempotence;
#[cfg(test)]
mod replication;
#[cfg(test)]
mod transactions;
#[cfg(test)]
mod transfers;
