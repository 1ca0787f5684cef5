//! How RabbitMQ is set up, field by field. A field that is new stops the build here.

use super::Pass;
use super::config::signed;
use brokerscope_core::name::{ExchangeName, QueueName};
use brokerscope_core::rabbitmq;
use brokerscope_core::rabbitmq::config::OptionalText;
use brokerscope_core::rabbitmq::message::{Address, Properties};
use brokerscope_core::rabbitmq::table::{Field, Table};
use std::sync::Arc;

pub(super) fn rabbitmq<P: Pass>(p: &mut P, it: &mut rabbitmq::Config) {
    use rabbitmq::config::{
        Config, Consumer, Destination, Exchange, ExchangeType, Links, Publisher, Queue, RoutingKey,
    };
    use rabbitmq::topology::Bound;
    let Config { exchanges, queues, bindings, publishers, destinations, consumers, links, broker } =
        it;
    rabbitmq_broker(p, broker);
    let Links { publisher, consumer, cluster, jitter, loss_per_million } = links;
    for span in [publisher, consumer, cluster, jitter] {
        p.span(span);
    }
    p.whole(loss_per_million);
    let blank = || Exchange::new("", ExchangeType::Direct);
    p.list(exchanges, blank, exchange);
    let blank = || Queue::new("", Default::default());
    p.list(queues, blank, queue);
    let blank = || Bound::queue("", "", "");
    p.list(bindings, blank, binding);
    let blank = || Publisher { name: "".into(), settings: Default::default() };
    p.list(publishers, blank, self::publisher);
    let blank = || Destination::new("", RoutingKey::MessageKey);
    p.list(destinations, blank, destination);
    p.list(consumers, || Consumer::new("", ""), rabbitmq_consumer);
}

fn rabbitmq_broker<P: Pass>(p: &mut P, it: &mut rabbitmq::config::BrokerSettings) {
    use rabbitmq::config::{BrokerSettings, Version};
    let BrokerSettings {
        version,
        nodes,
        consumer_timeout_ms,
        channel_tick_interval_ms,
        dead_letter_retry_ms,
    } = it;
    p.choice(version, &[Version::V3_10, Version::V4_0]);
    p.whole(nodes);
    for number in [consumer_timeout_ms, channel_tick_interval_ms, dead_letter_retry_ms] {
        *number = p.number(*number);
    }
}

fn exchange<P: Pass>(p: &mut P, it: &mut rabbitmq::config::Exchange) {
    use rabbitmq::config::{Exchange, ExchangeProperties, ExchangeType};
    let Exchange { name, kind, properties } = it;
    name.0 = p.name(&name.0);
    let all =
        [ExchangeType::Direct, ExchangeType::Fanout, ExchangeType::Topic, ExchangeType::Headers];
    p.choice(kind, &all);
    let ExchangeProperties { durable, auto_delete, internal, alternate_exchange } = properties;
    for it in [durable, auto_delete, internal] {
        p.bool(it);
    }
    maybe_text(p, alternate_exchange);
}

fn maybe_text<P: Pass>(p: &mut P, OptionalText(text): &mut OptionalText) {
    let mut is_set = text.is_some();
    p.bool(&mut is_set);
    *text = is_set.then(|| p.name(text.as_deref().unwrap_or_default()));
}

fn queue<P: Pass>(p: &mut P, it: &mut rabbitmq::config::Queue) {
    use rabbitmq::config::{
        DeadLetterStrategy, Overflow, Queue, QueueArguments, QueueProperties, QueueType,
    };
    let Queue { name, properties, arguments } = it;
    name.0 = p.name(&name.0);
    let QueueProperties { durable, exclusive, auto_delete } = properties;
    for it in [durable, exclusive, auto_delete] {
        p.bool(it);
    }
    let QueueArguments {
        dead_letter_exchange,
        dead_letter_routing_key,
        message_ttl_ms,
        max_length,
        max_length_bytes,
        overflow,
        queue_type,
        max_priority,
        expires_ms,
        single_active_consumer,
        delivery_limit,
        dead_letter_strategy,
    } = arguments;
    p.choice(queue_type, &[QueueType::Classic, QueueType::Quorum, QueueType::Stream]);
    let all = [Overflow::DropHead, Overflow::RejectPublish, Overflow::RejectPublishDlx];
    p.choice(overflow, &all);
    let all = [DeadLetterStrategy::AtMostOnce, DeadLetterStrategy::AtLeastOnce];
    p.choice(dead_letter_strategy, &all);
    p.bool(single_active_consumer);
    let mut limit = delivery_limit.map(i64::cast_unsigned);
    for text in [dead_letter_exchange, dead_letter_routing_key] {
        maybe_text(p, text);
    }
    let numbers =
        [message_ttl_ms, max_length, max_length_bytes, max_priority, expires_ms, &mut limit];
    for number in numbers {
        let mut is_set = number.is_some();
        p.bool(&mut is_set);
        *number = is_set.then(|| p.number(number.unwrap_or_default()));
    }
    *delivery_limit = limit.map(u64::cast_signed);
}

fn binding<P: Pass>(p: &mut P, it: &mut rabbitmq::topology::Bound) {
    use rabbitmq::topology::{Bound, Destination};
    let Bound { source, destination, routing_key, arguments } = it;
    source.0 = p.name(&source.0);
    let mut is_queue = destination.queue().is_some();
    p.bool(&mut is_queue);
    let name = p.name(destination.as_str());
    *destination = if is_queue {
        Destination::Queue(QueueName(name))
    } else {
        Destination::Exchange(ExchangeName(name))
    };
    *routing_key = p.name(routing_key);
    fields(p, arguments);
}

