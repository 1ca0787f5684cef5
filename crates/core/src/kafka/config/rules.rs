//! What Kafka itself takes as the value of a setting, and how it says no.
//!
//! Source: `ConfigDef` and its `Range` and `ValidString`, with the definitions in
//! `ConsumerConfig`, `ProducerConfig`, `LogConfig`, `ReplicationConfigs`, `KRaftConfigs`,
//! `GroupCoordinatorConfig`, `TransactionLogConfig`, `TransactionStateManagerConfig` and
//! `CleanerConfig`.

use super::{BrokerSettings, ConsumerSettings, ProducerSettings, TopicSettings};
use crate::settings::{BadSetting, Why};

/// The type of a setting, and its validator.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// A `SHORT`, `INT` or `LONG` of at least that.
    Short(i64),
    Int(i64),
    Long(i64),
    /// A `DOUBLE` from 0 to 1.
    Part,
    /// A `BOOLEAN`.
    Bool,
    /// Something else, and what is said of what it is not.
    Words(&'static [&'static str], &'static str),
    /// A text that is not empty, if it is given.
    Text,
}

use Rule::{Bool, Int, Long, Part, Short, Text, Words};

/// No validator: any number of that type.
const ANY: i64 = i64::MIN;

const RULES: &[(&str, Rule)] = &[
    // Consumers, and what producers share with them.
    ("auto.commit.interval.ms", Int(0)),
    ("default.api.timeout.ms", Int(0)),
    ("enable.auto.commit", Bool),
    ("fetch.max.wait.ms", Int(0)),
    ("fetch.min.bytes", Int(0)),
    ("group.instance.id", Text),
    (
        "group.protocol",
        Words(
            &["classic", "consumer"],
            "String must be one of (case insensitive): CLASSIC, CONSUMER",
        ),
    ),
    ("heartbeat.interval.ms", Int(ANY)),
    (
        "isolation.level",
        Words(
            &["read_committed", "read_uncommitted"],
            "String must be one of: read_committed, read_uncommitted",
        ),
    ),
    ("max.partition.fetch.bytes", Int(0)),
    ("max.poll.interval.ms", Int(1)),
    ("max.poll.records", Int(1)),
    ("metadata.max.age.ms", Long(0)),
    ("request.timeout.ms", Int(0)),
    ("retry.backoff.ms", Long(0)),
    ("session.timeout.ms", Int(ANY)),
    // Producers.
    ("acks", Words(&["all", "0", "1"], "String must be one of: all, -1, 0, 1")),
    ("batch.size", Int(0)),
    ("delivery.timeout.ms", Int(0)),
    ("linger.ms", Long(0)),
    ("max.block.ms", Long(0)),
    ("max.in.flight.requests.per.connection", Int(1)),
    ("max.request.size", Int(0)),
    ("retries", Int(0)),
    ("transaction.timeout.ms", Int(ANY)),
    // Topics.
    ("delete.retention.ms", Long(0)),
    ("index.interval.bytes", Int(0)),
    ("max.compaction.lag.ms", Long(1)),
    ("max.message.bytes", Int(0)),
    ("message.timestamp.after.max.ms", Long(0)),
    ("message.timestamp.before.max.ms", Long(0)),
    ("message.timestamp.type", TIMESTAMP_TYPE),
    ("min.cleanable.dirty.ratio", Part),
    ("min.compaction.lag.ms", Long(0)),
    ("min.insync.replicas", Int(1)),
    ("retention.bytes", Long(ANY)),
    ("retention.ms", Long(-1)),
    ("segment.bytes", Int(1 << 20)),
    ("segment.index.bytes", Int(4)),
    ("segment.ms", Long(1)),
    ("unclean.leader.election.enable", Bool),
    // Brokers.
    ("auto.leader.rebalance.enable", Bool),
    ("broker.heartbeat.interval.ms", Int(ANY)),
    ("broker.session.timeout.ms", Int(ANY)),
    ("default.replication.factor", Int(ANY)),
    ("group.consumer.heartbeat.interval.ms", Int(1)),
    ("group.consumer.max.size", Int(1)),
    ("group.consumer.session.timeout.ms", Int(1)),
    ("group.initial.rebalance.delay.ms", Int(ANY)),
    ("group.max.session.timeout.ms", Int(ANY)),
    ("group.max.size", Int(1)),
    ("group.min.session.timeout.ms", Int(ANY)),
    ("leader.imbalance.check.interval.seconds", Long(1)),
    ("log.cleaner.backoff.ms", Long(0)),
    ("log.cleaner.delete.retention.ms", Long(0)),
    ("log.cleaner.min.cleanable.ratio", Part),
    ("log.initial.task.delay.ms", Long(0)),
    ("log.message.timestamp.type", TIMESTAMP_TYPE),
    ("log.retention.bytes", Long(ANY)),
    ("log.retention.check.interval.ms", Long(1)),
    ("log.retention.hours", Int(ANY)),
    ("log.retention.minutes", Int(ANY)),
    ("log.retention.ms", Long(ANY)),
    ("log.roll.hours", Int(1)),
    ("log.roll.ms", Long(ANY)),
    ("log.segment.bytes", Int(1 << 20)),
    ("message.max.bytes", Int(0)),
    ("num.partitions", Int(1)),
    ("offset.metadata.max.bytes", Int(ANY)),
    ("offsets.retention.check.interval.ms", Long(1)),
    ("offsets.retention.minutes", Int(1)),
    ("offsets.topic.num.partitions", Int(1)),
    ("offsets.topic.replication.factor", Short(1)),
    ("producer.id.expiration.check.interval.ms", Int(1)),
    ("producer.id.expiration.ms", Int(1)),
    ("replica.fetch.backoff.ms", Int(0)),
    ("replica.fetch.max.bytes", Int(0)),
    ("replica.fetch.wait.max.ms", Int(ANY)),
    ("replica.lag.time.max.ms", Long(ANY)),
    ("transaction.abort.timed.out.transaction.cleanup.interval.ms", Int(1)),
    ("transaction.max.timeout.ms", Int(1)),
    ("transaction.state.log.num.partitions", Int(1)),
    ("transaction.state.log.replication.factor", Short(1)),
];

