//! What a person did to the run, and taking it back.

use super::Session;
use crate::address::clock;
use crate::view::notice::{NoticeView, Way};
use crate::words;
use brokerscope_core::name::ConsumerName;
use brokerscope_core::sim::SimTime;
use brokerscope_scenario::Command;

/// What was asked for last, and what it displaced.
#[derive(Debug, Default)]
pub(super) struct Fork {
    /// How many commands it was, if more than one.
    asked: usize,
    /// The person's commands that went with the future they belonged to, or all of them.
    dropped: Vec<(SimTime, Command)>,
    /// Where the page stood, if it is somewhere else since.
    from: Option<SimTime>,
}

impl Session {
    /// Asks both systems, or one, for something at the present instant.
    pub(super) fn ask(&mut self, text: &str) {
        self.told = None;
        let command = match text.parse::<Command>() {
            Ok(command) => command,
            Err(wrong) => return self.refuse(&wrong.to_string()),
        };
        let now = self.now();
        let later = self.run.commands().filter(|(at, _)| now < *at);
        let later = later.map(|(at, command)| (at, command.clone())).collect();
        if let Err(wrong) = self.run.command(command) {
            return self.refuse(&wrong.to_string());
        }
        self.fork = Fork { dropped: later, ..Fork::default() };
        self.changed();
        let told = words::commanded(text, &clock(now), self.fork.dropped.len());
        self.told = Some(NoticeView { text: told, way: Way::Undo });
    }

    /// Does a task of the lesson in the run as it was written, and plays on from there.
    pub(super) fn show_me(&mut self, place: usize) {
        let Some(task) = self.run.scenario().tasks.get(place) else { return };
        let does = task.does.clone();
        let from = Some(self.now());
        let dropped = self.run.commands().map(|(at, command)| (at, command.clone())).collect();
        while self.run.undo() {}
        self.issue(&does);
        self.fork = Fork { asked: does.len(), dropped, from };
        self.changed();
        self.seek(does.first().map_or(SimTime::START, |(at, _)| *at));
        self.told = Some(NoticeView { text: words::shown(&does), way: Way::Undo });
        self.play_unless(false);
    }

    fn issue(&mut self, commands: &[(SimTime, Command)]) {
        for (at, command) in commands {
            self.run.seek(*at);
            // It was right when it was asked for, or when the lesson was read.
            drop(self.run.command(command.clone()));
        }
    }

    /// Takes back what was asked for last, and gives back what it had displaced.
    pub(super) fn undo(&mut self) {
        self.told = None;
        let Fork { asked, dropped, from } = std::mem::take(&mut self.fork);
        let to = from.unwrap_or_else(|| self.now());
        for _ in 0..asked.max(1) {
            if !self.run.undo() {
                return;
            }
        }
        if from.is_some() {
            self.pause();
        }
        self.issue(&dropped);
        self.changed();
        self.seek(to);
    }

    fn refuse(&mut self, why: &str) {
        let text = format!("That cannot be done: {why}.");
        self.told = Some(NoticeView { text, way: Way::Problem });
    }

    /// A name that no consumer has: `c4` after `c1`, `c2`, `c3`.
    pub(super) fn free_name(&self) -> ConsumerName {
        let taken = self.consumers();
        let mut number = 1;
        loop {
            let name = ConsumerName::from(format!("c{number}"));
            if taken.iter().all(|it| it.name != name) {
                return name;
            }
            number += 1;
        }
    }
}
