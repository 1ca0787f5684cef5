//! Scenario files on disk: TOML for people, JSON for machines.

use crate::error::Error;
use crate::scenario::Scenario;
use crate::value::{Entry, Kind, Value, number};
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

impl Scenario {
    /// The scenario in a TOML text.
    ///
    /// # Errors
    /// If it is not TOML, or anything in it is not known, not right or not there.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, Error> {
        parse(text)
            .and_then(|value| Self::from_value(name, &value))
            .map_err(|wrong| wrong.in_text(text))
    }

    /// The scenario in a file: TOML, or JSON if its name ends so.
    ///
    /// # Errors
    /// If it cannot be read, or anything in it is not known, not right or not there.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let name = path.file_stem().map_or_else(|| shown.clone(), |it| it.to_string_lossy().into());
        let read = std::fs::read(path).map_err(|wrong| Error::new("", None, wrong.to_string()));
        let json = path.extension().is_some_and(|it| it == "json");
        read.and_then(text)
            .and_then(|text| {
                if json { Self::from_json(&name, &text) } else { Self::from_toml(&name, &text) }
            })
            .map_err(|wrong| wrong.in_file(shown))
    }
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
