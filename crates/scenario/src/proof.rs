//! Whether what a scenario says comes true: its beats and cards happen, its answers contain what is
//! computed, its tasks are not done untouched and are done by their commands. And what a scenario
//! must have beside to be a lesson.

use crate::run::{Answered, Run, Saying};
use crate::scenario::{Scenario, SystemName};
use brokerscope_core::sim::{SimDuration, SimTime};
use brokerscope_core::weight::Weight;

/// How many beats an act of a lesson has at most.
const MAX_BEATS: usize = 8;

/// How many tasks a lesson has at most, over all its acts.
const MAX_TASKS: usize = 3;

/// How many sentences a beat or a card has at most.
const MAX_SENTENCES: usize = 2;

/// When an act of a lesson is over at the latest, so that its outcome is seen by then.
const LATEST: SimTime = SimTime::from_ms(20_000);

/// How much can be seen in each system, and how soon, when an act begins at once.
const SOON: (usize, SimTime) = (6, SimTime::from_ms(3_000));

/// An act held against its run.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The run at its end, untouched.
    pub run: Run,
    /// What it answers.
    pub answers: Vec<Answered>,
    /// When each task is done by its commands.
    pub done: Vec<Option<SimTime>>,
    /// What does not come true, a sentence each.
    pub faults: Vec<String>,
}

/// Runs an act and looks whether what it says comes true.
#[must_use]
pub fn prove(scenario: &Scenario) -> Proof {
    let run = ended(Run::new(scenario.clone()));
    let answers = run.answers();
    let mut faults = Vec::new();
    untrue(&run, &mut faults);
    unanswered(&run, &answers, &mut faults);
    let done = tried(&run, &mut faults);
    Proof { run, answers, done, faults }
}

/// The run at its end.
fn ended(mut run: Run) -> Run {
    while !run.explore(u64::MAX) {}
    run.seek(run.end());
    run
}

/// Beats and cards whose facts do not happen.
fn untrue(run: &Run, faults: &mut Vec<String>) {
    let said: Vec<_> = run.beats().into_iter().map(|(beat, _)| beat).collect();
    let never = |system: SystemName, when: &str| {
        format!("nothing that happens in {} begins with '{when}'", system.as_str())
    };
    for (place, it) in run.scenario().beats.iter().enumerate() {
        if !said.contains(&it) {
            faults.push(format!("beat[{place}].when: {}", never(it.system, &it.when)));
        }
    }
    for (it, earned) in run.cards() {
        if earned == Saying::Open {
            faults.push(format!("card.when: {}", never(it.system, &it.when)));
        }
    }
}

/// Systems for which no answer is right.
fn unanswered(run: &Run, answers: &[Answered], faults: &mut Vec<String>) {
    let asks = &run.scenario().asks;
    for (asked, it) in asks.asked.iter().zip(answers) {
        if it.answer.is_none() {
            let choices: Vec<_> = asks.answers.iter().map(|it| it.is.to_string()).collect();
            let (system, query) = (it.system.as_str(), asked.query.word());
            let (found, choices) = (&it.found, choices.join(", "));
            faults.push(format!("answer: in {system} '{query}' is {found}, not one of {choices}"));
        }
    }
}

/// Carries out each task's commands in a run of their own. When each is done.
fn tried(untouched: &Run, faults: &mut Vec<String>) -> Vec<Option<SimTime>> {
    let scenario = untouched.scenario();
    for (task, saying) in untouched.tasks() {
        if let Saying::Said(at) = saying {
            let (when, say) = (&task.when, &task.say);
            faults.push(format!("try: '{when}' happens untouched at {at}, so '{say}' is no task"));
        }
    }
    let mut done = Vec::new();
    for (place, task) in scenario.tasks.iter().enumerate() {
        let mut run = Run::new(scenario.clone());
        for (at, command) in &task.does {
            run.seek(*at);
            if let Err(wrong) = run.command(command.clone()) {
                faults.push(format!("try.do: {wrong}"));
            }
        }
        let run = ended(run);
        let at = match run.tasks()[place].1 {
            Saying::Said(at) | Saying::Ahead(at) => Some(at),
            Saying::Open => None,
        };
        if at.is_none() {
            let (when, system) = (&task.when, task.system.as_str());
            faults.push(format!(
                "try.do: after these commands nothing that happens in {system} begins with '{when}'"
            ));
        }
        done.push(at);
    }
    done
}

/// What acts lack to be a lesson, a sentence each. `acts` are all acts of one file, proved.
#[must_use]
pub fn lacks(acts: &[Proof]) -> Vec<String> {
    let mut lacks = Vec::new();
    for act in acts {
        let number = act.run.scenario().act.number;
        let mut lack = |what: String| {
            lacks.push(if acts.len() > 1 { format!("act {number}: {what}") } else { what });
        };
        act_lacks(&act.run, &mut lack);
    }
    let scenarios = || acts.iter().map(|it| it.run.scenario());
    let mut tasks: Vec<&str> =
        scenarios().flat_map(|it| &it.tasks).map(|it| it.say.as_str()).collect();
    tasks.sort_unstable();
    tasks.dedup();
    if !(1..=MAX_TASKS).contains(&tasks.len()) {
        let count = tasks.len();
        lacks.push(format!("a lesson has one to {MAX_TASKS} things to try, not {count}"));
    }
    if scenarios().all(|it| it.decided.is_empty()) {
        lacks.push("'decided' does not say which settings decided it".to_owned());
    }
    if let Some(last) = scenarios().next_back() {
        for system in [SystemName::Kafka, SystemName::RabbitMq] {
            if last.cards.iter().all(|it| it.system != system) {
                lacks.push(format!("no card at the end says what {} did", system.as_str()));
            }
        }
    }
    lacks
}

fn act_lacks(run: &Run, lack: &mut dyn FnMut(String)) {
    let scenario = run.scenario();
    if scenario.asks.asked.is_empty() {
        lack("there is no [asks] with answers".to_owned());
    }
    let beats = scenario.beats.len();
    if !(1..=MAX_BEATS).contains(&beats) {
        lack(format!("a lesson has one to {MAX_BEATS} beats, not {beats}"));
    }
    let texts = scenario.beats.iter().chain(&scenario.cards).map(|it| it.say.as_str());
    for say in texts.chain([scenario.act.say.as_str()]) {
        if MAX_SENTENCES < sentences(say) {
            lack(format!("this is more than {MAX_SENTENCES} sentences: '{say}'"));
        }
    }
    for task in &scenario.tasks {
        if sentences(&task.say) > 1 {
            lack(format!("a task is one sentence: '{}'", task.say));
        }
    }
    if LATEST < run.end() {
        lack(format!("it ends at {}, and its outcome is to be seen by {LATEST}", run.end()));
    }
    let (least, soon) = SOON;
    for system in [SystemName::Kafka, SystemName::RabbitMq] {
        let seen = |fact: crate::run::FactRef<'_>| {
            fact.system() == system && Weight::Seen <= fact.weight()
        };
        let early = run.facts(soon, seen).len();
        if early < least {
            let (system, soon) = (system.as_str(), SimDuration(soon.0));
            lack(format!("only {early} things happen in {system} in the first {soon}"));
        }
    }
}

/// How many sentences a text has.
fn sentences(text: &str) -> usize {
    let mut sentences = 0;
    for word in text.split_whitespace() {
        sentences += usize::from(word.ends_with(['.', '?', '!']));
    }
    sentences
}
