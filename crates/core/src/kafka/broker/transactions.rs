//! What a broker does for transactions: it houses their coordinator, sees to it that a partition
//! takes part before its first batch is written, and writes the markers that end them.

use super::{Broker, Effect, coordinator};
use crate::kafka::TopicPartition;
use crate::kafka::config::Acks;
use crate::kafka::fact::{Fact, TransactionFact};
use crate::kafka::log::Log;
use crate::kafka::message::transaction::TransactionRequest;
use crate::kafka::message::{
    Batch, Content, CorrelationId, ErrorCode, Internal, Marker, NewRecord, Outcomes, ProducerId,
    ProducerStamp, Request,
};
use crate::kafka::network::{Node, ReplyTo};
use crate::kafka::transaction;
use crate::kafka::{BrokerId, Offset, sizes};
use crate::name::TransactionalId;
use crate::sim::{SimDuration, SimTime};
use std::sync::Arc;

/// `add.partitions.to.txn.retry.backoff.ms`.
const ADD_BACKOFF: SimDuration = SimDuration::millis(20);
/// `add.partitions.to.txn.retry.backoff.max.ms`.
const ADD_LONGEST: SimDuration = SimDuration::millis(100);
/// How long an answer of the coordinator is waited for.
const ADD_TIMEOUT: SimDuration = SimDuration::millis(30_000);

/// A request to write that waits for its partitions to take part in the transaction.
#[derive(Clone, Debug, Hash)]
pub(super) struct Verifying {
    reply_to: ReplyTo,
    acks: Acks,
    timeout_ms: u64,
    id: TransactionalId,
    batches: Vec<(TopicPartition, Batch)>,
    begun: SimTime,
    /// What was asked last, and when to ask again.
    asked: Option<CorrelationId>,
    again: SimTime,
}

/// What leaders were asked to write.
#[derive(Clone, Debug, Hash)]
pub(super) struct Marking {
    correlation: CorrelationId,
    producer: ProducerId,
}

impl Broker {
    /// When something of this is due.
    pub(super) fn transactions_due(memory: &super::Memory) -> Option<SimTime> {
        let verifying = memory.verifying.iter().map(|it| it.again);
        verifying.chain(memory.transactions.due()).min()
    }

    /// A client, or a leader, asks the coordinator of a transactional id.
    pub(super) fn transact(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        reply_to: ReplyTo,
        request: TransactionRequest,
    ) {
        let partition = self.metadata.transactions_partition(request.id());
        if self.metadata.leader(&partition) != Some(self.id) {
            let answer = transaction::not_coordinator(&request);
            return fx.push(Effect::Answer(reply_to, answer));
        }
        let mut wanted = Vec::new();
        let metadata = self.metadata.clone();
        let (number, ids) = (i64::from(self.id.0) - 1, &mut self.producer_ids);
        let memory = self.memory.as_mut().expect("only a running broker is asked");
        memory.transactions.answer(&mut wanted, now, &metadata, (reply_to, request), || {
            let id = *ids * 1_000 + number;
            *ids += 1;
            ProducerId { id, epoch: 0 }
        });
        self.carry_out(fx, now, wanted);
    }

    /// Time has passed.
    pub(super) fn wake_transactions(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let (mut wanted, metadata) = (Vec::new(), self.metadata.clone());
        self.memory().transactions.wake(&mut wanted, now, &metadata);
        self.carry_out(fx, now, wanted);
        let due = |it: &mut Verifying| it.again <= now;
        let again: Vec<_> = self.memory().verifying.extract_if(.., due).collect();
        for it in again {
            self.ask_to_take_part(fx, now, it);
        }
    }

