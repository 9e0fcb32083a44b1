//! The second argument of `sse.open`.

use std::time::{Duration, Instant};

use boa_engine::{Context, JsResult, JsValue};
use bytes::Bytes;
use url::Url;

use super::reconnect::Reconnect;
use super::record::STALL;
use super::until::Until;
use crate::js::convert::{entries, to_text};
use crate::js::go_error;
use crate::k6::duration::GoDuration;
use crate::modules::settings;
use crate::modules::{http, tags};
use crate::net::{Call, NetError, SharedJar, Timeouts};
use crate::vu::State;

/// What errors about settings begin with.
pub const WHOSE: &str = "invalid sse.open() ";

/// Redirects that are followed, whatever `maxRedirects` says: as the Go client behind xk6-sse.
const MAX_REDIRECTS: u32 = 10;

/// What a call was asked to send.
pub struct Params {
    method: String,
    headers: Vec<(String, String)>,
    pub body: String,
    jar: SharedJar,
    timeout: Option<Duration>,
    timeouts: Timeouts,
    /// The `Content-Type` header of calls that have none.
    pub content_type: Option<&'static str>,
    /// The `Accept` header of calls that have none.
    pub accept: &'static str,
    pub tags: Vec<(String, String)>,
    /// A gap between events that is longer is a stall.
    pub stall_threshold: Duration,
    pub until: Option<Until>,
    pub reconnect: Option<Reconnect>,
}

impl Params {
    /// Reads the object; unknown keys are passed over.
    pub fn read(value: &JsValue, state: &State, context: &mut Context) -> JsResult<Self> {
        let mut params = Self {
            method: "GET".to_owned(),
            headers: Vec::new(),
            body: String::new(),
            jar: state.jar(),
            timeout: None,
            timeouts: Timeouts::default(),
            content_type: None,
            accept: "text/event-stream",
            tags: Vec::new(),
            stall_threshold: STALL,
            until: None,
            reconnect: None,
        };
        let Some(object) = value.as_object() else { return Ok(params) };
        for (key, value) in entries(&object, context)? {
            match key.to_std_string_lossy().as_str() {
                "method" => {
                    let method = to_text(&value, context)?;
                    if !method.trim().is_empty() {
                        params.method = method.trim().to_owned();
                    }
                }
                "body" => params.body = to_text(&value, context)?.trim().to_owned(),
                "headers" => params.headers = headers(&value, context)?,
                "tags" => {
                    params.tags = tags::read(&value, context).map_err(|error| {
                        let text = error.to_string();
                        let text = text.lines().next().unwrap_or_default().replace("GoError: ", "");
                        go_error(format!("invalid sse.open() metric tags: {text}"), context)
                    })?;
                }
                "jar" => {
                    if let Some(jar) = http::cookies::jar_of(&value) {
                        params.jar = jar;
                    }
                }
                "timeout" => {
                    let text = to_text(&value, context)?;
                    let time = GoDuration::parse_go(&text)
                        .map_err(|e| go_error(format!("invalid sse.open() timeout: {e}"), context))?;
                    params.timeout = Some(time.to_std()).filter(|time| !time.is_zero());
                }
                "timeouts" => params.timeouts = settings::timeouts(WHOSE, &value, context)?,
                "stallThreshold" if !value.is_null_or_undefined() => {
                    params.stall_threshold = settings::duration(WHOSE, "stallThreshold", &value, context)?;
                }
                "until" => params.until = Until::read(&value, context)?,
                "reconnect" => params.reconnect = Reconnect::read(&value, context)?,
                _ => {}
            }
        }
        Ok(params)
    }

    /// The method as it goes on the wire.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// What is left for a call that began at `begun`; `None`: any time.
    pub fn time_left(&self, begun: Instant) -> Option<Duration> {
        let whole = self.timeout.into_iter().chain(self.timeouts.total).min()?;
        Some(whole.saturating_sub(begun.elapsed()))
    }

    /// The request; `begun` is when the whole call began, `last_event_id` goes along unless it is empty. Fails
    /// for URLs that are none.
    pub fn call(&self, url: &str, begun: Instant, last_event_id: &str) -> Result<Call, NetError> {
        let parsed = Url::parse(url).map_err(|e| NetError::invalid_url(e.to_string()))?;
        let mut headers = self.headers.clone();
        let has = |name: &str| self.headers.iter().any(|(k, _)| k.eq_ignore_ascii_case(name));
        if !has("Accept") {
            headers.push(("Accept".to_owned(), self.accept.to_owned()));
        }
        if let Some(content_type) = self.content_type.filter(|_| !has("Content-Type")) {
            headers.push(("Content-Type".to_owned(), content_type.to_owned()));
        }
        if !last_event_id.is_empty() {
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("Last-Event-ID"));
            headers.push(("Last-Event-ID".to_owned(), last_event_id.to_owned()));
        }
        // A script that names codings itself gets the body as it comes.
        let decompress = !has("Accept-Encoding");
        Ok(Call {
            headers,
            body: Bytes::from(self.body.clone()),
            timeout: self.timeout,
            timeouts: self.timeouts,
            begun: Some(begun),
            max_redirects: MAX_REDIRECTS,
            jar: Some(self.jar.clone()),
            decompress,
            ..Call::new(self.method.as_str(), parsed)
        })
    }
}

fn headers(value: &JsValue, context: &mut Context) -> JsResult<Vec<(String, String)>> {
    let Some(object) = value.as_object() else { return Ok(Vec::new()) };
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in entries(&object, context)? {
        let name = name.to_std_string_lossy();
        let value = to_text(&value, context)?;
        // One value a name; the last one counts. The host is the URL's.
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        if !name.eq_ignore_ascii_case("host") {
            headers.push((name, value));
        }
    }
    Ok(headers)
}
