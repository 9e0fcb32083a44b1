//! What was found, as a page of text or as JSON.

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::waterfall::{draw, phases};
use crate::k6::duration::milliseconds;
use crate::llm::Report;
use crate::net::debug::without_secrets;
use crate::net::header;

/// The page.
pub(super) fn text(report: &Report, hints: &[String]) -> String {
    let mut page = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(page, "  {name:<14} {value}");
        }
    };
    line("outcome", &outcome(report));
    line("answer", &answer(report));
    line("protocol", if report.protocol == "auto" { "not found out" } else { report.protocol });
    line("tokens", &tokens(report));
    line("speed", &speed(report));
    line("message", report.reply.message_id.as_deref().unwrap_or_default());
    line("conversation", report.reply.conversation_id.as_deref().unwrap_or_default());
    let marks = marks(report);
    if !marks.is_empty() {
        page += "\nmarks, since the request could be sent\n";
        for (name, at) in marks {
            let _ = writeln!(page, "  {name:<14} {:9.1} ms", milliseconds(at));
        }
    }
    let waterfall = draw(&phases(report));
    if !waterfall.is_empty() {
        let _ = write!(page, "\nwaterfall\n{waterfall}");
    }
    if !hints.is_empty() {
        page += "\nhints\n";
        for hint in hints {
            let _ = writeln!(page, "  - {hint}");
        }
    }
    page
}

fn outcome(report: &Report) -> String {
    let mut text = report.outcome.name().to_owned();
    if !report.finish_reason().is_empty() {
        text += &format!(", finish reason {}", report.finish_reason());
    }
    if !report.error.is_empty() {
        text += &format!(": {}", report.error);
    }
    text
}

/// What the head of the answer says.
fn answer(report: &Report) -> String {
    let Some(hop) = report.hop().filter(|hop| hop.status != 0) else { return String::new() };
    let tls = if hop.tls_version.is_empty() { String::new() } else { format!(", {}", hop.tls_version) };
    let kind = header::first(&hop.headers, "content-type").unwrap_or("no content type");
    let remote = hop.remote.map(|remote| format!(", from {remote}")).unwrap_or_default();
    format!("{} {}, {kind}, {}{tls}{remote}", hop.status, hop.reason, hop.proto)
}

fn tokens(report: &Report) -> String {
    if report.arrivals.is_empty() {
        return String::new();
    }
    let tokens = &report.tokens;
    let mut text = format!(
        "{} of the prompt ({}), {} of the answer ({})",
        tokens.prompt.count,
        tokens.prompt.source.name(),
        tokens.completion.count,
        tokens.completion.source.name()
    );
    for (count, name) in [(tokens.cached, "from a cache"), (tokens.reasoning, "of thoughts")] {
        if let Some(count) = count.filter(|count| *count > 0) {
            text += &format!(", {count} {name}");
        }
    }
    text + &format!("; {} events with content", report.arrivals.len())
}

/// The figures that load tests report.
fn speed(report: &Report) -> String {
    let count = report.tokens.completion.count;
    let mut parts = Vec::new();
    let mut time = |name: &str, value: Option<Duration>| {
        if let Some(value) = value {
            parts.push(format!("{name} {:.1} ms", milliseconds(value)));
        }
    };
    time("TTFT", report.marks.time_to_first_token());
    time("TPOT", report.marks.time_per_output_token(count));
    time("longest gap", report.arrivals.longest_gap());
    if let Some(rate) = report.marks.tokens_per_second(count) {
        parts.push(format!("{rate:.1} tokens/s"));
    }
    parts.join(", ")
}

/// The marks that were reached, by name.
fn marks(report: &Report) -> Vec<(&'static str, Duration)> {
    let marks = &report.marks;
    if report.status == 0 {
        return Vec::new();
    }
    let all: [(&str, Option<Instant>); 7] = [
        ("headers", marks.headers),
        ("first_byte", marks.first_byte),
        ("first_event", marks.first_event),
        ("first_token", marks.first_token),
        ("first_visible", marks.first_visible),
        ("last_token", marks.last_token),
        ("end", Some(marks.end)),
    ];
    all.into_iter().filter_map(|(name, at)| Some((name, marks.since_start(at)?))).collect()
}

/// The same as JSON; times in milliseconds.
pub(super) fn json(report: &Report, hints: &[String]) -> String {
    let table = |pairs: Vec<(&'static str, Duration)>| -> Value {
        pairs
            .into_iter()
            .map(|(name, time)| (name.to_owned(), milliseconds(time).into()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let phases = phases(report).into_iter().map(|phase| (phase.name, phase.took)).collect();
    let gaps: Vec<_> = report.arrivals.gaps().map(|(_, gap)| milliseconds(gap)).collect();
    let tokens = &report.tokens;
    let found = json!({
        "url": report.hop().map(|hop| String::from(without_secrets(&hop.url))),
        "protocol": report.protocol,
        "status": report.status,
        "outcome": report.outcome.name(),
        "error": report.error,
        "finish_reason": report.reply.finish_reason,
        "text": report.reply.text,
        "reasoning": report.reply.reasoning,
        "tool_calls": report.reply.tool_calls.iter().map(|call| json!({"name": call.name, "arguments": call.arguments})).collect::<Vec<_>>(),
        "marks": table(marks(report)),
        "phases": table(phases),
        "gaps": gaps,
        "events": report.events,
        "tokens": {
            "prompt": tokens.prompt.count,
            "prompt_source": tokens.prompt.source.name(),
            "completion": tokens.completion.count,
            "completion_source": tokens.completion.source.name(),
            "cached": tokens.cached,
            "reasoning": tokens.reasoning,
        },
        "tokens_per_second": report.marks.tokens_per_second(tokens.completion.count),
        "hints": hints,
    });
    // A value of strings and numbers always has a text.
    format!("{}\n", serde_json::to_string_pretty(&found).unwrap_or_default())
}
