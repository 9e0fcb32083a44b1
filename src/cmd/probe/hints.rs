//! What may be wrong, and what to do about it.

use crate::llm::Report;
use crate::llm::tokens::Source;
use crate::net::Outcome;
use crate::net::error::{Dial, Kind};
use crate::net::header;

/// Events of which it can be said that they came together because somebody held them back.
const ENOUGH: usize = 8;

/// The hints for a call, the most telling first. `path` is what the protocol is usually found at.
pub(super) fn of(report: &Report, has_key: bool, path: &str) -> Vec<String> {
    let mut hints = Vec::new();
    connection(report, &mut hints);
    status(report, has_key, path, &mut hints);
    if report.status != 0 && report.status < 400 {
        kind(report, &mut hints);
        ending(report, &mut hints);
        pace(report, &mut hints);
        counts(report, &mut hints);
    }
    hints
}

/// There was no connection, or it broke.
fn connection(report: &Report, hints: &mut Vec<String>) {
    let Some(error) = report.attempts.last().and_then(|attempt| attempt.cause.as_ref()) else { return };
    let hint = match &error.kind {
        Kind::Dial { addr, cause: Dial::Refused } => {
            let place = addr.map_or_else(|| "there".to_owned(), |addr| format!("on {addr}"));
            format!("nobody listens {place}: is the server up, is the port right?")
        }
        Kind::Dial { .. } => "no connection: is the address right, is a firewall or a VPN between?".to_owned(),
        Kind::NoSuchHost(host) => format!("the name {host} does not exist: is it spelt right?"),
        Kind::UnknownAuthority => {
            "the certificate is signed by an authority that this machine does not know: install that authority, or \
             take any certificate with --insecure"
                .to_owned()
        }
        Kind::HostnameMismatch(_) => "the certificate is for another name: use that name in the URL, or --insecure".to_owned(),
        Kind::Certificate(_) => "the server's certificate is no good; --insecure takes any".to_owned(),
        Kind::NotTls => "the server does not speak TLS: try http:// in place of https://".to_owned(),
        Kind::Eof | Kind::Reset(_) | Kind::BrokenPipe => {
            "the server hung up without an answer: does it want https://, or did it crash? Its log may tell".to_owned()
        }
        Kind::UnexpectedEof => "the connection broke in the middle of the answer: look for a crash of the server, or \
             for a time limit of a proxy"
            .to_owned(),
        Kind::Malformed(_) => "what listens there does not speak HTTP/1.1: is the port right?".to_owned(),
        _ => match report.outcome {
            Outcome::TimeoutTotal if report.marks.first_token.is_none() => {
                "no token in time: is the model still being loaded, or is a queue before it? --timeout gives it longer"
                    .to_owned()
            }
            Outcome::TimeoutTotal => "the answer was not over in time: --timeout gives it longer, --max-tokens makes it shorter".to_owned(),
            _ => return,
        },
    };
    hints.push(hint);
}

/// The server refused.
fn status(report: &Report, has_key: bool, path: &str, hints: &mut Vec<String>) {
    let error = report.error.to_lowercase();
    let url = report.hop().map(|hop| hop.url.clone());
    let asked = url.as_ref().map_or("the path", |url| url.path());
    let hint = match report.status {
        401 | 403 if !has_key => "the server wants a key: give it with --api-key, or with --header".to_owned(),
        401 | 403 => "the server does not take this key: is it for this server, is it still good? Some servers want it in a \
             header of their own: --header 'api-key: …'"
            .to_owned(),
        404 if error.contains("model") => "the server does not know the model: name one that it has with --model".to_owned(),
        404 | 405 if asked.ends_with(path) => format!(
            "the server has nothing to ask at {asked}, where this protocol usually is: is it the right server, is \
             --protocol right? --api-path sets another path"
        ),
        404 | 405 => format!(
            "the server has nothing to ask at {asked}: this protocol is usually at {path}; is the URL complete, is \
             --protocol right? --api-path sets another path"
        ),
        400 | 422 if error.contains("http request") && error.contains("https") => {
            "the server wants TLS: try https://".to_owned()
        }
        400 | 422 if error.contains("model") => "name a model that the server has with --model".to_owned(),
        400 | 422 => "the server does not understand the request: is --protocol right?".to_owned(),
        408 | 504 => "a gateway gave up waiting for the model: is it overloaded, or still being loaded?".to_owned(),
        413 => "the prompt is too long for the server".to_owned(),
        429 => match header::first(report.headers(), "retry-after") {
            Some(after) => format!("the server limits the rate: it asks to wait {after} (Retry-After)"),
            None => "the server limits the rate: wait, or ask for a higher limit".to_owned(),
        },
        502 | 503 => "a gateway answers, but not the model behind it: is it up, is it still being loaded?".to_owned(),
        500.. => "the server failed: its log may tell why".to_owned(),
        _ => return,
    };
    hints.push(hint);
}

