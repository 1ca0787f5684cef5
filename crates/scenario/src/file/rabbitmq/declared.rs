//! What is declared: exchanges, queues and bindings. What RabbitMQ would not take is refused in
//! its own words.

use super::super::read::{Node, Table, Wrong};
use super::super::{name, unique};
use brokerscope_core::name::{ExchangeName, QueueName};
use brokerscope_core::rabbitmq::config::{
    Exchange, ExchangeProperties, ExchangeType, OptionalText, Queue, QueueArguments,
    QueueProperties, Version,
};
use brokerscope_core::rabbitmq::error::ProtocolError;
use brokerscope_core::rabbitmq::exchange::{PREDECLARED, headers};
use brokerscope_core::rabbitmq::table;
use brokerscope_core::rabbitmq::topology::{Bound, DeclareQueue, Destination};
use brokerscope_core::settings::{BadSetting, Value};
use std::collections::BTreeSet;

/// What a scenario declares.
pub(super) struct Declared {
    pub(super) exchanges: Vec<Exchange>,
    pub(super) queues: Vec<Queue>,
    pub(super) bindings: Vec<Bound>,
}

impl Declared {
    /// The exchanges that there are beside the default exchange.
    pub(super) fn exchanges(&self) -> Vec<&str> {
        let predeclared = PREDECLARED.iter().map(|it| it.0);
        self.exchanges.iter().map(|it| it.name.as_str()).chain(predeclared).collect()
    }

    pub(super) fn queues(&self) -> Vec<&str> {
        self.queues.iter().map(|it| it.name.as_str()).collect()
    }
}

pub(super) fn declared(table: Table<'_>) -> Result<Declared, Wrong> {
    let mut declared = Declared { exchanges: Vec::new(), queues: Vec::new(), bindings: Vec::new() };
    let mut seen = BTreeSet::new();
    let mut bound: Vec<(Destination, Node<'_>)> = Vec::new();
    let mut alternates = Vec::new();
    for node in table.items("exchange")? {
        let (exchange, table) = exchange(node, &mut seen)?;
        let to = || Destination::Exchange(ExchangeName(exchange.name.0.clone()));
        bound.extend(table.items("bindings")?.into_iter().map(|it| (to(), it)));
        let arguments = table.get("arguments");
        alternates.extend(arguments.and_then(|it| it.below("alternate-exchange")));
        declared.exchanges.push(exchange);
    }
    let mut seen = BTreeSet::new();
    for node in table.items("queue")? {
        let (queue, table) = queue(node, &mut seen)?;
        let to = || Destination::Queue(QueueName(queue.name.0.clone()));
        bound.extend(table.items("bindings")?.into_iter().map(|it| (to(), it)));
        declared.queues.push(queue);
    }
    let known = declared.exchanges();
    for node in alternates {
        node.one_of("exchange", node.text()?, &known)?;
    }
    let kind = |name: &str| {
        let declared = declared.exchanges.iter().find(|it| it.name.as_str() == name);
        let predeclared = PREDECLARED.iter().find(|it| it.0 == name);
        declared.map(|it| it.kind).or(predeclared.map(|it| it.1))
    };
    let binding = |(destination, node)| binding(destination, node, &known, kind);
    declared.bindings = bound.into_iter().map(binding).collect::<Result<_, _>>()?;
    Ok(declared)
}

/// What RabbitMQ would answer.
fn refused(node: Node<'_>, error: &ProtocolError) -> Wrong {
    node.error(format!("RabbitMQ refuses that: {}", error.text))
}

fn exchange<'a>(
    node: Node<'a>,
    seen: &mut BTreeSet<&'a str>,
) -> Result<(Exchange, Table<'a>), Wrong> {
    let table = node.table(&[
        "name",
        "type",
        "durable",
        "auto_delete",
        "internal",
        "arguments",
        "bindings",
    ])?;
    let named = table.need("name")?;
    let called = name(named)?;
    if called.starts_with("amq.") {
        return Err(refused(named, &ProtocolError::reserved("exchange", called)));
    }
    unique(seen, "exchanges", named, called)?;
    let mut properties = ExchangeProperties {
        durable: table.or("durable", true, Node::boolean)?,
        auto_delete: table.or("auto_delete", false, Node::boolean)?,
        internal: table.or("internal", false, Node::boolean)?,
        alternate_exchange: OptionalText(None),
    };
    if let Some(node) = table.get("arguments") {
        let alternate = node.table(&["alternate-exchange"])?.get("alternate-exchange");
        properties.alternate_exchange.0 = alternate.map(Node::text).transpose()?.map(Into::into);
    }
    let kind = match table.get("type") {
        None => ExchangeType::Direct,
        Some(node) => ExchangeType::read(node.text()?).ok_or_else(|| {
            let error = ProtocolError::unknown_exchange_type(
                node.text().unwrap_or_default(),
                Version::V4_0,
            );
            node.error(format!(
                "RabbitMQ refuses that: {}; there are {}",
                error.text,
                ExchangeType::EXPECTED
            ))
        })?,
    };
    Ok((Exchange { name: called.into(), kind, properties }, table))
}

