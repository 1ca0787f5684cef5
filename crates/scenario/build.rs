//! Turns the scenarios that are built in into JSON, so that the bindings need no TOML reader.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    if env::var_os("CARGO_FEATURE_JSON").is_none() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    println!("cargo::rerun-if-changed={}", folder.display());
    let order = table(&folder.join("lessons.toml"));
    let names = order.get("lessons").and_then(toml::Value::as_array).expect("it lists 'lessons'");
    let mut code = "&[\n".to_owned();
    for name in names {
        let name = name.as_str().expect("a lesson is named by a text");
        let lesson = table(&folder.join(format!("{name}.toml")));
        let text = |key| {
            let text = lesson.get(key).and_then(toml::Value::as_str);
            let text = text.expect("a lesson has a title and a question");
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let (title, question) = (text("title"), text("question"));
        let json = serde_json::to_string(&lesson).expect("a table without dates is JSON");
        writeln!(
            code,
            "Lesson {{ name: {name:?}, title: {title:?}, question: {question:?}, json: {json:?} }},"
        )
        .expect("a string takes what is written");
    }
    code.push(']');
    let out = env::var_os("OUT_DIR").expect("cargo says where");
    fs::write(Path::new(&out).join("lessons.rs"), code).expect("cargo's folder can be written");
}

/// The TOML table in a file.
fn table(path: &Path) -> toml::Table {
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(path)
        .unwrap_or_else(|wrong| panic!("{} can be read: {wrong}", path.display()));
    text.parse().unwrap_or_else(|wrong| panic!("{} is TOML: {wrong}", path.display()))
}
