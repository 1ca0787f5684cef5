//! Dealing when members want different topics.

use super::movements::Movements;
use super::{Group, NO_GENERATION};
use crate::kafka::TopicPartition;
use crate::kafka::assignor::Assignment;
use crate::map::{Map, Set};
use crate::name::TopicName;

/// How often the partitions are gone through before it is enough. A balance is found in a few
/// passes or never: two moves can undo each other for ever, and Kafka then never answers.
const MOST_PASSES: u32 = 100;

/// A deal being made. Members go by their places.
struct Builder<'a> {
    /// The topics each member wants, of those that exist.
    wants: Vec<Set<&'a TopicName>>,
    /// Who wants each topic.
    subscribers: Map<&'a TopicName, Vec<usize>>,
    /// How many partitions each member could get.
    most: Vec<usize>,
    dealt: Assignment,
    owner: Map<TopicPartition, usize>,
    /// Who takes part in balancing, least loaded first.
    line: Set<(usize, usize)>,
    /// Who had a partition in an older generation, and in which.
    previous: Map<TopicPartition, (usize, i32)>,
    movements: Movements,
}

/// Deals out, beginning with what members own.
///
/// Source: `AbstractStickyAssignor.GeneralAssignmentBuilder.build` and `balance`.
pub(super) fn build(group: &Group<'_>, owned: Assignment) -> Assignment {
    let mut builder = Builder::new(group, owned);
    let revokes = builder.drop_unwanted();
    let all = builder.partitions(group);
    let begins = builder.line.last().is_none_or(|(count, _)| *count == 0);
    let mut missing: Vec<TopicPartition> =
        all.iter().filter(|it| !builder.owner.contains_key(it)).cloned().collect();
    for partition in &missing {
        builder.hand_out(partition);
    }

    let movable = |it: &TopicPartition| 2 <= builder.subscribers[&it.topic].len();
    missing.retain(movable);
    let all: Vec<TopicPartition> = all.into_iter().filter(movable).collect();
    builder.leave_out_fixed();
    let before = builder.dealt.clone();
    let unevenness = builder.unevenness();
    if !revokes {
        builder.balance(&missing);
    }
    let moved = builder.balance(&all);
    if !begins && moved && unevenness <= builder.unevenness() { before } else { builder.dealt }
}

impl<'a> Builder<'a> {
    fn new(group: &Group<'a>, owned: Assignment) -> Self {
        let exists = |it: &&TopicName| group.topics.contains_key(*it);
        let wants: Vec<Set<&TopicName>> =
            group.members.iter().map(|it| it.topics.iter().filter(exists).collect()).collect();
        let mut subscribers: Map<&TopicName, Vec<usize>> = Map::new();
        for (member, topics) in wants.iter().enumerate() {
            for topic in topics {
                subscribers.get_or_default(topic).push(member);
            }
        }
        let size = |it: &&TopicName| group.topics.get(*it).map_or(0, |count| *count as usize);
        Self {
            most: wants.iter().map(|topics| topics.iter().map(size).sum()).collect(),
            wants,
            subscribers,
            dealt: owned,
            owner: Map::new(),
            line: Set::new(),
            previous: previous(group),
            movements: Movements::default(),
        }
    }

    /// Takes from members what they no longer want, and says whether there was any.
    ///
    /// Source: `GeneralAssignmentBuilder.assignOwnedPartitions`.
    fn drop_unwanted(&mut self) -> bool {
        let mut dropped = false;
        for (member, reads) in self.dealt.iter_mut().enumerate() {
            let before = reads.len();
            reads.retain(|it| self.wants[member].contains(&it.topic));
            dropped |= reads.len() < before;
            self.owner.extend(reads.iter().map(|it| (it.clone(), member)));
            self.line.insert((reads.len(), member));
        }
        dropped
    }

    /// Every partition, those that fewest want first.
    ///
    /// Source: `AbstractStickyAssignor.TopicComparator`.
    fn partitions(&self, group: &Group<'_>) -> Vec<TopicPartition> {
        let mut topics: Vec<(usize, &TopicName)> =
            self.subscribers.iter().map(|(topic, by)| (by.len(), *topic)).collect();
        crate::map::sort(&mut topics);
        let each = |(_, topic): (usize, &TopicName)| {
            let count = group.topics.get(topic).copied().unwrap_or(0);
            let topic = topic.clone();
            (0..count).map(move |it| TopicPartition::new(topic.clone(), it))
        };
        topics.into_iter().flat_map(each).collect()
    }

    /// Who wants this topic and has least.
    fn least_loaded(&self, topic: &TopicName) -> Option<usize> {
        self.line.iter().map(|it| it.1).find(|it| self.wants[*it].contains(topic))
    }

    fn hand_out(&mut self, partition: &TopicPartition) {
        let to = self.least_loaded(&partition.topic);
        let to = to.expect("every topic here is wanted by somebody");
        self.line.remove(&(self.dealt[to].len(), to));
        self.dealt[to].push(partition.clone());
        self.owner.insert(partition.clone(), to);
        self.line.insert((self.dealt[to].len(), to));
    }

