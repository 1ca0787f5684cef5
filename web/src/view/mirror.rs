//! The picture as tables.

use crate::words;
use brokerscope_core::kafka::snapshot::{
    ConsumerState as InKafka, Marker, PartitionSnapshot, RecordCell, Term, TransactionState,
};
use brokerscope_core::rabbitmq::snapshot::{ConsumerState as InRabbit, QueueSnapshot};
use brokerscope_core::workload::{MessageId, Workload};
use brokerscope_core::{kafka, rabbitmq};
use brokerscope_stage::{
    binding_words, consumer_words, count, queue_words, slot_words, standing_of_broker,
};

/// The tables.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MirrorView {
    pub(crate) tables: Vec<TableView>,
}

/// One of them; the first cell of a row is its heading.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TableView {
    pub(crate) title: String,
    pub(crate) headings: &'static [&'static str],
    pub(crate) rows: Vec<Vec<String>>,
}

/// How many messages are listed, newest first.
const MOST_MESSAGES: usize = 20;

/// What both systems hold, as tables.
pub(crate) fn mirror(
    kafka: &kafka::Snapshot,
    rabbitmq: &rabbitmq::Snapshot,
    workload: &Workload,
) -> MirrorView {
    let mut tables = vec![
        machines(kafka, rabbitmq),
        partitions(kafka),
        groups(kafka),
        queues(rabbitmq),
        exchanges(rabbitmq),
        consumers(kafka, rabbitmq),
        messages(kafka, rabbitmq, workload),
    ];
    // What there is none of needs no table.
    tables.retain(|it| !it.rows.is_empty());
    MirrorView { tables }
}

fn table(title: &str, headings: &'static [&'static str], rows: Vec<Vec<String>>) -> TableView {
    TableView { title: title.to_owned(), headings, rows }
}

fn partitions(kafka: &kafka::Snapshot) -> TableView {
    let partitions = kafka.topics.iter().flat_map(|topic| &topic.partitions);
    let row = |it: &PartitionSnapshot| {
        vec![
            it.partition.to_string(),
            it.log_start.to_string(),
            it.log_end.to_string(),
            it.high_watermark.to_string(),
            it.last_stable.to_string(),
            markers(it),
            count(it.records),
            segments(it),
            it.leader.map_or_else(
                || "none".to_owned(),
                |id| match it.leader_epoch {
                    0 => id.to_string(),
                    epoch => format!("{id} in epoch {epoch}"),
                },
            ),
            replicas(it),
        ]
    };
    let headings = &[
        "Partition",
        "Log start",
        "Log end",
        "High watermark",
        "Last stable offset",
        "Markers",
        "Records",
        "Segments",
        "Leader",
        "Replicas",
    ];
    table("Kafka: partitions", headings, partitions.map(row).collect())
}

/// How many segments there are, which of them is written to, and how far they are compacted.
fn segments(partition: &PartitionSnapshot) -> String {
    let mut text = partition.segments.len().to_string();
    if let [_, .., active] = partition.segments[..] {
        text += &format!(", active from {active}");
    }
    if let Some(cleaning) = partition.cleaning {
        text += &format!(", compacted to {}", cleaning.cleaned_to);
    }
    text
}

/// Where transactions ended in a partition, as far as its records are shown.
fn markers(partition: &PartitionSnapshot) -> String {
    let mut text = String::new();
    for (offset, marker) in &partition.markers {
        let gap = if text.is_empty() { "" } else { "; " };
        let how = match marker {
            Marker::Commit => "commit",
            Marker::Abort => "abort",
        };
        text += &format!("{gap}{how} at offset {offset}");
    }
    if text.is_empty() { "none".to_owned() } else { text }
}

