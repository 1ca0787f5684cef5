//! A rebalance: the join phase, in which the members of the next generation gather, and the sync
//! phase, in which their leader's assignment reaches them.

use super::{
    Answer, Bytes, Classic, ClassicAssignor, Context, Effect, ErrorCode, Fact, LeaveReason, Member,
    MemberId, MemberOf, RebalanceReason, ReplyTo, SimDuration, SimTime, State, decode_assignment,
    uuid,
};
use crate::kafka::java::hash_map_order;
use crate::kafka::message::{JoinError, JoinGroup, Joined, JoinedMember};
use crate::map::{Set, sort_by};

impl Classic {
    /// Someone wants to take part.
    ///
    /// Source: `GroupMetadataManager.classicGroupJoinToClassicGroup`.
    pub(super) fn join(
        &mut self,
        fx: &mut Vec<Effect>,
        context: &mut Context<'_>,
        reply_to: ReplyTo,
        join: JoinGroup,
    ) {
        let id = join.member_id.clone();
        let refuse = |error, member_id| {
            Effect::Answer(reply_to, Answer::JoinGroup(Err(JoinError { error, member_id })))
        };
        if !self.has_room(&id, context.settings.group_max_size) {
            self.pending.remove(&id);
            self.remove(fx, &id);
            fx.push(refuse(ErrorCode::GroupMaxSizeReached, MemberId::default()));
        } else if !self.has_common_protocol(&join) {
            fx.push(refuse(ErrorCode::InconsistentGroupProtocol, id));
        } else if id.is_empty() {
            self.join_unknown(fx, context, reply_to, join);
        } else if self.pending.remove(&id).is_some() {
            self.add(fx, context, id, reply_to, join);
        } else if let Err(error) = self.check_identity(&id, join.instance.as_ref()) {
            fx.push(refuse(error, id));
        } else {
            self.rejoin(fx, context, &id, reply_to, join);
        }
    }

    /// Someone comes without a member id. A static member gets one at once, and takes the place
    /// of the one with its instance id; any other has to come back with the id that it is given.
    ///
    /// Source: `GroupMetadataManager.classicGroupJoinNewMember`.
    fn join_unknown(
        &mut self,
        fx: &mut Vec<Effect>,
        context: &mut Context<'_>,
        reply_to: ReplyTo,
        join: JoinGroup,
    ) {
        let Some(instance) = &join.instance else {
            let member_id = MemberId::from(format!("{}-{}", join.client, uuid(context.names)));
            let until = context.now + SimDuration::millis(join.session_timeout_ms);
            self.pending.insert(member_id.clone(), until);
            let refusal = JoinError { error: ErrorCode::MemberIdRequired, member_id };
            fx.push(Effect::Answer(reply_to, Answer::JoinGroup(Err(refusal))));
            return;
        };
        let new = MemberId::from(format!("{instance}-{}", uuid(context.names)));
        match self.static_member(instance) {
            Some(old) => self.replace(fx, context, (&old, new), reply_to, join),
            None => self.add(fx, context, new, reply_to, join),
        }
    }

    /// Whether the group takes one more, or has that member already.
    ///
    /// Source: `GroupMetadataManager.acceptJoiningMember`.
    fn has_room(&self, id: &MemberId, max_size: u32) -> bool {
        let members = match self.state {
            State::Empty => return true,
            State::Gathering { .. } | State::Preparing { .. } => {
                if self.members.get(id).is_some_and(|it| it.joining.is_some()) {
                    return true;
                }
                self.members.values().filter(|it| it.joining.is_some()).count()
            }
            State::Completing | State::Stable => {
                if self.members.contains_key(id) {
                    return true;
                }
                self.members.len()
            }
        };
        u32::try_from(members).is_ok_and(|it| it < max_size)
    }

    /// Whether some assignor is known to `join` and to all members.
    ///
    /// Source: `ClassicGroup.supportsProtocols`.
    fn has_common_protocol(&self, join: &JoinGroup) -> bool {
        let all_know = |it: ClassicAssignor| {
            self.members.values().all(|member| member.subscription(it).is_some())
        };
        join.protocols.iter().any(|(it, _)| all_know(*it))
    }

    fn add(
        &mut self,
        fx: &mut Vec<Effect>,
        context: &Context<'_>,
        id: MemberId,
        reply_to: ReplyTo,
        join: JoinGroup,
    ) {
        let client = join.client.clone();
        if self.members.is_empty() {
            self.is_simple = false;
        }
        self.leader.get_or_insert_with(|| id.clone());
        self.arrivals += 1;
        self.members.insert(id, Member::new(context.now, join, reply_to, self.arrivals));
        if let State::Gathering { someone_came, .. } = &mut self.state {
            *someone_came = true;
        }
        self.rebalance(fx, context, RebalanceReason::Joined(client));
    }

