//! Why the broker closes a channel or a connection, in RabbitMQ's words.

use super::config::Version;
use super::table::Field;
use crate::name::{ConsumerName, ExchangeName, QueueName};
use std::sync::Arc;

/// Why the broker closed a channel or a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProtocolError {
    /// The reply code of AMQP.
    pub code: u16,
    /// The reply text.
    pub text: Arc<str>,
}

impl ProtocolError {
    fn new(code: u16, text: String) -> Self {
        Self { code, text: text.into() }
    }

    /// Whether it ends the whole connection, not only the channel.
    ///
    /// Source: AMQP 0-9-1, reply codes: hard errors.
    #[must_use]
    pub const fn ends_connection(&self) -> bool {
        matches!(self.code, 320 | 402 | 501..=506 | 530 | 540 | 541)
    }

    /// 406: what was asked for does not go together with what is.
    #[must_use]
    pub fn precondition_failed(what: &str) -> Self {
        Self::new(406, format!("PRECONDITION_FAILED - {what}"))
    }

    /// 403: it is not allowed to anybody.
    #[must_use]
    pub fn access_refused(what: &str) -> Self {
        Self::new(403, format!("ACCESS_REFUSED - {what}"))
    }

    /// 540: nobody has built that.
    #[must_use]
    pub fn not_implemented(what: &str) -> Self {
        Self::new(540, format!("NOT_IMPLEMENTED - {what}"))
    }

    /// What a stream gave out cannot go back to it.
    ///
    /// Source: `rabbit_stream_queue`, `settle`; a 3.10.8 server.
    #[must_use]
    pub fn no_return_to_stream() -> Self {
        Self::not_implemented("basic.nack and basic.reject not supported by stream queues")
    }

    /// A delivery tag that is not outstanding on the channel.
    ///
    /// Source: `rabbit_channel`, `collect_acks`; case `c-unknown-tag-classic`.
    #[must_use]
    pub fn unknown_delivery_tag(tag: u64) -> Self {
        Self::precondition_failed(&format!("unknown delivery tag {tag}"))
    }

    /// A consumer tag that is in use on the channel: ends the connection.
    ///
    /// Source: `rabbit_channel`, `basic.consume`; case `c-dup-tag`.
    #[must_use]
    pub fn consumer_tag_in_use(tag: &ConsumerName) -> Self {
        Self::new(530, format!("NOT_ALLOWED - attempt to reuse consumer tag '{tag}'"))
    }

    /// Something, such as `exchange`, that is not there.
    ///
    /// Source: `rabbit_misc`, `not_found`; case `x-publish-missing`.
    #[must_use]
    pub fn not_found(kind: &str, name: &str) -> Self {
        Self::new(404, format!("NOT_FOUND - no {kind} '{name}' in vhost '/'"))
    }

    /// A queue that belongs to another connection.
    ///
    /// Source: `rabbit_amqqueue`, `check_exclusive_access`; case `q-exclusive`.
    #[must_use]
    pub fn locked(queue: &QueueName) -> Self {
        Self::new(
            405,
            format!(
                "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{queue}' in \
                 vhost '/'. It could be originally declared on another connection or the \
                 exclusive property value does not match that of the original declaration."
            ),
        )
    }

    /// A get from a quorum queue that gives messages to one consumer only.
    ///
    /// Source: `rabbit_channel`, `basic.get`; case `q-sac-quorum`.
    #[must_use]
    pub fn no_get_with_single_active(queue: &QueueName) -> Self {
        Self::new(
            405,
            format!(
                "RESOURCE_LOCKED - cannot obtain access to locked queue '{queue}' in vhost '/'. \
                 basic.get operations are not supported by quorum queues with single active \
                 consumer"
            ),
        )
    }

    /// A queue that somebody consumes from alone.
    ///
    /// Source: case `c-exclusive-consumer`.
    #[must_use]
    pub fn in_exclusive_use(queue: &QueueName) -> Self {
        Self::access_refused(&format!("queue '{queue}' in vhost '/' in exclusive use"))
    }

