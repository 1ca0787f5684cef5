//! A person's own data: from the bytes of a file to one row after another, each with its key.
//!
//! The same code reads on the command line and in the page, in slices, so that a bar can show how
//! far it is. Nothing is half-loaded: there are rows only once all of them are right.

mod csv;
mod json;

use crate::expand::{Interner, MAX_MESSAGES};
use crate::sentence::one_line;
use brokerscope_core::workload::{KeyId, Keys};
use std::fmt;

/// How many bytes all distinct keys together have at most: 1 GiB.
const MAX_KEY_BYTES: usize = 1 << 30;

/// The byte order mark that some programs put before a text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// How the rows are written, and which part of each is its key.
///
/// An empty field is an empty key, a missing one is no key. Lines end with a line feed, with or
/// without a carriage return before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Each line is a key; an empty line is an empty key.
    Lines,
    /// CSV with a header, by RFC 4180. Every row has as many fields as the header; blank lines are
    /// no rows.
    Csv {
        /// The column of the key, by its header.
        column: String,
    },
    /// A JSON object on each line; blank lines are no rows. A text is a key as it is, a number and
    /// a truth value as they are written; a field that is not there or is null is no key.
    JsonLines {
        /// The field of the key.
        field: String,
    },
}

/// What was read: the key of each row, in the file's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The distinct keys, numbered in the order of first use.
    pub keys: Keys,
    /// The key of each row; nothing if it has none.
    pub rows: Vec<Option<KeyId>>,
}

/// What is wrong with the data, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The line, counted from 1: where a row begins that runs over several.
    pub line: u64,
    /// What is wrong.
    pub what: String,
}

impl InputError {
    fn new(line: u64, what: impl Into<String>) -> Self {
        Self { line, what: one_line(&what.into()) }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for InputError {}

/// Reads rows from bytes that arrive in slices of any size.
#[derive(Debug)]
pub struct Reader {
    form: Form,
    rows: Collected,
    /// The first bytes, until it is clear whether they are a byte order mark.
    head: Option<Vec<u8>>,
    /// Once something was wrong, nothing is right any more.
    failed: Option<InputError>,
}

#[derive(Debug)]
enum Form {
    Lines(Splitter),
    Csv(Box<csv::Csv>),
    JsonLines(Splitter, json::Field),
}

/// The rows so far.
#[derive(Debug, Default)]
struct Collected {
    keys: Interner,
    rows: Vec<Option<KeyId>>,
    key_bytes: usize,
}

impl Collected {
    /// One more row, which begins in `line`.
    fn push(&mut self, line: u64, key: Option<&str>) -> Result<(), InputError> {
        if self.rows.len() == MAX_MESSAGES as usize {
            let what = format!("this is row {}, and {MAX_MESSAGES} is the most", MAX_MESSAGES + 1);
            return Err(InputError::new(line, what));
        }
        let id = key.map(|key| self.keys.id(key.as_bytes()));
        self.key_bytes += key.map_or(0, str::len);
        if MAX_KEY_BYTES < self.key_bytes {
            return Err(InputError::new(line, "up to here the keys are larger than 1 GiB"));
        }
        self.rows.push(id);
        Ok(())
    }
}

/// A line as text.
fn utf8(line: u64, bytes: &[u8]) -> Result<&str, InputError> {
    std::str::from_utf8(bytes).map_err(|_| InputError::new(line, "this is not UTF-8"))
}

/// Cuts bytes into lines.
#[derive(Debug, Default)]
struct Splitter {
    /// The beginning of a line whose end has not arrived.
    begun: Vec<u8>,
    /// How many lines have ended.
    ended: u64,
}

impl Splitter {
    fn push(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(u64, &[u8]) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|it| *it == b'\n') {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            self.ended += 1;
            if self.begun.is_empty() {
                each(self.ended, line.strip_suffix(b"\r").unwrap_or(line))?;
            } else {
                self.begun.extend_from_slice(line);
                let line = std::mem::take(&mut self.begun);
                each(self.ended, line.strip_suffix(b"\r").unwrap_or(&line))?;
            }
            rest = after;
        }
        self.begun.extend_from_slice(rest);
        Ok(())
    }

    /// The last line, if it did not end.
    fn finish(
        self,
        each: impl FnOnce(u64, &[u8]) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        if self.begun.is_empty() {
            return Ok(());
        }
        let line = self.begun.strip_suffix(b"\r").unwrap_or(&self.begun);
        each(self.ended + 1, line)
    }
}

impl Reader {
    /// A reader that has read nothing yet.
    #[must_use]
    pub fn new(format: Format) -> Self {
        let form = match format {
            Format::Lines => Form::Lines(Splitter::default()),
            Format::Csv { column } => Form::Csv(Box::new(csv::Csv::new(column))),
            Format::JsonLines { field } => {
                Form::JsonLines(Splitter::default(), json::Field::new(field))
            }
        };
        Self { form, rows: Collected::default(), head: Some(Vec::new()), failed: None }
    }

    /// How many rows have been read so far.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.rows.len()
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// If a line is wrong; from then on always.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), InputError> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        let pushed = match &mut self.head {
            None => self.feed(bytes),
            Some(head) => {
                head.extend_from_slice(bytes);
                if head.len() < BYTE_ORDER_MARK.len() { Ok(()) } else { self.begin() }
            }
        };
        self.failed = pushed.as_ref().err().cloned();
        pushed
    }

    /// Takes the first bytes, without a byte order mark.
    fn begin(&mut self) -> Result<(), InputError> {
        let Some(head) = self.head.take() else { return Ok(()) };
        self.feed(head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&head))
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<(), InputError> {
        let Self { form, rows, .. } = self;
        match form {
            Form::Lines(lines) => {
                lines.push(bytes, |line, text| rows.push(line, Some(utf8(line, text)?)))
            }
            Form::Csv(csv) => csv.push(bytes, rows),
            Form::JsonLines(lines, field) => {
                lines.push(bytes, |line, text| field.row(line, text, rows))
            }
        }
    }

    /// All rows, once there are no more bytes.
    ///
    /// # Errors
    /// If a line is wrong, or was.
    pub fn finish(mut self) -> Result<Rows, InputError> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        self.begin()?;
        let mut rows = self.rows;
        match self.form {
            Form::Lines(lines) => {
                lines.finish(|line, text| rows.push(line, Some(utf8(line, text)?)))?;
            }
            Form::Csv(csv) => csv.finish(&mut rows)?,
            Form::JsonLines(lines, mut field) => {
                lines.finish(|line, text| field.row(line, text, &mut rows))?;
                field.finish(&rows)?;
            }
        }
        Ok(Rows { keys: rows.keys.done(), rows: rows.rows })
    }
}

#[cfg(test)]
mod tests;