    /// Takes members out of the line whose partitions nobody else could have and who could have
    /// no other.
    ///
    /// Source: `GeneralAssignmentBuilder.canConsumerParticipateInReassignment`.
    fn leave_out_fixed(&mut self) {
        let shared = |it: &TopicPartition| 2 <= self.subscribers[&it.topic].len();
        self.line.retain(|(count, member)| {
            *count < self.most[*member] || self.dealt[*member].iter().any(shared)
        });
    }

    /// Whether nobody in the line could be given a partition of someone who has two more.
    ///
    /// Source: `GeneralAssignmentBuilder.isBalanced`.
    fn is_balanced(&self) -> bool {
        let ends = self.line.first().zip(self.line.last());
        if ends.is_none_or(|(least, most)| most.0 <= least.0 + 1) {
            return true;
        }
        let mut fullest: Map<&TopicName, usize> = Map::new();
        for (partition, owner) in &self.owner {
            let count = fullest.get_or_default(&partition.topic);
            *count = self.dealt[*owner].len().max(*count);
        }
        let has_room = |it: &&(usize, usize)| it.0 != self.most[it.1];
        !self.line.iter().filter(has_room).any(|(count, member)| {
            let topics = self.wants[*member].iter();
            topics.flat_map(|it| fullest.get(*it)).any(|fullest| count + 1 < *fullest)
        })
    }

    /// Moves partitions of the list until nothing is gained, and says whether any was moved.
    ///
    /// Source: `GeneralAssignmentBuilder.performReassignments`.
    ///
    /// Simplified: it ends after so many passes, where Kafka may go on for ever.
    fn balance(&mut self, partitions: &[TopicPartition]) -> bool {
        let mut moved = false;
        for pass in 0..MOST_PASSES {
            if pass > 3 {
                eprintln!("PASS {pass}");
            }
            let mut improved = false;
            for partition in partitions {
                if self.is_balanced() {
                    break;
                }
                improved |= self.improve(partition);
            }
            moved |= improved;
            if !improved {
                break;
            }
        }
        moved
    }

    /// Moves a partition to somebody who has at least two fewer, its previous owner before
    /// others.
    ///
    /// Simplified: if its previous owner is out of the line, it is as if there were none, where
    /// Kafka fails.
    fn improve(&mut self, partition: &TopicPartition) -> bool {
        let held = self.dealt[self.owner[partition]].len();
        let is_poorer = |it: &usize| {
            let count = self.dealt[*it].len();
            count + 1 < held && self.line.contains(&(count, *it))
        };
        let previous = self.previous.get(partition).map(|it| it.0);
        let to = previous.filter(is_poorer).or_else(|| {
            let gains = self.subscribers[&partition.topic].iter().any(is_poorer);
            if gains { self.least_loaded(&partition.topic) } else { None }
        });
        let Some(to) = to else { return false };
        let chosen = self.movements.instead(partition, self.owner[partition], to);
        self.move_to(&chosen, to);
        true
    }

    fn move_to(&mut self, partition: &TopicPartition, to: usize) {
        let from = self.owner[partition];
        for member in [from, to] {
            self.line.remove(&(self.dealt[member].len(), member));
        }
        self.movements.record(partition, from, to);
        self.dealt[from].retain(|it| it != partition);
        self.dealt[to].push(partition.clone());
        self.owner.insert(partition.clone(), to);
        for member in [from, to] {
            self.line.insert((self.dealt[member].len(), member));
        }
    }

    /// How far the members of the line are apart, each from each.
    ///
    /// Source: `GeneralAssignmentBuilder.getBalanceScore`.
    fn unevenness(&self) -> usize {
        let counts: Vec<usize> = self.line.iter().map(|it| it.0).collect();
        let apart = |(place, count): (usize, &usize)| -> usize {
            counts[place + 1..].iter().map(|it| it.abs_diff(*count)).sum()
        };
        counts.iter().enumerate().map(apart).sum()
    }
}

/// Who had what before the newest generation.
///
/// Source: `GeneralAssignmentBuilder.prepopulateCurrentAssignments`.
fn previous(group: &Group<'_>) -> Map<TopicPartition, (usize, i32)> {
    let generations = group.members.iter().map(|it| it.generation.unwrap_or(NO_GENERATION));
    let newest = generations.max().unwrap_or(NO_GENERATION);
    let mut previous: Map<TopicPartition, (usize, i32)> = Map::new();
    for member in group.visits.iter().copied() {
        let generation = group.generation(member);
        if newest <= generation {
            continue;
        }
        for partition in &group.members[member].owned {
            let known = previous.get(partition);
            if known.is_none_or(|it| it.1 < generation) {
                previous.insert(partition.clone(), (member, generation));
            }
        }
    }
    previous
}
