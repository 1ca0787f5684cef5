//! Taking a snapshot of a world.

mod groups;

use super::{
    BrokerSnapshot, Cargo, CleaningSnapshot, ConsumerSnapshot, ConsumerState, Duplicates, Flight,
    OffsetsContent, OffsetsPartitionSnapshot, OffsetsRecord, PartitionSnapshot, ProducerSnapshot,
    RecordCell, ReplicaSnapshot, Snapshot, TopicSnapshot,
};
use crate::kafka::application::{Application, Doing};
use crate::kafka::command::Peer;
use crate::kafka::config::TopicSettings;
use crate::kafka::consumer::{Consumer, Process};
use crate::kafka::log::{Dirt, Log, Part, Record};
use crate::kafka::message::{Answer, GroupRequest, Packet, Request};
use crate::kafka::network::{Arrival, Node, Way, Whom};
use crate::kafka::producer::Producer;
use crate::kafka::schema::{Change, GroupValue, Key, OffsetValue};
use crate::kafka::{BrokerId, Cluster, TopicPartition};
use crate::map::{Set, sort_by_key};
use crate::name::{ConsumerName, GroupId};
use crate::sim::{SimDuration, SimTime, World};
use crate::workload::MessageId;

/// How many of the next messages of a producer are shown.
const UPCOMING: usize = 5;

/// At most so many segments of a log are shown: the newest.
const SEGMENTS: usize = 1_024;

/// The state of `world` now, with at most `cells` records of each log.
#[must_use]
pub fn snapshot(world: &World<Cluster>, cells: usize) -> Snapshot {
    let cluster = world.system();
    let flights = world.pending().filter_map(|(at, event)| {
        let arrival = event.arrival()?;
        let cargos = cargo(cluster, arrival).into_iter();
        Some(cargos.map(move |cargo| Flight { sent: arrival.sent, arrives: at, cargo }))
    });
    Snapshot {
        at: world.now(),
        brokers: cluster.metadata().broker_ids().map(|it| broker(cluster, it)).collect(),
        producers: producers(cluster),
        topics: topics(cluster, world.now(), cells),
        groups: groups::groups(cluster),
        consumers: cluster
            .consumers()
            .enumerate()
            .filter(|(_, it)| it.has_started())
            .map(|(place, it)| consumer(it, cluster.own_producer(place), cells))
            .collect(),
        offsets_topic: offsets_topic(cluster, cells),
        flights: flights.flatten().collect(),
    }
}

fn broker(cluster: &Cluster, id: BrokerId) -> BrokerSnapshot {
    let peers = |is: fn(Way) -> bool| {
        let way = |whom| is(cluster.network().way(id, whom));
        let others = || cluster.metadata().broker_ids().filter(|it| *it != id);
        let to_others = others().all(|it| way(Whom::Broker(it))) && way(Whom::Controller);
        let to_clients = way(Whom::Clients);
        let mut peers = Vec::new();
        match (to_others, to_clients) {
            (true, true) => peers.push(Peer::Everyone),
            (true, false) => peers.push(Peer::Others),
            (false, _) => {
                let brokers = others().filter(|it| way(Whom::Broker(*it)));
                peers.extend(brokers.map(Peer::Broker));
                peers.extend(way(Whom::Controller).then_some(Peer::Controller));
                peers.extend(to_clients.then_some(Peer::Clients));
            }
        }
        peers
    };
    BrokerSnapshot {
        id,
        stage: cluster.broker(id).stage(),
        fenced: cluster.metadata().is_fenced(id),
        cut_from: peers(|it| it.cut),
        slow_to: peers(|it| it.slower_by != SimDuration::ZERO),
    }
}

fn producers(cluster: &Cluster) -> Vec<ProducerSnapshot> {
    let own = cluster.producers().filter(|it| !it.serves_a_consumer());
    let shown = own.map(|it| ProducerSnapshot {
        name: it.name().clone(),
        next: it.upcoming(UPCOMING).collect(),
        sent: it.sent(),
        acknowledged: it.acknowledged(),
        crashed: it.has_crashed(),
        transaction: it.transacting(),
    });
    shown.collect()
}

fn topics(cluster: &Cluster, now: SimTime, cells: usize) -> Vec<TopicSnapshot> {
    let shown = cluster.metadata().topics.iter().map(|topic| {
        let ids = (0..topic.partitions)
            .map(|it| TopicPartition { topic: topic.name.clone(), partition: it });
        let logs = ids.filter_map(|it| Some((log_of(cluster, &it)?, it)));
        let partitions = logs.map(|(log, it)| PartitionSnapshot {
            cleaning: cleaning(now, &topic.settings, log),
            ..partition(cluster, it, log, cells)
        });
        TopicSnapshot { name: topic.name.clone(), partitions: partitions.collect() }
    });
    shown.collect()
}

