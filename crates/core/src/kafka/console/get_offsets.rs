//! `kafka-get-offsets`.

use super::options::{Options, Takes};
use super::topics::matches;
use super::{BadUse, Described, DescribedPartition, Printed};
use crate::kafka::Offset;
use crate::map::sort_by_key;

const OPTIONS: &[(&str, Takes)] = &[
    ("topic", Takes::Value),
    ("partitions", Takes::Value),
    ("topic-partitions", Takes::Value),
    ("time", Takes::Value),
    ("exclude-internal-topics", Takes::Nothing),
];

/// Runs it.
pub(super) fn run(cluster: &Described, args: &[&str]) -> Result<Printed, BadUse> {
    let options = Options::read(args, OPTIONS)?;
    let at = at(options.value("time").unwrap_or("latest"))?;
    if options.has("topic-partitions") && (options.has("topic") || options.has("partitions")) {
        return Err(BadUse::new("--topic-partitions cannot be used with --topic or --partitions"));
    }
    let rules = rules(&options)?;
    let mut out = Printed::default();
    let mut lines = Vec::new();
    let mut any = false;
    for topic in &cluster.topics {
        if options.has("exclude-internal-topics") && topic.is_internal() {
            continue;
        }
        for (number, it) in (0_u32..).zip(&topic.partitions) {
            let name = topic.name.as_str();
            if !rules.iter().any(|rule| rule.takes(name, number)) {
                continue;
            }
            any = true;
            if let Some(offset) = at(it) {
                lines.push((format!("{name}-{number}"), format!("{name}:{number}:{offset}\n")));
            }
        }
    }
    if !any {
        out.stderr = "Error occurred: Could not match any topic-partitions with the specified \
                      filters\n"
            .to_owned();
    }
    // By the text `topic-partition`, in which 10 comes before 2.
    sort_by_key(&mut lines, |it| it.0.clone());
    for (_, line) in lines {
        out.stdout.push_str(&line);
    }
    Ok(out)
}

/// Which offset of a partition is asked for.
fn at(time: &str) -> Result<fn(&DescribedPartition) -> Option<Offset>, BadUse> {
    match time {
        "latest" | "-1" => Ok(|it| Some(it.offsets?.1)),
        "earliest" | "-2" => Ok(|it| Some(it.offsets?.0)),
        "max-timestamp" | "-3" => Ok(|it| it.newest),
        _ => Err(BadUse(format!(
            "Malformed time argument {time}: here it is -1 or latest, -2 or earliest, -3 or \
             max-timestamp"
        ))),
    }
}

/// Partitions that are meant: of the topics of a pattern those from `from` to before `to`.
struct Rule<'a> {
    topics: &'a str,
    from: u32,
    to: u32,
}

impl Rule<'_> {
    fn takes(&self, topic: &str, number: u32) -> bool {
        matches(self.topics, topic) && (self.from..self.to).contains(&number)
    }
}

fn rules<'a>(options: &Options<'a>) -> Result<Vec<Rule<'a>>, BadUse> {
    let mut rules = Vec::new();
    let number = |text: &str, otherwise: u32| match text {
        "" => Ok(otherwise),
        _ => text.parse().map_err(|_| BadUse(format!("'{text}' is not a partition"))),
    };
    if let Some(list) = options.value("topic-partitions") {
        for rule in list.split(',') {
            let (topics, range) = rule.split_once(':').unwrap_or((rule, ""));
            let topics = if topics.is_empty() { ".*" } else { topics };
            let (from, to) = match range.split_once('-') {
                Some((from, to)) => (number(from, 0)?, number(to, u32::MAX)?),
                None if range.is_empty() => (0, u32::MAX),
                None => (number(range, 0)?, number(range, 0)?.saturating_add(1)),
            };
            rules.push(Rule { topics, from, to });
        }
        return Ok(rules);
    }
    let topics = options.value("topic").unwrap_or(".*");
    match options.value("partitions") {
        None => rules.push(Rule { topics, from: 0, to: u32::MAX }),
        Some(list) => {
            for it in list.split(',') {
                let from = number(it, 0)?;
                rules.push(Rule { topics, from, to: from.saturating_add(1) });
            }
        }
    }
    Ok(rules)
}
