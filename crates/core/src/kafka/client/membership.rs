//! The client's part in its group: finding the coordinator, joining, heartbeats, leaving.
//!
//! Source: `AbstractCoordinator` and `ConsumerCoordinator` of the Java client.

use super::assigning::{PartitionCounts, Remembered};
use super::consumer_protocol::TakingUp;
use super::heartbeats::Heartbeats;
use super::{Asked, Client, Effect, Subscription};
use crate::kafka::assignor::compute::ClassicAssignor;
use crate::kafka::call::Callback;
use crate::kafka::fact::{Fact, LeaveReason};
use crate::kafka::message::{
    ErrorCode, InstanceId, JoinError, JoinGroup, Joined, Leaver, MemberId, MembershipRequest,
    Request,
};
use crate::kafka::network::Channel;
use crate::kafka::schema::{Bytes, decode_assignment};
use crate::kafka::{BrokerId, TopicPartition};
use crate::name::TopicName;
use crate::sim::{SimDuration, SimTime};

/// Where the client stands towards its group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Membership {
    pub(super) coordinator: Option<BrokerId>,
    /// How often it has looked for the coordinator: each time it asks the next broker.
    searches: u16,
    /// Empty until the coordinator has given it one.
    member_id: MemberId,
    /// -1 outside any generation.
    generation: i32,
    /// Who it was last, for who asks after it is not any more.
    was: Option<(MemberId, i32)>,
    /// The assignor of its generation.
    protocol: Option<ClassicAssignor>,
    /// What its assignors remember.
    pub(super) remembered: Remembered,
    /// As the leader of its generation, how many partitions the group's topics had when it dealt
    /// them out.
    pub(super) watched: Option<PartitionCounts>,
    phase: Phase,
    /// Whether it has to join, or join again, at the next chance in `poll`.
    must_join: bool,
    /// What it was told to read, until the application polls.
    dealt: Option<Vec<TopicPartition>>,
    /// Until when it tries to commit before it joins again.
    prepares_until: Option<SimTime>,
    /// Whether it has yet to call its application back about what a rebalance takes away.
    must_prepare: bool,
    /// After an error, when it may ask again.
    not_before: SimTime,
    next_heartbeat: SimTime,
    /// If it speaks the `consumer` protocol; the generation and all else of the classic one are
    /// without meaning then.
    pub(super) heartbeats: Option<Heartbeats>,
    /// In the `consumer` protocol, what it is about to read.
    pub(super) taking_up: Option<TakingUp>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// It takes no part.
    Outside,
    /// It is about to join again and commits first.
    Committing,
    /// It has asked to join.
    Joining,
    /// It knows its generation and has asked what to read.
    Syncing,
    /// It is a member.
    Member,
}

impl Membership {
    /// A client that has not joined.
    pub(super) fn new(now: SimTime, id: Option<MemberId>) -> Self {
        Self {
            coordinator: None,
            searches: 0,
            member_id: MemberId::default(),
            generation: -1,
            was: None,
            protocol: None,
            remembered: Remembered::default(),
            watched: None,
            phase: Phase::Outside,
            must_join: true,
            dealt: None,
            prepares_until: None,
            must_prepare: true,
            not_before: now,
            next_heartbeat: now,
            heartbeats: id.map(|it| Heartbeats::new(now, it)),
            taking_up: None,
        }
    }

    /// Its id, empty if it has none.
    pub(super) fn member_id(&self) -> &MemberId {
        self.heartbeats.as_ref().map_or(&self.member_id, Heartbeats::member_id)
    }

    /// Its generation or epoch, -1 outside any.
    pub(super) fn generation(&self) -> i32 {
        match &self.heartbeats {
            Some(it) => it.epoch().unwrap_or(-1),
            None => self.generation,
        }
    }

    /// Whether it has an epoch rather than a generation.
    pub(super) fn speaks_consumer_protocol(&self) -> bool {
        self.heartbeats.is_some()
    }

    /// Its id and generation, or the last that it had.
    ///
    /// Source: `ConsumerCoordinator.groupMetadata` is renewed by a join and by nothing else.
    pub(super) fn last_known(&self) -> Option<(MemberId, i32)> {
        if self.generation() < 0 { self.was.clone() } else { None }
    }

    /// Whether it is a member that was told what to read.
    pub(super) fn is_member(&self) -> bool {
        let is_member = self.phase == Phase::Member && self.dealt.is_none();
        self.heartbeats.as_ref().map_or(is_member, Heartbeats::is_member)
    }

