//! Kafka's lane: topics and their partitions, the groups that read them, the offsets topic.

mod brokers;
mod log;
mod offsets;
mod replicas;
mod transacting;

use crate::card::{Card, Doing, Stack, accent};
use crate::item::Dash;
use crate::metrics::{Metrics, ROW};
use crate::places::{Places, log_tap, to_reader};
use crate::scene::{Lane, Scene, Target};
use crate::sheet::{LABEL, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{counted, joined, signed};
pub use brokers::standing as standing_of_broker;
use brokerscope_core::kafka::TopicPartition;
use brokerscope_core::kafka::snapshot::{
    ConsumerSnapshot, ConsumerState, GroupPartition, GroupSnapshot, Term, TopicSnapshot,
    TransactionStage,
};
use brokerscope_core::name::GroupId;
use brokerscope_core::workload::MessageId;
use log::Row;
pub(crate) use log::present;
pub(crate) use transacting::{stage_words, transaction_words};

/// The height of a heading.
pub(crate) const HEADING: Len = px(20);
/// The height of a heading over cards that stand below the storage: lines come in under it.
const LOW_HEADING: Len = px(26);
/// How high the line is that tells where a group stands.
const STANDING: Len = px(20);
/// How many partitions of a topic are shown with their records; more have a line each.
const FULL: usize = 8;
/// How many partitions of a topic are shown one by one.
const SHOWN: usize = 24;

/// Draws the lane from `at` on; tells where it ends.
pub(crate) fn draw(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    places: &mut Places,
    at: Point,
) -> Len {
    let mut left = brokers::draw(sheet, scene, m, at);
    for topic in &scene.kafka.topics {
        left = draw_topic(sheet, scene, m, places, topic, Point::new(at.x, left)) + px(4);
    }
    let cards_at = if m.beside {
        Point::new(at.x + m.storage_end() + m.gutter, at.y)
    } else {
        Point::new(at.x + m.margin, left)
    };
    let cards_end = draw_groups(sheet, scene, m, places, cards_at);
    readers(sheet, scene, m, places);
    let beneath = if m.beside { left } else { cards_end };
    let end = offsets::draw(sheet, scene, m, places, Point::new(at.x, beneath));
    end.max(cards_end)
}

/// What there is in the lane that not every lesson has, to be explained.
pub(crate) struct Seen {
    /// Several copies of something.
    pub(crate) replicas: bool,
    /// Records before where a group began to read.
    pub(crate) passed_over: bool,
    /// Several segments of a log.
    pub(crate) segments: bool,
    /// Offsets whose records are gone.
    pub(crate) holes: bool,
}

/// What there is in the lane that not every lesson has.
pub(crate) fn seen(scene: &Scene<'_>) -> Seen {
    let mut seen = Seen { replicas: false, passed_over: false, segments: false, holes: false };
    for it in scene.kafka.topics.iter().flat_map(|it| &it.partitions) {
        seen.replicas |= !it.replicas.is_empty();
        seen.segments |= 1 < it.segments.len();
        seen.holes |= it.records < (it.log_end.0 - it.log_start.0).unsigned_abs();
        for (_, group) in standing(scene, &it.partition) {
            let known = group.committed.unwrap_or(it.log_start).max(it.log_start);
            seen.passed_over |= group.began.is_some_and(|began| known < began);
        }
    }
    seen
}

/// Where the groups stand in one partition.
fn standing<'a>(
    scene: &Scene<'a>,
    partition: &TopicPartition,
) -> Vec<(&'a GroupId, &'a GroupPartition)> {
    let groups = scene.kafka.groups.iter();
    groups
        .filter_map(|it| {
            let found = it.partitions.iter().find(|it| it.partition == *partition)?;
            Some((&it.group, found))
        })
        .collect()
}

