//! Topics are made, grown, set and deleted.
//!
//! Source: `ReplicationControlManager`, `ConfigurationControlManager`.

use super::{Controller, Effect, Layout, NewTopic};
use crate::kafka::BrokerId;
use crate::kafka::config::TopicSettings;
use crate::kafka::fact::{ClusterFact, Fact};
use crate::kafka::message::ErrorCode;
use crate::kafka::metadata::{OFFSETS_TOPIC, Partition, Topic, striped};
use crate::name::TopicName;
use std::sync::Arc;

/// The longest name that a topic can have.
const LONGEST_NAME: usize = 249;

/// Whether a topic can have that name.
///
/// Source: `Topic.validate`.
fn is_valid_name(name: &str) -> bool {
    let is_legal = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'_' | b'-');
    !matches!(name, "" | "." | "..") && name.len() <= LONGEST_NAME && name.bytes().all(is_legal)
}

/// Whether two names would be the same in the names of metrics, where `.` becomes `_`.
///
/// Source: `Topic.hasCollision`.
fn collide(a: &str, b: &str) -> bool {
    let unified = |it: u8| if it == b'.' { b'_' } else { it };
    a.len() == b.len() && a.bytes().map(unified).eq(b.bytes().map(unified))
}

impl Controller {
    pub(super) fn create_topic(
        &mut self,
        fx: &mut Vec<Effect>,
        new: &NewTopic,
    ) -> Result<(), ErrorCode> {
        let name = new.name.as_str();
        if !is_valid_name(name) {
            return Err(ErrorCode::InvalidTopicException);
        }
        // Simplified: `__consumer_offsets` is there from the beginning; who makes it by hand, as
        // one can before its first use, decides how it is laid out from then on.
        let is_offsets = name == OFFSETS_TOPIC;
        if !is_offsets && self.metadata.topic(&new.name).is_some() {
            return Err(ErrorCode::TopicAlreadyExists);
        }
        if self.metadata.every_topic().any(|it| !is_offsets && collide(it.name.as_str(), name)) {
            return Err(ErrorCode::InvalidTopicException);
        }
        let defaults = self.settings.topic_defaults();
        let (mut settings, mut given) = (defaults.clone(), Vec::new());
        for (key, value) in &new.configs {
            set(&defaults, &mut settings, &mut given, key, Some(value))?;
        }
        check(&settings, given.iter().copied())?;
        let states = self.laid_out(&new.layout)?;
        let partitions = u32::try_from(states.len()).expect("partitions are few");
        let id = self.next_topic;
        self.next_topic += 1;
        let name = new.name.clone();
        let topic = Topic { id, name: name.clone(), partitions, settings, given, states };
        let metadata = self.change();
        if is_offsets {
            metadata.offsets = Arc::new(topic);
        } else {
            metadata.topics.push(Arc::new(topic));
        }
        note(fx, ClusterFact::TopicCreated { topic: name, partitions });
        Ok(())
    }

    /// Who has which partition of a new topic.
    fn laid_out(&self, layout: &Layout) -> Result<Vec<Partition>, ErrorCode> {
        match layout {
            Layout::Counts { partitions, replication } => {
                let default = |it: u32| i32::try_from(it).unwrap_or(i32::MAX);
                let factor = match *replication {
                    -1 => default(self.settings.default_replication_factor),
                    it => it,
                };
                let count = match *partitions {
                    -1 => default(self.settings.num_partitions),
                    it => it,
                };
                let factor = u16::try_from(factor).unwrap_or_default();
                if factor == 0 {
                    return Err(ErrorCode::InvalidReplicationFactor);
                }
                let count = u32::try_from(count).unwrap_or_default();
                if count == 0 {
                    return Err(ErrorCode::InvalidPartitions);
                }
                self.place(0, count, factor)
            }
            Layout::Assigned(assigned) => self.assigned(assigned),
        }
    }

    /// Places the partitions from number `first` to before `end`.
    fn place(&self, first: u32, end: u32, factor: u16) -> Result<Vec<Partition>, ErrorCode> {
        // Those that are there come first; at least one must be.
        let mut brokers: Vec<BrokerId> = self.metadata.broker_ids().collect();
        if brokers.len() < usize::from(factor) {
            return Err(ErrorCode::InvalidReplicationFactor);
        }
        let active = |it: &BrokerId| self.metadata.is_active(*it);
        if !brokers.iter().any(active) {
            return Err(ErrorCode::InvalidReplicationFactor);
        }
        if brokers.iter().filter(|it| active(it)).count() >= usize::from(factor) {
            brokers.retain(active);
        }
        let placed = (first..end).map(|it| {
            let mut replicas = striped(&brokers, it, factor);
            // A leader is needed: one that is there leads.
            if let Some(at) = replicas.iter().position(active) {
                replicas[..=at].rotate_right(1);
            }
            let isr = replicas.iter().copied().filter(active).collect();
            Partition::new(replicas, isr)
        });
        Ok(placed.collect())
    }

