//! A person's own data before it is read: where it is, how it is written, what it can offer.

use brokerscope_scenario::input;
use web_sys::File;

/// Where the data is.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Typed or pasted.
    Text(String),
    /// Chosen or dropped.
    File(File),
}

/// How it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// A key a line.
    #[default]
    Lines,
    /// CSV with a header.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

impl Format {
    /// All there are.
    pub(crate) const ALL: [Self; 3] = [Self::Lines, Self::Csv, Self::JsonLines];

    /// Its name in the markup.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    /// The format of that name; keys, if there is none.
    pub(crate) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|format| format.name() == name).unwrap_or_default()
    }

    /// What it is called.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Lines => "one key",
            Self::Csv => "CSV, with a header",
            Self::JsonLines => "one JSON object",
        }
    }

    /// What a person has to choose to say which part is the key, if anything.
    pub(crate) const fn part(self) -> Option<&'static str> {
        match self {
            Self::Lines => None,
            Self::Csv => Some("The key is in column"),
            Self::JsonLines => Some("The key is in field"),
        }
    }

    /// A few rows, to show what is meant.
    pub(crate) const fn example(self) -> &'static str {
        match self {
            Self::Lines => "anna\nbo\nanna",
            Self::Csv => "order,customer\n1,anna\n2,bo",
            Self::JsonLines => "{\"customer\": \"anna\"}\n{\"customer\": \"bo\"}",
        }
    }

    /// As the reader takes it.
    pub(crate) fn reader(self, column: &str) -> input::Format {
        match self {
            Self::Lines => input::Format::Lines,
            Self::Csv => input::Format::Csv { column: column.to_owned() },
            Self::JsonLines => input::Format::JsonLines { field: column.to_owned() },
        }
    }
}

/// The names in the header of a CSV text that begins with `head`.
pub(crate) fn header(head: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut quoted = false;
    let mut glyphs = head.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(glyph) = glyphs.next() {
        let name = names.last_mut().expect("there is one from the beginning");
        match glyph {
            '"' if quoted && glyphs.peek() == Some(&'"') => {
                glyphs.next();
                name.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => names.push(String::new()),
            '\r' | '\n' if !quoted => {
                // Blank lines before the header are no rows.
                if names.len() > 1 || !names[0].is_empty() {
                    break;
                }
            }
            _ => name.push(glyph),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The column that is probably meant: one that says so, or else the first.
pub(crate) fn likely(columns: &[String]) -> String {
    let says_key = |name: &&String| {
        let name = name.to_ascii_lowercase();
        name == "key" || name.ends_with("_key") || name.contains("customer")
    };
    columns.iter().find(says_key).or(columns.first()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_quotes_is_read() {
        let text = "\u{feff}order,\"customer, full \"\"name\"\"\",päckchen\r\n1,2,3\n";
        assert_eq!(header(text), ["order", "customer, full \"name\"", "päckchen"]);
        assert_eq!(header("\n\none\n2\n"), ["one"]);
        assert!(header("").is_empty());
    }

    #[test]
    fn the_likely_column_is_offered_first() {
        let columns = ["order", "customer_id"].map(str::to_owned);
        assert_eq!(likely(&columns), "customer_id");
        assert_eq!(likely(&columns[..1]), "order");
        assert_eq!(likely(&[]), "");
    }

    #[test]
    fn a_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(Format::named(format.name()), format);
        }
    }
}
