//! The whole system: the broker's node, its clients, and the connections between them.

mod asked;
#[cfg(test)]
mod tests;

use super::command::Command;
use super::config::{self, Config, Links};
use super::consumer::{self, Consumer, Life};
use super::fact::Fact;
use super::frame::{ChannelId, ClientId, Frame};
use super::manual::{self, Manual};
use super::node::{self, Node, QueueId};
use super::publisher::{self, Publisher};
use super::raft::{self, Member, NodeNumber};
use super::topology::Request;
use super::wire::Wire;
use crate::map::{Map, Set};
use crate::name::{ConsumerName, QueueName};
use crate::sim::{Cx, Link, SimDuration, SimTime, System};
use crate::workload::Workload;
use std::sync::Arc;

/// RabbitMQ with everything that talks to it.
#[derive(Clone, Debug, Hash)]
pub struct Broker {
    config: Arc<Config>,
    workload: Workload,
    node: Node,
    publishers: Vec<Publisher>,
    /// In the order in which they were first started.
    consumers: Vec<Consumer>,
    /// Those that are driven by hand, in the order in which they were first named.
    manuals: Vec<Manual>,
    /// The members of quorum queues on each node, if there are several.
    members: Vec<Member>,
    /// The ways between nodes: to each, and back.
    between: Vec<[Wire; 2]>,
    /// The way to the broker and the way back, of every client.
    wires: Map<ClientId, [Wire; 2]>,
    /// The publishers whose connection breaks with the next confirm.
    breaking: Set<u16>,
}

/// What is due at an instant.
#[derive(Clone, Debug, Hash)]
pub enum Event {
    /// A frame reaches the other end of its connection.
    Arrival(Arrival),
    /// A publisher's next message is due.
    PublishDue(u16),
    /// A consumer of the configuration begins.
    Start(u16),
    /// A timer of a consumer's application rings.
    Done(u16, u32),
    /// The timer of a queue rings.
    Expire(QueueId),
    /// The timer of a channel rings.
    Tick(ChannelId),
    /// What a leader says reaches a member on that node.
    ToMember(NodeNumber, raft::Message),
    /// What a member on that node says reaches a leader.
    FromMember(NodeNumber, raft::Message),
    /// The members of a queue look for a leader.
    Elect(QueueId),
}

/// A frame on its way.
#[derive(Clone, Debug, Hash)]
pub struct Arrival {
    /// When it was sent.
    pub sent: SimTime,
    /// To which end of the connection.
    pub to: End,
    /// On which channel.
    pub channel: ChannelId,
    /// What.
    pub frame: Frame,
}

/// One of the ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// The broker.
    Broker,
    /// The client.
    Client,
}

impl Broker {
    /// A broker and its clients before the first instant.
    ///
    /// # Panics
    /// Beyond 65,536 publishers.
    #[must_use]
    pub fn new(config: Config, workload: Workload) -> Self {
        let publisher = |(number, it)| {
            let number = u16::try_from(number).expect("publishers are numbered with 16 bits");
            Publisher::new(number, it, &config.destinations, workload.clone())
        };
        Self {
            node: Node::new(&config),
            publishers: config.publishers.iter().enumerate().map(publisher).collect(),
            consumers: Vec::new(),
            manuals: Vec::new(),
            members: vec![Member::new(); config.broker.nodes as usize],
            between: vec![between(&config.links); config.broker.nodes as usize],
            wires: Map::new(),
            breaking: Set::new(),
            config: Arc::new(config),
            workload,
        }
    }

    /// What it was set up with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The broker's process.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The publishers.
    #[must_use]
    pub fn publishers(&self) -> &[Publisher] {
        &self.publishers
    }

    /// The consumers, in the order in which they were first started.
    #[must_use]
    pub fn consumers(&self) -> &[Consumer] {
        &self.consumers
    }

    /// The members of quorum queues, by node.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The client of that name that is driven by hand.
    #[must_use]
    pub fn manual(&self, name: &ConsumerName) -> Option<&Manual> {
        self.manuals.iter().find(|it| it.name() == name)
    }

    fn send(&mut self, cx: &mut Cx<'_, Self>, to: End, channel: ChannelId, frame: Frame) {
        let frame = match to {
            End::Client => self.or_break(cx, channel, frame),
            End::Broker => frame,
        };
        let client = channel.connection.client;
        let links = &self.config.links;
        let wires = self.wires.get_or_insert_with(client, || wires(links, client));
        let way = match to {
            End::Broker => 0,
            End::Client => 1,
        };
        let sent = cx.now();
        let arrives = wires[way].carry(&mut cx.seeds.network, sent);
        cx.at(arrives, Event::Arrival(Arrival { sent, to, channel, frame }));
    }

