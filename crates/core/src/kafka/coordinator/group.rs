//! A group as the coordinator keeps it: what is committed in its name, and who is in it under
//! which protocol.

use super::classic::Classic;
use super::consumer_group::{ConsumerGroup, Done, Here};
use super::offsets::Offsets;
use super::{Context, Effect};
use crate::kafka::call::OffsetAndMetadata;
use crate::kafka::fact::{CommitReason, Fact};
use crate::kafka::message::{
    Answer, ErrorCode, GroupRequest, MemberOf, Outcomes, each, first_error,
};
use crate::kafka::network::ReplyTo;
use crate::kafka::{Offset, TopicPartition};
use crate::name::{ConsumerName, GroupId, TopicName};
use crate::sim::SimTime;

/// A group.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Group {
    pub(super) id: GroupId,
    pub(super) offsets: Offsets,
    pub(super) members: Members,
}

/// Who is in a group, and how they speak with its coordinator.
#[derive(Clone, Debug, Hash)]
pub(crate) enum Members {
    /// They join, and their leader computes who reads what.
    Classic(Classic),
    /// They follow what the coordinator computes.
    Consumer(ConsumerGroup),
}

/// From when on the time counts after which an unused offset is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    /// Nothing is forgotten now.
    Never,
    /// From its commit.
    SinceCommit,
    /// From an instant that all offsets share.
    Since(i64),
}

impl Group {
    /// A group of the classic protocol without members.
    pub(super) fn new(id: GroupId) -> Self {
        let members = Members::Classic(Classic::new(id.clone()));
        Self { id, offsets: Offsets::default(), members }
    }

