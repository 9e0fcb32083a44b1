//! Gives back the stack pages that init code touched and nothing needs any more.

#[cfg(target_os = "linux")]
use crate::vu::fiber::stack_limit;

/// How far below the current frame a page may still be in use: by this function's callees.
#[cfg(target_os = "linux")]
const MARGIN: usize = 8 * 1024;

/// Tells the kernel that the unused part of this fiber's stack may go.
///
/// Parsing a script touches hundreds of KiB that an iteration never reaches again.
#[cfg(target_os = "linux")]
pub fn trim() {
    const PAGE: usize = 4096;
    let Some(low) = stack_limit() else { return };
    let here = 0_u8;
    let to = (&raw const here).addr().saturating_sub(MARGIN) & !(PAGE - 1);
    if to > low {
        // SAFETY: the range lies below every live frame of this stack and above its guard page, so
        // only dead data is dropped.
        unsafe {
            libc::madvise(std::ptr::without_provenance_mut(low), to - low, libc::MADV_DONTNEED);
        }
    }
}

/// Other systems keep the pages.
#[cfg(not(target_os = "linux"))]
pub fn trim() {}
