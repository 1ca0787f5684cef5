//! What became of the messages, a row a reader.

use crate::words::{self, News, OUTCOMES};
use brokerscope_scenario::ledger::Outcome;
use brokerscope_scenario::scenario::SystemName;
use brokerscope_stage::count;

/// The ledger.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LedgerView {
    pub(crate) title: String,
    pub(crate) rows: Vec<RowView>,
}

/// What became of the messages of one reader.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowView {
    /// Told apart by this.
    pub(crate) key: String,
    /// In the markup.
    pub(crate) system: &'static str,
    pub(crate) title: &'static str,
    /// The group, or the queue.
    pub(crate) reader: String,
    pub(crate) cells: Vec<CellView>,
}

/// How many messages have one outcome.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CellView {
    pub(crate) outcome: &'static words::Outcome,
    pub(crate) count: String,
    pub(crate) tone: Tone,
}

/// How a number looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing.
    Zero,
    /// Something.
    Plain,
    /// Something went wrong.
    Bad,
}

/// A reader with its numbers.
pub(crate) type Reader<'a> = (SystemName, &'a str, Outcome);

/// The ledger of these readers. Its title counts the messages of the one that has most.
pub(crate) fn ledger(readers: &[Reader<'_>]) -> LedgerView {
    let sent = readers.iter().map(|(_, _, outcome)| outcome.sent).max().unwrap_or(0);
    let title = match sent {
        1 => format!("{}, 1 message", words::OUTCOME),
        _ => format!("{}, {} messages", words::OUTCOME, count(sent)),
    };
    LedgerView { title, rows: readers.iter().map(row).collect() }
}

fn row((system, reader, outcome): &Reader<'_>) -> RowView {
    let kind = match system {
        SystemName::Kafka => "group",
        SystemName::RabbitMq => "queue",
    };
    let numbers = [
        outcome.once,
        outcome.twice + outcome.more,
        outcome.not_yet,
        outcome.lost,
        outcome.passed_over,
        outcome.removed_unread,
        outcome.out_of_order,
        outcome.dead_lettered.total(),
        outcome.in_broker,
    ];
    RowView {
        key: format!("{} {reader}", system.word()),
        system: system.word(),
        title: system.as_str(),
        reader: format!("{kind} {reader}"),
        cells: OUTCOMES.iter().zip(numbers).map(|(outcome, it)| cell(outcome, it)).collect(),
    }
}

fn cell(outcome: &'static words::Outcome, number: u64) -> CellView {
    let tone = match (number, outcome.news) {
        (0, _) => Tone::Zero,
        (_, News::Plain) => Tone::Plain,
        (_, News::Bad) => Tone::Bad,
    };
    CellView { outcome, count: count(number), tone }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_and_more_are_one_column_and_bad_news_is_marked() {
        let outcome = Outcome { sent: 1_503, once: 1_500, twice: 2, more: 1, ..Outcome::default() };
        let view = ledger(&[(SystemName::Kafka, "billing", outcome)]);
        assert_eq!(view.title, "Outcome so far, 1,503 messages");
        let [row] = view.rows.try_into().unwrap();
        let [once, twice, not_yet, ..] = &row.cells[..] else { panic!("there are nine columns") };
        assert_eq!((once.count.as_str(), once.tone), ("1,500", Tone::Plain));
        assert_eq!((twice.count.as_str(), twice.tone), ("3", Tone::Bad));
        assert_eq!((not_yet.count.as_str(), not_yet.tone), ("0", Tone::Zero));
    }
}
