//! Files of recorded cases, read strictly: what is not understood is said, never passed over.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use thiserror::Error;

/// What a file says that it is.
const FORMAT: &str = "brokerscope-cases/1";

/// Why a file is not one of cases: one sentence.
#[derive(Debug, Error)]
pub(crate) enum BadFile {
    /// It is no JSON, or not of the right shape. The place is part of the text.
    #[error("{0}")]
    Shape(#[from] serde_json::Error),
    /// It is another format.
    #[error("'format' is '{0}', but '{FORMAT}' is what can be read")]
    Format(String),
    /// It does not name the versions it was recorded from.
    #[error("'brokers' names no version")]
    NoVersion,
    /// Something in a case does not go together.
    #[error("case {place} ('{id}'): {wrong}")]
    Case { place: usize, id: String, wrong: String },
}

/// The two systems that cases are recorded from.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(crate) enum SystemName {
    #[serde(rename = "kafka")]
    Kafka,
    #[serde(rename = "rabbitmq")]
    RabbitMq,
}

/// A file of cases.
#[derive(Debug)]
pub(crate) struct CaseFile {
    /// Its name, for reports.
    pub(crate) name: String,
    pub(crate) system: SystemName,
    /// The versions that were recorded.
    pub(crate) versions: Vec<String>,
    pub(crate) cases: Vec<Case>,
}

/// A script, and what was observed when the real broker followed it.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) id: String,
    /// The versions it was recorded from. Invariant: at least one.
    pub(crate) versions: Vec<String>,
    /// How the system is set up, where that is not as always.
    pub(crate) cluster: Map<String, Value>,
    pub(crate) steps: Vec<Step>,
}

/// One step of a script.
#[derive(Debug)]
pub(crate) struct Step {
    /// What is done: `do`.
    pub(crate) operation: String,
    /// With what: all other keys.
    pub(crate) given: Map<String, Value>,
    pub(crate) expected: Expected,
}

