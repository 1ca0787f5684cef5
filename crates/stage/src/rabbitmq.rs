//! RabbitMQ's lane: exchanges, queues, their consumers, dead letters.

mod nodes;
mod queue;

use crate::card::{Card, Doing, Stack, accent};
use crate::item::Dash;
use crate::kafka::{HEADING, draw_heading, heading_height};
use crate::metrics::{Metrics, ROW};
use crate::places::{Places, queue_tap, to_reader};
use crate::scene::{Lane, Scene, Target};
use crate::sheet::{BODY, LABEL, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{count, joined};
use brokerscope_core::name::{ExchangeName, QueueName};
use brokerscope_core::rabbitmq::Config;
use brokerscope_core::rabbitmq::config::ExchangeType;
use brokerscope_core::rabbitmq::exchange::topic;
use brokerscope_core::rabbitmq::snapshot::{Cargo, ConsumerSnapshot, ConsumerState, QueueSnapshot};
use brokerscope_core::workload::MessageId;

/// The height of a binding's line.
const BINDING: Len = px(16);

/// The queues that other queues send their dead letters to.
pub(crate) fn dead_letter_queues(config: &Config) -> Vec<&QueueName> {
    let mut found = Vec::new();
    for queue in &config.queues {
        let Some(exchange) = &queue.arguments.dead_letter_exchange.0 else { continue };
        let exchange: &str = exchange;
        let key = queue.arguments.dead_letter_routing_key.0.as_deref();
        if exchange.is_empty() {
            // The default exchange takes the key for a queue's name.
            found.extend(
                key.and_then(|key| config.queues.iter().find(|it| it.name.as_str() == key))
                    .map(|it| &it.name),
            );
        }
        let bound = config.bindings.iter().filter(|it| it.source.as_str() == exchange);
        found.extend(bound.filter_map(|it| it.destination.queue()));
    }
    found
}

/// Draws the lane from `at` on; tells where it ends.
pub(crate) fn draw(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    places: &mut Places,
    at: Point,
) -> Len {
    let dead = dead_letter_queues(scene.rabbitmq_config);
    let is_dead = |it: &&QueueSnapshot| dead.contains(&&it.name);
    let queues = &scene.rabbitmq.queues;
    let top = nodes::draw(sheet, scene, m, at);
    let mut left = exchanges(sheet, scene, m, places, Point::new(at.x, top));
    let normal: Vec<&QueueSnapshot> = queues.iter().filter(|it| !is_dead(it)).collect();
    let lines = queue::lines(scene, m, normal.len());
    for queue in &normal {
        left = queue::draw(sheet, scene, m, places, queue, lines, Point::new(at.x, left)) + px(12);
    }
    places.fed = places.queues.len();
    for queue in queues.iter().filter(is_dead) {
        left = queue::draw_dead(sheet, scene, m, places, queue, Point::new(at.x, left)) + px(12);
    }
    let cards_at = if m.beside {
        Point::new(at.x + m.storage_end() + m.gutter, at.y)
    } else {
        Point::new(at.x + m.margin, left)
    };
    let cards_end = consumers(sheet, scene, m, places, cards_at, &dead);
    readers(sheet, scene, m, places);
    left.max(cards_end)
}

/// The exchanges that do more than carry a message to the queue of that name: who gets what.
fn exchanges(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    places: &mut Places,
    at: Point,
) -> Len {
    let mut y = at.y;
    let (x, right) = (at.x + m.margin, at.x + m.storage_end());
    for exchange in &scene.rabbitmq.exchanges {
        if exchange.name.as_str().is_empty() {
            continue;
        }
        let bindings = scene.rabbitmq.bindings.iter().filter(|it| it.source == exchange.name);
        let by_pattern = exchange.kind == ExchangeType::Topic;
        let mut to = String::new();
        for binding in bindings.clone().filter(|_| !by_pattern) {
            if !to.is_empty() {
                to += ", ";
            }
            to += binding.destination.as_str();
        }
        let to = if to.is_empty() { "nowhere" } else { &to };
        let kind = joined(&[exchange.kind.as_str(), " "]);
        let rows =
            if by_pattern { i32::try_from(bindings.clone().count()).unwrap_or(0) } else { 0 };
        let area = Area::new(x, y, right - x, px(24) + BINDING * rows);
        sheet.rect(area, 6, None, Some(line(Tone::Line, 10, Dash::Solid)));
        let baseline = y + px(16);
        let at = Point::new(x + px(10), baseline);
        let end = sheet.text(at, QUIET, right - at.x, &kind);
        let room = (right - end - px(60)).max(px(20));
        let end = sheet.text(Point::new(end, baseline), BODY, room, exchange.name.as_str());
        if rows == 0 {
            let to = joined(&["→ ", to]);
            let at = Point::new(end + px(8), baseline);
            sheet.text(at, QUIET, right - at.x - px(8), &to);
        } else {
            patterns(sheet, scene, &exchange.name, area);
        }
        places.exchanges.push((exchange.name.clone(), area));
        y = area.bottom() + px(8);
    }
    y
}

/// The bindings of a topic exchange, one a line; those that match a message on its way to the
/// exchange stand out.
fn patterns(sheet: &mut Sheet, scene: &Scene<'_>, exchange: &ExchangeName, area: Area) {
    let mut baseline = area.y + px(32);
    let keys = scene.rabbitmq.flights.iter().filter_map(|it| match &it.cargo {
        Cargo::Publish(_, to, key, _) => (to == exchange).then_some(&**key),
        Cargo::Confirm(..)
        | Cargo::Refusal(..)
        | Cargo::Unroutable(..)
        | Cargo::Deliver(..)
        | Cargo::Ack(..)
        | Cargo::Return(..) => None,
    });
    let keys: Vec<&str> = keys.collect();
    for binding in scene.rabbitmq.bindings.iter().filter(|it| it.source == *exchange) {
        let said = joined(&[&binding.routing_key, " → ", binding.destination.as_str()]);
        let matched = keys.iter().any(|key| topic::matches(&binding.routing_key, key));
        let style = if matched { LABEL } else { QUIET };
        let at = Point::new(area.x + px(10), baseline);
        sheet.text(at, style, area.width - px(18), &said);
        baseline += BINDING;
    }
}

/// The consumers, by queue.
fn consumers(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    places: &mut Places,
    at: Point,
    dead: &[&QueueName],
) -> Len {
    let mut y = at.y;
    for queue in &scene.rabbitmq.queues {
        let all = scene.rabbitmq.consumers.iter();
        let here: Vec<&ConsumerSnapshot> = all.filter(|it| it.queue == queue.name).collect();
        if here.is_empty() && dead.contains(&&queue.name) {
            continue;
        }
        let room = if m.beside { m.card } else { m.storage_end() - m.margin };
        let title = match scene.rabbitmq.queues.len() {
            1 => "consumers".to_owned(),
            _ => joined(&["of ", queue.name.as_str()]),
        };
        let may_add = scene.options.can_add && !dead.contains(&&queue.name);
        let added = may_add.then(|| Target::AddToQueue(queue.name.clone()));
        draw_heading(sheet, Area::new(at.x, y, room, HEADING), &title, added);
        y += heading_height(m);
        let cards: Vec<Card<'_>> = here.iter().map(|it| card(scene, m, it)).collect();
        let stack =
            Stack { at: Point::new(at.x, y), columns: if m.beside { 1 } else { 2 }, pitch: ROW };
        let (areas, end) = stack.draw(sheet, scene, m, &cards);
        for (consumer, area) in here.iter().zip(areas) {
            places.consumers.push((Lane::RabbitMq, consumer.name.clone(), area));
        }
        y = end;
        if here.is_empty() {
            sheet.text(Point::new(at.x, y + px(10)), QUIET, room, "none");
            y += px(24);
        }
    }
    y
}

fn card<'a>(scene: &Scene<'a>, m: &Metrics, it: &'a ConsumerSnapshot) -> Card<'a> {
    let mut holds: Vec<MessageId> = it.holds.clone();
    let doing = match it.state {
        ConsumerState::Crashed => Doing::Crashed,
        ConsumerState::Closed => Doing::Closed,
        ConsumerState::Connecting => Doing::Says("connects"),
        ConsumerState::Waiting => {
            Doing::Says(if m.beside { "waits for messages" } else { "waits" })
        }
        ConsumerState::Working { message, began, done } => {
            holds.insert(0, message);
            Doing::works(message, began, done, scene.now)
        }
        ConsumerState::Paused => Doing::Paused,
    };
    let about = if !doing.runs() {
        String::new()
    } else if it.auto_ack {
        if m.beside { "acks on delivery" } else { "auto ack" }.to_owned()
    } else if it.prefetch_count == 0 {
        joined(&[&count(it.unacked), " unacked"])
    } else {
        let most = count(u64::from(it.prefetch_count));
        joined(&[&count(it.unacked), " of ", &most, " unacked"])
    };
    Card { lane: Lane::RabbitMq, name: &it.name, doing, holds, processed: it.processed, about }
}

/// From each queue one line to all its consumers.
fn readers(sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, places: &Places) {
    for (turn, (queue, area, _)) in (0..).zip(&places.queues) {
        let y = queue_tap(*area);
        let here = scene.rabbitmq.consumers.iter().filter(|it| it.queue == *queue);
        for consumer in here {
            let Some(card) = places.consumer(Lane::RabbitMq, &consumer.name) else { continue };
            let stroke = match consumer.state {
                ConsumerState::Closed => continue,
                ConsumerState::Crashed => line(Tone::Bad, 15, Dash::Dashed),
                ConsumerState::Connecting => line(accent(Lane::RabbitMq), 15, Dash::Dashed),
                ConsumerState::Waiting | ConsumerState::Working { .. } | ConsumerState::Paused => {
                    line(accent(Lane::RabbitMq), 15, Dash::Solid)
                }
            };
            sheet.route(&to_reader(m, Lane::RabbitMq, y, card, turn), stroke);
        }
    }
}
