//! The coordinator of the transactional ids whose partition of `__transaction_state` its broker
//! leads: who writes under an id, which partitions take part in a transaction, and how it ends.
//!
//! Source: `TransactionCoordinator`, `TransactionMetadata`, `TransactionMarkerChannelManager`, for
//! transaction version 2 (KIP-890): every transaction has an epoch of its own.
//! Simplified: an id is never forgotten (`transactional.id.expiration.ms`), and a state counts as
//! soon as it is appended; only the answer waits until it is safe.

use super::config::BrokerSettings;
use super::fact::{EndReason, TransactionFact};
use super::log::Log;
use super::message::transaction::{DescribedTransaction, TransactionRequest};
use super::message::{Answer, ErrorCode, Internal, Marker, Outcomes, ProducerId};
use super::metadata::Metadata;
use super::network::ReplyTo;
use super::schema::transaction::{TransactionValue, transaction_id, transaction_key};
use super::{BrokerId, TopicPartition};
use crate::map::Map;
use crate::name::TransactionalId;
use crate::sim::{SimDuration, SimTime};

/// How long the leader of a partition may take to answer that it wrote a marker.
const MARKER_TIMEOUT: SimDuration = SimDuration::millis(30_000);
/// After how long a leader that could not write a marker is asked again.
const MARKER_BACKOFF: SimDuration = SimDuration::millis(100);

/// What a coordinator wants done.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Answer, once what was to be appended before is safe.
    Answer(ReplyTo, Answer),
    /// Append that to the id's partition of `__transaction_state`.
    Append(TransactionalId, Internal),
    /// Ask a leader to write markers.
    WriteMarkers(BrokerId, ProducerId, Marker, Vec<TopicPartition>),
    /// Tell whoever watches.
    Note(TransactionFact),
}

/// Where a transactional id stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Empty,
    Ongoing,
    Prepare(Marker),
    Complete(Marker),
}

impl State {
    /// Source: `TransactionState`: the names that the tools print and the numbers in the log.
    const ALL: [(Self, u8, &'static str); 6] = [
        (Self::Empty, 0, "Empty"),
        (Self::Ongoing, 1, "Ongoing"),
        (Self::Prepare(Marker::Commit), 2, "PrepareCommit"),
        (Self::Prepare(Marker::Abort), 3, "PrepareAbort"),
        (Self::Complete(Marker::Commit), 4, "CompleteCommit"),
        (Self::Complete(Marker::Abort), 5, "CompleteAbort"),
    ];

    fn told(self) -> (u8, &'static str) {
        let told = Self::ALL.iter().find(|(it, ..)| *it == self);
        told.map(|(_, number, name)| (*number, *name)).expect("every state is listed")
    }
}

/// A transactional id.
#[derive(Clone, Debug, Hash)]
struct Transaction {
    producer: ProducerId,
    timeout_ms: u64,
    state: State,
    /// Those that take part; while it ends, those without their marker, and when the leader is
    /// to be asked for that.
    partitions: Map<TopicPartition, SimTime>,
    started: SimTime,
}

/// The coordinator.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Transactions {
    settings: BrokerSettings,
    known: Map<TransactionalId, Transaction>,
    next_scan: SimTime,
}

impl Transactions {
    /// One that knows of no transaction, in a process that starts now.
    pub(crate) fn new(now: SimTime, settings: BrokerSettings) -> Self {
        let mut it = Self { settings, known: Map::new(), next_scan: now };
        it.plan_scan(now);
        it
    }

    fn plan_scan(&mut self, now: SimTime) {
        let interval =
            self.settings.transaction_abort_timed_out_transaction_cleanup_interval_ms.max(1);
        self.next_scan = now + SimDuration::millis(interval);
    }

    /// When it next has something to do by itself.
    pub(crate) fn due(&self) -> Option<SimTime> {
        let ending = self.known.values().filter(|it| matches!(it.state, State::Prepare(_)));
        let markers = ending.flat_map(|it| it.partitions.values().copied());
        let open = self.known.values().any(|it| it.state == State::Ongoing);
        markers.chain(open.then_some(self.next_scan)).min()
    }

