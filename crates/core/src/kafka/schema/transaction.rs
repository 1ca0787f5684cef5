//! Records of `__transaction_state`.
//!
//! Source: `TransactionLogKey.json` version 0, `TransactionLogValue.json` version 0.

use super::{Bytes, Reader, Writer};
use crate::kafka::TopicPartition;

/// The key of a transactional id's records.
pub(crate) fn transaction_key(id: &str) -> Bytes {
    let mut out = Writer::default();
    out.i16(0);
    out.text(id);
    out.done()
}

/// The transactional id that a key is about.
pub(crate) fn transaction_id(key: &[u8]) -> Option<String> {
    let mut row = Reader(key);
    row.i16().filter(|it| *it == 0)?;
    row.text()
}

/// `TransactionLogValue` version 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TransactionValue {
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
    pub(crate) timeout_ms: i32,
    pub(crate) status: u8,
    /// Sorted.
    pub(crate) partitions: Vec<TopicPartition>,
    pub(crate) updated_ms: i64,
    pub(crate) started_ms: i64,
}

impl TransactionValue {
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = Writer::default();
        out.i16(0);
        out.i64(self.producer_id);
        out.i16(self.epoch);
        out.i32(self.timeout_ms);
        out.0.push(self.status);
        out.by_topic(&self.partitions);
        out.i64(self.updated_ms);
        out.i64(self.started_ms);
        out.done()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut row = Reader(bytes);
        row.i16().filter(|it| *it == 0)?;
        Some(Self {
            producer_id: row.i64()?,
            epoch: row.i16()?,
            timeout_ms: row.i32()?,
            status: row.take(1)?[0],
            partitions: row.by_topic()?,
            updated_ms: row.i64()?,
            started_ms: row.i64()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back() {
        let value = TransactionValue {
            producer_id: 7,
            epoch: 3,
            timeout_ms: 60_000,
            status: 1,
            partitions: vec![TopicPartition::new("a", 0), TopicPartition::new("b", 2)],
            updated_ms: 12,
            started_ms: -1,
        };
        assert_eq!(TransactionValue::decode(&value.encode()), Some(value));
        assert_eq!(transaction_id(&transaction_key("x")), Some("x".to_owned()));
        assert_eq!(TransactionValue::decode(&[0, 0, 1]), None);
    }
}
