//! Why the command ends without success: one line each.

use brokerscope_scenario::Error as ScenarioError;
use brokerscope_scenario::input::InputError;
use std::io;
use thiserror::Error;

/// Why the command ends without success.
#[derive(Debug, Error)]
pub(crate) enum Trouble {
    /// A scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A file with a person's own data is wrong.
    #[error("{file}: {wrong}")]
    Data { file: String, wrong: InputError },
    /// A file cannot be read.
    #[error("{file}: {wrong}")]
    Read { file: String, wrong: io::Error },
    /// A file cannot be written.
    #[error("{file}: {wrong}")]
    Write { file: String, wrong: io::Error },
    /// Something does not go together.
    #[error("{0}")]
    Asked(String),
    /// A recorded case was not answered as the real broker did.
    #[error("a case failed")]
    CasesFailed,
    /// What was found cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
}
