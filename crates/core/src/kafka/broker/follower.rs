//! What a broker does as a follower: it fetches from the leaders, one request at a time from each.
//!
//! Source: `AbstractFetcherThread`, `ReplicaFetcherThread`; KIP-595 for truncation on fetch.

use super::{Broker, Effect};
use crate::kafka::log::{Log, Slice};
use crate::kafka::message::{CorrelationId, FetchPosition, Outcomes, Request};
use crate::kafka::metadata::Partition;
use crate::kafka::network::Node;
use crate::kafka::{BrokerId, Offset, TopicPartition};
use crate::map::Map;
use crate::sim::{SimDuration, SimTime};

/// `replica.socket.timeout.ms`.
const TIMEOUT: SimDuration = SimDuration::millis(30_000);

/// A partition that it follows.
#[derive(Clone, Debug, Hash)]
pub(super) struct Following {
    leader: BrokerId,
    epoch: u32,
    /// After an error, when it fetches again.
    not_before: SimTime,
}

/// What it asked a leader.
#[derive(Clone, Debug, Hash)]
pub(super) struct Fetching {
    correlation: CorrelationId,
    deadline: SimTime,
    asked: Vec<(TopicPartition, Offset)>,
}

impl Broker {
    /// It follows a leader from now on, or goes on to.
    ///
    /// Source: `Partition.makeFollower`.
    pub(super) fn follow(
        &mut self,
        now: SimTime,
        partition: &TopicPartition,
        state: &Partition,
        leader: BrokerId,
    ) {
        self.disk.get_or_insert_with(partition.clone(), || Log::new(now));
        let epoch = state.leader_epoch;
        let following = &mut self.memory().following;
        if following.get(partition).is_none_or(|it| it.epoch != epoch) {
            following.insert(partition.clone(), Following { leader, epoch, not_before: now });
        }
    }

    /// When it next fetches, or gives a fetch up.
    pub(super) fn fetches_due(memory: &super::Memory) -> Option<SimTime> {
        let mut due = memory.fetching.values().map(|it| it.deadline).min();
        for it in memory.following.values() {
            if !memory.fetching.contains_key(&it.leader) {
                due = Some(due.map_or(it.not_before, |due| due.min(it.not_before)));
            }
        }
        due
    }

    /// Fetches from every leader that owes no answer.
    pub(super) fn fetch(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let late = self.memory().fetching.take_where(|_, it| it.deadline <= now);
        for (leader, _) in late {
            self.fetch_failed(now, leader);
        }
        if self.memory().following.is_empty() {
            return;
        }
        let mut wanted: Map<BrokerId, Vec<FetchPosition>> = Map::new();
        let max_bytes = self.settings.replica_fetch_max_bytes;
        let memory = self.memory.as_ref().expect("a running broker fetches");
        for (partition, it) in &memory.following {
            if now < it.not_before || memory.fetching.contains_key(&it.leader) {
                continue;
            }
            let Some(log) = self.disk.get(partition) else { continue };
            wanted.get_or_default(it.leader).push(FetchPosition {
                partition: partition.clone(),
                from: log.log_end(),
                max_bytes,
                leader_epoch: Some(it.epoch),
                last_epoch: log.last_epoch(),
                committed_only: false,
            });
        }
        for (leader, partitions) in wanted {
            let asked = partitions.iter().map(|it| (it.partition.clone(), it.from)).collect();
            let request = Request::Fetch {
                replica: Some(self.id),
                max_wait_ms: self.settings.replica_fetch_wait_max_ms,
                min_bytes: 1,
                partitions,
            };
            let correlation = self.ask(fx, Node::Broker(leader), request);
            let fetching = Fetching { correlation, deadline: now + TIMEOUT, asked };
            self.memory().fetching.insert(leader, fetching);
        }
    }

    /// There will be no answer from a leader.
    pub(super) fn fetch_failed(&mut self, now: SimTime, leader: BrokerId) {
        let wait = SimDuration::millis(self.settings.replica_fetch_backoff_ms);
        let memory = self.memory();
        memory.fetching.remove(&leader);
        for it in memory.following.values_mut().filter(|it| it.leader == leader) {
            it.not_before = now + wait;
        }
    }

    /// A leader has answered. What it left out has nothing new.
    pub(super) fn fetched(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        leader: BrokerId,
        correlation: CorrelationId,
        results: Outcomes<Slice>,
    ) {
        let fetching = &mut self.memory().fetching;
        if fetching.get(&leader).is_none_or(|it| it.correlation != correlation) {
            return;
        }
        let Some(Fetching { asked, .. }) = fetching.remove(&leader) else { return };
        let wait = SimDuration::millis(self.settings.replica_fetch_backoff_ms);
        for (partition, result) in results {
            let from = asked.iter().find(|(it, _)| *it == partition).map(|(_, from)| *from);
            let Some(log) = self.disk.get(&partition) else { continue };
            let is_present = from == Some(log.log_end());
            let Some(following) = self.memory().following.get_mut(&partition) else { continue };
            if following.leader != leader || !is_present {
                continue;
            }
            match result {
                Err(_) => following.not_before = now + wait,
                Ok(slice) => self.take_over(fx, now, &partition, &slice),
            }
        }
    }

    fn take_over(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        partition: &TopicPartition,
        slice: &Slice,
    ) {
        let Some(topic) = self.metadata.topic(&partition.topic) else { return };
        let Some(log) = self.disk.get_mut(partition) else { return };
        if let Some(end) = slice.diverging {
            let to = log.truncation(end);
            let records = log.truncate(now, &topic.settings, to);
            if 0 < records {
                self.note_truncated(fx, partition, to, records);
            }
            return;
        }
        if log.log_end() < slice.log_start {
            log.begin_anew(now, slice.log_start);
        }
        log.copy(now, &topic.settings, slice);
        log.set_high_watermark(slice.high_watermark);
        log.follow_log_start(slice.log_start);
    }
}
