//! What a step says, read with one clear sentence where it does not say what it must.

use super::Unable;
use super::case::Step;
use brokerscope_core::kafka::TopicPartition;
use brokerscope_core::name::TopicName;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// More partitions than this in one step are a mistake rather than a question.
const MOST_PARTITIONS: usize = 100_000;

/// The keys of a step, or of an object in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'a>(&'a Map<String, Value>);

impl<'a> Given<'a> {
    /// What a step says, if it says nothing but these.
    pub(crate) fn of(step: &'a Step, known: &[&str]) -> Result<Self, Unable> {
        Self::only(&step.given, known)
    }

    /// What an object says, if it says nothing but these.
    pub(crate) fn object(value: &'a Value, known: &[&str]) -> Result<Self, Unable> {
        let Some(map) = value.as_object() else {
            return Err(Unable::Wrong(format!("{value} is not an object")));
        };
        Self::only(map, known)
    }

    /// What a map says, if it says nothing but these.
    pub(crate) fn only(map: &'a Map<String, Value>, known: &[&str]) -> Result<Self, Unable> {
        match map.keys().find(|it| !known.contains(&it.as_str())) {
            Some(key) => Err(Unable::Wrong(format!("nobody knows its '{key}'"))),
            None => Ok(Self(map)),
        }
    }

    /// Anything, if it is there and not null.
    pub(crate) fn value(self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|it| !it.is_null())
    }

    /// Text, if it is there.
    pub(crate) fn text_if_any(self, key: &str) -> Result<Option<&'a str>, Unable> {
        let text = |it: &'a Value| it.as_str().ok_or_else(|| lacks(key, "text"));
        self.value(key).map(text).transpose()
    }

    /// Text.
    pub(crate) fn text(self, key: &str) -> Result<&'a str, Unable> {
        self.text_if_any(key)?.ok_or_else(|| lacks(key, "text"))
    }

    /// A whole number of at least 0.
    pub(crate) fn number(self, key: &str) -> Result<u64, Unable> {
        let number = self.value(key).and_then(Value::as_u64).filter(|it| *it < 1 << 53);
        number.ok_or_else(|| lacks(key, "a whole number of at least 0"))
    }

    /// A whole number, if it is there.
    pub(crate) fn whole_if_any(self, key: &str) -> Result<Option<i64>, Unable> {
        let whole = |it: &Value| it.as_i64().filter(|it| it.unsigned_abs() < 1 << 53);
        let whole = |it| whole(it).ok_or_else(|| lacks(key, "a whole number"));
        self.value(key).map(whole).transpose()
    }

    /// A whole number.
    pub(crate) fn whole(self, key: &str) -> Result<i64, Unable> {
        self.whole_if_any(key)?.ok_or_else(|| lacks(key, "a whole number"))
    }

    /// Whether, which is false if it is not there.
    pub(crate) fn whether(self, key: &str) -> Result<bool, Unable> {
        let Some(value) = self.value(key) else { return Ok(false) };
        value.as_bool().ok_or_else(|| lacks(key, "true or false"))
    }

    /// A partition, written `t-0`.
    pub(crate) fn partition(self, key: &str) -> Result<TopicPartition, Unable> {
        let text = self.text(key)?;
        partition(text).ok_or_else(|| lacks(key, "a partition, as t-0"))
    }

    /// A list of partitions, written `t-0`.
    pub(crate) fn partition_list(self, key: &str) -> Result<Vec<TopicPartition>, Unable> {
        let list = self.list(key)?.iter();
        let list: Option<Vec<_>> = list.map(|it| partition(it.as_str()?)).collect();
        list.ok_or_else(|| lacks(key, "a list of partitions, as t-0"))
    }

    /// Yes or no; `otherwise` if it does not say.
    pub(crate) fn flag(self, key: &str, otherwise: bool) -> Result<bool, Unable> {
        let Some(value) = self.value(key) else { return Ok(otherwise) };
        value.as_bool().ok_or_else(|| lacks(key, "true or false"))
    }

    /// A list.
    pub(crate) fn list(self, key: &str) -> Result<&'a [Value], Unable> {
        let list = self.value(key).and_then(Value::as_array);
        list.map(Vec::as_slice).ok_or_else(|| lacks(key, "a list"))
    }

    /// A list of topics.
    pub(crate) fn topics(self, key: &str) -> Result<Vec<TopicName>, Unable> {
        let name = |it: &Value| it.as_str().map(TopicName::from);
        let names: Option<Vec<TopicName>> = self.list(key)?.iter().map(name).collect();
        let names = names.ok_or_else(|| lacks(key, "a list of names"))?;
        if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
            return Err(Unable::Wrong(format!("'{key}' names a topic twice")));
        }
        Ok(names)
    }

    /// How many partitions, at least one.
    pub(crate) fn partitions(self, key: &str) -> Result<u32, Unable> {
        let count = self.value(key).and_then(|it| count(it, 1));
        count.ok_or_else(|| lacks(key, "a number from 1 to 100,000"))
    }

    /// How many partitions each topic has.
    pub(crate) fn partition_counts(self, key: &str) -> Result<Vec<(TopicName, u32)>, Unable> {
        let wrong = || lacks(key, "an object with topics and at most 100,000 partitions");
        let topics = self.value(key).and_then(Value::as_object).ok_or_else(wrong)?;
        let topic = |(name, value): (&String, &Value)| {
            Some((TopicName::from(name.as_str()), count(value, 0)?))
        };
        let counts: Option<Vec<(TopicName, u32)>> = topics.iter().map(topic).collect();
        let total = |counts: &Vec<(TopicName, u32)>| -> usize {
            counts.iter().map(|it| it.1 as usize).sum()
        };
        counts.filter(|it| total(it) <= MOST_PARTITIONS).ok_or_else(wrong)
    }

    /// Partitions written by topic, as `{"t": [0, 1]}`; none if it is not there.
    pub(crate) fn partitions_by_topic(self, key: &str) -> Result<Vec<TopicPartition>, Unable> {
        let wrong = || lacks(key, "an object with lists of partitions");
        let Some(value) = self.value(key) else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        for (topic, numbers) in value.as_object().ok_or_else(wrong)? {
            for number in numbers.as_array().ok_or_else(wrong)? {
                let number = count(number, 0).ok_or_else(wrong)?;
                all.push(TopicPartition::new(topic.as_str(), number));
            }
        }
        if all.iter().collect::<BTreeSet<_>>().len() < all.len() {
            return Err(Unable::Wrong(format!("'{key}' names a partition twice")));
        }
        Ok(all)
    }
}

/// A partition, written `t-0`.
pub(crate) fn partition(text: &str) -> Option<TopicPartition> {
    let (topic, number) = text.rsplit_once('-')?;
    let number = number.parse().ok().filter(|_| !topic.is_empty())?;
    Some(TopicPartition::new(topic, number))
}

fn lacks(key: &str, what: &str) -> Unable {
    Unable::Wrong(format!("its '{key}' is to be {what}"))
}

fn count(value: &Value, least: u32) -> Option<u32> {
    let number = u32::try_from(value.as_u64()?).ok()?;
    (least <= number && number as usize <= MOST_PARTITIONS).then_some(number)
}
