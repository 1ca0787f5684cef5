//! The whole picture: producers above, one lane per system below.

use crate::item::{Dash, Size, Weight};
use crate::metrics::Metrics;
use crate::places::{Places, bus, lane_x};
use crate::scene::{Lane, Options, Picture, Scene};
use crate::sheet::{QUIET, Sheet, Style, line};
use crate::tone::Tone;
use crate::unit::{Len, Point, px};
use crate::words::{counted, joined, signed};
use crate::{flight, kafka, legend, producer, rabbitmq};

/// The height of a lane's title.
const TITLE: Len = px(30);

/// The picture of a scene.
#[must_use]
pub fn picture(scene: &Scene<'_>) -> Picture {
    let m = Metrics::new(scene.options.width_px, scene.workload.messages.len());
    let mut sheet = Sheet::default();
    let mut places = Places::default();
    let middle = (bus(&m, Lane::Kafka) + bus(&m, Lane::RabbitMq)).half();
    let centre = if m.side_by_side { middle } else { m.lane.half() };
    let producers = producer::draw(&mut sheet, scene, &m, centre);
    places.producers = producers.cards;
    let top = producers.bottom;
    let mut ends = [top; 2];
    for (place, lane) in [Lane::Kafka, Lane::RabbitMq].into_iter().enumerate() {
        let y = if m.side_by_side { top } else { ends[0] };
        if lane == Lane::RabbitMq {
            let to = if m.side_by_side { Point::new(m.lane, y) } else { Point::new(m.width, y) };
            divide(&mut sheet, &m, y, to);
        }
        let at = Point::new(lane_x(&m, lane), y);
        title(&mut sheet, scene, &m, lane, at);
        let body = at.offset(Len::ZERO, TITLE);
        let end = match lane {
            Lane::Kafka => kafka::draw(&mut sheet, scene, &m, &mut places, body),
            Lane::RabbitMq => rabbitmq::draw(&mut sheet, scene, &m, &mut places, body),
        };
        ends[place] = end + px(4);
        if !m.side_by_side {
            ends[0] = finish(&mut sheet, scene, &m, lane, at.x, ends[place]);
        }
    }
    let mut bottom = ends[0];
    if m.side_by_side {
        let from = ends[0].max(ends[1]);
        let ends = [Lane::Kafka, Lane::RabbitMq]
            .map(|lane| finish(&mut sheet, scene, &m, lane, lane_x(&m, lane), from));
        bottom = ends[0].max(ends[1]);
        let (top, low) = (Point::new(m.lane, top), Point::new(m.lane, bottom));
        sheet.segment(top, low, line(Tone::Line, 10, Dash::Solid));
    }
    producer::lines(&mut sheet, scene, &m, &places);
    flight::draw(&mut sheet, scene, &m, &places);
    choose(&mut sheet, scene.options);
    Picture {
        width_px: m.width.floor_px(),
        height_px: bottom.ceil_px(),
        items: sheet.items,
        hits: sheet.hits,
        label: sentence(scene),
    }
}

/// A line between lanes that stand one below the other.
fn divide(sheet: &mut Sheet, m: &Metrics, y: Len, to: Point) {
    if !m.side_by_side {
        sheet.segment(Point::new(Len::ZERO, y), to, line(Tone::Line, 10, Dash::Solid));
    }
}

/// What stands below a lane; tells where the lane ends.
fn finish(sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, lane: Lane, x: Len, y: Len) -> Len {
    let at = Point::new(x, y);
    let end = if scene.options.legend { legend::draw(sheet, scene, m, lane, at) } else { y };
    end + px(8)
}

/// A ring around whatever is chosen, wherever it is.
fn choose(sheet: &mut Sheet, options: &Options) {
    let Some(selected) = &options.selected else { return };
    let areas = sheet.hits.iter().filter(|it| it.target == *selected).map(|it| it.area);
    for area in areas.collect::<Vec<_>>() {
        let ring = line(Tone::Focus, 30, Dash::Solid);
        sheet.rect(area.inset(-Len(5)), 8, None, Some(ring));
    }
}

/// The name of a system, and what it does with a message.
fn title(sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, lane: Lane, at: Point) {
    let (name, tone, says, short) = match lane {
        Lane::Kafka => (
            "Kafka",
            Tone::Kafka,
            "keeps every record; groups move a bookmark",
            "keeps every record",
        ),
        Lane::RabbitMq => (
            "RabbitMQ",
            Tone::Rabbit,
            "forgets a message once it is acknowledged",
            "forgets after the ack",
        ),
    };
    let seen = rabbitmq::seen(scene);
    let (says, short) = match lane {
        Lane::RabbitMq if !seen.queues => ("keeps a stream; consumers read on", "keeps a stream"),
        Lane::Kafka | Lane::RabbitMq => (says, short),
    };
    let right = bus(m, lane) - px(6);
    let at = at.offset(m.margin, px(20));
    let style = Style::new(Size::S16, Weight::Bold, tone);
    let end = sheet.text(at, style, m.lane, name);
    let at = Point::new(end + px(8), at.y);
    let room = right - at.x;
    let says = if QUIET.width(says) <= room { says } else { short };
    if QUIET.width(says) <= room {
        sheet.text(at, QUIET, room, says);
    }
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
        &signed(lag),
        "; RabbitMQ has ",
        &counted(ready, "message", "messages"),
        " ready and ",
        &crate::words::count(unacked),
        " unacknowledged.",
    ])
}
