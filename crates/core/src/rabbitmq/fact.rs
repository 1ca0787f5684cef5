//! What happened at the broker. One line of text each: the trace, the golden tests, the beats and
//! the event log are that line.

use crate::name::{ConsumerName, ExchangeName, ProducerName, QueueName};
use crate::settings::choices;
use crate::weight::{Mark, Weight};
use crate::workload::MessageId;
use std::fmt;
use std::sync::Arc;

/// What happened. For watching only: no fact influences what happens next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are the words of the sentence above each")]
pub enum Fact {
    /// A message went on its way to the broker.
    Published { publisher: ProducerName, message: MessageId, exchange: ExchangeName },
    /// An exchange handed a message to queues, in name order.
    Routed { message: MessageId, exchange: ExchangeName, queues: Vec<QueueName> },
    /// No binding matched: the message is gone.
    Unroutable { message: MessageId, exchange: ExchangeName },
    /// A message is Ready at the end of a queue.
    Enqueued { queue: QueueName, message: MessageId },
    /// The publisher heard that the broker has taken responsibility for a message, by a confirm
    /// or by the answer to a commit.
    Confirmed { publisher: ProducerName, message: MessageId },
    /// A queue that is full refused a message.
    PublishRefused { queue: QueueName, message: MessageId },
    /// The publisher heard that the broker has not taken a message.
    Nacked { publisher: ProducerName, message: MessageId },
    /// A mandatory message that went nowhere is back at its publisher.
    Returned { publisher: ProducerName, message: MessageId },

    /// A consumer registered at a queue. A prefetch of 0 is no limit.
    Consuming { queue: QueueName, consumer: ConsumerName, prefetch_count: u32 },
    /// The queue handed a message to a consumer: Ready became Unacked, or gone if `auto_ack`.
    Delivered {
        queue: QueueName,
        consumer: ConsumerName,
        message: MessageId,
        delivery_tag: u64,
        redelivered: bool,
        auto_ack: bool,
    },
    /// A delivery arrived at the consumer.
    Received { queue: QueueName, consumer: ConsumerName, message: MessageId },
    /// The application began to work on a message.
    Began { queue: QueueName, consumer: ConsumerName, message: MessageId },
    /// The application finished its work on a message.
    Processed { queue: QueueName, consumer: ConsumerName, message: MessageId },
    /// An idempotent application found that it had done the work on a message before.
    Skipped { queue: QueueName, consumer: ConsumerName, message: MessageId },
    /// A consumer's process published a message that it received.
    Forwarded { queue: QueueName, consumer: ConsumerName, message: MessageId, why: Forward },
    /// A tool began to move messages from one queue to another.
    Moving { consumer: ConsumerName, queue: QueueName, to: QueueName, messages: u64 },
    /// The work on a poison message failed.
    Failed { queue: QueueName, consumer: ConsumerName, message: MessageId, then: Then },
    /// The broker took an acknowledgement: the message is gone from the queue.
    Acked { queue: QueueName, consumer: ConsumerName, message: MessageId, delivery_tag: u64 },
    /// A message went from Unacked back to Ready.
    Requeued { queue: QueueName, message: MessageId, why: RequeueReason, to: Place },
    /// A message left a queue for good, without an acknowledgement and without a dead-letter
    /// exchange.
    Dropped { queue: QueueName, message: MessageId, reason: Reason },
    /// A message left a queue for a dead-letter exchange, which routed it to these queues.
    DeadLettered {
        queue: QueueName,
        message: MessageId,
        reason: Reason,
        exchange: ExchangeName,
        routing_key: Arc<str>,
        to: Vec<QueueName>,
    },
    /// A message that counted as acknowledged, automatically or before the work on it, went down
    /// with its consumer.
    LostWith { queue: QueueName, consumer: ConsumerName, message: MessageId },

    /// Everything Ready in a queue was taken out.
    Purged { queue: QueueName, messages: Vec<MessageId> },
    /// A queue is gone, and everything in it.
    QueueDeleted { queue: QueueName, messages: Vec<MessageId>, why: Deletion },
    /// A restart took what was not persistent.
    Forgotten { queue: QueueName, messages: Vec<MessageId> },
    /// The connection of a publisher broke while the broker confirmed something.
    ConfirmLost { publisher: ProducerName },
    /// A publisher sent a message again, because it never heard that it is confirmed.
    PublishedAgain { publisher: ProducerName, message: MessageId, exchange: ExchangeName },
    /// A client began anew with another setting.
    Reset { name: Arc<str>, setting: Arc<str>, value: Arc<str> },
    /// The broker stopped and started again.
    BrokerRestarted,
    /// A node of the cluster stopped.
    NodeStopped { node: u32 },
    /// A node of the cluster runs again.
    NodeStarted { node: u32 },
    /// The members of a quorum queue have a leader again.
    LeaderElected { queue: QueueName, node: u32 },

