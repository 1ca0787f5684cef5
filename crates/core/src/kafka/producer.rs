//! A producer: it places the workload's messages, gathers them in batches, sends these to the
//! leaders and tries again until they are in the log or their time is up.
//!
//! Simplified: a producer is not idempotent yet, so a lost answer means a second append.

mod accumulator;
mod sticky;

use super::config::{Acks, Client, ProducerSettings};
use super::connection::{Connections, backoff};
use super::fact::Fact;
use super::message::{Answer, Batch, Content, CorrelationId, ErrorCode, NewRecord, Request};
use super::metadata::Metadata;
use super::placement::partition_for_key;
use super::{BrokerId, Offset};
use crate::name::{ProducerName, TopicName};
use crate::sim::{Rng, SimDuration, SimTime};
use crate::workload::{MessageId, Workload};
use accumulator::{Queue, Waiting};
use std::collections::BTreeMap;
use std::sync::Arc;
use sticky::Sticky;

/// `retry.backoff.max.ms`.
const MOST_RETRY_BACKOFF: SimDuration = SimDuration::millis(1_000);

/// What reaches a producer.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Something it waits for is due: a message of the application, or a deadline of its own.
    Wake,
    /// A broker answered.
    Answer(BrokerId, CorrelationId, Answer),
    /// A broker is gone.
    Disconnected(BrokerId),
}

/// What a producer wants done.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Send that to a broker.
    Send(BrokerId, CorrelationId, Request),
    /// Tell whoever watches.
    Note(Fact),
}

/// A producer.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Producer {
    name: ProducerName,
    settings: ProducerSettings,
    metadata: Arc<Metadata>,
    workload: Workload,
    /// Where each stream goes, as a place in `topics`; none if another producer sends it.
    routes: Vec<Option<usize>>,
    /// The topics it writes to.
    topics: Vec<Destination>,
    /// The place in the workload of the next message that is its own; the end if there is none.
    next: usize,
    connections: Connections,
    in_flight: BTreeMap<CorrelationId, InFlight>,
    next_correlation: CorrelationId,
    sent: u64,
    acknowledged: u64,
}

/// A topic it writes to.
#[derive(Clone, Debug, Hash)]
struct Destination {
    name: TopicName,
    /// By partition.
    queues: Vec<Queue>,
    sticky: Sticky,
}

/// A request that waits for its answer.
#[derive(Clone, Debug, Hash)]
struct InFlight {
    broker: BrokerId,
    deadline: SimTime,
    /// What it carries, each with its topic's and partition's place.
    batches: Vec<((usize, usize), Waiting)>,
}

impl Producer {
    /// A producer that has sent nothing yet.
    pub(crate) fn new(
        name: ProducerName,
        settings: ProducerSettings,
        metadata: Arc<Metadata>,
        workload: Workload,
        destinations: &[TopicName],
    ) -> Self {
        let mut topics: Vec<Destination> = Vec::new();
        let mut routes = Vec::new();
        for (stream, topic) in workload.streams.iter().zip(destinations) {
            if stream.producer != name {
                routes.push(None);
                continue;
            }
            let place = topics.iter().position(|it| it.name == *topic).unwrap_or_else(|| {
                let partitions = metadata.topic(topic).map_or(0, |it| it.partitions);
                topics.push(Destination::new(topic.clone(), partitions));
                topics.len() - 1
            });
            routes.push(Some(place));
        }
        let mut producer = Self {
            name,
            settings,
            metadata,
            workload,
            routes,
            topics,
            next: 0,
            connections: Connections::default(),
            in_flight: BTreeMap::new(),
            next_correlation: CorrelationId::default(),
            sent: 0,
            acknowledged: 0,
        };
        producer.skip_what_others_send();
        producer
    }

    /// Its name.
    pub(crate) fn name(&self) -> &ProducerName {
        &self.name
    }

    /// How many messages it has handed to the network, each counted once.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// How many of these are acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// The next messages of its application, at most `most`.
    pub(crate) fn upcoming(&self, most: usize) -> impl Iterator<Item = MessageId> {
        let rest = self.next..self.workload.messages.len();
        rest.filter(|it| self.route(*it).is_some()).take(most).map(MessageId::at)
    }

