//! The text of what only Kafka knows, read: `reset billing to earliest`, `grow orders to 6`.

use super::Command;
use crate::kafka::admin::AdminCall;
use crate::kafka::call::Goal;
use crate::kafka::{Offset, TopicPartition};
use crate::workload::MessageId;

impl Command {
    /// Reads a command of those that only Kafka knows. Nothing if none of them begins so.
    ///
    /// # Errors
    /// If it does not go on like one: how it is written.
    pub fn own(words: &[&str]) -> Option<Result<Self, &'static str>> {
        let verb = *words.first()?;
        if let ["crash" | "restart" | "close" | "flush", "producer", name] = *words {
            return Some(Ok(match verb {
                "crash" => Self::CrashProducer(name.into()),
                "restart" => Self::RestartProducer(name.into()),
                "close" => Self::CloseProducer(name.into()),
                _ => Self::Flush(name.into()),
            }));
        }
        let (_, right) = *Self::OWN_WORDS.iter().find(|(word, _)| *word == verb)?;
        Some(read(words).ok_or(right))
    }

    /// Every word that a command begins with which only Kafka knows, and how one is written.
    pub const OWN_WORDS: &[(&str, &str)] = &[
        ("reset", "'reset billing to earliest', or 'to 7 of orders-0'"),
        ("seek", "'seek c1 orders-0 to 3', or to earliest or latest"),
        ("grow", "'grow orders to 6', with how many partitions there shall be"),
        ("delete-records", "'delete-records orders-0 before 5'"),
        ("set", "'kafka set c1 max.poll.records=1'"),
        ("send", "'send 7 from shop to orders', with a message's number"),
        ("lose", "'lose answer shop', with a producer"),
    ];
}

fn read(words: &[&str]) -> Option<Command> {
    Some(match *words {
        ["reset", group, "to", goal, ref rest @ ..] => {
            let only = match *rest {
                [] => None,
                ["of", it] => Some(partition(it)?),
                _ => return None,
            };
            let (group, to) = (group.into(), self::goal(goal)?);
            Command::Admin(AdminCall::ResetGroupOffsets { group, to, only })
        }
        ["seek", consumer, at, "to", goal] => {
            Command::Seek(consumer.into(), partition(at)?, self::goal(goal)?)
        }
        ["grow", topic, "to", count] => {
            let (topic, count) = (topic.into(), count.parse().ok()?);
            Command::Admin(AdminCall::CreatePartitions { topic, count })
        }
        ["delete-records", at, "before", offset] => {
            let (partition, before) = (partition(at)?, Offset(offset.parse().ok()?));
            Command::Admin(AdminCall::DeleteRecords { partition, before })
        }
        ["set", name, change] => {
            let (setting, value) = change.split_once('=')?;
            let (name, setting, value) = (name.into(), setting.into(), value.into());
            Command::Set { name, setting, value }
        }
        ["send", message, "from", producer, "to", topic] => Command::Send {
            producer: producer.into(),
            topic: topic.into(),
            message: MessageId(message.parse().ok().filter(|it| *it > 0)?),
            partition: None,
            timestamp_ms: None,
        },
        ["lose", "answer", producer] => Command::LoseAnswer(producer.into()),
        _ => return None,
    })
}

fn goal(word: &str) -> Option<Goal> {
    Some(match word {
        "earliest" => Goal::Earliest,
        "latest" => Goal::Latest,
        _ => Goal::At(Offset(word.parse().ok().filter(|it| *it >= 0)?)),
    })
}

fn partition(word: &str) -> Option<TopicPartition> {
    let (topic, number) = word.rsplit_once('-')?;
    Some(TopicPartition::new(topic, number.parse().ok()?))
}
