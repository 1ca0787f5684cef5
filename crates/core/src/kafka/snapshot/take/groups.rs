//! Where the groups stand.

use super::log_of;
use crate::kafka::config::IsolationLevel;
use crate::kafka::consumer::Consumer;
use crate::kafka::consumer::Process;
use crate::kafka::coordinator::Group;
use crate::kafka::schema::{Key, OffsetValue};
use crate::kafka::snapshot::{GroupPartition, GroupSnapshot};
use crate::kafka::{Cluster, Offset, TopicPartition};
use crate::map::{Map, Set};
use crate::name::{ConsumerName, GroupId};

/// While nobody coordinates a group, so many of the newest records in `__consumer_offsets` tell
/// what it has committed.
const LATEST: usize = 1_024;

/// All groups, by name.
pub(super) fn groups(cluster: &Cluster) -> Vec<GroupSnapshot> {
    let ids: Set<&GroupId> =
        cluster.consumers().filter_map(|it| it.setup().group.as_ref()).collect();
    ids.into_iter().map(|it| group(cluster, it)).collect()
}

fn group(cluster: &Cluster, id: &GroupId) -> GroupSnapshot {
    let coordinator = cluster.metadata().coordinator(id.as_str());
    let known = coordinator.and_then(|it| cluster.broker(it).coordinator());
    let group = known.and_then(|it| it.group(id));
    let (committed, reads) = match known {
        Some(_) => told(group),
        None => (on_disk(cluster, id), by_themselves(cluster, id)),
    };
    let mut partitions: Map<TopicPartition, GroupPartition> = Map::new();
    let committed_only = cluster
        .consumers()
        .map(Consumer::setup)
        .any(|it| it.is_of(id) && it.settings.isolation_level == IsolationLevel::ReadCommitted);
    let fresh = |it: &TopicPartition| GroupPartition {
        partition: it.clone(),
        owner: None,
        committed_only,
        committed: None,
        position: None,
        began: None,
        lag: None,
    };
    for (it, offset) in &committed {
        let shown = partitions.get_or_insert_with(it.clone(), || fresh(it));
        shown.committed = Some(*offset);
        shown.lag = log_of(cluster, it).map(|log| log.high_watermark().0 - offset.0);
    }
    for (name, reads) in reads {
        let process = running(cluster, &name);
        for it in reads {
            let shown = partitions.get_or_insert_with(it.clone(), || fresh(&it));
            shown.owner = process.map(|_| name.clone());
            shown.position = process.and_then(|process| process.client.position(&it));
            shown.began = process.and_then(|process| process.client.began(&it));
        }
    }
    let state = match (known, group) {
        (None, _) => "Unknown",
        (Some(_), None) => "Dead",
        (Some(_), Some(group)) => group.state(),
    };
    GroupSnapshot {
        group: id.clone(),
        coordinator,
        state,
        generation: group.map_or(0, |it| it.generation()),
        progress: group.and_then(|it| it.progress()),
        reconciling: known.and_then(|it| it.reconciling(id)),
        partitions: partitions.into_values().collect(),
    }
}

type Committed = Map<TopicPartition, Offset>;
type Reads = Vec<(ConsumerName, Vec<TopicPartition>)>;

/// What its coordinator knows of a group: what it has committed, and who reads what.
fn told(group: Option<&Group>) -> (Committed, Reads) {
    let Some(group) = group else { return (Map::new(), Vec::new()) };
    let committed = group.offsets().map(|(it, offset)| (it.clone(), offset));
    let reads = group.owners().into_iter().map(|(it, reads)| (it.clone(), reads));
    (committed.collect(), reads.collect())
}

/// What a group has committed, as `__consumer_offsets` has it.
fn on_disk(cluster: &Cluster, id: &GroupId) -> Committed {
    let mut committed = Map::new();
    let partition = cluster.metadata().offsets_partition(id.as_str());
    let Some(log) = log_of(cluster, &partition) else { return committed };
    for record in log.newest(LATEST) {
        let Some((key, value)) = record.internal() else { continue };
        let Some(Key::Offset { group, partition }) = Key::decode(key) else { continue };
        if group != id.as_str() {
            continue;
        }
        match value.and_then(|it| OffsetValue::decode(it)) {
            Some(it) => drop(committed.insert(partition, it.committed.offset)),
            None => drop(committed.remove(&partition)),
        }
    }
    committed
}

/// What each member of a group reads, as it knows it itself.
fn by_themselves(cluster: &Cluster, id: &GroupId) -> Reads {
    let members = cluster.consumers().filter(|it| it.setup().is_of(id));
    let reads = members.filter_map(|it| {
        let reads = it.process()?.client.reads().cloned();
        Some((it.setup().name.clone(), reads.collect()))
    });
    reads.collect()
}

fn running<'a>(cluster: &'a Cluster, name: &ConsumerName) -> Option<&'a Process> {
    cluster.consumers().find(|it| it.setup().name == *name)?.process()
}
