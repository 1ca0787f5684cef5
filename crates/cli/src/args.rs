//! What can be asked of the command.

use brokerscope_core::kafka::config::Client;
use brokerscope_core::settings::Value;
use brokerscope_core::sim::SimTime;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Watch what Kafka and RabbitMQ do with the same messages.
#[derive(Debug, Parser)]
#[command(name = "brokerscope", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub job: Job,
}

#[derive(Debug, Subcommand)]
pub enum Job {
    /// Run a scenario and print its trace and its ledger.
    Run(Run),
    /// Draw both systems at one instant of a scenario, as SVG.
    Render(Render),
    /// Check scenario files: every key known, every value right, every beat happening.
    Check {
        /// The files, TOML or JSON.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Tell which partition a Kafka client would choose for the keys in a file.
    Partition(Partition),
}

#[derive(Args, Debug)]
pub struct Partition {
    /// How many partitions the topic has.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub partitions: u32,
    /// Which client library: java (murmur2) or librdkafka (CRC-32).
    #[arg(long, value_name = "NAME", default_value = "java", value_parser = client)]
    pub client: Client,
    /// A file with one key a line, or with --column CSV, or with --field JSON lines; '-' is
    /// standard input.
    ///
    /// An empty field is an empty key, a missing one is no key. Blank lines of CSV and JSON lines
    /// are no rows.
    #[arg(long, value_name = "FILE")]
    pub keys: PathBuf,
    #[command(flatten)]
    pub format: Format,
    /// Print one line a row in the file's order instead: the key, a tab, its partition.
    ///
    /// Control characters in the key are escaped as in JSON. A row whose partition its key does
    /// not decide shows '-': one without a key, and with librdkafka one with an empty key.
    #[arg(long)]
    pub each: bool,
}

#[derive(Args, Debug)]
pub struct Run {
    /// A file, TOML or JSON, or the name of a scenario that is built in; '-' is standard input.
    pub scenario: String,
    /// Stop at that instant, as in 14.2s, or at the end if that is earlier.
    #[arg(long, value_name = "TIME")]
    pub until: Option<SimTime>,
    /// Draw all chance from this number instead of the scenario's own.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 53))]
    pub seed: Option<u64>,
    /// Print one JSON object of the shape schema/run.schema.json instead.
    #[arg(long)]
    pub json: bool,
    /// A file whose rows are sent instead of the scenario's messages: one key a line, or with
    /// --column CSV, or with --field JSON lines; '-' is standard input.
    ///
    /// They are sent at the scenario's rate, and the run ends when both systems are done with
    /// them. An empty field is an empty key, a missing one is no key. Blank lines of CSV and JSON
    /// lines are no rows.
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Args, Debug)]
pub struct Render {
    /// A file, TOML or JSON, or the name of a scenario that is built in; '-' is standard input.
    pub scenario: String,
    /// The instant, as in 14.2s, or the end if that is earlier.
    #[arg(long, value_name = "TIME")]
    pub at: SimTime,
    /// Draw all chance from this number instead of the scenario's own.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 53))]
    pub seed: Option<u64>,
    /// On light or on dark paper.
    #[arg(long, value_name = "NAME", default_value = "light", value_parser = ["light", "dark"])]
    pub theme: String,
    /// How wide, in CSS pixels.
    #[arg(
        long,
        value_name = "PIXELS",
        default_value_t = 1280,
        value_parser = clap::value_parser!(u16).range(280..=4_000)
    )]
    pub width: u16,
    /// Where to write it; standard output if it is not given.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// How a file of keys is written.
#[derive(Args, Clone, Debug)]
pub struct Format {
    /// The file is CSV, and this is the header of the key's column.
    #[arg(long, value_name = "NAME", conflicts_with = "field", requires = "keys")]
    pub column: Option<String>,
    /// The file is JSON lines, and this is the key's field.
    #[arg(long, value_name = "NAME", requires = "keys")]
    pub field: Option<String>,
}

fn client(text: &str) -> Result<Client, String> {
    Client::read(text).ok_or_else(|| format!("it is {}", Client::EXPECTED))
}
