//! A group of the classic protocol begins as one of the `consumer` protocol, or becomes one.

use super::{Classic, ClassicAssignor, Effect, Member, SimTime, State};
use crate::kafka::coordinator::consumer_group::{HandedOver, Handover};
use crate::kafka::message::{Answer, ErrorCode, InstanceId, JoinError};
use crate::kafka::schema::{MemberValue, decode_assignment, encode_assignment};
use crate::name::GroupId;

impl Classic {
    /// How many members it has.
    pub(in crate::kafka::coordinator) fn size(&self) -> usize {
        self.members.len()
    }

    /// What it takes along into the other protocol.
    ///
    /// Source: `ConsumerGroup.fromClassicGroup`.
    pub(in crate::kafka::coordinator) fn handover(&self) -> Handover {
        let member = |(id, it): (&super::MemberId, &Member)| HandedOver {
            id: id.clone(),
            instance: it.instance.as_ref().map(ToString::to_string),
            client: it.client.clone(),
            session_timeout_ms: super::milliseconds(it.session_timeout),
            rebalance_timeout_ms: super::milliseconds(it.rebalance_timeout),
            protocols: it.protocols.clone(),
            reads: decode_assignment(&it.assignment).unwrap_or_default(),
        };
        let members = self.members.iter().map(member).collect();
        Handover { generation: self.generation, members, why: None }
    }

    /// Asks whoever waits for the end of a rebalance to join again.
    ///
    /// Source: `GroupMetadataManager.convertToConsumerGroup`.
    pub(in crate::kafka::coordinator) fn dissolve(&mut self, fx: &mut Vec<Effect>) {
        let error = ErrorCode::RebalanceInProgress;
        for (id, member) in &mut self.members {
            if let Some(reply_to) = member.joining.take() {
                let answer = Answer::JoinGroup(Err(JoinError { error, member_id: id.clone() }));
                fx.push(Effect::Answer(reply_to, answer));
            }
            if let Some(reply_to) = member.syncing.take() {
                fx.push(Effect::Answer(reply_to, Answer::SyncGroup(Err(error))));
            }
        }
    }

    /// Begins with what a group of the other protocol had. If a member has just gone, the others
    /// join again.
    ///
    /// Source: `ClassicGroup.fromConsumerGroup`, `GroupMetadataManager.convertToClassicGroup`.
    pub(in crate::kafka::coordinator) fn take_over(
        fx: &mut Vec<Effect>,
        now: SimTime,
        id: GroupId,
        handover: Handover,
    ) -> Self {
        let mut group = Self::new(id);
        group.generation = handover.generation;
        group.is_simple = false;
        for it in handover.members {
            group.arrivals += 1;
            let value = MemberValue {
                member_id: it.id.to_string(),
                instance: it.instance,
                client_id: it.client.to_string(),
                rebalance_timeout_ms: it.rebalance_timeout_ms,
                session_timeout_ms: it.session_timeout_ms,
                subscription: Default::default(),
                assignment: encode_assignment(&it.reads),
            };
            let none: Option<ClassicAssignor> = None;
            let mut member = Member::read_back(value, none, group.arrivals);
            member.instance = member.instance.map(|it| InstanceId::from(&*it));
            member.protocols = it.protocols;
            group.members.insert(it.id, member);
        }
        group.protocol = group.elect_protocol();
        group.elect_leader();
        group.loaded(now);
        group.enter(now, State::Stable);
        fx.push(Effect::Append(group.id.clone(), vec![group.record()]));
        if let Some(why) = handover.why {
            group.rebalance_members(fx, now, why);
        }
        group
    }
}