fn draw_topic(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    places: &mut Places,
    topic: &TopicSnapshot,
    at: Point,
) -> Len {
    let x = at.x + m.margin;
    let room = m.storage_end() - m.margin;
    let heading = joined(&["topic ", topic.name.as_str()]);
    let counts = topic_counts(scene, topic, room - LABEL.width(&heading) - px(12));
    let right = at.x + m.storage_end();
    let counts_at = Point::new(right, at.y + px(12));
    let left = sheet.text_before(counts_at, QUIET, room - px(48), &counts) - px(8);
    sheet.text(Point::new(x, at.y + px(12)), LABEL, left - x, &heading);
    let mut y = at.y + HEADING;
    let slim = FULL < topic.partitions.len();
    for partition in topic.partitions.iter().take(SHOWN) {
        let groups = standing(scene, &partition.partition);
        let row = Row { scene, m, partition, groups };
        let at = Point::new(at.x, y);
        y += if slim { row.draw_slim(sheet, places, at) } else { row.draw(sheet, places, at) };
    }
    let Some(rest) = topic.partitions.get(SHOWN..).filter(|it| !it.is_empty()) else { return y };
    let mut lag = 0;
    for partition in rest {
        let groups = standing(scene, &partition.partition);
        lag += groups.iter().filter_map(|(_, it)| it.lag).sum::<i64>();
    }
    let more = counted(rest.len() as u64, "more partition", "more partitions");
    let text = joined(&["and ", &more, ", lag ", &signed(lag)]);
    sheet.text(Point::new(x, y + px(12)), QUIET, room, &text);
    y + HEADING
}

/// How much a topic keeps, and how far the groups are behind if there is room to say it.
fn topic_counts(scene: &Scene<'_>, topic: &TopicSnapshot, room: Len) -> String {
    let records = topic.partitions.iter().map(|it| it.records).sum();
    let records = counted(records, "record", "records");
    let mut lags = String::new();
    for group in &scene.kafka.groups {
        let here = group.partitions.iter().filter(|it| it.partition.topic == topic.name);
        let Some(lag) = here.filter_map(|it| it.lag).reduce(|a, b| a + b) else { continue };
        let name = if scene.kafka.groups.len() == 1 { "" } else { group.group.as_str() };
        let space = if name.is_empty() { "" } else { " " };
        lags += &joined(&[" · ", name, space, "lag ", &signed(lag)]);
    }
    let both = joined(&[&records, &lags]);
    if QUIET.width(&both) <= room { both } else { records }
}

/// The groups, each with its consumers.
fn draw_groups(
    sheet: &mut Sheet,
    scene: &Scene<'_>,
    m: &Metrics,
    places: &mut Places,
    at: Point,
) -> Len {
    let consumers = &scene.kafka.consumers;
    let mut groups: Vec<&GroupId> = scene.kafka.groups.iter().map(|it| &it.group).collect();
    for consumer in consumers {
        if !groups.contains(&&consumer.group) {
            groups.push(&consumer.group);
        }
    }
    let mut y = at.y;
    for group in groups {
        let room = if m.beside { m.card } else { m.storage_end() - m.margin };
        let heading = Area::new(at.x, y, room, HEADING);
        let added = scene.options.can_add.then(|| Target::AddToGroup(group.clone()));
        let title = joined(&["group ", group.as_str()]);
        draw_heading(sheet, heading, &title, added);
        let here: Vec<&ConsumerSnapshot> =
            consumers.iter().filter(|it| it.group == *group).collect();
        let state = scene.kafka.groups.iter().find(|it| it.group == *group);
        let label = joined(&[
            &title,
            ": ",
            &counted(here.len() as u64, "consumer", "consumers"),
            ", ",
            &state.map_or("no coordinator yet".to_owned(), standing_words),
        ]);
        let hit = Area::new(at.x, y, LABEL.width(&title).min(room), HEADING);
        sheet.hit(hit, Target::Group(group.clone()), label);
        y += heading_height(m);
        let cards: Vec<Card<'_>> = here.iter().map(|it| card(scene, m, it)).collect();
        let stack = Stack {
            at: Point::new(at.x, y),
            columns: if m.beside { 1 } else { 2 },
            pitch: if m.beside { ROW } else { px(68) },
        };
        let (areas, end) = stack.draw(sheet, scene, m, &cards);
        for (consumer, area) in here.iter().zip(areas) {
            places.consumers.push((Lane::Kafka, consumer.name.clone(), area));
        }
        y = end;
        if let Some(group) = state {
            draw_standing(sheet, Point::new(at.x, y + px(10)), room, group);
        }
        // Kept free without a state too, so that nothing moves when there is one.
        y += STANDING;
        if here.is_empty() {
            sheet.text(Point::new(at.x, y + px(10)), QUIET, room, "no consumers");
            y += px(24);
        }
    }
    y
}