    /// Whether it may speak for its generation.
    ///
    /// Source: `AbstractCoordinator.generationIfStable`.
    pub(super) fn is_stable(&self) -> bool {
        self.heartbeats.is_some() || matches!(self.phase, Phase::Committing | Phase::Member)
    }

    /// Whether it is on its way into the next generation.
    pub(super) fn is_rebalancing(&self) -> bool {
        matches!(self.phase, Phase::Joining | Phase::Syncing)
    }

    /// Whether it has to join again.
    pub(super) fn must_join(&self) -> bool {
        self.must_join && self.heartbeats.is_none()
    }

    fn join_again(&mut self) {
        self.must_join = true;
        if matches!(self.phase, Phase::Joining | Phase::Syncing) {
            self.phase = Phase::Outside;
        }
    }

    /// The group does not know it any more, or not in this generation.
    ///
    /// Source: `AbstractCoordinator.resetStateAndRejoin`.
    fn forget_generation(&mut self) {
        if 0 <= self.generation {
            self.was = Some((self.member_id.clone(), self.generation));
        }
        self.generation = -1;
        self.phase = Phase::Outside;
        self.dealt = None;
        self.must_join = true;
        self.must_prepare = true;
    }

    fn forget_member(&mut self) {
        self.forget_generation();
        self.member_id = MemberId::default();
    }

    fn has_heartbeat(&self) -> bool {
        matches!(self.phase, Phase::Committing | Phase::Syncing | Phase::Member)
    }
}

impl Client {
    pub(super) fn membership_due(&self) -> Option<SimTime> {
        let it = &self.membership;
        let heartbeat =
            (it.has_heartbeat() && self.coordinator().is_some()).then_some(it.next_heartbeat);
        let joins = self.polling.is_some() && self.can_join() && self.coordinator().is_some();
        let searches =
            self.needs_coordinator() && it.coordinator.is_none() && !self.is_waiting_for(is_search);
        let again = (joins || searches).then_some(it.not_before);
        let again = again.filter(|_| !searches || self.some_broker().is_some());
        let heartbeat = heartbeat.into_iter().chain(self.heartbeat_due());
        heartbeat.chain(again).chain(self.poll_interval_ends()).min()
    }

    /// When the application has been away from `poll` for too long.
    fn poll_interval_ends(&self) -> Option<SimTime> {
        let interval = SimDuration::millis(self.settings.max_poll_interval_ms);
        let takes_part = match &self.membership.heartbeats {
            Some(it) => it.is_active(),
            None => self.membership.has_heartbeat(),
        };
        let can_leave = self.polling.is_none() && takes_part;
        can_leave.then_some(self.last_poll + interval)
    }

    /// Whether there is anything to ask a coordinator.
    fn needs_coordinator(&self) -> bool {
        let waits = !self.commits.is_empty() || !self.async_commits.is_empty();
        self.has_group()
            && (self.subscription != Subscription::None || waits || self.asking.is_some())
    }

    /// Whether the coordinator is not known and no broker can be asked for it.
    pub(super) fn finds_nobody(&self) -> bool {
        self.membership.coordinator.is_none()
            && !self.is_waiting_for(is_search)
            && self.some_broker().is_none()
    }

    /// A broker that can be asked who the coordinator is.
    ///
    /// Simplified: the Java client asks the broker with the fewest requests in flight, this one
    /// each in turn.
    pub(super) fn some_broker(&self) -> Option<BrokerId> {
        let count = self.metadata.brokers;
        let turn = |it: u16| BrokerId(1 + (self.membership.searches + it) % count);
        (0..count).map(turn).find(|it| self.connections(Channel::Data).is_up(*it))
    }

    pub(super) fn look_for_coordinator(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let it = &self.membership;
        if !self.needs_coordinator()
            || it.coordinator.is_some()
            || now < it.not_before
            || self.is_waiting_for(is_search)
        {
            return;
        }
        let Some(broker) = self.some_broker() else { return };
        self.membership.searches = self.membership.searches.wrapping_add(1) % self.metadata.brokers;
        let request = Request::FindCoordinator { group: self.group.clone() };
        self.send(fx, now, (broker, Channel::Data), Asked::Coordinator, request);
    }

    pub(super) fn coordinator_found(&mut self, now: SimTime, found: Result<BrokerId, ErrorCode>) {
        match found {
            Ok(broker) => self.membership.coordinator = Some(broker),
            Err(_) => self.coordinator_not_found(now),
        }
    }

