//! What random histories seldom or never reach: told in facts, line by line.

use super::*;
use crate::ledger::Fate;
use brokerscope_core::kafka::Fact;
use brokerscope_core::kafka::config::{
    Application, Consumer, ConsumerSettings, ProducerSettings, Topic, TopicSettings,
};
use brokerscope_core::kafka::fact::{CommitReason, PositionReason, Retention, SessionTimeout};
use brokerscope_core::workload::{Keys, Message, Stream, StreamId};

/// A topic with one partition, read by `c1` and `c2` of one group; six messages are sent,
/// appended and acknowledged, and `c1` reads from the beginning.
fn ledger() -> KafkaLedger {
    let message = |_| Message {
        at: SimTime::START,
        key: None,
        size_bytes: 1,
        work_us: 1,
        stream: StreamId(0),
        poison: false,
        tombstone: false,
        headers_bytes: 0,
    };
    let workload = Workload {
        messages: (0..6).map(message).collect(),
        keys: Keys::default().into(),
        streams: [Stream { name: "orders".into(), producer: "p1".into() }].into(),
    };
    let consumer = |name: &str| Consumer {
        name: name.into(),
        group: Some("billing".into()),
        topics: vec!["orders".into()],
        settings: ConsumerSettings::default(),
        application: Application::default(),
        starts_after: SimDuration::ZERO,
        produces: None,
        passes_on: None,
        idempotent: false,
    };
    let config = Config {
        brokers: 1,
        broker_settings: Default::default(),
        topics: vec![Topic {
            name: "orders".into(),
            partitions: 1,
            replication_factor: None,
            settings: TopicSettings::default(),
        }],
        producers: vec![Producer {
            name: "p1".into(),
            settings: ProducerSettings::default(),
            transactions: None,
        }],
        destinations: vec!["orders".into()],
        consumers: ["c1", "c2"].map(consumer).into(),
        links: Default::default(),
    };
    let mut ledger = KafkaLedger::new(&config, &workload);
    for number in 1..=6 {
        let (message, offset) = (MessageId(number), Offset(i64::from(number) - 1));
        tell(&mut ledger, Fact::Sent { producer: "p1".into(), message, to: orders(), attempt: 1 });
        tell(&mut ledger, Fact::Appended { message, to: orders(), offset });
        let offset = Some(offset);
        let (producer, to) = ("p1".into(), orders());
        tell(&mut ledger, Fact::Acknowledged { producer, message, to, offset });
    }
    for fact in [joining("c1"), reads("c1"), positioned("c1", 0)] {
        tell(&mut ledger, fact);
    }
    ledger
}

fn tell(ledger: &mut KafkaLedger, fact: Fact) {
    use brokerscope_core::sim::Watcher;
    ledger.watch(SimTime(1), &fact);
}

fn orders() -> TopicPartition {
    TopicPartition::new("orders", 0)
}

fn group() -> GroupId {
    "billing".into()
}

fn joining(name: &str) -> Fact {
    Fact::Joining { group: group(), consumer: name.into() }
}

fn reads(name: &str) -> Fact {
    Fact::Reads { group: group(), consumer: name.into(), partitions: vec![orders()] }
}

fn positioned(name: &str, offset: i64) -> Fact {
    Fact::Positioned {
        group: group(),
        consumer: name.into(),
        partition: orders(),
        offset: Offset(offset),
        why: PositionReason::Committed,
    }
}

fn fetched(name: &str, from: i64, to: i64) -> Fact {
    Fact::Fetched {
        consumer: name.into(),
        partition: orders(),
        from: Offset(from),
        to: Offset(to),
        records: u32::try_from(to - from).unwrap(),
    }
}

fn polled(name: &str, from: i64, to: i64) -> Fact {
    Fact::Polled {
        group: group(),
        consumer: name.into(),
        partition: orders(),
        from: Offset(from),
        to: Offset(to),
        records: u32::try_from(to - from).unwrap(),
    }
}

fn processed(name: &str, offset: i64) -> Fact {
    Fact::Processed {
        group: group(),
        consumer: name.into(),
        message: MessageId(u32::try_from(offset + 1).unwrap()),
        partition: orders(),
        offset: Offset(offset),
    }
}

fn committed(name: &str, offset: i64) -> Fact {
    Fact::Committed {
        group: group(),
        consumer: name.into(),
        partition: orders(),
        offset: Offset(offset),
        how: CommitReason::Application,
    }
}

fn crashed(name: &str) -> Fact {
    Fact::Crashed { group: group(), consumer: name.into() }
}

