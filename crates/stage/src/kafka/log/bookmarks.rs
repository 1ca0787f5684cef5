//! Bookmarks: where one or two groups stand in a log.

use super::{FLAG, Shown};
use crate::item::{Dash, Step};
use crate::metrics::{GAP, Metrics};
use crate::sheet::{BODY, Sheet, line};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use brokerscope_core::kafka::snapshot::GroupPartition;
use brokerscope_core::map::sort_by_key;
use brokerscope_core::name::GroupId;

/// An upright line in a log.
pub(super) fn pole(sheet: &mut Sheet, x: Len, top: Len, low: Len, dash: Dash) {
    let stroke = line(Tone::Kafka, 20, dash);
    sheet.segment(Point::new(x, top), Point::new(x, low), stroke);
}

/// A bookmark: a solid line with a flag at the committed offset.
struct Bookmark {
    x: Len,
    strip: Area,
    name: String,
    /// Whether the line may run through the log, for no words stand there.
    through: bool,
}

/// Draws the bookmarks of one group or two, named if there are several, and a dashed line at each
/// position that is elsewhere; tells what their flags cover.
pub(super) fn draw(
    sheet: &mut Sheet,
    m: &Metrics,
    shown: &Shown<'_>,
    groups: &[(&GroupId, &GroupPartition)],
) -> Vec<Area> {
    let named = 1 < groups.len();
    let mut marks: Vec<Bookmark> = Vec::new();
    for (group, standing) in groups {
        let committed = standing.committed.map(|it| shown.boundary(it));
        if let Some(position) = standing.position.filter(|it| !shown.is_earlier(*it)) {
            let (x, strip) = shown.boundary(position);
            if committed != Some((x, strip)) {
                pole(sheet, x, strip.y, strip.bottom(), Dash::Dashed);
            }
        }
        let Some((x, strip)) = committed else { continue };
        match marks.iter_mut().find(|it| (it.x, it.strip) == (x, strip)) {
            Some(same) => {
                same.name += ", ";
                same.name += group.as_str();
            }
            None => {
                let through = !standing.committed.is_some_and(|it| shown.is_earlier(it));
                marks.push(Bookmark { x, strip, name: group.to_string(), through });
            }
        }
    }
    sort_by_key(&mut marks, |it| (it.strip.y, it.x));
    let mut flags = Vec::new();
    for place in 0..marks.len() {
        let next = marks.get(place + 1).filter(|it| it.strip == marks[place].strip);
        let right = next.map_or(marks[place].strip.right(), |it| it.x - px(2));
        let left = flags.last().filter(|it: &&Area| it.y == marks[place].strip.y - FLAG);
        let left = left.map_or(marks[place].strip.x - (m.label - px(4)).max(Len::ZERO), |it| {
            it.right() + px(2)
        });
        flags.push(marks[place].draw(sheet, named, left, right));
    }
    flags
}

impl Bookmark {
    /// Draws it between what is to its left and right; tells what its flag covers.
    fn draw(&self, sheet: &mut Sheet, named: bool, left: Len, right: Len) -> Area {
        // Not across the words that stand for the older records.
        let low = if self.through { self.strip.bottom() } else { self.strip.y + GAP };
        let top = self.strip.y - FLAG;
        pole(sheet, self.x, top + px(2), low, Dash::Solid);
        if !named {
            let p = |dx: i32, dy: i32| Point::new(self.x + px(dx), self.strip.y + px(dy));
            let flag = vec![
                Step::Move(p(0, -10)),
                Step::Line(p(12, -10)),
                Step::Line(p(8, -5)),
                Step::Line(p(12, -1)),
                Step::Line(p(0, -1)),
                Step::Close,
            ];
            sheet.path(flag, Some(Tone::Kafka), None);
            return Area::new(self.x, top, px(14), FLAG);
        }
        let style = BODY.tone(Tone::Surface);
        let wide = style.width(&self.name) + px(8);
        let (to_right, to_left) = (right - self.x, self.x - left);
        let flies_left = to_right < wide && to_right < to_left;
        let width = wide.min(if flies_left { to_left } else { to_right }).max(px(8));
        let x = if flies_left { self.x - width } else { self.x };
        let flag = Area::new(x, top, width, FLAG);
        // Its foot stands in the margin above the cells: letters such as g reach down there.
        let cloth = Area::new(x, top, width, FLAG + px(2));
        sheet.rect(cloth, 2, Some(Tone::Kafka), None);
        if px(20) <= width {
            let at = Point::new(x + px(4), flag.y + px(11));
            sheet.text(at, style, width - px(6), &self.name);
        }
        flag
    }
}
