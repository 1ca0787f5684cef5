//! One reader's book: a small state per message, and the counts over all of them.
//!
//! Whatever happens changes the state of a message, and the counts follow from the difference:
//! so reading an [`Outcome`] never looks at messages, and no path can forget to count.

use super::{DeadLettered, Entry, Fate, Outcome};
use brokerscope_core::rabbitmq::fact::Reason;
use brokerscope_core::sim::Shelf;
use brokerscope_core::workload::{KeyId, MessageId};

/// The state of one message for one reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// How often work on it was finished.
    pub processed: u16,
    /// Copies in the broker: records in the log, or messages in the queue.
    pub in_broker: u16,
    /// Of these, the copies that the reader still comes to.
    pub ahead: u16,
    /// Of these, the copies that the broker would deliver again after a crash of all consumers:
    /// at or after the committed offset, or not acknowledged.
    pub open: u16,
    /// How many live consumers have it and have not finished with it.
    pub in_hand: u16,
    /// What is known of it; see the constants.
    known: u8,
    /// How the last copy to leave the broker left it.
    pub departure: Departure,
}

/// It was sent.
pub(super) const SENT: u8 = 1;
/// The producer counts it as acknowledged.
pub(super) const ACKNOWLEDGED: u8 = 2;
/// A copy reached the broker.
pub(super) const ARRIVED: u8 = 4;
/// Nobody will send it again, and it is not on its way.
pub(super) const ABANDONED: u8 = 8;
/// It was first processed after a later one with the same key.
const OUT_OF_ORDER: u8 = 16;

/// How a copy left the broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Departure {
    /// It did not, or in a way that asks for no other word: it was acknowledged, dropped after a
    /// rejection, or dead-lettered to where no queue took it.
    #[default]
    Plain,
    /// Retention, expiry or a length limit.
    Removed,
    /// As a dead letter that some queue took.
    DeadLetter(Reason),
    /// Its transaction was aborted, and this reader reads only what is committed.
    Aborted,
    /// It did not: the reader's application put a copy into a topic that it does not read, and
    /// went on.
    PassedOn(Reason),
}

impl Cell {
    pub(super) fn learn(&mut self, known: u8) {
        self.known |= known;
    }

    pub(super) fn forget(&mut self, known: u8) {
        self.known &= !known;
    }

    pub(super) fn knows(&self, known: u8) -> bool {
        self.known & known == known
    }

    fn fate(&self) -> Fate {
        if self.processed > 0 {
            Fate::Processed
        } else if self.ahead > 0 || self.in_hand > 0 {
            Fate::Waiting
        } else if matches!(self.departure, Departure::PassedOn(_)) {
            Fate::DeadLettered
        } else if self.in_broker > 0 {
            Fate::PassedOver
        } else if !self.knows(ARRIVED) && !self.knows(ABANDONED) {
            Fate::OnTheWay
        } else {
            match self.departure {
                Departure::DeadLetter(_) | Departure::PassedOn(_) => Fate::DeadLettered,
                Departure::Removed => Fate::RemovedUnread,
                Departure::Aborted => Fate::Aborted,
                Departure::Plain if self.knows(ACKNOWLEDGED) => Fate::Lost,
                Departure::Plain => Fate::Vanished,
            }
        }
    }

    fn is_settled(&self) -> bool {
        match self.fate() {
            Fate::OnTheWay | Fate::Waiting => false,
            Fate::Processed | Fate::PassedOver | Fate::DeadLettered => self.open == 0,
            Fate::RemovedUnread | Fate::Lost | Fate::Vanished | Fate::Aborted => true,
        }
    }

    fn dead_letter(&self) -> Option<Reason> {
        match self.departure {
            Departure::DeadLetter(reason) if self.in_broker == 0 => Some(reason),
            Departure::PassedOn(reason) if self.ahead == 0 && self.in_hand == 0 => Some(reason),
            Departure::DeadLetter(_)
            | Departure::PassedOn(_)
            | Departure::Removed
            | Departure::Plain
            | Departure::Aborted => None,
        }
    }

