//! What travels between the broker and its clients, and who they are to each other.
//!
//! | message | from | to |
//! |---|---|---|
//! | `channel.open`, `channel.close` | client | broker |
//! | `confirm.select`, `basic.publish` | publisher | broker |
//! | `basic.ack` (as a confirm) | broker | publisher |
//! | `basic.qos`, `basic.consume`, `basic.cancel` | consumer | broker |
//! | `basic.consume-ok`, `basic.cancel-ok`, `basic.deliver` | broker | consumer |
//! | `basic.ack`, `basic.nack`, `basic.reject` | consumer | broker |
//! | `channel.close`, `channel.close-ok`, `connection.close` | broker | client |
//! | the end of the connection | client | broker |

use super::message::Message;
use crate::name::{ConsumerName, QueueName};
use std::sync::Arc;

/// A client process, by its place among its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientId {
    /// A publisher, in the order of the configuration.
    Publisher(u16),
    /// A consumer, in the order in which they were first started.
    Consumer(u16),
}

/// A connection: one life of a client process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId {
    /// Whose.
    pub client: ClientId,
    /// Which of its lives, from 0.
    pub life: u32,
}

/// A channel of a connection.
///
/// Simplified: a client never uses a channel number twice. Real clients do, which is safe because
/// they drop what still arrives for a channel that they are closing; here the number tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId {
    /// On which connection.
    pub connection: ConnectionId,
    /// Its number there, from 1.
    pub number: u32,
}

/// When deliveries to a consumer count as acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AckMode {
    /// When the client says so.
    Manual,
    /// The moment they are sent: `no-ack` of `basic.consume`, `auto_ack` in clients.
    Automatic,
}

/// Which deliveries, or which publishes, are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tags {
    /// That one.
    One(u64),
    /// All that are outstanding up to and with that one: `multiple`. 0 means all there are.
    UpTo(u64),
}

/// What becomes of a message that a consumer returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// `requeue=true`: Ready again.
    Requeue,
    /// `requeue=false`: dead-lettered, or dropped.
    Discard,
}

/// Something that travels on a channel. The way is in order and loses nothing, as TCP is.
///
/// Source: AMQP 0-9-1 complete reference, with RabbitMQ's `confirm.select` and `basic.nack`.
///
/// Simplified: a message's method, header and body frames are one frame, and what opens a
/// connection is left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Frame {
    /// `channel.open`, with what its connection said when it was opened. A client does not wait
    /// for the answer, so there is none.
    ChannelOpen {
        /// The client property `connection_name`.
        connection_name: Arc<str>,
    },
    /// `channel.close`, from either side, with the reason where there is one.
    ChannelClose(Option<ProtocolError>),
    /// `channel.close-ok`.
    ChannelCloseOk,
    /// `connection.close`, because the client did what ends all its channels.
    ConnectionClose(ProtocolError),
    /// Not a frame: the connection ended without a word.
    ConnectionClosed,

    /// `confirm.select`: from now on publishes are counted and confirmed.
    ConfirmSelect,
    /// `basic.publish`.
    Publish(Message),
    /// `basic.qos` with `global=false`: the prefetch of the consumers started after it.
    Qos {
        /// How many deliveries each may hold unacknowledged; 0 is no limit.
        prefetch_count: u32,
    },
    /// `basic.consume`.
    Consume {
        /// From which queue.
        queue: QueueName,
        /// What its deliveries will be marked with.
        consumer_tag: ConsumerName,
        /// When they count as acknowledged.
        mode: AckMode,
    },
    /// `basic.consume-ok`.
    ConsumeOk(ConsumerName),
    /// `basic.cancel`: no more deliveries for that consumer tag.
    Cancel(ConsumerName),
    /// `basic.cancel-ok`.
    CancelOk(ConsumerName),
    /// `basic.deliver`.
    Deliver {
        /// To which consumer on the channel.
        consumer_tag: ConsumerName,
        /// Its number on the channel.
        delivery_tag: u64,
        /// Whether it was delivered before, to anybody, and came back.
        redelivered: bool,
        /// What.
        message: Message,
    },
    /// `basic.ack`: from a consumer for deliveries, from the broker as a confirm.
    Ack(Tags),
    /// `basic.nack`.
    Nack(Tags, Fate),
    /// `basic.reject`.
    Reject(u64, Fate),
}

/// Why the broker closed a channel or a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProtocolError {
    /// The reply code of AMQP.
    pub code: u16,
    /// The reply text.
    pub text: Arc<str>,
}

impl ProtocolError {
    /// A delivery tag that is not outstanding on the channel.
    ///
    /// Source: `rabbit_channel`, `collect_acks`; case `c-unknown-tag-classic`.
    #[must_use]
    pub fn unknown_delivery_tag(tag: u64) -> Self {
        Self { code: 406, text: format!("PRECONDITION_FAILED - unknown delivery tag {tag}").into() }
    }

    /// A consumer tag that is in use on the channel: ends the connection.
    ///
    /// Source: `rabbit_channel`, `basic.consume`; case `c-dup-tag`.
    #[must_use]
    pub fn consumer_tag_in_use(tag: &ConsumerName) -> Self {
        Self {
            code: 530,
            text: format!("NOT_ALLOWED - attempt to reuse consumer tag '{tag}'").into(),
        }
    }

    /// Something, such as `exchange`, that is not there.
    ///
    /// Source: `rabbit_misc`, `not_found`; case `x-publish-missing`.
    #[must_use]
    pub fn not_found(kind: &str, name: &str) -> Self {
        Self { code: 404, text: format!("NOT_FOUND - no {kind} '{name}' in vhost '/'").into() }
    }
}
