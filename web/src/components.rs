//! What draws the page: one part of it a file, each with the style sheet of its name.

pub(crate) mod breaker;
pub(crate) mod captions;
pub(crate) mod card;
pub(crate) mod data_panel;
pub(crate) mod header;
pub(crate) mod help;
pub(crate) mod icon;
pub(crate) mod ledger;
pub(crate) mod log;
pub(crate) mod menu;
pub(crate) mod mirror;
pub(crate) mod notice;
pub(crate) mod panel;
pub(crate) mod question;
pub(crate) mod settings;
pub(crate) mod stage;
pub(crate) mod tasks;
pub(crate) mod transport;
