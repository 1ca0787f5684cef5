//! `[[act]]`: one file, several runs. What an act says lies over what the file says: tables key by
//! key, lists of named things by their names, steps and beats after the file's own; every other
//! value takes the place of the file's.

use super::read::{Node, Wrong};
use super::{KEYS, title};
use crate::error::Error;
use crate::lesson::Act;
use crate::scenario::Scenario;
use crate::value::{Entry, Kind, Value};

/// How many acts a file has at most.
const MAX_ACTS: usize = 4;

impl Scenario {
    /// The acts that `value` describes, in their order; a file without acts is one run. `name` is
    /// what it is called: the file's name without its ending.
    ///
    /// # Errors
    /// If anything in it is not known, not right or not there, in any act.
    pub fn acts_from_value(name: &str, value: &Value) -> Result<Vec<Self>, Error> {
        let acts = acts(value).map_err(|wrong| wrong.within(value))?;
        if acts.is_empty() {
            let whole = Self::read(name, value, Act::only(), 1);
            return whole.map(|it| vec![it]).map_err(|wrong| wrong.within(value));
        }
        let count = acts.len();
        let scenario = |(act, over): (Act, &Value)| {
            let number = act.number;
            let merged = merged(value, over);
            Self::read(name, &merged, act, count).map_err(|wrong| {
                let wrong = wrong.within(&merged);
                let colon = if wrong.path.is_empty() { "" } else { ": " };
                Error { path: format!("act {number}{colon}{}", wrong.path), ..wrong }
            })
        };
        acts.into_iter().map(scenario).collect()
    }

    /// As [`Scenario::acts_from_value`], in a JSON text.
    ///
    /// # Errors
    /// If it is not JSON, or anything in it is not known, not right or not there.
    pub fn acts_from_json(name: &str, text: &str) -> Result<Vec<Self>, Error> {
        crate::json::parse(text)
            .and_then(|value| Self::acts_from_value(name, &value))
            .map_err(|wrong| wrong.in_text(text))
    }
}

/// The acts of a file, each with what it lays over the file; none if the file has none.
fn acts(value: &Value) -> Result<Vec<(Act, &Value)>, Wrong> {
    let Kind::Table(entries) = &value.kind else { return Ok(Vec::new()) };
    let Some(list) = entries.iter().find(|it| it.key == "act") else { return Ok(Vec::new()) };
    let list = Node::top(&list.value);
    let nodes = list.list()?;
    if let Some(next) = nodes.get(MAX_ACTS) {
        return Err(next.error(format!("there are more than {MAX_ACTS} acts")));
    }
    // What an act says, and all that it may lay over the file; there are no acts in acts.
    let within = KEYS.iter().copied().filter(|it| *it != "act");
    let known: Vec<&str> = within.chain(["say"]).collect();
    let mut acts = Vec::new();
    for (node, number) in nodes.into_iter().zip(1..) {
        let table = node.table(&known)?;
        let act = Act {
            number,
            title: title(table.need("title")?)?,
            say: table.or("say", String::new(), title)?,
        };
        acts.push((act, node.value()));
    }
    Ok(acts)
}

/// The file with one act laid over it.
fn merged(file: &Value, act: &Value) -> Value {
    let (Kind::Table(below), Kind::Table(above)) = (&file.kind, &act.kind) else {
        return file.clone();
    };
    let mut entries: Vec<Entry> = below.iter().filter(|it| it.key != "act").cloned().collect();
    for over in above {
        // What an act is called and says is its own.
        if !matches!(over.key.as_str(), "title" | "say") {
            lay(&mut entries, over);
        }
    }
    Value { at: file.at, kind: Kind::Table(entries) }
}

/// Lays one entry over those that are there.
fn lay(entries: &mut Vec<Entry>, over: &Entry) {
    let Some(under) = entries.iter_mut().find(|it| it.key == over.key) else {
        entries.push(over.clone());
        return;
    };
    under.at = over.at;
    let appends = matches!(over.key.as_str(), "step" | "beat");
    cover(&mut under.value, &over.value, appends);
}

/// Lays one value over another.
fn cover(under: &mut Value, over: &Value, appends: bool) {
    match (&mut under.kind, &over.kind) {
        (Kind::Table(entries), Kind::Table(above)) => {
            for entry in above {
                lay(entries, entry);
            }
        }
        (Kind::List(items), Kind::List(above)) if appends => items.extend(above.iter().cloned()),
        (Kind::List(items), Kind::List(above)) if all_named(items) && all_named(above) => {
            for item in above {
                match items.iter_mut().find(|it| name(it) == name(item)) {
                    Some(same) => cover(same, item, false),
                    None => items.push(item.clone()),
                }
            }
        }
        _ => *under = over.clone(),
    }
}

fn all_named(items: &[Value]) -> bool {
    items.iter().all(|it| name(it).is_some())
}

/// What a table is named.
fn name(value: &Value) -> Option<&str> {
    let Kind::Table(entries) = &value.kind else { return None };
    match &entries.iter().find(|it| it.key == "name")?.value.kind {
        Kind::Text(name) => Some(name),
        Kind::Nothing
        | Kind::Bool(_)
        | Kind::Whole(_)
        | Kind::Number(_)
        | Kind::List(_)
        | Kind::Table(_)
        | Kind::Other(_) => None,
    }
}
