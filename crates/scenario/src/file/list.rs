//! `lessons.toml`: the groups of the menu, and the lessons in each.

use super::read::{Node, Wrong};
use super::{name, title, unique};
use crate::error::Error;
use crate::value::Value;
use std::collections::BTreeSet;

/// The names of all lessons in their order. `is_there` says whether there is a scenario of that
/// name.
pub(crate) fn lesson_names(
    value: &Value,
    is_there: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>, Error> {
    names(value, is_there).map_err(|wrong| wrong.within(value))
}

fn names(value: &Value, is_there: &dyn Fn(&str) -> bool) -> Result<Vec<String>, Wrong> {
    let top = Node::top(value).table(&["group"])?;
    let (mut groups, mut lessons) = (BTreeSet::new(), BTreeSet::new());
    let mut names = Vec::new();
    for node in top.need("group")?.list()? {
        let table = node.table(&["title", "lessons"])?;
        let named = table.need("title")?;
        title(named)?;
        unique(&mut groups, "groups", named, named.text()?)?;
        for node in table.need("lessons")?.list()? {
            let lesson = name(node)?;
            unique(&mut lessons, "lessons", node, lesson)?;
            if !is_there(lesson) {
                return Err(node.error(format!("there is no '{lesson}.toml' beside this file")));
            }
            names.push(lesson.to_owned());
        }
    }
    Ok(names)
}
