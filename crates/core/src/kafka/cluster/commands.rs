//! What a person or a scenario asks for, carried out or refused with a reason.

use super::{Cluster, Place, as_place, broker_place};
use crate::kafka::admin;
use crate::kafka::broker;
use crate::kafka::call::{Call, Goal};
use crate::kafka::command::{Command, Peer};
use crate::kafka::config::{self, Acks, GroupProtocol};
use crate::kafka::consumer::{self, Consumer, Process};
use crate::kafka::fact::{ClusterFact, Fact};
use crate::kafka::java::random_id;
use crate::kafka::message::{MemberId, Packet};
use crate::kafka::network::{Channel, Node, Way, Whom};
use crate::kafka::producer::{self, Producer};
use crate::kafka::{BrokerId, TopicPartition};
use crate::name::{ConsumerName, GroupId, ProducerName};
use crate::sim::{Cx, SimDuration};

fn no_producer(name: &ProducerName) -> String {
    format!("there is no producer {name}")
}

impl Cluster {
    /// Carries out a command, or says why that cannot be.
    pub(super) fn obey(&mut self, cx: &mut Cx<'_, Self>, command: &Command) -> Result<(), String> {
        match command {
            Command::CrashConsumer(name) => self.crash_consumer(cx, self.running(name)?),
            Command::RestartConsumer(name) => self.restart_consumer(cx, self.known(name)?)?,
            Command::PauseConsumer(name) => self.pause_consumer(cx, self.running(name)?)?,
            Command::ResumeConsumer(name) => self.resume_consumer(cx, self.running(name)?)?,
            Command::AddConsumer(name, group) => self.add_consumer(cx, name, group)?,
            Command::RemoveConsumer(name) => {
                let place = self.running(name)?;
                if self.is_manual(place) {
                    return self.call(cx, place, &Call::Close);
                }
                self.step_consumer(cx, place, consumer::Input::Close);
            }
            Command::Commit(name) => {
                let place = self.running(name)?;
                self.step_consumer(cx, place, consumer::Input::Commit);
            }
            Command::Seek(name, partition, to) => {
                let place = self.running(name)?;
                self.seek(cx, place, partition, *to)?;
            }
            Command::Set { name, setting, value } => self.set(cx, name, setting, value)?,
            Command::LoseAnswer(producer) => self.lose_next_answer(producer)?,
            Command::Open(setup) => self.open_consumer(cx, setup)?,
            Command::Call(name, call) => self.call(cx, self.running(name)?, call)?,
            Command::CrashBroker(id) => self.crash_broker(cx, self.exists(*id)?)?,
            Command::CutBroker(id, peer) => self.change_ways(cx, *id, *peer, Way::CUT)?,
            Command::SlowBroker(id, peer, by) => {
                self.change_ways(cx, *id, *peer, Way { slower_by: *by, ..Way::default() })?;
            }
            Command::MendBroker(id, peer) => self.change_ways(cx, *id, *peer, Way::default())?,
            Command::StopBroker(id) => self.stop_broker(cx, self.exists(*id)?)?,
            Command::RestartBroker(id) => self.restart_broker(cx, self.exists(*id)?)?,
            Command::OpenProducer(setup) => self.open_producer(cx, setup)?,
            Command::Send { producer, topic, message, partition, timestamp_ms } => {
                let place = self.open(producer)?;
                if message.0 == 0 || self.workload.messages.len() <= message.index() {
                    return Err(format!("there is no message {message}"));
                }
                let (topic, message) = (topic.clone(), *message);
                let (partition, timestamp_ms) = (*partition, *timestamp_ms);
                let handed =
                    producer::Handed { topic, message, partition, timestamp_ms, passed_on: None };
                self.step_producer(cx, place, producer::Input::Send(handed));
            }
            Command::Transact(name, call) => {
                let place = self.open(name)?;
                let call = producer::Call::Transact(call.clone());
                self.step_producer(cx, place, producer::Input::Call(call));
            }
            Command::Flush(name) => {
                let flush = producer::Input::Call(producer::Call::Flush);
                self.step_producer(cx, self.open(name)?, flush);
            }
            Command::CloseProducer(name) => {
                self.step_producer(cx, self.open(name)?, producer::Input::Close);
            }
            Command::CrashProducer(name) => {
                self.step_producer(cx, self.open(name)?, producer::Input::Crash);
            }
            Command::RestartProducer(name) => self.restart_producer(cx, name)?,
            Command::Admin(call) => self.step_admin(cx, admin::Input::Call(call.clone())),
        }
        Ok(())
    }

    fn lose_next_answer(&mut self, producer: &ProducerName) -> Result<(), String> {
        let place = self.open(producer)?;
        if self.producer(place).settings().acks == Acks::None {
            return Err(format!("{producer} waits for no answer with acks=0"));
        }
        self.network.lose_next(Node::Producer(place));
        Ok(())
    }