    /// The messages for `partition` in a request that waits for its answer.
    pub(crate) fn awaited(
        &self,
        correlation: CorrelationId,
        partition: &super::TopicPartition,
    ) -> Vec<MessageId> {
        let batches = self.in_flight.get(&correlation).into_iter().flat_map(|it| &it.batches);
        let mine = batches.filter(|((topic, place), _)| {
            self.topics[*topic].queues[*place].partition() == partition
        });
        mine.flat_map(|(_, it)| it.messages()).collect()
    }

    /// Takes one input and says what should follow, in order.
    pub(crate) fn step(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        placement: &mut Rng,
        input: Input,
    ) {
        match input {
            Input::Wake => {}
            Input::Answer(broker, correlation, answer) => {
                self.answer(fx, now, broker, correlation, answer);
            }
            Input::Disconnected(broker) => self.disconnected(fx, now, broker),
        }
        self.take_what_is_due(fx, now, placement);
        self.expire(fx, now);
        self.connect(fx, now);
        self.send_what_is_ready(fx, now);
    }

    /// When it next has something to do by itself.
    pub(crate) fn due(&self) -> Option<SimTime> {
        let message = self.workload.messages.get(self.next).map(|it| it.at);
        let requests = self.in_flight.values().map(|it| it.deadline);
        let carried = self.in_flight.values().flat_map(|it| &it.batches);
        let deliveries = carried.map(|(_, it)| self.delivery_deadline(it));
        let queues = self.topics.iter().flat_map(|it| &it.queues).filter_map(|queue| {
            let first = queue.first()?;
            let can_send = self.can_send_to(self.metadata.leader(queue.partition()));
            let ready = can_send.then(|| queue.ready_at(self.linger())).flatten();
            ready.into_iter().chain([self.delivery_deadline(first)]).min()
        });
        let own = message.into_iter().chain(requests).chain(deliveries).chain(queues);
        own.chain(self.connections.due()).min()
    }

    fn linger(&self) -> SimDuration {
        SimDuration::millis(self.settings.linger_ms)
    }

    fn delivery_deadline(&self, batch: &Waiting) -> SimTime {
        batch.created + SimDuration::millis(self.settings.delivery_timeout_ms)
    }

    fn route(&self, place: usize) -> Option<usize> {
        let stream = self.workload.messages[place].stream;
        self.routes.get(usize::from(stream.0)).copied().flatten()
    }

    fn skip_what_others_send(&mut self) {
        while self.next < self.workload.messages.len() && self.route(self.next).is_none() {
            self.next += 1;
        }
    }

    fn take_what_is_due(&mut self, fx: &mut Vec<Effect>, now: SimTime, placement: &mut Rng) {
        while let Some(message) = self.workload.messages.get(self.next)
            && message.at <= now
        {
            let topic = self.route(self.next).expect("the next message is its own");
            self.accept(fx, now, placement, topic, MessageId::at(self.next));
            self.next += 1;
            self.skip_what_others_send();
        }
    }

    /// The application hands over one message: `KafkaProducer.send`.
    fn accept(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        placement: &mut Rng,
        topic: usize,
        message: MessageId,
    ) {
        let key = self.workload.key(message);
        let key_length = key.map(|it| it.len() as u64);
        let value_length = Some(u64::from(self.workload.message(message).size_bytes));
        let destination = &mut self.topics[topic];
        let Ok(partitions @ 1..) = u32::try_from(destination.queues.len()) else {
            fx.push(self.gave_up(message, "TimeoutException: the topic does not exist"));
            return;
        };
        let most = super::sizes::most_of_one(key_length, value_length);
        if self.settings.max_request_size < most {
            fx.push(self.gave_up(message, "RecordTooLargeException"));
            return;
        }
        let placed = key.and_then(|it| partition_for_key(self.settings.client, it, partitions));
        let is_sticky = key.is_none() && self.settings.client == Client::Java;
        let partition = match placed {
            Some(partition) => partition as usize,
            None if is_sticky => destination.sticky.partition(placement, &destination.queues),
            // Simplified: librdkafka's `sticky.partitioning.linger.ms` counts as 0.
            None => usize::try_from(placement.below(u64::from(partitions)))
                .expect("partitions are counted in 32 bits"),
        };
        let record = NewRecord { timestamp_ms: now.as_ms(), content: Content::Message(message) };
        let queue = &mut destination.queues[partition];
        let limit = self.settings.batch_size.max(most);
        let grown = queue.append(now, limit, record, key_length, value_length);
        if is_sticky {
            destination.sticky.appended(grown, queue.newest_is_full(), self.settings.batch_size);
        }
    }

