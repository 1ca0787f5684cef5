//! Kafka's consumer client: what `KafkaConsumer` does between an application's calls and the
//! brokers. What the application does with the records is not its business.
//!
//! As in the Java client, records are fetched and groups joined only while the application is in
//! `poll`; heartbeats go on in the background.

mod assigning;
mod calls;
mod commits;
mod consumer_protocol;
mod fetcher;
mod heartbeats;
mod membership;
mod metadata;
mod positions;
mod validation;

use super::call::{Call, Callback, Goal, Return, Take};
use super::config::{self, ConsumerSettings};
use super::connection::Connections;
use super::fact::Fact;
use super::message::{Answer, CorrelationId, MemberId, MemberOf, Request, first_error};
use super::metadata::{Cached, Metadata};
use super::network::Channel;
use super::snapshot::Term;
use super::{BrokerId, Offset, TopicPartition};
use crate::map::Map;
use crate::name::{ConsumerName, GroupId, TopicName};
use crate::sim::{SimDuration, SimTime};
use calls::Asking;
use commits::{AsyncCommit, SyncCommit};
use fetcher::Completed;
pub(crate) use fetcher::Polled;
use membership::Membership;
use positions::{Place, Position};
use std::collections::VecDeque;
use std::sync::Arc;

/// What reaches a client.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Something it waits for is due.
    Wake,
    /// A broker answered.
    Answer(BrokerId, CorrelationId, Answer),
    /// A connection broke.
    Disconnected(BrokerId, Channel),
    /// The application calls.
    Call(Call),
    /// The application leaves `poll` without records, as after `wakeup`.
    StopPolling,
    /// Someone else in the application's process commits all positions.
    CommitBeside,
    /// The application moves a position back to what it has not worked on, before it ends.
    GiveBack(TopicPartition, Offset),
    /// The application moves a position, for a person, in the middle of whatever it does.
    Seek(TopicPartition, Goal),
    /// The application calls `pause` or `resume` in the middle of whatever it does.
    Rest(TopicPartition, bool),
}

/// What a client wants done.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Send that to a broker.
    Send(BrokerId, Channel, CorrelationId, Request),
    /// `poll` returns these.
    Polled(Vec<Polled>),
    /// A call returns, or throws.
    Returned(Return),
    /// Within a call, the application is called back.
    Called(Callback),
    /// `close` returns.
    Closed,
    /// Tell whoever watches.
    Note(Fact),
}

/// A consumer client.
///
/// Invariant: it has positions and buffered records only in partitions it was given.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Client {
    name: ConsumerName,
    /// Empty if it has none.
    group: GroupId,
    subscription: Subscription,
    settings: ConsumerSettings,
    metadata: Cached,
    /// For records, and for what concerns the group.
    connections: [Connections; 2],
    in_flight: Map<CorrelationId, InFlight>,
    next_correlation: CorrelationId,
    membership: Membership,
    /// What it was given to read, and where it stands in each.
    assignment: Map<TopicPartition, Place>,
    /// What was fetched and not returned by `poll` yet.
    buffer: VecDeque<Completed>,
    /// While the application is in `poll`.
    polling: Option<Polling>,
    /// When the application was last in `poll`.
    last_poll: SimTime,
    /// Whether fetching is held back after an error, and until when.
    fetch_not_before: SimTime,
    next_auto_commit: SimTime,
    /// The `commitSync` calls that have not returned, in order.
    commits: VecDeque<SyncCommit>,
    /// The `commitAsync` calls that were not sent yet, in order.
    async_commits: VecDeque<AsyncCommit>,
    /// What came of those that were answered, to be told within the next call.
    completed: VecDeque<Option<&'static str>>,
    /// What the next `poll` throws, or the one under way.
    exception: Option<&'static str>,
    /// The call that waits for what a broker knows.
    asking: Option<Asking>,
    /// While the application is in `close`, when that ends at the latest.
    closing: Option<SimTime>,
}

/// How it was told what to read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subscription {
    /// It was not.
    None,
    /// Topics, for the group to share out.
    Topics(Vec<TopicName>),
    /// Partitions, each by its name.
    Assigned,
}

/// A `poll` that has not returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Polling {
    /// When it ends at the latest.
    until: SimTime,
    take: Take,
}