    fn carry_out(&mut self, fx: &mut Vec<Effect>, now: SimTime, wanted: Vec<transaction::Effect>) {
        let mut unsafe_until: Option<(TopicPartition, Offset)> = None;
        let mut answers = Vec::new();
        for effect in wanted {
            match effect {
                transaction::Effect::Append(id, record) => {
                    let partition = self.metadata.transactions_partition(&id);
                    let key = record.key.len() as u64;
                    let value = record.value.as_ref().map(|it| it.len() as u64);
                    let size = sizes::BATCH_OVERHEAD + sizes::record(0, 0, Some(key), value);
                    let content = Content::Internal(Arc::new(record));
                    let record = NewRecord { timestamp_ms: now.as_ms(), content };
                    self.append(fx, now, &partition, &Batch::plain([record].into(), size));
                    let end = self.disk.get(&partition).map_or(Offset(0), Log::log_end);
                    if self.is_written(&partition, end) != Ok(true) {
                        unsafe_until = Some((partition, end));
                    }
                }
                transaction::Effect::Answer(reply_to, answer) => {
                    answers.push(coordinator::Effect::Answer(reply_to, answer));
                }
                transaction::Effect::Note(fact) => {
                    fx.push(Effect::Note(Fact::Transaction(fact)));
                }
                transaction::Effect::WriteMarkers(leader, producer, marker, partitions) => {
                    let request = Request::WriteTxnMarkers { producer, marker, partitions };
                    let correlation = self.ask(fx, Node::Broker(leader), request);
                    self.memory().marking.push(Marking { correlation, producer });
                }
            }
        }
        for effect in answers {
            match &unsafe_until {
                Some((at, end)) => self.memory().held.push((at.clone(), *end, effect)),
                None => self.say(fx, effect),
            }
        }
        self.answer_satisfied(fx);
    }

    /// A leader answered about markers.
    pub(super) fn markers_written(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        correlation: CorrelationId,
        results: Outcomes<()>,
    ) {
        let asked = |it: &mut Marking| it.correlation == correlation;
        let Some(it) = self.memory().marking.extract_if(.., asked).next() else { return };
        let (mut wanted, metadata) = (Vec::new(), self.metadata.clone());
        self.memory().transactions.marked(&mut wanted, now, &metadata, it.producer, results);
        self.carry_out(fx, now, wanted);
    }

    /// Another broker is gone: what it was asked is asked again.
    pub(super) fn transactions_lost(&mut self, now: SimTime, broker: BrokerId) {
        let metadata = self.metadata.clone();
        let memory = self.memory();
        memory.transactions.lost(now, &metadata, broker);
        for it in &mut memory.verifying {
            (it.asked, it.again) = (None, now + ADD_BACKOFF);
        }
    }

    /// Writes the ends of transactions into the partitions that it leads.
    ///
    /// Source: `KafkaApis.handleWriteTxnMarkersRequest`. Simplified: it is answered at once, where
    /// Kafka waits for the followers.
    pub(super) fn write_markers(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        producer: ProducerId,
        marker: Marker,
        partitions: Vec<TopicPartition>,
    ) -> Outcomes<()> {
        let mut results = Vec::with_capacity(partitions.len());
        for partition in partitions {
            let result = match self.led(&partition) {
                None => Err(self.refusal(&partition)),
                Some(log) => log.producers().check_marker(producer.id, producer.epoch),
            };
            if result.is_ok() {
                self.write_marker(fx, now, &partition, producer, marker);
            }
            results.push((partition, result));
        }
        self.answer_all(fx, now);
        results
    }

    fn write_marker(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        partition: &TopicPartition,
        producer: ProducerId,
        marker: Marker,
    ) {
        let log = self.disk.get(partition).expect("what it leads it has");
        let records = log.open_records(producer.id).into();
        let offset = self.append(fx, now, partition, &marker_batch(now, producer, marker));
        let fact =
            TransactionFact::Marked { partition: partition.clone(), offset, marker, records };
        fx.push(Effect::Note(Fact::Transaction(fact)));
        if partition.topic == self.metadata.offsets.name {
            let coordinator = &mut self.memory().coordinator;
            for fact in coordinator.transaction_ended(partition, producer.id, marker) {
                fx.push(Effect::Note(fact));
            }
        }
    }

    /// Takes a request to write in a transaction: at once if its partitions take part already.
    ///
    /// Source: `ReplicaManager.handleProduceAppend`, `AddPartitionsToTxnManager`.
    pub(super) fn produce_in_transaction(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        (reply_to, acks, timeout_ms): (ReplyTo, Acks, u64),
        id: TransactionalId,
        batches: Vec<(TopicPartition, Batch)>,
    ) {
        let (begun, asked, again) = (now, None, now);
        let it = Verifying { reply_to, acks, timeout_ms, id, batches, begun, asked, again };
        if self.absent(&it).is_empty() {
            return self.produce_now(fx, now, it.reply_to, (acks, timeout_ms), it.batches, None);
        }
        self.ask_to_take_part(fx, now, it);
    }

