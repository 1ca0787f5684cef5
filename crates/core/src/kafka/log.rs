//! The log of one partition: records in batches, batches in segments.
//!
//! It appends, rolls, reads and retains. Who may write and how far readers may see is its
//! broker's business.

use super::Offset;
use super::config::{CleanupPolicy, TopicSettings};
use super::fact::Retention;
use super::message::{Batch, Content, NewRecord};
use super::schema::Bytes;
use crate::sim::{Shelf, SimTime};
use crate::workload::MessageId;
use std::collections::VecDeque;

/// A record in a log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Record {
    pub(crate) offset: Offset,
    /// When its producer made it. May lie in the past, and before its neighbours.
    pub(crate) timestamp_ms: i64,
    pub(crate) content: Content,
}

/// What was appended together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct LoggedBatch {
    base: Offset,
    /// The offset after its last record.
    next: Offset,
    size_bytes: u32,
    max_timestamp_ms: i64,
    /// Where its first record stands in the log's row of records.
    first_record: u32,
}

/// A file of the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Segment {
    base: Offset,
    size_bytes: u64,
    /// The greatest timestamp of its first batch; none while it is empty.
    first_batch_ms: Option<i64>,
    /// The greatest timestamp in it; while it is empty, when it was made.
    largest_ms: i64,
    /// Where its first batch stands in the log's row of batches.
    first_batch: usize,
}

/// The log of one partition.
///
/// Invariant: `log_start <= high_watermark <= log_end`.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Log {
    /// In offset order, and there may be holes: a place in it is no offset.
    records: Shelf<Record>,
    batches: Shelf<LoggedBatch>,
    /// Oldest first. Invariant: never empty; the last is the one being written to.
    segments: VecDeque<Segment>,
    log_start: Offset,
    high_watermark: Offset,
    log_end: Offset,
    size_bytes: u64,
}

/// What an append did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    /// The offset of the first record.
    pub(crate) base: Offset,
    /// The base offset of the segment that the append began, if it began one.
    pub(crate) rolled: Option<Offset>,
}

/// What a retention check deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deleted {
    pub(crate) from: Offset,
    pub(crate) start: Offset,
    pub(crate) records: u64,
    pub(crate) why: Retention,
}

/// The position lies outside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfRange;

/// What a read found: whole batches, so it may begin before what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Slice {
    pub(crate) records: std::sync::Arc<[Record]>,
    /// The offset after the last batch; what was asked for if there was nothing to read.
    pub(crate) next: Offset,
    pub(crate) size_bytes: u64,
}

impl Log {
    /// An empty log, made at `now`.
    pub(crate) fn new(now: SimTime) -> Self {
        let start = Offset(0);
        let mut log = Self {
            records: Shelf::new(),
            batches: Shelf::new(),
            segments: VecDeque::new(),
            log_start: start,
            high_watermark: start,
            log_end: start,
            size_bytes: 0,
        };
        log.roll(now);
        log
    }

    /// The first offset that can be read.
    pub(crate) fn log_start(&self) -> Offset {
        self.log_start
    }

    /// The first offset that is not known to be on every in-sync replica. Consumers read below.
    pub(crate) fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// The offset that the next record gets.
    pub(crate) fn log_end(&self) -> Offset {
        self.log_end
    }

    /// How large all segments are.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// How many records there are.
    pub(crate) fn count(&self) -> u64 {
        self.records.len() as u64
    }

    /// The base offsets of the newest `most` segments, oldest of them first.
    pub(crate) fn segment_bases(&self, most: usize) -> impl Iterator<Item = Offset> {
        let skipped = self.segments.len().saturating_sub(most);
        self.segments.iter().skip(skipped).map(|it| it.base)
    }

    /// The newest `most` records, oldest of them first.
    pub(crate) fn newest(&self, most: usize) -> impl DoubleEndedIterator<Item = &Record> {
        let end = self.records.end();
        self.records.range(end.saturating_sub(most), end)
    }

