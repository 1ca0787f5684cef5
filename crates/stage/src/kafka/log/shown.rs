//! Which records of a log are shown one by one, and where.

use crate::metrics::GAP;
use crate::unit::{Area, Len, Point};
use brokerscope_core::kafka::Offset;
use brokerscope_core::kafka::snapshot::{Marker, PartitionSnapshot, RecordCell};

/// What stands at an offset.
#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    Record(&'a RecordCell),
    /// The end of a transaction.
    Marker(Marker),
}

/// A place in a log, and what stands there.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    pub(super) offset: Offset,
    pub(super) content: Content<'a>,
}

/// What a partition's log holds, as far as it was asked for, in the order of the offsets.
pub(super) fn slots(partition: &PartitionSnapshot) -> Vec<Slot<'_>> {
    let mut slots = Vec::with_capacity(partition.cells.len() + partition.markers.len());
    let mut markers = partition.markers.iter().peekable();
    for it in &partition.cells {
        while let Some((offset, marker)) = markers.next_if(|(at, _)| *at < it.offset) {
            slots.push(Slot { offset: *offset, content: Content::Marker(*marker) });
        }
        slots.push(Slot { offset: it.offset, content: Content::Record(it) });
    }
    for (offset, marker) in markers {
        slots.push(Slot { offset: *offset, content: Content::Marker(*marker) });
    }
    slots
}

/// Which records are shown one by one, and where.
pub(super) struct Shown<'a> {
    pub(super) cells: Vec<Slot<'a>>,
    /// The lines of the log, each below the one before.
    pub(super) strips: Vec<Area>,
    /// The left edge of the first record.
    pub(super) x: Len,
    /// How many records fit in the first line.
    pub(super) in_first: usize,
    /// How many fit in each other.
    pub(super) each: usize,
    pub(super) pitch: Len,
    /// What stands for the older ones.
    pub(super) earlier: Option<Area>,
    pub(super) log_start: Offset,
}

impl Shown<'_> {
    /// How many records there is room for.
    pub(super) fn room(&self) -> usize {
        (self.in_first + self.each * (self.strips.len() - 1)).max(1)
    }

    /// In which line a record stands, and as the how manieth there.
    fn column(&self, place: usize) -> (usize, usize) {
        let last = self.strips.len() - 1;
        match place.checked_sub(self.in_first) {
            Some(beyond) if last != 0 => {
                let line = (beyond / self.each.max(1)).min(last - 1);
                (line + 1, beyond - line * self.each)
            }
            _ => (0, place),
        }
    }

    /// The upper left corner of a record.
    pub(super) fn cell(&self, place: usize) -> Point {
        let (line, column) = self.column(place);
        let strip = self.strips[line];
        let from = if line == 0 { self.x } else { strip.x + GAP };
        let x = from + self.pitch * i32::try_from(column).unwrap_or(0);
        Point::new(x, strip.y + GAP)
    }

    /// Whether an offset lies among the older records.
    pub(super) fn is_earlier(&self, offset: Offset) -> bool {
        self.earlier.is_some() && self.cells.first().is_none_or(|it| offset < it.offset)
    }

    /// Between the records before and from an offset on; in which line.
    pub(super) fn boundary(&self, offset: Offset) -> (Len, Area) {
        let first = self.cells.first().map(|it| it.offset);
        if let (Some(block), Some(first)) = (self.earlier, first)
            && offset < first
        {
            let whole = (first.0 - self.log_start.0).max(1);
            let part = (offset.0 - self.log_start.0).clamp(0, whole);
            let along = i64::from(block.width.0) * part / whole;
            return (block.x + Len(i32::try_from(along).unwrap_or(0)), self.strips[0]);
        }
        let place = self.cells.partition_point(|it| it.offset < offset);
        // Behind the last record of a line rather than before the first of the next.
        let (line, x) = match place.checked_sub(1) {
            Some(before) => (self.column(before).0, self.cell(before).x + self.pitch),
            None => (0, self.cell(0).x),
        };
        let strip = self.strips[line];
        ((x - GAP.half()).min(strip.right() - GAP.half()), strip)
    }
}
