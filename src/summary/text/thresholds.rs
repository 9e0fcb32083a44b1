//! The thresholds, metric by metric.

use super::Page;
use crate::metrics::sink::Sink;
use crate::metrics::snapshot::{MetricSnapshot, ThresholdSnapshot};
use crate::metrics::trend_stat::TrendStat;
use crate::summary::{by_name, counter_rate, number};

/// Writes the section; nothing where there are no thresholds.
pub(super) fn write(page: &mut Page) {
    let listed = |metric: &&MetricSnapshot| !metric.thresholds.is_empty();
    let mut metrics: Vec<_> = page.summary.snapshot.metrics.iter().filter(listed).collect();
    if metrics.is_empty() {
        return;
    }
    metrics.sort_by(|a, b| by_name(a, b));
    page.title("THRESHOLDS");
    for metric in &metrics {
        let parent = |other: &&MetricSnapshot| other.selector.is_none() && other.name == metric.name;
        let (indent, name) = match &metric.selector {
            Some(selector) if metrics.iter().any(parent) => (3, format!("{{{selector}}}")),
            _ => (2, metric.full_name()),
        };
        page.line(indent, &name);
        for threshold in &metric.thresholds {
            let line = line(page, metric, threshold);
            page.line(indent, &line);
        }
        page.blank();
    }
}

fn line(page: &Page, metric: &MetricSnapshot, threshold: &ThresholdSnapshot) -> String {
    let style = page.style;
    let mark = if threshold.ok { style.green("✓") } else { style.red("✗") };
    let source = style.white(&format!("'{}'", threshold.source));
    let aggregate = threshold.source.split(['=', '>', '<']).next().unwrap_or_default().trim();
    let value = style.cyan(&value(page, metric, aggregate));
    format!("{mark} {source} {}={value}", style.white(aggregate))
}

/// What the threshold was compared with.
fn value(page: &Page, metric: &MetricSnapshot, aggregate: &str) -> String {
    let options = &page.summary.options;
    let format = |value: f64| number::value(value, metric.contains, options.time_unit);
    match &metric.sink {
        Sink::Trend(trend) => {
            let column = options.trend_stats.iter().find(|stat| stat.name() == aggregate);
            match column.cloned().or_else(|| aggregate.parse().ok()) {
                Some(stat @ TrendStat::Percentile { .. }) => format(stat.of(trend)),
                // As in k6: of a stat that is no column of the summary, the value is not shown.
                Some(stat) if column.is_some() => format(stat.of(trend)),
                _ => String::new(),
            }
        }
        Sink::Counter(counter) if aggregate == "count" => format(counter.sum),
        Sink::Counter(counter) => {
            format!("{}/s", format(counter_rate(counter, page.summary.snapshot.duration)))
        }
        Sink::Rate(rate) => number::percent(rate.rate()),
        Sink::Gauge(gauge) => format(gauge.value),
    }
}
