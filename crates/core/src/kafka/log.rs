//! The log of one partition: records in batches, batches in segments.
//!
//! It appends, rolls, reads and retains. Who may write and how far readers may see is its
//! broker's business.

mod cleaner;
mod lookup;
pub(crate) mod producers;
mod replica;
mod retention;
mod segment;
#[cfg(test)]
mod tests;
mod transactions;

pub(crate) use cleaner::Dirt;

use super::Offset;
use super::config::{TimestampType, TopicSettings};
use super::fact::Retention;
use super::message::{Batch, Content, Marker, NewRecord, ProducerStamp};
use super::passed_on::PassedOn;
use super::schema::Bytes;
use crate::sim::{Shelf, SimTime};
use crate::workload::MessageId;
use producers::Producers;
pub(crate) use replica::EpochEnd;
use segment::Segment;
use std::collections::VecDeque;
use std::sync::Arc;
pub(crate) use transactions::Part;

/// A record in a log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Record {
    pub(crate) offset: Offset,
    /// When its producer made it. May lie in the past, and before its neighbours.
    pub(crate) timestamp_ms: i64,
    pub(crate) content: Content,
}

/// What stands at the head of a batch in a log.
///
/// Source: `DefaultRecordBatch`. Cleaning may take records out of a batch, even all; its base and
/// last offset stay, and with them the sequence numbers of its producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BatchHead {
    pub(crate) base: Offset,
    pub(crate) last: Offset,
    /// How many records it holds now.
    pub(crate) count: u32,
    pub(crate) size_bytes: u32,
    pub(crate) max_timestamp_ms: i64,
    pub(crate) leader_epoch: u32,
    pub(crate) producer: Option<ProducerStamp>,
    pub(crate) transactional: bool,
    pub(crate) marker: Option<Marker>,
    /// From when on its tombstones, or its marker, may be cleaned away.
    pub(crate) delete_horizon_ms: Option<i64>,
}

/// A batch in the log's row of batches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct LoggedBatch {
    head: BatchHead,
    /// Where its first record stands in the log's row of records.
    first_record: u32,
}

impl LoggedBatch {
    /// The offset after its last.
    fn next(&self) -> Offset {
        self.head.last.next()
    }
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
    /// How far it was cleaned; none if it never was.
    ///
    /// Source: the file `cleaner-offset-checkpoint`, which outlives the process.
    cleaned_to: Option<Offset>,
    producers: Producers,
    /// The terms of leaders, each with the offset at which it began. Invariant: both grow.
    epochs: Vec<(u32, Offset)>,
}

/// What an append did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    /// The offset of the first record.
    pub(crate) base: Offset,
    /// The base offset of the segment that the append began, if it began one.
    pub(crate) rolled: Option<Offset>,
}

