//! When each phase of a request began and ended.
//!
//! The connector and the request's body write instants to the [`Trace`] of the request in whose task they are
//! polled. A connection attempt that lost the race to an idle connection goes on outside that task and marks
//! nothing.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

tokio::task_local! {
    static TRACE: Arc<Trace>;
}

/// The marks of one attempt to send a request.
#[derive(Debug, Default)]
pub struct Trace {
    marks: Mutex<Marks>,
}

/// Instants as far as they were reached; of a reused connection only `got_conn` and `wrote`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    pub dns_start: Option<Instant>,
    pub dns_end: Option<Instant>,
    pub connect_start: Option<Instant>,
    /// TCP stands, the first TLS message is being made.
    pub tls_start: Option<Instant>,
    /// TCP and TLS stand.
    pub connected: Option<Instant>,
    /// The connection took the request.
    pub got_conn: Option<Instant>,
    /// The request's last byte was handed to the connection.
    pub wrote: Option<Instant>,
    /// The address being connected to.
    pub address: Option<SocketAddr>,
}

/// What happens on the way to a connection.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// The name lookup begins.
    Lookup,
    /// The name lookup has ended.
    Found,
    Connect(SocketAddr),
    /// TCP stands, and TLS begins.
    Secure,
    /// The connection stands.
    Connected,
}

impl Marks {
    /// Notes that a step was reached now.
    pub fn reach(&mut self, step: Step) {
        let now = Some(Instant::now());
        match step {
            Step::Lookup => self.dns_start = now,
            Step::Found => self.dns_end = now,
            Step::Connect(address) => {
                self.address = Some(address);
                self.connect_start = now;
            }
            // The first one: over a proxy's TLS there may be another.
            Step::Secure => self.tls_start = self.tls_start.or(now),
            Step::Connected => self.connected = now,
        }
    }

    /// Whether the request went out on a connection that stood before.
    pub fn reused(&self) -> bool {
        self.got_conn.is_some() && self.connected.is_none()
    }
}

impl Trace {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// What has been marked so far.
    pub fn marks(&self) -> Marks {
        *self.marks.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn mark(&self, f: impl FnOnce(&mut Marks)) {
        f(&mut self.marks.lock().unwrap_or_else(|e| e.into_inner()));
    }

    /// Runs a future whose hooks mark this trace.
    pub async fn scope<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        TRACE.scope(self.clone(), future).await
    }
}

/// Notes a step in the trace of the request that is being polled, if any.
pub fn reached(step: Step) {
    // An error means that nobody asked: see the module's text.
    let _ = TRACE.try_with(|trace| trace.mark(|marks| marks.reach(step)));
}

/// A request's body that tells when the connection took it and when its last byte was taken.
#[derive(Debug)]
pub struct TracedBody {
    rest: Bytes,
    trace: Arc<Trace>,
}

/// Small enough to show the back-pressure of a slow server in `sending`.
const SLICE: usize = 16 * 1024;

impl TracedBody {
    pub fn new(body: Bytes, trace: Arc<Trace>) -> Self {
        Self { rest: body, trace }
    }
}

impl Body for TracedBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let at = self.rest.len().min(SLICE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(at)))))
    }

    /// hyper asks this first when a connection takes the request.
    fn is_end_stream(&self) -> bool {
        self.trace.mark(|marks| {
            marks.got_conn.get_or_insert_with(Instant::now);
        });
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

impl Drop for TracedBody {
    fn drop(&mut self) {
        self.trace.mark(|marks| {
            if marks.got_conn.is_some() {
                marks.wrote.get_or_insert_with(Instant::now);
            }
        });
    }
}
