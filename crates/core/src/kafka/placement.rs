//! Which partition a key goes to, as the client libraries compute it.

use super::config::Client;

/// The hash that the Java client takes of a key's bytes: MurmurHash2 with Kafka's seed.
///
/// Source: `org.apache.kafka.common.utils.Utils.murmur2`.
#[must_use]
pub fn murmur2(bytes: &[u8]) -> i32 {
    const SEED: u32 = 0x9747_b28c;
    const MIX: u32 = 0x5bd1_e995;
    let length = u32::try_from(bytes.len() as u64 & 0xffff_ffff).expect("the mask leaves 32 bits");
    let mut hash = SEED ^ length;
    let (words, tail) = bytes.as_chunks::<4>();
    for word in words {
        let mut word = u32::from_le_bytes(*word).wrapping_mul(MIX);
        word ^= word >> 24;
        hash = hash.wrapping_mul(MIX) ^ word.wrapping_mul(MIX);
    }
    if !tail.is_empty() {
        for (place, byte) in tail.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * place);
        }
        hash = hash.wrapping_mul(MIX);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(MIX);
    (hash ^ (hash >> 15)).cast_signed()
}

/// The checksum that librdkafka takes of a key's bytes: CRC-32 as in Ethernet and gzip.
///
/// Source: librdkafka `rd_kafka_msg_partitioner_consistent`; ISO 3309 for the polynomial.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut rest = u32::MAX;
    for byte in bytes {
        rest = (rest >> 8) ^ CRC_TABLE[((rest ^ u32::from(*byte)) & 0xff) as usize];
    }
    !rest
}

/// What eight steps of the division leave of each byte.
const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte: u32 = 0;
    while byte < 256 {
        let (mut rest, mut bit) = (byte, 0);
        while bit < 8 {
            rest = if rest & 1 == 1 { (rest >> 1) ^ 0xedb8_8320 } else { rest >> 1 };
            bit += 1;
        }
        table[byte as usize] = rest;
        byte += 1;
    }
    table
};

/// The partition of a key among `partitions`, or none where the client draws one at random.
///
/// Source: `KafkaProducer.partition` and `BuiltInPartitioner.partitionForKey`; librdkafka
/// `consistent_random`, to which an empty key is no key.
///
/// # Panics
/// If there is no partition.
#[must_use]
pub fn partition_for_key(client: Client, key: &[u8], partitions: u32) -> Option<u32> {
    assert!(0 < partitions, "a topic has at least one partition");
    match client {
        // The sign bit is cleared; the absolute value would lead elsewhere.
        Client::Java => Some((murmur2(key).cast_unsigned() & 0x7fff_ffff) % partitions),
        Client::Librdkafka if key.is_empty() => None,
        Client::Librdkafka => Some(crc32(key) % partitions),
    }
}

/// One line of the arithmetic that leads from a key to its partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is computed: `murmur2(key)`, `% 12`.
    pub operation: String,
    /// What comes out.
    pub result: String,
}

