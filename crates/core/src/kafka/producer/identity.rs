//! Who the producer is to the brokers, and the sequence numbers of its batches.
//!
//! Source: `TransactionManager` of the Java client, as far as idempotence goes.

use super::accumulator::Waiting;
use super::{Effect, Producer};
use crate::kafka::BrokerId;
use crate::kafka::log::producers::sequence_after;
use crate::kafka::message::{CorrelationId, ErrorCode, ProducerId, ProducerStamp, Request};
use crate::sim::{SimDuration, SimTime};

/// Who the producer is.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Identity {
    pub(super) current: Option<ProducerId>,
    /// The request for an id, and until when its answer is awaited.
    asked: Option<(CorrelationId, BrokerId, SimTime)>,
    /// After a failure, when to ask again.
    not_before: SimTime,
    /// Which broker to ask next.
    turn: usize,
    /// Whether sequence numbers are to begin anew under the next epoch.
    pub(super) must_bump: bool,
}

/// The sequence numbers of one partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Sequences {
    /// Under which id and epoch they are counted.
    under: Option<ProducerId>,
    next: i32,
    last_acknowledged: Option<i32>,
    /// Since a batch that was sent has been given up: the sequence number after it.
    unresolved: Option<i32>,
    /// Whether they begin anew with the next epoch, those in flight included.
    rewrite: bool,
}

impl Sequences {
    fn is_next(&self, sequence: i32) -> bool {
        sequence - self.last_acknowledged.unwrap_or(-1) == 1
    }
}

/// The place of a partition: its topic's and its own.
pub(super) type Place = (usize, usize);

impl Producer {
    /// When something is to be done about its id.
    pub(super) fn identity_due(&self) -> Option<SimTime> {
        let can_ask = || self.metadata.broker_ids().any(|it| self.connections.is_up(it));
        match self.identity.asked {
            Some((_, _, deadline)) => Some(deadline),
            None if self.identity.current.is_some() || !self.is_idempotent() => None,
            None if self.is_transactional() => None,
            None => can_ask().then_some(self.identity.not_before),
        }
    }

    /// Whether brokers recognise what it sends twice.
    pub(super) fn is_idempotent(&self) -> bool {
        self.settings.is_idempotent()
    }

    /// Settles what is open about sequence numbers, and asks for an id if there is none.
    ///
    /// Source: `Sender.runOnce`.
    pub(super) fn identify(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if !self.is_idempotent() {
            return;
        }
        self.resolve();
        if self.is_transactional() {
            return;
        }
        self.bump();
        if let Some((_, broker, deadline)) = self.identity.asked
            && deadline <= now
        {
            self.disconnected(fx, now, broker);
        }
        if self.identity.current.is_none()
            && self.identity.asked.is_none()
            && self.identity.not_before <= now
        {
            self.ask_for_id(fx, now);
        }
    }

    /// Source: `Sender.maybeSendAndPollTransactionalRequest`. Simplified: the Java client asks
    /// the broker with the fewest requests in flight, this one each in turn.
    fn ask_for_id(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let up = self.metadata.broker_ids().filter(|it| self.connections.is_up(*it));
        let up: Vec<BrokerId> = up.collect();
        let Some(broker) = up.get(self.identity.turn % up.len().max(1)).copied() else { return };
        self.identity.turn += 1;
        let correlation = self.correlation();
        let deadline = now + SimDuration::millis(self.settings.request_timeout_ms);
        self.identity.asked = Some((correlation, broker, deadline));
        fx.push(Effect::Send(broker, correlation, Request::InitProducerId));
    }

    /// The answer to the request for an id.
    pub(super) fn identified(
        &mut self,
        correlation: CorrelationId,
        result: Result<ProducerId, ErrorCode>,
    ) {
        if self.identity.asked.is_some_and(|(it, ..)| it == correlation) {
            self.identity.asked = None;
            self.identity.current = result.ok();
        }
    }

