//! The application's side: records handed over, where they go, and what became of them.

use super::{Call, Destination, Effect, Life, Producer};
use crate::kafka::config::{Client, ProducerSettings};
use crate::kafka::fact::Fact;
use crate::kafka::message::{Content, NewRecord};
use crate::kafka::passed_on::PassedOn;
use crate::kafka::placement::partition_for_key;
use crate::kafka::sizes::Lengths;
use crate::kafka::{Offset, TopicPartition};
use crate::name::TopicName;
use crate::sim::{Rng, SimTime};
use crate::workload::{Message, MessageId};
use std::sync::Arc;

/// A record as the application hands it over: `ProducerRecord`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Handed {
    pub(crate) topic: TopicName,
    /// Its key, value and headers.
    pub(crate) message: MessageId,
    /// Where it goes, if not where the partitioner says.
    pub(crate) partition: Option<u32>,
    /// When it was made, if not now.
    pub(crate) timestamp_ms: Option<i64>,
    /// What its headers tell, if it is passed on.
    pub(crate) passed_on: Option<Arc<PassedOn>>,
}

/// What became of a record that was handed over at run time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sent {
    /// Which.
    pub message: MessageId,
    /// Where it is, with no offset if `acks=0`; or the name of the protocol's error or of the
    /// client's exception.
    pub result: Result<(TopicPartition, Option<Offset>), &'static str>,
}

impl Producer {
    /// A record at run time. What is ready goes out at the next step of this instant, so that
    /// records handed over together share a batch.
    pub(super) fn hand_over(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        placement: &mut Rng,
        handed: Handed,
    ) {
        if self.life == Life::Running {
            self.take(fx, now, placement, handed);
        } else {
            self.gave_up(fx, handed.message, "IllegalStateException: the producer is closed");
        }
    }

    /// The application calls `send`.
    pub(super) fn take(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        placement: &mut Rng,
        handed: Handed,
    ) {
        self.calls.make(now, &self.settings, Call::Send(handed));
        self.go_on_calling(fx, now, placement);
    }

    /// Takes a record, if its topic and partition are known.
    pub(super) fn accept_if_known(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        placement: &mut Rng,
        handed: &Handed,
    ) -> bool {
        let place = self.destination(handed);
        if let Some(place) = place {
            self.accept(fx, now, placement, place, handed);
        }
        place.is_some()
    }

    /// The place of a record's topic, if that and the partition asked for are known.
    fn destination(&mut self, handed: &Handed) -> Option<usize> {
        let known = self.metadata.topic(&handed.topic)?.partitions;
        if known <= handed.partition.unwrap_or(0) {
            return None;
        }
        let place = self.topics.iter().position(|it| it.name == handed.topic);
        let place = place.unwrap_or_else(|| {
            self.topics.push(Destination::new(handed.topic.clone(), 0));
            self.topics.len() - 1
        });
        self.topics[place].grow(known);
        Some(place)
    }

    /// Source: `KafkaProducer.doSend`.
    fn accept(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        placement: &mut Rng,
        topic: usize,
        handed: &Handed,
    ) {
        let Handed { message, timestamp_ms, .. } = *handed;
        let content = match &handed.passed_on {
            Some(it) => Content::PassedOn(it.clone()),
            None => Content::Message(message),
        };
        let lengths = Lengths::of_content(&self.workload, &content);
        let most = lengths.most_of_one();
        if self.settings.max_request_size < most {
            self.gave_up(fx, message, "MESSAGE_TOO_LARGE: more than max.request.size");
            self.transaction_failed("MESSAGE_TOO_LARGE");
            return;
        }
        let (partition, is_sticky) = self.partition(placement, topic, handed);
        let timestamp_ms = timestamp_ms.unwrap_or(now.as_ms());
        let record = NewRecord { timestamp_ms, content };
        let limit = self.settings.batch_size.max(most);
        let destination = &mut self.topics[topic];
        let queue = &mut destination.queues[partition];
        let grown = queue.append(now, limit, record, lengths);
        if is_sticky {
            destination.sticky.appended(grown, queue.newest_is_full(), self.settings.batch_size);
        }
        if let Err(why) = self.takes_part((topic, partition)) {
            self.gave_up(fx, message, why);
            self.orphans.push(message);
        }
    }

    /// Which partition a record goes to, and whether that is the sticky one.
    ///
    /// Source: `KafkaProducer.partition`.
    fn partition(&mut self, placement: &mut Rng, topic: usize, handed: &Handed) -> (usize, bool) {
        if let Some(partition) = handed.partition {
            return (partition as usize, false);
        }
        let destination = &mut self.topics[topic];
        let partitions =
            u32::try_from(destination.queues.len()).expect("partitions are counted in 32 bits");
        let key = self.workload.key(handed.message);
        let client = self.settings.client;
        match key.and_then(|it| partition_for_key(client, it, partitions)) {
            Some(partition) => (partition as usize, false),
            None if key.is_none() && client == Client::Java => {
                (destination.sticky.partition(placement, &destination.queues), true)
            }
            // Simplified: librdkafka's `sticky.partitioning.linger.ms` counts as 0.
            None => {
                let drawn = placement.below(u64::from(partitions));
                (usize::try_from(drawn).expect("the draw is below a length"), false)
            }
        }
    }

