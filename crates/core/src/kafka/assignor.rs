//! Who reads what, as the leader of a group computes it.

pub mod compute;
mod server;
mod slots;
mod sticky;

use super::TopicPartition;
use crate::map::{Map, Set, sort_by_key};
use crate::name::TopicName;

/// A member as `range` and `roundrobin` see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscriber {
    /// Its member id.
    pub(crate) id: String,
    /// `group.instance.id`, if it has one.
    pub(crate) instance: Option<String>,
    /// The topics it wants to read.
    pub(crate) topics: Vec<TopicName>,
}

/// What each member reads, by its place among the members; sorted.
pub type Assignment = Vec<Vec<TopicPartition>>;

/// Places of the members in the order in which both assignors go through them: those with an
/// instance id first, by it, then the others by member id.
///
/// Source: `AbstractPartitionAssignor.MemberInfo.compareTo`; Java compares UTF-16 code units.
fn in_order(members: &[Subscriber]) -> Vec<usize> {
    let units = |text: &String| text.encode_utf16().collect::<Vec<u16>>();
    let mut order: Vec<usize> = (0..members.len()).collect();
    sort_by_key(&mut order, |place| {
        let member = &members[*place];
        let instance = member.instance.as_ref().map(units);
        (instance.is_none(), instance, units(&member.id))
    });
    order
}

/// Topic by topic, each subscriber gets a run of consecutive partitions; what is left over goes
/// to the first ones, one each.
///
/// Source: `RangeAssignor`. Simplified: racks are not looked at.
fn range(topics: &Map<TopicName, u32>, members: &[Subscriber]) -> Assignment {
    let mut assignment = vec![Vec::new(); members.len()];
    let order = in_order(members);
    for (topic, partitions) in topics {
        let subscribed: Vec<usize> =
            order.iter().copied().filter(|it| members[*it].topics.contains(topic)).collect();
        let Ok(count @ 1..) = u32::try_from(subscribed.len()) else { continue };
        let (each, mut left_over) = (partitions / count, partitions % count);
        let mut next = 0;
        for place in subscribed {
            let extra = left_over.min(1);
            left_over -= extra;
            let run = next..next + each + extra;
            next = run.end;
            assignment[place].extend(run.map(|it| TopicPartition::new(topic.clone(), it)));
        }
    }
    assignment
}

/// All partitions of all topics, dealt out in turn to whoever subscribes to the topic.
///
/// Source: `RoundRobinAssignor`.
fn round_robin(topics: &Map<TopicName, u32>, members: &[Subscriber]) -> Assignment {
    let mut assignment = vec![Vec::new(); members.len()];
    let wanted: Set<&TopicName> = members.iter().flat_map(|it| &it.topics).collect();
    let order = in_order(members);
    let mut turn = order.iter().copied().cycle();
    for (topic, partitions) in topics {
        if !wanted.contains(topic) {
            continue;
        }
        for partition in 0..*partitions {
            let place = turn
                .find(|it| members[*it].topics.contains(topic))
                .expect("the circle holds a subscriber of every wanted topic");
            assignment[place].push(TopicPartition::new(topic.clone(), partition));
        }
    }
    assignment
}

#[cfg(test)]
mod tests;