    /// The connection is gone, and the request for an id with it.
    pub(super) fn lost_id_request(&mut self, now: SimTime, broker: BrokerId) {
        if self.identity.asked.is_some_and(|(_, it, _)| it == broker) {
            self.identity.asked = None;
            self.identity.not_before = now + SimDuration::millis(self.settings.retry_backoff_ms);
        }
    }

    /// Whether the first batch that waits for that partition may be sent, as far as its sequence
    /// number is concerned.
    ///
    /// Source: `RecordAccumulator.shouldStopDrainBatchesForPartition`.
    pub(super) fn may_drain(&self, place: Place) -> bool {
        if !self.is_idempotent() {
            return true;
        }
        let Some(current) = self.identity.current else { return false };
        if self.is_transactional() && !self.may_send_in_transaction(place) {
            return false;
        }
        let queue = &self.topics[place.0].queues[place.1];
        let Some(first) = queue.first() else { return false };
        let sequences = &queue.sequences;
        match first.stamp {
            // It is sent again: only as the oldest that is not answered.
            Some(stamp) => {
                let mut others = self.in_flight_at(place).filter_map(|it| it.stamp);
                others.all(|it| stamp.sequence < it.sequence)
            }
            None => {
                let is_stale = sequences.under.is_some_and(|it| it != current);
                let is_in_flight = || self.in_flight_at(place).next().is_some();
                sequences.unresolved.is_none() && !(is_stale && is_in_flight())
            }
        }
    }

    fn in_flight_at(&self, place: Place) -> impl Iterator<Item = &Waiting> {
        let batches = self.in_flight.values().flat_map(|it| &it.batches);
        batches.filter(move |(it, _)| *it == place).map(|(_, it)| it)
    }

    /// Every batch of a partition that was sent and has no result yet, oldest first.
    fn unanswered(&mut self, place: Place) -> Vec<&mut Waiting> {
        let batches = self.in_flight.values_mut().flat_map(|it| &mut it.batches);
        let batches = batches.filter(|(it, _)| *it == place).map(|(_, it)| it);
        let mut all: Vec<&mut Waiting> = batches.collect();
        all.extend(self.topics[place.0].queues[place.1].sent_before());
        crate::map::sort_by_key(&mut all, |it| it.stamp.map(|it| it.sequence));
        all
    }

    /// Gives a batch that is sent for the first time its sequence numbers.
    ///
    /// Source: `RecordAccumulator.drainBatchesForOneNode`.
    pub(super) fn stamp(&mut self, place: Place, batch: &mut Waiting) {
        let Some(current) = self.identity.current.filter(|_| batch.stamp.is_none()) else { return };
        let has_others = !self.unanswered(place).is_empty();
        let sequences = &mut self.topics[place.0].queues[place.1].sequences;
        if sequences.under != Some(current) && !has_others {
            *sequences = Sequences { under: Some(current), ..Sequences::default() };
        }
        let ProducerId { id, epoch } = sequences.under.unwrap_or(current);
        batch.stamp = Some(ProducerStamp { id, epoch, sequence: sequences.next });
        batch.transactional = !self.settings.transactional_id.is_empty();
        sequences.next = sequence_after(sequences.next, batch.count());
    }

    /// A batch is in the log.
    ///
    /// Source: `TransactionManager.handleCompletedBatch`.
    pub(super) fn completed(&mut self, place: Place, batch: &Waiting) {
        let sequences = &mut self.topics[place.0].queues[place.1].sequences;
        sequences.last_acknowledged = sequences.last_acknowledged.max(batch.last_sequence());
    }

    /// A batch was given up without an answer. If it had been sent more than once, nobody knows
    /// whether it is in the log, and nothing new is sent before that is clear.
    ///
    /// Source: `Sender.sendProducerData`, `TransactionManager.markSequenceUnresolved`.
    pub(super) fn expired(&mut self, place: Place, batch: &Waiting) {
        let Some(last) = batch.last_sequence().filter(|_| batch.was_put_back) else { return };
        let sequences = &mut self.topics[place.0].queues[place.1].sequences;
        sequences.unresolved = sequences.unresolved.max(Some(sequence_after(last, 1)));
    }

