//! What is said at the end of an act: what each system did, and which settings decided it.

use crate::session::Action;
use brokerscope_scenario::client::Configuration;
use brokerscope_scenario::scenario::SystemName;
use brokerscope_scenario::setup::Machines;

/// The closing card.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CardView {
    /// Kafka's and RabbitMQ's.
    pub(crate) sides: [SideView; 2],
    /// The settings that decided it.
    pub(crate) decided: Vec<Machines>,
    /// How clients of both are configured, to be copied.
    pub(crate) configurations: Vec<ConfigurationView>,
    /// Whether a person has changed the run.
    pub(crate) is_changed: bool,
    /// What comes after it.
    pub(crate) next: Option<NextView>,
}

/// One system's half.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SideView {
    pub(crate) system: SystemName,
    /// What it did.
    pub(crate) say: Option<String>,
}

/// How a client is configured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ConfigurationView {
    /// Its place among all.
    pub(crate) place: usize,
    pub(crate) it: Configuration,
    /// Whether the browser has copied it; nothing unless that was asked last.
    pub(crate) copied: Option<bool>,
}

/// The next act or lesson.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NextView {
    /// Which it is.
    pub(crate) label: String,
    /// The same where there is little room.
    pub(crate) short: &'static str,
    pub(crate) action: Action,
}
