//! What each machine of a scenario is set to, as a person would look it up: real names, values,
//! defaults.

mod decided;

pub use decided::{decided, decisive};

use crate::scenario::{Scenario, SystemName};
use brokerscope_core::kafka::config as kafka;
use brokerscope_core::rabbitmq::config as rabbitmq;
use brokerscope_core::settings::Setting;

/// Machines of one kind that are all set to the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machines {
    /// Whose they are.
    pub system: SystemName,
    /// What they are: `producer`, `topic`, `queue`.
    pub kind: &'static str,
    /// Their names, in the scenario's order; none if there is only one of its kind.
    pub names: Vec<String>,
    /// All their settings, in the order in which they are declared.
    pub settings: Vec<Value>,
}

/// A setting and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The real name, and what it does.
    pub setting: Setting,
    /// What it is set to.
    pub value: String,
    /// What it would be if the scenario said nothing.
    pub default: String,
}

impl Value {
    /// Whether it is set to something else than its default.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.value != self.default
    }
}

/// What the machines of a scenario are set to when it begins, Kafka's first.
#[must_use]
pub fn machines(scenario: &Scenario) -> Vec<Machines> {
    let mut list = List(Vec::new());
    let kafka = &scenario.kafka;
    list.put(SystemName::Kafka, "broker", "", broker(&kafka.broker_settings));
    for it in &kafka.topics {
        list.put(SystemName::Kafka, "topic", it.name.as_str(), topic(&it.settings));
    }
    for it in &kafka.producers {
        list.put(SystemName::Kafka, "producer", it.name.as_str(), producer(&it.settings));
    }
    for it in &kafka.consumers {
        list.put(SystemName::Kafka, "consumer", it.name.as_str(), consumer(&it.settings));
    }
    let rabbitmq = &scenario.rabbitmq;
    list.put(SystemName::RabbitMq, "broker", "", rabbitmq_broker(&rabbitmq.broker));
    for it in &rabbitmq.exchanges {
        list.put(SystemName::RabbitMq, "exchange", it.name.as_str(), exchange(&it.properties));
    }
    for it in &rabbitmq.queues {
        let mut settings = queue_properties(&it.properties);
        settings.extend(queue(&it.arguments));
        list.put(SystemName::RabbitMq, "queue", it.name.as_str(), settings);
    }
    for it in &rabbitmq.publishers {
        list.put(SystemName::RabbitMq, "publisher", it.name.as_str(), publisher(&it.settings));
    }
    for it in &rabbitmq.consumers {
        let settings = rabbitmq_consumer(&it.settings);
        list.put(SystemName::RabbitMq, "consumer", it.name.as_str(), settings);
    }
    list.0
}

struct List(Vec<Machines>);

impl List {
    /// One more machine: beside those of its kind that are set to the same, if there are any.
    fn put(&mut self, system: SystemName, kind: &'static str, name: &str, settings: Vec<Value>) {
        let same =
            |it: &&mut Machines| it.system == system && it.kind == kind && it.settings == settings;
        let names = match self.0.iter_mut().find(same) {
            Some(machines) => &mut machines.names,
            None => {
                self.0.push(Machines { system, kind, names: Vec::new(), settings });
                &mut self.0.last_mut().expect("it was just added").names
            }
        };
        if !name.is_empty() {
            names.push(name.to_owned());
        }
    }
}

/// A function that lists the values of one set of settings.
macro_rules! listed {
    ($($name:ident: $settings:ty;)+) => {
        $(fn $name(settings: &$settings) -> Vec<Value> {
            let default = <$settings>::default();
            let shown = |name: &str| (settings.show(name), default.show(name));
            values(<$settings>::SETTINGS, &shown)
        })+
    };
}

listed! {
    broker: kafka::BrokerSettings;
    topic: kafka::TopicSettings;
    producer: kafka::ProducerSettings;
    consumer: kafka::ConsumerSettings;
    rabbitmq_broker: rabbitmq::BrokerSettings;
    exchange: rabbitmq::ExchangeProperties;
    queue_properties: rabbitmq::QueueProperties;
    queue: rabbitmq::QueueArguments;
    publisher: rabbitmq::PublisherSettings;
    rabbitmq_consumer: rabbitmq::ConsumerSettings;
}

/// The value and the default of a setting, by its name.
type Shown<'a> = &'a dyn Fn(&str) -> (Option<String>, Option<String>);

fn values(settings: &[Setting], shown: Shown<'_>) -> Vec<Value> {
    let mut values = Vec::with_capacity(settings.len());
    for setting in settings {
        if let (Some(value), Some(default)) = shown(setting.name) {
            values.push(Value { setting: *setting, value, default });
        }
    }
    values
}

#[cfg(all(test, feature = "files"))]
mod tests {
    use super::*;
    use crate::library::LESSONS;
    use expect_test::expect;

    #[test]
    fn what_is_set_is_told_apart_from_what_is_not() {
        let scenario = LESSONS.iter().find(|it| it.name == "crash-before-commit");
        let scenario = scenario.expect("it is a lesson").scenario();
        let mut told = String::new();
        for machines in machines(&scenario) {
            told += &format!("{} {}\n", machines.kind, machines.names.join(", "));
            for it in machines.settings.iter().filter(|it| it.is_set()) {
                told += &format!("  {} = {} (not {})\n", it.setting.name, it.value, it.default);
            }
        }
        expect![[r#"
            broker 
              group.initial.rebalance.delay.ms = 0 (not 3000)
            topic orders
            producer shop
            consumer c1, c2
              auto.offset.reset = earliest (not latest)
              enable.auto.commit = false (not true)
              max.poll.records = 3 (not 500)
              session.timeout.ms = 6000 (not 45000)
              heartbeat.interval.ms = 1000 (not 3000)
            broker 
            queue orders
            publisher shop
            consumer c1, c2
              prefetch_count = 3 (not 0)
        "#]]
        .assert_eq(&told);
    }

    #[test]
    fn machines_that_are_set_to_the_same_stand_together() {
        let mut list = List(Vec::new());
        let set = |acks: &str| {
            let mut settings = kafka::ProducerSettings::default();
            settings.set("acks", acks).expect("it is a value of acks");
            producer(&settings)
        };
        for (name, acks) in [("p1", "all"), ("p2", "1"), ("p3", "all")] {
            list.put(SystemName::Kafka, "producer", name, set(acks));
        }
        let names: Vec<_> = list.0.iter().map(|it| it.names.join(" ")).collect();
        assert_eq!(names, ["p1 p3", "p2"], "p1 and p3 are alike");
    }
}
