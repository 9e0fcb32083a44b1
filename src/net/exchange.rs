//! One call: a request with its redirects, to the end of the last body or to the start of a stream.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::uri::PathAndQuery;
use url::Url;

use crate::net::client::Client;
use crate::net::cookies::SharedJar;
use crate::net::deadline::{Deadlines, Timeouts};
use crate::net::decode::{MAX_BODY, StreamDecoder, decode};
use crate::net::digest::User;
use crate::net::error::{Kind, NetError};
use crate::net::event_stream::Limits;
use crate::net::format::Format;
use crate::net::header;
use crate::net::redirect::{self, Target, trusted};
use crate::net::request::{self, Request, RequestCookie, accept_gzip};
use crate::net::round::{Hop, Live, send};
use crate::net::sse::EventStream;

/// What a script asks for.
#[derive(Clone, Debug)]
pub struct Call {
    /// Sent as it is; empty: `GET`.
    pub method: String,
    /// Credentials in it are sent as basic authentication.
    pub url: Url,
    /// Path and query as the first request is to have them; `None`: those of `url`, which resolves and escapes more
    /// than Go does.
    pub path: Option<PathAndQuery>,
    /// A later entry replaces an earlier one of the same name. `Host` is taken over; `Content-Length` and
    /// `Transfer-Encoding` are not.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// For the whole exchange: connecting, redirects, bodies.
    pub timeout: Option<Duration>,
    /// When the time of `timeout` and `timeouts.total` began; `None`: when the call is sent.
    pub begun: Option<Instant>,
    /// For the parts of a stream.
    pub timeouts: Timeouts,
    pub max_redirects: u32,
    /// Where cookies come from and go to.
    pub jar: Option<SharedJar>,
    /// Cookies of this call, sent on every hop and never stored.
    pub cookies: Vec<RequestCookie>,
    /// What the first request carries; `None`: `cookies` and those that `jar` has when it is sent.
    pub first_cookies: Option<Vec<RequestCookie>>,
    /// Credentials in the URL are not sent, but proved to a server that asks for a digest.
    pub digest: bool,
    /// Undo `Content-Encoding`. [`open`] then also asks for gzip, unless `headers` has an `Accept-Encoding`.
    pub decompress: bool,
    /// Read the body but don't keep it.
    pub discard_body: bool,
    /// What a stream may hold; [`fetch`] has no use for it.
    pub limits: Limits,
    /// What a stream's body is read as; [`fetch`] has no use for it.
    pub format: Format,
    /// Fields of the lines that `httpDebug` logs.
    pub log_fields: Vec<(String, String)>,
}

impl Call {
    /// A call with k6's defaults for `k6/http`: 60 seconds, ten redirects, decompression, no jar.
    pub fn new(method: impl Into<String>, url: Url) -> Self {
        Self {
            method: method.into(),
            url,
            path: None,
            headers: Vec::new(),
            body: Bytes::new(),
            timeout: Some(Duration::from_secs(60)),
            begun: None,
            timeouts: Timeouts::default(),
            max_redirects: 10,
            jar: None,
            cookies: Vec::new(),
            first_cookies: None,
            digest: false,
            decompress: true,
            discard_body: false,
            limits: Limits::default(),
            format: Format::default(),
            log_fields: Vec::new(),
        }
    }

    /// Decides now which cookies of the jar the first request carries, not when it is sent.
    pub fn choose_cookies(&mut self) {
        self.first_cookies = Some(request::cookies(&self.url, &self.cookies, self.jar.as_ref()));
    }
}

/// A finished call.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The round trips; the last one is the result, and the only one that may have an error. Never empty.
    pub hops: Vec<Hop>,
    /// The last response's body, decoded; what was read of it, where it broke off.
    pub body: Bytes,
    /// The last response redirects, but `max_redirects` was reached.
    pub redirects_exhausted: bool,
}

impl Exchange {
    /// The last round trip.
    pub fn last(&self) -> &Hop {
        &self.hops[self.hops.len() - 1]
    }
}

/// An opened stream.
pub struct Opened {
    /// The redirects that led to the stream; its own round trip is [`EventStream::hop`].
    pub hops: Vec<Hop>,
    pub stream: EventStream,
}

/// A stream that could not be opened.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The round trips, the failed one last. Never empty.
    pub hops: Vec<Hop>,
    pub error: NetError,
}

/// Sends the call when `rps` lets it, follows redirects and reads the last response's body. Errors are in the
/// last hop.
///
/// Needs a tokio runtime with I/O and time.
pub async fn fetch(client: &Client, call: Call) -> Exchange {
    client.shared.turn().await;
    let mut hops = Vec::new();
    let (mut live, redirects_exhausted) = match arrive(client, &call, &mut hops).await {
        Ok(arrived) => arrived,
        Err(hop) => {
            hops.push(*hop);
            return Exchange { hops, body: Bytes::new(), redirects_exhausted: false };
        }
    };
    let mut body = Bytes::new();
    let result = if live.hop.status == 101 {
        let text = format!("unsupported response status: 101 {}", live.hop.reason);
        Err(NetError::body(Kind::Other(text)))
    } else {
        read_body(&mut live, call.discard_body, &mut body).await
    };
    // Decoding is the client's work, not the server's: the trail ends here.
    let mut hop = live.finish(result.err());
    if call.decompress
        && let Some(coding) = header::first(&hop.headers, "content-encoding")
    {
        match decode(coding, body.clone(), MAX_BODY) {
            Ok(decoded) => body = decoded,
            Err(kind) => {
                body = begun(coding, &body);
                hop.error.get_or_insert(NetError::body(kind));
            }
        }
    }
    hops.push(hop);
    Exchange { hops, body, redirects_exhausted }
}

