//! One queue: what waits in it, what is out with a consumer, the gaps that the rest left.

use crate::cell::{Look, mark};
use crate::item::{Anchor, Dash};
use crate::metrics::{CELL, GAP, Metrics};
use crate::places::Places;
use crate::scene::{Scene, Target};
use crate::sheet::{BODY, LABEL, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{count, fitted, joined};
use brokerscope_core::rabbitmq::snapshot::{DeathSnapshot, QueueSnapshot, Slot, SlotState};

/// From one line of cells to the next: the cells, and who has them.
const LINE: Len = px(44);
/// The height of a line of dead letters.
const DEAD: Len = px(36);
/// How many lines of dead letters are shown.
const DEAD_LINES: i32 = 2;

/// How many lines of cells each queue gets: enough for the whole workload, up to a limit.
pub(super) fn lines(scene: &Scene<'_>, m: &Metrics, queues: usize) -> i32 {
    let needed = scene.workload.messages.len().div_ceil(m.queue_line().max(1));
    let most = if queues < 2 { m.queue_lines() } else { 2 };
    i32::try_from(needed.clamp(1, most)).unwrap_or(1)
}

/// The name of a queue and how much is in it; tells where its box begins.
fn heading(
    sheet: &mut Sheet,
    m: &Metrics,
    it: &QueueSnapshot,
    dead_lettered: bool,
    at: Point,
) -> Len {
    let (x, right) = (at.x + m.margin, at.x + m.storage_end());
    let gone = if dead_lettered { "dead-lettered " } else { "dropped " };
    let mut counts = vec![
        joined(&["ready ", &count(it.ready)]),
        joined(&["unacked ", &count(it.unacked)]),
        joined(&["acked ", &count(it.acked)]),
    ];
    if it.removed != 0 {
        counts.push(joined(&[gone, &count(it.removed)]));
    }
    let title = joined(&["queue ", it.name.as_str()]);
    let baseline = at.y + px(12);
    let room = right - x;
    let whole = counts.join(" · ");
    let width = QUIET.width(&whole);
    let mut height = px(20);
    if px(100) <= room - width {
        sheet.text(Point::new(x, baseline), LABEL, room - width - px(12), &title);
        sheet.text_before(Point::new(right, baseline), QUIET, room, &whole);
    } else {
        sheet.text(Point::new(x, baseline), LABEL, room, &title);
        for said in lines_of(&counts, room) {
            sheet.text(Point::new(x, at.y + height + px(8)), QUIET, room, &said);
            height += px(16);
        }
    }
    let label = joined(&[&title, ": ", &counts.join(", ")]);
    let area = Area::new(x, at.y, room, height - px(2));
    sheet.hit(area, Target::Queue(it.name.clone()), label);
    at.y + height
}

/// Counts in as many lines as they need, for numbers are not cut.
fn lines_of(counts: &[String], room: Len) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for said in counts {
        let longer = lines.last().map(|line| joined(&[line, " · ", said]));
        match (lines.last_mut(), longer) {
            (Some(line), Some(longer)) if QUIET.width(&longer) <= room => *line = longer,
            _ => lines.push(said.clone()),
        }
    }
    lines
}

/// Draws a queue from `at` on; tells where it ends.
pub(super) fn draw(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    places: &mut Places,
    it: &QueueSnapshot,
    lines: i32,
    at: Point,
) -> Len {
    let config = scene.rabbitmq_config.queues.iter().find(|config| config.name == it.name);
    let dead_lettered = config.is_some_and(|it| it.arguments.dead_letter_exchange.0.is_some());
    let y = heading(sheet, m, it, dead_lettered, at);
    let (x, right) = (at.x + m.margin, at.x + m.storage_end());
    let area = Area::new(x, y, right - x, LINE * lines + px(4));
    sheet.rect(area, 8, Some(Tone::Sunk), None);
    let line_length = m.queue_line().max(1);
    let shown = Shown::new(it, line_length, usize::try_from(lines).unwrap_or(1));
    if shown.older {
        earlier(sheet, it, &shown, area);
    }
    let place_of = |place: usize| {
        let place = place + if shown.older { line_length } else { 0 };
        let (column, row) = (place % line_length, place / line_length);
        let along = |steps: usize| i32::try_from(steps).unwrap_or(0);
        let x = area.x + GAP + m.pitch() * along(column);
        Area::new(x, area.y + GAP + LINE * along(row), m.cell, CELL)
    };
    for (place, slot) in shown.slots.iter().enumerate() {
        draw_slot(sheet, scene, it, slot, place_of(place));
    }
    if it.enqueued == 0 {
        let at = Point::new(area.x + px(12), area.y + px(22));
        sheet.text(at, QUIET, area.width - px(24), "empty");
    }
    let capacity = line_length * usize::try_from(lines).unwrap_or(1);
    let used = shown.slots.len() + if shown.older { line_length } else { 0 };
    let landing = place_of(shown.slots.len().min(capacity - 1 - (used - shown.slots.len())));
    places.queues.push((it.name.clone(), area, landing.centre()));
    area.bottom()
}