    /// Answers a request. `fresh` is a producer id that nobody has.
    pub(crate) fn answer(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        metadata: &Metadata,
        (reply_to, request): (ReplyTo, TransactionRequest),
        fresh: impl FnOnce() -> ProducerId,
    ) {
        let answer = match &request {
            TransactionRequest::InitProducerId { id, timeout_ms } => {
                Answer::InitProducerId(self.init(fx, now, id, *timeout_ms, fresh))
            }
            TransactionRequest::AddPartitions { id, producer, partitions } => {
                Answer::AddedToTxn(self.add(fx, now, id, *producer, partitions))
            }
            TransactionRequest::AddOffsets { id, producer, group } => {
                let partitions = [metadata.offsets_partition(group.as_str())];
                Answer::AddedToTxn(self.add(fx, now, id, *producer, &partitions))
            }
            TransactionRequest::EndTxn { id, producer, marker } => {
                Answer::EndTxn(self.end(fx, now, id, *producer, *marker))
            }
            TransactionRequest::Describe { id } => {
                let known = self.known.get(id).ok_or(ErrorCode::TransactionalIdNotFound);
                Answer::DescribeTransaction(known.map(Transaction::describe))
            }
        };
        fx.push(Effect::Answer(reply_to, answer));
        self.go_on(fx, now, metadata);
    }

    /// Source: `TransactionCoordinator.handleInitProducerId`: who comes second aborts what the
    /// first left open, and is told to come again.
    fn init(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        id: &TransactionalId,
        timeout_ms: u64,
        fresh: impl FnOnce() -> ProducerId,
    ) -> Result<ProducerId, ErrorCode> {
        if timeout_ms == 0 || self.settings.transaction_max_timeout_ms < timeout_ms {
            return Err(ErrorCode::InvalidTransactionTimeout);
        }
        let Some(known) = self.known.get_mut(id) else {
            let producer = fresh();
            let new = Transaction {
                producer,
                timeout_ms,
                state: State::Empty,
                partitions: Map::new(),
                started: now,
            };
            fx.push(new.record(now, id));
            self.known.insert(id.clone(), new);
            return Ok(producer);
        };
        match known.state {
            State::Prepare(_) => Err(ErrorCode::ConcurrentTransactions),
            State::Ongoing => {
                known.prepare(fx, now, id, Marker::Abort, EndReason::Fenced);
                Err(ErrorCode::ConcurrentTransactions)
            }
            State::Empty | State::Complete(_) => {
                // Source: `TransactionMetadata.isProducerEpochExhausted`.
                known.producer = if known.producer.epoch < i16::MAX - 1 {
                    known.producer.next()
                } else {
                    fresh()
                };
                (known.state, known.timeout_ms) = (State::Empty, timeout_ms);
                known.partitions.clear();
                fx.push(known.record(now, id));
                Ok(known.producer)
            }
        }
    }

    /// Source: `TransactionCoordinator.handleAddPartitionsToTransaction`.
    fn add(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        id: &TransactionalId,
        producer: ProducerId,
        partitions: &[TopicPartition],
    ) -> Result<(), ErrorCode> {
        let known = self.known.get_mut(id).ok_or(ErrorCode::InvalidProducerIdMapping)?;
        if known.producer.id != producer.id {
            return Err(ErrorCode::InvalidProducerIdMapping);
        }
        if known.producer.epoch != producer.epoch {
            return Err(known.fence(fx, id, producer));
        }
        match known.state {
            State::Prepare(_) => return Err(ErrorCode::ConcurrentTransactions),
            State::Ongoing if partitions.iter().all(|it| known.partitions.contains_key(it)) => {
                return Ok(());
            }
            State::Ongoing => {}
            State::Empty | State::Complete(_) => {
                (known.state, known.started) = (State::Ongoing, now);
                known.partitions.clear();
            }
        }
        let mut added = Vec::new();
        for it in partitions {
            if known.partitions.insert(it.clone(), now).is_none() {
                added.push(it.clone());
            }
        }
        fx.push(known.record(now, id));
        fx.push(Effect::Note(TransactionFact::Added { id: id.clone(), partitions: added }));
        Ok(())
    }

