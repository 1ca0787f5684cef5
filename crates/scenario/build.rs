//! Turns the scenarios that are built in into JSON, so that the bindings need no TOML reader.

use std::path::Path;
use std::{env, fs};

fn main() {
    if env::var_os("CARGO_FEATURE_JSON").is_none() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    println!("cargo::rerun-if-changed={}", folder.display());
    let order = table(&folder.join("lessons.toml"));
    let mut code = "&[\n".to_owned();
    for group in tables(&order, "group") {
        let title = text(group, "title");
        let names = group.get("lessons").and_then(toml::Value::as_array);
        for name in names.expect("a group of lessons lists 'lessons'") {
            let name = name.as_str().expect("a lesson is named by a text");
            let lesson = lesson(name, &title, &table(&folder.join(format!("{name}.toml"))));
            code.push_str(&lesson);
        }
    }
    code.push(']');
    let out = env::var_os("OUT_DIR").expect("cargo says where");
    fs::write(Path::new(&out).join("lessons.rs"), code).expect("cargo's folder can be written");
}

/// A lesson as Rust writes it.
fn lesson(name: &str, group: &str, lesson: &toml::Table) -> String {
    let (title, question) = (text(lesson, "title"), text(lesson, "question"));
    let acts: Vec<String> = tables(lesson, "act").map(|act| text(act, "title")).collect();
    let json = serde_json::to_string(lesson).expect("a table without dates is JSON");
    format!(
        "Lesson {{ name: {name:?}, title: {title:?}, question: {question:?}, group: {group:?}, \
         acts: &{acts:?}, json: {json:?} }},\n"
    )
}

/// A text that is shown to people. Where its lines break in the file means nothing.
fn text(table: &toml::Table, key: &str) -> String {
    let text = table.get(key).and_then(toml::Value::as_str);
    let text = text.unwrap_or_else(|| panic!("there is a text '{key}'"));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The tables of a list; none if it is not there.
fn tables<'a>(table: &'a toml::Table, key: &str) -> impl Iterator<Item = &'a toml::Table> {
    let list = table.get(key).and_then(toml::Value::as_array);
    list.into_iter().flatten().filter_map(toml::Value::as_table)
}

/// The TOML table in a file.
fn table(path: &Path) -> toml::Table {
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(path)
        .unwrap_or_else(|wrong| panic!("{} can be read: {wrong}", path.display()));
    text.parse().unwrap_or_else(|wrong| panic!("{} is TOML: {wrong}", path.display()))
}