/// One letter per message, after each fact: `p`rocessed, `w`aiting, passed `o`ver, `r`emoved;
/// capital when it is settled.
fn check(facts: impl IntoIterator<Item = Fact>, expected: &[&str]) {
    let mut ledger = ledger();
    let mut told = Vec::new();
    for fact in facts {
        let text = fact.to_string();
        tell(&mut ledger, fact);
        let entries = (1..=6).map(|it| ledger.entry(&group(), MessageId(it)).unwrap());
        let letters: String = entries
            .map(|it| {
                let letter = match it.fate {
                    Fate::Processed => 'p',
                    Fate::Waiting => 'w',
                    Fate::PassedOver => 'o',
                    Fate::RemovedUnread => 'r',
                    Fate::OnTheWay
                    | Fate::DeadLettered
                    | Fate::Lost
                    | Fate::Vanished
                    | Fate::Aborted => '?',
                };
                if it.settled { letter.to_ascii_uppercase() } else { letter }
            })
            .collect();
        told.push(format!("{letters} {text}"));
    }
    let letters: Vec<&str> = told.iter().map(|it| &it[..6]).collect();
    assert_eq!(letters, expected, "{told:#?}");
}

#[test]
fn what_a_crashed_consumer_held_is_read_again_from_the_committed_offset() {
    check(
        [
            fetched("c1", 0, 5),
            polled("c1", 0, 3),
            processed("c1", 0),
            committed("c1", 1),
            crashed("c1"),
        ],
        &["wwwwww", "wwwwww", "pwwwww", "Pwwwww", "Pwwwww"],
    );
}

#[test]
fn what_was_committed_before_the_work_is_passed_over_after_a_crash() {
    check(
        [
            fetched("c1", 0, 5),
            polled("c1", 0, 3),
            committed("c1", 3),
            processed("c1", 0),
            crashed("c1"),
        ],
        &["wwwwww", "wwwwww", "wwwwww", "Pwwwww", "POOwww"],
    );
}

#[test]
fn a_commit_that_arrives_after_the_crash_moves_the_position() {
    check([polled("c1", 0, 3), crashed("c1"), committed("c1", 2)], &["ooowww", "wwwwww", "OOwwww"]);
}

#[test]
fn a_seek_back_makes_what_was_passed_over_obtainable_again() {
    check(
        [
            positioned("c1", 4),
            committed("c1", 4),
            positioned("c1", 1),
            fetched("c1", 1, 4),
            positioned("c1", 6),
            committed("c1", 2),
        ],
        &["ooooww", "OOOOww", "Owwwww", "Owwwww", "OOOOoo", "OOoooo"],
    );
}

#[test]
fn what_retention_took_is_removed_unless_somebody_has_it_in_hand() {
    let retained = Fact::Retained {
        partition: orders(),
        from: Offset(0),
        start: Offset(4),
        records: 4,
        why: Retention::Time(1),
    };
    check(
        [
            fetched("c1", 0, 2),
            polled("c1", 0, 1),
            retained,
            processed("c1", 0),
            Fact::Revoked { group: group(), consumer: "c1".into(), partitions: vec![orders()] },
        ],
        &["wwwwww", "wwwwww", "wwRRww", "PwRRww", "PRRRww"],
    );
}

#[test]
fn a_commit_beyond_the_end_covers_what_is_appended_later() {
    let mut ledger = ledger();
    for fact in [polled("c1", 0, 6), committed("c1", 9), crashed("c1")] {
        tell(&mut ledger, fact);
    }
    let again = Fact::Appended { message: MessageId(1), to: orders(), offset: Offset(6) };
    tell(&mut ledger, again);
    let entry = ledger.entry(&group(), MessageId(1)).unwrap();
    assert_eq!((entry.fate, entry.in_broker, entry.settled), (Fate::PassedOver, 2, true));
}

#[test]
fn a_thrown_out_consumer_keeps_what_it_works_on_and_may_finish_it_beside_its_heir() {
    check(
        [
            fetched("c1", 0, 2),
            polled("c1", 0, 2),
            Fact::Expired {
                group: group(),
                consumer: "c1".into(),
                session: SessionTimeout::OfMember(1),
            },
            joining("c2"),
            reads("c2"),
            positioned("c2", 0),
            fetched("c2", 0, 2),
            polled("c2", 0, 2),
            processed("c2", 0),
            committed("c2", 2),
            crashed("c2"),
            crashed("c1"),
        ],
        &[
            "wwwwww", "wwwwww", "wwwwww", "wwwwww", "wwwwww", "wwwwww", "wwwwww", "wwwwww",
            "pwwwww", "Pwwwww", "Pwwwww", "POwwww",
        ],
    );
}
