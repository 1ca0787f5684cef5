//! Apache Kafka 4.3 as machines that exchange requests over links.
//!
//! Start reading at `cluster.rs` (the system as a whole) or `log.rs` (the log of one
//! partition). Every rule carries `Source:`, every liberty `Simplified:`.
//!
//! Not modelled: share groups (KIP-932) and streams groups.
//!
//! Not modelled: a quorum of controllers: one controller stands for it and does not fail.
//!
//! Not modelled: compression, tiered storage, log directories and failing disks.
//!
//! Not modelled: quotas, authentication, encryption and access control.
//!
//! Not modelled: racks and fetching from followers.
//!
//! Not modelled: subscriptions by pattern; partitioners other than the clients' own;
//! `partitioner.ignore.keys`.
//!
//! Not modelled: `transactional.id.expiration.ms`, `segment.jitter.ms` and settings that change
//! speed alone.

pub mod admin;
mod application;
pub mod assignor;
mod broker;
pub mod call;
mod client;
pub mod cluster;
pub mod command;
pub mod config;
mod connection;
pub mod console;
mod consumer;
pub mod controller;
mod coordinator;
pub mod fact;
mod java;
mod log;
mod message;
pub mod metadata;
mod network;
pub mod passed_on;
pub mod placement;
mod producer;
mod schema;
mod sizes;
pub mod snapshot;
#[cfg(test)]
mod testing;
mod transaction;
pub mod view;

pub use cluster::Cluster;
pub use command::Command;
pub use config::Config;
pub use fact::Fact;
pub use java::offsets_partition;
pub use message::consumer_group::{DescribedConsumerGroup, DescribedConsumerMember};
pub use message::transaction::DescribedTransaction;
pub use message::{GroupDescription, ListedGroup, MemberDescription};
pub use producer::{GroupMember, Sent, TransactionCall};
pub use snapshot::Snapshot;

use crate::name::TopicName;
use std::fmt;

/// A place in a partition's log. Not a count of records: transaction markers and compaction leave
/// holes, and the log does not begin at 0 for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub i64);

impl Offset {
    /// The offset after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One partition of a topic, written `orders-0` as Kafka's own tools and logs do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic.
    pub topic: TopicName,
    /// Its partition, from 0.
    pub partition: u32,
}

impl TopicPartition {
    /// That partition of that topic.
    #[must_use]
    pub fn new(topic: impl Into<TopicName>, partition: u32) -> Self {
        Self { topic: topic.into(), partition }
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// A broker of the cluster, `node.id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BrokerId(pub u16);

impl fmt::Display for BrokerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broker {}", self.0)
    }
}
