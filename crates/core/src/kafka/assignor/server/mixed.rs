//! `uniform` when members want different topics.

use super::balancer::Balancer;
use crate::kafka::TopicPartition;
use crate::kafka::assignor::Assignment;
use crate::kafka::assignor::compute::Member;
use crate::kafka::java::hash_map_places;
use crate::map::Map;
use crate::name::TopicName;

/// How often the topics are gone through.
///
/// Source: `UniformHeterogeneousAssignmentBuilder.MAX_ITERATION_COUNT`.
const MOST_ROUNDS: u32 = 16;

/// A topic while it is dealt out. Members go by the order in which they are visited.
struct Topic {
    name: TopicName,
    subscribers: Vec<usize>,
    owners: Vec<Option<usize>>,
}

/// Deals out when members want different topics.
///
/// Source: `UniformHeterogeneousAssignmentBuilder`.
///
/// Simplified: topics that are equal in all else are taken as listed, where Kafka compares their
/// random ids.
pub(in crate::kafka::assignor) fn uniform_mixed(
    topics: &[(TopicName, u32)],
    members: &[Member],
) -> Assignment {
    let order = hash_map_places(members.iter().map(|it| it.id.as_str()));
    let visited: Vec<&Member> = order.iter().map(|it| &members[*it]).collect();
    let mut loads = vec![0; visited.len()];
    let mut topics: Vec<Topic> =
        topics.iter().filter_map(|(name, count)| Topic::new(name, *count, &visited)).collect();
    crate::map::sort_by(&mut topics, Topic::compare);
    for topic in &topics {
        for owner in topic.owners.iter().flatten() {
            loads[*owner] += 1;
        }
    }
    for topic in &mut topics {
        topic.hand_out(&mut loads);
    }
    balance(&mut topics, &mut loads);

    let mut dealt: Assignment = vec![Vec::new(); members.len()];
    for topic in topics {
        for (number, owner) in (0..).zip(&topic.owners) {
            let Some(owner) = owner else { continue };
            dealt[order[*owner]].push(TopicPartition::new(topic.name.clone(), number));
        }
    }
    dealt
}

/// Balances topic by topic, until a whole round has changed nothing.
///
/// Source: `UniformHeterogeneousAssignmentBuilder.balanceTopics`.
fn balance(topics: &mut [Topic], loads: &mut [i32]) {
    let mut last_changed = None;
    for _ in 0..MOST_ROUNDS {
        for (place, topic) in topics.iter_mut().enumerate() {
            if topic.subscribers.len() < 2 {
                continue;
            }
            if last_changed == Some(place) {
                return;
            }
            let moved = topic.balance(loads);
            if moved || last_changed.is_none() {
                last_changed = Some(place);
            }
        }
    }
}

impl Topic {
    /// The topic with what its subscribers had of it, if it has any subscriber.
    fn new(name: &TopicName, count: u32, members: &[&Member]) -> Option<Self> {
        let mut owners = vec![None; count as usize];
        let mut subscribers = Vec::new();
        for (place, member) in members.iter().enumerate() {
            if !member.topics.contains(name) {
                continue;
            }
            subscribers.push(place);
            for owned in member.owned.iter().filter(|it| it.topic == *name) {
                if let Some(owner) = owners.get_mut(owned.partition as usize) {
                    *owner = Some(place);
                }
            }
        }
        if subscribers.is_empty() {
            return None;
        }
        Some(Self { name: name.clone(), subscribers, owners })
    }

    /// Most partitions for each subscriber first, then fewest subscribers.
    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        let mine = self.owners.len() * other.subscribers.len();
        let theirs = other.owners.len() * self.subscribers.len();
        theirs.cmp(&mine).then(self.subscribers.len().cmp(&other.subscribers.len()))
    }

    fn hand_out(&mut self, loads: &mut [i32]) {
        let mut balancer = Balancer::new(&self.subscribers, loads);
        for owner in self.owners.iter_mut().filter(|it| it.is_none()) {
            let to = balancer.next_taker(loads);
            loads[to] += 1;
            *owner = Some(to);
        }
    }

    /// Moves partitions from the most loaded to the least loaded, the highest numbers first, and
    /// says whether any was moved.
    ///
    /// Source: `UniformHeterogeneousAssignmentBuilder.balanceTopic`.
    fn balance(&mut self, loads: &mut [i32]) -> bool {
        let counts = self.subscribers.iter().map(|it| loads[*it]);
        let (Some(least), Some(most)) = (counts.clone().min(), counts.max()) else { return false };
        if most - least <= 1 {
            return false;
        }
        let mut held: Map<usize, Vec<usize>> = Map::new();
        for (partition, owner) in self.owners.iter().enumerate() {
            let Some(owner) = owner else { continue };
            held.get_or_default(*owner).push(partition);
        }
        let mut balancer = Balancer::new(&self.subscribers, loads);
        let mut moved = false;
        loop {
            let has_any = |it: usize| held.get(&it).is_some_and(|held| !held.is_empty());
            let Some(from) = balancer.next_giver(loads, has_any) else { break };
            let Some(partition) = held.get_mut(&from).and_then(Vec::pop) else { break };
            let to = balancer.next_taker(loads);
            if balancer.is_balanced() {
                break;
            }
            loads[from] -= 1;
            loads[to] += 1;
            self.owners[partition] = Some(to);
            moved = true;
        }
        moved
    }
}
