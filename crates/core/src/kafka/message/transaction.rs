//! What concerns transactions: requests to their coordinator, and its own to partitions' leaders.

use super::{Answer, ErrorCode, Marker, ProducerId};
use crate::kafka::TopicPartition;
use crate::name::{GroupId, TransactionalId};

/// What is asked of the coordinator of a transactional id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TransactionRequest {
    /// I am the one with this id from now on.
    InitProducerId { id: TransactionalId, timeout_ms: u64 },
    /// These partitions take part: from their leader, when the first batch comes.
    AddPartitions { id: TransactionalId, producer: ProducerId, partitions: Vec<TopicPartition> },
    /// The offsets of this group take part.
    AddOffsets { id: TransactionalId, producer: ProducerId, group: GroupId },
    /// It ends like this.
    EndTxn { id: TransactionalId, producer: ProducerId, marker: Marker },
    /// What do you know of it?
    Describe { id: TransactionalId },
}

/// A transactional id as its coordinator knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedTransaction {
    /// The name of its state.
    pub state: &'static str,
    /// The epoch of its producer.
    pub epoch: i16,
    /// The partitions that take part, sorted.
    pub partitions: Vec<TopicPartition>,
}

impl TransactionRequest {
    /// The id that it is about.
    pub(crate) fn id(&self) -> &TransactionalId {
        match self {
            Self::InitProducerId { id, .. }
            | Self::AddPartitions { id, .. }
            | Self::AddOffsets { id, .. }
            | Self::EndTxn { id, .. }
            | Self::Describe { id } => id,
        }
    }

    /// The answer that refuses it.
    pub(crate) fn refused(&self, error: ErrorCode) -> Answer {
        match self {
            Self::InitProducerId { .. } => Answer::InitProducerId(Err(error)),
            Self::AddPartitions { .. } | Self::AddOffsets { .. } => Answer::AddedToTxn(Err(error)),
            Self::EndTxn { .. } => Answer::EndTxn(Err(error)),
            Self::Describe { .. } => Answer::DescribeTransaction(Err(error)),
        }
    }
}
