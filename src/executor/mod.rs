//! When iterations start: pure functions of elapsed time, without threads, clock or JavaScript.
//!
//! An executor turns its configuration into a [`Plan`]; `run` has one driver for closed plans and
//! one for open ones, whatever executors there will ever be.

pub mod arrivals;
mod base;
mod constant_arrival_rate;
mod constant_vus;
mod per_vu_iterations;
mod ramping_arrival_rate;
mod ramping_vus;
pub mod reservation;
mod segment;
mod share;
mod shared_iterations;
mod stage;

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::k6::json::{Fields, Mismatch};
use crate::k6::quote::quote;
pub use arrivals::{Arrivals, Gaps, Law, Trace};
pub use base::{Base, GRACEFUL_STOP};
pub use constant_arrival_rate::ConstantArrivalRate;
pub use constant_vus::ConstantVus;
pub use per_vu_iterations::PerVuIterations;
pub use ramping_arrival_rate::RampingArrivalRate;
pub use ramping_vus::RampingVus;
pub use reservation::Reservation;
pub use segment::{Segment, SegmentSequence};
pub use share::{Share, Stripe};
pub use shared_iterations::SharedIterations;
pub use stage::Stage;

/// A scenario's configuration: one file per type, all with k6's names and defaults.
pub trait Executor: fmt::Debug + Send + Sync {
    /// What every scenario has, whatever its executor.
    fn common(&self) -> &Base;

    /// What is wrong with the configuration, in k6's words; empty if nothing is.
    fn validate(&self) -> Vec<String>;

    /// The line of the `scenarios:` block after the name: `2 looping VUs for 3s (gracefulStop: 30s)`.
    fn describe(&self, share: &Share) -> String;

    /// When the iterations of one instance start, if they start evenly: see [`law`](Self::law). Only for
    /// configurations that [`validate`](Self::validate).
    fn plan(&self, share: &Share) -> Plan;

    /// By which law the iterations of an open model start; whoever has the seed and the files
    /// [applies](Plan::follow) it to the plan.
    fn law(&self) -> &Law {
        &Law::Even
    }

    /// Whether there is anything to do for an instance. Not if its share has no VUs.
    fn has_work(&self, share: &Share) -> bool {
        self.reservation(share).iter().any(|step| step.planned + step.unplanned > 0)
    }

    /// Which of the scenario's iterations fall to an instance, counted in the order of their start.
    fn stripe(&self, share: &Share) -> Stripe {
        share.stripe().clone()
    }

    /// How many VUs an instance needs from each moment after its start on, graceful stop and
    /// ramp-downs included; the last step is zero and ends the scenario.
    fn reservation(&self, share: &Share) -> Vec<Reservation>;

