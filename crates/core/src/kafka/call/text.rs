//! Calls as text: `subscribe orders`, `poll 1 s`, `seek orders-0 5`.

use super::{Call, Edge, OffsetAndMetadata, Take, ToCommit};
use crate::kafka::{Offset, TopicPartition};
use crate::sim::SimDuration;
use std::fmt;

/// What a call is called in the command language; what it is about follows.
fn name(call: &Call) -> &'static str {
    match call {
        Call::Subscribe(_) => "subscribe",
        Call::Unsubscribe => "unsubscribe",
        Call::Assign(_) => "assign",
        Call::Poll { take: Take::Records, .. } => "poll",
        Call::Poll { take: Take::Nothing, .. } => "poll-nothing",
        Call::CommitSync(_) => "commit-sync",
        Call::CommitAsync(_) => "commit-async",
        Call::Seek(..) => "seek",
        Call::SeekTo(Edge::Beginning, _) => "seek-to-beginning",
        Call::SeekTo(Edge::End, _) => "seek-to-end",
        Call::Pause(_) => "pause",
        Call::Resume(_) => "resume",
        Call::Position(_) => "position",
        Call::Committed(_) => "committed",
        Call::CurrentLag(_) => "lag",
        Call::Close => "close",
    }
}

/// Its name and, each after a space, what it is about.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name(self))?;
        match self {
            Self::Subscribe(topics) => topics.iter().try_for_each(|it| write!(f, " {it}")),
            Self::Assign(partitions)
            | Self::SeekTo(_, partitions)
            | Self::Pause(partitions)
            | Self::Resume(partitions)
            | Self::Committed(partitions) => {
                partitions.iter().try_for_each(|it| write!(f, " {it}"))
            }
            Self::Poll { timeout, .. } => write!(f, " {timeout}"),
            Self::CommitSync(offsets) | Self::CommitAsync(offsets) => {
                let Some(offsets) = offsets else { return Ok(()) };
                f.write_str(" of")?;
                for (partition, OffsetAndMetadata { offset, metadata, .. }) in offsets {
                    write!(f, " {partition}={offset}")?;
                    if !metadata.is_empty() {
                        write!(f, "={metadata}")?;
                    }
                }
                Ok(())
            }
            Self::Seek(partition, offset) => write!(f, " {partition} {offset}"),
            Self::Position(partition) | Self::CurrentLag(partition) => write!(f, " {partition}"),
            Self::Unsubscribe | Self::Close => Ok(()),
        }
    }
}

impl Call {
    /// What would be right where a call is wanted.
    pub(crate) const EXPECTED: &'static str =
        "a call after the consumer, as in 'call c1 seek orders-0 5' or 'call c1 poll 500ms'";

    /// Reads what `Display` prints, in words; names and texts are single words.
    pub(crate) fn read(words: &[&str]) -> Option<Self> {
        let (name, rest) = words.split_first()?;
        Some(match (*name, rest) {
            ("subscribe", topics) => {
                Self::Subscribe(topics.iter().map(|it| (*it).into()).collect())
            }
            ("unsubscribe", []) => Self::Unsubscribe,
            ("assign", all) => Self::Assign(partitions(all)?),
            ("poll", rest) => Self::Poll { timeout: span(rest)?, take: Take::Records },
            ("poll-nothing", rest) => Self::Poll { timeout: span(rest)?, take: Take::Nothing },
            ("commit-sync", rest) => Self::CommitSync(to_commit(rest)?),
            ("commit-async", rest) => Self::CommitAsync(to_commit(rest)?),
            ("seek", [at, offset]) => Self::Seek(partition(at)?, Offset(offset.parse().ok()?)),
            ("seek-to-beginning", all) => Self::SeekTo(Edge::Beginning, partitions(all)?),
            ("seek-to-end", all) => Self::SeekTo(Edge::End, partitions(all)?),
            ("pause", all) => Self::Pause(partitions(all)?),
            ("resume", all) => Self::Resume(partitions(all)?),
            ("position", [at]) => Self::Position(partition(at)?),
            ("committed", all) => Self::Committed(partitions(all)?),
            ("lag", [at]) => Self::CurrentLag(partition(at)?),
            ("close", []) => Self::Close,
            _ => return None,
        })
    }
}

fn partition(text: &str) -> Option<TopicPartition> {
    let (topic, number) = text.rsplit_once('-')?;
    Some(TopicPartition::new(topic, number.parse().ok()?))
}

fn partitions(words: &[&str]) -> Option<Vec<TopicPartition>> {
    words.iter().map(|it| partition(it)).collect()
}

fn span(words: &[&str]) -> Option<SimDuration> {
    words.concat().parse().ok()
}

fn to_commit(words: &[&str]) -> Option<ToCommit> {
    let Some((of, offsets)) = words.split_first() else { return Some(None) };
    if *of != "of" {
        return None;
    }
    let one = |word: &&str| {
        let mut parts = word.splitn(3, '=');
        let partition = partition(parts.next()?)?;
        let offset = Offset(parts.next()?.parse().ok()?);
        let metadata = parts.next().unwrap_or_default().to_owned();
        Some((partition, OffsetAndMetadata { offset, metadata, leader_epoch: None }))
    };
    offsets.iter().map(one).collect::<Option<Vec<_>>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_as_it_is_printed() {
        let at = || TopicPartition::new("orders-eu", 1);
        let with_text =
            OffsetAndMetadata { offset: Offset(7), metadata: "a=b".to_owned(), leader_epoch: None };
        let offsets = || Some(vec![(at(), Offset(5).into()), (at(), with_text.clone())]);
        let calls = [
            Call::Subscribe(vec!["orders".into(), "parcels".into()]),
            Call::Unsubscribe,
            Call::Assign(vec![at(), at()]),
            Call::Poll { timeout: SimDuration::millis(1_500), take: Take::Records },
            Call::Poll { timeout: SimDuration::ZERO, take: Take::Nothing },
            Call::CommitSync(None),
            Call::CommitSync(Some(Vec::new())),
            Call::CommitAsync(offsets()),
            Call::Seek(at(), Offset(5)),
            Call::SeekTo(Edge::Beginning, Vec::new()),
            Call::SeekTo(Edge::End, vec![at()]),
            Call::Pause(vec![at()]),
            Call::Resume(vec![at()]),
            Call::Position(at()),
            Call::Committed(vec![at()]),
            Call::CurrentLag(at()),
            Call::Close,
        ];
        for call in calls {
            let text = call.to_string();
            let words: Vec<&str> = text.split_whitespace().collect();
            assert_eq!(Call::read(&words), Some(call), "{text} round-trips");
        }
    }

    #[test]
    fn what_is_no_call_is_not_read() {
        let wrong = [
            "",
            "poll",
            "poll soon",
            "seek orders-0",
            "seek orders 5",
            "assign 3",
            "commit-sync orders-0=5",
            "commit-sync of orders-0",
            "close now",
            "run",
        ];
        for text in wrong {
            let words: Vec<&str> = text.split_whitespace().collect();
            assert_eq!(Call::read(&words), None, "'{text}' is no call");
        }
    }
}
