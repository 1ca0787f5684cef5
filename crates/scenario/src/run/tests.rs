use super::*;
use crate::lesson::{Act, Asks};
use crate::scenario::End;
use brokerscope_core::kafka::config::{self as kafka_config, OffsetReset};
use brokerscope_core::rabbitmq::config::{self as rabbitmq_config, Destination, RoutingKey};
use brokerscope_core::sim::Rng;
use brokerscope_core::weight::{Mark, Weight};
use brokerscope_core::workload::{KeyId, Keys, Message, Stream, StreamId, Workload};
use brokerscope_core::{kafka, rabbitmq};

/// `count` messages, one every 100 ms, with five keys in turn, 40 ms of work each.
fn workload(count: u32) -> Workload {
    let mut keys = Keys::default();
    for key in ["a", "b", "c", "d", "e"] {
        keys.push(key.as_bytes());
    }
    let message = |number: u32| Message {
        at: SimTime::from_ms(1_000 + u64::from(number) * 100),
        key: Some(KeyId(number % 5)),
        size_bytes: 100,
        work_us: 40_000,
        stream: StreamId(0),
        poison: false,
        tombstone: false,
        headers_bytes: 0,
    };
    let stream = Stream { name: "orders".into(), producer: "p1".into() };
    Workload {
        messages: (0..count).map(message).collect(),
        keys: keys.into(),
        streams: [stream].into(),
    }
}

/// Two consumers `c1` and `c2`, in the group `billing` and at the queue `billing`.
#[expect(clippy::too_many_lines, reason = "each field, once")]
fn scenario(messages: u32, ends: End) -> Scenario {
    let consumer = |name: &str| kafka_config::Consumer {
        name: name.into(),
        group: Some("billing".into()),
        topics: vec!["orders".into()],
        settings: kafka_config::ConsumerSettings {
            auto_offset_reset: OffsetReset::Earliest,
            auto_commit_interval_ms: 1_000,
            ..Default::default()
        },
        application: kafka_config::Application::default(),
        starts_after: Default::default(),
        produces: None,
        passes_on: None,
        idempotent: false,
    };
    let kafka = kafka::Config {
        brokers: 1,
        broker_settings: kafka_config::BrokerSettings {
            group_initial_rebalance_delay_ms: 0,
            ..Default::default()
        },
        topics: vec![kafka_config::Topic {
            name: "orders".into(),
            partitions: 2,
            replication_factor: None,
            settings: Default::default(),
        }],
        producers: vec![kafka_config::Producer {
            name: "p1".into(),
            settings: Default::default(),
            transactions: None,
        }],
        destinations: vec!["orders".into()],
        consumers: ["c1", "c2"].map(consumer).into(),
        links: Default::default(),
    };
    let consumer = |name: &str| rabbitmq_config::Consumer {
        settings: rabbitmq_config::ConsumerSettings { prefetch_count: 5, ..Default::default() },
        ..rabbitmq_config::Consumer::new(name, "billing")
    };
    let rabbitmq = rabbitmq::Config {
        broker: Default::default(),
        exchanges: Vec::new(),
        queues: vec![rabbitmq_config::Queue::new("billing", Default::default())],
        bindings: Vec::new(),
        publishers: vec![rabbitmq_config::Publisher {
            name: "p1".into(),
            settings: Default::default(),
        }],
        destinations: vec![Destination::new("", RoutingKey::Fixed("billing".into()))],
        consumers: ["c1", "c2"].map(consumer).into(),
        links: Default::default(),
    };
    Scenario {
        name: "test".into(),
        title: "Test".into(),
        question: "What happens?".into(),
        seed: 7,
        ends,
        flows: Vec::new(),
        workload: workload(messages),
        kafka,
        rabbitmq,
        steps: Vec::new(),
        beats: Vec::new(),
        act: Act::only(),
        asks: Asks::default(),
        tasks: Vec::new(),
        cards: Vec::new(),
        decided: Vec::new(),
    }
}

fn ms(ms: u64) -> SimTime {
    SimTime::from_ms(ms)
}

#[test]
fn commands_of_both_systems_are_undone_together() {
    let mut run = Run::new(scenario(30, End::At(ms(6_000))));
    run.seek(ms(2_000));
    let before = run.state_hash();
    run.command(Command::crash("c1")).unwrap();
    assert_ne!(run.state_hash(), before);
    run.seek(ms(3_000));
    run.command("rabbitmq restart c1".parse().unwrap()).unwrap();
    assert_eq!(run.commands().len(), 2);
    assert!(run.undo() && run.undo(), "there were two");
    run.seek(ms(2_000));
    assert_eq!((run.state_hash(), run.commands().len()), (before, 0));
    assert!(!run.undo(), "there is none left");
}

