use super::*;
use brokerscope_core::kafka::admin::AdminCall;
use brokerscope_core::kafka::call::Goal;
use brokerscope_core::kafka::{BrokerId, Offset, TopicPartition};
use brokerscope_core::name::{ProducerName, TopicName};
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn name() -> impl Strategy<Value = String> {
    "[a-z0-9_.-]{1,8}"
}

fn kafka_command() -> impl Strategy<Value = kafka::Command> {
    use kafka::Command as Its;
    (name(), name(), 0..14, any::<u16>()).prop_map(|(name, group, which, number)| {
        let at = TopicPartition::new(&*group, u32::from(number));
        let text = || name.as_str();
        let offset = Offset(i64::from(number));
        match which {
            7 => return Its::Seek(text().into(), at, Goal::At(offset)),
            8 => {
                let (group, to, only) = (group.into(), Goal::Latest, Some(at));
                return Its::Admin(AdminCall::ResetGroupOffsets { group, to, only });
            }
            9 => {
                let (topic, count) = (group.into(), i32::from(number));
                return Its::Admin(AdminCall::CreatePartitions { topic, count });
            }
            10 => {
                let call = AdminCall::DeleteRecords { partition: at, before: offset };
                return Its::Admin(call);
            }
            11 => {
                let (setting, value) = (group.into(), number.to_string().into());
                return Its::Set { name: text().into(), setting, value };
            }
            12 => return Its::LoseAnswer(text().into()),
            13 => return Its::RestartProducer(text().into()),
            _ => {}
        }
        let name = ConsumerName::from(name);
        match which {
            0 => Its::CrashConsumer(name),
            1 => Its::RestartConsumer(name),
            2 => Its::PauseConsumer(name),
            3 => Its::Commit(name),
            4 => Its::AddConsumer(name, group.into()),
            5 => Its::CrashBroker(BrokerId(number)),
            _ => Its::RestartBroker(BrokerId(number)),
        }
    })
}

fn rabbitmq_command() -> impl Strategy<Value = rabbitmq::Command> {
    use rabbitmq::Command as Its;
    (name(), name(), 0..13).prop_map(|(name, queue, which)| {
        let (setting, value) = (queue.clone().into(), queue.clone().into());
        let name = ConsumerName::from(name);
        match which {
            0 => Its::CrashConsumer(name),
            1 => Its::ResumeConsumer(name),
            2 => Its::RemoveConsumer(name),
            3 => Its::AddConsumer(name, queue.into()),
            4 => Its::StopNode(2),
            5 => Its::StartNode(3),
            6 => Its::Purge(queue.into()),
            7 => Its::Delete(queue.into()),
            8 => Its::Move(name.as_str().into(), queue.into()),
            9 => Its::LoseConfirm(queue.into()),
            10 => Its::Set { name: name.0, setting, value },
            11 => Its::RestartBroker,
            _ => Its::CloseChannel(name),
        }
    })
}

fn both() -> impl Strategy<Value = Both> {
    (name(), name(), 0..7).prop_map(|(name, place, which)| {
        let name = ConsumerName::from(name);
        match which {
            0 => Both::Crash(name),
            1 => Both::Restart(name),
            2 => Both::Pause(name),
            3 => Both::Resume(name),
            4 => Both::Remove(name),
            5 => Both::Add(name),
            _ => Both::AddTo(name, place.into()),
        }
    })
}

proptest! {
    #[test]
    fn a_command_is_read_as_it_is_printed(
        command in prop_oneof![
            both().prop_map(Command::Both),
            kafka_command().prop_map(Command::Kafka),
            rabbitmq_command().prop_map(Command::RabbitMq),
        ]
    ) {
        let text = command.to_string();
        prop_assert_eq!(text.parse(), Ok(command.clone()));
        let spaced = format!("  {} ", text.replace(' ', "\t  "));
        prop_assert_eq!(spaced.parse(), Ok(command));
    }

    #[test]
    fn no_text_is_too_strange_to_read(text in "\\PC{0,40}") {
        if let Ok(command) = text.parse::<Command>() {
            prop_assert_eq!(command.to_string().parse(), Ok(command));
        }
    }
}

#[test]
fn what_only_one_system_knows_may_carry_its_name() {
    for (long, short) in [
        ("kafka commit c1", "commit c1"),
        ("kafka crash broker 1", "crash broker 1"),
        ("rabbitmq close channel of c1", "close channel of c1"),
    ] {
        let command: Command = long.parse().unwrap();
        assert_eq!(command.to_string(), short);
    }
}

