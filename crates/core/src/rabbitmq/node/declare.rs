//! Whether something can be declared as it is asked for, and whether it is what is there.

use super::topology::check_reserved;
use super::{Declared, Node};
use crate::name::QueueName;
use crate::rabbitmq::config::{ExchangeType, QueueArguments, QueueType};
use crate::rabbitmq::error::{ProtocolError, spoken};
use crate::rabbitmq::message::LONGEST_TTL_MS;
use crate::rabbitmq::table::{Field, Table};
use crate::rabbitmq::topology::{Answer, DeclareExchange, DeclareQueue};
use crate::settings::Value as _;

/// The arguments of queues that the broker knows, and which types of queue have them: classic,
/// quorum, stream. Others are kept and mean nothing.
///
/// Source: `rabbit_amqqueue`, `declare_args`; `rabbit_classic_queue`, `rabbit_quorum_queue`,
/// `rabbit_stream_queue`, `capabilities`; case `q-args-invalid`.
const KNOWN: [(&str, [bool; 3]); 20] = [
    ("x-queue-type", [true, true, true]),
    ("x-expires", [true, true, false]),
    ("x-message-ttl", [true, true, false]),
    ("x-dead-letter-exchange", [true, true, false]),
    ("x-dead-letter-routing-key", [true, true, false]),
    ("x-dead-letter-strategy", [false, true, false]),
    ("x-max-length", [true, true, false]),
    ("x-max-length-bytes", [true, true, true]),
    ("x-max-in-memory-length", [true, true, false]),
    ("x-max-in-memory-bytes", [true, true, false]),
    ("x-max-priority", [true, false, false]),
    ("x-overflow", [true, true, false]),
    ("x-queue-mode", [true, false, false]),
    ("x-queue-version", [true, false, false]),
    ("x-single-active-consumer", [true, true, false]),
    ("x-quorum-initial-group-size", [false, true, false]),
    ("x-delivery-limit", [false, true, false]),
    ("x-max-age", [false, false, true]),
    ("x-stream-max-segment-size-bytes", [false, false, true]),
    ("x-initial-cluster-size", [false, false, true]),
];

/// The highest priority of a classic queue.
///
/// Source: RabbitMQ, "Priority Queue Support"; case `q-args-invalid`.
const MOST_PRIORITIES: i64 = 255;

impl Node {
    /// Source: cases `x-declare-errors`, `x-default`.
    pub(super) fn declare_exchange(
        &mut self,
        asked: DeclareExchange,
    ) -> Result<Answer, ProtocolError> {
        let name = asked.name.clone();
        let Some(kind) = ExchangeType::read(&asked.kind) else {
            return Err(ProtocolError::unknown_exchange_type(&asked.kind, self.settings.version));
        };
        if name.as_str().is_empty() {
            return Err(ProtocolError::default_exchange());
        }
        let Some(known) = self.exchanges.get(&name) else {
            check_reserved("exchange", name.as_str())?;
            self.exchanges.declare_as(asked, kind);
            return Ok(Answer::Done);
        };
        let differs = |argument, asked: String, is: String| {
            Err(ProtocolError::inequivalent(argument, "exchange", name.as_str(), &asked, &is))
        };
        if known.kind != kind {
            return differs("type", format!("'{kind}'"), format!("'{}'", known.kind));
        }
        for (argument, asked, is) in [
            ("durable", asked.durable, known.durable),
            ("auto_delete", asked.auto_delete, known.auto_delete),
            ("internal", asked.internal, known.internal),
        ] {
            if asked != is {
                return differs(argument, format!("'{asked}'"), format!("'{is}'"));
            }
        }
        let of = |it: &Table| it.get("alternate-exchange").cloned();
        let (asked, is) = (of(&asked.arguments), of(&known.arguments));
        if asked != is {
            return differs("alternate-exchange", spoken(asked.as_ref()), spoken(is.as_ref()));
        }
        Ok(Answer::Done)
    }
}

impl Declared {
    /// Whether it is what somebody declares again.
    ///
    /// Source: `rabbit_amqqueue`, `assert_equivalence`; case `x-declare-errors`.
    pub(super) fn check_same(&self, asked: &DeclareQueue) -> Result<(), ProtocolError> {
        let name = asked.name.as_str();
        for (argument, asked, is) in [
            ("durable", asked.durable, self.durable),
            ("auto_delete", asked.auto_delete, self.auto_delete),
            ("exclusive", asked.exclusive, self.owner.is_some()),
        ] {
            if asked != is {
                let (asked, is) = (format!("'{asked}'"), format!("'{is}'"));
                return Err(ProtocolError::inequivalent(argument, "queue", name, &asked, &is));
            }
        }
        let classic = Field::from("classic");
        for (argument, _) in KNOWN {
            let other = (argument == "x-queue-type").then_some(&classic);
            let (asked, is) = (asked.arguments.get(argument), self.arguments.get(argument));
            if asked.or(other) != is.or(other) {
                let (asked, is) = (spoken(asked), spoken(is));
                return Err(ProtocolError::inequivalent(argument, "queue", name, &asked, &is));
            }
        }
        Ok(())
    }
}

