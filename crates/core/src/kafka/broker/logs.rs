//! What a broker does with its logs beside reading and appending: it checks what is to be
//! appended, looks for offsets, and gets rid of what need not be kept.

use super::{Broker, Effect};
use crate::kafka::config::{TimestampType, TopicSettings};
use crate::kafka::fact::Fact;
use crate::kafka::log::{Deleted, Dirt};
use crate::kafka::message::{Batch, ErrorCode, ListedOffset, UNKNOWN_OFFSET};
use crate::kafka::{Offset, TopicPartition};
use crate::sim::{SimDuration, SimTime};

impl Broker {
    /// Whether a client's batch may be appended.
    ///
    /// Source: `UnifiedLog.analyzeAndValidateRecords`, `LogValidator.validateRecord`, then
    /// `UnifiedLog.append`. Without a key a record could never be compacted away; one record that
    /// is refused takes its whole batch with it. Simplified: the answer does not say which record
    /// it was, so all of the batch fail alike, where the Java client tells them apart.
    pub(super) fn validate(
        &self,
        now: SimTime,
        settings: &TopicSettings,
        batch: &Batch,
    ) -> Result<(), ErrorCode> {
        if settings.max_message_bytes < batch.size_bytes {
            return Err(ErrorCode::MessageTooLarge);
        }
        let has_key = |it| self.workload.message(it).key.is_some();
        if settings.cleanup_policy.compacts() && !batch.messages().all(has_key) {
            return Err(ErrorCode::InvalidRecord);
        }
        if settings.message_timestamp_type == TimestampType::CreateTime {
            let (most_before, most_after) = (
                settings.message_timestamp_before_max_ms.0,
                settings.message_timestamp_after_max_ms.0,
            );
            let is_off = |timestamp_ms: i64| {
                let age_ms = now.as_ms().saturating_sub(timestamp_ms);
                most_before < age_ms || most_after < age_ms.saturating_neg()
            };
            if batch.records.iter().any(|it| is_off(it.timestamp_ms)) {
                return Err(ErrorCode::InvalidTimestamp);
            }
        }
        if settings.segment_bytes < batch.size_bytes {
            return Err(ErrorCode::RecordListTooLarge);
        }
        Ok(())
    }

    /// Source: `Partition.fetchOffsetForTimestamp`: what consumers cannot read yet is not found.
    pub(super) fn list(
        &self,
        partition: &TopicPartition,
        at: ListedOffset,
    ) -> Result<Offset, ErrorCode> {
        let log = self.led(partition).ok_or_else(|| self.refusal(partition))?;
        if at != ListedOffset::Earliest && !self.knows_its_end(partition) {
            return Err(ErrorCode::OffsetNotAvailable);
        }
        let found = match at {
            ListedOffset::Earliest => return Ok(log.log_start()),
            ListedOffset::Latest => return Ok(log.high_watermark()),
            ListedOffset::LatestStable => return Ok(log.last_stable()),
            ListedOffset::AtOrAfter(timestamp_ms) => log.first_at_or_after(timestamp_ms),
            ListedOffset::MaxTimestamp => log.of_max_timestamp(),
        };
        Ok(found.filter(|it| *it < log.high_watermark()).unwrap_or(UNKNOWN_OFFSET))
    }

    /// Moves a log's start.
    ///
    /// Source: `ReplicaManager.deleteRecordsOnLocalLog`, `Partition.deleteRecordsOnLeader`.
    pub(super) fn delete_records(
        &mut self,
        fx: &mut Vec<Effect>,
        partition: &TopicPartition,
        before: Offset,
    ) -> Result<Offset, ErrorCode> {
        if self.led(partition).is_none() {
            return Err(self.refusal(partition));
        }
        if partition.topic == self.metadata.offsets.name {
            return Err(ErrorCode::InvalidTopicException);
        }
        let topic = self.metadata.topic(&partition.topic);
        let policy = topic.map(|it| it.settings.cleanup_policy);
        let log = self.disk.get_mut(partition).expect("it leads the partition");
        if policy.is_some_and(|it| it.compacts() && !it.deletes()) {
            return Err(ErrorCode::PolicyViolation);
        }
        let deleted = log.delete_before(before).map_err(|_| ErrorCode::OffsetOutOfRange)?;
        let start = log.log_start();
        fx.extend(deleted.map(|it| retained(partition, it)));
        Ok(start)
    }

