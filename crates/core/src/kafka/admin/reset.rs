//! Resetting the committed offsets of a group.
//!
//! Source: `ConsumerGroupCommand.ConsumerGroupService.resetOffsets` of the tool
//! `kafka-consumer-groups`: it resets groups that are `Empty` or `Dead` and no others, and an
//! offset outside of the log becomes the nearer end of it.

use super::call::{AdminCall, AdminReturn, OffsetSpec, Target};
use crate::kafka::call::Goal;
use crate::kafka::fact::CommitReason;
use crate::kafka::message::{Answer, ErrorCode, GroupRequest, MemberOf, Request};
use crate::kafka::metadata::Metadata;
use crate::kafka::{BrokerId, Offset, TopicPartition};
use crate::name::GroupId;

/// How far it is.
#[derive(Clone, Debug, Hash)]
pub(super) struct Reset {
    coordinator: BrokerId,
    stage: Stage,
}

#[derive(Clone, Debug, Hash)]
enum Stage {
    /// The coordinator is asked where the group has committed.
    Committed,
    /// A broker is asked who leads these.
    Leaders(Vec<TopicPartition>),
    /// The leaders are asked for the ends, the last one here first.
    Ends { asks: Vec<(BrokerId, OffsetSpec, Vec<TopicPartition>)>, found: Vec<Found> },
    /// The coordinator is told.
    Alters(Vec<(TopicPartition, Offset)>),
}

type Found = (TopicPartition, OffsetSpec, Offset);

/// What comes next: another request, or the end of the call.
pub(super) type Next = Result<Option<AdminReturn>, ErrorCode>;

impl Reset {
    /// The group is known: it is reset if nobody is in it. Else its state is returned.
    pub(super) fn begin(
        call: &AdminCall,
        coordinator: BrokerId,
        state: &'static str,
    ) -> Result<Self, &'static str> {
        if !matches!(state, "Empty" | "Dead") {
            return Err(state);
        }
        let AdminCall::ResetGroupOffsets { only, .. } = call else {
            unreachable!("only that call resets")
        };
        let stage = match only {
            Some(partition) => Stage::Leaders(vec![partition.clone()]),
            None => Stage::Committed,
        };
        Ok(Self { coordinator, stage })
    }

    /// The next request, and who serves it.
    pub(super) fn asks(&self, group: &GroupId, nobody: MemberOf) -> (Target, Request) {
        match &self.stage {
            Stage::Committed => {
                let (group, member, partitions) = (group.clone(), None, None);
                let request = GroupRequest::OffsetFetch { group, member, partitions };
                (Target::Broker(self.coordinator), Request::Group(request))
            }
            Stage::Leaders(_) => (Target::Any, Request::Metadata),
            Stage::Ends { asks, .. } => {
                let (leader, at, partitions) = asks.last().expect("someone is left to be asked");
                let partitions = partitions.iter().map(|it| (it.clone(), *at)).collect();
                (Target::Broker(*leader), Request::ListOffsets { partitions })
            }
            Stage::Alters(plan) => {
                let offsets = plan.iter().map(|(it, at)| (it.clone(), (*at).into())).collect();
                let how = CommitReason::Application;
                let request = GroupRequest::OffsetCommit { member: nobody, offsets, how };
                (Target::Broker(self.coordinator), Request::Group(request))
            }
        }
    }

    /// What an answer means.
    pub(super) fn answered(&mut self, to: Goal, answer: Answer) -> Next {
        match (&mut self.stage, answer) {
            (Stage::Committed, Answer::OffsetFetch(found)) => {
                let found = found?.into_iter().filter(|(_, it)| it.is_some());
                let partitions: Vec<_> = found.map(|(it, _)| it).collect();
                if partitions.is_empty() {
                    return Ok(Some(AdminReturn::NothingCommitted));
                }
                self.stage = Stage::Leaders(partitions);
            }
            (Stage::Leaders(partitions), Answer::Metadata(metadata)) => {
                let partitions = std::mem::take(partitions);
                let asks = asks(&metadata, partitions, to)?;
                self.stage = Stage::Ends { asks, found: Vec::new() };
            }
            (Stage::Ends { asks, found }, Answer::ListOffsets(offsets)) => {
                let (_, at, _) = asks.pop().expect("someone was asked");
                for (partition, offset) in offsets {
                    found.push((partition, at, offset?));
                }
                if asks.is_empty() {
                    self.stage = Stage::Alters(plan(found, to));
                }
            }
            (Stage::Alters(_), Answer::OffsetCommit(done)) => {
                done.into_iter().try_for_each(|(_, it)| it)?;
                return Ok(Some(AdminReturn::Done));
            }
            (_, _) => unreachable!("an answer to something that was not asked"),
        }
        Ok(None)
    }
}

/// Whom to ask for which ends.
fn asks(
    metadata: &Metadata,
    partitions: Vec<TopicPartition>,
    to: Goal,
) -> Result<Vec<(BrokerId, OffsetSpec, Vec<TopicPartition>)>, ErrorCode> {
    let ends: &[OffsetSpec] = match to {
        Goal::Earliest => &[OffsetSpec::Earliest],
        Goal::Latest => &[OffsetSpec::Latest],
        Goal::At(_) => &[OffsetSpec::Earliest, OffsetSpec::Latest],
    };
    let mut asks: Vec<(BrokerId, OffsetSpec, Vec<TopicPartition>)> = Vec::new();
    for partition in partitions {
        let leader = super::leader(metadata, &partition)?;
        for end in ends {
            match asks.iter_mut().find(|it| (it.0, it.1) == (leader, *end)) {
                Some((_, _, of)) => of.push(partition.clone()),
                None => asks.push((leader, *end, vec![partition.clone()])),
            }
        }
    }
    Ok(asks)
}

/// Where each partition is to be read from.
fn plan(found: &[Found], to: Goal) -> Vec<(TopicPartition, Offset)> {
    let mut plan: Vec<(TopicPartition, Offset)> = Vec::new();
    for (partition, end, offset) in found {
        let planned = plan.iter_mut().find(|it| it.0 == *partition);
        let before = planned.as_ref().map(|it| it.1);
        let offset = match (to, end) {
            (Goal::At(wanted), OffsetSpec::Earliest) => before.unwrap_or(wanted).max(*offset),
            (Goal::At(wanted), _) => before.unwrap_or(wanted).min(*offset),
            (Goal::Earliest | Goal::Latest, _) => *offset,
        };
        match planned {
            Some(planned) => planned.1 = offset,
            None => plan.push((partition.clone(), offset)),
        }
    }
    plan
}
