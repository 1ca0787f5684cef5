//! What a leader made of batches that it did not append, for their sequence numbers.

use super::{Broker, Effect};
use crate::kafka::fact::{Fact, TransactionFact};
use crate::kafka::message::{Batch, ErrorCode};
use crate::kafka::{Offset, TopicPartition};
use crate::sim::SimTime;
use crate::workload::MessageId;

/// Records that a leader did not append again, as their sequence numbers told that it has them.
/// Nothing depends on this: it is there to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Duplicates {
    /// How many there were so far.
    pub count: u64,
    /// When the last one came.
    pub at: SimTime,
    /// Which message that was.
    pub message: MessageId,
    /// Where that stands already.
    pub offset: Offset,
}

impl Broker {
    /// What it did not append again to a partition.
    pub(crate) fn duplicates(&self, partition: &TopicPartition) -> Option<Duplicates> {
        self.duplicates.get(partition).copied()
    }

    /// Says what became of a batch that was not appended for its sequence number or its epoch.
    pub(super) fn note_sequence(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        to: &TopicPartition,
        batch: &Batch,
        found: Result<Offset, ErrorCode>,
    ) {
        for (message, place) in batch.messages().zip(0..) {
            let to = to.clone();
            fx.push(Effect::Note(Fact::Transaction(match found {
                Ok(base) => {
                    let offset = Offset(base.0 + place);
                    let before = self.duplicates(&to).map_or(0, |it| it.count);
                    let it = Duplicates { count: before + 1, at: now, message, offset };
                    self.duplicates.insert(to.clone(), it);
                    TransactionFact::Duplicate { message, to, offset }
                }
                Err(error) => TransactionFact::OutOfLine { message, to, error: error.as_str() },
            })));
        }
    }
}
