//! The nodes of a cluster.

use crate::card::accent;
use crate::machine::{self, Health, Machine};
use crate::metrics::Metrics;
use crate::scene::{Lane, Scene, Target};
use crate::sheet::{QUIET, Sheet};
use crate::unit::{Len, Point};
use crate::words::{counted, joined};
use brokerscope_core::rabbitmq::snapshot::{NodeSnapshot, QueueSnapshot};

/// Draws them, if there are several.
pub(super) fn draw(sheet: &mut Sheet, scene: &Scene<'_>, m: &Metrics, at: Point) -> Len {
    let nodes = &scene.rabbitmq.nodes;
    if nodes.is_empty() {
        return at.y;
    }
    let room = machine::line_room(m, nodes.len());
    let machines: Vec<Machine> = nodes.iter().map(|it| machine(scene, it, room)).collect();
    machine::draw(sheet, m, accent(Lane::RabbitMq), &machines, at)
}

fn machine(scene: &Scene<'_>, it: &NodeSnapshot, room: Len) -> Machine {
    let name = joined(&["node ", &it.node.to_string()]);
    let (health, state) =
        if it.running { (Health::Well, "runs") } else { (Health::Off, "stopped") };
    let leads = |queue: &&QueueSnapshot| {
        queue.members.as_ref().is_some_and(|members| members.leader == Some(it.node))
    };
    let led: Vec<_> =
        scene.rabbitmq.queues.iter().filter(leads).map(|it| it.name.as_str()).collect();
    let all = if led.is_empty() { "nothing".to_owned() } else { led.join(", ") };
    let mut leads = joined(&["leads ", &all]);
    let mut label = joined(&[&name, ": ", state, "; ", &leads]);
    if room < QUIET.width(&leads) {
        leads = joined(&["leads ", &counted(led.len() as u64, "queue", "queues")]);
    }
    let mut lines = vec![state.to_owned(), leads];
    // Other queues are not told apart by nodes.
    if scene.rabbitmq.queues.iter().all(|it| it.members.is_none()) {
        lines.truncate(1);
        label = joined(&[&name, ": ", state]);
    }
    Machine { target: Target::Node(it.node), name, health, lines, label }
}
