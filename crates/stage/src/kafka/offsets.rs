//! `__consumer_offsets`: the log in which groups keep their bookmarks.

use super::short;
use crate::item::Dash;
use crate::metrics::Metrics;
use crate::places::Places;
use crate::scene::Scene;
use crate::sheet::{BODY, LABEL, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{count, counted, joined};
use brokerscope_core::kafka::snapshot::{OffsetsContent, OffsetsRecord};

/// The height of a record there.
const RECORD: Len = px(20);

/// Draws it from `at` on, the newest records that fit; tells where it ends.
pub(super) fn draw(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    places: &mut Places,
    at: Point,
) -> Len {
    let x = at.x + m.margin;
    let right = at.x + m.storage_end();
    let baseline = at.y + px(14);
    let name = "__consumer_offsets";
    let end = sheet.text(Point::new(x, baseline), LABEL, right - x, name) + px(8);
    // Beside its name where there is room for a few records, below it otherwise.
    let beside = px(160) <= right - end;
    let mut y = at.y;
    let partitions = &scene.kafka.offsets_topic;
    let mut last = end;
    let total: u64 = partitions.iter().map(|it| it.total).sum();
    if total == 0 {
        sheet.text(Point::new(end, baseline), QUIET, right - end, "empty");
    }
    for (place, partition) in partitions.iter().enumerate() {
        if place != 0 || !beside {
            y += RECORD + px(4);
        }
        let from = if beside { end } else { x };
        let at = Point::new(from, y);
        last = records(sheet, scene, &partition.records, partition.total, at, right);
    }
    // Commits arrive behind the last record.
    places.offsets = Some(Area::new(x, y, last.min(right) - x, RECORD));
    y + RECORD + px(8)
}

/// The newest records that fit between two edges, newest last, and how many older ones there are;
/// tells where the last one ends.
fn records(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    records: &[OffsetsRecord],
    total: u64,
    at: Point,
    right: Len,
) -> Len {
    let texts: Vec<String> = records.iter().map(|it| words(scene, it)).collect();
    let more = |shown: usize| {
        let left = total - shown as u64;
        if left == 0 { String::new() } else { joined(&[&count(left), " earlier"]) }
    };
    let width = |shown: usize| {
        let texts = &texts[texts.len() - shown..];
        let chips = texts.iter().map(|it| BODY.width(it) + px(16)).fold(Len::ZERO, |a, b| a + b);
        let more = more(shown);
        if more.is_empty() { chips } else { chips + QUIET.width(&more) + px(8) }
    };
    let mut shown = texts.len();
    while 0 < shown && right - at.x < width(shown) {
        shown -= 1;
    }
    let mut x = at.x;
    let more = more(shown);
    if !more.is_empty() {
        let at = Point::new(x, at.y + px(14));
        x = sheet.text(at, QUIET, right - x, &more) + px(8);
    }
    let first = texts.len() - shown;
    for (record, text) in records[first..].iter().zip(&texts[first..]) {
        let area = Area::new(x, at.y, BODY.width(text) + px(12), RECORD);
        let style = if record.latest {
            sheet.rect(area, 6, Some(Tone::KafkaSoft), None);
            BODY
        } else {
            sheet.rect(area, 6, None, Some(line(Tone::Line, 10, Dash::Dotted)));
            QUIET
        };
        sheet.text(Point::new(x + px(6), at.y + px(14)), style, area.width, text);
        x = area.right() + px(4);
    }
    x
}

/// What a record says: `P0 5`, with the group's name if there are several.
fn words(scene: &Scene<'_>, record: &OffsetsRecord) -> String {
    let said = match &record.content {
        OffsetsContent::Commit(partition, offset) => {
            let offset = offset.map_or("removed".to_owned(), |it| it.to_string());
            joined(&[&short(scene, partition), " ", &offset])
        }
        OffsetsContent::Metadata(Some((generation, members))) => joined(&[
            "generation ",
            &generation.to_string(),
            ", ",
            &counted(u64::from(*members), "member", "members"),
        ]),
        OffsetsContent::Metadata(None) => "group removed".to_owned(),
        OffsetsContent::Change { what, member, epoch, removed } => {
            // A member's id is long and random: its beginning tells it from others.
            let id = member.as_ref().map_or("", |it| it.get(..4).unwrap_or(it));
            let gap = if id.is_empty() { "" } else { " " };
            let epoch = epoch.map_or(String::new(), |it| joined(&[", epoch ", &it.to_string()]));
            joined(&[what, gap, id, if *removed { " removed" } else { &epoch }])
        }
    };
    if scene.kafka.groups.len() < 2 {
        return said;
    }
    joined(&[record.group.as_str(), " ", &said])
}
