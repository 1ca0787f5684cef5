//! One group under the classic protocol: who is a member, in which generation, and what is
//! committed.

mod member;
mod rebalance;

use super::Effect;
use crate::kafka::Offset;
use crate::kafka::TopicPartition;
use crate::kafka::call::OffsetAndMetadata;
use crate::kafka::config::Assignor;
use crate::kafka::fact::{CommitReason, Fact, LeaveReason, RebalanceReason};
use crate::kafka::message::{Answer, ErrorCode, GroupRequest, Internal, MemberId, MemberOf};
use crate::kafka::network::ReplyTo;
use crate::kafka::schema::{Bytes, GroupValue, Key, MemberValue, OffsetValue, decode_assignment};
use crate::map::Map;
use crate::name::{ConsumerName, GroupId};
use crate::settings::Value;
use crate::sim::{Rng, SimDuration, SimTime};
use member::Member;

/// A group.
///
/// Invariant: within a generation no partition is given to two members.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Group {
    id: GroupId,
    /// `group.initial.rebalance.delay.ms`.
    initial_delay: SimDuration,
    state: State,
    generation: i32,
    /// The assignor of this generation.
    protocol: Option<Assignor>,
    /// The member that computes the assignment.
    leader: Option<MemberId>,
    members: Map<MemberId, Member>,
    /// Ids given out to clients that have not come back with them, and until when.
    pending: Map<MemberId, SimTime>,
    offsets: Map<TopicPartition, OffsetValue>,
}

/// Where a group stands.
///
/// Source: `ClassicGroupState`. A dead group is not there at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    /// Nobody is in it.
    Empty,
    /// The first members gather.
    Gathering {
        until: SimTime,
        /// How much longer the gathering may be made.
        left: SimDuration,
        /// Whether someone came since it was last made longer.
        someone_came: bool,
    },
    /// Members of the last generation are asked to join again.
    Preparing { until: SimTime },
    /// The leader computes the assignment.
    Completing,
    /// Everyone may read.
    Stable,
}

impl Group {
    /// A group without members.
    pub(super) fn new(id: GroupId, initial_delay_ms: u64) -> Self {
        Self {
            id,
            initial_delay: SimDuration::millis(initial_delay_ms),
            state: State::Empty,
            generation: 0,
            protocol: None,
            leader: None,
            members: Map::new(),
            pending: Map::new(),
            offsets: Map::new(),
        }
    }

