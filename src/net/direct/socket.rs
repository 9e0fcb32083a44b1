//! A TCP socket that notes when bytes leave and arrive, and how many.

use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// When and how much a socket has read and written. The first write is that of the current request.
#[derive(Debug, Default)]
pub struct Times {
    first_write: Cell<Option<Instant>>,
    last_write: Cell<Option<Instant>>,
    last_read: Cell<Option<Instant>>,
    sent: Cell<u64>,
    received: Cell<u64>,
    /// The server had closed before it got any of what was written.
    unheard: Cell<bool>,
}

impl Times {
    /// Forgets what belongs to the request before.
    pub fn restart(&self) {
        self.first_write.set(None);
        self.last_write.set(None);
        self.sent.set(0);
        self.received.set(0);
        self.unheard.set(false);
    }

    /// The instant before the request's first byte could be sent.
    pub fn first_write(&self) -> Option<Instant> {
        self.first_write.get()
    }

    /// The instant after the last write that sent something.
    pub fn last_write(&self) -> Option<Instant> {
        self.last_write.get()
    }

    /// The instant after the last read that brought something.
    pub fn last_read(&self) -> Option<Instant> {
        self.last_read.get()
    }

    /// Bytes written since [`Times::restart`].
    pub fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// Bytes read since [`Times::restart`].
    pub fn received(&self) -> u64 {
        self.received.get()
    }

    /// Whether the server closed the connection before the first byte of the request had come to it: nobody there has
    /// read it, and nobody ever will.
    pub fn unheard(&self) -> bool {
        self.unheard.get()
    }

    fn wrote(&self, before: Instant, bytes: usize) {
        self.first_write.set(self.first_write.get().or(Some(before)));
        self.last_write.set(Some(Instant::now()));
        self.sent.set(self.sent.get() + bytes as u64);
    }

    fn read(&self, bytes: usize) {
        self.last_read.set(Some(Instant::now()));
        self.received.set(self.received.get() + bytes as u64);
    }
}

/// A connected socket.
pub struct Socket {
    stream: TcpStream,
    times: Rc<Times>,
    /// Nothing has been written yet. The runtime does not know before its next look at the sockets that a new
    /// one takes bytes; the system does.
    is_fresh: bool,
}

impl Socket {
    pub fn new(stream: TcpStream, times: Rc<Times>) -> Self {
        Self { stream, times, is_fresh: true }
    }

    /// For [`is_quiet`], as long as the socket lives.
    pub fn descriptor(&self) -> Descriptor {
        descriptor::of(&self.stream)
    }

    /// Writes to a new connection without asking the runtime; `None` where that is left to it.
    fn write_first(&mut self, slices: &[io::IoSlice<'_>]) -> Option<io::Result<usize>> {
        if !std::mem::take(&mut self.is_fresh) {
            return None;
        }
        match SockRef::from(&self.stream).send_vectored(slices) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                None
            }
            written => Some(written),
        }
    }
}

/// Whether an idle connection is still one: the server has neither closed it nor said anything. This asks the
/// system, which knows it before the runtime does. The descriptor must be that of a socket that lives.
pub fn is_quiet(descriptor: Descriptor) -> bool {
    // SAFETY: the caller has the connection whose socket it is.
    let socket = unsafe { descriptor::borrow(descriptor) };
    // All sockets of the runtime are non-blocking.
    let read = SockRef::from(&socket).peek(&mut [MaybeUninit::uninit()]);
    read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// The system's number of a socket.
pub use descriptor::Descriptor;

#[cfg(unix)]
mod descriptor {
    use std::os::fd::{AsRawFd as _, BorrowedFd, RawFd};

    use tokio::net::TcpStream;

    pub type Descriptor = RawFd;

    pub fn of(stream: &TcpStream) -> Descriptor {
        stream.as_raw_fd()
    }

    /// # Safety
    ///
    /// It is open for as long as the result is used.
    pub unsafe fn borrow<'a>(descriptor: Descriptor) -> BorrowedFd<'a> {
        // SAFETY: so the caller promises.
        unsafe { BorrowedFd::borrow_raw(descriptor) }
    }
}

#[cfg(windows)]
mod descriptor {
    use std::os::windows::io::{AsRawSocket as _, BorrowedSocket, RawSocket};

    use tokio::net::TcpStream;

    pub type Descriptor = RawSocket;

    pub fn of(stream: &TcpStream) -> Descriptor {
        stream.as_raw_socket()
    }

    /// # Safety
    ///
    /// It is open for as long as the result is used.
    pub unsafe fn borrow<'a>(descriptor: Descriptor) -> BorrowedSocket<'a> {
        // SAFETY: so the caller promises.
        unsafe { BorrowedSocket::borrow_raw(descriptor) }
    }
}

/// Whether the server, which has closed the connection, had done so before it got the first of the bytes that were sent:
/// it refused them with a reset, which the system keeps as an error of the socket behind the server's goodbye, and
/// acknowledged none.
#[cfg(target_os = "linux")]
fn is_unheard(stream: &TcpStream, sent: u64) -> bool {
    let refused = SockRef::from(stream).take_error();
    if !matches!(refused, Ok(Some(error)) if error.kind() == io::ErrorKind::BrokenPipe) {
        return false;
    }
    let mut unacknowledged: libc::c_int = 0;
    // SAFETY: the call writes one number, which is there.
    let done = unsafe { libc::ioctl(descriptor::of(stream), libc::TIOCOUTQ, &raw mut unacknowledged) };
    done == 0 && u64::try_from(unacknowledged).is_ok_and(|bytes| bytes == sent)
}

/// Other systems do not tell.
#[cfg(not(target_os = "linux"))]
fn is_unheard(_: &TcpStream, _: u64) -> bool {
    false
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let length = buffer.filled().len() - before;
        if length == 0 && self.times.received() == 0 {
            self.times.unheard.set(is_unheard(&self.stream, self.times.sent()));
        }
        self.times.read(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let before = Instant::now();
        let written = match self.write_first(&[io::IoSlice::new(bytes)]) {
            Some(written) => written?,
            None => ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?,
        };
        self.times.wrote(before, written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let before = Instant::now();
        let written = match self.write_first(slices) {
            Some(written) => written?,
            None => ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices))?,
        };
        self.times.wrote(before, written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Read as _;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[test]
    fn a_request_that_came_too_late_was_not_heard() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        for reads in [false, true] {
            runtime.block_on(async {
                let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
                let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
                let (mut server, _) = listener.accept().unwrap();
                let times = Rc::<Times>::default();
                let mut socket = Socket::new(stream, times.clone());
                if reads {
                    socket.write_all(b"request").await.unwrap();
                    server.read_exact(&mut [0; 7]).unwrap();
                    drop(server);
                } else {
                    drop(server);
                    socket.write_all(b"request").await.unwrap();
                }
                assert_eq!(socket.read(&mut [0; 1]).await.unwrap(), 0);
                assert_eq!(times.unheard(), !reads);
            });
        }
    }
}
