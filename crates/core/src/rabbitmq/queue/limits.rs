//! What bounds a queue: how much it may hold, and how much the channels of its consumers may.

use super::{Queue, Turn};
use crate::map::Map;
use crate::rabbitmq::config::{Overflow, QueueArguments, QueueType};
use crate::rabbitmq::fact::Reason;
use crate::rabbitmq::frame::ChannelId;
use crate::rabbitmq::message::Message;

/// The shared prefetch of channels: `basic.qos` with `global=true`.
///
/// It stands between a channel and the classic queues that it consumes from, as RabbitMQ's limiter
/// process does, and is asked by queues before they deliver.
///
/// Source: `rabbit_limiter`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ChannelLimits {
    limits: Map<ChannelId, Limit>,
}

/// The shared prefetch of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Limit {
    most: u32,
    held: u32,
}

impl ChannelLimits {
    /// Sets the limit of a channel that holds so many deliveries now; 0 is no limit.
    pub fn set(&mut self, channel: ChannelId, most: u32, held: u32) {
        if most == 0 {
            self.limits.remove(&channel);
        } else {
            self.limits.insert(channel, Limit { most, held });
        }
    }

    /// Whether the channel has one.
    #[must_use]
    pub fn is_limited(&self, channel: ChannelId) -> bool {
        self.limits.contains_key(&channel)
    }

    /// Whether the channel may be sent one more.
    #[must_use]
    pub fn may_take(&self, channel: ChannelId) -> bool {
        self.limits.get(&channel).is_none_or(|it| it.held < it.most)
    }

    /// The channel was sent one that it has to acknowledge.
    pub fn take(&mut self, channel: ChannelId) {
        if let Some(limit) = self.limits.get_mut(&channel) {
            limit.held += 1;
        }
    }

    /// The channel settled so many. True if it could take none before and can now.
    pub fn release(&mut self, channel: ChannelId, count: u32) -> bool {
        let Some(limit) = self.limits.get_mut(&channel) else { return false };
        let was_full = limit.held >= limit.most;
        limit.held = limit.held.saturating_sub(count);
        was_full && limit.held < limit.most
    }
}

impl Queue {
    /// How many messages count, and how many bytes: what is Ready, and dead letters that are kept.
    ///
    /// Source: RabbitMQ, "Queue Length Limit"; cases `q-maxlen-drophead-classic`, `q-maxbytes`.
    pub(super) fn load(&self) -> (u64, u64) {
        let kept = self.dead_lettering.keys();
        let bytes: u64 = kept.map(|it| u64::from(self.entry(*it).message.size_bytes)).sum();
        (self.ready.count() + self.dead_lettering.len() as u64, self.ready_bytes + bytes)
    }

    /// Whether so many messages with so many bytes are more than it may hold.
    pub(super) fn is_over(&self, (messages, bytes): (u64, u64)) -> bool {
        let QueueArguments { max_length, max_length_bytes, .. } = &self.arguments;
        max_length.is_some_and(|most| most < messages)
            || max_length_bytes.is_some_and(|most| most < bytes)
    }

    /// Removes the messages that would be served next while there are too many, so the oldest, or
    /// the oldest of the highest priority. True if any was removed.
    ///
    /// Source: RabbitMQ, "Queue Length Limit"; cases `q-maxlen-drophead-classic`,
    /// `q-priority-maxlen`.
    pub(super) fn drop_head(&mut self, turn: &mut Turn<'_>) -> bool {
        let drops = match (self.arguments.queue_type, self.arguments.overflow) {
            (QueueType::Stream, _) => false,
            // Source: case `q-args-invalid`: a quorum queue does not know the third.
            (QueueType::Quorum, overflow) => overflow != Overflow::RejectPublish,
            (QueueType::Classic, overflow) => overflow == Overflow::DropHead,
        };
        let mut dropped = false;
        while drops && self.is_over(self.load()) {
            let Some(head) = self.take_first() else { break };
            self.remove(turn, head, Reason::MaxLength);
            dropped = true;
        }
        dropped
    }

    /// Whether the queue does not take a message because it is full. A classic queue looks before
    /// anybody can take the message; a quorum queue refuses from the message on that comes after
    /// its publishers were told, so it may hold more than it should.
    ///
    /// Source: `rabbit_amqqueue_process`, `will_overflow`; `rabbit_fifo`, `evaluate_limit`; cases
    /// `q-maxlen-reject-classic`, `q-maxlen-reject-quorum`, `q-maxlen0`.
    pub(super) fn refuses(&mut self, message: &Message, from: Option<ChannelId>) -> bool {
        match (self.arguments.queue_type, self.arguments.overflow) {
            (QueueType::Classic, Overflow::RejectPublish | Overflow::RejectPublishDlx) => {
                let (messages, bytes) = self.load();
                self.is_over((messages + 1, bytes + u64::from(message.size_bytes)))
            }
            (QueueType::Quorum, Overflow::RejectPublish) => {
                let Some(from) = from else { return false };
                let full = self.is_over(self.load());
                *self.publishers.get_or_insert_with(from, || full)
            }
            (QueueType::Classic | QueueType::Quorum, _) | (QueueType::Stream, _) => false,
        }
    }
}
