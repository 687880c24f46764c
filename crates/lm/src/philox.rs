//! Philox4x32-10, a counter-based random generator (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
//! 2011): any number of the stream is a pure function of seed and position, so nothing that happens in between, such
//! as other requests in a batch, can change it.

const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const ROUNDS: usize = 10;

/// Four random words at a position of the stream of a key.
pub(crate) fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let [a, b] = [product(MULTIPLIERS[0], counter[0]), product(MULTIPLIERS[1], counter[2])];
        counter = [b.1 ^ counter[1] ^ key[0], b.0, a.1 ^ counter[3] ^ key[1], a.0];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// Low and high word of a product.
fn product(a: u32, b: u32) -> (u32, u32) {
    let wide = u64::from(a) * u64::from(b);
    (wide as u32, (wide >> 32) as u32)
}

/// A uniform number in 0..1 (53 bits) for a codebook of a frame.
pub(crate) fn uniform(seed: u64, frame: u64, codebook: u32) -> f64 {
    let counter = [frame as u32, (frame >> 32) as u32, codebook, 0];
    let [high, low, ..] = philox(counter, [seed as u32, (seed >> 32) as u32]);
    let bits = (u64::from(high) << 32 | u64::from(low)) >> 11;
    bits as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers of the Random123 library.
    #[test]
    fn known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(philox(pi, [0xa409_3822, 0x299f_31d0]), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn uniform_numbers_are_even() {
        let numbers: Vec<f64> = (0..10_000).map(|frame| uniform(7, frame, 3)).collect();
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        assert!(numbers.iter().all(|number| (0.0..1.0).contains(number)));
        assert_ne!(uniform(7, 0, 0), uniform(7, 0, 1));
        assert_ne!(uniform(7, 0, 0), uniform(8, 0, 0));
    }
}