    /// The fields of this type after the common ones, in k6's order, `null` where unset.
    fn fields(&self) -> Vec<(&'static str, Value)>;

    /// The configuration as `inspect` and `exec.test.options` show it.
    fn to_json(&self) -> Value {
        let common = self.common().fields().into_iter();
        common.chain(self.fields()).map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

type Read = fn(Base, &mut Fields) -> Result<Box<dyn Executor>, Mismatch>;

/// Every executor: the name that scripts write, and how its own fields are read.
pub const EXECUTORS: &[(&str, Read)] = &[
    (shared_iterations::NAME, |common, fields| Ok(Box::new(SharedIterations::read(common, fields)?))),
    (per_vu_iterations::NAME, |common, fields| Ok(Box::new(PerVuIterations::read(common, fields)?))),
    (constant_vus::NAME, |common, fields| Ok(Box::new(ConstantVus::read(common, fields)?))),
    (ramping_vus::NAME, |common, fields| Ok(Box::new(RampingVus::read(common, fields)?))),
    (constant_arrival_rate::NAME, |common, fields| Ok(Box::new(ConstantArrivalRate::read(common, fields)?))),
    (ramping_arrival_rate::NAME, |common, fields| Ok(Box::new(RampingArrivalRate::read(common, fields)?))),
];

/// Reads the scenario called `name`. Fields that its executor does not know are errors.
pub fn parse(name: &str, json: &Value) -> Result<Box<dyn Executor>, Mismatch> {
    let located = |error: Mismatch| error.at(name);
    let mut fields = Fields::of(json).map_err(located)?;
    let executor: Option<String> = fields.take("executor").map_err(located)?;
    let executor = executor.filter(|executor| !executor.is_empty()).ok_or_else(|| {
        Mismatch::Sentence(format!("scenario '{name}' doesn't have a specified executor type"))
    })?;
    let Some((kind, read)) = EXECUTORS.iter().find(|(kind, _)| *kind == executor) else {
        return Err(Mismatch::Sentence(format!("unknown executor type '{executor}'")));
    };
    let common = Base::read(name, kind, &mut fields).map_err(located)?;
    let parsed = read(common, &mut fields).map_err(located)?;
    match fields.unknown().next() {
        Some(field) => Err(Mismatch::Sentence(format!("json: unknown field {}", quote(field)))),
        None => Ok(parsed),
    }
}

/// What an executor wants to happen, seen from the scenario's start.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// A number of VUs loop; the next iteration starts when the last one ends.
    Closed(Closed),
    /// Iterations start when they are due, in whatever VU is free.
    Open(Open),
}

impl Plan {
    /// The largest number of VUs that there can be.
    pub fn max_vus(&self) -> u32 {
        match self {
            Self::Closed(plan) => plan.max_vus(),
            Self::Open(plan) => plan.max_vus,
        }
    }

    /// The same with the starts of an open model by another law. `seed` is for random ones, see [`Gaps::seed`];
    /// `trace` holds what the law's file says.
    #[must_use]
    pub fn follow(self, law: &Law, seed: [u8; 32], trace: &Trace) -> Self {
        let Self::Open(plan) = self else { return self };
        let (arrivals, highest) = (plan.arrivals, plan.highest_rate);
        let (arrivals, highest_rate) = match law {
            Law::Even => (arrivals, highest),
            Law::Poisson => (arrivals.random(Gaps::exponential(seed)), highest),
            Law::Gamma(shape) => (arrivals.random(Gaps::gamma(*shape, seed)), highest),
            Law::Trace(_) => {
                let arrivals = arrivals.replay(trace.clone());
                let mean = arrivals.mean();
                (arrivals, mean)
            }
        };
        Self::Open(Open { arrivals, highest_rate, ..plan })
    }

    /// No iteration starts after this.
    pub fn duration(&self) -> Duration {
        match self {
            Self::Closed(plan) => plan.duration,
            Self::Open(plan) => plan.duration,
        }
    }
}

/// An open model: when iterations are due, and how many VUs may run them.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    pub arrivals: Arrivals,
    /// In iterations a second; the mean where recorded times say when iterations start.
    pub highest_rate: f64,
    /// No iteration is due after this; then `graceful_stop` begins.
    pub duration: Duration,
    /// How long iterations may go on after `duration`.
    pub graceful_stop: Duration,
    /// Initialised before the test.
    pub pre_allocated_vus: u32,
    /// Those above `pre_allocated_vus` are initialised when an iteration finds no free VU.
    pub max_vus: u32,
}

/// A closed model: how many VUs loop at each moment, and how many iterations there are to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// The number of looping VUs from each moment on, in order of time; the first is at zero.
    /// VU number `n` (from 0) loops while the curve is above `n`.
    pub curve: Vec<Step>,
    /// How many iterations may start.
    pub budget: Budget,
    /// No iteration starts after this; then `graceful_stop` begins.
    pub duration: Duration,
    /// How long a VU that the curve takes away may finish its iteration. `None`: until the hard
    /// end of the scenario.
    pub graceful_ramp_down: Option<Duration>,
    /// How long iterations may go on after `duration`.
    pub graceful_stop: Duration,
}

/// From `at` on, `vus` VUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub at: Duration,
    pub vus: u32,
}

/// How many iterations a closed plan may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// As many as fit.
    Unlimited,
    /// So many in all, taken from one counter by whichever VU is free.
    Shared(u64),
    /// So many by each VU.
    PerVu(u64),
}

impl Closed {
    /// The largest number of VUs that the curve asks for.
    pub fn max_vus(&self) -> u32 {
        self.curve.iter().map(|step| step.vus).max().unwrap_or(0)
    }

