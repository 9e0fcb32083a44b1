//! `ramping-arrival-rate`: the rate at which iterations start follows stages.

use serde_json::Value;

use super::base::{self, Base, shown};
use super::constant_arrival_rate::{self as constant, Pool};
use super::share::Stripe;
use super::stage::{self, Stage};
use super::{Arrivals, Executor, Law, Open, Plan, Reservation, Schedule, Share};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "ramping-arrival-rate";

/// The configuration as typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RampingArrivalRate {
    pub common: Base,
    pub start_rate: Option<i64>,
    pub time_unit: Option<GoDuration>,
    pub stages: Option<Vec<Stage>>,
    pub pool: Pool,
    pub arrivals: Option<Law>,
}

impl RampingArrivalRate {
    pub(super) fn read(common: Base, fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self {
            common,
            start_rate: fields.take("startRate")?,
            time_unit: fields.take("timeUnit")?,
            stages: fields.take("stages")?,
            pool: Pool::read(fields)?,
            arrivals: fields.take("arrivals")?,
        })
    }

    fn start_rate(&self) -> i64 {
        self.start_rate.unwrap_or(0)
    }

    fn time_unit(&self) -> GoDuration {
        self.time_unit.unwrap_or(constant::TIME_UNIT)
    }

    fn stages(&self) -> &[Stage] {
        self.stages.as_deref().unwrap_or_default()
    }

    /// The highest rate of all instances together, in iterations a second.
    fn highest(&self) -> f64 {
        constant::per_second(stage::highest(self.start_rate(), self.stages()), self.time_unit())
    }
}

impl Executor for RampingArrivalRate {
    fn common(&self) -> &Base {
        &self.common
    }

    fn validate(&self) -> Vec<String> {
        let mut problems = self.common.validate();
        if self.start_rate() < 0 {
            problems.push("the startRate value can't be negative".to_owned());
        }
        constant::check_time_unit(self.time_unit(), &mut problems);
        stage::check(self.start_rate(), self.stages(), &mut problems);
        self.pool.check(&mut problems);
        self.law().check(&mut problems);
        problems
    }

    fn describe(&self, share: &Share) -> String {
        let (duration, stages) = (GoDuration::from(stage::total(self.stages())), self.stages().len());
        let facts = self.common.describe(&constant::facts(&self.pool, share, self.law()));
        match self.law() {
            Law::Trace(_) => format!("iterations at recorded times for {duration}{facts}"),
            _ => {
                let rate = self.highest() * share.length();
                format!("Up to {rate:.2} iterations/s for {duration} over {stages} stages{facts}")
            }
        }
    }

    fn plan(&self, share: &Share) -> Plan {
        let stages = stage::values(self.stages()).map(|(duration, target)| (duration, base::count(target)));
        let start = base::count(self.start_rate());
        let (pre_allocated_vus, max_vus) = self.pool.sizes(share);
        let time_unit = self.time_unit().to_std();
        Plan::Open(Open {
            arrivals: Schedule::Rate(Arrivals::ramping(start, stages, time_unit, self.pool.stripe(share))),
            highest_rate: self.highest() * self.pool.part(share),
            duration: stage::total(self.stages()),
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
        let end = stage::total(self.stages()).saturating_add(self.common.graceful_stop());
        self.pool.reservation(end, share)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = vec![
            ("startRate", shown(&self.start_rate)),
            ("timeUnit", shown(&self.time_unit)),
            ("stages", shown(&self.stages)),
            ("preAllocatedVUs", shown(&self.pool.pre_allocated_vus)),
            ("maxVUs", shown(&self.pool.max_vus)),
        ];
        fields.extend(constant::shown_law(self.arrivals.as_ref()));
        fields
    }
}
