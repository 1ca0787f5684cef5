//! The producers: once, above both lanes, with the messages they will send next.

use crate::cell::{Look, mark};
use crate::item::{Dash, Step};
use crate::kafka::transaction_words;
use crate::metrics::{CELL, GAP, Metrics, PRODUCER};
use crate::places::{Places, bus, from_producer};
use crate::scene::{Lane, Scene, Target};
use crate::sheet::{BODY, NAME, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{count, counted, joined};
use brokerscope_core::kafka::snapshot::{ProducerTransaction, TransactionStage};
use brokerscope_core::name::ProducerName;
use brokerscope_core::workload::MessageId;

/// How many producers have a card of their own.
const SHOWN: usize = 4;

/// What both systems say about one producer.
struct Producer<'a> {
    name: &'a ProducerName,
    next: &'a [MessageId],
    sent: Option<u64>,
    published: Option<u64>,
    /// Whether it has crashed in Kafka.
    crashed: bool,
    transaction: Option<&'a ProducerTransaction>,
}

impl Producer<'_> {
    /// A producer that writes in transactions has two lines more.
    fn height(&self) -> Len {
        if self.transaction.is_some() { PRODUCER + px(32) } else { PRODUCER }
    }

    /// What it is, or what became of it.
    fn kind(&self) -> &'static str {
        match (self.crashed, self.published) {
            (true, None) => "crashed",
            (true, Some(_)) => "crashed in Kafka",
            (false, _) => "producer",
        }
    }

    /// Where it stands with its transactions.
    fn standing(&self) -> Option<String> {
        let it = self.transaction?;
        let said = match it.stage {
            TransactionStage::Uninitialized
            | TransactionStage::Initializing
            | TransactionStage::Ready
            | TransactionStage::Fatal(_)
                if self.crashed =>
            {
                "no transaction open".to_owned()
            }
            TransactionStage::Open
            | TransactionStage::Ending(_)
            | TransactionStage::Abortable(_)
                if self.crashed =>
            {
                let records = counted(it.records, "record", "records");
                joined(&["crashed in a transaction, ", &records])
            }
            TransactionStage::Uninitialized
            | TransactionStage::Initializing
            | TransactionStage::Ready
            | TransactionStage::Open
            | TransactionStage::Ending(_)
            | TransactionStage::Abortable(_)
            | TransactionStage::Fatal(_) => transaction_words(it),
        };
        Some(said)
    }
}

/// Where the producers stand.
#[derive(Debug)]
pub(crate) struct Producers {
    /// Their cards, in order.
    pub(crate) cards: Vec<(ProducerName, Area)>,
    /// Where the part of the picture below them begins.
    pub(crate) bottom: Len,
}

fn producers<'a>(scene: &Scene<'a>) -> Vec<Producer<'a>> {
    let mut all: Vec<Producer<'a>> = Vec::new();
    for it in &scene.kafka.producers {
        all.push(Producer {
            name: &it.name,
            next: &it.next,
            sent: Some(it.sent),
            published: None,
            crashed: it.crashed,
            transaction: it.transaction.as_ref(),
        });
    }
    for it in &scene.rabbitmq.publishers {
        let published = Some(it.sent);
        match all.iter_mut().find(|known| *known.name == it.name) {
            Some(known) => {
                known.published = published;
                // Who is ahead has fewer left.
                if it.next.first() > known.next.first() {
                    known.next = &it.next;
                }
            }
            None => all.push(Producer {
                name: &it.name,
                next: &it.next,
                sent: None,
                published,
                crashed: false,
                transaction: None,
            }),
        }
    }
    all
}

/// Draws the producers from `top` on, around the middle `centre` if there is room beside them.
pub(crate) fn draw(sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, centre: Len) -> Producers {
    let all = producers(scene);
    let width = if m.width < px(560) { m.width - m.margin * 2 } else { px(320) };
    let x = if m.width < px(560) { m.margin } else { centre - width.half() };
    let mut top = px(12);
    let mut cards = Vec::new();
    for producer in all.iter().take(SHOWN) {
        let area = Area::new(x, top, width, producer.height());
        card(sheet, scene, m, producer, area);
        cards.push((producer.name.clone(), area));
        top += area.height + px(8);
    }
    let more = all.len().saturating_sub(SHOWN) as u64;
    if more != 0 {
        let text = joined(&["and ", &counted(more, "more producer", "more producers")]);
        sheet.text(Point::new(x + px(12), top + px(12)), QUIET, width, &text);
        top += px(24);
    }
    Producers { cards, bottom: top }
}

