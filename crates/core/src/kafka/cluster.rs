//! The system as a whole: it owns the machines and carries what they say to one another.

use super::command::Command;
use super::config::Config;
use super::fact::Fact;
use crate::sim::{Cx, System};
use crate::workload::Workload;

/// A cluster with its clients.
#[derive(Clone, Debug, Hash)]
pub struct Cluster {
    config: Config,
    workload: Workload,
}

/// What is due at an instant.
#[derive(Clone, Debug, Hash)]
pub enum Event {}

impl Cluster {
    /// A cluster that has not begun yet, with the messages it will be given.
    #[must_use]
    pub fn new(config: Config, workload: Workload) -> Self {
        Self { config, workload }
    }

    /// What it was set up with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The messages it is given.
    #[must_use]
    pub fn workload(&self) -> &Workload {
        &self.workload
    }
}

impl System for Cluster {
    type Command = Command;
    type Event = Event;
    type Fact = Fact;

    fn begin(&mut self, _: &mut Cx<'_, Self>) {}

    fn command(&mut self, cx: &mut Cx<'_, Self>, command: Command) {
        let why = "there is nothing to ask yet".to_owned();
        cx.note(Fact::Refused { command: command.to_string(), why });
    }

    fn event(&mut self, _: &mut Cx<'_, Self>, event: Event) {
        match event {}
    }
}
