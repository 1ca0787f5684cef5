//! Names that people give to things: topics, groups, queues, consumers.

/// Declares a name: a short text, cheap to copy, ordered and compared as text.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub std::sync::Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
    )+};
}

names! {
    /// A consumer: one running copy of the application. Its twin in the other world has the
    /// same name. In Kafka it is also the `client.id`, in RabbitMQ the consumer tag.
    ConsumerName
    /// A producer (Kafka) or publisher (RabbitMQ). Its twin has the same name.
    ProducerName
    /// A Kafka topic.
    TopicName
    /// A Kafka consumer group, `group.id`.
    GroupId
    /// A Kafka producer across its processes, `transactional.id`.
    TransactionalId
    /// A RabbitMQ exchange. The empty name is the default exchange.
    ExchangeName
    /// A RabbitMQ queue.
    QueueName
}
