//! The brokers of Kafka and the nodes of RabbitMQ, and what can be done to them.

use super::menu::{DoingView, MenuView};
use crate::session::Doing;
use crate::words;
use brokerscope_core::kafka::BrokerId;
use brokerscope_core::kafka::command::Peer;
use brokerscope_core::kafka::snapshot::{BrokerSnapshot, BrokerStage};
use brokerscope_core::rabbitmq::snapshot::NodeSnapshot;
use brokerscope_core::{kafka, rabbitmq};
use brokerscope_stage::standing_of_broker;

/// How much slower a broker becomes when a person slows it down.
const SLOWER_BY: &str = "300ms";

/// The menu of a broker.
pub(crate) fn broker(it: &BrokerSnapshot) -> MenuView {
    let id = it.id;
    let from = |verb: &str, whom: &str| format!("{verb} {id} from {whom}");
    let mut doings = Vec::new();
    let mut offer = |label, command| doings.push(DoingView { label, command });
    if it.runs() {
        offer(words::CRASH, format!("crash {id}"));
        if it.stage == BrokerStage::Running {
            offer(words::STOP, format!("stop {id}"));
        }
    } else {
        offer(words::RESTART, format!("restart {id}"));
    }
    let is_cut = |whom| it.cut_from.iter().any(|it| *it == whom || *it == Peer::Everyone);
    if !is_cut(Peer::Others) {
        offer(words::CUT_FROM_BROKERS, from("cut", "others"));
    }
    if !is_cut(Peer::Clients) {
        offer(words::CUT_FROM_CLIENTS, from("cut", "clients"));
    }
    if it.cut_from.is_empty() && it.slow_to.is_empty() {
        let command = from("slow", "everyone");
        offer(words::SLOW_DOWN, format!("{command} by {SLOWER_BY}"));
    } else {
        offer(words::MEND, from("mend", "everyone"));
    }
    let name = id.to_string();
    let state = standing_of_broker(it);
    MenuView { title: words::kafkas(&name), name, state, has_twin: false, doings }
}

/// The menu of a node.
pub(crate) fn node(it: &NodeSnapshot) -> MenuView {
    let name = format!("node {}", it.node);
    let (state, label, verb) = if it.running {
        (words::RUNS, words::STOP, "stop")
    } else {
        (words::STOPPED, words::START, "start")
    };
    let command = format!("{verb} {name}");
    MenuView {
        title: words::rabbitmqs(&name),
        name,
        state: state.to_owned(),
        has_twin: false,
        doings: vec![DoingView { label, command }],
    }
}

/// What can be done to the only broker of Kafka, and where else something can be broken.
pub(crate) fn breaker(
    kafka: &kafka::Snapshot,
    rabbitmq: &rabbitmq::Snapshot,
) -> (Option<(Doing, BrokerId)>, &'static str) {
    let only = match &kafka.brokers[..] {
        [it] => Some((if it.runs() { Doing::Crash } else { Doing::Restart }, it.id)),
        _ => None,
    };
    let several = only.is_none() || 1 < rabbitmq.nodes.len();
    (only, if several { words::OR_CLICK_BROKER } else { words::OR_CLICK })
}

#[cfg(test)]
mod tests {
    use super::*;
    use brokerscope_scenario::Command;

    fn standing(stage: BrokerStage, cut_from: Vec<Peer>) -> BrokerSnapshot {
        BrokerSnapshot { id: BrokerId(2), stage, fenced: false, cut_from, slow_to: Vec::new() }
    }

    fn offered(menu: &MenuView) -> Vec<&str> {
        menu.doings.iter().map(|it| it.label).collect()
    }

    #[test]
    fn a_broker_is_offered_what_can_be_done_to_it_now() {
        let well = broker(&standing(BrokerStage::Running, Vec::new()));
        let cuts = [words::CUT_FROM_BROKERS, words::CUT_FROM_CLIENTS];
        let [brokers, clients] = cuts;
        let all = [words::CRASH, words::STOP, brokers, clients, words::SLOW_DOWN];
        assert_eq!(offered(&well), all);
        let cut = broker(&standing(BrokerStage::Running, vec![Peer::Others]));
        assert_eq!(offered(&cut), [words::CRASH, words::STOP, clients, words::MEND]);
        let alone = broker(&standing(BrokerStage::Stopping, vec![Peer::Everyone]));
        assert_eq!(offered(&alone), [words::CRASH, words::MEND]);
        let down = broker(&standing(BrokerStage::Crashed, Vec::new()));
        assert_eq!(offered(&down)[0], words::RESTART);
        assert!(down.state.contains("has not noticed"), "{}", down.state);
    }

    #[test]
    fn all_that_is_offered_is_a_command() {
        let down = standing(BrokerStage::Stopped, vec![Peer::Clients]);
        let up = standing(BrokerStage::Running, Vec::new());
        let nodes = [true, false].map(|running| node(&NodeSnapshot { node: 3, running }));
        for menu in [broker(&down), broker(&up)].iter().chain(&nodes) {
            for DoingView { command, .. } in &menu.doings {
                assert!(command.parse::<Command>().is_ok(), "{command}");
            }
        }
    }
}
