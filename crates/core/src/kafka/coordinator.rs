//! The coordinator of the groups whose partition of `__consumer_offsets` its broker leads.
//!
//! What it must not forget it has its broker append to the
//! group's partition; after a restart that log is all it knows.

mod admin;
mod classic;
mod consumer_group;
mod describe;
mod group;
mod mixed;
mod offsets;
mod unknown;

use super::config::BrokerSettings;
use super::fact::Fact;
use super::log::{Log, Record};
use super::message::consumer_group::{DescribedConsumerGroup, JOIN};
use super::message::{
    Answer, ErrorCode, GroupRequest, Internal, Marker, MembershipRequest, ProducerId,
};
use super::metadata::Metadata;
use super::network::ReplyTo;
use super::schema::{Change, GroupValue, Key, OffsetValue};
use super::{BrokerId, TopicPartition, broker};
use crate::map::{Map, Set};
use crate::name::GroupId;
use crate::sim::{Rng, SimDuration, SimTime};
use admin::answer_without_group;
use classic::Classic;
use consumer_group::{ConsumerGroup, Here};
pub(crate) use group::Group;
use group::Members;
use std::sync::Arc;

/// What reaches a coordinator.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Something it waits for is due.
    Wake,
    /// A client asks something that concerns a group.
    Request(ReplyTo, GroupRequest),
    /// These partitions are gone, with their topic.
    PartitionsDeleted(Vec<TopicPartition>),
}

/// What a coordinator wants done.
#[derive(Clone, Debug, Hash)]
pub(crate) enum Effect {
    /// Answer a client, once what was to be appended before is safe.
    Answer(ReplyTo, Answer),
    /// Append these to the group's partition of `__consumer_offsets`, as one batch.
    Append(GroupId, Vec<Internal>),
    /// The same as part of a producer's transaction.
    AppendInTransaction(GroupId, Vec<Internal>, ProducerId),
    /// Tell whoever watches.
    Note(Fact),
}

/// A coordinator.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Coordinator {
    settings: BrokerSettings,
    metadata: Arc<Metadata>,
    groups: Map<GroupId, Group>,
    /// When it next looks for what nobody uses any more.
    next_expiry: SimTime,
}

/// What a group is told beside a request.
pub(super) struct Context<'a> {
    pub(super) now: SimTime,
    /// Where new ids come from.
    pub(super) names: &'a mut Rng,
    pub(super) settings: &'a BrokerSettings,
    pub(super) metadata: &'a Metadata,
}

impl Coordinator {
    /// A coordinator that knows of no group, in a process that starts now.
    pub(crate) fn new(now: SimTime, settings: BrokerSettings, metadata: Arc<Metadata>) -> Self {
        let mut it = Self { settings, metadata, groups: Map::new(), next_expiry: now };
        it.plan_expiry(now);
        it
    }

    fn plan_expiry(&mut self, now: SimTime) {
        let interval = self.settings.offsets_retention_check_interval_ms.max(1);
        self.next_expiry = now + SimDuration::millis(interval);
    }

    /// Things are otherwise from now on.
    pub(crate) fn learn(&mut self, metadata: Arc<Metadata>) {
        self.metadata = metadata;
    }

    /// Another broker coordinates the groups of a partition from now on. Whoever waits for an
    /// answer is told so.
    ///
    /// Source: `GroupCoordinatorService.onResignation`, `GroupMetadataManager.onUnloaded`.
    pub(crate) fn unload(&mut self, fx: &mut Vec<broker::Effect>, partition: &TopicPartition) {
        let metadata = self.metadata.clone();
        let goes = |it: &GroupId| metadata.offsets_partition(it.as_str()) == *partition;
        for (_, group) in self.groups.take_where(|it, _| goes(it)) {
            for (reply_to, answer) in group.dismiss() {
                fx.push(broker::Effect::Answer(reply_to, answer));
            }
        }
    }

    /// A group it coordinates, if it knows it.
    pub(crate) fn group(&self, group: &GroupId) -> Option<&Group> {
        self.groups.get(group)
    }

    /// What only groups of the `consumer` protocol have.
    pub(crate) fn reconciling(&self, group: &GroupId) -> Option<DescribedConsumerGroup> {
        match &self.groups.get(group)?.members {
            Members::Classic(_) => None,
            Members::Consumer(it) => Some(it.describe(&self.settings)),
        }
    }

