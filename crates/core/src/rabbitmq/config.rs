//! What a broker and its clients are set up with, under RabbitMQ's own names and defaults.

use super::error::ProtocolError;
use super::message::{Address, Properties};
use super::table::{Field, Table};
use super::topology::{self, Bound, DeclareQueue, Request};
use crate::name::{ConsumerName, ExchangeName, ProducerName, QueueName};
use crate::settings::{Value, choices, settings};
use crate::sim::SimDuration;
use std::sync::Arc;

/// A broker, what is declared on it, and its clients, as they are when the run begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// The exchanges beside the predeclared ones.
    pub exchanges: Vec<Exchange>,
    /// The queues.
    pub queues: Vec<Queue>,
    /// The bindings beside the default exchange's implicit ones.
    pub bindings: Vec<Bound>,
    /// The publishers.
    pub publishers: Vec<Publisher>,
    /// Where each stream of the workload goes, by `StreamId`.
    pub destinations: Vec<Destination>,
    /// The consumers that run from the beginning.
    pub consumers: Vec<Consumer>,
    /// How long frames travel.
    pub links: Links,
    /// What the broker is set to.
    pub broker: BrokerSettings,
}

impl Config {
    /// What a consumer of that queue declares and binds before it begins.
    #[must_use]
    pub fn declared_late(&self, queue: &QueueName) -> Arc<[Request]> {
        let wanted = |it: &&Queue| it.name == *queue && it.is_declared_late();
        let Some(found) = self.queues.iter().find(wanted) else { return [].into() };
        let mut requests = vec![Request::DeclareQueue(found.declaration())];
        for it in &self.bindings {
            if it.destination == topology::Destination::Queue(queue.clone()) {
                requests.push(Request::Bind(it.clone()));
            }
        }
        requests.into()
    }
}

/// How long frames travel, one way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Links {
    /// Between a publisher and the broker.
    pub publisher: SimDuration,
    /// Between the broker and a consumer.
    pub consumer: SimDuration,
    /// Between the nodes of a cluster.
    pub cluster: SimDuration,
    /// At most so much longer, drawn per frame.
    pub jitter: SimDuration,
    /// Of a million frames, how many are lost.
    pub loss_per_million: u32,
}

impl Default for Links {
    fn default() -> Self {
        let latency = SimDuration::millis(2);
        Self {
            publisher: latency,
            consumer: latency,
            cluster: latency,
            jitter: SimDuration::ZERO,
            loss_per_million: 0,
        }
    }
}

choices! {
    /// How an exchange chooses among its bindings.
    ExchangeType, "direct, fanout, topic or headers" {
        /// By equal key.
        Direct = "direct",
        /// All of them.
        Fanout = "fanout",
        /// By the words of the key.
        Topic = "topic",
        /// By the headers of the message.
        Headers = "headers",
    }
}

choices! {
    /// Which RabbitMQ: where versions differ, they differ between these.
    Version, "3.10.8 or 4.0.5" {
        /// As 3.10 to 3.13 do it.
        V3_10 = "3.10.8",
        /// As 4.0 to 4.2 do it.
        V4_0 = "4.0.5",
    }
}

choices! {
    /// What kind of queue it is.
    QueueType, "classic, quorum or stream" {
        /// A queue on one node.
        Classic = "classic",
        /// A queue that a majority of nodes keeps.
        Quorum = "quorum",
        /// A log that is read and never emptied.
        Stream = "stream",
    }
}

choices! {
    /// What a queue does when it is full.
    Overflow, "drop-head, reject-publish or reject-publish-dlx" {
        /// It drops its oldest Ready message.
        DropHead = "drop-head",
        /// It refuses the new message.
        RejectPublish = "reject-publish",
        /// It refuses the new message, and dead-letters it.
        RejectPublishDlx = "reject-publish-dlx",
    }
}

choices! {
    /// How sure a quorum queue is that its dead letters arrive.
    DeadLetterStrategy, "at-most-once or at-least-once" {
        /// It does not look after them.
        AtMostOnce = "at-most-once",
        /// It keeps them until the queues they go to have confirmed them.
        AtLeastOnce = "at-least-once",
    }
}

/// An exchange as it is declared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Exchange {
    /// Its name.
    pub name: ExchangeName,
    /// How it chooses among its bindings.
    pub kind: ExchangeType,
    /// What else is said when it is declared.
    pub properties: ExchangeProperties,
}

