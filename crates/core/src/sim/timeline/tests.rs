use super::*;
use crate::sim::{Cx, Rng, SimDuration, TraceHash};
use std::fmt;
use std::hash::{Hash, Hasher};

/// A system made to be hard on a timeline: everything leads to more, some of it at once.
#[derive(Clone, Debug, Hash)]
struct Echo {
    heard: u64,
}

/// What was heard, and how often it still echoes.
#[derive(Clone, Debug, PartialEq, Hash)]
struct Sound {
    name: u32,
    echoes: u32,
}

impl fmt::Display for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} echoes {}", self.name, self.echoes)
    }
}

impl System for Echo {
    type Command = Sound;
    type Event = Sound;
    type Fact = Sound;

    fn begin(&mut self, cx: &mut Cx<'_, Self>) {
        cx.note(Sound { name: 0, echoes: 401 });
        cx.after(SimDuration(7), Sound { name: 0, echoes: 400 });
    }

    fn command(&mut self, cx: &mut Cx<'_, Self>, command: Sound) {
        cx.note(command.clone());
        cx.after(SimDuration::ZERO, command);
    }

    fn event(&mut self, cx: &mut Cx<'_, Self>, event: Sound) {
        self.heard = self.heard.wrapping_mul(31).wrapping_add(u64::from(event.name));
        cx.note(event.clone());
        if let Some(echoes) = event.echoes.checked_sub(1) {
            let span = SimDuration(cx.seeds.network.below(4));
            cx.after(span, Sound { name: event.name, echoes });
        }
    }
}

/// Counts and hashes what it was told.
#[derive(Clone, Debug, Default)]
struct Tally {
    told: u64,
    hash: TraceHash,
}

impl Watcher<Echo> for Tally {
    fn watch(&mut self, at: SimTime, fact: &Sound) {
        self.told += 1;
        (at, fact).hash(&mut self.hash);
    }
}

fn steps() -> Vec<(SimTime, Sound)> {
    [(40, 1), (40, 2), (300, 3)]
        .map(|(at, name)| (SimTime(at), Sound { name, echoes: 20 }))
        .to_vec()
}

fn timeline() -> Timeline<Echo, Tally> {
    let mut timeline = Timeline::new(Echo { heard: 0 }, 42, Tally::default(), steps());
    // So that a short run has many checkpoints and they are thinned out.
    timeline.spacing = 2;
    timeline
}

/// What can be seen of a timeline at its present.
fn seen(timeline: &Timeline<Echo, Tally>) -> (SimTime, u64, u64, u64, u64) {
    let mut world = TraceHash::default();
    timeline.world().hash(&mut world);
    let tally = timeline.watcher();
    let heard = timeline.world().system().heard;
    (timeline.now(), world.finish(), heard, tally.told, tally.hash.finish())
}

/// The facts after `from`, up to and with `to`, of a run told from its beginning.
fn facts(timeline: &Timeline<Echo, Tally>, from: SimTime, to: SimTime) -> Vec<(SimTime, Sound)> {
    let mut told = Vec::new();
    timeline.replay_all(to, |at, fact| told.push((at, fact.clone())));
    told.retain(|(at, _)| from < *at);
    told
}

/// However one wanders through a run, one sees the run that never wandered.
#[test]
fn wandering_changes_nothing() {
    for seed in 0..300 {
        let mut rng = Rng::from_seed(seed);
        let mut wanderer = timeline();
        for name in 10..40 {
            let to = SimTime(rng.below(900));
            match rng.below(4) {
                0 => wanderer.command(Sound { name, echoes: 5 }),
                1 => {
                    wanderer.explore(to, rng.below(50));
                }
                2 if rng.chance(1, 3) => {
                    wanderer.undo();
                }
                _ => wanderer.seek(to),
            }
        }
        let end = SimTime(1_000);
        wanderer.seek(end);

        let mut walker = timeline();
        for (at, command) in wanderer.commands().to_vec() {
            walker.seek(at);
            walker.command(command);
        }
        walker.seek(end);
        assert_eq!(seen(&wanderer), seen(&walker), "the same end, seed {seed}");

        let middle = SimTime(rng.below(1_000));
        wanderer.seek(middle);
        let mut straight = timeline();
        for (at, command) in wanderer.commands().iter().filter(|(at, _)| *at <= middle) {
            straight.seek(*at);
            straight.command(command.clone());
        }
        straight.seek(middle);
        assert_eq!(seen(&wanderer), seen(&straight), "the same middle, seed {seed}");
    }
}