/// The arithmetic of [`partition_for_key`], line by line, for people who want to check it.
///
/// # Panics
/// If there is no partition.
#[must_use]
pub fn explain(client: Client, key: &[u8], partitions: u32) -> Vec<Step> {
    let step = |operation: &str, result| Step { operation: operation.to_owned(), result };
    let number = |it: u32| format!("{it:#010x} = {it}");
    let bytes: Vec<String> = key.iter().map(|it| format!("{it:02x}")).collect();
    let bytes = if bytes.is_empty() { "none".to_owned() } else { bytes.join(" ") };
    let mut steps = vec![step("the key's bytes", bytes)];
    let Some(partition) = partition_for_key(client, key, partitions) else {
        let drawn = "an empty key counts as no key: a random partition".to_owned();
        steps.push(step("consistent_random", drawn));
        return steps;
    };
    match client {
        Client::Java => {
            let hash = murmur2(key);
            steps.push(step("murmur2", format!("{hash:#010x} = {hash}")));
            steps.push(step("& 0x7fffffff", number(hash.cast_unsigned() & 0x7fff_ffff)));
        }
        Client::Librdkafka => steps.push(step("crc32", number(crc32(key)))),
    }
    steps.push(step(&format!("% {partitions}"), format!("partition {partition}")));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use serde_json::Value;

    fn explained(client: Client, key: &str, partitions: u32, expected: &Expect) {
        let steps = explain(client, key.as_bytes(), partitions);
        let lines: Vec<String> =
            steps.iter().map(|it| format!("{}: {}\n", it.operation, it.result)).collect();
        expected.assert_eq(&lines.concat());
    }

    #[test]
    fn the_arithmetic_is_told_line_by_line() {
        explained(
            Client::Java,
            "user-123",
            12,
            &expect![[r#"
            the key's bytes: 75 73 65 72 2d 31 32 33
            murmur2: 0xa87c3114 = -1468255980
            & 0x7fffffff: 0x287c3114 = 679227668
            % 12: partition 8
        "#]],
        );
        explained(
            Client::Java,
            "",
            12,
            &expect![[r#"
            the key's bytes: none
            murmur2: 0x106e08d9 = 275646681
            & 0x7fffffff: 0x106e08d9 = 275646681
            % 12: partition 9
        "#]],
        );
        explained(
            Client::Librdkafka,
            "日本",
            3,
            &expect![[r#"
            the key's bytes: e6 97 a5 e6 9c ac
            crc32: 0xc7b7cdcc = 3350711756
            % 3: partition 2
        "#]],
        );
        explained(
            Client::Librdkafka,
            "",
            3,
            &expect![[r#"
            the key's bytes: none
            consistent_random: an empty key counts as no key: a random partition
        "#]],
        );
    }

    #[test]
    fn murmur2_gives_the_published_hashes() {
        let table = [
            ("", 275_646_681),
            ("a", -1_563_381_124),
            ("b", -1_853_091_852),
            ("ab", 316_155_434),
            ("abc", 479_470_107),
            ("abcd", -1_323_649_548),
            ("0", 971_027_396),
            ("1", -1_993_445_489),
            ("2", 648_968_168),
            ("42", 417_700_972),
            ("key", -1_079_937_367),
            ("key-1", 193_331_640),
            ("key-2", 852_269_702),
            ("kafka", -798_503_068),
            ("test", 716_234_879),
            ("hello", 2_132_663_229),
            ("user-1", 1_404_122_828),
            ("user-42", 1_459_644_460),
            ("user-123", -1_468_255_980),
            ("order-1", 1_221_710_326),
            ("order-1001", 297_523_878),
            ("customer-7", -1_283_830_537),
            ("foobar", -790_332_482),
            ("21", -973_932_308),
            ("\u{43a}\u{43b}\u{44e}\u{447}", 2_122_343_024),
            ("\u{65e5}\u{672c}", -700_811_021),
            ("\0\0\0\0", 850_957_120),
            ("\0\0\0\u{1}", -173_113_808),
            ("\0\0\0\u{2a}", 1_606_757_304),
            ("\0\0\0\0\0\0\0\u{2a}", 506_863_552),
        ];
        for (key, hash) in table {
            assert_eq!(murmur2(key.as_bytes()), hash, "murmur2 of {key:?}");
        }
        assert_eq!(murmur2(&[0xff; 4]), 644_171_429, "bytes are unsigned");
    }

    #[test]
    fn the_sign_bit_is_cleared_rather_than_negated() {
        let places = [3, 6, 12, 50].map(|n| partition_for_key(Client::Java, b"user-123", n));
        assert_eq!(places, [Some(2), Some(2), Some(8), Some(18)]);
    }

    #[test]
    fn crc32_gives_the_published_check_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn librdkafka_takes_an_empty_key_for_none() {
        assert_eq!(partition_for_key(Client::Librdkafka, b"", 12), None);
        assert_eq!(partition_for_key(Client::Java, b"", 12), Some(9));
    }

    fn key_bytes(step: &Value) -> Vec<u8> {
        match (step["key"].as_str(), step["key_hex"].as_str()) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(hex)) => (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect(),
            (None, None) => panic!("a step names its key: {step}"),
        }
    }

    #[test]
    fn every_recorded_key_goes_where_the_real_clients_put_it() {
        let text = include_str!("../../../../conformance/kafka/placement.json");
        let file: Value = serde_json::from_str(text).unwrap();
        let mut checked = 0;
        for case in file["cases"].as_array().unwrap() {
            for step in case["steps"].as_array().unwrap() {
                let client = match step["client"].as_str() {
                    Some("java") => Client::Java,
                    Some("librdkafka") => Client::Librdkafka,
                    other => panic!("a client is one of two: {other:?}"),
                };
                let partitions = u32::try_from(step["partitions"].as_u64().unwrap()).unwrap();
                let place = partition_for_key(client, &key_bytes(step), partitions);
                assert_eq!(place.map(u64::from), step["expect"].as_u64(), "{step}");
                checked += 1;
            }
        }
        assert!(200 < checked, "the file was read to its end");
    }
}
