//! Which request gets which answer.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::chat::ChatRequest;
use super::chunk;
use super::ollama::OllamaRequest;
use super::script::Script;
use super::settings::{Framing, Settings};
use super::stats::Stats;
use super::stream::EventStream;

/// A whole body or a stream.
pub(super) type Body = Either<Full<Bytes>, EventStream>;

/// The largest request body that is read, in bytes.
const MAX_REQUEST: usize = 64 << 20;

/// The server's settings and statistics, and the way from a request to its answer.
#[derive(Debug)]
pub(super) struct Routes {
    pub settings: Settings,
    pub stats: Arc<Stats>,
}

impl Routes {
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
        if let Some(status) = settings.status {
            sleep_until(arrived + settings.due(0)).await;
            return Ok(error(StatusCode::from_u16(status)?, &format!("mock status {status}")));
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
            "/sse" if head.method == Method::GET || head.method == Method::POST => {
                Ok(self.streamed(Script::plain(settings.clone()), arrived))
            }
            "/v1/models" if head.method == Method::GET => Ok(json_response(StatusCode::OK, models())),
            _ if path.ends_with("/chat/completions") && head.method == Method::POST => {
                let chat = ChatRequest::read(&body)?.plan(settings, body.len());
                if chat.stream {
                    return Ok(self.streamed(chat.script(settings.clone()), arrived));
                }
                let answer = chat.whole(settings)?;
                sleep_until(arrived + settings.due(chat.tokens.saturating_sub(1))).await;
                Ok(json_response(StatusCode::OK, answer))
            }
            "/api/chat" if head.method == Method::POST => {
                let answer = OllamaRequest::read(&body)?.plan(settings, body.len());
                if answer.stream {
                    return Ok(self.streamed(answer.script(settings.clone()), arrived));
                }
                let whole = answer.whole(settings)?;
                sleep_until(arrived + settings.due(answer.tokens.saturating_sub(1))).await;
                Ok(json_response(StatusCode::OK, whole))
            }
            _ => Ok(error(StatusCode::NOT_FOUND, &format!("no route {} {path}", head.method))),
        }
    }

    fn streamed(&self, script: Script, arrived: Instant) -> Response<Body> {
        let content_type = HeaderValue::from_static(script.content_type());
        let body = EventStream::new(script, arrived, Arc::clone(&self.stats));
        let mut response = Response::new(Either::Right(body));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
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

/// An error in OpenAI's shape.
fn error(status: StatusCode, message: &str) -> Response<Body> {
    let error = json!({"message": message, "type": "mock_error", "code": status.as_u16()});
    json_response(status, json!({ "error": error }).to_string())
}

fn bad_request(reason: &anyhow::Error) -> Response<Body> {
    error(StatusCode::BAD_REQUEST, &format!("{reason:#}"))
}

fn models() -> String {
    let model = json!({"id": chunk::MODEL, "object": "model", "created": 1_741_570_283, "owned_by": "mock"});
    json!({"object": "list", "data": [model]}).to_string()
}

fn filler(size: usize) -> Bytes {
    let mut body = String::with_capacity(size);
    chunk::push_filler(&mut body, size);
    body.into()
}
