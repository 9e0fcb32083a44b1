//! `increment-concurrent-users`: the number of users goes up level by level.

use serde_json::Value;

use super::closed_shape::{self, ClosedShape};
use super::levels::Levels;
use super::stage::{self, Stage};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "increment-concurrent-users";

/// As typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IncrementConcurrentUsers {
    pub levels: Levels,
}

impl IncrementConcurrentUsers {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { levels: Levels::read(fields)? })
    }
}

impl ClosedShape for IncrementConcurrentUsers {
    fn name(&self) -> &'static str {
        NAME
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = self.levels.problems();
        for (name, number) in
            [("increment", self.levels.increment), ("startingFrom", self.levels.starting_from)]
        {
            if number.is_some_and(|number| number.0.fract() != 0.0) {
                problems.push(format!("{name} must be a whole number of users"));
            }
        }
        problems
    }

    fn describe(&self, scale: &dyn Fn(i64) -> u32) -> String {
        let stages = self.stages();
        format!(
            "Up to {} concurrent users for {} over {} levels",
            scale(stage::highest(0, &stages)),
            GoDuration::from(stage::total(&stages)),
            self.levels.times()
        )
    }

    fn stages(&self) -> Vec<Stage> {
        let flights = self.levels.flights().into_iter();
        // Whole numbers: `problems` saw them.
        flights.flat_map(|f| closed_shape::from_to(f.from as i64, f.to as i64, f.duration.into())).collect()
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.levels.fields()
    }
}
