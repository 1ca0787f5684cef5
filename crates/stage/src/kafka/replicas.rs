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

/// `1 leads, end 12`, `2 leads in epoch 1, end 12`, `2 end 11`, `3 is down, eligible`.
fn words(scene: &Scene<'_>, partition: &PartitionSnapshot, replica: &ReplicaSnapshot) -> String {
    let broker = replica.broker.0.to_string();
    let leads = partition.leader == Some(replica.broker);
    let epoch = match partition.leader_epoch {
        0 => String::new(),
        epoch => joined(&[" in epoch ", &epoch.to_string()]),
    };
    let leads = if leads { joined(&[" leads", &epoch, ","]) } else { String::new() };
    let standing = scene.kafka.brokers.iter().find(|it| it.id == replica.broker);
    let down = standing.is_some_and(|it| !it.runs());
    let end = replica.log_end.to_string();
    let end = if down { " is down".to_owned() } else { joined(&[" end ", &end]) };
    let part = match (replica.in_sync, replica.eligible) {
        (true, _) => "",
        (false, true) => ", eligible",
        (false, false) if down => "",
        (false, false) => ", out of sync",
    };
    joined(&[&broker, &leads, &end, part])
}

/// Who leads and how many copies are in sync, for a partition that is one of many:
/// `b2, 2/3 in sync`, or `b2 2/3` where there is no room.
pub(super) fn short(partition: &PartitionSnapshot, roomy: bool) -> String {
    if partition.replicas.is_empty() {
        return String::new();
    }
    let in_sync = partition.replicas.iter().filter(|it| it.in_sync).count().to_string();
    let leader = partition.leader.map_or_else(|| "?".to_owned(), |it| it.0.to_string());
    let all = partition.replicas.len().to_string();
    let (gap, last) = if roomy { (", ", " in sync") } else { (" ", "") };
    joined(&["b", &leader, gap, &in_sync, "/", &all, last])
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
