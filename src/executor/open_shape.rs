//! Gatling's open shapes: so many users come, each for one iteration, at times that do not depend on
//! how long the others take.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::base::Base;
use super::constant_arrival_rate::Pool;
use super::injection::{self, Injection, Piece};
use super::share::Stripe;
use super::{
    AtOnceUsers, ConstantUsersPerSec, Executor, IncrementUsersPerSec, NothingFor, Open, Plan, RampUsers,
    RampUsersPerSec, Reservation, Schedule, Share, StressPeakUsers,
};
use crate::k6::json::{Fields, Json, Mismatch};

/// Unless `preAllocatedVUs` says otherwise, there are VUs for the users of so many seconds at the
/// highest rate …
const BUSIEST_SECONDS: f64 = 10.0;
/// … but not more than this, unless so many come at one moment.
const MOST_PRE_ALLOCATED: u64 = 1_000;
/// Unless `maxVUs` says otherwise, there are no more than this, or what is pre-allocated.
const MOST_VUS: u64 = 10_000;

/// One shape: how many users come, and when.
pub trait OpenShape: fmt::Debug + Send + Sync {
    /// The name that scripts write.
    fn name(&self) -> &'static str;

    /// What is wrong with the fields; empty if nothing is.
    fn problems(&self) -> Vec<String>;

    /// `10 users over 5s`; `part` is what falls to the instance.
    fn describe(&self, part: &Part) -> String;

    /// The arrivals of all instances together. Only for shapes without problems.
    fn pieces(&self) -> Vec<Piece>;

    /// The shape's own fields, `null` where unset.
    fn fields(&self) -> Vec<(&'static str, Value)>;
}

/// What falls to one instance.
pub struct Part {
    stripe: Stripe,
    length: f64,
}

impl Part {
    /// How many of so many users.
    pub fn users(&self, users: u64) -> u64 {
        self.stripe.scale(users)
    }

    /// How much of a rate.
    pub fn rate(&self, rate: f64) -> f64 {
        rate * self.length
    }
}

/// An executor whose users come in a shape.
#[derive(Clone, Debug)]
pub struct Injected<S> {
    pub common: Base,
    pub shape: S,
    /// As typed; see [`Injected::pool`].
    pub pool: Pool,
}

impl<S: OpenShape> Injected<S> {
    pub(super) fn new(common: Base, shape: S, fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { common, shape, pool: Pool::read(fields)? })
    }

    /// The VUs, with defaults for what is unset: enough that nobody is lost as long as iterations
    /// take ten seconds at most and no more than a thousand overlap.
    fn pool(&self) -> Pool {
        let pieces = self.shape.pieces();
        let users = injection::users(&pieces).max(1);
        let burst = pieces.iter().map(Piece::burst).fold(0, u64::saturating_add);
        let rate = pieces.iter().map(Piece::highest_rate).fold(0.0, f64::max);
        let busiest = ((rate * BUSIEST_SECONDS).ceil() as u64).min(MOST_PRE_ALLOCATED);
        let vus = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let most = self.pool.max_vus.unwrap_or(i64::MAX);
        let default = vus(burst.max(busiest).clamp(1, users)).min(most);
        let pre_allocated = self.pool.pre_allocated_vus.unwrap_or(default);
        let max = self.pool.max_vus.unwrap_or_else(|| vus(users.min(MOST_VUS)).max(pre_allocated));
        Pool { pre_allocated_vus: Some(pre_allocated), max_vus: Some(max) }
    }

    fn duration(&self) -> Duration {
        injection::duration(&self.shape.pieces())
    }
}

impl<S: OpenShape> Executor for Injected<S> {
    fn common(&self) -> &Base {
        &self.common
    }

    fn validate(&self) -> Vec<String> {
        let mut problems = self.common.validate();
        let shape = self.shape.problems();
        if shape.is_empty() {
            if injection::users(&self.shape.pieces()) == 0 {
                problems.push("no users come: the numbers are too small or the times too short".to_owned());
            }
            if self.duration().saturating_add(self.common.graceful_stop()).is_zero() {
                problems.push(
                    "the users would be cut off as they come: gracefulStop must be more than 0".to_owned(),
                );
            }
            if self.pool.max_vus.is_some_and(|vus| vus <= 0) {
                problems.push("maxVUs must be more than 0".to_owned());
            } else {
                self.pool().check(&mut problems);
            }
        }
        problems.extend(shape);
        problems
    }

