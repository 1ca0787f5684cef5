//! What can be asked of the command.

use brokerscope_core::kafka::config::Client;
use brokerscope_core::settings::Value;
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
    #[command(flatten)]
    pub keys: Keys,
    /// Print one line a row in the file's order instead: the key, a tab, its partition.
    ///
    /// Control characters in the key are escaped as in JSON. A row whose partition its key does
    /// not decide shows '-': one without a key, and with librdkafka one with an empty key.
    #[arg(long)]
    pub each: bool,
}

/// Where the keys are.
#[derive(Args, Debug)]
pub struct Keys {
    /// A file with one key a line, or with --column CSV, or with --field JSON lines; '-' is
    /// standard input.
    ///
    /// An empty field is an empty key, a missing one is no key. Blank lines of CSV and JSON lines
    /// are no rows.
    #[arg(long = "keys", value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub format: Format,
}

/// How a file of keys is written.
#[derive(Args, Clone, Debug)]
pub struct Format {
    /// The file is CSV, and this is the header of the key's column.
    #[arg(long, value_name = "NAME", conflicts_with = "field")]
    pub column: Option<String>,
    /// The file is JSON lines, and this is the key's field.
    #[arg(long, value_name = "NAME")]
    pub field: Option<String>,
}

fn client(text: &str) -> Result<Client, String> {
    Client::read(text).ok_or_else(|| format!("it is {}", Client::EXPECTED))
}
