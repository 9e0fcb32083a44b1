//! The end result: tables of all metrics, outcomes with what to do about them, and the same as JSON.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::breakdown::TOKENS;
use super::hints::{Asked, hint};
use super::session::Measured;
use super::table::Table;
use super::tally::Figures;
use crate::metrics::sink::{Sink, TrendSink};
use crate::metrics::snapshot::MetricSnapshot;
use crate::metrics::trend_stat::TrendStat;
use crate::net::Outcome;
use crate::summary::style::Style;
use crate::summary::text::TOKEN_ORIGINS;
use crate::summary::{by_name, counter_rate, number};

type Figure = fn(&TrendSink) -> f64;

/// The columns of a trend: their names and how they are made.
const COLUMNS: [(&str, Figure); 8] = [
    ("mean", TrendSink::avg),
    ("p50", |trend| trend.percentile(50.0)),
    ("p90", |trend| trend.percentile(90.0)),
    ("p95", |trend| trend.percentile(95.0)),
    ("p99", |trend| trend.percentile(99.0)),
    ("p99.9", |trend| trend.percentile(99.9)),
    ("min", TrendSink::min),
    ("max", TrendSink::max),
];

/// The metrics that are shown first, in this order.
const FIRST: [&str; 11] = [
    "llm_time_to_first_token",
    "llm_time_to_first_visible_token",
    "llm_time_per_output_token",
    "llm_inter_token_latency",
    "llm_request_duration",
    "llm_tail",
    "llm_output_tokens_per_second",
    "llm_prompt_tokens",
    "llm_completion_tokens",
    "llm_cached_tokens",
    "llm_reasoning_tokens",
];

/// What a measurement came to, to be shown.
pub struct Report<'a> {
    pub measured: &'a Measured,
    pub asked: Asked<'a>,
}

