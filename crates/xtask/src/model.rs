//! What is modelled, simplified and not modelled: collected from the comments of the core and
//! written as a page of its own, so that it cannot say anything else than the code.
//!
//! A `Source:` in a comment makes its first sentence a rule that is modelled, a `Simplified:` is a
//! liberty, a `Not modelled:` something that is left out.

mod comments;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::shell;
use comments::{Remark, remarks};

const START: &str = "<!-- model: written by `cargo xtask model --write` -->";
const END: &str = "<!-- /model -->";

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
    let path = page();
    let text = fs::read_to_string(&path).context("there is no web/model/model.html")?;
    let fresh = between(&text, &content()?)?;
    if write {
        fs::write(&path, fresh).context("cannot write web/model/model.html")?;
    } else if fresh != text {
        bail!(
            "the page of what is modelled, web/model/model.html, is out of date: \
             `cargo xtask model --write` writes it"
        );
    }
    Ok(())
}

fn page() -> PathBuf {
    shell::root().join("web/model/model.html")
}

/// `text` with what lies between the markers replaced by `content`.
fn between(text: &str, content: &str) -> Result<String> {
    let parts = text.split_once(START).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.context("web/model/model.html lacks the two `model` markers")?;
    Ok(format!("{before}{START}\n{content}{END}{after}"))
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

fn line(content: &mut String, what: std::fmt::Arguments<'_>) {
    writeln!(content, "{what}").expect("a string takes everything");
}

/// A sentence of a comment as markup: what stands between backticks is code, links lose their
/// brackets, everything else is text.
struct Prose<'a>(&'a str);

impl std::fmt::Display for Prose<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut code = false;
        for glyph in self.0.replace("[`", "`").replace("`]", "`").chars() {
            match glyph {
                '`' => {
                    f.write_str(if code { "</code>" } else { "<code>" })?;
                    code = !code;
                }
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                _ => f.write_char(glyph)?,
            }
        }
        if code { f.write_str("</code>") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_stands_between_the_markers() {
        let text = format!("<p>\n{START}\nold\n{END}\nrest\n");
        let fresh = between(&text, "new\n").expect("both markers are there");
        assert_eq!(fresh, format!("<p>\n{START}\nnew\n{END}\nrest\n"), "old gave way");
        assert!(between("no marker", "new").is_err(), "a page without markers is refused");
    }

    #[test]
    fn a_sentence_is_text_and_code_never_markup() {
        let told = Prose("`a<b>` & [`Log`] <script>").to_string();
        assert_eq!(
            told, "<code>a&lt;b&gt;</code> &amp; <code>Log</code> &lt;script&gt;",
            "nothing of a comment becomes an element but code"
        );
    }
}
