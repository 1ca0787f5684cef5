//! Records that are handed over at run time.

use crate::kafka::testing::{Scribe, Setup};
use crate::kafka::{Cluster, Command, TopicPartition, config};
use crate::name::ProducerName;
use crate::sim::{SimTime, World};
use crate::workload::MessageId;
use expect_test::{Expect, expect};

/// Twelve messages that nobody sends by himself: `nobody` is closed before it can.
const SETUP: &str = "
    topic t 2
    topic small 1 max.message.bytes=300
    producer p linger.ms=0 max.block.ms=2000
    producer nobody
    send 11 every 1ms from 3600s to t size=10 keys=a,b
    send 1 every 1ms from 3601s to t size=300
";

/// Does what each line says: `AT close|crash|restart|flush PRODUCER`, `AT open PRODUCER`, or
/// `AT send MESSAGE from PRODUCER to TOPIC [PARTITION [TIMESTAMP]]`; then tells what became of it.
fn check(script: &str, expect: Expect) {
    let mut scribe = Scribe::default();
    let mut world = Setup::read(SETUP).world(7, &mut scribe);
    for line in script.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let (at, rest) = line.split_once(' ').unwrap();
        world.run_until(&mut scribe, at.parse().unwrap());
        let words: Vec<&str> = rest.split(' ').collect();
        let command = match words[..] {
            ["send", message, "from", producer, "to", topic, ref rest @ ..] => Command::Send {
                producer: producer.into(),
                topic: topic.into(),
                message: MessageId(message.parse().unwrap()),
                partition: rest.first().map(|it| it.parse().unwrap()),
                timestamp_ms: rest.get(1).map(|it| it.parse().unwrap()),
            },
            ["open", producer] => Command::OpenProducer(config::Producer {
                name: producer.into(),
                settings: config::ProducerSettings::default(),
                transactions: None,
            }),
            [verb, producer] => format!("{verb} producer {producer}").parse().unwrap(),
            _ => panic!("not a line of a script: {line}"),
        };
        world.command(&mut scribe, command);
    }
    let end = world.now() + crate::sim::SimDuration::seconds(20);
    world.run_until(&mut scribe, end);
    expect.assert_eq(&told(&world, &scribe));
}

fn told(world: &World<Cluster>, scribe: &Scribe) -> String {
    let mut text = String::new();
    for producer in ["p", "q"].map(ProducerName::from) {
        for it in world.system().sent(&producer, 0) {
            let result = match &it.result {
                Ok((to, Some(offset))) => format!("{to} {offset}"),
                Ok((to, None)) => format!("{to} without offset"),
                Err(error) => (*error).to_owned(),
            };
            text += &format!("{producer} {}: {result}\n", it.message);
        }
    }
    for (_, fact) in &scribe.0 {
        let fact = fact.to_string();
        if fact.starts_with("refused") {
            text += &format!("{fact}\n");
        }
    }
    text
}

#[test]
fn each_record_tells_where_it_is_or_why_it_is_nowhere() {
    let script = "
        0ms close nobody
        10ms send 1 from p to t 1
        20ms send 2 from p to t 1 -5000
        30ms send 12 from p to small
        40ms send 3 from p to missing
        50ms send 4 from p to t 2
        60ms send 99 from p to t
        70ms send 5 from q to t
    ";
    check(
        script,
        expect![[r#"
            p 1: t-1 0
            p 2: t-1 1
            p 12: MESSAGE_TOO_LARGE
            p 3: TimeoutException
            p 4: TimeoutException
            refused 'send 99 from p to t': there is no message 99
            refused 'send 5 from q to t': there is no producer q
        "#]],
    );
}

#[test]
fn records_of_one_instant_share_a_batch_and_flush_ends_lingering() {
    let mut scribe = Scribe::default();
    let setup = SETUP.replace("linger.ms=0", "linger.ms=60000");
    let mut world = Setup::read(&setup).world(7, &mut scribe);
    for message in 1..=3 {
        let command = Command::Send {
            producer: "p".into(),
            topic: "t".into(),
            message: MessageId(message),
            partition: Some(0),
            timestamp_ms: None,
        };
        world.command(&mut scribe, command);
    }
    world.run_until(&mut scribe, SimTime::from_ms(30_000));
    assert_eq!(world.system().sent(&"p".into(), 0).count(), 0, "they linger");
    world.command(&mut scribe, Command::Flush("p".into()));
    world.run_until(&mut scribe, SimTime::from_ms(30_010));
    let sent: Vec<_> = world.system().sent(&"p".into(), 0).collect();
    assert_eq!(sent.len(), 3, "all are there");
    let broker = world.system().broker(crate::kafka::BrokerId(1));
    let log = broker.log(&TopicPartition::new("t", 0)).unwrap();
    assert_eq!(log.count(), 3);
}

#[test]
fn a_closed_producer_delivers_first_and_a_crashed_one_does_not() {
    let script = "
        0ms open q
        10ms send 1 from q to t 0
        10ms close q
        20ms send 2 from q to t 0
        1000ms open q
        1010ms send 3 from q to t 0
        1010ms crash q
        2000ms restart q
        2010ms send 4 from q to t 0
        2020ms restart q
    ";
    check(
        script,
        expect![[r#"
            q 1: t-0 0
            q 4: t-0 1
            refused 'send 2 from q to t': q is not running
            refused 'restart producer q': q is running
        "#]],
    );
}

#[test]
fn what_is_not_known_holds_up_what_comes_after_it_and_its_time_begins_when_it_is_first() {
    let mut scribe = Scribe::default();
    let mut world = Setup::read(SETUP).world(7, &mut scribe);
    world.run_until(&mut scribe, SimTime::from_ms(10));
    for (message, topic) in [(1, "missing"), (2, "t"), (3, "gone"), (4, "t")] {
        let command = Command::Send {
            producer: "p".into(),
            topic: topic.into(),
            message: MessageId(message),
            partition: Some(0),
            timestamp_ms: None,
        };
        world.command(&mut scribe, command);
    }
    let mut told = Vec::new();
    for at_ms in [2_000, 4_000, 4_100] {
        world.run_until(&mut scribe, SimTime::from_ms(at_ms));
        let outcome = |it: &crate::kafka::Sent| (it.message.0, it.result.is_ok());
        told.push(world.system().sent(&"p".into(), 0).map(outcome).collect::<Vec<_>>());
    }
    let first = [(1, false), (2, true)];
    let all = [(1, false), (2, true), (3, false), (4, true)];
    assert_eq!(told, [&[][..], &first[..], &all[..]]);
}
