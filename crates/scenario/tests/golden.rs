//! The scenarios that are built in: what happens in each, that everything that is said does
//! happen, and that the question is answered.

use brokerscope_scenario::ledger::Outcome;
use brokerscope_scenario::proof::{Proof, lacks, prove};
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

/// The trace of a run at its end, beside its scenario.
fn check_trace(run: &Run, name: &str, acts: usize) {
    let mut trace = String::new();
    run.trace(run.end(), &mut trace).expect("a string takes everything");
    let act = run.scenario().act.number;
    let number = if acts == 1 { String::new() } else { format!(".{act}") };
    let path = format!("../../../scenarios/{name}{number}.trace");
    expect_file![path].assert_eq(&trace);
}

#[test]
fn every_lesson_happens_as_it_is_written_down_and_all_that_it_says_is_true() {
    for lesson in LESSONS {
        let acts: Vec<_> = lesson.scenarios().iter().map(prove).collect();
        let mut told = String::new();
        for act in &acts {
            check_trace(&act.run, lesson.name, acts.len());
            let number = act.run.scenario().act.number;
            told += &format!("act {number}\n{}", found(act));
            assert_eq!(act.faults, Vec::<String>::new(), "{}, act {number}", lesson.name);
        }
        let path = format!("answers/{}.txt", lesson.name);
        expect_file![path].assert_eq(&told);
        assert_eq!(lacks(&acts), Vec::<String>::new(), "{} is a lesson", lesson.name);
    }
}

/// What a person finds out: the right answer a system, and when each task is done.
fn found(act: &Proof) -> String {
    let scenario = act.run.scenario();
    let mut told = String::new();
    for (asked, it) in scenario.asks.asked.iter().zip(&act.answers) {
        let (system, query, found) = (it.system.as_str(), asked.query.word(), &it.found);
        let right = it.answer.map_or("", |place| &scenario.asks.answers[place].say);
        let about = format!("{query} {}", asked.of);
        told += &format!("{system}: {} = {found}\n  {right}\n", about.trim_end());
    }
    for (task, done) in scenario.tasks.iter().zip(&act.done) {
        let at = done.map_or_else(|| "never".to_owned(), |at| at.to_string());
        told += &format!("try: {}\n  {at}: {}\n", task.say, task.when);
    }
    told
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

/// A scenario outside the menu, at its end: what happens in it, and all that is said.
fn happens(name: &str, text: &str) -> Run {
    let proof = prove(&Scenario::from_toml(name, text).expect("it is a scenario"));
    check_trace(&proof.run, name, 1);
    assert_eq!(proof.faults, Vec::<String>::new(), "{name}");
    proof.run
}

#[test]
fn what_only_a_leader_had_is_lost_if_nobody_waited_for_its_followers() {
    let run = happens("leader-dies", include_str!("../../../scenarios/leader-dies.toml"));
    let kafka = outcome(&run, SystemName::Kafka, "dashboard");
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

#[test]
fn who_reads_what_is_committed_sees_a_transfer_whole_or_not_at_all() {
    let run = happens("transfer", include_str!("../../../scenarios/transfer.toml"));
    let careful = outcome(&run, SystemName::Kafka, "careful");
    assert_eq!((careful.sent, careful.once, careful.unsettled), (8, 8, 0));
    let hasty = outcome(&run, SystemName::Kafka, "hasty");
    assert_eq!((hasty.once, hasty.twice), (7, 1), "one debit is taken twice");
}

#[test]
fn without_a_majority_nothing_is_taken_and_nothing_is_lost() {
    let text = include_str!("../../../scenarios/quorum-node-lost.toml");
    let run = happens("quorum-node-lost", text);
    let kafka = outcome(&run, SystemName::Kafka, "orders-workers");
    let rabbitmq = outcome(&run, SystemName::RabbitMq, "orders");
    for it in [kafka, rabbitmq] {
        assert_eq!((it.once, it.twice, it.acknowledged, it.lost), (20, 0, 20, 0));
    }
}

/// A run of one queue with what a test adds to it.
fn queue_with(rest: &str) -> Outcome {
    let text = format!(
        "title = \"t\"\nquestion = \"q\"\nends = \"9s\"\n\
         [[workload]]\nname = \"w\"\nproducer = \"p\"\nmessages = 4\nevery = \"100ms\"\n\
         topic = \"t\"\nrouting_key = \"orders\"\nwork = \"10ms\"\npoison = [2]\n\
         properties = [{{}}, {{ delivery_mode = 1 }}]\n\
         [kafka]\n[[kafka.topic]]\nname = \"t\"\npartitions = 1\n\
         [rabbitmq]\n[[rabbitmq.queue]]\nname = \"orders\"\n[[rabbitmq.queue]]\nname = \"parked\"\n\
         {rest}"
    );
    let mut run = Run::new(Scenario::from_toml("made", &text).expect("it is a scenario"));
    assert!(run.explore(u64::MAX), "a run ends");
    run.seek(run.end());
    assert!(run.rabbitmq_ledger().is_done(), "nothing is left to happen");
    outcome(&run, SystemName::RabbitMq, "orders")
}

#[test]
fn what_a_person_or_a_restart_takes_has_its_word() {
    let step = |what: &str| queue_with(&format!("[[step]]\nat = \"1s\"\ndo = \"{what}\"\n"));
    for what in ["rabbitmq purge orders", "rabbitmq delete orders"] {
        let it = step(what);
        assert_eq!((it.removed_unread, it.lost, it.in_broker), (4, 0, 0), "{what}");
    }
    let it = step("rabbitmq restart broker");
    assert_eq!((it.lost, it.waiting), (2, 2), "what was not persistent was confirmed and is lost");
    let it = step("rabbitmq move orders to parked");
    assert_eq!((it.dead_lettered.rejected, it.in_broker), (4, 0), "it is in another queue");
}

#[test]
fn what_an_application_gives_up_is_a_dead_letter_with_its_reason() {
    let consumers = "[[rabbitmq.consumers]]\nqueue = \"orders\"\nconsumers = [\"c1\"]\n\
                     attempts = 1\nparking_queue = \"parked\"\n";
    let it = queue_with(consumers);
    assert_eq!((it.once, it.dead_lettered.rejected, it.lost), (3, 1, 0));
}
