//! Stories: what is set up, what is sent, what happens when, and what came of it.
//!
//! A [`Scenario`] is read from a file or taken from the library that is built in. A [`Run`] holds
//! both systems under one clock and keeps the ledger of each.
#![warn(missing_docs)]

pub mod scenario;

pub use scenario::Scenario;