#[test]
fn a_wrong_text_says_what_would_be_right() {
    let refusals: Vec<_> = [
        "",
        "crsh c1",
        "kafka explode c1",
        "kafka",
        "crash",
        "crash broker one",
        "add c4 billing",
        "close c1",
        "kafka add c4",
        "kafka close channel of c1",
        "reset billing",
        "kafka set c1 fetch.min.bytes",
        "kafka sek c1 orders-0 to 3",
        "rabbitmq commit c1",
        "rabbitmq set c1 prefetch_count",
        "rabbitmq move dead tasks",
        "purge tasks",
        "prge tasks",
    ]
    .iter()
    .map(|text| text.parse::<Command>().unwrap_err().to_string())
    .collect();
    expect![[r#"
        there is no command here: write one, as 'crash c1'
        'crsh' begins no command; the nearest word is 'crash'
        'explode' begins no command; the nearest word is 'close'
        'kafka' is not a command: write 'kafka crash c1': the system, then what is asked of it
        'crash' is not a command: write 'crash c1', or 'crash broker 1'
        'crash broker one' is not a command: write the broker's number last, as in 'crash broker 1'
        'add c4 billing' is not a command: write 'add c4', or 'add c4 to billing'
        'close c1' is not a command: write 'close channel of c1'; it is for RabbitMQ only
        'kafka add c4' cannot be asked of Kafka: name the group, as in 'kafka add c4 to billing'
        'kafka close channel of c1' cannot be asked of Kafka: only RabbitMQ has channels
        'reset billing' is not a command: write 'reset billing to earliest', or 'to 7 of orders-0'
        'kafka set c1 fetch.min.bytes' is not a command: write 'kafka set c1 max.poll.records=1'
        'sek' begins no command; the nearest word is 'set'
        'rabbitmq commit c1' cannot be asked of RabbitMQ: only Kafka commits offsets and has brokers
        'rabbitmq set c1 prefetch_count' is not a command: write 'rabbitmq set c1 prefetch_count=1'
        'rabbitmq move dead tasks' is not a command: write 'rabbitmq move orders.dlq to orders'
        'purge tasks' is not a command: write 'rabbitmq purge orders'
        'prge' begins no command; the nearest word is 'purge'
    "#]]
    .assert_eq(&(refusals.join("\n") + "\n"));
}

/// Asks one thing after another of a cast with `c1` in both systems, `k2` in Kafka, `r2` in
/// RabbitMQ, the groups `billing` and `audit`, the queues `tasks` and `billing`.
fn check(commands: &[&str], expected: Expect) {
    let mut cast = Cast {
        brokers: 1,
        groups: vec!["billing".into(), "audit".into()],
        queues: vec!["tasks".into(), "billing".into()],
        producers: ["shop"].map(ProducerName::from).into_iter().collect(),
        topics: ["orders", "parcels"].map(TopicName::from).into_iter().collect(),
        publishers: vec!["shop".into()],
        nodes: 3,
        all_queues: vec!["tasks".into(), "billing".into(), "dead".into()],
        in_kafka: ["c1", "k2"].map(ConsumerName::from).into_iter().collect(),
        in_rabbitmq: ["c1", "r2"].map(ConsumerName::from).into_iter().collect(),
    };
    let mut lines = String::new();
    for text in commands {
        lines += text;
        lines += "\n";
        match cast.resolve(&text.parse().unwrap()) {
            Ok((kafka, rabbitmq)) => {
                let kafka = kafka.iter().map(|it| format!("    kafka: {it}\n"));
                let rabbitmq = rabbitmq.iter().map(|it| format!("    rabbitmq: {it}\n"));
                lines.extend(kafka.chain(rabbitmq));
            }
            Err(unfit) => lines += &format!("    {unfit}\n"),
        }
    }
    expected.assert_eq(&lines);
}

#[test]
fn a_command_for_both_hits_the_twins_there_are() {
    check(
        &["crash c1", "pause k2", "remove r2", "crash c2", "rabbitmq crash k2", "kafka crash k2"],
        expect![[r#"
            crash c1
                kafka: crash c1
                rabbitmq: crash c1
            pause k2
                kafka: pause k2
            remove r2
                rabbitmq: remove r2
            crash c2
                there is no consumer 'c2'; the nearest is 'c1'
            rabbitmq crash k2
                there is no consumer of RabbitMQ 'k2'; the nearest is 'r2'
            kafka crash k2
                kafka: crash k2
        "#]],
    );
}

#[test]
fn a_consumer_is_added_where_there_is_a_place_for_it() {
    check(
        &[
            "add c4",
            "add c4",
            "crash c4",
            "add c5 to billing",
            "add c6 to audit",
            "add c6 to tasks",
            "kafka add c6 to audit",
            "add c6",
            "add c7 to bilding",
            "kafka add c7 to tasks",
            "rabbitmq add c7 to dead",
        ],
        expect![[r#"
            add c4
                kafka: add c4 to billing
                rabbitmq: add c4 to tasks
            add c4
                there is a consumer 'c4' already: restart it, or choose another name
            crash c4
                kafka: crash c4
                rabbitmq: crash c4
            add c5 to billing
                kafka: add c5 to billing
                rabbitmq: add c5 to billing
            add c6 to audit
                'audit' is a group and no queue: write 'kafka add c6 to audit'
            add c6 to tasks
                'tasks' is a queue and no group: write 'rabbitmq add c6 to tasks'
            kafka add c6 to audit
                kafka: add c6 to audit
            add c6
                rabbitmq: add c6 to tasks
            add c7 to bilding
                there is no group or queue 'bilding'; the nearest is 'billing'
            kafka add c7 to tasks
                there is no group 'tasks'; the nearest is 'audit'
            rabbitmq add c7 to dead
                rabbitmq: add c7 to dead
        "#]],
    );
}

#[test]
fn what_only_kafka_has_is_found_or_missed_by_name() {
    check(
        &[
            "kafka reset billing to earliest",
            "reset biling to 7 of orders-0",
            "reset billing to latest of order-0",
            "seek k2 orders-1 to 3",
            "seek r2 orders-1 to 3",
            "grow parcels to 6",
            "delete-records orders-0 before 5",
            "kafka set shop acks=0",
            "set audit max.poll.records=1",
            "set ordres retention.ms=1000",
            "lose answer shop",
            "send 7 from shp to orders",
            "kafka crash producer shop",
        ],
        expect![[r#"
            kafka reset billing to earliest
                kafka: reset billing to earliest
            reset biling to 7 of orders-0
                there is no group 'biling'; the nearest is 'billing'
            reset billing to latest of order-0
                there is no topic 'order'; the nearest is 'orders'
            seek k2 orders-1 to 3
                kafka: seek k2 orders-1 to 3
            seek r2 orders-1 to 3
                there is no consumer of Kafka 'r2'; the nearest is 'k2'
            grow parcels to 6
                kafka: grow parcels to 6
            delete-records orders-0 before 5
                kafka: delete-records orders-0 before 5
            kafka set shop acks=0
                kafka: set shop acks=0
            set audit max.poll.records=1
                kafka: set audit max.poll.records=1
            set ordres retention.ms=1000
                there is no client, group or topic of Kafka 'ordres'; the nearest is 'orders'
            lose answer shop
                kafka: lose answer shop
            send 7 from shp to orders
                there is no producer 'shp'; the nearest is 'shop'
            kafka crash producer shop
                kafka: crash producer shop
        "#]],
    );
}

#[test]
fn brokers_are_numbered_from_1() {
    check(
        &["crash broker 1", "restart broker 2", "crash broker 0"],
        expect![[r#"
            crash broker 1
                kafka: crash broker 1
            restart broker 2
                there is no broker 2: they are numbered 1 to 1
            crash broker 0
                there is no broker 0: they are numbered 1 to 1
        "#]],
    );
}

#[test]
fn what_only_rabbitmq_has_is_found_or_missed_by_name() {
    check(
        &[
            "rabbitmq purge dead",
            "rabbitmq purge bead",
            "rabbitmq delete tusks",
            "rabbitmq move dead to tasks",
            "rabbitmq move dead to task",
            "rabbitmq set r2 prefetch_count=1",
            "rabbitmq set shop mandatory=true",
            "rabbitmq set shopp mandatory=true",
            "rabbitmq lose confirm shop",
            "rabbitmq lose confirm stop",
            "rabbitmq restart broker",
            "stop node 4",
        ],
        expect![[r#"
            rabbitmq purge dead
                rabbitmq: purge dead
            rabbitmq purge bead
                there is no queue 'bead'; the nearest is 'dead'
            rabbitmq delete tusks
                there is no queue 'tusks'; the nearest is 'tasks'
            rabbitmq move dead to tasks
                rabbitmq: move dead to tasks
            rabbitmq move dead to task
                there is no queue 'task'; the nearest is 'tasks'
            rabbitmq set r2 prefetch_count=1
                rabbitmq: set r2 prefetch_count=1
            rabbitmq set shop mandatory=true
                rabbitmq: set shop mandatory=true
            rabbitmq set shopp mandatory=true
                there is no consumer or publisher 'shopp'; the nearest is 'shop'
            rabbitmq lose confirm shop
                rabbitmq: lose confirm shop
            rabbitmq lose confirm stop
                there is no publisher 'stop'; the nearest is 'shop'
            rabbitmq restart broker
                rabbitmq: restart broker
            stop node 4
                there is no node 4: they are numbered 1 to 3
        "#]],
    );
}
