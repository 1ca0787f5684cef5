//! Columns of text.

use std::fmt::Write as _;

/// A text, or what stands in its place.
pub(super) fn or_dash(text: Option<impl ToString>) -> String {
    text.map_or_else(|| "-".to_owned(), |it| it.to_string())
}

/// Adds a row: each cell is padded to its column's width and followed by a space, the last one is
/// neither, whatever its width.
pub(super) fn row(out: &mut String, widths: &[usize], cells: &[&str]) {
    assert!(cells.len() == widths.len() + 1, "all columns but the last have a width");
    for (cell, width) in cells.iter().zip(widths) {
        // A string takes what is written to it.
        let _ = write!(out, "{cell:<width$} ");
    }
    out.push_str(cells[widths.len()]);
}

/// How wide a column is: wide enough for everything in it, and at least that.
pub(super) fn width<'a>(least: usize, cells: impl IntoIterator<Item = &'a str>) -> usize {
    cells.into_iter().map(|it| it.chars().count()).max().unwrap_or(0).max(least)
}
