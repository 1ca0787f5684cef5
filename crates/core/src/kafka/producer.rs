//! A producer: it places the workload's messages, gathers them in batches, sends these to the
//! leaders and tries again until they are in the log or their time is up.

mod accumulator;
mod automatic;
mod calls;
mod handed;
mod identity;
mod metadata;
mod sender;
mod sticky;
mod transactions;

use super::BrokerId;
use super::config::ProducerSettings;
use super::connection::Connections;
use super::fact::Fact;
use super::message::{Answer, CorrelationId, Request};
use super::metadata::{Cached, Metadata};
use crate::map::Map;
use crate::name::{ProducerName, TopicName};
use crate::sim::{Rng, Shelf, SimDuration, SimTime};
use crate::workload::{MessageId, Workload};
use accumulator::{Queue, Waiting};
use automatic::Automatic;
pub(crate) use calls::Call;
use calls::Calls;
pub(crate) use handed::Handed;
pub use handed::Sent;
use identity::Identity;
use std::sync::Arc;
use sticky::Sticky;
use transactions::Transacting;
pub use transactions::{
    GroupMember, ProducerTransaction, Stage as TransactionStage, TransactionCall,
};

/// `retry.backoff.max.ms`.
const MOST_RETRY_BACKOFF: SimDuration = SimDuration::millis(1_000);

/// What reaches a producer.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Something it waits for is due: a message of the application, or a deadline of its own.
    Wake,
    /// The application hands over a record now.
    Send(Handed),
    /// The application makes a call.
    Call(Call),
    /// The application closes it: what it has still goes out, nothing more is taken.
    Close,
    /// Its process is gone.
    Crash,
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
    /// Tell the application that owns it how a block of calls went.
    Told(Result<(), &'static str>),
}

/// A producer.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Producer {
    name: ProducerName,
    settings: ProducerSettings,
    metadata: Cached,
    /// Who is asked for the metadata just now, and when that is given up.
    asked: Option<(BrokerId, SimTime)>,
    workload: Workload,
    /// Where each stream goes, as a place in `topics`; none if another producer sends it.
    routes: Vec<Option<usize>>,
    /// The topics it writes to.
    topics: Vec<Destination>,
    /// The place in the workload of the next message that is its own; the end if there is none.
    next: usize,
    connections: Connections,
    in_flight: Map<CorrelationId, InFlight>,
    next_correlation: CorrelationId,
    sent: u64,
    acknowledged: u64,
    life: Life,
    identity: Identity,
    transacting: Transacting,
    /// Records that were refused though they lie in a batch: their fate is told already.
    orphans: Vec<MessageId>,
    /// What its application has called and has not returned from.
    calls: Calls,
    /// The application that sends its own streams in transactions.
    automatic: Option<Automatic>,
    /// What became of the records that were handed over at run time.
    outcomes: Shelf<Sent>,
    /// Whether its process has ended without closing it.
    crashed: bool,
    /// What the next process is to be set to, which starts as soon as this one has ended.
    renewal: Option<Box<ProducerSettings>>,
}

/// Whether its process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Life {
    Running,
    /// It sends what it has and then ends.
    Closing,
    Gone,
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
            metadata: Cached::new(SimTime::START, metadata),
            asked: None,
            workload,
            routes,
            topics,
            next: 0,
            connections: Connections::default(),
            in_flight: Map::new(),
            next_correlation: CorrelationId::default(),
            sent: 0,
            acknowledged: 0,
            life: Life::Running,
            identity: Identity::default(),
            transacting: Transacting::default(),
            orphans: Vec::new(),
            calls: Calls::default(),
            automatic: None,
            outcomes: Shelf::new(),
            crashed: false,
            renewal: None,
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
            Input::Send(handed) => return self.hand_over(fx, now, placement, handed),
            Input::Call(call) => self.calls.make(now, &self.settings, call),
            Input::Close => {
                self.abort_to_close(fx);
                self.close();
            }
            Input::Crash => {
                if !self.serves_a_consumer() {
                    fx.push(Effect::Note(Fact::ProducerCrashed(self.name.clone())));
                }
                return self.crash();
            }
            Input::Answer(broker, correlation, answer) => {
                self.answer(fx, now, broker, correlation, answer);
            }
            Input::Disconnected(broker) => self.disconnected(fx, now, broker),
        }
        self.take_what_is_due(fx, now, placement);
        self.expire(fx, now);
        self.connect(fx, now);
        self.refresh_metadata(fx, now);
        self.identify(fx, now);
        self.transact(fx, now);
        self.go_on_calling(fx, now, placement);
        self.send_what_is_ready(fx, now);
        self.end_if_closed();
    }

    /// When it next has something to do by itself.
    pub(crate) fn due(&self) -> Option<SimTime> {
        if self.life == Life::Gone {
            return None;
        }
        let message = self.workload.messages.get(self.next).map(|it| it.at);
        let message = message.filter(|_| self.life == Life::Running && self.takes_messages());
        let requests = self.in_flight.values().map(|it| it.deadline);
        let carried = self.in_flight.values().flat_map(|it| &it.batches);
        let deliveries = carried.map(|(_, it)| self.delivery_deadline(it));
        let queues = self.places().into_iter().filter_map(|place| {
            let queue = &self.topics[place.0].queues[place.1];
            let first = queue.first()?;
            let leader = self.metadata.leader(queue.partition());
            let can_send = leader.is_some_and(|it| self.can_send_to(it));
            let ready = (can_send && self.may_drain(place)).then(|| queue.ready_at(self.linger()));
            ready.flatten().into_iter().chain([self.delivery_deadline(first)]).min()
        });
        let own = message.into_iter().chain(requests).chain(deliveries).chain(queues);
        let asking = self.metadata_due().into_iter().chain(self.identity_due());
        let asking = asking.chain(self.transaction_due());
        own.chain(self.connections.due()).chain(asking).chain(self.calls_due()).min()
    }

    fn linger(&self) -> SimDuration {
        SimDuration::millis(self.settings.linger_ms)
    }

    fn delivery_deadline(&self, batch: &Waiting) -> SimTime {
        batch.created + self.settings.delivery_timeout()
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
        self.go_on_calling(fx, now, placement);
        while self.life == Life::Running
            && self.takes_messages()
            && let Some(message) = self.workload.messages.get(self.next)
            && message.at <= now
        {
            let topic = self.route(self.next).expect("the next message is its own");
            let topic = self.topics[topic].name.clone();
            let message = MessageId::at(self.next);
            let handed =
                Handed { topic, message, partition: None, timestamp_ms: None, passed_on: None };
            self.next += 1;
            self.skip_what_others_send();
            self.take_one(fx, now, placement, handed);
        }
    }

    /// A message of its own streams has come.
    fn take_one(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        placement: &mut Rng,
        handed: Handed,
    ) {
        if self.automatic.is_some() {
            self.send_in_transaction(now, handed);
            self.go_on_calling(fx, now, placement);
        } else {
            self.take(fx, now, placement, handed);
        }
    }
}

impl Destination {
    fn new(name: TopicName, partitions: u32) -> Self {
        let queues = (0..partitions).map(|it| Queue::new(&name, it)).collect();
        Self { name, queues, sticky: Sticky::default() }
    }

    /// The topic has so many partitions now.
    fn grow(&mut self, partitions: u32) {
        let known = u32::try_from(self.queues.len()).expect("partitions are counted in 32 bits");
        self.queues.extend((known..partitions).map(|it| Queue::new(&self.name, it)));
    }
}

#[cfg(test)]
mod tests;
