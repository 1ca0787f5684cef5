//! A client that speaks the `consumer` protocol: it sends its heartbeats in the background, and
//! takes up and gives up partitions in `poll`, where its application can be called back.
//!
//! Source: `AsyncKafkaConsumer` and `AbstractMembershipManager` of the Java client.

use super::heartbeats::{Heartbeats, Outcome, Told, Wishes};
use super::{Asked, Client, Effect};
use crate::kafka::TopicPartition;
use crate::kafka::call::Callback;
use crate::kafka::fact::{Fact, LeaveReason};
use crate::kafka::message::consumer_group::ConsumerHeartbeatAnswer;
use crate::kafka::message::{ErrorCode, GroupRequest, MemberId, Request};
use crate::sim::{SimDuration, SimTime};

/// An assignment that is being taken up: first everything is committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct TakingUp {
    told: Told,
    /// The coordinator waits no longer than this.
    until: SimTime,
}

impl Client {
    fn heartbeats(&mut self) -> &mut Heartbeats {
        self.membership.heartbeats.as_mut().expect("only who speaks the protocol asks")
    }

    fn with_wishes<T>(
        &mut self,
        then: impl FnOnce(&mut Heartbeats, &Wishes<'_>) -> T,
    ) -> Option<T> {
        // The machine is taken out so that it can look at the rest.
        let mut heartbeats = self.membership.heartbeats.take()?;
        let wishes = Wishes {
            group: &self.group,
            client: &self.name,
            instance: self.settings.group_instance_id.as_deref(),
            rebalance_timeout_ms: self.settings.max_poll_interval_ms,
            topics: self.topics(),
            assignor: self.settings.group_remote_assignor.as_deref(),
        };
        let result = then(&mut heartbeats, &wishes);
        self.membership.heartbeats = Some(heartbeats);
        Some(result)
    }

    /// Who it is when it asks what is committed.
    ///
    /// Source: `CommitRequestManager.OffsetFetchRequestState`: a classic member does not say.
    pub(super) fn asks_as(&self) -> Option<(MemberId, i32)> {
        let heartbeats = self.membership.heartbeats.as_ref()?;
        Some((heartbeats.member_id().clone(), heartbeats.epoch()?))
    }

    /// When the next heartbeat is due, if there is anyone to send it to; in `poll` also when to
    /// take up partitions whatever became of the commit.
    pub(super) fn heartbeat_due(&self) -> Option<SimTime> {
        let due = self.membership.heartbeats.as_ref()?.due();
        let taking_up = self.membership.taking_up.as_ref().map(|it| it.until);
        let taking_up = taking_up.filter(|_| self.polling.is_some());
        let due = due.filter(|_| self.coordinator().is_some());
        due.into_iter().chain(taking_up).min()
    }

    /// Sends the heartbeat that is due.
    pub(super) fn send_heartbeat(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let due = self.membership.heartbeats.as_ref().and_then(Heartbeats::due);
        let Some(to) = self.coordinator() else { return };
        if due.is_none_or(|it| now < it) {
            return;
        }
        if let Some(heartbeat) = self.with_wishes(|it, wishes| it.beat(now, wishes)) {
            let request = GroupRequest::ConsumerHeartbeat(Box::new(heartbeat));
            self.send(fx, now, to, Asked::ConsumerHeartbeat, Request::Group(request));
        }
    }

    /// The coordinator answered a heartbeat.
    pub(super) fn consumer_heartbeat_answered(
        &mut self,
        now: SimTime,
        answer: Result<ConsumerHeartbeatAnswer, ErrorCode>,
    ) {
        let backoff = self.retry_backoff();
        match self.heartbeats().answered(now, backoff, answer) {
            Outcome::Fine | Outcome::Fenced => {}
            Outcome::NotCoordinator => self.coordinator_lost(now),
            Outcome::Fatal(error) => self.exception = Some(error),
        }
        let membership = &mut self.membership;
        let is_stopped = membership.heartbeats.as_ref().is_none_or(|it| !it.is_active());
        if is_stopped {
            membership.taking_up = None;
        }
    }

    /// A heartbeat will not be answered.
    pub(super) fn consumer_heartbeat_failed(&mut self, now: SimTime) {
        let backoff = self.retry_backoff();
        self.heartbeats().failed(now, backoff);
    }

    /// Leaves: the last heartbeat. An answer to an earlier one is not wanted.
    pub(super) fn leave_by_heartbeat(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        why: LeaveReason,
    ) {
        let last = self.with_wishes(|it, wishes| it.leave(wishes, why)).flatten();
        self.membership.taking_up = None;
        self.in_flight.retain(|_, it| it.what != Asked::ConsumerHeartbeat);
        if let (Some(heartbeat), Some(to)) = (last, self.coordinator()) {
            let request = GroupRequest::ConsumerHeartbeat(Box::new(heartbeat));
            self.send(fx, now, to, Asked::Leave, Request::Group(request));
        }
    }

    /// In `poll`: joins, gives up what was lost, and takes up what it was told to read.
    pub(super) fn follow_group(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if !self.is_subscribed() {
            return;
        }
        if self.heartbeats().has_lost() || self.has_lost_for_good() {
            self.lose_all(fx);
            self.heartbeats().released(now);
        }
        self.heartbeats().join(now);
        self.reconcile(fx, now);
        self.send_heartbeat(fx, now);
    }

    /// Whether it was refused for good, with partitions in its hands.
    fn has_lost_for_good(&mut self) -> bool {
        self.heartbeats().is_fatal() && !self.assignment.is_empty()
    }

    fn lose_all(&mut self, fx: &mut Vec<Effect>) {
        let partitions: Vec<TopicPartition> = self.assignment.keys().cloned().collect();
        if !partitions.is_empty() {
            fx.push(Effect::Called(Callback::Lost(partitions)));
        }
        self.give_up_all(fx);
    }

    /// Commits first if it is set to, and waits for that; then gives up, then takes up.
    ///
    /// Source: `AbstractMembershipManager.maybeReconcile`, `revokeAndAssign`.
    fn reconcile(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if self.membership.taking_up.is_none() {
            let Some(told) = self.heartbeats().to_reconcile().cloned() else { return };
            let timeout = SimDuration::millis(self.settings.max_poll_interval_ms);
            self.membership.taking_up = Some(TakingUp { told, until: now + timeout });
            if self.settings.enable_auto_commit {
                self.commit_before_rebalance(fx, now);
            }
        }
        let commits = self.is_waiting_for(|it| matches!(it, Asked::AutoCommit(_)));
        if let Some(it) = self.membership.taking_up.take_if(|it| !commits || it.until <= now) {
            self.take_up_told(fx, now, it.told);
        }
    }

    fn take_up_told(&mut self, fx: &mut Vec<Effect>, now: SimTime, told: Told) {
        if self.heartbeats().to_reconcile().is_none() {
            return;
        }
        let given = &told.partitions;
        let revoked: Vec<TopicPartition> =
            self.assignment.keys().filter(|it| !given.contains(it)).cloned().collect();
        let added: Vec<TopicPartition> =
            given.iter().filter(|it| !self.assignment.contains_key(*it)).cloned().collect();
        if !revoked.is_empty() {
            fx.push(Effect::Called(Callback::Revoked(revoked.clone())));
            self.give_up(fx, revoked);
        }
        self.take_up(now, &added);
        if !added.is_empty() {
            fx.push(Effect::Called(Callback::Assigned(added)));
        }
        let interval = SimDuration::millis(self.settings.auto_commit_interval_ms);
        self.next_auto_commit = now + interval;
        let (group, consumer) = (self.group.clone(), self.name.clone());
        let partitions = given.clone();
        fx.push(Effect::Note(Fact::Reads { group, consumer, partitions }));
        self.heartbeats().reconciled(told);
    }

    /// Whether a partition is about to be given up: no more records of it are returned.
    ///
    /// Source: `AbstractMembershipManager.markPendingRevocationToPauseFetching`.
    pub(super) fn is_being_revoked(&self, partition: &TopicPartition) -> bool {
        let taking_up = self.membership.taking_up.as_ref();
        taking_up.is_some_and(|it| !it.told.partitions.contains(partition))
    }
}
