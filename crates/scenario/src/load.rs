//! Scenario files on disk: TOML for people, JSON for machines.

use crate::error::Error;
use crate::file::{self, first};
use crate::scenario::Scenario;
use crate::value::{Entry, Kind, Value, number};
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

impl Scenario {
    /// The scenario in a TOML text: its first act, if it has several.
    ///
    /// # Errors
    /// If it is not TOML, or anything in it is not known, not right or not there.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, Error> {
        Self::acts_from_toml(name, text).map(first)
    }

    /// The acts in a TOML text, in their order; a text without acts is one run.
    ///
    /// # Errors
    /// If it is not TOML, or anything in it is not known, not right or not there.
    pub fn acts_from_toml(name: &str, text: &str) -> Result<Vec<Self>, Error> {
        parse(text)
            .and_then(|value| Self::acts_from_value(name, &value))
            .map_err(|wrong| wrong.in_text(text))
    }

    /// The scenario in a file, TOML, or JSON if its name ends so: its first act, if it has several.
    ///
    /// # Errors
    /// If it cannot be read, or anything in it is not known, not right or not there.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        Self::acts_from_file(path).map(first)
    }

    /// The acts in a file: TOML, or JSON if its name ends so.
    ///
    /// # Errors
    /// If it cannot be read, or anything in it is not known, not right or not there.
    pub fn acts_from_file(path: &Path) -> Result<Vec<Self>, Error> {
        let shown = path.display().to_string();
        let name = path.file_stem().map_or_else(|| shown.clone(), |it| it.to_string_lossy().into());
        let json = path.extension().is_some_and(|it| it == "json");
        let from = if json { Self::acts_from_json } else { Self::acts_from_toml };
        read(path).and_then(|text| from(&name, &text)).map_err(|wrong| wrong.in_file(shown))
    }
}

/// The names in a list of lessons, `lessons.toml`: what is built in, in its order. Each is a
/// scenario file beside the list.
///
/// # Errors
/// If the file cannot be read, is not such a list, or names a scenario that is not there.
pub fn lesson_names(path: &Path) -> Result<Vec<String>, Error> {
    let is_there = |name: &str| path.with_file_name(format!("{name}.toml")).is_file();
    let list = read(path).and_then(|text| {
        let names = parse(&text).and_then(|value| file::lesson_names(&value, &is_there));
        names.map_err(|wrong| wrong.in_text(&text))
    });
    list.map_err(|wrong| wrong.in_file(path.display().to_string()))
}

/// The text of a file.
fn read(path: &Path) -> Result<String, Error> {
    let bytes = std::fs::read(path).map_err(|wrong| Error::new("", None, wrong.to_string()))?;
    text(bytes)
}

/// Bytes as text, without a byte order mark.
fn text(bytes: Vec<u8>) -> Result<String, Error> {
    let text = String::from_utf8(bytes).map_err(|wrong| {
        let before = &wrong.as_bytes()[..wrong.utf8_error().valid_up_to()];
        let line = before.iter().filter(|it| **it == b'\n').count() + 1;
        Error::new("", None, format!("line {line} is not UTF-8"))
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Reads a TOML text as a tree of values.
fn parse(text: &str) -> Result<Value, Error> {
    let table = DeTable::parse(text).map_err(|wrong| {
        let message = wrong.message().trim().replace('\n', ", ");
        let at = wrong.span().map(|it| it.start);
        Error::new("", at, format!("this is not TOML: {message}"))
    })?;
    let at = Some(table.span().start);
    Ok(Value { at, kind: Kind::Table(entries(table.get_ref())) })
}

fn entries(table: &DeTable<'_>) -> Vec<Entry> {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| Entry {
        at: Some(key.span().start),
        key: String::from(std::borrow::Cow::clone(key.get_ref())),
        value: value_of(value),
    };
    table.iter().map(entry).collect()
}

fn value_of(value: &Spanned<DeValue<'_>>) -> Value {
    let kind = match value.get_ref() {
        DeValue::String(text) => Kind::Text(text.clone().into_owned()),
        DeValue::Integer(it) => i64::from_str_radix(it.as_str(), it.radix())
            .map_or_else(|_| Kind::Number(it.to_string()), Kind::Whole),
        DeValue::Float(it) => number(it.as_str()),
        DeValue::Boolean(it) => Kind::Bool(*it),
        DeValue::Datetime(_) => Kind::Other("a date"),
        DeValue::Array(items) => Kind::List(items.iter().map(value_of).collect()),
        DeValue::Table(table) => Kind::Table(entries(table)),
    };
    Value { at: Some(value.span().start), kind }
}