    /// Nobody says who it is.
    pub(super) fn coordinator_not_found(&mut self, now: SimTime) {
        self.async_commits_failed();
        self.coordinator_lost(now);
    }

    /// The coordinator is gone, or is another broker now.
    pub(super) fn coordinator_lost(&mut self, now: SimTime) {
        self.membership.coordinator = None;
        self.membership.not_before = now + self.retry_backoff();
    }

    /// A join or sync will not be answered.
    pub(super) fn membership_failed(&mut self, now: SimTime) {
        self.membership.join_again();
        self.membership.not_before = now + self.retry_backoff();
    }

    /// What the background does: heartbeats, and leaving when the application does not poll.
    pub(super) fn keep_membership(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if self.poll_interval_ends().is_some_and(|it| it <= now) {
            // What it holds is dropped when the application polls again.
            let why = LeaveReason::PollInterval(self.settings.max_poll_interval_ms);
            self.leave(fx, now, why);
            return;
        }
        self.send_heartbeat(fx, now);
        if !self.membership.has_heartbeat() || now < self.membership.next_heartbeat {
            return;
        }
        if let Some(to) = self.coordinator() {
            let interval = SimDuration::millis(self.settings.heartbeat_interval_ms.max(1));
            self.membership.next_heartbeat = now + interval;
            let what = Asked::Heartbeat(self.membership.generation);
            let request = MembershipRequest::Heartbeat { member: self.member() };
            self.send(fx, now, to, what, Request::Group(request.into()));
        }
    }

    /// Goes. A static member says nothing: it may come back within its session timeout.
    ///
    /// Source: `AbstractCoordinator.maybeLeaveGroup`.
    pub(super) fn leave(&mut self, fx: &mut Vec<Effect>, now: SimTime, why: LeaveReason) {
        if self.membership.heartbeats.is_some() {
            return self.leave_by_heartbeat(fx, now, why);
        }
        let member_id = self.membership.member_id.clone();
        if let Some(to) = self.coordinator()
            && !member_id.is_empty()
            && self.settings.group_instance_id.is_none()
        {
            let members = vec![Leaver { member_id, instance: None }];
            let request = MembershipRequest::Leave { group: self.group.clone(), members, why };
            self.send(fx, now, to, Asked::Leave, Request::Group(request.into()));
        }
        self.membership.forget_member();
        self.forget_rebalance();
    }

    /// Outside any rebalance no answer to an earlier one is wanted.
    ///
    /// Source: `AbstractCoordinator.SyncGroupResponseHandler`, which compares generations.
    fn forget_rebalance(&mut self) {
        if self.membership.phase == Phase::Outside {
            self.in_flight.retain(|_, it| !matches!(it.what, Asked::Join | Asked::Sync));
        }
    }

    pub(super) fn heartbeat_answered(
        &mut self,
        now: SimTime,
        generation: i32,
        answer: Result<(), ErrorCode>,
    ) {
        let Err(error) = answer else { return };
        if error == ErrorCode::FencedInstanceId && generation == self.membership.generation {
            self.membership.forget_member();
            self.exception = Some(error.as_str());
        }
        self.refused(now, generation, error);
    }

    /// The coordinator refused something that was said in `generation`.
    pub(super) fn refused(&mut self, now: SimTime, generation: i32, error: ErrorCode) {
        let is_present = generation == self.membership.generation;
        // What is said of a generation that is over, or does not concern membership, is nothing.
        if matches!(error, ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable) {
            self.coordinator_lost(now);
        } else if is_present && error == ErrorCode::RebalanceInProgress {
            self.membership.must_join = true;
        } else if is_present && error == ErrorCode::IllegalGeneration {
            self.membership.forget_generation();
        } else if is_present && error == ErrorCode::UnknownMemberId {
            self.membership.forget_member();
        }
        // All else is about a generation that is over anyway, or does not concern membership.
        self.forget_rebalance();
    }

    /// Whether it has to join and nothing is to be waited for. Whatever comes of a commit that is
    /// under way, it is over before anything is given up.
    fn can_join(&self) -> bool {
        self.is_subscribed()
            && self.membership.must_join()
            && !self.membership.is_rebalancing()
            && !self.is_waiting_for(|it| matches!(it, Asked::AutoCommit(_)))
    }