    /// A broker refused a batch for good. `adjust` says that it is surely not in the log.
    ///
    /// Source: `TransactionManager.handleFailedBatch`.
    pub(super) fn refused(&mut self, place: Place, batch: &Waiting, error: &str, adjust: bool) {
        let is_gap = error == ErrorCode::OutOfOrderSequenceNumber.as_str();
        if batch.stamp.is_some() && (adjust || is_gap) {
            self.begin_anew(place);
        }
    }

    /// The partition's sequence numbers begin anew under the next epoch.
    fn begin_anew(&mut self, (topic, partition): Place) {
        // A transaction that fails is followed by one of another epoch.
        if self.is_transactional() {
            return;
        }
        self.identity.must_bump = true;
        self.topics[topic].queues[partition].sequences.rewrite = true;
    }

    /// Whether a batch that came out of order is sent again: it is, if one before it may still
    /// come; else there is a gap for good, and it is sent again under the next epoch.
    ///
    /// Source: `TransactionManager.canRetry`.
    pub(super) fn came_out_of_order(&mut self, place: Place, batch: &Waiting) {
        let Some(stamp) = batch.stamp else { return };
        let sequences = self.topics[place.0].queues[place.1].sequences;
        let follows = sequences.is_next(stamp.sequence);
        match sequences.unresolved {
            None if batch.renumbered || !follows => {}
            None => self.begin_anew(place),
            Some(next) if next == stamp.sequence => self.begin_anew(place),
            Some(_) => {}
        }
    }

    /// Whether a batch is the one after the last that was acknowledged.
    pub(super) fn is_next(&self, place: Place, batch: &Waiting) -> bool {
        let sequences = &self.topics[place.0].queues[place.1].sequences;
        let is_next = batch.stamp.is_some_and(|it| sequences.is_next(it.sequence));
        sequences.unresolved.is_some() || (!batch.renumbered && is_next)
    }

    /// Source: `TransactionManager.maybeResolveSequences`.
    fn resolve(&mut self) {
        for place in self.places() {
            let sequences = self.topics[place.0].queues[place.1].sequences;
            if sequences.unresolved.is_none() || !self.unanswered(place).is_empty() {
                continue;
            }
            self.topics[place.0].queues[place.1].sequences.unresolved = None;
            if !sequences.is_next(sequences.next) {
                self.transaction_failed("KafkaException");
                self.begin_anew(place);
            }
        }
    }

    /// Takes the next epoch if something asks for it, and renumbers what is in flight for the
    /// partitions that do.
    ///
    /// Source: `TransactionManager.bumpIdempotentEpochAndResetIdIfNeeded`.
    fn bump(&mut self) {
        if !std::mem::take(&mut self.identity.must_bump) {
            return;
        }
        let Some(before) = self.identity.current else { return };
        // At the end of the epochs another id is needed.
        let next = before.epoch.checked_add(1).map(|epoch| ProducerId { epoch, ..before });
        self.identity.current = next;
        for place in self.places() {
            if !self.topics[place.0].queues[place.1].sequences.rewrite {
                continue;
            }
            let mut sequence = 0;
            for batch in self.unanswered(place) {
                let id = next.unwrap_or(before);
                batch.stamp = Some(ProducerStamp { id: id.id, epoch: id.epoch, sequence });
                batch.renumbered = true;
                sequence = sequence_after(sequence, batch.count());
            }
            let fresh = Sequences { under: next, next: sequence, ..Sequences::default() };
            self.topics[place.0].queues[place.1].sequences = fresh;
        }
    }

    pub(super) fn places(&self) -> Vec<Place> {
        let topics = self.topics.iter().enumerate();
        topics
            .flat_map(|(at, it)| (0..it.queues.len()).map(move |partition| (at, partition)))
            .collect()
    }
}
