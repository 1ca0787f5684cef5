//! `cargo xtask test`: every check and test there is, in the order of how soon they tell.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::tally::Tally;
use crate::{install, page, shell, sizes};

/// One step of `cargo xtask test`.
struct Stage {
    name: &'static str,
    says: &'static str,
    run: fn() -> Result<Tally>,
}

/// All stages in order.
const STAGES: [Stage; 8] = [
    Stage { name: "format", says: "Rust sources are formatted", run: format },
    Stage { name: "lint", says: "clippy is silent on this machine's target", run: lint },
    Stage { name: "lint-wasm", says: "clippy is silent on WebAssembly", run: lint_wasm },
    Stage { name: "unit", says: "the crates' own tests", run: unit },
    Stage { name: "docs", says: "documentation builds without a warning", run: docs },
    Stage { name: "page", says: "the release page and its sizes", run: release_page },
    Stage { name: "bindings", says: "the JavaScript API under Node", run: bindings },
    Stage { name: "e2e", says: "the page in a real headless Chromium", run: e2e },
];

const WASM: [&str; 2] = ["--target", "wasm32-unknown-unknown"];

/// Runs the stage called `only`, or all of them up to the first failure.
pub(crate) fn test(only: Option<&str>) -> Result<ExitCode> {
    let chosen = |stage: &&Stage| only.is_none_or(|name| name == stage.name);
    let chosen: Vec<_> = STAGES.iter().filter(chosen).collect();
    if chosen.is_empty() {
        let names: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
        bail!("no stage is called {:?}; there are {}", only.unwrap_or(""), names.join(", "));
    }
    let mut total = Tally::default();
    let mut times = Vec::new();
    for stage in chosen {
        println!("\n== {}: {}", stage.name, stage.says);
        let start = Instant::now();
        let tally = (stage.run)().unwrap_or_else(|error| {
            println!("error: {error:#}");
            Tally::one(false)
        });
        times.push((stage.name, start.elapsed(), tally));
        total.add(tally);
        if tally.failed > 0 {
            println!("\nStage {} failed; the stages after it did not run.", stage.name);
            break;
        }
    }
    print_summary(&times);
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_summary(times: &[(&str, Duration, Tally)]) {
    println!("\n{:<12} {:>8} {:>8} {:>8}", "stage", "seconds", "passed", "failed");
    for (name, time, tally) in times {
        println!("{name:<12} {:>8} {:>8} {:>8}", time.as_secs(), tally.passed, tally.failed);
    }
    println!();
}

/// A check that counts as one test: it passes if `command` succeeds.
fn check(command: &mut Command) -> Result<Tally> {
    shell::run(command)?;
    Ok(Tally::one(true))
}

fn format() -> Result<Tally> {
    check(shell::cargo().args(["fmt", "--all", "--check"]))
}

fn lint() -> Result<Tally> {
    let mut clippy = shell::cargo();
    clippy.args(["clippy", "--workspace", "--exclude", "brokerscope-web", "--all-targets"]);
    check(clippy.args(["--", "-D", "warnings"]))
}

/// Lints the page, the bindings, and the crates below them, which clippy takes along.
fn lint_wasm() -> Result<Tally> {
    install::wasm_target()?;
    let mut clippy = shell::cargo();
    clippy.args(["clippy", "-p", "brokerscope-web", "-p", "brokerscope-bindings"]);
    check(clippy.args(WASM).args(["--", "-D", "warnings"]))
}

/// Runs every test that runs natively. The page takes part as soon as it has one.
fn unit() -> Result<Tally> {
    let mut cargo = shell::cargo();
    cargo.args(["test", "--workspace"]);
    if !page_has_tests()? {
        cargo.args(["--exclude", "brokerscope-web"]);
    }
    count(&mut cargo, Tally::read_cargo)
}

/// Whether a source of the page holds a test: if not, Yew need not be compiled natively.
fn page_has_tests() -> Result<bool> {
    let sources = shell::files_below(&shell::root().join("web/src"), &[])?;
    Ok(sources.iter().any(|path| fs::read_to_string(path).is_ok_and(|s| s.contains("#[test]"))))
}

/// Runs a test runner whose lines `read` counts.
fn count(command: &mut Command, read: fn(&mut Tally, &str)) -> Result<Tally> {
    let mut tally = Tally::default();
    let succeeded = shell::watch(command, |line| read(&mut tally, line))?;
    if !succeeded && tally.failed == 0 {
        // It did not get as far as counting: something did not compile, or died.
        tally.failed = 1;
    }
    Ok(tally)
}

fn docs() -> Result<Tally> {
    install::wasm_target()?;
    let mut native = shell::cargo();
    native.args(["doc", "--workspace", "--exclude", "brokerscope-web", "--no-deps"]);
    let mut tally = check(native.arg("--quiet").env("RUSTDOCFLAGS", "-D warnings"))?;
    let mut page = shell::cargo();
    page.args(["doc", "-p", "brokerscope-web", "--no-deps", "--quiet"]).args(WASM);
    tally.add(check(page.env("RUSTDOCFLAGS", "-D warnings"))?);
    Ok(tally)
}

fn release_page() -> Result<Tally> {
    page::build()?;
    sizes::report()?;
    Ok(Tally::one(true))
}

/// Builds the bindings for Node and runs their tests, which find the native command line in
/// BROKERSCOPE_CLI, so that they can compare the two.
fn bindings() -> Result<Tally> {
    install::wasm_target()?;
    install::wasm_bindgen()?;
    let mut cargo = shell::cargo();
    cargo.args(["build", "-p", "brokerscope-bindings", "--release"]).args(WASM);
    shell::run(cargo.env("CARGO_ENCODED_RUSTFLAGS", page::rustflags()))?;
    let built = shell::target().join("wasm32-unknown-unknown/release/brokerscope_bindings.wasm");
    if !built.is_file() {
        bail!("brokerscope-bindings made no WebAssembly: its crate-type must name cdylib");
    }
    let mut bindgen = shell::command(&shell::tools().join("bin/wasm-bindgen").to_string_lossy());
    bindgen.args(["--target", "nodejs", "--out-dir", "target/bindings-node"]).arg(built);
    shell::run(&mut bindgen)?;
    shell::run(shell::cargo().args(["build", "-p", "brokerscope"]))?;
    let tests = tests_in("crates/bindings/tests", ".mjs")?;
    if tests.is_empty() {
        println!("There are no tests in crates/bindings/tests yet");
        return Ok(Tally::one(true));
    }
    let cli = shell::target().join("debug").join(format!("brokerscope{}", EXE));
    count(node_test(&tests).env("BROKERSCOPE_CLI", cli), Tally::read_node)
}

const EXE: &str = std::env::consts::EXE_SUFFIX;

fn e2e() -> Result<Tally> {
    page::build()?;
    install::e2e_packages()?;
    let chromium = install::chromium()?;
    let tests = tests_in("web/e2e", ".test.mjs")?;
    // One browser at a time: two would make each other's clocks stutter.
    let mut node = node_test(&tests);
    count(node.env("CHROME_PATH", chromium), Tally::read_node)
}

/// Node's test runner over `tests`, one file after the other.
fn node_test(tests: &[PathBuf]) -> Command {
    let mut node = shell::command("node");
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]).args(tests);
    node
}

/// The files of `folder` whose names end in `ending`, as paths from the top folder.
fn tests_in(folder: &str, ending: &str) -> Result<Vec<PathBuf>> {
    let Ok(entries) = shell::root().join(folder).read_dir() else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.with_context(|| format!("cannot list {folder}"))?.file_name();
        if OsStr::to_string_lossy(&name).ends_with(ending) {
            found.push(Path::new(folder).join(name));
        }
    }
    found.sort();
    Ok(found)
}
