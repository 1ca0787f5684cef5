//! The list of our lies: every `Simplified:` of the core, as a table in ARCHITECTURE.md between two
//! markers.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::shell;

const START: &str = "<!-- simplified: written by `cargo xtask simplified --write` -->";
const END: &str = "<!-- /simplified -->";
/// The tags that end a `Simplified:`.
const TAGS: [&str; 4] = ["Invariant:", "Source:", "Simplified:", "Unit:"];

/// Writes the table, or checks that it is what it would write.
pub(crate) fn run(write: bool) -> Result<()> {
    let path = shell::root().join("ARCHITECTURE.md");
    let text = fs::read_to_string(&path).context("there is no ARCHITECTURE.md")?;
    let fresh = with_table(&text, &table()?)?;
    if write {
        fs::write(&path, fresh).context("cannot write ARCHITECTURE.md")?;
    } else if fresh != text {
        bail!(
            "the table of what we simplify in ARCHITECTURE.md is out of date: \
             `cargo xtask simplified --write` writes it"
        );
    }
    Ok(())
}

/// `text` with what lies between the markers replaced by `table`.
fn with_table(text: &str, table: &str) -> Result<String> {
    let parts = text.split_once(START).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.context("ARCHITECTURE.md lacks the two `simplified` markers")?;
    Ok(format!("{before}{START}\n\n{table}\n{END}{after}"))
}

/// The table, one row for each `Simplified:`, in the order of files and lines.
fn table() -> Result<String> {
    let source = shell::root().join("crates/core/src");
    let mut table = String::from("| where | how we differ |\n|---|---|\n");
    for path in shell::files_below(&source, &[])? {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path:?}"))?;
        let name = path.strip_prefix(&source).unwrap_or(&path).to_string_lossy();
        for sentence in collect(&text) {
            table.push_str(&format!("| `{name}` | {} |\n", sentence.replace('|', "\\|")));
        }
    }
    Ok(table)
}

/// What follows each `Simplified:` in the comments of `source`, up to the end of its paragraph.
fn collect(source: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = false;
    for line in source.lines() {
        let Some(comment) = comment_of(line) else {
            open = false;
            continue;
        };
        if let Some(sentence) = comment.strip_prefix("Simplified:") {
            found.push(sentence.trim().to_owned());
            open = true;
        } else if comment.is_empty() || TAGS.iter().any(|tag| comment.starts_with(tag)) {
            open = false;
        } else if let (true, Some(sentence)) = (open, found.last_mut()) {
            sentence.push(' ');
            sentence.push_str(comment);
        }
    }
    found
}

/// The text of a line that is a comment and nothing else.
fn comment_of(line: &str) -> Option<&str> {
    let text = line.trim_start().strip_prefix("//")?;
    Some(text.trim_start_matches(['/', '!']).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_runs_to_the_end_of_its_paragraph() {
        let source = "/// A log.\n/// Simplified: no index,\n/// no cache.\n///\n/// More.\n\
                      //! Simplified: second.\n// Source: KIP-1.\nfn f() {}\n// Not part of it.\n";
        assert_eq!(collect(source), ["no index, no cache.", "second."], "two are collected");
    }

    #[test]
    fn the_table_stands_between_the_markers() {
        let text = format!("# A\n{START}\nold\n{END}\nrest\n");
        let fresh = with_table(&text, "| new |\n").expect("both markers are there");
        assert_eq!(fresh, format!("# A\n{START}\n\n| new |\n\n{END}\nrest\n"), "old gave way");
    }
}
