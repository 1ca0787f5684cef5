//! The broker's `uniform`: as even as it can be, then moving as little as possible.
//!
//! `uniform_mixed` deals when members want different topics.

mod balancer;
mod mixed;

pub(super) use mixed::uniform_mixed;

use super::Assignment;
use super::compute::Member;
use super::slots::in_set_order;
use crate::kafka::TopicPartition;
use crate::kafka::java::hash_map_places;
use crate::map::Set;
use crate::name::TopicName;

/// Deals out when everybody wants the same topics.
///
/// Source: `UniformHomogeneousAssignmentBuilder` as of 4.1, in which those visited last get one
/// more rather than the first.
///
/// Simplified: topics are gone through as listed, where Kafka follows the hashes of their random
/// ids.
pub(super) fn uniform(topics: &[(TopicName, u32)], members: &[Member]) -> Assignment {
    let mut dealt: Assignment = vec![Vec::new(); members.len()];
    let wanted =
        |it: &&(TopicName, u32)| members.iter().any(|member| member.topics.contains(&it.0));
    let topics: Vec<&(TopicName, u32)> = topics.iter().filter(wanted).collect();
    let owned: Set<&TopicPartition> = members.iter().flat_map(|it| &it.owned).collect();
    let mut free: Vec<TopicPartition> = Vec::new();
    let mut total = 0;
    for (topic, count) in &topics {
        let all = (0..*count).map(|it| TopicPartition::new(topic.clone(), it));
        free.extend(all.filter(|it| !owned.contains(it)));
        total += *count as usize;
    }

    let Some(least) = total.checked_div(members.len()) else { return dealt };
    let mut extras = total % members.len();
    let mut unfilled: Vec<(usize, usize)> = Vec::new();
    let order = hash_map_places(members.iter().map(|it| it.id.as_str()));
    for (visited, member) in order.into_iter().enumerate() {
        let mut has_extra = 0 < extras;
        let mut room = least + usize::from(has_extra);
        for (topic, count) in &topics {
            let exists = |it: &&TopicPartition| it.topic == *topic && it.partition < *count;
            let had = members[member].owned.iter().filter(exists).map(|it| it.partition);
            for partition in in_set_order(had.collect()) {
                let partition = TopicPartition::new(topic.clone(), partition);
                if 0 < room {
                    room -= 1;
                    dealt[member].push(partition);
                } else {
                    free.push(partition);
                }
            }
        }
        // Others still come who may have had the one more before.
        if 0 < room && has_extra && extras < members.len() - visited {
            has_extra = false;
            room -= 1;
        }
        if 0 < room {
            unfilled.push((member, room));
        }
        extras -= usize::from(has_extra);
    }

    let mut free = free.into_iter();
    for (member, room) in unfilled {
        dealt[member].extend(free.by_ref().take(room));
    }
    dealt
}
