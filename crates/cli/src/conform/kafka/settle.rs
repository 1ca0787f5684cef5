//! `settle`: what running applications do between reads.

use super::scene::Scene;
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::TopicPartition;
use brokerscope_core::kafka::call::{Call, Return, Take};
use brokerscope_core::kafka::snapshot::{GroupSnapshot, snapshot};
use brokerscope_core::name::ConsumerName;
use brokerscope_core::sim::SimDuration;
use serde_json::{Map, Value, json};

/// How long each member polls before the next one does.
const TURN: SimDuration = SimDuration::millis(20);
/// Nothing changes for so long: it is settled.
const QUIET: SimDuration = SimDuration::millis(1_000);
/// What is not settled by then never will be.
const LIMIT: SimDuration = SimDuration::millis(60_000);

/// What is compared to see whether something changed.
type Seen = (Vec<(ConsumerName, Vec<TopicPartition>)>, Vec<GroupSnapshot>);

impl Scene {
    /// Members poll in turn, taking nothing, until nothing changes and every group is stable.
    pub(super) fn settle(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["ms"])?;
        let least = given.value("ms").map_or(Ok(0), |_| given.number("ms"))?;
        let began = self.world.now();
        let (mut since, mut last) = (began, None);
        let mut errors = Map::new();
        loop {
            for name in self.live() {
                let poll = Call::Poll { timeout: TURN, take: Take::Nothing };
                if let Return::Raised(error) = self.call(&name, poll)? {
                    errors.insert(name.to_string(), error.into());
                    if error == "FENCED_INSTANCE_ID" {
                        // Its application ends here.
                        self.stalled.insert(name.clone());
                    }
                }
            }
            if self.live().is_empty() {
                self.pass(SimDuration::millis(50));
            }
            let now = self.seen();
            if last.as_ref() != Some(&now) {
                since = self.world.now();
            }
            let stable = now.1.iter().all(|it| it.state == "Stable");
            let at = self.world.now();
            let quiet = QUIET <= at.since(since) && SimDuration::millis(least) <= at.since(began);
            if quiet && stable {
                return Ok(settled(now.0, errors));
            }
            if LIMIT <= at.since(began) {
                return Ok(json!({ "not settled": format!("{:?}", now.1) }));
            }
            last = Some(now);
        }
    }

    /// Those who poll, in the order in which they subscribed.
    pub(super) fn live(&self) -> Vec<ConsumerName> {
        self.members.iter().filter(|it| !self.stalled.contains(*it)).cloned().collect()
    }

    /// What live members read, and how their groups stand, as far as it is to settle.
    fn seen(&self) -> Seen {
        let snapshot = snapshot(&self.world, 0);
        let live = self.live();
        let assigned = live.iter().map(|name| (name.clone(), self.assignment(name))).collect();
        let mut groups = snapshot.groups;
        groups.retain(|it| live.iter().any(|name| self.group_of(name) == Some(&it.group)));
        for partition in groups.iter_mut().flat_map(|it| &mut it.partitions) {
            (partition.committed, partition.lag) = (None, None);
        }
        (assigned, groups)
    }
}

fn settled(
    assigned: Vec<(ConsumerName, Vec<TopicPartition>)>,
    errors: Map<String, Value>,
) -> Value {
    let mut answer = Map::new();
    for (name, partitions) in assigned {
        let partitions = partitions.iter().map(|it| it.to_string().into()).collect();
        answer.insert(name.to_string(), Value::Array(partitions));
    }
    if !errors.is_empty() {
        answer.insert("errors".to_owned(), errors.into());
    }
    answer.into()
}
