/// The instructions to compute with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isa {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// For all others, and to test against.
    #[cfg_attr(all(target_arch = "aarch64", not(test)), expect(dead_code))]
    Plain,
}

impl Isa {
    /// The best that this processor has.
    pub(super) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        #[cfg(target_arch = "aarch64")]
        return Self::Neon;
        #[cfg(not(target_arch = "aarch64"))]
        Self::Plain
    }
}

#[cfg(test)]
impl Isa {
    /// All that this processor has.
    pub(super) fn available() -> Vec<Self> {
        let mut available = vec![Self::Plain];
        #[cfg(target_arch = "x86_64")]
        if Self::best() == Self::Avx512 {
            available.push(Self::Avx2);
        }
        available.push(Self::best());
        available
    }

    /// Those that multiply and add in one step, and so give the same bits.
    pub(super) fn fused() -> impl Iterator<Item = Self> {
        Self::available().into_iter().filter(|isa| super::lanes::NATIVE_FMA || *isa != Self::Plain)
    }
}
