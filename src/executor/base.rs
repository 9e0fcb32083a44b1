//! What every scenario has, whatever its executor.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::share::{Share, Stripe};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Json, Mismatch};

/// How long iterations may go on after a scenario's end, unless `gracefulStop` says otherwise.
pub const GRACEFUL_STOP: GoDuration = GoDuration::from_secs(30);

/// The shortest `duration` and `maxDuration`.
const SHORTEST: GoDuration = GoDuration::from_secs(1);

/// The fields that all executors share, as typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Base {
    /// The scenario's key in `scenarios`.
    pub name: String,
    /// The executor's name, such as `constant-vus`.
    pub executor: &'static str,
    pub start_time: Option<GoDuration>,
    pub graceful_stop: Option<GoDuration>,
    pub env: Option<BTreeMap<String, String>>,
    pub exec: Option<String>,
    pub tags: Option<BTreeMap<String, String>>,
    /// The scenario's `options` (the browser's settings), passed through.
    pub options: Option<Value>,
}

impl Base {
    /// Without any field set: what the shortcuts start from.
    pub fn new(name: &str, executor: &'static str) -> Self {
        Self { name: name.to_owned(), executor, ..Self::default() }
    }

    pub(super) fn read(name: &str, executor: &'static str, fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self {
            name: name.to_owned(),
            executor,
            start_time: fields.take("startTime")?,
            graceful_stop: fields.take("gracefulStop")?,
            env: fields.take("env")?,
            exec: fields.take("exec")?,
            tags: fields.take("tags")?,
            options: fields.take("options")?,
        })
    }

    /// When the scenario starts, after `setup()`.
    pub fn start_time(&self) -> Duration {
        self.start_time.unwrap_or_default().to_std()
    }

    /// How long iterations may go on after the scenario's regular end.
    pub fn graceful_stop(&self) -> Duration {
        self.graceful_stop.unwrap_or(GRACEFUL_STOP).to_std()
    }

    /// The exported function that its VUs call.
    pub fn exec(&self) -> &str {
        self.exec.as_deref().unwrap_or("default")
    }

    pub(super) fn validate(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.name.is_empty() {
            problems.push("scenario name can't be empty".to_owned());
        } else if !self.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            problems.push(
                "the scenario name should contain only numbers, latin letters, underscores, and dashes"
                    .to_owned(),
            );
        }
        if self.exec.as_deref() == Some("") {
            problems.push("exec value cannot be empty".to_owned());
        }
        if self.start_time.unwrap_or_default().0 < 0 {
            problems.push("the startTime can't be negative".to_owned());
        }
        if self.graceful_stop.unwrap_or_default().0 < 0 {
            problems.push("the gracefulStop timeout can't be negative".to_owned());
        }
        problems
    }

    /// ` (FACTS, exec: …, startTime: …, gracefulStop: …)`, or nothing when there is nothing to say.
    pub(super) fn describe(&self, facts: &[String]) -> String {
        let mut facts = facts.to_vec();
        if let Some(exec) = &self.exec {
            facts.push(format!("exec: {exec}"));
        }
        if let Some(start) = self.start_time.filter(|start| start.0 > 0) {
            facts.push(format!("startTime: {start}"));
        }
        let stop = self.graceful_stop.unwrap_or(GRACEFUL_STOP);
        if stop.0 > 0 {
            facts.push(format!("gracefulStop: {stop}"));
        }
        if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) }
    }

    pub(super) fn fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = vec![
            ("executor", self.executor.into()),
            ("startTime", shown(&self.start_time)),
            ("gracefulStop", shown(&self.graceful_stop)),
            ("env", shown(&self.env)),
            ("exec", shown(&self.exec)),
            ("tags", shown(&self.tags)),
        ];
        if let Some(options) = &self.options {
            fields.push(("options", options.clone()));
        }
        fields
    }
}

/// A field's value as JSON, `null` if it is unset.
pub(super) fn shown<T: Json>(value: &Option<T>) -> Value {
    value.as_ref().map_or_else(T::unset, Json::to_json)
}

/// A number of VUs as plans count them.
pub(super) fn vus(count: i64) -> u32 {
    u32::try_from(count.max(0)).unwrap_or(u32::MAX)
}

/// A number that validation keeps from being negative.
pub(super) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// How many of so many VUs fall to one instance.
pub(super) fn share_of_vus(vus: i64, share: &Share) -> u32 {
    u32::try_from(share.scale(count(vus))).unwrap_or(u32::MAX)
}

/// Which iterations fall to one instance where they follow the VUs.
pub(super) fn stripe_among(vus: i64, share: &Share) -> Stripe {
    share.among(count(vus)).map_or_else(|| share.stripe().clone(), |share| share.stripe().clone())
}

pub(super) fn check_vus(vus: i64, problems: &mut Vec<String>) {
    if vus <= 0 {
        problems.push("the number of VUs must be more than 0".to_owned());
    }
}

/// Checks a required `duration`.
pub(super) fn check_duration(duration: Option<GoDuration>, problems: &mut Vec<String>) {
    match duration {
        None => problems.push("the duration is unspecified".to_owned()),
        Some(d) if d < SHORTEST => {
            problems.push(format!("the duration must be at least {SHORTEST}, but is {d}"));
        }
        Some(_) => {}
    }
}

pub(super) fn check_max_duration(duration: GoDuration, problems: &mut Vec<String>) {
    if duration < SHORTEST {
        problems.push(format!("the maxDuration must be at least {SHORTEST}, but is {duration}"));
    }
}
