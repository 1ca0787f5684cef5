//! Moments of what RabbitMQ can do beyond a plain queue.

use crate::made::{Made, binding, config, crash_before_commit, death, exchange, queue, r_consumer};
use brokerscope_core::rabbitmq::config::{
    Destination, ExchangeType, Overflow, QueueArguments, QueueType, RoutingKey,
};
use brokerscope_core::rabbitmq::error::ProtocolError;
use brokerscope_core::rabbitmq::fact::Reason;
use brokerscope_core::rabbitmq::snapshot as r;
use brokerscope_core::rabbitmq::table::Field;
use brokerscope_core::rabbitmq::topology::Destination as To;
use brokerscope_core::sim::SimTime;
use brokerscope_core::workload::MessageId;

fn plain(name: &'static str) -> Made {
    let mut made = crash_before_commit();
    made.name = name;
    made.rabbitmq.flights.clear();
    made.rabbitmq.consumers[0].state = r::ConsumerState::Waiting;
    made
}

/// A queue with priorities, a time to live and a limit, of which one consumer is the active one.
pub(crate) fn bounded() -> Made {
    let mut made = plain("bounded");
    let mut orders = queue("billing", 1, "..xx.2x..#r####2###");
    orders.arguments = QueueArguments {
        max_priority: Some(9),
        message_ttl_ms: Some(12_000),
        max_length: Some(8),
        max_length_bytes: Some(10_000),
        delivery_limit: Some(5),
        single_active_consumer: true,
        ..QueueArguments::default()
    };
    orders.delivery_limit = Some(5);
    orders.reasons = vec![(Reason::Expired, 1), (Reason::MaxLength, 2)];
    orders.refused = (2, Some(MessageId(21)));
    orders.next = Some(14);
    for (place, slot) in (0_u32..).zip(&mut orders.slots) {
        slot.priority = [0, 3, 9][place as usize % 3];
        slot.returns = [0, 0, 1, 12][place as usize % 4];
        let left = [None, Some(0), Some(2_050), Some(40_000)][place as usize % 4];
        slot.expires = left.map(|ms| SimTime::from_ms(14_200 + ms));
    }
    made.rabbitmq.queues = vec![orders];
    let standing = |active, priority| r::Standing { active: Some(active), priority, offset: None };
    made.rabbitmq.consumers[0].standing = standing(false, 0);
    made.rabbitmq.consumers[1].standing = standing(true, 0);
    made.rabbitmq.consumers[2].standing = standing(false, 10);
    made.rabbitmq.consumers.push(r_consumer("c4", "billing", r::ConsumerState::Connecting));
    made.rabbitmq.publishers[0].error =
        Some(ProtocolError::precondition_failed("invalid expiration 'soon': no_integer"));
    made.rabbitmq.consumers[3].error =
        Some(ProtocolError::precondition_failed("delivery acknowledgement on channel 1 timed out"));
    made
}

/// Exchanges of all kinds, bound to each other.
pub(crate) fn exchanges() -> Made {
    let mut made = plain("exchanges");
    let names = ["billing", "paid", "archive", "rest"];
    made.config = config(&names);
    made.config.destinations = vec![Destination::new("events", RoutingKey::MessageKey)];
    made.rabbitmq.queues = names.map(|name| queue(name, 4, "..2#")).to_vec();
    let mut events = exchange("events", ExchangeType::Topic);
    (events.alternate, events.newest) = (Some("unrouted".into()), Some(MessageId(7)));
    let mut papers = exchange("papers", ExchangeType::Headers);
    papers.newest = Some(MessageId(7));
    made.rabbitmq.exchanges = vec![
        events,
        papers,
        exchange("levels", ExchangeType::Direct),
        exchange("unrouted", ExchangeType::Fanout),
    ];
    let mut all = vec![
        binding("events", "billing", "order.*.paid"),
        binding("events", "paid", "#.with-a-rather-long-last-word.that.does.not.fit"),
        binding("events", "papers", "refund.#"),
        binding("papers", "archive", ""),
        binding("papers", "paid", ""),
        binding("unrouted", "rest", ""),
    ];
    all[2].destination = To::Exchange("papers".into());
    (all[0].matched, all[2].matched, all[3].matched) = (true, true, true);
    let fields = [("type", Field::from("invoice")), ("pages", Field::Int(2))];
    all[3].arguments = fields.iter().map(|(name, it)| ((*name).into(), it.clone())).collect();
    all[4].arguments = all[3].arguments.clone();
    all[4].arguments.insert("x-match".into(), "any".into());
    for level in 0..12 {
        all.push(binding("levels", "archive", &format!("level-{level}")));
    }
    made.rabbitmq.bindings = all;
    made.rabbitmq.flights = vec![r::Flight {
        sent: SimTime::from_ms(14_000),
        arrives: SimTime::from_ms(14_300),
        cargo: r::Cargo::Refusal("shop".into(), MessageId(23)),
    }];
    made
}

