//! Where the client begins to read what it was given.
//!
//! Source: `ConsumerCoordinator.initWithCommittedOffsetsIfNeeded`, `OffsetFetcher`.

use super::calls::{AtOnce, ILLEGAL_STATE};
use super::{Asked, Client, Effect, Return};
use crate::kafka::call::{CommittedOffsets, Edge, OffsetAndMetadata};
use crate::kafka::config::OffsetReset;
use crate::kafka::fact::{Fact, PositionReason};
use crate::kafka::message::{
    ErrorCode, GroupRequest, ListedOffset, Outcomes, Request, UNKNOWN_OFFSET,
};
use crate::kafka::network::Channel;
use crate::kafka::{BrokerId, Offset, TopicPartition};
use crate::map::Map;
use crate::sim::{SimDuration, SimTime};

/// A partition that it reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) position: Position,
    /// Where the records begin that it was given without a gap up to the position. For watching
    /// only.
    began: Option<Offset>,
    /// Whether the application wants no records of it.
    pub(super) paused: bool,
    /// Where its records end, as the last fetch told.
    pub(super) end: Option<Offset>,
    /// Where reading led to, and the term of the last record before that.
    pub(super) read_in: Option<(Offset, u32)>,
    /// The term of a leader that has said that it has all before the position.
    pub(super) validated_in: Option<u32>,
}

/// Where it stands in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Position {
    /// It has to ask for the committed offset, not before that instant.
    Unknown(SimTime),
    /// Nothing is committed, and `auto.offset.reset=none`: an exception is due.
    Nowhere,
    /// It has to ask the leader, not before that instant.
    Reset(Target, SimTime),
    /// The next offset that `poll` returns.
    At(Offset),
}

/// Where a position is to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// Where `auto.offset.reset` says.
    Policy,
    /// Where the application has sought.
    Edge(Edge),
}

impl Place {
    /// A partition that was just given.
    fn new(now: SimTime) -> Self {
        Self {
            position: Position::Unknown(now),
            began: None,
            paused: false,
            end: None,
            read_in: None,
            validated_in: None,
        }
    }

    /// It reads on from there, which need not follow what it has read.
    fn go_to(&mut self, offset: Offset) {
        let was_given = self.began.is_some_and(|it| it <= offset)
            && self.known().is_some_and(|it| offset <= it);
        if !was_given {
            self.began = Some(offset);
        }
        self.position = Position::At(offset);
    }

    /// The next offset, if it is known.
    pub(super) fn known(&self) -> Option<Offset> {
        match self.position {
            Position::At(offset) => Some(offset),
            Position::Unknown(_) | Position::Nowhere | Position::Reset(..) => None,
        }
    }
}

impl Client {
    /// It reads these too, or still.
    pub(super) fn take_up(&mut self, now: SimTime, partitions: &[TopicPartition]) {
        for partition in partitions {
            self.assignment.get_or_insert_with(partition.clone(), || Place::new(now));
        }
    }

    /// It reads these no more: what it has of them and asked of them is dropped.
    pub(super) fn give_up(&mut self, fx: &mut Vec<Effect>, partitions: Vec<TopicPartition>) {
        if partitions.is_empty() {
            return;
        }
        for partition in &partitions {
            self.assignment.remove(partition);
        }
        self.buffer.retain(|it| !partitions.contains(it.partition()));
        self.forget_listed(&partitions);
        let (group, consumer) = (self.group.clone(), self.name.clone());
        fx.push(Effect::Note(Fact::Revoked { group, consumer, partitions }));
    }

    /// When a position is to be asked for that was not answered.
    pub(super) fn position_due(&self) -> Option<SimTime> {
        if !self.may_read() {
            return None;
        }
        let held_back = self.assignment.iter().filter_map(|(partition, it)| match it.position {
            Position::Unknown(at) => {
                let can_ask = self.coordinator().is_some() && !self.is_waiting_for(is_committed);
                can_ask.then_some(at)
            }
            Position::Reset(_, at) => self.can_list(partition).then_some(at),
            Position::Nowhere | Position::At(_) => None,
        });
        held_back.min()
    }

