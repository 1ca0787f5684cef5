//! Any of Kafka's assignors by its name: those of the client and those of the broker.

use super::server::{uniform, uniform_mixed};
use super::sticky::{Protocol, sticky};
use super::{Assignment, Subscriber, range, round_robin};
use crate::kafka::TopicPartition;
use crate::kafka::java::hash_map_order;
use crate::map::Map;
use crate::name::TopicName;
use crate::settings::{Value, choices};

/// A member of a group with what an assignor is told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its member id.
    pub id: String,
    /// `group.instance.id`, if it has one.
    pub instance: Option<String>,
    /// The topics it wants to read, those that do not exist included.
    pub topics: Vec<TopicName>,
    /// What it says it reads already; for an assignor of the broker, its current target.
    pub owned: Vec<TopicPartition>,
    /// The generation in which it got that, if it knows.
    pub generation: Option<i32>,
}

choices! {
    /// An assignor that a group's leader runs, in the classic protocol.
    ClassicAssignor, "range, roundrobin, sticky or cooperative-sticky" {
        /// Runs of neighbouring partitions, topic by topic.
        Range = "range",
        /// One partition after the other in turn.
        RoundRobin = "roundrobin",
        /// As even as it can be, then moving as little as possible. Everybody stops meanwhile.
        Sticky = "sticky",
        /// The same, but a partition changes hands in two rebalances and the others read on.
        CooperativeSticky = "cooperative-sticky",
    }
}

choices! {
    /// An assignor that the coordinator runs, in the `consumer` protocol.
    ServerAssignor, "uniform or range" {
        /// As even as it can be, then moving as little as possible.
        Uniform = "uniform",
        /// Runs of neighbouring partitions, topic by topic.
        Range = "range",
    }
}

/// The assignors of a broker, the first of which serves groups that ask for none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerAssignors(pub Vec<ServerAssignor>);

impl Default for ServerAssignors {
    fn default() -> Self {
        Self(vec![ServerAssignor::Uniform, ServerAssignor::Range])
    }
}

impl Value for ServerAssignors {
    const EXPECTED: &'static str = "a list of uniform and range";

    fn read(text: &str) -> Option<Self> {
        let names = text.split(',').map(|it| ServerAssignor::read(it.trim()));
        names.collect::<Option<Vec<_>>>().map(Self)
    }

    fn show(&self) -> String {
        self.0.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(",")
    }
}

impl ServerAssignors {
    /// Whether the broker has it.
    pub(crate) fn has(&self, assignor: ServerAssignor) -> bool {
        self.0.contains(&assignor)
    }

    /// The one that is asked for most; among equals the first of a Java `HashMap`; the broker's
    /// first if none is asked for.
    ///
    /// Source: `ConsumerGroup.computePreferredServerAssignor`.
    pub(crate) fn preferred<'a>(
        &self,
        asked: impl Iterator<Item = &'a str> + Clone,
    ) -> ServerAssignor {
        let names = self.0.iter().map(|it| it.as_str());
        let mut best = (0, self.0.first().copied().unwrap_or(ServerAssignor::Uniform));
        for name in hash_map_order(names) {
            let votes = asked.clone().filter(|it| *it == name).count();
            if best.0 < votes
                && let Some(assignor) = ServerAssignor::read(name)
            {
                best = (votes, assignor);
            }
        }
        best.1
    }
}

impl ClassicAssignor {
    /// Deals the partitions of `topics`, given with their counts, out to `members`, which are
    /// listed in the order in which the leader met them. The answer is in that order too.
    ///
    /// Source: `AbstractPartitionAssignor.assign`: a topic without partitions is unknown.
    #[must_use]
    pub fn assign(self, topics: &Map<TopicName, u32>, members: &[Member]) -> Assignment {
        let mut assignment = match self {
            Self::Range => range(&row(topics), &subscribers(members)),
            Self::RoundRobin => round_robin(&row(topics), &subscribers(members)),
            Self::Sticky => sticky(Protocol::Eager, topics, members),
            Self::CooperativeSticky => sticky(Protocol::Cooperative, topics, members),
        };
        sort(&mut assignment);
        assignment
    }
}

impl ServerAssignor {
    /// Deals the partitions of `topics`, given with their counts in the order of their ids, out
    /// to `members`, which are listed in the order in which the coordinator put them together.
    /// The answer is in that order too.
    ///
    /// Source: `UniformAssignor` and `RangeAssignor` of the group coordinator; a group is mixed
    /// if some name, known or not, is subscribed to by only a part of it
    /// (`ModernGroup.subscriptionType`).
    #[must_use]
    pub fn assign(self, topics: &[(TopicName, u32)], members: &[Member]) -> Assignment {
        let mut assignment = match self {
            Self::Range => range(&topics.iter().cloned().collect(), &subscribers(members)),
            Self::Uniform if is_mixed(members) => uniform_mixed(topics, members),
            Self::Uniform => uniform(topics, members),
        };
        sort(&mut assignment);
        assignment
    }
}

fn is_mixed(members: &[Member]) -> bool {
    let mut wanted: Map<&TopicName, usize> = Map::new();
    for topic in members.iter().flat_map(|it| &it.topics) {
        *wanted.get_or_default(topic) += 1;
    }
    wanted.values().any(|by| *by != members.len())
}

/// The same topics as the clients keep them.
fn row(topics: &Map<TopicName, u32>) -> Map<TopicName, u32> {
    topics.iter().map(|(topic, partitions)| (topic.clone(), *partitions)).collect()
}

fn subscribers(members: &[Member]) -> Vec<Subscriber> {
    let subscriber = |it: &Member| Subscriber {
        id: it.id.clone(),
        instance: it.instance.clone(),
        topics: it.topics.clone(),
    };
    members.iter().map(subscriber).collect()
}

fn sort(assignment: &mut Assignment) {
    for partitions in assignment {
        crate::map::sort(partitions);
    }
}

#[cfg(test)]
mod tests;
