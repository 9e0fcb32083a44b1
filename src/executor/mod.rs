//! When iterations start: pure functions of elapsed time, without threads, clock or JavaScript.
//!
//! An executor turns its configuration into a [`Plan`]; `run` has one driver for closed plans and
//! one for open ones, whatever executors there will ever be.

pub mod arrivals;
mod at_once_users;
mod base;
mod closed_shape;
mod constant_arrival_rate;
mod constant_concurrent_users;
mod constant_users_per_sec;
mod constant_vus;
mod increment_concurrent_users;
mod increment_users_per_sec;
mod inject_closed;
mod inject_open;
pub mod injection;
mod levels;
mod nothing_for;
mod open_shape;
mod per_vu_iterations;
mod ramp_concurrent_users;
mod ramp_up;
mod ramp_users;
mod ramp_users_per_sec;
mod ramping_arrival_rate;
mod ramping_vus;
mod rate;
pub mod reservation;
mod schedule;
mod segment;
mod share;
mod shared_iterations;
mod stage;
mod stop_after;
mod stress_peak_users;

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::k6::json::{Fields, Mismatch};
use crate::k6::quote::quote;
pub use arrivals::{Arrivals, Gaps, Law, Trace};
pub use at_once_users::AtOnceUsers;
pub use base::{Base, GRACEFUL_STOP};
pub use closed_shape::Concurrent;
pub use constant_arrival_rate::{ConstantArrivalRate, Pool};
pub use constant_concurrent_users::ConstantConcurrentUsers;
pub use constant_users_per_sec::ConstantUsersPerSec;
pub use constant_vus::ConstantVus;
pub use increment_concurrent_users::IncrementConcurrentUsers;
pub use increment_users_per_sec::IncrementUsersPerSec;
pub use inject_closed::InjectClosed;
pub use inject_open::InjectOpen;
pub use injection::Injection;
pub use nothing_for::NothingFor;
pub use open_shape::Injected;
pub use per_vu_iterations::PerVuIterations;
pub use ramp_concurrent_users::RampConcurrentUsers;
pub use ramp_users::RampUsers;
pub use ramp_users_per_sec::RampUsersPerSec;
pub use ramping_arrival_rate::RampingArrivalRate;
pub use ramping_vus::RampingVus;
pub use rate::Rate;
pub use reservation::Reservation;
pub use schedule::Schedule;
pub use segment::{Segment, SegmentSequence};
pub use share::{Share, Stripe};
pub use shared_iterations::SharedIterations;
pub use stage::Stage;
pub use stop_after::{ErrorRate, StopAfter};
pub use stress_peak_users::StressPeakUsers;

/// A scenario's configuration: one file per type, all with k6's names and defaults.
pub trait Executor: fmt::Debug + Send + Sync {
    /// What every scenario has, whatever its executor.
    fn common(&self) -> &Base;

    /// What is wrong with the configuration, in k6's words; empty if nothing is.
    fn validate(&self) -> Vec<String>;

    /// What is wrong with the whole scenario: [`validate`](Self::validate), and what needs a plan.
    fn problems(&self) -> Vec<String> {
        let problems = self.validate();
        if !problems.is_empty() {
            return problems;
        }
        self.common().too_slow_to_ramp_up(self.plan(&Share::whole()).duration())
    }

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

/// What brings an iteration to start: the end of the one before, or the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    Closed,
    Open,
}

/// Every executor: the name that scripts write, its model, and how its own fields are read.
pub const EXECUTORS: &[(&str, Model, Read)] = &[
    // k6's.
    (shared_iterations::NAME, Model::Closed, |common, f| Ok(Box::new(SharedIterations::read(common, f)?))),
    (per_vu_iterations::NAME, Model::Closed, |common, f| Ok(Box::new(PerVuIterations::read(common, f)?))),
    (constant_vus::NAME, Model::Closed, |common, f| Ok(Box::new(ConstantVus::read(common, f)?))),
    (ramping_vus::NAME, Model::Closed, |common, f| Ok(Box::new(RampingVus::read(common, f)?))),
    (constant_arrival_rate::NAME, Model::Open, |common, f| {
        Ok(Box::new(ConstantArrivalRate::read(common, f)?))
    }),
    (ramping_arrival_rate::NAME, Model::Open, |common, f| Ok(Box::new(RampingArrivalRate::read(common, f)?))),
    // Gatling's.
    (at_once_users::NAME, Model::Open, |common, f| injected(common, AtOnceUsers::read(f)?, f)),
    (ramp_users::NAME, Model::Open, |common, f| injected(common, RampUsers::read(f)?, f)),
    (constant_users_per_sec::NAME, Model::Open, |common, f| {
        injected(common, ConstantUsersPerSec::read(f)?, f)
    }),
    (ramp_users_per_sec::NAME, Model::Open, |common, f| injected(common, RampUsersPerSec::read(f)?, f)),
    (increment_users_per_sec::NAME, Model::Open, |common, f| {
        injected(common, IncrementUsersPerSec::read(f)?, f)
    }),
    (stress_peak_users::NAME, Model::Open, |common, f| injected(common, StressPeakUsers::read(f)?, f)),
    (inject_open::NAME, Model::Open, |common, f| injected(common, InjectOpen::read(f)?, f)),
    (constant_concurrent_users::NAME, Model::Closed, |common, f| {
        concurrent(common, ConstantConcurrentUsers::read(f)?, f)
    }),
    (ramp_concurrent_users::NAME, Model::Closed, |common, f| {
        concurrent(common, RampConcurrentUsers::read(f)?, f)
    }),
    (increment_concurrent_users::NAME, Model::Closed, |common, f| {
        concurrent(common, IncrementConcurrentUsers::read(f)?, f)
    }),
    (inject_closed::NAME, Model::Closed, |common, f| concurrent(common, InjectClosed::read(f)?, f)),
];

