//! What happens, in one sentence a system.

/// The captions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CaptionsView {
    /// The instant.
    pub(crate) time: String,
    /// What Kafka does.
    pub(crate) kafka: String,
    /// What RabbitMQ does.
    pub(crate) rabbitmq: String,
}
