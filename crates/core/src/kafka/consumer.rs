//! A consumer: one process with an application and Kafka's client in it, or none after a crash.
//!
//! The two talk as caller and library do, in one process and in no time; everything else that
//! either says goes over the network.

use super::application::manual::Manual;
use super::application::{self, Application, Doing, ProducerCall};
use super::call::{self, Goal, Return, Take};
use super::client::{self, Client};
use super::config;
use super::fact::Fact;
use super::message::{Answer, CorrelationId, MemberId, Request};
use super::metadata::Metadata;
use super::network::Channel;
use super::passed_on::Store;
use super::producer::{self, GroupMember, Handed, TransactionCall};
use super::{BrokerId, TopicPartition};
use crate::sim::{SimDuration, SimTime};
use crate::workload::Workload;
use std::collections::VecDeque;
use std::sync::Arc;

/// What reaches a consumer.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Its process starts, with nothing in memory but an id if it speaks the `consumer` protocol.
    Start(Option<MemberId>),
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
    /// A person has its application move a position.
    Seek(TopicPartition, Goal),
    /// It is driven by hand, and its application calls that.
    Call(call::Call),
    /// Its producer has ended a block of calls.
    Told(Result<(), &'static str>),
}

/// What a consumer wants done.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Send that to a broker.
    Send(BrokerId, Channel, CorrelationId, Request),
    /// Tell whoever watches.
    Note(Fact),
    /// Its application calls its producer, in the same process.
    Produce(producer::Call),
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
    /// What it was told and what came of it, if it is driven by hand.
    manual: Manual,
    /// How the next process is set up, which starts as soon as this one has closed.
    renewal: Option<Box<config::Consumer>>,
    /// What its group has done already, while it takes a step.
    pub(crate) store: Store,
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
    /// None if it is driven by hand.
    pub(crate) application: Option<Application>,
}

impl Process {
    /// Whether its application stands still.
    pub(crate) fn is_paused(&self) -> bool {
        self.application.as_ref().is_some_and(Application::is_paused)
    }
}

/// What is said within one process, by whom it is for.
enum Talk {
    Client(client::Input),
    Application(application::Input),
    Producer(ProducerCall),
}

impl Consumer {
    /// A consumer that has not started.
    pub(crate) fn new(
        setup: config::Consumer,
        metadata: Arc<Metadata>,
        workload: Workload,
    ) -> Self {
        Self {
            setup,
            metadata,
            workload,
            life: Life::Unborn,
            processed: 0,
            manual: Manual::default(),
            renewal: None,
            store: Store::default(),
        }
    }

    /// How it was set up.
    pub(crate) fn setup(&self) -> &config::Consumer {
        &self.setup
    }

    /// How the next process is set up, as far as is known now.
    pub(crate) fn next_setup(&self) -> &config::Consumer {
        self.renewal.as_deref().unwrap_or(&self.setup)
    }

    /// Another process is to follow this one, set up like that.
    pub(crate) fn renew(&mut self, setup: config::Consumer) {
        self.renewal = Some(Box::new(setup));
    }

    /// Whether it has closed for another process to follow.
    pub(crate) fn is_to_be_renewed(&self) -> bool {
        self.renewal.is_some() && matches!(self.life, Life::Closed)
    }

    /// How the next process is to be set up.
    pub(crate) fn set_up(&mut self, setup: config::Consumer) {
        self.setup = setup;
        self.renewal = None;
    }

    /// What it was told and what came of it, if it is driven by hand.
    pub(crate) fn manual(&self) -> &Manual {
        &self.manual
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
        let application = process.application.as_ref().and_then(Application::due);
        process.client.due().into_iter().chain(application).min()
    }

    /// Takes one input and says what should follow, in order.
    pub(crate) fn step(&mut self, fx: &mut Vec<Effect>, now: SimTime, input: Input) {
        let call = match input {
            Input::Start(id) => {
                self.start(now, id);
                Talk::Application(application::Input::Start)
            }
            Input::Crash => {
                self.life = Life::Crashed;
                self.manual.dies();
                return;
            }
            Input::Wake => {
                self.talk(fx, now, Talk::Application(application::Input::Wake));
                Talk::Client(client::Input::Wake)
            }
            Input::Answer(broker, correlation, answer) => {
                Talk::Client(client::Input::Answer(broker, correlation, answer))
            }
            Input::Disconnected(broker, channel) => {
                Talk::Client(client::Input::Disconnected(broker, channel))
            }
            Input::Pause => Talk::Application(application::Input::Pause),
            Input::Resume => Talk::Application(application::Input::Resume),
            Input::Close => Talk::Application(application::Input::Close),
            Input::Call(call) => {
                self.manual.calls(call.clone());
                Talk::Client(client::Input::Call(call))
            }
            Input::Commit => Talk::Client(client::Input::CommitBeside),
            Input::Told(result) => Talk::Application(application::Input::Told(result)),
            Input::Seek(partition, to) => {
                let lets_go = application::Input::LetGo(partition.clone());
                self.talk(fx, now, Talk::Application(lets_go));
                Talk::Client(client::Input::Seek(partition, to))
            }
        };
        self.talk(fx, now, call);
    }

    fn start(&mut self, now: SimTime, id: Option<MemberId>) {
        if let Some(setup) = self.renewal.take() {
            self.setup = *setup;
        }
        let application = match self.setup.application {
            config::Application::Manual => None,
            config::Application::Automatic { commits, on_failure } => {
                let (name, group) = (self.setup.name.clone(), self.setup.group_name());
                let workload = self.workload.clone();
                let mut it = Application::new(name, group, commits, on_failure, workload);
                it.set_up(&self.setup);
                Some(it)
            }
        };
        let client = Client::new(now, &self.setup, id, self.metadata.clone());
        self.life = Life::Running(Process { client, application });
    }

