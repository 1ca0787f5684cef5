//! The copies of a partition, in a line under its log: who leads, how far each has come, and
//! which of them are in sync.

use crate::item::Dash;
use crate::scene::Scene;
use crate::sheet::{BODY, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::joined;
use brokerscope_core::kafka::snapshot::{PartitionSnapshot, ReplicaSnapshot};

/// The height of such a line, with what is below it.
const LINE: Len = px(26);
/// The height of a replica.
const REPLICA: Len = px(20);

/// Draws them from `at` on, no wider than `room`; tells how high that is: nothing where there is
/// one copy.
pub(super) fn draw(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    partition: &PartitionSnapshot,
    at: Point,
    room: Len,
) -> Len {
    let mut place = at;
    for replica in &partition.replicas {
        let text = words(scene, partition, replica);
        let width = (BODY.width(&text) + px(12)).min(room);
        if at.x < place.x && at.x + room < place.x + width {
            place = Point::new(at.x, place.y + LINE);
        }
        let area = Area::new(place.x, place.y, width, REPLICA);
        let leads = partition.leader == Some(replica.broker);
        let style = if replica.in_sync {
            let edge = line(if leads { Tone::Kafka } else { Tone::Line }, 10, Dash::Solid);
            sheet.rect(area, 6, leads.then_some(Tone::KafkaSoft), Some(edge));
            BODY
        } else {
            sheet.rect(area, 6, None, Some(line(Tone::Muted, 10, Dash::Dotted)));
            QUIET
        };
        let text_at = Point::new(area.x + px(6), area.y + px(14));
        sheet.text(text_at, style, width - px(12), &text);
        place.x = area.right() + px(4);
    }
    if partition.replicas.is_empty() { Len::ZERO } else { place.y - at.y + LINE }
}

/// `1 leads, end 12`, `2 end 11`, `3 is down`.
fn words(scene: &Scene<'_>, partition: &PartitionSnapshot, replica: &ReplicaSnapshot) -> String {
    let broker = replica.broker.0.to_string();
    let leads = if partition.leader == Some(replica.broker) { " leads," } else { "" };
    if scene.kafka.brokers.iter().any(|it| it.id == replica.broker && !it.running) {
        return joined(&[&broker, leads, " is down"]);
    }
    joined(&[
        &broker,
        leads,
        " end ",
        &replica.log_end.to_string(),
        if replica.in_sync { "" } else { ", out of sync" },
    ])
}

/// The copies in words, to be said after what else is said of the partition.
pub(super) fn label(scene: &Scene<'_>, partition: &PartitionSnapshot) -> String {
    let mut label = String::new();
    for it in &partition.replicas {
        label += if label.is_empty() { "; replicas by broker: " } else { "; " };
        label += &words(scene, partition, it);
    }
    if !label.is_empty() {
        label += &joined(&["; high watermark ", &partition.high_watermark.to_string()]);
    }
    label
}
