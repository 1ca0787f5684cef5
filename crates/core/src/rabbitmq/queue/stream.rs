//! Streams: a log that every consumer reads by itself, from where it likes, and that nobody
//! empties.
//!
//! Simplified: nothing is ever too old or too much (`x-max-age`, `x-max-length-bytes`), a chunk is
//! what comes at one instant, and an interval or a timestamp as offset begins at the first message.

use super::{Delivery, Effect, Queue, Turn};
use crate::rabbitmq::config::{QueueType, Version};
use crate::rabbitmq::frame::AckMode;
use crate::rabbitmq::message::Stamp;
use crate::rabbitmq::table::Field;
use crate::sim::SimTime;

impl Queue {
    /// Where a consumer that asks for this `x-stream-offset` begins.
    ///
    /// `last` is the newest chunk; an offset that is not there yet is waited for.
    ///
    /// Source: RabbitMQ, "Streams", consuming; `rabbit_stream_queue`, `begin_stream`; case
    /// `s-basic`; a 3.10.8 server.
    #[must_use]
    pub fn stream_offset(&self, asked: Option<&Field>) -> u64 {
        let end = self.entries.end() as u64;
        match asked {
            Some(Field::Int(number)) => u64::try_from(*number).unwrap_or(0),
            Some(Field::Text(text)) => match &**text {
                "next" => end,
                "last" => self.entries.last().map_or(0, |it| end - 1 - u64::from(it.into_chunk)),
                _ => 0,
            },
            Some(Field::Time(_)) => 0,
            Some(
                Field::Void
                | Field::Bool(_)
                | Field::Decimal { .. }
                | Field::List(_)
                | Field::Table(_),
            )
            | None => end,
        }
    }

    /// How many messages of its chunk stand before one that comes now.
    pub(super) fn place_in_chunk(&mut self, now: SimTime) -> u32 {
        if !self.is(QueueType::Stream) {
            return 0;
        }
        let same = std::mem::replace(&mut self.chunk_at, now) == now;
        let before = self.entries.last().filter(|_| same);
        before.map_or(0, |it| it.into_chunk + 1)
    }

    /// Where the chunk ends that this place is in.
    fn chunk_end(&self, mut arrival: u64) -> u64 {
        let end = self.entries.end() as u64;
        arrival += 1;
        while arrival < end && self.entry(arrival).into_chunk > 0 {
            arrival += 1;
        }
        arrival
    }

    /// Sends every consumer what it has not read, as far as its prefetch goes; up to 3.13 by whole
    /// chunks, so that it may be more. What it reads stays where it is; acknowledging it only makes
    /// room for more.
    ///
    /// Source: `rabbit_stream_queue`, `stream_entries`; case `s-basic`; a 3.10.8 server.
    pub(super) fn read_on(&mut self, turn: &mut Turn<'_>) {
        let keys: Vec<_> =
            self.consumers.iter().filter(|(_, it)| it.is_consuming()).map(|it| it.0).collect();
        let end = self.entries.end() as u64;
        for consumer in keys {
            let Some(it) = self.consumers.get(consumer) else { continue };
            let (channel, tag, mode) = (it.channel, it.tag.clone(), AckMode::Manual);
            let room = u64::from(it.prefetch_count.saturating_sub(it.held));
            let (from, mut to) = (it.cursor, end.min(it.cursor + room));
            if self.version == Version::V3_10 && from < to {
                to = self.chunk_end(to - 1);
            }
            let Some(it) = self.consumers.get_mut(consumer).filter(|_| from < to) else { continue };
            it.held += u32::try_from(to - from).expect("a prefetch has 32 bits");
            it.cursor = to;
            for arrival in from..to {
                let mut message = self.entry(arrival).message.clone();
                message.stamp = Stamp::Offset(arrival);
                let (tag, redelivered) = (tag.clone(), false);
                let delivery =
                    Delivery { channel, tag, consumer, mode, arrival, message, redelivered };
                turn.fx.push(Effect::Deliver(delivery));
            }
        }
    }
}