/// What was observed.
#[derive(Debug, PartialEq)]
pub(crate) enum Expected {
    /// The step observes nothing.
    Nothing,
    /// The same in all versions.
    Always(Value),
    /// Per version.
    ByVersion(BTreeMap<String, Value>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WholeFile {
    format: String,
    system: SystemName,
    brokers: BTreeMap<String, String>,
    cases: Vec<WholeCase>,
}

/// A case as it is written. What nothing here needs is read all the same, so that a key which
/// nobody knows is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the keys are known, but only people read them")]
struct WholeCase {
    id: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    timing_sensitive: bool,
    #[serde(default)]
    versions_differ: bool,
    #[serde(default)]
    verified: Value,
    #[serde(default)]
    cluster: Map<String, Value>,
    profiles: Option<Vec<String>>,
    steps: Vec<Step>,
}

impl CaseFile {
    /// Reads a file called `name`.
    pub(crate) fn read(name: &str, text: &[u8]) -> Result<Self, BadFile> {
        let whole: WholeFile = serde_json::from_slice(text)?;
        if whole.format != FORMAT {
            return Err(BadFile::Format(whole.format));
        }
        let mut versions: Vec<String> = whole.brokers.into_keys().collect();
        versions.sort_by(|one, other| by_number(one, other));
        if versions.is_empty() {
            return Err(BadFile::NoVersion);
        }
        let mut ids = BTreeSet::new();
        let mut cases = Vec::new();
        for (place, case) in (1..).zip(whole.cases) {
            let id = case.id.clone();
            let wrong = |wrong| BadFile::Case { place, id: id.clone(), wrong };
            if !ids.insert(id.clone()) {
                return Err(wrong("another case has this id".to_owned()));
            }
            cases.push(case.check(&versions).map_err(wrong)?);
        }
        Ok(Self { name: name.to_owned(), system: whole.system, versions, cases })
    }
}

impl WholeCase {
    /// The case, if its parts go together.
    fn check(self, known: &[String]) -> Result<Case, String> {
        let mut versions = self.profiles.unwrap_or_else(|| known.to_vec());
        if versions.is_empty() {
            return Err("'profiles' names no version".to_owned());
        }
        versions.sort_by(|one, other| by_number(one, other));
        let mut named = versions.iter();
        if let Some(unknown) = named.find(|it| !known.contains(it)) {
            return Err(format!("'profiles' names '{unknown}', which 'brokers' does not"));
        }
        if self.steps.is_empty() {
            return Err("it has no steps".to_owned());
        }
        for (number, step) in (1..).zip(&self.steps) {
            let Expected::ByVersion(expected) = &step.expected else { continue };
            if let Some(unknown) = expected.keys().find(|it| !known.contains(it)) {
                return Err(format!(
                    "step {number}: 'expect_by_version' names '{unknown}', which 'brokers' does \
                     not"
                ));
            }
            if let Some(missing) = versions.iter().find(|it| !expected.contains_key(*it)) {
                return Err(format!("step {number}: 'expect_by_version' lacks '{missing}'"));
            }
        }
        Ok(Case { id: self.id, versions, cluster: self.cluster, steps: self.steps })
    }
}

impl Case {
    /// The newest version it was recorded from.
    pub(crate) fn newest(&self) -> &str {
        self.versions.last().expect("a case was recorded from at least one version")
    }
}

impl Step {
    /// Whether it builds the scene, so that it has to succeed where nothing else is expected.
    pub(crate) fn must_succeed(&self) -> bool {
        matches!(
            &*self.operation,
            "topic"
                | "grow"
                | "producer"
                | "consumer"
                | "subscribe"
                | "seek"
                | "close"
                | "begin"
                | "exchange"
                | "queue"
                | "bind"
                | "unbind"
                | "delete_queue"
                | "delete_exchange"
        )
    }

    /// What was observed under that version, if it is asserted.
    pub(crate) fn expected_under(&self, version: &str) -> Option<&Value> {
        let value = match &self.expected {
            Expected::Nothing => None,
            Expected::Always(value) => Some(value),
            Expected::ByVersion(values) => values.get(version),
        };
        value.filter(|it| !is_unstable(it))
    }
}

/// `{"unstable": [...]}` lists what repeated runs gave, and asserts nothing.
fn is_unstable(value: &Value) -> bool {
    value.as_object().is_some_and(|it| it.len() == 1 && it.contains_key("unstable"))
}

/// Versions by their numbers: 4.0.5 after 3.10.8, and 3.10 after 3.9.
fn by_number(one: &str, other: &str) -> Ordering {
    let numbers =
        |it: &str| -> Vec<Option<u64>> { it.split('.').map(|part| part.parse().ok()).collect() };
    numbers(one).cmp(&numbers(other)).then_with(|| one.cmp(other))
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(StepVisitor)
    }
}

struct StepVisitor;

impl<'de> Visitor<'de> for StepVisitor {
    type Value = Step;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a step with its operation in 'do'")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Step, A::Error> {
        let mut given = Map::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if given.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format_args!("'{key}' is there twice in a step")));
            }
        }
        let Some(Value::String(operation)) = given.remove("do") else {
            return Err(A::Error::custom("a step names its operation as text in 'do'"));
        };
        let expected = match (given.remove("expect"), given.remove("expect_by_version")) {
            (None, None) => Expected::Nothing,
            (Some(value), None) => Expected::Always(value),
            (None, Some(Value::Object(values))) => {
                Expected::ByVersion(values.into_iter().collect())
            }
            (None, Some(_)) => {
                return Err(A::Error::custom("'expect_by_version' is an object by version"));
            }
            (Some(_), Some(_)) => {
                return Err(A::Error::custom("a step has 'expect' or 'expect_by_version'"));
            }
        };
        Ok(Step { operation, given, expected })
    }
}
