//! The producer's other half: what happens to a batch once it may go.
//!
//! Source: `Sender` and `RecordAccumulator` of the Java client.

use super::accumulator::Waiting;
use super::identity::Place;
use super::{Effect, InFlight, MOST_RETRY_BACKOFF, Producer};
use crate::kafka::config::Acks;
use crate::kafka::connection::backoff;
use crate::kafka::fact::Fact;
use crate::kafka::message::{Answer, Batch, Content, CorrelationId, ErrorCode, Request};
use crate::kafka::sizes::Lengths;
use crate::kafka::{BrokerId, Offset, TopicPartition};
use crate::sim::{SimDuration, SimTime};

impl Producer {
    /// Gives up what has waited for `delivery.timeout.ms`, and the connections of requests that
    /// were not answered in time.
    ///
    /// Source: `Sender.sendProducerData`; `NetworkClient.handleTimedOutRequests` closes the
    /// connection, and with it fails everything that waited there.
    pub(super) fn expire(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let timeout = self.settings.delivery_timeout();
        let is_late = |it: &Waiting| it.created + timeout <= now;
        let mut late = Vec::new();
        for request in self.in_flight.values_mut() {
            late.extend(request.batches.extract_if(.., |(_, it)| is_late(it)));
        }
        for place in self.places() {
            while let Some(batch) = self.topics[place.0].queues[place.1].take_first_if(is_late) {
                late.push((place, batch));
            }
        }
        for (place, batch) in late {
            self.fail(fx, &batch, "TimeoutException: delivery.timeout.ms is over");
            self.transaction_failed("TimeoutException");
            self.expired(place, &batch);
        }
        let unanswered = self.in_flight.values().find(|it| it.deadline <= now);
        if let Some(broker) = unanswered.map(|it| it.broker) {
            self.disconnected(fx, now, broker);
        }
    }

    pub(super) fn fail(&mut self, fx: &mut Vec<Effect>, batch: &Waiting, why: &'static str) {
        for message in batch.messages() {
            self.gave_up(fx, message, why);
        }
    }

    pub(super) fn connect(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        for broker in self.connections.try_again(now) {
            let correlation = self.correlation();
            fx.push(Effect::Send(broker, correlation, Request::ApiVersions));
        }
    }

    pub(super) fn correlation(&mut self) -> CorrelationId {
        self.next_correlation.0 += 1;
        self.next_correlation
    }

    pub(super) fn can_send_to(&self, broker: BrokerId) -> bool {
        let waiting = self.in_flight.values().filter(|it| it.broker == broker).count() as u64;
        self.connections.is_up(broker)
            && waiting < self.settings.max_in_flight_requests_per_connection
    }

    /// Sends to every leader for which a batch is ready, as many requests as may be in flight.
    pub(super) fn send_what_is_ready(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        for broker in self.metadata.broker_ids() {
            while self.can_send_to(broker) && self.is_anything_ready(now, broker) {
                self.send(fx, now, broker);
            }
        }
    }

    fn is_anything_ready(&self, now: SimTime, broker: BrokerId) -> bool {
        let linger = self.linger();
        let is_ready = |place: &Place| {
            let queue = &self.topics[place.0].queues[place.1];
            self.metadata.leader(queue.partition()) == Some(broker)
                && queue.ready_at(linger).is_some_and(|at| at <= now)
                && self.may_drain(*place)
        };
        self.places().iter().any(is_ready)
    }

    /// Sends one request. If one batch for that broker is ready, the first of every other
    /// partition it leads goes along, ready or not.
    ///
    /// Source: `RecordAccumulator.ready` and `drain`.
    fn send(&mut self, fx: &mut Vec<Effect>, now: SimTime, broker: BrokerId) {
        let mut batches = Vec::new();
        let mut size_bytes = 0;
        for place in self.places() {
            let queue = &self.topics[place.0].queues[place.1];
            if self.metadata.leader(queue.partition()) != Some(broker) || !self.may_drain(place) {
                continue;
            }
            let room = self.settings.max_request_size.saturating_sub(size_bytes);
            let fits = |it: &Waiting| it.may_go(now) && (size_bytes == 0 || it.size_bytes <= room);
            let Some(mut batch) = self.topics[place.0].queues[place.1].take_first_if(fits) else {
                continue;
            };
            self.stamp(place, &mut batch);
            batch.attempts += 1;
            size_bytes += batch.size_bytes;
            batches.push((place, batch));
        }
        let correlation = self.correlation();
        let carried = batches.iter_mut().map(|((topic, place), batch)| {
            let partition = self.topics[*topic].queues[*place].partition().clone();
            (partition, batch.sealed())
        });
        let carried: Vec<_> = carried.collect();
        self.note_sent(fx, &carried, &batches);
        let acks = self.settings.acks;
        let timeout_ms = self.settings.request_timeout_ms;
        let transactional_id = self.is_transactional();
        let transactional_id =
            transactional_id.then(|| self.settings.transactional_id.as_str().into());
        let request = Request::Produce { acks, timeout_ms, transactional_id, batches: carried };
        fx.push(Effect::Send(broker, correlation, request));
        if acks == Acks::None {
            for (place, batch) in batches {
                self.acknowledge(fx, place, &batch, None);
            }
            return;
        }
        let deadline = now + SimDuration::millis(self.settings.request_timeout_ms);
        self.in_flight.insert(correlation, InFlight { broker, deadline, batches });
    }

