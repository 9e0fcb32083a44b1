//! One call: asked, asked again where the server was busy, read to its end and measured.

use std::time::{Duration, Instant};

use bytes::Bytes;
use url::Url;

use super::answer::Answer;
use super::delta::Delta;
use super::ended::{Ended, Uncounted};
use super::refusal;
use super::report::{Attempt, Report};
use super::request::Request;
use super::target::Target;
use super::tokens::{self, Counter};
use crate::net::outcome::{Outcome, tells_error};
use crate::net::{Call, Client, EventStream, Hop, NetError, Opened, Parsed, header, open};

/// Of an answer with an error status, so much is read to tell what is wrong.
const MAX_REFUSAL: usize = 64 * 1024;

/// … and no longer than this.
const REFUSAL_TIME: Duration = Duration::from_secs(5);

/// Makes one call; `on` gets each piece of the answer with the instant at which it was read.
///
/// Needs a tokio runtime with I/O and time. Whatever happens is told in the report.
pub async fn call(
    client: &Client,
    target: &Target,
    request: &Request,
    on: &mut impl FnMut(&Delta, Instant),
) -> Report {
    let mut ongoing = Ongoing::new(client, target, request);
    while ongoing.next(on).await {}
    let mut ended = ongoing.finish();
    ended.count().await;
    ended.into_report()
}

/// A call that goes on. For callers that have something to do between two reads, or may stop it.
pub struct Ongoing<'a> {
    client: &'a Client,
    target: &'a Target,
    request: &'a Request,
    model: &'a str,
    counter: Counter,
    begun: Instant,
    attempts: Vec<Attempt>,
    /// The hops before the one that is being read.
    hops: Vec<Hop>,
    stream: Option<Box<EventStream>>,
    /// What the server answers to the present attempt.
    answer: Answer,
    parsed: Vec<Parsed>,
    end: Option<End>,
}

/// How reading ended.
enum End {
    /// No response, or a broken one.
    Broken(NetError),
    /// A status of 400 or more, with what the body says.
    Refused(String),
    /// The body ended by the rules of HTTP.
    Done,
    /// What came is no event stream.
    WrongType(String),
    /// By the caller.
    Closed(Outcome),
}

impl<'a> Ongoing<'a> {
    /// A call that begins now; nothing is sent before the first [`Self::next`].
    pub fn new(client: &'a Client, target: &'a Target, request: &'a Request) -> Self {
        let begun = Instant::now();
        let model = request.model.as_deref().or(target.model.as_deref()).unwrap_or_default();
        let counter = target.tokenizer.for_model(model);
        let answer = Answer::new(target.protocol.decoder(), target.keep_text || counter.counts(), begun);
        Self {
            client,
            target,
            request,
            model,
            counter,
            begun,
            attempts: Vec::new(),
            hops: Vec::new(),
            stream: None,
            answer,
            parsed: Vec::new(),
            end: None,
        }
    }

    /// Goes on until something was read, or the call is over: then `false`.
    ///
    /// A call that is dropped in here was cut off: [`Self::close`] tells why.
    pub async fn next(&mut self, on: &mut impl FnMut(&Delta, Instant)) -> bool {
        if self.end.is_some() {
            return false;
        }
        if self.stream.is_none() {
            // What opening takes, which is much, is given back before the stream idles.
            Box::pin(self.ask()).await;
        } else {
            self.read(on).await;
        }
        self.end.is_none()
    }

    /// Whether nothing more will be read.
    pub fn is_over(&self) -> bool {
        self.end.is_some()
    }

    /// The status of the response, once there is one; 0 before.
    pub fn status(&self) -> u16 {
        self.stream.as_ref().map_or(0, |stream| stream.hop().status)
    }

    /// Cuts the call off, unless it is over: as [`Outcome::Aborted`] or [`Outcome::Interrupted`].
    pub fn close(&mut self, outcome: Outcome) {
        self.end.get_or_insert(End::Closed(outcome));
    }

    /// Sends the request until it is answered with something that is not to be tried again.
    async fn ask(&mut self) {
        if let Some(retry) = &self.target.retry {
            retry.began();
        }
        loop {
            let opened = match self.prepare() {
                Ok(call) => open(self.client, call).await.map_err(|failed| (failed.hops, failed.error)),
                Err(error) => Err((Vec::new(), error)),
            };
            let mut stream = match opened {
                Ok(Opened { hops, stream }) => {
                    self.hops = hops;
                    Box::new(stream)
                }
                Err((hops, error)) => {
                    self.hops = hops;
                    self.end = Some(End::Broken(error));
                    return;
                }
            };
            let status = stream.hop().status;
            if status < 400 {
                self.stream = Some(stream);
                return;
            }
            let body = tokio::time::timeout(REFUSAL_TIME, stream.read_rest(MAX_REFUSAL)).await;
            let body = body.unwrap_or_default();
            let said = refusal::of_body(&body);
            let waits = self.wait_after(&stream);
            let Some(wait) = waits else {
                self.stream = Some(stream);
                self.end = Some(End::Refused(said));
                return;
            };
            let mut hops = std::mem::take(&mut self.hops);
            hops.push(stream.finish());
            self.attempts.push(Attempt {
                hops,
                status,
                outcome: Outcome::HttpError,
                error: refused(status, &said),
                cause: None,
                waited: Some(wait),
            });
            tokio::time::sleep(wait).await;
        }
    }

