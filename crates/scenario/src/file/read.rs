//! Reading a tree of values key by key, so that every complaint names its place.

use crate::error::Error;
use crate::value::{Entry, Kind, Value};
use brokerscope_core::settings::{self, BadSetting, nearest};
use std::fmt::Display;
use std::str::FromStr;

/// A value and its place in the shape.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    value: &'a Value,
    path: String,
}

/// A table whose keys are known.
#[derive(Debug)]
pub(super) struct Table<'a> {
    entries: &'a [Entry],
    at: Option<usize>,
    path: String,
}

/// `path` and a key in it, quoted where the key is not a plain word.
fn below(path: &str, key: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-');
    let dot = if path.is_empty() { "" } else { "." };
    if !key.is_empty() && key.chars().all(plain) {
        format!("{path}{dot}{key}")
    } else {
        format!("{path}{dot}{key:?}")
    }
}

impl<'a> Node<'a> {
    /// The whole file.
    pub(super) const fn top(value: &'a Value) -> Self {
        Self { value, path: String::new() }
    }

    /// Something is wrong with this value.
    pub(super) fn error(&self, what: impl Into<String>) -> Error {
        Error::new(self.path.clone(), self.value.at, what)
    }

    fn not(&self, expected: &str) -> Error {
        let kind = &self.value.kind;
        let is = if let Kind::Number(it) = kind { it } else { kind.name() };
        self.error(format!("this must be {expected}, and is {is}"))
    }

    pub(super) fn text(&self) -> Result<&'a str, Error> {
        if let Kind::Text(text) = &self.value.kind { Ok(text) } else { Err(self.not("a text")) }
    }

    pub(super) fn boolean(&self) -> Result<bool, Error> {
        if let Kind::Bool(it) = self.value.kind { Ok(it) } else { Err(self.not("true or false")) }
    }

    /// A whole number from `least` to `most`.
    pub(super) fn whole(&self, least: u64, most: u64) -> Result<u64, Error> {
        let Kind::Whole(number) = self.value.kind else { return Err(self.not("a whole number")) };
        u64::try_from(number)
            .ok()
            .filter(|it| (least..=most).contains(it))
            .ok_or_else(|| self.error(format!("{number} is not between {least} and {most}")))
    }

    /// As [`Node::whole`], for what fits 32 bits.
    pub(super) fn small(&self, least: u32, most: u32) -> Result<u32, Error> {
        let number = self.whole(least.into(), most.into())?;
        Ok(u32::try_from(number).expect("because it is at most `most`"))
    }

    /// A text that is read further: a time, a command.
    pub(super) fn parse<T: FromStr<Err: Display>>(&self) -> Result<T, Error> {
        self.text()?.parse().map_err(|wrong: T::Err| self.error(wrong.to_string()))
    }

    /// One of a few words.
    pub(super) fn choice<T: settings::Value>(&self) -> Result<T, Error> {
        let text = self.text()?;
        let wrong = || self.error(format!("'{text}' is not one of the choices: {}", T::EXPECTED));
        T::read(text).ok_or_else(wrong)
    }

    pub(super) fn list(&self) -> Result<Vec<Self>, Error> {
        let Kind::List(items) = &self.value.kind else { return Err(self.not("a list")) };
        let item = |(index, value)| Self { value, path: format!("{}[{index}]", self.path) };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// A table with these keys and no others.
    pub(super) fn table(&self, known: &[&str]) -> Result<Table<'a>, Error> {
        let Kind::Table(entries) = &self.value.kind else { return Err(self.not("a table")) };
        let strange = |entry: &&Entry| !known.contains(&entry.key.as_str());
        if let Some(entry) = entries.iter().filter(strange).min_by_key(|entry| entry.at) {
            let nearest = nearest(&entry.key, known.iter().copied()).unwrap_or_default();
            let what = format!("unknown key '{}'; the nearest is '{nearest}'", entry.key);
            return Err(Error::new(self.path.clone(), entry.at, what));
        }
        Ok(Table { entries, at: self.value.at, path: self.path.clone() })
    }

    /// A table of settings: each goes to `set` under its real name, as text.
    pub(super) fn settings(
        &self,
        mut set: impl FnMut(&str, &str) -> Result<(), BadSetting>,
    ) -> Result<(), Error> {
        let Kind::Table(entries) = &self.value.kind else { return Err(self.not("a table")) };
        for Entry { at, key, value } in entries {
            let node = Self { value, path: below(&self.path, key) };
            let text = match &value.kind {
                Kind::Nothing => continue,
                Kind::Bool(it) => it.to_string(),
                Kind::Whole(it) => it.to_string(),
                Kind::Number(it) | Kind::Text(it) => it.clone(),
                Kind::List(_) | Kind::Table(_) | Kind::Other(_) => {
                    return Err(node.not("a text, a number, true or false"));
                }
            };
            set(key, &text).map_err(|wrong| match wrong {
                BadSetting::Unknown { .. } => Error::new(self.path.clone(), *at, wrong.to_string()),
                BadSetting::Value { .. } => {
                    Error::new(self.path.clone(), value.at, wrong.to_string())
                }
            })?;
        }
        Ok(())
    }

    /// Refuses a name that is none of `known`, and names the nearest.
    pub(super) fn one_of<'k>(
        &self,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'k str> + Clone,
    ) -> Result<(), Error> {
        if known.clone().into_iter().any(|it| it == name) {
            return Ok(());
        }
        Err(self.error(nearest(name, known).map_or_else(
            || format!("there is no {what} '{name}', nor any other"),
            |near| format!("there is no {what} '{name}'; the nearest is '{near}'"),
        )))
    }
}

impl<'a> Table<'a> {
    /// The value of a key, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        let entry = self.entries.iter().find(|it| it.key == key)?;
        (entry.value.kind != Kind::Nothing)
            .then(|| Node { value: &entry.value, path: below(&self.path, key) })
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, key: &str) -> Result<Node<'a>, Error> {
        self.get(key).ok_or_else(|| self.missing(key))
    }

    /// A key is not there that must be there.
    pub(super) fn missing(&self, key: &str) -> Error {
        Error::new(self.path.clone(), self.at, format!("'{key}' is missing here"))
    }

    /// The items of a list; none if the key is not there.
    pub(super) fn list(&self, key: &str) -> Result<Vec<Node<'a>>, Error> {
        self.get(key).map_or_else(|| Ok(Vec::new()), |node| node.list())
    }

    /// What `read` makes of a key, or `otherwise` if it is not there.
    pub(super) fn or<T>(
        &self,
        key: &str,
        otherwise: T,
        read: impl FnOnce(Node<'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.get(key).map_or(Ok(otherwise), read)
    }
}
