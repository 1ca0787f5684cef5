//! A consumer's process: the client library, the application, and what passes between them.

use super::application::{self, Application};
use super::client::{self, Afterwards, Client};
use super::config;
use super::fact::{Fact, Forward};
use super::frame::{ChannelId, Frame};
use super::snapshot::{ConsumerSnapshot, ConsumerState, Standing};
use super::topology::Request;
use crate::name::{ConsumerName, QueueName};
use crate::sim::SimTime;
use crate::workload::{MessageId, Workload};
use std::sync::Arc;

/// How many messages a shovel may hold.
///
/// Source: RabbitMQ, "Dynamic Shovels", `src-prefetch-count`.
const SHOVEL_PREFETCH: u32 = 1_000;

/// A consumer, as a process that can be gone and come back.
#[derive(Clone, Debug, Hash)]
pub struct Consumer {
    name: ConsumerName,
    queue: QueueName,
    settings: config::ConsumerSettings,
    life: Life,
    client: Client,
    application: Application,
    /// Of a tool that moves messages: where to, and how many are left.
    moves: Option<(QueueName, u64)>,
}

/// Whether a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Life {
    /// It does.
    Running,
    /// It crashed.
    Crashed,
    /// It was closed.
    Closed,
}

/// Something that the process has to deal with.
#[derive(Clone, Debug)]
pub enum Input {
    /// It begins for the first time.
    Start,
    /// It begins again, with nothing in memory.
    Restart,
    /// It is gone.
    Crash,
    /// It closes its channel and ends.
    Stop,
    /// Its application stops working.
    Pause,
    /// Its application goes on.
    Resume,
    /// It closes its channel and opens another.
    CloseChannel,
    /// It consumes anew with these settings.
    Reset(config::ConsumerSettings),
    /// From the broker, on a channel.
    Frame(ChannelId, Frame),
    /// A timer of the application rang.
    Done(u32),
}

/// What the process wants done. It does none of it itself.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a frame to the broker.
    Send(ChannelId, Frame),
    /// Ring at that instant with that number.
    Ring(SimTime, u32),
    /// Tell whoever watches. Changes nothing.
    Note(Fact),
}

impl Consumer {
    /// A process that has not begun, of the consumer with that number.
    #[must_use]
    pub fn new(
        number: u16,
        config: &config::Consumer,
        declares: Arc<[Request]>,
        workload: Workload,
    ) -> Self {
        Self {
            name: config.name.clone(),
            queue: config.queue.clone(),
            settings: config.settings.clone(),
            life: Life::Closed,
            client: Client::new(number, config, declares),
            application: Application::new(config, workload),
            moves: None,
        }
    }

    /// A shovel that moves so many messages to another queue and is done then: it consumes,
    /// publishes, and acknowledges what is confirmed.
    ///
    /// Source: RabbitMQ, "Dynamic Shovels" (`src-delete-after`, `ack-mode` `on-confirm`,
    /// `src-prefetch-count`), which "Move messages" of the management UI and `rabbitmqadmin` use.
    #[must_use]
    pub fn shovel(
        number: u16,
        name: ConsumerName,
        from: QueueName,
        (to, messages): (QueueName, u64),
        workload: Workload,
    ) -> Self {
        let limit = config::Limit { attempts: 1, parking_queue: to.clone() };
        let settings =
            config::ConsumerSettings { prefetch_count: SHOVEL_PREFETCH, ..Default::default() };
        let config =
            config::Consumer { settings, limit: Some(limit), ..config::Consumer::new(name, from) };
        let mut shovel = Self::new(number, &config, [].into(), workload);
        shovel.application.move_to(to.clone());
        shovel.moves = Some((to, messages));
        shovel
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &ConsumerName {
        &self.name
    }

    /// The queue it consumes from.
    #[must_use]
    pub fn queue(&self) -> &QueueName {
        &self.queue
    }

    /// Whether it runs.
    #[must_use]
    pub fn life(&self) -> Life {
        self.life
    }

    /// What its client is set to.
    #[must_use]
    pub fn settings(&self) -> &config::ConsumerSettings {
        &self.settings
    }

    /// Whether it is a tool that moves messages.
    #[must_use]
    pub fn is_shovel(&self) -> bool {
        self.moves.is_some()
    }

    /// Whether its application is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.application.is_paused()
    }

    /// The client library.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Takes one input and says what should follow, in order.
    pub fn step(&mut self, fx: &mut Vec<Effect>, now: SimTime, input: Input) {
        let (queue, consumer) = (self.queue.clone(), self.name.clone());
        match input {
            Input::Start => {
                self.life = Life::Running;
                self.tell_client(fx, now, client::Input::Connect);
            }
            Input::Restart => {
                fx.push(Effect::Note(Fact::Restarted { queue, consumer }));
                self.life = Life::Running;
                self.tell_client(fx, now, client::Input::Connect);
            }
            Input::Crash => {
                fx.push(Effect::Note(Fact::Crashed { queue, consumer }));
                self.life = Life::Crashed;
                self.tell_application(fx, now, application::Input::Die);
                self.tell_client(fx, now, client::Input::Die);
            }
            Input::Stop => {
                fx.push(Effect::Note(Fact::Stopped { queue, consumer }));
                self.life = Life::Closed;
                self.tell_application(fx, now, application::Input::Die);
                self.tell_client(fx, now, client::Input::Close(Afterwards::Stay));
            }
            Input::Pause => {
                fx.push(Effect::Note(Fact::Paused { queue, consumer }));
                self.tell_application(fx, now, application::Input::Pause);
            }
            Input::Resume => {
                fx.push(Effect::Note(Fact::Resumed { queue, consumer }));
                self.tell_application(fx, now, application::Input::Resume);
            }
            Input::CloseChannel => {
                self.tell_client(fx, now, client::Input::Close(Afterwards::Reopen));
            }
            Input::Reset(settings) => {
                self.application.set_auto_ack(settings.auto_ack);
                self.settings = settings.clone();
                self.tell_client(fx, now, client::Input::Reset(settings));
            }
            Input::Frame(channel, frame) => {
                self.tell_client(fx, now, client::Input::Frame(channel, frame));
            }
            Input::Done(timer) => {
                self.tell_application(fx, now, application::Input::Done(timer));
            }
        }
        self.feed_application(fx, now);
    }

