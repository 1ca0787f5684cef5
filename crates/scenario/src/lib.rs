//! Stories: what is set up, what is sent, what happens when, and what came of it.
//!
//! A [`Scenario`] is read from a file or taken from the library that is built in. A [`Run`] holds
//! both systems under one clock and keeps the ledger of each.
#![warn(missing_docs)]

pub mod command;
pub mod error;
pub mod expand;
mod file;
pub mod input;
mod json;
pub mod ledger;
pub mod library;
#[cfg(feature = "files")]
pub mod load;
pub mod run;
pub mod scenario;
pub mod value;

pub use command::Command;
pub use error::Error;
pub use library::{LESSONS, Lesson};
pub use run::Run;
pub use scenario::Scenario;