    /// Every record, oldest first.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter()
    }

    /// Appends one batch, in a new segment if it is time for one.
    ///
    /// Source: `UnifiedLog.append` and `maybeRoll`.
    pub(crate) fn append(
        &mut self,
        now: SimTime,
        settings: &TopicSettings,
        batch: &Batch,
    ) -> Appended {
        assert!(!batch.records.is_empty(), "a batch holds at least one record");
        let max_timestamp_ms = batch.max_timestamp_ms();
        let rolled = self.should_roll(settings, batch.size_bytes, max_timestamp_ms).then(|| {
            self.roll(now);
            self.log_end
        });
        let base = self.log_end;
        let first_record = self.records.end();
        for NewRecord { timestamp_ms, content } in batch.records.iter() {
            let (timestamp_ms, content) = (*timestamp_ms, content.clone());
            self.records.push(Record { offset: self.log_end, timestamp_ms, content });
            self.log_end = self.log_end.next();
        }
        self.batches.push(LoggedBatch {
            base,
            next: self.log_end,
            size_bytes: u32::try_from(batch.size_bytes).expect("a batch is smaller than 4 GiB"),
            max_timestamp_ms,
            first_record: u32::try_from(first_record).expect("a log has fewer than 2^32 records"),
        });
        self.size_bytes += batch.size_bytes;
        let active = self.segments.back_mut().expect("a log has an active segment");
        active.size_bytes += batch.size_bytes;
        active.largest_ms = match active.first_batch_ms {
            None => max_timestamp_ms,
            Some(_) => active.largest_ms.max(max_timestamp_ms),
        };
        active.first_batch_ms.get_or_insert(max_timestamp_ms);
        self.assert_invariants();
        Appended { base, rolled }
    }

    /// Whether an append of that size and time goes to a new segment. Nothing else ever makes one
    /// for it: there is no timer, so an idle partition keeps its segment.
    ///
    /// Source: `LogSegment.shouldRoll`. Simplified: the indexes are never full,
    /// `segment.jitter.ms` is 0, and `segment.bytes` may be below Kafka's minimum of 1 MiB.
    fn should_roll(&self, settings: &TopicSettings, size_bytes: u64, timestamp_ms: i64) -> bool {
        let active = self.segments.back().expect("a log has an active segment");
        let Some(first_ms) = active.first_batch_ms else { return false };
        let longest = i64::try_from(settings.segment_ms).expect("settings stay below 2^53");
        settings.segment_bytes < active.size_bytes + size_bytes
            || longest < timestamp_ms.saturating_sub(first_ms)
    }

    fn roll(&mut self, now: SimTime) {
        self.segments.push_back(Segment {
            base: self.log_end,
            size_bytes: 0,
            first_batch_ms: None,
            largest_ms: now.as_ms(),
            first_batch: self.batches.end(),
        });
    }

    /// Lets consumers read up to `to`, if that is further than before.
    pub(crate) fn raise_high_watermark(&mut self, to: Offset) {
        self.high_watermark = self.high_watermark.max(to);
        self.assert_invariants();
    }

    /// The batches from the one that holds `from` on, below the high watermark, at most
    /// `max_bytes` of them but always one if there is one.
    ///
    /// Source: `UnifiedLog.read`, `LocalLog.read`.
    pub(crate) fn read(&self, from: Offset, max_bytes: u64) -> Result<Slice, OutOfRange> {
        if from < self.log_start || self.log_end < from {
            return Err(OutOfRange);
        }
        let first = self.batches.partition_point(|it| it.next <= from);
        let (mut size_bytes, mut last, mut next) = (0, first, from);
        for batch in self.batches.range(first, self.batches.end()) {
            let size = u64::from(batch.size_bytes);
            if self.high_watermark < batch.next || (first < last && max_bytes < size_bytes + size) {
                break;
            }
            size_bytes += size;
            last += 1;
            next = batch.next;
        }
        let records = if first == last {
            [].into()
        } else {
            self.records.range(self.record_place(first), self.record_place(last)).cloned().collect()
        };
        Ok(Slice { records, next, size_bytes })
    }

    /// Where the first record of the batch at `batch` stands; the end for the next batch.
    fn record_place(&self, batch: usize) -> usize {
        self.batches.get(batch).map_or(self.records.end(), |it| it.first_record as usize)
    }

    /// How many bytes a reader at `from` could have, up to `enough`.
    pub(crate) fn readable_bytes(&self, from: Offset, enough: u64) -> u64 {
        if self.high_watermark <= from {
            return 0;
        }
        let first = self.batches.partition_point(|it| it.next <= from);
        let mut size_bytes = 0;
        for batch in self.batches.range(first, self.batches.end()) {
            if self.high_watermark < batch.next || enough <= size_bytes {
                break;
            }
            size_bytes += u64::from(batch.size_bytes);
        }
        size_bytes
    }

    /// Deletes the oldest segments that `settings` no longer keep: what is too much first, then
    /// what is too old.
    ///
    /// Source: `UnifiedLog.deleteOldSegments`: a prefix of the segments and nothing else; the
    /// active one too if all go, and then an empty one follows it at the log end.
    /// Simplified: a deleted file is gone at once, `file.delete.delay.ms` changes nothing to see.
    pub(crate) fn retain(&mut self, now: SimTime, settings: &TopicSettings) -> Vec<Deleted> {
        // Simplified: a compacted topic keeps everything; the log cleaner is not there yet.
        if settings.cleanup_policy == CleanupPolicy::Compact {
            return Vec::new();
        }
        let mut deleted = Vec::new();
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
                |it: &Segment| settings.retention_ms < now.as_ms().saturating_sub(it.largest_ms);
            let count = self.deletable(old);
            deleted.extend(self.delete(now, count, Retention::Time(settings.retention_ms)));
        }
        deleted
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
            if !matches(segment) || self.high_watermark < upper_bound || is_empty_and_active {
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
        let from = self.log_start;
        for segment in self.segments.drain(..count) {
            self.size_bytes -= segment.size_bytes;
        }
        let first_batch = self.segments[0].first_batch;
        let before = self.records.len();
        self.records.forget_before(self.record_place(first_batch));
        self.batches.forget_before(first_batch);
        self.log_start = self.segments[0].base;
        self.assert_invariants();
        let records = (before - self.records.len()) as u64;
        Some(Deleted { from, start: self.log_start, records, why })
    }

    fn assert_invariants(&self) {
        assert!(self.log_start <= self.high_watermark, "consumers can read from the log start");
        assert!(self.high_watermark <= self.log_end, "the high watermark is within the log");
        assert!(!self.segments.is_empty(), "a log has an active segment");
    }
}

impl Record {
    /// The message it carries, if an application wrote it.
    pub(crate) fn message(&self) -> Option<MessageId> {
        match &self.content {
            Content::Message(message) => Some(*message),
            Content::Internal(_) => None,
        }
    }

    /// Its key and value, if a broker wrote it.
    pub(crate) fn internal(&self) -> Option<(&Bytes, Option<&Bytes>)> {
        match &self.content {
            Content::Message(_) => None,
            Content::Internal(it) => Some((&it.key, it.value.as_ref())),
        }
    }
}

#[cfg(test)]
mod tests;
