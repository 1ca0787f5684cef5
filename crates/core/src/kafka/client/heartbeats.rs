//! The client's part in the `consumer` protocol (KIP-848), as a machine of its own: when it sends
//! a heartbeat, what it says, and what it takes from the answers.
//!
//! Source: `AbstractMembershipManager`, `ConsumerMembershipManager`,
//! `AbstractHeartbeatRequestManager` and `ConsumerHeartbeatRequestManager` of the Java client.

use crate::kafka::TopicPartition;
use crate::kafka::fact::LeaveReason;
use crate::kafka::message::consumer_group::{
    ConsumerHeartbeat, ConsumerHeartbeatAnswer, JOIN, LEAVE, LEAVE_FOR_A_WHILE,
};
use crate::kafka::message::{ErrorCode, MemberId};
use crate::name::{ConsumerName, GroupId, TopicName};
use crate::sim::{SimDuration, SimTime};

/// Where the client stands towards its group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Heartbeats {
    /// Chosen once per process.
    member_id: MemberId,
    epoch: i32,
    state: State,
    /// What the coordinator last told it to read.
    target: Told,
    /// What it has taken up of that.
    current: Told,
    /// What the coordinator knows of it.
    said: Said,
    /// How often it wants to hear of it; 0 before its first answer.
    interval: SimDuration,
    next: SimTime,
    /// After an error, when it may send one again.
    not_before: SimTime,
    /// Whether it waits for an answer.
    waits: bool,
}

/// How far the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    /// It takes no part.
    Unsubscribed,
    /// It is about to join, or waits to hear that it did.
    Joining,
    /// It was told to read something else.
    Reconciling,
    /// It reads that now, and has to say so at once.
    Acknowledging,
    /// It reads what it was told, and the coordinator knows.
    Stable,
    /// It was thrown out and holds partitions that it has lost.
    Fenced,
    /// It left since its application did not poll, and holds partitions that it has lost.
    Stale,
    /// It was refused for good.
    Fatal,
}

/// An assignment with its number: the same one, told again later, is another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Told {
    /// 0 for none at all.
    number: u32,
    /// Sorted.
    pub(super) partitions: Vec<TopicPartition>,
}

/// What the last heartbeats said; what has not changed since need not be said again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Said {
    rebalance_timeout_ms: Option<u64>,
    topics: Option<Vec<TopicName>>,
    assignor: Option<String>,
    /// The number of the assignment.
    owned: Option<u32>,
}

/// What the client wants to be in its group.
pub(super) struct Wishes<'a> {
    pub(super) group: &'a GroupId,
    pub(super) client: &'a ConsumerName,
    pub(super) instance: Option<&'a str>,
    pub(super) rebalance_timeout_ms: u64,
    pub(super) topics: &'a [TopicName],
    pub(super) assignor: Option<&'a str>,
}

/// What follows from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing but what the machine remembers.
    Fine,
    /// It was thrown out: what it reads is lost.
    Fenced,
    /// The coordinator has to be looked for.
    NotCoordinator,
    /// The next `poll` throws this, and what it reads is lost.
    Fatal(&'static str),
}

impl Heartbeats {
    /// A client that takes no part yet.
    pub(super) fn new(now: SimTime, member_id: MemberId) -> Self {
        Self {
            member_id,
            epoch: JOIN,
            state: State::Unsubscribed,
            target: Told::default(),
            current: Told::default(),
            said: Said::default(),
            interval: SimDuration::ZERO,
            next: now,
            not_before: now,
            waits: false,
        }
    }

    /// Its id.
    pub(super) fn member_id(&self) -> &MemberId {
        &self.member_id
    }

    /// Its epoch, if it is a member.
    pub(super) fn epoch(&self) -> Option<i32> {
        Some(self.epoch).filter(|it| JOIN < *it)
    }

    /// Whether it takes part, and its application must not stay away from `poll` for too long.
    pub(super) fn is_active(&self) -> bool {
        match self.state {
            State::Joining | State::Reconciling | State::Acknowledging | State::Stable => true,
            State::Unsubscribed | State::Fenced | State::Stale | State::Fatal => false,
        }
    }

    /// Whether it was refused for good.
    pub(super) fn is_fatal(&self) -> bool {
        self.state == State::Fatal
    }

    /// Whether it was told what to read and has taken it up.
    pub(super) fn is_member(&self) -> bool {
        self.is_active() && self.current.number != 0
    }

    /// In `poll`: begins to take part, unless it does or cannot.
    pub(super) fn join(&mut self, now: SimTime) {
        if self.state == State::Unsubscribed {
            self.join_anew(now);
        }
    }

    fn join_anew(&mut self, now: SimTime) {
        self.epoch = JOIN;
        self.state = State::Joining;
        (self.target, self.current) = (Told::default(), Told::default());
        self.said = Said::default();
        self.not_before = now;
    }

    /// Whether it holds partitions that are not its own any more: in `poll` the application has
    /// to hear of it first.
    pub(super) fn has_lost(&self) -> bool {
        matches!(self.state, State::Fenced | State::Stale)
    }

    /// In `poll`: what was lost is given up, so it may join again.
    pub(super) fn released(&mut self, now: SimTime) {
        if self.has_lost() {
            self.join_anew(now);
        }
    }

    /// When the next heartbeat is due.
    pub(super) fn due(&self) -> Option<SimTime> {
        let is_urgent = matches!(self.state, State::Joining | State::Acknowledging);
        let due = if is_urgent { self.not_before } else { self.next.max(self.not_before) };
        (self.is_active() && !self.waits).then_some(due)
    }

