//! Whether a new leader still has what the client has read.
//!
//! Source: KIP-320, `OffsetFetcher.validatePositionsIfNeeded`, `SubscriptionState`.

use super::positions::{Position, Target};
use super::{Asked, Client, Effect};
use crate::kafka::config::OffsetReset;
use crate::kafka::log::EpochEnd;
use crate::kafka::message::{ErrorCode, Request};
use crate::kafka::network::Channel;
use crate::kafka::{BrokerId, Offset, TopicPartition};
use crate::sim::SimTime;

/// A position to be asked about.
struct Doubt {
    partition: TopicPartition,
    at: Offset,
    /// The term of the record before it.
    epoch: u32,
    leader: BrokerId,
    leader_epoch: u32,
}

impl Client {
    /// Whether the leader has changed since the position was found or validated.
    pub(super) fn is_doubtful(&self, partition: &TopicPartition) -> bool {
        self.doubt(partition).is_some()
    }

    fn doubt(&self, partition: &TopicPartition) -> Option<Doubt> {
        let place = self.assignment.get(partition)?;
        let (at, epoch) = place.read_in.filter(|(at, _)| Some(*at) == place.known())?;
        let state = self.metadata.partition(partition)?;
        let (leader, leader_epoch) = (state.leader?, state.leader_epoch);
        let is_new = epoch < leader_epoch && place.validated_in != Some(leader_epoch);
        let partition = partition.clone();
        is_new.then_some(Doubt { partition, at, epoch, leader, leader_epoch })
    }

    /// Those that can be asked about now.
    fn doubts(&self) -> impl Iterator<Item = Doubt> {
        let doubts = self.assignment.keys().filter_map(|it| self.doubt(it));
        doubts.filter(|it| {
            let asked =
                |asked: &Asked| matches!(asked, Asked::EpochEnd(of, _) if *of == it.partition);
            self.connections(Channel::Data).is_up(it.leader) && !self.is_waiting_for(asked)
        })
    }

    /// When a position is to be asked about.
    pub(super) fn validation_due(&self) -> Option<SimTime> {
        self.doubts().next().map(|_| self.fetch_not_before)
    }

    /// Asks new leaders about the positions in what they lead.
    pub(super) fn validate_positions(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if now < self.fetch_not_before {
            return;
        }
        for it in self.doubts().collect::<Vec<_>>() {
            let Doubt { partition, at, epoch, leader, leader_epoch } = it;
            let what = Asked::EpochEnd(partition.clone(), at);
            let request = Request::OffsetForLeaderEpoch { partition, leader_epoch, epoch };
            self.send(fx, now, (leader, Channel::Data), what, request);
        }
    }

    /// A leader said where the term of the last record ended. If that is before the position,
    /// what was read after it is gone: reading goes on where the logs part.
    pub(super) fn epoch_end_found(
        &mut self,
        now: SimTime,
        partition: &TopicPartition,
        at: Offset,
        answer: Result<Option<EpochEnd>, ErrorCode>,
    ) {
        let leader_epoch = self.metadata.partition(partition).map(|it| it.leader_epoch);
        let end = match answer {
            Ok(end) => end,
            Err(_) => {
                self.fetch_not_before = now + self.retry_backoff();
                return self.metadata.want();
            }
        };
        let Some(place) = self.assignment.get_mut(partition) else { return };
        if place.known() != Some(at) {
            return;
        }
        let end = end.map(|it| it.end);
        if end.is_some_and(|end| at <= end) {
            place.validated_in = leader_epoch;
            return;
        }
        if self.settings.auto_offset_reset == OffsetReset::None {
            place.validated_in = leader_epoch;
            self.exception = Some("LogTruncationException");
            return;
        }
        let position = end.map_or(Position::Reset(Target::Policy, now), Position::At);
        self.move_to(partition, position);
    }
}
