//! A run: both systems under one clock, what a person did to them, and what came of it.

mod answers;
mod beats;
mod explore;
mod fact;
mod log;
mod marks;
mod watch;

pub use answers::Answered;
pub use fact::{Fact, FactRef, Happened};
pub use marks::{MarkAt, Side};

use crate::command::{Cast, Command, Unfit};
use crate::ledger::{KafkaLedger, Outcome, RabbitLedger};
use crate::lesson::Task;
use crate::scenario::{Beat, Scenario, SystemName};
use beats::{Said, Tied};
use brokerscope_core::kafka::Cluster;
use brokerscope_core::map::sort_by_key;
use brokerscope_core::rabbitmq::Broker;
use brokerscope_core::sim::{SimTime, Timeline, TraceHash, World};
use log::Tail;
use std::hash::Hash;
use std::sync::Arc;
use watch::Watch;

/// Both systems with the same messages at the same instant.
///
/// The present can be moved anywhere between the beginning and the end, both ways. Independently
/// of it the run is explored ahead, so that its end, its marks and its beats become known.
#[derive(Clone, Debug)]
pub struct Run {
    scenario: Arc<Scenario>,
    kafka: Timeline<Cluster, Watch<KafkaLedger>>,
    rabbitmq: Timeline<Broker, Watch<RabbitLedger>>,
    /// What the person asked for, in order of time.
    asked: Vec<Asked>,
    /// Derived from what has been explored, for as many turns as the numbers say.
    marks: Vec<MarkAt>,
    marked: Option<(u64, u64, SimTime)>,
    tail: Option<Tail>,
}

/// A person's command, and whom it was for.
#[derive(Clone, Debug)]
struct Asked {
    at: SimTime,
    command: Command,
    in_kafka: bool,
    in_rabbitmq: bool,
}

/// When a beat is said, a task is done, a card is earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Saying {
    /// At that instant, now or before.
    Said(SimTime),
    /// At that instant, later.
    Ahead(SimTime),
    /// Not in what has been explored; perhaps later, unless that is all.
    Open,
}

impl Run {
    /// A run of that scenario at its first instant.
    ///
    /// A step that names what is not there is given to the systems as it is, and they refuse it.
    #[must_use]
    pub fn new(scenario: Scenario) -> Self {
        let (kafka_steps, rabbitmq_steps) = steps(&scenario);
        let Scenario { workload, kafka, rabbitmq, seed, .. } = &scenario;
        let spaced = has_spaced_names(&scenario);
        let kafka_watch = Watch::new(
            KafkaLedger::new(kafka, workload),
            Said::new::<brokerscope_core::kafka::Fact>(&scenario, SystemName::Kafka, spaced),
        );
        let rabbitmq_watch = Watch::new(
            RabbitLedger::new(rabbitmq, workload),
            Said::new::<brokerscope_core::rabbitmq::Fact>(&scenario, SystemName::RabbitMq, spaced),
        );
        let cluster = Cluster::new(kafka.clone(), workload.clone());
        let broker = Broker::new(rabbitmq.clone(), workload.clone());
        let mut run = Self {
            kafka: Timeline::new(cluster, *seed, kafka_watch, kafka_steps),
            rabbitmq: Timeline::new(broker, *seed, rabbitmq_watch, rabbitmq_steps),
            scenario: Arc::new(scenario),
            asked: Vec::new(),
            marks: Vec::new(),
            marked: None,
            tail: None,
        };
        run.mark();
        run
    }

