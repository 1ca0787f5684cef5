//! A consumer: one process with an application and Kafka's client in it, or none after a crash.
//!
//! The two talk as caller and library do, in one process and in no time; everything else that
//! either says goes over the network.

use super::BrokerId;
use super::application::{self, Application};
use super::client::{self, Client};
use super::config;
use super::fact::Fact;
use super::message::{Answer, CorrelationId, Request};
use super::metadata::Metadata;
use super::network::Channel;
use crate::sim::SimTime;
use crate::workload::Workload;
use std::collections::VecDeque;
use std::sync::Arc;

/// What reaches a consumer.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Its process starts, with nothing in memory.
    Start,
    /// Its process is gone.
    Crash,
    /// Something that it waits for is due.
    Wake,
    /// A broker answered.
    Answer(BrokerId, CorrelationId, Answer),
    /// A connection broke.
    Disconnected(BrokerId, Channel),
    /// The application stops working and polling.
    Pause,
    /// The application goes on.
    Resume,
    /// The application comes to an end.
    Close,
    /// A person has the positions committed.
    Commit,
}

/// What a consumer wants done.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Send that to a broker.
    Send(BrokerId, Channel, CorrelationId, Request),
    /// Tell whoever watches.
    Note(Fact),
}

/// A consumer.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Consumer {
    setup: config::Consumer,
    metadata: Arc<Metadata>,
    workload: Workload,
    life: Life,
    /// How many records it has finished since it was first started.
    processed: u64,
}

/// Whether it runs.
#[derive(Clone, Debug, Hash)]
#[allow(clippy::large_enum_variant, reason = "nearly all of them run")]
enum Life {
    /// It has not started yet.
    Unborn,
    Running(Process),
    Crashed,
    Closed,
}

/// What is lost in a crash.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Process {
    pub(crate) client: Client,
    pub(crate) application: Application,
}

/// What the two in one process say to each other.
enum Call {
    ToClient(client::Input),
    ToApplication(application::Input),
}

impl Consumer {
    /// A consumer that has not started.
    pub(crate) fn new(
        setup: config::Consumer,
        metadata: Arc<Metadata>,
        workload: Workload,
    ) -> Self {
        Self { setup, metadata, workload, life: Life::Unborn, processed: 0 }
    }

    /// How it was set up.
    pub(crate) fn setup(&self) -> &config::Consumer {
        &self.setup
    }

    /// Its process, if it runs.
    pub(crate) fn process(&self) -> Option<&Process> {
        match &self.life {
            Life::Running(process) => Some(process),
            Life::Unborn | Life::Crashed | Life::Closed => None,
        }
    }

    /// Whether it was ever started.
    pub(crate) fn has_started(&self) -> bool {
        !matches!(self.life, Life::Unborn)
    }

    /// Whether it ended in a crash.
    pub(crate) fn has_crashed(&self) -> bool {
        matches!(self.life, Life::Crashed)
    }

    /// How many records it has finished since it was first started.
    pub(crate) fn processed(&self) -> u64 {
        self.processed
    }

    /// When it next has something to do by itself.
    pub(crate) fn due(&self) -> Option<SimTime> {
        let process = self.process()?;
        process.client.due().into_iter().chain(process.application.due()).min()
    }

    /// Takes one input and says what should follow, in order.
    pub(crate) fn step(&mut self, fx: &mut Vec<Effect>, now: SimTime, input: Input) {
        let call = match input {
            Input::Start => {
                self.start(now);
                Call::ToApplication(application::Input::Start)
            }
            Input::Crash => {
                self.life = Life::Crashed;
                return;
            }
            Input::Wake => {
                self.talk(fx, now, Call::ToApplication(application::Input::Wake));
                Call::ToClient(client::Input::Wake)
            }
            Input::Answer(broker, correlation, answer) => {
                Call::ToClient(client::Input::Answer(broker, correlation, answer))
            }
            Input::Disconnected(broker, channel) => {
                Call::ToClient(client::Input::Disconnected(broker, channel))
            }
            Input::Pause => Call::ToApplication(application::Input::Pause),
            Input::Resume => Call::ToApplication(application::Input::Resume),
            Input::Close => Call::ToApplication(application::Input::Close),
            Input::Commit => Call::ToClient(client::Input::CommitBeside),
        };
        self.talk(fx, now, call);
    }

    fn start(&mut self, now: SimTime) {
        let config::Consumer { name, group, topics, settings, application, .. } =
            self.setup.clone();
        let workload = self.workload.clone();
        let application = Application::new(name.clone(), group.clone(), application, workload);
        let metadata = self.metadata.clone();
        let client = Client::new(now, name, group, topics, settings, metadata);
        self.life = Life::Running(Process { client, application });
    }

    /// Lets the two talk until neither has anything more to say.
    fn talk(&mut self, fx: &mut Vec<Effect>, now: SimTime, first: Call) {
        let mut calls = VecDeque::from([first]);
        let (mut from_client, mut from_application) = (Vec::new(), Vec::new());
        while let Some(call) = calls.pop_front() {
            let Life::Running(process) = &mut self.life else { return };
            match call {
                Call::ToClient(input) => process.client.step(&mut from_client, now, input),
                Call::ToApplication(input) => {
                    process.application.step(&mut from_application, now, input);
                }
            }
            for effect in from_application.drain(..) {
                calls.extend(self.application_wants(fx, effect));
            }
            for effect in from_client.drain(..) {
                calls.extend(self.client_wants(fx, effect));
            }
        }
    }

    fn application_wants(
        &mut self,
        fx: &mut Vec<Effect>,
        effect: application::Effect,
    ) -> Option<Call> {
        Some(Call::ToClient(match effect {
            application::Effect::Note(fact) => {
                self.processed += u64::from(matches!(fact, Fact::Processed { .. }));
                fx.push(Effect::Note(fact));
                return None;
            }
            // Simplified: a real application calls `poll` with a short timeout, over and over.
            application::Effect::Poll => client::Input::Poll(SimTime::MAX),
            application::Effect::StopPolling => client::Input::StopPolling,
            application::Effect::Commit(offsets) => client::Input::Commit(offsets),
            application::Effect::Seek(partition, offset) => client::Input::Seek(partition, offset),
            application::Effect::Close => client::Input::Close,
        }))
    }

    fn client_wants(&mut self, fx: &mut Vec<Effect>, effect: client::Effect) -> Option<Call> {
        Some(Call::ToApplication(match effect {
            client::Effect::Send(broker, channel, correlation, request) => {
                fx.push(Effect::Send(broker, channel, correlation, request));
                return None;
            }
            client::Effect::Note(fact) => {
                fx.push(Effect::Note(fact));
                return None;
            }
            client::Effect::Raised(error) => {
                self.raised(fx, error);
                return None;
            }
            client::Effect::Closed => {
                self.life = Life::Closed;
                return None;
            }
            client::Effect::Polled(polled) => application::Input::Polled(polled),
            client::Effect::Committed => application::Input::Committed,
        }))
    }

    /// An exception that nobody catches ends the process without a goodbye.
    fn raised(&mut self, fx: &mut Vec<Effect>, error: &'static str) {
        if self.process().is_none() {
            return;
        }
        let (group, consumer) = (self.setup.group.clone(), self.setup.name.clone());
        let raised = Fact::Raised { group: group.clone(), consumer: consumer.clone(), error };
        fx.extend([Effect::Note(raised), Effect::Note(Fact::Crashed { group, consumer })]);
        self.life = Life::Crashed;
    }
}
