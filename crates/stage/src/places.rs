//! Where things stand, and the ways between them. What is drawn and what travels use the same.

use crate::metrics::{CARD, Metrics};
use crate::scene::Lane;
use crate::unit::{Area, Len, Point, px};
use brokerscope_core::kafka::TopicPartition;
use brokerscope_core::name::{ConsumerName, ExchangeName, ProducerName, QueueName};

/// A line to a reader runs this far below the middle; what arrives runs along the middle.
const BELOW: Len = px(8);

/// Where things stand.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) producers: Vec<(ProducerName, Area)>,
    /// Each log, and where its next record will stand.
    pub(crate) logs: Vec<(TopicPartition, Area, Point)>,
    /// Each queue, and where its next message will stand.
    pub(crate) queues: Vec<(QueueName, Area, Point)>,
    /// How many of the queues publishers send to; the others take dead letters.
    pub(crate) fed: usize,
    pub(crate) exchanges: Vec<(ExchangeName, Area)>,
    pub(crate) consumers: Vec<(Lane, ConsumerName, Area)>,
    /// Where commits go.
    pub(crate) offsets: Option<Area>,
}

impl Places {
    pub(crate) fn producer(&self, name: &ProducerName) -> Option<Area> {
        self.producers.iter().find(|it| it.0 == *name).map(|it| it.1)
    }

    pub(crate) fn log(&self, partition: &TopicPartition) -> Option<(Area, Point)> {
        self.logs.iter().find(|it| it.0 == *partition).map(|it| (it.1, it.2))
    }

    pub(crate) fn queue(&self, name: &QueueName) -> Option<(Area, Point)> {
        self.queues.iter().find(|it| it.0 == *name).map(|it| (it.1, it.2))
    }

    pub(crate) fn exchange(&self, name: &ExchangeName) -> Option<Area> {
        self.exchanges.iter().find(|it| it.0 == *name).map(|it| it.1)
    }

    pub(crate) fn consumer(&self, lane: Lane, name: &ConsumerName) -> Option<Area> {
        self.consumers.iter().find(|it| it.0 == lane && it.1 == *name).map(|it| it.2)
    }
}

/// Where the line to its reader leaves a log.
pub(crate) fn log_tap(log: Area) -> Len {
    log.centre().y + BELOW.min((log.height / 4).max(px(4)))
}

/// Where the line to its consumers leaves a queue: level with the first card beside it.
pub(crate) fn queue_tap(queue: Area) -> Len {
    queue.y + px(38).min(queue.height - px(4))
}

/// The left edge of a lane.
pub(crate) fn lane_x(m: &Metrics, lane: Lane) -> Len {
    if m.side_by_side && lane == Lane::RabbitMq { m.lane } else { Len::ZERO }
}

/// Where the storage of a lane ends and its gutter begins.
fn gutter(m: &Metrics, lane: Lane) -> Len {
    lane_x(m, lane) + m.storage_end()
}

/// The upright line along which a lane's messages come.
pub(crate) fn bus(m: &Metrics, lane: Lane) -> Len {
    gutter(m, lane) + if m.beside { px(12) } else { px(16) }
}

/// From a producer into a lane, to `end`.
pub(crate) fn from_producer(m: &Metrics, producer: Area, lane: Lane, end: Point) -> Vec<Point> {
    let x = bus(m, lane);
    let y = producer.centre().y;
    let mut way = if x < producer.x {
        vec![Point::new(producer.x, y), Point::new(x, y)]
    } else if producer.right() < x {
        vec![Point::new(producer.right(), y), Point::new(x, y)]
    } else {
        vec![Point::new(x, producer.bottom())]
    };
    way.extend([Point::new(x, end.y), end]);
    way
}

/// From the edge of a log or queue to the consumer that reads it. `turn` keeps the upright pieces
/// of different ways apart.
pub(crate) fn to_reader(m: &Metrics, lane: Lane, y: Len, card: Area, turn: i32) -> Vec<Point> {
    let from = Point::new(gutter(m, lane), y);
    if m.beside {
        let end = Point::new(card.x, card.centre().y + BELOW);
        if end.y == y {
            return vec![from, end];
        }
        if card.height < CARD {
            // Many thin cards: straight ways can be told apart where upright ones would lie
            // upon each other.
            let near = Point::new(from.x + px(18), y);
            return vec![from, near, end.offset(-px(4), Len::ZERO), end];
        }
        let x = from.x + px(22) + px(4) * turn.rem_euclid(5);
        return vec![from, Point::new(x, y), Point::new(x, end.y), end];
    }
    let (x, over) = (from.x + px(7), card.y - px(4));
    let end = Point::new(card.centre().x, card.y);
    vec![from, Point::new(x, y), Point::new(x, over), Point::new(end.x, over), end]
}

/// From a consumer to where its commits are written.
pub(crate) fn to_offsets(m: &Metrics, card: Area, offsets: Area) -> Vec<Point> {
    let end = Point::new(offsets.right(), offsets.centre().y);
    if m.beside {
        let from = Point::new(card.x, card.bottom() - px(8));
        let x = card.x - px(6);
        return vec![from, Point::new(x, from.y), Point::new(x, end.y), end];
    }
    let from = Point::new(card.centre().x, card.bottom());
    let under = from.y + px(4);
    let x = gutter(m, Lane::Kafka) + px(7);
    let points = [Point::new(from.x, under), Point::new(x, under), Point::new(x, end.y), end];
    let mut way = vec![from];
    way.extend(points);
    way
}

/// The point so many thousandths along a way, less `behind`; none if that is before its beginning.
pub(crate) fn along(way: &[Point], thousandths: i32, behind: Len) -> Option<Point> {
    let piece = |two: &[Point]| (two[1].x.0 - two[0].x.0).abs() + (two[1].y.0 - two[0].y.0).abs();
    let whole: i32 = way.windows(2).map(piece).sum();
    let mut left = whole * thousandths / 1_000 - behind.0;
    if left < 0 {
        return None;
    }
    for two in way.windows(2) {
        let length = piece(two);
        if left <= length {
            let part = |from: Len, to: Len| from + (to - from) * left / length.max(1);
            return Some(Point::new(part(two[0].x, two[1].x), part(two[0].y, two[1].y)));
        }
        left -= length;
    }
    way.last().copied()
}
