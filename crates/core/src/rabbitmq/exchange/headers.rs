//! Headers exchanges: a binding's arguments against a message's headers.

use crate::rabbitmq::config::Version;
use crate::rabbitmq::table::{Field, Table};

/// How many of the arguments have to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    All,
    Any,
}

/// What `x-match` says: how many, and whether arguments whose names begin with `x-` count. None
/// if it says what it cannot.
fn read(arguments: &Table) -> Option<(Match, bool)> {
    let Some(field) = arguments.get("x-match") else { return Some((Match::All, false)) };
    match &**field.as_text()? {
        "all" => Some((Match::All, false)),
        "any" => Some((Match::Any, false)),
        "all-with-x" => Some((Match::All, true)),
        "any-with-x" => Some((Match::Any, true)),
        _ => None,
    }
}

/// Whether a headers exchange takes a binding with these arguments.
///
/// Source: `rabbit_exchange_type_headers`, `validate_binding`.
#[must_use]
pub fn is_valid(arguments: &Table) -> bool {
    read(arguments).is_some()
}

/// Whether a binding matches a message. With nothing to compare, all of it matches and any of it
/// does not.
///
/// Source: `rabbit_exchange_type_headers`; case `x-headers-matrix`.
#[must_use]
pub fn matches(arguments: &Table, headers: Option<&Table>, version: Version) -> bool {
    let (wanted, with_x) = read(arguments).unwrap_or((Match::All, false));
    let compared = arguments
        .iter()
        .filter(|(name, _)| &***name != "x-match" && (with_x || !name.starts_with("x-")));
    let matched = |(name, argument): (&std::sync::Arc<str>, &Field)| {
        let header = headers.and_then(|it| it.get(&**name));
        header.is_some_and(|it| *argument == Field::Void || equal(argument, it, version))
    };
    let mut compared = compared;
    match wanted {
        Match::All => compared.all(matched),
        Match::Any => compared.any(matched),
    }
}

/// Up to 3.13 a whole number equals the same number with a point.
fn equal(one: &Field, other: &Field, version: Version) -> bool {
    match (one, other, version) {
        (Field::Int(whole), Field::Decimal { digits, places: 0 }, Version::V3_10)
        | (Field::Decimal { digits, places: 0 }, Field::Int(whole), Version::V3_10) => {
            whole == digits
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(fields: &[(&str, Field)]) -> Table {
        fields.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()
    }

    #[test]
    fn numbers_of_different_types_were_equal_once() {
        let (whole, point) = (Field::Int(10), Field::decimal(100, 1));
        assert!(equal(&whole, &point, Version::V3_10));
        assert!(!equal(&whole, &point, Version::V4_0));
        assert!(!equal(&Field::Int(1), &Field::Bool(true), Version::V3_10));
        assert!(!equal(&Field::Int(1), &"1".into(), Version::V3_10));
        assert!(!equal(&Field::Int(1), &Field::decimal(15, 1), Version::V3_10));
    }

    #[test]
    fn arguments_of_the_broker_count_only_when_asked_for() {
        let headers = table(&[("a", Field::Int(1))]);
        let check = |how: &str, fields: &[(&str, Field)]| {
            let mut arguments = table(fields);
            arguments.insert("x-match".into(), how.into());
            matches(&arguments, Some(&headers), Version::V4_0)
        };
        let both = [("a", Field::Int(1)), ("x-z", Field::Int(9))];
        assert!(check("all", &both));
        assert!(!check("all-with-x", &both));
        assert!(check("any-with-x", &both));
        assert!(check("all", &[("x-z", Field::Int(9))]), "nothing to compare: everything");
        assert!(!check("any", &[("x-z", Field::Int(9))]), "nothing to compare: nothing");
        assert!(check("any", &[("a", Field::Void)]), "present is enough");
        assert!(!check("all", &[("A", Field::Void)]), "case counts");
        assert!(!is_valid(&table(&[("x-match", "some".into())])));
    }
}
