//! One group under the `consumer` protocol (KIP-848): its epochs, its members, what each shall
//! read and what each reads.
//!
//! Whatever changes is a `Change`, which is written to `__consumer_offsets` and applied here by
//! the same function that reads it back after a restart. Only the timers are not written down.
//! Source: `GroupMetadataManager`, `ConsumerGroup` and `ModernGroup` of the group coordinator.

mod classic;
mod heartbeat;
mod reconcile;
mod target;

use crate::kafka::TopicPartition;
use crate::kafka::assignor::compute::ServerAssignor;
use crate::kafka::config::BrokerSettings;
use crate::kafka::fact::{Fact, LeaveReason, RebalanceReason, SessionTimeout};
use crate::kafka::message::consumer_group::{DescribedConsumerGroup, DescribedConsumerMember};
use crate::kafka::message::{ErrorCode, MemberId};
use crate::kafka::metadata::Metadata;
use crate::kafka::schema::{Change, Current, Epoch, MemberState, Subscription, Target};
use crate::map::Map;
use crate::name::{ConsumerName, GroupId, TopicName};
use crate::sim::{SimDuration, SimTime};
pub(super) use classic::{ClassicJoin, HandedOver, Handover};
pub(super) use heartbeat::check_request;

/// A group.
///
/// Invariant: no partition is read, or still to be given up, by two members.
/// Invariant: no epoch goes back, but for a member that joins anew.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConsumerGroup {
    id: GroupId,
    epoch: Epoch,
    target: Target,
    members: Map<MemberId, Member>,
}

/// A member, as its coordinator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Member {
    subscription: Subscription,
    /// What it shall read; sorted.
    target: Vec<TopicPartition>,
    current: Current,
    timers: Timers,
}

/// When a member's silence has consequences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Timers {
    /// The end of its session.
    session: Option<SimTime>,
    /// What it gives up must be given up by then.
    revoking: Option<SimTime>,
    /// As a classic member it must have joined again by then.
    joining: Option<SimTime>,
    /// As a classic member it must have asked for its assignment by then.
    syncing: Option<SimTime>,
}

/// Where the coordinator is, and when.
#[derive(Clone, Copy)]
pub(crate) struct Here<'a> {
    pub(crate) now: SimTime,
    pub(crate) settings: &'a BrokerSettings,
    pub(crate) metadata: &'a Metadata,
}

/// What a group has done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    /// To be written down, in order.
    pub(crate) changes: Vec<Change>,
    /// For whoever watches.
    pub(crate) notes: Vec<Fact>,
    /// If it is a group of the classic protocol from now on.
    pub(crate) becomes: Option<Handover>,
}

impl Member {
    /// A member of which nothing is known.
    fn unknown() -> Self {
        let subscription = Subscription {
            instance: None,
            client: ConsumerName::from(""),
            topics: Vec::new(),
            rebalance_timeout_ms: -1,
            assignor: None,
            classic: None,
        };
        let (target, current, timers) = (Vec::new(), not_there(), Timers::default());
        Self { subscription, target, current, timers }
    }

    fn is_classic(&self) -> bool {
        self.subscription.classic.is_some()
    }

    /// Whether it has arrived at that epoch's target.
    fn is_reconciled(&self, epoch: i32) -> bool {
        self.current.state == MemberState::Stable && self.current.epoch == epoch
    }

    /// Whether nobody else may read the partition.
    fn holds(&self, partition: &TopicPartition) -> bool {
        self.current.assigned.contains_key(partition)
            || self.current.revoking.contains_key(partition)
    }

    fn due(&self) -> Option<SimTime> {
        let it = &self.timers;
        [it.session, it.revoking, it.joining, it.syncing].into_iter().flatten().min()
    }

    fn heard_from(&mut self, here: &Here<'_>) {
        let timeout_ms = match &self.subscription.classic {
            Some(classic) => milliseconds(classic.session_timeout_ms),
            None => here.settings.group_consumer_session_timeout_ms,
        };
        self.timers.session = Some(here.now + SimDuration::millis(timeout_ms));
    }

    fn rebalance_ends(&self, now: SimTime) -> SimTime {
        now + SimDuration::millis(milliseconds(self.subscription.rebalance_timeout_ms))
    }
}

/// Where a member stands before its first heartbeat is through.
fn not_there() -> Current {
    Current {
        epoch: 0,
        previous_epoch: -1,
        state: MemberState::Stable,
        assigned: Map::new(),
        revoking: Map::new(),
    }
}

fn milliseconds(span: i32) -> u64 {
    u64::try_from(span).unwrap_or_default()
}

impl ConsumerGroup {
    /// A group without members, of which nothing is written down.
    pub(crate) fn new(id: GroupId) -> Self {
        Self {
            id,
            epoch: Epoch { epoch: 0, metadata_hash: 0 },
            target: Target { epoch: 0, timestamp_ms: 0 },
            members: Map::new(),
        }
    }

