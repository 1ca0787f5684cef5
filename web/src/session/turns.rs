//! What is worth telling of a run: what the event log tells, what is marked on the line of time.

use super::{Scope, Session};
use crate::view::transport::Turn;
use brokerscope_core::rabbitmq::fact::RequeueReason;
use brokerscope_core::weight::Weight;
use brokerscope_core::{kafka, rabbitmq};
use brokerscope_scenario::run::{Fact, FactRef, Happened};

/// A run with at most so many messages is looked through from end to end. In longer ones the
/// latest facts have to do.
const SHORT: usize = 2_000;

/// How many of the latest facts are looked through in a long run.
const LATEST: usize = 500;

/// What is worth telling of a whole run; nothing as long as nobody asked.
#[derive(Debug, Default)]
pub(super) struct Turns(Option<Vec<Happened>>);

impl Session {
    /// The last `most` things to be told at the present instant, oldest first.
    pub(super) fn told(&mut self, most: usize) -> Vec<Happened> {
        let now = self.now();
        let mut told = match self.log {
            Scope::Everything => self.run.log(most, None),
            Scope::Turns if self.is_short() => {
                self.look_through();
                let turns = self.turns.0.as_deref().unwrap_or_default();
                let past = turns.partition_point(|it| it.at <= now);
                turns[past.saturating_sub(most)..past].to_vec()
            }
            Scope::Turns => {
                let mut latest = self.run.log(LATEST, None);
                latest.retain(|it| is_told(reference(&it.fact)));
                latest
            }
        };
        told.drain(..told.len().saturating_sub(most));
        told
    }

    /// The turns of the run, for the line of time.
    pub(super) fn marks(&mut self) -> Vec<Turn> {
        if !self.is_short() {
            let mark = |it: &brokerscope_scenario::run::MarkAt| Turn {
                at: it.at,
                kind: it.mark,
                word: it.mark.as_str(),
            };
            return self.run.marks().iter().map(mark).collect();
        }
        self.look_through();
        let turns = self.turns.0.as_deref().unwrap_or_default();
        turns.iter().filter_map(turn).collect()
    }

    pub(super) fn is_short(&self) -> bool {
        self.run.scenario().workload.messages.len() <= SHORT
    }

    fn look_through(&mut self) {
        if self.turns.0.is_none() {
            self.turns.0 = Some(self.run.facts(self.end(), is_told));
        }
    }
}

/// Whether the event log tells a fact even to those who do not want to know everything: turns of
/// the story, and what follows from them for single messages.
#[allow(clippy::wildcard_enum_match_arm, reason = "what is usual is not told")]
fn is_told(fact: FactRef<'_>) -> bool {
    use {kafka::Fact as InKafka, rabbitmq::Fact as InRabbit};
    let matters = match fact {
        FactRef::Kafka(fact) => {
            matches!(fact, InKafka::Failed { .. } | InKafka::OutOfRange { .. })
                || matches!(fact, InKafka::CommitRefused { .. } | InKafka::Refused { .. })
                || matches!(fact, InKafka::GaveUp { .. } | InKafka::Positioned { .. })
        }
        FactRef::RabbitMq(fact) => {
            matches!(fact, InRabbit::Failed { .. } | InRabbit::Refused { .. })
                || matches!(fact, InRabbit::Requeued { why: RequeueReason::Returned(_), .. })
                || matches!(fact, InRabbit::LostWith { .. } | InRabbit::ChannelClosed { .. })
                || matches!(fact, InRabbit::Unroutable { .. })
        }
    };
    matters || matches!(fact.weight(), Weight::Turn(_))
}

fn reference(fact: &Fact) -> FactRef<'_> {
    match fact {
        Fact::Kafka(fact) => FactRef::Kafka(fact),
        Fact::RabbitMq(fact) => FactRef::RabbitMq(fact),
    }
}

/// How a turn is marked on the line of time, if it is one.
fn turn(happened: &Happened) -> Option<Turn> {
    let Weight::Turn(kind) = happened.fact.weight() else { return None };
    Some(Turn { at: happened.at, kind, word: word(&happened.fact).unwrap_or(kind.as_str()) })
}

/// What a fault is, in a word.
#[allow(clippy::wildcard_enum_match_arm, reason = "others are called by their kind")]
fn word(fact: &Fact) -> Option<&'static str> {
    use {kafka::Fact as InKafka, rabbitmq::Fact as InRabbit};
    match fact {
        Fact::Kafka(
            InKafka::Crashed { .. } | InKafka::ProducerCrashed(_) | InKafka::BrokerCrashed(_),
        )
        | Fact::RabbitMq(InRabbit::Crashed { .. }) => Some("crash"),
        Fact::Kafka(InKafka::Restarted { .. } | InKafka::BrokerRestarted(_))
        | Fact::RabbitMq(InRabbit::Restarted { .. }) => Some("restart"),
        Fact::Kafka(InKafka::Paused { .. }) | Fact::RabbitMq(InRabbit::Paused { .. }) => {
            Some("pause")
        }
        Fact::Kafka(InKafka::Resumed { .. }) | Fact::RabbitMq(InRabbit::Resumed { .. }) => {
            Some("go on")
        }
        Fact::Kafka(InKafka::Started { .. }) | Fact::RabbitMq(InRabbit::Started { .. }) => {
            Some("add")
        }
        Fact::RabbitMq(InRabbit::Stopped { .. }) => Some("remove"),
        _ => None,
    }
}
