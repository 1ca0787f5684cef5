//! What is said about a group of the `consumer` protocol.

use super::MemberId;
use crate::kafka::TopicPartition;
use crate::kafka::fact::LeaveReason;
use crate::name::{ConsumerName, GroupId, TopicName};

/// The epoch with which a member joins, or joins anew.
pub(crate) const JOIN: i32 = 0;
/// The epoch with which a member leaves.
pub(crate) const LEAVE: i32 = -1;
/// The epoch with which a static member leaves for a while.
pub(crate) const LEAVE_FOR_A_WHILE: i32 = -2;

/// `ConsumerGroupHeartbeat`: the one request with which a member joins, lives and leaves. What is
/// none has not changed since the last one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConsumerHeartbeat {
    pub(crate) group: GroupId,
    /// Chosen by the member itself.
    pub(crate) member_id: MemberId,
    /// The member's, or one of those above.
    pub(crate) epoch: i32,
    /// `group.instance.id`.
    pub(crate) instance: Option<String>,
    /// `client.id`, which stands in the header of every request.
    pub(crate) client: ConsumerName,
    pub(crate) rebalance_timeout_ms: Option<u64>,
    pub(crate) topics: Option<Vec<TopicName>>,
    /// `group.remote.assignor`.
    pub(crate) assignor: Option<String>,
    /// What the member reads.
    pub(crate) owned: Option<Vec<TopicPartition>>,
    /// Why it leaves, if it does. For watching only: no broker looks at it.
    pub(crate) why: LeaveReason,
}

/// What the coordinator answers a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConsumerHeartbeatAnswer {
    /// The member's epoch from now on.
    pub(crate) epoch: i32,
    /// When it wants to hear of the member again.
    pub(crate) interval_ms: u64,
    /// What the member reads from now on, if that has changed or the member cannot know.
    pub(crate) assignment: Option<Vec<TopicPartition>>,
}

/// A group of the `consumer` protocol as its coordinator describes it (`ConsumerGroupDescribe`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedConsumerGroup {
    /// `Empty`, `Assigning`, `Reconciling` or `Stable`.
    pub state: &'static str,
    /// How often the group has changed.
    pub epoch: i32,
    /// For which of these epochs its target was computed.
    pub assignment_epoch: i32,
    /// The assignor.
    pub assignor: String,
    /// The members, by their ids.
    pub members: Vec<DescribedConsumerMember>,
}

/// A member of a group of the `consumer` protocol.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedConsumerMember {
    /// Its id.
    pub id: String,
    /// `group.instance.id`.
    pub instance: Option<String>,
    /// Its `client.id`.
    pub client: ConsumerName,
    /// The epoch it has come to.
    pub epoch: i32,
    /// The topics it subscribes to.
    pub topics: Vec<TopicName>,
    /// What it reads; sorted.
    pub assigned: Vec<TopicPartition>,
    /// What it has still to give up; sorted.
    pub revoking: Vec<TopicPartition>,
    /// What it shall read; sorted.
    pub target: Vec<TopicPartition>,
    /// Whether it speaks the classic protocol.
    pub is_classic: bool,
}
