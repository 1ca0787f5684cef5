//! A queue of dead letters: each with the way it came and why.

use super::notes::left;
use super::queue::draw_slot;
use super::rules::rules;
use crate::item::Dash;
use crate::metrics::{CELL, GAP, Metrics};
use crate::places::Places;
use crate::scene::{Scene, Target};
use crate::sheet::{BODY, LABEL, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{count, joined};
use brokerscope_core::rabbitmq::snapshot::{DeathSnapshot, QueueSnapshot, Slot, SlotState};
use brokerscope_core::sim::SimTime;

/// The height of a line of dead letters.
const LINE: Len = px(36);
/// How many lines of dead letters are shown.
const LINES: i32 = 2;

/// `rejected in work`, `expired in retry 3 times`.
pub(super) fn why(death: &DeathSnapshot) -> String {
    let queue = death.queue.as_str();
    let said = joined(&[death.reason.as_str(), " in ", queue]);
    if death.count < 2 {
        return said;
    }
    joined(&[&said, " ", &count(u64::from(death.count)), " times"])
}

/// Draws a queue of dead letters from `at` on; tells where it ends.
pub(super) fn draw(
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
    if slots.is_empty() {
        let area = Area::new(x, at.y, right - x, px(32));
        sheet.rect(area, 8, None, Some(line(Tone::Line, 10, Dash::Dashed)));
        let text = joined(&["dead letters in ", it.name.as_str(), ": none"]);
        sheet.text(Point::new(x + px(12), at.y + px(20)), QUIET, area.width - px(20), &text);
        sheet.hit(area, Target::Queue(it.name.clone()), text);
        places.queues.push((it.name.clone(), area, area.centre()));
        return area.bottom();
    }
    let y = title(sheet, it, Area::new(x, at.y, right - x, px(18)));
    // Whoever came through several queues needs a line for it.
    let far = slots.iter().any(|it| 1 < it.deaths.len());
    let waits = slots.iter().any(|it| it.expires.is_some());
    let each = match (far, waits) {
        (true, _) => right - x - GAP,
        (false, true) => m.cell + px(124),
        (false, false) => m.cell + px(92),
    };
    let columns = ((right - x - GAP).0 / each.0).max(1);
    let most = usize::try_from(columns * LINES).unwrap_or(1);
    let shown = &slots[slots.len().saturating_sub(most)..];
    let number = i32::try_from(shown.len()).unwrap_or(0);
    let rows = (number + columns - 1) / columns;
    let area = Area::new(x, y, right - x, LINE * rows);
    sheet.rect(area, 8, Some(Tone::Sunk), None);
    for (place, slot) in (0..).zip(shown) {
        let x = area.x + GAP + each * (place % columns);
        let cell = Area::new(x, area.y + GAP + LINE * (place / columns), m.cell, CELL);
        draw_slot(sheet, scene, it, slot, cell);
        let (first, second) = way(scene.now, slot, far);
        let at = Point::new(cell.right() + px(6), cell.y + px(12));
        let room = each - m.cell - px(12);
        sheet.text(at, BODY, room, &first);
        sheet.text(at.offset(Len::ZERO, px(14)), QUIET, room, &second);
    }
    places.queues.push((it.name.clone(), area, area.centre()));
    area.bottom()
}

/// What the queue is called and how much is in it; tells where its box begins.
fn title(sheet: &mut Sheet, it: &QueueSnapshot, area: Area) -> Len {
    let number = count(it.ready + it.unacked);
    let mut title = joined(&["dead letters in ", it.name.as_str(), ": ", &number]);
    let baseline = Point::new(area.x, area.y + px(12));
    let end = sheet.text(baseline, LABEL, area.width, &title);
    let mut y = area.y + px(20);
    let rules = rules(it).join(" · ");
    if !rules.is_empty() {
        let room = area.right() - end - px(12);
        if QUIET.width(&rules) <= room {
            sheet.text_before(Point::new(area.right(), baseline.y), QUIET, room, &rules);
        } else {
            sheet.text(Point::new(area.x, y + px(8)), QUIET, area.width, &rules);
            y += px(16);
        }
        title += &joined(&["; ", &rules]);
    }
    sheet.hit(area, Target::Queue(it.name.clone()), title);
    y
}

/// Why a message is here, in two lines: the last time, and how it came to be there; in one line
/// for each time if it was dead-lettered more than once.
fn way(now: SimTime, slot: &Slot, far: bool) -> (String, String) {
    let Some((newest, before)) = slot.deaths.split_first() else {
        return (String::new(), String::new());
    };
    let left = match left(slot, now).filter(|_| slot.state == SlotState::Ready) {
        Some(left) => joined(&[" · ", &left]),
        None => String::new(),
    };
    if !far {
        let from = joined(&["from ", newest.queue.as_str()]);
        let times = count(u64::from(newest.count));
        let times = if newest.count < 2 { String::new() } else { joined(&[" ", &times, "×"]) };
        return (joined(&[newest.reason.as_str(), &times, &left]), from);
    }
    let mut earlier = String::new();
    for death in before {
        earlier += if earlier.is_empty() { "before that " } else { ", " };
        earlier += &why(death);
    }
    (joined(&[&why(newest), &left]), earlier)
}
