//! Random histories: whatever is done to a broker, certain sentences stay true.

use super::*;
use crate::rabbitmq::config::Version;
use crate::sim::{Rng, TraceHash};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// Sees to it that facts never contradict each other, and folds them into a hash.
#[derive(Clone, Debug, Default)]
struct Witness {
    hash: TraceHash,
    /// The last delivery tag per consumer, until its channel closes.
    tags: BTreeMap<ConsumerName, u64>,
    /// The last message of each queue that was delivered for the first time.
    newest: BTreeMap<QueueName, usize>,
    /// Where each message stands in the order in which it came to each queue.
    arrivals: BTreeMap<QueueName, Vec<u32>>,
    seen: BTreeMap<&'static str, u32>,
}

impl Witness {
    fn count(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }
}

impl Watcher<Broker> for Witness {
    #[allow(clippy::wildcard_enum_match_arm, reason = "a witness hears what it asked for")]
    fn watch(&mut self, at: SimTime, fact: &Fact) {
        at.hash(&mut self.hash);
        fact.hash(&mut self.hash);
        match fact {
            Fact::Enqueued { queue, message } => {
                self.arrivals.entry(queue.clone()).or_default().push(message.0);
            }
            Fact::Delivered { queue, consumer, message, delivery_tag, redelivered, .. } => {
                let last = self.tags.insert(consumer.clone(), *delivery_tag).unwrap_or(0);
                assert_eq!(*delivery_tag, last + 1, "delivery tags grow by one: {fact}");
                if !redelivered {
                    let from = self.newest.get(queue).map_or(0, |it| it + 1);
                    let later = &self.arrivals[queue][from..];
                    let place = later.iter().position(|it| *it == message.0);
                    let place = place.expect("first deliveries keep the order of arrival");
                    self.newest.insert(queue.clone(), from + place);
                }
            }
            Fact::ChannelClosed { consumer, .. } => {
                self.tags.remove(consumer);
                self.count("channel closed");
            }
            Fact::Requeued { .. } => self.count("requeued"),
            Fact::DeadLettered { .. } => self.count("dead-lettered"),
            Fact::Dropped { .. } => self.count("dropped"),
            Fact::LostWith { .. } => self.count("lost"),
            Fact::Processed { .. } => self.count("processed"),
            Fact::Refused { .. } => self.count("refused"),
            Fact::PublishRefused { .. } => self.count("publish refused"),
            Fact::Forwarded { .. } => self.count("forwarded"),
            Fact::Skipped { .. } => self.count("skipped"),
            Fact::Purged { .. } => self.count("purged"),
            Fact::QueueDeleted { .. } => self.count("deleted"),
            Fact::PublishedAgain { .. } => self.count("published again"),
            Fact::Reset { .. } => self.count("set anew"),
            Fact::Moving { .. } => self.count("moving"),
            Fact::BrokerRestarted => self.count("restarted"),
            _ => {}
        }
    }
}

/// Two queues with two consumers each, dead letters with a retry loop, limits, expiry, and faults
/// drawn from `seed`.
fn random_script(rng: &mut Rng) -> Script {
    let mut pick =
        |of: &[&str]| of[usize::try_from(rng.below(of.len() as u64)).unwrap()].to_owned();
    let mut text = String::new();
    for queue in ["a", "b"] {
        let limits = pick(&[
            "",
            "",
            "x-max-length=3",
            "x-message-ttl=9",
            "x-max-length=0",
            "x-max-length-bytes=250",
        ]);
        let dead = pick(&["", "x-dead-letter-exchange=news", "x-dead-letter-exchange=nosuch"]);
        let kind = pick(&[
            "",
            "",
            "x-overflow=reject-publish",
            "x-max-priority=3",
            "x-queue-type=quorum",
            "x-queue-type=quorum x-delivery-limit=1",
            "x-queue-type=quorum x-delivery-limit=-1",
            "x-queue-type=quorum x-overflow=reject-publish x-dead-letter-strategy=at-least-once",
        ]);
        let single = pick(&["", "", "", "x-single-active-consumer=true"]);
        writeln!(text, "queue {queue} {limits} {dead} {kind} {single}").unwrap();
        for number in 1..=2 {
            let prefetch = pick(&["0", "1", "2", "5"]);
            let auto = pick(&["false", "false", "true"]);
            let failure = pick(&["requeue", "reject", "ack"]);
            let acks = pick(&["after-work", "after-batch", "before-work"]);
            let after = pick(&["0ms", "0ms", "7ms"]);
            let habit = random_habit(&mut pick, &acks);
            writeln!(
                text,
                "consumer {queue}{number} {queue} prefetch_count={prefetch} auto_ack={auto} \
                 on-failure={failure} acks={acks} after={after} {habit}"
            )
            .unwrap();
        }
    }
    text += "queue parked\n";
    text += "queue wait x-message-ttl=5 x-dead-letter-exchange= x-dead-letter-routing-key=a\n";
    writeln!(
        text,
        "publisher {}",
        pick(&["", "confirm.select=false", "confirm.select=false tx.select=true tx.commit=2"])
    )
    .unwrap();
    text += "exchange news fanout\nbind news a\nbind news b\n";
    for at in 0..20 {
        let to = pick(&["news/", "/a", "/b", "/nobody"]);
        let (work, poison) = (pick(&["1ms", "3ms", "0ms"]), pick(&["", "", "", "poison"]));
        writeln!(text, "{}ms send {} to {to} {work} {poison}", at * 2, pick(&["1", "2"])).unwrap();
    }
    for at in 0..15 {
        writeln!(text, "{}ms {}", at * 3, random_command(&mut pick)).unwrap();
    }
    let mut script = Script::read(&text);
    draw_nodes(rng, &mut script);
    script
}

