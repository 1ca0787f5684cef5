//! Brokers come, tell that they are there, go, and are missed.
//!
//! Source: `ClusterControlManager`, `BrokerHeartbeatManager`, `ReplicationControlManager`.

use super::partitions::{Change, Mode};
use super::topics::note;
use super::{Controller, Effect};
use crate::kafka::fact::ClusterFact;
use crate::kafka::message::ErrorCode;
use crate::kafka::metadata::{BrokerState, Partition, Topic};
use crate::kafka::{BrokerId, TopicPartition};
use crate::sim::{SimDuration, SimTime};

/// What the controller knows of a broker's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Session {
    /// The number that its registration got.
    pub(super) epoch: u64,
    /// When it was last heard of.
    heard: SimTime,
    /// The version of the metadata that it has.
    version: u64,
    /// While it shuts down: the version that everyone must have first.
    stops_after: Option<u64>,
}

impl Session {
    /// Of a broker that is there from the beginning.
    pub(super) const fn first() -> Self {
        Self { epoch: 0, heard: SimTime::START, version: 0, stops_after: None }
    }
}

/// What a broker tells with a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BrokerHeartbeat {
    pub(crate) broker: BrokerId,
    /// The number of its registration.
    pub(crate) epoch: u64,
    /// The version of the metadata that it has.
    pub(crate) version: u64,
    /// Whether it wants to shut down in order.
    pub(crate) wants_stop: bool,
}

fn place(broker: BrokerId) -> usize {
    usize::from(broker.0) - 1
}

impl Controller {
    /// When a broker will have been silent for too long.
    ///
    /// Simplified: the only broker of a cluster sends no heartbeats and is not missed; nobody
    /// could take over from it.
    pub(super) fn sessions_due(&self) -> Option<SimTime> {
        let timeout = SimDuration::millis(self.settings.broker_session_timeout_ms);
        if self.sessions.len() == 1 {
            return None;
        }
        let mut due: Option<SimTime> = None;
        for (session, state) in self.sessions.iter().zip(&self.metadata.states) {
            if *state != BrokerState::Fenced {
                let ends = session.heard + timeout;
                due = Some(due.map_or(ends, |it| it.min(ends)));
            }
        }
        due
    }

    pub(super) fn expire_sessions(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let timeout = SimDuration::millis(self.settings.broker_session_timeout_ms);
        if self.sessions.len() == 1 {
            return;
        }
        for broker in self.metadata.broker_ids() {
            let is_late = self.sessions[place(broker)].heard + timeout <= now;
            if is_late && self.metadata.states[place(broker)] != BrokerState::Fenced {
                self.fence(fx, broker);
            }
        }
    }

    /// A broker counts as gone: it leads nothing and is in sync with nothing.
    fn fence(&mut self, fx: &mut Vec<Effect>, broker: BrokerId) {
        if 1 < self.sessions.len() {
            note(fx, ClusterFact::Fenced(broker));
        }
        self.change().states[place(broker)] = BrokerState::Fenced;
        self.remove(fx, broker);
    }

    fn remove(&mut self, fx: &mut Vec<Effect>, broker: BrokerId) {
        self.change_partitions(fx, &self.active(), &|topic, _, state| {
            state.isr.contains(&broker).then(|| Change {
                mode: Self::mode(topic),
                isr: state.isr.iter().copied().filter(|it| *it != broker).collect(),
                unclean: None,
            })
        });
    }

    /// A process of a broker has started. Answers the number of its registration.
    ///
    /// Simplified: a session of the process before ends at once, where Kafka has the new one wait
    /// until that has timed out.
    pub(super) fn register(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        broker: BrokerId,
        stopped: Option<u64>,
    ) -> u64 {
        let before = self.sessions[place(broker)];
        if self.metadata.states[place(broker)] != BrokerState::Fenced {
            self.fence(fx, broker);
        }
        if stopped != Some(before.epoch) {
            self.change_partitions(fx, &self.active(), &|topic, _, state| {
                let has = state.isr.contains(&broker) || state.elr.contains(&broker);
                has.then(|| Change {
                    mode: Self::mode(topic),
                    isr: state.isr.iter().copied().filter(|it| *it != broker).collect(),
                    unclean: Some(broker),
                })
            });
        }
        let epoch = before.epoch + 1;
        self.sessions[place(broker)] = Session { epoch, heard: now, version: 0, stops_after: None };
        epoch
    }

