//! The bytes that Kafka's clients and coordinator write: records of `__consumer_offsets`, and
//! what members of a group tell each other.
//!
//! All numbers are big-endian, texts and lists carry their length before them.
//! Source: the message definitions in `group-coordinator/src/main/resources/common/message` and
//! `ConsumerProtocolSubscription.json`, `ConsumerProtocolAssignment.json` of the clients.

mod consumer_group;
pub(crate) mod transaction;

use super::call::OffsetAndMetadata;
use super::{Offset, TopicPartition};
use crate::map::sort_by;
use crate::name::TopicName;
pub(crate) use consumer_group::{
    Change, ClassicMember, Current, Epoch, MemberState, Subscription, Target,
};
use std::sync::Arc;

/// Bytes of a record or a message. Cloning shares them.
pub(crate) type Bytes = Arc<[u8]>;

/// Who a record of `__consumer_offsets` is about: the record's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// `OffsetCommitKey` version 1.
    Offset { group: String, partition: TopicPartition },
    /// `GroupMetadataKey` version 2.
    Group { group: String },
    /// A `Change` of a group of the `consumer` protocol, of this kind; without a member if it
    /// concerns them all.
    ConsumerGroup { kind: i16, group: String, member: String },
}

/// Where a member connects from; here all are the same host.
const HOST: &str = "/127.0.0.1";

/// `OffsetCommitValue` version 3.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OffsetValue {
    pub(crate) committed: OffsetAndMetadata,
    /// When it was committed.
    pub(crate) timestamp_ms: i64,
}

/// `GroupMetadataValue` version 3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupValue {
    /// Whether nobody has ever joined it.
    pub(crate) is_simple: bool,
    pub(crate) generation: i32,
    /// The assignor; none in a group without members.
    pub(crate) protocol: Option<String>,
    /// The member that computes the assignment.
    pub(crate) leader: Option<String>,
    pub(crate) timestamp_ms: i64,
    pub(crate) members: Vec<MemberValue>,
}

/// A member in a `GroupMetadataValue`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemberValue {
    pub(crate) member_id: String,
    pub(crate) instance: Option<String>,
    pub(crate) client_id: String,
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) session_timeout_ms: i32,
    pub(crate) subscription: Bytes,
    pub(crate) assignment: Bytes,
}

/// A row of bytes being written.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn i16(&mut self, number: i16) {
        self.0.extend(number.to_be_bytes());
    }

    fn i32(&mut self, number: i32) {
        self.0.extend(number.to_be_bytes());
    }

    fn i64(&mut self, number: i64) {
        self.0.extend(number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.i16(text.len().try_into().expect("names are shorter than 32 KiB"));
        self.0.extend(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.i16(-1),
        }
    }

    fn count(&mut self, count: usize) {
        self.i32(count.try_into().expect("lists are shorter than 2^31"));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend(bytes);
    }

    /// Partitions topic by topic; they are sorted.
    fn by_topic(&mut self, partitions: &[TopicPartition]) {
        let topics = || partitions.chunk_by(|a, b| a.topic == b.topic);
        self.count(topics().count());
        for topic in topics() {
            self.text(topic[0].topic.as_str());
            self.count(topic.len());
            for it in topic {
                self.i32(partition_number(it.partition));
            }
        }
    }

    fn done(self) -> Bytes {
        self.0.into()
    }
}

/// A row of bytes being read. Every read is none if the bytes are not what they should be.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn i16(&mut self) -> Option<i16> {
        self.array().map(i16::from_be_bytes)
    }

    fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_be_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_be_bytes)
    }

    fn optional(&mut self) -> Option<Option<String>> {
        match self.i16()? {
            -1 => Some(None),
            length => {
                let bytes = self.take(length.try_into().ok()?)?;
                Some(Some(str::from_utf8(bytes).ok()?.to_owned()))
            }
        }
    }

    fn text(&mut self) -> Option<String> {
        self.optional()?
    }

    fn bytes(&mut self) -> Option<Bytes> {
        let length = self.i32()?.try_into().ok()?;
        self.take(length).map(Bytes::from)
    }

    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        (0..self.i32()?).map(|_| item(self)).collect()
    }

    fn partition(&mut self) -> Option<u32> {
        self.i32()?.try_into().ok()
    }

    fn by_topic(&mut self) -> Option<Vec<TopicPartition>> {
        let mut read = Vec::new();
        for _ in 0..self.i32()? {
            let topic = TopicName::from(self.text()?);
            for _ in 0..self.i32()? {
                read.push(TopicPartition::new(topic.clone(), self.partition()?));
            }
        }
        Some(read)
    }
}

fn partition_number(partition: u32) -> i32 {
    partition.try_into().expect("partitions are numbered below 2^31")
}

