//! Exchanges and bindings: which queues a message goes to.

pub mod headers;
pub mod topic;
mod view;

use super::config::{self, Config, ExchangeType, Version};
use super::message::Message;
use super::table::{Field, Table};
use super::topology::{Bound, DeclareExchange, Destination};
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

/// An exchange with its bindings.
#[derive(Clone, Debug, Hash)]
pub struct Exchange {
    /// How it chooses among its bindings.
    pub kind: ExchangeType,
    /// Whether it outlives a restart.
    pub durable: bool,
    /// Whether it is deleted when its last binding is.
    pub auto_delete: bool,
    /// Whether only other exchanges may publish to it.
    pub internal: bool,
    /// As they were declared.
    pub arguments: Table,
    /// By their keys. Binding the same twice is one binding.
    bindings: Map<Arc<str>, Set<Target>>,
}

/// The other end of a binding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Target {
    destination: Destination,
    arguments: Table,
}

/// What exchanges look at when they route.
#[derive(Clone, Copy, Debug)]
pub struct Routing<'a> {
    /// The routing keys: one, or more with `CC` and `BCC`.
    pub keys: &'a [Arc<str>],
    /// The headers, if the message has any.
    pub headers: Option<&'a Table>,
    /// By the rules of which version.
    pub version: Version,
}

/// The argument of an exchange that names another for what it does not route.
const ALTERNATE: &str = "alternate-exchange";

impl Exchange {
    fn plain(kind: ExchangeType) -> Self {
        Self {
            kind,
            durable: true,
            auto_delete: false,
            internal: false,
            arguments: Table::new(),
            bindings: Map::new(),
        }
    }

    /// Where it sends what none of its bindings matches.
    #[must_use]
    pub fn alternate(&self) -> Option<&Arc<str>> {
        self.arguments.get(ALTERNATE).and_then(Field::as_text)
    }

    /// Whether anything is bound to it.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.bindings.values().any(|it| !it.is_empty())
    }

    /// The other ends of all bindings that match.
    ///
    /// Source: cases `x-direct`, `x-fanout-dup`, `x-topic-matrix`, `x-headers-matrix`.
    fn matching(&self, routing: &Routing<'_>) -> Set<&Destination> {
        let mut found = Set::new();
        for (key, targets) in &self.bindings {
            if !self.takes_key(key, routing) {
                continue;
            }
            for target in targets {
                if self.takes_headers(&target.arguments, routing) {
                    found.insert(&target.destination);
                }
            }
        }
        found
    }

    fn takes_key(&self, key: &Arc<str>, routing: &Routing<'_>) -> bool {
        match self.kind {
            ExchangeType::Direct => routing.keys.contains(key),
            ExchangeType::Fanout | ExchangeType::Headers => true,
            ExchangeType::Topic => routing.keys.iter().any(|it| topic::matches(key, it)),
        }
    }

    fn takes_headers(&self, arguments: &Table, routing: &Routing<'_>) -> bool {
        self.kind != ExchangeType::Headers
            || headers::matches(arguments, routing.headers, routing.version)
    }
}

impl Exchanges {
    /// The default exchange and those that every virtual host has.
    ///
    /// Source: RabbitMQ, "AMQP 0-9-1 Model Explained", predeclared exchanges.
    #[must_use]
    pub fn predeclared() -> Self {
        let mut exchanges = Self { declared: Map::new(), queues: Set::new() };
        for (name, kind) in PREDECLARED {
            exchanges.declared.insert(name.into(), Exchange::plain(kind));
        }
        let mut trace = Exchange::plain(ExchangeType::Topic);
        trace.internal = true;
        exchanges.declared.insert("amq.rabbitmq.trace".into(), trace);
        exchanges
    }

    /// What a configuration declares: the exchanges and their bindings. Those of the queues that
    /// their consumers declare are only there if `late` says so.
    #[must_use]
    pub fn of(config: &Config, late: bool) -> Self {
        let mut exchanges = Self::predeclared();
        for it in &config.exchanges {
            exchanges.declare(it);
        }
        for it in &config.bindings {
            let waits = config.queues.iter().any(|queue| {
                queue.is_declared_late() && it.destination == Destination::Queue(queue.name.clone())
            });
            if late || !waits {
                exchanges.bind(it);
            }
        }
        exchanges
    }

    /// Declares an exchange. What is there already stays as it is.
    fn declare(&mut self, it: &config::Exchange) {
        let config::Exchange { name, kind, properties } = it;
        let mut arguments = Table::new();
        if let Some(alternate) = &properties.alternate_exchange.0 {
            arguments.insert(ALTERNATE.into(), Field::Text(alternate.clone()));
        }
        self.declared.get_or_insert_with(name.clone(), || Exchange {
            durable: properties.durable,
            auto_delete: properties.auto_delete,
            internal: properties.internal,
            arguments,
            ..Exchange::plain(*kind)
        });
    }

    /// Declares an exchange as a client wants it.
    pub fn declare_as(&mut self, asked: DeclareExchange, kind: ExchangeType) {
        let DeclareExchange { name, kind: _, durable, auto_delete, internal, arguments } = asked;
        let fresh = Exchange { durable, auto_delete, internal, arguments, ..Exchange::plain(kind) };
        self.declared.insert(name, fresh);
    }

    /// The exchange of that name, other than the default exchange.
    #[must_use]
    pub fn get(&self, name: &ExchangeName) -> Option<&Exchange> {
        self.declared.get(name)
    }

    /// Binds a queue to the default exchange, by its name.
    pub fn add_queue(&mut self, queue: QueueName) {
        self.queues.insert(queue);
    }

