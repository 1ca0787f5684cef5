//! One partition: its records, and the bookmarks of the groups that read it.

mod bookmarks;
mod duplicates;
mod shown;
mod transactions;

use super::replicas;
use crate::cell::{Look, is_tombstone, mark};
use crate::item::{Anchor, Dash, Step};
use crate::metrics::{CELL, GAP, Metrics};
use crate::places::Places;
use crate::scene::{Scene, Target};
use crate::sheet::{BODY, LABEL, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{count, counted, joined, signed};
use brokerscope_core::kafka::Offset;
use brokerscope_core::kafka::snapshot::{GroupPartition, PartitionSnapshot};
use brokerscope_core::name::GroupId;
use shown::{Content, Shown, slots};
pub(crate) use transactions::present;

/// Above a log, for the flag of a bookmark.
const FLAG: Len = px(12);
/// Below a log, for the offsets.
const OFFSETS: Len = px(16);
/// From one line of a log to the next.
const STRIP: Len = px(68);
/// For each of several groups, a line of its own.
const GROUP: Len = px(16);
/// The height of a log without its records.
const SLIM: Len = px(24);

/// One partition and all that belongs to it.
pub(super) struct Row<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) m: &'a Metrics,
    pub(super) partition: &'a PartitionSnapshot,
    pub(super) groups: Vec<(&'a GroupId, &'a GroupPartition)>,
}

