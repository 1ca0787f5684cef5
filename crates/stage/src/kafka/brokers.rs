//! The brokers of a cluster: how each stands, what it leads, and whose offsets it keeps.

use super::names;
use crate::card::accent;
use crate::machine::{self, Health, Machine};
use crate::metrics::Metrics;
use crate::scene::{Lane, Scene, Target};
use crate::sheet::{QUIET, Sheet};
use crate::unit::{Len, Point};
use crate::words::{count, counted, joined};
use brokerscope_core::kafka::BrokerId;
use brokerscope_core::kafka::command::Peer;
use brokerscope_core::kafka::snapshot::{BrokerSnapshot, BrokerStage};

/// Draws them, if there are several or the only one does not serve.
pub(super) fn draw(sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, at: Point) -> Len {
    let brokers = &scene.kafka.brokers;
    if brokers.len() < 2 && brokers.iter().all(|it| it.stage == BrokerStage::Running) {
        return at.y;
    }
    let room = machine::line_room(m, brokers.len());
    let machines: Vec<Machine> = brokers.iter().map(|it| machine(scene, it, room)).collect();
    machine::draw(sheet, m, accent(Lane::Kafka), &machines, at)
}

fn machine(scene: &Scene<'_>, it: &BrokerSnapshot, room: Len) -> Machine {
    let partitions = scene.kafka.topics.iter().flat_map(|it| &it.partitions);
    let led = partitions.filter(|of| of.leader == Some(it.id)).map(|it| it.partition.clone());
    let led: Vec<_> = led.collect();
    let still = if it.runs() || led.is_empty() { "leads " } else { "still leads " };
    let all = if led.is_empty() { "nothing".to_owned() } else { names(scene, &led) };
    let mut leads = joined(&[still, &all]);
    let groups = scene.kafka.groups.iter().filter(|of| of.coordinator == Some(it.id));
    let kept: Vec<_> = groups.map(|it| it.group.as_str()).collect();
    let mut label = joined(&[&it.id.to_string(), ": ", &standing(it), "; ", &leads]);
    if !kept.is_empty() {
        label += &joined(&["; keeps the offsets of ", &kept.join(", ")]);
    }
    if room < QUIET.width(&leads) {
        leads = joined(&[still, &counted(led.len() as u64, "partition", "partitions")]);
    }
    if room < QUIET.width(&leads) {
        leads = joined(&[still, &count(led.len() as u64)]);
    }
    let fenced = it.fenced && !matches!(it.stage, BrokerStage::Stopped | BrokerStage::Starting);
    let state = joined(&[words(it.stage), if fenced { ", fenced" } else { "" }]);
    let mut lines = vec![state, leads];
    if !kept.is_empty() {
        let mut keeps = joined(&["keeps ", &kept.join(", ")]);
        if room < QUIET.width(&keeps) {
            keeps = joined(&["keeps ", &counted(kept.len() as u64, "group", "groups")]);
        }
        lines.push(keeps);
    }
    if !it.cut_from.is_empty() {
        lines.push(joined(&["cut from ", &peers(&it.cut_from, |it| it.0.to_string())]));
    } else if !it.slow_to.is_empty() {
        lines.push("slow network".to_owned());
    }
    let health = match it.stage {
        BrokerStage::Crashed => Health::Crashed,
        BrokerStage::Stopped => Health::Off,
        BrokerStage::Starting | BrokerStage::Stopping => Health::Ailing,
        BrokerStage::Running if it.fenced || !it.cut_from.is_empty() => Health::Ailing,
        BrokerStage::Running => Health::Well,
    };
    Machine { target: Target::Broker(it.id), name: it.id.to_string(), health, lines, label }
}

const fn words(stage: BrokerStage) -> &'static str {
    match stage {
        BrokerStage::Crashed => "crashed",
        BrokerStage::Stopped => "stopped",
        BrokerStage::Starting => "starting",
        BrokerStage::Running => "runs",
        BrokerStage::Stopping => "shutting down",
    }
}

/// How a broker stands, in words: what its process does, how the controller sees it, whom it
/// cannot reach.
#[must_use]
pub fn standing(it: &BrokerSnapshot) -> String {
    let seen = match (it.fenced, it.runs()) {
        (false, true) => "",
        (true, _) => ", fenced: the controller counts it as gone",
        (false, false) => ", which the controller has not noticed yet",
    };
    let mut text = joined(&[words(it.stage), seen]);
    let whom = |it: BrokerId| it.to_string();
    if !it.cut_from.is_empty() {
        text += &joined(&[", cut off from ", &peers(&it.cut_from, whom)]);
    }
    if !it.slow_to.is_empty() {
        text += &joined(&[", slow to ", &peers(&it.slow_to, whom)]);
    }
    text
}

/// Whom a broker cannot reach, or only slowly.
fn peers(peers: &[Peer], name: fn(BrokerId) -> String) -> String {
    let mut text = String::new();
    for peer in peers {
        if !text.is_empty() {
            text += ", ";
        }
        text += &match peer {
            Peer::Broker(it) => name(*it),
            Peer::Controller => "controller".to_owned(),
            Peer::Others => "brokers".to_owned(),
            Peer::Clients => "clients".to_owned(),
            Peer::Everyone => "everyone".to_owned(),
        };
    }
    text
}