    /// All that the words for it depend on, a few bits each: while they stay the same, so does
    /// every count.
    fn key(&self) -> u32 {
        let departure = match self.departure {
            Departure::Plain => 0,
            Departure::Removed => 1,
            Departure::DeadLetter(Reason::Rejected) => 2,
            Departure::DeadLetter(Reason::Expired) => 3,
            Departure::DeadLetter(Reason::MaxLength) => 4,
            Departure::DeadLetter(Reason::DeliveryLimit) => 5,
            Departure::Aborted => 6,
            Departure::PassedOn(Reason::DeliveryLimit) => 7,
            Departure::PassedOn(_) => 8,
        };
        u32::from(self.known)
            | u32::from(self.processed.min(3)) << 8
            | u32::from(self.ahead > 0 || self.in_hand > 0) << 10
            | u32::from(self.in_broker > 0) << 11
            | u32::from(self.open > 0) << 12
            | departure << 13
    }

    /// In which counts it is, one bit each.
    fn counted(&self) -> u32 {
        if !self.knows(SENT) {
            return 0;
        }
        let mut bits = 1 << Count::Sent as u32;
        let mut add = |count: Count, there: bool| bits |= u32::from(there) << count as u32;
        add(Count::Acknowledged, self.knows(ACKNOWLEDGED));
        add(Count::OutOfOrder, self.knows(OUT_OF_ORDER));
        add(Count::InBroker, self.in_broker > 0);
        add(Count::Unsettled, !self.is_settled());
        if let Some(reason) = self.dead_letter() {
            add(dead_letter_count(reason), true);
        }
        let fate = match self.fate() {
            Fate::Processed => match self.processed {
                1 => Count::Once,
                2 => Count::Twice,
                _ => Count::More,
            },
            Fate::OnTheWay => Count::OnTheWay,
            Fate::Waiting => Count::Waiting,
            Fate::PassedOver => Count::PassedOver,
            Fate::RemovedUnread => Count::RemovedUnread,
            Fate::Lost => Count::Lost,
            Fate::Vanished => Count::Vanished,
            Fate::Aborted => Count::Aborted,
            Fate::DeadLettered => return bits,
        };
        bits | 1 << fate as u32
    }

    fn entry(&self) -> Entry {
        Entry {
            acknowledged: self.knows(ACKNOWLEDGED),
            processed: self.processed,
            fate: self.fate(),
            out_of_order: self.knows(OUT_OF_ORDER),
            dead_lettered: self.dead_letter(),
            in_broker: self.in_broker,
            settled: self.is_settled(),
        }
    }
}

/// What is counted. The number is the place of its bit and of its count.
#[derive(Clone, Copy)]
enum Count {
    Sent,
    Acknowledged,
    Once,
    Twice,
    More,
    OnTheWay,
    Waiting,
    PassedOver,
    RemovedUnread,
    Lost,
    Vanished,
    Aborted,
    DeadRejected,
    DeadExpired,
    DeadMaxLength,
    DeadDeliveryLimit,
    OutOfOrder,
    InBroker,
    Unsettled,
}

/// How many there are.
const COUNTS: usize = Count::Unsettled as usize + 1;

fn dead_letter_count(reason: Reason) -> Count {
    match reason {
        Reason::Rejected => Count::DeadRejected,
        Reason::Expired => Count::DeadExpired,
        Reason::MaxLength => Count::DeadMaxLength,
        Reason::DeliveryLimit => Count::DeadDeliveryLimit,
    }
}

/// One reader's book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Book {
    /// By message, up to the last one that was touched.
    cells: Shelf<Cell>,
    /// By key: the latest message of which work was finished. 0 is none.
    latest: Shelf<u32>,
    counts: [u64; COUNTS],
}

