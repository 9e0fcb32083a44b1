//! From a URL to an open connection.

use std::cell::Cell;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::header::{
    CONNECTION, HOST, PROXY_AUTHORIZATION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_PROTOCOL, SET_COOKIE, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use http_body::Body;
use http_body_util::Empty;
use hyper::client::conn::http1::{self, Parts};
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};
use url::Url;

use super::counted::{Counted, Counts};
use super::deflate;
use super::link::{Io, Link};
use crate::net::classify::classify;
use crate::net::client::Client;
use crate::net::cookies::SharedJar;
use crate::net::error::{NetError, Stage};
use crate::net::header::{self, Headers};
use crate::net::redirect::Target;
use crate::net::request::{Request, cookies};

/// How long all of it may take: k6's.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes of a refusal's body that are kept: gorilla's.
const MOST_BODY: usize = 1024;

/// What the key is joined with (RFC 6455, 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A WebSocket that is asked for.
#[derive(Clone, Debug)]
pub struct Call {
    /// `ws:` or `wss:`.
    pub url: String,
    /// A later entry replaces an earlier one of the same name.
    pub headers: Vec<(String, String)>,
    pub protocols: Vec<String>,
    pub jar: Option<SharedJar>,
    /// Whether to offer compression.
    pub compress: bool,
}

/// What the server said to it.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Headers,
    /// Its first bytes, of a refusal.
    pub body: Bytes,
}

impl Answer {
    /// The protocol that the server chose, else empty.
    pub fn protocol(&self) -> &str {
        header::first(&self.headers, SEC_WEBSOCKET_PROTOCOL.as_str()).unwrap_or_default()
    }
}

/// An open connection.
pub struct Connected {
    pub link: Link,
    pub answer: Answer,
    pub peer: SocketAddr,
}

/// Why there is none.
#[derive(Clone, Debug, Default)]
pub struct Refused {
    pub error: String,
    /// What the server said, if it spoke HTTP.
    pub answer: Option<Answer>,
    pub peer: Option<SocketAddr>,
    /// Bytes on the wire.
    pub sent: u64,
    pub received: u64,
}

/// What is known of an attempt, however it ends.
#[derive(Default)]
struct Attempt {
    peer: Cell<Option<SocketAddr>>,
    counts: Rc<Counts>,
}

