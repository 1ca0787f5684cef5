//! Two habits of the Java platform that Kafka's behaviour rests on.

use crate::map::sort_by_key;
use crate::sim::Rng;

/// `String.hashCode`: over the UTF-16 code units, not the bytes.
#[must_use]
pub(crate) fn hash_code(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
}

/// The partition of `__consumer_offsets` that holds a group's records.
///
/// Source: `GroupCoordinatorService.partitionFor` and `Utils.abs`, to which the absolute value of
/// the smallest integer is 0.
///
/// # Panics
/// If there is no partition.
#[must_use]
pub fn offsets_partition(group: &str, partitions: u32) -> u32 {
    assert!(0 < partitions, "__consumer_offsets has at least one partition");
    let hash = hash_code(group).checked_abs().unwrap_or(0);
    hash.cast_unsigned() % partitions
}

/// Slots of a table that begins empty.
pub(crate) const FIRST_SLOTS: usize = 16;

/// How full a table may be before it has twice as many slots, in quarters.
pub(crate) const FULL_QUARTERS: usize = 3;

/// The slot of something with this hash.
///
/// Source: `java.util.HashMap.hash`: the upper half is folded into the lower.
pub(crate) fn slot(hash: i32, slots: usize) -> usize {
    let hash = hash.cast_unsigned();
    (hash ^ (hash >> 16)) as usize & (slots - 1)
}

/// Places of these keys in the order in which a `HashMap` with them, put in as listed, is gone
/// through.
///
/// Source: `java.util.HashMap`: slots of a power of two, filled to three quarters; within a slot
/// the order of putting in.
///
/// Simplified: a slot with eight keys or more would become a tree.
pub(crate) fn hash_map_places<'a>(keys: impl IntoIterator<Item = &'a str>) -> Vec<usize> {
    let hashes: Vec<i32> = keys.into_iter().map(hash_code).collect();
    let mut slots = FIRST_SLOTS;
    while slots * FULL_QUARTERS / 4 < hashes.len() {
        slots *= 2;
    }
    let mut places: Vec<usize> = (0..hashes.len()).collect();
    sort_by_key(&mut places, |it| slot(hashes[*it], slots));
    places
}

/// These keys in the order of [`hash_map_places`].
pub(crate) fn hash_map_order<'a>(keys: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let keys: Vec<&str> = keys.into_iter().collect();
    hash_map_places(keys.iter().copied()).into_iter().map(|it| keys[it]).collect()
}

/// A random UUID, version 4, as Kafka writes it where it is free to choose: 22 characters.
///
/// Source: `org.apache.kafka.common.Uuid.randomUuid`, which takes none that begins with a dash.
pub(crate) fn random_id(rng: &mut Rng) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    loop {
        let high = (rng.next() & !0xf000) | 0x4000;
        let low = (rng.next() & !(0b11 << 62)) | (0b10 << 62);
        // Of the 132 bits that 22 digits have, the last four are nothing.
        let bits = (u128::from(high) << 64) | u128::from(low);
        let digit = |place: u32| {
            let shifted = match 122_u32.checked_sub(6 * place) {
                Some(right) => bits >> right,
                None => bits << 4,
            };
            char::from(DIGITS[(shifted & 63) as usize])
        };
        let text: String = (0..22).map(digit).collect();
        if !text.starts_with('-') {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_kept_where_kafka_keeps_it() {
        let table = [
            ("my-group", -1_906_497_762, 12),
            ("payments", 1_382_682_413, 13),
            ("orders-service", 23_943_117, 17),
            ("console-consumer-12345", 158_455_506, 6),
            ("test", 3_556_498, 48),
            ("g1", 3_242, 42),
            ("analytics", -1_693_017_210, 10),
            ("billing", -109_829_509, 9),
            ("connect-cluster", 1_440_343_063, 13),
            ("ConsumerGroup", 490_126_345, 45),
            ("polygenelubricants", i32::MIN, 0),
            ("", 0, 0),
        ];
        for (group, hash, partition) in table {
            assert_eq!(hash_code(group), hash, "the hash of {group}");
            assert_eq!(offsets_partition(group, 50), partition, "the partition of {group}");
        }
    }

    #[test]
    fn a_character_beyond_the_first_plane_counts_as_two_units() {
        assert_eq!(hash_code("\u{1f600}"), 0xd83d_i32 * 31 + 0xde00);
    }

    #[test]
    fn an_id_is_a_uuid_in_64_digits() {
        let mut rng = Rng::from_seed(4);
        for _ in 0..200 {
            let id = random_id(&mut rng);
            assert_eq!(id.len(), 22);
            // The version stands in the first bits of the ninth, the last digit has two bits.
            assert!(["Q", "R", "S", "T"].contains(&&id[8..9]), "{id}");
            assert!(["A", "Q", "g", "w"].contains(&&id[21..]), "{id}");
        }
    }

    #[test]
    fn what_shares_a_slot_comes_as_it_was_put_in() {
        // "Aa" and "BB" have the same hash.
        assert_eq!(hash_map_order(["BB", "Aa"]), ["BB", "Aa"]);
        assert_eq!(hash_map_order(["Aa", "BB"]), ["Aa", "BB"]);
    }

    #[test]
    fn a_hash_map_is_iterated_by_slot() {
        assert_eq!(hash_map_order(["c1", "c2", "c3"]), ["c3", "c1", "c2"]);
        assert_eq!(hash_map_order(["c2", "c5", "c8"]), ["c5", "c8", "c2"]);
        assert_eq!(hash_map_order(["m1", "m2", "m3"]), ["m1", "m2", "m3"]);
        let long = ["consumer-1", "consumer-2", "consumer-3"];
        assert_eq!(hash_map_order(long), ["consumer-3", "consumer-2", "consumer-1"]);
        let names: Vec<String> = (1..=13).map(|it| format!("c{it}")).collect();
        let order = hash_map_order(names.iter().map(String::as_str));
        assert_eq!(order[..5], ["c11", "c10", "c13", "c12", "c1"]);
        assert_eq!(order[12], "c9");
    }
}
