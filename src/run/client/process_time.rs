//! The CPU time of this process.

use std::time::Duration;

/// User and system time up to now; zero where the system does not tell.
#[cfg(unix)]
pub fn process_time() -> Duration {
    // SAFETY: the call fills in a plain struct.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        if libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) != 0 {
            return Duration::ZERO;
        }
        usage
    };
    let time = |part: libc::timeval| {
        Duration::from_secs(u64::try_from(part.tv_sec).unwrap_or_default())
            + Duration::from_micros(u64::try_from(part.tv_usec).unwrap_or_default())
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// User and system time up to now; zero where the system does not tell.
#[cfg(windows)]
pub fn process_time() -> Duration {
    use windows_sys::Win32::Foundation::FILETIME;
    use windows_sys::Win32::System::Threading::{GetCurrentProcess, GetProcessTimes};

    let mut times = [FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 }; 4];
    let [created, exited, system, user] = &mut times;
    // SAFETY: the call fills in four plain structs; the handle of the own process needs no closing.
    if unsafe { GetProcessTimes(GetCurrentProcess(), created, exited, system, user) } == 0 {
        return Duration::ZERO;
    }
    // In steps of 100 ns.
    let time = |part: &FILETIME| {
        let steps = u64::from(part.dwHighDateTime) << 32 | u64::from(part.dwLowDateTime);
        Duration::from_micros(steps / 10)
    };
    time(system) + time(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_time() {
        let before = process_time();
        while process_time() == before {
            std::hint::black_box((0..1000_u64).sum::<u64>());
        }
        assert!(process_time() > before);
    }
}