impl Exchange {
    /// A durable exchange without anything else.
    #[must_use]
    pub fn new(name: impl Into<ExchangeName>, kind: ExchangeType) -> Self {
        Self { name: name.into(), kind, properties: ExchangeProperties::default() }
    }
}

/// A queue as it is declared.
///
/// Simplified: everything is declared before the run begins. Only a queue that goes with a
/// connection or with its last consumer is declared, and bound, by whoever consumes from it, each
/// time before it begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Queue {
    /// Its name.
    pub name: QueueName,
    /// How long it lasts, and whose it is.
    pub properties: QueueProperties,
    /// Its arguments.
    pub arguments: QueueArguments,
}

impl Queue {
    /// A durable queue for everybody, with these arguments.
    #[must_use]
    pub fn new(name: impl Into<QueueName>, arguments: QueueArguments) -> Self {
        Self { name: name.into(), properties: QueueProperties::default(), arguments }
    }

    /// Whether it is there only once a consumer has declared it.
    #[must_use]
    pub fn is_declared_late(&self) -> bool {
        self.properties.exclusive || self.properties.auto_delete
    }

    /// As it is declared.
    #[must_use]
    pub fn declaration(&self) -> DeclareQueue {
        let QueueProperties { durable, exclusive, auto_delete } = self.properties;
        let (name, arguments) = (self.name.clone(), self.arguments.table());
        DeclareQueue { name, durable, exclusive, auto_delete, arguments }
    }
}

/// A publisher as it starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Publisher {
    /// Its name.
    pub name: ProducerName,
    /// Its settings.
    pub settings: PublisherSettings,
}

/// Where a publisher sends the messages of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    /// The exchange; the empty name is the default exchange.
    pub exchange: ExchangeName,
    /// The routing key.
    pub routing_key: RoutingKey,
    /// Whether what no queue takes comes back; if nothing is said, as the publisher is set to.
    pub mandatory: Option<bool>,
    /// What is said about the messages: the properties of each in turn, then from the first
    /// again. None: the defaults.
    pub properties: Arc<[Properties]>,
}

impl Destination {
    /// Messages with nothing said about them.
    #[must_use]
    pub fn new(exchange: impl Into<ExchangeName>, routing_key: RoutingKey) -> Self {
        Self { exchange: exchange.into(), routing_key, mandatory: None, properties: [].into() }
    }
}

/// The routing key of a stream's messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RoutingKey {
    /// The same for all.
    Fixed(Arc<str>),
    /// Each message's own key; empty if it has none. What is not UTF-8 is sent as it would be
    /// shown, with replacement characters.
    MessageKey,
}

/// A consumer as it starts: a channel on a connection of its own, one `basic.consume`, and the
/// application around it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Consumer {
    /// Its name, also its consumer tag.
    pub name: ConsumerName,
    /// The queue it consumes from.
    pub queue: QueueName,
    /// The client's settings.
    pub settings: ConsumerSettings,
    /// What the application does with a message whose processing fails.
    pub on_failure: OnFailure,
    /// The queue that it publishes a message to whose processing fails, if that is what it does:
    /// a queue whose messages expire and come back as dead letters.
    pub retry_queue: Option<QueueName>,
    /// How often it tries, and where it publishes what failed so often.
    pub limit: Option<Limit>,
    /// When the application acknowledges. Says nothing about automatic acknowledgement.
    pub acks: Acks,
    /// Where it publishes the result of its work, which it waits to be confirmed before it
    /// acknowledges.
    pub publishes: Option<Address>,
    /// Whether it remembers what it has done, in a store of its own that outlives a crash, and
    /// skips it when it comes again.
    pub idempotent: bool,
    /// How long after the beginning it starts.
    pub starts_after: SimDuration,
}

impl Consumer {
    /// A consumer of that queue with the defaults.
    #[must_use]
    pub fn new(name: impl Into<ConsumerName>, queue: impl Into<QueueName>) -> Self {
        Self {
            name: name.into(),
            queue: queue.into(),
            settings: ConsumerSettings::default(),
            on_failure: OnFailure::Requeue,
            retry_queue: None,
            limit: None,
            acks: Acks::AfterWork,
            publishes: None,
            idempotent: false,
            starts_after: SimDuration::ZERO,
        }
    }

