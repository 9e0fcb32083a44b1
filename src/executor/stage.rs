//! Stages: `{ duration, target }`, in scripts or as `10s:5`.

use std::time::Duration;

use serde_json::{Value, json};

use super::base::shown;
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Json, Mismatch};

/// k6's limit for the change within one stage.
const LARGEST_SHIFT: i64 = 100_000_000;

/// One stage as typed: over `duration`, go to `target`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    pub duration: Option<GoDuration>,
    pub target: Option<i64>,
}

impl Stage {
    /// Parses `10s:5`; the duration needs a unit.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (duration, target) = text.split_once(':').unwrap_or((text, ""));
        let mut stage = Self::default();
        if !duration.is_empty() {
            stage.duration = Some(GoDuration::parse_go(duration).map_err(|error| error.to_string())?);
        }
        if !target.is_empty() {
            let parsed = target.parse();
            stage.target = Some(parsed.map_err(|_| format!("the target '{target}' is no integer"))?);
        }
        Ok(stage)
    }
}

impl Json for Stage {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let mut fields = Fields::of(value)?;
        let stage = Self { duration: fields.take("duration")?, target: fields.take("target")? };
        match fields.unknown().next() {
            Some(field) => Err(Mismatch::new(
                value,
                format!("has an unknown field '{field}': allowed are duration, target"),
            )),
            None => Ok(Some(stage)),
        }
    }

    fn to_json(&self) -> Value {
        json!({ "duration": shown(&self.duration), "target": shown(&self.target) })
    }
}

/// One stage with its values, for the arithmetic.
pub(super) fn values(stages: &[Stage]) -> impl Iterator<Item = (Duration, i64)> {
    stages.iter().map(|stage| (stage.duration.unwrap_or_default().to_std(), stage.target.unwrap_or(0)))
}

/// How long all stages take together.
pub(super) fn total(stages: &[Stage]) -> Duration {
    values(stages).fold(Duration::ZERO, |sum, (duration, _)| sum.saturating_add(duration))
}

/// The highest of `start` and the targets.
pub(super) fn highest(start: i64, stages: &[Stage]) -> i64 {
    values(stages).map(|(_, target)| target).fold(start, i64::max)
}

/// How often the value changes by one from `start` through all stages.
pub(super) fn changes(start: i64, stages: &[Stage]) -> i64 {
    let add =
        |(from, sum): (i64, i64), to: i64| (to, sum.saturating_add(to.saturating_sub(from).saturating_abs()));
    values(stages).map(|(_, target)| target).fold((start, 0), add).1
}

/// What is wrong with the stages, in k6's words.
pub(super) fn check(start: i64, stages: &[Stage], problems: &mut Vec<String>) {
    if stages.is_empty() {
        problems.push("at least one stage has to be specified".to_owned());
    }
    let mut from = start;
    for (number, stage) in (1..).zip(stages) {
        match stage.duration {
            None => problems.push(format!("stage {number} doesn't have a duration")),
            Some(d) if d.0 < 0 => {
                problems.push(format!("the duration for stage {number} can't be negative"));
            }
            Some(_) => {}
        }
        match stage.target {
            None => problems.push(format!("stage {number} doesn't have a target")),
            Some(target) if target < 0 => {
                problems.push(format!("the target for stage {number} can't be negative"));
            }
            Some(target) => {
                if target.saturating_sub(from).saturating_abs() > LARGEST_SHIFT {
                    problems.push(format!(
                        "the target for stage {number} exceeds the largest change of {LARGEST_SHIFT}"
                    ));
                }
                from = target;
            }
        }
    }
}
