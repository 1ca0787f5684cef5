//! What the application calls, and what its calls return.
//!
//! Source: `ClassicKafkaConsumer` of the Java client.

use super::positions::{Position, Target};
use super::{Asked, Client, Effect, Polling, Subscription};
use crate::kafka::call::{Call, CommittedOffsets, Edge, Goal, Return};
use crate::kafka::fact::{Fact, LeaveReason, PositionReason};
use crate::kafka::message::{ErrorCode, GroupRequest, Request};
use crate::kafka::{Offset, TopicPartition};
use crate::name::TopicName;
use crate::sim::{SimDuration, SimTime};

/// A partition that is not assigned was named, or two ways to choose partitions were mixed.
pub(super) const ILLEGAL_STATE: &str = "IllegalStateException";
/// What was given cannot be.
pub(super) const ILLEGAL_ARGUMENT: &str = "IllegalArgumentException";
/// `group.id` is not set.
pub(super) const NO_GROUP: &str = "INVALID_GROUP_ID";
/// `default.api.timeout.ms` is over.
pub(super) const TIMEOUT: &str = "TimeoutException";

/// A call that waits for an answer of a broker.
#[derive(Clone, Debug, Hash)]
pub(super) struct Asking {
    what: Question,
    /// When it gives up.
    deadline: SimTime,
}

#[derive(Clone, Debug, Hash)]
enum Question {
    /// `position`.
    Position(TopicPartition),
    /// `committed`, and after an error when it may be asked again.
    Committed { partitions: Vec<TopicPartition>, not_before: SimTime },
}

/// What a call comes to at once: a return, or nothing if it has to wait.
pub(super) type AtOnce = Result<Option<Return>, &'static str>;

pub(super) const DONE: AtOnce = Ok(Some(Return::Done));

impl Client {
    /// The application calls.
    pub(super) fn call(&mut self, fx: &mut Vec<Effect>, now: SimTime, call: Call) {
        let result = match call {
            Call::Subscribe(topics) => self.subscribe(fx, now, topics),
            Call::Unsubscribe => self.unsubscribe(fx, now),
            Call::Assign(partitions) => self.assign(fx, now, partitions),
            Call::Poll { timeout, take } => self.poll(Polling { until: now + timeout, take }),
            Call::CommitSync(offsets) => self.commit_sync(now, offsets),
            Call::CommitAsync(offsets) => self.commit_async(offsets),
            Call::Seek(partition, offset) => self.seek(&partition, offset),
            Call::SeekTo(edge, partitions) => self.seek_to(now, edge, partitions),
            Call::Pause(partitions) => self.set_paused(&partitions, true),
            Call::Resume(partitions) => self.set_paused(&partitions, false),
            Call::Position(partition) => self.ask_position(now, partition),
            Call::Committed(partitions) => self.ask_committed(now, partitions),
            Call::CurrentLag(partition) => self.current_lag(fx, now, &partition),
            Call::Close => {
                self.close(now);
                Ok(None)
            }
        };
        match result {
            Ok(Some(what)) => fx.push(Effect::Returned(what)),
            Ok(None) => {}
            Err(exception) => fx.push(Effect::Returned(Return::Raised(exception))),
        }
    }

    /// Source: `SubscriptionState.setSubscriptionType`: the ways to choose do not mix;
    /// `ConsumerMetadata.requestUpdateForNewTopics`: another subscription wants fresh metadata.
    fn subscribe(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        mut topics: Vec<TopicName>,
    ) -> AtOnce {
        if !self.has_group() {
            return Err(NO_GROUP);
        }
        if topics.is_empty() {
            return self.unsubscribe(fx, now);
        }
        crate::map::sort(&mut topics);
        topics.dedup();
        match &self.subscription {
            Subscription::Assigned => return Err(ILLEGAL_STATE),
            Subscription::Topics(before) if *before == topics => return DONE,
            Subscription::None | Subscription::Topics(_) => {}
        }
        self.buffer.retain(|it| topics.contains(&it.partition().topic));
        self.subscription = Subscription::Topics(topics);
        self.metadata.want();
        self.rejoin_soon();
        DONE
    }