    /// A broker is there. Answers whether it may end now, if it wants to.
    ///
    /// Source: `BrokerHeartbeatManager.calculateNextBrokerState`.
    pub(super) fn heard(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        beat: BrokerHeartbeat,
    ) -> Result<bool, ErrorCode> {
        let BrokerHeartbeat { broker, epoch, version, wants_stop } = beat;
        if self.sessions[place(broker)].epoch != epoch {
            return Err(ErrorCode::StaleBrokerEpoch);
        }
        let session = &mut self.sessions[place(broker)];
        (session.heard, session.version) = (now, version);
        match self.metadata.states[place(broker)] {
            BrokerState::Fenced if wants_stop => return Ok(true),
            BrokerState::Fenced => self.unfence(fx, broker),
            BrokerState::Active if wants_stop => {
                note(fx, ClusterFact::Stopping(broker));
                self.change().states[place(broker)] = BrokerState::Stopping;
                self.remove(fx, broker);
                self.sessions[place(broker)].stops_after = Some(self.metadata.version);
                return Ok(self.stops(fx, broker));
            }
            BrokerState::Stopping => return Ok(self.stops(fx, broker)),
            BrokerState::Active => {}
        }
        // What was sent to it may have been lost.
        if version < self.metadata.version {
            fx.push(Effect::Update(broker, self.metadata.clone()));
        }
        Ok(false)
    }

    /// It leads nothing any more; once everyone knows that, it may end.
    fn stops(&mut self, fx: &mut Vec<Effect>, broker: BrokerId) -> bool {
        let needed = self.sessions[place(broker)].stops_after.unwrap_or_default();
        let others = self.metadata.broker_ids().filter(|it| self.metadata.is_active(*it));
        let oldest = others.map(|it| self.sessions[place(it)].version).min();
        let may = oldest.is_none_or(|it| needed <= it);
        if may {
            self.change().states[place(broker)] = BrokerState::Fenced;
            self.remove(fx, broker);
        }
        may
    }

    /// A broker knows all there is to know: it may lead what has no leader.
    fn unfence(&mut self, fx: &mut Vec<Effect>, broker: BrokerId) {
        self.change().states[place(broker)] = BrokerState::Active;
        self.change_partitions(fx, &self.active(), &|topic, _, state| {
            (state.leader.is_none() && state.replicas.contains(&broker)).then(|| Change {
                mode: Self::mode(topic),
                isr: state.isr.clone(),
                unclean: None,
            })
        });
    }

    /// A leader wants others to be in sync.
    ///
    /// Source: `ReplicationControlManager.alterPartition`.
    pub(super) fn alter_partition(
        &mut self,
        fx: &mut Vec<Effect>,
        leader: BrokerId,
        partition: &TopicPartition,
        epochs: (u32, u32),
        isr: &[BrokerId],
    ) -> Result<(), ErrorCode> {
        let state = self.metadata.partition(partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        if state.leader != Some(leader) || epochs.0 < state.leader_epoch {
            return Err(ErrorCode::FencedLeaderEpoch);
        }
        if epochs != (state.leader_epoch, state.partition_epoch) {
            return Err(ErrorCode::InvalidUpdateVersion);
        }
        if !isr.iter().all(|it| self.metadata.is_active(*it)) {
            return Err(ErrorCode::IneligibleReplica);
        }
        self.change_partitions(fx, &self.active(), &|topic, number, _| {
            let is_it = topic.name == partition.topic && number == partition.partition;
            is_it.then(|| Change { mode: Self::mode(topic), isr: isr.to_vec(), unclean: None })
        });
        Ok(())
    }

    /// Gives partitions back to their preferred leaders, and those without a leader to anyone if
    /// they are set so.
    ///
    /// Source: `maybeBalancePartitionLeaders`, and
    /// `maybeTriggerUncleanLeaderElectionForLeaderlessPartitions` as often.
    pub(super) fn balance(&mut self, fx: &mut Vec<Effect>) {
        let active = self.active();
        self.change_partitions(fx, &self.active(), &|topic, _, state| {
            let is_due = should_move(topic, state, &active);
            let mode = if state.leader.is_some() { Mode::Preferred } else { Self::mode(topic) };
            is_due.then(|| Change { mode, isr: state.isr.clone(), unclean: None })
        });
    }

    /// Whether anything is to be given back.
    pub(super) fn is_unbalanced(&self) -> bool {
        let active = self.active();
        let mut topics = self.metadata.every_topic();
        topics.any(|topic| topic.states.iter().any(|it| should_move(topic, it, &active)))
    }
}

/// Whether a partition should have another leader than it has.
fn should_move(topic: &Topic, state: &Partition, active: &dyn Fn(BrokerId) -> bool) -> bool {
    match state.leader {
        Some(leader) => {
            let preferred = state.replicas[0];
            preferred != leader && state.isr.contains(&preferred) && active(preferred)
        }
        None => {
            topic.settings.unclean_leader_election_enable
                && state.replicas.iter().any(|it| active(*it))
        }
    }
}
