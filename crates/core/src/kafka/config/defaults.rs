//! What a topic is set to where it does not say so itself.

use super::{BrokerSettings, TopicSettings};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

impl BrokerSettings {
    /// What these brokers set a topic to that says nothing.
    ///
    /// Source: `KafkaConfig.extractLogConfigMap`; the finer unit wins, and whatever is below 0 is
    /// no limit.
    #[must_use]
    pub fn topic_defaults(&self) -> TopicSettings {
        let minutes = self.log_retention_minutes.map(|it| it.saturating_mul(MINUTE_MS));
        let hours = self.log_retention_hours.saturating_mul(HOUR_MS);
        let roll_hours = self.log_roll_hours.saturating_mul(HOUR_MS.unsigned_abs());
        // Beyond this a number is no setting any more.
        let longest = (1 << 53) - 1;
        TopicSettings {
            cleanup_policy: self.log_cleanup_policy,
            retention_ms: self.log_retention_ms.or(minutes).unwrap_or(hours).clamp(-1, longest),
            retention_bytes: self.log_retention_bytes,
            segment_bytes: self.log_segment_bytes,
            segment_ms: self.log_roll_ms.unwrap_or(roll_hours).min(longest.unsigned_abs()),
            max_message_bytes: self.message_max_bytes,
            message_timestamp_type: self.log_message_timestamp_type,
            min_cleanable_dirty_ratio: self.log_cleaner_min_cleanable_ratio,
            delete_retention_ms: self.log_cleaner_delete_retention_ms,
            ..TopicSettings::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_says_nothing_is_as_its_brokers_are_set() {
        let mut broker = BrokerSettings::default();
        assert_eq!(broker.topic_defaults(), TopicSettings::default());
        let mut of = |name, value| {
            broker.set(name, value).unwrap();
            broker.topic_defaults()
        };
        assert_eq!(of("log.retention.hours", "2").retention_ms, 7_200_000);
        assert_eq!(of("log.retention.minutes", "3").retention_ms, 180_000);
        assert_eq!(of("log.retention.ms", "4").retention_ms, 4);
        assert_eq!(of("log.retention.ms", "-1").retention_ms, -1);
        assert_eq!(of("log.roll.hours", "1").segment_ms, 3_600_000);
        assert_eq!(of("log.roll.ms", "5").segment_ms, 5);
        assert_eq!(of("log.cleanup.policy", "compact").cleanup_policy.as_str(), "compact");
    }

    #[test]
    fn minutes_below_zero_are_no_limit() {
        let broker = BrokerSettings { log_retention_minutes: Some(-1), ..Default::default() };
        assert_eq!(broker.topic_defaults().retention_ms, -1);
    }
}
