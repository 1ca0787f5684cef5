//! Transactions as the application calls them: `initTransactions` to `abortTransaction`.
//!
//! Source: `TransactionManager` of the Java client, for transaction version 2.

use super::identity::Place;
use super::{Effect, Life, Producer};
use crate::kafka::call::OffsetAndMetadata;
use crate::kafka::fact::{Fact, TransactionFact};
use crate::kafka::message::transaction::TransactionRequest;
use crate::kafka::message::{
    Answer, CorrelationId, ErrorCode, GroupRequest, Marker, MemberOf, Outcomes, ProducerId, Request,
};
use crate::kafka::{BrokerId, TopicPartition};
use crate::name::{GroupId, ProducerName, TransactionalId};
use crate::sim::{SimDuration, SimTime};
use std::fmt;

const ILLEGAL_STATE: &str = "IllegalStateException";
const FENCED: &str = "PRODUCER_FENCED";
const OLD_EPOCH: &str = "INVALID_PRODUCER_EPOCH";

/// What an application asks of its producer about transactions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TransactionCall {
    /// `initTransactions`.
    Init,
    /// `beginTransaction`.
    Begin,
    /// `commitTransaction`.
    Commit,
    /// `abortTransaction`.
    Abort,
    /// `sendOffsetsToTransaction`: the offsets, and who the consumer is in its group.
    SendOffsets(Vec<(TopicPartition, OffsetAndMetadata)>, GroupMember),
}

impl TransactionCall {
    /// The method of the Java client.
    const fn method(&self) -> &'static str {
        match self {
            Self::Init => "initTransactions",
            Self::Begin => "beginTransaction",
            Self::Commit => "commitTransaction",
            Self::Abort => "abortTransaction",
            Self::SendOffsets(..) => "sendOffsetsToTransaction",
        }
    }
}

impl fmt::Display for TransactionCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Init => "init transactions",
            Self::Begin => "begin a transaction",
            Self::Commit => "commit the transaction",
            Self::Abort => "abort the transaction",
            Self::SendOffsets(..) => "send offsets to the transaction",
        })
    }
}

/// Who a consumer is in its group: `ConsumerGroupMetadata`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupMember(pub(crate) MemberOf);

impl GroupMember {
    /// The same in another generation.
    #[must_use]
    pub fn in_generation(mut self, generation: i32) -> Self {
        self.0.generation = generation;
        self
    }
}

/// Where a producer stands with its transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stage {
    /// It has not called `initTransactions`.
    #[default]
    Uninitialized,
    /// That call has not returned.
    Initializing,
    /// None is open.
    Ready,
    /// One is open.
    Open,
    /// It ends like that.
    Ending(Marker),
    /// It can only be aborted, because of this.
    Abortable(&'static str),
    /// Nothing can be done any more, because of this.
    Fatal(&'static str),
}

/// A producer's transactions, to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerTransaction {
    /// Its `transactional.id`.
    pub id: TransactionalId,
    /// The epoch in which it writes, as far as it knows.
    pub epoch: Option<i16>,
    /// Where it stands.
    pub stage: Stage,
    /// How many records were handed over in the transaction that is open, or was last.
    pub records: u64,
}

/// What is to be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Want {
    Init,
    End(Marker),
    AddOffsets(Vec<(TopicPartition, OffsetAndMetadata)>, MemberOf),
    CommitOffsets(Vec<(TopicPartition, OffsetAndMetadata)>, MemberOf),
}

/// A producer's transactions.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Transacting {
    stage: Stage,
    /// Whether the coordinator may know of the transaction.
    started: bool,
    /// The partitions that take part.
    partitions: Vec<Place>,
    /// How many records were handed over in the last transaction.
    records: u64,
    want: Option<Want>,
    /// The coordinators of the id and of a group, if they are known.
    coordinator: Option<BrokerId>,
    group_coordinator: Option<BrokerId>,
    asked: Option<(CorrelationId, BrokerId, SimTime)>,
    not_before: SimTime,
    turn: usize,
    /// The call under way, and until when it waits.
    calling: Option<(&'static str, SimTime)>,
    returned: u64,
    last: Option<Result<(), &'static str>>,
}

impl Producer {
    pub(super) fn is_transactional(&self) -> bool {
        !self.settings.transactional_id.is_empty()
    }

