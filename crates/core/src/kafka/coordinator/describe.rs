//! What a coordinator knows of its groups, told without being asked over the network.

use super::Coordinator;
use super::group::{Group, Members};
use crate::kafka::BrokerId;
use crate::kafka::console::{DescribedGroup, DescribedOffset};

impl Coordinator {
    /// Its groups, by name.
    pub(crate) fn described(&self, broker: BrokerId) -> impl Iterator<Item = DescribedGroup> {
        self.groups.values().map(move |it| self.describe(broker, it))
    }

    fn describe(&self, broker: BrokerId, group: &Group) -> DescribedGroup {
        let id = group.id.clone();
        let mut told = match &group.members {
            Members::Classic(it) => DescribedGroup::of_classic(id, broker, it.describe()),
            Members::Consumer(it) => {
                DescribedGroup::of_consumers(id, broker, it.describe(&self.settings))
            }
        };
        let committed = group.offsets.iter().map(|(partition, it)| DescribedOffset {
            partition: partition.clone(),
            offset: it.committed.offset,
            leader_epoch: it.committed.leader_epoch,
        });
        told.committed = committed.collect();
        told
    }
}