fn members(leader: Option<u32>, up: [bool; 3], waiting: u64) -> r::MembersSnapshot {
    let member = |(node, up)| r::MemberSnapshot { node, up, has: 42 - u64::from(node) };
    let members = (1..).zip(up).map(member).collect();
    r::MembersSnapshot { leader, entries: 41, waiting, members }
}

/// Quorum queues: one that waits for its members, one without a majority, one that chooses.
pub(crate) fn quorum() -> Made {
    let mut made = plain("quorum");
    let names = ["billing", "audit", "mailing"];
    made.config = config(&names);
    made.rabbitmq.queues = names.map(|name| queue(name, 4, "..2##")).to_vec();
    let states = [
        members(Some(1), [true, true, false], 3),
        members(None, [false, true, false], 0),
        members(None, [false, true, true], 0),
    ];
    for (queue, members) in made.rabbitmq.queues.iter_mut().zip(states) {
        queue.arguments.queue_type = QueueType::Quorum;
        queue.arguments.overflow = Overflow::RejectPublish;
        queue.arguments.max_length = Some(1_000_000);
        queue.members = Some(members);
    }
    made
}

/// A stream that three consumers read, beside a classic queue.
pub(crate) fn stream() -> Made {
    let mut made = plain("stream");
    made.config = config(&["billing", "orders"]);
    let mut log = queue("billing", 1, &"#".repeat(22));
    log.arguments.queue_type = QueueType::Stream;
    made.rabbitmq.queues = vec![log, queue("orders", 1, "..2#")];
    for (consumer, offset) in made.rabbitmq.consumers.iter_mut().zip([7, 8, 22]) {
        consumer.standing.offset = Some(offset);
    }
    made
}

/// Nothing but a stream, of which the older part is told in one line.
pub(crate) fn long_stream() -> Made {
    let mut made = stream();
    made.name = "long-stream";
    made.rabbitmq.queues.truncate(1);
    let log = &mut made.rabbitmq.queues[0];
    for slot in &mut log.slots {
        slot.arrival += 100_000;
    }
    log.enqueued += 100_000;
    log.ready += 100_000;
    log.earlier = (100_000, 0);
    for (consumer, offset) in made.rabbitmq.consumers.iter_mut().zip([7, 100_015, 100_015]) {
        consumer.standing.offset = Some(offset);
    }
    made
}

/// A retry queue that sends back what expires in it, and what came out of the loop.
pub(crate) fn retries() -> Made {
    let mut made = plain("retries");
    made.config = config(&["billing", "retry", "parked"]);
    made.config.destinations = vec![Destination::new("", RoutingKey::Fixed("billing".into()))];
    let to = |key: &str| QueueArguments {
        dead_letter_exchange: rabbitmq_text(""),
        dead_letter_routing_key: rabbitmq_text(key),
        ..QueueArguments::default()
    };
    let mut work = queue("billing", 1, "..x.x..1#r#");
    work.arguments = to("retry");
    let mut retry = queue("retry", 3, "#.#");
    retry.arguments = QueueArguments { message_ttl_ms: Some(5_000), ..to("billing") };
    for slot in &mut retry.slots {
        slot.deaths = vec![death("billing", Reason::Rejected, 1)];
        slot.expires = Some(SimTime::from_ms(15_900));
    }
    let mut parked = queue("parked", 9, "##");
    for slot in &mut parked.slots {
        slot.deaths = vec![
            death("billing", Reason::DeliveryLimit, 1),
            death("retry", Reason::Expired, 3),
            death("billing", Reason::Rejected, 3),
        ];
    }
    made.rabbitmq.queues = vec![work, retry, parked];
    made.rabbitmq.queues[2].arguments.dead_letter_exchange = rabbitmq_text("");
    // Somebody's dead letters go there too.
    made.rabbitmq.queues[2].arguments.dead_letter_routing_key = rabbitmq_text("parked");
    made
}

fn rabbitmq_text(text: &str) -> brokerscope_core::rabbitmq::config::OptionalText {
    brokerscope_core::rabbitmq::config::OptionalText(Some(text.into()))
}

/// All of them.
pub(crate) fn all() -> Vec<Made> {
    vec![bounded(), exchanges(), quorum(), stream(), long_stream(), retries()]
}
