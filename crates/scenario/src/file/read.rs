//! Reading a tree of values key by key, so that every complaint names its place.
//!
//! A complaint remembers which value it is about by where that lies in memory; its path is looked
//! for in the tree only then. Nothing else carries paths around, which keeps the page small.

use crate::error::Error;
use crate::value::{Entry, Kind, Value};
use brokerscope_core::rabbitmq::table::{self as amqp, Field};
use brokerscope_core::settings::{self, BadSetting, nearest};
use std::fmt::Display;
use std::str::FromStr;

/// How many of anything a list of a scenario holds at most.
const MAX_LIST: usize = 10_000;

/// A value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a>(&'a Value);

/// A table whose keys are known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    entries: &'a [Entry],
    whole: Node<'a>,
}

/// What is wrong with a value.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Which value: where it lies in memory, to be compared with and never to be followed.
    value: usize,
    /// Where it stands in the text.
    at: Option<usize>,
    what: String,
}

impl Wrong {
    /// The error that people see, with the path of the value in the whole file.
    pub(super) fn within(self, whole: &Value) -> Error {
        let mut path = String::new();
        find(whole, self.value, &mut path);
        Error::new(path, self.at, self.what)
    }
}

/// Where a value lies in memory.
fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

/// Extends `path` to the wanted value in the tree below `value`; false if it is not there.
fn find(value: &Value, wanted: usize, path: &mut String) -> bool {
    if address(value) == wanted {
        return true;
    }
    let length = path.len();
    let mut below = |step: String, value: &Value| {
        path.push_str(&step);
        let found = find(value, wanted, path);
        if !found {
            path.truncate(length);
        }
        found
    };
    match &value.kind {
        Kind::List(items) => {
            items.iter().enumerate().any(|(index, it)| below(format!("[{index}]"), it))
        }
        Kind::Table(entries) => {
            entries.iter().any(|it| below(step(length == 0, &it.key), &it.value))
        }
        Kind::Nothing
        | Kind::Bool(_)
        | Kind::Whole(_)
        | Kind::Number(_)
        | Kind::Text(_)
        | Kind::Other(_) => false,
    }
}

/// A key as a step of a path, quoted where it is not a plain word.
fn step(first: bool, key: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-');
    let dot = if first { "" } else { "." };
    if !key.is_empty() && key.chars().all(plain) {
        format!("{dot}{key}")
    } else {
        format!("{dot}{key:?}")
    }
}

impl<'a> Node<'a> {
    /// The whole file.
    pub(super) const fn top(value: &'a Value) -> Self {
        Self(value)
    }

    /// Something is wrong with this value.
    #[cold]
    #[inline(never)]
    pub(super) fn error(self, what: String) -> Wrong {
        Wrong { value: address(self.0), at: self.0.at, what }
    }

    /// As [`Node::error`], with a text that is always the same.
    #[cold]
    #[inline(never)]
    pub(super) fn says(self, what: &str) -> Wrong {
        self.error(what.to_owned())
    }

    #[cold]
    #[inline(never)]
    fn not(self, expected: &str) -> Wrong {
        let kind = &self.0.kind;
        let is = if let Kind::Number(it) = kind { it } else { kind.name() };
        self.error(format!("this must be {expected}, and is {is}"))
    }