/// Which places are shown one by one.
struct Shown<'a> {
    slots: &'a [Slot],
    /// Whether older ones are told in a line of their own.
    older: bool,
    /// What is still there of the older ones: ready, unacked.
    still: (u64, u64),
}

impl<'a> Shown<'a> {
    /// All of them if they fit, or the newest, from the beginning of a line on so that messages
    /// keep their places while a line fills.
    fn new(it: &'a QueueSnapshot, line: usize, lines: usize) -> Self {
        let all = it.slots.as_slice();
        if all.len() as u64 == it.enqueued && all.len() <= line * lines {
            return Self { slots: all, older: false, still: (0, 0) };
        }
        let room = line * lines.saturating_sub(1);
        let mut first = all.len().saturating_sub(room);
        while first < all.len() && !all[first].arrival.is_multiple_of(line as u64) {
            first += 1;
        }
        let mut still = it.earlier;
        for slot in &all[..first] {
            match slot.state {
                SlotState::Ready => still.0 += 1,
                SlotState::Unacked(_) => still.1 += 1,
                SlotState::Acked | SlotState::DeadLettering(_) | SlotState::Removed(_) => {}
            }
        }
        Self { slots: &all[first..], older: true, still }
    }
}

/// What stands for the older messages: a bar, and exact numbers.
fn earlier(sheet: &mut Sheet, it: &QueueSnapshot, shown: &Shown<'_>, area: Area) {
    let number = it.enqueued - shown.slots.len() as u64;
    let (ready, unacked) = shown.still;
    let gone = number.saturating_sub(ready + unacked);
    let still = joined(&[&count(ready), " ready, ", &count(unacked), " unacked"]);
    let (number_text, gone_text) = (count(number), count(gone));
    let first = if gone == number {
        joined(&[&number_text, " earlier, all gone"])
    } else {
        joined(&[&number_text, " earlier, ", &gone_text, " gone"])
    };
    let inner = area.inset(px(8));
    let whole = if gone == number { first.clone() } else { joined(&[&first, ", ", &still]) };
    let at = Point::new(inner.x, area.y + px(18));
    let bar = if BODY.width(&whole) <= inner.width {
        sheet.text(at, BODY, inner.width, &whole);
        area.y + px(26)
    } else {
        sheet.text(at, BODY, inner.width, &first);
        sheet.text(at.offset(Len::ZERO, px(14)), BODY, inner.width, &still);
        area.y + px(37)
    };
    let bar = Area::new(inner.x, bar, inner.width, px(6));
    sheet.rect(bar, 3, None, Some(line(Tone::Muted, 10, Dash::Dotted)));
    let part = |share: u64| {
        let part = u128::from(share) * u128::from(bar.width.0.unsigned_abs());
        Len(i32::try_from(part / u128::from(number.max(1))).unwrap_or(0))
    };
    let (ready, out) = (part(ready), part(unacked));
    let end = bar.right();
    if px(2) < ready {
        let solid = Area::new(end - ready, bar.y, ready, bar.height);
        sheet.rect(solid, 3, Some(Tone::Rabbit), None);
    }
    if px(2) < out {
        let open = Area::new(end - ready - out, bar.y, out, bar.height);
        sheet.rect(open, 3, None, Some(line(Tone::Rabbit, 15, Dash::Dashed)));
    }
}

