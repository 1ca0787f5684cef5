//! The sticky assignors: as even as it can be, then moving as little as possible.
//!
//! `constrained` deals when everybody wants the same topics, `general` when they do not.

mod constrained;
mod general;
mod movements;

use super::Assignment;
use super::compute::Member;
use crate::kafka::TopicPartition;
use crate::kafka::java::hash_map_places;
use crate::map::{Map, Set};
use crate::name::TopicName;

/// How partitions change hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// At once: everybody has given up everything.
    Eager,
    /// In two rebalances: the first takes it away, the second hands it out.
    Cooperative,
}

/// The generation of somebody who knows none.
const NO_GENERATION: i32 = -1;

/// What both builders begin with. Members stand in the order of their ids as Java compares them.
struct Group<'a> {
    members: Vec<&'a Member>,
    /// Places among the members, in the order in which Java's hash table gives them.
    visits: Vec<usize>,
    /// The topics that exist and that somebody wants, with their partitions.
    topics: Map<&'a TopicName, u32>,
}

/// What each member, by its place, may still take for its own.
struct Claims {
    owned: Vec<Vec<TopicPartition>>,
    /// Partitions that two members of one generation say they own. Nobody keeps them.
    contested: Set<TopicPartition>,
}

/// Deals out, to members in the order in which they are listed.
///
/// Source: `AbstractStickyAssignor.assignPartitions`, `CooperativeStickyAssignor`.
///
/// Simplified: racks are not looked at; a partition that its topic lost when it was made anew is
/// owned by nobody, where Kafka may keep it or fail.
pub(super) fn sticky(
    protocol: Protocol,
    topics: &Map<TopicName, u32>,
    members: &[Member],
) -> Assignment {
    let mut by_id: Vec<usize> = (0..members.len()).collect();
    crate::map::sort_by(&mut by_id, |one, other| {
        members[*one].id.encode_utf16().cmp(members[*other].id.encode_utf16())
    });
    let mut place = vec![0; members.len()];
    for (here, listed) in by_id.iter().enumerate() {
        place[*listed] = here;
    }
    let wanted: Set<&TopicName> = members.iter().flat_map(|it| &it.topics).collect();
    let exists = |it: &(&TopicName, &u32)| 0 < *it.1 && wanted.contains(it.0);
    let group = Group {
        visits: hash_map_places(members.iter().map(|it| it.id.as_str()))
            .iter()
            .map(|it| place[*it])
            .collect(),
        members: by_id.iter().map(|it| &members[*it]).collect(),
        topics: topics.iter().filter(exists).map(|(topic, count)| (topic, *count)).collect(),
    };
    let mut dealt = deal(protocol, &group);
    place.iter().map(|it| std::mem::take(&mut dealt[*it])).collect()
}

fn deal(protocol: Protocol, group: &Group<'_>) -> Assignment {
    if group.members.is_empty() {
        return Vec::new();
    }
    let claims = group.claims();
    let (mut dealt, changing) = if group.wants_the_same() {
        constrained::build(group, &claims)
    } else {
        let dealt = general::build(group, claims.owned);
        let changing = group.changing(&dealt);
        (dealt, changing)
    };
    if protocol == Protocol::Cooperative {
        for (to, partition) in changing {
            dealt[to].retain(|it| *it != partition);
        }
    }
    dealt
}

impl Group<'_> {
    /// Whether all subscriptions are equal, as Kafka finds it out: the first that is not empty is
    /// compared with those that follow, so an empty one passes if it comes before.
    ///
    /// Source: `AbstractStickyAssignor.allSubscriptionsEqual`.
    fn wants_the_same(&self) -> bool {
        let mut topics = self.visits.iter().map(|it| &self.members[*it].topics);
        let Some(first) = topics.find(|it| !it.is_empty()) else { return true };
        let first: Set<&TopicName> = first.iter().collect();
        topics.all(|it| it.len() == first.len() && it.iter().all(|topic| first.contains(topic)))
    }

    fn generation(&self, member: usize) -> i32 {
        self.members[member].generation.unwrap_or(NO_GENERATION)
    }

    fn exists(&self, partition: &TopicPartition) -> bool {
        self.topics.get(&partition.topic).is_some_and(|count| partition.partition < *count)
    }

    /// Settles who owned what, two claimants at a time: the later generation has it, of equal
    /// ones neither.
    ///
    /// Source: `AbstractStickyAssignor.allSubscriptionsEqual`.
    fn claims(&self) -> Claims {
        let mut owned: Vec<Vec<TopicPartition>> = vec![Vec::new(); self.members.len()];
        let mut contested = Set::new();
        let mut owner: Map<&TopicPartition, usize> = Map::new();
        for member in &self.visits {
            for partition in self.members[*member].owned.iter().filter(|it| self.exists(it)) {
                let Some(other) = owner.get(partition).copied() else {
                    owned[*member].push(partition.clone());
                    owner.insert(partition, *member);
                    continue;
                };
                let (mine, theirs) = (self.generation(*member), self.generation(other));
                if mine < theirs {
                    continue;
                }
                owned[other].retain(|it| it != partition);
                owner.insert(partition, *member);
                if theirs < mine {
                    owned[*member].push(partition.clone());
                } else {
                    contested.insert(partition.clone());
                }
            }
        }
        Claims { owned, contested }
    }

    /// What is new to somebody and lost by somebody else, with who gets it.
    ///
    /// Source: `CooperativeStickyAssignor.computePartitionsTransferringOwnership`.
    fn changing(&self, dealt: &Assignment) -> Vec<(usize, TopicPartition)> {
        let mut lost: Set<&TopicPartition> = Set::new();
        for (member, got) in self.members.iter().zip(dealt) {
            lost.extend(member.owned.iter().filter(|it| !got.contains(it)));
        }
        let mut changing = Vec::new();
        for (place, (member, got)) in self.members.iter().zip(dealt).enumerate() {
            let new = got.iter().filter(|it| !member.owned.contains(it) && lost.contains(it));
            changing.extend(new.map(|it| (place, it.clone())));
        }
        changing
    }
}