fn queue<'a>(node: Node<'a>, seen: &mut BTreeSet<&'a str>) -> Result<(Queue, Table<'a>), Wrong> {
    let table =
        node.table(&["name", "durable", "exclusive", "auto_delete", "arguments", "bindings"])?;
    let named = table.need("name")?;
    let called = name(named)?;
    if called.starts_with("amq.") {
        return Err(refused(named, &ProtocolError::reserved("queue", called)));
    }
    unique(seen, "queues", named, called)?;
    let properties = QueueProperties {
        durable: table.or("durable", true, Node::boolean)?,
        exclusive: table.or("exclusive", false, Node::boolean)?,
        auto_delete: table.or("auto_delete", false, Node::boolean)?,
    };
    let given = table.get("arguments");
    let known = |name: &str| match QueueArguments::default().set(name, UNLIKELY) {
        Err(wrong @ BadSetting::Unknown { .. }) => Err(wrong),
        Ok(()) | Err(BadSetting::Value { .. } | BadSetting::Refused { .. }) => Ok(()),
    };
    let asked = DeclareQueue {
        name: called.into(),
        durable: properties.durable,
        exclusive: properties.exclusive,
        auto_delete: properties.auto_delete,
        arguments: given.map_or_else(|| Ok(table::Table::new()), |it| it.fields(&known))?,
    };
    let arguments = asked.check().map_err(|error| {
        let of = |name: &str| error.text.contains(&format!("'{name}'"));
        let blamed = asked.arguments.keys().find(|it| of(it));
        let Some(name) = blamed else { return refused(node, &error) };
        let right = match QueueArguments::default().set(name, UNLIKELY) {
            Err(BadSetting::Value { expected, .. }) => format!("; it is {expected}"),
            Ok(()) | Err(BadSetting::Unknown { .. } | BadSetting::Refused { .. }) => String::new(),
        };
        let place = given.and_then(|it| it.below(name)).unwrap_or(node);
        place.error(format!("RabbitMQ refuses that: {}{right}", error.text))
    })?;
    Ok((Queue { name: called.into(), properties, arguments }, table))
}

/// What is a value of no argument but a text.
const UNLIKELY: &str = "\u{1}";

fn binding(
    destination: Destination,
    node: Node<'_>,
    known: &[&str],
    kind: impl Fn(&str) -> Option<ExchangeType>,
) -> Result<Bound, Wrong> {
    let table = node.table(&["exchange", "routing_key", "arguments"])?;
    let source = table.need("exchange")?;
    let exchange = source.text()?;
    source.one_of("exchange", exchange, known)?;
    let routing_key = table.or("routing_key", "", Node::text)?;
    let arguments =
        table.or("arguments", table::Table::new(), |it| it.fields(&|_: &str| Ok(())))?;
    if kind(exchange) == Some(ExchangeType::Headers) && !headers::is_valid(&arguments) {
        let place = table.get("arguments").and_then(|it| it.below("x-match")).unwrap_or(node);
        let error = ProtocolError::precondition_failed("Invalid x-match field value");
        let right = "there are all, any, all-with-x and any-with-x";
        return Err(place.error(format!("RabbitMQ refuses that: {}; {right}", error.text)));
    }
    Ok(Bound { source: exchange.into(), destination, routing_key: routing_key.into(), arguments })
}
