//! `ramp-users-per-sec`: the rate at which users come goes evenly from one number to another.

use serde_json::Value;

use super::base::{self, shown};
use super::injection::Piece;
use super::open_shape::{OpenShape, Part};
use super::rate::Rate;
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "ramp-users-per-sec";

/// As typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RampUsersPerSec {
    pub from: Option<Rate>,
    pub to: Option<Rate>,
    pub duration: Option<GoDuration>,
}

impl RampUsersPerSec {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { from: fields.take("from")?, to: fields.take("to")?, duration: fields.take("duration")? })
    }

    fn from(&self) -> f64 {
        self.from.unwrap_or_default().0
    }

    fn to(&self) -> f64 {
        self.to.unwrap_or_default().0
    }
}

impl OpenShape for RampUsersPerSec {
    fn name(&self) -> &'static str {
        NAME
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        Rate::check(self.from, "rate `from`", &mut problems);
        Rate::check(self.to, "rate `to`", &mut problems);
        base::check_time(self.duration, "duration", &mut problems);
        problems
    }

    fn describe(&self, part: &Part) -> String {
        let (from, to) = (part.rate(self.from()), part.rate(self.to()));
        format!("{from:.2} to {to:.2} users/s over {}", self.duration.unwrap_or_default())
    }

    fn pieces(&self) -> Vec<Piece> {
        let duration = self.duration.unwrap_or_default().to_std();
        vec![Piece::Slope { from: self.from(), to: self.to(), duration }]
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("from", shown(&self.from)), ("to", shown(&self.to)), ("duration", shown(&self.duration))]
    }
}