/// What an application does beyond its work.
fn random_habit(pick: &mut impl FnMut(&[&str]) -> String, acks: &str) -> String {
    match acks {
        "after-batch" => pick(&["", "idempotent=true"]),
        _ => pick(&[
            "",
            "",
            "idempotent=true",
            "limit=2/parked",
            "publishes=/parked",
            "publishes=/nobody",
            "on-failure=publish retry=wait limit=3/parked",
        ]),
    }
}

/// What somebody does.
fn random_command(pick: &mut impl FnMut(&[&str]) -> String) -> String {
    let name = pick(&["a1", "a2", "b1", "b2", "extra"]);
    match &*pick(&[
        "crash", "restart", "pause", "resume", "remove", "add", "x", "crash", "restart", "pause",
        "resume", "remove", "add", "x", "set", "move", "lose", "purge", "delete",
    ]) {
        "set" => format!("set {name} prefetch_count=0"),
        "move" => pick(&["move parked to a", "move a to b"]),
        "lose" => "lose confirm p".to_owned(),
        "purge" => pick(&["purge a", "purge parked"]),
        // Most of the queues are to stay.
        "delete" => pick(&["delete parked", "purge b", "purge b", "delete b"]),
        "add" => format!("add {name} to {}", pick(&["a", "b"])),
        "x" => format!("close channel of {name}"),
        verb => format!("{verb} {name}"),
    }
}

/// The broker's version, its nodes, and when they stop and start.
fn draw_nodes(rng: &mut Rng, script: &mut Script) {
    let versions = [Version::V3_10, Version::V4_0];
    script.config.broker.version = versions[usize::try_from(rng.below(2)).unwrap()];
    if rng.below(3) == 0 {
        script.config.broker.nodes = 3;
        for (at, node) in [(7, 2), (16, 1), (25, 3)] {
            let at = SimTime::from_ms(at);
            let node = u32::try_from(rng.below(node)).unwrap() + 1;
            script.commands.push((at, Command::StopNode(node)));
            let later = at + SimDuration::millis(rng.below(9));
            script.commands.push((later, Command::StartNode(node)));
        }
        script.commands.sort_by_key(|(at, _)| *at);
    }
    if rng.below(4) == 0 {
        let at = usize::try_from(rng.below(script.commands.len() as u64)).unwrap();
        let (time, _) = script.commands[at];
        script.commands.insert(at, (time, Command::RestartBroker));
    }
}

/// Where two queues dead-letter to each other, what is rejected doubles: enough is enough.
const MOST_STEPS: u32 = 3_000;

fn run(seed: u64) -> Witness {
    let mut rng = Rng::from_seed(seed);
    let mut script = random_script(&mut rng);
    script.config.links.jitter = SimDuration::micros(rng.below(2) * 900);
    script.config.links.loss_per_million = u32::try_from(rng.below(2)).unwrap() * 20_000;
    let mut witness = Witness::default();
    let commands = std::mem::take(&mut script.commands);
    let mut world = World::new(script.broker(), seed, &mut witness);
    let mut steps = 0;
    for (at, command) in commands {
        while steps < MOST_STEPS && world.step(&mut witness, at) {
            every_message_is_somewhere_once(&world);
            steps += 1;
        }
        if steps < MOST_STEPS {
            world.rest_until(at);
            world.command(&mut witness, command);
            every_message_is_somewhere_once(&world);
        }
    }
    while steps < MOST_STEPS && world.step(&mut witness, SimTime::from_ms(200)) {
        steps += 1;
    }
    every_message_is_somewhere_once(&world);
    witness
}

#[test]
fn any_history_keeps_the_invariants() {
    let mut seen = BTreeMap::new();
    for seed in 0..10_000 {
        for (what, count) in run(seed).seen {
            *seen.entry(what).or_insert(0) += count;
        }
    }
    let rare: Vec<_> = seen.iter().filter(|(_, count)| **count < 500).collect();
    assert!(seen.len() == 16 && rare.is_empty(), "histories are various: {seen:?}");
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..20 {
        assert_eq!(run(seed).hash.finish(), run(seed).hash.finish(), "seed {seed}");
    }
    assert_ne!(run(1).hash.finish(), run(2).hash.finish(), "seeds matter");
}
