//! A rebalance: the join phase, in which the members of the next generation gather, and the sync
//! phase, in which their leader's assignment reaches them.

use super::{
    Answer, Assignor, Bytes, Effect, ErrorCode, Fact, Group, LeaveReason, Member, MemberId,
    MemberOf, RebalanceReason, ReplyTo, Rng, SimDuration, SimTime, State, decode_assignment, uuid,
};
use crate::kafka::java::hash_map_order;
use crate::kafka::message::{JoinError, JoinGroup, Joined};
use crate::map::{Set, sort_by};

impl Group {
    /// Someone wants to take part.
    ///
    /// Source: `GroupMetadataManager.classicGroupJoinToClassicGroup`. Simplified: there are no
    /// static members and no `group.max.size` yet.
    pub(super) fn join(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        names: &mut Rng,
        reply_to: ReplyTo,
        join: JoinGroup,
    ) {
        let refuse = |error, member_id| {
            Effect::Answer(reply_to, Answer::JoinGroup(Err(JoinError { error, member_id })))
        };
        let id = join.member_id.clone();
        if !self.has_common_protocol(&id, &join) {
            fx.push(refuse(ErrorCode::InconsistentGroupProtocol, id));
        } else if id.is_empty() {
            let id = MemberId::from(format!("{}-{}", join.client, uuid(names)));
            let until = now + SimDuration::millis(join.session_timeout_ms);
            self.pending.insert(id.clone(), until);
            fx.push(refuse(ErrorCode::MemberIdRequired, id));
        } else if self.pending.remove(&id).is_some() {
            self.add(fx, now, id, reply_to, join);
        } else if self.members.contains_key(&id) {
            self.rejoin(fx, now, &id, reply_to, join);
        } else {
            fx.push(refuse(ErrorCode::UnknownMemberId, id));
        }
    }

    /// Whether some assignor is known to `join` and to all other members.
    fn has_common_protocol(&self, id: &MemberId, join: &JoinGroup) -> bool {
        join.protocols.iter().any(|(protocol, _)| {
            let others = self.members.iter().filter(|(it, _)| *it != id);
            others.into_iter().all(|(_, it)| it.subscription(*protocol).is_some())
        })
    }

    fn add(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        id: MemberId,
        reply_to: ReplyTo,
        join: JoinGroup,
    ) {
        let client = join.client.clone();
        self.leader.get_or_insert_with(|| id.clone());
        self.members.insert(id, Member::new(now, join, reply_to));
        if let State::Gathering { someone_came, .. } = &mut self.state {
            *someone_came = true;
        }
        self.rebalance(fx, now, RebalanceReason::Joined(client));
    }

    /// A member joins again. Only the leader, or a changed subscription, starts a rebalance.
    fn rejoin(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        id: &MemberId,
        reply_to: ReplyTo,
        join: JoinGroup,
    ) {
        let member = self.members.get_mut(id).expect("whoever rejoins is a member");
        let changed = member.protocols != join.protocols;
        let is_leader = self.leader.as_ref() == Some(id);
        let starts = match self.state {
            State::Completing => changed,
            State::Stable => changed || is_leader,
            State::Empty | State::Gathering { .. } | State::Preparing { .. } => true,
        };
        if starts {
            let client = join.client.clone();
            member.rejoin(join, reply_to);
            self.rebalance(fx, now, RebalanceReason::Joined(client));
        } else {
            member.heard_from(now);
            let answer = self.joined(id);
            fx.push(Effect::Answer(reply_to, answer));
        }
    }

    /// Starts a rebalance unless one is on.
    ///
    /// Source: `GroupMetadataManager.prepareRebalance`.
    fn rebalance(&mut self, fx: &mut Vec<Effect>, now: SimTime, why: RebalanceReason) {
        let longest = self.longest_rebalance();
        self.state = match self.state {
            State::Gathering { .. } | State::Preparing { .. } => {
                return self.complete_join_if_all_came(fx, now);
            }
            State::Empty => State::Gathering {
                until: now + self.initial_delay,
                left: SimDuration(longest.0.saturating_sub(self.initial_delay.0)),
                someone_came: false,
            },
            State::Completing | State::Stable => State::Preparing { until: now + longest },
        };
        let error = || Answer::SyncGroup(Err(ErrorCode::RebalanceInProgress));
        for member in self.members.values_mut() {
            member.sync_by = None;
            let syncing = member.syncing.take();
            fx.extend(syncing.map(|reply_to| Effect::Answer(reply_to, error())));
        }
        fx.push(Effect::Note(Fact::Rebalancing { group: self.id.clone(), why }));
        self.complete_join_if_all_came(fx, now);
    }

