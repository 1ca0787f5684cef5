//! Random moments: not ones that a run would reach, but ones that a picture must survive.

use crate::made::{self, Made};
use brokerscope_core::kafka::snapshot as k;
use brokerscope_core::rabbitmq::config::{ExchangeType, QueueType};
use brokerscope_core::rabbitmq::fact::Reason;
use brokerscope_core::rabbitmq::snapshot as r;
use brokerscope_core::sim::Rng;
use brokerscope_core::sim::SimTime;
use brokerscope_core::workload::MessageId;

const NAMES: [&str; 5] =
    ["orders", "a", "billing-and-invoicing-of-everything", "支払い", "WWWWWWWWW"];

fn small(rng: &mut Rng, below: u64) -> usize {
    usize::try_from(rng.below(below)).unwrap()
}

fn number(rng: &mut Rng, below: u64) -> u32 {
    u32::try_from(rng.below(below)).unwrap()
}

fn name(rng: &mut Rng, place: usize) -> String {
    format!("{}{place}", NAMES[small(rng, 5)])
}

/// The random moment of that seed.
pub(crate) fn moment(seed: u64) -> Made {
    let rng = &mut Rng::from_seed(seed);
    let mut made = made::crash_before_commit();
    let most = [60, 2_000, 90_000][small(rng, 3)];
    made.name = "random";
    made.workload =
        made::workload(most, |number| (!number.is_multiple_of(7)).then_some(number % 23));
    made.now = SimTime::from_ms(14_200);
    kafka(rng, &mut made, u64::from(most));
    rabbitmq(rng, &mut made, u64::from(most));
    made
}

fn kafka(rng: &mut Rng, made: &mut Made, most: u64) {
    made.kafka.topics.clear();
    made.kafka.flights.clear();
    let mut all = Vec::new();
    for topic in 0..1 + small(rng, 3) {
        let topic = name(rng, topic);
        let count = [1, 2, 3, 5, 12, 40][small(rng, 6)];
        let mut partitions = Vec::new();
        for place in 0..count {
            let length = 1 + small(rng, 40);
            let messages: Vec<u32> = (0..length).map(|_| 1 + number(rng, most)).collect();
            let mut part = made::partition(&topic, place, &messages);
            let older = i64::from(number(rng, 3)) * i64::from(number(rng, 500_000));
            part.log_start.0 = i64::from(number(rng, 2)) * i64::from(number(rng, 900));
            for cell in &mut part.cells {
                cell.offset.0 += older + part.log_start.0;
            }
            part.records += older.unsigned_abs();
            part.log_end.0 += older + part.log_start.0;
            part.high_watermark.0 = part.log_end.0 - i64::from(number(rng, 2));
            part.last_stable = part.high_watermark;
            part.segments.push(brokerscope_core::kafka::Offset(part.log_end.0 - 3));
            all.push(part.clone());
            partitions.push(part);
        }
        let name = topic.as_str().into();
        made.kafka.topics.push(k::TopicSnapshot { name, partitions });
    }
    let consumers: Vec<String> = (0..1 + small(rng, 30)).map(|it| name(rng, it)).collect();
    made.kafka.groups.clear();
    made.kafka.consumers.clear();
    for place in 0..1 + small(rng, 3) {
        let group = name(rng, place);
        let standing: Vec<_> = all
            .iter()
            .map(|part| {
                let owner = consumers.get(small(rng, 40)).map(String::as_str);
                let read = i64::try_from(rng.below(part.log_end.0.unsigned_abs() + 1)).unwrap();
                let committed = if rng.below(5) == 0 { -1 } else { read };
                (part, owner, committed, owner.map(|_| read + 1))
            })
            .collect();
        made.kafka.groups.push(made::group(&group, &standing));
        for consumer in consumers.iter().filter(|_| place == 0 || seldom(place)) {
            let mut it = made::k_consumer(consumer, &group, k::ConsumerState::Waiting);
            if rng.below(2) == 0 {
                let message = MessageId(1 + number(rng, most));
                let (began, done) = (SimTime(0), SimTime::from_ms(20_000));
                it.state = k::ConsumerState::Working { message, began, done };
                it.holds = vec![(MessageId(1), all[0].partition.clone())];
                it.held = 2 + rng.below(20_000);
            }
            it.processed = rng.below(2_000_000);
            if !made.kafka.consumers.iter().any(|known| known.name == it.name) {
                made.kafka.consumers.push(it);
            }
        }
    }
}

const fn seldom(place: usize) -> bool {
    place.is_multiple_of(2)
}

