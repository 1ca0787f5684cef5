//! What clients ask of exchanges, queues and bindings, and what they are answered.

use super::table::Table;
use crate::name::{ExchangeName, QueueName};
use std::sync::Arc;

/// `exchange.declare`, `queue.declare` and their like.
///
/// Source: AMQP 0-9-1 complete reference, with RabbitMQ's `exchange.bind`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// `exchange.declare`.
    DeclareExchange(DeclareExchange),
    /// `queue.declare`.
    DeclareQueue(DeclareQueue),
    /// The same with `passive`: whether there is an exchange of that name.
    FindExchange(ExchangeName),
    /// The same with `passive`: how many messages and consumers a queue has.
    FindQueue(QueueName),
    /// `exchange.delete`.
    DeleteExchange {
        /// Which.
        name: ExchangeName,
        /// Only if nothing is bound to it.
        if_unused: bool,
    },
    /// `queue.delete`.
    DeleteQueue {
        /// Which.
        name: QueueName,
        /// Only if nobody consumes from it.
        if_unused: bool,
        /// Only if nothing is Ready in it.
        if_empty: bool,
    },
    /// `queue.purge`: what is Ready is gone.
    Purge(QueueName),
    /// `queue.bind`, `exchange.bind`.
    Bind(Bound),
    /// `queue.unbind`, `exchange.unbind`.
    Unbind(Bound),
}

/// `exchange.declare`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeclareExchange {
    /// Its name.
    pub name: ExchangeName,
    /// How it chooses among its bindings. Perhaps a type that there is not.
    pub kind: Arc<str>,
    /// Whether it outlives a restart.
    pub durable: bool,
    /// Whether it is deleted when its last binding is.
    pub auto_delete: bool,
    /// Whether only other exchanges may publish to it.
    pub internal: bool,
    /// `alternate-exchange`.
    pub arguments: Table,
}

/// `queue.declare`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeclareQueue {
    /// Its name.
    pub name: QueueName,
    /// Whether it outlives a restart.
    pub durable: bool,
    /// Whether it belongs to the connection that declares it.
    pub exclusive: bool,
    /// Whether it is deleted when its last consumer is gone.
    pub auto_delete: bool,
    /// `x-queue-type` and all the others.
    pub arguments: Table,
}

/// What a message is handed to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Destination {
    /// A queue.
    Queue(QueueName),
    /// Another exchange.
    Exchange(ExchangeName),
}

impl Destination {
    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Queue(name) => name.as_str(),
            Self::Exchange(name) => name.as_str(),
        }
    }

    /// Whether it is an exchange.
    #[must_use]
    pub const fn is_exchange(&self) -> bool {
        matches!(self, Self::Exchange(_))
    }

    /// The queue, if it is one.
    #[must_use]
    pub const fn queue(&self) -> Option<&QueueName> {
        if let Self::Queue(name) = self { Some(name) } else { None }
    }
}

/// A binding. Two that are equal in all of this are one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bound {
    /// The exchange.
    pub source: ExchangeName,
    /// What it hands messages to.
    pub destination: Destination,
    /// The binding key.
    pub routing_key: Arc<str>,
    /// What a headers exchange compares.
    pub arguments: Table,
}

impl Bound {
    /// A binding of a queue, without arguments.
    #[must_use]
    pub fn queue(
        source: impl Into<ExchangeName>,
        queue: impl Into<QueueName>,
        routing_key: impl Into<Arc<str>>,
    ) -> Self {
        Self {
            source: source.into(),
            destination: Destination::Queue(queue.into()),
            routing_key: routing_key.into(),
            arguments: Table::new(),
        }
    }
}

/// What a client is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// `*-ok`.
    Done,
    /// `queue.declare-ok`: how many messages are Ready and how many consumers there are.
    Queue {
        /// Ready messages.
        message_count: u64,
        /// Consumers.
        consumer_count: u64,
    },
    /// `queue.delete-ok`, `queue.purge-ok`: how many messages are gone by it.
    Gone {
        /// Messages that were Ready.
        message_count: u64,
    },
}
