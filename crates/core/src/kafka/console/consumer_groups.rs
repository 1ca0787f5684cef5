//! `kafka-consumer-groups`.

use super::options::{Options, Takes};
use super::table::{or_dash, row, width};
use super::{BadUse, Described, DescribedGroup, DescribedMember, Printed, delete, reset};
use crate::kafka::{Offset, TopicPartition};

const OPTIONS: &[(&str, Takes)] = &[
    ("list", Takes::Nothing),
    ("describe", Takes::Nothing),
    ("reset-offsets", Takes::Nothing),
    ("delete", Takes::Nothing),
    ("delete-offsets", Takes::Nothing),
    ("export", Takes::Nothing),
    ("group", Takes::Value),
    ("all-groups", Takes::Nothing),
    ("topic", Takes::Value),
    ("all-topics", Takes::Nothing),
    ("members", Takes::Nothing),
    ("offsets", Takes::Nothing),
    ("state", Takes::Maybe),
    ("type", Takes::Maybe),
    ("verbose", Takes::Nothing),
    ("execute", Takes::Nothing),
    ("dry-run", Takes::Nothing),
    ("to-earliest", Takes::Nothing),
    ("to-latest", Takes::Nothing),
    ("to-current", Takes::Nothing),
    ("to-offset", Takes::Value),
    ("shift-by", Takes::Value),
];

/// Runs it.
pub(super) fn run(cluster: &Described, args: &[&str]) -> Result<Printed, BadUse> {
    let options = Options::read(args, OPTIONS)?;
    let mut out = Printed::default();
    match options.action(&["list", "describe", "reset-offsets", "delete", "delete-offsets"])? {
        "list" => list(cluster, &options, &mut out),
        "describe" => describe(cluster, &options, &mut out)?,
        "delete" => delete::groups_with_all(cluster, &options, &mut out)?,
        "delete-offsets" => delete::offsets(cluster, &options, &mut out)?,
        _ => reset::run(cluster, &options, &mut out)?,
    }
    Ok(out)
}

/// The groups that are meant, of which some may not exist.
pub(super) fn groups<'a>(
    cluster: &'a Described,
    options: &Options<'a>,
) -> Result<Vec<&'a str>, BadUse> {
    let mut names: Vec<&str> = if options.has("all-groups") {
        cluster.groups.iter().map(|it| it.group.as_str()).collect()
    } else {
        options.values("group").collect()
    };
    if names.is_empty() && !options.has("all-groups") {
        return Err(BadUse::new("this takes --group with a name, or --all-groups"));
    }
    crate::map::sort(&mut names);
    names.dedup();
    Ok(names)
}

fn list(cluster: &Described, options: &Options<'_>, out: &mut Printed) {
    let (types, states) = (options.has("type"), options.has("state"));
    let wanted = |option: &str, it: &str| {
        let Some(names) = options.value(option) else { return true };
        names.split(',').any(|name| name.trim().eq_ignore_ascii_case(it))
    };
    let all = cluster.groups.iter();
    let shown: Vec<&DescribedGroup> =
        all.filter(|it| wanted("type", it.kind) && wanted("state", it.state)).collect();
    let mut widths = vec![width(15, shown.iter().map(|it| it.group.as_str())) + 10];
    if !(types || states) {
        for it in shown {
            out.stdout.push_str(it.group.as_str());
            out.stdout.push('\n');
        }
        return;
    }
    widths.extend([20_usize; 2].iter().take(usize::from(types) + usize::from(states)));
    let mut line = |group: &str, kind: &str, state: &str| {
        let mut cells = vec![group];
        cells.extend(types.then_some(kind));
        cells.extend(states.then_some(state));
        // Here the last column is padded too.
        let mut text = String::new();
        cells.push("");
        row(&mut text, &widths, &cells);
        text.pop();
        out.stdout.push_str(&text);
        out.stdout.push('\n');
    };
    line("GROUP", "TYPE", "STATE");
    for it in shown {
        line(it.group.as_str(), it.kind, it.state);
    }
}

