//! A broker: the logs on its disk, and what its process remembers.
//!
//! It answers producers and consumers for the partitions it leads, runs retention, and houses the
//! coordinator of the groups whose partition of `__consumer_offsets` it leads. Who is a member of
//! what is the coordinator's business, not its own.

mod duplicates;
mod follower;
mod lifecycle;
mod logs;
mod replicas;
mod roles;
mod transactions;
mod waiting;

use super::config::{Acks, BrokerSettings};
use super::coordinator::{self, Coordinator};
use super::fact::Fact;
use super::log::Log;
use super::message::{
    Answer, Batch, Content, CorrelationId, ErrorCode, NewRecord, Outcomes, ProducerId,
    ProducerStamp, Request,
};
use super::metadata::Metadata;
use super::network::{Node, ReplyTo};
use super::sizes;
use super::transaction::Transactions;
use super::{BrokerId, Offset, TopicPartition};
use crate::map::Map;
use crate::sim::{Rng, SimDuration, SimTime};
use crate::workload::Workload;
pub use duplicates::Duplicates;
use follower::{Fetching, Following};
use lifecycle::{Life, Stage};
use replicas::{Leading, ParkedProduce};
use std::sync::Arc;
use transactions::{Marking, Verifying};
use waiting::ParkedFetch;

/// What reaches a broker.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Its process starts, with what is on its disk.
    Start,
    /// Its process is gone.
    Crash,
    /// Something it waits for is due.
    Wake,
    /// A client asks something.
    Request(ReplyTo, Request),
    /// The controller tells how things are from now on.
    Metadata(Arc<Metadata>),
    /// Another broker or the controller answered.
    Answer(Node, CorrelationId, Answer),
    /// Another broker is gone, or not there.
    Disconnected(BrokerId),
    /// It is asked to shut down in order.
    Stop,
}

/// What a broker wants done.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Answer a client.
    Answer(ReplyTo, Answer),
    /// Close the connection to a client.
    Disconnect(ReplyTo),
    /// Ask another broker or the controller.
    Send(Node, CorrelationId, Request),
    /// Its process ends, in order.
    Stopped,
    /// Tell whoever watches.
    Note(Fact),
}

/// A broker.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Broker {
    id: BrokerId,
    settings: BrokerSettings,
    metadata: Arc<Metadata>,
    workload: Workload,
    /// The logs of the partitions it has.
    ///
    /// Simplified: they outlive any end of the process with all that was appended, as Kafka's do
    /// while the machine itself goes on.
    disk: Map<TopicPartition, Log>,
    /// What it did not append again.
    duplicates: Map<TopicPartition, Duplicates>,
    /// How many producer ids it has given out, ever.
    producer_ids: i64,
    /// If its last process ended in order, the number of that one's registration.
    stopped: Option<u64>,
    /// What its process remembers; none while it does not run.
    memory: Option<Memory>,
}

/// What is lost in a crash.
#[derive(Clone, Debug, Hash)]
struct Memory {
    parked: Vec<ParkedFetch>,
    coordinator: Coordinator,
    transactions: Transactions,
    /// Writes that wait for their partitions to take part in a transaction.
    verifying: Vec<Verifying>,
    marking: Vec<Marking>,
    next_retention: SimTime,
    next_cleaning: SimTime,
    next_expiry: SimTime,
    life: Life,
    next_correlation: CorrelationId,
    leading: Map<TopicPartition, Leading>,
    following: Map<TopicPartition, Following>,
    /// What it waits for from leaders.
    fetching: Map<BrokerId, Fetching>,
    /// Writes that wait for followers.
    produces: Vec<ParkedProduce>,
    /// What the coordinator says, once what it wrote before is safe: up to that offset of that
    /// partition.
    held: Vec<(TopicPartition, Offset, coordinator::Effect)>,
    /// When followers are next looked at, if there are any.
    next_isr_check: Option<SimTime>,
    /// The metadata that the roles are from.
    roles: Option<Arc<Metadata>>,
}

