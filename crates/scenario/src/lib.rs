//! Stories: what is set up, what is sent, what happens when, and what came of it.
//!
//! A [`Scenario`] is read from a file or taken from the library that is built in. A [`Run`] holds
//! both systems under one clock and keeps the ledger of each.
#![warn(missing_docs)]

pub mod client;
pub mod command;
#[cfg(feature = "json")]
pub mod error;
pub mod expand;
#[cfg(feature = "json")]
mod file;
pub mod input;
#[cfg(feature = "json")]
mod json;
pub mod ledger;
pub mod lesson;
#[cfg(feature = "json")]
pub mod library;
#[cfg(feature = "files")]
pub mod load;
mod packed;
#[cfg(feature = "files")]
pub mod proof;
pub mod run;
pub mod scenario;
mod sentence;
pub mod setup;
#[cfg(feature = "json")]
pub mod value;

pub use command::Command;
#[cfg(feature = "json")]
pub use error::Error;
#[cfg(feature = "json")]
pub use library::{LESSONS, Lesson};
pub use run::Run;
pub use scenario::Scenario;
