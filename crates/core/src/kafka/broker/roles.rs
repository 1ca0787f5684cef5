//! Which partitions a broker leads and which it follows, as the controller tells.
//!
//! Source: `ReplicaManager.applyDelta`, `BrokerMetadataPublisher`.

use super::lifecycle::Stage;
use super::{Broker, Effect, coordinator};
use crate::kafka::TopicPartition;
use crate::kafka::message::{Answer, CorrelationId, ErrorCode, JoinError, Outcomes, Request};
use crate::kafka::metadata::{Metadata, Partition};
use crate::kafka::network::Node;
use crate::sim::SimTime;
use std::sync::Arc;

impl Broker {
    /// Things are otherwise from now on. Says which partitions are gone.
    pub(super) fn learn(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        metadata: Arc<Metadata>,
    ) -> Vec<TopicPartition> {
        let mut deleted = Vec::new();
        if metadata.version < self.metadata.version || self.is_registering() {
            return deleted;
        }
        let before = std::mem::replace(&mut self.metadata, metadata);
        for topic in before.every_topic() {
            let same = self.metadata.topic(&topic.name).is_some_and(|it| it.id == topic.id);
            if !same {
                let partitions = (0..topic.partitions)
                    .map(|partition| TopicPartition { topic: topic.name.clone(), partition });
                deleted.extend(partitions);
                let is_its = |it: &TopicPartition| it.topic == topic.name;
                self.disk.retain(|it, _| !is_its(it));
                self.duplicates.retain(|it, _| !is_its(it));
                let memory = self.memory();
                memory.leading.retain(|it, _| !is_its(it));
                memory.following.retain(|it, _| !is_its(it));
            }
        }
        let metadata = self.metadata.clone();
        self.memory().coordinator.learn(metadata);
        self.assume_roles(fx, now);
        self.answer_all(fx, now);
        self.fetch(fx, now);
        deleted
    }

    /// Leads and follows what the metadata says.
    pub(super) fn assume_roles(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let metadata = self.metadata.clone();
        let before = self.memory().roles.replace(metadata.clone());
        if metadata.is_active(self.id) && self.memory().life.stage == Stage::Fenced {
            self.memory().life.stage = Stage::Running;
        }
        for topic in metadata.every_topic() {
            let mut known = before.iter().flat_map(|it| it.every_topic());
            if known.any(|it| Arc::ptr_eq(it, topic)) {
                continue;
            }
            for (state, partition) in topic.states.iter().zip(0..) {
                if state.replicas.contains(&self.id) {
                    let partition = TopicPartition { topic: topic.name.clone(), partition };
                    self.assume_role(fx, now, &partition, state);
                }
            }
        }
    }

    fn assume_role(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        partition: &TopicPartition,
        state: &Partition,
    ) {
        let coordinates = partition.topic == self.metadata.offsets.name;
        let transacts = partition.topic == self.metadata.transactions.name;
        let led = self.memory().leading.contains_key(partition);
        let leads = state.leader == Some(self.id);
        if leads {
            self.memory().following.remove(partition);
            self.lead(now, partition, state);
        } else {
            self.memory().leading.remove(partition);
            match state.leader {
                Some(leader) => self.follow(now, partition, state, leader),
                None => {
                    self.memory().following.remove(partition);
                }
            }
        }
        if led == leads {
            return;
        }
        let memory = self.memory.as_mut().expect("a running broker has roles");
        if transacts {
            match self.disk.get(partition).filter(|_| leads) {
                Some(log) => memory.transactions.load(now, log),
                None => memory.transactions.unload(&self.metadata, partition),
            }
        }
        if !coordinates {
            return;
        }
        if !leads {
            memory.coordinator.unload(fx, partition);
        } else if let Some(log) = self.disk.get(partition) {
            memory.coordinator.load(fx, now, partition, log);
        }
    }

    /// Answers everything that waited and need not any longer.
    pub(super) fn answer_all(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        self.answer_satisfied(fx);
        self.answer_written(fx, now);
        self.release(fx);
    }

