//! Settings under their real names: what there is, what it defaults to, and reading a value.

use std::fmt;

/// One setting of a client, a broker or a topic, as a person would look it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The real key, such as `enable.auto.commit` or `x-max-length`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub doc: &'static str,
}

/// Why a setting was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadSetting {
    /// There is no such key here.
    Unknown {
        /// The key that was given.
        name: String,
        /// The nearest key that exists.
        nearest: &'static str,
    },
    /// The key exists, the value is none of its values.
    Value {
        /// The key.
        name: &'static str,
        /// The value that was given.
        value: String,
        /// What would be right, as in "a whole number of at least 0".
        expected: &'static str,
    },
    /// The key exists, and Kafka's clients and brokers refuse the value.
    Refused {
        /// The key.
        name: &'static str,
        /// The value that was given.
        value: String,
        /// Why.
        why: Why,
    },
}

/// Why Kafka refuses a value.
///
/// Source: the texts of `ConfigDef.parseType` and of its validators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is less than that.
    AtLeast(i64),
    /// It is more than that.
    AtMost(i64),
    /// It is no number of that type.
    NotOfType(&'static str),
    /// It is none of the words that there are, or the like.
    Says(&'static str),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "Value must be at least {least}"),
            Self::AtMost(most) => write!(f, "Value must be no more than {most}"),
            Self::NotOfType(kind) => write!(f, "Not a number of type {kind}"),
            Self::Says(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, nearest } => {
                write!(f, "'{name}' is not a setting here; the nearest is '{nearest}'")
            }
            Self::Value { name, value, expected } => {
                write!(f, "'{name}' cannot be '{value}': it is {expected}")
            }
            Self::Refused { name, value, why } => {
                write!(f, "ConfigException: Invalid value {value} for configuration {name}: {why}")
            }
        }
    }
}

impl std::error::Error for BadSetting {}

/// A value that a setting can have: read from text, and printed so that it reads back.
pub trait Value: Sized {
    /// What would be right, as in "true or false".
    const EXPECTED: &'static str;
    /// Reads it.
    fn read(text: &str) -> Option<Self>;
    /// Prints it as the brokers' own tools would.
    fn show(&self) -> String;
}

impl Value for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for u64 {
    const EXPECTED: &'static str = "a whole number of at least 0";

    fn read(text: &str) -> Option<Self> {
        // Beyond 2^53 a number is no longer exact in JavaScript, nor a time here.
        text.parse().ok().filter(|it| *it < 1 << 53)
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for u32 {
    const EXPECTED: &'static str = "a whole number from 0 to 4294967295";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for i32 {
    const EXPECTED: &'static str = "a whole number from -2147483648 to 2147483647";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for i64 {
    const EXPECTED: &'static str = "a whole number of at least -1, where -1 means no limit";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|it| (-1..1 << 53).contains(it))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    const EXPECTED: &'static str = "a text";

    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn show(&self) -> String {
        self.clone()
    }
}

/// None is written as the empty text: the setting is not set.
impl<T: Value> Value for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { T::read(text).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map(T::show).unwrap_or_default()
    }
}

/// How many single-letter changes lead from one text to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, b) in b.iter().enumerate() {
            let swap = corner + usize::from(a != *b);
            corner = row[j + 1];
            row[j + 1] = swap.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// The one of `known` that is written most like `name`; nothing if nothing is known.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known.into_iter().min_by_key(|it| distance(name, it))
}

/// Gives a setting a value that is written as text. One function per type, however many settings
/// have it: the page stays small.
#[inline(never)]
pub(crate) fn put<T: Value>(
    field: &mut T,
    name: &'static str,
    value: &str,
) -> Result<(), BadSetting> {
    match T::read(value) {
        Some(read) => {
            *field = read;
            Ok(())
        }
        None => Err(BadSetting::Value { name, value: value.to_owned(), expected: T::EXPECTED }),
    }
}

/// There is no setting of that name among `settings`.
#[cold]
#[inline(never)]
pub(crate) fn unknown(name: &str, settings: &'static [Setting]) -> BadSetting {
    let nearest = nearest(name, settings.iter().map(|it| it.name)).unwrap_or_default();
    BadSetting::Unknown { name: name.to_owned(), nearest }
}

/// Declares a set of settings: a struct with one field each, the table of names and docs, and
/// reading and showing by real name.
macro_rules! settings {
    (
        $(#[$doc:meta])*
        $name:ident {
            $(
                #[doc = $field_doc:literal]
                $(#[doc = $more_doc:literal])*
                $field:ident: $ty:ty = $key:literal, $default:expr;
            )+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name {
            $(
                #[doc = $field_doc]
                $(#[doc = $more_doc])*
                pub $field: $ty,
            )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $name {
            /// All settings there are, in the order in which they are shown.
            pub const SETTINGS: &[$crate::settings::Setting] = &[
                $($crate::settings::Setting { name: $key, doc: $field_doc.trim_ascii() },)+
            ];

            /// Sets one by its real name.
            ///
            /// # Errors
            /// If there is no such setting, or the value is none of its values.
            pub fn set(
                &mut self,
                name: &str,
                value: &str,
            ) -> Result<(), $crate::settings::BadSetting> {
                match name {
                    $($key => $crate::settings::put(&mut self.$field, $key, value),)+
                    _ => Err($crate::settings::unknown(name, Self::SETTINGS)),
                }
            }

            /// The value of one by its real name, as text.
            #[must_use]
            pub fn show(&self, name: &str) -> Option<String> {
                match name {
                    $($key => Some($crate::settings::Value::show(&self.$field)),)+
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use settings;

/// Declares a value with a few named forms, as `earliest` or `latest`.
macro_rules! choices {
    (
        $(#[$doc:meta])*
        $name:ident, $expected:literal {
            $(
                $(#[$variant_doc:meta])*
                $variant:ident = $text:literal,
            )+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// How it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::settings::Value for $name {
            const EXPECTED: &'static str = $expected;

            fn read(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }

            fn show(&self) -> String {
                self.as_str().to_owned()
            }
        }
    };
}
pub(crate) use choices;

#[cfg(test)]
#[allow(unreachable_pub, reason = "the macro declares what other modules make public")]
mod tests {
    use super::*;

    settings! {
        /// For the tests below.
        Sample {
            /// How long.
            wait_ms: u64 = "wait.ms", 5;
            /// Whether.
            enabled: bool = "enable.it", true;
        }
    }

    #[test]
    fn a_setting_is_set_by_its_real_name() {
        let mut sample = Sample::default();
        assert_eq!(sample.set("wait.ms", "70"), Ok(()));
        assert_eq!((sample.wait_ms, sample.show("wait.ms")), (70, Some("70".to_owned())));
        assert_eq!(Sample::SETTINGS[1], Setting { name: "enable.it", doc: "Whether." });
    }

    #[test]
    fn a_wrong_setting_says_what_would_be_right() {
        let mut sample = Sample::default();
        let unknown = sample.set("enabled.it", "true").unwrap_err().to_string();
        assert_eq!(unknown, "'enabled.it' is not a setting here; the nearest is 'enable.it'");
        let value = sample.set("enable.it", "yes").unwrap_err().to_string();
        assert_eq!(value, "'enable.it' cannot be 'yes': it is true or false");
        assert_eq!(sample, Sample::default(), "nothing changed");
    }
}
