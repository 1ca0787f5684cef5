//! The notes that the lessons answer, line by line, as a page of its own: whether a line holds,
//! why, and which lessons show it.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, bail, ensure};
use toml::{Table, Value};

use crate::shell;
use crate::written::{Prose, Written, line};

const PAGE: Written = Written { command: "notes", path: "web/notes/notes.html" };

/// What the notes are.
const NOTES: &str = "web/notes/notes.md";

/// What is said about them.
const SAID: &str = "web/notes/notes.toml";

/// What is said about a line, or about lines that belong together.
struct Note {
    lines: Vec<String>,
    verdict: Verdict,
    why: String,
    /// By name.
    lessons: Vec<String>,
    source: Option<String>,
}

/// Whether a line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is a heading and claims nothing.
    Title,
    /// It only draws a line.
    Rule,
    True,
    Half,
    False,
    /// It asks.
    Asked,
}

impl Verdict {
    fn read(text: &str) -> Result<Self> {
        Ok(match text {
            "title" => Self::Title,
            "rule" => Self::Rule,
            "true" => Self::True,
            "half" => Self::Half,
            "false" => Self::False,
            "asked" => Self::Asked,
            other => bail!("'{other}' is no verdict: true, half, false, asked, title or rule"),
        })
    }

    /// Its name in the markup, and as people read it.
    const fn words(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Title | Self::Rule => None,
            Self::True => Some(("true", "True.")),
            Self::Half => Some(("half", "Half true.")),
            Self::False => Some(("false", "Not so.")),
            Self::Asked => Some(("asked", "A question.")),
        }
    }
}

/// Writes the page, or checks that it is what it would write.
pub(crate) fn run(write: bool) -> Result<()> {
    let notes = read()?;
    let said = notes.iter().flat_map(|it| &it.lines);
    let text = file(NOTES)?;
    every_line_is_there(&text, said.map(String::as_str))?;
    PAGE.run(&content(&notes, &lessons()?)?, write)
}

fn file(path: &str) -> Result<String> {
    fs::read_to_string(shell::root().join(path)).with_context(|| format!("cannot read {path}"))
}

fn table(path: &str) -> Result<Table> {
    file(path)?.parse().with_context(|| format!("{path} is not TOML"))
}

/// What is said, in the order of the file.
fn read() -> Result<Vec<Note>> {
    let said = table(SAID)?;
    let mut notes = Vec::new();
    for (place, note) in tables(&said, "note").enumerate() {
        let note = note_of(note).with_context(|| format!("{SAID}: note {}", place + 1))?;
        notes.push(note);
    }
    Ok(notes)
}

fn note_of(table: &Table) -> Result<Note> {
    let text = |key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
    let note = Note {
        lines: texts(table, "lines"),
        verdict: Verdict::read(&text("verdict").context("it has no verdict")?)?,
        why: text("why").unwrap_or_default(),
        lessons: texts(table, "lessons"),
        source: text("source"),
    };
    ensure!(!note.lines.is_empty(), "it is about no line");
    let is_claim = note.verdict.words().is_some();
    ensure!(is_claim != note.why.is_empty(), "what claims something, and nothing else, has a why");
    let judged = matches!(note.verdict, Verdict::True | Verdict::Half | Verdict::False);
    ensure!(!judged || note.source.is_some(), "a verdict has a source");
    Ok(note)
}

fn tables<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = &'a Table> {
    let list = table.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_table)
}

fn texts(table: &Table, key: &str) -> Vec<String> {
    let list = table.get(key).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Complains about the first line of the notes of which nothing is said, or the other way round.
fn every_line_is_there<'a>(notes: &str, mut said: impl Iterator<Item = &'a str>) -> Result<()> {
    for (number, line) in (1..).zip(notes.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let next = said.next();
        ensure!(next == Some(line), "{SAID} says nothing of line {number} of the notes: {line}");
    }
    let more = said.next();
    ensure!(more.is_none(), "{SAID} speaks of a line that the notes do not have: {more:?}");
    Ok(())
}

/// The titles of the lessons of the menu, by name.
fn lessons() -> Result<BTreeMap<String, String>> {
    let mut lessons = BTreeMap::new();
    for group in tables(&table("scenarios/lessons.toml")?, "group") {
        for name in texts(group, "lessons") {
            let lesson = table(&format!("scenarios/{name}.toml"))?;
            let title = lesson.get("title").and_then(Value::as_str).unwrap_or(&name).to_owned();
            lessons.insert(name, title);
        }
    }
    Ok(lessons)
}

