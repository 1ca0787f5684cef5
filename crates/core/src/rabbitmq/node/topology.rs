//! Declaring, binding, emptying and deleting while the broker runs.

use super::{Declared, Errand, Node, QueueId, Turn};
use crate::name::QueueName;
use crate::rabbitmq::channel;
use crate::rabbitmq::config::{self, ExchangeType, QueueType};
use crate::rabbitmq::error::ProtocolError;
use crate::rabbitmq::exchange::headers;
use crate::rabbitmq::fact::{Deletion, Fact};
use crate::rabbitmq::frame::{ChannelId, ConnectionId};
use crate::rabbitmq::queue::{self, Queue};
use crate::rabbitmq::topology::{Answer, Bound, DeclareQueue, Destination, Request};

impl Node {
    /// Does what a client asks, and says how it is answered.
    ///
    /// Source: cases `x-declare-errors`, `x-default`, `q-purge-delete`, `q-declare-counts`.
    pub(super) fn topology(
        &mut self,
        turn: &mut Turn<'_>,
        id: ChannelId,
        request: Request,
    ) -> Result<Answer, ProtocolError> {
        match request {
            Request::DeclareExchange(asked) => self.declare_exchange(asked),
            Request::DeclareQueue(asked) => self.declare_queue(turn, id.connection, asked),
            Request::FindExchange(name) => {
                if !name.as_str().is_empty() && self.exchanges.get(&name).is_none() {
                    return Err(ProtocolError::not_found("exchange", name.as_str()));
                }
                Ok(Answer::Done)
            }
            Request::FindQueue(name) => {
                let (queue, found) = self.accessible(&name, id.connection)?;
                let answer = Self::counts(found);
                turn.errands.push_back(Errand::Queue(queue, queue::Input::Declared));
                Ok(answer)
            }
            Request::DeleteExchange { name, if_unused } => {
                if name.as_str().is_empty() {
                    return Err(ProtocolError::default_exchange());
                }
                check_reserved("exchange", name.as_str())?;
                if if_unused && self.exchanges.get(&name).is_some_and(|it| it.is_used()) {
                    let what = format!("exchange '{name}' in vhost '/' in use");
                    return Err(ProtocolError::precondition_failed(&what));
                }
                self.exchanges.remove(&name);
                Ok(Answer::Done)
            }
            Request::DeleteQueue { name, if_unused, if_empty } => {
                self.delete_asked(turn, id.connection, &name, if_unused, if_empty)
            }
            Request::Purge(name) => {
                let (queue, found) = self.accessible(&name, id.connection)?;
                if found.arguments().queue_type == QueueType::Stream {
                    let what = format!("queue.purge not supported by stream queue '{name}'");
                    return Err(ProtocolError::not_implemented(&what));
                }
                let message_count = found.ready() + found.dead_lettering();
                turn.errands.push_back(Errand::Queue(queue, queue::Input::Purge));
                Ok(Answer::Gone { message_count })
            }
            Request::Bind(bound) => {
                self.check_binding(id.connection, &bound)?;
                self.exchanges.bind(&bound);
                Ok(Answer::Done)
            }
            Request::Unbind(bound) => {
                // What is not there is not bound.
                // Source: `rabbit_binding`, `remove`; case `x-declare-errors`.
                match self.check_binding(id.connection, &bound) {
                    Err(error) if error.code != 404 => return Err(error),
                    Err(_) | Ok(()) => self.exchanges.unbind(&bound),
                }
                Ok(Answer::Done)
            }
        }
    }

    fn delete_asked(
        &mut self,
        turn: &mut Turn<'_>,
        connection: ConnectionId,
        name: &QueueName,
        if_unused: bool,
        if_empty: bool,
    ) -> Result<Answer, ProtocolError> {
        // Source: case `x-declare-errors`: what is not there can be deleted.
        if !self.by_name.contains_key(name) {
            return Ok(Answer::Gone { message_count: 0 });
        }
        let (queue, found) = self.accessible(name, connection)?;
        let message_count = found.ready();
        let in_the_way = match (if_unused && found.consumers().count() > 0, if_empty) {
            (true, _) => Some("in use"),
            (false, true) if message_count > 0 => Some("not empty"),
            (false, _) => None,
        };
        if let Some(why) = in_the_way {
            let what = format!("queue '{name}' in vhost '/' {why}");
            return Err(ProtocolError::precondition_failed(&what));
        }
        self.delete_queue(turn, queue, Deletion::Asked);
        Ok(Answer::Gone { message_count })
    }

