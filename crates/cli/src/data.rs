//! Reading a person's own data from a file or from standard input.

use crate::args::Format as Asked;
use crate::trouble::Trouble;
use brokerscope_scenario::input::{Format, Reader, Rows};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// How much is read at once.
const SLICE: usize = 1 << 18;

/// All rows of a file.
pub(crate) fn rows(path: &Path, asked: &Asked) -> Result<Rows, Trouble> {
    let shown = path.display().to_string();
    let format = format(asked, path)?;
    let read = |wrong| Trouble::Read { file: shown.clone(), wrong };
    if path.as_os_str() == "-" {
        return feed(io::stdin().lock(), format, "standard input");
    }
    feed(File::open(path).map_err(read)?, format, &shown)
}

/// How a file is written, as far as was said.
fn format(asked: &Asked, path: &Path) -> Result<Format, Trouble> {
    match (&asked.column, &asked.field) {
        (Some(column), _) => Ok(Format::Csv { column: column.clone() }),
        (None, Some(field)) => Ok(Format::JsonLines { field: field.clone() }),
        (None, None) => {
            let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
            let missing = match &*ending {
                "csv" => "is CSV: say which column is the key, with --column",
                "jsonl" | "ndjson" => "is JSON lines: say which field is the key, with --field",
                _ => return Ok(Format::Lines),
            };
            Err(Trouble::Asked(format!("{} {missing}", path.display())))
        }
    }
}

fn feed(mut input: impl Read, format: Format, file: &str) -> Result<Rows, Trouble> {
    let mut reader = Reader::new(format);
    let mut slice = vec![0; SLICE];
    let data = |wrong| Trouble::Data { file: file.to_owned(), wrong };
    loop {
        match input.read(&mut slice) {
            Ok(0) => return reader.finish().map_err(data),
            Ok(length) => reader.push(&slice[..length]).map_err(data)?,
            Err(wrong) if wrong.kind() == io::ErrorKind::Interrupted => {}
            Err(wrong) => return Err(Trouble::Read { file: file.to_owned(), wrong }),
        }
    }
}