    /// Source: `TransactionCoordinator.endTransaction`.
    fn end(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        id: &TransactionalId,
        producer: ProducerId,
        marker: Marker,
    ) -> Result<ProducerId, ErrorCode> {
        let known = self.known.get_mut(id).ok_or(ErrorCode::InvalidProducerIdMapping)?;
        if known.producer.id != producer.id {
            return Err(ErrorCode::InvalidProducerIdMapping);
        }
        let is_same = known.producer.epoch == producer.epoch;
        // It was ended before, and the answer may have been lost.
        let is_repeated = known.producer == producer.next();
        let is_valid = match known.state {
            State::Empty | State::Ongoing => is_same,
            State::Prepare(_) => is_repeated,
            State::Complete(_) => is_same || is_repeated,
        };
        if !is_valid {
            return Err(known.fence(fx, id, producer));
        }
        match known.state {
            State::Prepare(its) if its == marker => Err(ErrorCode::ConcurrentTransactions),
            State::Complete(its) if is_repeated && its == marker => Ok(known.producer),
            State::Prepare(_) => Err(ErrorCode::InvalidTxnState),
            State::Complete(_) if is_repeated => Err(ErrorCode::InvalidTxnState),
            State::Empty | State::Complete(_) if marker == Marker::Commit => {
                Err(ErrorCode::InvalidTxnState)
            }
            State::Empty | State::Ongoing | State::Complete(_) => {
                if known.state != State::Ongoing {
                    known.partitions.clear();
                }
                known.prepare(fx, now, id, marker, EndReason::Asked);
                Ok(known.producer)
            }
        }
    }

    /// Time has passed.
    pub(crate) fn wake(&mut self, fx: &mut Vec<Effect>, now: SimTime, metadata: &Metadata) {
        if self.next_scan <= now {
            self.abort_late(fx, now);
            self.plan_scan(now);
        }
        self.go_on(fx, now, metadata);
    }

    /// Aborts what was open for longer than its producer wanted, under a further epoch.
    ///
    /// Source: `TransactionCoordinator.abortTimedOutTransactions`.
    fn abort_late(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        for (id, known) in &mut self.known {
            let end = known.started + SimDuration::millis(known.timeout_ms);
            if known.state == State::Ongoing && end < now {
                let why = EndReason::TimedOut(known.timeout_ms);
                known.prepare(fx, now, id, Marker::Abort, why);
            }
        }
    }

    /// Asks for the markers that are missing, and completes what has them all.
    fn go_on(&mut self, fx: &mut Vec<Effect>, now: SimTime, metadata: &Metadata) {
        for (id, known) in &mut self.known {
            let State::Prepare(marker) = known.state else { continue };
            // A partition that is gone needs no marker.
            known.partitions.retain(|it, _| metadata.partition(it).is_some());
            if known.partitions.is_empty() {
                known.state = State::Complete(marker);
                fx.push(known.record(now, id));
                fx.push(Effect::Note(TransactionFact::Completed { id: id.clone(), marker }));
                continue;
            }
            let mut wanted: Map<BrokerId, Vec<TopicPartition>> = Map::new();
            for (partition, at) in &mut known.partitions {
                if now < *at {
                    continue;
                }
                *at = now + MARKER_BACKOFF;
                if let Some(leader) = metadata.leader(partition) {
                    *at = now + MARKER_TIMEOUT;
                    wanted.get_or_default(leader).push(partition.clone());
                }
            }
            for (leader, partitions) in wanted {
                fx.push(Effect::WriteMarkers(leader, known.producer, marker, partitions));
            }
        }
    }

    /// A leader answered that markers are written, or why not.
    ///
    /// Source: `TransactionMarkerRequestCompletionHandler`.
    pub(crate) fn marked(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        metadata: &Metadata,
        producer: ProducerId,
        results: Outcomes<()>,
    ) {
        for known in self.known.values_mut().filter(|it| it.producer == producer) {
            if !matches!(known.state, State::Prepare(_)) {
                continue;
            }
            for (partition, result) in &results {
                match result {
                    Err(error) if error.is_retriable() => {
                        if let Some(at) = known.partitions.get_mut(partition) {
                            *at = now + MARKER_BACKOFF;
                        }
                    }
                    Ok(()) | Err(_) => {
                        known.partitions.remove(partition);
                    }
                }
            }
        }
        self.go_on(fx, now, metadata);
    }