/// How far each copy of a partition has come.
fn replicas(partition: &PartitionSnapshot) -> String {
    let mut text = String::new();
    for it in &partition.replicas {
        let gap = if text.is_empty() { "" } else { "; " };
        let state = match (it.in_sync, it.eligible) {
            (true, _) => "in sync",
            (false, true) => "out of sync, eligible leader replica",
            (false, false) => "out of sync",
        };
        text += &format!("{gap}{}: end {}, {state}", it.broker, it.log_end);
    }
    if text.is_empty() { "one".to_owned() } else { text }
}

/// What the brokers and the groups are doing.
fn machines(kafka: &kafka::Snapshot, rabbitmq: &rabbitmq::Snapshot) -> TableView {
    let mut rows = Vec::new();
    for it in &kafka.brokers {
        rows.push(vec![it.id.to_string(), standing_of_broker(it), String::new()]);
    }
    for it in &rabbitmq.nodes {
        let state = if it.running { words::RUNS } else { words::STOPPED };
        rows.push(vec![format!("node {}", it.node), state.to_owned(), String::new()]);
    }
    for it in &kafka.groups {
        let progress = it.progress.map_or_else(String::new, |(through, all)| {
            format!(", {through} of {all} members are through with it")
        });
        let term = if it.reconciling.is_some() { "epoch" } else { "generation" };
        rows.push(vec![
            format!("group {}", it.group),
            format!("{}{progress}", it.state),
            format!("{term} {}", it.generation),
        ]);
    }
    table("Brokers, nodes and groups", &["Who", "State", "Generation or epoch"], rows)
}

fn groups(kafka: &kafka::Snapshot) -> TableView {
    let mut rows = Vec::new();
    for group in &kafka.groups {
        for it in &group.partitions {
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
            rows.push(vec![
                format!("{} in {}", group.group, it.partition),
                or_none(it.owner.as_ref().map(ToString::to_string)),
                or_none(it.committed.map(|it| it.to_string())),
                or_none(it.position.map(|it| it.to_string())),
                or_none(it.lag.map(|it| it.to_string())),
            ]);
        }
    }
    let headings = &["Group", "Read by", "Committed", "Position", "Lag"];
    table("Kafka: where groups stand", headings, rows)
}

fn queues(rabbitmq: &rabbitmq::Snapshot) -> TableView {
    let row = |it: &QueueSnapshot| {
        let mut row = vec![it.name.to_string(), it.arguments.queue_type.to_string()];
        row.extend([it.ready, it.unacked, it.acked, it.removed].map(count));
        row.push(count(u64::from(it.consumers)));
        row.push(queue_words(it));
        row
    };
    let headings = &[
        "Queue",
        "Type",
        "Ready",
        "Unacknowledged",
        "Acknowledged",
        "Removed",
        "Consumers",
        "Limits and members",
    ];
    table("RabbitMQ: queues", headings, rabbitmq.queues.iter().map(row).collect())
}

/// The exchanges that choose, with their bindings.
fn exchanges(rabbitmq: &rabbitmq::Snapshot) -> TableView {
    let mut rows = Vec::new();
    for exchange in &rabbitmq.exchanges {
        let mut row = |binding: String, matched: bool| {
            let newest = exchange.newest.filter(|_| matched);
            rows.push(vec![
                exchange.name.to_string(),
                exchange.kind.to_string(),
                binding,
                newest.map_or_else(String::new, |it| it.to_string()),
            ]);
        };
        let mut none = true;
        for it in rabbitmq.bindings.iter().filter(|it| it.source == exchange.name) {
            row(binding_words(exchange, it), it.matched);
            none &= !it.matched;
        }
        if let Some(alternate) = &exchange.alternate {
            row(format!("what matches nothing → exchange {alternate}"), none);
        }
    }
    let headings = &["Exchange", "Type", "Binding", "Newest message that matches"];
    table("RabbitMQ: exchanges and bindings", headings, rows)
}

