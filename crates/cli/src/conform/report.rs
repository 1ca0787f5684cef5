//! Comparing what came with what was recorded, and telling it to people and to programs.

use serde::Serialize;
use serde_json::Value;
use std::io::{self, Write};

/// A step that did not answer as recorded.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    pub(crate) file: String,
    pub(crate) case: String,
    /// From 1.
    pub(crate) step: usize,
    #[serde(rename = "do")]
    pub(crate) operation: String,
    /// Nothing where it only had to succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<Value>,
    pub(crate) got: Value,
}

/// What came of all cases.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) failures: Vec<Failure>,
}

impl Report {
    /// Counts a case with the steps of it that failed.
    pub(crate) fn count(&mut self, failures: Vec<Failure>) {
        if failures.is_empty() {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
        self.failures.extend(failures);
    }

    /// Three lines for each failing step, then the count.
    pub(crate) fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        for Failure { file, case, step, operation, expected, got } in &self.failures {
            writeln!(out, "{file}: {case}, step {step}: {operation}")?;
            match expected {
                Some(expected) => writeln!(out, "    expected {expected}")?,
                None => writeln!(out, "    expected success")?,
            }
            writeln!(out, "    got      {got}")?;
        }
        writeln!(out, "{} passed, {} failed", self.passed, self.failed)
    }

    /// The same as one JSON object on one line.
    pub(crate) fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }
}

/// Whether an answer is the recorded one. The order of keys never counts, that of a list does,
/// but in an assignment, where a list is a set of partitions. Of an error its code counts, not
/// its words.
pub(crate) fn same(operation: &str, expected: &Value, got: &Value) -> bool {
    let kind = if operation == "compute_assignment" { Lists::Sets } else { Lists::Sequences };
    essence(expected, kind) == essence(got, kind)
}

/// What a list is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lists {
    Sequences,
    Sets,
}

/// The value without what does not count.
fn essence(value: &Value, lists: Lists) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|it| essence(it, lists)).collect();
            if lists == Lists::Sets {
                items.sort_by_cached_key(Value::to_string);
            }
            Value::Array(items)
        }
        Value::Object(map) => {
            let is_error = map.contains_key("error") || map.contains_key("code");
            let counts = |key: &String| !(is_error && key == "text");
            let kept = map.iter().filter(|(key, _)| counts(key));
            kept.map(|(key, it)| (key.clone(), essence(it, lists))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
