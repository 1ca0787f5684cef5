//! RabbitMQ's state for JavaScript.

use brokerscope_core::rabbitmq::snapshot::{self, ConsumerState, SlotState};
use serde::Serialize;

/// The state of the broker and its clients.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RabbitMq {
    publishers: Vec<Publisher>,
    exchanges: Vec<Exchange>,
    bindings: Vec<Binding>,
    queues: Vec<Queue>,
    consumers: Vec<Consumer>,
}

#[derive(Debug, Serialize)]
struct Publisher {
    name: String,
    sent: u64,
    confirmed: u64,
}

#[derive(Debug, Serialize)]
struct Exchange {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Binding {
    source: String,
    destination: String,
    to_exchange: bool,
    routing_key: String,
}

#[derive(Debug, Serialize)]
struct Queue {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    ready: u64,
    unacked: u64,
    enqueued: u64,
    acked: u64,
    removed: u64,
    consumers: u32,
    newest: Vec<Slot>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Slot {
    arrival: u64,
    message: u32,
    state: &'static str,
    unacked_by: Option<String>,
    redelivered: bool,
    removed_because: Option<&'static str>,
    returns: u32,
    priority: u8,
    deaths: Vec<Death>,
}

#[derive(Debug, Serialize)]
struct Death {
    queue: String,
    reason: &'static str,
    count: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Consumer {
    name: String,
    queue: String,
    state: &'static str,
    works_on: Option<u32>,
    prefetch_count: u32,
    auto_ack: bool,
    holds: Vec<u32>,
    held: u64,
    unacked: u64,
    processed: u64,
}

impl From<snapshot::Snapshot> for RabbitMq {
    fn from(it: snapshot::Snapshot) -> Self {
        let publishers = it.publishers.iter().map(|it| Publisher {
            name: it.name.to_string(),
            sent: it.sent,
            confirmed: it.confirmed,
        });
        let exchanges = it
            .exchanges
            .iter()
            .map(|it| Exchange { name: it.name.to_string(), kind: it.kind.as_str() });
        let bindings = it.bindings.iter().map(|it| Binding {
            source: it.source.to_string(),
            destination: it.destination.as_str().to_owned(),
            to_exchange: it.destination.is_exchange(),
            routing_key: it.routing_key.to_string(),
        });
        Self {
            publishers: publishers.collect(),
            exchanges: exchanges.collect(),
            bindings: bindings.collect(),
            queues: it.queues.iter().map(Queue::from).collect(),
            consumers: it.consumers.iter().map(Consumer::from).collect(),
        }
    }
}

impl From<&snapshot::QueueSnapshot> for Queue {
    fn from(it: &snapshot::QueueSnapshot) -> Self {
        Self {
            name: it.name.to_string(),
            kind: it.arguments.queue_type.as_str(),
            ready: it.ready,
            unacked: it.unacked,
            enqueued: it.enqueued,
            acked: it.acked,
            removed: it.removed,
            consumers: it.consumers,
            newest: it.slots.iter().map(Slot::from).collect(),
        }
    }
}

impl From<&snapshot::Slot> for Slot {
    fn from(it: &snapshot::Slot) -> Self {
        let (state, unacked_by) = match &it.state {
            SlotState::Ready => ("ready", None),
            SlotState::Unacked(consumer) => ("unacked", Some(consumer.to_string())),
            SlotState::Acked => ("acked", None),
            SlotState::DeadLettering(_) => ("dead-lettering", None),
            SlotState::Removed(_) => ("removed", None),
        };
        let deaths = it.deaths.iter().map(|it| Death {
            queue: it.queue.to_string(),
            reason: it.reason.as_str(),
            count: it.count,
        });
        Self {
            arrival: it.arrival,
            message: it.message.0,
            state,
            unacked_by,
            redelivered: it.redelivered,
            removed_because: match it.state {
                SlotState::DeadLettering(reason) | SlotState::Removed(Some(reason)) => {
                    Some(reason.as_str())
                }
                SlotState::Ready
                | SlotState::Unacked(_)
                | SlotState::Acked
                | SlotState::Removed(None) => None,
            },
            returns: it.returns,
            priority: it.priority,
            deaths: deaths.collect(),
        }
    }
}

impl From<&snapshot::ConsumerSnapshot> for Consumer {
    fn from(it: &snapshot::ConsumerSnapshot) -> Self {
        let (state, works_on) = match &it.state {
            ConsumerState::Crashed => ("crashed", None),
            ConsumerState::Closed => ("closed", None),
            ConsumerState::Connecting => ("connecting", None),
            ConsumerState::Waiting => ("waiting", None),
            ConsumerState::Working { message, .. } => ("working", Some(message.0)),
            ConsumerState::Paused => ("paused", None),
        };
        Self {
            name: it.name.to_string(),
            queue: it.queue.to_string(),
            state,
            works_on,
            prefetch_count: it.prefetch_count,
            auto_ack: it.auto_ack,
            holds: it.holds.iter().map(|message| message.0).collect(),
            held: it.held,
            unacked: it.unacked,
            processed: it.processed,
        }
    }
}