    /// The value itself.
    pub(super) const fn value(self) -> &'a Value {
        self.0
    }

    pub(super) const fn is_table(self) -> bool {
        matches!(self.0.kind, Kind::Table(_))
    }

    pub(super) fn text(self) -> Result<&'a str, Wrong> {
        if let Kind::Text(text) = &self.0.kind { Ok(text) } else { Err(self.not("a text")) }
    }

    pub(super) fn boolean(self) -> Result<bool, Wrong> {
        if let Kind::Bool(it) = self.0.kind { Ok(it) } else { Err(self.not("true or false")) }
    }

    /// A whole number from `least` to `most`.
    #[inline(never)]
    pub(super) fn whole(self, least: u64, most: u64) -> Result<u64, Wrong> {
        let Kind::Whole(number) = self.0.kind else { return Err(self.not("a whole number")) };
        u64::try_from(number)
            .ok()
            .filter(|it| (least..=most).contains(it))
            .ok_or_else(|| self.error(format!("{number} is not between {least} and {most}")))
    }

    /// As [`Node::whole`], for what fits 32 bits.
    pub(super) fn small(self, least: u32, most: u32) -> Result<u32, Wrong> {
        let number = self.whole(least.into(), most.into())?;
        Ok(u32::try_from(number).expect("because it is at most `most`"))
    }

    /// A text that is read further: a time, a command.
    pub(super) fn parse<T: FromStr<Err: Display>>(self) -> Result<T, Wrong> {
        self.text()?.parse().map_err(|wrong: T::Err| self.error(wrong.to_string()))
    }

    /// One of a few words.
    pub(super) fn choice<T: settings::Value>(self) -> Result<T, Wrong> {
        let text = self.text()?;
        let wrong = || self.error(format!("'{text}' is not one of the choices: {}", T::EXPECTED));
        T::read(text).ok_or_else(wrong)
    }

    /// The items of a list that is not longer than lists here are.
    #[inline(never)]
    pub(super) fn list(self) -> Result<Vec<Self>, Wrong> {
        let Kind::List(items) = &self.0.kind else { return Err(self.not("a list")) };
        match items.get(MAX_LIST) {
            Some(next) => Err(Self(next).error(format!("this list is longer than {MAX_LIST}"))),
            None => Ok(items.iter().map(Self).collect()),
        }
    }

    /// A table with these keys and no others.
    #[inline(never)]
    pub(super) fn table(self, known: &[&str]) -> Result<Table<'a>, Wrong> {
        let Kind::Table(entries) = &self.0.kind else { return Err(self.not("a table")) };
        let strange = |entry: &&Entry| !known.contains(&entry.key.as_str());
        if let Some(entry) = entries.iter().filter(strange).min_by_key(|entry| entry.at) {
            let nearest = nearest(&entry.key, known.iter().copied()).unwrap_or_default();
            let what = format!("unknown key '{}'; the nearest is '{nearest}'", entry.key);
            return Err(Wrong { at: entry.at, ..self.error(what) });
        }
        Ok(Table { entries, whole: self })
    }

    /// A table of settings: each goes to `set` under its real name, as text.
    #[inline(never)]
    pub(super) fn settings(
        self,
        set: &mut dyn FnMut(&str, &str) -> Result<(), BadSetting>,
    ) -> Result<(), Wrong> {
        let Kind::Table(entries) = &self.0.kind else { return Err(self.not("a table")) };
        for Entry { at, key, value } in entries {
            let text = match &value.kind {
                Kind::Nothing => continue,
                Kind::Bool(it) => it.to_string(),
                Kind::Whole(it) => it.to_string(),
                Kind::Number(it) | Kind::Text(it) => it.clone(),
                Kind::List(_) | Kind::Table(_) | Kind::Other(_) => {
                    return Err(Self(value).not("a text, a number, true or false"));
                }
            };
            set(key, &text).map_err(|wrong| {
                let at = match wrong {
                    BadSetting::Unknown { .. } => *at,
                    BadSetting::Value { .. } | BadSetting::Refused { .. } => value.at,
                };
                Wrong { at, ..self.error(wrong.to_string()) }
            })?;
        }
        Ok(())
    }

    /// A field table of AMQP with names that `known` takes.
    #[inline(never)]
    pub(super) fn fields(
        self,
        known: &dyn Fn(&str) -> Result<(), BadSetting>,
    ) -> Result<amqp::Table, Wrong> {
        let Kind::Table(entries) = &self.0.kind else { return Err(self.not("a table")) };
        let mut table = amqp::Table::new();
        for Entry { at, key, value } in entries {
            if value.kind == Kind::Nothing {
                continue;
            }
            known(key).map_err(|wrong| Wrong { at: *at, ..self.error(wrong.to_string()) })?;
            table.insert(key.as_str().into(), Self(value).field()?);
        }
        Ok(table)
    }

    /// A value of such a table.
    fn field(self) -> Result<Field, Wrong> {
        Ok(match &self.0.kind {
            Kind::Bool(it) => Field::Bool(*it),
            Kind::Whole(it) => Field::Int(*it),
            Kind::Text(it) => Field::Text(it.as_str().into()),
            Kind::Number(it) => decimal(it).ok_or_else(|| self.not("a shorter number"))?,
            Kind::List(_) => {
                let items = self.list()?.into_iter().map(Self::field);
                Field::List(items.collect::<Result<_, _>>()?)
            }
            Kind::Nothing | Kind::Table(_) | Kind::Other(_) => {
                return Err(self.not("a text, a number, true, false or a list of these"));
            }
        })
    }

    /// The value below a key of a table, whatever it is.
    pub(super) fn below(self, key: &str) -> Option<Self> {
        let Kind::Table(entries) = &self.0.kind else { return None };
        entries.iter().find(|it| it.key == key).map(|it| Self(&it.value))
    }

    /// Refuses a name that is none of `known`, and names the nearest.
    #[inline(never)]
    pub(super) fn one_of(self, what: &str, name: &str, known: &[&str]) -> Result<(), Wrong> {
        if known.contains(&name) {
            return Ok(());
        }
        Err(self.error(nearest(name, known.iter().copied()).map_or_else(
            || format!("there is no {what} '{name}', nor any other"),
            |near| format!("there is no {what} '{name}'; the nearest is '{near}'"),
        )))
    }
}

/// A number with a point, as `-2.50`.
fn decimal(text: &str) -> Option<Field> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = [whole, rest].concat().parse().ok()?;
    Some(Field::decimal(digits, u8::try_from(rest.len()).ok()?))
}

impl<'a> Table<'a> {
    /// The value of a key, if it is there.
    #[inline(never)]
    pub(super) fn get(self, key: &str) -> Option<Node<'a>> {
        let entry = self.entries.iter().find(|it| it.key == key)?;
        (entry.value.kind != Kind::Nothing).then_some(Node(&entry.value))
    }

    /// The value of a key that must be there.
    #[inline(never)]
    pub(super) fn need(self, key: &str) -> Result<Node<'a>, Wrong> {
        self.get(key).ok_or_else(|| self.missing(key))
    }

    /// A key is not there that must be there.
    #[cold]
    #[inline(never)]
    pub(super) fn missing(self, key: &str) -> Wrong {
        self.whole.error(format!("'{key}' is missing here"))
    }

    /// The items of a list; none if the key is not there.
    pub(super) fn items(self, key: &str) -> Result<Vec<Node<'a>>, Wrong> {
        self.get(key).map_or_else(|| Ok(Vec::new()), Node::list)
    }

    /// What `read` makes of a key, or `otherwise` if it is not there.
    pub(super) fn or<T>(
        self,
        key: &str,
        otherwise: T,
        read: impl FnOnce(Node<'a>) -> Result<T, Wrong>,
    ) -> Result<T, Wrong> {
        self.get(key).map_or(Ok(otherwise), read)
    }
}