impl Report<'_> {
    /// The whole text, with a blank line in front.
    pub fn text(&self, style: Style) -> String {
        let mut text = self.requests(style);
        let metrics = self.shown();
        let of = |wanted: fn(&MetricSnapshot) -> bool| metrics.iter().copied().filter(move |m| wanted(m));
        let sections = [
            (
                "TOKENS AND TIMES",
                of(|m| m.name.starts_with("llm_") && m.selector.is_none()).collect::<Vec<_>>(),
            ),
            ("BY CONVERSATION AND TURN", of(|m| m.selector.is_some()).collect()),
            ("HTTP, STREAMS AND SSEK", of(|m| !m.name.starts_with("llm_") && m.selector.is_none()).collect()),
        ];
        for (title, metrics) in sections {
            let table = trends(&metrics);
            if !table.is_empty() {
                text.push_str(&format!(
                    "\n{}\n{}",
                    style.bold(title),
                    table.render(2, |head| style.faint(head))
                ));
            }
        }
        let totals = self.totals(&metrics);
        text.push_str(&format!("\n{}\n{}", style.bold("TOTALS"), totals.render(2, |head| style.faint(head))));
        text.push_str(&self.thresholds(style));
        if let Some(client) = &self.measured.client {
            text.push_str(&format!("\n{}\n", client.line(style)));
        }
        if let Some(behind) = &self.measured.uncounted {
            text.push_str(&format!("{}\n", style.yellow(behind)));
        }
        text
    }

    /// How requests ended, what went wrong, and what to do.
    fn requests(&self, style: Style) -> String {
        let Measured { figures, elapsed, result, .. } = self.measured;
        let outcomes = self.outcomes();
        let done: f64 = outcomes.iter().map(|(_, count)| count).sum();
        let ok =
            outcomes.iter().find(|(outcome, _)| *outcome == Outcome::Ok).map_or(0.0, |(_, count)| *count);
        let share = if done > 0.0 { percent(ok / done) } else { "none".to_owned() };
        let mut facts = vec![
            format!("{} in {}", counted(done, "request"), seconds(*elapsed)),
            format!("{} ok ({share})", number::count(ok)),
            format!("{:.2}/s", per_second(done, result.snapshot.duration)),
        ];
        if figures.retries > 0 {
            facts.push(format!("{} on top", counted_as(figures.retries as f64, "retry", "retries")));
        }
        if figures.broken_off > 0 && self.has_turns() {
            facts.push(format!("{} broken off", counted(figures.broken_off as f64, "conversation")));
        }
        let mut text = format!("\n{}\n  {}\n", style.bold("REQUESTS"), facts.join(" · "));
        if let Some(tokens) = self.tokens() {
            text.push_str(&format!("  {tokens}\n"));
        }
        let mut table = Table::new(&["outcome", "requests", "share"], 1);
        for (outcome, count) in outcomes.iter().filter(|(_, count)| *count > 0.0) {
            table.row(vec![outcome.name().to_owned(), number::count(*count), percent(count / done)]);
        }
        if outcomes.iter().any(|(outcome, count)| *outcome != Outcome::Ok && *count > 0.0) {
            text.push_str(&table.render(2, |head| style.faint(head)));
        }
        for (failed, count) in figures.failures.iter().take(10) {
            text.push_str(&format!("  {} {count}× {}\n", style.red("✗"), failed.said()));
            if let Some(hint) = hint(failed, self.asked) {
                text.push_str(&format!("      {}\n", style.yellow(&hint)));
            }
        }
        for remark in remarks(figures) {
            text.push_str(&format!("  {} {remark}\n", style.yellow("!")));
        }
        text
    }

    /// `tokens: 200 of prompts (usage), 640 of answers (estimate)`; figures of different origin stand beside each other.
    fn tokens(&self) -> Option<String> {
        let whose = ["prompts", "answers"];
        let facts: Vec<_> = TOKENS
            .iter()
            .zip(whose)
            .flat_map(|(metric, whose)| {
                let origins = self.origins(metric).into_iter();
                origins.map(move |(origin, sum)| format!("{} of {whose} ({origin})", number::count(sum)))
            })
            .collect();
        (!facts.is_empty()).then(|| format!("tokens: {}", facts.join(", ")))
    }

    /// Tokens by where their count comes from.
    fn origins(&self, metric: &str) -> Vec<(&'static str, f64)> {
        let sum = |origin: &str| {
            let selector = format!("tokens:{origin}");
            let of = |m: &&MetricSnapshot| m.name == metric && m.selector.as_deref() == Some(&selector);
            match self.measured.result.snapshot.metrics.iter().find(of).map(|metric| &metric.sink) {
                Some(Sink::Counter(counter)) => counter.sum,
                _ => 0.0,
            }
        };
        TOKEN_ORIGINS.iter().map(|origin| (*origin, sum(origin))).filter(|(_, sum)| *sum > 0.0).collect()
    }

    /// Whether conversations were held, and not only questions asked.
    fn has_turns(&self) -> bool {
        let of_part = |m: &MetricSnapshot| {
            m.selector.as_deref().is_some_and(|s| s.starts_with("conversation:") || s.starts_with("turn:"))
        };
        self.measured.result.snapshot.metrics.iter().any(of_part)
    }

    /// Counters, gauges and rates.
    fn totals(&self, metrics: &[&MetricSnapshot]) -> Table {
        let duration = self.measured.result.snapshot.duration;
        let mut table = Table::new(&["metric", "total", "per second"], 1);
        for metric in metrics {
            let value = |value| number::value(value, metric.contains, None);
            let cells = match &metric.sink {
                Sink::Counter(counter) => {
                    [value(counter.sum), format!("{}/s", value(counter_rate(counter, duration)))]
                }
                Sink::Gauge(gauge) => {
                    [value(gauge.value), format!("{} to {}", value(gauge.min), value(gauge.max))]
                }
                Sink::Rate(rate) => [percent(rate.rate()), format!("{} of {}", rate.trues, rate.total)],
                Sink::Trend(_) => continue,
            };
            let [total, rate] = cells;
            table.row(vec![metric.full_name(), total, rate]);
        }
        table
    }

    fn thresholds(&self, style: Style) -> String {
        let mut text = String::new();
        for metric in &self.measured.result.snapshot.metrics {
            for threshold in &metric.thresholds {
                let mark = if threshold.ok { style.green("✓") } else { style.red("✗") };
                let found = compared(metric, &threshold.source, self.measured.result.snapshot.duration);
                text.push_str(&format!("  {mark} {} {}: {found}\n", metric.full_name(), threshold.source));
            }
        }
        if text.is_empty() { text } else { format!("\n{}\n{text}", style.bold("THRESHOLDS")) }
    }

    /// How many requests ended in each way, warm-up and cool-down left out.
    pub fn outcomes(&self) -> Vec<(Outcome, f64)> {
        let count = |outcome: Outcome| {
            let selector = format!("outcome:{}", outcome.name());
            let of =
                |m: &&MetricSnapshot| m.name == "llm_requests" && m.selector.as_deref() == Some(&selector);
            match self.measured.result.snapshot.metrics.iter().find(of).map(|metric| &metric.sink) {
                Some(Sink::Counter(counter)) => counter.sum,
                _ => 0.0,
            }
        };
        Outcome::ALL.iter().rev().map(|outcome| (*outcome, count(*outcome))).collect()
    }

    /// The metrics that have a place in the tables, in their order.
    fn shown(&self) -> Vec<&MetricSnapshot> {
        let is_shown = |metric: &&MetricSnapshot| {
            let part = metric.selector.as_deref().unwrap_or_default();
            let told_elsewhere =
                ["outcome:", "tokens:", "expected_response:"].iter().any(|tag| part.starts_with(tag));
            !metric.sink.is_empty() && (!told_elsewhere || !metric.thresholds.is_empty())
        };
        let mut metrics: Vec<_> = self.measured.result.snapshot.metrics.iter().filter(is_shown).collect();
        let rank = |m: &MetricSnapshot| FIRST.iter().position(|name| *name == m.name).unwrap_or(FIRST.len());
        metrics.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| by_name(a, b)));
        metrics
    }

    /// The same figures for programs. Times in milliseconds unless the name says otherwise.
    pub fn json(&self) -> Value {
        let Measured { figures, elapsed, result, client, resolved, .. } = self.measured;
        let outcomes = self.outcomes();
        let done: f64 = outcomes.iter().map(|(_, count)| count).sum();
        let named = |(outcome, count): &(Outcome, f64)| (outcome.name().to_owned(), json!(count));
        let errors = figures.failures.iter().map(|(failed, count)| {
            json!({ "outcome": failed.outcome, "status": failed.status, "error": failed.text, "count": count,
                    "hint": hint(failed, self.asked) })
        });
        let by_origin = |metric| {
            let origins = self.origins(metric).into_iter();
            origins.map(|(origin, sum)| (origin.to_owned(), json!(sum))).collect::<Map<_, _>>()
        };
        let mut metrics = Map::new();
        let mut thresholds = Vec::new();
        let mut all: Vec<_> = result.snapshot.metrics.iter().collect();
        all.sort_by(|a, b| by_name(a, b));
        for metric in all {
            for threshold in &metric.thresholds {
                thresholds.push(json!({ "metric": metric.full_name(), "threshold": threshold.source, "ok": threshold.ok }));
            }
            let mut value = figures_of(&metric.sink, result.snapshot.duration);
            value["kind"] = metric.kind.name().into();
            metrics.insert(metric.full_name(), value);
        }
        json!({
            "url": self.asked.url,
            "protocol": self.asked.protocol,
            "seconds": elapsed.as_secs_f64(),
            "measured_seconds": result.snapshot.duration.as_secs_f64(),
            "seed": resolved.options.seed,
            "requests": {
                "done": done,
                "per_second": per_second(done, result.snapshot.duration),
                "retries": figures.retries,
                "conversations_broken_off": figures.broken_off,
                "outcomes": outcomes.iter().filter(|(_, count)| *count > 0.0).map(named).collect::<Map<_, _>>(),
            },
            "tokens": { "prompt": by_origin(TOKENS[0]), "completion": by_origin(TOKENS[1]) },
            "remarks": remarks(figures),
            "errors": errors.collect::<Vec<_>>(),
            "metrics": metrics,
            "thresholds": thresholds,
            "client": client.as_ref().map(|client| client.value()),
            "counting": self.measured.uncounted,
        })
    }
}

