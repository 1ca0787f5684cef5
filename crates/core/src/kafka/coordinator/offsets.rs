//! What is committed in the name of a group. Both kinds of group keep it here.

use super::{Context, Effect};
use crate::kafka::TopicPartition;
use crate::kafka::call::{CommittedOffsets, OffsetAndMetadata};
use crate::kafka::fact::{CommitReason, Fact, ForgottenReason};
use crate::kafka::message::{ErrorCode, Internal, Marker, MemberOf, Outcomes, ProducerId};
use crate::kafka::schema::{Key, OffsetValue};
use crate::map::Map;
use crate::name::{ConsumerName, GroupId};
use crate::sim::SimTime;

/// The committed offsets of one group.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Offsets {
    committed: Map<TopicPartition, OffsetValue>,
    /// What open transactions hold, by producer id.
    held: Map<(i64, TopicPartition), Held>,
    /// How many commits there were; and of each partition's last plain one, which it was.
    commits: u64,
    last_plain: Map<TopicPartition, u64>,
}

/// An offset that counts if its transaction is committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Held {
    value: OffsetValue,
    /// Who sent it; the empty name if it was read from the log.
    client: ConsumerName,
    /// Which commit it was: one that came later is not undone.
    number: u64,
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
    /// An offset that an open transaction may change is not told to who asks for it by name.
    ///
    /// Source: `OffsetMetadataManager.fetchOffsets` with `requireStable`.
    pub(super) fn fetch(
        &self,
        partitions: Option<Vec<TopicPartition>>,
    ) -> Result<CommittedOffsets, ErrorCode> {
        let is_held = |it: &TopicPartition| self.held.keys().any(|(_, held)| held == it);
        if partitions.iter().flatten().any(is_held) {
            return Err(ErrorCode::UnstableOffsetCommit);
        }
        let partitions =
            partitions.unwrap_or_else(|| self.committed.keys().cloned().collect::<Vec<_>>());
        let found = |it: TopicPartition| {
            let committed = self.get(&it).map(|it| it.committed.clone());
            (it, committed)
        };
        Ok(partitions.into_iter().map(found).collect())
    }

    /// Stores what counts if that producer's transaction is committed.
    ///
    /// Source: `OffsetMetadataManager.commitTransactionalOffset`.
    pub(super) fn commit_later(
        &mut self,
        fx: &mut Vec<Effect>,
        context: &Context<'_>,
        member: &MemberOf,
        producer: ProducerId,
        offsets: Vec<(TopicPartition, OffsetAndMetadata)>,
    ) -> Outcomes<()> {
        let group = &member.group;
        let (mut outcomes, mut records) = (Vec::new(), Vec::new());
        for (partition, committed) in offsets {
            let may = may_store(&committed, context.settings.offset_metadata_max_bytes);
            outcomes.push((partition.clone(), may));
            if may.is_ok() {
                let value = OffsetValue { committed, timestamp_ms: context.now.as_ms() };
                records.push(record(group, &partition, Some(&value)));
                self.hold(producer.id, member.client.clone(), partition, value);
            }
        }
        if !records.is_empty() {
            fx.push(Effect::AppendInTransaction(group.clone(), records, producer));
        }
        outcomes
    }

    /// An offset is held open.
    pub(super) fn hold(
        &mut self,
        producer: i64,
        client: ConsumerName,
        partition: TopicPartition,
        value: OffsetValue,
    ) {
        self.commits += 1;
        let number = self.commits;
        self.held.insert((producer, partition), Held { value, client, number });
    }

    /// That producer's transaction has ended.
    ///
    /// Source: `OffsetMetadataManager.completeTransaction`: what was committed later stays.
    pub(super) fn decide(&mut self, group: &GroupId, producer: i64, marker: Marker) -> Vec<Fact> {
        let mut facts = Vec::new();
        for ((_, partition), held) in self.held.take_where(|(id, _), _| *id == producer) {
            let last = self.last_plain.get(&partition).copied().unwrap_or_default();
            if marker == Marker::Commit && last < held.number {
                self.last_plain.insert(partition.clone(), held.number);
                facts.push(Fact::Committed {
                    group: group.clone(),
                    consumer: held.client,
                    partition: partition.clone(),
                    offset: held.value.committed.offset,
                    how: CommitReason::Transaction,
                });
                self.committed.insert(partition, held.value);
            }
        }
        facts
    }

    /// A commit of that partition counts from now on.
    fn count(&mut self, partition: &TopicPartition) {
        self.commits += 1;
        self.last_plain.insert(partition.clone(), self.commits);
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
    ) -> Outcomes<()> {
        let (mut outcomes, mut records, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        let (group, consumer) = (&member.group, &member.client);
        for (partition, committed) in offsets {
            let may = may_store(&committed, max_metadata);
            outcomes.push((partition.clone(), may));
            if may.is_err() {
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
            self.count(&partition);
            self.committed.insert(partition, value);
        }
        if !records.is_empty() {
            fx.push(Effect::Append(group.clone(), records));
        }
        fx.extend(notes);
        outcomes
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
        self.count(&partition);
        match value {
            Some(value) => self.committed.insert(partition, value),
            None => self.committed.remove(&partition),
        };
    }
}

/// Whether the text beside an offset is short enough.
///
/// Source: `OffsetMetadataManager.isMetadataInvalid`.
fn may_store(it: &OffsetAndMetadata, max_metadata: u64) -> Result<(), ErrorCode> {
    let is_short = it.metadata.len() as u64 <= max_metadata;
    if is_short { Ok(()) } else { Err(ErrorCode::OffsetMetadataTooLarge) }
}

fn record(group: &GroupId, partition: &TopicPartition, value: Option<&OffsetValue>) -> Internal {
    let key = Key::Offset { group: group.to_string(), partition: partition.clone() };
    Internal { key: key.encode(), value: value.map(OffsetValue::encode) }
}