fn describe(cluster: &Described, options: &Options<'_>, out: &mut Printed) -> Result<(), BadUse> {
    let mut found = Vec::new();
    for name in groups(cluster, options)? {
        let Some(group) = cluster.group(name) else {
            out.error(&format!(
                "Executing consumer group command failed due to \
                 org.apache.kafka.common.errors.GroupIdNotFoundException: Group {name} not found."
            ));
            return Ok(());
        };
        found.push(group);
    }
    let verbose = options.has("verbose");
    for group in found {
        if options.has("offsets") || !(options.has("members") || options.has("state")) {
            offsets(cluster, group, verbose, out);
        } else if options.has("members") {
            members(group, verbose, out);
        } else {
            state(group, verbose, out);
        }
    }
    Ok(())
}

/// Tells on standard error what there is to tell; says whether there is anything to print.
fn tells_state(group: &DescribedGroup, rows: usize, out: &mut Printed) -> bool {
    let name = group.group.as_str();
    match group.state {
        "Dead" => out.error(&format!("Consumer group '{name}' does not exist.")),
        "Empty" => {
            out.stderr.push_str(&format!("\nConsumer group '{name}' has no active members.\n"));
        }
        "Stable" => {}
        _ => {
            let warning = format!("\nWarning: Consumer group '{name}' is rebalancing.\n");
            out.stderr.push_str(&warning);
        }
    }
    group.state != "Dead" && 0 < rows
}

/// One partition that a group reads, or has a committed offset in.
struct OffsetRow<'a> {
    partition: &'a TopicPartition,
    member: Option<&'a DescribedMember>,
    committed: Option<Offset>,
    leader_epoch: Option<i32>,
    end: Option<Offset>,
}

fn offsets(cluster: &Described, group: &DescribedGroup, verbose: bool, out: &mut Printed) {
    let rows = offset_rows(cluster, group);
    if !tells_state(group, rows.len(), out) {
        return;
    }
    let name = group.group.as_str();
    let ids = rows.iter().filter_map(|it| Some(&*it.member?.id));
    let mut widths = vec![
        width(15, [name]),
        width(15, rows.iter().map(|it| it.partition.topic.as_str())),
        10,
        15,
        15,
        15,
        width(15, ids),
        15,
    ];
    if verbose {
        widths.insert(3, 15);
    }
    let mut line = |cells: &[&str], epoch: &str| {
        let mut cells = cells.to_vec();
        if verbose {
            cells.insert(3, epoch);
        }
        out.stdout.push('\n');
        row(&mut out.stdout, &widths, &cells);
    };
    let head = "GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID";
    line(&head.split(' ').collect::<Vec<_>>(), "LEADER-EPOCH");
    for it in &rows {
        let lag = it.committed.and_then(|from| Some(it.end?.0 - from.0));
        let (id, host, client) = match it.member {
            Some(member) => (&*member.id, "/127.0.0.1", member.client.as_str()),
            None => ("-", "-", "-"),
        };
        let (number, committed) = (it.partition.partition.to_string(), or_dash(it.committed));
        let (end, lag, topic) = (or_dash(it.end), or_dash(lag), it.partition.topic.as_str());
        let cells = [name, topic, &number, &committed, &end, &lag, id, host, client];
        line(&cells, &or_dash(it.leader_epoch));
    }
    out.stdout.push('\n');
}

/// Members that read something, those that read most first; then what is committed but read by
/// nobody.
fn offset_rows<'a>(cluster: &Described, group: &'a DescribedGroup) -> Vec<OffsetRow<'a>> {
    let mut rows = Vec::new();
    let mut members: Vec<&DescribedMember> = group.members.iter().collect();
    crate::map::sort_by_key(&mut members, |it| usize::MAX - it.reads.len());
    let mut add = |partition: &'a TopicPartition, member: Option<&'a DescribedMember>| {
        let committed = group.committed.iter().find(|it| it.partition == *partition);
        rows.push(OffsetRow {
            partition,
            member,
            committed: committed.map(|it| it.offset),
            leader_epoch: committed.and_then(|it| it.leader_epoch),
            end: cluster.partition(partition).and_then(|it| Some(it.offsets?.1)),
        });
    };
    for member in members {
        for partition in &member.reads {
            add(partition, Some(member));
        }
    }
    for it in &group.committed {
        if !group.members.iter().any(|member| member.reads.contains(&it.partition)) {
            add(&it.partition, None);
        }
    }
    rows
}

