//! `/v1/metrics`: the figures up to now.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::Method;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::Surface;
use super::reply::{self, TEXT};
use crate::metrics::Snapshot;
use crate::metrics::sink::Sink;
use crate::metrics::snapshot::MetricSnapshot;
use crate::metrics::trend_stat::TrendStat;
use crate::summary::data::number;
use crate::summary::{by_name, counter_rate};

pub async fn all(State(surface): State<Arc<Surface>>, method: Method) -> Response {
    if method != Method::GET {
        return reply::not_allowed();
    }
    reply::json(TEXT, &list(&surface.metrics.snapshot()))
}

pub async fn one(State(surface): State<Arc<Surface>>, Path(name): Path<String>, method: Method) -> Response {
    if method != Method::GET {
        return reply::not_allowed();
    }
    let snapshot = surface.metrics.snapshot();
    match snapshot.metrics.iter().find(|metric| metric.full_name() == name) {
        Some(found) => reply::json(TEXT, &json!({ "data": metric(found, snapshot.duration) })),
        None => missing(),
    }
}

/// The path of a metric without its name.
pub async fn unnamed(method: Method) -> Response {
    if method == Method::GET { missing() } else { reply::not_allowed() }
}

fn missing() -> Response {
    reply::not_found("No metric with that ID was found")
}

/// All metrics that have samples or thresholds, by name.
fn list(snapshot: &Snapshot) -> Value {
    let mut metrics: Vec<_> = snapshot.metrics.iter().collect();
    metrics.sort_by(|a, b| by_name(a, b));
    let metrics: Vec<_> = metrics.into_iter().map(|m| metric(m, snapshot.duration)).collect();
    json!({ "data": metrics })
}

fn metric(metric: &MetricSnapshot, duration: Duration) -> Value {
    // Only metrics with thresholds can be one or the other.
    let tainted = (!metric.thresholds.is_empty()).then(|| metric.thresholds.iter().any(|t| !t.ok));
    json!({
        "type": "metrics",
        "id": metric.full_name(),
        "attributes": {
            "type": metric.kind.name(),
            "contains": metric.contains.name(),
            "tainted": tainted,
            "sample": sample(&metric.sink, duration),
        },
    })
}

/// The figures of a metric by name; those of trends are the same whatever the summary shows.
fn sample(sink: &Sink, duration: Duration) -> Map<String, Value> {
    let mut figures = match sink {
        Sink::Counter(counter) => {
            vec![("count".to_owned(), counter.sum), ("rate".to_owned(), counter_rate(counter, duration))]
        }
        Sink::Gauge(gauge) => vec![("value".to_owned(), gauge.value)],
        Sink::Rate(rate) => vec![("rate".to_owned(), rate.rate())],
        Sink::Trend(trend) => {
            TrendStat::defaults().iter().map(|stat| (stat.name().to_owned(), stat.of(trend))).collect()
        }
    };
    figures.sort_by(|a, b| a.0.cmp(&b.0));
    figures.into_iter().map(|(name, value)| (name, number(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::snapshot::ThresholdSnapshot;
    use crate::metrics::{Contains, Kind};

    #[test]
    fn each_kind_has_its_figures() {
        let metric = |name: &str, kind, values: &[f64], thresholds| {
            let mut sink = Sink::new(kind);
            values.iter().for_each(|value| sink.add(*value));
            MetricSnapshot {
                name: name.into(),
                selector: (kind == Kind::Trend).then(|| "a:b".to_owned()),
                kind,
                contains: Contains::Default,
                sink,
                thresholds,
            }
        };
        let crossed = vec![ThresholdSnapshot { source: "max<1".into(), ok: false }];
        let snapshot = Snapshot {
            duration: Duration::from_secs(2),
            metrics: vec![
                metric("t", Kind::Trend, &[6.0, 6.0], crossed),
                metric("c", Kind::Counter, &[3.0], Vec::new()),
                metric("g", Kind::Gauge, &[2.0, 1.0], Vec::new()),
                metric("r", Kind::Rate, &[1.0, 0.0], Vec::new()),
            ],
            ..Snapshot::default()
        };
        let entry = |id: &str, kind: &str, tainted: Value, sample: Value| {
            let attributes =
                json!({ "type": kind, "contains": "default", "tainted": tainted, "sample": sample });
            json!({ "type": "metrics", "id": id, "attributes": attributes })
        };
        let trend = json!({ "avg": 6, "max": 6, "med": 6, "min": 6, "p(90)": 6, "p(95)": 6 });
        let want = json!({ "data": [
            entry("c", "counter", Value::Null, json!({ "count": 3, "rate": 1.5 })),
            entry("g", "gauge", Value::Null, json!({ "value": 1 })),
            entry("r", "rate", Value::Null, json!({ "rate": 0.5 })),
            entry("t{a:b}", "trend", true.into(), trend),
        ] });
        assert_eq!(list(&snapshot), want);
        let Value::Object(first) = &list(&snapshot)["data"][3]["attributes"]["sample"] else { panic!() };
        assert_eq!(first.keys().collect::<Vec<_>>(), ["avg", "max", "med", "min", "p(90)", "p(95)"]);
    }
}
