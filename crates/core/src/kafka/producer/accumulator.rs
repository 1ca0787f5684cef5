//! Where a producer's records wait for each other: a queue of batches per partition.

use super::identity::Sequences;
use crate::kafka::TopicPartition;
use crate::kafka::log::producers::sequence_after;
use crate::kafka::message::{Batch, Content, NewRecord, ProducerStamp};
use crate::kafka::sizes::{self, Lengths};
use crate::name::TopicName;
use crate::sim::{SimDuration, SimTime};
use crate::workload::MessageId;
use std::collections::VecDeque;
use std::sync::Arc;

/// A batch that is not in the log yet, as far as its producer knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Waiting {
    records: Records,
    pub(super) size_bytes: u64,
    limit_bytes: u64,
    pub(super) created: SimTime,
    /// How often it was sent.
    pub(super) attempts: u32,
    /// After a failed attempt, how long it stays back.
    pub(super) not_before: SimTime,
    /// Whether it need not linger.
    flushed: bool,
    /// As what it was first sent, by an idempotent producer.
    pub(super) stamp: Option<ProducerStamp>,
    /// Whether it goes out in a transaction.
    pub(super) transactional: bool,
    /// Whether it waits, or waited, to be sent again.
    pub(super) was_put_back: bool,
    /// Whether a larger one was split.
    is_part: bool,
    /// Whether its sequence number was changed after it was sent.
    pub(super) renumbered: bool,
}

/// The records of a batch: growing until it is sent for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Records {
    Open(Vec<NewRecord>),
    Closed(Arc<[NewRecord]>),
}

/// The batches of one partition, the oldest first; the last may still grow.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Queue {
    partition: TopicPartition,
    batches: VecDeque<Waiting>,
    pub(super) sequences: Sequences,
    /// Whether anything was ever appended.
    used: bool,
}

impl Waiting {
    fn new(now: SimTime, limit_bytes: u64) -> Self {
        Self {
            records: Records::Open(Vec::new()),
            size_bytes: sizes::BATCH_OVERHEAD,
            limit_bytes,
            created: now,
            attempts: 0,
            not_before: now,
            flushed: false,
            stamp: None,
            transactional: false,
            was_put_back: false,
            is_part: false,
            renumbered: false,
        }
    }

    fn records(&self) -> &[NewRecord] {
        match &self.records {
            Records::Open(records) => records,
            Records::Closed(records) => records,
        }
    }

    /// How many records it holds.
    pub(super) fn count(&self) -> usize {
        self.records().len()
    }

    /// The sequence number of its last record.
    pub(super) fn last_sequence(&self) -> Option<i32> {
        self.stamp.map(|it| sequence_after(it.sequence, self.count() - 1))
    }

    /// The messages in it.
    pub(super) fn messages(&self) -> impl Iterator<Item = MessageId> {
        self.records().iter().filter_map(|it| it.content.message())
    }

    /// As it is sent; from now on nothing more goes into it.
    pub(super) fn sealed(&mut self) -> Batch {
        let records = self.close();
        let transactional = self.transactional;
        Batch { producer: self.stamp, transactional, ..Batch::plain(records, self.size_bytes) }
    }

    /// The same records in batches of at most `target_bytes`, or if it is a part itself, of half
    /// its size; each at least one record. The sequence numbers stay.
    ///
    /// Source: `ProducerBatch.split`.
    pub(super) fn split(
        &self,
        target_bytes: u64,
        lengths: impl Fn(&Content) -> Lengths,
    ) -> Vec<Self> {
        let half = self.size_bytes / 2;
        let target = if self.is_part { half } else { target_bytes };
        let mut parts: Vec<Self> = Vec::new();
        let mut stamp = self.stamp;
        for record in self.records() {
            let lengths = lengths(&record.content);
            let last = parts.last_mut();
            let room = last.as_ref().and_then(|it| it.room_for(record, lengths));
            match (last, room) {
                (Some(part), Some(size)) => part.push(record.clone(), size),
                _ => {
                    let mut part = Self::new(self.created, target.max(lengths.most_of_one()));
                    part.push(record.clone(), lengths.record(0, 0));
                    (part.is_part, part.flushed, part.stamp) = (true, true, stamp);
                    part.transactional = self.transactional;
                    parts.push(part);
                }
            }
            stamp =
                stamp.map(|it| ProducerStamp { sequence: sequence_after(it.sequence, 1), ..it });
        }
        for part in &mut parts {
            part.close();
        }
        parts
    }

    /// Nothing more goes into it.
    fn close(&mut self) -> Arc<[NewRecord]> {
        let records: Arc<[NewRecord]> = match &mut self.records {
            Records::Open(records) => std::mem::take(records).into(),
            Records::Closed(records) => records.clone(),
        };
        self.records = Records::Closed(records.clone());
        records
    }

    /// Whether it may be sent now, as far as its last failure is concerned.
    pub(super) fn may_go(&self, now: SimTime) -> bool {
        self.not_before <= now
    }