/// A group's state and its generation or epoch, and during a rebalance how many members are
/// through with that phase, in words.
fn standing_words(group: &GroupSnapshot) -> String {
    let Some((through, all)) = group.progress else { return term(group) };
    let done = match group.state {
        "PreparingRebalance" => "joined",
        "CompletingRebalance" => "asked for their part",
        _ => "arrived",
    };
    let have = if all == 1 { " has " } else { " have " };
    let (through, all) = (through.to_string(), all.to_string());
    joined(&[&term(group), ": ", &through, " of ", &all, have, done])
}

fn term(group: &GroupSnapshot) -> String {
    let Some(coordinator) = group.coordinator else {
        return "no coordinator just now".to_owned();
    };
    if group.state == "Unknown" {
        return joined(&["coordinator b", &coordinator.0.to_string(), " is down"]);
    }
    // Kafka's word for a group that its coordinator does not know.
    if group.state == "Dead" {
        return "no group yet".to_owned();
    }
    let term = if group.reconciling.is_some() { ", epoch " } else { ", generation " };
    joined(&[group.state, term, &group.generation.to_string()])
}

/// The standing of a group in one line below its cards, as many words as there is room for.
fn draw_standing(sheet: &mut Sheet, at: Point, room: Len, group: &GroupSnapshot) {
    let mut text = standing_words(group);
    if let Some((through, all)) = group.progress
        && room < QUIET.width(&text)
    {
        let done = joined(&[" ", &through.to_string(), "/", &all.to_string()]);
        text = joined(&[&term(group), ":", &done]);
        if room < QUIET.width(&text) {
            text = joined(&[group.state, &done]);
        }
    }
    sheet.text(at, QUIET, room, &text);
}

/// How high a heading over cards is.
pub(crate) const fn heading_height(m: &Metrics) -> Len {
    if m.beside { HEADING } else { LOW_HEADING }
}

/// A heading over cards, with the place where one can be added.
pub(crate) fn draw_heading(sheet: &mut Sheet, area: Area, title: &str, add: Option<Target>) {
    let mut room = area.width;
    if let Some(target) = add {
        let text = "+ add";
        let width = QUIET.width(text) + px(16);
        let pill = Area::new(area.right() - width, area.y - px(4), width, px(20));
        sheet.rect(pill, 10, None, Some(line(Tone::Line, 10, Dash::Solid)));
        sheet.text(Point::new(pill.x + px(8), area.y + px(10)), QUIET, width, text);
        sheet.hit(pill.inset(-px(2)), target, joined(&["add a consumer: ", title]));
        room = room - width - px(8);
    }
    sheet.text(Point::new(area.x, area.y + px(12)), LABEL, room, title);
}

