//! What an administrator, or the passing of time, does to groups: forgetting offsets and groups.

use super::consumer_group::Done;
use super::group::{Expiry, Group, Members};
use super::{Coordinator, Effect};
use crate::kafka::TopicPartition;
use crate::kafka::fact::{Fact, ForgottenReason};
use crate::kafka::message::{Answer, ErrorCode, GroupRequest, Internal, ListedGroup, Outcomes};
use crate::kafka::schema::{Key, PROTOCOL_TYPE};
use crate::sim::SimTime;

/// What is answered about a group that does not exist.
///
/// Source: `GroupMetadataManager`, `OffsetMetadataManager.validateOffsetCommit`, and
/// `GroupCoordinatorShard.deleteOffsets`.
pub(super) fn answer_without_group(request: &GroupRequest) -> Answer {
    match request {
        GroupRequest::OffsetFetch { partitions, .. } => {
            let asked = partitions.iter().flatten();
            Answer::OffsetFetch(Ok(asked.map(|it| (it.clone(), None)).collect()))
        }
        GroupRequest::OffsetCommit { .. } | GroupRequest::TxnOffsetCommit { .. } => {
            request.refused(ErrorCode::IllegalGeneration)
        }
        GroupRequest::Membership(_) => request.refused(ErrorCode::UnknownMemberId),
        GroupRequest::OffsetDelete { .. }
        | GroupRequest::DescribeGroups { .. }
        | GroupRequest::ConsumerGroupDescribe { .. }
        | GroupRequest::ConsumerHeartbeat(_)
        | GroupRequest::DeleteGroups { .. } => request.refused(ErrorCode::GroupIdNotFound),
    }
}

impl Group {
    /// Forgets single offsets. What a member reads is left alone.
    ///
    /// Source: `OffsetMetadataManager.deleteOffsets`.
    pub(super) fn delete_offsets(
        &mut self,
        fx: &mut Vec<Effect>,
        partitions: Vec<TopicPartition>,
    ) -> Result<Outcomes<()>, ErrorCode> {
        let (mut results, mut records) = (Vec::new(), Vec::new());
        for partition in partitions {
            let result = if self.is_subscribed(&partition.topic) {
                Err(ErrorCode::GroupSubscribedToTopic)
            } else {
                let why = ForgottenReason::Deleted;
                records.extend(self.offsets.forget(fx, &self.id, &partition, why));
                Ok(())
            };
            results.push((partition, result));
        }
        self.append(fx, records);
        Ok(results)
    }

    /// Forgets all offsets and says in the log that the group is gone; whoever keeps it drops it.
    ///
    /// Source: `GroupCoordinatorShard.deleteGroups`, `ClassicGroup.validateDeleteGroup`.
    pub(super) fn delete(&mut self, fx: &mut Vec<Effect>) -> Result<(), ErrorCode> {
        if !self.is_empty() {
            return Err(ErrorCode::NonEmptyGroup);
        }
        let mut records = self.forget_where(fx, ForgottenReason::Deleted, |_, _| true);
        records.extend(self.tombstones());
        self.append(fx, records);
        fx.push(Effect::Note(Fact::GroupRemoved { group: self.id.clone() }));
        Ok(())
    }

    /// The records that end a group.
    fn tombstones(&self) -> Vec<Internal> {
        match &self.members {
            Members::Classic(_) => {
                let key = Key::Group { group: self.id.to_string() };
                vec![Internal { key: key.encode(), value: None }]
            }
            Members::Consumer(it) => {
                let mut done = Done::default();
                it.clone().delete(&mut done);
                done.changes.iter().map(|it| it.record(self.id.as_str())).collect()
            }
        }
    }

    fn append(&self, fx: &mut Vec<Effect>, records: Vec<Internal>) {
        if !records.is_empty() {
            fx.push(Effect::Append(self.id.clone(), records));
        }
    }

    /// Forgets the offsets for which `goes` is true, given their partition and the time of their
    /// commit. The records that say so.
    fn forget_where(
        &mut self,
        fx: &mut Vec<Effect>,
        why: ForgottenReason,
        goes: impl Fn(&TopicPartition, i64) -> bool,
    ) -> Vec<Internal> {
        let gone: Vec<TopicPartition> = self
            .offsets
            .iter()
            .filter(|(partition, it)| goes(partition, it.timestamp_ms))
            .map(|(partition, _)| partition.clone())
            .collect();
        gone.iter().filter_map(|it| self.offsets.forget(fx, &self.id, it, why)).collect()
    }

    /// Forgets what nobody has used for `offsets.retention.minutes`. Whether the group is to go
    /// as well: it is empty and has nothing committed.
    ///
    /// Source: `OffsetMetadataManager.cleanupExpiredOffsets`,
    /// `GroupCoordinatorShard.cleanupGroupMetadata`.
    fn expire(&mut self, fx: &mut Vec<Effect>, now: SimTime, retention_ms: i64) -> bool {
        let expiry = self.expiry();
        let used: Vec<TopicPartition> = self
            .offsets
            .iter()
            .map(|(partition, _)| partition)
            .filter(|it| self.is_subscribed(&it.topic))
            .cloned()
            .collect();
        let now_ms = now.as_ms();
        let is_old = |partition: &TopicPartition, committed_ms: i64| {
            let since = match expiry {
                Expiry::Never => return false,
                Expiry::SinceCommit => committed_ms,
                Expiry::Since(since) => since,
            };
            !used.contains(partition) && retention_ms <= now_ms - since
        };
        let mut records = self.forget_where(fx, ForgottenReason::Expired, is_old);
        let goes = self.offsets.is_empty() && self.is_empty();
        if goes {
            records.extend(self.tombstones());
        }
        self.append(fx, records);
        if goes {
            fx.push(Effect::Note(Fact::GroupRemoved { group: self.id.clone() }));
        }
        goes
    }
}

impl Coordinator {
    /// Looks through all groups for what nobody uses any more.
    pub(super) fn expire(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let minutes = self.settings.offsets_retention_minutes;
        let retention_ms = i64::try_from(minutes.saturating_mul(60_000)).unwrap_or(i64::MAX);
        self.groups.retain(|_, group| !group.expire(fx, now, retention_ms));
    }

    /// Topics lost partitions, or are gone: what was committed for them is forgotten.
    ///
    /// Source: `OffsetMetadataManager.onPartitionsDeleted`.
    pub(super) fn partitions_deleted(&mut self, fx: &mut Vec<Effect>, gone: &[TopicPartition]) {
        for group in self.groups.values_mut() {
            let why = ForgottenReason::TopicDeleted;
            let records = group.forget_where(fx, why, |it, _| gone.contains(it));
            group.append(fx, records);
        }
    }

    /// The groups it coordinates.
    pub(crate) fn list(&self) -> Vec<ListedGroup> {
        let listed = |group: &Group| ListedGroup {
            group: group.id.clone(),
            kind: group.kind(),
            state: group.state(),
            protocol_type: match &group.members {
                Members::Classic(it) => it.protocol_type(),
                Members::Consumer(_) => PROTOCOL_TYPE,
            },
        };
        self.groups.values().map(listed).collect()
    }
}
