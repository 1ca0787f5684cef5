//! Where the client begins to read what it was given.
//!
//! Source: `ConsumerCoordinator.initWithCommittedOffsetsIfNeeded`, `OffsetFetcher`.

use super::{Asked, Client, Effect};
use crate::kafka::config::OffsetReset;
use crate::kafka::fact::{Fact, PositionReason};
use crate::kafka::message::{ErrorCode, GroupRequest, ListedOffset, Request};
use crate::kafka::network::Channel;
use crate::kafka::{Offset, TopicPartition};
use crate::sim::SimTime;

/// Where it stands in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Position {
    /// It has to ask for the committed offset, not before that instant.
    Unknown(SimTime),
    /// It has to ask the leader, as `auto.offset.reset` says, not before that instant.
    Reset(SimTime),
    /// The next offset that `poll` returns.
    At(Offset),
}

impl Position {
    /// Of a partition that was just given.
    pub(super) fn unknown(now: SimTime) -> Self {
        Self::Unknown(now)
    }

    /// The next offset, if it is known.
    pub(super) fn known(&self) -> Option<Offset> {
        match self {
            Self::At(offset) => Some(*offset),
            Self::Unknown(_) | Self::Reset(_) => None,
        }
    }

    /// When it may be asked for.
    fn not_before(&self) -> Option<SimTime> {
        match self {
            Self::Unknown(not_before) | Self::Reset(not_before) => Some(*not_before),
            Self::At(_) => None,
        }
    }
}

impl Client {
    /// When a position is to be asked for that was not answered.
    pub(super) fn position_due(&self) -> Option<SimTime> {
        if !self.membership.is_member() {
            return None;
        }
        let held_back = self.assignment.iter().filter_map(|(partition, it)| {
            let at = it.not_before()?;
            let can_ask = match it {
                Position::Unknown(_) => {
                    self.coordinator().is_some() && !self.is_waiting_for(is_committed)
                }
                Position::Reset(_) | Position::At(_) => self.can_list(partition),
            };
            can_ask.then_some(at)
        });
        held_back.min()
    }

    fn can_list(&self, partition: &TopicPartition) -> bool {
        let asked = |it: &Asked| matches!(it, Asked::ListOffsets(it) if it == partition);
        let leader = self.metadata.leader(partition);
        leader.is_some_and(|it| self.connections(Channel::Data).is_up(it))
            && !self.is_waiting_for(asked)
    }

    pub(super) fn look_for_positions(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if !self.membership.is_member() {
            return;
        }
        let (mut unknown, mut resets) = (Vec::new(), Vec::new());
        for (partition, it) in &self.assignment {
            match it {
                Position::Unknown(at) if *at <= now => unknown.push(partition.clone()),
                Position::Reset(at) if *at <= now => resets.push(partition.clone()),
                Position::Unknown(_) | Position::Reset(_) | Position::At(_) => {}
            }
        }
        if !unknown.is_empty()
            && !self.is_waiting_for(is_committed)
            && let Some(to) = self.coordinator()
        {
            let group = self.group.clone();
            let request = GroupRequest::OffsetFetch { group, partitions: unknown };
            self.send(fx, now, to, Asked::Committed, Request::Group(request));
        }
        for partition in resets {
            let leader = self.metadata.leader(&partition);
            if leader.is_none() {
                self.metadata.want();
            }
            if let Some(leader) = leader
                && self.can_list(&partition)
            {
                let at = match self.settings.auto_offset_reset {
                    OffsetReset::Earliest => ListedOffset::Earliest,
                    OffsetReset::Latest | OffsetReset::None => ListedOffset::Latest,
                };
                let to = (leader, Channel::Data);
                let what = Asked::ListOffsets(partition.clone());
                self.send(fx, now, to, what, Request::ListOffsets { partition, at });
            }
        }
    }

    /// The committed offsets are known. One that lies outside the log is taken all the same.
    pub(super) fn committed_found(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        answer: Result<Vec<(TopicPartition, Option<Offset>)>, ErrorCode>,
    ) {
        let found = match answer {
            Ok(found) => found,
            Err(error) => {
                self.refused(now, self.membership.generation(), error);
                return self.retry_positions(now, None);
            }
        };
        for (partition, committed) in found {
            match (self.assignment.get(&partition), committed) {
                (Some(Position::Unknown(_)), Some(offset)) => {
                    self.positioned(fx, &partition, offset, PositionReason::Committed);
                }
                (Some(Position::Unknown(_)), None) => {
                    self.reset(fx, now, &partition, "NoOffsetForPartitionException");
                }
                // It was given up meanwhile, or the application has set it itself.
                _ => {}
            }
        }
    }

    /// There is no valid position: `auto.offset.reset` decides.
    pub(super) fn reset(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        partition: &TopicPartition,
        exception: &'static str,
    ) {
        if self.settings.auto_offset_reset == OffsetReset::None {
            fx.push(Effect::Raised(exception));
        } else if let Some(it) = self.assignment.get_mut(partition) {
            *it = Position::Reset(now);
        }
    }

    /// A leader said where its log begins or ends.
    pub(super) fn offset_found(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        partition: &TopicPartition,
        answer: Result<Offset, ErrorCode>,
    ) {
        match (self.assignment.get(partition), answer) {
            (Some(Position::Reset(_)), Ok(offset)) => {
                let why = match self.settings.auto_offset_reset {
                    OffsetReset::Earliest => PositionReason::Earliest,
                    OffsetReset::Latest | OffsetReset::None => PositionReason::Latest,
                };
                self.positioned(fx, partition, offset, why);
            }
            (Some(Position::Reset(_)), Err(_)) => {
                self.metadata.want();
                self.retry_positions(now, Some(partition));
            }
            // It was given up meanwhile, or the application has set it itself.
            _ => {}
        }
    }

    fn positioned(
        &mut self,
        fx: &mut Vec<Effect>,
        partition: &TopicPartition,
        offset: Offset,
        why: PositionReason,
    ) {
        self.assignment.insert(partition.clone(), Position::At(offset));
        fx.push(Effect::Note(Fact::Positioned {
            group: self.group.clone(),
            consumer: self.name.clone(),
            partition: partition.clone(),
            offset,
            why,
        }));
    }

    /// Asks again later: for the leader's word on one partition, or for all that is committed.
    pub(super) fn retry_positions(&mut self, now: SimTime, one: Option<&TopicPartition>) {
        let later = now + self.retry_backoff();
        for (partition, it) in &mut self.assignment {
            match it {
                Position::Unknown(at) if one.is_none() => *at = later,
                Position::Reset(at) if one == Some(partition) => *at = later,
                Position::Unknown(_) | Position::Reset(_) | Position::At(_) => {}
            }
        }
    }

    /// The application moves a position; nobody is asked whether it lies in the log.
    pub(super) fn seek(&mut self, partition: &TopicPartition, offset: Offset) {
        if let Some(it) = self.assignment.get_mut(partition) {
            *it = Position::At(offset);
            self.buffer.retain(|it| it.partition() != partition);
        }
    }

    /// The positions that are known.
    pub(super) fn positions(&self) -> Vec<(TopicPartition, Offset)> {
        let known = self.assignment.iter().filter_map(|(it, at)| Some((it.clone(), at.known()?)));
        known.collect()
    }
}

fn is_committed(what: &Asked) -> bool {
    *what == Asked::Committed
}
