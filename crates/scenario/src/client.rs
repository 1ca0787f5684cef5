//! The client configuration of a run, to copy: what one would write for the real systems to get
//! the same. It is made from what the run is set to, so it cannot say anything else.
//!
//! Kafka: the properties of each kind of client, and the commands that create the topics.
//! RabbitMQ: the calls of its Java client, and the lines of `rabbitmq.conf`. What is at its default
//! is left out where the real system has the same default.

use crate::scenario::{Scenario, SystemName};
use crate::setup::{Machines, machines};
use brokerscope_core::kafka::config::{Application, Commits, Consumer};
use brokerscope_core::name::{GroupId, QueueName};
use brokerscope_core::rabbitmq::config::{self as rabbitmq, Acks, RoutingKey};
use brokerscope_core::rabbitmq::table::{Field, Table};
use brokerscope_core::rabbitmq::topology;

/// Where the brokers of the examples are.
const BOOTSTRAP: &str = "localhost:9092";

/// Names in a scenario that are no settings of the real systems: which client library, which
/// version, how many nodes.
const NOT_REAL: &[&str] = &["client", "version", "nodes"];

/// One text to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// For which system.
    pub system: SystemName,
    /// What it is for: `producer shop`, `consumers c1, c2`.
    pub title: String,
    /// The text, lines with their ends.
    pub text: String,
}

/// The configuration of everything in a scenario, Kafka's first.
#[must_use]
pub fn client_configuration(scenario: &Scenario) -> Vec<Configuration> {
    let mut all = Vec::new();
    let machines = machines(scenario);
    kafka_topics(scenario, &mut all);
    for it in machines.iter().filter(|it| it.system == SystemName::Kafka) {
        match it.kind {
            "broker" => properties(it, "brokers", String::new(), &mut all),
            "producer" => {
                let head = format!("bootstrap.servers={BOOTSTRAP}\n");
                properties(it, &titled("producer", &it.names), head, &mut all);
            }
            "consumer" => kafka_consumers(scenario, it, &mut all),
            _ => {}
        }
    }
    for it in machines.iter().filter(|it| it.system == SystemName::RabbitMq) {
        if it.kind == "broker" {
            properties(it, "rabbitmq.conf", String::new(), &mut all);
        }
    }
    let mut put = |title: String, text: String| {
        if !text.is_empty() {
            all.push(Configuration { system: SystemName::RabbitMq, title, text });
        }
    };
    put("exchanges and queues".to_owned(), declarations(&scenario.rabbitmq));
    for it in &scenario.rabbitmq.publishers {
        put(format!("publisher {}", it.name), publishes(scenario, it));
    }
    // Consumers that are alike stand together.
    let mut done: Vec<(String, Vec<String>)> = Vec::new();
    for it in &scenario.rabbitmq.consumers {
        let (text, name) = (consumes(scenario, it), it.name.to_string());
        match done.iter_mut().find(|(same, _)| *same == text) {
            Some((_, names)) => names.push(name),
            None => done.push((text, vec![name])),
        }
    }
    for (text, names) in done {
        put(titled("consumer", &names), text);
    }
    all
}

/// `consumer c1`, `consumers c1, c2`.
fn titled(kind: &str, names: &[String]) -> String {
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("{kind}{plural} {}", names.join(", "))
}

/// What is set, a line each, after `head`; nothing where that is all empty.
fn properties(machines: &Machines, title: &str, head: String, all: &mut Vec<Configuration>) {
    let mut text = head;
    for it in &machines.settings {
        if it.is_set() && !NOT_REAL.contains(&it.setting.name) {
            text += it.setting.name;
            text.push('=');
            text += &in_java(it.setting.name, &it.value);
            text.push('\n');
        }
    }
    if !text.is_empty() {
        all.push(Configuration { system: machines.system, title: title.to_owned(), text });
    }
}

/// A value as the Java client reads it: it knows assignors by their classes.
fn in_java(name: &str, value: &str) -> String {
    if name != "partition.assignment.strategy" {
        return value.to_owned();
    }
    let mut classes = String::new();
    for it in value.split(", ") {
        classes += if classes.is_empty() { "" } else { "," };
        classes += "org.apache.kafka.clients.consumer.";
        classes += match it {
            "range" => "RangeAssignor",
            "roundrobin" => "RoundRobinAssignor",
            "sticky" => "StickyAssignor",
            _ => "CooperativeStickyAssignor",
        };
    }
    classes
}