fn rabbitmq(rng: &mut Rng, made: &mut Made, most: u64) {
    made.rabbitmq.flights.clear();
    made.rabbitmq.queues.clear();
    made.rabbitmq.consumers.clear();
    let mut names = Vec::new();
    for place in 0..1 + small(rng, 4) {
        let queue_name = name(rng, place);
        let length = small(rng, 60);
        let signs: String =
            (0..length).map(|_| "#.r.x12".as_bytes()[small(rng, 7)] as char).collect();
        let mut queue = made::queue(&queue_name, 1, &signs);
        for slot in &mut queue.slots {
            slot.message = MessageId(1 + number(rng, most));
            if rng.below(9) == 0 {
                slot.deaths = vec![made::death("billing", Reason::Rejected, 1)];
            }
        }
        odd(rng, &mut queue);
        if rng.below(2) == 0 {
            let (older, ready) = (rng.below(800_000), rng.below(200_000));
            for slot in &mut queue.slots {
                slot.arrival += older + ready;
            }
            queue.earlier = (ready, 0);
            queue.ready += ready;
            queue.acked += older;
            queue.enqueued += older + ready;
        }
        made.rabbitmq.queues.push(queue);
        names.push(queue_name);
    }
    let refs: Vec<&str> = names.iter().map(String::as_str).collect();
    made.config = made::config(&refs);
    if 1 < names.len() {
        let arguments = &mut made.rabbitmq.queues[0].arguments;
        arguments.dead_letter_exchange.0 = Some("".into());
        arguments.dead_letter_routing_key.0 = Some(refs[1].into());
    }
    for place in 0..small(rng, 20) {
        let queue = refs[small(rng, refs.len() as u64)];
        let consumer = name(rng, place);
        let mut it = made::r_consumer(&consumer, queue, r::ConsumerState::Waiting);
        it.unacked = rng.below(3_000);
        it.prefetch_count = number(rng, 3) * number(rng, 5_000);
        if rng.below(2) == 0 {
            let message = MessageId(1 + number(rng, most));
            let (began, done) = (SimTime(0), SimTime::from_ms(20_000));
            it.state = r::ConsumerState::Working { message, began, done };
        }
        if rng.below(4) == 0 {
            it.standing.active = Some(rng.below(2) == 0);
            it.standing.priority = i64::from(number(rng, 2_000)) - 1_000;
            it.standing.offset = (rng.below(2) == 0).then(|| rng.below(80));
        }
        made.rabbitmq.consumers.push(it);
    }
    made.rabbitmq.exchanges = vec![made::exchange("e", KINDS[small(rng, 4)])];
    made.rabbitmq.exchanges[0].newest = Some(MessageId(1));
    for place in 0..small(rng, 12) {
        let to = refs[small(rng, refs.len() as u64)];
        let mut binding = made::binding("e", to, &name(rng, place));
        binding.matched = rng.below(2) == 0;
        made.rabbitmq.bindings.push(binding);
    }
}

const KINDS: [ExchangeType; 4] =
    [ExchangeType::Direct, ExchangeType::Fanout, ExchangeType::Topic, ExchangeType::Headers];

/// Gives a queue some of what not every queue has.
fn odd(rng: &mut Rng, queue: &mut r::QueueSnapshot) {
    let arguments = &mut queue.arguments;
    arguments.queue_type =
        [QueueType::Classic, QueueType::Classic, QueueType::Quorum, QueueType::Stream]
            [small(rng, 4)];
    arguments.max_length = (rng.below(3) == 0).then(|| rng.below(100_000));
    arguments.message_ttl_ms = (rng.below(3) == 0).then(|| rng.below(1_000_000));
    arguments.single_active_consumer = rng.below(3) == 0;
    queue.returns = rng.below(2);
    queue.next = Some(rng.below(60));
    queue.refused = (rng.below(2), Some(MessageId(1)));
    queue.reasons = vec![(Reason::Expired, rng.below(1_000_000)), (Reason::MaxLength, 3)];
    let some = rng.below(2) == 0;
    for slot in queue.slots.iter_mut().filter(|_| some) {
        slot.priority = u8::try_from(rng.below(256)).unwrap();
        slot.returns = number(rng, 3) * number(rng, 3_000);
        let expires = SimTime::from_ms(rng.below(30_000));
        slot.expires = (rng.below(2) == 0).then_some(expires);
        if rng.below(9) == 0 {
            slot.deaths = vec![made::death("billing", Reason::Expired, number(rng, 9_000)); 3];
        }
    }
    if arguments.queue_type == QueueType::Stream {
        for slot in &mut queue.slots {
            slot.state = r::SlotState::Ready;
        }
    }
    if arguments.queue_type == QueueType::Quorum {
        let member = |node| r::MemberSnapshot { node, up: node < 4, has: u64::from(node) * 900 };
        let members = (1..=1 + number(rng, 7)).map(member).collect();
        let (leader, waiting) = ((rng.below(2) == 0).then_some(1), rng.below(3) * 40_000);
        queue.members = Some(r::MembersSnapshot { leader, entries: 9, waiting, members });
    }
}