    /// Asks another broker or the controller.
    pub(super) fn ask(
        &mut self,
        fx: &mut Vec<Effect>,
        whom: Node,
        request: Request,
    ) -> CorrelationId {
        let memory = self.memory();
        memory.next_correlation.0 += 1;
        let correlation = memory.next_correlation;
        fx.push(Effect::Send(whom, correlation, request));
        correlation
    }

    pub(super) fn answered(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        whom: Node,
        correlation: CorrelationId,
        answer: Answer,
    ) {
        match (whom, answer) {
            (_, Answer::BrokerRegistration { epoch, metadata }) => {
                self.registered(fx, now, epoch, metadata);
            }
            (_, Answer::BrokerHeartbeat(result)) => self.heartbeat_answered(fx, now, result),
            (_, Answer::AlterPartition(partition, _)) => {
                self.altered(now, &partition);
                self.answer_all(fx, now);
            }
            (Node::Broker(leader), Answer::Fetch(results)) => {
                self.fetched(fx, now, leader, correlation, results);
                self.fetch(fx, now);
            }
            (_, Answer::AddedToTxn(result)) => {
                self.added_to_transaction(fx, now, correlation, result);
            }
            (_, Answer::WriteTxnMarkers(results)) => {
                self.markers_written(fx, now, correlation, results);
            }
            (_, _) => unreachable!("an answer to something that was not asked"),
        }
    }

    /// Lets out what the coordinator says, as far as what it wrote before is safe.
    ///
    /// Source: `CoordinatorRuntime`: an event is complete with the high watermark. Simplified: it
    /// is not refused while too few replicas are in sync, it waits.
    pub(super) fn release(&mut self, fx: &mut Vec<Effect>) {
        if self.memory().held.is_empty() {
            return;
        }
        for (partition, needed, effect) in std::mem::take(&mut self.memory().held) {
            match self.is_written(&partition, needed) {
                Ok(false) => self.memory().held.push((partition, needed, effect)),
                Err(ErrorCode::NotLeaderOrFollower) => self.say(fx, refused(effect)),
                Ok(true) | Err(_) => self.say(fx, effect),
            }
        }
    }

    pub(super) fn say(&mut self, fx: &mut Vec<Effect>, effect: coordinator::Effect) {
        match effect {
            coordinator::Effect::Answer(reply_to, answer) => {
                fx.push(Effect::Answer(reply_to, answer));
            }
            coordinator::Effect::Note(fact) => fx.push(Effect::Note(fact)),
            coordinator::Effect::Append(..) | coordinator::Effect::AppendInTransaction(..) => {
                unreachable!("what is written is not held back")
            }
        }
    }
}

/// What is said instead by a broker that has lost the group.
#[allow(clippy::wildcard_enum_match_arm, reason = "only groups are answered here")]
fn refused(effect: coordinator::Effect) -> coordinator::Effect {
    const ERROR: ErrorCode = ErrorCode::NotCoordinator;
    let coordinator::Effect::Answer(reply_to, answer) = effect else { return effect };
    let lost = |each: Outcomes<()>| each.into_iter().map(|it| (it.0, Err(ERROR))).collect();
    let refused = match answer {
        Answer::JoinGroup(Ok(joined)) => {
            Answer::JoinGroup(Err(JoinError { error: ERROR, member_id: joined.member_id }))
        }
        Answer::SyncGroup(_) => Answer::SyncGroup(Err(ERROR)),
        Answer::Heartbeat(_) => Answer::Heartbeat(Err(ERROR)),
        Answer::LeaveGroup(_) => Answer::LeaveGroup(Err(ERROR)),
        Answer::OffsetCommit(each) => Answer::OffsetCommit(lost(each)),
        Answer::TxnOffsetCommit(each) => Answer::TxnOffsetCommit(lost(each)),
        Answer::OffsetDelete(_) => Answer::OffsetDelete(Err(ERROR)),
        Answer::DeleteGroups(_) => Answer::DeleteGroups(Err(ERROR)),
        Answer::ConsumerHeartbeat(_) => Answer::ConsumerHeartbeat(Err(ERROR)),
        Answer::OffsetFetch(_) => Answer::OffsetFetch(Err(ERROR)),
        other => other,
    };
    coordinator::Effect::Answer(reply_to, refused)
}
