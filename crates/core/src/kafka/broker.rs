//! A broker: the logs on its disk, and what its process remembers.
//!
//! It answers producers and consumers for the partitions it leads, runs retention, and houses the
//! coordinator of the groups whose partition of `__consumer_offsets` it leads. Who is a member of
//! what is the coordinator's business, not its own.

mod logs;

use super::config::{Acks, BrokerSettings};
use super::coordinator::{self, Coordinator};
use super::fact::Fact;
use super::log::{Log, Slice};
use super::message::{
    Answer, Batch, Content, ErrorCode, FetchPosition, Internal, NewRecord, ProducerId, Request,
};
use super::metadata::Metadata;
use super::network::ReplyTo;
use super::sizes;
use super::{BrokerId, Offset, TopicPartition};
use crate::map::Map;
use crate::name::GroupId;
use crate::sim::{Rng, SimDuration, SimTime};
use crate::workload::Workload;
use std::sync::Arc;

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
}

/// What a broker wants done.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Answer a client.
    Answer(ReplyTo, Answer),
    /// Close the connection to a client.
    Disconnect(ReplyTo),
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
    /// The logs of the partitions it leads.
    disk: Map<TopicPartition, Log>,
    /// How many producer ids it has given out, ever.
    producer_ids: i64,
    /// What its process remembers; none while it does not run.
    memory: Option<Memory>,
}

/// What is lost in a crash.
#[derive(Clone, Debug, Hash)]
struct Memory {
    parked: Vec<ParkedFetch>,
    coordinator: Coordinator,
    next_retention: SimTime,
    next_cleaning: SimTime,
    next_expiry: SimTime,
}

/// A fetch that waits for records.
#[derive(Clone, Debug, Hash)]
struct ParkedFetch {
    reply_to: ReplyTo,
    deadline: SimTime,
    min_bytes: u64,
    partitions: Vec<FetchPosition>,
}

impl Broker {
    /// A broker that is not running yet, with empty logs for the topics it leads partitions of.
    pub(crate) fn new(
        id: BrokerId,
        settings: BrokerSettings,
        metadata: Arc<Metadata>,
        workload: Workload,
    ) -> Self {
        let disk = Map::new();
        let mut broker =
            Self { id, settings, metadata, workload, disk, producer_ids: 0, memory: None };
        broker.make_logs(SimTime::START);
        broker
    }

    /// Makes the logs of the partitions that it is to have and does not have yet.
    fn make_logs(&mut self, now: SimTime) {
        for topic in &self.metadata.topics {
            for (state, partition) in topic.states.iter().zip(0..) {
                if state.replicas.contains(&self.id) {
                    let partition = TopicPartition { topic: topic.name.clone(), partition };
                    self.disk.get_or_insert_with(partition, || Log::new(now));
                }
            }
        }
    }

