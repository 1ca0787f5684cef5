//! RabbitMQ 4.0 as machines that exchange frames over links.
//!
//! Start reading at `broker.rs` (the system as a whole) or `queue.rs` (one queue). Every rule
//! carries `Source:`, every liberty `Simplified:`.

pub mod application;
pub mod broker;
pub mod channel;
pub mod client;
pub mod command;
pub mod config;
pub mod consumer;
pub mod error;
pub mod exchange;
pub mod fact;
pub mod frame;
pub mod manual;
pub mod message;
pub mod node;
pub mod publisher;
pub mod queue;
pub mod raft;
pub mod snapshot;
pub mod table;
pub mod topology;
pub mod wire;

pub use broker::Broker;
pub use command::Command;
pub use config::Config;
pub use fact::Fact;
pub use snapshot::Snapshot;
