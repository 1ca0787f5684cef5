//! What each part of the page shows, made from the session.

use super::{Action, Open, Playback, Session, Shown};
use crate::lessons::LESSONS;
use crate::view::breaker::BreakerView;
use crate::view::brokers;
use crate::view::captions::{CaptionView, CaptionsView};
use crate::view::card::CardView;
use crate::view::consumers::{self, ConsumerView};
use crate::view::data::DataView;
use crate::view::header::{self, HeaderView};
use crate::view::ledger::{self, LedgerView};
use crate::view::log::{self, LogView};
use crate::view::mirror::{self, MirrorView};
use crate::view::notice::NoticeView;
use crate::view::question::QuestionView;
use crate::view::stage::{Does, Place, SpotView, StageView};
use crate::view::tasks::TasksView;
use crate::view::transport::{self, TransportView};
use crate::words;
use brokerscope_core::{kafka, rabbitmq};
use brokerscope_scenario::scenario::SystemName;
use brokerscope_scenario::setup::{Machines, machines};
use brokerscope_stage::{Hit, Lane, Target};

/// How many entries of the event log are shown.
const LOG_ENTRIES: usize = 60;

/// What the transport's line leaves to its buttons, in pixels.
const BUTTONS_PX: u64 = 400;

/// From this width on the line shares its row with the buttons.
const WIDE_PX: u64 = 700;

/// What there is to show.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Views {
    pub(crate) header: HeaderView,
    pub(crate) problems: Vec<NoticeView>,
    pub(crate) question: QuestionView,
    pub(crate) stage: StageView,
    pub(crate) captions: CaptionsView,
    pub(crate) breaker: BreakerView,
    pub(crate) ledger: LedgerView,
    pub(crate) log: LogView,
    pub(crate) tasks: TasksView,
    /// What is said at the end; nothing as long as it is not to be seen.
    pub(crate) card: Option<CardView>,
    pub(crate) mirror: MirrorView,
    pub(crate) transport: TransportView,
    pub(crate) data: DataView,
    /// What each machine is set to; nothing unless that is open.
    pub(crate) settings: Vec<Machines>,
    pub(crate) open: Open,
}

/// The system of a lane.
pub(super) const fn system_of(lane: Lane) -> SystemName {
    match lane {
        Lane::Kafka => SystemName::Kafka,
        Lane::RabbitMq => SystemName::RabbitMq,
    }
}

impl Session {
    /// What there is to show. `data` is what the panel for own data shows.
    pub(crate) fn views(&mut self, data: DataView) -> Views {
        Views {
            header: self.header(),
            problems: self.problems.clone(),
            question: self.question(),
            stage: self.stage(),
            captions: self.captions(),
            breaker: self.breaker(),
            ledger: self.ledger(),
            log: self.log(),
            tasks: self.tasks(),
            card: self.card(),
            mirror: self.mirror(),
            transport: self.transport(),
            data,
            settings: match self.open {
                Open::Settings => machines(self.run.scenario()),
                Open::Nothing | Open::Help | Open::Data => Vec::new(),
            },
            open: self.open,
        }
    }

    fn header(&self) -> HeaderView {
        let acts = self.lesson().acts;
        let has_acts = 1 < acts.len();
        HeaderView {
            groups: header::groups(LESSONS.iter().map(|it| (it.group, it.title))),
            chosen: self.lesson,
            acts: acts.iter().filter(|_| has_acts).map(|it| it.title).collect(),
            act: self.act,
            theme: self.setting.theme,
        }
    }

    pub(super) fn captions(&self) -> CaptionsView {
        let said = |system, itself: &str| match self.run.caption(system) {
            Some((at, beat)) => CaptionView { since: Some(at), sentence: beat.say.clone() },
            None => CaptionView { since: None, sentence: itself.to_owned() },
        };
        CaptionsView {
            kafka: said(SystemName::Kafka, words::KAFKA_ITSELF),
            rabbitmq: said(SystemName::RabbitMq, words::RABBITMQ_ITSELF),
        }
    }