fn card(sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, it: &Producer<'_>, area: Area) {
    let (fill, edge) =
        if it.crashed { (Tone::BadSoft, Tone::Bad) } else { (Tone::Surface, Tone::Line) };
    sheet.rect(area, 10, Some(fill), Some(line(edge, 15, Dash::Solid)));
    let baseline = area.y + px(25);
    let pitch = m.pitch();
    let shown = it.next.len().min(if area.width < px(300) { 2 } else { 3 });
    let mut x = area.right() - px(8);
    for message in it.next[..shown].iter().rev() {
        x = x - m.cell;
        let cell = Area::new(x, area.y + PRODUCER.half() - CELL.half(), m.cell, CELL);
        sheet.cell(cell, mark(scene.workload, *message), *message, Look::Solid);
        let label = joined(&[it.name.as_str(), " will send message ", &message.to_string()]);
        sheet.hit(cell, Target::Message(*message), label);
        x = x + m.cell - pitch;
    }
    let mut room = x - GAP - area.x - px(12);
    if shown != 0 {
        let next = sheet.text_before(Point::new(x - px(4), baseline), QUIET, px(40), "next");
        room = next - px(12) - area.x;
    }
    let name = Point::new(area.x + px(12), baseline);
    let end = sheet.text(name, NAME, room.half() + px(24), it.name.as_str());
    let sent = match (it.sent, it.published) {
        (Some(kafka), Some(rabbit)) if kafka != rabbit => {
            joined(&[&count(kafka), " and ", &count(rabbit), " sent"])
        }
        (sent, published) => joined(&[&count(sent.or(published).unwrap_or(0)), " sent"]),
    };
    let left = room + area.x - end - px(8);
    let short = if it.crashed { it.kind().to_owned() } else { sent.clone() };
    let said = joined(&[it.kind(), ", ", &sent]);
    let said = if QUIET.width(&said) <= left { said } else { short };
    let style = if it.crashed { QUIET.tone(Tone::Bad) } else { QUIET };
    if QUIET.width(&said) <= left || it.crashed {
        sheet.text(Point::new(end + px(8), baseline), style, left, &said);
    }
    transaction(sheet, it, area);
}

/// Where it stands with its transactions, in two lines under its name.
fn transaction(sheet: &mut Sheet, it: &Producer<'_>, area: Area) {
    let (Some(of), Some(standing)) = (it.transaction, it.standing()) else { return };
    let room = area.width - px(24);
    let open = matches!(of.stage, TransactionStage::Open | TransactionStage::Ending(_));
    let failed = matches!(of.stage, TransactionStage::Abortable(_) | TransactionStage::Fatal(_));
    let tone = match (failed || it.crashed, open) {
        (true, _) => Tone::Bad,
        (false, true) => Tone::Text,
        (false, false) => Tone::Muted,
    };
    let at = Point::new(area.x + px(12), area.y + PRODUCER + px(6));
    sheet.text(at, BODY.tone(tone), room, &standing);
    let epoch = of.epoch.map_or_else(String::new, |it| joined(&[", epoch ", &it.to_string()]));
    let id = joined(&["transactional.id ", of.id.as_str(), &epoch]);
    let id = if QUIET.width(&id) <= room { id } else { joined(&[of.id.as_str(), &epoch]) };
    sheet.text(at.offset(Len::ZERO, px(16)), QUIET, room, &id);
}

/// The lines along which messages leave each producer, twice at the same instant.
pub(crate) fn lines(sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, places: &Places) {
    let stroke = line(Tone::Line, 15, Dash::Solid);
    let Some((_, first)) = places.producers.first() else { return };
    for lane in [Lane::Kafka, Lane::RabbitMq] {
        let x = bus(m, lane);
        let ends = match lane {
            Lane::Kafka => places.logs.iter().map(|it| at_edge(it.1, it.2)).collect(),
            Lane::RabbitMq => published_to(scene, places),
        };
        let Some(last) = ends.last() else { continue };
        for (_, card) in &places.producers {
            let way = from_producer(m, *card, lane, *last);
            if way[0].y == way[1].y {
                sheet.segment(way[0], way[1], stroke);
            }
        }
        let under = first.x <= x && x <= first.right();
        let top = Point::new(x, if under { first.bottom() } else { first.centre().y });
        for end in &ends {
            let tip = end.offset(px(1), Len::ZERO);
            sheet.route(&[top, Point::new(x, tip.y), tip], stroke);
            let p = |dx: i32, dy: i32| tip.offset(px(dx), px(dy));
            let head =
                vec![Step::Move(p(0, 0)), Step::Line(p(5, -4)), Step::Line(p(5, 4)), Step::Close];
            sheet.path(head, Some(Tone::Muted), None);
        }
    }
}

/// Where what lands there passes the right edge.
fn at_edge(area: Area, landing: Point) -> Point {
    Point::new(area.right(), landing.y)
}

/// Where publishers send to: queues by the default exchange, exchanges otherwise.
fn published_to(scene: &Scene<'_>, places: &Places) -> Vec<Point> {
    let destinations = &scene.rabbitmq_config.destinations;
    let to = |name: &str| destinations.iter().any(|it| it.exchange.as_str() == name);
    let exchanges = places.exchanges.iter().filter(|it| to(it.0.as_str()));
    let mut ends: Vec<Point> =
        exchanges.map(|it| Point::new(it.1.right(), it.1.centre().y)).collect();
    if to("") || ends.is_empty() {
        let queues = &places.queues[..places.fed];
        ends.extend(queues.iter().map(|it| at_edge(it.1, it.2)));
    }
    ends
}