    /// Things are otherwise from now on.
    fn learn(&mut self, fx: &mut Vec<Effect>, now: SimTime, metadata: Arc<Metadata>) {
        if metadata.version <= self.metadata.version {
            return;
        }
        let before = std::mem::replace(&mut self.metadata, metadata);
        for topic in before.every_topic() {
            let same = self.metadata.topic(&topic.name).is_some_and(|it| it.id == topic.id);
            if !same {
                self.disk.retain(|it, _| it.topic != topic.name);
            }
        }
        self.make_logs(now);
        let metadata = self.metadata.clone();
        self.memory().coordinator.learn(metadata);
        self.answer_satisfied(fx);
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
            Input::Metadata(metadata) => self.learn(fx, now, metadata),
        }
    }

    /// When it next has something to do by itself.
    pub(crate) fn due(&self) -> Option<SimTime> {
        let memory = self.memory.as_ref()?;
        let parked = memory.parked.iter().map(|it| it.deadline);
        let checks = [memory.next_retention, memory.next_cleaning, memory.next_expiry];
        parked.chain(checks).chain(memory.coordinator.due()).min()
    }

    /// Nothing is remembered but what the logs say.
    ///
    /// Source: `GroupCoordinatorService.onElection`. Simplified: reading the logs takes no time,
    /// so `COORDINATOR_LOAD_IN_PROGRESS` is never answered.
    fn start(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        assert!(self.memory.is_none(), "a process starts once");
        let mut coordinator = Coordinator::new(now, self.settings.clone(), self.metadata.clone());
        let expiry = SimDuration::millis(self.settings.producer_id_expiration_ms);
        for (partition, log) in &mut self.disk {
            log.producers_mut().reload(now, expiry);
            if partition.topic == self.metadata.offsets.name {
                coordinator.load(fx, now, partition, log);
            }
        }
        let delay = SimDuration::millis(self.settings.log_initial_task_delay_ms);
        self.memory = Some(Memory {
            parked: Vec::new(),
            coordinator,
            next_retention: now + delay,
            next_cleaning: now + self.cleaner_backoff(),
            next_expiry: now + self.expiry_interval(),
        });
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
            let answer = self.read_all(&fetch.partitions);
            fx.push(Effect::Answer(fetch.reply_to, answer));
        }
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
            Request::Produce { acks, batches } => {
                let results = self.produce(fx, now, batches);
                if acks == Acks::None {
                    // Source: `KafkaApis.handleProduceRequest`: an error can be told in no other
                    // way.
                    if results.iter().any(|(_, it)| it.is_err()) {
                        fx.push(Effect::Disconnect(reply_to));
                    }
                    return;
                }
                // With one replica everyone in sync has it as soon as the leader has.
                Answer::Produce(results)
            }
            Request::InitProducerId => Answer::InitProducerId(Ok(self.new_producer_id())),
            Request::Fetch { max_wait_ms, min_bytes, partitions } => {
                let deadline = now + SimDuration::millis(max_wait_ms);
                let fetch = ParkedFetch { reply_to, deadline, min_bytes, partitions };
                if max_wait_ms != 0 && !self.is_satisfied(&fetch) {
                    self.memory().parked.push(fetch);
                    return;
                }
                self.read_all(&fetch.partitions)
            }
            Request::ListOffsets { partition, at } => {
                Answer::ListOffsets(self.list(&partition, at))
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

    /// The log of a partition, if it leads that.
    fn led(&self, partition: &TopicPartition) -> Option<&Log> {
        let log = self.disk.get(partition)?;
        (self.metadata.leader(partition) == Some(self.id)).then_some(log)
    }

    /// Why a partition cannot be written or read here, if it cannot.
    fn refusal(&self, partition: &TopicPartition) -> ErrorCode {
        let exists = self
            .metadata
            .topic(&partition.topic)
            .is_some_and(|topic| partition.partition < topic.partitions);
        if exists { ErrorCode::NotLeaderOrFollower } else { ErrorCode::UnknownTopicOrPartition }
    }

    fn produce(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        batches: Vec<(TopicPartition, Batch)>,
    ) -> Vec<(TopicPartition, Result<Offset, ErrorCode>)> {
        let mut results = Vec::with_capacity(batches.len());
        for (partition, batch) in batches {
            let result = self.produce_one(fx, now, &partition, &batch);
            results.push((partition, result));
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
        let known = self.disk.get(partition).map(|log| log.producers().check(batch));
        match known.transpose()?.flatten() {
            Some(base) => Ok(base),
            None => Ok(self.append(fx, now, partition, batch)),
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
        let log = self.disk.get_or_insert_with(partition.clone(), || Log::new(now));
        let appended = log.append(now, &topic.settings, batch);
        if let Some(base) = appended.rolled {
            fx.push(Effect::Note(Fact::Rolled { partition: partition.clone(), base }));
        }
        for (record, place) in batch.records.iter().zip(0..) {
            if let Content::Message(message) = record.content {
                let (to, offset) = (partition.clone(), Offset(appended.base.0 + place));
                fx.push(Effect::Note(Fact::Appended { message, to, offset }));
            }
        }
        // The leader is the only replica, so every in-sync replica has all that it has.
        log.raise_high_watermark(log.log_end());
        appended.base
    }

    /// Answers the parked fetches for which there is enough now.
    fn answer_satisfied(&mut self, fx: &mut Vec<Effect>) {
        let parked = std::mem::take(&mut self.memory().parked);
        let (satisfied, waiting) = parked.into_iter().partition(|it| self.is_satisfied(it));
        self.memory().parked = waiting;
        for fetch in satisfied {
            let answer = self.read_all(&fetch.partitions);
            fx.push(Effect::Answer(fetch.reply_to, answer));
        }
    }

    /// Source: `DelayedFetch.tryComplete`: enough bytes, or an error that should not wait.
    fn is_satisfied(&self, fetch: &ParkedFetch) -> bool {
        let mut bytes = 0;
        for it in &fetch.partitions {
            let Some(log) = self.led(&it.partition) else { return true };
            if it.from < log.log_start() || log.log_end() < it.from {
                return true;
            }
            bytes += log.readable_bytes(it.from, fetch.min_bytes);
        }
        fetch.min_bytes <= bytes
    }

    fn read_all(&self, positions: &[FetchPosition]) -> Answer {
        let results = positions.iter().map(|it| {
            let slice = match self.led(&it.partition) {
                Some(log) => {
                    log.read(it.from, it.max_bytes).map_err(|_| ErrorCode::OffsetOutOfRange)
                }
                None => Err(self.refusal(&it.partition)),
            };
            (it.partition.clone(), slice)
        });
        // What has nothing to tell is left out, as in Kafka's incremental fetch sessions. A batch
        // that was cleaned until it was empty does tell where to go on.
        let tells = |it: &Result<Slice, _>| it.as_ref().map_or(true, |it| !it.heads.is_empty());
        Answer::Fetch(results.filter(|(_, it)| tells(it)).collect())
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
        for effect in wanted {
            match effect {
                coordinator::Effect::Answer(reply_to, answer) => {
                    fx.push(Effect::Answer(reply_to, answer));
                }
                coordinator::Effect::Note(fact) => fx.push(Effect::Note(fact)),
                coordinator::Effect::Append(group, records) => {
                    self.write(fx, now, &group, records);
                }
            }
        }
    }

    /// Writes a coordinator's records through the same log as any other.
    fn write(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        group: &GroupId,
        records: Vec<Internal>,
    ) {
        let partition = self.metadata.offsets_partition(group.as_str());
        let mut size_bytes = sizes::BATCH_OVERHEAD;
        let records = records.into_iter().zip(0..).map(|(it, place)| {
            let value = it.value.as_ref().map(|it| it.len() as u64);
            size_bytes += sizes::record(0, place, Some(it.key.len() as u64), value);
            NewRecord { timestamp_ms: now.as_ms(), content: Content::Internal(Arc::new(it)) }
        });
        let batch = Batch::plain(records.collect(), size_bytes);
        self.append(fx, now, &partition, &batch);
    }
}