#[test]
fn acting_in_the_past_keeps_the_scenario_and_drops_the_person() {
    let mut timeline = timeline();
    timeline.seek(SimTime(200));
    timeline.command(Sound { name: 20, echoes: 0 });
    timeline.seek(SimTime(100));
    timeline.command(Sound { name: 10, echoes: 0 });
    timeline.seek(SimTime(400));
    let mut names = Vec::new();
    timeline.replay_all(SimTime(400), |_, it| names.push(it.name));
    assert!(names.contains(&3), "the scenario's step at 300 still happens");
    assert!(!names.contains(&20), "what the person asked for at 200 is forgotten");
    assert_eq!(timeline.commands().len(), 1);
}

#[test]
fn facts_are_derived_again_as_they_were_told() {
    let mut timeline = timeline();
    timeline.seek(SimTime(900));
    let mut tally = Tally::default();
    timeline.replay_all(SimTime(900), |at, fact| tally.watch(at, fact));
    assert_eq!(tally.hash.finish(), timeline.watcher().hash.finish());

    let mut late = facts(&timeline, SimTime(150), SimTime(310));
    late.retain(|(_, it)| it.name == 3);
    assert_eq!(late.first().map(|(at, _)| *at), Some(SimTime(300)));
    assert!(late.iter().all(|(at, _)| SimTime(150) < *at && *at <= SimTime(310)));
}

/// However far a cursor walks at a time, and wherever it sets out, it hears the same.
#[test]
fn a_cursor_hears_what_was_told() {
    let mut timeline = timeline();
    timeline.seek(SimTime(350));
    timeline.command(Sound { name: 9, echoes: 30 });
    for seed in 0..100 {
        let mut rng = Rng::from_seed(seed);
        timeline.seek(SimTime(rng.below(900)));
        let from = SimTime(rng.below(700));
        let mut cursor = timeline.cursor(from);
        let mut heard = Vec::new();
        while cursor.now() < SimTime(800) {
            let to = SimTime((cursor.now().0 + rng.below(90)).min(800));
            let due = timeline.next_due(&cursor);
            let before = heard.len();
            timeline.walk(&mut cursor, to, |at, fact| {
                heard.push((at, fact.clone()));
                false
            });
            if let Some((at, _)) = heard.get(before) {
                assert_eq!(due, Some(*at), "the next thing was foreseen, seed {seed}");
            }
        }
        assert_eq!(heard, facts(&timeline, from, SimTime(800)), "seed {seed}");
    }
}

#[test]
fn a_walk_ends_with_the_fact_that_was_enough() {
    let timeline = timeline();
    let mut cursor = timeline.cursor(SimTime::START);
    let mut last = None;
    let enough = timeline.walk(&mut cursor, SimTime(900), |at, fact| {
        last = Some((at, fact.clone()));
        fact.name == 3
    });
    assert!(enough, "it was heard");
    assert_eq!(last, Some((SimTime(300), Sound { name: 3, echoes: 20 })));
}

#[test]
fn memory_is_bounded() {
    let mut timeline = timeline();
    timeline.seek(SimTime(2_000));
    assert!(timeline.frontier.events > 400, "there was enough to checkpoint");
    assert!(timeline.checkpoints.len() <= MAX_CHECKPOINTS + 1, "checkpoints are thinned out");
    assert!(timeline.spacing > 2, "and lie further apart");
}

#[test]
fn undo_goes_back_to_the_run_without_the_last_command() {
    let mut timeline = timeline();
    timeline.seek(SimTime(500));
    let before = seen(&timeline);
    timeline.seek(SimTime(100));
    timeline.command(Sound { name: 10, echoes: 3 });
    timeline.seek(SimTime(500));
    assert_ne!(seen(&timeline), before);
    assert!(timeline.undo(), "there was a command");
    assert_eq!(seen(&timeline), before);
    assert!(!timeline.undo(), "there is none left");
}
