//! What makes a file a lesson: its acts, its question, its tasks; and what each mistake is
//! answered with.

use brokerscope_core::kafka::config::Acks;
use brokerscope_core::sim::SimTime;
use brokerscope_scenario::Scenario;
use brokerscope_scenario::lesson::{Found, Is, Query};
use brokerscope_scenario::proof::{lacks, prove};
use brokerscope_scenario::run::Saying;
use expect_test::{ExpectFile, expect, expect_file};

/// Two runs of a few orders, of which the first is crashed into.
const ACTS: &str = r#"
title = "Acts"
question = "How often is order 1 done?"
ends = "12s"
decided = ["prefetch_count", "partitions"]

[[workload]]
name = "orders"
producer = "shop"
messages = 4
every = "1s"
work = "500ms"
topic = "orders"
routing_key = "orders"

[kafka]
settings = { "group.initial.rebalance.delay.ms" = 0 }

[[kafka.topic]]
name = "orders"
partitions = 1

[[kafka.group]]
name = "billing"
topics = ["orders"]
consumers = ["c1"]
commits = "after-record"

[kafka.group.settings]
"auto.offset.reset" = "earliest"
"enable.auto.commit" = false
"session.timeout.ms" = 6000

[[rabbitmq.queue]]
name = "orders"

[[rabbitmq.consumers]]
queue = "orders"
consumers = ["c1"]
prefetch_count = 1

[[step]]
at = "5s"
do = "pause c1"

[[beat]]
system = "kafka"
when = "c1 paused"
say = "It pauses."

[asks]
query = "processed"
of = 1

[[answer]]
is = 0
say = "Never."

[[answer]]
is = "1"
say = "Once."

[[answer]]
is = "2.."
say = "More often."

[[try]]
say = "Let it go on."
system = "rabbitmq"
when = "c1 went on"
do = ["6s resume c1"]

[[card]]
system = "kafka"
when = "c1 processed 1"
say = "It is done."

[[card]]
system = "rabbitmq"
when = "c1 processed 1"
say = "It is done."
act = 2

[[act]]
title = "One"

[[act]]
title = "Another"
say = "Now with three partitions."
ends = "11s"

[act.asks]
query = "outcome"
of = "once"

[[act.answer]]
is = "0..3"
say = "Few."

[[act.answer]]
is = 4
say = "All."

[[act.kafka.topic]]
name = "orders"
partitions = 3

[[act.kafka.topic]]
name = "more"
partitions = 1

[[act.kafka.producer]]
name = "shop"
settings = { acks = 1 }

[[act.kafka.group]]
name = "billing"
settings = { "session.timeout.ms" = 7000 }

[[act.step]]
at = "1s"
do = "add c2"

[[act.beat]]
system = "rabbitmq"
when = "c2 started"
say = "Another comes."

[[act.try]]
say = "Crash it."
system = "kafka"
when = "c2 crashed"
do = ["2s crash c2"]
"#;

#[test]
fn an_act_lies_over_its_file() {
    let acts = Scenario::acts_from_toml("acts", ACTS).expect("it is right");
    let [one, two] = &acts[..] else { panic!("it has two acts") };
    assert_eq!((one.act.number, &*one.act.title, &*one.act.say), (1, "One", ""));
    assert_eq!((two.act.number, &*two.act.say), (2, "Now with three partitions."));
    assert_eq!((&*one.title, &*two.title), ("Acts", "Acts"), "the title is the lesson's");
    let partitions = |it: &Scenario| -> Vec<u32> {
        it.kafka.topics.iter().map(|topic| topic.partitions).collect()
    };
    assert_eq!((partitions(one), partitions(two)), (vec![1], vec![3, 1]), "laid over by name");
    let settings = &two.kafka.consumers[0].settings;
    assert_eq!((settings.session_timeout_ms, settings.enable_auto_commit), (7_000, false));
    let acks = |it: &Scenario| it.kafka.producers[0].settings.acks;
    assert_eq!((acks(one), acks(two)), (Acks::All, Acks::Leader));
    assert_eq!((one.steps.len(), two.steps.len()), (1, 2), "steps come after the file's");
    assert_eq!((one.beats.len(), two.beats.len()), (1, 2), "and so do beats");
    assert_eq!((&*one.tasks[0].say, &*two.tasks[0].say), ("Let it go on.", "Crash it."));
    assert_eq!((one.cards.len(), two.cards.len()), (1, 2), "a card may belong to one act");
    assert_eq!((one.asks.answers.len(), two.asks.answers.len()), (3, 2));
    assert_eq!(Scenario::from_toml("acts", ACTS).as_ref(), Ok(one), "one run is the first");
    for act in &acts {
        assert_eq!(Scenario::unpack(&act.pack()).as_ref(), Some(act), "and each is packed");
    }
}

