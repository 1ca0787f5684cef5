//! The clock, its controls, and the turns of the story along it.

use crate::address::{clock, seconds};
use crate::session::Speed;
use brokerscope_core::sim::SimTime;
use brokerscope_core::weight::Mark;

/// What the transport shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TransportView {
    pub(crate) playing: bool,
    /// Now, as the clock shows it.
    pub(crate) time: String,
    /// The end, in seconds.
    pub(crate) end: String,
    /// Now, for those who hear it.
    pub(crate) spoken: String,
    pub(crate) now_ms: u64,
    pub(crate) end_ms: u64,
    pub(crate) speed: Speed,
    pub(crate) marks: Vec<MarkView>,
}

/// A turn of the story on the line of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MarkView {
    /// Told apart by this.
    pub(crate) key: String,
    /// Where on the line: `57.20%`.
    pub(crate) x: String,
    /// Which kind, for the style sheet.
    pub(crate) kind: &'static str,
    /// Its word, if there is room for it.
    pub(crate) label: Option<&'static str>,
    /// On which side of the place the word stands.
    pub(crate) anchor: &'static str,
}

/// A turn of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) at: SimTime,
    pub(crate) kind: Mark,
    pub(crate) word: &'static str,
}

/// How wide a letter of a label is at most.
const LETTER_PX: u64 = 8;

/// How far two labels stay apart.
const GAP_PX: u64 = 8;

/// The transport at `now` of a run that ends at `end`, whose line is `width_px` wide.
pub(crate) fn transport(
    (now, end): (SimTime, SimTime),
    (playing, speed): (bool, Speed),
    turns: &[Turn],
    width_px: u64,
) -> TransportView {
    TransportView {
        playing,
        speed,
        time: clock(now),
        end: seconds(end),
        spoken: format!("{} of {} seconds", clock(now), seconds(end)),
        now_ms: now.0 / 1_000,
        end_ms: end.0.div_ceil(1_000),
        marks: marks(turns, end, width_px),
    }
}

/// The marks along the line: every place once, and labels only where they have room.
fn marks(turns: &[Turn], end: SimTime, width_px: u64) -> Vec<MarkView> {
    let mut placed: Vec<MarkView> = Vec::new();
    // Up to where a label or a mark reaches already.
    let (mut free_px, mut last): (u64, Option<(u64, Mark)>) = (0, None);
    for turn in turns {
        let x_px = turn.at.0.min(end.0) * width_px / end.0.max(1);
        if last == Some((x_px, turn.kind)) {
            continue;
        }
        last = Some((x_px, turn.kind));
        let wide_px = turn.word.chars().count() as u64 * LETTER_PX;
        let (anchor, from_px) = if x_px < wide_px / 2 {
            ("start", x_px)
        } else if width_px < x_px + wide_px / 2 {
            ("end", x_px.saturating_sub(wide_px))
        } else {
            ("middle", x_px - wide_px / 2)
        };
        let has_room = free_px <= from_px && from_px + wide_px <= width_px + GAP_PX;
        if has_room {
            free_px = from_px + wide_px + GAP_PX;
        }
        let parts = turn.at.0.min(end.0) * 10_000 / end.0.max(1);
        placed.push(MarkView {
            key: format!("{} {}", turn.at.0, turn.kind.as_str()),
            x: format!("{}.{:02}%", parts / 100, parts % 100),
            kind: match turn.kind {
                Mark::Fault => "fault",
                Mark::Rebalance => "rebalance",
                Mark::Removal => "removal",
                Mark::DeadLetter => "dead-letter",
            },
            label: has_room.then_some(turn.word),
            anchor,
        });
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(turns: &[(u64, Mark, &'static str)], width_px: u64) -> Vec<String> {
        let turns: Vec<_> = turns
            .iter()
            .map(|(s, kind, word)| Turn { at: SimTime(s * 1_000_000), kind: *kind, word })
            .collect();
        let view = |it: MarkView| format!("{} {} {}", it.x, it.label.unwrap_or("-"), it.anchor);
        marks(&turns, SimTime(20_000_000), width_px).into_iter().map(view).collect()
    }

    #[test]
    fn labels_do_not_run_into_each_other_or_over_the_ends() {
        let turns = [
            (0, Mark::Rebalance, "rebalance"),
            (10, Mark::Fault, "crash"),
            (11, Mark::Rebalance, "rebalance"),
            (20, Mark::Fault, "restart"),
        ];
        let wide = [
            "0.00% rebalance start",
            "50.00% crash middle",
            "55.00% - middle",
            "100.00% restart end",
        ];
        assert_eq!(sketch(&turns, 800), wide);
        let narrow =
            ["0.00% rebalance start", "50.00% crash middle", "55.00% - middle", "100.00% - end"];
        assert_eq!(sketch(&turns, 160), narrow);
    }

    #[test]
    fn what_falls_on_one_place_is_marked_once() {
        let turns = [(5, Mark::Fault, "crash"), (5, Mark::Fault, "crash")];
        assert_eq!(sketch(&turns, 800), ["25.00% crash middle"]);
    }
}
