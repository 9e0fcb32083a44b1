//! The summary as the `data` that `handleSummary` gets.

use std::time::Duration;

use md5::{Digest, Md5};
use serde_json::{Map, Value, json};

use super::{Summary, SummaryOptions, by_name, counter_rate, group_name, parent_group};
use crate::metrics::Snapshot;
use crate::metrics::sink::Sink;
use crate::metrics::snapshot::MetricSnapshot;

/// `root_group`, `options`, `state` and `metrics`. `setup_data` is left to the caller, who has it
/// as a value of the engine.
pub fn data(summary: &Summary) -> Value {
    let Summary { snapshot, client, options } = summary;
    let metrics: Map<_, _> =
        sorted(summary).into_iter().map(|m| (m.full_name(), metric(m, options, snapshot.duration))).collect();
    let mut data = json!({
        "root_group": Group::tree(snapshot).value(),
        "options": {
            "summaryTrendStats": options.trend_stats.iter().map(|stat| stat.name()).collect::<Vec<_>>(),
            "summaryTimeUnit": options.time_unit.map_or("", |unit| unit.name()),
            "noColor": options.no_color,
        },
        "state": {
            "isStdOutTTY": options.stdout_is_terminal,
            "isStdErrTTY": options.stderr_is_terminal,
            "testRunDurationMs": number(snapshot.duration.as_nanos() as f64 / 1e6),
        },
        "metrics": metrics,
    });
    if let Some(left_out) = super::left_out::value(snapshot.left_out) {
        data["state"]["leftOut"] = left_out;
    }
    if let Some(client) = client {
        data["client"] = client.value();
    }
    data
}

/// The metrics in the order of their names.
pub(super) fn sorted(summary: &Summary) -> Vec<&MetricSnapshot> {
    let metrics = summary.snapshot.metrics.iter();
    let mut metrics: Vec<_> = metrics.filter(|metric| summary.options.includes(metric)).collect();
    metrics.sort_by(|a, b| by_name(a, b));
    metrics
}

/// The figures of a metric by name.
pub(super) fn values(
    metric: &MetricSnapshot,
    options: &SummaryOptions,
    duration: Duration,
) -> Map<String, Value> {
    let pairs = match &metric.sink {
        Sink::Counter(counter) => {
            vec![("count", number(counter.sum)), ("rate", number(counter_rate(counter, duration)))]
        }
        Sink::Gauge(gauge) => {
            vec![("value", number(gauge.value)), ("min", number(gauge.min)), ("max", number(gauge.max))]
        }
        Sink::Rate(rate) => vec![
            ("rate", number(rate.rate())),
            ("passes", rate.trues.into()),
            ("fails", (rate.total - rate.trues).into()),
        ],
        Sink::Trend(trend) => {
            options.trend_stats.iter().map(|stat| (stat.name(), number(stat.of(trend)))).collect()
        }
    };
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A JSON number; whole ones without a fraction, as JavaScript prints them.
pub fn number(value: f64) -> Value {
    // Beyond 2^53 a double no longer holds every whole number.
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

fn metric(metric: &MetricSnapshot, options: &SummaryOptions, duration: Duration) -> Value {
    let mut value = json!({
        "type": metric.kind.name(),
        "contains": metric.contains.name(),
        "values": values(metric, options, duration),
    });
    if !metric.thresholds.is_empty() {
        let thresholds: Map<_, _> =
            metric.thresholds.iter().map(|t| (t.source.clone(), json!({ "ok": t.ok }))).collect();
        value["thresholds"] = thresholds.into();
    }
    value
}

/// A group with its checks and the groups inside it, those of all scenarios together.
pub struct Group<'a> {
    pub path: &'a str,
    pub groups: Vec<Group<'a>>,
    pub checks: Vec<Check<'a>>,
}

/// A check with its counts in one group.
pub struct Check<'a> {
    pub name: &'a str,
    pub path: String,
    pub passes: u64,
    pub fails: u64,
}

impl<'a> Group<'a> {
    /// The root group.
    pub fn tree(snapshot: &'a Snapshot) -> Self {
        Self::at("", snapshot)
    }

    fn at(path: &'a str, snapshot: &'a Snapshot) -> Self {
        let mut checks: Vec<Check> = Vec::new();
        for check in snapshot.checks.iter().filter(|check| check.group == path) {
            match checks.iter_mut().find(|known| known.name == check.name) {
                Some(known) => {
                    known.passes += check.passes;
                    known.fails += check.fails;
                }
                None => checks.push(Check {
                    name: &check.name,
                    path: format!("{path}::{}", check.name),
                    passes: check.passes,
                    fails: check.fails,
                }),
            }
        }
        let inside = |group: &&String| !group.is_empty() && parent_group(group) == path;
        let groups = snapshot.groups.iter().filter(inside).map(|group| Self::at(group, snapshot)).collect();
        Self { path, groups, checks }
    }

