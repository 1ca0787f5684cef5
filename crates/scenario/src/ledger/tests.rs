//! Random histories of both real machines: at random instants the ledger, kept incrementally, is
//! what a recount of all facts from the beginning finds, message by message and in sum.

mod kafka_recount;
mod rabbitmq_recount;
mod worlds;

use super::{DeadLettered, Entry, Fate, Outcome};
use brokerscope_core::rabbitmq::fact::Reason;
use brokerscope_core::sim::{SimTime, System, Watcher};
use brokerscope_core::workload::{MessageId, Workload};
use std::collections::{BTreeMap, BTreeSet};

/// Keeps every fact beside a ledger.
#[derive(Clone, Debug)]
struct Record<S: System, L> {
    facts: Vec<(SimTime, S::Fact)>,
    ledger: L,
}

impl<S: System, L: Watcher<S>> Watcher<S> for Record<S, L> {
    fn watch(&mut self, at: SimTime, fact: &S::Fact) {
        self.facts.push((at, fact.clone()));
        self.ledger.watch(at, fact);
    }
}

/// What a recount finds about one message and one reader, before any word is given to it.
#[derive(Clone, Debug, Default)]
struct Found {
    acknowledged: bool,
    arrived: bool,
    abandoned: bool,
    processed: usize,
    copies: usize,
    ahead: usize,
    open: usize,
    in_hand: usize,
    removed: bool,
    aborted: bool,
    dead_letter: Option<Reason>,
    out_of_order: bool,
}

impl Found {
    /// The words for it, by the definitions in the doc comments of [`Outcome`].
    fn entry(&self) -> Entry {
        let gone = |it: &Self| match (it.dead_letter, it.removed, it.acknowledged) {
            _ if it.aborted => Fate::Aborted,
            (Some(_), _, _) => Fate::DeadLettered,
            (None, true, _) => Fate::RemovedUnread,
            (None, false, true) => Fate::Lost,
            (None, false, false) => Fate::Vanished,
        };
        let fate = if self.processed > 0 {
            Fate::Processed
        } else if self.ahead + self.in_hand > 0 {
            Fate::Waiting
        } else if self.copies > 0 {
            Fate::PassedOver
        } else if self.arrived || self.abandoned {
            gone(self)
        } else {
            Fate::OnTheWay
        };
        let finished = !matches!(fate, Fate::OnTheWay | Fate::Waiting);
        Entry {
            acknowledged: self.acknowledged,
            processed: u16::try_from(self.processed).unwrap(),
            fate,
            out_of_order: self.out_of_order,
            dead_lettered: self.dead_letter.filter(|_| self.copies == 0),
            in_broker: u16::try_from(self.copies).unwrap(),
            settled: finished && self.open == 0,
        }
    }
}

/// Adds up what became of each message.
fn sum<'a>(entries: impl Iterator<Item = &'a Entry>) -> Outcome {
    let mut outcome = Outcome::default();
    for it in entries {
        outcome.sent += 1;
        outcome.acknowledged += u64::from(it.acknowledged);
        outcome.out_of_order += u64::from(it.out_of_order);
        outcome.in_broker += u64::from(it.in_broker > 0);
        outcome.unsettled += u64::from(!it.settled);
        let DeadLettered { rejected, expired, max_length, delivery_limit } =
            &mut outcome.dead_lettered;
        match it.dead_lettered {
            Some(Reason::Rejected) => *rejected += 1,
            Some(Reason::Expired) => *expired += 1,
            Some(Reason::MaxLength) => *max_length += 1,
            Some(Reason::DeliveryLimit) => *delivery_limit += 1,
            None => {}
        }
        let times = match it.processed {
            0 => &mut outcome.not_yet,
            1 => &mut outcome.once,
            2 => &mut outcome.twice,
            _ => &mut outcome.more,
        };
        *times += 1;
        match it.fate {
            Fate::Processed | Fate::DeadLettered => {}
            Fate::OnTheWay => outcome.on_the_way += 1,
            Fate::Waiting => outcome.waiting += 1,
            Fate::PassedOver => outcome.passed_over += 1,
            Fate::RemovedUnread => outcome.removed_unread += 1,
            Fate::Lost => outcome.lost += 1,
            Fate::Vanished => outcome.vanished += 1,
            Fate::Aborted => outcome.aborted += 1,
        }
    }
    outcome
}

/// Those first finished after a later message with the same key, of messages in the order in
/// which work on them was first finished.
fn out_of_order(workload: &Workload, firsts: &[MessageId]) -> BTreeSet<MessageId> {
    let mut late = BTreeSet::new();
    for (place, message) in firsts.iter().enumerate() {
        let Some(key) = workload.message(*message).key else { continue };
        let overtook = |it: &&MessageId| message < *it && workload.message(**it).key == Some(key);
        if firsts[..place].iter().any(|it| overtook(&it)) {
            late.insert(*message);
        }
    }
    late
}

/// Compares a ledger's entries and outcome with a recount.
fn compare(
    what: &str,
    workload: &Workload,
    found: &BTreeMap<MessageId, Found>,
    entry: impl Fn(MessageId) -> Option<Entry>,
    outcome: Option<Outcome>,
) {
    let entries: BTreeMap<MessageId, Entry> =
        found.iter().map(|(message, it)| (*message, it.entry())).collect();
    for (message, _) in workload.iter() {
        let (kept, counted) = (entry(message), entries.get(&message).copied());
        assert_eq!(kept, counted, "message {message} of {what}: {:?}", found.get(&message));
    }
    assert_eq!(outcome, Some(sum(entries.values())), "the sums of {what}");
}

/// Which fates there were, so that a test can say that it has seen them all.
#[derive(Default)]
struct Variety(BTreeSet<String>);

impl Variety {
    fn note(&mut self, found: &BTreeMap<MessageId, Found>) {
        for entry in found.values().map(Found::entry) {
            self.0.insert(format!("{:?}", entry.fate));
            if entry.out_of_order {
                self.0.insert("OutOfOrder".into());
            }
            if entry.processed > 1 {
                self.0.insert("Again".into());
            }
            if let Some(reason) = entry.dead_lettered {
                self.0.insert(format!("DeadLettered {reason}"));
            }
        }
    }

    fn assert_has(&self, wanted: &[&str]) {
        let missing: Vec<_> = wanted.iter().filter(|it| !self.0.contains(**it)).collect();
        assert!(missing.is_empty(), "the histories are varied enough: {missing:?} is missing");
    }
}
