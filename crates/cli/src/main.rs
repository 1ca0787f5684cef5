//! Natively what the page does, without a picture or with an SVG, so that documentation can be
//! built without a browser and every claim can be checked.

mod args;
mod check;
mod conform;
mod console;
mod data;
mod json;
mod partition;
mod render;
mod run;
mod story;
mod trouble;

use args::{Cli, Job};
use clap::Parser as _;
use clap::error::ErrorKind;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use trouble::Trouble;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(wrong) => return usage(&wrong),
    };
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let done = work(cli.job, &mut out).and_then(|()| out.flush().map_err(Trouble::Output));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has had enough, as `head` does.
        Err(Trouble::Output(wrong)) if wrong.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        // The report has told it.
        Err(Trouble::CasesFailed) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("brokerscope: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn work(job: Job, out: &mut impl Write) -> Result<(), Trouble> {
    match job {
        Job::Run(wanted) => run::run(&wanted, out),
        Job::Render(wanted) => render::render(&wanted, out),
        Job::Check { files, lesson } => check::check(&files, lesson, out),
        Job::Partition(wanted) => partition::partition(&wanted, out),
        Job::Console(wanted) => console::console(&wanted, out),
        Job::Conform(wanted) => conform::conform(&wanted, out),
    }
}

/// Help and version on standard output; anything wrong in one line on standard error.
fn usage(wrong: &clap::Error) -> ExitCode {
    if matches!(wrong.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Whoever asked for help and does not read it does not miss it.
        let _ = wrong.print();
        return ExitCode::SUCCESS;
    }
    if wrong.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        eprintln!("brokerscope: say what to do; see --help");
        return ExitCode::from(2);
    }
    let text = wrong.render().to_string();
    let said = text.split("\nUsage:").next().unwrap_or(&text);
    let said = said.split("\nFor more information").next().unwrap_or(said);
    let words: Vec<&str> = said.split_whitespace().skip_while(|it| *it == "error:").collect();
    let said = words.join(" ").replace(" tip: ", "; ");
    eprintln!("brokerscope: {said}; see --help");
    ExitCode::from(2)
}
