//! A scenario file as it stands, before anything in it is understood: the same tree whether it was
//! written in TOML, in JSON, or handed over by another language.

/// A value with the place where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Where it begins in the text, in bytes, if there is a text.
    pub at: Option<usize>,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Nothing, JSON's `null`: as if the key were not there.
    Nothing,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Whole(i64),
    /// Any other number, as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A table of keys and values. No key stands in it twice.
    Table(Vec<Entry>),
    /// What a scenario has no use for, with its name.
    Other(&'static str),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where the key begins in the text, in bytes, if there is a text.
    pub at: Option<usize>,
    /// The key.
    pub key: String,
    /// Its value.
    pub value: Value,
}

impl Kind {
    /// What it is, for an error message.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Bool(_) => "true or false",
            Self::Whole(_) | Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        }
    }
}

impl From<Kind> for Value {
    fn from(kind: Kind) -> Self {
        Self { at: None, kind }
    }
}

#[cfg(feature = "serde")]
mod deserialize {
    use super::{Entry, Kind, Value};
    use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
    use std::fmt;

    impl<'de> Deserialize<'de> for Value {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(Reader)
        }
    }

    struct Reader;

    impl<'de> Visitor<'de> for Reader {
        type Value = Value;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a scenario made of texts, numbers, lists and tables")
        }

        fn visit_unit<E: Error>(self) -> Result<Value, E> {
            Ok(Kind::Nothing.into())
        }

        fn visit_none<E: Error>(self) -> Result<Value, E> {
            Ok(Kind::Nothing.into())
        }

        fn visit_bool<E: Error>(self, it: bool) -> Result<Value, E> {
            Ok(Kind::Bool(it).into())
        }

        fn visit_i64<E: Error>(self, it: i64) -> Result<Value, E> {
            Ok(Kind::Whole(it).into())
        }

        fn visit_u64<E: Error>(self, it: u64) -> Result<Value, E> {
            Ok(i64::try_from(it).map_or_else(|_| Kind::Number(it.to_string()), Kind::Whole).into())
        }

        fn visit_f64<E: Error>(self, it: f64) -> Result<Value, E> {
            Ok(super::number(&it.to_string()).into())
        }

        fn visit_str<E: Error>(self, it: &str) -> Result<Value, E> {
            Ok(Kind::Text(it.to_owned()).into())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = items.next_element()? {
                list.push(item);
            }
            Ok(Kind::List(list).into())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
            let mut entries: Vec<Entry> = Vec::new();
            while let Some((key, value)) = items.next_entry::<String, Value>()? {
                if entries.iter().any(|it| it.key == key) {
                    return Err(A::Error::custom(format!("the key '{key}' is there twice")));
                }
                entries.push(Entry { at: None, key, value });
            }
            Ok(Kind::Table(entries).into())
        }
    }
}

/// A number as it is written.
pub(crate) fn number(text: &str) -> Kind {
    text.parse().map_or_else(|_| Kind::Number(text.to_owned()), Kind::Whole)
}
