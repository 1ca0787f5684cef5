//! The tools the project brings for itself: what is missing is named and installed, what is there
//! is used. Everything goes into target/tools, but for the wasm target (rustup's) and Chromium
//! (the system's).

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// The last release of trunk that the pinned Rust compiles.
const TRUNK: &str = "0.21.14";
/// Ships wasm-opt in its npm package, so that nothing has to be downloaded besides.
const BINARYEN: &str = "132.0.0";
const WASM: &str = "wasm32-unknown-unknown";

/// What building the page takes.
pub(crate) fn page_tools() -> Result<()> {
    wasm_target()?;
    cargo_tool("trunk", "trunk", TRUNK)?;
    wasm_bindgen()?;
    wasm_opt()?;
    // Kept until here so that the tools share what they have in common.
    let scratch = scratch();
    if scratch.exists() {
        fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {scratch:?}"))?;
    }
    Ok(())
}

/// The standard library for WebAssembly.
pub(crate) fn wasm_target() -> Result<()> {
    let mut sysroot = shell::command("rustc");
    let sysroot = shell::ask(sysroot.args(["--print", "sysroot"]));
    let sysroot = sysroot.context("rustc is missing: install Rust with rustup")?;
    if PathBuf::from(sysroot).join("lib/rustlib").join(WASM).is_dir() {
        return Ok(());
    }
    println!("Installing the Rust target {WASM} (a few seconds)");
    shell::run(shell::command("rustup").args(["target", "add", WASM]))
}

/// The command-line half of wasm-bindgen, of exactly the version in Cargo.lock.
pub(crate) fn wasm_bindgen() -> Result<()> {
    cargo_tool("wasm-bindgen-cli", "wasm-bindgen", &locked_version("wasm-bindgen")?)
}

/// wasm-opt, from npm's binaryen.
fn wasm_opt() -> Result<()> {
    let folder = shell::tools().join("npm");
    let manifest = folder.join("node_modules/binaryen/package.json");
    let wanted = format!("\"version\": \"{BINARYEN}\"");
    if fs::read_to_string(manifest).is_ok_and(|text| text.contains(&wanted)) {
        return Ok(());
    }
    println!("Installing binaryen {BINARYEN} from npm into target/tools/npm (seconds)");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {folder:?}"))?;
    let mut npm = shell::npm();
    npm.args(["install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund"]);
    npm.arg("--prefix").arg(&folder).arg(format!("binaryen@{BINARYEN}"));
    shell::run(&mut npm)
}

/// The `version` of a `package` with a program called `program`, built for speed of building.
fn cargo_tool(package: &str, program: &str, version: &str) -> Result<()> {
    let installed = shell::tools().join("bin").join(program);
    let mut ask = shell::command(&installed.to_string_lossy());
    if shell::ask(ask.arg("--version")).is_some_and(|said| said.ends_with(version)) {
        return Ok(());
    }
    println!("Installing {package} {version} into target/tools (about 4 minutes on two cores)");
    let mut cargo = shell::cargo();
    cargo.args(["install", package, "--version", version, "--force", "--root"]);
    cargo.arg(shell::tools()).arg("--target-dir").arg(scratch());
    if package == "trunk" {
        // Without the features that download things: this project brings its tools itself.
        cargo.args(["--locked", "--no-default-features"]);
    }
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    shell::run(&mut cargo)
}

/// Where cargo builds the tools before it installs them.
fn scratch() -> PathBuf {
    shell::tools().join("build")
}

/// The version of `package` in Cargo.lock.
fn locked_version(package: &str) -> Result<String> {
    let lock = fs::read_to_string(shell::root().join("Cargo.lock")).context("no Cargo.lock")?;
    let entry = format!("name = \"{package}\"\nversion = \"");
    let (_, rest) = lock
        .split_once(&entry)
        .with_context(|| format!("Cargo.lock has no {package}: nothing depends on it"))?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}

/// What the end-to-end tests take from npm, as its lock file says.
pub(crate) fn e2e_packages() -> Result<()> {
    let folder = shell::root().join("web/e2e");
    let lock = fs::read_to_string(folder.join("package-lock.json")).context("no lock file")?;
    let stamp = folder.join("node_modules/.installed-from");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("Installing playwright-core and axe-core from npm into web/e2e (seconds)");
    let mut npm = shell::npm();
    shell::run(npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    fs::write(&stamp, lock).with_context(|| format!("cannot write {stamp:?}"))
}

/// The browser for the end-to-end tests: the one named by CHROME_PATH, the one that is there, or
/// the system's, installed.
pub(crate) fn chromium() -> Result<PathBuf> {
    if let Some(named) = env::var_os("CHROME_PATH") {
        return Ok(named.into());
    }
    if let Some(found) = find_chromium() {
        return Ok(found);
    }
    let is_root = shell::ask(shell::command("id").arg("-u")).as_deref() == Some("0");
    if !is_root || on_path("apt-get").is_none() {
        bail!(
            "the end-to-end tests need Chromium, which is missing and can only be installed here \
             by root with apt: install it, or name it in CHROME_PATH, and run again"
        );
    }
    println!("Installing chromium and a font with apt (about a minute)");
    shell::run(shell::command("apt-get").args(["update", "-qq"]))?;
    let mut apt = shell::command("apt-get");
    apt.args(["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"]);
    shell::run(apt.env("DEBIAN_FRONTEND", "noninteractive"))?;
    find_chromium().context("apt installed chromium, but it is not on the search path")
}

fn find_chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    names.into_iter().find_map(on_path)
}

/// Where the search path has `program`.
fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