    /// The name of its state.
    pub(crate) fn state(&self) -> &'static str {
        match &self.members {
            Members::Classic(it) => it.state(),
            Members::Consumer(it) => it.state(),
        }
    }

    /// `Classic` or `Consumer`.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.members {
            Members::Classic(_) => "Classic",
            Members::Consumer(_) => "Consumer",
        }
    }

    /// Its generation, or its epoch.
    pub(crate) fn generation(&self) -> u32 {
        match &self.members {
            Members::Classic(it) => it.generation(),
            Members::Consumer(it) => it.epoch().unsigned_abs(),
        }
    }

    /// During a rebalance how many members are through with its phase, and how many there are.
    pub(crate) fn progress(&self) -> Option<(usize, usize)> {
        match &self.members {
            Members::Classic(it) => it.progress(),
            Members::Consumer(it) => it.progress(),
        }
    }

    /// What is committed.
    pub(crate) fn offsets(&self) -> impl Iterator<Item = (&TopicPartition, Offset)> {
        self.offsets.iter().map(|(partition, it)| (partition, it.committed.offset))
    }

    /// Who reads what in this generation.
    pub(crate) fn owners(&self) -> Vec<(&ConsumerName, Vec<TopicPartition>)> {
        match &self.members {
            Members::Classic(it) => it.owners().collect(),
            Members::Consumer(it) => it.owners().collect(),
        }
    }

    /// When it next has something to do by itself.
    pub(super) fn due(&self) -> Option<SimTime> {
        match &self.members {
            Members::Classic(it) => it.due(),
            Members::Consumer(it) => it.due(),
        }
    }

    /// Does what is due by itself.
    pub(super) fn wake(&mut self, fx: &mut Vec<Effect>, here: &Here<'_>) {
        if self.due().is_some_and(|it| it <= here.now) {
            match &mut self.members {
                Members::Classic(it) => it.wake(fx, here.now),
                Members::Consumer(it) => {
                    let mut done = Done::default();
                    it.wake(&mut done, here);
                    self.finish(fx, here.now, done);
                }
            }
        }
    }

    /// All was read from the log.
    pub(super) fn loaded(&mut self, here: &Here<'_>) {
        match &mut self.members {
            Members::Classic(it) => it.loaded(here.now),
            Members::Consumer(it) => it.loaded(here),
        }
    }

    /// What is answered to those who wait, when another broker coordinates the group from now on.
    pub(super) fn dismiss(self) -> Vec<(ReplyTo, Answer)> {
        match self.members {
            Members::Classic(it) => it.dismiss(),
            Members::Consumer(_) => Vec::new(),
        }
    }

    /// Whether nobody is in it.
    pub(super) fn is_empty(&self) -> bool {
        match &self.members {
            Members::Classic(it) => it.is_empty(),
            Members::Consumer(it) => it.is_empty(),
        }
    }

    /// Whether somebody in it reads that topic, as far as the coordinator can tell.
    pub(super) fn is_subscribed(&self, topic: &TopicName) -> bool {
        match &self.members {
            Members::Classic(it) => it.is_subscribed(topic),
            Members::Consumer(it) => it.is_subscribed(topic),
        }
    }

    /// What may be forgotten of its offsets, and from when on the time counts.
    pub(super) fn expiry(&self) -> Expiry {
        match &self.members {
            Members::Classic(it) => it.expiry(),
            // Source: `ConsumerGroup.offsetExpirationCondition`.
            Members::Consumer(_) => Expiry::SinceCommit,
        }
    }

    /// Stores offsets that a member, or nobody in particular, wants stored.
    fn commit(
        &mut self,
        fx: &mut Vec<Effect>,
        context: &Context<'_>,
        member: MemberOf,
        offsets: Vec<(TopicPartition, OffsetAndMetadata)>,
        how: CommitReason,
    ) -> Outcomes<()> {
        let may = match &mut self.members {
            Members::Classic(it) => it.may_commit(context.now, &member),
            Members::Consumer(it) => {
                let partitions = offsets.iter().map(|(partition, _)| partition);
                it.may_commit(&member.member_id, member.generation, partitions)
            }
        };
        let how = (how, context.settings.offset_metadata_max_bytes);
        let stored = match may {
            Ok(()) => self.offsets.commit(fx, context.now, &member, offsets, how),
            Err(error) => each(&offsets, Err(error)),
        };
        if let Err(error) = first_error(&stored) {
            let (group, consumer) = (self.id.clone(), member.client);
            let error = error.as_str();
            fx.push(Effect::Note(Fact::CommitRefused { group, consumer, error }));
        }
        stored
    }

    /// Answers one request of a member or of someone who wants to be one.
    pub(super) fn answer(
        &mut self,
        fx: &mut Vec<Effect>,
        context: &mut Context<'_>,
        reply_to: ReplyTo,
        request: GroupRequest,
    ) {
        let answer = match request {
            GroupRequest::Membership(it) => {
                return self.answer_classic(fx, context, reply_to, it);
            }
            GroupRequest::OffsetCommit { member, offsets, how } => {
                Answer::OffsetCommit(self.commit(fx, context, member, offsets, how))
            }
            // Source: `OffsetMetadataManager.commitTransactionalOffset`: who names no member is not
            // asked whether it is one.
            GroupRequest::TxnOffsetCommit { member, producer, offsets } => {
                let is_nobody = member.generation < 0
                    && member.member_id.is_empty()
                    && member.instance.is_none();
                let may = match &mut self.members {
                    _ if is_nobody => Ok(()),
                    Members::Classic(it) => it.may_commit_in_transaction(&member),
                    Members::Consumer(it) => {
                        let partitions = offsets.iter().map(|(partition, _)| partition);
                        it.may_commit(&member.member_id, member.generation, partitions)
                    }
                };
                Answer::TxnOffsetCommit(match may {
                    Ok(()) => self.offsets.commit_later(fx, context, &member, producer, offsets),
                    Err(error) => each(&offsets, Err(error)),
                })
            }
            GroupRequest::OffsetFetch { member, partitions, .. } => {
                let may = match (&self.members, member) {
                    (Members::Consumer(it), Some((id, epoch))) => it.may_fetch(&id, epoch),
                    (Members::Classic(_) | Members::Consumer(_), _) => Ok(()),
                };
                Answer::OffsetFetch(may.and_then(|()| self.offsets.fetch(partitions)))
            }
            GroupRequest::OffsetDelete { partitions, .. } => {
                Answer::OffsetDelete(self.delete_offsets(fx, partitions))
            }
            GroupRequest::DescribeGroups { .. } => Answer::DescribeGroups(match &self.members {
                Members::Classic(it) => Ok(it.describe()),
                Members::Consumer(_) => Err(ErrorCode::GroupIdNotFound),
            }),
            GroupRequest::ConsumerGroupDescribe { .. } => {
                Answer::ConsumerGroupDescribe(match &self.members {
                    Members::Classic(_) => Err(ErrorCode::GroupIdNotFound),
                    Members::Consumer(it) => Ok(Box::new(it.describe(context.settings))),
                })
            }
            GroupRequest::ConsumerHeartbeat(it) => {
                let answer = self.consumer_heartbeat(fx, context, &it);
                Answer::ConsumerHeartbeat(answer)
            }
            GroupRequest::DeleteGroups { .. } => Answer::DeleteGroups(self.delete(fx)),
        };
        fx.push(Effect::Answer(reply_to, answer));
    }
}