impl Key {
    /// Its bytes.
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::default();
        match self {
            Self::Offset { group, partition } => {
                writer.i16(1);
                writer.text(group);
                writer.text(partition.topic.as_str());
                writer.i32(partition_number(partition.partition));
            }
            Self::Group { group } => {
                writer.i16(2);
                writer.text(group);
            }
            Self::ConsumerGroup { kind, group, member } => {
                writer.i16(*kind);
                writer.text(group);
                if consumer_group::names_member(*kind) == Some(true) {
                    writer.text(member);
                }
            }
        }
        writer.done()
    }

    /// What these bytes say; none if they are no key that is known here.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        match reader.i16()? {
            0 | 1 => {
                let (group, topic) = (reader.text()?, reader.text()?);
                let partition = TopicPartition::new(topic, reader.partition()?);
                Some(Self::Offset { group, partition })
            }
            2 => Some(Self::Group { group: reader.text()? }),
            kind => {
                let names_member = consumer_group::names_member(kind)?;
                let group = reader.text()?;
                let member = if names_member { reader.text()? } else { String::new() };
                Some(Self::ConsumerGroup { kind, group, member })
            }
        }
    }
}

/// Instead of the leader epoch of a position.
const NO_EPOCH: i32 = -1;

impl OffsetValue {
    /// Its bytes.
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::default();
        writer.i16(3);
        writer.i64(self.committed.offset.0);
        writer.i32(self.committed.leader_epoch.unwrap_or(NO_EPOCH));
        writer.text(&self.committed.metadata);
        writer.i64(self.timestamp_ms);
        writer.done()
    }

    /// What these bytes say; none if they are no such value.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.i16()? != 3 {
            return None;
        }
        let committed = OffsetAndMetadata {
            offset: Offset(reader.i64()?),
            leader_epoch: Some(reader.i32()?).filter(|it| *it != NO_EPOCH),
            metadata: reader.text()?,
        };
        Some(Self { committed, timestamp_ms: reader.i64()? })
    }
}

/// Every group of consumers is of this type; Kafka Connect has its own.
pub(crate) const PROTOCOL_TYPE: &str = "consumer";

impl GroupValue {
    /// Its bytes.
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::default();
        writer.i16(3);
        writer.text(if self.is_simple { "" } else { PROTOCOL_TYPE });
        writer.i32(self.generation);
        writer.optional(self.protocol.as_deref());
        writer.optional(self.leader.as_deref());
        writer.i64(self.timestamp_ms);
        writer.count(self.members.len());
        for member in &self.members {
            writer.text(&member.member_id);
            writer.optional(member.instance.as_deref());
            writer.text(&member.client_id);
            writer.text(HOST);
            writer.i32(member.rebalance_timeout_ms);
            writer.i32(member.session_timeout_ms);
            writer.bytes(&member.subscription);
            writer.bytes(&member.assignment);
        }
        writer.done()
    }

    /// What these bytes say; none if they are no such value.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.i16()? != 3 {
            return None;
        }
        let is_simple = match reader.text()?.as_str() {
            "" => true,
            PROTOCOL_TYPE => false,
            _ => return None,
        };
        Some(Self {
            is_simple,
            generation: reader.i32()?,
            protocol: reader.optional()?,
            leader: reader.optional()?,
            timestamp_ms: reader.i64()?,
            members: reader.list(member)?,
        })
    }
}

fn member(reader: &mut Reader<'_>) -> Option<MemberValue> {
    let member_id = reader.text()?;
    let instance = reader.optional()?;
    let client_id = reader.text()?;
    let _host = reader.text()?;
    Some(MemberValue {
        member_id,
        instance,
        client_id,
        rebalance_timeout_ms: reader.i32()?,
        session_timeout_ms: reader.i32()?,
        subscription: reader.bytes()?,
        assignment: reader.bytes()?,
    })
}

/// The version of what members tell each other that Kafka 4 writes.
const MEMBER_PROTOCOL: i16 = 3;

/// What a member tells the leader of its group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClassicSubscription {
    /// What it wants to read.
    pub(crate) topics: Vec<TopicName>,
    /// What its assignor adds, in the assignor's own form.
    pub(crate) user_data: Option<Bytes>,
    /// What it keeps while it joins.
    pub(crate) owned: Vec<TopicPartition>,
    /// The generation that it comes from; none outside any.
    pub(crate) generation: Option<i32>,
    /// `client.rack`.
    pub(crate) rack: Option<String>,
}

/// Instead of a generation.
const NO_GENERATION: i32 = -1;
/// Instead of the length of what is not there.
const NOTHING: i32 = -1;

impl ClassicSubscription {
    /// Its bytes. Topics and partitions are sorted.
    ///
    /// Source: `ConsumerProtocol.serializeSubscription`.
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = Writer::default();
        writer.i16(MEMBER_PROTOCOL);
        let mut topics = self.topics.clone();
        sort_by(&mut topics, Ord::cmp);
        writer.count(topics.len());
        for topic in &topics {
            writer.text(topic.as_str());
        }
        match &self.user_data {
            Some(it) => writer.bytes(it),
            None => writer.i32(NOTHING),
        }
        writer.by_topic(&self.owned);
        writer.i32(self.generation.unwrap_or(NO_GENERATION));
        writer.optional(self.rack.as_deref());
        writer.done()
    }

    /// What these bytes say; none if they are no subscription.
    ///
    /// Source: `ConsumerProtocol.deserializeSubscription`: older versions say less.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let version = reader.i16()?;
        let topics = reader.list(|it| it.text().map(TopicName::from))?;
        let mut read = Self { topics, ..Self::default() };
        read.user_data = match reader.i32()? {
            NOTHING => None,
            length => Some(reader.take(length.try_into().ok()?)?.into()),
        };
        if 1 <= version {
            read.owned = reader.by_topic()?;
        }
        if 2 <= version {
            read.generation = Some(reader.i32()?).filter(|it| 0 <= *it);
        }
        if 3 <= version {
            read.rack = reader.optional()?;
        }
        Some(read)
    }
}

