//! What a script gets of a call: an ordinary object.

use std::time::{Duration, Instant};

use boa_engine::object::JsObject;
use boa_engine::{Context, JsValue};

use crate::js::convert::{array, object, put, string};
use crate::k6::duration::milliseconds;
use crate::llm::{Report, Source, ToolCall};

/// The object.
pub fn result(report: &Report, context: &mut Context) -> JsValue {
    let made = object(context);
    let reply = &report.reply;
    put(&made, "ok", report.is_ok());
    put(&made, "outcome", string(report.outcome.name()));
    put(&made, "error", string(&report.error));
    put(&made, "status", i32::from(report.status));
    put(&made, "text", string(&reply.text));
    put(&made, "reasoning", string(&reply.reasoning));
    let calls: Vec<_> = reply.tool_calls.iter().map(|call| tool_call(call, context)).collect();
    put(&made, "toolCalls", array(calls, context));
    put(&made, "finishReason", maybe_text(reply.finish_reason.as_deref()));
    put(&made, "conversationId", maybe_text(reply.conversation_id.as_deref()));
    put(&made, "messageId", maybe_text(reply.message_id.as_deref()));
    put(&made, "usage", usage(report, context));
    put(&made, "tokens", tokens(report, context));
    put(&made, "protocol", string(report.protocol));
    put(&made, "terminated", report.terminated);
    put(&made, "events", report.events as f64);
    put(&made, "marks", marks(report, context));
    let gaps: Vec<_> = report.arrivals.gaps().map(|(_, gap)| JsValue::from(milliseconds(gap))).collect();
    put(&made, "gaps", array(gaps, context));
    put(&made, "timings", timings(report, context));
    let headers = object(context);
    for (name, values) in report.headers() {
        put(&headers, name, string(&values.join(", ")));
    }
    put(&made, "headers", headers);
    put(&made, "attempts", attempts(report, context));
    put(&made, "good", report.good.map_or_else(JsValue::null, JsValue::from));
    made.into()
}

fn tool_call(call: &ToolCall, context: &Context) -> JsValue {
    let made = object(context);
    put(&made, "id", string(&call.id));
    put(&made, "name", string(&call.name));
    put(&made, "arguments", string(&call.arguments));
    made.into()
}

/// As the server said it; `null` if it said nothing.
fn usage(report: &Report, context: &Context) -> JsValue {
    if report.usage.is_empty() {
        return JsValue::null();
    }
    let made = object(context);
    for (name, count) in [
        ("promptTokens", report.usage.prompt),
        ("completionTokens", report.usage.completion),
        ("cachedTokens", report.usage.cached),
        ("reasoningTokens", report.usage.reasoning),
    ] {
        put(&made, name, count.map_or_else(JsValue::null, |count| JsValue::from(count as f64)));
    }
    made.into()
}

fn tokens(report: &Report, context: &Context) -> JsValue {
    let made = object(context);
    let tokens = &report.tokens;
    put(&made, "prompt", tokens.prompt.count as f64);
    put(&made, "completion", tokens.completion.count as f64);
    put(&made, "source", string(tokens.completion.source.name()));
    let prompt_source: Source = tokens.prompt.source;
    put(&made, "promptSource", string(prompt_source.name()));
    put(&made, "mismatch", tokens.mismatch.map_or_else(JsValue::null, |count| JsValue::from(count as f64)));
    made.into()
}

/// In milliseconds since the start; `null` where there is none.
fn marks(report: &Report, context: &Context) -> JsValue {
    let made = object(context);
    let marks = &report.marks;
    let since = |mark: Option<Instant>| maybe_time(marks.since_start(mark));
    for (name, mark) in [
        ("headers", marks.headers),
        ("firstByte", marks.first_byte),
        ("firstEvent", marks.first_event),
        ("firstToken", marks.first_token),
        ("firstVisible", marks.first_visible),
        ("lastToken", marks.last_token),
        ("end", Some(marks.end)),
    ] {
        put(&made, name, since(mark));
    }
    made.into()
}

/// The figures of the call, and k6's of the last attempt.
fn timings(report: &Report, context: &Context) -> JsValue {
    let made = object(context);
    let (marks, tokens) = (&report.marks, report.tokens.completion.count);
    put(&made, "ttft", maybe_time(marks.time_to_first_token()));
    put(&made, "tpot", maybe_time(marks.time_per_output_token(tokens)));
    put(&made, "duration", maybe_time(marks.duration()));
    put(&made, "tail", maybe_time(marks.tail()));
    let rate = marks.tokens_per_second(tokens);
    put(&made, "tokensPerSecond", rate.map_or_else(JsValue::null, JsValue::from));
    if let Some(trail) = report.hop().map(|hop| &hop.trail) {
        for (name, time) in [
            ("blocked", trail.blocked),
            ("connecting", trail.connecting),
            ("tlsHandshaking", trail.tls),
            ("sending", trail.sending),
            ("waiting", trail.waiting),
            ("receiving", trail.receiving),
        ] {
            put(&made, name, milliseconds(time));
        }
    }
    made.into()
}

fn attempts(report: &Report, context: &mut Context) -> JsValue {
    let made: Vec<_> = report
        .attempts
        .iter()
        .map(|attempt| {
            let made: JsObject = object(context);
            put(&made, "status", i32::from(attempt.status));
            put(&made, "outcome", string(attempt.outcome.name()));
            put(&made, "error", string(&attempt.error));
            put(&made, "waited", maybe_time(attempt.waited));
            made.into()
        })
        .collect();
    array(made, context)
}

fn maybe_text(text: Option<&str>) -> JsValue {
    text.map_or_else(JsValue::null, string)
}

fn maybe_time(time: Option<Duration>) -> JsValue {
    time.map_or_else(JsValue::null, |time| milliseconds(time).into())
}