    /// How long to wait before the next attempt; `None`: this was the last.
    fn wait_after(&self, stream: &EventStream) -> Option<Duration> {
        let retry = self.target.retry.as_ref()?;
        let made = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX);
        let hop = stream.hop();
        let asked = crate::net::header::first(&hop.headers, "retry-after");
        let wait = retry.after(hop.status, made, asked, rand::random())?;
        let left = self.target.timeouts.total.map(|total| total.saturating_sub(self.begun.elapsed()));
        left.is_none_or(|left| wait < left).then_some(wait)
    }

    fn prepare(&self) -> Result<Call, NetError> {
        let (target, request) = (self.target, self.request);
        let conversation = request.conversation_id.as_deref().unwrap_or_default();
        let url: Url = target.endpoint.url(self.model, conversation)?;
        let key = target.keys.pick(request.caller.number);
        let mut headers = target.protocol.headers(key);
        headers.extend(target.headers.iter().cloned());
        headers.extend(request.headers.iter().cloned());
        let body = match &request.body {
            Some(body) => body.clone(),
            None => {
                let model = Some(self.model).filter(|model| !model.is_empty());
                Bytes::from(target.protocol.body(request, model).to_string())
            }
        };
        Ok(Call {
            headers,
            body,
            timeout: None,
            timeouts: target.timeouts,
            begun: Some(self.begun),
            max_redirects: target.max_redirects,
            jar: request.caller.jar.clone(),
            format: target.protocol.format(),
            log_fields: request.caller.log_fields.clone(),
            ..Call::new("POST", url)
        })
    }

    async fn read(&mut self, on: &mut impl FnMut(&Delta, Instant)) {
        let Some(stream) = &mut self.stream else { return };
        let read = stream.next(&mut self.parsed).await;
        let at = read.as_ref().ok().copied().flatten().unwrap_or_else(Instant::now);
        let mut unknown = None;
        for item in self.parsed.drain(..) {
            match item {
                Parsed::Event(event) => self.answer.event(&event, at, on),
                Parsed::Comment(_) => {}
                Parsed::UnknownLine(line) => drop(unknown.get_or_insert(line)),
            }
        }
        // An idle stream is to cost little, also after a burst.
        if self.parsed.capacity() > 16 {
            self.parsed = Vec::new();
        }
        if let Some(line) = unknown {
            self.wrong_type(line.trim()).await;
        } else if self.answer.done {
            stream.complete().await;
            self.end = Some(End::Done);
        } else {
            self.end = match read {
                Ok(Some(_)) => None,
                Ok(None) => Some(End::Done),
                Err(error) => Some(End::Broken(error)),
            };
        }
    }

    /// The body is no event stream: whatever it is, its beginning is told.
    async fn wrong_type(&mut self, line: &str) {
        let Some(stream) = &mut self.stream else { return };
        let rest =
            tokio::time::timeout(REFUSAL_TIME, stream.read_rest(MAX_REFUSAL)).await.unwrap_or_default();
        let body = [line.as_bytes(), &rest].concat();
        let said = refusal::of_body(&body);
        if tells_error("", &String::from_utf8_lossy(&body)) {
            self.answer.error = Some(said);
            self.end = Some(End::Done);
        } else {
            self.end = Some(End::WrongType(said));
        }
    }

    /// The call's end, of which the tokens may have yet to be counted; a call that was not over ends here as aborted.
    pub fn finish(mut self) -> Ended {
        let end = self.end.take().unwrap_or(End::Closed(Outcome::Aborted));
        let right_type = self.stream.as_ref().is_none_or(|stream| stream.has_right_type());
        let mid_event = self.stream.as_ref().is_some_and(|stream| stream.is_mid_event());
        if let Some(stream) = self.stream.take() {
            self.hops.push(stream.finish());
        }
        let hops = std::mem::take(&mut self.hops);
        let last = hops.last();
        let status = last.map_or(0, |hop| hop.status);
        let content_type = last.and_then(|hop| header::first(&hop.headers, "content-type"));
        let facts = Facts { status, content_type, right_type, mid_event, answer: &self.answer };
        let (outcome, error) = facts.judge(&end);
        let url = last.map_or_else(|| self.target.endpoint.template().to_owned(), |hop| hop.url.to_string());
        let (error, cause) = match end {
            End::Broken(cause) if error.is_empty() => (cause.stream_error("POST", &url), Some(cause)),
            End::Broken(cause) => (error, Some(cause)),
            _ => (error, None),
        };
        self.attempts.push(Attempt { hops, status, outcome, error: error.clone(), cause, waited: None });
        self.report(outcome, error, status)
    }

    fn report(self, outcome: Outcome, error: String, status: u16) -> Ended {
        let protocol = self.answer.protocol().unwrap_or(self.target.protocol.name());
        let Answer { mut marks, arrivals, events, reply, usage, done, .. } = self.answer;
        let trails = || self.attempts.iter().flat_map(|attempt| attempt.hops.iter().map(|hop| &hop.trail));
        marks.start = match self.attempts[0].hops.last() {
            Some(hop) => hop.trail.got_conn.unwrap_or(hop.trail.start),
            None => self.begun,
        };
        if let Some(trail) = trails().last() {
            (marks.headers, marks.first_byte, marks.end) = (trail.headers, trail.first_byte, trail.end);
        }
        let asked = tokens::texts_to_count(self.request, &reply, usage);
        // What takes a tokenizer is not done here, on a thread that has other streams to read.
        let uncounted = tokens::takes_time(&self.counter, &reply, usage);
        let tokens = tokens::tokens(&Counter::default(), &asked, &reply, usage);
        let mut report = Report {
            outcome,
            error,
            status,
            marks,
            arrivals,
            events,
            reply,
            usage,
            tokens,
            protocol,
            terminated: done,
            attempts: self.attempts,
            good: None,
        };
        if uncounted {
            let (keep_text, slo) = (self.target.keep_text, self.target.slo.clone());
            return Ended::uncounted(report, Uncounted::new(self.counter, asked, keep_text, slo));
        }
        if !self.target.keep_text {
            report.reply.drop_texts();
        }
        report.good = self.target.slo.as_ref().map(|slo| slo.is_met(&report));
        Ended::whole(report)
    }
}

