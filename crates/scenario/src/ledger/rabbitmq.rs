//! The RabbitMQ side of the ledger. A reader is a queue with its consumers.

use super::book::{ACKNOWLEDGED, ARRIVED, Book, Cell, Departure, Posts, SENT};
use super::{Entry, Outcome};
use brokerscope_core::map::{Map, Set};
use brokerscope_core::name::{ConsumerName, QueueName};
use brokerscope_core::rabbitmq::config::{Destination, RoutingKey};
use brokerscope_core::rabbitmq::exchange::Exchanges;
use brokerscope_core::rabbitmq::fact::{Deletion, Fact, Forward, Reason};
use brokerscope_core::rabbitmq::{Broker, Config};
use brokerscope_core::sim::{SimTime, Watcher};
use brokerscope_core::workload::{MessageId, Workload};
use std::sync::Arc;

/// What became of every message in every queue, up to now. Cloning shares all but the newest.
///
/// Each fact costs the same however long the run is.
#[derive(Clone, Debug)]
pub struct RabbitLedger {
    workload: Workload,
    plan: Arc<Plan>,
    posts: Posts,
    queues: Vec<Queue>,
    consumers: Map<ConsumerName, Consumer>,
    /// What applications and tools have published elsewhere and not acknowledged yet: it leaves
    /// its queue for another.
    forwarded: Map<(QueueName, MessageId), Reason>,
    /// The tools that move messages, and read none.
    movers: Set<ConsumerName>,
    done_at: Option<SimTime>,
}

/// What is where and goes where: fixed by the configuration.
#[derive(Debug)]
struct Plan {
    /// In the order of the configuration.
    names: Vec<QueueName>,
    /// Where the messages of a stream go, by `StreamId`.
    routes: Vec<Route>,
    exchanges: Exchanges,
}

/// To which queues the messages of a stream go.
#[derive(Debug)]
enum Route {
    /// All to these.
    Fixed(Vec<usize>),
    /// Each by its own key.
    ByKey(Destination),
}

/// A queue's book.
#[derive(Clone, Debug, Default)]
struct Queue {
    book: Book,
    /// Whether anybody ever consumed from it, or is going to.
    has_consumers: bool,
    /// Whether messages are published to it, other than as dead letters.
    has_publishers: bool,
}

/// A consumer's process.
#[derive(Clone, Debug, Default)]
struct Consumer {
    /// Its deliveries count as acknowledged when they are sent.
    auto_ack: bool,
    /// The message that it works on, unless it acknowledges automatically.
    works_on: Option<MessageId>,
}

impl RabbitLedger {
    /// An empty ledger for a broker that is set up like that.
    #[must_use]
    pub fn new(config: &Config, workload: &Workload) -> Self {
        let exchanges = exchanges(config);
        let names: Vec<QueueName> = config.queues.iter().map(|it| it.name.clone()).collect();
        let place = |name: &QueueName| names.iter().position(|it| it == name);
        let routes: Vec<Route> = config
            .destinations
            .iter()
            .map(|it| match &it.routing_key {
                RoutingKey::Fixed(key) => {
                    let queues = exchanges.route(&it.exchange, key).unwrap_or_default();
                    Route::Fixed(queues.iter().filter_map(place).collect())
                }
                RoutingKey::MessageKey => Route::ByKey(it.clone()),
            })
            .collect();
        let mut queues = vec![Queue::default(); names.len()];
        for (queue, name) in queues.iter_mut().zip(&names) {
            queue.has_consumers = config.consumers.iter().any(|it| it.queue == *name);
        }
        let fixed = routes.iter().filter_map(|it| match it {
            Route::Fixed(queues) => Some(queues),
            Route::ByKey(_) => None,
        });
        for queue in fixed.flatten() {
            queues[*queue].has_publishers = true;
        }
        Self {
            workload: workload.clone(),
            plan: Arc::new(Plan { names, routes, exchanges }),
            posts: Posts::default(),
            queues,
            consumers: Map::new(),
            forwarded: Map::new(),
            movers: Set::new(),
            done_at: None,
        }
    }