fn draw_slot(sheet: &mut Sheet, scene: &Scene<'_>, it: &QueueSnapshot, slot: &Slot, area: Area) {
    let key = mark(scene.workload, slot.message);
    let words = match &slot.state {
        SlotState::Ready => {
            sheet.cell(area, key, slot.message, Look::Solid);
            if slot.redelivered {
                sheet.again(area, Tone::OnKey(key.colour));
                "ready again, redelivered".to_owned()
            } else {
                "ready".to_owned()
            }
        }
        SlotState::Unacked(consumer) => {
            sheet.cell(area, key, slot.message, Look::Outlined);
            if slot.redelivered {
                sheet.again(area, Tone::KeyEdge(key.colour));
            }
            let at = Point::new(area.centre().x, area.bottom() + px(12));
            let room = area.width + GAP;
            let who = fitted(consumer.as_str(), BODY.size, BODY.weight, room);
            sheet.text_at(at, Anchor::Middle, QUIET, who);
            joined(&["unacknowledged, with ", consumer.as_str()])
        }
        SlotState::Acked => {
            sheet.ghost(area);
            "acknowledged and gone".to_owned()
        }
        SlotState::DeadLettering(_) | SlotState::Removed(_) => {
            sheet.ghost(area);
            let at = area.centre();
            let p = |x: i32, y: i32| at.offset(px(x), px(y));
            let stroke = line(Tone::Muted, 15, Dash::Solid);
            sheet.segment(p(-3, -3), p(3, 3), stroke);
            sheet.segment(p(3, -3), p(-3, 3), stroke);
            "dropped or dead-lettered".to_owned()
        }
    };
    let message = slot.message.to_string();
    let label = joined(&["message ", &message, " in ", it.name.as_str(), ": ", &words]);
    sheet.hit(area, Target::Message(slot.message), label);
}

/// Draws a queue of dead letters: each with the reason why it is here.
pub(super) fn draw_dead(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    places: &mut Places,
    it: &QueueSnapshot,
    at: Point,
) -> Len {
    let (x, right) = (at.x + m.margin, at.x + m.storage_end());
    let there = |slot: &&Slot| matches!(slot.state, SlotState::Ready | SlotState::Unacked(_));
    let slots: Vec<&Slot> = it.slots.iter().filter(there).collect();
    let number = it.ready + it.unacked;
    if slots.is_empty() {
        let area = Area::new(x, at.y, right - x, px(32));
        sheet.rect(area, 8, None, Some(line(Tone::Line, 10, Dash::Dashed)));
        let text = joined(&["dead letters in ", it.name.as_str(), ": none"]);
        sheet.text(Point::new(x + px(12), at.y + px(20)), QUIET, area.width - px(20), &text);
        sheet.hit(area, Target::Queue(it.name.clone()), text);
        places.queues.push((it.name.clone(), area, area.centre()));
        return area.bottom();
    }
    let title = joined(&["dead letters in ", it.name.as_str(), ": ", &count(number)]);
    let baseline = Point::new(x, at.y + px(12));
    sheet.text(baseline, LABEL, right - x, &title);
    sheet.hit(Area::new(x, at.y, right - x, px(18)), Target::Queue(it.name.clone()), title);
    let y = at.y + px(20);
    let each = m.cell + px(92);
    let columns = ((right - x - GAP).0 / each.0).max(1);
    let most = usize::try_from(columns * DEAD_LINES).unwrap_or(1);
    let shown = &slots[slots.len().saturating_sub(most)..];
    let number = i32::try_from(shown.len()).unwrap_or(0);
    let rows = (number + columns - 1) / columns;
    let area = Area::new(x, y, right - x, DEAD * rows);
    sheet.rect(area, 8, Some(Tone::Sunk), None);
    for (place, slot) in (0..).zip(shown) {
        let x = area.x + GAP + each * (place % columns);
        let cell = Area::new(x, area.y + GAP + DEAD * (place / columns), m.cell, CELL);
        draw_slot(sheet, scene, it, slot, cell);
        let Some(DeathSnapshot { queue: from, reason, .. }) = slot.deaths.first() else {
            continue;
        };
        let at = Point::new(cell.right() + px(6), cell.y + px(12));
        let room = each - m.cell - px(12);
        sheet.text(at, BODY, room, &reason.to_string());
        let from = joined(&["from ", from.as_str()]);
        sheet.text(at.offset(Len::ZERO, px(14)), QUIET, room, &from);
    }
    places.queues.push((it.name.clone(), area, area.centre()));
    area.bottom()
}
