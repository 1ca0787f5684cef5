//! What is modelled, simplified and not modelled: collected from the comments of the core and
//! written as a page of its own, so that it cannot say anything else than the code.
//!
//! A `Source:` in a comment makes its first sentence a rule that is modelled, a `Simplified:` is a
//! liberty, a `Not modelled:` something that is left out.

mod comments;

use std::fs;

use anyhow::{Context as _, Result};

use crate::shell;
use crate::written::{Prose, Written, line};
use comments::{Remark, remarks};

const PAGE: Written = Written { command: "model", path: "web/model/model.html" };

/// The parts of the page: a heading, and the files of the core that it is about.
const PARTS: [(&str, &str, &str); 3] = [
    ("kafka", "Kafka", "kafka"),
    ("rabbitmq", "RabbitMQ", "rabbitmq"),
    ("both", "Time and network, for both", "sim"),
];

/// What is said of one part of the core.
#[derive(Default)]
struct Told {
    left_out: Vec<String>,
    liberties: Vec<(String, String)>,
    rules: Vec<(String, String)>,
}

/// Writes the page, or checks that it is what it would write.
pub(crate) fn run(write: bool) -> Result<()> {
    PAGE.run(&content()?, write)
}

/// The page's content, part by part, in the order of files and lines.
fn content() -> Result<String> {
    let mut content = String::new();
    for (id, heading, module) in PARTS {
        section(&mut content, id, heading, &told(module)?);
    }
    Ok(content)
}

/// What the comments of a module of the core say.
fn told(module: &str) -> Result<Told> {
    let source = shell::root().join("crates/core/src");
    let mut files = shell::files_below(&source.join(module), &["tests"])?;
    files.insert(0, source.join(format!("{module}.rs")));
    let mut told = Told::default();
    for path in files {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path:?}"))?;
        for remark in remarks(&text) {
            match remark {
                Remark::Source { rule, source } => told.rules.push((rule, source)),
                Remark::Simplified { about, how } => told.liberties.push((about, how)),
                Remark::NotModelled(what) => told.left_out.push(what),
            }
        }
    }
    Ok(told)
}

fn section(content: &mut String, id: &str, heading: &str, told: &Told) {
    line(content, format_args!("    <section id=\"{id}\">"));
    line(content, format_args!("      <h2>{heading}</h2>"));
    if !told.left_out.is_empty() {
        line(content, format_args!("      <h3>Not modelled</h3>"));
        line(content, format_args!("      <ul>"));
        for what in &told.left_out {
            line(content, format_args!("        <li>{}</li>", Prose(what)));
        }
        line(content, format_args!("      </ul>"));
    }
    let label = |what: &str| format!("{what}: {heading}");
    let columns = ["of this", "the model differs"];
    table(content, "Simplified", &label("Simplified"), columns, &told.liberties);
    table(content, "Modelled", &label("Modelled"), ["rule", "source"], &told.rules);
    line(content, format_args!("    </section>"));
}

fn table(
    content: &mut String,
    heading: &str,
    label: &str,
    columns: [&str; 2],
    rows: &[(String, String)],
) {
    line(content, format_args!("      <h3>{heading}</h3>"));
    line(content, format_args!("      <table aria-label=\"{label}\">"));
    let [first, second] = columns;
    line(content, format_args!("        <tr><th>{first}</th><th>{second}</th></tr>"));
    for (first, second) in rows {
        let (first, second) = (Prose(first), Prose(second));
        line(content, format_args!("        <tr><td>{first}</td><td>{second}</td></tr>"));
    }
    line(content, format_args!("      </table>"));
}
