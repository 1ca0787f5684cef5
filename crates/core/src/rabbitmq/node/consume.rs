//! Consumers and gets: whether they may, and what they bring to the queue.

use super::{Errand, Node, QueueId, Turn};
use crate::name::{ConsumerName, QueueName};
use crate::rabbitmq::channel;
use crate::rabbitmq::config::{QueueType, Version};
use crate::rabbitmq::error::ProtocolError;
use crate::rabbitmq::frame::{AckMode, ChannelId, ConnectionId, Consume};
use crate::rabbitmq::queue::consumers::Joining;
use crate::rabbitmq::queue::{self, Queue};
use crate::rabbitmq::table::Field;

impl Node {
    /// The queue of that name, if the connection may use it.
    ///
    /// Source: `rabbit_amqqueue`, `with_exclusive_access_or_die`; case `q-exclusive`.
    pub(super) fn accessible(
        &self,
        name: &QueueName,
        connection: ConnectionId,
    ) -> Result<(QueueId, &Queue), ProtocolError> {
        let declared = self.by_name.get(name).and_then(|id| {
            self.queues.get(id.0 as usize)?.as_ref().map(|declared| (*id, declared))
        });
        let Some((id, declared)) = declared else {
            return Err(ProtocolError::not_found("queue", name.as_str()));
        };
        if declared.owner.is_some_and(|it| it != connection) {
            return Err(ProtocolError::locked(name));
        }
        Ok((id, &declared.queue))
    }

    pub(super) fn consume(
        &mut self,
        turn: &mut Turn<'_>,
        id: ChannelId,
        wanted: Consume,
        prefetch_count: u32,
    ) {
        match self.may_consume(id, &wanted, prefetch_count) {
            Ok((queue, joining)) => {
                let name = wanted.queue;
                let input = channel::Input::Consuming(queue, name, wanted.consumer_tag);
                turn.errands.push_back(Errand::Channel(id, input));
                turn.errands.push_back(Errand::Queue(queue, queue::Input::Consume(joining)));
            }
            Err(error) => self.fail(turn, id, error),
        }
    }

    /// Source: cases `c-exclusive-consumer`, `c-qos-global-quorum`, `s-basic`, `q-sac-classic`.
    fn may_consume(
        &self,
        id: ChannelId,
        wanted: &Consume,
        prefetch_count: u32,
    ) -> Result<(QueueId, Joining), ProtocolError> {
        let Consume { queue: name, consumer_tag, mode, exclusive, arguments } = wanted;
        let (number, queue) = self.accessible(name, id.connection)?;
        let kind = queue.arguments().queue_type;
        let shares = self.channels.get(&id).is_some_and(channel::Channel::shares_prefetch);
        let not_implemented = |what: &str| Err(ProtocolError::not_implemented(what));
        let spoken = format!("queue '{name}' in vhost '/'");
        match kind {
            QueueType::Classic => {
                let others = queue.consumers().count() > 0;
                let single = queue.arguments().single_active_consumer;
                if queue.is_in_exclusive_use() || *exclusive && (others || single) {
                    return Err(ProtocolError::in_exclusive_use(name));
                }
            }
            QueueType::Quorum | QueueType::Stream if shares => {
                return not_implemented(&format!("{spoken} does not support global qos"));
            }
            QueueType::Quorum => {}
            QueueType::Stream if *mode == AckMode::Automatic => {
                let which = match self.settings.version {
                    Version::V3_10 => "stream queues",
                    Version::V4_0 => "stream",
                };
                return not_implemented(&format!(
                    "automatic acknowledgement not supported by {which} {spoken}"
                ));
            }
            QueueType::Stream if prefetch_count == 0 => {
                let what = format!("consumer prefetch count is not set for stream {spoken}");
                return Err(ProtocolError::precondition_failed(&what));
            }
            QueueType::Stream => {}
        }
        let joining = Joining {
            channel: id,
            tag: consumer_tag.clone(),
            mode: *mode,
            prefetch_count,
            priority: arguments.get("x-priority").and_then(Field::as_int).unwrap_or(0),
            exclusive: *exclusive && kind == QueueType::Classic,
            cursor: queue.stream_offset(arguments.get("x-stream-offset")),
        };
        Ok((number, joining))
    }

    /// Source: cases `c-get-classic`, `c-consume-missing`, `s-basic`.
    pub(super) fn get(
        &mut self,
        turn: &mut Turn<'_>,
        id: ChannelId,
        name: &QueueName,
        mode: AckMode,
        delivery_tag: u64,
    ) {
        let (number, queue) = match self.accessible(name, id.connection) {
            Ok(found) => found,
            Err(error) => return self.fail(turn, id, error),
        };
        let arguments = queue.arguments();
        match arguments.queue_type {
            QueueType::Stream => {
                let error = ProtocolError::not_implemented(&format!(
                    "basic.get not supported by stream queues queue '{name}' in vhost '/'"
                ));
                return self.fail(turn, id, error);
            }
            // Source: case `q-sac-quorum`.
            QueueType::Quorum if arguments.single_active_consumer => {
                let error = ProtocolError::no_get_with_single_active(name);
                return self.fail(turn, id, error);
            }
            QueueType::Quorum | QueueType::Classic => {}
        }
        // A quorum queue takes a get for a consumer that is called like its delivery.
        let joining = Joining {
            channel: id,
            tag: ConsumerName::from(delivery_tag.to_string()),
            mode,
            prefetch_count: 0,
            priority: 0,
            exclusive: false,
            cursor: 0,
        };
        turn.errands.push_back(Errand::Queue(number, queue::Input::Get(joining)));
    }
}