/// What the `sticky` assignor remembers between two generations.
///
/// Source: `StickyAssignor.STICKY_ASSIGNOR_USER_DATA_V1`.
pub(crate) fn encode_sticky(reads: &[TopicPartition], generation: i32) -> Bytes {
    let mut writer = Writer::default();
    writer.by_topic(reads);
    writer.i32(generation);
    writer.done()
}

/// What was read, and in which generation; none if the bytes are nothing of the kind.
pub(crate) fn decode_sticky(bytes: &[u8]) -> Option<(Vec<TopicPartition>, i32)> {
    let mut reader = Reader(bytes);
    Some((reader.by_topic()?, reader.i32()?))
}

/// What the `cooperative-sticky` assignor remembers: the generation.
///
/// Source: `CooperativeStickyAssignor.COOPERATIVE_STICKY_ASSIGNOR_USER_DATA_V0`.
pub(crate) fn encode_cooperative_sticky(generation: Option<i32>) -> Bytes {
    generation.unwrap_or(NO_GENERATION).to_be_bytes().as_slice().into()
}

/// What one member is to read. `partitions` are sorted.
pub(crate) fn encode_assignment(partitions: &[TopicPartition]) -> Bytes {
    let mut writer = Writer::default();
    writer.i16(MEMBER_PROTOCOL);
    writer.by_topic(partitions);
    writer.i32(NOTHING);
    writer.done()
}

/// The partitions of an assignment; none if the bytes are no assignment. No bytes are nothing to
/// read: a member that has not been told yet.
pub(crate) fn decode_assignment(bytes: &[u8]) -> Option<Vec<TopicPartition>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let mut reader = Reader(bytes);
    reader.i16()?;
    reader.by_topic()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_written_as_kafka_writes_it() {
        let key = Key::Offset { group: "g".into(), partition: TopicPartition::new("t", 2) };
        assert_eq!(*key.encode(), [0, 1, 0, 1, b'g', 0, 1, b't', 0, 0, 0, 2]);
        let value = OffsetValue { committed: Offset(5).into(), timestamp_ms: 258 };
        let bytes = value.encode();
        assert_eq!(bytes[..2], [0, 3], "version 3");
        assert_eq!(bytes[2..10], [0, 0, 0, 0, 0, 0, 0, 5], "the offset");
        assert_eq!(bytes[10..14], [0xff; 4], "no leader epoch");
        assert_eq!(bytes[14..], [0, 0, 0, 0, 0, 0, 0, 0, 1, 2], "no text, and the time");
        assert_eq!(Key::decode(&key.encode()), Some(key));
        assert_eq!(OffsetValue::decode(&bytes), Some(value));
    }

    #[test]
    fn a_group_reads_back_as_it_was_written() {
        let topics = [TopicName::from("a"), TopicName::from("b")];
        let reads = [("a", 0), ("a", 2), ("b", 1)].map(|(it, at)| TopicPartition::new(it, at));
        let subscription = ClassicSubscription {
            topics: topics.to_vec(),
            user_data: Some(encode_sticky(&reads, 2)),
            owned: reads[..1].to_vec(),
            generation: Some(2),
            rack: None,
        };
        let group = GroupValue {
            is_simple: false,
            generation: 3,
            protocol: Some("range".into()),
            leader: Some("c1-0".into()),
            timestamp_ms: 9,
            members: vec![MemberValue {
                member_id: "c1-0".into(),
                instance: Some("one".into()),
                client_id: "c1".into(),
                rebalance_timeout_ms: 300_000,
                session_timeout_ms: 45_000,
                subscription: subscription.encode(),
                assignment: encode_assignment(&reads),
            }],
        };
        let back = GroupValue::decode(&group.encode()).unwrap();
        assert_eq!(back, group);
        let told = ClassicSubscription::decode(&back.members[0].subscription).unwrap();
        assert_eq!(told, subscription);
        assert_eq!(decode_sticky(&told.user_data.unwrap()).unwrap(), (reads.to_vec(), 2));
        assert_eq!(decode_assignment(&back.members[0].assignment).unwrap(), reads);
        assert_eq!(*Key::Group { group: "g".into() }.encode(), [0, 2, 0, 1, b'g']);
    }

    #[test]
    fn bytes_cut_short_are_nothing() {
        let key = Key::Offset { group: "g".into(), partition: TopicPartition::new("t", 2) };
        let bytes = key.encode();
        for length in 0..bytes.len() {
            assert_eq!(Key::decode(&bytes[..length]), None, "{length} bytes are no key");
        }
    }
}
