//! An administrator's client: what Kafka's `Admin` does, one call after the other.
//!
//! A call is a request, or a few, to whoever can serve it: a partition's leader, a group's
//! coordinator, any broker. It finds them, asks again while the answer may still change, and
//! gives up in time.

mod call;
mod raw;
mod reset;

pub use crate::kafka::console::{DescribedGroup, DescribedMember};
pub use call::{
    AdminCall, AdminReturn, Election, Layout, ListedGroup, NewTopic, OffsetSpec,
    PartitionDescription, TopicDescription,
};
pub use raw::RawProduce;

use super::config::Acks;
use super::connection::backoff;
use super::controller::CONTROLLER;
use super::fact::Fact;
use super::message::{Answer, CorrelationId, ErrorCode, Request};
use super::metadata::Metadata;
use super::{BrokerId, TopicPartition};
use crate::sim::{SimDuration, SimTime};
use crate::workload::Workload;
use call::{Progress, Target};
use std::collections::VecDeque;

/// `default.api.timeout.ms`: how long a call may take.
const API_TIMEOUT: SimDuration = SimDuration::millis(60_000);
/// `request.timeout.ms`.
const REQUEST_TIMEOUT: SimDuration = SimDuration::millis(30_000);
/// So long an answer is waited for that is not to come.
const NO_ANSWER: SimDuration = SimDuration::millis(500);
/// `retry.backoff.ms`.
const FIRST_BACKOFF: SimDuration = SimDuration::millis(100);
/// `retry.backoff.max.ms`.
const MOST_BACKOFF: SimDuration = SimDuration::millis(1_000);

/// What reaches the client.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Someone calls.
    Call(AdminCall),
    /// Something it waits for is due.
    Wake,
    /// A broker answered.
    Answer(BrokerId, CorrelationId, Answer),
    /// A broker is gone, or not there.
    Disconnected(BrokerId),
}

/// What the client wants done.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Send that to a broker.
    Send(BrokerId, CorrelationId, Request),
    /// Tell whoever watches.
    Note(Fact),
}

/// An administrator's client.
///
/// Invariant: while a call is waiting, another is under way.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Admin {
    /// How many brokers there are.
    brokers: u16,
    workload: Workload,
    waiting: VecDeque<AdminCall>,
    doing: Option<Doing>,
    next_correlation: CorrelationId,
    /// Whose turn it is to be asked what any broker knows.
    turn: u16,
    /// How many calls have returned.
    returned: u64,
    last: Option<AdminReturn>,
}

/// A call under way.
#[derive(Clone, Debug, Hash)]
struct Doing {
    call: AdminCall,
    /// What is known of the answer so far.
    progress: Progress,
    /// Whom a broker has named, if someone has to be found first.
    found: Option<BrokerId>,
    deadline: SimTime,
    /// How often it was asked in vain.
    failures: u32,
    stage: Stage,
}

#[derive(Clone, Debug, Hash)]
enum Stage {
    /// It asks, but not before that.
    Asks(SimTime),
    /// It was asked, and the answer is awaited until that instant.
    Awaits {
        broker: BrokerId,
        correlation: CorrelationId,
        until: SimTime,
        /// Whether it is not sent a second time.
        once: bool,
    },
}

impl Admin {
    /// A client that nobody has called yet.
    pub(crate) fn new(brokers: u16, workload: Workload) -> Self {
        Self {
            brokers,
            workload,
            waiting: VecDeque::new(),
            doing: None,
            next_correlation: CorrelationId::default(),
            turn: 0,
            returned: 0,
            last: None,
        }
    }

    /// How many calls have returned, and what the last of them did.
    pub(crate) fn returned(&self) -> (u64, Option<&AdminReturn>) {
        (self.returned, self.last.as_ref())
    }

    /// When it next has something to do by itself.
    pub(crate) fn due(&self) -> Option<SimTime> {
        let doing = self.doing.as_ref()?;
        let due = match doing.stage {
            Stage::Asks(at) => at,
            Stage::Awaits { until, .. } => until,
        };
        Some(due.min(doing.deadline))
    }

    /// Takes one input and says what should follow, in order.
    pub(crate) fn step(&mut self, fx: &mut Vec<Effect>, now: SimTime, input: Input) {
        match input {
            Input::Call(call) => self.waiting.push_back(call),
            Input::Wake => self.late(fx, now),
            Input::Answer(broker, correlation, answer) => {
                self.answered(fx, now, broker, (correlation, answer));
            }
            Input::Disconnected(from) => {
                if let Some(doing) = &mut self.doing
                    && let Stage::Awaits { broker, once, .. } = doing.stage
                    && broker == from
                {
                    if once {
                        self.returns(fx, AdminReturn::Failed("connection closed"));
                    } else {
                        doing.again(now);
                    }
                }
            }
        }
        self.go_on(fx, now);
    }

    /// An answer, or the whole call, may have taken too long.
    fn late(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let Some(doing) = &mut self.doing else { return };
        if doing.deadline <= now {
            self.returns(fx, AdminReturn::Failed("TimeoutException"));
        } else if let Stage::Awaits { until, once, .. } = doing.stage
            && until <= now
        {
            if once {
                return self.returns(fx, AdminReturn::NoAnswer);
            }
            doing.again(now);
        }
    }

