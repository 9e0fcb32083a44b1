//! Gives back the stack pages that init code touched and nothing needs any more.

/// How far below the current frame a page may still be in use: this function and its callees.
#[cfg(target_os = "linux")]
const MARGIN: usize = 64 * 1024;

/// Tells the kernel that the unused part of this thread's stack may go.
///
/// Parsing a script touches hundreds of KiB that an iteration never reaches again.
#[cfg(target_os = "linux")]
pub fn trim() {
    // SAFETY: the attributes describe this very thread; the range given to `madvise` lies below
    // every live frame and above the guard page, so only dead data is dropped.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            return;
        }
        let mut low: *mut libc::c_void = std::ptr::null_mut();
        let mut size = 0;
        let mut guard = 0;
        let known = libc::pthread_attr_getstack(&raw const attributes, &raw mut low, &raw mut size) == 0
            && libc::pthread_attr_getguardsize(&raw const attributes, &raw mut guard) == 0;
        libc::pthread_attr_destroy(&raw mut attributes);
        if !known {
            return;
        }
        let page = 4096;
        let here = (&raw const attributes).addr();
        let from = low.addr() + guard;
        let to = here.saturating_sub(MARGIN) & !(page - 1);
        if to > from {
            libc::madvise(low.with_addr(from), to - from, libc::MADV_DONTNEED);
        }
    }
}

/// Other systems keep the pages.
#[cfg(not(target_os = "linux"))]
pub fn trim() {}