fn consumers(kafka: &kafka::Snapshot, rabbitmq: &rabbitmq::Snapshot) -> TableView {
    let mut rows = Vec::new();
    for it in &kafka.consumers {
        let reads: Vec<_> = it.partitions.iter().map(ToString::to_string).collect();
        let working = match it.state {
            InKafka::Working { message, .. } => Some(message),
            InKafka::Crashed
            | InKafka::Closed
            | InKafka::Joining
            | InKafka::Idle
            | InKafka::Waiting
            | InKafka::Committing
            | InKafka::Paused => None,
        };
        let mut reads = if reads.is_empty() { "nothing".to_owned() } else { reads.join(", ") };
        reads += &match it.term {
            Some(Term::Generation(number)) => format!("; generation {number}"),
            Some(Term::Epoch(number)) => format!("; epoch {number}"),
            None => String::new(),
        };
        rows.push((
            format!("{} (Kafka)", it.name),
            reads,
            working,
            it.held,
            it.processed,
            String::new(),
        ));
    }
    for it in &rabbitmq.consumers {
        let working = match it.state {
            InRabbit::Working { message, .. } => Some(message),
            InRabbit::Crashed
            | InRabbit::Closed
            | InRabbit::Connecting
            | InRabbit::Waiting
            | InRabbit::Paused => None,
        };
        let name = format!("{} (RabbitMQ)", it.name);
        rows.push((name, it.queue.to_string(), working, it.held, it.processed, consumer_words(it)));
    }
    let states = crate::view::consumers::consumers(kafka, rabbitmq);
    let rows =
        rows.into_iter().zip(states).map(|((name, reads, working, held, done, more), state)| {
            let mut state = match working {
                Some(message) => format!("works on {message}"),
                None => state.state.to_owned(),
            };
            if !more.is_empty() {
                state += &format!(", {more}");
            }
            vec![name, state, reads, count(held), count(done)]
        });
    let headings = &["Consumer", "State", "Reads", "Holds", "Processed"];
    table("Consumers", headings, rows.collect())
}

/// The messages in the picture, with their keys and their places in both systems.
fn messages(
    kafka: &kafka::Snapshot,
    rabbitmq: &rabbitmq::Snapshot,
    workload: &Workload,
) -> TableView {
    // A picture shows a few hundred at most.
    let mut places: Vec<(MessageId, [Option<String>; 2])> = Vec::new();
    let mut at = |id: MessageId, system: usize, place: String| {
        let index = places.partition_point(|(other, _)| *other < id);
        if places.get(index).is_none_or(|(other, _)| *other != id) {
            places.insert(index, (id, [None, None]));
        }
        places[index].1[system] = Some(place);
    };
    for partition in kafka.topics.iter().flat_map(|topic| &topic.partitions) {
        for RecordCell { offset, message, transaction, .. } in &partition.cells {
            let state = match transaction {
                None => "",
                Some(TransactionState::Open) => ", its transaction is open",
                Some(TransactionState::Committed) => ", its transaction is committed",
                Some(TransactionState::Aborted) => ", its transaction is aborted",
            };
            at(*message, 0, format!("{} at offset {offset}{state}", partition.partition));
        }
    }
    for queue in &rabbitmq.queues {
        for slot in &queue.slots {
            at(
                slot.message,
                1,
                format!("{}: {}", queue.name, slot_words(queue, slot, rabbitmq.at)),
            );
        }
    }
    let not_there = || "not there".to_owned();
    let row = |(id, [kafka, rabbitmq]): (MessageId, [Option<String>; 2])| {
        let key = workload.key(id).map(|key| String::from_utf8_lossy(key).into_owned());
        vec![
            id.to_string(),
            key.unwrap_or_else(|| "none".to_owned()),
            kafka.unwrap_or_else(not_there),
            rabbitmq.unwrap_or_else(not_there),
        ]
    };
    let rows = places.into_iter().rev().take(MOST_MESSAGES).map(row).collect();
    table("Newest messages", &["Message", "Key", "In Kafka", "In RabbitMQ"], rows)
}
