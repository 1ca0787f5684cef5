//! What happens to the cluster itself: its topics, its brokers, who leads and who is in sync.

use crate::kafka::command::Peer;
use crate::kafka::{BrokerId, Offset, TopicPartition};
use crate::name::{ProducerName, TopicName};
use crate::sim::SimDuration;
use crate::weight::{Mark, Weight};
use std::fmt;
use std::sync::Arc;

/// What happened to the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are the words of the sentence above each")]
pub enum ClusterFact {
    /// A topic was made.
    TopicCreated { topic: TopicName, partitions: u32 },
    /// A topic has more partitions.
    TopicGrown { topic: TopicName, partitions: u32 },
    /// A topic has other settings.
    TopicConfigured { topic: TopicName, to: String },
    /// The settings of a client changed, which it reads when it starts.
    ClientConfigured { client: Arc<str>, setting: Arc<str>, value: Arc<str> },
    /// The connection on which a producer's answer came broke, and the answer is lost.
    AnswerLost { producer: ProducerName, broker: BrokerId },
    /// A topic is gone with all that was in it.
    TopicDeleted { topic: TopicName },
    /// A broker was asked to shut down in order.
    Stopping(BrokerId),
    /// A broker has shut down in order.
    Stopped(BrokerId),
    /// The controller has not heard from a broker for too long.
    Fenced(BrokerId),
    /// Nothing passes any more between a broker and these.
    CutOff { broker: BrokerId, from: Peer },
    /// What passes between a broker and these takes so much longer.
    Slowed { broker: BrokerId, to: Peer, by: SimDuration },
    /// Between a broker and these it is as ever.
    Mended { broker: BrokerId, to: Peer },
    /// The partition has another leader, or none any more.
    Leader { partition: TopicPartition, leader: Option<BrokerId>, epoch: u32, unclean: bool },
    /// Other replicas are in sync now.
    InSync { partition: TopicPartition, isr: Vec<BrokerId> },
    /// A replica cut off what its leader does not have, from `to` on.
    Truncated { broker: BrokerId, partition: TopicPartition, to: Offset, records: u64 },
}

impl ClusterFact {
    /// How much it matters to someone who watches.
    pub(super) fn weight(&self) -> Weight {
        match self {
            Self::TopicCreated { .. }
            | Self::TopicGrown { .. }
            | Self::TopicConfigured { .. }
            | Self::ClientConfigured { .. }
            | Self::TopicDeleted { .. }
            | Self::InSync { .. } => Weight::Seen,
            Self::Stopping(_)
            | Self::Stopped(_)
            | Self::Fenced(_)
            | Self::CutOff { .. }
            | Self::Slowed { .. }
            | Self::Mended { .. }
            | Self::AnswerLost { .. }
            | Self::Leader { .. }
            | Self::Truncated { .. } => Weight::Turn(Mark::Fault),
        }
    }
}

impl fmt::Display for ClusterFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TopicCreated { topic, partitions } => {
                write!(f, "topic {topic} was made, partitions: {partitions}")
            }
            Self::TopicGrown { topic, partitions } => {
                write!(f, "topic {topic} has grown, partitions: {partitions}")
            }
            Self::TopicConfigured { topic, to } => write!(f, "topic {topic} is set to {to}"),
            Self::ClientConfigured { client, setting, value } => {
                write!(f, "{client} is set to {setting}={value}")
            }
            Self::AnswerLost { producer, broker } => {
                write!(f, "the answer of {broker} to {producer} is lost: the connection broke")
            }
            Self::TopicDeleted { topic } => write!(f, "topic {topic} was deleted"),
            Self::Stopping(broker) => write!(f, "{broker} is shutting down"),
            Self::Stopped(broker) => write!(f, "{broker} has shut down"),
            Self::Fenced(broker) => write!(f, "the controller counts {broker} as gone"),
            Self::CutOff { broker, from } => write!(f, "{broker} is cut off from {from}"),
            Self::Slowed { broker, to, by } => write!(f, "{broker} is slower to {to}, by {by}"),
            Self::Mended { broker, to } => write!(f, "the way from {broker} to {to} is mended"),
            Self::Leader { partition, leader: Some(leader), epoch, unclean } => {
                let how = if *unclean { ", though it was not in sync" } else { "" };
                write!(f, "{leader} leads {partition} in epoch {epoch}{how}")
            }
            Self::Leader { partition, leader: None, epoch, .. } => {
                write!(f, "nobody leads {partition}, epoch {epoch}")
            }
            Self::InSync { partition, isr } => {
                write!(f, "in sync for {partition}:")?;
                if isr.is_empty() {
                    return f.write_str(" nobody");
                }
                isr.iter().try_for_each(|it| write!(f, " {}", it.0))
            }
            Self::Truncated { broker, partition, to, records } => {
                write!(f, "{broker} cuts off {partition} from {to} on, records: {records}")
            }
        }
    }
}
