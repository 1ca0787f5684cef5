//! Exchanges, flattened to look at.

use super::{Exchanges, Routing};
use crate::map::Set;
use crate::name::ExchangeName;
use crate::rabbitmq::snapshot::BindingSnapshot;
use crate::rabbitmq::topology::Destination;

impl Exchanges {
    /// The names of all exchanges but the default exchange, in order.
    pub fn names(&self) -> impl Iterator<Item = &ExchangeName> {
        self.declared.keys()
    }

    /// All bindings, by exchange and by key.
    #[must_use]
    pub fn bindings(&self) -> Vec<BindingSnapshot> {
        let mut all = Vec::new();
        for (source, exchange) in &self.declared {
            for (routing_key, targets) in &exchange.bindings {
                for target in targets {
                    all.push(BindingSnapshot {
                        source: source.clone(),
                        destination: target.destination.clone(),
                        routing_key: routing_key.clone(),
                        arguments: target.arguments.clone(),
                        matched: false,
                    });
                }
            }
        }
        all
    }

    /// Marks those of all bindings that match a message on its way through the exchanges.
    pub fn mark(&self, all: &mut [BindingSnapshot], first: &ExchangeName, routing: &Routing<'_>) {
        let mut next = vec![first.clone()];
        let mut seen = Set::new();
        while let Some(name) = next.pop() {
            let Some(exchange) = self.declared.get(&name) else { continue };
            if !seen.insert(name.clone()) {
                continue;
            }
            let mut none = true;
            for it in all.iter_mut().filter(|it| it.source == name) {
                if !exchange.takes_key(&it.routing_key, routing)
                    || !exchange.takes_headers(&it.arguments, routing)
                {
                    continue;
                }
                (it.matched, none) = (true, false);
                if let Destination::Exchange(name) = &it.destination {
                    next.push(name.clone());
                }
            }
            let alternate = exchange.alternate().filter(|_| none);
            next.extend(alternate.map(|it| ExchangeName(it.clone())));
        }
    }
}