    /// The number of VUs that the curve asks for at a moment since the scenario's start.
    pub fn vus_at(&self, elapsed: Duration) -> u32 {
        let after = self.curve.partition_point(|step| step.at <= elapsed);
        after.checked_sub(1).map_or(0, |last| self.curve[last].vus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error(json: Value) -> String {
        parse("s", &json).unwrap_err().to_string()
    }

    #[test]
    fn scenarios_are_read_strictly() {
        for (json, want) in [
            (json!({}), "scenario 's' doesn't have a specified executor type"),
            (json!({"executor": "nope"}), "unknown executor type 'nope'"),
            (json!({"executor": "externally-controlled"}), "unknown executor type 'externally-controlled'"),
            (json!({"executor": "constant-vus", "bogus": 1}), "json: unknown field \"bogus\""),
            (json!({"executor": "constant-vus", "iterations": 1}), "json: unknown field \"iterations\""),
            (
                json!({"executor": "constant-arrival-rate", "rate": 1.5}),
                "error while parsing \"1.5\": s.rate must be an integer",
            ),
        ] {
            assert_eq!(error(json), want);
        }
    }

    #[test]
    fn every_executor_describes_itself_as_k6_does() {
        for (json, want) in [
            (
                json!({"executor": "shared-iterations", "vus": 3, "iterations": 20, "maxDuration": "10s"}),
                "20 iterations shared among 3 VUs (maxDuration: 10s, gracefulStop: 30s)",
            ),
            (
                json!({"executor": "shared-iterations", "vus": 1, "iterations": 4, "startTime": "1s", "exec": "fb"}),
                "4 iterations shared among 1 VUs (maxDuration: 10m0s, exec: fb, startTime: 1s, gracefulStop: 30s)",
            ),
            (
                json!({"executor": "per-vu-iterations", "vus": 3, "iterations": 7}),
                "7 iterations for each of 3 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
            ),
            (
                json!({"executor": "constant-vus", "vus": 2, "duration": "2s", "gracefulStop": "0s"}),
                "2 looping VUs for 2s",
            ),
            (
                json!({"executor": "ramping-vus", "stages": [{"duration": "2s", "target": 5}], "gracefulRampDown": "1s"}),
                "Up to 5 looping VUs for 2s over 1 stages (gracefulRampDown: 1s, gracefulStop: 30s)",
            ),
            (
                json!({"executor": "constant-arrival-rate", "rate": 4, "duration": "2s", "preAllocatedVUs": 3,
                    "startTime": "2s", "exec": "fc"}),
                "4.00 iterations/s for 2s (maxVUs: 3, exec: fc, startTime: 2s, gracefulStop: 30s)",
            ),
            (
                json!({"executor": "ramping-arrival-rate", "startRate": 5, "preAllocatedVUs": 5, "maxVUs": 20,
                    "stages": [{"duration": "2s", "target": 40}, {"duration": "1s", "target": 10}]}),
                "Up to 40.00 iterations/s for 3s over 2 stages (maxVUs: 5-20, gracefulStop: 30s)",
            ),
        ] {
            let executor = parse("s", &json).unwrap();
            assert_eq!(executor.validate(), Vec::<String>::new());
            assert_eq!(executor.describe(&Share::whole()), want);
        }
    }

    #[test]
    fn what_is_missing_is_said_in_k6s_words() {
        for (json, want) in [
            (json!({"executor": "constant-vus", "vus": 2}), "the duration is unspecified"),
            (
                json!({"executor": "constant-arrival-rate", "rate": 0}),
                "the iteration rate must be more than 0, the duration is unspecified, \
                 the number of preAllocatedVUs isn't specified",
            ),
            (
                json!({"executor": "shared-iterations", "vus": 3, "iterations": 2, "maxDuration": "10ms"}),
                "the number of iterations (2) can't be less than the number of VUs (3), \
                 the maxDuration must be at least 1s, but is 10ms",
            ),
            (
                json!({"executor": "ramping-vus", "startVUs": 0, "stages": [{"target": 0}], "exec": ""}),
                "exec value cannot be empty, either startVUs or one of the stages' target values must be \
                 greater than 0, stage 1 doesn't have a duration",
            ),
        ] {
            assert_eq!(parse("s", &json).unwrap().validate().join(", "), want);
        }
    }

    #[test]
    fn json_shows_every_field_in_k6s_order() {
        let json = json!({"executor": "shared-iterations", "vus": 2, "iterations": "2"});
        let want = r#"{"executor":"shared-iterations","startTime":null,"gracefulStop":null,"env":null,"exec":null,"tags":null,"vus":2,"iterations":2,"maxDuration":null}"#;
        assert_eq!(parse("s", &json).unwrap().to_json().to_string(), want);
    }
}
