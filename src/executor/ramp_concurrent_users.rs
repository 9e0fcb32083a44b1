//! `ramp-concurrent-users`: the number of users goes evenly from one number to another.

use serde_json::Value;

use super::base::{self, shown};
use super::closed_shape::{self, ClosedShape};
use super::stage::Stage;
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "ramp-concurrent-users";

/// As typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RampConcurrentUsers {
    pub from: Option<i64>,
    pub to: Option<i64>,
    pub duration: Option<GoDuration>,
}

impl RampConcurrentUsers {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { from: fields.take("from")?, to: fields.take("to")?, duration: fields.take("duration")? })
    }
}

impl ClosedShape for RampConcurrentUsers {
    fn name(&self) -> &'static str {
        NAME
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, users) in [("from", self.from), ("to", self.to)] {
            match users {
                None => problems.push(format!("the number of users `{name}` isn't specified")),
                Some(users) if users < 0 => {
                    problems.push(format!("the number of users `{name}` can't be negative"));
                }
                Some(_) => {}
            }
        }
        base::check_time(self.duration, "duration", &mut problems);
        problems
    }

    fn describe(&self, scale: &dyn Fn(i64) -> u32) -> String {
        let (from, to) = (scale(self.from.unwrap_or(0)), scale(self.to.unwrap_or(0)));
        format!("{from} to {to} concurrent users over {}", self.duration.unwrap_or_default())
    }

    fn stages(&self) -> Vec<Stage> {
        let (from, to) = (self.from.unwrap_or(0), self.to.unwrap_or(0));
        closed_shape::from_to(from, to, self.duration.unwrap_or_default()).to_vec()
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("from", shown(&self.from)), ("to", shown(&self.to)), ("duration", shown(&self.duration))]
    }
}
