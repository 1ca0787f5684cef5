//! Finding an offset by a timestamp.

use super::{BatchHead, Log, Record};
use crate::kafka::Offset;

impl Log {
    /// The first record that is not older than `timestamp_ms`; none if there is none.
    ///
    /// Source: `UnifiedLog.searchOffsetInLocalLog`: only the first segment that has a timestamp
    /// as late as that is looked into. If all such records in it lie before the log start, none
    /// is found, whatever later segments hold.
    pub(crate) fn first_at_or_after(&self, timestamp_ms: i64) -> Option<Offset> {
        let place = self.segments.iter().position(|it| timestamp_ms <= it.largest_ms())?;
        let found = self.batches_of(place).find_map(|(head, records)| {
            if head.max_timestamp_ms < timestamp_ms {
                return None;
            }
            records
                .filter(|it| self.log_start <= it.offset)
                .find(|it| timestamp_ms <= it.timestamp_ms)
        });
        found.map(|it| it.offset)
    }

    /// The first of the records with the greatest timestamp, even if it lies before the log
    /// start.
    ///
    /// Source: `UnifiedLog.fetchOffsetByTimestamp` with `MAX_TIMESTAMP`. The timestamp of a batch
    /// that was cleaned until it was empty still counts, and then there is no such record.
    pub(crate) fn of_max_timestamp(&self) -> Option<Offset> {
        let greatest = self.segments.iter().filter_map(|it| it.largest_ms).max()?;
        let place = self.segments.iter().position(|it| it.largest_ms == Some(greatest))?;
        let mut batches = self.batches_of(place);
        let (_, mut records) = batches.find(|(head, _)| head.max_timestamp_ms == greatest)?;
        records.find(|it| it.timestamp_ms == greatest).map(|it| it.offset)
    }

    /// The batches of the segment at `place`, with their records.
    fn batches_of(
        &self,
        place: usize,
    ) -> impl Iterator<Item = (&BatchHead, impl Iterator<Item = &Record>)> {
        let next = self.segments.get(place + 1).map_or(self.batches.end(), |it| it.first_batch);
        self.batches_from(self.segments[place].first_batch, next)
    }
}