    /// The next heartbeat.
    ///
    /// Source: `HeartbeatState.buildRequestData`, `onHeartbeatRequestGenerated`.
    pub(super) fn beat(&mut self, now: SimTime, wishes: &Wishes<'_>) -> ConsumerHeartbeat {
        let said = std::mem::take(&mut self.said);
        let (timeout_ms, assignor) = (wishes.rebalance_timeout_ms, wishes.assignor);
        let same_timeout = said.rebalance_timeout_ms == Some(timeout_ms);
        let same_topics = said.topics.as_deref() == Some(wishes.topics);
        let same_assignor = said.assignor.as_deref() == assignor;
        let same_owned = said.owned == Some(self.current.number);
        self.said = Said {
            rebalance_timeout_ms: Some(timeout_ms),
            topics: Some(wishes.topics.to_vec()),
            assignor: assignor.map(str::to_owned),
            owned: Some(self.current.number),
        };
        if self.state == State::Acknowledging {
            let is_there = self.current == self.target;
            self.state = if is_there { State::Stable } else { State::Reconciling };
        }
        self.waits = true;
        self.next = now + self.interval;
        ConsumerHeartbeat {
            rebalance_timeout_ms: (!same_timeout).then_some(timeout_ms),
            topics: (!same_topics).then(|| wishes.topics.to_vec()),
            assignor: assignor.filter(|_| !same_assignor).map(str::to_owned),
            owned: (!same_owned).then(|| self.current.partitions.clone()),
            ..self.plain(wishes, self.epoch)
        }
    }

    fn plain(&self, wishes: &Wishes<'_>, epoch: i32) -> ConsumerHeartbeat {
        ConsumerHeartbeat {
            group: wishes.group.clone(),
            member_id: self.member_id.clone(),
            epoch,
            instance: wishes.instance.map(str::to_owned),
            client: wishes.client.clone(),
            rebalance_timeout_ms: None,
            topics: None,
            assignor: None,
            owned: None,
            why: LeaveReason::Closed,
        }
    }

    /// Leaves, if it takes part: the last heartbeat, whose answer is nothing to it. A static
    /// member only leaves for a while. If the application has not polled for too long, what it
    /// holds is lost, and it may join again in its next `poll`.
    ///
    /// Source: `transitionToSendingLeaveGroup`, `ConsumerMembershipManager.leaveGroupEpoch`.
    pub(super) fn leave(
        &mut self,
        wishes: &Wishes<'_>,
        why: LeaveReason,
    ) -> Option<ConsumerHeartbeat> {
        let was_active = self.is_active();
        self.epoch = JOIN;
        self.waits = false;
        (self.target, self.current) = (Told::default(), Told::default());
        let is_late = matches!(why, LeaveReason::PollInterval(_));
        self.state = if is_late { State::Stale } else { State::Unsubscribed };
        let epoch = if wishes.instance.is_some() { LEAVE_FOR_A_WHILE } else { LEAVE };
        was_active.then(|| ConsumerHeartbeat { why, ..self.plain(wishes, epoch) })
    }

    /// The answer to a heartbeat.
    pub(super) fn answered(
        &mut self,
        now: SimTime,
        backoff: SimDuration,
        answer: Result<ConsumerHeartbeatAnswer, ErrorCode>,
    ) -> Outcome {
        self.waits = false;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return self.refused(now, backoff, error),
        };
        self.epoch = answer.epoch;
        let interval = SimDuration::millis(answer.interval_ms);
        if self.interval != interval {
            self.interval = interval;
            self.next = now + interval;
        }
        if let Some(partitions) = answer.assignment {
            self.told(partitions);
        }
        Outcome::Fine
    }

    /// Source: `processAssignmentReceived`.
    fn told(&mut self, partitions: Vec<TopicPartition>) {
        if self.target.number == 0 || self.target.partitions != partitions {
            self.target = Told { number: self.target.number + 1, partitions };
        }
        if self.target != self.current {
            self.state = State::Reconciling;
        } else if matches!(self.state, State::Reconciling | State::Joining) {
            self.state = State::Stable;
        }
    }

    /// Source: `onErrorResponse`.
    fn refused(&mut self, now: SimTime, backoff: SimDuration, error: ErrorCode) -> Outcome {
        self.said = Said::default();
        self.not_before = now;
        if matches!(error, ErrorCode::FencedMemberEpoch | ErrorCode::UnknownMemberId) {
            self.epoch = JOIN;
            self.state = State::Fenced;
            Outcome::Fenced
        } else if error == ErrorCode::NotCoordinator {
            Outcome::NotCoordinator
        } else if error.is_retriable() {
            self.not_before = now + backoff;
            Outcome::Fine
        } else {
            self.epoch = JOIN;
            self.state = State::Fatal;
            Outcome::Fatal(error.as_str())
        }
    }

    /// A heartbeat will not be answered: the next one says everything again.
    pub(super) fn failed(&mut self, now: SimTime, backoff: SimDuration) {
        self.waits = false;
        self.said = Said::default();
        self.not_before = now + backoff;
    }

    /// What it has to read from now on, if that is something else than before.
    pub(super) fn to_reconcile(&self) -> Option<&Told> {
        let has_to = self.state == State::Reconciling && self.target != self.current;
        has_to.then_some(&self.target)
    }

    /// It reads what it was `told`, and says so at once. Meanwhile it may have been told something
    /// else, or have been thrown out.
    pub(super) fn reconciled(&mut self, told: Told) {
        if self.state == State::Reconciling {
            self.current = told;
            self.state = State::Acknowledging;
        }
    }
}

#[cfg(test)]
mod tests;