    /// How many calls about transactions have returned, and what the last one did.
    pub(crate) fn transacted(&self) -> (u64, Option<Result<(), &'static str>>) {
        (self.transacting.returned, self.transacting.last)
    }

    /// Where it stands with its transactions, if it writes in any.
    pub(crate) fn transacting(&self) -> Option<ProducerTransaction> {
        self.is_transactional().then(|| ProducerTransaction {
            id: self.settings.transactional_id.as_str().into(),
            epoch: self.identity.current.map(|it| it.epoch),
            stage: self.transacting.stage,
            records: self.transacting.records,
        })
    }

    fn return_call(&mut self, fx: &mut Vec<Effect>, result: Result<(), &'static str>) {
        let it = &mut self.transacting;
        // What nobody waits for, as the abort within `close`, is told to nobody.
        let Some((call, _)) = it.calling.take() else { return };
        it.returned += 1;
        it.last = Some(result);
        self.calls.returned(result);
        if let Err(error) = result {
            self.note(fx, |producer| TransactionFact::Failed { producer, call, error });
        }
    }

    /// The application calls.
    pub(super) fn call(&mut self, fx: &mut Vec<Effect>, now: SimTime, call: TransactionCall) {
        let until = now + SimDuration::millis(self.settings.max_block_ms);
        self.transacting.calling = Some((call.method(), until));
        if let Some(result) = self.begin_call(fx, call) {
            self.return_call(fx, result);
        }
    }

    fn note(&self, fx: &mut Vec<Effect>, fact: impl FnOnce(ProducerName) -> TransactionFact) {
        fx.push(Effect::Note(Fact::Transaction(fact(self.name.clone()))));
    }

