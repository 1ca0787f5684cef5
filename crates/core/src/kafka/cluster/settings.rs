//! Settings that change while the cluster runs.
//!
//! A client reads its settings when it starts. So its application ends it in order, and another
//! process starts with the new value as soon as the last one has ended.

use super::{Cluster, Place};
use crate::kafka::admin::{self, AdminCall};
use crate::kafka::config;
use crate::kafka::consumer::{self, Consumer};
use crate::kafka::fact::{ClusterFact, Fact};
use crate::kafka::message::{Answer, Packet};
use crate::kafka::network::{Address, Node};
use crate::kafka::producer::{self, Producer};
use crate::sim::{Cx, SimTime};
use std::sync::Arc;

impl Cluster {
    /// Gives a setting of a client, a group's clients or a topic another value.
    pub(super) fn set(
        &mut self,
        cx: &mut Cx<'_, Self>,
        name: &Arc<str>,
        setting: &Arc<str>,
        value: &Arc<str>,
    ) -> Result<(), String> {
        let is_meant = |it: &config::Consumer| it.name.as_str() == &**name;
        let is_of =
            |it: &config::Consumer| it.group.as_ref().is_some_and(|it| **name == *it.as_str());
        let mut places = self.places(&is_meant);
        if places.is_empty()
            && let Some(place) = self.known_producer(&name.as_ref().into())
        {
            self.set_producer(cx, place, setting, value)?;
        } else {
            if places.is_empty() {
                places = self.places(&is_of);
            }
            if places.is_empty() {
                return self.set_topic(cx, name, setting, value);
            }
            self.set_consumers(cx, &places, setting, value)?;
        }
        let (client, setting, value) = (name.clone(), setting.clone(), value.clone());
        cx.note(Fact::Cluster(ClusterFact::ClientConfigured { client, setting, value }));
        Ok(())
    }

    /// The consumers that are set up in a way.
    fn places(&self, wanted: &dyn Fn(&config::Consumer) -> bool) -> Vec<u16> {
        let all = (0..).zip(self.consumers());
        all.filter(|(_, it)| wanted(it.setup())).map(|(place, _)| place).collect()
    }

    fn set_topic(
        &mut self,
        cx: &mut Cx<'_, Self>,
        name: &str,
        setting: &str,
        value: &str,
    ) -> Result<(), String> {
        let topic = name.into();
        if self.metadata().topic(&topic).is_none() {
            return Err(format!("there is no client, group or topic {name}"));
        }
        let configs = vec![(setting.to_owned(), Some(value.to_owned()))];
        self.step_admin(cx, admin::Input::Call(AdminCall::AlterConfigs { topic, configs }));
        Ok(())
    }

    fn set_consumers(
        &mut self,
        cx: &mut Cx<'_, Self>,
        places: &[u16],
        setting: &str,
        value: &str,
    ) -> Result<(), String> {
        let mut setups = Vec::new();
        for place in places {
            let mut setup = self.consumer(*place).next_setup().clone();
            setup.settings.configure(setting, value).map_err(|it| it.to_string())?;
            if let Some(conflict) = setup.settings.conflict() {
                return Err(conflict);
            }
            setups.push(setup);
        }
        for (place, setup) in places.iter().zip(setups) {
            self.set_consumer(cx, *place, setup);
        }
        Ok(())
    }

    fn set_consumer(&mut self, cx: &mut Cx<'_, Self>, place: u16, setup: config::Consumer) {
        let it = &mut self.consumers[usize::from(place)].machine;
        if it.process().is_none() {
            it.set_up(setup);
        } else if cx.now() == SimTime::START {
            *it = Consumer::new(setup, self.bootstrap.clone(), self.workload.clone());
            self.begin_process(cx, place);
        } else {
            it.renew(setup);
            self.step_consumer(cx, place, consumer::Input::Close);
        }
    }

    /// The next process of a consumer starts, if it is due.
    pub(super) fn renew_consumer(&mut self, cx: &mut Cx<'_, Self>, place: u16) {
        if self.consumer(place).is_to_be_renewed() {
            let (group, consumer) = self.who(place);
            cx.note(Fact::Restarted { group, consumer });
            self.begin_process(cx, place);
        }
    }

    fn set_producer(
        &mut self,
        cx: &mut Cx<'_, Self>,
        place: u16,
        setting: &str,
        value: &str,
    ) -> Result<(), String> {
        let it = &mut self.producers[usize::from(place)].machine;
        let mut settings = it.settings().clone();
        settings.configure(setting, value).map_err(|it| it.to_string())?;
        if let Some(conflict) = settings.conflict() {
            return Err(conflict.to_owned());
        }
        let is_running = it.is_running();
        it.renew(settings);
        if is_running && cx.now() == SimTime::START && !it.has_sent() {
            self.next_producer(cx, place, |_, _| {});
        } else if is_running {
            self.step_producer(cx, place, producer::Input::Close);
        }
        Ok(())
    }

    /// The next process of a producer starts, if it is due.
    pub(super) fn renew_producer(&mut self, cx: &mut Cx<'_, Self>, place: u16) {
        if self.producer(place).is_to_be_renewed() {
            let now = cx.now();
            self.next_producer(cx, place, |next, gone| next.replace(gone, now));
        }
    }

    fn next_producer(
        &mut self,
        cx: &mut Cx<'_, Self>,
        place: u16,
        follow: impl FnOnce(&mut Producer, &Producer),
    ) {
        let Place { machine: gone, .. } = &self.producers[usize::from(place)];
        let (name, settings) = (gone.name().clone(), gone.settings().clone());
        let (metadata, workload) = (self.bootstrap.clone(), self.workload.clone());
        let destinations = &self.config.destinations;
        let mut next = Producer::new(name, settings, metadata, workload, destinations);
        if let Some(transactions) = gone.transactions() {
            next.transact_by_itself(transactions);
        }
        follow(&mut next, gone);
        let it = &mut self.producers[usize::from(place)];
        it.machine = next;
        it.next_process();
        self.step_producer(cx, place, producer::Input::Wake);
    }

    /// What goes out in place of an answer that is to be lost: its connection breaks, and the
    /// producer notices that when the answer would have come.
    ///
    /// Simplified: what the producer had sent on that connection before it notices still arrives.
    pub(super) fn lose_answer(
        &mut self,
        cx: &mut Cx<'_, Self>,
        from: Address,
        to: Address,
        packet: Packet,
    ) -> Packet {
        if let (Node::Broker(broker), Node::Producer(place)) = (from.node, to.node)
            && matches!(packet, Packet::Answer(_, Answer::Produce(_)))
            && self.network.loses(to.node)
        {
            let producer = self.producer(place).name().clone();
            cx.note(Fact::Cluster(ClusterFact::AnswerLost { producer, broker }));
            return Packet::Disconnected;
        }
        packet
    }
}
