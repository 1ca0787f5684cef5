//! A message as it travels and lies in queues, and the history of its deaths.

use super::config::Version;
use super::error::ProtocolError;
use super::fact::Reason;
use super::table::{Field, Table};
use crate::name::{ExchangeName, QueueName};
use crate::sim::{SimDuration, SimTime};
use crate::workload::MessageId;
use std::sync::Arc;

/// Where a message was published to. Shared by all messages that were published alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// The exchange; the empty name is the default exchange.
    pub exchange: ExchangeName,
    /// The routing key.
    pub routing_key: Arc<str>,
}

/// What a publisher says about a message, beside where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Properties {
    /// Its headers.
    pub headers: Table,
    /// Its priority, if it says one.
    pub priority: Option<u8>,
    /// How long it may wait, in milliseconds, written as text.
    pub expiration: Option<Arc<str>>,
    /// `delivery_mode` 2: it outlives a restart of the broker in a durable queue.
    pub persistent: bool,
}

impl Default for Properties {
    fn default() -> Self {
        Self { headers: Table::new(), priority: None, expiration: None, persistent: true }
    }
}

impl Properties {
    /// To be carried by messages; nothing if they are the defaults.
    #[must_use]
    pub fn shared(&self) -> Option<Arc<Self>> {
        (*self != Self::default()).then(|| Arc::new(self.clone()))
    }
}

/// One copy of a message. Its key and work are those of the workload's message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Which message of the workload it is a copy of.
    pub id: MessageId,
    /// The length of its body.
    pub size_bytes: u32,
    /// Where it was published to, last time.
    pub address: Arc<Address>,
    /// What its publisher says about it; nothing: the defaults.
    properties: Option<Arc<Properties>>,
    /// How often it was dead-lettered, and why; nothing if never.
    deaths: Option<Arc<Deaths>>,
    /// How often it had come back to quorum queues before it was dead-lettered from them.
    pub returns: u32,
    /// What the queue that it comes from says about it.
    pub stamp: Stamp,
}

/// What a queue says about a message that comes from it: a header that it adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stamp {
    /// Nothing.
    #[default]
    None,
    /// `x-delivery-count`: how often it came back to a quorum queue.
    DeliveryCount(u32),
    /// `x-stream-offset`: where it stands in a stream.
    Offset(u64),
}

/// What became of a message before it came to the queue it is in: `x-death`, and the headers
/// about the first death.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Deaths {
    /// The most recent first.
    tables: Vec<Death>,
    /// The first death of all: queue, reason and exchange. Unknown if it was before the message
    /// was published here.
    first: Option<(QueueName, Reason, ExchangeName)>,
    /// Whether `x-dead-letter-routing-key` took the place of all its routing keys: then `CC` is a
    /// header like any other.
    rerouted: bool,
}

/// One table of the header `x-death`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Death {
    /// The queue it was dead-lettered from.
    pub queue: QueueName,
    /// Why.
    pub reason: Reason,
    /// How often it was dead-lettered from there for that reason.
    pub count: u32,
    /// When that happened first. Unknown if a client says that it happened.
    pub time: Option<SimTime>,
    /// Where it had been published to before that.
    pub exchange: ExchangeName,
    /// With which routing keys.
    pub routing_keys: Vec<Arc<str>>,
    /// The `expiration` that it had then.
    pub original_expiration: Option<Arc<str>>,
}

/// A death as it happens.
#[derive(Clone, Debug)]
pub struct Dying<'a> {
    /// In which queue.
    pub queue: &'a QueueName,
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: SimTime,
    /// Where it goes now.
    pub address: Arc<Address>,
    /// Whether `x-dead-letter-routing-key` replaces its routing keys.
    pub rerouted: bool,
    /// By the rules of which version.
    pub version: Version,
}

