//! Consumers, each with an application that does what the steps say.

use super::scene::{LONGEST, Scene, error, ok};
use super::setup::settings;
use crate::conform::Unable;
use crate::conform::case::Step;
use crate::conform::given::Given;
use brokerscope_core::kafka::call::{
    Call, Callback, Edge, OffsetAndMetadata, Return, Row, RowContent, Take,
};
use brokerscope_core::kafka::config::{self, ConsumerSettings};
use brokerscope_core::kafka::{Command, Offset, TopicPartition};
use brokerscope_core::name::{ConsumerName, GroupId};
use brokerscope_core::settings::BadSetting;
use brokerscope_core::sim::SimDuration;
use serde_json::{Map, Value, json};

/// What the recorder sets every consumer to.
const DEFAULTS: &[(&str, &str)] = &[
    ("enable.auto.commit", "false"),
    ("auto.offset.reset", "earliest"),
    ("default.api.timeout.ms", "10000"),
];

/// What it sets those of the classic protocol to.
const CLASSIC: &[(&str, &str)] =
    &[("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "300")];

/// How long a single `poll` of the application waits.
const SLICE: SimDuration = SimDuration::millis(200);
/// How long the application polls until it takes it that there is nothing.
const NOTHING: SimDuration = SimDuration::millis(1_500);

impl Scene {
    /// `consumer`: one is opened.
    pub(super) fn consumer(&mut self, step: &Step) -> Result<Value, Unable> {
        let known = ["name", "group", "protocol", "settings", "process"];
        let given = Given::of(step, &known)?;
        let name = ConsumerName::from(given.text("name")?);
        let group = given.text_if_any("group")?.map(GroupId::from);
        let protocol = given.text_if_any("protocol")?.unwrap_or("classic");
        let mut chosen = ConsumerSettings::default();
        let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let mut all = pairs(DEFAULTS);
        all.extend(pairs(if protocol == "classic" { CLASSIC } else { &[] }));
        if protocol != "classic" {
            all.push(("group.protocol".to_owned(), protocol.to_owned()));
        }
        let wanted = settings(given, "settings")?;
        all.extend(wanted.iter().cloned());
        for (key, value) in all {
            match chosen.set(&key, &value) {
                Ok(()) => {}
                Err(BadSetting::Unknown { name, .. }) => return Err(Unable::NotModelled(name)),
                Err(BadSetting::Value { .. } | BadSetting::Refused { .. }) => {
                    return Ok(error("ConfigException"));
                }
            }
        }
        if wanted.iter().any(|(key, _)| chosen.group_protocol.forbids(key)) {
            return Ok(error("ConfigException"));
        }
        self.note_process(name.as_str(), given.text_if_any("process")?);
        if protocol == "consumer" || is_cooperative(given) {
            self.quiet.insert(name.clone());
        }
        self.groups.insert(name.clone(), group.clone());
        self.open(Command::Open(Box::new(config::Consumer {
            name,
            group,
            topics: Vec::new(),
            settings: chosen,
            application: config::Application::Manual,
            starts_after: SimDuration::ZERO,
            produces: None,
            passes_on: None,
            idempotent: false,
        })))
    }

    /// Calls a consumer's client and waits until it has returned.
    pub(super) fn call(&mut self, name: &ConsumerName, call: Call) -> Result<Return, Unable> {
        let before = self.by_hand(name)?.returned();
        self.command(Command::Call(name.clone(), call))?;
        let returned = self.await_within(LONGEST, |it| {
            let it = it.world.system().by_hand(name)?;
            it.last_return().filter(|_| before < it.returned()).cloned()
        });
        returned.ok_or_else(|| Unable::Broken(format!("a call of {name} never returned")))
    }

    /// A call that returns nothing but may fail.
    fn plain(&mut self, name: &ConsumerName, call: Call) -> Result<Value, Unable> {
        Ok(match self.call(name, call)? {
            Return::Raised(name) => error(name),
            _ => ok(),
        })
    }

    /// `subscribe`.
    pub(super) fn subscribe(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["consumer", "topics"])?;
        let name = who(given)?;
        let answer = self.plain(&name, Call::Subscribe(given.topics("topics")?))?;
        if self.group_of(&name).is_some() && !self.members.contains(&name) {
            self.members.push(name);
        }
        Ok(answer)
    }

    /// `unsubscribe`.
    pub(super) fn unsubscribe(&mut self, step: &Step) -> Result<Value, Unable> {
        let name = who(Given::of(step, &["consumer"])?)?;
        self.members.retain(|it| *it != name);
        self.plain(&name, Call::Unsubscribe)
    }

    /// `assign`.
    pub(super) fn assign(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["consumer", "partitions"])?;
        self.plain(&who(given)?, Call::Assign(given.partition_list("partitions")?))
    }

    /// `poll`: until there are records, or nothing comes.
    pub(super) fn poll(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["consumer"])?;
        let rows = match self.poll_for(&who(given)?, NOTHING)? {
            Ok(rows) => rows,
            Err(raised) => return Ok(error(raised)),
        };
        Ok(rows.iter().map(|it| Value::Array(self.row(it, true))).collect())
    }

    /// `read`: until nothing more comes.
    pub(super) fn read(&mut self, step: &Step) -> Result<Value, Unable> {
        let name = who(Given::of(step, &["consumer"])?)?;
        let mut answer: Map<String, Value> = Map::new();
        loop {
            let rows = match self.poll_for(&name, NOTHING)? {
                Ok(rows) => rows,
                Err(raised) => return Ok(error(raised)),
            };
            if rows.is_empty() {
                return Ok(answer.into());
            }
            for row in &rows {
                let list = answer.entry(row.partition.to_string()).or_insert_with(|| json!([]));
                if let Value::Array(list) = list {
                    list.push(self.row(row, false).into());
                }
            }
        }
    }

    /// Polls until there are records, but no longer than that.
    fn poll_for(
        &mut self,
        name: &ConsumerName,
        span: SimDuration,
    ) -> Result<Result<Vec<Row>, &'static str>, Unable> {
        let until = self.world.now() + span;
        loop {
            let left = until.since(self.world.now());
            let timeout = SLICE.min(left);
            match self.call(name, Call::Poll { timeout, take: Take::Records })? {
                Return::Polled(mut rows) if !rows.is_empty() => {
                    rows.sort_by(|a, b| (&a.partition, a.offset).cmp(&(&b.partition, b.offset)));
                    return Ok(Ok(rows));
                }
                Return::Raised(name) => return Ok(Err(name)),
                _ if left <= SLICE => return Ok(Ok(Vec::new())),
                _ => {}
            }
        }
    }

    /// A record: where it was, its key and value, and its headers if it has any.
    fn row(&self, row: &Row, with_partition: bool) -> Vec<Value> {
        let mut told = Vec::new();
        if with_partition {
            told.push(row.partition.to_string().into());
        }
        told.push(row.offset.0.into());
        match &row.content {
            RowContent::Message(message) => {
                let text = &self.texts[message.index()];
                told.extend([json!(text.key), json!(text.padded())]);
                if !text.headers.is_empty() {
                    told.push(text.headers.clone().into());
                }
            }
            RowContent::Raw { key, value } => {
                let text = |it: &[u8]| Value::from(String::from_utf8_lossy(it));
                told.extend([text(key), value.as_ref().map_or(Value::Null, |it| text(it))]);
            }
        }
        told
    }

    /// `commit`.
    pub(super) fn commit(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["consumer", "offsets", "mode"])?;
        let name = who(given)?;
        let offsets = given.value("offsets").map(offsets).transpose()?;
        match given.text_if_any("mode")?.unwrap_or("sync") {
            "sync" => self.plain(&name, Call::CommitSync(offsets)),
            "async" => {
                let heard = self.by_hand(&name)?.called_back();
                let called = self.plain(&name, Call::CommitAsync(offsets))?;
                if called != ok() {
                    return Ok(called);
                }
                self.await_callback(&name, heard)
            }
            _ => Err(Unable::Wrong("its 'mode' is sync or async".to_owned())),
        }
    }

    /// What a `commitAsync` tells its callback, which is called in a later poll.
    fn await_callback(&mut self, name: &ConsumerName, heard: u64) -> Result<Value, Unable> {
        let until = self.world.now() + SimDuration::millis(5_000);
        while self.world.now() < until {
            let timeout = SimDuration::millis(20);
            self.call(name, Call::Poll { timeout, take: Take::Nothing })?;
            let told = self.by_hand(name)?.callbacks(heard).find_map(|it| match it {
                Callback::Committed(error) => Some(*error),
                Callback::Assigned(_) | Callback::Revoked(_) | Callback::Lost(_) => None,
            });
            if let Some(told) = told {
                return Ok(told.map_or_else(ok, error));
            }
        }
        Ok("no answer".into())
    }

    /// `position`: of all that is assigned.
    pub(super) fn position(&mut self, step: &Step) -> Result<Value, Unable> {
        let name = who(Given::of(step, &["consumer"])?)?;
        let mut answer = Map::new();
        for partition in self.assignment(&name) {
            let told = match self.call(&name, Call::Position(partition.clone()))? {
                Return::Position(offset) => offset.0.into(),
                Return::Raised(name) => return Ok(error(name)),
                other => return Err(odd(&other)),
            };
            answer.insert(partition.to_string(), told);
        }
        Ok(answer.into())
    }

    /// `committed`: as the consumer hears it.
    pub(super) fn committed(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["consumer", "partitions"])?;
        let name = who(given)?;
        let partitions = match given.value("partitions") {
            Some(_) => given.partition_list("partitions")?,
            None => self.assignment(&name),
        };
        match self.call(&name, Call::Committed(partitions))? {
            Return::Committed(found) => {
                let told = found.into_iter().map(|(it, at)| (it.to_string(), told_offset(at)));
                Ok(Value::Object(told.collect()))
            }
            Return::Raised(name) => Ok(error(name)),
            other => Err(odd(&other)),
        }
    }

    /// `lag`: as the consumer knows it.
    pub(super) fn lag(&mut self, step: &Step) -> Result<Value, Unable> {
        let name = who(Given::of(step, &["consumer"])?)?;
        let mut answer = Map::new();
        for partition in self.assignment(&name) {
            match self.call(&name, Call::CurrentLag(partition.clone()))? {
                Return::Lag(lag) => answer.insert(partition.to_string(), json!(lag)),
                Return::Raised(name) => return Ok(error(name)),
                other => return Err(odd(&other)),
            };
        }
        Ok(answer.into())
    }

    /// `seek`: to an offset, or to an end.
    pub(super) fn seek(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["consumer", "partition", "offset", "to"])?;
        let name = who(given)?;
        let one = given.value("partition").map(|_| given.partition("partition")).transpose()?;
        let edge = match given.text_if_any("to")? {
            None => {
                let partition = one.ok_or_else(|| Unable::Wrong("seek in what?".to_owned()))?;
                let offset = Offset(given.whole("offset")?);
                return self.plain(&name, Call::Seek(partition, offset));
            }
            Some("beginning") => Edge::Beginning,
            Some("end") => Edge::End,
            Some(_) => return Err(Unable::Wrong("its 'to' is beginning or end".to_owned())),
        };
        let all = one.map_or_else(|| self.assignment(&name), |it| vec![it]);
        self.plain(&name, Call::SeekTo(edge, all))
    }

    /// `pause` and `resume`.
    pub(super) fn pause(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["consumer", "partitions"])?;
        let (name, partitions) = (who(given)?, given.partition_list("partitions")?);
        let pauses = step.operation == "pause";
        self.plain(&name, if pauses { Call::Pause(partitions) } else { Call::Resume(partitions) })
    }

    /// `stall` and `wake`.
    pub(super) fn stall(&mut self, step: &Step) -> Result<Value, Unable> {
        let name = who(Given::of(step, &["consumer"])?)?;
        if step.operation == "stall" {
            self.stalled.insert(name);
        } else {
            self.stalled.remove(&name);
        }
        Ok(ok())
    }

    /// `close`.
    pub(super) fn close(&mut self, step: &Step) -> Result<Value, Unable> {
        let name = who(Given::of(step, &["consumer"])?)?;
        self.members.retain(|it| *it != name);
        self.plain(&name, Call::Close)
    }

    /// `kill`: a process is gone, with all clients in it.
    pub(super) fn kill(&mut self, step: &Step) -> Result<Value, Unable> {
        let given = Given::of(step, &["consumer", "producer"])?;
        let name = match given.text_if_any("consumer")? {
            Some(name) => name,
            None => given.text("producer")?,
        };
        let process = self.processes.get(name).cloned().unwrap_or_else(|| name.to_owned());
        let members = self.processes.iter().filter(|(_, it)| **it == process);
        let mut dies: Vec<String> = members.map(|(name, _)| name.clone()).collect();
        dies.extend([name.to_owned(), process]);
        dies.sort();
        dies.dedup();
        for it in dies {
            if self.groups.remove(it.as_str()).is_some() {
                self.members.retain(|member| member.as_str() != it);
                self.command(Command::CrashConsumer(it.as_str().into()))?;
            } else if self.producers.remove(&it) {
                self.command(Command::CrashProducer(it.as_str().into()))?;
            }
        }
        Ok(ok())
    }

    /// `callbacks`: the listener's calls since the last look.
    pub(super) fn callbacks(&mut self, step: &Step) -> Result<Value, Unable> {
        let name = who(Given::of(step, &["consumer"])?)?;
        let seen = self.heard.get(&name).copied().unwrap_or(0);
        let (mut told, mut now) = (Vec::new(), seen);
        for it in self.by_hand(&name)?.callbacks(seen) {
            now += 1;
            let (what, partitions) = match it {
                Callback::Assigned(partitions) => ("assigned", partitions),
                Callback::Revoked(partitions) => ("revoked", partitions),
                Callback::Lost(partitions) => ("lost", partitions),
                Callback::Committed(_) => continue,
            };
            if !partitions.is_empty() || !self.quiet.contains(&name) {
                told.push(json!([what, names(partitions)]));
            }
        }
        self.heard.insert(name, now);
        Ok(told.into())
    }
}

