//! Brokers that stop and start, and who leads then.

use super::scene::{Scene, error, ok};
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::admin::{AdminCall, Election, TopicDescription};
use brokerscope_core::kafka::{BrokerId, Command};
use brokerscope_core::sim::SimDuration;
use serde_json::{Value, json};

/// Leaders and in-sync sets are to stay the same for so long.
const QUIET: SimDuration = SimDuration::millis(4_000);
/// What changes for longer is not waited for.
const LIMIT: SimDuration = SimDuration::millis(40_000);
/// How often it is looked.
const LOOK: SimDuration = SimDuration::millis(200);

impl Scene {
    /// `broker_stop`: in order, or at once. What follows a kill is waited for by the next step.
    pub(super) fn broker_stop(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["broker", "how"])?;
        let broker = self.one_broker(given)?;
        match given.text_if_any("how")?.unwrap_or("kill") {
            "kill" => {
                self.command(Command::CrashBroker(broker))?;
                self.killed = true;
                return Ok(ok());
            }
            "graceful" => self.command(Command::StopBroker(broker))?,
            _ => return Err(Unable::Wrong("its 'how' is kill or graceful".to_owned())),
        }
        if self.hurried.pop_front() == Some(true) {
            self.pass(LOOK);
            return Ok(ok());
        }
        self.quiet_cluster()
    }

    /// Waits until the leaders and in-sync sets are what the killed broker left, unless the step
    /// itself says how long it waits: it sleeps, or its request has a time limit.
    pub(super) fn after_kill(&mut self, step: &Step) -> Result<(), Unable> {
        let waits = step.operation == "sleep" || step.given.contains_key("timeout_ms");
        if std::mem::take(&mut self.killed) && !waits {
            self.quiet_cluster()?;
        }
        Ok(())
    }

    /// `broker_start`.
    pub(super) fn broker_start(&mut self, step: &Step) -> Result<Value, Unable> {
        let broker = self.one_broker(Given::of(step, &["broker"])?)?;
        self.command(Command::RestartBroker(broker))?;
        self.quiet_cluster()
    }

    fn one_broker(&self, given: Given) -> Result<BrokerId, Unable> {
        self.broker(given)?.ok_or_else(|| Unable::Wrong("it names no broker".to_owned()))
    }

    /// Waits until the leaders and in-sync sets of all topics stay the same.
    fn quiet_cluster(&mut self) -> Result<Value, Unable> {
        let began = self.world.now();
        let (mut since, mut last) = (began, None);
        loop {
            let now = self.world.now();
            if QUIET <= now.since(since) || LIMIT <= now.since(began) {
                return Ok(ok());
            }
            let seen: Vec<Option<TopicDescription>> =
                self.topics.iter().map(|it| self.world.system().describe_topic(it)).collect();
            if last.as_ref() != Some(&seen) {
                (last, since) = (Some(seen), now);
            }
            self.pass(LOOK);
        }
    }

    /// `elect`: a leader.
    pub(super) fn elect(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["partition", "type"])?;
        let partition = given.partition("partition")?;
        let election = match given.text("type")? {
            "preferred" => Election::Preferred,
            "unclean" => Election::Unclean,
            _ => return Err(Unable::Wrong("its 'type' is preferred or unclean".to_owned())),
        };
        let answer = self.done(AdminCall::ElectLeader { partition, election })?;
        self.pass(SimDuration::millis(1_000));
        Ok(answer)
    }

    /// `leader_epochs`: where each began, as a replica knows it.
    pub(super) fn leader_epochs(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["partition", "broker"])?;
        let (partition, broker) = (given.partition("partition")?, self.broker(given)?);
        let Some(known) = self.world.system().leader_epochs(broker, &partition) else {
            return Ok(error("UNKNOWN_TOPIC_OR_PARTITION"));
        };
        Ok(known.into_iter().map(|(epoch, start)| json!([epoch, start.0])).collect())
    }
}
