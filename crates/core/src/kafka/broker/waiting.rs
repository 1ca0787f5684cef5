//! Fetches that wait at the leader until there is enough.

use super::{Broker, Effect};
use crate::kafka::log::{Log, OutOfRange, Slice};
use crate::kafka::message::{Answer, ErrorCode, FetchPosition};
use crate::kafka::network::ReplyTo;
use crate::kafka::{BrokerId, Offset};
use crate::sim::SimTime;

/// A fetch that waits for records.
#[derive(Clone, Debug, Hash)]
pub(super) struct ParkedFetch {
    pub(super) reply_to: ReplyTo,
    pub(super) deadline: SimTime,
    pub(super) min_bytes: u64,
    /// The broker that fetches, if it is a follower.
    pub(super) replica: Option<BrokerId>,
    pub(super) partitions: Vec<FetchPosition>,
}

impl Broker {
    /// Answers the parked fetches for which there is enough now.
    pub(super) fn answer_satisfied(&mut self, fx: &mut Vec<Effect>) {
        let parked = std::mem::take(&mut self.memory().parked);
        let (satisfied, waiting) = parked.into_iter().partition(|it| self.is_satisfied(it));
        self.memory().parked = waiting;
        for fetch in satisfied {
            let answer = self.read_all(&fetch);
            fx.push(Effect::Answer(fetch.reply_to, answer));
        }
    }

    /// Source: `DelayedFetch.tryComplete`: enough bytes, or an error that should not wait.
    pub(super) fn is_satisfied(&self, fetch: &ParkedFetch) -> bool {
        let mut bytes = 0;
        for it in &fetch.partitions {
            if self.position_error(it).is_some() {
                return true;
            }
            let Some(log) = self.led(&it.partition) else { return true };
            if it.from < log.log_start() || log.log_end() < it.from {
                return true;
            }
            if fetch.replica.is_some() {
                let diverges = it.last_epoch.is_some_and(|e| log.diverges(it.from, e).is_some());
                if it.from < log.log_end() || diverges {
                    return true;
                }
                continue;
            }
            let bound = bound(log, it);
            bytes += log.readable_bytes(it.from, fetch.min_bytes, bound);
        }
        fetch.min_bytes <= bytes
    }

    pub(super) fn read_all(&mut self, fetch: &ParkedFetch) -> Answer {
        let mut results = Vec::new();
        for it in &fetch.partitions {
            let result = match fetch.replica {
                Some(follower) => self.read_for_follower(follower, it),
                None => self.read_for_consumer(it),
            };
            results.extend(result.map(|result| (it.partition.clone(), result)));
        }
        Answer::Fetch(results)
    }

    /// What has nothing to tell is left out, as in Kafka's incremental fetch sessions.
    fn read_for_consumer(&self, it: &FetchPosition) -> Option<Result<Slice, ErrorCode>> {
        if let Some(error) = self.position_error(it) {
            return Some(Err(error));
        }
        let log = self.led(&it.partition)?;
        let bound = bound(log, it);
        match log.read_below(it.from, it.max_bytes, bound) {
            Ok(slice) if slice.heads.is_empty() => None,
            Ok(slice) if !it.committed_only => Some(Ok(slice)),
            // Source: `UnifiedLog.collectAbortedTransactions`. Simplified: such a reader is told
            // the last stable offset in place of the high watermark.
            Ok(slice) => {
                let aborted = log.producers().aborted(it.from, slice.next).collect();
                Some(Ok(Slice { aborted, high_watermark: bound, ..slice }))
            }
            Err(OutOfRange) => Some(Err(ErrorCode::OffsetOutOfRange)),
        }
    }
}

/// How far a consumer may read.
fn bound(log: &Log, it: &FetchPosition) -> Offset {
    if it.committed_only { log.last_stable() } else { log.high_watermark() }
}
