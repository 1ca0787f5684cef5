//! A broker's talk with the controller: it registers, tells that it is there, and asks to go.
//!
//! Source: `BrokerLifecycleManager`.

use super::{Broker, Effect};
use crate::kafka::controller::BrokerHeartbeat;
use crate::kafka::message::{ControllerRequest, ErrorCode, Request};
use crate::kafka::metadata::Metadata;
use crate::kafka::network::Node;
use crate::kafka::snapshot::BrokerStage;
use crate::sim::{SimDuration, SimTime};
use std::sync::Arc;

/// How long it waits after the first answer that it may not go yet.
const FIRST_STOP_WAIT: SimDuration = SimDuration::millis(50);

/// How far a broker's process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// It has told the controller that it is there.
    Registering,
    /// The controller knows it, but it may not lead yet; clients find nobody.
    Fenced,
    Running,
    /// It was asked to shut down in order; whether it has been told to wait.
    Stopping(bool),
}

/// Its standing with the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Life {
    pub(super) stage: Stage,
    /// The number of its registration.
    pub(super) epoch: u64,
    /// When it talks to the controller next, if it does.
    pub(super) next: Option<SimTime>,
}

impl Broker {
    fn interval(&self) -> SimDuration {
        SimDuration::millis(self.settings.broker_heartbeat_interval_ms.max(1))
    }

    /// Whether anyone would miss it: the only broker sends no heartbeats.
    pub(super) fn is_alone(&self) -> bool {
        self.metadata.brokers == 1
    }

    /// What its process is doing, as one sees who watches it.
    pub(crate) fn stage(&self) -> BrokerStage {
        match self.memory.as_ref().map(|it| it.life.stage) {
            None if self.stopped.is_some() => BrokerStage::Stopped,
            None => BrokerStage::Crashed,
            Some(Stage::Registering | Stage::Fenced) => BrokerStage::Starting,
            Some(Stage::Running) => BrokerStage::Running,
            Some(Stage::Stopping(_)) => BrokerStage::Stopping,
        }
    }

    /// Whether clients and other brokers find somebody here.
    pub(crate) fn is_open(&self) -> bool {
        let stage = self.memory.as_ref().map(|it| it.life.stage);
        matches!(stage, Some(Stage::Running | Stage::Stopping(_)))
    }

    /// Whether the controller does not know yet that it is there.
    pub(super) fn is_registering(&self) -> bool {
        self.memory.as_ref().is_some_and(|it| it.life.stage == Stage::Registering)
    }

    /// Tells the controller what is due to be told.
    ///
    /// A registration is repeated only when its answer is overdue: each one makes the one before
    /// it void.
    ///
    /// Source: `BrokerLifecycleManager`, `communicationInFlight`; `BrokerServer`, half of
    /// `broker.session.timeout.ms` for an answer.
    pub(super) fn talk(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let Life { stage, epoch, next } = self.memory().life;
        if next.is_none_or(|it| now < it) {
            return;
        }
        let mut wait = self.interval();
        let request = if stage == Stage::Registering {
            wait = wait.max(SimDuration::millis(self.settings.broker_session_timeout_ms / 2));
            ControllerRequest::BrokerRegistration { broker: self.id, stopped: self.stopped }
        } else {
            ControllerRequest::BrokerHeartbeat(BrokerHeartbeat {
                broker: self.id,
                epoch,
                version: self.metadata.version,
                wants_stop: matches!(stage, Stage::Stopping(_)),
            })
        };
        let is_quiet = stage == Stage::Running && self.is_alone();
        self.memory().life.next = (!is_quiet).then_some(now + wait);
        self.ask(fx, Node::Controller, Request::Controller(request));
    }

    /// The controller knows it.
    pub(super) fn registered(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        epoch: u64,
        metadata: Arc<Metadata>,
    ) {
        let life = &mut self.memory().life;
        if life.stage != Stage::Registering {
            return;
        }
        *life = Life { stage: Stage::Fenced, epoch, next: Some(now) };
        // From now on it counts as one that has not shut down in order.
        self.stopped = None;
        self.learn(fx, now, metadata);
        self.talk(fx, now);
    }

    /// The controller has heard it.
    pub(super) fn heartbeat_answered(
        &mut self,
        fx: &mut Vec<Effect>,
        now: SimTime,
        answer: Result<bool, ErrorCode>,
    ) {
        let interval = self.interval();
        let Life { stage, epoch, .. } = self.memory().life;
        match (answer, stage) {
            (Err(ErrorCode::StaleBrokerEpoch), _) => {
                let stage = Stage::Registering;
                self.memory().life = Life { stage, epoch, next: Some(now) };
                self.talk(fx, now);
            }
            (Ok(true), Stage::Stopping(_)) => {
                self.stopped = Some(epoch);
                fx.push(Effect::Stopped);
            }
            (Ok(false), Stage::Stopping(waited)) => {
                let wait = if waited { interval } else { FIRST_STOP_WAIT };
                let stage = Stage::Stopping(true);
                self.memory().life = Life { stage, epoch, next: Some(now + wait) };
            }
            (Ok(_) | Err(_), _) => {}
        }
    }

    /// It is asked to shut down in order.
    pub(super) fn stop(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        let life = &mut self.memory().life;
        life.next = Some(now);
        life.stage = Stage::Stopping(false);
        self.talk(fx, now);
    }
}
