//! What must hold of the sources and no compiler sees: the borders between the crates, the shape of
//! the files, the list of our lies.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A text file of the repository, by its path from the top folder.
struct Source {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("xtask lies two folders down")
}

/// Every file below `folder` whose name ends in `ending`, in a fixed order; none if there is no
/// such folder.
fn sources(folder: &str, ending: &str) -> Vec<Source> {
    let mut folders = vec![root().join(folder)];
    let mut paths: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("the folder can be read").path();
            if !path.is_dir() {
                paths.push(path);
            } else if !path.ends_with("node_modules") {
                folders.push(path);
            }
        }
    }
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Source {
    let text = fs::read_to_string(path).expect("sources are readable text");
    let path = path.strip_prefix(root()).expect("because it was found below the top folder");
    Source { path: path.to_string_lossy().replace('\\', "/"), text }
}

/// All Rust sources, tests included.
fn rust() -> Vec<Source> {
    let mut all = sources("crates", ".rs");
    all.extend(sources("web", ".rs"));
    all
}

/// `path:line: why` for every line of `sources` that `is_wrong`.
fn offences(sources: &[Source], why: &str, is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for Source { path, text } in sources {
        for (number, line) in (1..).zip(text.lines()) {
            if is_wrong(line) {
                found.push(format!("{path}:{number}: {why}"));
            }
        }
    }
    found
}

#[track_caller]
fn assert_none(offences: &[String]) {
    assert!(offences.is_empty(), "the sources are not tidy:\n{}", offences.join("\n"));
}

/// Whether `line` holds `word` with nothing alphanumeric on either side.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        let joins = |side: Option<char>| side.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !joins(before) && !joins(after)
    })
}

/// The module of the core called `name`: its file and its folder.
fn core_module(name: &str) -> Vec<Source> {
    let mut found = sources("crates/core/src", &format!("src/{name}.rs"));
    found.extend(sources(&format!("crates/core/src/{name}"), ".rs"));
    found
}

#[test]
fn the_systems_do_not_know_each_other() {
    let has = |line: &str, word: &str| line.to_lowercase().contains(word);
    let mut found =
        offences(&core_module("kafka"), "kafka names rabbitmq", |line| has(line, "rabbitmq"));
    found.extend(offences(&core_module("rabbitmq"), "rabbitmq names kafka", |line| {
        has(line, "kafka")
    }));
    found.extend(offences(&core_module("sim"), "sim names a system", |line| {
        has(line, "kafka") || has(line, "rabbitmq")
    }));
    assert_none(&found);
}

#[test]
fn the_core_depends_on_nothing() {
    let manifest = read(&root().join("crates/core/Cargo.toml")).text;
    let own = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with('#');
    let dependencies = manifest
        .lines()
        .skip_while(|line| line.trim() != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .find(own);
    assert_eq!(dependencies, None, "brokerscope-core has no [dependencies]");
}

#[test]
fn libraries_stay_where_they_belong() {
    let outside = |homes: &[&str]| -> Vec<Source> {
        let at_home = |source: &Source| homes.iter().any(|home| source.path.starts_with(home));
        let mut all = rust();
        all.extend(sources("crates", "Cargo.toml"));
        all.extend(sources("web", "Cargo.toml"));
        all.retain(|source| !at_home(source) && !source.path.ends_with("tests/tidy.rs"));
        all
    };
    // The core's tests read the recordings with it; the core itself has no dependencies, see above.
    let serde_homes = ["crates/core", "crates/scenario", "crates/cli", "crates/bindings"];
    let mut found = offences(&outside(&serde_homes), "serde belongs elsewhere", |line| {
        names(line, "serde") || names(line, "serde_json")
    });
    found.extend(offences(&outside(&["web"]), "web_sys belongs to web", |line| {
        names(line, "web_sys") || names(line, "web-sys")
    }));
    assert_none(&found);
}

#[test]
fn raw_colours_stand_in_tokens_only() {
    let mut sheets = sources("web/styles", ".css");
    sheets.retain(|sheet| !sheet.path.ends_with("/tokens.css"));
    assert_none(&offences(&sheets, "a raw colour outside tokens.css", has_raw_colour));
}

/// Whether a line of CSS holds a colour by its numbers. A `#` before digits counts only in a
/// value, so that a selector by id does not.
fn has_raw_colour(line: &str) -> bool {
    let functions = ["rgb(", "rgba(", "hsl(", "hsla(", "oklch(", "oklab("];
    if functions.iter().any(|function| line.contains(function)) {
        return true;
    }
    let value = line.split_once(':').map_or("", |(_, value)| value);
    value.split('#').skip(1).any(|rest| {
        let digits = rest.chars().take_while(char::is_ascii_hexdigit).count();
        matches!(digits, 3 | 4 | 6 | 8) && !rest[digits..].starts_with(char::is_alphanumeric)
    })
}

#[test]
fn every_stylesheet_is_linked_and_every_link_has_its_stylesheet() {
    let page = read(&root().join("index.html")).text;
    let sheets: Vec<String> = sources("web/styles", ".css").into_iter().map(|s| s.path).collect();
    let mut found = Vec::new();
    for sheet in &sheets {
        if page.matches(&format!("href=\"{sheet}\"")).count() != 1 {
            found.push(format!("{sheet}: not linked once in index.html"));
        }
    }
    for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        if link.starts_with("web/styles/") && !sheets.iter().any(|sheet| sheet == link) {
            found.push(format!("index.html: {link} does not exist"));
        }
    }
    assert_none(&found);
}

#[test]
fn nothing_is_left_to_do() {
    let word = concat!("TO", "DO");
    let mut all = rust();
    for (folder, ending) in [("web", ".mjs"), ("web", ".js"), ("web", ".css"), ("crates", ".mjs")] {
        all.extend(sources(folder, ending));
    }
    assert_none(&offences(&all, "something is left to do", |line| names(line, word)));
}

#[test]
fn lines_have_at_most_100_characters() {
    assert_none(&offences(&rust(), "over 100 characters", |line| line.chars().count() > 100));
}

#[test]
fn files_have_at_most_600_lines() {
    let long = rust()
        .into_iter()
        .filter(|source| source.path.contains("/src/") && source.text.lines().count() > 600);
    let told: Vec<_> = long.map(|source| format!("{}: over 600 lines", source.path)).collect();
    assert_none(&told);
}

#[test]
fn no_machine_and_no_registry_is_named_in_lock_files() {
    let lock = read(&root().join("web/e2e/package-lock.json"));
    assert_none(&offences(&[lock], "a registry's address", |line| line.contains("\"resolved\"")));
}

#[test]
fn the_pages_that_are_written_are_fresh() {
    for page in ["model", "notes"] {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask")).arg(page).output();
        let output = output.expect("xtask has been built for this test");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the page is up to date:\n{told}");
    }
}

#[test]
fn the_checks_know_what_they_look_for() {
    assert!(names("use serde::Deserialize;", "serde"), "a path names its crate");
    assert!(!names("use serde_like::X;", "serde"), "a longer word is another word");
    assert!(has_raw_colour("  color: #fff;"), "three digits are a colour");
    assert!(has_raw_colour("  fill: rgb(1 2 3);"), "so is a function");
    assert!(!has_raw_colour("#app { color: var(--ink); }"), "a selector is none");
}
