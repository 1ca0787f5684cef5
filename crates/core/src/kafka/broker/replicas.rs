//! What a broker does as the leader of a partition: it knows how far its followers are, who is in
//! sync, and up to where consumers may read.
//!
//! Source: `Partition`, `Replica`, `ReplicaManager`; KIP-101, KIP-966.

use super::{Broker, Effect, Memory};
use crate::kafka::fact::{ClusterFact, Fact};
use crate::kafka::log::{EpochEnd, Log, Slice};
use crate::kafka::message::{
    Answer, ControllerRequest, ErrorCode, FetchPosition, Outcomes, Request,
};
use crate::kafka::metadata::Partition;
use crate::kafka::network::{Node, ReplyTo};
use crate::kafka::{BrokerId, Offset, TopicPartition};
use crate::map::Map;
use crate::sim::{SimDuration, SimTime};

/// How long a leader waits for the controller's word before it asks again.
const CONTROLLER_TIMEOUT: SimDuration = SimDuration::millis(2_000);

/// What a broker knows of a partition that it leads.
#[derive(Clone, Debug, Hash)]
pub(super) struct Leading {
    pub(super) epoch: u32,
    partition_epoch: u32,
    /// Where its log ended when it became the leader.
    start: Offset,
    isr: Vec<BrokerId>,
    /// Whom it wants to be in sync, while the controller has not answered; asked anew after that.
    wanted: Option<(Vec<BrokerId>, SimTime)>,
    followers: Map<BrokerId, Follower>,
}

/// How far a follower is.
#[derive(Clone, Debug, Hash)]
struct Follower {
    /// Where its log ends; not known before its first fetch.
    end: Option<Offset>,
    /// When it last fetched, and where the leader's log ended then.
    fetched: (SimTime, Offset),
    /// When it last had everything.
    caught_up: Option<SimTime>,
    /// The high watermark that it was last told.
    told: Offset,
}

/// A write that waits until enough replicas have it.
#[derive(Clone, Debug, Hash)]
pub(super) struct ParkedProduce {
    pub(super) reply_to: ReplyTo,
    pub(super) deadline: SimTime,
    /// Per partition where its batch begins and which high watermark it waits for; or the answer.
    pub(super) waits: Outcomes<(Offset, Offset)>,
}

impl Follower {
    /// Before anything is heard of it.
    fn new(now: SimTime, is_in_sync: bool) -> Self {
        Self {
            end: None,
            fetched: (SimTime::START, Offset(0)),
            caught_up: is_in_sync.then_some(now),
            told: Offset(-1),
        }
    }

    /// It fetches from `from` on, which says that it has all before that.
    ///
    /// Source: `Replica.updateFetchStateOrThrow`.
    fn fetches(&mut self, now: SimTime, from: Offset, leader_end: Offset) {
        if leader_end <= from {
            self.caught_up = self.caught_up.max(Some(now));
        } else if self.fetched.1 <= from {
            self.caught_up = self.caught_up.max(Some(self.fetched.0));
        }
        self.end = Some(from);
        self.fetched = (now, leader_end);
    }

    /// Source: `ReplicaState.isCaughtUp`.
    fn is_caught_up(&self, now: SimTime, leader_end: Offset, longest: SimDuration) -> bool {
        self.end == Some(leader_end) || self.caught_up.is_some_and(|it| now <= it + longest)
    }
}

impl Leading {
    /// A term that begins now.
    fn new(now: SimTime, id: BrokerId, state: &Partition, start: Offset) -> Self {
        let others = state.replicas.iter().filter(|it| **it != id);
        let followers = others.map(|it| (*it, Follower::new(now, state.isr.contains(it))));
        Self {
            epoch: state.leader_epoch,
            partition_epoch: state.partition_epoch,
            start,
            isr: state.isr.clone(),
            wanted: None,
            followers: followers.collect(),
        }
    }

    /// Everyone who is in sync, or will be as soon as the controller agrees.
    fn maximal_isr(&self) -> usize {
        let wanted = self.wanted.as_ref().map_or(0, |(isr, _)| isr.len());
        wanted.max(self.isr.len())
    }

    fn is_in_maximal_isr(&self, broker: BrokerId) -> bool {
        let wanted = self.wanted.as_ref().is_some_and(|(isr, _)| isr.contains(&broker));
        wanted || self.isr.contains(&broker)
    }
}

