//! Publishes, and telling the publisher that the broker has them.

use super::{Channel, Effect};
use crate::map::Map;
use crate::rabbitmq::error::ProtocolError;
use crate::rabbitmq::frame::{Frame, Tags};
use crate::rabbitmq::message::Message;

/// The publishes of a channel that confirms them.
#[derive(Clone, Debug, Hash)]
pub(super) struct Confirms {
    /// The number of the next publish.
    next: u64,
    /// Which publishes wait for queues.
    waiting: Map<u64, Waiting>,
}

/// A publish that some of its queues have not answered.
#[derive(Clone, Copy, Debug, Hash)]
struct Waiting {
    /// How many have not.
    queues: u32,
    /// Whether one refused it.
    refused: bool,
}

impl Channel {
    /// Source: RabbitMQ, "Publisher Confirms": numbers begin at 1 with `confirm.select`; cases
    /// `p-confirm`, `p-tx`.
    pub(super) fn select_confirms(&mut self, fx: &mut Vec<Effect>) {
        if self.tx.is_some() {
            let what = "cannot switch from tx to confirm mode";
            fx.push(Effect::Fail(ProtocolError::precondition_failed(what)));
        } else if self.confirms.is_none() {
            self.confirms = Some(Confirms { next: 1, waiting: Map::new() });
        }
    }

    /// In a transaction a publish waits for the commit.
    pub(super) fn publish(&mut self, fx: &mut Vec<Effect>, message: Message, mandatory: bool) {
        if let Some(tx) = &mut self.tx {
            tx.publishes.push((message, mandatory));
            return;
        }
        let number = self.confirms.as_mut().map(|it| {
            it.next += 1;
            it.next - 1
        });
        fx.push(Effect::Publish { message, mandatory, number });
    }

    /// A message that goes nowhere is confirmed at once, others when all their queues have
    /// answered.
    ///
    /// Source: RabbitMQ, "Publisher Confirms"; cases `x-mandatory`, `q-maxlen-reject-multi`.
    pub(super) fn routed(&mut self, fx: &mut Vec<Effect>, number: u64, queues: u32) {
        let Some(confirms) = &mut self.confirms else { return self.routed_in_tx(fx, queues) };
        if queues == 0 {
            fx.push(Effect::Send(Frame::Ack(Tags::One(number))));
        } else {
            confirms.waiting.insert(number, Waiting { queues, refused: false });
        }
    }

    /// Source: RabbitMQ, "Publisher Confirms": one that refuses is enough for a `basic.nack`; case
    /// `q-maxlen-reject-multi`.
    pub(super) fn confirmed(&mut self, fx: &mut Vec<Effect>, number: u64, taken: bool) {
        let Some(confirms) = &mut self.confirms else { return self.answered_in_tx(fx, taken) };
        let Some(waiting) = confirms.waiting.get_mut(&number) else { return };
        waiting.queues -= 1;
        waiting.refused |= !taken;
        if waiting.queues > 0 {
            return;
        }
        let frame = match waiting.refused {
            true => Frame::ConfirmNack(number),
            false => Frame::Ack(Tags::One(number)),
        };
        confirms.waiting.remove(&number);
        fx.push(Effect::Send(frame));
    }
}
