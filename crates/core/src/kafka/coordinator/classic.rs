//! The members of a group under the classic protocol: who is in which generation, and what each
//! reads.

mod crossing;
mod member;
mod rebalance;
mod statics;

use super::group::Expiry;
use super::{Context, Effect};
use crate::kafka::TopicPartition;
use crate::kafka::assignor::compute::ClassicAssignor;
use crate::kafka::fact::{Fact, LeaveReason, RebalanceReason, SessionTimeout};
use crate::kafka::java::hash_map_order;
use crate::kafka::message::{
    Answer, ErrorCode, GroupDescription, InstanceId, Internal, JoinError, Leaver,
    MemberDescription, MemberId, MemberOf, MembershipRequest,
};
use crate::kafka::network::ReplyTo;
use crate::kafka::schema::{
    Bytes, ClassicSubscription, GroupValue, Key, MemberValue, PROTOCOL_TYPE, decode_assignment,
};
use crate::map::{Map, sort_by_key};
use crate::name::{ConsumerName, GroupId, TopicName};
use crate::settings::Value;
use crate::sim::{Rng, SimDuration, SimTime};
use member::Member;

/// The members.
///
/// Invariant: within a generation no partition is given to two members.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Classic {
    id: GroupId,
    state: State,
    /// Since when it is in that state.
    since: SimTime,
    generation: i32,
    /// Whether nobody has ever joined it.
    is_simple: bool,
    /// The assignor of this generation.
    protocol: Option<ClassicAssignor>,
    /// The member that computes the assignment.
    leader: Option<MemberId>,
    members: Map<MemberId, Member>,
    /// How many members have come so far.
    arrivals: u32,
    /// Ids given out to clients that have not come back with them, and until when.
    pending: Map<MemberId, SimTime>,
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
        /// How long it is gathered at a time.
        delay: SimDuration,
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

impl Classic {
    /// Without members.
    pub(super) fn new(id: GroupId) -> Self {
        Self {
            id,
            state: State::Empty,
            since: SimTime::START,
            generation: 0,
            is_simple: true,
            protocol: None,
            leader: None,
            members: Map::new(),
            arrivals: 0,
            pending: Map::new(),
        }
    }

