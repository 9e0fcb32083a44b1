//! What every scenario has, whatever its executor.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::share::{Share, Stripe};
use super::{Model, Step, StopAfter, ramp_up};
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
    /// The least time between the starts of two iterations of a VU. Closed models only.
    pub pace: Option<GoDuration>,
    /// Over which time the VUs start. Closed models only.
    pub ramp_up: Option<GoDuration>,
    /// What ends the scenario before its time.
    pub stop_after: Option<StopAfter>,
}

impl Base {
    /// Without any field set: what the shortcuts start from.
    pub fn new(name: &str, executor: &'static str) -> Self {
        Self { name: name.to_owned(), executor, ..Self::default() }
    }

    pub(super) fn read(
        name: &str,
        executor: &'static str,
        model: Model,
        fields: &mut Fields,
    ) -> Result<Self, Mismatch> {
        // Where they would mean nothing they stay unknown.
        let (pace, ramp_up) = match model {
            Model::Closed => (fields.take("pace")?, fields.take("rampUp")?),
            Model::Open => (None, None),
        };
        Ok(Self {
            name: name.to_owned(),
            executor,
            start_time: fields.take("startTime")?,
            graceful_stop: fields.take("gracefulStop")?,
            env: fields.take("env")?,
            exec: fields.take("exec")?,
            tags: fields.take("tags")?,
            options: fields.take("options")?,
            pace,
            ramp_up,
            stop_after: fields.take("stopAfter")?,
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

    /// The least time between the starts of two iterations of a VU.
    pub fn pace(&self) -> Option<Duration> {
        self.pace.map(GoDuration::to_std).filter(|pace| !pace.is_zero())
    }

    /// What falls to one instance of `vus` VUs that are there from the start, or from their turn in
    /// the ramp-up.
    pub(super) fn curve(&self, vus: i64, share: &Share) -> Vec<Step> {
        self.share_of_curve(vec![Step { at: Duration::ZERO, vus: self::vus(vus) }], share)
    }

    /// What falls to one instance of a curve, each step at the time that it has in the whole, with the
    /// ramp-up.
    pub(super) fn share_of_curve(&self, mut steps: Vec<Step>, share: &Share) -> Vec<Step> {
        let ramp_up = self.ramp_up.unwrap_or_default().to_std();
        if !ramp_up.is_zero() {
            steps = ramp_up::held_back(&steps, ramp_up);
        }
        steps.iter_mut().for_each(|step| step.vus = share_of_vus(step.vus.into(), share));
        steps.dedup_by_key(|step| step.vus);
        steps
    }

    /// Refuses a ramp-up that some VUs would not live to see the end of.
    pub(super) fn too_slow_to_ramp_up(&self, duration: Duration) -> Vec<String> {
        match self.ramp_up {
            Some(ramp_up) if ramp_up.0 > 0 && ramp_up.to_std() >= duration => {
                let duration = GoDuration::from(duration);
                vec![format!("the rampUp ({ramp_up}) must be shorter than the scenario's {duration}")]
            }
            _ => Vec::new(),
        }
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
        if self.pace.is_some_and(|pace| pace.0 <= 0) {
            problems.push("the pace must be more than 0".to_owned());
        }
        if self.ramp_up.is_some_and(|ramp_up| ramp_up.0 < 0) {
            problems.push("the rampUp can't be negative".to_owned());
        }
        problems.extend(self.stop_after.iter().flat_map(StopAfter::problems));
        problems
    }

    /// ` (FACTS, exec: …, startTime: …, gracefulStop: …)`, or nothing when there is nothing to say.
    pub(super) fn describe(&self, facts: &[String]) -> String {
        let mut facts = facts.to_vec();
        if let Some(ramp_up) = self.ramp_up.filter(|ramp_up| ramp_up.0 > 0) {
            facts.push(format!("rampUp: {ramp_up}"));
        }
        facts.extend(self.pace.map(|pace| format!("pace: {pace}")));
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
        let own = [
            ("pace", self.pace.as_ref().map(Json::to_json)),
            ("rampUp", self.ramp_up.as_ref().map(Json::to_json)),
            ("stopAfter", self.stop_after.as_ref().map(Json::to_json)),
        ];
        // Options that k6 does not have are shown where they are set.
        fields.extend(own.into_iter().filter_map(|(key, value)| Some((key, value?))));
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

/// Checks a time that is required and may be short, but takes some.
pub(super) fn check_time(time: Option<GoDuration>, name: &str, problems: &mut Vec<String>) {
    match time {
        None => problems.push(format!("the {name} is unspecified")),
        Some(time) if time.0 <= 0 => problems.push(format!("the {name} must be more than 0, but is {time}")),
        Some(_) => {}
    }
}

pub(super) fn check_max_duration(duration: GoDuration, problems: &mut Vec<String>) {
    if duration < SHORTEST {
        problems.push(format!("the maxDuration must be at least {SHORTEST}, but is {duration}"));
    }
}
