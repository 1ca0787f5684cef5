//! Physics: what Apache Kafka and RabbitMQ do, as deterministic simulations.
//!
//! Three parts. `sim` knows time, chance, order and travel back in time, and neither broker.
//! `kafka` and `rabbitmq` stand on it and do not know each other. `workload` is what both are
//! given: the messages, fixed before either world sees them.
//!
//! Nothing here draws, reads files, knows a clock or depends on another crate. Equal inputs give
//! equal bytes, natively and in WebAssembly.
#![deny(clippy::float_arithmetic)]
#![warn(missing_docs)]

pub mod kafka;
pub mod map;
pub mod name;
pub mod rabbitmq;
pub mod settings;
pub mod sim;
pub mod weight;
pub mod workload;
