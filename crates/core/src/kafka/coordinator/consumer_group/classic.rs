//! Members that speak the classic protocol in a group of the `consumer` protocol, and groups that
//! go over from one protocol to the other.
//!
//! Source: the methods `classicGroup…ToConsumerGroup` of `GroupMetadataManager`.

use super::heartbeat::sorted;
use super::{ConsumerGroup, Done, Here, Member};
use crate::kafka::TopicPartition;
use crate::kafka::assignor::compute::ClassicAssignor;
use crate::kafka::config::MigrationPolicy;
use crate::kafka::fact::{Fact, LeaveReason, RebalanceReason};
use crate::kafka::message::{ErrorCode, Leaver, MemberId};
use crate::kafka::schema::{
    Bytes, Change, ClassicMember, ClassicSubscription, Current, Epoch, MemberState, Subscription,
    Target,
};
use crate::map::Map;
use crate::name::{ConsumerName, GroupId, TopicName};

/// A `JoinGroup` to a group of the `consumer` protocol.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClassicJoin {
    /// Empty if the member has none yet.
    pub(crate) member_id: MemberId,
    /// `group.instance.id`.
    pub(crate) instance: Option<String>,
    pub(crate) client: ConsumerName,
    pub(crate) session_timeout_ms: u64,
    pub(crate) rebalance_timeout_ms: u64,
    /// Its assignors, each with its subscription.
    pub(crate) protocols: Vec<(ClassicAssignor, Bytes)>,
    /// What the subscription says that it reads already.
    pub(crate) owned: Vec<TopicPartition>,
}

/// What a group takes along when it goes over to the other protocol.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Handover {
    pub(crate) generation: i32,
    pub(crate) members: Vec<HandedOver>,
    /// Why the members have to join again at once, if they have to.
    pub(crate) why: Option<RebalanceReason>,
}

/// A classic member in a group that goes over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct HandedOver {
    pub(crate) id: MemberId,
    pub(crate) instance: Option<String>,
    pub(crate) client: ConsumerName,
    pub(crate) session_timeout_ms: i32,
    pub(crate) rebalance_timeout_ms: i32,
    /// Its assignors, each with its subscription.
    pub(crate) protocols: Vec<(ClassicAssignor, Bytes)>,
    /// What it reads.
    pub(crate) reads: Vec<TopicPartition>,
}

impl ConsumerGroup {
    /// A classic member joins, or joins again, unless the protocols must not mix. Without an id it
    /// is to come back with `fresh`.
    /// Answers its id and generation.
    ///
    /// Source: `classicGroupJoinToConsumerGroup`.
    pub(crate) fn classic_join(
        &mut self,
        done: &mut Done,
        here: &Here<'_>,
        fresh: MemberId,
        join: &ClassicJoin,
    ) -> Result<(MemberId, i32), (ErrorCode, MemberId)> {
        let is_new = join.member_id.is_empty();
        let id = if is_new { fresh } else { join.member_id.clone() };
        let refuse = |error| (error, join.member_id.clone());
        self.check_size(here, &id).map_err(refuse)?;
        let policy = here.settings.group_consumer_migration_policy;
        if !self.supports(join) || policy == MigrationPolicy::Disabled {
            return Err(refuse(ErrorCode::InconsistentGroupProtocol));
        }
        let replaced = match &join.instance {
            None if is_new => return Err((ErrorCode::MemberIdRequired, id)),
            None => None,
            Some(instance) => match self.static_member(instance) {
                Some(it) if is_new || it.0 == &id => Some(it),
                Some(_) => return Err(refuse(ErrorCode::FencedInstanceId)),
                None if is_new => None,
                None => return Err(refuse(ErrorCode::UnknownMemberId)),
            },
        };
        let downgrades =
            replaced.is_some_and(|(old, _)| self.must_downgrade(here, std::slice::from_ref(old)));
        if let (true, Some(instance)) = (is_new, &join.instance) {
            self.replace(done, instance, &id);
        }
        let changed = self.subscribe(done, here, &id, join.subscription());
        if downgrades {
            let why = changed.then(|| RebalanceReason::Joined(join.client.clone()));
            let handover = self.hand_over(done, &[], why);
            let generation = handover.generation;
            done.becomes = Some(handover);
            return Ok((id, generation));
        }
        self.aim(done, here, &id);
        self.reconcile(done, here, &id, changed, Some(&join.owned));
        let member = self.members.get_mut(&id).expect("whoever subscribes is a member");
        member.heard_from(here);
        member.timers.joining = None;
        member.timers.syncing = Some(member.rebalance_ends(here.now));
        Ok((id, member.current.epoch))
    }