/// Sends the call when `rps` lets it, follows redirects and reads the head of the last response, whose body is then read as an
/// event stream, whatever its status and type.
///
/// Needs a tokio runtime with I/O and time.
///
/// # Errors
///
/// There was no response, or there were more redirects than `max_redirects`.
pub async fn open(client: &Client, mut call: Call) -> Result<Opened, Failed> {
    let asked = Instant::now();
    client.shared.turn().await;
    // Time in the queue of `rps` is not the call's.
    call.begun = call.begun.map(|begun| begun + asked.elapsed());
    let asked_for_gzip = call.decompress && accept_gzip(&mut call.headers);
    let mut hops = Vec::new();
    let failed = |mut hops: Vec<Hop>, hop: Hop| {
        let error = hop.error.clone().unwrap_or_else(|| NetError::request(Kind::Eof));
        hops.push(hop);
        Err(Failed { hops, error })
    };
    match arrive(client, &call, &mut hops).await {
        Ok((live, false)) => {
            let stream = EventStream::new(live, &call, asked_for_gzip);
            Ok(Opened { hops, stream })
        }
        Ok((live, true)) => {
            let error = NetError::request(Kind::TooManyRedirects(call.max_redirects));
            failed(hops, live.finish(Some(error)))
        }
        Err(hop) => failed(hops, *hop),
    }
}

/// Goes from hop to hop until a response is none that is to be followed. The earlier hops are in `hops`; `true`
/// says that the response redirects, but once too often.
pub(super) async fn arrive(
    client: &Client,
    call: &Call,
    hops: &mut Vec<Hop>,
) -> Result<(Live, bool), Box<Hop>> {
    let deadlines = Deadlines::starting(call.begun.unwrap_or_else(Instant::now), call.timeout, call.timeouts);
    let mut target = Target {
        method: if call.method.is_empty() { "GET".to_owned() } else { call.method.clone() },
        url: call.url.clone(),
        path: call.path.clone(),
        headers: call.headers.clone(),
        body: call.body.clone(),
        referer: None,
    };
    let user = call.digest.then(|| User::take(&mut target.url));
    let mut cookies = call.first_cookies.clone();
    let mut redirects = 0;
    loop {
        let mut live = hop(client, &target, call, cookies.take(), deadlines).await?;
        if live.hop.status == 401
            && let Some(user) = user.as_ref().filter(|_| trusted(&call.url, &target.url))
            && let Some(authorization) = user.answer(&live.hop.headers, &target)
        {
            skip_body(&mut live).await;
            hops.push(live.finish(None));
            let mut again = target.clone();
            again.headers.push(("Authorization".to_owned(), authorization));
            live = hop(client, &again, call, None, deadlines).await?;
        }
        let location = header::first(&live.hop.headers, "location");
        target = match redirect::next(&call.url, &target, live.hop.status, location) {
            Ok(None) => return Ok((live, false)),
            Ok(Some(_)) if redirects >= call.max_redirects => return Ok((live, true)),
            Ok(Some(next)) => next,
            Err(error) => return Err(Box::new(live.finish(Some(error)))),
        };
        redirects += 1;
        skip_body(&mut live).await;
        hops.push(live.finish(None));
    }
}

/// One round trip to the head of its response, whose cookies go to the jar.
async fn hop(
    client: &Client,
    target: &Target,
    call: &Call,
    cookies: Option<Vec<RequestCookie>>,
    deadlines: Deadlines,
) -> Result<Live, Box<Hop>> {
    let jar = call.jar.as_ref();
    let cookies = cookies.unwrap_or_else(|| request::cookies(&target.url, &call.cookies, jar));
    let request = Request::new(&client.shared, target, cookies)
        .map_err(|error| Box::new(Hop::refused(target, error)))?;
    let live = send(client, target, &request, deadlines, &call.log_fields).await?;
    if let Some(jar) = jar {
        let set = live.hop.headers.iter().filter(|(name, _)| name == "Set-Cookie");
        let mut jar = jar.lock().unwrap_or_else(|e| e.into_inner());
        jar.store(&target.url, set.flat_map(|(_, values)| values.iter().map(String::as_str)));
    }
    Ok(live)
}

/// The body of a redirect is read so that its connection can be used again, unless it is long or broken.
async fn skip_body(live: &mut Live) {
    const ENOUGH: usize = 64 * 1024;
    let mut read = 0;
    while read < ENOUGH {
        match live.chunk().await {
            Ok(Some(bytes)) => read += bytes.len(),
            Ok(None) | Err(_) => return,
        }
    }
}

/// What can be unpacked of a body that is damaged or cut short.
fn begun(coding: &str, body: &[u8]) -> Bytes {
    let unpacked = StreamDecoder::new(coding).and_then(|mut decoder| decoder.decode(body).ok());
    unpacked.unwrap_or_default().into()
}

/// Reads a body to its end, or as far as it goes.
async fn read_body(live: &mut Live, discard: bool, body: &mut Bytes) -> Result<(), NetError> {
    let mut whole = Vec::new();
    let end = loop {
        match live.chunk().await {
            Ok(Some(_)) if discard => {}
            Ok(Some(bytes)) if body.is_empty() => *body = bytes,
            Ok(Some(bytes)) => {
                if whole.is_empty() {
                    whole.extend_from_slice(body);
                }
                whole.extend_from_slice(&bytes);
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    if !whole.is_empty() {
        *body = whole.into();
    }
    end
}
