//! What is noted under a message in a queue: its priority, how often it came back, how long it may
//! still wait, and which message is next where that is not the first.

use super::rules::short;
use crate::item::Anchor;
use crate::metrics::GAP;
use crate::sheet::{BODY, QUIET, Sheet};
use crate::unit::{Area, Len, Point, px};
use crate::words::{counted, fitted, joined};
use brokerscope_core::rabbitmq::config::QueueType;
use brokerscope_core::rabbitmq::snapshot::{QueueSnapshot, Slot, SlotState};
use brokerscope_core::sim::SimTime;

/// The height of a line of notes.
const NOTE: Len = px(14);

/// What is noted in a queue. It does not come and go with single messages, so that nothing jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Notes {
    /// Each message's priority.
    pub(super) priorities: bool,
    /// Each message's delivery count.
    pub(super) returns: bool,
    /// How long each may still wait.
    pub(super) expiry: bool,
    /// Whether it is a stream: where each consumer reads.
    positions: bool,
    /// The message that is served next, if it is not the first.
    next: Option<u64>,
}

impl Notes {
    pub(super) fn of(it: &QueueSnapshot) -> Self {
        let arguments = &it.arguments;
        let positions = arguments.queue_type == QueueType::Stream;
        let first = it.slots.iter().find(|it| it.state == SlotState::Ready);
        let next = it.next.filter(|next| first.is_some_and(|it| it.arrival != *next));
        Self {
            priorities: arguments.max_priority.is_some()
                || it.slots.iter().any(|it| it.priority != 0),
            returns: arguments.delivery_limit.is_some() || it.returns != 0,
            expiry: arguments.message_ttl_ms.is_some()
                || it.slots.iter().any(|it| it.expires.is_some()),
            positions,
            next: next.filter(|_| !positions),
        }
    }

    /// How high the lines are that only notes need: the holder's line is there anyway.
    pub(super) fn height(self) -> Len {
        let lines = [self.priorities, self.returns, self.positions];
        NOTE * lines.into_iter().map(i32::from).sum()
    }

    /// Notes what there is under a message.
    pub(super) fn draw(self, sheet: &mut Sheet, now: SimTime, slot: &Slot, cell: Area) {
        let ready = slot.state == SlotState::Ready;
        let there = ready || matches!(slot.state, SlotState::Unacked(_));
        if self.positions {
            return;
        }
        let mut at = Point::new(cell.centre().x, cell.bottom() + px(12));
        let mut note = |at: Point, style, text: String| {
            let text = fitted(&text, BODY.size, BODY.weight, cell.width + GAP);
            sheet.text_at(at, Anchor::Middle, style, text);
        };
        if let Some(left) = left(slot, now).filter(|_| ready) {
            note(at, QUIET, left);
        } else if ready && self.next == Some(slot.arrival) {
            note(at, BODY, "next".to_owned());
        }
        if self.priorities {
            at.y += NOTE;
            if there && slot.priority != 0 {
                note(at, QUIET, joined(&["p", &slot.priority.to_string()]));
            }
        }
        if self.returns {
            at.y += NOTE;
            if there && slot.returns != 0 {
                note(at, QUIET, joined(&["×", &slot.returns.to_string()]));
            }
        }
    }
}

/// How long a message may still wait; `due` if its time is over and it is not at the head.
pub(super) fn left(slot: &Slot, now: SimTime) -> Option<String> {
    let expires = slot.expires?;
    Some(if expires <= now { "due".to_owned() } else { short(expires.since(now)) })
}

/// What is noted about a message that is there, in words, to be said after what else is said of
/// it.
pub(super) fn label(slot: &Slot, now: SimTime) -> String {
    let mut said = String::new();
    if slot.priority != 0 {
        said += &joined(&[", priority ", &slot.priority.to_string()]);
    }
    if slot.returns != 0 {
        let times = counted(u64::from(slot.returns), "time", "times");
        said += &joined(&[", came back ", &times]);
    }
    match left(slot, now).filter(|_| slot.state == SlotState::Ready) {
        Some(left) if left == "due" => said += ", its time is over: it goes at the head",
        Some(left) => said += &joined(&[", expires in ", &left]),
        None => {}
    }
    said
}