    /// Whether a record came at run time, rather than from its own streams.
    fn was_handed_over(&self, message: MessageId) -> bool {
        self.route(message.index()).is_none()
    }

    pub(super) fn gave_up(&mut self, fx: &mut Vec<Effect>, message: MessageId, why: &'static str) {
        let name = why.split_once(':').map_or(why, |(name, _)| name);
        self.came_of(message, || Err(name));
        self.calls.record_failed(self.is_transactional(), why);
        fx.push(Effect::Note(Fact::GaveUp { producer: self.name.clone(), message, why }));
    }

    pub(super) fn came_of(
        &mut self,
        message: MessageId,
        result: impl FnOnce() -> Result<(TopicPartition, Option<Offset>), &'static str>,
    ) {
        if let Some(place) = self.orphans.iter().position(|it| *it == message) {
            self.orphans.swap_remove(place);
        } else if self.was_handed_over(message) && !self.serves_a_consumer() {
            self.outcomes.push(Sent { message, result: result() });
        }
    }

    /// What became of the records that were handed over at run time, in the order in which that
    /// was known, from number `after` on.
    pub(crate) fn outcomes(&self, after: usize) -> impl Iterator<Item = &Sent> {
        self.outcomes.range(after, self.outcomes.end())
    }

    /// Its settings; those of its next process, if that is to have others.
    pub(crate) fn settings(&self) -> &ProducerSettings {
        self.renewal.as_deref().unwrap_or(&self.settings)
    }

    /// The next process is to be set to that. One that runs is to end for it.
    pub(crate) fn renew(&mut self, settings: ProducerSettings) {
        match self.life {
            Life::Running | Life::Closing => self.renewal = Some(Box::new(settings)),
            Life::Gone => self.settings = settings,
        }
    }

    /// Whether it has ended for another process to follow.
    pub(crate) fn is_to_be_renewed(&self) -> bool {
        self.renewal.is_some() && self.life == Life::Gone
    }

    /// Whether it has handed a message to the network.
    pub(crate) fn has_sent(&self) -> bool {
        0 < self.sent
    }

    /// It starts in the place of one that its application has ended for that: what is due was
    /// kept for it.
    pub(crate) fn replace(&mut self, gone: &Self, now: SimTime) {
        self.follow(gone, now);
        self.next = gone.next;
    }

    /// A process that starts now has missed what its application would have sent before.
    pub(crate) fn begin_at(&mut self, now: SimTime) {
        if now != SimTime::START {
            self.metadata.want();
        }
        let before = |it: &Message| it.at < now;
        while self.workload.messages.get(self.next).is_some_and(before) {
            self.next += 1;
            self.skip_what_others_send();
        }
    }

    /// It starts in the place of one that is gone, and goes on counting where that ended.
    pub(crate) fn follow(&mut self, gone: &Self, now: SimTime) {
        self.begin_at(now);
        self.go_on_after(gone);
        (self.sent, self.acknowledged) = (gone.sent, gone.acknowledged);
        self.outcomes = gone.outcomes.clone();
    }

    /// It stands in the process of a consumer, whose application calls it.
    pub(crate) fn serve_a_consumer(&mut self) {
        self.calls.in_blocks = true;
    }

    /// Whether it stands in the process of a consumer.
    pub(crate) fn serves_a_consumer(&self) -> bool {
        self.calls.in_blocks && self.automatic.is_none()
    }

    /// Whether it runs and has not been closed.
    pub(crate) fn is_open(&self) -> bool {
        self.life == Life::Running
    }

    /// Whether its process runs.
    pub(crate) fn is_running(&self) -> bool {
        self.life != Life::Gone
    }

    /// Whether its process has ended without closing it.
    pub(crate) fn has_crashed(&self) -> bool {
        self.crashed
    }

    pub(super) fn flush(&mut self) {
        for queue in self.topics.iter_mut().flat_map(|it| &mut it.queues) {
            queue.flush();
        }
    }

    pub(super) fn close(&mut self) {
        self.life = Life::Closing;
        self.calls.close();
        self.flush();
    }

    pub(super) fn end_if_closed(&mut self) {
        let mut queues = self.topics.iter().flat_map(|it| &it.queues);
        let is_done = queues.all(|it| it.len() == 0) && self.in_flight.is_empty();
        let is_done = (is_done || self.is_transactional()) && !self.is_ending();
        if self.life == Life::Closing && is_done && self.calls.is_empty() {
            self.life = Life::Gone;
        }
    }

    /// Nothing is left of what it had not sent, but what was told to the application.
    pub(super) fn crash(&mut self) {
        self.life = Life::Gone;
        self.crashed = true;
        self.calls.clear();
        if let Some(settings) = self.renewal.take() {
            self.settings = *settings;
        }
        self.in_flight.clear();
        for destination in &mut self.topics {
            *destination = Destination::new(destination.name.clone(), 0);
        }
    }
}