    /// The readers, in the order of the configuration: the queues that have or had consumers, and
    /// those that messages are published to. A queue that only takes dead letters is none until
    /// somebody consumes from it.
    pub fn readers(&self) -> impl Iterator<Item = &QueueName> {
        let reader = |it: &&Queue| it.has_consumers || it.has_publishers;
        let queues = self.queues.iter().zip(&self.plan.names);
        queues.filter(move |(it, _)| reader(it)).map(|(_, name)| name)
    }

    /// What became of a queue's messages.
    #[must_use]
    pub fn outcome(&self, reader: &QueueName) -> Option<Outcome> {
        self.queue(reader).map(|it| self.queues[it].book.outcome())
    }

    /// What became of one message in a queue; none if it was never sent there.
    #[must_use]
    pub fn entry(&self, reader: &QueueName, message: MessageId) -> Option<Entry> {
        self.queues[self.queue(reader)?].book.entry(message)
    }

    /// Whether every message of the workload is sent, and settled in every queue that has
    /// consumers: see [`Outcome::unsettled`].
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.posts.sent() == self.workload.messages.len()
            && self.queues.iter().all(|it| !it.has_consumers || it.book.unsettled() == 0)
    }

    /// The first instant at which that was so.
    #[must_use]
    pub fn done_at(&self) -> Option<SimTime> {
        self.done_at
    }

    fn queue(&self, name: &QueueName) -> Option<usize> {
        self.plan.names.iter().position(|it| it == name)
    }

    /// Tells every queue that a message of the workload is published to.
    fn each_queue_of(&mut self, message: MessageId, mut tell: impl FnMut(&mut Queue)) {
        let stream = usize::from(self.workload.message(message).stream.0);
        match self.plan.routes.get(stream) {
            Some(Route::Fixed(queues)) => {
                for queue in queues {
                    tell(&mut self.queues[*queue]);
                }
            }
            Some(Route::ByKey(to)) => {
                let key = self.workload.key(message).unwrap_or_default();
                let key = String::from_utf8_lossy(key);
                let names = self.plan.exchanges.route(&to.exchange, &key).unwrap_or_default();
                for name in names {
                    if let Some(queue) = self.queue(&name) {
                        tell(&mut self.queues[queue]);
                    }
                }
            }
            None => {}
        }
    }

    fn published(&mut self, message: MessageId) {
        self.posts.learn(message, SENT);
        self.each_queue_of(message, |it| {
            it.has_publishers = true;
            it.book.change(message, |cell| cell.learn(SENT));
        });
    }

    /// Dead letters are confirmed messages too, wherever they are by now.
    fn confirmed(&mut self, message: MessageId) {
        self.posts.learn(message, ACKNOWLEDGED);
        for queue in &mut self.queues {
            if queue.book.has(message) {
                queue.book.change(message, |it| it.learn(ACKNOWLEDGED));
            }
        }
    }

    fn enqueued(&mut self, queue: &QueueName, message: MessageId) {
        let known = self.posts.known(message) | SENT | ARRIVED;
        self.change(queue, message, |it| {
            it.learn(known);
            enter(it);
        });
    }

    /// A copy left the queue.
    fn left(&mut self, queue: &QueueName, message: MessageId, departure: Departure) {
        self.change(queue, message, |it| leave(it, departure));
    }

    fn all_left(&mut self, queue: &QueueName, messages: &[MessageId], departure: Departure) {
        for message in messages {
            self.left(queue, *message, departure);
        }
    }

    /// What its consumer had published elsewhere went over to there.
    fn acked(&mut self, queue: &QueueName, message: MessageId) {
        let reason = match self.forwarded.is_empty() {
            true => None,
            false => self.forwarded.remove(&(queue.clone(), message)),
        };
        self.left(queue, message, reason.map_or(Departure::Plain, Departure::DeadLetter));
    }

    /// An automatic acknowledgement had put it into the consumer's hands.
    fn skipped(&mut self, queue: &QueueName, consumer: &ConsumerName, message: MessageId) {
        if self.consumer(consumer).auto_ack {
            self.let_go(queue, consumer, message);
        }
    }

    fn change(&mut self, queue: &QueueName, message: MessageId, act: impl FnOnce(&mut Cell)) {
        if let Some(queue) = self.queue(queue) {
            self.queues[queue].book.change(message, act);
        }
    }

    fn delivered(
        &mut self,
        queue: &QueueName,
        consumer: &ConsumerName,
        message: MessageId,
        auto_ack: bool,
    ) {
        if !self.forwarded.is_empty() {
            self.forwarded.remove(&(queue.clone(), message));
        }
        if auto_ack {
            self.consumer(consumer).auto_ack = true;
            self.change(queue, message, |it| {
                leave(it, Departure::Plain);
                it.in_hand += 1;
            });
        }
    }

    fn began(&mut self, queue: &QueueName, consumer: &ConsumerName, message: MessageId) {
        let consumer = self.consumer(consumer);
        if !consumer.auto_ack {
            consumer.works_on = Some(message);
            self.change(queue, message, |it| it.in_hand += 1);
        }
    }

    fn processed(&mut self, queue: &QueueName, consumer: &ConsumerName, message: MessageId) {
        let hands = self.hands_of(consumer, message);
        let key = self.workload.message(message).key;
        if let Some(queue) = self.queue(queue) {
            self.queues[queue].book.processed(message, key, hands);
        }
    }

    /// The consumer is through with a message, or it went down with it.
    fn let_go(&mut self, queue: &QueueName, consumer: &ConsumerName, message: MessageId) {
        let hands = self.hands_of(consumer, message);
        self.change(queue, message, |it| it.in_hand -= hands);
    }

    /// How many hands a message leaves now that the consumer is through with it.
    fn hands_of(&mut self, consumer: &ConsumerName, message: MessageId) -> u16 {
        let consumer = self.consumer(consumer);
        let worked = consumer.works_on.take_if(|it| *it == message).is_some();
        u16::from(worked || consumer.auto_ack)
    }

    /// The process is gone, and nobody goes on with what it worked on. What it had acknowledged
    /// before the work is told apart.
    fn gone(&mut self, queue: &QueueName, consumer: &ConsumerName) {
        if let Some(message) = self.consumer(consumer).works_on.take() {
            self.change(queue, message, |it| it.in_hand -= 1);
        }
    }

    fn consumer(&mut self, name: &ConsumerName) -> &mut Consumer {
        // The name is copied only the first time.
        if !self.consumers.contains_key(name) {
            self.consumers.insert(name.clone(), Consumer::default());
        }
        self.consumers.get_mut(name).expect("it was just put there")
    }
}

