//! `kafka-consumer-groups --reset-offsets`.

use super::consumer_groups::groups;
use super::options::Options;
use super::table::{row, width};
use super::{BadUse, Described, Printed};
use crate::kafka::java::hash_map_order;
use crate::kafka::{Offset, TopicPartition};
use crate::map::sort_by_key;
use crate::name::GroupId;
use std::fmt::Write as _;

/// What is said on standard error when it is not told to do anything.
const NO_ACTION: &str = "WARN: No action will be performed as the --execute option is missing. In \
    version 5.0, this command will require either --dry-run or --execute to be specified. You \
    should add the --dry-run option explicitly if you are scripting this command and want to keep \
    the current default behavior without prompting.\n";

/// Where offsets are reset to.
#[derive(Clone, Copy)]
enum To {
    Earliest,
    Latest,
    Current,
    Offset(i64),
    Shift(i64),
}

/// Resets the offsets of groups without members, or says what that would set.
pub(super) fn run(
    cluster: &Described,
    options: &Options<'_>,
    out: &mut Printed,
) -> Result<(), BadUse> {
    let to = to(options)?;
    if options.has("execute") && options.has("dry-run") {
        return Err(BadUse::new("--execute and --dry-run exclude each other"));
    }
    if !options.has("execute") && !options.has("dry-run") {
        out.stderr.push_str(NO_ACTION);
    }
    // Source: `resetOffsets` answers a `HashMap`.
    let names = hash_map_order(groups(cluster, options)?);
    let mut plans = Vec::new();
    for name in names {
        let state = cluster.group(name).map_or("Dead", |it| it.state);
        if matches!(state, "Empty" | "Dead") {
            plans.push((name, plan(cluster, options, name, to)?));
        } else {
            out.error(&format!(
                "Assignments can only be reset if the group '{name}' is inactive, but the \
                 current state is {state}."
            ));
            plans.push((name, Vec::new()));
        }
    }
    if options.has("export") {
        export(&plans, options.values("group").count(), out);
    } else {
        print(&plans, out);
    }
    if options.has("execute") {
        let plans = plans.into_iter().filter(|it| !it.1.is_empty());
        out.alters = plans.map(|(name, plan)| (GroupId::from(name), plan)).collect();
    }
    Ok(())
}

fn to(options: &Options<'_>) -> Result<To, BadUse> {
    let scenario =
        options.action(&["to-earliest", "to-latest", "to-current", "to-offset", "shift-by"])?;
    Ok(match (scenario, options.number("to-offset")?, options.number("shift-by")?) {
        ("to-earliest", _, _) => To::Earliest,
        ("to-latest", _, _) => To::Latest,
        (_, Some(offset), _) => To::Offset(offset),
        (_, _, Some(by)) => To::Shift(by),
        _ => To::Current,
    })
}

fn plan(
    cluster: &Described,
    options: &Options<'_>,
    group: &str,
    to: To,
) -> Result<Vec<(TopicPartition, Offset)>, BadUse> {
    let committed = cluster.group(group).map_or(&[][..], |it| &it.committed[..]);
    let mut partitions = Vec::new();
    if options.has("all-topics") {
        partitions.extend(committed.iter().map(|it| it.partition.clone()));
    } else if options.has("topic") {
        for arg in options.values("topic") {
            partitions.extend(named(cluster, arg)?);
        }
    } else {
        return Err(BadUse::new("--reset-offsets takes --topic with a name, or --all-topics"));
    }
    sort_by_key(&mut partitions, TopicPartition::clone);
    partitions.dedup();
    let mut plan = Vec::new();
    for partition in partitions {
        let edges = cluster.partition(&partition).and_then(|it| it.offsets);
        let Some((start, end)) = edges else {
            return Err(BadUse(format!("{partition} has no leader that knows its offsets")));
        };
        let now = committed.iter().find(|it| it.partition == partition).map(|it| it.offset);
        let within = |offset: i64| Offset(offset.clamp(start.0, end.0));
        let offset = match (to, now) {
            (To::Earliest, _) => start,
            (To::Latest, _) => end,
            (To::Offset(offset), _) => within(offset),
            (To::Shift(by), Some(now)) => within(now.0.saturating_add(by)),
            (To::Current, Some(now)) => now,
            (To::Current, None) => end,
            (To::Shift(_), None) => {
                return Err(BadUse(format!(
                    "Cannot shift offset for partition {partition} since there is no current \
                     committed offset"
                )));
            }
        };
        plan.push((partition, offset));
    }
    Ok(plan)
}

/// The partitions that `topic` or `topic:0,1` means.
fn named(cluster: &Described, arg: &str) -> Result<Vec<TopicPartition>, BadUse> {
    let (topic, mut numbers) = part(arg)?;
    let Some(known) = cluster.topic(topic) else {
        return Err(BadUse(format!("there is no topic '{topic}'")));
    };
    if numbers.is_empty() {
        numbers.extend((0..).zip(&known.partitions).map(|it| it.0));
    }
    Ok(numbers.into_iter().map(|it| TopicPartition::new(topic, it)).collect())
}

/// The parts of `topic` or `topic:0,1`; without numbers all partitions are meant.
pub(super) fn part(arg: &str) -> Result<(&str, Vec<u32>), BadUse> {
    let Some((topic, listed)) = arg.split_once(':') else { return Ok((arg, Vec::new())) };
    let mut numbers = Vec::new();
    for number in listed.split(',') {
        let wrong =
            || BadUse(format!("Invalid partition '{number}' specified in topic arg '{arg}'"));
        numbers.push(number.parse().map_err(|_| wrong())?);
    }
    Ok((topic, numbers))
}

/// One row a partition, with commas; the group's name comes first if several were asked for.
///
/// Source: `ConsumerGroupService.exportOffsetsToCsv`.
fn export(plans: &[(&str, Vec<(TopicPartition, Offset)>)], asked: usize, out: &mut Printed) {
    for (group, plan) in plans {
        for (partition, offset) in plan {
            if 1 < asked {
                out.stdout.push_str(group);
                out.stdout.push(',');
            }
            let (topic, number) = (&partition.topic, partition.partition);
            let _ = writeln!(out.stdout, "{topic},{number},{offset}");
        }
    }
    out.stdout.push('\n');
}

fn print(plans: &[(&str, Vec<(TopicPartition, Offset)>)], out: &mut Printed) {
    let topics = plans.iter().flat_map(|it| &it.1).map(|it| it.0.topic.as_str());
    let widths = [width(15, plans.iter().map(|it| it.0)), width(15, topics), 10];
    if !plans.is_empty() {
        out.stdout.push('\n');
        row(&mut out.stdout, &widths, &["GROUP", "TOPIC", "PARTITION", "NEW-OFFSET"]);
    }
    for (group, plan) in plans {
        for (partition, offset) in plan {
            let (number, offset) = (partition.partition.to_string(), offset.to_string());
            out.stdout.push('\n');
            row(&mut out.stdout, &widths, &[group, partition.topic.as_str(), &number, &offset]);
        }
    }
    out.stdout.push('\n');
}
