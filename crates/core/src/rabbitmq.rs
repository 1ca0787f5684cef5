//! RabbitMQ 4.0 as machines that exchange frames over links.
//!
//! Start reading at `broker.rs` (the system as a whole) or `queue.rs` (one queue). Every rule
//! carries `Source:`, every liberty `Simplified:`.
//!
//! Not modelled: policies, virtual hosts, users and permissions.
//!
//! Not modelled: memory and disk alarms, flow control, and what depends on the speed of disks.
//!
//! Not modelled: exchanges of plugins (delayed message, consistent hash, federation), and shovels
//! that go on after they have moved what was there.
//!
//! Not modelled: AMQP 1.0, MQTT, STOMP and the stream protocol: streams are read over AMQP 0-9-1.
//!
//! Not modelled: mirrored classic queues; changing the members of a quorum queue.
//!
//! Not modelled: clients that are cut off together with their node.

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
