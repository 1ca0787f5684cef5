//! The whole picture: producers above, one lane per system below.

use crate::item::{Dash, Size, Weight};
use crate::metrics::Metrics;
use crate::producer;
use crate::scene::{Lane, Picture, Scene};
use crate::sheet::{QUIET, Sheet, Style, line};
use crate::tone::Tone;
use crate::unit::{Len, Point, px};
use crate::words::{counted, joined};

/// The picture of a scene.
#[must_use]
pub fn picture(scene: &Scene<'_>) -> Picture {
    let m = Metrics::new(scene.options.width_px, scene.workload.messages.len());
    let mut sheet = Sheet::default();
    let centre = if m.side_by_side { m.lane.half() + m.storage_end() } else { m.lane.half() };
    let producers = producer::draw(&mut sheet, scene, &m, centre);
    let mut bottom = producers.bottom;
    for lane in [Lane::Kafka, Lane::RabbitMq] {
        let x = if m.side_by_side && lane == Lane::RabbitMq { m.lane } else { Len::ZERO };
        title(&mut sheet, &m, lane, Point::new(x, bottom));
        if !m.side_by_side {
            bottom += px(28);
        }
    }
    Picture {
        width_px: m.width.floor_px(),
        height_px: (bottom + px(36)).ceil_px(),
        items: sheet.items,
        hits: sheet.hits,
        label: sentence(scene),
    }
}

/// The name of a system, and what it does with a message.
fn title(sheet: &mut Sheet, m: &Metrics, lane: Lane, at: Point) {
    let (name, tone, says) = match lane {
        Lane::Kafka => ("Kafka", Tone::Kafka, "keeps every record; the group moves its bookmark"),
        Lane::RabbitMq => ("RabbitMQ", Tone::Rabbit, "forgets a message once it is acknowledged"),
    };
    if lane == Lane::RabbitMq && !m.side_by_side {
        let right = Point::new(m.width, at.y);
        sheet.segment(at, right, line(Tone::Line, 10, Dash::Solid));
    }
    let at = at.offset(m.margin, px(20));
    let style = Style::new(Size::S16, Weight::Bold, tone);
    let end = sheet.text(at, style, m.lane, name);
    let says_at = Point::new(end + px(8), at.y);
    sheet.text(says_at, QUIET, m.storage_end() + m.margin - says_at.x.min(m.storage_end()), says);
}

/// The scene in one sentence, for those who hear it.
#[must_use]
pub fn sentence(scene: &Scene<'_>) -> String {
    let (kafka, rabbitmq) = (scene.kafka, scene.rabbitmq);
    let partitions = || kafka.topics.iter().flat_map(|it| &it.partitions);
    let records: u64 = partitions().map(|it| it.records).sum();
    let lag: i64 = kafka.groups.iter().flat_map(|it| &it.partitions).filter_map(|it| it.lag).sum();
    let ready: u64 = rabbitmq.queues.iter().map(|it| it.ready).sum();
    let unacked: u64 = rabbitmq.queues.iter().map(|it| it.unacked).sum();
    joined(&[
        "At ",
        &scene.now.to_string(),
        " Kafka keeps ",
        &counted(records, "record", "records"),
        " in ",
        &counted(partitions().count() as u64, "partition", "partitions"),
        ", lag ",
        &crate::words::signed(lag),
        "; RabbitMQ has ",
        &counted(ready, "message ready", "messages ready"),
        " and ",
        &counted(unacked, "unacknowledged", "unacknowledged"),
        ".",
    ])
}
