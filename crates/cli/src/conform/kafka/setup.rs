//! What a case needs before its first step: a cluster with its settings, and a message for every
//! record that is going to be produced.

use crate::conform::Unable;
use crate::conform::case::{Case, Step};
use crate::conform::given::Given;
use brokerscope_core::kafka::config::{BrokerSettings, Config, Links, ProducerSettings};
use brokerscope_core::name::ProducerName;
use brokerscope_core::settings::BadSetting;
use brokerscope_core::sim::{SimDuration, SimTime};
use brokerscope_core::workload::{KeyId, Keys, Message, MessageId, Stream, StreamId, Workload};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Broker settings of the recorder that are not Kafka's own defaults.
const BROKERS: &[(&str, &str)] = &[
    ("group.initial.rebalance.delay.ms", "0"),
    ("offsets.topic.num.partitions", "50"),
    ("log.retention.check.interval.ms", "1000"),
    ("log.initial.task.delay.ms", "500"),
    ("log.cleaner.dedupe.buffer.size", "2097152"),
    ("transaction.state.log.num.partitions", "5"),
    ("replica.fetch.wait.max.ms", "200"),
    ("log.cleaner.backoff.ms", "500"),
    ("offsets.retention.check.interval.ms", "1000"),
    ("group.consumer.assignment.interval.ms", "0"),
    ("group.consumer.heartbeat.interval.ms", "300"),
    ("group.consumer.min.heartbeat.interval.ms", "100"),
    ("group.consumer.session.timeout.ms", "6000"),
    ("group.consumer.min.session.timeout.ms", "1000"),
    ("group.min.session.timeout.ms", "1000"),
    ("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000"),
    ("replica.lag.time.max.ms", "3000"),
    ("broker.session.timeout.ms", "3000"),
    ("broker.heartbeat.interval.ms", "500"),
];

/// The producer that is there without being opened.
pub(super) const FIRST_PRODUCER: &str = "P";

/// What a record says.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    pub(super) key: Option<String>,
    pub(super) value: Option<String>,
    pub(super) headers: Map<String, Value>,
    /// How long the value is made with dots.
    pub(super) bytes: usize,
}

/// A cluster that is not running yet.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) config: Result<Config, Unable>,
    pub(super) workload: Workload,
    /// What each message says, by its number.
    pub(super) texts: Vec<Text>,
    /// Which of the stops of brokers, in the order of the steps, are not waited for.
    pub(super) hurried: Vec<bool>,
}

impl Text {
    /// The value as it is sent: padded with dots.
    pub(super) fn padded(&self) -> Option<String> {
        let value = self.value.as_ref()?;
        let dots = self.bytes.saturating_sub(value.len());
        Some(format!("{value}{}", ".".repeat(dots)))
    }
}

impl Setup {
    /// What the case needs.
    pub(super) fn of(case: &Case) -> Self {
        let texts = texts(&case.steps);
        let hurried = hurried(&case.steps);
        Self { config: config(case), workload: workload(&texts), texts, hurried }
    }
}

fn config(case: &Case) -> Result<Config, Unable> {
    let cluster = Given::only(&case.cluster, &["brokers", "settings"])?;
    let brokers = match cluster.value("brokers") {
        None => 1,
        Some(_) => u16::try_from(cluster.partitions("brokers")?)
            .map_err(|_| Unable::Wrong("so many brokers are a mistake".to_owned()))?,
    };
    let mut broker_settings = BrokerSettings::default();
    for (name, value) in BROKERS {
        match broker_settings.set(name, value) {
            // What is not modelled cannot differ from its default.
            Ok(()) | Err(BadSetting::Unknown { .. }) => {}
            Err(wrong) => return Err(bad_setting(wrong)),
        }
    }
    let copies = brokers.min(3).to_string();
    for name in ["offsets.topic.replication.factor", "transaction.state.log.replication.factor"] {
        let _ = broker_settings.set(name, &copies);
    }
    for (name, value) in settings(cluster, "settings")? {
        broker_settings.set(&name, &value).map_err(bad_setting)?;
    }
    let latency = SimDuration::millis(1);
    let links = Links {
        producer: latency,
        consumer: latency,
        coordinator: latency,
        cluster: latency,
        jitter: SimDuration::ZERO,
        loss_per_million: 0,
    };
    Ok(Config {
        brokers,
        broker_settings,
        topics: Vec::new(),
        producers: Vec::new(),
        destinations: vec!["".into()],
        consumers: Vec::new(),
        links,
    })
}

