//! Compaction: of each key only the newest record is kept, below the part that is still written.
//!
//! Offsets never change. What is cleaned are whole segments, from the first of the log on; what
//! is left of them goes into new ones with the same base offsets.

use super::{BatchHead, Log, LoggedBatch, Record, Segment, place_of_record};
use crate::kafka::Offset;
use crate::kafka::config::TopicSettings;
use crate::kafka::message::{Content, Marker};
use crate::kafka::schema::Bytes;
use crate::kafka::sizes::{BATCH_OVERHEAD, Lengths};
use crate::map::{Map, Set};
use crate::sim::{Shelf, SimTime};
use crate::workload::{KeyId, Workload};

/// What of a log can be cleaned now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dirt {
    /// Where the part begins that was not cleaned yet.
    pub(crate) first: Offset,
    /// Where the part begins that cannot be cleaned yet: the base of a segment.
    pub(crate) end: Offset,
    /// How large the cleaned part is.
    pub(crate) clean_bytes: u64,
    /// How large the segments are that can be cleaned.
    pub(crate) dirty_bytes: u64,
    /// Whether a record in it has waited for longer than `max.compaction.lag.ms`.
    pub(crate) overdue: bool,
}

impl Dirt {
    /// Whether it is worth cleaning.
    ///
    /// Source: `LogCleanerManager.grabFilthiestCompactedLog`.
    pub(crate) fn is_due(&self, settings: &TopicSettings) -> bool {
        let (part, whole) = (self.dirty_bytes, self.clean_bytes + self.dirty_bytes);
        0 < part && (self.overdue || settings.min_cleanable_dirty_ratio.is_below(part, whole))
    }

    /// Whether more of it is dirty than of `other`.
    pub(crate) fn is_filthier_than(&self, other: &Self) -> bool {
        let whole = |it: &Self| u128::from(it.clean_bytes + it.dirty_bytes);
        u128::from(other.dirty_bytes) * whole(self) < u128::from(self.dirty_bytes) * whole(other)
    }
}

/// What a cleaning did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cleaned {
    /// The log is clean up to here.
    pub(crate) to: Offset,
    /// The records that went.
    pub(crate) removed: Vec<Offset>,
    /// How large the cleaned segments were before.
    pub(crate) bytes_before: u64,
    /// And how large they are now.
    pub(crate) bytes_after: u64,
}

impl Log {
    /// What can be cleaned now.
    ///
    /// Source: `LogCleanerManager.cleanableOffsets`, `calculateCleanableBytes`: nothing at or
    /// beyond the last stable offset, nothing of the active segment, nothing from the first
    /// segment on that is newer than `min.compaction.lag.ms`.
    pub(crate) fn dirt(&self, now: SimTime, settings: &TopicSettings) -> Dirt {
        let first = match self.cleaned_to {
            Some(cleaned) if self.log_start <= cleaned && cleaned <= self.log_end => cleaned,
            _ => self.log_start,
        };
        let active = self.segments.len() - 1;
        let first_dirty = self.segment_of(first);
        let lag = settings.min_compaction_lag_ms.0;
        let newest = now.as_ms().saturating_sub(lag);
        let is_too_new = |it: &Segment| 0 < lag && newest < it.largest_ms();
        let mut end = first_dirty;
        while end < active
            && self.segments[end + 1].base <= self.last_stable()
            && !is_too_new(&self.segments[end])
        {
            end += 1;
        }
        let size = |from: usize, to: usize| {
            self.segments.range(from..to.max(from)).map(|it| it.size_bytes).sum()
        };
        // A segment that holds the border counts as clean, and as dirty too.
        let clean = first_dirty + usize::from(self.segments[first_dirty].base < first);
        let longest = settings.max_compaction_lag_ms.0;
        let overdue = now.as_ms().saturating_sub(longest);
        let dirty = self.segments.range(first_dirty..active.max(first_dirty));
        Dirt {
            first,
            end: self.segments[end].base.max(first),
            clean_bytes: size(0, clean),
            dirty_bytes: size(first_dirty, end),
            overdue: dirty.filter_map(|it| it.first_batch_ms).any(|it| it < overdue),
        }
    }

