//! Streams: a log that every consumer reads by itself, from where it likes, and that nobody
//! empties.
//!
//! Simplified: nothing is ever too old or too much (`x-max-age`, `x-max-length-bytes`), a chunk is
//! one message, and an interval or a timestamp as offset begins at the first message.

use super::{Delivery, Effect, Queue, Turn};
use crate::rabbitmq::frame::AckMode;
use crate::rabbitmq::message::Stamp;
use crate::rabbitmq::table::Field;

impl Queue {
    /// Where a consumer that asks for this `x-stream-offset` begins.
    ///
    /// Source: RabbitMQ, "Streams", consuming; case `s-basic`.
    #[must_use]
    pub fn stream_offset(&self, asked: Option<&Field>) -> u64 {
        let end = self.entries.end() as u64;
        match asked {
            Some(Field::Int(number)) => u64::try_from(*number).unwrap_or(0).min(end),
            Some(Field::Text(text)) => match &**text {
                "next" => end,
                "last" => end.saturating_sub(1),
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

    /// Sends every consumer what it has not read, as far as its prefetch goes. What it reads stays
    /// where it is; acknowledging it only makes room for more.
    ///
    /// Source: case `s-basic`.
    pub(super) fn read_on(&mut self, turn: &mut Turn<'_>) {
        let keys: Vec<_> =
            self.consumers.iter().filter(|(_, it)| it.is_consuming()).map(|it| it.0).collect();
        let end = self.entries.end() as u64;
        for consumer in keys {
            let Some(it) = self.consumers.get_mut(consumer) else { continue };
            let (channel, tag, mode) = (it.channel, it.tag.clone(), AckMode::Manual);
            let room = u64::from(it.prefetch_count.saturating_sub(it.held));
            let (from, to) = (it.cursor, end.min(it.cursor + room));
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