    /// Whether it ever publishes, and so lets its channel confirm.
    #[must_use]
    pub fn is_publishing(&self) -> bool {
        self.publishes.is_some() || self.retry_queue.is_some() || self.limit.is_some()
    }
}

/// How often an application tries to process a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// How often, the first time included.
    pub attempts: u32,
    /// The queue that it publishes the message to after the last.
    pub parking_queue: QueueName,
}

choices! {
    /// When an application acknowledges, with `basic.ack`.
    Acks, "after-work, after-batch or before-work" {
        /// After the work on each message: at least once.
        AfterWork = "after-work",
        /// After the work on everything that has arrived, all at once with `multiple`: at least
        /// once.
        AfterBatch = "after-batch",
        /// When it takes a message, before the work on it: at most once.
        BeforeWork = "before-work",
    }
}

choices! {
    /// What an application does with a message whose processing fails.
    OnFailure, "requeue, reject, ack or publish" {
        /// `basic.nack` with requeue: the broker delivers it again.
        Requeue = "requeue",
        /// `basic.reject` without requeue: dead-lettered, or dropped.
        Reject = "reject",
        /// Acknowledges it all the same.
        Ack = "ack",
        /// Publishes it to its retry queue, and acknowledges it when that is confirmed.
        Publish = "publish",
    }
}

/// A text that may be set, and then may be empty: the empty exchange name is the default exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OptionalText(pub Option<Arc<str>>);

/// How an [`OptionalText`] without a text is written.
const NOT_SET: &str = "(not set)";

impl Value for OptionalText {
    const EXPECTED: &'static str = "a text, which may be empty";

    fn read(text: &str) -> Option<Self> {
        Some(Self((text != NOT_SET).then(|| text.into())))
    }

    fn show(&self) -> String {
        self.0.as_deref().unwrap_or(NOT_SET).to_owned()
    }
}

settings! {
    /// What is said when an exchange is declared.
    ExchangeProperties {
        /// Whether it outlives a restart of the broker.
        durable: bool = "durable", true;
        /// Whether it is deleted with the last binding from it.
        auto_delete: bool = "auto_delete", false;
        /// Whether only other exchanges may publish to it.
        internal: bool = "internal", false;
        /// The exchange that takes what none of its bindings matches.
        alternate_exchange: OptionalText = "alternate-exchange", OptionalText(None);
    }
}

settings! {
    /// How long a queue lasts, and whose it is.
    QueueProperties {
        /// Whether it outlives a restart of the broker.
        durable: bool = "durable", true;
        /// Whether it belongs to the connection of its consumer and goes with it.
        exclusive: bool = "exclusive", false;
        /// Whether it is deleted with its last consumer.
        auto_delete: bool = "auto_delete", false;
    }
}

settings! {
    /// The arguments of a queue.
    QueueArguments {
        /// Where rejected, expired and dropped messages are published; not set: they are dropped.
        dead_letter_exchange: OptionalText = "x-dead-letter-exchange", OptionalText(None);
        /// The routing key they get there; not set: the one they came with.
        dead_letter_routing_key: OptionalText = "x-dead-letter-routing-key", OptionalText(None);
        /// How long a message may wait, in milliseconds.
        message_ttl_ms: Option<u64> = "x-message-ttl", None;
        /// How many ready messages the queue may hold.
        max_length: Option<u64> = "x-max-length", None;
        /// How many bytes the bodies of ready messages may have together.
        max_length_bytes: Option<u64> = "x-max-length-bytes", None;
        /// What the queue does when it is full.
        overflow: Overflow = "x-overflow", Overflow::DropHead;
        /// What kind of queue it is.
        queue_type: QueueType = "x-queue-type", QueueType::Classic;
        /// How many priorities a classic queue keeps apart, beside 0; not set: none.
        max_priority: Option<u64> = "x-max-priority", None;
        /// How long a queue may be without consumers before it is deleted, in milliseconds.
        expires_ms: Option<u64> = "x-expires", None;
        /// Whether only one of its consumers gets messages at a time.
        single_active_consumer: bool = "x-single-active-consumer", false;
        /// How often a message may come back to a quorum queue; -1: as often as it likes.
        delivery_limit: Option<i64> = "x-delivery-limit", None;
        /// How sure a quorum queue is that its dead letters arrive.
        dead_letter_strategy: DeadLetterStrategy =
            "x-dead-letter-strategy", DeadLetterStrategy::AtMostOnce;
    }
}