    fn can_list(&self, partition: &TopicPartition) -> bool {
        let asked = |it: &Asked| matches!(it, Asked::ListOffsets(it) if it.contains(partition));
        let leader = self.metadata.leader(partition);
        leader.is_some_and(|it| self.connections(Channel::Data).is_up(it))
            && !self.is_waiting_for(asked)
    }

    /// Asks for what it does not know of where to begin, or raises what is to be raised: then
    /// what is committed is asked for again the next time.
    ///
    /// Source: `ClassicKafkaConsumer.updateFetchPositions`,
    /// `SubscriptionState.resetInitializingPositions`.
    pub(super) fn look_for_positions(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
    ) -> Result<(), &'static str> {
        if !self.may_read() {
            return Ok(());
        }
        if !self.has_group() {
            self.reset_unknown(now);
        }
        let (mut unknown, mut resets, mut is_nowhere) = (Vec::new(), Vec::new(), false);
        for (partition, it) in &mut self.assignment {
            match it.position {
                Position::Unknown(at) if at <= now => unknown.push(partition.clone()),
                Position::Reset(target, at) if at <= now => {
                    resets.push((partition.clone(), target));
                }
                Position::Nowhere => {
                    it.position = Position::Unknown(now);
                    is_nowhere = true;
                }
                Position::Unknown(_) | Position::Reset(..) | Position::At(_) => {}
            }
        }
        if is_nowhere {
            return Err("NoOffsetForPartitionException");
        }
        if !unknown.is_empty()
            && !self.is_waiting_for(is_committed)
            && let Some(to) = self.coordinator()
        {
            let (group, member) = (self.group.clone(), self.asks_as());
            let partitions = Some(unknown);
            let request = GroupRequest::OffsetFetch { group, member, partitions };
            self.send(fx, now, to, Asked::Committed, Request::Group(request));
        }
        self.ask_leaders(fx, now, resets);
        Ok(())
    }

    /// Asks each leader once for all that it leads, so that what it says is known together.
    ///
    /// Source: `OffsetFetcher.resetPositionsAsync`, `OffsetsRequestManager`, both by
    /// `groupListOffsetRequests`.
    fn ask_leaders(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        resets: Vec<(TopicPartition, Target)>,
    ) {
        let again = now + SimDuration::millis(self.settings.request_timeout_ms);
        let mut by_leader: Map<BrokerId, Vec<(TopicPartition, ListedOffset)>> = Map::new();
        for (partition, target) in resets {
            let Some(leader) = self.metadata.leader(&partition) else {
                self.metadata.want();
                continue;
            };
            if self.can_list(&partition) {
                let at = self.listed(now, target);
                if let Some(place) = self.assignment.get_mut(&partition) {
                    place.position = Position::Reset(target, again);
                }
                by_leader.get_or_insert_with(leader, Vec::new).push((partition, at));
            }
        }
        for (leader, partitions) in by_leader {
            let what = Asked::ListOffsets(partitions.iter().map(|(it, _)| it.clone()).collect());
            let request = Request::ListOffsets { partitions };
            self.send(fx, now, (leader, Channel::Data), what, request);
        }
    }

    /// What is asked about these partitions is not wanted any more.
    fn forget_listed(&mut self, partitions: &[TopicPartition]) {
        self.in_flight.retain(|_, it| {
            let Asked::ListOffsets(asked) = &mut it.what else { return true };
            asked.retain(|it| !partitions.contains(it));
            !asked.is_empty()
        });
    }

    /// Where the partition ends for this consumer.
    fn end(&self) -> ListedOffset {
        if self.reads_committed() { ListedOffset::LatestStable } else { ListedOffset::Latest }
    }

    fn listed(&self, now: SimTime, target: Target) -> ListedOffset {
        match target {
            Target::Edge(Edge::Beginning) => ListedOffset::Earliest,
            Target::Edge(Edge::End) => self.end(),
            Target::Policy => match self.settings.auto_offset_reset {
                OffsetReset::Earliest => ListedOffset::Earliest,
                OffsetReset::Latest | OffsetReset::None => self.end(),
                OffsetReset::ByDuration(span) => {
                    let ago = i64::try_from(span.as_ms()).unwrap_or(i64::MAX);
                    ListedOffset::AtOrAfter(now.as_ms().saturating_sub(ago))
                }
            },
        }
    }

    /// Without a group nothing is committed.
    fn reset_unknown(&mut self, now: SimTime) {
        let position = self.without_position(now);
        for it in self.assignment.values_mut() {
            if matches!(it.position, Position::Unknown(_)) {
                it.position = position;
            }
        }
    }

    /// There is no valid position: `auto.offset.reset` decides.
    fn without_position(&self, now: SimTime) -> Position {
        match self.settings.auto_offset_reset {
            OffsetReset::None => Position::Nowhere,
            OffsetReset::Earliest | OffsetReset::Latest | OffsetReset::ByDuration(_) => {
                Position::Reset(Target::Policy, now)
            }
        }
    }

    /// The committed offsets are known. One that lies outside the log is taken all the same.
    pub(super) fn committed_found(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        answer: Result<CommittedOffsets, ErrorCode>,
    ) {
        let found = match answer {
            Ok(found) => found,
            Err(error) => {
                self.refused(now, self.membership.generation(), error);
                return self.retry_positions(now, None);
            }
        };
        let without = self.without_position(now);
        for (partition, committed) in found {
            // It was given up meanwhile, or the application has set it itself.
            let Some(place) = self.assignment.get_mut(&partition) else { continue };
            if !matches!(place.position, Position::Unknown(_)) {
                continue;
            }
            match committed {
                Some(OffsetAndMetadata { offset, .. }) => {
                    self.positioned(fx, &partition, offset, PositionReason::Committed);
                }
                None => place.position = without,
            }
        }
    }

    /// A fetch found the position outside the log: `auto.offset.reset` decides.
    ///
    /// Source: `FetchCollector.handleInitializeErrors`.
    pub(super) fn out_of_range(
        &mut self,
        now: SimTime,
        partition: &TopicPartition,
    ) -> Result<(), &'static str> {
        match self.settings.auto_offset_reset {
            OffsetReset::None => Err("OffsetOutOfRangeException"),
            OffsetReset::Earliest | OffsetReset::Latest | OffsetReset::ByDuration(_) => {
                self.move_to(partition, Position::Reset(Target::Policy, now));
                Ok(())
            }
        }
    }

    /// A leader said where its logs begin or end.
    pub(super) fn offsets_found(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        asked: &[TopicPartition],
        found: Outcomes<Offset>,
    ) {
        for (partition, it) in found {
            if asked.contains(&partition) {
                self.offset_found(fx, now, &partition, it);
            }
        }
    }

    fn offset_found(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        partition: &TopicPartition,
        answer: Result<Offset, ErrorCode>,
    ) {
        let Some(place) = self.assignment.get(partition) else { return };
        // Otherwise the application has set it itself.
        let Position::Reset(target, _) = place.position else { return };
        match answer {
            // Source: `OffsetFetcherUtils.handleListOffsetResponse`, and the recorded case
            // `read-starts-by-duration-nothing`: it asks again when it would have timed out.
            Ok(UNKNOWN_OFFSET) => {}
            Ok(offset) => {
                let why = match target {
                    Target::Edge(edge) => PositionReason::Sought(edge),
                    Target::Policy => match self.settings.auto_offset_reset {
                        OffsetReset::Earliest => PositionReason::Earliest,
                        OffsetReset::Latest | OffsetReset::None => PositionReason::Latest,
                        OffsetReset::ByDuration(span) => PositionReason::ByDuration(span),
                    },
                };
                self.positioned(fx, partition, offset, why);
            }
            Err(_) => {
                self.metadata.want();
                self.retry_positions(now, Some(partition));
            }
        }
    }

    fn positioned(
        &mut self,
        fx: &mut Vec<Effect>,
        partition: &TopicPartition,
        offset: Offset,
        why: PositionReason,
    ) {
        if let Some(place) = self.assignment.get_mut(partition) {
            place.go_to(offset);
        }
        fx.push(Effect::Note(Fact::Positioned {
            group: self.group.clone(),
            consumer: self.name.clone(),
            partition: partition.clone(),
            offset,
            why,
        }));
    }

    /// A leader said where its log ends, since the application asked how far behind it is.
    pub(super) fn end_found(
        &mut self,
        partition: &TopicPartition,
        found: &[(TopicPartition, Result<Offset, ErrorCode>)],
    ) {
        if let Some(place) = self.assignment.get_mut(partition)
            && let [(_, Ok(end))] = found
        {
            place.end.get_or_insert(*end);
        }
    }

    /// Asks again later: for the leader's word on one partition, or for all that is committed.
    pub(super) fn retry_positions(&mut self, now: SimTime, one: Option<&TopicPartition>) {
        let later = now + self.retry_backoff();
        for (partition, it) in &mut self.assignment {
            match &mut it.position {
                Position::Unknown(at) if one.is_none() => *at = later,
                Position::Reset(_, at) if one == Some(partition) => *at = later,
                Position::Unknown(_)
                | Position::Nowhere
                | Position::Reset(..)
                | Position::At(_) => {}
            }
        }
    }

    /// The position is another one from now on; what was asked about the old one is forgotten.
    pub(super) fn move_to(&mut self, partition: &TopicPartition, position: Position) {
        if let Some(place) = self.assignment.get_mut(partition) {
            match position {
                Position::At(offset) => place.go_to(offset),
                Position::Unknown(_) | Position::Nowhere | Position::Reset(..) => {
                    place.position = position;
                }
            }
            self.buffer.retain(|it| it.partition() != partition);
            self.forget_listed(std::slice::from_ref(partition));
        }
    }

    /// Where the records begin that it was given without a gap up to its position.
    pub(crate) fn began(&self, partition: &TopicPartition) -> Option<Offset> {
        self.assignment.get(partition)?.began
    }

    /// The positions that are known, to be committed.
    pub(crate) fn positions(&self) -> Vec<(TopicPartition, OffsetAndMetadata)> {
        let known = |(it, at): (&TopicPartition, &Place)| Some((it.clone(), at.known()?.into()));
        self.assignment.iter().filter_map(known).collect()
    }

    /// How far the position is behind the end, as the last fetch told.
    /// Without a word on that it asks the leader, and knows the next time.
    ///
    /// Source: `ClassicKafkaConsumer.currentLag`.
    pub(super) fn current_lag(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        partition: &TopicPartition,
    ) -> AtOnce {
        let Some(place) = self.assignment.get(partition) else { return Err(ILLEGAL_STATE) };
        let what = Asked::End(partition.clone());
        if place.end.is_none()
            && !self.is_waiting_for(|it| *it == what)
            && let Some(leader) = self.metadata.leader(partition)
            && self.connections(Channel::Data).is_up(leader)
        {
            let at = self.listed(now, Target::Edge(Edge::End));
            let request = Request::ListOffsets { partitions: vec![(partition.clone(), at)] };
            self.send(fx, now, (leader, Channel::Data), what, request);
            return Ok(Some(Return::Lag(None)));
        }
        let known = place.end.zip(place.known());
        Ok(Some(Return::Lag(known.map(|(end, at)| end.0 - at.0))))
    }
}

fn is_committed(what: &Asked) -> bool {
    *what == Asked::Committed
}
