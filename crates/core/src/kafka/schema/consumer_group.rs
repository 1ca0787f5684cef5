//! Records of `__consumer_offsets` about groups of the `consumer` protocol: each is one change
//! of such a group.
//!
//! Their values are of Kafka's flexible kind: lengths are varints, and tagged fields follow.
//! Source: `ConsumerGroup*Key.json` and `ConsumerGroup*Value.json` of the group coordinator.
//! Simplified: topics stand in them by their names, where Kafka writes their ids.

use super::{Bytes, Key, Reader, Writer, partition_number};
use crate::kafka::TopicPartition;
use crate::kafka::assignor::compute::ClassicAssignor;
use crate::kafka::message::{Internal, MemberId};
use crate::map::Map;
use crate::name::{ConsumerName, TopicName};
use crate::settings::Value;

/// One change of a group. None removes what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// `ConsumerGroupMetadata`: the group itself.
    Group(Option<Epoch>),
    /// `ConsumerGroupMemberMetadata`: a member and what it wants.
    Member(MemberId, Option<Subscription>),
    /// `ConsumerGroupTargetAssignmentMetadata`: the target as a whole.
    TargetEpoch(Option<Target>),
    /// `ConsumerGroupTargetAssignmentMember`: what a member shall read.
    Target(MemberId, Option<Vec<TopicPartition>>),
    /// `ConsumerGroupCurrentMemberAssignment`: what a member reads.
    Current(MemberId, Option<Current>),
}

/// How often the group has changed, and what its topics looked like then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Epoch {
    pub(crate) epoch: i32,
    pub(crate) metadata_hash: i64,
}

/// For which epoch of the group the target was computed, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) epoch: i32,
    pub(crate) timestamp_ms: i64,
}

/// What a member told about itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Subscription {
    /// `group.instance.id`.
    pub(crate) instance: Option<String>,
    pub(crate) client: ConsumerName,
    /// Sorted, each once.
    pub(crate) topics: Vec<TopicName>,
    pub(crate) rebalance_timeout_ms: i32,
    /// `group.remote.assignor`.
    pub(crate) assignor: Option<String>,
    /// If it speaks the classic protocol.
    pub(crate) classic: Option<ClassicMember>,
}

/// What a member that speaks the classic protocol told besides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClassicMember {
    pub(crate) session_timeout_ms: i32,
    /// Its assignors, each with its subscription.
    pub(crate) protocols: Vec<(ClassicAssignor, Bytes)>,
}

/// Where a member stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Current {
    /// 0 before its first heartbeat is through; -2 while a static member is away.
    pub(crate) epoch: i32,
    pub(crate) previous_epoch: i32,
    pub(crate) state: MemberState,
    /// What it reads, and since which epoch.
    pub(crate) assigned: Map<TopicPartition, i32>,
    /// What it has still to give up.
    pub(crate) revoking: Map<TopicPartition, i32>,
}

/// How far a member is on its way to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum MemberState {
    /// It is there.
    Stable,
    /// It has to give up partitions first.
    UnrevokedPartitions,
    /// It waits for partitions that others have to give up.
    UnreleasedPartitions,
}

/// The kinds of keys: the number before each.
const GROUP: i16 = 3;
const MEMBER: i16 = 5;
const TARGET_EPOCH: i16 = 6;
const TARGET: i16 = 7;
const CURRENT: i16 = 8;

/// Whether keys of this kind name a member; none if they are not of these groups.
pub(super) fn names_member(kind: i16) -> Option<bool> {
    match kind {
        GROUP | TARGET_EPOCH => Some(false),
        MEMBER | TARGET | CURRENT => Some(true),
        _ => None,
    }
}

impl Change {
    /// Whether it takes something away.
    pub(crate) fn is_removal(&self) -> bool {
        match self {
            Self::Group(it) => it.is_none(),
            Self::Member(_, it) => it.is_none(),
            Self::TargetEpoch(it) => it.is_none(),
            Self::Target(_, it) => it.is_none(),
            Self::Current(_, it) => it.is_none(),
        }
    }