/// Whether all assignors that a step names are cooperative.
fn is_cooperative(given: Given) -> bool {
    let settings = given.value("settings");
    let strategy = settings.and_then(|it| it.get("partition.assignment.strategy"));
    let strategy = strategy.and_then(Value::as_str);
    strategy.is_some_and(|it| it.split(',').all(|it| it.ends_with("CooperativeStickyAssignor")))
}

/// Partitions by topic and number, as texts.
pub(super) fn names(partitions: &[TopicPartition]) -> Vec<String> {
    let mut partitions: Vec<&TopicPartition> = partitions.iter().collect();
    partitions.sort();
    partitions.into_iter().map(ToString::to_string).collect()
}

fn who(given: Given) -> Result<ConsumerName, Unable> {
    Ok(given.text("consumer")?.into())
}

fn odd(it: &Return) -> Unable {
    Unable::Broken(format!("a call returned {it:?}"))
}

/// A committed offset, with what was noted beside it if there is anything.
pub(super) fn told_offset(at: Option<OffsetAndMetadata>) -> Value {
    match at {
        None => Value::Null,
        Some(it) if it.metadata.is_empty() => it.offset.0.into(),
        Some(it) => json!([it.offset.0, it.metadata]),
    }
}

/// Offsets as a step gives them: a number each, or one with a text.
pub(super) fn offsets(value: &Value) -> Result<Vec<(TopicPartition, OffsetAndMetadata)>, Unable> {
    let wrong = || Unable::Wrong("its 'offsets' is to be offsets by partition".to_owned());
    let one = |(name, it): (&String, &Value)| {
        let partition = crate::conform::given::partition(name)?;
        let (offset, metadata) = match it.as_array().map(Vec::as_slice) {
            None => (it, ""),
            Some([offset, text]) => (offset, text.as_str()?),
            Some(_) => return None,
        };
        let (offset, metadata) = (Offset(offset.as_i64()?), metadata.to_owned());
        Some((partition, OffsetAndMetadata { offset, metadata, leader_epoch: None }))
    };
    let offsets: Option<Vec<_>> = value.as_object().ok_or_else(wrong)?.iter().map(one).collect();
    offsets.ok_or_else(wrong)
}