fn kafka_topics(scenario: &Scenario, all: &mut Vec<Configuration>) {
    let mut text = String::new();
    let replicas = scenario.kafka.broker_settings.default_replication_factor;
    for machines in machines(scenario) {
        if (machines.system, machines.kind) != (SystemName::Kafka, "topic") {
            continue;
        }
        for topic in &scenario.kafka.topics {
            if !machines.names.iter().any(|it| it == topic.name.as_str()) {
                continue;
            }
            let (name, partitions) = (&topic.name, topic.partitions);
            text += &format!(
                "kafka-topics --bootstrap-server {BOOTSTRAP} --create --topic {name} \\\n  \
                 --partitions {partitions} --replication-factor {replicas}"
            );
            for it in machines.settings.iter().filter(|it| it.is_set()) {
                text += &format!(" \\\n  --config {}={}", it.setting.name, it.value);
            }
            text.push('\n');
        }
    }
    let title = "topics".to_owned();
    all.push(Configuration { system: SystemName::Kafka, title, text });
}

/// The properties of consumers that are set to the same: one text a group and way to commit.
fn kafka_consumers(scenario: &Scenario, machines: &Machines, all: &mut Vec<Configuration>) {
    let mut kinds: Vec<(Option<&GroupId>, &Consumer, Vec<String>)> = Vec::new();
    for it in &scenario.kafka.consumers {
        if !machines.names.iter().any(|name| name == it.name.as_str()) {
            continue;
        }
        let same = |(group, like, _): &&mut (Option<&GroupId>, &Consumer, _)| {
            *group == it.group.as_ref() && like.application == it.application
        };
        match kinds.iter_mut().find(same) {
            Some((_, _, names)) => names.push(it.name.to_string()),
            None => kinds.push((it.group.as_ref(), it, vec![it.name.to_string()])),
        }
    }
    for (group, like, names) in kinds {
        let mut head = String::new();
        if let Application::Automatic { commits, .. } = like.application {
            head += match commits {
                Commits::Never => "",
                Commits::BeforeWork => {
                    "# The application calls commitSync() after poll(), before it works.\n"
                }
                Commits::AfterRecord => {
                    "# The application calls commitSync(Map.of(partition, new OffsetAndMetadata(\n\
                     # record.offset() + 1))) after the work on each record.\n"
                }
                Commits::AfterBatch => {
                    "# The application calls commitSync() when all records of a poll() are done.\n"
                }
            };
        }
        head += &format!("bootstrap.servers={BOOTSTRAP}\n");
        if let Some(group) = group {
            head += &format!("group.id={group}\n");
        }
        properties(machines, &titled("consumer", &names), head, all);
    }
}

/// The exchanges, queues and bindings.
fn declarations(config: &rabbitmq::Config) -> String {
    let mut text = String::new();
    for it in &config.exchanges {
        let (name, kind, its) = (&it.name, it.kind, &it.properties);
        let (durable, auto_delete, internal) = (its.durable, its.auto_delete, its.internal);
        text += &format!("channel.exchangeDeclare(\"{name}\", \"{kind}\", {durable}");
        let alternate = its.alternate_exchange.0.as_deref();
        if auto_delete || internal || alternate.is_some() {
            let map = alternate.map_or_else(
                || "null".to_owned(),
                |it| format!("Map.of(\"alternate-exchange\", \"{it}\")"),
            );
            text += &format!(", {auto_delete}, {internal}, {map}");
        }
        text += ");\n";
    }
    for it in &config.queues {
        let it = it.declaration();
        let (name, durable, exclusive) = (&it.name, it.durable, it.exclusive);
        let (auto_delete, map) = (it.auto_delete, map(&it.arguments));
        text += &format!(
            "channel.queueDeclare(\"{name}\", {durable}, {exclusive}, {auto_delete}, {map});\n"
        );
    }
    for it in &config.bindings {
        let (call, to) = match &it.destination {
            topology::Destination::Queue(name) => ("queueBind", name.as_str()),
            topology::Destination::Exchange(name) => ("exchangeBind", name.as_str()),
        };
        let (from, key) = (&it.source, &it.routing_key);
        text += &format!("channel.{call}(\"{to}\", \"{from}\", \"{key}\"");
        if !it.arguments.is_empty() {
            text += &format!(", {}", map(&it.arguments));
        }
        text += ");\n";
    }
    text
}