impl Broker {
    /// A broker that is not running yet, with empty logs for the topics it leads partitions of.
    pub(crate) fn new(
        id: BrokerId,
        settings: BrokerSettings,
        metadata: Arc<Metadata>,
        workload: Workload,
    ) -> Self {
        Self {
            id,
            settings,
            metadata,
            workload,
            disk: Map::new(),
            duplicates: Map::new(),
            producer_ids: 0,
            stopped: None,
            memory: None,
        }
    }

    /// Its number.
    pub(crate) fn id(&self) -> BrokerId {
        self.id
    }

    /// Whether its process runs.
    pub(crate) fn is_running(&self) -> bool {
        self.memory.is_some()
    }

    /// The log of a partition that it leads.
    pub(crate) fn log(&self, partition: &TopicPartition) -> Option<&Log> {
        self.disk.get(partition)
    }

    /// All its logs.
    pub(crate) fn logs(&self) -> impl Iterator<Item = (&TopicPartition, &Log)> {
        self.disk.iter()
    }

    /// The coordinator of its groups, while it runs.
    pub(crate) fn coordinator(&self) -> Option<&Coordinator> {
        self.memory.as_ref().map(|it| &it.coordinator)
    }

    /// Takes one input and says what should follow, in order.
    pub(crate) fn step(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        names: &mut Rng,
        input: Input,
    ) {
        match input {
            Input::Start => self.start(fx, now),
            Input::Crash => self.memory = None,
            Input::Wake => self.wake(fx, now, names),
            Input::Request(reply_to, request) => self.answer(fx, now, names, reply_to, request),
            Input::Metadata(metadata) => {
                let deleted = self.learn(fx, now, metadata);
                if !deleted.is_empty() {
                    let input = coordinator::Input::PartitionsDeleted(deleted);
                    self.coordinate(fx, now, names, input);
                }
            }
            Input::Answer(whom, correlation, answer) => {
                self.answered(fx, now, whom, correlation, answer);
            }
            Input::Disconnected(broker) => {
                self.fetch_failed(now, broker);
                self.transactions_lost(now, broker);
            }
            Input::Stop => self.stop(fx, now),
        }
    }

    /// When it next has something to do by itself.
    pub(crate) fn due(&self) -> Option<SimTime> {
        let memory = self.memory.as_ref()?;
        let parked = memory.parked.iter().map(|it| it.deadline);
        let produces = memory.produces.iter().map(|it| it.deadline);
        let checks = [memory.next_retention, memory.next_cleaning, memory.next_expiry];
        let own = parked.chain(produces).chain(checks);
        let own = own.chain(memory.coordinator.due()).chain(memory.life.next);
        let own = own.chain(Self::transactions_due(memory));
        own.chain(Self::replicas_due(memory)).chain(Self::fetches_due(memory)).min()
    }

    /// Nothing is remembered but what the logs say.
    ///
    /// Source: `GroupCoordinatorService.onElection`. Simplified: reading the logs takes no time,
    /// so `COORDINATOR_LOAD_IN_PROGRESS` is never answered.
    fn start(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        assert!(self.memory.is_none(), "a process starts once");
        let expiry = SimDuration::millis(self.settings.producer_id_expiration_ms);
        for log in self.disk.values_mut() {
            log.producers_mut().reload(now, expiry);
        }
        let is_first = now == SimTime::START;
        let stage = if is_first { Stage::Running } else { Stage::Registering };
        let interval = SimDuration::millis(self.settings.broker_heartbeat_interval_ms);
        let next = match stage {
            Stage::Running if self.is_alone() => None,
            Stage::Running => Some(now + interval),
            Stage::Registering | Stage::Fenced | Stage::Stopping(_) => Some(now),
        };
        let delay = SimDuration::millis(self.settings.log_initial_task_delay_ms);
        let longest = SimDuration::millis(self.settings.replica_lag_time_max_ms);
        self.memory = Some(Memory {
            parked: Vec::new(),
            coordinator: Coordinator::new(now, self.settings.clone(), self.metadata.clone()),
            transactions: Transactions::new(now, self.settings.clone()),
            verifying: Vec::new(),
            marking: Vec::new(),
            next_retention: now + delay,
            next_cleaning: now + self.cleaner_backoff(),
            next_expiry: now + self.expiry_interval(),
            life: Life { stage, epoch: 0, next },
            next_correlation: CorrelationId::default(),
            leading: Map::new(),
            following: Map::new(),
            fetching: Map::new(),
            produces: Vec::new(),
            held: Vec::new(),
            next_isr_check: (!self.is_alone()).then_some(now + SimDuration(longest.0 / 2)),
            roles: None,
        });
        if is_first {
            self.assume_roles(fx, now);
            self.fetch(fx, now);
        } else {
            self.talk(fx, now);
        }
    }

