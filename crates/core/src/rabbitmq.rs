//! RabbitMQ 4.0 as machines that exchange frames over links.
//!
//! Start reading at `broker.rs` (the system as a whole) or `queue.rs` (one queue). Every rule
//! carries `Source:`, every liberty `Simplified:`.

pub mod command;
pub mod config;
pub mod fact;
pub mod snapshot;

pub use command::Command;
pub use config::Config;
pub use fact::Fact;
pub use snapshot::Snapshot;
