//! Transactions: publishes and acknowledgements that wait for a commit.

use super::acks::Taken;
use super::{Channel, Effect};
use crate::rabbitmq::error::ProtocolError;
use crate::rabbitmq::frame::{Frame, Tx};
use crate::rabbitmq::message::Message;
use crate::rabbitmq::queue::Settlement;
use crate::rabbitmq::topology::Answer;

/// What waits for a commit.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Transaction {
    /// Publishes, and whether they are mandatory.
    pub(super) publishes: Vec<(Message, bool)>,
    /// Deliveries that were settled, and how.
    pub(super) settles: Vec<(Taken, Settlement)>,
    /// The commit that is under way.
    committing: Option<Committing>,
}

/// A commit whose publishes are not all where they go.
#[derive(Clone, Copy, Debug, Hash)]
struct Committing {
    /// Publishes that are not routed.
    publishes: usize,
    /// Queues that have not said whether they take theirs.
    queues: u32,
    /// Whether one refused.
    refused: bool,
}

/// Under which number the publishes of a transaction are answered.
const PUBLISHES: u64 = 0;

impl Channel {
    /// A commit publishes first and settles then; a rollback forgets the publishes and makes the
    /// deliveries outstanding again.
    ///
    /// Source: RabbitMQ, "Broker Semantics", tx; `rabbit_channel`; case `p-tx`.
    pub(super) fn transact(&mut self, fx: &mut Vec<Effect>, what: Tx) {
        let wrong = match (what, self.tx.is_some(), self.confirms.is_some()) {
            (Tx::Select, _, true) => Some("cannot switch from confirm to tx mode"),
            (Tx::Commit | Tx::Rollback, false, _) => Some("channel is not transactional"),
            (Tx::Select, _, false) | (Tx::Commit | Tx::Rollback, true, _) => None,
        };
        if let Some(wrong) = wrong {
            fx.push(Effect::Fail(ProtocolError::precondition_failed(wrong)));
            return;
        }
        match what {
            Tx::Select => {
                self.tx.get_or_insert_default();
            }
            Tx::Commit => return self.commit(fx),
            Tx::Rollback => self.roll_back(),
        }
        fx.push(Effect::Send(Frame::TopologyDone(Answer::Done)));
    }

    fn commit(&mut self, fx: &mut Vec<Effect>) {
        let Some(Transaction { publishes, settles, .. }) = self.tx.take() else { return };
        let committing = Committing { publishes: publishes.len(), queues: 0, refused: false };
        for (message, mandatory) in publishes {
            fx.push(Effect::Publish { message, mandatory, number: Some(PUBLISHES) });
        }
        for (taken, how) in settles {
            self.hand_back(fx, taken, how);
        }
        self.forget_settled();
        self.tx = Some(Transaction { committing: Some(committing), ..Transaction::default() });
        self.committed_on(fx, |_| ());
    }

    /// A publish of the transaction went to so many queues.
    pub(super) fn routed_in_tx(&mut self, fx: &mut Vec<Effect>, queues: u32) {
        self.committed_on(fx, |it| {
            it.publishes -= 1;
            it.queues += queues;
        });
    }

    /// A queue answered for a publish of the transaction.
    pub(super) fn answered_in_tx(&mut self, fx: &mut Vec<Effect>, taken: bool) {
        self.committed_on(fx, |it| {
            it.queues -= 1;
            it.refused |= !taken;
        });
    }

    /// The commit is a step further. When every queue has answered it is done; if one refused, the
    /// others keep what they took and the channel is closed.
    ///
    /// Source: `rabbit_channel`, `complete_tx`, `send_nacks`.
    fn committed_on(&mut self, fx: &mut Vec<Effect>, step: impl FnOnce(&mut Committing)) {
        let Some(Transaction { committing: Some(committing), .. }) = &mut self.tx else { return };
        step(committing);
        let Committing { publishes: 0, queues: 0, refused } = *committing else { return };
        if let Some(tx) = &mut self.tx {
            tx.committing = None;
        }
        fx.push(match refused {
            true => Effect::Fail(ProtocolError::precondition_failed("partial tx completion")),
            false => Effect::Send(Frame::TopologyDone(Answer::Done)),
        });
    }

    /// What it settled is outstanding again.
    pub(super) fn roll_back(&mut self) {
        let Some(tx) = &mut self.tx else { return };
        let Transaction { settles, .. } = std::mem::take(tx);
        for (taken, _) in settles {
            self.put_back(taken);
        }
    }
}