    /// Joins, or joins again, if that is due: commits first if it is set to, gives up what a
    /// rebalance takes away at once, and asks.
    ///
    /// Source: `ConsumerCoordinator.onJoinPrepare`, `rejoinNeededOrPending`.
    pub(super) fn join_if_needed(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if self.membership.heartbeats.is_some() {
            return self.follow_group(fx, now);
        }
        if let Some(partitions) = self.membership.dealt.take() {
            self.receive(fx, now, partitions);
        }
        if self.have_topics_changed() {
            self.rejoin_soon();
        }
        if !self.can_join() || now < self.membership.not_before {
            return;
        }
        let Some(to) = self.coordinator() else { return };
        if self.membership.is_member() && self.settings.enable_auto_commit {
            let longest = SimDuration::millis(self.settings.max_poll_interval_ms);
            let until = *self.membership.prepares_until.get_or_insert(now + longest);
            self.membership.phase = Phase::Committing;
            if now < until {
                self.commit_before_rebalance(fx, now);
            }
        }
        if !self.can_join() {
            return;
        }
        self.prepare_to_join(fx);
        self.membership.phase = Phase::Joining;
        let (group, consumer) = (self.group.clone(), self.name.clone());
        fx.push(Effect::Note(Fact::Joining { group, consumer }));
        let request = MembershipRequest::Join(self.join_request());
        self.send(fx, now, to, Asked::Join, Request::Group(request.into()));
    }

    pub(super) fn topics(&self) -> &[TopicName] {
        match &self.subscription {
            Subscription::Topics(topics) => topics,
            Subscription::None | Subscription::Assigned => &[],
        }
    }

    fn join_request(&self) -> JoinGroup {
        JoinGroup {
            group: self.group.clone(),
            member_id: self.membership.member_id.clone(),
            instance: self.instance(),
            client: self.name.clone(),
            session_timeout_ms: self.settings.session_timeout_ms,
            rebalance_timeout_ms: self.settings.max_poll_interval_ms,
            protocols: self.subscriptions(),
        }
    }

    /// Its `group.instance.id`, if it is a static member.
    pub(super) fn instance(&self) -> Option<InstanceId> {
        self.settings.group_instance_id.as_deref().map(InstanceId::from)
    }

    /// Gives up what the rebalance that begins takes away at once, and calls the application back
    /// about it: once, however often it asks to join. An eager member gives up everything, a
    /// cooperative one what it no longer subscribes to; who was thrown out has lost all it read
    /// to others.
    ///
    /// Source: `ConsumerCoordinator.onJoinPrepare`.
    fn prepare_to_join(&mut self, fx: &mut Vec<Effect>) {
        if !std::mem::replace(&mut self.membership.must_prepare, false) {
            return;
        }
        let is_lost = self.membership.generation < 0 || self.membership.member_id.is_empty();
        let keeps = self.is_cooperative() && !is_lost;
        let stays = |it: &&TopicPartition| keeps && self.topics().contains(&it.topic);
        let gone: Vec<TopicPartition> =
            self.assignment.keys().filter(|it| !stays(it)).cloned().collect();
        if is_lost && !gone.is_empty() {
            fx.push(Effect::Called(Callback::Lost(gone.clone())));
        } else if !is_lost && (!keeps || !gone.is_empty()) {
            fx.push(Effect::Called(Callback::Revoked(gone.clone())));
        }
        if keeps {
            self.give_up(fx, gone);
        } else {
            self.give_up_all(fx);
        }
    }

    /// Whether it keeps what it reads while it joins again: if all its assignors can do with that.
    ///
    /// Source: the constructor of `ConsumerCoordinator`.
    pub(super) fn is_cooperative(&self) -> bool {
        let assignors = &self.settings.partition_assignment_strategy.0;
        assignors.iter().all(|it| *it == ClassicAssignor::CooperativeSticky)
    }

    /// Calls the application back about what it reads no more, since it leaves.
    ///
    /// Source: `ConsumerCoordinator.onLeavePrepare`.
    pub(super) fn prepare_to_leave(&mut self, fx: &mut Vec<Effect>) {
        if !self.is_subscribed() || self.assignment.is_empty() {
            return;
        }
        let partitions = self.assignment.keys().cloned().collect();
        let is_lost = self.membership.generation() < 0 || self.membership.is_rebalancing();
        let back = if is_lost { Callback::Lost(partitions) } else { Callback::Revoked(partitions) };
        fx.push(Effect::Called(back));
    }

    /// The commit before it joins again may still succeed: it is tried again soon.
    ///
    /// Source: `ConsumerCoordinator.onJoinPrepare`, which goes on when the rebalance timeout is
    /// over.
    pub(super) fn commit_again_before_joining(&mut self, now: SimTime) {
        if self.membership.phase == Phase::Committing {
            self.membership.phase = Phase::Member;
            self.membership.not_before = now + self.retry_backoff();
        }
    }

