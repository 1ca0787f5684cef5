//! `brokerscope check`: whether scenario files are right, and whether what they say happens.

use crate::trouble::Trouble;
use brokerscope_scenario::load::lesson_names;
use brokerscope_scenario::{Run, Scenario};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Checks all files, and tells what is wrong with each that is not right.
pub(crate) fn check(files: &[PathBuf], out: &mut impl Write) -> Result<(), Trouble> {
    let mut wrong = 0;
    for file in files {
        match told(file) {
            Ok(told) => writeln!(out, "{}: right, {told}", file.display())?,
            Err(trouble) if files.len() == 1 => return Err(trouble),
            Err(trouble) => {
                eprintln!("brokerscope: {trouble}");
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

/// What is in a file that is right.
fn told(file: &Path) -> Result<String, Trouble> {
    if file.file_name().is_some_and(|it| it == "lessons.toml") {
        return Ok(format!("{} lessons", lesson_names(file)?.len()));
    }
    let mut run = Run::new(Scenario::from_file(file)?);
    while !run.explore(u64::MAX) {}
    let said: Vec<_> = run.beats().into_iter().map(|(beat, _)| beat).collect();
    let beats = &run.scenario().beats;
    if let Some(place) = beats.iter().position(|it| !said.contains(&it)) {
        let beat = &beats[place];
        let (system, when) = (beat.system.as_str(), &beat.when);
        let what = format!("nothing that happens in {system} begins with '{when}'");
        return Err(Trouble::Asked(format!("{}: beat[{place}].when: {what}", file.display())));
    }
    let messages = run.scenario().workload.messages.len();
    Ok(format!("{messages} messages, {} beats, {}", beats.len(), run.end()))
}