    /// What is run.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.kafka.now()
    }

    /// Kafka at the present.
    #[must_use]
    pub fn kafka(&self) -> &World<Cluster> {
        self.kafka.world()
    }

    /// RabbitMQ at the present.
    #[must_use]
    pub fn rabbitmq(&self) -> &World<Broker> {
        self.rabbitmq.world()
    }

    /// The ledger of Kafka at the present.
    #[must_use]
    pub fn kafka_ledger(&self) -> &KafkaLedger {
        &self.kafka.watcher().ledger
    }

    /// The ledger of RabbitMQ at the present.
    #[must_use]
    pub fn rabbitmq_ledger(&self) -> &RabbitLedger {
        &self.rabbitmq.watcher().ledger
    }

    /// What became of the messages up to the present: per system, by the name of each reader,
    /// a group or a queue, in the order of the configuration.
    #[must_use]
    pub fn outcomes(&self) -> Vec<(SystemName, Arc<str>, Outcome)> {
        let (kafka, rabbitmq) = (self.kafka_ledger(), self.rabbitmq_ledger());
        let groups = kafka.readers().iter().map(|it| {
            let outcome = kafka.outcome(it).unwrap_or_default();
            (SystemName::Kafka, it.0.clone(), outcome)
        });
        let queues = rabbitmq.readers().map(|it| {
            let outcome = rabbitmq.outcome(it).unwrap_or_default();
            (SystemName::RabbitMq, it.0.clone(), outcome)
        });
        groups.chain(queues).collect()
    }

    /// Asks for something at the present instant. Whatever the person had asked for later is
    /// forgotten, in both systems; the scenario's own later steps stay.
    ///
    /// # Errors
    /// If it names what is not there; then nothing changes. Whether it can be done now is for
    /// the systems to say: what they refuse is a fact.
    pub fn command(&mut self, command: Command) -> Result<(), Unfit> {
        let now = self.now();
        let (kafka, rabbitmq) = self.cast().resolve(&command)?;
        let is_later = |at: Option<&(SimTime, _)>| at.is_some_and(|(at, _)| now < *at);
        while is_later(self.kafka.commands().last()) {
            self.kafka.undo();
        }
        let is_later = |at: Option<&(SimTime, _)>| at.is_some_and(|(at, _)| now < *at);
        while is_later(self.rabbitmq.commands().last()) {
            self.rabbitmq.undo();
        }
        self.asked.retain(|it| it.at <= now);
        let (in_kafka, in_rabbitmq) = (kafka.is_some(), rabbitmq.is_some());
        self.asked.push(Asked { at: now, command, in_kafka, in_rabbitmq });
        if let Some(command) = kafka {
            self.kafka.command(command);
        }
        if let Some(command) = rabbitmq {
            self.rabbitmq.command(command);
        }
        self.forked();
        Ok(())
    }

    /// Forgets the person's last command. The present stays where it is, or where the run ends
    /// without it. False if there was none.
    pub fn undo(&mut self) -> bool {
        let Some(last) = self.asked.pop() else { return false };
        if last.in_kafka {
            self.kafka.undo();
        }
        if last.in_rabbitmq {
            self.rabbitmq.undo();
        }
        self.forked();
        self.seek(self.now());
        true
    }

    /// What the person asked for, in order of time.
    pub fn commands(&self) -> impl ExactSizeIterator<Item = (SimTime, &Command)> {
        self.asked.iter().map(|it| (it.at, &it.command))
    }

    /// Who there is to ask at the present.
    #[must_use]
    pub fn cast(&self) -> Cast {
        let now = self.now();
        let mut cast = Cast::of(&self.scenario);
        let steps = self.scenario.steps.iter().map(|(at, command)| (*at, command));
        let mut so_far: Vec<_> = steps.chain(self.commands()).filter(|it| it.0 <= now).collect();
        sort_by_key(&mut so_far, |(at, _)| *at);
        for (_, command) in so_far {
            cast.remember(command);
        }
        cast
    }

    /// The turns of the run as far as it has been explored, in order of time: see [`Side`] and
    /// [`MarkAt`]. At most 48 of each kind in each system: time is cut into equal slots, as short
    /// as that allows, and of each kind the first turn in a slot is kept.
    #[must_use]
    pub fn marks(&self) -> &[MarkAt] {
        &self.marks
    }

    /// What a system says now, and since when: the beat whose fact happened last.
    #[must_use]
    pub fn caption(&self, system: SystemName) -> Option<(SimTime, &Beat)> {
        let said = match system {
            SystemName::Kafka => &self.kafka.watcher().said,
            SystemName::RabbitMq => &self.rabbitmq.watcher().said,
        };
        said.latest().map(|(beat, at)| (at, &self.scenario.beats[beat]))
    }

    /// The beats in the order of the scenario, and when each is said. Once the run is explored to
    /// its end, those that are never said are left out.
    #[must_use]
    pub fn beats(&self) -> Vec<(&Beat, Saying)> {
        let mut beats = Vec::new();
        for (place, beat) in self.scenario.beats.iter().enumerate() {
            let saying = self.saying(beat.system, Tied::Beat(place));
            if saying != Saying::Open || !self.is_explored() {
                beats.push((beat, saying));
            }
        }
        beats
    }

    /// The tasks in the order of the scenario, and when each is done. One is done once its fact
    /// has happened, so going back before that undoes it.
    #[must_use]
    pub fn tasks(&self) -> Vec<(&Task, Saying)> {
        let tasks = self.scenario.tasks.iter().enumerate();
        tasks.map(|(place, it)| (it, self.saying(it.system, Tied::Task(place)))).collect()
    }

    /// The cards in the order of the scenario, and when the fact of each happens.
    #[must_use]
    pub fn cards(&self) -> Vec<(&Beat, Saying)> {
        let cards = self.scenario.cards.iter().enumerate();
        cards.map(|(place, it)| (it, self.saying(it.system, Tied::Card(place)))).collect()
    }

    /// When what is tied to a fact happens, as far as the run is explored.
    fn saying(&self, system: SystemName, tied: Tied) -> Saying {
        let happens = match system {
            SystemName::Kafka => self.kafka.explored_watcher().said.when(tied),
            SystemName::RabbitMq => self.rabbitmq.explored_watcher().said.when(tied),
        };
        match happens.filter(|at| *at <= self.end()) {
            Some(at) if at <= self.now() => Saying::Said(at),
            Some(at) => Saying::Ahead(at),
            None => Saying::Open,
        }
    }

    /// A hash over the state of both systems at the present.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let mut hash = TraceHash::default();
        self.kafka.world().hash(&mut hash);
        self.rabbitmq.world().hash(&mut hash);
        std::hash::Hasher::finish(&hash)
    }

    /// The run is another one from here on.
    fn forked(&mut self) {
        self.tail = None;
        self.marked = None;
        self.mark();
    }

    /// Derives the marks again if there is anything new to them.
    fn mark(&mut self) {
        let kafka = &self.kafka.explored_watcher().marks;
        let rabbitmq = &self.rabbitmq.explored_watcher().marks;
        let revision = Some((kafka.heard(), rabbitmq.heard(), self.end()));
        if self.marked != revision {
            self.marks = marks::Marks::merge(kafka, rabbitmq, self.end());
            self.marked = revision;
        }
    }
}

