//! What travels between the broker and its clients, and who they are to each other.
//!
//! | message | from | to |
//! |---|---|---|
//! | `channel.open`, `channel.close` | client | broker |
//! | `confirm.select`, `basic.publish` | publisher | broker |
//! | `basic.ack` (as a confirm) | broker | publisher |
//! | `basic.nack` (as a confirm), `basic.return` | broker | publisher |
//! | `tx.select`, `tx.commit`, `tx.rollback` | client | broker |
//! | `exchange.*`, `queue.*` and what they are answered with | client | broker, and back |
//! | `basic.qos`, `basic.consume`, `basic.cancel`, `basic.recover` | consumer | broker |
//! | `basic.consume-ok`, `basic.cancel-ok`, `basic.deliver` | broker | consumer |
//! | `basic.cancel`, because the queue is gone | broker | consumer |
//! | `basic.get` | consumer | broker |
//! | `basic.get-ok`, `basic.get-empty` | broker | consumer |
//! | `basic.ack`, `basic.nack`, `basic.reject` | consumer | broker |
//! | `channel.close`, `channel.close-ok`, `connection.close` | broker | client |
//! | the end of the connection | client | broker |

use super::error::ProtocolError;
use super::message::Message;
use super::table::Table;
use super::topology::{Answer, Request};
use crate::name::{ConsumerName, QueueName};
use std::sync::Arc;

/// A client process, by its place among its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientId {
    /// A publisher, in the order of the configuration.
    Publisher(u16),
    /// A consumer, in the order in which they were first started.
    Consumer(u16),
    /// A client that is driven by hand, in the order in which they were first named.
    Manual(u16),
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

    /// Something is declared, bound, emptied or deleted.
    Topology(Box<Request>),
    /// What came of it.
    TopologyDone(Answer),

    /// `confirm.select`: from now on publishes are counted and confirmed.
    ConfirmSelect,
    /// `tx.select`, `tx.commit`, `tx.rollback`.
    Tx(Tx),
    /// `basic.publish`.
    Publish {
        /// What, and where to.
        message: Message,
        /// Whether it comes back if it goes nowhere.
        mandatory: bool,
    },
    /// `basic.return`: a mandatory message that went nowhere.
    Return(Message),
    /// `basic.nack` as a confirm: a queue did not take the message.
    ConfirmNack(u64),
    /// `basic.qos`.
    Qos {
        /// How many deliveries may be held unacknowledged; 0 is no limit.
        prefetch_count: u32,
        /// Whether all consumers of the channel share it. Otherwise it is the prefetch of each
        /// that is started later.
        global: bool,
    },
    /// `basic.consume`.
    Consume(Box<Consume>),
    /// `basic.get`: one message, now.
    Get {
        /// From which queue.
        queue: QueueName,
        /// When it counts as acknowledged.
        mode: AckMode,
    },
    /// `basic.get-ok`.
    GetOk {
        /// Its number on the channel.
        delivery_tag: u64,
        /// Whether it was delivered before, to anybody, and came back.
        redelivered: bool,
        /// How many Ready messages are left.
        message_count: u64,
        /// What.
        message: Message,
    },
    /// `basic.get-empty`.
    GetEmpty,
    /// `basic.recover`: everything that is unacknowledged on the channel comes back.
    Recover {
        /// To its queue. To the same consumer is not implemented.
        requeue: bool,
    },
    /// `basic.consume-ok`.
    ConsumeOk(ConsumerName),
    /// `basic.cancel`: no more deliveries for that consumer tag. From a client that it wants none,
    /// from the broker that the queue is gone.
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

/// `basic.consume`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Consume {
    /// From which queue.
    pub queue: QueueName,
    /// What its deliveries will be marked with.
    pub consumer_tag: ConsumerName,
    /// When they count as acknowledged.
    pub mode: AckMode,
    /// Whether nobody else may consume from it.
    pub exclusive: bool,
    /// `x-priority`, `x-stream-offset`.
    pub arguments: Table,
}

/// What is done with a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tx {
    /// From now on publishes and acknowledgements wait for a commit.
    Select,
    /// They take effect.
    Commit,
    /// They are forgotten.
    Rollback,
}