/// A header in which an application counts its attempts when it publishes a message again:
/// RabbitMQ 4 begins `x-death` anew for what a client publishes.
///
/// Source: RabbitMQ 4.0 release notes, "x-death"; case `d-client-xdeath`.
const ATTEMPTS: &str = "x-attempts";

/// Two headers that hold further routing keys. The second is not delivered.
const CC: &str = "CC";
const BCC: &str = "BCC";

impl Message {
    /// A message that was never dead-lettered.
    #[must_use]
    pub fn new(id: MessageId, size_bytes: u32, address: Arc<Address>) -> Self {
        Self {
            id,
            size_bytes,
            address,
            properties: None,
            deaths: None,
            returns: 0,
            stamp: Stamp::None,
        }
    }

    /// The same with other properties than the defaults.
    #[must_use]
    pub fn with(self, properties: &Properties) -> Self {
        self.with_shared(properties.shared())
    }

    /// The same with properties that other messages have too.
    #[must_use]
    pub fn with_shared(self, properties: Option<Arc<Properties>>) -> Self {
        Self { properties, ..self }
    }

    /// Its headers as its publisher set them.
    #[must_use]
    pub fn headers(&self) -> Option<&Table> {
        self.properties.as_ref().map(|it| &it.headers)
    }

    /// Its priority, if its publisher says one.
    #[must_use]
    pub fn priority(&self) -> Option<u8> {
        self.properties.as_ref()?.priority
    }

    /// The copy that an application or a tool which received it publishes elsewhere, perhaps with
    /// how many attempts there were so far.
    ///
    /// Simplified: the headers that a broker added are left out, except that the attempts are
    /// counted on; a shovel and many applications copy all of them.
    #[must_use]
    pub fn forwarded(&self, address: Arc<Address>, attempts: Option<u32>) -> Self {
        let mut properties = self.properties.clone();
        if let Some(attempts) = attempts {
            let properties = Arc::make_mut(properties.get_or_insert_default());
            properties.headers.insert(ATTEMPTS.into(), Field::Int(attempts.into()));
        }
        Self::new(self.id, self.size_bytes, address).with_shared(properties)
    }

    /// How often an application that consumes from `queue` can tell that work on it failed
    /// before: what the application itself wrote, how often it was rejected from there, and how
    /// often it came back to a quorum queue. A classic queue does not count.
    ///
    /// Source: RabbitMQ, "Dead Letter Exchanges" (`x-death`), "Quorum Queues" (poison message
    /// handling, `x-delivery-count`).
    #[must_use]
    pub fn failures(&self, queue: &QueueName) -> u32 {
        let told = self.headers().and_then(|it| it.get(ATTEMPTS)).and_then(Field::as_int);
        let told = told.and_then(|it| u32::try_from(it).ok()).unwrap_or(0);
        let rejected = |it: &&Death| it.queue == *queue && it.reason == Reason::Rejected;
        let rejected: u32 = self.deaths().iter().filter(rejected).map(|it| it.count).sum();
        let returned = match self.stamp {
            Stamp::DeliveryCount(count) => count,
            Stamp::None | Stamp::Offset(_) => 0,
        };
        told.saturating_add(rejected).saturating_add(returned)
    }

    /// Its `expiration`, as its publisher wrote it.
    #[must_use]
    pub fn expiration(&self) -> Option<&Arc<str>> {
        self.properties.as_ref()?.expiration.as_ref()
    }

    /// How long it may wait, if its publisher says so.
    #[must_use]
    pub fn time_to_live(&self) -> Option<SimDuration> {
        let ms: u64 = self.expiration()?.parse().ok()?;
        Some(SimDuration::millis(ms.min(LONGEST_TTL_MS)))
    }

    /// Whether it outlives a restart in a durable queue.
    #[must_use]
    pub fn is_persistent(&self) -> bool {
        self.properties.as_ref().is_none_or(|it| it.persistent)
    }

