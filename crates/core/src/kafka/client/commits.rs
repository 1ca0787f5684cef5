//! Committing positions: by itself inside `poll`, before a rebalance and in `close`, or when the
//! application calls `commitSync`.
//!
//! Source: `ConsumerCoordinator` of the Java client.

use super::calls::{AtOnce, DONE, ILLEGAL_ARGUMENT, NO_GROUP, TIMEOUT};
use super::{Asked, Client, Effect, Return, Subscription};
use crate::kafka::call::{Callback, OffsetAndMetadata, ToCommit};
use crate::kafka::fact::{CommitReason, Fact, LeaveReason};
use crate::kafka::message::{ErrorCode, GroupRequest, MemberId, MemberOf, Request};
use crate::kafka::{Offset, TopicPartition};
use crate::sim::{SimDuration, SimTime};

/// The member does not belong to the group any more, so nothing it says counts.
const COMMIT_FAILED: &str = "CommitFailedException";
/// A `commitAsync` that would have to be tried again, which it is not.
const RETRIABLE: &str = "RetriableCommitFailedException";

/// How long `close` may take: `CloseOptions` of 30 seconds.
const CLOSE_TIMEOUT: SimDuration = SimDuration::millis(30_000);

/// A `commitSync` call that has not returned.
#[derive(Clone, Debug, Hash)]
pub(super) struct SyncCommit {
    asker: Asker,
    offsets: Offsets,
    /// When it gives up.
    deadline: SimTime,
    /// After an error, when it may be sent again.
    not_before: SimTime,
}

/// A `commitAsync` call that was not sent yet.
#[derive(Clone, Debug, Hash)]
pub(super) struct AsyncCommit(Offsets);

