//! What each member shall read, and what the group's topics looked like when that was computed.

use super::{ConsumerGroup, Done, Here, Member};
use crate::kafka::assignor::compute;
use crate::kafka::fact::Fact;
use crate::kafka::message::MemberId;
use crate::kafka::metadata::{Metadata, Topic};
use crate::kafka::schema::{Change, Target};
use crate::map::{Set, sort_by};
use crate::name::TopicName;
use crate::sim::TraceHash;
use std::hash::{Hash, Hasher};

impl ConsumerGroup {
    /// Tells the topics that the group reads apart from others: it changes when one of them comes,
    /// goes or grows.
    ///
    /// Source: `ModernGroup.computeMetadataHash`, which is another hash of the same.
    pub(super) fn metadata_hash(&self, metadata: &Metadata) -> i64 {
        let mut hash = TraceHash::default();
        for topic in self.topics(metadata) {
            (topic.id, topic.partitions).hash(&mut hash);
        }
        hash.finish().cast_signed()
    }

    /// The topics that exist among those that someone wants.
    fn topics<'a>(&self, metadata: &'a Metadata) -> Vec<&'a Topic> {
        let wanted: Set<&TopicName> =
            self.members.values().flat_map(|it| &it.subscription.topics).collect();
        let topics = metadata.topics.iter().map(|it| &**it);
        topics.filter(|it| wanted.contains(&it.name)).collect()
    }

    /// Computes the target for the group's present epoch, unless the last one is too fresh.
    /// `speaker` is the member whose heartbeat it is.
    ///
    /// Source: `TargetAssignmentBuilder.build`; KIP-1263 for the interval. The speaker is the
    /// last that the assignor hears of.
    ///
    /// Simplified: the others follow in the order of their ids, where Kafka goes through a
    /// `TimelineHashMap`; it matters only to members whose ids share a slot of a hash table.
    pub(super) fn aim(&mut self, done: &mut Done, here: &Here<'_>, speaker: &MemberId) {
        let interval_ms = here.settings.group_consumer_assignment_interval_ms.cast_signed();
        let is_fresh = 0 < self.target.timestamp_ms
            && here.now.as_ms() < self.target.timestamp_ms + interval_ms;
        if self.epoch.epoch <= self.target.epoch || is_fresh {
            return;
        }
        let mut ids: Vec<MemberId> =
            self.members.keys().filter(|it| *it != speaker).cloned().collect();
        ids.push(speaker.clone());
        let described = |id: &MemberId| {
            let Member { subscription, target, .. } = self.known(id);
            compute::Member {
                id: id.to_string(),
                instance: subscription.instance.clone(),
                topics: subscription.topics.clone(),
                owned: target.clone(),
                generation: None,
            }
        };
        let members: Vec<compute::Member> = ids.iter().map(described).collect();
        let assignor = self.assignor(here.settings);
        let topics = self.topics(here.metadata).into_iter();
        let topics: Vec<_> = topics.map(|it| (it.name.clone(), it.partitions)).collect();
        let dealt = assignor.assign(&topics, &members);
        for (id, partitions) in ids.into_iter().zip(dealt) {
            if self.known(&id).target != partitions {
                self.change(done, Change::Target(id, Some(partitions)));
            }
        }
        let target = Target { epoch: self.epoch.epoch, timestamp_ms: here.now.as_ms() };
        self.change(done, Change::TargetEpoch(Some(target)));
        let target = |it: &Member| (it.subscription.client.clone(), it.target.clone());
        let mut assignment: Vec<_> = self.members.values().map(target).collect();
        sort_by(&mut assignment, Ord::cmp);
        let (group, epoch) = (self.id.clone(), self.epoch.epoch);
        done.notes.push(Fact::Targeted { group, epoch, assignment });
    }
}
