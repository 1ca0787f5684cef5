//! The Kafka side of the ledger. A reader is a consumer group.

mod changes;
mod listen;
mod logs;

use super::book::{ABANDONED, ARRIVED, Book, Departure, Posts, SENT};
use super::{Entry, Outcome};
use brokerscope_core::kafka::config::{Acks, Consumer, IsolationLevel, Producer, Topic};
use brokerscope_core::kafka::{Config, Offset, TopicPartition};
use brokerscope_core::map::Map;
use brokerscope_core::name::{ConsumerName, GroupId, ProducerName, TopicName};
use brokerscope_core::sim::{Shelf, SimDuration, SimTime};
use brokerscope_core::workload::{MessageId, Workload};
use logs::Logs;
use std::sync::Arc;

/// What became of every message for every group, up to now. Cloning shares all but the newest.
///
/// Each fact costs the same however long the run is, but for facts about ranges of offsets, which
/// cost as much as there are records in them.
#[derive(Clone, Debug)]
pub struct KafkaLedger {
    workload: Workload,
    plan: Arc<Plan>,
    posts: Posts,
    /// Messages that nobody waits for an answer to, and when each has arrived at the latest.
    unwatched: Shelf<(SimTime, MessageId)>,
    logs: Logs,
    groups: Vec<Group>,
    clients: Vec<Client>,
    by_name: Map<ConsumerName, usize>,
    done_at: Option<SimTime>,
}

/// Who reads what: fixed by the configuration.
#[derive(Clone, Debug)]
struct Plan {
    /// The groups, in the order in which their first consumers stand in the configuration.
    names: Vec<GroupId>,
    /// The groups that read what a stream sends, by `StreamId`.
    readers: Vec<Vec<usize>>,
    /// The groups that read a partition, by its place in the logs.
    of_partition: Vec<Vec<usize>>,
    /// The longest way to a broker, for streams whose producer waits for no answer (`acks=0`),
    /// by `StreamId`.
    unanswered: Vec<Option<SimDuration>>,
    /// Where each stream goes, by `StreamId`.
    destinations: Vec<TopicName>,
    /// That way, whoever sends.
    longest: SimDuration,
    /// Which groups read a topic.
    subscribed: Vec<(TopicName, Vec<usize>)>,
}

/// A group's book, and where it stands.
#[derive(Clone, Debug, Default)]
struct Group {
    book: Book,
    /// Whether it reads only what is committed.
    committed_only: bool,
    /// By the partition's place in the logs.
    places: Vec<Place>,
}

/// Where a group stands in a partition.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The member that reads it, and its position once it has one.
    owner: Option<usize>,
    owners: Option<Offset>,
    committed: Option<Offset>,
    /// Everything before it is behind the reader.
    /// Invariant: the owner's position, else the committed offset, else the very beginning.
    position: Offset,
}

impl Group {
    /// A copy of a message that stood in a partition is not there any longer.
    fn leaves(
        &mut self,
        partition: usize,
        offset: Offset,
        message: MessageId,
        how: Option<Departure>,
    ) {
        let place = self.places[partition];
        self.book.change(message, |it| {
            it.in_broker -= 1;
            it.ahead -= u16::from(place.position <= offset);
            it.open -= u16::from(place.committed.is_none_or(|upto| upto <= offset));
            // What was passed on before it went is in another topic all the same.
            if !matches!(it.departure, Departure::PassedOn(_)) {
                it.departure = how.unwrap_or(it.departure);
            }
        });
    }
}

impl Place {
    fn stands_at(&self) -> Offset {
        let owners = self.owners.filter(|_| self.owner.is_some());
        owners.or(self.committed).unwrap_or_default()
    }
}

/// A consumer's process.
#[derive(Clone, Debug)]
struct Client {
    group: usize,
    /// What it has of each partition that it ever read.
    hands: Vec<Hand>,
    /// The record it works on.
    works_on: Option<(usize, Offset)>,
}

/// What a process has of one partition: records that it fetched and has not finished.
/// Invariant: `next <= polled <= fetched`.
#[derive(Clone, Copy, Debug)]
struct Hand {
    partition: usize,
    /// The first record that it has not finished.
    next: Offset,
    /// Up to where `poll` returned them to the application.
    polled: Offset,
    /// Up to where they are in the client's buffer.
    fetched: Offset,
}