    /// The name of its state.
    pub(super) fn state(&self) -> &'static str {
        match self.state {
            State::Empty => "Empty",
            State::Gathering { .. } | State::Preparing { .. } => "PreparingRebalance",
            State::Completing => "CompletingRebalance",
            State::Stable => "Stable",
        }
    }

    /// During a rebalance how many members have joined, or else asked for what they shall read,
    /// and how many there are.
    pub(super) fn progress(&self) -> Option<(usize, usize)> {
        let waiting = |it: &&Member| match self.state {
            State::Gathering { .. } | State::Preparing { .. } => it.joining.is_some(),
            State::Completing => it.syncing.is_some(),
            State::Empty | State::Stable => false,
        };
        match self.state {
            State::Empty | State::Stable => None,
            State::Gathering { .. } | State::Preparing { .. } | State::Completing => {
                Some((self.members.values().filter(waiting).count(), self.members.len()))
            }
        }
    }

    fn enter(&mut self, now: SimTime, state: State) {
        self.state = state;
        self.since = now;
    }

    /// Its generation.
    pub(super) fn generation(&self) -> u32 {
        u32::try_from(self.generation).expect("generations count up from 0")
    }

    /// What `ListGroups` tells of it.
    pub(super) fn protocol_type(&self) -> &'static str {
        if self.is_simple { "" } else { PROTOCOL_TYPE }
    }

    /// Who reads what in this generation.
    pub(super) fn owners(&self) -> impl Iterator<Item = (&ConsumerName, Vec<TopicPartition>)> {
        self.members.values().map(|it| (&it.client, it.reads()))
    }

    /// What is answered to those who wait, when another broker coordinates the group from now on.
    pub(super) fn dismiss(self) -> Vec<(ReplyTo, Answer)> {
        let error = ErrorCode::NotCoordinator;
        let mut answers = Vec::new();
        for (member_id, member) in self.members.iter() {
            if let Some(reply_to) = member.joining {
                let refusal = JoinError { error, member_id: member_id.clone() };
                answers.push((reply_to, Answer::JoinGroup(Err(refusal))));
            }
            if let Some(reply_to) = member.syncing {
                answers.push((reply_to, Answer::SyncGroup(Err(error))));
            }
        }
        answers
    }

    /// Whether nobody is in it, nor on the way in.
    ///
    /// Source: `ClassicGroup.isEmpty`: a client that has been given an id is not in it yet.
    pub(super) fn is_empty(&self) -> bool {
        self.state == State::Empty
    }

    /// Source: `ClassicGroup.isSubscribedToTopic`. While a generation is being made, the topics
    /// are those of the last one.
    pub(super) fn is_subscribed(&self, topic: &TopicName) -> bool {
        let Some(protocol) = self.protocol else { return false };
        let wants = |it: &Member| {
            let told = it.subscription(protocol).and_then(|it| ClassicSubscription::decode(&it));
            told.is_some_and(|it| it.topics.contains(topic))
        };
        self.members.values().any(wants)
    }

    /// Source: `ClassicGroup.offsetExpirationCondition`.
    pub(super) fn expiry(&self) -> Expiry {
        match self.state {
            State::Empty if self.is_simple => Expiry::SinceCommit,
            State::Empty => Expiry::Since(self.since.as_ms()),
            State::Stable => Expiry::SinceCommit,
            State::Gathering { .. } | State::Preparing { .. } | State::Completing => Expiry::Never,
        }
    }

    /// The members' ids in the order in which Kafka goes through them.
    ///
    /// Source: `ClassicGroup.members`, a `HashMap`.
    fn in_order(&self) -> Vec<MemberId> {
        let mut ids: Vec<&MemberId> = self.members.keys().collect();
        sort_by_key(&mut ids, |it| self.members.get(*it).map(|it| it.arrival));
        hash_map_order(ids.iter().map(|it| &***it)).into_iter().map(MemberId::from).collect()
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

    /// Answers one request of a member.
    pub(super) fn answer(
        &mut self,
        fx: &mut Vec<Effect>,
        context: &mut Context<'_>,
        reply_to: ReplyTo,
        request: MembershipRequest,
    ) {
        let now = context.now;
        match request {
            MembershipRequest::Join(join) => self.join(fx, context, reply_to, join),
            MembershipRequest::Sync { member, assignment } => {
                self.sync(fx, now, reply_to, &member, &assignment);
            }
            MembershipRequest::Heartbeat { member } => {
                let answer = Answer::Heartbeat(self.heartbeat(now, &member));
                fx.push(Effect::Answer(reply_to, answer));
            }
            MembershipRequest::Leave { members, why, .. } => {
                self.leave(fx, now, reply_to, &members, why);
            }
        }
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
    fn check(&self, member: &MemberOf) -> Result<(), ErrorCode> {
        self.check_identity(&member.member_id, member.instance.as_ref())?;
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

    /// Members go, by themselves or by an administrator's hand.
    ///
    /// Source: `GroupMetadataManager.classicGroupLeaveToClassicGroup`.
    fn leave(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        reply_to: ReplyTo,
        leavers: &[Leaver],
        why: LeaveReason,
    ) {
        let (mut results, mut first) = (Vec::with_capacity(leavers.len()), None);
        for leaver in leavers {
            let left = self.leaves(fx, leaver, why);
            if let Ok(consumer) = &left {
                first = first.or_else(|| Some(consumer.clone()));
            }
            results.push(left.map(|_| ()));
        }
        fx.push(Effect::Answer(reply_to, Answer::LeaveGroup(Ok(results))));
        match first {
            Some(Some(consumer)) => {
                self.rebalance_members(fx, now, RebalanceReason::Left(consumer));
            }
            Some(None) => self.complete_join_if_all_came(fx, now),
            None => {}
        }
    }

    /// One member goes. Its client's name, unless it had only been given an id.
    fn leaves(
        &mut self,
        fx: &mut Vec<Effect>,
        leaver: &Leaver,
        why: LeaveReason,
    ) -> Result<Option<ConsumerName>, ErrorCode> {
        if self.pending.remove(&leaver.member_id).is_some() {
            return Ok(None);
        }
        let id = match &leaver.instance {
            Some(instance) if leaver.member_id.is_empty() => {
                self.static_member(instance).ok_or(ErrorCode::UnknownMemberId)?
            }
            instance => {
                self.check_identity(&leaver.member_id, instance.as_ref())?;
                leaver.member_id.clone()
            }
        };
        let member = self.remove(fx, &id).expect("whoever leaves was found");
        let (group, consumer) = (self.id.clone(), member.client.clone());
        fx.push(Effect::Note(Fact::Left { group, consumer, why }));
        Ok(Some(member.client))
    }

    /// Removes who has been silent for too long.
    fn expire(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let before = self.pending.len();
        self.pending.retain(|_, until| now < *until);
        if self.pending.len() < before {
            self.complete_join_at_once_if_all_came(fx, now);
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
                let session = SessionTimeout::OfMember(member.session_timeout.as_ms());
                let gone = consumer.clone();
                fx.push(Effect::Note(Fact::Expired { group, consumer: gone, session }));
                RebalanceReason::Expired(consumer)
            };
            late.push(id.clone());
            first.get_or_insert(why);
        }
        for id in &late {
            self.remove(fx, id);
        }
        match (first, self.state) {
            (Some(_), State::Gathering { .. }) => self.complete_join_at_once_if_all_came(fx, now),
            (Some(why), _) => self.rebalance_members(fx, now, why),
            (None, _) => {}
        }
    }

    /// Whether that client may commit.
    ///
    /// Source: `ClassicGroup.validateOffsetCommit`.
    pub(super) fn may_commit(&mut self, now: SimTime, member: &MemberOf) -> Result<(), ErrorCode> {
        if member.generation < 0 && self.state == State::Empty {
            return Ok(());
        }
        let is_simple =
            member.generation < 0 && member.member_id.is_empty() && member.instance.is_none();
        if is_simple {
            return Err(ErrorCode::UnknownMemberId);
        }
        self.check(member)?;
        match self.state {
            State::Completing => return Err(ErrorCode::RebalanceInProgress),
            // While members are asked to join, the old generation may still commit.
            State::Empty | State::Gathering { .. } | State::Preparing { .. } | State::Stable => {}
        }
        self.heard_from(now, &member.member_id);
        Ok(())
    }

    /// Whether a member may send offsets to a transaction: also while a rebalance is on.
    ///
    /// Source: `ClassicGroup.validateOffsetCommit`.
    pub(super) fn may_commit_in_transaction(&self, member: &MemberOf) -> Result<(), ErrorCode> {
        if member.generation < 0 && self.state == State::Empty {
            return Ok(());
        }
        self.check(member)
    }

    /// What an administrator is told. Before a generation is complete it says nothing of who reads
    /// what.
    ///
    /// Source: `GroupMetadataManager.describeGroups`.
    pub(super) fn describe(&self) -> GroupDescription {
        let protocol = self.protocol.filter(|_| self.state == State::Stable);
        let describe = |id: MemberId| {
            let member = self.members.get(&id).expect("the ids are the members'");
            let told = protocol.and_then(|it| member.subscription(it));
            let told = told.and_then(|it| ClassicSubscription::decode(&it)).unwrap_or_default();
            MemberDescription {
                member_id: id,
                instance: member.instance.clone(),
                client: member.client.clone(),
                topics: told.topics,
                reads: if protocol.is_some() { member.reads() } else { Vec::new() },
            }
        };
        GroupDescription {
            state: self.state(),
            assignor: protocol.map_or("", ClassicAssignor::as_str),
            members: self.in_order().into_iter().map(describe).collect(),
        }
    }

    /// As it is written to `__consumer_offsets`.
    pub(super) fn record(&self) -> Internal {
        let members = self.in_order().into_iter().filter_map(|id| {
            let it = self.members.get(&id)?;
            Some(MemberValue {
                member_id: id.to_string(),
                instance: it.instance.as_ref().map(ToString::to_string),
                client_id: it.client.to_string(),
                rebalance_timeout_ms: milliseconds(it.rebalance_timeout),
                session_timeout_ms: milliseconds(it.session_timeout),
                subscription: self.protocol.and_then(|p| it.subscription(p)).unwrap_or_default(),
                assignment: it.assignment.clone(),
            })
        });
        let value = GroupValue {
            is_simple: self.is_simple,
            generation: self.generation,
            protocol: self.protocol.map(|it| it.as_str().to_owned()),
            leader: self.leader.as_ref().map(ToString::to_string),
            timestamp_ms: self.since.as_ms(),
            members: members.collect(),
        };
        let key = Key::Group { group: self.id.to_string() };
        Internal { key: key.encode(), value: Some(value.encode()) }
    }

    /// As it was at some time, read from the log.
    pub(super) fn read_back(id: GroupId, value: GroupValue) -> Self {
        let mut it = Self::new(id);
        it.generation = value.generation;
        it.is_simple = value.is_simple;
        it.protocol = value.protocol.as_deref().and_then(ClassicAssignor::read);
        it.leader = value.leader.map(MemberId::from);
        it.since = SimTime::from_ms(u64::try_from(value.timestamp_ms).unwrap_or_default());
        for member in value.members {
            let member_id = MemberId::from(member.member_id.as_str());
            it.arrivals += 1;
            let member = Member::read_back(member, it.protocol, it.arrivals);
            it.members.insert(member_id, member);
        }
        it
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
