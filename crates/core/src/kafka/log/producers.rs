//! What a partition remembers of the producers that wrote to it: so it recognises a batch that is
//! sent again, refuses one that comes out of order, and knows which transactions are open.

use super::BatchHead;
use crate::kafka::Offset;
use crate::kafka::message::{Batch, ErrorCode, Marker};
use crate::map::Map;
use crate::sim::{Shelf, SimDuration, SimTime};
use std::collections::VecDeque;

/// How many of a producer's last batches are remembered.
///
/// Source: `ProducerStateEntry.NUM_BATCHES_TO_RETAIN`.
const MOST_BATCHES: usize = 5;

/// The producers that a partition knows, and the transactions in it.
///
/// Source: `ProducerStateManager`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Producers {
    known: Map<i64, Known>,
    /// Transactions whose marker is not on every in-sync replica yet.
    ended: VecDeque<Ended>,
    /// What was aborted, in the order of the markers.
    aborted: Shelf<Aborted>,
}

/// A producer that wrote here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Known {
    epoch: i16,
    /// The last batches in this epoch, oldest first.
    batches: VecDeque<Written>,
    last_timestamp_ms: i64,
    /// The first offset of the transaction that is open.
    transaction_from: Option<Offset>,
}

/// A batch in the log, as far as a second one could be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Written {
    first_sequence: i32,
    last_sequence: i32,
    base: Offset,
}

/// A transaction that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Ended {
    from: Offset,
    marker: Offset,
}

/// A transaction that was aborted: the records of this producer from the one offset to the marker
/// do not count.
///
/// Source: `AbortedTxn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Aborted {
    pub(crate) producer: i64,
    pub(crate) from: Offset,
    pub(crate) marker: Offset,
}

/// What became of a record that was written in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransactionState {
    /// Its transaction is open: nobody knows yet whether it counts.
    Open,
    /// It counts.
    Committed,
    /// It does not count.
    Aborted,
}

/// A producer as its partition knows it, to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProducerView {
    /// The producer id.
    pub id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// The sequence number of its last record; -1 if the last thing it wrote was a marker.
    pub last_sequence: i32,
    /// The first offset of the transaction that it has open here.
    pub transaction_from: Option<Offset>,
}

/// The sequence number `count` after `sequence`; after the greatest comes 0.
///
/// Source: `DefaultRecordBatch.incrementSequence`.
pub(crate) fn sequence_after(sequence: i32, count: usize) -> i32 {
    let count = i64::try_from(count).expect("a batch has fewer than 2^32 records");
    let after = (i64::from(sequence) + count) % (i64::from(i32::MAX) + 1);
    i32::try_from(after).expect("the remainder is at most the greatest sequence number")
}

impl Producers {
    /// Whether a client's batch may be appended. One that is here already is answered with the
    /// offset that it has.
    ///
    /// Source: `UnifiedLog.analyzeAndValidateProducerState`, `ProducerAppendInfo`.
    pub(crate) fn check(&self, batch: &Batch) -> Result<Option<Offset>, ErrorCode> {
        let Some(stamp) = batch.producer else { return Ok(None) };
        let Some(known) = self.known.get(&stamp.id) else {
            // Source: since transaction version 2 a transaction begins with sequence number 0.
            let begins = !batch.transactional || stamp.sequence == 0;
            return if begins { Ok(None) } else { Err(ErrorCode::OutOfOrderSequenceNumber) };
        };
        let last_sequence = sequence_after(stamp.sequence, batch.records.len() - 1);
        if stamp.epoch == known.epoch {
            let is_same = |it: &&Written| {
                it.first_sequence == stamp.sequence && it.last_sequence == last_sequence
            };
            if let Some(it) = known.batches.iter().find(is_same) {
                return Ok(Some(it.base));
            }
        }
        if stamp.epoch < known.epoch {
            return Err(ErrorCode::InvalidProducerEpoch);
        }
        let expected = match known.batches.back() {
            Some(last) if stamp.epoch == known.epoch => sequence_after(last.last_sequence, 1),
            _ => 0,
        };
        if stamp.sequence != expected {
            return Err(ErrorCode::OutOfOrderSequenceNumber);
        }
        if known.transaction_from.is_some() && !batch.transactional {
            return Err(ErrorCode::InvalidTxnState);
        }
        Ok(None)
    }

    /// Whether the marker of a transaction may be written: not the late one of an earlier
    /// transaction, but the same one again.
    ///
    /// Source: `ProducerAppendInfo.checkProducerEpoch` for transaction version 2.
    pub(crate) fn check_marker(&self, producer: i64, epoch: i16) -> Result<(), ErrorCode> {
        let Some(known) = self.known.get(&producer) else { return Ok(()) };
        let is_repeated = epoch == known.epoch && known.transaction_from.is_none();
        let is_new = known.epoch < epoch || is_repeated;
        if is_new { Ok(()) } else { Err(ErrorCode::InvalidProducerEpoch) }
    }

    /// Whether it is the batch that tells the last sequence number of its producer, or the marker
    /// that tells its epoch.
    ///
    /// Source: `UnifiedLog.lastRecordsOfActiveProducers`.
    pub(super) fn is_last(&self, head: &BatchHead) -> bool {
        let Some(stamp) = head.producer else { return false };
        let Some(known) = self.known.get(&stamp.id) else { return false };
        match known.batches.back() {
            Some(last) => last.base == head.base,
            None => head.marker.is_some() && stamp.epoch == known.epoch,
        }
    }

