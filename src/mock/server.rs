//! The listener, its threads and its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::protocol;
use super::replay::Replay;
use super::routes::Routes;
use super::settings::Settings;
use super::stats::{Figures, Stats};

/// Connections that wait to be accepted; the system may allow fewer.
const BACKLOG: u32 = 8192;

/// What a client that speaks HTTP/2 by prior knowledge sends first.
const HTTP2_PREFACE: &[u8; 4] = b"PRI ";

/// A running mock server; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    stats: Arc<Stats>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on `listen` (port 0: a free one) and answers on threads of its own.
    ///
    /// # Errors
    /// The address cannot be listened on, or the system gives no threads.
    pub fn start(settings: Settings, listen: SocketAddr) -> Result<Self> {
        Self::with(settings, None, listen)
    }

    /// The same, but every request is answered with a recording.
    ///
    /// # Errors
    /// As of [`Server::start`].
    pub fn replay(settings: Settings, replay: Replay, listen: SocketAddr) -> Result<Self> {
        Self::with(settings, Some(replay), listen)
    }

    fn with(settings: Settings, replay: Option<Replay>, listen: SocketAddr) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("mock")
            .build()
            .context("mock server: cannot start its threads")?;
        let stats = Arc::new(Stats::new()?);
        let routes = Arc::new(Routes::new(settings, replay, Arc::clone(&stats)));
        let (stop, stopped) = oneshot::channel();
        let (bound, address) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("mock".into())
            .spawn(move || serve(runtime, listen, routes, &bound, stopped))
            .context("mock server: cannot start its thread")?;
        let addr = address
            .recv()
            .map_err(|_| anyhow!("the server's thread ended"))
            .and_then(|bound| bound)
            .with_context(|| format!("mock server: cannot listen on {listen}"))?;
        Ok(Self { addr, stats, stop: Some(stop), thread: Some(thread) })
    }

    /// The address that is listened on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL that OpenAI clients want: `http://HOST:PORT/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }

    /// Where each protocol is spoken.
    pub fn routes() -> impl Iterator<Item = &'static str> {
        protocol::routes()
    }

    /// What `GET /stats` shows at this instant.
    pub fn figures(&self) -> Figures {
        self.stats.figures()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that the server has ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    runtime: Runtime,
    listen: SocketAddr,
    routes: Arc<Routes>,
    bound: &mpsc::Sender<Result<SocketAddr>>,
    stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(async {
        let listener = match listen_on(listen) {
            Ok(listener) => listener,
            Err(e) => {
                let _ = bound.send(Err(e));
                return;
            }
        };
        let _ = bound.send(listener.local_addr().map_err(Into::into));
        // The accept loop runs on a worker: this thread only waits for the end.
        tokio::spawn(accept(listener, routes));
        let _ = stopped.await;
    });
    runtime.shutdown_background();
}

fn listen_on(addr: SocketAddr) -> Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket.listen(BACKLOG)?)
}

async fn accept(listener: TcpListener, routes: Arc<Routes>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let routes = Arc::clone(&routes);
                tokio::spawn(async move {
                    routes.stats.connections.fetch_add(1, Relaxed);
                    routes.stats.open_connections.fetch_add(1, Relaxed);
                    converse(stream, Arc::clone(&routes)).await;
                    routes.stats.open_connections.fetch_sub(1, Relaxed);
                });
            }
            // The client left meanwhile, or there are no more file descriptors: some may be freed.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Answers the requests of one connection; its errors are the client's business.
async fn converse(stream: TcpStream, routes: Arc<Routes>) {
    let _ = stream.set_nodelay(true);
    let Some(is_http2) = speaks_http2(&stream).await else { return };
    let service = service_fn(move |request| {
        let routes = Arc::clone(&routes);
        async move { Ok::<_, Infallible>(routes.answer(request).await) }
    });
    if is_http2 {
        let mut server = http2::Builder::new(TokioExecutor::new());
        server.auto_date_header(false).max_concurrent_streams(None);
        let _ = server.serve_connection(TokioIo::new(stream), service).await;
    } else {
        let mut server = http1::Builder::new();
        server.auto_date_header(false).title_case_headers(true);
        let _ = server.serve_connection(TokioIo::new(stream), service).await;
    }
}

/// Whether the client begins with HTTP/2's preface; `None` when it left before that shows.
async fn speaks_http2(stream: &TcpStream) -> Option<bool> {
    let mut first = [0; HTTP2_PREFACE.len()];
    loop {
        let read = stream.peek(&mut first).await.ok().filter(|read| *read > 0)?;
        if first[..read] != HTTP2_PREFACE[..read] {
            return Some(false);
        }
        if read == first.len() {
            return Some(true);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