/// What went at the beginning of the log.
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
    /// The heads of the batches, in order. Their records follow one another in `records`.
    pub(crate) heads: Arc<[BatchHead]>,
    pub(crate) records: Arc<[Record]>,
    /// The offset after the last batch; what was asked for if there was nothing to read.
    pub(crate) next: Offset,
    pub(crate) size_bytes: u64,
    pub(crate) log_start: Offset,
    pub(crate) high_watermark: Offset,
    /// For a follower that has something else: where that begins.
    pub(crate) diverging: Option<EpochEnd>,
    /// For who wants only what is committed: what of it was aborted.
    pub(crate) aborted: Arc<[producers::Aborted]>,
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
            cleaned_to: None,
            producers: Producers::default(),
            epochs: Vec::new(),
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

    /// The last stable offset: below it every transaction is decided, so that far reads who wants
    /// only what is committed.
    ///
    /// Source: `UnifiedLog.fetchLastStableOffsetMetadata`.
    pub(crate) fn last_stable(&self) -> Offset {
        let unstable = self.producers.first_unstable().unwrap_or(self.high_watermark);
        unstable.clamp(self.log_start, self.high_watermark)
    }

    /// Who wrote here.
    pub(crate) fn producers(&self) -> &Producers {
        &self.producers
    }

    /// Who wrote here, to be changed.
    pub(crate) fn producers_mut(&mut self) -> &mut Producers {
        &mut self.producers
    }

    /// The offset that the next record gets.
    pub(crate) fn log_end(&self) -> Offset {
        self.log_end
    }

    /// How large all segments are.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// How many records can be read, or will be once they are everywhere.
    pub(crate) fn count(&self) -> u64 {
        (self.records.end() - self.first_readable()) as u64
    }

    /// Where the first record at or after the log start stands.
    fn first_readable(&self) -> usize {
        self.records.partition_point(|it| it.offset < self.log_start)
    }

    /// The base offsets of the newest `most` segments, oldest of them first.
    pub(crate) fn segment_bases(&self, most: usize) -> impl Iterator<Item = Offset> {
        let skipped = self.segments.len().saturating_sub(most);
        self.segments.iter().skip(skipped).map(|it| it.base)
    }

    /// The newest `most` records, oldest of them first.
    pub(crate) fn newest(&self, most: usize) -> impl DoubleEndedIterator<Item = &Record> {
        let end = self.records.end();
        self.records.range(end.saturating_sub(most).max(self.first_readable()), end)
    }

    /// The segments, oldest first: where each begins, how large it is, and its greatest timestamp.
    pub(super) fn segments(&self) -> impl Iterator<Item = (Offset, u64, i64)> {
        self.segments.iter().map(|it| (it.base, it.size_bytes, it.largest_ms()))
    }

    /// The batches, oldest first, with their records.
    pub(super) fn batches(
        &self,
    ) -> impl Iterator<Item = (&BatchHead, impl Iterator<Item = &Record>)> {
        self.batches_from(self.batches.start(), self.batches.end())
    }

    /// The batches from one place to before another, with their records.
    fn batches_from(
        &self,
        from: usize,
        to: usize,
    ) -> impl Iterator<Item = (&BatchHead, impl Iterator<Item = &Record>)> {
        self.batches.range(from, to).map(|it| {
            let first = it.first_record as usize;
            (&it.head, self.records.range(first, first + it.head.count as usize))
        })
    }

    /// Every record from the log start on.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.range(self.first_readable(), self.records.end())
    }

    /// Appends one batch, in a new segment if it is time for one.
    ///
    /// Source: `UnifiedLog.append` and `maybeRoll`, `LogValidator` for `LogAppendTime`.
    pub(crate) fn append(
        &mut self,
        now: SimTime,
        settings: &TopicSettings,
        batch: &Batch,
    ) -> Appended {
        assert!(!batch.records.is_empty(), "a batch holds at least one record");
        let appended_ms = match settings.message_timestamp_type {
            TimestampType::CreateTime => None,
            TimestampType::LogAppendTime => Some(now.as_ms()),
        };
        let max_timestamp_ms = appended_ms.unwrap_or_else(|| batch.max_timestamp_ms());
        let active = self.segments.back().expect("a log has an active segment");
        let rolls = active.should_roll(settings, batch.size_bytes, max_timestamp_ms);
        let rolled = rolls.then(|| {
            self.roll(now);
            self.log_end
        });
        let base = self.log_end;
        let first_record = place_of_record(self.records.end());
        for NewRecord { timestamp_ms, content } in batch.records.iter() {
            let timestamp_ms = appended_ms.unwrap_or(*timestamp_ms);
            let (offset, content) = (self.log_end, content.clone());
            self.records.push(Record { offset, timestamp_ms, content });
            self.log_end = self.log_end.next();
        }
        let head = BatchHead {
            base,
            last: Offset(self.log_end.0 - 1),
            count: u32::try_from(batch.records.len()).expect("a batch has fewer than 2^32 records"),
            size_bytes: u32::try_from(batch.size_bytes).expect("a batch is smaller than 4 GiB"),
            max_timestamp_ms,
            leader_epoch: batch.leader_epoch,
            producer: batch.producer,
            transactional: batch.transactional,
            marker: batch.marker,
            delete_horizon_ms: None,
        };
        self.append_head(now, settings, head, first_record);
        Appended { base, rolled }
    }

    /// The records of a batch are there from `first_record` on: now the batch itself.
    fn append_head(
        &mut self,
        now: SimTime,
        settings: &TopicSettings,
        head: BatchHead,
        first_record: u32,
    ) {
        self.producers.appended(&head);
        self.batches.push(LoggedBatch { head, first_record });
        self.size_bytes += u64::from(head.size_bytes);
        let active = self.segments.back_mut().expect("a log has an active segment");
        active.modified_ms = now.as_ms();
        active.add(settings, &head);
        self.assert_invariants();
    }

    fn roll(&mut self, now: SimTime) {
        if let Some(active) = self.segments.back_mut() {
            active.close();
        }
        let first_batch = self.batches.end();
        self.segments.push_back(Segment::new(self.log_end, now.as_ms(), first_batch));
    }

    /// Lets consumers read up to `to`, if that is further than before.
    pub(crate) fn raise_high_watermark(&mut self, to: Offset) {
        self.high_watermark = self.high_watermark.max(to);
        self.producers.replicated(self.high_watermark);
        self.assert_invariants();
    }

    /// The batches from the one that holds `from` on, below the high watermark, at most
    /// `max_bytes` of them but always one if there is one. Never more than one segment holds:
    /// who wants what comes after it asks again.
    ///
    /// Source: `UnifiedLog.read`, `LocalLog.read`.
    #[cfg(test)]
    pub(crate) fn read(&self, from: Offset, max_bytes: u64) -> Result<Slice, OutOfRange> {
        self.read_below(from, max_bytes, self.high_watermark)
    }

    /// As [`Self::read`], but below another bound.
    pub(crate) fn read_below(
        &self,
        from: Offset,
        max_bytes: u64,
        bound: Offset,
    ) -> Result<Slice, OutOfRange> {
        if from < self.log_start || self.log_end < from {
            return Err(OutOfRange);
        }
        let first = self.batches.partition_point(|it| it.next() <= from);
        let (mut size_bytes, mut last, mut next) = (0, first, from);
        for batch in self.batches.range(first, self.segment_end(first)) {
            let size = u64::from(batch.head.size_bytes);
            if bound < batch.next() || (first < last && max_bytes < size_bytes + size) {
                break;
            }
            size_bytes += size;
            last += 1;
            next = batch.next();
        }
        let records = if first == last {
            [].into()
        } else {
            self.records.range(self.record_place(first), self.record_place(last)).cloned().collect()
        };
        let heads = self.batches.range(first, last).map(|it| it.head).collect();
        let Self { log_start, high_watermark, .. } = *self;
        let (diverging, aborted) = (None, [].into());
        Ok(Slice {
            heads,
            records,
            next,
            size_bytes,
            log_start,
            high_watermark,
            diverging,
            aborted,
        })
    }

    /// Where the segment ends that holds the batch at `batch`.
    fn segment_end(&self, batch: usize) -> usize {
        let later = self.segments.partition_point(|it| it.first_batch <= batch);
        self.segments.get(later).map_or(self.batches.end(), |it| it.first_batch)
    }

    /// Where the first record of the batch at `batch` stands; the end for the next batch.
    fn record_place(&self, batch: usize) -> usize {
        self.batches.get(batch).map_or(self.records.end(), |it| it.first_record as usize)
    }

    /// How many bytes a reader at `from` could have, up to `enough`. What lies in an older segment
    /// than the high watermark is always enough.
    ///
    /// Source: `DelayedFetch.tryComplete`.
    pub(crate) fn readable_bytes(&self, from: Offset, enough: u64, bound: Offset) -> u64 {
        if bound <= from {
            return 0;
        }
        let first = self.batches.partition_point(|it| it.next() <= from);
        let end = self.segment_end(first);
        if self.batches.get(end).is_some_and(|it| it.head.base <= bound) {
            return enough;
        }
        let mut size_bytes = 0;
        for batch in self.batches.range(first, end) {
            if bound < batch.next() || enough <= size_bytes {
                break;
            }
            size_bytes += u64::from(batch.head.size_bytes);
        }
        size_bytes
    }

    fn assert_invariants(&self) {
        assert!(self.log_start <= self.high_watermark, "consumers can read from the log start");
        assert!(self.high_watermark <= self.log_end, "the high watermark is within the log");
        assert!(!self.segments.is_empty(), "a log has an active segment");
    }
}

fn place_of_record(place: usize) -> u32 {
    u32::try_from(place).expect("a log has fewer than 2^32 records")
}

impl Record {
    /// The message it carries, if an application wrote it.
    pub(crate) fn message(&self) -> Option<MessageId> {
        self.content.message()
    }

    /// What its headers tell, if an application passed it on.
    pub(crate) fn passed_on(&self) -> Option<&Arc<PassedOn>> {
        match &self.content {
            Content::PassedOn(it) => Some(it),
            Content::Message(_) | Content::Internal(_) => None,
        }
    }

    /// Its key and value, if a broker wrote it.
    pub(crate) fn internal(&self) -> Option<(&Bytes, Option<&Bytes>)> {
        match &self.content {
            Content::Message(_) | Content::PassedOn(_) => None,
            Content::Internal(it) => Some((&it.key, it.value.as_ref())),
        }
    }
}
