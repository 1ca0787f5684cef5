//! Where the parts of the picture stand, from its width alone.

use crate::unit::{Len, px};

/// The height of a message's cell.
pub(crate) const CELL: Len = px(28);
/// Between two cells.
pub(crate) const GAP: Len = px(4);
/// The height of a consumer's card.
pub(crate) const CARD: Len = px(60);
/// From one row to the next: a partition's log with all that belongs to it, a consumer's card.
pub(crate) const ROW: Len = px(68);
/// The height of a producer's card.
pub(crate) const PRODUCER: Len = px(40);

/// Both lanes side by side from this width on.
const SIDE_BY_SIDE_PX: u16 = 900;
/// Consumers beside the storage from this width of a lane on, below it otherwise.
const BESIDE_PX: i32 = 440;
/// The gutter where consumers stand below the storage.
const NARROW_GUTTER: Len = px(20);
/// The narrowest picture.
const LEAST_PX: u16 = 280;

/// Where the parts of the picture stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metrics {
    /// The width of the picture.
    pub(crate) width: Len,
    /// Whether the lanes stand side by side.
    pub(crate) side_by_side: bool,
    /// Whether consumers stand beside the storage rather than below it.
    pub(crate) beside: bool,
    /// The width of a lane.
    pub(crate) lane: Len,
    /// Around everything in a lane.
    pub(crate) margin: Len,
    /// For a partition's name, left of its log.
    pub(crate) label: Len,
    /// The width of a consumer's card.
    pub(crate) card: Len,
    /// For lines, between storage and consumers.
    pub(crate) gutter: Len,
    /// The width of a message's cell: as wide as the longest number needs.
    pub(crate) cell: Len,
}

impl Metrics {
    /// For a picture of that width with so many messages.
    pub(crate) fn new(width_px: u16, messages: usize) -> Self {
        let width_px = width_px.clamp(LEAST_PX, 4_000);
        let side_by_side = SIDE_BY_SIDE_PX <= width_px;
        let width = px(i32::from(width_px));
        let lane = if side_by_side { width.half() } else { width };
        let beside = px(BESIDE_PX) <= lane;
        let roomy = px(580) <= lane;
        let margin = if roomy { px(16) } else { px(12) };
        let digits = messages.max(1).ilog10() + 1;
        let cell = px(4 + 8 * i32::try_from(digits).unwrap_or(7)).max(CELL);
        Self {
            width,
            side_by_side,
            beside,
            lane,
            margin,
            label: if beside { px(48) } else { Len::ZERO },
            card: match (beside, roomy) {
                (true, true) => px(168),
                (true, false) => px(140),
                (false, _) => (lane - margin * 2 - NARROW_GUTTER - px(8)).half(),
            },
            gutter: if roomy {
                px(48)
            } else if beside {
                px(44)
            } else {
                NARROW_GUTTER
            },
            cell,
        }
    }

    /// Where the storage ends and the gutter begins, from the lane's left edge.
    pub(crate) fn storage_end(&self) -> Len {
        let cards = if self.beside { self.card } else { Len::ZERO };
        self.lane - self.margin - cards - self.gutter
    }

    /// From one cell to the next.
    pub(crate) fn pitch(&self) -> Len {
        self.cell + GAP
    }

    /// How many cells stand side by side in a box of that width.
    pub(crate) fn cells_in(&self, width: Len) -> usize {
        usize::try_from((width - GAP).0 / self.pitch().0).unwrap_or(0)
    }

    /// How many lines of cells a queue has at most.
    pub(crate) const fn queue_lines(&self) -> usize {
        if self.beside { 3 } else { 4 }
    }

    /// How many cells a line of a queue holds.
    pub(crate) fn queue_line(&self) -> usize {
        self.cells_in(self.storage_end() - self.margin)
    }
}

/// How many records of each log and places of each queue a picture of that width can show one by
/// one: what to ask the snapshots for.
#[must_use]
pub fn cells_that_fit(width_px: u16) -> usize {
    let m = Metrics::new(width_px, 0);
    m.queue_line() * m.queue_lines()
}
