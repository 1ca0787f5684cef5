//! Frames as the recording client noted them down.

use super::{Driver, table};
use brokerscope_core::rabbitmq::error::ProtocolError;
use brokerscope_core::rabbitmq::frame::{Frame, Tags};
use brokerscope_core::rabbitmq::message::Message;
use serde_json::{Map, Value, json};

impl Driver {
    /// What a client makes of a frame. One frame may confirm several publishes.
    pub(super) fn events(&self, frame: &Frame) -> Vec<Value> {
        let event = match frame {
            Frame::Deliver { consumer_tag, delivery_tag, redelivered, message } => {
                let mut event = self.copy("deliver", message);
                event.insert("tag".to_owned(), consumer_tag.as_str().into());
                event.insert("dt".to_owned(), (*delivery_tag).into());
                event.insert("redelivered".to_owned(), (*redelivered).into());
                event.into()
            }
            Frame::GetOk { delivery_tag, redelivered, message_count, message } => {
                let mut event = self.copy("get_ok", message);
                event.insert("dt".to_owned(), (*delivery_tag).into());
                event.insert("redelivered".to_owned(), (*redelivered).into());
                event.insert("message_count".to_owned(), (*message_count).into());
                event.into()
            }
            Frame::Return(message) => {
                let mut event = self.copy("return", message);
                event.retain(|key, _| !["headers", "priority", "expiration"].contains(&&**key));
                event.insert("code".to_owned(), 312.into());
                event.insert("text".to_owned(), "NO_ROUTE".into());
                event.into()
            }
            Frame::GetEmpty => json!({"ev": "get_empty"}),
            Frame::Ack(Tags::One(number) | Tags::UpTo(number)) => {
                json!({"ev": "confirm_ack", "seq": number})
            }
            Frame::ConfirmNack(number) => json!({"ev": "confirm_nack", "seq": number}),
            Frame::Cancel(tag) => json!({"ev": "cancelled_by_broker", "tag": tag.as_str()}),
            Frame::ChannelClose(Some(error)) => closed("channel_closed", error),
            Frame::ConnectionClose(error) => closed("connection_closed", error),
            Frame::ChannelOpen { .. }
            | Frame::ChannelClose(None)
            | Frame::ChannelCloseOk
            | Frame::ConnectionClosed
            | Frame::Topology(_)
            | Frame::TopologyDone(_)
            | Frame::ConfirmSelect
            | Frame::Tx(_)
            | Frame::Publish { .. }
            | Frame::Qos { .. }
            | Frame::Consume(_)
            | Frame::ConsumeOk(_)
            | Frame::CancelOk(_)
            | Frame::Get { .. }
            | Frame::Recover { .. }
            | Frame::Nack(..)
            | Frame::Reject(..) => return Vec::new(),
        };
        vec![event]
    }

    fn copy(&self, kind: &str, message: &Message) -> Map<String, Value> {
        let mut event = Map::new();
        let mut put = |key: &str, value: Value| {
            event.insert(key.to_owned(), value);
        };
        put("ev", kind.into());
        put("x", message.address.exchange.as_str().into());
        put("key", (*message.address.routing_key).into());
        put("body", self.bodies[message.id.index()].as_str().into());
        let headers = message.seen_headers(self.version);
        if !headers.is_empty() {
            put("headers", table::shown(&headers));
        }
        // The recording client did not note down a priority of 0.
        if let Some(priority) = message.priority().filter(|it| *it > 0) {
            put("priority", priority.into());
        }
        // A copy that was dead-lettered has none any more.
        if let Some(expiration) = message.expiration() {
            put("expiration", (**expiration).into());
        }
        event
    }
}

fn closed(kind: &str, error: &ProtocolError) -> Value {
    json!({"ev": kind, "code": error.code, "text": &*error.text})
}