const TIMESTAMP_TYPE: Rule =
    Words(&["CreateTime", "LogAppendTime"], "String must be one of: CreateTime, LogAppendTime");

/// Simplified: here these are at least 1, where Kafka takes 0 and does without a pause.
const PAUSES: &[&str] = &[
    "fetch.max.wait.ms",
    "heartbeat.interval.ms",
    "request.timeout.ms",
    "retry.backoff.ms",
    "broker.heartbeat.interval.ms",
    "broker.session.timeout.ms",
    "log.cleaner.backoff.ms",
    "replica.fetch.backoff.ms",
    "replica.fetch.wait.max.ms",
];

/// Whether Kafka, and the machines here, take the value.
pub(super) fn check(name: &'static str, value: &str) -> Result<(), BadSetting> {
    let Some((_, rule)) = RULES.iter().find(|it| it.0 == name) else { return Ok(()) };
    if let Some(why) = wrong(*rule, value) {
        return Err(BadSetting::Refused { name, value: value.to_owned(), why });
    }
    if value == "0" && PAUSES.contains(&name) {
        let expected = "at least 1 here";
        return Err(BadSetting::Value { name, value: value.to_owned(), expected });
    }
    Ok(())
}

fn wrong(rule: Rule, value: &str) -> Option<Why> {
    match rule {
        Short(least) => number(value, least, i16::MAX.into(), "SHORT"),
        Int(least) => number(value, least, i32::MAX.into(), "INT"),
        Long(least) => number(value, least, i64::MAX, "LONG"),
        Part => part(value),
        Bool if matches!(value, "true" | "false") => None,
        Bool => Some(Why::Says("Expected value to be either true or false")),
        Words(words, _) if words.contains(&value) => None,
        Words(_, why) => Some(Why::Says(why)),
        Text if value.is_empty() => Some(Why::Says("String must be non-empty")),
        Text => None,
    }
}

