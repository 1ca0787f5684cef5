//! The options of a tool's command line.

use super::BadUse;

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    /// A value, which may not be missing.
    Value,
    /// A value, if one follows.
    Maybe,
}

/// The options that were given, in their order.
#[derive(Clone, Debug)]
pub(super) struct Options<'a>(Vec<(&'static str, Option<&'a str>)>);

/// Options that every tool has and that say nothing about what is printed.
const CONNECTION: &[(&str, Takes)] = &[
    ("bootstrap-server", Takes::Value),
    ("command-config", Takes::Value),
    ("timeout", Takes::Value),
];

impl<'a> Options<'a> {
    /// Reads a command line, strictly.
    pub(super) fn read(
        args: &[&'a str],
        known: &'static [(&'static str, Takes)],
    ) -> Result<Self, BadUse> {
        let mut given = Vec::new();
        let mut rest = args.iter().copied().peekable();
        while let Some(word) = rest.next() {
            let Some(name) = word.strip_prefix("--") else {
                return Err(BadUse(format!("'{word}' is not an option")));
            };
            let (name, glued) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (name, None),
            };
            let mut all = known.iter().chain(CONNECTION);
            let Some((name, takes)) = all.find(|it| it.0 == name) else {
                return Err(BadUse(format!("--{name} is not a recognized option here")));
            };
            let value = match takes {
                Takes::Nothing => None,
                Takes::Value | Takes::Maybe if glued.is_some() => glued,
                Takes::Value | Takes::Maybe => rest.next_if(|it| !it.starts_with("--")),
            };
            if *takes == Takes::Value && value.is_none() {
                return Err(BadUse(format!("option --{name} requires an argument")));
            }
            if *takes == Takes::Nothing && glued.is_some() {
                return Err(BadUse(format!("option --{name} takes no argument")));
            }
            given.push((*name, value));
        }
        Ok(Self(given))
    }

    /// Whether an option was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|it| it.0 == name)
    }

    /// All values of an option.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |it| it.0 == name).filter_map(|it| it.1)
    }

    /// The value of an option, if it has one.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.values(name).next()
    }

    /// The value of an option as a number.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, BadUse> {
        let Some(value) = self.value(name) else { return Ok(None) };
        match value.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(BadUse(format!("'{value}' is not a number for --{name}"))),
        }
    }

    /// The one of these actions that was given.
    pub(super) fn action(&self, actions: &[&'static str]) -> Result<&'static str, BadUse> {
        let mut given = actions.iter().filter(|it| self.has(it));
        match (given.next(), given.next()) {
            (Some(one), None) => Ok(*one),
            (_, _) => {
                let mut all = String::new();
                for it in actions {
                    all.push_str(if all.is_empty() { "--" } else { ", --" });
                    all.push_str(it);
                }
                Err(BadUse(format!("the command must include exactly one action: {all}")))
            }
        }
    }
}
