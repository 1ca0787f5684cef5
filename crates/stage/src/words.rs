//! Numbers and names as text, and how wide a text is at most.

use crate::item::{Size, Weight};
use crate::unit::Len;

/// Average widths of glyphs in system UI fonts, in hundredths of the font size, on the wide side:
/// a text may turn out narrower than this, hardly ever wider.
const fn glyph_width(glyph: char) -> i32 {
    match glyph {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 32,
        ' ' => 33,
        'f' | 't' | 'r' | 'I' | '(' | ')' | '[' | ']' | '-' | '"' | '/' | '·' => 43,
        'm' | 'M' | 'W' | '@' => 99,
        'w' | '%' | '→' | '…' => 84,
        'A'..='H' | 'K' | 'L' | 'N'..='V' | 'X'..='Z' | '&' => 72,
        '\0'..='\u{ff}' => 64,
        // Other scripts, among them those with glyphs as wide as they are high.
        _ => 105,
    }
}

/// How wide a text is, at most.
pub(crate) fn text_width(text: &str, size: Size, weight: Weight) -> Len {
    let hundredths: i32 = text.chars().map(glyph_width).sum();
    let width = hundredths * size.px() / 10;
    match weight {
        Weight::Regular => Len(width),
        Weight::Bold => Len(width * 107 / 100),
    }
}

/// The text, cut with an ellipsis if it is wider than `room`.
pub(crate) fn fitted(text: &str, size: Size, weight: Weight, room: Len) -> String {
    if text_width(text, size, weight) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for glyph in text.chars() {
        kept.push(glyph);
        kept.push('…');
        let fits = text_width(&kept, size, weight) <= room;
        kept.pop();
        if !fits {
            kept.pop();
            break;
        }
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// Several texts as one.
pub(crate) fn joined(parts: &[&str]) -> String {
    parts.concat()
}

/// A count as people read it: `9,812`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place != 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number that may lie below nothing, as lag can.
pub(crate) fn signed(number: i64) -> String {
    let text = count(number.unsigned_abs());
    if number < 0 { joined(&["-", &text]) } else { text }
}

/// A count and what is counted: `1 record`, `2 records`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    joined(&[&count(number), " ", if number == 1 { one } else { many }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_separators() {
        let texts = [0, 7, 999, 1_000, 9_812, 100_000, 1_234_567].map(count);
        assert_eq!(texts, ["0", "7", "999", "1,000", "9,812", "100,000", "1,234,567"]);
        assert_eq!(signed(-1_200), "-1,200");
        assert_eq!(counted(1, "record", "records"), "1 record");
    }

    #[test]
    fn a_long_name_is_cut_where_there_is_no_more_room() {
        let cut = |text, room| fitted(text, Size::S12, Weight::Regular, Len(room));
        assert_eq!(cut("billing", 600), "billing");
        assert_eq!(cut("billing-and-invoices", 600), "billing-…");
        assert_eq!(cut("billing and invoices", 560), "billing…");
        assert_eq!(cut("billing", 10), "…");
        for room in 100..1_000 {
            let text = cut("Überweisungen-für-größere-Beträge 支払い", room);
            let wide = text_width(&text, Size::S12, Weight::Regular);
            assert!(wide <= Len(room), "{text} is {wide:?} wide, not {room}");
        }
    }
}
