//! The consumers of both systems, and what can be done to them.

use super::menu::{DoingView, MenuView};
use crate::session::Doing;
use brokerscope_core::name::ConsumerName;
use brokerscope_core::{kafka, rabbitmq};
use brokerscope_stage::Lane;

/// A consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConsumerView {
    pub(crate) lane: Lane,
    pub(crate) name: ConsumerName,
    /// What it is doing, in a few words.
    pub(crate) state: &'static str,
    pub(crate) health: Health,
}

/// Whether a consumer runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It does.
    Running,
    /// Its process does, its application does not.
    Paused,
    /// It does not: crashed or closed.
    Down,
}

impl Health {
    /// What can be done to such a consumer.
    pub(crate) const fn doings(self) -> &'static [Doing] {
        match self {
            Self::Running => &[Doing::Crash, Doing::Pause, Doing::Remove],
            Self::Paused => &[Doing::Crash, Doing::Resume, Doing::Remove],
            Self::Down => &[Doing::Restart],
        }
    }
}

impl ConsumerView {
    /// What can be done to it, where it stands.
    pub(crate) fn menu(&self) -> MenuView {
        let doings = self
            .health
            .doings()
            .iter()
            .map(|it| DoingView { label: it.label(), command: it.command(&self.name) });
        MenuView {
            title: format!("Consumer {}", self.name),
            name: self.name.to_string(),
            state: self.state.to_owned(),
            has_twin: true,
            doings: doings.collect(),
        }
    }
}

/// The consumers of both systems.
pub(crate) fn consumers(
    kafka: &kafka::Snapshot,
    rabbitmq: &rabbitmq::Snapshot,
) -> Vec<ConsumerView> {
    let mut all: Vec<_> = kafka.consumers.iter().map(of_kafka).collect();
    all.extend(rabbitmq.consumers.iter().map(of_rabbitmq));
    all
}

fn of_kafka(consumer: &kafka::snapshot::ConsumerSnapshot) -> ConsumerView {
    use kafka::snapshot::ConsumerState as Its;
    let (state, health) = match consumer.state {
        Its::Crashed => ("crashed", Health::Down),
        Its::Closed => ("closed", Health::Down),
        Its::Joining => ("joins its group", Health::Running),
        Its::Idle => ("idle: it has no partition", Health::Running),
        Its::Waiting => ("waits for records", Health::Running),
        Its::Working { .. } => ("works", Health::Running),
        Its::Committing => ("commits", Health::Running),
        Its::Paused => ("paused", Health::Paused),
    };
    ConsumerView { lane: Lane::Kafka, name: consumer.name.clone(), state, health }
}

fn of_rabbitmq(consumer: &rabbitmq::snapshot::ConsumerSnapshot) -> ConsumerView {
    use rabbitmq::snapshot::ConsumerState as Its;
    let (state, health) = match consumer.state {
        Its::Crashed => ("crashed", Health::Down),
        Its::Closed => ("closed", Health::Down),
        Its::Connecting => ("opens its channel", Health::Running),
        Its::Waiting => ("waits for messages", Health::Running),
        Its::Working { .. } => ("works", Health::Running),
        Its::Paused => ("paused", Health::Paused),
    };
    ConsumerView { lane: Lane::RabbitMq, name: consumer.name.clone(), state, health }
}

/// One a name, for what is done to both twins: running while either does.
pub(crate) fn twins(consumers: &[ConsumerView]) -> Vec<ConsumerView> {
    let mut twins: Vec<ConsumerView> = Vec::new();
    for consumer in consumers {
        match twins.iter_mut().find(|it| it.name == consumer.name) {
            Some(twin) if twin.health == Health::Down => *twin = consumer.clone(),
            Some(_) => {}
            None => twins.push(consumer.clone()),
        }
    }
    twins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_are_down_when_both_are() {
        let one =
            |lane, name: &str, health| ConsumerView { lane, name: name.into(), state: "", health };
        let all = [
            one(Lane::Kafka, "c1", Health::Down),
            one(Lane::Kafka, "c2", Health::Down),
            one(Lane::RabbitMq, "c1", Health::Running),
            one(Lane::RabbitMq, "c2", Health::Down),
        ];
        let told: Vec<_> = twins(&all).into_iter().map(|it| (it.name, it.health)).collect();
        assert_eq!(told, [("c1".into(), Health::Running), ("c2".into(), Health::Down)]);
    }
}
