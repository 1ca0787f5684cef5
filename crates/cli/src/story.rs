//! Finding the scenario that is meant: a file, one that is built in, or standard input.

use crate::trouble::Trouble;
use brokerscope_scenario::{Lesson, Scenario};
use std::io;
use std::path::Path;

/// The scenario that `wanted` names: that act of it.
pub(crate) fn scenario(wanted: &str, act: u8, seed: Option<u64>) -> Result<Scenario, Trouble> {
    let acts = acts(wanted)?;
    let count = acts.len();
    let scenario = acts.into_iter().find(|it| it.act.number == act).ok_or_else(|| {
        let there = if count == 1 { "is one act".to_owned() } else { format!("are {count} acts") };
        Trouble::Asked(format!("there {there} in '{wanted}', and no act {act}"))
    })?;
    Ok(match seed {
        Some(seed) => scenario.with_seed(seed),
        None => scenario,
    })
}

fn acts(wanted: &str) -> Result<Vec<Scenario>, Trouble> {
    if wanted == "-" {
        let file = || "standard input".to_owned();
        let read = |wrong| Trouble::Read { file: file(), wrong };
        let text = io::read_to_string(io::stdin().lock()).map_err(read)?;
        let json = text.trim_start().starts_with('{');
        let from = if json { Scenario::acts_from_json } else { Scenario::acts_from_toml };
        return Ok(from("scenario", &text).map_err(|wrong| wrong.in_file(file()))?);
    }
    // A built-in scenario has a plain name; whatever looks like a file is one.
    let path = Path::new(wanted);
    if path.extension().is_some() || path.components().count() != 1 || path.is_file() {
        return Ok(Scenario::acts_from_file(path)?);
    }
    Ok(Lesson::named(wanted)?.scenarios())
}
