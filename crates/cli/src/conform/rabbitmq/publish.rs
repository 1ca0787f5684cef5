//! Publishes: a body, where to, and what is said about it.

use super::{Driver, table};
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::rabbitmq::frame::Frame;
use brokerscope_core::rabbitmq::message::{Address, Message, Properties};
use brokerscope_core::workload::MessageId;
use serde_json::Value;
use std::sync::Arc;

impl Driver {
    pub(super) fn publish(&mut self, step: &Step) -> Result<Value, Unable> {
        let known = [
            "ch",
            "x",
            "key",
            "body",
            "wait",
            "mandatory",
            "headers",
            "priority",
            "expiration",
            "delivery_mode",
        ];
        let given = Given::of(step, &known)?;
        let channel = given.text("ch")?;
        let exchange = given.text_if_any("x")?.unwrap_or_default().into();
        let routing_key = given.text_if_any("key")?.unwrap_or_default().into();
        let address = Arc::new(Address { exchange, routing_key });
        let properties = properties(given)?;
        let mandatory = given.flag("mandatory", false)?;
        let mut answer = Value::Null;
        for body in bodies(given)? {
            let id = MessageId::at(self.bodies.len());
            let size = u32::try_from(body.len())
                .map_err(|_| Unable::Wrong("its 'body' is too long".to_owned()))?;
            self.bodies.push(body);
            let message = Message::new(id, size, address.clone()).with(&properties);
            answer = self.send(channel, Frame::Publish { message, mandatory })?;
        }
        Ok(answer)
    }
}

/// One body or several.
fn bodies(given: Given<'_>) -> Result<Vec<String>, Unable> {
    let wrong = || Unable::Wrong("its 'body' is to be text or a list of texts".to_owned());
    let text = |it: &Value| it.as_str().map(str::to_owned).ok_or_else(wrong);
    match given.value("body").ok_or_else(wrong)? {
        Value::Array(items) => items.iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    }
}

fn properties(given: Given<'_>) -> Result<Properties, Unable> {
    let small = |key: &str| -> Result<Option<u8>, Unable> {
        let Some(value) = given.value(key) else { return Ok(None) };
        let number = value.as_u64().and_then(|it| u8::try_from(it).ok());
        number.map(Some).ok_or_else(|| Unable::Wrong(format!("its '{key}' has to fit a byte")))
    };
    Ok(Properties {
        headers: table::table(given.value("headers"))?,
        priority: small("priority")?,
        expiration: given.text_if_any("expiration")?.map(Into::into),
        persistent: small("delivery_mode")?.unwrap_or(2) == 2,
    })
}
