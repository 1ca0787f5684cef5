//! The scenarios that are built in: what happens in each, that everything that is said does
//! happen, and that the question is answered.

use brokerscope_core::sim::SimTime;
use brokerscope_core::weight::Weight;
use brokerscope_scenario::ledger::Outcome;
use brokerscope_scenario::scenario::SystemName;
use brokerscope_scenario::{LESSONS, Lesson, Run, Scenario};
use expect_test::expect_file;

/// A lesson at its end.
fn ended(name: &str) -> Run {
    let mut run = Run::new(Lesson::named(name).expect(name).scenario());
    assert!(run.explore(u64::MAX), "a run ends");
    run.seek(run.end());
    run
}

fn outcome(run: &Run, system: SystemName, reader: &str) -> Outcome {
    let found = run.outcomes().into_iter().find(|it| it.0 == system && &*it.1 == reader);
    found.expect("there is such a reader").2
}

#[test]
fn every_lesson_happens_as_it_is_written_down() {
    for lesson in LESSONS {
        let run = ended(lesson.name);
        let mut trace = String::new();
        run.trace(run.end(), &mut trace).unwrap();
        let path = format!("../../../scenarios/{}.trace", lesson.name);
        expect_file![path].assert_eq(&trace);
    }
}

#[test]
fn everything_that_is_said_happens() {
    for lesson in LESSONS {
        let run = ended(lesson.name);
        let said: Vec<_> = run.beats().into_iter().map(|(beat, _)| beat).collect();
        for beat in &run.scenario().beats {
            let happens = said.contains(&beat);
            assert!(happens, "{}: it happens that '{}'", lesson.name, beat.when);
        }
        assert!(run.kafka_ledger().is_done(), "{}: Kafka is done", lesson.name);
        assert!(run.rabbitmq_ledger().is_done(), "{}: RabbitMQ is done", lesson.name);
    }
}

#[test]
fn lessons_are_short_and_begin_at_once() {
    for lesson in LESSONS {
        let run = ended(lesson.name);
        let beats = &run.scenario().beats;
        assert!(beats.len() <= 8, "{}: at most eight beats", lesson.name);
        for beat in beats {
            let sentences = beat.say.matches(['.', '?', '!']).count();
            assert!(sentences <= 2, "{}: at most two sentences: {}", lesson.name, beat.say);
        }
        for system in [SystemName::Kafka, SystemName::RabbitMq] {
            let early = run.facts(SimTime::from_ms(3_000), |fact| {
                fact.system() == system && Weight::Seen <= fact.weight()
            });
            let word = system.word();
            assert!(early.len() > 5, "{}: {word} shows something soon", lesson.name);
        }
    }
}

#[test]
fn kafka_keeps_and_rabbitmq_removes() {
    let run = ended("retained-or-removed");
    for group in ["billing", "audit"] {
        let group = outcome(&run, SystemName::Kafka, group);
        assert_eq!((group.once, group.in_broker), (22, 22), "each group reads all that is kept");
    }
    let queue = outcome(&run, SystemName::RabbitMq, "orders");
    assert_eq!((queue.once, queue.in_broker), (22, 0), "each is processed once and gone");
}

#[test]
fn one_order_is_done_twice_in_both() {
    let run = ended("crash-before-commit");
    for (system, reader) in [(SystemName::Kafka, "billing"), (SystemName::RabbitMq, "orders")] {
        let Outcome { once, twice, more, lost, .. } = outcome(&run, system, reader);
        assert_eq!((once, twice, more, lost), (19, 1, 0, 0), "{}", system.as_str());
    }
}

#[test]
fn four_consumers_do_all_the_work_once() {
    let run = ended("too-many-consumers");
    for (system, reader) in [(SystemName::Kafka, "billing"), (SystemName::RabbitMq, "orders")] {
        let Outcome { once, twice, lost, .. } = outcome(&run, system, reader);
        assert_eq!((once, twice, lost), (24, 0, 0), "{}", system.as_str());
    }
}

/// A scenario that is no lesson yet, at its end: what happens in it, and all that is said.
fn happens(name: &str, text: &str) -> Run {
    let mut run = Run::new(Scenario::from_toml(name, text).expect("it is a scenario"));
    assert!(run.explore(u64::MAX), "a run ends");
    run.seek(run.end());
    let mut trace = String::new();
    run.trace(run.end(), &mut trace).expect("a string takes everything");
    let path = format!("../../../scenarios/{name}.trace");
    expect_file![path].assert_eq(&trace);
    let said: Vec<_> = run.beats().into_iter().map(|(beat, _)| beat).collect();
    for beat in &run.scenario().beats {
        assert!(said.contains(&beat), "it happens that '{}'", beat.when);
    }
    run
}

#[test]
fn what_only_a_leader_had_is_lost_if_nobody_waited_for_its_followers() {
    let run = happens("leader-dies", include_str!("../../../scenarios/leader-dies.toml"));
    let kafka = outcome(&run, SystemName::Kafka, "billing");
    assert_eq!((kafka.once, kafka.twice, kafka.lost), (27, 0, 1), "only reading 17 is lost");
    for queue in ["metrics", "orders"] {
        let queue = outcome(&run, SystemName::RabbitMq, queue);
        assert_eq!((queue.once, queue.twice, queue.lost), (14, 0, 0), "a majority had it");
    }
}

#[test]
fn a_topic_exchange_gives_each_queue_what_it_asks_for() {
    let run = happens("topic-exchange", include_str!("../../../scenarios/topic-exchange.toml"));
    for (reader, wanted) in [("paid", 4), ("orders", 6), ("europe", 4)] {
        let group = outcome(&run, SystemName::Kafka, reader);
        assert_eq!((group.once, group.in_broker), (8, 8), "{reader} reads all and all is kept");
        let queue = outcome(&run, SystemName::RabbitMq, reader);
        assert_eq!((queue.once, queue.in_broker), (wanted, 0), "{reader} gets its own");
    }
}
