//! Simulated time: whole microseconds.

use std::fmt;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

/// A point in simulated time: microseconds since the scenario began.
///
/// Integer on purpose: equal runs must compare equal, natively and in the browser.
/// Stays below 2^53, so it is exact as a JavaScript number (that is 285 years).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(pub u64);

/// A span of simulated time, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(pub u64);

impl SimTime {
    /// The instant at which every run begins.
    pub const START: Self = Self(0);
    /// The last instant the simulation can name: 2^53 - 1 microseconds.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// How long after `earlier` this is; nothing if it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }

    /// The same instant as the brokers' clocks count it: milliseconds since the run began.
    #[must_use]
    pub fn as_ms(self) -> i64 {
        i64::try_from(self.0 / 1_000).expect("simulated time stays below 2^53 microseconds")
    }

    /// `ms` milliseconds after the run began.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms * 1_000)
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `us` microseconds.
    #[must_use]
    pub const fn micros(us: u64) -> Self {
        Self(us)
    }

    /// `ms` milliseconds.
    #[must_use]
    pub const fn millis(ms: u64) -> Self {
        Self(ms * 1_000)
    }

    /// `s` seconds.
    #[must_use]
    pub const fn seconds(s: u64) -> Self {
        Self(s * 1_000_000)
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;

    fn add(self, span: SimDuration) -> Self {
        Self(self.0.saturating_add(span.0).min(Self::MAX.0))
    }
}

impl AddAssign<SimDuration> for SimTime {
    fn add_assign(&mut self, span: SimDuration) {
        *self = *self + span;
    }
}

/// Seconds with as many decimals as are needed, at least two: `14.20 s`, `0.000125 s`.
impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let mut decimals = format!("{micros:06}");
        while decimals.len() > 2 && decimals.ends_with('0') {
            decimals.pop();
        }
        write!(f, "{seconds}.{decimals} s")
    }
}

/// The largest unit that leaves a whole number: `6 s`, `300 ms`, `125 us`, `2 min`.
impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in UNITS {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(f, "{} {name}", self.0 / unit);
            }
        }
        write!(f, "{} us", self.0)
    }
}

/// Largest first, in microseconds, as [`SimDuration`] is printed and read.
const UNITS: [(u64, &str); 6] = [
    (86_400_000_000, "d"),
    (3_600_000_000, "h"),
    (60_000_000, "min"),
    (1_000_000, "s"),
    (1_000, "ms"),
    (1, "us"),
];

/// What is wrong with a text that should be a span or an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTime(String);

impl fmt::Display for BadTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not a time: write a number and us, ms, s, min, h or d", self.0)
    }
}

impl std::error::Error for BadTime {}

/// A number, up to six decimals, and a unit, with or without a space: `14.2s`, `300 ms`.
impl FromStr for SimDuration {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        let bad = || BadTime(text.to_owned());
        let trimmed = text.trim();
        let split = trimmed.find(|it: char| it.is_ascii_alphabetic()).ok_or_else(bad)?;
        let (number, unit) = (trimmed[..split].trim_end(), &trimmed[split..]);
        let scale = UNITS.iter().find(|(_, name)| *name == unit).ok_or_else(bad)?.0;
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let digits = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > 6 {
            return Err(bad());
        }
        if number.contains('.') && decimals.is_empty() {
            return Err(bad());
        }
        let whole: u64 = whole.parse().map_err(|_| bad())?;
        let mut micros = whole.checked_mul(scale).ok_or_else(bad)?;
        let mut place = scale;
        for digit in decimals.bytes() {
            let part = place * u64::from(digit - b'0');
            if !part.is_multiple_of(10) {
                return Err(bad());
            }
            micros = micros.checked_add(part / 10).ok_or_else(bad)?;
            place /= 10;
        }
        if micros > SimTime::MAX.0 {
            return Err(bad());
        }
        Ok(Self(micros))
    }
}

/// As a span since the run began.
impl FromStr for SimTime {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        text.parse::<SimDuration>().map(|span| Self(span.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_as_it_is_printed() {
        for us in [0, 1, 125, 1_000, 1_500, 300_000, 6_000_000, 14_200_000, 120_000_000] {
            let span = SimDuration(us);
            assert_eq!(span.to_string().parse(), Ok(span), "{span} round-trips");
        }
    }

    #[test]
    fn people_write_decimals_and_leave_out_the_space() {
        assert_eq!("14.2s".parse(), Ok(SimDuration(14_200_000)));
        assert_eq!("0.5 ms".parse(), Ok(SimDuration(500)));
        assert_eq!("1.5min".parse(), Ok(SimDuration(90_000_000)));
        assert_eq!("14.2s".parse(), Ok(SimTime(14_200_000)));
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        let wrong =
            ["", "s", "14", "14.s", ".5s", "-1s", "1e3s", "1 week", "1.5us", "1.0000005s", "é s"];
        for text in wrong {
            assert!(text.parse::<SimDuration>().is_err(), "{text} is refused");
        }
        assert!("99999999999d".parse::<SimDuration>().is_err(), "beyond 2^53 is refused");
    }

    #[test]
    fn an_instant_is_printed_in_seconds() {
        let texts = [0, 14_200_000, 14_250_000, 125, 6_000_001].map(|it| SimTime(it).to_string());
        assert_eq!(texts, ["0.00 s", "14.20 s", "14.25 s", "0.000125 s", "6.000001 s"]);
    }
}
