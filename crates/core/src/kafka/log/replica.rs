//! What a log does as one of several replicas: it takes over what its leader has, remembers the
//! terms of leaders, and cuts off what a new leader does not have.
//!
//! Source: `LeaderEpochFileCache`, `UnifiedLog.appendAsFollower`, `LocalLog.truncateTo`; KIP-101.

use super::producers::Producers;
use super::segment::Segment;
use super::{BatchHead, Log, Record, Slice, place_of_record};
use crate::kafka::Offset;
use crate::kafka::config::TopicSettings;
use crate::sim::SimTime;

/// A term of a leader and the offset at which it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EpochEnd {
    pub(crate) epoch: u32,
    pub(crate) end: Offset,
}

impl Log {
    /// The terms of leaders that its records are from, each with its first offset, from the log
    /// start on.
    pub(crate) fn epochs(&self) -> Vec<(u32, Offset)> {
        let later = self.epochs.partition_point(|(_, start)| *start <= self.log_start);
        let kept = self.epochs.iter().skip(later.saturating_sub(1));
        kept.map(|(epoch, start)| (*epoch, (*start).max(self.log_start))).collect()
    }

    /// The term of its last record, or that which began after it.
    pub(crate) fn last_epoch(&self) -> Option<u32> {
        self.epochs.last().map(|(epoch, _)| *epoch)
    }

    /// A term begins at `start`. One that has nothing is forgotten.
    ///
    /// Source: `LeaderEpochFileCache.assign`.
    pub(crate) fn begin_epoch(&mut self, epoch: u32, start: Offset) {
        if self.last_epoch() == Some(epoch) {
            return;
        }
        while self.epochs.pop_if(|(it, at)| epoch <= *it || start <= *at).is_some() {}
        self.epochs.push((epoch, start));
    }

    /// The last term not after `epoch`, and where it ended.
    ///
    /// Source: `LeaderEpochFileCache.endOffsetFor`.
    pub(crate) fn end_of_epoch(&self, epoch: u32) -> Option<EpochEnd> {
        let last = self.last_epoch()?;
        if last == epoch {
            return Some(EpochEnd { epoch, end: self.log_end });
        }
        if last < epoch {
            return None;
        }
        let later = self.epochs.partition_point(|(it, _)| *it <= epoch);
        let end = self.epochs[later].1;
        match later.checked_sub(1) {
            // What is older than all that is known ends where that begins.
            None => Some(EpochEnd { epoch, end }),
            Some(place) => Some(EpochEnd { epoch: self.epochs[place].0, end }),
        }
    }

    /// Where a replica that has records up to `from`, the last of the term `epoch`, differs from
    /// this log; none if it does not.
    ///
    /// Source: `Partition.fetchRecords`, `divergingEpoch`.
    pub(crate) fn diverges(&self, from: Offset, epoch: u32) -> Option<EpochEnd> {
        let end = self.end_of_epoch(epoch)?;
        (end.end < from || end.epoch < epoch).then_some(end)
    }

    /// How far to cut off, when the leader's log ends its term `it.epoch` at `it.end`.
    ///
    /// Source: `AbstractFetcherThread.getOffsetTruncationState`.
    pub(crate) fn truncation(&self, it: EpochEnd) -> Offset {
        let own = self.end_of_epoch(it.epoch).map_or(self.log_end, |own| own.end);
        it.end.min(own).min(self.log_end)
    }

    /// Cuts off everything from `to` on, and says how many records that were.
    pub(crate) fn truncate(&mut self, now: SimTime, settings: &TopicSettings, to: Offset) -> u64 {
        // A term that began at the end and has nothing goes in any case.
        let kept = to.min(self.log_end);
        while self.epochs.pop_if(|(_, start)| kept <= *start).is_some() {}
        if self.log_end <= to {
            return 0;
        }
        let to = to.max(self.log_start);
        let count = self.records.len();
        let batch = self.batches.partition_point(|it| it.head.last < to);
        self.records.truncate(self.record_place(batch));
        self.batches.truncate(batch);
        while 1 < self.segments.len() && self.segments.back().is_some_and(|it| to <= it.base) {
            self.segments.pop_back();
        }
        self.log_end = to;
        self.high_watermark = self.high_watermark.min(to);
        self.cleaned_to = self.cleaned_to.map(|it| it.min(to));
        // Source: `ProducerStateManager.truncateAndReload`.
        self.producers = Producers::default();
        for it in self.batches.iter() {
            self.producers.appended(&it.head);
        }
        self.producers.replicated(self.high_watermark);
        self.measure(now, settings);
        (count - self.records.len()) as u64
    }

    /// The last segment is counted anew.
    fn measure(&mut self, now: SimTime, settings: &TopicSettings) {
        let end = self.batches.end();
        let old = self.segments.pop_back().expect("a log has an active segment");
        let first = old.first_batch.min(end);
        let mut active = Segment::new(old.base, now.as_ms(), first);
        for it in self.batches.range(first, end) {
            active.add(settings, &it.head);
        }
        self.segments.push_back(active);
        self.size_bytes = self.segments.iter().map(|it| it.size_bytes).sum();
        self.assert_invariants();
    }

    /// Everything goes, and the log begins anew at `start`: the leader has nothing older.
    ///
    /// Source: `UnifiedLog.truncateFullyAndStartAt`.
    pub(crate) fn begin_anew(&mut self, now: SimTime, start: Offset) {
        *self = Self::new(now);
        let Self { log_start, high_watermark, log_end, segments, .. } = self;
        (*log_start, *high_watermark, *log_end) = (start, start, start);
        for it in segments {
            it.base = start;
        }
    }

    /// Takes over what the leader sent, as it is there.
    pub(crate) fn copy(&mut self, now: SimTime, settings: &TopicSettings, slice: &Slice) {
        let mut records = &slice.records[..];
        for head in slice.heads.iter() {
            let (own, rest) = records.split_at(head.count as usize);
            records = rest;
            if self.log_end <= head.base {
                self.copy_batch(now, settings, *head, own);
            }
        }
    }

    fn copy_batch(
        &mut self,
        now: SimTime,
        settings: &TopicSettings,
        head: BatchHead,
        records: &[Record],
    ) {
        let active = self.segments.back().expect("a log has an active segment");
        if active.should_roll(settings, u64::from(head.size_bytes), head.max_timestamp_ms) {
            // A segment is named by its first offset, also if some before it are gone.
            self.log_end = head.base;
            self.roll(now);
        }
        self.begin_epoch(head.leader_epoch, head.base);
        let first_record = place_of_record(self.records.end());
        for it in records {
            self.records.push(it.clone());
        }
        self.log_end = head.last.next();
        self.append_head(now, settings, head, first_record);
    }

    /// Lets readers see up to `to`, which a leader told; also if that is less than before.
    pub(crate) fn set_high_watermark(&mut self, to: Offset) {
        self.high_watermark = to.clamp(self.log_start, self.log_end);
        self.producers.replicated(self.high_watermark);
    }

    /// The leader has nothing before `start` any more.
    pub(crate) fn follow_log_start(&mut self, start: Offset) {
        if self.log_start < start && start <= self.high_watermark {
            self.log_start = start;
        }
    }
}