    /// The place of the segment that holds `offset`, or would.
    fn segment_of(&self, offset: Offset) -> usize {
        self.segments.partition_point(|it| it.base <= offset).saturating_sub(1)
    }

    /// Cleans what `dirt` says: of each key, in the dirty part and all before it, the newest
    /// record stays.
    ///
    /// Source: `Cleaner.doClean`. Simplified: it takes no time, and the map of keys is never
    /// full: Kafka's holds five million.
    pub(crate) fn clean(
        &mut self,
        now: SimTime,
        settings: &TopicSettings,
        workload: &Workload,
        dirt: Dirt,
    ) -> Cleaned {
        let end = self.segments.partition_point(|it| it.base < dirt.end);
        let end_batch = self.segments.get(end).map_or(self.batches.end(), |it| it.first_batch);
        let aborted = self.aborted(end_batch);
        let mut pass = Pass {
            now_ms: now.as_ms(),
            delete_retention_ms: settings.delete_retention_ms.0,
            workload,
            end: dirt.end,
            newest: self.newest_of_keys(workload, dirt, end_batch, &aborted),
            aborted,
            open: Set::new(),
            records: Shelf::new(),
            batches: Shelf::new(),
            removed: Vec::new(),
        };
        let mut segments = Vec::new();
        let mut place = 0;
        let mut bytes_before = 0;
        while place < end {
            let upto = self.group(place, end, settings);
            let first = pass.batches.end();
            for batch in self.segments[place].first_batch..self.segment_start(upto) {
                pass.batch(self, batch);
            }
            bytes_before += self.segments.range(place..upto).map(|it| it.size_bytes).sum::<u64>();
            let (oldest, newest) = (&self.segments[place], &self.segments[upto - 1]);
            segments.push(pass.segment(settings, oldest, newest, first));
            place = upto;
        }
        let bytes_after = segments.iter().map(|it| it.size_bytes).sum();
        let Pass { records, batches, removed, .. } = pass;
        self.replace(end, segments, records, batches);
        self.size_bytes = self.size_bytes + bytes_after - bytes_before;
        self.cleaned_to = Some(dirt.end);
        self.assert_invariants();
        Cleaned { to: dirt.end, removed, bytes_before, bytes_after }
    }

    /// Where the first batch of the segment at `place` stands, or will.
    fn segment_start(&self, place: usize) -> usize {
        self.segments.get(place).map_or(self.batches.end(), |it| it.first_batch)
    }

    /// The place after the segments from `place` on that are cleaned into one.
    ///
    /// Source: `Cleaner.groupSegmentsBySize`: as large as a segment and its indexes may be, by
    /// the sizes that they had before.
    fn group(&self, place: usize, end: usize, settings: &TopicSettings) -> usize {
        let limits =
            [settings.segment_bytes, settings.segment_index_bytes, settings.segment_index_bytes];
        let mut sizes = [0; 3];
        let mut upto = place;
        while upto < end {
            let [offsets, times] = self.segments[upto].index_bytes();
            for (sum, size) in
                sizes.iter_mut().zip([self.segments[upto].size_bytes, offsets, times])
            {
                *sum += size;
            }
            if place < upto && sizes.iter().zip(limits).any(|(size, limit)| limit < *size) {
                break;
            }
            upto += 1;
        }
        upto
    }

    /// The newest offset of each key in the dirty part.
    ///
    /// Source: `Cleaner.buildOffsetMap`: markers and what was aborted do not count.
    fn newest_of_keys(
        &self,
        workload: &Workload,
        dirt: Dirt,
        end_batch: usize,
        aborted: &Set<usize>,
    ) -> Newest {
        let mut newest =
            Newest { messages: vec![Offset(-1); workload.keys.len()], internal: Map::new() };
        let first = self.batches.partition_point(|it| it.next() <= dirt.first);
        for (place, (head, records)) in (first..).zip(self.batches_from(first, end_batch)) {
            if head.marker.is_none() && !aborted.contains(&place) {
                for record in records.filter(|it| dirt.first <= it.offset) {
                    newest.see(workload, record);
                }
            }
        }
        newest
    }

