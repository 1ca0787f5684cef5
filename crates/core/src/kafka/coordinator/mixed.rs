//! Groups of the `consumer` protocol among the groups of a coordinator: who answers what, and how
//! a group goes over from one protocol to the other.

use super::classic::Classic;
use super::consumer_group::{ClassicJoin, ConsumerGroup, Done, Here, check_request};
use super::group::{Group, Members};
use super::{Context, Effect};
use crate::kafka::java::random_id;
use crate::kafka::message::consumer_group::{ConsumerHeartbeat, ConsumerHeartbeatAnswer, JOIN};
use crate::kafka::message::{
    Answer, ErrorCode, Internal, JoinError, JoinGroup, Joined, MemberId, MembershipRequest,
};
use crate::kafka::network::ReplyTo;
use crate::kafka::schema::{Change, ClassicSubscription, Key, encode_assignment};
use crate::sim::SimTime;

impl Group {
    /// `ConsumerGroupHeartbeat`. The first of a new member makes a classic group one of the
    /// `consumer` protocol, if nobody is in it or if all may stay.
    ///
    /// Source: `GroupMetadataManager.getOrMaybeCreateConsumerGroup`, `validateOnlineUpgrade`.
    pub(super) fn consumer_heartbeat(
        &mut self,
        fx: &mut Vec<Effect>,
        context: &mut Context<'_>,
        request: &ConsumerHeartbeat,
    ) -> Result<ConsumerHeartbeatAnswer, ErrorCode> {
        let here = context.here();
        let mut done = Done::default();
        let answer = match &mut self.members {
            Members::Consumer(group) => {
                if group.epoch() == 0 && request.epoch != JOIN {
                    return Err(ErrorCode::GroupIdNotFound);
                }
                group.heartbeat(&mut done, &here, request)?
            }
            Members::Classic(classic) => {
                check_request(&here, request)?;
                if request.epoch != JOIN || !may_upgrade(classic, &here) {
                    return Err(ErrorCode::GroupIdNotFound);
                }
                let is_written = !classic.is_empty() || classic.protocol_type() != "";
                let (id, handover) = (self.id.clone(), classic.handover());
                let mut group = if classic.is_empty() {
                    ConsumerGroup::new(id)
                } else {
                    ConsumerGroup::take_over(&mut done, &here, id, handover)
                };
                let answer = group.heartbeat(&mut done, &here, request)?;
                classic.dissolve(fx);
                if is_written {
                    let key = Key::Group { group: self.id.to_string() };
                    let end = Internal { key: key.encode(), value: None };
                    fx.push(Effect::Append(self.id.clone(), vec![end]));
                }
                self.members = Members::Consumer(group);
                answer
            }
        };
        self.finish(fx, context.now, done);
        Ok(answer)
    }

    /// Writes down and tells what a group of the `consumer` protocol has done; it may be a classic
    /// one from now on.
    pub(super) fn finish(&mut self, fx: &mut Vec<Effect>, now: SimTime, done: Done) {
        let record = |it: &Change| it.record(self.id.as_str());
        let records: Vec<Internal> = done.changes.iter().map(record).collect();
        if !records.is_empty() {
            fx.push(Effect::Append(self.id.clone(), records));
        }
        fx.extend(done.notes.into_iter().map(Effect::Note));
        if let Some(handover) = done.becomes {
            let classic = Classic::take_over(fx, now, self.id.clone(), handover);
            self.members = Members::Classic(classic);
        }
    }

    /// A request of the classic protocol. If nobody is in a group of the `consumer` protocol, the
    /// first who joins makes it a classic group.
    ///
    /// Source: `GroupMetadataManager.classicGroupJoin`, `maybeDeleteEmptyConsumerGroup`.
    pub(super) fn answer_classic(
        &mut self,
        fx: &mut Vec<Effect>,
        context: &mut Context<'_>,
        reply_to: ReplyTo,
        request: MembershipRequest,
    ) {
        let is_join = matches!(request, MembershipRequest::Join(_));
        let group = match &mut self.members {
            Members::Classic(it) => return it.answer(fx, context, reply_to, request),
            Members::Consumer(it) => it,
        };
        let mut done = Done::default();
        if is_join && group.is_empty() {
            group.delete(&mut done);
            self.finish(fx, context.now, done);
            let mut classic = Classic::new(self.id.clone());
            fx.push(Effect::Append(self.id.clone(), vec![classic.record()]));
            classic.answer(fx, context, reply_to, request);
            self.members = Members::Classic(classic);
            return;
        }
        let answer = speak(group, &mut done, context, request);
        self.finish(fx, context.now, done);
        fx.push(Effect::Answer(reply_to, answer));
    }
}

/// Source: `GroupMetadataManager.validateOnlineUpgrade`.
fn may_upgrade(classic: &Classic, here: &Here<'_>) -> bool {
    let settings = here.settings;
    let has_room = classic.size() <= settings.group_consumer_max_size as usize;
    classic.is_empty() || (settings.group_consumer_migration_policy.upgrades() && has_room)
}

/// A classic member speaks.
fn speak(
    group: &mut ConsumerGroup,
    done: &mut Done,
    context: &mut Context<'_>,
    request: MembershipRequest,
) -> Answer {
    let is_new = |join: &JoinGroup| join.member_id.is_empty();
    let fresh = if matches!(&request, MembershipRequest::Join(join) if is_new(join)) {
        random_id(context.names)
    } else {
        String::new()
    };
    let here = context.here();
    match request {
        MembershipRequest::Join(join) => {
            let protocol = join.protocols.first().map(|(it, _)| *it);
            let join = classic_join(join);
            let joined = group.classic_join(done, &here, MemberId::from(fresh), &join);
            Answer::JoinGroup(match (joined, protocol) {
                (Ok((member_id, generation)), Some(protocol)) => Ok(Joined {
                    generation,
                    member_id,
                    protocol,
                    leader: MemberId::default(),
                    skips_assignment: true,
                    members: Vec::new(),
                }),
                (Err((error, member_id)), _) => Err(JoinError { error, member_id }),
                (Ok((member_id, _)), None) => {
                    Err(JoinError { error: ErrorCode::InconsistentGroupProtocol, member_id })
                }
            })
        }
        MembershipRequest::Sync { member, .. } => {
            let (id, instance) = (&member.member_id, member.instance.as_deref());
            let reads = group.classic_sync(&here, id, instance, member.generation);
            Answer::SyncGroup(reads.map(|it| encode_assignment(&it)))
        }
        MembershipRequest::Heartbeat { member } => {
            let (id, instance) = (&member.member_id, member.instance.as_deref());
            Answer::Heartbeat(group.classic_heartbeat(&here, id, instance, member.generation))
        }
        MembershipRequest::Leave { members, why, .. } => {
            Answer::LeaveGroup(Ok(group.classic_leave(done, &here, &members, why)))
        }
    }
}

fn classic_join(join: JoinGroup) -> ClassicJoin {
    let first = join.protocols.first().and_then(|(_, it)| ClassicSubscription::decode(it));
    ClassicJoin {
        member_id: join.member_id,
        instance: join.instance.map(|it| it.to_string()),
        client: join.client,
        session_timeout_ms: join.session_timeout_ms,
        rebalance_timeout_ms: join.rebalance_timeout_ms,
        protocols: join.protocols,
        owned: first.unwrap_or_default().owned,
    }
}

impl<'a> Context<'a> {
    pub(super) fn here(&self) -> Here<'a> {
        Here { now: self.now, settings: self.settings, metadata: self.metadata }
    }
}
