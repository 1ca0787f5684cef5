//! What happened, in sentences, newest first.

use crate::address::clock;
use crate::session::Scope;
use crate::words;
use brokerscope_core::sim::SimTime;
use brokerscope_core::weight::Weight;
use brokerscope_scenario::run::Happened;

/// The event log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogView {
    /// How much is told.
    pub(crate) scope: Scope,
    /// What is said if there are none.
    pub(crate) none: &'static str,
    /// Newest first.
    pub(crate) entries: Vec<EntryView>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EntryView {
    pub(crate) at: SimTime,
    /// As the clock shows it.
    pub(crate) time: String,
    /// In the markup.
    pub(crate) system: &'static str,
    /// Whose it is: one of the systems, or both.
    pub(crate) title: &'static str,
    pub(crate) sentence: String,
    /// Whether it is a turn of the story.
    pub(crate) turn: bool,
}

/// What happened, oldest first, as entries, newest first. What both systems tell in the same words
/// at the same instant is one entry.
pub(crate) fn entries(told: &[Happened]) -> Vec<EntryView> {
    let mut entries: Vec<EntryView> = Vec::new();
    for happened in told {
        let entry = entry(happened);
        let twin = entries.iter_mut().rev().take_while(|it| it.at == entry.at).find(|it| {
            it.system != entry.system && it.sentence == entry.sentence && it.turn == entry.turn
        });
        match twin {
            Some(twin) => (twin.system, twin.title) = ("both", words::BOTH),
            None => entries.push(entry),
        }
    }
    entries.reverse();
    entries
}

fn entry(happened: &Happened) -> EntryView {
    let system = happened.fact.system();
    EntryView {
        at: happened.at,
        time: clock(happened.at),
        system: system.word(),
        title: system.as_str(),
        sentence: happened.fact.to_string(),
        turn: matches!(happened.fact.weight(), Weight::Turn(_)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brokerscope_core::{kafka, rabbitmq};
    use brokerscope_scenario::run::Fact;

    #[test]
    fn twins_are_told_once_and_newest_first() {
        let (group, queue) = ("billing".into(), "orders".into());
        let kafka = kafka::Fact::Crashed { group, consumer: "c1".into() };
        let rabbitmq = rabbitmq::Fact::Crashed { queue, consumer: "c1".into() };
        let later = rabbitmq::Fact::Restarted { queue: "orders".into(), consumer: "c1".into() };
        let told = [
            Happened { at: SimTime(5), fact: Fact::Kafka(kafka) },
            Happened { at: SimTime(5), fact: Fact::RabbitMq(rabbitmq) },
            Happened { at: SimTime(5), fact: Fact::RabbitMq(later) },
        ];
        let lines: Vec<_> =
            entries(&told).into_iter().map(|it| format!("{} {}", it.title, it.sentence)).collect();
        assert_eq!(lines, ["RabbitMQ c1 restarted", "Both c1 crashed"]);
    }
}