    /// Whether the broker takes its properties.
    ///
    /// Source: `rabbit_basic`, `parse_expiration`, `header_routes`; case `q-expiration-invalid`.
    ///
    /// # Errors
    /// The error that ends the channel.
    pub fn check(&self) -> Result<(), ProtocolError> {
        if let Some(text) = self.expiration() {
            let why = match text.parse::<u64>() {
                Ok(ms) if ms <= LONGEST_TTL_MS => None,
                Ok(ms) => Some(format!("{{value_too_big,{ms}}}")),
                Err(_) if text.parse::<i64>().is_ok() => Some(format!("{{value_negative,{text}}}")),
                Err(_) => Some("no_integer".to_owned()),
            };
            if let Some(why) = why {
                let what = format!("invalid expiration '{text}': {why}");
                return Err(ProtocolError::precondition_failed(&what));
            }
        }
        for header in [CC, BCC] {
            match self.headers().and_then(|it| it.get(header)) {
                None | Some(Field::List(_)) => {}
                Some(_) => {
                    let what = format!("invalid header '{header}': it is to be an array");
                    return Err(ProtocolError::precondition_failed(&what));
                }
            }
        }
        Ok(())
    }

    /// All its routing keys: that of its address, and those of the header `CC`.
    ///
    /// Source: RabbitMQ, "Sender-selected Distribution"; case `x-cc-bcc`.
    #[must_use]
    pub fn routing_keys(&self) -> Vec<Arc<str>> {
        let mut keys = vec![self.address.routing_key.clone()];
        if !self.deaths.as_ref().is_some_and(|it| it.rerouted) {
            keys.extend(self.listed(CC));
        }
        keys
    }

    /// All keys by which it is routed: those of the header `BCC` too, if it has it still.
    #[must_use]
    pub fn all_keys(&self) -> Vec<Arc<str>> {
        let mut keys = self.routing_keys();
        keys.extend(self.listed(BCC));
        keys
    }

    /// The routing keys of the header `BCC`, which it loses by that.
    pub fn take_hidden_keys(&mut self) -> Vec<Arc<str>> {
        let keys: Vec<_> = self.listed(BCC).collect();
        if let Some(properties) = self.properties.as_mut()
            && properties.headers.contains_key(BCC)
        {
            Arc::make_mut(properties).headers.remove(BCC);
        }
        keys
    }

    fn listed(&self, header: &str) -> impl Iterator<Item = Arc<str>> {
        let items = match self.headers().and_then(|it| it.get(header)) {
            Some(Field::List(items)) => items.as_slice(),
            Some(_) | None => &[],
        };
        items.iter().filter_map(|it| it.as_text().cloned())
    }

    /// Its header `x-death`: one entry per queue and reason, the most recent first.
    #[must_use]
    pub fn deaths(&self) -> &[Death] {
        self.deaths.as_deref().map_or(&[], |it| &it.tables)
    }

    /// The copy that goes to a dead-letter exchange.
    ///
    /// A repeated death from the same queue for the same reason counts up and moves to the front.
    /// The property `expiration` is removed, or the message would expire again.
    ///
    /// Source: `rabbit_dead_letter`, `mc:record_death`; cases `d-count-classic`,
    /// `d-two-hops-classic`, `d-expired-classic`, `d-cc`.
    #[must_use]
    pub fn dead_lettered(&self, dying: &Dying<'_>) -> Self {
        let mut deaths = match &self.deaths {
            Some(deaths) => (**deaths).clone(),
            None => self.foretold(dying),
        };
        let again = |it: &Death| it.queue == *dying.queue && it.reason == dying.reason;
        let newest = match deaths.tables.iter().position(again) {
            Some(place) => {
                let mut death = deaths.tables.remove(place);
                death.count += 1;
                death
            }
            None => Death {
                queue: dying.queue.clone(),
                reason: dying.reason,
                count: 1,
                time: Some(dying.at),
                exchange: self.address.exchange.clone(),
                routing_keys: self.routing_keys(),
                original_expiration: self.expiration().cloned(),
            },
        };
        deaths.tables.insert(0, newest);
        deaths.rerouted |= dying.rerouted;
        let mut properties = self.properties.clone();
        if let Some(properties) = properties.as_mut() {
            let properties = Arc::make_mut(properties);
            properties.expiration = None;
            if dying.rerouted && dying.version == Version::V3_10 {
                properties.headers.remove(CC);
            }
        }
        Self {
            id: self.id,
            size_bytes: self.size_bytes,
            address: dying.address.clone(),
            properties,
            deaths: Some(Arc::new(deaths)),
            returns: self.returns,
            stamp: Stamp::None,
        }
    }