/// A field table, in the order of its names.
fn fields<P: Pass>(p: &mut P, it: &mut Table) {
    let mut entries: Vec<(Arc<str>, Field)> =
        it.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    p.list(
        &mut entries,
        || ("".into(), Field::Void),
        |p, (name, value)| {
            *name = p.name(name);
            field(p, value);
        },
    );
    *it = entries.into_iter().collect();
}

/// A value that a file can say: no tables, no instants.
fn field<P: Pass>(p: &mut P, it: &mut Field) {
    let mut kind = match it {
        Field::Void | Field::Table(_) | Field::Time(_) => 0_u8,
        Field::Bool(_) => 1,
        Field::Int(_) => 2,
        Field::Decimal { .. } => 3,
        Field::Text(_) => 4,
        Field::List(_) => 5,
    };
    p.whole(&mut kind);
    let (mut number, mut places) = match *it {
        Field::Bool(it) => (i64::from(it), 0),
        Field::Int(it) => (it, 0),
        Field::Decimal { digits, places } => (digits, places),
        Field::Void | Field::Text(_) | Field::List(_) | Field::Table(_) | Field::Time(_) => (0, 0),
    };
    match kind {
        0 => *it = Field::Void,
        1 => {
            signed(p, &mut number);
            *it = Field::Bool(number != 0);
        }
        2 => {
            signed(p, &mut number);
            *it = Field::Int(number);
        }
        3 => {
            signed(p, &mut number);
            p.whole(&mut places);
            *it = Field::Decimal { digits: number, places };
        }
        4 => *it = Field::Text(p.name(it.as_text().map_or("", |it| &**it))),
        5 => {
            let mut items =
                if let Field::List(items) = it { std::mem::take(items) } else { vec![] };
            p.list(&mut items, || Field::Void, field);
            *it = Field::List(items);
        }
        _ => p.fail(),
    }
}

/// What is said about a message.
fn said<P: Pass>(p: &mut P, it: &mut Properties) {
    let Properties { headers, priority, expiration, persistent } = it;
    fields(p, headers);
    let mut number = priority.map_or(0, |it| u16::from(it) + 1);
    p.whole(&mut number);
    *priority = number.checked_sub(1).and_then(|it| u8::try_from(it).ok());
    let mut text = OptionalText(expiration.take());
    maybe_text(p, &mut text);
    *expiration = text.0;
    p.bool(persistent);
}

fn publisher<P: Pass>(p: &mut P, it: &mut rabbitmq::config::Publisher) {
    use rabbitmq::config::{Publisher, PublisherSettings};
    let Publisher { name, settings } = it;
    let PublisherSettings { confirm, mandatory, transactional, commit_every } = settings;
    name.0 = p.name(&name.0);
    for it in [confirm, mandatory, transactional] {
        p.bool(it);
    }
    p.whole(commit_every);
}

fn destination<P: Pass>(p: &mut P, it: &mut rabbitmq::config::Destination) {
    use rabbitmq::config::{Destination, RoutingKey};
    let Destination { exchange, routing_key, mandatory, properties } = it;
    exchange.0 = p.name(&exchange.0);
    let (mut is_fixed, key) = match routing_key {
        RoutingKey::Fixed(key) => (true, &**key),
        RoutingKey::MessageKey => (false, ""),
    };
    p.bool(&mut is_fixed);
    *routing_key = if is_fixed { RoutingKey::Fixed(p.name(key)) } else { RoutingKey::MessageKey };
    p.choice(mandatory, &[None, Some(false), Some(true)]);
    let mut list = properties.to_vec();
    p.list(&mut list, Properties::default, said);
    *properties = list.into();
}

fn rabbitmq_consumer<P: Pass>(p: &mut P, it: &mut rabbitmq::config::Consumer) {
    use rabbitmq::config::{Acks, Consumer, ConsumerSettings, Limit, OnFailure};
    let Consumer {
        name,
        queue,
        settings,
        on_failure,
        retry_queue,
        limit,
        acks,
        publishes,
        idempotent,
        starts_after,
    } = it;
    name.0 = p.name(&name.0);
    queue.0 = p.name(&queue.0);
    let ConsumerSettings { prefetch_count, auto_ack, global, exclusive, priority, stream_offset } =
        settings;
    p.whole(prefetch_count);
    for it in [auto_ack, global, exclusive] {
        p.bool(it);
    }
    let mut number = i64::from(*priority);
    signed(p, &mut number);
    *priority = i32::try_from(number).unwrap_or_default();
    maybe_text(p, stream_offset);
    let all = [OnFailure::Requeue, OnFailure::Reject, OnFailure::Ack, OnFailure::Publish];
    p.choice(on_failure, &all);
    let mut text = OptionalText(retry_queue.take().map(|it| it.0));
    maybe_text(p, &mut text);
    *retry_queue = text.0.map(QueueName);
    let mut attempts = limit.as_ref().map_or(0, |it| it.attempts);
    p.whole(&mut attempts);
    *limit = (attempts > 0).then(|| {
        let queue = limit.as_ref().map_or("", |it| it.parking_queue.as_str());
        Limit { attempts, parking_queue: QueueName(p.name(queue)) }
    });
    let mut has_result = publishes.is_some();
    p.bool(&mut has_result);
    *publishes = has_result.then(|| {
        let (exchange, key) =
            publishes.as_ref().map_or(("", ""), |it| (it.exchange.as_str(), &*it.routing_key));
        Address { exchange: ExchangeName(p.name(exchange)), routing_key: p.name(key) }
    });
    p.bool(idempotent);
    p.choice(acks, &[Acks::AfterWork, Acks::AfterBatch, Acks::BeforeWork]);
    p.span(starts_after);
}