    fn answered(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        from: BrokerId,
        (to, answer): (CorrelationId, Answer),
    ) {
        let Some(doing) = &mut self.doing else { return };
        let Stage::Awaits { broker, correlation, .. } = doing.stage else { return };
        if (broker, correlation) != (from, to) {
            return;
        }
        if let Answer::FindCoordinator(found) = answer {
            return self.found(fx, now, found);
        }
        if let Answer::Metadata(metadata) = &answer
            && let Target::Leader(partition) = doing.progress.asks(&doing.call).0
        {
            return self.found(fx, now, leader(metadata, &partition));
        }
        match doing.progress.answered(&doing.call, (from, self.brokers), answer) {
            Err(error) => self.refused(fx, now, error),
            Ok(None) => doing.stage = Stage::Asks(now),
            Ok(Some(done)) => self.returns(fx, done),
        }
    }

    /// A broker knows who can serve the call, or not.
    fn found(&mut self, fx: &mut Vec<Effect>, now: SimTime, found: Result<BrokerId, ErrorCode>) {
        let Some(doing) = &mut self.doing else { return };
        match found {
            Ok(broker) => {
                doing.found = Some(broker);
                doing.stage = Stage::Asks(now);
            }
            Err(error) => self.refused(fx, now, error),
        }
    }

    /// A broker did not do it: another may, or the same one later; or nobody ever will.
    fn refused(&mut self, fx: &mut Vec<Effect>, now: SimTime, error: ErrorCode) {
        let Some(doing) = &mut self.doing else { return };
        // Source: `KafkaAdminClient` looks again for the leader of a partition that a broker does
        // not know, `PartitionLeaderStrategy`; else what is not there is not there.
        let looks_for_it = matches!(doing.progress.asks(&doing.call).0, Target::Leader(_));
        let is_missing = error == ErrorCode::UnknownTopicOrPartition;
        if error.is_retriable() && (looks_for_it || !is_missing) {
            doing.again(now);
        } else {
            self.returns(fx, AdminReturn::Failed(error.as_str()));
        }
    }

    fn returns(&mut self, fx: &mut Vec<Effect>, it: AdminReturn) {
        let call = self.doing.take().map(|it| it.call);
        if let Some(call) = call
            && let Some(why) = it.refusal(&call)
        {
            fx.push(Effect::Note(Fact::Refused { command: call.to_string(), why }));
        }
        self.returned += 1;
        self.last = Some(it);
    }

    /// Asks what can be asked now.
    fn go_on(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if self.doing.is_none()
            && let Some(call) = self.waiting.pop_front()
        {
            let progress = Progress::First;
            self.doing = Some(Doing {
                call,
                progress,
                found: None,
                deadline: now + API_TIMEOUT,
                failures: 0,
                stage: Stage::Asks(now),
            });
        }
        let Some(doing) = &mut self.doing else { return };
        if !matches!(doing.stage, Stage::Asks(at) if at <= now) {
            return;
        }
        let (target, mut request) = doing.progress.asks(&doing.call);
        let broker = match target {
            Target::Any => None,
            Target::Controller => Some(CONTROLLER),
            Target::Broker(broker) => Some(broker),
            Target::Leader(_) | Target::Coordinator(_) | Target::Transactions(_)
                if doing.found.is_some() =>
            {
                doing.found
            }
            Target::Transactions(id) => {
                request = Request::FindTransactionCoordinator { id };
                None
            }
            Target::Leader(_) => {
                request = Request::Metadata;
                None
            }
            Target::Coordinator(group) => {
                request = Request::FindCoordinator { group };
                None
            }
        };
        let broker = broker.unwrap_or_else(|| {
            self.turn = self.turn % self.brokers + 1;
            BrokerId(self.turn)
        });
        let correlation = self.next_correlation;
        self.next_correlation = CorrelationId(correlation.0 + 1);
        let mut until = now + REQUEST_TIMEOUT;
        let once = matches!(request, Request::Produce { .. });
        if let AdminCall::ProduceRaw(raw) = &doing.call
            && once
        {
            request = raw.request(now, &self.workload);
            if raw.acks == Acks::None {
                until = now + NO_ANSWER;
            }
        }
        doing.stage = Stage::Awaits { broker, correlation, until, once };
        fx.push(Effect::Send(broker, correlation, request));
    }
}

/// The leader of a partition, as the broker that was asked knows it.
fn leader(metadata: &Metadata, partition: &TopicPartition) -> Result<BrokerId, ErrorCode> {
    let state = metadata.partition(partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    state.leader.ok_or(ErrorCode::LeaderNotAvailable)
}

impl Doing {
    /// It failed, but may succeed later: everyone is looked for again.
    fn again(&mut self, now: SimTime) {
        self.found = None;
        if matches!(self.progress, Progress::Resets(_)) {
            self.progress = Progress::First;
        }
        let wait = backoff(FIRST_BACKOFF, MOST_BACKOFF, self.failures);
        self.failures += 1;
        self.stage = Stage::Asks(now + wait);
    }
}
