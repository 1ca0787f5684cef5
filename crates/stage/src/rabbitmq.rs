//! RabbitMQ's lane: exchanges, queues, their consumers, dead letters.

mod dead;
mod exchanges;
mod members;
mod nodes;
mod notes;
mod queue;
mod rules;
mod stream;
mod told;

pub use told::{binding_words, consumer_words, queue_words, slot_words};

use crate::card::{Card, Doing, Stack, accent};
use crate::item::Dash;
use crate::kafka::{HEADING, draw_heading, heading_height};
use crate::metrics::{Metrics, ROW};
use crate::places::{Places, queue_tap, to_reader};
use crate::scene::{Lane, Scene, Target};
use crate::sheet::{QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{count, joined};
use brokerscope_core::name::QueueName;
use brokerscope_core::rabbitmq::config::{Overflow, QueueType, RoutingKey};
use brokerscope_core::rabbitmq::error::ProtocolError;
use brokerscope_core::rabbitmq::snapshot::{ConsumerSnapshot, ConsumerState, QueueSnapshot};
use brokerscope_core::rabbitmq::topology::Destination;
use brokerscope_core::workload::MessageId;

/// Of how many publishers it is told why their channels were closed.
const TROUBLES: usize = 3;

/// What can be seen in some lanes only, and is to be explained there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Queues that forget what is acknowledged.
    pub(crate) queues: bool,
    /// Logs that do not.
    pub(crate) streams: bool,
    /// Bindings that may match.
    pub(crate) bindings: bool,
    /// Priorities under messages.
    pub(crate) priorities: bool,
    /// Delivery counts under messages.
    pub(crate) returns: bool,
    /// How long messages may still wait.
    pub(crate) expiry: bool,
    /// What limits made a queue drop.
    pub(crate) dropped: bool,
    /// What comes back to publishers.
    pub(crate) back: bool,
}

/// What is to be explained.
pub(crate) fn seen(scene: &Scene<'_>) -> Seen {
    let mut seen = Seen::default();
    for it in &scene.rabbitmq.queues {
        let stream = it.arguments.queue_type == QueueType::Stream;
        let notes = notes::Notes::of(it);
        let refuses = it.arguments.overflow != Overflow::DropHead;
        seen.streams |= stream;
        seen.queues |= !stream;
        seen.priorities |= notes.priorities;
        seen.returns |= notes.returns;
        seen.expiry |= notes.expiry;
        seen.dropped |= !rules::dropped(it).is_empty();
        seen.back |= refuses;
    }
    let config = scene.rabbitmq_config;
    seen.back |= config.publishers.iter().any(|it| it.settings.mandatory)
        || config.destinations.iter().any(|it| it.mandatory == Some(true));
    seen.bindings = scene.rabbitmq.exchanges.iter().any(|it| exchanges::in_lines(scene, it));
    // Nothing declared yet will be a queue.
    seen.queues |= !seen.streams;
    seen
}

/// The queues that only take other queues' dead letters: publishers do not reach them.
fn dead_letter_queues<'a>(scene: &Scene<'a>) -> Vec<&'a QueueName> {
    let mut dead = Vec::new();
    for queue in &scene.rabbitmq.queues {
        let arguments = &queue.arguments;
        let Some(exchange) = &arguments.dead_letter_exchange.0 else { continue };
        let key = arguments.dead_letter_routing_key.0.as_deref();
        reach(scene, exchange, key, &mut dead);
    }
    let mut fed = Vec::new();
    for it in &scene.rabbitmq_config.destinations {
        let key = match &it.routing_key {
            RoutingKey::Fixed(key) => Some(&**key),
            RoutingKey::MessageKey => None,
        };
        reach(scene, it.exchange.as_str(), key, &mut fed);
    }
    dead.retain(|it| !fed.contains(it));
    dead
}

/// The queues that may get what comes to an exchange, with that key if it is known.
fn reach<'a>(scene: &Scene<'a>, exchange: &str, key: Option<&str>, to: &mut Vec<&'a QueueName>) {
    if exchange.is_empty() {
        // The default exchange takes the key for a queue's name.
        let queues = scene.rabbitmq.queues.iter().map(|it| &it.name);
        to.extend(queues.filter(|it| key == Some(it.as_str())));
    }
    let mut next = vec![exchange];
    let mut seen = 0;
    while let Some(name) = next.get(seen).copied() {
        seen += 1;
        for it in scene.rabbitmq.bindings.iter().filter(|it| it.source.as_str() == name) {
            match &it.destination {
                Destination::Queue(queue) => to.push(queue),
                Destination::Exchange(name) if next.contains(&name.as_str()) => {}
                Destination::Exchange(name) => next.push(name.as_str()),
            }
        }
    }
}

