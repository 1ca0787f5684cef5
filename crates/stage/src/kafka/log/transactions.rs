//! What transactions leave in a log: records of open and aborted ones, and the markers that end
//! them. A record of a committed transaction looks like any other.

use super::Row;
use crate::cell::Look;
use crate::item::Dash;
use crate::scene::{Scene, Target};
use crate::sheet::{Sheet, line};
use crate::tone::{NO_KEY, Tone};
use crate::unit::{Area, Len, Point, px};
use crate::words::joined;
use brokerscope_core::kafka::Offset;
use brokerscope_core::kafka::snapshot::{Marker, PartitionSnapshot, RecordCell, TransactionState};

/// What of transactions is to be seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Present {
    pub(crate) open: bool,
    pub(crate) aborted: bool,
    pub(crate) commit: bool,
    pub(crate) abort: bool,
}

/// What of transactions is to be seen in a scene.
pub(crate) fn present(scene: &Scene<'_>) -> Present {
    let mut seen = Present::default();
    for it in scene.kafka.topics.iter().flat_map(|it| &it.partitions) {
        for cell in &it.cells {
            seen.open |= cell.transaction == Some(TransactionState::Open);
            seen.aborted |= cell.transaction == Some(TransactionState::Aborted);
        }
        for (_, marker) in &it.markers {
            seen.commit |= *marker == Marker::Commit;
            seen.abort |= *marker == Marker::Abort;
        }
    }
    seen
}

/// How far readers of what is committed see, if not to the high watermark.
pub(super) fn label(it: &PartitionSnapshot) -> String {
    if it.last_stable == it.high_watermark {
        return String::new();
    }
    let stable = it.last_stable.to_string();
    joined(&["; last stable offset ", &stable, ": read_committed sees nothing from there on"])
}

impl Row<'_> {
    /// How a record lies there: for who reads only what is committed, one that was aborted does
    /// not count.
    pub(super) fn look_of(&self, record: &RecordCell) -> (Look, &'static str) {
        if record.transaction != Some(TransactionState::Aborted) {
            return self.look(record.offset);
        }
        let hasty = self.groups.iter().filter(|(_, it)| !it.committed_only);
        let Self { scene, m, partition, .. } = *self;
        let others = Row { scene, m, partition, groups: hasty.copied().collect() };
        if others.groups.is_empty() && !self.groups.is_empty() {
            return (Look::Faded, "for nobody here");
        }
        others.look(record.offset)
    }

    /// Marks a record that belongs to a transaction; tells that in words.
    pub(super) fn of_transaction(
        &self,
        sheet: &mut Sheet,
        area: Area,
        colour: u8,
        look: Look,
        record: &RecordCell,
    ) -> &'static str {
        match record.transaction {
            None => "",
            Some(TransactionState::Open) => {
                sheet.pending(area, look.ink(colour));
                ", its transaction is open: read_committed does not see it yet"
            }
            Some(TransactionState::Committed) => ", its transaction is committed",
            Some(TransactionState::Aborted) => {
                sheet.strike(area);
                ", its transaction is aborted: read_committed passes over it"
            }
        }
    }

    /// The marker that ends a transaction: a place in the log without a message.
    pub(super) fn marker(&self, sheet: &mut Sheet, area: Area, offset: Offset, marker: Marker) {
        sheet.marker(area, marker == Marker::Commit);
        let partition = &self.partition.partition;
        let what = match marker {
            Marker::Commit => "commit marker in ",
            Marker::Abort => "abort marker in ",
        };
        let label = joined(&[what, &partition.to_string(), " at offset ", &offset.to_string()]);
        sheet.hit(area, Target::Partition(partition.clone()), label);
    }
}

impl Sheet {
    /// The sign of a record whose transaction is open, in the upper right corner of its cell.
    pub(crate) fn pending(&mut self, area: Area, tone: Tone) {
        let at = Point::new(area.right() - px(13), area.y + Len(85));
        for place in 0..3 {
            let dot = Area::new(at.x + px(4) * place, at.y - px(1), px(2), px(2));
            self.rect(dot, 1, Some(tone), None);
        }
    }

    /// A record that does not count: struck through.
    pub(crate) fn strike(&mut self, area: Area) {
        let inner = area.inset(px(2));
        let (from, to) = (Point::new(inner.x, inner.bottom()), Point::new(inner.right(), inner.y));
        self.segment(from, to, line(Tone::Text, 12, Dash::Solid));
    }

    /// The end of a transaction: a small seal with a check or a cross.
    pub(crate) fn marker(&mut self, area: Area, commits: bool) {
        let at = area.centre();
        self.seal(at, Tone::KeyEdge(NO_KEY));
        if commits {
            self.check(at);
        } else {
            let p = |x: i32, y: i32| at.offset(Len(x), Len(y));
            let stroke = line(Tone::Text, 15, Dash::Solid);
            self.segment(p(-25, -25), p(25, 25), stroke);
            self.segment(p(25, -25), p(-25, 25), stroke);
        }
    }
}
