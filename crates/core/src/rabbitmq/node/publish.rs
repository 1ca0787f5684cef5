//! Publishes and dead letters: where they go, and who hears of it.

use super::{Effect, Errand, Node, QueueId, Turn};
use crate::name::{ExchangeName, QueueName};
use crate::rabbitmq::channel;
use crate::rabbitmq::error::ProtocolError;
use crate::rabbitmq::fact::{Fact, Reason};
use crate::rabbitmq::frame::{ChannelId, Frame};
use crate::rabbitmq::message::{Address, Dying, Message};
use crate::rabbitmq::queue::{self, Asker};
use std::sync::Arc;

impl Node {
    /// Whether the broker takes a message.
    ///
    /// Source: `rabbit_channel`, `basic.publish`; case `x-publish-missing`.
    pub(super) fn check_publish(&self, message: &Message) -> Result<(), ProtocolError> {
        let exchange = &message.address.exchange;
        if !exchange.as_str().is_empty() {
            let Some(known) = self.exchanges.get(exchange) else {
                return Err(ProtocolError::not_found("exchange", exchange.as_str()));
            };
            if known.internal {
                return Err(ProtocolError::internal_exchange(exchange));
            }
        }
        message.check()
    }

    /// Routes a message and gives each queue its copy. What goes nowhere comes back if it is
    /// mandatory, before it is confirmed.
    ///
    /// Source: RabbitMQ, "Publisher Confirms"; cases `x-mandatory`, `p-confirm`, `x-cc-bcc`.
    pub(super) fn publish(
        &mut self,
        turn: &mut Turn<'_>,
        id: ChannelId,
        mut message: Message,
        mandatory: bool,
        number: Option<u64>,
    ) {
        self.remember(&message);
        let hidden = message.take_hidden_keys();
        let version = self.settings.version;
        // In a transaction its exchange may be gone since.
        let queues = self.exchanges.route_message(&message, &hidden, version).unwrap_or_default();
        let (exchange, id_of) = (message.address.exchange.clone(), message.id);
        if queues.is_empty() {
            turn.note(Fact::Unroutable { message: id_of, exchange });
            if mandatory {
                turn.fx.push(Effect::Send(id, Frame::Return(message)));
            }
        } else {
            let asker = number.map(|it| Asker::Channel(id, it));
            self.enqueue(turn, &queues, &message, Some(id), asker);
            turn.note(Fact::Routed { message: id_of, exchange, queues: queues.clone() });
        }
        if let Some(number) = number {
            let queues = u32::try_from(queues.len()).expect("queues are numbered with 32 bits");
            self.step_channel(turn, id, channel::Input::Routed(number, queues));
        }
    }

    /// Keeps a message for those who want to see which bindings the last one matched.
    fn remember(&mut self, message: &Message) {
        let exchange = &message.address.exchange;
        if exchange.as_str().is_empty() {
            return;
        }
        match self.newest.get_mut(exchange) {
            Some(newest) => newest.clone_from(message),
            None => {
                self.newest.insert(exchange.clone(), message.clone());
            }
        }
    }

    fn enqueue(
        &self,
        turn: &mut Turn<'_>,
        queues: &[QueueName],
        message: &Message,
        from: Option<ChannelId>,
        asker: Option<Asker>,
    ) {
        for queue in queues {
            let message = message.clone();
            self.tell(turn, queue, queue::Input::Publish { message, from, asker });
        }
    }

    /// A queue says whether it took a message.
    pub(super) fn answered(&mut self, turn: &mut Turn<'_>, asker: Asker, taken: bool) {
        match asker {
            Asker::Channel(id, number) => {
                let input = channel::Input::Confirmed(number, taken);
                turn.errands.push_back(Errand::Channel(id, input));
            }
            Asker::DeadLetter(queue, place) => {
                let Some((left, refused)) = self.dead_letters.get_mut(&(queue, place)) else {
                    return;
                };
                *left -= 1;
                *refused |= !taken;
                if *left == 0 {
                    let taken = !*refused;
                    self.dead_letters.remove(&(queue, place));
                    let input = queue::Input::DeadLettered(place, taken);
                    turn.errands.push_back(Errand::Queue(queue, input));
                }
            }
        }
    }

    /// Publishes a message that left a queue to the queue's dead-letter exchange. Nobody confirms
    /// it, unless the queue keeps it until then: if the exchange is missing or routes it nowhere,
    /// it is gone.
    ///
    /// Source: RabbitMQ, "Dead Letter Exchanges"; `rabbit_dead_letter`; cases
    /// `d-rejected-classic`, `d-missing-dlx-classic`, `d-unroutable-classic`, `d-cc`.
    pub(super) fn dead_letter(
        &mut self,
        turn: &mut Turn<'_>,
        from: QueueId,
        message: &Message,
        reason: Reason,
        kept: Option<u64>,
    ) {
        let Some(queue) = self.queue_at(from) else { return };
        let (name, arguments) = (queue.name.clone(), queue.arguments());
        let set = arguments.dead_letter_exchange.0.clone();
        let exchange = ExchangeName(set.expect("a queue without one drops its dead letters"));
        let other_key = arguments.dead_letter_routing_key.0.clone();
        let rerouted = other_key.is_some();
        let routing_key = other_key.unwrap_or_else(|| message.address.routing_key.clone());
        let address =
            Arc::new(Address { exchange: exchange.clone(), routing_key: routing_key.clone() });
        let version = self.settings.version;
        let copy = message.dead_lettered(&Dying {
            queue: &name,
            reason,
            at: turn.now,
            address,
            rerouted,
            version,
        });
        self.remember(&copy);
        let routed = self.exchanges.route_message(&copy, &[], version);
        if kept.is_some() && routed.as_ref().is_none_or(Vec::is_empty) {
            return;
        }
        let Some(mut to) = routed else {
            turn.note(Fact::Dropped { queue: name, message: message.id, reason });
            return;
        };
        if reason != Reason::Rejected {
            to.retain(|target| !copy.would_cycle(target));
        }
        let asker = kept.map(|place| Asker::DeadLetter(from, place));
        if let Some(place) = kept {
            let count = u32::try_from(to.len()).expect("queues are numbered with 32 bits");
            self.dead_letters.insert((from, place), (count, false));
            if count == 0 {
                self.dead_letters.remove(&(from, place));
                let input = queue::Input::DeadLettered(place, true);
                turn.errands.push_back(Errand::Queue(from, input));
            }
        }
        self.enqueue(turn, &to, &copy, None, asker);
        let message = copy.id;
        turn.note(Fact::DeadLettered { queue: name, message, reason, exchange, routing_key, to });
    }
}
