//! What changes beside the logs: topics that grow, settings, positions that are moved, and records
//! that an application puts into another topic.

use super::{KafkaLedger, Place};
use crate::ledger::book::Departure;
use brokerscope_core::kafka::Offset;
use brokerscope_core::kafka::passed_on::PassedOn;
use brokerscope_core::name::TopicName;
use brokerscope_core::rabbitmq::fact::Reason;
use std::sync::Arc;

impl KafkaLedger {
    /// `client` put a record into another topic, and is through with it here.
    pub(super) fn passed_on(
        &mut self,
        client: usize,
        (partition, offset): (usize, Offset),
        to: &TopicName,
        what: &PassedOn,
    ) {
        self.finished(client, partition, offset);
        let group = self.clients[client].group;
        let reads =
            |(topic, readers): &(TopicName, Vec<usize>)| topic == to && readers.contains(&group);
        // What the group reads itself comes back to it.
        if !self.plan.subscribed.iter().any(reads) {
            let tries = what.attempts;
            let reason = if tries > 1 { Reason::DeliveryLimit } else { Reason::Rejected };
            let book = &mut self.groups[group].book;
            book.change(what.message, |it| it.departure = Departure::PassedOn(reason));
        }
    }

    /// A topic has so many partitions now.
    pub(super) fn grown(&mut self, topic: &TopicName, partitions: u32) {
        let added = self.logs.grow(topic, partitions);
        let plan = Arc::make_mut(&mut self.plan);
        let readers = plan.subscribed.iter().find(|it| it.0 == *topic);
        let readers = readers.map(|it| it.1.clone()).unwrap_or_default();
        for _ in 0..added {
            plan.of_partition.push(readers.clone());
            for group in &mut self.groups {
                group.places.push(Place::default());
            }
        }
    }

    /// A producer waits for answers from now on, or no longer.
    pub(super) fn waits_for_answers(&mut self, producer: &str, waits: bool) {
        let plan = Arc::make_mut(&mut self.plan);
        for (stream, it) in self.workload.streams.iter().zip(&mut plan.unanswered) {
            if stream.producer.as_str() == producer {
                *it = (!waits).then_some(plan.longest);
            }
        }
    }

    /// All that the process has of a partition is dropped but for the record it works on.
    pub(super) fn let_go_of_the_rest(&mut self, client: usize, partition: usize) {
        let works_on = self.clients[client].works_on.filter(|it| it.0 == partition);
        let Some(hand) = self.clients[client].hand(partition) else { return };
        let kept = works_on.filter(|it| hand.next <= it.1 && it.1 < hand.fetched);
        let (from, to) = (kept.map_or(hand.next, |it| it.1.next()), hand.fetched);
        hand.fetched = from.max(hand.next);
        hand.polled = hand.polled.min(hand.fetched);
        self.let_go(client, partition, from, to);
    }
}
