use super::*;
use crate::kafka::config::{self, Topic};
use crate::kafka::message::{ErrorCode, ProducerId};
use crate::kafka::{Offset, TopicPartition};
use crate::workload::{Keys, Message, Stream, StreamId};
use expect_test::{Expect, expect};
use std::collections::BTreeMap;

/// The messages of 100 bytes that the application sends: `COUNT at MS [key]`, in order of time.
fn workload(messages: &str) -> Workload {
    let mut keys = Keys::default();
    let mut row = Vec::new();
    for line in messages.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let key = words.get(3).map(|it| keys.push(it.as_bytes()));
        let at = SimTime::from_ms(words[2].parse().unwrap());
        let message = Message {
            at,
            key,
            size_bytes: 100,
            work_us: 0,
            stream: StreamId(0),
            poison: false,
            tombstone: false,
            headers_bytes: 0,
        };
        row.extend((0..words[0].parse().unwrap()).map(|_| message));
    }
    let streams = [Stream { name: "s".into(), producer: "p1".into() }];
    Workload { messages: row.into(), keys: keys.into(), streams: streams.into() }
}

fn producer(settings: &str, partitions: u32, messages: &str) -> Producer {
    let settings = {
        let mut it = ProducerSettings::default();
        // These tests are about batches; what idempotence adds stands in `identity.rs`.
        it.set("enable.idempotence", "false").unwrap();
        for (name, value) in settings.split_whitespace().map(|it| it.split_once('=').unwrap()) {
            it.set(name, value).unwrap();
        }
        it
    };
    let topic = Topic {
        name: "t".into(),
        partitions,
        replication_factor: None,
        settings: config::TopicSettings::default(),
    };
    let config = config::Config {
        brokers: 1,
        broker_settings: config::BrokerSettings::default(),
        topics: vec![topic],
        producers: Vec::new(),
        destinations: Vec::new(),
        consumers: Vec::new(),
        links: config::Links::default(),
    };
    let metadata = Arc::new(Metadata::new(&config));
    Producer::new("p1".into(), settings, metadata, workload(messages), &["t".into()])
}

/// Lets the producer run until each instant of the script, `MS` and then one of: `answer N` with
/// what request N asked for, `refuse N ERROR`, `disconnect`, or nothing. Prints what it sends.
fn check(settings: &str, partitions: u32, messages: &str, script: &str, expect: Expect) {
    let mut producer = producer(settings, partitions, messages);
    let (mut rng, mut out) = (Rng::from_seed(5), String::new());
    let mut sent: BTreeMap<u32, Vec<TopicPartition>> = BTreeMap::new();
    let (mut fx, mut end) = (Vec::new(), 0);
    for line in script.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let until = SimTime::from_ms(words[0].parse().unwrap());
        while let Some(due) = producer.due().filter(|it| *it <= until) {
            producer.step(&mut fx, due, &mut rng, Input::Wake);
            print(&mut out, &mut sent, due, &mut fx);
        }
        let answer = |it: &str, result: Result<i64, ErrorCode>| {
            let number: u32 = it.parse().unwrap();
            let results = sent[&number].iter().map(|it| (it.clone(), result.map(Offset)));
            let answer = Answer::Produce(results.collect());
            Input::Answer(BrokerId(1), CorrelationId(number), answer)
        };
        let input = match words[1..] {
            [] => continue,
            ["answer", number] => answer(number, Ok(end)),
            ["refuse", number, "MESSAGE_TOO_LARGE"] => {
                answer(number, Err(ErrorCode::MessageTooLarge))
            }
            ["refuse", number, "NOT_LEADER_OR_FOLLOWER"] => {
                answer(number, Err(ErrorCode::NotLeaderOrFollower))
            }
            ["refuse", number, "OUT_OF_ORDER_SEQUENCE_NUMBER"] => {
                answer(number, Err(ErrorCode::OutOfOrderSequenceNumber))
            }
            ["identify", number] => {
                let id = Answer::InitProducerId(Ok(ProducerId { id: 7, epoch: 0 }));
                Input::Answer(BrokerId(1), CorrelationId(number.parse().unwrap()), id)
            }
            ["greet", number] => Input::Answer(
                BrokerId(1),
                CorrelationId(number.parse().unwrap()),
                Answer::ApiVersions,
            ),
            ["disconnect"] => Input::Disconnected(BrokerId(1)),
            _ => panic!("not an input: {line}"),
        };
        end += 10;
        out += &format!("> {line}\n");
        producer.step(&mut fx, until, &mut rng, input);
        print(&mut out, &mut sent, until, &mut fx);
    }
    expect.assert_eq(&out);
}

