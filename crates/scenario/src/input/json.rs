//! JSON lines, through `json-event-parser`, which keeps numbers as they are written.

use super::{Collected, InputError, utf8};
use brokerscope_core::settings::nearest;
use json_event_parser::{JsonEvent, JsonSyntaxError, LowLevelJsonParser};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// How deep an object on a line may go.
const DEEPEST: usize = 256;

/// How many names of other fields are remembered, to name the nearest.
const MAX_NAMES: usize = 1_000;

/// Reads one field of each object.
#[derive(Debug)]
pub(super) struct Field {
    wanted: String,
    /// Whether any row had it.
    found: bool,
    /// The names of the other fields, until it is found.
    others: BTreeSet<String>,
}

impl Field {
    pub(super) fn new(wanted: String) -> Self {
        Self { wanted, found: false, others: BTreeSet::new() }
    }

    /// A line has ended.
    pub(super) fn row(
        &mut self,
        line: u64,
        bytes: &[u8],
        rows: &mut Collected,
    ) -> Result<(), InputError> {
        let text = utf8(line, bytes)?;
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        let key = self.read(text).map_err(|what| InputError::new(line, what))?;
        rows.push(line, key.as_deref())
    }

    /// The key in one object; the last one, if it is there more than once.
    fn read<'a>(&mut self, text: &'a str) -> Result<Option<Cow<'a, str>>, String> {
        let mut events = Events::new(text);
        if events.next()? != JsonEvent::StartObject {
            return Err("this is no JSON object, such as {\"id\": 7}".to_owned());
        }
        let (mut key, mut deep) = (None, 1);
        while 0 < deep {
            match events.next()? {
                JsonEvent::StartObject | JsonEvent::StartArray => deep += 1,
                JsonEvent::EndObject | JsonEvent::EndArray => deep -= 1,
                JsonEvent::ObjectKey(name) if deep == 1 && name == self.wanted => {
                    self.found = true;
                    key = scalar(events.next()?).map_err(|kind| {
                        format!("the field '{}' holds {kind}, which is no key", self.wanted)
                    })?;
                }
                JsonEvent::ObjectKey(name) if deep == 1 && !self.found => {
                    if self.others.len() < MAX_NAMES && !self.others.contains(&*name) {
                        self.others.insert(name.into_owned());
                    }
                }
                JsonEvent::ObjectKey(_)
                | JsonEvent::String(_)
                | JsonEvent::Number(_)
                | JsonEvent::Boolean(_)
                | JsonEvent::Null => {}
                JsonEvent::Eof => return Err("this object never ends".to_owned()),
            }
        }
        // The parser itself refuses a second value.
        events.next().map(|_| key)
    }

    /// No more lines. A field that no row has is most likely misspelt.
    pub(super) fn finish(self, rows: &Collected) -> Result<(), InputError> {
        if self.found || rows.rows.is_empty() {
            return Ok(());
        }
        let wanted = &self.wanted;
        let near = nearest(wanted, self.others.iter().map(String::as_str))
            .map_or_else(|| "nor any other".to_owned(), |near| format!("the nearest is '{near}'"));
        Err(InputError::new(1, format!("no row has a field '{wanted}'; {near}")))
    }
}

/// The text of a value that can be a key; the name of its kind if it cannot.
fn scalar(event: JsonEvent<'_>) -> Result<Option<Cow<'_, str>>, &'static str> {
    match event {
        JsonEvent::String(text) | JsonEvent::Number(text) => Ok(Some(text)),
        JsonEvent::Boolean(true) => Ok(Some("true".into())),
        JsonEvent::Boolean(false) => Ok(Some("false".into())),
        JsonEvent::Null => Ok(None),
        JsonEvent::StartArray => Err("a list"),
        JsonEvent::StartObject => Err("an object"),
        JsonEvent::EndArray | JsonEvent::EndObject | JsonEvent::ObjectKey(_) | JsonEvent::Eof => {
            Err("nothing")
        }
    }
}

/// The events of one line.
struct Events<'a> {
    parser: LowLevelJsonParser,
    rest: &'a [u8],
}

impl<'a> Events<'a> {
    fn new(text: &'a str) -> Self {
        let parser = LowLevelJsonParser::new().with_max_stack_size(DEEPEST);
        Self { parser, rest: text.as_bytes() }
    }

    fn next(&mut self) -> Result<JsonEvent<'a>, String> {
        loop {
            let step = self.parser.parse_next(self.rest, true);
            self.rest = &self.rest[step.consumed_bytes..];
            if let Some(event) = step.event {
                let wrong = |it: JsonSyntaxError| {
                    format!("this is not JSON from column {} on", it.location().start.column + 1)
                };
                return event.map_err(wrong);
            }
        }
    }
}