    /// Source: `KafkaProducer` and the state transitions of `TransactionManager.State`.
    fn begin_call(
        &mut self,
        fx: &mut Vec<Effect>,
        call: TransactionCall,
    ) -> Option<Result<(), &'static str>> {
        if !self.is_transactional() {
            return Some(Err(ILLEGAL_STATE));
        }
        let stage = self.transacting.stage;
        let error = self.standing_error();
        match (call, stage) {
            (TransactionCall::Init, Stage::Uninitialized) => {
                self.transacting.stage = Stage::Initializing;
                self.transacting.want = Some(Want::Init);
                None
            }
            (TransactionCall::Init, _) => Some(Err(ILLEGAL_STATE)),
            (TransactionCall::Abort, Stage::Open | Stage::Abortable(_)) => {
                self.begin_end(fx, Marker::Abort);
                None
            }
            (_, Stage::Abortable(_) | Stage::Fatal(_)) => error.map(Err),
            (TransactionCall::Begin, Stage::Ready) => {
                (self.transacting.stage, self.transacting.records) = (Stage::Open, 0);
                self.note(fx, |producer| TransactionFact::Begun { producer });
                Some(Ok(()))
            }
            (TransactionCall::Commit, Stage::Open) => {
                self.begin_end(fx, Marker::Commit);
                None
            }
            (TransactionCall::SendOffsets(offsets, _), Stage::Open) if offsets.is_empty() => {
                Some(Ok(()))
            }
            (TransactionCall::SendOffsets(offsets, member), Stage::Open) => {
                self.transacting.want = Some(Want::AddOffsets(offsets, member.0));
                None
            }
            _ => Some(Err(ILLEGAL_STATE)),
        }
    }

    /// What every further call throws, if something has gone wrong.
    ///
    /// Source: `TransactionManager.maybeFailWithError`.
    pub(super) fn standing_error(&self) -> Option<&'static str> {
        match self.transacting.stage {
            Stage::Abortable(why) | Stage::Fatal(why) => {
                Some(if why == FENCED || why == OLD_EPOCH { why } else { "KafkaException" })
            }
            Stage::Uninitialized
            | Stage::Initializing
            | Stage::Ready
            | Stage::Open
            | Stage::Ending(_) => None,
        }
    }

    /// All that waits goes out, or with an abort what was never sent is dropped; then the end.
    fn begin_end(&mut self, fx: &mut Vec<Effect>, marker: Marker) {
        self.transacting.stage = Stage::Ending(marker);
        self.transacting.want = Some(Want::End(marker));
        self.note(fx, |producer| TransactionFact::Ending { producer, marker });
        if marker == Marker::Abort {
            self.drop_unsent(fx, "TransactionAbortedException");
        }
        self.flush();
    }

    /// Source: `RecordAccumulator.abortUndrainedBatches`.
    fn drop_unsent(&mut self, fx: &mut Vec<Effect>, why: &'static str) {
        for place in self.places() {
            let unsent = self.topics[place.0].queues[place.1].take_unsent();
            for batch in unsent {
                self.fail(fx, &batch, why);
            }
        }
    }

    /// A record was handed over and lies in its batch: its partition takes part from now on, if
    /// that may be.
    ///
    /// Source: `TransactionManager.maybeAddPartition`. What is refused here stays in its batch
    /// and goes out with the next transaction (recorded case `tx-send-outside`).
    pub(super) fn takes_part(&mut self, place: Place) -> Result<(), &'static str> {
        if !self.is_transactional() {
            return Ok(());
        }
        if let Some(error) = self.standing_error() {
            return Err(error);
        }
        if self.transacting.stage != Stage::Open {
            return Err(ILLEGAL_STATE);
        }
        self.transacting.started = true;
        self.transacting.records += 1;
        if !self.transacting.partitions.contains(&place) {
            self.transacting.partitions.push(place);
        }
        Ok(())
    }

    /// Whether batches of that partition may go out, as far as transactions are concerned.
    pub(super) fn may_send_in_transaction(&self, place: Place) -> bool {
        let is_fatal = matches!(self.transacting.stage, Stage::Fatal(_));
        !is_fatal && self.transacting.partitions.contains(&place)
    }

    /// A record or batch has failed: the transaction can only be aborted.
    ///
    /// Source: `TransactionManager.maybeTransitionToErrorState`.
    pub(super) fn transaction_failed(&mut self, why: &'static str) {
        if !self.is_transactional() {
            return;
        }
        match self.transacting.stage {
            _ if why == FENCED => self.transacting.stage = Stage::Fatal(why),
            Stage::Open | Stage::Ending(Marker::Commit) | Stage::Abortable(_) => {
                self.transacting.stage = Stage::Abortable(why);
            }
            Stage::Uninitialized
            | Stage::Initializing
            | Stage::Ready
            | Stage::Ending(Marker::Abort)
            | Stage::Fatal(_) => {}
        }
    }

    /// Whether a call about transactions has not returned.
    pub(super) fn is_calling(&self) -> bool {
        self.transacting.calling.is_some()
    }

    /// Whether it has something to end before it may close.
    pub(super) fn is_ending(&self) -> bool {
        matches!(self.transacting.stage, Stage::Ending(_))
    }

    /// Source: `Sender.run`: what is open when the producer is closed is aborted.
    pub(super) fn abort_to_close(&mut self, fx: &mut Vec<Effect>) {
        if matches!(self.transacting.stage, Stage::Open | Stage::Abortable(_)) {
            self.begin_end(fx, Marker::Abort);
        }
    }

    /// When something is next to be done about it.
    pub(super) fn transaction_due(&self) -> Option<SimTime> {
        let it = &self.transacting;
        let asks = match it.asked {
            Some((_, _, deadline)) => Some(deadline),
            None => (self.wants_now() && self.some_broker_is_up()).then_some(it.not_before),
        };
        asks.into_iter().chain(it.calling.map(|(_, until)| until)).min()
    }

    /// Whether the next request could go out. The end waits for all batches.
    fn wants_now(&self) -> bool {
        match &self.transacting.want {
            Some(Want::End(_)) => !self.has_unfinished(),
            Some(Want::Init | Want::AddOffsets(..) | Want::CommitOffsets(..)) => true,
            None => false,
        }
    }

    fn has_unfinished(&self) -> bool {
        let queued = self.transacting.partitions.iter();
        let mut queued = queued.map(|it| self.topics[it.0].queues[it.1].len());
        queued.any(|it| 0 < it) || !self.in_flight.is_empty()
    }

    fn some_broker_is_up(&self) -> bool {
        self.metadata.broker_ids().any(|it| self.connections.is_up(it))
    }

    /// Goes on with what was called.
    ///
    /// Source: `Sender.maybeSendAndPollTransactionalRequest`.
    pub(super) fn transact(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if !self.is_transactional() || self.life == Life::Gone {
            return;
        }
        if let Some((_, broker, deadline)) = self.transacting.asked
            && deadline <= now
        {
            self.disconnected(fx, now, broker);
        }
        if self.transacting.calling.is_some_and(|(_, until)| until <= now) {
            self.return_call(fx, Err("TimeoutException"));
        }
        if let Stage::Abortable(why) | Stage::Fatal(why) = self.transacting.stage {
            self.drop_unsent(fx, why);
            if self.transacting.want.take().is_some() {
                self.return_call(fx, Err(why));
            }
        }
        if self.transacting.asked.is_some()
            || now < self.transacting.not_before
            || !self.wants_now()
        {
            return;
        }
        if matches!(self.transacting.want, Some(Want::End(_))) && !self.transacting.started {
            return self.ended(fx, self.identity.current);
        }
        self.ask_coordinator(fx, now);
    }

    /// Asks the coordinator that is concerned, or first any broker who that is.
    fn ask_coordinator(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let Some(want) = self.transacting.want.clone() else { return };
        let id = TransactionalId::from(self.settings.transactional_id.as_str());
        let (found, search) = match &want {
            Want::CommitOffsets(_, member) => {
                let group = member.group.clone();
                (self.transacting.group_coordinator, Request::FindCoordinator { group })
            }
            Want::Init | Want::End(_) | Want::AddOffsets(..) => {
                let id = id.clone();
                (self.transacting.coordinator, Request::FindTransactionCoordinator { id })
            }
        };
        let producer = self.identity.current.unwrap_or(ProducerId { id: -1, epoch: -1 });
        let wanted = match want {
            Want::Init => {
                let timeout_ms = self.settings.transaction_timeout_ms;
                Request::Transaction(TransactionRequest::InitProducerId { id, timeout_ms })
            }
            Want::End(marker) => {
                Request::Transaction(TransactionRequest::EndTxn { id, producer, marker })
            }
            Want::AddOffsets(_, member) => {
                let group = member.group;
                Request::Transaction(TransactionRequest::AddOffsets { id, producer, group })
            }
            Want::CommitOffsets(offsets, member) => {
                Request::Group(GroupRequest::TxnOffsetCommit { member, producer, offsets })
            }
        };
        let (to, request) = match found.filter(|it| self.connections.is_up(*it)) {
            Some(broker) => (Some(broker), wanted),
            None => {
                let up = self.metadata.broker_ids().filter(|it| self.connections.is_up(*it));
                let up: Vec<BrokerId> = up.collect();
                self.transacting.turn += 1;
                (up.get(self.transacting.turn % up.len().max(1)).copied(), search)
            }
        };
        let Some(broker) = to else { return };
        let correlation = self.correlation();
        let deadline = now + SimDuration::millis(self.settings.request_timeout_ms);
        self.transacting.asked = Some((correlation, broker, deadline));
        fx.push(Effect::Send(broker, correlation, request));
    }

    /// The connection is gone, and the request with it: the coordinator is looked for again.
    pub(super) fn lost_transaction_request(&mut self, now: SimTime, broker: BrokerId) {
        if self.transacting.asked.is_some_and(|(_, it, _)| it == broker) {
            self.transacting.asked = None;
            self.ask_again(now, true);
        }
    }

    fn ask_again(&mut self, now: SimTime, elsewhere: bool) {
        let it = &mut self.transacting;
        it.not_before = now + SimDuration::millis(self.settings.retry_backoff_ms);
        if elsewhere {
            (it.coordinator, it.group_coordinator) = (None, None);
        }
    }

    /// An answer that concerns transactions.
    pub(super) fn transaction_answered(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        correlation: CorrelationId,
        answer: Answer,
    ) {
        if self.transacting.asked.is_none_or(|(it, ..)| it != correlation) {
            return;
        }
        self.transacting.asked = None;
        let want = self.transacting.want.clone();
        let failed = match (answer, want) {
            (Answer::FindCoordinator(Ok(found)), Some(Want::CommitOffsets(..))) => {
                self.transacting.group_coordinator = Some(found);
                return;
            }
            (Answer::FindCoordinator(Ok(found)), _) => {
                self.transacting.coordinator = Some(found);
                return;
            }
            (Answer::InitProducerId(Ok(producer)) | Answer::EndTxn(Ok(producer)), _) => {
                return self.ended(fx, Some(producer));
            }
            (Answer::AddedToTxn(Ok(())), Some(Want::AddOffsets(offsets, member))) => {
                self.transacting.started = true;
                self.transacting.want = Some(Want::CommitOffsets(offsets, member));
                return;
            }
            (Answer::TxnOffsetCommit(each), Some(Want::CommitOffsets(offsets, member))) => {
                // What is stored is not sent again with what is not.
                let is_stored = |it: &TopicPartition| each.contains(&(it.clone(), Ok(())));
                let (stored, left): (Vec<_>, Vec<_>) =
                    offsets.into_iter().partition(|it| is_stored(&it.0));
                if !stored.is_empty() {
                    self.note_offsets(fx, stored, member.group.clone());
                }
                let Some(error) = decisive(&each) else {
                    self.transacting.want = None;
                    return self.return_call(fx, Ok(()));
                };
                self.transacting.want = Some(Want::CommitOffsets(left, member));
                error
            }
            (
                Answer::FindCoordinator(Err(error))
                | Answer::InitProducerId(Err(error))
                | Answer::EndTxn(Err(error))
                | Answer::AddedToTxn(Err(error)),
                _,
            ) => error,
            (_, _) => unreachable!("an answer to something that was not asked"),
        };
        self.transaction_refused(fx, now, failed);
    }

    fn note_offsets(
        &self,
        fx: &mut Vec<Effect>,
        offsets: Vec<(TopicPartition, OffsetAndMetadata)>,
        group: GroupId,
    ) {
        let offsets = offsets.into_iter().map(|(it, at)| (it, at.offset)).collect();
        self.note(fx, |producer| TransactionFact::OffsetsSent { producer, group, offsets });
    }

    /// Source: the handlers of `TransactionManager`.
    fn transaction_refused(&mut self, fx: &mut Vec<Effect>, now: SimTime, error: ErrorCode) {
        if matches!(error, ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable) {
            return self.ask_again(now, true);
        }
        if error.is_retriable() || error == ErrorCode::ConcurrentTransactions {
            return self.ask_again(now, false);
        }
        let is = |errors: &[ErrorCode]| errors.contains(&error);
        let stage = if is(&[
            ErrorCode::UnknownMemberId,
            ErrorCode::IllegalGeneration,
            ErrorCode::StaleMemberEpoch,
        ]) {
            Stage::Abortable("CommitFailedException")
        } else if is(&[ErrorCode::FencedInstanceId, ErrorCode::InvalidProducerIdMapping]) {
            Stage::Abortable(error.as_str())
        } else if is(&[ErrorCode::ProducerFenced, ErrorCode::InvalidProducerEpoch]) {
            Stage::Fatal(FENCED)
        } else if error == ErrorCode::InvalidTxnState {
            Stage::Fatal(error.as_str())
        } else {
            Stage::Fatal("KafkaException")
        };
        self.transacting.stage = stage;
        self.transacting.want = None;
        if let Stage::Abortable(why) | Stage::Fatal(why) = stage {
            self.return_call(fx, Err(why));
        }
    }

    /// It has its id, or its transaction is over: the next can begin, under a new epoch.
    fn ended(&mut self, fx: &mut Vec<Effect>, current: Option<ProducerId>) {
        self.identity.current = current;
        match (self.transacting.stage, current) {
            (Stage::Initializing, Some(ProducerId { id: producer_id, epoch })) => {
                let id = self.settings.transactional_id.as_str().into();
                self.note(fx, |producer| TransactionFact::Initialized {
                    producer,
                    id,
                    producer_id,
                    epoch,
                });
            }
            (Stage::Ending(marker), _) => {
                self.note(fx, |producer| TransactionFact::Ended { producer, marker });
            }
            _ => {}
        }
        let it = &mut self.transacting;
        (it.stage, it.started, it.want) = (Stage::Ready, false, None);
        it.partitions.clear();
        self.return_call(fx, Ok(()));
    }
}

/// The error that decides: that a partition is not known comes after all others.
///
/// Source: `TransactionManager.TxnOffsetCommitHandler`.
fn decisive(outcomes: &Outcomes<()>) -> Option<ErrorCode> {
    const UNKNOWN: ErrorCode = ErrorCode::UnknownTopicOrPartition;
    let mut errors = outcomes.iter().filter_map(|it| it.1.err());
    let first = errors.next()?;
    let other = [first].into_iter().chain(errors).find(|it| *it != UNKNOWN);
    Some(other.unwrap_or(UNKNOWN))
}