    fn memory(&mut self) -> &mut Memory {
        self.memory.as_mut().expect("only a running broker is asked")
    }

    fn wake(&mut self, fx: &mut Vec<Effect>, now: SimTime, names: &mut Rng) {
        if self.memory().next_retention <= now {
            self.retain(fx, now);
        }
        if self.memory().next_cleaning <= now {
            self.clean(fx, now);
        }
        if self.memory().next_expiry <= now {
            self.expire_producers(now);
        }
        for fetch in
            self.memory().parked.extract_if(.., |it| it.deadline <= now).collect::<Vec<_>>()
        {
            let answer = self.read_all(&fetch);
            fx.push(Effect::Answer(fetch.reply_to, answer));
        }
        self.check_replicas(fx, now);
        self.answer_written(fx, now);
        self.fetch(fx, now);
        self.talk(fx, now);
        self.wake_transactions(fx, now);
        self.coordinate(fx, now, names, coordinator::Input::Wake);
    }

    fn expiry_interval(&self) -> SimDuration {
        let interval = self.settings.producer_id_expiration_check_interval_ms;
        SimDuration::millis(interval.max(1))
    }

    /// Forgets the producers that have long been silent.
    ///
    /// Source: `UnifiedLog.removeExpiredProducers`.
    fn expire_producers(&mut self, now: SimTime) {
        let after = SimDuration::millis(self.settings.producer_id_expiration_ms);
        for (_, log) in &mut self.disk {
            log.producers_mut().expire(now, after);
        }
        self.memory().next_expiry = now + self.expiry_interval();
    }

    /// An id that no producer has.
    ///
    /// Simplified: the controller gives each broker blocks of a thousand ids; here the thousands
    /// count the broker's own and the rest is its number.
    fn new_producer_id(&mut self) -> ProducerId {
        let id = self.producer_ids * 1_000 + i64::from(self.id.0) - 1;
        self.producer_ids += 1;
        ProducerId { id, epoch: 0 }
    }

    fn answer(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        names: &mut Rng,
        reply_to: ReplyTo,
        request: Request,
    ) {
        let answer = match request {
            Request::ApiVersions => Answer::ApiVersions,
            Request::Produce { acks, timeout_ms, transactional_id, batches } => {
                return match transactional_id {
                    Some(id) => {
                        let how = (reply_to, acks, timeout_ms);
                        self.produce_in_transaction(fx, now, how, id, batches);
                    }
                    None => {
                        self.produce_now(fx, now, reply_to, (acks, timeout_ms), batches, None);
                    }
                };
            }
            Request::Transaction(request) => return self.transact(fx, now, reply_to, request),
            Request::WriteTxnMarkers { producer, marker, partitions } => {
                let results = self.write_markers(fx, now, producer, marker, partitions);
                Answer::WriteTxnMarkers(results)
            }
            Request::FindTransactionCoordinator { id } => {
                let found = self.metadata.leader(&self.metadata.transactions_partition(&id));
                Answer::FindCoordinator(found.ok_or(ErrorCode::CoordinatorNotAvailable))
            }
            Request::InitProducerId => Answer::InitProducerId(Ok(self.new_producer_id())),
            Request::Fetch { replica, max_wait_ms, min_bytes, partitions } => {
                if let Some(follower) = replica {
                    self.follower_fetches(fx, now, follower, &partitions);
                    self.answer_all(fx, now);
                }
                let deadline = now + SimDuration::millis(max_wait_ms);
                let fetch = ParkedFetch { reply_to, deadline, min_bytes, replica, partitions };
                if max_wait_ms != 0 && !self.is_satisfied(&fetch) {
                    self.memory().parked.push(fetch);
                    return;
                }
                self.read_all(&fetch)
            }
            Request::ListOffsets { partitions } => {
                let mut listed = Vec::new();
                for (partition, at) in partitions {
                    let offset = self.list(&partition, at);
                    listed.push((partition, offset));
                }
                Answer::ListOffsets(listed)
            }
            Request::OffsetForLeaderEpoch { partition, leader_epoch, epoch } => {
                let end = self.epoch_end(&partition, leader_epoch, epoch);
                Answer::OffsetForLeaderEpoch(end)
            }
            Request::DeleteRecords { partition, before } => {
                Answer::DeleteRecords(self.delete_records(fx, &partition, before))
            }
            Request::FindCoordinator { group } => {
                let found = self.metadata.coordinator(group.as_str());
                Answer::FindCoordinator(found.ok_or(ErrorCode::CoordinatorNotAvailable))
            }
            Request::Metadata => Answer::Metadata(self.metadata.clone()),
            Request::Controller(_) => unreachable!("the controller is asked directly"),
            Request::ListGroups => Answer::ListGroups(self.memory().coordinator.list()),
            Request::Group(request) => {
                let input = coordinator::Input::Request(reply_to, request);
                return self.coordinate(fx, now, names, input);
            }
        };
        fx.push(Effect::Answer(reply_to, answer));
    }

