//! One queue: what waits in it, what is out with a consumer, the gaps that the rest left.

use super::members;
use super::notes::Notes;
use super::rules::{called, dropped, rules};
use super::stream::Stream;
use super::told::{queue_words, slot_words};
use crate::cell::{Look, mark};
use crate::item::{Anchor, Dash};
use crate::metrics::{CELL, GAP, Metrics};
use crate::places::Places;
use crate::scene::{Scene, Target};
use crate::sheet::{BODY, LABEL, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{count, fitted, joined};
use brokerscope_core::rabbitmq::config::QueueType;
use brokerscope_core::rabbitmq::snapshot::{QueueSnapshot, Slot, SlotState};

/// From one line of cells to the next: the cells, and who has them.
const LINE: Len = px(44);
/// The height of a line of words under a queue's name.
const WORDS: Len = px(16);

/// How many lines of cells each queue gets: enough for the whole workload, up to a limit.
pub(super) fn lines(scene: &Scene<'_>, m: &Metrics, queues: usize) -> i32 {
    let needed = scene.workload.messages.len().div_ceil(m.queue_line().max(1));
    let most = if queues < 2 { m.queue_lines() } else { 2 };
    i32::try_from(needed.clamp(1, most)).unwrap_or(1)
}

/// How much is in a queue.
fn counts(it: &QueueSnapshot) -> Vec<String> {
    if it.arguments.queue_type == QueueType::Stream {
        return vec![joined(&["keeps ", &count(it.enqueued)])];
    }
    let dead_letters = it.arguments.dead_letter_exchange.0.is_some();
    let gone = if dead_letters { "dead-lettered " } else { "dropped " };
    let mut counts = vec![
        joined(&["ready ", &count(it.ready)]),
        joined(&["unacked ", &count(it.unacked)]),
        joined(&["acked ", &count(it.acked)]),
    ];
    if it.removed != 0 {
        counts.push(joined(&[gone, &count(it.removed)]));
    }
    counts
}

/// The name of a queue, how much is in it, and what it was declared with; tells where its box
/// begins.
fn heading(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    it: &QueueSnapshot,
    at: Point,
) -> Len {
    let (x, right) = (at.x + m.margin, at.x + m.storage_end());
    let counts = counts(it);
    let title = called(it, &scene.rabbitmq.queues);
    let baseline = at.y + px(12);
    let room = right - x;
    let whole = counts.join(" · ");
    let width = QUIET.width(&whole);
    let mut height = px(20);
    let mut lines = Vec::new();
    if px(100) <= room - width {
        sheet.text(Point::new(x, baseline), LABEL, room - width - px(12), &title);
        sheet.text_before(Point::new(right, baseline), QUIET, room, &whole);
    } else {
        sheet.text(Point::new(x, baseline), LABEL, room, &title);
        lines = lines_of(&counts, room);
    }
    let rules = rules(it);
    lines.append(&mut lines_of(&rules, room));
    let dropped = dropped(it);
    lines.append(&mut lines_of(&dropped, room));
    for said in &lines {
        sheet.text(Point::new(x, at.y + height + px(8)), QUIET, room, said);
        height += WORDS;
    }
    let words = queue_words(it);
    let semicolon = if words.is_empty() { "" } else { "; " };
    let label = joined(&[&title, ": ", &counts.join(", "), semicolon, &words]);
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
    let y = heading(sheet, scene, m, it, at);
    let (x, right) = (at.x + m.margin, at.x + m.storage_end());
    let notes = Notes::of(it);
    let pitch = LINE + notes.height();
    let area = Area::new(x, y, right - x, pitch * lines + px(4));
    sheet.rect(area, 8, Some(Tone::Sunk), None);
    let line_length = m.queue_line().max(1);
    let shown = Shown::new(it, line_length, usize::try_from(lines).unwrap_or(1));
    if shown.older {
        earlier(sheet, it, &shown, area);
    }
    let last = (line_length * usize::try_from(lines).unwrap_or(1)).saturating_sub(1);
    // Where there is no place left, the next message lands on the last one.
    let place_of = |place: usize| {
        let place = (place + if shown.older { line_length } else { 0 }).min(last);
        let (column, row) = (place % line_length, place / line_length);
        let along = |steps: usize| i32::try_from(steps).unwrap_or(0);
        let x = area.x + GAP + m.pitch() * along(column);
        Area::new(x, area.y + GAP + pitch * along(row), m.cell, CELL)
    };
    for (place, slot) in shown.slots.iter().enumerate() {
        let area = place_of(place);
        draw_slot(sheet, scene, it, slot, area);
        notes.draw(sheet, scene.now, slot, area);
    }
    if it.enqueued == 0 {
        let at = Point::new(area.x + px(12), area.y + px(22));
        sheet.text(at, QUIET, area.width - px(24), "empty");
    }
    let landing = place_of(shown.slots.len());
    places.queues.push((it.name.clone(), area, landing.centre()));
    if it.arguments.queue_type == QueueType::Stream {
        let first = shown.slots.first().map_or(it.enqueued, |it| it.arrival);
        Stream { queue: it, first, area }.draw(sheet, scene, place_of);
    }
    match &it.members {
        Some(members) => {
            members::draw(sheet, members, Point::new(x, area.bottom() + px(6)), right - x)
        }
        None => area.bottom(),
    }
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
    let stream = it.arguments.queue_type == QueueType::Stream;
    let first = if stream {
        joined(&[&number_text, " earlier"])
    } else if gone == number {
        joined(&[&number_text, " earlier, all gone"])
    } else {
        joined(&[&number_text, " earlier, ", &gone_text, " gone"])
    };
    let inner = area.inset(px(8));
    let whole =
        if stream || gone == number { first.clone() } else { joined(&[&first, ", ", &still]) };
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

/// Draws a message in its place, or the gap that it left.
pub(super) fn draw_slot(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    it: &QueueSnapshot,
    slot: &Slot,
    area: Area,
) {
    let key = mark(scene.workload, slot.message);
    match &slot.state {
        SlotState::Ready => {
            sheet.cell(area, key, slot.message, Look::Solid);
            if slot.redelivered {
                sheet.again(area, Tone::OnKey(key.colour));
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
        }
        SlotState::DeadLettering(_) => sheet.cell(area, key, slot.message, Look::Faded),
        SlotState::Acked => sheet.ghost(area),
        SlotState::Removed(_) => {
            sheet.ghost(area);
            sheet.removed(area);
        }
    }
    let (message, words) = (slot.message.to_string(), slot_words(it, slot, scene.now));
    let label = joined(&["message ", &message, " in ", it.name.as_str(), ": ", &words]);
    sheet.hit(area, Target::Message(slot.message), label);
}