    fn describe(&self, share: &Share) -> String {
        let pool = self.pool();
        let part = Part { stripe: pool.stripe(share), length: pool.part(share) };
        let facts = self.common.describe(&[pool.describe(share)]);
        format!("{}{facts}", self.shape.describe(&part))
    }

    fn plan(&self, share: &Share) -> Plan {
        let pool = self.pool();
        let (pre_allocated_vus, max_vus) = pool.sizes(share);
        let pieces = self.shape.pieces();
        let highest = pieces.iter().map(Piece::highest_rate).fold(0.0, f64::max);
        Plan::Open(Open {
            duration: injection::duration(&pieces),
            arrivals: Schedule::Users(Injection::new(pieces, pool.stripe(share))),
            highest_rate: highest * pool.part(share),
            graceful_stop: self.common.graceful_stop(),
            pre_allocated_vus,
            max_vus,
        })
    }

    fn stripe(&self, share: &Share) -> Stripe {
        self.pool().stripe(share)
    }

    fn reservation(&self, share: &Share) -> Vec<Reservation> {
        let end = self.duration().saturating_add(self.common.graceful_stop());
        self.pool().reservation(end, share)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = self.shape.fields();
        fields.push(("preAllocatedVUs", super::base::shown(&self.pool.pre_allocated_vus)));
        fields.push(("maxVUs", super::base::shown(&self.pool.max_vus)));
        fields
    }
}

/// A shape among others.
#[derive(Clone, Debug)]
pub struct OpenStep(pub Arc<dyn OpenShape>);

type Read = fn(&mut Fields) -> Result<Arc<dyn OpenShape>, Mismatch>;

/// The shapes that can be steps.
const STEPS: &[(&str, Read)] = &[
    (super::nothing_for::NAME, |fields| Ok(Arc::new(NothingFor::read(fields)?))),
    (super::at_once_users::NAME, |fields| Ok(Arc::new(AtOnceUsers::read(fields)?))),
    (super::ramp_users::NAME, |fields| Ok(Arc::new(RampUsers::read(fields)?))),
    (super::constant_users_per_sec::NAME, |fields| Ok(Arc::new(ConstantUsersPerSec::read(fields)?))),
    (super::ramp_users_per_sec::NAME, |fields| Ok(Arc::new(RampUsersPerSec::read(fields)?))),
    (super::increment_users_per_sec::NAME, |fields| Ok(Arc::new(IncrementUsersPerSec::read(fields)?))),
    (super::stress_peak_users::NAME, |fields| Ok(Arc::new(StressPeakUsers::read(fields)?))),
];

/// `{ shape: 'ramp-users', users: 10, duration: '5s' }`
impl Json for OpenStep {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let mut fields = Fields::of(value)?;
        let name = fields.take::<String>("shape")?.unwrap_or_default();
        let Some((_, read)) = STEPS.iter().find(|(known, _)| *known == name) else {
            return Err(unknown_shape(value, &name, STEPS.iter().map(|(known, _)| *known)));
        };
        let shape = read(&mut fields)?;
        no_more(value, &fields, &name)?;
        Ok(Some(Self(shape)))
    }

    fn to_json(&self) -> Value {
        as_step(self.0.name(), self.0.fields())
    }
}

/// A step as JSON.
pub(super) fn as_step(name: &str, fields: Vec<(&'static str, Value)>) -> Value {
    let mut json = json!({ "shape": name });
    fields.into_iter().for_each(|(key, value)| json[key] = value);
    json
}

/// The error for a step whose `shape` is none.
pub(super) fn unknown_shape<'a>(value: &Value, name: &str, known: impl Iterator<Item = &'a str>) -> Mismatch {
    let known = known.collect::<Vec<_>>().join(", ");
    let what =
        if name.is_empty() { "has no shape".to_owned() } else { format!("has the unknown shape '{name}'") };
    Mismatch::new(value, format!("{what}: allowed are {known}"))
}

/// Refuses a step with fields that its shape does not know.
pub(super) fn no_more(value: &Value, fields: &Fields, name: &str) -> Result<(), Mismatch> {
    match fields.unknown().next() {
        Some(field) => {
            Err(Mismatch::new(value, format!("has a field '{field}', which {name} does not know")))
        }
        None => Ok(()),
    }
}

/// Checks a required number of users.
pub(super) fn check_users(users: Option<i64>, problems: &mut Vec<String>) {
    match users {
        None => problems.push("the number of users isn't specified".to_owned()),
        Some(users) if users < 0 => problems.push("the number of users can't be negative".to_owned()),
        Some(_) => {}
    }
}
