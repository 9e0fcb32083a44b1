//! Gatling's closed shapes: a number of concurrent users that follows the clock. Each is a ramp of
//! VUs, so that everything about ramps is true of them, too.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::base::{Base, shown};
use super::open_shape::{as_step, no_more, unknown_shape};
use super::share::Stripe;
use super::stage::{self, Stage};
use super::{
    ConstantConcurrentUsers, Executor, IncrementConcurrentUsers, Plan, RampConcurrentUsers, RampingVus,
    Reservation, Share, base,
};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Json, Mismatch};

/// One shape: how many users there are, and when.
pub trait ClosedShape: fmt::Debug + Send + Sync {
    /// The name that scripts write.
    fn name(&self) -> &'static str;

    /// What is wrong with the fields; empty if nothing is.
    fn problems(&self) -> Vec<String>;

    /// `10 concurrent users for 5s`; `scale` says how many of so many fall to the instance.
    fn describe(&self, scale: &dyn Fn(i64) -> u32) -> String;

    /// The number of users of all instances together, from zero; a jump is a stage of no length. Only
    /// for shapes without problems.
    fn stages(&self) -> Vec<Stage>;

    /// The shape's own fields, `null` where unset.
    fn fields(&self) -> Vec<(&'static str, Value)>;
}

/// An executor whose VUs follow a shape.
#[derive(Clone, Debug)]
pub struct Concurrent<S> {
    pub common: Base,
    pub shape: S,
    pub graceful_ramp_down: Option<GoDuration>,
}

impl<S: ClosedShape> Concurrent<S> {
    pub(super) fn new(common: Base, shape: S, fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { common, shape, graceful_ramp_down: fields.take("gracefulRampDown")? })
    }

    fn ramp(&self) -> RampingVus {
        RampingVus {
            common: self.common.clone(),
            start_vus: Some(0),
            stages: Some(self.shape.stages()),
            graceful_ramp_down: self.graceful_ramp_down,
        }
    }
}

impl<S: ClosedShape> Executor for Concurrent<S> {
    fn common(&self) -> &Base {
        &self.common
    }

    fn validate(&self) -> Vec<String> {
        let problems = self.shape.problems();
        if problems.is_empty() && stage::highest(0, &self.shape.stages()) <= 0 {
            let mut problems = self.common.validate();
            problems.push("there is never a user: one number of users must be greater than 0".to_owned());
            return problems;
        }
        if problems.is_empty() {
            return self.ramp().validate();
        }
        self.common.validate().into_iter().chain(problems).collect()
    }

    fn describe(&self, share: &Share) -> String {
        let facts = self.common.describe(&[self.ramp().ramp_down_fact()]);
        format!("{}{facts}", self.shape.describe(&|users| base::share_of_vus(users, share)))
    }

    fn plan(&self, share: &Share) -> Plan {
        self.ramp().plan(share)
    }

    fn stripe(&self, share: &Share) -> Stripe {
        self.ramp().stripe(share)
    }

    fn reservation(&self, share: &Share) -> Vec<Reservation> {
        self.ramp().reservation(share)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = self.shape.fields();
        fields.push(("gracefulRampDown", shown(&self.graceful_ramp_down)));
        fields
    }
}

/// A shape among others.
#[derive(Clone, Debug)]
pub struct ClosedStep(pub Arc<dyn ClosedShape>);

type Read = fn(&mut Fields) -> Result<Arc<dyn ClosedShape>, Mismatch>;

/// The shapes that can be steps.
const STEPS: &[(&str, Read)] = &[
    (super::constant_concurrent_users::NAME, |fields| Ok(Arc::new(ConstantConcurrentUsers::read(fields)?))),
    (super::ramp_concurrent_users::NAME, |fields| Ok(Arc::new(RampConcurrentUsers::read(fields)?))),
    (super::increment_concurrent_users::NAME, |fields| Ok(Arc::new(IncrementConcurrentUsers::read(fields)?))),
];

/// `{ shape: 'ramp-concurrent-users', from: 0, to: 10, duration: '5s' }`
impl Json for ClosedStep {
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

/// The stages of a level after a jump.
pub(super) fn from_to(from: i64, to: i64, duration: GoDuration) -> [Stage; 2] {
    let stage = |duration, target| Stage { duration: Some(duration), target: Some(target) };
    [stage(GoDuration::default(), from), stage(duration, to)]
}
