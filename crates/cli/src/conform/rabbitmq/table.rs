//! Field tables as JSON, there and back.

use crate::conform::Unable;
use brokerscope_core::rabbitmq::table::{Field, Table};
use serde_json::{Map, Value};

/// A table; none is an empty one.
pub(super) fn table(value: Option<&Value>) -> Result<Table, Unable> {
    match value {
        None => Ok(Table::new()),
        Some(Value::Object(map)) => {
            map.iter().map(|(key, it)| Ok((key.as_str().into(), field(it)?))).collect()
        }
        Some(other) => Err(Unable::Wrong(format!("{other} is not a table"))),
    }
}

/// A value of a table.
pub(super) fn field(value: &Value) -> Result<Field, Unable> {
    Ok(match value {
        Value::Null => Field::Void,
        Value::Bool(it) => Field::Bool(*it),
        Value::Number(it) => match it.as_i64() {
            Some(whole) => Field::Int(whole),
            None => decimal(&it.to_string())?,
        },
        Value::String(it) => Field::Text(it.as_str().into()),
        Value::Array(items) => Field::List(items.iter().map(field).collect::<Result<_, _>>()?),
        Value::Object(_) => Field::Table(table(Some(value))?),
    })
}

/// A number with a point, as its digits.
fn decimal(text: &str) -> Result<Field, Unable> {
    let wrong = || Unable::Wrong(format!("{text} has too many digits"));
    let (whole, point) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{point}").parse().map_err(|_| wrong())?;
    let places = u8::try_from(point.len()).map_err(|_| wrong())?;
    Ok(Field::decimal(digits, places))
}

/// A table as it is written in a case. Instants are not told.
pub(super) fn shown(table: &Table) -> Value {
    let fields = table.iter().map(|(key, it)| (key.to_string(), shown_field(it)));
    fields.collect::<Map<String, Value>>().into()
}

fn shown_field(field: &Field) -> Value {
    match field {
        Field::Void => Value::Null,
        Field::Bool(it) => (*it).into(),
        Field::Int(it) => (*it).into(),
        Field::Decimal { digits, places } => {
            let text = format!("{digits}e-{places}");
            text.parse::<f64>().map_or(Value::Null, Into::into)
        }
        Field::Text(it) => (**it).into(),
        Field::List(items) => items.iter().map(shown_field).collect(),
        Field::Table(it) => shown(it),
        Field::Time(_) => "<t>".into(),
    }
}
