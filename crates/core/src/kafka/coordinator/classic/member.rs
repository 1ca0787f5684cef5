//! One member of a group, as its coordinator sees it.

use crate::kafka::TopicPartition;
use crate::kafka::assignor::compute::ClassicAssignor;
use crate::kafka::message::{InstanceId, JoinGroup};
use crate::kafka::network::ReplyTo;
use crate::kafka::schema::{Bytes, MemberValue, decode_assignment};
use crate::name::ConsumerName;
use crate::sim::{SimDuration, SimTime};

/// How long a new member may wait for its first join phase to end.
///
/// Source: `GroupCoordinatorConfig.CLASSIC_GROUP_NEW_MEMBER_JOIN_TIMEOUT_MS`.
const NEW_MEMBER_TIMEOUT: SimDuration = SimDuration::millis(300_000);

/// A member.
#[derive(Clone, Debug, Hash)]
pub(super) struct Member {
    pub(super) client: ConsumerName,
    pub(super) instance: Option<InstanceId>,
    /// The how manieth it was to come.
    pub(super) arrival: u32,
    pub(super) session_timeout: SimDuration,
    pub(super) rebalance_timeout: SimDuration,
    /// What it wants to read, per assignor it supports, in the order of its preference.
    pub(super) protocols: Vec<(ClassicAssignor, Bytes)>,
    /// What it reads in this generation.
    pub(super) assignment: Bytes,
    /// Its request to join, while that is held back.
    pub(super) joining: Option<ReplyTo>,
    /// Its request for its assignment, while that is held back.
    pub(super) syncing: Option<ReplyTo>,
    /// After a join phase, until when it has to ask for its assignment; none once it has.
    pub(super) sync_by: Option<SimTime>,
    /// Whether its first join phase is still on.
    is_new: bool,
    /// When its silence ends its membership.
    silent_until: SimTime,
}

impl Member {
    /// Someone who joins.
    pub(super) fn new(now: SimTime, join: JoinGroup, reply_to: ReplyTo, arrival: u32) -> Self {
        Self {
            client: join.client,
            instance: join.instance,
            arrival,
            session_timeout: SimDuration::millis(join.session_timeout_ms),
            rebalance_timeout: SimDuration::millis(join.rebalance_timeout_ms),
            protocols: join.protocols,
            assignment: Bytes::default(),
            joining: Some(reply_to),
            syncing: None,
            sync_by: None,
            is_new: true,
            silent_until: now + NEW_MEMBER_TIMEOUT,
        }
    }

    /// A member as the log remembers it.
    pub(super) fn read_back(
        value: MemberValue,
        protocol: Option<ClassicAssignor>,
        arrival: u32,
    ) -> Self {
        let span = |ms: i32| SimDuration::millis(u64::try_from(ms).unwrap_or_default());
        Self {
            client: value.client_id.into(),
            instance: value.instance.map(InstanceId::from),
            arrival,
            session_timeout: span(value.session_timeout_ms),
            rebalance_timeout: span(value.rebalance_timeout_ms),
            protocols: protocol.into_iter().map(|it| (it, value.subscription.clone())).collect(),
            assignment: value.assignment,
            joining: None,
            syncing: None,
            sync_by: None,
            is_new: false,
            silent_until: SimTime::MAX,
        }
    }

    /// What it wants to read, as it says it to that assignor.
    pub(super) fn subscription(&self, protocol: ClassicAssignor) -> Option<Bytes> {
        self.protocols.iter().find(|(it, _)| *it == protocol).map(|(_, it)| it.clone())
    }

    /// What it reads in this generation.
    pub(super) fn reads(&self) -> Vec<TopicPartition> {
        decode_assignment(&self.assignment).unwrap_or_default()
    }

    /// It joins again.
    pub(super) fn rejoin(&mut self, join: JoinGroup, reply_to: ReplyTo) {
        self.session_timeout = SimDuration::millis(join.session_timeout_ms);
        self.rebalance_timeout = SimDuration::millis(join.rebalance_timeout_ms);
        self.protocols = join.protocols;
        self.joining = Some(reply_to);
    }

    /// The join phase is over. Hands out the request that is to be answered; a static member may
    /// have sent none.
    pub(super) fn joined(&mut self, now: SimTime, sync_by: SimTime) -> Option<ReplyTo> {
        self.is_new = false;
        self.sync_by = Some(sync_by);
        self.heard_from(now);
        self.joining.take()
    }

    /// It has given a sign of life.
    pub(super) fn heard_from(&mut self, now: SimTime) {
        if !self.is_new {
            self.silent_until = now + self.session_timeout;
        }
    }

    /// Whether its time to ask for its assignment is over.
    pub(super) fn did_not_sync(&self, now: SimTime) -> bool {
        self.sync_by.is_some_and(|it| it <= now)
    }

    /// When its silence has consequences. Someone whose request is held back is not silent,
    /// unless it is new.
    ///
    /// Source: `ClassicGroupMember.hasSatisfiedHeartbeat`.
    pub(super) fn due(&self) -> Option<SimTime> {
        let is_held = self.joining.is_some() || self.syncing.is_some();
        let silence = (self.is_new || !is_held).then_some(self.silent_until);
        silence.into_iter().chain(self.sync_by).min()
    }
}
