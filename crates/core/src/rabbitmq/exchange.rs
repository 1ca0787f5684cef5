//! Exchanges and bindings: which queues a message goes to.

use super::config::{Binding, ExchangeType};
use crate::map::{Map, Set};
use crate::name::{ExchangeName, QueueName};
use std::sync::Arc;

/// All exchanges of the broker with their bindings.
#[derive(Clone, Debug, Hash)]
pub struct Exchanges {
    declared: Map<ExchangeName, Exchange>,
    /// The default exchange's implicit bindings: every queue, by its name.
    queues: Set<QueueName>,
}

/// An exchange with its bindings. Binding the same twice is one binding.
#[derive(Clone, Debug, Hash)]
struct Exchange {
    kind: ExchangeType,
    bindings: Map<Arc<str>, Set<QueueName>>,
}

impl Exchanges {
    /// The default exchange and those that every virtual host has.
    ///
    /// Source: RabbitMQ, "AMQP 0-9-1 Model Explained", predeclared exchanges.
    #[must_use]
    pub fn predeclared() -> Self {
        let mut exchanges = Self { declared: Map::new(), queues: Set::new() };
        exchanges.declare("amq.direct".into(), ExchangeType::Direct);
        exchanges.declare("amq.fanout".into(), ExchangeType::Fanout);
        exchanges
    }

    /// Declares an exchange. What is there already stays as it is.
    pub fn declare(&mut self, name: ExchangeName, kind: ExchangeType) {
        let fresh = Exchange { kind, bindings: Map::new() };
        self.declared.get_or_insert_with(name, || fresh);
    }

    /// Binds a queue to the default exchange, by its name.
    pub fn add_queue(&mut self, queue: QueueName) {
        self.queues.insert(queue);
    }

    /// Binds a queue to an exchange. Nothing happens if there is no such exchange.
    pub fn bind(&mut self, binding: &Binding) {
        if let Some(exchange) = self.declared.get_mut(&binding.source) {
            let bound = exchange.bindings.get_or_default(binding.routing_key.clone());
            bound.insert(binding.destination.clone());
        }
    }

    /// The queues that get a copy, in name order: one each, however many bindings match. None if
    /// there is no such exchange.
    ///
    /// Source: `rabbit_exchange`, `route`, and `rabbit_router`; cases `x-default`, `x-direct`,
    /// `x-fanout-dup`.
    #[must_use]
    pub fn route(&self, exchange: &ExchangeName, routing_key: &str) -> Option<Vec<QueueName>> {
        if exchange.as_str().is_empty() {
            return Some(self.queues.get(routing_key).cloned().into_iter().collect());
        }
        let Exchange { kind, bindings } = self.declared.get(exchange)?;
        Some(match kind {
            ExchangeType::Direct => {
                bindings.get(routing_key).into_iter().flatten().cloned().collect()
            }
            ExchangeType::Fanout => {
                let queues: Set<_> = bindings.values().flatten().collect();
                queues.into_iter().cloned().collect()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchanges() -> Exchanges {
        let mut exchanges = Exchanges::predeclared();
        exchanges.declare("news".into(), ExchangeType::Fanout);
        for queue in ["b", "a", "c"] {
            exchanges.add_queue(queue.into());
        }
        let mut bind = |source: &str, destination: &str, routing_key: &str| {
            let (source, destination) = (source.into(), destination.into());
            exchanges.bind(&Binding { source, destination, routing_key: routing_key.into() });
        };
        bind("amq.direct", "b", "red");
        bind("amq.direct", "a", "red");
        bind("amq.direct", "a", "*");
        bind("amq.direct", "c", "");
        bind("news", "b", "");
        bind("news", "b", "again");
        bind("news", "a", "");
        exchanges
    }

    /// The queues as one text, or `missing`.
    fn routed(exchange: &str, key: &str) -> String {
        let queues = exchanges().route(&exchange.into(), key);
        queues.map_or("missing".into(), |it| {
            it.iter().map(QueueName::as_str).collect::<Vec<_>>().join(" ")
        })
    }

    #[test]
    fn the_default_exchange_routes_by_queue_name() {
        assert_eq!(routed("", "b"), "b");
        assert_eq!(routed("", "nobody"), "");
    }

    #[test]
    fn a_direct_exchange_compares_whole_keys() {
        assert_eq!(routed("amq.direct", "red"), "a b");
        assert_eq!(routed("amq.direct", "Red"), "", "case counts");
        assert_eq!(routed("amq.direct", "x"), "", "a star is a star");
        assert_eq!(routed("amq.direct", ""), "c", "an empty key is a key");
    }

    #[test]
    fn a_fanout_exchange_gives_each_queue_one_copy() {
        assert_eq!(routed("news", "anything"), "a b");
    }

    #[test]
    fn a_missing_exchange_is_not_an_empty_one() {
        assert_eq!(routed("amq.fanout", "red"), "");
        assert_eq!(routed("nosuch", "red"), "missing");
    }
}