    fn longest_rebalance(&self) -> SimDuration {
        self.members.values().map(|it| it.rebalance_timeout).max().unwrap_or_default()
    }

    /// Removes members and lets the others share what they read.
    pub(super) fn remove(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        ids: &[MemberId],
        why: RebalanceReason,
    ) {
        for id in ids {
            let Some(member) = self.members.remove(id) else { continue };
            let error = ErrorCode::UnknownMemberId;
            let refusal = JoinError { error, member_id: id.clone() };
            let joining = member.joining.map(|it| (it, Answer::JoinGroup(Err(refusal))));
            let syncing = member.syncing.map(|it| (it, Answer::SyncGroup(Err(error))));
            let held = joining.into_iter().chain(syncing);
            fx.extend(held.map(|(reply_to, answer)| Effect::Answer(reply_to, answer)));
        }
        self.rebalance(fx, now, why);
    }

    /// Ends the join phase early once every member has joined again and nobody is expected.
    ///
    /// Source: `ClassicGroup.hasAllMembersJoined`; while the first members gather it waits.
    pub(super) fn complete_join_if_all_came(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let all_came = self.members.values().all(|it| it.joining.is_some());
        if matches!(self.state, State::Preparing { .. }) && all_came && self.pending.is_empty() {
            self.complete_join(fx, now);
        }
    }

    /// The first members have had their time. If someone came meanwhile they get more of it.
    ///
    /// Source: `GroupMetadataManager.tryCompleteInitialRebalanceElseSchedule`.
    pub(super) fn gathering_ends(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        match &mut self.state {
            State::Gathering { until, left, someone_came: someone_came @ true }
                if *left != SimDuration::ZERO =>
            {
                let longer = self.initial_delay.min(*left);
                *until = now + longer;
                *left = SimDuration(left.0 - longer.0);
                *someone_came = false;
            }
            State::Empty
            | State::Gathering { .. }
            | State::Preparing { .. }
            | State::Completing
            | State::Stable => self.complete_join(fx, now),
        }
    }

    /// Ends the join phase: whoever is here makes the next generation.
    ///
    /// Source: `GroupMetadataManager.completeClassicGroupJoin`, `ClassicGroup.initNextGeneration`.
    pub(super) fn complete_join(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        for (_, absent) in self.members.take_where(|_, it| it.joining.is_none()) {
            let why = LeaveReason::PollInterval(absent.rebalance_timeout.as_ms());
            let (group, consumer) = (self.id.clone(), absent.client);
            fx.push(Effect::Note(Fact::Left { group, consumer, why }));
        }
        self.generation += 1;
        self.elect_leader();
        self.protocol = self.elect_protocol();
        if self.members.is_empty() {
            self.state = State::Empty;
            fx.push(Effect::Append(self.id.clone(), vec![self.record(now)]));
            return;
        }
        self.state = State::Completing;
        let sync_by = now + self.longest_rebalance();
        let ids: Vec<MemberId> = self.members.keys().cloned().collect();
        for id in ids {
            let answer = self.joined(&id);
            let member = self.members.get_mut(&id).expect("the ids are the members'");
            let reply_to = member.joined(now, sync_by).expect("everyone here has joined");
            fx.push(Effect::Answer(reply_to, answer));
        }
    }

    /// If the leader is gone, the first of the others in the coordinator's own order leads.
    ///
    /// Source: `ClassicGroup.maybeElectNewJoinedLeader`, over a `HashMap` of member ids.
    fn elect_leader(&mut self) {
        if self.leader.as_ref().is_none_or(|it| !self.members.contains_key(it)) {
            let ids = self.members.keys().map(|it| &**it);
            self.leader = hash_map_order(ids).first().map(|it| MemberId::from(*it));
        }
    }