impl Row<'_> {
    /// Whether there are several groups, so that a lag needs its group's name.
    fn several(&self) -> bool {
        1 < self.scene.kafka.groups.len()
    }

    /// Whether there are so many groups that each gets a line instead of a flag.
    fn crowded(&self) -> bool {
        2 < self.scene.kafka.groups.len()
    }

    /// Draws the row; tells how high it is.
    pub(super) fn draw(&self, sheet: &mut Sheet, places: &mut Places, at: Point) -> Len {
        let m = self.m;
        let caption = if m.beside { Len::ZERO } else { px(16) };
        let x = at.x + m.margin + m.label;
        let width = at.x + m.storage_end() - x;
        let lines = if self.crowded() { 1 } else { lines(self.scene, m.cells_in(width)) };
        let strip = |line: i32| {
            let y = at.y + caption + FLAG + STRIP * line;
            Area::new(x, y, width, CELL + GAP * 2)
        };
        let strips: Vec<Area> = (0..lines).map(strip).collect();
        let (first, last) = (strips[0], strips[strips.len() - 1]);
        for strip in &strips {
            sheet.rect(*strip, 8, Some(Tone::Sunk), None);
        }
        let all = Area::new(x, first.y, width, last.bottom() - first.y);
        sheet.hit(all, Target::Partition(self.partition.partition.clone()), self.label());
        let name_y = if m.beside { first.y } else { at.y };
        self.name(sheet, Point::new(at.x + m.margin, name_y), first.right());
        let shown = self.shown(strips);
        let active = self.segments(sheet, &shown);
        self.holes(sheet, &shown);
        self.earlier(sheet, &shown);
        let landing = self.records(sheet, &shown);
        let flags = if self.crowded() {
            Vec::new()
        } else {
            bookmarks::draw(sheet, m, &shown, &self.groups)
        };
        self.edges(sheet, &shown, &flags, active);
        let below = if self.crowded() { self.group_lines(sheet, &shown) } else { Len::ZERO };
        places.logs.push((self.partition.partition.clone(), first, landing));
        let height = caption + STRIP * lines + below;
        let copies = Point::new(x, at.y + height);
        height + replicas::draw(sheet, self.scene, self.partition, copies, width)
    }

    /// A line for a partition that is one of many.
    pub(super) fn draw_slim(&self, sheet: &mut Sheet, places: &mut Places, at: Point) -> Len {
        let m = self.m;
        let name = joined(&["P", &self.partition.partition.partition.to_string()]);
        let x = at.x + m.margin + px(44);
        let whole = at.x + m.storage_end() - x;
        sheet.text(Point::new(at.x + m.margin, at.y + px(14)), LABEL, px(44), &name);
        let area = Area::new(x, at.y, whole, SLIM);
        let records = counted(self.partition.records, "record", "records");
        let lag = self.lag().map_or(String::new(), |it| ", ".to_owned() + &it);
        let text = joined(&[&records, &lag]);
        let text_at = Point::new(x, at.y + px(14));
        sheet.text(text_at, QUIET, whole.half() - px(8), &text);
        let copies = replicas::short(self.partition, m.beside);
        let copies_at = Point::new(x + whole.half(), text_at.y);
        let end = sheet.text(copies_at, QUIET, whole.half(), &copies);
        let left = if copies.is_empty() { copies_at.x } else { end + px(8) };
        let log = Area::new(left, at.y + px(5), x + whole - left, px(10));
        sheet.rect(log, 5, Some(Tone::Sunk), None);
        let (committed, all) = self.committed_of(self.partition.log_end);
        let done = i64::from(log.width.0) * committed / all.max(1);
        let done = Len(i32::try_from(done).unwrap_or(0));
        if px(8) < done {
            let committed = Area::new(log.x, log.y, done, log.height);
            sheet.rect(committed, 5, Some(Tone::Kafka), None);
        }
        sheet.hit(area, Target::Partition(self.partition.partition.clone()), self.label());
        let end = Point::new(log.right(), log.centre().y);
        places.logs.push((self.partition.partition.clone(), log, end));
        SLIM
    }

    /// The lag of the one group there is, or of all together.
    fn lag(&self) -> Option<String> {
        let lags = self.groups.iter().filter_map(|(_, it)| it.lag);
        let lag = lags.reduce(|a, b| a + b)?;
        Some(joined(&["lag ", &signed(lag)]))
    }

    /// The partition in words.
    fn label(&self) -> String {
        let it = self.partition;
        let mut label = joined(&[
            "partition ",
            &it.partition.to_string(),
            ": ",
            &counted(it.records, "record", "records"),
            ", offsets ",
            &it.log_start.to_string(),
            " to ",
            &it.log_end.to_string(),
        ]);
        if let Some(cleaning) = it.cleaning {
            label += &joined(&["; compacted, clean to ", &cleaning.cleaned_to.to_string()]);
        }
        if let Some(active) = it.segments.last().filter(|_| 1 < it.segments.len()) {
            let segments = it.segments.len().to_string();
            label += &joined(&["; ", &segments, " segments, active from ", &active.to_string()]);
        }
        label += &transactions::label(it);
        label += &duplicates::label(it);
        label += &replicas::label(self.scene, it);
        for (group, standing) in &self.groups {
            label += &joined(&["; group ", group.as_str(), ": "]);
            label += &standing.committed.map_or("nothing committed".to_owned(), |it| {
                joined(&["committed ", &it.to_string()])
            });
            if let Some(lag) = standing.lag {
                label += &joined(&[", lag ", &signed(lag)]);
            }
        }
        label
    }

    /// What the partition is called, and how far its reader is behind.
    fn name(&self, sheet: &mut Sheet, at: Point, right: Len) {
        let mut name = joined(&["P", &self.partition.partition.partition.to_string()]);
        if 1 < self.scene.kafka.brokers.len() {
            let leader =
                self.partition.leader.map_or_else(|| "?".to_owned(), |it| it.0.to_string());
            name += &joined(&[" b", &leader]);
        }
        let lag = if self.several() { None } else { self.lag() };
        if self.m.beside {
            let room = self.m.label - px(1);
            sheet.text(at.offset(Len::ZERO, px(14)), LABEL, room, &name);
            let Some(lag) = lag else { return };
            if QUIET.width(&lag) <= room {
                sheet.text(at.offset(Len::ZERO, px(30)), QUIET, room, &lag);
            } else {
                let number = lag.trim_start_matches("lag ");
                sheet.text(at.offset(Len::ZERO, px(30)), QUIET, room, "lag");
                sheet.text(at.offset(Len::ZERO, px(46)), QUIET, room + px(8), number);
            }
            return;
        }
        let at = at.offset(Len::ZERO, px(12));
        let mut x = sheet.text(at, LABEL, right - at.x, &name) + px(8);
        if let Some(lag) = lag {
            x = sheet.text(Point::new(x, at.y), QUIET, right - x, &lag) + px(8);
        }
        let owners: Vec<&str> = self
            .groups
            .iter()
            .filter_map(|(_, it)| it.owner.as_ref())
            .map(|it| it.as_str())
            .collect();
        if owners.is_empty() && !self.groups.is_empty() {
            sheet.text_before(Point::new(right, at.y), QUIET, right - x, "nobody reads");
        } else if !owners.is_empty() {
            let text = joined(&["read by ", &owners.join(", ")]);
            sheet.text_before(Point::new(right, at.y), QUIET, right - x, &text);
        }
    }

    /// Which records are shown one by one: all that fit, or the newest, from a round offset on so
    /// that the log does not jerk with every record.
    fn shown(&self, strips: Vec<Area>) -> Shown<'_> {
        let it = self.partition;
        let m = self.m;
        let first = strips[0];
        let each = m.cells_in(first.width);
        let below = each * (strips.len() - 1);
        let mut all = slots(it);
        let (count, whole) = (all.len(), all.len() as u64 == it.records);
        let mut shown = Shown {
            cells: Vec::new(),
            x: first.x + GAP,
            in_first: each,
            each,
            pitch: m.pitch(),
            earlier: None,
            log_start: it.log_start,
            strips,
        };
        if whole && count <= each + below {
            shown.cells = all;
            return shown;
        }
        let texts = self.earlier_texts(it.records, it.log_end);
        let wide = texts.iter().map(|it| BODY.width(it)).max().unwrap_or_default() + px(16);
        let block = wide.min(first.width - GAP * 2);
        shown.in_first = m.cells_in(first.width - block - GAP);
        let fit = shown.in_first + below;
        let mut from = count.saturating_sub(fit);
        let step = if fit < 6 { 1 } else { 3 };
        while from < count && all[from].offset.0 % step != 0 {
            from += 1;
        }
        let earlier = Area::new(first.x + GAP, first.y + GAP, block, CELL);
        shown.x = earlier.right() + GAP;
        shown.earlier = Some(earlier);
        shown.cells = all.split_off(from);
        shown
    }

    /// Of the records before an offset, how many all groups have committed, and how many there
    /// are.
    fn committed_of(&self, before: Offset) -> (i64, i64) {
        let start = self.partition.log_start.0;
        let committed = self.groups.iter().map(|(_, it)| it.committed.map_or(start, |it| it.0));
        let committed = committed.min().unwrap_or(start);
        let all = before.0 - start;
        ((committed - start).clamp(0, all.max(0)), all.max(0))
    }

    /// What is said of the older records: how many, and how many of them are committed.
    fn earlier_texts(&self, number: u64, before: Offset) -> [String; 2] {
        let (committed, all) = self.committed_of(before);
        let second = if committed == all {
            "committed".to_owned()
        } else {
            joined(&[&count(committed.unsigned_abs().min(number)), " committed"])
        };
        [joined(&[&count(number), " earlier"]), second]
    }

    fn earlier(&self, sheet: &mut Sheet, shown: &Shown<'_>) {
        let Some(block) = shown.earlier else { return };
        let before = shown.cells.first().map_or(self.partition.log_end, |it| it.offset);
        let number = self.partition.records - shown.cells.len() as u64;
        let texts = self.earlier_texts(number, before);
        sheet.rect(block, 6, Some(Tone::KafkaSoft), None);
        let (committed, all) = self.committed_of(before);
        let width = i64::from((block.width - px(8)).0);
        let done = Len(i32::try_from(width * committed / all.max(1)).unwrap_or(0));
        let bar = Point::new(block.x + GAP, block.bottom() - px(2));
        if Len::ZERO < done {
            let stroke = line(Tone::Kafka, 20, Dash::Solid);
            sheet.segment(bar, bar.offset(done, Len::ZERO), stroke);
        }
        let room = block.width - px(12);
        let at = Point::new(block.x + px(6), block.y + px(11));
        sheet.text(at, BODY, room, &texts[0]);
        sheet.text(at.offset(Len::ZERO, px(12)), BODY, room, &texts[1]);
    }

    /// How a record lies there, given where the groups stand.
    fn look(&self, offset: Offset) -> (Look, &'static str) {
        if self.partition.high_watermark <= offset {
            return (Look::Outlined, "not replicated yet, nobody may read it");
        }
        let committed = |it: &GroupPartition| it.committed.is_some_and(|it| offset < it);
        if !self.groups.is_empty() && self.groups.iter().all(|(_, it)| committed(it)) {
            return (Look::Faded, "committed");
        }
        let behind = |it: &GroupPartition| it.position.is_some_and(|it| offset < it);
        let given = |it: &GroupPartition| it.began.is_none_or(|it| it <= offset);
        let mut unread = false;
        for (_, it) in self.groups.iter().filter(|(_, it)| !committed(it)) {
            if behind(it) && given(it) {
                return (Look::Ringed, "delivered, not committed");
            }
            unread |= !behind(it);
        }
        if unread || self.groups.is_empty() {
            return (Look::Solid, "not read yet");
        }
        (Look::Hollow, "before where its reader began, not committed")
    }

    /// The records and their offsets; tells where the next one will stand.
    fn records(&self, sheet: &mut Sheet, shown: &Shown<'_>) -> Point {
        let widest = BODY.width(&self.partition.log_end.to_string()) + px(4);
        let each = (widest.0 / shown.pitch.0 + 1).max(1);
        let cell = |place: usize| {
            let at = shown.cell(place);
            Area::new(at.x, at.y, self.m.cell, CELL)
        };
        for (place, slot) in shown.cells.iter().enumerate() {
            let area = cell(place);
            let number = |sheet: &mut Sheet| {
                if slot.offset.0 % i64::from(each) == 0 {
                    let at = Point::new(area.centre().x, area.bottom() + GAP + px(12));
                    sheet.text_at(at, Anchor::Middle, QUIET, slot.offset.to_string());
                }
            };
            let record = match slot.content {
                Content::Record(record) => record,
                Content::Marker(marker) => {
                    self.marker(sheet, area, slot.offset, marker);
                    number(sheet);
                    continue;
                }
            };
            let (look, words) = self.look_of(record);
            let key = mark(self.scene.workload, record.message);
            sheet.cell(area, key, record.message, look);
            let tombstone = is_tombstone(self.scene.workload, record.message);
            if tombstone {
                sheet.cross(area, key.colour, look);
            }
            let label = joined(&[
                "message ",
                &record.message.to_string(),
                " in ",
                &self.partition.partition.to_string(),
                " at offset ",
                &record.offset.to_string(),
                ": ",
                words,
                if tombstone { ", a tombstone" } else { "" },
                self.of_transaction(sheet, area, key.colour, look, record),
            ]);
            sheet.hit(area, Target::Message(record.message), label);
            number(sheet);
        }
        let first = shown.strips[0];
        if self.partition.records == 0 {
            let text = if self.partition.log_end == Offset(0) { "empty" } else { "nothing left" };
            let at = Point::new(first.x + px(12), first.y + px(22));
            sheet.text(at, QUIET, first.width - px(24), text);
        }
        if shown.cells.len() < shown.room() {
            self.refused(sheet, cell(shown.cells.len()));
        }
        let next = cell(shown.cells.len().min(shown.room() - 1)).centre();
        Point::new(next.x.min(first.right() - self.m.cell.half()), next.y)
    }

    /// Where one segment ends and the next begins, the log is cut; the last one is open. Tells
    /// where that one begins, if others are closed.
    fn segments(&self, sheet: &mut Sheet, shown: &Shown<'_>) -> Option<(Len, Area)> {
        let first = shown.cells.first().map_or(self.partition.log_end, |it| it.offset);
        for base in &self.partition.segments {
            if *base <= first || self.partition.log_end < *base {
                continue;
            }
            let (x, strip) = shown.boundary(*base);
            let cut = line(Tone::Surface, 20, Dash::Solid);
            sheet.segment(Point::new(x, strip.y), Point::new(x, strip.bottom()), cut);
            // Between full cells little of that is seen.
            let tick = line(Tone::Muted, 10, Dash::Solid);
            for y in [strip.y, strip.bottom()] {
                sheet.segment(Point::new(x, y - px(3)), Point::new(x, y + px(3)), tick);
            }
        }
        let active =
            self.partition.segments.last().filter(|_| 1 < self.partition.segments.len())?;
        let (x, strip) = shown.boundary(*active);
        let open = Area::new(x, strip.y, strip.right() - x, strip.height);
        sheet.rect(open, 8, None, Some(line(Tone::Muted, 10, Dash::Solid)));
        Some((x, strip))
    }

    /// Where compaction took records away, the gap between their neighbours is dotted.
    fn holes(&self, sheet: &mut Sheet, shown: &Shown<'_>) {
        let mut next = match shown.earlier {
            Some(_) => shown.cells.first().map_or(self.partition.log_end, |it| it.offset),
            None => self.partition.log_start,
        };
        for record in &shown.cells {
            if next < record.offset {
                let (x, strip) = shown.boundary(record.offset);
                let (top, low) = (strip.y + GAP, strip.bottom() - GAP);
                let dots = line(Tone::Muted, 10, Dash::Dotted);
                sheet.segment(Point::new(x, top), Point::new(x, low), dots);
            }
            next = record.offset.next();
        }
    }

    /// The log's start and the high watermark, where they are not what one would expect. `flags`
    /// are the places above the log that are taken.
    fn edges(
        &self,
        sheet: &mut Sheet,
        shown: &Shown<'_>,
        flags: &[Area],
        active: Option<(Len, Area)>,
    ) {
        let it = self.partition;
        let mut taken = flags.to_vec();
        let mut say = |sheet: &mut Sheet, x: Len, strip: Area, texts: &[&str]| {
            for text in texts {
                let area = Area::new(x, strip.y - FLAG, QUIET.width(text), FLAG);
                let free = taken.iter().all(|it| !it.inset(-px(4)).overlaps(area));
                if free && area.right() <= strip.right() {
                    sheet.text(Point::new(x, strip.y - px(3)), QUIET, area.width, text);
                    taken.push(area);
                    break;
                }
            }
        };
        if it.log_start != Offset(0) {
            let strip = shown.strips[0];
            let bar = line(Tone::Muted, 20, Dash::Solid);
            let top = Point::new(strip.x, strip.y + px(4));
            sheet.segment(top, Point::new(strip.x, strip.bottom() - px(4)), bar);
            let start = joined(&["starts at ", &it.log_start.to_string()]);
            let last = Offset(it.log_start.0 - 1).to_string();
            let removed = joined(&[&start, ": 0 to ", &last, " removed"]);
            say(sheet, strip.x + px(2), strip, &[&removed, &start]);
        }
        if let Some(cleaning) = it.cleaning
            && it.log_start < cleaning.cleaned_to
        {
            let (x, strip) = shown.boundary(cleaning.cleaned_to);
            let stroke = line(Tone::Muted, 10, Dash::Solid);
            sheet.segment(Point::new(x, strip.y), Point::new(x, strip.bottom()), stroke);
            let clean = joined(&["clean to ", &cleaning.cleaned_to.to_string()]);
            let holes = (it.log_end.0 - it.log_start.0).unsigned_abs().saturating_sub(it.records);
            let removed = joined(&[&clean, ": ", &count(holes), " removed"]);
            say(sheet, x + px(2), strip, &[&removed, &clean]);
        }
        if it.high_watermark != it.log_end {
            let (x, strip) = shown.boundary(it.high_watermark);
            let stroke = line(Tone::Muted, 10, Dash::Dashed);
            let (top, low) = (Point::new(x, strip.y), Point::new(x, strip.bottom()));
            sheet.segment(top, low, stroke);
            let text = joined(&["high watermark ", &it.high_watermark.to_string()]);
            say(sheet, x + px(2), strip, &[&text]);
        }
        let (words, strip) = (self.refusals(), shown.strips[0]);
        let fits = words.iter().find(|it| QUIET.width(it) < strip.width.half());
        if let Some(text) = fits {
            say(sheet, strip.right() - QUIET.width(text) - px(2), strip, &[text]);
        }
        if let Some((x, strip)) = active {
            say(sheet, x + px(2), strip, &["active segment", "active"]);
        }
        if it.last_stable != it.high_watermark {
            let (x, strip) = shown.boundary(it.last_stable);
            let stroke = line(Tone::Muted, 10, Dash::Dotted);
            sheet.segment(Point::new(x, strip.y), Point::new(x, strip.bottom()), stroke);
            let text = joined(&["last stable offset ", &it.last_stable.to_string()]);
            // Behind the flags, if they stand where it would.
            let beside = flags.iter().filter(|it| it.y == strip.y - FLAG && x - px(80) < it.x);
            let free = beside.map(|it| it.right() + px(4)).max().unwrap_or_default();
            say(sheet, free.max(x + px(2)), strip, &[&text]);
        }
    }

    /// A line for each of many groups: where its bookmark stands, its name, its lag.
    fn group_lines(&self, sheet: &mut Sheet, shown: &Shown<'_>) -> Len {
        let log = shown.strips[0];
        let mut y = log.bottom() + OFFSETS;
        for (group, standing) in &self.groups {
            let mut text = group.to_string();
            let begin = self.partition.log_start;
            let (x, _) = shown.boundary(standing.committed.unwrap_or(begin));
            let x = x.max(log.x + px(4)).min(log.right() - px(4));
            match standing.committed {
                Some(committed) => text += &joined(&[" ", &committed.to_string()]),
                None => text += ": nothing committed",
            }
            if let Some(lag) = standing.lag {
                text += &joined(&[", lag ", &signed(lag)]);
            }
            if let Some(committed) = standing.committed {
                if !shown.is_earlier(committed) {
                    bookmarks::pole(sheet, x, log.y + px(2), log.bottom() - px(2), Dash::Solid);
                }
                let pin = |dx: i32, dy: i32| Point::new(x + px(dx), y + px(dy));
                let steps = vec![
                    Step::Move(pin(0, 2)),
                    Step::Line(pin(5, 10)),
                    Step::Line(pin(-5, 10)),
                    Step::Close,
                ];
                sheet.path(steps, Some(Tone::Kafka), None);
            }
            let baseline = y + px(11);
            let (right, left) = (log.right() - x - px(8), x - px(8) - log.x);
            if QUIET.width(&text) <= right || left < right {
                sheet.text(Point::new(x + px(8), baseline), QUIET, right, &text);
            } else {
                sheet.text_before(Point::new(x - px(8), baseline), QUIET, left, &text);
            }
            y += GROUP;
        }
        y - log.bottom() - OFFSETS
    }
}

/// Over how many lines a log runs: the one log or the two there are may, if the messages of the
/// workload do not fit otherwise.
fn lines(scene: &Scene<'_>, fit: usize) -> i32 {
    let partitions = scene.kafka.topics.iter().map(|it| it.partitions.len()).sum::<usize>().max(1);
    let most = match partitions {
        1 => 3,
        2 => 2,
        _ => 1,
    };
    let each = scene.workload.messages.len().div_ceil(partitions);
    i32::try_from(each.div_ceil(fit.max(1)).clamp(1, most)).unwrap_or(1)
}
