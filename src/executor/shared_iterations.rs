//! `shared-iterations`: so many iterations in all, taken by whichever VU is free.

use serde_json::Value;

use super::base::{self, Base, shown};
use super::share::Stripe;
use super::{Budget, Closed, Executor, Plan, Reservation, Share};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "shared-iterations";

/// How long iterations may start, unless `maxDuration` says otherwise.
pub(super) const MAX_DURATION: GoDuration = GoDuration::from_secs(600);

/// The configuration as typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SharedIterations {
    pub common: Base,
    pub vus: Option<i64>,
    pub iterations: Option<i64>,
    pub max_duration: Option<GoDuration>,
}

impl SharedIterations {
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

    fn iterations(&self) -> i64 {
        self.iterations.unwrap_or(1)
    }

    fn share_of_vus(&self, share: &Share) -> u32 {
        base::share_of_vus(self.vus(), share)
    }

    /// Each instance does as much of the iterations as it has of the VUs.
    fn share_of_iterations(&self, share: &Share) -> u64 {
        let by_vus = share.among(base::count(self.vus()));
        by_vus.map_or(0, |share| share.scale(base::count(self.iterations())))
    }

    fn max_duration(&self) -> GoDuration {
        self.max_duration.unwrap_or(MAX_DURATION)
    }
}

impl Executor for SharedIterations {
    fn common(&self) -> &Base {
        &self.common
    }

    fn validate(&self) -> Vec<String> {
        let mut problems = self.common.validate();
        base::check_vus(self.vus(), &mut problems);
        if self.iterations() < self.vus() {
            problems.push(format!(
                "the number of iterations ({}) can't be less than the number of VUs ({})",
                self.iterations(),
                self.vus()
            ));
        }
        base::check_max_duration(self.max_duration(), &mut problems);
        problems
    }

    fn describe(&self, share: &Share) -> String {
        let facts = self.common.describe(&[format!("maxDuration: {}", self.max_duration())]);
        let (iterations, vus) = (self.share_of_iterations(share), self.share_of_vus(share));
        format!("{iterations} iterations shared among {vus} VUs{facts}")
    }

    fn plan(&self, share: &Share) -> Plan {
        Plan::Closed(Closed {
            curve: self.common.curve(self.vus(), share),
            budget: Budget::Shared(self.share_of_iterations(share)),
            duration: self.max_duration().to_std(),
            graceful_ramp_down: None,
            pace: self.common.pace(),
            graceful_stop: self.common.graceful_stop(),
        })
    }

    fn has_work(&self, share: &Share) -> bool {
        self.share_of_vus(share) > 0 && self.share_of_iterations(share) > 0
    }

    fn stripe(&self, share: &Share) -> Stripe {
        base::stripe_among(self.vus(), share)
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
