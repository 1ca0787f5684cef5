//! The invitation to break something, and what came of it.

use super::consumers::ConsumerView;
use super::notice::NoticeView;
use crate::session::Doing;
use brokerscope_core::kafka::BrokerId;

/// What stands beside the captions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BreakerView {
    /// One a name: a consumer and its twin.
    pub(crate) consumers: Vec<ConsumerView>,
    /// What can be done to the only broker of Kafka; several stand in the picture.
    pub(crate) broker: Option<(Doing, BrokerId)>,
    /// What else can be broken, and where.
    pub(crate) hint: &'static str,
    /// What came of the last command.
    pub(crate) told: Option<NoticeView>,
}
