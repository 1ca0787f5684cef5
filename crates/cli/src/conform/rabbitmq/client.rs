//! Channels as a case names them: opened at first use, and what came on them since one looked.

use super::{ADMIN, Driver, named};
use crate::conform::Unable;
use brokerscope_core::rabbitmq::Command;
use brokerscope_core::rabbitmq::frame::Frame;
use brokerscope_core::rabbitmq::manual::{Call, Manual};
use brokerscope_core::rabbitmq::topology::{Answer, Request};
use serde_json::{Value, json};

/// What is known of a client beside what it knows itself.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// The number of the first frame that nobody has looked at.
    unseen: usize,
}

impl Driver {
    fn manual(&self, name: &str) -> Option<&Manual> {
        self.world.system().manual(&named(name))
    }

    fn is_open(&self, name: &str) -> bool {
        self.manual(name).is_some_and(Manual::is_open)
    }

    pub(super) fn open(&mut self, name: &str) {
        self.clients.entry(name.to_owned()).or_default();
        if !self.is_open(name) {
            self.command(Command::Drive(named(name), Call::Open));
        }
    }

    /// A channel is opened when it is used for the first time, and not again.
    pub(super) fn open_at_first_use(&mut self, name: &str) {
        if !self.clients.contains_key(name) {
            self.open(name);
        }
    }

    /// The channel for what no channel is named for, which is opened as often as it takes.
    pub(super) fn admin(&mut self) {
        self.open(ADMIN);
    }

    pub(super) fn drive(&mut self, name: &str, call: Call) -> Result<Value, Unable> {
        self.open_at_first_use(name);
        if !self.is_open(name) {
            return Ok(json!({"skipped": "channel already closed"}));
        }
        Ok(self.command(Command::Drive(named(name), call)))
    }

    /// Sends a frame and settles what follows.
    pub(super) fn send(&mut self, name: &str, frame: Frame) -> Result<Value, Unable> {
        self.drive(name, Call::Send(Box::new(frame)))
    }

    /// Everything that came since one looked.
    pub(super) fn news(&mut self, name: &str) -> Vec<Value> {
        let (frames, end) = self.frames(name);
        self.clients.entry(name.to_owned()).or_default().unseen = end;
        frames.iter().flat_map(|it| self.events(it)).collect()
    }

    fn frames(&self, name: &str) -> (Vec<Frame>, usize) {
        let unseen = self.clients.get(name).map_or(0, |it| it.unseen);
        let Some(manual) = self.manual(name) else { return (Vec::new(), unseen) };
        let received = manual.received();
        (received.range(unseen, received.end()).cloned().collect(), received.end())
    }

    /// Asks for something and waits for the answer, which is not among what is looked at later.
    pub(super) fn ask(&mut self, name: &str, request: Request) -> Result<Value, Unable> {
        if name == ADMIN {
            self.admin();
        }
        let skipped = self.send(name, Frame::Topology(Box::new(request)))?;
        if !skipped.is_null() {
            return Ok(skipped);
        }
        let (frames, end) = self.frames(name);
        match frames.last() {
            Some(Frame::TopologyDone(answer)) => Ok(match *answer {
                Answer::Done => Value::Null,
                Answer::Queue { message_count, consumer_count } => {
                    json!({"message_count": message_count, "consumer_count": consumer_count})
                }
                Answer::Gone { message_count } => json!({"message_count": message_count}),
            }),
            Some(last) => {
                let event = self.events(last).pop().unwrap_or_default();
                if name == ADMIN {
                    self.clients.entry(name.to_owned()).or_default().unseen = end;
                }
                Ok(as_error(&event))
            }
            None => Err(Unable::Wrong("nobody answers".to_owned())),
        }
    }
}

/// An event that closed a channel, as what a step answers.
pub(super) fn as_error(event: &Value) -> Value {
    json!({"error": event["code"], "text": event["text"]})
}