    fn note_sent(
        &mut self,
        fx: &mut Vec<Effect>,
        carried: &[(TopicPartition, Batch)],
        batches: &[(Place, Waiting)],
    ) {
        for ((to, batch), (_, waiting)) in carried.iter().zip(batches) {
            let attempt = waiting.attempts;
            for message in batch.messages() {
                self.sent += u64::from(attempt == 1);
                let (producer, to) = (self.name.clone(), to.clone());
                fx.push(Effect::Note(Fact::Sent { producer, message, to, attempt }));
            }
        }
    }

    fn acknowledge(
        &mut self,
        fx: &mut Vec<Effect>,
        (topic, partition): Place,
        batch: &Waiting,
        base: Option<Offset>,
    ) {
        let to = self.topics[topic].queues[partition].partition().clone();
        for (message, place) in batch.messages().zip(0..) {
            self.acknowledged += 1;
            let offset = base.map(|it| Offset(it.0 + place));
            self.came_of(message, || Ok((to.clone(), offset)));
            let (producer, to) = (self.name.clone(), to.clone());
            fx.push(Effect::Note(Fact::Acknowledged { producer, message, to, offset }));
        }
    }

    pub(super) fn answer(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        broker: BrokerId,
        correlation: CorrelationId,
        answer: Answer,
    ) {
        if answer == Answer::ApiVersions {
            return self.connections.made(broker);
        }
        if let Answer::Metadata(news) = answer {
            return self.learn(now, news);
        }
        if let Answer::InitProducerId(result) = answer
            && !self.is_transactional()
        {
            return self.identified(correlation, result);
        }
        let Answer::Produce(results) = answer else {
            return self.transaction_answered(fx, now, correlation, answer);
        };
        // An answer that comes after its request was given up finds nothing here.
        let Some(request) = self.in_flight.remove(&correlation) else { return };
        for (place, batch) in request.batches {
            let partition = self.topics[place.0].queues[place.1].partition();
            let result = results.iter().find(|(it, _)| it == partition).map(|(_, it)| *it);
            match result.expect("every batch of a request is answered") {
                Ok(base) => {
                    self.completed(place, &batch);
                    self.acknowledge(fx, place, &batch, Some(base));
                }
                Err(error) => self.failed(fx, now, place, batch, error),
            }
        }
    }

    /// A broker refused a batch.
    ///
    /// Source: `Sender.completeBatch`.
    fn failed(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        place: Place,
        batch: Waiting,
        error: ErrorCode,
    ) {
        if error == ErrorCode::MessageTooLarge && 1 < batch.count() {
            return self.split(place, batch);
        }
        if matches!(error, ErrorCode::NotLeaderOrFollower | ErrorCode::UnknownTopicOrPartition) {
            self.metadata.want();
        }
        let may_retry = u64::from(batch.attempts) <= self.settings.retries;
        let is_disorder = error == ErrorCode::OutOfOrderSequenceNumber
            && batch.stamp.is_some()
            && (!self.is_transactional() || !self.is_next(place, &batch));
        if may_retry && is_disorder {
            self.came_out_of_order(place, &batch);
        }
        if is_disorder || error.is_retriable() {
            return self.try_again(fx, now, place, batch, error.as_str());
        }
        self.fail(fx, &batch, error.as_str());
        self.transaction_failed(error.as_str());
        self.refused(place, &batch, error.as_str(), may_retry);
    }

    /// A batch that the broker finds too large goes in smaller ones; what was split before, in
    /// halves.
    ///
    /// Source: `RecordAccumulator.splitAndReenqueue`.
    fn split(&mut self, (topic, partition): Place, batch: Waiting) {
        let workload = &self.workload;
        let lengths = |it: &Content| Lengths::of_content(workload, it);
        let parts = batch.split(self.settings.batch_size, lengths);
        for part in parts.into_iter().rev() {
            self.topics[topic].queues[partition].put_back(part);
        }
    }

    /// Puts a batch back where it came from, unless it may not be sent again.
    fn try_again(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        (topic, partition): Place,
        mut batch: Waiting,
        why: &'static str,
    ) {
        if self.settings.retries < u64::from(batch.attempts) {
            self.fail(fx, &batch, why);
            self.transaction_failed(why);
            return self.refused((topic, partition), &batch, why, false);
        }
        batch.was_put_back = true;
        let first = SimDuration::millis(self.settings.retry_backoff_ms);
        batch.not_before = now + backoff(first, MOST_RETRY_BACKOFF, batch.attempts - 1);
        self.topics[topic].queues[partition].put_back(batch);
    }

    pub(super) fn disconnected(&mut self, fx: &mut Vec<Effect>, now: SimTime, broker: BrokerId) {
        self.connections.lost(now, broker);
        self.metadata.want();
        self.forget_request(now, broker);
        self.lost_id_request(now, broker);
        self.lost_transaction_request(now, broker);
        let lost = self.in_flight.take_where(|_, it| it.broker == broker);
        let mut batches: Vec<_> = lost.into_iter().flat_map(|(_, it)| it.batches).collect();
        // The oldest goes back last, to stand first again.
        while let Some((place, batch)) = batches.pop() {
            self.try_again(fx, now, place, batch, "NETWORK_EXCEPTION");
        }
    }
}
