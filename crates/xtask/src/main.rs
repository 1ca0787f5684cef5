//! What set-up and CI do, in Rust, so that a fresh machine needs rustup, Node and one command.
//!
//! Every command says what it does, names what it installs and reuses what is there. What the
//! product does is not here: this crate only builds, serves, measures and tests it.

#![allow(clippy::print_stdout, reason = "talking to the terminal is what this program is for")]
#![allow(clippy::disallowed_types, reason = "a native program that times its stages")]

mod flags;
mod install;
mod model;
mod notes;
mod page;
mod shell;
mod sizes;
mod stages;
mod tally;
mod written;

use std::process::ExitCode;

use flags::{Xtask, XtaskCmd};

fn main() -> ExitCode {
    let flags = match Xtask::from_env() {
        Ok(flags) => flags,
        Err(error) if error.is_help() => error.exit(),
        Err(error) => {
            eprintln!("error: {error} (`cargo xtask --help` lists what there is)");
            return ExitCode::from(2);
        }
    };
    match run(flags.subcommand) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what was asked.
fn run(command: XtaskCmd) -> anyhow::Result<ExitCode> {
    match command {
        XtaskCmd::Serve(serve) => page::serve(serve.port.unwrap_or(8080))?,
        XtaskCmd::Build(_) => {
            page::build()?;
            sizes::report()?;
        }
        XtaskCmd::Size(_) => sizes::report()?,
        XtaskCmd::Test(test) => return stages::test(test.only.as_deref()),
        XtaskCmd::Model(model) => model::run(model.write)?,
        XtaskCmd::Notes(notes) => notes::run(notes.write)?,
    }
    Ok(ExitCode::SUCCESS)
}
