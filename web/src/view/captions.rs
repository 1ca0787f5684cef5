//! What happens, in one sentence a system.

use crate::address::clock;
use brokerscope_core::sim::SimTime;

/// The captions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CaptionsView {
    /// What Kafka does.
    pub(crate) kafka: CaptionView,
    /// What RabbitMQ does.
    pub(crate) rabbitmq: CaptionView,
}

/// The caption of one system.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CaptionView {
    /// Since when it is so, if it began at some instant.
    pub(crate) since: Option<SimTime>,
    /// What the system does.
    pub(crate) sentence: String,
}

impl CaptionView {
    /// As the clock shows the instant.
    pub(crate) fn time(&self) -> Option<String> {
        self.since.map(|at| format!("{} s", clock(at)))
    }
}
