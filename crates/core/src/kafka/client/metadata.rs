//! Keeping up with the cluster.
//!
//! Source: `ConsumerMetadata`, `NetworkClient.DefaultMetadataUpdater`.

use super::{Asked, Client, Effect};
use crate::kafka::message::Request;
use crate::kafka::metadata::Metadata;
use crate::kafka::network::Channel;
use crate::sim::SimTime;
use std::sync::Arc;

impl Client {
    /// When the metadata is to be asked for, if there is anyone to ask.
    pub(super) fn metadata_due(&self) -> Option<SimTime> {
        self.some_broker()?;
        self.metadata.due(self.retry_backoff(), self.settings.metadata_max_age_ms)
    }

    pub(super) fn refresh_metadata(&mut self, fx: &mut Vec<Effect>, now: SimTime) {
        if self.topics().iter().any(|it| self.metadata.topic(it).is_none()) {
            self.metadata.want();
        }
        if self.metadata_due().is_some_and(|due| due <= now)
            && let Some(broker) = self.some_broker()
        {
            self.metadata.asks();
            self.send(fx, now, (broker, Channel::Data), Asked::Metadata, Request::Metadata);
        }
    }

    pub(super) fn learn(&mut self, now: SimTime, news: Arc<Metadata>) {
        self.metadata.learn(now, news);
    }
}
