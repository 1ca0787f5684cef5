//! What is read from which bytes, and what is refused with which line.

use super::*;
use expect_test::{Expect, expect};

/// Reads `bytes` in slices of every size up to eight, which must not make a difference, and tells
/// the keys or what is wrong.
#[track_caller]
fn check(format: &Format, bytes: &[u8], expected: Expect) {
    let told = |size: usize| {
        let mut reader = Reader::new(format.clone());
        for slice in bytes.chunks(size) {
            if let Err(wrong) = reader.push(slice) {
                assert_eq!(reader.push(b"more"), Err(wrong.clone()), "once wrong, always wrong");
                return wrong.to_string();
            }
        }
        match reader.finish() {
            Err(wrong) => wrong.to_string(),
            Ok(Rows { keys, rows }) => {
                let text = |id: &KeyId| String::from_utf8(keys.get(*id).to_vec()).unwrap();
                let row = |it: &Option<KeyId>| it.as_ref().map(text);
                format!("{:?}", rows.iter().map(row).collect::<Vec<_>>())
            }
        }
    };
    let whole = told(bytes.len().max(1));
    for size in 1..8 {
        assert_eq!(told(size), whole, "the size of the slices makes no difference: {size}");
    }
    expected.assert_eq(&whole);
}

fn csv(bytes: &str, expected: Expect) {
    check(&Format::Csv { column: "id".to_owned() }, bytes.as_bytes(), expected);
}

fn json(bytes: &str, expected: Expect) {
    check(&Format::JsonLines { field: "id".to_owned() }, bytes.as_bytes(), expected);
}

#[test]
fn a_line_is_a_key() {
    check(&Format::Lines, b"", expect!["[]"]);
    check(&Format::Lines, b"a", expect![[r#"[Some("a")]"#]]);
    check(
        &Format::Lines,
        b"a\n\nb\r\n a\n",
        expect![[r#"[Some("a"), Some(""), Some("b"), Some(" a")]"#]],
    );
    check(&Format::Lines, "\u{feff}é,\"x\"\n".as_bytes(), expect![[r#"[Some("é,\"x\"")]"#]]);
    check(&Format::Lines, b"a\nb\n\xff\n", expect!["line 3: this is not UTF-8"]);
    check(&Format::Lines, b"a\nb\xc3", expect!["line 2: this is not UTF-8"]);
}

#[test]
fn a_column_of_csv_is_a_key() {
    csv("id\na\nb\n", expect![[r#"[Some("a"), Some("b")]"#]]);
    csv("\u{feff}id,n\r\na,1\r\nb,2", expect![[r#"[Some("a"), Some("b")]"#]]);
    csv("n,id\n1,\n2,\"\"\n", expect![[r#"[Some(""), Some("")]"#]]);
    csv("n,\"id\"\n1,\"a, \"\"b\"\"\nc\"\n2,é\n", expect![[r#"[Some("a, \"b\"\nc"), Some("é")]"#]]);
    csv("id,n\na,1\n\n\r\nb,2\n\n", expect![[r#"[Some("a"), Some("b")]"#]]);
}

#[test]
fn wrong_csv_is_refused_with_its_line() {
    csv("", expect!["line 1: there is no header with the names of the columns"]);
    csv("customer,ids\n", expect!["line 1: there is no column 'id'; the nearest is 'ids'"]);
    csv("id,id\n", expect!["line 1: there are two columns named 'id'"]);
    csv("n,id\n1,a\n\n2\n", expect!["line 4: there are 1 fields, and the header has 2"]);
    csv("n,id\n1,\"a\nb\"\n2,b,c\n", expect!["line 4: there are 3 fields, and the header has 2"]);
    csv("n,id\n1,a\n2,\"b\n3,c\n", expect!["line 3: a quoted field begins here and never ends"]);
    csv("n,id\n1,\"", expect!["line 2: a quoted field begins here and never ends"]);
    let column = || Format::Csv { column: "id".to_owned() };
    check(&column(), b"n,id\n1,a\n\n2,\xff\n", expect!["line 4: this is not UTF-8"]);
    check(&column(), b"n,id\n\xc3,\xa9\n", expect!["line 2: this is not UTF-8"]);
}

#[test]
fn a_field_of_json_lines_is_a_key() {
    json(
        "{\"id\":\"a\"}\n{ \"n\": [1, {\"id\": 5}], \"id\" : \"b\\n\\u00e9\" }\r\n\n",
        expect![[r#"[Some("a"), Some("b\né")]"#]],
    );
    json("{\"id\":\"\"}\n{\"n\":1}\n{\"id\":null}", expect![[r#"[Some(""), None, None]"#]]);
    json("{\"id\":7}\n{\"id\":-1.50e3}", expect![[r#"[Some("7"), Some("-1.50e3")]"#]]);
    json("{\"id\":12345678901234567890}", expect![[r#"[Some("12345678901234567890")]"#]]);
    json("{\"id\":true}\n{\"id\":false}", expect![[r#"[Some("true"), Some("false")]"#]]);
    json("{\"id\":1,\"id\":2}", expect![[r#"[Some("2")]"#]]);
}

#[test]
fn wrong_json_lines_are_refused_with_their_line() {
    json(
        "{\"id\":\"a\"}\n{\"id\":[1]}",
        expect!["line 2: the field 'id' holds a list, which is no key"],
    );
    json(
        "\n\n{\"id\":{\"a\":1}}",
        expect!["line 3: the field 'id' holds an object, which is no key"],
    );
    json("{\"id\":1}\n[1]", expect![[r#"line 2: this is no JSON object, such as {"id": 7}"#]]);
    json("{\"id\":1} {\"id\":2}", expect!["line 1: this is not JSON from column 10 on"]);
    json("{\"id\":1", expect!["line 1: this is not JSON from column 8 on"]);
    json("{\"id\":01}", expect!["line 1: this is not JSON from column 8 on"]);
    json(
        "{\"ids\":1}\n{\"name\":2}",
        expect!["line 1: no row has a field 'id'; the nearest is 'ids'"],
    );
}

#[test]
fn a_million_rows_are_the_most() {
    let mut reader = Reader::new(Format::Lines);
    for _ in 0..MAX_MESSAGES / 1_000 {
        reader.push("key\n".repeat(1_000).as_bytes()).unwrap();
    }
    assert_eq!(reader.rows(), 1_000_000);
    let told = reader.push(b"one more\n").unwrap_err().to_string();
    assert_eq!(told, "line 1000001: this is row 1000001, and 1000000 is the most");
}