fn log_of<'a>(cluster: &'a Cluster, partition: &TopicPartition) -> Option<&'a Log> {
    let state = cluster.metadata().partition(partition)?;
    // Of a partition without a leader, what its first replica has.
    let shown = state.leader.or(state.replicas.first().copied())?;
    cluster.broker(shown).log(partition)
}

fn partition(
    cluster: &Cluster,
    partition: TopicPartition,
    log: &Log,
    cells: usize,
) -> PartitionSnapshot {
    let (mut shown, mut markers) = (Vec::new(), Vec::new());
    for (it, part) in log.newest_parts(cells) {
        let (offset, timestamp_ms) = (it.offset, it.timestamp_ms);
        let transaction = match part {
            Part::Plain => None,
            Part::Of(state) => Some(state),
            Part::Marker(marker) => {
                markers.push((offset, marker));
                continue;
            }
        };
        if let Some(message) = it.message() {
            let passed_on = it.passed_on().cloned();
            shown.push(RecordCell { offset, message, timestamp_ms, transaction, passed_on });
        }
    }
    PartitionSnapshot {
        leader: cluster.metadata().leader(&partition),
        leader_epoch: cluster.metadata().partition(&partition).map_or(0, |it| it.leader_epoch),
        replicas: replicas(cluster, &partition),
        duplicates: duplicates(cluster, &partition),
        partition,
        log_start: log.log_start(),
        high_watermark: log.high_watermark(),
        last_stable: log.last_stable(),
        log_end: log.log_end(),
        records: log.count(),
        segments: log.segment_bases(SEGMENTS).collect(),
        size_bytes: log.size_bytes(),
        cleaning: None,
        cells: shown,
        markers,
    }
}

/// What its leaders have not appended again, all together.
fn duplicates(cluster: &Cluster, partition: &TopicPartition) -> Option<Duplicates> {
    let mut all: Option<Duplicates> = None;
    for it in cluster.brokers().filter_map(|it| it.duplicates(partition)) {
        let before = all.unwrap_or(Duplicates { count: 0, ..it });
        let last = if before.at < it.at { it } else { before };
        all = Some(Duplicates { count: before.count + it.count, ..last });
    }
    all
}

fn replicas(cluster: &Cluster, partition: &TopicPartition) -> Vec<ReplicaSnapshot> {
    let state = cluster.metadata().partition(partition).filter(|it| 1 < it.replicas.len());
    let told = state.into_iter().flat_map(|state| {
        state.replicas.iter().filter_map(|it| {
            let log = cluster.broker(*it).log(partition)?;
            Some(ReplicaSnapshot {
                broker: *it,
                in_sync: state.isr.contains(it),
                eligible: state.elr.contains(it),
                high_watermark: log.high_watermark(),
                log_end: log.log_end(),
            })
        })
    });
    told.collect()
}

fn cleaning(now: SimTime, settings: &TopicSettings, log: &Log) -> Option<CleaningSnapshot> {
    settings.cleanup_policy.compacts().then(|| {
        let Dirt { first, clean_bytes, dirty_bytes, .. } = log.dirt(now, settings);
        CleaningSnapshot { cleaned_to: first, clean_bytes, dirty_bytes }
    })
}

fn consumer(it: &Consumer, own: Option<&Producer>, cells: usize) -> ConsumerSnapshot {
    let process = it.process();
    let holds = process.into_iter().flat_map(|process| {
        // The record that is worked on is told by the state.
        let application = process.application.as_ref();
        let in_hand = usize::from(application.is_some_and(|it| it.work_in_hand().is_some()));
        application.into_iter().flat_map(Application::holds).skip(in_hand)
    });
    let holds = holds.filter_map(|(it, partition)| Some((it.message()?, partition.clone())));
    ConsumerSnapshot {
        name: it.setup().name.clone(),
        group: it.setup().group_name(),
        state: match process {
            Some(process) => state(process),
            None if it.has_crashed() => ConsumerState::Crashed,
            None => ConsumerState::Closed,
        },
        term: process.and_then(|it| it.client.term()),
        partitions: process.into_iter().flat_map(|it| it.client.reads().cloned()).collect(),
        holds: holds.take(cells).collect(),
        held: process.and_then(|it| it.application.as_ref()).map_or(0, Application::held),
        processed: it.processed(),
        transaction: own.filter(|it| it.is_running()).and_then(Producer::transacting),
    }
}