/// What can be seen of a run at its present.
fn seen(run: &Run) -> (SimTime, u64, u64, Vec<Outcome>) {
    let outcomes = run.outcomes().into_iter().map(|(_, _, outcome)| outcome).collect();
    (run.now(), run.state_hash(), run.trace_hash(), outcomes)
}

/// However one wanders, acts and undoes, one sees the run that went straight.
#[test]
fn wandering_changes_nothing() {
    for seed in 0..6 {
        let mut rng = Rng::from_seed(seed);
        let mut wanderer = Run::new(scenario(40, End::At(ms(9_000))));
        for _ in 0..25 {
            match rng.below(5) {
                0 | 1 => wanderer.seek(SimTime(rng.below(9_500_000))),
                2 => {
                    wanderer.explore(rng.below(500));
                }
                3 if rng.chance(1, 2) => {
                    wanderer.undo();
                }
                _ => {
                    let commands =
                        ["crash c1", "restart c1", "kafka pause c2", "add c3", "commit c1"];
                    let place = usize::try_from(rng.below(5)).unwrap();
                    // A consumer that is there already is refused; so be it.
                    let _ = wanderer.command(commands[place].parse().unwrap());
                }
            }
        }
        wanderer.seek(ms(8_000));
        let commands: Vec<_> =
            wanderer.commands().map(|(at, command)| (at, command.clone())).collect();
        assert!(commands.is_sorted_by_key(|(at, _)| *at), "in order of time, seed {seed}");

        let mut straight = Run::new(scenario(40, End::At(ms(9_000))));
        for (at, command) in commands.into_iter().filter(|(at, _)| *at <= ms(8_000)) {
            straight.seek(at);
            straight.command(command).unwrap();
        }
        straight.seek(ms(8_000));
        assert_eq!(seen(&wanderer), seen(&straight), "seed {seed}");
    }
}

#[test]
fn acting_in_the_past_forgets_what_was_asked_of_either_system_later() {
    let mut run = Run::new(scenario(30, End::At(ms(6_000))));
    run.seek(ms(3_000));
    run.command("rabbitmq crash c1".parse().unwrap()).unwrap();
    run.seek(ms(2_000));
    run.command("kafka crash c2".parse().unwrap()).unwrap();
    run.seek(ms(6_000));
    let crashed = run.facts(ms(6_000), |fact| fact.to_string().ends_with("crashed"));
    let lines: Vec<String> = crashed.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["    2.00 s  kafka     c2 crashed"]);
}

#[test]
fn a_command_that_names_nobody_changes_nothing() {
    let mut run = Run::new(scenario(10, End::At(ms(3_000))));
    run.seek(ms(2_000));
    let before = seen(&run);
    let refused = run.command("crash c7".parse().unwrap()).unwrap_err().to_string();
    assert_eq!(refused, "there is no consumer 'c7'; the nearest is 'c1'");
    assert_eq!((seen(&run), run.commands().len()), (before, 0));
}

#[test]
fn a_wrong_step_is_refused_by_the_systems() {
    let mut scenario = scenario(5, End::At(ms(2_000)));
    scenario.steps = vec![(ms(1_000), Command::crash("c7"))];
    let mut run = Run::new(scenario);
    run.seek(ms(2_000));
    let refused = run.facts(ms(2_000), |fact| fact.to_string().starts_with("refused"));
    let lines: Vec<String> = refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "    1.00 s  kafka     refused 'crash c7': there is no consumer c7",
            "    1.00 s  rabbitmq  refused 'crash c7': there is no consumer c7",
        ]
    );
}

#[test]
fn a_run_ends_when_both_systems_are_done() {
    let mut run = Run::new(scenario(20, End::WhenDone(ms(600_000))));
    assert!(!run.is_explored() && !run.explore(100), "that is not enough to know the end");
    assert!(run.end() <= run.explored(), "so far it ends where it is explored to");
    while !run.explore(100) {}
    let end = run.end();
    assert!(ms(2_900) < end && end < ms(30_000), "soon after the last message: {end}");
    run.seek(SimTime(end.0 - 1));
    assert!(run.outcomes().iter().any(|(_, _, it)| it.unsettled > 0), "not done just before");
    run.seek(SimTime::MAX);
    assert_eq!(run.now(), end, "there is nothing beyond the end");
    for (system, reader, outcome) in run.outcomes() {
        let done = Outcome { sent: 20, acknowledged: 20, once: 20, ..Outcome::default() };
        let in_broker = if system == SystemName::Kafka { 20 } else { 0 };
        assert_eq!(outcome, Outcome { in_broker, ..done }, "{reader} in {system:?}");
    }

    // The end is the same whether it was found at once, in slices, or by going there.
    let mut straight = Run::new(scenario(20, End::WhenDone(ms(600_000))));
    straight.seek(SimTime::MAX);
    assert_eq!(straight.now(), end);
}