    fn unsubscribe(&mut self, fx: &mut Vec<Effect>, now: SimTime) -> AtOnce {
        self.prepare_to_leave(fx);
        if self.is_subscribed() {
            self.leave(fx, now, LeaveReason::Unsubscribed);
        }
        self.give_up_all(fx);
        self.subscription = Subscription::None;
        DONE
    }

    /// An auto-commit that is due is made first, since no rebalance will.
    fn assign(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        mut partitions: Vec<TopicPartition>,
    ) -> AtOnce {
        if partitions.is_empty() {
            return self.unsubscribe(fx, now);
        }
        if self.is_subscribed() {
            return Err(ILLEGAL_STATE);
        }
        crate::map::sort(&mut partitions);
        partitions.dedup();
        self.auto_commit_if_due(fx, now);
        let is_new = |it: &TopicPartition| self.assignment.keys().all(|had| had.topic != it.topic);
        if partitions.iter().any(is_new) {
            self.metadata.want();
        }
        let gone = self.assignment.keys().filter(|it| !partitions.contains(it)).cloned().collect();
        self.give_up(fx, gone);
        self.subscription = Subscription::Assigned;
        self.take_up(now, &partitions);
        let (group, consumer) = (self.group.clone(), self.name.clone());
        fx.push(Effect::Note(Fact::Reads { group, consumer, partitions }));
        DONE
    }

    fn poll(&mut self, polling: Polling) -> AtOnce {
        if self.subscription == Subscription::None {
            return Err(ILLEGAL_STATE);
        }
        self.polling = Some(polling);
        Ok(None)
    }

    fn seek(&mut self, partition: &TopicPartition, offset: Offset) -> AtOnce {
        if offset < Offset(0) {
            return Err(ILLEGAL_ARGUMENT);
        }
        if !self.assignment.contains_key(partition) {
            return Err(ILLEGAL_STATE);
        }
        self.move_to(partition, Position::At(offset));
        DONE
    }

    /// A person has the application call `seek`, `seekToBeginning` or `seekToEnd`.
    ///
    /// Simplified: it does so at once, where it would do it between two calls of `poll`.
    pub(super) fn sought(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        partition: TopicPartition,
        to: Goal,
    ) {
        let position = match to {
            Goal::Earliest => Position::Reset(Target::Edge(Edge::Beginning), now),
            Goal::Latest => Position::Reset(Target::Edge(Edge::End), now),
            Goal::At(offset) => Position::At(offset),
        };
        self.move_to(&partition, position);
        if let Goal::At(offset) = to {
            let (group, consumer) = (self.group.clone(), self.name.clone());
            let why = PositionReason::SoughtOffset;
            fx.push(Effect::Note(Fact::Positioned { group, consumer, partition, offset, why }));
        }
    }

    fn seek_to(&mut self, now: SimTime, edge: Edge, mut partitions: Vec<TopicPartition>) -> AtOnce {
        if partitions.is_empty() {
            partitions = self.assignment.keys().cloned().collect();
        }
        self.all_assigned(&partitions)?;
        for partition in &partitions {
            self.move_to(partition, Position::Reset(Target::Edge(edge), now));
        }
        DONE
    }

    /// No records of a partition are returned, or they are again; unless it is read no more.
    pub(super) fn rest(&mut self, partition: &TopicPartition, rests: bool) {
        if let Some(place) = self.assignment.get_mut(partition) {
            place.paused = rests;
        }
    }

    fn set_paused(&mut self, partitions: &[TopicPartition], paused: bool) -> AtOnce {
        self.all_assigned(partitions)?;
        for partition in partitions {
            if let Some(place) = self.assignment.get_mut(partition) {
                place.paused = paused;
            }
        }
        DONE
    }