    fn arrive(&mut self, cx: &mut Cx<'_, Self>, arrival: Arrival) {
        let Arrival { to, channel, frame, .. } = arrival;
        match (to, channel.connection.client) {
            (End::Broker, _) => self.step_node(cx, node::Input::Frame(channel, frame)),
            (End::Client, ClientId::Publisher(number)) => {
                self.step_publisher(cx, number, publisher::Input::Frame(channel, frame));
            }
            (End::Client, ClientId::Consumer(number)) => {
                self.step_consumer(cx, number, consumer::Input::Frame(channel, frame));
            }
            (End::Client, ClientId::Manual(number)) => {
                let mut fx = Vec::new();
                self.manuals[usize::from(number)].receive(&mut fx, channel, frame);
                self.perform_for_manual(cx, fx);
            }
        }
    }

    fn perform_for_manual(&mut self, cx: &mut Cx<'_, Self>, fx: Vec<manual::Effect>) {
        for manual::Effect::Send(channel, frame) in fx {
            self.send(cx, End::Broker, channel, frame);
        }
    }

    /// Does what somebody's hand does.
    fn drive(
        &mut self,
        cx: &mut Cx<'_, Self>,
        name: &ConsumerName,
        call: &manual::Call,
    ) -> Result<(), String> {
        let known = self.manuals.iter().position(|it| it.name() == name);
        let place = known.unwrap_or_else(|| {
            let number =
                u16::try_from(self.manuals.len()).expect("clients are numbered with 16 bits");
            self.manuals.push(Manual::new(number, name.clone()));
            self.manuals.len() - 1
        });
        if let Some(why) = self.manuals[place].refusal(call) {
            return Err(why.to_owned());
        }
        let mut fx = Vec::new();
        self.manuals[place].call(&mut fx, call.clone());
        self.perform_for_manual(cx, fx);
        Ok(())
    }

    fn step_node(&mut self, cx: &mut Cx<'_, Self>, input: node::Input) {
        let mut fx = Vec::new();
        self.node.step(&mut fx, cx.now(), input);
        for effect in fx {
            match effect {
                node::Effect::Send(channel, frame) => self.send(cx, End::Client, channel, frame),
                node::Effect::Ring(queue, at) => cx.at(at, Event::Expire(queue)),
                node::Effect::RingChannel(channel, at) => cx.at(at, Event::Tick(channel)),
                node::Effect::Tell(node, message) => {
                    let [way, _] = &mut self.between[node as usize - 1];
                    let sent = cx.now();
                    let arrives = way.carry(&mut cx.seeds.network, sent);
                    cx.at(arrives, Event::ToMember(node, message));
                }
                node::Effect::Elect(queue, at) => cx.at(at, Event::Elect(queue)),
                node::Effect::Note(fact) => cx.note(fact),
            }
        }
    }

    /// A member hears its leader, and answers.
    fn step_member(&mut self, cx: &mut Cx<'_, Self>, node: NodeNumber, message: raft::Message) {
        let place = node as usize - 1;
        if let Some(answer) = self.members[place].step(message) {
            let [_, way] = &mut self.between[place];
            let sent = cx.now();
            let arrives = way.carry(&mut cx.seeds.network, sent);
            cx.at(arrives, Event::FromMember(node, answer));
        }
    }

    /// Stops or starts a node.
    fn run_node(
        &mut self,
        cx: &mut Cx<'_, Self>,
        node: NodeNumber,
        runs: bool,
    ) -> Result<(), String> {
        let place = (node as usize).wrapping_sub(1);
        match self.members.get_mut(place) {
            None => return Err(format!("there is no node {node}")),
            Some(it) if it.up == runs && runs => return Err(format!("node {node} is running")),
            Some(it) if it.up == runs => return Err(format!("node {node} is not running")),
            Some(it) => it.up = runs,
        }
        self.step_node(cx, node::Input::Running(node, runs));
        Ok(())
    }

