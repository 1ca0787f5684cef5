//! Committing positions: by itself inside `poll`, before a rebalance and in `close`, or when the
//! application calls `commitSync`.
//!
//! Source: `ConsumerCoordinator` of the Java client.

use super::{API_TIMEOUT, Asked, Client, Effect};
use crate::kafka::fact::{CommitReason, Fact, LeaveReason};
use crate::kafka::message::{ErrorCode, GroupRequest, Request};
use crate::kafka::{Offset, TopicPartition};
use crate::sim::{SimDuration, SimTime};

/// How long `close` may take: `CloseOptions` of 30 seconds.
const CLOSE_TIMEOUT: SimDuration = SimDuration::millis(30_000);

/// A `commitSync` call that has not returned.
#[derive(Clone, Debug, Hash)]
pub(super) struct SyncCommit {
    asker: Asker,
    offsets: Vec<(TopicPartition, Offset)>,
    /// When it gives up.
    deadline: SimTime,
    /// After an error, when it may be sent again.
    not_before: SimTime,
}

/// Who waits for a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asker {
    /// The application.
    Application,
    /// Someone beside it; nobody waits.
    Person,
    /// `close`, with `enable.auto.commit`.
    Close,
}

impl Client {
    pub(super) fn auto_commit_due(&self) -> Option<SimTime> {
        let can = self.settings.enable_auto_commit && self.membership.is_member();
        (can && !self.membership.must_join()).then_some(self.next_auto_commit)
    }

    /// Inside `poll`, once the interval is over: commits all positions, that is everything that
    /// earlier polls returned, and does not wait.
    ///
    /// Source: `ConsumerCoordinator.maybeAutoCommitOffsetsAsync`.
    pub(super) fn auto_commit_if_due(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if self.auto_commit_due().is_none_or(|at| now < at) {
            return;
        }
        let interval = SimDuration::millis(self.settings.auto_commit_interval_ms.max(1));
        self.next_auto_commit = now + interval;
        self.send_auto_commit(fx, now);
    }

    fn send_auto_commit(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let offsets = self.positions();
        if let Some(to) = self.coordinator()
            && !offsets.is_empty()
        {
            let what = Asked::AutoCommit(self.membership.generation());
            let (member, how) = (self.member(), CommitReason::Auto);
            let request = GroupRequest::OffsetCommit { member, offsets, how };
            self.send(fx, now, to, what, Request::Group(request));
        }
    }

    /// Before it gives up what it reads.
    pub(super) fn commit_before_rebalance(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        self.send_auto_commit(fx, now);
    }

    pub(super) fn auto_commit_answered(
        &mut self,
        now: SimTime,
        generation: i32,
        answer: Result<(), ErrorCode>,
    ) {
        if let Err(error) = answer {
            self.refused(now, generation, error);
            self.auto_commit_failed(now);
        }
    }

    /// It is only tried again soon; the application hears nothing of it.
    pub(super) fn auto_commit_failed(&mut self, now: SimTime) {
        self.next_auto_commit = self.next_auto_commit.min(now + self.retry_backoff());
    }

    /// The application, or someone beside it, commits these offsets or all positions.
    pub(super) fn commit_sync(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        asker: Asker,
        offsets: Option<Vec<(TopicPartition, Offset)>>,
    ) {
        let offsets = offsets.unwrap_or_else(|| self.positions());
        let commit = SyncCommit { asker, offsets, deadline: now + API_TIMEOUT, not_before: now };
        if commit.offsets.is_empty() {
            return commit.returns(fx);
        }
        self.commits.push_back(commit);
    }

    pub(super) fn commit_due(&self) -> Option<SimTime> {
        let first = self.commits.front()?;
        let can_send = self.coordinator().is_some() && !self.is_waiting_for(is_sync_commit);
        let again = can_send.then_some(first.not_before);
        again.into_iter().chain([first.deadline]).min()
    }

