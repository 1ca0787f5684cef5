//! What Kafka's own tools print.

use super::scene::Scene;
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::admin::AdminCall;
use brokerscope_core::kafka::call::OffsetAndMetadata;
use brokerscope_core::kafka::console::run;
use serde_json::{Map, Value};

impl Scene {
    /// `cli`: a tool with its arguments.
    pub(super) fn cli(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["tool", "args"])?;
        let args: Option<Vec<&str>> = given.list("args")?.iter().map(Value::as_str).collect();
        let args = args.ok_or_else(|| Unable::Wrong("its 'args' is to be texts".to_owned()))?;
        // A case in which names have prefixes marks them.
        let args: Vec<&str> = args.iter().map(|it| it.strip_prefix('@').unwrap_or(it)).collect();
        let printed = run(&self.world.system().described(), given.text("tool")?, &args);
        let printed = printed.map_err(|it| Unable::NotModelled(it.to_string()))?;
        for (group, offsets) in printed.alters {
            let offsets = offsets.into_iter();
            let offsets = offsets.map(|(it, at)| (it, OffsetAndMetadata::from(at))).collect();
            self.done(AdminCall::AlterGroupOffsets { group, offsets })?;
        }
        for group in printed.deletes {
            self.done(AdminCall::DeleteGroup(group))?;
        }
        for (group, partitions) in printed.forgets {
            self.done(AdminCall::DeleteGroupOffsets { group, partitions })?;
        }
        let mut told = Map::new();
        told.insert("stdout".to_owned(), without_uuids(&printed.stdout).into());
        let lines = printed.stderr.lines().filter(|it| !it.trim().is_empty());
        let stderr = lines.collect::<Vec<&str>>().join("\n");
        if !stderr.is_empty() {
            told.insert("stderr".to_owned(), stderr.into());
        }
        Ok(told.into())
    }
}

/// The text with a zero for each digit of a UUID that follows a hyphen.
fn without_uuids(text: &str) -> String {
    const UUID: &str = "-00000000-0000-0000-0000-000000000000";
    let is_uuid = |it: &str| {
        it.len() == UUID.len()
            && it.bytes().zip(UUID.bytes()).all(|(it, like)| match like {
                b'-' => it == b'-',
                _ => it.is_ascii_digit() || (b'a'..=b'f').contains(&it),
            })
    };
    let (mut told, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('-') {
        let (before, from) = rest.split_at(at);
        told.push_str(before);
        let taken = match from.get(..UUID.len()) {
            Some(it) if is_uuid(it) => {
                told.push_str(UUID);
                UUID.len()
            }
            Some(_) | None => {
                told.push('-');
                1
            }
        };
        rest = &from[taken..];
    }
    told + rest
}