    /// Whether some assignor is known to `join` and to all other classic members.
    ///
    /// Source: `ConsumerGroup.supportsClassicProtocols`.
    fn supports(&self, join: &ClassicJoin) -> bool {
        join.protocols.iter().any(|(name, _)| {
            let mut classic =
                self.members.values().filter_map(|it| it.subscription.classic.as_ref());
            classic.all(|it| it.protocols.iter().any(|(it, _)| it == name))
        })
    }

    fn classic_member(
        &mut self,
        id: &MemberId,
        instance: Option<&str>,
        generation: i32,
    ) -> Result<&mut Member, ErrorCode> {
        if let Some(instance) = instance {
            let (other, _) = self.static_member(instance).ok_or(ErrorCode::UnknownMemberId)?;
            if other != id {
                return Err(ErrorCode::FencedInstanceId);
            }
        }
        let member = self.members.get_mut(id).filter(|it| it.is_classic());
        let member = member.ok_or(ErrorCode::UnknownMemberId)?;
        if member.current.epoch != generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        Ok(member)
    }

    /// A classic member asks what it reads. It has to join again if there is a newer target.
    ///
    /// Source: `classicGroupSyncToConsumerGroup`; observed with 4.3.1, which looks at the
    /// target's epoch, not at the group's: a classic member alone never has one computed.
    pub(crate) fn classic_sync(
        &mut self,
        here: &Here<'_>,
        id: &MemberId,
        instance: Option<&str>,
        generation: i32,
    ) -> Result<Vec<TopicPartition>, ErrorCode> {
        let epoch = self.target.epoch;
        let member = self.classic_member(id, instance, generation)?;
        let revokes = member.current.state == MemberState::UnrevokedPartitions;
        if member.current.epoch < epoch && !revokes {
            member.must_join(here);
            return Err(ErrorCode::RebalanceInProgress);
        }
        member.timers.syncing = None;
        member.heard_from(here);
        Ok(member.current.assigned.keys().cloned().collect())
    }

    /// A classic member says that it lives, and hears whether it has to join again.
    ///
    /// Source: `classicGroupHeartbeatToConsumerGroup`.
    pub(crate) fn classic_heartbeat(
        &mut self,
        here: &Here<'_>,
        id: &MemberId,
        instance: Option<&str>,
        generation: i32,
    ) -> Result<(), ErrorCode> {
        let epoch = self.target.epoch;
        self.classic_member(id, instance, generation)?.heard_from(here);
        let member = &self.members.get(id).expect("it has just spoken");
        let has_to_join = member.current.epoch < epoch
            || match member.current.state {
                MemberState::Stable => false,
                MemberState::UnrevokedPartitions => true,
                MemberState::UnreleasedPartitions => !self.waits_for_others(member),
            };
        if !has_to_join {
            return Ok(());
        }
        self.member(id.clone()).must_join(here);
        Err(ErrorCode::RebalanceInProgress)
    }

    /// `LeaveGroup`: a classic member leaves, or members are removed, by id or instance id.
    /// Answers for each whether it was there.
    ///
    /// Source: `classicGroupLeaveToConsumerGroup`.
    pub(crate) fn classic_leave(
        &mut self,
        done: &mut Done,
        here: &Here<'_>,
        leavers: &[Leaver],
        why: LeaveReason,
    ) -> Vec<Result<(), ErrorCode>> {
        let (mut ids, mut results) = (Vec::new(), Vec::new());
        let mut first = None;
        for Leaver { member_id: id, instance } in leavers {
            let found = match instance {
                None => self.members.get(id).map(|it| (id, it)),
                Some(instance) => self.static_member(instance),
            };
            let result = match found {
                None => Err(ErrorCode::UnknownMemberId),
                Some((other, _)) if !id.is_empty() && other != id => {
                    Err(ErrorCode::FencedInstanceId)
                }
                Some((id, member)) => {
                    let (group, consumer) = (self.id.clone(), member.subscription.client.clone());
                    first.get_or_insert_with(|| RebalanceReason::Left(consumer.clone()));
                    done.notes.push(Fact::Left { group, consumer, why });
                    ids.push(id.clone());
                    Ok(())
                }
            };
            results.push(result);
        }
        if let Some(reason) = first {
            self.fence(done, here, &ids, reason);
        }
        results
    }