/// What a publisher calls.
fn publishes(scenario: &Scenario, publisher: &rabbitmq::Publisher) -> String {
    let mut text = String::new();
    if publisher.settings.confirm {
        text += "channel.confirmSelect();\n";
    }
    if publisher.settings.transactional {
        text += "channel.txSelect();\n";
    }
    let streams = scenario.workload.streams.iter();
    for (stream, to) in streams.zip(&scenario.rabbitmq.destinations) {
        if stream.producer != publisher.name {
            continue;
        }
        let key = match &to.routing_key {
            RoutingKey::Fixed(key) => format!("\"{key}\""),
            RoutingKey::MessageKey => "key".to_owned(),
        };
        let mandatory = to.mandatory.unwrap_or(publisher.settings.mandatory);
        let persistent = to.properties.first().is_none_or(|it| it.persistent);
        let kind = if persistent { "PERSISTENT_BASIC" } else { "BASIC" };
        let exchange = &to.exchange;
        text += &format!(
            "channel.basicPublish(\"{exchange}\", {key}, {mandatory}, \
             MessageProperties.{kind}, body);\n"
        );
    }
    if publisher.settings.transactional {
        let every = publisher.settings.commit_every;
        text += &format!("// After every {every}:\nchannel.txCommit();\n");
    }
    text
}

/// Publishes a message that was received to a queue, and waits for the confirm.
fn forwards(queue: &QueueName) -> String {
    format!(
        "channel.basicPublish(\"\", \"{queue}\", true, properties, body);\n\
         channel.waitForConfirmsOrDie();\nchannel.basicAck(tag, false);\n"
    )
}

/// What a consumer calls.
fn consumes(scenario: &Scenario, consumer: &rabbitmq::Consumer) -> String {
    let settings = &consumer.settings;
    let mut text = String::new();
    if consumer.is_publishing() {
        text += "channel.confirmSelect();\n";
    }
    if settings.prefetch_count > 0 {
        let global = if settings.global { ", true" } else { "" };
        text += &format!("channel.basicQos({}{global});\n", settings.prefetch_count);
    }
    let (queue, auto_ack, arguments) = (&consumer.queue, settings.auto_ack, settings.arguments());
    text += &format!("channel.basicConsume(\"{queue}\", {auto_ack}, ");
    if settings.exclusive {
        text += &format!("\"\", false, true, {}, ", map(&arguments));
    } else if !arguments.is_empty() {
        text += &format!("{}, ", map(&arguments));
    }
    text += "onDelivery, onCancel);\n";
    if let Some(to) = &consumer.publishes {
        let (exchange, key) = (&to.exchange, &to.routing_key);
        text += &format!(
            "// The result of the work, before the acknowledgement:\n\
             channel.basicPublish(\"{exchange}\", \"{key}\", true, properties, result);\n\
             channel.waitForConfirmsOrDie();\n"
        );
    }
    if !auto_ack {
        text += match consumer.acks {
            Acks::AfterWork => {
                "// After the work on each message:\nchannel.basicAck(tag, false);\n"
            }
            Acks::AfterBatch => {
                "// After the work on all that have arrived, for all of them:\n\
                 channel.basicAck(tag, true);\n"
            }
            Acks::BeforeWork => "// Before the work:\nchannel.basicAck(tag, false);\n",
        };
    }
    if scenario.flows.iter().any(|it| !it.poison.is_empty()) {
        text += match consumer.on_failure {
            rabbitmq::OnFailure::Requeue => {
                "// When the work fails:\nchannel.basicNack(tag, false, true);\n"
            }
            rabbitmq::OnFailure::Reject => {
                "// When the work fails:\nchannel.basicReject(tag, false);\n"
            }
            rabbitmq::OnFailure::Ack => "// When the work fails:\nchannel.basicAck(tag, false);\n",
            rabbitmq::OnFailure::Publish => "// When the work fails, with a header x-attempts:\n",
        };
        if let Some(queue) = &consumer.retry_queue {
            text += &forwards(queue);
        }
        if let Some(limit) = &consumer.limit {
            text += &format!("// When it has failed {} times:\n", limit.attempts);
            text += &forwards(&limit.parking_queue);
        }
    }
    text
}

