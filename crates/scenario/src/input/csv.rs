//! CSV with a header, through `csv-core`.

use super::{Collected, InputError, utf8};
use brokerscope_core::settings::nearest;
use csv_core::{ReadRecordResult, Reader};

/// Reads one CSV file in slices.
#[derive(Debug)]
pub(super) struct Csv {
    reader: Reader,
    wanted: String,
    /// Where the key stands and how many fields there are, once the header is known.
    header: Option<(usize, usize)>,
    /// The fields of the row being read, one after the other.
    fields: Vec<u8>,
    /// How much of `fields` is written.
    written: usize,
    /// Where each field ends.
    ends: Vec<usize>,
    /// How many of `ends` are written.
    ended: usize,
    /// The line that is being read, from 1.
    line: u64,
    /// The line in which the row being read begins, once it has begun.
    begins: Option<u64>,
}

impl Csv {
    pub(super) fn new(wanted: String) -> Self {
        Self {
            reader: Reader::new(),
            wanted,
            header: None,
            fields: vec![0; 1_024],
            written: 0,
            ends: vec![0; 32],
            ended: 0,
            line: 1,
            begins: None,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8], rows: &mut Collected) -> Result<(), InputError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            // Between rows an end of line is no row: a blank line, or the second half of CR LF.
            if self.begins.is_none() && matches!(rest[0], b'\r' | b'\n') {
                self.line += u64::from(rest[0] == b'\n');
                rest = &rest[1..];
                continue;
            }
            let line = *self.begins.get_or_insert(self.line);
            let (fields, ends) = (&mut self.fields[self.written..], &mut self.ends[self.ended..]);
            let (result, read, written, ended) = self.reader.read_record(rest, fields, ends);
            self.line += count(&rest[..read], b'\n');
            self.written += written;
            self.ended += ended;
            rest = &rest[read..];
            match result {
                ReadRecordResult::OutputFull => self.fields.resize(2 * self.fields.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::Record => self.row(line, rows)?,
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
            }
        }
        Ok(())
    }

    /// A row has ended.
    fn row(&mut self, line: u64, rows: &mut Collected) -> Result<(), InputError> {
        let text = utf8(line, &self.fields[..self.written])?;
        let ends = &self.ends[..self.ended];
        (self.written, self.ended, self.begins) = (0, 0, None);
        let Some((place, count)) = self.header else {
            self.header = Some(header(line, text, ends, &self.wanted)?);
            return Ok(());
        };
        if ends.len() != count {
            let what = format!("there are {} fields, and the header has {count}", ends.len());
            return Err(InputError::new(line, what));
        }
        rows.push(line, Some(field(line, text, ends, place)?))
    }

    pub(super) fn finish(mut self, rows: &mut Collected) -> Result<(), InputError> {
        if let Some(line) = self.begins {
            // An end of line ends a row everywhere but within quotes.
            self.push(b"\n", rows)?;
            if self.begins.is_some() {
                return Err(InputError::new(line, "a quoted field begins here and never ends"));
            }
        }
        if self.header.is_none() {
            return Err(InputError::new(1, "there is no header with the names of the columns"));
        }
        Ok(())
    }
}

fn count(bytes: &[u8], wanted: u8) -> u64 {
    bytes.iter().map(|it| u64::from(*it == wanted)).sum()
}

/// One field of a row. All fields together may be UTF-8 where one alone is not.
fn field<'a>(
    line: u64,
    text: &'a str,
    ends: &[usize],
    place: usize,
) -> Result<&'a str, InputError> {
    let begin = place.checked_sub(1).map_or(0, |before| ends[before]);
    let broken = || InputError::new(line, "this is not UTF-8");
    text.get(begin..ends[place]).ok_or_else(broken)
}

/// Where the wanted column stands, and how many there are.
fn header(
    line: u64,
    text: &str,
    ends: &[usize],
    wanted: &str,
) -> Result<(usize, usize), InputError> {
    let name = |place| field(line, text, ends, place);
    let names = (0..ends.len()).map(name).collect::<Result<Vec<&str>, _>>()?;
    let mut places = (0..names.len()).filter(|place| names[*place] == wanted);
    match (places.next(), places.next()) {
        (Some(place), None) => Ok((place, names.len())),
        (Some(_), Some(_)) => {
            Err(InputError::new(line, format!("there are two columns named '{wanted}'")))
        }
        (None, _) => {
            let nearest = nearest(wanted, names).unwrap_or_default();
            let what = format!("there is no column '{wanted}'; the nearest is '{nearest}'");
            Err(InputError::new(line, what))
        }
    }
}
