//! What can be asked of the command.

use brokerscope_core::kafka::config::Client;
use brokerscope_core::settings::Value;
use brokerscope_core::sim::SimTime;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Watch what Kafka and RabbitMQ do with the same messages.
#[derive(Debug, Parser)]
#[command(name = "brokerscope", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) job: Job,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Job {
    /// Run a scenario and print its trace and its ledger.
    Run(Run),
    /// Draw both systems at one instant of a scenario, as SVG.
    Render(Render),
    /// Check scenario files: every key known, every value right, all that is said true.
    Check {
        /// The files, TOML or JSON.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Demand all that a lesson has: a question, tasks, a card for both systems, its limits.
        #[arg(long)]
        lesson: bool,
    },
    /// Tell which partition a Kafka client would choose for the keys in a file.
    Partition(Partition),
    /// Print what one of Kafka's own tools would print at one instant of a scenario.
    Console(Console),
    /// Check the simulation against recordings of the real brokers, step by step.
    Conform(Conform),
}

#[derive(Args, Debug)]
pub(crate) struct Partition {
    /// How many partitions the topic has; with --explain 3 if it is not given, as in the lessons.
    #[arg(
        long,
        value_name = "N",
        required_unless_present = "explain",
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    pub(crate) partitions: Option<u32>,
    /// Which client library: java (murmur2) or librdkafka (CRC-32).
    #[arg(long, value_name = "NAME", default_value = "java", value_parser = client)]
    pub(crate) client: Client,
    /// A file with one key a line, or with --column CSV, or with --field JSON lines; '-' is
    /// standard input.
    ///
    /// An empty field is an empty key, a missing one is no key. Blank lines of CSV and JSON lines
    /// are no rows.
    #[arg(long, value_name = "FILE", required_unless_present = "explain")]
    pub(crate) keys: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: Format,
    /// Show the arithmetic for this one key instead of reading a file.
    #[arg(long, value_name = "KEY", conflicts_with_all = ["keys", "each"])]
    pub(crate) explain: Option<String>,
    /// Print one line a row in the file's order instead: the key, a tab, its partition.
    ///
    /// Control characters in the key are escaped as in JSON. A row whose partition its key does
    /// not decide shows '-': one without a key, and with librdkafka one with an empty key.
    #[arg(long)]
    pub(crate) each: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// A file, TOML or JSON, or the name of a scenario that is built in; '-' is standard input.
    pub(crate) scenario: String,
    /// Which act, if it has several.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) act: u8,
    /// Stop at that instant, as in 14.2s, or at the end if that is earlier.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<SimTime>,
    /// Draw all chance from this number instead of the scenario's own.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 53))]
    pub(crate) seed: Option<u64>,
    /// Print one JSON object of the shape schema/run.schema.json instead.
    #[arg(long)]
    pub(crate) json: bool,
    /// A file whose rows are sent instead of the scenario's messages: one key a line, or with
    /// --column CSV, or with --field JSON lines; '-' is standard input.
    ///
    /// They are sent at the scenario's rate, and the run ends when both systems are done with
    /// them. An empty field is an empty key, a missing one is no key. Blank lines of CSV and JSON
    /// lines are no rows.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Render {
    /// A file, TOML or JSON, or the name of a scenario that is built in; '-' is standard input.
    pub(crate) scenario: String,
    /// Which act, if it has several.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) act: u8,
    /// The instant, as in 14.2s, or the end if that is earlier.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: SimTime,
    /// Draw all chance from this number instead of the scenario's own.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 53))]
    pub(crate) seed: Option<u64>,
    /// On light or on dark paper.
    #[arg(long, value_name = "NAME", default_value = "light", value_parser = ["light", "dark"])]
    pub(crate) theme: String,
    /// How wide, in CSS pixels.
    #[arg(
        long,
        value_name = "PIXELS",
        default_value_t = 1280,
        value_parser = clap::value_parser!(u16).range(280..=4_000)
    )]
    pub(crate) width: u16,
    /// Where to write it; standard output if it is not given.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Console {
    /// A file, TOML or JSON, or the name of a scenario that is built in; '-' is standard input.
    pub(crate) scenario: String,
    /// Which act, if it has several.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) act: u8,
    /// The instant, as in 14.2s, or the end if that is earlier.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: SimTime,
    /// Draw all chance from this number instead of the scenario's own.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 53))]
    pub(crate) seed: Option<u64>,
    /// The tool with its options, as one word of the shell:
    /// 'kafka-consumer-groups --describe --group billing'.
    ///
    /// The tools are kafka-consumer-groups, kafka-topics and kafka-get-offsets. Nothing changes:
    /// --reset-offsets prints what it would set.
    #[arg(value_name = "COMMAND")]
    pub(crate) line: String,
}

#[derive(Args, Debug)]
pub(crate) struct Conform {
    /// Files of cases, or folders of them, of either system.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The version whose recordings count, as in 3.10.8; without it the newest of each case.
    #[arg(long, value_name = "VERSION")]
    pub(crate) profile: Option<String>,
    /// Report as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How a file of keys is written.
#[derive(Args, Clone, Debug)]
pub(crate) struct Format {
    /// The file is CSV, and this is the header of the key's column.
    #[arg(long, value_name = "NAME", conflicts_with = "field", requires = "keys")]
    pub(crate) column: Option<String>,
    /// The file is JSON lines, and this is the key's field.
    #[arg(long, value_name = "NAME", requires = "keys")]
    pub(crate) field: Option<String>,
}

fn client(text: &str) -> Result<Client, String> {
    Client::read(text).ok_or_else(|| format!("it is {}", Client::EXPECTED))
}
