//! The panel for a person's own data.

use crate::data::Format;

/// What the panel shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DataView {
    /// How the data is written.
    pub(crate) format: Format,
    /// The names to choose the key's from.
    pub(crate) columns: Vec<String>,
    /// The chosen one.
    pub(crate) column: String,
    /// What it is doing.
    pub(crate) phase: Phase,
    /// What is wrong with the data, in one sentence.
    pub(crate) wrong: Option<String>,
    /// Whether the run has own data already.
    pub(crate) loaded: bool,
}

/// What the panel is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Phase {
    /// Nothing; it is the person's turn.
    #[default]
    Waiting,
    /// Reading, or computing the run.
    Working {
        /// How far, in words.
        told: String,
        /// How far.
        done: u64,
        /// Of how much.
        of: u64,
    },
}