    fn stop_broker(&mut self, cx: &mut Cx<'_, Self>, id: BrokerId) -> Result<(), String> {
        if !self.broker(id).is_open() {
            return Err(format!("{id} is not running"));
        }
        self.step_broker(cx, id, broker::Input::Stop);
        Ok(())
    }

    fn restart_producer(
        &mut self,
        cx: &mut Cx<'_, Self>,
        name: &ProducerName,
    ) -> Result<(), String> {
        let place = self.known_producer(name).ok_or_else(|| no_producer(name))?;
        let settings = self.producer(place).settings().clone();
        let transactions = self.producer(place).transactions().cloned();
        let setup = config::Producer { name: name.clone(), settings, transactions };
        self.open_producer(cx, &setup)?;
        cx.note(Fact::ProducerRestarted(name.clone()));
        Ok(())
    }

    pub(super) fn known_producer(&self, name: &ProducerName) -> Option<u16> {
        self.producers().position(|it| it.name() == name && !it.serves_a_consumer()).map(as_place)
    }

    fn open(&self, name: &ProducerName) -> Result<u16, String> {
        let place = self.known_producer(name).ok_or_else(|| no_producer(name))?;
        let runs = self.producer(place).is_running();
        runs.then_some(place).ok_or_else(|| format!("{name} is not running"))
    }

    /// A producer starts; one of that name that is gone makes room for it.
    fn open_producer(
        &mut self,
        cx: &mut Cx<'_, Self>,
        setup: &config::Producer,
    ) -> Result<(), String> {
        if let Some(conflict) = setup.settings.conflict() {
            return Err(conflict.to_owned());
        }
        let (name, settings) = (setup.name.clone(), setup.settings.clone());
        let (metadata, workload) = (self.bootstrap.clone(), self.workload.clone());
        let destinations = &self.config.destinations;
        let mut producer = Producer::new(name, settings, metadata, workload, destinations);
        if let Some(transactions) = &setup.transactions {
            producer.transact_by_itself(transactions);
        }
        let place = match self.known_producer(&setup.name) {
            Some(place) if self.producer(place).is_running() => {
                return Err(format!("{} is running", setup.name));
            }
            Some(place) => {
                let it = &mut self.producers[usize::from(place)];
                producer.follow(&it.machine, cx.now());
                it.machine = producer;
                it.next_process();
                place
            }
            None => {
                producer.begin_at(cx.now());
                self.producers.push(Place::new(producer));
                as_place(self.producers.len() - 1)
            }
        };
        self.step_producer(cx, place, producer::Input::Wake);
        Ok(())
    }

    /// A consumer's process begins: the producer in it begins with it.
    fn open_own_producer(&mut self, cx: &mut Cx<'_, Self>, consumer: u16) {
        let setup = self.consumer(consumer).setup();
        let settings = match &setup.produces {
            Some(produces) => produces.settings.clone(),
            None if setup.passes_on.is_some() => config::ProducerSettings::default(),
            None => return,
        };
        let name = ProducerName::from(setup.name.as_str());
        let (metadata, workload) = (self.bootstrap.clone(), self.workload.clone());
        let mut producer = Producer::new(name, settings, metadata, workload, &[]);
        producer.begin_at(cx.now());
        producer.serve_a_consumer();
        if let Some(place) = self.own_producers.get(&consumer) {
            let it = &mut self.producers[usize::from(*place)];
            it.machine = producer;
            it.next_process();
        } else {
            self.producers.push(Place::new(producer));
            self.own_producers.insert(consumer, as_place(self.producers.len() - 1));
        }
    }

    /// A consumer's process has ended: so has the producer in it.
    pub(super) fn end_own_producer(&mut self, cx: &mut Cx<'_, Self>, consumer: u16) {
        let Some(place) = self.own_producers.get(&consumer).copied() else { return };
        let it = self.consumer(consumer);
        if it.process().is_none() && self.producer(place).is_open() {
            let crashed = it.has_crashed();
            let end = if crashed { producer::Input::Crash } else { producer::Input::Close };
            self.step_producer(cx, place, end);
        }
    }

    fn known(&self, name: &ConsumerName) -> Result<u16, String> {
        let place = self.consumers().position(|it| it.setup().name == *name);
        place.map(as_place).ok_or_else(|| format!("there is no consumer {name}"))
    }

    fn running(&self, name: &ConsumerName) -> Result<u16, String> {
        let place = self.known(name)?;
        let runs = self.consumer(place).process().is_some();
        runs.then_some(place).ok_or_else(|| format!("{name} is not running"))
    }

