//! What goes at the beginning of a log: whole segments that are too old or too much, and what
//! someone asked to be deleted.

use super::{Deleted, Log, OutOfRange, Segment};
use crate::kafka::Offset;
use crate::kafka::config::TopicSettings;
use crate::kafka::fact::Retention;
use crate::sim::SimTime;

impl Log {
    /// Deletes the oldest segments that `settings` no longer keep: what lies before the log start
    /// first, then what is too much, then what is too old.
    ///
    /// Source: `UnifiedLog.deleteOldSegments`: a prefix of the segments and nothing else; the
    /// active one too if all go, and then an empty one follows it at the log end.
    /// Simplified: a deleted file is gone at once, `file.delete.delay.ms` changes nothing to see.
    pub(crate) fn retain(&mut self, now: SimTime, settings: &TopicSettings) -> Vec<Deleted> {
        self.delete_unreadable(now);
        let mut deleted = Vec::new();
        if !settings.cleanup_policy.deletes() {
            return deleted;
        }
        if let Ok(limit) = u64::try_from(settings.retention_bytes) {
            let mut too_much = self.size_bytes.saturating_sub(limit);
            let fits = |it: &Segment| {
                let fits = it.size_bytes <= too_much;
                too_much = if fits { too_much - it.size_bytes } else { 0 };
                fits && limit <= self.size_bytes
            };
            let count = self.deletable(fits);
            deleted.extend(self.delete(now, count, Retention::Size(settings.retention_bytes)));
        }
        if 0 <= settings.retention_ms {
            let old =
                |it: &Segment| settings.retention_ms < now.as_ms().saturating_sub(it.largest_ms());
            let count = self.deletable(old);
            deleted.extend(self.delete(now, count, Retention::Time(settings.retention_ms)));
        }
        deleted
    }

    /// Deletes the segments that end before the log start.
    ///
    /// Source: `UnifiedLog.deleteLogStartOffsetBreachedSegments`.
    fn delete_unreadable(&mut self, now: SimTime) {
        let bases = self.segments.iter().skip(1).map(|it| it.base);
        let count = bases.take_while(|base| *base <= self.log_start).count();
        self.delete(now, count, Retention::Request);
    }

    /// How many of the oldest segments `matches` holds for, as far as they may be deleted at all.
    ///
    /// Source: `UnifiedLog.deletableSegments`.
    fn deletable(&self, mut matches: impl FnMut(&Segment) -> bool) -> usize {
        let mut count = 0;
        for (place, segment) in self.segments.iter().enumerate() {
            let next = self.segments.get(place + 1);
            let upper_bound = next.map_or(self.log_end, |it| it.base);
            let is_empty_and_active = next.is_none() && segment.size_bytes == 0;
            if self.high_watermark < upper_bound || is_empty_and_active || !matches(segment) {
                break;
            }
            count += 1;
        }
        count
    }

    fn delete(&mut self, now: SimTime, count: usize, why: Retention) -> Option<Deleted> {
        if count == 0 {
            return None;
        }
        if count == self.segments.len() {
            self.roll(now);
        }
        for segment in self.segments.drain(..count) {
            self.size_bytes -= segment.size_bytes;
        }
        let Offset(base) = self.segments[0].base;
        let told = self.start_at(Offset(base), why);
        let first_batch = self.segments[0].first_batch;
        self.records.forget_before(self.record_place(first_batch));
        self.batches.forget_before(first_batch);
        told
    }

    /// Moves the log start to `start`, if that is further than before.
    fn start_at(&mut self, start: Offset, why: Retention) -> Option<Deleted> {
        let (from, before) = (self.log_start, self.count());
        if start <= from {
            return None;
        }
        self.log_start = start;
        self.assert_invariants();
        Some(Deleted { from, start, records: before - self.count(), why })
    }

    /// Forgets what lies before `before`: the log start moves there, within a segment if it must.
    /// Its files go when retention is checked next.
    ///
    /// Source: `Partition.deleteRecordsOnLeader`, `UnifiedLog.maybeIncrementLogStartOffset`.
    pub(crate) fn delete_before(&mut self, before: Offset) -> Result<Option<Deleted>, OutOfRange> {
        /// Everything that consumers can read.
        const HIGH_WATERMARK: Offset = Offset(-1);
        let start = if before == HIGH_WATERMARK { self.high_watermark } else { before };
        if start < Offset(0) || self.high_watermark < start {
            return Err(OutOfRange);
        }
        Ok(self.start_at(start, Retention::Request))
    }
}
