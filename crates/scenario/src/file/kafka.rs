//! `[kafka]`: the cluster, its topics and its clients.

use super::read::{Node, Table, Wrong};
use super::workload::Sent;
use super::{name, names, span, unique, within};
use brokerscope_core::kafka::config::{
    Application, BrokerSettings, Commits, Config, Consumer, ConsumerSettings, Links, OnFailure,
    Producer, ProducerSettings, Produces, Topic, TopicSettings, Transactions,
};
use brokerscope_core::kafka::passed_on::PassesOn;
use brokerscope_core::name::TopicName;
use brokerscope_core::sim::SimDuration;
use std::collections::BTreeSet;

/// How many brokers a cluster has at most.
const MAX_BROKERS: u32 = 100;

/// How many records a transaction has at most.
const MAX_RECORDS: u32 = 1_000_000;

/// How many partitions a topic has at most.
const MAX_PARTITIONS: u32 = 1_000;

/// The Kafka side.
pub(super) fn config(top: Table<'_>, flows: &[Sent<'_>]) -> Result<Config, Wrong> {
    let table = top.need("kafka")?.table(&[
        "brokers",
        "settings",
        "latency",
        "loss_per_million",
        "topic",
        "group",
        "producer",
    ])?;
    let broker_settings = table.or("settings", BrokerSettings::default(), broker)?;
    let topics = topics(table, &broker_settings.topic_defaults())?;
    let known: Vec<&str> = topics.iter().map(|it| it.name.as_str()).collect();
    let mut destinations = Vec::new();
    for sent in flows {
        let topic = sent.topic.text()?;
        sent.topic.one_of("topic", topic, &known)?;
        destinations.push(TopicName::from(topic));
    }
    let brokers = table.or("brokers", 1, |it| it.small(1, MAX_BROKERS))?;
    for (node, it) in table.items("topic")?.into_iter().zip(&topics) {
        if let Some(copies) = it.replication_factor.filter(|it| brokers < *it) {
            return Err(node.error(format!(
                "INVALID_REPLICATION_FACTOR: {copies} replicas need as many brokers, and there \
                 are {brokers}"
            )));
        }
    }
    Ok(Config {
        brokers: u16::try_from(brokers).expect("because a cluster has few brokers"),
        broker_settings,
        producers: producers(table, flows)?,
        destinations,
        consumers: consumers(table, &topics)?,
        links: links(table)?,
        topics,
    })
}

fn links(table: Table<'_>) -> Result<Links, Wrong> {
    let plain = Links::default();
    let lost = table.or("loss_per_million", 0, |it| it.small(0, 1_000_000))?;
    let Some(latency) = table.get("latency") else {
        return Ok(Links { loss_per_million: lost, ..plain });
    };
    let latency = latency.table(&["producer", "consumer", "coordinator", "cluster", "jitter"])?;
    let read = |key, otherwise| latency.or(key, otherwise, span);
    Ok(Links {
        producer: read("producer", plain.producer)?,
        consumer: read("consumer", plain.consumer)?,
        coordinator: read("coordinator", plain.coordinator)?,
        cluster: read("cluster", plain.cluster)?,
        jitter: read("jitter", plain.jitter)?,
        loss_per_million: lost,
    })
}

fn broker(node: Node<'_>) -> Result<BrokerSettings, Wrong> {
    let mut settings = BrokerSettings::default();
    node.settings(&mut |name, value| match name {
        // As `segment.bytes` of a topic.
        "log.segment.bytes" => settings.set(name, value),
        _ => settings.configure(name, value),
    })?;
    within(node, settings.show("log.segment.bytes"), "log.segment.bytes", 1..=i64::MAX)?;
    let partitions = "offsets.topic.num.partitions";
    within(node, settings.show(partitions), partitions, 1..=i64::from(MAX_PARTITIONS))?;
    Ok(settings)
}

fn topics(table: Table<'_>, defaults: &TopicSettings) -> Result<Vec<Topic>, Wrong> {
    let mut seen = BTreeSet::new();
    let list = table.items("topic")?;
    if list.is_empty() {
        return Err(table.missing("topic"));
    }
    list.into_iter()
        .map(|node| {
            let table = node.table(&["name", "partitions", "replication_factor", "settings"])?;
            let named = table.need("name")?;
            let called = topic_name(named)?;
            unique(&mut seen, "topics", named, called)?;
            let mut settings = defaults.clone();
            if let Some(node) = table.get("settings") {
                // Simplified: segments may be smaller than Kafka lets them be, so that they can be
                // seen; its own tests set `internal.segment.bytes` for that.
                node.settings(&mut |name, value| match name {
                    "segment.bytes" => settings.set(name, value),
                    _ => settings.configure(name, value),
                })?;
                within(node, settings.show("segment.bytes"), "segment.bytes", 1..=i64::MAX)?;
            }
            let partitions = table.need("partitions")?.small(1, MAX_PARTITIONS)?;
            let copies = match table.get("replication_factor") {
                Some(node) => Some(node.small(1, MAX_BROKERS)?),
                None => None,
            };
            let replication_factor = copies;
            Ok(Topic { name: called.into(), partitions, replication_factor, settings })
        })
        .collect()
}