    /// Lets the two talk until neither has anything more to say.
    fn talk(&mut self, fx: &mut Vec<Effect>, now: SimTime, first: Talk) {
        let mut calls = VecDeque::from([first]);
        let (mut from_client, mut from_application) = (Vec::new(), Vec::new());
        while let Some(call) = calls.pop_front() {
            let Life::Running(process) = &mut self.life else { return };
            match call {
                Talk::Client(input) => process.client.step(&mut from_client, now, input),
                Talk::Application(input) => {
                    if let Some(application) = &mut process.application {
                        let store = &mut self.store;
                        application.step(&mut from_application, now, store, input);
                    }
                }
                Talk::Producer(call) => {
                    fx.push(Effect::Produce(producer_call(&process.client, call)));
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
    ) -> Option<Talk> {
        Some(Talk::Client(match effect {
            application::Effect::Note(fact) => {
                self.processed += u64::from(matches!(fact, Fact::Processed { .. }));
                fx.push(Effect::Note(fact));
                return None;
            }
            // Simplified: a real application calls `poll` with a short timeout, over and over.
            application::Effect::Poll => {
                let (timeout, take) = (SimDuration(SimTime::MAX.0), Take::Records);
                client::Input::Call(call::Call::Poll { timeout, take })
            }
            application::Effect::StopPolling => client::Input::StopPolling,
            application::Effect::Commit(offsets) => {
                client::Input::Call(call::Call::CommitSync(offsets))
            }
            application::Effect::GiveBack(partition, offset) => {
                client::Input::GiveBack(partition, offset)
            }
            application::Effect::Rest(partition, rests) => client::Input::Rest(partition, rests),
            application::Effect::Close => client::Input::Call(call::Call::Close),
            application::Effect::Produce(call) => return Some(Talk::Producer(call)),
            application::Effect::Raise(error) => {
                self.raised(fx, error);
                return None;
            }
        }))
    }

    fn client_wants(&mut self, fx: &mut Vec<Effect>, effect: client::Effect) -> Option<Talk> {
        Some(Talk::Application(match effect {
            client::Effect::Send(broker, channel, correlation, request) => {
                fx.push(Effect::Send(broker, channel, correlation, request));
                return None;
            }
            client::Effect::Note(fact) => {
                fx.push(Effect::Note(fact));
                return None;
            }
            client::Effect::Called(back) => {
                if self.is_manual() {
                    self.manual.called(back);
                }
                return None;
            }
            client::Effect::Polled(polled) if self.is_manual() => {
                let rows = polled.iter().flat_map(client::Polled::rows).collect();
                self.manual.returns(Return::Polled(rows));
                return None;
            }
            client::Effect::Returned(what) if self.is_manual() => {
                self.manual.returns(what);
                return None;
            }
            client::Effect::Closed => {
                self.closed();
                return None;
            }
            client::Effect::Polled(polled) => application::Input::Polled(polled),
            client::Effect::Returned(Return::Raised(error)) if !self.is_committing() => {
                self.raised(fx, error);
                return None;
            }
            // Of all that can return something else than records, it calls `commitSync` alone.
            client::Effect::Returned(_) => application::Input::Committed,
        }))
    }

    fn is_manual(&self) -> bool {
        self.process().is_some_and(|it| it.application.is_none())
    }

    /// Whether its application waits in `commitSync`.
    fn is_committing(&self) -> bool {
        let application = self.process().and_then(|it| it.application.as_ref());
        application.is_some_and(|it| it.doing() == Doing::Committing)
    }

    fn closed(&mut self) {
        if self.is_manual() {
            self.manual.returns(Return::Done);
        }
        self.life = Life::Closed;
    }

    /// An exception that nobody catches ends the process without a goodbye.
    fn raised(&mut self, fx: &mut Vec<Effect>, error: &'static str) {
        let (group, consumer) = (self.setup.group_name(), self.setup.name.clone());
        let raised = Fact::Raised { group: group.clone(), consumer: consumer.clone(), error };
        fx.extend([Effect::Note(raised), Effect::Note(Fact::Crashed { group, consumer })]);
        self.life = Life::Crashed;
    }
}

/// A call of the application as its producer takes it; offsets are the client's positions at this
/// moment if none are named.
fn producer_call(client: &Client, call: ProducerCall) -> producer::Call {
    producer::Call::Transact(match call {
        ProducerCall::Send(topic, message) => {
            let (partition, timestamp_ms) = (None, None);
            let passed_on = None;
            let handed = Handed { topic, message, partition, timestamp_ms, passed_on };
            return producer::Call::Send(handed);
        }
        ProducerCall::PassOn(topic, what) => {
            let (partition, timestamp_ms, message) = (None, None, what.message);
            let passed_on = Some(what);
            let handed = Handed { topic, message, partition, timestamp_ms, passed_on };
            return producer::Call::Send(handed);
        }
        ProducerCall::Flush => return producer::Call::Flush,
        ProducerCall::EndOfBlock => return producer::Call::EndOfBlock,
        ProducerCall::Init => TransactionCall::Init,
        ProducerCall::Begin => TransactionCall::Begin,
        ProducerCall::Commit => TransactionCall::Commit,
        ProducerCall::Abort => TransactionCall::Abort,
        ProducerCall::SendOffsets(offsets) => {
            let offsets = offsets.unwrap_or_else(|| client.positions());
            TransactionCall::SendOffsets(offsets, GroupMember(client.group_member()))
        }
    })
}
