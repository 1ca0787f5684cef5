//! `brokerscope check`: whether scenario files are right.

use crate::trouble::Trouble;
use brokerscope_scenario::Scenario;
use std::io::Write;
use std::path::PathBuf;

/// Checks all files, and tells what is wrong with each that is not right.
pub fn check(files: &[PathBuf], out: &mut impl Write) -> Result<(), Trouble> {
    let mut wrong = 0;
    for file in files {
        match Scenario::from_file(file) {
            Ok(scenario) => {
                let messages = scenario.workload.messages.len();
                writeln!(out, "{}: right, {messages} messages", file.display())?;
            }
            Err(it) => {
                wrong += 1;
                if wrong == files.len() && wrong == 1 {
                    return Err(it.into());
                }
                eprintln!("brokerscope: {it}");
            }
        }
    }
    if wrong == 0 {
        return Ok(());
    }
    Err(Trouble::Asked(format!("{wrong} of {} files are wrong", files.len())))
}