/// The figures of a sink.
pub(super) fn figures_of(sink: &Sink, duration: Duration) -> Value {
    match sink {
        Sink::Counter(counter) => {
            json!({ "total": counter.sum, "per_second": counter_rate(counter, duration) })
        }
        Sink::Gauge(gauge) => json!({ "value": gauge.value, "min": gauge.min, "max": gauge.max }),
        Sink::Rate(rate) => json!({ "rate": rate.rate(), "trues": rate.trues, "total": rate.total }),
        Sink::Trend(trend) => {
            let figures = COLUMNS.iter().map(|(name, figure)| ((*name).to_owned(), json!(figure(trend))));
            let mut all: Map<_, _> = figures.collect();
            all.insert("count".to_owned(), json!(trend.count()));
            Value::Object(all)
        }
    }
}

fn trends(metrics: &[&MetricSnapshot]) -> Table {
    let head: Vec<_> = ["metric"].into_iter().chain(COLUMNS.iter().map(|(name, _)| *name)).collect();
    let mut table = Table::new(&head, 1);
    for metric in metrics {
        if let Sink::Trend(trend) = &metric.sink {
            let figures = COLUMNS.iter().map(|(_, figure)| rounded(figure(trend), metric));
            table.row([metric.full_name()].into_iter().chain(figures).collect());
        }
    }
    table
}