fn print(
    out: &mut String,
    sent: &mut BTreeMap<u32, Vec<TopicPartition>>,
    now: SimTime,
    fx: &mut Vec<Effect>,
) {
    for effect in fx.drain(..) {
        match effect {
            Effect::Send(_, CorrelationId(number), Request::Produce { batches, .. }) => {
                for (partition, batch) in &batches {
                    let messages: Vec<String> = batch.messages().map(|it| it.to_string()).collect();
                    let (bytes, messages) = (batch.size_bytes, messages.join(" "));
                    let at = now.as_ms();
                    *out += &format!("{at} #{number} {partition}: {bytes} bytes, {messages}");
                    if let Some(it) = batch.producer {
                        *out += &format!(", epoch {} sequence {}", it.epoch, it.sequence);
                    }
                    *out += "\n";
                }
                sent.insert(number, batches.into_iter().map(|(it, _)| it).collect());
            }
            Effect::Send(_, CorrelationId(number), request) => {
                *out += &format!("{} #{number} {request:?}\n", now.as_ms());
            }
            Effect::Note(Fact::Sent { .. }) => {}
            Effect::Note(fact) => *out += &format!("{} {fact}\n", now.as_ms()),
            Effect::Told(_) => unreachable!("it serves no consumer"),
        }
    }
}

