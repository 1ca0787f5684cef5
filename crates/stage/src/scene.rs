//! What is to be pictured, and what comes of it.

use crate::item::Item;
use crate::unit::{Area, Point, px};
use brokerscope_core::kafka::{BrokerId, TopicPartition};
use brokerscope_core::name::{ConsumerName, GroupId, QueueName};
use brokerscope_core::sim::SimTime;
use brokerscope_core::workload::{MessageId, Workload};
use brokerscope_core::{kafka, rabbitmq};

/// What is to be pictured.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Kafka as it is now. Ask for [`cells_that_fit`](crate::cells_that_fit) cells.
    pub kafka: &'a kafka::Snapshot,
    /// RabbitMQ as it is now. Ask for as many slots.
    pub rabbitmq: &'a rabbitmq::Snapshot,
    /// How RabbitMQ was set up: which queues take dead letters.
    pub rabbitmq_config: &'a rabbitmq::Config,
    /// The messages: their keys decide colour and glyph.
    pub workload: &'a Workload,
    /// The instant, at or after that of the snapshots: whatever moves is a function of it.
    pub now: SimTime,
    /// How it is to be shown.
    pub options: &'a Options,
}

/// How a scene is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The width of the picture, in CSS pixels; at least 280.
    pub width_px: u16,
    /// Whether things may move.
    pub motion: Motion,
    /// What is chosen, if anything.
    pub selected: Option<Target>,
    /// Whether to explain the marks in a line under each lane.
    pub legend: bool,
    /// Whether to leave places where a consumer can be added.
    pub can_add: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { width_px: 1248, motion: Motion::Full, selected: None, legend: true, can_add: false }
    }
}

/// Whether things may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// They do.
    Full,
    /// They are shown where they stand; what is under way, where it will arrive or not at all.
    Reduced,
}

/// One of the two systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Apache Kafka.
    Kafka,
    /// RabbitMQ.
    RabbitMq,
}

/// Something in the picture that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A message, wherever it is.
    Message(MessageId),
    /// A consumer in one of the systems.
    Consumer(Lane, ConsumerName),
    /// A partition.
    Partition(TopicPartition),
    /// A group.
    Group(GroupId),
    /// A queue.
    Queue(QueueName),
    /// A broker of Kafka.
    Broker(BrokerId),
    /// A node of RabbitMQ, by its number.
    Node(u32),
    /// A place where a consumer can be added to a group.
    AddToGroup(GroupId),
    /// A place where a consumer can be added to a queue.
    AddToQueue(QueueName),
}

/// A place in the picture that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where.
    pub area: Area,
    /// What.
    pub target: Target,
    /// What it is and how it stands, in words.
    pub label: String,
}

/// A picture: what to draw, and what can be chosen in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// In CSS pixels.
    pub width_px: i32,
    /// In CSS pixels.
    pub height_px: i32,
    /// In drawing order.
    pub items: Vec<Item>,
    /// What can be chosen. Where two overlap, the later one is meant.
    pub hits: Vec<Hit>,
    /// The picture in one sentence.
    pub label: String,
}

impl Picture {
    /// What can be chosen at a place, given in CSS pixels.
    #[must_use]
    pub fn hit(&self, x_px: i32, y_px: i32) -> Option<&Hit> {
        let at = Point::new(px(x_px), px(y_px));
        self.hits.iter().rev().find(|hit| hit.area.contains(at))
    }
}
