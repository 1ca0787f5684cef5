//! What of a log belongs to a transaction, and what became of it.

use super::producers::TransactionState;
use super::{Log, Record};
use crate::kafka::Offset;
use crate::kafka::message::Marker;

/// A record as far as transactions go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It belongs to none.
    Plain,
    /// It belongs to one.
    Of(TransactionState),
    /// It ends one.
    Marker(Marker),
}

impl Log {
    /// The offsets of the records that belong to the open transaction of a producer.
    pub(crate) fn open_records(&self, producer: i64) -> Vec<Offset> {
        let mut found = Vec::new();
        let Some(from) = self.producers.open_since(producer) else { return found };
        let first = self.batches.partition_point(|it| it.next() <= from);
        for (head, records) in self.batches_from(first, self.batches.end()) {
            if head.marker.is_none() && head.producer.is_some_and(|it| it.id == producer) {
                found.extend(records.map(|it| it.offset));
            }
        }
        found
    }

    /// The newest records, oldest of them first, at most so many, each with its part.
    pub(crate) fn newest_parts(&self, most: usize) -> impl Iterator<Item = (&Record, Part)> {
        let end = self.records.end();
        let from = end.saturating_sub(most).max(self.first_readable());
        let ends = |it: &super::LoggedBatch| (it.first_record + it.head.count) as usize;
        let first = self.batches.partition_point(|it| ends(it) <= from);
        let batches = self.batches.range(first, self.batches.end());
        batches.flat_map(move |batch| {
            let head = &batch.head;
            let part = match (head.marker, head.producer) {
                (Some(marker), _) => Part::Marker(marker),
                (None, Some(stamp)) if head.transactional => {
                    Part::Of(self.producers.state_at(stamp.id, head.base))
                }
                (None, _) => Part::Plain,
            };
            let place = batch.first_record as usize;
            let records = self.records.range(place.max(from), ends(batch));
            records.map(move |it| (it, part))
        })
    }
}
