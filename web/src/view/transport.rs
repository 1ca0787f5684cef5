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

/// The marks along the line: every place once, and labels only where they have room. What went
/// wrong has its label first.
fn marks(turns: &[Turn], end: SimTime, width_px: u64) -> Vec<MarkView> {
    let mut shown: Vec<(u64, &Turn)> = Vec::new();
    for turn in turns {
        let x_px = turn.at.0.min(end.0) * width_px / end.0.max(1);
        if shown.iter().all(|(x, it)| (*x, it.kind) != (x_px, turn.kind)) {
            shown.push((x_px, turn));
        }
    }
    let mut labels: Vec<Option<Label>> = vec![None; shown.len()];
    for is_later in [false, true] {
        for (place, (x_px, turn)) in shown.iter().enumerate() {
            let label = Label::at(*x_px, turn.word, width_px);
            let has_room = labels.iter().flatten().all(|other| !label.touches(*other));
            if has_room && (turn.kind == Mark::Rebalance) == is_later {
                labels[place] = Some(label);
            }
        }
    }
    shown.iter().zip(labels).map(|((_, turn), label)| mark(turn, end, label)).collect()
}

fn mark(turn: &Turn, end: SimTime, label: Option<Label>) -> MarkView {
    let parts = turn.at.0.min(end.0) * 10_000 / end.0.max(1);
    MarkView {
        key: format!("{} {}", turn.at.0, turn.kind.as_str()),
        x: format!("{}.{:02}%", parts / 100, parts % 100),
        kind: match turn.kind {
            // Only what breaks something is red.
            Mark::Fault if turn.word == "crash" || turn.word == turn.kind.as_str() => "fault",
            Mark::Fault => "change",
            Mark::Rebalance => "rebalance",
            Mark::Removal => "removal",
            Mark::DeadLetter => "dead-letter",
        },
        label: label.map(|_| turn.word),
        anchor: label.map_or("middle", |label| label.anchor),
    }
}

/// Where a label stands, in pixels of the line.
#[derive(Clone, Copy)]
struct Label {
    from_px: u64,
    to_px: u64,
    anchor: &'static str,
}

impl Label {
    /// The label of a mark at `x_px`, kept inside the line.
    fn at(x_px: u64, word: &str, width_px: u64) -> Self {
        let wide_px = word.chars().count() as u64 * LETTER_PX;
        let (anchor, from_px) = if x_px < wide_px / 2 {
            ("start", x_px)
        } else if width_px < x_px + wide_px / 2 {
            ("end", x_px.saturating_sub(wide_px))
        } else {
            ("middle", x_px - wide_px / 2)
        };
        Self { from_px, to_px: from_px + wide_px, anchor }
    }

    fn touches(self, other: Self) -> bool {
        self.from_px < other.to_px + GAP_PX && other.from_px < self.to_px + GAP_PX
    }
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
        // What went wrong has its word first.
        let narrow =
            ["0.00% - middle", "50.00% crash middle", "55.00% - middle", "100.00% - middle"];
        assert_eq!(sketch(&turns, 120), narrow);
    }

    #[test]
    fn what_falls_on_one_place_is_marked_once() {
        let turns = [(5, Mark::Fault, "crash"), (5, Mark::Fault, "crash")];
        assert_eq!(sketch(&turns, 800), ["25.00% crash middle"]);
    }
}
