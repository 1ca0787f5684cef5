//! What decided the outcome of a lesson: settings, and the few choices beside them that a program
//! makes when it creates a topic, declares an exchange, commits or acknowledges.

use super::{List, Machines, Value, machines};
use crate::scenario::{Scenario, SystemName};
use brokerscope_core::kafka::config::{Application, Commits};
use brokerscope_core::rabbitmq::config::{Acks, ExchangeType};
use brokerscope_core::settings::{Setting, Value as _};

/// `--partitions` of `kafka-topics`, and `num.partitions` of `NewTopic`.
const PARTITIONS: Setting =
    Setting { name: "partitions", doc: "How many partitions the topic has." };

/// The application's own commits.
const COMMITS: Setting = Setting { name: "commitSync", doc: "When the application commits." };

/// The application's own acknowledgements.
const ACKS: Setting = Setting { name: "basic.ack", doc: "When the application acknowledges." };

/// The type with which an exchange is declared.
const EXCHANGE_TYPE: Setting =
    Setting { name: "type", doc: "How the exchange chooses among its bindings." };

/// What the publisher says of each message.
const DELIVERY_MODE: Setting = Setting {
    name: "delivery_mode",
    doc: "Whether a message outlives a restart of the broker in a durable queue: 2 yes, 1 no.",
};

/// What each machine is set to, as [`machines`], and what its program chooses.
#[must_use]
pub fn decisive(scenario: &Scenario) -> Vec<Machines> {
    let mut list = List(machines(scenario));
    let mut put = |system, kind, name: &str, setting, value: String, default: &str| {
        let default = default.to_owned();
        list.put(system, kind, name, vec![Value { setting, value, default }]);
    };
    for it in &scenario.kafka.topics {
        let partitions = it.partitions.to_string();
        put(SystemName::Kafka, "topic", it.name.as_str(), PARTITIONS, partitions, "1");
    }
    for it in &scenario.kafka.consumers {
        if let Application::Automatic { commits, .. } = it.application {
            let (name, never) = (it.name.as_str(), Commits::Never.as_str());
            put(SystemName::Kafka, "consumer", name, COMMITS, commits.show(), never);
        }
    }
    for it in &scenario.rabbitmq.exchanges {
        let (name, direct) = (it.name.as_str(), ExchangeType::Direct.as_str());
        put(SystemName::RabbitMq, "exchange", name, EXCHANGE_TYPE, it.kind.show(), direct);
    }
    for it in &scenario.rabbitmq.publishers {
        let streams = scenario.workload.streams.iter().zip(&scenario.rabbitmq.destinations);
        let mut own = streams.filter(|(stream, _)| stream.producer == it.name);
        let is_kept = own.all(|(_, to)| to.properties.iter().all(|it| it.persistent));
        let (name, mode) = (it.name.as_str(), if is_kept { "2" } else { "1" });
        put(SystemName::RabbitMq, "publisher", name, DELIVERY_MODE, mode.to_owned(), "2");
    }
    for it in scenario.rabbitmq.consumers.iter().filter(|it| !it.settings.auto_ack) {
        let (name, after) = (it.name.as_str(), Acks::AfterWork.as_str());
        put(SystemName::RabbitMq, "consumer", name, ACKS, it.acks.show(), after);
    }
    list.0
}

/// The settings that decided the outcome, as the scenario names them: per kind of machine, with
/// their values and defaults.
#[must_use]
pub fn decided(scenario: &Scenario) -> Vec<Machines> {
    let mut all = decisive(scenario);
    for machines in &mut all {
        machines.settings.retain(|it| scenario.decided.iter().any(|name| name == it.setting.name));
    }
    all.retain(|it| !it.settings.is_empty());
    all
}
