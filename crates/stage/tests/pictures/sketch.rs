//! A picture drawn in characters: one for every 7 by 14 pixels or so.

use brokerscope_stage::Picture;
use brokerscope_stage::item::{Anchor, Item, Text};
use brokerscope_stage::tone::Tone;

const COLUMN: i32 = 72;
const LINE: i32 = 140;

/// The texts where they stand. A message's number says by its brackets how it lies there: `[7]`
/// solid, `(7)` with a ring, `.7.` faded, `<7>` an outline; `{ }` is an empty place.
pub(crate) fn draw(picture: &Picture) -> String {
    let columns = usize::try_from(picture.width_px * 10 / COLUMN + 2).unwrap();
    let mut grid: Vec<Vec<char>> = Vec::new();
    let mut put = |x: i32, y: i32, text: &str| {
        let line = usize::try_from(y / LINE).unwrap();
        while grid.len() <= line {
            grid.push(vec![' '; columns]);
        }
        let from = usize::try_from(x.max(0) / COLUMN).unwrap();
        for (place, glyph) in text.chars().enumerate() {
            if let Some(cell) = grid[line].get_mut(from + place) {
                *cell = glyph;
            }
        }
    };
    let mut brackets = None;
    for item in &picture.items {
        match item {
            Item::Rect(rect) => {
                let soft = rect.stroke.is_none();
                let dashed = rect.stroke.is_some_and(|it| it.dash.lengths().is_some());
                brackets = match rect.fill {
                    Some(Tone::Key(_)) if rect.stroke.is_some_and(|it| it.tone == Tone::Text) => {
                        Some(('(', ')'))
                    }
                    Some(Tone::Key(_)) => Some(('[', ']')),
                    Some(Tone::KeySoft(_)) if soft => Some(('.', '.')),
                    None if dashed && rect.area.width.0 < 400 => {
                        put(rect.area.x.0, rect.area.y.0 + 200, "{ }");
                        Some(('<', '>'))
                    }
                    _ => None,
                };
            }
            Item::Text(text) => {
                let said = said(text, brackets.take());
                let long = i32::try_from(said.chars().count()).unwrap() * COLUMN;
                let x = match text.anchor {
                    Anchor::Start => text.at.x.0,
                    Anchor::Middle => text.at.x.0 - long / 2,
                    Anchor::End => text.at.x.0 - long,
                };
                put(x, text.at.y.0, &said);
            }
            Item::Path(_) | Item::Glyph(_) => {}
        }
    }
    let lines = grid.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

fn said(text: &Text, brackets: Option<(char, char)>) -> String {
    match brackets {
        Some((open, close)) if text.anchor == Anchor::Middle => {
            format!("{open}{}{close}", text.content)
        }
        _ => text.content.clone(),
    }
}
