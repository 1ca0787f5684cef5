//! `auto.offset.reset`, whose fourth form carries a span in the notation of ISO 8601.

use crate::settings::Value;
use crate::sim::{SimDuration, SimTime};
use std::fmt;

/// Where a consumer begins without a valid committed offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OffsetReset {
    /// At the log start.
    Earliest,
    /// At the high watermark of that moment.
    Latest,
    /// Nowhere: the application gets an exception.
    None,
    /// At the first record that is not older than so long. If there is none, nowhere for now.
    ByDuration(SimDuration),
}

/// What stands before the span.
const BY_DURATION: &str = "by_duration:";

impl fmt::Display for OffsetReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Earliest => f.write_str("earliest"),
            Self::Latest => f.write_str("latest"),
            Self::None => f.write_str("none"),
            Self::ByDuration(span) => {
                f.write_str(BY_DURATION)?;
                iso(f, *span)
            }
        }
    }
}

/// Source: `AutoOffsetResetStrategy.fromString` (KIP-1106).
impl Value for OffsetReset {
    const EXPECTED: &'static str = "earliest, latest, none or by_duration: and a span such as PT1H";

    fn read(text: &str) -> Option<Self> {
        match text {
            "earliest" => Some(Self::Earliest),
            "latest" => Some(Self::Latest),
            "none" => Some(Self::None),
            _ => text.strip_prefix(BY_DURATION).and_then(read_iso).map(Self::ByDuration),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// The units of a span in the order in which they stand, in microseconds; `T` comes before the
/// second of them.
const UNITS: [(u8, u64); 4] =
    [(b'D', 86_400_000_000), (b'H', 3_600_000_000), (b'M', 60_000_000), (b'S', 1_000_000)];

/// Reads `P1DT2H3M4.5S`, of which parts may be missing, in upper or lower case.
///
/// Source: `java.time.Duration.parse`; Kafka takes no negative span.
fn read_iso(text: &str) -> Option<SimDuration> {
    let text = text.to_ascii_uppercase();
    let mut rest = text.strip_prefix('P')?.as_bytes();
    let (mut micros, mut unit, mut in_time, mut parts) = (0_u64, 0, false, 0);
    while let Some((first, others)) = rest.split_first() {
        if *first == b'T' && !in_time && !others.is_empty() {
            (in_time, rest, unit) = (true, others, unit.max(1));
            continue;
        }
        let length = rest.iter().position(u8::is_ascii_alphabetic)?;
        let (number, letter) = (&rest[..length], rest[length]);
        let found = unit + UNITS[unit..].iter().position(|(it, _)| *it == letter)?;
        if (found == 0) == in_time {
            return None;
        }
        let scale = UNITS[found].1;
        let fraction = if letter == b'S' { 6 } else { 0 };
        micros = micros.checked_add(scaled(number, scale, fraction)?)?;
        (rest, unit, parts) = (&rest[length + 1..], found + 1, parts + 1);
    }
    (0 < parts && micros <= SimTime::MAX.0).then_some(SimDuration(micros))
}

/// A number, after whose point stand `digits` digits that count. What is finer than a microsecond
/// is dropped.
fn scaled(number: &[u8], scale: u64, digits: usize) -> Option<u64> {
    let number = std::str::from_utf8(number).ok()?;
    let number = number.strip_prefix('+').unwrap_or(number);
    let (whole, fraction) = match number.split_once(['.', ',']) {
        Some((whole, fraction)) if 0 < digits && fraction.len() <= 9 => (whole, fraction),
        Some(_) => return None,
        None => (number, ""),
    };
    let is_number = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let mut part = 0;
    for place in 0..digits {
        let digit = fraction.as_bytes().get(place).map_or(0, |it| it - b'0');
        part = part * 10 + u64::from(digit);
    }
    whole.parse::<u64>().ok()?.checked_mul(scale)?.checked_add(part)
}

/// Source: `java.time.Duration.toString`: hours, minutes and seconds.
fn iso(f: &mut fmt::Formatter<'_>, span: SimDuration) -> fmt::Result {
    let [_, (_, hour), (_, minute), (_, second)] = UNITS;
    let (hours, minutes) = (span.0 / hour, span.0 % hour / minute);
    let (seconds, micros) = (span.0 % minute / second, span.0 % second);
    f.write_str("PT")?;
    if hours != 0 {
        write!(f, "{hours}H")?;
    }
    if minutes != 0 {
        write!(f, "{minutes}M")?;
    }
    if micros != 0 {
        let fraction = format!("{micros:06}");
        write!(f, "{seconds}.{}S", fraction.trim_end_matches('0'))
    } else if seconds != 0 || span.0 == 0 {
        write!(f, "{seconds}S")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_as_java_reads_it() {
        let read = |text| OffsetReset::read(text).map(|it| it.show());
        for (text, shown) in [
            ("by_duration:PT30M", "by_duration:PT30M"),
            ("by_duration:P1D", "by_duration:PT24H"),
            ("by_duration:P1DT2H3M4.5S", "by_duration:PT26H3M4.5S"),
            ("by_duration:pt90m", "by_duration:PT1H30M"),
            ("by_duration:PT0S", "by_duration:PT0S"),
            ("by_duration:PT+1.S", "by_duration:PT1S"),
            ("by_duration:PT0.0000019S", "by_duration:PT0.000001S"),
            ("latest", "latest"),
        ] {
            assert_eq!(read(text).as_deref(), Some(shown), "{text}");
            assert_eq!(read(shown).as_deref(), Some(shown), "{shown} reads back");
        }
    }

    #[test]
    fn what_java_refuses_is_refused() {
        for text in [
            "",
            "P",
            "PT",
            "P1H",
            "PT1D",
            "PT-1H",
            "-PT1H",
            "PT1M1H",
            "P1DT",
            "1H",
            "PT1",
            "PT.5S",
            "PT1.5H",
            "PT1HT1M",
            "PT9999999999999H",
            "P1D2D",
            "PTxS",
            "P1W",
        ] {
            assert_eq!(OffsetReset::read(&format!("by_duration:{text}")), None, "{text}");
        }
        assert_eq!(OffsetReset::read("newest"), None);
        assert_eq!(OffsetReset::read("PT1H"), None);
    }
}