    /// The batches before `end` that belong to transactions which were aborted.
    fn aborted(&self, end: usize) -> Set<usize> {
        let (mut open, mut aborted) = (Map::<i64, Vec<usize>>::new(), Set::new());
        for (place, it) in (self.batches.start()..).zip(self.batches.range(0, end)) {
            let Some(producer) = it.head.producer.filter(|_| it.head.transactional) else {
                continue;
            };
            match it.head.marker {
                None => open.get_or_insert_with(producer.id, Vec::new).push(place),
                Some(Marker::Commit) => drop(open.remove(&producer.id)),
                Some(Marker::Abort) => {
                    for place in open.remove(&producer.id).into_iter().flatten() {
                        aborted.insert(place);
                    }
                }
            }
        }
        aborted
    }

    /// Puts what a cleaning left in the place of the first `end` segments.
    fn replace(
        &mut self,
        end: usize,
        segments: Vec<Segment>,
        records: Shelf<Record>,
        batches: Shelf<LoggedBatch>,
    ) {
        let (first_batch, first_record) =
            (self.segment_start(end), self.record_place(self.segment_start(end)));
        let (old_batches, old_records) = (
            std::mem::replace(&mut self.batches, batches),
            std::mem::replace(&mut self.records, records),
        );
        let (batches_now, records_now) = (self.batches.end(), self.records.end());
        for record in old_records.range(first_record, old_records.end()) {
            self.records.push(record.clone());
        }
        for batch in old_batches.range(first_batch, old_batches.end()) {
            let place = batch.first_record as usize - first_record + records_now;
            let first_record = place_of_record(place);
            self.batches.push(LoggedBatch { head: batch.head, first_record });
        }
        self.segments.drain(..end);
        for segment in &mut self.segments {
            segment.first_batch = segment.first_batch - first_batch + batches_now;
        }
        for segment in segments.into_iter().rev() {
            self.segments.push_front(segment);
        }
    }
}

/// The newest offset of each key; -1 where there is none.
struct Newest {
    /// By the number of the message's key.
    messages: Vec<Offset>,
    internal: Map<Bytes, Offset>,
}

/// A record's key.
enum Key<'a> {
    Message(KeyId),
    Internal(&'a Bytes),
}

fn key<'a>(workload: &Workload, record: &'a Record) -> Option<Key<'a>> {
    match &record.content {
        Content::Message(message) => workload.message(*message).key.map(Key::Message),
        Content::PassedOn(it) => workload.message(it.message).key.map(Key::Message),
        Content::Internal(it) => Some(Key::Internal(&it.key)),
    }
}

impl Newest {
    fn see(&mut self, workload: &Workload, record: &Record) {
        match key(workload, record) {
            Some(Key::Message(KeyId(key))) => self.messages[key as usize] = record.offset,
            Some(Key::Internal(key)) => {
                self.internal.insert(key.clone(), record.offset);
            }
            None => {}
        }
    }

    /// The newest offset of that record's key; none if the record has no key.
    fn of(&self, workload: &Workload, record: &Record) -> Option<Offset> {
        Some(match key(workload, record)? {
            Key::Message(KeyId(key)) => self.messages[key as usize],
            Key::Internal(key) => self.internal.get(key).copied().unwrap_or(Offset(-1)),
        })
    }
}

/// One cleaning of a log, batch by batch.
struct Pass<'a> {
    now_ms: i64,
    delete_retention_ms: i64,
    workload: &'a Workload,
    end: Offset,
    newest: Newest,
    aborted: Set<usize>,
    /// The producers of whose transaction a batch was met since the last marker.
    open: Set<i64>,
    records: Shelf<Record>,
    batches: Shelf<LoggedBatch>,
    removed: Vec<Offset>,
}

