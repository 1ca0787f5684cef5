//! Consumers that are driven by hand, call by call: scripts in, returns and callbacks out.

mod histories;
mod refused;
mod spans;

use crate::kafka::call::{Call, Callback, OffsetAndMetadata, Return, RowContent};
use crate::kafka::testing::{Scribe, Setup, broken};
use crate::kafka::{Cluster, Command, TopicPartition};
use crate::name::ConsumerName;
use crate::sim::{SimDuration, World};
use crate::workload::MessageId;
use expect_test::{Expect, expect};
use std::fmt::Write;

/// One broker that makes no one wait, one topic, and consumers as the recorded cases have them.
const ONE: &str = "
    brokers 1 group.initial.rebalance.delay.ms=0
    link latency=1ms
    topic t 1
    topic u 2
    producer p1 linger.ms=0
    consumers by=hand auto.offset.reset=earliest enable.auto.commit=false \
        session.timeout.ms=6000 heartbeat.interval.ms=300 default.api.timeout.ms=10000
";

fn list(partitions: &[TopicPartition]) -> String {
    let texts: Vec<String> = partitions.iter().map(ToString::to_string).collect();
    if texts.is_empty() { "nothing".to_owned() } else { texts.join(" ") }
}

fn committed(it: Option<&OffsetAndMetadata>) -> String {
    match it {
        Some(it) if it.metadata.is_empty() => it.offset.to_string(),
        Some(it) => format!("{} {}", it.offset, it.metadata),
        None => "none".to_owned(),
    }
}

fn returned(it: &Return) -> String {
    match it {
        Return::Done => "done".to_owned(),
        Return::Polled(rows) if rows.is_empty() => "no records".to_owned(),
        Return::Polled(rows) => {
            let text = |content: &RowContent| match content {
                RowContent::Message(MessageId(id)) => format!("message {id}"),
                RowContent::Raw { key, value } => {
                    let size = value.as_ref().map(|it| it.len());
                    format!("key of {} bytes, value of {size:?}", key.len())
                }
            };
            let rows = rows.iter();
            let rows =
                rows.map(|it| format!("{}@{} {}", it.partition, it.offset, text(&it.content)));
            rows.collect::<Vec<_>>().join(", ")
        }
        Return::Position(offset) => offset.to_string(),
        Return::Committed(found) => {
            let found = found.iter().map(|(it, at)| format!("{it}: {}", committed(at.as_ref())));
            found.collect::<Vec<_>>().join(", ")
        }
        Return::Lag(lag) => format!("{lag:?}"),
        Return::Raised(exception) => (*exception).to_owned(),
    }
}

fn called(it: &Callback) -> String {
    match it {
        Callback::Assigned(it) => format!("assigned {}", list(it)),
        Callback::Revoked(it) => format!("revoked {}", list(it)),
        Callback::Lost(it) => format!("lost {}", list(it)),
        Callback::Committed(None) => "committed".to_owned(),
        Callback::Committed(Some(exception)) => format!("not committed, {exception}"),
    }
}

/// A cluster and what a script tells of it.
struct Play {
    world: World<Cluster>,
    scribe: Scribe,
    told: String,
}

impl Play {
    fn new(setup: &str) -> Self {
        let mut scribe = Scribe::default();
        let mut world = Setup::read(&format!("{ONE}{setup}")).world(7, &mut scribe);
        world.run_until(&mut scribe, crate::sim::SimTime::from_ms(1));
        Self { world, scribe, told: String::new() }
    }

    fn wait(&mut self, span: SimDuration) {
        let until = self.world.now() + span;
        self.world.run_until(&mut self.scribe, until);
    }

    fn command(&mut self, command: Command) {
        self.world.command(&mut self.scribe, command);
    }

    /// One call, from its beginning until it returns; and what was called back meanwhile.
    fn call_raw(&mut self, name: &str, call: Call) -> (Return, Vec<Callback>) {
        let consumer = ConsumerName::from(name);
        let seen = self.world.system().by_hand(&consumer).unwrap().called_back();
        self.command(Command::Call(consumer.clone(), call));
        while self.world.system().by_hand(&consumer).unwrap().in_call().is_some() {
            self.wait(SimDuration::micros(500));
        }
        let view = self.world.system().by_hand(&consumer).unwrap();
        (view.last_return().unwrap().clone(), view.callbacks(seen).cloned().collect())
    }

    fn call(&mut self, name: &str, call: &str) -> String {
        let words: Vec<&str> = call.split_whitespace().collect();
        let (what, callbacks) = self.call_raw(name, Call::read(&words).unwrap());
        let mut text = returned(&what);
        for back in &callbacks {
            write!(text, "; {}", called(back)).unwrap();
        }
        text
    }

