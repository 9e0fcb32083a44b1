//! Wakes a task at an exact time: the runtime's own timers have a step of a millisecond, and wake up
//! to two milliseconds late by design.

use std::time::Instant;

/// A timer of the kernel that the runtime waits for as for a socket; where there is none, one of the
/// runtime's.
pub struct Wake(#[cfg(target_os = "linux")] Option<linux::TimerFd>);

impl Default for Wake {
    fn default() -> Self {
        Self::new()
    }
}

impl Wake {
    /// Must be made inside a runtime with I/O.
    pub fn new() -> Self {
        // Without a free descriptor the runtime's timer has to do.
        Self(
            #[cfg(target_os = "linux")]
            linux::TimerFd::new().ok(),
        )
    }

    /// Returns at that time, or as soon after it as the thread gets to it.
    pub async fn at(&self, due: Instant) {
        #[cfg(target_os = "linux")]
        if let Some(timer) = &self.0
            && timer.wait(due).await.is_ok()
        {
            return;
        }
        tokio::time::sleep_until(due.into()).await;
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    use std::time::{Duration, Instant};

    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// `timerfd_create(2)`
    pub struct TimerFd(AsyncFd<OwnedFd>);

    impl TimerFd {
        pub fn new() -> io::Result<Self> {
            // SAFETY: a system call without pointers; the descriptor is new and ours alone.
            let fd = unsafe {
                let fd = libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC);
                if fd < 0 {
                    return Err(io::Error::last_os_error());
                }
                OwnedFd::from_raw_fd(fd)
            };
            // SAFETY: the descriptor is open, is owned by the `AsyncFd`, and stays the same one.
            let registered = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
            Ok(Self(registered?))
        }

        pub async fn wait(&self, due: Instant) -> io::Result<()> {
            // Zero would disarm it.
            let time = due.saturating_duration_since(Instant::now()).max(Duration::from_nanos(1));
            let setting = libc::itimerspec {
                it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 },
                it_value: libc::timespec {
                    tv_sec: time.as_secs() as libc::time_t,
                    tv_nsec: libc::c_long::from(time.subsec_nanos() as i32),
                },
            };
            // SAFETY: the descriptor is open, the setting lives through the call, the old one is not
            // asked for.
            let set = unsafe {
                libc::timerfd_settime(
                    self.0.get_ref().as_raw_fd(),
                    0,
                    &raw const setting,
                    std::ptr::null_mut(),
                )
            };
            if set != 0 {
                return Err(io::Error::last_os_error());
            }
            self.0.async_io(Interest::READABLE, expirations).await.map(drop)
        }
    }

    /// Reads how often the timer has expired, which makes it unreadable again.
    fn expirations(fd: &OwnedFd) -> io::Result<u64> {
        let mut count = 0_u64;
        // SAFETY: eight bytes are read into eight bytes.
        let read = unsafe { libc::read(fd.as_raw_fd(), (&raw mut count).cast(), size_of::<u64>()) };
        if read < 0 { Err(io::Error::last_os_error()) } else { Ok(count) }
    }
}