    /// Every member votes for the first of its assignors that all support; most votes win, and
    /// among equals the first in a `HashMap`'s order.
    ///
    /// Source: `ClassicGroup.selectProtocol`.
    fn elect_protocol(&self) -> Option<Assignor> {
        let candidate = |it: Assignor| self.members.values().all(|m| m.subscription(it).is_some());
        let vote = |it: &Member| it.protocols.iter().map(|it| it.0).find(|it| candidate(*it));
        let votes: Vec<Assignor> = self.members.values().filter_map(vote).collect();
        let names = votes.iter().map(|it| it.as_str()).collect::<Set<_>>();
        let order = hash_map_order(names);
        let place = |it: Assignor| order.iter().position(|name| *name == it.as_str());
        votes.iter().copied().max_by_key(|it| {
            (votes.iter().filter(|vote| *vote == it).count(), std::cmp::Reverse(place(*it)))
        })
    }

    /// What a member hears of its generation; the leader also hears of all members.
    fn joined(&self, id: &MemberId) -> Answer {
        let protocol = self.protocol.expect("a group with members has an assignor");
        let members = if self.leader.as_ref() == Some(id) {
            let subscription = |it: &Member| it.subscription(protocol).unwrap_or_default();
            self.members.iter().map(|(id, it)| (id.clone(), subscription(it))).collect()
        } else {
            Vec::new()
        };
        let (generation, member_id) = (self.generation, id.clone());
        Answer::JoinGroup(Ok(Joined { generation, member_id, protocol, members }))
    }

    /// A member asks for its assignment; the leader brings everyone's.
    ///
    /// Source: `GroupMetadataManager.classicGroupSyncToClassicGroup`.
    pub(super) fn sync(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        reply_to: ReplyTo,
        speaker: &MemberOf,
        assignment: &[(MemberId, Bytes)],
    ) {
        let error = match (self.check(speaker), self.state) {
            (Err(error), _) => Some(error),
            (Ok(()), State::Gathering { .. } | State::Preparing { .. }) => {
                Some(ErrorCode::RebalanceInProgress)
            }
            (Ok(()), State::Empty | State::Completing | State::Stable) => None,
        };
        if let Some(error) = error {
            fx.push(Effect::Answer(reply_to, Answer::SyncGroup(Err(error))));
            return;
        }
        let id = &speaker.member_id;
        let member = self.members.get_mut(id).expect("whoever speaks was checked");
        member.sync_by = None;
        member.heard_from(now);
        member.syncing = Some(reply_to);
        if self.state == State::Completing && self.leader.as_ref() == Some(id) {
            self.become_stable(fx, now, assignment);
        }
        if self.state == State::Stable {
            self.hand_out(fx, now);
        }
    }

    fn become_stable(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        assignment: &[(MemberId, Bytes)],
    ) {
        let mut taken = Set::new();
        for (id, member) in &mut self.members {
            let given = assignment.iter().find(|(it, _)| it == id).map(|(_, it)| it.clone());
            member.assignment = given.unwrap_or_default();
            for partition in decode_assignment(&member.assignment).unwrap_or_default() {
                assert!(taken.insert(partition), "a partition has one owner in a generation");
            }
        }
        self.state = State::Stable;
        fx.push(Effect::Append(self.id.clone(), vec![self.record(now)]));
        let reads = self.members.values().map(|it| (it.client.clone(), it.reads()));
        let mut assignment: Vec<_> = reads.collect();
        sort_by(&mut assignment, Ord::cmp);
        let (group, generation) = (self.id.clone(), self.generation());
        fx.push(Effect::Note(Fact::Assigned { group, generation, assignment }));
    }

    fn hand_out(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        for member in self.members.values_mut() {
            if let Some(reply_to) = member.syncing.take() {
                member.heard_from(now);
                let answer = Answer::SyncGroup(Ok(member.assignment.clone()));
                fx.push(Effect::Answer(reply_to, answer));
            }
        }
    }
}
