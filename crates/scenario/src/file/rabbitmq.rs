//! `[rabbitmq]`: the broker, what is declared on it, and its clients.

mod declared;
mod sent;

use super::read::{Node, Table, Wrong};
use super::workload::Sent;
use super::{names, span, unique, within};
use brokerscope_core::rabbitmq::config::{
    Acks, BrokerSettings, Config, Consumer, ConsumerSettings, Links, OnFailure, Publisher,
    PublisherSettings,
};
use brokerscope_core::sim::SimDuration;
use std::collections::BTreeSet;

/// How many nodes a cluster has at most. RabbitMQ advises against more.
const MAX_NODES: i64 = 9;

/// The RabbitMQ side.
pub(super) fn config(top: Table<'_>, flows: &[Sent<'_>]) -> Result<Config, Wrong> {
    let table = top.need("rabbitmq")?.table(&[
        "latency",
        "loss_per_million",
        "settings",
        "exchange",
        "queue",
        "publisher",
        "consumers",
    ])?;
    let declared = declared::declared(table)?;
    let to = |sent| sent::destination(sent, &declared);
    Ok(Config {
        destinations: flows.iter().map(to).collect::<Result<_, _>>()?,
        publishers: publishers(table, flows)?,
        consumers: consumers(table, &declared.queues())?,
        links: links(table)?,
        broker: broker(table)?,
        bindings: declared.bindings,
        queues: declared.queues,
        exchanges: declared.exchanges,
    })
}

fn links(table: Table<'_>) -> Result<Links, Wrong> {
    let plain = Links::default();
    let lost = table.or("loss_per_million", 0, |it| it.small(0, 1_000_000))?;
    let Some(latency) = table.get("latency") else {
        return Ok(Links { loss_per_million: lost, ..plain });
    };
    let latency = latency.table(&["publisher", "consumer", "cluster", "jitter"])?;
    let read = |key, otherwise| latency.or(key, otherwise, span);
    Ok(Links {
        publisher: read("publisher", plain.publisher)?,
        consumer: read("consumer", plain.consumer)?,
        cluster: read("cluster", plain.cluster)?,
        jitter: read("jitter", plain.jitter)?,
        loss_per_million: lost,
    })
}

fn broker(table: Table<'_>) -> Result<BrokerSettings, Wrong> {
    let mut settings = BrokerSettings::default();
    if let Some(node) = table.get("settings") {
        node.settings(&mut |name, value| settings.set(name, value))?;
        within(node, settings.show("nodes"), "nodes", 1..=MAX_NODES)?;
    }
    Ok(settings)
}

fn publishers(table: Table<'_>, flows: &[Sent<'_>]) -> Result<Vec<Publisher>, Wrong> {
    let mut publishers: Vec<Publisher> = Vec::new();
    for name in flows.iter().map(|it| &it.flow.producer) {
        if publishers.iter().all(|it| it.name != *name) {
            let settings = PublisherSettings::default();
            publishers.push(Publisher { name: name.clone(), settings });
        }
    }
    let mut seen = BTreeSet::new();
    for node in table.items("publisher")? {
        let table = node.table(&["name", "settings"])?;
        let named = table.need("name")?;
        let called = named.text()?;
        let known: Vec<_> = publishers.iter().map(|it| it.name.as_str()).collect();
        named.one_of("workload with the producer", called, &known)?;
        unique(&mut seen, "publishers", named, called)?;
        let mut settings = PublisherSettings::default();
        if let Some(node) = table.get("settings") {
            node.settings(&mut |name, value| settings.set(name, value))?;
        }
        for it in publishers.iter_mut().filter(|it| it.name.as_str() == called) {
            it.settings = settings.clone();
        }
    }
    Ok(publishers)
}

fn consumers(table: Table<'_>, queues: &[&str]) -> Result<Vec<Consumer>, Wrong> {
    let mut seen = BTreeSet::new();
    let mut consumers = Vec::new();
    for node in table.items("consumers")? {
        let table = node.table(&[
            "queue",
            "consumers",
            "prefetch_count",
            "auto_ack",
            "global",
            "exclusive",
            "arguments",
            "acks",
            "on_failure",
            "starts",
        ])?;
        let named = table.need("queue")?;
        let queue = named.text()?;
        named.one_of("queue", queue, queues)?;
        let mut settings = ConsumerSettings {
            prefetch_count: table.or("prefetch_count", 0, prefetch_count)?,
            auto_ack: table.or("auto_ack", false, Node::boolean)?,
            global: table.or("global", false, Node::boolean)?,
            exclusive: table.or("exclusive", false, Node::boolean)?,
            ..ConsumerSettings::default()
        };
        if let Some(node) = table.get("arguments") {
            node.table(&["x-priority", "x-stream-offset"])?;
            node.settings(&mut |name, value| settings.set(name, value))?;
        }
        let model = Consumer {
            settings,
            on_failure: table.or("on_failure", OnFailure::Requeue, Node::choice)?,
            acks: table.or("acks", Acks::AfterWork, Node::choice)?,
            starts_after: table.or("starts", SimDuration::ZERO, span)?,
            ..Consumer::new("", queue)
        };
        for name in names(table.need("consumers")?, &mut seen, "consumers")? {
            consumers.push(Consumer { name: name.into(), ..model.clone() });
        }
    }
    Ok(consumers)
}

/// AMQP has 16 bits for it.
fn prefetch_count(node: Node<'_>) -> Result<u32, Wrong> {
    node.small(0, u16::MAX.into())
}