/// What the recorder sets every producer to.
pub(super) fn producer_settings() -> ProducerSettings {
    ProducerSettings { linger_ms: 0, ..ProducerSettings::default() }
}

/// Settings by their names, as text: numbers may be written as such.
pub(super) fn settings(given: Given, key: &str) -> Result<Vec<(String, String)>, Unable> {
    let wrong = || Unable::Wrong(format!("its '{key}' is to be an object with settings"));
    let Some(value) = given.value(key) else { return Ok(Vec::new()) };
    let text = |it: &Value| match it {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let settings = value.as_object().ok_or_else(wrong)?.iter();
    settings.map(|(name, it)| Ok((name.clone(), text(it).ok_or_else(wrong)?))).collect()
}

/// A setting that is not there, or not like this.
#[expect(clippy::needless_pass_by_value, reason = "it is handed over by `map_err`")]
pub(super) fn bad_setting(wrong: BadSetting) -> Unable {
    match wrong {
        BadSetting::Unknown { ref name, .. } => Unable::NotModelled(name.clone()),
        BadSetting::Value { .. } | BadSetting::Refused { .. } => Unable::Wrong(wrong.to_string()),
    }
}

/// Which stops of brokers are not waited for: those after which a request with a time of its own
/// is sent that itself waits for what the stop changes.
fn hurried(steps: &[Step]) -> Vec<bool> {
    let mut hurried = Vec::new();
    for (place, _) in steps.iter().enumerate().filter(|(_, it)| it.operation == "broker_stop") {
        let mut after = steps[place..].iter();
        let next = after.find(|it| !matches!(&*it.operation, "broker_stop" | "sleep"));
        hurried.push(next.is_some_and(|it| it.given.contains_key("timeout_ms")));
    }
    hurried
}

/// What all records of the case say, in its order. What is wrong in a step is told when it is
/// its turn; nothing is done after that.
fn texts(steps: &[Step]) -> Vec<Text> {
    let mut texts = Vec::new();
    for step in steps {
        let Some(records) = step.given.get("records").and_then(Value::as_array) else { continue };
        for record in records {
            match &*step.operation {
                "produce" => texts.push(text_of(record)),
                "produce_raw" => texts.push(Text {
                    key: record.get(0).and_then(Value::as_str).map(str::to_owned),
                    value: record.get(1).and_then(Value::as_str).map(str::to_owned),
                    ..Text::default()
                }),
                _ => {}
            }
        }
    }
    texts
}

fn text_of(record: &Value) -> Text {
    let text = |key| record.get(key).and_then(Value::as_str).map(str::to_owned);
    let bytes = record.get("bytes").and_then(Value::as_u64);
    Text {
        key: text("key"),
        value: text("value"),
        headers: record.get("headers").and_then(Value::as_object).cloned().unwrap_or_default(),
        bytes: usize::try_from(bytes.unwrap_or_default()).unwrap_or_default(),
    }
}

/// A message for each text, all of one stream that no producer sends by itself.
fn workload(texts: &[Text]) -> Workload {
    let (mut keys, mut ids) = (Keys::default(), BTreeMap::<&str, KeyId>::new());
    let mut messages = Vec::new();
    for text in texts {
        let key = text.key.as_deref();
        let key = key.map(|it| *ids.entry(it).or_insert_with(|| keys.push(it.as_bytes())));
        let length = text.value.as_ref().map_or(0, String::len).max(text.bytes);
        messages.push(Message {
            at: SimTime::START,
            key,
            size_bytes: u32::try_from(length).unwrap_or(u32::MAX),
            work_us: 0,
            stream: StreamId(0),
            poison: false,
            tombstone: text.value.is_none(),
            headers_bytes: headers_bytes(&text.headers),
        });
    }
    let stream = Stream { name: "case".into(), producer: ProducerName::from("") };
    Workload { messages: messages.into(), keys: keys.into(), streams: [stream].into() }
}

/// How long headers are in a record, beside their count.
fn headers_bytes(headers: &Map<String, Value>) -> u16 {
    let length = |it: &Value| it.as_str().map_or(0, str::len);
    let varint = |length: usize| 1 + usize::from(63 < length);
    let one = |(key, value): (&String, &Value)| {
        let value = length(value);
        varint(key.len()) + key.len() + varint(value) + value
    };
    u16::try_from(headers.iter().map(one).sum::<usize>()).unwrap_or(u16::MAX)
}

/// The number of the message at `index`.
pub(super) fn message(index: usize) -> MessageId {
    MessageId::at(index)
}