/// What decides on the outcome.
struct Facts<'a> {
    status: u16,
    content_type: Option<&'a str>,
    right_type: bool,
    mid_event: bool,
    answer: &'a Answer,
}

impl Facts<'_> {
    /// `the answer is no event stream but text/html`
    fn no_stream(&self) -> String {
        let named = self.content_type.and_then(|value| value.split(';').next()).map(str::trim);
        match named.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("text/event-stream")) {
            Some(name) => format!("the answer is no event stream but {name}"),
            None => "the answer is no event stream".to_owned(),
        }
    }

    /// The first outcome that applies, and what there is to say about it.
    fn judge(&self, end: &End) -> (Outcome, String) {
        let answer = self.answer;
        let mut applying = Vec::with_capacity(4);
        match end {
            End::Broken(error) => applying.push((Outcome::of_error(error), String::new())),
            End::Refused(said) => applying.push((Outcome::HttpError, refused(self.status, said))),
            End::WrongType(said) => applying.push((
                Outcome::ProtocolError,
                format!("{}; does the server stream here? It begins: {said}", self.no_stream()),
            )),
            End::Closed(outcome) => applying.push((*outcome, String::new())),
            End::Done if answer.is_complete() && (answer.done || !self.mid_event) => {
                if let Some(first) = answer.foreign() {
                    applying.push((
                        Outcome::ProtocolError,
                        format!("no event says anything that the protocol knows; the first is: {first}"),
                    ));
                }
            }
            End::Done if !self.right_type && answer.events == 0 => applying.push((
                Outcome::ProtocolError,
                format!("{}; does the server stream here?", self.no_stream()),
            )),
            End::Done if self.status == 204 => {}
            End::Done => applying.push((
                Outcome::Truncated,
                "the stream ended before the answer did: neither a finish reason nor the terminator came"
                    .to_owned(),
            )),
        }
        if let Some(text) = &answer.error {
            applying.push((Outcome::StreamError, format!("the server broke off with an error: {text}")));
        }
        if let Some(text) = &answer.bad_event {
            applying.push((Outcome::ProtocolError, text.clone()));
        }
        // They are numbered in their order.
        let first = applying.into_iter().min_by_key(|(outcome, _)| *outcome as u8);
        first.unwrap_or((Outcome::Ok, String::new()))
    }
}

fn refused(status: u16, said: &str) -> String {
    if said.is_empty() { format!("status {status}") } else { format!("status {status}: {said}") }
}