    /// Source: `validateManualPartitionAssignment`.
    fn assigned(&self, assigned: &[(u32, Vec<BrokerId>)]) -> Result<Vec<Partition>, ErrorCode> {
        let mut states: Vec<Option<Partition>> = vec![None; assigned.len()];
        let factor = assigned.first().map_or(0, |(_, replicas)| replicas.len());
        if factor == 0 {
            return Err(ErrorCode::InvalidReplicaAssignment);
        }
        for (number, replicas) in assigned {
            let is_known = |it: &BrokerId| self.metadata.broker_ids().any(|known| known == *it);
            let is_repeated = (1..replicas.len()).any(|it| replicas[..it].contains(&replicas[it]));
            let isr: Vec<_> =
                replicas.iter().copied().filter(|it| self.metadata.is_active(*it)).collect();
            let is_right = replicas.len() == factor
                && replicas.iter().all(is_known)
                && !is_repeated
                && !isr.is_empty();
            let place = states.get_mut(*number as usize).filter(|it| it.is_none() && is_right);
            let place = place.ok_or(ErrorCode::InvalidReplicaAssignment)?;
            *place = Some(Partition::new(replicas.clone(), isr));
        }
        // As many numbers as places, none out of reach and none twice: every place is filled.
        Ok(states.into_iter().flatten().collect())
    }

    pub(super) fn create_partitions(
        &mut self,
        fx: &mut Vec<Effect>,
        name: &TopicName,
        count: i32,
    ) -> Result<(), ErrorCode> {
        let topic = self.metadata.topic(name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let before = topic.partitions;
        let count = u32::try_from(count).unwrap_or_default();
        if count <= before {
            return Err(ErrorCode::InvalidPartitions);
        }
        let factor = topic.states.first().map_or(1, |it| it.replicas.len());
        let factor = u16::try_from(factor).expect("brokers have 16 bits");
        let added = self.place(before, count, factor)?;
        let topic = self.change_topic(name).expect("it was there just now");
        topic.partitions = count;
        topic.states.extend(added);
        note(fx, ClusterFact::TopicGrown { topic: name.clone(), partitions: count });
        Ok(())
    }

    pub(super) fn alter_configs(
        &mut self,
        fx: &mut Vec<Effect>,
        name: &TopicName,
        configs: &[(String, Option<String>)],
    ) -> Result<(), ErrorCode> {
        let topic = self.metadata.topic(name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let (mut settings, mut given) = (topic.settings.clone(), topic.given.clone());
        let defaults = self.settings.topic_defaults();
        for (key, value) in configs {
            set(&defaults, &mut settings, &mut given, key, value.as_deref())?;
            check(&settings, [key.as_str()])?;
        }
        let has_changed = topic.settings != settings || topic.given != given;
        if has_changed {
            let topic = self.change_topic(name).expect("it was there just now");
            (topic.settings, topic.given) = (settings, given);
            let set = |(key, value): &(String, Option<String>)| match value {
                Some(value) => format!("{key}={value}"),
                None => format!("the default of {key}"),
            };
            let to = configs.iter().map(set).collect::<Vec<_>>().join(", ");
            note(fx, ClusterFact::TopicConfigured { topic: name.clone(), to });
        }
        Ok(())
    }

    pub(super) fn delete_topic(
        &mut self,
        fx: &mut Vec<Effect>,
        name: &TopicName,
    ) -> Result<(), ErrorCode> {
        if !self.metadata.topics.iter().any(|it| it.name == *name) {
            return Err(ErrorCode::UnknownTopicOrPartition);
        }
        self.change().topics.retain(|it| it.name != *name);
        note(fx, ClusterFact::TopicDeleted { topic: name.clone() });
        Ok(())
    }
}

/// Tells whoever watches.
pub(super) fn note(fx: &mut Vec<Effect>, fact: ClusterFact) {
    fx.push(Effect::Note(Fact::Cluster(fact)));
}

/// Whether Kafka takes all that was given.
fn check<'a>(
    settings: &TopicSettings,
    given: impl IntoIterator<Item = &'a str>,
) -> Result<(), ErrorCode> {
    let accepted = given.into_iter().try_for_each(|it| settings.check(it));
    accepted.map_err(|_| ErrorCode::InvalidConfig)
}

/// Gives a setting a value, or its default.
fn set(
    defaults: &TopicSettings,
    settings: &mut TopicSettings,
    given: &mut Vec<&'static str>,
    name: &str,
    value: Option<&str>,
) -> Result<(), ErrorCode> {
    let known = TopicSettings::SETTINGS.iter().find(|it| it.name == name);
    let name = known.ok_or(ErrorCode::InvalidConfig)?.name;
    given.retain(|it| *it != name);
    let default = defaults.show(name).expect("the setting is known");
    let text = value.unwrap_or(&default);
    settings.set(name, text).map_err(|_| ErrorCode::InvalidConfig)?;
    if value.is_some() {
        given.push(name);
        crate::map::sort(given);
    }
    Ok(())
}
