//! Fetching records ahead of the application, and handing them out in `poll`.
//!
//! Source: `AbstractFetch`, `FetchCollector`, `CompletedFetch` of the Java client.

use super::positions::Position;
use super::{Asked, Client, Effect};
use crate::kafka::call::{Row, RowContent, Take};
use crate::kafka::config::IsolationLevel;
use crate::kafka::fact::Fact;
use crate::kafka::log::{BatchHead, Record, Slice};
use crate::kafka::message::{Content, ErrorCode, FetchPosition, Marker, Outcomes, Request};
use crate::kafka::network::Channel;
use crate::kafka::{BrokerId, Offset, TopicPartition};
use crate::map::Map;
use crate::sim::SimTime;
use std::sync::Arc;

/// What one fetch brought of one partition and `poll` has not returned yet.
#[derive(Clone, Debug, Hash)]
pub(super) struct Completed {
    partition: TopicPartition,
    result: Result<Fetched, ErrorCode>,
    /// The position that it is to be returned at.
    from: Offset,
}

/// Records that were fetched.
#[derive(Clone, Debug, Hash)]
struct Fetched {
    records: Arc<[Record]>,
    heads: Arc<[BatchHead]>,
    /// The place of the first that was not returned.
    place: usize,
    /// The offset after the last batch.
    next: Offset,
    /// Where the partition ended.
    end: Offset,
}

/// What `poll` returns of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Polled {
    pub(crate) partition: TopicPartition,
    records: Arc<[Record]>,
    from: usize,
    to: usize,
}

impl Polled {
    /// The records.
    pub(crate) fn records(&self) -> &[Record] {
        &self.records[self.from..self.to]
    }

    /// Of its records only that one is left.
    pub(crate) fn keep(&mut self, place: usize) {
        self.from += place;
        self.to = self.from + 1;
    }

    /// The records, as an application that is driven by hand is told of them.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        self.records().iter().map(|it| Row {
            partition: self.partition.clone(),
            offset: it.offset,
            content: match &it.content {
                Content::Message(message) => RowContent::Message(*message),
                Content::PassedOn(it) => RowContent::Message(it.message),
                Content::Internal(internal) => {
                    let (key, value) = (internal.key.clone(), internal.value.clone());
                    RowContent::Raw { key, value }
                }
            },
        })
    }
}

impl Completed {
    /// Of which partition.
    pub(super) fn partition(&self) -> &TopicPartition {
        &self.partition
    }
}

impl Client {
    /// When fetching goes on after an error.
    pub(super) fn fetch_due(&self) -> Option<SimTime> {
        let fetches = self.fetchable().next().map(|_| self.fetch_not_before);
        fetches.or_else(|| self.validation_due())
    }

    /// Whether `poll` takes no records of a partition now.
    fn is_paused(&self, partition: &TopicPartition) -> bool {
        let takes_nothing = self.polling.is_some_and(|it| it.take == Take::Nothing);
        takes_nothing
            || !self.may_read()
            || self.is_being_revoked(partition)
            || self.assignment.get(partition).is_none_or(|it| it.paused)
    }

    /// The positions to fetch from, with their leaders: all of which nothing is buffered and
    /// whose leader owes no answer.
    fn fetchable(&self) -> impl Iterator<Item = (&TopicPartition, Offset, BrokerId)> {
        self.assignment.iter().filter_map(move |(partition, it)| {
            let from = it.known().filter(|_| !self.is_paused(partition))?;
            let is_buffered = self.buffer.iter().any(|it| it.partition == *partition);
            let leader = self.metadata.leader(partition)?;
            let may = !is_buffered && self.can_fetch_from(leader) && !self.is_doubtful(partition);
            may.then_some((partition, from, leader))
        })
    }