    fn gave_up(&self, message: MessageId, why: &'static str) -> Effect {
        Effect::Note(Fact::GaveUp { producer: self.name.clone(), message, why })
    }

    /// Gives up what has waited for `delivery.timeout.ms`, and the connections of requests that
    /// were not answered in time.
    ///
    /// Source: `Sender.sendProducerData`; `NetworkClient.handleTimedOutRequests` closes the
    /// connection, and with it fails everything that waited there.
    fn expire(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let timeout = SimDuration::millis(self.settings.delivery_timeout_ms);
        let is_late = |it: &Waiting| it.created + timeout <= now;
        let mut late = Vec::new();
        for request in self.in_flight.values_mut() {
            late.extend(request.batches.extract_if(.., |(_, it)| is_late(it)).map(|(_, it)| it));
        }
        for queue in self.topics.iter_mut().flat_map(|it| &mut it.queues) {
            while let Some(batch) = queue.take_first_if(is_late) {
                late.push(batch);
            }
        }
        for batch in late {
            self.fail(fx, &batch, "TimeoutException: delivery.timeout.ms is over");
        }
        let unanswered = self.in_flight.values().find(|it| it.deadline <= now);
        if let Some(broker) = unanswered.map(|it| it.broker) {
            self.disconnected(fx, now, broker);
        }
    }

    fn fail(&self, fx: &mut Vec<Effect>, batch: &Waiting, why: &'static str) {
        fx.extend(batch.messages().map(|message| self.gave_up(message, why)));
    }

    fn connect(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        for broker in self.connections.try_again(now) {
            let correlation = self.correlation();
            fx.push(Effect::Send(broker, correlation, Request::ApiVersions));
        }
    }

    fn correlation(&mut self) -> CorrelationId {
        self.next_correlation.0 += 1;
        self.next_correlation
    }

    fn can_send_to(&self, broker: BrokerId) -> bool {
        let waiting = self.in_flight.values().filter(|it| it.broker == broker).count() as u64;
        self.connections.is_up(broker)
            && waiting < self.settings.max_in_flight_requests_per_connection
    }

    /// Sends to every leader for which a batch is ready, as many requests as may be in flight.
    fn send_what_is_ready(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        for broker in self.metadata.broker_ids() {
            while self.can_send_to(broker) && self.is_anything_ready(now, broker) {
                self.send(fx, now, broker);
            }
        }
    }

    fn is_anything_ready(&self, now: SimTime, broker: BrokerId) -> bool {
        let linger = self.linger();
        let queues = self.topics.iter().flat_map(|it| &it.queues);
        let mut led = queues.filter(|it| self.metadata.leader(it.partition()) == broker);
        led.any(|it| it.ready_at(linger).is_some_and(|at| at <= now))
    }

