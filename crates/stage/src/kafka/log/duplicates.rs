//! Records that came again and were not appended again: for a moment what came stands where it
//! would have been appended, crossed out; how many there were stays.

use super::Row;
use crate::cell::{Look, mark};
use crate::item::Dash;
use crate::scene::Target;
use crate::sheet::{Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Point, px};
use crate::words::{counted, joined};
use brokerscope_core::kafka::snapshot::{Duplicates, PartitionSnapshot};
use brokerscope_core::sim::SimDuration;

/// For how long the last one is to be seen.
const MOMENT: SimDuration = SimDuration::millis(1_500);

/// `1 duplicate refused`.
fn words(it: &Duplicates) -> String {
    counted(it.count, "duplicate refused", "duplicates refused")
}

/// How many there were, if any.
pub(super) fn label(it: &PartitionSnapshot) -> String {
    it.duplicates.map_or_else(String::new, |it| joined(&["; ", &words(&it)]))
}

impl Row<'_> {
    /// The last one, while it is to be seen.
    fn refused_now(&self) -> Option<Duplicates> {
        self.partition.duplicates.filter(|it| self.scene.now < it.at + MOMENT)
    }

    /// What is to be said of them over the log, the longest first.
    pub(super) fn refusals(&self) -> Vec<String> {
        let Some(all) = self.partition.duplicates else { return Vec::new() };
        let mut texts = vec![words(&all)];
        if let Some(last) = self.refused_now() {
            let there = joined(&[&texts[0], ": it stands at ", &last.offset.to_string()]);
            texts.insert(0, there);
        }
        texts
    }

    /// What came again, where it would have been appended.
    pub(super) fn refused(&self, sheet: &mut Sheet, area: Area) {
        let Some(it) = self.refused_now() else { return };
        sheet.cell(area, mark(self.scene.workload, it.message), it.message, Look::Outlined);
        let inner = area.inset(px(1));
        let stroke = line(Tone::Bad, 20, Dash::Solid);
        let (left, right, top, low) = (inner.x, inner.right(), inner.y, inner.bottom());
        sheet.segment(Point::new(left, top), Point::new(right, low), stroke);
        sheet.segment(Point::new(left, low), Point::new(right, top), stroke);
        let partition = self.partition.partition.to_string();
        let label = joined(&[
            "message ",
            &it.message.to_string(),
            " came to ",
            &partition,
            " again: by its sequence number it stands at offset ",
            &it.offset.to_string(),
            ", so it is not appended again",
        ]);
        sheet.hit(area, Target::Message(it.message), label);
    }
}
