//! How many multiplications, each with an addition, the processor can do: what products are held against.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod plain;

use std::hint::black_box;
use std::time::Instant;

use super::instructions::Instructions;
use super::team;

/// What all threads together can multiply and add per second, from registers, by the instructions that products use.
#[derive(Clone, Copy, Debug)]
pub struct Throughput {
    /// Numbers in float32.
    pub floats: f64,
    /// Integers of 16 bits, added up in 32.
    pub integers: f64,
}

/// Sums that do not wait for each other, as many as hide the time that one addition takes.
const CHAINS: usize = 12;
/// Additions to each of them: half a millisecond or so.
const ROUNDS: usize = 1 << 18;
const PASSES: usize = 8;

impl Throughput {
    /// Computes for some tens of milliseconds. The best of several passes counts.
    pub fn measure() -> Self {
        let instructions = Instructions::best();
        Self {
            floats: best(|| black_box(floats(instructions, ROUNDS)).1),
            integers: best(|| black_box(integers(instructions, ROUNDS)).1),
        }
    }
}

/// Multiplications per second, where each thread at work does as many as `work` says.
fn best(work: impl Fn() -> usize + Sync) -> f64 {
    let tasks = 4 * rayon::current_num_threads();
    let pass = || {
        let started = Instant::now();
        team::each(tasks, &|_| {
            black_box(work());
        });
        started.elapsed().as_secs_f64()
    };
    let fastest = (0..PASSES).map(|_| pass()).fold(f64::INFINITY, f64::min);
    (tasks * work()) as f64 / fastest
}

/// Adds products of ones `rounds` times to each of some lanes. Their total, and how many multiplications it took.
fn floats(instructions: Instructions, rounds: usize) -> (f32, usize) {
    let one = black_box(1.0);
    let lanes = match instructions {
        Instructions::Plain => plain::floats(one, rounds).as_flattened().to_vec(),
        // SAFETY: the processor has the instructions.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 => unsafe { avx2::floats(one, rounds) }.as_flattened().to_vec(),
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512 | Instructions::Vnni | Instructions::Amx => {
            // SAFETY: as above.
            unsafe { avx512::floats(one, rounds) }.as_flattened().to_vec()
        }
        #[cfg(target_arch = "aarch64")]
        Instructions::Neon | Instructions::DotProducts | Instructions::MatrixProducts => {
            // SAFETY: as above.
            unsafe { neon::floats(one, rounds) }.as_flattened().to_vec()
        }
    };
    (lanes.iter().sum(), lanes.len() * rounds)
}

/// As [`floats`], of integers; each lane adds two products at once.
fn integers(instructions: Instructions, rounds: usize) -> (i32, usize) {
    let one = black_box(1);
    let lanes = match instructions {
        Instructions::Plain => plain::integers(one, rounds).as_flattened().to_vec(),
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 => unsafe { avx2::integers(one, rounds) }.as_flattened().to_vec(),
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512 => unsafe { avx512::integers(one, rounds) }.as_flattened().to_vec(),
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Instructions::Vnni | Instructions::Amx => unsafe { avx512::integers_vnni(one, rounds) }.as_flattened().to_vec(),
        #[cfg(target_arch = "aarch64")]
        // By words, on all of them: as bytes, numbers of 16 bits take two products each.
        Instructions::Neon | Instructions::DotProducts | Instructions::MatrixProducts => {
            // SAFETY: as above.
            unsafe { neon::integers(one, rounds) }.as_flattened().to_vec()
        }
    };
    (lanes.iter().sum(), 2 * lanes.len() * rounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_multiplied_as_is_counted() {
        for instructions in Instructions::available() {
            for rounds in [0, 1, 77] {
                let (total, count) = floats(instructions, rounds);
                assert_eq!(total as usize, count, "{instructions:?}");
                let (total, count) = integers(instructions, rounds);
                assert_eq!(total as usize, count, "{instructions:?}");
                assert!(count >= rounds * CHAINS);
            }
        }
    }

    #[test]
    fn a_processor_multiplies() {
        let throughput = Throughput::measure();
        assert!(throughput.floats > 1e6 && throughput.integers > 1e6, "{throughput:?}");
    }
}