#[test]
fn a_batch_waits_for_linger_and_a_full_one_does_not() {
    check(
        "linger.ms=5 batch.size=300",
        1,
        "
        1 at 0
        1 at 3
        3 at 20
        ",
        "30",
        expect![[r#"
                5 #1 t-0: 279 bytes, 1 2
                20 #2 t-0: 279 bytes, 3 4
                25 #3 t-0: 170 bytes, 5
        "#]],
    );
}

#[test]
fn a_batch_size_of_zero_sends_every_record_alone() {
    check(
        "linger.ms=5 batch.size=0",
        1,
        "3 at 0",
        "9",
        expect![[r#"
                0 #1 t-0: 170 bytes, 1
                0 #2 t-0: 170 bytes, 2
                5 #3 t-0: 170 bytes, 3
        "#]],
    );
}

#[test]
fn when_one_batch_is_ready_the_other_partitions_go_along() {
    check(
        "linger.ms=5",
        3,
        "
        1 at 0 key-1
        1 at 4 key-2
        ",
        "9",
        expect![[r#"
                5 #1 t-0: 175 bytes, 1
                5 #1 t-2: 175 bytes, 2
        "#]],
    );
}

#[test]
fn at_most_five_requests_are_in_flight() {
    check(
        "linger.ms=0",
        1,
        "
        1 at 0
        1 at 1
        1 at 2
        1 at 3
        1 at 4
        1 at 5
        1 at 6
        ",
        "
        10
        12 answer 1
        13 answer 2
        ",
        expect![[r#"
            0 #1 t-0: 170 bytes, 1
            1 #2 t-0: 170 bytes, 2
            2 #3 t-0: 170 bytes, 3
            3 #4 t-0: 170 bytes, 4
            4 #5 t-0: 170 bytes, 5
            > 12 answer 1
            12 p1 heard that 1 is in the log at offset 0
            12 #6 t-0: 279 bytes, 6 7
            > 13 answer 2
            13 p1 heard that 2 is in the log at offset 10
        "#]],
    );
}

#[test]
fn a_refused_batch_is_sent_again_later_and_later() {
    check(
        "linger.ms=0 retries=2",
        1,
        "1 at 0",
        "
        1 refuse 1 NOT_LEADER_OR_FOLLOWER
        200 refuse 3 NOT_LEADER_OR_FOLLOWER
        900 refuse 4 NOT_LEADER_OR_FOLLOWER
        ",
        expect![[r#"
            0 #1 t-0: 170 bytes, 1
            > 1 refuse 1 NOT_LEADER_OR_FOLLOWER
            1 #2 Metadata
            101 #3 t-0: 170 bytes, 1
            > 200 refuse 3 NOT_LEADER_OR_FOLLOWER
            400 #4 t-0: 170 bytes, 1
            > 900 refuse 4 NOT_LEADER_OR_FOLLOWER
            900 p1 gave up on 1: NOT_LEADER_OR_FOLLOWER
        "#]],
    );
}

#[test]
fn what_cannot_be_cured_is_given_up_at_once() {
    check(
        "linger.ms=0",
        1,
        "1 at 0",
        "
        1 refuse 1 MESSAGE_TOO_LARGE
        ",
        expect![[r#"
            0 #1 t-0: 170 bytes, 1
            > 1 refuse 1 MESSAGE_TOO_LARGE
            1 p1 gave up on 1: MESSAGE_TOO_LARGE
        "#]],
    );
    check(
        "max.request.size=150",
        1,
        "1 at 0",
        "9",
        expect![[r#"
            0 p1 gave up on 1: MESSAGE_TOO_LARGE: more than max.request.size
        "#]],
    );
}

#[test]
fn a_broken_connection_is_made_again_and_order_is_kept() {
    check(
        "linger.ms=0",
        1,
        "
        1 at 0
        1 at 1
        1 at 2
        ",
        "
        10 disconnect
        70 greet 4
        200
        ",
        expect![[r#"
            0 #1 t-0: 170 bytes, 1
            1 #2 t-0: 170 bytes, 2
            2 #3 t-0: 170 bytes, 3
            > 10 disconnect
            60 #4 ApiVersions
            > 70 greet 4
            70 #5 Metadata
            110 #6 t-0: 170 bytes, 1
            110 #7 t-0: 170 bytes, 2
            110 #8 t-0: 170 bytes, 3
        "#]],
    );
}

#[test]
fn delivery_ends_with_its_timeout_wherever_the_record_is() {
    check(
        "linger.ms=0 delivery.timeout.ms=500 request.timeout.ms=400",
        1,
        "
        1 at 0
        1 at 300
        ",
        "
        100
        2000
        ",
        expect![[r#"
                0 #1 t-0: 170 bytes, 1
                300 #2 t-0: 170 bytes, 2
                450 #3 ApiVersions
                500 p1 gave up on 1: TimeoutException: delivery.timeout.ms is over
                800 p1 gave up on 2: TimeoutException: delivery.timeout.ms is over
        "#]],
    );
}

#[test]
fn keyless_records_stick_to_a_partition_for_two_batches_worth() {
    check(
        "linger.ms=0 batch.size=300",
        4,
        "9 at 0",
        "9",
        expect![[r#"
                0 #1 t-1: 279 bytes, 1 2
                0 #1 t-3: 279 bytes, 6 7
                0 #2 t-1: 279 bytes, 3 4
                0 #2 t-3: 279 bytes, 8 9
                0 #3 t-1: 170 bytes, 5
        "#]],
    );
}

#[test]
fn librdkafka_scatters_keyless_records() {
    check(
        "linger.ms=0 client=librdkafka",
        4,
        "6 at 0",
        "9",
        expect![[r#"
                0 #1 t-0: 388 bytes, 3 4 5
                0 #1 t-1: 279 bytes, 1 6
                0 #1 t-3: 170 bytes, 2
        "#]],
    );
}

#[test]
fn a_batch_that_is_too_large_goes_in_parts_and_these_in_halves() {
    let script = "
        1 refuse 1 MESSAGE_TOO_LARGE
        2 refuse 2 MESSAGE_TOO_LARGE
        3 answer 3
        4 refuse 4 MESSAGE_TOO_LARGE
    ";
    check(
        "linger.ms=0",
        1,
        "4 at 0",
        script,
        expect![[r#"
        0 #1 t-0: 497 bytes, 1 2 3 4
        > 1 refuse 1 MESSAGE_TOO_LARGE
        1 #2 t-0: 497 bytes, 1 2 3 4
        > 2 refuse 2 MESSAGE_TOO_LARGE
        2 #3 t-0: 170 bytes, 1
        2 #4 t-0: 170 bytes, 2
        2 #5 t-0: 170 bytes, 3
        2 #6 t-0: 170 bytes, 4
        > 3 answer 3
        3 p1 heard that 1 is in the log at offset 20
        > 4 refuse 4 MESSAGE_TOO_LARGE
        4 p1 gave up on 2: MESSAGE_TOO_LARGE
    "#]],
    );
}

#[test]
fn an_idempotent_producer_numbers_its_batches_once_it_has_an_id() {
    let settings = "enable.idempotence=true linger.ms=0 batch.size=0";
    let script = "
        1 identify 1
        2 refuse 2 NOT_LEADER_OR_FOLLOWER
        3 answer 3
        200 refuse 4 OUT_OF_ORDER_SEQUENCE_NUMBER
        400 answer 6
        1000
    ";
    check(
        settings,
        1,
        "3 at 0",
        script,
        expect![[r#"
            0 #1 InitProducerId
            > 1 identify 1
            1 #2 t-0: 170 bytes, 1, epoch 0 sequence 0
            1 #3 t-0: 170 bytes, 2, epoch 0 sequence 1
            1 #4 t-0: 170 bytes, 3, epoch 0 sequence 2
            > 2 refuse 2 NOT_LEADER_OR_FOLLOWER
            2 #5 Metadata
            > 3 answer 3
            3 p1 heard that 2 is in the log at offset 20
            102 #6 t-0: 170 bytes, 1, epoch 0 sequence 0
            > 200 refuse 4 OUT_OF_ORDER_SEQUENCE_NUMBER
            > 400 answer 6
            400 p1 heard that 1 is in the log at offset 40
            400 #7 t-0: 170 bytes, 3, epoch 1 sequence 1
        "#]],
    );
}

#[test]
fn after_a_batch_is_lost_for_good_the_next_epoch_begins() {
    let settings = "enable.idempotence=true linger.ms=0 batch.size=0 retries=1 \
                    delivery.timeout.ms=30000 request.timeout.ms=1000";
    let script = "
        1 identify 1
        2 refuse 2 MESSAGE_TOO_LARGE
        9 answer 3
    ";
    check(
        settings,
        1,
        "1 at 0\n2 at 5",
        script,
        expect![[r#"
        0 #1 InitProducerId
        > 1 identify 1
        1 #2 t-0: 170 bytes, 1, epoch 0 sequence 0
        > 2 refuse 2 MESSAGE_TOO_LARGE
        2 p1 gave up on 1: MESSAGE_TOO_LARGE
        5 #3 t-0: 170 bytes, 2, epoch 1 sequence 0
        5 #4 t-0: 170 bytes, 3, epoch 1 sequence 1
        > 9 answer 3
        9 p1 heard that 2 is in the log at offset 20
    "#]],
    );
}
