//! An application that sends its streams in transactions, so many records each.
//!
//! Simplified: it knows from a store of its own which transactions it has committed. After an
//! error, or when its process starts again, it does again what it had not.

use super::handed::Handed;
use super::transactions::TransactionCall;
use super::{Call, Effect, Life, Producer};
use crate::kafka::config::Transactions;
use crate::kafka::fact::{Fact, TransactionFact};
use crate::sim::SimTime;

/// Where such an application stands.
#[derive(Clone, Debug, Hash)]
pub(super) struct Automatic {
    setup: Transactions,
    doing: Doing,
    /// Which transaction it is at, from 1; those that failed are not counted.
    number: u32,
    /// The place in the workload of its first record.
    first: usize,
    /// How many records it has sent of it.
    records: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Doing {
    /// It waits in `initTransactions`.
    Initializing,
    /// It sends, or has nothing to send.
    Sending,
    /// It waits in `commitTransaction`, or in `abortTransaction` as it wants.
    Ending,
    /// It waits in `abortTransaction`, since something failed.
    Aborting,
}

impl Automatic {
    fn new(setup: Transactions, first: usize) -> Self {
        Self { setup, doing: Doing::Initializing, number: 1, first, records: 0 }
    }
}

impl Producer {
    /// Its streams are sent in transactions.
    pub(crate) fn transact_by_itself(&mut self, setup: &Transactions) {
        self.automatic = Some(Automatic::new(setup.clone(), self.next));
        self.calls.in_blocks = true;
        self.call_block(SimTime::START, TransactionCall::Init);
    }

    /// How it sends its streams in transactions, if it does.
    pub(crate) fn transactions(&self) -> Option<&Transactions> {
        self.automatic.as_ref().map(|it| &it.setup)
    }

    /// Its next process begins with what the last had not committed.
    pub(super) fn go_on_after(&mut self, gone: &Self) {
        if let (Some(it), Some(before)) = (&mut self.automatic, &gone.automatic) {
            (it.number, it.first) = (before.number, before.first);
            self.next = before.first;
        }
    }

    /// Whether its application takes the next message of its streams.
    pub(super) fn takes_messages(&self) -> bool {
        let Some(it) = &self.automatic else { return true };
        it.doing == Doing::Sending && self.calls.is_empty()
    }

    fn make(&mut self, now: SimTime, call: Call) {
        self.calls.make(now, &self.settings, call);
    }

    fn call_block(&mut self, now: SimTime, call: TransactionCall) {
        self.make(now, Call::Transact(call));
        self.make(now, Call::EndOfBlock);
    }

    /// The next message: the first of a transaction begins it, the last ends it.
    pub(super) fn send_in_transaction(&mut self, now: SimTime, handed: Handed) {
        let is_last = self.next == self.workload.messages.len();
        let it = self.automatic.as_mut().expect("it sends in transactions");
        it.records += 1;
        let begins = it.records == 1;
        let ends = it.records == it.setup.records || is_last;
        let end = if it.setup.aborts.contains(&it.number) {
            TransactionCall::Abort
        } else {
            TransactionCall::Commit
        };
        if ends {
            it.doing = Doing::Ending;
        }
        if begins {
            self.make(now, Call::Transact(TransactionCall::Begin));
        }
        self.make(now, Call::Send(handed));
        if ends {
            self.call_block(now, end);
        }
    }

    /// Its block of calls has ended.
    ///
    /// Source: the example in the documentation of `KafkaProducer`: what failed is aborted, and
    /// what cannot be aborted ends the application.
    pub(super) fn automatic_told(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        result: Result<(), &'static str>,
    ) {
        let Some(it) = &mut self.automatic else { return };
        match (it.doing, result) {
            (Doing::Initializing, Ok(())) => it.doing = Doing::Sending,
            (Doing::Ending, Ok(())) => {
                it.number += 1;
                (it.first, it.records, it.doing) = (self.next, 0, Doing::Sending);
            }
            (Doing::Aborting, Ok(())) => {
                self.next = it.first;
                (it.records, it.doing) = (0, Doing::Sending);
            }
            (Doing::Ending | Doing::Sending, Err(_)) => {
                it.doing = Doing::Aborting;
                self.call_block(now, TransactionCall::Abort);
            }
            (Doing::Initializing | Doing::Aborting, Err(error)) => {
                let producer = self.name.clone();
                fx.push(Effect::Note(Fact::Transaction(TransactionFact::Raised {
                    producer,
                    error,
                })));
                self.crash();
            }
            (Doing::Sending, Ok(())) => {}
        }
        assert!(self.life != Life::Gone || self.calls.is_empty(), "who is gone calls nothing");
    }
}