fn state(process: &Process) -> ConsumerState {
    let Process { client, application } = process;
    let waiting = || {
        if !client.is_settled() {
            ConsumerState::Joining
        } else if client.reads().next().is_none() {
            ConsumerState::Idle
        } else {
            ConsumerState::Waiting
        }
    };
    let Some(application) = application else { return waiting() };
    if application.is_paused() {
        return ConsumerState::Paused;
    }
    match application.doing() {
        Doing::Committing | Doing::Closing | Doing::Producing => ConsumerState::Committing,
        Doing::Starting => ConsumerState::Joining,
        Doing::Working { .. } => match application.work_in_hand() {
            Some((message, began, done)) => ConsumerState::Working { message, began, done },
            None => ConsumerState::Waiting,
        },
        Doing::Polling => waiting(),
    }
}

fn offsets_topic(cluster: &Cluster, cells: usize) -> Vec<OffsetsPartitionSnapshot> {
    let offsets = &cluster.metadata().offsets.name;
    let leader = |it: &TopicPartition| {
        let state = cluster.metadata().partition(it)?;
        state.leader.or(state.replicas.first().copied())
    };
    let logs = cluster
        .brokers()
        .flat_map(|broker| broker.logs().filter(move |(it, _)| leader(it) == Some(broker.id())));
    let mut shown: Vec<_> = logs
        .filter(|(it, log)| it.topic == *offsets && 0 < log.count())
        .map(|(it, log)| OffsetsPartitionSnapshot {
            partition: it.partition,
            records: offsets_records(log, cells),
            total: log.count(),
        })
        .collect();
    sort_by_key(&mut shown, |it| it.partition);
    shown
}

/// The newest records. Whether one is the latest of its key only newer ones can tell, so they are
/// gone through from the newest on.
fn offsets_records(log: &Log, cells: usize) -> Vec<OffsetsRecord> {
    let mut newer = Set::new();
    let mut records = Vec::new();
    for record in log.newest(cells).rev() {
        let Some((key, value)) = record.internal() else { continue };
        let latest = newer.insert(key.clone());
        let (group, content) = match Key::decode(key) {
            Some(Key::Offset { group, partition }) => {
                let committed = value.and_then(|it| OffsetValue::decode(it));
                (group, OffsetsContent::Commit(partition, committed.map(|it| it.committed.offset)))
            }
            Some(Key::Group { group }) => {
                let value = value.and_then(|it| GroupValue::decode(it));
                let told = value.map(|it| {
                    let generation = u32::try_from(it.generation).unwrap_or_default();
                    (generation, u32::try_from(it.members.len()).unwrap_or(u32::MAX))
                });
                (group, OffsetsContent::Metadata(told))
            }
            Some(Key::ConsumerGroup { kind, group, member }) => {
                let value = value.map(|it| &it[..]);
                let Some(change) = Change::read(kind, &member, value) else { continue };
                (group, change_content(&change))
            }
            None => continue,
        };
        let offset = record.offset;
        records.push(OffsetsRecord { offset, group: group.into(), content, latest });
    }
    records.reverse();
    records
}

fn change_content(change: &Change) -> OffsetsContent {
    let (what, member, epoch) = match change {
        Change::Group(it) => ("group", None, it.map(|it| it.epoch)),
        Change::Member(id, _) => ("member", Some(id), None),
        Change::TargetEpoch(it) => ("target", None, it.map(|it| it.epoch)),
        Change::Target(id, _) => ("target of", Some(id), None),
        Change::Current(id, it) => ("assignment of", Some(id), it.as_ref().map(|it| it.epoch)),
    };
    let removed = change.is_removal();
    OffsetsContent::Change { what, member: member.cloned(), epoch, removed }
}