    pub fn name(&self) -> &'a str {
        group_name(self.path)
    }

    fn value(&self) -> Value {
        json!({
            "name": self.name(),
            "path": self.path,
            "id": id(self.path),
            "groups": self.groups.iter().map(Self::value).collect::<Vec<_>>(),
            "checks": self.checks.iter().map(Check::value).collect::<Vec<_>>(),
        })
    }
}

impl Check<'_> {
    pub(super) fn value(&self) -> Value {
        json!({
            "name": self.name,
            "path": self.path,
            "id": id(&self.path),
            "passes": self.passes,
            "fails": self.fails,
        })
    }
}

/// What k6 calls the id of a group or check: the MD5 of its path, in hex.
pub fn id(path: &str) -> String {
    hex::encode(Md5::digest(path.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::snapshot::{CheckSnapshot, ThresholdSnapshot};
    use crate::metrics::{Contains, Kind};

    fn check(scenario: &str, group: &str, name: &str, passes: u64, fails: u64) -> CheckSnapshot {
        let scenario = Some(scenario.to_owned());
        CheckSnapshot { scenario, group: group.into(), name: name.into(), passes, fails }
    }

    #[test]
    fn groups_and_checks_form_a_tree() {
        let snapshot = Snapshot {
            groups: vec!["::outer".into(), "::outer::inner".into(), "::other".into()],
            checks: vec![
                check("a", "::outer", "o1", 2, 0),
                check("a", "::outer::inner", "i1", 0, 2),
                check("b", "::outer", "o1", 1, 3),
                check("b", "", "root", 1, 0),
            ],
            ..Snapshot::default()
        };
        let tree = Group::tree(&snapshot).value();
        assert_eq!(tree["id"], "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(tree["checks"][0]["path"], "::root");
        let outer = &tree["groups"][0];
        assert_eq!(
            (&outer["name"], &outer["path"], &outer["id"]),
            (&json!("outer"), &json!("::outer"), &json!("c34b428ee7255085dfe7fef53d3394d5"))
        );
        assert_eq!(
            outer["checks"],
            json!([{ "name": "o1", "path": "::outer::o1", "id": "c2658985b0839253ba67c86101d9e375", "passes": 3, "fails": 3 }])
        );
        assert_eq!(outer["groups"][0]["checks"][0]["id"], "23c341b74ab20097605bf839718dc0ba");
        assert_eq!(tree["groups"][1]["groups"], json!([]));
    }

    #[test]
    fn metrics_carry_type_values_and_thresholds() {
        let metric = |name: &str, selector: Option<&str>, kind, values: &[f64]| {
            let mut sink = Sink::new(kind);
            values.iter().for_each(|v| sink.add(*v));
            let thresholds = vec![ThresholdSnapshot { source: "x<1".into(), ok: false }];
            MetricSnapshot {
                name: name.into(),
                selector: selector.map(str::to_owned),
                kind,
                contains: Contains::Time,
                sink,
                thresholds: if selector.is_some() { thresholds } else { Vec::new() },
            }
        };
        let snapshot = Snapshot {
            duration: Duration::from_nanos(500_000_250),
            metrics: vec![
                metric("tt", Some("k:v"), Kind::Trend, &[5.0, 5.0]),
                metric("rr", None, Kind::Rate, &[1.0, 0.0]),
                metric("gg", None, Kind::Gauge, &[3.0, 9.5]),
                metric("cc", None, Kind::Counter, &[]),
            ],
            ..Snapshot::default()
        };
        let data = data(&Summary { snapshot, client: None, options: SummaryOptions::default() });
        let keys: Vec<_> = data["metrics"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["cc", "gg", "rr", "tt{k:v}"]);
        assert_eq!(
            data["metrics"]["tt{k:v}"],
            json!({
                "type": "trend",
                "contains": "time",
                "values": { "avg": 5, "min": 5, "med": 5, "max": 5, "p(90)": 5, "p(95)": 5 },
                "thresholds": { "x<1": { "ok": false } },
            })
        );
        assert_eq!(data["metrics"]["rr"]["values"], json!({ "rate": 0.5, "passes": 1, "fails": 1 }));
        assert_eq!(data["metrics"]["gg"]["values"], json!({ "value": 9.5, "min": 3, "max": 9.5 }));
        assert_eq!(data["metrics"]["cc"]["values"], json!({ "count": 0, "rate": 0 }));
        assert_eq!(data["metrics"]["cc"].get("thresholds"), None);
        assert_eq!(
            data["state"],
            json!({ "isStdOutTTY": false, "isStdErrTTY": false, "testRunDurationMs": 500.00025 })
        );
        assert_eq!(data["options"]["summaryTimeUnit"], "");
    }
}