impl QueueArguments {
    /// As the table that `queue.declare` would carry: what is not set is left out.
    #[must_use]
    pub fn table(&self) -> Table {
        let plain = Self::default();
        let mut table = Table::new();
        for setting in Self::SETTINGS {
            let (Some(value), Some(unset)) = (self.show(setting.name), plain.show(setting.name))
            else {
                continue;
            };
            if value == unset {
                continue;
            }
            let field = match (&*value, value.parse()) {
                ("true" | "false", _) => Field::Bool(value == "true"),
                (_, Ok(number)) if !setting.name.starts_with("x-dead-letter") => Field::Int(number),
                _ => Field::Text(value.into()),
            };
            table.insert(setting.name.into(), field);
        }
        table
    }
}

settings! {
    /// What the broker is set to.
    BrokerSettings {
        /// Which RabbitMQ it is.
        version: Version = "version", Version::V4_0;
        /// How many nodes there are; every quorum queue has a member on each.
        nodes: u32 = "nodes", 1;
        /// How long a delivery may go unacknowledged, in milliseconds.
        consumer_timeout_ms: u64 = "consumer_timeout", 1_800_000;
        /// How often a channel looks for such deliveries, in milliseconds.
        channel_tick_interval_ms: u64 = "channel_tick_interval", 60_000;
        /// After how long an unconfirmed dead letter is sent again, in milliseconds.
        dead_letter_retry_ms: u64 =
            "dead_letter_worker_publisher_confirm_timeout", 180_000;
    }
}

settings! {
    /// What a publisher is set to.
    PublisherSettings {
        /// Whether the broker confirms each message.
        confirm: bool = "confirm.select", true;
        /// Whether a message that no queue takes comes back to it.
        mandatory: bool = "mandatory", false;
        /// Whether it publishes in transactions.
        transactional: bool = "tx.select", false;
        /// After how many messages it commits.
        commit_every: u32 = "tx.commit", 1;
    }
}

impl PublisherSettings {
    /// What the broker would answer to a publisher that is set like that, if it refused it.
    ///
    /// Source: `rabbit_channel`, `tx.select`; case `p-tx`.
    #[must_use]
    pub fn conflict(&self) -> Option<ProtocolError> {
        let both = self.confirm && self.transactional;
        both.then(|| ProtocolError::precondition_failed("cannot switch from confirm to tx mode"))
    }
}

settings! {
    /// What a consumer is set to.
    ConsumerSettings {
        /// How many unacknowledged messages the broker lets it hold; 0 is no limit.
        prefetch_count: u32 = "prefetch_count", 0;
        /// Whether a message counts as acknowledged the moment it is sent.
        auto_ack: bool = "auto_ack", false;
        /// Whether the prefetch is the channel's, for all its consumers together.
        global: bool = "global", false;
        /// Whether nobody else may consume from the queue.
        exclusive: bool = "exclusive", false;
        /// Who gets messages first: consumers with a higher number, as long as they may hold more.
        priority: i32 = "x-priority", 0;
        /// Where it begins in a stream: first, last, next, or an offset.
        stream_offset: OptionalText = "x-stream-offset", OptionalText(None);
    }
}

impl ConsumerSettings {
    /// The table that `basic.consume` carries: what is not set is left out.
    #[must_use]
    pub fn arguments(&self) -> Table {
        let mut table = Table::new();
        if self.priority != 0 {
            table.insert("x-priority".into(), Field::Int(self.priority.into()));
        }
        if let Some(text) = &self.stream_offset.0 {
            let field = text.parse().map_or_else(|_| Field::Text(text.clone()), Field::Int);
            table.insert("x-stream-offset".into(), field);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_dead_letter_exchange_is_the_default_exchange_and_not_none() {
        let mut arguments = QueueArguments::default();
        let shown = arguments.show("x-dead-letter-exchange").unwrap();
        assert_eq!(shown, "(not set)");
        arguments.set("x-dead-letter-exchange", "").unwrap();
        assert_eq!(arguments.dead_letter_exchange, OptionalText(Some("".into())));
        arguments.set("x-dead-letter-exchange", &shown).unwrap();
        assert_eq!(arguments, QueueArguments::default());
    }
}