    /// Whether no further record can go into it.
    ///
    /// Source: `MemoryRecordsBuilder.isFull`.
    fn is_full(&self) -> bool {
        self.limit_bytes <= self.size_bytes || matches!(self.records, Records::Closed(_))
    }

    /// How much it would grow by the record, if there is room.
    ///
    /// Source: `MemoryRecordsBuilder.hasRoomFor`; the first record always fits.
    fn room_for(&self, record: &NewRecord, lengths: Lengths) -> Option<u64> {
        let Records::Open(records) = &self.records else { return None };
        let Some(first) = records.first() else {
            return Some(lengths.record(0, 0));
        };
        let delta_ms = record.timestamp_ms - first.timestamp_ms;
        let place = i64::try_from(records.len()).expect("a batch is smaller than 4 GiB");
        let size = lengths.record(delta_ms, place);
        (self.size_bytes + size <= self.limit_bytes).then_some(size)
    }

    fn push(&mut self, record: NewRecord, size: u64) {
        let Records::Open(records) = &mut self.records else {
            unreachable!("a closed batch has no room")
        };
        records.push(record);
        self.size_bytes += size;
    }
}

impl Queue {
    /// An empty one.
    pub(super) fn new(topic: &TopicName, partition: u32) -> Self {
        let partition = TopicPartition { topic: topic.clone(), partition };
        let sequences = Sequences::default();
        Self { partition, batches: VecDeque::new(), sequences, used: false }
    }

    /// Whose.
    pub(super) fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    /// How many batches wait.
    pub(super) fn len(&self) -> usize {
        self.batches.len()
    }

    /// Whether anything was ever appended.
    pub(super) fn used(&self) -> bool {
        self.used
    }

    /// The batch that goes first.
    pub(super) fn first(&self) -> Option<&Waiting> {
        self.batches.front()
    }

    /// Whether the newest batch is full, or there is none.
    pub(super) fn newest_is_full(&self) -> bool {
        self.batches.back().is_none_or(Waiting::is_full)
    }

    /// Adds a record, to the newest batch if it has room, else to a new one of at most
    /// `limit_bytes`. Says how many bytes that took.
    ///
    /// Source: `RecordAccumulator.append`.
    pub(super) fn append(
        &mut self,
        now: SimTime,
        limit_bytes: u64,
        record: NewRecord,
        lengths: Lengths,
    ) -> u64 {
        self.used = true;
        if let Some(newest) = self.batches.back_mut()
            && let Some(size) = newest.room_for(&record, lengths)
        {
            newest.push(record, size);
            return size;
        }
        let mut batch = Waiting::new(now, limit_bytes);
        let size = batch.room_for(&record, lengths).expect("a new batch takes any record");
        batch.push(record, size);
        let grown = batch.size_bytes;
        self.batches.push_back(batch);
        grown
    }

    /// When the first batch can go: at once if it is full or another waits behind it, else when
    /// it has lingered; never before its last failure is long enough ago.
    ///
    /// Source: `RecordAccumulator.batchReady`.
    pub(super) fn ready_at(&self, linger: SimDuration) -> Option<SimTime> {
        let first = self.batches.front()?;
        let is_complete = first.is_full() || first.flushed || 1 < self.batches.len();
        let lingered = if is_complete { first.created } else { first.created + linger };
        Some(lingered.max(first.not_before))
    }

    /// Nothing that is here lingers any more.
    ///
    /// Source: `RecordAccumulator.beginFlush`.
    pub(super) fn flush(&mut self) {
        for batch in &mut self.batches {
            batch.flushed = true;
        }
    }

    /// Takes the first batch out, if `wanted` says so.
    pub(super) fn take_first_if(&mut self, wanted: impl Fn(&Waiting) -> bool) -> Option<Waiting> {
        self.batches.pop_front_if(|it| wanted(it))
    }

    /// Puts a batch that was taken out back to the front, but behind those that were sent before
    /// it.
    ///
    /// Source: `RecordAccumulator.insertInSequenceOrder`.
    pub(super) fn put_back(&mut self, batch: Waiting) {
        let sequence = |it: &Waiting| it.stamp.map(|it| it.sequence);
        let is_earlier = |it: &Waiting| sequence(it).is_some() && sequence(it) < sequence(&batch);
        let place = self.batches.iter().take_while(|it| is_earlier(it)).count();
        self.batches.insert(place, batch);
    }

    /// Takes out what was never sent.
    pub(super) fn take_unsent(&mut self) -> Vec<Waiting> {
        let sent = self.batches.iter().take_while(|it| it.stamp.is_some()).count();
        self.batches.drain(sent..).collect()
    }

    /// The batches that wait here though they were sent before.
    pub(super) fn sent_before(&mut self) -> impl Iterator<Item = &mut Waiting> {
        self.batches.iter_mut().take_while(|it| it.stamp.is_some())
    }
}