    /// An idle application takes the next message out of the buffer, or learns that there is none.
    fn feed_application(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        while self.life == Life::Running && self.application.is_idle() {
            let Some(delivery) = self.client.take() else {
                return self.tell_application(fx, now, application::Input::BatchDone);
            };
            self.tell_application(fx, now, application::Input::Begin(delivery));
        }
    }

    /// A shovel moved a message. It ends with the last.
    fn moved(&mut self, fx: &mut Vec<Effect>, now: SimTime, message: MessageId) {
        let Some((to, left)) = &mut self.moves else { return };
        *left = left.saturating_sub(1);
        let (why, is_last) = (Forward::Move { to: to.clone() }, *left == 0);
        let (queue, consumer) = (self.queue.clone(), self.name.clone());
        fx.push(Effect::Note(Fact::Forwarded { queue, consumer, message, why }));
        if is_last {
            self.life = Life::Closed;
            self.tell_client(fx, now, client::Input::Close(Afterwards::Stay));
        }
    }

    fn tell_client(&mut self, fx: &mut Vec<Effect>, now: SimTime, input: client::Input) {
        let mut wants = Vec::new();
        self.client.step(&mut wants, input);
        for want in wants {
            match want {
                client::Effect::Send(channel, frame) => fx.push(Effect::Send(channel, frame)),
                client::Effect::Received(message) => {
                    let (queue, consumer) = (self.queue.clone(), self.name.clone());
                    fx.push(Effect::Note(Fact::Received { queue, consumer, message }));
                }
                client::Effect::Discarded(message) => self.discarded(fx, message),
                client::Effect::Confirmed(message) => self.moved(fx, now, message),
                client::Effect::ChannelGone => {
                    self.tell_application(fx, now, application::Input::ChannelGone);
                }
            }
        }
    }

    /// What was never acknowledged is delivered again; what counted as acknowledged is lost.
    fn discarded(&self, fx: &mut Vec<Effect>, message: MessageId) {
        if self.settings.auto_ack {
            let (queue, consumer) = (self.queue.clone(), self.name.clone());
            fx.push(Effect::Note(Fact::LostWith { queue, consumer, message }));
        }
    }

    fn tell_application(&mut self, fx: &mut Vec<Effect>, now: SimTime, input: application::Input) {
        let mut wants = Vec::new();
        self.application.step(&mut wants, now, input);
        for want in wants {
            match want {
                application::Effect::Settle(delivery, how) => {
                    self.tell_client(fx, now, client::Input::Settle(delivery, how));
                }
                application::Effect::Publish(delivery, message, settles) => {
                    let input = client::Input::Publish(delivery, message, settles);
                    self.tell_client(fx, now, input);
                }
                application::Effect::AckUpTo(delivery) => {
                    self.tell_client(fx, now, client::Input::AckUpTo(delivery));
                }
                application::Effect::Ring(at, timer) => fx.push(Effect::Ring(at, timer)),
                application::Effect::Note(fact) => fx.push(Effect::Note(fact)),
            }
        }
    }

    /// The state at this instant, with the first `holds` of what it holds. How much the broker
    /// counts as unacked by it, the broker knows.
    #[must_use]
    pub fn snapshot(&self, holds: usize, unacked: u64) -> ConsumerSnapshot {
        let buffer = self.client.buffer();
        let working = u64::from(self.application.work().is_some());
        let waiting = buffer.range(buffer.start(), buffer.start().saturating_add(holds));
        ConsumerSnapshot {
            name: self.name.clone(),
            queue: self.queue.clone(),
            state: self.state(),
            prefetch_count: self.settings.prefetch_count,
            auto_ack: self.settings.auto_ack,
            holds: waiting.map(|it| it.message).collect(),
            held: buffer.len() as u64 + working,
            unacked,
            processed: self.application.processed(),
            standing: Standing::default(),
            error: self.client.error().cloned(),
        }
    }

    fn state(&self) -> ConsumerState {
        let work = self.application.work();
        match (self.life, self.client.state()) {
            (Life::Crashed, _) => ConsumerState::Crashed,
            (Life::Closed, _) => ConsumerState::Closed,
            (Life::Running, _) if self.is_paused() => ConsumerState::Paused,
            (Life::Running, state) => match (work, state) {
                (Some(work), _) => ConsumerState::Working {
                    message: work.delivery.message,
                    began: work.began,
                    done: work.done,
                },
                (None, client::State::Consuming) => ConsumerState::Waiting,
                (None, _) => ConsumerState::Connecting,
            },
        }
    }
}