#[test]
fn a_run_that_is_never_done_ends_at_the_latest() {
    let mut scenario = scenario(5, End::WhenDone(ms(8_000)));
    scenario.kafka.consumers.iter_mut().for_each(|it| it.settings.enable_auto_commit = false);
    let mut run = Run::new(scenario);
    assert!(run.explore(u64::MAX), "its end is known");
    assert_eq!(run.end(), ms(8_000));
}

/// The log, the neighbouring facts and the trace say the same.
#[test]
fn the_log_is_the_end_of_the_trace() {
    let mut scenario = scenario(40, End::At(ms(9_000)));
    scenario.steps = vec![(ms(2_500), Command::crash("c1")), (ms(4_000), Command::restart("c1"))];
    let mut run = Run::new(scenario);
    let all = run.facts(ms(9_000), |_| true);
    let mut trace = String::new();
    run.trace(ms(9_000), &mut trace).unwrap();
    let lines: String = all.iter().map(|it| format!("{it}\n")).collect();
    assert_eq!(trace, lines);
    assert!(all.is_sorted_by_key(|it| it.at), "in order of time");

    let visible: Vec<&Happened> =
        all.iter().filter(|it| it.fact.weight() >= Weight::Seen).collect();
    let upto = |at: SimTime, n: usize| -> Vec<Happened> {
        let before = visible.iter().filter(|it| it.at <= at).copied();
        let before: Vec<&Happened> = before.collect();
        before[before.len().saturating_sub(n)..].iter().map(|it| (*it).clone()).collect()
    };
    let mut rng = Rng::from_seed(11);
    let mut at = SimTime::START;
    for _ in 0..60 {
        at = if rng.chance(3, 4) {
            SimTime((at.0 + rng.below(300_000)).min(9_000_000))
        } else {
            SimTime(rng.below(9_000_000))
        };
        run.seek(at);
        let n = usize::try_from(1 + rng.below(2) * 30).unwrap();
        assert_eq!(run.log(n, None), upto(at, n), "the last {n} up to {at}");
        let earlier = SimTime(rng.below(at.0 + 1));
        let expected = earlier.0.checked_sub(1).map_or(Vec::new(), |it| upto(SimTime(it), n));
        assert_eq!(run.log(n, Some(earlier)), expected, "the last {n} before {earlier}");

        let next = visible.iter().map(|it| it.at).find(|it| at < *it);
        assert_eq!(run.next_seen(at), next, "after {at}");
        let previous = visible.iter().map(|it| it.at).rfind(|it| *it < at);
        assert_eq!(run.previous_seen(at), previous, "before {at}");
    }
}

#[test]
fn marks_and_beats_are_known_as_far_as_the_run_is_explored() {
    let mut scenario = scenario(30, End::At(ms(9_000)));
    scenario.steps = vec![(ms(5_000), Command::crash("c1"))];
    let beat = |system, when: &str| Beat { system, when: when.into(), say: when.to_uppercase() };
    scenario.beats = vec![
        beat(SystemName::Kafka, "c1 crashed"),
        beat(SystemName::RabbitMq, "the channel of c1 closed"),
        beat(SystemName::Kafka, "c2 crashed"),
        beat(SystemName::Kafka, "c1 processed"),
    ];
    let mut run = Run::new(scenario);
    run.seek(ms(4_500));
    let before: Vec<Saying> = run.beats().iter().map(|(_, saying)| *saying).collect();
    let none_but_the_last = [Saying::Open, Saying::Open, Saying::Open];
    assert!(before[..3] == none_but_the_last, "nothing has crashed yet: {before:?}");
    assert!(matches!(before[3], Saying::Said(_)), "c1 has processed something: {before:?}");
    assert_eq!(run.caption(SystemName::Kafka).map(|(_, it)| &*it.say), Some("C1 PROCESSED"));
    assert_eq!(run.caption(SystemName::RabbitMq), None);

    assert!(run.explore(u64::MAX), "to the end");
    let known: Vec<(&str, Saying)> =
        run.beats().into_iter().map(|(it, saying)| (&*it.say, saying)).collect();
    assert_eq!(known[0], ("C1 CRASHED", Saying::Ahead(ms(5_000))));
    assert_eq!(known.len(), 3, "what is never said is left out: {known:?}");
    let crash = MarkAt { at: ms(5_000), mark: Mark::Fault, side: Side::Both };
    assert!(run.marks().contains(&crash), "the crash is marked once: {:?}", run.marks());

    run.seek(ms(5_000));
    assert_eq!(run.caption(SystemName::Kafka).map(|(_, it)| &*it.say), Some("C1 CRASHED"));
    run.command("restart c1".parse().unwrap()).unwrap();
    let restart = run.marks().iter().filter(|it| it.at == ms(5_000)).count();
    assert_eq!(restart, 1, "a crash and a restart at one instant are one mark");
    assert!(run.marks().iter().all(|it| it.at <= ms(5_000)), "what came later is forgotten");
}