    /// The deaths before the first that this broker records: those that a publisher tells of
    /// count on up to 3.13; from 4.0 on nobody believes it.
    ///
    /// Source: RabbitMQ, "Dead Letter Exchanges"; case `d-client-xdeath`.
    fn foretold(&self, dying: &Dying<'_>) -> Deaths {
        let told = match self.headers().and_then(|it| it.get(X_DEATH)) {
            Some(Field::List(tables)) if dying.version == Version::V3_10 => tables.as_slice(),
            Some(_) | None => &[],
        };
        let tables: Vec<Death> = told.iter().filter_map(Death::read).collect();
        let first = tables
            .is_empty()
            .then(|| (dying.queue.clone(), dying.reason, self.address.exchange.clone()));
        Deaths { tables, first, rerouted: false }
    }

    /// Whether a dead-lettered copy that just died would go round without anybody having
    /// rejected it: then `target` does not get it.
    ///
    /// The history is read from the newest death back to the last one from `target`; a rejection
    /// on the way, the newest included, says that a consumer takes part in the loop.
    ///
    /// Source: `rabbit_dead_letter`, `is_cycle`; cases `d-cycle-*`, `d-maxlen-self`,
    /// `d-reject-self-*`.
    #[must_use]
    pub fn would_cycle(&self, target: &QueueName) -> bool {
        let Some(last) = self.deaths().iter().position(|it| it.queue == *target) else {
            return false;
        };
        self.deaths()[..=last].iter().all(|it| it.reason != Reason::Rejected)
    }

    /// Its headers as a client sees them: those of its publisher, and what the broker adds.
    ///
    /// Source: `mc_amqpl`, `rabbit_dead_letter`; cases `d-rejected-classic`, `c-get-quorum`,
    /// `s-basic`.
    #[must_use]
    pub fn seen_headers(&self, version: Version) -> Table {
        let mut headers = self.headers().cloned().unwrap_or_default();
        if let Some(deaths) = &self.deaths {
            let tables = deaths.tables.iter().map(Death::table).collect();
            headers.insert(X_DEATH.into(), Field::List(tables));
            let mut tell = |which: &str, queue: &QueueName, reason: Reason, exchange| {
                let mut put = |what: &str, value: Field| {
                    headers.insert(format!("x-{which}-death-{what}").into(), value);
                };
                put("queue", Field::Text(queue.0.clone()));
                put("reason", reason.as_str().into());
                put("exchange", exchange);
            };
            if let Some((queue, reason, exchange)) = &deaths.first {
                tell("first", queue, *reason, Field::Text(exchange.0.clone()));
            }
            // Source: `mc_amqpl`: told from 4.0 on.
            if let Some(last) = deaths.tables.first().filter(|_| version == Version::V4_0) {
                tell("last", &last.queue, last.reason, Field::Text(last.exchange.0.clone()));
            }
        }
        match self.stamp {
            Stamp::None => {}
            Stamp::DeliveryCount(count) => {
                headers.insert("x-delivery-count".into(), Field::Int(count.into()));
            }
            Stamp::Offset(offset) => {
                let offset = i64::try_from(offset).unwrap_or(i64::MAX);
                headers.insert("x-stream-offset".into(), Field::Int(offset));
            }
        }
        headers
    }
}

