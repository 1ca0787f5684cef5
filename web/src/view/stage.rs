//! The picture's buttons: where they are and what they are called.

use super::menu::MenuView;
use crate::session::Action;
use brokerscope_stage::unit::Area;
use std::rc::Rc;

/// What lies over the picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StageView {
    /// The picture in one sentence.
    pub(crate) label: String,
    /// Its width.
    pub(crate) width_px: i32,
    /// What can be pressed.
    pub(crate) spots: Vec<SpotView>,
    /// Whether the lesson waits to be asked.
    pub(crate) waits: bool,
}

/// A part of the picture that can be pressed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpotView {
    /// Told apart by this.
    pub(crate) id: Rc<str>,
    pub(crate) place: Place,
    /// What it is and how it stands.
    pub(crate) label: String,
    pub(crate) does: Does,
}

/// What pressing a part of the picture does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Does {
    /// It opens that menu.
    Opens(MenuView),
    /// It asks for that.
    Asks(Action),
}

/// What is lower than this is hard to press.
const LEAST_PX: i32 = 24;

/// A place in the picture, in pixels; a side that is not given is the style sheet's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) left: Option<i32>,
    pub(crate) top: Option<i32>,
    pub(crate) width: Option<i32>,
    pub(crate) height: Option<i32>,
}

impl Place {
    /// The place of an area of the picture, high enough to be pressed.
    pub(crate) fn of(area: Area) -> Self {
        let height = area.height.ceil_px();
        let more = (LEAST_PX - height).max(0);
        Self {
            left: Some(area.x.floor_px()),
            top: Some(area.y.floor_px() - more / 2),
            width: Some(area.width.ceil_px()),
            height: Some(height + more),
        }
    }

    /// As the browser takes it, property by property: the page's policy refuses the attribute.
    pub(crate) fn style(self) -> String {
        let sides = [
            ("left", self.left),
            ("top", self.top),
            ("width", self.width),
            ("height", self.height),
        ];
        let mut style = String::new();
        for (side, px) in sides {
            if let Some(px) = px {
                style.push_str(&format!("{side}:{px}px;"));
            }
        }
        style
    }

    /// Just below it, for something `wide_px` wide that must not leave a picture of `room_px`.
    pub(crate) fn under(self, wide_px: i32, room_px: i32) -> Self {
        let (left, width) = (self.left.unwrap_or(0), self.width.unwrap_or(0));
        let latest = (room_px - wide_px - 8).max(8);
        let top = self.top.unwrap_or(0) + self.height.unwrap_or(0) + 4;
        let left = (left + width - wide_px).clamp(8, latest);
        Self { left: Some(left), top: Some(top), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_menu_stays_inside_the_picture() {
        let card =
            |left| Place { left: Some(left), top: Some(100), width: Some(168), height: Some(58) };
        let left = |place: Place| place.under(264, 1248).left;
        assert_eq!(left(card(458)), Some(362), "its right edge is the card's");
        assert_eq!(left(card(0)), Some(8));
        assert_eq!(card(120).under(264, 280).left, Some(8));
        assert_eq!(card(0).under(264, 1248).top, Some(162));
    }

    #[test]
    fn only_the_sides_that_are_given_are_said() {
        let place = Place { left: Some(-3), height: Some(24), ..Place::default() };
        assert_eq!(place.style(), "left:-3px;height:24px;");
        assert_eq!(Place::default().style(), "");
    }
}
