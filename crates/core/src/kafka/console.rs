//! What Kafka's own command line tools print about a cluster, to the letter.
//!
//! Pure functions: from what an administrator can know of a cluster, and the words of a command
//! line, to text. Nothing is asked over the network, and nothing changes: where a tool would
//! change something, it is said what.
//!
//! Source: `ConsumerGroupCommand`, `GroupOffsetsResetter`, `TopicCommand` and `GetOffsetShell` of
//! Kafka's tools; the recorded cases named `console-…`.
//!
//! Not modelled: of `kafka-consumer-groups` the options `--to-datetime`, `--by-duration` and
//! `--from-file`; creating, altering and deleting with `kafka-topics`; `--time` with an instant of
//! `kafka-get-offsets`; the page of help that follows what is wrong with a command line.

mod consumer_groups;
mod delete;
mod described;
mod gather;
mod get_offsets;
mod options;
mod reset;
mod table;
#[cfg(test)]
mod tests;
mod topics;

pub use described::{
    Described, DescribedGroup, DescribedMember, DescribedOffset, DescribedPartition, DescribedTopic,
};

use super::{Offset, TopicPartition};
use crate::name::GroupId;
use std::fmt;

/// What a tool printed, and what it would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// On standard output.
    pub stdout: String,
    /// On standard error.
    pub stderr: String,
    /// Committed offsets that it sets, by group.
    pub alters: Vec<(GroupId, Vec<(TopicPartition, Offset)>)>,
    /// Groups that it deletes.
    pub deletes: Vec<GroupId>,
    /// Committed offsets that it deletes, by group.
    pub forgets: Vec<(GroupId, Vec<TopicPartition>)>,
}

impl Printed {
    /// A tool's own way to tell that something is wrong.
    fn error(&mut self, text: &str) {
        for it in ["\nError: ", text, "\n"] {
            self.stdout.push_str(it);
        }
    }
}

/// Why a command line is not one of a tool that is modelled: one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadUse(String);

impl BadUse {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for BadUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadUse {}

/// Runs a tool, by its name with or without `.sh`.
///
/// # Errors
/// If there is no such tool here, or it has no such option.
pub fn run(cluster: &Described, tool: &str, args: &[&str]) -> Result<Printed, BadUse> {
    match tool.strip_suffix(".sh").unwrap_or(tool) {
        "kafka-consumer-groups" => consumer_groups::run(cluster, args),
        "kafka-topics" => topics::run(cluster, args),
        "kafka-get-offsets" => get_offsets::run(cluster, args),
        _ => Err(BadUse(format!(
            "'{tool}' is not a tool here; there are kafka-consumer-groups, kafka-topics and \
             kafka-get-offsets"
        ))),
    }
}

/// The words of a command line, as a shell parts them: at spaces, but not within quotes.
///
/// # Errors
/// If a quote is not closed, or there is no word at all.
pub fn words(line: &str) -> Result<Vec<String>, BadUse> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for it in line.chars() {
        match quote {
            Some(open) if open == it => quote = None,
            None if it == '\'' || it == '"' => {
                quote = Some(it);
                word.get_or_insert_default();
            }
            None if it.is_ascii_whitespace() => words.extend(word.take()),
            Some(_) | None => word.get_or_insert_default().push(it),
        }
    }
    words.extend(word);
    match quote {
        Some(_) => Err(BadUse::new("a quote in it is not closed")),
        None if words.is_empty() => Err(BadUse::new("there is no tool in it")),
        None => Ok(words),
    }
}
