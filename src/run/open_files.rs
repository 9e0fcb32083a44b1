//! The limit of open files, which thousands of VUs or streams exceed.

/// Raises the soft limit of open files to the hard one, as far as the system lets it. Each VU and each
/// connection takes a few.
#[cfg(unix)]
pub fn raise_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls read or write only the struct that is passed, for the time of the call.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 && limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max;
            // Where it fails, the old limit stays, which most runs do not reach.
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}

/// Sockets have no such limit there.
#[cfg(not(unix))]
pub fn raise_limit() {}

/// The soft limit of open files; `None` if the system does not tell.
#[cfg(unix)]
pub fn limit() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the call writes only the struct that is passed, for its own time.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 };
    known.then_some(limit.rlim_cur)
}

/// See [`raise_limit`].
#[cfg(not(unix))]
pub fn limit() -> Option<u64> {
    None
}
