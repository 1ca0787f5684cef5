//! Reads the tagged remarks out of the comments of a Rust file.

/// What a comment says about the brokers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Remark {
    /// A rule and where it is from.
    Source {
        /// The first sentence of the comment.
        rule: String,
        /// A document, a class, a case.
        source: String,
    },
    /// How the model differs.
    Simplified {
        /// The first sentence of the comment, or else of the file.
        about: String,
        /// What is otherwise.
        how: String,
    },
    /// What the model does not have.
    NotModelled(String),
}

/// The tags of comments; what follows one belongs to it, up to the next or the paragraph's end.
const TAGS: [&str; 5] = ["Source:", "Simplified:", "Not modelled:", "Invariant:", "Unit:"];

/// The remarks in the comments of `source`, in their order. Comments that speak of the tags
/// themselves, in backticks, are none.
pub(crate) fn remarks(source: &str) -> Vec<Remark> {
    let mut found = Vec::new();
    let comments = comments(source);
    let file = comments.first().and_then(|it| it.first()).map(|it| sentence(it));
    for comment in &comments {
        let mut rule = None;
        for paragraph in comment {
            for (tag, text) in pieces(paragraph) {
                let text = capital(text.trim());
                match tag {
                    None if rule.is_none() && !text.is_empty() => rule = Some(sentence(&text)),
                    Some("Source:") => {
                        // A comment that begins with its source states the rule behind it.
                        let rule = rule.clone().unwrap_or_else(|| text.clone());
                        found.push(Remark::Source { rule, source: text });
                    }
                    Some("Simplified:") => {
                        let about = rule.clone().or_else(|| file.clone()).unwrap_or_default();
                        found.push(Remark::Simplified { about, how: text });
                    }
                    Some("Not modelled:") => found.push(Remark::NotModelled(text)),
                    None | Some(_) => {}
                }
            }
        }
    }
    found
}

/// Each comment as its paragraphs, lines joined. Code between comments ends one.
fn comments(source: &str) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    let mut open = false;
    for line in source.lines() {
        let Some(text) = comment_of(line) else {
            open = false;
            continue;
        };
        if !open {
            all.push(vec![String::new()]);
            open = true;
        }
        let paragraphs = all.last_mut().expect("one was begun");
        if text.is_empty() {
            paragraphs.push(String::new());
            continue;
        }
        let paragraph = paragraphs.last_mut().expect("a comment has a paragraph");
        if !paragraph.is_empty() {
            paragraph.push(' ');
        }
        paragraph.push_str(text);
    }
    all
}

/// The text of a line that is a comment and nothing else.
fn comment_of(line: &str) -> Option<&str> {
    let text = line.trim_start().strip_prefix("//")?;
    Some(text.trim_start_matches(['/', '!']).trim())
}

/// A paragraph cut at its tags.
fn pieces(paragraph: &str) -> Vec<(Option<&'static str>, &str)> {
    let mut pieces = Vec::new();
    let (mut tag, mut rest) = (None, paragraph);
    while let Some((at, next)) = first_tag(rest) {
        pieces.push((tag, &rest[..at]));
        (tag, rest) = (Some(next), &rest[at + next.len()..]);
    }
    pieces.push((tag, rest));
    pieces
}

fn first_tag(text: &str) -> Option<(usize, &'static str)> {
    let begins = |at: usize| at == 0 || text[..at].ends_with(' ');
    let places = TAGS.iter().filter_map(|tag| {
        let (at, _) = text.match_indices(tag).find(|(at, _)| begins(*at))?;
        Some((at, *tag))
    });
    places.min_by_key(|(at, _)| *at)
}

/// `text` as a sentence begins.
fn capital(text: &str) -> String {
    let mut glyphs = text.chars();
    let first = glyphs.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(glyphs).collect()
}

/// The first sentence of a text.
fn sentence(text: &str) -> String {
    let ends = |at: usize| text[at + 1..].chars().find(|it| *it != ' ');
    let end = text.match_indices(". ").find(|(at, _)| ends(*at).is_some_and(char::is_uppercase));
    end.map_or(text, |(at, _)| &text[..=at]).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(rule: &str, source: &str) -> Remark {
        Remark::Source { rule: rule.to_owned(), source: source.to_owned() }
    }

    #[test]
    fn a_remark_runs_to_the_next_tag_or_the_end_of_its_paragraph() {
        let text = "/// A log. It grows.\n/// Source: `Log`,\n/// KIP-1. Simplified: no\n\
                    /// index.\n///\n/// More.\nfn f() {}\n// Source: second, alone.\n";
        let expected = [
            source("A log.", "`Log`, KIP-1."),
            Remark::Simplified { about: "A log.".to_owned(), how: "No index.".to_owned() },
            source("Second, alone.", "Second, alone."),
        ];
        assert_eq!(remarks(text), expected, "all three are read");
    }

    #[test]
    fn a_comment_about_the_tags_is_no_remark() {
        let text = "//! Every rule carries `Source:`, every liberty `Simplified:`.\n";
        assert_eq!(remarks(text), [], "a tag in backticks is a word");
    }

    #[test]
    fn what_is_left_out_is_read_from_anywhere() {
        let text = "//! Kafka.\n//!\n//! Not modelled: tiered storage.\n//!\n//! Rest.\n";
        let expected = [Remark::NotModelled("Tiered storage.".to_owned())];
        assert_eq!(remarks(text), expected, "a paragraph of its own is enough");
    }
}
