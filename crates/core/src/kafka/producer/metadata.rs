//! Keeping up with the cluster.

use super::{Destination, Effect, Producer};
use crate::kafka::BrokerId;
use crate::kafka::message::Request;
use crate::kafka::metadata::Metadata;
use crate::sim::{SimDuration, SimTime};
use std::sync::Arc;

impl Producer {
    fn retry_backoff(&self) -> SimDuration {
        SimDuration::millis(self.settings.retry_backoff_ms)
    }

    /// A broker that can be asked.
    fn some_broker(&self) -> Option<BrokerId> {
        self.metadata.broker_ids().find(|it| self.connections.is_up(*it))
    }

    /// When the metadata is to be asked for, or the asking given up.
    pub(super) fn metadata_due(&self) -> Option<SimTime> {
        if let Some((_, deadline)) = self.asked {
            return Some(deadline);
        }
        self.some_broker()?;
        self.metadata.due(self.retry_backoff(), self.settings.metadata_max_age_ms)
    }

    pub(super) fn refresh_metadata(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if let Some((broker, deadline)) = self.asked
            && deadline <= now
        {
            self.disconnected(fx, now, broker);
        }
        let is_unknown = |it: &Destination| self.metadata.topic(&it.name).is_none();
        let mut queues = self.topics.iter().flat_map(|it| &it.queues);
        // Source: `RecordAccumulator.ready`, `unknownLeaderTopics`.
        let is_stuck =
            queues.any(|it| it.first().is_some() && self.metadata.leader(it.partition()).is_none());
        if is_stuck || self.calls.is_blocked() || self.topics.iter().any(is_unknown) {
            self.metadata.want();
        }
        if self.asked.is_none()
            && self.metadata_due().is_some_and(|due| due <= now)
            && let Some(broker) = self.some_broker()
        {
            self.metadata.asks();
            let timeout = SimDuration::millis(self.settings.request_timeout_ms);
            self.asked = Some((broker, now + timeout));
            let correlation = self.correlation();
            fx.push(Effect::Send(broker, correlation, Request::Metadata));
        }
    }

    /// A connection is gone, and with it the question.
    pub(super) fn forget_request(&mut self, now: SimTime, broker: BrokerId) {
        if self.asked.is_some_and(|(it, _)| it == broker) {
            self.asked = None;
            self.metadata.failed(now);
        }
    }

    pub(super) fn learn(&mut self, now: SimTime, news: Arc<Metadata>) {
        self.asked = None;
        self.metadata.learn(now, news);
        for it in &mut self.topics {
            it.grow(self.metadata.topic(&it.name).map_or(0, |it| it.partitions));
        }
    }
}
