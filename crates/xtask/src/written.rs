//! Pages whose content is written from something else, between two markers, so that they cannot say
//! anything else than what they are made from.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// A page of which a part is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// The command that writes it, and the word in its markers.
    pub(crate) command: &'static str,
    /// Where it is, from the top folder.
    pub(crate) path: &'static str,
}

impl Written {
    /// Writes `content` into the page, or checks that it stands there.
    pub(crate) fn run(self, content: &str, write: bool) -> Result<()> {
        let Self { command, path } = self;
        let file = shell::root().join(path);
        let text = fs::read_to_string(&file).with_context(|| format!("there is no {path}"))?;
        let fresh = self.between(&text, content)?;
        if write {
            fs::write(&file, fresh).with_context(|| format!("cannot write {path}"))?;
        } else if fresh != text {
            bail!("{path} is out of date: `cargo xtask {command} --write` writes it");
        }
        Ok(())
    }

    /// `text` with what lies between the markers replaced by `content`.
    fn between(self, text: &str, content: &str) -> Result<String> {
        let Self { command, path } = self;
        let start = format!("<!-- {command}: written by `cargo xtask {command} --write` -->");
        let end = format!("<!-- /{command} -->");
        let parts = text.split_once(&start).and_then(|(before, rest)| {
            let (_, after) = rest.split_once(&end)?;
            Some((before, after))
        });
        let (before, after) =
            parts.with_context(|| format!("{path} lacks the two `{command}` markers"))?;
        Ok(format!("{before}{start}\n{content}{end}{after}"))
    }
}

/// Adds a line.
pub(crate) fn line(content: &mut String, what: std::fmt::Arguments<'_>) {
    writeln!(content, "{what}").expect("a string takes everything");
}

/// A sentence as markup: what stands between backticks is code, links lose their brackets,
/// everything else is text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prose<'a>(pub(crate) &'a str);

impl std::fmt::Display for Prose<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut code = false;
        for glyph in self.0.replace("[`", "`").replace("`]", "`").chars() {
            match glyph {
                '`' => {
                    f.write_str(if code { "</code>" } else { "<code>" })?;
                    code = !code;
                }
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                _ => f.write_char(glyph)?,
            }
        }
        if code { f.write_str("</code>") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_stands_between_the_markers() {
        let page = Written { command: "model", path: "a page" };
        let start = "<!-- model: written by `cargo xtask model --write` -->";
        let text = format!("<p>\n{start}\nold\n<!-- /model -->\nrest\n");
        let fresh = page.between(&text, "new\n").expect("both markers are there");
        let expected = format!("<p>\n{start}\nnew\n<!-- /model -->\nrest\n");
        assert_eq!(fresh, expected, "old gave way");
        assert!(page.between("no marker", "new").is_err(), "a page without markers is refused");
    }

    #[test]
    fn a_sentence_is_text_and_code_never_markup() {
        let told = Prose("`a<b>` & [`Log`] <script>").to_string();
        assert_eq!(
            told, "<code>a&lt;b&gt;</code> &amp; <code>Log</code> &lt;script&gt;",
            "nothing of a comment becomes an element but code"
        );
    }
}
