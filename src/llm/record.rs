//! A report as samples, by the definitions of docs/metrics.md.

use std::time::{Duration, Instant};

use super::report::Report;
use super::tokens::Source;
use crate::k6::builtin::{self, Builtin};
use crate::k6::duration::milliseconds;

/// What a sample is tagged with beyond the call's own tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagged {
    No,
    /// `tokens`
    Tokens(Source),
    /// `outcome` and `finish_reason`, which are the report's.
    Outcome,
}

/// Gives out the samples of a call: metric, further tags, instant, value (times in milliseconds). `gaps`: whether
/// the gaps between events are wanted one by one.
pub fn record(report: &Report, gaps: bool, push: &mut dyn FnMut(&'static Builtin, Tagged, Instant, f64)) {
    let marks = &report.marks;
    let end = marks.end;
    let mut time = |metric, at: Option<Instant>, value: Option<Duration>| {
        if let (Some(at), Some(value)) = (at, value) {
            push(metric, Tagged::No, at, milliseconds(value));
        }
    };
    time(&builtin::LLM_TIME_TO_FIRST_TOKEN, marks.first_token, marks.time_to_first_token());
    let visible = marks.time_to_first_visible_token();
    time(&builtin::LLM_TIME_TO_FIRST_VISIBLE_TOKEN, marks.first_visible, visible);
    if gaps {
        for (at, gap) in report.arrivals.gaps() {
            time(&builtin::LLM_INTER_TOKEN_LATENCY, Some(at), Some(gap));
        }
    }
    time(&builtin::LLM_REQUEST_DURATION, marks.last_token, marks.duration());
    time(&builtin::LLM_TAIL, Some(end), marks.tail());
    if report.is_ok() {
        tokens(report, push);
    }
    push(&builtin::LLM_REQUESTS, Tagged::Outcome, end, 1.0);
    if report.retries() > 0 {
        push(&builtin::LLM_RETRIES, Tagged::No, end, report.retries() as f64);
    }
    if let Some(good) = report.good {
        push(&builtin::LLM_GOODPUT, Tagged::No, end, f64::from(u8::from(good)));
    }
}

/// Token figures are those of whole answers: half an answer's usage has not come.
fn tokens(report: &Report, push: &mut dyn FnMut(&'static Builtin, Tagged, Instant, f64)) {
    let (marks, tokens) = (&report.marks, &report.tokens);
    let end = marks.end;
    let usage = |count: u64| (count, Source::Usage);
    let (prompt, completion) = (tokens.prompt, tokens.completion);
    let by_source = Tagged::Tokens(completion.source);
    if let Some(time) = marks.time_per_output_token(completion.count) {
        push(&builtin::LLM_TIME_PER_OUTPUT_TOKEN, by_source, end, milliseconds(time));
    }
    if let Some(rate) = marks.tokens_per_second(completion.count) {
        push(&builtin::LLM_OUTPUT_TOKENS_PER_SECOND, by_source, end, rate);
    }
    for (trend, total, count) in [
        (&builtin::LLM_PROMPT_TOKENS, &builtin::LLM_PROMPT_TOKENS_TOTAL, Some((prompt.count, prompt.source))),
        (
            &builtin::LLM_COMPLETION_TOKENS,
            &builtin::LLM_COMPLETION_TOKENS_TOTAL,
            Some((completion.count, completion.source)),
        ),
        (&builtin::LLM_CACHED_TOKENS, &builtin::LLM_CACHED_TOKENS_TOTAL, tokens.cached.map(usage)),
        (&builtin::LLM_REASONING_TOKENS, &builtin::LLM_REASONING_TOKENS_TOTAL, tokens.reasoning.map(usage)),
    ] {
        if let Some((count, source)) = count {
            push(trend, Tagged::Tokens(source), end, count as f64);
            push(total, Tagged::Tokens(source), end, count as f64);
        }
    }
    if tokens.mismatch.is_some() {
        push(&builtin::LLM_TOKEN_MISMATCHES, Tagged::No, end, 1.0);
    }
}
