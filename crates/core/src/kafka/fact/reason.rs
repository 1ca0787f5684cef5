//! Why things happen, as facts tell it.

use crate::kafka::call::Edge;
use crate::kafka::config::OffsetReset;
use crate::name::ConsumerName;
use crate::sim::SimDuration;
use std::fmt;

/// Why records at the beginning of a log are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retention {
    /// `retention.ms`, with its value.
    Time(i64),
    /// `retention.bytes`, with its value.
    Size(i64),
    /// Someone asked for it with `DeleteRecords`.
    Request,
}

/// How long a member may be silent, and whose setting says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionTimeout {
    /// Of a classic member: its own `session.timeout.ms`.
    OfMember(u64),
    /// Of a member of the `consumer` protocol: the broker's `group.consumer.session.timeout.ms`.
    OfGroup(u64),
}

/// Why a rebalance began.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RebalanceReason {
    /// That consumer is new.
    Joined(ConsumerName),
    /// That consumer left.
    Left(ConsumerName),
    /// That consumer was removed after its session timeout.
    Expired(ConsumerName),
    /// That consumer did not take part in the last step in time.
    DidNotSync(ConsumerName),
    /// A topic that the group reads came, went or grew.
    TopicsChanged,
}

/// Why a member left by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeaveReason {
    /// It was closed.
    Closed,
    /// It unsubscribed.
    Unsubscribed,
    /// It had not polled, or not joined again, for `max.poll.interval.ms`, with its value.
    PollInterval(u64),
    /// An administrator removed it.
    Removed,
}

/// Why a consumer begins where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PositionReason {
    /// The group's committed offset.
    Committed,
    /// Nothing was committed; `auto.offset.reset=earliest`.
    Earliest,
    /// Nothing was committed; `auto.offset.reset=latest`.
    Latest,
    /// Nothing was committed; `auto.offset.reset=by_duration` with that span.
    ByDuration(SimDuration),
    /// The application sought that end.
    Sought(Edge),
    /// The application sought that offset.
    SoughtOffset,
}

/// Who decided to commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommitReason {
    /// `enable.auto.commit`, inside `poll`, before a rebalance or in `close`.
    Auto,
    /// The application.
    Application,
    /// The application, in a transaction that was committed.
    Transaction,
}

/// Why a committed offset is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ForgottenReason {
    /// Nobody used it for `offsets.retention.minutes`.
    Expired,
    /// An administrator deleted it.
    Deleted,
    /// Its topic is gone.
    TopicDeleted,
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Then {
    /// The same record again.
    Retry,
    /// The next record.
    Skip,
    /// The record goes to another topic, then the next one.
    PassOn,
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(ms) => write!(f, "retention.ms={ms}"),
            Self::Size(bytes) => write!(f, "retention.bytes={bytes}"),
            Self::Request => f.write_str("DeleteRecords"),
        }
    }
}

impl fmt::Display for SessionTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfMember(ms) => write!(f, "session.timeout.ms={ms}"),
            Self::OfGroup(ms) => write!(f, "group.consumer.session.timeout.ms={ms}"),
        }
    }
}

impl fmt::Display for RebalanceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined(consumer) => write!(f, "{consumer} joins"),
            Self::Left(consumer) => write!(f, "{consumer} left"),
            Self::Expired(consumer) => write!(f, "{consumer} was removed"),
            Self::DidNotSync(consumer) => write!(f, "{consumer} did not take part in time"),
            Self::TopicsChanged => f.write_str("its topics have changed"),
        }
    }
}

impl fmt::Display for LeaveReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("it was closed"),
            Self::Unsubscribed => f.write_str("it unsubscribed"),
            Self::Removed => f.write_str("an administrator removed it"),
            Self::PollInterval(ms) => write!(f, "no poll or join within max.poll.interval.ms={ms}"),
        }
    }
}

impl fmt::Display for PositionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::ByDuration(span) => {
                let policy = OffsetReset::ByDuration(*span);
                return write!(f, "no valid committed offset, auto.offset.reset={policy}");
            }
            Self::Committed => "the committed offset",
            Self::Earliest => "no valid committed offset, auto.offset.reset=earliest",
            Self::Latest => "no valid committed offset, auto.offset.reset=latest",
            Self::Sought(Edge::Beginning) => "seekToBeginning",
            Self::Sought(Edge::End) => "seekToEnd",
            Self::SoughtOffset => "seek",
        };
        f.write_str(text)
    }
}

impl fmt::Display for CommitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => ", enable.auto.commit",
            Self::Application => "",
            Self::Transaction => ", in a transaction",
        })
    }
}

impl fmt::Display for ForgottenReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "nobody used it for offsets.retention.minutes",
            Self::Deleted => "an administrator deleted it",
            Self::TopicDeleted => "its topic is gone",
        })
    }
}

impl fmt::Display for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Retry => "and tries it again",
            Self::Skip => "and goes on",
            Self::PassOn => "and passes it on",
        })
    }
}
