//! What a change of the brokers makes of a partition: who is in sync, who is eligible, who leads.
//!
//! Source: `PartitionChangeBuilder`; KIP-966 for the eligible leader replicas.

use super::topics::note;
use super::{Controller, Effect};
use crate::kafka::fact::ClusterFact;
use crate::kafka::metadata::{Partition, Topic};
use crate::kafka::{BrokerId, TopicPartition};
use std::sync::Arc;

/// How a leader is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The first replica if it can lead, else the present leader, else whoever can.
    Preferred,
    /// The present leader, else whoever can.
    Online,
    /// As before, else any replica that is there.
    Unclean,
}

/// What changes for a partition.
pub(super) struct Change {
    pub(super) mode: Mode,
    /// Who is to be in sync.
    pub(super) isr: Vec<BrokerId>,
    /// Who came back without having shut down in order: what it has may be incomplete.
    pub(super) unclean: Option<BrokerId>,
}

/// A partition after a change, and whether its leader was chosen though it is not in sync.
pub(super) fn changed(
    before: &Partition,
    change: Change,
    min_isr: usize,
    may_lead: &dyn Fn(BrokerId) -> bool,
) -> (Partition, bool) {
    let Change { mode, isr, unclean } = change;
    let mut after = Partition { isr, ..before.clone() };
    // Who leaves while enough stay in sync is not needed; else it has all that is committed.
    after.elr.clear();
    if after.isr.len() < min_isr {
        let mut elr: Vec<BrokerId> = before.elr.iter().chain(&before.isr).copied().collect();
        elr.retain(|it| !after.isr.contains(it) && unclean != Some(*it));
        crate::map::sort(&mut elr);
        elr.dedup();
        after.elr = elr;
    }
    let elected = elect(before, &after, mode, may_lead);
    let is_unclean = matches!(elected, Some((_, true)));
    after.leader = elected.map(|(leader, _)| leader);
    if let Some(leader) = after.leader.filter(|_| after.leader != before.leader) {
        if is_unclean {
            (after.isr, after.elr) = (vec![leader], Vec::new());
        } else if after.elr.contains(&leader) {
            after.elr.retain(|it| *it != leader);
            after.isr = vec![leader];
        }
    }
    if after.leader.is_some() {
        after.last_known_elr.clear();
    } else if after.isr.is_empty() && !before.isr.is_empty() {
        after.last_known_elr = before.leader.into_iter().collect();
    }
    if after.leader != before.leader {
        after.leader_epoch += 1;
    }
    if after != *before {
        after.partition_epoch += 1;
    }
    (after, is_unclean)
}

/// The leader, and whether it leads though it was neither in sync nor eligible.
fn elect(
    before: &Partition,
    after: &Partition,
    mode: Mode,
    may_lead: &dyn Fn(BrokerId) -> bool,
) -> Option<(BrokerId, bool)> {
    let is_valid = |it: BrokerId| {
        let is_safe = after.isr.contains(&it) || (after.isr.is_empty() && after.elr.contains(&it));
        is_safe && may_lead(it)
    };
    let preferred = after.replicas.first().copied().filter(|_| mode == Mode::Preferred);
    let candidates = preferred.into_iter().chain(before.leader);
    let mut candidates = candidates.chain(after.replicas.iter().copied());
    if let Some(leader) = candidates.find(|it| is_valid(*it)) {
        return Some((leader, false));
    }
    // Nobody who has all is left: the last leader is as good as it gets.
    if after.isr.is_empty()
        && after.elr.is_empty()
        && let [last] = before.last_known_elr[..]
        && may_lead(last)
    {
        return Some((last, true));
    }
    if mode != Mode::Unclean {
        return None;
    }
    after.replicas.iter().copied().find(|it| may_lead(*it)).map(|it| (it, true))
}

impl Controller {
    /// Changes every partition for which `change` says how.
    pub(super) fn change_partitions(
        &mut self,
        fx: &mut Vec<Effect>,
        may_lead: &dyn Fn(BrokerId) -> bool,
        change: &dyn Fn(&Topic, u32, &Partition) -> Option<Change>,
    ) {
        let mut all = Vec::new();
        for topic in self.metadata.every_topic() {
            for (state, number) in topic.states.iter().zip(0..) {
                let Some(change) = change(topic, number, state) else { continue };
                let min_isr = topic.min_isr(state);
                let (after, unclean) = changed(state, change, min_isr, may_lead);
                if after != *state {
                    let partition = TopicPartition { topic: topic.name.clone(), partition: number };
                    all.push((partition, after, unclean));
                }
            }
        }
        for (partition, after, unclean) in all {
            self.put(fx, partition, after, unclean);
        }
    }

    /// A partition is otherwise from now on.
    fn put(
        &mut self,
        fx: &mut Vec<Effect>,
        partition: TopicPartition,
        after: Partition,
        unclean: bool,
    ) {
        let topic = self.change_topic(&partition.topic).expect("the topic of a partition exists");
        let state = &mut topic.states[partition.partition as usize];
        let before = std::mem::replace(state, after.clone());
        let Partition { leader, leader_epoch: epoch, .. } = after;
        // Internal topics have many partitions; what happens to all of them at once is no news.
        // Nor is it that a broker's own partitions come and go with it.
        if partition.topic.as_str().starts_with("__") || after.replicas.len() == 1 {
            return;
        }
        if leader != before.leader {
            let partition = partition.clone();
            note(fx, ClusterFact::Leader { partition, leader, epoch, unclean });
        }
        if after.isr != before.isr {
            let isr = after.isr;
            note(fx, ClusterFact::InSync { partition, isr });
        }
    }

    /// A topic's unclean elections, as it is set.
    pub(super) fn mode(topic: &Topic) -> Mode {
        if topic.settings.unclean_leader_election_enable { Mode::Unclean } else { Mode::Online }
    }

    /// Whoever may lead at present.
    pub(super) fn active(&self) -> impl Fn(BrokerId) -> bool + use<> {
        let metadata = Arc::clone(&self.metadata);
        move |it| metadata.is_active(it)
    }
}