impl Pass<'_> {
    /// What is left of the batch at `place`.
    ///
    /// Source: `Cleaner.cleanInto`, `MemoryRecords.filterTo`.
    fn batch(&mut self, log: &Log, place: usize) {
        let Some((head, records)) = log.batches_from(place, place + 1).next() else { return };
        let mut head = *head;
        // A marker of which no records are left, or records that were aborted.
        let discards = self.can_discard(&head, place);
        let is_over = head.delete_horizon_ms.is_some_and(|it| it <= self.now_ms);
        let goes = discards && (head.marker.is_none() || is_over);
        let (count, first_record) = (head.count, self.records.end());
        let mut has_tombstone = false;
        for record in records {
            let stays = !goes && (head.marker.is_some() || self.keeps(record, is_over));
            if stays {
                has_tombstone |=
                    Lengths::of_content(self.workload, &record.content).value.is_none();
                self.records.push(record.clone());
            } else {
                self.removed.push(record.offset);
            }
        }
        head.count = u32::try_from(self.records.end() - first_record).expect("it was no more");
        let sets_horizon = head.delete_horizon_ms.is_none()
            && (has_tombstone || discards && head.marker.is_some());
        // An empty one stays if its head tells the last sequence number of its producer, or where
        // the cleaned part ends.
        let tells = log.producers.is_last(&head) || head.last.next() == self.end;
        if head.count == 0 && !tells {
            return;
        }
        if head.count == 0 {
            head.delete_horizon_ms = None;
            head.size_bytes = u32::try_from(BATCH_OVERHEAD).expect("a head is small");
        } else if head.count < count || sets_horizon {
            if sets_horizon {
                head.delete_horizon_ms = Some(self.now_ms.saturating_add(self.delete_retention_ms));
            }
            self.measure(&mut head, first_record);
        }
        self.batches.push(LoggedBatch { head, first_record: place_of_record(first_record) });
    }

    /// Whether nothing of a batch is needed any more but perhaps its head.
    ///
    /// Source: `CleanedTransactionMetadata`.
    fn can_discard(&mut self, head: &BatchHead, place: usize) -> bool {
        let Some(producer) = head.producer.filter(|_| head.transactional) else { return false };
        if head.marker.is_some() {
            return !self.open.remove(&producer.id);
        }
        self.open.insert(producer.id);
        self.aborted.contains(&place)
    }

    /// Whether a record stays: if it is the newest of its key, and no tombstone that was there
    /// for long enough.
    ///
    /// Source: `Cleaner.shouldRetainRecord`.
    fn keeps(&self, record: &Record, is_over: bool) -> bool {
        let newest = self.newest.of(self.workload, record);
        let has_value = Lengths::of_content(self.workload, &record.content).value.is_some();
        newest.is_some_and(|it| it <= record.offset) && (has_value || !is_over)
    }

    /// Counts a batch that was written anew.
    ///
    /// Source: `MemoryRecordsBuilder`: times count from the delete horizon if there is one, else
    /// from the first record; offsets from the base.
    fn measure(&self, head: &mut BatchHead, first_record: usize) {
        let (mut size_bytes, mut newest_ms) = (BATCH_OVERHEAD, i64::MIN);
        let mut base_ms = head.delete_horizon_ms;
        for record in self.records.range(first_record, self.records.end()) {
            let base_ms = *base_ms.get_or_insert(record.timestamp_ms);
            let offset_delta = record.offset.0 - head.base.0;
            let lengths = Lengths::of_content(self.workload, &record.content);
            size_bytes += lengths.record(record.timestamp_ms - base_ms, offset_delta);
            newest_ms = newest_ms.max(record.timestamp_ms);
        }
        head.size_bytes = u32::try_from(size_bytes).expect("a batch is smaller than 4 GiB");
        head.max_timestamp_ms = newest_ms;
    }

    /// The segment that holds the batches from `first_batch` on, in the place of those from
    /// `oldest` to `newest`.
    fn segment(
        &self,
        settings: &TopicSettings,
        oldest: &Segment,
        newest: &Segment,
        first_batch: usize,
    ) -> Segment {
        let mut segment = Segment::new(oldest.base, newest.modified_ms, first_batch);
        for it in self.batches.range(first_batch, self.batches.end()) {
            segment.add(settings, &it.head);
        }
        segment.close();
        segment
    }
}

#[cfg(test)]
mod tests;