impl DeclareQueue {
    /// What its arguments mean, if they can be.
    ///
    /// Source: `rabbit_amqqueue`, `check_arguments`; cases `q-args-invalid`, `q-exclusive`.
    ///
    /// # Errors
    /// What the broker answers if they cannot.
    pub fn check(&self) -> Result<QueueArguments, ProtocolError> {
        let wrong =
            |argument, why: &str| ProtocolError::invalid_argument(argument, &self.name, why);
        let kind = match self.arguments.get("x-queue-type") {
            None => QueueType::Classic,
            Some(field) => {
                let text = field.as_text().map_or("", |it| &**it);
                QueueType::read(text).ok_or_else(|| {
                    let why = format!(": \"unsupported queue type '{text}'\"");
                    wrong("x-queue-type", &why)
                })?
            }
        };
        let column = match kind {
            QueueType::Classic => 0,
            QueueType::Quorum => 1,
            QueueType::Stream => 2,
        };
        for (argument, supported) in KNOWN {
            if self.arguments.contains_key(argument) && !supported[column] {
                let why = format!(" of queue type rabbit_{kind}_queue");
                return Err(wrong(argument, &why));
            }
        }
        let mut arguments = QueueArguments::default();
        for (argument, _) in KNOWN {
            let Some(field) = self.arguments.get(argument) else { continue };
            let value = read(argument, field).map_err(|why| wrong(argument, &why))?;
            // Those that only say how a queue is stored are no settings here.
            if QueueArguments::SETTINGS.iter().any(|it| it.name == argument) {
                arguments.set(argument, &value).map_err(|_| wrong(argument, ""))?;
            }
        }
        if arguments.dead_letter_routing_key.0.is_some()
            && arguments.dead_letter_exchange.0.is_none()
        {
            let why = ": routing_key_but_no_dlx_defined";
            return Err(wrong("x-dead-letter-routing-key", why));
        }
        self.check_properties(&self.name, kind)?;
        Ok(arguments)
    }

    /// Only classic queues can be transient, exclusive or deleted by themselves.
    fn check_properties(&self, name: &QueueName, kind: QueueType) -> Result<(), ProtocolError> {
        let cannot = match kind {
            QueueType::Classic => return Ok(()),
            QueueType::Quorum | QueueType::Stream => [
                ("auto-delete", self.auto_delete),
                ("exclusive-owner", self.exclusive),
                ("non-durable", !self.durable),
            ],
        };
        match cannot.iter().find(|(_, is)| *is) {
            Some((property, _)) => Err(ProtocolError::invalid_property(property, name)),
            None => Ok(()),
        }
    }
}

/// An argument as text, if it can be, or why it cannot.
fn read(argument: &str, field: &Field) -> Result<String, String> {
    let number = |least: i64, most: i64| match field {
        Field::Int(it) if *it < least && *it < 0 => Err(format!(": {{value_negative,{it}}}")),
        Field::Int(it) if *it < least => Err(format!(": {{value_zero,{it}}}")),
        Field::Int(it) if *it > most => Err(format!(": {{max_value_exceeded,{it}}}")),
        Field::Int(it) => Ok(it.to_string()),
        Field::Void
        | Field::Bool(_)
        | Field::Decimal { .. }
        | Field::Text(_)
        | Field::List(_)
        | Field::Table(_)
        | Field::Time(_) => Err(": unacceptable_type".to_owned()),
    };
    let text = || match field.as_text() {
        Some(text) => Ok(text.to_string()),
        None => Err(": unacceptable_type".to_owned()),
    };
    let one_of = |known: bool, wrong: &str| {
        let text = text()?;
        if known { Ok(text) } else { Err(format!(": {wrong}")) }
    };
    let longest = i64::try_from(LONGEST_TTL_MS).unwrap_or(i64::MAX);
    match argument {
        "x-expires" => number(1, longest),
        "x-message-ttl" => number(0, longest),
        "x-max-priority" => number(0, MOST_PRIORITIES),
        "x-max-length" | "x-max-length-bytes" => number(0, i64::MAX),
        "x-delivery-limit" => number(-1, i64::MAX),
        "x-single-active-consumer" => match *field == Field::Bool(false) {
            false if !field.is_true() => Err(": unacceptable_type".to_owned()),
            is_false => Ok((!is_false).to_string()),
        },
        "x-overflow" => {
            let known = ["drop-head", "reject-publish", "reject-publish-dlx"];
            one_of(known.contains(&&*text()?), "invalid_overflow")
        }
        "x-dead-letter-strategy" => {
            let known = ["at-most-once", "at-least-once"];
            one_of(known.contains(&&*text()?), "invalid_dlx_strategy")
        }
        "x-queue-type" | "x-dead-letter-exchange" | "x-dead-letter-routing-key" => text(),
        _ => Ok(String::new()),
    }
}