impl Book {
    /// Changes the state of one message.
    pub(super) fn change(&mut self, message: MessageId, act: impl FnOnce(&mut Cell)) {
        let index = message.index();
        while self.cells.end() <= index {
            self.cells.push(Cell::default());
        }
        let cell = self.cells.get_mut(index).expect("the book reaches that far now");
        let before = *cell;
        act(cell);
        if before.key() == cell.key() {
            return;
        }
        let after = cell.counted();
        let mut changed = before.counted() ^ after;
        while changed > 0 {
            let bit = changed.trailing_zeros();
            changed &= changed - 1;
            let count = &mut self.counts[bit as usize];
            *count = if after & (1 << bit) > 0 { *count + 1 } else { *count - 1 };
        }
    }

    /// Work on a message was finished; it leaves `hands` hands.
    pub(super) fn processed(&mut self, message: MessageId, key: Option<KeyId>, hands: u16) {
        let late = key.is_some_and(|key| self.is_late(message, key));
        self.change(message, |it| {
            if matches!(it.departure, Departure::PassedOn(_)) {
                it.departure = Departure::Plain;
            }
            if late && it.processed == 0 {
                it.learn(OUT_OF_ORDER);
            }
            it.processed = it.processed.saturating_add(1);
            it.in_hand = it.in_hand.saturating_sub(hands);
        });
    }

    /// Whether a later message with that key was processed before. Remembers this one.
    fn is_late(&mut self, message: MessageId, key: KeyId) -> bool {
        let place = key.0 as usize;
        while self.latest.end() <= place {
            self.latest.push(0);
        }
        let latest = self.latest.get_mut(place).expect("the keys reach that far now");
        let late = message.0 < *latest;
        *latest = message.0.max(*latest);
        late
    }

    /// What became of a message; none if it is not this reader's, or not sent yet.
    pub(super) fn entry(&self, message: MessageId) -> Option<Entry> {
        let cell = self.cells.get(message.index())?;
        cell.knows(SENT).then(|| cell.entry())
    }

    /// Whether a message is this reader's, and sent.
    pub(super) fn has(&self, message: MessageId) -> bool {
        self.cells.get(message.index()).is_some_and(|it| it.knows(SENT))
    }

    pub(super) fn unsettled(&self) -> u64 {
        self.count(Count::Unsettled)
    }

    fn count(&self, count: Count) -> u64 {
        self.counts[count as usize]
    }

    pub(super) fn outcome(&self) -> Outcome {
        let sent = self.count(Count::Sent);
        let (once, twice) = (self.count(Count::Once), self.count(Count::Twice));
        let more = self.count(Count::More);
        Outcome {
            sent,
            acknowledged: self.count(Count::Acknowledged),
            not_yet: sent - once - twice - more,
            once,
            twice,
            more,
            on_the_way: self.count(Count::OnTheWay),
            waiting: self.count(Count::Waiting),
            passed_over: self.count(Count::PassedOver),
            removed_unread: self.count(Count::RemovedUnread),
            lost: self.count(Count::Lost),
            vanished: self.count(Count::Vanished),
            aborted: self.count(Count::Aborted),
            dead_lettered: DeadLettered {
                rejected: self.count(Count::DeadRejected),
                expired: self.count(Count::DeadExpired),
                max_length: self.count(Count::DeadMaxLength),
                delivery_limit: self.count(Count::DeadDeliveryLimit),
            },
            out_of_order: self.count(Count::OutOfOrder),
            in_broker: self.count(Count::InBroker),
            unsettled: self.count(Count::Unsettled),
        }
    }
}

/// What the producers' side knows of every message, whoever reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Posts {
    known: Shelf<u8>,
    sent: usize,
}

impl Posts {
    /// Remembers it. True if it is news.
    pub(super) fn learn(&mut self, message: MessageId, known: u8) -> bool {
        let index = message.index();
        while self.known.end() <= index {
            self.known.push(0);
        }
        let before = self.known.get_mut(index).expect("the posts reach that far now");
        let news = *before & known != known;
        self.sent += usize::from(*before & SENT == 0 && known & SENT > 0);
        *before |= known;
        news
    }

    /// What is known of a message.
    pub(super) fn known(&self, message: MessageId) -> u8 {
        self.known.get(message.index()).copied().unwrap_or_default()
    }

    /// How many messages were sent.
    pub(super) fn sent(&self) -> usize {
        self.sent
    }
}
