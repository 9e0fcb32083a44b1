//! The table of `--summary-mode=llm`: requests by outcome, tokens, and the distributions of all times.

use super::Page;
use crate::metrics::sink::{Sink, TrendSink};
use crate::metrics::snapshot::MetricSnapshot;
use crate::metrics::trend_stat::TrendStat;
use crate::summary::style::{pad, width};
use crate::summary::{counter_rate, number};

/// Rows of the table, in this order; other trends of LLM calls follow them.
const ROWS: &[&str] = &[
    "llm_time_to_first_token",
    "llm_time_to_first_visible_token",
    "llm_inter_token_latency",
    "llm_time_per_output_token",
    "llm_request_duration",
    "llm_tail",
    "llm_output_tokens_per_second",
    "llm_prompt_tokens",
    "llm_completion_tokens",
    "sse_time_to_first_event",
    "sse_event_gap",
    "sse_stream_duration",
    "http_req_duration",
];

/// Columns: what they are called, and the percentile or other figure.
const COLUMNS: &[(&str, &str)] = &[
    ("mean", "avg"),
    ("p50", "p(50)"),
    ("p90", "p(90)"),
    ("p95", "p(95)"),
    ("p99", "p(99)"),
    ("p99.9", "p(99.9)"),
    ("min", "min"),
    ("max", "max"),
];

/// Where token counts come from, as the tag `tokens` says; figures of different origin are never added up.
pub const TOKEN_ORIGINS: &[&str] = &["usage", "tokenizer", "estimate"];

/// Writes the section; nothing where there were no streams.
pub(super) fn write(page: &mut Page) {
    let rows = rows(page);
    let requests = requests(page);
    if rows.is_empty() || (requests.is_none() && !rows.iter().any(|metric| is_stream(&metric.name))) {
        return;
    }
    page.title("LLM");
    let mut facts: Vec<(&str, String)> = requests.map(|text| ("requests", text)).into_iter().collect();
    for (label, name) in
        [("tokens in", "llm_prompt_tokens_total"), ("tokens out", "llm_completion_tokens_total")]
    {
        facts.extend(tokens(page, name).map(|text| (label, text)));
    }
    if let Some(Sink::Rate(rate)) = whole(page, "llm_goodput").map(|metric| &metric.sink) {
        facts.push((
            "goodput",
            format!("{} {} out of {}", number::percent(rate.rate()), rate.trues, rate.total),
        ));
    }
    let to = facts.iter().map(|(label, _)| width(label)).max().unwrap_or(0);
    for (label, text) in &facts {
        page.line(2, &format!("{}  {text}", pad(label, to)));
    }
    if !facts.is_empty() {
        page.blank();
    }
    table(page, &rows);
    page.blank();
}

fn table(page: &mut Page, rows: &[&MetricSnapshot]) {
    let unit = page.summary.options.time_unit;
    let cells = |metric: &MetricSnapshot, trend: &TrendSink| -> Vec<String> {
        let stats = COLUMNS.iter().filter_map(|(_, stat)| stat.parse::<TrendStat>().ok());
        stats.map(|stat| number::value(stat.of(trend), metric.contains, unit)).collect()
    };
    let lines: Vec<(String, Vec<String>)> = rows
        .iter()
        .filter_map(|metric| match &metric.sink {
            Sink::Trend(trend) => Some((metric.full_name(), cells(metric, trend))),
            _ => None,
        })
        .collect();
    let name = lines.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let mut head = " ".repeat(name);
    let mut texts: Vec<_> = lines.iter().map(|(text, _)| pad(text, name)).collect();
    for (column, (title, _)) in COLUMNS.iter().enumerate() {
        let cells = lines.iter().map(|(_, cells)| &cells[column]);
        let to = cells.map(|cell| width(cell)).max().unwrap_or(0).max(width(title));
        head.push_str(&format!("  {}{title}", " ".repeat(to - width(title))));
        for (text, (_, cells)) in texts.iter_mut().zip(&lines) {
            let cell = &cells[column];
            text.push_str(&format!("  {}{}", " ".repeat(to - width(cell)), page.style.cyan(cell)));
        }
    }
    let head = page.style.bold(&head);
    page.line(2, &head);
    texts.iter().for_each(|text| page.line(2, text));
}

