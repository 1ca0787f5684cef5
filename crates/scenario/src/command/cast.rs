//! Who there is to ask: the consumers, groups, queues and brokers of a run, and what a command
//! means to them.

use super::{Both, Command};
use crate::scenario::{Scenario, SystemName};
use brokerscope_core::kafka::admin::AdminCall;
use brokerscope_core::map::Set;
use brokerscope_core::name::{ConsumerName, GroupId, ProducerName, QueueName, TopicName};
use brokerscope_core::settings::nearest;
use brokerscope_core::{kafka, rabbitmq};
use std::fmt;

/// Who there is to ask. It grows with the consumers that commands add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    pub(super) brokers: u16,
    /// Groups and queues that have consumers, in the order in which their first consumers stand
    /// in the configuration.
    pub(super) groups: Vec<GroupId>,
    pub(super) queues: Vec<QueueName>,
    /// All queues: RabbitMQ lets one consume from any.
    pub(super) all_queues: Vec<QueueName>,
    /// Kafka's producers and topics.
    pub(super) producers: Set<ProducerName>,
    pub(super) topics: Set<TopicName>,
    /// The publishers of RabbitMQ.
    pub(super) publishers: Vec<ProducerName>,
    /// How many nodes RabbitMQ has.
    pub(super) nodes: u32,
    pub(super) in_kafka: Set<ConsumerName>,
    pub(super) in_rabbitmq: Set<ConsumerName>,
}

/// What each system is to do, if anything.
pub type Resolved = (Option<kafka::Command>, Option<rabbitmq::Command>);

/// Why a command cannot be carried out in this scenario: one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit(String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unfit {}

