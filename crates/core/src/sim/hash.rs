//! A hash that is the same on every machine.

use std::hash::Hasher;

/// 64-bit FNV-1a over what `#[derive(Hash)]` feeds it, with word sizes made equal everywhere:
/// `usize` and `isize` are widened to 64 bits, and all numbers are taken in little-endian order.
///
/// Source: Fowler, Noll, Vo, <http://www.isthe.com/chongo/tech/comp/fnv/>, the 64-bit constants.
#[derive(Clone, Debug)]
pub struct TraceHash(u64);

impl Default for TraceHash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

macro_rules! little_endian {
    ($($write:ident: $number:ty as $wide:ty,)+) => {$(
        fn $write(&mut self, number: $number) {
            let wide = <$wide>::try_from(number).expect("64 bits hold every machine word");
            self.write(&wide.to_le_bytes());
        }
    )+};
}

// `as` below is the macro's own word, not a cast.
impl Hasher for TraceHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    little_endian! {
        write_u16: u16 as u16,
        write_u32: u32 as u32,
        write_u64: u64 as u64,
        write_i16: i16 as i16,
        write_i32: i32 as i32,
        write_i64: i64 as i64,
        write_usize: usize as u64,
        write_isize: isize as i64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vectors_hold() {
        let hash = |text: &str| {
            let mut hash = TraceHash::default();
            hash.write(text.as_bytes());
            hash.finish()
        };
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_word_counts_as_64_bits() {
        let (mut word, mut wide) = (TraceHash::default(), TraceHash::default());
        word.write_usize(7);
        wide.write_u64(7);
        assert_eq!(word.finish(), wide.finish());
    }
}
