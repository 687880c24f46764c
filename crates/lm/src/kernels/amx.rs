//! AMX: registers of up to sixteen rows of 64 bytes, and what multiplies them. Rust has no stable names for the
//! instructions.

use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use std::marker::PhantomData;
use std::sync::OnceLock;

/// Whether the processor has tiles of bytes and the system lets this process use them. The first call asks for that.
pub(super) fn is_usable() -> bool {
    static USABLE: OnceLock<bool> = OnceLock::new();
    *USABLE.get_or_init(|| has_tiles() && may_use_tiles())
}

#[allow(unused_unsafe)]
fn has_tiles() -> bool {
    /// Leaf 1, ECX: the system has enabled XGETBV.
    const OSXSAVE: u32 = 1 << 27;
    /// Leaf 7, EDX: tiles, and products of their bytes.
    const TILES_OF_BYTES: u32 = 1 << 24 | 1 << 25;
    /// Both parts of the state that the system must keep.
    const KEPT: u64 = 1 << 17 | 1 << 18;
    // SAFETY: every 64-bit processor has CPUID, and these leaves are asked for only where there are so many.
    unsafe {
        __cpuid(0).eax >= 7
            && __cpuid(1).ecx & OSXSAVE != 0
            && __cpuid_count(7, 0).edx & TILES_OF_BYTES == TILES_OF_BYTES
            && enabled_state() & KEPT == KEPT
    }
}

/// # Safety
/// The processor must have XGETBV.
#[target_feature(enable = "xsave")]
unsafe fn enabled_state() -> u64 {
    // SAFETY: as demanded; register 0 is always there.
    unsafe { _xgetbv(0) }
}

/// Tiles are large, so Linux keeps them only for processes that have asked. It does so for all threads, once and for all.
#[cfg(target_os = "linux")]
fn may_use_tiles() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const ARCH_REQ_XCOMP_PERM: i64 = 0x1023;
    const TILE_DATA: i64 = 18;
    let result: i64;
    // SAFETY: the call takes two numbers and touches no memory of ours; it changes RAX, RCX and R11.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => result,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") TILE_DATA,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result == 0
}

#[cfg(not(target_os = "linux"))]
fn may_use_tiles() -> bool {
    false
}

/// This thread's tile registers, while it has them: tile 0 is sixteen rows of sixteen sums, tile 1 sixteen rows of 32
/// bytes, tile 2 eight rows of 64.
pub(super) struct TileRegisters(PhantomData<*const ()>);

/// How tiles are laid out, as the processor reads it.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    /// Bytes of a row of each tile.
    row_bytes: [u16; 16],
    /// Rows of each.
    rows: [u8; 16],
}

impl TileRegisters {
    /// Sets them up, where they are usable.
    pub(super) fn take() -> Option<Self> {
        if !is_usable() {
            return None;
        }
        let mut layout =
            Configuration { palette: 1, start_row: 0, reserved: [0; 14], row_bytes: [0; 16], rows: [0; 16] };
        layout.rows[..3].copy_from_slice(&[16, 16, 8]);
        layout.row_bytes[..3].copy_from_slice(&[64, 32, 64]);
        // SAFETY: they are usable, and what is read is all there.
        unsafe {
            asm!(
                "ldtilecfg [{layout}]",
                layout = in(reg) &raw const layout,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack, readonly, preserves_flags),
            );
        }
        Some(Self(PhantomData))
    }

    /// Sixteen rows of 32 numbers times the 32 numbers of each of sixteen others, of which four lie together, added up
    /// exactly.
    #[inline]
    pub(super) fn multiply(&self, rows: &[[i8; 32]; 16], columns: &[[[i8; 4]; 16]; 8], sums: &mut [[i32; 16]; 16]) {
        // SAFETY: the registers are set up on this thread, and what is read and written is all there.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tileloadd tmm1, [{rows} + {half}]",
                "tileloadd tmm2, [{columns} + {whole}]",
                "tdpbssd tmm0, tmm1, tmm2",
                "tilestored [{sums} + {whole}], tmm0",
                rows = in(reg) rows,
                columns = in(reg) columns,
                sums = in(reg) sums,
                half = in(reg) 32_usize,
                whole = in(reg) 64_usize,
                out("tmm0") _, out("tmm1") _, out("tmm2") _,
                options(nostack, preserves_flags),
            );
        }
    }
}

impl Drop for TileRegisters {
    /// Nothing of them is kept from here on, so that changing to another thread costs no more than without.
    fn drop(&mut self) {
        // SAFETY: they are set up on this thread, for they cannot go to another.
        unsafe {
            asm!(
                "tilerelease",
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nomem, nostack, preserves_flags),
            );
        }
    }
}
