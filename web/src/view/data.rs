//! The panel for a person's own data.

use crate::data::Format;
use brokerscope_core::kafka::config::Client;
use brokerscope_core::kafka::placement::{self, Step};

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
    /// Where one key goes.
    pub(crate) place: PlaceView,
}

/// Which partition a key would get, and why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlaceView {
    /// The key.
    pub(crate) key: String,
    /// Among how many partitions; nothing while that is no number from 1 to 100,000.
    pub(crate) partitions: Option<u32>,
    /// Which library places it.
    pub(crate) client: Client,
    /// The arithmetic, line by line; nothing while something is not said.
    pub(crate) steps: Vec<Step>,
}

impl Default for PlaceView {
    fn default() -> Self {
        Self { key: String::new(), partitions: None, client: Client::Java, steps: Vec::new() }
    }
}

impl PlaceView {
    /// The most partitions that can be asked for.
    pub(crate) const MOST: u32 = 100_000;

    /// Computes the steps anew.
    pub(crate) fn explain(&mut self) {
        self.steps = match self.partitions {
            Some(partitions) => placement::explain(self.client, self.key.as_bytes(), partitions),
            None => Vec::new(),
        };
    }
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