    /// The name of its state.
    ///
    /// Source: `ConsumerGroup.maybeUpdateGroupState`. A dead group is not there at all.
    pub(crate) fn state(&self) -> &'static str {
        if self.members.is_empty() {
            "Empty"
        } else if self.target.epoch < self.epoch.epoch {
            "Assigning"
        } else if self.members.values().all(|it| it.is_reconciled(self.target.epoch)) {
            "Stable"
        } else {
            "Reconciling"
        }
    }

    /// While members are on the way to a new target, how many are there, and how many there are.
    pub(crate) fn progress(&self) -> Option<(usize, usize)> {
        let there = self.members.values().filter(|it| it.is_reconciled(self.epoch.epoch)).count();
        (there < self.members.len()).then_some((there, self.members.len()))
    }

    /// How often it has changed.
    pub(crate) fn epoch(&self) -> i32 {
        self.epoch.epoch
    }

    /// Whether nobody is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether some member reads that topic.
    pub(crate) fn is_subscribed(&self, topic: &TopicName) -> bool {
        self.members.values().any(|it| it.subscription.topics.contains(topic))
    }

    /// Who reads what.
    pub(crate) fn owners(&self) -> impl Iterator<Item = (&ConsumerName, Vec<TopicPartition>)> {
        let reads = |it: &Member| it.current.assigned.keys().cloned().collect();
        self.members.values().map(move |it| (&it.subscription.client, reads(it)))
    }

    /// The group as its coordinator describes it.
    ///
    /// Source: `ConsumerGroup.asDescribedGroup`.
    pub(crate) fn describe(&self, settings: &BrokerSettings) -> DescribedConsumerGroup {
        let member = |(id, it): (&MemberId, &Member)| DescribedConsumerMember {
            id: id.to_string(),
            instance: it.subscription.instance.clone(),
            client: it.subscription.client.clone(),
            epoch: it.current.epoch,
            topics: it.subscription.topics.clone(),
            assigned: it.current.assigned.keys().cloned().collect(),
            revoking: it.current.revoking.keys().cloned().collect(),
            target: it.target.clone(),
            is_classic: it.is_classic(),
        };
        DescribedConsumerGroup {
            state: self.state(),
            epoch: self.epoch.epoch,
            assignment_epoch: self.target.epoch,
            assignor: self.assignor(settings).as_str().to_owned(),
            members: self.members.iter().map(member).collect(),
        }
    }

    /// When it next has something to do by itself.
    pub(crate) fn due(&self) -> Option<SimTime> {
        self.members.values().filter_map(Member::due).min()
    }

    /// Removes who has been silent for too long.
    pub(crate) fn wake(&mut self, done: &mut Done, here: &Here<'_>) {
        while done.becomes.is_none() {
            let late = |it: &Member| it.due().is_some_and(|due| due <= here.now);
            let Some((id, member)) = self.members.iter().find(|(_, it)| late(it)) else { return };
            let (group, consumer) = (self.id.clone(), member.subscription.client.clone());
            let is_silent = member.timers.session.is_some_and(|it| it <= here.now);
            if is_silent {
                let of_group = here.settings.group_consumer_session_timeout_ms;
                let session = match &member.subscription.classic {
                    Some(it) => SessionTimeout::OfMember(milliseconds(it.session_timeout_ms)),
                    None => SessionTimeout::OfGroup(of_group),
                };
                let consumer = consumer.clone();
                done.notes.push(Fact::Expired { group, consumer, session });
            } else {
                let rebalance_timeout_ms = milliseconds(member.subscription.rebalance_timeout_ms);
                let why = LeaveReason::PollInterval(rebalance_timeout_ms);
                done.notes.push(Fact::Left { group, consumer: consumer.clone(), why });
            }
            let id = id.clone();
            self.fence(done, here, &[id], RebalanceReason::Expired(consumer));
        }
    }

    /// Removes members. If only classic ones are left, the group becomes a classic one.
    ///
    /// Source: `GroupMetadataManager.consumerGroupFenceMembers`.
    fn fence(&mut self, done: &mut Done, here: &Here<'_>, ids: &[MemberId], why: RebalanceReason) {
        if self.must_downgrade(here, ids) {
            done.becomes = Some(self.hand_over(done, ids, Some(why)));
            return;
        }
        done.notes.push(Fact::Rebalancing { group: self.id.clone(), why });
        for id in ids {
            self.remove(done, id);
        }
        self.bump(done, here);
    }

    /// Source: `GroupMetadataManager.removeMember`; "the order matters here".
    fn remove(&mut self, done: &mut Done, id: &MemberId) {
        self.change(done, Change::Current(id.clone(), None));
        self.change(done, Change::Target(id.clone(), None));
        self.change(done, Change::Member(id.clone(), None));
    }

    /// Begins the next epoch of the group. The first is 2.
    ///
    /// Source: `GroupMetadataManager.updateSubscriptionMetadata`; observed with 4.3.1, in which
    /// a member that waits for the first target is in epoch 1.
    fn bump(&mut self, done: &mut Done, here: &Here<'_>) {
        let epoch = (self.epoch.epoch + 1).max(2);
        let metadata_hash = self.metadata_hash(here.metadata);
        self.change(done, Change::Group(Some(Epoch { epoch, metadata_hash })));
    }

    /// Forgets the group.
    ///
    /// Source: `ConsumerGroup.createGroupTombstoneRecords`.
    pub(crate) fn delete(&mut self, done: &mut Done) {
        let ids: Vec<MemberId> = self.members.keys().cloned().collect();
        done.changes.extend(ids.iter().map(|it| Change::Current(it.clone(), None)));
        done.changes.extend(ids.iter().map(|it| Change::Target(it.clone(), None)));
        done.changes.push(Change::TargetEpoch(None));
        done.changes.extend(ids.iter().map(|it| Change::Member(it.clone(), None)));
        done.changes.push(Change::Group(None));
        *self = Self::new(self.id.clone());
    }

    /// Whether a member, or whoever is none, may commit offsets of these partitions.
    ///
    /// Source: `ConsumerGroup.validateOffsetCommit`; KIP-1251: an epoch of the past will do for
    /// what the member already had in it and still has.
    pub(crate) fn may_commit<'a>(
        &self,
        member_id: &MemberId,
        epoch: i32,
        partitions: impl IntoIterator<Item = &'a TopicPartition>,
    ) -> Result<(), ErrorCode> {
        if epoch < 0 && self.members.is_empty() {
            return Ok(());
        }
        let member = self.members.get(member_id).ok_or(ErrorCode::UnknownMemberId)?;
        let Current { epoch: present, assigned, revoking, .. } = &member.current;
        if epoch == *present {
            return Ok(());
        }
        if member.is_classic() {
            return Err(ErrorCode::IllegalGeneration);
        }
        let since = |it| assigned.get(it).or_else(|| revoking.get(it));
        let had = |it| since(it).is_some_and(|since| *since <= epoch);
        if epoch < *present && partitions.into_iter().all(had) {
            return Ok(());
        }
        Err(ErrorCode::StaleMemberEpoch)
    }

    /// Whether a member may ask what is committed.
    ///
    /// Source: `ConsumerGroup.validateOffsetFetch`.
    pub(crate) fn may_fetch(&self, member_id: &MemberId, epoch: i32) -> Result<(), ErrorCode> {
        let member = self.members.get(member_id).ok_or(ErrorCode::UnknownMemberId)?;
        if epoch == member.current.epoch {
            Ok(())
        } else if member.is_classic() {
            Err(ErrorCode::IllegalGeneration)
        } else {
            Err(ErrorCode::StaleMemberEpoch)
        }
    }

    fn static_member(&self, instance: &str) -> Option<(&MemberId, &Member)> {
        self.members.iter().find(|(_, it)| it.subscription.instance.as_deref() == Some(instance))
    }

    fn change(&mut self, done: &mut Done, change: Change) {
        self.replay(change.clone());
        done.changes.push(change);
    }

    /// Applies a change, whether it is new or read back.
    ///
    /// Source: the `replay` methods of `GroupMetadataManager`. After compaction the records of a
    /// member come in any order.
    pub(crate) fn replay(&mut self, change: Change) {
        match change {
            Change::Group(it) => {
                self.epoch = it.unwrap_or(Epoch { epoch: 0, metadata_hash: 0 });
            }
            Change::TargetEpoch(it) => {
                self.target = it.unwrap_or(Target { epoch: 0, timestamp_ms: 0 });
            }
            Change::Member(id, Some(it)) => self.member(id).subscription = it,
            Change::Target(id, Some(it)) => self.member(id).target = it,
            Change::Current(id, Some(it)) => self.member(id).current = it,
            Change::Member(id, None) => {
                self.members.remove(&id);
            }
            Change::Target(id, None) => {
                if let Some(member) = self.members.get_mut(&id) {
                    member.target.clear();
                }
            }
            Change::Current(id, None) => {
                if let Some(member) = self.members.get_mut(&id) {
                    member.current = not_there();
                }
            }
        }
    }

    fn known(&self, id: &MemberId) -> &Member {
        self.members.get(id).expect("it is asked for members alone")
    }

    fn member(&mut self, id: MemberId) -> &mut Member {
        self.members.get_or_insert_with(id, Member::unknown)
    }

    /// All was read: the members have their time from now on.
    ///
    /// Source: `GroupMetadataManager.onLoaded`.
    pub(crate) fn loaded(&mut self, here: &Here<'_>) {
        for member in self.members.values_mut() {
            member.heard_from(here);
            if member.current.state == MemberState::UnrevokedPartitions && !member.is_classic() {
                member.timers.revoking = Some(member.rebalance_ends(here.now));
            }
        }
    }

    /// The assignor that most members ask for; if none asks, the first that the broker has.
    ///
    /// Source: `ConsumerGroup.preferredServerAssignor`: among equals the first of a `HashMap`.
    fn assignor(&self, settings: &BrokerSettings) -> ServerAssignor {
        let asked = self.members.values().filter_map(|it| it.subscription.assignor.as_deref());
        settings.group_consumer_assignors.preferred(asked)
    }
}

#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;