    fn step_publisher(&mut self, cx: &mut Cx<'_, Self>, number: u16, input: publisher::Input) {
        let mut fx = Vec::new();
        self.publishers[usize::from(number)].step(&mut fx, input);
        for effect in fx {
            match effect {
                publisher::Effect::Send(channel, frame) => {
                    self.send(cx, End::Broker, channel, frame);
                }
                publisher::Effect::Wake(at) => cx.at(at, Event::PublishDue(number)),
                publisher::Effect::Note(fact) => cx.note(fact),
            }
        }
    }

    fn step_consumer(&mut self, cx: &mut Cx<'_, Self>, number: u16, input: consumer::Input) {
        let mut fx = Vec::new();
        self.consumers[usize::from(number)].step(&mut fx, cx.now(), input);
        for effect in fx {
            match effect {
                consumer::Effect::Send(channel, frame) => {
                    self.send(cx, End::Broker, channel, frame);
                }
                consumer::Effect::Ring(at, timer) => cx.at(at, Event::Done(number, timer)),
                consumer::Effect::Note(fact) => cx.note(fact),
            }
        }
    }

    fn start(&mut self, cx: &mut Cx<'_, Self>, config: &config::Consumer) {
        let number =
            u16::try_from(self.consumers.len()).expect("consumers are numbered with 16 bits");
        let declares = self.config.declared_late(&config.queue);
        self.consumers.push(Consumer::new(number, config, declares, self.workload.clone()));
        self.step_consumer(cx, number, consumer::Input::Start);
    }

    /// What a command means for its consumer, or why it cannot be.
    fn consumer_input(&self, command: &Command) -> Result<(u16, consumer::Input), String> {
        use Life::{Closed, Crashed, Running};
        use consumer::Input;
        let (name, input) = match command {
            Command::CrashConsumer(name) => (name, Input::Crash),
            Command::RestartConsumer(name) => (name, Input::Restart),
            Command::PauseConsumer(name) => (name, Input::Pause),
            Command::ResumeConsumer(name) => (name, Input::Resume),
            Command::RemoveConsumer(name) => (name, Input::Stop),
            Command::CloseChannel(name) => (name, Input::CloseChannel),
            Command::AddConsumer(name, _) | Command::Drive(name, _) => {
                return Err(format!("{name} is already there"));
            }
            Command::RestartBroker
            | Command::StopNode(_)
            | Command::StartNode(_)
            | Command::Purge(_)
            | Command::Delete(_)
            | Command::Set { .. }
            | Command::Move(..)
            | Command::LoseConfirm(_)
            | Command::Configure(..) => {
                return Err("it is not about a consumer".to_owned());
            }
        };
        let Some(place) = self.consumers.iter().position(|it| it.name() == name) else {
            return Err(self.missing(name));
        };
        let consumer = &self.consumers[place];
        let opening = consumer.client().state() != super::client::State::Consuming;
        match (consumer.life(), &input) {
            (Running, Input::Restart) => return Err(format!("{name} is running")),
            (Crashed | Closed, Input::Restart) => {}
            (Crashed | Closed, _) => return Err(format!("{name} is not running")),
            (Running, Input::Pause) if consumer.is_paused() => {
                return Err(format!("{name} is already paused"));
            }
            (Running, Input::Resume) if !consumer.is_paused() => {
                return Err(format!("{name} is not paused"));
            }
            (Running, Input::CloseChannel) if opening => {
                return Err(format!("{name} has no open channel"));
            }
            (Running, _) => {}
        }
        let number = u16::try_from(place).expect("consumers are numbered with 16 bits");
        Ok((number, input))
    }

    /// Why there is no consumer of that name.
    fn missing(&self, name: &ConsumerName) -> String {
        if self.config.consumers.iter().any(|it| it.name == *name) {
            format!("{name} has not started yet")
        } else {
            format!("there is no consumer {name}")
        }
    }

    /// One more consumer, like the first of that queue; at a queue without any, one with the
    /// defaults.
    fn added(&self, name: &ConsumerName, queue: &QueueName) -> Result<config::Consumer, String> {
        if self.node.queue(queue).is_none() {
            return Err(format!("there is no queue {queue}"));
        }
        let planned = self.config.consumers.iter().map(|it| &it.name);
        if self.consumers.iter().map(Consumer::name).chain(planned).any(|it| it == name) {
            return Err(format!("there is already a consumer {name}"));
        }
        let first = self.config.consumers.iter().find(|it| it.queue == *queue);
        Ok(match first {
            Some(first) => config::Consumer { name: name.clone(), ..first.clone() },
            None => config::Consumer::new(name.clone(), queue.clone()),
        })
    }
}