    /// Sends the oldest `commitSync` that has not returned, unless it waits for its answer.
    ///
    /// Source: `ConsumerCoordinator.sendOffsetCommitRequest`: outside any generation it fails
    /// without asking.
    pub(super) fn send_sync_commit(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        while let Some(first) = self.commits.front() {
            if first.deadline <= now {
                self.in_flight.retain(|_, it| !is_sync_commit(&it.what));
                self.sync_commit_refused(fx, "TimeoutException");
                continue;
            }
            if self.is_waiting_for(is_sync_commit) || now < first.not_before {
                return;
            }
            if self.membership.is_rebalancing() {
                self.sync_commit_refused(fx, "RebalanceInProgressException");
                continue;
            }
            if self.membership.generation() < 0 {
                self.sync_commit_refused(fx, "CommitFailedException");
                continue;
            }
            let Some(to) = self.coordinator() else { return };
            let (offsets, how) = (first.offsets.clone(), first.how());
            let what = Asked::SyncCommit(self.membership.generation());
            let member = self.member();
            let request = GroupRequest::OffsetCommit { member, offsets, how };
            self.send(fx, now, to, what, Request::Group(request));
        }
    }

    fn sync_commit_refused(&mut self, fx: &mut Vec<Effect>, error: &'static str) {
        let (group, consumer) = (self.group.clone(), self.name.clone());
        fx.push(Effect::Note(Fact::CommitRefused { group, consumer, error }));
        self.sync_commit_returns(fx);
    }

    fn sync_commit_returns(&mut self, fx: &mut Vec<Effect>) {
        if let Some(commit) = self.commits.pop_front() {
            commit.returns(fx);
        }
    }

    pub(super) fn sync_commit_answered(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        generation: i32,
        answer: Result<(), ErrorCode>,
    ) {
        match answer {
            Err(ErrorCode::NotCoordinator) => {
                self.coordinator_lost(now);
                self.sync_commit_failed(now);
            }
            // The coordinator has said so already.
            Err(error) => {
                self.refused(now, generation, error);
                self.sync_commit_returns(fx);
            }
            Ok(()) => self.sync_commit_returns(fx),
        }
    }

    /// It may or may not have been stored: sent again, until its time is up.
    pub(super) fn sync_commit_failed(&mut self, now: SimTime) {
        let later = now + self.retry_backoff();
        if let Some(first) = self.commits.front_mut() {
            first.not_before = later;
        }
    }

    /// Begins to close: commits first if it is set to.
    ///
    /// Source: `ConsumerCoordinator.close`, `maybeAutoCommitOffsetsSync`.
    pub(super) fn close(&mut self, now: SimTime) {
        self.polling = None;
        let deadline = now + CLOSE_TIMEOUT;
        self.closing = Some(deadline);
        let offsets = self.positions();
        if self.settings.enable_auto_commit && self.membership.is_member() && !offsets.is_empty() {
            let asker = Asker::Close;
            self.commits.push_back(SyncCommit { asker, offsets, deadline, not_before: now });
        }
    }

    /// Leaves the group once nothing is left to commit.
    pub(super) fn go_on_closing(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let is_over = self.closing.is_some_and(|it| it <= now);
        if self.commits.is_empty() || is_over {
            self.give_up_all(fx);
            self.leave(fx, now, LeaveReason::Closed);
            self.closing = None;
            fx.push(Effect::Closed);
        }
    }
}

impl SyncCommit {
    fn how(&self) -> CommitReason {
        match self.asker {
            Asker::Application | Asker::Person => CommitReason::Application,
            Asker::Close => CommitReason::Auto,
        }
    }

    fn returns(&self, fx: &mut Vec<Effect>) {
        if self.asker == Asker::Application {
            fx.push(Effect::Committed);
        }
    }
}

fn is_sync_commit(what: &Asked) -> bool {
    matches!(what, Asked::SyncCommit(_))
}
