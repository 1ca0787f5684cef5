//! What each of Kafka's facts means to the ledger.

use super::KafkaLedger;
use crate::ledger::book::{ACKNOWLEDGED, SENT};
use brokerscope_core::kafka::Cluster;
use brokerscope_core::kafka::fact::{
    ClusterFact, Fact, LeaveReason, PositionReason, Then, TransactionFact,
};
use brokerscope_core::kafka::snapshot::Marker;
use brokerscope_core::sim::{SimTime, Watcher};

impl Watcher<Cluster> for KafkaLedger {
    fn watch(&mut self, at: SimTime, fact: &Fact) {
        self.give_up_unwatched(at);
        self.take(at, fact);
        if self.done_at.is_none() && self.is_done() {
            self.done_at = Some(at);
        }
    }
}

impl KafkaLedger {
    fn take(&mut self, at: SimTime, fact: &Fact) {
        match fact {
            Fact::Sent { message, to, .. } => self.sent(at, *message, to),
            Fact::Appended { message, to, offset } => self.appended(*message, to, *offset),
            Fact::Acknowledged { message, to, .. } => {
                self.learn_at(*message, SENT | ACKNOWLEDGED, to);
            }
            Fact::GaveUp { message, .. } => self.gave_up(*message),
            Fact::Retained { partition, start, .. } => self.retained(partition, *start),
            Fact::Cleaned { partition, removed, .. } => self.cleaned(partition, removed),
            Fact::Committed { group, partition, offset, .. } => {
                self.committed(group, partition, *offset);
            }
            Fact::Transaction(fact) => {
                if let TransactionFact::Marked {
                    partition, marker: Marker::Abort, records, ..
                } = fact
                {
                    self.aborted(partition, records);
                }
            }
            Fact::Fetched { consumer, partition, from, to, .. } => {
                let client = self.by_name.get(consumer).copied();
                if let (Some(client), Some(place)) = (client, self.logs.place(partition)) {
                    self.fetched(client, place, *from, *to);
                }
            }
            Fact::Joining { group, consumer }
            | Fact::Expired { group, consumer, .. }
            | Fact::Left { group, consumer, .. }
            | Fact::Reads { group, consumer, .. }
            | Fact::Revoked { group, consumer, .. }
            | Fact::Positioned { group, consumer, .. }
            | Fact::Polled { group, consumer, .. }
            | Fact::Began { group, consumer, .. }
            | Fact::Processed { group, consumer, .. }
            | Fact::Failed { group, consumer, .. }
            | Fact::PassedOn { group, consumer, .. }
            | Fact::Skipped { group, consumer, .. }
            | Fact::Raised { group, consumer, .. }
            | Fact::Crashed { group, consumer }
            | Fact::Restarted { group, consumer }
            | Fact::Started { group, consumer } => {
                if let Some(client) = self.client(consumer, group) {
                    self.take_from(client, fact);
                }
            }
            Fact::Cluster(fact) => self.take_from_cluster(fact),
            Fact::Rolled { .. }
            | Fact::Rebalancing { .. }
            | Fact::Targeted { .. }
            | Fact::Reconciled { .. }
            | Fact::Assigned { .. }
            | Fact::OutOfRange { .. }
            | Fact::CommitRefused { .. }
            | Fact::OffsetForgotten { .. }
            | Fact::GroupRemoved { .. }
            | Fact::PutAside { .. }
            | Fact::Paused { .. }
            | Fact::Resumed { .. }
            | Fact::ProducerCrashed(_)
            | Fact::ProducerRestarted(_)
            | Fact::BrokerCrashed(_)
            | Fact::BrokerRestarted(_)
            | Fact::Loaded { .. }
            | Fact::Refused { .. } => {}
        }
    }

    fn take_from_cluster(&mut self, fact: &ClusterFact) {
        if let ClusterFact::TopicGrown { topic, partitions } = fact {
            self.grown(topic, *partitions);
        } else if let ClusterFact::ClientConfigured { client, setting, value } = fact
            && **setting == *"acks"
        {
            self.waits_for_answers(client, **value != *"0");
        }
    }

    /// A fact about a consumer's process.
    #[allow(clippy::wildcard_enum_match_arm, reason = "`take` has sorted out all others")]
    fn take_from(&mut self, client: usize, fact: &Fact) {
        match fact {
            Fact::Reads { partitions, .. } => self.reads(client, partitions),
            Fact::Revoked { partitions, .. } => {
                self.disown(client, Some(partitions));
                // Partitions are given up within `poll` and `close`, when the application has
                // nothing of them left to work on.
                for partition in partitions {
                    if let Some(place) = self.logs.place(partition) {
                        self.drop_hand(client, place);
                    }
                }
            }
            Fact::Positioned { partition, offset, why, .. } => {
                if let Some(place) = self.logs.place(partition) {
                    match why {
                        PositionReason::Sought(_) | PositionReason::SoughtOffset => {
                            self.let_go_of_the_rest(client, place);
                        }
                        PositionReason::Committed
                        | PositionReason::Earliest
                        | PositionReason::Latest
                        | PositionReason::ByDuration(_) => self.drop_buffer(client, place),
                    }
                    self.moved(client, place, *offset);
                }
            }
            Fact::Polled { partition, to, .. } => {
                if let Some(place) = self.logs.place(partition) {
                    self.polled(client, place, *to);
                }
            }
            Fact::Began { partition, offset, .. } => {
                self.clients[client].works_on =
                    self.logs.place(partition).map(|place| (place, *offset));
            }
            Fact::Processed { message, partition, offset, .. } => {
                if let Some(place) = self.logs.place(partition) {
                    self.processed(client, place, *offset, *message);
                }
            }
            Fact::Skipped { partition, offset, .. } => {
                if let Some(place) = self.logs.place(partition) {
                    self.finished(client, place, *offset);
                }
            }
            Fact::PassedOn { partition, offset, to, what, .. } => {
                if let Some(place) = self.logs.place(partition) {
                    self.passed_on(client, (place, *offset), to, what);
                }
            }
            Fact::Failed { then: Then::Skip, .. } => {
                if let Some((place, offset)) = self.clients[client].works_on {
                    self.finished(client, place, offset);
                }
            }
            Fact::Crashed { .. }
            | Fact::Raised { .. }
            | Fact::Restarted { .. }
            | Fact::Left { why: LeaveReason::Closed | LeaveReason::Unsubscribed, .. } => {
                self.drop_all(client);
            }
            Fact::Expired { .. }
            | Fact::Left { why: LeaveReason::PollInterval(_) | LeaveReason::Removed, .. } => {
                self.disown(client, None);
            }
            _ => {}
        }
    }
}