    /// A broker is gone, with what it was asked.
    pub(crate) fn lost(&mut self, now: SimTime, metadata: &Metadata, broker: BrokerId) {
        for known in self.known.values_mut() {
            for (partition, at) in &mut known.partitions {
                if metadata.leader(partition).is_none_or(|it| it == broker) {
                    *at = now + MARKER_BACKOFF;
                }
            }
        }
    }

    /// Reads one partition of `__transaction_state`.
    ///
    /// Source: `TransactionStateManager.loadTransactionMetadata`.
    pub(crate) fn load(&mut self, now: SimTime, log: &Log) {
        for (key, value) in log.records().filter_map(|it| it.internal()) {
            let Some(id) = transaction_id(key).map(TransactionalId::from) else { continue };
            let value = value.and_then(|it| TransactionValue::decode(it));
            match value.and_then(|it| Transaction::read(now, it)) {
                Some(it) => self.known.insert(id, it),
                None => self.known.remove(&id),
            };
        }
    }

    /// Another broker coordinates these from now on.
    pub(crate) fn unload(&mut self, metadata: &Metadata, partition: &TopicPartition) {
        self.known.retain(|it, _| metadata.transactions_partition(it) != *partition);
    }
}

impl Transaction {
    /// It ends: what was the producer's epoch is over, and the marker carries the next one.
    fn prepare(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        id: &TransactionalId,
        marker: Marker,
        why: EndReason,
    ) {
        self.state = State::Prepare(marker);
        self.producer = self.producer.next();
        for at in self.partitions.values_mut() {
            *at = now;
        }
        fx.push(self.record(now, id));
        fx.push(Effect::Note(TransactionFact::Prepared { id: id.clone(), marker, why }));
    }

    /// Refuses what a producer asks for under an epoch that is over.
    fn fence(&self, fx: &mut Vec<Effect>, id: &TransactionalId, producer: ProducerId) -> ErrorCode {
        let (epoch, current) = (producer.epoch, self.producer.epoch);
        fx.push(Effect::Note(TransactionFact::Fenced { id: id.clone(), epoch, current }));
        ErrorCode::ProducerFenced
    }

    fn describe(&self) -> DescribedTransaction {
        DescribedTransaction {
            state: self.state.told().1,
            epoch: self.producer.epoch,
            partitions: self.partitions.keys().cloned().collect(),
        }
    }

    fn record(&self, now: SimTime, id: &TransactionalId) -> Effect {
        let value = TransactionValue {
            producer_id: self.producer.id,
            epoch: self.producer.epoch,
            timeout_ms: i32::try_from(self.timeout_ms).unwrap_or(i32::MAX),
            status: self.state.told().0,
            partitions: self.partitions.keys().cloned().collect(),
            updated_ms: now.as_ms(),
            started_ms: self.started.as_ms(),
        };
        let (key, value) = (transaction_key(id.as_str()), Some(value.encode()));
        Effect::Append(id.clone(), Internal { key, value })
    }

    fn read(now: SimTime, it: TransactionValue) -> Option<Self> {
        let (state, ..) = State::ALL.iter().find(|(_, number, _)| *number == it.status)?;
        Some(Self {
            producer: ProducerId { id: it.producer_id, epoch: it.epoch },
            timeout_ms: u64::try_from(it.timeout_ms).unwrap_or_default(),
            state: *state,
            partitions: it.partitions.into_iter().map(|it| (it, now)).collect(),
            started: SimTime::from_ms(u64::try_from(it.started_ms).unwrap_or_default()),
        })
    }
}

/// The answer of a broker that does not coordinate an id.
pub(crate) fn not_coordinator(request: &TransactionRequest) -> Answer {
    request.refused(ErrorCode::NotCoordinator)
}
