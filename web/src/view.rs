//! What each part of the page shows, as plain data: made from the session, drawn by a component.

pub(crate) mod breaker;
pub(crate) mod brokers;
pub(crate) mod captions;
pub(crate) mod card;
pub(crate) mod consumers;
pub(crate) mod data;
pub(crate) mod header;
pub(crate) mod ledger;
pub(crate) mod log;
pub(crate) mod menu;
pub(crate) mod mirror;
pub(crate) mod notice;
pub(crate) mod question;
pub(crate) mod stage;
pub(crate) mod tasks;
pub(crate) mod transport;