/// A name that Kafka takes for a topic.
///
/// Source: Kafka, `org.apache.kafka.common.internals.Topic`.
fn topic_name<'a>(node: Node<'a>) -> Result<&'a str, Wrong> {
    let name = name(node)?;
    let legal = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '-');
    if !name.chars().all(legal) || 249 < name.len() || matches!(name, "." | "..") {
        let what = "a topic is named with at most 249 letters, digits, '.', '_' and '-'";
        return Err(node.error(format!("'{name}' cannot be the name of a topic: {what}")));
    }
    if name == "__consumer_offsets" {
        return Err(node.error(format!("'{name}' is there by itself")));
    }
    Ok(name)
}

fn producers(table: Table<'_>, flows: &[Sent<'_>]) -> Result<Vec<Producer>, Wrong> {
    let mut producers: Vec<Producer> = Vec::new();
    for name in flows.iter().map(|it| &it.flow.producer) {
        if producers.iter().all(|it| it.name != *name) {
            let (name, settings) = (name.clone(), ProducerSettings::default());
            producers.push(Producer { name, settings, transactions: None });
        }
    }
    let mut seen = BTreeSet::new();
    for node in table.items("producer")? {
        let table = node.table(&["name", "settings", "transaction"])?;
        let named = table.need("name")?;
        let called = named.text()?;
        let known: Vec<_> = producers.iter().map(|it| it.name.as_str()).collect();
        named.one_of("workload with the producer", called, &known)?;
        unique(&mut seen, "producers", named, called)?;
        let settings = table.or("settings", ProducerSettings::default(), producer)?;
        let transactions = transactions(table, &settings)?;
        for it in producers.iter_mut().filter(|it| it.name.as_str() == called) {
            (it.settings, it.transactions) = (settings.clone(), transactions.clone());
        }
    }
    Ok(producers)
}

/// `transaction = { records = 2, aborts = [3] }`: how the producer's application sends.
fn transactions(
    table: Table<'_>,
    settings: &ProducerSettings,
) -> Result<Option<Transactions>, Wrong> {
    let is_transactional = !settings.transactional_id.is_empty();
    match (table.get("transaction"), table.get("settings")) {
        (Some(node), _) if !is_transactional => {
            Err(node.says("a producer with transactions needs a 'transactional.id'"))
        }
        (None, Some(node)) if is_transactional => Err(node.says(
            "a producer with a 'transactional.id' sends in transactions: \
             write 'transaction = { records = 2 }' beside it",
        )),
        (None, _) => Ok(None),
        (Some(node), _) => {
            let table = node.table(&["records", "aborts"])?;
            let records = table.need("records")?.small(1, MAX_RECORDS)?;
            let aborts = table.items("aborts")?.into_iter().map(|it| it.small(1, u32::MAX));
            Ok(Some(Transactions { records, aborts: aborts.collect::<Result<_, _>>()? }))
        }
    }
}

fn producer(node: Node<'_>) -> Result<ProducerSettings, Wrong> {
    let mut settings = ProducerSettings::default();
    node.settings(&mut |name, value| settings.configure(name, value))?;
    match settings.conflict() {
        Some(conflict) => Err(node.error(conflict.to_owned())),
        None => Ok(settings),
    }
}