impl Broker {
    /// What it leads.
    pub(super) fn leading(&self, partition: &TopicPartition) -> Option<&Leading> {
        self.memory.as_ref()?.leading.get(partition)
    }

    /// Whether it leads a partition in that term, as far as it knows.
    #[cfg(test)]
    pub(crate) fn leads(&self, partition: &TopicPartition, epoch: u32) -> bool {
        self.leading(partition).is_some_and(|it| it.epoch == epoch)
    }

    /// The log of a partition, if it leads that.
    pub(super) fn led(&self, partition: &TopicPartition) -> Option<&Log> {
        self.leading(partition)?;
        self.disk.get(partition)
    }

    /// It leads a partition from now on, or goes on to.
    ///
    /// Source: `Partition.makeLeader`.
    pub(super) fn lead(&mut self, now: SimTime, partition: &TopicPartition, state: &Partition) {
        let id = self.id;
        let log = self.disk.get_or_insert_with(partition.clone(), || Log::new(now));
        let memory = self.memory.as_mut().expect("a running broker leads");
        match memory.leading.get_mut(partition) {
            Some(it) if it.epoch == state.leader_epoch => {
                if it.partition_epoch < state.partition_epoch {
                    it.partition_epoch = state.partition_epoch;
                    it.isr.clone_from(&state.isr);
                    it.wanted = None;
                }
            }
            _ => {
                log.begin_epoch(state.leader_epoch, log.log_end());
                let leading = Leading::new(now, id, state, log.log_end());
                memory.leading.insert(partition.clone(), leading);
            }
        }
        self.raise(now, partition);
    }

    /// Lets consumers see what every replica in sync has.
    ///
    /// Source: `Partition.maybeIncrementLeaderHW`.
    pub(super) fn raise(&mut self, now: SimTime, partition: &TopicPartition) {
        let longest = SimDuration::millis(self.settings.replica_lag_time_max_ms);
        let metadata = self.metadata.clone();
        let Some(memory) = &mut self.memory else { return };
        let Some(leading) = memory.leading.get(partition) else { return };
        let Some(log) = self.disk.get_mut(partition) else { return };
        let end = log.log_end();
        let mut to = end;
        if !leading.followers.is_empty() {
            if leading.isr.len() < metadata.min_isr(partition) {
                return;
            }
            for (broker, it) in &leading.followers {
                let counts = leading.is_in_maximal_isr(*broker)
                    || (metadata.is_active(*broker) && it.is_caught_up(now, end, longest));
                if counts {
                    // Nothing is known of one that has not fetched: it may have nothing.
                    to = to.min(it.end.unwrap_or(Offset(0)));
                }
            }
        }
        if log.high_watermark() < to {
            log.raise_high_watermark(to);
        }
    }

    /// A follower fetches, which says how far it is.
    ///
    /// Source: `Partition.updateFollowerFetchState`.
    pub(super) fn follower_fetches(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        follower: BrokerId,
        positions: &[FetchPosition],
    ) {
        for it in positions {
            if self.position_error(it).is_some() || self.diverging(it).is_some() {
                continue;
            }
            let memory = self.memory.as_mut().expect("a running broker is asked");
            let Some(leading) = memory.leading.get_mut(&it.partition) else { continue };
            let Some(log) = self.disk.get(&it.partition) else { continue };
            if it.from < log.log_start() || log.log_end() < it.from {
                continue;
            }
            let Some(state) = leading.followers.get_mut(&follower) else { continue };
            state.fetches(now, it.from, log.log_end());
            self.expand(fx, now, &it.partition, follower);
            self.raise(now, &it.partition);
        }
    }

    /// Has a follower that has all that is committed counted as in sync.
    ///
    /// Source: `Partition.maybeExpandIsr`.
    fn expand(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        partition: &TopicPartition,
        follower: BrokerId,
    ) {
        let Some(leading) = self.leading(partition) else { return };
        let Some(log) = self.disk.get(partition) else { return };
        let end = leading.followers.get(&follower).and_then(|it| it.end);
        let has_all = end.is_some_and(|it| log.high_watermark() <= it && leading.start <= it);
        let is_new = !leading.isr.contains(&follower) && leading.wanted.is_none();
        if has_all && is_new && self.metadata.is_active(follower) {
            let mut isr = leading.isr.clone();
            isr.push(follower);
            self.want(fx, now, partition, isr);
        }
    }

