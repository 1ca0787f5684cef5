//! Taking a snapshot of a world.

use super::{BrokerSnapshot, Snapshot};
use crate::kafka::{BrokerId, Cluster};
use crate::sim::World;

/// The state of `world` now, with at most `cells` records of each log.
#[must_use]
pub fn snapshot(world: &World<Cluster>, _cells: usize) -> Snapshot {
    let brokers = 1..=world.system().config().brokers;
    Snapshot {
        at: world.now(),
        brokers: brokers.map(|id| BrokerSnapshot { id: BrokerId(id), running: true }).collect(),
        ..Snapshot::default()
    }
}