    /// The broker noticed that a consumer's channel is closed.
    ChannelClosed { queue: QueueName, consumer: ConsumerName, requeued: u32 },
    /// The broker closed a channel because of a protocol error.
    ChannelError { consumer: ConsumerName, code: u16, text: Arc<str> },
    /// A consumer's process is gone.
    Crashed { queue: QueueName, consumer: ConsumerName },
    /// A consumer's process runs again.
    Restarted { queue: QueueName, consumer: ConsumerName },
    /// A new consumer started.
    Started { queue: QueueName, consumer: ConsumerName },
    /// A consumer was closed by itself.
    Stopped { queue: QueueName, consumer: ConsumerName },
    /// An application stopped working.
    Paused { queue: QueueName, consumer: ConsumerName },
    /// An application went on working.
    Resumed { queue: QueueName, consumer: ConsumerName },
    /// A command asked for what cannot be.
    Refused { command: String, why: String },
}

choices! {
    /// Why a message left a queue without an acknowledgement, as `x-death` names it.
    Reason, "rejected, expired, maxlen or delivery_limit" {
        /// Rejected without requeue.
        Rejected = "rejected",
        /// It waited longer than `x-message-ttl`.
        Expired = "expired",
        /// The queue was over `x-max-length`.
        MaxLength = "maxlen",
        /// It came back more often than `x-delivery-limit`.
        DeliveryLimit = "delivery_limit",
    }
}

/// Where a message that came back stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Where it stood before.
    Old,
    /// Before everything that has not come back.
    Front,
    /// At the end.
    Back,
}

/// Why a queue is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deletion {
    /// A client asked for it.
    Asked,
    /// Nobody used it for longer than `x-expires`.
    Unused,
    /// It was declared to go with its last consumer.
    NoConsumers,
    /// It belonged to a connection that is closed.
    ConnectionClosed,
    /// It does not outlive a restart.
    NotDurable,
}

/// Why a message went back to Ready.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RequeueReason {
    /// That consumer returned it with `basic.nack` or `basic.reject`.
    Returned(ConsumerName),
    /// That consumer's channel closed.
    ChannelClosed(ConsumerName),
}

/// Why a consumer's process published a message that it received.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Forward {
    /// It is the result of its work.
    Result {
        /// The exchange.
        exchange: ExchangeName,
        /// The routing key.
        routing_key: Arc<str>,
    },
    /// It is to come back and be tried again.
    Retry {
        /// The queue where it waits.
        to: QueueName,
        /// Which attempt the next one is.
        attempt: u32,
    },
    /// It failed too often.
    Park {
        /// The queue where it stays.
        to: QueueName,
        /// How often work on it failed.
        attempts: u32,
    },
    /// A tool moves it.
    Move {
        /// The queue it goes to.
        to: QueueName,
    },
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Then {
    /// `basic.nack` with requeue.
    Requeue,
    /// `basic.reject` without requeue.
    Reject,
    /// `basic.ack`.
    Ack,
    /// `basic.publish` to another queue.
    Publish,
    /// Nothing: automatic acknowledgement has already settled it.
    Nothing,
}

impl Fact {
    /// How much it matters to someone who watches.
    #[must_use]
    pub fn weight(&self) -> Weight {
        match self {
            Self::Routed { .. } | Self::Received { .. } => Weight::Detail,
            Self::Skipped { .. }
            | Self::Forwarded { .. }
            | Self::PublishedAgain { .. }
            | Self::Published { .. }
            | Self::Unroutable { .. }
            | Self::Enqueued { .. }
            | Self::Confirmed { .. }
            | Self::PublishRefused { .. }
            | Self::Nacked { .. }
            | Self::Returned { .. }
            | Self::Consuming { .. }
            | Self::Delivered { .. }
            | Self::Began { .. }
            | Self::Processed { .. }
            | Self::Failed { .. }
            | Self::Acked { .. }
            | Self::Requeued { .. }
            | Self::LostWith { .. }
            | Self::ChannelClosed { .. }
            | Self::Refused { .. } => Weight::Seen,
            Self::Dropped { .. }
            | Self::Purged { .. }
            | Self::QueueDeleted { .. }
            | Self::Forgotten { .. } => Weight::Turn(Mark::Removal),
            Self::DeadLettered { .. } => Weight::Turn(Mark::DeadLetter),
            Self::ChannelError { .. }
            | Self::Moving { .. }
            | Self::ConfirmLost { .. }
            | Self::Reset { .. }
            | Self::BrokerRestarted
            | Self::NodeStopped { .. }
            | Self::NodeStarted { .. }
            | Self::LeaderElected { .. }
            | Self::Crashed { .. }
            | Self::Restarted { .. }
            | Self::Started { .. }
            | Self::Stopped { .. }
            | Self::Paused { .. }
            | Self::Resumed { .. } => Weight::Turn(Mark::Fault),
        }
    }
}

