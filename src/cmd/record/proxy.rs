//! A reverse proxy that records what goes through it.

use std::cell::Cell;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Either, Full, Limited, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};
use url::Url;

use super::tape::Tape;
use crate::cmd::mock::resolve;
use crate::log;
use crate::mock::recording::{EXTENSION, End};
use crate::net::{Call, Client, NetError, Raw, Shared, open_raw};
use crate::run::interrupt::Interrupts;

/// The largest request body that is forwarded, in bytes.
const MAX_REQUEST: usize = 64 << 20;

/// Headers that concern one connection, or that each side makes for itself.
const OWN: [&str; 8] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Where requests go, and what is kept of them.
pub(super) struct Settings {
    pub upstream: Url,
    pub folder: PathBuf,
    pub keep_bodies: bool,
    pub quiet: bool,
}

struct Proxy {
    settings: Settings,
    client: Client,
    /// The number of the last recording.
    last: Cell<u32>,
}

/// A body on its way to the client.
type Body = Either<Full<Bytes>, Pin<Box<dyn http_body::Body<Data = Bytes, Error = NetError>>>>;

/// Serves until SIGINT or SIGTERM.
///
/// # Errors
/// The address cannot be listened on, or the folder cannot be made.
pub(super) fn serve(settings: Settings, listen: &str, network: &Arc<Shared>) -> Result<()> {
    let address = resolve(listen)?;
    let folder = &settings.folder;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let last = Cell::new(last_number(folder)?);
    // Before the proxy, so that a signal that comes early ends it properly.
    let mut interrupts = Interrupts::new()?;
    let (stop, stopped) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        interrupts.wait();
        // An error means that the proxy has ended already.
        let _ = stop.send(());
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the proxy")?;
    let local = LocalSet::new();
    let proxy = Rc::new(Proxy { settings, client: Client::new(network, 1), last });
    local.block_on(&runtime, async {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen on {listen}"))?;
        let (settings, address) = (&proxy.settings, listener.local_addr()?);
        crate::cmd::print(&format!(
            "recording proxy on http://{address}\n  to {}, recordings in {}\npress Ctrl-C to stop\n",
            settings.upstream,
            settings.folder.display()
        ));
        tokio::select! {
            () = accept(&listener, &proxy) => {}
            _ = stopped => {}
        }
        Ok(())
    })
    // What is under way is dropped here, which ends its recordings.
}

/// The number of the last recording in a folder; 0: there is none.
fn last_number(folder: &Path) -> Result<u32> {
    let mut last = 0;
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let name = entry?.file_name();
        let digits = name.to_str().and_then(|name| name.split('-').next()?.parse().ok());
        last = last.max(digits.unwrap_or(0));
    }
    Ok(last)
}

async fn accept(listener: &TcpListener, proxy: &Rc<Proxy>) {
    loop {
        match listener.accept().await {
            Ok((connection, _)) => drop(spawn_local(converse(connection, Rc::clone(proxy)))),
            // The client left meanwhile, or there are no more file descriptors: some may be freed.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
        }
    }
}

/// Forwards the requests of one connection; its errors are the client's business.
async fn converse(connection: TcpStream, proxy: Rc<Proxy>) {
    let _ = connection.set_nodelay(true);
    let service = service_fn(move |request| {
        let proxy = Rc::clone(&proxy);
        async move {
            let answer = proxy.forward(request).await;
            Ok::<_, Infallible>(answer.unwrap_or_else(|error| {
                log::error(format!("{error:#}"));
                failure(&error)
            }))
        }
    });
    let mut server = http1::Builder::new();
    let _ = server.title_case_headers(true).serve_connection(TokioIo::new(connection), service).await;
}

impl Proxy {
    /// Sends a request on; its answer is recorded while it goes back to the client.
    ///
    /// # Errors
    /// The upstream does not answer, or the recording cannot be begun.
    async fn forward(&self, request: Request<Incoming>) -> Result<Response<Body>> {
        let call = self.call(request).await?;
        let raw = open_raw(&self.client, &call).await.map_err(|failed| failed.error);
        let raw = raw.with_context(|| format!("no answer from {}", call.url))?;
        let tape =
            Tape::begin(&self.next_file(&call), &call, &raw, self.settings.keep_bodies, self.settings.quiet)?;
        let mut response = Response::builder().status(raw.hop().status);
        for (name, values) in &raw.hop().headers {
            let own = OWN.contains(&name.to_lowercase().as_str());
            // The length is the body's own, which is passed on as it is.
            for value in values.iter().filter(|_| !own || name.eq_ignore_ascii_case("content-length")) {
                response = response.header(name, value);
            }
        }
        let body = StreamBody::new(stream::unfold(Some((raw, tape)), |state| async {
            let (mut raw, mut tape) = state?;
            pass(&mut raw, &mut tape).await.map(|frame| {
                let goes_on = frame.is_ok();
                (frame, goes_on.then_some((raw, tape)))
            })
        }));
        response.body(Either::Right(Box::pin(body) as Pin<Box<_>>)).context("the upstream's head is damaged")
    }

    /// The same request, to the upstream.
    async fn call(&self, request: Request<Incoming>) -> Result<Call> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, MAX_REQUEST).collect().await;
        let body = body.map_err(anyhow::Error::from_boxed).context("reading the request's body")?.to_bytes();
        let mut url = self.settings.upstream.clone();
        url.set_path(&format!("{}{}", url.path().trim_end_matches('/'), head.uri.path()));
        url.set_query(head.uri.query());
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (!OWN.contains(&name.as_str())).then(|| (name.to_string(), value))
        };
        Ok(Call {
            headers: head.headers.iter().filter_map(header).collect(),
            body,
            timeout: None,
            // Redirects are the client's to follow.
            max_redirects: 0,
            decompress: false,
            ..Call::new(head.method.as_str(), url)
        })
    }

    /// `0007-post-v1-chat-completions.ssestream`
    fn next_file(&self, call: &Call) -> PathBuf {
        let number = self.last.get() + 1;
        self.last.set(number);
        let name = format!("{}{}", call.method, call.url.path()).to_lowercase();
        let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let mut name = words.collect::<Vec<_>>().join("-");
        name.truncate(80);
        self.settings.folder.join(format!("{number:04}-{name}.{EXTENSION}"))
    }
}

/// Passes on the next piece, if there is one.
async fn pass(raw: &mut Raw, tape: &mut Tape) -> Option<Result<Frame<Bytes>, NetError>> {
    match raw.chunk().await {
        Ok(Some((at, bytes))) => {
            tape.chunk(at, &bytes);
            Some(Ok(Frame::data(bytes)))
        }
        Ok(None) => {
            tape.end(End::Complete);
            None
        }
        Err(error) => {
            tape.end(End::Broken);
            // The server writes what it has only when the body has nothing more at hand.
            tokio::task::yield_now().await;
            Some(Err(error))
        }
    }
}

/// What the client gets where the upstream fails.
fn failure(error: &anyhow::Error) -> Response<Body> {
    let text = serde_json::json!({"error": {"message": format!("{error:#}"), "type": "proxy_error"}});
    let mut response = Response::new(Either::Left(Full::new(text.to_string().into())));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