/// Three decimals are enough for a rate of tokens.
fn rounded(value: f64, metric: &MetricSnapshot) -> String {
    number::value((value * 1e3).round() / 1e3, metric.contains, None)
}

/// The figure that a threshold is about.
fn compared(metric: &MetricSnapshot, source: &str, duration: Duration) -> String {
    let aggregate = source.split(['=', '!', '>', '<']).next().unwrap_or_default().trim();
    match &metric.sink {
        Sink::Trend(trend) => aggregate
            .parse::<TrendStat>()
            .map_or_else(|_| String::new(), |stat| rounded(stat.of(trend), metric)),
        Sink::Counter(counter) if aggregate == "rate" => {
            format!("{}/s", rounded(counter_rate(counter, duration), metric))
        }
        Sink::Counter(counter) => rounded(counter.sum, metric),
        Sink::Gauge(gauge) => rounded(gauge.value, metric),
        Sink::Rate(rate) if rate.total == 0 => "none".to_owned(),
        Sink::Rate(rate) => percent(rate.rate()),
    }
}

/// As everywhere cut, so that only all are 100 %; but 23 of 40 are 57.50 %, whatever the last bit of the product says.
fn percent(share: f64) -> String {
    number::percent(share + 1e-12)
}

/// What is odd about answers that ended well.
fn remarks(figures: &Figures) -> Vec<String> {
    let mut remarks = Vec::new();
    if figures.empty > 0 {
        let answers = counted(figures.empty as f64, "answer");
        remarks.push(format!("{answers} had no content: no text, no thoughts, no call of a tool"));
    }
    if figures.at_once * 2 > figures.ok {
        let answers = counted(figures.at_once as f64, "answer");
        remarks.push(format!(
            "{answers} came whole in one read: something between holds the pieces back (nginx: proxy_buffering off, \
             or the header X-Accel-Buffering: no), or they were there at once; times between tokens mean nothing then"
        ));
    }
    remarks
}

/// `1 request`, `2 requests`
fn counted(count: f64, one: &str) -> String {
    counted_as(count, one, &format!("{one}s"))
}

fn counted_as(count: f64, one: &str, many: &str) -> String {
    format!("{} {}", number::count(count), if count == 1.0 { one } else { many })
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn per_second(count: f64, duration: Duration) -> f64 {
    if duration.is_zero() { 0.0 } else { count / duration.as_secs_f64() }
}
