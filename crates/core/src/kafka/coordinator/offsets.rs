//! What is committed in the name of a group. Both kinds of group keep it here.

use super::Effect;
use crate::kafka::TopicPartition;
use crate::kafka::call::{CommittedOffsets, OffsetAndMetadata};
use crate::kafka::fact::{CommitReason, Fact, ForgottenReason};
use crate::kafka::message::{ErrorCode, Internal, MemberOf};
use crate::kafka::schema::{Key, OffsetValue};
use crate::map::Map;
use crate::name::GroupId;
use crate::sim::SimTime;

/// The committed offsets of one group.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Offsets {
    committed: Map<TopicPartition, OffsetValue>,
}

impl Offsets {
    /// What is committed for a partition.
    pub(crate) fn get(&self, partition: &TopicPartition) -> Option<&OffsetValue> {
        self.committed.get(partition)
    }

    /// All that is committed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&TopicPartition, &OffsetValue)> {
        self.committed.iter()
    }

    /// Whether nothing is committed.
    pub(super) fn is_empty(&self) -> bool {
        self.committed.is_empty()
    }

    /// How many partitions have a committed offset.
    pub(super) fn len(&self) -> usize {
        self.committed.len()
    }

    /// What `OffsetFetch` finds, for these partitions or for all that have something.
    pub(super) fn fetch(&self, partitions: Option<Vec<TopicPartition>>) -> CommittedOffsets {
        let partitions =
            partitions.unwrap_or_else(|| self.committed.keys().cloned().collect::<Vec<_>>());
        let found = |it: TopicPartition| {
            let committed = self.get(&it).map(|it| it.committed.clone());
            (it, committed)
        };
        partitions.into_iter().map(found).collect()
    }

    /// Stores what a client that may commit sends. An offset is not compared with the log: one
    /// beyond the end is stored (recorded case `commit-beyond-end`). With too long a text beside
    /// it, it is not stored; the others are.
    ///
    /// Source: `OffsetMetadataManager.commitOffset`.
    pub(super) fn commit(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        member: &MemberOf,
        offsets: Vec<(TopicPartition, OffsetAndMetadata)>,
        (how, max_metadata): (CommitReason, u64),
    ) -> Result<(), ErrorCode> {
        let (mut records, mut notes) = (Vec::new(), Vec::new());
        let (group, consumer) = (&member.group, &member.client);
        let mut result = Ok(());
        for (partition, committed) in offsets {
            if max_metadata < committed.metadata.len() as u64 {
                result = Err(ErrorCode::OffsetMetadataTooLarge);
                continue;
            }
            notes.push(Effect::Note(Fact::Committed {
                group: group.clone(),
                consumer: consumer.clone(),
                partition: partition.clone(),
                offset: committed.offset,
                how,
            }));
            let value = OffsetValue { committed, timestamp_ms: now.as_ms() };
            records.push(record(group, &partition, Some(&value)));
            self.committed.insert(partition, value);
        }
        if !records.is_empty() {
            fx.push(Effect::Append(group.clone(), records));
        }
        fx.extend(notes);
        result
    }

    /// Forgets what is committed for a partition. The record that says so, if there was something.
    pub(super) fn forget(
        &mut self,
        fx: &mut Vec<Effect>,
        group: &GroupId,
        partition: &TopicPartition,
        why: ForgottenReason,
    ) -> Option<Internal> {
        self.committed.remove(partition)?;
        let (group_name, forgotten) = (group.clone(), partition.clone());
        fx.push(Effect::Note(Fact::OffsetForgotten {
            group: group_name,
            partition: forgotten,
            why,
        }));
        Some(record(group, partition, None))
    }

    /// A commit was read from the log.
    pub(super) fn replay(&mut self, partition: TopicPartition, value: Option<OffsetValue>) {
        match value {
            Some(value) => self.committed.insert(partition, value),
            None => self.committed.remove(&partition),
        };
    }
}

fn record(group: &GroupId, partition: &TopicPartition, value: Option<&OffsetValue>) -> Internal {
    let key = Key::Offset { group: group.to_string(), partition: partition.clone() };
    Internal { key: key.encode(), value: value.map(OffsetValue::encode) }
}