impl Cast {
    /// Who there is when a scenario begins.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        Self::new(&scenario.kafka, &scenario.rabbitmq)
    }

    /// Who there is when both systems begin.
    #[must_use]
    pub fn new(kafka: &kafka::Config, rabbitmq: &rabbitmq::Config) -> Self {
        let (mut groups, mut queues) = (Vec::new(), Vec::new());
        for group in kafka.consumers.iter().filter_map(|it| it.group.as_ref()) {
            if !groups.contains(group) {
                groups.push(group.clone());
            }
        }
        for it in &rabbitmq.consumers {
            if !queues.contains(&it.queue) {
                queues.push(it.queue.clone());
            }
        }
        Self {
            brokers: kafka.brokers,
            groups,
            queues,
            producers: kafka.producers.iter().map(|it| it.name.clone()).collect(),
            topics: kafka.topics.iter().map(|it| it.name.clone()).collect(),
            publishers: rabbitmq.publishers.iter().map(|it| it.name.clone()).collect(),
            nodes: rabbitmq.broker.nodes,
            all_queues: rabbitmq.queues.iter().map(|it| it.name.clone()).collect(),
            in_kafka: kafka.consumers.iter().map(|it| it.name.clone()).collect(),
            in_rabbitmq: rabbitmq.consumers.iter().map(|it| it.name.clone()).collect(),
        }
    }

    /// What the command means to each system, and remembers whom it adds.
    ///
    /// # Errors
    /// If it names what is not there. Whether it can be done at that moment is for the systems
    /// to say: what they refuse is a fact.
    pub fn resolve(&mut self, command: &Command) -> Result<Resolved, Unfit> {
        let resolved = match command {
            Command::Kafka(it) => (Some(self.kafka(it)?), None),
            Command::RabbitMq(it) => (None, Some(self.rabbitmq(it)?)),
            Command::Both(it) => self.both(it)?,
        };
        if let Some(kafka::Command::AddConsumer(name, _)) = &resolved.0 {
            self.in_kafka.insert(name.clone());
        }
        if let Some(rabbitmq::Command::AddConsumer(name, _)) = &resolved.1 {
            self.in_rabbitmq.insert(name.clone());
        }
        Ok(resolved)
    }

    /// The consumers in one system, by name.
    #[must_use]
    pub fn consumers(&self, system: SystemName) -> Vec<&str> {
        let there = match system {
            SystemName::Kafka => &self.in_kafka,
            SystemName::RabbitMq => &self.in_rabbitmq,
        };
        there.iter().map(ConsumerName::as_str).collect()
    }

    /// Remembers whom a command adds, as [`Cast::resolve`] does.
    pub fn remember(&mut self, command: &Command) {
        // What cannot be carried out adds nobody.
        let _ = self.resolve(command);
    }

    fn both(&self, both: &Both) -> Result<Resolved, Unfit> {
        match both {
            Both::Crash(name)
            | Both::Restart(name)
            | Both::Pause(name)
            | Both::Resume(name)
            | Both::Remove(name) => self.twins(name, both),
            Both::Add(name) => {
                if self.groups.is_empty() && self.queues.is_empty() {
                    return Err(Unfit("there is no consumer here to be set up like".to_owned()));
                }
                self.add(name, self.groups.first(), self.queues.first())
            }
            Both::AddTo(name, place) => {
                let group = self.groups.iter().find(|it| it.as_str() == &**place);
                let queue = self.all_queues.iter().find(|it| it.as_str() == &**place);
                match (group, queue) {
                    (Some(_), Some(_)) => self.add(name, group, queue),
                    (Some(_), None) => Err(Unfit(format!(
                        "'{place}' is a group and no queue: write 'kafka add {name} to {place}'"
                    ))),
                    (None, Some(_)) => Err(Unfit(format!(
                        "'{place}' is a queue and no group: write 'rabbitmq add {name} to {place}'"
                    ))),
                    (None, None) => {
                        let groups = self.groups.iter().map(GroupId::as_str);
                        let queues = self.all_queues.iter().map(QueueName::as_str);
                        Err(missing("group or queue", place, groups.chain(queues)))
                    }
                }
            }
        }
    }

    /// For the consumer of that name in each system that has one.
    fn twins(&self, name: &ConsumerName, both: &Both) -> Result<Resolved, Unfit> {
        let (kafka, rabbitmq) = Command::Both(both.clone()).literally();
        let kafka = kafka.filter(|_| self.in_kafka.contains(name));
        let rabbitmq = rabbitmq.filter(|_| self.in_rabbitmq.contains(name));
        if kafka.is_none() && rabbitmq.is_none() {
            let known =
                self.in_kafka.iter().chain(self.in_rabbitmq.iter()).map(ConsumerName::as_str);
            return Err(missing("consumer", name.as_str(), known));
        }
        Ok((kafka, rabbitmq))
    }

    /// In each system that has a place for it and none of that name yet.
    fn add(
        &self,
        name: &ConsumerName,
        group: Option<&GroupId>,
        queue: Option<&QueueName>,
    ) -> Result<Resolved, Unfit> {
        let group = group.filter(|_| !self.in_kafka.contains(name));
        let queue = queue.filter(|_| !self.in_rabbitmq.contains(name));
        if group.is_none() && queue.is_none() {
            return Err(taken(name));
        }
        Ok((
            group.map(|it| kafka::Command::AddConsumer(name.clone(), it.clone())),
            queue.map(|it| rabbitmq::Command::AddConsumer(name.clone(), it.clone())),
        ))
    }

    fn kafka(&self, command: &kafka::Command) -> Result<kafka::Command, Unfit> {
        use kafka::Command as Its;
        match command {
            Its::CrashConsumer(name)
            | Its::RestartConsumer(name)
            | Its::PauseConsumer(name)
            | Its::ResumeConsumer(name)
            | Its::RemoveConsumer(name)
            | Its::Call(name, _)
            | Its::Commit(name) => known("consumer of Kafka", name, &self.in_kafka)?,
            Its::AddConsumer(name, _) if self.in_kafka.contains(name) => return Err(taken(name)),
            Its::AddConsumer(_, group) if !self.groups.contains(group) => {
                let groups = self.groups.iter().map(GroupId::as_str);
                return Err(missing("group", group.as_str(), groups));
            }
            Its::Seek(name, partition, _) => {
                known("consumer of Kafka", name, &self.in_kafka)?;
                self.topic(&partition.topic)?;
            }
            Its::Set { name, .. } => self.has_settings(name)?,
            Its::Send { producer, topic, .. } => {
                self.producer(producer)?;
                self.topic(topic)?;
            }
            Its::LoseAnswer(name)
            | Its::Flush(name)
            | Its::CloseProducer(name)
            | Its::CrashProducer(name)
            | Its::RestartProducer(name) => self.producer(name)?,
            Its::Admin(call) => self.admin(call)?,
            Its::AddConsumer(..) | Its::Open(_) | Its::OpenProducer(_) | Its::Transact(..) => {}
            Its::CutBroker(id, peer) | Its::SlowBroker(id, peer, _) | Its::MendBroker(id, peer) => {
                self.broker(*id)?;
                if let kafka::command::Peer::Broker(other) = peer {
                    self.broker(*other)?;
                }
            }
            Its::CrashBroker(id) | Its::StopBroker(id) | Its::RestartBroker(id) => {
                self.broker(*id)?;
            }
        }
        Ok(command.clone())
    }

    fn producer(&self, name: &ProducerName) -> Result<(), Unfit> {
        if self.producers.contains(name) {
            return Ok(());
        }
        let producers = self.producers.iter().map(ProducerName::as_str);
        Err(missing("producer", name.as_str(), producers))
    }

    fn topic(&self, name: &TopicName) -> Result<(), Unfit> {
        if self.topics.contains(name) {
            return Ok(());
        }
        Err(missing("topic", name.as_str(), self.topics.iter().map(TopicName::as_str)))
    }

    /// Whether Kafka has a client, a group or a topic of that name.
    fn has_settings(&self, name: &str) -> Result<(), Unfit> {
        let consumers = self.in_kafka.iter().map(ConsumerName::as_str);
        let producers = self.producers.iter().map(ProducerName::as_str);
        let groups = self.groups.iter().map(GroupId::as_str);
        let topics = self.topics.iter().map(TopicName::as_str);
        let mut all = consumers.chain(producers).chain(groups).chain(topics);
        if all.clone().any(|it| it == name) {
            return Ok(());
        }
        Err(missing("client, group or topic of Kafka", name, all.by_ref()))
    }

    fn admin(&self, call: &AdminCall) -> Result<(), Unfit> {
        // No other call has a text that can be read.
        let (mut topic, mut group) = (None, None);
        if let AdminCall::ResetGroupOffsets { group: it, only, .. } = call {
            (topic, group) = (only.as_ref().map(|it| &it.topic), Some(it));
        } else if let AdminCall::CreatePartitions { topic: it, .. } = call {
            topic = Some(it);
        } else if let AdminCall::DeleteRecords { partition, .. } = call {
            topic = Some(&partition.topic);
        }
        if let Some(group) = group.filter(|it| !self.groups.contains(it)) {
            let groups = self.groups.iter().map(GroupId::as_str);
            return Err(missing("group", group.as_str(), groups));
        }
        topic.map_or(Ok(()), |it| self.topic(it))
    }

    fn broker(&self, id: kafka::BrokerId) -> Result<(), Unfit> {
        let last = self.brokers;
        if (1..=last).contains(&id.0) {
            return Ok(());
        }
        Err(Unfit(format!("there is no {id}: they are numbered 1 to {last}")))
    }

    fn queue(&self, queue: &QueueName) -> Result<(), Unfit> {
        if self.all_queues.contains(queue) {
            return Ok(());
        }
        let queues = self.all_queues.iter().map(QueueName::as_str);
        Err(missing("queue", queue.as_str(), queues))
    }

    fn rabbitmq(&self, command: &rabbitmq::Command) -> Result<rabbitmq::Command, Unfit> {
        use rabbitmq::Command as Its;
        match command {
            Its::CrashConsumer(name)
            | Its::RestartConsumer(name)
            | Its::PauseConsumer(name)
            | Its::ResumeConsumer(name)
            | Its::RemoveConsumer(name)
            | Its::CloseChannel(name) => known("consumer of RabbitMQ", name, &self.in_rabbitmq)?,
            Its::AddConsumer(name, _) if self.in_rabbitmq.contains(name) => {
                return Err(taken(name));
            }
            Its::AddConsumer(_, queue) if !self.all_queues.contains(queue) => {
                let queues = self.all_queues.iter().map(QueueName::as_str);
                return Err(missing("queue", queue.as_str(), queues));
            }
            Its::Purge(queue) | Its::Delete(queue) => self.queue(queue)?,
            Its::Move(from, to) => {
                self.queue(from)?;
                self.queue(to)?;
            }
            Its::Set { name, .. } => {
                let there = self.in_rabbitmq.iter().map(ConsumerName::as_str);
                let publishers = self.publishers.iter().map(ProducerName::as_str);
                let queues = self.all_queues.iter().map(QueueName::as_str);
                let all = || there.clone().chain(publishers.clone()).chain(queues.clone());
                if all().all(|it| *it != **name) {
                    return Err(missing("consumer or publisher", name, all()));
                }
            }
            Its::LoseConfirm(name) if !self.publishers.contains(name) => {
                let all = self.publishers.iter().map(ProducerName::as_str);
                return Err(missing("publisher", name.as_str(), all));
            }
            Its::StopNode(node) | Its::StartNode(node) => {
                let last = self.nodes;
                if !(1..=last).contains(node) {
                    let what = format!("there is no node {node}: they are numbered 1 to {last}");
                    return Err(Unfit(what));
                }
            }
            Its::AddConsumer(..) | Its::RestartBroker | Its::LoseConfirm(_) => {}
            Its::Drive(..) | Its::Configure(..) => {
                return Err(Unfit("a scenario cannot ask for that".to_owned()));
            }
        }
        Ok(command.clone())
    }
}

fn known(what: &str, name: &ConsumerName, there: &Set<ConsumerName>) -> Result<(), Unfit> {
    if there.contains(name) {
        return Ok(());
    }
    Err(missing(what, name.as_str(), there.iter().map(ConsumerName::as_str)))
}

fn missing<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Unfit {
    Unfit(match nearest(name, known) {
        Some(nearest) => format!("there is no {what} '{name}'; the nearest is '{nearest}'"),
        None => format!("there is no {what} '{name}', nor any other"),
    })
}

fn taken(name: &ConsumerName) -> Unfit {
    Unfit(format!("there is a consumer '{name}' already: restart it, or choose another name"))
}