    fn exists(&self, id: BrokerId) -> Result<BrokerId, String> {
        let mut ids = self.bootstrap.broker_ids();
        ids.find(|it| *it == id).ok_or_else(|| format!("there is no {id}"))
    }

    /// Whom a command about a broker's connections means.
    fn peers_of(&self, broker: BrokerId, peer: Peer) -> Result<Vec<Whom>, String> {
        let others = || {
            let others = self.bootstrap.broker_ids().filter(|it| *it != broker);
            others.map(Whom::Broker).chain([Whom::Controller])
        };
        Ok(match peer {
            Peer::Controller => vec![Whom::Controller],
            Peer::Clients => vec![Whom::Clients],
            Peer::Others => others().collect(),
            Peer::Everyone => others().chain([Whom::Clients]).collect(),
            Peer::Broker(other) if other == broker => {
                return Err(format!("{other} is that broker itself"));
            }
            Peer::Broker(other) => vec![Whom::Broker(self.exists(other)?)],
        })
    }

    fn change_ways(
        &mut self,
        cx: &mut Cx<'_, Self>,
        broker: BrokerId,
        peer: Peer,
        way: Way,
    ) -> Result<(), String> {
        let broker = self.exists(broker)?;
        for whom in self.peers_of(broker, peer)? {
            let before = self.network.change(broker, whom, way);
            if before.cut && !way.cut {
                self.reconnect(cx, broker, whom);
            }
        }
        cx.note(Fact::Cluster(match way {
            Way { cut: true, .. } => ClusterFact::CutOff { broker, from: peer },
            Way { slower_by: SimDuration::ZERO, .. } => ClusterFact::Mended { broker, to: peer },
            Way { slower_by: by, .. } => ClusterFact::Slowed { broker, to: peer, by },
        }));
        Ok(())
    }

    /// What they had said to one another is lost, and each learns it.
    ///
    /// Simplified: TCP would bring what was said during a short cut after all.
    fn reconnect(&mut self, cx: &mut Cx<'_, Self>, broker: BrokerId, whom: Whom) {
        let own = self.address(Node::Broker(broker));
        match whom {
            Whom::Broker(other) => {
                let other = self.address(Node::Broker(other));
                self.send(cx, own, other, Channel::Data, Packet::Disconnected);
                self.send(cx, other, own, Channel::Data, Packet::Disconnected);
            }
            // Brokers tell it anew what it has to know with each heartbeat.
            Whom::Controller => {}
            Whom::Clients => {
                for (peer, channel) in self.network.peers(own.node) {
                    if matches!(peer, Node::Producer(_) | Node::Consumer(_) | Node::Admin) {
                        self.send(cx, own, self.address(peer), channel, Packet::Disconnected);
                    }
                }
            }
        }
    }

    pub(super) fn who(&self, place: u16) -> (GroupId, ConsumerName) {
        let setup = self.consumer(place).setup();
        (setup.group_name(), setup.name.clone())
    }

    fn is_paused(&self, place: u16) -> bool {
        self.consumer(place).process().is_some_and(Process::is_paused)
    }

    fn is_manual(&self, place: u16) -> bool {
        self.consumer(place).process().is_some_and(|it| it.application.is_none())
    }

    /// A consumer of the configuration starts by itself, unless someone was faster.
    pub(super) fn start_consumer(&mut self, cx: &mut Cx<'_, Self>, place: u16) {
        if !self.consumer(place).has_started() {
            let (group, consumer) = self.who(place);
            // Those that run from the first instant are not news.
            if self.consumer(place).setup().starts_after != SimDuration::ZERO {
                cx.note(Fact::Started { group, consumer });
            }
            self.begin_process(cx, place);
        }
    }

    pub(super) fn begin_process(&mut self, cx: &mut Cx<'_, Self>, place: u16) {
        self.consumers[usize::from(place)].next_process();
        self.open_own_producer(cx, place);
        let protocol = self.consumer(place).setup().settings.group_protocol;
        let id = match protocol {
            GroupProtocol::Classic => None,
            GroupProtocol::Consumer => Some(MemberId::from(random_id(&mut cx.seeds.names))),
        };
        self.step_consumer(cx, place, consumer::Input::Start(id));
    }

    fn seek(
        &mut self,
        cx: &mut Cx<'_, Self>,
        place: u16,
        partition: &TopicPartition,
        to: Goal,
    ) -> Result<(), String> {
        let consumer = self.consumer(place);
        let name = &consumer.setup().name;
        if self.is_manual(place) {
            return Err(format!("{name} is driven by hand: call its client"));
        }
        if !consumer.process().is_some_and(|it| it.client.reads().any(|it| it == partition)) {
            let why = "IllegalStateException: No current assignment for partition";
            return Err(format!("{why} {partition} at {name}"));
        }
        self.step_consumer(cx, place, consumer::Input::Seek(partition.clone(), to));
        Ok(())
    }

