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
}

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
            Tx::Commit => self.commit(fx),
            Tx::Rollback => self.roll_back(),
        }
        fx.push(Effect::Send(Frame::TopologyDone(Answer::Done)));
    }

    fn commit(&mut self, fx: &mut Vec<Effect>) {
        let Some(Transaction { publishes, settles }) = self.tx.take() else { return };
        for (message, mandatory) in publishes {
            fx.push(Effect::Publish { message, mandatory, number: None });
        }
        for (taken, how) in settles {
            self.hand_back(fx, taken, how);
        }
        self.forget_settled();
        self.tx = Some(Transaction::default());
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
