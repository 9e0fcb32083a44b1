//! Which request gets which answer.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::answer::{Answer, CREATED, MODEL};
use super::protocol::{self, Protocol};
use super::queue::Queues;
use super::recording::Recording;
use super::rejections::Rejections;
use super::replay::Replay;
use super::script::Script;
use super::scripted::{self, Scripts};
use super::sessions::{self, Message, Sessions};
use super::settings::{Framing, Settings};
use super::stats::Stats;
use super::stream::EventStream;
use super::words;

/// A whole body or a stream.
pub(super) type Body = Either<Full<Bytes>, EventStream>;

/// The largest request body that is read, in bytes.
const MAX_REQUEST: usize = 64 << 20;

/// The server's settings and statistics, and the way from a request to its answer.
#[derive(Debug)]
pub(super) struct Routes {
    settings: Settings,
    pub stats: Arc<Stats>,
    /// What answers in place of the routes.
    replay: Option<Replay>,
    queues: Queues,
    rejections: Rejections,
    scripts: Scripts,
    sessions: Sessions,
}

impl Routes {
    /// Answers by these settings, or with recordings.
    pub fn new(settings: Settings, replay: Option<Replay>, stats: Arc<Stats>) -> Self {
        Self {
            settings,
            stats,
            replay,
            queues: Queues::default(),
            rejections: Rejections::default(),
            scripts: Scripts::default(),
            sessions: Sessions::default(),
        }
    }

    /// Answers a request. A request that cannot be understood gets a status of 400 with the reason.
    pub async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let arrived = Instant::now();
        self.stats.requests.fetch_add(1, Relaxed);
        let version = request.version();
        let (mut response, settings) = match self.settings_of(&request) {
            Ok((settings, path)) => {
                let answer = self.route(request, &path, &settings, arrived).await;
                (answer.unwrap_or_else(|e| bad_request(&e)), settings)
            }
            Err(e) => (bad_request(&e), self.settings.clone()),
        };
        if version < Version::HTTP_2 {
            if settings.close {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            if settings.framing == Some(Framing::Close) && matches!(response.body(), Either::Right(_)) {
                *response.version_mut() = Version::HTTP_10;
            }
        }
        response
    }

    /// The settings that hold for a request, and its path without the prefix that carries settings.
    fn settings_of(&self, request: &Request<Incoming>) -> Result<(Settings, String)> {
        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        let Some(prefixed) = path.strip_prefix("/p/") else {
            return Ok((self.settings.with_query(query)?, path.to_owned()));
        };
        let (list, rest) = prefixed.split_once('/').unwrap_or((prefixed, ""));
        Ok((self.settings.with_list(list)?.with_query(query)?, format!("/{rest}")))
    }