    /// The partitions of a request that do not take part in its transaction yet.
    fn absent(&self, it: &Verifying) -> Vec<TopicPartition> {
        let is_absent = |(partition, batch): &&(TopicPartition, Batch)| {
            let open = |stamp: ProducerStamp| {
                let log = self.led(partition);
                log.is_none_or(|log| log.producers().has_open(stamp.id, stamp.epoch))
            };
            batch.producer.is_some_and(|stamp| !open(stamp))
        };
        it.batches.iter().filter(is_absent).map(|(it, _)| it.clone()).collect()
    }

    fn ask_to_take_part(&mut self, fx: &mut Vec<Effect>, now: SimTime, mut it: Verifying) {
        let partitions = self.absent(&it);
        let stamp = it.batches.iter().find_map(|(_, batch)| batch.producer);
        let coordinator = self.metadata.leader(&self.metadata.transactions_partition(&it.id));
        let (Some(stamp), Some(coordinator)) = (stamp, coordinator) else {
            return self.took_part(fx, now, it, Err(ErrorCode::CoordinatorNotAvailable));
        };
        let producer = ProducerId { id: stamp.id, epoch: stamp.epoch };
        let id = it.id.clone();
        let request = TransactionRequest::AddPartitions { id, producer, partitions };
        it.asked = Some(self.ask(fx, Node::Broker(coordinator), Request::Transaction(request)));
        it.again = now + ADD_TIMEOUT;
        self.memory().verifying.push(it);
    }

    /// The coordinator answered whether partitions take part.
    pub(super) fn added_to_transaction(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        correlation: CorrelationId,
        result: Result<(), ErrorCode>,
    ) {
        let asked = |it: &mut Verifying| it.asked == Some(correlation);
        let Some(mut it) = self.memory().verifying.extract_if(.., asked).next() else { return };
        // The last transaction is still being ended: soon it will be possible.
        if result == Err(ErrorCode::ConcurrentTransactions) && now < it.begun + ADD_LONGEST {
            (it.asked, it.again) = (None, now + ADD_BACKOFF);
            return self.memory().verifying.push(it);
        }
        self.took_part(fx, now, it, result);
    }

    fn took_part(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        it: Verifying,
        result: Result<(), ErrorCode>,
    ) {
        // Source: `AddPartitionsToTxnManager` and `ReplicaManager` turn what producers would
        // not try again into what they do.
        let refusal = result.err().map(|error| {
            let is_passing = matches!(
                error,
                ErrorCode::ConcurrentTransactions
                    | ErrorCode::NotCoordinator
                    | ErrorCode::CoordinatorNotAvailable
            );
            if is_passing {
                ErrorCode::NotEnoughReplicas
            } else if error == ErrorCode::ProducerFenced {
                ErrorCode::InvalidProducerEpoch
            } else {
                error
            }
        });
        let refused = refusal.map(|error| (self.absent(&it), error));
        let how = (it.acks, it.timeout_ms);
        self.produce_now(fx, now, it.reply_to, how, it.batches, refused);
    }
}

/// The batch that ends a transaction in a partition.
///
/// Source: `EndTransactionMarker`, `ControlRecordType`. Simplified: the coordinator's own epoch
/// is always 0.
fn marker_batch(now: SimTime, producer: ProducerId, marker: Marker) -> Batch {
    let kind = match marker {
        Marker::Abort => 0,
        Marker::Commit => 1,
    };
    let internal = Internal { key: [0, 0, 0, kind].into(), value: Some([0; 6].into()) };
    let content = Content::Internal(Arc::new(internal));
    let record = NewRecord { timestamp_ms: now.as_ms(), content };
    let size = sizes::BATCH_OVERHEAD + sizes::record(0, 0, Some(4), Some(6));
    let (id, epoch, sequence) = (producer.id, producer.epoch, -1);
    Batch {
        producer: Some(ProducerStamp { id, epoch, sequence }),
        transactional: true,
        marker: Some(marker),
        ..Batch::plain([record].into(), size)
    }
}