/// What a message carries, as far as it is shown: one cargo per partition.
fn cargo(cluster: &Cluster, arrival: &Arrival) -> Vec<Cargo> {
    match (arrival.from.node, arrival.to.node) {
        (Node::Producer(place), _) => {
            let name = cluster.producer(place).name();
            let Packet::Request(_, Request::Produce { batches, .. }) = &arrival.packet else {
                return Vec::new();
            };
            let batches = batches.iter();
            let batches = batches.map(|(it, batch)| (it.clone(), batch.messages().collect()));
            batches.map(|(it, messages)| Cargo::Produce(name.clone(), it, messages)).collect()
        }
        (_, Node::Producer(place)) => {
            let Packet::Answer(_, Answer::Produce(results)) = &arrival.packet else {
                return Vec::new();
            };
            let name = cluster.producer(place).name();
            let answered = results.iter().filter_map(|(it, result)| {
                let messages = cluster.producer(place).awaited(arrival.packet.correlation()?, it);
                result.ok().map(|_| Cargo::ProduceAnswer(name.clone(), it.clone(), messages))
            });
            answered.collect()
        }
        (Node::Consumer(place), _) | (_, Node::Consumer(place)) => {
            consumer_cargo(cluster.consumer(place), &arrival.packet)
        }
        (Node::Broker(_) | Node::Admin | Node::Controller, _) => Vec::new(),
    }
}

fn consumer_cargo(consumer: &Consumer, packet: &Packet) -> Vec<Cargo> {
    let (name, group) = (&consumer.setup().name, &consumer.setup().group_name());
    match packet {
        Packet::Request(_, request) => asked_cargo(name, group, request),
        Packet::Answer(_, answer) => answered_cargo(name, group, answer),
        Packet::Disconnected | Packet::MetadataUpdate(_) => Vec::new(),
    }
}

fn asked_cargo(name: &ConsumerName, group: &GroupId, request: &Request) -> Vec<Cargo> {
    match request {
        Request::Group(GroupRequest::OffsetCommit { offsets, .. }) => offsets
            .iter()
            .map(|(it, at)| Cargo::Commit(name.clone(), group.clone(), it.clone(), at.offset))
            .collect(),
        Request::FindCoordinator { .. }
        | Request::Group(
            GroupRequest::Membership(_)
            | GroupRequest::ConsumerHeartbeat(_)
            | GroupRequest::ConsumerGroupDescribe { .. },
        ) => vec![Cargo::Membership(name.clone(), group.clone())],
        Request::ApiVersions
        | Request::Produce { .. }
        | Request::Fetch { .. }
        | Request::ListOffsets { .. }
        | Request::DeleteRecords { .. }
        | Request::OffsetForLeaderEpoch { .. }
        | Request::InitProducerId
        | Request::Transaction(_)
        | Request::FindTransactionCoordinator { .. }
        | Request::WriteTxnMarkers { .. }
        | Request::Group(GroupRequest::TxnOffsetCommit { .. })
        | Request::Metadata
        | Request::Controller(_)
        | Request::ListGroups
        | Request::Group(
            GroupRequest::OffsetFetch { .. }
            | GroupRequest::OffsetDelete { .. }
            | GroupRequest::DescribeGroups { .. }
            | GroupRequest::DeleteGroups { .. },
        ) => Vec::new(),
    }
}

fn answered_cargo(name: &ConsumerName, group: &GroupId, answer: &Answer) -> Vec<Cargo> {
    match answer {
        Answer::Fetch(results) => results
            .iter()
            .filter_map(|(it, result)| {
                let slice = result.as_ref().ok()?;
                let messages: Vec<MessageId> =
                    slice.records.iter().filter_map(Record::message).collect();
                Some(Cargo::Fetch(name.clone(), it.clone(), messages))
            })
            .collect(),
        Answer::OffsetCommit(_) => vec![Cargo::CommitAnswer(name.clone(), group.clone())],
        Answer::FindCoordinator(_)
        | Answer::JoinGroup(_)
        | Answer::SyncGroup(_)
        | Answer::Heartbeat(_)
        | Answer::ConsumerHeartbeat(_)
        | Answer::ConsumerGroupDescribe(_)
        | Answer::LeaveGroup(_) => vec![Cargo::Membership(name.clone(), group.clone())],
        Answer::ApiVersions
        | Answer::Produce(_)
        | Answer::InitProducerId(_)
        | Answer::TxnOffsetCommit(_)
        | Answer::AddedToTxn(_)
        | Answer::EndTxn(_)
        | Answer::DescribeTransaction(_)
        | Answer::WriteTxnMarkers(_)
        | Answer::ListOffsets(_)
        | Answer::DeleteRecords(_)
        | Answer::OffsetForLeaderEpoch(_)
        | Answer::Metadata(_)
        | Answer::BrokerRegistration { .. }
        | Answer::BrokerHeartbeat(_)
        | Answer::AlterPartition(..)
        | Answer::Controller(_)
        | Answer::ListGroups(_)
        | Answer::OffsetFetch(_)
        | Answer::OffsetDelete(_)
        | Answer::DescribeGroups(_)
        | Answer::DeleteGroups(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
