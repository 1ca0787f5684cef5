//! `[rabbitmq]`: the broker, what is declared on it, and its clients.

mod declared;
mod sent;

use super::read::{Node, Table, Wrong};
use super::workload::Sent;
use super::{names, span, unique, within};
use brokerscope_core::name::QueueName;
use brokerscope_core::rabbitmq::config::{
    Acks, BrokerSettings, Config, Consumer, ConsumerSettings, Limit, Links, OnFailure, Publisher,
    PublisherSettings,
};
use brokerscope_core::rabbitmq::message::Address;
use brokerscope_core::sim::SimDuration;
use declared::Declared;
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
        consumers: consumers(table, &declared)?,
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
            within(node, settings.show("tx.commit"), "tx.commit", 1..=i64::MAX)?;
            if let Some(error) = settings.conflict() {
                let right = "\"confirm.select\" = false is what goes with \"tx.select\" = true";
                return Err(node.error(format!("RabbitMQ refuses that: {}; {right}", error.text)));
            }
        }
        for it in publishers.iter_mut().filter(|it| it.name.as_str() == called) {
            it.settings = settings.clone();
        }
    }
    Ok(publishers)
}

fn consumers(table: Table<'_>, declared: &Declared) -> Result<Vec<Consumer>, Wrong> {
    let queues = &declared.queues();
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
            "retry_queue",
            "attempts",
            "parking_queue",
            "publishes",
            "idempotent",
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
        let queue_at = |key: &str| -> Result<Option<QueueName>, Wrong> {
            let Some(node) = table.get(key) else { return Ok(None) };
            node.one_of("queue", node.text()?, queues)?;
            Ok(Some(node.text()?.into()))
        };
        let model = Consumer {
            retry_queue: queue_at("retry_queue")?,
            limit: limit(table, queue_at("parking_queue")?)?,
            publishes: publishes(table, declared)?,
            idempotent: table.or("idempotent", false, Node::boolean)?,
            settings,
            on_failure: table.or("on_failure", OnFailure::Requeue, Node::choice)?,
            acks: table.or("acks", Acks::AfterWork, Node::choice)?,
            starts_after: table.or("starts", SimDuration::ZERO, span)?,
            ..Consumer::new("", queue)
        };
        check_patterns(node, &model)?;
        for name in names(table.need("consumers")?, &mut seen, "consumers")? {
            consumers.push(Consumer { name: name.into(), ..model.clone() });
        }
    }
    Ok(consumers)
}

/// How often a message is tried, and where it goes then.
fn limit(table: Table<'_>, parking_queue: Option<QueueName>) -> Result<Option<Limit>, Wrong> {
    let attempts = table.get("attempts");
    match (attempts, parking_queue) {
        (None, None) => Ok(None),
        (Some(node), Some(parking_queue)) => {
            Ok(Some(Limit { attempts: node.small(1, 1_000_000)?, parking_queue }))
        }
        (Some(node), None) => {
            Err(node.says("'attempts' needs 'parking_queue': where a message goes after the last"))
        }
        (None, Some(_)) => Err(table.missing("attempts")),
    }
}

/// Where the result of work is published.
fn publishes(table: Table<'_>, declared: &Declared) -> Result<Option<Address>, Wrong> {
    let Some(node) = table.get("publishes") else { return Ok(None) };
    let table = node.table(&["exchange", "routing_key"])?;
    let exchange = table.or("exchange", "", Node::text)?;
    let routing_key = table.or("routing_key", "", Node::text)?;
    if exchange.is_empty() {
        table.need("routing_key")?.one_of("queue", routing_key, &declared.queues())?;
    } else {
        table.need("exchange")?.one_of("exchange", exchange, &declared.exchanges())?;
    }
    Ok(Some(Address { exchange: exchange.into(), routing_key: routing_key.into() }))
}

/// Refuses what an application cannot do together.
fn check_patterns(node: Node<'_>, it: &Consumer) -> Result<(), Wrong> {
    match (it.on_failure, &it.retry_queue) {
        (OnFailure::Publish, None) => {
            return Err(node.says("on_failure = \"publish\" needs 'retry_queue': where to"));
        }
        (OnFailure::Publish, Some(_)) | (_, None) => {}
        (_, Some(_)) => {
            return Err(node.says("'retry_queue' goes with on_failure = \"publish\""));
        }
    }
    if it.acks == Acks::AfterBatch && it.is_publishing() {
        let what = "an application that publishes acknowledges each message when that is \
                    confirmed: it cannot have acks = \"after-batch\"";
        return Err(node.says(what));
    }
    Ok(())
}

/// AMQP has 16 bits for it.
fn prefetch_count(node: Node<'_>) -> Result<u32, Wrong> {
    node.small(0, u16::MAX.into())
}
