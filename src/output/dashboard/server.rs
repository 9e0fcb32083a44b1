//! The dashboard's server: the page, and an event stream of what is new.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;

use super::guard;
use super::news::{self, Message, News};
use crate::log;

/// How long messages that are on their way may take at the end.
const LAST_MESSAGES: Duration = Duration::from_secs(2);

/// How many may watch.
const MOST_VIEWERS: usize = 1000;

/// A running server.
pub struct Server {
    /// As the user gave it.
    name: String,
    bound: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

#[derive(Clone)]
struct Shared {
    name: Arc<str>,
    news: Arc<News>,
}

impl Server {
    /// Listens and serves on a thread of its own.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub fn start(host: &str, port: u16, news: Arc<News>) -> Result<Self> {
        let mut places: Vec<_> = (host, port).to_socket_addrs()?.collect();
        places.sort_by_key(|place| !place.is_ipv4());
        let listener = TcpListener::bind(&places[..])?;
        let bound = listener.local_addr()?;
        if !bound.ip().to_canonical().is_loopback() {
            log::warn(format!(
                "The web dashboard on {bound} can be reached from other machines: whoever does sees the figures; \
                 K6_WEB_DASHBOARD_HOST=127.0.0.1 keeps it to this one"
            ));
        }
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no I/O: the limit of open files may be too low (see ulimit -n)")?;
        let (stop, stopped) = oneshot::channel();
        let shared = Shared { name: host.into(), news };
        let thread = std::thread::Builder::new().name("dashboard".to_owned()).spawn(move || {
            runtime.block_on(serve(listener, shared, stopped));
            runtime.shutdown_background();
        })?;
        Ok(Self { name: host.to_owned(), bound, stop, thread })
    }

    /// Where a browser of this machine finds it.
    pub fn url(&self) -> String {
        let ip = self.bound.ip();
        let host = match &self.name {
            _ if ip.is_unspecified() => "127.0.0.1".to_owned(),
            name if name.parse::<std::net::IpAddr>().is_err() => name.clone(),
            _ if ip.is_ipv6() => format!("[{ip}]"),
            _ => ip.to_string(),
        };
        format!("http://{host}:{}", self.bound.port())
    }

    /// Lets viewers have the last message, and ends.
    pub fn finish(self) {
        // Tells the thread, or finds that it has ended.
        drop(self.stop);
        let _ = self.thread.join();
    }
}

async fn serve(listener: TcpListener, shared: Shared, stopped: oneshot::Receiver<()>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return log::error(format!("the web dashboard cannot be served: {error}")),
    };
    let (last, end) = oneshot::channel::<()>();
    let graceful = async move {
        let _ = end.await;
    };
    let serving = axum::serve(listener, router(shared)).with_graceful_shutdown(graceful);
    let mut serving = std::pin::pin!(serving.into_future());
    tokio::select! {
        _ = &mut serving => return,
        _ = stopped => drop(last),
    }
    let _ = tokio::time::timeout(LAST_MESSAGES, serving).await;
}

fn router(shared: Shared) -> Router {
    let home = || async { Redirect::temporary("/") };
    Router::new()
        .route("/", get(page))
        .route("/ui", get(home))
        .route("/ui/", get(home))
        .route("/events", get(events))
        .layer(from_fn_with_state(shared.clone(), guarded))
        .with_state(shared)
}

/// Refuses requests that are meant for somebody else, and says to browsers what the answers are for.
async fn guarded(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    if !guard::is_ours(host, &shared.name) {
        let text =
            "this is not the host's name: open the dashboard under the address that ssek has printed\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn page(State(shared): State<Shared>) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], shared.news.page()).into_response()
}

async fn events(State(shared): State<Shared>, headers: HeaderMap, request: Request) -> Response {
    let news = shared.news;
    if news.viewers() >= MOST_VIEWERS {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many are watching\n").into_response();
    }
    // A browser that comes back says what it had last.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let since = request.uri().query().and_then(|query| query.strip_prefix("since=")?.parse().ok());
    let (first, later) = news.watch(last.or(since));
    let body =
        Body::from_stream(stream::unfold(Viewer { news, next: first, later, ended: false }, Viewer::message));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

/// One who watches. Its messages are taken when its connection has room for them.
struct Viewer {
    news: Arc<News>,
    /// What comes before what is new.
    next: Option<Message>,
    later: Receiver<Message>,
    /// Whether it has been told of the end.
    ended: bool,
}

impl Viewer {
    async fn message(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if self.ended {
            return None;
        }
        let message = match self.next.take() {
            Some(message) => message,
            None => match self.later.recv().await {
                Ok(message) => message,
                Err(RecvError::Lagged(_)) => {
                    // Everything is in the whole, also what is still waiting.
                    self.later = self.later.resubscribe();
                    self.news.whole()
                }
                Err(RecvError::Closed) => return None,
            },
        };
        self.ended = news::is_end(&message);
        Some((Ok(Bytes::from(message.as_bytes().to_vec())), self))
    }
}