    /// Why a partition cannot be written or read here, if it cannot.
    fn refusal(&self, partition: &TopicPartition) -> ErrorCode {
        let exists = self
            .metadata
            .topic(&partition.topic)
            .is_some_and(|topic| partition.partition < topic.partitions);
        if exists { ErrorCode::NotLeaderOrFollower } else { ErrorCode::UnknownTopicOrPartition }
    }

    /// Takes a request to write, but for partitions that are refused already.
    fn produce_now(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        reply_to: ReplyTo,
        (acks, timeout_ms): (Acks, u64),
        mut batches: Vec<(TopicPartition, Batch)>,
        refused: Option<(Vec<TopicPartition>, ErrorCode)>,
    ) {
        let mut waits = Vec::new();
        if let Some((partitions, error)) = refused {
            batches.retain(|(it, _)| !partitions.contains(it));
            waits.extend(partitions.into_iter().map(|it| (it, Err(error))));
        }
        waits.extend(self.produce(fx, now, acks, batches));
        match acks {
            Acks::None => {
                // Source: `KafkaApis.handleProduceRequest`: an error can be told in no other way.
                if waits.iter().any(|(_, it)| it.is_err()) {
                    fx.push(Effect::Disconnect(reply_to));
                }
            }
            Acks::Leader => {
                let results = waits.into_iter().map(|(at, it)| (at, it.map(|(base, _)| base)));
                fx.push(Effect::Answer(reply_to, Answer::Produce(results.collect())));
            }
            Acks::All => {
                let deadline = now + SimDuration::millis(timeout_ms);
                self.memory().produces.push(ParkedProduce { reply_to, deadline, waits });
                self.answer_written(fx, now);
            }
        }
    }

    fn produce(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        acks: Acks,
        batches: Vec<(TopicPartition, Batch)>,
    ) -> Outcomes<(Offset, Offset)> {
        let mut results = Vec::with_capacity(batches.len());
        for (partition, batch) in batches {
            let result = if acks == Acks::All
                && self.led(&partition).is_some()
                && !self.has_enough_replicas(&partition)
            {
                Err(ErrorCode::NotEnoughReplicas)
            } else {
                self.produce_one(fx, now, &partition, &batch)
            };
            let end = self.disk.get(&partition).map_or(Offset(0), Log::log_end);
            results.push((partition, result.map(|base| (base, end))));
        }
        self.answer_satisfied(fx);
        results
    }

