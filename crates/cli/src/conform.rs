//! `brokerscope conform`: whether the simulation answers what the real brokers answered.
//!
//! Cases are recordings, one file of them per subject; the format is told in
//! `conformance/README.md`. A driver puts the steps of a case to a system and says what it
//! observes; here that is compared with the recording.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a driver tells an answer of another kind than it waits for as it is, whichever it is"
)]

mod case;
mod given;
mod kafka;
mod rabbitmq;
mod report;

use crate::args::Conform;
use crate::trouble::Trouble;
use case::{Case, CaseFile, Expected, Step, SystemName};
use report::{Failure, Report, same};
use serde_json::Value;
use std::any::Any;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Why a step could not be put to the system at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unable {
    /// There is nothing in the simulation that would do this.
    NotModelled(String),
    /// The step does not say what it must.
    Wrong(String),
    /// A machine found itself in a state that cannot be.
    Broken(String),
}

impl fmt::Display for Unable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotModelled(operation) => write!(f, "not modelled: {operation}"),
            Self::Wrong(why) => write!(f, "a wrong step: {why}"),
            Self::Broken(why) => write!(f, "a machine broke: {why}"),
        }
    }
}

/// Runs all cases and reports; trouble unless all pass.
pub(crate) fn conform(wanted: &Conform, out: &mut impl Write) -> Result<(), Trouble> {
    let mut files = Vec::new();
    for path in paths(&wanted.paths)? {
        files.push(read(&path)?);
    }
    let report = run_all(&files, wanted.profile.as_deref())?;
    if wanted.json {
        report.write_json(out)?;
    } else {
        report.write_text(out)?;
    }
    if report.failed == 0 { Ok(()) } else { Err(Trouble::CasesFailed) }
}

/// Every file that is meant, those of a folder by their names.
fn paths(wanted: &[PathBuf]) -> Result<Vec<PathBuf>, Trouble> {
    let mut found = Vec::new();
    for path in wanted {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        collect(path, &mut found).map_err(|wrong| unreadable(path, wrong))?;
        if found.len() == before {
            return Err(Trouble::Asked(format!("{}: no .json file in it", path.display())));
        }
        found[before..].sort();
    }
    Ok(found)
}

/// The files of a folder and of those in it.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|it| it == "json") {
            found.push(path);
        }
    }
    Ok(())
}

fn unreadable(path: &Path, wrong: io::Error) -> Trouble {
    Trouble::Read { file: path.display().to_string(), wrong }
}

fn read(path: &Path) -> Result<CaseFile, Trouble> {
    let name = path.display().to_string();
    let text = fs::read(path).map_err(|wrong| unreadable(path, wrong))?;
    CaseFile::read(&name, &text).map_err(|wrong| Trouble::Asked(format!("{name}: {wrong}")))
}

/// Runs every case under its profile. A case that was not recorded under the one that is asked
/// for does not count.
fn run_all(files: &[CaseFile], profile: Option<&str>) -> Result<Report, Trouble> {
    if let Some(profile) = profile {
        let knows = |it: &CaseFile| it.versions.iter().any(|version| version == profile);
        if !files.iter().any(knows) {
            let mut known: Vec<&str> =
                files.iter().flat_map(|it| &it.versions).map(String::as_str).collect();
            known.sort_unstable();
            known.dedup();
            let known = known.join(", ");
            let wrong = format!("no case was recorded under '{profile}', only under {known}");
            return Err(Trouble::Asked(wrong));
        }
    }
    let mut report = Report::default();
    for file in files {
        for case in &file.cases {
            let version = match profile {
                None => case.newest(),
                Some(profile) if case.versions.iter().any(|it| it == profile) => profile,
                Some(_) => continue,
            };
            report.count(run(file, case, version));
        }
    }
    Ok(report)
}

/// Runs a case: the steps that do not answer as recorded. After one that could not be put to the
/// system the others would mean nothing, so it is the last.
fn run(file: &CaseFile, case: &Case, version: &str) -> Vec<Failure> {
    let mut system = Driver::new(file.system, case, version);
    let mut failures = Vec::new();
    for (number, step) in (1..).zip(&case.steps) {
        // What is wrong in a machine is a failure of this case and must not hide the others.
        let answer = catch_unwind(AssertUnwindSafe(|| system.step(step)));
        let answer = answer.unwrap_or_else(|panic| Err(Unable::Broken(words(&*panic))));
        let stops = answer.is_err();
        if let Some((expected, got)) = differs(step, version, answer) {
            failures.push(Failure {
                file: file.name.clone(),
                case: case.id.clone(),
                step: number,
                operation: step.operation.clone(),
                expected,
                got,
            });
        }
        if stops {
            break;
        }
    }
    failures
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "without a word".to_owned())
}

/// What was expected and what came instead, if they differ. Where nothing is asserted, a step
/// has at least to be run, and what builds the scene has to succeed.
fn differs(
    step: &Step,
    version: &str,
    answer: Result<Value, Unable>,
) -> Option<(Option<Value>, Value)> {
    let expected = step.expected_under(version);
    let got = match answer {
        Ok(got) => got,
        Err(unable) => return Some((expected.cloned(), unable.to_string().into())),
    };
    let agrees = match expected {
        Some(expected) => same(&step.operation, expected, &got),
        None if step.expected != Expected::Nothing => true,
        None => !step.must_succeed() || got.get("error").is_none(),
    };
    if agrees { None } else { Some((expected.cloned(), got)) }
}

/// A system with its clients, as a case drives it.
enum Driver {
    Kafka(Box<kafka::Driver>),
    RabbitMq(Box<rabbitmq::Driver>),
}

impl Driver {
    fn new(system: SystemName, case: &Case, version: &str) -> Self {
        match system {
            SystemName::Kafka => Self::Kafka(Box::new(kafka::Driver::new(case))),
            SystemName::RabbitMq => Self::RabbitMq(Box::new(rabbitmq::Driver::new(version))),
        }
    }

    fn step(&mut self, step: &Step) -> Result<Value, Unable> {
        match self {
            Self::Kafka(driver) => driver.step(step),
            Self::RabbitMq(driver) => driver.step(step),
        }
    }
}

#[cfg(test)]
mod tests;