    fn all_assigned(&self, partitions: &[TopicPartition]) -> Result<(), &'static str> {
        let all = partitions.iter().all(|it| self.assignment.contains_key(it));
        if all { Ok(()) } else { Err(ILLEGAL_STATE) }
    }

    fn ask_position(&mut self, now: SimTime, partition: TopicPartition) -> AtOnce {
        if !self.assignment.contains_key(&partition) {
            return Err(ILLEGAL_STATE);
        }
        self.asks(now, Question::Position(partition));
        Ok(None)
    }

    fn ask_committed(&mut self, now: SimTime, partitions: Vec<TopicPartition>) -> AtOnce {
        if !self.has_group() {
            return Err(NO_GROUP);
        }
        if partitions.is_empty() {
            return Ok(Some(Return::Committed(Vec::new())));
        }
        self.asks(now, Question::Committed { partitions, not_before: now });
        Ok(None)
    }

    fn asks(&mut self, now: SimTime, what: Question) {
        self.asking = Some(Asking { what, deadline: now + self.api_timeout() });
    }

    /// `default.api.timeout.ms`.
    pub(super) fn api_timeout(&self) -> SimDuration {
        SimDuration::millis(self.settings.default_api_timeout_ms)
    }

    /// When the call that waits is to be looked after.
    pub(super) fn asking_due(&self) -> Option<SimTime> {
        let asking = self.asking.as_ref()?;
        let again = match &asking.what {
            Question::Position(_) => self.position_due(),
            Question::Committed { not_before, .. } => {
                let can_ask = self.coordinator().is_some() && !self.is_waiting_for(is_question);
                can_ask.then_some(*not_before)
            }
        };
        again.into_iter().chain([asking.deadline]).min()
    }

    /// Looks after the call that waits: asks, or returns.
    pub(super) fn go_on_asking(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let Some(asking) = &self.asking else { return };
        let deadline = asking.deadline;
        match &asking.what {
            Question::Position(partition) => {
                let partition = partition.clone();
                if let Err(exception) = self.look_for_positions(fx, now) {
                    self.asked(fx, Return::Raised(exception));
                } else if let Some(position) = self.position(&partition) {
                    self.asked(fx, Return::Position(position));
                }
            }
            Question::Committed { partitions, not_before } => {
                if *not_before <= now
                    && !self.is_waiting_for(is_question)
                    && let Some(to) = self.coordinator()
                {
                    let (group, member) = (self.group.clone(), self.asks_as());
                    let partitions = Some(partitions.clone());
                    let request = GroupRequest::OffsetFetch { group, member, partitions };
                    self.send(fx, now, to, Asked::Question, Request::Group(request));
                }
            }
        }
        if self.asking.is_some() && deadline <= now {
            self.asked(fx, Return::Raised(TIMEOUT));
        }
    }

    /// The call that waited returns.
    fn asked(&mut self, fx: &mut Vec<Effect>, what: Return) {
        self.asking = None;
        self.in_flight.retain(|_, it| it.what != Asked::Question);
        fx.push(Effect::Returned(what));
    }

    /// The coordinator answered `committed`.
    pub(super) fn question_answered(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        answer: Result<CommittedOffsets, ErrorCode>,
    ) {
        match answer {
            Ok(found) => self.asked(fx, Return::Committed(found)),
            Err(error) => {
                self.refused(now, self.membership.generation(), error);
                self.question_failed(now);
            }
        }
    }

    /// It is asked again soon.
    pub(super) fn question_failed(&mut self, now: SimTime) {
        let later = now + self.retry_backoff();
        if let Some(Asking { what: Question::Committed { not_before, .. }, .. }) = &mut self.asking
        {
            *not_before = later;
        }
    }
}

fn is_question(what: &Asked) -> bool {
    *what == Asked::Question
}
