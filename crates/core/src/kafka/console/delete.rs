//! `kafka-consumer-groups --delete` and `--delete-offsets`.

use super::consumer_groups::groups;
use super::options::Options;
use super::reset::part;
use super::{BadUse, Described, DescribedGroup, Printed};
use crate::kafka::TopicPartition;
use crate::kafka::java::hash_map_order;
use crate::map::sort_by_key;
use crate::name::{GroupId, TopicName};
use std::fmt::Write as _;

/// An exception: its class, and what it says.
type Why = [&'static str; 2];

/// What comes of a partition, or of a topic that is not there.
type Row = (TopicName, Option<u32>, Option<Why>);

const NOT_FOUND: Why = ["GroupIdNotFoundException", "The group id does not exist."];
const NOT_EMPTY: Why = ["GroupNotEmptyException", "The group is not empty."];
const UNKNOWN: Why =
    ["UnknownTopicOrPartitionException", "This server does not host this topic-partition."];
const SUBSCRIBED: Why = [
    "GroupSubscribedToTopicException",
    "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to \
     it.",
];

/// Deletes groups without members.
///
/// Source: `ConsumerGroupService.deleteGroups`, which goes through them in a `HashMap`.
pub(super) fn groups_with_all(
    cluster: &Described,
    options: &Options<'_>,
    out: &mut Printed,
) -> Result<(), BadUse> {
    let (mut deleted, mut refused) = (String::new(), String::new());
    for name in hash_map_order(groups(cluster, options)?) {
        let why = match cluster.group(name) {
            None => NOT_FOUND,
            Some(it) if it.state != "Empty" => NOT_EMPTY,
            Some(it) => {
                let comma = if deleted.is_empty() { "" } else { ", " };
                let _ = write!(deleted, "{comma}'{name}'");
                out.deletes.push(it.group.clone());
                continue;
            }
        };
        let _ = write!(refused, "\n* Group '{name}' could not be deleted due to: {}", java(why));
    }
    if refused.is_empty() {
        let told = format!("Deletion of requested consumer groups ({deleted}) was successful.\n");
        out.stdout.push_str(&told);
        return Ok(());
    }
    out.error(&format!("Deletion of some consumer groups failed:{refused}"));
    if !deleted.is_empty() {
        let told = format!("\nThese consumer groups were deleted successfully: {deleted}\n");
        out.stdout.push_str(&told);
    }
    Ok(())
}

/// Forgets offsets of topics, or of some of their partitions.
///
/// Source: `ConsumerGroupService.deleteOffsets`: a topic without partitions named is looked up
/// first, and what is not there is not asked for.
pub(super) fn offsets(
    cluster: &Described,
    options: &Options<'_>,
    out: &mut Printed,
) -> Result<(), BadUse> {
    let mut named = options.values("group");
    let (Some(name), None) = (named.next(), named.next()) else {
        return Err(BadUse::new("--delete-offsets takes --group with one name"));
    };
    let group = cluster.group(name);
    let mut rows: Vec<Row> = Vec::new();
    let mut forgets = Vec::new();
    let mut is_partial = false;
    for arg in options.values("topic") {
        let (topic, mut numbers) = part(arg)?;
        if numbers.is_empty() {
            match cluster.topic(topic) {
                Some(it) => numbers.extend((0..).zip(&it.partitions).map(|it| it.0)),
                None => rows.push((topic.into(), None, Some(UNKNOWN))),
            }
        }
        for number in numbers {
            let partition = TopicPartition::new(topic, number);
            let why = match group {
                None => Some(NOT_FOUND),
                Some(_) if cluster.partition(&partition).is_none() => Some(UNKNOWN),
                Some(it) => reads(it, &partition.topic).then_some(SUBSCRIBED),
            };
            is_partial |= why.is_some();
            if why.is_none() {
                forgets.push(partition);
            }
            rows.push((topic.into(), Some(number), why));
        }
    }
    if rows.is_empty() {
        return Err(BadUse::new("--delete-offsets takes --topic with a name"));
    }
    sort_by_key(&mut rows, |it| (it.0.clone(), it.1));
    rows.dedup();
    match group {
        None => out.error(NOT_FOUND[1]),
        Some(_) if is_partial => {
            out.error("Encountered some partition-level error, see the follow-up details.");
        }
        Some(_) => {
            let told = format!("Request succeeded for deleting offsets from group {name}.\n");
            out.stdout.push_str(&told);
        }
    }
    let mut line = |topic: &str, number: &str, status: &str| {
        let _ = write!(out.stdout, "\n{topic:<15} {number:<10} {status:<15}");
    };
    line("TOPIC", "PARTITION", "STATUS");
    for (topic, number, why) in rows {
        let number = number.map_or_else(|| "-".to_owned(), |it| it.to_string());
        let status =
            why.map_or_else(|| "Successful".to_owned(), |it| format!("Error: {}", java(it)));
        line(topic.as_str(), &number, &status);
    }
    out.stdout.push('\n');
    if !forgets.is_empty() {
        out.forgets.push((GroupId::from(name), forgets));
    }
    Ok(())
}

/// Simplified: a group is taken to read the topics of which a member has a partition, or is to
/// have one; what else its members subscribe to is not described.
fn reads(group: &DescribedGroup, topic: &TopicName) -> bool {
    let held = group.members.iter().flat_map(|it| it.reads.iter().chain(&it.target));
    held.map(|it| &it.topic).any(|it| it == topic)
}

/// An exception, as Java prints it.
fn java([class, text]: Why) -> String {
    format!("org.apache.kafka.common.errors.{class}: {text}")
}