/// The exchanges as the broker declares them.
fn exchanges(config: &Config) -> Exchanges {
    let mut exchanges = Exchanges::of(config, true);
    for it in &config.queues {
        exchanges.add_queue(it.name.clone());
    }
    exchanges
}

/// A copy is in the queue.
fn enter(cell: &mut Cell) {
    cell.in_broker += 1;
    cell.ahead += 1;
    cell.open += 1;
}

/// A copy left the queue.
fn leave(cell: &mut Cell, departure: Departure) {
    // A dead letter that a queue keeps until it is taken can leave more than once.
    if cell.in_broker == 0 {
        return;
    }
    cell.in_broker -= 1;
    cell.ahead -= 1;
    cell.open -= 1;
    cell.departure = departure;
}

impl Watcher<Broker> for RabbitLedger {
    fn watch(&mut self, at: SimTime, fact: &Fact) {
        self.take(fact);
        if self.done_at.is_none() && self.is_done() {
            self.done_at = Some(at);
        }
    }
}

impl RabbitLedger {
    #[allow(clippy::too_many_lines, reason = "each fact, once")]
    fn take(&mut self, fact: &Fact) {
        match fact {
            Fact::Published { message, .. } => self.published(*message),
            Fact::Confirmed { message, .. } => self.confirmed(*message),
            Fact::Enqueued { queue, message } => self.enqueued(queue, *message),
            Fact::Delivered { queue, consumer, message, auto_ack, .. } => {
                self.delivered(queue, consumer, *message, *auto_ack);
            }
            Fact::Began { queue, consumer, message } => self.began(queue, consumer, *message),
            Fact::Processed { queue, consumer, message } => {
                self.processed(queue, consumer, *message);
            }
            Fact::Failed { queue, consumer, message, .. }
            | Fact::LostWith { queue, consumer, message } => {
                self.let_go(queue, consumer, *message);
            }
            Fact::Acked { queue, message, .. } => self.acked(queue, *message),
            Fact::Forwarded { why: Forward::Result { .. }, .. } => {}
            Fact::Forwarded { queue, message, why, .. } => {
                let again = matches!(why, Forward::Park { attempts: 2.., .. });
                let reason = if again { Reason::DeliveryLimit } else { Reason::Rejected };
                self.forwarded.insert((queue.clone(), *message), reason);
            }
            Fact::Skipped { queue, consumer, message } => self.skipped(queue, consumer, *message),
            Fact::Moving { consumer, .. } => {
                self.movers.insert(consumer.clone());
            }
            Fact::Purged { queue, messages } => {
                self.all_left(queue, messages, Departure::Removed);
            }
            Fact::QueueDeleted { queue, messages, why } => {
                self.all_left(
                    queue,
                    messages,
                    match why {
                        Deletion::NotDurable => Departure::Plain,
                        Deletion::Asked
                        | Deletion::Unused
                        | Deletion::NoConsumers
                        | Deletion::ConnectionClosed => Departure::Removed,
                    },
                );
            }
            Fact::Forgotten { queue, messages } => {
                self.all_left(queue, messages, Departure::Plain);
            }
            Fact::Consuming { consumer, .. } if self.movers.contains(consumer) => {}
            Fact::Dropped { queue, message, reason } => {
                let departure = match reason {
                    Reason::Rejected => Departure::Plain,
                    Reason::Expired | Reason::MaxLength | Reason::DeliveryLimit => {
                        Departure::Removed
                    }
                };
                self.left(queue, *message, departure);
            }
            Fact::DeadLettered { queue, message, reason, to, .. } => {
                let taken = !to.is_empty();
                let departure =
                    if taken { Departure::DeadLetter(*reason) } else { Departure::Plain };
                self.left(queue, *message, departure);
            }
            Fact::Crashed { queue, consumer } | Fact::Stopped { queue, consumer } => {
                self.gone(queue, consumer);
            }
            Fact::Consuming { queue, .. } | Fact::Started { queue, .. } => {
                if let Some(queue) = self.queue(queue) {
                    self.queues[queue].has_consumers = true;
                }
            }
            Fact::Routed { .. }
            | Fact::Unroutable { .. }
            | Fact::Received { .. }
            | Fact::PublishRefused { .. }
            | Fact::Nacked { .. }
            | Fact::Returned { .. }
            | Fact::ConfirmLost { .. }
            | Fact::PublishedAgain { .. }
            | Fact::Reset { .. }
            | Fact::BrokerRestarted
            | Fact::NodeStopped { .. }
            | Fact::NodeStarted { .. }
            | Fact::LeaderElected { .. }
            | Fact::Requeued { .. }
            | Fact::ChannelClosed { .. }
            | Fact::ChannelError { .. }
            | Fact::Restarted { .. }
            | Fact::Paused { .. }
            | Fact::Resumed { .. }
            | Fact::Refused { .. } => {}
        }
    }
}
