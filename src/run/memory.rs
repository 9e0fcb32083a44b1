//! Gives back the memory that init code used and nothing needs any more.

/// Tells the allocator to return free pages to the system.
///
/// Init code may have gone through hundreds of megabytes of data for the few that it keeps; what the
/// allocator holds on to would stay resident for seconds, or to the end of the run.
#[cfg(unix)]
pub fn give_back() {
    use std::ptr::null_mut;
    // The number stands for all arenas (`MALLCTL_ARENAS_ALL`).
    let every_arena = c"arena.4096.purge";
    // SAFETY: the name ends in NUL; the command neither reads nor writes a value.
    unsafe {
        tikv_jemalloc_sys::mallctl(every_arena.as_ptr(), null_mut(), null_mut(), null_mut(), 0);
    }
}

/// Other allocators decide for themselves.
#[cfg(not(unix))]
pub fn give_back() {}
