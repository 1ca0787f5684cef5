//! The controller: it has the truth about topics, partitions, leaders and brokers, and tells
//! every broker of each change.
//!
//! Simplified: one controller that never fails, where Kafka has a quorum that keeps its log by
//! Raft; and clients that want something from it ask it directly, where a broker would pass that
//! on.

mod brokers;
mod partitions;
mod topics;

use super::config::BrokerSettings;
use super::fact::Fact;
use super::message::{Answer, ControllerRequest, ErrorCode};
use super::metadata::{Metadata, Topic};
use super::network::ReplyTo;
use super::{BrokerId, TopicPartition};
use crate::name::TopicName;
use crate::sim::{SimDuration, SimTime};
pub(crate) use brokers::BrokerHeartbeat;
use brokers::Session;
use partitions::{Change, Mode};
use std::sync::Arc;

/// The number under which clients know the controller; brokers are numbered from 1.
pub(crate) const CONTROLLER: BrokerId = BrokerId(0);

/// A topic to be made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewTopic {
    /// Its name.
    pub name: TopicName,
    /// Its partitions and where they are.
    pub layout: Layout,
    /// Its settings, by their names, as text.
    pub configs: Vec<(String, String)>,
}

/// How many partitions a new topic has, and where they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// So many; the controller places them. -1 stands for the brokers' default.
    Counts {
        /// Partitions.
        partitions: i32,
        /// Copies of each.
        replication: i32,
    },
    /// The replicas of each partition, the preferred leader first.
    Assigned(Vec<(u32, Vec<BrokerId>)>),
}

/// How a leader is chosen when someone asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Election {
    /// The first replica, if it is in sync.
    Preferred,
    /// Any replica that is there, even if records are lost, if there is no leader.
    Unclean,
}

/// What reaches the controller.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Someone asks for something.
    Request(ReplyTo, ControllerRequest),
    /// Something it waits for is due.
    Wake,
}

/// What the controller wants done.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Answer.
    Answer(ReplyTo, Answer),
    /// Tell a broker how things are now.
    Update(BrokerId, Arc<Metadata>),
    /// Tell whoever watches.
    Note(Fact),
}

/// The controller.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Controller {
    settings: BrokerSettings,
    metadata: Arc<Metadata>,
    /// The number of the next new topic.
    next_topic: u32,
    /// By the brokers' places.
    sessions: Vec<Session>,
    /// When leaders are next given back, if any should be.
    next_balance: Option<SimTime>,
}

impl Controller {
    /// A controller of a cluster in which all is well.
    pub(crate) fn new(settings: BrokerSettings, metadata: Arc<Metadata>) -> Self {
        let topics = u32::try_from(metadata.topics.len()).expect("topics are few");
        let sessions = vec![Session::first(); metadata.states.len()];
        Self { settings, metadata, next_topic: topics + 1, sessions, next_balance: None }
    }

    /// How things are.
    pub(crate) fn metadata(&self) -> &Arc<Metadata> {
        &self.metadata
    }

    /// Takes one input and says what should follow, in order.
    pub(crate) fn step(&mut self, fx: &mut Vec<Effect>, now: SimTime, input: Input) {
        let version = self.metadata.version;
        let answer = match input {
            Input::Request(reply_to, request) => Some((reply_to, self.answer(fx, now, request))),
            Input::Wake => {
                self.expire_sessions(fx, now);
                if self.next_balance.is_some_and(|it| it <= now) {
                    self.balance(fx);
                    self.next_balance = None;
                }
                None
            }
        };
        if version != self.metadata.version {
            for broker in self.metadata.broker_ids() {
                fx.push(Effect::Update(broker, self.metadata.clone()));
            }
            self.next_balance = self.balance_due(now);
        }
        fx.extend(answer.map(|(reply_to, answer)| Effect::Answer(reply_to, answer)));
    }

    /// When it next has something to do by itself.
    pub(crate) fn due(&self) -> Option<SimTime> {
        self.sessions_due().into_iter().chain(self.next_balance).min()
    }

    /// When leaders are to be given back: at the next whole interval, if any should be.
    fn balance_due(&self, now: SimTime) -> Option<SimTime> {
        let interval = self.settings.leader_imbalance_check_interval_seconds.max(1) * 1_000;
        let wanted = self.settings.auto_leader_rebalance_enable && self.is_unbalanced();
        let passed = u64::try_from(now.as_ms()).expect("a run begins at 0") / interval;
        wanted.then(|| SimTime::START + SimDuration::millis((passed + 1) * interval))
    }

    fn answer(&mut self, fx: &mut Vec<Effect>, now: SimTime, request: ControllerRequest) -> Answer {
        Answer::Controller(match request {
            ControllerRequest::BrokerRegistration { broker, stopped } => {
                let epoch = self.register(fx, now, broker, stopped);
                return Answer::BrokerRegistration { epoch, metadata: self.metadata.clone() };
            }
            ControllerRequest::BrokerHeartbeat(beat) => {
                return Answer::BrokerHeartbeat(self.heard(fx, now, beat));
            }
            ControllerRequest::AlterPartition { leader, partition, epochs, isr } => {
                let result = self.alter_partition(fx, leader, &partition, epochs, &isr);
                return Answer::AlterPartition(partition, result);
            }
            ControllerRequest::CreateTopics(topic) => self.create_topic(fx, &topic),
            ControllerRequest::CreatePartitions { topic, count } => {
                self.create_partitions(fx, &topic, count)
            }
            ControllerRequest::IncrementalAlterConfigs { topic, configs } => {
                self.alter_configs(fx, &topic, &configs)
            }
            ControllerRequest::DeleteTopics { topic } => self.delete_topic(fx, &topic),
            ControllerRequest::ElectLeaders { partition, election } => {
                self.elect(fx, &partition, election)
            }
        })
    }

    /// The metadata, to be changed: it gets the next version.
    fn change(&mut self) -> &mut Metadata {
        let metadata = Arc::make_mut(&mut self.metadata);
        metadata.version += 1;
        metadata
    }

    /// A topic, to be changed.
    fn change_topic(&mut self, name: &TopicName) -> Option<&mut Topic> {
        let metadata = self.change();
        let own = [&mut metadata.offsets, &mut metadata.transactions];
        let topics = metadata.topics.iter_mut().chain(own);
        topics.into_iter().find(|it| it.name == *name).map(Arc::make_mut)
    }

    /// Source: `ReplicationControlManager.electLeader`.
    fn elect(
        &mut self,
        fx: &mut Vec<Effect>,
        partition: &TopicPartition,
        election: Election,
    ) -> Result<(), ErrorCode> {
        let state = self.metadata.partition(partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let needed = match election {
            Election::Preferred => state.leader != state.replicas.first().copied(),
            Election::Unclean => state.leader.is_none(),
        };
        if !needed {
            return Err(ErrorCode::ElectionNotNeeded);
        }
        let version = self.metadata.version;
        let (mode, failed) = match election {
            Election::Preferred => (Mode::Preferred, ErrorCode::PreferredLeaderNotAvailable),
            Election::Unclean => (Mode::Unclean, ErrorCode::EligibleLeadersNotAvailable),
        };
        self.change_partitions(fx, &self.active(), &|topic, number, state| {
            let is_it = topic.name == partition.topic && number == partition.partition;
            is_it.then(|| Change { mode, isr: state.isr.clone(), unclean: None })
        });
        if version == self.metadata.version { Err(failed) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
