//! `kafka-topics`.

use super::options::{Options, Takes};
use super::{BadUse, Described, DescribedPartition, DescribedTopic, Printed};
use crate::kafka::BrokerId;
use crate::kafka::java::hash_map_places;
use std::fmt::Write as _;

const OPTIONS: &[(&str, Takes)] = &[
    ("list", Takes::Nothing),
    ("describe", Takes::Nothing),
    ("topic", Takes::Value),
    ("exclude-internal", Takes::Nothing),
    ("if-exists", Takes::Nothing),
    ("topics-with-overrides", Takes::Nothing),
    ("unavailable-partitions", Takes::Nothing),
    ("under-replicated-partitions", Takes::Nothing),
    ("under-min-isr-partitions", Takes::Nothing),
    ("at-min-isr-partitions", Takes::Nothing),
];

/// What a broker's tool shows of every topic's id, which is random.
const TOPIC_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// Runs it.
pub(super) fn run(cluster: &Described, args: &[&str]) -> Result<Printed, BadUse> {
    let options = Options::read(args, OPTIONS)?;
    let action = options.action(&["list", "describe"])?;
    let mut out = Printed::default();
    let wanted = options.value("topic");
    let mut shown = Vec::new();
    for topic in &cluster.topics {
        let excluded = options.has("exclude-internal") && topic.is_internal();
        if !excluded && wanted.is_none_or(|it| matches(it, topic.name.as_str())) {
            shown.push(topic);
        }
    }
    if action == "list" {
        let names: Vec<&str> = shown.iter().map(|it| it.name.as_str()).collect();
        out.stdout = names.join("\n");
        out.stdout.push('\n');
        return Ok(out);
    }
    if let (true, Some(name), false) = (shown.is_empty(), wanted, options.has("if-exists")) {
        out.stderr = format!("Topic '{name}' does not exist as expected\n");
    }
    // Source: `Admin.describeTopics` answers a `HashMap`.
    for place in hash_map_places(shown.iter().map(|it| it.name.as_str())) {
        let topic = shown[place];
        describe(cluster, &options, topic, &mut out.stdout);
    }
    Ok(out)
}

/// Whether a topic's name is one of those that a pattern names: several stand with commas or bars
/// between them, and `.*` stands for anything.
///
/// Source: `TopicFilter.IncludeList`. Simplified: no other regular expression is understood.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    pattern.split([',', '|']).any(|it| matches_one(it.trim_matches(['"', '\'', ' ']), name))
}

fn matches_one(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once(".*") else { return pattern == name };
    let Some(rest) = name.strip_prefix(before) else { return false };
    (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|it| matches_one(after, it)))
}

/// Whether a partition is one of those that an option asks for.
type Condition = fn(&Described, &DescribedTopic, &DescribedPartition) -> bool;

fn describe(cluster: &Described, options: &Options<'_>, topic: &DescribedTopic, out: &mut String) {
    // A partition is shown if any of the conditions asked for holds.
    let conditions: [(&str, Condition); 4] = [
        ("under-replicated-partitions", |_, _, it| it.isr.len() < it.replicas.len()),
        ("unavailable-partitions", |cluster, _, it| {
            it.leader.is_none_or(|leader| !cluster.brokers.contains(&leader))
        }),
        ("under-min-isr-partitions", |_, topic, it| {
            it.leader.is_none() || it.isr.len() < topic.min_insync_replicas
        }),
        ("at-min-isr-partitions", |_, topic, it| it.isr.len() == topic.min_insync_replicas),
    ];
    let asked: Vec<_> = conditions.iter().filter(|it| options.has(it.0)).collect();
    let overridden = options.has("topics-with-overrides");
    if asked.is_empty() && (!overridden || !topic.configs.is_empty()) {
        let replicas = topic.partitions.first().map_or(0, |it| it.replicas.len());
        let (name, count) = (&topic.name, topic.partitions.len());
        let _ = write!(
            out,
            "Topic: {name}\tTopicId: {TOPIC_ID}\tPartitionCount: {count}\t\
             ReplicationFactor: {replicas}\tConfigs: "
        );
        for (place, (key, value)) in topic.configs.iter().enumerate() {
            let _ = write!(out, "{}{key}={value}", if place == 0 { "" } else { "," });
        }
        out.push('\n');
    }
    if overridden {
        return;
    }
    for (number, it) in topic.partitions.iter().enumerate() {
        if asked.is_empty() || asked.iter().any(|asked| asked.1(cluster, topic, it)) {
            line(topic, number, it, out);
        }
    }
}

fn line(topic: &DescribedTopic, number: usize, it: &DescribedPartition, out: &mut String) {
    let leader = it.leader.map_or_else(|| "none".to_owned(), |leader| leader.0.to_string());
    let _ = writeln!(
        out,
        "\tTopic: {}\tPartition: {number}\tLeader: {leader}\tReplicas: {}\tIsr: {}\tElr: \
         {}\tLastKnownElr: {}",
        topic.name,
        brokers(&it.replicas),
        brokers(&it.isr),
        brokers(&it.elr),
        brokers(&it.last_known_elr),
    );
}

fn brokers(ids: &[BrokerId]) -> String {
    let ids: Vec<String> = ids.iter().map(|it| it.0.to_string()).collect();
    ids.join(",")
}