    fn crash_consumer(&mut self, cx: &mut Cx<'_, Self>, place: u16) {
        let (group, consumer) = self.who(place);
        cx.note(Fact::Crashed { group, consumer });
        self.step_consumer(cx, place, consumer::Input::Crash);
    }

    fn restart_consumer(&mut self, cx: &mut Cx<'_, Self>, place: u16) -> Result<(), String> {
        let (group, consumer) = self.who(place);
        if self.consumer(place).process().is_some() {
            return Err(format!("{consumer} is running"));
        }
        cx.note(Fact::Restarted { group, consumer });
        self.begin_process(cx, place);
        Ok(())
    }

    fn pause_consumer(&mut self, cx: &mut Cx<'_, Self>, place: u16) -> Result<(), String> {
        let (group, consumer) = self.who(place);
        if self.is_manual(place) {
            return Err(format!("{consumer} is driven by hand and does nothing by itself"));
        }
        if self.is_paused(place) {
            return Err(format!("{consumer} is paused already"));
        }
        cx.note(Fact::Paused { group, consumer });
        self.step_consumer(cx, place, consumer::Input::Pause);
        Ok(())
    }

    fn resume_consumer(&mut self, cx: &mut Cx<'_, Self>, place: u16) -> Result<(), String> {
        let (group, consumer) = self.who(place);
        if !self.is_paused(place) {
            return Err(format!("{consumer} is not paused"));
        }
        cx.note(Fact::Resumed { group, consumer });
        self.step_consumer(cx, place, consumer::Input::Resume);
        Ok(())
    }

    fn add_consumer(
        &mut self,
        cx: &mut Cx<'_, Self>,
        name: &ConsumerName,
        group: &GroupId,
    ) -> Result<(), String> {
        if self.known(name).is_ok() {
            return Err(format!("there is a consumer {name} already"));
        }
        let first = self.consumers().map(Consumer::setup).find(|it| it.is_of(group)).cloned();
        let Some(first) = first else {
            return Err(format!("no consumer of {group} says how to set up another"));
        };
        self.add(cx, config::Consumer { name: name.clone(), ..first });
        Ok(())
    }

    /// Opens a consumer that is set up like that: a new one, or the next process of one that
    /// has ended.
    fn open_consumer(
        &mut self,
        cx: &mut Cx<'_, Self>,
        setup: &config::Consumer,
    ) -> Result<(), String> {
        let Ok(place) = self.known(&setup.name) else {
            self.add(cx, setup.clone());
            return Ok(());
        };
        let consumer = &mut self.consumers[usize::from(place)].machine;
        if consumer.process().is_some() {
            return Err(format!("{} is running", setup.name));
        }
        consumer.set_up(setup.clone());
        let (group, consumer) = self.who(place);
        cx.note(Fact::Restarted { group, consumer });
        self.begin_process(cx, place);
        Ok(())
    }

    fn call(&mut self, cx: &mut Cx<'_, Self>, place: u16, call: &Call) -> Result<(), String> {
        let consumer = self.consumer(place);
        let name = &consumer.setup().name;
        if !self.is_manual(place) {
            return Err(format!("{name} is not driven by hand"));
        }
        if let Some(call) = consumer.manual().in_call() {
            return Err(format!("{name} is busy: {call}"));
        }
        self.step_consumer(cx, place, consumer::Input::Call(call.clone()));
        Ok(())
    }

    fn add(&mut self, cx: &mut Cx<'_, Self>, setup: config::Consumer) {
        let (group, consumer) = (setup.group_name(), setup.name.clone());
        let machine = Consumer::new(setup, self.bootstrap.clone(), self.workload.clone());
        self.consumers.push(Place::new(machine));
        let place = as_place(self.consumers.len() - 1);
        cx.note(Fact::Started { group, consumer });
        self.begin_process(cx, place);
    }

    fn crash_broker(&mut self, cx: &mut Cx<'_, Self>, id: BrokerId) -> Result<(), String> {
        if !self.broker(id).is_running() {
            return Err(format!("{id} is not running"));
        }
        cx.note(Fact::BrokerCrashed(id));
        self.step_broker(cx, id, broker::Input::Crash);
        self.disconnect_all(cx, id);
        Ok(())
    }

    fn restart_broker(&mut self, cx: &mut Cx<'_, Self>, id: BrokerId) -> Result<(), String> {
        if self.broker(id).is_running() {
            return Err(format!("{id} is running"));
        }
        cx.note(Fact::BrokerRestarted(id));
        self.brokers[broker_place(id)].next_process();
        self.step_broker(cx, id, broker::Input::Start);
        Ok(())
    }
}