    /// Something may not be done to the default exchange.
    ///
    /// Source: case `x-default`.
    #[must_use]
    pub fn default_exchange() -> Self {
        Self::access_refused("operation not permitted on the default exchange")
    }

    /// A name that only the broker may give.
    ///
    /// Source: case `x-declare-errors`.
    #[must_use]
    pub fn reserved(kind: &str, name: &str) -> Self {
        Self::access_refused(&format!("{kind} name '{name}' contains reserved prefix 'amq.*'"))
    }

    /// A type of exchange that there is not.
    ///
    /// Source: `rabbit_exchange`, `check_type`; case `x-declare-errors`: it ended the connection
    /// up to 3.13.
    #[must_use]
    pub fn unknown_exchange_type(kind: &str, version: Version) -> Self {
        let what = format!("unknown exchange type '{kind}'");
        match version {
            Version::V3_10 => Self::new(503, format!("COMMAND_INVALID - {what}")),
            Version::V4_0 => Self::precondition_failed(&what),
        }
    }

    /// Only other exchanges may publish to an internal exchange.
    ///
    /// Source: `rabbit_channel`, `check_internal_exchange`; case `x-publish-missing`.
    #[must_use]
    pub fn internal_exchange(name: &ExchangeName) -> Self {
        Self::access_refused(&format!("cannot publish to internal exchange '{name}' in vhost '/'"))
    }

    /// Something is declared again in another way.
    ///
    /// Source: `rabbit_misc`, `assert_args_equivalence`; case `x-declare-errors`.
    #[must_use]
    pub fn inequivalent(argument: &str, kind: &str, name: &str, asked: &str, is: &str) -> Self {
        Self::precondition_failed(&format!(
            "inequivalent arg '{argument}' for {kind} '{name}' in vhost '/': received {asked} \
             but current is {is}"
        ))
    }

    /// An argument of a queue that cannot be.
    ///
    /// Source: `rabbit_amqqueue`, `check_arguments`; case `q-args-invalid`.
    #[must_use]
    pub fn invalid_argument(argument: &str, queue: &QueueName, why: &str) -> Self {
        Self::precondition_failed(&format!(
            "invalid arg '{argument}' for queue '{queue}' in vhost '/'{why}"
        ))
    }

    /// A property that queues of its type cannot have.
    ///
    /// Source: `rabbit_quorum_queue`, `check_*`; cases `q-exclusive`, `q-args-invalid`.
    #[must_use]
    pub fn invalid_property(property: &str, queue: &QueueName) -> Self {
        Self::precondition_failed(&format!(
            "invalid property '{property}' for queue '{queue}' in vhost '/'"
        ))
    }

    /// The broker goes down.
    ///
    /// Source: `rabbit_reader`: a connection is told before it is closed.
    #[must_use]
    pub fn shutdown() -> Self {
        let why = "broker forced connection closure with reason 'shutdown'";
        Self::new(320, format!("CONNECTION_FORCED - {why}"))
    }
}

/// A value as it stands in the text of an error about unequal arguments.
#[must_use]
pub fn spoken(value: Option<&Field>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Field::Void) => "the value of type 'void'".to_owned(),
        Some(Field::Bool(it)) => format!("the value '{it}' of type 'bool'"),
        Some(Field::Int(it)) => format!("the value '{it}' of type 'signedint'"),
        Some(Field::Decimal { digits, places }) => {
            format!("the value '{digits}e-{places}' of type 'double'")
        }
        Some(Field::Text(it)) => format!("the value '{it}' of type 'longstr'"),
        Some(Field::List(_)) => "a value of type 'array'".to_owned(),
        Some(Field::Table(_)) => "a value of type 'table'".to_owned(),
        Some(Field::Time(_)) => "a value of type 'timestamp'".to_owned(),
    }
}
