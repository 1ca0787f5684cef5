//! What is wrong with a scenario, in one sentence that names the place.

use crate::sentence::one_line;
use std::fmt;

/// What is wrong with a scenario, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The file, if it was read from one.
    pub file: Option<String>,
    /// The line and the column, counted from 1, if it was read from a text.
    pub position: Option<(usize, usize)>,
    /// The place in the shape, such as `kafka.group[0].settings`; empty at the very top.
    pub path: String,
    /// What is wrong, and what would be right.
    pub what: String,
    /// Where it stands in the text, in bytes.
    pub(crate) at: Option<usize>,
}

impl Error {
    /// Something wrong at a place of the shape and of the text.
    pub(crate) fn new(path: impl Into<String>, at: Option<usize>, what: impl Into<String>) -> Self {
        let what = one_line(&what.into());
        Self { file: None, position: None, path: path.into(), what, at }
    }

    /// The same error, with its line and column in `text`.
    #[must_use]
    pub(crate) fn in_text(mut self, text: &str) -> Self {
        let Some(at) = self.at else { return self };
        let mut end = at.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        self.position = Some((line, column));
        self
    }

    /// The same error, with the file that it is in.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }
}

/// `scenarios/mine.toml:12:5: workload[0].every: '3x' is not a time: …`, as far as it is known.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.position) {
            (Some(file), Some((line, column))) => write!(f, "{file}:{line}:{column}: ")?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, Some((line, column))) => write!(f, "line {line}, column {column}: ")?,
            (None, None) => {}
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for Error {}
