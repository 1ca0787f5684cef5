//! What is under way: each thing is on its way where the instant puts it.

use crate::card::accent;
use crate::cell::{Look, mark};
use crate::item::{Anchor, Dash};
use crate::metrics::{CELL, Metrics};
use crate::places::{Places, along, bus, from_producer, log_tap, queue_tap, to_offsets, to_reader};
use crate::scene::{Lane, Motion, Scene};
use crate::sheet::{BODY, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{count, joined};
use brokerscope_core::name::ProducerName;
use brokerscope_core::sim::SimTime;
use brokerscope_core::workload::MessageId;
use brokerscope_core::{kafka, rabbitmq};

/// So many messages under way are shown with their numbers.
const NUMBERED: usize = 48;
/// So many are shown as dots; of more, evenly chosen ones, with the number of all.
const DOTS: usize = 240;
/// So many messages of one request are shown; the others are close behind.
const TRAIN: usize = 4;

/// Something under way, and the way it takes.
struct Trip {
    lane: Lane,
    sent: SimTime,
    arrives: SimTime,
    way: Vec<Point>,
    load: Load,
}

/// What travels.
enum Load {
    /// Messages, one behind the other.
    Messages(Vec<MessageId>),
    /// A committed offset.
    Bookmark(String),
    /// An acknowledgement of a message.
    Ack(MessageId),
    /// A message handed back.
    Return(MessageId),
    /// An answer, or a sign of life.
    Answer,
}

/// Draws what is under way, on top of everything.
pub(crate) fn draw(sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, places: &Places) {
    let mut trips = kafka_trips(scene, m, places);
    trips.extend(rabbitmq_trips(scene, m, places));
    trips.retain(|it| it.sent <= scene.now && scene.now < it.arrives);
    if scene.options.motion == Motion::Reduced {
        arriving(sheet, scene, m, &trips);
        return;
    }
    let number = |it: &Trip| match &it.load {
        Load::Messages(messages) => messages.len(),
        Load::Bookmark(_) | Load::Ack(_) | Load::Return(_) | Load::Answer => 1,
    };
    let all: usize = trips.iter().map(number).sum();
    let stride = all.div_ceil(DOTS).max(1);
    let mut turn = 0;
    for trip in &trips {
        if all <= NUMBERED {
            draw_trip(sheet, scene, m, trip);
            continue;
        }
        let whole = number(trip);
        if turn % stride < whole || turn % stride == 0 {
            dot(sheet, scene, trip);
        }
        turn += whole;
    }
    if 1 < stride {
        counted_streams(sheet, scene, m, places, &trips);
    }
}

/// How many thousandths of its way it has made.
fn progress(trip: &Trip, now: SimTime) -> i32 {
    let whole = trip.arrives.since(trip.sent).0.max(1);
    let done = now.since(trip.sent).0.min(whole);
    i32::try_from(u128::from(done) * 1_000 / u128::from(whole)).unwrap_or(1_000)
}

fn draw_trip(sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, trip: &Trip) {
    let done = progress(trip, scene.now);
    let Some(at) = along(&trip.way, done, Len::ZERO) else { return };
    let tone = accent(trip.lane);
    match &trip.load {
        Load::Messages(messages) => {
            let pitch = if m.beside { m.pitch() } else { px(18) };
            for (place, message) in messages.iter().take(TRAIN).enumerate().rev() {
                let behind = pitch * i32::try_from(place).unwrap_or(0);
                let Some(at) = along(&trip.way, done, behind) else { continue };
                let key = mark(scene.workload, *message);
                if m.beside {
                    let x = at.x - m.cell.half();
                    let area = Area::new(x, at.y - CELL.half(), m.cell, CELL);
                    sheet.cell(area, key, *message, Look::Solid);
                } else {
                    sheet.chip(at, key);
                }
            }
        }
        Load::Bookmark(offset) => {
            let width = BODY.width(offset) + px(10);
            let area = Area::new(at.x - width.half(), at.y - px(8), width, px(16));
            sheet.rect(area, 4, Some(Tone::KafkaSoft), Some(line(tone, 10, Dash::Solid)));
            let at = Point::new(at.x, at.y + px(4));
            sheet.text_at(at, Anchor::Middle, BODY, offset.clone());
        }
        Load::Ack(message) => {
            sheet.seal(at, Tone::KeyEdge(mark(scene.workload, *message).colour));
            sheet.check(at);
        }
        Load::Return(message) => {
            sheet.back(at, Tone::KeyEdge(mark(scene.workload, *message).colour));
        }
        Load::Answer => {
            let area = Area::new(at.x - px(3), at.y - px(3), px(6), px(6));
            sheet.rect(area, 3, Some(Tone::Surface), Some(line(tone, 15, Dash::Solid)));
        }
    }
}

fn dot(sheet: &mut Sheet, scene: &Scene<'_>, trip: &Trip) {
    let Some(at) = along(&trip.way, progress(trip, scene.now), Len::ZERO) else { return };
    match &trip.load {
        Load::Messages(messages) => {
            if let Some(message) = messages.first() {
                sheet.dot(at, mark(scene.workload, *message));
            }
        }
        Load::Ack(message) | Load::Return(message) => {
            sheet.dot(at, mark(scene.workload, *message));
        }
        Load::Bookmark(_) | Load::Answer => {
            let area = Area::new(at.x - px(2), at.y - px(2), px(4), px(4));
            sheet.rect(area, 2, Some(accent(trip.lane)), None);
        }
    }
}

/// Without motion: messages that are on their way into a lane, as outlines where they will stand.
fn arriving(sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, trips: &[Trip]) {
    let mut taken: Vec<Point> = Vec::new();
    for trip in trips {
        let (Load::Messages(messages), Some(end)) = (&trip.load, trip.way.last()) else { continue };
        let into_card = trip.way.len() < 3 || trip.way[0].x < trip.way[trip.way.len() - 1].x;
        if into_card || taken.contains(end) {
            continue;
        }
        taken.push(*end);
        let Some(message) = messages.first() else { continue };
        let area = Area::new(end.x - m.cell.half(), end.y - CELL.half(), m.cell, CELL);
        sheet.cell(area, mark(scene.workload, *message), *message, Look::Outlined);
    }
}

/// How many messages are on their way into each lane, beside the line they come along.
fn counted_streams(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    places: &Places,
    trips: &[Trip],
) {
    let Some((_, producer)) = places.producers.first() else { return };
    for lane in [Lane::Kafka, Lane::RabbitMq] {
        let messages = trips.iter().filter(|it| it.lane == lane).map(|it| match &it.load {
            Load::Messages(messages) => messages.len() as u64,
            Load::Bookmark(_) | Load::Ack(_) | Load::Return(_) | Load::Answer => 0,
        });
        let number: u64 = messages.sum();
        if number == 0 {
            continue;
        }
        let text = joined(&[&count(number), " under way"]);
        let x = bus(m, lane);
        let y = producer.y + px(12);
        if x < producer.x {
            let room = producer.x - x - px(16);
            sheet.text(Point::new(x + px(8), y), QUIET, room, &text);
        } else if producer.right() < x {
            let room = x - producer.right() - px(16);
            sheet.text_before(Point::new(x - px(8), y), QUIET, room, &text);
        }
    }
    debug_assert!(scene.now >= scene.kafka.at, "the picture is not of the past");
}

fn back(mut way: Vec<Point>) -> Vec<Point> {
    way.reverse();
    way
}

fn kafka_trips(scene: &Scene<'_>, m: &Metrics, places: &Places) -> Vec<Trip> {
    use kafka::snapshot::Cargo;
    let lane = Lane::Kafka;
    let mut trips = Vec::new();
    for flight in &scene.kafka.flights {
        let produce = |producer: &ProducerName, partition| {
            let (log, landing) = places.log(partition)?;
            if let Some(card) = places.producer(producer) {
                return Some(from_producer(m, card, lane, landing));
            }
            // A consumer that makes records of what it reads.
            let card = places.consumer(lane, &producer.as_str().into())?;
            Some(back(to_reader(m, lane, log_tap(log), card, turn(places, partition))))
        };
        let offsets =
            |consumer| Some(to_offsets(m, places.consumer(lane, consumer)?, places.offsets?));
        let trip = match &flight.cargo {
            Cargo::Produce(producer, partition, messages) => {
                produce(producer, partition).map(|it| (it, Load::Messages(messages.clone())))
            }
            Cargo::ProduceAnswer(producer, partition, _) => {
                produce(producer, partition).map(|it| (back(it), Load::Answer))
            }
            Cargo::Fetch(consumer, partition, messages) => {
                let card = places.consumer(lane, consumer);
                let way = card.zip(places.log(partition)).map(|(card, (log, _))| {
                    to_reader(m, lane, log_tap(log), card, turn(places, partition))
                });
                way.map(|it| (it, Load::Messages(messages.clone())))
            }
            Cargo::Commit(consumer, _, partition, offset) => offsets(consumer).map(|it| {
                let text =
                    joined(&[&crate::kafka::short(scene, partition), " ", &offset.to_string()]);
                (it, Load::Bookmark(text))
            }),
            Cargo::CommitAnswer(consumer, _) => {
                offsets(consumer).map(|it| (back(it), Load::Answer))
            }
            Cargo::Membership(consumer, _) => offsets(consumer).map(|it| (it, Load::Answer)),
        };
        let (sent, arrives) = (flight.sent, flight.arrives);
        trips.extend(trip.map(|(way, load)| Trip { lane, sent, arrives, way, load }));
    }
    trips
}

/// Which way out of several a partition's line takes; as it is drawn.
fn turn(places: &Places, partition: &kafka::TopicPartition) -> i32 {
    let place = places.logs.iter().position(|it| it.0 == *partition);
    place.and_then(|it| i32::try_from(it).ok()).unwrap_or(0)
}

fn rabbitmq_trips(scene: &Scene<'_>, m: &Metrics, places: &Places) -> Vec<Trip> {
    use rabbitmq::snapshot::Cargo;
    let lane = Lane::RabbitMq;
    let mut trips = Vec::new();
    for flight in &scene.rabbitmq.flights {
        let reader = |queue, consumer| {
            let (area, _) = places.queue(queue)?;
            let card = places.consumer(lane, consumer)?;
            let turn = places.queues.iter().position(|it| it.0 == *queue)?;
            let turn = i32::try_from(turn).ok()?;
            Some(to_reader(m, lane, queue_tap(area), card, turn))
        };
        let confirmed = |producer| {
            let mut exchanges = places.exchanges.iter().filter(|(name, _)| {
                scene.rabbitmq_config.destinations.iter().any(|it| it.exchange == *name)
            });
            let end = exchanges.next().map(|it| Point::new(it.1.right(), it.1.centre().y));
            let end = end.or_else(|| places.queues.first().map(|it| it.2))?;
            Some(back(from_producer(m, places.producer(producer)?, lane, end)))
        };
        let trip = match &flight.cargo {
            Cargo::Publish(producer, exchange, key, message) => {
                let end = places.exchange(exchange).map(|it| Point::new(it.right(), it.centre().y));
                let end = end.or_else(|| {
                    places.queues.iter().find(|it| it.0.as_str() == &**key).map(|it| it.2)
                });
                let end = end.or_else(|| places.queues.first().map(|it| it.2));
                let way = places.producer(producer).zip(end);
                way.map(|(card, end)| {
                    (from_producer(m, card, lane, end), Load::Messages(vec![*message]))
                })
            }
            Cargo::Confirm(producer, _) => confirmed(producer).map(|it| (it, Load::Answer)),
            Cargo::Refusal(producer, message) => {
                confirmed(producer).map(|it| (it, Load::Return(*message)))
            }
            Cargo::Unroutable(exchange, producer, message) => {
                let end = places.exchange(exchange).map(|it| Point::new(it.right(), it.centre().y));
                let end = end.or_else(|| places.queues.first().map(|it| it.2));
                let way = places.producer(producer).zip(end);
                way.map(|(card, end)| {
                    (back(from_producer(m, card, lane, end)), Load::Return(*message))
                })
            }
            Cargo::Deliver(queue, consumer, message) => {
                reader(queue, consumer).map(|it| (it, Load::Messages(vec![*message])))
            }
            Cargo::Ack(consumer, queue, message) => {
                reader(queue, consumer).map(|it| (back(it), Load::Ack(*message)))
            }
            // From the consumer to the queue that the default exchange finds by the key.
            Cargo::Forward(consumer, exchange, key, message) => {
                let queue = places.queues.iter().find(|it| it.0.as_str() == &**key);
                let queue = queue.filter(|_| exchange.as_str().is_empty());
                let way = queue.and_then(|it| reader(&it.0, consumer));
                way.map(|it| (back(it), Load::Messages(vec![*message])))
            }
            Cargo::Return(consumer, queue, message) => {
                reader(queue, consumer).map(|it| (back(it), Load::Return(*message)))
            }
        };
        let (sent, arrives) = (flight.sent, flight.arrives);
        trips.extend(trip.map(|(way, load)| Trip { lane, sent, arrives, way, load }));
    }
    trips
}