fn card<'a>(scene: &Scene<'a>, m: &Metrics, it: &'a ConsumerSnapshot) -> Card<'a> {
    let mut holds: Vec<MessageId> = it.holds.iter().map(|(message, _)| *message).collect();
    let mut about = String::new();
    let doing = match it.state {
        ConsumerState::Crashed => Doing::Crashed,
        ConsumerState::Closed => Doing::Closed,
        ConsumerState::Joining => Doing::Says(if m.beside { "joins the group" } else { "joins" }),
        ConsumerState::Idle => {
            about = "has no partition".to_owned();
            Doing::Idle
        }
        ConsumerState::Waiting => Doing::Says(if m.beside { "waits for records" } else { "waits" }),
        ConsumerState::Working { message, began, done } => {
            holds.insert(0, message);
            Doing::works(message, began, done, scene.now)
        }
        ConsumerState::Committing => Doing::Says("commits"),
        ConsumerState::Paused => Doing::Paused,
    };
    let mut trouble = false;
    if let Some(it) = it.transaction.as_ref().filter(|_| doing.runs()) {
        use TransactionStage as Stage;
        trouble = matches!(it.stage, Stage::Abortable(_) | Stage::Fatal(_));
        if trouble || matches!(it.stage, Stage::Open | Stage::Ending(_)) {
            about = transaction_words(it);
            if m.card - px(24) < QUIET.width(&about) {
                about = stage_words(it.stage).to_owned();
            }
        }
    }
    if doing.runs() && about.is_empty() {
        if 1 < it.held {
            about = joined(&["holds ", &crate::words::count(it.held)]);
        } else if !m.beside && !it.partitions.is_empty() {
            about = joined(&["reads ", &names(scene, &it.partitions)]);
            if m.card - px(24) < QUIET.width(&about) {
                about = counted(it.partitions.len() as u64, "partition", "partitions");
            }
        }
    }
    Card {
        lane: Lane::Kafka,
        name: &it.name,
        doing,
        holds,
        processed: it.processed,
        about,
        tag: member_term(scene, it),
        trouble,
    }
}

/// A member's own generation or epoch: in the classic protocol only where it is not its group's,
/// for all members have that one after a rebalance.
fn member_term(scene: &Scene<'_>, it: &ConsumerSnapshot) -> String {
    let mut groups = scene.kafka.groups.iter();
    match it.term {
        Some(Term::Epoch(own)) => joined(&["epoch ", &own.to_string()]),
        Some(Term::Generation(own))
            if groups.any(|of| {
                of.group == it.group && of.state != "Unknown" && of.generation != own
            }) =>
        {
            joined(&["generation ", &own.to_string()])
        }
        Some(Term::Generation(_)) | None => String::new(),
    }
}

/// Partitions by their short names.
fn names(scene: &Scene<'_>, partitions: &[TopicPartition]) -> String {
    let mut names = String::new();
    for partition in partitions {
        if !names.is_empty() {
            names += ", ";
        }
        names += &short(scene, partition);
    }
    names
}

/// `P0` if there is one topic, `orders-0` if there are several.
pub(crate) fn short(scene: &Scene<'_>, partition: &TopicPartition) -> String {
    if scene.kafka.topics.len() < 2 {
        joined(&["P", &partition.partition.to_string()])
    } else {
        partition.to_string()
    }
}

/// The lines from each partition to who reads it; where someone crashed, also to nobody.
fn readers(sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, places: &Places) {
    for (turn, (partition, log, _)) in (0..).zip(&places.logs) {
        let mut y = log_tap(*log);
        let mut owned = 0;
        for (_, group) in standing(scene, partition) {
            let Some(owner) = &group.owner else { continue };
            let Some(card) = places.consumer(Lane::Kafka, owner) else { continue };
            let way = to_reader(m, Lane::Kafka, y, card, turn + owned);
            sheet.route(&way, line(accent(Lane::Kafka), 15, Dash::Solid));
            y += px(4);
            owned += 1;
        }
        if owned != 0 {
            continue;
        }
        let crashed = scene.kafka.consumers.iter().any(|it| it.state == ConsumerState::Crashed);
        if crashed && standing(scene, partition).iter().any(|(_, it)| it.owner.is_none()) {
            orphan(sheet, m, Point::new(log.right(), y));
        }
    }
}

/// A line that leads nowhere: who read here is gone.
fn orphan(sheet: &mut Sheet, m: &Metrics, from: Point) {
    let length = if m.beside { px(28) } else { px(10) };
    let end = from.offset(length, Len::ZERO);
    sheet.segment(from, end, line(Tone::Bad, 15, Dash::Dashed));
    let p = |x: i32, y: i32| end.offset(px(x), px(y));
    let stroke = line(Tone::Bad, 20, Dash::Solid);
    sheet.segment(p(-1, -3), p(5, 3), stroke);
    sheet.segment(p(5, -3), p(-1, 3), stroke);
}