impl Attempt {
    /// What a failure of the socket was.
    fn failed(&self, error: &(dyn std::error::Error + 'static)) -> Fault {
        Fault::from(classify(error, Stage::Request, self.peer.get()))
    }
}

/// Why an attempt failed.
struct Fault {
    error: String,
    answer: Option<Answer>,
}

impl From<String> for Fault {
    fn from(error: String) -> Self {
        Self { error, answer: None }
    }
}

impl From<NetError> for Fault {
    fn from(error: NetError) -> Self {
        Self::from(error.to_string())
    }
}

/// Connects and shakes hands.
///
/// # Errors
///
/// Nobody answered, or not as a WebSocket server does.
pub async fn connect(client: &Client, call: &Call) -> Result<Connected, Refused> {
    let attempt = Attempt::default();
    let connected = match tokio::time::timeout(TIMEOUT, open(client, call, &attempt)).await {
        Ok(connected) => connected,
        Err(_) => Err(Fault::from(match attempt.peer.get() {
            Some(peer) => format!("read tcp {peer}: i/o timeout"),
            None => "dial tcp: i/o timeout".to_owned(),
        })),
    };
    connected.map_err(|fault| Refused {
        error: fault.error,
        answer: fault.answer,
        peer: attempt.peer.get(),
        sent: attempt.counts.sent(),
        received: attempt.counts.received(),
    })
}

async fn open(client: &Client, call: &Call, attempt: &Attempt) -> Result<Connected, Fault> {
    let url = http_url(&call.url)?;
    let key = STANDARD.encode(rand::random::<[u8; 16]>());
    let target = Target {
        method: "GET".to_owned(),
        url: url.clone(),
        path: None,
        headers: headers(call, &key)?,
        body: Bytes::new(),
        referer: None,
    };
    let mut request = Request::new(&client.shared, &target, cookies(&url, &[], call.jar.as_ref()))?;
    // A proxy is asked for a tunnel, and is told of its credentials there.
    request.headers.remove(PROXY_AUTHORIZATION);
    let connection = client.connector().connect_alone(&request.uri).await?;
    let peer = connection.remote;
    attempt.peer.set(Some(peer));
    let io = Counted::new(TokioIo::new(connection), attempt.counts.clone());
    let exchanged = exchange(io, request, attempt).await?;
    if let Some(jar) = &call.jar {
        let lines = exchanged.head.headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        jar.lock().unwrap_or_else(|e| e.into_inner()).store(&url, lines);
    }
    finish(exchanged, &key, call, peer, attempt)
}

/// Looks at the server's answer.
fn finish(
    exchanged: Exchanged,
    key: &str,
    call: &Call,
    peer: SocketAddr,
    attempt: &Attempt,
) -> Result<Connected, Fault> {
    let map = &exchanged.head.headers;
    let status = exchanged.head.status.as_u16();
    let answer = Answer { status, headers: header::of_response(map), body: exchanged.body };
    let agreed = has_token(map, UPGRADE, "websocket")
        && has_token(map, CONNECTION, "upgrade")
        && map.get(SEC_WEBSOCKET_ACCEPT).is_some_and(|accept| accept.as_bytes() == accepts(key).as_bytes());
    let Some(parts) = exchanged.switched.filter(|_| agreed) else {
        return Err(Fault { error: "websocket: bad handshake".to_owned(), answer: Some(answer) });
    };
    let extensions = map.get_all(SEC_WEBSOCKET_EXTENSIONS).iter().filter_map(|line| line.to_str().ok());
    let compresses = match deflate::is_accepted(extensions) {
        Ok(accepted) => accepted && call.compress,
        Err(error) => return Err(Fault { error, answer: Some(answer) }),
    };
    let link = Link::new(parts.io.into_inner(), &parts.read_buf, compresses, attempt.counts.clone(), peer);
    Ok(Connected { link, answer, peer })
}

/// An answer, and what is left of its connection.
struct Exchanged {
    head: http::response::Parts,
    /// Its first bytes.
    body: Bytes,
    /// The connection, if it is not HTTP's any more.
    switched: Option<Parts<TokioIo<Io>>>,
}

/// Sends the request over its fresh connection.
async fn exchange(io: Io, prepared: Request, attempt: &Attempt) -> Result<Exchanged, Fault> {
    let host = prepared.uri.authority().map_or("", http::uri::Authority::as_str);
    let mut request = http::Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = prepared.uri.path_and_query().cloned().map(Uri::from).unwrap_or_default();
    *request.headers_mut() = prepared.headers;
    if !request.headers().contains_key(HOST) {
        let host = HeaderValue::from_str(host).map_err(|error| format!("invalid host {host:?}: {error}"))?;
        request.headers_mut().insert(HOST, host);
    }
    let mut builder = http1::Builder::new();
    builder.title_case_headers(true).allow_obsolete_multiline_headers_in_responses(true);
    let handshake = builder.handshake::<_, Empty<Bytes>>(TokioIo::new(io)).await;
    let (mut sender, mut connection) = handshake.map_err(|error| attempt.failed(&error))?;
    let mut is_done = false;
    let mut answer = pin!(sender.send_request(request));
    let answer = poll_fn(|cx| {
        if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
            return Poll::Ready(answer);
        }
        // Its error is told to the request, too.
        is_done = is_done || connection.poll_without_shutdown(cx).is_ready();
        answer.as_mut().poll(cx)
    })
    .await
    .map_err(|error| attempt.failed(&error))?;
    let (head, mut rest) = answer.into_parts();
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        if !is_done {
            let done = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
            done.map_err(|error| attempt.failed(&error))?;
        }
        return Ok(Exchanged { head, body: Bytes::new(), switched: Some(connection.into_parts()) });
    }
    let mut body = BytesMut::new();
    while body.len() < MOST_BODY {
        let frame = poll_fn(|cx| {
            if let Poll::Ready(frame) = Pin::new(&mut rest).poll_frame(cx) {
                return Poll::Ready(frame);
            }
            is_done = is_done || connection.poll_without_shutdown(cx).is_ready();
            Pin::new(&mut rest).poll_frame(cx)
        });
        // A body that breaks off is as good as one that ends.
        let Some(Ok(frame)) = frame.await else { break };
        if let Some(data) = frame.data_ref() {
            body.extend_from_slice(data);
        }
    }
    body.truncate(MOST_BODY);
    Ok(Exchanged { head, body: body.freeze(), switched: None })
}