/// A request that waits for its answer.
#[derive(Clone, Debug, Hash)]
struct InFlight {
    broker: BrokerId,
    channel: Channel,
    deadline: SimTime,
    what: Asked,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Asked {
    ApiVersions,
    Coordinator,
    Metadata,
    Join,
    Sync,
    /// In that generation.
    Heartbeat(i32),
    ConsumerHeartbeat,
    Leave,
    /// A commit that nobody waits for, in that generation.
    AutoCommit(i32),
    /// The first of the `commitSync` calls, in that generation.
    SyncCommit(i32),
    /// A commit that the application will hear of, in that generation.
    AsyncCommit(i32),
    /// The committed offsets, to begin there.
    Committed,
    /// The committed offsets, since the application asks.
    Question,
    /// Where to begin in these, or go on.
    ListOffsets(Vec<TopicPartition>),
    /// Where the term of the record before that position ended.
    EpochEnd(TopicPartition, Offset),
    /// The end of a partition, since the application asks.
    End(TopicPartition),
    /// With the positions that were asked for.
    Fetch(Vec<(TopicPartition, Offset)>),
}

impl Client {
    /// A client that has not polled yet. With an `id` it speaks the `consumer` protocol.
    pub(crate) fn new(
        now: SimTime,
        setup: &config::Consumer,
        id: Option<MemberId>,
        metadata: Arc<Metadata>,
    ) -> Self {
        let config::Consumer { name, topics, settings, .. } = setup;
        let subscribed = Subscription::Topics(topics.clone());
        Self {
            name: name.clone(),
            group: setup.group_name(),
            subscription: if topics.is_empty() { Subscription::None } else { subscribed },
            settings: settings.clone(),
            metadata: Cached::new(now, metadata),
            connections: Default::default(),
            in_flight: Map::new(),
            next_correlation: CorrelationId::default(),
            membership: Membership::new(now, id),
            assignment: Map::new(),
            buffer: VecDeque::new(),
            polling: None,
            last_poll: now,
            fetch_not_before: now,
            next_auto_commit: now + SimDuration::millis(settings.auto_commit_interval_ms),
            commits: VecDeque::new(),
            async_commits: VecDeque::new(),
            completed: VecDeque::new(),
            exception: None,
            asking: None,
            closing: None,
        }
    }

    /// What it was given to read.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &TopicPartition> {
        self.assignment.keys()
    }

    /// The next offset that `poll` returns of a partition, if it is known.
    pub(crate) fn position(&self, partition: &TopicPartition) -> Option<Offset> {
        self.assignment.get(partition).and_then(Place::known)
    }

    /// Its generation or epoch, if it is a member.
    pub(crate) fn term(&self) -> Option<Term> {
        let number = u32::try_from(self.membership.generation()).ok()?;
        let has_epoch = self.membership.speaks_consumer_protocol();
        Some(if has_epoch { Term::Epoch(number) } else { Term::Generation(number) })
    }

    /// Whether it reads what its group gives it.
    pub(crate) fn is_subscribed(&self) -> bool {
        matches!(self.subscription, Subscription::Topics(_))
    }

    /// Whether it has a group, to join or only to commit for.
    fn has_group(&self) -> bool {
        !self.group.as_str().is_empty()
    }

    /// Whether it may read what is assigned to it.
    fn may_read(&self) -> bool {
        match self.subscription {
            Subscription::None => false,
            Subscription::Topics(_) => self.membership.is_member() || self.is_cooperative(),
            Subscription::Assigned => true,
        }
    }

    /// Whether it knows where to begin in all that it reads, which a member was told.
    pub(crate) fn is_settled(&self) -> bool {
        let is_told = !self.is_subscribed() || self.membership.is_member();
        let is_known = self.assignment.values().all(|it| it.known().is_some());
        self.may_read() && is_told && is_known
    }

    /// Takes one input and says what should follow, in order.
    pub(crate) fn step(&mut self, fx: &mut Vec<Effect>, now: SimTime, input: Input) {
        match input {
            Input::Wake => {}
            Input::Answer(broker, correlation, answer) => {
                self.answer(fx, now, broker, correlation, answer);
            }
            Input::Disconnected(broker, channel) => self.disconnected(now, broker, channel),
            Input::Call(call) => {
                self.tell_completed(fx);
                self.call(fx, now, call);
            }
            Input::StopPolling => self.stop_polling(now),
            Input::CommitBeside => self.commit_beside(now),
            Input::GiveBack(partition, offset) => {
                self.move_to(&partition, Position::At(offset));
            }
            Input::Seek(partition, to) => self.sought(fx, now, partition, to),
            Input::Rest(partition, rests) => self.rest(&partition, rests),
        }
        self.time_out(now);
        self.greet(fx, now);
        self.refresh_metadata(fx, now);
        self.look_for_coordinator(fx, now);
        self.keep_membership(fx, now);
        self.send_async_commits(fx, now);
        self.send_sync_commit(fx, now);
        self.go_on_asking(fx, now);
        if self.closing.is_some() {
            self.go_on_closing(fx, now);
        } else if self.polling.is_some() {
            self.go_on_polling(fx, now);
        }
    }