/// The trends with samples.
fn rows<'a>(page: &Page<'a>) -> Vec<&'a MetricSnapshot> {
    let snapshot = &page.summary.snapshot;
    let is_row = |metric: &&MetricSnapshot| {
        let named = ROWS.contains(&&*metric.name) || metric.name.starts_with("llm_");
        named && metric.selector.is_none() && matches!(&metric.sink, Sink::Trend(trend) if trend.count() > 0)
    };
    let mut rows: Vec<_> = snapshot.metrics.iter().filter(is_row).collect();
    let place = |name: &str| ROWS.iter().position(|row| *row == name);
    // Before the streams' own come those without a place.
    let streams = place("sse_time_to_first_event").unwrap_or(ROWS.len());
    rows.sort_by_key(|metric| {
        let place = place(&metric.name);
        (place.unwrap_or(streams), place.is_some(), metric.name.clone())
    });
    rows
}

fn is_stream(name: &str) -> bool {
    name.starts_with("llm_") || name.starts_with("sse_")
}

/// `120 (4.9/s): 118 ok, 2 truncated`
fn requests(page: &Page) -> Option<String> {
    let name = ["llm_requests", "sse_streams"].into_iter().find(|name| whole(page, name).is_some())?;
    let Sink::Counter(all) = &whole(page, name)?.sink else { return None };
    let rate = counter_rate(all, page.summary.snapshot.duration);
    let mut outcomes: Vec<_> = parts(page, name, "outcome").filter(|(_, count)| *count > 0.0).collect();
    outcomes.sort_by(|a, b| b.1.total_cmp(&a.1));
    let outcomes: Vec<_> =
        outcomes.iter().map(|(outcome, count)| format!("{} {outcome}", number::count(*count))).collect();
    let colon = if outcomes.is_empty() { "" } else { ": " };
    Some(format!("{} ({rate:.2}/s){colon}{}", number::count(all.sum), outcomes.join(", ")))
}

/// `45678 (1521.2/s, usage)`, for each origin of the counts.
fn tokens(page: &Page, name: &str) -> Option<String> {
    let Sink::Counter(all) = &whole(page, name)?.sink else { return None };
    let duration = page.summary.snapshot.duration;
    let shown = |sum: f64, origin: &str| {
        let rate = if duration.is_zero() { 0.0 } else { sum / duration.as_secs_f64() };
        format!("{} ({:.1}/s{origin})", number::count(sum), rate)
    };
    let origins =
        parts(page, name, "tokens").filter(|(origin, sum)| TOKEN_ORIGINS.contains(origin) && *sum > 0.0);
    let texts: Vec<_> = origins.map(|(origin, sum)| shown(sum, &format!(", {origin}"))).collect();
    Some(if texts.is_empty() { shown(all.sum, "") } else { texts.join(", ") })
}

fn whole<'a>(page: &Page<'a>, name: &str) -> Option<&'a MetricSnapshot> {
    let metrics = &page.summary.snapshot.metrics;
    metrics.iter().find(|metric| metric.name == name && metric.selector.is_none())
}

/// The counts of a counter's sub-metrics by the values of one tag.
fn parts<'a>(page: &Page<'a>, name: &str, tag: &str) -> impl Iterator<Item = (&'a str, f64)> {
    page.summary.snapshot.metrics.iter().filter_map(move |metric| {
        let value = metric.selector.as_deref()?.strip_prefix(tag)?.strip_prefix(':')?;
        match &metric.sink {
            Sink::Counter(counter) if metric.name == name => Some((value, counter.sum)),
            _ => None,
        }
    })
}
