//! What the lane shows, in words: for labels, and for tables beside the picture.

use super::{dead, exchanges, members, notes, rules};
use crate::words::joined;
use brokerscope_core::rabbitmq::config::{ExchangeType, QueueType};
use brokerscope_core::rabbitmq::snapshot::{
    BindingSnapshot, ConsumerSnapshot, ExchangeSnapshot, QueueSnapshot, Slot, SlotState,
};
use brokerscope_core::sim::SimTime;

/// What a queue was declared with beyond the defaults, what that made it drop, and how its members
/// stand; empty if there is nothing to tell.
#[must_use]
pub fn queue_words(it: &QueueSnapshot) -> String {
    let mut said = String::new();
    for more in rules::rules(it).iter().chain(&rules::dropped(it)) {
        said += if said.is_empty() { "" } else { "; " };
        said += more;
    }
    if let Some(it) = &it.members {
        said += if said.is_empty() { "" } else { "; " };
        said += &members::label(it);
    }
    said
}

/// What became of a message in a queue.
#[must_use]
pub fn slot_words(it: &QueueSnapshot, slot: &Slot, now: SimTime) -> String {
    let mut said = match &slot.state {
        SlotState::Ready if it.arguments.queue_type == QueueType::Stream => {
            joined(&["at offset ", &slot.arrival.to_string()])
        }
        SlotState::Ready if slot.redelivered => "ready again, redelivered".to_owned(),
        SlotState::Ready => "ready".to_owned(),
        SlotState::Unacked(consumer) => joined(&["unacknowledged, with ", consumer.as_str()]),
        SlotState::Acked => "acknowledged and gone".to_owned(),
        SlotState::DeadLettering(reason) => {
            joined(&[reason.as_str(), ", kept until it is confirmed as a dead letter"])
        }
        SlotState::Removed(None) => "purged or lost".to_owned(),
        SlotState::Removed(Some(reason)) => {
            let dead_letters = it.arguments.dead_letter_exchange.0.is_some();
            let gone = if dead_letters { "dead-lettered: " } else { "dropped: " };
            joined(&[gone, reason.as_str()])
        }
    };
    if !matches!(slot.state, SlotState::Ready | SlotState::Unacked(_)) {
        return said;
    }
    said += &notes::label(slot, now);
    for death in &slot.deaths {
        said += "; ";
        said += &dead::why(death);
    }
    said
}

/// Which messages a binding takes, and where to.
#[must_use]
pub fn binding_words(exchange: &ExchangeSnapshot, it: &BindingSnapshot) -> String {
    let which = match exchange.kind {
        ExchangeType::Fanout => "all".to_owned(),
        ExchangeType::Headers => exchanges::headers(&it.arguments),
        ExchangeType::Direct | ExchangeType::Topic => it.routing_key.to_string(),
    };
    joined(&[&which, " → ", &exchanges::destination(it)])
}

/// How a consumer stands at its queue, and why its channel was closed; empty if there is nothing
/// to tell.
#[must_use]
pub fn consumer_words(it: &ConsumerSnapshot) -> String {
    let mut said = super::tag(it);
    let mut more = |what: &str| {
        said += if said.is_empty() { "" } else { ", " };
        said += what;
    };
    if it.standing.active == Some(false) {
        more("stands by");
    }
    if let Some(offset) = it.standing.offset {
        more(&joined(&["next offset ", &offset.to_string()]));
    }
    if let Some(error) = &it.error {
        more(&joined(&[&error.code.to_string(), " ", &error.text]));
    }
    said
}
