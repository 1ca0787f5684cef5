//! What can be seen of a consumer that is driven by hand.

use super::{Call, Callback, Return};
use crate::kafka::consumer::{Consumer, Process};
use crate::kafka::producer::GroupMember;
use crate::kafka::{Offset, TopicPartition};

/// A consumer that is driven by hand.
#[derive(Clone, Copy, Debug)]
pub struct ByHand<'a>(&'a Consumer);

impl<'a> ByHand<'a> {
    pub(crate) fn new(consumer: &'a Consumer) -> Self {
        Self(consumer)
    }

    fn process(self) -> Option<&'a Process> {
        self.0.process()
    }

    /// Whether its process runs: it was not closed and has not crashed.
    #[must_use]
    pub fn is_alive(self) -> bool {
        self.process().is_some()
    }

    /// The call that has not returned, if there is one.
    #[must_use]
    pub fn in_call(self) -> Option<&'a Call> {
        self.0.manual().in_call()
    }

    /// How many calls of all its processes have returned.
    #[must_use]
    pub fn returned(self) -> u64 {
        self.0.manual().returned().0
    }

    /// What the last of them returned.
    #[must_use]
    pub fn last_return(self) -> Option<&'a Return> {
        self.0.manual().returned().1
    }

    /// How many callbacks there were in all its processes.
    #[must_use]
    pub fn called_back(self) -> u64 {
        self.0.manual().called_back()
    }

    /// Who it is in its group: `groupMetadata`.
    #[must_use]
    pub fn group_member(self) -> Option<GroupMember> {
        self.process().map(|it| GroupMember(it.client.group_member()))
    }

    /// The positions it knows.
    pub fn positions(self) -> impl Iterator<Item = (&'a TopicPartition, Offset)> {
        let client = self.process().map(|it| &it.client);
        client.into_iter().flat_map(|it| it.reads().filter_map(|at| Some((at, it.position(at)?))))
    }

    /// The callbacks after the first `seen`, in order.
    pub fn callbacks(self, seen: u64) -> impl Iterator<Item = &'a Callback> {
        self.0.manual().callbacks(seen)
    }

    /// What it reads now, in order.
    pub fn assignment(self) -> impl Iterator<Item = &'a TopicPartition> {
        self.process().into_iter().flat_map(|it| it.client.reads())
    }

    /// Those of which it does not know yet where to read on.
    pub fn unknown_positions(self) -> impl Iterator<Item = &'a TopicPartition> {
        let client = self.process().map(|it| &it.client);
        client.into_iter().flat_map(|it| it.reads().filter(|at| it.position(at).is_none()))
    }

    /// Whether it reads what a group gives it, rather than what it was told to.
    #[must_use]
    pub fn is_subscribed(self) -> bool {
        self.process().is_some_and(|it| it.client.is_subscribed())
    }

    /// Whether it is a member that knows where to read on in all that it was given.
    #[must_use]
    pub fn is_settled(self) -> bool {
        self.process().is_some_and(|it| it.client.is_settled())
    }
}
