//! What happened, in sentences, newest first.

use crate::address::clock;
use crate::session::Scope;
use brokerscope_core::sim::SimTime;
use brokerscope_core::weight::Weight;
use brokerscope_scenario::run::Happened;

/// The event log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogView {
    /// How much is told.
    pub(crate) scope: Scope,
    /// Newest first.
    pub(crate) entries: Vec<EntryView>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EntryView {
    pub(crate) at: SimTime,
    /// As the clock shows it.
    pub(crate) time: String,
    /// In the markup.
    pub(crate) system: &'static str,
    pub(crate) title: &'static str,
    pub(crate) sentence: String,
    /// Whether it is a turn of the story.
    pub(crate) turn: bool,
}

/// Something that happened, as an entry.
pub(crate) fn entry(happened: &Happened) -> EntryView {
    let system = happened.fact.system();
    EntryView {
        at: happened.at,
        time: clock(happened.at),
        system: system.word(),
        title: system.as_str(),
        sentence: happened.fact.to_string(),
        turn: matches!(happened.fact.weight(), Weight::Turn(_)),
    }
}
