//! `constant-vus`: a number of VUs loop for some time.

use std::time::Duration;

use serde_json::Value;

use super::base::{self, Base, shown};
use super::{Budget, Closed, Executor, Plan, Reservation, Share};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "constant-vus";

/// The configuration as typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConstantVus {
    pub common: Base,
    pub vus: Option<i64>,
    pub duration: Option<GoDuration>,
}

impl ConstantVus {
    pub(super) fn read(common: Base, fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { common, vus: fields.take("vus")?, duration: fields.take("duration")? })
    }

    fn vus(&self) -> i64 {
        self.vus.unwrap_or(1)
    }

    fn share_of_vus(&self, share: &Share) -> u32 {
        base::share_of_vus(self.vus(), share)
    }

    fn duration(&self) -> Duration {
        self.duration.unwrap_or_default().to_std()
    }
}

impl Executor for ConstantVus {
    fn common(&self) -> &Base {
        &self.common
    }

    fn validate(&self) -> Vec<String> {
        let mut problems = self.common.validate();
        base::check_vus(self.vus(), &mut problems);
        base::check_duration(self.duration, &mut problems);
        problems
    }

    fn describe(&self, share: &Share) -> String {
        let duration = self.duration.unwrap_or_default();
        format!("{} looping VUs for {duration}{}", self.share_of_vus(share), self.common.describe(&[]))
    }

    fn plan(&self, share: &Share) -> Plan {
        Plan::Closed(Closed {
            curve: self.common.curve(self.vus(), share),
            budget: Budget::Unlimited,
            duration: self.duration(),
            graceful_ramp_down: None,
            pace: self.common.pace(),
            graceful_stop: self.common.graceful_stop(),
        })
    }

    fn reservation(&self, share: &Share) -> Vec<Reservation> {
        let end = self.duration().saturating_add(self.common.graceful_stop());
        Reservation::constant(self.share_of_vus(share).into(), 0, end)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("vus", shown(&self.vus)), ("duration", shown(&self.duration))]
    }
}
