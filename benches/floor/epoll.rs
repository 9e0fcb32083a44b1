//! Just enough of Linux's epoll, so that the client needs no crate and builds in a second.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

const IN: u32 = 1;
const CTL_ADD: i32 = 1;
const CTL_DEL: i32 = 2;
const CLOEXEC: i32 = 0o2_000_000;

/// What the kernel writes: packed on x86-64 only.
#[derive(Clone, Copy)]
#[cfg_attr(target_arch = "x86_64", repr(C, packed))]
#[cfg_attr(not(target_arch = "x86_64"), repr(C))]
pub struct Ready {
    events: u32,
    /// What [`Epoll::add`] was given.
    pub token: u64,
}

unsafe extern "C" {
    fn epoll_create1(flags: i32) -> i32;
    fn epoll_ctl(epoll: i32, op: i32, fd: i32, event: *mut Ready) -> i32;
    fn epoll_wait(epoll: i32, events: *mut Ready, max: i32, timeout_ms: i32) -> i32;
    fn memchr(bytes: *const u8, byte: i32, len: usize) -> *const u8;
}

/// Sockets to be told about when they can be read.
pub struct Epoll {
    fd: OwnedFd,
    ready: Vec<Ready>,
}

impl Epoll {
    /// With room for `batch` sockets in one answer.
    pub fn new(batch: usize) -> io::Result<Self> {
        // SAFETY: no pointers; the descriptor that comes back is ours alone.
        let fd = unsafe {
            let fd = epoll_create1(CLOEXEC);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(fd)
        };
        Ok(Self { fd, ready: vec![Ready { events: 0, token: 0 }; batch] })
    }

    /// Reports `socket` as `token` from now on.
    pub fn add(&self, socket: &impl AsRawFd, token: u64) -> io::Result<()> {
        self.control(CTL_ADD, socket, token)
    }

    /// Reports `socket` no more.
    pub fn remove(&self, socket: &impl AsRawFd) -> io::Result<()> {
        self.control(CTL_DEL, socket, 0)
    }

    fn control(&self, op: i32, socket: &impl AsRawFd, token: u64) -> io::Result<()> {
        let mut event = Ready { events: IN, token };
        // SAFETY: the kernel reads the event during the call only.
        let failed = unsafe { epoll_ctl(self.fd.as_raw_fd(), op, socket.as_raw_fd(), &mut event) } < 0;
        if failed { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Waits until a socket can be read, at most `patience` (rounded up to a millisecond).
    pub fn wait(&mut self, patience: Duration) -> io::Result<&[Ready]> {
        let milliseconds = patience.as_nanos().div_ceil(1_000_000).min(60_000) as i32;
        let room = self.ready.len() as i32;
        // SAFETY: the kernel writes at most `room` entries, and the vector has as many.
        let found = unsafe { epoll_wait(self.fd.as_raw_fd(), self.ready.as_mut_ptr(), room, milliseconds) };
        if found >= 0 {
            return Ok(&self.ready[..found as usize]);
        }
        let error = io::Error::last_os_error();
        if error.kind() == io::ErrorKind::Interrupted { Ok(&[]) } else { Err(error) }
    }
}

/// The place of the first `byte` in `bytes`.
pub fn find(byte: u8, bytes: &[u8]) -> Option<usize> {
    // SAFETY: the C library reads within the slice, and what it returns points into it.
    let at = unsafe { memchr(bytes.as_ptr(), i32::from(byte), bytes.len()) };
    (!at.is_null()).then(|| at as usize - bytes.as_ptr() as usize)
}
