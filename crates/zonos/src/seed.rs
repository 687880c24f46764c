//! Where seeds come from when none is given, and how one seed gives others.

use crate::MAX_SEED;

/// A seed from the randomness that the standard library draws for its hash maps.
pub(crate) fn drawn() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() & MAX_SEED
}

/// The seed of attempt number `attempt` at a request, from 0: its own, then others that depend on it alone.
pub(crate) fn of_attempt(seed: u64, attempt: u32) -> u64 {
    if attempt == 0 { seed } else { mixed(seed ^ u64::from(attempt) << 32) & MAX_SEED }
}

/// The seed of a part of a text: it depends on the request's seed, the part's own text, and how often the same text came
/// before it.
pub(crate) fn of_part(seed: u64, text: &str, occurrence: u32) -> u64 {
    // FNV-1a; the hashers of the standard library may change with its version.
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let hash = text.bytes().fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    mixed(hash ^ mixed(seed ^ u64::from(occurrence) << 32)) & MAX_SEED
}

/// A hash that changes half of its bits with any bit of `x` (the finalizer of SplitMix64; Steele, Lea and Flood, "Fast
/// Splittable Pseudorandom Number Generators", 2014).
fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_have_seeds_of_their_own() {
        assert_eq!(of_attempt(7, 0), 7);
        let seeds: Vec<u64> = (0..10).flat_map(|attempt| [of_attempt(7, attempt), of_attempt(8, attempt)]).collect();
        let distinct: std::collections::HashSet<_> = seeds.iter().collect();
        assert_eq!(distinct.len(), seeds.len());
        assert!(seeds.iter().all(|&seed| seed <= MAX_SEED));
    }

    #[test]
    fn parts_have_seeds_of_their_own() {
        let texts = ["", "a", "b", "ab", "ba", "One.", "One. "];
        let mut seeds: Vec<u64> = Vec::new();
        for (seed, occurrence) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (MAX_SEED, 0)] {
            seeds.extend(texts.map(|text| of_part(seed, text, occurrence)));
        }
        let distinct: std::collections::HashSet<_> = seeds.iter().collect();
        assert_eq!(distinct.len(), seeds.len());
        assert!(seeds.iter().all(|&seed| seed <= MAX_SEED));
    }

    /// A request must sound the same in the next version.
    #[test]
    fn the_seeds_of_attempts_stay() {
        assert_eq!([of_attempt(0, 1), of_attempt(7, 1), of_attempt(7, 2)], [595_722_552, 1_189_203_999, 341_918_023]);
    }
}