type Offsets = Vec<(TopicPartition, OffsetAndMetadata)>;

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
    /// Whether `enable.auto.commit` holds: without a group there is nothing to commit to.
    fn commits_by_itself(&self) -> bool {
        self.settings.enable_auto_commit && self.has_group()
    }

    pub(super) fn auto_commit_due(&self) -> Option<SimTime> {
        let can = self.commits_by_itself() && self.may_read();
        let joins = self.is_subscribed() && self.membership.must_join();
        (can && !joins).then_some(self.next_auto_commit)
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
        if let Err(error) = answer
            && self.commit_refused(now, generation, error).is_none()
        {
            self.auto_commit_failed(now);
        }
    }

    /// It is only tried again soon; the application hears nothing of it.
    ///
    /// Source: `ConsumerCoordinator.autoCommitOffsetsAsync`.
    pub(super) fn auto_commit_failed(&mut self, now: SimTime) {
        self.next_auto_commit = self.next_auto_commit.min(now + self.retry_backoff());
        self.commit_again_before_joining(now);
    }

    /// What a call wants committed, if it can be.
    fn to_commit(&self, offsets: ToCommit) -> Result<Offsets, &'static str> {
        if !self.has_group() {
            return Err(NO_GROUP);
        }
        let offsets = offsets.unwrap_or_else(|| self.positions());
        let is_wrong = offsets.iter().any(|(_, it)| it.offset < Offset(0));
        if is_wrong { Err(ILLEGAL_ARGUMENT) } else { Ok(offsets) }
    }

    /// The application commits these offsets, or all positions, and waits.
    pub(super) fn commit_sync(&mut self, now: SimTime, offsets: ToCommit) -> AtOnce {
        let offsets = self.to_commit(offsets)?;
        if offsets.is_empty() {
            return DONE;
        }
        self.push_commit(now, Asker::Application, offsets, now + self.api_timeout());
        Ok(None)
    }

    /// Someone beside the application commits all positions.
    pub(super) fn commit_beside(&mut self, now: SimTime) {
        if let Ok(offsets) = self.to_commit(None)
            && !offsets.is_empty()
        {
            self.push_commit(now, Asker::Person, offsets, now + self.api_timeout());
        }
    }

    fn push_commit(&mut self, now: SimTime, asker: Asker, offsets: Offsets, deadline: SimTime) {
        self.commits.push_back(SyncCommit { asker, offsets, deadline, not_before: now });
    }

    /// The application commits and does not wait: it is sent once the coordinator is known, and
    /// never again.
    pub(super) fn commit_async(&mut self, offsets: ToCommit) -> AtOnce {
        let offsets = self.to_commit(offsets)?;
        if offsets.is_empty() {
            self.completed.push_back(None);
        } else {
            self.async_commits.push_back(AsyncCommit(offsets));
        }
        DONE
    }

    /// Sends what `commitAsync` was called for, in order.
    pub(super) fn send_async_commits(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if self.finds_nobody() {
            self.async_commits_failed();
        }
        while let Some(to) = self.coordinator() {
            let Some(AsyncCommit(offsets)) = self.async_commits.pop_front() else { return };
            match self.may_commit() {
                Ok(generation) => {
                    let (member, how) = (self.committer(), CommitReason::Application);
                    let request = GroupRequest::OffsetCommit { member, offsets, how };
                    let what = Asked::AsyncCommit(generation);
                    self.send(fx, now, to, what, Request::Group(request));
                }
                Err(exception) => self.completed.push_back(Some(exception)),
            }
        }
    }

    pub(super) fn async_commit_answered(
        &mut self,
        now: SimTime,
        generation: i32,
        answer: Result<(), ErrorCode>,
    ) {
        let told = answer.err().map(|error| self.commit_refused(now, generation, error));
        self.completed.push_back(told.map(|it| it.unwrap_or(RETRIABLE)));
    }

    /// It may or may not have been stored.
    pub(super) fn async_commit_failed(&mut self) {
        self.completed.push_back(Some(RETRIABLE));
    }

    /// Nobody says who the coordinator is: what waited to be sent is not sent.
    pub(super) fn async_commits_failed(&mut self) {
        for _ in self.async_commits.drain(..) {
            self.completed.push_back(Some(RETRIABLE));
        }
    }

    /// Calls the application back about what came of its `commitAsync`.
    ///
    /// Source: `ConsumerCoordinator.invokeCompletedOffsetCommitCallbacks`.
    pub(super) fn tell_completed(&mut self, fx: &mut Vec<Effect>) {
        for result in self.completed.drain(..) {
            fx.push(Effect::Called(Callback::Committed(result)));
        }
    }

    /// The generation to commit in, -1 without a group's help.
    ///
    /// Source: `ConsumerCoordinator.sendOffsetCommitRequest`: who subscribed and is in no
    /// generation fails without asking.
    fn may_commit(&self) -> Result<i32, &'static str> {
        if !self.is_subscribed() {
            Ok(-1)
        } else if self.membership.is_stable() {
            Ok(self.membership.generation())
        } else if self.membership.is_rebalancing() {
            Err(ErrorCode::RebalanceInProgress.as_str())
        } else {
            Err(COMMIT_FAILED)
        }
    }

    /// Who commits: a member, or nobody in particular.
    fn committer(&self) -> MemberOf {
        let mut member = self.member();
        if !self.is_subscribed() {
            (member.generation, member.member_id) = (-1, MemberId::default());
        }
        member
    }

    /// The coordinator refused a commit: what the application hears, or nothing if it may well
    /// succeed later.
    ///
    /// Source: `ConsumerCoordinator.OffsetCommitResponseHandler`.
    fn commit_refused(
        &mut self,
        now: SimTime,
        generation: i32,
        error: ErrorCode,
    ) -> Option<&'static str> {
        let is_over = matches!(
            error,
            ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration | ErrorCode::StaleMemberEpoch
        );
        let was_before = generation != self.membership.generation();
        let exception = if is_over && was_before && self.membership.is_rebalancing() {
            Some(ErrorCode::RebalanceInProgress.as_str())
        } else if is_over {
            Some(COMMIT_FAILED)
        } else if error == ErrorCode::NotCoordinator || error == ErrorCode::UnknownTopicOrPartition
        {
            None
        } else {
            Some(error.as_str())
        };
        self.refused(now, generation, error);
        exception
    }

    pub(super) fn commit_due(&self) -> Option<SimTime> {
        let first = self.commits.front()?;
        let can_send = self.coordinator().is_some() && !self.is_waiting_for(is_sync_commit);
        let again = can_send.then_some(first.not_before);
        again.into_iter().chain([first.deadline]).min()
    }

    /// Sends the oldest `commitSync` that has not returned, unless it waits for its answer.
    pub(super) fn send_sync_commit(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        while let Some(first) = self.commits.front() {
            if first.deadline <= now {
                self.in_flight.retain(|_, it| !is_sync_commit(&it.what));
                self.sync_commit_refused(fx, TIMEOUT);
                continue;
            }
            if self.is_waiting_for(is_sync_commit) || now < first.not_before {
                return;
            }
            match self.may_commit() {
                Ok(generation) => {
                    let Some(to) = self.coordinator() else { return };
                    let (offsets, how) = (first.offsets.clone(), first.how());
                    let member = self.committer();
                    let request = GroupRequest::OffsetCommit { member, offsets, how };
                    let what = Asked::SyncCommit(generation);
                    self.send(fx, now, to, what, Request::Group(request));
                }
                Err(exception) => self.sync_commit_refused(fx, exception),
            }
        }
    }

    fn sync_commit_refused(&mut self, fx: &mut Vec<Effect>, error: &'static str) {
        let (group, consumer) = (self.group.clone(), self.name.clone());
        fx.push(Effect::Note(Fact::CommitRefused { group, consumer, error }));
        self.sync_commit_returns(fx, Return::Raised(error));
    }

    fn sync_commit_returns(&mut self, fx: &mut Vec<Effect>, what: Return) {
        self.tell_completed(fx);
        if let Some(commit) = self.commits.pop_front()
            && commit.asker == Asker::Application
        {
            fx.push(Effect::Returned(what));
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
            Ok(()) => self.sync_commit_returns(fx, Return::Done),
            Err(error) => match self.commit_refused(now, generation, error) {
                None => self.sync_commit_failed(now),
                // The coordinator has told whoever watches.
                Some(exception) => self.sync_commit_returns(fx, Return::Raised(exception)),
            },
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
        if self.commits_by_itself() && self.may_read() && !offsets.is_empty() {
            self.push_commit(now, Asker::Close, offsets, deadline);
        }
    }

    /// Leaves the group once nothing is left to commit, and is closed when that was heard.
    ///
    /// Source: `AbstractCoordinator.close`, which waits for requests to the coordinator.
    pub(super) fn go_on_closing(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let is_over = self.closing.is_some_and(|it| it <= now);
        let commits = |it: &Asked| matches!(it, Asked::AsyncCommit(_));
        let has_commits = !self.commits.is_empty() || !self.async_commits.is_empty();
        if (has_commits || self.is_waiting_for(commits)) && !is_over {
            return;
        }
        self.tell_completed(fx);
        self.prepare_to_leave(fx);
        self.give_up_all(fx);
        self.leave(fx, now, LeaveReason::Closed);
        self.subscription = Subscription::None;
        if is_over || !self.is_waiting_for(|it| *it == Asked::Leave) {
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
}

fn is_sync_commit(what: &Asked) -> bool {
    matches!(what, Asked::SyncCommit(_))
}
