//! `brokerscope console`: what Kafka's own tools would print at one instant of a scenario.

use crate::args::Console;
use crate::story::scenario;
use crate::trouble::Trouble;
use brokerscope_core::kafka::console::{BadUse, run, words};
use brokerscope_scenario::Run;
use std::io::{self, Write as _};

/// Runs a tool. What it prints on standard error goes there too.
pub(crate) fn console(wanted: &Console, out: &mut impl io::Write) -> Result<(), Trouble> {
    let wrong = |wrong: BadUse| Trouble::Asked(wrong.to_string());
    let words = words(&wanted.line).map_err(wrong)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (tool, args) = words.split_first().expect("a command line has a word");
    let mut story = Run::new(scenario(&wanted.scenario, wanted.act, wanted.seed)?);
    story.seek(wanted.at);
    let printed = run(&story.kafka().system().described(), tool, args).map_err(wrong)?;
    out.write_all(printed.stdout.as_bytes())?;
    out.flush()?;
    io::stderr().write_all(printed.stderr.as_bytes())?;
    Ok(())
}
