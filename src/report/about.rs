//! What a page tells beside the figures: what was run, on which machine, and how it ended.

use serde_json::{Value, json};

use super::rounded::Rounded;
use crate::metrics::Snapshot;
use crate::metrics::snapshot::{CheckSnapshot, MetricSnapshot};
use crate::metrics::trace::RequestTrace;
use crate::record::{Meta, Record};
use crate::summary::client::Client;
use crate::summary::style::Style;

/// What is told beside the figures.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Counts what a page that is open has been told; 0 for reports.
    pub tick: u64,
    pub meta: Meta,
    /// How long the run was measured, in seconds.
    pub duration: f64,
    /// `None` while the run goes on, and where it broke off.
    pub exit_code: Option<u8>,
    /// A metric or sub-metric, the expression, whether it holds.
    pub thresholds: Vec<(String, String, bool)>,
    pub checks: Vec<CheckSnapshot>,
    pub client: Option<Client>,
    /// A sample of the requests.
    pub requests: Vec<RequestTrace>,
}

impl About {
    /// A run that is over.
    pub fn of(record: &Record) -> Self {
        Self {
            tick: 0,
            meta: record.meta.clone(),
            duration: record.duration(),
            exit_code: record.complete.then_some(record.exit_code),
            thresholds: thresholds(&record.snapshot),
            checks: record.snapshot.checks.clone(),
            client: record.client.clone(),
            requests: record.requests.clone(),
        }
    }

    /// What people call the run.
    pub fn name(&self) -> &str {
        let target = &self.meta.target;
        match self.meta.name.as_str() {
            "" if target.contains("://") => target,
            "" => target.rsplit(['/', '\\']).next().unwrap_or(target),
            name => name,
        }
    }

    pub(super) fn meta(&self) -> Value {
        let Meta { host, .. } = &self.meta;
        let mut machine = vec![format!("{} {}", host.os, host.arch), format!("{} CPUs", host.cpus)];
        if host.memory > 0 {
            machine.push(format!("{:.1} GiB", host.memory as f64 / (1_u64 << 30) as f64));
        }
        let mut details: Vec<(&str, String)> =
            self.meta.env.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        if let Value::Object(options) = &self.meta.options {
            details
                .extend(options.iter().filter(|(_, v)| is_set(v)).map(|(k, v)| (k.as_str(), v.to_string())));
        }
        json!({
            "name": self.name(),
            "script": self.meta.target,
            "model": (!self.meta.models.is_empty()).then(|| self.meta.models.join(", ")),
            "start": self.meta.start / 1_000_000,
            "duration": Rounded(self.duration),
            "ssek": self.meta.ssek,
            "command": self.meta.command.join(" "),
            "host": machine.join(" · "),
            "runs": self.meta.runs,
            "details": details,
        })
    }

    pub(super) fn verdict(&self) -> Value {
        let thresholds = self
            .thresholds
            .iter()
            .map(|(metric, source, ok)| json!({ "metric": metric, "source": source, "ok": ok }));
        let checks = self.checks.iter().map(|check| {
            json!({
                "scenario": check.scenario,
                "group": check.group,
                "name": check.name,
                "passes": check.passes,
                "fails": check.fails,
            })
        });
        json!({
            "exit": self.exit_code,
            "thresholds": thresholds.collect::<Vec<_>>(),
            "checks": checks.collect::<Vec<_>>(),
            "client": self.client.as_ref().map(client),
        })
    }
}

/// The thresholds of a run and their verdicts, by metric.
pub fn thresholds(snapshot: &Snapshot) -> Vec<(String, String, bool)> {
    let of = |metric: &MetricSnapshot| {
        let name = metric.full_name();
        let one = move |one: &crate::metrics::snapshot::ThresholdSnapshot| {
            (name.clone(), one.source.clone(), one.ok)
        };
        metric.thresholds.iter().map(one).collect::<Vec<_>>()
    };
    let mut found: Vec<_> = snapshot.metrics.iter().flat_map(of).collect();
    // Stable: those of one metric stay in the order of the script.
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Whether an option says anything.
fn is_set(option: &Value) -> bool {
    match option {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

/// The verdict on ssek itself, and what it is founded on.
fn client(client: &Client) -> Value {
    let line = client.line(Style { color: false });
    let figures = line.split(" → ").next().unwrap_or_default();
    let figures = figures.strip_prefix("client: ").unwrap_or(figures);
    let mut notes = vec![figures.to_owned()];
    notes.extend(Some(client.reason()).filter(|reason| !reason.is_empty()));
    json!({ "verdict": client.value()["verdict"], "notes": notes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_called_by_its_name_or_by_its_file() {
        let name = |name: &str, target: &str| {
            let meta = Meta { name: name.to_owned(), target: target.to_owned(), ..Meta::default() };
            About { meta, ..About::default() }.name().to_owned()
        };
        assert_eq!(name("nightly", "tests/chat.js"), "nightly");
        assert_eq!(name("", "tests/chat.js"), "chat.js");
        assert_eq!(name("", "https://api.example/v1"), "https://api.example/v1");
    }

    #[test]
    fn options_that_say_nothing_are_left_out() {
        let options = json!({ "vus": 5, "tags": {}, "hosts": null, "userAgent": "x", "stages": [] });
        let about = About { meta: Meta { options, ..Meta::default() }, ..About::default() };
        assert_eq!(about.meta()["details"], json!([["vus", "5"], ["userAgent", "\"x\""]]));
    }
}
