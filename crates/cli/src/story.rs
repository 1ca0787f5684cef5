//! Finding the scenario that is meant: a file, one that is built in, or standard input.

use crate::trouble::Trouble;
use brokerscope_scenario::{Lesson, Scenario};
use std::io;
use std::path::Path;

/// The scenario that `wanted` names.
pub(crate) fn scenario(wanted: &str, seed: Option<u64>) -> Result<Scenario, Trouble> {
    let scenario = find(wanted)?;
    Ok(match seed {
        Some(seed) => scenario.with_seed(seed),
        None => scenario,
    })
}

fn find(wanted: &str) -> Result<Scenario, Trouble> {
    if wanted == "-" {
        let file = || "standard input".to_owned();
        let read = |wrong| Trouble::Read { file: file(), wrong };
        let text = io::read_to_string(io::stdin().lock()).map_err(read)?;
        let json = text.trim_start().starts_with('{');
        let from = if json { Scenario::from_json } else { Scenario::from_toml };
        return Ok(from("scenario", &text).map_err(|wrong| wrong.in_file(file()))?);
    }
    // A built-in scenario has a plain name; whatever looks like a file is one.
    let path = Path::new(wanted);
    if path.extension().is_some() || path.components().count() != 1 || path.is_file() {
        return Ok(Scenario::from_file(path)?);
    }
    Ok(Lesson::named(wanted)?.scenario())
}
