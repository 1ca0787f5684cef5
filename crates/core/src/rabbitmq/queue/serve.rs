//! Who gets a message: consumers in their turn, and whoever asks for one.

use super::{Delivery, Effect, Joining, Queue, State, Turn};
use crate::name::ConsumerName;
use crate::rabbitmq::config::{QueueType, Version};
use crate::rabbitmq::fact::Fact;
use crate::rabbitmq::frame::{AckMode, ChannelId};
use crate::rabbitmq::message::Stamp;
use crate::rabbitmq::queue::consumers::ConsumerKey;

impl Queue {
    pub(super) fn consume(&mut self, turn: &mut Turn<'_>, joining: Joining) {
        let (queue, consumer) = (self.name.clone(), joining.tag.clone());
        let prefetch_count = joining.prefetch_count;
        turn.note(Fact::Consuming { queue, consumer, prefetch_count });
        self.consumers.join(joining);
    }

    /// Hands out one message, whatever the prefetch is.
    ///
    /// Source: cases `c-get-classic`, `c-get-quorum`.
    pub(super) fn get(&mut self, turn: &mut Turn<'_>, joining: Joining) {
        self.used = turn.now;
        let channel = joining.channel;
        self.expire_before_get(turn);
        let Some(place) = self.take_first() else {
            turn.fx.push(Effect::Empty(channel));
            return;
        };
        let (mode, tag) = (joining.mode, joining.tag.clone());
        let consumer = self.consumers.join_once(joining);
        if mode == AckMode::Automatic {
            self.consumers.release(consumer);
        }
        let mut delivery = self.hand_out(place, consumer, channel, tag, mode);
        // Source: case `c-get-quorum`: up to 3.13 a get shows the count even if it is 0.
        if self.is(QueueType::Quorum) && self.version == Version::V3_10 {
            delivery.message.stamp = Stamp::DeliveryCount(self.entry(place).returns);
        }
        let answer = turn.fx.len();
        self.expire_after_fetch(turn);
        turn.fx.insert(answer, Effect::Got(delivery, self.ready.count()));
    }

    pub(super) fn cancel(&mut self, turn: &mut Turn<'_>, channel: ChannelId, tag: &ConsumerName) {
        self.consumers.cancel(channel, tag);
        self.consumer_left(turn);
    }

    /// Source: case `q-expires`: the end of a consumer counts as use.
    pub(super) fn consumer_left(&mut self, turn: &mut Turn<'_>) {
        self.used = turn.now;
    }

    /// Serves Ready messages in order while somebody can take one.
    pub(super) fn deliver(&mut self, turn: &mut Turn<'_>) {
        loop {
            if self.is(QueueType::Quorum) {
                self.expire(turn);
            }
            if self.ready.first().is_none() {
                return;
            }
            let Some((key, consumer)) = self.consumers.next_free(turn.limits) else { return };
            let (channel, tag, mode) = (consumer.channel, consumer.tag.clone(), consumer.mode);
            if mode == AckMode::Manual {
                consumer.held += 1;
                let within =
                    consumer.prefetch_count == 0 || consumer.held <= consumer.prefetch_count;
                assert!(within, "prefetch is respected");
                turn.limits.take(channel);
            }
            let place = self.take_first().expect("there is a first");
            let delivery = self.hand_out(place, key, channel, tag, mode);
            turn.fx.push(Effect::Deliver(delivery));
            self.expire_after_fetch(turn);
        }
    }

    /// Takes the place that is next out of Ready.
    pub(super) fn take_first(&mut self) -> Option<u64> {
        let place = self.ready.pop_first()?;
        let entry = self.entry(place);
        assert!(entry.state == State::Ready, "what is served is ready");
        self.ready_bytes -= u64::from(entry.message.size_bytes);
        Some(place)
    }

    /// Ready becomes Unacked, or gone.
    pub(super) fn hand_out(
        &mut self,
        place: u64,
        consumer: ConsumerKey,
        channel: ChannelId,
        tag: ConsumerName,
        mode: AckMode,
    ) -> Delivery {
        let state = match mode {
            AckMode::Manual => {
                self.counts.unacked += 1;
                State::Unacked(consumer)
            }
            AckMode::Automatic => {
                self.counts.acked += 1;
                State::Acked
            }
        };
        let entry = self.entry_mut(place);
        entry.state = state;
        let (mut message, redelivered) = (entry.message.clone(), entry.redelivered);
        if entry.returns > 0 {
            message.stamp = Stamp::DeliveryCount(entry.returns);
        }
        Delivery { channel, tag, consumer, mode, arrival: place, message, redelivered }
    }
}