/// A table of arguments as Java writes it.
fn map(table: &Table) -> String {
    if table.is_empty() {
        return "null".to_owned();
    }
    let mut text = "Map.of(".to_owned();
    for (place, (key, field)) in table.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        text += &format!("{comma}\"{key}\", {}", java(field));
    }
    text + ")"
}

fn java(field: &Field) -> String {
    match field {
        Field::Void => "null".to_owned(),
        Field::Bool(it) => it.to_string(),
        Field::Int(it) => match i32::try_from(*it) {
            Ok(it) => it.to_string(),
            Err(_) => format!("{it}L"),
        },
        Field::Decimal { digits, places } => format!("new BigDecimal(\"{digits}e-{places}\")"),
        Field::Text(text) => format!("\"{}\"", text.escape_default()),
        Field::List(items) => {
            let items: Vec<String> = items.iter().map(java).collect();
            format!("List.of({})", items.join(", "))
        }
        Field::Table(table) => map(table),
        Field::Time(at) => format!("new Date({})", at.0 / 1_000),
    }
}

#[cfg(all(test, feature = "files"))]
mod tests {
    use super::*;
    use crate::library::Lesson;
    use expect_test::{Expect, expect};

    /// The texts for one system in a lesson.
    fn check(lesson: &str, system: SystemName, expected: &Expect) {
        let scenario = Lesson::named(lesson).expect("it is a lesson").scenario();
        let mut told = String::new();
        for it in client_configuration(&scenario) {
            if it.system == system {
                told += &format!("-- {}\n{}", it.title, it.text);
            }
        }
        expected.assert_eq(&told);
    }

    #[test]
    fn what_kafka_is_set_to_can_be_copied() {
        check(
            "crash-before-commit",
            SystemName::Kafka,
            &expect![[r#"
            -- topics
            kafka-topics --bootstrap-server localhost:9092 --create --topic orders \
              --partitions 2 --replication-factor 1
            -- brokers
            group.initial.rebalance.delay.ms=0
            -- producer shop
            bootstrap.servers=localhost:9092
            -- consumers c1, c2
            # The application calls commitSync() when all records of a poll() are done.
            bootstrap.servers=localhost:9092
            group.id=billing
            auto.offset.reset=earliest
            enable.auto.commit=false
            max.poll.records=3
            session.timeout.ms=6000
            heartbeat.interval.ms=1000
        "#]],
        );
    }

    #[test]
    fn what_rabbitmq_is_set_to_can_be_copied() {
        check(
            "crash-before-commit",
            SystemName::RabbitMq,
            &expect![[r#"
            -- exchanges and queues
            channel.queueDeclare("orders", true, false, false, null);
            -- publisher shop
            channel.confirmSelect();
            channel.basicPublish("", "orders", false, MessageProperties.PERSISTENT_BASIC, body);
            -- consumers c1, c2
            channel.basicQos(3);
            channel.basicConsume("orders", false, onDelivery, onCancel);
            // After the work on all that have arrived, for all of them:
            channel.basicAck(tag, true);
        "#]],
        );
        check(
            "topic-exchange",
            SystemName::RabbitMq,
            &expect![[r#"
            -- exchanges and queues
            channel.exchangeDeclare("events", "topic", true);
            channel.queueDeclare("paid", true, false, false, null);
            channel.queueDeclare("orders", true, false, false, null);
            channel.queueDeclare("europe", true, false, false, null);
            channel.queueBind("paid", "events", "order.*.paid");
            channel.queueBind("orders", "events", "order.#");
            channel.queueBind("europe", "events", "*.eu.*");
            -- publisher shop
            channel.confirmSelect();
            channel.basicPublish("events", key, true, MessageProperties.PERSISTENT_BASIC, body);
            -- consumer c1
            channel.basicQos(3);
            channel.basicConsume("paid", false, onDelivery, onCancel);
            // After the work on each message:
            channel.basicAck(tag, false);
            -- consumer c2
            channel.basicQos(3);
            channel.basicConsume("orders", false, onDelivery, onCancel);
            // After the work on each message:
            channel.basicAck(tag, false);
            -- consumer c3
            channel.basicQos(3);
            channel.basicConsume("europe", false, onDelivery, onCancel);
            // After the work on each message:
            channel.basicAck(tag, false);
        "#]],
        );
    }
}
