//! `brokerscope run`: what happens in both systems, and what came of it.

use crate::args;
use crate::data::rows;
use crate::json;
use crate::story::scenario;
use crate::trouble::Trouble;
use brokerscope_scenario::Run;
use brokerscope_scenario::ledger::Outcome;
use brokerscope_scenario::scenario::SystemName;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

/// Runs a scenario and prints it.
pub(crate) fn run(wanted: &args::Run, out: &mut impl Write) -> Result<(), Trouble> {
    let from_input = wanted.keys.as_ref().is_some_and(|keys| keys.as_os_str() == "-");
    if from_input && wanted.scenario == "-" {
        let what = "the scenario and its keys cannot both come from standard input";
        return Err(Trouble::Asked(what.to_owned()));
    }
    let mut scenario = scenario(&wanted.scenario, wanted.act, wanted.seed)?;
    if let Some(keys) = &wanted.keys {
        scenario = scenario.with_rows(rows(keys, &wanted.format)?);
    }
    let mut run = Run::new(scenario);
    match wanted.until {
        Some(until) => run.seek(until),
        None => {
            while !run.explore(u64::MAX) {}
            run.seek(run.end());
        }
    }
    if wanted.json {
        json::write(&run, out)?;
    } else {
        trace(&run, out)?;
        ledger(&run, out)?;
    }
    Ok(())
}

/// What happened, a line each.
fn trace(run: &Run, out: &mut impl Write) -> io::Result<()> {
    let mut text = Text { out, wrong: None };
    // What went wrong is kept by the writer itself.
    let _ = run.trace(run.now(), &mut text);
    text.wrong.map_or(Ok(()), Err)
}

/// Text that goes to a file or a pipe.
struct Text<'a, W> {
    out: &'a mut W,
    wrong: Option<io::Error>,
}

impl<W: Write> fmt::Write for Text<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.out.write_all(text.as_bytes()).map_err(|wrong| {
            self.wrong = Some(wrong);
            fmt::Error
        })
    }
}

/// A number of an outcome, as people say it.
type Row = (&'static str, fn(&Outcome) -> u64);

/// What is always told.
const ALWAYS: [Row; 6] = [
    ("sent", |it| it.sent),
    ("acknowledged to the producer", |it| it.acknowledged),
    ("processed once", |it| it.once),
    ("processed twice", |it| it.twice),
    ("not processed yet", |it| it.not_yet),
    ("still in the broker", |it| it.in_broker),
];

/// What is told where there is any.
const SOMETIMES: [Row; 13] = [
    ("processed more often", |it| it.more),
    ("not processed: on the way", |it| it.on_the_way),
    ("not processed: waiting", |it| it.waiting),
    ("not processed: passed over", |it| it.passed_over),
    ("not processed: removed unread", |it| it.removed_unread),
    ("not processed: lost", |it| it.lost),
    ("not processed: never acknowledged, gone", |it| it.vanished),
    ("not processed: in an aborted transaction", |it| it.aborted),
    ("dead-lettered: rejected", |it| it.dead_lettered.rejected),
    ("dead-lettered: expired", |it| it.dead_lettered.expired),
    ("dead-lettered: over the length limit", |it| it.dead_lettered.max_length),
    ("out of order within their key", |it| it.out_of_order),
    ("not settled", |it| it.unsettled),
];

/// What came of the messages: a column a reader, a row a number.
fn ledger(run: &Run, out: &mut impl Write) -> io::Result<()> {
    let readers = run.outcomes();
    let there = |row: &&Row| readers.iter().any(|(_, _, outcome)| row.1(outcome) > 0);
    let rows: Vec<&Row> = ALWAYS.iter().chain(SOMETIMES.iter().filter(there)).collect();
    let widest = rows.iter().map(|it| it.0.len()).max().unwrap_or_default();
    let head = |(system, name, _): &(SystemName, Arc<str>, Outcome)| {
        format!("{}: {name}", system.as_str())
    };
    let heads: Vec<String> = readers.iter().map(head).collect();

    writeln!(out, "\nmessages after {}", run.now())?;
    write!(out, "{:widest$}", "")?;
    for head in &heads {
        write!(out, "  {head:>10}")?;
    }
    writeln!(out)?;
    for (words, number) in rows {
        write!(out, "{words:widest$}")?;
        for (head, (_, _, outcome)) in heads.iter().zip(&readers) {
            let width = head.chars().count().max(10);
            write!(out, "  {:>width$}", number(outcome))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "\ntrace {:016x}, seed {}", run.trace_hash(), run.scenario().seed)
}
