//! `ramp-users`: so many users come, evenly over a time.

use serde_json::Value;

use super::base::{self, shown};
use super::injection::Piece;
use super::open_shape::{self, OpenShape, Part};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "ramp-users";

/// As typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RampUsers {
    pub users: Option<i64>,
    pub duration: Option<GoDuration>,
}

impl RampUsers {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { users: fields.take("users")?, duration: fields.take("duration")? })
    }

    fn users(&self) -> u64 {
        base::count(self.users.unwrap_or(0))
    }
}

impl OpenShape for RampUsers {
    fn name(&self) -> &'static str {
        NAME
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        open_shape::check_users(self.users, &mut problems);
        base::check_time(self.duration, "duration", &mut problems);
        problems
    }

    fn describe(&self, part: &Part) -> String {
        format!("{} users over {}", part.users(self.users()), self.duration.unwrap_or_default())
    }

    fn pieces(&self) -> Vec<Piece> {
        let duration = self.duration.unwrap_or_default().to_std();
        vec![Piece::Even { users: self.users(), duration }]
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("users", shown(&self.users)), ("duration", shown(&self.duration))]
    }
}