    /// The record of it.
    pub(crate) fn record(&self, group: &str) -> Internal {
        let (kind, member, value) = match self {
            Self::Group(it) => (GROUP, None, it.map(Epoch::encode)),
            Self::Member(id, it) => (MEMBER, Some(id), it.as_ref().map(Subscription::encode)),
            Self::TargetEpoch(it) => (TARGET_EPOCH, None, it.map(Target::encode)),
            Self::Target(id, it) => (TARGET, Some(id), it.as_deref().map(encode_target)),
            Self::Current(id, it) => (CURRENT, Some(id), it.as_ref().map(Current::encode)),
        };
        let member = member.map(ToString::to_string).unwrap_or_default();
        let key = Key::ConsumerGroup { kind, group: group.to_owned(), member };
        Internal { key: key.encode(), value }
    }

    /// What a record with a key of this kind says; none if the bytes are no such value.
    pub(crate) fn read(kind: i16, member: &str, value: Option<&[u8]>) -> Option<Self> {
        let id = || MemberId::from(member);
        Some(match kind {
            GROUP => Self::Group(optional(value, Epoch::decode)?),
            MEMBER => Self::Member(id(), optional(value, Subscription::decode)?),
            TARGET_EPOCH => Self::TargetEpoch(optional(value, Target::decode)?),
            TARGET => Self::Target(id(), optional(value, decode_target)?),
            CURRENT => Self::Current(id(), optional(value, Current::decode)?),
            _ => return None,
        })
    }
}

/// A value of version 0, or none for a tombstone; nothing if the bytes make no sense.
fn optional<T>(
    value: Option<&[u8]>,
    decode: fn(&mut Reader<'_>) -> Option<T>,
) -> Option<Option<T>> {
    let Some(value) = value else { return Some(None) };
    let mut reader = Reader(value);
    if reader.i16()? != 0 {
        return None;
    }
    decode(&mut reader).map(Some)
}

impl Writer {
    fn varint(&mut self, number: usize) {
        let mut rest = number;
        while 0x7f < rest {
            self.0.push(u8::try_from(rest & 0x7f).expect("seven bits fit") | 0x80);
            rest >>= 7;
        }
        self.0.push(u8::try_from(rest).expect("seven bits fit"));
    }

    fn short(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() + 1);
        self.0.extend(bytes);
    }

    fn optional_short(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.short(text.as_bytes()),
            None => self.varint(0),
        }
    }

    fn tagged(&mut self, fields: Option<Self>) {
        let Some(Self(field)) = fields else { return self.varint(0) };
        // One field, of tag 0.
        self.varint(1);
        self.varint(0);
        self.varint(field.len());
        self.0.extend(field);
    }

    /// Partitions topic by topic, sorted.
    fn partitions(&mut self, partitions: &[(&TopicPartition, i32)], epochs: bool) {
        let topics = || partitions.chunk_by(|a, b| a.0.topic == b.0.topic);
        self.varint(topics().count() + 1);
        for topic in topics() {
            self.short(topic[0].0.topic.as_str().as_bytes());
            self.varint(topic.len() + 1);
            for (it, _) in topic {
                self.i32(partition_number(it.partition));
            }
            self.tagged(epochs.then(|| {
                let mut field = Self::default();
                field.varint(topic.len() + 1);
                for (_, epoch) in topic {
                    field.i32(*epoch);
                }
                field
            }));
        }
    }
}

impl<'a> Reader<'a> {
    fn varint(&mut self) -> Option<usize> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let [byte] = self.array()?;
            number |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn short(&mut self) -> Option<&'a [u8]> {
        let length = self.varint()?.checked_sub(1)?;
        self.take(length)
    }

    fn short_text(&mut self) -> Option<String> {
        Some(str::from_utf8(self.short()?).ok()?.to_owned())
    }

    fn optional_short(&mut self) -> Option<Option<String>> {
        if self.0.first() == Some(&0) {
            self.varint()?;
            return Some(None);
        }
        self.short_text().map(Some)
    }

    fn row<T>(&mut self, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.varint()?.checked_sub(1)?;
        (0..count).map(|_| item(self)).collect()
    }

    /// The field of tag 0, if it is there.
    fn tagged(&mut self) -> Option<Option<Self>> {
        if self.varint()? == 0 {
            return Some(None);
        }
        self.varint()?;
        let length = self.varint()?;
        self.take(length).map(|it| Some(Reader(it)))
    }

    fn partitions(&mut self) -> Option<Map<TopicPartition, i32>> {
        let topics = self.row(|it| {
            let topic = TopicName::from(it.short_text()?);
            let partitions = it.row(Reader::partition)?;
            let epochs = match it.tagged()? {
                Some(mut field) => field.row(Reader::i32)?,
                None => vec![0; partitions.len()],
            };
            let of_topic = move |it| TopicPartition::new(topic.clone(), it);
            Some(partitions.into_iter().map(of_topic).zip(epochs))
        })?;
        Some(topics.into_iter().flatten().collect())
    }
}