fn injected<S>(common: Base, shape: S, fields: &mut Fields) -> Result<Box<dyn Executor>, Mismatch>
where
    S: open_shape::OpenShape + 'static,
{
    Ok(Box::new(Injected::new(common, shape, fields)?))
}

fn concurrent<S>(common: Base, shape: S, fields: &mut Fields) -> Result<Box<dyn Executor>, Mismatch>
where
    S: closed_shape::ClosedShape + 'static,
{
    Ok(Box::new(Concurrent::new(common, shape, fields)?))
}

/// Reads the scenario called `name`. Fields that its executor does not know are errors.
pub fn parse(name: &str, json: &Value) -> Result<Box<dyn Executor>, Mismatch> {
    let located = |error: Mismatch| error.at(name);
    let mut fields = Fields::of(json).map_err(located)?;
    let executor: Option<String> = fields.take("executor").map_err(located)?;
    let wrong_executor = |sentence: String| {
        let known: Vec<_> = EXECUTORS.iter().map(|(kind, ..)| *kind).collect();
        let note = format!("there are {}", known.join(", "));
        Mismatch::Sentence { sentence, path: "executor".to_owned(), note }.at(name)
    };
    let executor = executor
        .filter(|executor| !executor.is_empty())
        .ok_or_else(|| wrong_executor(format!("scenario '{name}' doesn't have a specified executor type")))?;
    let Some((kind, model, read)) = EXECUTORS.iter().find(|(kind, ..)| *kind == executor) else {
        return Err(wrong_executor(format!("unknown executor type '{executor}'")));
    };
    let common = Base::read(name, kind, *model, &mut fields).map_err(located)?;
    let parsed = read(common, &mut fields).map_err(located)?;
    match fields.unknown().next() {
        Some(field) => {
            let sentence = format!("json: unknown field {}", quote(field));
            let path = field.to_owned();
            Err(located(Mismatch::Sentence { sentence, path, note: String::new() }))
        }
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
        let highest = plan.highest_rate;
        let arrivals = match plan.arrivals {
            Schedule::Rate(arrivals) => arrivals,
            Schedule::Users(_) => return Self::Open(plan),
        };
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
        Self::Open(Open { arrivals: Schedule::Rate(arrivals), highest_rate, ..plan })
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
    pub arrivals: Schedule,
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
    /// The least time between the starts of two iterations of a VU.
    pub pace: Option<Duration>,
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
            assert_eq!(error(json).lines().next(), Some(want));
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
    fn gatlings_shapes_describe_themselves() {
        let levels = json!({"executor": "increment-users-per-sec", "increment": 2, "times": 5,
            "eachLevelLasting": "10s", "separatedByRampsLasting": "5s", "startingFrom": 10, "maxVUs": 50});
        for (json, want) in [
            (
                json!({"executor": "at-once-users", "users": 10}),
                "10 users at once (maxVUs: 10, gracefulStop: 30s)",
            ),
            (
                json!({"executor": "ramp-users", "users": 60, "duration": "1m", "gracefulStop": "0s"}),
                "60 users over 1m0s (maxVUs: 10-60)",
            ),
            (
                json!({"executor": "constant-users-per-sec", "rate": 0.5, "duration": "1h", "gracefulStop": "0s"}),
                "0.50 users/s for 1h0m0s (maxVUs: 5-1800)",
            ),
            (
                json!({"executor": "ramp-users-per-sec", "from": 10, "to": 2000, "duration": "1m", "gracefulStop": 0}),
                "10.00 to 2000.00 users/s over 1m0s (maxVUs: 1000-10000)",
            ),
            (
                json!({"executor": "stress-peak-users", "users": 100, "duration": "20s", "preAllocatedVUs": 7}),
                "100 users in a peak over 20s (maxVUs: 7-100, gracefulStop: 30s)",
            ),
            (levels, "Up to 18.00 users/s for 1m10s over 5 levels (maxVUs: 50, gracefulStop: 30s)"),
            (
                json!({"executor": "inject-open", "gracefulStop": 0, "steps": [
                    {"shape": "nothing-for", "duration": "4s"}, {"shape": "at-once-users", "users": 10},
                    {"shape": "ramp-users", "users": 10, "duration": "5s"}]}),
                "20 users over 9s in 3 steps (maxVUs: 20)",
            ),
            (
                json!({"executor": "constant-concurrent-users", "users": 3, "duration": "5s", "pace": "2s"}),
                "3 concurrent users for 5s (gracefulRampDown: 30s, pace: 2s, gracefulStop: 30s)",
            ),
            (
                json!({"executor": "ramp-concurrent-users", "from": 3, "to": 9, "duration": "5s"}),
                "3 to 9 concurrent users over 5s (gracefulRampDown: 30s, gracefulStop: 30s)",
            ),
            (
                json!({"executor": "increment-concurrent-users", "increment": 5, "times": 4,
                    "eachLevelLasting": "5s", "gracefulRampDown": "1s"}),
                "Up to 15 concurrent users for 20s over 4 levels (gracefulRampDown: 1s, gracefulStop: 30s)",
            ),
            (
                json!({"executor": "inject-closed", "gracefulStop": 0, "steps": [
                    {"shape": "ramp-concurrent-users", "from": 0, "to": 4, "duration": "5s"},
                    {"shape": "constant-concurrent-users", "users": 4, "duration": "5s"}]}),
                "Up to 4 concurrent users for 10s in 2 steps (gracefulRampDown: 30s)",
            ),
            (
                json!({"executor": "constant-vus", "vus": 4, "duration": "5s", "rampUp": "2s", "gracefulStop": 0}),
                "4 looping VUs for 5s (rampUp: 2s)",
            ),
        ] {
            let executor = parse("s", &json).unwrap();
            assert_eq!(executor.problems(), Vec::<String>::new(), "{json}");
            assert_eq!(executor.describe(&Share::whole()), want);
            let shown = executor.to_json();
            let again = parse("s", &shown).unwrap();
            assert_eq!(again.plan(&Share::whole()), executor.plan(&Share::whole()), "{shown}");
        }
    }

    #[test]
    fn wrong_shapes_are_told() {
        for (json, want) in [
            (json!({"executor": "at-once-users"}), "the number of users isn't specified"),
            (
                json!({"executor": "ramp-users", "users": 0, "duration": "1s"}),
                "no users come: the numbers are \
                 too small or the times too short",
            ),
            (
                json!({"executor": "ramp-users-per-sec", "to": -1, "duration": 0}),
                "the rate `from` isn't specified, the rate `to` can't be negative, the duration must be more than 0, \
                 but is 0s",
            ),
            (
                json!({"executor": "increment-users-per-sec", "increment": 1, "times": 0, "eachLevelLasting": "1s"}),
                "the number of levels (times) must be from 1 to 100000, but is 0",
            ),
            (json!({"executor": "at-once-users", "users": 2, "maxVUs": 0}), "maxVUs must be more than 0"),
            (
                json!({"executor": "at-once-users", "users": 2, "gracefulStop": 0}),
                "the users would be cut off as they come: gracefulStop must be more than 0",
            ),
            (
                json!({"executor": "inject-open", "steps": [{"shape": "nothing-for"}]}),
                "step 1 (nothing-for): the duration is unspecified",
            ),
            (json!({"executor": "inject-closed"}), "at least one of `steps` has to be specified"),
            (
                json!({"executor": "increment-concurrent-users", "increment": 0.5, "times": 2, "eachLevelLasting": 1}),
                "increment must be a whole number of users",
            ),
            (
                json!({"executor": "constant-concurrent-users", "users": 0, "duration": "1s"}),
                "there is never a user: one number of users must be greater than 0",
            ),
            (
                json!({"executor": "constant-vus", "duration": "2s", "rampUp": "2s"}),
                "the rampUp (2s) must be shorter than the scenario's 2s",
            ),
            (
                json!({"executor": "constant-vus", "duration": "2s", "pace": 0, "stopAfter": {"errors": 0}}),
                "the pace must be more than 0, stopAfter.errors must be more than 0, but is 0",
            ),
        ] {
            assert_eq!(parse("s", &json).unwrap().problems().join(", "), want);
        }
        for (json, want) in [
            (json!({"executor": "at-once-users", "users": 1, "pace": "1s"}), "json: unknown field \"pace\""),
            (
                json!({"executor": "inject-closed", "steps": [{"shape": "ramp-users"}]}),
                "error while parsing \"{\\\"shape\\\":\\\"ramp-users\\\"}\": s.steps.0 has the unknown shape \
                 'ramp-users': allowed are constant-concurrent-users, ramp-concurrent-users, increment-concurrent-users",
            ),
        ] {
            assert_eq!(error(json), want);
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
