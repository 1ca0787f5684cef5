//! Where the messages of a workload go, and what is said about them.

use super::super::read::{Node, Wrong};
use super::super::workload::Sent;
use super::declared::Declared;
use brokerscope_core::rabbitmq::config::{Destination, RoutingKey};
use brokerscope_core::rabbitmq::message::{Address, Message, Properties};
use brokerscope_core::rabbitmq::table::Table;
use brokerscope_core::workload::MessageId;
use std::sync::Arc;

pub(super) fn destination(sent: &Sent<'_>, declared: &Declared) -> Result<Destination, Wrong> {
    let exchange = match &sent.exchange {
        Some(node) => {
            let name = node.text()?;
            if !name.is_empty() {
                node.one_of("exchange", name, &declared.exchanges())?;
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
                node.one_of("queue", key, &declared.queues())?;
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
    let properties = match sent.properties {
        None => Vec::new(),
        // One for all, or a list to be taken in turn.
        Some(node) => match node.list() {
            Ok(list) if list.is_empty() => return Err(node.says("this list is empty")),
            Ok(list) => list.into_iter().map(properties).collect::<Result<_, _>>()?,
            Err(_) => vec![properties(node)?],
        },
    };
    Ok(Destination {
        mandatory: sent.mandatory,
        properties: properties.into(),
        ..Destination::new(exchange, routing_key)
    })
}

/// The properties of a message, as AMQP 0-9-1 names them.
fn properties(node: Node<'_>) -> Result<Properties, Wrong> {
    let table = node.table(&["headers", "priority", "expiration", "delivery_mode"])?;
    let headers = table.or("headers", Table::new(), |it| it.fields(&|_: &str| Ok(())))?;
    let priority = |it: Node<'_>| {
        let number = it.small(0, u8::MAX.into())?;
        Ok(u8::try_from(number).ok())
    };
    let properties = Properties {
        headers,
        priority: table.or("priority", None, priority)?,
        expiration: table.get("expiration").map(Node::text).transpose()?.map(Into::into),
        persistent: table.or("delivery_mode", 2, |it| it.small(1, 2))? == 2,
    };
    let address = Arc::new(Address { exchange: "".into(), routing_key: "".into() });
    match Message::new(MessageId(1), 0, address).with(&properties).check() {
        Ok(()) => Ok(properties),
        Err(error) => {
            let place = table.get("expiration").filter(|_| error.text.contains("expiration"));
            let what = "; 'expiration' is a text with milliseconds, as \"5000\"";
            let right = if place.is_some() { what } else { "" };
            let what = format!("RabbitMQ refuses that: {}{right}", error.text);
            Err(place.unwrap_or(node).error(what))
        }
    }
}
