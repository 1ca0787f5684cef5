//! `[[workload]]`: what is sent.

use super::read::{Node, Table, Wrong};
use super::{MAX_TEXT, name, span, time, unique};
use crate::expand::{Flow, KeyOrder, MAX_FLOWS, MAX_MESSAGES, Pace};
use brokerscope_core::sim::{SimDuration, SimTime};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The largest message: what a RabbitMQ 4 takes without further settings.
const MAX_SIZE: u32 = 16 * 1024 * 1024;

/// The longest work on one message: an hour.
const MAX_WORK: SimDuration = SimDuration::seconds(3_600);

/// A flow, and where it goes.
#[derive(Debug)]
pub(super) struct Sent<'a> {
    pub(super) flow: Flow,
    /// Where it is described.
    pub(super) place: Node<'a>,
    /// The Kafka topic.
    pub(super) topic: Node<'a>,
    /// The RabbitMQ exchange; not there: the default exchange.
    pub(super) exchange: Option<Node<'a>>,
    /// The routing key.
    pub(super) routing_key: Option<Node<'a>>,
    /// Whether each message's own key is its routing key.
    pub(super) route_by_key: bool,
    /// Whether what no queue takes comes back.
    pub(super) mandatory: Option<bool>,
    /// What is said about the messages to RabbitMQ.
    pub(super) properties: Option<Node<'a>>,
}

/// All flows of a scenario that ends at `end`.
pub(super) fn flows<'a>(top: Table<'a>, end: SimTime) -> Result<Vec<Sent<'a>>, Wrong> {
    let list = top.items("workload")?;
    if list.is_empty() {
        return Err(top.missing("workload"));
    }
    if let Some(next) = list.get(MAX_FLOWS) {
        return Err(next.error(format!("there are more than {MAX_FLOWS} workloads")));
    }
    let mut seen = BTreeSet::new();
    let mut messages = 0;
    let mut flows = Vec::new();
    for node in list {
        let sent = flow(node, end, &mut seen)?;
        messages += sent.flow.messages;
        if MAX_MESSAGES < messages {
            let what = format!("that makes {messages} messages, and {MAX_MESSAGES} is the most");
            return Err(node.error(what));
        }
        flows.push(sent);
    }
    Ok(flows)
}

fn flow<'a>(node: Node<'a>, end: SimTime, seen: &mut BTreeSet<&'a str>) -> Result<Sent<'a>, Wrong> {
    let table = node.table(&[
        "name",
        "producer",
        "messages",
        "every",
        "per_second",
        "starts",
        "keys",
        "key_order",
        "work",
        "size_bytes",
        "poison",
        "topic",
        "exchange",
        "routing_key",
        "route_by_key",
        "mandatory",
        "properties",
    ])?;
    let named = table.need("name")?;
    let called = name(named)?;
    unique(seen, "workloads", named, called)?;
    let messages = table.need("messages")?;
    let flow = Flow {
        name: called.into(),
        producer: name(table.need("producer")?)?.into(),
        messages: messages.small(0, MAX_MESSAGES)?,
        starts: table.or("starts", SimTime::START, time)?,
        pace: pace(node, table)?,
        keys: keys(table)?,
        key_order: table.or("key_order", KeyOrder::Random, Node::choice)?,
        work_us: table.or("work", (0, 0), work)?,
        size_bytes: table.or("size_bytes", (100, 100), sizes)?,
        poison: Vec::new(),
    };
    if let Some(last) = flow.last_instant().filter(|last| end < *last) {
        let what = format!("the last message would be sent at {last}, after the end, {end}");
        return Err(messages.error(what));
    }
    let poison = poison(table, &flow)?;
    Ok(Sent {
        flow: Flow { poison, ..flow },
        place: node,
        topic: table.need("topic")?,
        exchange: table.get("exchange"),
        routing_key: table.get("routing_key"),
        route_by_key: table.or("route_by_key", false, Node::boolean)?,
        mandatory: table.or("mandatory", None, |it| it.boolean().map(Some))?,
        properties: table.get("properties"),
    })
}

fn pace(node: Node<'_>, table: Table<'_>) -> Result<Pace, Wrong> {
    match (table.get("every"), table.get("per_second")) {
        (Some(every), None) => Ok(Pace::Every(span(every)?)),
        (None, Some(rate)) => Ok(Pace::PerSecond(rate.whole(1, 1_000_000)?)),
        (Some(_), Some(rate)) => Err(rate.says("write either 'every' or 'per_second'")),
        (None, None) => Err(node.says("'every' is missing here, or 'per_second'")),
    }
}

fn keys(table: Table<'_>) -> Result<Vec<Arc<str>>, Wrong> {
    let key = |node: Node<'_>| {
        let text = node.text()?;
        if MAX_TEXT < text.len() {
            return Err(node.error(format!("this key is longer than {MAX_TEXT} bytes")));
        }
        Ok(text.into())
    };
    table.items("keys")?.into_iter().map(key).collect()
}

/// `"400ms"`, or `"200ms to 600ms"`.
fn work(node: Node<'_>) -> Result<(u32, u32), Wrong> {
    let text = node.text()?;
    let (least, most) = text.split_once(" to ").unwrap_or((text, text));
    let read = |text: &str| -> Result<u32, Wrong> {
        let span: SimDuration =
            text.parse().map_err(|wrong| node.error(format!("{wrong}, or two, as '1s to 2s'")))?;
        if MAX_WORK < span {
            return Err(node.error(format!("{span} is more work than {MAX_WORK}")));
        }
        Ok(u32::try_from(span.0).expect("because an hour has fewer than 2^32 microseconds"))
    };
    in_order(node, read(least)?, read(most)?)
}

/// `100`, or `[100, 2000]`.
fn sizes(node: Node<'_>) -> Result<(u32, u32), Wrong> {
    let Ok(list) = node.list() else {
        return node.small(0, MAX_SIZE).map(|it| (it, it));
    };
    let [least, most] = &list[..] else {
        return Err(node.says("a range of sizes is a list of two: the least and the most"));
    };
    in_order(node, least.small(0, MAX_SIZE)?, most.small(0, MAX_SIZE)?)
}

fn in_order(node: Node<'_>, least: u32, most: u32) -> Result<(u32, u32), Wrong> {
    if most < least {
        return Err(node.says("a range begins with the smaller of the two"));
    }
    Ok((least, most))
}

fn poison(table: Table<'_>, flow: &Flow) -> Result<Vec<u32>, Wrong> {
    let list = table.items("poison")?;
    if let Some(first) = list.first().filter(|_| flow.work_us.0 == 0) {
        // Tried again and again without work in between, it would stop the clock.
        return Err(first.says("a message can only fail where 'work' takes some time"));
    }
    let mut numbers = Vec::new();
    for node in list {
        let number = node.small(1, flow.messages.max(1))?;
        if let Err(place) = numbers.binary_search(&number) {
            numbers.insert(place, number);
        }
    }
    Ok(numbers)
}
