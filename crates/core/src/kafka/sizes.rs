//! How many bytes records and batches take on the wire and on disk.
//!
//! Source: `DefaultRecordBatch` and `DefaultRecord`, the only format that Kafka 4 writes.

use super::message::Content;
use crate::workload::{MessageId, Workload};

/// What every batch takes beside its records.
pub(crate) const BATCH_OVERHEAD: u64 = 61;

/// The most that a record takes beside its key and value when nothing is known of its place.
///
/// Source: `DefaultRecord.MAX_RECORD_OVERHEAD`.
pub(crate) const MOST_RECORD_OVERHEAD: u64 = 21;

/// The length of a number as a zig-zag variable-length integer: seven bits to a byte.
const fn varint(number: i64) -> u64 {
    let zigzag = ((number << 1) ^ (number >> 63)).cast_unsigned();
    let bits = 64 - zigzag.leading_zeros();
    if bits == 0 { 1 } else { bits.div_ceil(7) as u64 }
}

/// The length of an optional key or value with its own length before it; none is the length -1.
fn field(length: Option<u64>) -> u64 {
    length.map_or(1, |it| varint(it.cast_signed()) + it)
}

/// How long the parts of a record are; none is a part that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lengths {
    pub(crate) key: Option<u64>,
    pub(crate) value: Option<u64>,
    /// Of all headers, without their count.
    pub(crate) headers: u64,
}

impl Lengths {
    /// Of a message of the workload.
    pub(crate) fn of(workload: &Workload, message: MessageId) -> Self {
        let it = workload.message(message);
        Self {
            key: workload.key(message).map(|it| it.len() as u64),
            value: (!it.tombstone).then_some(u64::from(it.size_bytes)),
            headers: u64::from(it.headers_bytes),
        }
    }

    /// Of what a record holds.
    pub(crate) fn of_content(workload: &Workload, content: &Content) -> Self {
        match content {
            Content::Message(message) => Self::of(workload, *message),
            Content::PassedOn(it) => {
                let plain = Self::of(workload, it.message);
                Self { headers: plain.headers + it.headers_bytes(), ..plain }
            }
            Content::Internal(it) => Self {
                key: Some(it.key.len() as u64),
                value: it.value.as_ref().map(|it| it.len() as u64),
                headers: 0,
            },
        }
    }

    /// The size of one record, by its distance from the first of its batch. Simplified: there are
    /// fewer than 64 headers, so that their count takes one byte.
    pub(crate) fn record(self, timestamp_delta: i64, offset_delta: i64) -> u64 {
        let attributes = 1;
        let body = attributes
            + varint(timestamp_delta)
            + varint(offset_delta)
            + field(self.key)
            + field(self.value)
            + varint(0)
            + self.headers;
        varint(body.cast_signed()) + body
    }

    /// The most that a batch of one record can take.
    ///
    /// Source: `AbstractRecords.estimateSizeInBytesUpperBound`.
    pub(crate) fn most_of_one(self) -> u64 {
        BATCH_OVERHEAD + MOST_RECORD_OVERHEAD + field(self.key) + field(self.value) + self.headers
    }
}

/// The size of one record without headers, by its distance from the first of its batch.
pub(crate) fn record(
    timestamp_delta: i64,
    offset_delta: i64,
    key: Option<u64>,
    value: Option<u64>,
) -> u64 {
    Lengths { key, value, headers: 0 }.record(timestamp_delta, offset_delta)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_as_large_as_kafkas() {
        let one = |key, value| BATCH_OVERHEAD + record(0, 0, key, value);
        assert_eq!(one(Some(3), Some(5)), 76);
        assert_eq!(one(None, Some(5)), 73);
        assert_eq!(one(Some(1), None), 69);
        assert_eq!(one(Some(6), Some(100)), 176);
        assert_eq!(one(Some(6), Some(100)) + record(0, 1, Some(6), Some(100)), 291);
    }

    #[test]
    fn a_variable_length_integer_grows_at_the_zigzag_borders() {
        let lengths = [0, -1, 63, 64, -64, -65, 8_191, 8_192, i64::MIN].map(varint);
        assert_eq!(lengths, [1, 1, 1, 2, 1, 2, 2, 3, 10]);
    }
}
