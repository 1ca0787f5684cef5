//! `brokerscope partition`: where a Kafka client would send the rows of a file, or one key and why.

use crate::args::Partition;
use crate::data::rows;
use crate::trouble::Trouble;
use brokerscope_core::kafka::config::Client;
use brokerscope_core::kafka::placement::{self, partition_for_key};
use brokerscope_core::workload::KeyId;
use brokerscope_scenario::input::Rows;
use std::io::{self, Write};

/// How many partitions a topic of the lessons has.
const AS_IN_THE_LESSONS: u32 = 3;

/// Prints the distribution, or the partition of each row, or the arithmetic for one key.
pub(crate) fn partition(wanted: &Partition, out: &mut impl Write) -> Result<(), Trouble> {
    let partitions = wanted.partitions.unwrap_or(AS_IN_THE_LESSONS);
    if let Some(key) = &wanted.explain {
        return Ok(explain(wanted.client, key, partitions, out)?);
    }
    let file = wanted.keys.as_deref().expect("without a key to explain there is a file");
    let rows = rows(file, &wanted.format)?;
    // Equal keys go to equal partitions, so each key is placed once.
    let places: Vec<Option<u32>> = (0..rows.keys.len())
        .map(|key| KeyId(u32::try_from(key).expect("there are at most a million keys")))
        .map(|key| partition_for_key(wanted.client, rows.keys.get(key), partitions))
        .collect();
    let place = |key: &Option<KeyId>| key.and_then(|key| places[key.0 as usize]);
    if wanted.each {
        each(&rows, place, out)?;
    } else {
        distribution(&rows, place, partitions, out)?;
    }
    Ok(())
}

/// One line for each step from the key to its partition.
fn explain(client: Client, key: &str, partitions: u32, out: &mut impl Write) -> io::Result<()> {
    let steps = placement::explain(client, key.as_bytes(), partitions);
    let width = steps.iter().map(|it| it.operation.len()).max().unwrap_or_default();
    for placement::Step { operation, result } in steps {
        writeln!(out, "{operation:<width$}  {result}")?;
    }
    Ok(())
}

/// One line a row: the key, a tab, its partition.
fn each(
    rows: &Rows,
    place: impl Fn(&Option<KeyId>) -> Option<u32>,
    out: &mut impl Write,
) -> io::Result<()> {
    for row in &rows.rows {
        if let Some(key) = row {
            escaped(rows.keys.get(*key), out)?;
        }
        match place(row) {
            Some(partition) => writeln!(out, "\t{partition}")?,
            None => out.write_all(b"\t-\n")?,
        }
    }
    Ok(())
}

/// A key with its control characters escaped as in JSON.
fn escaped(key: &[u8], out: &mut impl Write) -> io::Result<()> {
    for part in key.chunk_by(|a, b| !a.is_ascii_control() && !b.is_ascii_control()) {
        match part {
            b"\n" => out.write_all(b"\\n")?,
            b"\r" => out.write_all(b"\\r")?,
            b"\t" => out.write_all(b"\\t")?,
            b"\x08" => out.write_all(b"\\b")?,
            b"\x0c" => out.write_all(b"\\f")?,
            [control @ 0..=0x1f] => write!(out, "\\u{control:04x}")?,
            plain => out.write_all(plain)?,
        }
    }
    Ok(())
}

/// A line a partition: how many rows, and which share of all.
fn distribution(
    rows: &Rows,
    place: impl Fn(&Option<KeyId>) -> Option<u32>,
    partitions: u32,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut counts = vec![0_usize; partitions as usize];
    let mut open = 0;
    for row in &rows.rows {
        match place(row) {
            Some(partition) => counts[partition as usize] += 1,
            None => open += 1,
        }
    }
    let all = rows.rows.len();
    let width = all.to_string().len().max(4);
    writeln!(out, "{:>9}  {:>width$}    share", "partition", "rows")?;
    let mut line = |name: &str, count: usize| {
        // In tenths of a percent, rounded.
        let share = (count * 1_000 + all / 2).checked_div(all).unwrap_or_default();
        writeln!(out, "{name:>9}  {count:>width$}  {:>3}.{} %", share / 10, share % 10)
    };
    for (partition, count) in counts.iter().enumerate() {
        line(&partition.to_string(), *count)?;
    }
    if open > 0 {
        line("not fixed", open)?;
    }
    let keys = rows.keys.len();
    let plural = |count| if count == 1 { "" } else { "s" };
    writeln!(out, "{all} row{}, {keys} different key{}", plural(all), plural(keys))
}
