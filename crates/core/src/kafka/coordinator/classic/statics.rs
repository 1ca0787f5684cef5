//! Static members: they keep their place under an instance id while their process is away.
//!
//! Source: KIP-345, KIP-814.

use super::{
    Answer, Classic, Context, Effect, ErrorCode, InstanceId, MemberId, RebalanceReason, ReplyTo,
    State,
};
use crate::kafka::message::{JoinError, JoinGroup};

impl Classic {
    /// The member with that instance id.
    pub(super) fn static_member(&self, instance: &InstanceId) -> Option<MemberId> {
        let is_it = |it: &super::Member| it.instance.as_ref() == Some(instance);
        self.members.iter().find(|(_, it)| is_it(it)).map(|(id, _)| id.clone())
    }

    /// Whether a member is who it says it is.
    ///
    /// Source: `ClassicGroup.validateMember`.
    pub(super) fn check_identity(
        &self,
        id: &MemberId,
        instance: Option<&InstanceId>,
    ) -> Result<(), ErrorCode> {
        if let Some(instance) = instance {
            match self.static_member(instance) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some(present) if present != *id => return Err(ErrorCode::FencedInstanceId),
                Some(_) => {}
            }
        }
        if self.members.contains_key(id) { Ok(()) } else { Err(ErrorCode::UnknownMemberId) }
    }

    /// A new process comes with an instance id that the group knows. It takes the place of the one
    /// before. In a stable group nothing else changes, unless another assignor would be chosen.
    ///
    /// Source: `GroupMetadataManager.updateStaticMemberThenRebalanceOrCompleteJoin`.
    pub(super) fn replace(
        &mut self,
        fx: &mut Vec<Effect>,
        context: &Context<'_>,
        (old, new): (&MemberId, MemberId),
        reply_to: ReplyTo,
        join: JoinGroup,
    ) {
        let now = context.now;
        let why = RebalanceReason::Joined(join.client.clone());
        self.take_place(fx, old, &new);
        let member = self.members.get_mut(&new).expect("it has taken the place");
        member.rejoin(join, reply_to);
        member.heard_from(now);
        match self.state {
            State::Stable if self.elect_protocol() == self.protocol => {
                fx.push(Effect::Append(self.id.clone(), vec![self.record()]));
                let answer = self.joined(&new, true);
                let member = self.members.get_mut(&new).expect("it has taken the place");
                member.joining = None;
                fx.push(Effect::Answer(reply_to, answer));
            }
            State::Stable | State::Completing => self.rebalance(fx, context, why),
            State::Empty | State::Gathering { .. } | State::Preparing { .. } => {
                self.complete_join_if_all_came(fx, now);
            }
        }
    }

    /// Source: `ClassicGroup.replaceStaticMember`: whoever held the place is told so in the
    /// answers it waits for. What the client is called stays (README, settled rule 6).
    fn take_place(&mut self, fx: &mut Vec<Effect>, old: &MemberId, new: &MemberId) {
        let mut member = self.members.remove(old).expect("a known instance is a member");
        let error = ErrorCode::FencedInstanceId;
        if let Some(reply_to) = member.joining.take() {
            let refusal = JoinError { error, member_id: old.clone() };
            fx.push(Effect::Answer(reply_to, Answer::JoinGroup(Err(refusal))));
        }
        if let Some(reply_to) = member.syncing.take() {
            fx.push(Effect::Answer(reply_to, Answer::SyncGroup(Err(error))));
        }
        if self.leader.as_ref() == Some(old) {
            self.leader = Some(new.clone());
        }
        self.arrivals += 1;
        member.arrival = self.arrivals;
        self.members.insert(new.clone(), member);
    }
}