    /// Checks the retention of all logs that are not compacted.
    ///
    /// Source: `LogManager.cleanupLogs`.
    pub(super) fn retain(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        self.delete_old_segments(fx, now, false);
        let interval = SimDuration::millis(self.settings.log_retention_check_interval_ms.max(1));
        self.memory().next_retention = now + interval;
    }

    /// Deletes old segments of the logs that are compacted, or of those that are not.
    fn delete_old_segments(&mut self, fx: &mut Vec<Effect>, now: SimTime, compacted: bool) {
        for (partition, log) in &mut self.disk {
            let Some(topic) = self.metadata.topic(&partition.topic) else { continue };
            if topic.settings.cleanup_policy.compacts() != compacted {
                continue;
            }
            let deleted = log.retain(now, &topic.settings);
            // What a follower does with its own copy is not told.
            if self.memory.as_ref().is_some_and(|it| it.leading.contains_key(partition)) {
                fx.extend(deleted.into_iter().map(|it| retained(partition, it)));
            }
        }
    }

    /// How long the cleaner rests.
    pub(super) fn cleaner_backoff(&self) -> SimDuration {
        SimDuration::millis(self.settings.log_cleaner_backoff_ms.max(1))
    }

    /// Cleans one log after the other, the filthiest first, until none is worth it; deletes what
    /// is old of the compacted ones; and rests.
    ///
    /// Source: `LogCleaner.CleanerThread.cleanFilthiestLog`.
    pub(super) fn clean(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        while let Some((partition, dirt)) = self.filthiest(now) {
            let topic = self.metadata.topic(&partition.topic).expect("its settings were seen");
            let log = self.disk.get_mut(&partition).expect("its dirt was seen");
            let did = log.clean(now, &topic.settings, &self.workload, dirt);
            if self.leading(&partition).is_none() {
                continue;
            }
            fx.push(Effect::Note(Fact::Cleaned {
                partition,
                from: dirt.first,
                to: did.to,
                removed: did.removed.into(),
                bytes: did.bytes_before.saturating_sub(did.bytes_after),
            }));
        }
        self.delete_old_segments(fx, now, true);
        self.memory().next_cleaning = now + self.cleaner_backoff();
    }

    /// The compacted log of which most is dirty, if one is worth cleaning.
    ///
    /// Source: `LogCleanerManager.grabFilthiestCompactedLog`.
    fn filthiest(&self, now: SimTime) -> Option<(TopicPartition, Dirt)> {
        let mut found: Option<(&TopicPartition, Dirt)> = None;
        for (partition, log) in &self.disk {
            let Some(topic) = self.metadata.topic(&partition.topic) else { continue };
            if !topic.settings.cleanup_policy.compacts() {
                continue;
            }
            let dirt = log.dirt(now, &topic.settings);
            let is_filthier = |(_, other): &(_, Dirt)| dirt.is_filthier_than(other);
            if dirt.is_due(&topic.settings) && found.as_ref().is_none_or(is_filthier) {
                found = Some((partition, dirt));
            }
        }
        found.map(|(partition, dirt)| (partition.clone(), dirt))
    }
}

fn retained(partition: &TopicPartition, it: Deleted) -> Effect {
    let (partition, Deleted { from, start, records, why }) = (partition.clone(), it);
    Effect::Note(Fact::Retained { partition, from, start, records, why })
}

#[cfg(test)]
mod tests;