impl KafkaLedger {
    /// An empty ledger for a cluster that is set up like that.
    #[must_use]
    pub fn new(config: &Config, workload: &Workload) -> Self {
        let logs = Logs::new(&config.topics);
        let mut names: Vec<GroupId> = Vec::new();
        for group in config.consumers.iter().filter_map(|it| it.group.as_ref()) {
            if !names.contains(group) {
                names.push(group.clone());
            }
        }
        let subscribed = |topic: &TopicName| -> Vec<usize> {
            let reads = |group: &GroupId| {
                config.consumers.iter().any(|it| it.is_of(group) && it.topics.contains(topic))
            };
            (0..names.len()).filter(|it| reads(&names[*it])).collect()
        };
        let readers = config.destinations.iter().map(subscribed).collect();
        let longest = SimDuration(config.links.producer.0 + config.links.jitter.0);
        let waits_for_nothing = |name: &ProducerName| {
            let waits = |it: &Producer| it.name == *name && it.settings.acks == Acks::None;
            config.producers.iter().any(waits)
        };
        let unanswered = workload
            .streams
            .iter()
            .map(|it| waits_for_nothing(&it.producer).then_some(longest))
            .collect();
        let destinations = config.destinations.clone();
        let of_partition = logs.topics().map(subscribed).collect();
        let by_topic = |it: &Topic| (it.name.clone(), subscribed(&it.name));
        let subscribed = config.topics.iter().map(by_topic).collect();
        let group = |name: &GroupId| {
            let reads_committed = |it: &Consumer| {
                it.is_of(name) && it.settings.isolation_level == IsolationLevel::ReadCommitted
            };
            let committed_only = config.consumers.iter().any(reads_committed);
            let places = vec![Place::default(); logs.len()];
            Group { book: Book::default(), committed_only, places }
        };
        Self {
            workload: workload.clone(),
            groups: names.iter().map(group).collect(),
            plan: Arc::new(Plan {
                names,
                readers,
                of_partition,
                unanswered,
                destinations,
                longest,
                subscribed,
            }),
            posts: Posts::default(),
            unwatched: Shelf::new(),
            logs,
            clients: Vec::new(),
            by_name: Map::new(),
            done_at: None,
        }
    }

    /// The readers: the groups, in the order of the configuration.
    #[must_use]
    pub fn readers(&self) -> &[GroupId] {
        &self.plan.names
    }

    /// What became of a group's messages.
    #[must_use]
    pub fn outcome(&self, reader: &GroupId) -> Option<Outcome> {
        self.group(reader).map(|it| self.groups[it].book.outcome())
    }

    /// What became of one message for a group; none if it is not that group's, or not sent yet.
    #[must_use]
    pub fn entry(&self, reader: &GroupId, message: MessageId) -> Option<Entry> {
        self.groups[self.group(reader)?].book.entry(message)
    }

