//! The client's part in dealing partitions out: what it tells its group's leader, and what it
//! computes if it leads.
//!
//! Source: `ConsumerCoordinator.metadata` and `onLeaderElected` of the Java client.

use super::Client;
use crate::kafka::TopicPartition;
use crate::kafka::assignor::compute::{ClassicAssignor, Member};
use crate::kafka::message::{Joined, JoinedMember, MemberId};
use crate::kafka::schema::{
    Bytes, ClassicSubscription, decode_sticky, encode_assignment, encode_cooperative_sticky,
    encode_sticky,
};
use crate::map::Map;
use crate::name::TopicName;

/// What the assignors of a client remember between two generations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Remembered {
    /// What `sticky` last gave it, and in which generation.
    sticky: Option<(Vec<TopicPartition>, i32)>,
    /// The last generation in which `cooperative-sticky` was chosen.
    cooperative: Option<i32>,
}

impl Remembered {
    /// Source: `ConsumerPartitionAssignor.onAssignment`: only the chosen assignor hears of it.
    pub(super) fn assigned(
        &mut self,
        by: ClassicAssignor,
        generation: i32,
        reads: &[TopicPartition],
    ) {
        match by {
            ClassicAssignor::Sticky => self.sticky = Some((reads.to_vec(), generation)),
            ClassicAssignor::CooperativeSticky => self.cooperative = Some(generation),
            ClassicAssignor::Range | ClassicAssignor::RoundRobin => {}
        }
    }

    /// Source: `ConsumerPartitionAssignor.subscriptionUserData`.
    fn user_data(&self, of: ClassicAssignor) -> Option<Bytes> {
        match of {
            ClassicAssignor::Sticky => {
                self.sticky.as_ref().map(|(reads, generation)| encode_sticky(reads, *generation))
            }
            ClassicAssignor::CooperativeSticky => Some(encode_cooperative_sticky(self.cooperative)),
            ClassicAssignor::Range | ClassicAssignor::RoundRobin => None,
        }
    }
}

impl Client {
    /// What it tells the leader, once per assignor that it supports.
    pub(super) fn subscriptions(&self) -> Vec<(ClassicAssignor, Bytes)> {
        let generation = self.membership.generation();
        let told = |assignor: &ClassicAssignor| {
            let subscription = ClassicSubscription {
                topics: self.topics().to_vec(),
                user_data: self.membership.remembered.user_data(*assignor),
                owned: self.assignment.keys().cloned().collect(),
                generation: (0 <= generation).then_some(generation),
                rack: None,
            };
            (*assignor, subscription.encode())
        };
        self.settings.partition_assignment_strategy.0.iter().map(told).collect()
    }

    /// The leader of a generation computes who reads what; the others bring nothing, and neither
    /// does a leader that came back to what was computed before.
    pub(super) fn deal_out(&self, joined: &Joined) -> Vec<(MemberId, Bytes)> {
        if joined.leader != joined.member_id || joined.skips_assignment {
            return Vec::new();
        }
        let members: Vec<Member> =
            joined.members.iter().map(|it| member(joined.protocol, it)).collect();
        let mut topics: Map<TopicName, u32> = Map::new();
        for name in members.iter().flat_map(|it| &it.topics) {
            if let Some(topic) = self.metadata.topic(name) {
                topics.insert(name.clone(), topic.partitions);
            }
        }
        let assignment = joined.protocol.assign(&topics, &members);
        let ids = joined.members.iter().map(|it| it.member_id.clone());
        ids.zip(assignment.iter().map(|it| encode_assignment(it))).collect()
    }
}

/// How many partitions topics have; none that does not exist.
pub(super) type PartitionCounts = Vec<(TopicName, Option<u32>)>;

impl Client {
    /// What a leader keeps an eye on from now on.
    ///
    /// Source: `ConsumerCoordinator.onLeaderElected`: the group's topics as they were dealt out.
    pub(super) fn watched(&self, joined: &Joined) -> Option<PartitionCounts> {
        if joined.members.is_empty() {
            return None;
        }
        let mut topics = Vec::new();
        for it in &joined.members {
            topics.extend(ClassicSubscription::decode(&it.subscription).unwrap_or_default().topics);
        }
        crate::map::sort(&mut topics);
        topics.dedup();
        Some(topics.into_iter().map(|it| (it.clone(), self.partitions_of(&it))).collect())
    }

    fn partitions_of(&self, topic: &TopicName) -> Option<u32> {
        self.metadata.topic(topic).map(|it| it.partitions)
    }

    /// Whether a leader has heard of topics that came, went or grew since it dealt them out.
    ///
    /// Source: `ConsumerCoordinator.rejoinNeededOrPending`.
    pub(super) fn have_topics_changed(&self) -> bool {
        let watched = self.membership.watched.iter().flatten();
        watched.into_iter().any(|(topic, count)| self.partitions_of(topic) != *count)
    }
}

/// A member as the assignor is to see it: `sticky` believes what its own data say, the others what
/// the subscription says.
///
/// Source: `StickyAssignor.memberData`, `CooperativeStickyAssignor.memberData`.
fn member(by: ClassicAssignor, it: &JoinedMember) -> Member {
    let told = ClassicSubscription::decode(&it.subscription).unwrap_or_default();
    let (owned, generation) = match by {
        ClassicAssignor::Sticky => match told.user_data.and_then(|it| decode_sticky(&it)) {
            Some((owned, generation)) => (owned, Some(generation)),
            None => (Vec::new(), None),
        },
        ClassicAssignor::CooperativeSticky
        | ClassicAssignor::Range
        | ClassicAssignor::RoundRobin => (told.owned, told.generation),
    };
    Member {
        id: it.member_id.to_string(),
        instance: it.instance.as_ref().map(ToString::to_string),
        topics: told.topics,
        owned,
        generation,
    }
}