/// What came is not what it should be.
fn kind(report: &Report, hints: &mut Vec<String>) {
    let first = |name| header::first(report.headers(), name).unwrap_or_default();
    let content_type = first("content-type").split(';').next().unwrap_or_default().trim().to_lowercase();
    let streams = content_type == "text/event-stream"
        || content_type.contains("ndjson")
        || content_type.contains("jsonl");
    if content_type == "text/html" {
        hints.push(
            "the answer is a web page: is the URL that of the API, or is a login page before it?".to_owned(),
        );
    } else if !streams && report.events == 0 {
        hints.push(format!(
            "the answer is {}: the server does not stream here; --protocol or the path may be wrong",
            if content_type.is_empty() { "of no type" } else { &content_type }
        ));
    } else if !streams {
        let named =
            if content_type.is_empty() { "no type".to_owned() } else { format!("the type {content_type}") };
        hints.push(format!(
            "the stream says {named} in place of text/event-stream: browsers will not read it"
        ));
    }
    if !first("content-encoding").is_empty() {
        hints.push(format!(
            "the stream is packed ({}), which holds events back in many servers and proxies",
            first("content-encoding")
        ));
    }
    let redirects = report.attempts.last().map_or(0, |attempt| attempt.hops.len().saturating_sub(1));
    if redirects > 0
        && let Some(hop) = report.hop()
    {
        hints.push(format!(
            "the server redirects to {}: ask there directly, each redirect costs a round trip",
            hop.url
        ));
    }
}

/// The end is not as it should be.
fn ending(report: &Report, hints: &mut Vec<String>) {
    match report.outcome {
        Outcome::Truncated => hints.push(
            "the stream ended without a finish reason and without its last event ([DONE] in OpenAI's protocols): the \
             server or a proxy cut it off"
                .to_owned(),
        ),
        Outcome::StreamError => hints.push("the status was fine, but the stream reports an error; clients that only \
             look at the status will miss it".to_owned()),
        // Gemini's streams have none.
        Outcome::Ok if !report.terminated && report.protocol != "gemini" => {
            hints.push("the last event of the protocol is missing ([DONE] in OpenAI's): some clients wait for it".to_owned());
        }
        _ => {}
    }
    if report.outcome == Outcome::Ok && report.arrivals.is_empty() {
        hints.push("the answer is empty: no text, no thoughts, no call of a tool".to_owned());
    }
    if matches!(report.finish_reason(), "length" | "max_tokens" | "MAX_TOKENS") {
        hints.push("the answer was cut at its longest length: --max-tokens sets it".to_owned());
    }
}

/// The times are not what they seem.
fn pace(report: &Report, hints: &mut Vec<String>) {
    let gaps: Vec<_> = report.arrivals.gaps().map(|(_, gap)| gap).collect();
    let apart = gaps.iter().filter(|gap| !gap.is_zero()).count();
    if gaps.len() + 1 >= ENOUGH && apart == 0 {
        hints.push(format!(
            "all {} pieces came in one read: something between holds them back (nginx: proxy_buffering off, or the header \
             X-Accel-Buffering: no; gzip), or the answer was there at once. Times between tokens mean nothing here",
            gaps.len() + 1
        ));
    } else if gaps.len() + 1 >= 2 * ENOUGH && apart * 4 < gaps.len() {
        hints.push(format!(
            "{} pieces came in {} reads: something between gathers them, so times between tokens are those of its \
             buffer",
            gaps.len() + 1,
            apart + 1
        ));
    }
    let (first_event, first_token) = (report.marks.first_event, report.marks.first_token);
    if let (Some(event), Some(token)) = (first_event, first_token) {
        let early = token.saturating_duration_since(event).as_secs_f64() * 1e3;
        if early >= 20.0 {
            hints.push(format!(
                "the first event came {early:.0} ms before the first token: tools that take it for the token report a \
                 shorter time to first token"
            ));
        }
    }
    if report.hop().is_some_and(|hop| hop.proto == "HTTP/1.0") {
        hints.push("the answer is one of HTTP/1.0: each request needs a connection of its own".to_owned());
    }
}

/// The tokens are not what they seem.
fn counts(report: &Report, hints: &mut Vec<String>) {
    if report.outcome != Outcome::Ok {
        return;
    }
    if report.tokens.completion.source != Source::Usage {
        hints.push(format!(
            "the server does not say how many tokens it made: the count is {}; --tokenizer takes a tokenizer.json",
            if report.tokens.completion.source == Source::Tokenizer { "a tokenizer's" } else { "an estimate" }
        ));
    }
    if let Some(counted) = report.tokens.mismatch {
        hints.push(format!(
            "the server counts {} tokens, the tokenizer {counted}: is it the model's?",
            report.tokens.completion.count
        ));
    }
}
