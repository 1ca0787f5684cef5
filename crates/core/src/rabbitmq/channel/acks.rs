//! Acknowledgements, rejections and returns: which deliveries a tag means.

use super::{Channel, Effect, Outstanding, Receiver, Source};
use crate::map::Map;
use crate::rabbitmq::error::ProtocolError;
use crate::rabbitmq::frame::{Fate, Tags};
use crate::rabbitmq::queue::{Settled, Settlement};
use std::ops::RangeInclusive;

/// Deliveries that are settled at once, by tag.
pub(super) type Taken = Vec<(u64, Taking)>;

/// A delivery that was taken out of those outstanding.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Taking(Outstanding);

impl Channel {
    /// Settles one delivery, or all up to one, which has to be outstanding itself.
    ///
    /// Source: `rabbit_channel`, `collect_acks`; cases `c-unknown-tag-classic`,
    /// `c-ack-multiple-classic`.
    pub(super) fn settle(&mut self, fx: &mut Vec<Effect>, tags: Tags, how: Settlement) {
        let (first, last) = match tags {
            Tags::UpTo(0) => (self.deliveries.start() as u64 + 1, self.deliveries.end() as u64),
            Tags::One(tag) | Tags::UpTo(tag) if self.outstanding(tag).is_none() => {
                fx.push(Effect::Fail(ProtocolError::unknown_delivery_tag(tag)));
                return;
            }
            Tags::UpTo(tag) => (self.deliveries.start() as u64 + 1, tag),
            Tags::One(tag) => (tag, tag),
        };
        let taken = self.take(first..=last);
        match &mut self.tx {
            Some(tx) => tx.settles.push((taken, how)),
            None => self.hand_back(fx, taken, how),
        }
        self.forget_settled();
    }

    /// Everything that is outstanding goes back, in a transaction too.
    ///
    /// Source: `rabbit_channel`, `basic.recover`; case `c-recover`; a 3.10.8 server.
    pub(super) fn recover(&mut self, fx: &mut Vec<Effect>) {
        let taken = self.take(self.deliveries.start() as u64 + 1..=self.deliveries.end() as u64);
        self.hand_back(fx, taken, Settlement::Requeue);
        self.forget_settled();
    }

    fn take(&mut self, tags: RangeInclusive<u64>) -> Taken {
        let mut taken = Taken::new();
        for tag in tags {
            if let Some(it) = self.deliveries.get_mut(index(tag)).and_then(Option::take) {
                taken.push((tag, Taking(it)));
            }
        }
        taken
    }

    /// Tells the queues, group by group: a group is one queue and one consumer, and groups go in
    /// the order of these names.
    ///
    /// Source: `rabbit_channel`, `foreach_per_queue`.
    pub(super) fn hand_back(&mut self, fx: &mut Vec<Effect>, taken: Taken, how: Settlement) {
        let mut groups: Map<&Source, Vec<Settled>> = Map::new();
        let mut to_consumers = 0;
        for (delivery_tag, Taking(it)) in taken {
            let Outstanding { source, arrival, consumer, .. } = it;
            let source = &self.sources[source];
            to_consumers += u32::from(matches!(source.to, Receiver::Consumer(_)));
            let settled = Settled { delivery_tag, arrival, consumer };
            groups.get_or_default(source).push(settled);
            self.unacked -= 1;
        }
        for (source, settled) in groups {
            fx.push(Effect::Settle(source.queue, settled, how));
        }
        if self.shared_prefetch > 0 && to_consumers > 0 {
            fx.push(Effect::Release(to_consumers));
        }
    }

    /// Deliveries that were taken out are outstanding again.
    pub(super) fn put_back(&mut self, taken: Taken) {
        for (tag, Taking(it)) in taken {
            if let Some(place) = self.deliveries.get_mut(index(tag)) {
                *place = Some(it);
            }
        }
    }

    pub(super) fn outstanding(&self, delivery_tag: u64) -> Option<&Outstanding> {
        self.deliveries.get(index(delivery_tag))?.as_ref()
    }

    /// Forgets settled deliveries before the first that is not. What a transaction may bring back
    /// is kept.
    pub(super) fn forget_settled(&mut self) {
        if self.tx.as_ref().is_some_and(|it| !it.settles.is_empty()) {
            return;
        }
        let mut first = self.deliveries.start();
        while matches!(self.deliveries.get(first), Some(None)) {
            first += 1;
        }
        self.deliveries.forget_before(first);
    }

    /// What a transaction has settled and not committed: queue and place.
    pub(super) fn waiting_origins(
        &self,
    ) -> impl Iterator<Item = (crate::rabbitmq::node::QueueId, u64)> {
        let waiting = self.tx.iter().flat_map(|it| &it.settles).flat_map(|it| &it.0);
        waiting.map(|(_, Taking(it))| (self.sources[it.source].queue, it.arrival))
    }
}

/// The index of a delivery tag. Tag 0 has none.
fn index(delivery_tag: u64) -> usize {
    let before = delivery_tag.wrapping_sub(1);
    usize::try_from(before).unwrap_or(usize::MAX)
}

impl From<Fate> for Settlement {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Requeue => Self::Requeue,
            Fate::Discard => Self::Reject,
        }
    }
}
