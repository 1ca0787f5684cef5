//! Sentences about what is wrong, whatever they quote.

/// How long a sentence about something wrong becomes at most, in characters.
const LONGEST: usize = 400;

/// A sentence in one line of a bearable length, whatever is quoted in it.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for (place, it) in text.chars().enumerate() {
        if place == LONGEST {
            line.push('…');
            break;
        }
        if it.is_control() {
            line.extend(it.escape_default());
        } else {
            line.push(it);
        }
    }
    line
}
