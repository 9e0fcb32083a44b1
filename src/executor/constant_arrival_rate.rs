//! `constant-arrival-rate`: iterations start at a fixed rate, whether others have ended or not.

use std::time::Duration;

use serde_json::Value;

use super::base::{self, Base, shown};
use super::share::Stripe;
use super::{Arrivals, Executor, Law, Open, Plan, Reservation, Schedule, Share};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Json as _, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "constant-arrival-rate";

/// The time that a rate refers to, unless `timeUnit` says otherwise.
pub(super) const TIME_UNIT: GoDuration = GoDuration::from_secs(1);

/// The configuration as typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConstantArrivalRate {
    pub common: Base,
    pub rate: Option<i64>,
    pub time_unit: Option<GoDuration>,
    pub duration: Option<GoDuration>,
    pub pool: Pool,
    pub arrivals: Option<Law>,
}

/// The VUs of an open model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    pub pre_allocated_vus: Option<i64>,
    /// Unset: as many as are pre-allocated.
    pub max_vus: Option<i64>,
}

impl Pool {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { pre_allocated_vus: fields.take("preAllocatedVUs")?, max_vus: fields.take("maxVUs")? })
    }

    fn pre_allocated(&self) -> i64 {
        self.pre_allocated_vus.unwrap_or(0)
    }

    fn max(&self) -> i64 {
        self.max_vus.unwrap_or(self.pre_allocated())
    }

    pub(super) fn check(&self, problems: &mut Vec<String>) {
        match self.pre_allocated_vus {
            None => problems.push("the number of preAllocatedVUs isn't specified".to_owned()),
            Some(vus) if vus < 0 => {
                problems.push("the number of preAllocatedVUs can't be negative".to_owned());
            }
            Some(vus) if self.max() < vus => {
                problems.push("maxVUs can't be less than preAllocatedVUs".to_owned());
            }
            Some(_) => {}
        }
    }

    /// How many VUs an instance pre-allocates, and how many it may have.
    pub(super) fn sizes(&self, share: &Share) -> (u32, u32) {
        (base::share_of_vus(self.pre_allocated(), share), base::share_of_vus(self.max(), share))
    }

    /// Which starts fall to an instance: those of its VUs.
    pub(super) fn stripe(&self, share: &Share) -> Stripe {
        base::stripe_among(self.max(), share)
    }

    /// The part of the starts that falls to an instance.
    pub(super) fn part(&self, share: &Share) -> f64 {
        f64::from(self.sizes(share).1) / self.max().max(1) as f64
    }

    /// `maxVUs: 3`, or `maxVUs: 2-10` where the pool may grow.
    pub(super) fn describe(&self, share: &Share) -> String {
        let (least, most) = self.sizes(share);
        if most > least { format!("maxVUs: {least}-{most}") } else { format!("maxVUs: {least}") }
    }

    pub(super) fn reservation(&self, end: Duration, share: &Share) -> Vec<Reservation> {
        let (planned, most) = self.sizes(share);
        Reservation::constant(planned.into(), most.saturating_sub(planned).into(), end)
    }
}

/// What is told of the pool and, where it is not k6's, of the law.
pub(super) fn facts(pool: &Pool, share: &Share, law: &Law) -> Vec<String> {
    let law = (*law != Law::Even).then(|| format!("arrivals: {law}"));
    [pool.describe(share)].into_iter().chain(law).collect()
}

/// The field that k6 does not have, where it is set.
pub(super) fn shown_law(law: Option<&Law>) -> Option<(&'static str, Value)> {
    law.map(|law| ("arrivals", law.to_json()))
}

/// Iterations a second.
pub(super) fn per_second(rate: i64, time_unit: GoDuration) -> f64 {
    rate as f64 * 1e9 / time_unit.0 as f64
}

pub(super) fn check_time_unit(unit: GoDuration, problems: &mut Vec<String>) {
    if unit.0 <= 0 {
        problems.push("the timeUnit must be more than 0".to_owned());
    }
}

impl ConstantArrivalRate {
    pub(super) fn read(common: Base, fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self {
            common,
            rate: fields.take("rate")?,
            time_unit: fields.take("timeUnit")?,
            duration: fields.take("duration")?,
            pool: Pool::read(fields)?,
            arrivals: fields.take("arrivals")?,
        })
    }

    fn time_unit(&self) -> GoDuration {
        self.time_unit.unwrap_or(TIME_UNIT)
    }

    fn duration(&self) -> Duration {
        self.duration.unwrap_or_default().to_std()
    }

    /// The instance's iterations a second.
    fn per_second(&self, share: &Share) -> f64 {
        per_second(self.rate.unwrap_or(0), self.time_unit()) * self.pool.part(share)
    }
}

impl Executor for ConstantArrivalRate {
    fn common(&self) -> &Base {
        &self.common
    }

    fn validate(&self) -> Vec<String> {
        let mut problems = self.common.validate();
        match self.rate {
            // A trace has its own.
            None if matches!(self.arrivals, Some(Law::Trace(_))) => {}
            None => problems.push("the iteration rate isn't specified".to_owned()),
            Some(rate) if rate <= 0 => problems.push("the iteration rate must be more than 0".to_owned()),
            Some(_) => {}
        }
        check_time_unit(self.time_unit(), &mut problems);
        base::check_duration(self.duration, &mut problems);
        self.pool.check(&mut problems);
        self.law().check(&mut problems);
        problems
    }

    fn describe(&self, share: &Share) -> String {
        let duration = self.duration.unwrap_or_default();
        let facts = self.common.describe(&facts(&self.pool, share, self.law()));
        match self.law() {
            Law::Trace(_) => format!("iterations at recorded times for {duration}{facts}"),
            _ => format!("{:.2} iterations/s for {duration}{facts}", self.per_second(share)),
        }
    }

    fn plan(&self, share: &Share) -> Plan {
        let rate = base::count(self.rate.unwrap_or(0));
        let (pre_allocated_vus, max_vus) = self.pool.sizes(share);
        let time_unit = self.time_unit().to_std();
        Plan::Open(Open {
            arrivals: Schedule::Rate(Arrivals::constant(
                rate,
                time_unit,
                self.duration(),
                self.pool.stripe(share),
            )),
            highest_rate: self.per_second(share),
            duration: self.duration(),
            graceful_stop: self.common.graceful_stop(),
            pre_allocated_vus,
            max_vus,
        })
    }

    fn law(&self) -> &Law {
        self.arrivals.as_ref().unwrap_or(&Law::Even)
    }

    fn stripe(&self, share: &Share) -> Stripe {
        self.pool.stripe(share)
    }

    fn reservation(&self, share: &Share) -> Vec<Reservation> {
        self.pool.reservation(self.duration().saturating_add(self.common.graceful_stop()), share)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = vec![
            ("rate", shown(&self.rate)),
            ("timeUnit", shown(&self.time_unit)),
            ("duration", shown(&self.duration)),
            ("preAllocatedVUs", shown(&self.pool.pre_allocated_vus)),
            ("maxVUs", shown(&self.pool.max_vus)),
        ];
        fields.extend(shown_law(self.arrivals.as_ref()));
        fields
    }
}
