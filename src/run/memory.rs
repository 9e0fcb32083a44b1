//! Gives back the memory that init code used and nothing needs any more.

/// Tells the allocator to return free pages to the system.
///
/// Init code may have gone through hundreds of megabytes of data for the few that it keeps; what the
/// allocator holds on to would stay resident to the end of the run.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn give_back() {
    // SAFETY: `malloc_trim` locks each arena that it works on, and leaves what is in use alone.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Other allocators decide for themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}
