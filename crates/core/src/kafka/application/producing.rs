//! The application's other half, if it makes records of what it reads: what it calls on its
//! producer, and when.
//!
//! Source: the consume-transform-produce loop of KIP-98 and KIP-447: `beginTransaction`, `send`
//! for each record, `sendOffsetsToTransaction` with `groupMetadata`, `commitTransaction`; after
//! an exception `abortTransaction`, and back to where the batch began.

use super::{Application, Doing, Effect, Standing};
use crate::kafka::call::ToCommit;
use crate::kafka::config::{Commits, Produces};
use crate::kafka::passed_on::PassedOn;
use crate::kafka::{Offset, TopicPartition};
use crate::name::TopicName;
use crate::sim::SimTime;
use crate::workload::MessageId;
use std::sync::Arc;

/// What an application calls on its producer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ProducerCall {
    /// `initTransactions`.
    Init,
    /// `beginTransaction`.
    Begin,
    /// `send`.
    Send(TopicName, MessageId),
    /// `send` of a record that it passes on.
    PassOn(TopicName, Arc<PassedOn>),
    /// `sendOffsetsToTransaction` with these, or with all positions.
    SendOffsets(ToCommit),
    /// `flush`, and then a look at what became of each record.
    Flush,
    /// `commitTransaction`.
    Commit,
    /// `abortTransaction`.
    Abort,
    /// The end of a `try` block: the application waits for what came of it.
    EndOfBlock,
}

/// Where that half stands.
#[derive(Clone, Debug, Hash)]
pub(super) struct Producing {
    topic: TopicName,
    transactional: bool,
    /// Whether it has begun a transaction, or sent a record, that is not ended.
    open: bool,
    /// Whether it waits in `abortTransaction` because something failed.
    aborting: bool,
    /// The first record of each partition whose result is not safe: where it goes back to.
    from: Vec<(TopicPartition, Offset)>,
    /// What it commits once its records are in the log, if not in a transaction.
    commits: ToCommit,
}

impl Producing {
    pub(super) fn new(it: &Produces) -> Self {
        Self {
            topic: it.topic.clone(),
            transactional: !it.settings.transactional_id.is_empty(),
            open: false,
            aborting: false,
            from: Vec::new(),
            commits: None,
        }
    }

    /// From there on nothing is safe.
    pub(super) fn begins_at(&mut self, from: Vec<(TopicPartition, Offset)>) {
        self.from = from;
    }
}

impl Application {
    /// It calls `initTransactions` before all else, if it has to.
    pub(super) fn initialize(&mut self, fx: &mut Vec<Effect>) -> bool {
        let is_transactional = self.producing.as_ref().is_some_and(|it| it.transactional);
        if is_transactional {
            self.doing = Doing::Starting;
            call(fx, ProducerCall::Init);
            call(fx, ProducerCall::EndOfBlock);
        }
        is_transactional
    }

    /// Before it works on a record.
    pub(super) fn begin_transaction(&mut self, fx: &mut Vec<Effect>) {
        if let Some(it) = &mut self.producing
            && it.transactional
            && !it.open
        {
            it.open = true;
            call(fx, ProducerCall::Begin);
        }
    }

    /// It makes a record of the one that it has worked on.
    pub(super) fn produce(&mut self, fx: &mut Vec<Effect>, message: MessageId) {
        if let Some(it) = &mut self.producing {
            it.open = true;
            call(fx, ProducerCall::Send(it.topic.clone(), message));
        }
    }

    /// It has to see its records through before it commits these offsets, or all positions.
    /// Says whether it waits for that.
    pub(super) fn see_through(&mut self, fx: &mut Vec<Effect>, offsets: ToCommit) -> bool {
        let Some(it) = self.producing.as_mut().filter(|it| it.open) else { return false };
        if it.transactional {
            it.commits.clone_from(&offsets);
            call(fx, ProducerCall::SendOffsets(offsets));
            call(fx, ProducerCall::Commit);
        } else {
            it.commits = offsets;
            call(fx, ProducerCall::Flush);
        }
        call(fx, ProducerCall::EndOfBlock);
        self.doing = Doing::Producing;
        true
    }

    /// Its block of calls has ended.
    pub(super) fn told(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        result: Result<(), &'static str>,
    ) {
        if let Some(passing) = self.passing.take() {
            if self.doing != Doing::Closing {
                self.passed(fx, now, passing, result);
            }
            return;
        }
        let Some(it) = self.producing.as_mut().filter(|_| self.doing != Doing::Closing) else {
            return;
        };
        match (self.doing, result) {
            (Doing::Starting, Err(error)) => return fx.push(Effect::Raise(error)),
            (_, Err(error)) if it.aborting => return fx.push(Effect::Raise(error)),
            (_, Err(_)) if it.transactional => {
                it.aborting = true;
                call(fx, ProducerCall::Abort);
                return call(fx, ProducerCall::EndOfBlock);
            }
            (_, Err(_)) => self.go_back(fx),
            (_, Ok(())) if it.aborting => self.go_back(fx),
            (Doing::Starting, Ok(())) => {}
            (_, Ok(())) => {
                it.open = false;
                let commits = it.commits.take();
                for (partition, offset) in commits.iter().flatten() {
                    for (_, from) in it.from.iter_mut().filter(|(it, _)| it == partition) {
                        *from = offset.offset;
                    }
                }
                if !it.transactional && self.commits != Commits::Never {
                    return self.commit(fx, commits);
                }
            }
        }
        if self.standing == Standing::No {
            self.go_on(fx, now);
        } else {
            self.doing = Doing::Polling;
        }
    }

    /// What it made of the records in hand does not count: it reads them again.
    fn go_back(&mut self, fx: &mut Vec<Effect>) {
        self.held.clear();
        self.place = 0;
        let Some(it) = &mut self.producing else { return };
        (it.open, it.aborting, it.commits) = (false, false, None);
        for (partition, offset) in it.from.drain(..) {
            fx.push(Effect::GiveBack(partition, offset));
        }
    }
}

fn call(fx: &mut Vec<Effect>, call: ProducerCall) {
    fx.push(Effect::Produce(call));
}
