//! A file of the log, with its two indexes.

use super::BatchHead;
use crate::kafka::Offset;
use crate::kafka::config::TopicSettings;

/// A file of the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Segment {
    pub(super) base: Offset,
    pub(super) size_bytes: u64,
    /// The greatest timestamp of its first batch; none while it is empty.
    pub(super) first_batch_ms: Option<i64>,
    /// The greatest timestamp in it; none while it is empty.
    pub(super) largest_ms: Option<i64>,
    /// When the file was last written to.
    pub(super) modified_ms: i64,
    /// Where its first batch stands in the log's row of batches.
    pub(super) first_batch: usize,
    indexes: Indexes,
}

/// How full the indexes of a segment are. What they say is found without them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Indexes {
    /// How many entries the index of offsets has.
    offsets: u32,
    /// How many entries the index of times has.
    times: u32,
    /// The time of its last entry.
    last_ms: Option<i64>,
    /// How many bytes of records came after the last entry.
    bytes_since: u64,
}

impl Indexes {
    /// What an entry takes in the index of offsets, and in that of times.
    const ENTRY_BYTES: [u64; 2] = [8, 12];

    /// The times index gets an entry if it is later than the last.
    fn note(&mut self, largest_ms: Option<i64>) {
        if self.last_ms < largest_ms {
            self.times += 1;
            self.last_ms = largest_ms;
        }
    }
}

impl Segment {
    /// An empty one.
    pub(super) fn new(base: Offset, modified_ms: i64, first_batch: usize) -> Self {
        Self {
            base,
            size_bytes: 0,
            first_batch_ms: None,
            largest_ms: None,
            modified_ms,
            first_batch,
            indexes: Indexes::default(),
        }
    }

    /// The greatest timestamp in it; when it was last written to while it is empty.
    ///
    /// Source: `LogSegment.largestTimestamp`.
    pub(super) fn largest_ms(&self) -> i64 {
        self.largest_ms.unwrap_or(self.modified_ms)
    }

    /// How large its indexes are: that of offsets, and that of times.
    pub(super) fn index_bytes(&self) -> [u64; 2] {
        let [offset, time] = Indexes::ENTRY_BYTES;
        [u64::from(self.indexes.offsets) * offset, u64::from(self.indexes.times) * time]
    }

    /// Counts a batch at its end.
    ///
    /// Source: `LogSegment.append`.
    pub(super) fn add(&mut self, settings: &TopicSettings, head: &BatchHead) {
        let size_bytes = u64::from(head.size_bytes);
        self.size_bytes += size_bytes;
        self.first_batch_ms.get_or_insert(head.max_timestamp_ms);
        self.largest_ms = self.largest_ms.max(Some(head.max_timestamp_ms));
        if settings.index_interval_bytes < self.indexes.bytes_since {
            self.indexes.offsets += 1;
            self.indexes.note(self.largest_ms);
            self.indexes.bytes_since = 0;
        }
        self.indexes.bytes_since += size_bytes;
    }

    /// Nothing is added to it any more.
    ///
    /// Source: `LogSegment.onBecomeInactiveSegment`.
    pub(super) fn close(&mut self) {
        self.indexes.note(self.largest_ms);
    }

    /// Whether an append of that size and time goes to a new segment. Nothing else ever makes one
    /// for it: there is no timer, so an idle partition keeps its segment.
    ///
    /// Source: `LogSegment.shouldRoll`, `LogConfig.maxSegmentMs`. Simplified:
    /// `segment.jitter.ms` is 0, and `segment.bytes` may be below Kafka's minimum of 1 MiB.
    pub(super) fn should_roll(
        &self,
        settings: &TopicSettings,
        size_bytes: u64,
        timestamp_ms: i64,
    ) -> bool {
        let Some(first_ms) = self.first_batch_ms else { return false };
        let mut longest = i64::try_from(settings.segment_ms).expect("settings stay below 2^53");
        if settings.cleanup_policy.compacts() && 0 < settings.max_compaction_lag_ms.0 {
            longest = longest.min(settings.max_compaction_lag_ms.0);
        }
        settings.segment_bytes < self.size_bytes + size_bytes
            || longest < timestamp_ms.saturating_sub(first_ms)
            || self.has_full_index(settings)
    }

    /// Source: `OffsetIndex.isFull`, `TimeIndex.isFull`, which keeps its last place for the time
    /// at which the segment is closed.
    fn has_full_index(&self, settings: &TopicSettings) -> bool {
        let [offsets, times] = Indexes::ENTRY_BYTES.map(|it| settings.segment_index_bytes / it);
        offsets <= u64::from(self.indexes.offsets) || times <= u64::from(self.indexes.times) + 1
    }
}