#[test]
fn what_acts_say_is_held_against_their_runs() {
    let acts = Scenario::acts_from_toml("acts", ACTS).expect("it is right");
    let proofs: Vec<_> = acts.iter().map(prove).collect();
    let mut told = String::new();
    for it in &proofs {
        assert_eq!(it.faults, Vec::<String>::new(), "all of it is true");
        for answer in &it.answers {
            let (system, found) = (answer.system.as_str(), &answer.found);
            told += &format!("{system}: {found}, answer {:?}\n", answer.answer);
        }
        let done: Vec<_> = it.done.iter().flatten().map(ToString::to_string).collect();
        told += &format!("done at {}\n", done.join(", "));
    }
    told += &lacks(&proofs).join("\n");
    expect![[r#"
        Kafka: 1, answer Some(1)
        RabbitMQ: 1, answer Some(1)
        done at 6.00 s
        Kafka: 4, answer Some(1)
        RabbitMQ: 4, answer Some(1)
        done at 2.00 s
    "#]]
    .assert_eq(&told);
}

#[test]
fn what_is_not_true_is_told() {
    let untrue = [
        ("when = \"c1 paused\"", "when = \"c1 passed\""),
        (
            "when = \"c1 processed 1\"\nsay = \"It is done.\"\n\n",
            "when = \"c1 lost 1\"\nsay = \"It is done.\"\n\n",
        ),
        ("is = \"1\"", "is = \"one\""),
        ("when = \"c1 went on\"", "when = \"c1 processed 2\""),
        ("when = \"c1 went on\"", "when = \"c3 went on\""),
    ];
    let mut told = String::new();
    for (right, wrong) in untrue {
        assert_eq!(ACTS.matches(right).count(), 1, "'{right}' stands in the file once");
        let act = Scenario::from_toml("acts", &ACTS.replace(right, wrong)).expect("it is read");
        told += &prove(&act).faults.join("\n");
        told += "\n";
    }
    expect![[r#"
        beat[0].when: nothing that happens in Kafka begins with 'c1 passed'
        card.when: nothing that happens in Kafka begins with 'c1 lost 1'
        answer: in Kafka 'processed' is 1, not one of 0, one, 2..
        answer: in RabbitMQ 'processed' is 1, not one of 0, one, 2..
        try: 'c1 processed 2' happens untouched at 1.504 s, so 'Let it go on.' is no task
        try.do: after these commands nothing that happens in RabbitMQ begins with 'c3 went on'
    "#]]
    .assert_eq(&told);
}

/// Makes one change after the other and tells what each is answered with.
#[track_caller]
fn check(changes: &[(&str, &str)], expected: ExpectFile) {
    let mut told = String::new();
    for (old, new) in changes {
        assert_eq!(ACTS.matches(old).count(), 1, "'{old}' stands in the file once");
        let read = Scenario::from_toml("acts", &ACTS.replace(old, new));
        let wrong = read.expect_err(new).in_file("acts.toml");
        for (sign, text) in [('-', old), ('+', new)] {
            for line in text.trim().lines() {
                told += &format!("{sign} {line}\n");
            }
        }
        told += &format!("{wrong}\n\n");
    }
    expected.assert_eq(&told);
}

#[test]
fn a_mistake_in_a_lesson_is_answered_with_what_would_be_right() {
    let is_one = "is = \"1\"";
    let own = "query = \"processed\"\nof = 1";
    check(
        &[
            ("query = \"processed\"", "query = \"procesed\""),
            ("query = \"processed\"\n", ""),
            ("of = 1\n", ""),
            ("of = 1\n", "of = 5\n"),
            ("of = 1\n", "of = 1\nkafka = \"biling\"\n"),
            ("of = 1\n", "of = 1\nrabbitmq = { reader = \"order\" }\n"),
            (own, "query = \"ready\""),
            (own, "query = \"idle\"\nof = 1"),
            (own, "query = \"outcome\"\nof = \"wonce\""),
            (own, "query = \"done-by\"\nof = \"c2\""),
            (own, "query = \"committed\"\nof = \"orders\"\nkafka = \"billing\""),
            (own, "query = \"kept\"\nof = \"ordres\""),
            (is_one, "is = \"1..0\""),
            (is_one, "is = \"0..1\""),
            (is_one, "is = []"),
            ("[[act.answer]]\nis = \"0..3\"\nsay = \"Few.\"\n", ""),
            ("do = [\"6s resume c1\"]", "do = [\"resume\"]"),
            ("do = [\"6s resume c1\"]", "do = [\"13s resume c1\"]"),
            ("do = [\"6s resume c1\"]", "do = [\"6s resume c2\"]"),
            ("do = [\"6s resume c1\"]", "do = [\"6s resume c1\", \"5s pause c1\"]"),
            ("do = [\"6s resume c1\"]", "do = []"),
            ("do = [\"2s crash c2\"]", "do = [\"2s crash c3\"]"),
            ("act = 2", "act = 3"),
            ("act = 2", "act = 2\n[[card]]\nsystem = \"kafka\"\nwhen = \"c1\"\nsay = \"x\""),
            ("\"prefetch_count\", \"partitions\"", "\"prefetch.count\""),
            ("title = \"One\"\n", ""),
            ("title = \"One\"", "title = \"One\"\nsteps = []"),
            ("ends = \"11s\"", "ends = \"2s\""),
            ("partitions = 3", "partitions = 0"),
            ("[asks]", "[asked]"),
        ],
        expect_file!["mistakes/lesson.txt"],
    );
}

#[test]
fn a_claim_is_read_and_holds() {
    let found = Found::Number;
    for (text, holds, fails) in [("2", 2, 3), ("3..5", 5, 6), ("1..", 90, 0)] {
        let is = Is::read(text).expect("it is a claim");
        assert_eq!(is.to_string(), text, "it is written as it was read");
        assert!(is.holds(&found(holds)) && !is.holds(&found(fails)), "{text}");
    }
    let word = Is::read("lost").expect("it is a word");
    assert!(word.holds(&Found::Word("lost".to_owned())) && !word.holds(&found(0)), "a word");
    assert_eq!((Is::read(""), Is::read("5..3")), (None, None), "nothing holds for these");
}

/// Every query of the same run, in both systems.
#[test]
fn every_query_computes_what_the_run_shows() {
    let mut told = String::new();
    for query in Query::ALL {
        let of = match query.word() {
            "processed" | "begun" | "delivered" | "fate" | "partition" => "of = 2",
            "outcome" => "of = \"once\"",
            "facts" => "of = \"c1 began\"",
            "done-by" => "of = \"c1\"",
            "committed" => "of = \"orders-0\"",
            _ => "",
        };
        let word = query.word();
        let only = query.only().map_or(String::new(), |it| {
            let reader = if it.word() == "kafka" { "billing" } else { "orders" };
            format!("{} = \"{reader}\"", it.word())
        });
        let asks = format!("query = \"{word}\"\n{of}\n{only}");
        let text = ACTS.replace("query = \"processed\"\nof = 1", &asks);
        let act = Scenario::from_toml("acts", &text).expect("it is right");
        told += word;
        for it in prove(&act).answers {
            told += &format!("  {} {}", it.system.as_str(), it.found);
        }
        told += "\n";
    }
    expect![[r#"
        processed  Kafka 1  RabbitMQ 1
        begun  Kafka 1  RabbitMQ 1
        delivered  Kafka 1  RabbitMQ 1
        fate  Kafka processed  RabbitMQ processed
        partition  Kafka 0
        outcome  Kafka 4  RabbitMQ 4
        facts  Kafka 4  RabbitMQ 4
        done-by  Kafka 4  RabbitMQ 4
        idle  Kafka 0  RabbitMQ 0
        workers  Kafka 1  RabbitMQ 1
        busiest  Kafka c1  RabbitMQ c1
        lag  Kafka 0  RabbitMQ 0
        committed  Kafka 4
        kept  Kafka 4  RabbitMQ 0
        ready  RabbitMQ 0
        unacked  RabbitMQ 0
        done-at  Kafka 3  RabbitMQ 3
    "#]]
    .assert_eq(&told);
}

#[test]
fn a_task_is_done_once_its_fact_has_passed_and_a_question_waits_for_the_end() {
    let act = Scenario::from_toml("acts", ACTS).expect("it is right");
    let mut run = brokerscope_scenario::Run::new(act);
    assert_eq!(run.answers(), [], "nothing is known of the end");
    assert!(run.explore(u64::MAX), "a run ends");
    let untouched = run.answers();
    assert_eq!((untouched.len(), run.now()), (2, SimTime::START), "without moving the present");
    assert_eq!(run.tasks()[0].1, Saying::Open, "it does not happen by itself");
    run.seek(SimTime::from_ms(6_000));
    run.command("resume c1".parse().expect("it is a command")).expect("c1 is there");
    assert!(run.explore(u64::MAX), "a run ends");
    assert_eq!(run.tasks()[0].1, Saying::Said(SimTime::from_ms(6_000)));
    run.seek(SimTime::from_ms(5_000));
    assert_eq!(run.tasks()[0].1, Saying::Ahead(SimTime::from_ms(6_000)));
    assert!(run.undo(), "it is forgotten");
    assert!(run.explore(u64::MAX), "a run ends");
    assert_eq!((run.tasks()[0].1, run.answers()), (Saying::Open, untouched));
}
