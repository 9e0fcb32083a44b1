//! Levels one above the other, with or without ramps between them: Gatling's `increment…` shapes.

use std::time::Duration;

use serde_json::Value;

use super::base::{self, shown};
use super::rate::Rate;
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The most levels that are planned; each is a step in memory.
const MOST: i64 = 100_000;

/// As typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels {
    /// By how much each level is above the one before.
    pub increment: Option<Rate>,
    /// How many levels there are.
    pub times: Option<i64>,
    pub each_level_lasting: Option<GoDuration>,
    /// Unset: the value jumps.
    pub separated_by_ramps_lasting: Option<GoDuration>,
    /// Unset: zero.
    pub starting_from: Option<Rate>,
}

/// A part of the way up: the value goes evenly from one number to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flight {
    pub from: f64,
    pub to: f64,
    pub duration: Duration,
}

impl Levels {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self {
            increment: fields.take("increment")?,
            times: fields.take("times")?,
            each_level_lasting: fields.take("eachLevelLasting")?,
            separated_by_ramps_lasting: fields.take("separatedByRampsLasting")?,
            starting_from: fields.take("startingFrom")?,
        })
    }

    /// How many levels there are.
    pub fn times(&self) -> u64 {
        base::count(self.times.unwrap_or(0))
    }

    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        Rate::check(self.increment, "increment", &mut problems);
        match self.times {
            None => problems.push("the number of levels (times) isn't specified".to_owned()),
            Some(times) if !(1..=MOST).contains(&times) => {
                problems
                    .push(format!("the number of levels (times) must be from 1 to {MOST}, but is {times}"));
            }
            Some(_) => {}
        }
        base::check_time(self.each_level_lasting, "eachLevelLasting", &mut problems);
        if self.separated_by_ramps_lasting.is_some() {
            base::check_time(self.separated_by_ramps_lasting, "separatedByRampsLasting", &mut problems);
        }
        if self.starting_from.is_some() {
            Rate::check(self.starting_from, "value startingFrom", &mut problems);
        }
        problems
    }

    /// The levels and ramps in order, by Gatling's rules: without ramps level i (from 0) is at
    /// `startingFrom + i·increment`; with ramps and a start above zero there is a ramp between two
    /// levels; with ramps and a start at zero there is one in front of each level, and the first
    /// level is at `increment`.
    pub fn flights(&self) -> Vec<Flight> {
        let increment = self.increment.unwrap_or_default().0;
        let start = self.starting_from.unwrap_or_default().0;
        let lasting = self.each_level_lasting.unwrap_or_default().to_std();
        let ramp = self.separated_by_ramps_lasting.unwrap_or_default().to_std();
        let at = |level: u64| start + level as f64 * increment;
        let mut flights = Vec::new();
        let mut go = |from: f64, to: f64, duration: Duration| {
            if !duration.is_zero() {
                flights.push(Flight { from, to, duration });
            }
        };
        let times = self.times();
        for level in 0..times {
            if !ramp.is_zero() && start == 0.0 {
                go(at(level), at(level + 1), ramp);
                go(at(level + 1), at(level + 1), lasting);
            } else {
                go(at(level), at(level), lasting);
                if level + 1 < times {
                    go(at(level), at(level + 1), ramp);
                }
            }
        }
        flights
    }

    pub(super) fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("increment", shown(&self.increment)),
            ("times", shown(&self.times)),
            ("eachLevelLasting", shown(&self.each_level_lasting)),
            ("separatedByRampsLasting", shown(&self.separated_by_ramps_lasting)),
            ("startingFrom", shown(&self.starting_from)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flights(json: Value) -> Vec<(f64, f64, u64)> {
        let levels = Levels::read(&mut Fields::of(&json).unwrap()).unwrap();
        assert_eq!(levels.problems(), Vec::<String>::new());
        levels.flights().iter().map(|f| (f.from, f.to, f.duration.as_secs())).collect()
    }

    #[test]
    fn levels_are_gatlings() {
        let mut levels = json!({"increment": 5, "times": 3, "eachLevelLasting": "10s"});
        assert_eq!(flights(levels.clone()), [(0.0, 0.0, 10), (5.0, 5.0, 10), (10.0, 10.0, 10)]);
        levels["separatedByRampsLasting"] = "2s".into();
        let want = [
            (0.0, 5.0, 2),
            (5.0, 5.0, 10),
            (5.0, 10.0, 2),
            (10.0, 10.0, 10),
            (10.0, 15.0, 2),
            (15.0, 15.0, 10),
        ];
        assert_eq!(flights(levels.clone()), want);
        levels["startingFrom"] = 10.into();
        let want = [(10.0, 10.0, 10), (10.0, 15.0, 2), (15.0, 15.0, 10), (15.0, 20.0, 2), (20.0, 20.0, 10)];
        assert_eq!(flights(levels), want);
    }
}
