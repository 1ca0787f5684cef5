//! The coordinator of the groups whose partition of `__consumer_offsets` its broker leads.
//!
//! It speaks the classic protocol. What it must not forget it has its broker append to the
//! group's partition; after a restart that log is all it knows.

#[allow(dead_code, reason = "the coordinator takes it into use next")]
mod consumer_group;
mod group;

use super::config::BrokerSettings;
use super::fact::Fact;
use super::log::Log;
use super::message::{Answer, ErrorCode, GroupRequest, Internal};
use super::metadata::Metadata;
use super::network::ReplyTo;
use super::schema::{GroupValue, Key, OffsetValue};
use super::{BrokerId, TopicPartition, broker};
use crate::map::{Map, Set};
use crate::name::GroupId;
use crate::sim::{Rng, SimTime};
pub(crate) use group::Group;
use std::sync::Arc;

/// What reaches a coordinator.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Something it waits for is due.
    Wake,
    /// A client asks something that concerns a group.
    Request(ReplyTo, GroupRequest),
}

/// What a coordinator wants done.
#[derive(Clone, Debug, Hash)]
pub(crate) enum Effect {
    /// Answer a client, once what was to be appended before is safe.
    Answer(ReplyTo, Answer),
    /// Append these to the group's partition of `__consumer_offsets`, as one batch.
    Append(GroupId, Vec<Internal>),
    /// Tell whoever watches.
    Note(Fact),
}

/// A coordinator.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Coordinator {
    settings: BrokerSettings,
    metadata: Arc<Metadata>,
    groups: Map<GroupId, Group>,
}

impl Coordinator {
    /// A coordinator that knows of no group.
    pub(crate) fn new(settings: BrokerSettings, metadata: Arc<Metadata>) -> Self {
        Self { settings, metadata, groups: Map::new() }
    }

    /// Things are otherwise from now on.
    pub(crate) fn learn(&mut self, metadata: Arc<Metadata>) {
        self.metadata = metadata;
    }

    /// Another broker coordinates the groups of a partition from now on.
    ///
    /// Source: `GroupCoordinatorService.onResignation`.
    pub(crate) fn unload(&mut self, partition: &TopicPartition) {
        let metadata = self.metadata.clone();
        self.groups.retain(|it, _| metadata.offsets_partition(it.as_str()) != *partition);
    }

    /// A group it coordinates, if it knows it.
    pub(crate) fn group(&self, group: &GroupId) -> Option<&Group> {
        self.groups.get(group)
    }

    /// When it next has something to do by itself.
    pub(crate) fn due(&self) -> Option<SimTime> {
        self.groups.values().filter_map(Group::due).min()
    }

    /// Takes one input and says what should follow, in order. `here` is its broker.
    pub(crate) fn step(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        names: &mut Rng,
        here: BrokerId,
        input: Input,
    ) {
        match input {
            Input::Wake => {
                for group in self.groups.values_mut().filter(|it| it.is_due(now)) {
                    group.wake(fx, now);
                }
            }
            Input::Request(reply_to, request) => {
                if self.metadata.coordinator(request.group().as_str()) == Some(here) {
                    self.answer(fx, now, names, reply_to, request);
                } else {
                    let answer = request.refused(ErrorCode::NotCoordinator);
                    fx.push(Effect::Answer(reply_to, answer));
                }
            }
        }
    }

    fn answer(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        names: &mut Rng,
        reply_to: ReplyTo,
        request: GroupRequest,
    ) {
        let id = request.group().clone();
        if !self.groups.contains_key(&id) && !self.creates(&request) {
            let answer = answer_without_group(&request);
            fx.push(Effect::Answer(reply_to, answer));
            return;
        }
        let delay_ms = self.settings.group_initial_rebalance_delay_ms;
        let is_join = matches!(request, GroupRequest::JoinGroup(_));
        let group = self.groups.get_or_insert_with(id.clone(), || {
            let group = Group::new(id.clone(), delay_ms);
            // Source: `GroupMetadataManager.classicGroupJoin`: a group that a join makes is
            // written down at once, without members and in generation 0.
            if is_join {
                fx.push(Effect::Append(id, vec![group.record(now)]));
            }
            group
        });
        group.answer(fx, now, names, reply_to, request);
    }