    /// A batch was appended, by whomever.
    pub(super) fn appended(&mut self, head: &BatchHead) {
        let Some(stamp) = head.producer else { return };
        let (epoch, last_timestamp_ms) = (stamp.epoch, head.max_timestamp_ms);
        let new =
            || Known { epoch, batches: VecDeque::new(), last_timestamp_ms, transaction_from: None };
        let known = self.known.get_or_insert_with(stamp.id, new);
        if known.epoch != epoch {
            known.epoch = epoch;
            known.batches.clear();
        }
        known.last_timestamp_ms = last_timestamp_ms;
        if let Some(marker) = head.marker {
            let Some(from) = known.transaction_from.take() else { return };
            self.ended.push_back(Ended { from, marker: head.last });
            if marker == Marker::Abort {
                self.aborted.push(Aborted { producer: stamp.id, from, marker: head.last });
            }
            return;
        }
        // Offsets that a group's coordinator writes have no sequence numbers.
        if 0 <= stamp.sequence {
            if known.batches.len() == MOST_BATCHES {
                known.batches.pop_front();
            }
            let count = usize::try_from(head.last.0 - head.base.0).expect("offsets grow");
            known.batches.push_back(Written {
                first_sequence: stamp.sequence,
                last_sequence: sequence_after(stamp.sequence, count),
                base: head.base,
            });
        }
        if head.transactional {
            known.transaction_from.get_or_insert(head.base);
        }
    }

    /// Whether that producer has a transaction open here in that epoch.
    ///
    /// Source: `ProducerStateManager.hasOngoingTransaction`.
    pub(crate) fn has_open(&self, producer: i64, epoch: i16) -> bool {
        let known = self.known.get(&producer);
        known.is_some_and(|it| it.epoch == epoch && it.transaction_from.is_some())
    }

    /// The first offset of the transaction that a producer has open here.
    pub(super) fn open_since(&self, producer: i64) -> Option<Offset> {
        self.known.get(&producer)?.transaction_from
    }

    /// What became of what that producer wrote in a transaction at that offset.
    pub(super) fn state_at(&self, producer: i64, offset: Offset) -> TransactionState {
        let covers =
            |it: &Aborted| it.producer == producer && it.from <= offset && offset < it.marker;
        if self.open_since(producer).is_some_and(|from| from <= offset) {
            TransactionState::Open
        } else if self.aborted.iter().any(covers) {
            TransactionState::Aborted
        } else {
            TransactionState::Committed
        }
    }

    /// The high watermark is there now.
    pub(super) fn replicated(&mut self, high_watermark: Offset) {
        self.ended.retain(|it| high_watermark <= it.marker);
    }

    /// The first offset that belongs to a transaction which is open, or whose end is not on every
    /// in-sync replica.
    ///
    /// Source: `ProducerStateManager.firstUnstableOffset`.
    pub(super) fn first_unstable(&self) -> Option<Offset> {
        let open = self.known.values().filter_map(|it| it.transaction_from);
        open.chain(self.ended.iter().map(|it| it.from)).min()
    }

    /// The aborted transactions that have to do with the offsets from `from` to before `to`.
    ///
    /// Source: `UnifiedLog.collectAbortedTransactions`.
    pub(crate) fn aborted(&self, from: Offset, to: Offset) -> impl Iterator<Item = Aborted> {
        let touches = move |it: &&Aborted| from <= it.marker && it.from < to;
        self.aborted.iter().filter(touches).copied()
    }

    /// Forgets who has been silent for so long and has no transaction open.
    ///
    /// Source: `ProducerStateManager.removeExpiredProducers`.
    pub(crate) fn expire(&mut self, now: SimTime, after: SimDuration) {
        self.known.retain(|_, it| it.transaction_from.is_some() || !it.is_expired(now, after));
    }

    /// What is left when the broker starts again: of each producer the last batch.
    ///
    /// Source: the snapshot that `LogLoader` takes of each segment holds no more
    /// (`ProducerStateManager.writeSnapshot`); case of an earlier batch resent after a kill.
    pub(crate) fn reload(&mut self, now: SimTime, expiry: SimDuration) {
        self.expire(now, expiry);
        for known in self.known.values_mut() {
            while 1 < known.batches.len() {
                known.batches.pop_front();
            }
        }
    }

    /// The producers in the order of their ids.
    pub(crate) fn views(&self) -> impl Iterator<Item = ProducerView> {
        self.known.iter().map(|(id, it)| ProducerView {
            id: *id,
            epoch: it.epoch,
            last_sequence: it.batches.back().map_or(-1, |it| it.last_sequence),
            transaction_from: it.transaction_from,
        })
    }
}

impl Known {
    fn is_expired(&self, now: SimTime, after: SimDuration) -> bool {
        let after = i64::try_from(after.as_ms()).expect("settings stay below 2^53");
        after <= now.as_ms().saturating_sub(self.last_timestamp_ms)
    }
}

#[cfg(test)]
mod tests;
