//! What the marks mean, in a line under each lane.

use crate::item::{Dash, Step};
use crate::metrics::Metrics;
use crate::scene::{Lane, Scene};
use crate::sheet::{QUIET, Sheet, line};
use crate::tone::{NO_KEY, Tone};
use crate::unit::{Area, Len, Point, px};
use crate::{kafka, rabbitmq};

/// A mark, small.
#[derive(Clone, Copy)]
enum Mark {
    Solid,
    Ringed,
    Faded,
    Bookmark,
    Position,
    Outlined,
    Hollow,
    Cut,
    Hole,
    Ghost,
    Again,
    Gone,
    Back,
    Check,
    Reads,
    Pending,
    Struck,
    Commit,
    Abort,
    /// The words begin with what they explain.
    Words,
}

const KAFKA: [(Mark, &str); 5] = [
    (Mark::Solid, "not read yet"),
    (Mark::Ringed, "delivered, not committed"),
    (Mark::Faded, "committed"),
    (Mark::Bookmark, "bookmark"),
    (Mark::Position, "position"),
];

const RABBITMQ: [(Mark, &str); 4] = [
    (Mark::Solid, "ready"),
    (Mark::Outlined, "unacknowledged, who has it"),
    (Mark::Ghost, "acknowledged, gone"),
    (Mark::Again, "redelivered"),
];

const STREAM: [(Mark, &str); 2] =
    [(Mark::Solid, "kept"), (Mark::Reads, "where a consumer reads on")];

/// What there is to explain in a lane.
fn entries(scene: &Scene<'_>, lane: Lane) -> Vec<(Mark, &'static str)> {
    if lane == Lane::Kafka {
        let (seen, present) = (kafka::seen(scene), kafka::present(scene));
        let mut entries = KAFKA.to_vec();
        for (there, mark, words) in [
            (seen.replicas, Mark::Outlined, "not replicated yet"),
            (seen.passed_over, Mark::Hollow, "before where reading began"),
            (seen.segments, Mark::Cut, "end of a segment"),
            (seen.holes, Mark::Hole, "records removed"),
            (present.open, Mark::Pending, "in an open transaction"),
            (present.aborted, Mark::Struck, "aborted"),
            (present.commit, Mark::Commit, "commit marker"),
            (present.abort, Mark::Abort, "abort marker"),
        ] {
            if there {
                entries.push((mark, words));
            }
        }
        return entries;
    }
    let seen = rabbitmq::seen(scene);
    let mut entries = Vec::new();
    if seen.queues {
        entries.extend_from_slice(&RABBITMQ);
    }
    if seen.streams {
        entries.extend_from_slice(&STREAM[usize::from(seen.queues)..]);
    }
    for (there, mark, words) in [
        (seen.dropped, Mark::Gone, "left without an ack"),
        (seen.priorities, Mark::Words, "p5: priority 5"),
        (seen.returns, Mark::Words, "×2: came back twice"),
        (seen.expiry, Mark::Words, "9s: until it expires"),
        (seen.bindings, Mark::Check, "matches the newest message"),
        (seen.back, Mark::Back, "sent back or refused"),
    ] {
        if there {
            entries.push((mark, words));
        }
    }
    entries
}

/// The height of a line.
const LINE: Len = px(20);

/// Draws the legend of a lane from `at` on; tells where it ends.
pub(crate) fn draw(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    lane: Lane,
    at: Point,
) -> Len {
    let left = at.x + m.margin;
    let right =
        if m.side_by_side || !m.beside { at.x + m.lane - m.margin } else { at.x + m.storage_end() };
    let (mut x, mut y) = (left, at.y);
    for (mark, words) in entries(scene, lane) {
        let indent = if matches!(mark, Mark::Words) { Len::ZERO } else { px(20) };
        let width = indent + QUIET.width(words);
        if left < x && right < x + width {
            (x, y) = (left, y + LINE);
        }
        swatch(sheet, mark, Area::new(x, y + px(3), px(14), px(14)));
        let end = sheet.text(Point::new(x + indent, y + px(14)), QUIET, right - x, words);
        x = end + px(12);
    }
    y + LINE
}

