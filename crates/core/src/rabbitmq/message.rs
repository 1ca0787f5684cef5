//! A message as it travels and lies in queues, and the history of its deaths.

use super::fact::Reason;
use crate::name::{ExchangeName, QueueName};
use crate::workload::MessageId;
use std::sync::Arc;

/// Where a message was published to. Shared by all messages that were published alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// The exchange; the empty name is the default exchange.
    pub exchange: ExchangeName,
    /// The routing key.
    pub routing_key: Arc<str>,
}

/// One copy of a message. Its size, key and work are those of the workload's message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Which message of the workload it is a copy of.
    pub id: MessageId,
    /// Where it was published to, last time.
    pub address: Arc<Address>,
    /// How often it was dead-lettered, and why; nothing if never.
    deaths: Option<Arc<Vec<Death>>>,
}

/// One table of the header `x-death`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Death {
    /// The queue it was dead-lettered from.
    pub queue: QueueName,
    /// Why.
    pub reason: Reason,
    /// How often it was dead-lettered from there for that reason.
    pub count: u32,
}

impl Message {
    /// A message that was never dead-lettered.
    #[must_use]
    pub fn new(id: MessageId, address: Arc<Address>) -> Self {
        Self { id, address, deaths: None }
    }

    /// Its header `x-death`: one entry per queue and reason, the most recent first.
    #[must_use]
    pub fn deaths(&self) -> &[Death] {
        self.deaths.as_deref().map_or(&[], Vec::as_slice)
    }

    /// The copy that goes to a dead-letter exchange.
    ///
    /// A repeated death from the same queue for the same reason counts up and moves to the front.
    ///
    /// Source: `rabbit_dead_letter`, `mc:record_death`; cases `d-count-classic`,
    /// `d-two-hops-classic`.
    #[must_use]
    pub fn dead_lettered(&self, queue: &QueueName, reason: Reason, address: Arc<Address>) -> Self {
        let again = |it: &&Death| it.queue == *queue && it.reason == reason;
        let count = self.deaths().iter().find(again).map_or(0, |it| it.count) + 1;
        let newest = Death { queue: queue.clone(), reason, count };
        let older = self.deaths().iter().filter(|it| !again(it)).cloned();
        let deaths = std::iter::once(newest).chain(older).collect();
        Self { id: self.id, address, deaths: Some(Arc::new(deaths)) }
    }

    /// Whether a dead-lettered copy that just died would go round without anybody having
    /// rejected it: then `target` does not get it.
    ///
    /// The history is read from the newest death back to the last one from `target`; a rejection
    /// on the way, the newest included, says that a consumer takes part in the loop.
    ///
    /// Source: `rabbit_dead_letter`, `is_cycle`; cases `d-cycle-*`, `d-maxlen-self`,
    /// `d-reject-self-*`.
    #[must_use]
    pub fn would_cycle(&self, target: &QueueName) -> bool {
        let Some(last) = self.deaths().iter().position(|it| it.queue == *target) else {
            return false;
        };
        self.deaths()[..=last].iter().all(|it| it.reason != Reason::Rejected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use std::fmt::Write;

    /// `deaths` is a story, oldest first, as `work rejected`; printed are `x-death` after each,
    /// and which of `targets` would be refused at the end.
    fn check(deaths: &[(&str, Reason)], targets: &[&str], expect: Expect) {
        let address = Arc::new(Address { exchange: "".into(), routing_key: "".into() });
        let mut message = Message::new(MessageId(1), address.clone());
        let mut text = String::new();
        for (queue, reason) in deaths {
            message = message.dead_lettered(&(*queue).into(), *reason, address.clone());
            for it in message.deaths() {
                write!(text, "{} {} {}, ", it.queue, it.reason, it.count).unwrap();
            }
            text.push('\n');
        }
        for target in targets {
            let refused = message.would_cycle(&(*target).into());
            writeln!(text, "{target}: {}", if refused { "cycle" } else { "goes on" }).unwrap();
        }
        expect.assert_eq(&text);
    }

    #[test]
    fn a_death_counts_per_queue_and_reason_newest_first() {
        use Reason::{Expired, Rejected};
        check(
            &[("work", Rejected), ("retry", Expired), ("work", Rejected), ("work", Expired)],
            &["work", "retry", "other"],
            expect![[r#"
                work rejected 1, 
                retry expired 1, work rejected 1, 
                work rejected 2, retry expired 1, 
                work expired 1, work rejected 2, retry expired 1, 
                work: cycle
                retry: goes on
                other: goes on
            "#]],
        );
    }

    #[test]
    fn a_loop_without_a_rejection_is_a_cycle() {
        use Reason::{Expired, MaxLength};
        check(
            &[("a", Expired), ("b", MaxLength)],
            &["a", "b"],
            expect![[r#"
                a expired 1, 
                b maxlen 1, a expired 1, 
                a: cycle
                b: cycle
            "#]],
        );
    }
}