    /// Asks the controller for another in-sync set.
    fn want(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        partition: &TopicPartition,
        isr: Vec<BrokerId>,
    ) {
        let leader = self.id;
        let memory = self.memory();
        let Some(leading) = memory.leading.get_mut(partition) else { return };
        leading.wanted = Some((isr.clone(), now + CONTROLLER_TIMEOUT));
        let epochs = (leading.epoch, leading.partition_epoch);
        let partition = partition.clone();
        let request = ControllerRequest::AlterPartition { leader, partition, epochs, isr };
        self.ask(fx, Node::Controller, Request::Controller(request));
    }

    /// The controller has answered: what it agreed to has come as metadata already.
    pub(super) fn altered(&mut self, now: SimTime, partition: &TopicPartition) {
        if let Some(leading) = self.memory().leading.get_mut(partition) {
            leading.wanted = None;
        }
        self.raise(now, partition);
    }

    /// When someone may have fallen out of sync, or the controller is to be asked again.
    pub(super) fn replicas_due(memory: &Memory) -> Option<SimTime> {
        let mut due = None;
        for it in memory.leading.values() {
            if let Some((_, again)) = &it.wanted {
                due = Some(due.map_or(*again, |due: SimTime| due.min(*again)));
            }
        }
        due.into_iter().chain(memory.next_isr_check).min()
    }

    /// Drops from the in-sync sets who has been behind for too long.
    ///
    /// Source: `Partition.maybeShrinkIsr`, looked at every half `replica.lag.time.max.ms`.
    pub(super) fn check_replicas(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let mut again = Vec::new();
        for (partition, it) in &self.memory().leading {
            if let Some((isr, at)) = &it.wanted
                && *at <= now
            {
                again.push((partition.clone(), isr.clone()));
            }
        }
        for (partition, isr) in again {
            self.want(fx, now, &partition, isr);
        }
        if self.memory().next_isr_check.is_none_or(|it| now < it) {
            return;
        }
        let longest = SimDuration::millis(self.settings.replica_lag_time_max_ms);
        self.memory().next_isr_check = Some(now + SimDuration((longest.0 / 2).max(1)));
        let mut shrunk = Vec::new();
        for (partition, leading) in &self.memory.as_ref().expect("it runs").leading {
            let Some(log) = self.disk.get(partition) else { continue };
            let end = log.log_end();
            let is_late = |it: &BrokerId| {
                let state = leading.followers.get(it);
                state.is_some_and(|state| !state.is_caught_up(now, end, longest))
            };
            if leading.wanted.is_none() && leading.isr.iter().any(is_late) {
                let isr = leading.isr.iter().copied().filter(|it| !is_late(it)).collect();
                shrunk.push((partition.clone(), isr));
            }
        }
        for (partition, isr) in shrunk {
            self.want(fx, now, &partition, isr);
        }
    }

    /// Why a fetch from a position is refused, if it is.
    ///
    /// Source: `Partition.checkCurrentLeaderEpoch`; KIP-320.
    pub(super) fn position_error(&self, it: &FetchPosition) -> Option<ErrorCode> {
        self.epoch_error(&it.partition, it.leader_epoch)
    }

    fn epoch_error(&self, partition: &TopicPartition, known: Option<u32>) -> Option<ErrorCode> {
        let Some(leading) = self.leading(partition) else {
            return Some(self.refusal(partition));
        };
        match known {
            Some(epoch) if epoch < leading.epoch => Some(ErrorCode::FencedLeaderEpoch),
            Some(epoch) if leading.epoch < epoch => Some(ErrorCode::UnknownLeaderEpoch),
            Some(_) | None => None,
        }
    }

    /// Where a term ended, for a consumer that knows the leader's own.
    ///
    /// Source: `Partition.lastOffsetForLeaderEpoch`.
    pub(super) fn epoch_end(
        &self,
        partition: &TopicPartition,
        leader_epoch: u32,
        epoch: u32,
    ) -> Result<Option<EpochEnd>, ErrorCode> {
        self.epoch_error(partition, Some(leader_epoch)).map_or(Ok(()), Err)?;
        Ok(self.disk.get(partition).and_then(|it| it.end_of_epoch(epoch)))
    }

