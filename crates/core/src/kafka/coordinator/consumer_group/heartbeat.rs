//! `ConsumerGroupHeartbeat`: a member joins, lives, follows its target, and leaves.

use super::{ConsumerGroup, Done, Here, Member};
use crate::kafka::TopicPartition;
use crate::kafka::assignor::compute::ServerAssignor;
use crate::kafka::fact::{Fact, RebalanceReason};
use crate::kafka::message::consumer_group::{
    ConsumerHeartbeat, ConsumerHeartbeatAnswer, JOIN, LEAVE, LEAVE_FOR_A_WHILE,
};
use crate::kafka::message::{ErrorCode, MemberId};
use crate::kafka::schema::{Change, Current, Subscription};
use crate::map::{Map, sort_by};
use crate::name::TopicName;
use crate::settings::Value;

impl ConsumerGroup {
    /// Answers a heartbeat.
    ///
    /// Source: `GroupMetadataManager.consumerGroupHeartbeat`. An error changes nothing.
    pub(crate) fn heartbeat(
        &mut self,
        done: &mut Done,
        here: &Here<'_>,
        request: &ConsumerHeartbeat,
    ) -> Result<ConsumerHeartbeatAnswer, ErrorCode> {
        check_request(here, request)?;
        if request.epoch < JOIN {
            return self.leave(done, here, request);
        }
        self.check_size(here, &request.member_id)?;
        self.check_member(request)?;
        let id = &request.member_id;
        let before = self.members.get(id).map(|it| it.current.assigned.clone());
        if let Some(instance) = &request.instance {
            self.replace(done, instance, id);
        }
        let changed = self.subscribe(done, here, id, subscription(self.members.get(id), request));
        self.aim(done, here, id);
        self.reconcile(done, here, id, changed, request.owned.as_deref());
        let member = self.members.get_mut(id).expect("whoever subscribes is a member");
        member.heard_from(here);
        let is_full = request.rebalance_timeout_ms.is_some()
            && request.topics.is_some()
            && request.owned.is_some();
        let assigned = &member.current.assigned;
        let tells = request.epoch == JOIN || is_full || !same(before.as_ref(), assigned);
        Ok(ConsumerHeartbeatAnswer {
            epoch: member.current.epoch,
            interval_ms: here.settings.group_consumer_heartbeat_interval_ms,
            assignment: tells.then(|| assigned.keys().cloned().collect()),
        })
    }

    /// Source: `GroupMetadataManager.throwIfConsumerGroupIsFull`.
    pub(super) fn check_size(&self, here: &Here<'_>, id: &MemberId) -> Result<(), ErrorCode> {
        let most = here.settings.group_consumer_max_size as usize;
        if most <= self.members.len() && !self.members.contains_key(id) {
            return Err(ErrorCode::GroupMaxSizeReached);
        }
        Ok(())
    }

    /// Source: `getOrMaybeSubscribeDynamicConsumerGroupMember` and its static twin.
    fn check_member(&self, request: &ConsumerHeartbeat) -> Result<(), ErrorCode> {
        let (id, joins) = (&request.member_id, request.epoch == JOIN);
        let Some(instance) = &request.instance else {
            return match self.members.get(id) {
                Some(member) => check_epoch(&member.current, request),
                None if joins => Ok(()),
                None => Err(ErrorCode::UnknownMemberId),
            };
        };
        match self.static_member(instance) {
            None if joins => Ok(()),
            None => Err(ErrorCode::UnknownMemberId),
            Some((_, member)) if joins => {
                if member.current.epoch == LEAVE_FOR_A_WHILE || member.is_classic() {
                    Ok(())
                } else {
                    Err(ErrorCode::UnreleasedInstanceId)
                }
            }
            Some((other, _)) if other != id => Err(ErrorCode::FencedInstanceId),
            Some((_, member)) => check_epoch(&member.current, request),
        }
    }

    /// A static member comes back as a new process: what the old one had is its own.
    ///
    /// Source: `GroupMetadataManager.replaceMember`.
    pub(super) fn replace(&mut self, done: &mut Done, instance: &str, id: &MemberId) {
        let Some((old_id, old)) = self.static_member(instance) else { return };
        if old_id == id && old.current.epoch != LEAVE_FOR_A_WHILE {
            return;
        }
        let (old_id, Member { subscription, target, mut current, .. }) =
            (old_id.clone(), old.clone());
        (current.epoch, current.previous_epoch) = (JOIN, JOIN);
        self.remove(done, &old_id);
        self.change(done, Change::Member(id.clone(), Some(subscription)));
        self.change(done, Change::Target(id.clone(), Some(target)));
        self.change(done, Change::Current(id.clone(), Some(current)));
    }