/// The header with the history of a message's deaths.
const X_DEATH: &str = "x-death";

/// Ten years: no message waits longer.
///
/// Source: `rabbit_misc`, `check_expiry`.
pub const LONGEST_TTL_MS: u64 = 315_360_000_000;

impl Death {
    /// As a table of the header.
    fn table(&self) -> Field {
        let mut table = Table::new();
        let mut put = |name: &str, value: Field| {
            table.insert(name.into(), value);
        };
        put("count", Field::Int(self.count.into()));
        put("reason", self.reason.as_str().into());
        put("queue", Field::Text(self.queue.0.clone()));
        put("exchange", Field::Text(self.exchange.0.clone()));
        let keys = self.routing_keys.iter().cloned().map(Field::Text).collect();
        put("routing-keys", Field::List(keys));
        if let Some(time) = self.time {
            put("time", Field::Time(time));
        }
        if let Some(expiration) = &self.original_expiration {
            put("original-expiration", Field::Text(expiration.clone()));
        }
        Field::Table(table)
    }

    /// Out of a table that a client wrote.
    fn read(field: &Field) -> Option<Self> {
        use crate::settings::Value as _;
        let Field::Table(table) = field else { return None };
        let text = |name: &str| table.get(name).and_then(Field::as_text).cloned();
        let keys = match table.get("routing-keys") {
            Some(Field::List(keys)) => keys.as_slice(),
            Some(_) | None => &[],
        };
        Some(Self {
            queue: QueueName(text("queue")?),
            reason: Reason::read(&text("reason")?)?,
            count: u32::try_from(table.get("count").and_then(Field::as_int)?).ok()?,
            time: None,
            exchange: ExchangeName(text("exchange").unwrap_or_default()),
            routing_keys: keys.iter().filter_map(|it| it.as_text().cloned()).collect(),
            original_expiration: text("original-expiration"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use std::fmt::Write;

    /// `deaths` is a story, oldest first, as `work rejected`; printed are `x-death` after each,
    /// and which of `targets` would be refused at the end.
    fn check(deaths: &[(&str, Reason)], targets: &[&str], expect: Expect) {
        let address = Arc::new(Address { exchange: "".into(), routing_key: "".into() });
        let mut message = Message::new(MessageId(1), 1, address.clone());
        let mut text = String::new();
        for (queue, reason) in deaths {
            let dying = Dying {
                queue: &(*queue).into(),
                reason: *reason,
                at: SimTime::START,
                address: address.clone(),
                rerouted: false,
                version: Version::V4_0,
            };
            message = message.dead_lettered(&dying);
            for it in message.deaths() {
                write!(text, "{} {} {}, ", it.queue, it.reason, it.count).unwrap();
            }
            text.push('\n');
        }
        for target in targets {
            let refused = message.would_cycle(&(*target).into());
            writeln!(text, "{target}: {}", if refused { "cycle" } else { "goes on" }).unwrap();
        }
        expect.assert_eq(&text);
    }

    #[test]
    fn a_death_counts_per_queue_and_reason_newest_first() {
        use Reason::{Expired, Rejected};
        check(
            &[("work", Rejected), ("retry", Expired), ("work", Rejected), ("work", Expired)],
            &["work", "retry", "other"],
            expect![[r#"
                work rejected 1, 
                retry expired 1, work rejected 1, 
                work rejected 2, retry expired 1, 
                work expired 1, work rejected 2, retry expired 1, 
                work: cycle
                retry: goes on
                other: goes on
            "#]],
        );
    }

    #[test]
    fn a_loop_without_a_rejection_is_a_cycle() {
        use Reason::{Expired, MaxLength};
        check(
            &[("a", Expired), ("b", MaxLength)],
            &["a", "b"],
            expect![[r#"
                a expired 1, 
                b maxlen 1, a expired 1, 
                a: cycle
                b: cycle
            "#]],
        );
    }
}