/// The URL with the scheme that HTTP has.
fn http_url(text: &str) -> Result<Url, String> {
    const MALFORMED: &str = "malformed ws or wss URL";
    let (scheme, rest) = text.split_once(':').ok_or(MALFORMED)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "ws" => "http",
        "wss" => "https",
        _ => return Err(MALFORMED.to_owned()),
    };
    let url = Url::parse(&format!("{scheme}:{rest}")).map_err(|error| format!("parse {text:?}: {error}"))?;
    // Credentials have no place in such a URL.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(MALFORMED.to_owned());
    }
    Ok(url)
}

/// The headers of the handshake, and the script's.
fn headers(call: &Call, key: &str) -> Result<Vec<(String, String)>, String> {
    const OURS: [&str; 5] =
        ["Upgrade", "Connection", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions"];
    let mut headers = Vec::with_capacity(call.headers.len() + 6);
    let mut own = |name: &str, value: String| headers.push((name.to_owned(), value));
    own("Upgrade", "websocket".to_owned());
    own("Connection", "Upgrade".to_owned());
    own("Sec-WebSocket-Key", key.to_owned());
    own("Sec-WebSocket-Version", "13".to_owned());
    if call.compress {
        own("Sec-WebSocket-Extensions", deflate::OFFER.to_owned());
    }
    if !call.protocols.is_empty() {
        own("Sec-WebSocket-Protocol", call.protocols.join(", "));
    }
    for (name, value) in &call.headers {
        let twice = OURS.into_iter().find(|ours| ours.eq_ignore_ascii_case(name));
        let protocol = Some("Sec-Websocket-Protocol")
            .filter(|ours| !call.protocols.is_empty() && ours.eq_ignore_ascii_case(name));
        if let Some(name) = twice.or(protocol) {
            return Err(format!("websocket: duplicate header not allowed: {name}"));
        }
        headers.push((name.clone(), value.clone()));
    }
    Ok(headers)
}

/// What the server proves with that it understood the key.
fn accepts(key: &str) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

fn has_token(map: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let lines = map.get_all(name);
    lines
        .iter()
        .filter_map(|line| line.to_str().ok())
        .any(|line| line.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_answered() {
        // RFC 6455, 1.3.
        assert_eq!(accepts("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn urls_and_headers() {
        assert_eq!(http_url("wss://a.test/x").unwrap().as_str(), "https://a.test/x");
        for bad in ["http://a.test", "ws://u:p@a.test", "a.test"] {
            assert_eq!(http_url(bad).unwrap_err(), "malformed ws or wss URL");
        }
        let call = |name: &str, protocols: &[&str]| Call {
            url: String::new(),
            headers: vec![(name.to_owned(), "1".to_owned())],
            protocols: protocols.iter().map(|&protocol| protocol.to_owned()).collect(),
            jar: None,
            compress: false,
        };
        assert_eq!(headers(&call("x", &[]), "k").unwrap().len(), 5);
        assert_eq!(headers(&call("sec-websocket-protocol", &[]), "k").unwrap().len(), 5);
        for (name, protocols) in [("UPGRADE", &[][..]), ("sec-websocket-protocol", &["a"])] {
            let error = headers(&call(name, protocols), "k").unwrap_err();
            assert!(error.starts_with("websocket: duplicate header not allowed: "), "{error}");
        }
    }
}