    /// Returns what is buffered, if anything; in any case fetches on.
    pub(super) fn return_or_fetch(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
    ) -> Result<(), &'static str> {
        let mut polled = Vec::new();
        let collected = self.collect(fx, now, &mut polled);
        // What comes after records that are returned is raised the next time.
        if polled.is_empty() {
            collected?;
        }
        self.fetch(fx, now);
        let is_over = self.polling.is_some_and(|it| it.until <= now);
        if !polled.is_empty() || is_over {
            self.stop_polling(now);
            fx.push(Effect::Polled(polled));
        }
        Ok(())
    }

    /// Takes up to `max.poll.records` from the buffer, one fetch after the other. What is paused
    /// stays there.
    ///
    /// Source: `FetchCollector.collectFetch`.
    fn collect(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        polled: &mut Vec<Polled>,
    ) -> Result<(), &'static str> {
        let mut room = self.settings.max_poll_records as usize;
        let mut place = 0;
        while 0 < room && place < self.buffer.len() {
            let completed = &self.buffer[place];
            let position = self.position(&completed.partition);
            // The application has moved on from where this was fetched.
            if position != Some(completed.from) {
                self.buffer.remove(place);
                continue;
            }
            if let Err(error) = completed.result {
                let partition = completed.partition.clone();
                if !polled.is_empty() && error == ErrorCode::OffsetOutOfRange {
                    break;
                }
                let position = completed.from;
                self.buffer.remove(place);
                self.fetch_refused(fx, now, &partition, position, error)?;
                continue;
            }
            if let (Ok(fetched), Some(place)) =
                (&completed.result, self.assignment.get_mut(&completed.partition))
            {
                place.end = Some(fetched.end);
            }
            if self.is_paused(&completed.partition) {
                place += 1;
                continue;
            }
            let mut completed = self.buffer.remove(place).expect("it is there");
            let taken = self.take(fx, &mut completed, room);
            room -= taken.as_ref().map_or(0, |it| it.records().len());
            polled.extend(taken);
            if completed.result.as_ref().is_ok_and(|it| !it.is_drained()) {
                self.buffer.insert(place, completed);
            }
        }
        Ok(())
    }

    /// Takes up to `room` records of one fetch, and moves the position on.
    fn take(
        &mut self,
        fx: &mut Vec<Effect>,
        completed: &mut Completed,
        room: usize,
    ) -> Option<Polled> {
        let fetched = completed.result.as_mut().ok()?;
        let taken = fetched.take(room);
        let position = completed.from;
        let to =
            if fetched.is_drained() { fetched.next } else { fetched.records[taken.end].offset };
        let place = self.assignment.get_mut(&completed.partition)?;
        place.position = Position::At(to);
        let read = fetched.heads.partition_point(|it| it.base < to);
        if let Some(last) = read.checked_sub(1) {
            place.read_in = Some((to, fetched.heads[last].leader_epoch));
        }
        completed.from = to;
        if taken.is_empty() {
            return None;
        }
        let records = fetched.records.clone();
        let partition = completed.partition.clone();
        self.note_polled(fx, &partition, position, to, taken.len());
        Some(Polled { partition, records, from: taken.start, to: taken.end })
    }

    fn note_polled(
        &self,
        fx: &mut Vec<Effect>,
        partition: &TopicPartition,
        from: Offset,
        to: Offset,
        records: usize,
    ) {
        fx.push(Effect::Note(Fact::Polled {
            group: self.group.clone(),
            consumer: self.name.clone(),
            partition: partition.clone(),
            from,
            to,
            records: u32::try_from(records).expect("max.poll.records has 32 bits"),
        }));
    }

    fn fetch_refused(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        partition: &TopicPartition,
        position: Offset,
        error: ErrorCode,
    ) -> Result<(), &'static str> {
        if error != ErrorCode::OffsetOutOfRange {
            self.fetch_not_before = now + self.retry_backoff();
            self.metadata.want();
            return Ok(());
        }
        let (consumer, partition) = (self.name.clone(), partition.clone());
        let fact = Fact::OutOfRange { consumer, partition: partition.clone(), position };
        fx.push(Effect::Note(fact));
        self.out_of_range(now, &partition)?;
        self.look_for_positions(fx, now)
    }

    /// Asks every leader that owes no answer for the partitions of which nothing is buffered.
    fn fetch(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if now < self.fetch_not_before {
            return;
        }
        let is_led = |it: &TopicPartition| self.metadata.leader(it).is_some();
        if !self.assignment.keys().all(is_led) {
            self.metadata.want();
        }
        if self.assignment.iter().any(|(it, at)| {
            at.known().is_some() && !self.is_paused(it) && self.metadata.leader(it).is_none()
        }) {
            self.metadata.want();
        }
        let mut wanted: Map<BrokerId, Vec<FetchPosition>> = Map::new();
        for (partition, from, leader) in self.fetchable() {
            let max_bytes = self.settings.max_partition_fetch_bytes;
            let position = FetchPosition {
                partition: partition.clone(),
                from,
                max_bytes,
                leader_epoch: self.metadata.partition(partition).map(|it| it.leader_epoch),
                last_epoch: None,
                committed_only: self.reads_committed(),
            };
            wanted.get_or_default(leader).push(position);
        }
        for (leader, partitions) in wanted {
            let positions = partitions.iter().map(|it| (it.partition.clone(), it.from)).collect();
            let request = Request::Fetch {
                replica: None,
                max_wait_ms: self.settings.fetch_max_wait_ms,
                min_bytes: self.settings.fetch_min_bytes,
                partitions,
            };
            self.send(fx, now, (leader, Channel::Data), Asked::Fetch(positions), request);
        }
    }

    /// Whether it wants only what is committed.
    pub(super) fn reads_committed(&self) -> bool {
        self.settings.isolation_level == IsolationLevel::ReadCommitted
    }

    fn can_fetch_from(&self, leader: BrokerId) -> bool {
        let owes = |it: &super::InFlight| it.broker == leader && matches!(it.what, Asked::Fetch(_));
        self.connections(Channel::Data).is_up(leader) && !self.in_flight.values().any(owes)
    }

    /// A leader answered a fetch.
    pub(super) fn fetched(
        &mut self,
        fx: &mut Vec<Effect>,
        asked: &[(TopicPartition, Offset)],
        answer: Outcomes<Slice>,
    ) {
        for (partition, result) in answer {
            let Some((_, from)) = asked.iter().find(|(it, _)| *it == partition) else { continue };
            if self.position(&partition) != Some(*from) {
                continue;
            }
            let committed_only = self.reads_committed();
            let result = result.map(|slice| Fetched::new(slice, *from, committed_only));
            if let Ok(fetched) = &result {
                let records = fetched.records.len() - fetched.place;
                fx.push(Effect::Note(Fact::Fetched {
                    consumer: self.name.clone(),
                    partition: partition.clone(),
                    from: *from,
                    to: fetched.next,
                    records: u32::try_from(records).expect("a fetch has fewer than 2^32 records"),
                }));
            }
            self.buffer.push_back(Completed { partition, result, from: *from });
        }
    }
}