/// Lists queues with commas; "no queue" if there are none.
fn list(f: &mut fmt::Formatter<'_>, queues: &[QueueName]) -> fmt::Result {
    if queues.is_empty() {
        return f.write_str("no queue");
    }
    for (index, queue) in queues.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}{queue}")?;
    }
    Ok(())
}

/// How many messages, as people say it.
struct Counted<'a>(&'a [MessageId]);

impl fmt::Display for Counted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("1 message"),
            count => write!(f, "{count} messages"),
        }
    }
}

/// The name of an exchange as people say it.
struct Spoken<'a>(&'a ExchangeName);

impl fmt::Display for Spoken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.as_str().is_empty() {
            f.write_str("the default exchange")
        } else {
            write!(f, "exchange {}", self.0)
        }
    }
}

impl fmt::Display for Fact {
    #[allow(clippy::too_many_lines, reason = "one line of text per fact, in one place")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Published { publisher, message, exchange } => {
                write!(f, "{publisher} published {message} to {}", Spoken(exchange))
            }
            Self::Routed { message, exchange, queues } => {
                write!(f, "{} routed {message} to ", Spoken(exchange))?;
                list(f, queues)
            }
            Self::Unroutable { message, exchange } => {
                write!(f, "{} has no binding for {message}: it is gone", Spoken(exchange))
            }
            Self::Enqueued { queue, message } => write!(f, "{message} is ready in {queue}"),
            Self::Confirmed { publisher, message } => {
                write!(f, "{publisher} heard that {message} is confirmed")
            }
            Self::PublishRefused { queue, message } => {
                write!(f, "{queue} is full and refused {message}")
            }
            Self::Nacked { publisher, message } => {
                write!(f, "{publisher} heard that {message} was refused")
            }
            Self::Returned { publisher, message } => {
                write!(f, "{message} came back to {publisher}: it went nowhere")
            }
            Self::Purged { queue, messages } => {
                write!(f, "{queue} was purged of {}", Counted(messages))
            }
            Self::QueueDeleted { queue, messages, why } => {
                write!(f, "{queue} is deleted with {}: {why}", Counted(messages))
            }
            Self::Forgotten { queue, messages } => {
                let were = if messages.len() == 1 { "was" } else { "were" };
                write!(f, "{queue} lost {} that {were} not persistent", Counted(messages))
            }
            Self::ConfirmLost { publisher } => {
                write!(f, "the connection of {publisher} broke, and a confirm is lost with it")
            }
            Self::PublishedAgain { publisher, message, exchange } => write!(
                f,
                "{publisher} published {message} again to {}: it heard of no confirm",
                Spoken(exchange)
            ),
            Self::Reset { name, setting, value } => {
                write!(f, "{name} begins anew with {setting}={value}")
            }
            Self::Skipped { consumer, message, .. } => {
                write!(f, "{consumer} skipped {message}: done before")
            }
            Self::Forwarded { consumer, message, why, queue } => match why {
                Forward::Result { exchange, routing_key } => write!(
                    f,
                    "{consumer} published the result of {message} to {} with key '{routing_key}'",
                    Spoken(exchange)
                ),
                Forward::Retry { to, attempt } => {
                    write!(f, "{consumer} sent {message} to {to}, attempt {attempt}")
                }
                Forward::Park { to, attempts } => {
                    write!(f, "{consumer} sent {message} to {to} after {attempts} attempts")
                }
                Forward::Move { to } => {
                    write!(f, "{consumer} moved {message} from {queue} to {to}")
                }
            },
            Self::Moving { consumer, queue, to, messages } => {
                let plural = if *messages == 1 { "" } else { "s" };
                write!(f, "{consumer} moves {messages} message{plural} from {queue} to {to}")
            }
            Self::BrokerRestarted => f.write_str("the broker restarted"),
            Self::NodeStopped { node } => write!(f, "node {node} stopped"),
            Self::NodeStarted { node } => write!(f, "node {node} started"),
            Self::LeaderElected { queue, node } => {
                write!(f, "node {node} leads {queue} now")
            }
            Self::Consuming { queue, consumer, prefetch_count: 0 } => {
                write!(f, "{consumer} consumes from {queue} without a prefetch limit")
            }
            Self::Consuming { queue, consumer, prefetch_count } => {
                write!(f, "{consumer} consumes from {queue} with prefetch {prefetch_count}")
            }
            Self::Delivered {
                queue,
                consumer,
                message,
                delivery_tag,
                redelivered,
                auto_ack: true,
            } => {
                let again = if *redelivered { ", redelivered" } else { "" };
                write!(
                    f,
                    "{queue} sent {message} to {consumer} as delivery {delivery_tag}{again} and \
                     forgot it, auto_ack"
                )
            }
            Self::Delivered { queue, consumer, message, delivery_tag, redelivered, .. } => {
                let again = if *redelivered { ", redelivered" } else { "" };
                write!(
                    f,
                    "{queue} delivered {message} to {consumer} as delivery {delivery_tag}{again}"
                )
            }
            Self::Received { consumer, message, .. } => write!(f, "{consumer} received {message}"),
            Self::Began { consumer, message, .. } => write!(f, "{consumer} began {message}"),
            Self::Processed { consumer, message, .. } => {
                write!(f, "{consumer} processed {message}")
            }
            Self::Failed { consumer, message, then, .. } => {
                write!(f, "{consumer} failed on {message} and {then}")
            }
            Self::Acked { queue, consumer, message, delivery_tag } => write!(
                f,
                "{queue} removed {message}: {consumer} acknowledged delivery {delivery_tag}"
            ),
            Self::Requeued { queue, message, why, to } => {
                write!(f, "{message} is ready in {queue} again, {to}: {why}")
            }
            Self::Dropped { queue, message, reason } => {
                write!(f, "{queue} dropped {message}: {reason}")
            }
            Self::DeadLettered { queue, message, reason, exchange, routing_key, to } => {
                write!(
                    f,
                    "{queue} dead-lettered {message}, {reason}: {} took it with key \
                     '{routing_key}' to ",
                    Spoken(exchange)
                )?;
                list(f, to)
            }
            Self::LostWith { consumer, message, .. } => {
                write!(
                    f,
                    "{message} is lost with {consumer}: it was acknowledged before it was done"
                )
            }
            Self::ChannelClosed { queue, consumer, requeued: 1 } => {
                write!(
                    f,
                    "the channel of {consumer} closed: 1 unacked message goes back to {queue}"
                )
            }
            Self::ChannelClosed { queue, consumer, requeued } => write!(
                f,
                "the channel of {consumer} closed: {requeued} unacked messages go back to {queue}"
            ),
            Self::ChannelError { consumer, code, text } => {
                write!(f, "the broker closed the channel of {consumer}: {code} {text}")
            }
            Self::Crashed { consumer, .. } => write!(f, "{consumer} crashed"),
            Self::Restarted { consumer, .. } => write!(f, "{consumer} restarted"),
            Self::Started { consumer, .. } => write!(f, "{consumer} started"),
            Self::Stopped { consumer, .. } => write!(f, "{consumer} was closed"),
            Self::Paused { consumer, .. } => write!(f, "{consumer} paused"),
            Self::Resumed { consumer, .. } => write!(f, "{consumer} went on"),
            Self::Refused { command, why } => write!(f, "refused '{command}': {why}"),
        }
    }
}

impl fmt::Display for RequeueReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned(consumer) => write!(f, "{consumer} returned it"),
            Self::ChannelClosed(consumer) => write!(f, "the channel of {consumer} closed"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Old => "in its old place",
            Self::Front => "at the front",
            Self::Back => "at the back",
        })
    }
}

impl fmt::Display for Deletion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asked => "a client deleted it",
            Self::Unused => "nobody used it for x-expires",
            Self::NoConsumers => "its last consumer is gone",
            Self::ConnectionClosed => "its connection is closed",
            Self::NotDurable => "it is not durable",
        })
    }
}

impl fmt::Display for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requeue => "returns it to the queue",
            Self::Reject => "rejects it",
            Self::Ack => "acknowledges it all the same",
            Self::Publish => "sends it to another queue",
            Self::Nothing => "goes on",
        })
    }
}
