//! The sheet a picture is drawn on: short words for what is drawn often.

use crate::item::{Anchor, Dash, Glyph, Item, Path, Rect, Shape, Size, Step, Stroke, Text, Weight};
use crate::scene::{Hit, Target};
use crate::tone::Tone;
use crate::unit::{Area, Len, Point, px};
use crate::words::{fitted, text_width};

/// What is drawn so far. What is under way is drawn last, on top.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) items: Vec<Item>,
    pub(crate) hits: Vec<Hit>,
}

/// How a line of text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) size: Size,
    pub(crate) weight: Weight,
    pub(crate) tone: Tone,
}

/// What is said.
pub(crate) const BODY: Style = Style::new(Size::S12, Weight::Regular, Tone::Text);
/// What is said beside it.
pub(crate) const QUIET: Style = Style::new(Size::S12, Weight::Regular, Tone::Muted);
/// What something is called.
pub(crate) const LABEL: Style = Style::new(Size::S12, Weight::Bold, Tone::Muted);
/// Who someone is.
pub(crate) const NAME: Style = Style::new(Size::S14, Weight::Bold, Tone::Text);

impl Style {
    pub(crate) const fn new(size: Size, weight: Weight, tone: Tone) -> Self {
        Self { size, weight, tone }
    }

    pub(crate) const fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    /// How wide a text is in this style, at most.
    pub(crate) fn width(self, text: &str) -> Len {
        text_width(text, self.size, self.weight)
    }
}

/// A line of that tone.
pub(crate) const fn line(tone: Tone, tenths: i32, dash: Dash) -> Stroke {
    Stroke { tone, width: Len(tenths), dash }
}

impl Sheet {
    pub(crate) fn rect(
        &mut self,
        area: Area,
        radius: i32,
        fill: Option<Tone>,
        stroke: Option<Stroke>,
    ) {
        self.items.push(Item::Rect(Rect { area, radius: px(radius), fill, stroke, alpha: 100 }));
    }

    pub(crate) fn path(&mut self, steps: Vec<Step>, fill: Option<Tone>, stroke: Option<Stroke>) {
        self.items.push(Item::Path(Path { steps, fill, stroke, alpha: 100 }));
    }

    pub(crate) fn segment(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.path(vec![Step::Move(from), Step::Line(to)], None, Some(stroke));
    }

    pub(crate) fn glyph(&mut self, shape: Shape, at: Point, reach: Len, tone: Tone) {
        self.items.push(Item::Glyph(Glyph { shape, at, reach, tone }));
    }

    pub(crate) fn text_at(&mut self, at: Point, anchor: Anchor, style: Style, content: String) {
        if content.is_empty() {
            return;
        }
        let Style { size, weight, tone } = style;
        self.items.push(Item::Text(Text { at, anchor, size, weight, tone, content }));
    }

    /// Text that begins at a place, cut to the room there; returns where it ends at most.
    pub(crate) fn text(&mut self, at: Point, style: Style, room: Len, content: &str) -> Len {
        let content = fitted(content, style.size, style.weight, room);
        let end = at.x + style.width(&content);
        self.text_at(at, Anchor::Start, style, content);
        end
    }

    /// Text that ends at a place, cut to the room there; returns where it begins at least.
    pub(crate) fn text_before(&mut self, at: Point, style: Style, room: Len, text: &str) -> Len {
        let content = fitted(text, style.size, style.weight, room);
        let begin = at.x - style.width(&content);
        self.text_at(at, Anchor::End, style, content);
        begin
    }

    /// A line of straight pieces with rounded corners.
    pub(crate) fn route(&mut self, points: &[Point], stroke: Stroke) {
        self.path(rounded(points, px(8)), None, Some(stroke));
    }

    pub(crate) fn hit(&mut self, area: Area, target: Target, label: String) {
        self.hits.push(Hit { area, target, label });
    }
}

/// The steps along `points`, with corners between upright and level pieces rounded by at most
/// `radius`.
fn rounded(points: &[Point], radius: Len) -> Vec<Step> {
    let mut steps = vec![Step::Move(points[0])];
    for three in points.windows(3) {
        let [from, corner, to] = [three[0], three[1], three[2]];
        if (from.x != corner.x && from.y != corner.y) || (to.x != corner.x && to.y != corner.y) {
            steps.push(Step::Line(corner));
            continue;
        }
        let near = |end: Point| {
            let (dx, dy) = (end.x.0 - corner.x.0, end.y.0 - corner.y.0);
            let most = dx.abs().max(dy.abs()) / 2;
            let by = radius.0.min(most);
            Point::new(corner.x + Len(dx.signum() * by), corner.y + Len(dy.signum() * by))
        };
        steps.push(Step::Line(near(from)));
        steps.push(Step::Quad(corner, near(to)));
    }
    steps.push(Step::Line(points[points.len() - 1]));
    steps
}