impl Fetched {
    /// What was fetched begins with a whole batch; what lies before the position is skipped.
    /// The ends of transactions are never returned, and what was aborted only to who wants all.
    fn new(slice: Slice, from: Offset, committed_only: bool) -> Self {
        let slice = without_aborted(slice, committed_only);
        let place = slice.records.partition_point(|it| it.offset < from);
        Self {
            records: slice.records,
            heads: slice.heads,
            place,
            next: slice.next,
            end: slice.high_watermark,
        }
    }

    fn take(&mut self, most: usize) -> std::ops::Range<usize> {
        let end = self.records.len().min(self.place + most);
        let taken = self.place..end;
        self.place = end;
        taken
    }

    fn is_drained(&self) -> bool {
        self.place == self.records.len()
    }
}

/// What an application may see of a fetch.
///
/// Source: `CompletedFetch.nextFetchedRecord`, `consumeAbortedTransactionsUpTo`.
fn without_aborted(slice: Slice, committed_only: bool) -> Slice {
    if slice.aborted.is_empty() && slice.heads.iter().all(|it| it.marker.is_none()) {
        return slice;
    }
    let mut pending: Vec<_> = slice.aborted.to_vec();
    let mut aborting: Vec<i64> = Vec::new();
    let (mut kept, mut heads, mut place) = (Vec::new(), Vec::new(), 0);
    for head in slice.heads.iter() {
        let records = &slice.records[place..place + head.count as usize];
        place += records.len();
        aborting.extend(pending.extract_if(.., |it| it.from <= head.last).map(|it| it.producer));
        let id = head.producer.map(|it| it.id);
        if let Some(marker) = head.marker {
            if marker == Marker::Abort {
                aborting.retain(|it| Some(*it) != id);
            }
        } else if !(committed_only
            && head.transactional
            && id.is_some_and(|it| aborting.contains(&it)))
        {
            kept.extend_from_slice(records);
            heads.push(*head);
        }
    }
    Slice { records: kept.into(), heads: heads.into(), ..slice }
}
