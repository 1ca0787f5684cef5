//! What a person asks of queues, settings and connections.

use super::super::config::{ConsumerSettings, PublisherSettings};
use super::super::fact::Fact;
use super::super::frame::{ChannelId, ClientId, Frame};
use super::super::manual::Call;
use super::super::topology::Request;
use super::super::{consumer, publisher};
use super::{Arrival, Broker, Consumer, End, Event};
use crate::name::{ConsumerName, ProducerName, QueueName};
use crate::settings::BadSetting;
use crate::sim::Cx;
use std::sync::Arc;

/// The client of who administers the broker.
const TOOL: &str = "rabbitmqctl";

impl Broker {
    /// Lets the administrator's tool ask something about a queue.
    ///
    /// Source: `rabbitmqctl purge_queue`, `rabbitmqctl delete_queue`.
    ///
    /// Simplified: the tool is a client with a channel, and no time passes on its way.
    pub(super) fn ask(
        &mut self,
        cx: &mut Cx<'_, Self>,
        queue: &QueueName,
        request: Request,
    ) -> Result<(), String> {
        self.known(queue)?;
        let tool = ConsumerName::from(TOOL);
        if !self.manual(&tool).is_some_and(super::Manual::is_open) {
            self.drive(cx, &tool, &Call::Open)?;
        }
        self.drive(cx, &tool, &Call::Send(Box::new(Frame::Topology(Box::new(request)))))
    }

    fn known(&self, queue: &QueueName) -> Result<u64, String> {
        let found = self.node.queue(queue).ok_or_else(|| format!("there is no queue {queue}"))?;
        Ok(found.ready())
    }

    /// A client reads its settings when it begins: it begins anew with them.
    pub(super) fn set(
        &mut self,
        cx: &mut Cx<'_, Self>,
        name: &Arc<str>,
        setting: &Arc<str>,
        value: &Arc<str>,
    ) -> Result<(), String> {
        let consumer = self.consumers.iter().position(|it| it.name().as_str() == &**name);
        let publisher = self.publishers.iter().position(|it| it.name().as_str() == &**name);
        let said = |wrong: BadSetting| wrong.to_string();
        let reset = |cx: &mut Cx<'_, Self>| {
            let (name, setting, value) = (name.clone(), setting.clone(), value.clone());
            cx.note(Fact::Reset { name, setting, value });
        };
        if let Some(place) = consumer {
            let mut settings: ConsumerSettings = self.consumers[place].settings().clone();
            settings.set(setting, value).map_err(said)?;
            reset(cx);
            let number = u16::try_from(place).expect("consumers are numbered with 16 bits");
            self.step_consumer(cx, number, consumer::Input::Reset(settings));
        } else if let Some(place) = publisher {
            let mut settings: PublisherSettings = self.publishers[place].settings().clone();
            settings.set(setting, value).map_err(said)?;
            if let Some(error) = settings.conflict() {
                return Err(error.text.to_string());
            }
            reset(cx);
            let number = u16::try_from(place).expect("publishers are numbered with 16 bits");
            self.step_publisher(cx, number, publisher::Input::Reset(settings));
        } else if self.node.queue(&QueueName(name.clone())).is_some() {
            return Err("the arguments of a queue cannot be changed: it would have to be deleted \
                        and declared anew"
                .to_owned());
        } else {
            return Err(format!("there is no consumer or publisher {name}"));
        }
        Ok(())
    }

    /// Starts a shovel that moves what is Ready now.
    pub(super) fn move_messages(
        &mut self,
        cx: &mut Cx<'_, Self>,
        from: &QueueName,
        to: &QueueName,
    ) -> Result<(), String> {
        self.known(to)?;
        let messages = self.known(from)?;
        if messages == 0 {
            return Err(format!("nothing is ready in {from}"));
        }
        let number =
            u16::try_from(self.consumers.len()).expect("consumers are numbered with 16 bits");
        let count = self.consumers.iter().filter(|it| it.is_shovel()).count();
        let consumer = ConsumerName::from(match count {
            0 => "shovel".to_owned(),
            before => format!("shovel-{}", before + 1),
        });
        let goal = (to.clone(), messages);
        let workload = self.workload.clone();
        self.consumers.push(Consumer::shovel(
            number,
            consumer.clone(),
            from.clone(),
            goal,
            workload,
        ));
        let (queue, to) = (from.clone(), to.clone());
        cx.note(Fact::Moving { consumer, queue, to, messages });
        self.step_consumer(cx, number, consumer::Input::Start);
        Ok(())
    }

    /// The next confirm to that publisher breaks its connection.
    pub(super) fn lose_confirm(&mut self, name: &ProducerName) -> Result<(), String> {
        let Some(place) = self.publishers.iter().position(|it| it.name() == name) else {
            return Err(format!("there is no publisher {name}"));
        };
        let settings = self.publishers[place].settings();
        if !settings.confirm && !settings.transactional {
            return Err(format!("{name} waits for no confirms"));
        }
        self.breaking.insert(u16::try_from(place).expect("publishers are numbered with 16 bits"));
        Ok(())
    }

    /// What leaves the broker for a client: the frame, or instead of a confirm the end of a
    /// connection that is to break with it. The broker notices at once, the client when it would
    /// have heard.
    pub(super) fn or_break(
        &mut self,
        cx: &mut Cx<'_, Self>,
        channel: ChannelId,
        frame: Frame,
    ) -> Frame {
        let ClientId::Publisher(number) = channel.connection.client else { return frame };
        let commits = self.publishers[usize::from(number)].is_committing();
        let answers = matches!(frame, Frame::Ack(_) | Frame::ConfirmNack(_))
            || commits && matches!(frame, Frame::TopologyDone(_));
        if !answers || !self.breaking.remove(&number) {
            return frame;
        }
        cx.note(Fact::ConfirmLost {
            publisher: self.publishers[usize::from(number)].name().clone(),
        });
        let (sent, to, frame) = (cx.now(), End::Broker, Frame::ConnectionClosed);
        cx.at(sent, Event::Arrival(Arrival { sent, to, channel, frame }));
        Frame::ConnectionClosed
    }
}
