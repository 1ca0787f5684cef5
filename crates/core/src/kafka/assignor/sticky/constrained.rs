//! Dealing when everybody wants the same topics.

use super::{Claims, Group};
use crate::kafka::TopicPartition;
use crate::kafka::assignor::Assignment;
use crate::map::Set;
use std::collections::VecDeque;

/// How many partitions a member gets.
struct Quota {
    /// Everybody, at least.
    least: usize,
    /// So many members one more.
    fuller: usize,
}

/// What members keep, and who still has room.
struct Kept {
    dealt: Assignment,
    /// What was taken from somebody who had too much.
    revoked: Set<TopicPartition>,
    /// Members below the least quota.
    under: Vec<usize>,
    /// Members at the least quota who may get one more.
    exact: VecDeque<usize>,
}

/// Deals out; beside it, who gets something that somebody else had.
///
/// Source: `AbstractStickyAssignor.ConstrainedAssignmentBuilder.build`.
pub(super) fn build(
    group: &Group<'_>,
    claims: &Claims,
) -> (Assignment, Vec<(usize, TopicPartition)>) {
    let all: Vec<TopicPartition> = group
        .topics
        .iter()
        .flat_map(|(topic, count)| (0..*count).map(|it| TopicPartition::new((*topic).clone(), it)))
        .collect();
    let members = group.members.len();
    let quota = Quota { least: all.len() / members, fuller: all.len() % members };
    let Kept { mut dealt, revoked, mut under, mut exact } = keep(group, claims, &quota);
    let taken: Set<TopicPartition> = dealt.iter().flatten().cloned().collect();

    let mut changing = Vec::new();
    let mut turn = 0;
    for partition in all.into_iter().filter(|it| !taken.contains(it)) {
        if under.len() <= turn {
            turn = 0;
        }
        let waiting = under.get(turn).copied();
        let to = waiting
            .or_else(|| exact.pop_front())
            .expect("the quotas add up to the partitions there are");
        if revoked.contains(&partition) || claims.contested.contains(&partition) {
            changing.push((to, partition.clone()));
        }
        dealt[to].push(partition);
        if waiting.is_some() && dealt[to].len() == quota.least {
            under.remove(turn);
            exact.push_back(to);
        } else {
            turn += 1;
        }
    }
    (dealt, changing)
}

/// Lets members keep what they had, up to their quota; the lowest partition numbers first.
///
/// Source: `ConstrainedAssignmentBuilder.assignOwnedPartitions`.
fn keep(group: &Group<'_>, claims: &Claims, quota: &Quota) -> Kept {
    let most = quota.least + usize::from(0 < quota.fuller);
    let mut kept = Kept {
        dealt: vec![Vec::new(); group.members.len()],
        revoked: Set::new(),
        under: Vec::new(),
        exact: VecDeque::new(),
    };
    let mut full = 0;
    for member in group.visits.iter().copied() {
        let mut owned = claims.owned[member].clone();
        owned.retain(|it| !claims.contested.contains(it));
        crate::map::sort_by(&mut owned, |one, other| {
            one.partition.cmp(&other.partition).then_with(|| one.topic.cmp(&other.topic))
        });
        let count = if owned.len() < quota.least {
            kept.under.push(member);
            owned.len()
        } else if most <= owned.len() && full < quota.fuller {
            full += 1;
            if full == quota.fuller {
                kept.exact.clear();
            }
            most
        } else {
            if full < quota.fuller {
                kept.exact.push_back(member);
            }
            quota.least
        };
        kept.revoked.extend(owned.split_off(count));
        kept.dealt[member] = owned;
    }
    // Members stand in the order of their ids.
    crate::map::sort(&mut kept.under);
    crate::map::sort(kept.exact.make_contiguous());
    kept
}