fn consumers(table: Table<'_>, topics: &[Topic]) -> Result<Vec<Consumer>, Wrong> {
    let (mut groups, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut consumers = Vec::new();
    for node in table.items("group")? {
        let table = node.table(&[
            "name",
            "topics",
            "consumers",
            "settings",
            "commits",
            "on_failure",
            "starts",
            "produces",
            "attempts",
            "retry_delay",
            "retry_topic",
            "dead_letter_topic",
            "idempotent",
        ])?;
        let named = table.need("name")?;
        let group = name(named)?;
        unique(&mut groups, "groups", named, group)?;
        let model = Consumer {
            name: "".into(),
            group: Some(group.into()),
            topics: subscription(table.need("topics")?, topics)?,
            settings: table.or("settings", ConsumerSettings::default(), consumer)?,
            application: application(table)?,
            starts_after: table.or("starts", SimDuration::ZERO, span)?,
            produces: None,
            passes_on: passes_on(table, topics)?,
            idempotent: table.or("idempotent", false, Node::boolean)?,
        };
        for name in names(table.need("consumers")?, &mut seen, "consumers")? {
            let produces = match table.get("produces") {
                Some(node) => Some(Box::new(produces(node, topics, &model, name)?)),
                None => None,
            };
            consumers.push(Consumer { name: name.into(), produces, ..model.clone() });
        }
    }
    Ok(consumers)
}

/// `produces = { topic = "invoices", transactional = true }`: what a consumer makes of what it
/// reads. Each has a `transactional.id` of its own, unless one is set.
fn produces(
    node: Node<'_>,
    topics: &[Topic],
    of: &Consumer,
    consumer: &str,
) -> Result<Produces, Wrong> {
    let table = node.table(&["topic", "transactional", "settings"])?;
    let topic = one_topic(table.need("topic")?, topics)?.into();
    let mut settings = table.or("settings", ProducerSettings::default(), producer)?;
    if table.or("transactional", false, Node::boolean)? && settings.transactional_id.is_empty() {
        settings.transactional_id = format!("{}-{consumer}", of.group_name());
    }
    let commits = match of.application {
        Application::Automatic { commits, .. } => commits,
        Application::Manual => Commits::Never,
    };
    if !settings.transactional_id.is_empty() {
        if !matches!(commits, Commits::AfterRecord | Commits::AfterBatch) {
            return Err(node.says(
                "a transaction is committed after each record or each batch: \
                 write 'commits = \"after-record\"' or 'commits = \"after-batch\"' in the group",
            ));
        }
        if of.settings.enable_auto_commit {
            return Err(node.says(
                "offsets are committed in the transaction: \
                 set 'enable.auto.commit' of the group to false",
            ));
        }
    }
    Ok(Produces { topic, settings })
}

/// What stands in a group beside `on_failure = "retry-topic"` or `"dead-letter"`.
fn passes_on(table: Table<'_>, topics: &[Topic]) -> Result<Option<Box<PassesOn>>, Wrong> {
    let on_failure = table.or("on_failure", OnFailure::Retry, Node::choice)?;
    let (retries, gives_up) = match on_failure {
        OnFailure::Retry | OnFailure::Skip => (false, false),
        OnFailure::RetryTopic => (true, true),
        OnFailure::DeadLetter => (false, true),
    };
    let needs = "write 'on_failure = \"retry-topic\"'";
    for (key, fits) in [
        ("attempts", gives_up),
        ("dead_letter_topic", gives_up),
        ("retry_delay", retries),
        ("retry_topic", retries),
    ] {
        if let Some(node) = table.get(key).filter(|_| !fits) {
            let or = if retries || gives_up || key.starts_with("retry") {
                ""
            } else {
                " or 'on_failure = \"dead-letter\"'"
            };
            return Err(node.error(format!("for '{key}', {needs}{or}")));
        }
    }
    if !gives_up {
        return Ok(None);
    }
    if let Some(node) = table.get("produces") {
        return Err(node.says("a group that passes on what it fails on makes nothing else of it"));
    }
    let named = |key| match table.get(key) {
        Some(node) => one_topic(node, topics).map(|it| Some(TopicName::from(it))),
        None => Ok(None),
    };
    let plain = PassesOn::default();
    let it = PassesOn {
        attempts: table.or("attempts", plain.attempts, |it| it.small(1, 1_000))?,
        delay: table.or("retry_delay", plain.delay, span)?,
        retry_topic: named("retry_topic")?,
        dead_letter_topic: named("dead_letter_topic")?,
    };
    let node = table.need("topics")?;
    let known: Vec<_> = topics.iter().map(|it| it.name.as_str()).collect();
    for topic in node.list()? {
        let mut of = TopicName::from(topic.text()?);
        // What is read from the retry topic keeps the name of its first one.
        if retries && let Some(first) = of.as_str().strip_suffix("-retry") {
            of = first.into();
        }
        if retries && it.attempts > 1 {
            topic.one_of("topic", it.retry_topic(&of).as_str(), &known)?;
        }
        topic.one_of("topic", it.dead_letter_topic(&of).as_str(), &known)?;
    }
    Ok(Some(Box::new(it)))
}

fn one_topic<'a>(node: Node<'a>, topics: &[Topic]) -> Result<&'a str, Wrong> {
    let topic = node.text()?;
    let known: Vec<_> = topics.iter().map(|it| it.name.as_str()).collect();
    node.one_of("topic", topic, &known)?;
    Ok(topic)
}

fn subscription(node: Node<'_>, topics: &[Topic]) -> Result<Vec<TopicName>, Wrong> {
    let list = node.list()?;
    if list.is_empty() {
        return Err(node.says("this list is empty"));
    }
    let mut seen = BTreeSet::new();
    list.into_iter()
        .map(|item| {
            let topic = one_topic(item, topics)?;
            unique(&mut seen, "topics", item, topic)?;
            Ok(topic.into())
        })
        .collect()
}

fn application(table: Table<'_>) -> Result<Application, Wrong> {
    Ok(Application::Automatic {
        commits: table.or("commits", Commits::Never, Node::choice)?,
        on_failure: table.or("on_failure", OnFailure::Retry, Node::choice)?,
    })
}

fn consumer(node: Node<'_>) -> Result<ConsumerSettings, Wrong> {
    let mut settings = ConsumerSettings::default();
    let mut given = Vec::new();
    node.settings(&mut |name, value| {
        given.push(name.to_owned());
        settings.configure(name, value)
    })?;
    let protocol = settings.group_protocol;
    if let Some(name) = given.iter().find(|it| protocol.forbids(it)) {
        let what = format!("ConfigException: {name} cannot be set when group.protocol={protocol}");
        return Err(node.error(what));
    }
    match settings.conflict() {
        Some(conflict) => Err(node.error(conflict)),
        None => Ok(settings),
    }
}