/// What partitions look like in a column: `topic:0,1;other:0`.
fn assignment(partitions: &[TopicPartition]) -> String {
    let mut topics: Vec<(String, &TopicPartition)> = Vec::new();
    for it in partitions {
        match topics.last_mut() {
            Some((text, first)) if first.topic == it.topic => {
                text.push(',');
                text.push_str(&it.partition.to_string());
            }
            _ => topics.push((format!("{}:{}", it.topic, it.partition), it)),
        }
    }
    crate::map::sort_by_key(&mut topics, |it| it.0.clone());
    let mut text = String::new();
    for (topic, _) in topics {
        text.push_str(if text.is_empty() { "" } else { ";" });
        text.push_str(&topic);
    }
    text
}

fn members(group: &DescribedGroup, verbose: bool, out: &mut Printed) {
    tells_state(group, group.members.len(), out);
    let name = group.group.as_str();
    let all = &group.members;
    let instance = |it: &DescribedMember| it.instance.as_deref().unwrap_or_default().to_owned();
    let with_instances = all.iter().any(|it| it.instance.is_some());
    let instances: Vec<String> = all.iter().map(instance).collect();
    let told = |it: &[TopicPartition]| or_dash(Some(assignment(it)).filter(|it| !it.is_empty()));
    let current: Vec<String> = all.iter().map(|it| told(&it.reads)).collect();
    let target: Vec<String> = all.iter().map(|it| told(&it.target)).collect();
    let mixed = [Some(true), Some(false)].iter().all(|it| all.iter().any(|m| m.is_upgraded == *it));
    let mut widths = vec![width(15, [name]), width(15, all.iter().map(|it| &*it.id))];
    if with_instances {
        widths.push(width(17, instances.iter().map(String::as_str)));
    }
    widths.extend([15, width(15, all.iter().map(|it| it.client.as_str())), 15]);
    let base = widths.len();
    if verbose {
        let columns = [15, width(20, current.iter().map(String::as_str)), 15];
        widths.extend(columns);
        widths.extend(mixed.then(|| width(20, target.iter().map(String::as_str))));
    }
    let pads = width(20, target.iter().map(String::as_str));
    out.stdout.push('\n');
    let mut line = |cells: &[&str], instance: &str, more: [&str; 5]| {
        let mut cells = cells.to_vec();
        if with_instances {
            cells.insert(2, instance);
        }
        let last = format!("{:<pads$}", more[3]);
        if verbose {
            cells.extend([more[0], more[1], more[2], if mixed { more[3] } else { &last }]);
            cells.extend(mixed.then_some(more[4]));
        } else {
            cells.push("");
        }
        assert!(base < cells.len(), "the last column stands after the base");
        row(&mut out.stdout, &widths, &cells);
        out.stdout.push('\n');
    };
    let more =
        ["CURRENT-EPOCH", "CURRENT-ASSIGNMENT", "TARGET-EPOCH", "TARGET-ASSIGNMENT", "UPGRADED"];
    let head = ["GROUP", "CONSUMER-ID", "HOST", "CLIENT-ID", "#PARTITIONS"];
    line(&head, "GROUP-INSTANCE-ID", more);
    for (place, it) in all.iter().enumerate() {
        let count = it.reads.len().to_string();
        let (epoch, target_epoch) = (or_dash(it.epoch), or_dash(group.target_epoch));
        let upgraded = or_dash(it.is_upgraded);
        let cells = [name, &*it.id, "/127.0.0.1", it.client.as_str(), &count];
        let more = [&*epoch, &*current[place], &*target_epoch, &*target[place], &*upgraded];
        line(&cells, &instances[place], more);
    }
}

fn state(group: &DescribedGroup, verbose: bool, out: &mut Printed) {
    if !tells_state(group, 1, out) {
        return;
    }
    let (name, broker) = (group.group.as_str(), group.coordinator.0);
    let coordinator = format!("127.0.0.1:1909{broker}  ({broker})");
    let assignor = if group.assignor.is_empty() { "-" } else { &*group.assignor };
    let (epoch, target) = (or_dash(group.epoch), or_dash(group.target_epoch));
    let count = group.members.len().to_string();
    let mut widths = vec![width(15, [name]), width(25, [&*coordinator]), 20, 20];
    let mut head = vec!["GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE"];
    let mut told = vec![name, &*coordinator, assignor, group.state];
    if verbose {
        widths.extend([15, 25]);
        head.extend(["GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"]);
        told.extend([&*epoch, &*target]);
    }
    head.push("#MEMBERS");
    told.push(&count);
    for cells in [head, told] {
        out.stdout.push('\n');
        row(&mut out.stdout, &widths, &cells);
    }
    out.stdout.push('\n');
}
