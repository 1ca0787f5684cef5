//! What makes a scenario a lesson, field by field.

use super::{Pass, step};
use crate::command::Command;
use crate::lesson::{Act, Answer, Asked, Asks, Is, Query, Task};
use crate::scenario::SystemName;
use brokerscope_core::sim::SimTime;

pub(super) fn act<P: Pass>(p: &mut P, it: &mut Act) {
    let Act { number, title, say } = it;
    p.whole(number);
    *title = p.text(title);
    *say = p.text(say);
}

pub(super) fn asks<P: Pass>(p: &mut P, it: &mut Asks) {
    let Asks { asked, answers } = it;
    let blank = || Asked {
        system: SystemName::Kafka,
        query: Query::Processed,
        of: String::new(),
        reader: String::new(),
    };
    p.list(asked, blank, |p, it| {
        let Asked { system, query, of, reader } = it;
        p.system(system);
        p.choice(query, Query::ALL);
        *of = p.text(of);
        *reader = p.text(reader);
    });
    let blank = || Answer { is: Is::Word(String::new()), say: String::new() };
    p.list(answers, blank, |p, it| {
        let Answer { is: claim, say } = it;
        // As a file writes it: that is read here for nothing else, and is small.
        match Is::read(&p.text(&claim.to_string())) {
            Some(read) => *claim = read,
            None => p.fail(),
        }
        *say = p.text(say);
    });
}

pub(super) fn blank_task() -> Task {
    Task { say: String::new(), system: SystemName::Kafka, when: String::new(), does: Vec::new() }
}

pub(super) fn task<P: Pass>(p: &mut P, it: &mut Task) {
    let Task { say, system, when, does } = it;
    *say = p.text(say);
    p.system(system);
    *when = p.text(when);
    p.list(does, || (SimTime::START, Command::crash("")), step);
}