    /// All of them poll in turn, taking nothing, for so many rounds.
    fn settle(&mut self, names: &[&str], rounds: u32) -> String {
        let mut heard = String::new();
        for _ in 0..rounds {
            for name in names {
                let text = self.call(name, "poll-nothing 50ms");
                if text != "no records" {
                    write!(heard, "\n  {name}: {}", text.trim_start_matches("no records; "))
                        .unwrap();
                }
            }
        }
        heard
    }

    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let told = match words[..] {
            ["wait", span] => {
                self.wait(span.parse().unwrap());
                String::new()
            }
            ["settle", rounds, ref names @ ..] => self.settle(names, rounds.parse().unwrap()),
            ["do", ref command @ ..] => {
                self.command(command.join(" ").parse().unwrap());
                String::new()
            }
            [name, ref call @ ..] => format!(" {}", self.call(name, &call.join(" "))),
            [] => return,
        };
        let colon = if told.is_empty() { "" } else { ":" };
        let text = format!("{}{colon}{told}", words.join(" "));
        let lines: Vec<String> = text.lines().map(broken).collect();
        writeln!(self.told, "{}", lines.join("\n")).unwrap();
    }
}

/// Runs `script` with `setup` added to the usual one.
fn check(setup: &str, script: &str, expect: Expect) {
    let mut play = Play::new(setup);
    script.lines().for_each(|line| play.line(line));
    expect.assert_eq(&play.told);
}

const FOUR: &str = "send 4 every 1ms from 0s to t\n";

