//! The release page: built only when something it is made of has changed, then served as the
//! tests serve it.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{install, shell};

/// Builds the page if needed and serves it until the person ends it.
pub(crate) fn serve(port: u16) -> Result<()> {
    build()?;
    let mut node = shell::command("node");
    node.args(["web/e2e/server.mjs", "dist", "--port", &port.to_string()]);
    hand_over(node)
}

/// Lets `command` take this program's place, so that ending one ends the other.
#[cfg(unix)]
fn hand_over(mut command: Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec()).context("cannot start Node: is it installed?")
}

#[cfg(not(unix))]
fn hand_over(mut command: Command) -> Result<()> {
    shell::run(&mut command)
}

/// Makes the release page in dist/, unless it is there and nothing has changed since.
pub(crate) fn build() -> Result<()> {
    install::page_tools()?;
    let stamp = shell::target().join("xtask/page.stamp");
    let inputs = hash_of(&inputs()?)?;
    let built = fs::read_to_string(&stamp).unwrap_or_default();
    if hash_of_dist().is_ok_and(|outputs| built == format!("{inputs:x} {outputs:x}")) {
        println!("The page in dist/ is up to date");
        return Ok(());
    }
    println!("Building the release page in dist/ (a minute or two when all has to be compiled)");
    shell::run(trunk()?.args(["build", "--release=true", "--offline=true"]))?;
    refuse_machine_paths()?;
    fs::create_dir_all(stamp.parent().expect("the stamp lies in a folder"))
        .and_then(|()| fs::write(&stamp, format!("{inputs:x} {:x}", hash_of_dist()?)))
        .with_context(|| format!("cannot write {stamp:?}"))
}

/// Trunk with the project's own tools.
fn trunk() -> Result<Command> {
    let trunk = shell::tools().join("bin/trunk");
    let mut trunk = shell::command(&trunk.to_string_lossy());
    trunk.env("PATH", shell::tool_path()?);
    trunk.env("TRUNK_SKIP_VERSION_CHECK", "true");
    // Trunk 0.21 takes this variable for a flag of its own and stumbles over the value 1.
    trunk.env_remove("NO_COLOR");
    trunk.env("CARGO_ENCODED_RUSTFLAGS", rustflags());
    Ok(trunk)
}

/// Compiler flags that keep the paths of this machine out of what is published.
pub(crate) fn rustflags() -> String {
    let mut renames = vec![(shell::root(), "brokerscope"), (cargo_home(), "cargo")];
    let registries = cargo_home().join("registry/src").read_dir().into_iter().flatten();
    renames.extend(registries.flatten().map(|entry| (entry.path(), "crates")));
    let flag = |(from, to): &(PathBuf, &str)| {
        format!("--remap-path-prefix={}=/{to}", from.to_string_lossy())
    };
    renames.iter().map(flag).collect::<Vec<_>>().join("\u{1f}")
}

fn cargo_home() -> PathBuf {
    let home = || env::home_dir().unwrap_or_default().join(".cargo");
    env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

/// Complains if a file of dist/ tells where it was built.
fn refuse_machine_paths() -> Result<()> {
    for file in shell::files_below(&shell::dist(), &[])? {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {file:?}"))?;
        for path in [shell::root(), cargo_home()] {
            let path = path.to_string_lossy();
            if bytes.windows(path.len()).any(|window| window == path.as_bytes()) {
                bail!("{file:?} holds the machine path {path}");
            }
        }
    }
    Ok(())
}

/// Every file the page is made of.
fn inputs() -> Result<Vec<PathBuf>> {
    let root = shell::root();
    let single = ["Cargo.toml", "Cargo.lock", "Trunk.toml", "index.html", "rust-toolchain.toml"];
    let mut files = single.map(|name| root.join(name)).to_vec();
    for folder in ["crates/core", "crates/scenario", "crates/stage", "scenarios", "web"] {
        let folder = root.join(folder);
        if folder.is_dir() {
            files.extend(shell::files_below(&folder, &["e2e", "tests"])?);
        }
    }
    Ok(files)
}

fn hash_of_dist() -> std::io::Result<u64> {
    let files = shell::files_below(&shell::dist(), &[]).map_err(std::io::Error::other)?;
    hash_of(&files).map_err(std::io::Error::other)
}

/// A hash of the names and contents of `files`.
fn hash_of(files: &[impl AsRef<Path>]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        let file = file.as_ref();
        file.hash(&mut hasher);
        fs::read(file).with_context(|| format!("cannot read {file:?}"))?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}
