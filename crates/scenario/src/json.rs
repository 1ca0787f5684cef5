//! JSON as a tree of values, with the place of each.

use crate::error::Error;
use crate::value::{Entry, Kind, Value, number};
use json_event_parser::{JsonEvent, LowLevelJsonParser};

/// How deep tables and lists may lie in one another. A scenario needs six.
const DEEPEST: usize = 32;

/// Reads a JSON text.
///
/// # Errors
/// If it is not JSON, or a key stands in one object twice.
pub(crate) fn parse(text: &str) -> Result<Value, Error> {
    let mut reader = Reader::new(text);
    let (at, event) = reader.next()?;
    let value = reader.value(at, event)?;
    match reader.next()? {
        (_, JsonEvent::Eof) => Ok(value),
        (at, _) => Err(Error::new("", Some(at), "there is more than one value")),
    }
}

/// Events of a JSON text with their places.
struct Reader<'a> {
    parser: LowLevelJsonParser,
    text: &'a str,
    /// How many bytes the parser has taken.
    read: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        // The parser counts its own states, about two a level.
        let parser = LowLevelJsonParser::new().with_max_stack_size(2 * DEEPEST);
        Self { parser, text, read: 0 }
    }

    /// The next event and where it begins.
    fn next(&mut self) -> Result<(usize, JsonEvent<'a>), Error> {
        loop {
            let rest = &self.text.as_bytes()[self.read..];
            let between = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b':');
            let at = self.read + rest.iter().take_while(|byte| between(byte)).count();
            let step = self.parser.parse_next(rest, true);
            self.read += step.consumed_bytes;
            match step.event {
                Some(Ok(event)) => return Ok((at, event)),
                Some(Err(wrong)) => {
                    let at = usize::try_from(wrong.location().start.offset).ok();
                    let what = format!("this is not JSON: {}", wrong.message());
                    return Err(Error::new("", at, what));
                }
                None => {}
            }
        }
    }

    /// The value that begins with `event`.
    fn value(&mut self, at: usize, event: JsonEvent<'a>) -> Result<Value, Error> {
        let kind = match event {
            JsonEvent::String(text) => Kind::Text(text.into_owned()),
            JsonEvent::Number(text) => number(&text),
            JsonEvent::Boolean(it) => Kind::Bool(it),
            JsonEvent::Null => Kind::Nothing,
            JsonEvent::StartArray => Kind::List(self.list()?),
            JsonEvent::StartObject => Kind::Table(self.table()?),
            JsonEvent::EndArray
            | JsonEvent::EndObject
            | JsonEvent::ObjectKey(_)
            | JsonEvent::Eof => return Err(Error::new("", Some(at), "a value is missing")),
        };
        Ok(Value { at: Some(at), kind })
    }

    fn list(&mut self) -> Result<Vec<Value>, Error> {
        let mut items = Vec::new();
        loop {
            let (at, event) = self.next()?;
            if event == JsonEvent::EndArray {
                return Ok(items);
            }
            items.push(self.value(at, event)?);
        }
    }

    fn table(&mut self) -> Result<Vec<Entry>, Error> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (at, event) = self.next()?;
            let JsonEvent::ObjectKey(key) = event else { return Ok(entries) };
            if entries.iter().any(|it| it.key == key) {
                let what = format!("the key '{key}' is there twice");
                return Err(Error::new("", Some(at), what));
            }
            let (begins, event) = self.next()?;
            let value = self.value(begins, event)?;
            entries.push(Entry { at: Some(at), key: key.into_owned(), value });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_where_they_stand() {
        let value = parse(r#"{ "a": [1, -2.5e3, "x\n"], "b": null, "é": true }"#).unwrap();
        let Kind::Table(entries) = value.kind else { panic!("an object is a table") };
        let places: Vec<_> = entries.iter().map(|it| (it.key.as_str(), it.at)).collect();
        assert_eq!(places, [("a", Some(2)), ("b", Some(27)), ("é", Some(38))]);
        let Kind::List(items) = &entries[0].value.kind else { panic!("an array is a list") };
        let kinds: Vec<_> = items.iter().map(|it| (it.at.unwrap(), &it.kind)).collect();
        let written = Kind::Number("-2.5e3".to_owned());
        let text = Kind::Text("x\n".to_owned());
        assert_eq!(kinds, [(8, &Kind::Whole(1)), (11, &written), (19, &text)]);
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        let told = |text: &str| parse(text).unwrap_err().in_text(text).to_string();
        assert!(told("{\n \"a\" 1}").starts_with("line 2, column 6: this is not JSON"));
        assert!(told("").contains("this is not JSON"), "an empty text is no value");
        assert!(told("1 2").starts_with("line 1, column 3"), "{}", told("1 2"));
        assert_eq!(told(r#"{"a":1,"a":2}"#), "line 1, column 8: the key 'a' is there twice");
        assert!(parse(&"[".repeat(100_000)).is_err(), "too deep is refused, not overflown");
    }
}