/// The scenario's steps, as each system understands them.
type Steps<C> = Vec<(SimTime, C)>;

fn steps(
    scenario: &Scenario,
) -> (Steps<brokerscope_core::kafka::Command>, Steps<brokerscope_core::rabbitmq::Command>) {
    let (mut kafka, mut rabbitmq) = (Vec::new(), Vec::new());
    let mut cast = Cast::of(scenario);
    for (at, command) in &scenario.steps {
        let resolved = cast.resolve(command).unwrap_or_else(|_| command.literally());
        kafka.extend(resolved.0.map(|it| (*at, it)));
        rabbitmq.extend(resolved.1.map(|it| (*at, it)));
    }
    (kafka, rabbitmq)
}

/// Whether any name that begins the text of a fact has white space in it.
fn has_spaced_names(scenario: &Scenario) -> bool {
    let Scenario { kafka, rabbitmq, .. } = scenario;
    let consumers = kafka.consumers.iter().map(|it| it.name.as_str());
    let groups = kafka.consumers.iter().filter_map(|it| Some(it.group.as_ref()?.as_str()));
    let topics = kafka.topics.iter().map(|it| it.name.as_str());
    let producers = kafka.producers.iter().map(|it| it.name.as_str());
    let queues = rabbitmq.queues.iter().map(|it| it.name.as_str());
    let publishers = rabbitmq.publishers.iter().map(|it| it.name.as_str());
    let others = rabbitmq.consumers.iter().map(|it| it.name.as_str());
    let names =
        consumers.chain(groups).chain(topics).chain(producers).chain(queues).chain(publishers);
    names.chain(others).any(|it| it.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests;