#[test]
fn a_position_is_moved_looked_up_and_told() {
    check(
        &format!("consumer c1 g -\n{FOUR}"),
        "
        c1 subscribe t
        settle 10 c1
        c1 position t-0
        c1 poll 1500ms
        c1 seek t-0 1
        c1 poll 1500ms
        c1 seek-to-beginning
        c1 position t-0
        c1 seek-to-end t-0
        c1 position t-0
        c1 poll 1500ms
        c1 committed t-0
        c1 lag t-0
        c1 seek t-0 10
        c1 position t-0
        c1 poll 1500ms
        c1 lag t-0
        ",
        expect![[r#"
            c1 subscribe t: done
            settle 10 c1:
            c1: assigned t-0
            c1 position t-0: 0
            c1 poll 1500ms: t-0@0 message 1, t-0@1 message 2, t-0@2 message 3, t-0@3
                        message 4
            c1 seek t-0 1: done
            c1 poll 1500ms: t-0@1 message 2, t-0@2 message 3, t-0@3 message 4
            c1 seek-to-beginning: done
            c1 position t-0: 0
            c1 seek-to-end t-0: done
            c1 position t-0: 4
            c1 poll 1500ms: no records
            c1 committed t-0: t-0: none
            c1 lag t-0: Some(0)
            c1 seek t-0 10: done
            c1 position t-0: 10
            c1 poll 1500ms: t-0@0 message 1, t-0@1 message 2, t-0@2 message 3, t-0@3
                        message 4
            c1 lag t-0: Some(0)
        "#]],
    );
}

#[test]
fn what_cannot_be_asked_of_a_client_is_an_exception() {
    check(
        &format!("consumer c1 g -\nconsumer c2 - -\n{FOUR}"),
        "
        c1 poll 1s
        c2 subscribe t
        c2 committed t-0
        c2 commit-sync
        c2 commit-async of t-0=1
        c2 assign u-0
        c2 seek t-0 1
        c2 seek u-0 -1
        c2 position t-0
        c2 lag t-0
        c2 pause u-0 t-0
        c2 resume t-0
        c2 seek-to-end t-0
        c2 lag u-0
        c1 subscribe t
        c1 assign t-0
        c1 commit-sync of t-0=-1
        c1 commit-sync
        c1 commit-sync of t-0=1
        c1 commit-async of t-0=1
        c1 unsubscribe
        c1 assign t-0
        c1 subscribe t
        c1 close
        c2 close
        ",
        expect![[r#"
            c1 poll 1s: IllegalStateException
            c2 subscribe t: INVALID_GROUP_ID
            c2 committed t-0: INVALID_GROUP_ID
            c2 commit-sync: INVALID_GROUP_ID
            c2 commit-async of t-0=1: INVALID_GROUP_ID
            c2 assign u-0: done
            c2 seek t-0 1: IllegalStateException
            c2 seek u-0 -1: IllegalArgumentException
            c2 position t-0: IllegalStateException
            c2 lag t-0: IllegalStateException
            c2 pause u-0 t-0: IllegalStateException
            c2 resume t-0: IllegalStateException
            c2 seek-to-end t-0: IllegalStateException
            c2 lag u-0: None
            c1 subscribe t: done
            c1 assign t-0: IllegalStateException
            c1 commit-sync of t-0=-1: IllegalArgumentException
            c1 commit-sync: done
            c1 commit-sync of t-0=1: CommitFailedException
            c1 commit-async of t-0=1: done
            c1 unsubscribe: done
            c1 assign t-0: done
            c1 subscribe t: IllegalStateException
            c1 close: done; committed
            c2 close: done
        "#]],
    );
}

#[test]
fn positions_that_one_leader_is_asked_for_are_known_together() {
    for protocol in ["classic", "consumer"] {
        let mut play = Play::new(&format!(
            "consumer c1 g u group.protocol={protocol}\n\
             send 8 every 1ms from 0s to u keys=k1,k2,k3,k4\n"
        ));
        play.settle(&["c1"], 20);
        for _ in 0..2 {
            assert_eq!(play.call("c1", "seek-to-beginning"), "done");
            let records = play.call("c1", "poll 1500ms");
            assert_eq!(records.matches("message").count(), 8, "{protocol}: {records}");
        }
    }
}

#[test]
fn an_assignment_half_taken_up_ends_with_the_poll_interval() {
    let member = "group.protocol=consumer max.poll.interval.ms=22000";
    // The commit takes longer than the poll that sends it. Nobody takes up anything until the
    // poll interval is over, a second after the coordinator has stopped waiting.
    check(
        &format!(
            "link latency=600ms\nconsumer c1 g u {member} enable.auto.commit=true\n\
             consumer c2 g u {member}\n"
        ),
        "
        settle 150 c1
        settle 125 c2
        c1 poll 1s
        wait 30s
        settle 150 c1
        ",
        expect![[r#"
            settle 150 c1:
            c1: assigned u-0 u-1
            settle 125 c2
            c1 poll 1s: no records
            wait 30s
            settle 150 c1:
            c1: lost u-0 u-1
            c1: assigned u-0 u-1
        "#]],
    );
}

#[test]
fn with_none_there_is_an_exception_until_the_application_seeks() {
    check(
        &format!("consumer c1 g t auto.offset.reset=none\n{FOUR}"),
        "
        settle 6 c1
        c1 position t-0
        c1 poll 1500ms
        c1 seek t-0 2
        c1 poll 1500ms
        c1 seek t-0 9
        settle 2 c1
        c1 poll 1500ms
        c1 poll 1500ms
        c1 seek-to-beginning
        c1 poll 1500ms
        ",
        expect![[r#"
            settle 6 c1:
            c1: NoOffsetForPartitionException; assigned t-0
            c1: NoOffsetForPartitionException
            c1: NoOffsetForPartitionException
            c1: NoOffsetForPartitionException
            c1: NoOffsetForPartitionException
            c1: NoOffsetForPartitionException
            c1 position t-0: NoOffsetForPartitionException
            c1 poll 1500ms: NoOffsetForPartitionException
            c1 seek t-0 2: done
            c1 poll 1500ms: t-0@2 message 3, t-0@3 message 4
            c1 seek t-0 9: done
            settle 2 c1
            c1 poll 1500ms: OffsetOutOfRangeException
            c1 poll 1500ms: OffsetOutOfRangeException
            c1 seek-to-beginning: done
            c1 poll 1500ms: t-0@0 message 1, t-0@1 message 2, t-0@2 message 3, t-0@3
                        message 4
        "#]],
    );
}

#[test]
fn without_a_group_positions_come_from_the_reset_policy_alone() {
    check(
        &format!(
            "consumer c1 - -\nconsumer c2 - - auto.offset.reset=none\n\
             consumer c3 - - auto.offset.reset=latest\n{FOUR}"
        ),
        "
        c1 assign t-0
        c1 poll 1500ms
        c1 position t-0
        c2 assign t-0
        c2 poll 1500ms
        c2 poll 1500ms
        c3 assign t-0
        c3 poll 500ms
        c3 position t-0
        ",
        expect![[r#"
            c1 assign t-0: done
            c1 poll 1500ms: t-0@0 message 1, t-0@1 message 2, t-0@2 message 3, t-0@3
                        message 4
            c1 position t-0: 4
            c2 assign t-0: done
            c2 poll 1500ms: NoOffsetForPartitionException
            c2 poll 1500ms: NoOffsetForPartitionException
            c3 assign t-0: done
            c3 poll 500ms: no records
            c3 position t-0: 4
        "#]],
    );
}

#[test]
fn a_paused_partition_keeps_what_was_fetched_of_it() {
    check(
        &format!("consumer c1 - - max.poll.records=2\n{FOUR}"),
        "
        c1 assign t-0
        c1 poll 1500ms
        c1 pause t-0
        c1 poll 700ms
        c1 resume t-0
        c1 poll 0ms
        c1 poll 700ms
        ",
        expect![[r#"
            c1 assign t-0: done
            c1 poll 1500ms: t-0@0 message 1, t-0@1 message 2
            c1 pause t-0: done
            c1 poll 700ms: no records
            c1 resume t-0: done
            c1 poll 0ms: t-0@2 message 3, t-0@3 message 4
            c1 poll 700ms: no records
        "#]],
    );
}

#[test]
fn commits_carry_texts_and_asynchronous_ones_are_told_of_later() {
    check(
        &format!("consumer c1 g - max.poll.records=1\nconsumer c2 g -\n{FOUR}"),
        "
        c1 subscribe t
        settle 10 c1
        c1 poll 1500ms
        c1 commit-async
        c1 committed t-0 u-0
        c1 poll 1500ms
        c1 commit-async of t-0=3=three
        c1 commit-async of u-1=7=seven
        c1 commit-sync
        c1 committed t-0 u-1
        c1 commit-sync of
        c2 commit-sync of t-0=1
        c1 close
        c2 commit-sync of t-0=1=mine
        c2 committed t-0
        ",
        expect![[r#"
            c1 subscribe t: done
            settle 10 c1:
            c1: assigned t-0
            c1 poll 1500ms: t-0@0 message 1
            c1 commit-async: done
            c1 committed t-0 u-0: t-0: 1, u-0: none
            c1 poll 1500ms: t-0@1 message 2; committed
            c1 commit-async of t-0=3=three: done
            c1 commit-async of u-1=7=seven: done
            c1 commit-sync: done; committed; committed
            c1 committed t-0 u-1: t-0: 2, u-1: 7 seven
            c1 commit-sync of: done
            c2 commit-sync of t-0=1: CommitFailedException
            c1 close: done; revoked t-0
            c2 commit-sync of t-0=1=mine: done
            c2 committed t-0: t-0: 1 mine
        "#]],
    );
}

#[test]
fn who_does_not_poll_loses_what_it_reads_and_its_late_commit_fails() {
    check(
        &format!("consumer c1 g t max.poll.interval.ms=3000\nconsumer c2 g -\n{FOUR}"),
        "
        settle 6 c1
        c1 poll 1500ms
        wait 4s
        c2 subscribe t
        settle 10 c2
        c2 poll 1500ms
        c2 commit-sync
        c1 commit-sync
        c1 commit-async
        settle 20 c1 c2
        c1 close
        settle 20 c2
        c2 unsubscribe
        ",
        expect![[r#"
            settle 6 c1:
            c1: assigned t-0
            c1 poll 1500ms: t-0@0 message 1, t-0@1 message 2, t-0@2 message 3, t-0@3
                        message 4
            wait 4s
            c2 subscribe t: done
            settle 10 c2:
            c2: assigned t-0
            c2 poll 1500ms: t-0@0 message 1, t-0@1 message 2, t-0@2 message 3, t-0@3
                        message 4
            c2 commit-sync: done
            c1 commit-sync: CommitFailedException
            c1 commit-async: done
            settle 20 c1 c2:
            c1: not committed, CommitFailedException; lost t-0
            c2: revoked t-0; assigned nothing
            c1: assigned t-0
            c1 close: done; revoked t-0
            settle 20 c2:
            c2: revoked nothing; assigned t-0
            c2 unsubscribe: done; revoked t-0
        "#]],
    );
}

#[test]
fn an_automatic_commit_waits_for_its_interval_and_for_poll() {
    check(
        &format!(
            "consumer c1 g - enable.auto.commit=true auto.commit.interval.ms=3000 \
             max.poll.records=2\nconsumer c2 g -\n{FOUR}"
        ),
        "
        c1 subscribe t
        settle 10 c1
        c1 poll 1500ms
        c1 committed t-0
        wait 3200ms
        c1 committed t-0
        c1 poll 1500ms
        c1 committed t-0
        c1 unsubscribe
        c2 committed t-0
        c1 assign t-0
        c1 poll 1500ms
        c1 close
        c2 committed t-0
        ",
        expect![[r#"
            c1 subscribe t: done
            settle 10 c1:
            c1: assigned t-0
            c1 poll 1500ms: t-0@0 message 1, t-0@1 message 2
            c1 committed t-0: t-0: none
            wait 3200ms
            c1 committed t-0: t-0: none
            c1 poll 1500ms: t-0@2 message 3, t-0@3 message 4
            c1 committed t-0: t-0: 2
            c1 unsubscribe: done; revoked t-0
            c2 committed t-0: t-0: 2
            c1 assign t-0: done
            c1 poll 1500ms: t-0@2 message 3, t-0@3 message 4
            c1 close: done
            c2 committed t-0: t-0: 4
        "#]],
    );
}
