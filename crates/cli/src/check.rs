//! `brokerscope check`: whether scenario files are right, and whether what they say comes true.

use crate::trouble::Trouble;
use brokerscope_scenario::Scenario;
use brokerscope_scenario::load::lesson_names;
use brokerscope_scenario::proof::{Proof, lacks, prove};
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Checks all files, and tells what is wrong with each that is not right.
pub(crate) fn check(files: &[PathBuf], lesson: bool, out: &mut impl Write) -> Result<(), Trouble> {
    let mut wrong = 0;
    for file in files {
        match told(file, lesson) {
            Ok(told) => writeln!(out, "{}: right, {told}", file.display())?,
            Err(Troubles(mut troubles)) => {
                // What is wrong with the only file ends the command.
                let last = if files.len() == 1 { troubles.pop() } else { None };
                for trouble in troubles {
                    eprintln!("brokerscope: {trouble}");
                }
                if let Some(last) = last {
                    return Err(last);
                }
                wrong += 1;
            }
        }
    }
    match wrong {
        0 => Ok(()),
        1 => Err(Trouble::Asked(format!("1 of {} files is wrong", files.len()))),
        _ => Err(Trouble::Asked(format!("{wrong} of {} files are wrong", files.len()))),
    }
}

/// What is wrong with one file.
struct Troubles(Vec<Trouble>);

impl<T: Into<Trouble>> From<T> for Troubles {
    fn from(wrong: T) -> Self {
        Self(vec![wrong.into()])
    }
}

/// What is in a file that is right.
fn told(file: &Path, lesson: bool) -> Result<String, Troubles> {
    if file.file_name().is_some_and(|it| it == "lessons.toml") {
        return Ok(format!("{} lessons", lesson_names(file)?.len()));
    }
    let acts: Vec<Proof> = Scenario::acts_from_file(file)?.iter().map(prove).collect();
    let mut faults = Vec::new();
    for act in &acts {
        let number = act.run.scenario().act.number;
        let place = if acts.len() > 1 { format!("act {number}: ") } else { String::new() };
        faults.extend(act.faults.iter().map(|it| format!("{place}{it}")));
    }
    if lesson {
        faults.extend(lacks(&acts));
    }
    let trouble = |it| Trouble::Asked(format!("{}: {it}", file.display()));
    if !faults.is_empty() {
        return Err(Troubles(faults.into_iter().map(trouble).collect()));
    }
    let mut told = String::new();
    for act in &acts {
        tell(act, acts.len(), &mut told).expect("a string takes what is written");
    }
    Ok(told)
}

/// What an act says, and what came of it.
fn tell(act: &Proof, acts: usize, told: &mut String) -> std::fmt::Result {
    let scenario = act.run.scenario();
    if acts > 1 {
        let (number, title) = (scenario.act.number, &scenario.act.title);
        write!(told, "\nact {number}, {title}: ")?;
    }
    let (messages, beats) = (scenario.workload.messages.len(), scenario.beats.len());
    write!(told, "{messages} messages, {beats} beats, {}", act.run.end())?;
    let asks = &scenario.asks;
    for (asked, it) in asks.asked.iter().zip(&act.answers) {
        let (system, query) = (it.system.as_str(), asked.query.word());
        let of = if asked.of.is_empty() { "" } else { " " };
        write!(told, "\n  {system}: {query}{of}{} = {}", asked.of, it.found)?;
        if let Some(right) = it.answer {
            write!(told, "\n    {}", asks.answers[right].say)?;
        }
    }
    for (task, done) in scenario.tasks.iter().zip(&act.done) {
        let does: Vec<_> = task.does.iter().map(|(at, it)| format!("{at} {it}")).collect();
        write!(told, "\n  try: {}\n    {}", task.say, does.join(", "))?;
        if let Some(at) = done {
            write!(told, "; done at {at}")?;
        }
    }
    Ok(())
}