/// Draws the lane from `at` on; tells where it ends.
pub(crate) fn draw(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    places: &mut Places,
    at: Point,
) -> Len {
    let dead = dead_letter_queues(scene);
    let is_dead = |it: &&QueueSnapshot| dead.contains(&&it.name);
    let queues = &scene.rabbitmq.queues;
    let top = troubles(sheet, scene, m, at);
    let top = nodes::draw(sheet, scene, m, Point::new(at.x, top));
    let mut left = exchanges::draw(sheet, scene, m, places, Point::new(at.x, top));
    let normal: Vec<&QueueSnapshot> = queues.iter().filter(|it| !is_dead(it)).collect();
    let lines = queue::lines(scene, m, normal.len());
    for queue in &normal {
        left = queue::draw(sheet, scene, m, places, queue, lines, Point::new(at.x, left)) + px(12);
    }
    places.fed = places.queues.len();
    for queue in queues.iter().filter(is_dead) {
        left = dead::draw(sheet, scene, m, places, queue, Point::new(at.x, left)) + px(12);
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

/// Publishers whose channels the broker closed, in a line each.
fn troubles(sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, at: Point) -> Len {
    let mut y = at.y;
    for it in scene.rabbitmq.publishers.iter().take(TROUBLES) {
        let Some(error) = &it.error else { continue };
        let said = joined(&["channel of ", it.name.as_str(), ": ", &error_words(error)]);
        let place = Point::new(at.x + m.margin, y + px(12));
        sheet.text(place, QUIET.tone(Tone::Bad), m.storage_end() - m.margin, &said);
        y += px(20);
    }
    y
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
        ConsumerState::Waiting if it.standing.active == Some(false) => Doing::StandsBy,
        ConsumerState::Waiting => {
            Doing::Says(if m.beside { "waits for messages" } else { "waits" })
        }
        ConsumerState::Working { message, began, done } => {
            holds.insert(0, message);
            Doing::works(message, began, done, scene.now)
        }
        ConsumerState::Paused => Doing::Paused,
    };
    let trouble = it.error.as_ref().filter(|_| doing.runs());
    let about = match trouble {
        Some(error) => error_words(error),
        None if doing.runs() => about(m, it),
        None => String::new(),
    };
    let tag = tag(it);
    let trouble = trouble.is_some();
    let (name, processed) = (&it.name, it.processed);
    Card { lane: Lane::RabbitMq, name, doing, holds, processed, about, tag, trouble }
}

/// What sets a consumer apart from others at its queue, in a word or two.
fn tag(it: &ConsumerSnapshot) -> String {
    match (it.standing.active, it.standing.priority) {
        (Some(true), _) => "active".to_owned(),
        (Some(false) | None, 0) => String::new(),
        (Some(false) | None, priority) => joined(&["priority ", &priority.to_string()]),
    }
}

/// How much a consumer holds of what it may, and in a stream where it reads next.
fn about(m: &Metrics, it: &ConsumerSnapshot) -> String {
    if let Some(offset) = it.standing.offset {
        return joined(&["next offset ", &count(offset)]);
    }
    if it.auto_ack {
        return if m.beside { "acks on delivery" } else { "auto ack" }.to_owned();
    }
    if it.prefetch_count == 0 {
        return joined(&[&count(it.unacked), " unacked"]);
    }
    let most = count(u64::from(it.prefetch_count));
    joined(&[&count(it.unacked), " of ", &most, " unacked"])
}

/// Why the broker closed a channel, short: `406 precondition failed`.
fn error_words(error: &ProtocolError) -> String {
    let mut said = error.code.to_string() + " ";
    for letter in error.text.chars().take_while(|it| *it != ' ') {
        said.push(if letter == '_' { ' ' } else { letter.to_ascii_lowercase() });
    }
    said
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
                    let stands_by = consumer.standing.active == Some(false);
                    let dash = if stands_by { Dash::Dotted } else { Dash::Solid };
                    line(accent(Lane::RabbitMq), 15, dash)
                }
            };
            sheet.route(&to_reader(m, Lane::RabbitMq, y, card, turn), stroke);
        }
    }
}
