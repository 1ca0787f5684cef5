//! Partitions that the cluster does not have: a broker refuses them before it asks any coordinator.

use super::Effect;
use crate::kafka::TopicPartition;
use crate::kafka::fact::Fact;
use crate::kafka::message::{Answer, ErrorCode, GroupRequest};
use crate::kafka::metadata::Metadata;
use crate::kafka::network::ReplyTo;

const UNKNOWN: ErrorCode = ErrorCode::UnknownTopicOrPartition;

/// Takes such partitions out of a request. Whether there is nothing left of it to ask for.
///
/// Source: `KafkaApis.handleOffsetCommitRequest`, `handleTxnOffsetCommitRequest` and
/// `handleOffsetDeleteRequest`, of which only the last asks the coordinator all the same.
pub(super) fn part(
    metadata: &Metadata,
    request: &mut GroupRequest,
    unknown: &mut Vec<TopicPartition>,
) -> bool {
    let mut is_known = |it: &TopicPartition| {
        let is_known = metadata.partition(it).is_some();
        if !is_known {
            unknown.push(it.clone());
        }
        is_known
    };
    let is_empty = match request {
        GroupRequest::OffsetCommit { offsets, .. }
        | GroupRequest::TxnOffsetCommit { offsets, .. } => {
            offsets.retain(|it| is_known(&it.0));
            offsets.is_empty()
        }
        GroupRequest::OffsetDelete { partitions, .. } => {
            partitions.retain(is_known);
            false
        }
        GroupRequest::Membership(_)
        | GroupRequest::ConsumerHeartbeat(_)
        | GroupRequest::OffsetFetch { .. }
        | GroupRequest::DescribeGroups { .. }
        | GroupRequest::ConsumerGroupDescribe { .. }
        | GroupRequest::DeleteGroups { .. } => false,
    };
    is_empty && !unknown.is_empty()
}

/// Tells whoever watches of a commit that is refused so.
pub(super) fn note(fx: &mut Vec<Effect>, request: &GroupRequest) {
    if let GroupRequest::OffsetCommit { member, .. } = request {
        let (group, consumer) = (member.group.clone(), member.client.clone());
        let error = UNKNOWN.as_str();
        fx.push(Effect::Note(Fact::CommitRefused { group, consumer, error }));
    }
}

/// Puts them, with what is wrong with them, first into the answer to that request.
///
/// Source: `OffsetCommitResponse.Builder.merge`.
pub(super) fn tell(fx: &mut [Effect], to: ReplyTo, unknown: Vec<TopicPartition>) {
    for effect in fx {
        if let Effect::Answer(
            reply_to,
            Answer::OffsetCommit(each)
            | Answer::TxnOffsetCommit(each)
            | Answer::OffsetDelete(Ok(each)),
        ) = effect
            && *reply_to == to
        {
            each.splice(0..0, unknown.into_iter().map(|it| (it, Err(UNKNOWN))));
            return;
        }
    }
}
