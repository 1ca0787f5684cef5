//! The machines of a cluster, side by side above what they keep: brokers and nodes.

use crate::item::Dash;
use crate::metrics::Metrics;
use crate::scene::Target;
use crate::sheet::{LABEL, QUIET, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{count, joined};

/// The narrowest card.
const NARROWEST: Len = px(116);
/// From one line of a card to the next.
const LINE: Len = px(16);
/// Between two cards, and below them.
const SPACE: Len = px(8);
/// Of more machines than this, each has its name only.
const FULL: usize = 9;
/// How many are shown one by one.
const SHOWN: usize = 24;

/// A machine.
pub(crate) struct Machine {
    pub(crate) target: Target,
    pub(crate) name: String,
    pub(crate) health: Health,
    /// How it stands, line by line.
    pub(crate) lines: Vec<String>,
    /// All of it in words.
    pub(crate) label: String,
}

/// How well a machine is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// It does its work.
    Well,
    /// It comes, goes, or is not to be reached by all.
    Ailing,
    /// It is not running, as someone wanted.
    Off,
    /// It is not running, and nobody wanted that.
    Crashed,
}

/// How many stand side by side, and how wide each is.
fn columns(m: &Metrics, machines: usize) -> (i32, Len) {
    let room = m.storage_end() - m.margin;
    let fit = ((room + SPACE).0 / (NARROWEST + SPACE).0).max(1);
    let columns = fit.min(i32::try_from(machines).unwrap_or(fit)).max(1);
    (columns, (room - SPACE * (columns - 1)) / columns)
}

/// The room for a line on each of so many cards.
pub(crate) fn line_room(m: &Metrics, machines: usize) -> Len {
    columns(m, machines).1 - px(16)
}

/// Draws them from `at` on; tells where what is below them begins. `tone` is the system's.
pub(crate) fn draw(
    sheet: &mut Sheet,
    m: &Metrics,
    tone: Tone,
    machines: &[Machine],
    at: Point,
) -> Len {
    let slim = FULL < machines.len();
    let (columns, width) = columns(m, machines.len());
    let most = machines.iter().map(|it| it.lines.len()).max().unwrap_or(0);
    let lines = if slim { 0 } else { i32::try_from(most).unwrap_or(0) };
    let height = px(24) + LINE * lines;
    let mut bottom = at.y;
    for (place, machine) in (0..).zip(machines.iter().take(SHOWN)) {
        let x = at.x + m.margin + (width + SPACE) * (place % columns);
        let y = at.y + (height + SPACE) * (place / columns);
        machine.draw(sheet, tone, Area::new(x, y, width, height), slim);
        bottom = y + height + SPACE;
    }
    if let Some(rest) = machines.get(SHOWN..).filter(|it| !it.is_empty()) {
        let down = rest.iter().filter(|it| it.health != Health::Well).count();
        let (more, down) = (count(rest.len() as u64), count(down as u64));
        let text = joined(&["and ", &more, " more, ", &down, " of them not well"]);
        let room = m.storage_end() - m.margin;
        sheet.text(Point::new(at.x + m.margin, bottom + px(8)), QUIET, room, &text);
        bottom += px(20);
    }
    bottom + px(4)
}

impl Machine {
    fn draw(&self, sheet: &mut Sheet, tone: Tone, area: Area, slim: bool) {
        let (fill, edge) = match self.health {
            Health::Well => (Tone::Surface, line(tone, 10, Dash::Solid)),
            Health::Ailing => (Tone::Surface, line(tone, 15, Dash::Dashed)),
            Health::Off => (Tone::Surface, line(Tone::Line, 15, Dash::Dashed)),
            Health::Crashed => (Tone::BadSoft, line(Tone::Bad, 15, Dash::Solid)),
        };
        sheet.rect(area, 6, Some(fill), Some(edge));
        let left = area.x + px(8);
        let mut room = area.width - px(16);
        if self.health == Health::Crashed {
            let stroke = line(Tone::Bad, 20, Dash::Solid);
            let p = |x: i32, y: i32| Point::new(area.right() - px(17 - x), area.y + px(8 + y));
            sheet.segment(p(0, 0), p(8, 8), stroke);
            sheet.segment(p(8, 0), p(0, 8), stroke);
            room = room - px(14);
        }
        let name = LABEL.tone(Tone::Text);
        sheet.text(Point::new(left, area.y + px(16)), name, room, &self.name);
        let mut y = area.y + px(32);
        for text in self.lines.iter().filter(|_| !slim) {
            sheet.text(Point::new(left, y), QUIET, area.width - px(16), text);
            y += LINE;
        }
        sheet.hit(area, self.target.clone(), self.label.clone());
    }
}
