//! What comes back from consumers: acknowledgements, rejections, returns.

use super::{Queue, Settled, Settlement, State, Turn};
use crate::name::ConsumerName;
use crate::rabbitmq::config::{QueueType, Version};
use crate::rabbitmq::fact::{Fact, Place, Reason, RequeueReason};
use crate::rabbitmq::frame::ChannelId;

/// How often a message may come back to a quorum queue that says nothing about it.
///
/// Source: RabbitMQ 4.0, "Quorum Queues", poison message handling; case
/// `c-delivery-limit-default`.
const DEFAULT_DELIVERY_LIMIT: u32 = 20;

impl Queue {
    /// Source: `rabbit_amqqueue_process`, `rabbit_fifo`.
    pub(super) fn settle(&mut self, turn: &mut Turn<'_>, settled: &[Settled], how: Settlement) {
        if self.is(QueueType::Stream) {
            settled.iter().for_each(|it| self.consumers.release(it.consumer));
            return;
        }
        for it in settled {
            let State::Unacked(key) = self.entry(it.arrival).state else {
                unreachable!("what a channel settles is unacknowledged in its queue");
            };
            let consumer = self.consumer_name(key);
            // Credit is free before anything is delivered: a consumer alone at the queue gets
            // what it requeued straight back.
            // Source: `rabbit_amqqueue_process`, `subtract_acks`; case `c-nack-hotloop-classic`.
            self.consumers.release(key);
            self.counts.unacked -= 1;
            match how {
                Settlement::Ack => self.ack(turn, *it, consumer),
                Settlement::Requeue => self.give_back(turn, it.arrival, consumer),
                Settlement::Reject => {
                    // Source: case `d-count-quorum`: a rejection counts as a return.
                    if self.is(QueueType::Quorum) {
                        self.entry_mut(it.arrival).returns += 1;
                    }
                    self.remove(turn, it.arrival, Reason::Rejected);
                }
            }
        }
        match how {
            // Source: case `q-sac-priority`: a consumer that is to go goes with an
            // acknowledgement, a return does not make it.
            Settlement::Ack | Settlement::Reject => self.consumers.hand_over(),
            Settlement::Requeue if self.is(QueueType::Classic) => {
                self.drop_head(turn);
                self.expire(turn);
            }
            Settlement::Requeue => {}
        }
    }

    fn ack(&mut self, turn: &mut Turn<'_>, settled: Settled, consumer: ConsumerName) {
        let queue = self.name.clone();
        let entry = self.entry_mut(settled.arrival);
        entry.state = State::Acked;
        let (message, delivery_tag) = (entry.message.id, settled.delivery_tag);
        turn.note(Fact::Acked { queue, consumer, message, delivery_tag });
        self.counts.acked += 1;
    }

    /// A consumer gives a message back. Without a delivery limit a quorum queue takes what comes
    /// back as if it were new, one after the other.
    ///
    /// Source: `rabbit_fifo`, `return` and `requeue`; cases `c-nack-position-*`.
    fn give_back(&mut self, turn: &mut Turn<'_>, arrival: u64, consumer: ConsumerName) {
        let why = RequeueReason::Returned(consumer);
        let place = match (self.arguments.queue_type, self.delivery_limit()) {
            (QueueType::Quorum, None) => Place::Back,
            (QueueType::Quorum, Some(_)) => Place::Front,
            (QueueType::Classic | QueueType::Stream, _) => Place::Old,
        };
        self.put_back(turn, arrival, why, place);
        if place == Place::Back {
            self.deliver(turn);
            self.drop_head(turn);
        }
    }

    /// How often a message may come back.
    pub(super) fn delivery_limit(&self) -> Option<u32> {
        match (self.arguments.delivery_limit, self.version) {
            (Some(limit), _) => u32::try_from(limit).ok(),
            (None, Version::V4_0) => Some(DEFAULT_DELIVERY_LIMIT),
            (None, Version::V3_10) => None,
        }
    }

    pub(super) fn channel_closed(
        &mut self,
        turn: &mut Turn<'_>,
        channel: ChannelId,
        held: &[Settled],
    ) {
        self.publishers.remove(&channel);
        let gone = self.consumers.leave(channel);
        for it in gone.values().filter(|it| it.is_consuming()) {
            let (queue, consumer) = (self.name.clone(), it.tag.clone());
            turn.note(Fact::ChannelClosed { queue, consumer, requeued: it.held });
        }
        if !gone.is_empty() {
            self.consumer_left(turn);
        }
        if self.is(QueueType::Stream) {
            return;
        }
        let mut held: Vec<Settled> = held.to_vec();
        match (self.arguments.queue_type, self.version) {
            (QueueType::Classic | QueueType::Stream, _) => held.sort_by_key(|it| it.arrival),
            // Consumer by consumer.
            // Source: `rabbit_fifo`, `handle_down`; case `c-close-requeue-quorum`.
            (QueueType::Quorum, Version::V4_0) => {
                held.sort_by_key(|it| (it.consumer, it.delivery_tag));
            }
            (QueueType::Quorum, Version::V3_10) => {
                let tag = |it: &Settled| gone.get(&it.consumer).map(|it| it.tag.clone());
                held.sort_by_key(|it| (tag(it), it.delivery_tag));
            }
        }
        let place = if self.is(QueueType::Quorum) { Place::Front } else { Place::Old };
        for it in held {
            assert!(
                self.entry(it.arrival).state == State::Unacked(it.consumer),
                "what a closed channel held is unacknowledged in its queue"
            );
            let consumer = gone.get(&it.consumer).expect("who held it was on the channel");
            self.counts.unacked -= 1;
            let why = RequeueReason::ChannelClosed(consumer.tag.clone());
            self.put_back(turn, it.arrival, why, place);
        }
        if self.is(QueueType::Classic) {
            self.drop_head(turn);
            self.expire(turn);
        }
    }

    /// Back to Ready. In a classic queue that is the place it always had, so before everything
    /// that arrived later. A quorum queue counts, and at its limit it takes the message out.
    ///
    /// Source: cases `c-nack-position-*`, `c-close-requeue-*`, `c-delivery-limit`.
    fn put_back(&mut self, turn: &mut Turn<'_>, arrival: u64, why: RequeueReason, to: Place) {
        let limit = self.delivery_limit();
        let counts = self.is(QueueType::Quorum);
        self.told.returns += u64::from(counts);
        let queue = self.name.clone();
        let entry = self.entry_mut(arrival);
        entry.redelivered = true;
        if counts {
            entry.returns += 1;
            if limit.is_some_and(|most| most < entry.returns) {
                self.remove(turn, arrival, Reason::DeliveryLimit);
                return;
            }
        }
        entry.state = State::Ready;
        let (message, size) = (entry.message.id, entry.message.size_bytes);
        self.ready_bytes += u64::from(size);
        let priority = self.priority_of(arrival);
        match to {
            Place::Old | Place::Front => self.ready.put_back(arrival, priority),
            Place::Back => self.ready.push(arrival, 0),
        }
        turn.note(Fact::Requeued { queue, message, why, to });
    }
}
