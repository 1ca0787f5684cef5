//! A message: its number, and the colour and glyph of its key.

use crate::item::{Anchor, Dash, Shape, Size, Step, Weight};
use crate::sheet::{Sheet, Style, line};
use crate::tone::{KEY_COLOURS, NO_KEY, Tone};
use crate::unit::{Area, Len, Point, px};
use brokerscope_core::workload::{MessageId, Workload};

/// How a message lies where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// It waits: solid.
    Solid,
    /// Someone has it and has not said that it is done: solid with a ring.
    Ringed,
    /// It is done with and still there: faded.
    Faded,
    /// Someone has it, here is only its place: an outline.
    Outlined,
    /// It is there, but nobody will get it: a frame.
    Hollow,
}

impl Look {
    /// What is drawn in a cell of that colour is drawn in this.
    pub(crate) fn ink(self, colour: u8) -> Tone {
        match self {
            Self::Solid | Self::Ringed => Tone::OnKey(colour),
            Self::Faded | Self::Outlined | Self::Hollow => Tone::KeyEdge(colour),
        }
    }
}

/// Whether a message has no value: in a compacted topic it deletes its key.
pub(crate) fn is_tombstone(workload: &Workload, message: MessageId) -> bool {
    workload.messages.get(message.index()).is_some_and(|it| it.tombstone)
}

/// The colour and the shape of a message. The shape is none if it has no key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) colour: u8,
    pub(crate) shape: Option<Shape>,
}

/// The colour and the shape of a message, by the number of its key. Seven colours and eight
/// shapes make 56 pairs before one comes again.
pub(crate) fn mark(workload: &Workload, message: MessageId) -> Mark {
    match workload.messages.get(message.index()).and_then(|it| it.key) {
        Some(key) => {
            let shape = Shape::ALL[key.0 as usize % Shape::ALL.len()];
            let colour = (key.0 % u32::from(KEY_COLOURS)).to_le_bytes()[0];
            Mark { colour, shape: Some(shape) }
        }
        None => Mark { colour: NO_KEY, shape: None },
    }
}

impl Sheet {
    /// A message in its cell.
    pub(crate) fn cell(&mut self, area: Area, mark: Mark, message: MessageId, look: Look) {
        let Mark { colour, shape } = mark;
        let edge = |dash| line(Tone::KeyEdge(colour), 10, dash);
        let inner = area.inset(Len(5));
        let ink = look.ink(colour);
        let number = match look {
            Look::Solid | Look::Ringed => ink,
            Look::Faded | Look::Outlined | Look::Hollow => Tone::Muted,
        };
        match look {
            Look::Solid => {
                self.rect(inner, 6, Some(Tone::Key(colour)), Some(edge(Dash::Solid)));
            }
            Look::Ringed => {
                let ring = line(Tone::Text, 20, Dash::Solid);
                self.rect(area, 7, Some(Tone::Key(colour)), Some(ring));
            }
            Look::Faded => self.rect(area, 6, Some(Tone::KeySoft(colour)), None),
            Look::Outlined => {
                let dashes = line(Tone::KeyEdge(colour), 15, Dash::Dashed);
                self.rect(area.inset(Len(8)), 6, None, Some(dashes));
            }
            Look::Hollow => self.rect(inner, 6, None, Some(edge(Dash::Solid))),
        }
        if let Some(shape) = shape {
            let at = Point::new(area.x + px(9), area.y + Len(85));
            self.glyph(shape, at, Len(34), ink);
        }
        let at = Point::new(area.centre().x, area.bottom() - px(4));
        let style = Style::new(Size::S12, Weight::Bold, number);
        self.text_at(at, Anchor::Middle, style, message.to_string());
    }

    /// The sign of a message that deletes its key, in the upper right corner of its cell.
    pub(crate) fn cross(&mut self, area: Area, colour: u8, look: Look) {
        let at = Point::new(area.right() - px(9), area.y + Len(85));
        let stroke = line(look.ink(colour), 15, Dash::Solid);
        for slope in [-30, 30] {
            let (from, to) = (at.offset(Len(-30), Len(-slope)), at.offset(Len(30), Len(slope)));
            self.segment(from, to, stroke);
        }
    }

    /// The empty place of a message that is gone.
    pub(crate) fn ghost(&mut self, area: Area) {
        self.rect(area.inset(px(1)), 6, None, Some(line(Tone::Line, 15, Dash::Dotted)));
    }

    /// The round ground of an acknowledgement, in its message's colour.
    pub(crate) fn seal(&mut self, at: Point, tone: Tone) {
        let area = Area::new(at.x - px(7), at.y - px(7), px(14), px(14));
        self.rect(area, 7, Some(Tone::Surface), Some(line(tone, 20, Dash::Solid)));
    }

    /// The sign of what is done, or fits.
    pub(crate) fn check(&mut self, at: Point) {
        let p = |x: i32, y: i32| at.offset(Len(x), Len(y));
        let check = vec![Step::Move(p(-30, 2)), Step::Line(p(-8, 24)), Step::Line(p(30, -22))];
        self.path(check, None, Some(line(Tone::Text, 15, Dash::Solid)));
    }

    /// The sign of a message handed back, in its colour.
    pub(crate) fn back(&mut self, at: Point, tone: Tone) {
        self.seal(at, tone);
        let p = |x: i32, y: i32| at.offset(Len(x), Len(y));
        let stroke = line(Tone::Bad, 15, Dash::Solid);
        self.segment(p(-25, -25), p(25, 25), stroke);
        self.segment(p(25, -25), p(-25, 25), stroke);
    }

    /// The sign of a message that left without an acknowledgement, in its empty place.
    pub(crate) fn removed(&mut self, area: Area) {
        let at = area.centre();
        let p = |x: i32, y: i32| at.offset(px(x), px(y));
        let stroke = line(Tone::Muted, 15, Dash::Solid);
        self.segment(p(-3, -3), p(3, 3), stroke);
        self.segment(p(3, -3), p(-3, 3), stroke);
    }

    /// The sign of a message that was delivered before, in the upper right corner of its cell.
    pub(crate) fn again(&mut self, area: Area, tone: Tone) {
        let at = Point::new(area.right() - px(9), area.y + Len(85));
        let p = |x: i32, y: i32| at.offset(Len(x), Len(y));
        let arc = vec![
            Step::Move(p(30, -22)),
            Step::Cubic(p(12, -44), p(-36, -38), p(-36, 2)),
            Step::Cubic(p(-36, 44), p(30, 46), p(36, 8)),
        ];
        self.path(arc, None, Some(line(tone, 15, Dash::Solid)));
        let head =
            vec![Step::Move(p(42, -48)), Step::Line(p(40, -4)), Step::Line(p(2, -16)), Step::Close];
        self.path(head, Some(tone), None);
    }

    /// A message under way where there is no room for its number.
    pub(crate) fn chip(&mut self, at: Point, mark: Mark) {
        let area = Area::new(at.x - px(8), at.y - px(8), px(16), px(16));
        let edge = line(Tone::KeyEdge(mark.colour), 10, Dash::Solid);
        self.rect(area.inset(Len(5)), 4, Some(Tone::Key(mark.colour)), Some(edge));
        if let Some(shape) = mark.shape {
            self.glyph(shape, at, Len(36), Tone::OnKey(mark.colour));
        }
    }

    /// One of hundreds of messages under way.
    pub(crate) fn dot(&mut self, at: Point, mark: Mark) {
        let area = Area::new(at.x - px(3), at.y - px(3), px(6), px(6));
        self.rect(area, 3, Some(Tone::KeyEdge(mark.colour)), None);
    }
}