    /// What it subscribed to has changed.
    pub(super) fn rejoin_soon(&mut self) {
        self.membership.must_join = true;
    }

    /// Stops reading everything.
    pub(super) fn give_up_all(&mut self, fx: &mut Vec<Effect>) {
        self.in_flight.retain(|_, it| !matches!(it.what, Asked::Fetch(_) | Asked::Committed));
        let partitions = self.assignment.keys().cloned().collect();
        self.give_up(fx, partitions);
    }

    pub(super) fn joined(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        answer: Result<Joined, JoinError>,
    ) {
        match answer {
            Ok(joined) => {
                let it = &mut self.membership;
                it.member_id = joined.member_id.clone();
                it.generation = joined.generation;
                it.phase = Phase::Syncing;
                it.next_heartbeat =
                    now + SimDuration::millis(self.settings.heartbeat_interval_ms.max(1));
                it.protocol = Some(joined.protocol);
                let assignment = self.deal_out(&joined);
                self.membership.watched = self.watched(&joined);
                let request = MembershipRequest::Sync { member: self.member(), assignment };
                match self.coordinator() {
                    Some(to) => self.send(fx, now, to, Asked::Sync, Request::Group(request.into())),
                    None => self.membership_failed(now),
                }
            }
            Err(JoinError { error: ErrorCode::MemberIdRequired, member_id }) => {
                self.membership.join_again();
                self.membership.member_id = member_id;
            }
            Err(JoinError { error, .. }) => {
                self.membership.join_again();
                if is_fatal(error) {
                    self.exception = Some(error.as_str());
                }
                self.refused(now, self.membership.generation, error);
            }
        }
    }

    /// It learns what to read; it takes that up when the application polls.
    pub(super) fn synced(&mut self, now: SimTime, answer: Result<Bytes, ErrorCode>) {
        let generation = self.membership.generation;
        match answer {
            Ok(assignment) => {
                self.membership.phase = Phase::Member;
                self.membership.must_join = false;
                self.membership.must_prepare = true;
                self.membership.prepares_until = None;
                self.membership.dealt = Some(decode_assignment(&assignment).unwrap_or_default());
            }
            Err(error) => {
                self.membership.join_again();
                if error == ErrorCode::FencedInstanceId {
                    self.exception = Some(error.as_str());
                }
                self.refused(now, generation, error);
            }
        }
    }

    /// It learned what to read. A cooperative member first gives up what it has lost, and joins
    /// again at once so that others get it.
    ///
    /// Source: `ConsumerCoordinator.onJoinComplete`.
    fn receive(&mut self, fx: &mut Vec<Effect>, now: SimTime, partitions: Vec<TopicPartition>) {
        // Meanwhile it may have subscribed to something else.
        if partitions.iter().any(|it| !self.topics().contains(&it.topic)) {
            self.membership.must_join = true;
            return;
        }
        let lost: Vec<TopicPartition> =
            self.assignment.keys().filter(|it| !partitions.contains(it)).cloned().collect();
        if !lost.is_empty() {
            assert!(self.is_cooperative(), "an eager member gave up all before it joined");
            fx.push(Effect::Called(Callback::Revoked(lost.clone())));
            self.give_up(fx, lost);
            self.membership.must_join = true;
        }
        if let Some(protocol) = self.membership.protocol {
            let generation = self.membership.generation;
            self.membership.remembered.assigned(protocol, generation, &partitions);
        }
        let new: Vec<TopicPartition> =
            partitions.iter().filter(|it| !self.assignment.contains_key(it)).cloned().collect();
        self.take_up(now, &new);
        fx.push(Effect::Called(Callback::Assigned(new)));
        let interval = SimDuration::millis(self.settings.auto_commit_interval_ms);
        self.next_auto_commit = now + interval;
        let (group, consumer) = (self.group.clone(), self.name.clone());
        fx.push(Effect::Note(Fact::Reads { group, consumer, partitions }));
    }
}

/// What `poll` throws, since asking again would change nothing.
///
/// Source: `AbstractCoordinator.JoinGroupResponseHandler`.
fn is_fatal(error: ErrorCode) -> bool {
    matches!(
        error,
        ErrorCode::InconsistentGroupProtocol
            | ErrorCode::InvalidSessionTimeout
            | ErrorCode::GroupMaxSizeReached
            | ErrorCode::FencedInstanceId
    )
}

fn is_search(what: &Asked) -> bool {
    *what == Asked::Coordinator
}
