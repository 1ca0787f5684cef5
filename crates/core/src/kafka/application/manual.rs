//! The application that is driven by hand: it passes on calls, one at a time, and keeps what
//! they return.

use crate::kafka::call::{Call, Callback, Return};
use std::collections::VecDeque;

/// So many of the newest callbacks are kept.
const CALLBACKS: usize = 1_024;

/// What a consumer that is driven by hand is in, and what it has heard. Outlives its processes.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Manual {
    in_call: Option<Call>,
    returned: u64,
    last: Option<Return>,
    /// The newest, oldest of them first.
    callbacks: VecDeque<Callback>,
    called_back: u64,
}

impl Manual {
    /// The call that has not returned.
    pub(crate) fn in_call(&self) -> Option<&Call> {
        self.in_call.as_ref()
    }

    /// How many calls have returned, and what the last of them did.
    pub(crate) fn returned(&self) -> (u64, Option<&Return>) {
        (self.returned, self.last.as_ref())
    }

    /// How many callbacks there were.
    pub(crate) fn called_back(&self) -> u64 {
        self.called_back
    }

    /// The callbacks after the first `seen`.
    pub(crate) fn callbacks(&self, seen: u64) -> impl Iterator<Item = &Callback> {
        let forgotten = self.called_back - self.callbacks.len() as u64;
        let skipped = usize::try_from(seen.saturating_sub(forgotten)).unwrap_or(usize::MAX);
        self.callbacks.iter().skip(skipped)
    }

    /// It calls.
    pub(crate) fn calls(&mut self, call: Call) {
        assert!(self.in_call.is_none(), "a client serves one thread");
        self.in_call = Some(call);
    }

    /// Its call returned.
    pub(crate) fn returns(&mut self, what: Return) {
        assert!(self.in_call.take().is_some(), "what returns was called");
        self.returned += 1;
        self.last = Some(what);
    }

    /// Its client calls back.
    pub(crate) fn called(&mut self, back: Callback) {
        if self.callbacks.len() == CALLBACKS {
            self.callbacks.pop_front();
        }
        self.callbacks.push_back(back);
        self.called_back += 1;
    }

    /// Its process is gone, and with it whatever it was doing.
    pub(crate) fn dies(&mut self) {
        self.in_call = None;
    }
}