fn number(value: &str, least: i64, most: i64, kind: &'static str) -> Option<Why> {
    match value.parse::<i64>() {
        Ok(it) if it <= most && -most - 1 <= it => (it < least).then_some(Why::AtLeast(least)),
        Ok(_) | Err(_) => Some(Why::NotOfType(kind)),
    }
}

/// Decimals are read without floating point: there are none in a setting that matter beyond the
/// ninth.
fn part(value: &str) -> Option<Why> {
    let (sign, digits) = match value.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, value),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    let is_decimal = is_number(whole) || (whole.is_empty() && is_number(decimals));
    if !is_decimal {
        return Some(Why::NotOfType("DOUBLE"));
    }
    let has_more = decimals.bytes().any(|it| it != b'0');
    let whole = whole.trim_start_matches('0');
    match (sign, whole, has_more) {
        (-1, _, true) => Some(Why::AtLeast(0)),
        (-1, it, _) if !it.is_empty() => Some(Why::AtLeast(0)),
        (_, "", _) | (_, "1", false) => None,
        _ => Some(Why::AtMost(1)),
    }
}

/// A method that sets one setting as Kafka would take it.
macro_rules! configured {
    ($($name:ty),+) => {
        $(impl $name {
            /// Sets one by its real name, if Kafka would take the value.
            ///
            /// # Errors
            /// If there is no such setting, or Kafka would raise a `ConfigException`.
            pub fn configure(&mut self, name: &str, value: &str) -> Result<(), BadSetting> {
                if let Some(known) = Self::SETTINGS.iter().find(|it| it.name == name) {
                    check(known.name, value)?;
                }
                self.set(name, value)
            }
        })+
    };
}

configured!(BrokerSettings, TopicSettings, ProducerSettings, ConsumerSettings);

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &'static str, value: &str) -> String {
        check(name, value).map_or_else(|why| why.to_string(), |()| "taken".to_owned())
    }

    #[test]
    fn a_wrong_value_is_refused_in_kafkas_words() {
        let told = [
            ("max.poll.records", "0", "Value must be at least 1"),
            ("max.poll.records", "2147483648", "Not a number of type INT"),
            ("max.poll.records", "many", "Not a number of type INT"),
            ("retention.ms", "-2", "Value must be at least -1"),
            ("min.cleanable.dirty.ratio", "1.5", "Value must be no more than 1"),
            ("min.cleanable.dirty.ratio", "-0.1", "Value must be at least 0"),
            ("min.cleanable.dirty.ratio", "half", "Not a number of type DOUBLE"),
            ("acks", "2", "String must be one of: all, -1, 0, 1"),
            ("enable.auto.commit", "yes", "Expected value to be either true or false"),
        ];
        for (name, value, why) in told {
            let whole =
                format!("ConfigException: Invalid value {value} for configuration {name}: {why}");
            assert_eq!(refusal(name, value), whole);
        }
        let here = "'retry.backoff.ms' cannot be '0': it is at least 1 here";
        assert_eq!(refusal("retry.backoff.ms", "0"), here);
    }

    #[test]
    fn what_is_right_is_taken() {
        for (name, value) in [
            ("max.poll.records", "1"),
            ("retention.ms", "-1"),
            ("retention.bytes", "-7"),
            ("min.cleanable.dirty.ratio", "1.0"),
            ("min.cleanable.dirty.ratio", ".5"),
            ("acks", "0"),
            ("group.remote.assignor", "whatever"),
        ] {
            assert_eq!(refusal(name, value), "taken", "{name}={value}");
        }
    }

    #[test]
    fn every_default_is_taken_and_every_rule_is_of_a_setting() {
        let broker = BrokerSettings::default();
        let (topic, producer) = (TopicSettings::default(), ProducerSettings::default());
        let consumer = ConsumerSettings::default();
        for (name, _) in RULES {
            let shown = broker.show(name).or(topic.show(name));
            let shown = shown.or(producer.show(name)).or(consumer.show(name));
            let value = shown.expect("it is a setting");
            if !value.is_empty() {
                assert_eq!(refusal(name, &value), "taken", "{name}={value}");
            }
        }
    }
}