    fn produce_one(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        partition: &TopicPartition,
        batch: &Batch,
    ) -> Result<Offset, ErrorCode> {
        if self.led(partition).is_none() {
            return Err(self.refusal(partition));
        }
        let topic = self.metadata.topic(&partition.topic).ok_or_else(|| self.refusal(partition))?;
        self.validate(now, &topic.settings, batch)?;
        let log = self.disk.get(partition).expect("what it leads it has");
        match log.producers().check(batch) {
            Ok(None) => Ok(self.append(fx, now, partition, batch)),
            Ok(Some(base)) => {
                self.note_sequence(fx, now, partition, batch, Ok(base));
                Ok(base)
            }
            Err(error) => {
                self.note_sequence(fx, now, partition, batch, Err(error));
                Err(error)
            }
        }
    }

    /// Appends to a log of its own and lets consumers see it.
    fn append(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        partition: &TopicPartition,
        batch: &Batch,
    ) -> Offset {
        let topic = self.metadata.topic(&partition.topic).expect("the topic of a log exists");
        let leader_epoch = self.leading(partition).map_or(0, |it| it.epoch);
        let log = self.disk.get_mut(partition).expect("what it leads it has");
        let appended = log.append(now, &topic.settings, &Batch { leader_epoch, ..batch.clone() });
        if let Some(base) = appended.rolled {
            fx.push(Effect::Note(Fact::Rolled { partition: partition.clone(), base }));
        }
        for (record, place) in batch.records.iter().zip(0..) {
            if let Some(message) = record.content.message() {
                let (to, offset) = (partition.clone(), Offset(appended.base.0 + place));
                fx.push(Effect::Note(Fact::Appended { message, to, offset }));
            }
        }
        self.raise(now, partition);
        appended.base
    }

    fn coordinate(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        names: &mut Rng,
        input: coordinator::Input,
    ) {
        let mut wanted = Vec::new();
        let id = self.id;
        self.memory().coordinator.step(&mut wanted, now, names, id, input);
        let mut said = Vec::with_capacity(wanted.len());
        let mut unsafe_until: Option<(TopicPartition, Offset)> = None;
        for effect in wanted {
            match effect {
                coordinator::Effect::Append(..) | coordinator::Effect::AppendInTransaction(..) => {
                    let (partition, end) = self.write(fx, now, effect);
                    if self.is_written(&partition, end) != Ok(true) {
                        unsafe_until = Some((partition, end));
                    }
                }
                coordinator::Effect::Answer(..) | coordinator::Effect::Note(_) => said.push(effect),
            }
        }
        for effect in said {
            match &unsafe_until {
                Some((at, end)) => self.memory().held.push((at.clone(), *end, effect)),
                None => self.say(fx, effect),
            }
        }
    }

    /// Writes a coordinator's records through the same log as any other.
    fn write(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        effect: coordinator::Effect,
    ) -> (TopicPartition, Offset) {
        let (group, records, producer) = match effect {
            coordinator::Effect::Append(group, records) => (group, records, None),
            coordinator::Effect::AppendInTransaction(group, records, producer) => {
                (group, records, Some(producer))
            }
            coordinator::Effect::Answer(..) | coordinator::Effect::Note(_) => {
                unreachable!("what is said is not written")
            }
        };
        let partition = self.metadata.offsets_partition(group.as_str());
        let mut size_bytes = sizes::BATCH_OVERHEAD;
        let records = records.into_iter().zip(0..).map(|(it, place)| {
            let value = it.value.as_ref().map(|it| it.len() as u64);
            size_bytes += sizes::record(0, place, Some(it.key.len() as u64), value);
            NewRecord { timestamp_ms: now.as_ms(), content: Content::Internal(Arc::new(it)) }
        });
        // Source: `CoordinatorPartitionWriter`: in a transaction they have no sequence numbers.
        let stamp = |it: ProducerId| ProducerStamp { id: it.id, epoch: it.epoch, sequence: -1 };
        let batch = Batch {
            producer: producer.map(stamp),
            transactional: producer.is_some(),
            ..Batch::plain(records.collect(), size_bytes)
        };
        self.append(fx, now, &partition, &batch);
        let end = self.disk.get(&partition).map_or(Offset(0), Log::log_end);
        self.answer_satisfied(fx);
        (partition, end)
    }
}