    /// The order is `KafkaConsumer.poll`'s: group first, then commit, positions, records.
    ///
    /// Source: `ClassicKafkaConsumer.poll`, `ConsumerCoordinator.poll`.
    fn go_on_polling(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        self.tell_completed(fx);
        if let Err(exception) = self.go_through_poll(fx, now) {
            self.stop_polling(now);
            fx.push(Effect::Returned(Return::Raised(exception)));
        }
    }

    fn go_through_poll(&mut self, fx: &mut Vec<Effect>, now: SimTime) -> Result<(), &'static str> {
        if let Some(exception) = self.exception.take() {
            return Err(exception);
        }
        self.join_if_needed(fx, now);
        self.auto_commit_if_due(fx, now);
        self.look_for_positions(fx, now)?;
        self.validate_positions(fx, now);
        self.return_or_fetch(fx, now)
    }

    fn stop_polling(&mut self, now: SimTime) {
        if self.polling.take().is_some() {
            self.last_poll = now;
        }
    }

    /// When it next has something to do by itself.
    pub(crate) fn due(&self) -> Option<SimTime> {
        let requests = self.in_flight.values().map(|it| it.deadline);
        let connections = self.connections.iter().filter_map(Connections::due);
        let own = requests.chain(connections).chain(self.membership_due());
        let own = own.chain(self.commit_due()).chain(self.closing).chain(self.asking_due());
        let own = own.chain(self.metadata_due());
        if self.polling.is_none() {
            return own.min();
        }
        let polling = self
            .polling
            .map(|it| it.until)
            .into_iter()
            .chain(self.position_due())
            .chain(self.fetch_due());
        own.chain(polling).chain(self.auto_commit_due()).filter(|it| *it < SimTime::MAX).min()
    }

    fn connections(&self, channel: Channel) -> &Connections {
        &self.connections[usize::from(channel == Channel::Coordinator)]
    }

    fn connections_mut(&mut self, channel: Channel) -> &mut Connections {
        &mut self.connections[usize::from(channel == Channel::Coordinator)]
    }

    /// The coordinator, if it is known and can be asked.
    fn coordinator(&self) -> Option<(BrokerId, Channel)> {
        let broker = self.membership.coordinator?;
        self.connections(Channel::Coordinator)
            .is_up(broker)
            .then_some((broker, Channel::Coordinator))
    }

    fn send(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        (broker, channel): (BrokerId, Channel),
        what: Asked,
        request: Request,
    ) {
        let timeout_ms = match what {
            // Source: `AbstractCoordinator.sendJoinGroupRequest`: the answer takes as long as
            // the slowest member.
            Asked::Join => {
                self.settings.request_timeout_ms.max(self.settings.max_poll_interval_ms + 5_000)
            }
            Asked::ApiVersions
            | Asked::Coordinator
            | Asked::Metadata
            | Asked::Sync
            | Asked::Heartbeat(_)
            | Asked::ConsumerHeartbeat
            | Asked::Leave
            | Asked::AutoCommit(_)
            | Asked::SyncCommit(_)
            | Asked::AsyncCommit(_)
            | Asked::Committed
            | Asked::Question
            | Asked::ListOffsets(_)
            | Asked::EpochEnd(..)
            | Asked::End(_)
            | Asked::Fetch(_) => self.settings.request_timeout_ms,
        };
        self.next_correlation.0 += 1;
        let correlation = self.next_correlation;
        let deadline = now + SimDuration::millis(timeout_ms);
        self.in_flight.insert(correlation, InFlight { broker, channel, deadline, what });
        fx.push(Effect::Send(broker, channel, correlation, request));
    }

    fn is_waiting_for(&self, what: impl Fn(&Asked) -> bool) -> bool {
        self.in_flight.values().any(|it| what(&it.what))
    }

    fn retry_backoff(&self) -> SimDuration {
        SimDuration::millis(self.settings.retry_backoff_ms)
    }

    /// Who it tells others that it is in its group: `groupMetadata`.
    pub(crate) fn group_member(&self) -> MemberOf {
        let mut member = self.member();
        if let Some((id, generation)) = self.membership.last_known() {
            (member.member_id, member.generation) = (id, generation);
        }
        member
    }

    /// Who it is in its group.
    fn member(&self) -> MemberOf {
        MemberOf {
            group: self.group.clone(),
            member_id: self.membership.member_id().clone(),
            instance: self.instance(),
            generation: self.membership.generation(),
            client: self.name.clone(),
        }
    }

    /// A request that is not answered in time takes its connection with it.
    ///
    /// Source: `NetworkClient.handleTimedOutRequests`.
    fn time_out(&mut self, now: SimTime) {
        loop {
            let late = self.in_flight.values().find(|it| it.deadline <= now);
            let Some((broker, channel)) = late.map(|it| (it.broker, it.channel)) else { return };
            self.disconnected(now, broker, channel);
        }
    }

    fn greet(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        for channel in [Channel::Data, Channel::Coordinator] {
            for broker in self.connections_mut(channel).try_again(now) {
                let to = (broker, channel);
                self.send(fx, now, to, Asked::ApiVersions, Request::ApiVersions);
            }
        }
    }

    fn disconnected(&mut self, now: SimTime, broker: BrokerId, channel: Channel) {
        self.connections_mut(channel).lost(now, broker);
        self.metadata.want();
        let is_lost = |it: &InFlight| it.broker == broker && it.channel == channel;
        let lost: Vec<InFlight> =
            self.in_flight.take_where(|_, it| is_lost(it)).into_iter().map(|(_, it)| it).collect();
        // Source: `AbstractCoordinator.checkAndGetCoordinator`: one that it had before does not
        // matter any more.
        if channel == Channel::Coordinator && self.membership.coordinator == Some(broker) {
            self.coordinator_lost(now);
        }
        for it in lost {
            self.failed(now, &it.what);
        }
    }

    /// A request will not be answered; it may or may not have had its effect.
    fn failed(&mut self, now: SimTime, what: &Asked) {
        match what {
            Asked::ApiVersions | Asked::Heartbeat(_) | Asked::Leave | Asked::End(_) => {}
            Asked::Coordinator => self.coordinator_not_found(now),
            Asked::Metadata => self.metadata.failed(now),
            Asked::Join | Asked::Sync => self.membership_failed(now),
            Asked::ConsumerHeartbeat => self.consumer_heartbeat_failed(now),
            Asked::AutoCommit(_) => self.auto_commit_failed(now),
            Asked::SyncCommit(_) => self.sync_commit_failed(now),
            Asked::AsyncCommit(_) => self.async_commit_failed(),
            Asked::Committed => self.retry_positions(now, None),
            Asked::Question => self.question_failed(now),
            Asked::ListOffsets(partitions) => {
                for it in partitions {
                    self.retry_positions(now, Some(it));
                }
            }
            Asked::EpochEnd(..) => self.fetch_not_before = now + self.retry_backoff(),
            Asked::Fetch(_) => self.fetch_not_before = now + self.retry_backoff(),
        }
    }

    fn answer(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        broker: BrokerId,
        correlation: CorrelationId,
        answer: Answer,
    ) {
        // An answer to what was given up, or is no longer wanted, finds nothing here.
        let Some(InFlight { channel, what, .. }) = self.in_flight.remove(&correlation) else {
            return;
        };
        match (what, answer) {
            (Asked::ApiVersions, Answer::ApiVersions) => {
                self.connections_mut(channel).made(broker);
            }
            (Asked::Coordinator, Answer::FindCoordinator(it)) => self.coordinator_found(now, it),
            (Asked::Metadata, Answer::Metadata(it)) => self.learn(now, it),
            (Asked::Join, Answer::JoinGroup(it)) => self.joined(fx, now, it),
            (Asked::Sync, Answer::SyncGroup(it)) => self.synced(now, it),
            (Asked::Heartbeat(generation), Answer::Heartbeat(it)) => {
                self.heartbeat_answered(now, generation, it);
            }
            (Asked::ConsumerHeartbeat, Answer::ConsumerHeartbeat(it)) => {
                self.consumer_heartbeat_answered(now, it);
            }
            (Asked::Leave, Answer::LeaveGroup(_) | Answer::ConsumerHeartbeat(_)) => {}
            (Asked::AutoCommit(generation), Answer::OffsetCommit(it)) => {
                self.auto_commit_answered(now, generation, first_error(&it));
            }
            (Asked::SyncCommit(generation), Answer::OffsetCommit(it)) => {
                self.sync_commit_answered(fx, now, generation, first_error(&it));
            }
            (Asked::AsyncCommit(generation), Answer::OffsetCommit(it)) => {
                self.async_commit_answered(now, generation, first_error(&it));
            }
            (Asked::Committed, Answer::OffsetFetch(it)) => self.committed_found(fx, now, it),
            (Asked::Question, Answer::OffsetFetch(it)) => self.question_answered(fx, now, it),
            (Asked::End(partition), Answer::ListOffsets(it)) => self.end_found(&partition, &it),
            (Asked::EpochEnd(partition, at), Answer::OffsetForLeaderEpoch(it)) => {
                self.epoch_end_found(now, &partition, at, it);
            }
            (Asked::ListOffsets(partitions), Answer::ListOffsets(it)) => {
                self.offsets_found(fx, now, &partitions, it);
            }
            (Asked::Fetch(positions), Answer::Fetch(it)) => {
                self.fetched(fx, &positions, it);
            }
            (_, _) => unreachable!("an answer to something that was not asked"),
        }
    }
}
