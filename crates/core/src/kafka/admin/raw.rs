//! A request to write, made by hand: any producer id, epoch and sequence number.

use super::call::Target;
use crate::kafka::config::Acks;
use crate::kafka::message::{Batch, Content, NewRecord, ProducerStamp, Request};
use crate::kafka::sizes::{BATCH_OVERHEAD, Lengths};
use crate::kafka::{BrokerId, TopicPartition};
use crate::name::TransactionalId;
use crate::sim::SimTime;
use crate::workload::{MessageId, Workload};

/// One `Produce` request with one batch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RawProduce {
    /// Where the batch is to go.
    pub partition: TopicPartition,
    /// Whom to ask; the partition's leader if nobody is named.
    pub broker: Option<BrokerId>,
    /// Its records.
    pub messages: Vec<MessageId>,
    /// Who is to have it before it is answered.
    pub acks: Acks,
    /// As whose batch it is sent; nobody's if none.
    pub producer: Option<ProducerStamp>,
    /// Whose transaction it belongs to, if to one.
    pub transactional_id: Option<TransactionalId>,
    /// How long the leader may wait for the other replicas.
    pub timeout_ms: u64,
}

impl RawProduce {
    /// What is asked, and whom; the records are put into it when it goes out.
    pub(super) fn asks(&self) -> (Target, Request) {
        let target = match self.broker {
            Some(broker) => Target::Broker(broker),
            None => Target::Leader(self.partition.clone()),
        };
        (target, self.produce(Vec::new()))
    }

    /// The request as it goes out at `now`.
    pub(super) fn request(&self, now: SimTime, workload: &Workload) -> Request {
        let timestamp_ms = now.as_ms();
        let mut size_bytes = BATCH_OVERHEAD;
        let mut records = Vec::with_capacity(self.messages.len());
        for (message, place) in self.messages.iter().zip(0..) {
            size_bytes += Lengths::of(workload, *message).record(0, place);
            records.push(NewRecord { timestamp_ms, content: Content::Message(*message) });
        }
        let batch = Batch {
            producer: self.producer,
            transactional: self.transactional_id.is_some(),
            ..Batch::plain(records.into(), size_bytes)
        };
        self.produce(vec![(self.partition.clone(), batch)])
    }

    fn produce(&self, batches: Vec<(TopicPartition, Batch)>) -> Request {
        let (acks, timeout_ms) = (self.acks, self.timeout_ms);
        Request::Produce {
            acks,
            timeout_ms,
            transactional_id: self.transactional_id.clone(),
            batches,
        }
    }
}
