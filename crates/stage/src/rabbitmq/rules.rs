//! What kind of queue it is, what it was declared with, and what that made it drop, in words.

use crate::words::{count, joined};
use brokerscope_core::rabbitmq::config::{DeadLetterStrategy, Overflow, QueueType};
use brokerscope_core::rabbitmq::snapshot::{QueueSnapshot, SlotState};
use brokerscope_core::sim::SimDuration;

/// What it is called: its type too, where that is not the usual one or not that of all.
pub(super) fn called(it: &QueueSnapshot, all: &[QueueSnapshot]) -> String {
    let kind = it.arguments.queue_type;
    let differ = all.iter().any(|other| other.arguments.queue_type != kind);
    let what = match kind {
        QueueType::Classic if differ => "classic queue ",
        QueueType::Classic => "queue ",
        QueueType::Quorum => "quorum queue ",
        QueueType::Stream => "stream ",
    };
    joined(&[what, it.name.as_str()])
}

/// A span of time in few letters: `2.1s`, `34s`, `12m`, `3h`.
pub(super) fn short(span: SimDuration) -> String {
    // Up, so that what is left is never said to be nothing.
    let tenths = span.0.div_ceil(100_000);
    let seconds = tenths.div_ceil(10);
    let (number, unit) = match seconds {
        0..10 if !tenths.is_multiple_of(10) => {
            let (whole, part) = ((tenths / 10).to_string(), (tenths % 10).to_string());
            return joined(&[&whole, ".", &part, "s"]);
        }
        0..120 => (seconds, "s"),
        120..7_200 => (seconds / 60, "m"),
        7_200..172_800 => (seconds / 3_600, "h"),
        172_800.. => (seconds / 86_400, "d"),
    };
    joined(&[&count(number), unit])
}

/// What it was declared with beyond the defaults.
pub(super) fn rules(it: &QueueSnapshot) -> Vec<String> {
    let arguments = &it.arguments;
    let mut said = Vec::new();
    let of_ms = |ms: u64| short(SimDuration::millis(ms));
    if let Some(most) = arguments.max_length {
        let messages = if most == 1 { " message" } else { " messages" };
        said.push(joined(&["at most ", &count(most), messages]));
    }
    if let Some(most) = arguments.max_length_bytes {
        said.push(joined(&[&count(it.ready_bytes), " of ", &count(most), " bytes"]));
    }
    if arguments.max_length.is_some() || arguments.max_length_bytes.is_some() {
        let dead_letters = arguments.dead_letter_exchange.0.is_some();
        said.push(
            match (arguments.overflow, dead_letters) {
                (Overflow::DropHead, false) => "then drops from its head",
                (Overflow::DropHead, true) => "then dead-letters from its head",
                (Overflow::RejectPublishDlx, true) => "then dead-letters what is new",
                (Overflow::RejectPublish, _) | (Overflow::RejectPublishDlx, false) => {
                    "then refuses what is new"
                }
            }
            .to_owned(),
        );
    }
    if let Some(ms) = arguments.message_ttl_ms {
        said.push(joined(&["expires at its head after ", &of_ms(ms)]));
    }
    if let Some(most) = it.delivery_limit.filter(|_| arguments.delivery_limit.is_some()) {
        said.push(joined(&["comes back at most ", &count(u64::from(most)), "×"]));
    }
    if let Some(most) = arguments.max_priority {
        said.push(joined(&["priorities up to ", &count(most)]));
    }
    if arguments.single_active_consumer {
        said.push("single active consumer".to_owned());
    }
    if let Some(ms) = arguments.expires_ms {
        said.push(joined(&["deleted when unused for ", &of_ms(ms)]));
    }
    if arguments.dead_letter_strategy == DeadLetterStrategy::AtLeastOnce {
        said.push("keeps dead letters until confirmed".to_owned());
    }
    said
}

/// What its limits made it drop and refuse, and the last of each; nothing if it has no limits.
pub(super) fn dropped(it: &QueueSnapshot) -> Vec<String> {
    let arguments = &it.arguments;
    let full = arguments.max_length.is_some() || arguments.max_length_bytes.is_some();
    let refuses = full && arguments.overflow != Overflow::DropHead;
    let drops = (full && !refuses)
        || arguments.message_ttl_ms.is_some()
        || arguments.delivery_limit.is_some();
    let mut lines = Vec::new();
    if drops {
        let mut said = String::new();
        for (reason, number) in &it.reasons {
            said += if said.is_empty() { "gone: " } else { ", " };
            said += &joined(&[&count(*number), " ", reason.as_str()]);
        }
        let gone = |state: &SlotState| matches!(state, SlotState::Removed(Some(_)));
        if let Some(last) = it.slots.iter().rev().find(|it| gone(&it.state)) {
            said += &joined(&[", last ", &last.message.to_string()]);
        }
        lines.push(if said.is_empty() { "nothing dropped yet".to_owned() } else { said });
    }
    if refuses {
        lines.push(match it.refused {
            (number, Some(last)) => {
                joined(&["refused ", &count(number), ", last ", &last.to_string()])
            }
            (_, None) => "nothing refused yet".to_owned(),
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_in_few_letters_and_never_too_short() {
        let texts = [0, 1, 100, 2_050, 9_000, 9_950, 34_100, 119_000, 120_000, 7_200_000]
            .map(|ms| short(SimDuration::millis(ms)));
        let expected = ["0s", "0.1s", "0.1s", "2.1s", "9s", "10s", "35s", "119s", "2m", "2h"];
        assert_eq!(texts, expected);
        assert_eq!(short(SimDuration::seconds(864_000)), "10d");
    }
}