    /// Both ends of a binding have to be there.
    ///
    /// Source: `rabbit_channel`, `binding_action`; cases `x-default`, `x-declare-errors`.
    fn check_binding(&self, connection: ConnectionId, bound: &Bound) -> Result<(), ProtocolError> {
        if bound.source.as_str().is_empty() {
            return Err(ProtocolError::default_exchange());
        }
        match &bound.destination {
            Destination::Queue(name) => {
                self.accessible(name, connection)?;
            }
            Destination::Exchange(name) if name.as_str().is_empty() => {
                return Err(ProtocolError::default_exchange());
            }
            Destination::Exchange(name) => {
                if self.exchanges.get(name).is_none() {
                    return Err(ProtocolError::not_found("exchange", name.as_str()));
                }
            }
        }
        let Some(source) = self.exchanges.get(&bound.source) else {
            return Err(ProtocolError::not_found("exchange", bound.source.as_str()));
        };
        if source.kind == ExchangeType::Headers && !headers::is_valid(&bound.arguments) {
            return Err(ProtocolError::precondition_failed("Invalid x-match field value"));
        }
        Ok(())
    }

    fn declare_queue(
        &mut self,
        turn: &mut Turn<'_>,
        connection: ConnectionId,
        asked: DeclareQueue,
    ) -> Result<Answer, ProtocolError> {
        if self.by_name.contains_key(&asked.name) {
            let (id, _) = self.accessible(&asked.name, connection)?;
            let declared = self.queues[id.0 as usize].as_ref().expect("a named queue is there");
            declared.check_same(&asked)?;
            let answer = Self::counts(&declared.queue);
            turn.errands.push_back(Errand::Queue(id, queue::Input::Declared));
            return Ok(answer);
        }
        check_reserved("queue", asked.name.as_str())?;
        let arguments = asked.check()?;
        let DeclareQueue { name, durable, exclusive, auto_delete, arguments: table } = asked;
        let config = config::Queue::new(name, arguments);
        let queue = Queue::new(&config, &self.settings, turn.now);
        let owner = exclusive.then_some(connection);
        let (log, arguments) = (self.new_log(&queue), table);
        let id = self.add_queue(Declared { queue, durable, owner, auto_delete, arguments, log });
        // Its expiry begins to run.
        turn.errands.push_back(Errand::Queue(id, queue::Input::Declared));
        Ok(Answer::Queue { message_count: 0, consumer_count: 0 })
    }

    pub(super) fn add_queue(&mut self, declared: Declared) -> QueueId {
        let id = u32::try_from(self.queues.len()).expect("queues are numbered with 32 bits");
        let name = declared.queue.name.clone();
        self.by_name.insert(name.clone(), QueueId(id));
        self.exchanges.add_queue(name);
        self.queues.push(Some(declared));
        QueueId(id)
    }

    /// A queue goes with everything in it and all its bindings. Its consumers are told; what they
    /// hold is gone too.
    ///
    /// Source: RabbitMQ, "Consumer Cancel Notification"; cases `c-queue-deleted`,
    /// `q-autodelete`.
    pub(super) fn delete_queue(&mut self, turn: &mut Turn<'_>, id: QueueId, why: Deletion) {
        let Some(declared) = self.queues.get_mut(id.0 as usize).and_then(Option::take) else {
            return;
        };
        let queue = declared.queue;
        self.by_name.remove(&queue.name);
        self.exchanges.remove_queue(&queue.name);
        for (channel, tag) in queue.consumers() {
            let input = channel::Input::QueueGone(tag.clone());
            turn.errands.push_back(Errand::Channel(channel, input));
        }
        let messages = queue.messages();
        turn.note(Fact::QueueDeleted { queue: queue.name, messages, why });
    }

    /// Deletes all queues that are meant.
    pub(super) fn delete_where(
        &mut self,
        turn: &mut Turn<'_>,
        why: Deletion,
        meant: impl Fn(&Declared) -> bool,
    ) {
        for id in self.by_name.values().copied().collect::<Vec<_>>() {
            let declared = self.queues.get(id.0 as usize).and_then(Option::as_ref);
            if declared.is_some_and(&meant) {
                self.delete_queue(turn, id, why);
            }
        }
    }
}

/// Source: AMQP 0-9-1: names that begin so are the broker's own; cases `x-default`,
/// `x-declare-errors`.
pub(super) fn check_reserved(kind: &str, name: &str) -> Result<(), ProtocolError> {
    if name.starts_with("amq.") {
        return Err(ProtocolError::reserved(kind, name));
    }
    Ok(())
}
