//! `per-vu-iterations`: every VU does so many iterations.

use serde_json::Value;

use super::base::{self, Base, shown};
use super::shared_iterations::MAX_DURATION;
use super::{Budget, Closed, Executor, Plan, Reservation, Share};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "per-vu-iterations";

/// The configuration as typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PerVuIterations {
    pub common: Base,
    pub vus: Option<i64>,
    pub iterations: Option<i64>,
    pub max_duration: Option<GoDuration>,
}

impl PerVuIterations {
    pub(super) fn read(common: Base, fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self {
            common,
            vus: fields.take("vus")?,
            iterations: fields.take("iterations")?,
            max_duration: fields.take("maxDuration")?,
        })
    }

    fn vus(&self) -> i64 {
        self.vus.unwrap_or(1)
    }

    fn share_of_vus(&self, share: &Share) -> u32 {
        base::share_of_vus(self.vus(), share)
    }

    fn iterations(&self) -> i64 {
        self.iterations.unwrap_or(1)
    }

    fn max_duration(&self) -> GoDuration {
        self.max_duration.unwrap_or(MAX_DURATION)
    }
}

impl Executor for PerVuIterations {
    fn common(&self) -> &Base {
        &self.common
    }

    fn validate(&self) -> Vec<String> {
        let mut problems = self.common.validate();
        base::check_vus(self.vus(), &mut problems);
        if self.iterations() <= 0 {
            problems.push("the number of iterations must be more than 0".to_owned());
        }
        base::check_max_duration(self.max_duration(), &mut problems);
        problems
    }

    fn describe(&self, share: &Share) -> String {
        let facts = self.common.describe(&[format!("maxDuration: {}", self.max_duration())]);
        format!("{} iterations for each of {} VUs{facts}", self.iterations(), self.share_of_vus(share))
    }

    fn plan(&self, share: &Share) -> Plan {
        Plan::Closed(Closed {
            curve: self.common.curve(self.vus(), share),
            budget: Budget::PerVu(u64::try_from(self.iterations()).unwrap_or(0)),
            duration: self.max_duration().to_std(),
            graceful_ramp_down: None,
            pace: self.common.pace(),
            graceful_stop: self.common.graceful_stop(),
        })
    }

    fn reservation(&self, share: &Share) -> Vec<Reservation> {
        let end = self.max_duration().to_std().saturating_add(self.common.graceful_stop());
        Reservation::constant(self.share_of_vus(share).into(), 0, end)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("vus", shown(&self.vus)),
            ("iterations", shown(&self.iterations)),
            ("maxDuration", shown(&self.max_duration)),
        ]
    }
}