    /// The name of its state.
    pub(crate) fn state(&self) -> &'static str {
        match self.state {
            State::Empty => "Empty",
            State::Gathering { .. } | State::Preparing { .. } => "PreparingRebalance",
            State::Completing => "CompletingRebalance",
            State::Stable => "Stable",
        }
    }

    /// Its generation.
    pub(crate) fn generation(&self) -> u32 {
        u32::try_from(self.generation).expect("generations count up from 0")
    }

    /// What is committed.
    pub(crate) fn offsets(&self) -> impl Iterator<Item = (&TopicPartition, Offset)> {
        self.offsets.iter().map(|(partition, it)| (partition, it.offset))
    }

    /// Who reads what in this generation.
    pub(crate) fn owners(&self) -> impl Iterator<Item = (&ConsumerName, Vec<TopicPartition>)> {
        self.members.values().map(|it| (&it.client, it.reads()))
    }

    /// Whether something is due.
    pub(super) fn is_due(&self, now: SimTime) -> bool {
        self.due().is_some_and(|it| it <= now)
    }

    /// When it next has something to do by itself.
    pub(super) fn due(&self) -> Option<SimTime> {
        let until = match self.state {
            State::Gathering { until, .. } | State::Preparing { until } => Some(until),
            State::Empty | State::Completing | State::Stable => None,
        };
        let members = self.members.values().filter_map(Member::due);
        self.pending.values().copied().chain(members).chain(until).min()
    }

    /// Answers one request.
    pub(super) fn answer(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        names: &mut Rng,
        reply_to: ReplyTo,
        request: GroupRequest,
    ) {
        let answer = match request {
            GroupRequest::JoinGroup(join) => return self.join(fx, now, names, reply_to, join),
            GroupRequest::SyncGroup { member, assignment } => {
                return self.sync(fx, now, reply_to, &member, &assignment);
            }
            GroupRequest::Heartbeat { member } => Answer::Heartbeat(self.heartbeat(now, &member)),
            GroupRequest::ConsumerHeartbeat(_) => request.refused(ErrorCode::UnsupportedVersion),
            GroupRequest::ConsumerGroupDescribe { .. } => {
                request.refused(ErrorCode::GroupIdNotFound)
            }
            GroupRequest::LeaveGroup { member_id, why, .. } => {
                let result = self.leave(fx, &member_id, why);
                fx.push(Effect::Answer(reply_to, Answer::LeaveGroup(result)));
                return self.after_leave(fx, now, &member_id);
            }
            GroupRequest::OffsetCommit { member, offsets, how } => {
                Answer::OffsetCommit(self.commit(fx, now, &member, offsets, how))
            }
            GroupRequest::OffsetFetch { partitions, .. } => {
                let committed = |it: TopicPartition| {
                    let value = self.offsets.get(&it);
                    let value = value.map(|it| OffsetAndMetadata {
                        offset: it.offset,
                        metadata: it.metadata.clone(),
                    });
                    (it, value)
                };
                let found = partitions.into_iter().map(committed);
                Answer::OffsetFetch(Ok(found.collect()))
            }
        };
        fx.push(Effect::Answer(reply_to, answer));
    }

    /// Does what is due by itself.
    pub(super) fn wake(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        self.expire(fx, now);
        match self.state {
            State::Gathering { until, .. } if until <= now => self.gathering_ends(fx, now),
            State::Preparing { until } if until <= now => self.complete_join(fx, now),
            State::Empty
            | State::Gathering { .. }
            | State::Preparing { .. }
            | State::Completing
            | State::Stable => {}
        }
    }

    /// Who speaks, if it is a member in the present generation.
    ///
    /// Source: `ClassicGroup.validateMember` and its callers.
    fn check(&self, member: &MemberOf) -> Result<(), ErrorCode> {
        if !self.members.contains_key(&member.member_id) {
            return Err(ErrorCode::UnknownMemberId);
        }
        if member.generation != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        Ok(())
    }

    /// Source: `GroupMetadataManager.classicGroupHeartbeatToClassicGroup`.
    fn heartbeat(&mut self, now: SimTime, member: &MemberOf) -> Result<(), ErrorCode> {
        self.check(member)?;
        self.heard_from(now, &member.member_id);
        match self.state {
            State::Gathering { .. } | State::Preparing { .. } => {
                Err(ErrorCode::RebalanceInProgress)
            }
            State::Empty | State::Completing | State::Stable => Ok(()),
        }
    }

    fn heard_from(&mut self, now: SimTime, member_id: &MemberId) {
        if let Some(member) = self.members.get_mut(member_id) {
            member.heard_from(now);
        }
    }

    fn leave(
        &mut self,
        fx: &mut Vec<Effect>,
        member_id: &MemberId,
        why: LeaveReason,
    ) -> Result<(), ErrorCode> {
        if self.pending.remove(member_id).is_some() {
            return Ok(());
        }
        let member = self.members.get(member_id).ok_or(ErrorCode::UnknownMemberId)?;
        let (group, consumer) = (self.id.clone(), member.client.clone());
        fx.push(Effect::Note(Fact::Left { group, consumer, why }));
        Ok(())
    }

    fn after_leave(&mut self, fx: &mut Vec<Effect>, now: SimTime, member_id: &MemberId) {
        match self.members.get(member_id).map(|it| it.client.clone()) {
            Some(client) => {
                let why = RebalanceReason::Left(client);
                self.remove(fx, now, std::slice::from_ref(member_id), why);
            }
            None => self.complete_join_if_all_came(fx, now),
        }
    }

    /// Removes who has been silent for too long.
    fn expire(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let before = self.pending.len();
        self.pending.retain(|_, until| now < *until);
        if self.pending.len() < before {
            self.complete_join_if_all_came(fx, now);
        }
        let (mut late, mut first) = (Vec::new(), None);
        for (id, member) in &self.members {
            if member.due().is_none_or(|due| now < due) {
                continue;
            }
            let (group, consumer) = (self.id.clone(), member.client.clone());
            let why = if member.did_not_sync(now) {
                RebalanceReason::DidNotSync(consumer)
            } else {
                let session_timeout_ms = member.session_timeout.as_ms();
                fx.push(Effect::Note(Fact::Expired {
                    group,
                    consumer: consumer.clone(),
                    session_timeout_ms,
                }));
                RebalanceReason::Expired(consumer)
            };
            late.push(id.clone());
            first.get_or_insert(why);
        }
        if let Some(why) = first {
            self.remove(fx, now, &late, why);
        }
    }

    /// Stores positions, if whoever sends them may.
    ///
    /// Source: `ClassicGroup.validateOffsetCommit`. An offset is not compared with the log: one
    /// beyond the end is stored (recorded case `commit-beyond-end`).
    fn commit(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        member: &MemberOf,
        offsets: Vec<(TopicPartition, OffsetAndMetadata)>,
        how: CommitReason,
    ) -> Result<(), ErrorCode> {
        let result = self.may_commit(member);
        let (group, consumer) = (self.id.clone(), member.client.clone());
        if let Err(error) = result {
            let error = error.as_str();
            fx.push(Effect::Note(Fact::CommitRefused { group, consumer, error }));
            return result;
        }
        self.heard_from(now, &member.member_id);
        let mut records = Vec::with_capacity(offsets.len());
        for (partition, OffsetAndMetadata { offset, metadata }) in &offsets {
            let (timestamp_ms, metadata) = (now.as_ms(), metadata.clone());
            let value = OffsetValue { offset: *offset, metadata, timestamp_ms };
            let key = Key::Offset { group: group.to_string(), partition: partition.clone() };
            records.push(Internal { key: key.encode(), value: Some(value.encode()) });
            self.offsets.insert(partition.clone(), value);
        }
        if records.is_empty() {
            return Ok(());
        }
        fx.push(Effect::Append(group.clone(), records));
        for (partition, OffsetAndMetadata { offset, .. }) in offsets {
            let (group, consumer) = (group.clone(), consumer.clone());
            fx.push(Effect::Note(Fact::Committed { group, consumer, partition, offset, how }));
        }
        Ok(())
    }

    fn may_commit(&self, member: &MemberOf) -> Result<(), ErrorCode> {
        if member.generation < 0 && self.members.is_empty() {
            return Ok(());
        }
        self.check(member)?;
        match self.state {
            State::Completing => Err(ErrorCode::RebalanceInProgress),
            // While members are asked to join, the old generation may still commit.
            State::Empty | State::Gathering { .. } | State::Preparing { .. } | State::Stable => {
                Ok(())
            }
        }
    }

    /// The group as it is written to `__consumer_offsets`.
    pub(super) fn record(&self, now: SimTime) -> Internal {
        let members = self.members.iter().map(|(id, it)| MemberValue {
            member_id: id.to_string(),
            client_id: it.client.to_string(),
            rebalance_timeout_ms: milliseconds(it.rebalance_timeout),
            session_timeout_ms: milliseconds(it.session_timeout),
            subscription: self.protocol.and_then(|p| it.subscription(p)).unwrap_or_default(),
            assignment: it.assignment.clone(),
        });
        let value = GroupValue {
            generation: self.generation,
            protocol: self.protocol.map(|it| it.as_str().to_owned()),
            leader: self.leader.as_ref().map(ToString::to_string),
            timestamp_ms: now.as_ms(),
            members: members.collect(),
        };
        let key = Key::Group { group: self.id.to_string() };
        Internal { key: key.encode(), value: Some(value.encode()) }
    }

    /// A commit was read from the log.
    pub(super) fn replay_offset(&mut self, partition: TopicPartition, value: Option<OffsetValue>) {
        match value {
            Some(value) => self.offsets.insert(partition, value),
            None => self.offsets.remove(&partition),
        };
    }

    /// The group as it was at some time was read from the log.
    pub(super) fn replay(&mut self, value: Option<GroupValue>) {
        self.members.clear();
        let Some(value) = value else {
            (self.generation, self.protocol, self.leader) = (0, None, None);
            return;
        };
        self.generation = value.generation;
        self.protocol = value.protocol.as_deref().and_then(Assignor::read);
        self.leader = value.leader.map(MemberId::from);
        for it in value.members {
            let member_id = MemberId::from(it.member_id.as_str());
            self.members.insert(member_id, Member::read_back(it, self.protocol));
        }
    }

    /// All was read: the members have their session timeout from now on to be heard from.
    pub(super) fn loaded(&mut self, now: SimTime) {
        self.state = if self.members.is_empty() { State::Empty } else { State::Stable };
        for member in self.members.values_mut() {
            member.heard_from(now);
        }
    }
}

fn milliseconds(span: SimDuration) -> i32 {
    i32::try_from(span.as_ms()).unwrap_or(i32::MAX)
}

/// A random UUID, version 4, as Kafka makes one for each member.
fn uuid(names: &mut Rng) -> String {
    let (high, low) = (names.next(), names.next());
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}