    /// Takes up what a member says of itself, begins the group's next epoch if that changes what
    /// is read, and says whether the member's topics changed.
    pub(super) fn subscribe(
        &mut self,
        done: &mut Done,
        here: &Here<'_>,
        id: &MemberId,
        subscription: Subscription,
    ) -> bool {
        let client = subscription.client.clone();
        let known = self.members.get(id).map(|it| &it.subscription);
        let changed = match known {
            Some(known) => known.topics != subscription.topics,
            None => !subscription.topics.is_empty(),
        };
        if known != Some(&subscription) {
            self.change(done, Change::Member(id.clone(), Some(subscription)));
        }
        let topics_changed = self.epoch.metadata_hash != self.metadata_hash(here.metadata);
        if changed || topics_changed || self.epoch.epoch == 0 {
            let why = if changed || self.epoch.epoch == 0 {
                RebalanceReason::Joined(client)
            } else {
                RebalanceReason::TopicsChanged
            };
            done.notes.push(Fact::Rebalancing { group: self.id.clone(), why });
            self.bump(done, here);
        }
        changed
    }

    /// Source: `GroupMetadataManager.consumerGroupLeave`.
    fn leave(
        &mut self,
        done: &mut Done,
        here: &Here<'_>,
        request: &ConsumerHeartbeat,
    ) -> Result<ConsumerHeartbeatAnswer, ErrorCode> {
        let id = &request.member_id;
        let member = match &request.instance {
            None => self.members.get(id).ok_or(ErrorCode::UnknownMemberId)?,
            Some(instance) => match self.static_member(instance) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some((other, _)) if other != id => return Err(ErrorCode::FencedInstanceId),
                Some((_, member)) => member,
            },
        };
        let (group, consumer) = (self.id.clone(), member.subscription.client.clone());
        if request.epoch == LEAVE_FOR_A_WHILE {
            // Its partitions are kept for it until its session ends.
            let current = Current {
                epoch: LEAVE_FOR_A_WHILE,
                revoking: Map::new(),
                ..member.current.clone()
            };
            self.change(done, Change::Current(id.clone(), Some(current)));
        } else {
            let (consumer, why) = (consumer.clone(), request.why);
            done.notes.push(Fact::Left { group, consumer: consumer.clone(), why });
            self.fence(done, here, std::slice::from_ref(id), RebalanceReason::Left(consumer));
        }
        let (epoch, interval_ms) = (request.epoch, 0);
        Ok(ConsumerHeartbeatAnswer { epoch, interval_ms, assignment: None })
    }
}

/// Source: `GroupCoordinatorService.throwIfConsumerGroupHeartbeatRequestIsInvalid`.
pub(crate) fn check_request(here: &Here<'_>, request: &ConsumerHeartbeat) -> Result<(), ErrorCode> {
    let joins_in_full = request.rebalance_timeout_ms.is_some()
        && request.topics.is_some()
        && request.owned.as_ref().is_some_and(Vec::is_empty);
    let makes_sense = !request.member_id.is_empty()
        && match request.epoch {
            JOIN => joins_in_full,
            LEAVE_FOR_A_WHILE => request.instance.is_some(),
            epoch => LEAVE <= epoch,
        };
    if !makes_sense {
        return Err(ErrorCode::InvalidRequest);
    }
    let Some(assignor) = &request.assignor else { return Ok(()) };
    let assignor = ServerAssignor::read(assignor);
    if assignor.is_none_or(|it| !here.settings.group_consumer_assignors.has(it)) {
        return Err(ErrorCode::UnsupportedAssignor);
    }
    Ok(())
}

/// The epoch has to be the member's present one, or the one before if the answer with the present
/// one may have been lost.
///
/// Source: `GroupMetadataManager.throwIfConsumerGroupMemberEpochIsInvalid`.
fn check_epoch(current: &Current, request: &ConsumerHeartbeat) -> Result<(), ErrorCode> {
    let has_no_more =
        |owned: &Vec<TopicPartition>| owned.iter().all(|it| current.assigned.contains_key(it));
    let is_one_behind = request.epoch < current.epoch
        && request.epoch == current.previous_epoch
        && request.owned.as_ref().is_some_and(has_no_more);
    if request.epoch == JOIN || request.epoch == current.epoch || is_one_behind {
        return Ok(());
    }
    Err(ErrorCode::FencedMemberEpoch)
}

/// What is known of a member after this request.
fn subscription(known: Option<&Member>, request: &ConsumerHeartbeat) -> Subscription {
    let unknown = Member::unknown();
    let known = &known.unwrap_or(&unknown).subscription;
    let timeout_ms = request.rebalance_timeout_ms.map(|it| i32::try_from(it).unwrap_or(i32::MAX));
    Subscription {
        instance: request.instance.clone().or_else(|| known.instance.clone()),
        client: request.client.clone(),
        topics: match &request.topics {
            Some(topics) => sorted(topics),
            None => known.topics.clone(),
        },
        rebalance_timeout_ms: timeout_ms.unwrap_or(known.rebalance_timeout_ms),
        assignor: request.assignor.clone().or_else(|| known.assignor.clone()),
        classic: None,
    }
}

/// Topics in order, each once.
pub(super) fn sorted(topics: &[TopicName]) -> Vec<TopicName> {
    let mut topics = topics.to_vec();
    sort_by(&mut topics, Ord::cmp);
    topics.dedup();
    topics
}

/// Whether a member reads the same as before.
fn same(before: Option<&Map<TopicPartition, i32>>, now: &Map<TopicPartition, i32>) -> bool {
    before.is_some_and(|it| it.len() == now.len() && now.keys().all(|key| it.contains_key(key)))
}
