//! Values of settings that are more than a number or a word.

use super::{TopicSettings, rules};
use crate::settings::{BadSetting, Value};
use std::fmt;

/// What happens to old records: a list of `delete` and `compact`, which may hold both or neither.
///
/// Source: `LogConfig`; since 4.2 the list may be empty (KIP-1161).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CleanupPolicy {
    /// Old segments are deleted.
    Delete,
    /// The last record of each key is kept.
    Compact,
    /// The last record of each key is kept while it is not too old.
    CompactAndDelete,
    /// Everything is kept.
    Keep,
}

impl CleanupPolicy {
    /// How it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Compact => "compact",
            Self::CompactAndDelete => "compact,delete",
            Self::Keep => "",
        }
    }

    /// Whether the cleaner works on such a log.
    #[must_use]
    pub const fn compacts(self) -> bool {
        matches!(self, Self::Compact | Self::CompactAndDelete)
    }

    /// Whether segments of such a log are deleted when they are too old or too much.
    #[must_use]
    pub const fn deletes(self) -> bool {
        matches!(self, Self::Delete | Self::CompactAndDelete)
    }
}

impl fmt::Display for CleanupPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Value for CleanupPolicy {
    const EXPECTED: &'static str = "delete, compact, both with a comma between them, or empty";

    fn read(text: &str) -> Option<Self> {
        match text {
            "delete" => Some(Self::Delete),
            "compact" => Some(Self::Compact),
            "compact,delete" | "delete,compact" => Some(Self::CompactAndDelete),
            "" => Some(Self::Keep),
            _ => None,
        }
    }

    fn show(&self) -> String {
        self.as_str().to_owned()
    }
}

/// A number of at least 0 that may be as large as Java's `long`, which stands for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Long(pub i64);

impl Long {
    /// `Long.MAX_VALUE`.
    pub const MAX: Self = Self(i64::MAX);
}

impl Value for Long {
    const EXPECTED: &'static str = "a whole number from 0 to 9223372036854775807";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|it| 0 <= *it).map(Self)
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

/// A part of a whole, from 0 to 1, in billionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(pub u32);

impl Ratio {
    /// The whole.
    const ONE: u32 = 1_000_000_000;
    /// One half.
    pub const HALF: Self = Self(Self::ONE / 2);

    /// Whether `part` of `whole` is more than this.
    #[must_use]
    pub fn is_below(self, part: u64, whole: u64) -> bool {
        u128::from(whole) * u128::from(self.0) < u128::from(part) * u128::from(Self::ONE)
    }
}

impl Value for Ratio {
    const EXPECTED: &'static str = "a number from 0 to 1, as in 0.5";

    fn read(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = decimals.len();
        let is_number = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
        if whole.len() + digits == 0 || digits > 9 || !is_number(whole) || !is_number(decimals) {
            return None;
        }
        let mut billionths: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        for place in 0..9 {
            let digit = decimals.as_bytes().get(place).map_or(0, |it| it - b'0');
            billionths = billionths.checked_mul(10)?.checked_add(u64::from(digit))?;
        }
        u32::try_from(billionths).ok().filter(|it| *it <= Self::ONE).map(Self)
    }

    fn show(&self) -> String {
        let decimals = format!("{:09}", self.0 % Self::ONE);
        let decimals = decimals.trim_end_matches('0');
        format!("{}.{}", self.0 / Self::ONE, if decimals.is_empty() { "0" } else { decimals })
    }
}

impl TopicSettings {
    /// Whether Kafka takes the setting `name` as it stands here. Scenarios may go below its
    /// limits, an administrator of a running cluster may not.
    ///
    /// Source: `LogConfig.CONFIG`, `LogConfig.validateValues`.
    ///
    /// # Errors
    /// If Kafka would answer `INVALID_CONFIG`.
    pub fn check(&self, name: &str) -> Result<(), BadSetting> {
        let (shortest, longest) = (self.min_compaction_lag_ms, self.max_compaction_lag_ms);
        if longest < shortest && name.ends_with(".compaction.lag.ms") {
            return Err(BadSetting::Value {
                name: "min.compaction.lag.ms",
                value: shortest.show(),
                expected: "at most max.compaction.lag.ms",
            });
        }
        let known = Self::SETTINGS.iter().find(|it| it.name == name);
        let Some(known) = known else { return Ok(()) };
        rules::check(known.name, &self.show(name).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_reads_back_as_it_is_shown() {
        let read = |it| CleanupPolicy::read(it).map(CleanupPolicy::as_str);
        assert_eq!(read("delete,compact"), Some("compact,delete"));
        assert_eq!(
            ["delete", "compact", ""].map(read),
            [Some("delete"), Some("compact"), Some("")]
        );
        assert_eq!(["keep", "delete,", "compact,compact"].map(read), [None; 3]);
    }

    #[test]
    fn a_ratio_reads_back_as_it_is_shown() {
        let read = |it| Ratio::read(it).map(|it| it.show());
        let good = ["0", "1", "0.01", ".5", "1.000000000", "0.123456789"].map(read);
        let shown = ["0.0", "1.0", "0.01", "0.5", "1.0", "0.123456789"].map(|it| Some(it.into()));
        assert_eq!(good, shown);
        assert_eq!(["", ".", "1.1", "-0.5", "0,5", "2", "0.1e1"].map(read), [const { None }; 7]);
    }

    #[test]
    fn a_part_is_compared_strictly() {
        assert!(!Ratio::HALF.is_below(1, 2), "a half is not more than a half");
        assert!(Ratio::HALF.is_below(u64::MAX / 2 + 2, u64::MAX), "and this is a little more");
        assert!(!Ratio(0).is_below(0, 9), "nothing is not more than nothing");
    }

    #[test]
    fn a_topic_takes_what_kafka_takes() {
        let check = |name: &str, value: &str| {
            let mut settings = TopicSettings::default();
            settings.set(name, value).unwrap();
            settings.check(name).map_err(|it| it.to_string())
        };
        for it in TopicSettings::SETTINGS {
            assert_eq!(TopicSettings::default().check(it.name), Ok(()), "the default");
        }
        assert_eq!(check("segment.bytes", "1048576"), Ok(()));
        assert_eq!(
            check("segment.bytes", "1048575").unwrap_err(),
            "ConfigException: Invalid value 1048575 for configuration segment.bytes: Value must be \
             at least 1048576"
        );
        let refused = [
            ("segment.bytes", "2147483648"),
            ("segment.index.bytes", "3"),
            ("segment.ms", "0"),
            ("max.compaction.lag.ms", "0"),
            ("min.insync.replicas", "0"),
        ];
        assert!(refused.iter().all(|(name, value)| check(name, value).is_err()));
        let mut settings = TopicSettings::default();
        settings.set("max.compaction.lag.ms", "5").unwrap();
        settings.set("min.compaction.lag.ms", "6").unwrap();
        let why = settings.check("max.compaction.lag.ms").unwrap_err().to_string();
        let expected = "'min.compaction.lag.ms' cannot be '6': it is at most max.compaction.lag.ms";
        assert_eq!(why, expected);
    }

    #[test]
    fn a_long_may_be_as_large_as_in_java() {
        assert_eq!(Long::read("9223372036854775807"), Some(Long::MAX));
        assert_eq!(["9223372036854775808", "-1", ""].map(Long::read), [None; 3]);
    }
}