fn content(notes: &[Note], lessons: &BTreeMap<String, String>) -> Result<String> {
    let mut content = String::new();
    let count = |verdict| notes.iter().filter(|it| it.verdict == verdict).count();
    let (holds, half) = (count(Verdict::True), count(Verdict::Half));
    let (wrong, asked) = (count(Verdict::False), count(Verdict::Asked));
    let told = format!("{half} are half true, {wrong} are not so, and {asked} are questions.");
    line(&mut content, format_args!("    <p>{holds} of these notes are true, {told}</p>"));
    let mut number = 0;
    for note in notes {
        match note.verdict.words() {
            Some(words) => {
                number += 1;
                claim(&mut content, number, note, words, lessons)?;
            }
            None if note.verdict == Verdict::Rule => {
                line(&mut content, format_args!("    <hr />"));
            }
            None => {
                let title = shown(&note.lines[0]);
                line(&mut content, format_args!("    <h2>{}</h2>", Prose(&title)));
            }
        }
    }
    Ok(content)
}

fn claim(
    content: &mut String,
    number: usize,
    note: &Note,
    (verdict, word): (&str, &str),
    lessons: &BTreeMap<String, String>,
) -> Result<()> {
    line(content, format_args!("    <article id=\"note-{number}\" data-verdict=\"{verdict}\">"));
    if note.lines.iter().any(|it| it.starts_with(' ')) {
        let drawing = note.lines.join("\n");
        line(content, format_args!("      <pre tabindex=\"0\">{}</pre>", Prose(&drawing)));
    } else {
        let text = shown(&note.lines.join(" "));
        line(content, format_args!("      <blockquote>{}</blockquote>", Prose(&text)));
    }
    line(content, format_args!("      <p><strong>{word}</strong> {}</p>", Prose(&note.why)));
    let mut see = Vec::new();
    for name in &note.lessons {
        let title = lessons.get(name);
        let title = title.with_context(|| format!("{SAID}: there is no lesson '{name}'"))?;
        see.push(format!("<a href=\"./?scenario={name}\">{}</a>", Prose(title)));
    }
    if !see.is_empty() {
        line(content, format_args!("      <p>See it: {}</p>", see.join(", ")));
    }
    if let Some(source) = &note.source {
        line(content, format_args!("      <p class=\"source\">Source: {}</p>", Prose(source)));
    }
    line(content, format_args!("    </article>"));
    Ok(())
}

/// A line as people read it: rows of tables as their cells, nothing in bold.
fn shown(line: &str) -> String {
    let line = line.replace("**", "");
    let Some(row) = line.trim().strip_prefix('|') else { return line.trim().to_owned() };
    let cells: Vec<_> = row.trim_end_matches('|').split('|').map(str::trim).collect();
    match &cells[..] {
        [of, rest @ ..] => format!("{of}: {}", rest.join(" | ")),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_a_word_about_it_is_found() {
        let notes = "one\n\ntwo\n  three\n";
        let check = |said: &[&'static str]| every_line_is_there(notes, said.iter().copied());
        assert!(check(&["one", "two", "  three"]).is_ok(), "blank lines need no word");
        let told = check(&["one", "  three"]).unwrap_err().to_string();
        assert!(told.contains("line 3 of the notes: two"), "{told}");
        let told = check(&["one", "two", "  three", "four"]).unwrap_err().to_string();
        assert!(told.contains("four"), "{told}");
    }

    #[test]
    fn a_lesson_that_is_not_there_is_named() {
        let note = Note {
            lines: vec!["one".to_owned()],
            verdict: Verdict::Asked,
            why: "because".to_owned(),
            lessons: vec!["no-such-lesson".to_owned()],
            source: None,
        };
        let told = content(&[note], &BTreeMap::new()).unwrap_err().to_string();
        assert!(told.contains("there is no lesson 'no-such-lesson'"), "{told}");
    }

    #[test]
    fn a_row_of_a_table_is_shown_by_its_cells() {
        assert_eq!(
            shown("| **Acks**  | Required | Offset-based |"),
            "Acks: Required | Offset-based"
        );
        assert_eq!(shown("CONSUMER :"), "CONSUMER :");
    }
}
