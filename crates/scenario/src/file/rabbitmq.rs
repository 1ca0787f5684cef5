//! `[rabbitmq]`: the broker, what is declared on it, and its clients.

use super::read::{Node, Table, Wrong};
use super::workload::Sent;
use super::{name, names, span, unique};
use brokerscope_core::rabbitmq::config::{
    Acks, Binding, BrokerSettings, Config, Consumer, ConsumerSettings, Destination, Exchange,
    ExchangeType, Links, OnFailure, Publisher, PublisherSettings, Queue, QueueArguments,
    RoutingKey,
};
use brokerscope_core::sim::SimDuration;
use std::collections::BTreeSet;

/// The exchanges that are there by themselves, beside the default exchange.
const PREDECLARED: [&str; 5] =
    ["amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match"];

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
    let exchanges = exchanges(table)?;
    let known: Vec<&str> = exchanges.iter().map(|it| it.name.as_str()).chain(PREDECLARED).collect();
    let (queues, bindings) = queues(table, &known)?;
    let to = |sent| destination(sent, &known, &queues);
    Ok(Config {
        destinations: flows.iter().map(to).collect::<Result<_, _>>()?,
        publishers: publishers(table, flows)?,
        consumers: consumers(table, &queues)?,
        links: links(table)?,
        broker: broker(table)?,
        bindings,
        queues,
        exchanges,
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
    }
    Ok(settings)
}

fn exchanges(table: Table<'_>) -> Result<Vec<Exchange>, Wrong> {
    let mut seen = BTreeSet::new();
    table
        .items("exchange")?
        .into_iter()
        .map(|node| {
            let table = node.table(&["name", "type"])?;
            let named = table.need("name")?;
            let called = name(named)?;
            if called.starts_with("amq.") {
                let what = "names that begin with 'amq.' are the broker's own";
                return Err(named.error(format!("'{called}' cannot be declared: {what}")));
            }
            unique(&mut seen, "exchanges", named, called)?;
            let kind = table.or("type", ExchangeType::Direct, Node::choice)?;
            Ok(Exchange { name: called.into(), kind })
        })
        .collect()
}

fn queues(table: Table<'_>, exchanges: &[&str]) -> Result<(Vec<Queue>, Vec<Binding>), Wrong> {
    let mut seen = BTreeSet::new();
    let (mut queues, mut bindings) = (Vec::new(), Vec::new());
    for node in table.items("queue")? {
        let table = node.table(&["name", "arguments", "bindings"])?;
        let named = table.need("name")?;
        let called = name(named)?;
        unique(&mut seen, "queues", named, called)?;
        let mut arguments = QueueArguments::default();
        if let Some(node) = table.get("arguments") {
            node.settings(&mut |name, value| arguments.set(name, value))?;
        }
        for node in table.items("bindings")? {
            let table = node.table(&["exchange", "routing_key"])?;
            let source = table.need("exchange")?;
            let exchange = source.text()?;
            source.one_of("exchange", exchange, exchanges)?;
            let routing_key = table.or("routing_key", "", Node::text)?.into();
            let destination = called.into();
            bindings.push(Binding { source: exchange.into(), destination, routing_key });
        }
        queues.push(Queue { name: called.into(), arguments });
    }
    Ok((queues, bindings))
}

fn destination(
    sent: &Sent<'_>,
    exchanges: &[&str],
    queues: &[Queue],
) -> Result<Destination, Wrong> {
    let exchange = match &sent.exchange {
        Some(node) => {
            let name = node.text()?;
            if !name.is_empty() {
                node.one_of("exchange", name, exchanges)?;
            }
            name
        }
        None => "",
    };
    let routing_key = match &sent.routing_key {
        Some(node) if sent.route_by_key => {
            return Err(node.says("write either 'routing_key' or 'route_by_key'"));
        }
        Some(node) => {
            let key = node.text()?;
            if exchange.is_empty() {
                // The default exchange takes the routing key for the name of a queue.
                node.one_of("queue", key, &names_of(queues))?;
            }
            RoutingKey::Fixed(key.into())
        }
        None if sent.route_by_key => RoutingKey::MessageKey,
        None if exchange.is_empty() => {
            let what = "the default exchange needs a queue's name as 'routing_key'";
            return Err(sent.place.says(what));
        }
        None => RoutingKey::Fixed("".into()),
    };
    Ok(Destination { exchange: exchange.into(), routing_key })
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

fn names_of(queues: &[Queue]) -> Vec<&str> {
    queues.iter().map(|it| it.name.as_str()).collect()
}

fn consumers(table: Table<'_>, queues: &[Queue]) -> Result<Vec<Consumer>, Wrong> {
    let known = names_of(queues);
    let mut seen = BTreeSet::new();
    let mut consumers = Vec::new();
    for node in table.items("consumers")? {
        let table = node.table(&[
            "queue",
            "consumers",
            "prefetch_count",
            "auto_ack",
            "acks",
            "on_failure",
            "starts",
        ])?;
        let named = table.need("queue")?;
        let queue = named.text()?;
        named.one_of("queue", queue, &known)?;
        let model = Consumer {
            name: "".into(),
            queue: queue.into(),
            settings: ConsumerSettings {
                prefetch_count: table.or("prefetch_count", 0, prefetch_count)?,
                auto_ack: table.or("auto_ack", false, Node::boolean)?,
            },
            on_failure: table.or("on_failure", OnFailure::Requeue, Node::choice)?,
            acks: table.or("acks", Acks::AfterWork, Node::choice)?,
            starts_after: table.or("starts", SimDuration::ZERO, span)?,
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