    /// When it next has something to do by itself.
    pub(crate) fn due(&self) -> Option<SimTime> {
        self.groups.values().filter_map(Group::due).chain([self.next_expiry]).min()
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
                for group in self.groups.values_mut() {
                    let (settings, metadata) = (&self.settings, &*self.metadata);
                    group.wake(fx, &Here { now, settings, metadata });
                }
                while self.next_expiry <= now {
                    self.expire(fx, now);
                    self.plan_expiry(self.next_expiry);
                }
            }
            Input::Request(reply_to, mut request) => {
                let (mut unknown, first) = (Vec::new(), fx.len());
                let is_over = unknown::part(&self.metadata, &mut request, &mut unknown);
                if !unknown.is_empty() {
                    unknown::note(fx, &request);
                }
                if is_over {
                    let answer = request.refused(ErrorCode::UnknownTopicOrPartition);
                    fx.push(Effect::Answer(reply_to, answer));
                } else if self.metadata.coordinator(request.group().as_str()) == Some(here) {
                    self.answer(fx, now, names, reply_to, request);
                } else {
                    let answer = request.refused(ErrorCode::NotCoordinator);
                    fx.push(Effect::Answer(reply_to, answer));
                }
                unknown::tell(&mut fx[first..], reply_to, unknown);
            }
            Input::PartitionsDeleted(gone) => self.partitions_deleted(fx, &gone),
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
        if let Some(error) = self.refusal(&request) {
            fx.push(Effect::Answer(reply_to, request.refused(error)));
            return;
        }
        if !self.groups.contains_key(&id) && !self.creates(&request) {
            fx.push(Effect::Answer(reply_to, answer_without_group(&request)));
            return;
        }
        let is_join = matches!(request, GroupRequest::Membership(MembershipRequest::Join(_)));
        let may_end = matches!(request, GroupRequest::DeleteGroups { .. });
        let group = self.groups.get_or_insert_with(id.clone(), || {
            let group = Group::new(id.clone());
            // Source: `GroupMetadataManager.classicGroupJoin`: a group that a join makes is
            // written down at once, without members and in generation 0.
            if is_join && let Members::Classic(it) = &group.members {
                fx.push(Effect::Append(id.clone(), vec![it.record()]));
            }
            group
        });
        let (settings, metadata) = (&self.settings, &*self.metadata);
        let mut context = Context { now, names, settings, metadata };
        group.answer(fx, &mut context, reply_to, request);
        if may_end && group.is_empty() {
            self.groups.remove(&id);
        }
    }

    /// Why a request is refused whatever the group is, if it is.
    ///
    /// Source: `GroupMetadataManager.classicGroupJoin`.
    fn refusal(&self, request: &GroupRequest) -> Option<ErrorCode> {
        let GroupRequest::Membership(MembershipRequest::Join(join)) = request else { return None };
        let settings = &self.settings;
        let allowed = settings.group_min_session_timeout_ms..=settings.group_max_session_timeout_ms;
        let is_allowed = allowed.contains(&join.session_timeout_ms);
        (!is_allowed).then_some(ErrorCode::InvalidSessionTimeout)
    }

    /// Whether a request makes the group if it is not there.
    fn creates(&self, request: &GroupRequest) -> bool {
        match request {
            GroupRequest::Membership(MembershipRequest::Join(join)) => join.member_id.is_empty(),
            // A client that is no member may commit under the name of a group without members.
            GroupRequest::OffsetCommit { member, .. }
            | GroupRequest::TxnOffsetCommit { member, .. } => member.generation < 0,
            GroupRequest::ConsumerHeartbeat(it) => it.epoch == JOIN,
            GroupRequest::Membership(_)
            | GroupRequest::OffsetFetch { .. }
            | GroupRequest::OffsetDelete { .. }
            | GroupRequest::DescribeGroups { .. }
            | GroupRequest::ConsumerGroupDescribe { .. }
            | GroupRequest::DeleteGroups { .. } => false,
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
        let mut read = Set::new();
        let start = log.log_start();
        for (head, records) in log.batches() {
            if let (Some(marker), Some(stamp)) = (head.marker, head.producer) {
                // That was told when it happened.
                let _ = self.transaction_ended(partition, stamp.id, marker);
                continue;
            }
            let open = head.producer.filter(|_| head.transactional).map(|it| it.id);
            let records = records.filter(|it| start <= it.offset);
            self.replay(&mut read, records, open);
        }
        for id in read {
            self.read_back(fx, now, partition, id);
        }
    }

    /// A transaction has ended: the offsets that it holds open count from now on, or never.
    ///
    /// Source: `GroupCoordinatorShard.replayEndTransactionMarker`.
    pub(crate) fn transaction_ended(
        &mut self,
        partition: &TopicPartition,
        producer: i64,
        marker: Marker,
    ) -> Vec<Fact> {
        let mut facts = Vec::new();
        for (id, group) in &mut self.groups {
            if self.metadata.offsets_partition(id.as_str()) == *partition {
                facts.extend(group.offsets.decide(id, producer, marker));
            }
        }
        facts
    }

    /// Reads the records of one batch; those of a transaction of that producer are not decided.
    fn replay<'a>(
        &mut self,
        read: &mut Set<GroupId>,
        records: impl Iterator<Item = &'a Record>,
        open: Option<i64>,
    ) {
        for (key, value) in records.filter_map(Record::internal) {
            let value = value.map(|it| &it[..]);
            match Key::decode(key) {
                Some(Key::Offset { group, partition }) if open.is_some() => {
                    let id = GroupId::from(group);
                    if let (Some(value), Some(producer)) =
                        (value.and_then(OffsetValue::decode), open)
                    {
                        let client = "".into();
                        self.replayed(&id).offsets.hold(producer, client, partition, value);
                    }
                    read.insert(id);
                }
                Some(Key::Offset { group, partition }) => {
                    let id = GroupId::from(group);
                    let value = value.and_then(OffsetValue::decode);
                    if value.is_some() || self.groups.contains_key(&id) {
                        self.replayed(&id).offsets.replay(partition, value);
                    }
                    read.insert(id);
                }
                Some(Key::Group { group }) => {
                    let id = GroupId::from(group);
                    match value.and_then(GroupValue::decode) {
                        Some(value) => {
                            self.replayed(&id).members =
                                Members::Classic(Classic::read_back(id.clone(), value));
                        }
                        None => self.replay_end(&id),
                    }
                    read.insert(id);
                }
                Some(Key::ConsumerGroup { kind, group, member }) => {
                    let id = GroupId::from(group);
                    if let Some(change) = Change::read(kind, &member, value) {
                        self.replay_change(&id, change);
                    }
                    read.insert(id);
                }
                None => {}
            }
        }
    }

    /// A group that something is read of from the log.
    fn replayed(&mut self, id: &GroupId) -> &mut Group {
        self.groups.get_or_insert_with(id.clone(), || Group::new(id.clone()))
    }

    /// A change of a group of the `consumer` protocol was read from the log. Which protocol a
    /// group is of, its newest record tells.
    fn replay_change(&mut self, id: &GroupId, change: Change) {
        if change == Change::Group(None) {
            return self.replay_end(id);
        }
        if !change.is_removal() {
            let members = &mut self.replayed(id).members;
            if let Members::Classic(_) = members {
                *members = Members::Consumer(ConsumerGroup::new(id.clone()));
            }
        }
        if let Some(Group { members: Members::Consumer(group), .. }) = self.groups.get_mut(id) {
            group.replay(change);
        }
    }

    /// The end of a group was read from the log. Its offsets go by records of their own.
    fn replay_end(&mut self, id: &GroupId) {
        let Some(group) = self.groups.get_mut(id) else { return };
        if group.offsets.is_empty() {
            self.groups.remove(id);
        } else {
            let offsets = std::mem::take(&mut group.offsets);
            *group = Group { offsets, ..Group::new(id.clone()) };
        }
    }

    /// All that the log says of a group was read.
    fn read_back(
        &mut self,
        fx: &mut Vec<broker::Effect>,
        now: SimTime,
        partition: &TopicPartition,
        id: GroupId,
    ) {
        let Some(group) = self.groups.get_mut(&id) else { return };
        group.loaded(&Here { now, settings: &self.settings, metadata: &self.metadata });
        fx.push(broker::Effect::Note(Fact::Loaded {
            generation: group.generation(),
            offsets: u32::try_from(group.offsets.len()).expect("partitions are few"),
            partition: partition.clone(),
            group: id,
        }));
    }
}

#[cfg(test)]
mod tests;