    /// Where a follower that fetches differs from this log, if it does.
    fn diverging(&self, it: &FetchPosition) -> Option<EpochEnd> {
        self.disk.get(&it.partition)?.diverges(it.from, it.last_epoch?)
    }

    /// What a follower finds at a position: also what consumers cannot see yet.
    pub(super) fn read_for_follower(
        &mut self,
        follower: BrokerId,
        it: &FetchPosition,
    ) -> Option<Result<Slice, ErrorCode>> {
        if let Some(error) = self.position_error(it) {
            return Some(Err(error));
        }
        let diverging = self.diverging(it);
        let log = self.disk.get(&it.partition)?;
        // Who asks for less than there is learns where the log begins.
        let from = it.from.max(log.log_start()).min(log.log_end());
        let slice = match diverging {
            Some(_) => log.read_below(from, 0, from),
            None if from == it.from => log.read_below(from, it.max_bytes, log.log_end()),
            None => log.read_below(from, 0, from),
        };
        let mut slice = slice.expect("the position lies within the log");
        slice.diverging = diverging;
        let high_watermark = slice.high_watermark;
        let leading = self.memory().leading.get_mut(&it.partition)?;
        let state = leading.followers.get_mut(&follower)?;
        let is_news = state.told != high_watermark || from != it.from;
        state.told = high_watermark;
        let tells = is_news || slice.diverging.is_some() || !slice.heads.is_empty();
        tells.then_some(Ok(slice))
    }

    /// Answers the writes that enough replicas have, or that nobody may wait for any longer.
    ///
    /// Source: `DelayedProduce.tryComplete`, `Partition.checkEnoughReplicasReachOffset`.
    pub(super) fn answer_written(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if self.memory().produces.is_empty() {
            return;
        }
        let parked = std::mem::take(&mut self.memory().produces);
        for mut it in parked {
            let mut waits = false;
            for (partition, wait) in &mut it.waits {
                let Ok((_, needed)) = *wait else { continue };
                match self.is_written(partition, needed) {
                    Ok(true) => {}
                    Ok(false) if it.deadline <= now => *wait = Err(ErrorCode::RequestTimedOut),
                    Ok(false) => waits = true,
                    Err(error) => *wait = Err(error),
                }
            }
            if waits {
                self.memory().produces.push(it);
            } else {
                let results = it.waits.into_iter();
                let results = results.map(|(at, result)| (at, result.map(|(base, _)| base)));
                fx.push(Effect::Answer(it.reply_to, Answer::Produce(results.collect())));
            }
        }
    }

    /// Whether consumers can see all before `needed`.
    pub(super) fn is_written(
        &self,
        partition: &TopicPartition,
        needed: Offset,
    ) -> Result<bool, ErrorCode> {
        let Some(leading) = self.leading(partition) else {
            return Err(ErrorCode::NotLeaderOrFollower);
        };
        let log = self.disk.get(partition).expect("what it leads it has");
        if log.high_watermark() < needed {
            return Ok(false);
        }
        if leading.maximal_isr() < self.metadata.min_isr(partition) {
            return Err(ErrorCode::NotEnoughReplicasAfterAppend);
        }
        Ok(true)
    }

    /// Whether a write with acks=all can be taken.
    ///
    /// Source: `Partition.appendRecordsToLeader`.
    pub(super) fn has_enough_replicas(&self, partition: &TopicPartition) -> bool {
        let in_sync = self.leading(partition).map_or(0, |it| it.isr.len());
        self.metadata.min_isr(partition) <= in_sync
    }

    /// Whether a new leader knows how far its followers are.
    ///
    /// Source: `Partition.fetchOffsetForTimestamp`.
    pub(super) fn knows_its_end(&self, partition: &TopicPartition) -> bool {
        let Some(leading) = self.leading(partition) else { return false };
        let log = self.disk.get(partition).expect("what it leads it has");
        leading.start <= log.high_watermark()
    }

    /// Tells what a replica cut off.
    pub(super) fn note_truncated(
        &self,
        fx: &mut Vec<Effect>,
        partition: &TopicPartition,
        to: Offset,
        records: u64,
    ) {
        let (broker, partition) = (self.id, partition.clone());
        let fact = ClusterFact::Truncated { broker, partition, to, records };
        fx.push(Effect::Note(Fact::Cluster(fact)));
    }
}