    /// The consumers as they are now.
    pub(super) fn consumers(&self) -> Vec<ConsumerView> {
        match &self.shown {
            Some(shown) => consumers::consumers(&shown.kafka, &shown.rabbitmq),
            None => {
                let kafka = kafka::snapshot::snapshot(self.run.kafka(), 0);
                let rabbitmq = rabbitmq::snapshot::snapshot(self.run.rabbitmq(), 0);
                consumers::consumers(&kafka, &rabbitmq)
            }
        }
    }

    fn breaker(&self) -> BreakerView {
        let (broker, hint) = match &self.shown {
            Some(shown) => brokers::breaker(&shown.kafka, &shown.rabbitmq),
            None => (None, words::OR_CLICK),
        };
        BreakerView {
            consumers: consumers::twins(&self.consumers()),
            broker,
            hint,
            told: self.told.clone(),
        }
    }

    fn stage(&self) -> StageView {
        let consumers = self.consumers();
        let spots = self.shown.iter().flat_map(|shown| {
            let hits = shown.picture.hits.iter();
            hits.filter_map(|hit| spot(hit, shown, &consumers))
        });
        StageView {
            label: self.shown.as_ref().map(|it| it.picture.label.clone()).unwrap_or_default(),
            width_px: i32::from(self.options.width_px),
            spots: spots.collect(),
            waits: self.playback == Playback::Waiting,
        }
    }

    fn mirror(&self) -> MirrorView {
        let workload = &self.run.scenario().workload;
        match &self.shown {
            Some(shown) => mirror::mirror(&shown.kafka, &shown.rabbitmq, workload),
            None => MirrorView { tables: Vec::new() },
        }
    }

    fn transport(&mut self) -> TransportView {
        let width = u64::from(self.options.width_px);
        let line = if width < WIDE_PX { width } else { width - BUTTONS_PX };
        let times = (self.now(), self.end());
        transport::transport(times, (self.is_playing(), self.speed), &self.marks(), line)
    }

    fn ledger(&self) -> LedgerView {
        let outcomes = self.run.outcomes();
        let readers: Vec<_> =
            outcomes.iter().map(|(system, name, outcome)| (*system, &**name, *outcome)).collect();
        ledger::ledger(&readers)
    }

    fn log(&mut self) -> LogView {
        let told = self.told(LOG_ENTRIES);
        let none = if self.is_short() { words::NOTHING_YET } else { words::NOTHING_LATELY };
        LogView { scope: self.log, none, entries: log::entries(&told) }
    }
}

/// The button over a part of the picture, if there is something to be done with it.
fn spot(hit: &Hit, shown: &Shown, consumers: &[ConsumerView]) -> Option<SpotView> {
    let (id, does) = match &hit.target {
        Target::Consumer(lane, name) => {
            let consumer = consumers.iter().find(|it| it.lane == *lane && it.name == *name)?;
            (format!("{lane:?} {name}"), Does::Opens(consumer.menu()))
        }
        Target::Broker(id) => {
            let broker = shown.kafka.brokers.iter().find(|it| it.id == *id)?;
            (id.to_string(), Does::Opens(brokers::broker(broker)))
        }
        Target::Node(number) => {
            let node = shown.rabbitmq.nodes.iter().find(|it| it.node == *number)?;
            (format!("node {number}"), Does::Opens(brokers::node(node)))
        }
        Target::AddToGroup(group) => {
            let adds = Action::AddTo(Lane::Kafka, group.to_string());
            (format!("add to group {group}"), Does::Asks(adds))
        }
        Target::AddToQueue(queue) => {
            let adds = Action::AddTo(Lane::RabbitMq, queue.to_string());
            (format!("add to queue {queue}"), Does::Asks(adds))
        }
        Target::Message(_) | Target::Partition(_) | Target::Group(_) | Target::Queue(_) => {
            return None;
        }
    };
    Some(SpotView { id: id.into(), place: Place::of(hit.area), label: hit.label.clone(), does })
}
