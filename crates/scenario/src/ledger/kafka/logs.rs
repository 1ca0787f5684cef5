//! Which message stands at which offset of which partition.

use brokerscope_core::kafka::config::Topic;
use brokerscope_core::kafka::{Offset, TopicPartition};
use brokerscope_core::name::TopicName;
use brokerscope_core::sim::Shelf;
use brokerscope_core::workload::MessageId;
use std::sync::Arc;

/// A place in a log where no message stands: messages are numbered from 1.
const HOLE: MessageId = MessageId(0);

/// The logs of all partitions, by their place: topic by topic, in the order of the configuration.
///
/// What retention or compaction took away stays known here, because clients may still have it.
#[derive(Clone, Debug)]
pub(super) struct Logs {
    /// Each topic with the places of its partitions.
    topics: Arc<[(TopicName, Vec<usize>)]>,
    logs: Vec<Log>,
}

#[derive(Clone, Debug)]
struct Log {
    topic: TopicName,
    /// By offset.
    messages: Shelf<Slot>,
    start: Offset,
}

/// What stands at an offset.
#[derive(Clone, Copy, Debug)]
struct Slot {
    message: MessageId,
    /// Whether it was compacted away.
    compacted: bool,
    /// Whether its transaction was aborted.
    aborted: bool,
}

impl Slot {
    const fn new(message: MessageId) -> Self {
        Self { message, compacted: false, aborted: false }
    }
}

impl Logs {
    pub(super) fn new(config: &[Topic]) -> Self {
        let (mut topics, mut logs) = (Vec::new(), Vec::new());
        for Topic { name, partitions, .. } in config {
            let places = (0..*partitions as usize).map(|it| logs.len() + it).collect();
            topics.push((name.clone(), places));
            for _ in 0..*partitions {
                let (topic, start) = (name.clone(), Offset(0));
                logs.push(Log { topic, messages: Shelf::new(), start });
            }
        }
        Self { topics: topics.into(), logs }
    }

    /// How many partitions there are.
    pub(super) fn len(&self) -> usize {
        self.logs.len()
    }

    /// The topic of each partition.
    pub(super) fn topics(&self) -> impl Iterator<Item = &TopicName> {
        self.logs.iter().map(|it| &it.topic)
    }

    /// The partition's place here.
    pub(super) fn place(&self, partition: &TopicPartition) -> Option<usize> {
        let (_, places) = self.topics.iter().find(|(name, _)| *name == partition.topic)?;
        places.get(partition.partition as usize).copied()
    }

    /// A topic has so many partitions now. Answers how many are new; their places are the last.
    pub(super) fn grow(&mut self, topic: &TopicName, partitions: u32) -> usize {
        let mut topics = self.topics.to_vec();
        let Some((_, places)) = topics.iter_mut().find(|(name, _)| name == topic) else { return 0 };
        let added = (partitions as usize).saturating_sub(places.len());
        for _ in 0..added {
            places.push(self.logs.len());
            let (topic, start) = (topic.clone(), Offset(0));
            self.logs.push(Log { topic, messages: Shelf::new(), start });
        }
        self.topics = topics.into();
        added
    }

    pub(super) fn append(&mut self, place: usize, offset: Offset, message: MessageId) {
        let messages = &mut self.logs[place].messages;
        while messages.end() < index(offset) {
            messages.push(Slot::new(HOLE));
        }
        match messages.get_mut(index(offset)) {
            Some(there) => *there = Slot::new(message),
            None => {
                messages.push(Slot::new(message));
            }
        }
    }

    /// Behind the last record that was ever there.
    pub(super) fn end(&self, place: usize) -> Offset {
        Offset(i64::try_from(self.logs[place].messages.end()).unwrap_or(i64::MAX))
    }

    /// The record at `offset` is gone as if it had never been there.
    pub(super) fn cut_off(&mut self, place: usize, offset: Offset) {
        if let Some(there) = self.logs[place].messages.get_mut(index(offset)) {
            *there = Slot::new(HOLE);
        }
    }

    /// Where the log starts.
    pub(super) fn start(&self, place: usize) -> Offset {
        self.logs[place].start
    }

    /// The log starts at `start` now.
    pub(super) fn begin_at(&mut self, place: usize, start: Offset) {
        self.logs[place].start = start;
    }

    /// The record at `offset` was compacted away: the message that it was.
    pub(super) fn compact(&mut self, place: usize, offset: Offset) -> Option<MessageId> {
        let it = self.logs[place].messages.get_mut(index(offset))?;
        it.compacted = true;
        (it.message != HOLE).then_some(it.message)
    }

    /// The transaction of the record at `offset` was aborted: the message that it is, if that is
    /// news and it is still in the log.
    pub(super) fn abort(&mut self, place: usize, offset: Offset) -> Option<MessageId> {
        let Log { messages, start, .. } = &mut self.logs[place];
        let it = messages.get_mut(index(offset))?;
        let is_news = !it.aborted && !it.compacted && it.message != HOLE && *start <= offset;
        it.aborted = true;
        is_news.then_some(it.message)
    }

    /// Whether the transaction of the record at `offset` was aborted.
    pub(super) fn is_aborted(&self, place: usize, offset: Offset) -> bool {
        self.logs[place].messages.get(index(offset)).is_some_and(|it| it.aborted)
    }

    /// Whether the record at `offset` was compacted away.
    pub(super) fn is_compacted(&self, place: usize, offset: Offset) -> bool {
        self.logs[place].messages.get(index(offset)).is_some_and(|it| it.compacted)
    }

    /// The messages from one offset to before another: also what retention deleted, but not what
    /// was compacted away, and for who reads only what is committed not what was aborted.
    pub(super) fn range(
        &self,
        place: usize,
        from: Offset,
        to: Offset,
        committed: bool,
    ) -> impl Iterator<Item = (Offset, MessageId)> {
        let messages = self.logs[place].messages.range(index(from), index(to));
        let offsets = (from.0.max(0)..).map(Offset);
        let is_there =
            move |it: &Slot| it.message != HOLE && !it.compacted && !(committed && it.aborted);
        let kept = offsets.zip(messages).filter(move |(_, it)| is_there(it));
        kept.map(|(offset, it)| (offset, it.message))
    }

    /// The same without deleted ones.
    pub(super) fn kept(
        &self,
        place: usize,
        from: Offset,
        to: Offset,
        committed: bool,
    ) -> impl Iterator<Item = (Offset, MessageId)> {
        self.range(place, from.max(self.logs[place].start), to, committed)
    }
}

/// An offset as a place in the row.
fn index(offset: Offset) -> usize {
    usize::try_from(offset.0).unwrap_or_default()
}
