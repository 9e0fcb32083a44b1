//! The file of `--summary-export`.

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

use super::data::{Check, Group, id, sorted, values};
use super::{Summary, SummaryOptions, metric_names};
use crate::metrics::snapshot::MetricSnapshot;
use crate::options::runtime::MetricNames;

/// The JSON text in the words of another tool, or ssek's own.
pub fn named(summary: &Summary, names: Option<MetricNames>) -> String {
    names.map_or_else(|| export(summary), |names| metric_names::export(summary, names))
}

/// The JSON text: as `handleSummary`'s data, but without options and state, with groups and checks
/// by name and with `true` for each threshold that was crossed. Indented by four blanks.
pub fn export(summary: &Summary) -> String {
    let Summary { snapshot, client, options } = summary;
    let metrics: Map<_, _> =
        sorted(summary).into_iter().map(|m| (m.full_name(), metric(m, options, snapshot.duration))).collect();
    let mut file = json!({ "metrics": metrics, "root_group": group(&Group::tree(snapshot)) });
    if let Some(left_out) = super::left_out::value(snapshot.left_out) {
        file["left_out"] = left_out;
    }
    if let Some(client) = client {
        file["client"] = client.value();
    }
    pretty(&file)
}

fn metric(metric: &MetricSnapshot, options: &SummaryOptions, duration: std::time::Duration) -> Value {
    let mut values = values(metric, options, duration);
    if metric.kind == crate::metrics::Kind::Rate {
        // Here, and only here, the rate of a rate is its value.
        let rate = values.shift_remove("rate");
        values.extend(rate.map(|rate| ("value".to_owned(), rate)));
    }
    if !metric.thresholds.is_empty() {
        let crossed: Map<_, _> =
            metric.thresholds.iter().map(|t| (t.source.clone(), (!t.ok).into())).collect();
        values.insert("thresholds".to_owned(), crossed.into());
    }
    values.into()
}

fn group(found: &Group) -> Value {
    let groups: Map<_, _> = found.groups.iter().map(|g| (g.name().to_owned(), group(g))).collect();
    let checks: Map<_, _> = found.checks.iter().map(|c| (c.name.to_owned(), Check::value(c))).collect();
    json!({ "name": found.name(), "path": found.path, "id": id(found.path), "groups": groups, "checks": checks })
}

pub(super) fn pretty(value: &Value) -> String {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b"    "));
    // Writing a `Value` to memory cannot fail: its keys are strings and its numbers are finite.
    let written = value.serialize(&mut serializer);
    debug_assert!(written.is_ok());
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::sink::Sink;
    use crate::metrics::snapshot::{CheckSnapshot, ThresholdSnapshot};
    use crate::metrics::{Contains, Kind, Snapshot};

    #[test]
    fn the_file_has_maps_by_name_and_true_for_crossed() {
        let mut sink = Sink::new(Kind::Rate);
        [1.0, 0.0].into_iter().for_each(|v| sink.add(v));
        let snapshot = Snapshot {
            groups: vec!["::g".into()],
            checks: vec![CheckSnapshot {
                scenario: None,
                group: "::g".into(),
                name: "ok".into(),
                passes: 1,
                fails: 1,
            }],
            metrics: vec![MetricSnapshot {
                name: "rr".into(),
                selector: None,
                kind: Kind::Rate,
                contains: Contains::Default,
                sink,
                thresholds: vec![
                    ThresholdSnapshot { source: "rate>0.9".into(), ok: false },
                    ThresholdSnapshot { source: "rate>0.1".into(), ok: true },
                ],
            }],
            ..Snapshot::default()
        };
        let text = export(&Summary { snapshot, client: None, options: SummaryOptions::default() });
        let expected = r#"{
    "metrics": {
        "rr": {
            "passes": 1,
            "fails": 1,
            "value": 0.5,
            "thresholds": {
                "rate>0.9": true,
                "rate>0.1": false
            }
        }
    },
    "root_group": {
        "name": "",
        "path": "",
        "id": "d41d8cd98f00b204e9800998ecf8427e",
        "groups": {
            "g": {
                "name": "g",
                "path": "::g",
                "id": "652e756c89643c3ada0b451cbd88a9d3",
                "groups": {},
                "checks": {
                    "ok": {
                        "name": "ok",
                        "path": "::g::ok",
                        "id": "98da3e3a7c4c476eb0389ab88d68df30",
                        "passes": 1,
                        "fails": 1
                    }
                }
            }
        },
        "checks": {}
    }
}"#;
        assert_eq!(text, expected);
    }
}
