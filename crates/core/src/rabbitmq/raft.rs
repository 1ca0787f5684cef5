//! Quorum queues on several nodes: what happens to one is a log that its members keep, and takes
//! effect when most of them have it.
//!
//! Simplified: clients reach the cluster through a node that is up, and so do the classic queues
//! and streams; only the members of quorum queues stop with their nodes. Every queue has a member
//! on every node.

use super::node::QueueId;
use super::queue::Input;
use crate::map::Map;
use crate::sim::SimDuration;
use std::collections::VecDeque;

/// A node of the cluster, numbered from 1.
pub type NodeNumber = u32;

/// How long members are without a leader before they have another.
///
/// Source: `ra`, election timeouts; RabbitMQ, "Quorum Queues", behaviour: a leader that is lost is
/// replaced within seconds.
///
/// Simplified: it always takes that long.
pub const ELECTION: SimDuration = SimDuration::seconds(1);

/// What members say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// From the leader: have the log up to and with that entry.
    Append(QueueId, u64),
    /// From a member: it has.
    Appended(QueueId, u64),
}

/// The members of all queues on one node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// Whether its node runs.
    pub up: bool,
    /// How much of each queue's log it has.
    logs: Map<QueueId, u64>,
}

impl Member {
    /// On a node that runs, with nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { up: true, logs: Map::new() }
    }

    /// Takes what a leader says, and answers. A member of a node that is down does not.
    pub fn step(&mut self, message: Message) -> Option<Message> {
        match message {
            Message::Append(queue, entry) if self.up => {
                let has = self.logs.get_or_default(queue);
                *has = (*has).max(entry);
                Some(Message::Appended(queue, *has))
            }
            Message::Append(..) | Message::Appended(..) => None,
        }
    }

    /// How much of a queue's log it has.
    #[must_use]
    pub fn has(&self, queue: QueueId) -> u64 {
        self.logs.get(&queue).copied().unwrap_or(0)
    }
}

impl Default for Member {
    fn default() -> Self {
        Self::new()
    }
}

/// The log of a queue as its leader keeps it.
#[derive(Clone, Debug, Hash)]
pub struct Log {
    /// The member that leads; nothing while there is none.
    pub leader: Option<NodeNumber>,
    /// The number of the newest entry.
    last: u64,
    /// How much of it each node is known to have.
    known: Map<NodeNumber, u64>,
    /// Entries that too few have.
    /// Invariant: they are the last ones.
    waiting: VecDeque<Input>,
}

impl Log {
    /// An empty log that these nodes keep, led by the first.
    #[must_use]
    pub fn new(nodes: NodeNumber) -> Self {
        let known = (1..=nodes).map(|it| (it, 0)).collect();
        Self { leader: Some(1), last: 0, known, waiting: VecDeque::new() }
    }

    /// One more entry. What was handed in while nobody leads is kept by those who handed it in.
    pub fn append(&mut self, input: Input) -> u64 {
        self.last += 1;
        self.waiting.push_back(input);
        self.last
    }

    /// The number of the newest entry.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// How much of it a node is known to have; one that led had all there was.
    #[must_use]
    pub fn known(&self, node: NodeNumber) -> u64 {
        self.known.get(&node).copied().unwrap_or(0)
    }

    /// How many entries too few members have.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.waiting.len() as u64
    }

    /// A node has the log up to there.
    pub fn appended(&mut self, node: NodeNumber, entry: u64) {
        let known = self.known.get_or_default(node);
        *known = (*known).max(entry);
    }

    /// The next entry that most members have.
    ///
    /// Source: Raft: an entry takes effect when a majority has it.
    pub fn committed(&mut self) -> Option<Input> {
        self.leader?;
        let next = self.last - self.waiting.len() as u64 + 1;
        let have = self.known.values().filter(|it| next <= **it).count();
        if have * 2 > self.known.len() { self.waiting.pop_front() } else { None }
    }

    /// Of the nodes that are up the one that leads next, if they are most of all: the one with the
    /// longest log, the first of them.
    ///
    /// Source: Raft: only who has all that was committed can be elected.
    #[must_use]
    pub fn candidate(&self, up: &[NodeNumber]) -> Option<NodeNumber> {
        let has = |node: &NodeNumber| self.known(*node);
        let best = up.iter().max_by_key(|it| (has(it), std::cmp::Reverse(**it)))?;
        (up.len() * 2 > self.known.len()).then_some(*best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_takes_effect_when_most_have_it() {
        let mut log = Log::new(3);
        log.append(Input::Purge);
        log.append(Input::Declared);
        log.appended(1, 2);
        assert_eq!(log.committed(), None, "one of three");
        log.appended(3, 1);
        assert_eq!(log.committed(), Some(Input::Purge));
        assert_eq!(log.committed(), None, "the second is on one");
        log.appended(2, 2);
        assert_eq!(log.committed(), Some(Input::Declared));
    }

    #[test]
    fn who_has_most_leads_next_if_most_are_up() {
        let mut log = Log::new(3);
        log.append(Input::Purge);
        log.appended(3, 1);
        assert_eq!((log.known(2), log.known(3)), (0, 1));
        assert_eq!(log.candidate(&[2, 3]), Some(3));
        assert_eq!(log.candidate(&[1, 2]), Some(1));
        assert_eq!(log.candidate(&[3]), None);
    }
}
