//! How a member gets from what it reads to what it shall read, one heartbeat at a time.
//!
//! It gives up first and takes then; what another member still holds it has to wait for.
//! Source: `CurrentAssignmentBuilder` of the group coordinator.

use super::{ConsumerGroup, Done, Here, Member};
use crate::kafka::TopicPartition;
use crate::kafka::fact::Fact;
use crate::kafka::message::MemberId;
use crate::kafka::metadata::Metadata;
use crate::kafka::schema::{Change, Current, MemberState};
use crate::map::{Map, Set};

/// What one step needs to know.
struct Step<'a> {
    member: &'a Member,
    /// The epoch of the target.
    epoch: i32,
    /// What the member shall read, without topics that it does not want any more.
    target: Set<&'a TopicPartition>,
    /// What the others hold.
    taken: Set<&'a TopicPartition>,
    /// What the member says it reads, if it says so.
    owned: Option<&'a [TopicPartition]>,
}

impl ConsumerGroup {
    /// Takes a member one step towards its target, if it is not there. `changed`: it has just
    /// subscribed to other topics.
    ///
    /// Source: `GroupMetadataManager.maybeReconcile`.
    pub(super) fn reconcile(
        &mut self,
        done: &mut Done,
        here: &Here<'_>,
        id: &MemberId,
        changed: bool,
        owned: Option<&[TopicPartition]>,
    ) {
        // Before the first target a member is in epoch 1, with nothing.
        let epoch = self.target.epoch.max(1);
        let member = self.known(id);
        if !changed && member.is_reconciled(epoch) {
            return;
        }
        let others = self.members.iter().filter(|(it, _)| *it != id).map(|(_, it)| &it.current);
        let taken = others.flat_map(|it| it.assigned.keys().chain(it.revoking.keys())).collect();
        let wants = |it: &&TopicPartition| wants(here.metadata, member, it);
        let target = member.target.iter().filter(wants).collect();
        let step = Step { member, epoch, target, taken, owned };
        let next = step.next(here.metadata, changed);
        if next == member.current {
            return;
        }
        let (group, consumer) = (self.id.clone(), member.subscription.client.clone());
        done.notes.push(Fact::Reconciled {
            group,
            consumer,
            epoch: next.epoch,
            reads: next.assigned.keys().cloned().collect(),
            revoking: next.revoking.keys().cloned().collect(),
            waits: next.state == MemberState::UnreleasedPartitions,
        });
        let revokes = next.state == MemberState::UnrevokedPartitions && !member.is_classic();
        let until = revokes.then(|| member.rebalance_ends(here.now));
        self.change(done, Change::Current(id.clone(), Some(next)));
        if let Some(member) = self.members.get_mut(id) {
            member.timers.revoking = until;
        }
    }

    /// Whether the member waits for partitions that others still hold.
    ///
    /// Source: `ConsumerGroup.waitingOnUnreleasedPartition`.
    pub(super) fn waits_for_others(&self, member: &Member) -> bool {
        let misses = |it: &&TopicPartition| !member.current.assigned.contains_key(*it);
        let is_held = |it: &TopicPartition| self.members.values().any(|other| other.holds(it));
        member.current.state == MemberState::UnreleasedPartitions
            && member.target.iter().filter(misses).any(is_held)
    }
}

/// Whether the partition is of a topic that exists and that the member wants.
fn wants(metadata: &Metadata, member: &Member, partition: &TopicPartition) -> bool {
    member.subscription.topics.contains(&partition.topic)
        && metadata.topic(&partition.topic).is_some()
}

impl Step<'_> {
    fn next(&self, metadata: &Metadata, changed: bool) -> Current {
        let current = &self.member.current;
        match current.state {
            MemberState::Stable if current.epoch != self.epoch => self.towards_target(),
            MemberState::UnrevokedPartitions if !self.still_owns(&current.revoking) => {
                self.towards_target()
            }
            MemberState::UnreleasedPartitions => self.towards_target(),
            MemberState::Stable | MemberState::UnrevokedPartitions if changed => {
                self.within_subscription(metadata)
            }
            MemberState::Stable | MemberState::UnrevokedPartitions => current.clone(),
        }
    }

    /// Whether the member reads any of these, as far as it is known.
    fn still_owns(&self, partitions: &Map<TopicPartition, i32>) -> bool {
        self.owned.is_none_or(|it| it.iter().any(|it| partitions.contains_key(it)))
    }

    fn at(&self, epoch: i32, state: MemberState, assigned: Map<TopicPartition, i32>) -> Current {
        let previous_epoch = self.member.current.epoch;
        Current { epoch, previous_epoch, state, assigned, revoking: Map::new() }
    }

    /// Source: `computeNextAssignment`.
    fn towards_target(&self) -> Current {
        let current = &self.member.current;
        let mut assigned = current.assigned.clone();
        let surplus = assigned.take_where(|it, _| !self.target.contains(it));
        let revoking: Map<TopicPartition, i32> = surplus.into_iter().collect();
        if !revoking.is_empty() && self.still_owns(&revoking) {
            let state = MemberState::UnrevokedPartitions;
            return Current { revoking, ..self.at(current.epoch, state, assigned) };
        }
        let mut state = MemberState::Stable;
        for partition in &self.target {
            if self.taken.contains(*partition) {
                state = MemberState::UnreleasedPartitions;
            } else {
                assigned.get_or_insert_with((*partition).clone(), || self.epoch);
            }
        }
        self.at(self.epoch, state, assigned)
    }

    /// Gives up at once what is not subscribed to any more, whatever the target says.
    ///
    /// Source: `updateCurrentAssignment`.
    fn within_subscription(&self, metadata: &Metadata) -> Current {
        let current = &self.member.current;
        let (mut assigned, mut revoking) = (current.assigned.clone(), current.revoking.clone());
        let unwanted = assigned.take_where(|it, _| !wants(metadata, self.member, it));
        if unwanted.is_empty() {
            return current.clone();
        }
        for (partition, since) in unwanted {
            revoking.insert(partition, since);
        }
        if self.still_owns(&revoking) {
            let state = MemberState::UnrevokedPartitions;
            return Current { revoking, ..self.at(current.epoch, state, assigned) };
        }
        let revoking = current.revoking.clone();
        Current { revoking, ..self.at(current.epoch, current.state, assigned) }
    }
}
