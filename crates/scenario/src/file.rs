//! From a scenario file, TOML or JSON, to a [`Scenario`]: every key known, every value right,
//! every name resolved.
//!
//! The shape is described in `schema/scenario.schema.json`.

mod acts;
mod kafka;
mod lesson;
#[cfg(feature = "files")]
mod list;
mod rabbitmq;
mod read;
mod workload;

use crate::command::{Cast, Command};
use crate::error::Error;
use crate::expand::{Flow, expand};
use crate::lesson::{Act, Asks};
use crate::scenario::{Beat, End, Scenario, SystemName};
use crate::value::Value;
use brokerscope_core::kafka::Config as Kafka;
use brokerscope_core::rabbitmq::Config as RabbitMq;
use brokerscope_core::settings::Value as Choice;
use brokerscope_core::sim::{SimDuration, SimTime};
#[cfg(feature = "files")]
pub(crate) use list::lesson_names;
use read::{Node, Table, Wrong};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// The longest run: a year.
const LONGEST: SimDuration = SimDuration::seconds(366 * 86_400);

/// How long a key of a message or a name may be.
const MAX_TEXT: usize = 10_000;

/// What a scenario is made of.
const KEYS: &[&str] = &[
    "title", "question", "seed", "ends", "workload", "kafka", "rabbitmq", "step", "beat", "asks",
    "answer", "try", "card", "decided", "act",
];

impl Choice for SystemName {
    const EXPECTED: &'static str = "kafka or rabbitmq";

    fn read(text: &str) -> Option<Self> {
        [Self::Kafka, Self::RabbitMq].into_iter().find(|it| it.word() == text)
    }

    fn show(&self) -> String {
        self.word().to_owned()
    }
}

impl Scenario {
    /// The scenario that `value` describes: its first act, if it has several. `name` is what it is
    /// called: the file's name without its ending.
    ///
    /// # Errors
    /// If anything in it is not known, not right or not there.
    pub fn from_value(name: &str, value: &Value) -> Result<Self, Error> {
        Self::acts_from_value(name, value).map(first)
    }

    /// One act: `value` is what it is, with everything that acts share; `acts` is how many there
    /// are.
    fn read(name: &str, value: &Value, act: Act, acts: usize) -> Result<Self, Wrong> {
        let top = Node::top(value).table(KEYS)?;
        let ends = top.need("ends")?;
        let end = time(ends)?;
        if end == SimTime::START {
            return Err(ends.says("a run lasts longer than no time at all"));
        }
        let flows = workload::flows(top, end)?;
        let kafka = kafka::config(top, &flows)?;
        let rabbitmq = rabbitmq::config(top, &flows)?;
        let seed = top.or("seed", 1, |it| it.whole(0, (1 << 53) - 1))?;
        let flows: Vec<Flow> = flows.into_iter().map(|it| it.flow).collect();
        let mut scenario = Self {
            name: name.to_owned(),
            title: title(top.need("title")?)?,
            question: title(top.need("question")?)?,
            seed,
            ends: End::At(end),
            workload: expand(&flows, seed),
            flows,
            kafka,
            rabbitmq,
            steps: Vec::new(),
            beats: beats(top)?,
            act,
            asks: Asks::default(),
            tasks: Vec::new(),
            cards: Vec::new(),
            decided: Vec::new(),
        };
        scenario.steps = steps(top, end, &scenario.kafka, &scenario.rabbitmq)?;
        lesson::fill(top, &mut scenario, acts)?;
        Ok(scenario)
    }

    /// The scenario in a JSON text: its first act, if it has several.
    ///
    /// # Errors
    /// If it is not JSON, or anything in it is not known, not right or not there.
    pub fn from_json(name: &str, text: &str) -> Result<Self, Error> {
        Self::acts_from_json(name, text).map(first)
    }
}

/// The first act.
pub(crate) fn first(acts: Vec<Scenario>) -> Scenario {
    acts.into_iter().next().expect("because a file is one act at least")
}