    /// Whether a request makes the group if it is not there.
    fn creates(&self, request: &GroupRequest) -> bool {
        match request {
            GroupRequest::JoinGroup(join) => join.member_id.is_empty(),
            // A client that is no member may commit under the name of a group without members.
            GroupRequest::OffsetCommit { member, .. } => member.generation < 0,
            GroupRequest::SyncGroup { .. }
            | GroupRequest::Heartbeat { .. }
            | GroupRequest::LeaveGroup { .. }
            | GroupRequest::ConsumerHeartbeat(_)
            | GroupRequest::ConsumerGroupDescribe { .. }
            | GroupRequest::OffsetFetch { .. } => false,
        }
    }

    /// Reads one partition of `__consumer_offsets` and with it all that is known of its groups.
    ///
    /// Source: `CoordinatorLoaderImpl`, `GroupCoordinatorShard.replay`.
    pub(crate) fn load(
        &mut self,
        fx: &mut Vec<broker::Effect>,
        now: SimTime,
        partition: &TopicPartition,
        log: &Log,
    ) {
        let delay_ms = self.settings.group_initial_rebalance_delay_ms;
        let mut read = Set::new();
        for (key, value) in log.records().filter_map(|it| it.internal()) {
            let value = value.map(|it| &it[..]);
            let (id, change) = match Key::decode(key) {
                Some(Key::Offset { group, partition }) => {
                    let value = value.and_then(OffsetValue::decode);
                    (GroupId::from(group), Change::Offset(partition, value))
                }
                Some(Key::Group { group }) => {
                    (GroupId::from(group), Change::Group(value.and_then(GroupValue::decode)))
                }
                Some(Key::ConsumerGroup { .. }) | None => continue,
            };
            let fresh = || Group::new(id.clone(), delay_ms);
            let group = self.groups.get_or_insert_with(id.clone(), fresh);
            match change {
                Change::Offset(partition, value) => group.replay_offset(partition, value),
                Change::Group(value) => group.replay(value),
            }
            read.insert(id);
        }
        for id in read {
            let group = self.groups.get_mut(&id).expect("what was read is there");
            group.loaded(now);
            fx.push(broker::Effect::Note(Fact::Loaded {
                generation: group.generation(),
                offsets: u32::try_from(group.offsets().count()).expect("partitions are few"),
                partition: partition.clone(),
                group: id,
            }));
        }
    }
}

/// What a record of `__consumer_offsets` changes.
enum Change {
    Offset(TopicPartition, Option<OffsetValue>),
    Group(Option<GroupValue>),
}

/// What is answered about a group that does not exist.
///
/// Source: `GroupMetadataManager` and `OffsetMetadataManager.validateOffsetCommit`.
fn answer_without_group(request: &GroupRequest) -> Answer {
    match request {
        GroupRequest::OffsetFetch { partitions, .. } => {
            Answer::OffsetFetch(Ok(partitions.iter().map(|it| (it.clone(), None)).collect()))
        }
        GroupRequest::OffsetCommit { .. } => request.refused(ErrorCode::IllegalGeneration),
        GroupRequest::ConsumerHeartbeat(_) => request.refused(ErrorCode::UnsupportedVersion),
        GroupRequest::ConsumerGroupDescribe { .. } => request.refused(ErrorCode::GroupIdNotFound),
        GroupRequest::JoinGroup(_)
        | GroupRequest::SyncGroup { .. }
        | GroupRequest::Heartbeat { .. }
        | GroupRequest::LeaveGroup { .. } => request.refused(ErrorCode::UnknownMemberId),
    }
}

#[cfg(test)]
mod tests;
