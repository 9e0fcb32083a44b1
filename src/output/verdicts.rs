//! Thresholds and checks at the end of a run, as texts for those who report them.

use crate::metrics::sink::Sink;
use crate::metrics::snapshot::{CheckSnapshot, MetricSnapshot};
use crate::metrics::trend_stat::TrendStat;
use crate::summary::{Summary, by_name, counter_rate, number};

/// A threshold and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// With its selector: `http_req_duration{status:200}`.
    pub metric: String,
    /// `p(95)<500`
    pub source: String,
    pub ok: bool,
    /// What it was compared with: `p(95)=612.4ms`.
    pub value: String,
}

/// All thresholds, in the order of the summary.
pub fn thresholds(summary: &Summary) -> Vec<Judged> {
    let mut metrics: Vec<_> = summary.snapshot.metrics.iter().collect();
    metrics.sort_by(|a, b| by_name(a, b));
    let judged = |metric: &MetricSnapshot| {
        let name = metric.full_name();
        let one = |source: &str, ok| {
            let aggregate = source.split(['=', '>', '<', '!']).next().unwrap_or_default().trim();
            let value = format!("{aggregate}={}", value(summary, metric, aggregate));
            Judged { metric: name.clone(), source: source.to_owned(), ok, value }
        };
        metric.thresholds.iter().map(|threshold| one(&threshold.source, threshold.ok)).collect::<Vec<_>>()
    };
    metrics.into_iter().flat_map(judged).collect()
}

fn value(summary: &Summary, metric: &MetricSnapshot, aggregate: &str) -> String {
    let format = |value: f64| number::value(value, metric.contains, summary.options.time_unit);
    match &metric.sink {
        Sink::Trend(trend) => match aggregate.parse::<TrendStat>() {
            Ok(stat) => format(stat.of(trend)),
            Err(_) => String::new(),
        },
        Sink::Counter(counter) if aggregate == "count" => format(counter.sum),
        Sink::Counter(counter) => format!("{}/s", format(counter_rate(counter, summary.snapshot.duration))),
        Sink::Rate(rate) => number::percent(rate.rate()),
        Sink::Gauge(gauge) => format(gauge.value),
    }
}

/// Where a check stands: `default ::login`, `setup`.
pub fn place(check: &CheckSnapshot) -> String {
    let parts = [check.scenario.as_deref().unwrap_or_default(), &check.group];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `3 of 10 failed (70.00% passed)`
pub fn failed(check: &CheckSnapshot) -> String {
    let total = check.passes + check.fails;
    let share = if total == 0 { 0.0 } else { check.passes as f64 / total as f64 };
    format!("{} of {total} failed ({} passed)", check.fails, number::percent(share))
}

#[cfg(test)]
pub mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::k6::ExitCode;
    use crate::metrics::snapshot::{Snapshot, ThresholdSnapshot};
    use crate::metrics::{Contains, Kind};
    use crate::output::End;

    /// Two thresholds on a trend, of which one is crossed, one on a counter, and three checks.
    pub fn end(failure: Option<&str>) -> End {
        let metric = |name: &str, kind, contains, values: &[f64], thresholds: &[(&str, bool)]| {
            let mut sink = Sink::new(kind);
            values.iter().for_each(|value| sink.add(*value));
            let threshold =
                |&(source, ok): &(&str, bool)| ThresholdSnapshot { source: String::from(source), ok };
            let thresholds = thresholds.iter().map(threshold).collect();
            MetricSnapshot { name: name.to_owned(), selector: None, kind, contains, sink, thresholds }
        };
        let check = |scenario: Option<&str>, group: &str, name: &str, passes, fails| CheckSnapshot {
            scenario: scenario.map(str::to_owned),
            group: group.to_owned(),
            name: name.to_owned(),
            passes,
            fails,
        };
        let duration = metric(
            "http_req_duration",
            Kind::Trend,
            Contains::Time,
            &[100.0, 300.0],
            &[("p(95)<200", false), ("max < 500", true)],
        );
        let reqs = metric("http_reqs", Kind::Counter, Contains::Default, &[2.0], &[("rate>0.5", true)]);
        let snapshot = Snapshot {
            duration: Duration::from_secs(2),
            metrics: vec![reqs, duration],
            checks: vec![
                check(Some("default"), "", "is <ok> & \"fine\"", 7, 3),
                check(Some("default"), "::login", "status | 200", 10, 0),
                check(None, "::setup", "up\u{1}", 1, 0),
            ],
            ..Snapshot::default()
        };
        End {
            script: "script.js".to_owned(),
            summary: Summary { snapshot, ..Summary::default() },
            failure: failure.map(str::to_owned),
            exit_code: ExitCode::OK,
            start: None,
            pages: Arc::default(),
        }
    }

    #[test]
    fn thresholds_have_their_values() {
        let shown: Vec<_> = thresholds(&end(None).summary)
            .into_iter()
            .map(|judged| format!("{} {} {} {}", judged.metric, judged.source, judged.ok, judged.value))
            .collect();
        assert_eq!(
            shown,
            [
                "http_req_duration p(95)<200 false p(95)=290ms",
                "http_req_duration max < 500 true max=300ms",
                "http_reqs rate>0.5 true rate=1/s",
            ]
        );
    }

    #[test]
    fn checks_have_a_place() {
        let end = end(None);
        let checks = &end.summary.snapshot.checks;
        assert_eq!(checks.iter().map(place).collect::<Vec<_>>(), ["default", "default ::login", "::setup"]);
        assert_eq!(failed(&checks[0]), "3 of 10 failed (70.00% passed)");
    }
}