    /// Binds something to an exchange. Nothing happens if there is no such exchange.
    pub fn bind(&mut self, bound: &Bound) {
        if let Some(exchange) = self.declared.get_mut(&bound.source) {
            let targets = exchange.bindings.get_or_default(bound.routing_key.clone());
            targets.insert(target(bound));
        }
    }

    /// Takes a binding away.
    pub fn unbind(&mut self, bound: &Bound) {
        let Some(exchange) = self.declared.get_mut(&bound.source) else { return };
        let Some(targets) = exchange.bindings.get_mut(&bound.routing_key) else { return };
        if targets.remove(&target(bound)) {
            self.tidy(std::slice::from_ref(&bound.source));
        }
    }

    /// Forgets a queue and all its bindings.
    pub fn remove_queue(&mut self, queue: &QueueName) {
        self.queues.remove(queue);
        self.remove_destination(&Destination::Queue(queue.clone()));
    }

    /// Forgets an exchange with all bindings to and from it.
    pub fn remove(&mut self, name: &ExchangeName) {
        self.declared.remove(name);
        self.remove_destination(&Destination::Exchange(name.clone()));
    }

    fn remove_destination(&mut self, destination: &Destination) {
        let mut touched = Vec::new();
        for (name, exchange) in &mut self.declared {
            for targets in exchange.bindings.values_mut() {
                let before = targets.len();
                targets.retain(|it| it.destination != *destination);
                if targets.len() < before {
                    touched.push(name.clone());
                }
            }
        }
        self.tidy(&touched);
    }

    /// Drops keys without bindings, and those of the exchanges that lost their last binding and
    /// go with it.
    ///
    /// Source: RabbitMQ, "Exchange To Exchange Bindings"; case `x-autodelete`.
    fn tidy(&mut self, touched: &[ExchangeName]) {
        for name in touched {
            let Some(exchange) = self.declared.get_mut(name) else { continue };
            exchange.bindings.retain(|_, it| !it.is_empty());
            if exchange.auto_delete && exchange.bindings.is_empty() {
                self.remove(name);
            }
        }
    }

    /// The exchanges that are gone after a restart.
    #[must_use]
    pub fn transient(&self) -> Vec<ExchangeName> {
        let gone = self.declared.iter().filter(|(_, it)| !it.durable);
        gone.map(|(name, _)| name.clone()).collect()
    }

    /// The queues that get a copy of a message with one routing key and no headers, in name order.
    /// None if there is no such exchange.
    #[must_use]
    pub fn route(&self, exchange: &ExchangeName, routing_key: &str) -> Option<Vec<QueueName>> {
        let keys = [routing_key.into()];
        self.find(exchange, &Routing { keys: &keys, headers: None, version: Version::V4_0 })
    }

    /// The queues that get a copy of a message that was just published or dead-lettered, in name
    /// order. None if there is no such exchange.
    #[must_use]
    pub fn route_message(
        &self,
        message: &Message,
        hidden_keys: &[Arc<str>],
        version: Version,
    ) -> Option<Vec<QueueName>> {
        let mut keys = message.routing_keys();
        keys.extend_from_slice(hidden_keys);
        let routing = Routing { keys: &keys, headers: message.headers(), version };
        self.find(&message.address.exchange, &routing)
    }

    /// The queues that get a copy, in name order: one each, however many bindings match and
    /// however many ways lead there. None if there is no such exchange.
    ///
    /// An exchange that has no matching binding hands the message to its alternate exchange; a
    /// binding to another exchange counts, even if that leads nowhere. No exchange is visited
    /// twice.
    ///
    /// Source: `rabbit_exchange`, `route`, and `rabbit_router`; cases `x-default`, `x-e2e`,
    /// `x-alternate`, `x-alternate-e2e`.
    fn find(&self, exchange: &ExchangeName, routing: &Routing<'_>) -> Option<Vec<QueueName>> {
        let mut queues = Set::new();
        if exchange.as_str().is_empty() {
            queues.extend(routing.keys.iter().filter_map(|it| self.queues.get(&**it)).cloned());
            return Some(queues.into_iter().collect());
        }
        self.declared.get(exchange)?;
        let mut next = vec![exchange.clone()];
        let mut seen: Set<ExchangeName> = next.iter().cloned().collect();
        while let Some(name) = next.pop() {
            let Some(exchange) = self.declared.get(&name) else { continue };
            let matching = exchange.matching(routing);
            let alternate = exchange.alternate().filter(|_| matching.is_empty());
            let mut further: Vec<ExchangeName> =
                alternate.map(|it| ExchangeName(it.clone())).into_iter().collect();
            for destination in matching {
                match destination {
                    Destination::Queue(queue) => {
                        queues.insert(queue.clone());
                    }
                    Destination::Exchange(name) => further.push(name.clone()),
                }
            }
            for name in further {
                if seen.insert(name.clone()) {
                    next.push(name);
                }
            }
        }
        Some(queues.into_iter().collect())
    }
}

/// The exchanges that every virtual host has, other than the default exchange.
pub const PREDECLARED: [(&str, ExchangeType); 5] = [
    ("amq.direct", ExchangeType::Direct),
    ("amq.fanout", ExchangeType::Fanout),
    ("amq.topic", ExchangeType::Topic),
    ("amq.headers", ExchangeType::Headers),
    ("amq.match", ExchangeType::Headers),
];

fn target(bound: &Bound) -> Target {
    Target { destination: bound.destination.clone(), arguments: bound.arguments.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchanges() -> Exchanges {
        let mut exchanges = Exchanges::predeclared();
        exchanges.declare(&config::Exchange::new("news", ExchangeType::Fanout));
        for queue in ["b", "a", "c"] {
            exchanges.add_queue(queue.into());
        }
        let mut bind = |source: &str, destination: &str, routing_key: &str| {
            exchanges.bind(&Bound::queue(source, destination, routing_key));
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
