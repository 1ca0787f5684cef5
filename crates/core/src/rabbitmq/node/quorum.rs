//! The leaders of quorum queues: what is handed in, what is committed, who leads.

use super::{Effect, Node, QueueId, Turn};
use crate::name::QueueName;
use crate::rabbitmq::config::QueueType;
use crate::rabbitmq::fact::Fact;
use crate::rabbitmq::frame::AckMode;
use crate::rabbitmq::queue::{self, Delivery, Queue, Settled};
use crate::rabbitmq::raft::{ELECTION, Log, Message, NodeNumber};

impl Node {
    /// The log of a queue that has members on several nodes.
    pub(super) fn new_log(&self, queue: &Queue) -> Option<Log> {
        let several = self.settings.nodes > 1;
        let quorum = queue.arguments().queue_type == QueueType::Quorum;
        let mut log = (several && quorum).then(|| Log::new(self.settings.nodes));
        if let Some(log) = &mut log {
            log.leader = log.candidate(&self.up);
        }
        log
    }

    /// Something for a queue. If the queue has several members, it takes effect when most of them
    /// have it; what only concerns the leader's own process does not go through the log.
    ///
    /// Source: RabbitMQ, "Quorum Queues": all operations go through the leader, which replicates
    /// them.
    pub(super) fn hand_in(&mut self, turn: &mut Turn<'_>, id: QueueId, input: queue::Input) {
        let replicated = match &input {
            queue::Input::Publish { .. }
            | queue::Input::Consume(_)
            | queue::Input::Get(_)
            | queue::Input::Cancel { .. }
            | queue::Input::Settle(..)
            | queue::Input::ChannelClosed(..)
            | queue::Input::Purge
            | queue::Input::DeadLettered(..) => true,
            queue::Input::Resume(_)
            | queue::Input::Declared
            | queue::Input::Restart
            | queue::Input::Expire => false,
        };
        let declared = self.queues.get_mut(id.0 as usize).and_then(Option::as_mut);
        match declared.and_then(|it| it.log.as_mut()).filter(|_| replicated) {
            None => self.step_queue(turn, id, input),
            Some(log) => {
                log.append(input);
                self.replicate(turn, id);
            }
        }
    }

    /// The leader sends its members what they lack. It has it itself.
    fn replicate(&mut self, turn: &mut Turn<'_>, id: QueueId) {
        let Some(log) = self.log(id) else { return };
        let (Some(leader), last) = (log.leader, log.last()) else { return };
        log.appended(leader, last);
        for node in (1..=self.settings.nodes).filter(|it| *it != leader) {
            turn.fx.push(Effect::Tell(node, Message::Append(id, last)));
        }
        self.commit(turn, id);
    }

    fn log(&mut self, id: QueueId) -> Option<&mut Log> {
        self.queues.get_mut(id.0 as usize)?.as_mut()?.log.as_mut()
    }

    fn commit(&mut self, turn: &mut Turn<'_>, id: QueueId) {
        while let Some(input) = self.log(id).and_then(Log::committed) {
            self.step_queue(turn, id, input);
        }
    }

    pub(super) fn member_says(&mut self, turn: &mut Turn<'_>, node: NodeNumber, message: Message) {
        let Message::Appended(queue, entry) = message else { return };
        if let Some(log) = self.log(queue) {
            log.appended(node, entry);
            self.commit(turn, queue);
        }
    }

    /// A node stops or starts. A queue whose leader stops has none until its members agree on
    /// another; a member that starts is sent what it lacks.
    ///
    /// Source: RabbitMQ, "Quorum Queues", behaviour.
    pub(super) fn running(&mut self, turn: &mut Turn<'_>, node: NodeNumber, runs: bool) {
        self.up.retain(|it| *it != node);
        if runs {
            self.up.push(node);
            self.up.sort_unstable();
        }
        turn.note(if runs { Fact::NodeStarted { node } } else { Fact::NodeStopped { node } });
        for id in self.by_name.values().copied().collect::<Vec<_>>() {
            let Some(log) = self.log(id) else { continue };
            if !runs && log.leader == Some(node) {
                log.leader = None;
            }
            match log.leader {
                None => turn.fx.push(Effect::Elect(id, turn.now + ELECTION)),
                Some(_) => self.replicate(turn, id),
            }
        }
    }

    /// The members of a queue agree on a leader, if most of them are up. What was handed in
    /// meanwhile is handed in to it.
    pub(super) fn elect(&mut self, turn: &mut Turn<'_>, id: QueueId) {
        let up = self.up.clone();
        let Some(log) = self.log(id).filter(|it| it.leader.is_none()) else { return };
        let Some(node) = log.candidate(&up) else { return };
        log.leader = Some(node);
        if let Some(queue) = self.queue_at(id).map(|it| it.name.clone()) {
            turn.note(Fact::LeaderElected { queue, node });
        }
        self.replicate(turn, id);
    }

    /// Which node leads a queue that has several members; none while there is no leader.
    #[must_use]
    pub fn leader(&self, queue: &QueueName) -> Option<NodeNumber> {
        let id = self.by_name.get(queue)?;
        self.queues.get(id.0 as usize)?.as_ref()?.log.as_ref()?.leader
    }

    /// A channel is gone, and its queue did not know yet: it hears of it with the channel's end.
    pub(super) fn undeliverable(
        &mut self,
        turn: &mut Turn<'_>,
        id: QueueId,
        queue: &QueueName,
        delivery: &Delivery,
    ) {
        let Delivery { channel, arrival, consumer, .. } = *delivery;
        match delivery.mode {
            AckMode::Manual => {
                let held = self.undelivered.get_or_default((id, channel));
                held.push(Settled { delivery_tag: u64::MAX, arrival, consumer });
            }
            AckMode::Automatic => turn.note(Fact::LostWith {
                queue: queue.clone(),
                consumer: delivery.tag.clone(),
                message: delivery.message.id,
            }),
        }
    }

    /// The end of a channel, with what was sent to it in vain.
    pub(super) fn with_undelivered(&mut self, id: QueueId, input: queue::Input) -> queue::Input {
        let queue::Input::ChannelClosed(channel, mut held) = input else { return input };
        held.extend(self.undelivered.remove(&(id, channel)).unwrap_or_default());
        queue::Input::ChannelClosed(channel, held)
    }
}
