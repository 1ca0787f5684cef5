//! A client that is driven by hand: it sends what it is told to and keeps what it receives.

use super::frame::{ChannelId, ClientId, ConnectionId, Frame};
use crate::name::ConsumerName;
use crate::sim::Shelf;
use std::fmt;

/// A client with one channel on a connection of its own.
#[derive(Clone, Debug, Hash)]
pub struct Manual {
    name: ConsumerName,
    channel: ChannelId,
    open: bool,
    /// Everything that ever came, in order.
    received: Shelf<Frame>,
}

/// What the hand does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// Open a connection, and a channel on it.
    Open,
    /// Send a frame on the channel.
    Send(Box<Frame>),
    /// End the connection without a word.
    Disconnect,
}

/// What the client wants done. It does none of it itself.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a frame to the broker.
    Send(ChannelId, Frame),
}

impl Manual {
    /// A client that is not connected.
    #[must_use]
    pub fn new(number: u16, name: ConsumerName) -> Self {
        let connection = ConnectionId { client: ClientId::Manual(number), life: 0 };
        let channel = ChannelId { connection, number: 0 };
        Self { name, channel, open: false, received: Shelf::new() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ConsumerName {
        &self.name
    }

    /// Whether its channel is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Everything that it ever received, numbered from 0.
    #[must_use]
    pub fn received(&self) -> &Shelf<Frame> {
        &self.received
    }

    /// Why a call cannot be, if it cannot.
    #[must_use]
    pub fn refusal(&self, call: &Call) -> Option<&'static str> {
        match (call, self.open) {
            (Call::Open, true) => Some("its channel is open"),
            (Call::Send(_) | Call::Disconnect, false) => Some("its channel is closed"),
            (Call::Open, false) | (Call::Send(_) | Call::Disconnect, true) => None,
        }
    }

    /// Does what the hand does.
    pub fn call(&mut self, fx: &mut Vec<Effect>, call: Call) {
        match call {
            Call::Open => {
                self.channel.connection.life += u32::from(self.channel.number > 0);
                self.channel.number = 1;
                self.open = true;
                // Source: conformance, RabbitMQ notation: a connection of its own per channel.
                let connection_name = format!("conn-{}", self.name).into();
                fx.push(Effect::Send(self.channel, Frame::ChannelOpen { connection_name }));
            }
            Call::Send(frame) => {
                self.open = !matches!(*frame, Frame::ChannelClose(_));
                fx.push(Effect::Send(self.channel, *frame));
            }
            Call::Disconnect => {
                self.open = false;
                fx.push(Effect::Send(self.channel, Frame::ConnectionClosed));
            }
        }
    }

    /// Takes what the broker sends. A channel that the broker closes is closed.
    pub fn receive(&mut self, fx: &mut Vec<Effect>, channel: ChannelId, frame: Frame) {
        if channel != self.channel || !self.open {
            return;
        }
        if matches!(frame, Frame::ChannelClose(_)) {
            fx.push(Effect::Send(channel, Frame::ChannelCloseOk));
        }
        if matches!(frame, Frame::ChannelClose(_) | Frame::ConnectionClose(_)) {
            self.open = false;
        }
        self.received.push(frame);
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Send(_) => "send",
            Self::Disconnect => "disconnect",
        })
    }
}