    /// Whether only classic members are left without these, and the group may become one of
    /// theirs.
    ///
    /// Source: `validateOnlineDowngradeWithFencedMembers`.
    pub(super) fn must_downgrade(&self, here: &Here<'_>, without: &[MemberId]) -> bool {
        let (mut left, mut speaks) = (0_usize, false);
        for (id, member) in &self.members {
            let goes = without.contains(id);
            if !goes && !member.is_classic() {
                return false;
            }
            left += usize::from(!goes);
            speaks |= goes && !member.is_classic();
        }
        0 < left && speaks && here.settings.group_consumer_migration_policy.downgrades()
    }

    /// Ends this group and tells what the classic group begins with.
    ///
    /// Source: `convertToClassicGroup`, `ClassicGroup.fromConsumerGroup`.
    pub(super) fn hand_over(
        &mut self,
        done: &mut Done,
        without: &[MemberId],
        why: Option<RebalanceReason>,
    ) -> Handover {
        let mut members = Vec::new();
        for (id, member) in self.members.iter().filter(|(id, _)| !without.contains(id)) {
            let Some(classic) = &member.subscription.classic else { continue };
            members.push(HandedOver {
                id: id.clone(),
                instance: member.subscription.instance.clone(),
                client: member.subscription.client.clone(),
                session_timeout_ms: classic.session_timeout_ms,
                rebalance_timeout_ms: member.subscription.rebalance_timeout_ms,
                protocols: classic.protocols.clone(),
                reads: member.target.clone(),
            });
        }
        let generation = self.epoch.epoch;
        self.delete(done);
        Handover { generation, members, why }
    }

    /// A classic group becomes one of the `consumer` protocol, since a member of that joins.
    ///
    /// Source: `convertToConsumerGroup`, `ConsumerGroup.fromClassicGroup`.
    pub(crate) fn take_over(
        done: &mut Done,
        here: &Here<'_>,
        id: GroupId,
        handover: Handover,
    ) -> Self {
        let mut group = Self::new(id);
        let epoch = handover.generation;
        for member in &handover.members {
            let change = Change::Member(member.id.clone(), Some(member.subscription()));
            group.change(done, change);
        }
        let metadata_hash = group.metadata_hash(here.metadata);
        group.change(done, Change::Group(Some(Epoch { epoch, metadata_hash })));
        for member in &handover.members {
            group.change(done, Change::Target(member.id.clone(), Some(member.reads.clone())));
        }
        let never = 0;
        group.change(done, Change::TargetEpoch(Some(Target { epoch, timestamp_ms: never })));
        for member in handover.members {
            let current = Current {
                epoch,
                previous_epoch: epoch,
                state: MemberState::Stable,
                assigned: member.reads.into_iter().map(|it| (it, epoch)).collect(),
                revoking: Map::new(),
            };
            group.change(done, Change::Current(member.id, Some(current)));
        }
        group.loaded(here);
        group
    }
}

impl Member {
    /// A classic member has to join again, in time.
    fn must_join(&mut self, here: &Here<'_>) {
        let until = self.rebalance_ends(here.now);
        self.timers.joining.get_or_insert(until);
    }
}

impl ClassicJoin {
    fn subscription(&self) -> Subscription {
        let ms = |span| i32::try_from(span).unwrap_or(i32::MAX);
        Subscription {
            instance: self.instance.clone(),
            client: self.client.clone(),
            topics: topics(&self.protocols),
            rebalance_timeout_ms: ms(self.rebalance_timeout_ms),
            assignor: None,
            classic: Some(ClassicMember {
                session_timeout_ms: ms(self.session_timeout_ms),
                protocols: self.protocols.clone(),
            }),
        }
    }
}

impl HandedOver {
    fn subscription(&self) -> Subscription {
        Subscription {
            instance: self.instance.clone(),
            client: self.client.clone(),
            topics: topics(&self.protocols),
            rebalance_timeout_ms: self.rebalance_timeout_ms,
            assignor: None,
            classic: Some(ClassicMember {
                session_timeout_ms: self.session_timeout_ms,
                protocols: self.protocols.clone(),
            }),
        }
    }
}

/// The topics of a classic member: all its subscriptions name the same.
fn topics(protocols: &[(ClassicAssignor, Bytes)]) -> Vec<TopicName> {
    let first =
        protocols.first().and_then(|(_, it)| ClassicSubscription::decode(it)).map(|it| it.topics);
    sorted(&first.unwrap_or_default())
}
