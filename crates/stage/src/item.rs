//! What a picture is made of. A painter that knows rectangles, paths and text can draw it.

use crate::tone::Tone;
use crate::unit::{Area, Len, Point};
use crate::words::text_width;

/// One thing to draw. A picture is a list of them, drawn in order, later ones on top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A rectangle, rounded or not.
    Rect(Rect),
    /// A line or a shape.
    Path(Path),
    /// One line of text.
    Text(Text),
    /// The shape of a key.
    Glyph(Glyph),
}

/// A rectangle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rect {
    /// Where. A border lies astride its edge.
    pub area: Area,
    /// Of all four corners.
    pub radius: Len,
    /// What it is filled with.
    pub fill: Option<Tone>,
    /// Its border.
    pub stroke: Option<Stroke>,
    /// How opaque it is, in percent.
    pub alpha: u8,
}

/// A line or a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Where the pen goes.
    pub steps: Vec<Step>,
    /// What it is filled with.
    pub fill: Option<Tone>,
    /// Its line, with round ends and joins.
    pub stroke: Option<Stroke>,
    /// How opaque it is, in percent.
    pub alpha: u8,
}

/// One step of the pen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Begins anew there.
    Move(Point),
    /// A straight line.
    Line(Point),
    /// A quadratic curve: control point, end.
    Quad(Point, Point),
    /// A cubic curve: two control points, end.
    Cubic(Point, Point, Point),
    /// A straight line back to where it began.
    Close,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stroke {
    /// Its colour.
    pub tone: Tone,
    /// Its width.
    pub width: Len,
    /// Whether it is broken.
    pub dash: Dash,
}

/// Whether and how a line is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// It is not.
    Solid,
    /// Into dashes.
    Dashed,
    /// Into dots.
    Dotted,
}

impl Dash {
    /// How long a dash is, and the gap after it; nothing if the line is not broken.
    #[must_use]
    pub const fn lengths(self) -> Option<(Len, Len)> {
        match self {
            Self::Solid => None,
            Self::Dashed => Some((Len(40), Len(30))),
            Self::Dotted => Some((Len(10), Len(30))),
        }
    }
}

/// One line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Where on the baseline.
    pub at: Point,
    /// Which part of the text stands there.
    pub anchor: Anchor,
    /// How large.
    pub size: Size,
    /// How heavy.
    pub weight: Weight,
    /// Its colour.
    pub tone: Tone,
    /// What it says. It may come from outside: it is text, never markup.
    pub content: String,
}

impl Text {
    /// What it covers at most: measured with the widest of the usual fonts.
    #[must_use]
    pub fn extent(&self) -> Area {
        let width = text_width(&self.content, self.size, self.weight);
        let x = match self.anchor {
            Anchor::Start => self.at.x,
            Anchor::Middle => self.at.x - width.half(),
            Anchor::End => self.at.x - width,
        };
        // From the top of a capital to the baseline; below it only some letters reach.
        let height = Len(self.size.px() * 8);
        Area::new(x, self.at.y - height, width, height)
    }
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// How large a text is: the page's scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// 12 px.
    S12,
    /// 13 px.
    S13,
    /// 14 px.
    S14,
    /// 16 px.
    S16,
    /// 18 px.
    S18,
}

impl Size {
    /// In pixels.
    #[must_use]
    pub const fn px(self) -> i32 {
        match self {
            Self::S12 => 12,
            Self::S13 => 13,
            Self::S14 => 14,
            Self::S16 => 16,
            Self::S18 => 18,
        }
    }
}

/// How heavy a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// As running text: 400.
    Regular,
    /// As headings: 600.
    Bold,
}

impl Weight {
    /// As CSS and SVG count it.
    #[must_use]
    pub const fn css(self) -> i32 {
        match self {
            Self::Regular => 400,
            Self::Bold => 600,
        }
    }
}

/// The shape of a key, filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glyph {
    /// Which.
    pub shape: Shape,
    /// Its middle.
    pub at: Point,
    /// How far it reaches from there.
    pub reach: Len,
    /// Its colour.
    pub tone: Tone,
}

/// A shape that stands for a key, beside its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// A disc.
    Circle,
    /// A square on its corner.
    Diamond,
    /// A square.
    Square,
    /// A triangle that points up.
    Up,
    /// A lying bar.
    Bar,
    /// A cross of two bars.
    Plus,
    /// A triangle that points down.
    Down,
    /// A standing bar.
    Pillar,
}

impl Shape {
    /// All there are, in the order in which keys get them.
    pub const ALL: [Self; 8] = [
        Self::Circle,
        Self::Diamond,
        Self::Square,
        Self::Up,
        Self::Bar,
        Self::Plus,
        Self::Down,
        Self::Pillar,
    ];

    /// Its outline, for a painter that knows paths.
    #[must_use]
    pub fn outline(self, at: Point, reach: Len) -> Vec<Step> {
        let r = reach.0;
        // Corners in tenths of the reach.
        let corners: &[(i32, i32)] = match self {
            Self::Circle => return circle(at, reach),
            Self::Diamond => &[(0, -12), (12, 0), (0, 12), (-12, 0)],
            Self::Square => &[(-9, -9), (9, -9), (9, 9), (-9, 9)],
            Self::Up => &[(0, -11), (12, 9), (-12, 9)],
            Self::Bar => &[(-13, -5), (13, -5), (13, 5), (-13, 5)],
            Self::Plus => &[
                (-4, -12),
                (4, -12),
                (4, -4),
                (12, -4),
                (12, 4),
                (4, 4),
                (4, 12),
                (-4, 12),
                (-4, 4),
                (-12, 4),
                (-12, -4),
                (-4, -4),
            ],
            Self::Down => &[(-12, -9), (12, -9), (0, 11)],
            Self::Pillar => &[(-5, -12), (5, -12), (5, 12), (-5, 12)],
        };
        let point = |&(x, y): &(i32, i32)| at.offset(Len(x * r / 10), Len(y * r / 10));
        let mut steps = vec![Step::Move(point(&corners[0]))];
        steps.extend(corners[1..].iter().map(|it| Step::Line(point(it))));
        steps.push(Step::Close);
        steps
    }
}

/// A disc of four curves.
fn circle(at: Point, reach: Len) -> Vec<Step> {
    let (r, k) = (reach, Len(reach.0 * 55 / 100));
    let p = |x, y| at.offset(x, y);
    let zero = Len::ZERO;
    vec![
        Step::Move(p(r, zero)),
        Step::Cubic(p(r, k), p(k, r), p(zero, r)),
        Step::Cubic(p(-k, r), p(-r, k), p(-r, zero)),
        Step::Cubic(p(-r, -k), p(-k, -r), p(zero, -r)),
        Step::Cubic(p(k, -r), p(r, -k), p(r, zero)),
        Step::Close,
    ]
}
