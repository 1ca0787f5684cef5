//! What a person did to the run, and taking it back.

use super::Session;
use super::turns::Turns;
use crate::address::clock;
use crate::view::notice::{NoticeView, Way};
use crate::words;
use brokerscope_core::name::ConsumerName;
use brokerscope_core::sim::SimTime;
use brokerscope_scenario::Command;

/// What the last command displaced.
#[derive(Debug, Default)]
pub(super) struct Fork {
    /// The person's later commands that went with the future they belonged to.
    dropped: Vec<(SimTime, Command)>,
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
        self.fork = Fork { dropped: later };
        self.turns = Turns::default();
        self.shown = None;
        let told = words::commanded(text, &clock(now), self.fork.dropped.len());
        self.told = Some(NoticeView { text: told, way: Way::Undo });
    }

    /// Takes the last command back, and gives back what it had displaced.
    pub(super) fn undo(&mut self) {
        self.told = None;
        let now = self.now();
        if !self.run.undo() {
            return;
        }
        self.turns = Turns::default();
        for (at, command) in std::mem::take(&mut self.fork.dropped) {
            self.run.seek(at);
            // It was right before.
            drop(self.run.command(command));
        }
        self.seek(now);
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