/// A text that is shown to people. Where its lines break in the file means nothing.
fn title(node: Node<'_>) -> Result<String, Wrong> {
    let words: Vec<&str> = node.text()?.split_whitespace().collect();
    if words.is_empty() {
        return Err(node.says("this text is empty"));
    }
    Ok(words.join(" "))
}

/// An instant within the longest run.
fn time(node: Node<'_>) -> Result<SimTime, Wrong> {
    let instant: SimTime = node.parse()?;
    if SimTime(LONGEST.0) < instant {
        return Err(node.error(format!("{instant} is beyond the longest run, {LONGEST}")));
    }
    Ok(instant)
}

/// A span within the longest run.
fn span(node: Node<'_>) -> Result<SimDuration, Wrong> {
    time(node).map(|instant| SimDuration(instant.0))
}

/// A name: one word, so that commands can say it.
fn name<'a>(node: Node<'a>) -> Result<&'a str, Wrong> {
    let name = node.text()?;
    let strange = |it: char| it.is_whitespace() || it.is_control();
    if name.is_empty() || name.contains(strange) || MAX_TEXT < name.len() {
        return Err(node.error(format!("{name:?} is not a name: write one word")));
    }
    Ok(name)
}

/// Refuses what was there before.
fn unique<'a>(
    seen: &mut BTreeSet<&'a str>,
    what: &str,
    node: Node<'_>,
    name: &'a str,
) -> Result<(), Wrong> {
    if seen.insert(name) {
        return Ok(());
    }
    Err(node.error(format!("there are two {what} named '{name}'")))
}

/// Names of one kind, each once.
fn names<'a>(
    node: Node<'a>,
    seen: &mut BTreeSet<&'a str>,
    what: &str,
) -> Result<Vec<&'a str>, Wrong> {
    let list = node.list()?;
    if list.is_empty() {
        return Err(node.says("this list is empty"));
    }
    list.into_iter()
        .map(|item| {
            let name = name(item)?;
            unique(seen, what, item, name).map(|()| name)
        })
        .collect()
}

/// Refuses a setting that no run could go on with, though it is of the right kind.
fn within(
    node: Node<'_>,
    shown: Option<String>,
    setting: &str,
    range: RangeInclusive<i64>,
) -> Result<(), Wrong> {
    let number: Option<i64> = shown.and_then(|it| it.parse().ok());
    let Some(it) = number.filter(|it| !range.contains(it)) else { return Ok(()) };
    let right = match (range.start(), range.end()) {
        (least, &i64::MAX) => format!("of at least {least}"),
        (least, most) => format!("from {least} to {most}"),
    };
    Err(node.error(format!("'{setting}' cannot be '{it}': it is a whole number {right}")))
}

fn beats(top: Table<'_>) -> Result<Vec<Beat>, Wrong> {
    let each = |node: Node<'_>| beat(node.table(&["system", "when", "say"])?);
    top.items("beat")?.into_iter().map(each).collect()
}

fn beat(table: Table<'_>) -> Result<Beat, Wrong> {
    Ok(Beat {
        system: table.need("system")?.choice()?,
        when: title(table.need("when")?)?,
        say: title(table.need("say")?)?,
    })
}

fn steps(
    top: Table<'_>,
    end: SimTime,
    kafka: &Kafka,
    rabbitmq: &RabbitMq,
) -> Result<Vec<(SimTime, Command)>, Wrong> {
    let mut steps: Vec<(SimTime, Node<'_>, Command)> = Vec::new();
    for node in top.items("step")? {
        let table = node.table(&["at", "do"])?;
        let at = table.need("at")?;
        let instant = time(at)?;
        if end < instant {
            return Err(at.error(format!("{instant} is after the end, {end}")));
        }
        let text = table.need("do")?;
        let command = text.parse()?;
        let place = steps.partition_point(|(before, ..)| *before <= instant);
        steps.insert(place, (instant, text, command));
    }
    let mut cast = Cast::new(kafka, rabbitmq);
    for (_, node, command) in &steps {
        cast.resolve(command).map_err(|wrong| node.error(wrong.to_string()))?;
    }
    Ok(steps.into_iter().map(|(at, _, command)| (at, command)).collect())
}