impl System for Broker {
    type Command = Command;
    type Event = Event;
    type Fact = Fact;

    fn begin(&mut self, cx: &mut Cx<'_, Self>) {
        for number in 0..self.publishers.len() {
            let number = u16::try_from(number).expect("publishers are numbered with 16 bits");
            self.step_publisher(cx, number, publisher::Input::Start);
        }
        let config = self.config.clone();
        for (place, it) in config.consumers.iter().enumerate() {
            let place = u16::try_from(place).expect("consumers are numbered with 16 bits");
            match it.starts_after {
                SimDuration::ZERO => self.start(cx, it),
                span => cx.after(span, Event::Start(place)),
            }
        }
    }

    fn command(&mut self, cx: &mut Cx<'_, Self>, command: Command) {
        let outcome = match &command {
            Command::AddConsumer(name, queue) => self.added(name, queue).map(|config| {
                let (queue, consumer) = (queue.clone(), name.clone());
                cx.note(Fact::Started { queue, consumer });
                self.start(cx, &config);
            }),
            Command::RestartBroker => {
                self.step_node(cx, node::Input::Restart);
                Ok(())
            }
            Command::StopNode(node) => self.run_node(cx, *node, false),
            Command::StartNode(node) => self.run_node(cx, *node, true),
            Command::Drive(name, call) => self.drive(cx, name, call),
            Command::Purge(queue) => self.ask(cx, queue, Request::Purge(queue.clone())),
            Command::Delete(queue) => {
                let (name, if_unused, if_empty) = (queue.clone(), false, false);
                self.ask(cx, queue, Request::DeleteQueue { name, if_unused, if_empty })
            }
            Command::Set { name, setting, value } => self.set(cx, name, setting, value),
            Command::Move(from, to) => self.move_messages(cx, from, to),
            Command::LoseConfirm(name) => self.lose_confirm(name),
            Command::Configure(name, value) => {
                self.node.settings_mut().set(name, value).map_err(|it| it.to_string())
            }
            Command::CrashConsumer(_)
            | Command::RestartConsumer(_)
            | Command::PauseConsumer(_)
            | Command::ResumeConsumer(_)
            | Command::RemoveConsumer(_)
            | Command::CloseChannel(_) => self
                .consumer_input(&command)
                .map(|(number, input)| self.step_consumer(cx, number, input)),
        };
        if let Err(why) = outcome {
            cx.note(Fact::Refused { command: command.to_string(), why });
        }
    }

    fn event(&mut self, cx: &mut Cx<'_, Self>, event: Event) {
        match event {
            Event::Arrival(arrival) => self.arrive(cx, arrival),
            Event::PublishDue(number) => self.step_publisher(cx, number, publisher::Input::Due),
            Event::Start(place) => {
                let config = self.config.consumers[usize::from(place)].clone();
                let (queue, consumer) = (config.queue.clone(), config.name.clone());
                cx.note(Fact::Started { queue, consumer });
                self.start(cx, &config);
            }
            Event::Done(number, timer) => {
                self.step_consumer(cx, number, consumer::Input::Done(timer));
            }
            Event::Expire(queue) => self.step_node(cx, node::Input::Expire(queue)),
            Event::Tick(channel) => self.step_node(cx, node::Input::Tick(channel)),
            Event::ToMember(node, message) => self.step_member(cx, node, message),
            Event::FromMember(node, message) => {
                self.step_node(cx, node::Input::Member(node, message));
            }
            Event::Elect(queue) => self.step_node(cx, node::Input::Elect(queue)),
        }
    }
}

/// The way from one node to another, and back.
fn between(links: &Links) -> [Wire; 2] {
    let mut link = Link::new(links.cluster);
    (link.jitter, link.loss_per_million) = (links.jitter, links.loss_per_million);
    [Wire::new(link.clone()), Wire::new(link)]
}

/// A client's connection, there and back.
fn wires(links: &Links, client: ClientId) -> [Wire; 2] {
    let latency = match client {
        ClientId::Publisher(_) => links.publisher,
        ClientId::Consumer(_) => links.consumer,
        // Who drives by hand looks at what follows at once.
        ClientId::Manual(_) => return [(); 2].map(|()| Wire::new(Link::new(SimDuration::ZERO))),
    };
    let mut link = Link::new(latency);
    (link.jitter, link.loss_per_million) = (links.jitter, links.loss_per_million);
    [Wire::new(link.clone()), Wire::new(link)]
}