    async fn route(
        &self,
        request: Request<Incoming>,
        path: &str,
        settings: &Settings,
        arrived: Instant,
    ) -> Result<Response<Body>> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, MAX_REQUEST).collect().await;
        let body = body.map_err(anyhow::Error::from_boxed).context("reading the request body")?.to_bytes();

        if path == "/stats" {
            return Ok(json_response(StatusCode::OK, serde_json::to_vec_pretty(&self.stats.figures())?));
        }
        let wanted = settings.protocol.filter(|_| head.method == Method::POST).and_then(protocol::by_name);
        let protocol = wanted.or_else(|| protocol::of(&head.method, path));
        let error = |status, text: &str| error_of(protocol, status, text);
        if self.rejections.rejects(&head.uri.to_string(), settings.reject) {
            self.stats.rejected.fetch_add(1, Relaxed);
            let status = StatusCode::from_u16(settings.status.unwrap_or(429))?;
            let after = settings.retry_after.unwrap_or(Duration::from_secs(1));
            return Ok(retry_after(error(status, "rejected as it was asked for; try again"), Some(after)));
        }
        // With `reject` it is the status of those alone.
        if let Some(status) = settings.status.filter(|_| settings.reject == 0) {
            sleep_until(arrived + settings.due(0)).await;
            let response = error(StatusCode::from_u16(status)?, &format!("mock status {status}"));
            return Ok(retry_after(response, settings.retry_after));
        }
        if let Some(replay) = &self.replay {
            return match replay.choose(head.method.as_str(), path) {
                Some(recording) => self.played(recording, settings, arrived).await,
                None => Ok(error(StatusCode::NOT_FOUND, &not_recorded(&head.method, path, replay))),
            };
        }
        if let Some(rest) = path.strip_prefix("/scripted") {
            return self.scripted(&head.method, rest, &body, settings, arrived).await;
        }
        if let Some(protocol) = protocol {
            let ask = (protocol.read)(&body, path);
            let ask = ask.map(|ask| Answer::new(settings.clone(), ask, body.len(), self.stats.next_answer()));
            return match ask {
                Ok(answer) => self.spoken(protocol, answer, &body, path, arrived).await,
                Err(e) => Ok(error(StatusCode::BAD_REQUEST, &format!("{e:#}"))),
            };
        }
        match path {
            "/" => {
                sleep_until(arrived + settings.due(0)).await;
                Ok(whole("text/plain", settings.size.map_or_else(|| Bytes::from_static(b"ok\n"), filler)))
            }
            "/echo" => Ok(json_response(
                StatusCode::OK,
                serde_json::to_vec(&json!({
                    "body": String::from_utf8_lossy(&body),
                    "method": head.method.as_str(),
                    "path": head.uri.path(),
                    "query": head.uri.query().unwrap_or_default(),
                }))?,
            )),
            "/v1/models" if head.method == Method::GET => Ok(json_response(StatusCode::OK, models())),
            _ => match sessions::session_of(path).filter(|_| head.method == Method::GET) {
                Some(session) => {
                    Ok(json_response(StatusCode::OK, serde_json::to_vec(&self.sessions.history(session))?))
                }
                None => Ok(error(StatusCode::NOT_FOUND, &format!("no route {} {path}", head.method))),
            },
        }
    }

    /// Answers in a protocol, when there is a slot.
    async fn spoken(
        &self,
        protocol: &'static Protocol,
        answer: Answer,
        body: &[u8],
        path: &str,
        arrived: Instant,
    ) -> Result<Response<Body>> {
        if !answer.stream || protocol.repeats_text {
            answer.check_length()?;
        }
        let (slot, arrived) = match answer.settings.slots {
            Some(slots) => (self.queues.slot(slots).await, Instant::now()),
            None => (None, arrived),
        };
        if let Some(session) = sessions::session_of(path) {
            let said = serde_json::from_slice(body)?;
            self.sessions.add(session, said);
            let text = answer.text();
            self.sessions.add(session, Message { role: "assistant".to_owned(), content: text });
        }
        if answer.stream {
            let body =
                EventStream::new(Script::spoken(protocol, answer), arrived, slot, Arc::clone(&self.stats));
            let mut response = Response::new(Either::Right(body));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(protocol.content_type));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            return Ok(response);
        }
        let text = (protocol.whole)(&answer);
        sleep_until(arrived + answer.settings.due(answer.completion_tokens().saturating_sub(1))).await;
        Ok(json_response(StatusCode::OK, text))
    }

    /// `PUT /scripted/NAME` stores a script, a request to `/scripted/NAME` or below it plays it; `POST /scripted`
    /// plays the one in its body.
    async fn scripted(
        &self,
        method: &Method,
        rest: &str,
        body: &[u8],
        settings: &Settings,
        arrived: Instant,
    ) -> Result<Response<Body>> {
        let text = || std::str::from_utf8(body).context("the script is no UTF-8");
        let name = rest.trim_start_matches('/').split('/').next().unwrap_or_default();
        if name.is_empty() {
            return self.played(Arc::new(scripted::read(text()?)?), settings, arrived).await;
        }
        if method == Method::PUT {
            self.scripts.store(name, text()?)?;
            return Ok(whole("text/plain", "stored\n"));
        }
        match self.scripts.get(name) {
            Some(script) => self.played(script, settings, arrived).await,
            None => {
                let text = format!("no script {name}: send it first with PUT /scripted/{name}");
                Ok(error_of(None, StatusCode::NOT_FOUND, &text))
            }
        }
    }

    /// Answers with a recording.
    async fn played(
        &self,
        recording: Arc<Recording>,
        settings: &Settings,
        arrived: Instant,
    ) -> Result<Response<Body>> {
        if !settings.burst {
            sleep_until(arrived + recording.head.at().div_f64(settings.speed)).await;
        }
        let script = Script::Played(settings.clone(), Arc::clone(&recording));
        let mut response =
            Response::new(Either::Right(EventStream::new(script, arrived, None, Arc::clone(&self.stats))));
        *response.status_mut() = StatusCode::from_u16(recording.head.response.status)?;
        for (name, value) in &recording.head.response.headers {
            let name = HeaderName::try_from(name).with_context(|| format!("recorded header {name}"))?;
            if !HOP_BY_HOP.contains(&name.as_str()) {
                let value =
                    HeaderValue::try_from(value).with_context(|| format!("recorded header {name}"))?;
                response.headers_mut().append(name, value);
            }
        }
        Ok(response)
    }
}

/// Headers that say how a message goes over one connection.
const HOP_BY_HOP: [&str; 6] =
    ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

fn not_recorded(method: &Method, path: &str, replay: &Replay) -> String {
    format!("no recording of {method} {path}; there are {}", replay.routes().join(", "))
}

fn retry_after(mut response: Response<Body>, after: Option<Duration>) -> Response<Body> {
    if let Some(after) = after {
        // The header has whole seconds.
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn whole(content_type: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(body.into())));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn json_response(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = whole("application/json", body);
    *response.status_mut() = status;
    response
}

/// An error in the shape of a protocol, or in OpenAI's.
fn error_of(protocol: Option<&Protocol>, status: StatusCode, message: &str) -> Response<Body> {
    let shape = protocol.map_or(protocol::openai_error as fn(u16, &str) -> _, |protocol| protocol.error);
    json_response(status, shape(status.as_u16(), message).to_string())
}

fn bad_request(reason: &anyhow::Error) -> Response<Body> {
    error_of(None, StatusCode::BAD_REQUEST, &format!("{reason:#}"))
}

fn models() -> String {
    let model = json!({"id": MODEL, "object": "model", "created": CREATED, "owned_by": "mock"});
    json!({"object": "list", "data": [model]}).to_string()
}

fn filler(size: usize) -> Bytes {
    let mut body = String::with_capacity(size);
    words::push_filler(&mut body, size);
    body.into()
}