    /// A member joins again. Only the leader, or a changed subscription, starts a rebalance.
    fn rejoin(
        &mut self,
        fx: &mut Vec<Effect>,
        context: &Context<'_>,
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
            self.rebalance(fx, context, RebalanceReason::Joined(client));
        } else {
            let answer = self.joined(id, false);
            fx.push(Effect::Answer(reply_to, answer));
        }
    }

    /// Starts a rebalance unless one is on; an empty group first gathers members.
    ///
    /// Source: `GroupMetadataManager.maybePrepareRebalanceOrCompleteJoin`.
    pub(super) fn rebalance(
        &mut self,
        fx: &mut Vec<Effect>,
        context: &Context<'_>,
        why: RebalanceReason,
    ) {
        let State::Empty = self.state else {
            return self.rebalance_members(fx, context.now, why);
        };
        let delay = SimDuration::millis(context.settings.group_initial_rebalance_delay_ms);
        let left = SimDuration(self.longest_rebalance().0.saturating_sub(delay.0));
        let until = context.now + delay;
        self.enter(context.now, State::Gathering { until, delay, left, someone_came: false });
        fx.push(Effect::Note(Fact::Rebalancing { group: self.id.clone(), why }));
    }

    /// The same where there are members.
    ///
    /// Source: `GroupMetadataManager.prepareRebalance`.
    pub(super) fn rebalance_members(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        why: RebalanceReason,
    ) {
        let was_completing = match self.state {
            State::Empty | State::Gathering { .. } | State::Preparing { .. } => {
                return self.complete_join_if_all_came(fx, now);
            }
            State::Completing => true,
            State::Stable => false,
        };
        let error = || Answer::SyncGroup(Err(ErrorCode::RebalanceInProgress));
        for member in self.members.values_mut() {
            member.sync_by = None;
            if was_completing {
                member.assignment = Bytes::default();
            }
            let syncing = member.syncing.take();
            fx.extend(syncing.map(|reply_to| Effect::Answer(reply_to, error())));
        }
        fx.push(Effect::Note(Fact::Rebalancing { group: self.id.clone(), why }));
        let until = now + self.longest_rebalance();
        self.enter(now, State::Preparing { until });
        self.complete_join_if_all_came(fx, now);
    }

    fn longest_rebalance(&self) -> SimDuration {
        self.members.values().map(|it| it.rebalance_timeout).max().unwrap_or_default()
    }

    /// Takes a member out. If it led, the first of the others in the coordinator's own order
    /// leads.
    ///
    /// Source: `ClassicGroup.remove`.
    pub(super) fn remove(&mut self, fx: &mut Vec<Effect>, id: &MemberId) -> Option<Member> {
        let mut member = self.members.remove(id)?;
        let error = ErrorCode::UnknownMemberId;
        if let Some(reply_to) = member.joining.take() {
            let refusal = JoinError { error, member_id: MemberId::default() };
            fx.push(Effect::Answer(reply_to, Answer::JoinGroup(Err(refusal))));
        }
        if let Some(reply_to) = member.syncing.take() {
            fx.push(Effect::Answer(reply_to, Answer::SyncGroup(Err(error))));
        }
        if self.leader.as_ref() == Some(id) {
            self.leader = self.in_order().into_iter().next();
        }
        Some(member)
    }

    /// Whether every member has joined again and nobody is expected.
    ///
    /// Source: `ClassicGroup.hasAllMembersJoined`.
    fn all_came(&self) -> bool {
        self.pending.is_empty() && self.members.values().all(|it| it.joining.is_some())
    }

    /// Ends the join phase early once all came; while the first members gather it waits.
    ///
    /// Source: `GroupMetadataManager.maybeCompleteJoinPhase`.
    pub(super) fn complete_join_if_all_came(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if matches!(self.state, State::Preparing { .. }) && self.all_came() {
            self.complete_join(fx, now);
        }
    }

    /// The same, also while the first members gather: so after someone was removed by time.
    ///
    /// Source: `GroupMetadataManager.removeMemberAndUpdateClassicGroup`.
    pub(super) fn complete_join_at_once_if_all_came(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if matches!(self.state, State::Gathering { .. } | State::Preparing { .. })
            && self.all_came()
        {
            self.complete_join(fx, now);
        }
    }

    /// The first members have had their time. If someone came meanwhile they get more of it.
    ///
    /// Source: `GroupMetadataManager.tryCompleteInitialRebalanceElseSchedule`.
    pub(super) fn gathering_ends(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        match &mut self.state {
            State::Gathering { until, delay, left, someone_came: someone_came @ true }
                if *left != SimDuration::ZERO =>
            {
                let longer = (*delay).min(*left);
                *until = now + longer;
                *left = SimDuration(left.0.saturating_sub(delay.0));
                *someone_came = false;
            }
            State::Empty
            | State::Gathering { .. }
            | State::Preparing { .. }
            | State::Completing
            | State::Stable => self.complete_join(fx, now),
        }
    }

    /// Ends the join phase: whoever is here makes the next generation, and static members that
    /// are not. Without anybody who is here it waits on.
    ///
    /// Source: `GroupMetadataManager.completeClassicGroupJoin`, `ClassicGroup.initNextGeneration`.
    pub(super) fn complete_join(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let is_gone = |it: &Member| it.joining.is_none() && it.instance.is_none();
        let gone: Vec<MemberId> =
            self.members.iter().filter(|(_, it)| is_gone(it)).map(|(id, _)| id.clone()).collect();
        for id in &gone {
            let absent = self.remove(fx, id).expect("the absent are members");
            let why = LeaveReason::PollInterval(absent.rebalance_timeout.as_ms());
            let (group, consumer) = (self.id.clone(), absent.client);
            fx.push(Effect::Note(Fact::Left { group, consumer, why }));
        }
        if !self.elect_leader() && !self.members.is_empty() {
            let until = now + self.longest_rebalance();
            self.state = State::Preparing { until };
            return;
        }
        self.generation += 1;
        self.protocol = self.elect_protocol();
        if self.members.is_empty() {
            self.enter(now, State::Empty);
            fx.push(Effect::Append(self.id.clone(), vec![self.record()]));
            return;
        }
        self.enter(now, State::Completing);
        let sync_by = now + self.longest_rebalance();
        for id in self.in_order() {
            let answer = self.joined(&id, false);
            let member = self.members.get_mut(&id).expect("the ids are the members'");
            if let Some(reply_to) = member.joined(now, sync_by) {
                fx.push(Effect::Answer(reply_to, answer));
            }
        }
    }

    /// The leader leads on if it is here; else the first that is, in the coordinator's own order.
    ///
    /// Source: `ClassicGroup.maybeElectNewJoinedLeader`.
    pub(super) fn elect_leader(&mut self) -> bool {
        let is_here = |id: &MemberId| self.members.get(id).is_some_and(|it| it.joining.is_some());
        if !self.leader.as_ref().is_some_and(is_here) {
            let Some(first) = self.in_order().into_iter().find(is_here) else { return false };
            self.leader = Some(first);
        }
        true
    }

    /// Every member votes for the first of its assignors that all support; most votes win, and
    /// among equals the first in a `HashMap`'s order.
    ///
    /// Source: `ClassicGroup.selectProtocol`.
    pub(super) fn elect_protocol(&self) -> Option<ClassicAssignor> {
        let candidate =
            |it: ClassicAssignor| self.members.values().all(|m| m.subscription(it).is_some());
        let vote = |it: &Member| it.protocols.iter().map(|it| it.0).find(|it| candidate(*it));
        let votes: Vec<ClassicAssignor> = self.members.values().filter_map(vote).collect();
        let names = votes.iter().map(|it| it.as_str()).collect::<Set<_>>();
        let order = hash_map_order(names);
        let place = |it: ClassicAssignor| order.iter().position(|name| *name == it.as_str());
        votes.iter().copied().max_by_key(|it| {
            (votes.iter().filter(|vote| *vote == it).count(), std::cmp::Reverse(place(*it)))
        })
    }

    /// What a member hears of its generation; the leader also hears of all members.
    pub(super) fn joined(&self, id: &MemberId, came_back: bool) -> Answer {
        let protocol = self.protocol.expect("a group with members has an assignor");
        let is_leader = self.leader.as_ref() == Some(id);
        let mut members = Vec::new();
        for member_id in if is_leader { self.in_order() } else { Vec::new() } {
            let it = self.members.get(&member_id).expect("the ids are the members'");
            let subscription = it.subscription(protocol).unwrap_or_default();
            members.push(JoinedMember { member_id, instance: it.instance.clone(), subscription });
        }
        Answer::JoinGroup(Ok(Joined {
            generation: self.generation,
            member_id: id.clone(),
            protocol,
            leader: self.leader.clone().expect("a group with members has a leader"),
            skips_assignment: came_back && is_leader,
            members,
        }))
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
            (Ok(()), State::Empty) => Some(ErrorCode::UnknownMemberId),
            (Ok(()), State::Completing | State::Stable) => None,
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
        fx.push(Effect::Append(self.id.clone(), vec![self.record()]));
        self.enter(now, State::Stable);
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