/// A value of version 0.
fn value() -> Writer {
    let mut writer = Writer::default();
    writer.i16(0);
    writer
}

impl Epoch {
    fn encode(self) -> Bytes {
        let mut writer = value();
        writer.i32(self.epoch);
        let mut field = Writer::default();
        field.i64(self.metadata_hash);
        writer.tagged(Some(field));
        writer.done()
    }

    fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        let epoch = reader.i32()?;
        let metadata_hash = match reader.tagged()? {
            Some(mut field) => field.i64()?,
            None => 0,
        };
        Some(Self { epoch, metadata_hash })
    }
}

impl Target {
    fn encode(self) -> Bytes {
        let mut writer = value();
        writer.i32(self.epoch);
        let mut field = Writer::default();
        field.i64(self.timestamp_ms);
        writer.tagged(Some(field));
        writer.done()
    }

    fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        let Epoch { epoch, metadata_hash: timestamp_ms } = Epoch::decode(reader)?;
        Some(Self { epoch, timestamp_ms })
    }
}

impl Subscription {
    fn encode(&self) -> Bytes {
        let mut writer = value();
        writer.optional_short(self.instance.as_deref());
        let no_rack = None;
        writer.optional_short(no_rack);
        writer.short(self.client.as_str().as_bytes());
        writer.short(super::HOST.as_bytes());
        writer.varint(self.topics.len() + 1);
        for topic in &self.topics {
            writer.short(topic.as_str().as_bytes());
        }
        let no_pattern = Some("");
        writer.optional_short(no_pattern);
        writer.i32(self.rebalance_timeout_ms);
        writer.optional_short(self.assignor.as_deref());
        writer.tagged(self.classic.as_ref().map(|it| {
            let mut field = Writer::default();
            field.i32(it.session_timeout_ms);
            field.varint(it.protocols.len() + 1);
            for (name, subscription) in &it.protocols {
                field.short(name.as_str().as_bytes());
                field.short(subscription);
                field.tagged(None);
            }
            field.tagged(None);
            field
        }));
        writer.done()
    }

    fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        let instance = reader.optional_short()?;
        let _rack = reader.optional_short()?;
        let client = ConsumerName::from(reader.short_text()?);
        let _host = reader.short()?;
        let topics = reader.row(|it| it.short_text().map(TopicName::from))?;
        let _pattern = reader.optional_short()?;
        let rebalance_timeout_ms = reader.i32()?;
        let assignor = reader.optional_short()?;
        let classic = match reader.tagged()? {
            Some(mut field) => Some(ClassicMember {
                session_timeout_ms: field.i32()?,
                protocols: field.row(|it| {
                    let name = ClassicAssignor::read(&it.short_text()?)?;
                    let protocol = (name, Bytes::from(it.short()?));
                    it.tagged()?;
                    Some(protocol)
                })?,
            }),
            None => None,
        };
        Some(Self { instance, client, topics, rebalance_timeout_ms, assignor, classic })
    }
}

fn encode_target(partitions: &[TopicPartition]) -> Bytes {
    let mut writer = value();
    let row: Vec<(&TopicPartition, i32)> = partitions.iter().map(|it| (it, 0)).collect();
    writer.partitions(&row, false);
    writer.tagged(None);
    writer.done()
}

fn decode_target(reader: &mut Reader<'_>) -> Option<Vec<TopicPartition>> {
    let partitions = reader.partitions()?;
    reader.tagged()?;
    Some(partitions.into_keys().collect())
}

impl Current {
    fn encode(&self) -> Bytes {
        let mut writer = value();
        writer.i32(self.epoch);
        writer.i32(self.previous_epoch);
        writer.0.push(match self.state {
            MemberState::Stable => 0,
            MemberState::UnrevokedPartitions => 1,
            MemberState::UnreleasedPartitions => 2,
        });
        for partitions in [&self.assigned, &self.revoking] {
            let row: Vec<(&TopicPartition, i32)> =
                partitions.iter().map(|(it, epoch)| (it, *epoch)).collect();
            writer.partitions(&row, true);
        }
        writer.tagged(None);
        writer.done()
    }

    fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        let current = Self {
            epoch: reader.i32()?,
            previous_epoch: reader.i32()?,
            state: match reader.array()? {
                [0] => MemberState::Stable,
                [1] => MemberState::UnrevokedPartitions,
                [2] => MemberState::UnreleasedPartitions,
                [_] => return None,
            },
            assigned: reader.partitions()?,
            revoking: reader.partitions()?,
        };
        reader.tagged()?;
        Some(current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(change: &Change) -> Option<Change> {
        let record = change.record("g");
        let Some(Key::ConsumerGroup { kind, group, member }) = Key::decode(&record.key) else {
            panic!("{change:?} has another key")
        };
        assert_eq!(group, "g");
        Change::read(kind, &member, record.value.as_deref())
    }

    fn changes() -> Vec<Change> {
        let partitions =
            [("a", 0), ("a", 300), ("b", 1)].map(|(it, at)| TopicPartition::new(it, at));
        let id = || MemberId::from("m");
        let subscription = Subscription {
            instance: Some("i".into()),
            client: "c".into(),
            topics: vec!["a".into(), "b".into()],
            rebalance_timeout_ms: 300_000,
            assignor: Some("range".into()),
            classic: Some(ClassicMember {
                session_timeout_ms: 45_000,
                protocols: vec![
                    (ClassicAssignor::Range, Bytes::from([1, 2])),
                    (ClassicAssignor::Sticky, [7; 200].into()),
                ],
            }),
        };
        let current = Current {
            epoch: 3,
            previous_epoch: 2,
            state: MemberState::UnrevokedPartitions,
            assigned: partitions[..2].iter().map(|it| (it.clone(), 2)).collect(),
            revoking: partitions[2..].iter().map(|it| (it.clone(), 1)).collect(),
        };
        vec![
            Change::Group(Some(Epoch { epoch: 3, metadata_hash: -5 })),
            Change::Member(id(), Some(subscription.clone())),
            Change::Member(
                id(),
                Some(Subscription { instance: None, classic: None, ..subscription }),
            ),
            Change::TargetEpoch(Some(Target { epoch: 3, timestamp_ms: 9 })),
            Change::Target(id(), Some(partitions.to_vec())),
            Change::Target(id(), Some(Vec::new())),
            Change::Current(id(), Some(current)),
            Change::Group(None),
            Change::Member(id(), None),
            Change::TargetEpoch(None),
            Change::Target(id(), None),
            Change::Current(id(), None),
        ]
    }

    #[test]
    fn a_change_reads_back_as_it_was_written() {
        for change in changes() {
            assert_eq!(back(&change).as_ref(), Some(&change));
        }
    }

    #[test]
    fn a_group_and_its_target_are_written_as_kafka_writes_them() {
        let record = Change::Group(Some(Epoch { epoch: 2, metadata_hash: 7 })).record("g");
        assert_eq!(*record.key, [0, 3, 0, 1, b'g']);
        let hash = [0, 0, 0, 0, 0, 0, 0, 7];
        let value = record.value.unwrap();
        assert_eq!(value[..9], [0, 0, 0, 0, 0, 2, 1, 0, 8], "version, epoch, one tag of 8 bytes");
        assert_eq!(value[9..], hash);
        let record =
            Change::Target("m".into(), Some(vec![TopicPartition::new("t", 5)])).record("g");
        assert_eq!(*record.key, [0, 7, 0, 1, b'g', 0, 1, b'm']);
        assert_eq!(*record.value.unwrap(), [0, 0, 2, 2, b't', 2, 0, 0, 0, 5, 0, 0]);
    }

    #[test]
    fn bytes_cut_short_are_nothing() {
        for change in changes() {
            let record = change.record("g");
            let Some(value) = record.value else { continue };
            let kind = i16::from_be_bytes([record.key[0], record.key[1]]);
            for length in 0..value.len() {
                assert_eq!(Change::read(kind, "m", Some(&value[..length])), None, "{change:?}");
            }
        }
    }
}