    /// Whether every message of the workload is sent, and settled at every group: see
    /// [`Outcome::unsettled`].
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.posts.sent() == self.workload.messages.len()
            && self.groups.iter().all(|it| it.book.unsettled() == 0)
    }

    /// The first instant at which that was so.
    #[must_use]
    pub fn done_at(&self) -> Option<SimTime> {
        self.done_at
    }

    fn group(&self, name: &GroupId) -> Option<usize> {
        self.plan.names.iter().position(|it| it == name)
    }

    /// The consumer's place among the clients; new ones join at the end.
    fn client(&mut self, name: &ConsumerName, group: &GroupId) -> Option<usize> {
        if let Some(known) = self.by_name.get(name) {
            return Some(*known);
        }
        let group = self.group(group)?;
        self.clients.push(Client { group, hands: Vec::new(), works_on: None });
        let client = self.clients.len() - 1;
        self.by_name.insert(name.clone(), client);
        Some(client)
    }

    /// The producers' side learned something of a message.
    fn learn(&mut self, message: MessageId, known: u8) {
        if !self.posts.learn(message, known) {
            return;
        }
        let stream = usize::from(self.workload.message(message).stream.0);
        for reader in self.plan.readers.get(stream).into_iter().flatten() {
            self.groups[*reader].book.change(message, |it| it.learn(known));
        }
    }

    /// Who gave it up sends it again after all, in another transaction.
    fn tried_again(&mut self, message: MessageId, to: &TopicPartition) {
        if self.posts.known(message) & ABANDONED == 0 {
            return;
        }
        let Some(partition) = self.logs.place(to) else { return };
        for reader in &self.plan.of_partition[partition] {
            self.groups[*reader].book.change(message, |it| it.forget(ABANDONED));
        }
    }

    /// Who sends it will not send it again.
    fn gave_up(&mut self, message: MessageId) {
        self.learn(message, SENT | ABANDONED);
        for group in self.groups.iter_mut().filter(|it| it.book.has(message)) {
            group.book.change(message, |it| it.learn(ABANDONED));
        }
    }

    /// Someone who sends it to that partition learned something of it: a producer of the
    /// workload, or a consumer that makes a record of what it reads.
    fn learn_at(&mut self, message: MessageId, known: u8, to: &TopicPartition) {
        self.posts.learn(message, known);
        let Some(partition) = self.logs.place(to) else { return };
        for reader in &self.plan.of_partition[partition] {
            self.groups[*reader].book.change(message, |it| it.learn(known));
        }
    }

    fn sent(&mut self, at: SimTime, message: MessageId, to: &TopicPartition) {
        self.learn_at(message, SENT, to);
        self.tried_again(message, to);
        let stream = usize::from(self.workload.message(message).stream.0);
        if let Some(Some(longest)) = self.plan.unanswered.get(stream)
            && self.plan.destinations[stream] == to.topic
        {
            self.unwatched.push((at + *longest, message));
        }
    }

    /// What should have arrived before `now` and nobody waits for will never arrive.
    fn give_up_unwatched(&mut self, now: SimTime) {
        while let Some((latest, message)) = self.unwatched.get(self.unwatched.start()).copied() {
            if now <= latest {
                return;
            }
            self.unwatched.forget_before(self.unwatched.start() + 1);
            if self.posts.known(message) & ARRIVED == 0 {
                self.learn(message, ABANDONED);
            }
        }
    }

    fn appended(&mut self, message: MessageId, to: &TopicPartition, offset: Offset) {
        if self.unwatched.end() > 0 {
            self.posts.learn(message, ARRIVED);
        }
        let Some(partition) = self.logs.place(to) else { return };
        self.cut_off(partition, offset);
        self.logs.append(partition, offset, message);
        for reader in &self.plan.of_partition[partition] {
            let Group { book, places, .. } = &mut self.groups[*reader];
            let place = places[partition];
            book.change(message, |it| {
                it.learn(ARRIVED);
                // It comes again, after a transaction that was aborted.
                if it.departure == Departure::Aborted {
                    it.departure = Departure::Plain;
                }
                it.in_broker += 1;
                it.ahead += u16::from(place.position <= offset);
                it.open += u16::from(place.committed.is_none_or(|upto| upto <= offset));
            });
        }
    }

    /// What stood from `from` on is gone: the leader that had it is another one now, which writes
    /// there anew.
    fn cut_off(&mut self, partition: usize, from: Offset) {
        let end = self.logs.end(partition);
        let gone: Vec<_> = self.logs.kept(partition, from, end, false).collect();
        for (offset, message) in gone {
            self.leaves(partition, offset, message, None);
            self.logs.cut_off(partition, offset);
        }
    }

    /// A transaction was aborted: these records are not there for who reads only what is
    /// committed.
    fn aborted(&mut self, partition: &TopicPartition, records: &[Offset]) {
        let Some(partition) = self.logs.place(partition) else { return };
        for offset in records {
            if let Some(message) = self.logs.abort(partition, *offset) {
                for reader in &self.plan.of_partition[partition] {
                    if self.groups[*reader].committed_only {
                        let group = &mut self.groups[*reader];
                        group.leaves(partition, *offset, message, Some(Departure::Aborted));
                    }
                }
            }
        }
    }

    /// A record is not there any longer, for any reader for whom it was there.
    fn leaves(
        &mut self,
        partition: usize,
        offset: Offset,
        message: MessageId,
        how: Option<Departure>,
    ) {
        let is_aborted = self.logs.is_aborted(partition, offset);
        for reader in &self.plan.of_partition[partition] {
            let group = &mut self.groups[*reader];
            if !(is_aborted && group.committed_only) {
                group.leaves(partition, offset, message, how);
            }
        }
    }

    /// Records before `start` are gone from the log. Who has them in hand keeps them.
    fn retained(&mut self, partition: &TopicPartition, start: Offset) {
        let Some(partition) = self.logs.place(partition) else { return };
        let from = self.logs.start(partition);
        let gone: Vec<_> = self.logs.kept(partition, from, start, false).collect();
        for (offset, message) in gone {
            self.leaves(partition, offset, message, Some(Departure::Removed));
        }
        self.logs.begin_at(partition, start);
    }

    /// The cleaner took these away. What lies before the log start was counted before.
    fn cleaned(&mut self, partition: &TopicPartition, removed: &[Offset]) {
        let Some(partition) = self.logs.place(partition) else { return };
        let start = self.logs.start(partition);
        for offset in removed {
            let Some(message) = self.logs.compact(partition, *offset) else { continue };
            if start <= *offset {
                self.leaves(partition, *offset, message, Some(Departure::Removed));
            }
            let is_aborted = self.logs.is_aborted(partition, *offset);
            // Whoever still has it has something that is no more.
            for Client { group, hands, .. } in &self.clients {
                let has = |it: &Hand| {
                    it.partition == partition && it.next <= *offset && *offset < it.fetched
                };
                let had = !(is_aborted && self.groups[*group].committed_only);
                if had && hands.iter().any(has) {
                    self.groups[*group].book.change(message, |it| it.in_hand -= 1);
                }
            }
        }
    }

    /// The group's position follows from who owns the partition and what is committed.
    fn reposition(&mut self, group: usize, partition: usize) {
        let Group { book, committed_only, places } = &mut self.groups[group];
        let place = &mut places[partition];
        let (from, to) = (place.position, place.stands_at());
        place.position = to;
        for (_, message) in self.logs.kept(partition, from, to, *committed_only) {
            book.change(message, |it| it.ahead -= 1);
        }
        for (_, message) in self.logs.kept(partition, to, from, *committed_only) {
            book.change(message, |it| it.ahead += 1);
        }
    }

    fn committed(&mut self, group: &GroupId, partition: &TopicPartition, offset: Offset) {
        let (Some(group), Some(partition)) = (self.group(group), self.logs.place(partition)) else {
            return;
        };
        let Group { book, committed_only, places } = &mut self.groups[group];
        let from = places[partition].committed.replace(offset).unwrap_or_default();
        for (_, message) in self.logs.kept(partition, from, offset, *committed_only) {
            book.change(message, |it| it.open -= 1);
        }
        for (_, message) in self.logs.kept(partition, offset, from, *committed_only) {
            book.change(message, |it| it.open += 1);
        }
        self.reposition(group, partition);
    }

    /// `client` reads exactly these from now on.
    fn reads(&mut self, client: usize, partitions: &[TopicPartition]) {
        let group = self.clients[client].group;
        let mine: Vec<usize> = partitions.iter().filter_map(|it| self.logs.place(it)).collect();
        for partition in 0..self.logs.len() {
            let place = &mut self.groups[group].places[partition];
            let (owns, will) = (place.owner == Some(client), mine.contains(&partition));
            if owns != will {
                place.owner = will.then_some(client);
                place.owners = None;
                self.reposition(group, partition);
            }
        }
    }

    /// `client` reads none of these any longer, or nothing at all.
    fn disown(&mut self, client: usize, partitions: Option<&[TopicPartition]>) {
        let group = self.clients[client].group;
        for partition in 0..self.logs.len() {
            let named = partitions
                .is_none_or(|it| it.iter().any(|one| self.logs.place(one) == Some(partition)));
            let place = &mut self.groups[group].places[partition];
            if named && place.owner == Some(client) {
                (place.owner, place.owners) = (None, None);
                self.reposition(group, partition);
            }
        }
    }

    /// `client`'s position in a partition is now `offset`.
    fn moved(&mut self, client: usize, partition: usize, offset: Offset) {
        let group = self.clients[client].group;
        let place = &mut self.groups[group].places[partition];
        if place.owner == Some(client) {
            place.owners = Some(offset);
            self.reposition(group, partition);
        }
    }

    fn fetched(&mut self, client: usize, partition: usize, from: Offset, to: Offset) {
        if self.clients[client].hand(partition).is_some_and(|it| it.fetched != from) {
            self.drop_hand(client, partition);
        }
        let Client { group, hands, .. } = &mut self.clients[client];
        match hands.iter_mut().find(|it| it.partition == partition) {
            Some(hand) if hand.fetched == from => hand.fetched = to,
            Some(hand) => *hand = Hand { partition, next: from, polled: from, fetched: to },
            None => hands.push(Hand { partition, next: from, polled: from, fetched: to }),
        }
        let Group { book, committed_only, .. } = &mut self.groups[*group];
        for (_, message) in self.logs.range(partition, from, to, *committed_only) {
            book.change(message, |it| it.in_hand += 1);
        }
    }

    fn polled(&mut self, client: usize, partition: usize, to: Offset) {
        if let Some(hand) = self.clients[client].hand(partition) {
            hand.polled = to.max(hand.polled).min(hand.fetched);
        }
        self.moved(client, partition, to);
    }

    /// What is in the buffer and was not returned by `poll` is dropped.
    fn drop_buffer(&mut self, client: usize, partition: usize) {
        if let Some(hand) = self.clients[client].hand(partition) {
            let (from, to) = (hand.polled, hand.fetched);
            hand.fetched = from;
            self.let_go(client, partition, from, to);
        }
    }

    /// All that the process has of a partition is dropped.
    fn drop_hand(&mut self, client: usize, partition: usize) {
        if let Some(hand) = self.clients[client].hand(partition) {
            let (from, to) = (hand.next, hand.fetched);
            (hand.next, hand.polled) = (to, to);
            self.let_go(client, partition, from, to);
        }
    }

    /// The process has the records from one offset to before another no longer.
    fn let_go(&mut self, client: usize, partition: usize, from: Offset, to: Offset) {
        let group = self.clients[client].group;
        let Group { book, committed_only, .. } = &mut self.groups[group];
        for (_, message) in self.logs.range(partition, from, to, *committed_only) {
            book.change(message, |it| it.in_hand -= 1);
        }
    }

    /// The process is gone with all it had.
    fn drop_all(&mut self, client: usize) {
        self.clients[client].works_on = None;
        for Hand { partition, next, fetched, .. } in std::mem::take(&mut self.clients[client].hands)
        {
            self.let_go(client, partition, next, fetched);
        }
        self.disown(client, None);
    }

    /// `client` is through with the records of a partition up to `offset`.
    fn finished(&mut self, client: usize, partition: usize, offset: Offset) {
        self.clients[client].works_on = None;
        let Some(hand) = self.clients[client].hand(partition) else { return };
        let (from, to) = (hand.next, offset.next().min(hand.fetched).max(hand.next));
        hand.next = to;
        hand.polled = hand.polled.max(to);
        self.let_go(client, partition, from, to);
    }

    fn processed(&mut self, client: usize, partition: usize, offset: Offset, message: MessageId) {
        let key = self.workload.message(message).key;
        let group = self.clients[client].group;
        // Almost always it is the first record in hand, and then one change does for both.
        let first = self.clients[client]
            .hand(partition)
            .filter(|it| it.next == offset && offset < it.fetched)
            .filter(|_| !self.logs.is_compacted(partition, offset));
        let hands = u16::from(first.is_some());
        if let Some(hand) = first {
            hand.next = offset.next();
            hand.polled = hand.polled.max(hand.next);
        }
        self.groups[group].book.processed(message, key, hands);
        if hands == 0 {
            self.finished(client, partition, offset);
        }
        self.clients[client].works_on = None;
    }
}

impl Client {
    fn hand(&mut self, partition: usize) -> Option<&mut Hand> {
        self.hands.iter_mut().find(|it| it.partition == partition)
    }
}

#[cfg(test)]
mod tests;
