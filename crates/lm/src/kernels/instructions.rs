//! Which instructions the processor has.

/// A set of instructions that kernels are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instructions {
    /// What every processor has.
    Plain,
    /// AVX2 with FMA and F16C.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 with byte and word instructions.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX-512 that multiplies pairs of integers and adds them up at once.
    #[cfg(target_arch = "x86_64")]
    Vnni,
    /// As above, and tiles of bytes that are multiplied as matrices.
    #[cfg(target_arch = "x86_64")]
    Amx,
    /// The vectors of every 64-bit ARM processor.
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// The same with dot products of bytes.
    #[cfg(target_arch = "aarch64")]
    DotProducts,
    /// The same with products of small matrices of bytes.
    #[cfg(target_arch = "aarch64")]
    MatrixProducts,
}

impl Instructions {
    /// All that this processor has, the best last.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn available() -> Vec<Self> {
        let avx2 =
            is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c");
        let avx512 = avx2
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl");
        let vnni = avx512 && is_x86_feature_detected!("avx512vnni");
        let amx = vnni && super::amx::is_usable();
        let known =
            [(true, Self::Plain), (avx2, Self::Avx2), (avx512, Self::Avx512), (vnni, Self::Vnni), (amx, Self::Amx)];
        known.into_iter().filter(|(is_there, _)| *is_there).map(|(_, instructions)| instructions).collect()
    }

    /// All that this processor has, the best last.
    #[cfg(target_arch = "aarch64")]
    pub(super) fn available() -> Vec<Self> {
        use std::arch::is_aarch64_feature_detected;
        let dot = is_aarch64_feature_detected!("dotprod");
        let matrix = dot && is_aarch64_feature_detected!("i8mm");
        let known = [(true, Self::Plain), (true, Self::Neon), (dot, Self::DotProducts), (matrix, Self::MatrixProducts)];
        known.into_iter().filter(|(is_there, _)| *is_there).map(|(_, instructions)| instructions).collect()
    }

    /// All that this processor has, the best last.
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    pub(super) fn available() -> Vec<Self> {
        vec![Self::Plain]
    }

    /// The best that this processor has.
    pub(super) fn best() -> Self {
        static BEST: std::sync::OnceLock<Instructions> = std::sync::OnceLock::new();
        *BEST.get_or_init(|| Self::available().last().copied().unwrap_or(Self::Plain))
    }
}

/// Asks for memory that will be read soon.
pub(super) fn ask_for<T>(numbers: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        const LINE: usize = 64;
        let first = numbers.as_ptr().cast::<i8>();
        for at in (0..size_of_val(numbers)).step_by(LINE) {
            // SAFETY: nothing is read that could be seen, and every such processor has the instruction.
            #[allow(unused_unsafe)]
            unsafe {
                _mm_prefetch::<_MM_HINT_T1>(first.wrapping_add(at));
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = numbers;
}

/// Calls a function compiled for the widest vectors that the processor has: the function must be inlined always. It
/// rounds as without.
#[inline(always)]
pub(super) fn vectorized<R>(function: impl FnOnce() -> R) -> R {
    match Instructions::best() {
        // SAFETY: the processor has the instructions.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 => unsafe { with_avx2(function) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512 | Instructions::Vnni | Instructions::Amx => unsafe { with_avx512(function) },
        _ => function(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(function: impl FnOnce() -> R) -> R {
    function()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn with_avx512<R>(function: impl FnOnce() -> R) -> R {
    function()
}
