//! Where things are, and other programs: starting them, reading them as they speak.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// The top folder of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("xtask lies two folders below the top").to_owned()
}

/// The page as built.
pub(crate) fn dist() -> PathBuf {
    root().join("dist")
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Where the tools are installed that the project brings for itself.
pub(crate) fn tools() -> PathBuf {
    root().join("target/tools")
}

/// The search path with the project's own tools first.
pub(crate) fn tool_path() -> Result<OsString> {
    let own = [tools().join("bin"), tools().join("npm/node_modules/.bin")];
    let inherited = env::var_os("PATH").unwrap_or_default();
    let all = own.into_iter().chain(env::split_paths(&inherited));
    env::join_paths(all).context("a folder of the search path has a name that cannot be joined")
}

/// `program`, started in the top folder.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// The cargo that started us.
pub(crate) fn cargo() -> Command {
    let mut command = command("cargo");
    if let Some(cargo) = env::var_os("CARGO") {
        command = Command::new(cargo);
        command.current_dir(root());
    }
    command
}

/// npm, under the name that this system starts it by.
pub(crate) fn npm() -> Command {
    command(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// How a person would type `command`.
pub(crate) fn typed(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_stem().unwrap_or(command.get_program()).to_string_lossy();
    let mut line = program.into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

/// Runs `command` with its output on the terminal; an error if it does not succeed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("> {}", typed(command));
    let status = command.status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` failed ({status})", typed(command));
    }
    Ok(())
}

/// Runs `command`, shows each line of its standard output and gives it to `each`.
/// Whether the command succeeded.
pub(crate) fn watch(command: &mut Command, mut each: impl FnMut(&str)) -> Result<bool> {
    println!("> {}", typed(command));
    command.stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| cannot_start(command))?;
    let stdout = child.stdout.take().expect("because it is piped");
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.context("cannot read what a program says")?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        each(&line);
    }
    Ok(child.wait().context("cannot wait for a program")?.success())
}

/// What `command` prints, if it can be started and succeeds.
pub(crate) fn ask(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`: is it installed?", command.get_program().to_string_lossy())
}

/// Every file below `dir` in a fixed order, but nothing in a folder named in `without`.
pub(crate) fn files_below(dir: &Path, without: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = folder.read_dir().with_context(|| format!("cannot list {folder:?}"))?;
        for entry in entries {
            let path = entry.with_context(|| format!("cannot list {folder:?}"))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !path.is_dir() {
                found.push(path);
            } else if !without.contains(&name.as_ref()) {
                folders.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
