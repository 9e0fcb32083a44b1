//! `constant-users-per-sec`: users come at a rate that stays the same.

use serde_json::Value;

use super::base::{self, shown};
use super::injection::Piece;
use super::open_shape::{OpenShape, Part};
use super::rate::Rate;
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "constant-users-per-sec";

/// As typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConstantUsersPerSec {
    pub rate: Option<Rate>,
    pub duration: Option<GoDuration>,
}

impl ConstantUsersPerSec {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { rate: fields.take("rate")?, duration: fields.take("duration")? })
    }

    fn rate(&self) -> f64 {
        self.rate.unwrap_or_default().0
    }
}

impl OpenShape for ConstantUsersPerSec {
    fn name(&self) -> &'static str {
        NAME
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        Rate::check(self.rate, "rate", &mut problems);
        base::check_time(self.duration, "duration", &mut problems);
        problems
    }

    fn describe(&self, part: &Part) -> String {
        format!("{:.2} users/s for {}", part.rate(self.rate()), self.duration.unwrap_or_default())
    }

    fn pieces(&self) -> Vec<Piece> {
        let duration = self.duration.unwrap_or_default().to_std();
        vec![Piece::Slope { from: self.rate(), to: self.rate(), duration }]
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("rate", shown(&self.rate)), ("duration", shown(&self.duration))]
    }
}
