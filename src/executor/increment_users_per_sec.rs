//! `increment-users-per-sec`: the rate at which users come goes up level by level.

use serde_json::Value;

use super::injection::{self, Piece};
use super::levels::Levels;
use super::open_shape::{OpenShape, Part};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "increment-users-per-sec";

/// As typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IncrementUsersPerSec {
    pub levels: Levels,
}

impl IncrementUsersPerSec {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { levels: Levels::read(fields)? })
    }
}

impl OpenShape for IncrementUsersPerSec {
    fn name(&self) -> &'static str {
        NAME
    }

    fn problems(&self) -> Vec<String> {
        self.levels.problems()
    }

    fn describe(&self, part: &Part) -> String {
        let pieces = self.pieces();
        let highest = pieces.iter().map(Piece::highest_rate).fold(0.0, f64::max);
        format!(
            "Up to {:.2} users/s for {} over {} levels",
            part.rate(highest),
            GoDuration::from(injection::duration(&pieces)),
            self.levels.times()
        )
    }

    fn pieces(&self) -> Vec<Piece> {
        let flights = self.levels.flights().into_iter();
        flights
            .map(|flight| Piece::Slope { from: flight.from, to: flight.to, duration: flight.duration })
            .collect()
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.levels.fields()
    }
}