    /// Sends one request. If one batch for that broker is ready, the first of every other
    /// partition it leads goes along, ready or not.
    ///
    /// Source: `RecordAccumulator.ready` and `drain`.
    fn send(&mut self, fx: &mut Vec<Effect>, now: SimTime, broker: BrokerId) {
        let mut batches = Vec::new();
        let mut size_bytes = 0;
        for (topic, destination) in self.topics.iter_mut().enumerate() {
            for (place, queue) in destination.queues.iter_mut().enumerate() {
                if self.metadata.leader(queue.partition()) != broker {
                    continue;
                }
                let room = self.settings.max_request_size.saturating_sub(size_bytes);
                let fits =
                    |it: &Waiting| it.may_go(now) && (size_bytes == 0 || it.size_bytes <= room);
                if let Some(mut batch) = queue.take_first_if(fits) {
                    batch.attempts += 1;
                    size_bytes += batch.size_bytes;
                    batches.push(((topic, place), batch));
                }
            }
        }
        let correlation = self.correlation();
        let carried = batches.iter_mut().map(|((topic, place), batch)| {
            let partition = self.topics[*topic].queues[*place].partition().clone();
            (partition, batch.sealed())
        });
        let carried: Vec<_> = carried.collect();
        self.note_sent(fx, &carried, &batches);
        let acks = self.settings.acks;
        fx.push(Effect::Send(broker, correlation, Request::Produce { acks, batches: carried }));
        if acks == Acks::None {
            for (_, batch) in batches {
                self.acknowledge(fx, &batch, None);
            }
            return;
        }
        let deadline = now + SimDuration::millis(self.settings.request_timeout_ms);
        self.in_flight.insert(correlation, InFlight { broker, deadline, batches });
    }

    fn note_sent(
        &mut self,
        fx: &mut Vec<Effect>,
        carried: &[(super::TopicPartition, Batch)],
        batches: &[((usize, usize), Waiting)],
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

    fn acknowledge(&mut self, fx: &mut Vec<Effect>, batch: &Waiting, base: Option<Offset>) {
        for (message, place) in batch.messages().zip(0..) {
            self.acknowledged += 1;
            let offset = base.map(|it| Offset(it.0 + place));
            let producer = self.name.clone();
            fx.push(Effect::Note(Fact::Acknowledged { producer, message, offset }));
        }
    }

    fn answer(
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
        let Answer::Produce(results) = answer else {
            unreachable!("{answer:?} answers no producer")
        };
        // An answer that comes after its request was given up finds nothing here.
        let Some(request) = self.in_flight.remove(&correlation) else { return };
        for (place, batch) in request.batches {
            let partition = self.topics[place.0].queues[place.1].partition();
            let result = results.iter().find(|(it, _)| it == partition).map(|(_, it)| *it);
            match result.expect("every batch of a request is answered") {
                Ok(base) => self.acknowledge(fx, &batch, Some(base)),
                Err(ErrorCode::NotLeaderOrFollower | ErrorCode::UnknownTopicOrPartition) => {
                    self.try_again(fx, now, place, batch, "NOT_LEADER_OR_FOLLOWER");
                }
                Err(error) => self.fail(fx, &batch, error.as_str()),
            }
        }
    }

    /// Puts a batch back where it came from, unless it may not be sent again.
    fn try_again(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        (topic, partition): (usize, usize),
        mut batch: Waiting,
        why: &'static str,
    ) {
        if self.settings.retries < u64::from(batch.attempts) {
            self.fail(fx, &batch, why);
            return;
        }
        let first = SimDuration::millis(self.settings.retry_backoff_ms);
        batch.not_before = now + backoff(first, MOST_RETRY_BACKOFF, batch.attempts - 1);
        self.topics[topic].queues[partition].put_back(batch);
    }

    fn disconnected(&mut self, fx: &mut Vec<Effect>, now: SimTime, broker: BrokerId) {
        self.connections.lost(now, broker);
        let lost = self.in_flight.extract_if(.., |_, it| it.broker == broker);
        let mut batches: Vec<_> = lost.flat_map(|(_, it)| it.batches).collect();
        // The oldest goes back last, to stand first again.
        while let Some((place, batch)) = batches.pop() {
            self.try_again(fx, now, place, batch, "NETWORK_EXCEPTION");
        }
    }
}

impl Destination {
    fn new(name: TopicName, partitions: u32) -> Self {
        let queues = (0..partitions).map(|it| Queue::new(&name, it)).collect();
        Self { name, queues, sticky: Sticky::default() }
    }
}

#[cfg(test)]
mod tests;