fn swatch(sheet: &mut Sheet, mark: Mark, area: Area) {
    let edge = |dash| line(Tone::KeyEdge(NO_KEY), 10, dash);
    let centre = area.centre();
    let fill = Some(Tone::Key(NO_KEY));
    match mark {
        Mark::Solid => sheet.rect(area.inset(px(1)), 3, fill, Some(edge(Dash::Solid))),
        Mark::Ringed => {
            sheet.rect(area.inset(px(1)), 3, fill, Some(line(Tone::Text, 20, Dash::Solid)));
        }
        Mark::Faded => sheet.rect(area.inset(px(1)), 3, Some(Tone::KeySoft(NO_KEY)), None),
        Mark::Outlined => {
            let dashes = line(Tone::KeyEdge(NO_KEY), 15, Dash::Dashed);
            sheet.rect(area.inset(px(1)), 3, None, Some(dashes));
        }
        Mark::Hollow => sheet.rect(area.inset(px(1)), 3, None, Some(edge(Dash::Solid))),
        Mark::Cut => {
            let tick = line(Tone::Muted, 10, Dash::Solid);
            for y in [area.y, area.bottom()] {
                let p = |dy: i32| Point::new(centre.x, y + px(dy));
                sheet.segment(p(-3), p(3), tick);
            }
        }
        Mark::Hole => {
            let (top, low) = (Point::new(centre.x, area.y), Point::new(centre.x, area.bottom()));
            sheet.segment(top, low, line(Tone::Muted, 10, Dash::Dotted));
        }
        Mark::Ghost => {
            sheet.rect(area.inset(px(1)), 3, None, Some(line(Tone::Muted, 15, Dash::Dotted)));
        }
        Mark::Again => {
            let cell = Area::new(area.x - px(12), centre.y - Len(85), px(28), px(28));
            sheet.again(cell, Tone::Text);
        }
        Mark::Words => {}
        Mark::Pending => {
            sheet.rect(area.inset(px(1)), 3, fill, Some(edge(Dash::Solid)));
            let cell = Area::new(area.x + px(1), centre.y - Len(85), px(14), px(14));
            sheet.pending(cell, Tone::OnKey(NO_KEY));
        }
        Mark::Struck => {
            sheet.rect(area.inset(px(1)), 3, Some(Tone::KeySoft(NO_KEY)), None);
            sheet.strike(area.inset(-px(1)));
        }
        Mark::Commit => sheet.marker(area, true),
        Mark::Abort => sheet.marker(area, false),
        Mark::Gone => {
            sheet.rect(area.inset(px(1)), 3, None, Some(line(Tone::Muted, 15, Dash::Dotted)));
            sheet.removed(area);
        }
        Mark::Back => sheet.back(centre, Tone::Muted),
        Mark::Check => sheet.check(centre),
        Mark::Reads => {
            let (top, low) = (Point::new(centre.x, area.y), Point::new(centre.x, area.bottom()));
            sheet.segment(top, low, line(Tone::Rabbit, 20, Dash::Solid));
        }
        Mark::Position => {
            let stroke = line(Tone::Kafka, 20, Dash::Dashed);
            sheet.segment(
                Point::new(centre.x, area.y),
                Point::new(centre.x, area.bottom()),
                stroke,
            );
        }
        Mark::Bookmark => bookmark(sheet, area),
    }
}

fn bookmark(sheet: &mut Sheet, area: Area) {
    let p = |dx: i32, dy: i32| Point::new(area.x + px(dx), area.y + px(dy));
    sheet.segment(p(2, 1), p(2, 14), line(Tone::Kafka, 20, Dash::Solid));
    let flag = vec![
        Step::Move(p(2, 0)),
        Step::Line(p(13, 0)),
        Step::Line(p(9, 5)),
        Step::Line(p(13, 9)),
        Step::Line(p(2, 9)),
        Step::Close,
    ];
    sheet.path(flag, Some(Tone::Kafka), None);
}
